"""Powers, exponentials, logarithms, trigonometric and hyperbolic functions and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.arguments.arrays import array_like
from autograd.arguments.dtypes import as_array
from autograd.core.primitive import primitive
from autograd.kernels import special
from autograd.kernels.elementwise import formula, with_kernel
from autograd.ops.elementwise import (
    absolute,
    astype,
    equal,
    greater,
    greater_equal,
    isinf,
    less,
    logical_and,
    logical_not,
    sqrt,
    square,
    where,
)

__all__ = [
    "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cbrt", "cos", "cosh",
    "deg2rad", "degrees", "exp", "exp2", "expm1", "float_power", "hypot", "log", "log10", "log1p", "log2",
    "logaddexp", "logaddexp2", "power", "rad2deg", "radians", "sigmoid", "sin", "sinc", "sinh",
    "tan", "tanh",
]  # fmt: skip

_FLOATS = frozenset((float, np.float32, np.float64))
_NUMBERS = frozenset((int, float, np.float64))
#: Exponents that are exact in every dtype, without those that NumPy has loops for.
_WHOLE = frozenset(range(-64, 65)) - {-1, 0, 1, 2}
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
    if (kind is np.float32 or kind is np.float64) and type(x) is np.ndarray and x.dtype != kind:
        return np.power(x, y)  # NumPy 2.0's x**y forgets the dtype of y = 0.5 and the like
    if (kind is int or kind is float) and y in _WHOLE and type(x) is np.ndarray:
        if x.dtype.char in "fd":
            return _whole_power(x, y)
    return x**y


def _whole_power(x: Any, y: int | float) -> Any:
    """x**y for a whole y: of numbers below 0 NumPy's own takes fifty times as long as of others."""
    if y == 3:
        return x * x * x
    out = np.power(np.abs(x), y)
    return out if y % 2 == 0 else np.copysign(out, x, out=out)


def _power_slope(x: Any, y: Any) -> Any:
    """y · x^(y − 1), with 0 where y = 0 also for x ≤ 0 and next to it: at 0, x^(−1) is infinite."""
    if type(y) is int or type(y) is float:
        if y == 0:
            return 0.0
        return 2.0 * x if y == 2 else y * power(x, y - 1)
    # By y that has the slope 1/x where y = 0, so there it is only put aside where it must be: where
    # x^(−1), or x^(−4) in the derivatives of higher order, is too large, and 0 times that no number.
    dtype = np.result_type(*[getattr(each, "dtype", np.float16) for each in (x, y)])
    least = float(np.finfo(dtype if dtype.kind == "f" else np.float64).tiny) ** 0.25
    at_zero = logical_and(equal(y, 0), logical_not(greater(x, least)))
    return where(at_zero, 0.0, y * power(x, where(at_zero, 1.0, y - 1.0)))


def _power_x(g: Any, x: Any, y: Any) -> Any:
    """g · y · x^(y − 1)"""
    return g * _power_slope(x, y)


def _power_y(g: Any, x: Any, y: Any, out: Any) -> Any:
    """g · x^y · log x"""
    # x^y · log x, with 0 at x = 0 for y ≥ 0, where the limit of the product is meant.
    if type(x) in _NUMBERS and x > 0:
        return g * (out * math.log(x))
    flat = logical_and(equal(x, 0), greater_equal(y, 0))
    return g * where(flat, 0.0, out * log(where(flat, 1.0, as_wide(x, out))))


def as_wide(x: Any, out: Any) -> Any:
    """x in the dtype of a result, to which it may have come as a whole or a narrower number."""
    wanted = getattr(out, "dtype", None)
    return astype(x, wanted) if getattr(x, "dtype", wanted) != wanted else x


power.gradients(x=_power_x, y=_power_y)


def float_power(x: Any, y: Any) -> Any:
    """x to the power y in float64, also of integers."""
    return power(_in_double("float_power: x", x), _in_double("float_power: y", y))


def _in_double(who: str, x: Any) -> Any:
    """In float64, Python's numbers without a detour through the dtype of what they stand beside."""
    if hasattr(x, "shape"):
        x = array_like(who, x)
        if x.dtype.kind == "c":
            raise TypeError(f"{who} must be real, got complex numbers")
        return astype(x, np.float64)
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


# Not out + 1, which has lost all digits where out is close to −1.
expm1.gradients(x=lambda g, x: g * exp(x))


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


logaddexp.gradients(x=lambda g, x, y: g * logistic(_difference(x, y)),
                    y=lambda g, x, y: g * logistic(_difference(y, x)))  # fmt: skip


def _difference(x: Any, y: Any) -> Any:
    """x − y, and 0 where both are the same infinity."""
    # Not `where` of x and of y alone: a number by itself would be rounded to single precision.
    same = logical_and(equal(x, y), isinf(x))
    return where(same, 0.0, x - y)


@primitive(broadcasts=True)
def logaddexp2(x: Any, y: Any) -> Any:
    """log2(2**x + 2**y) without overflow."""
    return np.logaddexp2(x, y)


logaddexp2.gradients(x=lambda g, x, y: g * logistic(_LN2 * _difference(x, y)),
                     y=lambda g, x, y: g * logistic(_LN2 * _difference(y, x)))  # fmt: skip


@primitive(broadcasts=True)
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x)), without overflow on either side.

    Its slope is worked out from the result, as in other frameworks: right to the last digits of 1,
    and so 0 where the result rounds to 1, from x = 17 on in float32 and from 37 in float64. The
    slopes of ``softplus``, ``logsigmoid`` and ``logaddexp`` keep their digits everywhere.
    """
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


@primitive(name="logistic", broadcasts=True)
def logistic(x: Any) -> Any:
    """``sigmoid`` for rules: its own slope keeps its digits also where the result rounds to 1."""
    return formula(_sigmoid, x, "sigmoid")


@primitive(name="logistic_slope", broadcasts=True)
def logistic_slope(x: Any) -> Any:
    """sigmoid(x) · sigmoid(−x), to the last digits on both sides."""
    return formula(_logistic_slope, x)


def _logistic_slope(x: Any) -> Any:
    small = np.exp(-abs(x))
    return small / ((1.0 + small) * (1.0 + small))


logistic.gradients(x=lambda g, x: g * logistic_slope(x))
logistic_slope.gradients(x=lambda g, x, out: -g * (out * tanh(0.5 * x)))


def _in_radians(name: str, function: Any, x: Any) -> Any:
    """By the kernel in C for float64; NumPy has vectors of its own for float32, but not for that."""
    if type(x) is np.ndarray and x.dtype == np.float64:
        return formula(function, x, name)
    return function(x)


@primitive(broadcasts=True, scalar=math.sin)
def sin(x: Any) -> Any:
    """Sine of x in radians."""
    return _in_radians("sin", np.sin, x)


sin.gradients(x=lambda g, x: g * cos(x))


@primitive(broadcasts=True, scalar=math.cos)
def cos(x: Any) -> Any:
    """Cosine of x in radians."""
    return _in_radians("cos", np.cos, x)


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


@primitive(name="one_minus_square", broadcasts=True)
def _one_minus_square(x: Any) -> Any:
    """1 − x², as a product that keeps its digits near ±1, and with the slope −2x near 0."""
    return formula(lambda x: (1.0 - x) * (1.0 + x), x)


_one_minus_square.gradients(x=lambda g, x: g * (-2.0 * x))
arcsin.gradients(x=lambda g, x: g / sqrt(_one_minus_square(x)))


@primitive(broadcasts=True)
def arccos(x: Any) -> Any:
    """Inverse cosine, in radians; NaN outside [−1, 1]."""
    return np.arccos(x)


arccos.gradients(x=lambda g, x: -g / sqrt(_one_minus_square(x)))


@primitive(broadcasts=True)
def arctan(x: Any) -> Any:
    """Inverse tangent, in radians."""
    return np.arctan(x)


arctan.gradients(x=lambda g, x: g / (1.0 + x * x))


@primitive(broadcasts=True)
def arctan2(y: Any, x: Any) -> Any:
    """Angle of the point (x, y), in radians from −π to π; gradient 0 at the origin."""
    return np.arctan2(y, x)


arctan2.gradients(y=lambda g, y, x: g * (_cosine(x, y) / _distance(x, y)),
                  x=lambda g, y, x: -g * (_cosine(y, x) / _distance(x, y)))  # fmt: skip


@primitive(broadcasts=True)
def hypot(x: Any, y: Any) -> Any:
    """√(x² + y²) without overflow; gradient 0 at the origin."""
    return np.hypot(x, y)


hypot.gradients(x=lambda g, x, y: g * _cosine(x, y), y=lambda g, x, y: g * _cosine(y, x))


@primitive(name="cosine_of_point", broadcasts=True)
def _cosine(x: Any, y: Any) -> Any:
    """x / √(x² + y²), and 0 at the origin; squares of x or y would overflow or vanish."""
    return x / _distance(x, y)


def _distance(x: Any, y: Any) -> Any:
    """√(x² + y²), and 1 at the origin."""
    length = hypot(x, y)
    return where(equal(length, 0), 1.0, length)


# With the cosine c and the sine s of the point: dc/dx = s² / r and dc/dy = −c · s / r.
_cosine.gradients(x=lambda g, x, y: g * (square(_cosine(y, x)) / _distance(x, y)),
                  y=lambda g, x, y: -g * (_cosine(x, y) * _cosine(y, x) / _distance(x, y)))  # fmt: skip


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
    """Hyperbolic tangent.

    Its slope is worked out from the result, as in other frameworks: right to the last digits of 1,
    and so 0 where the result rounds to ±1, from |x| = 9 on in float32 and from 19 in float64.
    """
    return np.tanh(x)


@with_kernel("tanh_gradient")
def _tanh_gradient(g: Any, y: Any) -> Any:
    return g * (1.0 - y * y)


# Chains of numbers are quicker without the question whether there is a kernel.
tanh.gradients(
    x=lambda g, out: _tanh_gradient(g, out) if type(out) is np.ndarray else g * (1.0 - out * out)
)


@primitive(name="tanh", broadcasts=True)
def exact_tanh(x: Any) -> Any:
    """``tanh`` for rules: its own slope keeps its digits also where the result rounds to ±1."""
    return np.tanh(x)


exact_tanh.gradients(x=lambda g, x: g * (4.0 * logistic_slope(2.0 * x)))


@primitive(broadcasts=True)
def arcsinh(x: Any) -> Any:
    """Inverse hyperbolic sine."""
    return np.arcsinh(x)


arcsinh.gradients(x=lambda g, x: g / hypot(x, 1.0))  # where x² would overflow, too


@primitive(broadcasts=True)
def arccosh(x: Any) -> Any:
    """Inverse hyperbolic cosine; NaN below 1."""
    return np.arccosh(x)


@primitive(name="root_of_square_minus_one", broadcasts=True)
def _root_of_square_minus_one(x: Any) -> Any:
    """√(x² − 1), NaN below 1, and where x² would overflow, too."""
    return formula(lambda x: np.sqrt(x - 1.0) * np.sqrt(x + 1.0), x)


_root_of_square_minus_one.gradients(x=lambda g, x, out: g * (x / out))
arccosh.gradients(x=lambda g, x: g / _root_of_square_minus_one(x))


@primitive(broadcasts=True)
def arctanh(x: Any) -> Any:
    """Inverse hyperbolic tangent; NaN outside [−1, 1]."""
    return np.arctanh(x)


arctanh.gradients(x=lambda g, x: g / _one_minus_square(x))


@primitive(name="sinpi", broadcasts=True)
def _sinpi(x: Any) -> Any:
    return formula(special.sinpi, x)


@primitive(name="cospi", broadcasts=True)
def _cospi(x: Any) -> Any:
    return formula(special.cospi, x)


_sinpi.gradients(x=lambda g, x: g * (math.pi * _cospi(x)))
_cospi.gradients(x=lambda g, x: g * (-math.pi * _sinpi(x)))


@primitive(broadcasts=True)
def sinc(x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0 (NumPy's normalised sinc), to the last digits for every x.

    Example:
        >>> import autograd as ag
        >>> ag.sinc(ag.tensor([0.0, 0.5, 1e6]))
        Tensor([1.    , 0.6366, 0.    ])
    """
    return formula(special.sinc, x)


#: d/dx sinc(x) = −π²x · Σ c[k] · (−u)^k with u = (πx)² and c[k] = 2(k + 1) / (2k + 3)!.
_SINC_SERIES = tuple(2.0 * (k + 1) / math.factorial(2 * k + 3) for k in range(11))


def _sinc_slope(x: Any, out: Any) -> Any:
    """(cos πx − sinc x) / x; near 0 its Taylor series, where the quotient would cancel."""
    near = less(absolute(x), 0.5)
    u = (math.pi * where(near, x, 0.0)) ** 2
    series: Any = _SINC_SERIES[-1]
    for c in reversed(_SINC_SERIES[:-1]):
        series = c - u * series
    series = (-(math.pi**2)) * x * series
    return where(near, series, (_cospi(x) - out) / where(near, 1.0, x))


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
