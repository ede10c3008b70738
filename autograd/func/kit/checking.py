"""Judging an implementation: verdicts, the first wrong element, and the likeliest mistake."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.arguments.numbers import shown
from autograd.core.tensor import Tensor
from autograd.engine import grad as engine_grad
from autograd.func.kit.cases import Case, all_cases, oracle
from autograd.func.kit.operations import OPERATIONS, Operation
from autograd.gradcheck.diagnose import Trial, diagnose
from autograd.gradcheck.guess import alike, guess, is_nested

__all__ = ["Mistake", "OperationReport", "Report", "check"]

Array = np.ndarray[Any, Any]

#: Allowed difference, relative to a number and to the largest of its array.
_RTOL, _ATOL = 1e-6, 1e-8


#: No case has so many numbers.
_MOST = 1_000_000

#: Longer messages of errors are cut.
_LONGEST = 300

_OVERFLOW = "exp of a large number overflows: take the largest element off before it"


class Mistake(NamedTuple):
    """The first thing that is wrong with a function.

    Attributes:
        case: the case's label.
        what: ``"output"``, or ``"gradient of x"``.
        element: index of the first wrong element, or None if there is none to name.
        yours, right: the two numbers there; NaN if there is none to name.
        problem: what is wrong with it as a whole, such as its shape; empty if only numbers are.
        likely: the simple mistake that explains it; empty if none does.
    """

    case: str
    what: str
    element: tuple[int, ...] | None
    yours: float
    right: float
    problem: str
    likely: str

    def sentence(self) -> str:
        """The mistake in words."""
        said = f"{self.case}: the {self.what} "
        if self.element is None:
            said += self.problem
        else:
            said += (
                f"is wrong at {text.at(self.element) or 'its only element'}: yours "
                f"{text.number(self.yours, 8)}, right {text.number(self.right, 8)}"
            )
        return said


class OperationReport(NamedTuple):
    """What came out for one operation.

    Attributes:
        name: the operation.
        cases: how many cases it has.
        forward, backward: how many of them are right; None if the function is not given.
        left_out: how many the forward and the backward function leave out: there they raise
            ``NotImplementedError``.
        mistakes: the first mistake of the forward function and of each gradient.
    """

    name: str
    cases: int
    forward: int | None
    backward: int | None
    left_out: tuple[int, int]
    mistakes: tuple[Mistake, ...]

    @property
    def given(self) -> bool:
        """True if there is a forward or a backward function."""
        return self.forward is not None or self.backward is not None

    @property
    def ok(self) -> bool:
        """True if all that is given is right."""
        counts = zip((self.forward, self.backward), self.left_out, strict=True)
        return all(right is None or right + left == self.cases for right, left in counts)


class Report(text.Page):
    """What ``check`` found: true if something is given, and all that is given is right.

    Attributes:
        operations: an ``OperationReport`` for every operation looked at.
    """

    def __init__(self, operations: Sequence[OperationReport]) -> None:
        self.operations = tuple(operations)

    @property
    def ok(self) -> bool:
        """True if something is given, and all that is given is right."""
        given = [each for each in self.operations if each.given]
        return bool(given) and all(each.ok for each in given)

    def __bool__(self) -> bool:
        return self.ok

    def text(self, plain: bool = False) -> str:
        """A line for each operation that is given, with its first mistakes, and what is missing."""
        given = [each for each in self.operations if each.given]
        right = sum(each.ok for each in given)
        lines = [f"{right} of {len(given)} operations given are right; judged by {oracle()}"]
        width = max((len(each.name) for each in given), default=0)
        for each in given:
            counts = "  ".join(
                f"{name} {_count(n, each.cases, left)}"
                for name, n, left in zip(
                    ("forward", "backward"),
                    (each.forward, each.backward),
                    each.left_out,
                    strict=True,
                )
            )
            lines.append(f"{'right' if each.ok else 'WRONG'}  {each.name.ljust(width)}  {counts}")
            for mistake in each.mistakes:
                lines.append(f"         {mistake.sentence()}")
                if mistake.likely:
                    lines.append(f"         most likely: {mistake.likely}")
        missing = [each.name for each in self.operations if not each.given]
        if missing:
            lines.append(f"not given: {', '.join(missing)}")
        said = "\n".join(lines)
        return text.plain(said) if plain else said

    def json(self) -> str:
        """The same as JSON; numbers that are not finite are strings."""
        content = {
            "verdict": "right" if self.ok else "wrong",
            "oracle": oracle(),
            "operations": [
                {**each._asdict(), "given": each.given, "right": each.ok,
                 "mistakes": [text.as_json(m) for m in each.mistakes]}
                for each in self.operations
            ],
        }  # fmt: skip
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)


def _count(right: int | None, cases: int, left: int) -> str:
    if right is None:
        return "not given"
    return f"{right} of {cases - left}" + (f" ({left} left out)" if left else "")


def check(implementation: Any, operations: Iterable[str] | None = None) -> Report:
    """Judge an implementation by the recorded cases.

    Args:
        implementation: a mapping of names to ``(forward, backward)``, either of which may be None;
            or a module or other object with functions ``relu`` and ``relu_backward``, and so on.
            They are called with plain float64 arrays as ``OPERATIONS`` describes: forward with the
            inputs, backward with the incoming gradient before them, static arguments by keyword
            where a case sets them. Backward returns a gradient for each differentiable
            input, in a tuple or list, alone if there is one. A function that raises
            ``NotImplementedError`` counts as not given, in those cases where it does.
        operations: names of those to look at; default: all.

    Returns:
        A ``Report``: true if all that is given is right. It prints a line for each operation, the
        first wrong element with both numbers, and the mistake that would explain it.

    Raises:
        ValueError: for an operation that the kit does not have.
        TypeError: for something in place of a function.

    Example:
        >>> import numpy as np
        >>> from autograd.func import kit
        >>> mine = {"sin": (np.sin, lambda g, x: -g * np.cos(x))}
        >>> report = kit.check(mine, ["sin"])
        >>> report.ok, report.operations[0].mistakes[0].likely
        (False, 'the sign is wrong: it is minus the right gradient')
    """
    if isinstance(operations, str):
        operations = [operations]
    names = list(OPERATIONS) if operations is None else list(operations)
    if isinstance(implementation, Mapping):
        names_given = list(implementation)
    else:
        names_given = []
    for name in [*names, *names_given]:
        if name not in OPERATIONS:
            raise ValueError(f"check: no operation {name!r}; there are {', '.join(OPERATIONS)}")
    grouped: dict[str, list[Case]] = {name: [] for name in names}
    for case in all_cases():
        if case.operation.name in grouped:
            grouped[case.operation.name].append(case)
    return Report(
        [_judged(OPERATIONS[name], cases, *_functions(implementation, name))
         for name, cases in grouped.items()]
    )  # fmt: skip


Function = Callable[..., Any]


def _functions(implementation: Any, name: str) -> tuple[Function | None, Function | None]:
    if isinstance(implementation, Mapping):
        pair = implementation.get(name, (None, None))
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise TypeError(f"check: {name} must be a pair (forward, backward), got {shown(pair)}")
        forward, backward = pair
    else:
        # A module may have other things of that name, and what `from numpy import *` brought.
        forward, backward = (
            found if callable(found := getattr(implementation, each, None)) else None
            for each in (name, f"{name}_backward")
        )
        if backward is None and any(forward is getattr(of, name, None) for of in (np, math)):
            forward = None
    for what, function in (("forward", forward), ("backward", backward)):
        if function is not None and not callable(function):
            raise TypeError(f"check: {name}'s {what} must be a function, got {shown(function)}")
    return forward, backward


class _NotGiven(Exception):
    """A stub was called."""


class _Ended(Exception):
    """A function ended the program, or tried to."""


def _judged(
    operation: Operation, cases: Sequence[Case], forward: Function | None, backward: Function | None
) -> OperationReport:
    mistakes: dict[str, Mistake] = {}

    def tried(function: Function | None, judge: Callable[..., list[Mistake]]) -> tuple[Any, int]:
        """How many cases are right (None if the function is not given), and how many left out."""
        right = left = 0
        for case in cases if function is not None else ():
            try:
                found = judge(case, function, set(mistakes))
            except _NotGiven:
                left += 1
                continue
            right += not found
            for mistake in found:
                mistakes.setdefault(mistake.what, mistake)
        return (None, 0) if function is None or left == len(cases) else (right, left)

    forwards, backwards = tried(forward, _forward_mistakes), tried(backward, _backward_mistakes)
    return OperationReport(
        operation.name, len(cases), forwards[0], backwards[0], (forwards[1], backwards[1]),
        tuple(mistakes.values()),
    )  # fmt: skip


def _called(function: Function, *arrays: Array, **statics: Any) -> Any:
    """Call with copies: under suspicion, it may well write into its arguments."""
    try:
        with np.errstate(all="ignore"):
            return function(*[np.array(a) for a in arrays], **statics)
    except NotImplementedError:
        raise _NotGiven from None
    except (SystemExit, GeneratorExit) as error:  # Ctrl-C is not the function's
        raise _Ended(f"{type(error).__name__}: it ends the program") from error


def _array(value: Any) -> Array | None:
    """What came, as float64; None for what is no array of real numbers, or larger than any case."""
    array = _as_it_is(value)
    if array is None or array.dtype.kind not in "fiub" or array.size > _MOST:
        return None
    with np.errstate(all="ignore"):
        return array.astype(np.float64)


def _as_it_is(value: Any) -> Array | None:
    try:
        return np.asarray(value)
    except Exception:  # noqa: BLE001  a tensor of another library refuses in its own way
        return None


def _first_wrong(got: Array, right: Array) -> tuple[int, ...] | None:
    scale = float(np.max(np.abs(right[np.isfinite(right)]), initial=1.0))
    with np.errstate(invalid="ignore"):
        near = np.abs(got - right) <= _ATOL * scale + _RTOL * np.abs(right)
    # All numbers are as near to infinity as its sixth digit allows.
    fits = near & np.isfinite(right)
    wrong = ~(fits | (np.isnan(got) & np.isnan(right)) | (got == right))
    if not np.any(wrong):
        return None
    return tuple(int(n) for n in np.argwhere(wrong)[0])


def _compared(case: Case, what: str, value: Any, right: Array) -> Mistake | None:
    """The mistake in an array, without its likely cause."""

    def problem(said: str) -> Mistake:
        return Mistake(case.label, what, None, math.nan, math.nan, said, "")

    if value is None:
        return problem("is no array of real numbers, but None: has it a return?")
    came = _as_it_is(value)
    if came is None or came.dtype.kind not in "fiub":
        kind = type(value).__name__
        if isinstance(value, np.ndarray) and came is not None:
            kind += f" of dtype {came.dtype}"
        return problem(f"is no array of real numbers, but {kind}")
    if came.shape != right.shape:
        return problem(f"has shape {came.shape}; right is {right.shape}")
    got = _array(came)
    assert got is not None
    index = _first_wrong(got, right)
    if index is None:
        return None
    return Mistake(case.label, what, index, float(got[index]), float(right[index]), "", "")


def _failed(case: Case, what: str, error: Exception) -> Mistake:
    said = f"could not be computed: {_in_words(error)}"
    return Mistake(case.label, what, None, math.nan, math.nan, said, "")


def _in_words(error: Exception) -> str:
    """An error of somebody else's on one line; its message may be anything, or fail itself."""
    try:
        said = text.visible(" ".join(str(error).split()))
    except Exception:  # noqa: BLE001
        said = ""
    if len(said) > _LONGEST:
        said = said[:_LONGEST] + "…"
    if isinstance(error, _Ended):
        return said
    return f"{type(error).__name__}{said and ': '}{said}"


# Forward ------------------------------------------------------------------------------------------


def _forward_mistakes(case: Case, function: Function, known: set[str]) -> list[Mistake]:
    try:
        result = _called(function, *case.inputs, **case.statics)
    except _NotGiven:
        raise
    except Exception as error:  # noqa: BLE001  whatever it raises, it is its mistake
        return [_failed(case, "output", error)]
    mistake = _compared(case, "output", result, case.output)
    if mistake is None:
        return []
    got = _array(result)
    if mistake.what in known or got is None:
        return [mistake]
    return [mistake._replace(likely=_why_forward(case, function, got))]


def _why_forward(case: Case, function: Function, got: Array) -> str:
    operation = case.operation
    if not np.all(np.isfinite(got)):
        return _OVERFLOW if case.label == "large numbers" else guess(got, case.output)
    if got.shape == case.output.shape and alike(got, case.output):
        # So near to what is right that it is near to whatever gives the same.
        return guess(got, case.output).replace("the right gradient", "the right output")
    for name, value in case.statics.items():
        default = operation.statics[name]
        if value == default:
            continue
        changed = {k: v for k, v in case.statics.items() if k != name}
        if alike(got, _reference(operation, case.inputs, changed)):
            return f"{name}={value!r} is not used: it is what {name}={default!r} gives"
    for k, array in enumerate(case.inputs):
        if array.ndim < 2 or array.dtype.kind != "f":
            continue
        inputs = list(case.inputs)
        inputs[k] = np.ascontiguousarray(np.flip(array, (-2, -1)))
        if alike(got, _reference(operation, inputs, case.statics)):
            return (
                f"{operation.inputs[k]} is turned round: with its last two axes flipped it is right"
            )
    said = guess(got, case.output)
    if said and case.output.size == 1 and said != _guessed_elsewhere(case, function):
        return ""  # a single number has a factor by chance
    return said.replace("the right gradient", "the right output")


def _guessed_elsewhere(case: Case, function: Function) -> str:
    """What the output's numbers say at other inputs."""
    inputs = [
        a * (1.37 - 0.31 * k) if a.dtype.kind == "f" else a for k, a in enumerate(case.inputs)
    ]
    try:
        got = _array(_called(function, *inputs, **case.statics))
    except Exception:  # noqa: BLE001  the other inputs are ours, not its
        return ""
    right = _reference(case.operation, inputs, case.statics)
    return "" if got is None or not right.size else guess(got, right)


def _reference(operation: Operation, inputs: Sequence[Array], statics: dict[str, Any]) -> Array:
    """Our own output; empty where it cannot be computed."""
    try:
        with np.errstate(all="ignore"):
            # A number among several inputs would leave the arrays' way.
            out = operation.reference(*[Tensor(a) for a in inputs], **statics)
    except Exception:  # noqa: BLE001  a case that is changed need not make sense any more
        return np.empty(0)
    return np.asarray(out._data if isinstance(out, Tensor) else out)


# Backward -----------------------------------------------------------------------------------------


def _backward_mistakes(case: Case, function: Function, known: set[str]) -> list[Mistake]:
    wanted = case.operation.differentiable
    names = [f"gradient of {name}" for name in wanted]
    try:
        found = _returned(_called(function, case.g, *case.inputs, **case.statics), case)
    except _NotGiven:
        raise
    except Exception as error:  # noqa: BLE001  whatever it raises, it is its mistake
        return [_failed(case, names[0], error)]
    mistakes = []
    for k, (name, value, right) in enumerate(zip(names, found, case.gradients, strict=True)):
        mistake = _compared(case, name, value, right)
        if mistake is None:
            continue
        got = None if value is None else _array(value)
        if got is not None and name not in known:
            mistake = mistake._replace(likely=_why_backward(case, function, k, got))
        mistakes.append(mistake)
    return mistakes


def _returned(result: Any, case: Case) -> list[Any]:
    """A gradient for each differentiable input."""
    wanted = case.operation.differentiable
    several = isinstance(result, (tuple, list))
    if len(wanted) == 1 and (
        not several or len(result) != 1 or is_nested(result, case.gradients[0].shape)
    ):
        return [result]
    if not several or len(result) != len(wanted):
        came = f"{len(result)} were" if several and len(result) != 1 else "one was"
        came = "None was" if result is None else came
        raise ValueError(
            f"{len(wanted)} gradients are to be returned, of {', '.join(wanted)}; {came}"
        )
    return list(result)


def _why_backward(case: Case, function: Function, place: int, got: Array) -> str:
    operation = case.operation
    wanted = operation.differentiable
    if not np.all(np.isfinite(got)) and case.label == "large numbers":
        return _OVERFLOW
    near = alike(got, case.gradients[place])
    for name, value in case.statics.items():
        if value == operation.statics[name] or near:
            continue
        changed = {k: v for k, v in case.statics.items() if k != name}
        if alike(got, _reference_gradient(case, place, changed)):
            return (
                f"{name}={value!r} is not used: it is what {name}={operation.statics[name]!r} gives"
            )
    positions = [operation.inputs.index(name) for name in wanted]

    def whole(arrays: Sequence[Any]) -> list[Any]:
        inputs: list[Any] = list(case.inputs)
        for k, array in zip(positions, arrays, strict=True):
            inputs[k] = array
        return inputs

    def forward(*arrays: Array) -> list[Array]:
        return [_reference(operation, whole(arrays), case.statics)]

    def backward(g: Array, arrays: Sequence[Array]) -> list[Array | None]:
        found = _returned(_called(function, g, *whole(arrays), **case.statics), case)
        return [None if one is None else _array(one) for one in found]

    def original(*arrays: Any) -> Any:
        return operation.reference(*whole(arrays), **case.statics)

    arrays = [case.inputs[k] for k in positions]
    trial = Trial(
        forward, backward, arrays, case.g, place, got, list(case.gradients),
        np.zeros(case.gradients[place].shape, bool), wanted, original,
    )  # fmt: skip
    said = diagnose(trial)
    for k, name in enumerate(wanted):
        said = said.replace(f"input {k}", name)
    return said


def _reference_gradient(case: Case, place: int, statics: dict[str, Any]) -> Array:
    """Our own gradient with other static arguments; empty where it cannot be computed."""
    operation = case.operation
    position = operation.inputs.index(operation.differentiable[place])
    inputs: list[Any] = list(case.inputs)
    inputs[position] = leaf = Tensor(case.inputs[position], requires_grad=True)
    try:
        out = operation.reference(*inputs, **statics)
        return np.asarray(engine_grad(out, leaf, Tensor(case.g))[0]._data)  # type: ignore[union-attr]
    except Exception:  # noqa: BLE001  a case that is changed need not make sense any more
        return np.empty(0)
