"""Layers of dropout, active in training only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import arguments
from nn.functional import plain as F
from nn.module import Module
from nn.random import generator_or_default

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class Dropout(Module):
    """Each element becomes 0 with probability p, in training; see `nn.functional.dropout`.

    Args:
        p: from 0 to 1. Default 0.5.
        inplace: True to have the input itself become the result. Default False.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Example:
        >>> import autograd, nn
        >>> nn.Dropout(0.5).eval()(autograd.ones(2)).tolist()
        [1.0, 1.0]
    """

    _function: Callable[..., Any] = staticmethod(F.dropout)

    def __init__(
        self, p: float = 0.5, inplace: bool = False, generator: np.random.Generator | None = None
    ) -> None:
        super().__init__()
        who = type(self).__name__
        arguments.probability(who, "p", p)
        self.p = p
        self.inplace = arguments.boolean(who, "inplace", inplace)
        if generator is not None:
            generator_or_default(who, generator)
        self.generator = generator

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, self.p, self.training, self.inplace, generator=self.generator
        )

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout1d(Dropout):
    """Whole channels of sequences (N, C, L) or (C, L) become 0; see `Dropout`."""

    _function = staticmethod(F.dropout1d)


class Dropout2d(Dropout):
    """Whole channels of images (N, C, H, W) become 0; see `Dropout`."""

    _function = staticmethod(F.dropout2d)


class Dropout3d(Dropout):
    """Whole channels of volumes (N, C, D, H, W) or (C, D, H, W) become 0; see `Dropout`."""

    _function = staticmethod(F.dropout3d)


class AlphaDropout(Dropout):
    """Dropout between SELUs, which keeps mean and variance; see `nn.functional.alpha_dropout`.

    Args:
        p, inplace, generator: as for `Dropout`.

    Example:
        >>> import autograd, nn
        >>> nn.AlphaDropout(0.5).eval()(autograd.ones(2)).tolist()
        [1.0, 1.0]
    """

    _function = staticmethod(F.alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """`AlphaDropout` of whole channels of (N, C, *S)."""

    _function = staticmethod(F.feature_alpha_dropout)
