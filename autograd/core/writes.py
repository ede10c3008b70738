"""Writes in place: they are counted, and what backward still needs is missed with both lines.

All tensors on one piece of memory share a version cell, a list whose first entry counts the writes
into it; a node keeps the count of what it saved, and backward compares. What a graph saves that is
built inside ``autograd.debug.record()`` gets a second entry in its cell: somebody who notes the
line of every write, for as long as a node of that graph lives. A third entry says that several
tensors have the cell: one of them cannot become something else alone (`autograd.in_place`).
"""

from __future__ import annotations

from typing import Any, Protocol

from autograd.core.node import FREED, Node

__all__ = ["NUMBER_VIEWS", "Witness", "check_saved", "note_write", "share"]

#: Primitives that give views of arrays. What they give of a number, or as one, is a copy that
#: nothing watches; so both tensors are marked.
NUMBER_VIEWS = frozenset(
    "broadcast_to diagonal expand_dims flip getitem moveaxis reshape squeeze swapaxes transpose".split()
)


class Witness(Protocol):
    """Who notes the lines of writes."""

    def note(self, cell: list[Any]) -> None:
        """A write into the cell's memory, just counted, comes from the line that is running."""

    def since(self, count: int) -> str | None:
        """The line of the first write noted after this count."""


def note_write(cell: list[Any]) -> None:
    """Count a write; every function that writes into a tensor's memory calls this."""
    cell[0] += 1
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
        raise RuntimeError(
            f"backward a second time through {_where(node)}: what it had saved was released after "
            "the first pass. Pass retain_graph=True to the first backward, or compute the output "
            "again"
        )
    for watched in node.versions or ():
        if watched is not None and watched[0][0] != watched[1]:
            raise RuntimeError(_written(_where(node), node.record, *watched))


def _where(node: Node) -> str:
    inside = f" in module {node.module}" if node.module else ""
    return f"{node.primitive.name} (output shape {node.shape}{inside})"


def _written(needed: str, record: Any, cell: list[Any], count: int) -> str:
    """What to say where a saved value is not what it was: its version cell, its count then."""
    said = (
        f"a value that {needed} needs for its gradient was written into after it was used "
        f"(version {count}, now {cell[0]})."
    )
    cure = (
        "Make a new tensor instead of writing in place (autograd.set_at, autograd.where), or write "
        "after backward"
    )
    if record is None:
        return (
            f"{said} {cure}. To see the line that wrote and the one that needed it, compute it "
            "inside `with autograd.debug.record():`"
        )
    wrote = cell[1].since(count) if len(cell) > 1 and cell[1] is not None else None
    return f"{said}\n  needed by   {record.where()}\n  written by  {wrote or 'a line not noted'}\n{cure}"
