"""Recurrent layers over sequences, padded or packed, and their single cells."""

from __future__ import annotations

import math
import warnings
from functools import partial
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn import init
from nn.functional.dense import linear
from nn.functional.dropouts import dropout
from nn.functional.inputs import floating
from nn.functional.recurrent import (
    State,
    Step,
    Weights,
    gru_step,
    lstm_step,
    relu_step,
    run_layers,
    tanh_step,
)
from nn.module import Module
from nn.modules.building import check_precision, draw, empty_parameter, has_bias
from nn.random import generator_or_default
from nn.utils.rnn import PackedSequence, check_packed

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNCell"]

_STEPS: dict[str, Step] = {"tanh": tanh_step, "relu": relu_step}


class _Uniform(Module):
    """All parameters are uniform on ±1/√hidden_size."""

    hidden_size: int

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw all parameters anew, from ``generator`` or the default one."""
        generator = generator_or_default(type(self).__name__, generator)
        bound = 1.0 / math.sqrt(self.hidden_size)
        for parameter in self.parameters():
            init.uniform_(parameter, -bound, bound, generator)


# Layers -------------------------------------------------------------------------------------------


class _Recurrent(_Uniform):
    """What `RNN`, `LSTM` and `GRU` have in common."""

    _gates: int
    _step: Step
    _has_cell = False
    proj_size = 0

    def _build(
        self,
        input_size: Any,
        hidden_size: Any,
        num_layers: Any,
        bias: Any,
        batch_first: Any,
        dropout: Any,
        bidirectional: Any,
        device: Any,
        dtype: Any,
        generator: Any,
    ) -> None:
        who = type(self).__name__
        self.input_size = arguments.integer(who, "input_size", input_size)
        self.hidden_size = arguments.integer(who, "hidden_size", hidden_size)
        self.num_layers = arguments.integer(who, "num_layers", num_layers)
        self.bias = has_bias(who, bias)
        self.batch_first = arguments.boolean(who, "batch_first", batch_first)
        self.dropout = arguments.probability(who, "dropout", dropout)
        self.bidirectional = arguments.boolean(who, "bidirectional", bidirectional)
        if self.dropout and self.num_layers == 1:
            warnings.warn(
                f"{who}: dropout={self.dropout} stands between layers, and there is but one; "
                "num_layers=2 and more make use of it",
                stacklevel=3,
            )
        self._add_parameters(device, dtype)
        self.generator = None if generator is None else generator_or_default(who, generator)
        draw(self, generator)

    def _add_parameters(self, device: Any, dtype: Any) -> None:
        who = type(self).__name__
        rows, directions = self._gates * self.hidden_size, 1 + self.bidirectional
        width = self.proj_size or self.hidden_size
        try:  # takes no memory yet
            autograd.zeros(self.num_layers, directions, rows, width)
        except ValueError as error:
            raise ValueError(f"{who}: the parameters are too large: {error}") from None
        self._names: list[list[str]] = []
        for layer in range(self.num_layers):
            columns = width * directions if layer else self.input_size
            shapes: dict[str, tuple[int, ...]] = {
                "weight_ih": (rows, columns),
                "weight_hh": (rows, width),
            }
            if self.bias:
                shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
            if self.proj_size:
                shapes["weight_hr"] = (self.proj_size, self.hidden_size)
            for suffix in ("", "_reverse")[:directions]:
                names = []
                for kind, shape in shapes.items():
                    names.append(f"{kind}_l{layer}{suffix}")
                    made = empty_parameter(who, shape, device, dtype)
                    self.register_parameter(names[-1], made)
                self._names.append(names)

    @property
    def all_weights(self) -> list[list[Any]]:
        """The parameters of every layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._names]

    def flatten_parameters(self) -> None:
        """Nothing: it stands here for PyTorch's sake."""

    def _weights(self) -> list[Weights]:
        fields = {"weight_ih": "w_ih", "weight_hh": "w_hh", "bias_ih": "b_ih", "bias_hh": "b_hh",
                  "weight_hr": "w_hr"}  # fmt: skip
        return [
            Weights(**{fields[name.partition("_l")[0]]: getattr(self, name) for name in names})
            for names in self._names
        ]

    def forward(self, input: Any, hx: Any = None) -> Any:
        who = type(self).__name__
        if isinstance(input, PackedSequence):
            return self._forward_packed(input, hx)
        x = floating(who, input, "input", next(self.parameters()))
        shape = x.shape
        order = "(N, T, {0})" if self.batch_first else "(T, N, {0})"
        if len(shape) not in (2, 3) or shape[-1] != self.input_size:
            wanted = f"{order} or (T, {{0}})".format(self.input_size)
            raise ValueError(f"{who}: input must have shape {wanted}, got {shape}")
        batched = len(shape) == 3
        if not batched:
            x = autograd.expand_dims(x, 1)
        elif self.batch_first:
            x = autograd.swapaxes(x, 0, 1)
        time, batch = x.shape[:2]
        if not time:
            raise ValueError(f"{who}: input of shape {shape} has no time steps")
        states = self._states(hx, batch, x, batched)
        rows = autograd.reshape(x, (time * batch, self.input_size))
        rows, states = self._run(rows, states, np.full(time, batch))
        out = autograd.reshape(rows, (time, batch, rows.shape[-1]))
        if not batched:
            out, states = autograd.squeeze(out, 1), tuple(autograd.squeeze(s, 1) for s in states)
        elif self.batch_first:
            out = autograd.swapaxes(out, 0, 1)
        return out, (states if self._has_cell else states[0])

    def _forward_packed(self, input: PackedSequence, hx: Any) -> Any:
        who = type(self).__name__
        _, sizes = check_packed(who, input)
        x = floating(who, input.data, "data")
        if x.shape[1:] != (self.input_size,):
            raise ValueError(
                f"{who}: packed data must have shape (rows, {self.input_size}), got {x.shape}"
            )
        states = self._states(hx, int(sizes[0]), x, True)
        order, back = input.sorted_indices, input.unsorted_indices
        if order is not None and hx is not None:
            states = tuple(autograd.take(s, order, axis=1) for s in states)
        x, states = self._run(x, states, sizes)
        if back is not None:
            states = tuple(autograd.take(s, back, axis=1) for s in states)
        packed = PackedSequence(x, input.batch_sizes, order, back)
        return packed, (states if self._has_cell else states[0])

    def _run(self, x: Any, states: State, sizes: Any) -> tuple[Any, State]:
        dropped = partial(dropout, p=self.dropout, training=True, generator=self.generator)
        between = dropped if self.dropout and self.training else None
        directions = 1 + self.bidirectional
        return run_layers(self._step, x, states, self._weights(), directions, sizes, between)

    def _states(self, hx: Any, batch: int, x: Any, batched: bool) -> State:
        """The first states, with a batch axis: those given, else zeros."""
        who = type(self).__name__
        check_precision(self, self.weight_ih_l0, x)
        count = self.num_layers * (1 + self.bidirectional)
        widths = [self.proj_size or self.hidden_size]
        if self._has_cell:
            widths.append(self.hidden_size)
        if hx is None:
            return tuple(autograd.zeros(count, batch, width, dtype=x.dtype) for width in widths)
        if self._has_cell and not (isinstance(hx, (tuple, list)) and len(hx) == 2):
            raise TypeError(f"{who}: hx must be a pair of tensors (h_0, c_0)")
        given = hx if self._has_cell else (hx,)
        states = []
        for name, state, width in zip(("h_0", "c_0"), given, widths, strict=False):
            state = floating(who, state, name, x)
            check_precision(self, x, state)
            wanted = (count, batch, width) if batched else (count, width)
            if state.shape != wanted:
                raise ValueError(f"{who}: {name} must have shape {wanted}, got {state.shape}")
            states.append(state if batched else autograd.expand_dims(state, 1))
        return tuple(states)

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0.0,
            "bidirectional": False,
        }  # fmt: skip
        for name, usual in defaults.items():
            if getattr(self, name) != usual:
                parts.append(f"{name}={getattr(self, name)}")
        return ", ".join(parts)


class RNN(_Recurrent):
    """hₜ = tanh(W_ih·xₜ + b_ih + W_hh·hₜ₋₁ + b_hh), in one layer or several.

    Source: Elman, "Finding structure in time", 1990.

    Args:
        input_size, hidden_size: sizes of xₜ and hₜ.
        num_layers: each layer takes the outputs of the one before. Default 1.
        nonlinearity: ``"tanh"`` or ``"relu"``.
        bias: whether b_ih and b_hh are added. Default True.
        batch_first: input and output are (N, T, features) instead of (T, N, features). States
            are not affected. Default False.
        dropout: its probability between layers, in training. Default 0.
        bidirectional: a second network goes from the end to the beginning; the outputs of both
            stand side by side. Default False.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.
        generator: source of the first weights and of dropout. Default: the one that
            ``nn.manual_seed`` seeds.

    Called with (input, hx): input of shape (T, N, input_size), (T, input_size) without a batch, or
    a packed sequence (`nn.utils.rnn`); hx the first state, shape (num_layers · directions, N,
    hidden_size), None for zeros. Returns the outputs of the last layer for all times, and the last
    state of every layer.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: of layer 0, and so on; those of the
            other direction end in ``_reverse``. All uniform on ±1/√hidden_size.

    Example:
        >>> import autograd, nn
        >>> output, state = nn.RNN(3, 4)(autograd.zeros(7, 2, 3))
        >>> output.shape, state.shape
        ((7, 2, 4), (1, 2, 4))
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool | None = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self.nonlinearity = arguments.choice("RNN", "nonlinearity", nonlinearity, tuple(_STEPS))
        self._step = _STEPS[self.nonlinearity]
        self._build(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device, dtype, generator,
        )  # fmt: skip


class LSTM(_Recurrent):
    """Long short-term memory: a cell that is written, kept and read through gates.

    i, f, o = sigmoid(...), g = tanh(...) of W_ih·xₜ + b_ih + W_hh·hₜ₋₁ + b_hh;
    cₜ = f·cₜ₋₁ + i·g; hₜ = o·tanh(cₜ).

    Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997.

    Args:
        proj_size: hₜ is multiplied by a matrix to have this size; 0 (the default) for not.
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device,
            dtype, generator: as in `RNN`.

    Called with (input, (h_0, c_0)); returns (output, (h_n, c_n)), shaped as in `RNN`.

    Attributes:
        weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0: as in `RNN`, with the rows of the gates
            i, f, g, o below one another; weight_hr_l0, shape (proj_size, hidden_size).

    Example:
        >>> import autograd, nn
        >>> lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True, bidirectional=True)
        >>> output, (h, c) = lstm(autograd.zeros(2, 7, 3))
        >>> output.shape, h.shape, c.shape
        ((2, 7, 8), (4, 2, 4), (4, 2, 4))
    """

    _gates = 4
    _step = staticmethod(lstm_step)
    _has_cell = True

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool | None = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        arguments.integer("LSTM", "hidden_size", hidden_size)
        self.proj_size = arguments.integer("LSTM", "proj_size", proj_size, 0)
        if self.proj_size >= hidden_size:
            raise ValueError(
                f"LSTM: proj_size must be below hidden_size={hidden_size}, got {proj_size}"
            )
        self._build(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device, dtype, generator,
        )  # fmt: skip


class GRU(_Recurrent):
    """Gated recurrent units: the state is partly kept, partly replaced.

    r, z = sigmoid(...) of W_ih·xₜ + b_ih + W_hh·hₜ₋₁ + b_hh;
    n = tanh(W_in·xₜ + b_in + r·(W_hn·hₜ₋₁ + b_hn)); hₜ = (1 − z)·n + z·hₜ₋₁.

    Source: Cho et al., "Learning phrase representations using RNN encoder–decoder", 2014.

    Args:
        input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, device,
            dtype, generator: as in `RNN`.

    Called and returning as `RNN`. The rows of the weights are those of r, z and n.

    Example:
        >>> import autograd, nn
        >>> output, state = nn.GRU(3, 4)(autograd.zeros(7, 2, 3))
        >>> output.shape, state.shape
        ((7, 2, 4), (1, 2, 4))
    """

    _gates = 3
    _step = staticmethod(gru_step)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool | None = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._build(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional,
            device, dtype, generator,
        )  # fmt: skip


# Cells --------------------------------------------------------------------------------------------


class _Cell(_Uniform):
    """What `RNNCell`, `LSTMCell` and `GRUCell` have in common."""

    _gates: int
    _step: Step
    _has_cell = False

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self.input_size = arguments.integer(who, "input_size", input_size)
        self.hidden_size = arguments.integer(who, "hidden_size", hidden_size)
        self.bias = has_bias(who, bias)
        rows = self._gates * self.hidden_size
        self.weight_ih = empty_parameter(who, (rows, self.input_size), device, dtype)
        self.weight_hh = empty_parameter(who, (rows, self.hidden_size), device, dtype)
        for name in ("bias_ih", "bias_hh"):
            made = empty_parameter(who, (rows,), device, dtype) if self.bias else None
            self.register_parameter(name, made)
        draw(self, generator)

    def forward(self, input: Any, hx: Any = None) -> Any:
        who = type(self).__name__
        x = floating(who, input, "input", next(self.parameters()))
        if len(x.shape) not in (1, 2) or x.shape[-1] != self.input_size:
            n = self.input_size
            raise ValueError(f"{who}: input must have shape (N, {n}) or ({n},), got {x.shape}")
        wanted = (*x.shape[:-1], self.hidden_size)
        if hx is None:
            hx = tuple(autograd.zeros(wanted, dtype=x.dtype) for _ in range(1 + self._has_cell))
        elif not self._has_cell:
            hx = (hx,)
        elif not isinstance(hx, (tuple, list)) or len(hx) != 2:
            raise TypeError(f"{who}: hx must be a pair of tensors (h, c)")
        states = tuple(floating(who, state, "hx", x) for state in hx)
        for state in states:
            if state.shape != wanted:
                raise ValueError(f"{who}: hx must have shape {wanted}, got {state.shape}")
        w = Weights(self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh)
        check_precision(self, w.w_ih, x, *states)
        new = self._step(linear(x, w.w_ih, w.b_ih), states, w)
        return new if self._has_cell else new[0]

    def extra_repr(self) -> str:
        parts = [f"{self.input_size}, {self.hidden_size}"]
        if not self.bias:
            parts.append("bias=False")
        if getattr(self, "nonlinearity", "tanh") != "tanh":
            parts.append(f"nonlinearity={self.nonlinearity}")
        return ", ".join(parts)


class RNNCell(_Cell):
    """One step of `RNN`: (input, h) → h.

    Args:
        input_size, hidden_size, bias, nonlinearity, device, dtype, generator: as in `RNN`.

    Called with input (N, input_size) or (input_size,), and h of shape (N, hidden_size) or
    (hidden_size,), None for zeros.

    Attributes:
        weight_ih, weight_hh, bias_ih, bias_hh: as those of a layer.

    Example:
        >>> import autograd, nn
        >>> nn.RNNCell(3, 4)(autograd.zeros(2, 3)).shape
        (2, 4)
    """

    _gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool | None = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        chosen = arguments.choice("RNNCell", "nonlinearity", nonlinearity, tuple(_STEPS))
        super().__init__(input_size, hidden_size, bias, device, dtype, generator)
        self.nonlinearity, self._step = chosen, _STEPS[chosen]


class LSTMCell(_Cell):
    """One step of `LSTM`: (input, (h, c)) → (h, c); the arguments are those of `RNNCell`.

    Example:
        >>> import autograd, nn
        >>> h, c = nn.LSTMCell(3, 4)(autograd.zeros(2, 3))
        >>> h.shape, c.shape
        ((2, 4), (2, 4))
    """

    _gates = 4
    _step = staticmethod(lstm_step)
    _has_cell = True


class GRUCell(_Cell):
    """One step of `GRU`: (input, h) → h; the arguments are those of `RNNCell`.

    Example:
        >>> import autograd, nn
        >>> nn.GRUCell(3, 4)(autograd.zeros(2, 3)).shape
        (2, 4)
    """

    _gates = 3
    _step = staticmethod(gru_step)
