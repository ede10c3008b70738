"""Running either side of a comparison: what goes in, what every layer gives, what is put back.

`compare` calls the same things twice, once for PyTorch and once for our model.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor
from nn.distributions import Distribution
from nn.interop.spreads import numbers_of
from nn.module import Module

# What both sides do -------------------------------------------------------------------------------


class Side(NamedTuple):
    """One of the two libraries.

    Attributes:
        tensors: those in an output.
        array: the numbers of a tensor, copied.
        tensor: of an array, in the dtype of another tensor.
        is_float: whether a tensor is of floats.
        grad: the library's ``grad``.
    """

    tensors: Callable[[Any], list[Any]]
    array: Callable[[Any], np.ndarray[Any, Any]]
    tensor: Callable[[np.ndarray[Any, Any], Any], Any]
    is_float: Callable[[Any], bool]
    grad: Callable[..., Any]

    @contextlib.contextmanager
    def layers(self, model: Any) -> Iterator[list[Any]]:
        """What every module gives back, in the order in which they finish."""
        seen: list[Any] = []
        counts: dict[str, int] = {}
        handles = []

        def watch(path: str, inner: Any) -> None:
            def hook(_: Any, __: Any, output: Any) -> None:
                call = counts.get(path, 0)
                counts[path] = call + 1
                results = [self.array(tensor) for tensor in self.tensors(output)]
                seen.append((path, call, type(inner).__name__, results))

            handles.append(inner.register_forward_hook(hook))

        for path, inner in model.named_modules():
            watch(path, inner)
        try:
            yield seen
        finally:
            for handle in handles:
                handle.remove()

    def weighted(self, outputs: list[Any]) -> Any:
        """The sum of all floats, each with a weight of its own; None if there are none."""
        parts = []
        for k, out in enumerate(outputs):
            if self.is_float(out):
                shape = tuple(out.shape)
                weights = np.cos(np.arange(math.prod(shape)) * 0.7 + k).reshape(shape)
                parts.append((out * self.tensor(weights, out)).sum())
        return sum(parts[1:], parts[0]) if parts else None

    def grads(self, model: Any, leaves: list[Any], loss: Any) -> dict[str, Any]:
        """Arrays of the loss's gradients, of inputs and parameters; None where nothing arrives."""
        inputs = [leaf for leaf in leaves if getattr(leaf, "requires_grad", False)]
        sources = {f"input {k}": leaf for k, leaf in enumerate(inputs)}
        sources |= {name: p for name, p in model.named_parameters() if p.requires_grad}
        if loss is None or not loss.requires_grad or not sources:
            return {}
        found = self.grad(loss, list(sources.values()), allow_unused=True)
        return {
            name: None if g is None else self.array(g)
            for name, g in zip(sources, found, strict=True)
        }


# PyTorch's side -----------------------------------------------------------------------------------


def to_torch(torch: Any, leaf: Any) -> Any:
    if isinstance(leaf, Tensor):
        leaf = torch.tensor(np.array(leaf.data))
    elif isinstance(leaf, np.ndarray):
        leaf = torch.tensor(leaf)
    if not torch.is_tensor(leaf):
        return leaf
    leaf = leaf.detach().clone()
    wanted = leaf.is_floating_point() and leaf.layout == torch.strided
    return leaf.requires_grad_() if wanted else leaf


@contextlib.contextmanager
def torch_put_back(torch: Any, module: Any) -> Iterator[None]:
    """Buffers, parameters that ``forward`` has written into or replaced, and the random state."""
    groups = [group for part in module.modules() for group in (part._parameters, part._buffers)]
    kept = [
        (group, {name: (value, value.detach().clone()) for name, value in group.items()
                 if value is not None})
        for group in groups
    ]  # fmt: skip
    state = torch.get_rng_state()
    try:
        yield
    finally:
        torch.set_rng_state(state)
        with torch.no_grad():
            for group, values in kept:
                for name, (value, copy) in values.items():
                    group[name] = value
                    if value.layout == torch.strided and not torch.equal(value, copy):
                        value.copy_(copy)


_DRAWING = (
    "rand", "randn", "rand_like", "randn_like", "randint", "randint_like", "randperm", "bernoulli",
    "bernoulli_", "normal", "normal_", "uniform_", "exponential_", "multinomial",
    "normal_functional",
)  # fmt: skip


def recorder(torch: Any) -> Any:
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


def torch_side(torch: Any) -> Side:
    """PyTorch's."""
    from torch.utils import _pytree as pytree

    return Side(
        tensors=lambda output: [t for t in pytree.tree_leaves(output) if torch.is_tensor(t)],
        array=lambda tensor: tensor.detach().clone().cpu().numpy(),
        tensor=lambda array, like: torch.tensor(array).to(like.dtype),
        is_float=lambda tensor: tensor.is_floating_point(),
        grad=torch.autograd.grad,
    )


# Our side -----------------------------------------------------------------------------------------


def to_ours(torch: Any, leaf: Any) -> Any:
    if torch.is_tensor(leaf):
        leaf = (leaf if leaf.layout == torch.strided else leaf.to_dense()).detach().cpu().numpy()
    if isinstance(leaf, (Tensor, np.ndarray)):
        array = np.array(leaf.data if isinstance(leaf, Tensor) else leaf)
        return autograd.tensor(array, requires_grad=array.dtype.kind == "f")
    return leaf


@contextlib.contextmanager
def ours_put_back(model: Module, module: Any) -> Iterator[None]:
    """Our modules in the modes of PyTorch's; modes and buffers are put back afterwards."""
    modes = {inner: inner.training for inner in model.modules()}
    theirs = dict(module.named_modules(remove_duplicate=False))
    buffers = {
        (inner, name): np.array(value.data)
        for inner in model.modules()
        for name, value in inner.named_buffers(recurse=False)
    }
    parameters = [(value, np.array(value.data)) for value in model.parameters()]
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
        for parameter, array in parameters:
            if not np.array_equal(parameter.data, array, equal_nan=True):
                with autograd.no_grad(), autograd.writable(parameter) as own:
                    own[...] = array


def tensors_in(tree: Any) -> list[Tensor]:
    if isinstance(tree, Tensor):
        return [tree]
    if isinstance(tree, dict):
        return [t for part in tree.values() for t in tensors_in(part)]
    if isinstance(tree, (list, tuple)):
        return [t for part in tree for t in tensors_in(part)]
    if isinstance(tree, Distribution):
        return [t for t in numbers_of(tree) if isinstance(t, Tensor)]
    return [t for part in vars(tree).values() for t in tensors_in(part)] if _is_record(tree) else []


def _is_record(tree: Any) -> bool:
    return hasattr(type(tree), "__dataclass_fields__")


OURS = Side(
    tensors=tensors_in,
    array=lambda tensor: np.array(tensor.data),
    tensor=lambda array, like: autograd.as_tensor(array.astype(like.dtype)),
    is_float=lambda tensor: tensor.dtype.kind == "f",
    grad=autograd.grad,
)
