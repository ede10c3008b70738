"""The error function and its complement, vectorised, to the last digits of float64.

NumPy has neither, and calling ``math.erf`` for every element is a hundred times slower. The
coefficients are of our own making: Chebyshev expansions computed with 50 digits, rearranged by
powers, and cut where the dtype ends.

* |x| < 1: erf(x) = x · P(2x² − 1).
* beyond: erfc(x) = exp(−x²) · Q(s) / (1 + 2x) with s = (4t − 1)/3, t = (x − 3)/(x + 3), which maps
  [1, ∞) to [−1, 1]. The factor (1 + 2x) takes out the decay of exp(x²) · erfc(x), so that Q is
  smooth up to infinity.
* erf to the digits of float32, for all x: x · top(x²) / bottom(x²) with |x| cut at 4, a rational
  function fitted for the least relative error (2e-9) and worked out in double precision. One
  formula for all elements is several times as fast as two for some each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.kernels import native
from autograd.kernels.tuning import BLOCK

__all__ = ["cospi", "erf", "erfc", "real_alone", "sinc", "sinpi", "tanhshrink"]

Array = np.ndarray[Any, Any]

# fmt: off
_P = (
    0.9654687386698673, -0.1405360890227171, 0.019852496688983708, -0.0022854855611440673,
    0.00021751715604160108, -1.75371694414921e-05, 1.223382738352401e-06, -7.511569160678138e-08,
    4.11580059766496e-09, -2.0352493920247854e-10, 9.167606746069445e-12, -3.7910930392717217e-13,
    1.454817075960679e-14, -5.166061616805981e-16,
)
_P_SINGLE = (
    0.9654687386375511, -0.1405360890155293, 0.01985249772277959, -0.0022854856569544946,
    0.00021751198975739192, -1.7536824687371807e-05, 1.2316401734510412e-06, -7.557492821680298e-08,
)
_Q = (
    1.217751015063755, -0.10601129557561727, 0.008036606418316012, 0.01943509794132386,
    -0.017203840518313855, 0.008834602509000339, -0.0030422185745162095, 0.0006022571917391477,
    1.4613621250627787e-05, -4.8730846823289696e-05, 9.950105028504883e-06, 2.3581741718833306e-06,
    -1.308448857241801e-06, -6.772703361333696e-08, 1.4498860045493958e-07, -3.0763949424906206e-09,
    -1.6706256694685684e-08, 8.010206464965495e-10, 2.0541483137091355e-09, -8.117152674116291e-11,
    -2.4011592370126294e-10, 3.830545729855475e-12, 1.8427915638601828e-11,
)
_Q_SINGLE = (
    1.2177510155170335, -0.10601129534258813, 0.008036573466062647, 0.01943509142299967,
    -0.01720345081776756, 0.008834654574153741, -0.0030439157619737245, 0.0006020791631432255,
    1.8001353364290525e-05, -4.843571612260415e-05, 6.724455046292474e-06, 2.12523044842593e-06,
)
_TOP = (
    1.1283791693792984, 0.18520294532018775, 0.054316939778591526, 0.0038496087165257407,
    0.0003796114414594155, 4.684852773333568e-06, -1.3202600560521875e-08,
)
_BOTTOM = (
    1.0, 0.4974652506935278, 0.11395835950977456, 0.015462093092473943, 0.0013075727603219383,
    6.311129117432474e-05,
)
#: (x − tanh x) / x³ for |x| < 1/2, as a polynomial in x² (Chebyshev fit, error below 1e-19).
_SHRINK = (
    0.3333333333333333, -0.1333333333333333, 0.05396825396824835, -0.02186948853573452,
    0.0088632355135931, -0.0035921276627198383, 0.0014558289383351634, -0.0005899749383754306,
    0.00023878930525840224, -9.544524503270839e-05, 3.514809431531453e-05, -8.859223816010494e-06,
)
# fmt: on

#: erf rounds to 1 in float32 from here on.
_ONE = 4.0

#: So many numbers at a time stay in the cache through all steps of a polynomial.

#: erfc is 0 in float64 from here on.
_END = 27.5


def erf(x: Any) -> Any:
    """2/√π times the integral of exp(−t²) from 0 to x.

    >>> float(erf(np.array(0.5)))
    0.5204998778130465
    """
    if native.alike(x):
        y = np.empty_like(x)
        native.library.unary("erf", x, 0.0, 0.0, y)
        return y
    return _by_parts(x, lambda v, single: v * _near(v, single), _erf_far, _erf_single)


def erfc(x: Any) -> Any:
    """1 − erf(x), with full relative precision also where erf(x) is close to 1.

    >>> float(erfc(np.array(10.0)))  # doctest: +ELLIPSIS
    2.08848758376254...e-45
    """
    return _by_parts(x, lambda v, single: 1.0 - v * _near(v, single), _erfc_far)


def tanhshrink(x: Any) -> Any:
    """x − tanh(x), near 0 by its own series: there x and tanh(x) agree in nearly all digits.

    >>> float(tanhshrink(np.array(1e-5)))  # doctest: +ELLIPSIS
    3.33333333...e-16
    """
    x = np.asarray(x)
    close = abs(x) < 0.5
    out = np.asarray(x - np.tanh(x))
    near = x[close]
    out[close] = near * (near * near * _polynomial(_SHRINK, near * near))
    return out


def sinpi(x: Any) -> Any:
    """sin(πx): of what is left when whole turns are taken away, which is exact, unlike π · x.

    >>> float(sinpi(np.array(1e6))), float(sinpi(np.array(1e6 + 0.5)))
    (0.0, 1.0)
    """
    whole = np.rint(x)
    return _turns(whole) * np.sin(np.pi * (x - whole))


def cospi(x: Any) -> Any:
    """cos(πx), likewise.

    >>> float(cospi(np.array(1e6 + 0.5))), float(cospi(np.array(1e6 + 1)))
    (0.0, -1.0)
    """
    whole = np.rint(x)
    return _turns(whole) * np.sin(np.pi * (0.5 - abs(x - whole)))


def _turns(whole: Any) -> Any:
    """1 for even numbers, −1 for odd ones."""
    return 1.0 - 2.0 * np.remainder(whole, 2.0)


def sinc(x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0.

    >>> float(sinc(np.array(0.5)))  # doctest: +ELLIPSIS
    0.63661977236758...
    """
    if np.asarray(x).dtype.kind != "f":
        return np.sinc(x)
    below = np.where(x == 0, 1.0, np.pi * x)
    return np.where(x == 0, 1.0, sinpi(x) / below).astype(x.dtype)


def real_alone(x: Any) -> Any:
    """An array of x.

    Raises:
        TypeError: for complex numbers, whose imaginary part would be dropped.
    """
    x = np.asarray(x)
    if x.dtype.kind == "c":
        raise TypeError("x must be real, got complex numbers")
    return x


def _by_parts(x: Any, near: Any, far: Any, for_single: Any = None) -> Any:
    """Evaluate in float64, where |x| < 1 by the one formula, elsewhere (and for NaN) the other.

    ``for_single`` is one formula for all x, good enough where the result is single precision.
    """
    x = real_alone(x)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)
    single = dtype.itemsize <= 4
    order = sorted(range(x.ndim), key=lambda axis: (-abs(x.strides[axis]), axis))
    laid_out = x.transpose(order)  # so that the result has x's memory order
    flat = np.ascontiguousarray(laid_out).reshape(-1)
    out = np.empty(flat.shape, dtype)
    for start in range(0, flat.size, BLOCK):
        block = flat[start : start + BLOCK].astype(np.float64)
        if single and for_single is not None:
            out[start : start + BLOCK] = for_single(block)
            continue
        close = abs(block) < 1.0
        if close.all():
            block = near(block, single)
        else:
            away = ~close
            block[close], block[away] = near(block[close], single), far(block[away], single)
        out[start : start + BLOCK] = block
    return out.reshape(laid_out.shape).transpose(np.argsort(order))


def _near(x: Array, single: bool) -> Array:
    return _polynomial(_P_SINGLE if single else _P, 2.0 * x * x - 1.0)


def _erf_single(x: Array) -> Array:
    np.clip(x, -_ONE, _ONE, out=x)
    square = x * x
    x *= _polynomial(_TOP, square)
    x /= _polynomial(_BOTTOM, square)
    return x


def _erf_far(x: Array, single: bool) -> Array:
    return np.copysign(1.0 - _tail(abs(x), single), x)


def _erfc_far(x: Array, single: bool) -> Array:
    tail = _tail(abs(x), single)
    return np.where(x < 0, 2.0 - tail, tail)


def _tail(x: Array, single: bool) -> Array:
    """erfc of x ≥ 1."""
    x = np.minimum(x, _END)  # keeps ∞ out of the arithmetic; NaN stays
    t = (x - 3.0) / (x + 3.0)
    smooth = _polynomial(_Q_SINGLE if single else _Q, (4.0 * t - 1.0) / 3.0)
    # x² has a rounding error that exp would blow up: the rounded part's square is exact.
    high = np.rint(x * 16.0) / 16.0
    decay = np.exp(-high * high) * np.exp((high - x) * (high + x))
    return decay * smooth / (1.0 + 2.0 * x)


def _polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """Horner's scheme, in place."""
    result = np.full_like(x, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        result *= x
        result += c
    return result
