"""Reading arguments: arrays and shapes, checked once and told about in our own words.

Every function here takes ``who``, the public function on whose behalf it speaks.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.arguments import numbers
from autograd.arguments.dtypes import as_array


def raw(x: Any) -> Any:
    """The array behind a tensor; arrays and numbers as they are."""
    return getattr(x, "_data", x)


def array_like(who: str, x: Any) -> Any:
    """The value itself if it has a shape (tensor, array, NumPy scalar), else an array of it.

    Raises:
        TypeError: for what is no number.
        ValueError: for ragged lists.
    """
    if not hasattr(x, "shape"):
        return as_array(who, x, copy=False)
    if x.dtype.kind not in "fiubcO":
        raise TypeError(f"{who}: expected numbers, got an array of dtype {x.dtype}")
    return x


def beside(who: str, value: Any, x: Any) -> Any:
    """As ``array_like``; Python's numbers and lists of them take the dtype of x, if that is float.

    Raises:
        TypeError, ValueError: as ``array_like``.
    """
    if hasattr(value, "shape"):
        return array_like(who, value)
    return as_array(who, value, x.dtype if x.dtype.kind == "f" else None, copy=False)


def number(who: str, name: str, value: Any) -> Any:
    """A real number of Python or NumPy, as it is.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, complex)):
        return value
    raise TypeError(f"{who}: {name} must be a number, got {value!r}")


def shape_of(x: Any) -> tuple[int, ...]:
    """Shape of a tensor, an array, a number or nested lists."""
    return x.shape if hasattr(x, "shape") else as_array("shape", x, copy=False).shape


def ndim_of(x: Any) -> int:
    """Number of axes of a tensor, an array, a number or nested lists."""
    return len(shape_of(x))


def shape_tuple(
    who: str, shape: Any, name: str = "shape", unknown: bool = False
) -> tuple[int, ...]:
    """A shape as a tuple of sizes; one number means one axis.

    Args:
        unknown: allow −1.

    Raises:
        TypeError: if a size is no integer.
        ValueError: if one is negative.
    """
    if type(shape) is tuple:  # the usual case, without a function call for each size
        for n in shape:
            if type(n) is not int or n < 0:
                break
        else:
            return shape
    shape = raw(shape)
    if not isinstance(shape, (tuple, list)):
        shape = shape.tolist() if getattr(shape, "ndim", 0) == 1 else (shape,)
    sizes = tuple([n if type(n) is int else numbers.integer(who, name, n, None) for n in shape])
    for n in sizes:
        if n < 0 and not (unknown and n == -1):
            raise ValueError(f"{who}: {name}={sizes} has the negative size {n}")
    return sizes


def broadcast_shape(who: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all the shapes broadcast to.

    Raises:
        ValueError: if they don't.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(s) for s in shapes)
        raise ValueError(f"{who}: shapes {listed} do not broadcast together") from None


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape of a reduction over ``axis`` with the reduced axes kept at size 1."""
    if axis is None:
        return (1,) * len(shape)
    sizes = list(shape)
    for a in axis if isinstance(axis, (tuple, list)) else (axis,):
        sizes[a] = 1
    return tuple(sizes)


def count_along(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements a reduction over ``axis`` takes together."""
    if axis is None:
        return math.prod(shape)
    return math.prod([shape[a] for a in (axis if isinstance(axis, (tuple, list)) else (axis,))])
