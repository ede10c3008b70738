"""What every function here does with its arguments first: floats, ranks, a batch axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments

__all__ = ["floating", "integer_array", "over_images", "reduced", "reduction_name", "whole_numbers"]

_ARRAYS = (Tensor, np.ndarray)
_SCALARS = (Tensor, int, float, np.number)
_IMAGES = {
    1: "(N, C, L) or (C, L)",
    2: "(N, C, H, W) or (C, H, W)",
    3: "(N, C, D, H, W) or (C, D, H, W)",
}


def floating(who: str, value: Any, name: str = "input") -> Any:
    """A tensor, or an array (of floats, or of scalar tensors); nested numbers become a tensor.

    Raises:
        TypeError: for integers, bools, strings and other things.
    """
    if not isinstance(value, _ARRAYS):
        try:
            value = autograd.as_tensor(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{who}: {name} must be a tensor or an array: {error}") from None
    if value.dtype.kind == "f":
        return value
    if value.dtype.kind == "O" and value.size and not isinstance(value.flat[0], _SCALARS):
        raise TypeError(
            f"{who}: {name} is an object array of {type(value.flat[0]).__name__}; the one kind "
            "that is understood holds scalar tensors, see autograd.scalars"
        )
    if value.dtype.kind not in "fOc":
        raise TypeError(
            f"{who}: {name} must hold floating-point numbers, got dtype {value.dtype}; "
            f"convert it, e.g. {name}.astype(np.float32)"
        )
    return value


def integer_array(who: str, value: Any, name: str) -> np.ndarray[Any, Any]:
    """Integers (classes, indices) as an array.

    Raises:
        TypeError: for anything else.
    """
    try:
        array = np.asarray(value.data if isinstance(value, Tensor) else value)
    except (ValueError, TypeError, OverflowError):
        raise TypeError(f"{who}: {name} must be an array of integers, got {value!r}") from None
    if array.dtype.kind not in "iu":
        raise TypeError(f"{who}: {name} must hold integers, got dtype {array.dtype}")
    return array


def over_images(who: str, input: Any, n: int, function: Callable[[Any], Any]) -> Any:
    """``function`` of images with a batch axis; for a single image the axis is put on and off.

    Args:
        input: shape (N, C, *S) or (C, *S) with ``n`` spatial axes.
        function: of (N, C, *S), giving a tensor or a pair of them with the batch axis in front.

    Raises:
        TypeError: unless it holds floats; ValueError: for another rank.
    """
    input = floating(who, input)
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
    return autograd.squeeze(x, 0)


def whole_numbers(who: str, name: str, value: Any, n: int) -> tuple[int, ...]:
    """``n`` positive integers, given as one or as a sequence."""
    return arguments.integers(who, name, value, n)


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
