"""What a step does, noted while it runs once: every primitive, backward pass and repeated call.

Every value has a slot, a place in a list: inputs, tensors from outside, constants, results. A value
is known by the identity of its array, which is kept alive meanwhile. What is unknown is refused,
so that nothing of this one run can be left in the program unseen.
"""

from __future__ import annotations

import collections
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd.arguments import arrays
from autograd.arguments.half import HALF
from autograd.arguments.window import Window
from autograd.core.modes import local
from autograd.core.node import Leaf, Node
from autograd.core.tensor import Tensor
from autograd.func.replaying.noted import Applied, Called, Committed, Copied, Fetched, Passed
from autograd.func.replaying.rules import Send
from autograd.func.replaying.surroundings import Surroundings, codes_of
from autograd.func.trees import flatten
from autograd.source import line_at

__all__ = ["Recording", "ReplayError", "reading"]

_NOT_USERS = ("autograd", "nn", "numpy", "copy")
_ARRAYS = (np.ndarray, np.generic)
_CHANGEABLE = (list, dict, set, collections.deque)
_PLAIN = (bool, int, float, str, bytes, type(None), type(Ellipsis), type, np.dtype, Window)


class ReplayError(RuntimeError):
    """A step that cannot be replayed, or that is no longer what was recorded."""


class Recording:
    """Notes one run of a step.

    Attributes:
        noted: what was done, in order.
        values: the value of every slot in this run.
        inputs: the slots of the step's inputs.
        outside: tensors from outside with their slots; constants: slots that never change.
        repeated: what is called by ``each_time``: its code, and what it may change.
    """

    def __init__(self, inputs: Sequence[Tensor], around: Surroundings) -> None:
        self._around, self._drawn = around, around.drawn()
        self.repeated: list[Any] = []
        self.noted: list[Any] = []
        self.values: list[Any] = []
        self.outside: dict[int, tuple[Tensor, int]] = {}
        self.used: set[int] = set()
        self.constants: set[int] = set()
        self._slots: dict[int, int] = {}
        self._strange: dict[int, Any] = {}
        self._applied: dict[Node, Applied] = {}
        self._read: list[Any] = []
        self._passes: dict[int, Passed] = {}
        self.inputs = [self.known(t._data) for t in inputs]

    # Slots ----------------------------------------------------------------------------------------

    def known(self, value: Any) -> int:
        """A new slot for a value, by which it is known from now on."""
        self.values.append(value)
        self._slots[id(value)] = len(self.values) - 1
        return len(self.values) - 1

    def slot(self, who: str, given: Any, value: Any) -> int:
        """The slot of an operand: of its array, given as a tensor, an array or a number."""
        if isinstance(value, _ARRAYS):
            found = self._slots.get(id(value))
            if found is not None:
                return found
        if isinstance(given, Tensor) and value is given._data:
            return self._from_outside(who, given)
        if isinstance(given, np.ndarray):
            found = self._slots.get(id(given))  # of which an operand is a copy
            if found is not None and value.dtype == given.dtype and value.shape == given.shape:
                return found
            self.refuse(
                f"{who}: an array that is no tensor; what it holds at a later replay could not be "
                "told. Give it to the step as an argument, or make a tensor of it outside"
            )
        if isinstance(given, np.generic) and id(given) in self._slots:
            self.refuse(f"{who}: a NumPy number that changes from replay to replay; give a tensor")
        return self.fixed(value)

    def fixed(self, value: Any) -> int:
        """A slot for what is the same at every replay."""
        self.values.append(value)
        self.constants.add(len(self.values) - 1)
        return len(self.values) - 1

    def _from_outside(self, who: str, t: Tensor) -> int:
        if id(t._data) in self._strange:
            self.refuse(
                f"{who}: a tensor that was made inside of the step from values that no primitive "
                "gave it (an array, or another tensor's data). Make it outside, compute it with "
                "autograd's functions, or call what makes it by autograd.func.each_time"
            )
        if type(t._node) is Node:
            self.refuse(f"{who}: a tensor that was computed before the step, by {t._node!r}")
        if type(t._node) is Leaf:
            extra = t._node.extra
            if t._node.after_hooks or (extra is not None and any(extra.hooks.values())):
                self.refuse(f"{who}: a tensor of shape {t.shape} with a hook")
        return self._fetch(t)

    def _fetch(self, t: Tensor) -> int:
        slot = self.known(t._data)
        self.outside[id(t)] = t, slot
        self.noted.append(Fetched(t, slot))
        return slot

    # What the core tells --------------------------------------------------------------------------

    def note(self, info: Any, node: Any, outs: Any, inputs: Any, data: Any, static: Any) -> None:
        """A primitive was applied: the recorder of `State`."""
        if node is not None and (
            _watched(node) or HALF in [o.dtype for o in (*outs, *data) if hasattr(o, "dtype")]
        ):
            self.refuse(f"{info.name}: hooks on what it saves, or float16 with gradients")
        ins = tuple([self.slot(info.name, x, d) for x, d in zip(inputs, data, strict=True)])
        statics = {name: self._static(info.name, value) for name, value in static.items()}
        self._all_used(info.name)
        done = Applied(info, node, ins, statics, outs, tuple([self.known(o) for o in outs]))
        done.static = {n: list(v) if type(v) is list else v for n, v in static.items()}
        done.place = line()
        self.noted.append(done)
        if node is not None:
            self._applied[node] = done

    def _static(self, who: str, value: Any) -> Any:
        """None for a constant, else a function of the slots."""
        if isinstance(value, _ARRAYS):
            slot = self._slots.get(id(value))
            if slot is not None:
                self.used.add(slot)
                return lambda s: s[slot]
            if isinstance(value, np.generic):
                return None
            self.refuse(f"{who}: an array as an argument; give a tensor, made outside of the step")
        if isinstance(value, (tuple, list)):
            parts = [self._static(who, part) for part in value]
            if not any(parts):
                return None
            kind, items = type(value), list(zip(parts, value, strict=True))
            return lambda s: kind([v if part is None else part(s) for part, v in items])
        if isinstance(value, slice):
            return self._static(who, (value.start, value.stop, value.step))
        if not isinstance(value, _PLAIN):
            self.refuse(f"{who}: an argument of type {type(value).__name__} that may change")
        return None

    def _all_used(self, who: str) -> None:
        """Raise if a function of autograd has read values, and not said that it passes them on."""
        if self._read:
            self._read = []
            self.refuse(f"{who}: it reads the values of a tensor outside of any primitive")

    def raw(self, x: Any) -> None:
        """Values of a tensor are read by a function of autograd."""
        if isinstance(x, Tensor) and local.state.recording is self:
            if id(x._data) not in self._slots:
                self._from_outside("an argument", x)
            self._read.append(x._data)

    def passed_on(self, x: Any, array: Any) -> None:
        """What was read of a tensor goes into a primitive, and nowhere else."""
        data = x._data if isinstance(x, Tensor) else x
        source = self._slots.get(id(data)) if isinstance(data, _ARRAYS) else None
        if source is None or local.state.recording is not self:
            return
        self._read = [other for other in self._read if other is not data]
        if id(array) not in self._slots:
            self.used.add(source)
            self.noted.append(Copied(source, self.known(array), array.dtype))

    def from_sizes(self, array: Any, sources: tuple[Any, ...]) -> None:
        """An array was made of sizes alone."""
        if local.state.recording is self and id(array) not in self._slots:
            if all([self._slots.get(id(x)) in self.constants for x in sources]):
                self.constants.add(self.known(array))

    def read(self, t: Tensor, what: str) -> NoReturn:
        """Values of a tensor are read by the user."""
        self.refuse(
            f"{what} of a tensor: the number that it has now would be used at every replay. Leave it "
            "to autograd's functions (where, maximum, clip), return the tensor and look at it outside, "
            "or read it in a function called by autograd.func.each_time"
        )

    def adopted(self, t: Tensor) -> None:
        """A tensor came to be on an array that no primitive made."""
        if id(t._data) not in self._slots:
            self._strange[id(t._data)] = t._data

    def constant(self, t: Tensor) -> None:
        """A tensor was made of numbers alone."""
        if id(t._data) not in self._slots:
            self._strange.pop(id(t._data), None)
            self.constants.add(self.known(t._data))

    def written(self, t: Tensor, who: str) -> NoReturn:
        """A tensor is about to be written into."""
        self.refuse(
            f"{who}: a tensor is written into. Write in a function that is called by "
            "autograd.func.each_time, or make a new tensor (autograd.set_at, autograd.where)"
        )

    def grad_read(self, t: Tensor) -> None:
        """Somebody asks for ``.grad``."""
        grad = t._grad
        if grad is None:
            self.noted.append(Fetched(t, None, gradient=True))
        elif grad._node is not None:
            self.refuse(".grad carries a graph of its own")
        else:
            self.noted.append(Fetched(t, self.known(grad._data), gradient=True))

    def grad_set(self, t: Tensor, value: Any) -> None:
        """Somebody sets ``.grad``."""
        if value is not None:
            self.refuse(".grad is set to a tensor; do it in a function called by each_time")
        self.call(_forget, (t,), run=False)

    def refuse(self, why: str) -> NoReturn:
        place, ours = line(), _of_a_layer()
        if ours:
            why += f"\n  It is {ours} that does so, not the line: compute it outside of the step."
        raise ReplayError(f"replay: this step cannot be recorded\n  at {place}\n  {why}")

    # Repeated calls -------------------------------------------------------------------------------

    def call(self, function: Callable[..., Any], args: tuple[Any, ...], run: bool = True) -> Any:
        """``each_time``: call a function that replays are to call again."""
        args = tuple([list(a) if hasattr(a, "__next__") else a for a in args])
        leaves, rebuild = flatten(args)
        slots = {}
        for k, leaf in enumerate(leaves):
            data = leaf._data if isinstance(leaf, Tensor) else leaf
            if isinstance(data, _ARRAYS) and id(data) in self._slots:
                if id(leaf) not in self.outside:
                    slots[k] = self._slots[id(data)]
            elif isinstance(leaf, Tensor) and id(leaf._data) in self._strange:
                self._from_outside("each_time", leaf)
        self._no_draws()
        self.repeated += codes_of(function)
        self.repeated += [a for a in args if isinstance(a, _CHANGEABLE)]
        with unrecorded():
            result = function(*args) if run else None
        self._drawn = self._around.drawn()
        outs: list[Any] = []
        several = isinstance(result, tuple)
        made: Any = result if several else (result,)
        for r in made:
            if isinstance(r, Tensor) and r._node is not None:
                self.refuse("each_time: a result requires a gradient, which would be lost")
            if r is not None and not isinstance(r, (Tensor, *_ARRAYS)):
                self.refuse(
                    f"each_time: the function returned {type(r).__name__}; it may return tensors, "
                    "arrays, a tuple of those, or None"
                )
            outs.append(None if r is None else self.known(r._data if isinstance(r, Tensor) else r))
        self.noted.append(Called(function, leaves, rebuild, slots, tuple(outs), several))
        self._look_again()
        return result

    def _no_draws(self) -> None:
        """Raise if numbers were drawn that a replay would not draw."""
        for k, (before, now) in enumerate(zip(self._drawn, self._around.drawn(), strict=True)):
            if before != now:
                self.refuse(
                    f"the step draws random numbers from {self._around.name_of_source(k)}, which a "
                    "replay would not do. Draw outside and give them to the step, or draw with "
                    "autograd's functions, or in a function that is called by autograd.func.each_time"
                )

    def _look_again(self) -> None:
        """Tensors from outside may lie on other arrays by now."""
        for t, _ in list(self.outside.values()):
            self._fetch(t)

    # Backward -------------------------------------------------------------------------------------

    def begins(self, work: Any, seeds: Sequence[Any]) -> None:
        """A backward pass begins."""
        if work.create_graph or work.inputs or work._stop:
            self.refuse(
                "gradients are taken other than by backward(): create_graph, inputs or grad()"
            )
        passed = Passed(work)
        places: dict[Any, int] = {}
        owned: set[int] = set()
        for root, seed in zip(work.roots, seeds, strict=True):
            base = seed if id(seed) in self._slots else getattr(seed, "base", None)
            found = self._slots.get(id(base)) if base is not None else None
            if found is None and (seed.size != 1 or seed != 1):
                self.refuse("backward: a gradient that no primitive made")
            source = self.fixed(seed) if found is None else found
            passed.seeds.append((source, self._send(places, owned, root._node, root._index, None)))
        for node in reversed(work.reachable()):
            if type(node) is Leaf:
                continue
            done = self._applied.get(node)
            if done is None:
                self.refuse(f"backward: through {node!r}, which was computed before the step")
            if _watched(node):
                self.refuse(f"backward: hooks or retain_grad() on {node!r}")
            several = node.plan.several
            g: Any = places.get((node, 0))
            if several:
                g = tuple([places.get((node, k)) for k in range(len(node.shape))])
            sends = [
                self._send(places, owned, parent, node.index_of_parent(k), k)
                for k, parent in enumerate(node.parents) if parent is not None
            ]  # fmt: skip
            passed.steps.append((done, g, sends))
        passed.leaves = {n: places[n, 0] for n in work.reachable() if type(n) is Leaf}
        self.noted.append(passed)
        self._passes[id(work)] = passed

    def _send(self, places: Any, owned: set[int], node: Any, index: int, position: Any) -> Send:
        """How a contribution gets to the slot of a gradient: put there, added anew, or into it."""
        key = node, index
        if key not in places:
            self.values.append(None)
            places[key] = len(self.values) - 1
            return Send(position, places[key], 0, node.shape_of(index), node.dtype_of(index))
        slot = places[key]
        way = 2 if slot in owned else 1
        if node.shape_of(index) and not node.several:
            owned.add(slot)
        return Send(position, slot, way, node.shape_of(index), node.dtype_of(index))

    def commits(self, work: Any) -> None:
        """The gradients of a pass are about to be added to ``.grad``."""
        passed = self._passes[id(work)]
        targets = []
        for leaf in work.leaf_gradients:
            t = leaf.tensor()
            if t is not None and t._node is leaf:
                targets.append((t, leaf, passed.leaves[leaf], t._grad is None))
        for leaf in passed.leaves:
            if leaf not in work.leaf_gradients:
                self.refuse("backward: a pass was only gone through in part")
        if any(t._grad is not None and t._grad._node is not None for t, *_ in targets):
            self.refuse("backward: .grad carries a graph of its own")
        self.noted.append(
            Committed(targets, {leaf for leaf in passed.leaves if leaf in work._owned})
        )
        passed.committed = True
        with unrecorded():
            work.commit()

    def finish(self) -> None:
        """Raise if something was begun and not ended, or read and not explained."""
        self._all_used("the end of the step")
        self._no_draws()
        for done in self.noted:
            if isinstance(done, Passed) and not done.committed:
                self.refuse("a backward pass that never reached the end")


class _Reader:
    """Tells the recording of the thread that reads, if it has one."""

    def raw(self, x: Any) -> None:
        if local.state.recording is not None:
            local.state.recording.raw(x)

    def passed_on(self, x: Any, array: Any) -> None:
        if local.state.recording is not None:
            local.state.recording.passed_on(x, array)

    def from_sizes(self, array: Any, sources: tuple[Any, ...]) -> None:
        if local.state.recording is not None:
            local.state.recording.from_sizes(array, sources)


class reading:
    """Who reads values of tensors is heard, in any thread, while somewhere a step is recorded."""

    _lock, _reader, _count = threading.Lock(), _Reader(), 0

    def __enter__(self) -> None:
        with self._lock:
            reading._count += 1
            arrays.reader = self._reader

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            reading._count -= 1
            if not reading._count:
                arrays.reader = None


class unrecorded:
    """What happens inside is no part of the recording."""

    def __enter__(self) -> None:
        state = local.state
        self._before = state.recording, state.recorder
        state.recording = state.recorder = None

    def __exit__(self, *exception: object) -> None:
        local.state.recording, local.state.recorder = self._before


def _watched(node: Any) -> bool:
    """Whether somebody else takes part in a node's backward: hooks, kept gradients, packed values."""
    extra = node.extra
    return extra is not None and bool(any(extra.hooks.values()) or extra.retained or extra.unpack)


def _forget(t: Tensor) -> None:
    t.grad = None


def _of_a_layer() -> str:
    """The function or layer of ``nn`` that is running, if that is what the user's line has called."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        home, name = frame.f_globals.get("__name__", ""), frame.f_code.co_name
        if home.partition(".")[0] not in _NOT_USERS:
            return ""
        if home.startswith("nn."):
            if name == "forward":
                return f"nn.{type(frame.f_locals.get('self')).__name__}"
            if name in vars(sys.modules.get("nn.functional", np)).get("__all__", ()):
                return f"nn.functional.{name}"
        frame = frame.f_back
    return ""


def line() -> str:
    """The user's line that is running."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] not in _NOT_USERS:
            name, number = frame.f_code.co_filename, frame.f_lineno
            text = line_at(name, number)
            return f"{name.rpartition('/')[2]}:{number}  {text}".rstrip()
        frame = frame.f_back
    return "a line that is not known"
