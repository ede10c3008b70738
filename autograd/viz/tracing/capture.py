"""From tensors to a trace: walking the graph, finding names, and taking the backward pass dry.

Nothing here recurses, and nothing changes what it looks at: the dry run keeps the graph's saved
values and never commits a gradient.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from autograd.arguments.window import Window
from autograd.core.node import FREED, Leaf, Node
from autograd.core.tensor import Tensor
from autograd.debug.names import Names
from autograd.engine import BackwardPass, seed_for
from autograd.engine import Step as EngineStep
from autograd.module_paths import ModulePath
from autograd.viz import words
from autograd.viz.tracing.selection import EARLIER, Selection, is_parameter
from autograd.viz.tracing.trace import (
    SMALL,
    Contribution,
    Edge,
    Step,
    Summary,
    Trace,
    TraceNode,
    name_of_dtype,
    summarize,
)

#: What is given for these arguments comes from outside of the module that has the loss.
_DATA_ARGUMENTS = ("targets",)
#: Modules nested deeper than this are drawn as part of the one around them.
DEEPEST = 16

# -- the graph ----------------------------------------------------------------------------------


class Capture:
    """A trace of everything that a tensor was computed from.

    Args:
        root: the tensor to look back from.
        names: where names come from.
        small: up to how many elements numbers are kept.
        title: of the picture.
        most: how many nodes are looked at, those made last; one more stands for all others. None
            for all.

    Raises:
        TypeError: if ``root`` is not a tensor.
    """

    def __init__(
        self,
        root: Tensor,
        names: Names | None = None,
        *,
        small: int = SMALL,
        title: str = "",
        most: int | None = None,
    ) -> None:
        if not isinstance(root, Tensor):
            if callable(root):
                raise TypeError(
                    f"a graph is drawn of what was computed, not of {type(root).__name__} itself: "
                    "call it first, as in viz.graph(model(x)); viz.summary(model, x.shape) is the "
                    "table of its layers"
                )
            raise TypeError(f"a graph is drawn of a Tensor; got {type(root).__name__}")
        self.root = root
        self.names = names or Names()
        self.small = small
        self.ids: dict[Any, int] = {}
        self._constants: dict[int, int] = {}
        self._held: list[Any] = []  # ids of arrays stay taken while they are in use here
        self._callers: set[int] = set()  # constants that the caller has a variable for
        self._values: dict[tuple[int, int], Any] = {}
        self._counted: set[int] = set()
        self._rules: dict[tuple[Any, str], str] = {}
        self._earlier_id = 0  # the node that stands for what is left out; 0 for none
        self._operands: int | None = None
        self._deep = False  # whether modules are nested deeper than is drawn
        self.trace = Trace([], [], title=title)
        if root._node is None:
            self._lonely()
        else:
            chosen = Selection(root._node, most)
            looked_at = [node for node in chosen.nodes if node is not EARLIER]
            self.names.learn(looked_at)
            self._find_values(looked_at)
            self._operands = chosen.operands
            for node in chosen.nodes:
                if node is EARLIER:
                    self._earlier(chosen.omitted)
                elif isinstance(node, Leaf):
                    self._leaf(node)
                else:
                    self._operation(node)
            self._settle_modules()
            self.trace.note = self._limits()
        last = self.trace.nodes[-1]
        if last.op:
            last.kind = "output"

    def _add(self, kind: str, label: str, shape: Any, dtype: Any, **details: Any) -> TraceNode:
        sizes = tuple(int(length) for length in shape)
        node = TraceNode(
            len(self.trace.nodes) + 1, kind, label, shape=sizes, dtype=name_of_dtype(dtype)
        )
        for field, value in details.items():
            setattr(node, field, value)
        self.trace.nodes.append(node)
        return node

    def _lonely(self) -> None:
        """A tensor without history: one node."""
        root = self.root
        name = root.name or self.names.of_array(root._data)
        self._add(
            "constant",
            "constant",
            root.shape,
            root.dtype,
            name=name,
            value=self._summary(root._data),
        )

    def _summary(self, array: Any) -> Summary | None:
        return None if array is None else summarize(array, self.small)

    def _earlier(self, omitted: Any) -> None:
        """One node for all that is left out."""
        node = self._add("earlier", omitted.title, (), "", name=omitted.title)
        self._earlier_id = node.id
        self.trace.omitted = omitted

    def _limits(self) -> str:
        """What is not shown of a big graph, and how to see more."""
        said = []
        if self.trace.omitted is not None:
            said.append(
                f"only the newest {len(self.trace.nodes) - 1:,} nodes are looked at; most=None "
                "takes all, and the same call with a tensor on the way what led to it"
            )
        if self._deep:
            said.append(f"modules nested more than {DEEPEST} deep are part of the one around them")
        return "; ".join(said)

    def _find_values(self, order: list[Any]) -> None:
        """Find outputs that somebody still holds: live tensors, or what was saved for rules."""
        values = self._values
        for node in order:
            if isinstance(node, Leaf):
                continue
            if (number := getattr(node, "number", None)) is not None:
                values[id(node), 0] = number
            for name, array in saved_arrays(node).items():
                if name == "out":
                    values[id(node), 0] = array
                elif name.startswith("outs["):
                    values[id(node), int(name[5:-1])] = array
                else:
                    position = _position(node, name)
                    if position is not None and node.parents[position] is not None:
                        key = id(node.parents[position]), node.index_of_parent(position)
                        values.setdefault(key, array)
        for key, tensor in self.names.tensors.items():
            values[key] = tensor._data
        values[id(self.root._node), self.root._index] = self.root._data

    def _leaf(self, leaf: Leaf) -> None:
        tensor = leaf.tensor()
        if tensor is None:  # its gradient is of no use to anybody any more
            value = self._values.get((id(leaf), 0))
            node = self._add(
                "input", "leaf", leaf.shape, leaf.dtype,
                name=leaf.given_name or "", value=self._summary(value),
            )  # fmt: skip
        else:
            name = leaf.given_name or self.names.of_node(leaf)
            node = self._add(
                "parameter" if is_parameter(tensor) else "input",
                "leaf",
                leaf.shape,
                leaf.dtype,
                name=name,
                value=self._summary(tensor._data),
                gradient_state="none" if tensor._grad is None else "value",
            )
            if tensor._grad is not None:
                node.gradient = self._summary(tensor._grad._data)
                node.backward_calls = leaf.passes
        self.ids[leaf] = node.id

    def _operation(self, operation: Node) -> None:
        sources = list(self._sources(operation))
        saved = saved_arrays(operation)
        index = self._output_to_show(operation)
        record = operation.record
        value = self._values.get((id(operation), index))
        if value is None and record is not None:
            value = record.value[index] if isinstance(record.value, tuple) else record.value
        node = self._add(
            "op",
            operation.primitive.name,
            operation.shape_of(index),
            operation.dtype_of(index),
            op=operation.primitive.name,
            module=self._module(operation),
            name=self._result_name(operation),
            statics=_statics(operation),
            value=self._summary(value if _is_numeric(value) else None),
            kept_bytes=self._kept_bytes(saved.values()),
            where=_where(record),
        )
        self._retained_gradient(operation, node)
        self.ids[operation] = node.id
        for source, argument in sources:
            self.trace.edges.append(Edge(source, node.id, argument))

    def _module(self, operation: Node) -> str:
        """The path of the module around an operation; what stands there and above is noted."""
        path = operation.module or ""
        if path.count(".") >= DEEPEST:
            shorter = ".".join(path.split(".", DEEPEST)[:DEEPEST])
            path = ModulePath(shorter, path.table) if isinstance(path, ModulePath) else shorter
            self._deep = True
        if isinstance(path, ModulePath):
            known = str(path)
            while known and known not in self.trace.classes:
                if known in path.table:
                    self.trace.classes[known] = path.table[known]
                known = known.rpartition(".")[0]
        return str(path)

    def _output_to_show(self, operation: Node) -> int:
        """Which of an operation's outputs is drawn: the one asked for, else the first one known."""
        if operation is self.root._node:
            return self.root._index
        known = (
            each
            for each in range(operation.primitive.outputs)
            if (id(operation), each) in self._values
        )
        return next(known, 0)

    def _result_name(self, operation: Node) -> str:
        if operation is self.root._node and self.root.name:
            return self.root.name
        return self.names.of_node(operation)

    def _retained_gradient(self, operation: Node, node: TraceNode) -> None:
        if operation.extra is None:
            return
        for reference in operation.extra.retained.values():
            tensor = reference()
            if tensor is not None:
                node.gradient_state = "none" if tensor._grad is None else "value"
                if tensor._grad is not None:
                    node.gradient = self._summary(tensor._grad._data)
                return

    def _sources(self, operation: Node) -> Iterator[tuple[int, str]]:
        """Ids and argument names of what an operation took, constants included where known."""
        info, record = operation.primitive, operation.record
        saved = saved_arrays(operation)
        beyond = len(operation.parents) if self._operands is None else self._operands
        lumped = False
        for position, parent in enumerate(operation.parents):
            if position >= beyond or (parent is not None and parent not in self.ids):
                if not lumped:
                    yield self._earlier_id, ""
                lumped = True
                continue
            argument = info.input_name(position)
            noted = record.inputs[position] if record is not None else None
            if parent is not None:
                yield self.ids[parent], argument
                continue
            name = (record.names[position] or "") if record is not None else ""
            aside, unchanged = operation.constant_aside(position)
            found, value = aside, aside if unchanged else noted
            if argument in saved:
                found = value = saved[argument]
            elif aside is None:
                found = value = noted
            if found is not None:
                if type(found) in (bool, int, float):  # a plain number takes the tensors' type
                    value = np.asarray(found, operation.dtype_of(0))
                yield self._constant(found, argument, name, value), argument
            elif argument not in info.optional and info.variadic is None:
                # An operand that no rule asked for: it was there, but nobody kept it.
                label = _constant_label(argument, "operand")
                yield self._add("constant", label, (), "").id, argument

    def _constant(self, array: Any, argument: str, name: str, value: Any) -> int:
        """The node of a constant; ``value`` is what it held when used, None if that is not known.

        What a tensor holds is one node however often it is used; a Python number is one each time.
        """
        shared = isinstance(array, (np.ndarray, np.generic))
        if shared and id(array) in self._constants:
            node = self.trace.node(self._constants[id(array)])
            if node.value is None:
                node.value = self._summary(value)
            return node.id
        callers = self.names.of_array(array)
        node = self._add(
            "constant",
            _constant_label(argument, "array"),
            np.shape(array),
            array.dtype if shared else value.dtype,
            name=callers or name,
            value=self._summary(value),
        )
        if callers:
            self._callers.add(node.id)
        if node.value is not None and not node.shape:
            node.label = "number"
        if shared:
            self._constants[id(array)] = node.id
            self._held.append(array)
        return node.id

    def _kept_bytes(self, arrays: Iterable[Any]) -> int:
        """Memory held for backward; what several nodes hold counts at the first."""
        total = 0
        for array in arrays:
            if isinstance(array, np.ndarray) and id(array) not in self._counted:
                self._counted.add(id(array))
                total += array.nbytes
        return total

    def _settle_modules(self) -> None:
        """Put leaves into the module that alone uses them; call unnamed ones by their argument."""
        users: dict[int, list[Edge]] = {}
        for edge in self.trace.edges:
            users.setdefault(edge.source, []).append(edge)
        carrying = self._carrying()
        fed = self._fed_layers()
        for node in self.trace.nodes:
            if node.op or node.id not in users or node.kind == "earlier":
                continue
            modules = {self.trace.node(edge.target).module for edge in users[node.id]}
            if len(modules) == 1 and node.kind == "parameter":
                node.module = modules.pop()
            elif node.kind == "constant" and (
                (modules <= fed and node.id not in self._callers)
                or not self._from_outside(node, users, carrying)
            ):
                node.module = _around(modules)
            if not node.name and node.label == "leaf":
                arguments = {edge.argument for edge in users[node.id]}
                if node.kind == "parameter" and len(arguments) == 1:
                    node.label = arguments.pop()

    def _fed_layers(self) -> set[str]:
        """Layers that another operation hands something to: all else is their own, as are the
        running statistics of a batch norm."""
        fed = set()
        for edge in self.trace.edges:
            source, module = self.trace.node(edge.source), self.trace.node(edge.target).module
            info = self.trace.classes.get(module)
            made = source.op or source.kind == "earlier"
            if info is not None and info.leaf and made and source.module != module:
                fed.add(module)
        return fed

    def _carrying(self) -> dict[int, int]:
        """How many operands of each operation carry data: arrays that are no parameters, or what
        was computed from such."""
        count: dict[int, int] = {}
        for edge in self.trace.edges:  # in the order of their targets, so parents come first
            source = self.trace.node(edge.source)
            array = not source.op and source.kind != "parameter" and source.label != "number"
            known = source.dtype != "" or source.kind == "earlier"
            carries = count.get(source.id, 0) > 0 if source.op else array and known
            count[edge.target] = count.get(edge.target, 0) + carries
        return count

    def _from_outside(
        self, node: TraceNode, users: dict[int, list[Edge]], carrying: dict[int, int]
    ) -> bool:
        """Whether a constant came into the module that uses it: the caller has a variable for it,
        or it is what the module computes with, which then has nothing else but parameters."""
        if node.id in self._callers:
            return True
        if node.label == "number" or not node.dtype:
            return False
        return any(
            edge.argument in _DATA_ARGUMENTS or carrying[edge.target] == 1
            for edge in users[node.id]
        )

    # -- the backward pass ----------------------------------------------------------------------

    def take_steps(self, gradient: Any = None, timed: bool = False) -> Trace:
        """Take the backward pass and note its steps.

        No ``.grad`` changes, and the graph stays usable.
        ``timed`` also notes how long each rule took, which no two runs agree on.

        Raises RuntimeError when the root needs a gradient to begin with, has no history, or its
        graph was already used up by ``backward()``.
        """
        seed = seed_for("viz", self.root, gradient, False)
        work = BackwardPass([self.root], [seed], retain_graph=True)
        started = time.perf_counter()
        try:
            for step in work.steps(observe=True):
                if step.node not in self.ids:  # the kept operations come first
                    break
                duration = time.perf_counter() - started
                noted = self._step(step)
                if timed:
                    noted.seconds = self.trace.node(noted.node).seconds = duration
                self.trace.steps.append(noted)
                started = time.perf_counter()
            self._note_hooks(work)
        except RuntimeError as error:
            if "second time" in str(error):
                raise RuntimeError(
                    "the graph was already used by backward(), which released what its rules need: "
                    "step through it before backward(), or call backward(retain_graph=True)"
                ) from error
            raise
        return self.trace

    def _rule(self, primitive: Any, name: str) -> str:
        """The source of a rule, which takes a while to find."""
        key = primitive, name.partition("[")[0]
        if key not in self._rules:
            self._rules[key] = primitive.rule_source(name)
        return self._rules[key]

    def _note_hooks(self, work: BackwardPass) -> None:
        """Say so where a leaf's hook made its gradient another than what arrived."""
        if self.trace.omitted is not None:  # nor is any leaf's gradient the whole
            return
        arrived = self.trace.arrived()
        changed = []
        for leaf, gradient in work.leaf_gradients.items():
            if leaf.extra is not None and leaf.extra.hooks:
                final = self._summary(gradient)
                if final != arrived.get(self.ids[leaf]):
                    name = words.reference(self.trace.node(self.ids[leaf]))
                    changed.append(f"a hook makes the gradient of {name} {words.brief(final)}")
        self.trace.note = "; ".join(filter(None, (self.trace.note, *changed)))

    def _step(self, step: EngineStep) -> Step:
        several = isinstance(step.gradient, tuple)
        given = step.gradient if several else (step.gradient,)
        arrived = [(index, each) for index, each in enumerate(given) if each is not None]
        inputs = {
            name: summarize(value, self.small)
            for name, value in _flat(step.saved)
            if _is_numeric(value)
        }
        for index, each in arrived[1:]:
            inputs[f"g[{index}]"] = summarize(each, self.small)
        return Step(
            number=step.number + 1,
            node=self.ids[step.node],
            incoming=self._summary(arrived[0][1]) if arrived else None,
            rules={
                each.name: self._rule(step.node.primitive, each.name) for each in step.contributions
            },
            formulas={
                each.name: said
                for each in step.contributions
                if (said := step.node.primitive.rule_formula(each.name))
            },
            inputs=inputs,
            contributions=self._contributions(step.contributions),
        )

    def _contributions(self, sent: Iterable[Any]) -> list[Contribution]:
        """What a step sends to whom; what goes to all that is left out, as one without numbers."""
        told: list[Contribution] = []
        lumped = False
        for each in sent:
            parent = self.ids.get(each.parent)
            beyond = self._operands is not None and len(told) - lumped >= self._operands
            if parent is None or beyond:
                if not lumped:
                    told.append(Contribution(self._earlier_id, "", None, None, None))
                lumped = True
                continue
            told.append(
                Contribution(
                    parent=parent,
                    argument=each.name,
                    before=self._summary(each.before),
                    contribution=self._summary(each.value),
                    after=self._summary(each.after),
                )
            )
        return told


def _constant_label(argument: str, otherwise: str) -> str:
    """A name for an unnamed constant: its argument's, unless that could be taken for a variable."""
    return argument if len(argument.partition("[")[0]) > 2 else otherwise


def _around(modules: set[str]) -> str:
    """The path of the innermost module that is around all of these."""
    first, *others = (path.split(".") for path in sorted(modules))
    depth = len(first)
    for parts in others:
        while first[:depth] != parts[:depth]:
            depth -= 1
    return ".".join(first[:depth])


def saved_arrays(node: Node) -> dict[str, Any]:
    """What a node saved for its rules, by name; ``xs[1]`` and ``outs[0]`` for several."""
    if node.saved is None or node.saved is FREED:
        return {}
    return dict(_flat(dict(zip(node.plan.saved_names, node.saved, strict=True))))


def _flat(saved: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in saved.items():
        if name.endswith(("_shape", "_dtype")) or value is None:
            continue
        if isinstance(value, tuple):
            yield from ((f"{name}[{place}]", each) for place, each in enumerate(value))
        else:
            yield name, value


def _is_numeric(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.dtype != object
    return isinstance(value, (np.generic, bool, int, float))


def _position(node: Node, name: str) -> int | None:
    info = node.primitive
    if info.variadic:
        prefix, _, rest = name.partition("[")
        return int(rest[:-1]) if prefix == info.variadic and rest else None
    return info.inputs.index(name) if name in info.inputs else None


def _statics(node: Node) -> dict[str, str]:
    """Static parameters that differ from their defaults, as short text."""
    defaults = node.primitive.static_defaults
    result = {}
    shown: dict[str, Any] = {}
    for name, value in node.static_values().items():  # a window by its parts, such as its stride
        shown |= value.shown() if isinstance(value, Window) else {name: value}
    for name, value in shown.items():
        default = defaults.get(name, _statics)
        if value is default:
            continue
        if isinstance(value, (np.ndarray, Tensor)):
            result[name] = f"array of shape {value.shape}"
        elif callable(value):
            result[name] = getattr(value, "__name__", type(value).__name__)
        elif not (type(value) is type(default) and value == default):
            text = repr(value)
            result[name] = text if len(text) <= 40 else text[:37] + "..."
    return result


def _where(record: Any) -> str:
    """The user's file and line, where a debug record knows them."""
    return record.where() if record is not None and record.filename else ""
