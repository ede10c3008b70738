"""Equivariance and invariance, measured: shift the image and see what its outputs do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import arguments
from autograd.viz import words
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.multiples import first_image, reduced, scale_line
from autograd.viz.microscope.panels import Cell, Grid, Panel, Picture
from autograd.viz.microscope.read_layers import Array
from autograd.viz.microscope.receptive_fields import Extent, measure, run_to

#: Causes by code: 0 is a match.
CAUSES = ("", "padding", "stride", "other")
ATTRIBUTED = {
    "padding": "at the border (padding)",
    "stride": "because of the stride",
    "other": "for another cause",
}
LETTERS = ("·", "p", "s", "?")
#: Larger maps of causes are drawn as pictures.
PRINTED = 20


@dataclass(frozen=True)
class Shift:
    """The outputs before and after a shift of the image, and how they compare."""

    dy: int
    dx: int
    image: Array
    shifted: Array
    before: Array
    after: Array
    moved: tuple[int, int]
    exact: bool
    jump: tuple[int, ...] | None
    difference: Array
    causes: Array
    tolerance: float


def shift_image(image: Array, dy: int, dx: int) -> Array:
    """Planes (..., H, W) moved down by dy and right by dx; zeros come in."""
    out = np.zeros_like(image)
    target, source = _overlap(image.shape[-2:], dy, dx)
    out[(..., *target)] = image[(..., *source)]
    return out


def _overlap(plane: tuple[int, ...], dy: int, dx: int) -> tuple[Any, Any]:
    """Where shifted cells lie, and where they came from."""
    target = tuple(slice(max(d, 0), n + min(d, 0)) for n, d in zip(plane, (dy, dx), strict=True))
    source = tuple(slice(max(-d, 0), n + min(-d, 0)) for n, d in zip(plane, (dy, dx), strict=True))
    return target, source


def compare_shifts(model: Any, x: Any, dy: Any, dx: Any, tolerance: float | None) -> Shift:
    """Run a model on an image and on the shifted image.

    Raises:
        ValueError: if nothing is left to compare, or the output has no plane.
    """
    who = "viz.shift_test"
    dy, dx = arguments.integer(who, "dy", dy, None), arguments.integer(who, "dx", dx, None)
    image = first_image(x)
    if abs(dy) >= image.shape[2] or abs(dx) >= image.shape[3]:
        raise ValueError(
            f"{who}: a shift by ({dy}, {dx}) leaves nothing of {image.shape[2:]} pixels"
        )
    shifted = shift_image(image, dy, dx)
    leaf, output, _ = run_to(model, None, image, who)
    _, other, _ = run_to(model, None, shifted, who)
    before, after = (np.asarray(each.data) for each in (output, other))
    if before.ndim != 4:
        raise ValueError(
            f"{who}: the output must have a plane, (N, C, H, W), to be shifted; got {before.shape}"
        )
    extents = None
    if getattr(output, "_node", None) is not None:
        extents, _ = measure(output._node, leaf._node)
    if extents is None:  # what is not known is taken from the sizes
        jumps = [
            max(1, round(a / b)) for a, b in zip(image.shape[2:], before.shape[2:], strict=True)
        ]
    else:
        jumps = [extent.jump for extent in extents]
    moved = tuple(round(d / jump) for d, jump in zip((dy, dx), jumps, strict=True))
    exact = all(d % jump == 0 for d, jump in zip((dy, dx), jumps, strict=True))
    target, source = _overlap(before.shape[2:], *moved)
    difference = after[0][(..., *target)] - before[0][(..., *source)]
    if not difference.size:
        raise ValueError(
            f"{who}: a shift by ({dy}, {dx}) moves the outputs {before.shape[2:]} by {moved}, out of sight"
        )
    if tolerance is None:
        tolerance = 1e-5 * float(max(abs(before).max(initial=0.0), abs(after).max(initial=0.0)))
    differs = (abs(difference) > tolerance).any(axis=0)
    causes = np.where(differs, 3, 0)
    if extents is not None:
        inside = _inside(extents, target, image.shape[2:], (dy, dx))
        causes[differs & ~inside] = 1
        causes[differs & inside] = 3 if exact else 2
    return Shift(
        dy, dx, image[0], shifted[0], before[0], after[0], moved, exact,  # type: ignore[arg-type]
        None if extents is None else tuple(jumps), difference, causes, tolerance,
    )  # fmt: skip


def _inside(
    extents: tuple[Extent, ...], target: Any, plane: tuple[int, ...], shift: tuple[int, int]
) -> Array:
    """Outputs whose fields lie within the image, before the shift and after."""
    lines = []
    for extent, places, size, d in zip(extents, target, plane, shift, strict=True):
        fields = [extent.of(output) for output in range(places.start, places.stop)]
        lines.append([a >= max(0, d) and b <= size + min(0, d) for a, b in fields])
    return np.array(lines[0])[:, None] & np.array(lines[1])[None, :]


class ShiftTest(Figure):
    """What a shift does to a model's outputs; see :func:`autograd.viz.shift_test`.

    Attributes:
        difference: f(shift x) − shift f(x) where both exist, (C, h, w).
        causes: (h, w), the cause at every place: "" (none), "padding", "stride" or "other".
        moved: by how many outputs the result should move. exact: whether that is a whole number.
        equivariant: share of places (all channels) where the outputs moved along.
        interior: the same, among places whose fields stay clear of the border.
        unchanged: share of outputs that are what they were before the shift (invariance).
        change: ‖f(shift x) − f(x)‖ / ‖f(x)‖. image_change: the same of the image itself.
    """

    def __init__(self, shift: Shift, *, title: str = "", theme: str = "auto") -> None:
        super().__init__(title=title, theme=theme)
        self.shift = shift
        self.difference, self.moved, self.exact = shift.difference, shift.moved, shift.exact
        self.causes = np.array(CAUSES)[shift.causes]
        self.equivariant = float((shift.causes == 0).mean())
        inner = shift.causes != 1
        self.interior = float((shift.causes[inner] == 0).mean()) if inner.any() else float("nan")
        close = abs(shift.after - shift.before) <= shift.tolerance
        self.unchanged = float(close.mean())
        self.change = _relative(shift.after - shift.before, shift.before)
        self.image_change = _relative(shift.shifted - shift.image, shift.image)

    def summary(self) -> str:
        s, places = self.shift, self.causes.size
        moved = places - sum(self.counts().values())
        text = f"Shifted {_directions(s.dy, s.dx)}"
        if s.exact:
            text += (
                f", the output moves along in {moved} of {places} places ({self.equivariant:.0%})"
            )
        else:
            text += (
                f", no whole number of output steps (of {_steps(s)}), the output matches in {moved} "
                f"of {places} places ({self.equivariant:.0%})"
            )
        counts = self.counts()
        told = [f"{counts[cause]} {ATTRIBUTED[cause]}" for cause in CAUSES[1:] if cause in counts]
        return f"{text}; others differ: {', '.join(told)}" if told else text

    @property
    def heading(self) -> str:
        matching = self.causes.size - sum(self.counts().values())
        moved = "the output moves along" if self.exact else "the output matches"
        return self.title or (
            f"Shifted {_directions(self.shift.dy, self.shift.dx)}: {moved} in {matching} of "
            f"{self.causes.size} places"
        )

    def counts(self) -> dict[str, int]:
        """How many places differ, by cause."""
        found = {cause: int((self.causes == cause).sum()) for cause in CAUSES[1:]}
        return {cause: count for cause, count in found.items() if count}

    def panels(self) -> list[Panel]:
        s = self.shift
        worst = int(abs(s.difference).max(axis=(1, 2)).argmax())
        scale = float(max(abs(s.before).max(initial=0.0), abs(s.after).max(initial=0.0)))
        largest = float(abs(s.difference).max(initial=0.0))
        pictures: list[Any] = [
            *_photographs(s.image, s.shifted),
            _plane(f"f(x), channel {worst}", s.before[worst], scale),
            _plane(f"f(shift x), channel {worst}", s.after[worst], scale),
            _plane("f(shift x) − shift f(x)", s.difference[worst], scale),
        ]
        if max(self.causes.shape) <= PRINTED:
            pictures.append(self._cause_grid())
        if s.exact:
            rule = f"The output should move {_directions(*s.moved)}."
        else:
            rule = (
                f"One step of the output is {_steps(s)}, so a shift {_directions(s.dy, s.dx)} is no whole number "
                "of steps: where the output would have to move to, it has no places. It is compared with "
                + (
                    f"a move {_directions(*s.moved)}"
                    if any(s.moved)
                    else "the output left in place"
                )
                + ", the nearest there is."
            )
        lines = [scale_line(scale, "outputs"), rule, self._counted(largest)]
        panels = [Panel("Equivariance: does f(shift x) = shift f(x)?", pictures, lines)]
        panels.append(
            Panel(
                "Invariance: does f(shift x) = f(x)?",
                [],
                [
                    f"{self.unchanged:.1%} of all outputs are unchanged. The change of the outputs has "
                    f"{self.change:.1%} of their norm, that of the image {self.image_change:.1%} of its own."
                ],
            )
        )
        return panels

    def _counted(self, largest: float) -> str:
        counts = self.counts()
        if not counts:
            return "It does, everywhere: no place differs by more than rounding."
        reasons = {
            "padding": "at the border, where windows see the padding or pixels that the shift brought in or lost (p)",
            "stride": "because of the stride, whose steps the shift does not meet (s)",
            "other": "for another cause, such as a layer that knows places or sees the whole image (?)",
        }
        told = "; ".join(f"{count} {reasons[cause]}" for cause, count in counts.items())
        clear = f" Clear of the border {self.interior:.0%} match." if "padding" in counts else ""
        return (
            f"{sum(counts.values())} of {self.causes.size} places differ, by up to {words.number(largest, 3)}: "
            f"{told}.{clear}"
        )

    def _cause_grid(self) -> Grid:
        cells = [
            [
                Cell(LETTERS[code], 0.0, ("pad",) if code == 1 else ("hit",) if code else ())
                for code in line
            ]
            for line in self.shift.causes.tolist()
        ]
        rows, columns = (list(map(str, range(n))) for n in self.causes.shape)
        return Grid("where they differ: p border, s stride, ? other", cells, rows, columns)


def _relative(change: Array, whole: Array) -> float:
    norm = float(np.linalg.norm(whole))
    return float(np.linalg.norm(change)) / norm if norm else 0.0


def _plane(title: str, plane: Array, scale: float) -> Picture:
    small = reduced(plane)
    return Picture(
        title, small, scale, f"largest {words.number(float(abs(plane).max()), 3)}", width=150.0
    )


def _photographs(image: Array, shifted: Array) -> list[Picture]:
    """The image and the shifted one, grey: the mean of their channels."""
    both = [reduced(each.mean(axis=0)) for each in (image, shifted)]
    low, high = float(min(map(np.min, both))), float(max(map(np.max, both)))
    caption = f"black {words.number(low, 2)}, white {words.number(high, 2)}"
    if len(image) > 1:
        caption = f"mean of {len(image)} channels"
    return [
        Picture(title, plane, high, caption, width=150.0, black=low)
        for title, plane in zip(("x", "shift x"), both, strict=True)
    ]


def _directions(dy: int, dx: int) -> str:
    """A move in words, ``1 down and 2 left``."""
    parts = [
        f"{abs(each)} {words[each > 0]}"
        for each, words in ((dy, ("up", "down")), (dx, ("left", "right")))
        if each
    ]
    return " and ".join(parts) or "by 0"


def _steps(shift: Shift) -> str:
    """How many pixels lie between neighbouring outputs."""
    jump = shift.jump or (1,)
    each = str(jump[0]) if len(set(jump)) == 1 else words.shape(jump)
    return f"{each} pixel{'' if each == '1' else 's'}"
