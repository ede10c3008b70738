"""``step.check()``: a step's rules against numerical differences, right where it stands."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.shapes import sum_to_shape
from ..func.guesses import guess
from ..func.numeric import Slopes, central_differences, one_sided_slopes
from . import words

if TYPE_CHECKING:
    from .steps import Step

__all__ = ["Finding", "StepCheck", "check_step"]

_ATOL, _RTOL = 1e-6, 1e-5

#: Functions of symmetric matrices: they read one triangle, and their rules give a gradient whose
#: symmetric part alone means anything.
_SYMMETRIC = {"cholesky", "eigh"}


class Finding:
    """The verdict on one gradient rule.

    Attributes:
        name: the input that the rule is for.
        verdict: ``"right"``, ``"wrong"``, ``"kink"`` (a jump, too: there is no gradient there), or
            ``"unknown"`` if it cannot be tried.
        index: the worst element, or the kink; ``rule`` and ``numerical`` are the values there.
        slopes: at a kink, the slopes of both sides.
        reason: what else there is to say.
    """

    def __init__(
        self,
        name: str,
        verdict: str,
        index: tuple[int, ...] = (),
        rule: float = float("nan"),
        numerical: float = float("nan"),
        slopes: Slopes | None = None,
        reason: str = "",
    ) -> None:
        self.name = name
        self.verdict = verdict
        self.index = index
        self.rule = rule
        self.numerical = numerical
        self.slopes = slopes
        self.reason = reason


class StepCheck(words.Page):
    """What ``step.check()`` found: true unless a rule is wrong.

    Attributes:
        op: the primitive.
        findings: a ``Finding`` for every rule that ran.
    """

    def __init__(self, op: str, findings: Sequence[Finding], sources: dict[str, str]) -> None:
        self.op = op
        self.findings = tuple(findings)
        self._sources = sources

    @property
    def ok(self) -> bool:
        """False if a rule is wrong; kinks and rules that could not be tried don't count."""
        return all(f.verdict != "wrong" for f in self.findings)

    def __bool__(self) -> bool:
        return self.ok

    def text(self, plain: bool = False) -> str:
        """The findings in words."""
        lines = []
        for f in self.findings:
            place = words.at(f.index) or "the only element"
            if f.verdict == "wrong":
                lines.append(
                    f"{self.op}: the rule for {f.name} is WRONG at {place}: it gives "
                    f"{words.number(f.rule, 8)}, differences give {words.number(f.numerical, 8)}"
                )
                lines.append(f"  rule  {self._sources[f.name]}")
            elif f.slopes is not None and f.slopes.kind == "jump":
                lines.append(
                    f"{self.op}: jump for {f.name} at {place}: the value itself jumps there, so it "
                    f"has no slope; the rule gives {words.number(f.rule)}"
                )
            elif f.slopes is not None:
                lines.append(
                    f"{self.op}: kink for {f.name} at {place}: slope "
                    f"{words.number(f.slopes.left)} on the left, {words.number(f.slopes.right)} "
                    f"on the right; the rule gives {words.number(f.rule)}. No side is wrong"
                )
            elif f.verdict == "unknown":
                lines.append(f"{self.op}: the rule for {f.name} could not be tried")
            else:
                lines.append(f"{self.op}: the rule for {f.name} is right")
            if f.reason:
                lines.append(f"  {f.reason}")
        text = "\n".join(lines)
        return words.plain(text) if plain else text


def check_step(step: Step, limit: int) -> StepCheck:
    """See ``Step.check``."""
    sources = {sent.name: sent.rule for sent in step.sent}
    inputs, note = _inputs(step)
    if inputs is None:
        findings = [Finding(sent.name, "unknown", reason=note) for sent in step.sent]
        return StepCheck(step.op, findings, sources)
    with np.errstate(all="ignore"), contextlib.ExitStack() as stack:
        for value in step.node.static_values().values():
            if hasattr(value, "undisturbed"):  # a checkpointed call: it may move statistics
                stack.enter_context(value.undisturbed())
        try:
            _outputs(step, inputs)
        except (RuntimeError, TypeError, ValueError) as error:
            findings = [Finding(sent.name, "unknown", reason=str(error)) for sent in step.sent]
        else:
            findings = _findings(step, inputs, note, limit)
    return StepCheck(step.op, findings, sources)


def _inputs(step: Step) -> tuple[list[Any] | None, str]:
    """All inputs of the step's primitive in float64; those not kept are made up.

    A rule that did not ask for a value claims not to depend on it: any value will do. Where it
    asked for the output instead, that is computed from what was made up.
    """
    node, info = step.node, step.node.primitive
    if step.record is not None:
        return [_double(v) for v in step.record.inputs], ""
    random = np.random.default_rng(0)
    kept = step.saved
    inputs: list[Any] = []
    made_up: list[str] = []
    for k, parent in enumerate(node.parents):
        name = info.input_name(k)
        value = kept[info.variadic][k] if info.variadic in kept else kept.get(name)
        if value is None and parent is not None:
            shape = parent.shape_of(node.index_of_parent(k))
            value = random.uniform(0.2, 0.8, shape)
            made_up.append(name)
        elif value is None and name not in info.optional:
            if not info.broadcasts:
                return None, (
                    f"the value of {name} was not kept; build the graph inside "
                    "`with autograd.debug.record():`"
                )
            value = random.uniform(0.2, 0.8)
            made_up.append(name)
        inputs.append(_double(value))
    if not made_up:
        return inputs, ""
    return inputs, (
        f"tried at made-up values of {', '.join(made_up)}, which were not kept "
        "(inside `with autograd.debug.record():` they are)"
    )


def _double(value: Any) -> Any:
    if value is None:
        return None
    array = np.asarray(value)
    return np.array(array, dtype=np.float64, order="K") if array.dtype.kind == "f" else array


def _outputs(step: Step, inputs: Sequence[Any]) -> tuple[Any, ...]:
    info = step.node.primitive
    static = {
        # A cast to float32 would round the differences away: everything here is in float64.
        name: np.dtype(np.float64) if isinstance(value, np.dtype) and value.kind == "f" else value
        for name, value in step.node.static_values().items()
    }
    result = info.forward(*inputs, **static)
    return result if info.outputs > 1 else (result,)


def _findings(step: Step, inputs: list[Any], note: str, limit: int) -> list[Finding]:
    g = step.gradient if isinstance(step.gradient, tuple) else (step.gradient,)
    weights = [None if one is None else np.asarray(one, dtype=np.float64) for one in g]
    counted = [k for k, w in enumerate(weights) if w is not None]
    checked = [sent.position for sent in step.sent]

    def on_arrays(*arrays: Any) -> list[Any]:
        values = list(inputs)
        for k, array in zip(checked, arrays, strict=True):
            values[k] = array
        out = _outputs(step, values)
        return [np.asarray(out[k]) for k in counted]

    found = _rule_results(step, inputs, _outputs(step, inputs), weights)
    arrays = [inputs[k] for k in checked]
    chosen = [weights[k] for k in counted]
    findings = []
    for place, (sent, got) in enumerate(zip(step.sent, found, strict=True)):
        symmetric = step.op in _SYMMETRIC
        finding = _compare(
            on_arrays, arrays, chosen, place, np.asarray(got), sent.name, limit, symmetric
        )
        if note and finding.verdict != "kink":
            finding.reason = "; ".join(filter(None, [finding.reason, note]))
        findings.append(finding)
    return findings


def _rule_results(
    step: Step, inputs: list[Any], outs: tuple[Any, ...], weights: list[Any]
) -> list[Any]:
    """The node's own rules, run once more in float64."""
    node, info = step.node, step.node.primitive
    values: dict[str, Any] = {"out": outs[0], "outs": outs}
    values.update({f"out{k}": out for k, out in enumerate(outs)})
    if info.variadic:
        values[info.variadic] = tuple(inputs)
        values[f"{info.variadic}_shape"] = tuple([np.shape(v) for v in inputs])
        values[f"{info.variadic}_dtype"] = tuple([np.asarray(v).dtype for v in inputs])
    else:
        for name, value in zip(info.inputs, inputs, strict=True):
            values[name] = value
            values[f"{name}_shape"] = None if value is None else np.shape(value)
            values[f"{name}_dtype"] = None if value is None else np.asarray(value).dtype
    saved = tuple([values[name] for name in info.saved_names])
    checked = {sent.position for sent in step.sent}
    needs = tuple([p if k in checked else None for k, p in enumerate(node.parents)])
    g = tuple(weights) if info.outputs > 1 else weights[0]
    results = type(node).gradients(node, g, saved, needs)  # type: ignore[attr-defined]
    fitted = []
    for sent in step.sent:
        shape = np.shape(inputs[sent.position])
        value = np.asarray(getattr(results[sent.position], "_data", results[sent.position]))
        if value.shape != shape and info.broadcasts:
            value = sum_to_shape(np.broadcast_to(value, outs[0].shape), shape)
        fitted.append(np.array(value, dtype=np.float64))
    return fitted


def _compare(
    function: Any,
    arrays: Sequence[Any],
    weights: Sequence[Any],
    place: int,
    got: Any,
    name: str,
    limit: int,
    symmetric: bool,
) -> Finding:
    shape = arrays[place].shape
    if got.shape != shape:
        return Finding(name, "wrong", reason=f"it gives shape {got.shape}; the input has {shape}")
    indices = _chosen(got, limit)
    if symmetric:
        indices = list(dict.fromkeys(i for j in indices for i in (j, (*j[:-2], j[-1], j[-2]))))
    right, doubt, bends = central_differences(function, arrays, weights, place, indices=indices)
    if symmetric:
        got, right, doubt = ((a + np.swapaxes(a, -1, -2)) / 2 for a in (got, right, doubt))
    kink: Finding | None = None
    kinks = np.zeros(shape, bool)
    worst: Finding | None = None
    excess = 0.0
    for index in indices:
        mine, numerical = float(got[index]), float(right[index])
        allowed = _ATOL + _RTOL * abs(numerical) + float(doubt[index])
        off = abs(mine - numerical)
        fits = off <= allowed or (np.isnan(mine) and np.isnan(numerical))
        if fits and abs(bends[index]) <= 1e-3 * max(1.0, abs(numerical)):
            continue
        slopes = one_sided_slopes(function, arrays, weights, place, index)
        kinks[index] = slopes.kind != "smooth"
        if slopes.kind == "jump" or slopes.admits(mine, allowed):
            kink = kink or Finding(name, "kink", index, mine, numerical, slopes)
        elif fits:
            continue
        elif worst is None or not off / allowed <= excess:
            worst, excess = Finding(name, "wrong", index, mine, numerical), off / allowed
    if worst is not None:
        if len(indices) == got.size:
            worst.reason = guess(np.where(kinks, 0.0, got), np.where(kinks, 0.0, right))
        return worst
    if kink is not None:
        return kink
    seen = "" if len(indices) == got.size else f"{len(indices)} of {got.size} elements looked at"
    return Finding(name, "right", reason=seen)


def _chosen(got: Any, limit: int) -> list[tuple[int, ...]]:
    if got.size <= limit:
        return list(np.ndindex(got.shape))
    large = np.argsort(-np.abs(got), axis=None)[: limit // 2]
    others = np.random.default_rng(0).choice(got.size, limit - limit // 2, replace=False)
    flat = dict.fromkeys([*large.tolist(), *others.tolist()])
    return [tuple(int(n) for n in np.unravel_index(k, got.shape)) for k in flat]
