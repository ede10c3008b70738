"""Reductions that pass over NaN, weighted averages, covariances, ranges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, number, raw, shape_of
from autograd.arguments.half import in_single
from autograd.ops.cumulative import cumprod, cumsum
from autograd.ops.elementwise import clip, sqrt, subtract, where
from autograd.ops.linalg.diagonals import diag
from autograd.ops.products import matmul
from autograd.ops.reductions import count_nonzero, mean, prod
from autograd.ops.reductions import max as max_
from autograd.ops.reductions import min as min_
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import concatenate, expand_dims, reshape, squeeze, transpose
from autograd.ops.split_and_stack import atleast_2d

__all__ = [
    "average",
    "corrcoef",
    "cov",
    "nan_to_num",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "ptp",
]


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """x with NaN and infinities replaced by numbers; no gradient flows to what was replaced.

    Args:
        nan: in place of NaN.
        posinf, neginf: in place of the infinities; None for the dtype's largest and smallest.
    """
    x = array_like("nan_to_num", x)
    data = raw(x)
    if data.dtype.kind != "f":
        return x
    for name, value in (("nan", nan), ("posinf", posinf), ("neginf", neginf)):
        if value is not None:
            number("nan_to_num", name, value)
    limits = np.finfo(data.dtype)
    x = where(np.isnan(data), nan, x)
    x = where(data == math.inf, float(limits.max) if posinf is None else posinf, x)
    return where(data == -math.inf, float(limits.min) if neginf is None else neginf, x)


def _filled(who: str, x: Any, value: float) -> tuple[Any, Any]:
    """x with a number in place of NaN, and where it is no NaN."""
    x = array_like(who, x)
    if raw(x).dtype.kind != "f":
        return x, np.ones(x.shape, bool)
    present = ~np.isnan(raw(x))
    return where(present, x, value), present


def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Sum over the axes of the elements that are no NaN; 0 of none."""
    return sum_(_filled("nansum", x, 0.0)[0], axis, keepdims)


def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Product over the axes of the elements that are no NaN; 1 of none."""
    return prod(_filled("nanprod", x, 1.0)[0], axis, keepdims)


def nancumsum(x: Any, axis: Any = None) -> Any:
    """Running sum of the elements that are no NaN; see ``cumsum``."""
    return cumsum(_filled("nancumsum", x, 0.0)[0], axis)


def nancumprod(x: Any, axis: Any = None) -> Any:
    """Running product of the elements that are no NaN; see ``cumprod``."""
    return cumprod(_filled("nancumprod", x, 1.0)[0], axis)


@in_single
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over the axes of the elements that are no NaN; NaN of none."""
    filled, present = _filled("nanmean", x, 0.0)
    total = as_floats(sum_(filled, axis, keepdims))
    return total / _or_nan(count_nonzero(present, axis, keepdims), total.dtype)


def _or_nan(count: Any, dtype: Any) -> Any:
    """Counts as floats, NaN where they are not above 0: what is divided by them is NaN, too."""
    return np.where(count > 0, count, math.nan).astype(dtype)[()]


@in_single
def nanvar(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Variance over the axes of the elements that are no NaN.

    Args:
        ddof: 0 for the population's variance, 1 for the unbiased estimate from a sample.

    Returns:
        The variance; NaN where ``ddof`` is not below the count.
    """
    number("nanvar", "ddof", ddof)
    filled, present = _filled("nanvar", x, 0.0)
    centre = nanmean(where(present, filled, math.nan), axis, True)
    distance = where(present, filled - where(np.isnan(raw(centre)), 0.0, centre), 0.0)
    total = sum_(distance * distance, axis, keepdims)
    return total / _or_nan(count_nonzero(present, axis, keepdims) - ddof, total.dtype)


@in_single
def nanstd(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Square root of ``nanvar``; its gradient is 0 where all elements are equal."""
    variance = nanvar(x, axis, ddof, keepdims)
    data = raw(array_like("nanstd", x))
    same = nanmax(data, axis, keepdims) == nanmin(data, axis, keepdims) if data.size else False
    flat = (raw(variance) == 0) | (same & ~np.isnan(raw(variance)))
    return where(flat, 0.0, sqrt(where(flat, 1.0, variance)))


def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest over the axes of the elements that are no NaN; NaN of none. Ties as in ``max``."""
    filled, present = _filled("nanmax", x, -math.inf)
    return _nan_if_none(max_(filled, axis, keepdims), present, axis, keepdims)


def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Smallest over the axes of the elements that are no NaN; NaN of none. Ties as in ``min``."""
    filled, present = _filled("nanmin", x, math.inf)
    return _nan_if_none(min_(filled, axis, keepdims), present, axis, keepdims)


def _nan_if_none(result: Any, present: Any, axis: Any, keepdims: bool) -> Any:
    some = count_nonzero(present, axis, keepdims) > 0
    return result if np.all(some) else where(some, result, math.nan)


def ptp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Largest less smallest over the axes."""
    return subtract(max_(x, axis, keepdims), min_(x, axis, keepdims))


@in_single
def average(
    x: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """Weighted mean over the axes.

    Args:
        weights: of x's shape, or a vector along a single axis; None for equal weights.
        returned: also return the sum of the weights.

    Raises:
        ValueError: if the weights do not fit, or add up to 0 everywhere.
    """
    x = array_like("average", x, weights)
    returned = arguments.boolean("average", "returned", returned)
    if weights is None:
        result = mean(x, axis, keepdims)
        if not returned:
            return result
        count = x.size / max(raw(result).size, 1)
        return result, np.full(result.shape, count, x.dtype)[()]
    weights = array_like("average", weights, x)
    if weights.shape != x.shape:
        axes = arguments.axes("average", axis, len(x.shape))
        if len(weights.shape) != 1 or len(axes) != 1 or weights.shape[0] != x.shape[axes[0]]:
            raise ValueError(
                f"average: weights of shape {weights.shape} fit neither x of shape {x.shape} nor "
                f"its axis {axis}"
            )
        weights = reshape(weights, (-1,) + (1,) * (len(x.shape) - axes[0] - 1))
    total = sum_(weights * np.ones(x.shape, x.dtype), axis, keepdims)
    if (raw(total) == 0).any():
        raise ValueError("average: the weights add up to 0")
    result = sum_(x * weights, axis, keepdims) / total
    return (result, total) if returned else result


# Covariance ---------------------------------------------------------------------------------------


@in_single
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: float | None = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    """Covariances of variables that were observed together.

    Args:
        m: variables (rows) by observations (columns), or a vector of one variable's.
        y: further variables, likewise.
        rowvar: False if the columns are the variables.
        bias: True to divide by the count N instead of N − 1.
        ddof: divide by N − ddof; overrides ``bias``.
        fweights: how often every observation is to count, integers.
        aweights: how much every observation is to weigh.

    Returns:
        A symmetric matrix, variables by variables; a number for a single one. NaN where ``ddof``
        is not below the count.

    Raises:
        ValueError: if shapes do not fit; TypeError: for ``fweights`` that are no whole numbers.

    Example:
        >>> import autograd as ag
        >>> ag.cov(ag.tensor([1.0, 2.0, 3.0])).item()
        1.0
    """
    x = _variables("m", array_like("cov: m", m, y, fweights, aweights), rowvar, y)
    if y is not None and x.shape[0]:  # of no variables, NumPy's result is empty whatever y is
        more = _variables("y", array_like("cov: y", y, x), rowvar, m)
        if more.shape[1] != x.shape[1]:
            raise ValueError(
                f"cov: y has {more.shape[1]} observations, m has {x.shape[1]} (shapes "
                f"{shape_of('cov', y)} and {shape_of('cov', m)})"
            )
        x = concatenate([x, more], 0)
    bias = arguments.boolean("cov", "bias", bias)
    ddof = int(not bias) if ddof is None else number("cov", "ddof", ddof)
    n = x.shape[1]
    weights = _observation_weights(x, fweights, aweights)
    if weights is None:
        weights, divisor = np.ones(n, x.dtype), n - ddof
        total: Any = n or math.nan
    else:
        total = sum_(weights)
        again = (
            1.0
            if aweights is None
            else sum_(weights * array_like("cov: aweights", aweights, x)) / total
        )
        divisor = total - ddof * again
    centred = x - expand_dims(sum_(x * weights, 1) / total, 1)
    divisor = where(raw(divisor) > 0, divisor, math.nan)
    product = matmul(centred * weights, transpose(centred))
    return squeeze(product / (divisor if hasattr(divisor, "_node") else float(divisor)))


def _variables(name: str, x: Any, rowvar: bool, beside: Any) -> Any:
    x = as_floats(x, beside)
    if len(x.shape) > 2:
        raise ValueError(f"cov: {name} must have one or two axes, got shape {x.shape}")
    turned = not arguments.boolean("cov", "rowvar", rowvar) and len(x.shape) == 2
    return transpose(x) if turned else atleast_2d(x)


def _observation_weights(x: Any, fweights: Any, aweights: Any) -> Any:
    result, n = None, x.shape[1]
    for name, weights in (("fweights", fweights), ("aweights", aweights)):
        if weights is None:
            continue
        weights = array_like(f"cov: {name}", weights, x)
        if weights.shape != (n,):
            raise ValueError(f"cov: {name} has shape {weights.shape} for {n} observations")
        if weights.dtype.kind == "c":
            raise TypeError(f"cov: {name} must be real numbers, got {weights.dtype}")
        if (raw(weights) < 0).any():
            raise ValueError(f"cov: {name} must not be negative")
        if name == "fweights" and (odd := raw(weights) % 1 != 0).any():
            raise TypeError(
                f"cov: fweights count how often an observation was made, so they must be whole "
                f"numbers, got {raw(weights)[odd][0]}; aweights may be any"
            )
        weights = weights.astype(x.dtype) if weights.dtype.kind in "iu" else weights
        result = weights if result is None else result * weights
    return result


@in_single
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    """Correlations of variables: covariances over the products of standard deviations.

    Args:
        x, y, rowvar: as for ``cov``.

    Returns:
        A symmetric matrix with 1 on the diagonal; NaN for variables that do not vary.
    """
    c = cov(x, y, rowvar)
    if not c.shape:
        return c / c
    deviations = sqrt(diag(c))
    return clip(c / expand_dims(deviations, 1) / deviations, -1.0, 1.0)
