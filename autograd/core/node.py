"""The graph: nodes that point to their parents, and never back to a tensor.

``Node`` is one application of a primitive. ``Leaf`` stands for a tensor that the user made and wants
a gradient for; it alone knows its tensor, weakly, so a graph dies by reference counting as soon as
its last tensor goes.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from autograd.core.primitive import Primitive
    from autograd.core.rules import Plan
    from autograd.core.tensor import Tensor

__all__ = ["FREED", "Extra", "Leaf", "Node", "leaves_with_hooks"]

#: Sequence numbers, of nodes and of writes in place: parents always have smaller ones than their
#: children, and what a node saved was written into since if that has a greater one than the node.
counter = itertools.count()


class _Freed:
    """Stands where a node's saved values were, once backward has used them."""

    def __repr__(self) -> str:
        return "<freed>"


FREED = _Freed()


class Extra:
    """What few nodes have: hooks, tensors whose gradient is retained, a debug record, and who can
    restore what the node has saved, where that was packed away.
    """

    __slots__ = ("hooks", "record", "retained", "unpack")

    def __init__(self) -> None:
        self.hooks: dict[int, dict[int, Any]] = {}  # output index -> {hook id: hook}
        self.retained: dict[int, weakref.ref[Tensor]] = {}
        self.record: Any = None
        self.unpack: Any = None


class Node:
    """One application of a primitive.

    All nodes are of this one class, and so the interpreter reads and writes their slots fastest.

    Attributes:
        plan: the primitive with its rules as they stood at the call.
        parents: one entry per array input, in order; None where no gradient is needed.
        saved: the values that the rules named, ordered as ``plan.saved_names``.
        cells: the version cell of every saved array, in their order (None for numbers), looked at
            before use; or None if there is nothing to look at.
        aside: None, or one entry per array input: of which output of its parent it is; where there
            is no parent, the constant operand: a number itself, an array as (weak reference, cell).
        static: values of the static parameters, ordered as ``primitive.static_names``.
        shape, dtype: of the output; tuples of them for a primitive with several outputs.
        seq: sequence number; the order of creation.
        module: dotted path of the enclosing modules.
        extra: None, or an ``Extra``.
        number: the output itself if it is a single number (else there is no such attribute): it
            costs next to nothing, and pictures of scalar graphs are about the values.
    """

    __slots__ = (
        "__weakref__", "aside", "cells", "dtype", "extra", "module", "number", "parents", "plan", "saved", "seq",
        "shape", "static",
    )  # fmt: skip

    plan: Plan
    parents: tuple[Node | Leaf | None, ...]
    saved: Any
    cells: tuple[list[Any] | None, ...] | None
    aside: tuple[Any, ...] | None
    static: tuple[Any, ...]
    shape: Any
    dtype: Any
    seq: int
    module: str
    extra: Extra | None
    number: Any

    @property
    def primitive(self) -> Primitive:
        """The primitive that was applied."""
        return self.plan.primitive

    @property
    def several(self) -> bool:
        """True if the primitive has several outputs."""
        return self.plan.several

    def gradients(self, g: Any, saved: Any, needs: Sequence[Any]) -> Sequence[Any]:
        """What the rules give: one gradient per array input, None where ``needs`` has None."""
        return self.plan.gradients(self, g, saved, needs)

    def shape_of(self, index: int) -> tuple[int, ...]:
        """Shape of one output."""
        return self.shape[index] if self.plan.several else self.shape

    def dtype_of(self, index: int) -> np.dtype[Any]:
        """dtype of one output."""
        return self.dtype[index] if self.plan.several else self.dtype

    def index_of_parent(self, position: int) -> int:
        """Which output of ``parents[position]`` the input is."""
        if self.aside is None or self.parents[position] is None:
            return 0
        return self.aside[position]  # type: ignore[no-any-return]

    @property
    def record(self) -> Any:
        """What ``autograd.debug.record`` kept of this node, or None."""
        return None if self.extra is None else self.extra.record

    @property
    def freed(self) -> bool:
        """True once backward has used and released what was saved."""
        return self.saved is FREED

    def constant_aside(self, position: int) -> tuple[Any, bool]:
        """A constant operand, and whether it is still as it was when used.

        None where there is none, or none any more.
        """
        given = self.aside is not None and self.parents[position] is None
        value = self.aside[position] if given else None  # type: ignore[index]
        if type(value) is not tuple:
            return value, True
        reference, cell = value
        return reference(), cell is not None and cell[0] < self.seq

    def static_values(self) -> dict[str, Any]:
        """The static parameters by name."""
        return dict(zip(self.primitive.static_names, self.static, strict=True))

    def require_extra(self) -> Extra:
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    def __repr__(self) -> str:
        where = f" in {self.module}" if self.module else ""
        return f"<Node {self.primitive.name} {self.shape}{where}>"


class Leaf:
    """A tensor that requires a gradient and was made by no recorded operation.

    Attributes:
        tensor: weak reference to the tensor.
        given_name: the tensor's name, also when the tensor is gone (a loss returned from a function
            outlives the function's variables).
        passes: how many backward passes its ``.grad`` is the sum of.
        extra: None, or an ``Extra`` with its hooks.
        unrounded: None, or of a float16 ``.grad`` the sum that it was rounded from, with the tensor
            (weakly) and the version of it for which that holds.
        used: None, or of a ``.grad`` that an optimizer has stepped with: see ``engine.used``.
    """

    __slots__ = (
        "__weakref__", "_name", "after_hooks", "dtype", "extra", "passes", "seq", "shape", "tensor",
        "unrounded", "used",
    )  # fmt: skip

    several = False
    parents: tuple[()] = ()
    module = ""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = weakref.ref(tensor)
        self.shape = tensor._data.shape
        self.dtype = tensor._data.dtype
        self.seq = next(counter)
        self.passes = 0
        self._name = tensor.name
        self.extra: Extra | None = None
        self.after_hooks: dict[int, Any] | None = None
        self.unrounded: Any = None
        self.used: Any = None

    @property
    def given_name(self) -> str | None:
        tensor = self.tensor()
        return self._name if tensor is None else tensor.name

    def shape_of(self, index: int) -> tuple[int, ...]:
        return self.shape

    def dtype_of(self, index: int) -> np.dtype[Any]:
        return self.dtype

    def require_extra(self) -> Extra:
        if self.extra is None:
            self.extra = Extra()
        return self.extra

    def __repr__(self) -> str:
        return f"<Leaf {self.shape}>"


#: Leaves that have a hook: only when there are any does backward count edges to tell when a
#: leaf's gradient is final.
leaves_with_hooks: weakref.WeakSet[Leaf] = weakref.WeakSet()
