"""In-place operations become new values, and views are kept in step with what they look at.

PyTorch's exporter can take in-place operations out of a graph itself, but loses on the way which of
them ran under ``no_grad`` and where ``detach`` stood; so it is done here, on the graph as it is.

``x.add_(y)`` makes a new value that takes x's place from there on. Where x is a view, the tensor it
looks at gets a new value too, into which the view's is written back (``select`` by
``select_scatter``, …); other views of that tensor are taken anew when they are next used.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nn.interop.operators import WRITTEN_THROUGH
from nn.interop.program import Operation, State, Value

__all__ = ["Aliased", "STATE", "Rebinding"]

#: Before the path of a parameter or buffer, where names of values and of state stand side by side.
STATE = "state "

#: Views that keep the order of the elements: written back by the shape.
_RESHAPED = (
    "view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints",
    "unflatten.int", "squeeze.default", "squeeze.dim", "squeeze.dims", "unsqueeze.default",
    "view_as.default", "reshape_as.default", "ravel.default",
)  # fmt: skip
#: Views that undo themselves.
_TURNED = ("transpose.int", "swapaxes.default", "swapdims.default", "t.default", "mT.default")
#: Results that are their argument itself, always or sometimes.
_PASSED = (
    "alias.default", "detach.default", "detach_.default", "lift_fresh.default",
    "contiguous.default", "to.dtype", "to.dtype_layout", "to.device", "to.other", "type_as.default",
    "dropout.default", "feature_dropout.default", "alpha_dropout.default",
    "feature_alpha_dropout.default", "expand.default", "expand_as.default", "positive.default",
    "clone.default",
)  # fmt: skip
_SCATTERS = {
    "select.int": "select_scatter.default", "slice.Tensor": "slice_scatter.default",
    "diagonal.default": "diagonal_scatter.default",
}  # fmt: skip
_PARTS = (
    "split.Tensor", "split.sizes", "split_with_sizes.default", "chunk.default", "unbind.int",
    "tensor_split.sections", "tensor_split.indices", "unsafe_chunk.default",
)  # fmt: skip


class Aliased(Exception):
    """An in-place operation writes through a view that is not known how to write back."""


@dataclass
class _View:
    parent: str
    operator: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


class Rebinding:
    """Goes through the operations of a graph once, in order.

    Args:
        shapes: of values, by name: for the parts of a split their place.
        metas: PyTorch's own description of values, by name, which knows strides and dtypes.
    """

    def __init__(self, shapes: dict[str, Any], metas: dict[str, Any]) -> None:
        self.shapes = shapes
        self.metas = metas
        self.first: dict[str, str] = {}  # name -> the first name of the same tensor
        self.current: dict[str, str] = {}  # first name -> the latest one
        self.version: Counter[str] = Counter()
        self.views: dict[str, _View] = {}
        self.based: dict[str, int] = {}  # the version of its parent that a view was taken from
        self.parts: dict[str, tuple[str, str, tuple[Any, ...]]] = {}
        self.operations: list[Operation] = []
        self.stacks: list[Any] = []
        self.stack: Any = ()
        self.model: Operation | None = None  # whose place and mode is taken for what is added

    def run(self, operations: list[Operation], stacks: list[Any]) -> None:
        """Rewrite the operations; afterwards they stand in ``operations``, with their stacks."""
        for operation, stack in zip(operations, stacks, strict=True):
            self.stack, self.model = stack, operation
            written = self._target(operation)
            args, kwargs = operation.args, operation.kwargs
            view = None if written else self._view(operation)
            operation.args, operation.kwargs = self.renamed(args), self.renamed(kwargs)
            self._append(operation)
            if written:
                self._write(operation, written)
            elif view is not None:
                self.views[operation.name] = view
                self.based[operation.name] = self.version[view.parent]

    def renamed(self, tree: Any) -> Any:
        """Arguments with the values that names stand for by now."""
        if isinstance(tree, Value):
            return self._leaf(tree.name)
        if isinstance(tree, State):
            return self._leaf(f"{STATE}{tree}")
        if isinstance(tree, (list, tuple)):
            return type(tree)(self.renamed(part) for part in tree)
        if isinstance(tree, dict):
            return {key: self.renamed(part) for key, part in tree.items()}
        return tree

    def _append(self, operation: Operation) -> None:
        self.operations.append(operation)
        self.stacks.append(self.stack)

    def _add(
        self, operator: str, args: tuple[Any, ...], kwargs: dict[str, Any], about: str
    ) -> Operation:
        assert self.model is not None
        name = f"{about.removeprefix(STATE)} ({self.version[about] + 1})"
        added = Operation(name, operator, args, kwargs, self.model.place, self.model.records)
        if about in self.shapes:
            self.shapes[name] = self.shapes[about]
        self._append(added)
        return added

    def _identity(self, name: str) -> str:
        return self.first.get(name, name)

    def _leaf(self, name: str) -> Any:
        """The value that a name stands for now, taken anew if it is a view of something written."""
        first = self._identity(name)
        self._refresh(first)
        now = self.current.get(first, first)
        return _state(now) if now.startswith(STATE) else Value(now)

    def _refresh(self, first: str) -> None:
        view = self.views.get(first)
        if view is None:
            return
        self._refresh(view.parent)
        if self.based[first] == self.version[view.parent]:
            return
        if not view.operator:
            raise Aliased
        again = self._add(view.operator, (self._leaf(view.parent), *view.args), view.kwargs, first)
        self.current[first] = again.name
        self.version[first] += 1
        self.based[first] = self.version[view.parent]

    # Writing

    def _target(self, operation: Operation) -> str:
        """The tensor that an operation writes into; "" for one that writes nothing."""
        if not operation.inplace:
            return ""
        out = operation.kwargs.pop("out", None)
        written = next(iter(_names(out if out is not None else operation.args[:1])), "")
        if not written:
            raise Aliased
        if out is not None:
            operation.kwargs["out"] = out
        return written

    def _write(self, operation: Operation, name: str) -> None:
        first = self._identity(name)
        self.first[operation.name] = first
        self._put(first, operation)
        while first in self.views:
            view = self.views[first]
            back = self._written_back(view, first)
            back.inplace = back.operator in _SCATTERS.values()
            self._put(view.parent, back)
            self.based[first] = self.version[view.parent]
            first = view.parent

    def _put(self, first: str, operation: Operation) -> None:
        self.current[first] = operation.name
        self.version[first] += 1
        if first.startswith(STATE):
            operation.writes = _state(first)

    def _written_back(self, view: _View, first: str) -> Operation:
        """The tensor that a view looks at, with the view's new value in its place."""
        parent, new = self._leaf(view.parent), Value(self.current[first])
        operator, args = view.operator, view.args
        if operator in _SCATTERS:
            return self._add(_SCATTERS[operator], (parent, new, *args), view.kwargs, view.parent)
        if operator in _RESHAPED:
            return self._add("view_as.default", (new, parent), {}, view.parent)
        if operator in _TURNED:
            return self._add(operator, (new, *args), {}, view.parent)
        if operator == "permute.default":
            dims = [dim % len(args[0]) for dim in args[0]]
            back = [dims.index(axis) for axis in range(len(dims))]
            return self._add(operator, (new, back), {}, view.parent)
        if operator in _PASSED:
            return self._add(WRITTEN_THROUGH, (parent, new), {}, view.parent)
        raise Aliased

    # Views

    def _view(self, operation: Operation) -> _View | None:
        """What an operation's result looks at, if it is a view."""
        operator = operation.operator
        source = next(iter(_names(operation.args[:1])), "")
        if not source:
            return None
        parent = self._identity(source)
        if operator == "_operator.getitem":
            return self._part(operation, source)
        if operator in _PARTS:
            self.parts[operation.name] = (parent, operator, operation.args[1:])
            return None
        known = operator in (*_SCATTERS, *_RESHAPED, *_TURNED, *_PASSED, "permute.default")
        if not known:
            # Of another view a write cannot be taken back; that matters only if one comes.
            return _View(parent, "", (), {}) if operation.views else None
        if not self._shares(operation, source):
            return None
        return _View(parent, operator, operation.args[1:], dict(operation.kwargs))

    def _shares(self, operation: Operation, source: str) -> bool:
        """Whether the result looks at the same memory, where that depends on more."""
        name, args = operation.operator, operation.args
        before: Any = self.metas.get(source)
        after: Any = self.metas.get(operation.name)
        if name == "clone.default":
            return False
        if "dropout" in name:
            return not (args[2] and args[1])
        if name in ("reshape.default", "flatten.using_ints", "reshape_as.default", "ravel.default"):
            return _viewable(before, after)
        if name == "contiguous.default":
            return bool(before is None or before.is_contiguous())
        if name.startswith(("to.", "type_as")):
            return bool(before is None or before.dtype == after.dtype)
        return True

    def _part(self, operation: Operation, source: str) -> _View | None:
        """One of the results of a split, as the slice that it is."""
        if source not in self.parts:
            return None
        parent, operator, args = self.parts[source]
        number = operation.args[1]
        dim = args[0] if operator == "unbind.int" and args else args[1] if len(args) > 1 else 0
        if operator == "unbind.int":
            return _View(parent, "select.int", (dim, number), {})
        sizes = [part.shape[dim] for part in self.metas[source][: number + 1]]
        if not all(isinstance(size, int) for size in sizes):
            return _View(parent, "", (), {})
        end = sum(sizes)
        return _View(parent, "slice.Tensor", (dim, end - sizes[-1], end), {})


def _viewable(before: Any, after: Any) -> bool:
    try:
        before.view(after.shape)
    except Exception:  # PyTorch raises several kinds where strides do not allow it
        return False
    return True


def _names(tree: Any) -> Iterator[str]:
    """Names of values and of state in arguments."""
    if isinstance(tree, Value):
        yield tree.name
    elif isinstance(tree, State):
        yield f"{STATE}{tree}"
    elif isinstance(tree, (list, tuple)):
        for part in tree:
            yield from _names(part)


def _state(key: str) -> State:
    path, _, name = key.removeprefix(STATE).rpartition(".")
    return State(path, name)
