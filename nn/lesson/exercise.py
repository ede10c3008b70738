"""Exercises: a question with its own numbers, and a judge that gives a hint, never the answer."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import autograd as ag

__all__ = [
    "Exercise",
    "Task",
    "Verdict",
    "check",
    "choice",
    "equals",
    "exercise",
    "find",
    "gradient_of",
]
__all__ += ["answered", "exercises", "judge", "numbers", "verdict"]

#: The seed of the notebooks' own exercises.
NOTEBOOK_SEED = "notebook"

#: Judges return None for a right answer, and a hint for a wrong one.
Judge = Callable[[Any], str | None]


@dataclass(frozen=True)
class Task:
    """An exercise with its numbers drawn.

    Attributes:
        question: markdown.
        solution: code that sets ``answer`` to a right one.
        wrong: code that sets it to a likely wrong one; the tests see to it that this earns a hint.
        judge: looks at the answer.
        why: why the right answer is right; it is printed, so plain text.
        start: code that the reader completes; it sets ``answer``, to something with ``...`` in it.
    """

    question: str
    solution: str
    wrong: str
    judge: Judge
    why: str
    start: str = "answer = ..."


@dataclass(frozen=True)
class Exercise:
    """A numbered exercise: ``draw`` makes its `Task` from a random generator."""

    number: str
    title: str
    draw: Callable[[random.Random], Task]

    @property
    def chapter(self) -> int:
        """The notebook it belongs to."""
        return int(self.number.partition(".")[0])

    def task(self, seed: str = NOTEBOOK_SEED) -> Task:
        """The exercise with the numbers of a seed."""
        return self.draw(random.Random(f"{self.number}/{seed}"))

    def call(self) -> str:
        """The line of code that checks the answer in a notebook of the lesson."""
        return f'lesson.check("{self.number}", answer)'


@dataclass(frozen=True)
class Verdict:
    """``right`` is None for an exercise that is not answered yet; ``text`` says it."""

    right: bool | None
    text: str


_REGISTERED: dict[str, Exercise] = {}


def exercise(number: str, title: str) -> Callable[[Callable[..., Task]], Callable[..., Task]]:
    """Registers a function ``draw(random.Random) -> Task`` as an exercise.

    Args:
        number: chapter and place, ``"4.2"``.
        title: a few words.
    """

    def register(draw: Callable[..., Task]) -> Callable[..., Task]:
        _REGISTERED[number] = Exercise(number, title, draw)
        return draw

    return register


def exercises(chapter: int | None = None) -> list[Exercise]:
    """All exercises, or those of a chapter, in order."""
    package = importlib.import_module("nn.lesson.exercises")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"nn.lesson.exercises.{module.name}")
    found = [each for each in _REGISTERED.values() if chapter in (None, each.chapter)]
    return sorted(found, key=lambda each: [int(part) for part in each.number.split(".")])


def find(number: str) -> Exercise:
    """The exercise of a number.

    Raises:
        ValueError: if there is none.
    """
    if number not in _REGISTERED:
        exercises()
    if number not in _REGISTERED:
        raise ValueError(f"there is no exercise {number!r}; there are {', '.join(_REGISTERED)}")
    return _REGISTERED[number]


def judge(number: str, answer: Any, seed: str = NOTEBOOK_SEED) -> Verdict:
    """What an answer is worth; an answer that cannot be used earns a hint, never an exception."""
    return verdict(number, find(number).task(seed), answer)


def verdict(number: str, task: Task, answer: Any) -> Verdict:
    """What an answer is worth as one of a task, which need not be one of a notebook's."""
    try:
        hint = task.judge(answered(answer))
    except NotAnswered:
        return Verdict(None, f"{number}: not answered yet")
    except Exception as error:
        hint = f"Trying your answer raised {type(error).__name__}: {error}"
    if hint is None:
        return Verdict(True, f"{number}: right. {task.why}")
    return Verdict(False, f"{number}: not yet. {hint}")


def check(number: str, answer: Any) -> None:
    """Prints what an answer to an exercise of a notebook is worth: "not answered yet", a hint, or why
    it is right. Exercise sheets have a `Sheet.check` of their own.

    Args:
        number: of the exercise.
        answer: yours; ``...`` while there is none.

    Raises:
        ValueError: if there is no such exercise.

    Example:
        >>> from nn import lesson
        >>> lesson.check("1.1", ...)
        1.1: not answered yet
    """
    print(judge(number, answer).text)


class NotAnswered(Exception):
    """Something is still ``...``."""


def answered(answer: Any) -> Any:
    """The answer, if it is one; a function becomes one that looks at what it returns.

    Raises:
        NotAnswered: if it is ``...`` or has it inside.
    """
    parts = answer if isinstance(answer, (tuple, list)) else (answer,)
    if any(part is ... or part is None for part in parts):
        raise NotAnswered
    if not inspect.isfunction(answer):
        return answer

    def watched(*inputs: Any) -> Any:
        return answered(answer(*inputs))

    return watched


# -- judges --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Equals:
    """A judge of numbers, tuples and arrays; see `equals`."""

    right: Callable[[], Any]
    otherwise: str
    hints: Sequence[tuple[Any, str]]
    within: float

    def __call__(self, answer: Any) -> str | None:
        got = numbers(answer)
        if got is None:
            return NO_NUMBERS.format(answer)
        want = numbers(self.right())
        assert want is not None
        if _close(got, want, self.within):
            return None
        for value, hint in self.hints:
            expected = numbers(value)
            if expected is not None and _close(got, expected, self.within):
                return hint
        if got.shape != want.shape:
            return OTHER_SHAPE.format(got.shape, self.otherwise)
        return self.otherwise


NO_NUMBERS = "The answer is to be made of numbers; yours is {!r}."
OTHER_SHAPE = "An answer of shape {} cannot be it. {}"
OTHER_WORD = "Choose one of {}."


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


def gradient_of(forward: Callable[..., Any], *inputs: Any) -> Judge:
    """Judges a function ``backward(g, *inputs)`` against numerical differences of ``forward``.

    The hint is what `autograd.func.compare` found: where it is wrong, and what mistake would explain it.
    """

    def verdict(answer: Any) -> str | None:
        if not callable(answer):
            return f"The answer is to be a function of g and the inputs; yours is {answer!r}."
        try:
            found = ag.func.compare(forward, answer, *inputs)
        except (TypeError, ValueError) as error:
            if isinstance(error.__cause__, NotAnswered):
                raise error.__cause__ from None
            return _not_computed(error, forward, inputs)
        return None if found else found.text()

    return verdict


def _not_computed(error: Exception, forward: Callable[..., Any], inputs: Sequence[Any]) -> str:
    """What to say where a backward function cannot be compared: it failed, or returned no gradients."""
    cause = error.__cause__
    if cause is None:
        said = str(error).removeprefix("compare: ").replace("my_backward", "your function")
        return f"{said[:1].upper()}{said[1:]}."
    names = list(inspect.signature(forward).parameters)
    got = [("g", forward(*inputs)), *zip(names, inputs, strict=True)]
    shapes = ", ".join(f"{name} of shape {np.shape(value)}" for name, value in got)
    why = f"{type(cause).__name__}: {cause}"
    if "core dimension" in str(cause):
        why = (
            "the shapes in a matrix product do not fit: the left factor must have as many columns "
            "as the right one has rows"
        )
    elif "could not be broadcast" in str(cause):
        why = "shapes in it do not fit element by element"
    elif isinstance(cause, TypeError) and "positional argument" in str(cause):
        why = f"it has to take g, {', '.join(names)}, in this order"
    return (
        f"Your function stopped: {why}. It got {shapes}; its gradients are to be shaped like "
        f"{' and '.join(names)}."
    )


def numbers(value: Any) -> np.ndarray[Any, Any] | None:
    """An answer as an array of float64, or None if it is not made of numbers."""
    try:
        return np.asarray(value.data if isinstance(value, ag.Tensor) else value, dtype=np.float64)
    except (TypeError, ValueError):
        return None


def _close(got: Any, want: Any, within: float) -> bool:
    if got.shape != want.shape:
        return False
    scale = max(1.0, float(np.max(np.abs(want), initial=0.0)))
    return bool(np.all(np.abs(got - want) <= within * scale))
