"""Exercises of notebook 12: a small GPT under glass."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, equals, exercise


@exercise("12.1", "The best that can be done")
def floor(draw: Random) -> Task:
    letters, known = draw.choice([(6, 3), (8, 3), (10, 4)])

    def right() -> float:
        return known * float(np.log(letters)) / (2 * known)

    return Task(
        question=f"Every line has {known} letters, each drawn from {letters} with equal chances, "
        f"and then the same {known} letters once more. A model reads the line from left to right "
        f"and is asked for each of the {2 * known} letters. How small can its mean cross-entropy "
        "be, over all of them?",
        solution=f"answer = {known} * np.log({letters}) / {2 * known}",
        wrong=f"answer = np.log({letters})",
        judge=equals(
            right,
            "A letter that was drawn costs at least the logarithm of how many there are; one that "
            "can be known costs nothing. Take the mean.",
            [(np.log(letters), "Half of the letters can be known. What do these cost?"),
             (0.0, "Nobody can know a letter before it is drawn.")],
            within=1e-3,
        ),
        why=f"ln {letters} for {known} letters and 0 for {known} more.",
    )  # fmt: skip


@exercise("12.2", "What the mask hides")
def hidden(draw: Random) -> Task:
    length = draw.randint(6, 12)
    return Task(
        question=f"A causal mask on {length} positions: each of them reads itself and those before "
        "it. Of all pairs (who reads, what is read), how many are hidden?",
        solution=f"answer = {length} * ({length} - 1) // 2",
        wrong=f"answer = {length} * ({length} + 1) // 2",
        judge=equals(
            lambda: int((~np.tri(length, dtype=bool)).sum()),
            "Draw the square of all pairs and strike out what lies ahead.",
            [(length * (length + 1) // 2, "These are the pairs that are left."),
             (length * length // 2, "The diagonal stays: every position reads itself.")],
            within=0.0,
        ),
        why="All pairs above the diagonal.",
    )  # fmt: skip


@exercise("12.3", "Back through a softmax")
def back(draw: Random) -> Task:
    shares = draw.choice([[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1]])

    def right() -> Any:
        scores = ag.tensor(np.log(shares), requires_grad=True)
        ag.softmax(scores, -1).backward(np.array([1.0, 0.0, 0.0]))
        assert scores.grad is not None
        return scores.grad.data

    return Task(
        question=f"A position reads three others with the weights {shares}. To these weights come "
        "back the gradients 1, 0, 0. Which three gradients go to the scores?",
        solution=f"p = np.array({shares})\ng = np.array([1.0, 0.0, 0.0])\n"
        "answer = p * (g - (p * g).sum())",
        wrong=f"answer = np.array({shares}) * np.array([1.0, 0.0, 0.0])",
        judge=equals(
            right,
            "Each score gets its weight times (its gradient − the mean of the gradients, weighted "
            "by the weights).",
            [([shares[0], 0, 0], "The weights sum to 1: if one grows, the others shrink. What do "
                                 "they get?"),
             ([1, 0, 0], "That is what comes to the weights. The softmax is still to be passed.")],
        ),
        why="What is above the mean of the row is read more, all others less, and the three sum to "
        "0.",
    )  # fmt: skip


@exercise("12.4", "A window")
def window(draw: Random) -> Task:
    reach = draw.choice([2, 3, 4])

    def judge(answer: Any) -> str | None:
        for length in (1, reach, reach + 4):
            got = np.asarray(answer(length))
            places = np.arange(length)
            behind = places[:, None] - places
            if got.shape != (length, length) or got.dtype != bool:
                return (
                    f"Give an array of bools of shape ({length}, {length}) for {length} positions."
                )
            if (got == ((behind < 0) | (behind >= reach))).all():
                continue
            if (got == ((behind >= 0) & (behind < reach))).all():
                return "Turned around: True is for what is hidden."
            if (got == (behind < 0)).all():
                return "That hides what lies ahead. What lies too far behind is still read."
            return f"For {length} positions, row {length - 1} should hide all but the last {reach}."
        return None

    return Task(
        question=f"Write a mask for `nn.MultiheadAttention` with which each of `n` positions reads "
        f"itself and the {reach - 1} before it, and nothing else (True hides).",
        start="def answer(n):\n    return ...",
        solution="def answer(n):\n    behind = np.arange(n)[:, None] - np.arange(n)\n"
        f"    return (behind < 0) | (behind >= {reach})",
        wrong="def answer(n):\n    return ~np.tri(n, dtype=bool)",
        judge=judge,
        why="Attention of this kind costs as much as the sequence is long, not its square.",
    )
