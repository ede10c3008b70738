"""Layers that compare two batches of vectors."""

from __future__ import annotations

from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class CosineSimilarity(Module):
    """The cosine of the angle between vectors; see `nn.functional.cosine_similarity`.

    Args:
        dim: the axis. Default 1.
        eps: the smallest divisor. Default 1e-8.
    """

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = arguments.integer("CosineSimilarity", "dim", dim, None)
        self.eps = arguments.real("CosineSimilarity", "eps", eps)

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)


class PairwiseDistance(Module):
    """‖x₁ − x₂ + eps‖ₚ along the last axis; see `nn.functional.pairwise_distance`.

    Args:
        p: of the norm. Default 2.
        eps: added to every difference. Default 1e-6.
        keepdim: keep the last axis with size 1. Default False.
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = arguments.real("PairwiseDistance", "p", p)
        self.eps = arguments.real("PairwiseDistance", "eps", eps)
        self.keepdim = arguments.boolean("PairwiseDistance", "keepdim", keepdim)

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
