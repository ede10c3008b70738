"""Double backward: under ``create_graph`` rules get tensors connected to the graph, and so are
recorded themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.arguments.half import single
from autograd.core.node import Node
from autograd.core.tensor import Tensor, _wrap, tensor_on

__all__ = ["recorded_gradients"]

#: (outputs, their gradients, inputs) -> the inputs' gradients: a pass within the pass.
Differentiate = Callable[[Sequence[Tensor], Sequence[Any], Sequence[Tensor]], Sequence[Any]]


def recorded_gradients(
    node: Node, g: Any, needs: Sequence[Any], differentiate: Differentiate
) -> Sequence[Any]:
    """A node's gradients as tensors that can be differentiated again.

    Args:
        differentiate: runs a pass of its own, which a composite needs; it is given here since the
            pass itself calls this function.
    """
    saved = single(_saved_tensors(node))
    if node.primitive.composite is None or node.primitive.recordable:
        return node.gradients(g, saved, needs)
    return _of_composite(node, g, saved, needs, differentiate)


def _saved_tensors(node: Node) -> tuple[Any, ...]:
    """What a node saved, as tensors connected to the graph: inputs to parents, outputs to it.

    They keep their version cells, so that a write is noticed in the next pass, too.
    """
    cells = iter(node.cells or ())

    def connected(place: int, value: Any) -> Any:
        """An input by its position from 0, an output by its position from the end."""
        cell, index = next(cells, None), place + node.primitive.outputs
        if value is None:
            return None
        if place >= 0:
            parent = node.parents[place]
            if parent is None:
                return value
            return tensor_on(value, cell, parent, node.index_of_parent(place))
        if index in node.primitive.constant_outputs:
            return _wrap(value)
        return tensor_on(value, cell, node, index)

    found: list[Any] = []
    for (place, read, _), value in zip(node.plan.keeps, node.saved or (), strict=True):
        if read is not None:  # a shape or a dtype
            found.append(value)
        elif type(place) is slice:  # all inputs, or all outputs
            first = place.start or 0
            found.append(tuple([connected(first + k, v) for k, v in enumerate(value)]))
        else:
            found.append(connected(place, value))
    return tuple(found)


def _of_composite(
    node: Node, g: Any, saved: Sequence[Any], needs: Sequence[Any], differentiate: Differentiate
) -> Sequence[Any]:
    """Gradients of a fused primitive, differentiable: those of its composite at the same inputs.

    Every input gets a fresh graph position of its own (``alias``), so that an input used
    twice is told apart; the second pass stops there.
    """
    info = node.primitive
    named = dict(zip(node.plan.saved_names, saved, strict=True))
    values = list(named[info.variadic]) if info.variadic else [named[x] for x in info.inputs]
    positions = [k for k, need in enumerate(needs) if need is not None]
    for k in positions:
        values[k] = values[k].alias()
    out = info.composite(*values, **node.static_values())  # type: ignore[misc]
    pairs = [(out, g)]
    if info.outputs > 1:  # an array, where it depends on no input that a gradient is wanted for
        pairs = [(o, h) for o, h in zip(out, g, strict=True)
                 if h is not None and getattr(o, "_node", None) is not None]  # fmt: skip
    outs, seeds = [o for o, _ in pairs], [h for _, h in pairs]
    found = differentiate(outs, seeds, [values[k] for k in positions])
    results: list[Any] = [None] * len(needs)
    for k, gradient in zip(positions, found, strict=True):
        results[k] = _wrap(np.zeros_like(values[k]._data)) if gradient is None else gradient
    return results
