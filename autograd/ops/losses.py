"""Losses whose gradients need more care than their formulas: logarithms that are cut off."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments.arrays import alike, as_floats
from autograd.core.primitive import primitive
from autograd.ops.elementwise import clip, maximum
from autograd.ops.transcendental import as_wide, log, log1p

__all__ = ["binary_cross_entropy"]

_LEAST_LOG = -100.0  # so that a prediction of exactly 0 or 1 costs much, not infinitely much
_LEAST_VARIANCE = float(np.float32(1e-12))  # in single precision, as in PyTorch


@primitive(broadcasts=True)
def binary_cross_entropy(x: Any, target: Any) -> Any:
    """−target · log x − (1 − target) · log(1 − x), with logarithms not below −100.

    The slope in x is (x − target) / max(x·(1 − x), 1e-12), also where a logarithm is cut off.

    Args:
        x: probabilities from 0 to 1; target: the wanted ones.

    Example:
        >>> import autograd as ag
        >>> round(ag.binary_cross_entropy(ag.tensor(0.5), 1.0).item(), 4)  # log 2
        0.6931
    """
    if hasattr(x, "dtype"):  # −x of unsigned bytes is none
        x, target = alike(as_floats(x, target), target)
    with np.errstate(divide="ignore"):
        log_x, log_rest = np.log(x), np.log1p(-x)
    return (target - 1.0) * np.maximum(log_rest, _LEAST_LOG) - target * np.maximum(
        log_x, _LEAST_LOG
    )


def _log_odds(x: Any) -> Any:
    return clip(log1p(-x), _LEAST_LOG, None) - clip(log(x), _LEAST_LOG, None)


def _slope(g: Any, x: Any, target: Any) -> Any:
    return g * (x - target) / maximum(x * (1.0 - x), _LEAST_VARIANCE)


binary_cross_entropy.gradients(
    x=lambda g, x, target: _slope(g, as_wide(x, g), target),
    target=lambda g, x: g * _log_odds(as_wide(x, g)),
)
