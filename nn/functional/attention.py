"""Scaled dot-product attention, of one head and of several.

Source: Vaswani et al., "Attention is all you need", 2017.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.dense import linear
from nn.functional.dropouts import dropout
from nn.functional.inputs import floating, floats
from nn.random import generator_or_default

__all__ = ["scaled_dot_product_attention"]


@arguments.in_single
def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """softmax(query · keyᵀ · scale + mask) · value: every query's mean of the values.

    A query that may look nowhere gets zeros.

    Args:
        query: shape (..., L, E).
        key: shape (..., S, E).
        value: shape (..., S, V).
        attn_mask: broadcasting with (..., L, S): bools, True where a query may look; or floats,
            added to the scores (−inf where it may not). None for everywhere.
        dropout_p: the probability with which a weight becomes 0. Default 0.
        is_causal: query i looks at keys 0…i only; then ``attn_mask`` must be None.
        scale: factor of the scores. Default 1/√E.
        enable_gqa: queries may have a multiple of the keys' heads (the third axis from the end);
            neighbouring ones share a head of keys and values. Default False.
        generator: source of the dropout. Default: the one that ``nn.manual_seed`` seeds.

    Returns:
        Shape (..., L, V).

    Raises:
        ValueError: for shapes that do not fit, or two masks at once.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.tensor([[1.0, 0.0], [0.0, 1.0]])
        >>> F.scaled_dot_product_attention(x, x, x, is_causal=True)[0].tolist()
        [1.0, 0.0]
    """
    who = "scaled_dot_product_attention"
    query, key, value = floats(who, query=query, key=key, value=value)
    p = arguments.probability(who, "dropout_p", dropout_p)
    generator = generator_or_default(who, generator)
    factor = None if scale is None else arguments.real(who, "scale", scale)
    if arguments.boolean(who, "enable_gqa", enable_gqa):
        key, value = _shared_heads(who, query, key, value)
    leading = _check_shapes(who, query, key, value)
    length, width = query.shape[-2:]
    shape = (*leading, length, key.shape[-2])
    mask: Any = None
    if arguments.boolean(who, "is_causal", is_causal):
        if attn_mask is not None:
            raise ValueError(f"{who}: attn_mask must be None with is_causal=True")
        mask = arguments.from_sizes(np.tri(length, key.shape[-2], dtype=bool))
    elif attn_mask is not None:
        mask = read_mask(who, "attn_mask", attn_mask, query)
        if not _broadcasts(mask.shape, shape):
            raise ValueError(
                f"{who}: attn_mask of shape {mask.shape} does not broadcast to the scores' {shape}"
            )
    factor = 1.0 / math.sqrt(max(width, 1)) if factor is None else factor
    scores = autograd.matmul(query * factor, autograd.swapaxes(key, -1, -2))
    weights = attention_weights(scores, mask)
    if p:
        weights = dropout(weights, p, True, generator=generator)
    return autograd.matmul(weights, value)


def attention_weights(scores: Any, mask: Any) -> Any:
    """Softmax over the last axis of scores under a mask as `read_mask` gives it.

    A row without any place to look gets zeros, and no gradient, instead of 0/0.
    """
    if mask is None:
        return autograd.softmax(scores, -1)
    values = np.asarray(mask.detach().numpy() if isinstance(mask, Tensor) else mask)
    allowed = values if values.dtype.kind == "b" else values != -np.inf
    dead = ~allowed.any(-1, keepdims=True)
    if values.dtype.kind == "b":
        scores = autograd.where(arguments.from_sizes(allowed | dead, mask), scores, -np.inf)
    else:
        scores = scores + (autograd.where(dead, 0.0, mask) if dead.any() else mask)
    weights = autograd.softmax(scores, -1)
    return autograd.where(dead, 0.0, weights) if dead.any() else weights


def read_mask(who: str, name: str, mask: Any, beside: Any = None) -> Any:
    """A mask of bools, as an array, or of floats, in the precision of what it stands ``beside``.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(mask, (list, tuple)):
        mask = arguments.array_like(f"{who}: {name}", mask, beside)
    if getattr(getattr(mask, "dtype", None), "kind", "") == "b":
        return np.asarray(mask.numpy() if isinstance(mask, Tensor) else mask)
    return floating(who, mask, name)


def _broadcasts(shape: tuple[int, ...], to: tuple[int, ...]) -> bool:
    try:
        return bool(np.broadcast_shapes(shape, to) == to)
    except ValueError:
        return False


def _check_shapes(who: str, query: Any, key: Any, value: Any) -> tuple[int, ...]:
    """The leading axes, broadcast together."""
    shapes = query.shape, key.shape, value.shape
    try:
        if min(map(len, shapes)) < 2:
            raise ValueError
        leading = np.broadcast_shapes(*[s[:-2] for s in shapes])
        fits = query.shape[-1] == key.shape[-1] and key.shape[-2] == value.shape[-2]
    except ValueError:
        fits, leading = False, ()
    if not fits:
        raise ValueError(
            f"{who}: query (..., L, E), key (..., S, E) and value (..., S, V) do not fit together, "
            f"got {shapes[0]}, {shapes[1]} and {shapes[2]}"
        )
    return leading


def _shared_heads(who: str, query: Any, key: Any, value: Any) -> tuple[Any, Any]:
    """Keys and values repeated for every query head that they serve."""
    if min(len(x.shape) for x in (query, key, value)) < 3:
        raise ValueError(f"{who}: with enable_gqa, query, key and value need an axis of heads")
    heads, repeated = query.shape[-3], []
    for name, x in (("key", key), ("value", value)):
        if not x.shape[-3] or heads % x.shape[-3]:
            raise ValueError(
                f"{who}: the {heads} heads of query are no multiple of {name}'s {x.shape[-3]}"
            )
        repeated.append(autograd.repeat(x, heads // x.shape[-3], axis=-3))
    return repeated[0], repeated[1]


# Several heads ------------------------------------------------------------------------------------


class Projections(NamedTuple):
    """What a multi-head attention has learnt; see `nn.MultiheadAttention`."""

    w_q: Any
    w_k: Any
    w_v: Any
    biases: tuple[Any, Any, Any]
    bias_k: Any
    bias_v: Any
    w_out: Any
    b_out: Any


def attend(
    query: Any,
    key: Any,
    value: Any,
    weights: Projections,
    heads: int,
    mask: Any,
    zero_attention: bool,
    p: float,
    generator: np.random.Generator | None,
) -> tuple[Any, Any]:
    """Multi-head attention of batched sequences.

    Args:
        query, key, value: shape (L, N, E), (S, N, K) and (S, N, V).
        mask: added to the scores, broadcasting with (N, heads, L, S); or None.
        zero_attention: a key and a value of zeros are put behind the others.
        p: dropout of the attention weights.

    Returns:
        (L, N, E), and the weights (N, heads, L, S).
    """
    q = linear(query, weights.w_q, weights.biases[0])
    k = linear(key, weights.w_k, weights.biases[1])
    v = linear(value, weights.w_v, weights.biases[2])
    length, batch, width = q.shape
    added = 0
    if weights.bias_k is not None:
        k, v = (
            autograd.concatenate([x, autograd.broadcast_to(bias, (1, batch, width))])
            for x, bias in ((k, weights.bias_k), (v, weights.bias_v))
        )
        added += 1
    if zero_attention:
        zeros = np.zeros((1, batch, width), k.dtype)
        k, v = autograd.concatenate([k, zeros]), autograd.concatenate([v, zeros])
        added += 1
    if mask is not None and added:
        nothing = np.zeros((*mask.shape[:-1], added), mask.dtype)
        mask = autograd.concatenate([mask, nothing], axis=-1)
    q, k, v = (_heads_apart(x, heads) for x in (q, k, v))
    scores = autograd.matmul(q / math.sqrt(width // heads), autograd.swapaxes(k, -1, -2))
    shares = attention_weights(scores, mask)
    if p:
        shares = dropout(shares, p, True, generator=generator)
    out = autograd.transpose(autograd.matmul(shares, v), (2, 0, 1, 3))
    out = autograd.reshape(out, (length, batch, width))
    return linear(out, weights.w_out, weights.b_out), shares


def _heads_apart(x: Any, heads: int) -> Any:
    """(L, N, E) to (N, heads, L, E/heads)."""
    length, batch, width = x.shape
    x = autograd.reshape(x, (length, batch, heads, width // heads))
    return autograd.transpose(x, (1, 2, 0, 3))
