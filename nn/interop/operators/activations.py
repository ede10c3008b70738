"""Activations and the softmax family."""

from __future__ import annotations

from typing import Any

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.promotion import as_floats, cast


def softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    return ag.softmax(as_floats(cast(self, dtype)), axis=dim)


def log_softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    return ag.log_softmax(as_floats(cast(self, dtype)), axis=dim)


def softmax_of_half(self: Any, dim: int, half_to_float: bool) -> Any:
    return ag.softmax(self, axis=dim)


def log_softmax_of_half(self: Any, dim: int, half_to_float: bool) -> Any:
    return ag.log_softmax(self, axis=dim)


def safe_softmax(self: Any, dim: int, dtype: Any = None) -> Any:
    """Softmax that is 0 where everything along the axis is −∞, instead of NaN."""
    scores = cast(self, dtype)
    nothing = ag.amax(scores.detach(), axis=dim, keepdims=True) == float("-inf")
    return ag.where(nothing, 0.0, ag.softmax(ag.where(nothing, 0.0, scores), axis=dim))


def elu(self: Any, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Any:
    return ag.elu(self, alpha=float(alpha), scale=float(scale), rate=float(input_scale))


def prelu(self: Any, weight: Any) -> Any:
    return F.prelu(self, weight)


def prelu_kernel(self: Any, weight: Any) -> Any:
    return ag.where(self > 0, self, self * weight)


TABLE: dict[str, Any] = {
    "relu": ag.relu,
    "relu6": F.relu6,
    "leaky_relu": lambda self, negative_slope=0.01: F.leaky_relu(self, float(negative_slope)),
    "elu": elu,
    "selu": F.selu,
    "celu": lambda self, alpha=1.0: F.celu(self, float(alpha)),
    "gelu": lambda self, approximate="none": F.gelu(self, approximate=approximate),
    "silu": F.silu,
    "mish": F.mish,
    "softplus": lambda self, beta=1, threshold=20: F.softplus(self, float(beta), float(threshold)),
    "softshrink": lambda self, lambd=0.5: F.softshrink(self, float(lambd)),
    "hardshrink": lambda self, lambd=0.5: F.hardshrink(self, float(lambd)),
    "hardtanh": lambda self, min_val=-1, max_val=1: F.hardtanh(
        self, float(min_val), float(max_val)
    ),
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "sigmoid": lambda self: ag.sigmoid(as_floats(self)),
    "special_expit": lambda self: ag.sigmoid(as_floats(self)),
    "tanh": lambda self: ag.tanh(as_floats(self)),
    "log_sigmoid": F.logsigmoid,
    "log_sigmoid_forward": lambda self: (F.logsigmoid(self), self),
    "threshold": lambda self, threshold, value: F.threshold(self, float(threshold), float(value)),
    "glu": lambda self, dim=-1: F.glu(self, dim),
    "prelu": prelu,
    "_prelu_kernel": prelu_kernel,
    "softmax.int": softmax,
    "special_softmax": softmax,
    "_softmax": softmax_of_half,
    "_safe_softmax": safe_softmax,
    "log_softmax.int": log_softmax,
    "special_log_softmax": log_softmax,
    "_log_softmax": log_softmax_of_half,
}
