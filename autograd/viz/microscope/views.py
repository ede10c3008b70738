"""The four views of one multiplication: of its output, its pixel, its tap, and the matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.text import counted
from autograd.viz import words
from autograd.viz.microscope import phrases, region
from autograd.viz.microscope.geometry import Pair
from autograd.viz.microscope.model import At, PoolModel, Term
from autograd.viz.microscope.panels import Cell, Grid, Panel, align, numbers, printed
from autograd.viz.microscope.phrases import full, largest, written_sum

if TYPE_CHECKING:
    from autograd.viz.microscope.microscope import Microscope

#: Lists show at most so many rows.
ROWS = 9


class Views:
    """The four panels; what convolution and pooling have in common."""

    def __init__(self, scope: Microscope, shown: region.Region) -> None:
        self.scope, self.shown = scope, shown
        self.model: Any = scope.model
        self.at, self.tap, self.term = scope.at, scope.tap, scope.term
        self.signed = bool((self.model.x < 0).any())

    def place(self, pair: Pair) -> str:
        return phrases.place(self.model, pair)

    def output_heads(self) -> dict[str, range]:
        return {
            "rows": range(self.shown.rows.first, self.shown.rows.last),
            "columns": range(self.shown.columns.first, self.shown.columns.last),
        }

    def row_heads(self, heads: Iterable[Any]) -> list[Any]:
        """The names of rows; the one row of a sequence has none."""
        return list(heads) if self.model.rank == 2 else [""]

    def input_grid(self, channel: int) -> Grid:
        windows, shown = self.model.windows, self.shown
        patch = {position for _, position, _ in windows.patch(self.at[2:])}
        rows = range(shown.rows.low, shown.rows.high)
        columns = range(shown.columns.low, shown.columns.high)
        values = np.array(
            [[self.model.at(channel, (r, s), self.at[0]) for s in columns] for r in rows]
        )
        skipped = set(windows.skipped)
        marks = {}
        for i, r in enumerate(rows):
            for j, s in enumerate(columns):
                marks[i, j] = (
                    *(["pad"] if windows.is_padding((r, s)) else []),
                    *(["skipped"] if (r, s) in skipped else []),
                    *(["patch"] if (r, s) in patch else []),
                    *(
                        ["chosen"]
                        if (r, s) == self.term.position and channel == self.tap[0]
                        else []
                    ),
                )
        heads = [
            [phrases.head(axis, position) for position in shown]
            for axis, shown in zip(windows.axes, (rows, columns), strict=True)
        ]
        return numbers(
            f"input, channel {channel}", values, rows=self.row_heads(heads[0]), columns=heads[1],
            marks=marks, scale=largest(self.model.x[self.at[0]]), signed=self.signed,
        )  # fmt: skip

    def plane(
        self, title: str, values: Any, marks: Mapping[Any, tuple[str, ...]], signed: Any = None
    ) -> Grid:
        """A grid over the shown outputs."""
        heads = self.output_heads()
        cut = values[
            heads["rows"].start : heads["rows"].stop, heads["columns"].start : heads["columns"].stop
        ]
        moved = {
            (i - heads["rows"].start, j - heads["columns"].start): mark
            for (i, j), mark in marks.items()
            if self.shown.has_output((i, j))
        }
        return numbers(
            title, cut, marks=moved, scale=largest(values), signed=signed,
            rows=self.row_heads(heads["rows"]), columns=heads["columns"],
        )  # fmt: skip

    def output_grid(self) -> Grid:
        values = self.model.y[self.at[0], self.at[1]]
        return self.plane(f"output, channel {self.at[1]}", values, {self.at[2:]: ("chosen",)})

    def skipped_line(self) -> str:
        return phrases.skipped_sentence(self.model)

    def pixel_table(self, terms: list[Term], back_only: bool = False) -> Grid:
        """The outputs a pixel reached, one a row."""
        heads, cells = [], []
        for term in terms[:ROWS]:
            chosen = ("chosen",) if term.output == self.at and term.tap == self.tap[1:] else ()
            heads.append(f"{term.output[1]}; {self.place(term.output[2:])}")
            row = [
                Cell(self.place(term.tap), 0, chosen),
                Cell(printed(term.weight), term.weight),
                Cell(printed(term.product, True), term.product),
                Cell(printed(term.gradient), term.gradient),
                Cell(printed(term.to_pixel), term.to_pixel),
            ]
            cells.append([row[0], row[1], *row[3:]] if back_only else row)
        return Grid("output channel; place", cells, heads, phrases.pixel_heads(self.model))

    def many(self, terms: list[Term]) -> list[str]:
        hidden = len(terms) - ROWS
        return [f"{hidden} more are not listed, but counted in the sum."] if hidden > 0 else []

    def back_line(self, terms: list[Term], pixel: Pair) -> str:
        total = sum(term.to_pixel for term in terms)
        engine = float(self.model.dx[(self.at[0], self.tap[0], *pixel)])
        return (
            f"Backward: the gradient of the pixel is the sum of what comes back, "
            f"{written_sum([term.to_pixel for term in terms], total)}; the engine says {words.number(engine)}."
        )

    def of_padding(self) -> Panel:
        where = phrases.standing(self.model, self.term.position)
        looks = "between the pixels" if "between" in where else "beyond the image"
        return Panel(
            f"2 · {where[0].upper()}{where[1:]}",
            [],
            [f"The selected tap looks {looks}. There stands {phrases.nothing(self.model)}."],
        )

    def pixel_name(self) -> str:
        """The pixel under the selected tap, and where it was seen if that was a copy."""
        assert self.term.pixel is not None
        name = f"Pixel {self.place(self.term.pixel)} of channel {self.tap[0]}"
        if self.model.windows.home(self.term.pixel) != self.term.position:
            name += f" (seen as its {self.model.mode} copy at {self.place(self.term.position)})"
        return name

    def matrix_rows(self) -> list[Pair]:
        """Outputs whose patches are shown as rows: the selected one among its neighbours."""
        wide = self.model.windows.columns.outputs
        here = self.model.windows.im2col_row(self.at[2:])
        total = self.model.windows.rows.outputs * wide
        first = max(0, min(here - ROWS // 2, total - ROWS))
        return [divmod(row, wide) for row in range(first, min(total, first + ROWS))]


class ConvViews(Views):
    def of_output(self) -> Panel:
        model = self.model
        parts: list[Any] = []
        terms = model.of_output(self.at)
        for channel in self.shown.channels:
            of_channel = f", channel {channel}" if len(self.shown.channels) > 1 else ""
            mine = [term for term in terms if term.channel == channel]
            shape = model.windows.rows.kernel, model.windows.columns.kernel
            heads = self.kernel_heads()
            chosen = {self.tap[1:]: ("chosen",)} if channel == self.tap[0] else {}
            weights = np.array([term.weight for term in mine]).reshape(shape)
            products = np.array([term.product for term in mine]).reshape(shape)
            parts += [
                self.input_grid(channel),
                "×",
                numbers(
                    f"kernel {self.at[1]}{of_channel}" + (", turned" if model.flip else ""),
                    weights, marks=chosen,
                    scale=largest(model.w), rows=heads[0], columns=heads[1], signed=True,
                ),
                "=",
                numbers(
                    "products", products, marks=chosen, scale=self.product_scale(terms), signed=True,
                    rows=self.row_heads(range(shape[0])),
                ),
            ]  # fmt: skip
            if channel != self.shown.channels[-1]:
                parts.append("\n")
        for place in range(3):  # inputs, kernels, products
            align([part for part in parts if isinstance(part, Grid)][place::3])
        parts += ["→", self.output_grid()]
        note = self.shown.note(model)
        lines = [self.sum_line(terms), phrases.stretched(model), note, self.skipped_line()]
        return Panel(
            f"1 · Output {full(model, self.at)}: {phrases.what(model)}",
            parts,
            [line for line in lines if line],
        )

    def kernel_heads(self) -> list[list[int]]:
        """Where the weights are stored: turned, if the kernel is."""
        taps = self.model.windows.axes
        stored = [list(range(axis.kernel)) for axis in taps]
        if self.model.flip:
            stored = [each[::-1] for each in stored]
        return [self.row_heads(stored[0]), stored[1]]

    def product_scale(self, terms: list[Term]) -> float:
        return max(abs(term.product) for term in terms)

    def sum_line(self, terms: list[Term]) -> str:
        model = self.model
        if phrases.transposed(model):  # most of its terms are the zeros put between the pixels
            terms = [term for term in terms if term.pixel is not None]
        total = sum(term.product for term in terms)
        line = "Sum of the products: " + written_sum([term.product for term in terms], total)
        if model.bias is not None:
            bias = float(model.bias[self.at[1]])
            line += f"; plus the bias {printed(bias)} that is {words.number(total + bias)}"
        return f"{line}. The engine's output: {words.number(float(model.y[self.at]))}."

    def of_pixel(self) -> Panel:
        if self.term.pixel is None:
            return self.of_padding()
        terms = self.model.of_pixel(self.at[0], self.tap[0], self.term.pixel)
        mine = [term for term in terms if term.output[1] == self.at[1]]
        hits = {term.output[2:]: ("hit",) for term in mine}
        hits[self.at[2:]] = ("chosen",)
        parts = [
            *self.stamp(),
            self.plane(f"outputs reached, channel {self.at[1]}", self.model.y[self.at[:2]], hits),
            self.pixel_table(sorted(terms, key=lambda term: term.output[1] != self.at[1])),
        ]
        return Panel(
            f"2 · {self.pixel_name()} = {words.number(self.term.x)}: reaches {counted(len(terms), 'output')}",
            parts,
            [*self.many(terms), self.back_line(terms, self.term.pixel)],
        )

    def stamp(self) -> list[Any]:
        """What the pixel stamps into the output, for a transposed convolution."""
        if not phrases.transposed(self.model):
            return []
        inside = self.tap[0] - self.model.channels(self.at[1])[0]
        stamp = self.term.x * self.model.w[self.at[1], inside]
        chosen = {self.model.stored(self.tap[1:]): ("chosen",)}
        rows = self.row_heads(range(len(stamp)))
        title = f"its stamp, pixel × kernel {self.at[1]}"
        return [numbers(title, stamp, marks=chosen, rows=rows, signed=True), "→"]

    def of_tap(self) -> Panel:
        model = self.model
        channel, tap = self.tap[0], self.tap[1:]
        under = model.under(channel, tap).astype(float)
        sent = model.g[:, self.at[1]]
        back = under * sent
        marks = {
            output: ("pad",)
            for output, position, _ in model.windows.sharing(tap)
            if model.windows.is_padding(position)
        }
        marks[self.at[2:]] = (*marks.get(self.at[2:], ()), "chosen")
        total = float(back.sum())
        here = self.at[0]
        engine = model.gradient_of_tap(self.at[1], channel, tap)
        return Panel(
            f"3 · Weight {full(model, model.weight_index(self.at[1], channel, tap))} = "
            f"{words.number(self.term.weight)}: one number, {phrases.shared(model)}",
            [
                self.plane("x under the tap", under[here], marks, self.signed),
                "×",
                self.plane(
                    "g, gradient of the output", sent[here], {self.at[2:]: ("chosen",)}, True
                ),
                "=",
                self.plane("g·x", back[here], {self.at[2:]: ("chosen",)}, True),
            ],
            [
                f"Backward: every use sends its own gradient, so the weight's gradient is their sum: "
                f"{written_sum(back.ravel().tolist(), total)}; the engine says "
                f"{words.number(engine)}."
            ],
        )

    def of_matrix(self) -> Panel:
        model = self.model
        group = self.at[1] // (model.w.shape[0] // model.groups)
        patches, kernels = model.im2col(self.at[0], group)
        rows = self.matrix_rows()
        row = model.windows.im2col_row(self.at[2:])
        channel = self.tap[0] - model.channels(self.at[1])[0]
        column = model.windows.im2col_column(self.tap[1:], channel)
        first = max(0, min(column - 4, patches.shape[1] - 9))
        columns = range(first, min(patches.shape[1], first + 9))
        taps = [(c, *tap) for c in range(model.w.shape[1]) for tap in model.windows.taps]
        names = [phrases.tap_name(model, taps[each]) for each in columns]
        start = model.windows.im2col_row(rows[0])
        cut = patches[start : start + len(rows), columns.start : columns.stop]
        marks: dict[Pair, tuple[str, ...]] = {}
        for i, output in enumerate(rows):
            for j, each in enumerate(columns):
                position = model.windows.position(output, taps[each][1:])
                same = (
                    model.windows.source(position) == self.term.pixel and taps[each][0] == channel
                )
                marks[i, j] = (
                    *(["pad"] if model.windows.is_padding(position) else []),
                    *(["patch"] if output == self.at[2:] or each == column else []),
                    *(["chosen"] if same and self.term.pixel is not None else []),
                )
        mine = self.at[1] % (model.w.shape[0] // model.groups)
        weights = kernels[columns.start : columns.stop, mine : mine + 1]
        results = (patches @ kernels[:, mine : mine + 1])[start : start + len(rows)]
        heads = [self.place(output) for output in rows]
        chosen = {(columns.index(column), 0): ("chosen",)}
        return Panel(
            f"4 · im2col: row {row + 1} of {len(patches)} is this patch, column {column + 1} of "
            f"{patches.shape[1]} this tap",
            [
                numbers(
                    "patches as rows", cut, rows=heads, columns=names, marks=marks,
                    scale=largest(model.x[self.at[0]]), signed=self.signed,
                ),
                "×",
                numbers(
                    "kernel", weights, rows=names, columns=[self.at[1]], marks=chosen,
                    scale=largest(model.w), signed=True,
                ),
                "=",
                numbers(
                    "output" if model.bias is None else "output − bias", results, rows=heads,
                    columns=[self.at[1]], marks={(rows.index(self.at[2:]), 0): ("chosen",)},
                ),
            ],
            [
                f"The whole layer is one product of matrices, {patches.shape[0]}×{patches.shape[1]} times "
                f"{kernels.shape[0]}×{kernels.shape[1]}"
                + (f" for each of {model.groups} groups" if model.groups > 1 else "")
                + ". Thick frames mark the selected pixel wherever it was copied to."
            ],
        )  # fmt: skip


class PoolViews(Views):
    model: PoolModel

    def window_marks(self, at: At) -> dict[Pair, tuple[str, ...]]:
        """What the cells of a window are: winner, tie, padding."""
        terms = self.model.of_output(at)
        ties = self.model.ties(at) if self.model.kind == "max" else []
        return {
            term.tap: (
                *(["pad"] if self.model.windows.is_padding(term.position) else []),
                *(["winner"] if self.model.kind == "max" and term.weight else []),
                *(["tie"] if term.tap in ties and not term.weight else []),
            )
            for term in terms
        }

    def of_output(self) -> Panel:
        model = self.model
        terms = model.of_output(self.at)
        shape = model.windows.rows.kernel, model.windows.columns.kernel
        cells = np.array([term.x for term in terms]).reshape(shape)
        weights = np.array([term.weight for term in terms]).reshape(shape)
        back = np.array([term.to_pixel for term in terms]).reshape(shape)
        marks = self.window_marks(self.at)
        chosen = {self.tap[1:]: ("chosen",)}
        rows = self.row_heads(range(shape[0]))
        parts: list[Any] = [
            self.input_grid(self.tap[0]),
            "→",
            numbers(
                "window", cells, marks=marks, signed=self.signed, scale=largest(model.x), rows=rows,
            ),
            "→",
            self.output_grid(),
            numbers(
                "∂y/∂x", weights, marks=marks if model.kind == "max" else chosen, signed=False,
                rows=rows,
            ),
            numbers("g·∂y/∂x comes back", back, marks=chosen, signed=True, rows=rows),
        ]  # fmt: skip
        note = self.shown.note(model)
        return Panel(
            f"1 · Output {full(model, self.at)}: {phrases.what(model)}",
            parts,
            [line for line in (self.verdict(), note, self.skipped_line()) if line],
        )

    def verdict(self) -> str:
        """Who won, or what the average is made of."""
        model, value = self.model, words.number(float(self.model.y[self.at]))
        if model.kind == "max":
            return phrases.winner_sentence(model, self.at)
        terms = model.of_output(self.at)
        if model.kind == "avg":
            total = sum(term.product for term in terms)
            cells = words.number(float(model.divisors[self.at[2:]]))
            return (
                f"The average divides by {cells}: {written_sum([t.product for t in terms], total)}. "
                f"The engine's output: {value}. {phrases.going_back(model)}"
            )
        return f"The engine's output: {value}. {phrases.going_back(model)}"

    def of_pixel(self) -> Panel:
        if self.term.pixel is None:
            return self.of_padding()
        terms = self.model.of_pixel(self.at[0], self.tap[0], self.term.pixel)
        hits = {term.output[2:]: ("hit",) for term in terms}
        hits[self.at[2:]] = ("chosen",)
        seen = counted(len(terms), "window")
        wins = sum(bool(term.weight) for term in terms)
        won = f", wins in {wins}" if self.model.kind == "max" else ""
        return Panel(
            f"2 · {self.pixel_name()} = {words.number(self.term.x)}: seen by {seen}{won}",
            [
                self.plane("outputs whose windows see it", self.model.y[self.at[:2]], hits),
                self.pixel_table(terms, back_only=True),
            ],
            [*self.many(terms), self.back_line(terms, self.term.pixel)],
        )

    def of_tap(self) -> Panel:
        model, tap = self.model, self.tap[1:]
        uses = [
            model.term((*self.at[:2], *output), self.tap[0], tap)
            for output, _, _ in model.windows.sharing(tap)
        ]
        shape = model.windows.outputs
        seen = np.array([term.x for term in uses]).reshape(shape)
        weights = np.array([term.weight for term in uses]).reshape(shape)
        chosen = {self.at[2:]: ("chosen",)}
        wins = int(np.count_nonzero(weights))
        line = phrases.WEIGHTLESS
        if model.kind == "max":
            line = f"This place wins in {wins} of {len(uses)} windows. {line}"
        return Panel(
            f"3 · Cell {self.place(tap)} of every window",
            [
                self.plane("x there", seen, chosen, self.signed),
                self.plane("∂y/∂x there", weights, chosen, False),
            ],
            [line],
        )

    def of_matrix(self) -> Panel:
        model = self.model
        rows = self.matrix_rows()
        taps = model.windows.taps
        values = np.array(
            [[model.term((*self.at[:2], *o), self.tap[0], tap).x for tap in taps] for o in rows]
        )
        marks: dict[Pair, tuple[str, ...]] = {}
        for i, output in enumerate(rows):
            inside = self.window_marks((*self.at[:2], *output))
            for j, tap in enumerate(taps):
                patch = ("patch",) if output == self.at[2:] or tap == self.tap[1:] else ()
                marks[i, j] = (*inside[tap], *patch)
        heads = [self.place(output) for output in rows]
        results = np.array([[float(model.y[(*self.at[:2], *output)])] for output in rows])
        total = model.windows.rows.outputs * model.windows.columns.outputs
        here = model.windows.im2col_row(self.at[2:])
        return Panel(
            f"4 · Windows as rows: row {here + 1} of {total}",
            [
                numbers(
                    "windows as rows", values, rows=heads, columns=[self.place(tap) for tap in taps],
                    marks=marks, signed=self.signed, scale=largest(model.x),
                ),
                "→",
                numbers(
                    "output", results, rows=heads, columns=["y"],
                    marks={(rows.index(self.at[2:]), 0): ("chosen",)},
                ),
            ],
            [phrases.ROW_BY_ROW],
        )  # fmt: skip
