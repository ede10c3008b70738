"""Losses as modules."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import hyperparameters as hyper
from nn import functional as F
from nn.functional.inputs import floating, reduction_name
from nn.module import Module

__all__ = ["CrossEntropyLoss", "MSELoss"]


class _Loss(Module):
    """Called with (input, target); holds how the losses per element are reduced."""

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction_name(type(self).__name__, size_average, reduce, reduction)


class _WeightedLoss(_Loss):
    """A loss with a constant weight per class or element, a buffer (part of the state dict)."""

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if weight is not None:
            weight = autograd.as_tensor(floating(type(self).__name__, weight, "weight"))
        self.register_buffer("weight", weight)


class CrossEntropyLoss(_WeightedLoss):
    """−log softmax(x) at the target class; see `nn.functional.cross_entropy`.

    Args:
        weight: a factor per class, shape (C,), or None.
        ignore_index: targets of this value count nothing. Default −100.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: this much of the target is spread evenly over all classes. Default 0.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        who = "CrossEntropyLoss"
        self.ignore_index = hyper.integer(who, "ignore_index", ignore_index, None)
        self.label_smoothing = hyper.probability(who, "label_smoothing", label_smoothing)

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class MSELoss(_Loss):
    """(x − y)²; see `nn.functional.mse_loss`."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, reduction=self.reduction)
