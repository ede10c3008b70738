"""Taking elements by index arrays, and the functional ways of writing at an index."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, ndim_of, raw, shape_of
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor, _wrap
from autograd.ops.elementwise import multiply, where
from autograd.ops.indexing import clean_index, getitem, scatter_index
from autograd.ops.reductions import broadcast_to, sum_to
from autograd.ops.shapes import ravel, reshape

__all__ = [
    "add_at",
    "argwhere",
    "bincount",
    "gather",
    "nonzero",
    "scatter",
    "scatter_add",
    "scatter_reduce",
    "select",
    "set_at",
    "take",
    "take_along_axis",
]


# Reading ------------------------------------------------------------------------------------------


def take(x: Any, indices: Any, axis: Any = None, mode: str = "raise") -> Any:
    """Elements of x at positions along an axis; the indices' axes take that axis' place.

    Args:
        indices: integers of any shape.
        axis: which axis; None for the ravelled array.
        mode: what happens beyond the ends: ``"raise"`` an error, ``"wrap"`` around, ``"clip"``.

    Raises:
        IndexError: for indices out of range (mode ``"raise"``) or an axis that does not exist.

    Example:
        >>> import autograd as ag
        >>> ag.take(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), [1, 1, 0], axis=0).tolist()
        [[3.0, 4.0], [3.0, 4.0], [1.0, 2.0]]
    """
    arguments.choice("take", "mode", mode, ("raise", "wrap", "clip"))
    if axis is None:
        x, axis = ravel(x), 0
    axis = arguments.axis("take", axis, ndim_of("take", x) or 1)
    x = x if ndim_of("take", x) else ravel(x)
    places = _integers("take", indices)
    size = shape_of("take", x)[axis]
    if mode != "raise" and places.size:
        if not size:
            raise IndexError(f"take: axis {axis} is empty (x has shape {shape_of('take', x)})")
        places = places % size if mode == "wrap" else np.clip(places, 0, size - 1)
    return _read("take", x, (slice(None),) * axis + (places,))


def take_along_axis(x: Any, indices: Any, axis: Any = -1) -> Any:
    """Elements of x at positions along an axis, others for every place on the other axes.

    Args:
        indices: integers, with as many axes as x; the other axes broadcast with x's.
        axis: which axis; None for the ravelled array and one-dimensional indices.

    Raises:
        ValueError: if the shapes do not fit.
        IndexError: for indices out of range.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([[3.0, 1.0, 2.0]])
        >>> ag.take_along_axis(x, ag.argsort(x, 1), 1)
        Tensor([[1., 2., 3.]])
    """
    if axis is None:
        x, axis = ravel(x), 0
    x = array_like("take_along_axis", x)
    places = _integers("take_along_axis", indices)
    axis = arguments.axis("take_along_axis", axis, len(x.shape))
    _fits_along("take_along_axis", x.shape, places.shape, axis, exactly=True)
    return _read("take_along_axis", x, _along(x.shape, places, axis))


def gather(x: Any, indices: Any, axis: Any = -1) -> Any:
    """Elements of x at positions along an axis, as PyTorch's ``gather``.

    Like ``take_along_axis``, but nothing broadcasts, and on the other axes ``indices`` may be
    shorter than x: only the first places are then read.

    Args:
        indices: integers, with as many axes as x; the result has its shape.

    Raises:
        ValueError: if the shapes do not fit.
        IndexError: for indices out of range.
    """
    x = array_like("gather", x)
    places = _integers("gather", indices)
    if not x.shape and places.ndim < 2:  # a number is read like a vector of one
        return reshape(gather(ravel(x), places.ravel(), axis), places.shape)
    axis = arguments.axis("gather", axis, len(x.shape))
    _fits_along("gather", x.shape, places.shape, axis, exactly=False)
    return _read("gather", x, _along(places.shape, places, axis))


def _read(who: str, x: Any, index: Any) -> Any:
    """``x[index]``, with errors in the name of the function that the user called."""
    try:
        return getitem(x, index)
    except IndexError as error:
        raise IndexError(str(error).replace("getitem:", f"{who}:", 1)) from None


def _integers(who: str, indices: Any) -> Any:
    places = raw(array_like(f"{who}: indices", raw(indices)))
    places = np.asarray(places)
    if not places.size and places.dtype.kind == "f":
        return places.astype(np.intp)
    if places.dtype.kind not in "iu":
        raise TypeError(f"{who}: indices must be integers, got dtype {places.dtype}")
    return places.astype(np.intp)


def _fits_along(
    who: str, shape: tuple[int, ...], places: tuple[int, ...], axis: int, exactly: bool
) -> None:
    if len(places) != len(shape):
        raise ValueError(
            f"{who}: indices of shape {places} must have as many axes as x, of shape {shape}"
        )
    for k, (n, m) in enumerate(zip(shape, places, strict=True)):
        if k == axis:
            continue
        if (exactly and m != n and 1 not in (m, n)) or (not exactly and m > n):
            relation = "equal to" if exactly else "at most"
            raise ValueError(
                f"{who}: indices of shape {places} must along axis {k} be {relation} x's {n} "
                f"(x has shape {shape})"
            )


def _along(shape: tuple[int, ...], places: Any, axis: int) -> tuple[Any, ...]:
    """An index that is ``places`` along one axis and runs through the others."""
    ndim = len(shape)
    grids = [
        np.arange(n).reshape((1,) * k + (-1,) + (1,) * (ndim - k - 1)) for k, n in enumerate(shape)
    ]
    grids[axis] = places
    return tuple(grids)


@primitive(differentiable=False)
def argwhere(x: Any) -> Any:
    """Indices of the elements that are not 0, one row each."""
    return np.argwhere(array_like("argwhere", x))


def nonzero(x: Any) -> tuple[Any, ...]:
    """Indices of the elements that are not 0: one array per axis."""
    rows = argwhere(array_like("nonzero", x))
    return tuple([rows[:, k] for k in range(rows.shape[1])])


# Writing, functionally ----------------------------------------------------------------------------


@primitive(name="set_at")
def _set_at(x: Any, values: Any, *, index: Any) -> Any:
    out = np.array(x, dtype=np.result_type(x, values), order="K")
    _write(out, index, values)
    return out


def _write(out: Any, index: Any, values: Any) -> None:
    try:
        out[index] = values
    except ValueError:
        there = np.broadcast_to(np.int8(0), out.shape)[index].shape
        raise ValueError(
            f"set_at: values of shape {np.shape(values)} do not fit the place of shape {there} "
            f"that the index selects (x has shape {out.shape})"
        ) from None


def _set_at_values(g: Any, index: Any, x_shape: Any, values_shape: Any) -> Any:
    """What was written last at a place gets that place's gradient."""
    there = getitem(g, index)
    items = index if type(index) is tuple else (index,)
    if any(type(i) is np.ndarray and i.dtype.kind != "b" for i in items):
        places = np.arange(math.prod(x_shape)).reshape(x_shape)[index]
        turn = np.arange(places.size).reshape(places.shape)
        last = np.zeros(math.prod(x_shape), np.intp)
        last[places] = turn
        there = where(last[places] == turn, there, 0.0)
    return sum_to(there, values_shape)


_set_at.gradients(x=lambda g, index: _set_at(g, 0.0, index=index), values=_set_at_values)


def set_at(x: Any, index: Any, values: Any) -> Any:
    """A copy of x with ``copy[index] = values``: the functional form of writing at an index.

    Args:
        index: every kind that NumPy has; where it repeats a place, the last value stays.
        values: broadcast to the shape of ``x[index]``.

    Raises:
        IndexError: if the index does not fit x.
        ValueError: if the values do not fit the place.

    Example:
        >>> import autograd as ag
        >>> ag.set_at(ag.tensor([1.0, 2.0, 3.0]), 1, 9.0)
        Tensor([1., 9., 3.])
    """
    x = array_like("set_at", x, values)
    clean = clean_index("set_at", index, x.shape)
    _read("set_at", _shape_only(x.shape), clean)  # refuses an index that does not fit
    if not hasattr(values, "shape") and not isinstance(values, (bool, int, float)):
        values = array_like("set_at: values", values, x)
    return _set_at(x, _leading_ones_off(values, x.shape, clean), index=clean)


@arguments.in_single
def add_at(x: Any, index: Any, values: Any) -> Any:
    """A copy of x to which values are added at an index, as often as a place is named.

    Args:
        index: every kind that NumPy has.
        values: broadcast to the shape of ``x[index]``.

    Raises:
        IndexError: if the index does not fit x.
        ValueError: if the values do not fit the place.

    Example:
        >>> import autograd as ag
        >>> ag.add_at(ag.tensor([1.0, 2.0, 3.0]), [0, 0], 10.0)
        Tensor([21.,  2.,  3.])
    """
    return _add("add_at", x, index, values)


def _add(who: str, x: Any, index: Any, values: Any) -> Any:
    x = array_like(who, x, values)
    clean = clean_index(who, index, x.shape)
    there = _read(who, _shape_only(x.shape), clean).shape
    given = values if hasattr(values, "shape") else array_like(f"{who}: values", values, x)
    try:
        np.broadcast_to(_shape_only(given.shape), there)
    except ValueError:
        raise ValueError(
            f"{who}: values of shape {given.shape} do not fit the place of shape {there} "
            f"that the index selects (x has shape {x.shape})"
        ) from None
    if given.dtype.kind in "iub" and x.dtype.kind in "fiub":  # or they would add up in few bits
        wide = x.dtype if x.dtype.kind == "f" else np.promote_types(x.dtype, given.dtype)
        given = given if given.dtype == wide else given.astype(wide)
    return x + scatter_index(broadcast_to(given, there), index=clean, shape=x.shape)


def _shape_only(shape: tuple[int, ...]) -> Any:
    """An array of a shape that takes no memory."""
    return np.broadcast_to(np.int8(0), shape)


def _leading_ones_off(values: Any, shape: tuple[int, ...], index: Any) -> Any:
    """Values without the surplus leading axes of size 1 that NumPy lets an assignment have."""
    extra = ndim_of("set_at: values", values) - getitem(_shape_only(shape), index).ndim
    if extra > 0 and set(shape_of("set_at: values", values)[:extra]) == {1}:
        return getitem(values, (0,) * extra)
    return values


def _into_numbers_too(function: Any) -> Any:
    """A function that writes along an axis, which takes a number for a vector of one."""

    @functools.wraps(function)
    def call(x: Any, indices: Any, values: Any, *args: Any, **named: Any) -> Any:
        if shape_of(function.__name__, x) or np.ndim(raw(indices)) > 1:
            return function(x, indices, values, *args, **named)
        return reshape(function(ravel(x), np.ravel(raw(indices)), values, *args, **named), ())

    return call


@_into_numbers_too
@arguments.in_single
def scatter_add(x: Any, indices: Any, values: Any, axis: Any = -1) -> Any:
    """A copy of x to which values are added at positions along an axis; adjoint of ``gather``.

    Args:
        indices: integers, with as many axes as x; on the other axes not longer than x.
        values: broadcast to the shape of ``indices``.

    Raises:
        ValueError: if the shapes do not fit.
        IndexError: for indices out of range.

    Example:
        >>> import autograd as ag
        >>> ag.scatter_add(ag.zeros(3), [2, 2, 0], ag.tensor([1.0, 2.0, 4.0]))
        Tensor([4., 0., 3.])
    """
    x = array_like("scatter_add", x, values)
    places = _integers("scatter_add", indices)
    axis = arguments.axis("scatter_add", axis, len(x.shape))
    _fits_along("scatter_add", x.shape, places.shape, axis, exactly=False)
    return _add("scatter_add", x, _along(places.shape, places, axis), values)


@_into_numbers_too
def scatter(x: Any, indices: Any, values: Any, axis: Any = -1) -> Any:
    """A copy of x with values set at positions along an axis, as PyTorch's ``scatter``.

    NumPy's ``put_along_axis``, but functional, and on the other axes ``indices`` may be shorter
    than x.

    Args:
        indices: integers, with as many axes as x; on the other axes not longer than x. Where a
            position repeats, the last value stays.
        values: broadcast to the shape of ``indices``.

    Raises:
        ValueError: if the shapes do not fit.
        IndexError: for indices out of range.

    Example:
        >>> import autograd as ag
        >>> ag.scatter(ag.zeros(3), [2, 0], ag.tensor([1.0, 4.0]))
        Tensor([4., 0., 1.])
    """
    x, index, values = _at_positions("scatter", x, indices, values, axis)
    return set_at(x, index, values)


@_into_numbers_too
@arguments.in_single
def scatter_reduce(
    x: Any, indices: Any, values: Any, axis: Any = -1, reduce: str = "sum",
    include_self: bool = True,
) -> Any:  # fmt: skip
    """A copy of x in which the values at each position along an axis are reduced to one.

    Args:
        indices: integers, with as many axes as x; on the other axes not longer than x.
        values: broadcast to the shape of ``indices``.
        axis: which axis.
        reduce: ``"sum"``, ``"prod"``, ``"mean"``, ``"amax"`` or ``"amin"``; of equal largest or
            smallest ones each gets the same share of the gradient.
        include_self: whether x's own element counts with the values. Default True. Positions that
            no index names keep it in any case.

    Raises:
        ValueError: if the shapes do not fit, or for another reduction.
        IndexError: for indices out of range.

    Example:
        >>> import autograd as ag
        >>> x, values = ag.zeros(3), ag.tensor([1.0, 2.0, 4.0])
        >>> ag.scatter_reduce(x, [2, 2, 0], values, reduce="amax")
        Tensor([4., 0., 2.])
    """
    who = "scatter_reduce"
    arguments.choice(who, "reduce", reduce, ("sum", "prod", "mean", "amax", "amin"))
    own = arguments.boolean(who, "include_self", include_self)
    x, index, values = _at_positions(who, x, indices, values, axis)
    counts = np.zeros(x.shape)
    np.add.at(counts, index, 1.0)
    if reduce in ("sum", "mean"):
        start = x if own else where(counts > 0, x.dtype.type(0), x)
        total = add_at(start, index, values)
        if reduce == "sum":
            return total
        divisors = np.maximum(counts + own * (counts > 0), 1.0)
        return total / divisors.astype(x.dtype if x.dtype.kind == "f" else np.float64)
    if reduce == "prod":
        return _product(x if own else where(counts > 0, x.dtype.type(1), x), index, values)
    return _extreme(np.maximum if reduce == "amax" else np.minimum, x, index, values, counts, own)


def _product(x: Any, index: Any, values: Any) -> Any:
    """One round for each repetition of a position, so that a 0 is not divided by."""
    places = np.arange(x.size).reshape(x.shape)[index].ravel()
    order = np.argsort(places, kind="stable")
    ordered = places[order]
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])) if order.size else order
    turn = np.empty_like(order)
    turn[order] = np.arange(order.size) - np.repeat(first, np.diff(np.append(first, order.size)))
    turns = turn.reshape(values.shape)
    for k in range(int(turn.max(initial=-1)) + 1):
        chosen = np.nonzero(turns == k)
        at = tuple(np.broadcast_to(i, values.shape)[chosen] for i in index)
        x = set_at(x, at, multiply(getitem(x, at), getitem(values, chosen)))
    return x


def _extreme(ufunc: Any, x: Any, index: Any, values: Any, counts: Any, own: bool) -> Any:
    """The largest or smallest at each place."""
    left_out = not own and counts > 0
    if raw(x).dtype.kind != "f":  # which have no gradient, and no fractions
        best = _best_at(np.asarray(raw(x)), np.asarray(raw(values)), ufunc, index, left_out)
        return _wrap(best) if isinstance(x, Tensor) else best
    return _one_of(x, values, ufunc=ufunc, index=index, left_out=left_out)


def _best_at(x: Any, values: Any, ufunc: Any, index: Any, left_out: Any) -> Any:
    best = np.array(x)
    if np.any(left_out):  # there a value comes, and none is less extreme than this
        best[left_out] = _least(best.dtype, ufunc is np.maximum)
    with np.errstate(invalid="ignore"):
        ufunc.at(best, index, values)
    return best


def _least(dtype: np.dtype[Any], largest: bool) -> Any:
    """What the maximum with anything is that other thing; or the minimum."""
    if dtype.kind == "f":
        return -np.inf if largest else np.inf
    if dtype.kind == "b":
        return not largest
    return np.iinfo(dtype).min if largest else np.iinfo(dtype).max


@primitive(name="scatter_extreme")
def _one_of(x: Any, values: Any, *, ufunc: Any, index: Any, left_out: Any) -> Any:
    """The best of x, except where it is left out, and of the values at an index."""
    return _best_at(x, values, ufunc, index, left_out)


def _shares(x: Any, values: Any, out: Any, index: Any, left_out: Any) -> tuple[Any, Any]:
    """What each element of x and of the values gets of its place's gradient: equal ones the same.

    A NaN is what came out, whichever it is.
    """
    x, values, out = (np.asarray(raw(v)) for v in (x, values, out))
    chosen = (values == out[index]) | np.isnan(values)
    kept = ((x == out) | np.isnan(x)) & np.logical_not(left_out)
    ties = kept.astype(np.float64)
    np.add.at(ties, index, chosen)
    shares = 1.0 / np.maximum(ties, 1.0)
    return (kept * shares).astype(out.dtype), (chosen * shares[index]).astype(out.dtype)


_one_of.gradients(
    x=lambda g, x, values, out, index, left_out: g * _shares(x, values, out, index, left_out)[0],
    values=lambda g, x, values, out, index, left_out: (
        getitem(g, index) * _shares(x, values, out, index, left_out)[1]
    ),
)


def _at_positions(who: str, x: Any, indices: Any, values: Any, axis: Any) -> tuple[Any, Any, Any]:
    """x, the index that stands for positions along an axis, and values of the indices' shape."""
    x = array_like(who, x, values)
    if type(values) is int and x.dtype.kind in "iu":
        limits = np.iinfo(x.dtype)
        if limits.min <= values <= limits.max:  # a number does not widen the integers
            values = np.array(values, x.dtype)
    values = array_like(f"{who}: values", values, x)
    places = _integers(who, indices)
    axis = arguments.axis(who, axis, len(x.shape))
    _fits_along(who, x.shape, places.shape, axis, exactly=False)
    index = clean_index(who, _along(places.shape, places, axis), x.shape)
    _read(who, _shape_only(x.shape), index)  # refuses an index that does not fit
    try:
        np.broadcast_to(_shape_only(values.shape), places.shape)
    except ValueError:
        raise ValueError(
            f"{who}: values of shape {values.shape} do not fit indices of shape {places.shape}"
        ) from None
    return x, index, broadcast_to(values, places.shape)


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often every integer from 0 occurs, or the sum of the weights that stand with it.

    Args:
        x: a vector of integers from 0.
        weights: one for each; gradients flow to them. Whole ones are added in float64. None counts.
        minlength: the least length of the result.

    Raises:
        ValueError: for negative numbers, or weights of another shape.
    """
    places = _integers("bincount", x)
    if places.ndim != 1 or (places < 0).any():
        raise ValueError(
            f"bincount: x must be a vector of integers from 0, got shape {places.shape}"
            + (f" with {places.min()}" if places.ndim == 1 else "")
        )
    n = max(
        arguments.integer("bincount", "minlength", minlength, 0), int(places.max(initial=-1)) + 1
    )
    check_bytes("bincount", (n,), np.float64)
    if weights is None:
        counts = np.bincount(places, minlength=n)
        return _wrap(counts) if isinstance(x, Tensor) else counts
    weights = array_like("bincount: weights", weights)
    if weights.shape != places.shape:
        raise ValueError(
            f"bincount: weights of shape {weights.shape} do not fit x of shape {places.shape}"
        )
    if weights.dtype.kind != "f":  # sums of integers are exact, as NumPy's
        weights = weights.astype(np.float64)
    return scatter_index(weights, index=places, shape=(n,))


# Choosing -----------------------------------------------------------------------------------------


def select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0.0) -> Any:
    """At every place the choice whose condition is the first to hold, else the default.

    Args:
        conditions: bool arrays.
        choices: as many arrays, to choose from; all broadcast together.

    Raises:
        ValueError: if there are no conditions, or not as many choices.
    """
    for name, given in (("conditions", conditions), ("choices", choices)):
        if not isinstance(given, (list, tuple)):
            raise TypeError(f"select: {name} must be a list of arrays, got {type(given).__name__}")
    if len(conditions) != len(choices) or not len(conditions):
        raise ValueError(
            f"select: {len(conditions)} conditions and {len(choices)} choices; "
            "give as many of the one as of the other, at least one"
        )
    result = array_like("select: default", default, *choices)
    choices = [
        array_like(f"select: choices[{k}]", c, *choices, default) for k, c in enumerate(choices)
    ]
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = where(condition, choice, result)
    return result
