"""The steps of a pass that have been taken, and what everything in its graph is called."""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any

import numpy as np

from autograd.core.node import FREED, Leaf
from autograd.debug.names import GraphNames
from autograd.debug.step import Step
from autograd.engine import BackwardPass
from autograd.engine import Step as EngineStep

__all__ = ["History"]

#: While a pass only might stop, its latest steps are kept, as many as hold no more bytes than this.
HELD = 64_000_000

#: About what a step without arrays takes: in a long chain of numbers that is all there is.
_STEP = 2_000

_watched: weakref.WeakKeyDictionary[BackwardPass, History] = weakref.WeakKeyDictionary()


class History:
    """What ``Backprop`` knows of a pass: its steps so far, and those to come.

    It holds nodes, but neither the pass nor a tensor, so a pass that is watched dies with its last
    reference as any other.

    Attributes:
        steps: the ``Step`` s taken, of which the first ``forgotten`` are missing.
        names: what the graph's nodes are called.
        order: node -> number of its step, from 1.
        leaves: where the pass ends; they know their tensors weakly.
        releases: whether the graph's saved values go at the end of the pass.
        budget: how many bytes the steps' arrays may hold; None for any number.
    """

    def __init__(self, work: BackwardPass, budget: int | None = None) -> None:
        nodes = work.reachable()
        self.names = GraphNames(nodes, work.roots)
        self.leaves: list[Leaf] = [node for node in nodes if type(node) is Leaf]
        steps = [node for node in nodes if _takes_a_step(node, work)]
        self.order: dict[Any, int] = {node: k for k, node in enumerate(reversed(steps), 1)}
        self.steps: list[Step] = []
        self.forgotten = 0
        self.budget = budget
        self.releases = False
        self._sizes: deque[int] = deque()
        self._held = 0

    @classmethod
    def of(cls, work: BackwardPass) -> History:
        """The history of a pass that conditions watch: one for all of them, from its beginning."""
        found = _watched.get(work)
        if found is None:
            found = _watched[work] = cls(work, HELD)
            # A pass that may be stopped must not use the graph up: `release` does, at its end.
            found.releases = not work.retain_graph
            work.retain_graph = True
        return found

    def release(self) -> None:
        """Let go of what the graph has saved, once the pass is over and if it should."""
        if self.releases and self.taken == self.total:
            for node in self.order:
                node.saved = FREED

    @property
    def total(self) -> int:
        """How many steps the pass has."""
        return len(self.order)

    @property
    def taken(self) -> int:
        """How many steps have been taken, those forgotten included."""
        return self.forgotten + len(self.steps)

    def take(self, step: EngineStep) -> Step:
        """Note a step; the same one again is noted once."""
        if self.steps and self.taken == step.number + 1:
            return self.steps[-1]
        noted = Step(step, self.total, self.names)
        self.steps.append(noted)
        if self.budget is not None:
            self._sizes.append(_bytes_of(step))
            self._held += self._sizes[-1]
            while len(self.steps) > 1 and self._held > self.budget:
                del self.steps[0]
                self._held -= self._sizes.popleft()
                self.forgotten += 1
        return noted


def _takes_a_step(node: Any, work: BackwardPass) -> bool:
    if type(node) is Leaf:
        return False
    useful = work._useful
    return useful is None or (node in useful and any(parent in useful for parent in node.parents))


def _bytes_of(step: EngineStep) -> int:
    """Memory of a step and its arrays, shared memory counted once."""
    found: dict[int, int] = {}
    waiting: list[Any] = [step.gradient, *step.saved.values()]
    for each in step.contributions:
        waiting += [each.before, each.value, each.after]
    while waiting:
        value = getattr(waiting[-1], "_data", waiting[-1])
        waiting.pop()
        if isinstance(value, tuple):
            waiting += value
        elif isinstance(value, np.ndarray):
            base = value if value.base is None else value.base
            found[id(base)] = getattr(base, "nbytes", value.nbytes)
    return _STEP + sum(found.values())
