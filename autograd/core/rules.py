"""Gradient rules (VJPs): what they ask for, what a call saves for them, how they are run.

The parameter names of a rule declare what it needs; ``primitive`` lists them. What follows from all
rules of a primitive is its ``Plan``: which values a node saves, and a function that runs the rules
on them. It is made when the primitive is first recorded, and anew after a rule was replaced; nodes
keep the plan that they were made with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.half import HALF, single

if TYPE_CHECKING:
    from autograd.core.node import Node
    from autograd.core.primitive import Primitive

__all__ = ["Plan", "Rule", "unrounded"]

Cell = list[int] | None
Gradients = Callable[[Any, Any, Any, Any], tuple[Any, ...]]


class Rule:
    """A gradient rule: the function, the inputs it gives gradients for, the names it needs."""

    __slots__ = ("function", "inputs", "joint", "needs")

    def __init__(
        self, function: Callable[..., Any], inputs: tuple[str, ...], joint: bool = False
    ) -> None:
        self.function = function
        self.inputs = inputs
        self.joint = joint  # one call yields the gradients of all inputs, as a tuple
        code = getattr(function, "__code__", None)
        if code is None:
            self.needs = tuple(inspect.signature(function).parameters)
        else:
            self.needs = code.co_varnames[: code.co_argcount]

    def gatherer(self, names: Sequence[str]) -> Callable[[Sequence[Any]], tuple[Any, ...]]:
        """A function that picks the rule's arguments from values that have these names."""
        places: list[Any] = [names.index(need) for need in self.needs]
        if len(places) < 2:  # a tuple is wanted for these too
            places = [slice(sum(places), sum(places) + len(places))]
        return itemgetter(*places)


class Plan:
    """What a primitive's rules make of a call.

    Attributes:
        primitive: the primitive; ``several``: whether it has several outputs.
        saved_names: what ``Node.saved`` holds, in order.
        keeps: for each of them its place among the inputs and outputs (a slice for all of them),
            what is read of it (None: the value), and the inputs whose gradients ask for it (None:
            it is saved in any case).
        saves_outputs: whether an output is among them.
        saves_inputs, saves_one, saves_crossed: whether these are the inputs; the only input or the
            only output; each of two inputs for the gradient of the other.
        save: (parents, inputs, their version cells, outputs, theirs) -> ``Node.saved`` and
            ``Node.versions``.
        notes: positions of the inputs that ``Node.aside`` notes if they are constant: those that may
            not be saved (an only input is never constant); None for all.
        gradients: ``(node, g, saved, needs)`` -> one gradient an input, None where none is needed.
    """

    __slots__ = (
        "gradients", "keeps", "saves_outputs", "notes", "primitive", "save", "saved_names", "saves_crossed",
        "saves_inputs",
        "saves_one", "several",
    )  # fmt: skip

    def __init__(self, info: Primitive) -> None:
        self.primitive = info
        self.several = info.outputs > 1
        self.saved_names = tuple(_saved_names(info))
        self.keeps = [_keep(info, name) for name in self.saved_names]
        self.saves_inputs = self.saved_names == info.inputs
        self.saves_one = self.saved_names == ("out",) or (
            self.saves_inputs and len(info.inputs) == 1
        )
        users = [keep[2] for keep in self.keeps]
        self.saves_outputs = bool({"outs", *_outputs(info)}.intersection(self.saved_names))
        self.saves_crossed = self.saves_inputs and users == [(1,), (0,)]
        self.save = _saver(info, self.saves_inputs, self.keeps)
        self.notes: Any = None if info.variadic else tuple(_noted(info, self.saved_names, users))
        self.gradients = _runner(info, self.saved_names)


# What is saved ------------------------------------------------------------------------------------


def _saved_names(info: Primitive) -> Iterator[str]:
    """Everything that some rule needs and the node does not have anyway, in a fixed order."""
    needed = {need for rule in info.all_rules() for need in rule.needs}
    if info.composite is not None:
        needed.update(info.inputs)
    for x in info.inputs:
        yield from (name for name in (x, f"{x}_shape", f"{x}_dtype") if name in needed)
    yield from (name for name in ("outs", *_outputs(info)) if name in needed)


def _outputs(info: Primitive) -> list[str]:
    """What rules call the outputs."""
    return ["out"] + [f"out{k}" for k in range(info.outputs) if info.outputs > 1]


def _keep(info: Primitive, name: str) -> tuple[Any, Any, tuple[int, ...] | None]:
    x, _, what = name.rpartition("_") if name not in info.inputs else (name, "", "")
    read = {"shape": _shape_of, "dtype": _dtype_of}.get(what)
    if x in info.inputs:
        if info.variadic is not None:
            return slice(None, -info.outputs), read, None
        users = tuple([k for k, n in enumerate(info.inputs)
                       if n in info.rules and name in info.rules[n].needs])  # fmt: skip
        always = read or info.composite is not None or len(users) == len(info.inputs)
        return info.inputs.index(x), read, None if always else users
    if name == "outs":
        return slice(-info.outputs, None), None, None
    return int(name[3:] or 0) - info.outputs, None, None


def _saver(info: Primitive, inputs_only: bool, keeps: list[Any]) -> Any:
    """The function that makes ``Node.saved`` and ``Node.versions``; the usual cases written out.

    It gets the parents, the inputs with their version cells, and the outputs with theirs.
    """

    def nothing(parents: Any, data: Any, cells: Any, outs: Any, out_cells: Any) -> Any:
        return None, None

    def all_inputs(parents: Any, data: Any, cells: Any, outs: Any, out_cells: Any) -> Any:
        return tuple(data), _watched(cells)

    def crossed(parents: Any, data: Any, cells: Any, outs: Any, out_cells: Any) -> Any:
        (x, y), (x_data, y_data), (x_cell, y_cell) = parents, data, cells
        if y is None:
            x_data = x_cell = None
        if x is None:
            y_data = y_cell = None
        if x_cell is None and y_cell is None:  # numbers are immutable and have none
            return (x_data, y_data), None
        return (x_data, y_data), (
            None if x_cell is None else (x_cell, x_cell[0]),
            None if y_cell is None else (y_cell, y_cell[0]),
        )

    def chosen(parents: Any, data: Any, cells: Any, outs: Any, out_cells: Any) -> Any:
        values, cells = (*data, *outs), (*cells, *out_cells)
        saved: list[Any] = []
        watched: list[Any] = []
        for place, read, users in keeps:
            value = values[place]
            if read is not None:
                saved.append(tuple(map(read, value)) if type(place) is slice else read(value))
            elif type(place) is slice:
                saved.append(value)
                watched += _watched(cells[place]) or [None] * len(value)
            elif users is None or any(map(parents.__getitem__, users)):
                cell = cells[place]
                saved.append(value)
                watched.append(cell and (cell, cell[0]))
            else:
                saved.append(None)
                watched.append(None)
        return tuple(saved), tuple(watched) if any(watched) else None

    def shape(parents: Any, data: Any, cells: Any, outs: Any, out_cells: Any) -> Any:
        return (data[0].shape,), None

    if [keep[1] for keep in keeps] == [_shape_of] and len(info.inputs) == 1 and not info.variadic:
        return shape
    users = [keep[2] for keep in keeps]
    if inputs_only and not info.variadic and not any(users):
        return all_inputs
    if inputs_only and users == [(1,), (0,)]:
        return crossed
    return chosen if keeps else nothing


def unrounded(node: Node, data: Any, outs: Any, out_cells: Any) -> Any:
    """Outputs in halves as rules should see them, in single precision, and what watches them.

    1 − tanh² of a rounded 1 is 0. What is no half, or had not to be rounded, stays as it is.
    """
    made = node.primitive.forward(*single(tuple(data)), **node.static_values())
    kept, watched = list(outs), list(out_cells)
    for k, exact in enumerate(made if node.several else (made,)):
        if outs[k].dtype == HALF != exact.dtype and not np.array_equal(outs[k], exact):
            kept[k], watched[k] = exact, None
    return kept, watched


def _watched(cells: Sequence[Cell]) -> tuple[tuple[list[int], int] | None, ...] | None:
    """Version cells with the counts that they stand at; None where no array is watched."""
    if cells.count(None) == len(cells):
        return None
    return tuple([None if cell is None else (cell, cell[0]) for cell in cells])


def _noted(info: Primitive, saved_names: tuple[str, ...], users: list[Any]) -> Iterator[int]:
    """Positions of the inputs that are not saved for the gradient of every other input."""
    for k, x in enumerate(info.inputs):
        saved_for = users[saved_names.index(x)] if x in saved_names else ()
        if saved_for is not None and len({*saved_for, k}) < len(info.inputs):
            yield k


def _shape_of(value: Any) -> tuple[int, ...] | None:
    if type(value) is np.ndarray:
        return value.shape
    return None if value is None else np.shape(value)


def _dtype_of(value: Any) -> Any:
    return None if value is None else np.asarray(value).dtype


# The rules ----------------------------------------------------------------------------------------


def _runner(info: Primitive, saved_names: tuple[str, ...]) -> Gradients:
    """The function that runs all rules; the usual forms of one and of two are written out."""
    names = ("g", *saved_names, *info.static_names)
    if info.variadic is not None:
        return _run_variadic(info, (*names, "i"))
    rules: list[Any] = [info.rules.get(x) for x in info.inputs]
    plain = all([rule is not None and not rule.joint for rule in rules])
    if not plain:
        return _run_any(info, names)
    if len(rules) == 1:
        return _run_one(rules[0], names, saved_names[0] if len(saved_names) == 1 else None)
    two = _run_two(rules[0], rules[1], saved_names) if len(rules) == 2 else None
    return two or _run_each(rules, names)


def _run_one(rule: Any, names: tuple[str, ...], only: str | None) -> Gradients:
    function, gather = rule.function, rule.gatherer(names)

    def only_g(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        return (function(g),)

    def g_and_saved(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        return (function(g, saved[0]),)

    def gathered(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        return (function(*gather((g, *(saved or ()), *node.static))),)

    if rule.needs == ("g",):
        return only_g
    return g_and_saved if rule.needs == ("g", only) else gathered


def _run_two(rule_x: Any, rule_y: Any, saved_names: tuple[str, ...]) -> Gradients | None:
    first, second = rule_x.function, rule_y.function

    def only_g(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        x, y = needs
        return None if x is None else first(g), None if y is None else second(g)

    def g_and_other(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        (x, y), (x_data, y_data) = needs, saved
        return None if x is None else first(g, y_data), None if y is None else second(g, x_data)

    if rule_x.needs == rule_y.needs == ("g",):
        return only_g
    crossed = (rule_y.needs, rule_x.needs) == tuple([("g", name) for name in saved_names])
    return g_and_other if crossed else None


def _run_each(rules: list[Any], names: tuple[str, ...]) -> Gradients:
    """Any number of inputs with a rule of their own."""
    pairs = [(rule.function, rule.gatherer(names)) for rule in rules]

    def gradients(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        values = (g, *(saved or ()), *node.static)
        results, k = [], 0
        for function, gather in pairs:
            results.append(None if needs[k] is None else function(*gather(values)))
            k += 1
        return tuple(results)

    return gradients


def _run_any(info: Primitive, names: tuple[str, ...]) -> Gradients:
    """Any number of inputs, some perhaps without a rule, some with one in common."""
    groups: dict[Any, list[int]] = {}
    for k, x in enumerate(info.inputs):
        groups.setdefault(info.rules.get(x, x), []).append(k)
    gather: dict[Any, Any] = {rule: rule.gatherer(names) for rule in info.all_rules()}

    def gradients(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        values = (g, *(saved or ()), *node.static)
        results: list[Any] = [None] * len(needs)
        for rule, positions in groups.items():
            wanted = [k for k in positions if needs[k] is not None]
            if not wanted:
                continue
            if type(rule) is not Rule:  # the name of an input that has none
                from autograd.errors import missing_rule

                raise missing_rule(info, rule, node)
            found = rule.function(*gather[rule](values))
            if rule.joint:
                found = _one_each(info, rule.inputs, found)
            for k in wanted:
                results[k] = found[rule.inputs.index(info.inputs[k])] if rule.joint else found
        return tuple(results)

    return gradients


def _run_variadic(info: Primitive, names: tuple[str, ...]) -> Gradients:
    """Inputs ``*xs``: one rule, which gets the index ``i`` or is joint."""
    rule = info.rules.get(info.inputs[0])
    gather: Any = None if rule is None else rule.gatherer(names)

    def gradients(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        if rule is None:
            from autograd.errors import missing_rule

            raise missing_rule(info, info.inputs[0], node)
        values = (g, *(saved or ()), *node.static)
        if rule.joint:
            inputs = tuple([info.input_name(k) for k in range(len(needs))])
            return _one_each(info, inputs, rule.function(*gather((*values, None))))
        return tuple([None if need is None else rule.function(*gather((*values, i)))
                      for i, need in enumerate(needs)])  # fmt: skip

    return gradients


def _one_each(info: Primitive, inputs: tuple[str, ...], found: Any) -> tuple[Any, ...]:
    if type(found) is not tuple or len(found) != len(inputs):
        from autograd.errors import wrong_count

        raise wrong_count(info, inputs, found)
    return found
