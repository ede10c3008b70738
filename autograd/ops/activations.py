"""Activations of networks that are primitives of their own: relu and the softmax family."""

from __future__ import annotations

from typing import Any

from ..core import hyperparameters as hyper
from ..core.primitive import primitive
from ..kernels import elementwise as kernels
from ..kernels import losses as loss_kernels
from .convolution import as_operand
from .reductions import sum as sum_
from .transcendental import exp

__all__ = ["log_softmax", "relu", "softmax"]


@primitive(broadcasts=True)
def relu(x: Any) -> Any:
    """max(x, 0); slope 0 at 0; NaN stays NaN.

    Example:
        >>> import autograd as ag
        >>> ag.relu(ag.tensor([-1.0, 2.0]))
        Tensor([0., 2.])
    """
    return kernels.relu(x)


@primitive(name="relu_gradient", broadcasts=True)
def _relu_gradient(gy, y):  # type: ignore[no-untyped-def]
    return kernels.relu_gradient(gy, y)


relu.gradients(x=lambda g, out: _relu_gradient(g, out))
# Linear in gy; in y it is flat wherever it has a slope at all (exactly: also for infinite g).
_relu_gradient.gradients(gy=lambda g, y: _relu_gradient(g, y), y=lambda g: _relu_gradient(g, 0.0))


# Softmax ------------------------------------------------------------------------------------------


@primitive(name="softmax")
def _softmax(x, *, axis):  # type: ignore[no-untyped-def]
    return loss_kernels.softmax(x, axis=axis)


@primitive(name="log_softmax")
def _log_softmax(x, *, axis):  # type: ignore[no-untyped-def]
    return loss_kernels.log_softmax(x, axis=axis)


_softmax.gradients(
    x=lambda g, out, axis: out * (g - sum_(g * out, axis, True)),
)
_log_softmax.gradients(
    x=lambda g, out, axis: g - exp(out) * sum_(g, axis, True),
)


def softmax(x: Any, axis: int = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis, without overflow.

    Args:
        axis: the axis whose elements sum to 1.

    Example:
        >>> import autograd as ag
        >>> ag.softmax(ag.tensor([1e4, 1e4]))
        Tensor([0.5, 0.5])
    """
    x = as_operand("softmax", "x", x)
    return _softmax(x, hyper.axis("softmax", axis, len(x.shape)))


def log_softmax(x: Any, axis: int = -1) -> Any:
    """x − log Σ exp(x) along an axis, without overflow.

    Args:
        axis: the axis whose exponentials sum to 1.

    Example:
        >>> import autograd as ag
        >>> ag.log_softmax(ag.tensor([0.0, 1e4]))
        Tensor([-10000.,      0.])
    """
    x = as_operand("log_softmax", "x", x)
    return _log_softmax(x, hyper.axis("log_softmax", axis, len(x.shape)))
