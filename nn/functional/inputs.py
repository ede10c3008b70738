"""What every function here does with its arguments first: floats, ranks, a batch axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from autograd import in_place as writing

__all__ = [
    "float_dtype",
    "floating",
    "floats",
    "in_place",
    "is_learnt",
    "number",
    "numbers",
    "over_images",
    "reduced",
    "reduction_name",
    "warn_of_softmax",
]

_MAY_BE_ABSENT = frozenset(("weight", "pos_weight", "bias", "running_mean", "running_var"))
_IMAGES = {
    1: "(N, C, L) or (C, L)",
    2: "(N, C, H, W) or (C, H, W)",
    3: "(N, C, D, H, W) or (C, D, H, W)",
}


def floating(who: str, value: Any, name: str = "input", *beside: Any) -> Any:
    """A tensor or an array of floats, as ``arguments.floating``; nested numbers become a tensor.

    Raises:
        TypeError: for integers, bools, strings and other things.
    """
    if type(value) is Tensor and value.dtype.kind == "f":
        return value  # what a layer gets from the one before
    array = arguments.floating(who, name, value, *beside)
    return array if hasattr(value, "shape") else autograd.as_tensor(array)


def numbers(who: str, value: Any) -> Any:
    """A tensor or an array of any dtype, as ``arguments.array_like``; nested numbers become a tensor.

    Raises:
        TypeError: for strings and other things.
    """
    array = arguments.array_like(who, value)
    return array if hasattr(value, "shape") else autograd.as_tensor(array)


def float_dtype(x: Any) -> Any:
    """The dtype of floats beside x: its own, or double precision for scalars' objects."""
    return x.dtype if x.dtype.kind == "f" else np.float64


def owned(value: Any) -> Tensor:
    """A tensor as it is; of an array, which its caller may write into, a copy."""
    return value if isinstance(value, Tensor) else autograd.tensor(value)


def number(who: str, name: str, value: Any, *bounds: Any, **more: Any) -> Any:
    """A real number within bounds, as ``arguments.real``: a float, or a 0-d tensor to learn.

    Raises:
        TypeError, ValueError: as ``arguments.real``.
    """
    if not is_learnt(value):
        return arguments.real(who, name, value, *bounds, **more)
    arguments.real(who, name, value.detach(), *bounds, **more)
    return autograd.reshape(value, ())


def is_learnt(value: Any) -> bool:
    """True for a tensor that requires a gradient, while gradients are recorded."""
    return isinstance(value, Tensor) and value.requires_grad and autograd.is_grad_enabled()


def warn_of_softmax(who: str, input: Any, made_by: str, instead: str) -> None:
    """Warn of a loss of scores, or of logarithms, that is given probabilities: it learns badly.

    Those of a softmax over another axis than that of the classes are none.
    """
    node = input.grad_node if isinstance(input, Tensor) else None
    if node is not None and node.primitive.name == made_by:
        if made_by == "softmax" and node.static != (min(1, input.ndim - 1),):
            return
        arguments.warn(f"{who}: the input comes from {made_by}; {who} {instead}")


def in_place(who: str, inplace: Any, input: Any, function: Callable[[Any], Any]) -> Any:
    """The input itself, which takes the elements of ``function(input)``: ``inplace=True``.

    Raises:
        RuntimeError: for a leaf that requires a gradient, a view, and read-only memory.
    """
    if not arguments.boolean(who, "inplace", inplace):
        return function(input)
    return writing.in_place(who, input, function)


def floats(who: str, *weak: str, **values: Any) -> list[Any]:
    """Several arguments that stand beside one another, each as ``floating``.

    Parameters and statistics may be None, and then are.

    Args:
        weak: names of those that may be counts or masks: integers and bools are converted to the
            dtype of the floats that they stand beside.
    """
    for name in weak:
        dtype = arguments.common_float(*values.values())
        if (
            dtype is not None
            and getattr(getattr(values[name], "dtype", dtype), "kind", "f") in "iub"
        ):
            values[name] = autograd.astype(values[name], dtype)
    given = values.values()
    if arguments.are_float_tensors(given) and _MAY_BE_ABSENT.issuperset(
        [name for name, value in values.items() if value is None]
    ):
        return list(given)
    return [
        None if value is None and name in _MAY_BE_ABSENT else floating(who, value, name, *given)
        for name, value in values.items()
    ]


def over_images(who: str, input: Any, n: int, function: Callable[[Any], Any], *beside: Any) -> Any:
    """``function`` of images with a batch axis; for a single image the axis is put on and off.

    Args:
        input: shape (N, C, *S) or (C, *S) with ``n`` spatial axes.
        function: of (N, C, *S), giving a tensor or a pair of them with the batch axis in front.
        beside: what nested numbers stand beside, as for ``arguments.array_like``.

    Raises:
        TypeError: unless it holds floats; ValueError: for another rank.
    """
    input = floating(who, input, "input", *beside)
    ndim = len(input.shape)
    if ndim == n + 2:
        return function(input)
    if ndim != n + 1:
        raise ValueError(f"{who}: input must be {_IMAGES[n]}, got shape {input.shape}")
    result = function(autograd.expand_dims(input, 0))
    if isinstance(result, tuple):
        return tuple(_without_batch(part) for part in result)
    return _without_batch(result)


def _without_batch(x: Any) -> Any:
    return writing.last_view(autograd.squeeze, x, 0)


def reduction_name(who: str, size_average: Any, reduce: Any, reduction: Any) -> str:
    """What becomes of a loss per element; the first two are PyTorch's former way to say it."""
    if size_average is not None or reduce is not None:
        if reduce is not None and not arguments.boolean(who, "reduce", reduce):
            return "none"
        if size_average is None or arguments.boolean(who, "size_average", size_average):
            return "mean"
        return "sum"
    return arguments.choice(who, "reduction", reduction, ("none", "mean", "sum"))


def reduced(loss: Any, reduction: str) -> Any:
    """The loss per element, its mean or its sum."""
    if reduction == "mean":
        return autograd.mean(loss)
    return autograd.sum(loss) if reduction == "sum" else loss
