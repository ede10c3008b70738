"""Exercises of notebook 1: a graph of numbers."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, choice, equals, exercise, gradient_of


def _slopes(f, *values):  # type: ignore[no-untyped-def]
    """The engine's gradient of a function of numbers."""
    inputs = [ag.tensor(float(each), requires_grad=True, dtype=np.float64) for each in values]
    f(*inputs).backward()
    return [each.grad.item() for each in inputs]


@exercise("1.1", "A number used twice")
def used_twice(draw: Random) -> Task:
    a, b = draw.randint(2, 9), -draw.randint(2, 9)
    return Task(
        question=f"Let $a = {a}$, $b = {b}$ and $y = a b + a$. Work out $\\partial y / \\partial a$ by hand, "
        "going backwards from $y$.",
        solution=f"answer = {b} + 1",
        wrong=f"answer = {b}",
        judge=equals(
            lambda: _slopes(lambda a, b: a * b + a, a, b)[0],
            "Draw the graph: how many arrows leave a? Each brings a gradient back.",
            [(b, "That is what comes back through the product. Which other way leads from a to y?"),
             (1, "That is what comes back through the sum. Which other way leads from a to y?"),
             (a, "That is the slope by b. What multiplies a in the product?"),
             (a * b + a, "That is y itself. How does it change as a grows a little?"),
             (b + a, "The second term is a. Its slope by a is not a itself."),
             (2 * b, "The second term is a alone: what is its slope by a?"),
             (a * b + 1, "The second term is right. And is the slope of a product by one factor the product?"),
             (b - 1, "Does the second term grow or shrink as a grows?")],
        ),
        why=f"a is used twice: the product sends back b = {b}, the sum sends back 1, and they add up.",
    )  # fmt: skip


@exercise("1.2", "The chain")
def chain(draw: Random) -> Task:
    x, k = draw.randint(2, 5), draw.randint(2, 6)
    return Task(
        question=f"Let $x = {x}$ and $y = ({k}x - 1)^2$. What is $dy/dx$?",
        solution=f"answer = 2 * ({k} * {x} - 1) * {k}",
        wrong=f"answer = 2 * ({k} * {x} - 1)",
        judge=equals(
            lambda: _slopes(lambda x: (k * x - 1) ** 2, x)[0],
            "Go backwards: first the slope of the square at its own input, then what multiplies x.",
            [(2 * (k * x - 1), "That is the slope by the inner value. x is one step further back."),
             ((k * x - 1) ** 2, "That is y itself."),
             (k * (k * x - 1), "The square has a slope with a factor, too."),
             (2 * k * x * k, "The square's slope is taken at its own input, all of it."),
             (k, "That is the slope of the inner value. The square's is still to come."),
             (k * x - 1, "That is the inner value. What is the slope of its square?"),
             (2 * (k * x - 1) ** 2, "The slope of a square has the base in it once, not squared."),
             (k * (k * x - 1) ** 2, "The slope of a square is not the square."),
             (2 * (k * x - 1) * x, "Which factor does the inner value have: what is the slope of kx by x?"),
             (2 * (k * x - 1) + k, "Along a chain slopes multiply, they do not add."),
             (2 * k * k * x, "(kx − 1)² is not (kx)² − 1: the square's slope is taken at all of its input."),
             (2 * k, "The square's slope is not the same everywhere: at which input is it taken?"),
             (2 * (k * x - 1) * k * x, "Along the chain the slope of kx by x counts, not kx itself.")],
        ),
        why=f"The square's slope is 2·({k}x − 1), the inner one is {k}; along a chain, slopes multiply.",
    )  # fmt: skip


@exercise("1.3", "Calling backward again")
def again(draw: Random) -> Task:
    x, times = draw.randint(2, 6), draw.randint(2, 4)
    return Task(
        question=f"A cell computes `loss = x * x` with $x = {x}$ and calls `loss.backward()`. You run that cell "
        f"{times} times without setting `x.grad = None` in between. What is in `x.grad`?",
        solution=f"answer = {times} * 2 * {x}",
        wrong=f"answer = 2 * {x}",
        judge=equals(
            lambda: sum(_slopes(lambda x: x * x, x)[0] for _ in range(times)),
            "What does one call put there, and what does the next do with what it finds?",
            [
                (2 * x, "That is after the first call. The next finds a number there already."),
                (
                    times * x,
                    "That would be so if the slope of x · x were x. It has x on both sides.",
                ),
                (times * x * x, "That adds up the losses. What does one call put into x.grad?"),
                ((2 * x) ** times, "The calls add, they do not multiply."),
                ((times - 1) * 2 * x, "Count all runs, the first, too."),
                ((times + 1) * 2 * x, "Count the runs once more."),
                (0, "Nothing sets it back to 0."),
            ],
        ),
        why=f"Each call adds 2x = {2 * x} to what is there. That is why training loops call zero_grad().",
    )


@exercise("1.4", "A backward of your own")
def own_backward(draw: Random) -> Task:
    k = draw.randint(2, 5)

    def forward(a, b):  # type: ignore[no-untyped-def]
        return a * b + k * a

    return Task(
        question=f"For $y = a b + {k} a$, write the function that receives $g = \\partial L / \\partial y$ and "
        "returns the gradients of $a$ and of $b$. Numerical differences will judge it.",
        start="def answer(g, a, b):\n    return ..., ...",
        solution=f"def answer(g, a, b):\n    return g * (b + {k}), g * a",
        wrong=f"def answer(g, a, b):\n    return b + {k}, a",
        judge=gradient_of(forward, np.array(0.7), np.array(-0.4)),
        why="Every rule multiplies what arrives, g, by its local slope.",
    )


@exercise("1.5", "Where nothing comes back")
def dead(draw: Random) -> Task:
    a, b = draw.randint(2, 5), draw.randint(6, 9)
    return Task(
        question=f"Let $a = {a}$, $b = {b}$ and $y = \\mathrm{{relu}}(a - b)$. Is $\\partial y / \\partial a$ "
        "`'positive'`, `'zero'` or `'negative'`?",
        solution="answer = 'zero'",
        wrong="answer = 'positive'",
        judge=choice(
            "zero",
            {"positive": "What is a − b here, and what does relu do with a number of that sign?",
             "negative": "relu never falls as its input grows, so its slope is never negative."},
        ),
        why="Below 0, relu is flat: whatever arrives is multiplied by 0 and nothing goes further back.",
    )  # fmt: skip
