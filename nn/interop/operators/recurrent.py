"""Recurrent networks: whole ones, one line in the graph each, and single cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.creation import dropout as drop

Step = Callable[[Any, tuple[Any, ...], "Weights"], tuple[Any, ...]]


class Weights:
    """Those of one layer in one direction, in PyTorch's order."""

    def __init__(self, given: list[Any], has_biases: bool, projected: bool) -> None:
        self.w_ih, self.w_hh, *rest = given
        self.b_ih: Any = rest[0] if has_biases else None
        self.b_hh: Any = rest[1] if has_biases else None
        self.w_hr = rest[-1] if projected else None


# One step; the input's share of the gates comes computed ------------------------------------------


def _lstm_step(gates_x: Any, state: tuple[Any, ...], w: Weights) -> tuple[Any, ...]:
    h, c = state
    gates = gates_x + F.linear(h, w.w_hh, w.b_hh)
    i, f, g, o = ag.split(gates, 4, axis=-1)
    c = ag.sigmoid(f) * c + ag.sigmoid(i) * ag.tanh(g)
    h = ag.sigmoid(o) * ag.tanh(c)
    return (h if w.w_hr is None else F.linear(h, w.w_hr)), c


def _gru_step(gates_x: Any, state: tuple[Any, ...], w: Weights) -> tuple[Any, ...]:
    (h,) = state
    rx, zx, nx = ag.split(gates_x, 3, axis=-1)
    rh, zh, nh = ag.split(F.linear(h, w.w_hh, w.b_hh), 3, axis=-1)
    z = ag.sigmoid(zx + zh)
    n = ag.tanh(nx + ag.sigmoid(rx + rh) * nh)
    return (n + z * (h - n),)


def _rnn_step(activation: Callable[[Any], Any]) -> Step:
    def step(gates_x: Any, state: tuple[Any, ...], w: Weights) -> tuple[Any, ...]:
        return (activation(gates_x + F.linear(state[0], w.w_hh, w.b_hh)),)

    return step


# Layers -------------------------------------------------------------------------------------------


def _run(
    step: Step, x: Any, state: tuple[Any, ...], w: Weights, backward: bool
) -> tuple[Any, tuple[Any, ...]]:
    """x (time, batch, features) through one layer in one direction."""
    gates = F.linear(x, w.w_ih, w.b_ih)
    outputs = []
    for gates_x in reversed(ag.unstack(gates)) if backward else ag.unstack(gates):
        state = step(gates_x, state, w)
        outputs.append(state[0])
    return ag.stack(outputs[::-1] if backward else outputs), state


def _run_packed(
    step: Step, x: Any, sizes: list[int], state: tuple[Any, ...], w: Weights, backward: bool
) -> tuple[Any, tuple[Any, ...]]:
    """The same over packed sequences: ``sizes[t]`` of them are as long as t + 1."""
    gates = F.linear(x, w.w_ih, w.b_ih)
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    outputs: list[Any] = [None] * len(sizes)
    order = range(len(sizes))
    for t in reversed(order) if backward else order:
        n = sizes[t]
        now = tuple(s[:n] for s in state)
        new = step(gates[starts[t] : starts[t] + n], now, w)
        outputs[t] = new[0]
        state = tuple(
            ag.concatenate([a, s[n:]]) if n < s.shape[0] else a
            for a, s in zip(new, state, strict=True)
        )
    return ag.concatenate(outputs), state


def _network(
    step: Step,
    x: Any,
    states: tuple[Any, ...],
    params: list[Any],
    has_biases: bool,
    num_layers: int,
    dropout: float,
    train: bool,
    bidirectional: bool,
    sizes: list[int] | None = None,
) -> tuple[Any, ...]:
    projected = len(states) == 2 and states[0].shape[-1] != states[1].shape[-1]
    each = 2 + 2 * has_biases + projected
    directions = 1 + bidirectional
    finals: list[tuple[Any, ...]] = []
    for layer in range(num_layers):
        outputs = []
        for direction in range(directions):
            k = layer * directions + direction
            w = Weights(list(params[k * each : (k + 1) * each]), has_biases, projected)
            first = tuple(s[k] for s in states)
            if sizes is None:
                out, last = _run(step, x, first, w, direction == 1)
            else:
                out, last = _run_packed(step, x, sizes, first, w, direction == 1)
            outputs.append(out)
            finals.append(last)
        x = outputs[0] if directions == 1 else ag.concatenate(outputs, axis=-1)
        if dropout and train and layer < num_layers - 1:
            x = drop(x, dropout, True)
    return x, *(ag.stack([final[s] for final in finals]) for s in range(len(states)))


def _recurrent(step: Step, several_states: bool) -> tuple[Any, Any]:
    """The operators over padded and over packed sequences."""

    def over_padded(
        input: Any,
        hx: Any,
        params: Any,
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        x = ag.swapaxes(input, 0, 1) if batch_first else input
        states = tuple(hx) if several_states else (hx,)
        out, *finals = _network(
            step, x, states, params, has_biases, num_layers, dropout, train, bidirectional
        )
        return (ag.swapaxes(out, 0, 1) if batch_first else out), *finals

    def over_packed(
        data: Any,
        batch_sizes: Any,
        hx: Any,
        params: Any,
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: bool,
        bidirectional: bool,
    ) -> Any:
        states = tuple(hx) if several_states else (hx,)
        sizes = np.asarray(batch_sizes.data).tolist()
        return _network(
            step, data, states, params, has_biases, num_layers, dropout, train, bidirectional,
            sizes,
        )  # fmt: skip

    return over_padded, over_packed


def _cell(step: Step, several_states: bool) -> Any:
    def of(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        w = Weights([w_ih, w_hh, b_ih, b_hh], True, False)
        states = tuple(hx) if several_states else (hx,)
        new = step(F.linear(input, w_ih, b_ih), states, w)
        return new if several_states else new[0]

    return of


# Packed sequences ---------------------------------------------------------------------------------


def pack(input: Any, lengths: Any, batch_first: bool) -> Any:
    """Padded sequences, longest first, to rows ordered by time; and how many there are at each."""
    x = ag.swapaxes(input, 0, 1) if batch_first else input
    long = np.asarray(lengths.data)
    if np.any(np.diff(long) > 0):
        raise ValueError("pack_padded_sequence: lengths must be sorted, longest first")
    sizes = (long[None, :] > np.arange(long.max())[:, None]).sum(1)
    times = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.concatenate([np.arange(n) for n in sizes])
    return ag.getitem(x, (times, rows)), ag.as_tensor(sizes.astype(np.int64))


def pack_checked(input: Any, lengths: Any, batch_first: bool, full: bool) -> Any:
    """The same where the graph may have been made for sequences that fill the time axis."""
    time = input.shape[1 if batch_first else 0]
    longest = int(np.asarray(lengths.data).max())
    if longest > time or (full and longest != time):
        raise ValueError(
            f"pack_padded_sequence: the longest of the lengths must be {time}, the size of the "
            f"time axis for which the graph was made, got {longest}; cut the padding off"
        )
    return pack(input, lengths, batch_first)


def pad_packed(
    data: Any, batch_sizes: Any, batch_first: bool, padding_value: Any, total_length: int
) -> Any:
    sizes = np.asarray(batch_sizes.data)
    time = len(sizes) if total_length <= 0 else total_length
    lengths = (sizes[:, None] > np.arange(sizes[0])[None, :]).sum(0)
    times = np.repeat(np.arange(len(sizes)), sizes)
    rows = np.concatenate([np.arange(n) for n in sizes])
    shape = (time, int(sizes[0]), *data.shape[1:])
    empty = ag.full(shape, float(padding_value), dtype=data.dtype)
    padded = ag.set_at(empty, (times, rows), data)
    result = ag.swapaxes(padded, 0, 1) if batch_first else padded
    return result, ag.as_tensor(lengths.astype(np.int64))


_LSTM, _LSTM_PACKED = _recurrent(_lstm_step, True)
_GRU, _GRU_PACKED = _recurrent(_gru_step, False)
_TANH, _TANH_PACKED = _recurrent(_rnn_step(ag.tanh), False)
_RELU, _RELU_PACKED = _recurrent(_rnn_step(ag.relu), False)

TABLE: dict[str, Any] = {
    "lstm.input": _LSTM,
    "lstm.data": _LSTM_PACKED,
    "gru.input": _GRU,
    "gru.data": _GRU_PACKED,
    "rnn_tanh.input": _TANH,
    "rnn_tanh.data": _TANH_PACKED,
    "rnn_relu.input": _RELU,
    "rnn_relu.data": _RELU_PACKED,
    "lstm_cell": _cell(_lstm_step, True),
    "gru_cell": _cell(_gru_step, False),
    "rnn_tanh_cell": _cell(_rnn_step(ag.tanh), False),
    "rnn_relu_cell": _cell(_rnn_step(ag.relu), False),
    "_pack_padded_sequence": pack,
    "_pad_packed_sequence": pad_packed,
    # Operators of our own, which stand in for PyTorch's while a model is exported.
    "glassgrad::pack_padded_sequence": pack_checked,
    "glassgrad::pad_packed_sequence": lambda data, sizes, batch_first, value, time, count: (
        pad_packed(data, sizes, batch_first, value, time)
    ),
    "glassgrad::lstm": _LSTM_PACKED,
    "glassgrad::gru": _GRU_PACKED,
    "glassgrad::rnn_tanh": _TANH_PACKED,
    "glassgrad::rnn_relu": _RELU_PACKED,
}
