"""Exercises of notebook 7: convolution as a matrix product."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np

import autograd as ag
from nn.lesson.exercise import Task, equals, exercise, function_of, gradient_of, numbers


@exercise("7.1", "The matrix of patches")
def patches(draw: Random) -> Task:
    n, c, k = draw.randint(2, 9), draw.randint(2, 5), draw.choice([3, 5])
    height, width = k + draw.randint(3, 6), k + draw.randint(7, 9)
    rows, columns = n * (height - k + 1) * (width - k + 1), c * k * k
    return Task(
        question=f"A batch of {n} images with {c} channels of {height}×{width} pixels meets "
        f"{k}×{k} kernels, without padding, with stride 1. How many rows and columns has the "
        "matrix of patches? Answer with a tuple `(rows, columns)`.",
        solution=f"answer = ({n} * {height - k + 1} * {width - k + 1}, {c} * {k} * {k})",
        steps=f"answer = ({n} * ({height} - {k} + 1) * ({width} - {k} + 1), {c} * {k} * {k})",
        wrong=f"answer = ({n} * {height} * {width}, {c} * {k} * {k})",
        judge=equals(
            lambda: (rows, columns),
            "A row for each place of the window in each image; a column for each number that a "
            "window sees.",
            [((n * height * width, columns),
              "Without padding the window has fewer places than there are pixels."),
             (((height - k + 1) * (width - k + 1), columns), "That is a single image."),
             ((c * rows, columns), "A row holds all channels of its patch: they make columns, not rows."),
             ((c * rows, k * k), "A row holds all channels of its patch: they make columns, not rows."),
             ((n, columns), "A row for every place of the window, not one for an image."),
             ((rows, c + 2 * k), "A window of k rows, k columns and c channels: these numbers multiply."),
             ((n * (height - k + 1 + width - k + 1), columns), "Places down and places across multiply."),
             ((rows, k * k), "A window sees all channels."),
             ((columns, rows), "The other way round: patches are rows."),
             ((rows, c), "Each channel gives as many numbers as the window has places."),
             ((rows, k * k * n), "The images are in the rows; in the columns are the channels."),
             ((rows * c, k * k), "A window sees all channels: they lie side by side, in one row."),
             ((n * (height - k) * (width - k), columns), "One place more fits along each side: count the first."),
             ((n * (height - k + 2) * (width - k + 2), columns), "One place fewer fits along each side."),
             ((rows, columns + 1), "The bias is added later; it has no column here.")],
        ),
        why=f"{n} images × {height - k + 1} × {width - k + 1} places are {rows} rows; {c} "
        f"channels × {k} × {k} are {columns} columns.",
    )  # fmt: skip


@exercise("7.2", "How often a pixel is copied")
def copies(draw: Random) -> Task:
    size, k = draw.randint(7, 9), 3
    i, j = draw.choice([0, 1]), draw.randint(2, size - 3)
    seen = ag.fold_windows(np.ones((1, 1, size - 2, size - 2, 3, 3)), (size, size))[0, 0]
    return Task(
        question=f"A {size}×{size} image, {k}×{k} windows, no padding, stride 1. In how many rows "
        f"of the matrix of patches does the pixel in row {i}, column {j} stand (counted from 0)?",
        solution=f"answer = {i + 1} * 3",
        wrong="answer = 9",
        judge=equals(
            lambda: seen[i, j],
            f"Along each axis: which starts of a window of {k} reach this place and are not off "
            "the image?",
            [(9, "So often for a pixel in the middle. Here some of those windows would begin "
                 "above the image."),
             (3, "Count both axes, and multiply."),
             (5, "Along both axes something is to be chosen: do such numbers add or multiply?"),
             (2, "That is one axis. And along the other?"),
             (4, "So often next to a corner, along both sides. This pixel is next to one side only.")] if i == 1 else
            [(9, "So often for a pixel in the middle. Here some of those windows would begin "
                 "above the image."),
             (1, "So often for a corner. This pixel is at an edge, but not in a corner."),
             (6, "So often for a pixel one row further in."),
             (4, "Along both axes something is to be chosen: do such numbers add or multiply?")],
        ),
        why=f"Vertically {i + 1} window{'s' if i else ''} reach{'' if i else 'es'} it, "
        f"horizontally 3; every pair is a patch, so {3 * (i + 1)}.",
    )  # fmt: skip


@exercise("7.3", "A convolution without loops over pixels")
def by_product(draw: Random) -> Task:
    height, width = draw.randint(5, 7), draw.randint(8, 9)

    def judge(answer: Any) -> str | None:
        generator = np.random.default_rng(7)
        x, w = generator.normal(size=(height, width)), generator.normal(size=(3, 3))
        want = ag.correlate(x[None, None], w[None, None])[0, 0]
        got = numbers(answer(x, w))
        if got is None:
            return "Your function should give back an array of numbers."
        if got.size != want.size:
            return (
                f"For an image {x.shape} the output should be {want.shape}; yours is {got.shape}."
            )
        if got.shape != want.shape:
            return (
                "The numbers are as many as they should be; give them the shape of an image: for "
                f"one of {x.shape} that is {want.shape}, and yours is {got.shape}."
            )
        if np.allclose(got, want):
            return None
        if np.allclose(got, ag.correlate(x[None, None], w[None, None, ::-1, ::-1])[0, 0]):
            return "That is true convolution: your kernel is turned around."
        if np.allclose(got, ag.correlate(x[None, None], w.T[None, None])[0, 0]):
            return "Patches and kernel are not laid down in the same order: one goes by columns."
        if np.allclose(got, -want):
            return "The sign is wrong."
        if np.allclose(got * 9, want):
            return "That is the mean of the nine products; their sum is asked for."
        products = ag.windows(x[None, None], 3)[0, 0] * w
        if np.allclose(got, products.max(axis=(-2, -1))):
            return "That is the largest of the nine products; their sum is asked for."
        if np.allclose(got, np.trunc(want)):
            return "Your numbers are cut to whole ones."
        mixed = ag.windows(x[None, None], 3).reshape(9, -1).T @ w.reshape(9)
        if np.allclose(got, mixed.reshape(want.shape)):
            return "Nine numbers in a row have to be of one patch: reshape to (-1, 9), not (9, -1)."
        if not np.any(got):
            return "All zeros: is anything put into it?"
        return "Look at one output number: is it the dot product of its own patch with the kernel?"

    return Task(
        question="Complete the function: an image of shape (H, W) and a kernel of shape (3, 3), "
        "NumPy arrays, become the output (H − 2, W − 2). No loops; `ag.windows(x[None, None], "
        "3)` cuts out the patches.",
        start="def answer(x, w):\n    patches = ag.windows(x[None, None], 3)\n    return ...",
        solution="def answer(x, w):\n    patches = ag.windows(x[None, None], 3)\n"
        "    rows = patches.reshape(-1, 9)\n"
        "    return (rows @ w.reshape(9)).reshape(x.shape[0] - 2, x.shape[1] - 2)",
        wrong="def answer(x, w):\n    patches = ag.windows(x[None, None], 3)\n"
        "    return (patches.reshape(-1, 9) @ w.T.reshape(9)).reshape(x.shape[0] - 2, x.shape[1] "
        "- 2)",
        judge=function_of(["x", "w"], judge),
        why="Rows of nine numbers, times a column of nine, folded back into an image.",
    )


@exercise("7.4", "Backward through the product")
def backward(draw: Random) -> Task:
    rows, columns, kernels = draw.randint(4, 6), 9, draw.randint(2, 3)
    generator = np.random.default_rng(draw.randint(0, 99))
    patches, weights = (
        generator.normal(size=(rows, columns)),
        generator.normal(size=(columns, kernels)),
    )
    return Task(
        question=f"Patches as rows, `R` of shape ({rows}, {columns}), times kernels as columns, `Q` of shape "
        f"({columns}, {kernels}). Write what goes back to each when `g` arrives at the product. "
        "Numerical differences will judge it.",
        start="def answer(g, R, Q):\n    return ..., ...",
        solution="def answer(g, R, Q):\n    return g @ Q.T, R.T @ g",
        wrong="def answer(g, R, Q):\n    return g @ Q.T, R.T @ np.abs(g)",
        judge=gradient_of(lambda R, Q: R @ Q, patches, weights),
        why="The shapes alone force it: g·Qᵀ is shaped like R, and Rᵀ·g like Q, summed over all "
        "rows.",
    )
