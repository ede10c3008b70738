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
    watched = iter(node.versions or ())
    result: list[Any] = []
    for (place, read, _), value in zip(node.plan.keeps, node.saved or (), strict=True):
        if read is not None:  # a shape or a dtype
            result.append(value)
        elif type(place) is slice:  # all inputs, or all outputs
            first = 0 if place.start is None else place.start
            cells = [next(watched, None) for _ in value]
            result.append(tuple([_tensor(node, first + k, v, cell)
                                 for k, (v, cell) in enumerate(zip(value, cells, strict=True))]))  # fmt: skip
        else:
            result.append(_tensor(node, place, value, next(watched, None)))
    return tuple(result)


def _tensor(node: Node, place: int, value: Any, watched: tuple[list[int], int] | None) -> Any:
    """A saved value: an input by its position from 0, an output by its position from the end."""
    cell = None if watched is None else watched[0]
    if value is None:
        return None
    if place >= 0:
        parent = node.parents[place]
        index = node.index_of_parent(place)
        return value if parent is None else _connected(value, parent, index, cell)
    index = place + node.primitive.outputs
    if index in node.primitive.constant_outputs:
        return _wrap(value)
    return _connected(value, node, index, cell)


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
