"""Functions of functions: gradients of functions, and checks of gradients."""

from autograd.func.checkpoint import checkpoint
from autograd.func.transforms import grad, hessian, hvp, jacobian, jvp, value_and_grad, vjp
from autograd.gradcheck.check import GradcheckError, gradcheck, gradgradcheck
from autograd.gradcheck.compare import Comparison, compare

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
