"""The program of a step: what a replay calls, in order."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.core.modes import local
from autograd.core.tensor import Tensor, _wrap, tensor_on
from autograd.func.replaying.noted import Applied, Called, Changed, Fetched, Passed
from autograd.func.replaying.recording import Recording, ReplayError
from autograd.func.trees import flatten

__all__ = ["Program", "difference"]


class Program:
    """What was recorded, ready to be run with other inputs.

    Attributes:
        slots: the values of the last run.
    """

    def __init__(self, recording: Recording, result: Any) -> None:
        self.noted, self.slots = recording.noted, recording.values
        self.inputs, self.constants = recording.inputs, recording.constants
        self._tensors = [t for t, _ in recording.outside.values()]
        self._keep = False
        self._counts: list[tuple[Tensor, int]] = []
        leaves, self._rebuild = flatten(result)
        self._results: list[Any] = []
        self._fixed = leaves
        for leaf in leaves:
            if isinstance(leaf, Tensor):
                slot = recording.slot("the step's result", leaf, leaf._data)
                self._results.append((slot, self._is_shared(leaf._data, slot)))
            elif leaf is None or isinstance(leaf, (bool, int, float, str)):
                self._results.append(None)
            else:
                raise ReplayError(
                    f"replay: the step returned {type(leaf).__name__}; it may return tensors, numbers "
                    "and strings, in tuples, lists and dicts"
                )
        self._nodes = [
            (leaf._node, leaf._index) if isinstance(leaf, Tensor) else None for leaf in leaves
        ]
        self.runs: list[Any] = []
        self._entries: list[Any] = []
        self._used = recording.used

    def _is_shared(self, data: Any, slot: int) -> bool:
        """Whether a result lies on memory that is not made anew at every replay."""
        if type(data) is not np.ndarray:
            return False
        made = {k for done in self.noted if isinstance(done, Applied) for k in done.outs}
        others = [self.slots[k] for k in {*self.inputs, *self.constants}]
        others += [
            self.slots[d.slot] for d in self.noted if isinstance(d, Fetched) and d.slot is not None
        ]
        others += [
            self.slots[k]
            for d in self.noted
            if isinstance(d, Called)
            for k in d.outs
            if k is not None
        ]
        return slot not in made or any(
            np.may_share_memory(data, other) for other in others if type(other) is np.ndarray
        )

    def detached(self, result: Any) -> Any:
        """The result of the recorded call itself, out of its graph."""
        leaves = [
            _given(leaf._data, self._results[k][1]) if isinstance(leaf, Tensor) else leaf
            for k, leaf in enumerate(self._fixed)
        ]
        return self._rebuild(leaves)

    def connected(self) -> list[Any]:
        """The results of the last run as the ends of the recorded graph, which has its values.

        Raises:
            ReplayError: if tensors from outside were written into since they were used.
        """
        for t, count in self._counts:
            if not self._keep and t._version is not None and t._version[0] != count:
                raise ReplayError(
                    f"replay: a tensor of shape {t.shape} was written into after the step had used "
                    "it (by an optimizer, perhaps), so that what backward needs is gone. Look before "
                    "that, or make the step with autograd.func.replay(function, keep=True)"
                )
        for done in self.noted:
            if isinstance(done, Applied) and done.node is not None:
                done.refill(self.slots)
        found = zip(self._nodes, self._results, strict=True)
        return [tensor_on(self.slots[r[0]], None, *n) for n, r in found if n is not None]

    def _count(self) -> None:
        """Note how often the tensors from outside were written into."""
        self._counts = [(t, t._version[0]) for t in self._tensors if t._version is not None]

    def compile(self, keep: bool) -> None:
        """Make the functions that are called at a replay."""
        self._keep = keep
        used = set(self._used)
        for done in self.noted:
            if isinstance(done, Applied):
                used.update(done.ins)
            elif isinstance(done, Called):
                used.update(done.slots.values())
            elif isinstance(done, Passed):
                used.update(source for source, _ in done.seeds)
        used.update(r[0] for r in self._results if r is not None)
        pairs: list[Any] = []
        for done in self.noted:
            if isinstance(done, Applied):
                if done.dynamic:
                    pairs.append((done, done.with_dynamic()))
                pairs.append((done, done.compile(self.slots)))
            elif isinstance(done, Fetched) and not done.gradient:
                if done.slot in used:
                    pairs.append((done, done.compile(self.slots, keep)))
            elif not isinstance(done, Fetched) or done.slot is None or done.slot in used:
                pairs.append((done, done.compile(self.slots)))
        self._entries = [entry for entry, _ in pairs]
        self.runs = [run for _, run in pairs]

    def run(self, inputs: list[Tensor]) -> Any:
        """Replay the step with these inputs."""
        s = self.slots
        self._count()
        for slot, t in zip(self.inputs, inputs, strict=True):
            s[slot] = t._data
        state = local.state
        enabled, recorder = state.grad_enabled, state.recorder
        state.grad_enabled, state.recorder = False, None
        position = 0
        try:
            for run in self.runs:
                run(s)
                position += 1
        except Changed as error:
            raise ReplayError(
                f"replay: {error}. The step stopped there; make a new one with autograd.func.replay"
            ) from None
        except Exception as error:
            entry = self._entries[position]
            if not hasattr(entry, "failed"):
                raise
            raise entry.failed(error, s) from error
        finally:
            state.grad_enabled, state.recorder = enabled, recorder
        made = [
            fixed if r is None else _given(s[r[0]], r[1])
            for r, fixed in zip(self._results, self._fixed, strict=True)
        ]
        return self._rebuild(made)


def _given(data: Any, copy: bool) -> Tensor:
    return _wrap(np.array(data) if copy else data)


def difference(a: Program, b: Program) -> str | None:
    """What two recordings of a step do differently, or None."""
    if len(a.noted) != len(b.noted):
        return f"{len(a.noted)} operations at one call, {len(b.noted)} at the next"
    for x, y in zip(a.noted, b.noted, strict=True):
        if type(x) is not type(y) or not _same(x.signature(), y.signature()):
            return f"{x!r} at one call, {y!r} at the next"
    if len(a.slots) != len(b.slots) or a.constants != b.constants:
        return "other constants"
    for k in a.constants:
        if not _same(a.slots[k], b.slots[k]):
            users = [d for d in b.noted if isinstance(d, Applied) and k in d.ins]
            where = f" of {users[0]!r}" if users else ""
            return f"a constant{where} was {a.slots[k]!r}, then {b.slots[k]!r}"
    return None


def _same(x: Any, y: Any) -> bool:
    if isinstance(x, (tuple, list)) and isinstance(y, (tuple, list)):
        return len(x) == len(y) and all(_same(i, j) for i, j in zip(x, y, strict=True))
    if isinstance(x, (np.ndarray, np.generic)) or isinstance(y, (np.ndarray, np.generic)):
        x, y = np.asarray(x), np.asarray(y)
        equal = np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
        same_signs = x.dtype.kind != "f" or np.array_equal(np.signbit(x), np.signbit(y))
        return bool(equal and x.dtype == y.dtype and same_signs)
    return type(x) is type(y) and (x == y or (x != x and y != y))
