"""Double backward: under ``create_graph`` rules get tensors connected to the graph, and so are
recorded themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.arguments.half import single
from autograd.core.node import Node
from autograd.core.tensor import Tensor, _connected, _wrap

__all__ = ["recorded_gradients"]

#: (outputs, their gradients, inputs) -> the inputs' gradients: a pass within the pass.
Differentiate = Callable[[Sequence[Tensor], Sequence[Any], Sequence[Tensor]], Sequence[Any]]


def recorded_gradients(
    node: Node, g: Any, needs: tuple[Any, ...], differentiate: Differentiate
) -> tuple[Any, ...]:
    """A node's gradients as tensors that can be differentiated again.

    ``differentiate`` runs a pass of its own, which a composite needs; it is given here since the
    pass itself calls this function.
    """
    if node.primitive.composite is None:
        return node.gradients(g, single(_saved_tensors(node)), needs)
    return _composite_gradients(node, g, needs, differentiate)


def _saved_tensors(node: Node) -> tuple[Any, ...]:
    """What a node saved, as tensors connected to the graph: inputs to parents, outputs to it.

    They keep their version cells, so that a write is noticed in the next pass, too.
    """
    info = node.primitive
    watched = iter(node.versions or ())
    result = []

    def cell() -> list[int] | None:
        found = next(watched, None)
        return None if found is None else found[0]

    for name, value in zip(node.plan.saved_names, node.saved or (), strict=True):
        if name == "out":
            value = _connected(value, node, 0, cell())
        elif name == "outs":
            value = tuple(
                _wrap(v) if k in info.constant_outputs else _connected(v, node, k, c)
                for k, (v, c) in enumerate([(v, cell()) for v in value])
            )
        elif name[:3] == "out" and name[3:].isdigit():
            index = int(name[3:])
            constant, c = index in info.constant_outputs, cell()
            value = _wrap(value) if constant else _connected(value, node, index, c)
        elif name == info.variadic:
            value = tuple([_input_tensor(node, k, v, cell()) for k, v in enumerate(value)])
        elif name in info.inputs:
            c = cell()
            if value is not None:
                value = _input_tensor(node, info.inputs.index(name), value, c)
        result.append(value)
    return tuple(result)


def _input_tensor(node: Node, position: int, value: Any, cell: list[int] | None) -> Any:
    parent = node.parents[position]
    if parent is None:
        return value
    return _connected(value, parent, node.index_of_parent(position), cell)


def _composite_gradients(
    node: Node, g: Any, needs: tuple[Any, ...], differentiate: Differentiate
) -> tuple[Any, ...]:
    """Gradients of a fused primitive, differentiable: those of its composite at the same inputs.

    Every input gets a fresh graph position of its own (``alias``), so that an input used
    twice is told apart; the second pass stops there.
    """
    info = node.primitive
    saved = dict(zip(node.plan.saved_names, single(_saved_tensors(node)), strict=True))
    if info.variadic:
        values = list(saved[info.variadic])
    else:
        values = [saved[name] for name in info.inputs]
    positions = [k for k, need in enumerate(needs) if need is not None]
    for k in positions:
        values[k] = values[k].alias()
    assert info.composite is not None
    out = info.composite(*values, **node.static_values())
    if info.outputs > 1:
        pairs = [(o, h) for o, h in zip(out, g, strict=True) if h is not None and _depends(o)]
    else:
        pairs = [(out, g)]
    wanted = [values[k] for k in positions]
    found = differentiate([o for o, _ in pairs], [h for _, h in pairs], wanted)
    results: list[Any] = [None] * len(needs)
    for k, t, gradient in zip(positions, wanted, found, strict=True):
        results[k] = _wrap(np.zeros_like(t._data)) if gradient is None else gradient
    return tuple(results)


def _depends(out: Any) -> bool:
    """Whether an output depends on what a gradient is wanted for; else it may be a mere array."""
    return getattr(out, "_node", None) is not None
