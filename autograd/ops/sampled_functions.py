"""Functions known by samples: slopes, interpolation, phases, polynomials by their coefficients."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, number, raw
from autograd.arguments.half import in_single
from autograd.arguments.limits import check_bytes
from autograd.ops.cumulative import cumsum, diff
from autograd.ops.elementwise import remainder, where
from autograd.ops.gathering import take
from autograd.ops.images.padding import pad_constant
from autograd.ops.shapes import concatenate, moveaxis, reshape, stack
from autograd.ops.transcendental import power

__all__ = ["gradient", "interp", "polyval", "unwrap", "vander"]


# Slopes -------------------------------------------------------------------------------------------


@in_single
def gradient(f: Any, *spacing: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Slopes of sampled values, by central differences; one-sided ones at the ends.

    This is NumPy's ``gradient``, a function of arrays; ``autograd.grad`` takes derivatives.

    Args:
        spacing: none for samples 1 apart; one number for all axes; or for each axis a number or
            the vector of the samples' places.
        axis: along which to take slopes: a number, a tuple, or None for all.
        edge_order: 1 or 2, the order of accuracy at the ends.

    Returns:
        An array of f's shape, or a tuple with one for each of several axes.

    Raises:
        TypeError: for the wrong number of spacings.
        ValueError: for places that do not fit, or fewer samples than the differences need.

    Example:
        >>> import autograd as ag
        >>> ag.gradient(ag.tensor([1.0, 2.0, 4.0, 7.0]), axis=0)
        Tensor([1. , 1.5, 2.5, 3. ])
    """
    f = as_floats(array_like("gradient", f, *spacing), *spacing)
    axes = arguments.axes("gradient", axis, len(f.shape))
    if not axes:
        raise ValueError("gradient: f must have at least one axis, got a 0-d array")
    if arguments.integer("gradient", "edge_order", edge_order) > 2:
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    steps = [array_like("gradient: spacing", s, f) for s in spacing or (1.0,)]
    if len(steps) == 1 and not steps[0].shape:
        steps *= len(axes)
    if len(steps) != len(axes):
        raise TypeError(
            f"gradient: {len(spacing)} spacings for {len(axes)} axes; give none, one number, "
            "or one for each axis"
        )
    slopes = []
    for a, step in zip(axes, steps, strict=True):
        n = f.shape[a]
        if n < edge_order + 1:
            raise ValueError(
                f"gradient: axis {a} of shape {f.shape} is too short; edge_order={edge_order} "
                f"needs {edge_order + 1} samples"
            )
        if step.shape and step.shape != (n,):
            raise ValueError(
                f"gradient: spacing of shape {step.shape} must be a number or the {n} places "
                f"along axis {a} of shape {f.shape}"
            )
        slope = _slopes(moveaxis(f, a, 0), as_floats(_in_dtype(step, f.dtype), f), edge_order)
        slopes.append(moveaxis(slope, 0, a))
    return slopes[0] if len(axes) == 1 else tuple(slopes)


def _in_dtype(x: Any, dtype: Any) -> Any:
    """A constant in the given dtype, so that it does not widen what it is combined with."""
    return x if hasattr(x, "_node") else np.asarray(x, dtype)


def _slopes(f: Any, step: Any, edge_order: int) -> Any:
    """Slopes along the first axis."""
    if not step.shape:
        inner = (f[2:] - f[:-2]) / (2.0 * step)
        if edge_order == 1:
            first, last = (f[1] - f[0]) / step, (f[-1] - f[-2]) / step
        else:
            first = (-1.5 * f[0] + 2.0 * f[1] - 0.5 * f[2]) / step
            last = (0.5 * f[-3] - 2.0 * f[-2] + 1.5 * f[-1]) / step
    else:
        h = reshape(diff(step), (-1,) + (1,) * (len(f.shape) - 1))
        inner = _three_points(f[:-2], f[1:-1], f[2:], h[:-1], h[1:], "middle")
        if edge_order == 1:
            first, last = (f[1] - f[0]) / h[0], (f[-1] - f[-2]) / h[-1]
        else:
            first = _three_points(f[0], f[1], f[2], h[0], h[1], "first")
            last = -_three_points(f[-1], f[-2], f[-3], h[-1], h[-2], "first")
    return concatenate([first[None], inner, last[None]])


def _three_points(f0: Any, f1: Any, f2: Any, h1: Any, h2: Any, at: str) -> Any:
    """Slope of the parabola through three points that lie h1 and h2 apart."""
    left, right = (f1 - f0) / h1, (f2 - f1) / h2
    if at == "middle":
        return (h2 * left + h1 * right) / (h1 + h2)
    return left - (right - left) * (h1 / (h1 + h2))


# Interpolation ------------------------------------------------------------------------------------


@in_single
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None
) -> Any:
    """Values at x of the line that joins the points (xp, fp).

    Differentiable by x, xp, fp, left and right; at a point of xp, the slope is that to its right.

    Args:
        xp: places of the points, ascending (in any order with ``period``).
        fp: their values.
        left, right: values before the first and after the last point; default: theirs.
        period: the points repeat with this period; left and right are then ignored.

    Raises:
        ValueError: if xp and fp are not vectors of one length, or empty; for a period of 0.

    Example:
        >>> import autograd as ag
        >>> ag.interp(ag.tensor([0.5, 9.0]), [0.0, 1.0], [10.0, 20.0])
        Tensor([15., 20.])
    """
    x = as_floats(array_like("interp: x", x, xp, fp), xp, fp)
    xp = as_floats(array_like("interp: xp", xp, x, fp), x, fp)
    fp = as_floats(array_like("interp: fp", fp, x, xp), x, xp)
    if len(xp.shape) != 1 or xp.shape != fp.shape or not xp.size:
        raise ValueError(
            f"interp: xp and fp must be vectors of one length, not empty; got shapes {xp.shape} "
            f"and {fp.shape}"
        )
    if period is not None:
        x, xp, fp = _one_period(x, xp, fp, abs(number("interp", "period", period)))
        left = right = None
    places, at = np.asarray(raw(xp)), np.asarray(raw(x))
    below, above = at < places[0], at > places[-1]
    k = np.clip(np.searchsorted(places, at, side="right") - 1, 0, max(len(places) - 2, 0))
    start = take(fp, k)
    if len(places) > 1:
        # Where another value is wanted, a place inside: what lies outside may be infinite.
        inside = where(below | above, places[0], x)
        rise, run = take(fp, k + 1) - start, take(xp, k + 1) - take(xp, k)
        start = start + rise / run * (inside - take(xp, k))
    else:
        start = where(np.isnan(at), x, start)
    result = where(below, fp[0] if left is None else left, start)
    return where(above, fp[-1] if right is None else right, result)


def _one_period(x: Any, xp: Any, fp: Any, period: Any) -> tuple[Any, Any, Any]:
    """The points of one period in order, with a neighbour on either side."""
    if not period:
        raise ValueError("interp: period must not be 0")
    x, xp = remainder(x, period), remainder(xp, period)
    order = np.argsort(raw(xp), kind="stable")
    xp, fp = take(xp, order), take(fp, order)
    return (
        x,
        concatenate([xp[-1:] - period, xp, xp[:1] + period]),
        concatenate([fp[-1:], fp, fp[:1]]),
    )


@in_single
def unwrap(
    x: Any, discont: float | None = None, axis: int = -1, period: float = 2.0 * math.pi
) -> Any:
    """Angles without jumps: whole periods are added, so that neighbours differ by at most half.

    Args:
        discont: only jumps above this are mended; default, and least: half of the period.

    Example:
        >>> import autograd as ag
        >>> [round(v, 2) for v in ag.unwrap(ag.tensor([3.0, -3.0])).tolist()]
        [3.0, 3.28]
    """
    x = as_floats(array_like("unwrap", x))
    axis = arguments.axis("unwrap", axis, len(x.shape))
    period = number("unwrap", "period", period)
    steps = np.diff(np.asarray(raw(x)), axis=axis)
    within = np.mod(steps + period / 2, period) - period / 2
    within = np.where((within == -period / 2) & (steps > 0), period / 2, within)
    least = period / 2 if discont is None else number("unwrap", "discont", discont)
    jumps = np.where(np.abs(steps) < least, 0, within - steps)
    widths = [(0, 0)] * len(x.shape)
    widths[axis] = (1, 0)
    return x + pad_constant(cumsum(jumps, axis), tuple(widths)).astype(x.dtype)


# Polynomials --------------------------------------------------------------------------------------


@in_single
def polyval(p: Any, x: Any) -> Any:
    """Value of a polynomial at x, by Horner's rule.

    Args:
        p: coefficients, the highest power's first.

    Example:
        >>> import autograd as ag
        >>> ag.polyval([1.0, 0.0, -2.0], ag.tensor(3.0)).item()
        7.0
    """
    x = array_like("polyval: x", x, p)
    p = array_like("polyval: p", p, x)
    if len(p.shape) != 1:
        raise ValueError(f"polyval: p must be a vector of coefficients, got shape {p.shape}")
    if x.dtype.kind in "iub" and p.dtype.kind in "iub":
        x = x.astype(np.result_type(x.dtype, p.dtype))
    result = x * 0
    for k in range(p.shape[0]):
        result = result * x + p[k]
    return result


#: Columns of a Vandermonde matrix: beyond it all powers are 0, 1 or infinite.
_MOST_COLUMNS = 1 << 16


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """Matrix with the powers of a vector's elements as columns, the highest first.

    Args:
        N: number of columns; default: the vector's length.
        increasing: True for the lowest power first.
    """
    x = array_like("vander", x)
    if len(x.shape) != 1:
        raise ValueError(f"vander: x must be a vector, got shape {x.shape}")
    count = x.shape[0] if N is None else arguments.integer("vander", "N", N, 0)
    increasing = arguments.boolean("vander", "increasing", increasing)
    check_bytes("vander", (x.shape[0], count), x.dtype)
    if count > _MOST_COLUMNS:
        raise ValueError(f"vander: N must be at most {_MOST_COLUMNS}, got {count}")
    if x.dtype.kind in "ub":
        x = x.astype(np.int64)
    powers = (
        range(count)
        if arguments.boolean("vander", "increasing", increasing)
        else range(count - 1, -1, -1)
    )
    columns = [power(x, k) for k in powers]
    return stack(columns, 1) if columns else x[:, None][:, :0]
