"""Linear and bilinear layers, tables of vectors, and changes of shape."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn import init
from nn.functional import plain as F
from nn.functional.dense import say_dense
from nn.functional.inputs import floating
from nn.module import Module
from nn.modules.building import (
    check_precision,
    draw,
    empty_parameter,
    fill_uniform,
    has_bias,
    shown,
)
from nn.parameter import Parameter
from nn.random import generator_or_default

__all__ = ["Bilinear", "Embedding", "Flatten", "Identity", "Linear", "Unflatten"]


class Identity(Module):
    """Gives what it gets. Any arguments are taken and forgotten."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Module):
    """x · weightᵀ + bias, a dense layer.

    Args:
        in_features, out_features: sizes of the last axis, before and after.
        bias: whether a number per output is added. Default True.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.
        generator: source of the first weights. Default: the one that ``nn.manual_seed`` seeds.

    Attributes:
        weight: shape (out_features, in_features), uniform on ±1/√in_features.
        bias: shape (out_features,), from the same distribution; or None.

    Example:
        >>> import autograd, nn
        >>> nn.Linear(3, 2)(autograd.zeros(5, 3)).shape
        (5, 2)
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self.in_features = arguments.integer(who, "in_features", in_features)
        self.out_features = arguments.integer(who, "out_features", out_features)
        with_bias = has_bias(who, bias)
        shape = (self.out_features, self.in_features)
        self.weight = empty_parameter(who, shape, device, dtype)
        self.register_parameter(
            "bias", empty_parameter(who, shape[:1], device, dtype) if with_bias else None
        )
        draw(self, generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw weight and bias anew, from ``generator`` or the default one."""
        fill_uniform(type(self).__name__, self.weight, self.bias, self.in_features, generator)

    def forward(self, input: Any) -> Any:
        weight = self.weight  # once: it may be computed
        check_precision(self, weight, input)
        return autograd.linear(input, weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}"
        )


class Bilinear(Module):
    """x₁ᵀ · weight[o] · x₂ + bias[o]; see `nn.functional.bilinear`.

    Args:
        in1_features, in2_features, out_features: sizes of the last axes.
        bias, device, dtype, generator: as in `Linear`.

    Attributes:
        weight: shape (out_features, in1_features, in2_features), uniform on ±1/√in1_features.
        bias: shape (out_features,), from the same distribution; or None.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.in1_features = arguments.integer("Bilinear", "in1_features", in1_features)
        self.in2_features = arguments.integer("Bilinear", "in2_features", in2_features)
        self.out_features = arguments.integer("Bilinear", "out_features", out_features)
        with_bias = has_bias("Bilinear", bias)
        shape = (self.out_features, self.in1_features, self.in2_features)
        self.weight = empty_parameter("Bilinear", shape, device, dtype)
        self.register_parameter(
            "bias", empty_parameter("Bilinear", shape[:1], device, dtype) if with_bias else None
        )
        draw(self, generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw weight and bias anew, from ``generator`` or the default one."""
        fill_uniform(type(self).__name__, self.weight, self.bias, self.in1_features, generator)

    def forward(self, input1: Any, input2: Any) -> Any:
        weight = self.weight
        check_precision(self, weight, input1, input2)
        return F.bilinear(input1, input2, weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )


class Embedding(Module):
    """A table of vectors, looked up by integers; see `nn.functional.embedding`.

    Args:
        num_embeddings, embedding_dim: rows and columns of the table.
        padding_idx: a row that starts as zeros and gets no gradient.
        max_norm, norm_type, scale_grad_by_freq: see `nn.functional.embedding`.
        sparse: taken for PyTorch's sake; gradients are dense all the same, which a warning says.
        device, dtype, generator: as in `Linear`.

    Attributes:
        weight: shape (num_embeddings, embedding_dim), standard normal.

    Example:
        >>> import nn
        >>> nn.Embedding(10, 3)([1, 2]).shape
        (2, 3)
    """

    weight: Parameter

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self.num_embeddings = arguments.integer(who, "num_embeddings", num_embeddings)
        self.embedding_dim = arguments.integer(who, "embedding_dim", embedding_dim)
        self.padding_idx = None
        if padding_idx is not None:
            self.padding_idx = arguments.axis(who, padding_idx, num_embeddings, "padding_idx")
        self.max_norm = None if max_norm is None else arguments.real(who, "max_norm", max_norm)
        self.norm_type = arguments.real(who, "norm_type", norm_type)
        self.scale_grad_by_freq = arguments.boolean(who, "scale_grad_by_freq", scale_grad_by_freq)
        self.sparse = arguments.boolean(who, "sparse", sparse)
        if self.sparse:
            say_dense(who)
        shape = (self.num_embeddings, self.embedding_dim)
        self.weight = empty_parameter(who, shape, device, dtype)
        draw(self, generator)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """A layer with a given table, shape (rows, columns); frozen unless ``freeze=False``."""
        table = floating("Embedding", embeddings, "embeddings")
        if len(table.shape) != 2:
            raise ValueError(
                f"Embedding: embeddings must have shape (rows, columns), got {table.shape}"
            )
        rows, columns = table.shape
        made = cls(rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse)
        made.weight = Parameter(
            table, requires_grad=not arguments.boolean("Embedding", "freeze", freeze)
        )
        return made

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw the table anew, from ``generator`` or the default one."""
        init.normal_(self.weight, generator=generator_or_default(type(self).__name__, generator))
        if self.padding_idx is not None:
            with autograd.no_grad(), autograd.writable(self.weight) as table:
                table[self.padding_idx] = 0.0

    def forward(self, input: Any) -> Any:
        return F.embedding(
            input, self.weight, self.padding_idx, self.max_norm, self.norm_type,
            self.scale_grad_by_freq,
        )  # fmt: skip

    def extra_repr(self) -> str:
        parts = [f"{self.num_embeddings}, {self.embedding_dim}"]
        if self.padding_idx is not None:
            parts.append(f"padding_idx={self.padding_idx}")
        if self.max_norm is not None:
            parts.append(f"max_norm={self.max_norm}")
        if self.norm_type != 2.0:
            parts.append(f"norm_type={self.norm_type}")
        if self.sparse:
            parts.append("sparse=True")
        if self.scale_grad_by_freq:
            parts.append(f"scale_grad_by_freq={self.scale_grad_by_freq}")
        return ", ".join(parts)


# Shapes -------------------------------------------------------------------------------------------


class Flatten(Module):
    """Several axes as one; by default all but the batch.

    Args:
        start_dim, end_dim: the first and the last of them. Default 1 and −1.

    Example:
        >>> import autograd, nn
        >>> nn.Flatten()(autograd.zeros(2, 3, 4)).shape
        (2, 12)
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = arguments.integer("Flatten", "start_dim", start_dim, None)
        self.end_dim = arguments.integer("Flatten", "end_dim", end_dim, None)

    def forward(self, input: Any) -> Any:
        input = arguments.array_like("Flatten", input)
        shape = input.shape
        ndim = max(len(shape), 1)
        first = arguments.axis("Flatten", self.start_dim, ndim, "start_dim")
        last = arguments.axis("Flatten", self.end_dim, ndim, "end_dim")
        if first > last:
            raise ValueError(
                f"Flatten: start_dim={self.start_dim} lies after end_dim={self.end_dim} "
                f"for an input of shape {shape}"
            )
        merged = math.prod(shape[first : last + 1])
        return autograd.reshape(input, (*shape[:first], merged, *shape[last + 1 :]))

    def extra_repr(self) -> str:
        return shown(self, "start_dim", "end_dim")


class Unflatten(Module):
    """One axis as several.

    Args:
        dim: which axis.
        unflattened_size: the new sizes; one may be −1.

    Example:
        >>> import autograd, nn
        >>> nn.Unflatten(1, (3, 4))(autograd.zeros(2, 12)).shape
        (2, 3, 4)
    """

    def __init__(self, dim: int, unflattened_size: Any) -> None:
        super().__init__()
        self.dim = arguments.integer("Unflatten", "dim", dim, None)
        if not isinstance(unflattened_size, (tuple, list)) or not unflattened_size:
            raise TypeError(
                f"Unflatten: unflattened_size must be a tuple of integers, got {arguments.shown(unflattened_size)}"
            )
        sizes = [
            arguments.integer("Unflatten", "unflattened_size", s, -1) for s in unflattened_size
        ]
        if sizes.count(-1) > 1:
            raise ValueError(f"Unflatten: only one size may be −1, got {tuple(sizes)}")
        self.unflattened_size = tuple(sizes)

    def forward(self, input: Tensor) -> Tensor:
        input = arguments.array_like("Unflatten", input)
        shape = input.shape
        axis = arguments.axis("Unflatten", self.dim, len(shape), "dim")
        known = math.prod(s for s in self.unflattened_size if s != -1)
        open_size = -1 in self.unflattened_size
        if (known != shape[axis]) if not open_size else (not known or shape[axis] % known):
            raise ValueError(
                f"Unflatten: axis {self.dim} of {shape} has {shape[axis]} elements, which "
                f"{self.unflattened_size} does not fit"
            )
        sizes = tuple(shape[axis] // known if s == -1 else s for s in self.unflattened_size)
        return autograd.reshape(input, (*shape[:axis], *sizes, *shape[axis + 1 :]))

    def extra_repr(self) -> str:
        return shown(self, "dim", "unflattened_size")
