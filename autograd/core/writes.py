"""Writes in place are noticed: by backward, before it uses what was overwritten.

All tensors on one piece of memory share a *version cell*: a list that begins with the sequence number
of the last write, 0 if there was none. A node has a sequence number too, so it need only look whether
a write into what it has saved came after it. What a graph saves that is built inside
``autograd.debug.record()`` gets a second entry in its cell, a witness, who notes the line of every
write for as long as a node of that graph lives. A third entry says that several tensors have the
cell: one of them cannot become something else alone (``autograd.in_place``).
"""

from __future__ import annotations

from typing import Any

from autograd.core.node import FREED, Node, counter

__all__ = ["NUMBER_VIEWS", "check_saved", "note_write", "share"]

#: Primitives that give views of arrays. What they give of a number, or as one, is a copy that
#: nothing watches; so both tensors are marked.
NUMBER_VIEWS = frozenset(
    "broadcast_to diagonal expand_dims flip getitem moveaxis reshape squeeze swapaxes transpose".split()
)


def note_write(cell: list[Any]) -> None:
    """Note a write; every function that writes into a tensor's memory calls this."""
    cell[0] = next(counter)
    if len(cell) > 1 and cell[1] is not None:
        cell[1].note(cell)


def share(cell: list[Any]) -> list[Any]:
    """Note that a second tensor gets the cell, and return it."""
    if len(cell) < 3:
        cell[1:] = [cell[1] if len(cell) > 1 else None, True]
    return cell


def check_saved(node: Node) -> None:
    """Raise if what a node has saved is gone, or was written into since."""
    if node.saved is FREED:
        from autograd.errors import released

        raise released(node)
    for cell in node.cells or ():
        if cell is not None and cell[0] > node.seq:
            from autograd.errors import overwritten

            raise overwritten(node, cell)
