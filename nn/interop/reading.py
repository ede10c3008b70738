"""From an exported graph of PyTorch to a `Program` of ours.

Three things happen on the way: every operator is looked up in the table (those not found are
decomposed by PyTorch if it can, else gathered, all of them); in-place operations become rebinding;
and the flat list of operations is grouped into calls of modules.
"""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nn.interop import operators
from nn.interop.export import decomposed
from nn.interop.grouping import grouped
from nn.interop.operators.complexes import ARITHMETIC, OF_REALS, TO_REALS
from nn.interop.program import (
    Constant,
    Dtype,
    Input,
    Operation,
    Program,
    State,
    Value,
    values_in,
)
from nn.interop.rebinding import STATE, Aliased, Rebinding
from nn.interop.sources import innermost

__all__ = ["Unknown", "numpy_dtype", "read"]

_MEMORY = ("device", "layout", "pin_memory", "memory_format", "non_blocking", "copy", "generator",
           "requires_grad")  # fmt: skip
#: Kept though nothing uses the result: what they do to statistics and to the random numbers.
_EFFECTS = ("batch_norm", "instance_norm", "native_batch_norm", "_native_batch_norm_legit")


@dataclass
class Unknown:
    """Operators that the table does not know."""

    entries: list[tuple[str, str, tuple[str, int]]] = field(default_factory=list)

    def add(self, what: str, path: str = "", place: tuple[str, int] = ("", 0)) -> None:
        if what.startswith("torch._functorch."):
            what = "torch.func.vmap, grad or the like: write the loop, or the batch, out"
        self.entries.append((what, path, place))

    def targets(self) -> set[Any]:
        return {target for *_, target in self.entries if hasattr(target, "_schema")}

    def message(self, model: str) -> str:
        """All of them, by operator: how often, and where for the first few."""
        counts = Counter(what for what, *_ in self.entries)
        lines = [
            f"from_torch: {model} uses {len(counts)} operator{'s' * (len(counts) != 1)} "
            "that nothing here computes:"
        ]
        for what, count in counts.most_common():
            lines.append(f"  {what}, {count} time{'s' * (count != 1)}")
            uses = [(path, place) for name, path, place in self.entries if name == what]
            for path, (file, line) in list(dict.fromkeys(uses))[:3]:
                where = f"{os.path.basename(file)}:{line}" if file else "an unknown line"
                lines.append(f"    in {path or 'the model itself'}, {where}")
        return "\n".join(lines)


def numpy_dtype(torch: Any, dtype: Any) -> np.dtype[Any]:
    """PyTorch's dtype as NumPy's.

    Raises:
        TypeError: for complex numbers, bfloat16 and others that are not computed with here.
    """
    name = str(dtype).removeprefix("torch.")
    known = ("float16", "float32", "float64", "bool", "uint8", "int8", "int16", "int32", "int64")
    if name not in known:
        raise TypeError(f"dtype {name} is not computed with here; known are {', '.join(known)}")
    return np.dtype(name)


def read(
    torch: Any, module: Any, exported: Any, args: Any, kwargs: Any, unknown: Unknown
) -> Program:
    """The program of an ``ExportedProgram``.

    Args:
        args, kwargs: what it was exported with, for the structure of the arguments.
        unknown: gathers the operators that are not known; the program is of use only if none is.
    """
    return _Reader(torch, module, exported, unknown).program(args, kwargs)


class _Reader:
    def __init__(self, torch: Any, module: Any, exported: Any, unknown: Unknown) -> None:
        self.torch = torch
        self.module = module
        self.exported = exported
        self.unknown = unknown
        self.library = os.path.dirname(torch.__file__) + os.sep
        self.paths = {path for path, _ in module.named_modules(remove_duplicate=False)}
        self.meaning: dict[Any, Any] = {}  # of nodes of the graph
        self.operations: list[Operation] = []
        self.stacks: list[tuple[tuple[str, str], ...]] = []
        self.decomposed: set[str] = set()
        self.metas: dict[str, Any] = {}
        self.taken: set[str] = set()
        self.shapes: dict[str, tuple[int | str, ...]] = {}
        self.numbers: dict[str, str] = {}
        self.placed: tuple[str, int] | None = None  # of an operator that is being decomposed

    def program(self, args: Any, kwargs: Any) -> Program:
        from torch.utils import _pytree as pytree

        self._inputs()
        result = self._graph(self.exported.graph_module, "", True, ())
        specs = self.exported.graph_signature.output_specs
        leaves = []
        for spec, leaf in zip(specs, result, strict=True):
            if spec.kind.name == "USER_OUTPUT":
                leaves.append(leaf)
            else:
                self.unknown.add(f"an output of kind {spec.kind.name}")
        if any(self._is_pair(leaf) for leaf in leaves):
            what = "an output of complex numbers: return its parts, as torch.view_as_real(z)"
            self.unknown.add(what)
        rebinding = Rebinding(self.shapes, self.metas)
        try:
            rebinding.run(self.operations, self.stacks)
            leaves = [rebinding.renamed(leaf) for leaf in leaves]
        except Aliased:
            model = rebinding.model
            place = ("", 0) if model is None else model.place
            what = "a write through a view that cannot be written back"
            path = rebinding.stack[-1][1] if rebinding.stack else ""
            self.unknown.add(what if model is None else f"{model.operator}: {what}", path, place)
        self.operations, self.stacks = rebinding.operations, rebinding.stacks
        self._drop_unused(leaves)
        _, spec = self.exported.call_spec
        tree = pytree.tree_unflatten(leaves, spec)
        root = grouped(self.operations, self.stacks, leaves, self.shapes, self.numbers)
        return Program(
            modes={
                path: bool(inner.training)
                for path, inner in self.module.named_modules(remove_duplicate=False)
            },
            root=root,
            inputs=tuple(self.user_inputs),
            arguments=self._arguments(args, kwargs),
            result=tree,
            constants=self.constants,
            guards=tuple(getattr(self.exported, "_guards_code", None) or ()),
            decomposed=tuple(sorted(self.decomposed)),
        )

    # Inputs

    def _inputs(self) -> None:
        """What the placeholders of the graph stand for."""
        self.constants: dict[str, np.ndarray[Any, Any]] = {}
        self.user_inputs: list[Input] = []
        placeholders = {n.name: n for n in self.exported.graph.nodes if n.op == "placeholder"}
        for spec in self.exported.graph_signature.input_specs:
            kind, name = spec.kind.name, spec.arg.name
            node = placeholders.get(name)
            if kind in ("PARAMETER", "BUFFER"):
                self.meaning[node] = state_of(spec.target)
            elif kind == "CONSTANT_TENSOR":
                self._constant(node, name, self.exported.constants[spec.target])
            elif kind == "USER_INPUT":
                self._user_input(spec.arg, name, node)
            else:
                self.unknown.add(f"an input of kind {kind}")
            if node is not None:
                known = f"{STATE}{spec.target}" if kind in ("PARAMETER", "BUFFER") else name
                self._note_sizes(known, node.meta.get("val"))
                self.taken.add(name)

    def _constant(self, node: Any, name: str, value: Any) -> None:
        if value.is_complex():
            value = self.torch.view_as_real(value.resolve_conj())
        try:
            numpy_dtype(self.torch, value.dtype)
            self.constants[name] = value.detach().cpu().numpy().copy()
        except TypeError as error:
            self.unknown.add(f"a constant whose {error}")
        self.meaning[node] = Constant(name)

    def _user_input(self, arg: Any, name: str, node: Any) -> None:
        value: Any = node.meta.get("val") if node is not None else None
        shape = dtype = None
        constant = getattr(arg, "value", None)
        if self.torch.is_tensor(value):
            shape = tuple(_size(n) for n in value.shape)
            try:
                dtype = numpy_dtype(self.torch, value.dtype)
            except TypeError as error:
                self.unknown.add(f"an input whose {error}")
        self.user_inputs.append(Input(name, name, shape, dtype, constant))
        if node is not None:
            self.meaning[node] = Value(name)

    def _arguments(self, args: Any, kwargs: Any) -> dict[str, Any]:
        from torch.utils import _pytree as pytree

        leaves, spec = pytree.tree_flatten((tuple(args), dict(kwargs)))
        numbered = pytree.tree_unflatten(list(range(len(leaves))), spec)
        bound = inspect.signature(self.module.forward).bind(*numbered[0], **numbered[1])
        return dict(bound.arguments)

    # Operations

    def _graph(
        self, module: Any, prefix: str, records: bool, outer: tuple[tuple[str, str], ...]
    ) -> list[Any]:
        """Read the nodes of a graph; returns what its outputs are."""
        result: list[Any] = []
        for node in module.graph.nodes:
            if node.op == "output":
                result = [self._argument(arg) for arg in _listed(node.args[0])]
            elif node.op == "get_attr":
                self._attribute(module, node, prefix)
            elif node.op == "call_function":
                self._call(module, node, prefix, records, self._stack(node, outer))
            elif node.op != "placeholder":
                self.unknown.add(node.op)
        return result

    def _attribute(self, module: Any, node: Any, prefix: str) -> None:
        value: Any = module
        for part in node.target.split("."):
            value = getattr(value, part)
        if self.torch.is_tensor(value):
            self._constant(node, prefix + node.name, value)
        else:
            self.meaning[node] = value

    def _stack(self, node: Any, outer: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        """Calls that the node is in, outermost first: a key for each, and the module's path."""
        stack = node.meta.get("nn_module_stack") or {}
        found = []
        for key, entry in stack.items():
            path = str(entry[0]).split("@")[0]
            if path and path in self.paths and entry[1] != entry[0]:
                found.append((str(key), path))
        if not stack or "_empty_nn_module_stack_from_metadata_hook" in stack:
            return self.stacks[-1] if self.stacks else outer
        return tuple(found)

    def _call(
        self, module: Any, node: Any, prefix: str, records: bool, stack: tuple[Any, ...]
    ) -> None:
        torch, target = self.torch, node.target
        path = stack[-1][1] if stack else ""
        place = self.placed or innermost(node.meta.get("stack_trace"), self.library)
        if isinstance(target, torch._ops.HigherOrderOperator):
            self._nested(module, node, prefix, records, stack, path, place)
            return
        name = self._name(prefix + node.name)
        operator = self._of_pairs(node, _operator_name(torch, target))
        if operator == "_operator.getitem":
            source = self.meaning.get(node.args[0])
            if isinstance(source, list):  # of a graph within the graph
                self.meaning[node] = source[node.args[1]]
                return
        self.meaning[node] = Value(name)
        if operators.is_check(operator):
            return
        function = operators.find(operator)
        operation = self._operation(node, name, operator, place, records, path)
        if operation is None:
            return
        if function is None or not _takes(function, operation):
            pairs = operator.startswith("complex::")
            if not pairs and self._decompose(node, prefix, records, stack, place):
                return
            known = "" if function is None else " with these arguments"
            if pairs:
                known = f" of complex numbers{known}: write it with real ones, as cos and sin"
            self.unknown.add(f"{_told(torch, target)}{known}", path, place)
        self.operations.append(operation)
        self.stacks.append(stack)

    def _of_pairs(self, node: Any, operator: str) -> str:
        """The operator's name where it has complex numbers, which are pairs here."""
        given = [self._is_complex(arg) for arg in node.args[:2]]
        comes, goes = any(map(self._is_complex, node.all_input_nodes)), self._is_complex(node)
        if operators.is_check(operator) or not (comes or goes):
            return operator
        name, _, overload = operator.partition(".")
        name = name if name.startswith("_") else name.rstrip("_")
        if name in ARITHMETIC:
            name += "_" + "".join("rc"[each] for each in given)
        elif not (comes or name in OF_REALS) or not (goes or name in TO_REALS):
            name += " between real and complex"
        return f"complex::{name}.{overload}"

    def _is_pair(self, leaf: Any) -> bool:
        meta: Any = self.metas.get(leaf.name) if isinstance(leaf, (Value, Constant)) else None
        return self.torch.is_tensor(meta) and bool(meta.is_complex())

    def _is_complex(self, node: Any) -> bool:
        value: Any = node.meta.get("val") if isinstance(node, self.torch.fx.Node) else None
        return self.torch.is_tensor(value) and bool(value.is_complex())

    def _decompose(
        self, node: Any, prefix: str, records: bool, stack: Any, place: tuple[str, int]
    ) -> bool:
        """Put PyTorch's own recipe in the place of an operator that is not known, if there is one."""
        graph = decomposed(self.torch, node)
        if graph is None:
            return False
        count = len(self.unknown.entries)
        kept = len(self.operations), dict(self.meaning)
        inputs = [arg for arg in node.all_input_nodes]
        placeholders = [n for n in graph.graph.nodes if n.op == "placeholder"]
        for placeholder, given in zip(placeholders, inputs, strict=True):
            self.meaning[placeholder] = self.meaning[given]
        before, self.placed = self.placed, place
        try:
            result = self._graph(graph, f"{prefix}{node.name}.", records, stack)
        finally:
            self.placed = before
        if len(self.unknown.entries) > count:  # the recipe needs what is not known either
            del self.unknown.entries[count:]
            del self.operations[kept[0] :]
            del self.stacks[kept[0] :]
            self.meaning = kept[1]
            return False
        single = self.torch.is_tensor(node.meta.get("val"))
        self.meaning[node] = result[0] if single else result
        self.decomposed.add(str(node.target))
        return True

    def _operation(
        self, node: Any, name: str, operator: str, place: tuple[str, int], records: bool, path: str
    ) -> Operation | None:
        try:
            args = tuple(self._argument(arg) for arg in node.args)
            kwargs = {
                key: self._argument(arg) for key, arg in node.kwargs.items() if key not in _MEMORY
            }
            operation = Operation(name, operator, args, kwargs, place, records)
            self._note_result(operation, node.meta.get("val"))
        except TypeError as error:
            self.unknown.add(f"{operator}: {error}", path, place)
            return None
        if operators.find(operator) and operators.is_creation(operator):
            if operation.dtype is not None and kwargs.get("dtype") is None:
                operation.kwargs["dtype"] = Dtype(operation.dtype)
        schema = getattr(node.target, "_schema", None)
        if schema is not None:
            arguments = [a for a in schema.arguments if a.alias_info is not None]
            operation.inplace = any(a.alias_info.is_write for a in arguments)
            operation.views = any(r.alias_info is not None for r in schema.returns)
        return operation

    def _note_result(self, operation: Operation, value: Any) -> None:
        if self.torch.is_tensor(value):
            sizes = tuple(_size(n) for n in value.shape)
            pair = (2,) * value.is_complex()
            operation.shape = tuple(n if isinstance(n, int) else None for n in sizes) + pair
            dtype = value.dtype.to_real() if pair else value.dtype
            operation.dtype = numpy_dtype(self.torch, dtype)
        self._note_sizes(operation.name, value)

    def _note_sizes(self, name: str, value: Any) -> None:
        self.metas[name] = value
        if self.torch.is_tensor(value):
            self.shapes[name] = tuple(_size(n) for n in value.shape) + (2,) * value.is_complex()
        elif isinstance(value, self.torch.SymInt):
            size = _size(value)
            if isinstance(size, str):
                self.numbers[name] = size

    def _nested(
        self,
        module: Any,
        node: Any,
        prefix: str,
        records: bool,
        stack: tuple[Any, ...],
        path: str,
        place: tuple[str, int],
    ) -> None:
        """A graph within the graph, put in its place: blocks of ``no_grad`` and ``autocast``."""
        kind = getattr(node.target, "__name__", str(node.target))
        if kind == "wrap_with_set_grad_enabled":
            enabled, inner, *inputs = node.args
            records = bool(enabled)
        elif kind == "wrap_with_autocast":
            _, _, enabled, _, inner, *inputs = node.args
            if enabled:
                self.unknown.add("autocast to a shorter dtype", path, place)
        else:
            self.unknown.add(f"control flow ({kind})", path, place)
            self.meaning[node] = [Value(node.name)] * 64
            return
        graph = self.meaning[inner]
        placeholders = [n for n in graph.graph.nodes if n.op == "placeholder"]
        for placeholder, given in zip(placeholders, inputs, strict=True):
            self.meaning[placeholder] = self._argument(given)
        self.meaning[node] = self._graph(graph, f"{prefix}{node.name}.", records, stack)

    def _name(self, wanted: str) -> str:
        name, count = wanted, 1
        while name in self.taken:
            count += 1
            name = f"{wanted}.{count}"
        self.taken.add(name)
        return name

    def _argument(self, arg: Any) -> Any:
        torch = self.torch
        if isinstance(arg, torch.fx.Node):
            return self.meaning[arg]
        if isinstance(arg, (list, tuple)):
            return [self._argument(part) for part in arg]
        if isinstance(arg, dict):
            return {key: self._argument(part) for key, part in arg.items()}
        if isinstance(arg, slice):
            return slice(*(self._argument(part) for part in (arg.start, arg.stop, arg.step)))
        if isinstance(arg, torch.dtype):
            return Dtype(numpy_dtype(torch, arg.to_real() if arg.is_complex else arg))
        if isinstance(arg, (torch.device, torch.layout, torch.memory_format)):
            return None
        if isinstance(arg, complex):
            raise TypeError("complex numbers are not computed with here")
        if arg is None or isinstance(arg, (bool, int, float, str)):
            return arg
        raise TypeError(f"an argument of type {type(arg).__name__} is not known")

    # Afterwards

    def _drop_unused(self, leaves: list[Any]) -> None:
        needed = set(values_in(leaves))
        kept: list[int] = []
        for k in reversed(range(len(self.operations))):
            operation = self.operations[k]
            if operation.name in needed or operation.writes is not None or _has_effect(operation):
                kept.append(k)
                needed.update(values_in((operation.args, operation.kwargs)))
        kept.reverse()
        self.operations = [self.operations[k] for k in kept]
        self.stacks = [self.stacks[k] for k in kept]


def _has_effect(operation: Operation) -> bool:
    from nn.interop.operators import creation

    name = operation.operator.partition(".")[0]
    found = operators.key(operation.operator)
    return name in _EFFECTS or found in creation.RANDOM or found in creation.RANDOM_CREATION


def _takes(function: Callable[..., Any], operation: Operation) -> bool:
    try:
        signature = inspect.signature(function)
    except ValueError:  # some functions of C show none
        return True
    try:
        kwargs = {key: value for key, value in operation.kwargs.items() if key != "out"}
        signature.bind(*operation.args, **kwargs)
    except TypeError:
        return False
    return True


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def state_of(target: str) -> State:
    """A parameter or buffer, of its dotted path."""
    path, _, name = target.rpartition(".")
    return State(path, name)


def _size(n: Any) -> int | str:
    """A size, or the expression of symbols that it is."""
    if isinstance(n, int):
        return n
    expression = n.node.expr
    return int(expression) if getattr(expression, "is_number", False) else str(expression)


def _operator_name(torch: Any, target: Any) -> str:
    if isinstance(target, torch._ops.OpOverload):
        name = target.name()  # "aten::conv2d" or "aten::sum.dim_IntList"
        namespace, _, rest = name.partition("::")
        rest = rest if "." in rest else f"{rest}.default"
        return rest if namespace == "aten" else f"{namespace}::{rest}"
    return f"{getattr(target, '__module__', '')}.{getattr(target, '__name__', target)}"


def _told(torch: Any, target: Any) -> str:
    if isinstance(target, torch._ops.OpOverload):
        return str(target)
    return _operator_name(torch, target)
