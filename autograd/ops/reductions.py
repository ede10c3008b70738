"""Sums, means, extrema and products over axes; and ``broadcast_to``, the adjoint of a sum.

Every reduction takes ``axis`` (a number, a tuple, or None for all axes) and ``keepdims`` (keep the
reduced axes at size 1).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import (
    array_like,
    count_along,
    kept_shape,
    ndim_of,
    number,
    raw,
    shape_of,
    shape_tuple,
)
from autograd.arguments.half import HALF, SINGLE, rounded, single
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.kernels.normalization.in_c import channel_sums
from autograd.ops.elementwise import equal, sqrt, where
from autograd.ops.indexing import getitem
from autograd.ops.shapes import concatenate, reshape, transpose
from autograd.ops.transcendental import exp, log

__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "broadcast_to",
    "count_nonzero",
    "logsumexp",
    "max",
    "max_with_indices",
    "mean",
    "min",
    "min_with_indices",
    "prod",
    "std",
    "sum",
    "var",
]

# NumPy's own reductions, without the layer of Python that np.sum has.
_add: Any = np.add.reduce
_multiply: Any = np.multiply.reduce
_largest: Any = np.maximum.reduce
_smallest: Any = np.minimum.reduce
_argmax: Any = np.ndarray.argmax
_argmin: Any = np.ndarray.argmin


def _checked(who: str, x: Any, axis: Any, keepdims: Any) -> tuple[Any, Any]:
    """x as an array, and the axes as NumPy wants them (None for all)."""
    x = array_like(who, x)
    if keepdims is not False:
        if type(axis) is type(keepdims) is int:
            one, other = arguments.shown(axis), arguments.shown(keepdims)
            raise TypeError(
                f"{who}: several axes come in a tuple: write axis=({one}, {other}); "
                f"or keepdims=True, got keepdims={other}"
            )
        arguments.boolean(who, "keepdims", keepdims)
    if axis is None:
        return x, None
    return x, arguments.axes(who, axis, x.ndim)


def _need_elements(who: str, shape: tuple[int, ...], axes: Any) -> None:
    if 0 in shape and count_along(shape, axes) == 0:
        along = "" if axes is None else f" along axis {axes[0] if len(axes) == 1 else axes}"
        raise ValueError(f"{who}: there is nothing to choose from{along}: x has shape {shape}")


def spread(g: Any, axis: Any, keepdims: bool, shape: tuple[int, ...]) -> Any:
    """What was reduced over ``axis``, repeated over the shape that it was reduced from."""
    kept = None if keepdims or axis is None else kept_shape(shape, axis)
    if type(g) is np.ndarray and g.dtype.kind == "f":
        return _repeated(g if kept is None else g.reshape(kept), shape)
    return broadcast_to(g if kept is None else reshape(g, kept), shape=shape)


# Sums and their adjoint ---------------------------------------------------------------------------


@primitive
def sum(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum of the elements over the axes; 0 of none. float16 is added up in float32.

    Args:
        axis: a number, a tuple, or None for all axes.
        keepdims: keep the reduced axes at size 1.

    Raises:
        ValueError: for axes that do not exist or are named twice.

    Example:
        >>> import autograd as ag
        >>> ag.sum(ag.tensor([[1.0, 2.0], [3.0, 4.0]]), axis=0)
        Tensor([4., 6.])
    """
    x, axes = _checked("sum", x, axis, keepdims)
    if x.dtype == HALF:
        return rounded(_add(x, axis=axes, keepdims=keepdims, dtype=SINGLE))
    return _add(x, axis=axes, keepdims=keepdims)


def sum_to_axis(g: Any, axis: int) -> Any:
    """The sum over all axes but one: the gradient of a bias."""
    found = channel_sums(g, axis)
    if found is not None:
        return found
    axes = tuple([a for a in range(len(g.shape)) if a != axis])
    return _add(g, axes) if type(g) is np.ndarray and g.dtype.char in "fd" else sum(g, axes)


sum.gradients(x=lambda g, axis, keepdims, x_shape: spread(g, axis, keepdims, x_shape))


@primitive
def broadcast_to(x: Any, *, shape: Any) -> Any:
    """x repeated along new leading axes and along axes of size 1, without a copy (read-only).

    Args:
        shape: of the result.

    Raises:
        ValueError: if x's shape does not broadcast to it.
    """
    x = array_like("broadcast_to", x)
    if type(shape) is tuple and x.shape == shape:
        return x
    sizes = shape_tuple("broadcast_to", shape)
    check_bytes("broadcast_to", sizes, x.dtype)
    if not x.ndim and type(x) is not np.ndarray and x.dtype.kind != "O":
        # A number: NumPy's own way builds an iterator first, which costs seven times as much.
        view: Any = np.ndarray(sizes, x.dtype, np.array(x), 0, (0,) * len(sizes))
        view.flags.writeable = False
        return view
    if type(x) is np.ndarray and x.dtype.kind in "fiub":
        return _repeated(x, sizes)
    return _repeated_anyhow(x, sizes)


def _repeated(x: np.ndarray[Any, Any], sizes: tuple[int, ...]) -> Any:
    """``broadcast_to`` for the numbers of an array."""
    if x.flags.c_contiguous and (strides := _repeating(x.shape, x.strides, sizes)) is not None:
        view = np.ndarray(sizes, x.dtype, x, 0, strides)  # again without an iterator
        view.flags.writeable = False
        return view
    return _repeated_anyhow(x, sizes)


def _repeated_anyhow(x: Any, sizes: tuple[int, ...]) -> Any:
    try:
        return np.broadcast_to(x, sizes)
    except ValueError:
        raise ValueError(
            f"broadcast_to: an array of shape {x.shape} does not broadcast to shape "
            f"{arguments.shown(sizes)}"
        ) from None


@lru_cache(maxsize=1024)
def _repeating(
    shape: tuple[int, ...], strides: tuple[int, ...], to: tuple[int, ...]
) -> tuple[int, ...] | None:
    """Strides with which an array has a larger shape; None where it does not broadcast to it."""
    lead = len(to) - len(shape)
    if lead < 0 or [n if n != 1 else m for n, m in zip(shape, to[lead:], strict=True)] != [
        *to[lead:]
    ]:
        return None
    kept = [0 if n == 1 else s for n, s in zip(shape, strides, strict=True)]
    return (0,) * lead + tuple(kept)


def sum_to(g: Any, shape: tuple[int, ...]) -> Any:
    """g summed down to a shape that broadcasts to its own."""
    here = shape_of("sum_to", g)
    if here == shape:
        return g
    axes = _summed(here, shape)
    if axes and type(g) is np.ndarray and g.dtype.char in "fd":
        return _add(g, axes, keepdims=True).reshape(shape)
    return reshape(sum(g, axes, True) if axes else g, shape)


@lru_cache(maxsize=1024)
def _summed(here: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    extra = len(here) - len(shape)
    return (*range(extra), *(k + extra for k, n in enumerate(shape) if n != here[k + extra]))


broadcast_to.gradients(x=lambda g, x_shape: sum_to(g, x_shape))


@primitive
def mean(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean of the elements over the axes; NaN of none.

    Integers give float64, as in NumPy; float16 is added up in float32.

    Raises:
        ValueError: for axes that do not exist or are named twice.
    """
    x, axes = _checked("mean", x, axis, keepdims)
    half = x.dtype == HALF
    total = _add(x, axis=axes, keepdims=keepdims, dtype=SINGLE if half else None)
    result = total / (count_along(x.shape, axes) or math.nan)
    return rounded(result) if half else result


# Of nothing, the mean is a constant NaN: its gradient is empty, and by whatever it is divided.
mean.gradients(
    x=lambda g, axis, keepdims, x_shape: spread(
        g / (count_along(x_shape, axis) or 1), axis, keepdims, x_shape
    )
)


# Spread around the mean ---------------------------------------------------------------------------


def _squares(x: Any, axes: Any, ddof: Any, keepdims: bool) -> Any:
    """Sum of squared distances from the mean, over the divisor; NaN if that is not above 0."""
    centred = x - _add(x, axis=axes, keepdims=True) / (count_along(x.shape, axes) or math.nan)
    total = _add(centred * centred, axis=axes, keepdims=keepdims)
    return total / _divisor(x.shape, axes, ddof)


def _divisor(shape: tuple[int, ...], axis: Any, ddof: float) -> float:
    left = count_along(shape, axis) - ddof
    return left if left > 0 else math.nan


@primitive
def var(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Variance: the sum of squared distances from the mean, divided by count − ddof.

    Args:
        axis: a number, a tuple, or None for all axes.
        ddof: 0 for the population's variance, 1 for the unbiased estimate from a sample.
        keepdims: keep the reduced axes at size 1.

    Returns:
        The variance; NaN where ``ddof`` is not below the count.
    """
    x, axes = _checked("var", x, axis, keepdims)
    variance = _squares(single(x), axes, number("var", "ddof", ddof), keepdims)
    return rounded(variance) if x.dtype == HALF else variance


def _var_slope(g: Any, x: Any, axis: Any, ddof: float, keepdims: bool) -> Any:
    """g · 2 (x − mean(x)) / n, with n less ddof."""
    if not count_along(x.shape, axis):
        return spread(g, axis, keepdims, x.shape)  # empty, as x is
    scaled = g * (2.0 / _divisor(x.shape, axis, ddof))
    return spread(scaled, axis, keepdims, x.shape) * (x - mean(x, axis, True))


var.gradients(x=_var_slope)


@primitive
def std(x: Any, *, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Standard deviation: the square root of ``var``; its gradient is 0 where all are equal."""
    x, axes = _checked("std", x, axis, keepdims)
    deviation = sqrt(_squares(single(x), axes, number("std", "ddof", ddof), keepdims))
    return rounded(deviation) if x.dtype == HALF else deviation


def _all_equal(x: Any, axis: Any, keepdims: bool) -> Any:
    """Where all elements are the same: rounding of their mean may have left a distance from it."""
    axes = None if axis is None else arguments.axes("std", axis, x.ndim)
    return _largest(x, axis=axes, keepdims=keepdims) == _smallest(x, axis=axes, keepdims=keepdims)


def _std_slope(
    g: Any, x: Any, x_dtype: Any, out: Any, axis: Any, ddof: float, keepdims: bool
) -> Any:
    """g · (x − mean(x)) / (n · std(x)), with n less ddof; 0 where all are equal."""
    if not count_along(x.shape, axis):
        return spread(g, axis, keepdims, x.shape)
    if x_dtype == HALF:  # that of small numbers has lost digits
        out = std(single(x), axis, ddof, keepdims)
    flat = _all_equal(raw(x), axis, keepdims) | (raw(out) == 0)
    scaled = where(flat, 0.0, g) / (where(flat, 1.0, out) * _divisor(x.shape, axis, ddof))
    return spread(scaled, axis, keepdims, x.shape) * (x - mean(x, axis, True))


std.gradients(x=_std_slope)


# Extrema ------------------------------------------------------------------------------------------


def _extremum(who: str, ufunc: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    x, axes = _checked(who, x, axis, keepdims)
    _need_elements(who, x.shape, axes)
    return ufunc.reduce(x, axis=axes, keepdims=keepdims)


@primitive
def amax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest element over the axes; equal ones share the gradient. NaN propagates.

    Raises:
        ValueError: if there are no elements to choose from.
    """
    return _extremum("amax", np.maximum, x, axis, keepdims)


@primitive
def amin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest element over the axes; equal ones share the gradient. NaN propagates.

    Raises:
        ValueError: if there are no elements to choose from.
    """
    return _extremum("amin", np.minimum, x, axis, keepdims)


@primitive
def max(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest element over the axes. NaN propagates.

    Over one axis the first of equal elements gets the whole gradient, as in
    ``max_with_indices``; over several or all axes they share it, as in ``amax``.

    Raises:
        ValueError: if there are no elements to choose from.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([3.0, 3.0, 1.0], requires_grad=True)
        >>> ag.max(x).backward()
        >>> x.grad
        Tensor([0.5, 0.5, 0. ])
    """
    return _extremum("max", np.maximum, x, axis, keepdims)


@primitive
def min(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest element over the axes. NaN propagates.

    Over one axis the first of equal elements gets the whole gradient, as in
    ``min_with_indices``; over several or all axes they share it, as in ``amin``.

    Raises:
        ValueError: if there are no elements to choose from.
    """
    return _extremum("min", np.minimum, x, axis, keepdims)


def _share_among_equals(g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    """g, shared equally by all elements that are as large (as small) as the result."""
    x, best = raw(x), raw(out)
    if axis is not None and not keepdims:
        best = best.reshape(kept_shape(x.shape, axis))
    chosen = (x == best) | np.isnan(x)  # where there are NaNs, they are what came out
    axes = None if axis is None else arguments.axes("max", axis, x.ndim)
    count = _add(chosen, axis=axes, keepdims=keepdims).astype(x.dtype)
    return where(chosen, spread(g / count, axis, keepdims, x.shape), 0.0)


def _give_to_first(g: Any, indices: Any, axis: Any, keepdims: bool, shape: tuple[int, ...]) -> Any:
    """g at the places that the indices tell, 0 elsewhere."""
    if not shape:
        return g
    if axis is not None:
        axis = arguments.axis(
            "max", axis[0] if isinstance(axis, (tuple, list)) else axis, len(shape)
        )
    places = _places(shape, raw(indices), axis)
    if type(g) is np.ndarray:
        gx = np.zeros(shape, g.dtype)
        gx.reshape(-1)[places] = g.reshape(-1)
        return gx
    chosen = np.zeros(shape, bool)
    chosen.reshape(-1)[places] = True
    return where(chosen, spread(g, axis, keepdims, shape), 0.0)


def _places(shape: tuple[int, ...], indices: Any, axis: int | None) -> Any:
    """The places in the ravelled array of what stands at these indices along an axis."""
    if axis is None:
        return indices
    outer, length, inner = math.prod(shape[:axis]), shape[axis], math.prod(shape[axis + 1 :])
    lines = indices.reshape(outer, inner)
    starts = np.arange(outer)[:, None] * (length * inner) + np.arange(inner)
    return (starts + lines * inner).reshape(-1)


def _extremum_slope(arg: Any) -> Any:
    def rule(g: Any, x: Any, out: Any, axis: Any, keepdims: bool) -> Any:
        """g, to the first element along the axis that the result was taken from."""
        one = axis[0] if isinstance(axis, (tuple, list)) and len(axis) == 1 else axis
        if one is None or isinstance(one, (tuple, list)):
            return _share_among_equals(g, x, out, axis, keepdims)
        return _give_to_first(g, arg(raw(x), axis=one), one, keepdims, x.shape)

    return rule


amax.gradients(x=_share_among_equals)
amin.gradients(x=_share_among_equals)
max.gradients(x=_extremum_slope(np.argmax))
min.gradients(x=_extremum_slope(np.argmin))


def _with_indices(who: str, arg: Any, x: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    x = array_like(who, x)
    arguments.boolean(who, "keepdims", keepdims)
    if axis is not None:
        axis = arguments.axis(who, axis, x.ndim) if arguments.axes(who, axis, x.ndim) else None
    _need_elements(who, x.shape, None if axis is None else (axis,))
    indices = arg(x, axis, keepdims=True) if x.ndim else np.asarray(0)
    if axis is None:
        values = x.ravel()[indices] if x.ndim else np.asarray(x)
    else:
        values = x.ravel()[_places(x.shape, indices, axis)].reshape(indices.shape)
    if keepdims:
        return values, indices
    shape = () if axis is None else x.shape[:axis] + x.shape[axis + 1 :]
    return values.reshape(shape), indices.reshape(shape)


@primitive(outputs=2, constant_outputs=(1,))
def max_with_indices(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest elements along an axis, and where the first of them is.

    Args:
        axis: one axis, or None for all; indices are then into the ravelled array.
        keepdims: keep the reduced axis at size 1.

    Returns:
        (values, indices). The first of equal elements gets the whole gradient.

    Example:
        >>> import autograd as ag
        >>> values, indices = ag.max_with_indices(ag.tensor([[1.0, 5.0], [7.0, 2.0]]), axis=1)
        >>> values.tolist(), indices.tolist()
        ([5.0, 7.0], [1, 0])
    """
    return _with_indices("max_with_indices", _argmax, x, axis, keepdims)


@primitive(outputs=2, constant_outputs=(1,))
def min_with_indices(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest elements along an axis, and where the first of them is; see ``max_with_indices``."""
    return _with_indices("min_with_indices", _argmin, x, axis, keepdims)


for _pair in (max_with_indices, min_with_indices):
    _pair.gradients(
        x=lambda g, outs, axis, keepdims, x_shape: _give_to_first(
            g[0], outs[1], axis, keepdims, x_shape
        )
    )


@primitive(differentiable=False)
def argmax(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the first largest element along an axis; without one, into the ravelled array."""
    return _with_indices("argmax", _argmax, x, axis, keepdims)[1]


@primitive(differentiable=False)
def argmin(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Index of the first smallest element along an axis; without one, into the ravelled array."""
    return _with_indices("argmin", _argmin, x, axis, keepdims)[1]


# Products -----------------------------------------------------------------------------------------


@primitive
def prod(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Product of the elements over the axes; 1 of none. Gradients are right at zeros, too.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([2.0, 0.0, 5.0], requires_grad=True)
        >>> ag.prod(x).backward()
        >>> x.grad
        Tensor([ 0., 10.,  0.])
    """
    x, axes = _checked("prod", x, axis, keepdims)
    if x.dtype == HALF:
        return rounded(_multiply(x, axis=axes, keepdims=keepdims, dtype=SINGLE))
    return _multiply(x, axis=axes, keepdims=keepdims)


def _reduced_first(x: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """x as (elements reduced together, the rest), and the order of axes that leads there."""
    axes = arguments.axes("prod", axis, x.ndim)
    order = (*axes, *(a for a in range(x.ndim) if a not in axes))
    count = count_along(x.shape, axes)
    rest = math.prod([x.shape[a] for a in order[len(axes) :]])
    return reshape(transpose(x, order), (count, rest)), order


def _prod_slope(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """g times the product of all other elements: those before times those after."""
    rows, order = _reduced_first(x, axis)
    before, after = np.ones_like(rows), np.ones_like(rows)
    np.cumprod(rows[:-1], axis=0, out=before[1:])
    np.cumprod(rows[:0:-1], axis=0, out=after[-2::-1])
    others = (before * after).reshape([x.shape[a] for a in order])
    return spread(g, axis, keepdims, x.shape) * others.transpose(np.argsort(order))


@prod.composite
def _prod_by_halves(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """The product as a tree of multiplications: no division, hence right at zeros, to any order."""
    rows, order = _reduced_first(x, axis)
    shape = kept_shape(x.shape, axis)
    if not keepdims:
        shape = tuple([x.shape[a] for a in order[len(arguments.axes("prod", axis, x.ndim)) :]])
    if rows.shape[0] == 0:
        return reshape(sum(rows, 0), shape) + 1.0
    while rows.shape[0] > 1:
        half = rows.shape[0] // 2
        products = getitem(rows, slice(half)) * getitem(rows, slice(half, 2 * half))
        if rows.shape[0] % 2:
            products = concatenate([products, getitem(rows, slice(-1, None))])
        rows = products
    return reshape(rows, shape)


prod.gradients(x=_prod_slope)


# Logarithm of a sum of exponentials ---------------------------------------------------------------


@primitive
def logsumexp(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """log of the sum of exp(x) over the axes, without overflow; −∞ of none.

    Example:
        >>> import autograd as ag
        >>> round(ag.logsumexp(ag.tensor([1000.0, 1000.0])).item(), 2)
        1000.69
    """
    x, axes = _checked("logsumexp", x, axis, keepdims)
    if x.dtype.kind == "O":  # tensors one by one: their largest is found by comparisons
        top = _largest(x, axis=axes, keepdims=True)
        total = log(_add(exp(x - top), axis=axes, keepdims=True)) + top
    else:
        half = x.dtype == HALF
        if x.dtype.kind == "c":
            raise TypeError("logsumexp: x must be real, got complex numbers")
        x = single(x) if x.dtype.kind == "f" else x.astype(np.float64)
        top = _largest(x, axis=axes, keepdims=True, initial=-np.inf)
        top = np.where(np.isfinite(top), top, np.zeros((), x.dtype))
        with np.errstate(divide="ignore"):  # log(0) is −∞, as it should be
            total = np.log(_add(np.exp(x - top), axis=axes, keepdims=True)) + top
        total = rounded(total) if half else total
    if keepdims:
        return total
    return np.squeeze(total, axis=axes)[()] if x.ndim else total


def _logsumexp_slope(g: Any, x: Any, x_dtype: Any, out: Any, axis: Any, keepdims: bool) -> Any:
    """g · softmax(x)"""
    if x_dtype == HALF:  # the exponential of what rounding took from out is no small thing
        axes = None if axis is None else arguments.axes("logsumexp", axis, ndim_of("logsumexp", x))
        top = _largest(raw(x), axis=axes, keepdims=True, initial=-np.inf)
        weights = exp(x - np.where(np.isfinite(top), top, SINGLE.type(0)))
        total = sum(weights, axes, True)
        return spread(g, axis, keepdims, x.shape) * weights / where(equal(total, 0), 1.0, total)
    # Where all of x is −∞, out is, too: −∞ − 0 gives the weights 0 instead of NaN.
    safe = where(equal(out, -math.inf), 0.0, out)
    return spread(g, axis, keepdims, x.shape) * exp(x - spread(safe, axis, keepdims, x.shape))


logsumexp.gradients(x=_logsumexp_slope)


# Truth and counting: no gradient by nature --------------------------------------------------------


@primitive(differentiable=False)
def any(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """True where at least one element over the axes is not 0; bool."""
    x, axes = _checked("any", x, axis, keepdims)
    return np.any(x, axis=axes, keepdims=keepdims)


@primitive(differentiable=False)
def all(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """True where no element over the axes is 0; bool."""
    x, axes = _checked("all", x, axis, keepdims)
    return np.all(x, axis=axes, keepdims=keepdims)


@primitive(differentiable=False)
def count_nonzero(x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
    """Number of elements over the axes that are not 0."""
    x, axes = _checked("count_nonzero", x, axis, keepdims)
    return _add(x != 0, axis=axes, keepdims=keepdims)
