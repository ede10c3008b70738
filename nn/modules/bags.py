"""A table of vectors looked up by the bag."""

from __future__ import annotations

from typing import Any

import numpy as np

import nn.functional as F
from autograd import arguments
from nn.modules.linear import Embedding

__all__ = ["EmbeddingBag"]


class EmbeddingBag(Embedding):
    """A table of vectors, one made of each bag of integers; see `nn.functional.embedding_bag`.

    Args:
        num_embeddings, embedding_dim: rows and columns of the table.
        max_norm, norm_type, scale_grad_by_freq, sparse, mode, include_last_offset, padding_idx: see
            `nn.functional.embedding_bag`.
        device, dtype, generator: as in `Linear`.

    Attributes:
        weight: shape (num_embeddings, embedding_dim), standard normal.

    Example:
        >>> import nn
        >>> nn.EmbeddingBag(10, 3)([[1, 2], [4, 4]]).shape
        (2, 3)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(num_embeddings, embedding_dim, padding_idx, max_norm, norm_type,
                         scale_grad_by_freq, sparse, device, dtype, generator)  # fmt: skip
        who = "EmbeddingBag"
        self.mode = arguments.choice(who, "mode", mode, ("mean", "sum", "max"))
        self.include_last_offset = arguments.boolean(
            who, "include_last_offset", include_last_offset
        )

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input, self.weight, offsets, self.max_norm, self.norm_type, self.scale_grad_by_freq,
            self.mode, False, per_sample_weights, self.include_last_offset, self.padding_idx,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, mode={self.mode!r}"
