"""Calling a primitive: what happens between ``a * b`` and NumPy.

``general`` is the one to read: any number of inputs and outputs, static parameters. ``unary`` and
``binary`` do the same for one output of ``x``, and of ``x`` and ``y``, with the loops written out,
since a loop costs more than the arithmetic of a small operation. Each is called once for a
primitive and returns the function that users call, so a traceback and a debugger go through these
very lines.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.arrays import coerce
from autograd.arguments.dtypes import without_widening
from autograd.arguments.half import HALF
from autograd.arguments.objects import elementwise_on_objects
from autograd.core import errors
from autograd.core.modes import local
from autograd.core.node import Node, counter
from autograd.core.rules import snapshot
from autograd.core.tensor import Tensor, tensor_types
from autograd.core.writes import NUMBER_VIEWS, share

if TYPE_CHECKING:
    from autograd.core.primitive import Primitive

__all__ = ["form_for"]

_ARRAYS = (np.ndarray, np.generic)
_new = object.__new__


def form_for(info: Primitive) -> Callable[[Primitive], Callable[..., Any]]:
    """Which of the forms below serves a primitive."""
    if info.variadic or info.outputs > 1:
        return general
    if info.inputs == ("x",) and not info.static_names:
        return unary
    if info.inputs == ("x", "y") and not info.static_names and not info.optional:
        return binary
    return of_one if len(info.inputs) == 1 else general


def general(info: Primitive) -> Callable[..., Any]:
    """The function for a primitive of any number of inputs and outputs."""
    forward, on_arrays, several = info.forward, _on_arrays(info), info.outputs > 1
    count, constant_outputs = None if info.variadic else len(info.inputs), info.constant_outputs
    defaults = info.static_template
    default_values = tuple(defaults.values())
    widens = info.differentiable and not several and count != 1

    def call(*given: Any, **static: Any) -> Any:
        if len(given) != count and count is not None:
            bound = _bind(info, given, static)
            if bound is None:
                return info.other_words(*given, **static)
            given, static = bound
        if static and _settle(info, static):
            return info.other_words(*given, **static)
        data, parents, cells, constants, aside = [], [], [], 0, False
        first: Any = None
        for x in given:
            kind = type(x)
            if kind is Tensor or kind in tensor_types:
                data.append(x._data)
                first = x._data
                parents.append(x._node)
                cells.append(x._version)
                if x._index:
                    aside = True
            else:
                data.append(x)
                parents.append(None)
                cells.append(None)
                constants += 1
        try:
            if constants:
                if constants == len(given):
                    return on_arrays(*given, **static)
                _make_ready(info, data, given)
            made = forward(*data, **static)
        except Exception as error:
            raise errors.forward_failed(info, error, tuple(data))
        if several:
            outs, versions = _settled_all(info, made, data, cells)
            results = [_tensor(out, version) for out, version in zip(outs, versions, strict=True)]
        else:
            if widens and getattr(made, "dtype", None) is not first.dtype:
                made = _not_widened(made, data)
            out, version = _settled(info, made, data, cells)
            result = _new(Tensor)
            result._data, result._version, result._index = out, version, 0
            result._node = result._grad = result.name = None
            outs, versions = [out], [version]
        state, node = local.state, None
        if state.grad_enabled and info.differentiable and parents.count(None) < len(parents):
            node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents = tuple(parents)
            node.saved, node.versions = plan.save(parents, data, cells, outs, versions, static)
            for k in range(len(given)) if plan.notes is None else plan.notes:
                if parents[k] is None:
                    aside = True
            node.aside = _aside(plan, given, data, parents, cells) if aside else None
            node.static = tuple({**defaults, **static}.values()) if static else default_values
            for value in static.values():
                if (kind := type(value)) is list or kind is np.ndarray:
                    node.static = _own(node.static)
                    break
            node.seq = next(counter)
            node.module, node.extra = state.module, None
            if several:
                node.shape = tuple([out.shape for out in outs])
                node.dtype = tuple([out.dtype for out in outs])
                for k, result in enumerate(results):
                    if k not in constant_outputs:
                        result._node, result._index = node, k
            else:
                node.shape, node.dtype = out.shape, out.dtype
                if not node.shape:
                    node.number = out
                result._node = node
        if state.recorder is not None:
            state.recorder(info, node, tuple(outs), given, tuple(data), {**defaults, **static})
        return tuple(results) if several else result

    return call


def of_one(info: Primitive) -> Callable[..., Any]:
    """``general`` for one input, one output, and static parameters."""
    forward, on_arrays, differentiable = info.forward, _on_arrays(info), info.differentiable
    defaults, first = info.static_template, (*info.static_positions, None)[0]
    default_values = tuple(defaults.values())
    views = info.name in NUMBER_VIEWS

    def call(*given: Any, **static: Any) -> Any:
        if len(given) == 2 and first is not None and first not in static:
            static[first] = given[1]
        elif len(given) != 1:
            bound = _bind(info, given, static)
            if bound is None:
                return info.other_words(*given, **static)
            given, static = bound
        if static and _settle(info, static):
            return info.other_words(given[0], **static)
        x = given[0]
        kind = type(x)
        if kind is not Tensor and kind not in tensor_types:
            try:
                return on_arrays(x, **static)
            except Exception as error:
                raise errors.forward_failed(info, error, given)
        data, parent, cell = x._data, x._node, x._version
        try:
            out = forward(data, **static)
        except Exception as error:
            raise errors.forward_failed(info, error, (data,))
        try:
            shape = out.shape
        except AttributeError:
            raise errors.no_array(info, out) from None
        if not shape:
            version = None
            if type(out) is np.ndarray:
                out = out[()]
        elif (base := out.base) is None and out is not data:
            version = [0]
        elif cell is not None and (base is data or base is data.base):
            version = share(cell)
        else:
            out, version = _memory(out, (data,), (cell,))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        if views and (not shape or cell is None):
            x._viewed = result._viewed = True
        state, node = local.state, None
        if parent is not None and state.grad_enabled and differentiable:
            node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents = (parent,)
            node.saved, node.versions = plan.save(
                node.parents, (data,), (cell,), (out,), (version,), static
            )
            node.aside = (x._index,) if x._index else None
            node.static = tuple({**defaults, **static}.values()) if static else default_values
            for value in static.values():
                if (kind := type(value)) is list or kind is np.ndarray:
                    node.static = _own(node.static)
                    break
            node.shape, node.dtype = shape, out.dtype
            if not shape:
                node.number = out
            node.seq = next(counter)
            node.module, node.extra = state.module, None
            result._node = node
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x,), (data,), {**defaults, **static})
        return result

    return call


def unary(info: Primitive) -> Callable[..., Any]:
    """``general`` for one input ``x`` and one output."""
    forward, on_arrays, scalar = info.forward, _on_arrays(info), info.scalar
    differentiable, float32, float64 = info.differentiable, np.float32, np.float64

    def call(x: Any) -> Any:
        kind = type(x)
        if kind is not Tensor and kind not in tensor_types:
            try:
                return on_arrays(x)
            except Exception as error:
                raise errors.forward_failed(info, error, (x,))
        data, parent, cell = x._data, x._node, x._version
        kind = type(data)
        try:
            if scalar is not None and (kind is float32 or kind is float64):
                try:
                    out = kind(scalar(data))
                except (ValueError, OverflowError):  # where `math` refuses, NumPy has an answer
                    out = forward(data)
            else:
                out = forward(data)
        except Exception as error:
            raise errors.forward_failed(info, error, (data,))
        try:
            shape = out.shape
        except AttributeError:
            raise errors.no_array(info, out) from None
        if not shape:
            version = None
            if type(out) is np.ndarray:
                out = out[()]
        elif (base := out.base) is None and out is not data:
            version = [0]
        elif cell is not None and (base is data or base is data.base):
            version = share(cell)
        else:
            out, version = _memory(out, (data,), (cell,))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        state, node = local.state, None
        if parent is not None and state.grad_enabled and differentiable:
            node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents = (parent,)
            if plan.saves_inputs:
                node.saved = (data,)
                node.versions = None if cell is None else ((cell, cell[0]),)
            elif plan.saves_one and out.dtype is not HALF:
                node.saved = (out,)
                node.versions = None if version is None else ((version, version[0]),)
            else:
                node.saved, node.versions = plan.save(
                    node.parents, (data,), (cell,), (out,), (version,)
                )
            node.aside = (x._index,) if x._index else None
            node.static = ()
            node.shape, node.dtype = shape, out.dtype
            if not shape:
                node.number = out
            node.seq = next(counter)
            node.module, node.extra = state.module, None
            result._node = node
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x,), (data,), {})
        return result

    return call


def binary(info: Primitive) -> Callable[..., Any]:
    """``general`` for two inputs ``x`` and ``y`` and one output."""
    forward, on_arrays, differentiable = info.forward, _on_arrays(info), info.differentiable

    def call(x: Any, y: Any) -> Any:
        kind = type(x)
        if x_taken := kind is Tensor or kind in tensor_types:
            x_data, x_node, x_cell = x._data, x._node, x._version
        else:
            x_data, x_node, x_cell = x, None, None
        kind = type(y)
        if kind is Tensor or kind in tensor_types:
            y_data, y_node, y_cell = y._data, y._node, y._version
            if not x_taken:
                x_data = coerce(info.name, "x", x, y_data)
        elif x_taken:
            y_data, y_node, y_cell = coerce(info.name, "y", y, x_data), None, None
        else:
            try:
                return on_arrays(x, y)
            except Exception as error:
                raise errors.forward_failed(info, error, (x, y))
        try:
            out = forward(x_data, y_data)
        except Exception as error:
            raise errors.forward_failed(info, error, (x_data, y_data))
        try:
            shape = out.shape
        except AttributeError:
            raise errors.no_array(info, out) from None
        kind, first = type(out), x_data if x_taken else y_data
        if kind is not type(first) or (kind is np.ndarray and out.dtype is not first.dtype):
            if differentiable:
                out = without_widening(out, x_data, y_data)
        if not shape:
            version = None
            if type(out) is np.ndarray:
                out = out[()]
        elif out.base is None and out is not x_data and out is not y_data:
            version = [0]
        else:
            out, version = _memory(out, (x_data, y_data), (x_cell, y_cell))
        result = _new(Tensor)
        result._data, result._version, result._index = out, version, 0
        result._node = result._grad = result.name = None
        state, node = local.state, None
        if (x_node is not None or y_node is not None) and state.grad_enabled and differentiable:
            node = _new(Node)
            node.plan = plan = info.plan or info.make_plan()
            node.parents = (x_node, y_node)
            if plan.saves_crossed:
                node.saved = (
                    x_data if y_node is not None else None,
                    y_data if x_node is not None else None,
                )
                if x_cell is None and y_cell is None:  # numbers are immutable and have none
                    node.versions = None
                else:
                    node.versions = snapshot(
                        (x_cell if y_node is not None else None,
                         y_cell if x_node is not None else None)
                    )  # fmt: skip
            elif plan.saved_names:
                node.saved, node.versions = plan.save(
                    node.parents, (x_data, y_data), (x_cell, y_cell), (out,), (version,)
                )
            else:
                node.saved = node.versions = None
            if x_node is None:
                noted = _note(x, x_data, x_cell) if 0 in plan.notes else None
                node.aside = (noted, y._index) if 0 in plan.notes or y._index else None
            elif y_node is None:
                noted = _note(y, y_data, y_cell) if 1 in plan.notes else None
                node.aside = (x._index, noted) if 1 in plan.notes or x._index else None
            else:
                node.aside = (x._index, y._index) if x._index or y._index else None
            node.static = ()
            node.shape, node.dtype = shape, out.dtype
            if not shape:
                node.number = out
            node.seq = next(counter)
            node.module, node.extra = state.module, None
            result._node = node
        if state.recorder is not None:
            state.recorder(info, node, (out,), (x, y), (x_data, y_data), {})
        return result

    return call


# Before the arithmetic ----------------------------------------------------------------------------


def _on_arrays(info: Primitive) -> Callable[..., Any]:
    """What is called where no operand is a tensor: arrays in, an array out, nothing recorded."""
    return functools.partial(elementwise_on_objects, info) if info.elementwise else info.forward


def _bind(info: Primitive, given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """Inputs and static parameters of a call that gave some of them the other way.

    Inputs may be given by name; static parameters, which are keyword-only where a primitive is
    defined, by position after the inputs, required ones first. None if they do not fit and there is
    who knows other words.
    """
    count, knows_more = len(info.inputs), info.other_words is not None
    if len(given) < count:
        for x in info.inputs[len(given) :]:
            if x not in named and x not in info.optional:
                if knows_more:
                    return None
                raise errors.missing(info, x)
        given += tuple([named.pop(x, None) for x in info.inputs[len(given) :]])
    static = dict(zip(info.static_positions, given[count:], strict=False))
    static.update(named)
    if len(static) != len(given) - count + len(named):
        if knows_more:
            return None
        raise errors.too_many(info, given, named)
    return given[:count], static


def _settle(info: Primitive, static: dict[str, Any]) -> bool:
    """Put the data of tensors in their place: static parameters are constants.

    True if a name is none of the primitive's and there is who knows such names.
    """
    for name, value in static.items():
        if name not in info.static_template:
            if info.other_words is not None:
                return True
        elif type(value) in tensor_types:
            if value._node is not None and local.state.grad_enabled:
                raise TypeError(
                    f"{info.name}: {name} is a constant here, but the tensor given requires a "
                    "gradient, which would be lost; give its number, .item() or .detach()"
                )
            static[name] = value._data
    return False


def _make_ready(info: Primitive, data: list[Any], given: tuple[Any, ...]) -> None:
    """Put data that may go along with a tensor's in the place of operands that are none."""
    for k, x in enumerate(given):
        if type(x) not in tensor_types and not (x is None and info.input_name(k) in info.optional):
            data[k] = coerce(info.name, info.input_name(k), x, *data)


# After it -----------------------------------------------------------------------------------------


def _tensor(data: Any, version: list[int] | None) -> Tensor:
    result = _new(Tensor)
    result._data, result._version, result._index = data, version, 0
    result._node = result._grad = result.name = None
    return result


def _not_widened(made: Any, data: list[Any]) -> Any:
    """A result that integers among the operands do not make wider than the floats."""
    return without_widening(made, *data) if isinstance(made, _ARRAYS) else made


def _settled(info: Primitive, out: Any, data: Sequence[Any], cells: Sequence[Any]) -> Any:
    """An output, a number where it is 0-d, and its version cell."""
    if type(out) is np.ndarray and out.base is None and out.shape:
        for x in data:
            if x is out:
                break
        else:
            return out, [0]
    if not isinstance(out, _ARRAYS):
        raise errors.no_array(info, out)
    return _memory(out, data, cells) if out.shape else (out[()], None)  # type: ignore[index]


def _settled_all(info: Primitive, made: Any, data: list[Any], cells: list[Any]) -> Any:
    if not isinstance(made, tuple) or len(made) != info.outputs:
        raise errors.no_array(info, made)
    outs: list[Any] = []
    versions: list[Any] = []
    for out in made:
        out, version = _settled(info, out, data + outs, cells + versions)
        outs.append(out)
        versions.append(version)
    return outs, versions


def _memory(out: Any, data: Sequence[Any], cells: Sequence[list[int] | None]) -> tuple[Any, Any]:
    """An output and its version cell, which all that shares its memory has in common.

    A primitive may return an input, or a view of one: then the input's cell is the output's too,
    and a write into either is noticed by whoever saved the other. What cannot be watched like this
    (memory of a constant operand, or of inputs with cells of their own) is copied.
    """
    found = None
    owner = out
    while (base := getattr(owner, "base", None)) is not None:
        owner = base
    for x, cell in zip(data, cells, strict=False):
        if (
            x is out
            or x is owner
            or (type(x) is np.ndarray and x.base is not None and _owner(x) is owner)
        ):
            if cell is None or (found is not None and found is not cell):
                return np.array(out, order="K"), [0]
            found = cell
    return out, [0] if found is None else share(found)


def _owner(array: Any) -> Any:
    """What owns an array's memory, through views of views."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


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


def _aside(plan: Any, given: Any, data: Any, parents: Any, cells: Any) -> tuple[Any, ...]:
    """``Node.aside``: output indices of the parents, and the constant operands not saved."""
    notes = range(len(given)) if plan.notes is None else plan.notes
    found: list[Any] = []
    for k, node in enumerate(parents):
        if node is not None:
            found.append(given[k]._index)
        elif k not in notes:
            found.append(None)
        elif (cell := cells[k]) is not None:
            found.append((weakref.ref(data[k]), cell, cell[0]))
        else:
            found.append(_note(given[k], data[k], None))
    return tuple(found)


def _note(given: Any, data: Any, cell: list[int] | None) -> Any:
    """A constant operand, as ``Node.aside`` keeps it."""
    if type(data) is not np.ndarray:
        return data
    if cell is not None:
        return weakref.ref(data), cell, cell[0]
    # Of an array only the copy was used; of a list there is nothing that the caller still has.
    return (weakref.ref(given), None, 0) if type(given) is np.ndarray else None
