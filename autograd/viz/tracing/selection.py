"""Which nodes of a graph a trace looks at: all of them, or of a big graph those made last.

Everything that costs more than a look at a node (values, names, layout, steps) is done for the chosen
ones only. They are found by the order in which operations were made, so what is left out never takes
anything from an operation that is kept, and the backward pass comes through the kept ones first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from autograd.core.node import Leaf
from autograd.viz.tracing.trace import Omitted

#: So many nodes are looked at, unless asked otherwise.
MOST = 3000


class _Earlier:
    """Stands in a selection for all that is left out."""

    def __repr__(self) -> str:
        return "EARLIER"


EARLIER: Any = _Earlier()


class Selection:
    """The nodes to look at, parents before children.

    Args:
        root: the node to look back from.
        most: how many nodes and constants there may be, a few more where one operation has them;
            None for all.

    Attributes:
        nodes: operations and leaves; among them, where something is left out, `EARLIER`.
        operands: so many operands of one operation are looked at.
        omitted: what is left out; None for nothing.
    """

    def __init__(self, root: Any, most: int | None) -> None:
        self.operands = most
        self.omitted: Omitted | None = None
        if most is None:
            self.nodes = topological(root)
            return
        operations, leaves, total, widest = _counted(root)
        if total <= most and widest <= most:
            self.nodes = topological(root)
            return
        kept = _newest(operations, most)
        left = [node for node in operations if node not in kept]
        feeding = {parent for node in left for parent in node.parents if parent in kept}
        ordered = topological(root, kept)
        first = [node for node in ordered if node in feeding]
        self.nodes = [*first, EARLIER, *(node for node in ordered if node not in feeding)]
        self.omitted = _told(left, [leaf for leaf in leaves if leaf not in kept])


def _counted(root: Any) -> tuple[list[Any], list[Any], int, int]:
    """All operations and leaves, how many nodes a trace of them would have, and the most operands."""
    operations: list[Any] = []
    leaves: list[Any] = []
    constants = widest = 0
    seen = {root}
    pending = [root]
    while pending:
        node = pending.pop()
        if type(node) is Leaf:
            leaves.append(node)
            continue
        operations.append(node)
        parents = node.parents
        widest = max(widest, len(parents))
        for parent in parents:
            if parent is None:
                constants += 1
            elif parent not in seen:
                seen.add(parent)
                pending.append(parent)
    return operations, leaves, len(seen) + constants, widest


def _newest(operations: list[Any], most: int) -> set[Any]:
    """The operations made last, with their leaves, as many as there is room for."""
    operations.sort(key=lambda node: -node.seq)
    kept: set[Any] = set()
    room = most
    for node in operations:
        if room <= 0:
            break
        kept.add(node)
        room -= 1
        for parent in node.parents[: max(room, 0)]:
            if parent is None:
                room -= 1
            elif type(parent) is Leaf and parent not in kept:
                kept.add(parent)
                room -= 1
    return kept


def _told(left: list[Any], leaves: list[Any]) -> Omitted:
    """What is said of all that is left out."""
    parameters = sum(is_parameter(leaf.tensor()) for leaf in leaves)
    modules, classes = _modules(Counter(node.module or "" for node in left))
    return Omitted(len(left), parameters, len(leaves) - parameters, modules, classes)


def _modules(counts: Mapping[str, int]) -> tuple[tuple[tuple[str, int], ...], dict[str, Any]]:
    """How many operations each of the outermost modules has that say anything, the largest first."""
    depth = 1
    while True:
        found: Counter[str] = Counter()
        tables: dict[str, Any] = {}
        deeper = False
        for path, count in counts.items():
            parts = path.split(".", depth)
            place = ".".join(parts[:depth])
            deeper |= len(parts) > depth
            if path:
                found[place] += count
                tables.setdefault(place, getattr(path, "table", {}).get(place))
        if len(found) != 1 or not deeper:
            largest = tuple(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))
            return largest, {place: info for place, info in tables.items() if info is not None}
        depth += 1


def is_parameter(tensor: Any) -> bool:
    """Whether a tensor is a module's parameter."""
    return any(base.__name__ == "Parameter" for base in type(tensor).__mro__)


def topological(root: Any, among: Any = None) -> list[Any]:
    """All nodes below a node (``among`` these), parents before children, as a depth-first walk."""
    order: list[Any] = []
    seen = {root}
    pending = [(root, iter(root.parents))]
    while pending:
        node, parents = pending[-1]
        for parent in parents:
            if parent is None or parent in seen or (among is not None and parent not in among):
                continue
            seen.add(parent)
            pending.append((parent, iter(parent.parents)))
            break
        else:
            order.append(node)
            pending.pop()
    return order
