"""Functions of functions: gradients of functions, and checks of gradients."""

from .check import GradcheckError, gradcheck, gradgradcheck
from .checkpoint import checkpoint
from .compare import Comparison, compare
from .transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__all__ = [
    "Comparison",
    "GradcheckError",
    "checkpoint",
    "compare",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "value_and_grad",
    "vjp",
]
