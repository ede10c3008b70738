"""Exercises of notebook 11: when it goes wrong."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, choice, equals, exercise, function_of, gradient_of


@exercise("11.1", "Fading")
def fading(draw: Random) -> Task:
    layers = draw.choice([3, 4, 5])

    def right() -> float:
        x = ag.tensor(0.0, requires_grad=True, dtype=np.float64)
        y = x
        for _ in range(layers):
            y = ag.sigmoid(y - y.item())  # every input at 0, where the slope is largest
        y.backward()
        assert x.grad is not None
        return float(x.grad.item())

    return Task(
        question=f"A message goes back through {layers} sigmoids in a row, with nothing in "
        "between. How large can the product of their slopes be at most?",
        solution=f"answer = 0.25**{layers}",
        wrong=f"answer = 0.25 * {layers}",
        judge=equals(
            right,
            "The slope of a sigmoid is largest at 0, where it is ¼. What happens to slopes along "
            "a chain?",
            [(0.25 * layers, "Along a chain slopes multiply."),
             (0.5**layers, "½ is the sigmoid's value at 0; its slope there is ½ · (1 − ½)."),
             (1, "The slope of a sigmoid never comes near 1."),
             (0.25, "That is one layer. The message passes all of them."),
             (0.5, "½ is the sigmoid's value at 0; its slope there is ½ · (1 − ½)."),
             (0.5 * layers, "Along a chain slopes multiply; and ½ is the value at 0, not the slope."),
             (0.25 / layers, "Along a chain slopes multiply."),
             (0.25 ** (layers - 1), "One layer is left out."),
             (0.25 ** (layers + 1), "That is one layer too many."),
             (0.75**layers, "The slope is s · (1 − s), not 1 − ¼."),
             (0.5**3, "½ is the sigmoid's value at 0; its slope there is ½ · (1 − ½)."),
             (4, "The slope is ¼, not 4: a message gets smaller."),
             (4**layers, "The slope is ¼, not 4: a message gets smaller."),
             (0, "It gets small, but not 0.")],
            within=1e-6,
        ),
        why=f"¼ to the power {layers} is {0.25**layers:.4g}: what is left of a message after "
        f"{layers} layers, at best.",
    )  # fmt: skip


@exercise("11.2", "A safe logarithm")
def safe(draw: Random) -> Task:
    floor = draw.choice([-2.0, -5.0, 0.5])

    def judge(answer: Any) -> str | None:
        x = ag.tensor(np.array([2.0, 0.0, 0.5]), requires_grad=True)
        with np.errstate(all="ignore"):  # an unsafe answer gets a hint, not a warning
            y = answer(x)
            if not isinstance(y, ag.Tensor) or not y.requires_grad:
                return (
                    "Return a tensor made from x itself, not from its .data or under no_grad, so that "
                    "there is something to go back through."
                )
            if y.shape != x.shape:
                return f"As many numbers as x has should come back: {x.shape}; yours are {y.shape}."
            y.sum().backward()
        if not np.allclose(y.data, [np.log(2), floor, np.log(0.5)]):
            return (
                f"At x = [2, 0, 0.5] your values are {y.data.round(3).tolist()}: ln x above 0, {floor} "
                "elsewhere, 0 itself included."
            )
        if x.grad is None or not np.isfinite(x.grad.data).all():
            return (
                "The values are right, but the gradient is not finite: the logarithm of 0 is "
                "still computed, and its slope."
            )
        if not np.allclose(x.grad.data, [0.5, 0, 2]):
            return (
                f"The gradient is {x.grad.data.tolist()}, and should be 1/x above 0, and 0 "
                "elsewhere."
            )
        return None

    return Task(
        question=f"Write a function that gives $\\ln x$ where $x > 0$ and ${floor}$ elsewhere, "
        "and whose gradient is finite everywhere (`ag.where`, `ag.log`; `x.data` are the "
        "numbers).",
        start="def answer(x):\n    return ...",
        solution="def answer(x):\n    ok = x.data > 0\n"
        f"    return ag.where(ok, ag.log(ag.where(ok, x, 1.0)), {floor})",
        wrong=f"def answer(x):\n    return ag.where(x.data > 0, ag.log(x), {floor})",
        judge=function_of(["x"], judge),
        why="The inner where keeps 0 from the logarithm, so no infinite slope is there to be "
        "multiplied by 0.",
    )


@exercise("11.3", "Mend the rule")
def mend(draw: Random) -> Task:
    k = draw.randint(2, 4)
    return Task(
        question=f"$y = x \\tanh({k}x)$. A rule says `g * np.tanh({k} * x)`, and the check says "
        "*wrong*. Write the right one. (The slope of $\\tanh$ at $u$ is $1 - \\tanh^2 u$.)",
        start="def answer(g, x):\n    return ...",
        solution=f"def answer(g, x):\n    t = np.tanh({k} * x)\n    return g * (t + {k} * x * (1 "
        "- t**2))",
        wrong=f"def answer(g, x):\n    return g * np.tanh({k} * x)",
        judge=gradient_of(lambda x: x * np.tanh(k * x), np.array([0.3, -0.8, 1.1])),
        why="x has two ways to y: as the factor, and inside tanh. What comes back on both is "
        "added.",
    )


@exercise("11.4", "What is kept")
def kept(draw: Random) -> Task:
    n, c, size = draw.choice([16, 32, 64]), draw.choice([8, 24]), draw.choice([14, 28])
    numbers = n * c * size * size

    def right() -> int:
        x = ag.tensor(np.zeros((n, c, size, size), np.float32), requires_grad=True)
        return int(ag.debug.Backprop(ag.exp(x).sum()).memory().total)

    return Task(
        question=f"`y = ag.exp(x)` for `x` of shape ({n}, {c}, {size}, {size}), float32. The rule "
        "of `exp` names its output and nothing else. How many **bytes** are kept for the way "
        "back?",
        solution=f"answer = {n} * {c} * {size} * {size} * 4",
        wrong=f"answer = {n} * {c} * {size} * {size}",
        judge=equals(
            right,
            "How many numbers has the output, and how many bytes has a float32?",
            [(numbers, "That many numbers. A float32 has four bytes."),
             (8 * numbers, "Either that is float64, or you counted the input as well, which "
                           "nobody asked for."),
             (2 * numbers, "A float32 has 32 bits. How many bytes are those?"),
             (32 * numbers, "Those are bits. Eight of them are a byte."),
             (numbers * 4 / 1024, "In bytes, please, not in kibibytes."),
             (numbers * 4 / 1000, "In bytes, please, not in kilobytes."),
             (numbers * 4 / 1e6, "In bytes, please, not in megabytes."),
             (numbers * 4 / 8, "A float32 has four bytes: nothing is left to be divided by eight."),
             (4 * (n + c + 2 * size), "The numbers of a shape multiply."),
             (n * c * 2 * size * 4, "Rows and columns of a plane multiply, too."),
             (n * size * size * 4, "Channels are kept, too."),
             (numbers * 4 // n, "That is one image. How many are in the batch?"),
             (n * c * size * 4, "The planes have rows and columns."),
             (0, "The rule asks for something, so something is kept.")],
            within=0.0,
        ),
        why=f"{numbers:,} numbers of 4 bytes. The input is not kept: its rule does not ask for it.",
    )  # fmt: skip


@exercise("11.5", "What to reach for")
def reach(draw: Random) -> Task:
    return Task(
        question="The loss is finite in every step and falls at first. Suddenly one weight is "
        "NaN. What finds the place: `'record'` (around the way forward), `'nonfinite'` (in "
        "`break_on`), `'memory'` or `'compare'`?",
        solution="answer = 'nonfinite'",
        wrong="answer = 'record'",
        judge=choice(
            "nonfinite",
            {"record": "It stops at numbers that are not finite on the way forward. The loss was "
                       "finite in every step.",
             "memory": "It tells how much is kept, not whether it is a number.",
             "compare": "It looks for wrong rules written by hand. Here a number is not finite."},
        ),
        why="If all is finite on the way forward, it began on the way back, and that is where to "
        "stop.",
    )  # fmt: skip
