"""The error function, its complement and its inverse; the logarithm of the gamma function."""

from __future__ import annotations

import math
from typing import Any

from autograd import arguments
from autograd.arguments.arrays import array_like
from autograd.core.primitive import primitive
from autograd.kernels import gamma
from autograd.kernels import special as kernels
from autograd.ops.transcendental import exp

__all__ = ["digamma", "erf", "erfc", "erfinv", "lgamma", "polygamma"]

_SLOPE = 2.0 / math.sqrt(math.pi)


@primitive(broadcasts=True, scalar=math.erf)
def erf(x: Any) -> Any:
    """Error function: 2/√π times the integral of exp(−t²) from 0 to x.

    Example:
        >>> import autograd as ag
        >>> round(ag.erf(ag.tensor(0.5)).item(), 4)
        0.5205
    """
    return kernels.erf(x)


@primitive(broadcasts=True, scalar=math.erfc)
def erfc(x: Any) -> Any:
    """1 − erf(x), with full precision also where that is tiny."""
    return kernels.erfc(x)


erf.gradients(x=lambda g, x: g * (_SLOPE * exp(-(x * x))))
erfc.gradients(x=lambda g, x: g * (-_SLOPE * exp(-(x * x))))


@primitive(broadcasts=True)
def erfinv(x: Any) -> Any:
    """The inverse of ``erf``: ±∞ at ±1, NaN beyond.

    Example:
        >>> import autograd as ag
        >>> round(ag.erfinv(ag.tensor(0.5)).item(), 4)
        0.4769
    """
    return gamma.erfinv(x)


erfinv.gradients(x=lambda g, out: g * (exp(out * out) / _SLOPE))


@primitive(broadcasts=True)
def ndtri(x: Any) -> Any:
    """Below which number a share x of a standard normal distribution is.

    ∓∞ at 0 and 1, NaN beyond; small shares keep all their digits.
    """
    return gamma.ndtri(x)


ndtri.gradients(x=lambda g, out: g * (math.sqrt(2.0 * math.pi) * exp(out * out * 0.5)))


@primitive(broadcasts=True)
def lgamma(x: Any) -> Any:
    """The logarithm of the absolute value of the gamma function; +∞ at 0, −1, −2 …

    Example:
        >>> import autograd as ag
        >>> round(ag.lgamma(ag.tensor(5.0)).item(), 4)  # ln 4!
        3.1781
    """
    return gamma.lgamma(x)


@primitive(broadcasts=True)
def digamma(x: Any) -> Any:
    """The derivative of ``lgamma``; −∞ at 0, NaN at the other poles.

    Example:
        >>> import autograd as ag
        >>> round(ag.digamma(ag.tensor(1.0)).item(), 4)  # minus Euler's constant
        -0.5772
    """
    return gamma.digamma(x)


@primitive(name="polygamma", elementwise=True)
def _polygamma(x: Any, *, n: int) -> Any:
    return gamma.polygamma(x, n)


def polygamma(n: int, x: Any) -> Any:
    """The n-th derivative of ``digamma``, n ≥ 0.

    Raises:
        ValueError: for a negative n, or one above 100.

    Example:
        >>> import autograd as ag
        >>> round(ag.polygamma(1, ag.tensor(1.0)).item(), 4)  # π²/6
        1.6449
    """
    n = arguments.integer("polygamma", "n", n, 0)
    x = array_like("polygamma", x)
    if n > 100:
        raise ValueError(f"polygamma: n must be at most 100, got {n}")
    return _polygamma(x, n=n) if n else digamma(x)


lgamma.gradients(x=lambda g, x: g * digamma(x))
digamma.gradients(x=lambda g, x: g * _polygamma(x, n=1))
_polygamma.gradients(x=lambda g, x, n: g * _polygamma(x, n=n + 1))
