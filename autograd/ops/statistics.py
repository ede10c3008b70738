"""Reductions that pass over NaN, weighted averages, ranges."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import hyperparameters as hyper
from .arguments import array_like, number, raw, shape_of
from .elementwise import sqrt, subtract, where
from .reductions import count_nonzero, mean, prod
from .reductions import max as max_
from .reductions import min as min_
from .reductions import sum as sum_
from .shapes import reshape

__all__ = [
    "average",
    "nan_to_num",
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


def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """Mean over the axes of the elements that are no NaN; NaN of none."""
    filled, present = _filled("nanmean", x, 0.0)
    total = sum_(filled, axis, keepdims)
    return total / _or_nan(count_nonzero(present, axis, keepdims), total.dtype)


def _or_nan(count: Any, dtype: Any) -> Any:
    """Counts as floats, NaN where they are not above 0: what is divided by them is NaN, too."""
    if dtype.kind != "f":
        dtype = np.dtype(np.float64)
    return np.where(count > 0, count, math.nan).astype(dtype)[()]


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


def nanstd(x: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    """Square root of ``nanvar``; its gradient is 0 where all elements are equal."""
    variance = nanvar(x, axis, ddof, keepdims)
    flat = raw(variance) == 0
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
    x = array_like("average", x)
    if weights is None:
        result = mean(x, axis, keepdims)
        if not returned:
            return result
        count = x.size / max(raw(result).size, 1)
        return result, np.full(result.shape, count, x.dtype)[()]
    weights = array_like("average", weights)
    if weights.shape != x.shape:
        axes = hyper.axes("average", axis, len(x.shape))
        if len(weights.shape) != 1 or len(axes) != 1 or weights.shape[0] != x.shape[axes[0]]:
            raise ValueError(
                f"average: weights of shape {weights.shape} fit neither x of shape {x.shape} nor "
                f"its axis {axis}"
            )
        weights = reshape(weights, (-1,) + (1,) * (len(x.shape) - axes[0] - 1))
    total = sum_(weights * np.ones(shape_of(x), x.dtype), axis, keepdims)
    if (raw(total) == 0).any():
        raise ValueError("average: the weights add up to 0")
    result = sum_(x * weights, axis, keepdims) / total
    return (result, total) if returned else result
