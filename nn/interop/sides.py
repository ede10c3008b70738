"""Running either side of a comparison: what goes in, what every layer gives, what is put back.

`compare` calls the same things twice, once for PyTorch and once for our model.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from nn.distributions import Distribution
from nn.interop.spreads import numbers_of
from nn.module import Module

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


@contextlib.contextmanager
def torch_layers(torch: Any, module: Any) -> Iterator[list[Any]]:
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


def torch_outputs(torch: Any, output: Any) -> list[Any]:
    from torch.utils import _pytree as pytree

    return [leaf for leaf in pytree.tree_leaves(output) if torch.is_tensor(leaf)]


def _weights(shape: tuple[int, ...], k: int) -> np.ndarray[Any, Any]:
    count = int(np.prod(shape))
    return np.cos(np.arange(count) * 0.7 + k).reshape(shape)


def weighted_torch(torch: Any, outputs: list[Any]) -> Any:
    parts = [
        (out * torch.tensor(_weights(tuple(out.shape), k)).to(out.dtype)).sum()
        for k, out in enumerate(outputs)
        if out.is_floating_point()
    ]
    return sum(parts[1:], parts[0]) if parts else None


def torch_sources(torch: Any, module: Any, leaves: list[Any]) -> dict[str, Any]:
    inputs = [leaf for leaf in leaves if torch.is_tensor(leaf) and leaf.requires_grad]
    sources = {f"input {k}": leaf for k, leaf in enumerate(inputs)}
    return sources | {
        name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad
    }


def torch_grads(torch: Any, loss: Any, sources: dict[str, Any]) -> dict[str, Any]:
    if loss is None or not loss.requires_grad or not sources:
        return {}
    grads = torch.autograd.grad(loss, list(sources.values()), allow_unused=True)
    return {
        name: None if g is None else g.detach().cpu().numpy()
        for name, g in zip(sources, grads, strict=True)
    }


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


@contextlib.contextmanager
def our_layers(model: Module) -> Iterator[list[Any]]:
    seen: list[Any] = []
    counts: dict[str, int] = {}
    handles = []

    def watch(path: str, inner: Module) -> None:
        def hook(_: Any, __: Any, output: Any) -> None:
            call = counts.get(path, 0)
            counts[path] = call + 1
            results = [np.array(value.data) for value in tensors_in(output)]
            seen.append((path, call, type(inner).__name__, results))

        handles.append(inner.register_forward_hook(hook))

    for path, inner in model.named_modules():
        watch(path, inner)
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


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


def our_outputs(output: Any) -> list[Tensor]:
    return tensors_in(output)


def weighted_ours(outputs: list[Tensor]) -> Any:
    parts = [
        (out * autograd.as_tensor(_weights(out.shape, k).astype(out.dtype))).sum()
        for k, out in enumerate(outputs)
        if out.dtype.kind == "f"
    ]
    return sum(parts[1:], parts[0]) if parts else None


def our_sources(model: Module, leaves: list[Any]) -> dict[str, Any]:
    inputs = [leaf for leaf in leaves if isinstance(leaf, Tensor) and leaf.requires_grad]
    sources = {f"input {k}": leaf for k, leaf in enumerate(inputs)}
    return sources | {
        name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad
    }


def our_grads(loss: Any, sources: dict[str, Any]) -> dict[str, Any]:
    if loss is None or not loss.requires_grad or not sources:
        return {}
    grads = autograd.grad(loss, list(sources.values()), allow_unused=True)
    return {
        name: None if g is None else np.asarray(g.data)
        for name, g in zip(sources, grads, strict=True)
    }
