"""Heads found in the graph of one real call of a model, with the numbers that went through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.arguments.generator import default_generator
from autograd.arguments.numbers import shown
from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor
from autograd.creation import as_tensor
from autograd.debug.record import record
from autograd.engine import BackwardPass
from autograd.ops.reductions import sum as sum_of
from autograd.viz.microscope.read_layers import left_as_it_was
from autograd.viz.tracing.precision import as_read_by
from autograd.viz.tracing.selection import topological

__all__ = ["Head", "find_head"]

Array = np.ndarray[Any, Any]

#: A score below this was masked: −∞, or a large negative number in its place.
MASKED = -1e8
#: Between the softmax and the product with the values stand at most so many nodes (a dropout's).
_BETWEEN = 4


@dataclass(frozen=True)
class Head:
    """One head of one sequence: L queries, S keys, values of width V.

    Attributes:
        path: of the module; number: of the attention in the model, of ``count``; head: of ``heads``.
        scores: (L, S), as the softmax got them; masked ones are −∞.
        weights: (L, S), each row sums to 1. values: (S, V). output: (L, V), weights · values.
        d_scores, d_weights, d_values, d_output: their gradients, in their shapes.
        allowed: (L, S), False where the mask is.
    """

    path: str
    number: int
    count: int
    head: int
    heads: int
    scores: Array
    weights: Array
    values: Array
    output: Array
    d_scores: Array
    d_weights: Array
    d_values: Array
    d_output: Array

    @property
    def allowed(self) -> Array:
        return self.scores > MASKED

    @property
    def causal(self) -> bool:
        """True if every query reads only the keys up to its own position."""
        return bool((self.allowed == (np.tri(*self.scores.shape) > 0)).all())


def find_head(
    model: Any,
    x: Any,
    layer: int | str,
    head: int,
    n: int,
    loss: Callable[[Any], Any] | None,
) -> Head:
    """Call the model on the record, go back from the loss, and take out one head.

    No ``.grad``, no buffer and no random state is changed.
    """
    root = _called(model, x, loss)
    nodes = topological(root._node)
    found = _attentions(nodes)
    if not found:
        raise ValueError(
            "viz.attention: no attention was found: there is no softmax over the last axis whose "
            "result is multiplied, as a matrix, with values"
        )
    number = _chosen(found, layer)
    softmax, product = found[number]
    gradients = _gradients(root, softmax, product)
    weights = product_weights = np.asarray(softmax.record.value)
    index, heads = _place(product_weights.shape[:-2], head, n)
    leading = weights.shape[:-2]

    def part(values: Any) -> Array:
        whole = np.asarray(values)
        whole = np.broadcast_to(whole, (*leading, *whole.shape[-2:]))
        return np.array(whole[index])

    values = np.asarray(product.record.inputs[1])
    d_values = gradients["values"]
    return Head(
        softmax.module, number, len(found), head % heads, heads,
        part(softmax.record.inputs[0]), part(weights), part(values), part(product.record.value),
        part(gradients["scores"]), part(gradients["weights"]),
        part(np.zeros_like(values) if d_values is None else d_values), part(gradients["output"]),
    )  # fmt: skip


def _called(model: Any, x: Any, loss: Callable[[Any], Any] | None) -> Tensor:
    x = x if isinstance(x, Tensor) else as_tensor(as_read_by(model, np.asarray(x)))
    state = default_generator().bit_generator.state
    try:
        with left_as_it_was(model), record(check=False):
            result = model(x)
            first = result[0] if isinstance(result, (tuple, list)) else result
            root = sum_of(first) if loss is None else loss(result)
    finally:
        default_generator().bit_generator.state = state
    if not isinstance(root, Tensor) or root._node is None or isinstance(root._node, Leaf):
        raise RuntimeError(
            "viz.attention: the result has no graph: nothing that led to it requires a gradient, "
            "or it was computed under no_grad"
        )
    return root


def _attentions(nodes: list[Any]) -> list[tuple[Node, Node]]:
    """Pairs of a softmax and the product of its result with values, in order of computation."""
    readers: dict[Any, list[tuple[Node, int]]] = {}
    for node in nodes:
        for position, parent in enumerate(node.parents):
            if parent is not None:
                readers.setdefault(parent, []).append((node, position))
    found = []
    for node in nodes:
        if not isinstance(node, Node) or node.primitive.name != "softmax" or node.record is None:
            continue
        shape = node.shape
        if len(shape) < 2 or node.static_values()["axis"] not in (-1, len(shape) - 1):
            continue
        product = _product(node, readers)
        if product is not None:
            found.append((node, product))
    return sorted(found, key=lambda pair: pair[0].seq)


def _product(softmax: Node, readers: dict[Any, list[tuple[Node, int]]]) -> Node | None:
    near: list[Node] = [softmax]
    for _ in range(_BETWEEN):
        following = [pair for node in near for pair in readers.get(node, ())]
        for node, position in following:
            if node.primitive.name == "matmul" and position == 0 and node.record is not None:
                return node
        near = [node for node, _ in following if node.shape == softmax.shape]
    return None


def _chosen(found: list[tuple[Node, Node]], layer: Any) -> int:
    paths = [str(softmax.module) for softmax, _ in found]
    if isinstance(layer, str):
        inside = [
            k for k, path in enumerate(paths) if path == layer or path.startswith(layer + ".")
        ]
        if not inside:
            raise ValueError(
                f"viz.attention: there is no attention in {layer!r}; it was found in {', '.join(paths)}"
            )
        return inside[0]
    if isinstance(layer, bool) or not isinstance(layer, (int, np.integer)):
        raise TypeError(f"viz.attention: layer must be a number or a path, got {shown(layer)}")
    if not -len(found) <= layer < len(found):
        where = ", ".join(f"{k} ({path or 'outermost'})" for k, path in enumerate(paths))
        raise IndexError(f"viz.attention: layer {layer} is out of range; there are {where}")
    return int(layer) % len(found)


def _place(leading: tuple[int, ...], head: Any, n: Any) -> tuple[tuple[int, ...], int]:
    """The index of a head among the leading axes, and how many heads there are."""
    heads = leading[-1] if len(leading) > 1 else 1
    batch = int(np.prod(leading[:-1])) if len(leading) > 1 else (leading or (1,))[0]
    for name, value, count in (("head", head, heads), ("n", n, batch)):
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)):
            raise TypeError(f"viz.attention: {name} must be an integer, got {shown(value)}")
        if not -count <= value < count:
            raise IndexError(
                f"viz.attention: {name}={value} is out of range; there "
                f"{'is 1' if count == 1 else f'are {count}'}"
            )
    if not leading:
        return (), 1
    if len(leading) == 1:
        return (n % batch,), 1
    return (*(int(k) for k in np.unravel_index(n % batch, leading[:-1])), head % heads), heads


def _gradients(root: Tensor, softmax: Node, product: Node) -> dict[str, Any]:
    """What comes back to the head, from a pass that touches no ``.grad``."""
    seed = np.ones_like(root._data)
    if root._data.size != 1:
        raise ValueError(f"viz.attention: loss must give one number, got shape {root.shape}")
    found: dict[str, Any] = {
        "output": np.zeros(product.shape), "values": None,
        "weights": np.zeros(softmax.shape), "scores": np.zeros(softmax.shape),
    }  # fmt: skip
    work = BackwardPass([root], [seed if seed.ndim else seed[()]], retain_graph=True)
    for step in work.steps(observe=True):
        if step.node is product:
            found["output"] = np.array(step.gradient)
            for sent in step.contributions:
                if sent.position == 1:
                    found["values"] = np.array(sent.value)
        elif step.node is softmax:
            found["weights"] = np.array(step.gradient)
            for sent in step.contributions:
                found["scores"] = np.array(sent.value)
    return found
