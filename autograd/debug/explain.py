"""``explain``: every product that a single gradient number is the sum of.

A gradient rule is linear in the incoming gradient. Its slope by each element of that gradient - one
row of the node's Jacobian - comes from differentiating the rule itself, once, whatever the
operation: matmul, convolution, pooling. So the number asked for splits into products
``slope · gradient``, and each of those gradients splits again, down to the loss. The largest
parts are followed first; what is not listed is summed.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.arguments import suggesting
from autograd.arguments.numbers import shown
from autograd.core.modes import enable_grad
from autograd.core.tensor import Tensor, _wrap
from autograd.debug.names import GraphNames
from autograd.debug.record import safe_form
from autograd.engine import BackwardPass, seed_for
from autograd.engine import grad as engine_grad
from autograd.engine.backward import recorded_gradients
from autograd.engine.unbroadcast import sum_to_shape

__all__ = ["Explanation", "Hop", "Row", "explain"]

#: How many times rows are split, for each row that is listed.
_SPLITS_PER_ROW = 8

#: Longer paths are shortened where they are printed.
_SHOWN = 16

#: Longer lines are broken where they are printed.
_WIDTH = 100

#: Of elements that are not finite, so many are looked into.
_ODD = 64

_NOTHING_ARRIVES = "0 × ∞: nothing arrives there, but the slope is infinite"


class Hop(NamedTuple):
    """One step of a path from the tensor towards the loss.

    Attributes:
        op, module: the operation passed through.
        name: the input by which it was entered.
        element: index of its output where the path goes on.
        slope: derivative of that element by the one before.
        node: the graph's node.
        title: ``c = multiply``: the operation with what its result is called, if anything.
    """

    op: str
    module: str
    name: str
    element: tuple[int, ...]
    slope: float
    node: Any
    title: str = ""


class Row(NamedTuple):
    """One contribution.

    Attributes:
        value: the product of all slopes and of ``gradient``.
        path: the hops, from the tensor on.
        gradient: the gradient that arrives at the end of the path.
        complete: True if the path ends at the loss; otherwise ``gradient`` is itself a sum.
        remark: where a NaN begins, how: ``0 × ∞``; the path goes no further.
    """

    value: float
    path: tuple[Hop, ...]
    gradient: float
    complete: bool
    remark: str = ""

    def text(self) -> str:
        """``0.5 = 2 (multiply[0] by x in layer) × −1 (add[0] by x) × 1 from the loss``."""
        shown = [*self.path] if len(self.path) <= _SHOWN else [*self.path[: _SHOWN - 1]]
        factors = [
            f"{text.number(h.slope, 4)} ({h.title or h.op}{text.at(h.element)} by {h.name}"
            + (f" in {h.module})" if h.module else ")")
            for h in shown
        ]
        if len(shown) < len(self.path):
            rest = math.prod(h.slope for h in self.path[len(shown) :])
            hidden = len(self.path) - len(shown)
            factors.append(f"{text.number(rest, 4)} (through {hidden} more)")
        end = "from the loss" if self.complete else "arriving there"
        factors.append(f"{text.number(self.gradient, 4)} {end}")
        remark = f": {self.remark}" if self.remark else ""
        return _broken(f"{text.number(self.value):>12} = ", factors, remark)


def _broken(head: str, factors: list[str], remark: str) -> str:
    """A product, broken before its signs where it is too long for one line."""
    lines, line = [], head + factors[0]
    for factor in factors[1:]:
        if len(line) + 3 + len(factor) > _WIDTH:
            lines.append(line)
            line = " " * (len(head) - 2) + f"× {factor}"
        else:
            line += f" × {factor}"
    return "\n".join([*lines, line + remark])


class Explanation(text.Page):
    """What ``explain`` found; prints as a list, largest contribution first.

    Attributes:
        total: the gradient of the element.
        rows: the contributions listed.
        remainder: the sum of those that are not; ``hidden``: how many they are.
    """

    def __init__(
        self, title: str, total: float, rows: Sequence[Row], hidden: int, rest: float
    ) -> None:
        self.title = title
        self.total = total
        self.rows = tuple(rows)
        self.hidden = hidden
        self.remainder = rest

    def text(self, plain: bool = False) -> str:
        """The list."""
        lines = [f"{self.title} = {text.number(self.total)}, the sum of"]
        lines += [row.text() for row in self.rows]
        if self.hidden:
            lines.append(f"{text.number(self.remainder):>12} = {self.hidden} smaller ones")
        if not self.rows and not self.hidden and self.total == 0:
            lines.append("           0   nothing: no path leads from it to the loss")
        elif not self.rows and not self.hidden:
            lines.append("              what made it cannot be told from its rules")
        lines += self._remarks()
        said = "\n".join(lines)
        return text.plain(said) if plain else said

    def _remarks(self) -> list[str]:
        """How a NaN came about, and what to do about it."""
        if not math.isnan(self.total):
            return []
        steep = [row.path[-1].op for row in self.rows if row.remark == _NOTHING_ARRIVES]
        if steep:
            return [f"  {safe_form(steep[0])}"]
        signs = {row.value for row in self.rows if math.isinf(row.value)}
        return ["  ∞ and −∞ meet in the sum: it is NaN"] if len(signs) == 2 else []


@suggesting
def explain(
    loss: Tensor,
    w: Tensor,
    at: Any = (),
    limit: int = 12,
    depth: int | None = None,
    gradient: Any = None,
) -> Explanation:
    """Where one number of a gradient came from: its contributions, each with its path.

    The rows and the remainder sum to the gradient, up to rounding. Nothing changes: no ``.grad``
    is touched and the graph stays usable.

    Args:
        loss: the tensor differentiated.
        w: the tensor differentiated by; a leaf, or any other tensor of the graph.
        at: the element's index in ``w``; ``()`` for a number.
        limit: how many contributions are listed.
        depth: how many operations a path follows; default: to the loss, for the largest.
        gradient: incoming gradient of ``loss``; default 1 for one element.

    Raises:
        TypeError, ValueError, IndexError: for a wrong ``at``, ``limit`` or ``depth``.
        RuntimeError: if ``w`` requires no gradient, or the graph was used up by ``backward()``.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True, name="a")
        >>> print(ag.debug.explain(a * -3.0 + a, a))
        gradient of a = −2, the sum of
                  −3 = −3 (multiply by x) × 1 (add by x) × 1 from the loss
                   1 = 1 (add by y) × 1 from the loss
    """
    for name, value in (("limit", limit), ("depth", 1 if depth is None else depth)):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"explain: {name} must be a positive integer, got {shown(value)}")
    if not isinstance(w, Tensor):
        raise TypeError(f"explain: w must be a Tensor, got {type(w).__name__}")
    if w._node is None:
        raise RuntimeError("explain: w requires no gradient")
    index = _element(at, w.shape)
    graph = _Graph(loss, w, seed_for("explain", loss, gradient, False))
    total = graph.arrived(w._node, w._index, index)
    rows, hidden, rest = _follow(graph, (w._node, w._index), index, limit, depth)
    title = f"gradient of {graph.names.target(w._node, w._index)}{text.at(index)}"
    return Explanation(title, total, rows, hidden, rest)


def _element(at: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    given = at if isinstance(at, (tuple, list)) else (at,)
    if len(given) != len(shape) or not all(
        isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in given
    ):
        raise ValueError(f"explain: at={at!r} must be {len(shape)} integers, an index of {shape}")
    for n, length in zip(given, shape, strict=True):
        if not -length <= n < length:
            raise IndexError(f"explain: at={at!r} is outside of shape {shape}")
    return tuple(int(n) % length for n, length in zip(given, shape, strict=True))


class _Graph:
    """The gradients of a whole pass, and who sends to whom."""

    def __init__(self, loss: Tensor, w: Tensor, seed: Any) -> None:
        self.root = (loss._node, loss._index)
        self.seed = np.asarray(seed)
        self.gradients: dict[Any, Any] = {}
        self.children: dict[tuple[Any, int], list[tuple[Any, int, str]]] = {}
        self._slopes: dict[Any, list[tuple[int, Any]]] = {}
        work = BackwardPass([loss], [seed], retain_graph=True, inputs=[w], stop=True)
        for step in work.steps(observe=True):
            g = step.gradient
            self.gradients[step.node] = g if isinstance(g, tuple) else (g,)
            for sent in step.contributions:
                place = (sent.parent, sent.index)
                self.children.setdefault(place, []).append((step.node, sent.position, sent.name))
        self.names = GraphNames([*work.reachable(), w._node], (loss, w))
        found = work.result_for(w)
        self._result = np.zeros(w.shape) if found is None else np.asarray(found)
        self._w = (w._node, w._index)

    def arrived(self, node: Any, index: int, element: tuple[int, ...]) -> float:
        """The gradient at one element of a node's output."""
        if (node, index) == self._w:
            return float(self._result[element])
        return float(np.asarray(self.gradients[node][index])[element])

    def slopes(self, node: Any, position: int, element: tuple[int, ...]) -> list[tuple[int, Any]]:
        """Derivatives of each output by one element of an input: ``[(output index, array)]``."""
        key = (node, position, element)
        if key not in self._slopes:
            column = _jacobian_column(node, position, element, self.gradients[node])
            self._slopes[key] = [
                (k, self._cleared(node, position, element, k, np.array(slopes)))
                for k, slopes in column
            ]
        return self._slopes[key]

    def _cleared(
        self, node: Any, position: int, element: tuple[int, ...], index: int, slopes: Any
    ) -> Any:
        """Slopes without the NaNs that are only 0 × ∞ on the way to them."""
        slopes = np.where(_can_reach(node, position, element, slopes.shape), slopes, 0.0)
        for where in np.argwhere(~np.isfinite(slopes))[:_ODD]:
            there = tuple(int(n) for n in where)
            slopes[there] = _response(
                node, position, element, self.gradients[node], index, there, 1.0
            )
        return slopes

    def reached_by(
        self, node: Any, position: int, element: tuple[int, ...], index: int, slopes: Any
    ) -> list[tuple[int, ...]]:
        """Elements of an output whose gradient counts: by their slopes, or as they are not finite."""
        found = [tuple(int(n) for n in where) for where in np.argwhere(slopes)]
        gradient = np.asarray(self.gradients[node][index])
        odd = ~np.isfinite(gradient) & _can_reach(node, position, element, slopes.shape)
        for where in np.argwhere((slopes == 0) & odd)[:_ODD]:
            there = tuple(int(n) for n in where)
            came = _response(node, position, element, self.gradients[node], index, there, math.nan)
            if math.isnan(came):  # 0 times what arrives there is not nothing
                found.append(there)
        return found


def _jacobian_column(
    node: Any, position: int, element: tuple[int, ...], gradients: tuple[Any, ...]
) -> list[tuple[int, Any]]:
    """Differentiate the gradient rule by its incoming gradient, at one element of its result."""
    variables = [None if g is None else _wrap(np.array(g)).requires_grad_() for g in gradients]
    g = tuple(variables) if node.primitive.outputs > 1 else variables[0]
    needs = tuple([p if k == position else None for k, p in enumerate(node.parents)])
    with enable_grad(), np.errstate(all="ignore"):
        result = recorded_gradients(node, g, needs)[position]
    if not isinstance(result, Tensor) or result._node is None:
        return []
    parent = node.parents[position]
    one = np.zeros(parent.shape_of(node.index_of_parent(position)), result.dtype)
    one[element] = 1
    # Where the engine would sum a broadcast gradient down, its transpose spreads.
    spread = _wrap(np.array(np.broadcast_to(one, result.shape)))
    wanted = [(k, v) for k, v in enumerate(variables) if v is not None]
    found = engine_grad(result, [v for _, v in wanted], spread, retain_graph=True,
                        allow_unused=True)  # fmt: skip
    return [(k, f._data) for (k, _), f in zip(wanted, found, strict=True) if f is not None]


def _can_reach(node: Any, position: int, element: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """Which elements of an output an element of an input can reach; for some operations, all."""
    if not (node.primitive.broadcasts or node.primitive.elementwise):
        return True
    here = np.zeros(node.parents[position].shape_of(node.index_of_parent(position)), bool)
    here[element] = True
    return np.broadcast_to(here, shape)


def _response(
    node: Any, position: int, element: tuple[int, ...], gradients: tuple[Any, ...], index: int,
    there: tuple[int, ...], amount: float,
) -> float:  # fmt: skip
    """What the rule gives at an element, if nothing arrives but this amount at one place."""
    alone: list[Any] = []
    for k, g in enumerate(gradients):
        single = None if g is None else np.zeros_like(np.asarray(g))
        if single is not None and k == index:
            single[there] = amount
        alone.append(None if single is None else _wrap(single))
    needs = tuple([p if k == position else None for k, p in enumerate(node.parents)])
    with enable_grad(), np.errstate(all="ignore"):
        g = tuple(alone) if node.primitive.outputs > 1 else alone[0]
        result = recorded_gradients(node, g, needs)[position]
    parent = node.parents[position]
    shape = parent.shape_of(node.index_of_parent(position))
    value = np.asarray(getattr(result, "_data", result))
    if value.shape != shape:
        value = sum_to_shape(np.broadcast_to(value, node.shape_of(index)), shape)
    return float(value[element])


def _follow(
    graph: _Graph, start: tuple[Any, int], element: tuple[int, ...], limit: int, depth: int | None
) -> tuple[list[Row], int, float]:
    """Split the largest contribution again and again, until the largest ones are complete."""
    if start == graph.root:
        seed = float(graph.seed[element])
        return [Row(seed, (), seed, True)], 0, 0.0
    order = itertools.count()
    done: list[tuple[float, int, Row]] = []
    waiting: list[tuple[float, int, Row, Any]] = []
    small_sum, small_count = 0.0, 0
    # The first entry stands for the whole number; splitting it gives the first contributions.
    whole = Row(graph.arrived(*start, element), (), 1.0, False)
    heapq.heappush(waiting, (_rank(whole.value), next(order), whole, (1.0, *start, element)))
    splits = 0
    while waiting and splits <= limit * _SPLITS_PER_ROW:
        if len(done) >= limit and -waiting[0][0] <= -sorted(done)[limit - 1][0]:
            break  # nothing that waits can make it into the list
        _, _, row, (factor, node, index, here) = heapq.heappop(waiting)
        splits += 1
        for part, place in _split(graph, row, factor, node, index, here):
            if part.value == 0:
                continue
            entry = (_rank(part.value), next(order), part)
            if part.complete or part.remark or (depth is not None and len(part.path) >= depth):
                done.append(entry)
            else:
                heapq.heappush(waiting, (*entry, place))
        if len(waiting) > 4096:  # the smallest will never be listed: keep their sum only
            waiting.sort()
            for _, _, dropped, _ in waiting[2048:]:
                small_sum += dropped.value
                small_count += 1
            del waiting[2048:]
    entries = sorted([*done, *[w[:3] for w in waiting]])
    rows = [row for _, _, row in entries[:limit]]
    rest = entries[limit:]
    return rows, len(rest) + small_count, small_sum + sum(row.value for _, _, row in rest)


def _rank(value: float) -> float:
    """Largest first; a NaN before all."""
    return -math.inf if math.isnan(value) else -abs(value)


def _remark(slope: float, gradient: float) -> str:
    """How a NaN begins at a hop; empty if it came from further on."""
    if math.isnan(slope):
        return "the slope itself is NaN"
    if math.isinf(slope) and gradient == 0:
        return _NOTHING_ARRIVES
    if math.isinf(gradient) and slope == 0:
        return "∞ × 0: what arrives there is infinite, and the slope is 0"
    return "" if math.isnan(gradient) else "0 × ∞"


def _split(
    graph: _Graph, row: Row, factor: float, node: Any, index: int, element: tuple[int, ...]
) -> list[tuple[Row, Any]]:
    """The contributions that one gradient number is the sum of, as longer rows."""
    parts: list[tuple[Row, Any]] = []
    for child, position, name in graph.children.get((node, index), ()):
        info = child.primitive
        for k, slopes in graph.slopes(child, position, element):
            slopes = np.asarray(slopes)
            gradient = np.asarray(graph.gradients[child][k])
            at_loss = (child, k) == graph.root
            for there in graph.reached_by(child, position, element, k, slopes):
                slope, g = float(slopes[there]), float(gradient[there])
                hop = Hop(info.name, child.module, name, there, slope, child,
                          graph.names.title(child))  # fmt: skip
                product = factor * slope
                value = product * g
                remark = _remark(slope, g) if math.isnan(value) else ""
                longer = Row(value, (*row.path, hop), g, at_loss, remark)
                parts.append((longer, (product, child, k, there)))
    return parts
