"""Multi-head attention."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn import init
from nn.functional.attention import Projections, attend, read_mask
from nn.functional.inputs import floating
from nn.module import Module
from nn.modules.building import check_precision, draw, empty_parameter, has_bias
from nn.modules.linear import Linear
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    """Several attentions side by side, each on its own projections of query, key and value.

    Source: Vaswani et al., "Attention is all you need", 2017.

    Args:
        embed_dim: E, the size of queries and of the result; a multiple of ``num_heads``.
        num_heads: how many; each works on embed_dim / num_heads numbers.
        dropout: of the attention weights, in training. Default 0.
        bias: whether the projections add one. Default True.
        add_bias_kv: a learnt key and value stand behind those given. Default False.
        add_zero_attn: a key and a value of zeros stand behind them. Default False.
        kdim, vdim: sizes of keys and values. Default ``embed_dim``.
        batch_first: (N, L, E) instead of (L, N, E). Default False.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.
        generator: source of the first weights and of dropout. Default: the one that
            ``nn.manual_seed`` seeds.

    Attributes:
        in_proj_weight: the three projections below one another, shape (3·E, E); with other
            ``kdim`` or ``vdim`` it is None, and q_proj_weight, k_proj_weight and v_proj_weight are
            there. Uniform after Glorot.
        in_proj_bias: shape (3·E,), zeros; or None.
        out_proj: a `Linear` of the heads' results side by side.
        bias_k, bias_v: shape (1, 1, E), or None.

    Example:
        >>> import autograd, nn
        >>> attention = nn.MultiheadAttention(8, 2, batch_first=True)
        >>> x = autograd.zeros(3, 5, 8)
        >>> output, weights = attention(x, x, x)
        >>> output.shape, weights.shape
        ((3, 5, 8), (3, 5, 5))
    """

    _is_one_layer = True
    in_proj_weight: Parameter | None
    in_proj_bias: Parameter | None
    bias_k: Parameter | None
    bias_v: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool | None = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        width = self.embed_dim = arguments.integer(who, "embed_dim", embed_dim)
        self.num_heads = arguments.integer(who, "num_heads", num_heads)
        if width % self.num_heads:
            raise ValueError(
                f"{who}: embed_dim={width} must be a multiple of num_heads={num_heads}"
            )
        self.head_dim = width // self.num_heads
        self.dropout = arguments.probability(who, "dropout", dropout)
        with_bias = has_bias(who, bias)
        has_key = arguments.boolean(who, "add_bias_kv", add_bias_kv)
        self.add_zero_attn = arguments.boolean(who, "add_zero_attn", add_zero_attn)
        self.kdim = width if kdim is None else arguments.integer(who, "kdim", kdim)
        self.vdim = width if vdim is None else arguments.integer(who, "vdim", vdim)
        self.batch_first = arguments.boolean(who, "batch_first", batch_first)

        def parameter(there: bool, *shape: int) -> Parameter | None:
            return empty_parameter(who, shape, device, dtype) if there else None

        alike = self.kdim == self.vdim == width
        self.register_parameter("in_proj_weight", parameter(alike, 3 * width, width))
        self.register_parameter("q_proj_weight", parameter(not alike, width, width))
        self.register_parameter("k_proj_weight", parameter(not alike, width, self.kdim))
        self.register_parameter("v_proj_weight", parameter(not alike, width, self.vdim))
        self.register_parameter("in_proj_bias", parameter(with_bias, 3 * width))
        self.register_parameter("bias_k", parameter(has_key, 1, 1, width))
        self.register_parameter("bias_v", parameter(has_key, 1, 1, width))
        self.generator = None if generator is None else generator_or_default(who, generator)
        self.out_proj = Linear(width, width, with_bias, device, dtype, generator)
        draw(self, generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw all parameters anew, from ``generator`` or the default one."""
        generator = generator_or_default(type(self).__name__, generator)
        self.out_proj.reset_parameters(generator)
        for name, given in self.named_parameters(recurse=False):
            if name.endswith("weight"):
                init.xavier_uniform_(given, generator=generator)
            elif name in ("bias_k", "bias_v"):
                init.xavier_normal_(given, generator=generator)
        for bias in (self.in_proj_bias, self.out_proj.bias):
            if bias is not None:
                init.zeros_(bias)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """The attended values and the attention weights.

        As in PyTorch, True in a mask means here that a key is *not* looked at. A query that may
        look nowhere gets the bias of ``out_proj``, and weights of zero.

        Args:
            query: shape (L, N, E), (N, L, E) with ``batch_first``, or (L, E) without a batch.
            key, value: shape (S, N, kdim) and (S, N, vdim), ordered alike.
            key_padding_mask: shape (N, S), or (S,): bools, True for keys to be left out; or floats
                that are added to the scores.
            need_weights: whether the weights are returned; else None. Default True.
            attn_mask: shape (L, S) or (N·num_heads, L, S), bools or floats likewise.
            average_attn_weights: the mean over the heads, (N, L, S), instead of
                (N, num_heads, L, S). Default True.
            is_causal: says that ``attn_mask``, which must be there, is causal.

        Raises:
            ValueError: for shapes that do not fit.
        """
        who = type(self).__name__
        need_weights = arguments.boolean(who, "need_weights", need_weights)
        average = arguments.boolean(who, "average_attn_weights", average_attn_weights)
        if arguments.boolean(who, "is_causal", is_causal) and attn_mask is None:
            raise ValueError(f"{who}: is_causal=True says what attn_mask is; give that, too")
        given = [
            floating(who, x, name, self.out_proj.weight)
            for name, x in (("query", query), ("key", key), ("value", value))
        ]
        check_precision(self, self.out_proj.weight, *given)
        batched = len(given[0].shape) == 3
        q, k, v = self._in_order(who, given, batched)
        mask = self._mask(who, attn_mask, key_padding_mask, (*q.shape[:2], k.shape[0]), batched, q)
        p = self.dropout if self.training else 0.0
        out, weights = attend(
            q, k, v, self._projections(), self.num_heads, mask, self.add_zero_attn, p,
            self.generator,
        )  # fmt: skip
        if not batched:
            out, weights = autograd.squeeze(out, 1), autograd.squeeze(weights, 0)
        elif self.batch_first:
            out = autograd.swapaxes(out, 0, 1)
        if not need_weights:
            return out, None
        return out, autograd.mean(weights, -3) if average else weights

    def _in_order(self, who: str, given: list[Any], batched: bool) -> list[Any]:
        """Query, key and value with time first and a batch axis."""
        sizes = (self.embed_dim, self.kdim, self.vdim)
        shapes = [x.shape for x in given]
        fits = all(
            len(shape) == 2 + batched and shape[-1] == size
            for shape, size in zip(shapes, sizes, strict=True)
        )
        if fits and not batched:
            given = [autograd.expand_dims(x, 1) for x in given]
        elif fits and self.batch_first:
            given = [autograd.swapaxes(x, 0, 1) for x in given]
        q, k, v = (x.shape for x in given)
        if not fits or k[:2] != v[:2] or q[1] != k[1] or not k[0]:
            axes = "N, {0}, " if self.batch_first else "{0}, N, "
            wanted = [
                f"{name} ({axes.format(time)}{size})"
                for name, time, size in zip(("query", "key", "value"), "LSS", sizes, strict=True)
            ]
            raise ValueError(
                f"{who}: wanted {', '.join(wanted)}, or none of them with N; got "
                f"{', '.join(map(str, shapes))}"
            )
        return given

    def _mask(
        self,
        who: str,
        attn_mask: Any,
        padding: Any,
        sizes: tuple[int, int, int],
        batched: bool,
        like: Any,
    ) -> Any:
        """Both masks as one that is added, broadcasting with (N, heads, L, S)."""
        length, batch, keys = sizes
        total = None
        if attn_mask is not None:
            total = _added(who, "attn_mask", attn_mask, like)
            several = (batch * self.num_heads, length, keys)
            if total.shape not in ((length, keys), several):
                raise ValueError(
                    f"{who}: attn_mask must have shape {(length, keys)} or {several}, "
                    f"got {total.shape}"
                )
            if len(total.shape) == 3:
                total = autograd.reshape(total, (batch, self.num_heads, length, keys))
            else:
                total = autograd.reshape(total, (1, 1, length, keys))
        if padding is not None:
            hidden = _added(who, "key_padding_mask", padding, like)
            wanted = (batch, keys) if batched else (keys,)
            if hidden.shape != wanted:
                raise ValueError(
                    f"{who}: key_padding_mask must have shape {wanted}, got {hidden.shape}"
                )
            hidden = autograd.reshape(hidden, (batch, 1, 1, keys))
            total = hidden if total is None else total + hidden
        return total

    def _projections(self) -> Projections:
        biases: Any = (None, None, None)
        if self.in_proj_bias is not None:
            biases = tuple(autograd.split(self.in_proj_bias, 3, axis=0))
        if self.in_proj_weight is not None:
            w_q, w_k, w_v = autograd.split(self.in_proj_weight, 3, axis=0)
        else:
            w_q, w_k, w_v = self.q_proj_weight, self.k_proj_weight, self.v_proj_weight
        out = self.out_proj
        return Projections(w_q, w_k, w_v, biases, self.bias_k, self.bias_v, out.weight, out.bias)


def _added(who: str, name: str, mask: Any, like: Any) -> Any:
    """A mask as it is added to scores: 0 where one may look, −inf where not."""
    mask = read_mask(who, name, mask)
    if mask.dtype.kind != "b":
        return mask
    added = np.where(mask, -np.inf, 0.0).astype(like.dtype)
    return autograd.as_tensor(added) if isinstance(like, Tensor) else added
