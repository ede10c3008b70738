"""Lengths of vectors, and how far or how similar two of them are."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import arguments
from autograd.in_place import last_view
from nn.functional.inputs import floating, floats

__all__ = ["cosine_similarity", "normalize", "pairwise_distance"]


def _norm(x: Any, p: float, axis: int | tuple[int, ...]) -> Any:
    """p-norm along an axis, which stays with size 1; its gradient at the zero vector is 0."""
    return autograd.linalg.vector_norm(x, ord=p, axis=axis, keepdims=True)


@arguments.in_single
def normalize(
    input: Any, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: None = None
) -> Any:
    """x / max(‖x‖ₚ, eps) along an axis.

    Args:
        input: floats of any shape.
        p: of the norm. Default 2.
        dim: the axis. Default 1.
        eps: the smallest divisor. Default 1e-12.
        out: must be None: results are always new tensors.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.normalize(autograd.tensor([3.0, 4.0]), dim=0).tolist()  # doctest: +ELLIPSIS
        [0.6..., 0.8...]
    """
    who = "normalize"
    if out is not None:
        raise ValueError(f"{who}: out must be None; results are always new tensors")
    input = floating(who, input)
    axis = arguments.axes(who, dim, len(input.shape), "dim")
    p = arguments.real(who, "p", p)
    least = arguments.real(who, "eps", eps)
    return input / autograd.clip(_norm(input, p, axis), least, None)


@arguments.in_single
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """x₁ · x₂ / (max(‖x₁‖, eps) · max(‖x₂‖, eps)) along an axis.

    Args:
        x1, x2: floats of shapes that broadcast.
        dim: the axis, of the broadcast shape. Default 1.
        eps: the smallest divisor. Default 1e-8.

    Returns:
        The broadcast shape without that axis.
    """
    who = "cosine_similarity"
    x1, x2 = _broadcast(who, x1, x2)
    axis = arguments.axes(who, dim, len(x1.shape), "dim")
    least = arguments.real(who, "eps", eps)
    x1, x2 = arguments.alike(x1, x2)
    one = x1 / autograd.clip(_norm(x1, 2.0, axis), least, None)
    other = x2 / autograd.clip(_norm(x2, 2.0, axis), least, None)
    return autograd.sum(one * other, axis)


@arguments.in_single
def pairwise_distance(
    x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Any:
    """‖x₁ − x₂ + eps‖ₚ along the last axis.

    Args:
        x1, x2: shape (N, D) or (D,), or others that broadcast.
        p: of the norm. Default 2.
        eps: added to every difference, so that none is the zero vector. Default 1e-6.
        keepdim: keep the last axis with size 1. Default False.
    """
    who = "pairwise_distance"
    x1, x2 = _broadcast(who, x1, x2)
    p, eps = arguments.real(who, "p", p), arguments.real(who, "eps", eps)
    if not x1.shape:
        raise ValueError(f"{who}: x1 and x2 must have an axis, got shape ()")
    kept = _norm(x1 - x2 + eps, p, -1)
    return (
        kept
        if arguments.boolean(who, "keepdim", keepdim)
        else last_view(autograd.squeeze, kept, -1)
    )


def _broadcast(who: str, x1: Any, x2: Any) -> tuple[Any, Any]:
    x1, x2 = floats(who, x1=x1, x2=x2)
    if x1.shape == x2.shape:
        return x1, x2
    sizes = []
    for k in range(1, max(len(x1.shape), len(x2.shape)) + 1):
        pair = {s[-k] for s in (x1.shape, x2.shape) if len(s) >= k} - {1}
        if len(pair) > 1:
            raise ValueError(
                f"{who}: shapes of x1 {x1.shape} and x2 {x2.shape} do not broadcast together"
            )
        sizes.append(math.prod(pair))
    shape = tuple(reversed(sizes))
    return autograd.broadcast_to(x1, shape), autograd.broadcast_to(x2, shape)
