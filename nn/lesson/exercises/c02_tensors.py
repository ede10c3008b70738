"""Exercises of notebook 2: arrays, broadcasting, matrix products, rules."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, equals, exercise, gradient_of


@exercise("2.1", "The shape of a gradient")
def shape_of_gradient(draw: Random) -> Task:
    n, k, m = draw.sample(range(2, 9), 3)

    def right() -> tuple[int, ...]:
        w, x = ag.ones(m, k, requires_grad=True), ag.ones(k, n)
        (w @ x).sum().backward()
        assert w.grad is not None
        return tuple(w.grad.shape)

    return Task(
        question=f"$w$ has shape `({m}, {k})`, $x$ has shape `({k}, {n})`, and the loss is made from the product "
        "$w\\,x$. Which shape has the gradient of $w$? Answer with a tuple.",
        solution=f"answer = ({m}, {k})",
        wrong=f"answer = ({m}, {n})",
        judge=equals(
            right,
            "One slope for every number that it belongs to.",
            [((m, n), "That is the shape of the product, and of what arrives there. How many numbers has w?"),
             ((k, m), "Close, but lying on its side."),
             ((k, n), "That is the shape of x, whose gradient has it, too. How many numbers has w?"),
             ((n, m), "That is the shape of the product, lying on its side."),
             ((n, k), "That is the shape of x, lying on its side.")],
        ),
        why="A gradient has the shape of what it belongs to.",
    )  # fmt: skip


@exercise("2.2", "A row added to a table")
def broadcast_row(draw: Random) -> Task:
    rows, columns, scale = draw.randint(3, 6), draw.randint(2, 4), draw.randint(2, 5)

    def right() -> np.ndarray:
        b = ag.zeros(columns, requires_grad=True)
        (scale * (ag.ones(rows, columns) + b)).sum().backward()
        assert b.grad is not None
        return b.grad.data

    return Task(
        question=f"A row `b` of {columns} numbers is added to a table of {rows} rows, all is multiplied by "
        f"{scale} and summed up. What is the gradient of `b`? Answer with a list of {columns} numbers.",
        solution=f"answer = [{rows * scale}] * {columns}",
        steps=f"answer = [{', '.join([f'{rows} * {scale}'] * columns)}]",
        wrong=f"answer = [{scale}] * {columns}",
        judge=equals(
            right,
            "How many messages does each number of b receive, and how large is each?",
            [([scale] * columns, "That is one message. In how many rows was each number of b used?"),
             ([rows] * columns, "So many messages there are. How large is each?"),
             ([scale / rows] * columns, "The messages add up; nobody takes their mean."),
             ([columns * scale] * columns, "One message comes from each row. How many rows are there?"),
             ([rows * columns * scale] * columns, "Each number of b gets those of its own column only."),
             (np.full((rows, columns), scale), "Those are the messages, by rows. What is done with them?"),
             ([1] * columns, "All is multiplied by something, and there are several rows.")],
        ),
        why=f"Each number of b was used in {rows} rows; {rows} messages of {scale} add up.",
    )  # fmt: skip


@exercise("2.3", "The rule of a column mean")
def mean_rule(draw: Random) -> Task:
    rows, columns = draw.randint(3, 5), draw.randint(2, 4)
    x = np.random.default_rng(draw.randint(0, 999)).normal(size=(rows, columns))
    return Task(
        question="`forward(x)` is `x.mean(axis=0)`. Write its backward: `g` has one number per column, and the "
        f"result must have the shape of `x`, here `({rows}, {columns})`.",
        start="def answer(g, x):\n    return ...",
        solution="def answer(g, x):\n    return np.ones_like(x) * g / len(x)",
        wrong="def answer(g, x):\n    return np.ones_like(x) * g",
        judge=gradient_of(lambda x: x.mean(axis=0), x),
        why="Every row takes part with the factor 1/rows; what was summed forward is repeated backward.",
    )


@exercise("2.4", "A rule that passes the check")
def rule(draw: Random) -> Task:
    k = draw.randint(2, 5)
    x = np.array([-0.4, -0.2, 0.3, 0.6])
    return Task(
        question=f"Write the rule of $f(x) = x\\,e^{{-{k} x}}$: a function of `g` and `x` that returns what goes "
        "back to `x`.",
        start="def answer(g, x):\n    return ...",
        solution=f"def answer(g, x):\n    return g * (1 - {k} * x) * np.exp(-{k} * x)",
        wrong=f"def answer(g, x):\n    return -g * (1 - {k} * x) * np.exp(-{k} * x)",
        judge=gradient_of(lambda x: x * np.exp(-k * x), x),
        why=f"By the product rule the slope is (1 − {k}x)·exp(−{k}x), and a rule multiplies it by g.",
    )
