"""Recurrent networks: whole ones, one line in the graph each, and single cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.functional.recurrent import (
    Step,
    Weights,
    gru_step,
    lstm_step,
    relu_step,
    run_layers,
    tanh_step,
)
from nn.interop.operators.creation import dropout as drop
from nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence


def _states(hx: Any, step: Step) -> tuple[Any, ...]:
    return tuple(hx) if step is lstm_step else (hx,)


def _network(
    step: Step,
    x: Any,
    sizes: np.ndarray[Any, Any],
    hx: Any,
    params: list[Any],
    has_biases: bool,
    bidirectional: bool,
    between: Callable[[Any], Any] | None,
) -> tuple[Any, ...]:
    """Packed rows through all layers: the last one's output and the last states."""
    states = _states(hx, step)
    projected = len(states) == 2 and states[0].shape[-1] != states[1].shape[-1]
    each = 2 + 2 * has_biases + projected
    weights = []
    for k in range(0, len(params), each):
        w_ih, w_hh, *rest = params[k : k + each]
        w_hr = rest.pop() if projected else None
        b_ih, b_hh = rest or (None, None)
        weights.append(Weights(w_ih, w_hh, b_ih, b_hh, w_hr))
    out, finals = run_layers(step, x, states, weights, 1 + bidirectional, sizes, between)
    return out, *finals


def _over_packed(step: Step) -> Callable[..., Any]:
    """The operator over packed sequences."""

    def of(
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
        between = (lambda x: drop(x, dropout, True)) if dropout and train else None
        sizes = np.asarray(batch_sizes.data)
        return _network(step, data, sizes, hx, params, has_biases, bidirectional, between)

    return of


def _over_padded(step: Step) -> Callable[..., Any]:
    """The operator over sequences of one length: packed, all times are full."""

    def of(
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
        time, batch = x.shape[:2]

        def rows(x: Any) -> Any:
            return ag.reshape(x, (time * batch, x.shape[-1]))

        def times(x: Any) -> Any:
            return ag.reshape(x, (time, batch, x.shape[-1]))

        def dropped(x: Any) -> Any:
            return rows(drop(times(x), dropout, True))

        out, *finals = _network(
            step, rows(x), np.full(time, batch), hx, params, has_biases, bidirectional,
            dropped if dropout and train else None,
        )  # fmt: skip
        return (ag.swapaxes(times(out), 0, 1) if batch_first else times(out)), *finals

    return of


def _cell(step: Step) -> Any:
    def of(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        w = Weights(w_ih, w_hh, b_ih, b_hh)
        new = step(F.linear(input, w_ih, b_ih), _states(hx, step), w)
        return new if step is lstm_step else new[0]

    return of


# Packed sequences ---------------------------------------------------------------------------------


def pack(input: Any, lengths: Any, batch_first: bool) -> Any:
    return pack_padded_sequence(input, lengths, batch_first)[:2]


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
    packed = PackedSequence(data, batch_sizes)
    return pad_packed_sequence(
        packed, batch_first, padding_value, total_length if total_length > 0 else None
    )


TABLE: dict[str, Any] = {
    **{
        f"{name}.{overload}": made(step)
        for name, step in (
            ("lstm", lstm_step), ("gru", gru_step), ("rnn_tanh", tanh_step), ("rnn_relu", relu_step)
        )
        for overload, made in (("input", _over_padded), ("data", _over_packed))
    },
    "lstm_cell": _cell(lstm_step),
    "gru_cell": _cell(gru_step),
    "rnn_tanh_cell": _cell(tanh_step),
    "rnn_relu_cell": _cell(relu_step),
    "_pack_padded_sequence": pack,
    "_pad_packed_sequence": pad_packed,
    # Operators of our own, which stand in for PyTorch's while a model is exported.
    "glassgrad::pack_padded_sequence": pack_checked,
    "glassgrad::pad_packed_sequence": lambda data, sizes, batch_first, value, time, count: (
        pad_packed(data, sizes, batch_first, value, time)
    ),
    "glassgrad::lstm": _over_packed(lstm_step),
    "glassgrad::gru": _over_packed(gru_step),
    "glassgrad::rnn_tanh": _over_packed(tanh_step),
    "glassgrad::rnn_relu": _over_packed(relu_step),
}  # fmt: skip
