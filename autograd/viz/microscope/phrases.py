"""What the microscope says: places, sums, padding, skipped pixels, winners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.text import counted
from autograd.viz import words
from autograd.viz.microscope.geometry import Axis, Pair
from autograd.viz.microscope.model import At, ConvModel, Model, PoolModel, TransposedModel
from autograd.viz.microscope.panels import printed

#: Sums of at most so many terms are written out.
WRITTEN_OUT = 12
#: What the matrix of patches is good for, and the rows of windows of a pooling.
MATRIX = "The layer is one product of matrices: all patches times all kernels."
ROW_BY_ROW = "Pooling is a function of each row by itself."
WEIGHTLESS = "A pooling has no weights to learn: its derivatives depend on the numbers alone."
TIE = ", where the maximum has no derivative; the engine gives all to the first."
#: Why pixels are skipped, after their rows and columns.
SKIP_REASONS = {
    "end": "left over at the end, where another step does not fit",
    "stride": "stepped over by the stride",
    "dilation": "in the holes of the dilated window",
    "crop": "whose stamp the padding takes away",
}


def place(model: Model, pair: Sequence[int]) -> str:
    """A place in a plane, ``(1, 2)``; in a row just ``2``."""
    shown = pair[-1:] if model.rank == 1 else pair
    text = ", ".join(map(str, shown)).replace("-", words.MINUS)
    return f"({text})" if model.rank == 2 else text


def full(model: Model, at: Sequence[int]) -> str:
    """A full index, without the row that a sequence does not have."""
    shown = (*at[:2], *at[3:]) if model.rank == 1 else at
    return f"({', '.join(map(str, shown))})"


def size(model: Model, pair: Pair) -> str:
    """A pair of sizes, ``2×3``, or one number when they are equal."""
    if model.rank == 1 or pair[0] == pair[1]:
        return str(pair[1])
    return f"{pair[0]}×{pair[1]}"


def cross(model: Model, lengths: Sequence[int]) -> str:
    """A shape, without the row that a sequence does not have."""
    return words.shape((*lengths[:2], *lengths[3:]) if model.rank == 1 else lengths)


def tap_name(model: Model, tap: tuple[int, int, int]) -> str:
    """A column of the matrix of patches: ``channel;row,column``."""
    inside = ",".join(map(str, tap[2:] if model.rank == 1 else tap[1:]))
    return f"{tap[0]};{inside}" if isinstance(model, ConvModel) and model.w.shape[1] > 1 else inside


def padding_words(model: Model) -> str:
    """``padding 1 (zeros)``, or nothing."""
    sides = model.pads
    if not any(sides):
        return ""
    used = sides[2:] if model.rank == 1 else sides
    width = str(used[0]) if len(set(used)) == 1 else "/".join(map(str, used))
    return f"padding {width}" if transposed(model) else f"padding {width} ({model.mode})"


def padding_name(model: Model) -> str:
    """What stands where there is no pixel of its own."""
    return "zeros between and around" if transposed(model) else f"padding ({model.mode})"


def transposed(model: Model) -> bool:
    """Whether zeros may lie between the pixels."""
    return isinstance(model, TransposedModel)


def standing(model: Model, position: Pair) -> str:
    """What there is at a position without a pixel of its own: ``padding at (−1, 0)``."""
    inside = all(0 <= p < axis.length for p, axis in zip(position, model.windows.axes, strict=True))
    if transposed(model):
        return "a zero between the pixels" if inside else "a zero beyond the image"
    return f"padding at {place(model, position)}"


def what(model: Model) -> str:
    """What an output is made of."""
    made = {"conv": "its patch × the kernel, added up", "max": "the largest of its window"}
    made["avg"] = "the average of its window"
    return made.get(model.kind, "a function of its window")


def going_back(model: Model) -> str:
    """How the gradient of a pooling's output is handed on."""
    if model.kind == "avg":
        return "The gradient is shared out equally."
    return "∂y/∂x is what the engine found by going backward."


def nothing(model: Model) -> str:
    """What stands where there is no pixel."""
    if model.mode == "−∞":
        return "−∞, which never wins, so nothing comes back"
    return "0, which adds nothing and gets no gradient"


def pixel_heads(model: Model) -> list[str]:
    """The columns of the list of outputs that a pixel reached."""
    if isinstance(model, ConvModel):
        return ["tap", "w", "x·w goes there", "g arrives", "g·w comes back"]
    return ["cell", "∂y/∂x", "g arrives", "g·∂y/∂x comes back"]


def stretched(model: Model) -> str:
    """How a transposed convolution is a convolution; nothing for the others."""
    if not transposed(model):
        return ""
    rows, columns = model.windows.axes
    gaps = size(model, (rows.spacing - 1, columns.spacing - 1))
    zeros = {"0": "", "1": "a zero"}.get(gaps, f"{gaps} zeros")
    between = f" over the image with {zeros} between its pixels" if zeros else " over the image"
    return (
        f"A transposed convolution, seen from its output: the kernel, turned, moves by 1{between}. "
        "View 2 shows it from a pixel, which stamps the kernel into the output."
    )


def shared(model: ConvModel) -> str:
    """By how much a weight is shared: ``18 positions of 2 images``."""
    uses = model.windows.outputs[0] * model.windows.outputs[1] * len(model.x)
    if transposed(model):
        return f"used by {counted(model.x[:, 0].size, 'pixel')}"
    images = f" of {len(model.x)} images" if len(model.x) > 1 else ""
    return f"shared by {counted(uses, 'position')}{images}"


def head(axis: Axis, position: int) -> str:
    """What a row or column of the input is called: its cell; a dot between cells."""
    if axis.spacing == 1:
        return str(position)
    source = axis.source(position)
    return "·" if source is None else str(source)


def written_sum(terms: list[float], total: float) -> str:
    """``+1 − 2 = −1`` for few terms, the bare total for many."""
    if not 1 < len(terms) <= WRITTEN_OUT:
        return words.number(total)
    first, *others = terms
    text = words.number(first) + "".join(
        f" {'+' if term >= 0 else words.MINUS} {words.number(abs(term))}" for term in others
    )
    return f"{text} = {words.number(total)}"


def skipped_sentence(model: Model) -> str:
    """How many pixels no window sees, and why; nothing if all are seen."""
    windows = model.windows
    missed = windows.skipped
    if not missed:
        return ""
    reasons = []
    for reason, why in SKIP_REASONS.items():
        lost = []
        names = ("row", "column" if model.rank == 2 else "place")
        for axis, name in zip(windows.axes, names, strict=True):
            cells = [str(cell) for cell, each in axis.skipped.items() if each == reason]
            if cells:
                listed = ", ".join(cells[:6]) + (" …" if len(cells) > 6 else "")
                lost.append(f"{name}{'s' if len(cells) > 1 else ''} {listed}")
        if lost:
            reasons.append(f"{' and '.join(lost)} {why}")
    total = windows.rows.size * windows.columns.size
    return f"Skipped: {len(missed)} of {total} pixels are seen by no window: {'; '.join(reasons)}."


def winner_sentence(model: PoolModel, at: At) -> str:
    """Who won a window of max pooling, whether it was a tie, and where the gradient goes."""
    ties = model.ties(at)
    value, gradient = words.number(float(model.y[at])), printed(float(model.g[at]))
    won = [term for term in model.of_output(at) if term.weight]
    if not won:
        return f"The window's value is {value}."
    where = f"pixel {place(model, won[0].pixel or won[0].position)}"
    tie = ""
    if len(ties) > 1:
        tie = f" It is a tie of {len(ties)} cells{TIE}"
    return f"The winner is {where} with {value}; the whole gradient {gradient} goes there.{tie}"


def largest(values: Any) -> float:
    """The largest finite magnitude."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(abs(finite).max(initial=0.0))
