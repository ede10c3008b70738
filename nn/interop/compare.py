"""A model of PyTorch and its conversion, run on the same inputs: what comes out, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd
from autograd import atomic
from nn.interop import page, sides
from nn.interop.export import know_types, load_torch
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
        return page.document(f"{self.model}, here and in PyTorch", self._repr_html_())

    def _repr_html_(self) -> str:
        tables = [(title, [page.Line(_label(r), *_cells(r)) for r in rows])
                  for title, rows in self._tables()]  # fmt: skip
        return page.written(f"{self.model}, here and in PyTorch", self.verdict(), self.ok, tables)

    def save(self, path: Any) -> None:
        """Write the page into a file."""
        atomic.write(path, self.html())

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
            float64, 1e-4 for float32, 1e-2 for halves.
        **keywords: keyword arguments of ``forward``.

    Raises:
        TypeError: if ``module`` is none of PyTorch.
        RuntimeError: if the two draw different random numbers.
    """
    torch = load_torch("compare")
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"compare: module must be a torch.nn.Module, got {type(module).__name__}")
    from torch.utils import _pytree as pytree

    know_types(torch, (inputs, keywords))
    leaves, spec = pytree.tree_flatten((inputs, keywords))
    theirs = [sides.to_torch(torch, leaf) for leaf in leaves]
    ours = [sides.to_ours(torch, leaf) for leaf in leaves]
    width = max(
        (p.element_size() for p in (*module.parameters(), *filter(torch.is_tensor, theirs))
         if p.is_floating_point()), default=4)  # fmt: skip
    tolerance = TOLERANCES.get(width, 1e-4) if tolerance is None else tolerance
    judge = _Judge(tolerance)
    # Copies, which are no leaves: a model may write into what it gets.
    given = [leaf.clone() if torch.is_tensor(leaf) else leaf for leaf in theirs]
    args, kwargs = pytree.tree_unflatten(given, spec)
    there, here = sides.torch_side(torch), sides.OURS
    with sides.torch_put_back(torch, module), there.layers(module) as seen_there:
        drawn = sides.recorder(torch)
        with drawn, torch.enable_grad():
            out_there = module(*args, **kwargs)
        outputs_there = there.tensors(out_there)
        loss_there = loss(out_there) if loss else there.weighted(outputs_there)
        grads_there = there.grads(module, theirs, loss_there)
    args, kwargs = pytree.tree_unflatten(ours, spec)
    with sides.ours_put_back(model, module), here.layers(model) as seen_here:
        with replay(drawn.draws), autograd.enable_grad():
            out_here = model(*args, **kwargs)
        outputs_here = here.tensors(out_here)
        loss_here = loss(out_here) if loss else here.weighted(outputs_here)
        grads_here = here.grads(model, ours, loss_here)
    return Comparison(
        model=type(module).__name__,
        outputs=judge.outputs(
            list(map(there.array, outputs_there)), list(map(here.array, outputs_here))
        ),
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
        several = max(len(there), len(here)) > 1
        return tuple(
            self.row(f"output {k}" if several else "output", "", a, b)
            for k, (a, b) in enumerate(itertools.zip_longest(there, here))
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
