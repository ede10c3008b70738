"""What the microscope says: places, sums, padding, skipped pixels, winners."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.viz import words
from autograd.viz.microscope.geometry import Pair
from autograd.viz.microscope.model import At, ConvModel, Model, PoolModel
from autograd.viz.microscope.panels import printed

#: Sums of at most so many terms are written out.
WRITTEN_OUT = 12
#: Why pixels are skipped, after their rows and columns.
SKIP_REASONS = {
    "end": "left over at the end, where another step does not fit",
    "stride": "stepped over by the stride",
    "dilation": "in the holes of the dilated window",
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
    rows, columns = model.windows.axes
    sides = (rows.before, rows.after, columns.before, columns.after)
    if not any(sides):
        return ""
    used = sides[2:] if model.rank == 1 else sides
    width = str(used[0]) if len(set(used)) == 1 else "/".join(map(str, used))
    return f"padding {width} ({model.mode})"


def written_sum(terms: list[float], total: float) -> str:
    """``+1 − 2 = −1`` for few terms, the bare total for many."""
    if not 1 < len(terms) <= WRITTEN_OUT:
        return words.number(total)
    text = " ".join(
        f"{'+' if term >= 0 else words.MINUS} {words.number(abs(term))}" for term in terms
    )
    return f"{text.removeprefix('+ ')} = {words.number(total)}"


def skipped_sentence(model: Model) -> str:
    """How many pixels no window sees, and why; nothing if all are seen."""
    windows = model.windows
    missed = windows.skipped
    if not missed:
        return ""
    reasons = []
    for reason, why in SKIP_REASONS.items():
        lost = []
        for axis, name in zip(windows.axes, ("row", "column"), strict=True):
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
        tie = (
            f" It is a tie of {len(ties)} cells, where the maximum has no derivative; the engine gives all "
            "to the first."
        )
    return f"The winner is {where} with {value}; the whole gradient {gradient} goes there.{tie}"


def count(number: int, thing: str) -> str:
    """``1 output``, ``2 outputs``."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def largest(values: Any) -> float:
    """The largest finite magnitude."""
    finite = np.asarray(values)[np.isfinite(values)]
    return float(abs(finite).max(initial=0.0))
