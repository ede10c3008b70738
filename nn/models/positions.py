"""Where in a sequence something stands, as vectors that are added to what it is."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
import nn
from autograd import Tensor, arguments

__all__ = ["LearntPositions", "SinusoidalPositions", "sinusoidal_positions"]


def sinusoidal_positions(length: int, width: int, dtype: Any = None) -> Tensor:
    """Sines and cosines of positions 0, 1, 2 …, with wavelengths from 2π to 10,000·2π.

    Row t holds sin(t·ω₀), cos(t·ω₀), sin(t·ω₁), cos(t·ω₁) … with ωₖ = 10,000^(−2k/width).

    Source: Vaswani et al., "Attention is all you need", 2017.

    Args:
        length: how many positions.
        width: numbers for each; an odd one ends with a sine.
        dtype: default: the default dtype.

    Returns:
        Shape (length, width).

    Raises:
        ValueError: for sizes that are not positive, or too large.

    Example:
        >>> from nn.models import sinusoidal_positions
        >>> sinusoidal_positions(2, 2, dtype="float64").numpy().round(4).tolist()
        [[0.0, 1.0], [0.8415, 0.5403]]
    """
    who = "sinusoidal_positions"
    length = arguments.integer(who, "length", length)
    width = arguments.integer(who, "width", width)
    dtype = arguments.float_dtype(who, dtype)
    table = autograd.zeros((length, width), dtype=np.float64).numpy().copy()
    angles = np.arange(length)[:, None] * 10_000.0 ** (-np.arange(0, width, 2) / width)
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : width // 2])
    return autograd.tensor(table, dtype=dtype)


class _Positions(nn.Module):
    """Adds a table's first rows to sequences."""

    def _read(self, max_len: Any, d_model: Any, dropout: Any, batch_first: Any) -> None:
        who = type(self).__name__
        self.d_model = arguments.integer(who, "d_model", d_model)
        self.max_len = arguments.integer(who, "max_len", max_len)
        self.batch_first = arguments.boolean(who, "batch_first", batch_first)
        self.dropout = nn.Dropout(arguments.probability(who, "dropout", dropout))

    def _table(self, length: int) -> Any:
        raise NotImplementedError

    def forward(self, x: Any) -> Any:
        """x, shape (T, N, d_model), (N, T, d_model) with ``batch_first``, or (T, d_model).

        Raises:
            ValueError: for more than ``max_len`` positions, or another width.
        """
        who = type(self).__name__
        x = arguments.floating(who, "x", x)
        if len(x.shape) not in (2, 3) or x.shape[-1] != self.d_model:
            raise ValueError(
                f"{who}: x must have 2 or 3 axes, the last of size {self.d_model}, got {x.shape}"
            )
        time_first = len(x.shape) == 3 and not self.batch_first
        length = x.shape[0] if time_first else x.shape[-2]
        if length > self.max_len:
            raise ValueError(
                f"{who}: x of shape {x.shape} has {length} positions, max_len is {self.max_len}"
            )
        table = self._table(length)
        return self.dropout(x + (autograd.expand_dims(table, 1) if time_first else table))


class SinusoidalPositions(_Positions):
    """`sinusoidal_positions` added to a sequence, with dropout.

    Args:
        d_model: width of the sequence.
        dropout: of the sum, in training. Default 0.1.
        max_len: the longest sequence. Default 5000.
        batch_first: (N, T, d_model) instead of (T, N, d_model). Default False.

    Attributes:
        pe: the table, shape (max_len, d_model); a buffer that the state dict leaves out.

    Example:
        >>> import autograd, nn
        >>> nn.models.SinusoidalPositions(4, dropout=0.0)(autograd.zeros(1, 1, 4)).tolist()
        [[[0.0, 1.0, 0.0, 1.0]]]
    """

    def __init__(
        self, d_model: int, dropout: float = 0.1, max_len: int = 5000, batch_first: bool = False
    ) -> None:
        super().__init__()
        self._read(max_len, d_model, dropout, batch_first)
        self.register_buffer("pe", sinusoidal_positions(max_len, d_model), persistent=False)

    def _table(self, length: int) -> Any:
        return self.pe[:length]


class LearntPositions(_Positions):
    """A learnt vector for each position added to a sequence, with dropout.

    Args:
        d_model: width of the sequence.
        max_len: the longest sequence; so many vectors are learnt.
        dropout: of the sum, in training. Default 0.1.
        batch_first: (N, T, d_model) instead of (T, N, d_model). Default False.
        generator: source of the first vectors. Default: the one that ``nn.manual_seed`` seeds.

    Attributes:
        weight: shape (max_len, d_model), normal with standard deviation 0.02.
    """

    def __init__(
        self,
        d_model: int,
        max_len: int,
        dropout: float = 0.1,
        batch_first: bool = False,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._read(max_len, d_model, dropout, batch_first)
        self.weight = nn.Parameter(autograd.zeros(self.max_len, self.d_model))
        nn.init.normal_(self.weight, 0.0, 0.02, generator)

    def _table(self, length: int) -> Any:
        return self.weight[:length]
