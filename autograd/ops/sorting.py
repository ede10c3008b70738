"""Order: sorting, the largest few, median and quantiles."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, constant, count_along, kept_shape, raw
from autograd.arguments.dtypes import as_array
from autograd.arguments.half import in_single
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor
from autograd.ops.elementwise import where
from autograd.ops.gathering import take_along_axis
from autograd.ops.indexing import getitem
from autograd.ops.reductions import mean
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import ravel, reshape, stack, transpose

__all__ = [
    "argsort",
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "partition",
    "percentile",
    "quantile",
    "searchsorted",
    "sort",
    "sort_with_indices",
    "topk",
]


def _order(who: str, x: Any, axis: Any, descending: Any) -> tuple[Any, int]:
    """Stable order along an axis, and the axis as a number. NaN counts as the largest."""
    axis = arguments.axis(who, axis, x.ndim or 1)
    if not x.ndim:
        return np.zeros((), np.intp), axis
    if not arguments.boolean(who, "descending", descending):
        return np.argsort(x, axis=axis, kind="stable"), axis
    # Sorting the reversed array and reversing the result leaves equal elements in their order.
    backwards = np.flip(np.argsort(np.flip(x, axis), axis=axis, kind="stable"), axis)
    return x.shape[axis] - 1 - backwards, axis


@primitive(outputs=2, constant_outputs=(1,))
def sort_with_indices(x: Any, *, axis: Any = -1, descending: bool = False) -> Any:
    """x in ascending order along an axis, and where every element came from.

    The order is stable; NaN counts as the largest.

    Args:
        axis: which axis.
        descending: True for the largest first.

    Returns:
        (values, indices).
    """
    x = array_like("sort", x)
    order, axis = _order("sort", x, axis, descending)
    return np.take_along_axis(x, order, axis) if x.ndim else x.copy(), order


def _unsort(g: Any, outs: Any, axis: Any) -> Any:
    """g, put back into the order of x."""
    order = raw(outs[1])
    if not order.ndim:
        return g[0]
    places = np.empty_like(order)
    ranks = np.arange(order.shape[axis]).reshape(
        [-1 if k == axis % order.ndim else 1 for k in range(order.ndim)]
    )
    np.put_along_axis(places, order, ranks, axis)
    return take_along_axis(g[0], places, axis)


sort_with_indices.gradients(x=_unsort)


def sort(x: Any, axis: Any = -1, descending: bool = False) -> Any:
    """x in ascending order along an axis; NaN counts as the largest.

    Args:
        axis: which axis; None for the ravelled array.
        descending: True for the largest first.

    Example:
        >>> import autograd as ag
        >>> ag.sort(ag.tensor([3.0, 1.0, 2.0]), axis=0)
        Tensor([1., 2., 3.])
    """
    if axis is None:
        x, axis = ravel(x), 0
    return sort_with_indices(x, axis, descending)[0]


def partition(x: Any, kth: Any, axis: Any = -1) -> Any:
    """x along an axis with the k-th smallest element in its place: smaller ones before, others after.

    NumPy leaves the order within the two parts open; here all are in order, as ``sort`` has them.

    Args:
        kth: which element, or several of them; from 0, negative from the end.
        axis: which axis; None for the ravelled array.

    Raises:
        ValueError: for a k-th that the axis does not have.

    Example:
        >>> import autograd as ag
        >>> ag.partition(ag.tensor([3.0, 1.0, 2.0]), 1)[1].item()
        2.0
    """
    x = array_like("partition", x)
    if axis is None:
        x, axis = ravel(x), 0
    n = x.shape[arguments.axis("partition", axis, len(x.shape))]
    places = np.atleast_1d(as_array("partition: kth", raw(kth))).tolist()
    for k in places:
        if not -n <= arguments.integer("partition", "kth", k, None) < n:
            raise ValueError(f"partition: kth={k} is out of range for an axis of length {n}")
    return sort_with_indices(x, axis=axis)[0]


@primitive(differentiable=False)
def argsort(x: Any, *, axis: Any = -1, descending: bool = False) -> Any:
    """Indices that sort x along an axis (None: the ravelled array); equal ones keep their order."""
    x = array_like("argsort", x)
    if axis is None:
        x, axis = x.ravel(), 0
    return _order("argsort", x, axis, descending)[0]


class ValuesAndIndices(NamedTuple):
    """Elements, and where along the axis they are.

    Attributes:
        values: the elements.
        indices: of each, along the axis.
    """

    values: Any
    indices: Any


def topk(x: Any, k: int, axis: Any = -1, largest: bool = True) -> ValuesAndIndices:
    """The k largest elements along an axis, largest first.

    Args:
        k: how many.
        largest: False for the k smallest, smallest first.

    Returns:
        (values, indices), which are also ``.values`` and ``.indices``.

    Raises:
        ValueError: if k is more than the axis has.

    Example:
        >>> import autograd as ag
        >>> values, indices = ag.topk(ag.tensor([1.0, 5.0, 3.0]), 2)
        >>> values.tolist(), indices.tolist()
        ([5.0, 3.0], [1, 2])
    """
    x = array_like("topk", x)
    axis = arguments.axis("topk", axis, len(x.shape) or 1)
    k = arguments.integer("topk", "k", k, 0)
    if not x.shape and k <= 1:  # PyTorch's is the number for k = 0, too
        return ValuesAndIndices(*sort_with_indices(x, axis))
    if not x.shape or k > x.shape[axis]:
        raise ValueError(f"topk: k={k} is more than axis {axis} of {x.shape} has")
    order = argsort(x, axis, arguments.boolean("topk", "largest", largest))
    indices = getitem(order, (slice(None),) * axis + (slice(k),))
    return ValuesAndIndices(take_along_axis(x, indices, axis), indices)


@primitive(differentiable=False)
def searchsorted(a: Any, v: Any, *, side: str = "left") -> Any:
    """Where in the sorted vector a every element of v would have to go.

    Args:
        a: a vector; or several, (..., n), each for its own row of v, (..., m).
        side: ``"left"`` of equal elements, or ``"right"``.
    """
    arguments.choice("searchsorted", "side", side, ("left", "right"))
    a, v = array_like("searchsorted: a", a), array_like("searchsorted: v", v)
    if a.ndim == 1:
        return a.searchsorted(v, side)
    if a.ndim < 1 or a.shape[:-1] != v.shape[:-1]:
        raise ValueError(
            "searchsorted: a must be a sorted vector, or as many of them as v has rows; "
            f"got shapes {a.shape} and {v.shape}"
        )
    found = np.empty(v.shape, np.intp)
    for row in np.ndindex(a.shape[:-1]):
        found[row] = a[row].searchsorted(v[row], side)
    return found


# Quantiles ----------------------------------------------------------------------------------------

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@in_single
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element over the axes, or the mean of the two in the middle; NaN propagates.

    The gradient goes to the element, or half to each of the two.

    Raises:
        ValueError: if there are no elements.
    """
    ordered, shape = _ordered("median", x, axis, keepdims)
    n = ordered.shape[-1]
    middle = mean(getitem(ordered, (..., slice((n - 1) // 2, n // 2 + 1))), -1)
    return reshape(_nan_wins(ordered, middle), shape)


@in_single
def quantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """The values below which fractions q of the elements lie; NaN propagates.

    Args:
        q: a number from 0 to 1, or a vector of them (a new first axis then); differentiable, for
            ``"linear"``: where q meets an element, with the slope to the next one, after the last
            with that from the one before.
        axis: a number, a tuple, or None for all axes.
        method: between two elements: ``"linear"`` interpolation, the ``"lower"``, the
            ``"higher"``, their ``"midpoint"`` or the ``"nearest"``.

    Raises:
        ValueError: for q outside [0, 1], an unknown method, or if there are no elements.

    Example:
        >>> import autograd as ag
        >>> ag.quantile(ag.tensor([1.0, 2.0, 3.0, 4.0]), 0.5).item()
        2.5
    """
    fractions, moving = _fractions("quantile", q, method)
    ordered, shape = _ordered("quantile", x, axis, keepdims)
    if fractions.ndim:
        places = enumerate(fractions.tolist())
        return stack([_at_fraction(ordered, f, method, shape, moving(k)) for k, f in places])
    return _at_fraction(ordered, float(fractions), method, shape, moving(()))


@in_single
def percentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """As ``quantile``, with q in percent."""
    return quantile(
        x,
        as_array("percentile: q", raw(constant("percentile", "q", q)), np.float64) / 100.0,
        axis,
        method,
        keepdims,
    )


@in_single
def nanquantile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """As ``quantile``, of the elements that are no NaN; NaN of none."""
    fractions, moving = _fractions("nanquantile", q, method)
    x = array_like("nanquantile", x)
    x = as_floats(x)
    if not count_along(x.shape, arguments.axes("nanquantile", axis, len(x.shape))):
        nothing = sum_(x, axis, keepdims) * math.nan
        return stack([nothing] * len(fractions)) if fractions.ndim else nothing
    ordered, shape = _ordered("nanquantile", x, axis, keepdims)
    # NaN is sorted to the end. Where there is nothing else, the first element is NaN.
    last = np.maximum((~np.isnan(raw(ordered))).sum(-1) - 1, 0)

    def one(fraction: float, moving: Any) -> Any:
        low, high, weight = _between(fraction * last, method)
        start = take_along_axis(ordered, low[..., None], -1)
        if moving is not None:
            before = np.minimum(low, np.maximum(last - 1, 0))[..., None]
            after = np.minimum(before + 1, last[..., None])
            rise = _rise(ordered, before, after, weight[..., None])
            return reshape(start + rise * (moving * last[..., None] - low[..., None]), shape)
        rise = take_along_axis(ordered, high[..., None], -1) - start
        return reshape(start + rise * weight[..., None].astype(ordered.dtype), shape)

    if fractions.ndim:
        return stack([one(f, moving(k)) for k, f in enumerate(fractions.tolist())])
    return one(float(fractions), moving(()))


@in_single
def nanpercentile(
    x: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False
) -> Any:
    """As ``nanquantile``, with q in percent."""
    q = as_array("nanpercentile: q", raw(constant("nanpercentile", "q", q)), np.float64) / 100.0
    return nanquantile(x, q, axis, method, keepdims)


@in_single
def nanmedian(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle of the elements that are no NaN, or the mean of the two; NaN of none."""
    return nanquantile(x, 0.5, axis, "midpoint", keepdims)


def _fractions(who: str, q: Any, method: str) -> tuple[Any, Callable[[Any], Any]]:
    """The fractions as numbers; and each as a tensor, if there is a gradient to flow to it."""
    arguments.choice(who, "method", method, _METHODS)
    moves = method == "linear" and isinstance(q, Tensor) and q.requires_grad
    fractions = as_array(f"{who}: q", raw(q if moves else constant(who, "q", q)), np.float64)
    if fractions.ndim > 1 or not ((fractions >= 0) & (fractions <= 1)).all():
        raise ValueError(
            f"{who}: q must be a number from 0 to 1 or a vector of them, got {arguments.shown(q)}"
        )
    return fractions, lambda place: getitem(q, place) if moves else None


def _between(position: Any, method: str) -> tuple[Any, Any, Any]:
    """The places before and after a position, and the weight of the second."""
    if method == "nearest":
        position = np.rint(position)
    low = np.floor(position)
    fixed = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5}.get(method)
    weight = position - low if fixed is None else np.where(position == low, 0.0, fixed)
    return low.astype(np.intp), np.ceil(position).astype(np.intp), np.asarray(weight)


def _at_fraction(
    ordered: Any, q: float, method: str, shape: tuple[int, ...], moving: Any = None
) -> Any:
    position = q * (ordered.shape[-1] - 1)
    if method == "nearest":
        position = float(np.rint(position))
    low, high = math.floor(position), math.ceil(position)
    weight: Any = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5}.get(method, position - low)
    result = getitem(ordered, (..., low))
    last = ordered.shape[-1] - 1
    if moving is not None and last:
        before = np.full((*ordered.shape[:-1], 1), min(low, last - 1))
        rise = _rise(ordered, before, before + 1, weight)
        result = result + getitem(rise, (..., 0)) * (moving * last - low)
    elif moving is not None:
        result = result + 0.0 * moving
    elif high > low and weight:
        result = result + (getitem(ordered, (..., high)) - result) * weight
    return reshape(_nan_wins(ordered, result), shape)


def _rise(ordered: Any, before: Any, after: Any, weight: Any) -> Any:
    """From one element to another, of which a part is added: of infinity no part is 0."""
    rise = take_along_axis(ordered, after, -1) - take_along_axis(ordered, before, -1)
    return where(np.isfinite(raw(rise)) | (np.asarray(weight) != 0), rise, 0.0)


def _ordered(who: str, x: Any, axis: Any, keepdims: Any) -> tuple[Any, tuple[int, ...]]:
    """x sorted along a last axis that holds what is reduced together; the result's shape."""
    x = array_like(who, x)
    arguments.boolean(who, "keepdims", keepdims)
    axes = arguments.axes(who, axis, len(x.shape))
    rest = [k for k in range(len(x.shape)) if k not in axes]
    count = math.prod([x.shape[k] for k in axes])
    if not count:
        raise ValueError(f"{who}: there are no elements over axis={axis} of shape {x.shape}")
    outer = tuple([x.shape[k] for k in rest])
    rows = reshape(transpose(x, (*rest, *axes)), (*outer, count))
    return sort(rows), kept_shape(x.shape, axes) if keepdims else outer


def _nan_wins(ordered: Any, result: Any) -> Any:
    """NaN where there is one: it was sorted to the end."""
    last = getitem(ordered, (..., -1))
    return where(np.isnan(raw(last)), last, result)
