"""Where windows look: pure functions of sizes, without a single pixel.

Everything that slides a window is separable: along each axis, tap k of output o looks at position
``o·stride + k·dilation − before``. A position outside of the image is padding; what stands there
depends on the mode: nothing (zeros, −∞) or a copy of a cell inside. `Axis` answers every question
along one axis, and `Windows` puts two axes together.

Coordinates are those of the unpadded image, so padding has negative positions or ones ≥ size.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels.padding import pad_index

Pair = tuple[int, int]
Sizes = tuple[int, ...]

#: Modes whose padding repeats cells of the image; all others put a constant there.
COPYING = ("reflect", "replicate", "circular")


@dataclass(frozen=True)
class Axis:
    """One axis along which a window slides.

    Attributes:
        size: cells of the image.
        window: kernel, stride, padding and dilation, of this axis alone.
        mode: what stands in the padding.
        spacing: how far neighbouring cells lie apart. For a transposed convolution that is its
            stride; between the cells lie zeros.
    """

    size: int
    window: Window
    mode: str = "zeros"
    spacing: int = 1

    @property
    def kernel(self) -> int:
        return self.window.kernel[0]

    @property
    def stride(self) -> int:
        return self.window.stride[0]

    @property
    def before(self) -> int:
        return self.window.padding[0][0]

    @property
    def after(self) -> int:
        return self.window.padding[0][1]

    @property
    def dilation(self) -> int:
        return self.window.dilation[0]

    @cached_property
    def outputs(self) -> int:
        """How many windows there are."""
        return self.window.outputs((self.length,))[0]

    @property
    def length(self) -> int:
        """Positions from the first cell to the last, both included."""
        return (self.size - 1) * self.spacing + 1

    @property
    def span(self) -> int:
        """Cells from the first tap to the last, both included."""
        return self.window.spans[0]

    def position(self, output: int, tap: int) -> int:
        """Where a tap of a window looks; negative or ≥ size in the padding."""
        return output * self.stride + tap * self.dilation - self.before

    @cached_property
    def _copies(self) -> list[int]:
        return pad_index(self.mode, self.size, self.before, self.after).tolist()

    def source(self, position: int) -> int | None:
        """The cell that stands at a position; None for padding with a constant."""
        if 0 <= position < self.length:
            cell, beside = divmod(position, self.spacing)
            return None if beside else cell
        place = position + self.before
        if self.mode in COPYING and 0 <= place < self.size + self.before + self.after:
            return self._copies[place]
        return None

    @cached_property
    def _visits(self) -> dict[int, list[Pair]]:
        visits: dict[int, list[Pair]] = {}
        for output, tap in itertools.product(range(self.outputs), range(self.kernel)):
            cell = self.source(self.position(output, tap))
            if cell is not None:
                visits.setdefault(cell, []).append((output, tap))
        return visits

    def reached(self, cell: int) -> list[Pair]:
        """The (output, tap) pairs through which a cell is seen, copies in the padding included."""
        return self._visits.get(cell, [])

    @cached_property
    def skipped(self) -> dict[int, str]:
        """Cells that no window sees, with the reason.

        ``"end"``: the windows stop before it, since another step would leave the image.
        ``"stride"``: it lies between two windows. ``"dilation"``: it lies in the holes of windows.
        ``"crop"``: the padding of a transposed convolution takes away all that it makes.
        """
        end = self.position(self.outputs - 1, self.kernel - 1)
        reasons = {}
        for cell in range(self.size):
            if not self.reached(cell) and self.before < 0:
                reasons[cell] = "crop"
            elif not self.reached(cell):
                covered = any(
                    0 <= cell - self.position(output, 0) < self.span
                    for output in range(self.outputs)
                )
                reasons[cell] = "end" if cell > end else "dilation" if covered else "stride"
        return reasons

    @property
    def low(self) -> int:
        """The first position of the padded axis."""
        return -self.before

    @property
    def high(self) -> int:
        """One past the last position: of the padding, or of a window that hangs over."""
        last = self.position(self.outputs - 1, self.kernel - 1) + 1 if self.outputs else 0
        return max(self.length + self.after, last)


@dataclass(frozen=True)
class Windows:
    """A window that slides over the plane: an `Axis` for rows and one for columns."""

    rows: Axis
    columns: Axis

    @classmethod
    def over(
        cls, plane: Sequence[int], window: Window, mode: str = "zeros", spacing: Sizes = (1, 1)
    ) -> Windows:
        """The windows of a plane (H, W)."""
        return cls(*[
            Axis(size, window.along(k), mode, spacing[k]) for k, size in enumerate(plane)
        ])  # fmt: skip

    @property
    def window(self) -> Window:
        """Both axes' in one."""
        rows, columns = self.rows.window, self.columns.window
        return rows._replace(
            kernel=rows.kernel + columns.kernel,
            stride=rows.stride + columns.stride,
            padding=rows.padding + columns.padding,
            dilation=rows.dilation + columns.dilation,
        )

    @property
    def axes(self) -> tuple[Axis, Axis]:
        return self.rows, self.columns

    @property
    def taps(self) -> list[Pair]:
        """All taps, row by row."""
        return list(itertools.product(range(self.rows.kernel), range(self.columns.kernel)))

    @property
    def outputs(self) -> Pair:
        """Shape of the output plane."""
        return self.rows.outputs, self.columns.outputs

    def position(self, output: Pair, tap: Pair) -> Pair:
        """Where a tap looks."""
        return self.rows.position(output[0], tap[0]), self.columns.position(output[1], tap[1])

    def source(self, position: Pair) -> Pair | None:
        """The pixel that stands there; None for padding with a constant."""
        row, column = self.rows.source(position[0]), self.columns.source(position[1])
        return None if row is None or column is None else (row, column)

    def home(self, pixel: Pair) -> Pair:
        """The position of a pixel itself, not of a copy in the padding."""
        return pixel[0] * self.rows.spacing, pixel[1] * self.columns.spacing

    def is_padding(self, position: Pair) -> bool:
        """Whether there is no pixel at a position: it lies outside of the image, or between."""
        pixel = self.source(position)
        return pixel is None or self.home(pixel) != position

    def patch(self, output: Pair) -> list[tuple[Pair, Pair, Pair | None]]:
        """What one output sees: (tap, position, pixel or None) for every tap, row by row."""
        seen = []
        for tap in self.taps:
            position = self.position(output, tap)
            seen.append((tap, position, self.source(position)))
        return seen

    def reached(self, pixel: Pair) -> list[tuple[Pair, Pair]]:
        """The (output, tap) pairs through which a pixel is seen, in the order of the outputs."""
        found = [
            ((i, j), (u, v))
            for (i, u), (j, v) in itertools.product(
                self.rows.reached(pixel[0]), self.columns.reached(pixel[1])
            )
        ]
        return sorted(found)

    def sharing(self, tap: Pair) -> Iterator[tuple[Pair, Pair, Pair | None]]:
        """Every use of one tap: (output, position, pixel or None)."""
        for output in itertools.product(range(self.rows.outputs), range(self.columns.outputs)):
            position = self.position(output, tap)
            yield output, position, self.source(position)

    def im2col_row(self, output: Pair, image: int = 0) -> int:
        """The row of the matrix of patches that an output's patch is."""
        i, j = output
        return (image * self.rows.outputs + i) * self.columns.outputs + j

    def im2col_column(self, tap: Pair, channel: int = 0) -> int:
        """The column that belongs to a tap."""
        return (channel * self.rows.kernel + tap[0]) * self.columns.kernel + tap[1]

    @cached_property
    def skipped(self) -> list[Pair]:
        """Pixels that no window sees, row by row."""
        rows, columns = self.rows.skipped, self.columns.skipped
        return [
            (r, s)
            for r, s in itertools.product(range(self.rows.size), range(self.columns.size))
            if r in rows or s in columns
        ]

    def why_skipped(self, pixel: Pair) -> str:
        """``"end"``, ``"stride"``, ``"dilation"``, or nothing for a pixel that is seen."""
        return self.rows.skipped.get(pixel[0]) or self.columns.skipped.get(pixel[1]) or ""


def padded(x: np.ndarray[Any, Any], windows: Windows, constant: float) -> np.ndarray[Any, Any]:
    """Planes (..., H, W) as the windows see them: rows.low to rows.high, columns likewise."""
    for axis, along in ((-2, windows.rows), (-1, windows.columns)):
        cells = [along.source(position) for position in range(along.low, along.high)]
        outside = np.array([cell is None for cell in cells])
        x = np.take(x, [cell or 0 for cell in cells], axis=axis)
        x[(..., outside, slice(None)) if axis == -2 else (..., outside)] = constant
    return x
