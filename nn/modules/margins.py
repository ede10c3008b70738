"""Losses with a margin, as modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.functional.inputs import reduction_name
from nn.module import Module
from nn.modules.distance import PairwiseDistance
from nn.modules.losses import Loss, WeightedLoss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "MultiLabelMarginLoss",
    "MultiLabelSoftMarginLoss",
    "MultiMarginLoss",
    "SoftMarginLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class _MarginLoss(Loss):
    """A loss with a margin as its first argument."""

    def __init__(
        self,
        margin: float = 0.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = arguments.real(type(self).__name__, "margin", margin)


class MarginRankingLoss(_MarginLoss):
    """max(0, −y·(x₁ − x₂) + margin); see `nn.functional.margin_ranking_loss`.

    Args:
        margin: how far apart the two should be. Default 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.
    """

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.margin_ranking_loss(input1, input2, target, self.margin, reduction=self.reduction)


class HingeEmbeddingLoss(_MarginLoss):
    """x where y = 1, max(0, margin − x) where y = −1; see `nn.functional.hinge_embedding_loss`.

    Args:
        margin: how far apart should be what does not belong together. Default 1.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def __init__(
        self,
        margin: float = 1.0,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(margin, size_average, reduce, reduction)

    def forward(self, input: Any, target: Any) -> Any:
        return F.hinge_embedding_loss(input, target, self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_MarginLoss):
    """1 − cos where y = 1, max(0, cos − margin) where y = −1.

    See `nn.functional.cosine_embedding_loss`.

    Args:
        margin: the largest cosine of what does not belong together. Default 0.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return F.cosine_embedding_loss(
            input1, input2, target, self.margin, reduction=self.reduction
        )


class SoftMarginLoss(Loss):
    """log(1 + exp(−y·x)) for y = 1 or −1; see `nn.functional.soft_margin_loss`."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelMarginLoss(Loss):
    """Margins between targets and other classes; see `nn.functional.multilabel_margin_loss`."""

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(WeightedLoss):
    """One logistic loss per class; see `nn.functional.multilabel_soft_margin_loss`.

    Args:
        weight: a factor, broadcasting with the input; or None.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def forward(self, input: Any, target: Any) -> Any:
        return F.multilabel_soft_margin_loss(input, target, self.weight, reduction=self.reduction)


class MultiMarginLoss(WeightedLoss):
    """Margins between the target and every other class; see `nn.functional.multi_margin_loss`.

    Args:
        p: 1 or 2, the power of what is missing.
        margin: how far the target's score should be above the others. Default 1.
        weight: a factor per target class, shape (C,), or None.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        who = "MultiMarginLoss"
        self.p = arguments.integer(who, "p", p)
        if self.p not in (1, 2):
            raise ValueError(f"{who}: p must be 1 or 2, got {p}")
        self.margin = arguments.real(who, "margin", margin)

    def forward(self, input: Any, target: Any) -> Any:
        return F.multi_margin_loss(
            input, target, self.p, self.margin, self.weight, reduction=self.reduction
        )


class TripletMarginLoss(Loss):
    """max(0, d(anchor, positive) − d(anchor, negative) + margin).

    See `nn.functional.triplet_margin_loss`.

    Args:
        margin: by how much farther the negative one should be; above 0. Default 1.
        p, eps: of the distance; see `nn.functional.pairwise_distance`.
        swap: the distance from positive to negative counts, if it is smaller. Default False.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: bool | None = None,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        who = "TripletMarginLoss"
        self.margin = arguments.real(who, "margin", margin, 0.0, open_low=True)
        self.p, self.eps = arguments.real(who, "p", p), arguments.real(who, "eps", eps)
        self.swap = arguments.boolean(who, "swap", swap)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_loss(
            anchor, positive, negative, self.margin, self.p, self.eps, self.swap,
            reduction=self.reduction,
        )  # fmt: skip


class TripletMarginWithDistanceLoss(Module):
    """`TripletMarginLoss` with a distance of one's own.

    Args:
        distance_function: of two batches, giving a number for each pair. Default:
            `PairwiseDistance`.
        margin, swap, reduction: as in `TripletMarginLoss`.
    """

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__()
        who = "TripletMarginWithDistanceLoss"
        if distance_function is None:
            distance_function = PairwiseDistance()
        self.distance_function = arguments.function(who, "distance_function", distance_function)
        self.margin = arguments.real(who, "margin", margin, 0.0, open_low=True)
        self.swap = arguments.boolean(who, "swap", swap)
        self.reduction = reduction_name(who, None, None, reduction)

    def forward(self, anchor: Any, positive: Any, negative: Any) -> Any:
        return F.triplet_margin_with_distance_loss(
            anchor, positive, negative, distance_function=self.distance_function,
            margin=self.margin, swap=self.swap, reduction=self.reduction,
        )  # fmt: skip
