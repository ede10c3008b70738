"""The one backward loop.

``BackwardPass.steps()`` is a generator that goes through the graph by sequence number, highest
first, so every node is reached after all of its children. ``backward()`` and ``grad()`` run it to
the end; the debugger pauses it; pictures are drawn from it. A heap holds what is pending: nothing
here recurses, and a chain of a million nodes is as good as any.

What a rule returns is mended in one place (``_fitting``): summed down where the primitive
broadcasts, cast to the input's dtype, and refused if its shape is wrong. Gradients of leaves are
collected on the side and committed together at the end, so an exception leaves them untouched.

Gradients of float16 are float32 here: rules get g, and what was saved, in float32, contributions are
added up in it, and it is rounded for hooks, steps and ``.grad``. A sum of halves would end at 2,048.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from autograd.arguments.half import HALF, SINGLE, rounded, single
from autograd.core.modes import local, set_grad_enabled
from autograd.core.node import FREED, Leaf, Node, leaves_with_hooks
from autograd.core.tensor import Tensor
from autograd.engine import recorded
from autograd.engine.guards import check_versions, freed_message
from autograd.engine.ownership import add_to_grad, own
from autograd.engine.shapes import broadcasts_to, sum_to_shape
from autograd.engine.step import Contribution, Step, saved_by_name

#: The dtype of a NumPy scalar by its type.
_SCALARS = {t: np.dtype(t) for t in (np.float32, np.float64)}

__all__ = ["BackwardPass", "recorded_gradients"]


class _Modes:
    """The modes that rules and hooks run in; left while a generator is suspended."""

    def __init__(self, create_graph: bool) -> None:
        self._create_graph = create_graph

    def enter(self) -> None:
        state = local.state
        self._before = state.grad_enabled
        self._module = state.module
        self._recorder = state.recorder
        state.grad_enabled = self._create_graph
        if not self._create_graph:
            state.recorder = None  # a recorder watches the forward pass
        self._errors = np.errstate(all="ignore")  # 1/0 at a kink is an answer, not a mishap
        self._errors.__enter__()

    def exit(self) -> None:
        self._errors.__exit__(None, None, None)
        state = local.state
        state.grad_enabled = self._before
        state.module = self._module
        state.recorder = self._recorder


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
        self._stop = stop
        self.retain_graph = retain_graph or create_graph
        self.create_graph = create_graph
        self.pending: dict[Node, Any] = {}
        self.leaf_gradients: dict[Leaf, Any] = {}
        self.captured: dict[tuple[Any, int], Any] = {}
        self._retained: list[tuple[Tensor, Any]] = []
        self._heap: list[tuple[int, Node]] = []
        self._owned: set[Any] = set()
        self._useful: set[Any] | None = None
        self._wanted: frozenset[tuple[Any, int]] = frozenset()
        self._edges_left: dict[Leaf, int] | None = None
        if inputs is not None:
            self._wanted = frozenset((t._node, t._index) for t in inputs)
            self._useful = self._prune()
        if (leaves_with_hooks or inputs is not None) and not stop:
            self._edges_left = self._count_edges()
        for root, seed in zip(roots, seeds, strict=True):
            node = root._node
            if self._useful is None or node in self._useful:
                self._send(node, root._index, seed)
        if self._edges_left is not None:
            for root in roots:
                self._finish_leaf(root._node, 0)

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

    def _prune(self) -> set[Any]:
        wanted = {node for node, _ in self._wanted}
        useful: set[Any] = set()
        for node in self.reachable():
            if node in wanted or any(p in useful for p in node.parents if p is not None):
                useful.add(node)
        return useful

    def _count_edges(self) -> dict[Leaf, int]:
        counts: dict[Leaf, int] = {}
        useful = self._useful
        for node in self.reachable():
            if useful is not None and node not in useful:
                continue
            for parent in node.parents:
                if type(parent) is Leaf and (useful is None or parent in useful):
                    counts[parent] = counts.get(parent, 0) + 1
        return counts

    # Accumulation ---------------------------------------------------------------------------------

    def _send(self, parent: Any, index: int, value: Any, observe: bool = False) -> tuple[Any, Any]:
        """Add a contribution to what is pending for a parent; returns (before, after)."""
        if type(parent) is Leaf:
            store: dict[Any, Any] = self.leaf_gradients
            before = store.get(parent)
        elif not parent.several:
            store = self.pending
            before = store.get(parent)
            if before is None:
                heappush(self._heap, (-parent.seq, parent))
        else:
            return self._send_to_one_of_several(parent, index, value)
        if before is None:
            store[parent] = value
            return None, value
        if type(value) is not np.ndarray:
            after = before + value  # numbers; and tensors, which are recorded
        elif parent in self._owned and not observe:
            after = np.add(before, value, out=before)
        elif parent in self._owned:
            after = np.add(before, value, out=np.empty_like(before))  # the same memory order
        else:
            after = before + value
            self._owned.add(parent)
        store[parent] = after
        return before, after

    def replace(self, parent: Any, index: int, value: Any) -> None:
        """Put a gradient in the place of what a node or leaf has received so far."""
        self._owned.discard(parent)
        if type(parent) is Leaf:
            self.leaf_gradients[parent] = value
            return
        if parent not in self.pending:
            heappush(self._heap, (-parent.seq, parent))
        if parent.primitive.outputs == 1:
            self.pending[parent] = value
        else:
            several = self.pending.setdefault(parent, [None] * parent.primitive.outputs)
            several[index] = value

    def _send_to_one_of_several(self, parent: Node, index: int, value: Any) -> tuple[Any, Any]:
        gradients = self.pending.get(parent)
        if gradients is None:
            gradients = self.pending[parent] = [None] * parent.primitive.outputs
            heappush(self._heap, (-parent.seq, parent))
        before = gradients[index]
        gradients[index] = after = value if before is None else before + value
        return before, after

    def _fitting(self, node: Node, position: int, value: Any) -> Any:
        """A rule's result as the parent's gradient: right in kind, shape and dtype."""
        info = node.primitive
        parent = node.parents[position]
        index = node.index_of_parent(position)
        assert parent is not None
        shape, dtype = parent.shape_of(index), parent.dtype_of(index)
        if not isinstance(value, (np.ndarray, np.generic, Tensor)):
            if value is None or not isinstance(value, (int, float)):
                raise RuntimeError(
                    f"{info.name}: the gradient rule for {info.input_name(position)} returned "
                    f"{type(value).__name__}; it must return an array of shape {shape}"
                )
            value = dtype.type(value)
        if value.shape != shape:
            if info.broadcasts and broadcasts_to(shape, node.shape_of(0), value.shape):
                value = sum_to_shape(value, shape)
            if value.shape != shape:
                raise RuntimeError(
                    f"{info.name}: the gradient rule for {info.input_name(position)} returned "
                    f"shape {value.shape}; the input has shape {shape}"
                )
        if dtype == HALF:
            dtype = SINGLE
        if value.dtype != dtype:
            value = value.astype(dtype)
        if type(value) is np.ndarray and not shape:
            value = value[()]
        return value

    # The loop -------------------------------------------------------------------------------------

    def steps(self, observe: bool = False) -> Iterator[Step]:
        """Run the pass; when observed, stop after every node and yield its ``Step``."""
        heap, pending, leaf_gradients = self._heap, self.pending, self.leaf_gradients
        wanted, stop, useful = self._wanted, self._stop, self._useful
        create_graph, retain = self.create_graph, self.retain_graph
        simple = not (observe or create_graph or self._edges_left is not None)
        number = 0
        modes = _Modes(create_graph)
        modes.enter()
        try:
            while heap:
                node = heappop(heap)[1]
                g = pending.pop(node)
                if node.several:
                    g = tuple(g)
                if stop and self._is_wanted(node):
                    self._capture(node, g)
                    continue
                if node.extra is not None:
                    g = self._run_hooks(node, g)
                if wanted:
                    self._capture(node, g)
                needs: tuple[Any, ...] = node.parents
                if useful is not None:
                    needs = tuple([p if p in useful else None for p in needs])
                    if not any(p is not None for p in needs):
                        continue
                saved = node.saved
                if saved is FREED:
                    raise RuntimeError(freed_message(node))
                if node.versions is not None:
                    check_versions(node)
                if node.dtype is HALF or (node.several and HALF in node.dtype):
                    g, saved = single(g), single(saved)
                if create_graph:
                    values: Any = recorded_gradients(node, g, needs)
                else:
                    values = node.gradients(node, g, saved, needs)
                step = (
                    Step(number, node, _as_seen(node, g), saved_by_name(node)) if observe else None
                )
                if not retain:
                    node.saved = FREED
                position = -1
                for parent in needs:
                    position += 1
                    if parent is None:
                        continue
                    value = values[position]
                    # Most of what is sent is a number, or the first array that a parent gets, and
                    # already right in shape and dtype. Everything else goes the general way.
                    kind = type(value)
                    if simple and not parent.several:
                        shape = parent.shape
                        if (
                            parent.dtype is _SCALARS.get(kind) and shape == ()
                            if kind is not np.ndarray
                            else value.dtype is parent.dtype and shape and value.shape == shape
                        ):
                            store: Any = leaf_gradients if type(parent) is Leaf else pending
                            before = store.get(parent)
                            if before is None:
                                store[parent] = value
                                if store is pending:
                                    heappush(heap, (-parent.seq, parent))
                                continue
                            if kind is not np.ndarray:
                                store[parent] = before + value
                                continue
                    self._receive(node, position, parent, value, step)
                # Drop what this round still holds before the next one allocates.
                values = value = saved = g = None
                if step is not None:
                    number += 1
                    modes.exit()
                    try:
                        yield step
                    finally:
                        modes.enter()
                    step = None
        finally:
            modes.exit()

    def _receive(self, node: Node, position: int, parent: Any, value: Any, step: Any) -> None:
        """Take in what a node's rule gave for one of its parents."""
        indices = node.indices
        index = 0 if indices is None else indices[position]
        if (
            type(value) is not np.ndarray
            or parent.several
            or not value.shape  # a 0-d array, where a number belongs
            or value.shape != parent.shape
            or value.dtype is not parent.dtype
            or value.dtype == HALF
        ):
            value = self._fitting(node, position, value)
        before, after = self._send(parent, index, value, step is not None)
        if step is not None:
            name = node.primitive.input_name(position)
            if parent.dtype_of(index) == HALF:
                before, value, after = rounded((before, value, after))
            step.contributions.append(
                Contribution(parent, index, position, name, before, value, after)
            )
        if self._edges_left is not None and type(parent) is Leaf:
            self._finish_leaf(parent, 1)

    def _finish_leaf(self, leaf: Any, used: int) -> None:
        """Count an edge to a leaf as done; at the last one its gradient is final: run hooks."""
        if type(leaf) is not Leaf or self._edges_left is None:
            return
        left = self._edges_left[leaf] = self._edges_left.get(leaf, 0) - used
        if left == 0 and leaf.extra is not None and leaf in self.leaf_gradients:
            gradient = _as_seen(leaf, self.leaf_gradients[leaf])
            changed = recorded.call_hooks(
                leaf.extra.hooks.get(0), gradient, leaf, 0, self.create_graph
            )
            self._owned.discard(leaf)  # a hook may have kept it
            self.leaf_gradients[leaf] = changed

    def _run_hooks(self, node: Node, g: Any) -> Any:
        extra = node.extra
        assert extra is not None
        gradients = list(g) if node.several else [g]
        for index, gradient in enumerate(gradients):
            if gradient is None:
                continue
            seen = rounded(gradient) if node.dtype_of(index) == HALF else gradient
            changed = recorded.call_hooks(
                extra.hooks.get(index), seen, node, index, self.create_graph
            )
            reference = extra.retained.get(index)
            kept = None if reference is None else reference()
            if kept is not None:
                self._retained.append((kept, changed))
            gradients[index] = gradient if changed is seen else changed
        return tuple(gradients) if node.several else gradients[0]

    def _is_wanted(self, node: Node) -> bool:
        return any((node, k) in self._wanted for k in range(node.primitive.outputs))

    def _capture(self, node: Node, g: Any) -> None:
        for index, gradient in enumerate(g if node.several else (g,)):
            if gradient is not None and (node, index) in self._wanted:
                halves = node.dtype_of(index) == HALF
                self.captured[node, index] = rounded(gradient) if halves else gradient

    # At the end -----------------------------------------------------------------------------------

    def result_for(self, t: Tensor) -> Any:
        """The gradient collected for one of ``inputs``, or None if there is none."""
        if type(t._node) is Leaf:
            return _as_seen(t._node, self.leaf_gradients.get(t._node))
        return self.captured.get((t._node, t._index))

    def take_result_for(self, t: Tensor) -> Any:
        """As ``result_for``, but the pass forgets it: the caller may own it."""
        if type(t._node) is Leaf:
            return _as_seen(t._node, self.leaf_gradients.pop(t._node, None))
        return self.captured.pop((t._node, t._index), None)

    def commit(self) -> None:
        """Add what was collected to ``.grad`` of the leaves, then run their hooks."""
        updates: list[tuple[Tensor, Any]] = []
        hooks: list[tuple[Tensor, list[Any]]] = []
        leaf_gradients = self.leaf_gradients
        while leaf_gradients:
            leaf, gradient = leaf_gradients.popitem()
            target = leaf.tensor()
            if target is None or target._node is not leaf:
                continue
            if self._wanted and (leaf, 0) not in self._wanted:
                continue
            gradient = _as_seen(leaf, gradient)
            # Reversed insertion order; put right below, so hooks run in the order of finishing.
            if self.create_graph:
                updates.append((target, gradient))
            else:
                owned = leaf in self._owned
                updates.append((target, gradient if owned else own(gradient)))
            del gradient
            leaf.passes = leaf.passes + 1 if target._grad is not None else 1
            if leaf.after_hooks:
                hooks.append((target, list(leaf.after_hooks.values())))
        updates.reverse()
        hooks.reverse()
        for node, index in self._wanted:
            if type(node) is not Leaf and (node, index) in self.captured:
                target = self._input_tensor(node, index)
                if target is not None:
                    updates.append((target, self._owned_gradient(self.captured[node, index])))
        for target, gradient in self._retained:
            if not any(target is t for t in self.inputs_given):  # those have theirs already
                updates.append((target, self._owned_gradient(gradient)))
        with set_grad_enabled(self.create_graph or local.state.grad_enabled):
            for target, gradient in updates:
                add_to_grad(target, gradient, self.create_graph)
        for target, functions in hooks:
            for function in functions:
                function(target)

    def _owned_gradient(self, gradient: Any) -> Any:
        return gradient if self.create_graph else np.array(gradient, order="C")

    def _input_tensor(self, node: Any, index: int) -> Tensor | None:
        for t in self.inputs_given:
            if t._node is node and t._index == index:
                return t
        return None

    inputs_given: Sequence[Tensor] = ()


def _as_seen(node: Any, g: Any) -> Any:
    """A gradient in the dtype that it has outside of this loop."""
    if node.several:
        return tuple([rounded(x) if d == HALF else x for x, d in zip(g, node.dtype, strict=True)])
    return rounded(g) if node.dtype == HALF else g


def recorded_gradients(node: Node, g: Any, needs: tuple[Any, ...]) -> tuple[Any, ...]:
    """A node's gradients as tensors that can be differentiated again."""
    return recorded.recorded_gradients(node, g, needs, _differentiate)


def _differentiate(
    outputs: Sequence[Tensor], seeds: Sequence[Any], inputs: Sequence[Tensor]
) -> list[Any]:
    """A pass of its own within a rule, for primitives that are differentiated by their composite."""
    inner = BackwardPass(outputs, seeds, create_graph=True, inputs=inputs)
    for _ in inner.steps():
        pass
    return [inner.result_for(t) for t in inputs]
