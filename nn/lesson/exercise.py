"""Exercises: a question with its own numbers, and a judge that gives a hint, never the answer."""

from __future__ import annotations

import functools
import importlib
import inspect
import pkgutil
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from nn.lesson.judges import (
    Equals,
    GradientOf,
    Judge,
    choice,
    described,
    equals,
    function_of,
    gradient_of,
    numbers,
    reason,
)

__all__ = [
    "Exercise",
    "Task",
    "Verdict",
    "check",
    "choice",
    "equals",
    "exercise",
    "find",
    "function_of",
    "gradient_of",
]
__all__ += ["answered", "described", "exercises", "judge", "numbers", "verdict"]

#: The seed of the notebooks' own exercises.
NOTEBOOK_SEED = "notebook"


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
        steps: the solution as the calculation that a reader does, where ``solution`` has its result; slips
            that nobody listed are found by it, see `nn.lesson.slips`.
    """

    question: str
    solution: str
    wrong: str
    judge: Judge
    why: str
    start: str = "answer = ..."
    steps: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.judge, (Equals, GradientOf)) and not self.judge.solution:
            own = replace(self.judge, solution=self.steps or self.solution, question=self.question)
            object.__setattr__(self, "judge", own)


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
    except Unusable as error:
        hint = str(error)
    except Exception as error:
        hint = f"Your answer stopped: {reason(error)}"
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


class Unusable(Exception):
    """There is nothing to judge; what it says is the hint."""


def answered(answer: Any) -> Any:
    """The answer, if it is one; a function becomes one that looks at what it returns.

    Raises:
        NotAnswered: if it is ``...`` or has it inside.
        Unusable: if it is None.
    """
    if _unfinished(answer):
        raise NotAnswered
    if answer is None:
        raise Unusable(
            "Your answer is None, which is nothing: does the line that sets it end in a call that "
            "gives nothing back, such as print?"
        )
    if not inspect.isfunction(answer):
        return answer

    @functools.wraps(answer)
    def watched(*inputs: Any) -> Any:
        result = answer(*inputs)
        if _unfinished(result):
            raise NotAnswered
        if result is None:
            raise Unusable("Your function gave back None, which is nothing: has it a `return`?")
        return result

    return watched


def _unfinished(answer: Any) -> bool:
    if isinstance(answer, (tuple, list)):
        return any(map(_unfinished, answer))
    return answer is ...
