"""Recurrent networks step by step: what the layers of `nn.modules.recurrent` call.

A step takes the input's share of the gates, which is computed for all times at once, the state, and
the weights of its layer; it returns the new state, whose first part is the output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd
from nn.functional.dense import linear

__all__ = [
    "Step",
    "Weights",
    "gru_step",
    "lstm_step",
    "pieces",
    "relu_step",
    "run_layers",
    "tanh_step",
]


class Weights(NamedTuple):
    """Of one layer in one direction; biases and the projection may be absent."""

    w_ih: Any
    w_hh: Any
    b_ih: Any = None
    b_hh: Any = None
    w_hr: Any = None


State = tuple[Any, ...]
Step = Callable[[Any, State, Weights], State]


def tanh_step(gates: Any, state: State, w: Weights) -> State:
    """Source: Elman, "Finding structure in time", 1990."""
    return (autograd.tanh(gates + linear(state[0], w.w_hh, w.b_hh)),)


def relu_step(gates: Any, state: State, w: Weights) -> State:
    """`tanh_step` with another nonlinearity."""
    return (autograd.relu(gates + linear(state[0], w.w_hh, w.b_hh)),)


def lstm_step(gates: Any, state: State, w: Weights) -> State:
    """Source: Hochreiter & Schmidhuber, "Long short-term memory", 1997; with forget gates.

    With a projection (Sak et al. 2014) the output is shorter than the cell's state.
    """
    h, c = state
    i, f, g, o = autograd.split(gates + linear(h, w.w_hh, w.b_hh), 4, axis=-1)
    c = autograd.sigmoid(f) * c + autograd.sigmoid(i) * autograd.tanh(g)
    h = autograd.sigmoid(o) * autograd.tanh(c)
    return (h if w.w_hr is None else linear(h, w.w_hr)), c


def gru_step(gates: Any, state: State, w: Weights) -> State:
    """Source: Cho et al., 2014; the reset gate acts after the product with the state."""
    (h,) = state
    r_x, z_x, n_x = autograd.split(gates, 3, axis=-1)
    r_h, z_h, n_h = autograd.split(linear(h, w.w_hh, w.b_hh), 3, axis=-1)
    update = autograd.sigmoid(z_x + z_h)
    new = autograd.tanh(n_x + autograd.sigmoid(r_x + r_h) * n_h)
    return (new + update * (h - new),)


def run_layers(
    step: Step,
    x: Any,
    states: State,
    weights: list[Weights],
    directions: int,
    sizes: np.ndarray[Any, Any],
    between: Callable[[Any], Any] | None = None,
) -> tuple[Any, State]:
    """Packed sequences through all layers.

    Args:
        x: packed rows, shape (sum of sizes, features).
        states: the first ones, each of shape (layers · directions, N, width).
        weights: one for each layer and direction.
        directions: 1, or 2 for a second one that goes from the end to the beginning.
        sizes: how many sequences are longer than t, for every t.
        between: what the rows go through between layers: dropout.

    Returns:
        The last layer's output, packed, and the last states.
    """
    finals: list[State] = []
    for layer in range(len(weights) // directions):
        if layer and between is not None:
            x = between(x)
        outputs = []
        for k in range(layer * directions, (layer + 1) * directions):
            first = tuple(autograd.getitem(s, k) for s in states)
            out, last = _run(step, x, first, weights[k], sizes, backward=k % directions == 1)
            outputs.append(out)
            finals.append(last)
        x = outputs[0] if directions == 1 else autograd.concatenate(outputs, axis=-1)
    return x, tuple(autograd.stack(parts) for parts in zip(*finals, strict=True))


def _run(
    step: Step, x: Any, state: State, w: Weights, sizes: np.ndarray[Any, Any], backward: bool
) -> tuple[Any, State]:
    """One layer in one direction."""
    times = pieces(linear(x, w.w_ih, w.b_ih), sizes)
    outputs = []
    for gates in reversed(times) if backward else times:
        n = gates.shape[0]
        if n == state[0].shape[0]:
            state = step(gates, state, w)
            outputs.append(state[0])
            continue
        # Sequences that have ended, or backwards not begun, keep their state.
        new = step(gates, tuple(autograd.getitem(s, slice(n)) for s in state), w)
        outputs.append(new[0])
        state = tuple(
            autograd.concatenate([a, autograd.getitem(s, slice(n, None))])
            for a, s in zip(new, state, strict=True)
        )
    return autograd.concatenate(outputs[::-1] if backward else outputs), state


def pieces(x: Any, sizes: np.ndarray[Any, Any]) -> list[Any]:
    """x cut along its first axis, by halving.

    A cut's gradient fills an array of what was cut; cut one by one from the whole, T pieces would
    take T such arrays, so they take the logarithm of T.
    """
    if len(sizes) == 1:
        return [x]
    middle = len(sizes) // 2
    row = int(sizes[:middle].sum())
    return [
        *pieces(autograd.getitem(x, slice(row)), sizes[:middle]),
        *pieces(autograd.getitem(x, slice(row, None)), sizes[middle:]),
    ]
