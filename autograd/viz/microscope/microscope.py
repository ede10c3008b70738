"""The microscope: one multiplication of a layer, seen from its output, pixel, tap and matrix."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown
from autograd.text import counted
from autograd.viz import words
from autograd.viz.microscope import region
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.geometry import Pair
from autograd.viz.microscope.model import At, ConvModel, Model, Term
from autograd.viz.microscope.panels import LEGEND, Panel, legend
from autograd.viz.microscope.phrases import (
    cross,
    padding_name,
    padding_words,
    size,
    transposed,
)
from autograd.viz.microscope.views import ConvViews, PoolViews

#: The static picture shows at most so many cells each way and channels.
CELLS, CHANNELS = 10, 3


class Microscope(Figure):
    """A layer under the microscope; see :func:`autograd.viz.conv` and :func:`autograd.viz.pool`.

    Attributes:
        model: the numbers: ``of_output``, ``of_pixel``, ``of_tap``, ``im2col``, ``x``, ``y``,
            ``g``, ``dx`` ….
        at: the selected output (n, o, i, j). tap: the selected place (c, u, v): input channel, row
            and column of the window.
    """

    def __init__(
        self,
        model: Any,
        at: Sequence[int] | None = None,
        tap: Sequence[int] | None = None,
        *,
        other: ConvModel | None = None,
        title: str = "",
        theme: str = "auto",
    ) -> None:
        super().__init__(title=title, theme=theme)
        self.model = model
        self.other = other
        self.at = _output_index(model, at)
        self.tap = _tap_index(model, self.at, tap)

    def select(
        self, at: Sequence[int] | None = None, tap: Sequence[int] | None = None
    ) -> Microscope:
        """The same layer with another output or tap selected."""
        keep = self.tap[1:] if self.model.kind == "conv" else None
        return Microscope(
            self.model,
            self.at if at is None else at,
            keep if tap is None else tap,
            other=self.other,
            title=self.title,
            theme=self.theme,
        )

    @property
    def term(self) -> Term:
        """The selected multiplication."""
        return self.model.term(self.at, self.tap[0], self.tap[1:])

    @property
    def skipped(self) -> list[Pair]:
        """Pixels that no window sees."""
        return self.model.windows.skipped

    @property
    def heading(self) -> str:
        return self.title or f"Under the microscope: {self.model.name}"

    def summary(self) -> str:
        model = self.model
        rows, columns = model.windows.axes
        kernel = rows.kernel, columns.kernel
        window = words.shape(kernel if model.rank == 2 else kernel[1:])
        parts = [
            f"{window} window" if model.rank == 2 else f"window of {window}",
            f"stride {size(model, model.strides)}",
        ]
        padding = padding_words(model)
        if padding:
            parts.append(padding)
        if max(rows.dilation, columns.dilation) > 1:
            parts.append(f"dilation {size(model, (rows.dilation, columns.dilation))}")
        if getattr(model, "groups", 1) > 1:
            parts.append(f"{model.groups} groups")
        more = rows.after - rows.before, columns.after - columns.before
        if transposed(model) and any(more):
            parts.append(f"output padding {size(model, more)}")
        turned = getattr(model, "flip", False) and not transposed(model)
        flipped = ", true convolution" if turned else ""
        x, y = (cross(model, each.shape) for each in (model.x, model.y))
        return f"{model.name}{flipped}: {x} → {y}, {', '.join(parts)}"

    def panels(self) -> list[Panel]:
        shown = region.choose(self.model, self.at, self.tap[0], CELLS, CHANNELS)
        views = ConvViews(self, shown) if self.model.kind == "conv" else PoolViews(self, shown)
        with np.errstate(invalid="ignore", over="ignore"):  # 0 · ∞ is shown, as NaN
            return [views.of_output(), views.of_pixel(), views.of_tap(), views.of_matrix()]

    def text(self) -> str:
        return f"{super().text()}\n({LEGEND})\n"

    def legend(self, content: list[Panel]) -> str:
        return legend(content, padding_name(self.model))

    def _fragment(self, heading: str) -> str:
        from autograd.viz.microscope.html import fragment

        return fragment(self, heading)


# -- selections ---------------------------------------------------------------------------------


def _output_index(model: Model, at: Sequence[int] | None) -> At:
    shape = model.y.shape
    if at is None:
        return 0, 0, shape[2] // 2, shape[3] // 2
    at = _numbers("at", at)
    given = list(at)
    if model.rank == 1 and len(given) < 4:
        given = [*given[:-1], 0, *given[-1:]]
    names = ("image", "channel", "row", "column" if model.rank == 2 else "place")
    found = _checked("at", at, given, names, shape, "the output")
    return (*(0,) * (4 - len(found)), *found)  # type: ignore[return-value]


def _tap_index(model: Any, at: At, tap: Sequence[int] | None) -> tuple[int, int, int]:
    seen = model.channels(at[1])
    kernel = model.windows.rows.kernel, model.windows.columns.kernel
    if tap is None:
        if model.kind == "max":
            won = [term.tap for term in model.of_output(at) if term.weight]
            return (seen[0], *(won[0] if won else (0, 0)))
        if model.kind != "conv":
            return seen[0], 0, 0
        middle = kernel[0] // 2, kernel[1] // 2
        if transposed(model):  # between the pixels there is nothing to see
            patch = model.windows.patch(at[2:])
            on_pixel = [each for each, _, pixel in patch if pixel is not None] or [middle]
            middle = min(on_pixel, key=lambda t: abs(t[0] - middle[0]) + abs(t[1] - middle[1]))
        return (seen[0], *middle)
    tap = _numbers("tap", tap)
    given = list(tap)
    if model.rank == 1 and len(given) < 3:
        given = [*given[:-1], 0, *given[-1:]]
    if len(given) > 2 and given[0] not in seen:
        raise IndexError(
            f"tap: output channel {at[1]} sees the input channels {seen[0]} to {seen[-1]}, not {given[0]}"
        )
    names = ("channel", "row", "column" if model.rank == 2 else "place")
    found = _checked("tap", tap, given, names, (seen[-1] + 1, *kernel), "the window")
    return (seen[0], *found) if len(found) == 2 else found  # type: ignore[return-value]


def _numbers(argument: str, asked: Any) -> tuple[int, ...]:
    """Whole numbers; one by itself is a place in a sequence.

    Raises TypeError for anything else.
    """
    try:
        return tuple(map(index, [asked] if np.ndim(asked) == 0 else asked))
    except TypeError:
        raise TypeError(
            f"{argument} must be whole numbers like (0, 1, 2, 3), got {shown(asked)}"
        ) from None


def _checked(
    argument: str,
    asked: Sequence[int],
    given: Sequence[int],
    names: Sequence[str],
    shape: Sequence[int],
    whose: str,
) -> tuple[int, ...]:
    """The last axes' places counted from 0. The messages speak of what was asked for.

    Raises IndexError for too many, too few, or one out of range, naming it and its range.
    """
    told = f"{argument}=({', '.join(map(str, asked))}{',' * (len(asked) == 1)})"
    if not 2 <= len(given) <= len(shape):
        in_a_row = names[-1] == "place"
        wanted = [name for name in names if name != "row" or not in_a_row]
        least = "last" if in_a_row else "last two"
        raise IndexError(
            f"{told}: give up to {len(wanted)} numbers, ({', '.join(wanted)}), at least the {least}"
        )
    lacking = len(shape) - len(given)
    for name, each, length in zip(names[lacking:], given, shape[lacking:], strict=True):
        if not -length <= each < length:
            raise IndexError(
                f"{told}: {name} {each} is out of range; {whose} has {counted(length, name)}, "
                + (f"0 to {length - 1}" if length > 1 else "0")
            )
    return tuple(each % length for each, length in zip(given, shape[lacking:], strict=True))
