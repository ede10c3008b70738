"""The logarithm of the gamma function and its derivatives; the inverse of the error function.

* lgamma: the C library's, element by element: near its zeros at 1 and 2 a formula that is cheap for
  whole arrays loses digits.
* digamma: ψ(x) = ψ(x + 1) − 1/x lifts x above 10, where the asymptotic series ln x − 1/2x − Σ
  B₂ₖ/(2k·x²ᵏ) has all digits; below 0 the reflection ψ(x) = ψ(1 − x) − π/tan(πx).
* polygamma of order n ≥ 1: (−1)ⁿ⁺¹ n! ζ(n + 1, x), where Hurwitz' ζ(s, x) = Σ (x + k)⁻ˢ is summed
  up to x + k > 12 and ended by the formula of Euler and Maclaurin; below 0 by reflection.
* erfinv: Winitzki's closed formula, then Newton's method with a second-order term (Halley's) on erf,
  or near ±1 on erfc.
* ndtri: √2·erfinv(2p − 1); below ¼, where 2p − 1 loses digits, Newton's method on log erfc.

All in float64, whatever the dtype of x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.kernels.special import erf, erfc, real_alone

__all__ = ["digamma", "erfinv", "lgamma", "ndtri", "polygamma"]

Array = np.ndarray[Any, Any]

#: Bernoulli's numbers B₂, B₄, …
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
#: From here on the series are used.
_HIGH = 12.0


def _in_double(function: Any) -> Any:
    """Computed in float64; the result has x's floating dtype."""

    def computed(x: Any, *args: Any) -> Any:
        x = real_alone(x)
        dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            return function(x.astype(np.float64), *args).astype(dtype)

    computed.__doc__ = function.__doc__
    return computed


def _lgamma_of(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond the largest number
        return math.inf


@_in_double
def lgamma(x: Array) -> Array:
    """ln |Γ(x)|; +∞ at the poles."""
    flat = [_lgamma_of(v) for v in x.ravel().tolist()]
    return np.array(flat, np.float64).reshape(x.shape)


@_in_double
def digamma(x: Array) -> Array:
    """The derivative of lgamma: NaN at the negative integers, −∞ at 0, as PyTorch has it."""
    positive = np.where(x > 0, x, 1.0 - x)
    value = np.zeros_like(positive)
    for _ in range(int(_HIGH)):
        low = np.less(positive, _HIGH)
        value -= np.where(low, 1.0 / positive, 0.0)
        positive = positive + low
    square = 1.0 / (positive * positive)
    series = np.zeros_like(positive)
    for k in range(len(_BERNOULLI), 0, -1):
        series = (series + _BERNOULLI[k - 1] / (2 * k)) * square
    value += np.log(positive) - 0.5 / positive - series
    part = x - np.rint(x)  # tan has the period 1 in x: nothing is lost far from 0
    reflected = value - math.pi / np.tan(math.pi * part)
    reflected = np.where(part == 0, np.where(x == 0, -np.copysign(np.inf, x), np.nan), reflected)
    return np.where(x > 0, value, np.where(np.isinf(x), np.nan, reflected))


@_in_double
def polygamma(x: Array, n: int) -> Array:
    """The n-th derivative of digamma, n ≥ 1; infinite at the poles, NaN at −∞."""
    near = x - np.rint(x)  # the reflection's cotangent has the period 1
    sign = -1.0 if n % 2 else 1.0
    turned = np.where(x < 0, 1.0 - x, x)
    value = _by_series(turned, n)
    cotangent = sign * _by_series(1.0 - near, n) - _by_series(near, n)
    return np.where(np.isnan(x), x, np.where(x < 0, sign * value - cotangent, value))


def _by_series(x: Array, n: int) -> Array:
    """polygamma of x ≥ −½."""
    s = n + 1
    total, at = np.zeros_like(x), np.where(np.isnan(x), 1.0, x)
    for _ in range(int(_HIGH) + 1):
        low = np.less(at, _HIGH)
        total += np.where(low, at ** float(-s), 0.0)
        at = at + low
    total += at ** (1.0 - s) / (s - 1.0) + 0.5 * at ** float(-s)
    term = s * at ** (-s - 1.0)
    for k, b in enumerate(_BERNOULLI, 1):
        total += b / math.factorial(2 * k) * term
        term = term * (s + 2 * k - 1) * (s + 2 * k) / (at * at)
    sign = 1.0 if n % 2 else -1.0
    return np.where(np.isnan(x), x, sign * math.factorial(n) * total)


@_in_double
def erfinv(x: Array) -> Array:
    """The y with erf(y) = x; ±∞ at ±1, NaN beyond."""
    size = np.abs(x)
    inner = np.where(size < 1, size, 0.5)
    log = np.log1p(-inner * inner)
    first = 2.0 / (math.pi * 0.147) + log / 2.0
    y = np.sqrt(np.sqrt(first * first - log / 0.147) - first)
    for _ in range(3):
        error = np.where(inner < 0.5, erf(y) - inner, (1.0 - inner) - erfc(y))
        step = error / (2.0 / math.sqrt(math.pi) * np.exp(-y * y))
        y = y - step / (1.0 + y * step)
    y = np.where(size < 1e-150, inner * (math.sqrt(math.pi) / 2.0), y)
    result = np.where(size < 1, y, np.where(size == 1, np.inf, np.nan))
    return np.copysign(result, x)


@_in_double
def ndtri(p: Array) -> Array:
    """The x below which a standard normal distribution has the share p; ∓∞ at 0 and 1, NaN beyond."""
    middle = np.where(p < 0, np.nan, math.sqrt(2.0) * erfinv(2.0 * p - 1.0))
    small = (p > 0) & (p < 0.25)
    log = np.log(2.0 * np.where(small, p, 0.125))
    y = np.sqrt(-log - 0.5 * np.log(-math.pi * log))
    for _ in range(5):
        reached, slope = _log_erfc(y)
        y = y - (reached - log) / slope
    return np.where(small, -math.sqrt(2.0) * y, middle)


def _log_erfc(y: Array) -> tuple[Array, Array]:
    """log erfc(y) and its derivative for y ≥ 0; from 26 on, where erfc ends, by its series."""
    near = np.minimum(y, 26.0)
    value = erfc(near)
    inverse = 1.0 / (2.0 * np.maximum(y, 26.0) ** 2)
    series = 1.0 - inverse * (1.0 - inverse * (3.0 - inverse * (15.0 - inverse * 105.0)))
    scaled = np.where(y > 26.0, series / (y * math.sqrt(math.pi)), value * np.exp(near * near))
    log = np.where(y > 26.0, np.log(scaled) - y * y, np.log(value))
    return log, -2.0 / (math.sqrt(math.pi) * scaled)
