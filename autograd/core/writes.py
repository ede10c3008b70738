"""Writes in place are noticed: by backward, before it uses what was overwritten.

All tensors on one piece of memory share a *version cell*: a list that begins with the sequence number
of the last write, 0 if there was none. A node has a sequence number too, so it need only look whether
a write into what it has saved came after it. What a graph saves that is built inside
``autograd.debug.record()`` gets a second entry in its cell, a witness, who notes the line of every
write for as long as a node of that graph lives. A third entry says that several tensors have the
cell: one of them cannot become something else alone (``autograd.in_place``).
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.core.node import FREED, Node, counter

__all__ = ["NUMBER_VIEWS", "check_saved", "note_write", "reading", "share"]

#: Primitives that give views of arrays. What they give of a number, or as one, is a copy that
#: nothing watches; so both tensors are marked.
NUMBER_VIEWS = frozenset(
    "broadcast_to diagonal expand_dims flip getitem moveaxis reshape squeeze swapaxes transpose".split()
)


_LENT = frozenset([np.ndarray, tuple])
_LIBRARY = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def reading(function: Callable[..., Any], who: str) -> Callable[..., Any]:
    """A primitive's function, or a rule, that is given its arrays read-only; ours need no watching.

    What it writes into would be a parameter, or what another node has saved, and nobody would notice.

    Raises:
        ValueError: when it writes into one, in words that name it.
    """
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename.startswith(_LIBRARY):
        return function

    def lent(x: Any, given: dict[int, Any]) -> Any:
        if type(x) is tuple:
            return tuple([lent(each, given) for each in x])
        if type(x) is not np.ndarray or not x.flags.writeable:
            return x
        view = x.view()
        view.setflags(write=False)
        given[id(view)] = view, x
        return view

    def returned(made: Any, given: dict[int, Any]) -> Any:
        if type(made) is tuple:
            return tuple([returned(each, given) for each in made])
        if type(made) is np.ndarray and made.base is not None and not made.flags.writeable:
            if id(made) in given:
                return given[id(made)][1]
            if any([made.base is view.base for view, _ in given.values()]):
                made.setflags(write=True)
        return made

    @functools.wraps(function)
    def called(*arrays: Any, **static: Any) -> Any:
        if _LENT.isdisjoint(map(type, arrays)):
            return function(*arrays, **static)
        given: dict[int, Any] = {}  # views by their id, with what they are views of
        try:
            made = function(*[lent(x, given) for x in arrays], **static)
        except ValueError as error:
            if type(error) is not ValueError or "read-only" not in str(error):
                raise
            raise ValueError(
                f"{who} writes into an array that it is given ({error}), which others read; "
                "compute a new array, as in x = x * 2 for x *= 2, or begin with x = x.copy()"
            ) from error
        return returned(made, given)

    return called


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
