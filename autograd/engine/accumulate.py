"""Gradient accumulation: what rules return becomes what parents receive, and leaves keep.

A rule may return what it was given, or a view of it, so arrays on their way are shared and never
written into, but for sums that the pass itself has made. No two gradients that users get share
memory, nor does one with an input.
"""

from __future__ import annotations

import sys
import weakref
from typing import Any

import numpy as np

from autograd.arguments.half import HALF, SINGLE
from autograd.core.modes import local, set_grad_enabled
from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor, _wrap
from autograd.core.writes import note_write
from autograd.engine.unbroadcast import broadcasts_to, sum_to_shape

__all__ = ["add_half_to_grad", "add_to_grad", "fitting", "own"]


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


def add_half_to_grad(target: Tensor, leaf: Leaf, gradient: Any) -> None:
    """Add a gradient in single precision to ``target.grad``, which is float16.

    From the second pass on the leaf keeps the sum as it was before rounding. It counts for as long as
    ``target.grad`` is the tensor that was rounded from it, and nobody has written into that.
    """
    old, kept, leaf.unrounded = target._grad, leaf.unrounded, None
    if old is None or old._node is not None:
        add_to_grad(target, gradient.astype(HALF), False)
        return
    before, state = old._data, (old._version or (old._data,))[0]
    if kept is not None and kept[0]() is old and kept[1] == state:
        before = kept[2]
    total = before + gradient
    if old._version is not None and old._data.flags.writeable:
        note_write(old._version)
        old._data[...] = total
    else:
        old._data = total.astype(HALF)
    leaf.unrounded = weakref.ref(old), (old._version or (old._data,))[0], total


def add_to_grad(target: Tensor, gradient: Any, create_graph: bool) -> None:
    """Add a gradient that is the caller's own to ``target.grad``."""
    old = target._grad
    if create_graph or (old is not None and old._node is not None):
        gradient = gradient if isinstance(gradient, Tensor) else _wrap(gradient)
        with set_grad_enabled(create_graph or local.state.grad_enabled):
            if old is not None:
                gradient = old + gradient  # type: ignore[operator]
            elif gradient.ndim:
                gradient = gradient.copy()  # recorded; others may hold the same tensor, or a view
        target._grad = gradient
    elif old is None:
        if type(gradient) is np.ndarray and not gradient.flags.c_contiguous:
            gradient = np.ascontiguousarray(gradient)
        target._grad = _wrap(gradient)
    elif old._version is not None and old._data.flags.writeable:
        note_write(old._version)
        np.add(old._data, gradient, out=old._data)
    else:
        old._data = old._data + gradient
