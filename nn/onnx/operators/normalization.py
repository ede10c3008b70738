"""Normalisation and the fused losses, by their parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nn.onnx.call import Call
from nn.onnx.graph import Builder

__all__ = ["HIDDEN", "TABLE"]


def normalize(b: Builder, call: Call) -> tuple[str, str, str, str]:
    axes, x, groups = call.axes("axes"), call.x(0, call.dtype), call["groups"]
    parameters = [call.x(k, call.dtype) if call.has(k) else None for k in (1, 2)]
    if groups is not None:
        if axes is not None and 1 in axes:
            return _of_groups(b, call, x, parameters)
        ones = (1,) * (len(call.shape) - 2)
        parameters = [p and b.node("Reshape", [p, b.ints(-1, *ones)]) for p in parameters]
    y, mean, rate, variance = _normalized(b, call, x, axes)
    return _scaled(b, y, *parameters), mean, rate, variance


def _normalized(b: Builder, call: Call, x: str, axes: Any) -> tuple[str, str, str, str]:
    given = [] if axes is None else [b.ints(*axes)]
    mean = b.node("ReduceMean", [x, *given], keepdims=1)
    if not call["centred"]:
        mean = b.node("Mul", [mean, b.constant(0.0, call.dtype)])
    centred = b.node("Sub", [x, mean]) if call["centred"] else x
    variance = b.node("ReduceMean", [b.node("Mul", [centred, centred]), *given], keepdims=1)
    raised = b.node("Add", [variance, b.constant(call["eps"], call.dtype)])
    rate = b.node("Reciprocal", [b.node("Sqrt", [raised])])
    return b.node("Mul", [centred, rate]), mean, rate, variance


def _scaled(b: Builder, y: str, weight: str | None, bias: str | None) -> str:
    y = y if weight is None else b.node("Mul", [y, weight])
    return y if bias is None else b.node("Add", [y, bias])


def _of_groups(
    b: Builder, call: Call, x: str, parameters: list[str | None]
) -> tuple[str, str, str, str]:
    """Each group of channels as one axis, for what is averaged over, then as it was."""
    ones = (1,) * (len(call.shape) - 2)
    shape = b.node("Shape", [x])
    y, *statistics = _normalized(
        b, call, b.node("Reshape", [x, b.ints(0, call["groups"], -1)]), (2,)
    )
    y = b.node("Reshape", [y, shape])
    weight, bias = (p and b.node("Reshape", [p, b.ints(-1, *ones)]) for p in parameters)
    kept = b.ints(0, 0, *(1,) * (len(call.shape) - 1))
    mean, rate, variance = (b.node("Reshape", [each, kept]) for each in statistics)
    return _scaled(b, y, weight, bias), mean, rate, variance


def binary_cross_entropy(b: Builder, call: Call) -> str:
    x, target, one = call.x(0, call.dtype), call.x(1, call.dtype), b.constant(1.0, call.dtype)
    least = b.constant(-100.0, call.dtype)
    rest = b.node("Max", [b.node("Log", [b.node("Sub", [one, x])]), least])
    wanted = b.node("Mul", [target, b.node("Max", [b.node("Log", [x]), least])])
    return b.node("Sub", [b.node("Mul", [b.node("Sub", [target, one]), rest]), wanted])


# Cross-entropy ------------------------------------------------------------------------------------


def _class_axis(shape: Any) -> int:
    return min(1, len(shape) - 1)


def kept(b: Builder, call: Call) -> str:
    """Which samples count."""
    ignored = b.constant(call["ignore_index"], call.dtype_of(1))
    return b.node("Not", [b.node("Equal", [call.x(1), ignored])])


def chosen(b: Builder, call: Call) -> str:
    """One-hot: which class is wanted; none for samples that do not count."""
    axis = _class_axis(call.shape)
    classes = np.arange(call.fixed(0, axis)[0]).reshape((-1,) + (1,) * (len(call.shape) - 1 - axis))
    wanted = b.unsqueeze(call.x(1), axis)
    found = b.node("Equal", [wanted, b.constant(classes, call.dtype_of(1))])
    return b.node("And", [found, b.unsqueeze(kept(b, call), axis)])


def _class_factor(b: Builder, call: Call) -> str:
    axis = _class_axis(call.shape)
    if not call.has(2):
        return b.constant(1.0, call.dtype)
    trailing = (1,) * (len(call.shape) - 1 - axis)
    return b.node("Reshape", [call.x(2, call.dtype), b.ints(-1, *trailing)])


def total(b: Builder, call: Call) -> str:
    """What a mean is divided by: the sum of the wanted classes' weights."""
    zero = b.constant(0.0, call.dtype)
    factors = b.node("Where", [chosen(b, call), _class_factor(b, call), zero])
    return b.node("ReduceSum", [factors], keepdims=0)


def cross_entropy(b: Builder, call: Call) -> tuple[str, str]:
    """As its composite: sums over the wanted classes' logarithms."""
    axis, dtype = _class_axis(call.shape), call.dtype
    smoothing, reduction = float(call["label_smoothing"]), call["reduction"]
    log_p, zero = b.node("LogSoftmax", [call.x()], axis=axis), b.constant(0.0, dtype)
    wanted, counts, over = chosen(b, call), kept(b, call), b.ints(axis)
    factor = _class_factor(b, call)
    weighted = b.node("Mul", [log_p, factor])
    loss = b.node("Where", [wanted, weighted, zero])
    loss = b.node("ReduceSum", [loss, over], keepdims=0)
    loss = b.node("Mul", [loss, b.constant(smoothing - 1.0, dtype)])
    if smoothing:
        everywhere = b.node("ReduceSum", [weighted, over], keepdims=0)
        share = b.constant(smoothing / call.fixed(0, axis)[0], dtype)
        everywhere = b.node("Where", [counts, b.node("Mul", [everywhere, share]), zero])
        loss = b.node("Sub", [loss, everywhere])
    if reduction != "none":
        loss = b.node("ReduceSum", [loss], keepdims=0)
    if reduction == "mean":
        loss = b.node("Div", [loss, total(b, call)])
    return loss, b.node("Softmax", [call.x()], axis=axis)


def nll_loss(b: Builder, call: Call) -> str:
    """As its composite: minus the numbers of the wanted classes."""
    zero = b.constant(0.0, call.dtype)
    weighted = b.node("Mul", [call.x(0, call.dtype), _class_factor(b, call)])
    loss = b.node("Where", [chosen(b, call), weighted, zero])
    loss = b.node("ReduceSum", [loss, b.ints(_class_axis(call.shape))], keepdims=0)
    loss = b.node("Neg", [loss])
    if call["reduction"] != "none":
        loss = b.node("ReduceSum", [loss], keepdims=0)
    if call["reduction"] == "mean":
        loss = b.node("Div", [loss, total(b, call)])
    return loss


def _kept_array(x: Any, targets: Any, weight: Any = None, *, ignore_index: int, **rest: Any) -> Any:
    return np.asarray(targets != ignore_index)


def _chosen_array(
    x: Any, targets: Any, weight: Any = None, *, ignore_index: int, **rest: Any
) -> Any:
    axis = _class_axis(x.shape)
    classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    counts = np.expand_dims(targets != ignore_index, axis)
    return counts & (np.expand_dims(targets, axis) == classes)


def _total_array(x: Any, targets: Any, weight: Any = None, **rest: Any) -> Any:
    wanted = _chosen_array(x, targets, weight, **rest)
    if weight is None:
        return float(wanted.sum())
    axis = _class_axis(x.shape)
    factor = weight.reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    return np.where(wanted, factor, 0.0).sum(axis).sum()


HIDDEN: dict[str, dict[str, tuple[Callable[..., Any], Callable[[Builder, Call], str]]]] = {
    "cross_entropy": {
        "kept": (_kept_array, kept),
        "chosen": (_chosen_array, chosen),
        "total": (_total_array, total),
    },
}

TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "normalize": normalize,
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "nll_loss": nll_loss,
}
