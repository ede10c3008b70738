"""Who is told of every operation: blocks that look on, one inside the other or crosswise.

The recorder of a thread (``State.recorder``) is a chain: each block tells the one before it. Blocks of
generators that take turns are left in another order than they were entered in; a block that is over
stays in the chain, silent, until all that came after it are over, too.
"""

from __future__ import annotations

from _thread import get_ident  # as in `modes`: not for the sake of threading
from collections.abc import Callable
from typing import Any

from autograd.core.modes import local

__all__ = ["Recorder", "begin", "end"]


class Recorder:
    """One block, from `begin` to `end`.

    Attributes:
        note: what is called after every operation, see ``State``; after it, what was there already:
            the innermost block comes first.
        close: what is called when the block has left the chain, or None.
    """

    __slots__ = ("before", "close", "note", "over", "thread")

    def __init__(self, note: Callable[..., None]) -> None:
        self.note = note
        self.before: Callable[..., None] | None = None
        self.close: Callable[[], None] | None = None
        self.over = False
        self.thread = get_ident()

    def __call__(self, *call: Any) -> None:
        self.note(*call)
        if self.before is not None:
            self.before(*call)


def begin(blocks: list[Recorder], note: Callable[..., None]) -> Recorder:
    """Begin a block; it is added to those of its context manager, which several threads may share."""
    block = Recorder(note)
    block.before = local.state.recorder
    blocks.append(block)
    local.state.recorder = block
    return block


def end(blocks: list[Recorder]) -> None:
    """End the last of a context manager's blocks in this thread; if there is none, in another."""
    mine = [block for block in blocks if block.thread == get_ident()]
    block = (mine or blocks)[-1]
    block.over, block.note = True, _silent
    blocks.remove(block)
    state = local.state
    while type(state.recorder) is Recorder and state.recorder.over:
        gone = state.recorder
        state.recorder = gone.before
        if gone.close is not None:
            gone.close()


def _silent(*call: Any) -> None:
    """In place of what a block that is over told: nothing is kept alive by it."""
