"""Masks, places and what is written there, in PyTorch's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, constant, raw
from autograd.core.tensor import Tensor
from autograd.ops import gathering
from autograd.ops.elementwise import multiply
from autograd.ops.elementwise import where as choose
from autograd.ops.gathering import nonzero, take, take_along_axis
from autograd.ops.indexing import getitem
from autograd.ops.reductions import broadcast_to
from autograd.ops.shapes import ravel, reshape
from autograd.ops.sorting import searchsorted as places_in
from autograd.spelling.arithmetic import is_one
from autograd.spelling.keywords import called
from autograd.spelling.operands import once, operands

# Masks --------------------------------------------------------------------------------------------


@operands("x", "value")
def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    """``autograd.where(mask, value, x)``, of x's shape and dtype."""
    x = array_like("masked_fill", x)
    if x.dtype.kind != "f":
        value = constant("masked_fill", "value", value)
    result = choose(_mask("masked_fill", mask), value, x)
    return result if result.dtype == x.dtype else result.astype(x.dtype)


@operands("x")
def masked_select(x: Any, mask: Any) -> Any:
    """``x[mask]``, x and mask broadcast together: a vector."""
    mask = _mask("masked_select", mask)
    shape = np.broadcast_shapes(tuple(x.shape), mask.shape)
    return getitem(broadcast_to(x, shape), np.broadcast_to(mask, shape))


@operands("x", "source")
def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """A copy of x whose elements under the mask are the first ones of the source, in order."""
    mask = _mask("masked_scatter", mask)
    try:
        shape = np.broadcast_shapes(tuple(x.shape), mask.shape)
    except ValueError:
        raise ValueError(
            f"masked_scatter: mask of shape {mask.shape} does not fit x of shape {tuple(x.shape)}"
        ) from None
    mask = np.broadcast_to(mask, shape)
    source, count = ravel(source), int(mask.sum())
    if source.shape[0] < count:
        raise ValueError(
            f"masked_scatter: {count} places are to be filled, but source has {source.shape[0]} elements"
        )
    x = x if tuple(x.shape) == shape else broadcast_to(x, shape)
    return gathering.set_at(x, mask, source[:count])


def _mask(who: str, mask: Any) -> Any:
    mask = np.asarray(raw(mask))
    if mask.dtype.kind != "b":
        raise TypeError(f"{who}: mask must be of bools, got dtype {mask.dtype}; write mask != 0")
    return mask


def where(
    condition: Any,
    *choices: Any,
    x: Any = None,
    y: Any = None,
    input: Any = None,
    other: Any = None,
) -> Any:
    """``autograd.where(condition, x, y)``; of a condition alone the indices where it holds."""
    first = [value for value in (x, input) if value is not None]
    second = [value for value in (y, other) if value is not None]
    if not choices and not first and not second:
        return nonzero(condition)
    if len(first) != (not choices) or len(choices) + len(first) + len(second) != 2:
        raise TypeError("where: expected a condition, or a condition, x and y")
    return choose(condition, *choices, *first, *second)


def where_method(x: Any, condition: Any, other: Any) -> Any:
    """``autograd.where(condition, x, other)``: x where the condition holds, else the other."""
    return choose(condition, x, other)


# Reading along an axis ----------------------------------------------------------------------------


def gather(
    x: Any, indices: Any = None, axis: Any = -1, *, dim: Any = None, index: Any = None,
    sparse_grad: bool = False, out: Any = None,
) -> Any:  # fmt: skip
    """Elements at positions along an axis: ``x.gather(1, index)`` or ``x.gather(indices, axis=1)``."""
    if out is not None:
        raise TypeError("gather: there is no out=; take the result: y = x.gather(...)")
    said = None if arguments.is_integer(axis) and axis == -1 else axis
    if index is not None:
        if not arguments.is_integer(indices):
            once("gather", indices=indices, index=True)
            indices = None
        once("gather", dim=indices if dim is None else dim, axis=said)
        once("gather", dim=dim, axis=indices)
        indices, axis = index, next((d for d in (indices, dim, said) if d is not None), -1)
    elif dim is not None:
        once("gather", dim=dim, axis=said)
        axis = dim
    elif arguments.is_integer(indices) and np.ndim(raw(axis)):
        indices, axis = axis, indices
    return gathering.gather(x, indices, axis)


def _no_larger(values: Any, indices: Any) -> Any:
    """Values, without what lies beyond the shape of the indices, as PyTorch leaves it out."""
    if not hasattr(indices, "shape") or not hasattr(values, "shape"):
        return values
    sizes, given = tuple(indices.shape), tuple(values.shape)
    if len(given) != len(sizes) or given == sizes or any(map(int.__lt__, given, sizes)):
        return values
    return getitem(values, tuple([slice(n) for n in sizes]))


def _dim_first(who: str, function: Any) -> Any:
    """``x.scatter(dim, index, src)`` as well as ``x.scatter(indices, values, axis)``."""
    called(who, function)

    def call(x: Any, *given: Any, **named: Any) -> Any:
        words = {"dim": "axis", "index": "indices", "src": "values", "value": "values",
                 "source": "values"}  # fmt: skip
        for word in ("axis", "indices", "values"):
            once(who, **{k: True for k in named if words.get(k, k) == word})
        named = {words.get(k, k): v for k, v in named.items()}
        order = ("indices", "values", "axis", "reduce", "include_self")
        if given and arguments.is_integer(given[0]):
            order = ("axis", "indices", "values", "reduce", "include_self")
        for name, value in zip([n for n in order if n not in named], given, strict=False):
            named[name] = value
        if "values" in named and "indices" in named:
            named["values"] = _no_larger(named["values"], named["indices"])
        return function(x, **named)

    call.__name__ = call.__qualname__ = who
    call.__doc__ = (
        f"``autograd.{who}(x, indices, values, axis)``, also in PyTorch's order: "
        f"``x.{who}(dim, index, src)``."
    )
    return call


def _scatter(x: Any, indices: Any, values: Any, axis: Any = -1, reduce: Any = None) -> Any:
    if reduce is None:
        return gathering.scatter(x, indices, values, axis)
    arguments.choice("scatter", "reduce", reduce, ("add", "multiply"))
    return gathering.scatter_reduce(x, indices, values, axis, "sum" if reduce == "add" else "prod")


scatter = _dim_first("scatter", _scatter)
scatter_add = _dim_first("scatter_add", gathering.scatter_add)
scatter_reduce = _dim_first("scatter_reduce", gathering.scatter_reduce)


def index_select(x: Any, dim: Any, index: Any) -> Any:
    """``x.take(index, axis=dim)``; of a number the number."""
    found = take(x, np.atleast_1d(raw(index)), axis=dim)
    return found if np.ndim(raw(x)) else reshape(found, ())


def take_along_dim(x: Any, indices: Any, dim: Any = None) -> Any:
    """``autograd.take_along_axis(x, indices, dim)``; without dim both are ravelled."""
    return take_along_axis(x, np.ravel(raw(indices)) if dim is None else indices, dim)


# Writing along an axis, functionally --------------------------------------------------------------


def _places(who: str, x: Any, dim: Any, index: Any) -> tuple[Any, ...]:
    dim = arguments.axis(who, dim, len(x.shape) or 1, "dim")
    index = np.asarray(raw(index))
    if x.shape:
        return (*(slice(None),) * dim, index)
    if index.size and (index.dtype.kind not in "iu" or not ((index == 0) | (index == -1)).all()):
        raise IndexError(
            f"{who}: index {index.tolist()} is out of range; x is a number, and has place 0"
        )
    return (np.broadcast_to(True, ()) if index.size else np.broadcast_to(False, ()),)


@operands("x", "source")
def index_add(x: Any, dim: Any, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """A copy of x with the source's slices added to those that the index names."""
    source = source if is_one(alpha) else multiply(alpha, source)
    return gathering.add_at(x, _places("index_add", x, dim, index), source)


@operands("x", "source")
def index_copy(x: Any, dim: Any, index: Any, source: Any) -> Any:
    """A copy of x with the source's slices in the place of those that the index names."""
    return gathering.set_at(x, _places("index_copy", x, dim, index), source)


@operands("x")
def index_fill(x: Any, dim: Any, index: Any, value: Any) -> Any:
    """A copy of x with one value in the slices that the index names."""
    return gathering.set_at(x, _places("index_fill", x, dim, index), value)


@operands("x", "values")
def index_put(x: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """``autograd.set_at(x, indices, values)``; ``accumulate`` adds: ``autograd.add_at``."""
    adds = arguments.boolean("index_put", "accumulate", accumulate)
    write = gathering.add_at if adds else gathering.set_at
    return write(x, tuple(raw(i) for i in indices), values)


@operands("x", "src")
def select_scatter(x: Any, src: Any, dim: Any, index: Any) -> Any:
    """A copy of x with src as its slice at one place along an axis."""
    dim = arguments.axis("select_scatter", dim, len(x.shape), "dim")
    return gathering.set_at(x, (*(slice(None),) * dim, index), src)


# Order and counts ---------------------------------------------------------------------------------


def searchsorted(
    a: Any = None, v: Any = None, side: Any = None, sorter: Any = None, *, right: Any = False,
    out_int32: bool = False, sorted_sequence: Any = None, input: Any = None, device: Any = None,
) -> Any:  # fmt: skip
    """``autograd.searchsorted(a, v, side)``; ``right=True`` is ``side="right"``."""
    if sorted_sequence is not None:
        once("searchsorted", sorted_sequence=True, a=None if v is None or a is None else True)
        a, v = sorted_sequence, a if v is None else v
    once("searchsorted", input=None if input is None else True, v=None if v is None else True)
    v = input if v is None else v
    if a is None or v is None:
        raise TypeError("searchsorted: give what is sorted, and what to look for in it")
    right = arguments.boolean("searchsorted", "right", right)
    if side is None:
        side = "right" if right else "left"
    elif right and (not isinstance(side, str) or side != "right"):
        raise ValueError(f"searchsorted: right=True and side={side!r} contradict each other")
    if sorter is not None:
        a = np.take_along_axis(np.asarray(raw(a)), np.asarray(raw(sorter)), -1)
    places = places_in(a, v, side=side)
    return _counted(places, "searchsorted", out_int32)


def bucketize(x: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """Which interval between the boundaries every element lies in."""
    right = arguments.boolean("bucketize", "right", right)
    return _counted(
        places_in(boundaries, x, side="right" if right else "left"), "bucketize", out_int32
    )


def _counted(places: Any, who: str, out_int32: Any) -> Any:
    return places.astype(np.int32) if arguments.boolean(who, "out_int32", out_int32) else places


@operands("x")
def unique(
    x: Any, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
    dim: Any = None,
) -> Any:  # fmt: skip
    """The distinct elements in order, with where each went and how often it occurs if asked for.

    Raises:
        RuntimeError: for a tensor that requires a gradient: equal elements that are moved apart
            become two, so there is no derivative.
    """
    x = constant("unique", "x", x)
    wanted: Any = {"return_inverse": return_inverse, "return_counts": return_counts, "axis": dim}
    found = np.unique(np.asarray(raw(x)), **wanted)
    return tuple(map(Tensor, found)) if isinstance(found, tuple) else Tensor(found)
