"""Powers, exponentials, logarithms, trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.arguments.arrays import array_like
from autograd.arguments.dtypes import as_array
from autograd.core.primitive import primitive
from autograd.kernels.elementwise import formula, with_kernel
from autograd.ops.elementwise import (
    absolute,
    astype,
    equal,
    greater_equal,
    isinf,
    less,
    logical_and,
    sqrt,
    where,
)

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos", "cosh",
    "deg2rad", "degrees", "exp", "exp2", "expm1", "float_power", "hypot", "log", "log10", "log1p", "log2",
    "logaddexp", "logaddexp2", "power", "rad2deg", "radians", "sigmoid", "sin", "sinc", "sinh",
    "tan", "tanh",
]  # fmt: skip

_FLOATS = frozenset((float, np.float32, np.float64))
_LN2 = math.log(2.0)
_LN10 = math.log(10.0)


@primitive(broadcasts=True)
def power(x: Any, y: Any) -> Any:
    """x to the power y, elementwise with broadcasting.

    x**0 has slope 0 everywhere; the slope of 0**y in y is 0 for y ≥ 0.

    Raises:
        ValueError: for integers to negative integer powers.
    """
    kind = type(y)
    if (kind is int or kind is float) and y == 2 and type(x) in _FLOATS:
        return x * x  # NumPy does the same for arrays, but not for numbers
    return x**y


def _power_slope(x: Any, y: Any) -> Any:
    """y · x^(y − 1), with 0 where y = 0 also at x = 0, where x^(−1) is infinite."""
    if type(y) is int or type(y) is float:
        if y == 0:
            return 0.0
        return 2.0 * x if y == 2 else y * x ** (y - 1)
    at_zero = equal(y, 0)
    return where(at_zero, 0.0, y * power(x, where(at_zero, 1.0, y - 1.0)))


def _power_x(g: Any, x: Any, y: Any) -> Any:
    """g · y · x^(y − 1)"""
    return g * _power_slope(x, y)


def _power_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """g · x^y · log x"""
    # x^y · log x, with 0 at x = 0 for y ≥ 0, where the limit of the product is meant.
    if (type(x) is int or type(x) is float) and x > 0:
        return g * (out * math.log(x))
    flat = logical_and(equal(x, 0), greater_equal(y, 0))
    return g * where(flat, 0.0, out * log(where(flat, 1.0, x)))


power.gradients(x=_power_x, y=_power_y)


def float_power(x: Any, y: Any) -> Any:
    """x to the power y in float64, also of integers."""
    return power(_in_double("float_power: x", x), _in_double("float_power: y", y))


def _in_double(who: str, x: Any) -> Any:
    """In float64, Python's numbers without a detour through the dtype of what they stand beside."""
    if hasattr(x, "shape"):
        return astype(array_like(who, x), np.float64)
    return as_array(who, x, np.float64, copy=False)


@primitive(broadcasts=True)
def cbrt(x: Any) -> Any:
    """Cube root, also of negative numbers; its slope at 0 is +∞."""
    return np.cbrt(x)


cbrt.gradients(x=lambda g, out: g / (3.0 * out * out))


@primitive(broadcasts=True, scalar=math.exp)
def exp(x: Any) -> Any:
    """e to the power x.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor(0.0, requires_grad=True)
        >>> ag.exp(x).backward()
        >>> x.grad.item()
        1.0
    """
    return np.exp(x)


exp.gradients(x=lambda g, out: g * out)


@primitive(broadcasts=True)
def exp2(x: Any) -> Any:
    """2 to the power x."""
    return np.exp2(x)


exp2.gradients(x=lambda g, out: g * out * _LN2)


@primitive(broadcasts=True, scalar=math.expm1)
def expm1(x: Any) -> Any:
    """exp(x) − 1, accurate near 0."""
    return np.expm1(x)


expm1.gradients(x=lambda g, out: g * (out + 1.0))


@primitive(broadcasts=True, scalar=math.log)
def log(x: Any) -> Any:
    """Natural logarithm; −∞ at 0, NaN below."""
    return np.log(x)


log.gradients(x=lambda g, x: g / x)


@primitive(broadcasts=True)
def log2(x: Any) -> Any:
    """Logarithm to base 2."""
    return np.log2(x)


log2.gradients(x=lambda g, x: g / (x * _LN2))


@primitive(broadcasts=True)
def log10(x: Any) -> Any:
    """Logarithm to base 10."""
    return np.log10(x)


log10.gradients(x=lambda g, x: g / (x * _LN10))


@primitive(broadcasts=True, scalar=math.log1p)
def log1p(x: Any) -> Any:
    """log(1 + x), accurate near 0."""
    return np.log1p(x)


log1p.gradients(x=lambda g, x: g / (x + 1.0))


@primitive(broadcasts=True)
def logaddexp(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)) without overflow."""
    return np.logaddexp(x, y)


logaddexp.gradients(x=lambda g, x, y: g * sigmoid(_difference(x, y)),
                    y=lambda g, x, y: g * sigmoid(_difference(y, x)))  # fmt: skip


def _difference(x: Any, y: Any) -> Any:
    """x − y, and 0 where both are the same infinity."""
    same = logical_and(equal(x, y), isinf(x))
    return where(same, 0.0, x) - where(same, 0.0, y)


@primitive(broadcasts=True)
def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y) without overflow."""
    return np.logaddexp2(x, y)


logaddexp2.gradients(x=lambda g, x, y: g * sigmoid(_LN2 * _difference(x, y)),
                     y=lambda g, x, y: g * sigmoid(_LN2 * _difference(y, x)))  # fmt: skip


@primitive(broadcasts=True)
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), without overflow on either side."""
    return formula(_sigmoid, x, "sigmoid")


def _sigmoid(x: Any) -> Any:
    # exp of minus the absolute value lies in (0, 1]; one division serves both signs.
    small = np.exp(-abs(x))
    if type(x) is np.ndarray and x.ndim and x.dtype.kind == "f":
        top = np.greater_equal(x, 0.0).astype(x.dtype)
        return np.maximum(top, small, out=top) / (1.0 + small)
    return np.where(x >= 0, 1.0, small) / (1.0 + small)


@with_kernel("sigmoid_gradient")
def _sigmoid_gradient(g: Any, y: Any) -> Any:
    """g · out · (1 − out)."""
    return g * (y * (1.0 - y))


sigmoid.gradients(x=lambda g, out: _sigmoid_gradient(g, out))


@primitive(broadcasts=True, scalar=math.sin)
def sin(x: Any) -> Any:
    """Sine of x in radians."""
    return np.sin(x)


sin.gradients(x=lambda g, x: g * cos(x))


@primitive(broadcasts=True, scalar=math.cos)
def cos(x: Any) -> Any:
    """Cosine of x in radians."""
    return np.cos(x)


cos.gradients(x=lambda g, x: -g * sin(x))


@primitive(broadcasts=True, scalar=math.tan)
def tan(x: Any) -> Any:
    """Tangent of x in radians."""
    return np.tan(x)


tan.gradients(x=lambda g, out: g * (1.0 + out * out))


@primitive(broadcasts=True)
def arcsin(x: Any) -> Any:
    """Inverse sine, in radians; NaN outside [−1, 1]."""
    return np.arcsin(x)


arcsin.gradients(x=lambda g, x: g / sqrt((1.0 - x) * (1.0 + x)))


@primitive(broadcasts=True)
def arccos(x: Any) -> Any:
    """Inverse cosine, in radians; NaN outside [−1, 1]."""
    return np.arccos(x)


arccos.gradients(x=lambda g, x: -g / sqrt((1.0 - x) * (1.0 + x)))


@primitive(broadcasts=True)
def arctan(x: Any) -> Any:
    """Inverse tangent, in radians."""
    return np.arctan(x)


arctan.gradients(x=lambda g, x: g / (1.0 + x * x))


@primitive(broadcasts=True)
def arctan2(y: Any, x: Any) -> Any:
    """Angle of the point (x, y), in radians from −π to π; gradient 0 at the origin."""
    return np.arctan2(y, x)


def _squared_distance(y: Any, x: Any) -> Any:
    """x² + y², and 1 at the origin."""
    squares = x * x + y * y
    return where(equal(squares, 0), 1.0, squares)


arctan2.gradients(y=lambda g, y, x: g * (x / _squared_distance(y, x)),
                  x=lambda g, y, x: -g * (y / _squared_distance(y, x)))  # fmt: skip


@primitive(broadcasts=True)
def hypot(x: Any, y: Any) -> Any:
    """√(x² + y²) without overflow; gradient 0 at the origin."""
    return np.hypot(x, y)


def _hypot_slope(side: Any, out: Any) -> Any:
    return side / where(equal(out, 0), 1.0, out)


hypot.gradients(x=lambda g, x, out: g * _hypot_slope(x, out),
                y=lambda g, y, out: g * _hypot_slope(y, out))  # fmt: skip


@primitive(broadcasts=True)
def sinh(x: Any) -> Any:
    """Hyperbolic sine."""
    return np.sinh(x)


sinh.gradients(x=lambda g, x: g * cosh(x))


@primitive(broadcasts=True)
def cosh(x: Any) -> Any:
    """Hyperbolic cosine."""
    return np.cosh(x)


cosh.gradients(x=lambda g, x: g * sinh(x))


@primitive(broadcasts=True, scalar=math.tanh)
def tanh(x: Any) -> Any:
    """Hyperbolic tangent."""
    return np.tanh(x)


@with_kernel("tanh_gradient")
def _tanh_gradient(g: Any, y: Any) -> Any:
    return g * (1.0 - y * y)


# Chains of numbers are quicker without the question whether there is a kernel.
tanh.gradients(
    x=lambda g, out: _tanh_gradient(g, out) if type(out) is np.ndarray else g * (1.0 - out * out)
)


@primitive(broadcasts=True)
def arcsinh(x: Any) -> Any:
    """Inverse hyperbolic sine."""
    return np.arcsinh(x)


arcsinh.gradients(x=lambda g, x: g / sqrt(x * x + 1.0))


@primitive(broadcasts=True)
def arccosh(x: Any) -> Any:
    """Inverse hyperbolic cosine; NaN below 1."""
    return np.arccosh(x)


arccosh.gradients(x=lambda g, x: g / (sqrt(x - 1.0) * sqrt(x + 1.0)))


@primitive(broadcasts=True)
def arctanh(x: Any) -> Any:
    """Inverse hyperbolic tangent; NaN outside [−1, 1]."""
    return np.arctanh(x)


arctanh.gradients(x=lambda g, x: g / ((1.0 - x) * (1.0 + x)))


@primitive(broadcasts=True)
def sinc(x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0 (NumPy's normalised sinc)."""
    return formula(np.sinc, x)


def _sinc_slope(x: Any, out: Any) -> Any:
    """(cos πx − sinc x) / x; near 0 its Taylor series, where the quotient would cancel."""
    near = less(absolute(x), 0.05)
    safe = where(near, 1.0, x)
    u = (math.pi * where(near, x, 0.0)) ** 2
    # d/dx sinc(x) = −(π²x/3)(1 − u/10 + u²/280 − u³/15120 + …) with u = (πx)².
    series = (
        -(math.pi**2 / 3.0)
        * x
        * (1.0 - u * (1.0 / 10.0 - u * (1.0 / 280.0 - u * (1.0 / 15120.0 - u / 1330560.0))))
    )
    return where(near, series, (cos(math.pi * safe) - out) / safe)


sinc.gradients(x=lambda g, x, out: g * _sinc_slope(x, out))


@primitive(broadcasts=True)
def deg2rad(x: Any) -> Any:
    """Degrees to radians."""
    return formula(lambda x: x * (math.pi / 180.0), x)


deg2rad.gradients(x=lambda g: g * (math.pi / 180.0))


@primitive(broadcasts=True)
def rad2deg(x: Any) -> Any:
    """Radians to degrees."""
    return formula(lambda x: x * (180.0 / math.pi), x)


rad2deg.gradients(x=lambda g: g * (180.0 / math.pi))

degrees = rad2deg
radians = deg2rad
