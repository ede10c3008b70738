"""Batch normalisation by the statistics of the whole batch, wherever its parts are."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import Tensor
from nn.module import Module
from nn.modules.normalization import BatchNorm1d, BatchNorm2d, BatchNorm3d, _BatchNorm
from nn.parallel.group import Group, default_group

__all__ = ["SyncBatchNorm"]


class SyncBatchNorm(_BatchNorm):
    """`nn.BatchNorm1d`, ``2d`` and ``3d``, with mean and variance over the batches of all processes.

    Arguments, parameters and buffers are those of `nn.BatchNorm2d`; in evaluation it is the same.

    Args:
        group: default: the processes started by ``mpiexec``.

    Shape: (N, C), (N, C, L), (N, C, H, W) or (N, C, D, H, W) to the same.
    """

    _ranks = (2, 3, 4, 5)
    _shapes = "(N, C) or (N, C, ...)"

    def __init__(
        self, num_features: int, *options: Any, group: Group | None = None, **more: Any
    ) -> None:
        super().__init__(num_features, *options, **more)
        object.__setattr__(self, "group", default_group() if group is None else group)

    def forward(self, input: Any) -> Any:
        """The input, normalised; in training by the statistics over all processes."""
        if self.group.size == 1 or not (self.training or self.running_mean is None):
            return super().forward(input)
        self._check_input(input)
        self._check_channels(input.shape[1], input.shape)
        axes = (0, *range(2, input.ndim))
        channels = (1, -1) + (1,) * (input.ndim - 2)
        count = self._over_all(autograd.full(1, input.size / self.num_features, dtype=input.dtype))
        mean = self._over_all(autograd.sum(input, axis=axes)) / count
        centred = input - mean.reshape(channels)
        variance = self._over_all(autograd.sum(centred * centred, axis=axes)) / count
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked = self.num_batches_tracked + 1
            momentum = self.momentum
            if momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
            n = float(count.data[0])
            unbiased = variance.data * (n / (n - 1.0) if n > 1 else float("nan"))
            self._track(mean.detach().data, unbiased, momentum)
        result = centred / autograd.sqrt(variance + self.eps).reshape(channels)
        if self.weight is not None:
            result = result * self.weight.reshape(channels)
        return result if self.bias is None else result + self.bias.reshape(channels)

    def _over_all(self, x: Tensor) -> Tensor:
        return autograd.all_reduce(x, group=self.group)

    @classmethod
    def convert(cls, module: Module, group: Group | None = None) -> Module:
        """The module with every batch normalisation in it replaced; parameters stay the same ones."""
        if isinstance(module, (BatchNorm1d, BatchNorm2d, BatchNorm3d)):
            result = cls(
                module.num_features, module.eps, module.momentum, module.affine,
                module.track_running_stats, bias=module.bias is not None, group=group,
            )  # fmt: skip
            for name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
                setattr(result, name, getattr(module, name))
            return result.train(module.training)
        for name, child in list(module.named_children()):
            converted = cls.convert(child, group)
            if converted is not child:
                setattr(module, name, converted)
        return module
