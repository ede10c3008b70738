"""In place: what may be written into, and ``x += y``, ``x[i] = y`` where it may not.

Where nothing is recorded, an array is really written into (``writable``). Where x or y is recorded, x
*rebinds*: the object becomes the result, so every name for it sees it. Nothing is written: what the
graph has saved stays as it was. So it is possible only where no other tensor (nor an array given to
``as_tensor``) lies on the same memory, which would have to change, too; that is told by a mark that
views leave on both sides when they are made, and never by counting references.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.core.modes import local
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.core.writes import note_write

__all__ = [
    "check_rebinding", "check_writable", "in_place", "is_recorded", "last_view", "rebind", "records",
    "writable",
]  # fmt: skip


class writable:
    """The array of a tensor, to be written into: what optimizers use.

    Backward notices that the tensor has changed, and refuses to use a value saved before. After the
    block the array is read-only.

    Args:
        t: any tensor under ``no_grad``; otherwise one that requires no gradient.

    Raises:
        RuntimeError: if writing would be lost to the recording of gradients.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> with ag.no_grad(), ag.writable(w) as array:
        ...     array *= 10
        >>> w.tolist()
        [10.0, 20.0]
    """

    __slots__ = ("_array", "_tensor")

    def __init__(self, t: Tensor) -> None:
        check_writable(t, "writable")
        self._tensor = t

    def __enter__(self) -> np.ndarray[Any, Any]:
        t = self._tensor
        if t._version is not None:
            note_write(t._version)
        self._array = t._data.view() if type(t._data) is np.ndarray else np.array(t._data)
        return self._array

    def __exit__(self, *exception: object) -> None:
        t = self._tensor
        if t._version is None:  # a number is immutable: put the new one in its place
            t._data = self._array[()]
        else:
            note_write(t._version)  # for what was computed in the block
            self._array.flags.writeable = False  # what is written later would not be noticed


def check_writable(t: Tensor, who: str) -> None:
    """Raise unless writing into the tensor is allowed now."""
    if not isinstance(t, Tensor):
        raise TypeError(f"{who}: expected a Tensor, got {type(t).__name__}")
    if t._node is not None and local.state.grad_enabled:
        raise RuntimeError(
            f"{who}: this tensor requires a gradient, and writing into it would not be recorded. "
            "Write under autograd.no_grad(), or make a new tensor: y = x + 1 for x += 1, "
            "autograd.set_at(x, index, value) for x[index] = value, autograd.where(...)"
        )
    if local.state.recording is not None:
        local.state.recording.written(t, who)
    if t._data.ndim and not t._data.flags.writeable:
        raise RuntimeError(
            f"{who}: the tensor shares memory that is read-only (a broadcast, or an array given "
            "to as_tensor, a gradient given to a hook); write into a copy: t.copy()"
        )


def is_recorded(t: Tensor) -> bool:
    """True if what happens to the tensor now is recorded, so that it cannot be written into."""
    return t._node is not None and local.state.grad_enabled


def records(t: Any, value: Any) -> bool:
    """True if what a write of a value makes of the tensor is recorded, so that nothing is written."""
    return local.state.grad_enabled and (
        t._node is not None or (isinstance(value, Tensor) and value._node is not None)
    )


def check_rebinding(t: Tensor, who: str, instead: str = "") -> None:
    """Raise unless a tensor may become the result of a recorded operation on it.

    Raises:
        RuntimeError: for a leaf that has or had gradients; for a tensor that is a view, or that
            others are views of; for one on the memory of an array.
    """
    if type(t._node) is Leaf:
        check_writable(t, who)
    if t._node is None and local.state.recording is not None:
        local.state.recording.written(t, who)
    if t._node is None and getattr(t, "_leaf", None) is not None:
        raise RuntimeError(
            f"{who}: this tensor is a leaf whose requires_grad was switched off, and the value "
            "requires a gradient. Make a new tensor instead: y = x + 1 for x += 1"
        )
    if _is_shared(t):
        instead = instead or "y = x + 1 for x += 1, inplace=False for a layer"
        raise RuntimeError(
            f"{who}: this tensor shares its memory with another, or with an array (it is a view, or a "
            "view of it was made), which would not see the change. Make a new tensor instead "
            f"({_line_to_write() or instead}), or work on a copy: x = x.copy()"
        )


def _line_to_write() -> str | None:
    """The statement that is running, with a new tensor instead of a write; None where it is another."""
    from autograd.source import running_statement  # only who is refused pays for it

    statement = running_statement()
    value: Any = getattr(statement, "value", None)
    if isinstance(statement, ast.AugAssign):
        target, change = statement.target, ast.BinOp(_read(statement.target), statement.op, value)
        if isinstance(target, ast.Subscript):
            return _at(target, value if isinstance(statement.op, ast.Add) else change,
                       "add_at" if isinstance(statement.op, ast.Add) else "set_at")  # fmt: skip
        return f"write {ast.unparse(target)} = {ast.unparse(change)}"
    if isinstance(statement, ast.Assign):
        place = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(place, ast.Subscript):
            return _at(place, value, "set_at")
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        name, x = value.func.attr, ast.unparse(value.func.value)
        if (
            isinstance(statement, ast.Expr)
            and name.endswith("_")
            and isinstance(value.func.value, ast.Name)
        ):
            value.func.attr = name.rstrip("_")
            return f"write {x} = {ast.unparse(value)}"
    return None


def _at(target: ast.Subscript, value: Any, function: str) -> str:
    """``x[index] = value`` as a function's call."""
    x, index = ast.unparse(target.value), ast.unparse(_spelled_out(target.slice))
    return f"write {x} = autograd.{function}({x}, {index}, {ast.unparse(value)})"


def _spelled_out(index: Any) -> Any:
    """An index as it is written outside of brackets."""
    if isinstance(index, ast.Tuple):
        return ast.Tuple([_spelled_out(part) for part in index.elts], ast.Load())
    if isinstance(index, ast.Slice):
        ends: list[Any] = [index.lower, index.upper, index.step]
        while len(ends) > 2 and ends[-1] is None:
            ends.pop()
        if ends[0] is None and len(ends) == 2:
            ends = ends[1:]
        return ast.Call(ast.Name("slice", ast.Load()), [e or ast.Constant(None) for e in ends], [])
    return index


def _read(target: Any) -> Any:
    """What a statement writes into, read."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _is_shared(t: Tensor) -> bool:
    return hasattr(t, "_viewed") or (t._version is not None and len(t._version) > 2)


def last_view(view: Callable[..., Any], x: Any, *args: Any) -> Any:
    """``view(x, *args)`` as the last step of a function, of an x that no user has.

    The result counts as no view then, unless x was one before.
    """
    shared = not isinstance(x, Tensor) or _is_shared(x)
    result = view(x, *args)
    if not shared and result._version is not None and result._version is x._version:
        del result._version[2:]
    return result


def rebind(t: Tensor, result: Any, who: str) -> Tensor:
    """Have a tensor that ``check_rebinding`` has passed become a result, in its own dtype.

    Hooks stay with the value that they were registered for; ``retain_grad`` goes along.

    Raises:
        ValueError: if the result has another shape.
    """
    if result.shape != t.shape:
        raise ValueError(
            f"{who}: a result of shape {result.shape} does not fit the tensor of shape {t.shape}"
        )
    if result.dtype != t.dtype:
        if result.dtype.kind == "f" and t.dtype.kind != "f":
            raise TypeError(f"{who}: a result of dtype {result.dtype} does not fit {t.dtype}")
        result = result.astype(t.dtype)
    node, extra = result._node, getattr(t._node, "extra", None)
    if extra is not None and node is not None:
        reference = extra.retained.get(t._index)
        if reference is not None and reference() is t:
            del extra.retained[t._index]
            node.require_extra().retained[result._index] = reference
    t._data, t._node, t._index, t._version = result._data, node, result._index, result._version
    return t


def in_place(
    who: str, x: Any, function: Callable[[Any], Any], word: str = ": inplace=True",
    instead: str = "use inplace=False",
) -> Any:  # fmt: skip
    """x itself, after its elements have become those of ``function(x)``: what ``inplace=True`` means.

    Written into where nothing is recorded, also where x is an array; else the object becomes the
    result. What is no tensor and no array gives the result.

    Args:
        who: the function that speaks; word: what asked for this, in its messages.
        instead: what to do where it is refused.

    Raises:
        RuntimeError: for a leaf that requires a gradient, and for read-only memory; for a view, and
            what has one, where the result is recorded.
    """
    if isinstance(x, np.ndarray):
        if not x.flags.writeable:
            raise RuntimeError(f"{who}: inplace=True, but the array is read-only; give a copy")
        result = function(x)
        if isinstance(result, Tensor):
            raise RuntimeError(f"{who}: inplace=True, but an array cannot hold a result that "
                               "is a tensor; make it a tensor")  # fmt: skip
        x[...] = result
        return x
    if not isinstance(x, Tensor):
        return function(x)
    if is_recorded(x):
        check_rebinding(x, f"{who}{word}")
        return rebind(x, function(x), who)
    check_writable(x, f"{who}{word}")
    result = function(x)
    if result._node is not None:
        check_rebinding(x, f"{who}{word}", instead)
        return rebind(x, result, who)
    if x._version is None:
        x._data = result._data.astype(x.dtype)
    else:
        note_write(x._version)  # before it: an interrupt may come when it is done
        x._data[...] = result._data
    return x
