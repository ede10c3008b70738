"""Gradients that an optimizer has used: whether backward added to one that was not cleared.

A leaf keeps of the gradient that the last step used: the tensor (weakly), its version, and whether
passes have added to it since. What anybody else writes into it changes the version, and then nothing
is known any more: it may have been cleared, or filled anew, in place.
"""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterable
from typing import Any

from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor

__all__ = ["in_a_graph", "note_added", "note_step", "still_as_used"]


def _version(grad: Tensor) -> Any:
    return grad._data if grad._version is None else grad._version[0]


def note_step(t: Tensor) -> bool:
    """Note that a step uses ``t.grad``; True if passes only added to what the last step has used."""
    leaf, grad = t._node, t._grad
    if type(leaf) is not Leaf or grad is None:
        return False
    added = still_as_used(leaf, grad) and leaf.used[2]
    leaf.used = weakref.ref(grad), _version(grad), False
    return bool(added)


def still_as_used(leaf: Leaf, grad: Tensor | None) -> bool:
    """True if nobody but passes has changed the gradient since the last step used it."""
    used = leaf.used
    return used is not None and grad is not None and used[0]() is grad and used[1] is _version(grad)


def note_added(leaf: Leaf, grad: Tensor | None) -> None:
    """Note that a pass has added to a gradient that was still as used."""
    leaf.used = None if grad is None else (weakref.ref(grad), _version(grad), True)


def in_a_graph(tensors: Iterable[Tensor]) -> bool:
    """Whether something lives that was computed from leaves and never went through backward. Slow."""
    leaves = [t._node for t in tensors if type(t._node) is Leaf]
    parents = [each for each in gc.get_referrers(*leaves) if type(each) is tuple]
    nodes = [each for each in gc.get_referrers(*parents) if type(each) is Node] if parents else []
    lists = {id(each) for each in parents}
    return any(id(node.parents) in lists and not node.freed for node in nodes)
