"""Transformers: encoders, decoders and both together.

Source: Vaswani et al., "Attention is all you need", 2017; with ``norm_first`` after Xiong et al.,
"On layer normalization in the transformer architecture", 2020.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn import init
from nn.container import ModuleList
from nn.functional import plain as F
from nn.functional.inputs import floating
from nn.module import Module
from nn.modules.attention import MultiheadAttention
from nn.modules.building import check_device, has_bias
from nn.modules.dropout import Dropout
from nn.modules.linear import Linear
from nn.modules.normalization import LayerNorm
from nn.random import generator_or_default

__all__ = [
    "Transformer",
    "TransformerDecoder",
    "TransformerDecoderLayer",
    "TransformerEncoder",
    "TransformerEncoderLayer",
]

Activation = str | Callable[[Any], Any]


class _Layer(Module):
    """What encoder and decoder layers have in common: norms, dropouts and the two linear maps."""

    attentions: tuple[str, ...]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        _check(who, d_model, nhead, dim_feedforward, device, dtype)
        p = arguments.probability(who, "dropout", dropout)
        eps = arguments.real(who, "layer_norm_eps", layer_norm_eps, 0.0)
        batch_first = arguments.boolean(who, "batch_first", batch_first)
        self.norm_first = arguments.boolean(who, "norm_first", norm_first)
        bias = has_bias(who, bias)
        chosen = _activation(who, activation)
        if generator is not None:
            generator = generator_or_default(who, generator)
        for name in self.attentions:
            attention = MultiheadAttention(
                d_model, nhead, p, bias, batch_first=batch_first, device=device, dtype=dtype,
                generator=generator,
            )  # fmt: skip
            self.register_module(name, attention)
        self.linear1 = Linear(d_model, dim_feedforward, bias, device, dtype, generator)
        self.dropout = Dropout(p, generator=generator)
        self.linear2 = Linear(dim_feedforward, d_model, bias, device, dtype, generator)
        count = len(self.attentions) + 1
        for k in range(1, count + 1):
            norm = LayerNorm(d_model, eps, bias=bias, device=device, dtype=dtype)
            self.register_module(f"norm{k}", norm)
        for k in range(1, count + 1):
            self.register_module(f"dropout{k}", Dropout(p, generator=generator))
        self.activation = chosen

    def _feed_forward(self, x: Any) -> Any:
        return self.linear2(self.dropout(self.activation(self.linear1(x))))

    def _blocks(self, x: Any, blocks: list[Callable[[Any], Any]]) -> Any:
        """Each block's result is added to what went in; the norm stands before or after."""
        for k, block in enumerate(blocks, 1):
            norm, drop = getattr(self, f"norm{k}"), getattr(self, f"dropout{k}")
            x = x + drop(block(norm(x))) if self.norm_first else norm(x + drop(block(x)))
        return x


class TransformerEncoderLayer(_Layer):
    """Self-attention and a small network, each with a shortcut and a norm.

    Args:
        d_model: E, the size of every position; a multiple of ``nhead``.
        nhead: heads of the attention.
        dim_feedforward: hidden size of the network. Default 2048.
        dropout: in training, of both and of the attention weights. Default 0.1.
        activation: of the network: ``"relu"``, ``"gelu"`` or a function. Default relu.
        layer_norm_eps: of the norms. Default 1e-5.
        batch_first: (N, T, E) instead of (T, N, E). Default False.
        norm_first: norms before attention and network instead of after the sums. Default False.
        bias: whether linear maps and norms have one. Default True.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.
        generator: source of the first weights and of dropout. Default: the one that
            ``nn.manual_seed`` seeds.

    Example:
        >>> import autograd, nn
        >>> layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        >>> layer(autograd.zeros(3, 5, 8)).shape
        (3, 5, 8)
    """

    attentions = ("self_attn",)

    def forward(
        self,
        src: Any,
        src_mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool = False,
    ) -> Any:
        """src, shape (T, N, E), (T, E), or (N, T, E) with ``batch_first``, taken further.

        Args:
            src_mask, src_key_padding_mask, is_causal: as ``attn_mask``, ``key_padding_mask`` and
                ``is_causal`` of `MultiheadAttention`.
        """
        src = floating(type(self).__name__, src, "src")
        padding = src_key_padding_mask
        return self._blocks(src, [
            lambda x: self.self_attn(x, x, x, padding, False, src_mask, is_causal=is_causal)[0],
            self._feed_forward,
        ])  # fmt: skip


class TransformerDecoderLayer(_Layer):
    """Self-attention, attention on an encoder's result, and a small network.

    Args:
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype, generator: as in `TransformerEncoderLayer`.

    Example:
        >>> import autograd, nn
        >>> layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True)
        >>> layer(autograd.zeros(3, 5, 8), autograd.zeros(3, 7, 8)).shape
        (3, 5, 8)
    """

    attentions = ("self_attn", "multihead_attn")

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """tgt, shape (T, N, E), taken further with a look at memory, shape (S, N, E).

        Args:
            tgt_mask, tgt_key_padding_mask, tgt_is_causal: masks of tgt's attention to itself, as
                those of `MultiheadAttention`.
            memory_mask, memory_key_padding_mask, memory_is_causal: of that to memory.
        """
        tgt = floating(type(self).__name__, tgt, "tgt")
        memory = floating(type(self).__name__, memory, "memory")
        own = (tgt_key_padding_mask, False, tgt_mask, True, tgt_is_causal)
        other = (memory_key_padding_mask, False, memory_mask, True, memory_is_causal)
        return self._blocks(tgt, [
            lambda x: self.self_attn(x, x, x, *own)[0],
            lambda x: self.multihead_attn(x, memory, memory, *other)[0],
            self._feed_forward,
        ])  # fmt: skip


class TransformerEncoder(Module):
    """Equal layers one after the other, with copies of the first one's parameters at the start.

    Args:
        encoder_layer: which is copied; itself it is not part of the model.
        num_layers: how many.
        norm: a module for the result, or None.
        enable_nested_tensor, mask_check: taken for PyTorch's sake; nothing is skipped here.

    Example:
        >>> import autograd, nn
        >>> encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2)
        >>> encoder(autograd.zeros(5, 3, 8)).shape
        (5, 3, 8)
    """

    norm: Module | None

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        who = "TransformerEncoder"
        self.layers, self.num_layers = _copies(who, "encoder_layer", encoder_layer, num_layers)
        self.register_module("norm", _module_or_none(who, "norm", norm))
        self.enable_nested_tensor = arguments.boolean(
            who, "enable_nested_tensor", enable_nested_tensor
        )
        self.mask_check = arguments.boolean(who, "mask_check", mask_check)

    def forward(
        self,
        src: Any,
        mask: Any = None,
        src_key_padding_mask: Any = None,
        is_causal: bool | None = None,
    ) -> Any:
        """src through all layers; the arguments are those of `TransformerEncoderLayer`."""
        src = floating("TransformerEncoder", src, "src")
        causal = _hint("TransformerEncoder", "is_causal", is_causal)
        for layer in self.layers:
            src = layer(src, mask, src_key_padding_mask, causal)
        return src if self.norm is None else self.norm(src)


class TransformerDecoder(Module):
    """Equal layers one after the other, with copies of the first one's parameters at the start.

    Args:
        decoder_layer: which is copied; itself it is not part of the model.
        num_layers: how many.
        norm: a module for the result, or None.
    """

    norm: Module | None

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        who = "TransformerDecoder"
        self.layers, self.num_layers = _copies(who, "decoder_layer", decoder_layer, num_layers)
        self.register_module("norm", _module_or_none(who, "norm", norm))

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """tgt through all layers; the arguments are those of `TransformerDecoderLayer`."""
        tgt = floating("TransformerDecoder", tgt, "tgt")
        causal = _hint("TransformerDecoder", "tgt_is_causal", tgt_is_causal)
        for layer in self.layers:
            tgt = layer(
                tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
                causal, memory_is_causal,
            )  # fmt: skip
        return tgt if self.norm is None else self.norm(tgt)


class Transformer(Module):
    """An encoder, and a decoder that looks at its result.

    Args:
        num_encoder_layers, num_decoder_layers: how many of each. Default 6.
        custom_encoder, custom_decoder: modules to stand in their places, or None.
        d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first,
            norm_first, bias, device, dtype, generator: as in `TransformerEncoderLayer`; d_model is
            512 by default, nhead 8. All matrices are uniform after Glorot.

    Example:
        >>> import autograd, nn
        >>> model = nn.Transformer(8, 2, 1, 1, 16)
        >>> source, target = autograd.zeros(5, 3, 8), autograd.zeros(4, 3, 8)
        >>> mask = model.generate_square_subsequent_mask(4)
        >>> model(source, target, tgt_mask=mask).shape
        (4, 3, 8)
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: Activation = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = "Transformer"
        _check(who, d_model, nhead, dim_feedforward, device, dtype)
        arguments.probability(who, "dropout", dropout)
        eps = arguments.real(who, "layer_norm_eps", layer_norm_eps, 0.0)
        self.batch_first = arguments.boolean(who, "batch_first", batch_first)
        arguments.boolean(who, "norm_first", norm_first)
        bias = has_bias(who, bias)
        _activation(who, activation)
        counts = (
            arguments.integer(who, "num_encoder_layers", num_encoder_layers),
            arguments.integer(who, "num_decoder_layers", num_decoder_layers),
        )
        if generator is not None:
            generator = generator_or_default(who, generator)
        shared = (
            d_model, nhead, dim_feedforward, dropout, activation, eps, batch_first, norm_first,
            bias, device, dtype, generator,
        )  # fmt: skip

        def norm() -> LayerNorm:
            return LayerNorm(d_model, eps, bias=bias, device=device, dtype=dtype)

        encoder = _module_or_none(who, "custom_encoder", custom_encoder)
        decoder = _module_or_none(who, "custom_decoder", custom_decoder)
        if encoder is None:
            layer: Module = TransformerEncoderLayer(*shared)
            _check_count(who, "num_encoder_layers", layer, counts[0])
            encoder = TransformerEncoder(layer, counts[0], norm())
        if decoder is None:
            layer = TransformerDecoderLayer(*shared)
            _check_count(who, "num_decoder_layers", layer, counts[1])
            decoder = TransformerDecoder(layer, counts[1], norm())
        self.encoder, self.decoder = encoder, decoder
        self.d_model, self.nhead = d_model, nhead
        for parameter in self.parameters():
            if len(parameter.shape) > 1:
                init.xavier_uniform_(parameter, generator=generator)

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """The decoder's result for tgt, shape (T, N, E), given src, shape (S, N, E).

        Args:
            src_mask, tgt_mask, memory_mask: as ``attn_mask`` of `MultiheadAttention`, for the
                encoder's attention, the decoder's to itself and that to the encoder's result.
            src_key_padding_mask, tgt_key_padding_mask, memory_key_padding_mask: as its
                ``key_padding_mask``.
            src_is_causal, tgt_is_causal, memory_is_causal: as its ``is_causal``.
        """
        src, tgt = floating("Transformer", src, "src"), floating("Transformer", tgt, "tgt")
        for name, x in (("src", src), ("tgt", tgt)):
            if len(x.shape) not in (2, 3) or x.shape[-1] != self.d_model:
                raise ValueError(
                    f"Transformer: {name} must have 2 or 3 axes, the last of size {self.d_model}, "
                    f"got shape {x.shape}"
                )
        memory = self.encoder(src, src_mask, src_key_padding_mask, src_is_causal)
        return self.decoder(
            tgt, memory, tgt_mask, memory_mask, tgt_key_padding_mask, memory_key_padding_mask,
            tgt_is_causal, memory_is_causal,
        )  # fmt: skip

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Tensor:
        """The causal mask of ``sz`` positions: 0 on and below the diagonal, −inf above.

        Raises:
            ValueError: for a negative size, or one too large.

        Example:
            >>> import nn
            >>> nn.Transformer.generate_square_subsequent_mask(2).tolist()
            [[0.0, -inf], [0.0, 0.0]]
        """
        who = "generate_square_subsequent_mask"
        sz = arguments.integer(who, "sz", sz, 0)
        check_device(who, device)
        full = autograd.full((sz, sz), -np.inf, dtype=arguments.float_dtype(who, dtype))
        return autograd.as_tensor(np.triu(full.numpy(), 1))


# What they share ----------------------------------------------------------------------------------


def _check(
    who: str, d_model: Any, nhead: Any, dim_feedforward: Any, device: Any, dtype: Any
) -> None:
    """Refuse sizes that do not go together, in the name of the layer that was asked for them."""
    width = arguments.integer(who, "d_model", d_model)
    heads = arguments.integer(who, "nhead", nhead)
    if width % heads:
        raise ValueError(f"{who}: d_model={width} must be a multiple of nhead={heads}")
    hidden = arguments.integer(who, "dim_feedforward", dim_feedforward)
    check_device(who, device)
    arguments.float_dtype(who, dtype)
    _check_memory(who, (width, 2 * hidden + 4 * width))


def _check_memory(who: str, shape: tuple[int, ...]) -> None:
    try:
        autograd.zeros(*shape, dtype=np.float64)  # takes no memory yet
    except ValueError as error:
        raise ValueError(f"{who}: the parameters are too large: {error}") from None


def _check_count(who: str, name: str, layer: Module, count: int) -> None:
    if count > 1000:  # copies of layers without parameters take their time, too
        _check_memory(f"{who}: {name}={count}", (count, 1000 + _size(layer)))


def _size(layer: Module) -> int:
    return sum(math.prod(p.shape) for p in layer.parameters())


def _activation(who: str, activation: Any) -> Callable[[Any], Any]:
    if isinstance(activation, str):
        return F.relu if arguments.choice(who, "activation", activation, ("relu", "gelu")) == "relu" else F.gelu  # fmt: skip
    return arguments.function(who, "activation", activation)


def _copies(who: str, name: str, layer: Any, num_layers: Any) -> tuple[ModuleList, int]:
    if not isinstance(layer, Module):
        raise TypeError(f"{who}: {name} must be a Module, got {type(layer).__name__}")
    count = arguments.integer(who, "num_layers", num_layers)
    _check_count(who, "num_layers", layer, count)
    # All draw from the one generator: copies of it would drop the same elements in every layer.
    held = [value for module in layer.modules() for value in vars(module).values()]
    kept = {id(g): g for g in held if isinstance(g, np.random.Generator)}
    return ModuleList([copy.deepcopy(layer, dict(kept)) for _ in range(count)]), count


def _module_or_none(who: str, name: str, module: Any) -> Module | None:
    if module is not None and not isinstance(module, Module):
        raise TypeError(f"{who}: {name} must be a Module or None, got {type(module).__name__}")
    return module


def _hint(who: str, name: str, value: Any) -> bool:
    """Whether a mask is said to be causal; None says nothing."""
    return False if value is None else arguments.boolean(who, name, value)
