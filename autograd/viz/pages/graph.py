"""The object that ``viz.graph`` returns: a picture that shows, saves and describes itself."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograd.arguments import no_attribute
from autograd.arguments.numbers import shown
from autograd.text import escape
from autograd.viz import words
from autograd.viz.drawing import dot, files, palette, svg
from autograd.viz.pages import shell, switch
from autograd.viz.tracing.trace import Trace
from autograd.viz.visible import view
from autograd.viz.visible.item import gradient_norms
from autograd.viz.visible.view import View

#: A page never has more visible nodes than the first number. Where they make it too big, it shows
#: fewer and fewer, without their numbers.
MOST_DRAWN = 1200
SMALLER = (150, 60, 20)
#: A picture beyond this is not read without scrolling for ever: if nobody asked for more, modules
#: are collapsed until it is smaller.
WIDE, TALL = 1700.0, 3000.0

_LESS = (
    "\n<p>This graph is too big for a page: numbers and the earliest nodes are left out. "
    "In Python, .save('graph.svg') draws any size and .text() tells all.</p>"
)


@dataclass(frozen=True)
class Options:
    """How a graph is drawn; see :func:`autograd.viz.graph`."""

    show: str | None = None
    collapse: bool | int | str | tuple[str, ...] | None = None
    expand: tuple[str, ...] = ()
    detail: str | None = None
    fold: bool | None = None
    values: bool = True
    direction: str | None = None
    engine: str | None = None
    theme: str = "auto"


#: What is said below a picture in which only repetitions are hidden.
FOLDED = "\n<p>Repeated blocks are drawn once, with ×N. In Python, .expand() draws them all.</p>"


class Graph:
    """A drawn computation graph.

    It shows itself in a notebook, and prints as text. ``trace`` is the plain data behind it. In a
    notebook and as HTML, collapsed modules open and close by click, Enter and Space.
    """

    def __init__(self, trace: Trace, options: Options | None = None) -> None:
        self.trace = trace
        self.options = options or Options()
        if self.options.engine not in (None, "dot", "builtin"):
            raise ValueError(
                f"engine must be 'dot', 'builtin' or None; got {shown(self.options.engine)}"
            )
        if self.options.direction not in (None, "right", "down"):
            raise ValueError(
                f"direction must be 'right', 'down' or None; got {shown(self.options.direction)}"
            )
        palette.style(self.options.theme)  # raises for an unknown theme now, not when drawn
        self._choice  # noqa: B018  wrong options are reported here as well

    @cached_property
    def _choice(self) -> view.Choice:
        return self._chosen(self.options.collapse, self.options.expand)

    def _chosen(self, collapse: Any, expand: Iterable[str] = ()) -> view.Choice:
        options = self.options
        return view.Choice(
            self.trace, collapse=collapse, expand=expand, detail=options.detail, fold=options.fold,
            show=options.show,
        )  # fmt: skip

    @cached_property
    def view(self) -> View:
        """What of the trace is visible."""
        return self._choice.view(self.options.values, fits=self._fits)

    def _fits(self, visible: View) -> bool:
        """Whether a picture can be read without scrolling for ever."""
        layout = self._arrange(visible)[0]
        return bool(layout.width <= WIDE and layout.height <= TALL)

    def _state(self, closed: tuple[str, ...]) -> View:
        """With exactly these modules collapsed, and folded as the picture is."""
        options = self.options
        folded = options.fold or (options.fold is None and self._choice.folded)
        choice = view.Choice(
            self.trace, collapse=closed, detail="operations", fold=folded, show=options.show
        )
        return choice.view(options.values)

    @cached_property
    def _arranged(self) -> tuple[Any, Any]:
        return self._arrange(self.view)

    def _arrange(self, visible: View) -> tuple[Any, Any]:
        engine, direction = self.options.engine, self.options.direction
        if engine == "dot" and dot.missing():
            raise RuntimeError(f"engine='dot' needs {dot.missing()}; engine=None does without")
        if engine == "dot":
            try:
                return dot.arrange(visible, direction)
            except dot.Failed as error:
                raise RuntimeError(f"engine='dot': {error}; engine=None does without") from error
        if engine is None and dot.suits(visible) and dot.available():
            with contextlib.suppress(dot.Failed):  # the picture means the same without
                arranged = dot.arrange(visible, direction)
                if arranged[0].rightwards or arranged[0].height <= TALL:
                    return arranged  # dot breaks nothing into columns
        return svg.arrange(visible, direction)

    def collapse(self, *modules: str) -> Graph:
        """The same graph with these modules drawn as one node each."""
        before = self.options.collapse
        given = (before,) if isinstance(before, str) else before
        kept = given if isinstance(given, tuple) else ()
        return Graph(self.trace, replace(self.options, collapse=(*kept, *modules)))

    def expand(self, *modules: str) -> Graph:
        """The same graph with these modules open; without names, with everything shown."""
        if not modules:
            return Graph(
                self.trace, replace(self.options, collapse=False, detail="operations", fold=False)
            )
        return Graph(self.trace, replace(self.options, expand=(*self.options.expand, *modules)))

    def to_svg(self, theme: str | None = None) -> str:
        """The picture as SVG; ``theme``: ``"auto"`` (the reader's), ``"light"`` or ``"dark"``."""
        return svg.render(self.view, *self._arranged, theme=theme or self.options.theme)

    def to_dot(self) -> str:
        """The picture in Graphviz's DOT language (needs nothing installed)."""
        return dot.to_dot(self.view, self.options.direction)

    def to_json(self) -> str:
        """The trace as JSON text."""
        return self.trace.to_json()

    def to_html(self) -> str:
        """A stand-alone HTML page with the picture and its description."""
        # Not as an image: browsers leave those as they are where the reader forces colours.
        body = self._page(lambda picture, description: picture)
        return document(self.trace.title or "Computation graph", body)

    def text(self) -> str:
        """The graph in words: what a picture cannot tell those who do not see it."""
        note = f"\n({self.view.note})" if self.view.note else ""
        remarks = gradient_norms(self.trace) if self.options.show == "gradient" else {}
        return words.text(self.trace, remarks) + note

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save as a file of the kind that the suffix says; returns its path.

        Kinds: ``.svg``, ``.html``, ``.png``, ``.pdf``, ``.dot``, ``.json`` and ``.txt``.
        Raises ValueError for another suffix and RuntimeError, naming what to install, when PNG or
        PDF cannot be made here.
        """
        return files.write(
            path,
            {
                "svg": self.to_svg,
                "html": self.to_html,
                "png": lambda: files.convert(self.to_svg("light"), "png", self.to_dot()),
                "pdf": lambda: files.convert(self.to_svg("light"), "pdf", self.to_dot()),
                "dot": self.to_dot,
                "gv": self.to_dot,
                "json": self.to_json,
                "txt": self.text,
            },
        )

    def __getattr__(self, name: str) -> Any:
        raise no_attribute(self, name)

    def __repr__(self) -> str:
        return (
            f"<Graph of {self.trace.size} nodes; .text() describes it, .save('graph.svg') draws it>"
        )

    def _repr_html_(self) -> str:
        return self._page(image)  # notebooks that are not trusted strip inline <svg>

    def _page(self, embed: Callable[[str, str], str]) -> str:
        """The picture in HTML, as big as a page may be; ``embed`` says how it gets in there."""
        if self._choice.count() <= MOST_DRAWN:
            how = (
                image if switch.can_switch(self.view) else embed
            )  # those that switch have a script for it
            still = scrolling(how, self.to_svg(), words.describe(self.trace))
            if shell.fits(still + switch.without("", "")):
                return self._with_switch(still)
        for most in SMALLER:
            visible = self._choice.view(False, most, most)
            picture = svg.render(visible, *self._arrange(visible), theme=self.options.theme)
            html = scrolling(embed, picture, words.describe(self.trace)) + _LESS
            if shell.fits(html):
                return html
        return f"<p>{escape(words.describe(self.trace))}</p>\n{_LESS}"

    def _with_switch(self, still: str) -> str:
        if not switch.can_switch(self.view):
            folded = len(self.view.items) < self.trace.size
            return still + FOLDED if folded else still
        if self.options.engine == "dot":
            return switch.without(still, "that needs the built-in layout (engine=None)")
        return switch.fragment(
            still, self._state, self.view, self.options.theme, self.options.direction
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


#: A picture in an ``<img>`` has the colours of its element's colour scheme: the host's, where the
#: host says which (the rule of ``followTheme`` in ``shell.js``), else the reader's.
_HOSTS = {
    "light": "[data-jp-theme-light=true],[data-vscode-theme-kind$=light],[theme=light],"
    "[data-theme=light]",
    "dark": "[data-jp-theme-light=false],[data-vscode-theme-kind$=dark],"
    "[data-vscode-theme-kind=vscode-high-contrast],[theme=dark],[data-theme=dark]",
}
HOST_COLOURS = (
    "<style>"
    + "".join(
        f":is({hosts}) .gg-still{{color-scheme:{scheme}}}" for scheme, hosts in _HOSTS.items()
    )
    + "</style>"
)


#: The smallest scale of a picture in a page: its text of 12 pixels is 9 high.
SMALLEST = 0.75
_ON_PAPER = "<style>@media print{.gg-scroll>*{min-width:0!important}}</style>"


def scrolling(embed: Callable[[str, str], str], picture: str, description: str) -> str:
    """A picture in a box that it shrinks to fit only while it can be read; then the box scrolls."""
    width = float(picture.partition(" width='")[2].partition("'")[0])
    shrinks = "max-width:100%;height:auto"
    least = f"max-width:100%;min-width:{SMALLEST * width:.0f}px;height:auto"
    embedded = embed(picture, description).replace(shrinks, least, 1)
    return f'{_ON_PAPER}<div class="gg-scroll" style="overflow-x:auto">{embedded}</div>'


def image(picture: str, description: str) -> str:
    """An ``<img>`` element that holds an SVG picture."""
    return (
        f'{HOST_COLOURS}<img src="{data_uri(picture)}" alt="{escape(description)}" '
        'class="gg-still" style="max-width:100%;height:auto">'
    )


def data_uri(picture: str) -> str:
    """An SVG picture as a ``data:`` address, readable enough to be compared."""
    return "data:image/svg+xml;charset=utf-8," + quote(picture, safe=" /:=;,.()-_~!*@$[]{}|^")


def document(title: str, body: str, language: str = "en") -> str:
    """A stand-alone HTML page."""
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        "<style>:root{color-scheme:light dark}body{margin:1rem auto;max-width:75rem;padding:0 1rem;"
        f"font-family:{palette.FONT}}}</style>\n</head>\n"
        f'<body class="gg-alone">\n<main>\n<h1>{escape(title)}</h1>\n'
        f"{body}\n</main>\n</body>\n</html>\n"
    )


def as_tuple(value: bool | int | str | Iterable[str] | None) -> Any:
    """Options are compared and copied, so iterables of names become tuples."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return tuple(value)
