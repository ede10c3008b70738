"""Judges: what looks at an answer and gives a hint, never the right one."""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd as ag
from nn.lesson import slips

__all__ = ["NO_NUMBERS", "OTHER_WORD", "Choice", "Equals", "GradientOf", "Judge", "choice", "described", "equals",
           "function_of", "gradient_of", "joined", "numbers", "other_shape", "reason", "usual"]  # fmt: skip

#: Judges return None for a right answer, and a hint for a wrong one.
Judge = Callable[[Any], str | None]


def described(value: Any) -> str:
    """What came in place of an answer, in a few words."""
    if inspect.isclass(value):
        return f"the class {value.__name__} itself"
    if callable(value) and not isinstance(value, ag.Tensor):
        return "a layer" if hasattr(value, "parameters") else "a function"
    if isinstance(value, (ag.Tensor, np.ndarray)) and value.ndim:
        return f"an array of shape {tuple(value.shape)}"
    said = repr(value)
    return said if len(said) <= 80 else said[:77] + "..."


def reason(error: BaseException) -> str:
    """Why a student's code stopped, in a sentence that names no inner part of what ran it."""
    said = str(error).rstrip(" .")
    if "core dimension" in said or "not aligned" in said:
        return (
            "the shapes in a matrix product do not fit: the left factor must have as many columns "
            "as the right one has rows."
        )
    if "could not be broadcast" in said or "could not broadcast" in said:
        return "shapes in it do not fit element by element."
    if "object too deep" in said:
        return (
            "np.convolve and np.correlate take rows, with one axis; for images there are ag.convolve "
            "and ag.correlate."
        )
    if "truth value of a" in said:
        return (
            "an array or tensor of several numbers stands where one True or False is needed: after "
            "if, beside and, or, not (for arrays these are np.where, &, |, ~)."
        )
    return f"{type(error).__name__}: {said}{'' if said.endswith('?') else '.'}"


@dataclass(frozen=True)
class Equals:
    """A judge of numbers, tuples and arrays; see `equals`."""

    right: Callable[[], Any]
    otherwise: str
    hints: Sequence[tuple[Any, str]]
    within: float
    solution: str = ""
    question: str = ""

    def __call__(self, answer: Any) -> str | None:
        got = numbers(answer)
        if got is None:
            return NO_NUMBERS.format(described(answer))
        want = numbers(self.right())
        assert want is not None
        if _close(got, want, self.within):
            return None
        fit = []
        for value, hint in self.hints:
            expected = numbers(value)
            if expected is not None and _close(got, expected, self.within):
                fit.append(hint)
        if fit:
            return joined(fit)
        found = usual(got, want.shape, lambda array: _close(array, want, self.within))
        if found:
            return found
        if got.shape != want.shape:
            return other_shape(got.shape, want.shape, self._with_slip(got, []))
        wrong = [not _close(a, b, self.within) for a, b in zip(got.flat, want.flat, strict=True)]
        otherwise = self._with_slip(got, wrong)
        if want.size >= 3 and not all(wrong):
            return f"{_how_many_are_right(wrong)} {otherwise}"
        return otherwise

    def _with_slip(self, got: np.ndarray[Any, Any], wrong: Sequence[bool]) -> str:
        return f"{self._slip(got, wrong)} {self.otherwise}".strip()

    def _slip(self, got: np.ndarray[Any, Any], wrong: Sequence[bool]) -> str:
        """A slip in the solution's calculation that leads to the answer, as a sentence, or nothing."""
        if not self.solution:
            return ""
        found = self._slips_to(got, self.solution)
        if found:
            return f"It is what comes out if {', or if '.join(found)}."
        parts = slips.parts(self.solution)
        for k, part in enumerate(parts if len(parts) == len(wrong) <= len(_ORDINALS) else ()):
            if wrong[k]:
                found = self._slips_to(np.asarray(got.flat[k]), part, slips.STRUCTURE)
                return (
                    f"The {_ORDINALS[k]} is what comes out if {', or if '.join(found)}."
                    if found
                    else ""
                )
        return ""

    def _slips_to(self, got: np.ndarray[Any, Any], solution: str, *most: int) -> list[str]:
        def fits(altered: Any) -> bool:
            made = numbers(altered)
            return made is not None and _close(got, made, self.within)

        return slips.explained(solution, fits, self.question, *most)


_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")


def _how_many_are_right(wrong: Sequence[bool]) -> str:
    right = len(wrong) - sum(wrong)
    said = f"{right} of your {len(wrong)} numbers {'are' if right > 1 else 'is'} right"
    places = [k for k, each in enumerate(wrong) if each]
    if len(places) > 2 or places[-1] >= len(_ORDINALS):
        return f"{said}."
    named = " and the ".join(_ORDINALS[k] for k in places)
    return f"{said}; the {named} {'are' if len(places) > 1 else 'is'} not."


NO_NUMBERS = "The answer is to be made of numbers, without quotes; yours is {}."
OTHER_WORD = "Choose one of {}."


def joined(hints: Sequence[str]) -> str:
    """Several mistakes may lead to the same number; then each has its say."""
    return " Or: ".join(list(dict.fromkeys(hints))[:2])


def other_shape(got: tuple[int, ...], want: tuple[int, ...], otherwise: str) -> str:
    """The hint for an answer of a shape that cannot be right."""
    return f"Answer with {_form(want)}; yours is {_form(got)}. {otherwise}"


def _form(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a single number"
    if len(shape) > 1:
        return f"a list of {shape[0]} lists of {' × '.join(map(str, shape[1:]))} numbers"
    return f"a list of {shape[0]} number{'s' * (shape[0] != 1)}"


def usual(
    got: np.ndarray[Any, Any], shape: tuple[int, ...], fits: Callable[[np.ndarray[Any, Any]], bool]
) -> str:
    """The hint for what happens with any numbers: a sign, an order, a shape, off by one; or nothing.

    Args:
        got: the answer.
        shape: of the right one.
        fits: whether an array is the right one.
    """
    if got.shape != shape:
        if got.size == math.prod(shape) and fits(got.reshape(shape)):
            return f"The numbers are right; give them as {_form(shape)}."
        return ""
    for changed, hint in _usual(got):
        if fits(changed):
            return hint
    return ""


def _usual(got: np.ndarray[Any, Any]) -> Iterator[tuple[np.ndarray[Any, Any], str]]:
    one = got.ndim == 0
    yield -got, "The sign is wrong." if one else "All signs are the wrong way round."
    if got.ndim == 1:
        yield got[::-1], "The right numbers, from the wrong end."
        if got.size <= 4:
            for order in itertools.permutations(got):
                yield np.array(order), "The right numbers, in the wrong order."
    if got.ndim == 2:
        yield got.T, "The right numbers, with rows and columns exchanged."
    if got.size and np.array_equal(got, np.round(got)):
        off = (
            f"Nearly: {'it is' if one else 'each is'} off by one. Where you count, mind the first and "
            "the last."
        )
        yield got - 1, off
        yield got + 1, off


def equals(
    right: Callable[[], Any],
    otherwise: str,
    hints: Sequence[tuple[Any, str]] = (),
    within: float = 1e-4,
) -> Equals:
    """Judges numbers, tuples and arrays.

    Args:
        right: computes the right answer; called when it is needed.
        otherwise: the hint for an answer that none of ``hints`` expects.
        hints: likely wrong answers, each with its hint.
        within: how far off a number may be, relative to the largest of the right answer or to 1.
    """
    return Equals(right, otherwise, hints, within)


@dataclass(frozen=True)
class Choice:
    """A judge of one word out of several; see `choice`."""

    right: str
    hints: dict[str, str]

    def __call__(self, answer: Any) -> str | None:
        word = str(answer).strip().lower()
        return None if word == self.right else self.hints.get(word, OTHER_WORD.format(self.words))

    @property
    def words(self) -> str:
        """All words that can be chosen."""
        return ", ".join(map(repr, sorted([self.right, *self.hints])))


def choice(right: str, hints: dict[str, str]) -> Choice:
    """Judges one word out of several; ``hints`` has one for each of the others."""
    return Choice(right, hints)


@dataclass(frozen=True)
class GradientOf:
    """A judge of backward functions; see `gradient_of`."""

    forward: Callable[..., Any]
    inputs: tuple[Any, ...]
    solution: str = ""
    question: str = ""

    def __call__(self, answer: Any) -> str | None:
        names = ["g", *inspect.signature(self.forward).parameters]
        return function_of(names, self._judged)(answer)

    def _judged(self, answer: Any) -> str | None:
        try:
            found = ag.func.compare(self.forward, answer, *self.inputs)
        except (TypeError, ValueError) as error:
            return _not_computed(error, self.forward, self.inputs)
        if found:
            return None
        for one in found.inputs:
            if not one.ok and not one.hypothesis and one.got is not None and self.solution:
                one.hypothesis = self._slip(answer, one.position)
        return found.text()

    def _slip(self, answer: Any, position: int) -> str:
        """A slip in the solution that leads to what the answer gives for one of the inputs, or nothing."""

        def given(backward: Any) -> np.ndarray[Any, Any]:
            gradients = backward(g.copy(), *(np.array(each) for each in self.inputs))
            if not isinstance(gradients, (tuple, list)):
                gradients = (gradients,)
            return np.asarray(gradients[position], dtype=np.float64)

        shape = np.shape(self.forward(*self.inputs))
        g = np.asarray(np.random.default_rng(1).normal(size=shape))
        got = given(answer)

        def fits(altered: Any) -> bool:
            made = given(altered)
            return made.shape == got.shape and bool(np.allclose(made, got, rtol=1e-7, atol=1e-12))

        return ", or ".join(slips.explained(self.solution, fits, self.question))


def gradient_of(forward: Callable[..., Any], *inputs: Any) -> GradientOf:
    """Judges a function ``backward(g, *inputs)`` against numerical differences of ``forward``.

    The hint is what `autograd.func.compare` found: where it is wrong, and what mistake would explain it; and if
    that knows none, what slip in the solution would.
    """
    return GradientOf(forward, inputs)


def function_of(names: Sequence[str], judged: Judge) -> Judge:
    """Judges a function: what cannot be called with inputs of these names earns a hint of its own."""

    def judge(answer: Any) -> str | None:
        told = f"g and the inputs, {', '.join(names)}" if names[0] == "g" else ", ".join(names)
        if not callable(answer) or inspect.isclass(answer):
            return f"The answer is to be a function of {told}; yours is {described(answer)}."
        try:
            inspect.signature(answer).bind(*names)
        except TypeError:
            return (
                f"Your function does not take what it is given: it has to take {', '.join(names)}, "
                "in this order."
            )
        except ValueError:  # a function that has no signature
            pass
        return judged(answer)

    return judge


def _not_computed(error: Exception, forward: Callable[..., Any], inputs: Sequence[Any]) -> str:
    """What to say where a backward function cannot be compared: it failed, or returned no gradients."""
    cause = error.__cause__
    if cause is None and "is a Tensor" in str(error):
        return "Your function gave back a tensor; NumPy arrays are asked for (t.numpy())."
    if cause is None:
        said = str(error).removeprefix("compare: ").replace("my_backward", "your function")
        return f"{said[:1].upper()}{said[1:]}."
    names = list(inspect.signature(forward).parameters)
    got = [("g", forward(*inputs)), *zip(names, inputs, strict=True)]
    shapes = ", ".join(f"{name} of shape {np.shape(value)}" for name, value in got)
    return (
        f"Your function stopped: {reason(cause)} It got {shapes}; its gradients are to be shaped "
        f"like {' and '.join(names)}."
    )


def numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """An answer as an array of float64, or None if it is not made of numbers."""
    try:
        array = np.asarray(value.data if isinstance(value, ag.Tensor) else value)
        return array.astype(np.float64) if array.dtype.kind in "buifO" else None
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None


def _close(got: Any, want: Any, within: float) -> bool:
    if np.shape(got) != np.shape(want):
        return False
    off = within * max(1.0, float(np.max(np.abs(want), initial=0.0)))
    if np.array_equal(want, np.round(want)):
        off = min(off, 1e-3)  # whole numbers are counted: the neighbour is another
    with np.errstate(invalid="ignore"):  # NaN and infinity are no right answers
        return bool(np.all(np.abs(got - want) <= off))
