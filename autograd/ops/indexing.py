"""Indexing of every NumPy kind, and its adjoint, which adds values into zeros at an index."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, passed_on, raw
from autograd.arguments.dtypes import as_array
from autograd.arguments.half import HALF, SINGLE
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor
from autograd.kernels import native

__all__ = ["getitem"]


# The pair: reading at an index, adding at an index ------------------------------------------------


@primitive(name="getitem")
def _getitem(x: Any, *, index: Any) -> Any:
    try:
        return x[index]
    except (IndexError, ValueError, TypeError, OverflowError) as error:
        raise _index_error("getitem", x.shape, index) from error


@primitive(name="scatter_index")
def scatter_index(x: Any, *, index: Any, shape: Any) -> Any:
    """Zeros of ``shape`` to which x is added at the index: the adjoint of reading there."""
    if not _may_repeat(index):
        out = np.zeros(shape, x.dtype)
        out[index] = x
        return out
    rows = _single_rows(index)
    if rows is not None and shape:
        return _add_rows(x, rows, shape)
    check_bytes("getitem", shape, np.intp)
    size = math.prod(shape)
    places = np.arange(size).reshape(shape)[index]
    values = x if x.shape == places.shape else np.broadcast_to(x, places.shape)
    # bincount adds in float64: repeated indices lose no digits in float32.
    added = np.bincount(places.ravel(), weights=values.ravel(), minlength=size)
    return added.reshape(shape).astype(x.dtype, copy=False)


_getitem.gradients(x=lambda g, index, x_shape: scatter_index(g, index=index, shape=x_shape))
scatter_index.gradients(x=lambda g, index: _getitem(g, index=index))


def getitem(x: Any, index: Any) -> Any:
    """``x[index]`` with every kind of index that NumPy has.

    Integers and slices give a view, which shares memory with x; integer arrays and bool masks
    (also tensors of them) give a copy. Where an index repeats, gradients add up.

    Args:
        x: array of any shape.
        index: an slice, None, Ellipsis, integer array, bool mask, or a tuple of them.

    Raises:
        IndexError: if the index does not fit the shape, or is of a kind that is none.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
        >>> ag.getitem(x, [0, 0, 2]).sum().backward()
        >>> x.grad
        Tensor([2., 0., 1.])
    """
    if type(x) is not Tensor:
        x = array_like("getitem", x)
    if type(index) is not int:
        index = clean_index("getitem", index, x.shape)
    return _getitem(x, index=index)


def clean_index(who: str, index: Any, shape: tuple[int, ...]) -> Any:
    """An index that a node may keep: no tensors, no lists, nothing that others can write into."""
    if type(index) is tuple:
        return tuple([_clean_item(who, item, shape) for item in index])
    return _clean_item(who, index, shape)


def _clean_item(who: str, item: Any, shape: tuple[int, ...]) -> Any:
    kind = type(item)
    if kind is int or item is None or item is Ellipsis:
        return item
    if kind is slice:
        return _clean_slice(who, item)
    given, item = item, raw(item)
    if isinstance(item, (bool, np.bool_)):
        return bool(item)
    if isinstance(item, (list, tuple, range)):
        item = as_array(f"{who}: index", item) if len(item) else np.empty(0, np.intp)
        if item.size == 0 and item.dtype.kind == "f":
            item = item.astype(np.intp)
    if isinstance(item, np.ndarray):
        if item.dtype.kind in "iu":
            if not item.ndim:
                return int(item)
            return passed_on(given, _fixed(item.astype(np.intp)))
        if item.dtype.kind == "b":
            return passed_on(given, _fixed(item.copy()))
        raise IndexError(
            f"{who}: an index array must hold integers or bools, got dtype {item.dtype} "
            f"(x has shape {shape})"
        )
    try:
        return operator.index(item)
    except TypeError:
        raise IndexError(
            f"{who}: an index must be an slice, None, Ellipsis, integer array or bool "
            f"mask, got {type(item).__name__} (x has shape {shape})"
        ) from None


def _fixed(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A fresh array that nobody will write into, so that it need not be copied again."""
    array.flags.writeable = False
    return array


def _clean_slice(who: str, item: slice) -> slice:
    parts = start, stop, step = item.start, item.stop, item.step
    if (
        (start is None or type(start) is int)
        and (stop is None or type(stop) is int)
        and (step is None or type(step) is int)
    ):
        bounds = item
    else:
        bounds = slice(
            *[
                None if p is None else arguments.integer(who, f"the slice's {name}", p, None)
                for name, p in zip(("start", "stop", "step"), parts, strict=True)
            ]
        )
    if bounds.step == 0:
        raise ValueError(f"{who}: the step of a slice must not be 0")
    return bounds


def _may_repeat(index: Any) -> bool:
    """True if an element may be read more than once: only integer arrays can do that."""
    for item in index if type(index) is tuple else (index,):
        if type(item) is np.ndarray and item.dtype.kind != "b":
            return True
    return False


def _single_rows(index: Any) -> Any:
    """The integer array of ``x[array]``, ``x[array, :]``; None for other indices."""
    if type(index) is tuple:
        if any(i is not Ellipsis and not _is_full(i) for i in index[1:]):
            return None
        index = index[0]
    return index if type(index) is np.ndarray else None


def _is_full(item: Any) -> bool:
    return type(item) is slice and item == slice(None)


def _add_rows(x: Any, rows: Any, shape: tuple[int, ...]) -> Any:
    """Add x[k] to row rows[k] of zeros: sorted by row, each row's run is summed at once."""
    if native.plain(x) and rows.dtype == np.int64 and len(shape) > 1 and 0 not in shape:
        flat = np.empty((shape[0], math.prod(shape[1:])), x.dtype)
        native.library.add_rows(x.reshape(-1, flat.shape[1]), rows.ravel(), flat)
        return flat.reshape(shape)
    out = np.zeros(shape, x.dtype)
    rows = rows.ravel() % shape[0] if shape[0] else rows.ravel()
    if not rows.size:
        return out
    x = np.broadcast_to(x, x.shape).reshape(rows.size, *shape[1:])
    order = np.argsort(rows, kind="stable")
    ordered = rows[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    dtype = SINGLE if x.dtype == HALF else None
    out[ordered[starts]] = np.add.reduceat(x[order], starts, axis=0, dtype=dtype)
    return out


def _index_error(who: str, shape: tuple[int, ...], index: Any) -> Exception:
    """Say what is wrong with an index that NumPy has refused."""
    items = index if type(index) is tuple else (index,)
    has = f"x has shape {shape}"
    taken = sum(
        i.ndim if type(i) is np.ndarray and i.dtype.kind == "b" else 1
        for i in items
        if i is not None and i is not Ellipsis and type(i) is not bool
    )
    if taken > len(shape):
        return IndexError(f"{who}: {taken} axes are indexed, but {has}")
    if sum(i is Ellipsis for i in items) > 1:
        return IndexError(f"{who}: an index may hold one Ellipsis (...), got several")
    axis = 0
    arrays = []
    for item in items:
        if item is Ellipsis:
            axis += len(shape) - taken
        elif type(item) is np.ndarray and item.dtype.kind == "b":
            there = shape[axis : axis + item.ndim]
            if item.shape != there:
                return IndexError(
                    f"{who}: a bool mask of shape {item.shape} does not fit axes of shape {there}"
                    f" ({has})"
                )
            axis += item.ndim
            arrays.append((int(item.sum()),))
        elif item is not None and type(item) is not bool:
            if type(item) is not slice:
                array = np.asarray(item)
                arrays.append(array.shape)
                bad = (array < -shape[axis]) | (array >= shape[axis])
                if bad.any():
                    first = arguments.shown(array[bad].tolist()[0])
                    return IndexError(
                        f"{who}: index {first} is out of bounds for axis {axis} "
                        f"with size {shape[axis]} ({has})"
                    )
            axis += 1
    listed = " and ".join(str(s) for s in arrays)
    return IndexError(f"{who}: index arrays of shapes {listed} do not broadcast together ({has})")
