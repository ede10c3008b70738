"""Normalisation: mean 0 and variance 1 over a batch, a layer, groups or instances."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import floating, floats

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "rms_norm",
]


# Over the batch -----------------------------------------------------------------------------------


def batch_norm(
    input: Any,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Every channel to mean 0 and variance 1 over the batch, then times weight plus bias.

    Source: Ioffe & Szegedy, "Batch normalization", 2015.

    Args:
        input: shape (N, C) or (N, C, *S).
        running_mean, running_var: shape (C,) each, or None. When not training they are what is
            subtracted and divided by; in training they are written into,
            ``(1 − momentum)·running + momentum·batch`` (with the unbiased variance).
        weight, bias: shape (C,), or None.
        training: normalise with the batch's own statistics. Default False.
        momentum: see above. Default 0.1.
        eps: added to the variance. Default 1e-5.

    Raises:
        ValueError: for shapes that do not fit, for missing running statistics, and for training
            on a single value per channel.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.batch_norm(autograd.tensor([[1.0], [3.0]]), None, None, training=True, eps=0.0).tolist()
        [[-1.0], [1.0]]
    """
    who = "batch_norm"
    momentum = arguments.real(who, "momentum", momentum)
    if not arguments.boolean(who, "training", training):
        return normalized_by(who, input, running_mean, running_var, weight, bias, eps)
    result, mean, variance = normalized_by_batch(who, input, weight, bias, eps)
    if mean is not None:
        each_time = autograd.func.each_time
        each_time(moved, who, "running_mean", running_mean, mean, momentum)
        each_time(moved, who, "running_var", running_var, variance, momentum)
    return result


def _channels(who: str, input: Any, least: int = 2, **values: Any) -> int:
    """Number of channels, of which each has one of the values."""
    shape = input.shape
    if len(shape) < least:
        raise ValueError(f"{who}: input must be (N, C) or (N, C, *S), got shape {shape}")
    channels: int = shape[1]
    for name, value in values.items():
        if value is not None and value.shape != (channels,):
            raise ValueError(
                f"{who}: {name} must have shape ({channels},), one per channel, got {value.shape}"
            )
    return channels


def normalized_by_batch(
    who: str, input: Any, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any, Any]:
    """Batch norm in training, and the batch's mean and unbiased variance as arrays, shape (C,).

    For an empty batch, which has none, the statistics are None.
    """
    input, weight, bias = floats(who, input=input, weight=weight, bias=bias)
    channels = _channels(who, input, weight=weight, bias=bias)
    count = math.prod(input.shape) // channels if channels else 0
    if count == 1:
        raise ValueError(
            f"{who}: training needs more than 1 value per channel, got input {input.shape}; "
            "call eval() to use the running statistics"
        )
    if not count:
        over = (1, channels) + (1,) * (len(input.shape) - 2)
        empty = input if weight is None else input * autograd.reshape(weight, over)
        return (empty if bias is None else empty + autograd.reshape(bias, over)), None, None
    axes = (0, *range(2, len(input.shape)))
    result, mean, _, variance = autograd.normalize(
        input, weight, bias, axes=axes, eps=arguments.real(who, "eps", eps, 0.0), groups=1
    )
    statistics = autograd.func.each_time(_unbiased, mean, variance, channels, count)
    return result, *statistics


def _unbiased(mean: Any, variance: Any, channels: int, count: int) -> tuple[Any, Any]:
    unbiased = np.asarray(arguments.raw(variance)).reshape(channels) * (count / (count - 1))
    return np.asarray(arguments.raw(mean)).reshape(channels), unbiased


@arguments.in_single
def normalized_by(
    who: str, input: Any, mean: Any, variance: Any, weight: Any, bias: Any, eps: float
) -> Any:
    """Batch norm with given statistics: one scale and one shift per channel."""
    input, mean, variance, weight, bias = floats(
        who, input=input, running_mean=mean, running_var=variance, weight=weight, bias=bias
    )
    if mean is None or variance is None:
        raise ValueError(
            f"{who}: without training, running_mean and running_var must be given, got None"
        )
    eps = arguments.real(who, "eps", eps)
    channels = _channels(
        who, input, running_mean=mean, running_var=variance, weight=weight, bias=bias
    )
    scale = (variance + eps) ** -0.5
    if weight is not None:
        scale = scale * weight
    shift = -mean * scale
    shift = shift if bias is None else shift + bias
    over = (1, channels) + (1,) * (len(input.shape) - 2)
    return input * autograd.reshape(scale, over) + autograd.reshape(shift, over)


def moved(who: str, name: str, running: Tensor | None, batch: Any, momentum: float) -> None:
    """Write a running statistic's new value into it."""
    if running is None:
        return
    if not isinstance(running, Tensor):
        raise TypeError(
            f"{who}: {name} must be a Tensor, for training writes into it, "
            f"got {type(running).__name__}"
        )
    if running.shape != batch.shape:
        raise ValueError(
            f"{who}: {name} must have shape {batch.shape}, one per channel, got {running.shape}"
        )
    with autograd.no_grad(), autograd.writable(running) as array:
        array[...] = (1.0 - momentum) * arguments.single(array) + momentum * arguments.single(batch)


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


# Over one sample ----------------------------------------------------------------------------------


def layer_norm(
    input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Mean 0 and variance 1 over the last axes of each sample, then times weight plus bias.

    Source: Ba, Kiros & Hinton, "Layer normalization", 2016.

    Args:
        input: shape (..., *normalized_shape).
        normalized_shape: the last axes' sizes, or the last one's.
        weight, bias: of ``normalized_shape``, or None.
        eps: added to the variance. Default 1e-5.

    Raises:
        ValueError: for shapes that do not fit.
    """
    who = "layer_norm"
    input, weight, bias = floats(who, input=input, weight=weight, bias=bias)
    axes = _layer(who, input, normalized_shape, weight=weight, bias=bias)
    return autograd.normalize(
        input, weight, bias, axes=axes, eps=arguments.real(who, "eps", eps, 0.0)
    )[0]


@arguments.in_single
def rms_norm(
    input: Any, normalized_shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    """x / √(mean(x²) + eps) over the last axes of each sample, then times weight.

    Source: Zhang & Sennrich, "Root mean square layer normalization", 2019.

    Args:
        input, normalized_shape, weight: as in `layer_norm`.
        eps: added to the mean square. Default: the spacing of numbers at 1 in the input's dtype.
    """
    who = "rms_norm"
    input, weight = floats(who, input=input, weight=weight)
    axes = _layer(who, input, normalized_shape, weight=weight)
    if eps is None:
        eps = float(np.finfo(input.dtype if input.dtype.kind == "f" else np.float64).eps)
    eps = arguments.real(who, "eps", eps, 0.0)
    return autograd.normalize(input, weight, axes=axes, eps=eps, centred=False)[0]


def _layer(who: str, input: Any, normalized_shape: Any, **parameters: Any) -> tuple[int, ...]:
    """The axes of normalized_shape, in which the input ends and which the parameters have."""
    shapes = tuple([(name, value.shape) for name, value in parameters.items() if value is not None])
    return _axes_of_layer(who, input.shape, layer_shape(who, normalized_shape), shapes)


@lru_cache(maxsize=1024)
def _axes_of_layer(
    who: str,
    input: tuple[int, ...],
    shape: tuple[int, ...],
    parameters: tuple[tuple[str, tuple[int, ...]], ...],
) -> tuple[int, ...]:
    first = len(input) - len(shape)
    if first < 0 or input[first:] != shape:
        raise ValueError(f"{who}: input must end in normalized_shape {shape}, got shape {input}")
    for name, found in parameters:
        if found != shape:
            raise ValueError(f"{who}: {name} must have shape {shape}, got {found}")
    return tuple(range(first, len(input)))


def layer_shape(who: str, value: Any) -> tuple[int, ...]:
    """A normalized_shape as a tuple of positive integers, at least one."""
    if type(value) is tuple and value:
        return arguments.integers(who, "normalized_shape", value, len(value))
    if arguments.is_integer(value):
        value = (value,)
    elif isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, tuple) or not value:
        raise (TypeError if not isinstance(value, tuple) else ValueError)(
            f"{who}: normalized_shape must be a positive integer or several, got {arguments.shown(value)}"
        )
    return arguments.integers(who, "normalized_shape", value, len(value))


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """Mean 0 and variance 1 over each sample's groups of channels, then times weight plus bias.

    Source: Wu & He, "Group normalization", 2018.

    Args:
        input: shape (N, C, *S).
        num_groups: divides C.
        weight, bias: shape (C,), or None.
        eps: added to the variance. Default 1e-5.

    Raises:
        ValueError: for shapes that do not fit, or groups that don't divide the channels.
    """
    who = "group_norm"
    input, weight, bias = floats(who, input=input, weight=weight, bias=bias)
    channels = _channels(who, input, weight=weight, bias=bias)
    groups = arguments.integer(who, "num_groups", num_groups)
    if channels % groups:
        raise ValueError(
            f"{who}: num_groups={groups} does not divide the {channels} channels of the input "
            f"{input.shape}"
        )
    return autograd.normalize(
        input,
        weight,
        bias,
        axes=tuple(range(1, len(input.shape))),
        eps=arguments.real(who, "eps", eps, 0.0),
        groups=groups,
    )[0]


def instance_norm(
    input: Any,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Any = None,
    bias: Any = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Every channel of every sample to mean 0 and variance 1, then times weight plus bias.

    Source: Ulyanov, Vedaldi & Lempitsky, "Instance normalization", 2016.

    Args:
        input: shape (N, C, *S).
        running_mean, running_var: shape (C,) each, or None. Without ``use_input_stats`` they are
            what is subtracted and divided by, else they are written into, as in `batch_norm`.
        weight, bias: shape (C,), or None.
        use_input_stats: normalise with each sample's own statistics. Default True.
        momentum: of the running statistics. Default 0.1.
        eps: added to the variance. Default 1e-5.
    """
    who = "instance_norm"
    momentum = arguments.real(who, "momentum", momentum)
    if not arguments.boolean(who, "use_input_stats", use_input_stats):
        return normalized_by(who, input, running_mean, running_var, weight, bias, eps)
    result, mean, variance = normalized_by_instance(who, input, weight, bias, eps)
    if mean is not None:
        moved(who, "running_mean", running_mean, mean, momentum)
        moved(who, "running_var", running_var, variance, momentum)
    return result


def normalized_by_instance(
    who: str, input: Any, weight: Any, bias: Any, eps: float
) -> tuple[Any, Any, Any]:
    """Instance norm, and the samples' mean statistics as arrays, shape (C,); None of nothing."""
    input, weight, bias = floats(who, input=input, weight=weight, bias=bias)
    channels = _channels(who, input, 3, weight=weight, bias=bias)
    count = math.prod(input.shape[2:])
    if count == 1:
        raise ValueError(
            f"{who}: a sample's channel needs more than 1 value, got input {input.shape}"
        )
    axes = tuple(range(2, len(input.shape)))
    result, mean, _, variance = autograd.normalize(
        input, weight, bias, axes=axes, eps=arguments.real(who, "eps", eps, 0.0), groups=1
    )
    if not math.prod(input.shape):
        return result, None, None
    unbiased = np.asarray(_raw(variance)) * (count / (count - 1))
    batch = input.shape[0]
    return (
        result,
        np.asarray(_raw(mean)).reshape(batch, channels).mean(axis=0),
        unbiased.reshape(batch, channels).mean(axis=0),
    )


#: More channels than any network has; what lies beyond is padding.
_LARGEST_NEIGHBOURHOOD = 1 << 16

# Over neighbouring channels -----------------------------------------------------------------------


@arguments.in_single
def local_response_norm(
    input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0
) -> Any:
    """x / (k + alpha · mean of x² over ``size`` neighbouring channels)^beta.

    Source: Krizhevsky, Sutskever & Hinton, "ImageNet classification with deep convolutional
    neural networks", 2012 (there a sum: alpha is PyTorch's, ``size`` times as large).

    Args:
        input: shape (N, C, *S), at least one spatial axis.
        size: number of channels, ⌊size/2⌋ of them before.
        alpha, beta, k: see above. Default 1e-4, 0.75, 1.

    Raises:
        ValueError: for an input of fewer than 3 axes.
    """
    who = "local_response_norm"
    input = floating(who, input)
    size = arguments.integer(who, "size", size)
    alpha, beta = arguments.real(who, "alpha", alpha), arguments.real(who, "beta", beta)
    k = arguments.real(who, "k", k)
    if size > _LARGEST_NEIGHBOURHOOD:
        raise ValueError(f"{who}: size must be at most {_LARGEST_NEIGHBOURHOOD}, got {size}")
    if len(input.shape) < 3:
        raise ValueError(f"{who}: input must be (N, C, *S), got shape {input.shape}")
    if not math.prod(input.shape):
        return input
    batch, channels = input.shape[:2]
    squares = autograd.reshape(input * input, (batch, 1, channels, math.prod(input.shape[2:])))
    around = ((0, 0), (0, 0), (size // 2, (size - 1) // 2), (0, 0))
    means = autograd.avg_pool(autograd.pad_constant(squares, around), (size, 1), 1, who=who)
    return input * (autograd.reshape(means, input.shape) * alpha + k) ** -beta
