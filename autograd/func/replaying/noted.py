"""The entries of a recording: a primitive, a repeated call, a backward pass, its gradients kept.

Each has ``signature()``, what must be the same in two recordings of a step, and ``compile()``: the
function that a replay calls, which takes the list of slots.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

import numpy as np

from autograd import errors
from autograd.core.tensor import Tensor, _wrap
from autograd.engine.accumulate import Additions, own
from autograd.func.replaying.rules import Send, backward_step, gatherer
from autograd.prepared import prepared

__all__ = [
    "Applied",
    "Called",
    "Changed",
    "Committed",
    "Copied",
    "Fetched",
    "Passed",
    "Run",
]

Run = Callable[[list[Any]], None]
_ndarray = np.ndarray


class Changed(RuntimeError):
    """Something is not as it was recorded."""


class Applied:
    """A primitive that was applied."""

    __slots__ = ("dynamic", "info", "ins", "node", "outs", "place", "read", "shapes", "static")

    def __init__(
        self, info: Any, node: Any, ins: Any, statics: dict[str, Any], outs: Any, slots: Any
    ) -> None:
        self.info, self.node, self.ins, self.outs = info, node, ins, slots
        self.static: dict[str, Any] = {}
        self.dynamic = {name: part for name, part in statics.items() if part is not None}
        self.shapes = [(o.shape, o.dtype) for o in outs]
        self.place = ""
        self.read: list[Any] = []  # of what the node saves, shapes and dtypes; else None
        if node is not None:
            kept = zip(node.plan.keeps, node.saved or (), strict=True)
            self.read = [None if keep[1] is None else value for keep, value in kept]

    def __repr__(self) -> str:
        return f"{self.info.name} at {self.place}"

    def signature(self) -> Any:
        fixed = [(name, v) for name, v in self.static.items() if name not in self.dynamic]
        made = self.outs, self.shapes, self.node is not None
        return self.info.name, self.ins, made, fixed, list(self.dynamic)

    def parts(self) -> list[tuple[Any, Any]]:
        """Where what the node saves comes from: a slot or a tuple of them; else None and a constant."""
        places, parents = (*self.ins, *self.outs), self.node.parents
        parts: list[tuple[Any, Any]] = []
        for (place, read, users), value in zip(self.node.plan.keeps, self.read, strict=True):
            if read is not None or not (users is None or any([parents[k] for k in users])):
                parts.append((None, value))
            else:
                parts.append((places[place], None))
        return parts

    def saved(self) -> Callable[[list[Any]], Any]:
        """A function that makes what the node saves of the slots."""
        parts = self.parts()
        if not parts:
            return lambda s: None
        if all([type(slot) is int for slot, _ in parts]):
            slots = [slot for slot, _ in parts]
            if len(slots) == 1:
                only = slots[0]
                return lambda s: (s[only],)
            return itemgetter(*slots)

        def gather(s: list[Any]) -> Any:
            return tuple([
                value if slot is None
                else s[slot] if type(slot) is int
                else tuple([s[k] for k in slot])
                for slot, value in parts
            ])  # fmt: skip

        return gather

    def refill(self, s: list[Any]) -> None:
        """Give the node, and what was recorded of it, the values of the last run."""
        node, outs = self.node, tuple([s[k] for k in self.outs])
        node.saved, node.cells = self.saved()(s), None
        if not self.shapes[0][0] and len(outs) == 1:
            node.number = outs[0]
        if node.record is not None:
            node.record.inputs = tuple([s[k] for k in self.ins])
            node.record.value = outs if len(outs) > 1 else outs[0]

    def compile(self, slots: list[Any]) -> Run:
        function, (out, *more) = self._function(slots), self.outs
        (shape, dtype), ins = self.shapes[0], self.ins
        if more:
            return self._several(function)
        if not shape:
            return self._number(function)
        if len(ins) == 1:
            (x,) = ins

            def one(s: list[Any]) -> None:
                made = function(s[x])
                if made.shape != shape:
                    raise self._other_shape(made)
                s[out] = made if made.dtype is dtype else made.astype(dtype)

            return one
        if len(ins) == 2:
            x, y = ins

            def two(s: list[Any]) -> None:
                made = function(s[x], s[y])
                if made.shape != shape:
                    raise self._other_shape(made)
                s[out] = made if made.dtype is dtype else made.astype(dtype)

            return two
        gather = itemgetter(*ins)

        def many(s: list[Any]) -> None:
            made = function(*gather(s))
            if made.shape != shape:
                raise self._other_shape(made)
            s[out] = made if made.dtype is dtype else made.astype(dtype)

        return many

    def _function(self, slots: list[Any]) -> Callable[..., Any]:
        """The primitive's function on arrays, with its static parameters."""
        forward, static = self.info.forward, self.static
        if not self.dynamic:
            made = prepared(forward, [slots[k] for k in self.ins], static)
            if made is not None:
                return made
        if not static:
            return forward  # type: ignore[no-any-return]

        def with_static(*data: Any) -> Any:
            return forward(*data, **static)

        return with_static

    def _number(self, function: Callable[..., Any]) -> Run:
        """An output without axes is a number."""
        gather, (out,), (_, dtype) = gatherer(self.ins), self.outs, self.shapes[0]
        kind, scalar = dtype.type, self.info.scalar
        if scalar is not None and len(self.ins) == 1:
            x = self.ins[0]

            def by_math(s: list[Any]) -> None:
                value = s[x]
                try:
                    made = kind(scalar(value)) if type(value) is kind else function(value)
                except (ValueError, OverflowError):
                    made = function(value)
                s[out] = made[()] if type(made) is _ndarray else made

            return by_math

        def number(s: list[Any]) -> None:
            made = function(*gather(s))
            if made.shape:
                raise self._other_shape(made)
            if made.dtype is not dtype:
                made = made.astype(dtype)
            s[out] = made if type(made) is not _ndarray else made[()]

        return number

    def _several(self, function: Callable[..., Any]) -> Run:
        gather, outs = gatherer(self.ins), list(zip(self.outs, self.shapes, strict=True))

        def several(s: list[Any]) -> None:
            for made, (out, (shape, dtype)) in zip(function(*gather(s)), outs, strict=True):
                if made.shape != shape:
                    raise self._other_shape(made)
                if made.dtype is not dtype:
                    made = made.astype(dtype)
                s[out] = made if shape or type(made) is not _ndarray else made[()]

        return several

    def with_dynamic(self) -> Run:
        """Before the call: static parameters that depend on values."""
        static, node = self.static, self.node
        parts = list(self.dynamic.items())

        def renew(s: list[Any]) -> None:
            for name, part in parts:
                static[name] = part(s)
            if node is not None:
                node.static = tuple(static.values())

        return renew

    def _other_shape(self, made: Any) -> Changed:
        return Changed(
            f"{self.info.name} gave shape {made.shape}, and {self.shapes[0][0]} when it was recorded: "
            "the values decide the shape"
        )

    def failed(self, error: Exception, s: list[Any]) -> Exception:
        return errors.forward_failed(self.info, error, tuple([s[k] for k in self.ins]))


class Fetched:
    """A tensor from outside that is looked up, or a tensor's ``.grad``."""

    def __init__(self, t: Tensor, slot: int | None, gradient: bool = False) -> None:
        self.t, self.slot, self.gradient = t, slot, gradient
        found: Any = t._grad if gradient else t
        self.shape: Any = None if found is None else found.shape
        self.dtype: Any = None if found is None else found.dtype
        self.node: Any = t._node
        self.place = ""

    def __repr__(self) -> str:
        return f"{self.t.name or 'a tensor'} of shape {self.t.shape}, from outside"

    def signature(self) -> Any:
        return "fetch", id(self.t), self.slot, self.gradient

    def compile(self, slots: list[Any], keep: bool = False) -> Run:
        t, shape, dtype = self.t, self.shape, self.dtype
        node: Any = self.node
        if self.gradient or self.slot is None:
            return self._gradient()
        slot = self.slot
        known = slots[slot]  # written in place it stays the same array

        def fetch(s: list[Any]) -> None:
            data = t._data
            s[slot] = data.copy() if keep else data
            if data is not known and (data.shape != shape or data.dtype != dtype):
                raise Changed(
                    f"a tensor of shape {shape}, {dtype} is now {data.shape}, {data.dtype}"
                )
            if t._node is not node:
                raise Changed(f"requires_grad of a tensor of shape {shape} was changed")
            if node is not None:
                _check_hooks(t)

        return fetch

    def _gradient(self) -> Run:
        t, slot = self.t, self.slot

        def fetch(s: list[Any]) -> None:
            grad = t._grad
            if (grad is None) is not (slot is None):
                raise Changed(
                    f".grad of a tensor of shape {t.shape} is {'not ' if slot is None else ''}None at a "
                    f"place where it was {'' if slot is None else 'not '}None"
                )
            if slot is not None and grad is not None:
                s[slot] = grad._data

        return fetch


class Copied:
    """The array of a tensor in another dtype, or copied, as a function hands it to a primitive."""

    def __init__(self, source: int, slot: int, dtype: Any) -> None:
        self.source, self.slot, self.dtype, self.place = source, slot, dtype, ""

    def signature(self) -> Any:
        return "copy", self.source, self.slot, self.dtype

    def compile(self, slots: list[Any]) -> Run:
        source, slot, dtype = self.source, self.slot, self.dtype

        def copy(s: list[Any]) -> None:
            s[slot] = np.asarray(s[source], dtype)

        return copy


def _check_hooks(t: Tensor) -> None:
    leaf: Any = t._node
    if leaf.after_hooks or (leaf.extra is not None and any(leaf.extra.hooks.values())):
        raise Changed(f"a tensor of shape {t.shape} got a hook")


class Called:
    """A function that is called at every replay."""

    def __init__(
        self, function: Any, leaves: list[Any], rebuild: Any, slots: dict[int, int],
        outs: tuple[int | None, ...], several: bool,
    ) -> None:  # fmt: skip
        self.function, self.leaves, self.rebuild = function, leaves, rebuild
        self.slots, self.outs, self.several = slots, outs, several
        self.place = ""

    def __repr__(self) -> str:
        return f"each_time({getattr(self.function, '__qualname__', self.function)})"

    def signature(self) -> Any:
        name = getattr(self.function, "__qualname__", "")
        return "each_time", name, sorted(self.slots.items()), self.outs

    def compile(self, slots: list[Any]) -> Run:
        function, outs, fixed = self.function, self.outs, self.leaves
        rebuild, several = self.rebuild, self.several
        slots = [(k, slot, isinstance(fixed[k], Tensor)) for k, slot in self.slots.items()]
        args = rebuild(fixed)

        def call(s: list[Any]) -> None:
            given = args
            if slots:
                leaves = list(fixed)
                for k, slot, wrapped in slots:
                    leaves[k] = _wrap(s[slot]) if wrapped else s[slot]
                given = rebuild(leaves)
            result = function(*given)
            if several or outs[0] is not None:
                for made, out in zip(result if several else (result,), outs, strict=True):
                    if out is not None:
                        s[out] = made._data if isinstance(made, Tensor) else made

        return call


class Passed:
    """A backward pass: the rules of its nodes, in order."""

    def __init__(self, work: Any) -> None:
        self.seeds: list[tuple[int, Send]] = []
        self.steps: list[tuple[Applied, Any, list[Send]]] = []
        self.leaves: dict[Any, int] = {}
        self.committed = False
        self.position = 0
        self.roots = [(r._node, r._index) for r in work.roots]

    def signature(self) -> Any:
        return "backward", [s[:4] for _, s in self.seeds], [
            (done.outs, g, [s[:4] for s in sends]) for done, g, sends in self.steps
        ]  # fmt: skip

    def compile(self, slots: list[Any]) -> Run:
        runs = [_put(source, send) for source, send in self.seeds]
        runs += [backward_step(done, g, sends, slots) for done, g, sends in self.steps]

        def back(s: list[Any]) -> None:
            self.position = 0
            with np.errstate(all="ignore"):  # 1/0 at a kink is an answer, not a mishap
                for run in runs:
                    run(s)
                    self.position += 1

        return back

    def failed(self, error: Exception, s: list[Any]) -> Exception:
        k = self.position - len(self.seeds)
        return error if k < 0 else errors.rule_failed(self.steps[k][0].node, error, None)


def _put(source: int, send: Send) -> Run:
    slot = send.slot

    def put(s: list[Any]) -> None:
        s[slot] = s[source] if send.way == 0 else s[slot] + s[source]

    return put


class Committed:
    """Gradients that were added to ``.grad`` of the leaves."""

    def __init__(self, targets: list[Any], owned: set[Any]) -> None:
        self.targets, self.owned = targets, owned

    def signature(self) -> Any:
        return "grad", [(id(t), slot, none) for t, _, slot, none in self.targets]

    def compile(self, slots: list[Any]) -> Run:
        every = [(t, leaf, slot, none, leaf in self.owned) for t, leaf, slot, none in self.targets]

        def commit(s: list[Any]) -> None:
            additions = Additions()
            for t, leaf, slot, none, owned in every:
                if (t._grad is None) is not none:
                    raise Changed(
                        f".grad of a tensor of shape {t.shape} was {'' if none else 'not '}None at "
                        "this place when the step was recorded, and now it is "
                        f"{'not ' if none else ''}None"
                    )
                gradient, s[slot] = s[slot], None
                if none and not owned:
                    gradient = own(gradient)
                leaf.passes = 1 if none else leaf.passes + 1
                additions.add(t, gradient, False)
            additions.put()

        return commit
