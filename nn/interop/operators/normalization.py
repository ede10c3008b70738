"""Normalisation over batches, layers, groups and instances."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F


def batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Any:
    return F.batch_norm(
        input, running_mean, running_var, weight, bias,
        training or running_mean is None, float(momentum), eps,
    )  # fmt: skip


def _statistics(x: Any, eps: float) -> tuple[Any, Any]:
    axes = (0, *range(2, x.ndim))
    x = x.detach()  # PyTorch has no gradient of these
    return ag.mean(x, axis=axes), (ag.var(x, axis=axes, ddof=0) + eps) ** -0.5


def native_batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """The result, and the batch's mean and inverse deviation, which are empty in evaluation."""
    result = batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if training or running_mean is None:
        return result, *_statistics(input, eps)
    return result, ag.zeros(0, dtype=input.dtype), ag.zeros(0, dtype=input.dtype)


def functional_batch_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> Any:
    """As ``native_batch_norm``, with the new running statistics as results, written nowhere."""
    mean, var = ag.tensor(running_mean.data), ag.tensor(running_var.data)
    return *native_batch_norm(input, weight, bias, mean, var, training, momentum, eps), mean, var


def batch_norm_without_statistics(
    input: Any, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Any:
    return native_batch_norm(input, weight, bias, None, None, training, momentum, eps)


def batch_norm_in_evaluation(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    momentum: float,
    eps: float,
) -> Any:
    return native_batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps)


def layer_norm(
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Any:
    return F.layer_norm(input, tuple(normalized_shape), weight, bias, eps)


def native_layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float) -> Any:
    axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    x = input.detach()  # PyTorch has no gradient of mean and inverse deviation
    mean = ag.mean(x, axis=axes, keepdims=True)
    inverse = (ag.var(x, axis=axes, ddof=0, keepdims=True) + eps) ** -0.5
    return F.layer_norm(input, tuple(normalized_shape), weight, bias, eps), mean, inverse


def group_norm(
    input: Any,
    num_groups: int,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Any:
    return F.group_norm(input, num_groups, weight, bias, eps)


def native_group_norm(
    input: Any, weight: Any, bias: Any, N: int, C: int, HxW: int, group: int, eps: float
) -> Any:
    grouped = ag.reshape(input, shape=(N, group, -1))
    mean = ag.mean(grouped, axis=-1)
    inverse = (ag.var(grouped, axis=-1, ddof=0) + eps) ** -0.5
    return F.group_norm(input, group, weight, bias, eps), mean, inverse


def instance_norm(
    input: Any,
    weight: Any,
    bias: Any,
    running_mean: Any,
    running_var: Any,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Any:
    return F.instance_norm(
        input, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
    )


def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    return F.rms_norm(input, tuple(normalized_shape), weight, eps)


def fused_rms_norm(input: Any, normalized_shape: Any, weight: Any, eps: float | None) -> Any:
    axes = tuple(range(input.ndim - len(normalized_shape), input.ndim))
    least = float(np.finfo(input.dtype).eps) if eps is None else eps
    inverse = (ag.mean(input * input, axis=axes, keepdims=True) + least) ** -0.5
    return F.rms_norm(input, tuple(normalized_shape), weight, eps), inverse


def norm_except_dim(v: Any, pow: float = 2, dim: int = 0) -> Any:
    if dim == -1:
        return ag.linalg.vector_norm(v, ord=pow)
    axes = tuple(axis for axis in range(v.ndim) if axis != dim % v.ndim)
    return ag.linalg.vector_norm(v, ord=pow, axis=axes, keepdims=True)


def weight_norm_interface(v: Any, g: Any, dim: int = 0) -> Any:
    norm = norm_except_dim(v, 2, dim)
    return v * (g / norm), norm


TABLE: dict[str, Any] = {
    "batch_norm": batch_norm,
    "native_batch_norm": native_batch_norm,
    "_native_batch_norm_legit.default": native_batch_norm,
    "_native_batch_norm_legit.no_stats": batch_norm_without_statistics,
    "_native_batch_norm_legit_functional": functional_batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm_in_evaluation,
    "layer_norm": layer_norm,
    "native_layer_norm": native_layer_norm,
    "group_norm": group_norm,
    "native_group_norm": native_group_norm,
    "instance_norm": instance_norm,
    "rms_norm": rms_norm,
    "_fused_rms_norm": fused_rms_norm,
    "_weight_norm": lambda v, g, dim=0: weight_norm_interface(v, g, dim)[0],
    "_weight_norm_interface": weight_norm_interface,
    "norm_except_dim": norm_except_dim,
    "renorm": ag.renorm,
}
