"""The one backward loop.

``BackwardPass.steps()`` is a generator that goes through the graph by sequence number, highest
first, so every node is reached after all of its children. ``backward()`` and ``grad()`` run it to
the end; the debugger pauses it; pictures are drawn from it. A heap holds what is pending: nothing
here recurses, and a chain of a million nodes is as good as any.

What a rule returns is mended in one place (``_fitting``): summed down where the primitive
broadcasts, cast to the input's dtype, and refused if its shape is wrong. Gradients of leaves are
collected on the side and committed together at the end, so an exception leaves them untouched.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import numpy as np

from ..core.modes import local, set_grad_enabled
from ..core.node import FREED, Leaf, Node, leaves_with_hooks
from ..core.tensor import Tensor, _connected, _wrap

#: The dtype of a NumPy scalar by its type.
_SCALARS = {t: np.dtype(t) for t in (np.float32, np.float64)}

__all__ = ["BackwardPass", "Contribution", "Step", "backward_steps"]


class Contribution:
    """What one rule sent to one parent: ``before + value = after``.

    Attributes:
        parent: the Node or Leaf it went to; ``index`` is which of its outputs.
        position: which input of the step's node the parent is.
        name: that input's name, such as ``x`` or ``xs[2]``.
        before: gradient of the parent so far; None if this is the first contribution.
        value: what the rule gave, summed down and cast to the parent's shape and dtype.
        after: their sum.
    """

    __slots__ = ("after", "before", "index", "name", "parent", "position", "value")

    def __init__(
        self, parent: Any, index: int, position: int, name: str, before: Any, value: Any, after: Any
    ) -> None:
        self.parent = parent
        self.index = index
        self.position = position
        self.name = name
        self.before = before
        self.value = value
        self.after = after


class Step:
    """One node's turn in an observed pass.

    Attributes:
        number: from 0.
        node: the node whose rules were run.
        gradient: the incoming gradient (a tuple when the node has several outputs).
        saved: the values that the rules used, by name.
        contributions: one ``Contribution`` for each parent that needs a gradient.
    """

    __slots__ = ("contributions", "gradient", "node", "number", "saved")

    def __init__(self, number: int, node: Node, gradient: Any, saved: dict[str, Any]) -> None:
        self.number = number
        self.node = node
        self.gradient = gradient
        self.saved = saved
        self.contributions: list[Contribution] = []


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
            if info.broadcasts and _broadcasts_to(shape, node.shape_of(0), value.shape):
                value = sum_to_shape(value, shape)
            if value.shape != shape:
                raise RuntimeError(
                    f"{info.name}: the gradient rule for {info.input_name(position)} returned "
                    f"shape {value.shape}; the input has shape {shape}"
                )
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
                needs = node.parents
                if useful is not None:
                    needs = tuple([p if p in useful else None for p in needs])
                    if not any(p is not None for p in needs):
                        continue
                saved = node.saved
                if saved is FREED:
                    raise RuntimeError(_freed_message(node))
                if node.versions is not None:
                    _check_versions(node)
                if create_graph:
                    values = recorded_gradients(node, g, needs)
                else:
                    values = node.gradients(node, g, saved, needs)
                step = Step(number, node, g, _saved_by_name(node)) if observe else None
                if not retain:
                    node.saved = FREED
                position = -1
                for parent in needs:
                    position += 1
                    if parent is None:
                        continue
                    value = values[position]
                    # Numbers are most of what a scalar graph sends: no shape to look at, no buffer
                    # to own. Everything else goes the general way.
                    kind = type(value)
                    if (
                        simple
                        and parent.dtype is _SCALARS.get(kind)
                        and not parent.several
                        and parent.shape == ()
                    ):
                        store: Any = leaf_gradients if type(parent) is Leaf else pending
                        before = store.get(parent)
                        if before is not None:
                            store[parent] = before + value
                        else:
                            store[parent] = value
                            if store is pending:
                                heappush(heap, (-parent.seq, parent))
                    else:
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
        ):
            value = self._fitting(node, position, value)
        before, after = self._send(parent, index, value, step is not None)
        if step is not None:
            name = node.primitive.input_name(position)
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
            gradient = self.leaf_gradients[leaf]
            changed = _call_hooks(leaf.extra.hooks.get(0), gradient, leaf, 0, self.create_graph)
            self._owned.discard(leaf)  # a hook may have kept it
            self.leaf_gradients[leaf] = changed

    def _run_hooks(self, node: Node, g: Any) -> Any:
        extra = node.extra
        assert extra is not None
        gradients = list(g) if node.several else [g]
        for index, gradient in enumerate(gradients):
            if gradient is None:
                continue
            gradient = _call_hooks(
                extra.hooks.get(index), gradient, node, index, self.create_graph
            )
            reference = extra.retained.get(index)
            kept = None if reference is None else reference()
            if kept is not None:
                self._retained.append((kept, gradient))
            gradients[index] = gradient
        return tuple(gradients) if node.several else gradients[0]

    def _is_wanted(self, node: Node) -> bool:
        return any((node, k) in self._wanted for k in range(node.primitive.outputs))

    def _capture(self, node: Node, g: Any) -> None:
        for index, gradient in enumerate(g if node.several else (g,)):
            if gradient is not None and (node, index) in self._wanted:
                self.captured[node, index] = gradient

    # At the end -----------------------------------------------------------------------------------

    def result_for(self, t: Tensor) -> Any:
        """The gradient collected for one of ``inputs``, or None if there is none."""
        if type(t._node) is Leaf:
            return self.leaf_gradients.get(t._node)
        return self.captured.get((t._node, t._index))

    def take_result_for(self, t: Tensor) -> Any:
        """As ``result_for``, but the pass forgets it: the caller may own it."""
        if type(t._node) is Leaf:
            return self.leaf_gradients.pop(t._node, None)
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
            updates.append((target, self._owned_gradient(gradient)))
        with set_grad_enabled(self.create_graph or local.state.grad_enabled):
            for target, gradient in updates:
                _add_to_grad(target, gradient, self.create_graph)
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


def backward_steps(
    root: Tensor,
    gradient: Any = None,
    *,
    retain_graph: bool = False,
    create_graph: bool = False,
    observe: bool = True,
) -> Iterator[Step]:
    """Go back from a tensor, node by node; gradients are committed when the generator ends.

    Args:
        root: the tensor to start from.
        gradient: incoming gradient of its shape; default 1 for one element.
        retain_graph, create_graph: as for ``Tensor.backward``.
        observe: yield a ``Step`` after every node.

    Example:
        >>> import autograd as ag
        >>> from autograd.engine import backward_steps
        >>> a = ag.tensor(2.0, requires_grad=True)
        >>> [step.node.primitive.name for step in backward_steps(a * a + 1.0)]
        ['add', 'multiply']
    """
    from .api import seed_for

    seed = seed_for("backward_steps", root, gradient, create_graph)
    work = BackwardPass([root], [seed], retain_graph=retain_graph, create_graph=create_graph)
    yield from work.steps(observe)
    work.commit()


# Ownership ----------------------------------------------------------------------------------------


def _references(array: Any) -> int:
    return sys.getrefcount(array)


def _references_of_a_fresh_array() -> int:
    held = {0: np.empty(1)}
    array = held.popitem()[1]
    return _references(array)


#: What ``sys.getrefcount`` says, two calls down, of an array that only its caller's name refers
#: to. Measured rather than assumed: interpreters differ in how many references a call adds.
_SOLE = _references_of_a_fresh_array()


def own(gradient: Any, order: Any = "C") -> Any:
    """The gradient in memory that nothing else shares; C-contiguous, or for ``"K"`` as it lies.

    A rule may return what it was given, or a view of it, so in general this is a copy. It is
    spared where the caller's one name is all that refers to the array, and the array is all that
    refers to its memory.
    """
    if type(gradient) is not np.ndarray:
        return gradient
    base = gradient.base
    if (
        (order == "K" or gradient.flags.c_contiguous)
        and _references(gradient) <= _SOLE + 1  # this function's name for it, the caller's
        and (
            gradient.flags.owndata
            if base is None
            else type(base) is np.ndarray and base.flags.owndata and _references(base) <= _SOLE + 1
        )
    ):
        return gradient
    return np.array(gradient, order=order)


def _add_to_grad(target: Tensor, gradient: Any, create_graph: bool) -> None:
    old = target._grad
    if old is None:
        if not isinstance(gradient, Tensor):
            if type(gradient) is np.ndarray and not gradient.flags.c_contiguous:
                gradient = np.ascontiguousarray(gradient)
            gradient = _wrap(gradient)
        elif create_graph and gradient.ndim:
            gradient = gradient.copy()  # recorded; others may hold the same tensor, or a view
        target._grad = gradient
    elif create_graph or old._node is not None:
        if not isinstance(gradient, Tensor):
            gradient = _wrap(gradient)
        target._grad = old + gradient  # type: ignore[operator]
    elif type(old._data) is np.ndarray and old._data.flags.writeable:
        np.add(old._data, gradient, out=old._data)
        if old._version is not None:
            old._version[0] += 1
    else:
        old._data = old._data + gradient


# Shapes -------------------------------------------------------------------------------------------


def _broadcasts_to(shape: tuple[int, ...], out: tuple[int, ...], got: tuple[int, ...]) -> bool:
    """True if a gradient of shape ``got`` may be summed down (or spread) to the input's shape.

    A rule of a broadcasting primitive returns the broadcast shape, or something that broadcasts
    to it, such as a number for a constant slope.
    """
    if len(got) > len(out):
        return False
    padded = (1,) * (len(out) - len(got)) + got
    return all(n == m or n == 1 for n, m in zip(padded, out, strict=True))


def sum_to_shape(value: Any, shape: tuple[int, ...]) -> Any:
    """Sum the axes that broadcasting added or stretched."""
    extra = value.ndim - len(shape)
    if extra < 0:
        return value
    axes = tuple(range(extra)) + tuple(
        k + extra for k, n in enumerate(shape) if n == 1 and value.shape[k + extra] != 1
    )
    if axes:
        value = value.sum(axis=axes, keepdims=True)
    if extra:
        value = value.reshape(value.shape[extra:])
    return value


# Messages -----------------------------------------------------------------------------------------


def _where(node: Node) -> str:
    inside = f" in module {node.module}" if node.module else ""
    return f"{node.primitive.name} (output shape {node.shape}{inside})"


def _freed_message(node: Node) -> str:
    return (
        f"backward a second time through {_where(node)}: what it had saved was released after the "
        "first pass. Pass retain_graph=True to the first backward, or compute the output again"
    )


def _check_versions(node: Node) -> None:
    for watched in node.versions or ():
        if watched is not None and watched[0][0] != watched[1]:
            raise RuntimeError(
                f"a value that {_where(node)} needs for its gradient was written into after it "
                f"was used (version {watched[1]}, now {watched[0][0]}). Make a new tensor instead of writing "
                "in place (autograd.set_at, autograd.where), or write after backward"
            )


# Rules under create_graph, hooks, records ---------------------------------------------------------


def _saved_tensors(node: Node) -> tuple[Any, ...]:
    """What a node saved, as tensors connected to the graph: inputs to parents, outputs to it.

    They keep their version cells, so that a write is noticed in the next pass, too.
    """
    info = node.primitive
    watched = iter(node.versions or ())
    result = []

    def cell() -> list[int] | None:
        found = next(watched, None)
        return None if found is None else found[0]

    for name, value in zip(info.saved_names, node.saved or (), strict=True):
        if name == "out":
            value = _connected(value, node, 0, cell())
        elif name == "outs":
            value = tuple(
                _wrap(v) if k in info.constant_outputs else _connected(v, node, k, c)
                for k, (v, c) in enumerate([(v, cell()) for v in value])
            )
        elif name[:3] == "out" and name[3:].isdigit():
            index = int(name[3:])
            constant, c = index in info.constant_outputs, cell()
            value = _wrap(value) if constant else _connected(value, node, index, c)
        elif name == info.variadic:
            value = tuple([_input_tensor(node, k, v, cell()) for k, v in enumerate(value)])
        elif name in info.inputs:
            c = cell()
            if value is not None:
                value = _input_tensor(node, info.inputs.index(name), value, c)
        result.append(value)
    return tuple(result)


def _input_tensor(node: Node, position: int, value: Any, cell: list[int] | None) -> Any:
    parent = node.parents[position]
    if parent is None:
        return value
    return _connected(value, parent, node.index_of_parent(position), cell)


def recorded_gradients(node: Node, g: Any, needs: tuple[Any, ...]) -> tuple[Any, ...]:
    info = node.primitive
    if info.composite is None:
        saved = _saved_tensors(node)
        return node.gradients(  # type: ignore[no-any-return]
            node, g, saved, needs
        )
    return _composite_gradients(node, g, needs)


def _composite_gradients(node: Node, g: Any, needs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Gradients of a fused primitive, differentiable: those of its composite at the same inputs.

    Every input gets a fresh graph position of its own (``alias``), so that an input used
    twice is told apart; the second pass stops there.
    """
    info = node.primitive
    saved = dict(zip(info.saved_names, _saved_tensors(node), strict=True))
    if info.variadic:
        values = list(saved[info.variadic])
    else:
        values = [saved[name] for name in info.inputs]
    positions = [k for k, need in enumerate(needs) if need is not None]
    for k in positions:
        values[k] = values[k].alias()
    assert info.composite is not None
    out = info.composite(*values, **node.static_values())
    if info.outputs > 1:
        pairs = [(o, h) for o, h in zip(out, g, strict=True) if h is not None and o._node]
    else:
        pairs = [(out, g)]
    wanted = [values[k] for k in positions]
    inner = BackwardPass(
        [o for o, _ in pairs], [h for _, h in pairs], create_graph=True, inputs=wanted
    )
    for _ in inner.steps():
        pass
    results: list[Any] = [None] * len(needs)
    for k, t in zip(positions, wanted, strict=True):
        found = inner.result_for(t)
        results[k] = _wrap(np.zeros_like(t._data)) if found is None else found
    return tuple(results)


def _call_hooks(
    hooks: dict[int, Any] | None, gradient: Any, node: Any, index: int, create_graph: bool
) -> Any:
    if not hooks:
        return gradient
    shape = node.shape_of(index)
    for hook in list(hooks.values()):
        given = gradient if isinstance(gradient, Tensor) else _wrap(np.asarray(gradient))
        returned = hook(given)
        if returned is None:
            continue
        if not isinstance(returned, Tensor):
            raise TypeError(
                f"a gradient hook must return a Tensor or None, got {type(returned).__name__}"
            )
        if returned.shape != shape:
            raise ValueError(
                f"a gradient hook returned shape {returned.shape}; the gradient has shape {shape}"
            )
        dtype = node.dtype_of(index)
        if returned.dtype != dtype:
            returned = returned.astype(dtype)  # type: ignore[attr-defined]
        gradient = returned if create_graph else returned._data
    return gradient


def _saved_by_name(node: Node) -> dict[str, Any]:
    info = node.primitive
    if node.saved is None or node.saved is FREED:
        return {}
    return dict(zip(info.saved_names, node.saved, strict=True))
