"""A backward pass as pictures: the moment of one step, and an SVG that moves by itself.

The animation is CSS inside the SVG, so it plays wherever the picture is shown as an image.
Everything that comes and goes is drawn on top of the graph with a time window; windows are cut in
steps, not faded, and the whole repeats. Readers who ask for reduced motion see the final gradients
and no movement.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from autograd.arguments.numbers import shown
from autograd.text import escape
from autograd.viz import words
from autograd.viz.drawing import files, svg
from autograd.viz.drawing.svg import LINE_HEIGHT, Moment
from autograd.viz.pages import shell
from autograd.viz.pages.graph import data_uri, document, image
from autograd.viz.placing.layout import Layout
from autograd.viz.visible.view import NO_GRADIENT, View, slot_text

#: Steps of rest before the picture starts over.
REST = 2
#: No more steps than these are played: fewer until the picture is small enough for a page.
PLAYED = (120, 60, 24, 8)


def moment(view: View, number: int) -> Moment:
    """The graph right after step ``number`` (0: only the first gradient is there)."""
    return next(moments(view, [number]))


def moments(view: View, numbers: Iterable[int]) -> Iterator[Moment]:
    """The graph right after each of these steps, which are in ascending order."""
    steps = view.trace.steps
    slots = {
        item.id: NO_GRADIENT for item in view.items if item.room and item.room[0] == NO_GRADIENT
    }
    if steps and steps[0].incoming is not None:
        slots[view.shown[steps[0].node]] = slot_text(steps[0].incoming)
    done = -1
    for number in numbers:
        for step in steps[max(done, 0) : number]:
            for each in step.contributions:
                if each.after is not None:
                    slots[view.shown[each.parent]] = slot_text(each.after)
        caption = _caption(view, number)
        if 0 <= done < number - 1:
            caption = f"(steps {done + 1} to {number - 1} are left out) {caption}"
        done = number
        if number == 0:
            yield Moment(slots=dict(slots), caption=caption)
            continue
        step = steps[number - 1]
        active = view.shown[step.node]
        flowing = frozenset((view.shown[each.parent], active) for each in step.contributions)
        yield Moment(active, flowing, dict(slots), caption)


def _caption(view: View, number: int) -> str:
    steps = view.trace.steps
    if number:
        return words.step_sentence(view.trace, steps[number - 1])
    if not steps:
        return ""
    name = words.reference(view.trace.node(steps[0].node))
    return f"start: the gradient of {name} is {words.brief(steps[0].incoming)}"


def footer(view: View, layout: Layout, captions: Iterable[str] | None = None) -> float:
    """The height that the longest caption needs; by default of all steps."""
    if captions is None:
        captions = (_caption(view, number) for number in range(len(view.trace.steps) + 1))
    width, _ = svg.picture_size(view, layout)
    return LINE_HEIGHT * max(len(svg.caption_lines(each, width)) for each in captions) + 10


class Animation:
    """An SVG that plays the backward pass over and over, without scripts.

    Of a long pass it plays the first and the last steps, saying which are left out.
    """

    def __init__(
        self,
        view: View,
        layout: Layout,
        sizes: dict[int, tuple[float, float]],
        *,
        seconds: float = 1.4,
        theme: str = "auto",
    ) -> None:
        if not seconds > 0:
            raise ValueError(f"seconds must be positive; got {shown(seconds)}")
        self.view, self.layout, self.sizes = view, layout, sizes
        self.seconds, self.theme = seconds, theme

    def to_svg(self) -> str:
        """The animated picture as SVG text."""
        for most in PLAYED:
            picture = self._played(most)
            if shell.fits(data_uri(picture)):
                break
        return picture

    def _numbers(self, most: int) -> list[int]:
        """The steps to play, the start among them: all, or the first and last of too many."""
        last = len(self.view.trace.steps)
        numbers = list(range(last + 1))
        return numbers if last <= most else numbers[: most - most // 4] + numbers[-(most // 4) :]

    def _played(self, most: int) -> str:
        # Style sheets of inline pictures share one name space: names come from the content.
        still = svg.render(self.view, self.layout, self.sizes, theme=self.theme)
        content = still + repr(self.seconds) + words.text(self.view.trace)
        prefix = "gg" + hashlib.sha256(content.encode()).hexdigest()[:8]
        shown = list(moments(self.view, self._numbers(most)))
        film = _Film(len(shown) + REST, self.seconds, prefix)
        overlay = self._overlay(shown, film)
        return svg.render(
            self.view,
            self.layout,
            self.sizes,
            theme=self.theme,
            extra_style=film.style(),
            overlay=overlay,
            footer=footer(self.view, self.layout, [each.caption for each in shown]),
            root_class=prefix,
            moment=Moment(),
            title=self.title,
            description=self._description(len(shown) - 1, shown[-1].caption),
        )

    @property
    def title(self) -> str:
        """The trace's title, or what is to be seen."""
        return self.view.trace.title or "Backward, step by step"

    def _description(self, played: int, end: str) -> str:
        missing = len(self.view.trace.steps) - played
        left_out = f" ({missing} in the middle are left out)" if missing else ""
        return (
            f"{words.describe(self.view.trace)} They are played one after another{left_out}, "
            f"{self.seconds:g} seconds each: the gradients reach node after node. The end: {end}"
        )

    def text(self) -> str:
        """The graph and all steps in words."""
        return words.text(self.view.trace)

    def _overlay(self, moments: list[Moment], film: _Film) -> str:
        view, layout = self.view, self.layout
        width, height = svg.picture_size(view, layout)
        last = len(moments) - 1
        items = {item.id: item for item in view.items}
        parts = []
        for number, each in enumerate(moments):
            end = number + 1 if number < last else film.length
            if each.active:
                for link, route in zip(view.links, layout.routes, strict=True):
                    if (link.source, link.target) in each.flowing:
                        path = svg.route_path(route, layout.rightwards, svg.ARROW - 1)
                        back = svg.back_tip(route, layout.rightwards)
                        shown = film.window(number, number + 1, "gg-wave")
                        parts.append(
                            f"<g class='gg-flow {shown}'><path class='gg-line' d='{path}'/>"
                            f"<path class='gg-tip gg-back-tip' d='{back}'/></g>"
                        )
                item = items[each.active]
                shape = svg.outline(item, layout.centres[item.id], self.sizes[item.id])
                parts.append(
                    f"<g class='gg-now gg-halo {film.window(number, number + 1)}'>{shape}</g>"
                )
            keep = " gg-last" if number == last else ""
            attributes = f" class='{film.window(number, end)}{keep}'"
            parts.append(svg.caption_text(each.caption, width, height, attributes))
        parts += self._slots(moments, film)
        return "\n".join(parts)

    def _slots(self, moments: list[Moment], film: _Film) -> list[str]:
        """The gradients, each from the moment it arrives until another takes its place."""
        parts = []
        for item in self.view.items:
            if not item.room:
                continue
            place = svg.slot_place(item, self.layout.centres[item.id], self.sizes[item.id])
            begin, current = 0, ""
            for number in range(len(moments) + 1):
                text = moments[number].slots.get(item.id, "") if number < len(moments) else None
                if text == current:
                    continue
                if current:
                    end = number if text is not None else film.length
                    keep = " gg-last" if text is None else ""
                    style = "gg-none gg-muted" if current == NO_GRADIENT else "gg-grad"
                    shown = f"{style} {film.window(begin, end)}{keep}"
                    parts.append(f"<text class='{shown}' {place}>{escape(current)}</text>")
                begin, current = number, text or ""
        return parts

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save as ``.svg`` or ``.html``, which move, or ``.txt``; returns the path."""
        return files.write(
            path,
            {
                "svg": self.to_svg,
                "html": lambda: document(self.title, self._repr_html_()),
                "txt": self.text,
            },
        )

    def __repr__(self) -> str:
        return f"<Animation of {len(self.view.trace.steps)} steps; .save('backward.svg') writes it>"

    def _repr_html_(self) -> str:
        html = image(self.to_svg(), words.describe(self.view.trace))
        return html if shell.fits(html) else f"<p>{escape(self.title)}: too big for a page.</p>"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


class _Film:
    """Time windows as CSS: a class for each pair of first and last moment."""

    def __init__(self, length: int, seconds: float, prefix: str) -> None:
        self.length, self.seconds, self.prefix = length, seconds, prefix
        self._windows: dict[tuple[int, int], None] = {}

    def window(self, begin: int, end: int, also: str = "") -> str:
        """The classes of something that is seen from moment ``begin`` until ``end``."""
        self._windows[begin, end] = None
        return f"w{begin}-{end} {also}".strip()

    def style(self) -> str:
        """Key frames and rules, all under the picture's own class."""
        root, total = f".{self.prefix}", self.length * self.seconds
        names = [f".w{begin}-{end}" for begin, end in self._windows]
        frames, moving = [], []
        for begin, end in self._windows:
            name = f"{self.prefix}-{begin}-{end}"
            frames.append(f"@keyframes {name}{{{self._frames(begin, end)}}}")
            moving.append(
                f"{root} .w{begin}-{end}{{animation:{name} {total:g}s step-end infinite}}"
            )
        return "".join(
            [
                f"{root} .gg-halo .gg-shape{{fill:none}}",
                f"{root} .gg-wave .gg-line{{stroke-dasharray:9 7}}",
                # Standing still (reduced motion, or no CSS animation known) it shows the end.
                ",".join(f"{root} {name}" for name in names) + "{opacity:0}",
                f"{root} .gg-last{{opacity:1}}",
                f"@keyframes {self.prefix}-wave{{to{{stroke-dashoffset:16}}}}",
                *frames,
                "@media (prefers-reduced-motion:no-preference){",
                *moving,
                f"{root} .gg-wave .gg-line{{animation:{self.prefix}-wave .7s linear infinite}}",
                "}",
            ]
        )

    def _frames(self, begin: int, end: int) -> str:
        def at(moment: int) -> str:
            return f"{100 * moment / self.length:.4g}%"

        if begin == 0:
            rest = "" if end == self.length else f"{at(end)}{{opacity:0}}"
            return f"0%{{opacity:1}}{rest}"
        if end == self.length:
            return f"0%{{opacity:0}}{at(begin)}{{opacity:1}}"
        return f"0%{{opacity:0}}{at(begin)}{{opacity:1}}{at(end)}{{opacity:0}}"
