"""What a graph keeps for backward, why, and until when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.core.node import FREED
from autograd.debug.names import GraphNames

__all__ = ["Held", "Memory", "memory_of"]


#: Fused primitives keep these: their derivatives are differentiated in plain primitives.
_COMPOSITE = ("second derivatives",)


class Held(NamedTuple):
    """An array that a node keeps.

    Attributes:
        op, module: the node's primitive and where it is; ``title``: ``c = multiply``, with what its
            result is called, if anything.
        name: the saved value's name; ``needed_by``: the inputs whose rules need it.
        holds: what the saved tensor is called; empty where it has no name.
        shape, nbytes: of the array.
        until: number of the step after which it goes.
        shared: True if an earlier row holds the same memory.
    """

    op: str
    module: str
    name: str
    needed_by: tuple[str, ...]
    shape: tuple[int, ...]
    nbytes: int
    until: int
    shared: bool
    title: str
    holds: str

    @property
    def purpose(self) -> str:
        """``the gradient of x and w``, or ``second derivatives``."""
        if self.needed_by == _COMPOSITE:
            return _COMPOSITE[0]
        return f"the gradient of {' and '.join(self.needed_by)}"


class Memory(text.Page):
    """What is held, largest first; what is held by an earlier row already comes last.

    Attributes:
        rows: a ``Held`` for every array.
        total: bytes, memory that is shared counted once.
    """

    def __init__(self, rows: list[Held], taken: int) -> None:
        self.rows = sorted(rows, key=lambda row: (row.shared, -row.nbytes, row.until))
        self.total = sum(row.nbytes for row in rows if not row.shared)
        self._taken = taken

    def text(self, plain: bool = False) -> str:
        """A line for each of the largest arrays."""
        lines = [f"{text.size(self.total)} held after step {self._taken}"]
        for row in self.rows[:20]:
            inside = f" in {row.module}" if row.module else ""
            shared = ", shared" if row.shared else ""
            what = f"{row.name} = {row.holds}" if row.holds not in ("", row.name) else row.name
            lines.append(
                f"  {text.size(row.nbytes):>9}  {row.title}{inside} keeps {what} {row.shape} "
                f"for {row.purpose}, until step {row.until}{shared}"
            )
        if len(self.rows) > 20:
            rest = sum(row.nbytes for row in self.rows[20:] if not row.shared)
            lines.append(f"  {text.size(rest):>9}  in {len(self.rows) - 20} more")
        said = "\n".join(lines)
        return text.plain(said) if plain else said


def memory_of(nodes: Iterable[Any], order: dict[Any, int], taken: int, names: GraphNames) -> Memory:
    """Rows for everything that these nodes save."""
    rows: list[Held] = []
    seen: set[Any] = set()
    for node in nodes:
        info = node.primitive
        if node.saved is None or node.saved is FREED:
            continue
        for name, value in zip(node.plan.saved_names, node.saved, strict=True):
            users = tuple(x for x, rule in info.rules.items() if name in rule.needs) or _COMPOSITE
            for k, part in enumerate(value if isinstance(value, tuple) else (value,)):
                if not isinstance(part, np.ndarray):
                    continue
                label = f"{name}[{k}]" if isinstance(value, tuple) else name
                base = id(part if part.base is None else part.base)
                rows.append(
                    Held(info.name, node.module, label, users, part.shape, part.nbytes,
                         order[node], base in seen, names.title(node),
                         _holds(node, name, k, names) or names.of_constant(part))
                )  # fmt: skip
                seen.add(base)
    return Memory(rows, taken)


def _holds(node: Any, name: str, part: int, names: GraphNames) -> str:
    """What the tensor is called that a node keeps under this name."""
    info = node.primitive
    if name in ("out", "outs"):
        return names.of(node, part)
    if name not in (*info.inputs, info.variadic):
        return ""
    position = part if name == info.variadic else info.inputs.index(name)
    parent = node.parents[position]
    return "" if parent is None else names.of(parent, node.index_of_parent(position))
