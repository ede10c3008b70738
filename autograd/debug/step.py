"""One step of a paused backward pass, ready to be read and checked."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import text
from autograd.arguments.window import Window
from autograd.core.node import Leaf
from autograd.core.primitive import Primitive
from autograd.debug.checking import StepCheck, check_step
from autograd.debug.names import GraphNames
from autograd.engine import Contribution
from autograd.engine import Step as EngineStep

__all__ = ["Sent", "Step"]

#: A sentence spells out arrays of so many elements.
_SAID = 4


class Sent:
    """What a step sent to one parent: ``before + contribution = after``.

    Attributes:
        name: the input's name in the primitive, such as ``x``.
        target: what the parent is called.
        before: the parent's gradient so far, None if this is the first contribution.
        contribution, after: arrays, of the parent's shape.
        parent, index, position: the parent node, which of its outputs, which input of the step's.
    """

    def __init__(self, given: Contribution, info: Primitive, target: str) -> None:
        self.name = given.name
        self.target = target
        self._info = info
        self.before = _raw(given.before)
        self.contribution = _raw(given.value)
        self.after = _raw(given.after)
        self.parent = given.parent
        self.index = given.index
        self.position = given.position

    @property
    def rule(self) -> str:
        """The gradient rule as written in the source."""
        return self._info.rule_source(self.name)

    @property
    def formula(self) -> str:
        """The rule in a formula, if its source has one; else an empty string."""
        return self._info.rule_formula(self.name)

    def sentence(self) -> str:
        """``sends −3 to a; 1 + −3 = −2``."""
        value = text.array(self.contribution, _SAID)
        if np.size(self.contribution) > _SAID:
            value = f"a gradient of {value},"
        first = f"sends {value} to {self.target}"
        if self.before is None:
            return f"{first}, its first"
        if np.size(self.after) > _SAID:
            return f"{first}, added to what was there"
        return (
            f"{first}; {text.array(self.before)} + {text.array(self.contribution)} = "
            f"{text.array(self.after)}"
        )


class Step(text.Page):
    """A step of ``Backprop``: prints itself, also in notebooks.

    Attributes:
        number, total: which step of how many, from 1.
        op: name of the primitive whose rules ran; ``module``: where; ``node``: the graph's node.
        name: what its result is called; empty where it has no name.
        gradient: the incoming gradient (a tuple for several outputs).
        saved: the values that the rules used, by name.
        sent: a ``Sent`` for every parent that needs a gradient.
        record: what ``record()`` kept, or None.
    """

    def __init__(self, step: EngineStep, total: int, names: GraphNames) -> None:
        self.number = step.number + 1
        self.total = total
        self.node = step.node
        self.op = step.node.primitive.name
        self.name = names.of_node(step.node)
        self.title = names.title(step.node)
        self.module = step.node.module
        self.gradient = _raw(step.gradient)
        self.saved = {name: _raw(value) for name, value in step.saved.items()}
        self.record = step.node.record
        self._labels = (
            () if self.record is None
            else tuple([self._label(k, names) for k in range(len(self.record.inputs))])
        )  # fmt: skip
        self.sent = [
            Sent(c, step.node.primitive, self._target(c, names)) for c in step.contributions
        ]

    def _label(self, position: int, names: GraphNames) -> str:
        """An operand by the primitive's name for it, and by the user's: ``x (images)``."""
        argument = self.node.primitive.input_name(position)
        parent = self.node.parents[position]
        name = None
        if parent is not None:
            name = names.of(parent, self.node.index_of_parent(position))
        if not name and (parent is None or type(parent) is Leaf):
            name = self.record.names[position]
        return argument if name in (None, "", argument) else f"{argument} ({name})"

    def _target(self, sent: Contribution, names: GraphNames) -> str:
        known = names.of(sent.parent, sent.index)
        if not known and type(sent.parent) is Leaf and self.record is not None:
            known = self.record.names[sent.position] or ""
        return known or names.target(sent.parent, sent.index)

    def values(self) -> dict[str, Any]:
        """Recorded inputs and output by the names the user's code has for them."""
        if self.record is None:
            return {}
        named = [label.partition(" (")[2].removesuffix(")") or label for label in self._labels]
        found = dict(zip(named, self.record.inputs, strict=True))
        return found | ({self.name: self.record.value} if self.name else {})

    def matches(self, op: str | None = None, module: str | None = None) -> bool:
        """True for a step of that primitive (any of its names), in that module or below it."""
        info = self.node.primitive
        if op is not None and op != info.name and op not in info.aliases:
            return False
        return module is None or self.module == module or self.module.startswith(f"{module}.")

    def where(self) -> str:
        """The user's line; if it was not recorded, how to have it recorded."""
        if self.record is None:
            return "not recorded (build the graph inside `with autograd.debug.record():`)"
        return str(self.record.where())

    def sentence(self) -> str:
        """The step in one sentence, as it is announced."""
        said = "; ".join(sent.sentence() for sent in self.sent) or "sends nothing"
        return f"step {self.number} of {self.total}: {self.title} {said}"

    def text(self, plain: bool = False) -> str:
        """The step in full: gradient, rules, numbers put in, before + contribution = after."""
        inside = f" in {self.module}" if self.module else ""
        lines = [
            f"step {self.number} of {self.total}: {self.title}{inside}, output {_shape(self.node)}",
            f"  your line  {self.where()}",
        ]
        if self.record is not None:
            lines += [
                f"  {label} = {text.array(value)}"
                for label, value in zip(self._labels, self.record.inputs, strict=True)
                if value is not None
            ] + [f"  output = {text.array(self.record.value)}"]
        lines.append(f"  gradient coming in: {self._arrived()}")
        for sent in self.sent:
            lines.append(f"  to {sent.target} (as {sent.name})")
            lines += text.rule_lines(sent.rule, "    ", sent.formula)
            used = self._used(sent)
            if used:
                lines += _wrapped("    with ", [self._g(), *used], ", ")
            before = "nothing yet" if sent.before is None else text.array(sent.before)
            lines += _wrapped("    ", [f"before: {before}",
                                       f"+ contribution: {text.array(sent.contribution)}",
                                       f"= after: {text.array(sent.after)}"], "   ")  # fmt: skip
        said = "\n".join(lines)
        return text.plain(said) if plain else said

    def _arrived(self) -> str:
        """What came in; of several outputs, those that anything came for."""
        if not isinstance(self.gradient, tuple):
            return text.array(self.gradient)
        unused = [f"g[{k}]" for k, g in enumerate(self.gradient) if g is None]
        return self._g() + (f"; nothing for {' and '.join(unused)}" if unused else "")

    def _g(self) -> str:
        """``g = 1``, or ``g[0] = 1`` of several outputs."""
        if not isinstance(self.gradient, tuple):
            return f"g = {text.array(self.gradient)}"
        return ", ".join(
            f"g[{k}] = {text.array(g)}" for k, g in enumerate(self.gradient) if g is not None
        )

    def _used(self, sent: Sent) -> list[str]:
        rule = self.node.primitive.rule_for(sent.position)
        statics = self.node.static_values()
        parts, short = [], []
        for name in () if rule is None else rule.needs:
            if name in self.saved:
                value = self.saved[name]
                if value is None or name.endswith(("_shape", "_dtype")):
                    short.append(f"{name} = {value}")
                else:
                    parts.append(f"{name} = {text.array(value)}")
            elif name in statics:
                value = statics[name]
                shown = value.shown() if isinstance(value, Window) else {name: value}
                short += [f"{part} = {_static(one)}" for part, one in shown.items()]
            elif name == "i":
                short.append(f"i = {sent.position}")
        if short:
            parts.append(", ".join(short))
        return parts

    def check(self, limit: int | None = None) -> StepCheck:
        """Compare the rules of this step with numerical differences, in float64.

        Each rule is tried with the gradient that came in and with a random one (the same each
        time), since ones and zeros hide most mistakes.

        Args:
            limit: elements looked at in each input: those with the largest gradients, and others
                at random. Default 200, and fewer where arrays are so large that it would take long.

        Returns:
            A ``StepCheck``: true if all is right; prints the wrong rule, the worst element and
            both values. It says *kink* where the function has no gradient, *border of the domain*
            where it has no finite value on one side, and what could not be tried.
        """
        return check_step(self, limit)


def _raw(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_raw(v) for v in value])
    return getattr(value, "_data", value)


def _shape(node: Any) -> str:
    if type(node) is Leaf or node.primitive.outputs == 1:
        return f"{node.shape} {node.dtype}"
    return " and ".join(f"{s} {d}" for s, d in zip(node.shape, node.dtype, strict=True))


def _static(value: Any) -> str:
    said = repr(value) if not hasattr(value, "shape") else f"array of shape {value.shape}"
    return said if len(said) <= 60 else f"{said[:57]}…"


def _wrapped(head: str, parts: list[str], between: str) -> list[str]:
    """The parts in one line, or each in its own if that would be too long."""
    line = head + between.join(parts)
    if len(line) <= text.WIDTH:
        return [line]
    indent = " " * len(head)
    return [(indent if k else head) + part for k, part in enumerate(parts)]
