"""Running sums and products, differences, and the trapezoidal rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, number, raw, weakly_whole
from autograd.arguments.half import HALF, in_single
from autograd.core.primitive import primitive
from autograd.ops.elementwise import astype, not_equal, subtract
from autograd.ops.gathering import scatter_add
from autograd.ops.indexing import getitem
from autograd.ops.reductions import broadcast_to
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import concatenate, flip, moveaxis, ravel, reshape
from autograd.ops.transcendental import logaddexp

__all__ = [
    "cummax",
    "cummax_with_indices",
    "cummin",
    "cummin_with_indices",
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "ediff1d",
    "logcumsumexp",
    "trapezoid",
]


def _running(who: str, ufunc: Any, x: Any, axis: Any) -> Any:
    x = array_like(who, x)
    along = 0 if axis is None else arguments.axis(who, axis, max(x.ndim, 1))
    x = x.ravel() if axis is None or not x.ndim else x
    if x.dtype == HALF:
        return ufunc.accumulate(x, axis=along, dtype=np.float64).astype(HALF)
    return ufunc.accumulate(x, axis=along)


@primitive
def cumsum(x: Any, *, axis: Any = None) -> Any:
    """Running sum along an axis; without one, of the ravelled array.

    Example:
        >>> import autograd as ag
        >>> ag.cumsum(ag.tensor([1.0, 2.0, 3.0]))
        Tensor([1., 3., 6.])
    """
    return _running("cumsum", np.add, x, axis)


def _cumsum_slope(g: Any, axis: Any, x_shape: Any, x_dtype: Any) -> Any:
    """The sums of g from each element to the end: each is in all sums from its own on."""
    g = astype(g, np.float64) if x_dtype == HALF else g
    along = 0 if axis is None else axis
    return reshape(flip(cumsum(flip(g, along), along), along), x_shape)


cumsum.gradients(x=_cumsum_slope)


@primitive
def cumprod(x: Any, *, axis: Any = None) -> Any:
    """Running product along an axis; without one, of the ravelled array.

    Gradients are right at zeros, too: nothing is divided by.
    """
    return _running("cumprod", np.multiply, x, axis)


@cumprod.composite
def _cumprod_by_doubling(x: Any, *, axis: Any = None) -> Any:
    """Each place times the one 1, 2, 4, ... before it: multiplications only."""
    if axis is None or not x.shape:
        x, axis = reshape(x, (-1,) if 0 not in x.shape else (0,)), 0
    rows = moveaxis(x, axis, 0)
    step = 1
    while step < rows.shape[0]:
        products = getitem(rows, slice(step, None)) * getitem(rows, slice(-step))
        rows = concatenate([getitem(rows, slice(step)), products])
        step *= 2
    return moveaxis(rows, 0, axis)


def _cumprod_slope(g: Any, x: Any, axis: Any) -> Any:
    """Backwards through the doubling steps: exact at zeros, n log n."""
    shape = x.shape
    axis = axis if shape else None
    rows = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
    g = np.array(g if axis is None else np.moveaxis(g, axis, 0))
    levels, step = [], 1
    while step < len(rows):
        levels.append((step, rows))
        rows = np.concatenate([rows[:step], rows[step:] * rows[:-step]])
        step *= 2
    for step, before in reversed(levels):
        new = np.empty_like(g)
        new[:step] = g[:step]
        new[step:] = g[step:] * before[:-step]
        new[:-step] += g[step:] * before[step:]
        g = new
    return g.reshape(shape) if axis is None else np.moveaxis(g, 0, axis)


cumprod.gradients(x=_cumprod_slope)


# Running extremes and sums of exponentials --------------------------------------------------------


def _running_extreme(who: str, ufunc: Any, x: Any, axis: Any) -> tuple[Any, Any]:
    x = array_like(who, x)
    if x.dtype.kind not in "fiub":
        raise TypeError(f"{who}: expected real numbers, got an array of dtype {x.dtype}")
    along = arguments.axis(who, axis, x.ndim or 1)
    if not x.ndim:
        return x.copy(), np.zeros((), np.intp)
    values = ufunc.accumulate(x, axis=along)
    new = (x == values) | (x != x)  # NaN counts as the largest and as the smallest
    places = np.arange(x.shape[along]).reshape((-1,) + (1,) * (x.ndim - along - 1))
    return values, np.maximum.accumulate(np.where(new, places, 0), axis=along)


@primitive(outputs=2, constant_outputs=(1,))
def cummax_with_indices(x: Any, *, axis: Any = -1) -> Any:
    """Running maximum along an axis, and where it was found; of equal ones the last.

    Example:
        >>> import autograd as ag
        >>> values, indices = ag.cummax_with_indices(ag.tensor([1.0, 3.0, 2.0]))
        >>> values.tolist(), indices.tolist()
        ([1.0, 3.0, 3.0], [0, 1, 1])
    """
    return _running_extreme("cummax", np.maximum, x, axis)


@primitive(outputs=2, constant_outputs=(1,))
def cummin_with_indices(x: Any, *, axis: Any = -1) -> Any:
    """Running minimum along an axis, and where it was found; see ``cummax_with_indices``."""
    return _running_extreme("cummin", np.minimum, x, axis)


def _to_where_it_was(g: Any, outs: Any, axis: Any, x_shape: Any, x_dtype: Any) -> Any:
    """zeros of x's shape, with g added at the indices."""
    if not x_shape:
        return g[0]
    zeros = np.zeros(x_shape, np.float64 if x_dtype == HALF else x_dtype)
    return scatter_add(zeros, raw(outs[1]), g[0], axis)


for _pair in (cummax_with_indices, cummin_with_indices):
    _pair.gradients(x=_to_where_it_was)


def cummax(x: Any, axis: Any = -1) -> Any:
    """Running maximum along an axis: NumPy's ``maximum.accumulate``.

    Example:
        >>> import autograd as ag
        >>> ag.cummax(ag.tensor([1.0, 3.0, 2.0]))
        Tensor([1., 3., 3.])
    """
    return cummax_with_indices(x, axis)[0]


def cummin(x: Any, axis: Any = -1) -> Any:
    """Running minimum along an axis: NumPy's ``minimum.accumulate``."""
    return cummin_with_indices(x, axis)[0]


@in_single
def logcumsumexp(x: Any, axis: Any = -1) -> Any:
    """log of the running sum of exp(x) along an axis, without overflow.

    Example:
        >>> import autograd as ag
        >>> ag.logcumsumexp(ag.tensor([1000.0, 1000.0])).numpy().astype(float).round(2).tolist()
        [1000.0, 1000.69]
    """
    x = array_like("logcumsumexp", x)
    axis = arguments.axis("logcumsumexp", axis, len(x.shape) or 1)
    if not x.shape:
        return logaddexp(x, -np.inf)
    rows = moveaxis(x, axis, 0)
    step = 1
    while step < rows.shape[0]:  # each place and the one 1, 2, 4, ... before it
        sums = logaddexp(getitem(rows, slice(step, None)), getitem(rows, slice(-step)))
        rows = concatenate([getitem(rows, slice(step)), sums])
        step *= 2
    return moveaxis(rows, 0, axis)


# Under other names, and differences ---------------------------------------------------------------


def cumulative_sum(x: Any, *, axis: Any = None, include_initial: bool = False) -> Any:
    """Running sum along an axis, as ``cumsum``.

    Args:
        axis: which axis; may be left out for vectors only.
        include_initial: begin with the sum of nothing, 0.
    """
    return _from_start("cumulative_sum", cumsum, 0, x, axis, include_initial)


def cumulative_prod(x: Any, *, axis: Any = None, include_initial: bool = False) -> Any:
    """Running product along an axis, as ``cumprod``.

    Args:
        axis: which axis; may be left out for vectors only.
        include_initial: begin with the product of nothing, 1.
    """
    return _from_start("cumulative_prod", cumprod, 1, x, axis, include_initial)


def _from_start(who: str, running: Any, start: int, x: Any, axis: Any, include: bool) -> Any:
    x = array_like(who, x)
    if axis is None and len(x.shape) != 1:
        raise ValueError(f"{who}: axis must be given for x of shape {x.shape}")
    axis = arguments.axis(who, 0 if axis is None else axis, len(x.shape))
    result = running(x, axis)
    if not arguments.boolean(who, "include_initial", include):
        return result
    edge = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
    return concatenate([np.full(edge, start, result.dtype), result], axis)


def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in the ravelled array.

    Args:
        to_end, to_begin: values to put after and before them, in x's dtype; beside floats, a tensor
            of integers becomes one of these.
    """
    x = ravel(weakly_whole(array_like("ediff1d", x, to_end, to_begin), to_end, to_begin))
    ends = [
        None if a is None else astype(ravel(array_like("ediff1d", a, x)), x.dtype)
        for a in (to_begin, to_end)
    ]
    parts = [a for a in (ends[0], diff(x), ends[1]) if a is not None]
    return concatenate(parts, 0)


@in_single
def diff(x: Any, n: int = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours along an axis, n times over; of bools, where they differ.

    Args:
        n: how often; 0 gives x itself, whatever else is given.
        prepend, append: values to put before and after x first, along the axis; a number
            stands for one value everywhere.

    Raises:
        ValueError: for a negative n or a 0-d array.
    """
    x = array_like("diff", x, prepend, append)
    n = arguments.integer("diff", "n", n, 0)
    if n == 0:
        return x
    if not x.shape:
        raise ValueError("diff: x must have at least one axis, got a 0-d array")
    axis = arguments.axis("diff", axis, len(x.shape))
    given = [a for a in (prepend, append) if a is not None]
    if given:
        edge = (*x.shape[:axis], 1, *x.shape[axis + 1 :])
        ends = [
            a if a.shape else broadcast_to(a, edge)
            for a in [array_like("diff", a, x, prepend, append) for a in given]
        ]
        ends.insert(prepend is not None, x)
        x = concatenate(ends, axis)
    before = (slice(None),) * axis
    minus = not_equal if x.dtype == np.bool_ else subtract
    for _ in range(min(n, x.shape[axis])):
        x = minus(getitem(x, (*before, slice(1, None))), getitem(x, (*before, slice(None, -1))))
    return x


@in_single
def trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: Any = -1) -> Any:
    """Integral of y along an axis by the trapezoidal rule.

    Args:
        x: the points at which y was sampled, 1-d or of y's shape; None for points ``dx`` apart.

    Raises:
        ValueError: if x does not fit y.
    """
    y, dx = array_like("trapezoid", y, x), number("trapezoid", "dx", dx)
    y = as_floats(y, x)  # sums and differences of small integers wrap around
    axis = arguments.axis("trapezoid", axis, len(y.shape))
    before = (slice(None),) * axis
    if x is None:
        widths: Any = dx
    else:
        x = as_floats(array_like("trapezoid", x, y), y)
        along = axis if len(x.shape) > 1 else 0
        if len(x.shape) not in (1, len(y.shape)) or x.shape[along] != y.shape[axis]:
            raise ValueError(
                f"trapezoid: x of shape {x.shape} does not fit y of shape {y.shape} "
                f"along axis {axis}"
            )
        widths = diff(x, 1, along)
        if len(x.shape) == 1:
            widths = reshape(widths, (-1,) + (1,) * (len(y.shape) - axis - 1))
    heights = getitem(y, (*before, slice(1, None))) + getitem(y, (*before, slice(None, -1)))
    return sum_(widths * heights * 0.5, axis)
