"""The backward pass as a page: stepped through in a notebook, in a file, or without any script.

The page is one HTML fragment. Where scripts run, ``steps.js`` puts the interactive page into a
shadow root, which hides what was there; where they do not, that is what remains: the picture and
every step as text. The script reads both from there, so nothing is stored twice.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

from autograd.arguments import no_attribute
from autograd.text import escape, to_json
from autograd.viz import words
from autograd.viz.drawing import files, palette, svg
from autograd.viz.pages import animation, shell
from autograd.viz.pages.graph import MOST_DRAWN, SMALLER, Graph, Options, data_uri, document, image
from autograd.viz.tracing.trace import NONFINITE_CELL, Contribution, Step, Summary, Trace
from autograd.viz.visible import view
from autograd.viz.visible.view import View

#: What does not fit into an output is left out in steps, saying so.
PAGE_LIMIT = shell.PAGE_LIMIT
#: Above this many visible nodes the page collapses modules.
VISIBLE = 150
#: Above these many visible nodes and steps a page is not even tried with all of them.
MOST_STEPS = 1500
#: What one step sends is listed up to this many operands.
MOST_SENT = 24
#: Where all planes of the tensors are too much for a page, so many of each.
FEW_PLANES = 4
#: What pages show with the numbers; the first so many of them stay.
_DETAILS = ("values and rules", "tables of numbers", "thumbnails", "further planes")


class Steps:
    """A backward pass that can be looked at step by step; see :func:`autograd.viz.step`."""

    def __init__(self, trace: Trace, *, theme: str = "auto") -> None:
        palette.style(theme)
        self.trace = trace
        self.theme = theme

    def __len__(self) -> int:
        return len(self.trace.steps)

    @cached_property
    def _choice(self) -> view.Choice:
        return view.Choice(self.trace)

    @cached_property
    def view(self) -> View:
        """What of the graph is visible."""
        visible = self._choice.view(limit=VISIBLE)
        view.add_slots(visible)
        return visible

    def _cut(self, most: int) -> View:
        """The view with no more than so many nodes, without their values."""
        visible = self._choice.view(False, most, most)
        view.add_slots(visible)
        return visible

    @cached_property
    def _arranged(self) -> tuple[Any, Any]:
        return svg.arrange(self.view)

    def graph(self) -> Graph:
        """The graph alone, as :func:`autograd.viz.graph` draws it."""
        return Graph(self.trace, Options(theme=self.theme))

    def sentences(self) -> list[str]:
        """Every step in a sentence."""
        return [words.step_sentence(self.trace, step) for step in self.trace.steps]

    def text(self) -> str:
        """The graph and all steps in words."""
        return words.text(self.trace)

    def to_json(self) -> str:
        """The trace as JSON text."""
        return self.trace.to_json()

    def to_svg(self, number: int | None = None, theme: str | None = None) -> str:
        """A picture of the moment of step ``number`` (0: before the first; None: the end).

        Raises IndexError if there is no such step.
        """
        theme = theme or self.theme
        if number is None:
            return svg.render(self.view, *self._arranged, theme=theme)
        if not 0 <= number <= len(self):
            raise IndexError(f"number must be from 0 to {len(self)}; got {number}")
        moment = animation.moment(self.view, number)
        return self._moment_svg(moment, theme)

    def _moment_svg(self, moment: svg.Moment, theme: str) -> str:
        return svg.render(
            self.view, *self._arranged, theme=theme, footer=self._footer, moment=moment
        )

    @cached_property
    def _footer(self) -> float:
        return animation.footer(self.view, self._arranged[0])

    def animate(self, seconds: float = 1.4) -> animation.Animation:
        """The pass as an SVG that moves without scripts, ``seconds`` a step; stands still where the
        reader asks for reduced motion."""
        visible, arranged = self.view, self._arranged
        if len(visible.items) > SMALLER[0]:
            visible = self._cut(SMALLER[0])
            arranged = svg.arrange(visible)
        return animation.Animation(visible, *arranged, seconds=seconds, theme=self.theme)

    def frames(self, folder: str | os.PathLike[str], kind: str = "svg") -> list[Path]:
        """Write one picture a step: ``step-000.svg`` (before the first), and so on.

        Returns the paths. Files of this kind that an earlier, longer pass left there are removed.

        ``kind``: ``"svg"``, ``"png"`` or ``"pdf"``.
        """
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        moments = animation.moments(self.view, range(len(self) + 1))
        written = [
            self._save_moment(target / f"step-{number:03}.{kind}", moment)
            for number, moment in enumerate(moments)
        ]
        for path in target.glob(f"step-*.{kind}"):  # of an earlier, longer pass
            if path.stem.removeprefix("step-").isdecimal() and path not in written:
                path.unlink()
        return written

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save as a file of the kind that the suffix says; returns its path.

        ``.html``: the page, standing alone; ``.svg``: the animation; ``.png`` and ``.pdf``: the
        end; ``.json``: the trace; ``.txt``: the steps in words.
        """
        return files.write(
            path,
            {
                "html": self.to_html,
                "svg": lambda: self.animate().to_svg(),
                "png": lambda: files.convert(self.to_svg(theme="light"), "png"),
                "pdf": lambda: files.convert(self.to_svg(theme="light"), "pdf"),
                "json": self.to_json,
                "txt": self.text,
            },
        )

    def _save_moment(self, path: Path, moment: svg.Moment) -> Path:
        def light() -> str:
            return self._moment_svg(moment, "light")

        return files.write(
            path,
            {
                "svg": lambda: self._moment_svg(moment, self.theme),
                "png": lambda: files.convert(light(), "png"),
                "pdf": lambda: files.convert(light(), "pdf"),
            },
        )

    def to_html(self) -> str:
        """The page as a file of its own."""
        return document(self.trace.title or "Backward, step by step", self._repr_html_())

    def __getattr__(self, name: str) -> Any:
        raise no_attribute(self, name)

    def __repr__(self) -> str:
        return f"<{len(self)} steps of a backward pass; .text() tells, .save('x.html') shows them>"

    def _repr_html_(self) -> str:
        if self._choice.count(VISIBLE) <= MOST_DRAWN:
            html = fragment(self.view, *self._arranged, theme=self.theme)
            if html:
                return html
        for most in SMALLER:
            smaller = self._cut(most)
            html = fragment(smaller, *svg.arrange(smaller), theme=self.theme)
            if html:
                return html
        return f"<p>{escape(words.describe(self.trace))} It is too big for a page.</p>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


# -- the fragment -------------------------------------------------------------------------------


def fragment(visible: View, layout: Any, sizes: Any, *, theme: str = "auto") -> str:
    """The page as an HTML fragment of at most ``PAGE_LIMIT`` bytes; empty if the picture is too big.

    First what the numbers are shown with goes, then steps in the middle, then the numbers.
    """
    picture = svg.render(visible, layout, sizes, theme=theme)
    trace = visible.trace
    if not shell.fits(data_uri(picture)):
        return ""
    whole = [(detail, None) for detail in (5, 4, 3, 2, 1)]
    for detail, most in (*whole, (1, 200), (0, 200), (0, 60), (0, 12)):
        if most is None and len(trace.steps) > MOST_STEPS:
            continue
        html = _assemble(visible, picture, _kept_steps(trace, most), detail, theme)
        if shell.fits(html):
            return html
    return ""


def _kept_steps(trace: Trace, most: int | None) -> list[Step]:
    """The steps that are told: all, or the first and the last of too many."""
    if most is None or len(trace.steps) <= most:
        return trace.steps
    last = most // 4
    return trace.steps[: most - last] + trace.steps[-last:]


def _assemble(visible: View, picture: str, kept: list[Step], detail: int, theme: str) -> str:
    trace = visible.trace
    told = "".join(f"<li>{escape(words.step_sentence(trace, step))}</li>" for step in kept)
    less = _left_out(trace, kept, detail)
    note = f" ({less})" if less else ""
    content = _data(visible, kept, detail, theme) | {"less": less}
    data = to_json(content, separators=(",", ":"))
    return (
        '<div class="gg-steps" data-lm-suppress-shortcuts="true">\n'
        f"{image(picture, words.describe(trace))}\n"
        f"<details><summary>{_counted(trace)} of the backward pass as text{note}"
        "</summary>\n"
        f"<ol>{told}</ol></details>\n"
        f'<script type="application/json">{shell.inert(data)}</script>\n'
        f"<script>{shell.script('autograd.viz.pages', 'steps.js')}</script>\n</div>"
    )


def _counted(trace: Trace) -> str:
    if trace.omitted is None:
        return f"All {len(trace.steps)} steps"
    return f"The first {len(trace.steps)} of {trace.all_steps} steps"


def _left_out(trace: Trace, kept: list[Step], detail: int) -> str:
    """What the page does not tell because it would grow too big; empty if it tells all."""
    missing = len(trace.steps) - len(kept)
    parts = [f"{missing} in the middle left out"] if missing else []
    if trace.omitted is not None:
        parts.append(f"the last {trace.omitted.operations} left out")
    if detail < len(_DETAILS):
        parts.append(f"without {words.series(_DETAILS[detail:])}")
    return f"{', '.join(parts)}: too much for a page" if parts else ""


class _Table:
    """Summaries as the page shows them, each stored once."""

    def __init__(self, detail: int) -> None:
        self.detail = detail
        self.rows: list[dict[str, Any]] = []
        self._places: dict[str, int] = {}

    def add(self, summary: Summary | None) -> int:
        """The place of a summary in the table, -1 for none."""
        if summary is None:
            return -1
        row: dict[str, Any] = {"t": words.brief(summary)}
        if self.detail >= 1 and summary.size > 1:
            row["s"] = words.statistics(summary)
        if self.detail >= 2 and summary.values is not None and 1 < summary.size:
            row["v"] = _grid(summary)
        if self.detail >= 4 and summary.planes:
            places = [place for place, _ in summary.planes]
            largest = places.index(summary.corner)
            most = len(places) if self.detail > 4 else FEW_PLANES
            others = [number for number in range(len(places)) if number != largest]
            kept = sorted([largest, *others[: most - 1]])
            row["h"] = [summary.planes[number][1] for number in kept]
            row["p"] = [words.plane(summary, number) for number in kept]
            row["c"] = kept.index(largest)
            row["m"] = words.marks(summary, everywhere=True)
            hidden = math.prod(summary.shape[:-2]) - len(kept)
            if hidden:
                row["m"] += f"; {hidden:,} more planes not shown"
        elif self.detail >= 3 and summary.thumbnail is not None:
            row["h"] = [
                "/".join("".join(_cell(cell) for cell in line) for line in summary.thumbnail)
            ]
            row["m"] = words.legend(summary)
        key = json.dumps(row)
        if key not in self._places:
            self._places[key] = len(self.rows)
            self.rows.append(row)
        return self._places[key]


def _cell(cell: int) -> str:
    """A thumbnail cell as a letter: ``a`` to ``s`` for -9 to 9, ``x`` for not finite."""
    return "x" if cell == NONFINITE_CELL else chr(ord("j") + cell)


def _grid(summary: Summary) -> dict[str, Any]:
    """A small array as a table: rows of printed numbers, and what each row and column is called."""
    rows: list[list[str]] = []
    heads: list[str] = []
    for index, row in _rows(summary.values, len(summary.shape)):
        heads.append(index)
        rows.append([words.number(each) for each in row])
    return {"r": heads, "d": rows}


def _rows(values: Any, axes: int) -> Iterator[tuple[str, list[Any]]]:
    """Innermost rows with their indices, without recursion."""
    pending: list[tuple[tuple[int, ...], Any]] = [((), values)]
    while pending:
        index, block = pending.pop()
        if len(index) == axes - 1:
            yield ", ".join(map(str, index)), block
        else:
            pending += [((*index, place), each) for place, each in reversed(list(enumerate(block)))]


def _data(visible: View, kept: list[Step], detail: int, theme: str) -> dict[str, Any]:
    """What the script needs: nodes by item, the table of summaries, and the steps."""
    trace = visible.trace
    table = _Table(detail)
    steps = []
    for step in kept:
        entry: dict[str, Any] = {
            "k": step.number,
            "n": visible.shown[step.node],
            "w": words.reference(trace.node(step.node)),
            "g": table.add(step.incoming),
            "c": [
                _contribution(visible, step, each, table) for each in step.contributions[:MOST_SENT]
            ],
        }
        if len(step.contributions) > MOST_SENT:
            entry["m"] = len(step.contributions) - MOST_SENT
        if detail:
            inputs = list(step.inputs.items())[:MOST_SENT]
            entry["i"] = {name: table.add(value) for name, value in inputs}
        steps.append(entry)
    first = kept[0] if kept else None
    nodes = {}
    for item in visible.items:
        node = trace.node(item.id)
        nodes[str(item.id)] = {
            "t": item.tooltip,
            "v": table.add(node.value) if detail and item.kind != "module" else -1,
        }
        if item.room and item.room[0] == view.NO_GRADIENT:
            nodes[str(item.id)]["g"] = 1
    return {
        "theme": theme,
        "title": trace.title,
        "total": trace.all_steps,
        "start": _start(trace, first),
        "seed": [visible.shown[first.node], view.slot_text(first.incoming)]
        if first is not None and first.incoming is not None
        else None,
        "nodes": nodes,
        "table": table.rows,
        "steps": steps,
        "style": shell.style(),
    }


def _contribution(visible: View, step: Step, each: Contribution, table: _Table) -> dict[str, Any]:
    """What a step sends to one parent."""
    entry = {
        "p": visible.shown[each.parent],
        "w": words.reference(visible.trace.node(each.parent)),
        "a": each.argument,
        "b": table.add(each.before),
        "d": table.add(each.contribution),
        "r": table.add(each.after),
        "u": step.rules.get(each.argument, "") if table.detail else "",
        "o": view.slot_text(each.after) if each.after is not None else "",
    }
    if entry["u"] and each.argument in step.formulas:
        entry["f"] = step.formulas[each.argument]
    short = words.brief(each.contribution, 3)
    if short != words.brief(each.contribution):
        entry["l"] = short  # beside an edge there is room for few numbers
    return entry


def _start(trace: Trace, first: Step | None) -> str:
    if first is None:
        return "There is no step to take."
    return (
        f"start: the gradient of {words.reference(trace.node(first.node))} "
        f"is {words.brief(first.incoming)}"
    )
