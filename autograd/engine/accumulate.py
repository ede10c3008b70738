"""Gradient accumulation: what rules return becomes what parents receive, and leaves keep.

A rule may return what it was given, or a view of it, so arrays on their way are shared and never
written into, but for sums that the pass itself has made. No two gradients that users get share
memory, nor does one with an input.
"""

from __future__ import annotations

import itertools
import operator
import sys
import weakref
from collections import deque
from typing import Any

import numpy as np

from autograd.arguments.half import HALF, SINGLE
from autograd.core.modes import local, set_grad_enabled
from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor, _wrap
from autograd.core.writes import note_write
from autograd.engine.unbroadcast import broadcasts_to, sum_to_shape

__all__ = ["Additions", "fitting", "own"]

# How slots are set without a line of Python.
_SET_GRAD: Any = vars(Tensor)["_grad"].__set__
_SET_DATA: Any = vars(Tensor)["_data"].__set__
_SET_UNROUNDED: Any = vars(Leaf)["unrounded"].__set__


def fitting(node: Node, position: int, value: Any) -> Any:
    """A rule's result as the parent's gradient: right in kind, shape and dtype.

    It is summed down where the primitive broadcasts, and cast to the input's dtype.

    Raises:
        RuntimeError: if it is no array, or not of the input's shape.
    """
    info, parent = node.primitive, node.parents[position]
    index = node.index_of_parent(position)
    assert parent is not None
    shape, dtype = parent.shape_of(index), parent.dtype_of(index)
    if not isinstance(value, (np.ndarray, np.generic, Tensor)):
        if not isinstance(value, (int, float)):
            raise RuntimeError(
                f"{info.name}: the gradient rule for {info.input_name(position)} returned "
                f"{type(value).__name__}; it must return an array of shape {shape}"
            )
        value = dtype.type(value)
    came = value.shape
    if came != shape and info.broadcasts and broadcasts_to(shape, node.shape_of(0), came):
        value = sum_to_shape(value, shape)
    if value.shape != shape:
        hint = ""
        if not info.broadcasts and came == node.shape_of(0) and broadcasts_to(shape, came, shape):
            hint = "; @autograd.primitive(broadcasts=True) sums over the axes that were broadcast"
        raise RuntimeError(
            f"{info.name}: the gradient rule for {info.input_name(position)} returned "
            f"shape {value.shape}; the input has shape {shape}{hint}"
        )
    if dtype == HALF:  # gradients of halves stay wider until they are complete
        dtype = SINGLE
    if value.dtype != dtype:
        value = value.astype(dtype)
    return value[()] if type(value) is np.ndarray and not shape else value


def _references_of_a_fresh_array() -> int:
    array = [np.empty(1)].pop()
    return sys.getrefcount(array)


#: What ``sys.getrefcount`` says of an array that only one name refers to. Measured rather than
#: assumed: interpreters differ in how many references a call adds.
_SOLE = _references_of_a_fresh_array()


def own(gradient: Any, order: Any = "C") -> Any:
    """The gradient in memory that nothing else shares; C-contiguous, or for ``"K"`` as it lies.

    In general this is a copy. It is spared where the caller's one name is all that refers to the
    array, and the array is all that refers to its memory.
    """
    if type(gradient) is not np.ndarray:
        return gradient
    # The caller's name for it and this function's; of the base, the array's and this one's.
    if sys.getrefcount(gradient) <= _SOLE + 1:
        base, flags = gradient.base, gradient.flags
        if (order == "K" or flags.c_contiguous) and (
            flags.owndata if base is None
            else type(base) is np.ndarray and base.flags.owndata
            and sys.getrefcount(base) <= _SOLE + 1
        ):  # fmt: skip
            return gradient
    return np.array(gradient, order=order)


class Additions:
    """What is to be added to ``.grad``: all of it is made ready first, and put in place by one call.

    That call goes through no line of Python, and interrupts come between lines: whatever is raised,
    Ctrl-C as well, finds all gradients added or none. (Where several leaves share one tensor as their
    ``.grad``, each next sum waits for the one before, and there are as many calls.)
    """

    def __init__(self) -> None:
        self._steps: list[tuple[Any, ...]] = []
        self._sums: list[tuple[Tensor, Any, Leaf | None]] = []

    def add(self, target: Tensor, gradient: Any, create_graph: bool) -> None:
        """A gradient that is the caller's own, for ``target.grad``."""
        old = target._grad
        if create_graph or (old is not None and old._node is not None):
            gradient = gradient if isinstance(gradient, Tensor) else _wrap(gradient)
            with set_grad_enabled(create_graph or local.state.grad_enabled):
                if old is not None:
                    gradient = old + gradient  # type: ignore[operator]
                elif gradient.ndim:
                    # Recorded; others may hold the same tensor, or a view.
                    gradient = gradient.copy()
            self._steps.append((_SET_GRAD, target, gradient))
        elif old is None:
            if type(gradient) is np.ndarray and not gradient.flags.c_contiguous:
                gradient = np.ascontiguousarray(gradient)
            self._steps.append((_SET_GRAD, target, _wrap(gradient)))
        else:
            self._sums.append((old, gradient, None))

    def add_half(self, target: Tensor, leaf: Leaf, gradient: Any) -> None:
        """A gradient in single precision, for ``target.grad``, which is float16.

        From the second pass on the leaf keeps the sum as it was before rounding. It counts for as long
        as ``target.grad`` is the tensor that was rounded from it, and nobody has written into that.
        """
        old = target._grad
        if old is None or old._node is not None:
            self._steps.append((_SET_UNROUNDED, leaf, None))
            self.add(target, gradient.astype(HALF), False)
        else:
            self._sums.append((old, gradient, leaf))

    def put(self) -> None:
        """Put all of it in place."""
        if not self._sums:
            return self._place()
        errors = np.geterr()
        try:
            with np.errstate(all="ignore"):  # as in the pass itself
                met = set()
                for old, gradient, leaf in self._sums:
                    if id(old) in met:  # what its sum is made of is not there yet
                        self._place()
                    met.add(id(old))
                    self._sum(old, gradient, leaf)
                self._place()
        except BaseException:  # an interrupt may come before the error state is put back
            np.seterr(**errors)
            raise

    def _place(self) -> None:
        deque(itertools.starmap(operator.call, self._steps), maxlen=0)
        self._steps.clear()

    def _sum(self, old: Tensor, gradient: Any, leaf: Leaf | None) -> None:
        """Make a sum ready, in the memory of the gradient that is there unless that is a number."""
        writes = old._version is not None and old._data.flags.writeable
        if leaf is None:
            if writes:
                note_write(old._version)  # type: ignore[arg-type]
                self._steps.append((np.add, old._data, gradient, old._data))
            else:
                self._steps.append((_SET_DATA, old, old._data + gradient))
            return
        before, state, kept = old._data, (old._version or (old._data,))[0], leaf.unrounded
        if kept is not None and kept[0]() is old and kept[1] == state:
            before = kept[2]
        total = before + gradient
        rounded = total.astype(HALF)
        if writes:
            note_write(old._version)  # type: ignore[arg-type]
            self._steps.append((old._data.__setitem__, ..., rounded))
        else:
            self._steps.append((_SET_DATA, old, rounded))
        state = (old._version or (rounded,))[0]
        self._steps.append((_SET_UNROUNDED, leaf, (weakref.ref(old), state, total)))
