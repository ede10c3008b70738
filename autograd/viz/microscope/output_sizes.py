"""The formula of output sizes, with the numbers put in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from autograd import arguments
from autograd.arguments.window import Window
from autograd.viz import words
from autograd.viz.microscope.figure import Figure
from autograd.viz.microscope.geometry import Axis
from autograd.viz.microscope.panels import Cell, Grid, Panel

FORMULA = "⌊(size + before + after − dilation·(kernel − 1) − 1) / stride⌋ + 1"
#: Longer axes are not drawn cell by cell.
DRAWN = 40


@dataclass(frozen=True)
class Sizes:
    """One `Axis` for every spatial axis, and whether the division rounds up."""

    axes: tuple[Axis, ...]
    ceil_mode: bool
    name: str


def read_sizes(
    size: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: bool
) -> Sizes:
    """Sizes from integers, or from an image and a layer.

    Raises:
        TypeError: without a kernel; ValueError: if the kernel does not fit.
    """
    who, name = "viz.output_size", ""
    if kernel is None:
        raise TypeError(f"{who}: give the kernel's size, or a layer")
    kind = type(kernel).__name__
    if hasattr(kernel, "forward") and not hasattr(kernel, "kernel_size"):
        raise TypeError(
            f"{who}: "
            + (
                f"{kind} makes the output size that it was told, {kernel.output_size}"
                if hasattr(kernel, "output_size")
                else f"{kind} slides no window; give the kernel's size, or a layer with a kernel_size"
            )
        )
    if "Transpose" in kind or getattr(kernel, "transposed", False):
        raise TypeError(
            f"{who}: {kind} goes the other way: it makes (size − 1)·stride − 2·padding + "
            "dilation·(kernel − 1) + output_padding + 1; viz.conv(layer, x) shows it"
        )
    if hasattr(kernel, "kernel_size"):
        layer, name = kernel, type(kernel).__name__
        kernel, padding = layer.kernel_size, getattr(layer, "padding", 0)
        stride, dilation = getattr(layer, "stride", None), getattr(layer, "dilation", 1)
        ceil_mode = getattr(layer, "ceil_mode", False)
        stride = kernel if stride is None else stride
    if hasattr(size, "shape") and len(size.shape):
        spatial = 1 if "1d" in name else 2
        size = tuple(size.shape[-spatial:])
    given = (size, kernel, 1 if stride is None else stride, padding, dilation)
    lengths = [len(each) for each in given if isinstance(each, (tuple, list))]
    n = max(lengths, default=1)
    sizes = arguments.integers(who, "size", size, n, 0)
    window = Window.read(who, n, kernel, given[2], padding, dilation, "kernel")
    window = window._replace(ceil_mode=bool(ceil_mode))
    for k, d, span, padded in zip(
        window.kernel, window.dilation, window.spans, window.padded(sizes), strict=True
    ):
        if padded < span:
            raise ValueError(
                f"{who}: a kernel of {k} with dilation {d} spans {span} cells, but the padded "
                f"axis has {padded}"
            )
    axes = [Axis(length, window.along(k)) for k, length in enumerate(sizes)]
    return Sizes(tuple(axes), bool(ceil_mode), name)


class OutputSize(Figure):
    """An explained output size; see :func:`autograd.viz.output_size`.

    Attributes:
        sizes: the output's length along every axis.
        skipped: for every axis, the cells that no window sees.
    """

    def __init__(self, read: Sizes, *, title: str = "", theme: str = "auto") -> None:
        super().__init__(title=title, theme=theme)
        self.axes, self.ceil_mode, self.name = read.axes, read.ceil_mode, read.name

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(axis.outputs for axis in self.axes)

    @property
    def skipped(self) -> tuple[list[int], ...]:
        return tuple(list(axis.skipped) for axis in self.axes)

    def __int__(self) -> int:
        if len(set(self.sizes)) > 1:
            raise TypeError(f"the sizes {self.sizes} are no single number")
        return self.sizes[0]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, OutputSize):
            return self.axes == other.axes
        return other in (self.sizes, self.sizes[0] if len(set(self.sizes)) == 1 else self.sizes)

    __hash__ = None  # type: ignore[assignment]

    def summary(self) -> str:
        sizes = [words.shape(each) for each in ([a.size for a in self.axes], self.sizes)]
        name = f"{self.name}: output" if self.name else "Output"
        return f"{name} size {sizes[1]} from {sizes[0]}"

    def text(self) -> str:
        lines = [self.summary()]
        for place, axis in enumerate(self.axes):
            lead = f"axis {place}: " if len(self.axes) > 1 else ""
            lines += [lead + self.formula(axis), *self.remarks(axis)]
        return "\n".join([*lines, f"({FORMULA})"]) + "\n"

    def formula(self, axis: Axis) -> str:
        """The formula of one axis with its numbers."""
        return axis.window.explain((axis.size,))[0]

    def remarks(self, axis: Axis) -> list[str]:
        """What the rounding does to this axis."""
        rest = (axis.size + axis.before + axis.after - axis.span) % axis.stride
        lines = []
        if rest and not self.ceil_mode:
            padded = min(rest, axis.after)  # the last cells are padding, if there is any
            kind = (
                "" if not padded else "padded " if padded == rest else f"({padded} of them padded) "
            )
            cells = f"cell{'s' if rest > 1 else ''}"
            said = f"{kind}{cells}" if padded in (0, rest) else f"{cells} {kind}".rstrip()
            lines.append(
                f"The division leaves {rest}: after the last window {rest} {said} "
                f"{'are' if rest > 1 else 'is'} left, too few for another step of {axis.stride}."
            )
        missed = list(axis.skipped)
        if missed:
            listed = ", ".join(map(str, missed[:12])) + (" …" if len(missed) > 12 else "")
            lines.append(f"{len(missed)} of {axis.size} cells are seen by no window: {listed}.")
        elif rest and not self.ceil_mode:
            lines.append("Only padding is left over: every cell of the image is seen.")
        return lines

    def panels(self) -> list[Panel]:
        found = []
        for place, axis in enumerate(self.axes):
            parts: list[Any] = []
            if axis.high - axis.low <= DRAWN and axis.outputs <= DRAWN:
                parts = [self.drawn(axis)]
            title = f"Axis {place}: {axis.size} → {axis.outputs}"
            found.append(Panel(title, parts, [FORMULA, self.formula(axis), *self.remarks(axis)]))
        return found

    def drawn(self, axis: Axis) -> Grid:
        """Every window as a row over the cells of the padded axis."""
        positions = range(axis.low, axis.high)
        rows = []
        for output in range(axis.outputs):
            taps = {axis.position(output, tap): tap for tap in range(axis.kernel)}
            row = []
            for position in positions:
                inside = 0 <= position < axis.size
                marks = () if inside else ("pad",)
                if inside and position in axis.skipped:
                    marks = (*marks, "skipped")
                if position in taps:
                    row.append(Cell(str(taps[position]), 1.0, (*marks, "hit")))
                else:
                    row.append(Cell("·", 0.0, marks))
            rows.append(row)
        columns = [str(p).replace("-", words.MINUS) for p in positions]
        heads = [f"window {each}" for each in range(axis.outputs)]
        return Grid("taps of every window over the padded axis", rows, heads, columns, 2.0)
