"""Which path through a function was forgotten: its own graph, with one edge spoilt at a time.

A forward function in plain NumPy often works on tensors, too. Then its graph is at hand, and with it
every summand and every factor of the right gradient: each is left out once, or turned round, and
what comes out is compared with the gradient under suspicion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.core.modes import enable_grad
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.engine import BackwardPass
from autograd.engine.step import saved_by_name

__all__ = ["forgotten"]

Array = np.ndarray[Any, Any]

#: In larger graphs no simple mistake is looked for; in smaller ones, two at once.
_EDGES, _PAIRED = 60, 16

#: More operations are not listed of a path.
_LISTED = 6


class _Edge(NamedTuple):
    """What one step sends to one parent.

    Attributes:
        step, sent: numbers of the step and of its contribution.
        op: the primitive; ``route``: it and those that lead from it to the output.
        shape: the contribution's; ``shaped``: True if it is the incoming gradient's, too.
    """

    step: int
    sent: int
    op: str
    route: str
    shape: tuple[int, ...]
    shaped: bool


class _Change(NamedTuple):
    """How a contribution is spoilt: it is ``factor`` times itself, or times what came in."""

    factor: Any
    words: str
    incoming: bool = False


_CHANGES = (
    _Change(0.0, "a summand is missing: what comes back through {route}"),
    _Change(
        1.0, "a factor is missing in the chain: the slope of {op}, on the way through {route}", True
    ),
    _Change(-1.0, "a summand has the wrong sign: what comes back through {route}"),
    _Change(2.0, "a summand is counted twice: what comes back through {route}"),
    _Change(
        -1.0,
        "a factor is missing in the chain: the size of the slope of {op}, on the way through {route}",
        True,
    ),
)


def forgotten(
    forward: Callable[..., Any],
    arrays: Sequence[Array],
    g: Array,
    position: int,
    got: Array,
    right: Array,
    names: Sequence[str],
    fits: Callable[[Array, Array], bool],
    pairs: bool = False,
) -> str:
    """The summand or factor whose loss explains a gradient; empty if none does.

    Args:
        forward: of arrays; it is tried on tensors, and nothing is said where that fails.
        arrays, g, position: the inputs, the incoming gradient, and which input it is about.
        got, right: the gradient under suspicion, and the numerical one.
        names: what the inputs are called.
        fits: tells whether two arrays agree.
        pairs: try two mistakes at once instead of one, in small graphs only.
    """
    graph = _Graph.of(forward, arrays, g, position, names)
    if graph is None or not fits(graph.gradient({}), right):
        return ""
    arriving = graph.arriving()
    if len(arriving) > 1 and all(a.shape == g.shape for a in arriving) and np.all(g):
        if fits(got, np.prod(arriving, axis=0) / g ** (len(arriving) - 1)):
            return "what comes back on several ways is multiplied; it has to be added up"
    edges = graph.edges
    if len(edges) > (_PAIRED if pairs else _EDGES):
        return ""
    too_often = [
        _Change(a, f"a factor too many, {name}: in what comes back through {{route}}")
        for a, name in zip(arrays, names, strict=True)
        if a.shape == g.shape == got.shape
    ]
    for spoilt in _pairs(edges) if pairs else _singles(edges, too_often):
        result = graph.gradient({(e.step, e.sent): change for e, change in spoilt})
        if fits(got, result) and not fits(result, right):
            said = [change.words.format(op=e.op, route=e.route) for e, change in spoilt]
            return "; and ".join(said)
    return ""


_Spoilt = tuple[tuple[_Edge, _Change], ...]


def _singles(edges: Sequence[_Edge], more: Sequence[_Change] = ()) -> Iterator[_Spoilt]:
    for change in (*_CHANGES, *more):
        for edge in edges:
            if (edge.shaped or not change.incoming) and np.shape(change.factor) in ((), edge.shape):
                yield ((edge, change),)


def _pairs(edges: Sequence[_Edge]) -> Iterator[_Spoilt]:
    """Summands and factors that are missing, two at a time."""
    each = [
        spoilt[0]
        for spoilt in _singles(edges)
        if spoilt[0][1].factor == 0.0 or spoilt[0][1].incoming
    ]
    for one, other in combinations(each, 2):
        if one[0] is not other[0]:
            yield one, other


class _Graph:
    """The graph of a function, to be gone back through with contributions changed."""

    def __init__(self, out: Tensor, leaves: Sequence[Tensor], position: int, g: Array,
                 names: Sequence[str]) -> None:  # fmt: skip
        self._out, self._leaf = out, leaves[position]
        self._names = {id(t._data): name for t, name in zip(leaves, names, strict=True)}
        self._kept = leaves  # as long as their ids are used
        self._seed: Any = g if g.ndim else g[()]
        self.edges = self._listed()

    @classmethod
    def of(
        cls, forward: Callable[..., Any], arrays: Sequence[Array], g: Array, position: int,
        names: Sequence[str],
    ) -> _Graph | None:  # fmt: skip
        leaves = [Tensor(a, requires_grad=k == position) for k, a in enumerate(arrays)]
        try:
            with enable_grad(), np.errstate(all="ignore"):
                out = forward(*leaves)
        except Exception:  # noqa: BLE001  a function for arrays need not work on tensors
            return None
        if not isinstance(out, Tensor) or out._node is None or out.shape != g.shape:
            return None
        return cls(out, leaves, position, g, names) if out.dtype == np.float64 else None

    def _pass(self) -> BackwardPass:
        return BackwardPass(
            [self._out], [self._seed], retain_graph=True, inputs=[self._leaf], stop=True
        )

    def _listed(self) -> list[_Edge]:
        above: dict[Any, Any] = {}  # parent -> the first node that sends to it
        found = []
        for step in self._pass().steps(observe=True):
            further: list[str] = []
            node: Any = above.get(step.node)
            while node is not None and len(further) < _LISTED:
                further.append(node.primitive.name if len(further) < _LISTED - 1 else "…")
                node = above.get(node)
            for k, sent in enumerate(step.contributions):
                above.setdefault(sent.parent, step.node)
                shape = np.shape(sent.value)
                incoming = step.gradient  # of several outputs a tuple
                shaped = type(incoming) is not tuple and shape == np.shape(incoming)
                op = self._described(step.node, sent.position)
                found.append(_Edge(step.number, k, op, " → ".join([op, *further]), shape, shaped))
            if len(found) > _EDGES:
                break
        return found[::-1]  # those nearest to the input first: they tell most

    def _described(self, node: Any, position: int) -> str:
        """An operation, with its other operand where there is one: ``multiply (by b)``."""
        info = node.primitive
        if info.variadic or len(node.parents) != 2:
            return str(info.name)
        other = 1 - position
        parent = node.parents[other]
        if parent is not None:
            word = (
                self._names[id(self._leaf._data)] if type(parent) is Leaf else parent.primitive.name
            )
        else:
            value = saved_by_name(node).get(info.inputs[other], node.constant_aside(other)[0])
            number = value is not None and np.size(value) == 1
            word = self._names.get(id(value)) or (text.number(np.ravel(value)[0]) if number else "")
        return f"{info.name} (with {word})" if word else str(info.name)

    def arriving(self) -> list[Array]:
        """What arrives at the leaf, from each of the ways to it."""
        return [
            np.asarray(sent.value)
            for step in self._pass().steps(observe=True)
            for sent in step.contributions
            if sent.parent is self._leaf._node
        ]

    def gradient(self, changes: dict[tuple[int, int], _Change]) -> Array:
        """The leaf's gradient, with some contributions changed on the way."""
        work = self._pass()
        for step in work.steps(observe=True):
            for k, sent in enumerate(step.contributions):
                change = changes.get((step.number, k))
                if change is None:
                    continue
                value = change.factor * (step.gradient if change.incoming else sent.value)
                off = value - sent.value
                held = work.leaf_gradients if sent.parent is self._leaf._node else work.pending
                now = held[sent.parent]
                now = now[sent.index] if isinstance(now, list) else now
                work.replace(sent.parent, sent.index, now + off)
        found = work.result_for(self._leaf)
        return np.zeros(self._leaf.shape) if found is None else np.asarray(found)
