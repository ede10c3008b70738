"""Exercises of notebook 12: a small GPT under glass."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, equals, exercise, function_of


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
             (0.0, "Nobody can know a letter before it is drawn."),
             (known * np.log(letters), "That is the sum over a line. Take the mean over its letters."),
             (np.log2(letters) / 2, "That is in bits; cross-entropy uses the natural logarithm."),
             (np.log10(letters) / 2, "Cross-entropy uses the natural logarithm, not that of base 10."),
             (np.log(letters) / 4, "Half of the letters cost something. What is the mean then?"),
             (np.log(letters) / (2 * known), "How many letters have to be guessed?"),
             (np.log(known), "How many letters are there to choose from?"),
             (np.log(letters * known) / (2 * known), "The logarithms add up: how many letters have to be guessed?"),
             (known * letters / (2 * known), "A guess costs the logarithm of how many letters there are."),
             (np.log(26) / 2, "How many letters are there to choose from?"),
             (np.log(letters / 2), "Half of the letters cost nothing: the mean of the costs is asked for."),
             (1 / letters, "That is the probability. What is minus its logarithm?")],
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
             (length * length // 2, "The diagonal stays: every position reads itself."),
             (length * length, "Those are all pairs."),
             (length * (length - 1), "Those are all pairs of two different positions. What lies behind is read."),
             (length, "Those are the pairs of a position and itself."),
             ((length - 1) ** 2, "Not a square of pairs is hidden: the first position misses most, the last none."),
             (2**length, "Pairs are counted, not subsets."),
             (length - 1, "That is what the first position may not read. And the others?"),
             ((length - 1) * (length - 2) // 2, "The neighbour ahead is hidden, too.")],
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
             ([1, 0, 0], "That is what comes to the weights. The softmax is still to be passed."),
             ([1 - shares[0], 0, 0], "The weights sum to 1: if one grows, the others shrink. And the score's own weight?"),
             (np.multiply(shares, shares[0]), "Each score gets its weight times its own gradient less the mean; so which of them rise?"),
             (np.multiply(shares, np.subtract(1, shares)), "So each weight moves with its own score. But only one gradient comes back, and to all scores."),
             (np.multiply(shares, [1, -shares[1], -shares[2]]), "From each gradient the weighted mean is taken away first."),
             (shares, "Those are the weights. What is each multiplied with?"),
             ([shares[0] * (1 - shares[0]), 0, 0],
              "The first is right. The weights sum to 1: if one grows, the others shrink. What do they get?"),
             (np.array([1.0, 0, 0]) - np.array(shares), "That is after a cross-entropy. Here other gradients come to the weights."),
             (np.array([1.0, 0, 0]) - shares[0], "Each less the weighted mean, that is right. And the score's own weight?"),
             (np.array(shares) - [1, 0, 0], "That is after a cross-entropy. Here other gradients come to the weights."),
             ([shares[0] * (1 - shares[0]), shares[0] * shares[1], shares[0] * shares[2]],
              "If one weight grows, do the others grow, too?")],
        ),
        why="What is above the mean of the row is read more, all others less, and the three sum to "
        "0.",
    )  # fmt: skip


@exercise("12.4", "A window")
def window(draw: Random) -> Task:
    reach = draw.choice([2, 3, 4])

    def judge(answer: Any) -> str | None:
        for length in (reach + 4, reach, 1):  # the longest first: it tells most
            given = answer(length)
            got = np.asarray(given.data if isinstance(given, ag.Tensor) else given)
            places = np.arange(length)
            behind = places[:, None] - places
            if got.shape != (length, length) or got.dtype != bool:
                return (
                    f"Give an array of bools of shape ({length}, {length}) for {length} positions; "
                    f"yours is one of {got.dtype}, of shape {got.shape}."
                )
            if (got == ((behind < 0) | (behind >= reach))).all():
                continue
            if (got == ((behind >= 0) & (behind < reach))).all():
                return "Turned around: True is for what is hidden."
            if (got == (behind < 0)).all():
                return "That hides what lies ahead. What lies too far behind is still read."
            if (got == ((behind < 0) | (behind >= reach)).T).all():
                return "Rows and columns are exchanged: a row is who reads, a column what is read."
            if got.all():
                return "That hides everything. Each position reads at least itself."
            if not got.any():
                return "That hides nothing."
            if (got == (behind >= reach)).all() or (got == (np.abs(behind) >= reach)).all():
                return "What lies too far behind is hidden. What lies ahead is not."
            if got.diagonal().any():
                return "Each position reads itself, too: nothing on the diagonal is hidden."
            last = int((~got[length - 1]).sum())
            return (
                f"For {length} positions, row {length - 1} should hide all but the last {reach}; yours "
                f"leaves {last}."
            )
        return None

    return Task(
        question=f"Write a mask for `nn.MultiheadAttention` with which each of `n` positions reads "
        f"itself and the {reach - 1} before it, and nothing else (True hides).",
        start="def answer(n):\n    return ...",
        solution="def answer(n):\n    behind = np.arange(n)[:, None] - np.arange(n)\n"
        f"    return (behind < 0) | (behind >= {reach})",
        wrong="def answer(n):\n    return ~np.tri(n, dtype=bool)",
        judge=function_of(["n"], judge),
        why="Attention of this kind costs as much as the sequence is long, not its square.",
    )
