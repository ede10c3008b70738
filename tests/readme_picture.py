"""Draws the README's picture: ``python tests/readme_picture.py`` writes it anew."""

from pathlib import Path

import autograd
from autograd import viz


def draw() -> str:
    """The moving SVG of a real backward pass."""
    x = autograd.tensor(2.0, requires_grad=True, name="x")
    w = autograd.tensor(-1.0, requires_grad=True, name="w")
    b = autograd.tensor(2.5, requires_grad=True, name="b")
    return viz.step((x * w + b).tanh()).animate().to_svg()


if __name__ == "__main__":
    target = Path(__file__).parents[1] / "notebooks" / "backward.svg"
    target.write_text(draw(), encoding="utf-8", newline="\n")
