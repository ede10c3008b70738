"""Straight-line code for one primitive: its call, and the evaluation of its gradient rules.

A generic ``*args`` path costs more than the arithmetic of a small operation, so on its first call
a primitive gets code of its own. For ``multiply`` it reads, shortened::

    def multiply(x, y):
        t = type(x)
        if t is Tensor or t in tensor_types:
            x_data = x._data; x_node = x._node; ...; x_is = True
        ...
        if not (x_is or y_is): return raw(x, y)           # arrays in, array out
        out = forward(x_data, y_data)
        result = new(Tensor); result._data = out; ...
        if x_node is None and y_node is None: return result
        node = new(Node_multiply)
        node.parents = (x_node, y_node)
        node.saved = (y_data if x_node is not None else None, ...)
        ...

    def gradients(node, g, saved, needs):
        need_x, need_y = needs
        y, x = saved
        return (rule_x(g, y) if need_x is not None else None,
                rule_y(g, x) if need_y is not None else None)
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.arrays import coerce
from autograd.arguments.dtypes import without_widening
from autograd.core import failures
from autograd.core.modes import local
from autograd.core.node import Glimpse, Node, counter
from autograd.core.objects import elementwise_on_objects
from autograd.core.tensor import Tensor, tensor_types

if TYPE_CHECKING:
    from autograd.core.primitive import Primitive, Rule

__all__ = ["compile_primitive"]

_COMMON: dict[str, Any] = {
    "Tensor": Tensor,
    "coerce": coerce,
    "counter": counter,
    "dtype_of": failures.dtype_of,
    "float32": np.float32,
    "float64": np.float64,
    "local": local,
    "ndarray": np.ndarray,
    "new": object.__new__,
    "shape_of": np.shape,
    "tensor_types": tensor_types,
    "without_widening": without_widening,
}


def compile_primitive(info: Primitive, namespace: dict[str, Any]) -> None:
    """Write the call code and the gradient code of a primitive; swap them in."""
    info.saved_names = _saved_names(info)
    raw: Callable[..., Any]
    if info.elementwise:
        raw = functools.partial(elementwise_on_objects, info)
    else:
        raw = info.forward
    namespace.update(_COMMON)
    namespace.update(
        _forward=info.forward,
        _raw=raw,
        _fail=functools.partial(failures.forward_failed, info),
        _foreign=functools.partial(failures.foreign_keyword, info),
        _missing=functools.partial(failures.missing_rule, info),
        _wrong_count=functools.partial(failures.wrong_count, info),
        _scalar=info.scalar,
        _glimpse=_glimpse,
        _ref=weakref.ref,
        _snapshot=_snapshot,
        _shares=_shares,
        _constants=info.constant_outputs,
    )
    namespace.update({f"_default_{name}": v for name, v in info.static_defaults.items()})
    place = f"<autograd primitive {info.name}>"
    text = _variadic_call(info) if info.variadic else _fixed_call(info)
    local_names: dict[str, Any] = {}
    # In a copy: nodes made before a rule is replaced keep the one they were made with.
    gradient_namespace = dict(namespace)
    rules = _gradient_code(info, gradient_namespace)
    exec(compile(rules, place, "exec"), gradient_namespace, local_names)
    exec(compile(text, place, "exec"), namespace, local_names)
    node_class: Any = type(
        f"Node_{info.name}",
        (Node,),
        {
            "__slots__": (),
            "primitive": info,
            "several": info.outputs > 1,
            "gradients": staticmethod(local_names["gradients"]),
        },
    )
    namespace["_Node"] = node_class
    written = local_names["call"]
    info.function.__defaults__ = written.__defaults__
    info.function.__kwdefaults__ = written.__kwdefaults__
    info.function.__code__ = written.__code__.replace(co_name=info.forward.__name__)
    info.node_class = node_class


# What is saved ------------------------------------------------------------------------------------


def _saved_names(info: Primitive) -> tuple[str, ...]:
    """Everything that some rule needs and the node does not have anyway, in a fixed order."""
    needed = {need for rule in _rules(info) for need in rule.needs}
    if info.composite is not None:
        needed.update(info.inputs)
    ordered = [n for name in info.inputs for n in (name, f"{name}_shape", f"{name}_dtype")]
    results = ["out", "outs", *(f"out{k}" for k in range(info.outputs) if info.outputs > 1)]
    return tuple(n for n in [*ordered, *results] if n in needed)


def _rules(info: Primitive) -> list[Rule]:
    """Every rule once, and what is done before them."""
    before = [] if info.before_rules is None else [info.before_rules]
    return [*dict.fromkeys(info.rules.values()), *before]


def _users(info: Primitive, saved: str) -> list[str]:
    """The inputs whose rules need a saved value; all of them when there is a composite."""
    if info.composite is not None and saved in info.inputs:
        return list(info.inputs)
    return [n for n in info.inputs if n in info.rules and saved in info.rules[n].needs]


def _snapshot(*cells: list[int] | None) -> tuple[tuple[list[int], int] | None, ...] | None:
    found = tuple([None if cell is None else (cell, cell[0]) for cell in cells])
    return found if any(found) else None


def _glimpse(operand: Any) -> Glimpse | None:
    """Where a constant operand is that is no tensor and that no rule asked for."""
    if type(operand) is not np.ndarray:
        return None  # a list that was given in place of an array: only its copy was used
    return weakref.ref(operand), None, 0


def _shares(out: Any, source: Any) -> bool:
    """True if ``out`` is, or is a view of, the same memory as ``source``."""
    return out is source or (
        out.base is not None and (out.base is source or out.base is source.base)
    )


# The call -----------------------------------------------------------------------------------------


def _signature(info: Primitive) -> str:
    parts = [f"{n}=None" if n in info.optional else n for n in info.inputs]
    if info.variadic:
        parts = [f"*{info.variadic}"]
    elif info.optional and any(n not in info.static_defaults for n in info.static_names):
        parts.append("*")  # Python wants parameters without a default before those with one
    by_default = info.static_defaults.__contains__
    for name in sorted(info.static_names, key=by_default):  # stable: required ones first
        has_default = by_default(name)
        parts.append(f"{name}=_default_{name}" if has_default else name)
    parts += [f"{name}=None" for name in _foreign_names(info)]
    return ", ".join(parts)


def _foreign_names(info: Primitive) -> tuple[str, ...]:
    """PyTorch's keywords for what is called ``axis`` here: known, so as to say so."""
    if info.variadic or not {"axis", "axes"}.intersection(info.static_names):
        return ()
    return ("dim", "keepdim") if "axis" in info.static_names else ("dims",)


def _statics(info: Primitive) -> str:
    return "".join(f", {n}={n}" for n in info.static_names)


def _fixed_call(info: Primitive) -> str:
    inputs = info.inputs
    lines = [f"def call({_signature(info)}):"]
    foreign = _foreign_names(info)
    if foreign:
        given = ", ".join(f"{name}={name}" for name in foreign)
        lines += [
            f"    if {' or '.join(f'{name} is not None' for name in foreign)}:",
            f"        raise _foreign({given})",
        ]
    for x in inputs:
        lines += [
            f"    t = type({x})",
            "    if t is Tensor or t in tensor_types:",
            f"        {x}_data = {x}._data; {x}_node = {x}._node; {x}_index = {x}._index",
            f"        {x}_cell = {x}._version; {x}_is = True",
            "    else:",
            f"        {x}_data = {x}; {x}_node = {x}_cell = None; {x}_index = 0; {x}_is = False",
        ]
    arguments = ", ".join(inputs)
    lines += [
        f"    if not ({' or '.join(f'{x}_is' for x in inputs)}):",
        "        try:",
        f"            return _raw({arguments}{_statics(info)})",
        "        except Exception as error:",
        f"            raise _fail(error, ({arguments},))",
    ]
    for x in inputs:
        guard = f" and {x} is not None" if x in info.optional else ""
        if len(inputs) > 1:
            beside = "".join(f", {y}_data" for y in inputs if y != x)
            lines.append(
                f"    if not {x}_is{guard}: {x}_data = coerce('{info.name}', '{x}', {x}{beside})"
            )
    data = ", ".join(f"{x}_data" for x in inputs)
    forward = f"out = _forward({data}{_statics(info)})"
    lines.append("    try:")
    if info.scalar is not None:
        x = inputs[0]
        lines += [
            f"        t = type({x}_data)",
            "        if t is float32 or t is float64:",
            f"            try: out = t(_scalar({x}_data))",
            f"            except (ValueError, OverflowError): {forward}",
            f"        else: {forward}",
        ]
    else:
        lines.append(f"        {forward}")
    lines += [
        "    except Exception as error:",
        f"        raise _fail(error, ({data},))",
    ]
    nodes = ", ".join(f"{x}_node" for x in inputs) + ","
    if info.outputs > 1:
        parents, indices = f"({nodes})", "(" + ", ".join(f"{x}_index" for x in inputs) + ",)"
        return "\n".join([*lines, *_many_results(info, parents, indices, inputs)]) + "\n"
    lines += _one_result(info, f"{inputs[0]}_data", f"{inputs[0]}_cell")
    nothing = " and ".join(f"{x}_node is None" for x in inputs) if info.differentiable else "True"
    lines += [
        "    state = local.state",
        f"    if ({nothing}) or not state.grad_enabled:",
        "        result._node = None",
        "        if state.recorder is not None:",
        f"            state.recorder(_info, None, (out,), ({arguments},), ({data},))",
        "        return result",
        "    node = new(_Node)",
        f"    node.parents = ({nodes})",
    ]
    some_index = " or ".join(f"{x}_index" for x in inputs)
    index_tuple = ", ".join(f"{x}_index" for x in inputs)
    lines.append(f"    node.indices = ({index_tuple},) if {some_index} else None")
    values, cells = [], []
    for name in info.saved_names:
        value, cell = _saved_expression(info, name)
        values.append(value)
        if cell:
            cells.append(cell)
    lines.append(f"    node.saved = ({', '.join(values)},)" if values else "    node.saved = None")
    lines.append(_versions_line(cells))
    lines += _aside_lines(info)
    lines += [*_node_fields(info, "shape", "out.dtype"), "    result._node = node"]
    lines += [
        "    if state.recorder is not None:",
        f"        state.recorder(_info, node, (out,), ({arguments},), ({data},))",
        "    return result",
    ]
    return "\n".join(lines) + "\n"


def _saved_expression(info: Primitive, name: str) -> tuple[str, str | None]:
    """How a saved value is computed at the call, and the version cell that watches it."""
    if name == "out":
        return "out", "result._version"
    x = next(x for x in info.inputs if name in (x, f"{x}_shape", f"{x}_dtype"))
    if name != x:
        function = "shape_of" if name.endswith("_shape") else "dtype_of"
        guard = f" if {x} is not None else None" if x in info.optional else ""
        return f"{function}({x}_data){guard}", None
    users = _users(info, x)
    if set(users) == set(info.inputs):
        return f"{x}_data", f"{x}_cell"
    condition = " or ".join(f"{u}_node is not None" for u in users)
    return f"{x}_data if {condition} else None", f"({x}_cell if {condition} else None)"


def _aside_lines(info: Primitive) -> list[str]:
    """Note the constant operands that are not saved; where all have nodes it costs their tests."""
    inputs = info.inputs

    def surely_saved(x: str) -> bool:
        return x in info.saved_names and {*inputs} <= {*_users(info, x), x}

    noted = [] if len(inputs) == 1 else [x for x in inputs if not surely_saved(x)]
    if not noted:
        return []

    def operand(x: str) -> str:
        return (
            f"{x}_data if type({x}_data) is not ndarray else "
            f"(_ref({x}_data), {x}_cell, {x}_cell[0]) if {x}_cell is not None else _glimpse({x})"
        )

    if len(inputs) == 2:  # one of them has a node
        lines = [
            f"if {x}_node is None: node.aside = "
            + (f"({operand(x)}, None)" if x == inputs[0] else f"(None, {operand(x)})")
            for x in noted
        ]
        return ["    " + lines[0], *("    el" + line for line in lines[1:])]
    parts = [
        f"None if {x}_node is not None else {operand(x)}" if x in noted else "None" for x in inputs
    ]
    return [
        f"    if {' or '.join(f'{x}_node is None' for x in noted)}:",
        f"        node.aside = ({', '.join(parts)},)",
    ]


def _versions_line(cells: list[str]) -> str:
    if not cells:
        return "    node.versions = None"
    if len(cells) == 1:
        return (
            f"    cell = {cells[0]}\n"
            "    node.versions = None if cell is None else ((cell, cell[0]),)"
        )
    # Numbers (0-d data) are immutable and have no cells: the common small case costs two tests.
    names = [f"cell{k}" for k in range(len(cells))]
    assigned = "; ".join(f"{n} = {c}" for n, c in zip(names, cells, strict=True))
    return (
        f"    {assigned}\n"
        f"    node.versions = None if {' and '.join(f'{n} is None' for n in names)} "
        f"else _snapshot({', '.join(names)})"
    )


def _node_fields(info: Primitive, shape: str, dtype: str) -> list[str]:
    statics = f"({', '.join(info.static_names)},)" if info.static_names else "()"
    return [
        f"    node.static = {statics}",
        f"    node.shape = {shape}; node.dtype = {dtype}",
        "    node.seq = next(counter); node.module = state.module; node.extra = None",
    ]


def _one_result(info: Primitive, first_data: str, first_cell: str) -> list[str]:
    lines = [
        *_dtype_lines(info),
        "    shape = out.shape",
        "    if not shape and type(out) is ndarray: out = out[()]",
        "    result = new(Tensor); result._data = out; result._index = 0",
        "    result._grad = result.name = None",
    ]
    if info.view:
        lines += [
            "    if not shape: result._version = None",
            f"    elif {first_cell} is not None and _shares(out, {first_data}):",
            f"        result._version = {first_cell}",
            "    else: result._version = [0]",
        ]
    else:
        lines.append("    result._version = [0] if shape else None")
    return lines


def _dtype_lines(info: Primitive) -> list[str]:
    """Integers do not widen floats; all it costs is a look at one input's dtype."""
    if not info.differentiable or (len(info.inputs) == 1 and not info.variadic):
        return []
    if info.variadic:
        first, data = "data[0]", "*data"
    else:
        first = f"{info.inputs[-1]}_data"
        for x in reversed(info.inputs[:-1]):
            first = f"{x}_data if {x}_is else {first}"
        data = ", ".join(f"{x}_data" for x in info.inputs)
    return [
        f"    t = type(out); first = {first}",
        "    if t is not type(first) or (t is ndarray and out.dtype is not first.dtype):",
        f"        out = without_widening(out, {data})",
    ]


def _many_results(
    info: Primitive, parents: str, indices: str, inputs: tuple[str, ...]
) -> list[str]:
    """Several outputs: a tuple of tensors that share one node. Generic, hence a little slower."""
    if info.variadic:
        arguments, data, nothing = info.variadic, "data", "not any_node"
    else:
        arguments = f"({', '.join(inputs)},)"
        data = f"({', '.join(f'{x}_data' for x in inputs)},)"
        nothing = " and ".join(f"{x}_node is None" for x in inputs)
    if not info.differentiable:
        nothing = "True"
    values, cells = [], []
    for name in info.saved_names:
        if name == "outs":
            values.append("outs")
            cells.append("*[r._version for r in results]")
        elif name[:3] == "out" and name[3:].isdigit():
            values.append(f"outs[{name[3:]}]")
            cells.append(f"results[{name[3:]}]._version")
        elif info.variadic:
            value, cell = _variadic_saved(info, name)
            values.append(value)
            if cell:
                cells.append(cell)
        else:
            value, cell = _saved_expression(info, name)
            values.append(value)
            if cell:
                cells.append(cell)
    saved = f"({', '.join(values)},)" if values else "None"
    return [
        "    outs = tuple([o[()] if type(o) is ndarray and not o.shape else o for o in out])",
        "    results = []",
        "    for k, o in enumerate(outs):",
        "        r = new(Tensor); r._data = o; r._index = k; r._grad = r.name = None",
        "        r._version = [0] if o.shape else None; r._node = None",
        "        results.append(r)",
        "    results = tuple(results)",
        "    state = local.state",
        f"    if ({nothing}) or not state.grad_enabled:",
        "        for r in results: r._index = 0",
        "        if state.recorder is not None:",
        f"            state.recorder(_info, None, outs, {arguments}, {data})",
        "        return results",
        "    node = new(_Node)",
        f"    node.parents = {parents}",
        f"    indices = {indices}",
        "    node.indices = indices if any(indices) else None",
        f"    node.saved = {saved}",
        f"    node.versions = _snapshot({', '.join(cells)})"
        if cells
        else "    node.versions = None",
        *_node_fields(info, "tuple([o.shape for o in outs])", "tuple([o.dtype for o in outs])"),
        "    for k, r in enumerate(results):",
        "        if k in _constants: r._index = 0",
        "        else: r._node = node",
        "    if state.recorder is not None:",
        f"        state.recorder(_info, node, outs, {arguments}, {data})",
        "    return results",
    ]


def _variadic_saved(info: Primitive, name: str) -> tuple[str, str | None]:
    xs = info.variadic
    if name == "out":
        return "out", "result._version"
    if name == xs:
        return "data", "*cells"
    if name == f"{xs}_shape":
        return "tuple([shape_of(d) for d in data])", None
    return "tuple([dtype_of(d) for d in data])", None


def _variadic_call(info: Primitive) -> str:
    xs = info.variadic
    lines = [
        f"def call({_signature(info)}):",
        "    any_tensor = any_node = False",
        "    nodes = []; data = []; indices = []; cells = []",
        f"    for k, x in enumerate({xs}):",
        "        t = type(x)",
        "        if t is Tensor or t in tensor_types:",
        "            any_tensor = True; node = x._node",
        "            if node is not None: any_node = True",
        "            nodes.append(node); data.append(x._data)",
        "            indices.append(x._index); cells.append(x._version)",
        "        else:",
        "            nodes.append(None); data.append(x); indices.append(0); cells.append(None)",
        "    if not any_tensor:",
        f"        try: return _raw(*{xs}{_statics(info)})",
        f"        except Exception as error: raise _fail(error, {xs})",
        f"    for k, x in enumerate({xs}):",
        "        t = type(x)",
        "        if t is not Tensor and t not in tensor_types:",
        f"            data[k] = coerce('{info.name}', f'{xs}[{{k}}]', x, *data)",
        "    data = tuple(data)",
        f"    try: out = _forward(*data{_statics(info)})",
        "    except Exception as error: raise _fail(error, data)",
    ]
    if info.outputs > 1:
        lines += _many_results(info, "tuple(nodes)", "tuple(indices)", info.inputs)
        return "\n".join(lines) + "\n"
    lines += _one_result(info, "data[0]", "cells[0]")
    nothing = "not any_node" if info.differentiable else "True"
    values, watched = [], []
    for name in info.saved_names:
        value, cell = _variadic_saved(info, name)
        values.append(value)
        if cell:
            watched.append(cell)
    saved = f"({', '.join(values)},)" if values else "None"
    lines += [
        "    state = local.state",
        f"    if {nothing} or not state.grad_enabled:",
        "        result._node = None",
        "        if state.recorder is not None:",
        f"            state.recorder(_info, None, (out,), {xs}, data)",
        "        return result",
        "    node = new(_Node)",
        "    node.parents = tuple(nodes)",
        "    node.indices = tuple(indices) if any(indices) else None",
        f"    node.saved = {saved}",
        f"    node.versions = _snapshot({', '.join(watched)})"
        if watched
        else "    node.versions = None",
        "    if None in nodes:",
        "        node.aside = tuple([",
        "            None if n is not None else d if type(d) is not ndarray",
        "            else _glimpse(x) if c is None else (_ref(d), c, c[0])",
        f"            for n, d, x, c in zip(nodes, data, {xs}, cells)])",
        *_node_fields(info, "shape", "out.dtype"),
        "    result._node = node",
        "    if state.recorder is not None:",
        f"        state.recorder(_info, node, (out,), {xs}, data)",
        "    return result",
    ]
    return "\n".join(lines) + "\n"


# The gradients ------------------------------------------------------------------------------------


def _rule_call(rule: Rule, name: str) -> str:
    return f"{name}({', '.join(rule.needs)})"


def _gradient_code(info: Primitive, namespace: dict[str, Any]) -> str:
    lines = ["def gradients(node, g, saved, needs):"]
    if info.saved_names:
        lines.append(f"    {', '.join(info.saved_names)}, = saved")
    rules = list(dict.fromkeys(info.rules.values()))
    needed = {need for rule in _rules(info) for need in rule.needs}
    for k, name in enumerate(info.static_names):
        if name in needed:
            lines.append(f"    {name} = node.static[{k}]")
    if info.before_rules is not None:
        namespace["_before"] = info.before_rules.function
        lines.append(f"    if type(g) is ndarray: g = {_rule_call(info.before_rules, '_before')}")
    if info.variadic:
        if info.variadic not in info.rules:
            lines.append(f"    raise _missing('{info.variadic}', node)")
        else:
            rule = info.rules[info.variadic]
            namespace["_rule_0"] = rule.function
            if rule.joint:
                lines += [
                    f"    several = {_rule_call(rule, '_rule_0')}",
                    "    if type(several) is not tuple or len(several) != len(needs):",
                    "        names = tuple([_info.input_name(k) for k in range(len(needs))])",
                    "        raise _wrong_count(names, several)",
                    "    return several",
                ]
                return "\n".join(lines) + "\n"
            lines += [
                f"    return tuple([None if need is None else {_rule_call(rule, '_rule_0')}",
                "                  for i, need in enumerate(needs)])",
            ]
        return "\n".join(lines) + "\n"
    lines.append(f"    {', '.join(f'need_{x}' for x in info.inputs)}, = needs")
    results: dict[str, str] = {}
    for k, rule in enumerate(rules):
        used = [x for x in rule.inputs if info.rules[x] is rule]
        namespace[f"_rule_{k}"] = rule.function
        call = _rule_call(rule, f"_rule_{k}")
        if rule.joint:
            some = " or ".join(f"need_{x} is not None" for x in used)
            names = ", ".join(f"joint_{x}" for x in rule.inputs)
            nones = ", ".join("None" for _ in rule.inputs)
            lines += [
                f"    if {some}:",
                f"        several = {call}",
                f"        if type(several) is not tuple or len(several) != {len(rule.inputs)}:",
                f"            raise _wrong_count({rule.inputs!r}, several)",
                f"        {names}, = several",
                f"    else: {names}, = {nones},",
            ]
            results.update({x: f"joint_{x} if need_{x} is not None else None" for x in used})
        else:
            results[rule.inputs[0]] = f"{call} if need_{rule.inputs[0]} is not None else None"
    for x in info.inputs:
        if x not in results:
            lines.append(f"    if need_{x} is not None: raise _missing('{x}', node)")
    returned = ", ".join(results.get(x, "None") for x in info.inputs)
    lines.append(f"    return ({returned},)")
    return "\n".join(lines) + "\n"
