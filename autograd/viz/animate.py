"""A backward pass as pictures: the moment of one step, and an SVG that moves by itself.

The animation is CSS inside the SVG, so it plays wherever the picture is shown as an image.
Everything that comes and goes is drawn on top of the graph with a time window; windows are cut in
steps, not faded, and the whole repeats. Readers who ask for reduced motion see the final gradients
and no movement.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from xml.sax.saxutils import escape

from autograd.viz import files, svg, words
from autograd.viz.layout import Layout
from autograd.viz.picture import document, image
from autograd.viz.svg import LINE_HEIGHT, Moment
from autograd.viz.view import View, slot_text

#: Steps of rest before the picture starts over.
REST = 2


def moment(view: View, number: int) -> Moment:
    """The graph right after step ``number`` (0: only the first gradient is there)."""
    steps = view.trace.steps
    slots: dict[int, str] = {}
    if steps and steps[0].incoming is not None:
        slots[view.shown[steps[0].node]] = slot_text(steps[0].incoming)
    for step in steps[:number]:
        for each in step.contributions:
            if each.after is not None:
                slots[view.shown[each.parent]] = slot_text(each.after)
    if number == 0:
        return Moment(slots=slots, caption=_caption(view, 0))
    step = steps[number - 1]
    active = view.shown[step.node]
    flowing = frozenset((view.shown[each.parent], active) for each in step.contributions)
    return Moment(active, flowing, slots, _caption(view, number))


def _caption(view: View, number: int) -> str:
    steps = view.trace.steps
    if number:
        return words.step_sentence(view.trace, steps[number - 1])
    if not steps:
        return ""
    name = words.reference(view.trace.node(steps[0].node))
    return f"start: the gradient of {name} is {words.brief(steps[0].incoming)}"


def footer(view: View, layout: Layout) -> float:
    """The height that the longest caption needs."""
    width, _ = svg.picture_size(view, layout)
    most = max(
        len(svg.caption_lines(_caption(view, number), width))
        for number in range(len(view.trace.steps) + 1)
    )
    return LINE_HEIGHT * most + 10


class Animation:
    """An SVG that plays the backward pass over and over, without scripts."""

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
            raise ValueError(f"seconds must be positive; got {seconds!r}")
        self.view, self.layout, self.sizes = view, layout, sizes
        self.seconds, self.theme = seconds, theme

    def to_svg(self) -> str:
        """The animated picture as SVG text."""
        # Style sheets of inline pictures share one name space: names come from the content.
        still = svg.render(self.view, self.layout, self.sizes, theme=self.theme)
        content = still + repr(self.seconds) + words.text(self.view.trace)
        prefix = "gg" + hashlib.sha256(content.encode()).hexdigest()[:8]
        film = _Film(len(self.view.trace.steps) + 1 + REST, self.seconds, prefix)
        overlay = self._overlay(film)
        return svg.render(
            self.view,
            self.layout,
            self.sizes,
            theme=self.theme,
            extra_style=film.style(),
            overlay=overlay,
            footer=footer(self.view, self.layout),
            root_class=prefix,
            moment=Moment(),
        )

    def _overlay(self, film: _Film) -> str:
        view, layout = self.view, self.layout
        width, height = svg.picture_size(view, layout)
        last = len(view.trace.steps)
        moments = [moment(view, number) for number in range(last + 1)]
        parts = []
        for number, each in enumerate(moments):
            end = number + 1 if number < last else film.length
            if number:
                for link, route in zip(view.links, layout.routes, strict=True):
                    if (link.source, link.target) in each.flowing:
                        path = svg.route_path(route, layout.rightwards, svg.ARROW - 1)
                        shown = film.window(number, number + 1, "gg-wave")
                        parts.append(
                            f"<g class='gg-flow {shown}'><path class='gg-line' d='{path}'/></g>"
                        )
                item = next(item for item in view.items if item.id == each.active)
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
                    shown = film.window(begin, end)
                    parts.append(
                        f"<text class='gg-grad {shown}{keep}' {place}>{escape(current)}</text>"
                    )
                begin, current = number, text or ""
        return parts

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save as ``.svg`` or ``.html``; returns the path."""
        title = self.view.trace.title or "Backward, step by step"
        return files.write(
            path,
            {"svg": self.to_svg, "html": lambda: document(title, self._repr_html_())},
        )

    def __repr__(self) -> str:
        return f"<Animation of {len(self.view.trace.steps)} steps; .save('backward.svg') writes it>"

    def _repr_svg_(self) -> str:
        return self.to_svg()

    def _repr_html_(self) -> str:
        return image(self.to_svg(), words.describe(self.view.trace))


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
