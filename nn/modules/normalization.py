"""Layers of normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional import plain as F
from nn.functional.normalization import (
    layer_shape,
    normalized_by,
    normalized_by_batch,
    normalized_by_instance,
)
from nn.module import Module
from nn.modules.building import check_device, check_precision, empty_parameter, has_bias
from nn.parameter import Parameter

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "InstanceNorm3d",
    "LayerNorm",
    "LocalResponseNorm",
    "RMSNorm",
]


class _Affine(Module):
    """A weight and a bias that follow a normalisation; either may be absent."""

    weight: Parameter | None
    bias: Parameter | None

    def _add(self, shape: tuple[int, ...], device: Any, dtype: Any, **wanted: bool) -> None:
        for name, there in wanted.items():
            value = 1.0 if name == "weight" else 0.0
            who = type(self).__name__
            made = empty_parameter(who, shape, device, dtype, value) if there else None
            self.register_parameter(name, made)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0."""
        for name, value in (("weight", 1.0), ("bias", 0.0)):
            parameter = getattr(self, name, None)
            if parameter is not None:
                with autograd.no_grad(), autograd.writable(parameter) as array:
                    array[...] = value


class _Norm(_Affine):
    """Weight and bias per channel, and running statistics, which are replaced, not written into:

    a graph that saved the old ones stays valid.
    """

    _ranks: tuple[int, ...]
    _shapes: str
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float,
        momentum: float | None,
        affine: bool,
        track_running_stats: bool,
        device: Any,
        dtype: Any,
        bias: bool | None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self.num_features = arguments.integer(who, "num_features", num_features)
        self.eps = arguments.real(who, "eps", eps, 0.0)
        self.momentum = None if momentum is None else arguments.real(who, "momentum", momentum)
        self.affine = arguments.boolean(who, "affine", affine)
        self.track_running_stats = arguments.boolean(
            who, "track_running_stats", track_running_stats
        )
        with_bias = has_bias(who, bias) and self.affine
        self._add((self.num_features,), device, dtype, weight=self.affine, bias=with_bias)
        check_device(who, device)
        self._dtype = arguments.float_dtype(who, dtype)
        for name in ("running_mean", "running_var", "num_batches_tracked"):
            self.register_buffer(name, None)
        self.reset_running_stats()

    def reset_running_stats(self) -> None:
        """Mean 0, variance 1, no batch seen."""
        if self.track_running_stats:
            now = self.running_mean  # after double() and the like it has another dtype
            dtype = self._dtype if now is None else now.dtype
            self.running_mean = autograd.zeros(self.num_features, dtype=dtype)
            self.running_var = autograd.ones(self.num_features, dtype=dtype)
            self.num_batches_tracked = autograd.tensor(0, dtype=np.int64)

    def reset_parameters(self) -> None:
        """Weight 1, bias 0, and running statistics as at the start."""
        self.reset_running_stats()
        super().reset_parameters()

    def _check_input(self, input: Any) -> None:
        shape = getattr(input, "shape", None)
        if shape is None or len(shape) not in self._ranks:
            raise ValueError(
                f"{type(self).__name__}: input must be {self._shapes}, got "
                f"{'shape ' + str(shape) if shape is not None else type(input).__name__}"
            )
        check_precision(self, self.running_mean if self.weight is None else self.weight, input)

    def _check_channels(self, channels: int, shape: tuple[int, ...]) -> None:
        if channels != self.num_features:
            raise ValueError(
                f"{type(self).__name__}: the input {shape} has {channels} channels, "
                f"but num_features is {self.num_features}"
            )

    def _track(self, mean: Any, variance: Any, momentum: float) -> None:
        """Move the running statistics towards a batch's."""
        for name, batch in (("running_mean", mean), ("running_var", variance)):
            running = getattr(self, name)
            if running is not None:
                value = (1.0 - momentum) * arguments.raw(running) + momentum * batch
                value = value.astype(running.dtype, copy=False)
                setattr(self, name, autograd.as_tensor(value))

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, "
            f"affine={self.affine}, bias={self.bias is not None}, "
            f"track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_Norm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool | None = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        )

    def forward(self, input: Any) -> Any:
        who = type(self).__name__
        self._check_input(input)
        self._check_channels(input.shape[1], input.shape)
        if not self.training and self.running_mean is not None:
            return normalized_by(
                who, input, self.running_mean, self.running_var, self.weight, self.bias, self.eps
            )
        result, mean, variance = normalized_by_batch(who, input, self.weight, self.bias, self.eps)
        if self.training and self.num_batches_tracked is not None:
            autograd.func.each_time(self._count, mean, variance)
        return result

    def _count(self, mean: Any, variance: Any) -> None:
        """One more batch, of these statistics."""
        seen = int(self.num_batches_tracked.item()) + 1  # type: ignore[union-attr]
        self.num_batches_tracked = autograd.as_tensor(np.asarray(seen, np.int64))
        if mean is not None:
            self._track(mean, variance, 1.0 / seen if self.momentum is None else self.momentum)


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of features (N, C) or sequences (N, C, L); see `BatchNorm2d`."""

    _ranks, _shapes = (2, 3), "(N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    """Every channel of images (N, C, H, W) to mean 0 and variance 1 over the batch.

    In training with the batch's own statistics, which move the running ones; in evaluation with
    the running ones. See `nn.functional.batch_norm`.

    Args:
        num_features: number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: weight of a new batch in the running statistics; None for their plain mean over
            all batches. Default 0.1.
        affine: whether weight and bias follow. Default True.
        bias: False leaves the bias out. Default True.
        track_running_stats: False: the batch's statistics also in evaluation. Default True.
        device: None or "cpu".
        dtype: of parameters and statistics. Default: the default dtype.

    Attributes:
        weight, bias: shape (C,), at first 1 and 0; or None.
        running_mean, running_var: buffers, shape (C,), at first 0 and 1; or None.
        num_batches_tracked: buffer, an int64; or None.

    Example:
        >>> import autograd, nn
        >>> nn.BatchNorm2d(3)(autograd.rand(2, 3, 4, 4)).shape
        (2, 3, 4, 4)
    """

    _ranks, _shapes = (4,), "(N, C, H, W)"


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of volumes (N, C, D, H, W); see `BatchNorm2d`."""

    _ranks, _shapes = (5,), "(N, C, D, H, W)"


class _InstanceNorm(_Norm):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool | None = True,
    ) -> None:
        super().__init__(
            num_features, eps, momentum, affine, track_running_stats, device, dtype, bias
        )

    def forward(self, input: Any) -> Any:
        self._check_input(input)
        single = len(input.shape) == self._ranks[0]
        channels = input.shape[0 if single else 1]
        self._check_channels(channels, input.shape)
        if single:
            return autograd.squeeze(self._normalized(autograd.expand_dims(input, 0)), 0)
        return self._normalized(input)

    def _normalized(self, input: Any) -> Any:
        who = type(self).__name__
        if not self.training and self.running_mean is not None:
            return normalized_by(
                who, input, self.running_mean, self.running_var, self.weight, self.bias, self.eps
            )
        result, mean, variance = normalized_by_instance(
            who, input, self.weight, self.bias, self.eps
        )
        if mean is not None:
            momentum = 0.0 if self.momentum is None else self.momentum
            autograd.func.each_time(self._track, mean, variance, momentum)
        return result


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of sequences (N, C, L) or (C, L); see `InstanceNorm2d`."""

    _ranks, _shapes = (2, 3), "(N, C, L) or (C, L)"


class InstanceNorm2d(_InstanceNorm):
    """Every channel of every image to mean 0 and variance 1; see `nn.functional.instance_norm`.

    Args:
        num_features: number of channels.
        eps: added to the variance. Default 1e-5.
        momentum: of the running statistics. Default 0.1.
        affine: whether weight and bias follow. Default False.
        bias: False leaves the bias out. Default True.
        track_running_stats: keep running statistics and use them in evaluation. Default False.
        device, dtype: as in `BatchNorm2d`.
    """

    _ranks, _shapes = (3, 4), "(N, C, H, W) or (C, H, W)"


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of volumes (N, C, D, H, W) or (C, D, H, W); see `InstanceNorm2d`."""

    _ranks, _shapes = (4, 5), "(N, C, D, H, W) or (C, D, H, W)"


class LayerNorm(_Affine):
    """Mean 0 and variance 1 over the last axes; see `nn.functional.layer_norm`.

    Args:
        normalized_shape: the last axes' sizes, or the last one's.
        eps: added to the variance. Default 1e-5.
        elementwise_affine: whether weight and bias follow. Default True.
        bias: False leaves the bias out. Default True.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.

    Attributes:
        weight, bias: of ``normalized_shape``, at first 1 and 0; or None.
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        who = "LayerNorm"
        self.normalized_shape = layer_shape(who, normalized_shape)
        self.eps = arguments.real(who, "eps", eps, 0.0)
        self.elementwise_affine = arguments.boolean(who, "elementwise_affine", elementwise_affine)
        with_bias = has_bias(who, bias) and self.elementwise_affine
        shape = self.normalized_shape
        self._add(shape, device, dtype, weight=self.elementwise_affine, bias=with_bias)

    def forward(self, input: Any) -> Any:
        check_precision(self, self.weight, input)
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, "
            f"elementwise_affine={self.elementwise_affine}, bias={self.bias is not None}"
        )


class RMSNorm(_Affine):
    """Root mean square 1 over the last axes; see `nn.functional.rms_norm`.

    Args:
        normalized_shape: the last axes' sizes, or the last one's.
        eps: added to the mean square. Default: the spacing of numbers at 1 in the input's dtype.
        elementwise_affine: whether a weight follows. Default True.
        device, dtype: as in `LayerNorm`.

    Attributes:
        weight: of ``normalized_shape``, at first 1; or None.
    """

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        who = "RMSNorm"
        self.normalized_shape = layer_shape(who, normalized_shape)
        self.eps = None if eps is None else arguments.real(who, "eps", eps, 0.0)
        self.elementwise_affine = arguments.boolean(who, "elementwise_affine", elementwise_affine)
        self._add(self.normalized_shape, device, dtype, weight=self.elementwise_affine)

    def forward(self, input: Any) -> Any:
        check_precision(self, self.weight, input)
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(_Affine):
    """Mean 0 and variance 1 over groups of channels; see `nn.functional.group_norm`.

    Args:
        num_groups: divides ``num_channels``.
        num_channels: positive integer.
        eps: added to the variance. Default 1e-5.
        affine: whether weight and bias follow. Default True.
        bias: False leaves the bias out. Default True.
        device, dtype: as in `LayerNorm`.

    Attributes:
        weight, bias: shape (num_channels,), at first 1 and 0; or None.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool | None = True,
    ) -> None:
        super().__init__()
        who = "GroupNorm"
        self.num_groups = arguments.integer(who, "num_groups", num_groups)
        self.num_channels = arguments.integer(who, "num_channels", num_channels)
        if self.num_channels % self.num_groups:
            raise ValueError(
                f"{who}: num_groups={self.num_groups} does not divide "
                f"num_channels={self.num_channels}"
            )
        self.eps = arguments.real(who, "eps", eps, 0.0)
        self.affine = arguments.boolean(who, "affine", affine)
        with_bias = has_bias(who, bias) and self.affine
        self._add((self.num_channels,), device, dtype, weight=self.affine, bias=with_bias)

    def forward(self, input: Any) -> Any:
        check_precision(self, self.weight, input)
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Each value divided by a power of its channel's neighbourhood.

    Args:
        size, alpha, beta, k: see `nn.functional.local_response_norm`.
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        who = "LocalResponseNorm"
        self.size = arguments.integer(who, "size", size)
        self.alpha, self.beta = (
            arguments.real(who, "alpha", alpha),
            arguments.real(who, "beta", beta),
        )
        self.k = arguments.real(who, "k", k)

    def forward(self, input: Any) -> Any:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
