"""Gradient rules (VJPs): what they ask for, what a node saves for them, how they are run.

The parameter names of a rule declare what it needs; ``primitive`` lists them. What follows from all
rules of a primitive is its ``Plan``, made when the primitive is first recorded and anew after a rule
was replaced; nodes keep the plan that they were made with.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd.arguments.half import HALF, single

if TYPE_CHECKING:
    from autograd.core.node import Node
    from autograd.core.primitive import Primitive

__all__ = ["Keep", "Plan", "Rule"]


class Rule(NamedTuple):
    """A gradient rule: the function, the inputs it gives gradients for, the names it needs.

    ``joint``: one call yields the gradients of all its inputs, as a tuple.
    """

    function: Callable[..., Any]
    inputs: tuple[str, ...]
    needs: tuple[str, ...]
    joint: bool

    @classmethod
    def of(cls, function: Callable[..., Any], inputs: tuple[str, ...], joint: bool = False) -> Rule:
        """A rule whose needs are the function's parameters."""
        code = getattr(function, "__code__", None)
        named = (
            code.co_varnames[: code.co_argcount] if code else inspect.signature(function).parameters
        )
        return cls(function, inputs, tuple(named), joint)


class Keep(NamedTuple):
    """Something that a node saves.

    Attributes:
        place: where it stands in a call's inputs, followed by its outputs (counted from the end); a
            slice for all of them.
        read: what is taken of it (a shape or dtype); None: the value itself.
        users: the inputs whose gradients ask for it; None: it is saved in any case.
    """

    place: Any
    read: Callable[[Any], Any] | None
    users: tuple[int, ...] | None


class Plan:
    """What a primitive's rules make of a call.

    Attributes:
        primitive: the primitive; ``several``: whether it has several outputs.
        saved_names: what ``Node.saved`` holds, in order; ``keeps``: where each of them comes from.
        shortcut: the usual cases of what is saved: ``"nothing"``; all ``"inputs"``; ``"out"``, the
            only output; ``"crossed"``, each of two inputs for the gradient of the other;
            ``"x_shape"`` of an only input. Else None.
        gradients: ``(node, g, saved, needs)`` -> one gradient an input, None where none is needed.
    """

    __slots__ = (
        "_in_any_case",
        "_nested",
        "_picked",
        "_saves_outputs",
        "gradients",
        "keeps",
        "primitive",
        "saved_names",
        "several",
        "shortcut",
    )

    def __init__(self, info: Primitive) -> None:
        self.primitive = info
        self.several = info.outputs > 1
        self.saved_names = tuple(_saved_names(info))
        self.keeps = tuple([_keep(info, name) for name in self.saved_names])
        self._saves_outputs = any([name[:3] == "out" for name in self.saved_names])
        self._in_any_case = not any([keep.users for keep in self.keeps])
        self._nested = any([type(keep.place) is slice for keep in self.keeps])
        self._picked: dict[tuple[bool, ...], tuple[Any, Any, list[Any]]] = {}
        self.shortcut = (
            None if info.variadic else _shortcut(info.inputs, self.keeps, self.saved_names)
        )
        self.gradients = _runner(info, self.saved_names)

    def save(self, node: Node, data: Any, cells: Any, outs: Any, out_cells: Any) -> None:
        """Keep in a node what the rules named: of inputs and outputs, with their version cells."""
        if self.shortcut == "inputs":
            node.saved, node.cells = tuple(data), tuple(cells)
            return
        if self._saves_outputs and HALF in [out.dtype for out in outs]:
            outs, out_cells = _unrounded(node, data, outs, out_cells)
        absent = () if self._in_any_case else tuple([parent is None for parent in node.parents])
        picked = self._picked.get(absent)
        if picked is None:
            picked = self._picked[absent] = self._pick(absent)
        values, watched, reads = picked
        saved = values((None, *data, *outs))
        if reads:
            saved = list(saved)
            for k, read in reads:
                saved[k] = read(saved[k])
            saved = tuple(saved)
        node.saved = saved or None
        found = watched((None, *cells, *out_cells))
        if self._nested:  # of several, each has its own
            found = tuple(
                [cell for each in found for cell in (each if type(each) is tuple else (each,))]
            )
        node.cells = found if any(found) else None

    def _pick(self, absent: tuple[bool, ...]) -> tuple[Any, Any, list[Any]]:
        """What takes the saved values, and the cells to watch, out of None, inputs and outputs.

        Args:
            absent: for each input, whether no gradient is wanted for it.

        Returns:
            Also the places of what only the shape or dtype is kept of, with what reads it.
        """
        places: list[Any] = []
        for place, read, users in self.keeps:
            if type(place) is slice:
                places.append(slice(1, place.stop) if place.start is None else place)
            elif read is None and users is not None and all([absent[k] for k in users]):
                places.append(0)
            else:  # inputs come after the None, outputs are counted from the end
                places.append(place + 1 if place >= 0 else place)
        reads = [(k, keep.read) for k, keep in enumerate(self.keeps) if keep.read is not None]
        kept = [place for place, keep in zip(places, self.keeps, strict=True) if keep.read is None]
        return _tuple_of(places), _tuple_of(kept), reads


# What is saved ------------------------------------------------------------------------------------


def _saved_names(info: Primitive) -> Iterator[str]:
    """Everything that some rule needs and the node does not have anyway, in a fixed order."""
    needed = {need for rule in info.all_rules() for need in rule.needs}
    if info.composite is not None and not info.recordable:
        needed.update(info.inputs)
    for x in info.inputs:
        yield from (name for name in (x, f"{x}_shape", f"{x}_dtype") if name in needed)
    outputs = [f"out{k}" for k in range(info.outputs) if info.outputs > 1]
    yield from (name for name in ("outs", "out", *outputs) if name in needed)


def _keep(info: Primitive, name: str) -> Keep:
    """Where a saved name comes from."""
    if name == "outs":
        return Keep(slice(-info.outputs, None), None, None)
    x, _, what = name.rpartition("_") if name not in info.inputs else (name, "", "")
    if x not in info.inputs:
        return Keep(int(name[3:] or 0) - info.outputs, None, None)
    read = {"shape": _shape_of, "dtype": _dtype_of}.get(what)
    if info.variadic is not None:
        each = None if read is None else lambda values: tuple(map(read, values))
        return Keep(slice(None, -info.outputs), each, None)
    users = [
        k for k, n in enumerate(info.inputs) if n in info.rules and name in info.rules[n].needs
    ]
    through = info.composite is not None and not info.recordable
    always = through or len(users) == len(info.inputs)
    return Keep(info.inputs.index(x), read, None if always else tuple(users))


def _shortcut(inputs: tuple[str, ...], keeps: Sequence[Keep], names: tuple[str, ...]) -> str | None:
    """See ``Plan.shortcut``."""
    users = [keep.users for keep in keeps]
    if names == inputs:
        return "crossed" if users == [(1,), (0,)] else None if any(users) else "inputs"
    only = f"{inputs[0]}_shape" if len(inputs) == 1 else ""
    return {(): "nothing", ("out",): "out", (only,): "x_shape"}.get(names)


def _unrounded(node: Node, data: Any, outs: Any, out_cells: Any) -> Any:
    """Outputs in halves as rules should see them, in single precision, and their version cells.

    1 − tanh² of a rounded 1 is 0. What is no half, or had not to be rounded, stays as it is.
    """
    made = node.primitive.forward(*single(tuple(data)), **node.static_values())
    kept, kept_cells = list(outs), list(out_cells)
    for k, exact in enumerate(made if node.several else (made,)):
        if outs[k].dtype == HALF != exact.dtype and not np.array_equal(outs[k], exact):
            kept[k], kept_cells[k] = exact, None
    return type(outs)(kept), type(outs)(kept_cells)


def _shape_of(value: Any) -> tuple[int, ...] | None:
    return None if value is None else getattr(value, "shape", ())


def _dtype_of(value: Any) -> Any:
    return None if value is None else np.asarray(value).dtype


# The rules ----------------------------------------------------------------------------------------


def _runner(info: Primitive, saved_names: tuple[str, ...]) -> Callable[..., Sequence[Any]]:
    """The function that runs all rules."""
    rules = [info.rules.get(x) for x in info.inputs]
    names = ("g", *saved_names, *info.static_names, "i")
    gather = [
        None if rule is None else _tuple_of(list(map(names.index, rule.needs))) for rule in rules
    ]

    def gradients(node: Node, g: Any, saved: Any, needs: Sequence[Any]) -> Sequence[Any]:
        values = (g, *(saved or ()), *node.static)
        results: list[Any] = [None] * len(needs)
        joint: dict[Any, Any] = {}
        for k, need in enumerate(needs):
            if need is None:
                continue
            place = 0 if info.variadic else k
            rule, pick = rules[place], gather[place]
            if rule is None or pick is None:
                from autograd.errors import missing_rule

                raise missing_rule(info, info.inputs[place], node)
            if not rule.joint:
                results[k] = rule.function(*pick((*values, k)))
                continue
            if rule.inputs not in joint:
                joint[rule.inputs] = rule.function(*pick((*values, None)))
            found, count, at = joint[rule.inputs], len(needs), k
            if not info.variadic:
                count, at = len(rule.inputs), rule.inputs.index(info.inputs[k])
            if type(found) is not tuple or len(found) != count:
                from autograd.errors import wrong_count

                raise wrong_count(info, rule, count, found)
            results[k] = found[at]
        return results

    # Most rules need g, and perhaps one thing that was saved: it is known by its place.
    places = {("g",): None} | {("g", name): k for k, name in enumerate(saved_names)}
    short = [(rule.function, places[rule.needs])
             for rule in rules if rule and not rule.joint and rule.needs in places]  # fmt: skip
    pairs = [(rule.function, pick) for rule, pick in zip(rules, gather, strict=True)
             if rule and not rule.joint]  # fmt: skip

    def of_each(node: Node, g: Any, saved: Any, needs: Sequence[Any]) -> Sequence[Any]:
        values, results, k = (g, *(saved or ()), *node.static), [], 0
        for function, pick in pairs:
            results.append(None if needs[k] is None else function(*pick(values)))  # type: ignore[misc]
            k += 1
        return results

    if info.variadic or len(pairs) < len(rules):
        return gradients
    if len(short) < len(rules) or len(rules) > 2:
        return of_each
    (first, i), (second, j) = short[0], short[-1]

    def of_one(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        return (first(g) if i is None else first(g, saved[i]),)

    def of_two(node: Node, g: Any, saved: Any, needs: Any) -> tuple[Any, ...]:
        x, y = needs
        return (
            None if x is None else first(g) if i is None else first(g, saved[i]),
            None if y is None else second(g) if j is None else second(g, saved[j]),
        )

    return of_one if len(rules) == 1 else of_two


def _tuple_of(places: Sequence[Any]) -> Callable[[Any], Any]:
    """A function that picks what stands in some places of a tuple; it gives a tuple, too, for one."""
    if not places:
        return lambda values: ()
    if len(places) == 1 and type(place := places[0]) is slice:
        return lambda values: (values[place],)
    if len(places) == 1:
        places = [slice(place, place + 1 or None)]
    return itemgetter(*places)
