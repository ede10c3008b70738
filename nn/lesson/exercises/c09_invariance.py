"""Exercises of notebook 9: invariance and equivariance."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import nn.functional as F
from nn.lesson.exercise import Task, choice, described, equals, exercise, numbers


@exercise("9.1", "Where does it go?")
def where(draw: Random) -> Task:
    i, j = draw.randint(3, 6), draw.randint(3, 6)
    dy, dx = draw.randint(1, 3), -draw.randint(1, 3)
    return Task(
        question="A 3×3 convolution with padding 1 and stride 1 answers to a beak with its "
        f"largest output, at row {i}, column {j}, far from the border. The picture moves down by "
        f"{dy} and left by {-dx}. Where is the largest output now? Answer `(row, column)`.",
        solution=f"answer = ({i} + {dy}, {j} - {-dx})",
        wrong=f"answer = ({i}, {j})",
        judge=equals(
            lambda: (i + dy, j + dx),
            "Down means larger row numbers, left means smaller column numbers.",
            [((i, j), "That would be invariance. A convolution by itself does not stay, it …"),
             ((i + dx, j + dy), "Row first, then column."),
             ((i - dy, j - dx), "The other way: the output moves in the same direction as the "
                                "picture."),
             ((i + dy, j - dx), "Down is right. Left means smaller column numbers."),
             ((i - dy, j + dx), "Left is right. Down means larger row numbers."),
             ((i + dy, j), "Down is right. And the move to the left?"),
             ((i, j + dx), "Left is right. And the move down?"),
             ((dy, dx), "That is the move. Where does it lead from the old place?"),
             ((dy, -dx), "That is the move, by its lengths. Where does it lead from the old place?"),
             ((j + dx, i + dy), "Row first, then column.")],
        ),
        why="A convolution is equivariant: its output moves by what the picture moved.",
    )  # fmt: skip


@exercise("9.2", "Strides multiply")
def strides(draw: Random) -> Task:
    first, pool, last = draw.choice([2, 3]), 2, draw.choice([1, 2])
    total = first * pool * last
    return Task(
        question=f"A network has a convolution of stride {first}, then max pooling by {pool}, "
        f"then a convolution of stride {last}. What is the smallest move to the right (in "
        "pixels, more than 0) after which its outputs, clear of the border, are exactly the old "
        "ones moved along?",
        solution=f"answer = {first} * {pool} * {last}",
        wrong=f"answer = max({first}, {pool}, {last})",
        judge=equals(
            lambda: total,
            "Behind a layer of stride s, a move by s pixels is a move by one place. And behind "
            "the next layer?",
            [(first + pool + last if first + pool + last != total else None, "Strides do not add "
                "up: they multiply."),
             (max(first, pool, last), "That satisfies one layer. The others divide what is left "
                                      "of the move."),
             (1, "Then the strides would have to be 1."),
             *[(value, "One of the three is left out.")
               for value in {first * pool, first * last, pool * last} - {total, first + pool + last, max(first, pool, last), 1}],
             (0, "More than 0 is asked for.")],
        ),
        why=f"{first} · {pool} · {last} = {total} pixels are one place of the last output.",
    )  # fmt: skip


@exercise("9.3", "Crossing a border")
def crossing(draw: Random) -> Task:
    window, count = draw.choice([3, 4, 5]), draw.randint(4, 6)
    size = window * count

    def outputs() -> Any:
        return F.max_pool2d(np.eye(size)[:, None, None], (1, window))[:, 0, 0]

    return Task(
        question=f"One bright pixel walks along a row of {size}, from place 0 to place "
        f"{size - 1}: {size - 1} steps of one. The row is max-pooled with windows of {window} "
        f"and stride {window}. In how many of the steps does the output change?",
        solution=f"answer = {count} - 1",
        steps=f"answer = {size} // {window} - 1",
        wrong=f"answer = {size} - 1",
        judge=equals(
            lambda: int((outputs()[1:] != outputs()[:-1]).any(axis=1).sum()),
            f"Draw the {count} windows, and mark the steps that lead out of one into the next.",
            [(size - 1, "Within a window the output remains the same."),
             (count, "That is the number of windows. How many borders lie between them?"),
             (size - count, "Those are the steps in which it does not change."),
             (window, "That is how long a window is. How many steps lead out of one?"),
             (size, "There is one step fewer than places, and not every one counts."),
             (0, "Where the pixel leaves a window, its maximum becomes 0 and the next one's 1."),
             (size - window, "Count the steps that cross from one window into the next."),
             (size - window + 1, "So many places a window of stride 1 has. Here the windows lie side by side."),
             (2 * (count - 1), "Two outputs change at each border, in one step.")],
        ),
        why=f"{count} windows have {count - 1} borders between them, and only these matter.",
    )  # fmt: skip


@exercise("9.4", "A picture that pooling cannot tell apart")
def unseen(draw: Random) -> Task:
    def judge(answer: Any) -> str | None:
        x = numbers(answer)
        if x is None:
            return f"Give a picture made of numbers; yours is {described(answer)}."
        if x.shape != (4, 4):
            return f"Give a picture of shape (4, 4); yours has shape {x.shape}."
        if not np.isfinite(x).all() or (x < 0).any() or len(np.unique(x)) < 2:
            return "Use numbers of at least 0 that are not all the same."
        moved = np.zeros_like(x)
        moved[:, 1:] = x[:, :-1]
        if np.array_equal(moved, x):
            return "The picture has to change when it moves."
        before, after = (F.max_pool2d(each[None, None], 2)[0, 0] for each in (x, moved))
        if np.array_equal(before, after):
            return None
        return (
            f"The pooled output changes from {before.tolist()} to {after.tolist()}. Which columns "
            "may have something bright?"
        )

    return Task(
        question="Make a 4×4 picture of numbers of at least 0, not all the same, whose 2×2 max "
        "pooling **remains exactly the same** when the picture moves one pixel to the right "
        "(zeros come in on the left).",
        start="answer = ...",
        solution="answer = [[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]",
        wrong="answer = [[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]",
        judge=judge,
        why="Bright pixels in the left column of their windows may move once without leaving them.",
    )


@exercise("9.5", "Who breaks it?")
def breaker(draw: Random) -> Task:
    return Task(
        question="One of these is not equivariant, not even far from the border: `'convolution'`, "
        "`'relu'`, `'bias'` (the same number added to a whole channel) or `'dense'` (a linear "
        "layer from all pixels to as many outputs). Which?",
        solution="answer = 'dense'",
        wrong="answer = 'relu'",
        judge=choice(
            "dense",
            {"convolution": "It uses the same weights at every place, so what moves meets the "
                            "same weights again.",
             "relu": "It treats every number alike, wherever it stands.",
             "bias": "A moved constant is the same constant."},
        ),
        why="A dense layer has other weights for every place; nothing makes them agree.",
    )  # fmt: skip
