"""Functions that a network puts between its layers."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import hyperparameters as hyper

from .inputs import floating

__all__ = ["log_softmax", "relu", "softmax", "softmin"]


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0); slope 0 at 0.

    Args:
        inplace: taken for PyTorch's sake; the result is always a new tensor.
    """
    return autograd.relu(input)


def _softmax_axis(who: str, input: Any, dim: Any) -> int:
    """The axis meant: without one, the channels, as PyTorch guesses them."""
    ndim = len(input.shape)
    if dim is None:
        return 0 if ndim in (0, 1, 3) else 1
    return hyper.axis(who, dim, ndim, "dim")


def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """exp(x) / Σ exp(x) along an axis, without overflow.

    Args:
        input: floats of any shape.
        dim: the axis. Default: axis 0 for 1 or 3 axes, else 1.
        dtype: convert to this first.

    Raises:
        IndexError: for an axis that is not there.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.softmax(autograd.tensor([1e4, 1e4]), dim=0).tolist()
        [0.5, 0.5]
    """
    return _along("softmax", autograd.softmax, input, dim, dtype)


def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """`softmax` of −x."""
    return _along("softmin", lambda x, axis: autograd.softmax(-x, axis), input, dim, dtype)


def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """log of `softmax`, without overflow; the arguments are the same."""
    return _along("log_softmax", autograd.log_softmax, input, dim, dtype)


def _along(who: str, function: Any, input: Any, dim: Any, dtype: Any) -> Any:
    input = floating(who, input) if dtype is None else autograd.astype(input, dtype)
    axis = _softmax_axis(who, input, dim)
    if not input.shape:  # one number is the softmax over itself
        return autograd.squeeze(function(autograd.expand_dims(input, 0), 0), 0)
    return function(input, axis)
