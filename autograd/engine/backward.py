"""The one backward loop.

``BackwardPass.steps()`` is a generator that goes through the graph by sequence number, highest
first, so every node is reached after all of its children. ``backward()`` and ``grad()`` run it to
the end; the debugger pauses it; pictures are drawn from it. A heap holds what is pending: nothing
here recurses.

What a rule returns is made to fit in one place (``accumulate.fitting``) and sent in one way
(``BackwardPass._send``). Gradients of leaves are committed together at the end, so an exception
leaves them untouched. Gradients of float16 are float32 here, and rounded for hooks, steps and
``.grad``: a sum of halves would end at 2,048.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Any

import numpy as np

from autograd.arguments.half import HALF, HALVES, rounded, single
from autograd.core.modes import local
from autograd.core.node import FREED, Leaf, Node, leaves_with_hooks
from autograd.core.tensor import Tensor
from autograd.core.writes import check_saved
from autograd.engine import double_backward
from autograd.engine.accumulate import Additions, fitting, own
from autograd.engine.hooks import call_hooks
from autograd.engine.step import Step
from autograd.engine.used import note_added, still_as_used

#: The dtype of a NumPy scalar by its type.
_SCALARS = {t: np.dtype(t) for t in (np.float32, np.float64)}

__all__ = ["BackwardPass", "recorded_gradients"]


class _Modes:
    """The modes that rules and hooks run in; left while the generator is suspended.

    A pass that is given up while it is suspended enters nothing again: the garbage collector closes
    it, maybe in the middle of a change of NumPy's error state, which Python 3.11 does not survive.
    """

    def __init__(self, create_graph: bool) -> None:
        self._create_graph = create_graph
        self._errors: Any = None

    def __enter__(self) -> None:
        state = local.state
        self._before = state.grad_enabled, state.module, state.recorder
        state.grad_enabled = self._create_graph
        if not self._create_graph:
            state.recorder = None  # a recorder watches the forward pass
        self._errors = np.errstate(all="ignore")  # 1/0 at a kink is an answer, not a mishap
        self._errors.__enter__()

    def __exit__(self, *exception: object) -> None:
        if self._errors is not None:
            self.leave()

    def leave(self) -> None:
        errors, self._errors = self._errors, None
        errors.__exit__(None, None, None)
        state = local.state
        state.grad_enabled, state.module, state.recorder = self._before


class BackwardPass:
    """State of one pass from outputs back to leaves.

    Args:
        roots: output tensors, each requiring a gradient.
        seeds: their incoming gradients, raw arrays of the same shapes (tensors under
            ``create_graph``).
        retain_graph: keep what was saved, for another pass.
        create_graph: record the rules, so that gradients can be differentiated.
        inputs: the tensors that gradients are wanted for; None means all leaves. The graph is
            then pruned to what leads to them.
        stop: go no further than ``inputs``, and leave their hooks alone: for a pass within a
            rule, whose results the surrounding pass goes on with.

    Attributes:
        pending: node -> gradient so far (a list for a node with several outputs).
        leaf_gradients: leaf -> gradient so far.
    """

    def __init__(
        self,
        roots: Sequence[Tensor],
        seeds: Sequence[Any],
        *,
        retain_graph: bool = False,
        create_graph: bool = False,
        inputs: Sequence[Tensor] | None = None,
        stop: bool = False,
    ) -> None:
        self.roots = tuple(roots)
        self.retain_graph = retain_graph or create_graph
        self.create_graph = create_graph
        self.pending: dict[Node, Any] = {}
        self.leaf_gradients: dict[Leaf, Any] = {}
        self.inputs = tuple(inputs or ())
        self._wanted: Any = {(t._node, t._index): t for t in reversed(self.inputs)}
        self._captured: dict[tuple[Any, int], Any] = {}
        self._retained: list[tuple[Tensor, Any]] = []
        self._heap: list[tuple[int, Node]] = []
        self._stop = stop
        #: Nodes and leaves whose pending gradient is a sum that this pass made.
        self._owned: set[Any] = set()
        #: What leads to ``inputs``; None where everything takes part.
        self._useful: set[Any] | None = None
        #: How many contributions each leaf still waits for; None where no hook waits for the last.
        self._edges_left: dict[Leaf, int] | None = None
        if inputs is not None or (leaves_with_hooks and not stop):
            self._survey()
        for root, seed in zip(roots, seeds, strict=True):
            node: Any = root._node
            if self._useful is None or node in self._useful:
                self._send(node, root._index, seed)
        if self._edges_left is not None:
            for node in dict.fromkeys([root._node for root in roots]):
                self._finish_leaf(node, 0)
        if local.state.recording is not None:
            local.state.recording.begins(self, seeds)

    # Which nodes take part ------------------------------------------------------------------------

    def reachable(self) -> list[Any]:
        """All nodes below the roots, oldest first."""
        seen: set[Any] = {r._node for r in self.roots}
        pending = list(seen)
        ends = {node for node, _ in self._wanted} if self._stop else ()
        while pending:
            node = pending.pop()
            for parent in () if node in ends else node.parents:
                if parent is not None and parent not in seen:
                    seen.add(parent)
                    pending.append(parent)
        return sorted(seen, key=lambda node: node.seq)

    def _survey(self) -> None:
        """Find in one walk what leads to ``inputs``, and count the edges to leaves with hooks."""
        nodes = self.reachable()
        useful = set(nodes)
        if self._wanted:
            ends = {node for node, _ in self._wanted}
            useful = self._useful = set()
            for node in nodes:  # parents come first
                if node in ends or any([parent in useful for parent in node.parents]):
                    useful.add(node)
        if self._stop:
            return
        edges = {n: 0 for n in nodes if type(n) is Leaf and n.extra is not None and n in useful}
        if edges:
            for node in nodes:
                for parent in node.parents if node in useful else ():
                    if parent in edges:
                        edges[parent] += 1
            self._edges_left = edges

    # Accumulation ---------------------------------------------------------------------------------

    def _send(self, parent: Any, index: int, value: Any, seen: Any = None) -> None:
        """Add a contribution, which fits, to what a node or leaf has received so far.

        Args:
            seen: the ``Step`` that is to show it, and which input of the step's node the parent is.
        """
        store: Any = self.leaf_gradients if type(parent) is Leaf else self.pending
        before = store.get(parent)
        key = parent
        if store is self.pending:
            if before is None:
                heappush(self._heap, (-parent.seq, parent))
            if parent.plan.several:
                store[parent] = store = before or [None] * len(parent.shape)
                key, before = index, store[index]
        if before is None:
            after = value
        elif type(value) is not np.ndarray or key is not parent:
            after = before + value  # numbers; tensors, which are recorded
        elif parent in self._owned:
            after = np.add(before, value, out=np.empty_like(before) if seen else before)
        else:
            after = before + value
            self._owned.add(parent)
        store[key] = after
        if seen is not None:
            seen[0].sends(seen[1], parent, index, (before, value, after))

    def received(self, parent: Any, index: int) -> Any:
        """The gradient that a node's output or a leaf has received so far; None if none."""
        if type(parent) is Leaf:
            return self.leaf_gradients.get(parent)
        found = self.pending.get(parent)
        return found[index] if type(found) is list else found

    def replace(self, parent: Any, index: int, value: Any) -> None:
        """Put a gradient in the place of what a node or leaf has received so far."""
        self._owned.discard(parent)
        if type(parent) is Leaf:
            self.leaf_gradients[parent] = value
        elif self.received(parent, index) is None:
            self._send(parent, index, value)
        elif parent.plan.several:
            self.pending[parent][index] = value
        else:
            self.pending[parent] = value

    # The loop -------------------------------------------------------------------------------------

    def steps(self, observe: bool = False) -> Iterator[Step]:
        """Run the pass; when observed, stop after every node and yield its ``Step``."""
        heap, pending, useful, edges = self._heap, self.pending, self._useful, self._edges_left
        create_graph, numbers, step, ndarray = self.create_graph, count(), None, np.ndarray
        with (modes := _Modes(create_graph)):
            while heap:
                node = heappop(heap)[1]
                g, plan = pending.pop(node), node.plan
                if plan.several:
                    g = tuple(g)
                if node.extra is not None or self._wanted:
                    g = self._arrived(node, g)
                    if g is None:
                        continue
                needs: tuple[Any, ...] = node.parents
                if useful is not None:
                    needs = tuple([parent if parent in useful else None for parent in needs])
                    if not any(needs):
                        continue
                saved = node.saved
                if saved is FREED or node.cells is not None:
                    check_saved(node)
                if node.dtype in HALVES or (plan.several and HALF in node.dtype):
                    g, saved = single(g), single(saved)
                try:
                    if create_graph:
                        values: Any = recorded_gradients(node, g, needs)
                    else:
                        values = plan.gradients(node, g, saved, needs)
                except Exception as error:
                    raise _rule_failed(node, error, g)
                if observe:
                    step = Step(next(numbers), node, _all_as_seen(node, g))
                if not self.retain_graph:
                    node.saved = FREED
                k = 0
                for parent in needs:
                    if parent is not None:
                        value = values[k]
                        kind = type(value)
                        if (
                            not (shape := value.shape) or shape != parent.shape
                            or value.dtype is not parent.dtype or value.dtype in HALVES
                            if kind is ndarray
                            else parent.shape or _SCALARS.get(kind) is not parent.dtype
                        ):  # fmt: skip
                            value = fitting(node, k, value)
                        index = 0 if node.aside is None else node.aside[k]
                        self._send(parent, index, value, step and (step, k))
                        if edges is not None:
                            self._finish_leaf(parent, 1)
                    k += 1
                values = value = saved = g = None  # type: ignore[assignment]  # let go of
                if step is not None:
                    modes.leave()
                    yield step
                    modes.__enter__()
                    step = None

    # Hooks, and what is kept on the way -----------------------------------------------------------

    def _arrived(self, node: Node, g: Any) -> Any:
        """The complete gradient of a node once its hooks have seen it; None where the pass ends."""
        several = node.plan.several
        gradients = list(g) if several else [g]
        wanted = [k for k in range(len(gradients)) if (node, k) in self._wanted]
        ends = self._stop and wanted
        extra = None if ends else node.extra
        if extra is not None and extra.unpack is not None:
            extra.unpack(node)
        for index, gradient in enumerate(gradients):
            if gradient is None:
                continue
            if extra is not None:
                gradients[index] = gradient = self._through_hooks(node, index, gradient)
                kept = extra.retained.get(index, lambda: None)()
                if kept is not None:
                    self._retained.append((kept, _as_seen(node, gradient, index)))
            if index in wanted:
                self._captured[node, index] = _as_seen(node, gradient, index)
        return None if ends else tuple(gradients) if several else gradients[0]

    def _through_hooks(self, node: Any, index: int, gradient: Any) -> Any:
        """A complete gradient, or what hooks have put in its place."""
        hooks = node.extra.hooks.get(index, {}).values()
        seen = _as_seen(node, gradient, index)
        changed = call_hooks(hooks, seen, node, index, self.create_graph)
        return gradient if changed is seen else changed

    def _finish_leaf(self, leaf: Any, used: int) -> None:
        """Count contributions to a leaf; at the last one its gradient is final: run hooks."""
        edges = self._edges_left
        if edges is None or leaf not in edges:
            return
        edges[leaf] -= used
        if edges[leaf] == 0 and leaf in self.leaf_gradients:
            gradient, self.leaf_gradients[leaf] = self.leaf_gradients[leaf], None
            self.leaf_gradients[leaf] = self._through_hooks(leaf, 0, gradient)
            if leaf.extra.hooks.get(0):
                self._owned.discard(leaf)  # a hook may have kept its memory, or given its own

    # At the end -----------------------------------------------------------------------------------

    def result_for(self, t: Tensor, take: bool = False) -> Any:
        """The gradient collected for one of ``inputs``, or None if there is none.

        Args:
            take: forget it: the caller may own it.
        """
        store, key = self._captured, (t._node, t._index)
        if type(t._node) is Leaf:
            store, key = self.leaf_gradients, t._node  # type: ignore[assignment]
        found = store.pop(key, None) if take else store.get(key)
        return found if store is self._captured or found is None else _as_seen(t._node, found)

    def commit(self) -> None:
        """Add what was collected to ``.grad`` of the leaves, then run their hooks."""
        if local.state.recording is not None:
            return local.state.recording.commits(self)
        additions = Additions()
        hooks: list[tuple[Tensor, Any]] = []
        used: list[tuple[Tensor, Leaf]] = []
        for leaf in list(self.leaf_gradients):
            gradient = self.leaf_gradients.pop(leaf)  # now nothing else here refers to it
            target = leaf.tensor()
            if target is None or target._node is not leaf:
                continue
            leaf.passes = leaf.passes + 1 if target._grad is not None else 1
            if leaf.used is not None and still_as_used(leaf, target._grad):
                used.append((target, leaf))
            if leaf.after_hooks:
                hooks += [(target, hook) for hook in leaf.after_hooks.values()]
            if leaf.dtype in HALVES and not self.create_graph and gradient.dtype != HALF:
                additions.add_half(target, leaf, gradient)
            else:
                if leaf.dtype in HALVES:
                    gradient = rounded(gradient)
                if not self.create_graph and leaf not in self._owned:
                    gradient = own(gradient)
                additions.add(target, gradient, self.create_graph)
            del gradient
        if self._captured or self._retained:
            found = self._captured
            others = [(t, found[key]) for key, t in self._wanted.items() if key in found]
            # Those among ``inputs`` have theirs already.
            others += [(t, g) for t, g in self._retained if not any(t is i for i in self.inputs)]
            for t, g in others:
                additions.add(
                    t, g if self.create_graph else np.array(g, order="C"), self.create_graph
                )
        additions.put()
        for target, leaf in used:
            note_added(leaf, target._grad if target._grad is leaf.used[0]() else None)
        for target, hook in hooks:
            hook(target)


def _as_seen(node: Any, g: Any, index: int = 0) -> Any:
    """A gradient in the dtype that it has outside of this loop."""
    return rounded(g) if node.dtype_of(index) == HALF else g


def _all_as_seen(node: Node, g: Any) -> Any:
    if not node.plan.several:
        return _as_seen(node, g)
    return tuple([_as_seen(node, x, index) for index, x in enumerate(g)])


def _rule_failed(node: Node, error: Exception, g: Any) -> Exception:
    """What to raise for an error that came out of a rule; its words are loaded only then."""
    from autograd.errors import rule_failed

    return rule_failed(node, error, g)


# A pass within a rule -----------------------------------------------------------------------------


def recorded_gradients(node: Node, g: Any, needs: Sequence[Any]) -> Sequence[Any]:
    """A node's gradients as tensors that can be differentiated again."""
    return double_backward.recorded_gradients(node, g, needs, _differentiate)


def _differentiate(
    outputs: Sequence[Tensor], seeds: Sequence[Any], inputs: Sequence[Tensor]
) -> list[Any]:
    """A pass of its own within a rule, for primitives that are differentiated by their composite."""
    inner = BackwardPass(outputs, seeds, create_graph=True, inputs=inputs)
    for _ in inner.steps():
        pass
    return [inner.result_for(t) for t in inputs]
