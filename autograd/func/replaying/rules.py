"""One node's part of a replayed backward pass: its rules are called, and what they give is sent on.

What a step's own backward pass finds out at every node (which rules there are, what each asks for,
whether gradients have to be summed down, which contribution is the first) is known here before the
first replay. A rule's arguments are slots, constants in slots of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from autograd.engine.accumulate import fitting
from autograd.prepared import prepared

__all__ = ["Rule", "Send", "backward_step", "rules_of"]

Run = Callable[[list[Any]], None]
_ndarray = np.ndarray


class Send(NamedTuple):
    """A contribution to a gradient.

    Attributes:
        position: which of the node's inputs it is for; None for a seed.
        slot: of the gradient. ``way``: 0 put there, 1 added to what is there, 2 added into that.
        shape, dtype: of the gradient.
    """

    position: Any
    slot: int
    way: int
    shape: Any
    dtype: Any


class Rule(NamedTuple):
    """A rule that is called.

    Attributes:
        function: the rule, or what is left of it for these shapes.
        arguments: gathers its arguments of the slots.
        joint: how many gradients it gives, in a tuple; 0: one, which is no tuple.
        sends: where they go, each with its place in that tuple.
    """

    function: Callable[..., Any]
    arguments: Callable[[list[Any]], Any]
    joint: int
    sends: tuple[tuple[int, Send], ...]


def rules_of(done: Any, g: int, sends: Sequence[Send], s: list[Any]) -> list[Rule] | None:
    """The rules of a node whose gradient is in slot ``g``, in order; None where they have to be
    looked for at every replay: where arguments depend on values, or are several values at once.

    Constants get slots in ``s``, which has the values of the recorded step.
    """
    node = done.node
    info, plan = node.primitive, node.plan
    if info.variadic or done.dynamic or plan is not info.plan:
        return None
    places: dict[str, int] = {"g": g}
    for name, (slot, value) in zip(plan.saved_names, done.parts(), strict=True):
        if type(slot) is tuple:
            return None
        if slot is None:
            s.append(value)
            slot = len(s) - 1
        places[name] = slot
    for name, value in zip(info.static_names, node.static, strict=True):
        s.append(value)
        places[name] = len(s) - 1
    examples = {name: s[k] for name, k in places.items()}
    examples["g"] = np.empty(node.shape, node.dtype) if node.shape else node.dtype.type(1)
    by_rule: dict[Any, list[Send]] = {}
    for send in sends:
        rule = info.rule_for(send.position)
        if rule is None or not rule.needs or not places.keys() >= {*rule.needs}:
            return None
        by_rule.setdefault(rule, []).append(send)
    if [send.position for its in by_rule.values() for send in its] != [s.position for s in sends]:
        return None  # contributions to one gradient have an order
    found = []
    for rule, its in by_rule.items():
        function, slots = rule.function, [places[name] for name in rule.needs]
        if rule.joint:
            ends = [(rule.inputs.index(info.inputs[send.position]), send) for send in its]
            count = len(rule.inputs)
        else:
            ends, count = [(0, its[0])], 0
            function = prepared(function, [examples[name] for name in rule.needs]) or function
        found.append(Rule(function, gatherer(slots), count, tuple(ends)))
    return found


def gatherer(slots: Sequence[int]) -> Callable[[list[Any]], Any]:
    """A function that makes a tuple of what is in the slots."""
    if len(slots) == 1:
        only = slots[0]
        return lambda s: (s[only],)
    return itemgetter(*slots)


def backward_step(done: Any, g: Any, sends: Sequence[Send], s: list[Any]) -> Run:
    """What a replay calls for one node; ``g`` is the slot of its gradient, or a tuple of them."""
    if type(g) is tuple:
        return _looked_up(done, g, sends)
    rules = rules_of(done, g, sends, s)
    if rules is None:
        return _looked_up(done, g, sends)
    node = done.node
    if len(rules) == 1 and not rules[0].joint and not sends[0].way and sends[0].shape:
        return _only(node, g, rules[0])

    def step(s: list[Any]) -> None:
        every = []
        for function, arguments, joint, ends in rules:
            made = function(*arguments(s))
            if not joint:
                made = (made,)
            elif type(made) is not tuple or len(made) != joint:
                raise _wrong_count(node, ends[0][1], joint, made)
            every.append((made, ends))
        s[g] = None
        for made, ends in every:
            _send_on(node, made, ends, s)

    return step


def _send_on(node: Any, made: Any, ends: Sequence[tuple[int, Send]], s: list[Any]) -> None:
    """Add gradients, each told by its place in ``made``, to what the node's parents have received."""
    for k, (position, slot, way, shape, dtype) in ends:
        value = made[k]
        if not shape or type(value) is not _ndarray or (
            value.shape != shape or value.dtype is not dtype
        ):  # fmt: skip
            value = fitting(node, position, value)
        if way == 0:
            s[slot] = value
        elif way == 1 or type(value) is not _ndarray:
            s[slot] = s[slot] + value
        else:
            np.add(s[slot], value, out=s[slot])


def _only(node: Any, g: int, rule: Rule) -> Run:
    """One rule, whose gradient is the first for an array."""
    function, arguments = rule.function, rule.arguments
    ((_, (position, slot, _, shape, dtype)),) = rule.sends

    def step(s: list[Any]) -> None:
        value = function(*arguments(s))
        s[g] = None
        if type(value) is not _ndarray or value.shape != shape or value.dtype is not dtype:
            value = fitting(node, position, value)
        s[slot] = value

    return step


def _wrong_count(node: Any, send: Send, count: int, made: Any) -> Exception:
    from autograd.errors import wrong_count

    info = node.primitive
    return wrong_count(info, info.rule_for(send.position), count, made)


def _looked_up(done: Any, g: Any, sends: Sequence[Send]) -> Run:
    """The node's rules as its plan runs them."""
    node, saved = done.node, done.saved()
    gradients, parents = node.plan.gradients, node.parents
    several, ends = type(g) is tuple, [(send.position, send) for send in sends]

    def step(s: list[Any]) -> None:
        if several:
            incoming: Any = tuple([None if k is None else s[k] for k in g])
            for k in g:
                if k is not None:
                    s[k] = None
        else:
            incoming, s[g] = s[g], None
        _send_on(node, gradients(node, incoming, saved(s), parents), ends, s)

    return step
