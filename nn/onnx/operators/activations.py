"""Activations: those that ONNX has, and those that are written with its arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nn.onnx.call import Call
from nn.onnx.graph import Builder
from nn.onnx.operators.elementwise import log1p

__all__ = ["TABLE"]


def _n(b: Builder, call: Call, value: float) -> str:
    return b.constant(value, call.dtype)


def relu_gradient(b: Builder, call: Call) -> str:
    zero = _n(b, call, 0.0)
    flat = b.node("Equal", [call.x(1, call.dtype), zero])
    return b.node("Where", [flat, zero, call.x(0, call.dtype)])


def leaky_relu(b: Builder, call: Call) -> str:
    return b.node("LeakyRelu", [call.x()], alpha=float(call["negative_slope"]))


def prelu(b: Builder, call: Call) -> str:
    x, slope = call.x(0, call.dtype), call.x(1, call.dtype)
    above = b.node("Greater", [x, _n(b, call, 0.0)])
    return b.node("Where", [above, x, b.node("Mul", [x, slope])])


def elu(b: Builder, call: Call) -> str:
    alpha, scale, rate = (float(call[k]) for k in ("alpha", "scale", "rate"))
    if rate == 1.0:
        y = b.node("Elu", [call.x()], alpha=alpha)
        return y if scale == 1.0 else b.node("Mul", [y, _n(b, call, scale)])
    if scale == 1.0 and alpha and rate == 1.0 / alpha:
        return b.node("Celu", [call.x()], alpha=alpha)
    above = b.node("Greater", [call.x(), _n(b, call, 0.0)])
    below = b.node("Mul", [exp_below(b, call, rate), _n(b, call, scale * alpha)])
    below = b.node("Sub", [below, _n(b, call, scale * alpha)])
    return b.node("Where", [above, b.node("Mul", [call.x(), _n(b, call, scale)]), below])


def exp_below(b: Builder, call: Call, rate: float) -> str:
    below = b.node("Min", [call.x(), _n(b, call, 0.0)])
    return b.node("Exp", [b.node("Mul", [below, _n(b, call, rate)])])


def exp_below_zero(b: Builder, call: Call) -> str:
    above = b.node("Greater", [call.x(), _n(b, call, 0.0)])
    return b.node("Where", [above, _n(b, call, 0.0), exp_below(b, call, float(call["rate"]))])


def threshold(b: Builder, call: Call) -> str:
    below = b.node("LessOrEqual", [call.x(), _n(b, call, call["threshold"])])
    return b.node("Where", [below, _n(b, call, call["value"]), call.x()])


def _soft(b: Builder, call: Call, x: str) -> str:
    """log(1 + exp(x)) = max(x, 0) + log1p(exp(−|x|))."""
    small = b.node("Exp", [b.node("Neg", [b.node("Abs", [x])])])
    return b.node("Add", [b.node("Max", [x, _n(b, call, 0.0)]), log1p(b, call, small)])


def softplus(b: Builder, call: Call) -> str:
    beta, limit = float(call["beta"]), float(call["threshold"])
    scaled = call.x() if beta == 1.0 else b.node("Mul", [call.x(), _n(b, call, beta)])
    smooth = _soft(b, call, scaled)
    if beta != 1.0:
        smooth = b.node("Div", [smooth, _n(b, call, beta)])
    return b.node("Where", [b.node("Greater", [scaled, _n(b, call, limit)]), call.x(), smooth])


def _logistic_slope(b: Builder, call: Call) -> str:
    """σ(x) σ(−x), which keeps its digits where σ(x) is nearly 1."""
    turned = b.node("Neg", [call.x()])
    return b.node("Mul", [b.node("Sigmoid", [call.x()]), b.node("Sigmoid", [turned])])


def log_sigmoid(b: Builder, call: Call) -> str:
    return b.node("Neg", [_soft(b, call, b.node("Neg", [call.x()]))])


def silu(b: Builder, call: Call) -> str:
    return b.node("Mul", [call.x(), b.node("Sigmoid", [call.x()])])


def mish(b: Builder, call: Call) -> str:
    return b.node("Mul", [call.x(), b.node("Tanh", [_soft(b, call, call.x())])])


def gelu(b: Builder, call: Call) -> str:
    if b.opset >= 20:
        return b.node("Gelu", [call.x()])
    inner = b.node("Erf", [b.node("Mul", [call.x(), _n(b, call, math.sqrt(0.5))])])
    weight = b.node("Mul", [b.node("Add", [inner, _n(b, call, 1.0)]), _n(b, call, 0.5)])
    return b.node("Mul", [call.x(), weight])


def gelu_tanh(b: Builder, call: Call) -> str:
    if b.opset >= 20:
        return b.node("Gelu", [call.x()], approximate="tanh")
    cube = b.node("Mul", [call.x(), b.node("Mul", [call.x(), call.x()])])
    inner = b.node("Add", [call.x(), b.node("Mul", [cube, _n(b, call, 0.044715)])])
    inner = b.node("Mul", [inner, _n(b, call, 2.0 * math.sqrt(2.0 / math.pi))])
    return b.node("Mul", [call.x(), b.node("Sigmoid", [inner])])


def hardtanh(b: Builder, call: Call) -> str:
    return b.node("Clip", [call.x(), _n(b, call, call["low"]), _n(b, call, call["high"])])


def _ramp(b: Builder, call: Call) -> str:
    moved = b.node("Add", [call.x(), _n(b, call, 3.0)])
    limited = b.node("Clip", [moved, _n(b, call, 0.0), _n(b, call, 6.0)])
    return b.node("Div", [limited, _n(b, call, 6.0)])


def hardswish(b: Builder, call: Call) -> str:
    return b.node("Mul", [call.x(), _ramp(b, call)])


def _within(b: Builder, call: Call, bound: float) -> str:
    inside = b.node("LessOrEqual", [b.node("Abs", [call.x()]), _n(b, call, bound)])
    return inside


def hardshrink(b: Builder, call: Call) -> str:
    inside = _within(b, call, float(call["bound"]))
    return b.node("Where", [inside, _n(b, call, 0.0), call.x()])


def softshrink(b: Builder, call: Call) -> str:
    bound = float(call["bound"])
    moved = b.node("Mul", [b.node("Sign", [call.x()]), _n(b, call, bound)])
    inside = _within(b, call, bound)
    return b.node("Where", [inside, _n(b, call, 0.0), b.node("Sub", [call.x(), moved])])


def dot_along(b: Builder, call: Call) -> str:
    product = b.node("Mul", [call.x(0, call.dtype), call.x(1, call.dtype)])
    return b.node("ReduceSum", [product, b.ints(call.axis())], keepdims=1)


TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "relu": lambda b, call: b.node("Relu", [call.x()]),
    "relu_gradient": relu_gradient,
    "leaky_relu": leaky_relu,
    "prelu": prelu,
    "elu": elu,
    "exp_below_zero": exp_below_zero,
    "threshold": threshold,
    "sigmoid": lambda b, call: b.node("Sigmoid", [call.x()]),
    "logistic": lambda b, call: b.node("Sigmoid", [call.x()]),
    "logistic_slope": _logistic_slope,
    "softplus": softplus,
    "log_sigmoid": log_sigmoid,
    "silu": silu,
    "mish": mish,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "softsign": lambda b, call: b.node("Softsign", [call.x()]),
    "tanhshrink": lambda b, call: b.node("Sub", [call.x(), b.node("Tanh", [call.x()])]),
    "hardtanh": hardtanh,
    "hardsigmoid": _ramp,
    "hardswish": hardswish,
    "hardshrink": hardshrink,
    "softshrink": softshrink,
    "softmax": lambda b, call: b.node("Softmax", [call.x()], axis=call.axis()),
    "log_softmax": lambda b, call: b.node("LogSoftmax", [call.x()], axis=call.axis()),
    "dot_along": dot_along,
}
