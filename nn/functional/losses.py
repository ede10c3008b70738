"""Losses: how far predictions are from what they should be."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import (
    floating,
    floats,
    number,
    reduced,
    reduction_name,
    warn_of_softmax,
)

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "cross_entropy",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]


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
    """−Σ q·log softmax(x), where q are the wanted probabilities; for a class −log softmax(x)[class].

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
    warn_of_softmax(who, input, "softmax", "takes scores and does softmax itself: leave it out")
    kind = getattr(getattr(target, "dtype", None), "kind", "i")
    if kind != "f":
        if kind not in "iu" or not isinstance(target, Tensor):
            target = arguments.passed_on(target, arguments.integer_array(who, "target", target))
        if input is None or not arguments.are_float_tensors((input, weight)):
            _check_scores(who, input)
            if weight is not None and not isinstance(weight, np.ndarray):
                weight = floating(who, weight, "weight", input)
            input = floating(who, input, "input", weight)
        return autograd.cross_entropy(
            input, target, weight, ignore_index, label_smoothing, reduction
        )
    if arguments.integer(who, "ignore_index", ignore_index, None) >= 0:
        raise ValueError(
            f"{who}: ignore_index goes with classes, not with probabilities; got {ignore_index}"
        )
    _check_scores(who, input, getattr(target, "ndim", 0) == getattr(input, "ndim", 0) + 1)
    return _against_probabilities(input, target, weight, label_smoothing, reduction)


def _check_scores(who: str, input: Any, swapped: bool = False) -> None:
    """Say what integers in the scores' place probably are."""
    if getattr(getattr(input, "dtype", None), "kind", "f") not in "iub":
        return
    told = "the scores come first, then the classes" if swapped else ""
    if not told and input.ndim <= 1:
        told = "give the scores of all classes, not their argmax"
    raise TypeError(
        f"{who}: input must hold floating-point numbers, got dtype {input.dtype}; "
        f"{told or 'convert it, e.g. input.astype(np.float32)'}"
    )


@arguments.in_single
def _against_probabilities(
    input: Any, target: Any, weight: Any, smoothing: Any, reduction: str
) -> Any:
    """Cross-entropy with wanted probabilities instead of classes."""
    who = "cross_entropy"
    input, target, weight = floats(who, input=input, target=target, weight=weight)
    if not input.shape or input.shape != target.shape:
        raise ValueError(
            f"{who}: target probabilities must have the shape of the input, {input.shape}, "
            f"got {target.shape}; for classes, give integers"
        )
    smoothing = arguments.probability(who, "label_smoothing", smoothing)
    axis = min(1, len(input.shape) - 1)
    classes = input.shape[axis]
    if smoothing:
        target = target * (1.0 - smoothing) + smoothing / max(classes, 1)
    terms = autograd.log_softmax(input, axis) * target
    if weight is not None:
        terms = terms * _class_weight(who, weight, classes, len(input.shape) - 1 - axis)
    return reduced(-autograd.sum(terms, axis), reduction)


def _class_weight(who: str, weight: Any, classes: int, trailing: int) -> Any:
    if weight.shape != (classes,):
        raise ValueError(
            f"{who}: weight must have shape ({classes},), one per class, got {weight.shape}"
        )
    return autograd.reshape(weight, (classes,) + (1,) * trailing)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """−input[target]: with log-probabilities, the negative log-likelihood.

    Args:
        input: log-probabilities, shape (C,), (N, C) or (N, C, *S).
        target: classes, integers of shape (), (N,) or (N, *S).
        weight, ignore_index, reduction, size_average, reduce: as in `cross_entropy`.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.
    """
    who = "nll_loss"
    warn_of_softmax(who, input, "softmax", "takes its logarithm: write log_softmax")
    reduction = reduction_name(who, size_average, reduce, reduction)
    classes = arguments.passed_on(target, arguments.integer_array(who, "target", target))
    if weight is not None:
        weight = floating(who, weight, "weight", input)
    input = floating(who, input, "input", weight)
    return autograd.nll_loss(input, classes, weight, ignore_index, reduction)


# Probabilities ------------------------------------------------------------------------------------


@arguments.in_single
def binary_cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """−y·log x − (1 − y)·log(1 − x), with logarithms not below −100.

    Args:
        input: probabilities from 0 to 1, any shape.
        target: the wanted ones, of the same shape.
        weight: a factor, broadcasting with them; or None.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for different shapes, or an input outside of 0 to 1.
    """
    who = "binary_cross_entropy"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, target, weight = floats(who, "weight", input=input, target=target, weight=weight)
    _check_same_shape(who, input, target)
    autograd.func.each_time(_check_probabilities, who, input)
    losses = autograd.binary_cross_entropy(input, target)
    if weight is not None:
        losses = losses * _factor(who, "weight", weight, input.shape)
    return reduced(losses, reduction)


def _check_probabilities(who: str, input: Any) -> None:
    values = np.asarray(input.data if isinstance(input, Tensor) else input)
    if values.dtype.kind == "f" and values.size and not (values.min() >= 0 and values.max() <= 1):
        if not np.isnan(values).any():
            raise ValueError(
                f"{who}: input must lie from 0 to 1, got {values.min()} to {values.max()}; "
                "binary_cross_entropy_with_logits takes scores of any size"
            )


@arguments.in_single
def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """`binary_cross_entropy` of sigmoid(x), stable for scores of any size.

    Args:
        input: scores (logits), any shape.
        target: the wanted probabilities, of the same shape.
        weight: a factor, broadcasting with them; or None.
        pos_weight: a factor of the part with target 1, broadcasting with them; or None.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for different shapes.
    """
    who = "binary_cross_entropy_with_logits"
    warn_of_softmax(who, input, "sigmoid", "takes scores and does sigmoid itself: leave it out")
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, target, weight, pos_weight = floats(
        who,
        "weight",
        "pos_weight",
        input=input,
        target=target,
        weight=weight,
        pos_weight=pos_weight,
    )
    _check_same_shape(who, input, target)
    # −log sigmoid(±x) are both positive, so nothing cancels.
    positive = -autograd.log_sigmoid(input) * target
    if pos_weight is not None:
        positive = positive * _factor(who, "pos_weight", pos_weight, input.shape)
    losses = positive - autograd.log_sigmoid(-input) * (1.0 - target)
    if weight is not None:
        losses = losses * _factor(who, "weight", weight, input.shape)
    return reduced(losses, reduction)


@arguments.in_single
def kl_div(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """Kullback-Leibler divergence, per element y·(log y − x).

    Args:
        input: log-probabilities, any shape.
        target: probabilities, broadcasting with it; with ``log_target`` their logarithms.
        reduction: ``"mean"`` (over all elements, which is not the divergence), ``"batchmean"``
            (the sum divided by the first axis' size), ``"sum"`` or ``"none"``.
        log_target: see above. Default False.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.
    """
    who = "kl_div"
    reduction = kl_reduction(who, size_average, reduce, reduction)
    input, target = arguments.alike(*floats(who, input=input, target=target))
    _check_broadcast(who, input, target)
    if arguments.boolean(who, "log_target", log_target):
        losses = autograd.exp(target) * (target - input)
    else:
        # 0·log 0 is 0, here and in the gradient.
        safe = autograd.where(target == 0.0, 1.0, target)
        losses = target * (autograd.log(safe) - input)
    if reduction == "batchmean":
        batch = input.shape[0] if input.shape else 1
        return autograd.sum(losses) / batch
    return reduced(losses, reduction)


def kl_reduction(who: str, size_average: Any, reduce: Any, reduction: Any) -> str:
    """As `reduction_name`, with "batchmean"."""
    if size_average is None and reduce is None:
        return arguments.choice(who, "reduction", reduction, ("none", "batchmean", "mean", "sum"))
    return reduction_name(who, size_average, reduce, reduction)


# Numbers ------------------------------------------------------------------------------------------


@arguments.in_single
def mse_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """(x − y)², averaged, summed or per element.

    Args:
        input, target: floats of the same shape; others that broadcast give a warning. A target of
            integers is converted.
        reduction: ``"mean"`` (with a weight, divided by its sum), ``"sum"`` or ``"none"``.
        weight: a factor per element, of the input's shape; or None.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for shapes that do not broadcast.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.mse_loss(autograd.tensor([1.0, 3.0]), autograd.tensor([0.0, 0.0])).item()
        5.0
    """
    who = "mse_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, target, weight = floats(
        who, "target", "weight", input=input, target=target, weight=weight
    )
    losses = autograd.square(_difference(who, input, target))
    return _weighted(who, losses, weight, input, reduction)


@arguments.in_single
def l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Any = None,
) -> Any:
    """|x − y|, averaged, summed or per element; the arguments are those of `mse_loss`."""
    who = "l1_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, target, weight = floats(
        who, "target", "weight", input=input, target=target, weight=weight
    )
    losses = autograd.absolute(_difference(who, input, target))
    return _weighted(who, losses, weight, input, reduction)


@arguments.in_single
def smooth_l1_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """½(x − y)²/beta where |x − y| < beta, else |x − y| − ½ beta.

    Args:
        beta: where the parabola goes over into straight lines; 0 for `l1_loss`. Default 1.
        input, target, reduction, size_average, reduce: as in `mse_loss`.

    Raises:
        ValueError: for a negative beta, or shapes that do not broadcast.
    """
    who = "smooth_l1_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    beta = number(who, "beta", beta, 0.0)
    input, target = floats(who, "target", input=input, target=target)
    difference = _difference(who, input, target)
    size = autograd.absolute(difference)
    if beta == 0:
        return reduced(size, reduction)
    near = autograd.less(size, beta)
    inner = _near_square(near, difference) * (0.5 / beta)
    return reduced(autograd.where(near, inner, size - 0.5 * beta), reduction)


@arguments.in_single
def huber_loss(
    input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None
) -> Any:
    """½(x − y)² where |x − y| < delta, else delta·(|x − y| − ½ delta).

    Source: Huber, "Robust estimation of a location parameter", 1964.

    Args:
        delta: where the parabola goes over into straight lines. Default 1.
        input, target, weight: as in `mse_loss`.
        reduction: ``"mean"`` (over the elements, also with a weight), ``"sum"`` or ``"none"``.

    Raises:
        ValueError: unless delta is above 0, or for shapes that do not broadcast.
    """
    who = "huber_loss"
    reduction = reduction_name(who, None, None, reduction)
    delta = number(who, "delta", delta, 0.0, open_low=True)
    input, target, weight = floats(
        who, "target", "weight", input=input, target=target, weight=weight
    )
    difference = _difference(who, input, target)
    size = autograd.absolute(difference)
    near = autograd.less(size, delta)
    outer = (size - 0.5 * delta) * delta
    losses = autograd.where(near, _near_square(near, difference) * 0.5, outer)
    if weight is not None:
        losses = _times_weight(who, losses, weight, input)
    return reduced(losses, reduction)


# What they share ----------------------------------------------------------------------------------


def _near_square(near: Any, difference: Any) -> Any:
    """The squares of those that are near; of others, which may be infinite, 0 with slope 0, not NaN."""
    return autograd.square(autograd.where(near, difference, 0.0))


def _check_same_shape(who: str, input: Any, target: Any) -> None:
    if input.shape != target.shape:
        raise ValueError(
            f"{who}: input and target must have the same shape, got {input.shape} and "
            f"{target.shape}"
        )


def _check_broadcast(who: str, input: Any, target: Any) -> None:
    try:
        np.broadcast_shapes(input.shape, target.shape)
    except ValueError:
        raise ValueError(
            f"{who}: input and target must have the same shape, got {input.shape} and "
            f"{target.shape}"
        ) from None


def _difference(who: str, input: Any, target: Any) -> Any:
    """input − target, with a warning where that broadcasts."""
    if input.shape != target.shape:
        _check_broadcast(who, input, target)
        arguments.warn(
            f"{who}: input {input.shape} and target {target.shape} differ in shape, and are "
            "broadcast: is that what you want?"
        )
    return input - target


def _factor(who: str, name: str, value: Any, shape: tuple[int, ...]) -> Any:
    """A weight that broadcasts with a loss per element."""
    try:
        fits = np.broadcast_shapes(value.shape, shape) == shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{who}: {name} {value.shape} does not broadcast to the input's {shape}")
    return value


def _weighted(who: str, losses: Any, weight: Any, input: Any, reduction: str) -> Any:
    """Losses per element times a weight of the input's shape; a mean is divided by its sum."""
    if weight is None:
        return reduced(losses, reduction)
    losses = _times_weight(who, losses, weight, input)
    if reduction == "mean":
        return autograd.sum(losses) / autograd.sum(weight)
    return reduced(losses, reduction)


def _times_weight(who: str, losses: Any, weight: Any, input: Any) -> Any:
    if weight.shape != input.shape:
        raise ValueError(
            f"{who}: weight must have the input's shape {input.shape}, got {weight.shape}"
        )
    return losses * weight
