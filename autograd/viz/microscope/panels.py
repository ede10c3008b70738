"""Panels of grids and sentences: described once, drawn as SVG, told as text, written as tables.

A figure of the microscope is a list of `Panel`: a heading, a row of parts (grids of numbers,
pictures, signs like ×) and sentences. Cells carry what they mean (``"patch"``, ``"pad"``,
``"chosen"`` …); each meaning is drawn by line and pattern and said in words, and colour only
repeats the sign of the number, which is printed.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd.text import escape
from autograd.viz import words
from autograd.viz.drawing import palette
from autograd.viz.drawing.svg import SCALING, text_width

Array = np.ndarray[Any, Any]

#: Fills for −4 … 4: blue to orange, told apart also by those who do not see red or green.
LIGHT = ("#6fa8dc", "#97c1e8", "#bcd8f2", "#deecf9", "", "#fdebd6", "#fbd3a8", "#f8b878", "#f39b4c")
DARK = ("#1c5a94", "#1a4a78", "#1a3b5d", "#182c42", "", "#3a2a18", "#553618", "#724418", "#905318")

CELL_HEIGHT = 22.0
FONT_SIZE = 11.5
LINE = 17.0
MARGIN = 14.0
WIDTH = 1040.0


@dataclass(frozen=True)
class Cell:
    """A number (or text) in a grid. ``marks`` are words such as ``pad``, ``patch``, ``chosen``."""

    text: str
    value: float = 0.0
    marks: tuple[str, ...] = ()
    hint: str = ""


@dataclass
class Grid:
    """A table of cells with row and column heads; ``scale`` is the number of the deepest colour,
    ``least`` the least width of a column."""

    title: str
    cells: list[list[Cell]]
    rows: list[str]
    columns: list[str]
    scale: float = 0.0
    least: float = 26.0

    def level(self, cell: Cell) -> int:
        """The colour of a cell, −4 to 4."""
        if not self.scale or not np.isfinite(cell.value):
            return 0
        level = round(4 * cell.value / self.scale)
        if level == 0 and cell.value:
            level = 1 if cell.value > 0 else -1
        return max(-4, min(4, level))


@dataclass
class Picture:
    """A plane drawn without numbers, its scale in words; a photograph, if ``black`` is given, is
    grey from there to white at ``scale``."""

    title: str
    plane: Array
    scale: float
    caption: str = ""
    box: tuple[int, int, int, int] | None = None
    width: float = 112.0
    black: float | None = None


@dataclass
class Panel:
    """A heading, parts from left to right, and sentences below."""

    title: str
    parts: Sequence[Grid | Picture | str] = ()
    lines: Sequence[str] = ()


def numbers(
    title: str,
    values: Array,
    *,
    rows: Iterable[Any] | None = None,
    columns: Iterable[Any] | None = None,
    marks: Mapping[Any, tuple[str, ...]] | None = None,
    scale: float | None = None,
    signed: bool | None = None,
) -> Grid:
    """A grid of numbers; positive ones get a + where some are negative (or ``signed``)."""
    finite = values[np.isfinite(values)]
    signed = bool((finite < 0).any()) if signed is None else signed
    marks = marks or {}
    cells = [
        [
            Cell(printed(float(value), signed), float(value), marks.get((i, j), ()))
            for j, value in enumerate(line)
        ]
        for i, line in enumerate(values)
    ]
    return Grid(
        title,
        cells,
        [str(each).replace("-", words.MINUS) for each in (rows or range(values.shape[0]))],
        [str(each).replace("-", words.MINUS) for each in (columns or range(values.shape[1]))],
        float(abs(finite).max(initial=0.0)) if scale is None else scale,
    )


def printed(value: float, signed: bool = True, digits: int = 3) -> str:
    """A number with its sign, as grids and sums print it."""
    text = words.number(value, digits)
    return f"+{text}" if signed and value > 0 else text


# -- text ---------------------------------------------------------------------------------------

#: How marks are written in text, around the number.
_BRACKETS = (
    ("chosen", "[", "]"),
    ("winner", "*", ""),
    ("tie", "=", ""),
    ("skipped", "x", ""),
    ("patch", "<", ">"),
    ("hit", "<", ">"),
    ("pad", "(", ")"),
)
#: How marks are drawn, in words.
DRAWN = {
    "chosen": "thick orange frame: selected",
    "patch": "frame: seen, reached or shared",
    "winner": "rounded frame: winner",
    "tie": "dotted frame: as large (tie)",
    "pad": "hatched: ",
    "skipped": "crossed out: seen by no window",
}
LEGEND = "[chosen]  <seen>  (padding)  *winner  =tie  xskipped"


def as_text(panels: Sequence[Panel]) -> str:
    """All panels as text."""
    parts = []
    for panel in panels:
        lines = [panel.title] if panel.title else []
        for part in panel.parts:
            if isinstance(part, Grid):
                lines += ["  " + line for line in _grid_text(part)]
            elif isinstance(part, Picture):
                lines.append(f"  {part.title}: {part.caption}")
            elif part.strip():
                lines.append(f"  {part}")
        lines += panel.lines
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _grid_text(grid: Grid) -> list[str]:
    table = [["", *grid.columns]]
    for head, line in zip(grid.rows, grid.cells, strict=True):
        table.append([head, *(_bracketed(cell) for cell in line)])
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    lines = [f"{grid.title}:"]
    for row in table:
        lines.append("  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)))
    return [line.rstrip() for line in lines]


def _bracketed(cell: Cell) -> str:
    for mark, before, after in _BRACKETS:
        if mark in cell.marks:
            return f"{before}{cell.text}{after}"
    return cell.text


def legend(panels: Sequence[Panel], hatched: str = "padding") -> str:
    """What the frames and patterns in these panels mean; ``hatched`` is what is drawn so."""
    cells = [
        cell for panel in panels for part in panel.parts if isinstance(part, Grid)
        for line in part.cells for cell in line
    ]  # fmt: skip
    found = {"patch" if mark == "hit" else mark for cell in cells for mark in cell.marks}
    told = [
        meaning + hatched if mark == "pad" else meaning
        for mark, meaning in DRAWN.items()
        if mark in found
    ]
    colours = "orange: positive"
    if any(cell.value < 0 for cell in cells):
        colours += ", blue: negative"
    text = "; ".join([*told, colours])
    return f"{text[0].upper()}{text[1:]}."


# -- HTML tables --------------------------------------------------------------------------------


def as_html(panels: Sequence[Panel]) -> str:
    """All panels as tables with heads and as paragraphs; no style and no script."""
    html = []
    for panel in panels:
        if panel.title:
            html.append(f"<p><strong>{escape(panel.title)}</strong></p>")
        for part in panel.parts:
            if isinstance(part, Grid):
                html.append(_grid_html(part))
            elif isinstance(part, Picture):
                html.append(f"<p>{escape(part.title)}: {escape(part.caption)}</p>")
            elif part.strip():
                html.append(f"<p>{escape(part)}</p>")
        html += [f"<p>{escape(line)}</p>" for line in panel.lines if line]
    return "\n".join(html)


def _grid_html(grid: Grid) -> str:
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in grid.columns)
    body = "".join(
        f"<tr>{_row_head(name)}"
        + "".join(f"<td>{escape(_bracketed(cell))}</td>" for cell in line)
        + "</tr>"
        for name, line in zip(grid.rows, grid.cells, strict=True)
    )
    return (
        f"<div style='overflow-x:auto' tabindex='0' role='group' aria-label='{escape(grid.title)}'>"
        f"<table><caption>{escape(grid.title)}</caption><thead><tr><td></td>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def _row_head(name: str) -> str:
    return f'<th scope="row">{escape(name)}</th>' if name else "<td></td>"


# -- SVG ----------------------------------------------------------------------------------------


def as_svg(
    panels: Sequence[Panel],
    title: str,
    description: str,
    theme: str = "auto",
    smooth: bool = True,
    *,
    heading: str = "",
    legend: str = "",
) -> str:
    """All panels below one another as an SVG picture without scripts.

    ``title`` and ``description`` are for those who do not see it; ``heading`` is drawn above the
    panels and ``legend`` below them. Browsers are told not to smooth pictures; for programs that
    smooth them all the same, ``smooth=False`` repeats every pixel.
    """
    drawn, top = [], MARGIN
    placed = [_Drawing(panel) for panel in panels]
    width = max([360.0, *(each.width for each in placed)])
    for place, line in enumerate(_wrapped(heading, width, 16, True)):
        below = top + 16 + 21 * place
        drawn.append(
            f"<text class='heading' x='{MARGIN:.1f}' y='{below:.1f}'>{escape(line)}</text>"
        )
    top += 21 * len(drawn) + (8 if heading else 0)
    for each in placed:
        each.wrap(width)
        drawn.append(each.render(MARGIN, top, width, 1 if smooth else 6))
        top += each.height + MARGIN
    for line in _wrapped(legend, width, 12.5):
        x, y = f"{MARGIN + 12:.1f}", f"{top + 6:.1f}"
        drawn.append(f"<text class='line muted' x='{x}' y='{y}'>{escape(line)}</text>")
        top += LINE
    total = width + 2 * MARGIN
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {total:.0f} {top:.0f}' "
        f"width='{total:.0f}' height='{top:.0f}' {SCALING} role='img' class='gm'>\n"
        f"<title>{escape(title)}</title>\n<desc>{escape(description)}</desc>\n<style>{_style(theme)}</style>\n"
        f"<defs><pattern id='gm-hatch' width='5' height='5' patternUnits='userSpaceOnUse'>"
        f"<path class='hatch' d='M0 5L5 0'/></pattern></defs>\n"
        f"<rect class='back' width='{total:.0f}' height='{top:.0f}'/>\n"
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _rules(colours: dict[str, str], fills: Sequence[str]) -> str:
    levels = "".join(
        f".l{level}{{fill:{fill}}}" for level, fill in zip(range(-4, 5), fills, strict=True) if fill
    ).replace(".l-", ".m")
    return (
        f".back{{fill:{colours['background']}}}.frame{{fill:none;stroke:{colours['group-line']}}}"
        f".cell{{fill:{colours['background']};stroke:{colours['group-line']}}}{levels}"
        f".gm text{{fill:{colours['text']}}}.gm .muted{{fill:{colours['muted']}}}"
        f".hatch{{stroke:{colours['muted']}}}"
        f".ring{{stroke:{colours['active']}}}.seen{{stroke:{colours['text']}}}"
        f".cross{{stroke:{colours['text']}}}"
    )


def _style(theme: str) -> str:
    structure = (
        f".gm text{{font:{FONT_SIZE}px {palette.FONT};text-anchor:middle}}"
        ".gm .heading{font-size:16px;font-weight:700;text-anchor:start}"
        ".gm .start{text-anchor:start}.gm .strong{font-weight:700}.gm .title{font-size:14px;font-weight:700;"
        "text-anchor:start}.gm .sign{font-size:20px;font-weight:700}.gm .small{font-size:10px}"
        ".gm .line{font-size:12.5px;text-anchor:start}"
        ".cell{stroke-width:1}.hatch{stroke-width:.7;opacity:.55}.hatched{fill:url(#gm-hatch)}"
        ".ring{fill:none;stroke-width:3}.seen{fill:none;stroke-width:1.8}.cross{stroke-width:1;opacity:.5}"
        ".seen.box{stroke:#1b1f24;stroke-width:3}.won{stroke-width:2.6}"
    )
    light, dark = _rules(palette.LIGHT, LIGHT), _rules(palette.DARK, DARK)
    if theme == "dark":
        return structure + dark
    if theme == "light":
        return structure + light
    return f"{structure}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _wrapped(text: str, width: float, size: float, bold: bool = False) -> list[str]:
    """A text broken into lines no wider than ``width``."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


SIGNS = ("×", "=", "+", "→")
#: Between two parts, between two pictures, and between a sign and its neighbours.
GAP, BETWEEN, NEAR = 24.0, 16.0, 12.0


def _units(parts: Sequence[Any]) -> list[list[Any]]:
    """Parts that stay together on a line: a sign goes with the part behind it."""
    units: list[list[Any]] = []
    for part in parts:
        if units and isinstance(units[-1][-1], str) and units[-1][-1] in SIGNS:
            units[-1].append(part)
        else:
            units.append([part])
    return units


class _Drawing:
    """One panel measured and placed: parts flow from left to right and wrap."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self.places: list[tuple[Any, float, float]] = []
        x, top, row_height, widest = 12.0, 34.0 if panel.title else 10.0, 0.0, 0.0
        gap = GAP
        for unit in _units(panel.parts):
            if unit == ["\n"]:
                x, top, row_height = 12.0, top + row_height + 10, 0.0
                continue
            sizes = [_measure(part) for part in unit]
            width = sum(width for width, _ in sizes) + NEAR * (len(unit) - 1)
            if x > 12 and isinstance(unit[0], str):
                x -= gap - NEAR
            if x > 12 and x + width > WIDTH - 12:
                x, top, row_height = 12.0, top + row_height + 10, 0.0
            for part, (wide, high) in zip(unit, sizes, strict=True):
                self.places.append((part, x, top))
                x, row_height = x + wide + NEAR, max(row_height, high)
            widest = max(widest, x)
            gap = BETWEEN if isinstance(unit[-1], Picture) else GAP
            x += gap - NEAR
        self.rows = self._row_heights()
        self.text_top = top + row_height + (10 if panel.parts else 0)
        widest = max(widest, text_width(panel.title, 14, True) + 24)
        longest = max((text_width(line, 12.5) for line in panel.lines), default=0.0) + 26
        self.width = min(WIDTH, max(widest, min(longest, 760.0)))
        self.wrap(self.width)

    def wrap(self, width: float) -> None:
        """Break the sentences into lines, for a frame of this width."""
        lines = self.panel.lines
        self.wrapped = [part for line in lines for part in _wrapped(line, width - 26, 12.5)]
        self.height = self.text_top + LINE * len(self.wrapped) + (8 if self.wrapped else 4)

    def _row_heights(self) -> dict[float, float]:
        heights: dict[float, float] = {}
        for part, _, top in self.places:
            heights[top] = max(heights.get(top, 0.0), _measure(part)[1])
        return heights

    def render(self, left: float, top: float, width: float, repeat: int = 1) -> str:
        parts = [
            f"<g><rect class='frame' x='{left:.1f}' y='{top:.1f}' width='{width:.1f}' "
            f"height='{self.height:.1f}' rx='8'/>"
        ]
        if self.panel.title:
            parts.append(
                f"<text class='title' x='{left + 12:.1f}' y='{top + 21:.1f}'>{escape(self.panel.title)}</text>"
            )
        for part, x, y in self.places:
            y += (self.rows[y] - _measure(part)[1]) / 2  # rows are centred
            if isinstance(part, Grid):
                parts.append(_draw_grid(part, left + x, top + y))
            elif isinstance(part, Picture):
                parts.append(_draw_picture(part, left + x, top + y, repeat))
            else:
                middle = top + y + 28
                parts.append(
                    f"<text class='sign' x='{left + x + _measure(part)[0] / 2:.1f}' y='{middle:.1f}'>{escape(part)}</text>"
                )
        for place, line in enumerate(self.wrapped):
            y = top + self.text_top + LINE * place + 10
            parts.append(
                f"<text class='line' x='{left + 12:.1f}' y='{y:.1f}'>{escape(line)}</text>"
            )
        return "".join([*parts, "</g>"])


def _measure(part: Grid | Picture | str) -> tuple[float, float]:
    if isinstance(part, Picture):
        width = max(part.width, *(text_width(each, 10) for each in (part.title, part.caption)))
        return width, part.width * part.plane.shape[0] / part.plane.shape[1] + 32
    if isinstance(part, str):
        return text_width(part, 20, True), 24.0
    widths = _column_widths(part)
    width = max(sum(widths) + _head_width(part), text_width(part.title, FONT_SIZE, True))
    return width, CELL_HEIGHT * len(part.cells) + 36


def _column_widths(grid: Grid) -> list[float]:
    """All columns as wide as the widest needs, so that planes look like planes; in lists each its own."""
    if not grid.scale:
        columns = zip(
            grid.columns, *([cell.text for cell in line] for line in grid.cells), strict=True
        )
        return [max(26.0, *(text_width(text, FONT_SIZE) + 14 for text in each)) for each in columns]
    cells = [cell for line in grid.cells for cell in line]
    widths = [text_width(cell.text, FONT_SIZE, _is_bold(cell)) for cell in cells]
    widths += [text_width(name, 10) for name in grid.columns]
    return [max(grid.least, max(widths) + 10)] * len(grid.columns)


def align(grids: Sequence[Grid]) -> None:
    """Give grids that stand below one another columns of one width."""
    least = max((_column_widths(grid)[0] for grid in grids), default=0.0)
    for grid in grids:
        grid.least = least


def _is_bold(cell: Cell) -> bool:
    return "chosen" in cell.marks or "winner" in cell.marks


def _head_width(grid: Grid) -> float:
    return max([text_width(name, 10) for name in grid.rows], default=0.0) + 8


def _draw_grid(grid: Grid, left: float, top: float) -> str:
    widths, head = _column_widths(grid), _head_width(grid)
    parts = [
        f"<text class='strong start' x='{left:.1f}' y='{top + 11:.1f}'>{escape(grid.title)}</text>"
    ]
    x = left + head
    over: list[str] = []
    for name, width in zip(grid.columns, widths, strict=True):
        parts.append(
            f"<text class='muted small' x='{x + width / 2:.1f}' y='{top + 27:.1f}'>{escape(name)}</text>"
        )
        x += width
    y = top + 32
    for name, line in zip(grid.rows, grid.cells, strict=True):
        parts.append(
            f"<text class='muted small' x='{left + head / 2:.1f}' y='{y + 15:.1f}'>{escape(name)}</text>"
        )
        x = left + head
        for cell, width in zip(line, widths, strict=True):
            parts.append(_draw_cell(grid, cell, x, y, width))
            over.append(_ring(cell, x, y, width))
            x += width
        y += CELL_HEIGHT
    return "".join(parts + [each for each in over if each])


def _draw_cell(grid: Grid, cell: Cell, x: float, y: float, width: float) -> str:
    level = grid.level(cell)
    style = f" l{level}" if level > 0 else f" m{-level}" if level else ""
    box = f"x='{x:.1f}' y='{y:.1f}' width='{width:.1f}' height='{CELL_HEIGHT:.0f}'"
    parts = [f"<rect class='cell{style}' {box}/>"]
    if "pad" in cell.marks:
        parts.append(f"<rect class='hatched' {box}/>")
    if "skipped" in cell.marks:
        parts.append(
            f"<path class='cross' d='M{x + 3:.1f} {y + 3:.1f}L{x + width - 3:.1f} {y + CELL_HEIGHT - 3:.1f}"
            f"M{x + width - 3:.1f} {y + 3:.1f}L{x + 3:.1f} {y + CELL_HEIGHT - 3:.1f}'/>"
        )
    weight = " strong" if _is_bold(cell) else ""
    muted = " muted" if "pad" in cell.marks and not level else ""
    parts.append(
        f"<text class='{(weight + muted).strip()}' x='{x + width / 2:.1f}' y='{y + 15:.1f}'>{escape(cell.text)}</text>"
        if weight or muted
        else f"<text x='{x + width / 2:.1f}' y='{y + 15:.1f}'>{escape(cell.text)}</text>"
    )
    return "".join(parts)


def _ring(cell: Cell, x: float, y: float, width: float) -> str:
    box = f"x='{x + 1.5:.1f}' y='{y + 1.5:.1f}' width='{width - 3:.1f}' height='{CELL_HEIGHT - 3:.0f}'"
    if "chosen" in cell.marks:
        return f"<rect class='ring' {box} rx='3'/>"
    if "winner" in cell.marks:
        return f"<rect class='seen won' {box} rx='10'/>"
    if "tie" in cell.marks:
        return f"<rect class='seen' {box} rx='10' stroke-dasharray='2 2'/>"
    if {"patch", "hit"} & set(cell.marks):
        return f"<rect class='seen' {box}/>"
    return ""


def _draw_picture(part: Picture, left: float, top: float, repeat: int) -> str:
    height = part.width * part.plane.shape[0] / part.plane.shape[1]
    plane = part.plane.repeat(repeat, 0).repeat(repeat, 1)
    address = (
        "data:image/png;base64," + base64.b64encode(png(plane, part.scale, part.black)).decode()
    )
    box = ""
    if part.box is not None:
        r0, c0, r1, c1 = part.box
        cell = part.width / part.plane.shape[1]
        box = (
            f"<rect class='seen box' x='{left + c0 * cell:.1f}' y='{top + 16 + r0 * cell:.1f}' "
            f"width='{(c1 - c0) * cell:.1f}' height='{(r1 - r0) * cell:.1f}'/>"
        )
    return (
        f"<text class='small strong start' x='{left:.1f}' y='{top + 10:.1f}'>{escape(part.title)}</text>"
        f"<image x='{left:.1f}' y='{top + 16:.1f}' width='{part.width:.1f}' height='{height:.1f}' "
        f"preserveAspectRatio='none' style='image-rendering:pixelated' href='{address}'/>"
        f"<rect class='frame' x='{left:.1f}' y='{top + 16:.1f}' width='{part.width:.1f}' height='{height:.1f}'/>"
        f"{box}<text class='small muted start' x='{left:.1f}' y='{top + height + 28:.1f}'>{escape(part.caption)}</text>"
    )


def png(plane: Array, scale: float, black: float | None = None) -> bytes:
    """A plane as PNG: blue (negative) over white (0) to orange (positive), as deep as ``scale``;
    or grey, from ``black`` to white at ``scale``.

    The data is stored uncompressed, so the bytes are the same with every zlib.
    """
    blue, white, orange = (
        np.array(c, float) for c in ((23, 92, 157), (255, 255, 255), (178, 72, 0))
    )
    steps = np.linspace(0, 1, 128)[:, None]
    colours = np.concatenate([blue + (white - blue) * steps, white + (orange - white) * steps])
    if black is None:
        values = np.nan_to_num(plane.astype(float), nan=0.0, posinf=scale, neginf=-scale)
        share = np.clip(values / scale if scale else values * 0, -1, 1)
        index = np.where(share < 0, 127 + np.round(share * 127), 128 + np.round(share * 127))
    else:
        colours = np.repeat(np.arange(256.0)[:, None], 3, axis=1)
        values = np.nan_to_num(plane.astype(float), nan=black, posinf=scale, neginf=black)
        index = np.round(255 * np.clip((values - black) / ((scale - black) or 1.0), 0, 1))
    index = index.astype(np.uint8)
    height, width = index.shape
    raw = b"".join(b"\0" + line.tobytes() for line in index)
    chunks = [
        (b"IHDR", width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 3, 0, 0, 0])),
        (b"PLTE", np.round(colours).astype(np.uint8).tobytes()),
        (b"IDAT", zlib.compress(raw, 0)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
        for kind, data in chunks
    )
