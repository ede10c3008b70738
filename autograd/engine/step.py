"""What an observed pass yields: one node's turn, and what it sent to each parent."""

from __future__ import annotations

from typing import Any

from autograd.core.node import FREED, Node

__all__ = ["Contribution", "Step", "saved_by_name"]


class Contribution:
    """What one rule sent to one parent: ``before + value = after``.

    Attributes:
        parent: the Node or Leaf it went to; ``index`` is which of its outputs.
        position: which input of the step's node the parent is.
        name: that input's name, such as ``x`` or ``xs[2]``.
        before: gradient of the parent so far; None if this is the first contribution.
        value: what the rule gave, summed down and cast to the parent's shape and dtype.
        after: their sum.
    """

    __slots__ = ("after", "before", "index", "name", "parent", "position", "value")

    def __init__(
        self, parent: Any, index: int, position: int, name: str, before: Any, value: Any, after: Any
    ) -> None:
        self.parent = parent
        self.index = index
        self.position = position
        self.name = name
        self.before = before
        self.value = value
        self.after = after


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

    def __init__(self, number: int, node: Node, gradient: Any, saved: dict[str, Any]) -> None:
        self.number = number
        self.node = node
        self.gradient = gradient
        self.saved = saved
        self.contributions: list[Contribution] = []


def saved_by_name(node: Node) -> dict[str, Any]:
    """The values that a node keeps for its rules, by the names the rules know them by."""
    if node.saved is None or node.saved is FREED:
        return {}
    return dict(zip(node.plan.saved_names, node.saved, strict=True))
