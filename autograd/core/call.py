"""Calling a primitive: what happens between ``a * b`` and NumPy.

``general`` is the one to read: any number of inputs and outputs, static parameters. ``unary`` and
``binary`` write the usual case of one and two inputs out, since a loop costs more than the
arithmetic of a number, and leave what is out of the ordinary to ``general``. Each is called once for
a primitive and returns the function that users call, so a traceback and a debugger go through these
very lines.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.arrays import coerce
from autograd.arguments.dtypes import common_float, narrowed, with_weak_integers
from autograd.arguments.half import HALVES
from autograd.arguments.objects import elementwise_on_objects
from autograd.arguments.window import Window
from autograd.core.modes import State, local
from autograd.core.node import Node, counter
from autograd.core.tensor import Tensor, tensor_on, tensor_types
from autograd.core.writes import NUMBER_VIEWS, share

if TYPE_CHECKING:
    from autograd.core.primitive import Primitive

__all__ = ["form_for"]

_new, _ndarray = object.__new__, np.ndarray
_bool = np.bool_
_matrix = np.matrix
_ARRAYS = (np.ndarray, np.generic)
_float32, _float64 = np.float32, np.float64
#: The dtypes of the usual numbers: known from their type at less cost than asked for.
_DTYPE_OF = {_float32: np.dtype(_float32), _float64: np.dtype(_float64)}
#: Integers up to here fit an array.
_WORD = 1 << 63
#: Static parameters of other types may be tensors, or something that the caller writes into.
_FIXED = frozenset([bool, int, float, str, tuple, slice, type(None), type(...), Window])
#: What stands where no input is given by position.
_NOTHING = object()


def form_for(info: Primitive) -> Callable[[Primitive], Callable[..., Any]]:
    """Which of the forms below serves a primitive."""
    if info.outputs > 1:
        return general
    if info.inputs == ("x", "y") and not info.static_names and not info.optional:
        return binary
    return unary if len(info.inputs) == 1 and not info.variadic and not info.optional else nary


def general(info: Primitive) -> Callable[..., Any]:
    """The function for a primitive of any number of inputs and outputs."""
    forward, several, optional = _by_scalar(info), info.outputs > 1, info.optional
    count, views = None if info.variadic else len(info.inputs), info.name in NUMBER_VIEWS
    weak, on_arrays = _is_weak(info), _on_arrays(info)

    def call(*given: Any, **static: Any) -> Any:
        if static or len(given) != count:
            if (bound := _bound(info, given, static)) is None:
                return _otherwise(info, given, static)
            given, static = bound
        if tensor_types.isdisjoint(map(type, given)):
            return on_arrays(*given, **static)
        data: Any = given
        try:
            # Of tensors: array, node (None: no gradient is wanted) and version cell. `others` are
            # lists, arrays and numbers, which are read beside the tensors, in their dtype; but for
            # Python's floats, which are as they should be.
            data, parents, cells, others = [], [], [], []
            for x in given:
                if type(x) in tensor_types:
                    data.append(x._data)
                    parents.append(x._node)
                    cells.append(x._version)
                else:
                    if (type(x) is not float or not data) and (
                        x is not None or info.input_name(len(data)) not in optional
                    ):
                        others.append(len(data))
                    data.append(x)
                    parents.append(None)
                    cells.append(None)
            for k in others:
                data[k] = coerce(info.name, info.input_name(k), data[k], *data)
            made = forward(*data, **static)  # the primitive itself, on arrays
            if weak and (several or others or made.dtype is not data[0].dtype or not data[0].ndim):
                made = _weakly(info, made, data, static)
        except Exception as error:
            raise _failed(info, error, data)
        if several and not (isinstance(made, tuple) and len(made) == info.outputs):
            raise _no_array(info, made)
        outs, versions = _memories(info, made if several else (made,), data, cells)
        results = list(map(tensor_on, outs, versions))
        if views and (cells[0] is None or versions[0] is None):
            given[0]._viewed = results[0]._viewed = True
        state, node = local.state, None
        if state.grad_enabled and info.differentiable and any(parents):
            # Recorded: where gradients go, what the rules will ask for, what was constant.
            node = _node(info, state, static, outs)
            node.parents, node.aside = tuple(parents), _aside(given, parents, data, cells)
            node.plan.save(node, data, cells, outs, versions)
            for k, result in enumerate(results):
                if k not in info.constant_outputs:
                    result._node, result._index = node, k
        if state.recorder is not None:  # debug.record(), operations(), replay
            state.recorder(
                info, node, tuple(outs), given, tuple(data), info.static_template | static
            )
        return tuple(results) if several else results[0]

    return call


def unary(info: Primitive) -> Callable[..., Any]:
    """``general`` for one input and one output."""
    forward, scalar, differentiable = info.forward, info.scalar, info.differentiable
    views, on_arrays, otherwise = info.name in NUMBER_VIEWS, _on_arrays(info), general(info)
    weak, statics, by_position = _is_weak(info), info.static_template, info.positions[1:]
    several_static = len(statics) > 1

    def call(x: Any = _NOTHING, /, *more: Any, **static: Any) -> Any:
        if static or more or x is _NOTHING:
            named = static
            if not static and len(more) <= len(by_position):
                named = dict(zip(by_position, more))  # noqa: B905
            usual = x is not _NOTHING and bool(named) and not (static and more)
            for name in named:
                usual = usual and name in statics and type(named[name]) in _FIXED
            if usual:  # what `_bound` would say
                static = named
            else:
                given = () if x is _NOTHING else (x, *more)
                if (bound := _bound(info, given, static)) is None:
                    return _otherwise(info, given, static)
                (x,), static = bound
        state = local.state
        if (type(x) is not Tensor and type(x) not in tensor_types) or state.recorder is not None:
            return (otherwise if type(x) in tensor_types else on_arrays)(x, **static)
        data, parent = x._data, x._node
        kind = type(data)
        cell = x._version if kind is _ndarray else None
        try:
            if scalar is not None and not static and (kind is _float32 or kind is _float64):
                shape, dtype = (), _DTYPE_OF[kind]
                try:
                    out = kind(scalar(data))
                except (ValueError, OverflowError):  # where `math` refuses, NumPy has an answer
                    out = forward(data)
            else:
                out = forward(data, **static) if static else forward(data)
                shape, dtype = out.shape, out.dtype
                if weak and dtype is not data.dtype:
                    out = with_weak_integers(info, out, data, **static)
                    dtype = out.dtype
        except Exception as error:
            raise _failed(info, error, (x,))
        if not shape:
            out, version = out if type(out) is not _ndarray else out[()], None
        elif (base := out.base) is None and out is not data:
            version = [0]
        elif cell is not None and (base is data or base is data.base):
            version = share(cell)
        else:
            out, version = _memory(out, (data,), (cell,))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        if views and (version is None or cell is None):
            x._viewed = result._viewed = True
        if parent is not None and state.grad_enabled and differentiable:
            result._node = node = Node()
            node.plan = plan = info.plan or info.make_plan()
            node.parents, node.static = (parent,), info.static_values
            if static:
                node.static = tuple((statics | static if several_static else static).values())
            node.shape, node.dtype = shape, dtype
            node.seq, node.module, node.extra = next(counter), state.module, None
            node.aside = (x._index,) if x._index else None
            if not shape:
                node.number = out
            if plan.shortcut == "inputs":
                node.saved, node.cells = (data,), None if cell is None else (cell,)
            elif plan.shortcut == "out" and dtype not in HALVES:
                node.saved, node.cells = (out,), None if version is None else (version,)
            elif plan.shortcut == "x_shape":
                node.saved, node.cells = (data.shape,), None
            elif plan.shortcut == "nothing":
                node.saved = node.cells = None
            else:
                plan.save(node, (data,), (cell,), (out,), (version,))
        return result

    return call


def binary(info: Primitive) -> Callable[..., Any]:
    """``general`` for two inputs ``x`` and ``y``, both tensors or one of them a number."""
    forward, differentiable = info.forward, info.differentiable
    on_arrays, otherwise = _on_arrays(info), general(info)

    def call(x: Any, y: Any) -> Any:
        state, kind, other = local.state, type(x), type(y)
        if kind is Tensor or kind in tensor_types:
            a, x_node = x._data, x._node
            if other is Tensor or other in tensor_types:
                b, y_node = y._data, y._node
            elif other is float or (other is int and -_WORD <= y < _WORD):
                b, y_node = y, None
            else:
                return otherwise(x, y)
        elif other in tensor_types and (kind is float or (kind is int and -_WORD <= x < _WORD)):
            a, x_node, b, y_node = x, None, y._data, y._node
        else:
            return (otherwise if other in tensor_types else on_arrays)(x, y)
        if state.recorder is not None:
            return otherwise(x, y)
        try:
            out = forward(a, b)
            kind, first = type(out), b if a is x else a
            shape = () if kind in _DTYPE_OF else out.shape
        except Exception as error:
            raise _failed(info, error, (x, y))
        if kind is not type(first) or (kind is _ndarray and out.dtype is not first.dtype):
            out = with_weak_integers(info, out, a, b)
            kind = type(out)
        x_cell = x._version if type(a) is _ndarray else None
        y_cell = y._version if type(b) is _ndarray else None
        if not shape:
            out, version = out if kind is not _ndarray else out[()], None
        elif out.base is None and out is not a and out is not b:
            version = [0]
        else:
            out, version = _memory(out, (a, b), (x_cell, y_cell))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        if (x_node is not None or y_node is not None) and state.grad_enabled and differentiable:
            result._node = node = Node()
            node.plan = plan = info.plan or info.make_plan()
            node.parents, node.static = (x_node, y_node), ()
            node.shape, node.dtype = shape, _DTYPE_OF[kind] if kind in _DTYPE_OF else out.dtype
            node.seq, node.module, node.extra = next(counter), state.module, None
            node.aside = (x._index, y) if b is y else None
            if b is not y and (x_node is None or y_node is None or x._index or y._index):
                node.aside = _aside((x, y), node.parents, (a, b), (x_cell, y_cell))
            if not shape:
                node.number = out
            if plan.shortcut == "crossed":
                node.saved = (None if y_node is None else a, None if x_node is None else b)
                watched = x_cell is not None or y_cell is not None
                node.cells = (y_node and x_cell, x_node and y_cell) if watched else None
            elif plan.shortcut == "nothing":
                node.saved = node.cells = None
            else:
                plan.save(node, (a, b), (x_cell, y_cell), (out,), (version,))
        return result

    return call


def nary(info: Primitive) -> Callable[..., Any]:
    """``general`` for several inputs, all of them tensors, numbers or absent, and one output."""
    forward, differentiable, optional = info.forward, info.differentiable, bool(info.optional)
    count, otherwise = None if info.variadic else len(info.inputs), general(info)
    weak, statics, on_arrays = _is_weak(info), info.static_template, _on_arrays(info)

    def call(*given: Any, **static: Any) -> Any:
        state, index = local.state, 0
        data: list[Any] = []
        parents: list[Any] = []
        cells: list[Any] = []
        for x in given:
            if type(x) in tensor_types:
                data.append(x._data)
                parents.append(x._node)
                cells.append(x._version)
                index = index or x._index
            elif data and (type(x) is float or (x is None and optional)):
                data.append(x)
                parents.append(None)
                cells.append(None)
            else:  # in a rule, say, all are arrays
                plain = len(given) == count and tensor_types.isdisjoint(map(type, given))
                for name in static:
                    plain = plain and name in statics and type(static[name]) in _FIXED
                return (on_arrays if plain else otherwise)(*given, **static)
        usual = state.recorder is None and (len(given) == count or (count is None and given))
        for name in static:
            usual = usual and name in statics and type(static[name]) in _FIXED
        if not usual:
            return otherwise(*given, **static)
        try:
            out = forward(*data, **static)
            shape = out.shape
            dtype = out.dtype
            if weak and (type(data[0]) is not _ndarray or dtype is not data[0].dtype):
                if not any([type(x) is _ndarray and x.dtype is dtype for x in data]):
                    out = with_weak_integers(info, out, *data, **static)
        except Exception as error:
            raise _failed(info, error, data)
        out, version = _memory(out, data, cells)
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        if state.grad_enabled and differentiable and any(parents):
            result._node = node = Node()
            node.plan = plan = info.plan or info.make_plan()
            node.parents, node.static = tuple(parents), info.static_values
            if static:
                node.static = tuple((statics | static if len(statics) > 1 else static).values())
            node.shape, node.dtype = shape, out.dtype
            node.seq, node.module, node.extra = next(counter), state.module, None
            node.aside = None
            if index or None in parents:
                node.aside = _aside(given, parents, data, cells)
            if not shape:
                node.number = out
            plan.save(node, data, cells, [out], [version])
        return result

    return call


def _by_scalar(info: Primitive) -> Callable[..., Any]:
    """``forward``, but for single floats ``scalar``: the bits of ``unary``, recorded or not."""
    forward, scalar = info.forward, info.scalar
    if scalar is None:
        return forward  # type: ignore[no-any-return]

    def call(x: Any, **static: Any) -> Any:
        kind = type(x)
        if not static and (kind is _float32 or kind is _float64):
            try:
                return kind(scalar(x))
            except (ValueError, OverflowError):  # where `math` refuses, NumPy has an answer
                pass
        return forward(x, **static)

    return call


def _on_arrays(info: Primitive) -> Callable[..., Any]:
    """What is called where no operand is a tensor: arrays in, an array out, nothing recorded."""
    forward = functools.partial(elementwise_on_objects, info) if info.elementwise else info.forward

    def call(*arrays: Any, **static: Any) -> Any:
        try:
            result = forward(*arrays, **static)
        except Exception as error:
            if _matrix in map(type, arrays):
                return call(*map(_plain, arrays), **static)
            raise _failed(info, error, arrays)
        if type(result) is _matrix:  # whose * is another: it has been one of the arrays
            return call(*map(_plain, arrays), **static)
        return result

    return call


def _plain(x: Any) -> Any:
    return np.asarray(x) if type(x) is _matrix else x


def _failed(info: Primitive, error: Exception, inputs: Sequence[Any]) -> Exception:
    """What to raise for an error that came out of a primitive; its words are loaded only then."""
    from autograd.errors import forward_failed

    return forward_failed(info, error, tuple(inputs))


def _no_array(info: Primitive, made: Any) -> Exception:
    from autograd.errors import no_array

    return no_array(info, made)


# Before the arithmetic ----------------------------------------------------------------------------


def _bound(info: Primitive, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """The inputs of a call and its static parameters by name; None if it does not fit.

    As Python binds arguments, for static parameters may also be given by position, after the inputs
    and required ones first. Of tensors among them the data are taken: they are constants.
    """
    count = len(info.inputs)
    if len(given) > count and info.variadic is None:  # the usual case of what follows, at less cost
        more = info.positions[count:]
        if len(more) < len(given) - count or not named.keys().isdisjoint(
            info.positions[: len(given)]
        ):
            return None
        named = dict(zip(more, given[count:])) | named  # noqa: B905
        given = given[:count]
    elif len(given) != count and info.variadic is None:
        bound = dict(zip(info.positions, given))  # noqa: B905
        if not named.keys().isdisjoint(bound):
            return None
        named = bound | named
        if not named.keys() >= info.required:
            return None
        given = tuple([named.pop(x, None) for x in info.inputs])
    if not named.keys() <= info.static_template.keys():
        return None
    for name, value in named.items():
        if type(value) not in _FIXED:
            named[name] = _constant(info, name, value)
    return given, named


def _constant(info: Primitive, name: str, value: Any) -> Any:
    """A static parameter as a constant that the caller cannot write into while it is recorded."""
    recorded = local.state.grad_enabled
    if type(value) in tensor_types:
        if value._node is not None and recorded:
            raise TypeError(
                f"{info.name}: {name} is a constant here, but the tensor given requires a "
                "gradient, which would be lost; give its number, .item() or .detach()"
            )
        value = value._data
    if type(value) is list:
        return list(value)
    if type(value) is _bool:  # which NumPy itself does not take for a flag
        return bool(value)
    # An array that owns its memory and is read-only was made so by the function that calls.
    if type(value) is _ndarray and (value.flags.writeable or value.base is not None) and recorded:
        return value.copy()
    return value


def _otherwise(info: Primitive, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """A call that does not fit: in words that somebody else knows, or not at all."""
    if info.other_words is not None:
        return info.other_words(*given, **named)
    from autograd.errors import misfit

    raise misfit(info, given, named) or TypeError(info.name)


def _is_weak(info: Primitive) -> bool:
    """True where the dtype of what a primitive gives follows from its inputs."""
    return info.differentiable and "dtype" not in info.static_names


def _weakly(info: Primitive, made: Any, data: Sequence[Any], static: dict[str, Any]) -> Any:
    """A result that integers among the operands do not make wider than the floats."""
    if info.outputs == 1:
        if not isinstance(made, _ARRAYS):
            return made
        return with_weak_integers(info, made, *data, **static)
    # Beside floats, statistics have dtypes of their own.
    if not isinstance(made, tuple) or common_float(*data) is not None:
        return made
    return tuple([narrowed(out) if isinstance(out, _ARRAYS) else out for out in made])


# The result ---------------------------------------------------------------------------------------


def _memories(info: Primitive, made: Any, data: list[Any], cells: list[Any]) -> tuple[Any, Any]:
    """The outputs and their version cells; an output may share memory with one before it, too."""
    outs: list[Any] = []
    versions: list[Any] = []
    for out in made:
        if not isinstance(out, _ARRAYS):
            raise _no_array(info, out)
        if outs:
            data, cells = data + outs[-1:], cells + versions[-1:]
        out, version = _memory(out, data, cells)
        outs.append(out)
        versions.append(version)
    return outs, versions


def _memory(out: Any, data: Sequence[Any], cells: Sequence[list[Any] | None]) -> tuple[Any, Any]:
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
    for x, cell in zip(data, cells):  # noqa: B905
        if x is owner or (type(x) is _ndarray and x.base is not None and _owner(x) is owner):
            if cell is None or (found is not None and found is not cell):
                return np.array(out, order="K"), [0]
            found = cell
    return out, [0] if found is None else share(found)


def _owner(array: Any) -> Any:
    """What owns an array's memory, through views of views."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


# What is recorded ---------------------------------------------------------------------------------


def _node(info: Primitive, state: State, static: dict[str, Any], outs: list[Any]) -> Node:
    """A node, but for what follows from the inputs."""
    node = Node()
    node.plan = info.plan or info.make_plan()
    node.static = info.static_values
    if static:
        template = info.static_template
        node.static = tuple((template | static if len(template) > 1 else static).values())
    node.shape, node.dtype = outs[0].shape, outs[0].dtype
    if node.plan.several:
        node.shape = tuple([out.shape for out in outs])
        node.dtype = tuple([out.dtype for out in outs])
    elif not node.shape:
        node.number = outs[0]
    node.seq, node.module, node.extra = next(counter), state.module, None
    return node


def _aside(
    given: Sequence[Any], parents: Sequence[Any], data: Sequence[Any], cells: Sequence[Any]
) -> tuple[Any, ...] | None:
    """``Node.aside``: output indices of the parents, and what the constant operands were."""
    if None not in parents:
        for x in given:
            if x._index:
                return tuple([x._index for x in given])
        return None
    found: list[Any] = []
    for k, parent in enumerate(parents):
        if parent is not None:
            found.append(given[k]._index)
        elif type(data[k]) is not _ndarray:
            found.append(data[k])
        elif cells[k] is not None:
            found.append((weakref.ref(data[k]), cells[k]))
        else:  # of an array only the copy was used; a list is nothing that the caller still has
            array = given[k]
            found.append((weakref.ref(array), None) if type(array) is _ndarray else None)
    return tuple(found)
