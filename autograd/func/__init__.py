"""Functions of functions: gradients of functions, and checks of gradients."""

from .check import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]
