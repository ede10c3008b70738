"""``certify``: every rule of a graph against differences, at the values that it holds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd import arguments, text
from autograd.arguments import suggesting
from autograd.arguments.generator import default_generator
from autograd.core.modes import enable_grad, local
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.debug.card import Bits, Card, Oddity, Rule, worst
from autograd.debug.checking import (
    case_of,
    doubled_inputs,
    operands,
    outputs_of,
    rule_results,
    statics_of,
    undisturbed,
)
from autograd.debug.history import History
from autograd.debug.step import Step
from autograd.engine import BackwardPass, seed_for
from autograd.engine import grad as engine_grad
from autograd.gradcheck.numeric import STEP, several_differences
from autograd.gradcheck.verdict import Case, Finding, Trial, judge
from autograd.kernels.threads import get_num_threads, set_num_threads

__all__ = ["certify"]

Array = np.ndarray[Any, Any]
Index = tuple[int, ...]

_EPS = float(np.finfo(np.float64).eps)

#: Parts of a large step, at which a linear function has the same parts of its change.
_PARTS = (1e-3, -0.01, 0.07, -0.3)

#: A node with no more inputs has them all tried.
_INPUTS = 32

#: How many elements a search along a random direction may single out.
_SUSPECTS = 4


@suggesting
def certify(
    loss: Tensor,
    gradient: Any = None,
    *,
    limit: int = 32,
    nodes: int = 16,
    threads: Sequence[int] = (1, 2, 4),
    seed: int = 0,
) -> Card:
    """Check every gradient rule in a graph, at the values it holds, and say so on one page.

    For every node: its rules against central differences in float64, with the gradient that
    arrives there and with a random one; second order, the derivatives of the rules themselves, by
    the inputs and by the incoming gradient; where the function is linear in an input, the adjoint
    identity ⟨g, L·u⟩ = ⟨Lᵀ·g, u⟩, which takes in all elements at once. For the whole graph: the same
    bits on a second run and with other numbers of threads.

    Nothing changes: not ``.grad``, nor saved values, modes, random numbers or running statistics.
    The graph can be used as before. Hooks are not run.

    Args:
        loss: the tensor to go back from. Built inside ``autograd.debug.record()``, the values of
            all inputs are known; otherwise those that no rule asked for are made up, which the
            card says.
        gradient: its incoming gradient; default 1 for one element.
        limit: elements of each input that are moved one by one: those with the largest gradients,
            others drawn at random, and those that a search along random directions singles out.
            For second order a quarter as many.
        nodes: of nodes that are alike (operation, shapes, static parameters), so many are tried; of
            the inputs of one node, too, where they are more than 32.
        threads: numbers of threads to compute with again; empty to leave that out.
        seed: of what is drawn.

    Returns:
        A ``Card``: true if all is right; ``text()``, ``html()``, ``json()``, ``save(path)``. It names
        each mistake with the worst element and both numbers, tells kinks, jumps and borders of a
        domain apart from mistakes, and says what was not checked and why.

    Raises:
        TypeError, RuntimeError, ValueError: as ``Tensor.backward``; for arguments that cannot be.

    Example:
        >>> import autograd as ag
        >>> a = ag.tensor(2.0, requires_grad=True, name="a")
        >>> card = ag.debug.certify(ag.sin(a) * a)
        >>> bool(card), card.verdict, [rule.op for rule in card.rules]
        (True, 'right', ['multiply', 'multiply', 'sin'])
    """
    start = seed_for("certify", loss, gradient, False)
    for name, value in (("limit", limit), ("nodes", nodes)):
        arguments.integer("certify", name, value, 1)
    arguments.integer("certify", "seed", seed, 0)
    counts = [arguments.integer("certify", "threads", n, 1) for n in threads]
    with _untouched():
        work = BackwardPass([loss], [start], retain_graph=True, stop=True)
        reachable = work.reachable()
        hooked = any(node.extra is not None and node.extra.hooks for node in reachable)
        with _without_hooks(reachable):
            certificate = _Certificate(loss, start, reachable, limit, nodes, seed)
            if hooked:
                certificate.unchecked["hooks: they were not run"] = None
            return certificate.card(counts)


@contextmanager
def _untouched() -> Iterator[None]:
    """Put modes, threads and the default generator back at the end."""
    state, count = local.state, get_num_threads()
    before = state.grad_enabled, state.module, state.recorder
    numbers = default_generator().bit_generator.state
    state.recorder = None
    try:
        yield
    finally:
        state.grad_enabled, state.module, state.recorder = before
        set_num_threads(count)
        default_generator().bit_generator.state = numbers


@contextmanager
def _without_hooks(nodes: Sequence[Any]) -> Iterator[None]:
    held = [(node.extra, node.extra.hooks) for node in nodes if node.extra is not None]
    for extra, _ in held:
        extra.hooks = {}
    try:
        yield
    finally:
        for extra, hooks in held:
            extra.hooks = hooks


class _Kind(NamedTuple):
    """Nodes that are alike: the steps of those that are tried, and how many there are."""

    steps: list[Step]
    size: int


class _Certificate:
    """The work on one graph."""

    def __init__(
        self, loss: Tensor, start: Any, reachable: list[Any], limit: int, nodes: int, seed: int
    ) -> None:
        self.loss, self.start, self.reachable = loss, start, reachable
        self.limit, self.nodes, self.seed = limit, nodes, seed
        self.rules: list[Rule] = []
        self.oddities: list[Oddity] = []
        self.unchecked: dict[str, None] = {}  # ordered, each once
        self.sampled: dict[str, None] = {}

    def card(self, threads: list[int]) -> Card:
        """Everything, in order."""
        kinds, names, first = self._kinds()
        for kind in kinds:
            self._try(kind, names)
        bits = self._bits(kinds, threads, first) if threads else None
        operations = [n for n in self.reachable if type(n) is not Leaf]
        leaves = len(self.reachable) - len(operations)
        dtypes = sorted(
            {str(d) for n in operations for d in np.atleast_1d(np.array(n.dtype, object))}
        )
        title = names.of(self.loss._node, self.loss._index) or "a result"
        facts = {
            "graph": f"{text.counted(len(operations), 'operation')} of {text.counted(len(kinds), 'kind')}, "
            f"{text.counted(leaves, 'leaf', 'leaves')}; {title} of shape {self.loss.shape}",
            "values": f"{', '.join(dtypes)}; rules checked in float64",
            "drawn with": f"seed {self.seed}, NumPy {np.__version__}",
        }
        if self.sampled:
            self.unchecked[
                f"each element by itself: {', '.join(self.sampled)}; the others only together, along "
                f"a random direction (seed {self.seed})"
            ] = None
        self.unchecked[
            f"second order at more than {max(4, self.limit // 4)} elements of each input"
        ] = None
        self.unchecked["the forward computation itself: only that its gradients fit it"] = None
        return Card(f"Gradients of {title}", facts, self.rules, self.oddities, bits,
                    list(self.unchecked))  # fmt: skip

    def _pass(self) -> BackwardPass:
        return BackwardPass([self.loss], [self.start], retain_graph=True, stop=True)

    # Which nodes ----------------------------------------------------------------------------------

    def _kinds(self) -> tuple[list[_Kind], Any, list[tuple[str, str]]]:
        """Steps of the nodes to try, what nodes are called, and the prints of all gradients."""
        groups: dict[Any, list[Any]] = {}
        for node in reversed(self.reachable):
            if type(node) is not Leaf:
                groups.setdefault(_likeness(node), []).append(node)
        random = np.random.default_rng(self.seed)
        chosen: set[Any] = set()
        for members in groups.values():
            if len(members) > self.nodes:
                places = random.choice(len(members), self.nodes, replace=False)
                members = [members[k] for k in sorted(places.tolist())]
            chosen.update(members)
        work = self._pass()
        history = History(work)
        steps: dict[Any, Step] = {}
        prints = []
        for step in work.steps(observe=True):
            prints.append((history.names.target(step.node), _print_of(step.gradient)))
            if step.node in chosen:
                steps[step.node] = Step(step, history.total, history.names)
        prints += [(history.names.target(leaf), _print_of(g))
                   for leaf, g in work.leaf_gradients.items()]  # fmt: skip
        kinds = [
            _Kind([steps[n] for n in members if n in steps], len(members))
            for members in groups.values()
        ]
        return [kind for kind in kinds if kind.steps], history.names, prints

    # One kind of nodes ----------------------------------------------------------------------------

    def _try(self, kind: _Kind, names: Any) -> None:
        op = kind.steps[0].op
        if len(kind.steps) < kind.size:
            self.unchecked[
                f"{kind.size - len(kind.steps)} of {kind.size} {op} nodes that are alike; those "
                f"tried were drawn with seed {self.seed} (nodes={self.nodes})"
            ] = None
        results: dict[str, list[_Result]] = {}
        for step in kind.steps:
            node = f"{names.title_and_place(step.node)}, step {step.number} of {step.total}"
            with undisturbed(step):
                for result in self._step(step):
                    results.setdefault(result.input, []).append(result)
                    self.oddities += [o._replace(node=node) for o in result.oddities]
        for name, found in results.items():
            self.rules.append(
                Rule(
                    op, name, kind.size, len(kind.steps), found[0].elements,
                    min(r.looked_at for r in found), worst(r.first for r in found),
                    worst(r.second for r in found),
                    worst([r.adjoint for r in found]) if all(r.adjoint for r in found) else "",
                )
            )  # fmt: skip

    def _step(self, step: Step) -> list[_Result]:
        """What is found of one node's rules."""
        results = {
            k: _Result(step.sent[k].name, int(np.size(step.sent[k].contribution)))
            for k in self._places(step)
        }
        inputs, note = doubled_inputs(step)
        try:
            if inputs is None:
                raise ValueError(note)
            outputs_of(step, inputs)
            case = case_of(step, inputs, min(self.limit, _affordable(inputs)))
        except Exception as error:  # noqa: BLE001  whatever a function says of float64 values
            self.unchecked[f"{step.op}: {error}"] = None
            return list(results.values())
        if note:
            self.unchecked[f"{step.op}: {note}"] = None
        for place, result in results.items():
            self._first_order(step, case, place, result)
        self._second_order(step, inputs, case, results)
        return list(results.values())

    def _places(self, step: Step) -> list[int]:
        """Which of a node's inputs are tried: of very many some, or it would take hours."""
        count = len(step.sent)
        if count <= max(_INPUTS, self.nodes):
            return list(range(count))
        drawn = np.random.default_rng(self.seed).choice(count, self.nodes, replace=False)
        self.unchecked[
            f"{count - self.nodes} of {count} inputs of {step.op}; those tried were drawn with seed "
            f"{self.seed} (nodes={self.nodes})"
        ] = None
        return sorted(drawn.tolist())

    def _first_order(self, step: Step, case: Case, place: int, result: _Result) -> None:
        random = np.random.default_rng(self.seed)
        also: list[Index] = []
        if not case.symmetric and case.tame and case.finite:
            result.adjoint, pair, also = _adjoint(case, place, random)
            if case.arrays[place].size > case.limit and not result.adjoint:
                also = _suspects(case, place, random)
                self.sampled[
                    f"{step.op} by {result.input} ({case.limit} of {case.arrays[place].size})"
                ] = None
        finding = judge(case, place, result.input, also)
        result.note(finding, 1, step.op)
        result.looked_at = min(case.limit, result.elements)
        if result.adjoint == "wrong" and finding.verdict != "wrong" and _far_off(case, place, also):
            result.adjoint = ""  # it was looked at, and is no mistake: kinks meet there
        if result.adjoint == "wrong" and finding.verdict != "wrong":
            result.oddities.append(
                Oddity("wrong", step.op, result.input, 0, "", also[0] if also else (), pair[1],
                       pair[0], "the function is linear in this input, and the rule is not its "
                       "transpose")
            )  # fmt: skip
        if finding.verdict == "unknown":
            self.unchecked[f"{step.op} by {result.input}: {finding.reason}"] = None

    def _second_order(
        self, step: Step, inputs: list[Any], case: Case, results: dict[int, _Result]
    ) -> None:
        try:
            second = _second_case(step, inputs, case, max(4, case.limit // 4), self.seed)
        except Exception as error:  # noqa: BLE001  a rule of NumPy alone fails in its own way
            why = str(error).splitlines()[0] if str(error) else type(error).__name__
            self.unchecked[f"{step.op}, second order: {why}"] = None
            return
        for place, result in results.items():
            finding = judge(second, place, result.input)
            finding.reason = ""
            result.note(finding, 2, step.op)
        for place in range(len(step.sent), len(second.arrays)):
            finding = judge(second._replace(symmetric=False), place, "g")
            finding.reason = "" if finding.verdict != "wrong" else (
                "recorded under create_graph, the rules give something else than without"
            )  # fmt: skip
            if finding.verdict == "wrong":
                next(iter(results.values())).note(finding, 2, step.op, "g")

    # Bits -----------------------------------------------------------------------------------------

    def _bits(self, kinds: list[_Kind], threads: list[int], first: list[tuple[str, str]]) -> Bits:
        different: dict[str, None] = {}
        forwards: dict[Any, set[str]] = {}
        for count in [get_num_threads(), *threads]:
            set_num_threads(count)
            work = self._pass()
            prints = [_print_of(step.gradient) for step in work.steps(observe=True)]
            prints += [_print_of(g) for g in work.leaf_gradients.values()]
            for (name, before), now in zip(first, prints, strict=True):
                if before != now:
                    different[f"the gradient of {name}, with {count} threads"] = None
            for kind in kinds:
                for step in kind.steps:
                    output = _forward_again(step)
                    if output is not None:
                        forwards.setdefault(step, set()).add(output)
        for step, seen in forwards.items():
            if len(seen) > 1:
                different[f"the output of {step.title}, step {step.number}"] = None
        return Bits(tuple(threads), len(first), len(forwards), tuple(different))


class _Result:
    """What is found of one rule of one node."""

    def __init__(self, name: str, elements: int) -> None:
        self.input = name
        self.elements = elements
        self.looked_at = 0
        self.first = self.second = "unknown"
        self.adjoint = ""
        self.oddities: list[Oddity] = []

    def note(self, finding: Finding, order: int, op: str, name: str = "") -> None:
        """Take a finding in."""
        if order == 1:
            self.first = finding.verdict
        elif not name:
            self.second = finding.verdict
        elif finding.verdict == "wrong":
            self.second = "wrong"
        if finding.verdict in ("right", "unknown"):
            return
        kind = finding.verdict
        reason = finding.reason.replace("\n", "; ")
        if kind != "wrong":
            kind = {"jump": "jump", "vertical": "steep", "border": "border"}.get(
                finding.slopes.kind if finding.slopes else "", "kink"
            )
            reason = finding.sentence().partition(": ")[2].partition("; the rule gives")[0]
            reason = f"{kind}, {reason}" + (
                f" (and at {finding.more} more)" if finding.more else ""
            )
        self.oddities.append(
            Oddity(kind, op, name or self.input, order, "", finding.index, float(finding.rule),
                   float(finding.numerical), reason)
        )  # fmt: skip


def _likeness(node: Any) -> tuple[Any, ...]:
    """Nodes for which this is equal are tried by a few of them."""
    shapes = tuple(
        None
        if p is None
        else (p.shape_of(node.index_of_parent(k)), p.dtype_of(node.index_of_parent(k)))
        for k, p in enumerate(node.parents)
    )
    statics = tuple(repr(value)[:200] for value in node.static)
    return (node.primitive, id(node.plan), shapes, statics, node.shape)


def _affordable(inputs: Sequence[Any]) -> int:
    """Fewer elements of larger arrays, so that a card takes seconds."""
    touched = sum(np.size(value) for value in inputs if value is not None)
    return max(4, 4_000_000 // max(touched, 1))


def _print_of(value: Any) -> str:
    """A fingerprint of the bits of an array, or of a tuple of them."""
    digest = hashlib.blake2b(digest_size=16)
    for each in value if isinstance(value, tuple) else (value,):
        array = np.asarray(getattr(each, "_data", 0 if each is None else each))
        digest.update(str((array.shape, array.dtype.str, each is None)).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _forward_again(step: Step) -> str | None:
    """The bits of the output, computed again in the graph's own precision; None if not known how."""
    inputs, made_up, _ = operands(step)
    if inputs is None or made_up:
        return None
    with undisturbed(step):
        try:
            result = step.node.primitive.forward(*inputs, **step.node.static_values())
        except Exception:  # noqa: BLE001  it was computed once; what fails now is no answer
            return None
    return _print_of(result)


# All elements at once -----------------------------------------------------------------------------


def _weighted(weights: Sequence[Array], one: Sequence[Array], other: Sequence[Array]) -> float:
    return float(sum(np.sum(w * (a - b)) for w, a, b in zip(weights, one, other, strict=True)))


def _moved(case: Case, place: int, by: Array) -> Sequence[Array]:
    arrays = list(case.arrays)
    arrays[place] = arrays[place] + by
    return case.function(*arrays)


def _adjoint(
    case: Case, place: int, random: np.random.Generator
) -> tuple[str, tuple[float, float], list[Index]]:
    """Is the rule the transpose, where the function is linear in this input?

    Returns:
        ``"right"``, ``"wrong"`` or, where it is not linear, ``""``; both sides of the identity; the
        elements that make the difference.
    """
    x = case.arrays[place]
    weights, got = case.trials[-1].weights, case.trials[-1].got[place]
    # Far enough to cross 0 from wherever an element stands: nothing piecewise passes for linear.
    u = np.asarray(random.choice([-1.0, 1.0], x.shape) * random.uniform(1.1, 2.2, x.shape))
    u *= 1.0 + np.abs(x)
    middle = case.function(*case.arrays)

    def sides(mask: Array) -> tuple[float, float, float]:
        by = u * mask
        out = _moved(case, place, by)
        left, right = _weighted(weights, out, middle), float(np.sum(got * by))
        size = sum(float(np.sum(np.abs(w) * (np.abs(a) + np.abs(m))))
                   for w, a, m in zip(weights, out, middle, strict=True))  # fmt: skip
        return left, right, 1e-10 * (size + float(np.sum(np.abs(got * by))))

    once, twice, back = (_moved(case, place, k * u) for k in (1.0, 2.0, -1.0))
    for m, a, b, c in zip(middle, once, twice, back, strict=True):
        scale = 1e-10 * max(float(np.max(np.abs(each), initial=0.0)) for each in (m, a, b, c))
        straight = np.abs(b - 2 * a + m) <= scale
        if not (np.all(straight) and np.all(np.abs(a + c - 2 * m) <= scale)):
            return "", (0.0, 0.0), []
    for part in _PARTS:  # nor what is flat close by: hardshrink
        near = _moved(case, place, part * u)
        for m, a, b in zip(middle, once, near, strict=True):
            scale = 1e-10 * max(float(np.max(np.abs(each), initial=0.0)) for each in (m, a, b))
            if not np.all(np.abs(b - m - part * (a - m)) <= scale):
                return "", (0.0, 0.0), []
    everything = np.ones(x.shape)
    left, right, allowed = sides(everything)
    if abs(left - right) <= allowed:
        return "right", (left, right), []

    def excess(mask: Array) -> float:
        one, other, allowed = sides(mask)
        return abs(one - other) / max(allowed, 1e-300)

    found = _narrowed(excess, everything)
    return "wrong", (left, right), [] if found is None else [found]


def _far_off(case: Case, place: int, at: Sequence[Index]) -> bool:
    """Is a rule so far from the difference at the first of these elements that it shows there?"""
    if not at:
        return False
    weights, mine = case.trials[-1].weights, float(case.trials[-1].got[place][at[0]])
    slopes = several_differences(case.function, case.arrays, [weights], place, indices=at[:1])
    slope = float(slopes[0].slopes[at[0]])
    return abs(mine - slope) > 1e-2 * max(abs(mine), abs(slope))


def _suspects(case: Case, place: int, random: np.random.Generator) -> list[Index]:
    """Elements for which a rule seems wrong, found along a random direction through all of them."""
    x = case.arrays[place]
    weights, got = case.trials[-1].weights, case.trials[-1].got[place]
    u = np.asarray(random.choice([-1.0, 1.0], x.shape) * random.uniform(0.5, 1.5, x.shape))
    u *= STEP * np.maximum(1.0, np.abs(x))

    def excess(mask: Array) -> float:
        by = u * mask
        above, below = _moved(case, place, by), _moved(case, place, -by)
        expected = got * ((x + by) - (x - by))
        rounding = sum(
            float(np.sum(np.abs(w * a) * (a != b)))
            for w, a, b in zip(weights, above, below, strict=True)
        )
        allowed = 1e-5 * float(np.linalg.norm(expected)) + 4 * _EPS * rounding + 1e-12
        off = abs(_weighted(weights, above, below) - float(np.sum(expected)))
        return math.inf if math.isnan(off) else off / allowed

    mask = np.isfinite(x).astype(float)
    found: list[Index] = []
    while len(found) < _SUSPECTS and excess(mask) > 1:
        index = _narrowed(excess, mask)
        if index is None:
            break
        found.append(index)
        mask[index] = 0.0
    return found


def _narrowed(excess: Callable[[Array], float], mask: Array) -> Index | None:
    """Halve the elements again and again, towards where the difference is; None if it gets lost."""
    places = np.flatnonzero(mask)
    while len(places) > 1:
        halves = np.array_split(places, 2)
        worse = []
        for half in halves:
            some = np.zeros(mask.size)
            some[half] = 1.0
            worse.append(excess(some.reshape(mask.shape)))
        if max(worse) <= 1:
            return None
        places = halves[0] if worse[0] >= worse[1] else halves[1]
    return (
        tuple(int(n) for n in np.unravel_index(int(places[0]), mask.shape)) if len(places) else None
    )


# Second order -------------------------------------------------------------------------------------


def _second_case(step: Step, inputs: list[Any], case: Case, limit: int, seed: int) -> Case:
    """The rules as a function of the inputs and of what comes in, and the derivatives of that.

    The function is the node's own rules on arrays; its derivatives are those that ``create_graph``
    would record, by the composite where there is one.
    """
    info = step.node.primitive
    positions = [sent.position for sent in step.sent]
    g = step.gradient if isinstance(step.gradient, tuple) else (step.gradient,)
    counted = [k for k, one in enumerate(g) if one is not None]
    count = len(positions)

    def plain(*arrays: Array) -> list[Array]:
        values = list(inputs)
        for k, array in zip(positions, arrays[:count], strict=True):
            values[k] = array
        full = dict(zip(counted, arrays[count:], strict=True))
        outs = outputs_of(step, values)
        results = rule_results(step, values, outs, [full.get(k) for k in range(len(g))])
        return [np.where(usable, r, 0.0) for usable, r in zip(finite, results, strict=True)]

    def recorded(weights: Sequence[Any]) -> list[Any]:
        with enable_grad():
            values = list(inputs)
            leaves = [Tensor(inputs[k], requires_grad=True) for k in positions]
            for k, leaf in zip(positions, leaves, strict=True):
                values[k] = leaf
            incoming = [Tensor(w, requires_grad=True) for w in drawn]
            result = info.function(*values, **statics_of(step))
            outs = result if info.outputs > 1 else (result,)
            first = engine_grad([outs[k] for k in counted], leaves, incoming, create_graph=True,
                                allow_unused=True)  # fmt: skip
        variables = [*leaves, *incoming]
        pairs = [(f, Tensor(w)) for f, w in zip(first, weights, strict=True)
                 if f is not None and f.requires_grad]  # fmt: skip
        if not pairs:
            return [np.zeros(v.shape) for v in variables]
        found = engine_grad([f for f, _ in pairs], variables, [w for _, w in pairs],
                            allow_unused=True)  # fmt: skip
        return [np.zeros(v.shape) if f is None else np.asarray(f._data)
                for f, v in zip(found, variables, strict=True)]  # fmt: skip

    drawn = [np.array(w) for w in case.trials[-1].weights]
    arrays = [*(inputs[k] for k in positions), *drawn]
    finite = [np.ones(inputs[k].shape, bool) for k in positions]
    finite = [np.isfinite(r) for r in plain(*arrays)]
    random = np.random.default_rng(seed)
    weights = [
        np.where(ok, random.uniform(0.5, 1.5, ok.shape) * random.choice([-1, 1], ok.shape), 0.0)
        for ok in finite
    ]
    trial = Trial(weights, recorded(weights), True)

    def beside(*arrays: Array) -> list[Array]:
        try:
            return plain(*arrays)
        except (ValueError, ArithmeticError, RuntimeError):  # undefined there
            return [np.full(ok.shape, np.nan) for ok in finite]

    # Where a rule gives no finite number, what is recorded of it gives 0 × ∞.
    all_finite = case.finite and all(bool(np.all(ok)) for ok in finite)
    return Case(beside, recorded, arrays, [trial], limit, case.symmetric, all_finite, case.tame)
