"""Exercises of notebook 8: pooling."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
import nn.functional as F
from nn.lesson.exercise import Task, choice, equals, exercise, function_of


def _sent_back(x: Any, *window: Any, pooling: Any = F.max_pool2d) -> Any:
    """The gradient of a plane when ones arrive at its pooling."""
    plane = ag.tensor(np.array(x, dtype=np.float64)[None, None], requires_grad=True)
    pooling(plane, *window).sum().backward()
    assert plane.grad is not None
    return plane.grad.data[0, 0]


@exercise("8.1", "Where the gradient lands")
def lands(draw: Random) -> Task:
    window = draw.sample(range(1, 20), 4)
    g = draw.randint(2, 9)
    x = [window[:2], window[2:]]
    right = g * _sent_back(x, 2)
    return Task(
        question=f"A 2×2 window holds `{x}`. The gradient {g} arrives at its maximum. Write down "
        "the gradient of the four numbers, as a list of two lists.",
        solution=f"answer = {right.astype(int).tolist()}",
        wrong=f"answer = {np.full((2, 2), g / 4).tolist()}",
        judge=equals(
            lambda: right,
            "Which of the four moves the output when it is nudged, and by how much?",
            [(np.full((2, 2), g / 4), "That is what an average would send."),
             (np.full((2, 2), g), "If one of the three smaller numbers is nudged, does the "
                                  "maximum move?"),
             (right / g, "The right place, but the message that arrives is not 1."),
             (right * max(window) / g, "The right place; what arrives is the gradient, not the "
                                       "number there."),
             (right * max(window), "The slope of a maximum at its winner is 1, not the number "
                                   "that stands there."),
             (np.zeros((2, 2)), "The maximum moves with one of the four: something comes back."),
             (x, "Those are the numbers themselves."),
             (g * np.array(x), "A slope is asked for: by how much does the maximum move if one of them moves by 1?"),
             (np.array(x) + right, "That is the window after a step. Its gradient is asked for alone."),
             (np.array(x) - right, "That is the window after a step. Its gradient is asked for alone."),
             (np.where(right > 0, g, x), "The right place. The others send nothing, so they get 0."),
             *[(g * np.eye(4)[k].reshape(2, 2), "To one of the four, that is right. But which is the largest?")
               for k in range(4) if k != int(np.argmax(window))]],
        ),
        why=f"{max(window)} is the largest, so the whole {g} goes there and nothing to the others.",
    )  # fmt: skip


@exercise("8.2", "Overlapping windows")
def overlapping(draw: Random) -> Task:
    line = draw.sample(range(1, 9), 5)
    line[2] = 9
    right = _sent_back([line], (1, 3), (1, 1))[0]
    return Task(
        question=f"The row `{line}` is max-pooled with windows of 3 and stride **1**, which gives "
        "three maxima. The gradient 1 arrives at each. What is the gradient of the number 9?",
        solution="answer = 1 + 1 + 1",
        steps="answer = 3",
        wrong="answer = 1",
        judge=equals(
            lambda: right[2],
            "In how many of the three windows does 9 win?",
            [(1, "That is the message out of one window. In how many does 9 win?"),
             (9, "A gradient is a slope; the number itself does not come into it."),
             (27, "A gradient is a slope; the number itself does not come into it."),
             (2, "Write down all three windows: which of them have the 9 in them?"),
             (0, "It wins somewhere, so something comes back."),
             (1 / 3, "Messages add up; nobody takes their mean."),
             (1 / 9, "A gradient is a slope; the number itself does not come into it."),
             (18, "A gradient is a slope; the number itself does not come into it."),
             ([1, 1, 1], "So many messages come. What becomes of messages that meet?"),
             (5, "Not every window is the row: there are three, of three numbers each."),
             (right, "That is the whole row's gradient; the 9's is asked for.")],
        ),
        why="9 lies in all three windows and wins in each: three ways to the result, 1 + 1 + 1.",
    )  # fmt: skip


@exercise("8.3", "How large is it then?")
def size(draw: Random) -> Task:
    n, k, s = draw.randint(20, 40), 3, 2
    right = (n + 2 - k) // s + 1
    return Task(
        question=f"An image of {n}×{n} goes through `MaxPool2d(3, stride=2, padding=1)`. How many "
        "rows has the output?",
        solution=f"answer = ({n} + 2 * 1 - 3) // 2 + 1",
        wrong=f"answer = {n} // 3",
        judge=equals(
            lambda: F.max_pool2d(np.zeros((1, 1, n, n)), k, s, 1).shape[2],
            "⌊(size + 2·padding − window) / stride⌋ + 1.",
            [(wrong, hint) for wrong, hint in [
                ((n - k) // s + 1, "That is without the padding."),
                ((n + 1 - k) // s + 1, "The padding is added on both sides."),
                (n, "That is the size of the input."),
                ((n + 2 - k) / s + 1, "Half a place is none: round down before you add 1."),
                ((n + 2 - k) / s, "Round down; and count the first window, too."),
                (n + 2 - k + 1, "And the stride?"),
                (n - k + 1, "And the stride, and the padding?"),
                (right * right, "Those are all places; the rows are asked for."),
                ((right, right), "The rows alone: one number."),
                (n / 2, "The stride divides how far the window can move, not the size itself."),
                (n // 2, "The stride divides how far the window can move, not the size itself."),
                (right + 1, "One too many: how far can the window's start move?"),
                (right - 1, "There is a first window even before the first step."),
                (n // 3, "The stride is 2 here, not the size of the window.")]
             if wrong != right],
        ),
        why=f"⌊({n} + 2 − 3) / 2⌋ + 1 = {right}.",
    )  # fmt: skip


@exercise("8.4", "A pooling of your own")
def own(draw: Random) -> Task:
    p = draw.choice([3, 4])

    def judge(answer: Any) -> str | None:
        x = ag.tensor(np.random.default_rng(8).uniform(0.5, 2, (1, 2, 4, 4)), requires_grad=True)
        windows = ag.windows(x, 2, stride=2)
        got, want = answer(windows), F.lp_pool2d(x, p, 2)
        if np.shape(got) != want.shape:
            return (
                f"Reduce over the last two axes, axis=(-2, -1): of windows {windows.shape} your "
                f"function should make {want.shape}; it makes {np.shape(got)}."
            )
        if not isinstance(got, ag.Tensor) or not got.requires_grad:
            return (
                "Compute with `cells` itself, not with its .data or a copy: there is nothing here to "
                "go back through."
            )
        if np.allclose(got.data, want.data / 4 ** (1 / p)):
            return "That is with the mean of the powers; their sum is asked for."
        if np.allclose(got.data, want.data**p):
            return "The root is missing."
        if np.allclose(got.data, want.data**p / p):
            return "** is stronger than /: put 1 / p in parentheses."
        for name, other in (
            ("the sum: and the powers, and the root?", windows.sum(axis=(-2, -1))),
            ("the maximum. Power first, then the sum, then the root.", windows.max(axis=(-2, -1))),
            ("the mean. Power first, then the sum, then the root.", windows.mean(axis=(-2, -1))),
            ("minus the right one.", -want),
            *(
                (f"with the power {q}; {p} is asked for.", F.lp_pool2d(x, q, 2))
                for q in (2, 3, 4)
                if q != p
            ),
            ("with power and root exchanged.", (windows ** (1 / p)).sum(axis=(-2, -1)) ** p),
            (
                "with the power of the sum in place of the root.",
                (windows**p).sum(axis=(-2, -1)) ** p,
            ),
        ):
            if np.allclose(got.data, other.data):
                return f"That is {name}"
        if not np.allclose(got.data, want.data):
            return "The values differ: power first, then the sum over the window, then the root."
        ag.func.gradcheck(lambda x: F.pool2d(x, answer, 2), x)
        return None

    return Task(
        question="Write the function of windows that makes `F.pool2d` compute $\\left(\\sum "
        f"x^{p}\\right)^{{1/{p}}}$ over each. `cells` has the window as its last two axes. Its "
        "gradient will be checked as well.",
        start="def answer(cells):\n    return ...",
        solution=f"def answer(cells):\n    return (cells**{p}).sum(axis=(-2, -1)) ** (1 / {p})",
        wrong=f"def answer(cells):\n    return (cells**{p}).sum(axis=(-2, -1))",
        judge=function_of(["cells"], judge),
        why="You wrote no backward rule, and the gradient is right: it follows from the "
        "operations you used.",
    )


@exercise("8.5", "At a tie")
def tie(draw: Random) -> Task:
    top = draw.randint(3, 9)
    return Task(
        question=f"A window holds {top}, {top}, 1 and 0. What is the derivative of its maximum by "
        f"the first {top}: `'one'`, `'half'`, `'zero'` or `'none'` (there is none)?",
        solution="answer = 'none'",
        wrong="answer = 'one'",
        judge=choice(
            "none",
            {"one": "So it is when the number grows. And when it shrinks a little?",
             "half": "That is one way to share the message. But nudge the number up, and then "
                     "down: is it the same slope?",
             "zero": "So it is when the number shrinks. And when it grows a little?"},
        ),
        why="The slope is 1 upwards and 0 downwards. An engine chooses one answer; any from 0 to "
        "1 is defensible.",
    )  # fmt: skip
