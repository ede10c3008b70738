"""Exercises of notebook 5: sizes, padding, stride, dilation."""

from __future__ import annotations

from random import Random

import numpy as np

import autograd as ag
import nn
from nn.lesson.exercise import Task, described, equals, exercise, numbers


@exercise("5.1", "The size of an output")
def output_size(draw: Random) -> Task:
    h, w = draw.sample(range(20, 40), 2)
    k, s, p = draw.choice([3, 5]), draw.choice([2, 3]), draw.choice([1, 2])

    def size(h: int, k: int, s: int, p: int) -> int:
        return (h + 2 * p - k) // s + 1

    return Task(
        question=f"An image of {h} × {w} pixels goes through `nn.Conv2d(1, 1, {k}, stride={s}, padding={p})`. How "
        "large is the output? Answer with (rows, columns).",
        solution=f"answer = (({h} + 2 * {p} - {k}) // {s} + 1, ({w} + 2 * {p} - {k}) // {s} + 1)",
        wrong=f"answer = (({h} + {p} - {k}) // {s} + 1, ({w} + {p} - {k}) // {s} + 1)"
        if size(h, k, s, p) != (h + p - k) // s + 1
        else f"answer = ({h}, {w})",
        judge=equals(
            lambda: nn.Conv2d(1, 1, k, stride=s, padding=p)(ag.zeros(1, 1, h, w)).shape[2:],
            "How long is a row with its padding, how far can the window's start move, how many steps is that?",
            [(((h + p - k) // s + 1, (w + p - k) // s + 1), "The padding is added at both sides."),
             ((size(h, k, s, p) - 1, size(w, k, s, p) - 1), "Count the place where it starts, too."),
             ((size(w, k, s, p), size(h, k, s, p)), "Rows first, then columns."),
             ((h, w), "That is the size of the input."),
             (((h - k) // s + 1, (w - k) // s + 1), "Where is the padding?"),
             ((h + 2 * p - k + 1, w + 2 * p - k + 1), "And the stride?"),
             ((h - k + 1, w - k + 1), "And the stride, and the padding?"),
             (((h + 2 * p - k) / s + 1, (w + 2 * p - k) / s + 1), "Half a place is none: round down before you add 1."),
             ((h // s, w // s), "The stride divides how far the window can move, not the size itself."),
             ((size(h, k, s, p) + 1, size(w, k, s, p) + 1), "One too many: how far can the window's start move?")],
        ),
        why="⌊(H + 2P − K)/S⌋ + 1, for each axis.",
    )  # fmt: skip


@exercise("5.2", "Keep the size")
def keep(draw: Random) -> Task:
    k, d = draw.choice([3, 5, 7]), draw.choice([1, 2, 3])
    return Task(
        question=f"Which `padding` keeps the size with a {k} × {k} kernel and dilation {d}, stride 1?",
        solution=f"answer = {d} * ({k} - 1) // 2",
        wrong=f"answer = {d} * ({k} - 1)",
        judge=lambda answer: _judge_padding(answer, k, d),
        why=f"The window reaches over {d * (k - 1) + 1} pixels; half of what it reaches beyond its middle, {d * (k - 1)}, "
        "goes to each side.",
    )


def _judge_padding(answer: object, k: int, d: int) -> str | None:
    """Whatever keeps the size of a real layer is right."""
    if isinstance(answer, (tuple, list)) and len(answer) == 2 and answer[0] == answer[1]:
        answer = answer[0]  # (rows, columns)
    if isinstance(answer, str) and answer == "same":
        return "'same' lets the layer work it out. How many pixels is that, at each side?"
    number = numbers(answer)
    if isinstance(answer, (bool, str)) or number is None or number.shape:
        return f"The padding is one number of pixels; yours is {described(answer)}."
    if number < 0 or number != np.round(number):
        return f"The padding is a whole number of pixels, at least 0; yours is {answer}."
    most = 100  # a layer is not tried with more
    padding = int(min(float(number), most))
    got = nn.Conv2d(1, 1, k, padding=padding, dilation=d)(ag.zeros(1, 1, 32, 32)).shape[-1]
    if got == 32:
        return None
    known = "" if number <= most else "more than "
    return f"With it, 32 pixels become {known}{got}. " + (
        "How far does the dilated kernel reach?" if got < 32 else "It is added at each side."
    )


@exercise("5.3", "Pixels never seen")
def never_seen(draw: Random) -> Task:
    size, k, s = draw.choice([(8, 3, 3), (7, 2, 3), (9, 2, 2), (10, 3, 4), (11, 3, 3), (8, 2, 4)])

    def right() -> int:
        x = ag.zeros(1, 1, size, size, requires_grad=True)
        ag.correlate(x, ag.ones(1, 1, k, k), stride=s).sum().backward()
        assert x.grad is not None
        return int((x.grad.data == 0).sum())

    places = (size - k) // s + 1
    covered = len({n * s + u for n in range(places) for u in range(k)})
    return Task(
        question=f"An {size} × {size} image, a {k} × {k} kernel, stride {s}, no padding. How many pixels are seen by no "
        "window?".replace("An 7", "A 7").replace("An 9", "A 9").replace("An 10", "A 10"),
        solution=f"seen = {{n * {s} + u for n in range({places}) for u in range({k})}}\n"
        f"answer = {size} ** 2 - len(seen) ** 2",
        steps=f"answer = {size} * {size} - ({places} * {k}) * ({places} * {k})" if s >= k else
        f"answer = {size} * {size} - (({places} - 1) * {s} + {k}) ** 2",
        wrong=f"answer = {size - covered}",
        judge=equals(
            right,
            "First, which rows are seen? A pixel is seen if its row and its column are.",
            [(size - covered, "So many rows are not seen. How many pixels is that, in rows and columns?"),
             ((size - covered) ** 2, "A pixel is lost if its row or its column is."),
             (covered**2, "Those are the pixels that are seen."),
             ((size - covered) * size, "Those are the rows. There are columns, too."),
             (2 * (size - covered) * size, "Where a row and a column cross, a pixel is counted twice."),
             (0, "Mark the windows' starts in a row: with this stride something is left out."),
             (size * size, "Some are seen."),
             (size * size - places**2, "So many windows there are; each sees more than one pixel."),
             (size * size - k * k, "There is more than one window."),
             (size * size - places**2 * k * k if s < k else None, "Where windows overlap, pixels are counted twice.")],
        ),
        why=f"{covered} of {size} rows and columns are seen: {size}² − {covered}² pixels are not.",
    )  # fmt: skip


@exercise("5.4", "Around the corner")
def modes(draw: Random) -> Task:
    row = draw.sample(range(1, 10), 5)
    mode = draw.choice(["reflect", "circular"])
    numpy_mode = {"reflect": "reflect", "circular": "wrap", "replicate": "edge"}
    others = [other for other in numpy_mode if other != mode]
    right = np.pad(row, 2, mode=numpy_mode[mode])  # type: ignore[call-overload]
    return Task(
        question=f"Pad the row `{row}` with two pixels at each side in mode `'{mode}'`. Answer with a list of nine.",
        solution=f"answer = {right.tolist()}",
        wrong=f"answer = {np.pad(row, 2, mode='edge').tolist()}",
        judge=equals(
            lambda: nn.functional.pad(ag.tensor(np.array([[row]], np.float32)), (2, 2), mode=mode)[0, 0],
            "Mirror with the outermost pixel as the mirror, or go round: which is it, and what is nearest?",
            [(np.pad(row, 2, mode=numpy_mode[other]), f"That is '{other}'.")  # type: ignore[call-overload]
             for other in others]
            + [(np.pad(row, 2, mode="symmetric"), "Nearly: the outermost pixel is the mirror, it is not repeated."),
               (np.pad(row, 2), "That is 'zeros'."),
               (row, "That is the row itself. Two pixels come at each side."),
               (np.roll(right, -1), "Where does the row itself begin? Two pixels stand before it."),
               ([*row[:-3:-1], *row, *row[1::-1]], "The mirror at an end shows the pixels next to that end."),
               (np.pad(row, 1, mode=numpy_mode[mode]), "Two pixels at each side, so nine in all."),  # type: ignore[call-overload]
               (np.pad(row, (2, 0), mode=numpy_mode[mode]), "At the right end, too."),  # type: ignore[call-overload]
               (np.pad(row, (0, 2), mode=numpy_mode[mode]), "At the left end, too."),  # type: ignore[call-overload]
               ([*right[1::-1], *row, *right[:-3:-1]], "The right pixels; which of the two is next to the edge?")],
        ),
        why="reflect mirrors in the outermost pixel without repeating it." if mode == "reflect"
        else "circular goes on at the other end.",
    )  # fmt: skip
