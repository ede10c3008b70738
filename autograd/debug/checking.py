"""``step.check()``: a step's rules against numerical differences, right where it stands."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import text
from autograd.engine.unbroadcast import sum_to_shape
from autograd.gradcheck.verdict import Case, Finding, Trial, judge

if TYPE_CHECKING:
    from autograd.debug.step import Step

__all__ = [
    "Finding", "StepCheck", "case_of", "check_step", "doubled_inputs", "operands", "outputs_of",
    "rule_results", "statics_of", "undisturbed",
]  # fmt: skip

#: Elements that are looked at in each input; fewer of large ones, so that the function is not
#: called with more numbers than ``_WORK``.
_LIMIT, _FEWEST, _WORK = 200, 10, 40_000_000

#: Functions of symmetric matrices, which read one triangle: the symmetric parts of their gradients
#: are compared, whichever triangle that is.
_SYMMETRIC = {"cholesky", "eigh"}


#: Functions that jump ever so often where one number is large beside the other.
_STAIRS = {"floor_divide", "fmod", "remainder"}

#: Functions that jump at every whole number.
_WHOLE = {"ceil", "floor", "modf", "rint", "trunc"}

#: From so many jumps on, the steps of differences are as wide as stairs.
_FAR_OUT = 1e4


class StepCheck(text.Page):
    """What ``step.check()`` found: true unless a rule is wrong.

    Attributes:
        op: the primitive.
        findings: a ``Finding`` for every rule that ran.
        note: what is to be said of the incoming gradient; empty if nothing.
    """

    def __init__(
        self, op: str, findings: Sequence[Finding], sources: dict[str, str], note: str = ""
    ) -> None:
        self.op = op
        self.findings = tuple(findings)
        self.note = note
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
            lines.append(f"{self.op}: {f.sentence()}")
            if f.verdict == "wrong":
                lines += text.rule_lines(self._sources[f.name], "  ")
            lines += [f"  {line}" for line in f.reason.splitlines()]
        found = any(f.verdict == "wrong" and not f.random for f in self.findings)
        if self.note and not found:
            lines.append(f"  {self.note}")
        said = "\n".join(lines)
        return text.plain(said) if plain else said


def check_step(step: Step, limit: int | None) -> StepCheck:
    """See ``Step.check``."""
    sources = {sent.name: sent.rule for sent in step.sent}
    inputs, note = doubled_inputs(step)
    if inputs is None:
        findings = [Finding(sent.name, "unknown", reason=note) for sent in step.sent]
        return StepCheck(step.op, findings, sources)
    with undisturbed(step):
        try:
            outputs_of(step, inputs)
        except (RuntimeError, TypeError, ValueError) as error:
            findings = [Finding(sent.name, "unknown", reason=str(error)) for sent in step.sent]
            return StepCheck(step.op, findings, sources)
        findings = _findings(step, inputs, note, limit)
    return StepCheck(step.op, findings, sources, _note(step.gradient))


@contextlib.contextmanager
def undisturbed(step: Step) -> Iterator[None]:
    """Try a step's function and rules without warnings; what they might move stays as it was."""
    with np.errstate(all="ignore"), contextlib.ExitStack() as stack:
        for value in step.node.static_values().values():
            if hasattr(value, "undisturbed"):  # a checkpointed call: it may move statistics
                stack.enter_context(value.undisturbed())
        yield


def operands(step: Step) -> tuple[list[Any] | None, list[str], str]:
    """All inputs of a step's primitive, the names of those made up, and why there are none.

    A rule that did not ask for a value claims not to depend on it: any value will do. Where it
    asked for the output instead, that is computed from what was made up.
    """
    node, info = step.node, step.node.primitive
    if step.record is not None:
        return list(step.record.inputs), [], ""
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
                return (
                    None, [name], f"the value of {name} was not kept; build the graph inside "
                    "`with autograd.debug.record():`"
                )  # fmt: skip
            # Of its shape only this is known: that it fits into the result's.
            value = random.uniform(0.2, 0.8, node.shape_of(0))
            made_up.append(name)
        inputs.append(value)
    return inputs, made_up, ""


def doubled_inputs(step: Step) -> tuple[list[Any] | None, str]:
    """The operands in float64, and what is to be said of them."""
    inputs, made_up, why = operands(step)
    if inputs is None:
        return None, why
    inputs = [_double(value) for value in inputs]
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


def statics_of(step: Step) -> dict[str, Any]:
    """A step's static parameters; a cast to float32 would round the differences away."""
    return {
        name: np.dtype(np.float64) if isinstance(value, np.dtype) and value.kind == "f" else value
        for name, value in step.node.static_values().items()
    }


def outputs_of(step: Step, inputs: Sequence[Any]) -> tuple[Any, ...]:
    """What a step's function gives for other values of its inputs; always a tuple."""
    info = step.node.primitive
    result = info.forward(*inputs, **statics_of(step))
    return result if info.outputs > 1 else (result,)


def _findings(step: Step, inputs: list[Any], note: str, limit: int | None) -> list[Finding]:
    case = case_of(step, inputs, limit)
    findings = [judge(case, place, sent.name) for place, sent in enumerate(step.sent)]
    for finding in findings:
        if note and finding.verdict not in ("kink", "border"):
            finding.reason = "\n".join(filter(None, [finding.reason, note]))
    return findings


def case_of(step: Step, inputs: list[Any], limit: int | None) -> Case:
    """What the rules of a step are tried on, by all inputs that it sent a gradient to.

    Args:
        step, inputs: the step, and float64 values for all inputs of its primitive.
        limit: elements looked at in each; None for as many as take little time.
    """
    outs = outputs_of(step, inputs)
    g = step.gradient if isinstance(step.gradient, tuple) else (step.gradient,)
    counted = [k for k, one in enumerate(g) if one is not None]
    usable = {k: np.isfinite(outs[k]) for k in counted}  # no difference can be taken elsewhere
    positions = [sent.position for sent in step.sent]

    def on_arrays(*arrays: Any) -> list[Any]:
        values = list(inputs)
        for k, array in zip(positions, arrays, strict=True):
            values[k] = array
        try:
            out = outputs_of(step, values)
        except (ValueError, ArithmeticError, RuntimeError):  # undefined a little beside this point
            return [np.full(usable[k].shape, np.nan) for k in counted]
        return [np.where(usable[k], out[k], 0.0) for k in counted]

    def rules(weights: Sequence[Any]) -> list[Any]:
        full = dict(zip(counted, weights, strict=True))
        return rule_results(step, inputs, outs, [full.get(k) for k in range(len(g))])

    came = [np.asarray(g[k], dtype=np.float64) for k in counted]
    random = np.random.default_rng(0)
    drawn = [random.uniform(0.5, 1.5, w.shape) * random.choice([-1, 1], w.shape) for w in came]
    trials = []
    for weights, is_random in ((came, False), (drawn, True)):
        kept = [
            np.where(np.isfinite(w) & usable[k], w, 0.0)
            for w, k in zip(weights, counted, strict=True)
        ]
        trials.append(Trial(kept, rules(kept), is_random))
    touched = sum(np.size(v) for v in (*inputs, *outs) if v is not None)
    return Case(
        on_arrays,
        rules,
        [inputs[k] for k in positions],
        trials,
        limit or max(_FEWEST, min(_LIMIT, _WORK // max(touched, 1))),
        step.op in _SYMMETRIC,
        all(_is_finite(v) for v in inputs) and all(bool(np.all(u)) for u in usable.values()),
        all(_is_tame(v, step.op) for v in (*inputs, *[outs[k] for k in counted]))
        and not _is_far_out(inputs, step.op),
    )


def _is_finite(value: Any) -> bool:
    return value is None or bool(np.all(np.isfinite(value)))


def _is_tame(value: Any, op: str) -> bool:
    """Are all finite numbers, and their squares, far from overflow and underflow?"""
    low, high = (1e-9, 1e9) if op in _STAIRS else (1e-150, 1e150)
    size = np.abs(np.asarray(0.0 if value is None else value, dtype=np.float64))
    return bool(np.all((size == 0) | ~np.isfinite(size) | ((size > low) & (size < high))))


def _is_far_out(inputs: Sequence[Any], op: str) -> bool:
    """Does the function jump so often here that stairs look like a slope?"""
    if op not in _STAIRS | _WHOLE:
        return False
    x = np.abs(np.asarray(inputs[0], dtype=np.float64))
    width = np.abs(np.asarray(inputs[1], dtype=np.float64)) if op in _STAIRS else np.float64(1.0)
    with np.errstate(all="ignore"):
        return bool(np.any((x > _FAR_OUT * width) & np.isfinite(x) & (width > 0)))


def _note(gradient: Any) -> str:
    """What the incoming gradient hides, if anything, and what was done about it."""
    parts = [np.ravel(g) for g in (gradient if isinstance(gradient, tuple) else (gradient,))
             if g is not None]  # fmt: skip
    came = np.concatenate(parts).astype(np.float64) if parts else np.empty(0)
    bad = int(np.sum(~np.isfinite(came)))
    if bad:
        return (
            f"{bad} of {came.size} elements of the incoming gradient are not finite: they were "
            "taken as 0; a random gradient was tried, too"
        )
    if not came.size or np.any(came != came[0]) or (came.size == 1 and came[0] not in (0, 1)):
        return ""
    where = " everywhere" if came.size > 1 else ""
    value = text.number(came[0])
    return f"tried with a random gradient, too, as the incoming one ({value}{where}) hides mistakes"


def rule_results(
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
    saved = tuple([values[name] for name in node.plan.saved_names])
    checked = {sent.position for sent in step.sent}
    needs = tuple([p if k in checked else None for k, p in enumerate(node.parents)])
    g = tuple(weights) if info.outputs > 1 else weights[0]
    results = node.gradients(g, saved, needs)
    fitted = []
    for sent in step.sent:
        shape = np.shape(inputs[sent.position])
        value = np.asarray(getattr(results[sent.position], "_data", results[sent.position]))
        if value.shape != shape and info.broadcasts:
            value = sum_to_shape(np.broadcast_to(value, outs[0].shape), shape)
        fitted.append(np.array(value, dtype=np.float64))
    return fitted
