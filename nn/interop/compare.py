"""A model of PyTorch and its conversion, run on the same inputs: what comes out, side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.interop import page
from nn.interop.export import load_torch
from nn.interop.operators.draws import replay
from nn.module import Module

__all__ = ["Comparison", "Row", "compare"]

#: What counts as equal, relative to the largest number: by the size of a float in bytes. Some of
#: PyTorch's kernels have constants of single precision also in double (the slope of hardsigmoid).
TOLERANCES = {8: 1e-7, 4: 1e-4, 2: 1e-2}


@dataclass(frozen=True)
class Row:
    """One thing that was compared.

    Attributes:
        name: of the output, the input, the parameter, or the path of the layer.
        what: for a layer, its class and which call of it; else empty.
        shape: of it.
        size: the largest magnitude on PyTorch's side.
        difference: the largest magnitude of the difference; inf where shapes differ or one is
            missing; NaN against NaN is no difference.
        ok: whether that is within the tolerance.
    """

    name: str
    what: str
    shape: tuple[int, ...]
    size: float
    difference: float
    ok: bool


@dataclass(frozen=True)
class Comparison:
    """What `nn.interop.compare` found. Shows itself as a table in a notebook.

    Attributes:
        model: the name of the model.
        outputs, grads, layers: rows; grads are those of the loss with respect to the
            inputs and parameters, layers stand in the order in which they finished.
        tolerance: the relative difference that is let pass.
    """

    model: str
    outputs: tuple[Row, ...]
    grads: tuple[Row, ...]
    layers: tuple[Row, ...]
    tolerance: float

    @property
    def ok(self) -> bool:
        """True if all outputs and gradients agree."""
        return all(row.ok for row in (*self.outputs, *self.grads))

    @property
    def first(self) -> Row | None:
        """The first layer, in the order of computation, whose output differs; or None."""
        return next((row for row in self.layers if not row.ok), None)

    def worst(self, rows: tuple[Row, ...]) -> float:
        """The largest difference in rows, relative to the largest number of each (at least 1)."""
        return max((row.difference / max(row.size, 1.0) for row in rows), default=0.0)

    def verdict(self) -> str:
        """One sentence."""
        if self.ok:
            return (
                f"{self.model} agrees with PyTorch: outputs to {self.worst(self.outputs):.0e}, "
                f"gradients to {self.worst(self.grads):.0e}."
            )
        first = self.first
        if first is not None:
            return (
                f"{self.model} differs from PyTorch, first in {first.name or 'the model itself'} "
                f"({first.what}): by up to {first.difference:.3g}."
            )
        if any(not row.ok for row in self.outputs):
            return f"{self.model} differs from PyTorch, after its last layer."
        wrong = next(row for row in self.grads if not row.ok)
        return (
            f"{self.model} has the outputs of PyTorch and other gradients: that of {wrong.name} "
            f"differs by up to {wrong.difference:.3g}."
        )

    def text(self) -> str:
        """The verdict, and a table of everything that was compared."""
        lines = [self.verdict()]
        for title, rows in self._tables():
            lines += ["", title]
            width = max((len(_label(row)) for row in rows), default=0)
            for row in rows:
                mark = " " if row.ok else "!"
                lines.append(
                    f"{mark} {_label(row):<{width}}  {row.shape!s:<16} "
                    f"max {row.size:<10.4g} difference {row.difference:.2e}"
                )
        return "\n".join(lines)

    def _tables(self) -> list[tuple[str, tuple[Row, ...]]]:
        tables = [
            ("Outputs", self.outputs),
            ("Gradients of the loss", self.grads),
            ("Layers, as they finished", self.layers),
        ]
        return [(title, rows) for title, rows in tables if rows]

    def html(self) -> str:
        """The same as a page that needs nothing else."""
        tables = [(title, [page.Line(_label(r), *_cells(r)) for r in rows])
                  for title, rows in self._tables()]  # fmt: skip
        return page.written(f"{self.model}, here and in PyTorch", self.verdict(), self.ok, tables)

    def save(self, path: Any) -> None:
        """Write the page into a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html())

    def _repr_html_(self) -> str:
        return self.html()

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__


def _label(row: Row) -> str:
    return f"{row.name or '(the model)'} {row.what}".rstrip()


def _cells(row: Row) -> tuple[str, str, str, bool]:
    return str(row.shape), f"{row.size:.4g}", f"{row.difference:.2e}", row.ok


def compare(
    module: Any,
    model: Module,
    *inputs: Any,
    loss: Callable[[Any], Any] | None = None,
    tolerance: float | None = None,
    **keywords: Any,
) -> Comparison:
    """Run a module of PyTorch and its conversion on the same inputs, forward and backward.

    Both run in the modes that PyTorch's modules are in. Random numbers (dropout, sampled noise) are
    drawn by PyTorch and used on both sides. Running statistics and gradients are put back
    afterwards on both sides.

    Args:
        module: the ``torch.nn.Module``.
        model: ours: converted from it, or written with the same state dict.
        *inputs: tensors of either side or arrays, or tuples, lists and dicts of them.
        loss: a function of the output that gives a scalar, in operations that both sides know.
            Default: the sum of all floating outputs, each element with a weight of its own.
        tolerance: relative to the largest magnitude of each tensor (at least 1). Default 1e-7 for
            float64, 1e-4 for float32.
        **keywords: keyword arguments of ``forward``.

    Raises:
        TypeError: if ``module`` is none of PyTorch.
        RuntimeError: if the two draw different random numbers.
    """
    torch = load_torch("compare")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"compare: module must be a torch.nn.Module, got {type(module).__name__}")
    from torch.utils import _pytree as pytree

    leaves, spec = pytree.tree_flatten((inputs, keywords))
    theirs = [_to_torch(torch, leaf) for leaf in leaves]
    ours = [_to_ours(torch, leaf) for leaf in leaves]
    width = max(
        (p.element_size() for p in (*module.parameters(), *filter(torch.is_tensor, theirs))
         if p.is_floating_point()), default=4)  # fmt: skip
    tolerance = TOLERANCES.get(width, 1e-4) if tolerance is None else tolerance
    judge = _Judge(tolerance)
    # Copies, which are no leaves: a model may write into what it gets.
    given = [leaf.clone() if torch.is_tensor(leaf) else leaf for leaf in theirs]
    args, kwargs = pytree.tree_unflatten(given, spec)
    with _torch_put_back(torch, module), _layers_of(torch, module) as seen_there:
        recorder = _recorder(torch)
        with recorder, torch.enable_grad():
            out_there = module(*args, **kwargs)
        floats_there = _torch_outputs(torch, out_there)
        loss_there = loss(out_there) if loss else _weighted_torch(torch, floats_there)
        sources_there = _torch_sources(torch, module, theirs)
        grads_there = _torch_grads(torch, loss_there, sources_there)
    args, kwargs = pytree.tree_unflatten(ours, spec)
    with _ours_put_back(model, module), _our_layers(model) as seen_here:
        with replay(recorder.draws), autograd.enable_grad():
            out_here = model(*args, **kwargs)
        floats_here = _our_outputs(out_here)
        loss_here = loss(out_here) if loss else _weighted_ours(floats_here)
        sources_here = _our_sources(model, ours)
        grads_here = _our_grads(loss_here, sources_here)
    return Comparison(
        model=type(module).__name__,
        outputs=judge.outputs(floats_there, floats_here),
        grads=judge.named(grads_there, grads_here),
        layers=judge.layers(seen_there, seen_here),
        tolerance=tolerance,
    )


# Judging ------------------------------------------------------------------------------------------


class _Judge:
    def __init__(self, tolerance: float) -> None:
        self.tolerance = tolerance

    def row(self, name: str, what: str, there: Any, here: Any) -> Row:
        if there is None or here is None or there.shape != here.shape:
            shape = there.shape if there is not None else here.shape
            missing = there is None and here is None
            return Row(name, what, shape, 0.0, 0.0 if missing else np.inf, missing)
        size, difference = _distance(there, here)
        ok = bool(difference <= self.tolerance * max(size, 1.0))
        return Row(name, what, there.shape, size, difference, ok)

    def outputs(self, there: list[Any], here: list[Any]) -> tuple[Row, ...]:
        count = max(len(there), len(here))
        there = there + [None] * (count - len(there))
        here = here + [None] * (count - len(here))
        pairs = zip(there, here, strict=True)
        return tuple(
            self.row(f"output {k}" if count > 1 else "output", "", _there(a), _here(b))
            for k, (a, b) in enumerate(pairs)
        )

    def named(self, there: dict[str, Any], here: dict[str, Any]) -> tuple[Row, ...]:
        rows = []
        for name in there:
            a, b = there[name], here.get(name)
            if a is None and b is not None:
                a = np.zeros_like(b)  # nothing arrives there: that is zero
            elif b is None and a is not None:
                b = np.zeros_like(a)
            if a is not None:
                rows.append(self.row(name, "", a, b))
        return tuple(rows)

    def layers(self, there: list[Any], here: list[Any]) -> tuple[Row, ...]:
        known = {(path, call): results for path, call, _, results in there}
        rows = []
        for path, call, kind, results in here:
            candidates = known.get((path, call))
            if not candidates:
                continue
            what = kind if call == 0 else f"{kind}, call {call + 1}"
            found = self._pairs(path, what, candidates, results)
            if found:
                rows.append(max(found, key=lambda row: (not row.ok, row.difference)))
        return tuple(rows)

    def _pairs(self, path: str, what: str, there: list[Any], here: list[Any]) -> list[Row]:
        """Results of one call in pairs, the closest first.

        The model's graph keeps only those results of a layer that it uses, and may keep views of
        its inputs besides, so there may be more on either side.
        """
        rows = [
            (self.row(path, what, a, b), i, j)
            for i, a in enumerate(there)
            for j, b in enumerate(here)
            if a.shape == b.shape
        ]
        if not rows and here:
            return [self.row(path, what, there[0], here[0])]
        found: list[Row] = []
        used: tuple[set[int], set[int]] = set(), set()
        for row, i, j in sorted(rows, key=lambda entry: entry[0].difference):
            if i not in used[0] and j not in used[1]:
                found.append(row)
                used[0].add(i)
                used[1].add(j)
        return found


def _distance(there: Any, here: Any) -> tuple[float, float]:
    if not there.size:
        return 0.0, 0.0
    a, b = np.asarray(there, np.float64), np.asarray(here, np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(a - b)
    apart = np.where((a == b) | (np.isnan(a) & np.isnan(b)), 0.0, apart)
    size = np.abs(a[np.isfinite(a)]).max(initial=0.0)
    worst = float(apart.max()) if not np.isnan(apart).any() else np.inf
    return float(size), worst


def _there(value: Any) -> Any:
    return None if value is None else value.detach().cpu().numpy()


def _here(value: Any) -> Any:
    return None if value is None else np.asarray(value.data)


# PyTorch's side -----------------------------------------------------------------------------------


def _to_torch(torch: Any, leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        leaf = torch.tensor(np.array(leaf.data))
    elif isinstance(leaf, np.ndarray):
        leaf = torch.tensor(leaf)
    if not torch.is_tensor(leaf):
        return leaf
    leaf = leaf.detach().clone()
    return leaf.requires_grad_() if leaf.is_floating_point() else leaf


@contextlib.contextmanager
def _torch_put_back(torch: Any, module: Any) -> Iterator[None]:
    kept = {name: value.detach().clone() for name, value in module.named_buffers()}
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
        with torch.no_grad():
            for name, value in module.named_buffers():
                value.copy_(kept[name])


@contextlib.contextmanager
def _layers_of(torch: Any, module: Any) -> Iterator[list[Any]]:
    """What every module gives back, in the order in which they finish."""
    from torch.utils import _pytree as pytree

    seen: list[Any] = []
    counts: dict[str, int] = {}
    handles = []

    def watch(path: str, inner: Any) -> None:
        def hook(_: Any, __: Any, output: Any) -> None:
            call = counts.get(path, 0)
            counts[path] = call + 1
            results = [
                leaf.detach().clone().cpu().numpy()
                for leaf in pytree.tree_leaves(output)
                if torch.is_tensor(leaf)
            ]
            seen.append((path, call, type(inner).__name__, results))

        handles.append(inner.register_forward_hook(hook))

    for path, inner in module.named_modules():
        watch(path, inner)
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


_DRAWING = (
    "rand", "randn", "rand_like", "randn_like", "randint", "randint_like", "randperm", "bernoulli",
    "bernoulli_", "normal", "normal_", "uniform_", "exponential_", "multinomial",
    "normal_functional",
)  # fmt: skip


def _recorder(torch: Any) -> Any:
    """A mode in which all random numbers that PyTorch draws are written down."""
    from torch.utils._python_dispatch import TorchDispatchMode

    class Recorder(TorchDispatchMode):
        def __init__(self) -> None:
            super().__init__()
            self.draws: list[np.ndarray[Any, Any]] = []

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            name = func.overloadpacket.__name__
            drawn = None
            if name in _DRAWING:
                drawn = result
            elif name == "native_dropout":
                drawn = result[1]
            elif name.startswith("rrelu_with_noise"):
                drawn = args[1]
            if drawn is not None:
                self.draws.append(drawn.detach().clone().cpu().numpy())
            return result

    return Recorder()


def _torch_outputs(torch: Any, output: Any) -> list[Any]:
    from torch.utils import _pytree as pytree

    return [leaf for leaf in pytree.tree_leaves(output) if torch.is_tensor(leaf)]


def _weights(shape: tuple[int, ...], k: int) -> np.ndarray[Any, Any]:
    count = int(np.prod(shape))
    return np.cos(np.arange(count) * 0.7 + k).reshape(shape)


def _weighted_torch(torch: Any, outputs: list[Any]) -> Any:
    parts = [
        (out * torch.tensor(_weights(tuple(out.shape), k)).to(out.dtype)).sum()
        for k, out in enumerate(outputs)
        if out.is_floating_point()
    ]
    return sum(parts[1:], parts[0]) if parts else None


def _torch_sources(torch: Any, module: Any, leaves: list[Any]) -> dict[str, Any]:
    inputs = [leaf for leaf in leaves if torch.is_tensor(leaf) and leaf.requires_grad]
    sources = {f"input {k}": leaf for k, leaf in enumerate(inputs)}
    return sources | {
        name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad
    }


def _torch_grads(torch: Any, loss: Any, sources: dict[str, Any]) -> dict[str, Any]:
    if loss is None or not loss.requires_grad or not sources:
        return {}
    grads = torch.autograd.grad(loss, list(sources.values()), allow_unused=True)
    return {
        name: None if g is None else g.detach().cpu().numpy()
        for name, g in zip(sources, grads, strict=True)
    }


# Our side -----------------------------------------------------------------------------------------


def _to_ours(torch: Any, leaf: Any) -> Any:
    if torch.is_tensor(leaf):
        leaf = leaf.detach().cpu().numpy()
    if isinstance(leaf, (Tensor, np.ndarray)):
        array = np.array(leaf.data if isinstance(leaf, Tensor) else leaf)
        return autograd.tensor(array, requires_grad=array.dtype.kind == "f")
    return leaf


@contextlib.contextmanager
def _ours_put_back(model: Module, module: Any) -> Iterator[None]:
    """Our modules in the modes of PyTorch's; modes and buffers are put back afterwards."""
    modes = {inner: inner.training for inner in model.modules()}
    theirs = dict(module.named_modules(remove_duplicate=False))
    buffers = {
        (inner, name): np.array(value.data)
        for inner in model.modules()
        for name, value in inner.named_buffers(recurse=False)
    }
    for path, inner in model.named_modules(remove_duplicate=False):
        if path in theirs:
            inner.training = theirs[path].training
    try:
        yield
    finally:
        for inner, training in modes.items():
            inner.training = training
        for (inner, name), array in buffers.items():
            setattr(inner, name, autograd.tensor(array))


@contextlib.contextmanager
def _our_layers(model: Module) -> Iterator[list[Any]]:
    seen: list[Any] = []
    counts: dict[str, int] = {}
    handles = []

    def watch(path: str, inner: Module) -> None:
        def hook(_: Any, __: Any, output: Any) -> None:
            call = counts.get(path, 0)
            counts[path] = call + 1
            results = [np.array(value.data) for value in _tensors_in(output)]
            seen.append((path, call, type(inner).__name__, results))

        handles.append(inner.register_forward_hook(hook))

    for path, inner in model.named_modules():
        watch(path, inner)
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


def _tensors_in(tree: Any) -> list[Tensor]:
    if isinstance(tree, Tensor):
        return [tree]
    if isinstance(tree, dict):
        return [t for part in tree.values() for t in _tensors_in(part)]
    if isinstance(tree, (list, tuple)):
        return [t for part in tree for t in _tensors_in(part)]
    return (
        [t for part in vars(tree).values() for t in _tensors_in(part)] if _is_record(tree) else []
    )


def _is_record(tree: Any) -> bool:
    return hasattr(type(tree), "__dataclass_fields__")


def _our_outputs(output: Any) -> list[Tensor]:
    return _tensors_in(output)


def _weighted_ours(outputs: list[Tensor]) -> Any:
    parts = [
        (out * autograd.as_tensor(_weights(out.shape, k).astype(out.dtype))).sum()
        for k, out in enumerate(outputs)
        if out.dtype.kind == "f"
    ]
    return sum(parts[1:], parts[0]) if parts else None


def _our_sources(model: Module, leaves: list[Any]) -> dict[str, Any]:
    inputs = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.requires_grad]
    sources = {f"input {k}": leaf for k, leaf in enumerate(inputs)}
    return sources | {
        name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad
    }


def _our_grads(loss: Any, sources: dict[str, Any]) -> dict[str, Any]:
    if loss is None or not loss.requires_grad or not sources:
        return {}
    grads = autograd.grad(loss, list(sources.values()), allow_unused=True)
    return {
        name: None if g is None else np.asarray(g.data)
        for name, g in zip(sources, grads, strict=True)
    }
