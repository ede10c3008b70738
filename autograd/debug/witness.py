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
    """Notes where a piece of memory is written, while a node that saved it lives."""

    def __init__(self) -> None:
        self._nodes: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lines: deque[tuple[int, str, int]] = deque(maxlen=_WRITES)

    def watch_for(self, node: Any) -> None:
        """A node has saved what lies there."""
        self._nodes.add(node)

    def note(self, cell: list[Any]) -> None:
        """See ``autograd.core.writes.Witness``."""
        if any(not node.freed for node in self._nodes):
            self._lines.append((cell[0], *line_of()))
        else:  # nobody needs it any more: writes cost nothing again
            if len(cell) > 2:
                cell[1] = None
            else:
                del cell[1:]

    def since(self, count: int) -> str | None:
        """See ``autograd.core.writes.Witness``."""
        found = next(((f, n) for c, f, n in self._lines if c > count and f), None)
        return None if found is None else written(*found)


def watch_saved(node: Any) -> None:
    """Have writes noted into everything that a node has saved."""
    for watched in node.versions or ():
        if watched is not None:
            cell = watched[0]
            if len(cell) == 1 or cell[1] is None:
                cell[1:2] = [Witness()]
            cell[1].watch_for(node)
