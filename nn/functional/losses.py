"""Losses: how far predictions are from what they should be."""

from __future__ import annotations

from typing import Any

import autograd
from autograd import hyperparameters as hyper

from .inputs import floating, reduced, reduction_name

__all__ = ["cross_entropy", "mse_loss"]


def _same_shape(who: str, input: Any, target: Any) -> tuple[Any, Any]:
    """Both as floats; shapes that broadcast are taken, as PyTorch does."""
    input, target = floating(who, input), floating(who, target, "target")
    if input.shape != target.shape:
        raise ValueError(
            f"{who}: input and target must have the same shape, got {input.shape} and "
            f"{target.shape}"
        )
    return input, target


# Classes ------------------------------------------------------------------------------------------


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """−Σ q·log softmax(x), where q are the wanted probabilities; for a class, −log softmax(x)[class].

    Args:
        input: scores (logits), shape (C,), (N, C) or (N, C, *S).
        target: classes, integers of shape (), (N,) or (N, *S); or probabilities, of the shape of
            the input.
        weight: a factor per class, shape (C,), or None.
        ignore_index: targets of this value count nothing (classes only). Default −100.
        reduction: ``"mean"`` (for classes divided by the sum of their weights, NaN if all are
            ignored; for probabilities by the number of samples), ``"sum"`` or ``"none"``.
        label_smoothing: this much of the target is spread evenly over all classes, 0 to 1.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> round(F.cross_entropy(autograd.zeros(1, 4), [2]).item(), 4)  # log 4
        1.3863
    """
    who = "cross_entropy"
    reduction = reduction_name(who, size_average, reduce, reduction)
    kind = getattr(getattr(target, "dtype", None), "kind", "i")
    if kind != "f" or (target.shape != input.shape):
        return autograd.cross_entropy(
            input, target, weight, ignore_index, label_smoothing, reduction
        )
    return _probability_cross_entropy(who, input, target, weight, reduction, label_smoothing)


def _probability_cross_entropy(
    who: str, input: Any, target: Any, weight: Any, reduction: str, label_smoothing: Any
) -> Any:
    input, target = _same_shape(who, input, target)
    if not input.shape:
        raise ValueError(f"{who}: input needs a class axis, got shape ()")
    smoothing = hyper.probability(who, "label_smoothing", label_smoothing)
    axis = min(1, len(input.shape) - 1)
    classes = input.shape[axis]
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / classes
    terms = autograd.log_softmax(input, axis) * target
    if weight is not None:
        weight = floating(who, weight, "weight")
        if weight.shape != (classes,):
            raise ValueError(
                f"{who}: weight must have shape ({classes},), one per class, got {weight.shape}"
            )
        terms = terms * autograd.reshape(weight, (classes,) + (1,) * (len(input.shape) - 1 - axis))
    losses = -autograd.sum(terms, axis)
    return reduced(losses, reduction)


# Numbers ------------------------------------------------------------------------------------------


def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """(x − y)², averaged, summed or per element.

    Args:
        input, target: floats of the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for different shapes.
    """
    who = "mse_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, target = _same_shape(who, input, target)
    return reduced(autograd.square(input - target), reduction)
