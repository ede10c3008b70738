"""Who wrote into it? The lines of writes into what a recorded graph still needs."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

from autograd.debug.lines import line_of, written

__all__ = ["Witness", "watch_saved"]

#: So many writes are remembered of one piece of memory.
_WRITES = 64


class Witness:
    """Notes where a piece of memory is written, while a node that saved it lives.

    It stands in the memory's version cell, see ``autograd.core.writes``.
    """

    def __init__(self) -> None:
        self._nodes: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lines: deque[tuple[int, str, int]] = deque(maxlen=_WRITES)

    def watch_for(self, node: Any) -> None:
        """A node has saved what lies there."""
        self._nodes.add(node)

    def note(self, cell: list[Any]) -> None:
        """A write into the cell's memory, just numbered, comes from the line that is running."""
        if any(not node.freed for node in self._nodes):
            self._lines.append((cell[0], *line_of()))
        else:  # nobody needs it any more: writes cost nothing again
            if len(cell) > 2:
                cell[1] = None
            else:
                del cell[1:]

    def since(self, number: int) -> str | None:
        """The line of the first write noted after the one of this number."""
        found = next(((f, n) for c, f, n in self._lines if c > number and f), None)
        return None if found is None else written(*found)


def watch_saved(node: Any) -> None:
    """Have writes noted into everything that a node has saved."""
    for cell in node.cells or ():
        if cell is not None:
            if len(cell) == 1 or cell[1] is None:
                cell[1:2] = [Witness()]
            cell[1].watch_for(node)
