"""The error function and its complement."""

from __future__ import annotations

import math
from typing import Any

from autograd.core.primitive import primitive
from autograd.kernels import special as kernels
from autograd.ops.transcendental import exp

__all__ = ["erf", "erfc"]

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
