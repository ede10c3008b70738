"""The figures of this folder, drawn by the engine: ``python notebooks/figures/make.py`` draws them anew.

The same code gives the same bytes; the tests compare.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import autograd as ag
from autograd import viz

#: A small picture of a corner, and a kernel that answers to upright edges.
IMAGE = np.array(
    [[0, 0, 1, 2, 2], [0, 0, 1, 2, 2], [0, 1, 3, 2, 1], [1, 3, 2, 0, 0], [2, 2, 1, 0, 0]]
)
KERNEL = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])


def scalars() -> str:
    """The calculation of notebook 1, its values and, moving, its gradients."""
    a = ag.tensor(3.0, requires_grad=True, name="a")
    b = ag.tensor(-1.0, requires_grad=True, name="b")
    with ag.debug.record():
        loss = (a * b + a - 2) ** 2
    return viz.step(loss, title="(a·b + a − 2)² and its backward pass").animate().to_svg()


def convolution() -> str:
    """One output of a cross-correlation, seen four ways."""
    title = "One output, one pixel, one weight, one row of the matrix"
    return viz.conv(KERNEL.astype(float), IMAGE.astype(float), at=(1, 1), title=title).to_svg()


def skipped() -> str:
    """Stride 3 on a row of 5: the formula, and the pixels that no window sees."""
    return viz.output_size(5, kernel=3, stride=3).to_svg()


def pooling() -> str:
    """Max pooling: a winner, a tie, and where the gradient goes."""
    x = np.array([[1, 5, 2, 0], [3, 4, 8, 1], [0, 7, 3, 7], [7, 1, 2, 4]], dtype=float)
    title = "Max pooling: the gradient goes to the winner"
    return viz.pool("max", x, kernel_size=2, at=(0, 0), title=title).to_svg()


FIGURES: dict[str, Callable[[], str]] = {
    draw.__name__: draw for draw in (scalars, convolution, skipped, pooling)
}

if __name__ == "__main__":
    for name, draw in FIGURES.items():
        target = Path(__file__).with_name(f"{name}.svg")
        target.write_text(draw(), encoding="utf-8", newline="\n")
        print(target)
