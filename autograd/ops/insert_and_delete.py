"""Inserting, deleting, choosing and putting together, after NumPy.

Each function first does to a list of positions what it is asked to do to the array, with NumPy,
and then reads the array at those positions: so reading has the only gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, ndim_of, raw, shape_tuple, weakly_whole
from autograd.arguments.limits import check_bytes
from autograd.ops.elementwise import astype
from autograd.ops.gathering import take, take_along_axis
from autograd.ops.images.padding import take_axis
from autograd.ops.reductions import broadcast_to
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import concatenate, moveaxis, ravel, reshape, sequence_of_arrays, stack
from autograd.ops.split_and_stack import broadcast_arrays

__all__ = [
    "block",
    "choose",
    "compress",
    "delete",
    "extract",
    "insert",
    "resize",
    "rollaxis",
]


def _along(who: str, x: Any, axis: Any) -> tuple[Any, int]:
    """x and the axis as a number; None means the ravelled array."""
    x = array_like(who, x)
    return (ravel(x), 0) if axis is None else (x, arguments.axis(who, axis, len(x.shape)))


def _positions(who: str, name: str, function: Callable[[], Any]) -> Any:
    """What NumPy makes of a list of positions; its complaints in our words."""
    try:
        return function()
    except IndexError as error:
        raise IndexError(f"{who}: {name}: {error}") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise ValueError(
            f"{who}: {name} must be integers, a slice or a bool mask that fit the axis: {error}"
        ) from None


def delete(x: Any, obj: Any, axis: Any = None) -> Any:
    """x without some places along an axis.

    Args:
        obj: which: an integer, several, a slice or a bool mask.
        axis: which axis; None for the ravelled array.

    Raises:
        IndexError: for places that do not exist.

    Example:
        >>> import autograd as ag
        >>> ag.delete(ag.tensor([1.0, 2.0, 3.0]), 1)
        Tensor([1., 3.])
    """
    x, axis = _along("delete", x, axis)
    places = np.arange(x.shape[axis])
    kept = _positions("delete", "obj", lambda: np.delete(places, _index(obj)))
    return take_axis(x, kept, axis)


def insert(x: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """x with values put in before some places along an axis.

    Args:
        obj: the places, as they are in x: an integer, several, a slice or a bool mask.
        values: what to put in, in x's dtype; broadcast to x's other axes. Beside floats, a tensor
            of integers becomes one of these.
        axis: which axis; None for the ravelled array.

    Raises:
        IndexError: for places that do not exist.
        ValueError: if the values do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.insert(ag.tensor([1.0, 2.0]), 1, 9.0)
        Tensor([1., 9., 2.])
    """
    x, axis = _along("insert", weakly_whole(array_like("insert", x, values), values), axis)
    values = array_like("insert: values", values, x)
    values = values if raw(values).dtype == raw(x).dtype else astype(values, x.dtype)
    places, where = np.arange(x.shape[axis]), _index(obj)
    single = not isinstance(where, slice) and np.size(where) == 1
    if single and np.asarray(where).dtype.kind != "b":
        lifted = reshape(values, (1,) * (len(x.shape) - len(values.shape)) + values.shape)
        values = moveaxis(lifted, 0, axis) if np.ndim(where) == 0 else lifted
        count = values.shape[axis] if len(values.shape) == len(x.shape) else 1
    else:
        count = len(_positions("insert", "obj", lambda: np.insert(places, where, 0))) - len(places)
    new = len(places) + np.arange(count)
    order = _positions("insert", "obj", lambda: np.insert(places, where, new))
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :])
    try:
        values = broadcast_to(values, shape)
    except ValueError:
        raise ValueError(
            f"insert: values of shape {values.shape} do not fit the place of shape {shape} "
            f"in x of shape {x.shape}"
        ) from None
    return take_axis(concatenate([x, values], axis), order, axis)


def _index(obj: Any) -> Any:
    """Places as NumPy takes them: no tensors."""
    if isinstance(obj, slice):
        return obj
    places = np.asarray(raw(array_like("insert or delete: obj", obj)))
    return places if places.size else places.astype(np.intp)


def resize(x: Any, new_shape: Any) -> Any:
    """The elements of x, over and over again, until they fill another shape; 0 if x is empty.

    Example:
        >>> import autograd as ag
        >>> ag.resize(ag.tensor([1.0, 2.0]), (2, 3)).tolist()
        [[1.0, 2.0, 1.0], [2.0, 1.0, 2.0]]
    """
    x = array_like("resize", x)
    shape = shape_tuple("resize", new_shape, "new_shape")
    check_bytes("resize", shape, np.intp)
    if not x.size:
        return broadcast_to(sum_(x), shape)
    return take(x, np.resize(np.arange(x.size), shape))


def compress(condition: Any, x: Any, axis: Any = None) -> Any:
    """The places of x along an axis where a condition holds.

    Args:
        condition: a vector of bools, not longer than the axis.
        axis: which axis; None for the ravelled array.

    Raises:
        ValueError: if the condition is no vector, or longer than the axis.
    """
    x, axis = _along("compress", x, axis)
    chosen = np.asarray(raw(array_like("compress: condition", condition)))
    if chosen.ndim != 1 or (len(chosen) > x.shape[axis] and chosen[x.shape[axis] :].any()):
        raise ValueError(
            f"compress: condition must be a vector of at most {x.shape[axis]} bools for axis "
            f"{axis} of shape {x.shape}, got shape {chosen.shape}"
        )
    return take_axis(x, np.flatnonzero(chosen), axis)


def extract(condition: Any, x: Any) -> Any:
    """The elements of x, in order, where a condition of its shape holds."""
    return compress(np.ravel(raw(array_like("extract: condition", condition))), x)


def choose(a: Any, choices: Sequence[Any], mode: str = "raise") -> Any:
    """At every place the element of the array whose number stands there.

    Args:
        a: numbers from 0; broadcast with the choices.
        choices: the arrays to choose from.
        mode: for numbers out of range: ``"raise"`` an error, ``"wrap"`` around, ``"clip"``.

    Raises:
        IndexError: for numbers out of range (mode ``"raise"``).
    """
    arguments.choice("choose", "mode", mode, ("raise", "wrap", "clip"))
    numbers = np.asarray(raw(array_like("choose: a", a)))
    if numbers.dtype.kind not in "iub":
        raise TypeError(f"choose: a must hold integers, got dtype {numbers.dtype}")
    n = len(choices := sequence_of_arrays("choose", choices))
    numbers, *lifted = broadcast_arrays(numbers.astype(np.intp), *choices)
    if mode != "raise":
        numbers = numbers % n if mode == "wrap" else np.clip(numbers, 0, n - 1)
    elif ((numbers < 0) | (numbers >= n)).any():
        raise IndexError(f"choose: a holds numbers beyond the {n} choices")
    return take_along_axis(stack(lifted), numbers[None], 0)[0]


def block(arrays: Any) -> Any:
    """Arrays put together as nested lists show: the innermost side by side along the last axis.

    Raises:
        ValueError: for lists that are empty or nested to different depths.

    Example:
        >>> import autograd as ag
        >>> a = ag.ones((2, 2))
        >>> ag.block([[a, a], [a, a]]).shape
        (4, 4)
    """
    depth, leaf = 0, arrays
    while isinstance(leaf, list):
        depth, leaf = depth + 1, leaf[0] if leaf else None
    if leaf is None:
        raise ValueError("block: arrays holds an empty list")
    leaves = _leaves(arrays)
    ndim = max([depth, *(ndim_of("block", leaf) for leaf in leaves)])

    def join(part: Any, axis: int) -> Any:
        if (axis == 0) == isinstance(part, list):
            raise ValueError("block: the lists of arrays are nested to different depths")
        if axis == 0:
            part = array_like("block", part, *leaves)
            return reshape(part, (1,) * (ndim - len(part.shape)) + part.shape)
        return concatenate([join(p, axis - 1) for p in part], ndim - axis)

    # The outermost list runs along axis −depth, the innermost along the last.
    return join(arrays, depth)


def _leaves(part: Any) -> list[Any]:
    return [leaf for p in part for leaf in _leaves(p)] if isinstance(part, list) else [part]


def rollaxis(x: Any, axis: int, start: int = 0) -> Any:
    """x with an axis moved to before another; ``moveaxis`` says the same more plainly."""
    x = array_like("rollaxis", x)
    axis = arguments.axis("rollaxis", axis, len(x.shape))
    start = arguments.axis("rollaxis", start, len(x.shape) + 1, "start")
    return moveaxis(x, axis, start - (axis < start))
