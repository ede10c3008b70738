"""What an observed pass yields: one node's turn, and what it sent to each parent."""

from __future__ import annotations

from typing import Any

from autograd.arguments.half import HALF, rounded
from autograd.core.node import FREED, Node

__all__ = ["Contribution", "Step", "saved_by_name"]


class Contribution:
    """What one rule sent to one parent: ``before + value = after``.

    Attributes:
        parent: the Node or Leaf it went to; ``index`` is which of its outputs.
        position: which input of the step's node the parent is; ``name`` is that input's, ``xs[2]``.
        before: gradient of the parent so far; None if this is the first contribution.
        value: what the rule gave, summed down and cast to the parent's shape and dtype.
        after: their sum.
    """

    __slots__ = ("after", "before", "index", "name", "parent", "position", "value")

    def __init__(self, step: Step, position: int, index: int, sums: tuple[Any, Any, Any]) -> None:
        self.parent: Any = step.node.parents[position]
        self.index, self.position = index, position
        self.name = step.node.primitive.input_name(position)
        self.before, self.value, self.after = sums


class Step:
    """One node's turn in an observed pass.

    Attributes:
        number: from 0.
        node: the node whose rules were run.
        gradient: the incoming gradient (a tuple when the node has several outputs).
        saved: the values that the rules used, by name.
        contributions: one ``Contribution`` for each parent that needs a gradient.
    """

    __slots__ = ("contributions", "gradient", "node", "number", "saved")

    def __init__(self, number: int, node: Node, gradient: Any) -> None:
        self.number, self.node, self.gradient = number, node, gradient
        self.saved = saved_by_name(node)
        self.contributions: list[Contribution] = []

    def sends(self, position: int, parent: Any, index: int, sums: tuple[Any, Any, Any]) -> None:
        """Note what the parent in this position had received, is sent, and has then."""
        sums = rounded(sums) if parent.dtype_of(index) == HALF else sums
        self.contributions.append(Contribution(self, position, index, sums))


def saved_by_name(node: Node) -> dict[str, Any]:
    """The values that a node keeps for its rules, by the names the rules know them by."""
    if node.saved is None or node.saved is FREED:
        return {}
    return dict(zip(node.plan.saved_names, node.saved, strict=True))
