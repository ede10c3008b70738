"""Exercises of notebook 4: convolution, cross-correlation and their duality."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, choice, equals, exercise, gradient_of


def _row(draw: Random, length: int) -> list[int]:
    """Digits that are no palindrome, so that a flip shows."""
    while True:
        row = [draw.randint(-3, 5) for _ in range(length)]
        if row != row[::-1] and any(row):
            return row


def _both(x: list[int], w: list[int]) -> tuple[np.ndarray, np.ndarray]:
    x3, w3 = np.array([[x]], float), np.array([[w]], float)
    return ag.correlate(x3, w3)[0, 0], ag.convolve(x3, w3)[0, 0]


def _sizes(x: list[int], w: list[int]) -> list[tuple[np.ndarray, str]]:
    """np.convolve with its other sizes."""
    return [
        (np.convolve(x, w, "full"), "That lets the kernel hang over both ends. Only where it fits: three outputs."),
        (np.convolve(x, w, "same"), "That lets the kernel hang over the ends by one. Only where it fits: three outputs."),
    ]  # fmt: skip


def _different_rows(draw: Random) -> tuple[list[int], list[int]]:
    while True:
        x, w = _row(draw, 5), _row(draw, 3)
        one, other = _both(x, w)
        if not np.array_equal(one, other):
            return x, w


def _sums(x: list[int], w: list[int], pairs: list[list[tuple[int, int]]]) -> str:
    """A list of sums, written out, of products x[i]·w[u] for the pairs (i, u) of each."""
    each = [" + ".join(f"{x[i]} * {w[u]}" for i, u in of) for of in pairs]
    return f"answer = [{', '.join(each)}]"


@exercise("4.1", "Cross-correlation by hand")
def correlate_by_hand(draw: Random) -> Task:
    x, w = _different_rows(draw)
    right, flipped = _both(x, w)
    return Task(
        question=f"$x$ = `{x}`, $w$ = `{w}`. Work out the three outputs of the cross-correlation by hand (the kernel only "
        "where it fits).",
        solution=f"answer = {right.astype(int).tolist()}",
        steps=_sums(x, w, [[(i + u, u) for u in range(3)] for i in range(3)]),
        wrong=f"answer = {flipped.astype(int).tolist()}",
        judge=equals(
            lambda: _both(x, w)[0],
            "The first output is x[0]·w[0] + x[1]·w[1] + x[2]·w[2].",
            [
                (flipped, "That is the convolution: you have turned the kernel round."),
                *_sizes(x, w[::-1]),
                (
                    np.multiply(x[:3], w),
                    "Those are the first place's products: add them up, and move on.",
                ),
            ],
        ),
        why="The kernel lies on the row as it is.",
    )


@exercise("4.2", "Convolution by hand")
def convolve_by_hand(draw: Random) -> Task:
    x, w = _different_rows(draw)
    straight, right = _both(x, w)
    return Task(
        question=f"$x$ = `{x}`, $w$ = `{w}`. And now the three outputs of the convolution.",
        solution=f"answer = {right.astype(int).tolist()}",
        steps=_sums(x, w, [[(i + u, 2 - u) for u in range(3)] for i in range(3)]),
        wrong=f"answer = {straight.astype(int).tolist()}",
        judge=equals(
            lambda: _both(x, w)[1],
            "The first output is x[0]·w[2] + x[1]·w[1] + x[2]·w[0].",
            [
                (
                    straight,
                    "That is the cross-correlation. From which end does convolution read the kernel?",
                ),
                *_sizes(x, w),
                (
                    np.multiply(x[:3], w[::-1]),
                    "Those are the first place's products: add them up, and move on.",
                ),
            ],
        ),
        why="The kernel is read from its end: turned by 180°.",
    )


@exercise("4.3", "The same for both")
def same_for_both(draw: Random) -> Task:
    a, b, c = draw.sample(range(1, 9), 3)
    kernels = {
        "a": [[a, b, a], [b, c, b], [a, b, a]],
        "b": [[a, b, c], [a, b, c], [a, b, c]],
        "c": [[a, a, a], [b, b, b], [c, c, c]],
    }
    names = draw.sample(["a", "b", "c"], 3)
    shown = {new: kernels[old] for new, old in zip("abc", names, strict=True)}
    right = next(new for new, old in zip("abc", names, strict=True) if old == "a")
    lines = "\n".join(f"- `'{name}'`: `{kernel}`" for name, kernel in shown.items())
    return Task(
        question=f"For one of these kernels convolution and cross-correlation are the same. Which?\n\n{lines}",
        solution=f"answer = {right!r}",
        wrong=f"answer = {next(name for name in 'abc' if name != right)!r}",
        judge=choice(
            right,
            {
                name: "Turn it by 180°: is it the kernel that it was?"
                for name in "abc"
                if name != right
            },
        ),
        why="Turned by 180° it is itself.",
    )


@exercise("4.4", "The backward of a cross-correlation")
def backward(draw: Random) -> Task:
    k1, k2 = draw.choice([(2, 3), (3, 2), (2, 4), (4, 2)])
    generator = np.random.default_rng(draw.randint(0, 999))
    x, w = generator.normal(size=(1, 1, 6, 6)), generator.normal(size=(1, 1, k1, k2))
    return Task(
        question=f"`forward(x, w)` is `ag.correlate(x, w)` with a {k1} × {k2} kernel. Write its backward with "
        "`ag.convolve` and `ag.correlate`. Both take `padding=(rows, columns)`.",
        start="def answer(g, x, w):\n    return ..., ...",
        solution="def answer(g, x, w):\n"
        f"    return ag.convolve(g, w, padding=({k1 - 1}, {k2 - 1})), ag.correlate(x, g)",
        wrong="def answer(g, x, w):\n"
        f"    return ag.correlate(g, w, padding=({k1 - 1}, {k2 - 1})), ag.correlate(x, g)",
        judge=gradient_of(lambda x, w: ag.correlate(x, w), x, w),
        why="Input: the full convolution of g with w. Weight: the cross-correlation of x with g.",
    )


@exercise("4.5", "What comes back to a row")
def back_to_a_row(draw: Random) -> Task:
    w = draw.sample(range(1, 10), 3)
    g = draw.sample([1, 10, 100], 3)
    straight, turned = (np.array(each, float)[None, None] for each in (w, w[::-1]))
    arriving = np.array(g, float)[None, None]

    def right() -> np.ndarray:
        x = ag.tensor(np.zeros((1, 1, 5)), requires_grad=True)
        ag.correlate(x, straight).backward(arriving)
        assert x.grad is not None
        return x.grad.data[0, 0]

    def full(kernel: np.ndarray) -> np.ndarray:
        return ag.convolve(arriving, kernel, padding=2)[0, 0]

    return Task(
        question=f"A row of five pixels is cross-correlated with $w$ = `{w}`; at the three outputs arrives $g$ = `{g}`. "
        "What goes back to the five pixels? Work it out by hand and answer with a list of five.",
        solution=f"answer = np.convolve({g}, {w})",
        steps=_sums(g, w, [[(i - u, u) for u in range(3) if 0 <= i - u < 3] for i in range(5)]),
        wrong=f"answer = {full(turned).astype(int).tolist()}",
        judge=equals(
            right,
            "For each pixel: which outputs has it reached, and through which weight?",
            [(full(turned), "You have laid the kernel down as it is. Take the pixel in the middle: which weight "
              "leads from it to the first output?"),
             (full(straight)[2:3], "That is the middle one. Near the ends, too, something comes back."),
             (full(straight)[::-1], "All the right numbers, from the wrong end."),
             (full(straight)[1:4], "Five pixels were there, and something comes back to each; the outermost two, too."),
             (g, "That is what arrives at the outputs."),
             (np.multiply(w, g), "Each output sends back through all three weights, to three pixels."),
             (np.full(5, sum(w) * sum(g)), "Not everything goes to every pixel: which outputs has it reached?"),
             (np.convolve(g, np.ones(3)), "Those are sums of g. By which weight is each of its numbers multiplied?"),
             (np.convolve(g[::-1], w), "The order of g is not turned round; which weights go with which outputs?"),
             ([0, 0, *full(straight)[:3]], "The pixels are counted from the first that any output sees."),
             (np.full(5, sum(w)), "Where is g?")],
        ),
        why="It is the full convolution of g with w: zeros at both ends of g, the kernel turned round.",
    )  # fmt: skip
