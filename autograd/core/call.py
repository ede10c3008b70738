"""Calling a primitive: what happens between ``a * b`` and NumPy.

``general`` is the one to read: any number of inputs and outputs, static parameters. ``unary``,
``binary`` and ``ternary`` do the same for one output of one, two and three inputs with the loops
written out, since a loop costs more than the arithmetic of a small operation. Each is called once
for a primitive and returns the function that users call, so a traceback and a debugger go through
these very lines.
"""

from __future__ import annotations

import functools
import importlib
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.arrays import coerce
from autograd.arguments.dtypes import without_widening
from autograd.arguments.half import HALF
from autograd.arguments.objects import elementwise_on_objects
from autograd.arguments.window import Window
from autograd.core.modes import State, local
from autograd.core.node import Node, counter
from autograd.core.rules import unrounded
from autograd.core.tensor import Tensor, tensor_types
from autograd.core.writes import NUMBER_VIEWS, share

if TYPE_CHECKING:
    from autograd.core.primitive import Primitive

__all__ = ["form_for"]

_ARRAYS = (np.ndarray, np.generic)
_new, _ndarray = object.__new__, np.ndarray
#: Integers up to here fit an array.
_WORD = 1 << 63
#: Static parameters of other types may be tensors, or something that the caller writes into.
_FIXED = frozenset([bool, int, float, str, tuple, type(None), Window])


def form_for(info: Primitive) -> Callable[[Primitive], Callable[..., Any]]:
    """Which of the forms below serves a primitive."""
    if info.variadic or info.outputs > 1 or len(info.inputs) > 3:
        return general
    if info.inputs == ("x",) and not info.static_names:
        return unary
    if info.inputs == ("x", "y") and not info.static_names and not info.optional:
        return binary
    return {1: of_one, 2: general, 3: ternary}[len(info.inputs)]


def general(info: Primitive) -> Callable[..., Any]:
    """The function for a primitive of any number of inputs and outputs."""
    forward, on_arrays, several = info.forward, _on_arrays(info), info.outputs > 1
    count = None if info.variadic else len(info.inputs)

    def call(*given: Any, **static: Any) -> Any:
        fixed = True
        if static or len(given) != count:
            given, static, fixed = _read(info, given, static)
        if fixed is None:
            return info.other_words(*given, **static)
        data: Any = given
        try:
            for x in given:
                if type(x) in tensor_types:
                    break
            else:
                return on_arrays(*given, **static)
            data, parents, cells = list(given), [None] * len(given), [None] * len(given)
            others: list[int] = []
            for k, x in enumerate(given):
                if type(x) in tensor_types:
                    data[k], parents[k], cells[k] = x._data, x._node, x._version
                elif x is not None or info.input_name(k) not in info.optional:
                    others.append(k)
            for k in others:
                data[k] = coerce(info.name, info.input_name(k), data[k], *data)
            made = forward(*data, **static)
        except Exception as error:
            raise _failed(info, error, tuple(data))
        if count != 1 and not several and info.differentiable:
            made = _not_widened(made, data)
        outs, versions = _settled(info, made if several else (made,), data, cells)
        results = list(map(_tensor, outs, versions))
        state, node = local.state, None
        if state.grad_enabled and info.differentiable and any(parents):
            node = _node(info, state, static, fixed)
            node.parents = tuple(parents)
            _save(node, data, cells, outs, versions)
            node.aside = _aside(node, given, data, cells)
            for k, result in enumerate(results):
                if k not in info.constant_outputs:
                    result._node, result._index = node, k
        if state.recorder is not None:
            named = info.static_template | static
            state.recorder(info, node, tuple(outs), given, tuple(data), named)
        return tuple(results) if several else results[0]

    return call


def of_one(info: Primitive) -> Callable[..., Any]:
    """``general`` for one input, one output, and static parameters."""
    forward, on_arrays, differentiable = info.forward, _on_arrays(info), info.differentiable
    defaults, views = info.static_template, info.name in NUMBER_VIEWS

    def call(*given: Any, **static: Any) -> Any:
        fixed = True
        if static or len(given) != 1:
            given, static, fixed = _read(info, given, static)
            if fixed is None:
                return info.other_words(*given, **static)
        x = given[0]
        try:
            kind = type(x)
            if kind is not Tensor and kind not in tensor_types:
                return on_arrays(x, **static)
            data, parent, cell = x._data, x._node, x._version
            out = forward(data, **static)
            shape = out.shape
        except Exception as error:
            raise _failed(info, error, (x,))
        if not shape:
            out, version = out[()], None
        elif (base := out.base) is None and out is not data:
            version = [0]
        elif cell is not None and (base is data or base is data.base):
            version = share(cell)
        else:
            out, version = _memory(out, (data,), (cell,))
        result = _tensor(out, version)
        if views and (not shape or cell is None):
            x._viewed = result._viewed = True
        state, node = local.state, None
        if parent is not None and state.grad_enabled and differentiable:
            result._node = node = _node(info, state, static, fixed)
            node.parents = (parent,)
            _save(node, (data,), (cell,), (out,), (version,))
            node.aside = (x._index,) if x._index else None
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x,), (data,), defaults | static)
        return result

    return call


def unary(info: Primitive) -> Callable[..., Any]:
    """``general`` for one input ``x`` and one output."""
    forward, on_arrays, scalar = info.forward, _on_arrays(info), info.scalar
    differentiable, float32, float64 = info.differentiable, np.float32, np.float64

    def call(x: Any) -> Any:
        try:
            kind = type(x)
            if kind is not Tensor and kind not in tensor_types:
                return on_arrays(x)
            data, parent, cell = x._data, x._node, x._version
            kind = type(data)
            if scalar is not None and (kind is float32 or kind is float64):
                try:
                    out = kind(scalar(data))
                except (ValueError, OverflowError):  # where `math` refuses, NumPy has an answer
                    out = forward(data)
            else:
                out = forward(data)
            shape = out.shape
        except Exception as error:
            raise _failed(info, error, (x,))
        if not shape:
            out, version = out if type(out) is not _ndarray else out[()], None
        elif out.base is None and out is not data:
            version = [0]
        else:
            out, version = _memory(out, (data,), (cell,))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        state, node = local.state, None
        if parent is not None and state.grad_enabled and differentiable:
            result._node = node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents = (parent,)
            node.static, node.shape, node.dtype = (), shape, out.dtype
            if plan.saves_inputs:
                node.saved = (data,)
                node.versions = None if cell is None else ((cell, cell[0]),)
            elif plan.saves_one and node.dtype is not HALF:
                node.saved = (out,)
                node.versions = None if version is None else ((version, version[0]),)
            else:
                _save(node, (data,), (cell,), (out,), (version,))
            node.aside = (x._index,) if x._index else None
            if not shape:
                node.number = out
            node.seq, node.module, node.extra = next(counter), state.module, None
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x,), (data,), {})
        return result

    return call


def binary(info: Primitive) -> Callable[..., Any]:
    """``general`` for two inputs ``x`` and ``y``, both tensors or one of them a number."""
    forward, on_arrays, differentiable = info.forward, _on_arrays(info), info.differentiable
    otherwise = general(info)

    def call(x: Any, y: Any) -> Any:
        if (kind := type(x)) is Tensor or kind in tensor_types:
            x_data, x_node, x_cell = x._data, x._node, x._version
            if (other := type(y)) is Tensor or other in tensor_types:
                y_data, y_node, y_cell = y._data, y._node, y._version
            elif other is float or (other is int and -_WORD <= y < _WORD):
                y_data, y_node, y_cell = y, None, None
            else:
                return otherwise(x, y)
        elif (other := type(y)) is Tensor or other in tensor_types:
            if not (kind is float or (kind is int and -_WORD <= x < _WORD)):
                return otherwise(x, y)
            x_data, x_node, x_cell = x, None, None
            y_data, y_node, y_cell = y._data, y._node, y._version
        else:
            try:
                return on_arrays(x, y)
            except Exception as error:
                raise _failed(info, error, (x, y))
        try:
            out = forward(x_data, y_data)
            shape, kind, first = out.shape, type(out), x_data if y_data is y else y_data
        except Exception as error:
            raise _failed(info, error, (x, y))
        if kind is not type(first) or (kind is _ndarray and out.dtype is not first.dtype):
            out = without_widening(out, x_data, y_data) if differentiable else out
        if not shape:
            out, version = out if kind is not _ndarray else out[()], None
        elif out.base is None and out is not x_data and out is not y_data:
            version = [0]
        else:
            out, version = _memory(out, (x_data, y_data), (x_cell, y_cell))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        state, node = local.state, None
        if (x_node is not None or y_node is not None) and state.grad_enabled and differentiable:
            result._node = node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents, node.static = (x_node, y_node), ()
            node.saved = node.versions = node.aside = None
            if plan.saves_crossed and x_cell is None and y_cell is None:  # of numbers
                node.saved = (y_node and x_data, x_node and y_data)
            elif plan.saved_names:
                _save(node, (x_data, y_data), (x_cell, y_cell), (out,), (version,))
            if y_data is y:
                node.aside = (x._index, y if 1 in plan.notes else None)
            elif x_node is None or y_node is None or x._index or y._index:
                node.aside = _aside(node, (x, y), (x_data, y_data), (x_cell, y_cell))
            if not shape:
                node.number = out
            node.shape, node.dtype = shape, out.dtype
            node.seq, node.module, node.extra = next(counter), state.module, None
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x, y), (x_data, y_data), {})
        return result

    return call


def ternary(info: Primitive) -> Callable[..., Any]:
    """``general`` for three tensors, one output, and static parameters."""
    forward, otherwise, differentiable = info.forward, general(info), info.differentiable

    def call(*given: Any, **static: Any) -> Any:
        fixed = True
        if static or len(given) != 3:
            given, static, fixed = _read(info, given, static)
            if fixed is None:
                return info.other_words(*given, **static)
        x, y, z = given
        if not (type(x) in tensor_types and type(y) in tensor_types and type(z) in tensor_types):
            return otherwise(x, y, z, **static)
        data, cells = (x._data, y._data, z._data), (x._version, y._version, z._version)
        try:
            out = forward(*data, **static)
            dtype = out.dtype
        except Exception as error:
            raise _failed(info, error, given)
        if dtype is not data[0].dtype and differentiable:
            out = without_widening(out, *data)
        if out.base is not None or not out.shape or out is data[0] or out is data[1]:
            out, version = _memory(out, data, cells)
        else:
            version = [0]
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        state, node, parents = local.state, None, (x._node, y._node, z._node)
        if state.grad_enabled and differentiable and any(parents):
            result._node = node = _node(info, state, static, fixed)
            node.parents = parents
            _save(node, data, cells, (out,), (version,))
            if None in parents or x._index or y._index or z._index:
                node.aside = _aside(node, given, data, cells)
            else:
                node.aside = None
        if state.recorder is not None:
            state.recorder(info, node, (out,), given, data, info.static_template | static)
        return result

    return call


def _failed(info: Primitive, error: Exception, inputs: tuple[Any, ...]) -> Exception:
    """What to raise for an error that came out of a primitive."""
    return _refused("forward_failed", info, error, inputs)


def _refused(kind: str, *about: Any) -> Exception:
    """An error in the words of ``autograd.errors``, which is loaded only when there is one."""
    return getattr(importlib.import_module("autograd.errors"), kind)(*about)  # type: ignore[no-any-return]


# Before the arithmetic ----------------------------------------------------------------------------


def _on_arrays(info: Primitive) -> Callable[..., Any]:
    """What is called where no operand is a tensor: arrays in, an array out, nothing recorded."""
    return functools.partial(elementwise_on_objects, info) if info.elementwise else info.forward


def _read(info: Primitive, given: tuple[Any, ...], static: dict[str, Any]) -> Any:
    """The inputs of a call, its static parameters, and whether nobody can write into those.

    Inputs may be given by name; static parameters, which are keyword-only where a primitive is
    defined, by position after the inputs, required ones first. Of tensors among them the data are
    taken: they are constants. In the last place is None if a call does not fit and there is who
    knows other words.
    """
    count, words = len(info.inputs), info.other_words
    if not static and count < len(given) <= count + len(info.static_positions):
        static, given = dict(zip(info.static_positions, given[count:])), given[:count]  # noqa: B905
    elif len(given) != count and not info.variadic:
        named, bound = dict(static), given
        for x in info.inputs[len(given) :]:
            if x in named or x in info.optional:
                bound += (named.pop(x, None),)
            elif words is None:
                raise _refused("missing", info, x)
            else:
                return given, static, None
        by_position = dict(zip(info.static_positions, bound[count:], strict=False))
        if len(by_position) < len(bound) - count or by_position.keys() & named.keys():
            if words is None:
                raise _refused("too_many", info, bound, named)
            return given, static, None
        given, static = bound[:count], by_position | named
    if static.keys() <= info.static_template.keys() and _FIXED.issuperset(
        map(type, static.values())
    ):
        return given, static, True
    fixed = True
    for name, value in static.items():
        if name not in info.static_template:
            if words is not None:
                return given, static, None
        elif type(value) not in _FIXED:
            fixed = False
            if type(value) in tensor_types:
                if value._node is not None and local.state.grad_enabled:
                    raise TypeError(
                        f"{info.name}: {name} is a constant here, but the tensor given requires a "
                        "gradient, which would be lost; give its number, .item() or .detach()"
                    )
                static[name] = value._data
    return given, static, fixed


# The result ---------------------------------------------------------------------------------------


def _not_widened(made: Any, data: Sequence[Any]) -> Any:
    """A result that integers among the operands do not make wider than the floats."""
    return without_widening(made, *data) if isinstance(made, _ARRAYS) else made


def _settled(info: Primitive, made: Any, data: list[Any], cells: list[Any]) -> Any:
    """The outputs, numbers where they are 0-d, and their version cells."""
    if not isinstance(made, tuple) or len(made) != info.outputs:
        raise _refused("no_array", info, made)
    outs: list[Any] = []
    versions: list[Any] = []
    for out in made:
        if not isinstance(out, _ARRAYS):
            raise _refused("no_array", info, out)
        out, version = _memory(out, data + outs, cells + versions)
        outs.append(out)
        versions.append(version)
    return outs, versions


def _memory(out: Any, data: Sequence[Any], cells: Sequence[list[int] | None]) -> tuple[Any, Any]:
    """An output and its version cell, which all that shares its memory has in common.

    A primitive may return an input, or a view of one: then the input's cell is the output's too,
    and a write into either is noticed by whoever saved the other. What cannot be watched like this
    (memory of a constant operand, or of inputs with cells of their own) is copied. Numbers have none.
    """
    if not out.shape:
        return out[()], None
    if out.base is None:
        for x in data:
            if x is out:
                break
        else:
            return out, [0]
    found, owner = None, _owner(out)
    for x, cell in zip(data, cells, strict=True):
        if type(x) is np.ndarray and (x is owner or (x.base is not None and _owner(x) is owner)):
            if cell is None or (found is not None and found is not cell):
                return np.array(out, order="K"), [0]
            found = cell
    return out, [0] if found is None else share(found)


def _owner(array: Any) -> Any:
    """What owns an array's memory, through views of views."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


def _tensor(data: Any, version: list[int] | None) -> Tensor:
    result = _new(Tensor)
    result._data, result._version, result._index = data, version, 0
    result._node = result._grad = result.name = None
    return result


# What is recorded ---------------------------------------------------------------------------------


def _node(info: Primitive, state: State, static: dict[str, Any], fixed: bool) -> Node:
    """A node, but for what follows from inputs and outputs."""
    node = _new(Node)
    node.plan = info.plan or info.make_plan()
    node.static = info.static_values
    if static:
        node.static = tuple({**info.static_template, **static}.values())
        if not fixed:
            node.static = _own(node.static)
    node.seq, node.module, node.extra = next(counter), state.module, None
    return node


def _own(static: tuple[Any, ...]) -> tuple[Any, ...]:
    """Static parameters with lists and arrays copied: the caller may write into theirs."""
    return tuple([
        list(value) if type(value) is list
        # An array that owns its memory and is read-only was made so by the function that calls.
        else value.copy() if type(value) is np.ndarray
        and (value.flags.writeable or value.base is not None)
        else value
        for value in static
    ])  # fmt: skip


def _save(node: Node, data: Any, cells: Any, outs: Any, versions: Any) -> None:
    """Keep what the rules named: values of the inputs and outputs, and the state of their cells;
    and what the outputs look like.
    """
    plan, out = node.plan, outs[0]
    node.shape, node.dtype = out.shape, out.dtype
    if plan.several:
        node.shape, node.dtype = tuple([o.shape for o in outs]), tuple([o.dtype for o in outs])
    elif not node.shape:
        node.number = out
    if plan.saves_outputs and HALF in [out.dtype for out in outs]:
        outs, versions = unrounded(node, data, outs, versions)
    node.saved, node.versions = plan.save(node.parents, data, cells, outs, versions)


def _aside(node: Node, given: Any, data: Any, cells: Any) -> tuple[Any, ...]:
    """``Node.aside``: output indices of the parents, and the constant operands not saved."""
    notes = range(len(given)) if node.plan.notes is None else node.plan.notes
    found: list[Any] = []
    for k, parent in enumerate(node.parents):
        value, cell = data[k], cells[k]
        if parent is not None:
            found.append(given[k]._index)
        elif k not in notes:
            found.append(None)
        elif type(value) is not np.ndarray:
            found.append(value)
        elif cell is not None:
            found.append((weakref.ref(value), cell, cell[0]))
        else:  # of an array only the copy was used; a list is nothing that the caller still has
            array = given[k]
            found.append((weakref.ref(array), None, 0) if type(array) is np.ndarray else None)
    return tuple(found)
