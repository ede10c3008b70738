"""Which part of big images is shown: the neighbourhood of the selected output."""

from __future__ import annotations

from dataclasses import dataclass

from autograd.viz.microscope.geometry import Axis, Pair
from autograd.viz.microscope.model import At, Model


@dataclass(frozen=True)
class Stretch:
    """A part of an axis: positions low ≤ p < high of the input, first ≤ o < last of the output."""

    low: int
    high: int
    first: int
    last: int
    whole: bool


@dataclass(frozen=True)
class Region:
    """What is shown of a layer: a stretch of rows and of columns, and some channels."""

    rows: Stretch
    columns: Stretch
    channels: tuple[int, ...]
    hidden_channels: int

    @property
    def whole(self) -> bool:
        return self.rows.whole and self.columns.whole

    def has_output(self, output: Pair) -> bool:
        """Whether an output lies in the region."""
        return (
            self.rows.first <= output[0] < self.rows.last
            and self.columns.first <= output[1] < self.columns.last
        )

    def note(self, model: Model) -> str:
        """What is left out, in a sentence; nothing when all is shown."""
        parts = []
        if not self.whole and max(axis.spacing for axis in model.windows.axes) > 1:
            parts.append("only what lies around the selected output")
        elif not self.whole and model.rank == 1:
            parts.append(
                f"only places {self.columns.low} to {self.columns.high - 1} around the selected output"
            )
        elif not self.whole:
            parts.append(
                f"only rows {self.rows.low} to {self.rows.high - 1} and columns {self.columns.low} to "
                f"{self.columns.high - 1} around the selected output"
            )
        if self.hidden_channels:
            parts.append(
                f"only {len(self.channels)} of {len(self.channels) + self.hidden_channels} input channels"
            )
        text = " and ".join(parts).replace(" -", " −")
        return f"Shown: {text}. Sums are over all." if text else ""


#: Of an axis that is too long, only so many cells are shown: a neighbourhood, easy to take in.
CROPPED = 9


def stretch(axis: Axis, output: int, limit: int) -> Stretch:
    """The whole axis if it has up to ``limit`` cells, else whole windows around an output."""
    if axis.high - axis.low <= limit:
        return Stretch(axis.low, axis.high, 0, axis.outputs, True)
    room = max(min(limit, CROPPED), axis.span)
    first, last, grown = output, output + 1, True
    while grown:
        grown = False
        for before, behind in ((1, 0), (0, 1)):
            a, b = first - before, last + behind
            if 0 <= a and b <= axis.outputs and (b - a - 1) * axis.stride + axis.span <= room:
                first, last, grown = a, b, True
    low = axis.position(first, 0)
    return Stretch(low, axis.position(last - 1, axis.kernel - 1) + 1, first, last, False)


def choose(model: Model, at: At, channel: int, cells: int, channels: int) -> Region:
    """The region around an output, at most ``cells`` long each way and ``channels`` deep."""
    seen = list(model.channels(at[1]))
    shown = seen[:channels]
    if channel not in shown:
        shown = [*shown[:-1], channel]
    rows, columns = model.windows.axes
    return Region(
        stretch(rows, at[2], cells),
        stretch(columns, at[3], cells),
        tuple(shown),
        len(seen) - len(shown),
    )
