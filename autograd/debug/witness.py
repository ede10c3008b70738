"""Who wrote into it? The lines of writes into what a recorded graph still needs."""

from __future__ import annotations

import bisect
import threading
import weakref
from typing import Any

from autograd.debug.lines import line_of, written

__all__ = ["Witness", "watch_saved"]

#: When so many writes are remembered of one piece of memory, those that no node asks for go.
_WRITES = 64


class Witness:
    """Notes where a piece of memory is written, while a node that saved it lives.

    A node asks for the first write after it saved. So of several in a row one is noted, until
    another node saves. It stands in the memory's version cell, see ``autograd.core.writes``.
    """

    def __init__(self) -> None:
        self._nodes: weakref.WeakSet[Any] = weakref.WeakSet()
        self._lines: list[tuple[int, str, int]] = []
        self._asked = False  # has a node saved since the last write?
        self._most = _WRITES
        self._lock = threading.RLock()  # nodes are those of several threads

    def watch_for(self, node: Any) -> None:
        """A node has saved what lies there."""
        with self._lock:
            self._nodes.add(node)
            self._asked = True

    def note(self, cell: list[Any]) -> None:
        """A write into the cell's memory, just numbered, comes from the line that is running."""
        with self._lock:
            if any(not node.freed for node in self._nodes):
                if self._asked:
                    self._asked = False
                    self._lines.append((cell[0], *line_of()))
                    if len(self._lines) > self._most:
                        self._forget()
            elif len(cell) > 2:  # nobody needs it any more: writes cost nothing again
                cell[1] = None
            else:
                del cell[1:]

    def _forget(self) -> None:
        """Keep the first write after each node that is alive."""
        kept = {self._place(node.seq) for node in self._nodes if not node.freed}
        self._lines = [line for k, line in enumerate(self._lines) if k in kept]
        self._most = max(_WRITES, 2 * len(self._lines))

    def _place(self, number: int) -> int:
        return bisect.bisect_right(self._lines, number, key=lambda line: line[0])

    def since(self, number: int) -> str | None:
        """The line of the first write after the one of this number; None where it is not known."""
        with self._lock:
            found = self._lines[self._place(number) :][:1]
        return written(*found[0][1:]) if found and found[0][1] else None


def watch_saved(node: Any) -> None:
    """Have writes noted into everything that a node has saved."""
    for cell in node.cells or ():
        if cell is not None:
            if len(cell) == 1 or cell[1] is None:
                cell[1:2] = [Witness()]
            cell[1].watch_for(node)
