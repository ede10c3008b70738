"""Losses as modules."""

from __future__ import annotations

from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.functional.inputs import floating, owned, reduction_name
from nn.functional.losses import kl_reduction
from nn.module import Module

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CrossEntropyLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
]


class Loss(Module):
    """Called with (input, target); holds how the losses per element are reduced."""

    def __init__(
        self, size_average: bool | None = None, reduce: bool | None = None, reduction: str = "mean"
    ) -> None:
        super().__init__()
        self.reduction = reduction_name(type(self).__name__, size_average, reduce, reduction)


class WeightedLoss(Loss):
    """A loss with a constant weight, a buffer: part of the state dict."""

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self._add_constant("weight", weight)

    def _add_constant(self, name: str, value: Any) -> None:
        if value is not None:
            value = owned(floating(type(self).__name__, value, name))
        self.register_buffer(name, value)


class CrossEntropyLoss(WeightedLoss):
    """−log softmax(x) at the target class; see `nn.functional.cross_entropy`.

    Args:
        weight: a factor per class, shape (C,), or None.
        ignore_index: targets of this value count nothing. Default −100.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: this much of the target is spread evenly over all classes. Default 0.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Example:
        >>> import autograd, nn
        >>> round(nn.CrossEntropyLoss()(autograd.zeros(1, 4), [2]).item(), 4)  # log 4
        1.3863
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
        self.ignore_index = arguments.integer(who, "ignore_index", ignore_index, None)
        self.label_smoothing = arguments.probability(who, "label_smoothing", label_smoothing)

    def forward(self, input: Any, target: Any) -> Any:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class NLLLoss(WeightedLoss):
    """−x[target] for log-probabilities x; see `nn.functional.nll_loss`.

    Args:
        weight, ignore_index, reduction, size_average, reduce: as in `CrossEntropyLoss`.
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        ignore_index: int = -100,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = arguments.integer("NLLLoss", "ignore_index", ignore_index, None)

    def forward(self, input: Any, target: Any) -> Any:
        return F.nll_loss(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
        )


class BCELoss(WeightedLoss):
    """−y·log x − (1 − y)·log(1 − x) for probabilities x; see `nn.functional.binary_cross_entropy`.

    Args:
        weight: a factor, broadcasting with the input; or None.
        reduction, size_average, reduce: as in `CrossEntropyLoss`.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy(input, target, self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(WeightedLoss):
    """`BCELoss` of sigmoid(x); see `nn.functional.binary_cross_entropy_with_logits`.

    Args:
        weight: a factor, broadcasting with the input; or None.
        pos_weight: a factor of the part with target 1, broadcasting with the input; or None.
        reduction, size_average, reduce: as in `CrossEntropyLoss`.
    """

    def __init__(
        self,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self._add_constant("pos_weight", pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class KLDivLoss(Module):
    """y·(log y − x) for log-probabilities x; see `nn.functional.kl_div`.

    Args:
        reduction: ``"mean"``, ``"batchmean"``, ``"sum"`` or ``"none"``.
        log_target: targets are log-probabilities too. Default False.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        log_target: bool = False,
    ) -> None:
        super().__init__()
        self.reduction = kl_reduction("KLDivLoss", size_average, reduce, reduction)
        self.log_target = arguments.boolean("KLDivLoss", "log_target", log_target)

    def forward(self, input: Any, target: Any) -> Any:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class MSELoss(Loss):
    """(x − y)²; see `nn.functional.mse_loss`."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.mse_loss(input, target, reduction=self.reduction)


class L1Loss(Loss):
    """|x − y|; see `nn.functional.l1_loss`."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.l1_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(Loss):
    """A parabola near 0, straight lines beyond; see `nn.functional.smooth_l1_loss`.

    Args:
        beta: where the one goes over into the other. Default 1.
        reduction, size_average, reduce: as in `CrossEntropyLoss`.
    """

    def __init__(
        self,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
        beta: float = 1.0,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = arguments.real("SmoothL1Loss", "beta", beta, 0.0)

    def forward(self, input: Any, target: Any) -> Any:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(Loss):
    """A parabola near 0, straight lines beyond; see `nn.functional.huber_loss`.

    Args:
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: where the one goes over into the other. Default 1.
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = arguments.real("HuberLoss", "delta", delta, 0.0, open_low=True)

    def forward(self, input: Any, target: Any) -> Any:
        return F.huber_loss(input, target, self.reduction, self.delta)
