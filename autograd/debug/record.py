"""``record``: keep values and source lines, and stop where a NaN or an infinity is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import numpy as np

from autograd import text
from autograd.core.recorders import Recorder, begin, end
from autograd.core.tensor import Tensor
from autograd.debug.lines import line_of_frame, place_of, written
from autograd.debug.names import Names, user_scopes, users_frame
from autograd.debug.witness import watch_saved
from autograd.source import line_at

__all__ = ["NonFinite", "Record", "record", "safe_form"]

#: Arrays of more elements are kept as they are, not copied.
_COPIED = 1 << 16


class NonFinite(RuntimeError):
    """A NaN, or an infinity that was made of finite numbers.

    Attributes:
        op: name of the primitive that made it.
        index: the first bad element.
        filename, lineno: the user's line, where it is known.
    """

    def __init__(
        self, message: str, op: str, index: tuple[int, ...], filename: str, lineno: int
    ) -> None:
        super().__init__(message)
        self.op = op
        self.index = index
        self.filename = filename
        self.lineno = lineno


class Record:
    """What was kept of one operation.

    Attributes:
        inputs: its input values, in the order of the primitive's inputs.
        value: its output (a tuple for several).
        names: what the user's code calls the inputs; None where it has no name for one.
        filename, lineno: the user's line; ``line`` is its text.
    """

    __slots__ = ("filename", "inputs", "lineno", "names", "value")

    def __init__(
        self, inputs: Any, value: Any, names: tuple[str | None, ...], filename: str, lineno: int
    ) -> None:
        self.inputs = inputs
        self.value = value
        self.names = names
        self.filename = filename
        self.lineno = lineno

    @property
    def line(self) -> str:
        """The text of the user's line; empty where there is no source."""
        return line_at(self.filename, self.lineno)

    def where(self) -> str:
        """``example.py:12  loss = (a * b).sum()``."""
        return written(self.filename, self.lineno)


class record:
    """Keep values and the user's lines of everything computed inside, and check every value.

    Use it around the forward pass; ``Backprop``, ``explain`` and reports then know values and
    lines. Where a value that backward needs is written into, then or later, the error names the
    line that wrote and the one that needed it. It belongs to the running thread, and may be nested.

    Args:
        check: raise ``NonFinite`` at the first output that is NaN, and where an infinity is made
            of finite numbers, as by an overflow, 1/0 or log 0. An infinity that was given passes,
            such as the −∞ of a mask: where an operand is infinite at that element (in operations
            that mix elements, at any), or a fill value is. NumPy's own warnings are left out
            meanwhile, as they say less. False lets everything pass.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True)
        >>> with ag.debug.record():
        ...     b = a * 3.0
        >>> b.grad_node.record.value.item()
        6.0
        >>> with ag.debug.record():
        ...     ag.softmax(ag.where([True, False], a, -np.inf)).tolist()
        [1.0, 0.0]
    """

    def __init__(self, check: bool = True) -> None:
        self._check = check
        self._blocks: list[Recorder] = []

    def __enter__(self) -> record:
        block = begin(self._blocks, self._note)
        if self._check:
            quiet = np.errstate(divide="ignore", over="ignore", invalid="ignore")
            quiet.__enter__()
            block.close = lambda: _leave(quiet)
        return self

    def __exit__(self, *exception: object) -> None:
        end(self._blocks)

    def _note(self, info: Any, node: Any, outs: Any, inputs: Any, data: Any, static: Any) -> None:
        frame = users_frame()
        filename, lineno = line_of_frame(frame)
        if node is not None:
            values = tuple([_kept(d) for d in data])
            outputs = tuple([_kept(o) for o in outs])
            node.require_extra().record = Record(
                values, outputs if info.outputs > 1 else outputs[0],
                _names_in(frame, inputs), filename, lineno,
            )  # fmt: skip
            watch_saved(node)
        if self._check:
            for k, out in enumerate(outs):
                if k not in info.constant_outputs:
                    _refuse_nonfinite(info, out, inputs, data, static, filename, lineno)


def _leave(quiet: Any) -> None:
    with suppress(ValueError):  # left in another context than it was entered in: that has its own
        quiet.__exit__(None, None, None)


def _kept(value: Any) -> Any:
    """A copy of what may be written into later; large arrays are shared instead."""
    if isinstance(value, np.ndarray) and value.size <= _COPIED:
        return np.array(value, order="K")
    return value


def _names_in(frame: Any, tensors: Any) -> tuple[str | None, ...]:
    """What the tensors are called in the user's frame; their own names come first."""
    found: dict[int, str] = {}
    if frame is not None:
        for scope in (frame.f_globals, frame.f_locals):
            if len(scope) <= 1000:  # a scope so full is no place to look names up at every step
                for name, value in list(scope.items()):
                    if isinstance(value, Tensor) and not name.startswith("_"):
                        found[id(value)] = name
    return tuple([(t.name or found.get(id(t))) if isinstance(t, Tensor) else None for t in tensors])


# Non-finite values --------------------------------------------------------------------------------


def bad_loss(loss: Tensor) -> str | None:
    """What to say of a loss that is NaN or infinite: what it is, and how to find out why."""
    index = first_bad(loss)
    if index is None:
        return None
    value = text.number(np.asarray(loss._data)[index])
    node = loss._node
    if getattr(node, "record", None) is not None:
        begins = origin(node)
        if begins:
            return f"the loss itself is {value}. {begins}"
        return f"the loss itself is {value}. `record()` without check=False stops where that begins"
    return (
        f"the loss itself is {value}. Build it inside `with autograd.debug.record():` to stop at "
        "the line where that begins"
    )


def first_bad(value: Any) -> tuple[int, ...] | None:
    """Index of the first NaN or infinity, or None."""
    data = np.asarray(getattr(value, "_data", value))
    if data.dtype.kind != "f":
        return None
    finite = np.isfinite(data)
    if finite.all():
        return None
    return tuple(int(n) for n in np.argwhere(~finite)[0])


def made(out: Any, given: Any) -> tuple[int, ...] | None:
    """Index of the first NaN, or infinity that was not given; None if there is none.

    Args:
        out: a value.
        given: where infinities may stand in it: booleans that broadcast to its shape.
    """
    if first_bad(out) is None:
        return None
    found = np.argwhere(np.isnan(out) | (np.isinf(out) & np.logical_not(given)))
    return tuple(int(n) for n in found[0]) if len(found) else None


def infinite(value: Any) -> Any:
    """Where an operand or a static argument is infinite; False for what holds no real numbers."""
    try:
        array = np.asarray(value)
    except ValueError:  # a ragged tuple
        return np.False_
    return np.isinf(array) if array.dtype.kind == "f" else np.False_


def infinite_operands(info: Any, operands: Iterable[Any], shape: tuple[int, ...]) -> Any:
    """Where an output may be infinite because an operand is: at its elements, or anywhere."""
    given = np.zeros(shape, bool)
    for value in operands:
        at = infinite(value)
        try:
            given |= at if info.broadcasts or info.elementwise else at.any()
        except ValueError:  # an operand of another shape, such as a table
            given |= at.any()
    return given


def _given(info: Any, out: Any, data: Any, static: Mapping[str, Any]) -> Any:
    """Where an output is infinite because an operand or a fill value is."""
    given = infinite_operands(info, data, out.shape)
    for value in static.values():
        if np.any(at := infinite(value)):
            given |= np.isin(out, np.asarray(value)[at])
    return given


def origin(node: Any) -> str | None:
    """Where the infinities or NaNs of a recorded result begin, for as far as that is known."""
    first = None
    while getattr(node, "record", None) is not None:
        kept = node.record.value
        if all(first_bad(each) is None for each in (kept if type(kept) is tuple else (kept,))):
            break
        first = node
        bad = (p for p, v in zip(node.parents, node.record.inputs, strict=True)
               if p is not None and v is not None and first_bad(v) is not None)  # fmt: skip
        node = next(bad, None)
    if first is None:
        return None
    place = f", at {first.record.where()}" if first.record.filename else ""
    return f"That begins in the result of {first.primitive.name}{place}"


def operands_at(
    info: Any, operands: Iterable[tuple[str, Any]], shape: tuple[int, ...], index: tuple[int, ...]
) -> list[str]:
    """Lines that tell the values of operands, by their names, at an element of the output.

    Where an operand has no element just there, its first bad one is named.
    """
    lines = []
    for name, value in operands:
        if value is None:
            continue
        array = np.asarray(value)
        here = None
        if (info.broadcasts or info.elementwise) and array.dtype.kind in "fiub":
            try:
                here = np.broadcast_to(array, shape)[index]
            except ValueError:
                here = None
        bad = first_bad(array)
        if here is not None:
            lines.append(f"    {name} there = {text.number(here)}")
        elif bad:
            lines.append(f"    {name} = {text.array(array)}, the first at {text.at(bad)}")
        else:
            lines.append(f"    {name} = {text.array(array)}")
    return lines


def _called(info: Any, inputs: Any, data: Any) -> Iterator[tuple[str, Any]]:
    """Operands with their names: the primitive's, and what the user calls them."""
    names = Names(user_scopes())
    for k, (value, given) in enumerate(zip(data, inputs, strict=True)):
        argument = info.input_name(k)
        name = names.of_tensor(given) if isinstance(given, Tensor) else names.of_array(given)
        yield f"{argument} ({name})" if name not in ("", argument) else argument, value


def safe_form(op: str) -> str:
    """How to keep 0 × ∞ out of a ``where``."""
    safe = {
        "divide": "where(ok, x / where(ok, y, 1.0), 0.0)",
        "power": "where(ok, where(ok, x, 1.0) ** y, 0.0)",
    }.get(op, f"where(ok, {op}(where(ok, x, {_HARMLESS.get(op, '1.0')})), 0.0)")
    return (
        "to leave such elements out by a `where`, make the argument safe first, or their gradient "
        f"is 0 × ∞ = NaN: {safe}"
    )


#: An argument at which the operation is finite and not steep, where 1 is none.
_HARMLESS = {"arcsin": "0.0", "arccos": "0.0", "arctanh": "0.0", "arccosh": "2.0"}
_STEEP = {"log", "log2", "log10", "log1p", "sqrt", "divide", "reciprocal", "power", "arcsin",
          "arccos", "arccosh", "arctanh"}  # fmt: skip


def _refuse_nonfinite(
    info: Any, out: Any, inputs: Any, data: Any, static: Any, filename: str, lineno: int
) -> None:
    if first_bad(out) is None:
        return
    out = np.asarray(out)
    index = made(out, _given(info, out, data, static))
    if index is None:
        return
    count = int(np.sum(~np.isfinite(out)))
    lines = [
        f"{info.name} made {text.number(out[index])} at {text.at(index) or 'its only element'} "
        f"({count} of {out.size} elements are not finite)"
    ]
    if filename:
        line = line_at(filename, lineno)
        lines.append(f"  at {place_of(filename, lineno)}  {line}")
    lines.append("  operands:")
    lines += operands_at(info, _called(info, inputs, data), out.shape, index)
    bad = [d for d in data if d is not None and first_bad(d) is not None]
    if not bad:
        lines.append("  all operands are finite: it begins here")
    elif np.isinf(out[index]):
        lines.append("  the operands are finite there: it begins here")
    elif any(np.isnan(d).any() for d in bad):
        lines.append("  an operand is not finite already: it came in with the data")
    else:
        lines.append(
            "  an operand is infinite already, as it was given; no number comes of it here"
        )
        begins = (origin(t._node) for t in inputs if isinstance(t, Tensor))
        lines += [f"  {said}" for said in begins if said]
    for name in info.rules:
        first, *more = info.rule_source(name).splitlines()
        lines.append(f"  backward rule for {name}: {first}{' …' if more else ''}")
    if info.name in _STEEP:
        lines.append(f"  {safe_form(info.name)}")
    raise NonFinite("\n".join(lines), info.name, index, filename, lineno)
