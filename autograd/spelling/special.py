"""``autograd.special``: functions under the names of ``torch.special``.

Example:
    >>> import autograd as ag
    >>> round(ag.special.expit(ag.tensor(0.0)).item(), 2)
    0.5
"""

from __future__ import annotations

import math
from typing import Any

from autograd import arguments
from autograd.ops.activations import log_softmax, softmax
from autograd.ops.elementwise import add, multiply, negative, sqrt, where
from autograd.ops.reductions import logsumexp
from autograd.ops.special import digamma, erf, erfc, erfinv, ndtri, polygamma
from autograd.ops.special import lgamma as gammaln
from autograd.ops.transcendental import exp2, expm1, log1p, sinc
from autograd.ops.transcendental import sigmoid as expit
from autograd.spelling.arithmetic import logit, times_log, xlogy
from autograd.spelling.blame import blaming
from autograd.spelling.keywords import spelled
from autograd.spelling.matrices import mvlgamma as multigammaln
from autograd.spelling.operands import operands

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfinv", "exp2", "expit", "expm1", "gammaln", "log1p",
    "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "sinc",
    "softmax", "xlog1py", "xlogy",
]  # fmt: skip

psi = digamma


@operands("x")
@arguments.in_single
def entr(x: Any) -> Any:
    """``−x · log(x)``: 0 at 0, where its slope is infinite; −∞ below."""
    positive = negative(xlogy(x, where(x <= 0, 1.0, x)))
    at_zero = sqrt(where(x == 0, add(x, 0.0), 1.0))  # 0, and as steep; −0 + 0 is 0
    return where(x < 0, -math.inf, where(x == 0, at_zero, positive))


@arguments.in_single
def ndtr(x: Any) -> Any:
    """The share of a standard normal distribution that is below x."""
    return multiply(0.5, erfc(multiply(x, -math.sqrt(0.5))))


def xlog1py(x: Any, other: Any) -> Any:
    """``x * log1p(other)``; 0 where x is 0, also of other = −1."""
    return times_log("xlog1py", x, other, log1p, -1.0)


for _name in __all__:
    globals()[_name] = spelled(globals()[_name])
    if globals()[_name].__module__.startswith("autograd.spelling."):
        globals()[_name] = blaming(_name, globals()[_name])
