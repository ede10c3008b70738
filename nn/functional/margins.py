"""Losses that want a margin between what belongs together and what does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.distance import pairwise_distance
from nn.functional.inputs import floating, floats, is_learnt, reduced, reduction_name

__all__ = [
    "cosine_embedding_loss",
    "hinge_embedding_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "multilabel_soft_margin_loss",
    "soft_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


# Pairs and triples --------------------------------------------------------------------------------


@arguments.in_single
def margin_ranking_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, −y·(x₁ − x₂) + margin): y = 1 wants x₁ above x₂, y = −1 below.

    Args:
        input1, input2: floats of shapes that broadcast.
        target: 1 or −1, broadcasting with them.
        margin: how far apart they should be. Default 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        size_average, reduce: PyTorch's former names of the reduction; leave them None.

    Raises:
        ValueError: for shapes that do not broadcast.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.margin_ranking_loss(autograd.tensor([1.0]), autograd.tensor([3.0]), [1]).item()
        2.0
    """
    who = "margin_ranking_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    margin = arguments.real(who, "margin", margin)
    input1, input2 = floats(who, input1=input1, input2=input2)
    target = _signs(who, target, input1)
    _fit(who, input1=input1, input2=input2, target=target)
    return reduced(_above_zero((input1 - input2) * -target + margin), reduction)


@arguments.in_single
def hinge_embedding_loss(
    input: Any,
    target: Any,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """x where y = 1, max(0, margin − x) where y = −1, for distances x.

    Args:
        input: distances, floats of any shape.
        target: 1 for what belongs together, −1 for what does not; broadcasting with the input.
        margin: how far apart that should be. Default 1.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        ValueError: for shapes that do not broadcast.
    """
    who = "hinge_embedding_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    margin = arguments.real(who, "margin", margin)
    input = floating(who, input)
    target = _signs(who, target, input)
    _fit(who, input=input, target=target)
    apart = autograd.where(target != 1, _above_zero(margin - input), 0.0)
    return reduced(apart + autograd.where(target != -1, input, 0.0), reduction)


@arguments.in_single
def soft_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """log(1 + exp(−y·x)) for y = 1 or −1, stable for scores of any size.

    Args:
        input: scores, floats of any shape.
        target: 1 or −1, broadcasting with the input.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        ValueError: for shapes that do not broadcast.
    """
    who = "soft_margin_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input = floating(who, input)
    target = _signs(who, target, input)
    _fit(who, input=input, target=target)
    return reduced(-autograd.log_sigmoid(input * target), reduction)


@arguments.in_single
def cosine_embedding_loss(
    input1: Any,
    input2: Any,
    target: Any,
    margin: float = 0.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """1 − cos(x₁, x₂) where y = 1, max(0, cos(x₁, x₂) − margin) where y = −1.

    Args:
        input1, input2: vectors, shape (N, D), or (D,).
        target: 1 or −1, shape (N,), or ().
        margin: the largest cosine of what does not belong together. Default 0.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        ValueError: for shapes that do not fit.
    """
    who = "cosine_embedding_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    margin = arguments.real(who, "margin", margin)
    input1, input2 = floats(who, input1=input1, input2=input2)
    target = _signs(who, target, input1)
    shape = input1.shape
    if len(shape) not in (1, 2) or input2.shape != shape or target.shape != shape[:-1]:
        raise ValueError(
            f"{who}: input1 and input2 must have shape (N, D) and target (N,), or (D,) and (), "
            f"got {shape}, {input2.shape} and {target.shape}"
        )
    # Added to the squares, as PyTorch does, and not the least length as in `cosine_similarity`.
    squares = [autograd.sum(x * x, -1) + 1e-12 for x in (input1, input2)]
    cosine = autograd.sum(input1 * input2, -1) / autograd.sqrt(squares[0] * squares[1])
    together = autograd.where(target == 1, 1.0 - cosine, 0.0)
    apart = autograd.where(target == -1, _above_zero(cosine - margin), 0.0)
    return reduced(together + apart, reduction)


@arguments.in_single
def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """max(0, d(anchor, positive) − d(anchor, negative) + margin).

    Source: Balntas et al., "Learning shallow convolutional feature descriptors with triplet
    losses", 2016.

    Args:
        anchor, positive, negative: vectors, shape (N, D) or (D,).
        margin: by how much farther the negative one should be; above 0. Default 1.
        p, eps: of the distance; see `pairwise_distance`.
        swap: the distance from positive to negative counts, if it is smaller. Default False.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        ValueError: for shapes that do not broadcast.
    """
    who = "triplet_margin_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    p, eps = arguments.real(who, "p", p), arguments.real(who, "eps", eps)
    return _triplets(
        who, (anchor, positive, negative), lambda x, y: pairwise_distance(x, y, p, eps), margin,
        swap, reduction,
    )  # fmt: skip


@arguments.in_single
def triplet_margin_with_distance_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    *,
    distance_function: Callable[[Any, Any], Any] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Any:
    """`triplet_margin_loss` with a distance of one's own.

    Args:
        distance_function: of two batches, giving a number for each pair. Default:
            `pairwise_distance`.
        anchor, positive, negative, margin, swap, reduction: as in `triplet_margin_loss`.
    """
    who = "triplet_margin_with_distance_loss"
    reduction = reduction_name(who, None, None, reduction)
    distance: Any = pairwise_distance
    if distance_function is not None:
        distance = arguments.function(who, "distance_function", distance_function)
    return _triplets(who, (anchor, positive, negative), distance, margin, swap, reduction)


def _triplets(
    who: str, triple: Any, distance: Callable[[Any, Any], Any], margin: Any, swap: Any,
    reduction: str,
) -> Any:  # fmt: skip
    margin = arguments.real(who, "margin", margin, 0.0, open_low=True)
    swap = arguments.boolean(who, "swap", swap)
    anchor, positive, negative = triple
    anchor, positive, negative = floats(who, anchor=anchor, positive=positive, negative=negative)
    _fit(who, anchor=anchor, positive=positive, negative=negative)
    if not len(anchor.shape) == len(positive.shape) == len(negative.shape) > 0:
        raise ValueError(
            f"{who}: anchor, positive and negative must have equally many axes, got "
            f"{anchor.shape}, {positive.shape} and {negative.shape}"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = autograd.minimum(far, distance(positive, negative))
    return reduced(_above_zero(near - far + margin), reduction)


# Classes ------------------------------------------------------------------------------------------


@arguments.in_single
def multi_margin_loss(
    input: Any,
    target: Any,
    p: int = 1,
    margin: float = 1.0,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Σᵢ max(0, margin − x[y] + x[i])ᵖ / C over the classes i other than the target y.

    Args:
        input: scores, shape (N, C) or (C,).
        target: classes, integers of shape (N,) or ().
        p: 1 or 2.
        margin: how far the target's score should be above the others. Default 1.
        weight: a factor per target class, shape (C,), or None.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.multi_margin_loss(autograd.tensor([[1.0, 0.5, 3.0]]), [0]).item()
        1.1666666269302368
    """
    who = "multi_margin_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    margin = arguments.real(who, "margin", margin)
    if arguments.integer(who, "p", p) not in (1, 2):
        raise ValueError(f"{who}: p must be 1 or 2, got {p}")
    input, weight = floats(who, input=input, weight=weight)
    classes: Any = arguments.integer_array(who, "target", target)
    shape = input.shape
    if len(shape) not in (1, 2) or classes.shape != shape[:-1] or not shape[-1]:
        raise ValueError(
            f"{who}: input must have shape (N, C) and target (N,), or (C,) and (), got {shape} "
            f"and {classes.shape}"
        )
    count = shape[-1]
    _check_classes(who, classes, count)
    if weight is not None and weight.shape != (count,):
        raise ValueError(f"{who}: weight must have shape ({count},), got {weight.shape}")
    if isinstance(target, Tensor) and isinstance(input, Tensor):
        classes = target.detach()  # so that who listens sees what the target decides
    chosen = autograd.expand_dims(classes, -1) == np.arange(count)
    wanted = autograd.sum(autograd.where(chosen, input, 0.0), -1, keepdims=True)
    terms = autograd.relu(input - wanted + margin)
    if p == 2:
        terms = terms * terms
    losses = autograd.sum(autograd.where(chosen, 0.0, terms), -1) / count
    if weight is not None:
        losses = losses * autograd.getitem(weight, classes)
    return reduced(losses, reduction)


@arguments.in_single
def multilabel_margin_loss(
    input: Any,
    target: Any,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """Σⱼ Σᵢ max(0, 1 − x[yⱼ] + x[i]) / C over targets yⱼ and the classes i that are none.

    Args:
        input: scores, shape (N, C) or (C,).
        target: classes, integers of the same shape; what follows after a −1 does not count.
        reduction, size_average, reduce: as in `margin_ranking_loss`.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.
    """
    who = "multilabel_margin_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input = floating(who, input)
    classes = arguments.integer_array(who, "target", target)
    shape = input.shape
    if len(shape) not in (1, 2) or classes.shape != shape or not shape[-1]:
        raise ValueError(
            f"{who}: input and target must have the same shape, (N, C) or (C,), got {shape} "
            f"and {classes.shape}"
        )
    given = np.logical_and.accumulate(classes != -1, axis=-1)
    _check_classes(who, classes[given], shape[-1])
    safe = np.where(given, classes, 0)
    is_target = ((safe[..., None] == np.arange(shape[-1])) & given[..., None]).any(-2)
    wanted = autograd.take_along_axis(input, safe, -1)
    differences = autograd.expand_dims(input, -2) - autograd.expand_dims(wanted, -1)
    counts = given[..., None] & ~is_target[..., None, :]
    terms = autograd.where(counts, autograd.relu(differences + 1.0), 0.0)
    return reduced(autograd.sum(terms, (-2, -1)) / shape[-1], reduction)


@arguments.in_single
def multilabel_soft_margin_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Any:
    """−y·log sigmoid(x) − (1 − y)·log sigmoid(−x), averaged over the classes.

    Args:
        input: scores, shape (..., C).
        target: 0 or 1, of the same shape.
        weight: a factor, broadcasting with the input; or None.
        reduction, size_average, reduce: as in `margin_ranking_loss`; over what is left.

    Raises:
        ValueError: for shapes that do not fit.
    """
    who = "multilabel_soft_margin_loss"
    reduction = reduction_name(who, size_average, reduce, reduction)
    input, weight = floats(who, input=input, weight=weight)
    target = arguments.array_like(f"{who}: target", target, input, weight)
    if target.dtype.kind not in "fiub":
        raise TypeError(f"{who}: target must hold numbers from 0 to 1, got dtype {target.dtype}")
    if target.dtype.kind != "f":
        target = autograd.astype(target, input.dtype if input.dtype.kind == "f" else np.float64)
    if not input.shape or input.shape != target.shape:
        raise ValueError(
            f"{who}: input and target must have the same shape, (..., C), got {input.shape} and "
            f"{target.shape}"
        )
    losses = autograd.log_sigmoid(input) * -target - autograd.log_sigmoid(-input) * (1 - target)
    if weight is not None:
        _fit(who, input=input, weight=weight)
        losses = losses * weight
    return reduced(autograd.mean(losses, -1), reduction)


# What they share ----------------------------------------------------------------------------------


def _above_zero(x: Any) -> Any:
    """As `relu`, but with slope 1 at 0 itself: so has PyTorch's, of all but the classes' losses."""
    return autograd.clip(x, 0.0)


def _signs(who: str, target: Any, like: Any) -> Any:
    """1 and −1, in any form, beside the input: no gradient goes there."""
    if is_learnt(target):
        raise RuntimeError(f"{who}: target says which, not how much, and can have no gradient")
    target = arguments.array_like(f"{who}: target", target)
    if target.dtype.kind not in "fiu":
        raise TypeError(f"{who}: target must hold 1 and −1, got dtype {target.dtype}")
    values = target.detach() if isinstance(target, Tensor) else np.asarray(target)
    if isinstance(values, Tensor) and not isinstance(like, Tensor):
        values = values.numpy()  # of arrays come arrays
    return autograd.astype(values, like.dtype) if like.dtype.kind == "f" else values


def _fit(who: str, **values: Any) -> None:
    """Raise ValueError unless shapes broadcast together."""
    try:
        np.broadcast_shapes(*[v.shape for v in values.values()])
    except ValueError:
        listed = " and ".join(f"{name} {v.shape}" for name, v in values.items())
        raise ValueError(f"{who}: shapes do not broadcast together: {listed}") from None


def _check_classes(who: str, classes: Any, count: int) -> None:
    wrong = classes[(classes < 0) | (classes >= count)]
    if wrong.size:
        raise IndexError(
            f"{who}: target {wrong.flat[0]} is not one of the {count} classes 0…{count - 1}"
        )
