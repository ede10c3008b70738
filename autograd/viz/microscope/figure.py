"""What all figures of the microscope can do: show themselves, save themselves, say themselves."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from autograd.text import escape
from autograd.viz.drawing import files, palette
from autograd.viz.microscope import panels
from autograd.viz.microscope.panels import Panel
from autograd.viz.pages import shell
from autograd.viz.pages.graph import document, image, scrolling

_LESS = (
    "\n<p>This figure is too big for a page: some of it is coarser here, or left out. "
    "In Python, .save('figure.svg') draws all and .text() tells it.</p>"
)


class Figure(ABC):
    """A list of panels with a title; subclasses say which in ``panels()`` and ``summary()``."""

    def __init__(self, *, title: str = "", theme: str = "auto") -> None:
        palette.style(theme)  # refuses unknown themes
        self.title, self.theme = title, theme

    @abstractmethod
    def panels(self) -> list[Panel]:
        """What is shown, independent of how."""

    @abstractmethod
    def summary(self) -> str:
        """The figure in a sentence."""

    def legend(self, content: list[Panel]) -> str:
        """What is drawn below the picture to explain its marks; nothing if they need no words."""
        return ""

    @property
    def heading(self) -> str:
        return self.title or self.summary()

    def text(self) -> str:
        """All of it in words and numbers."""
        return f"{self.summary()}\n{panels.as_text(self.panels())}\n"

    def to_svg(self, theme: str | None = None) -> str:
        """The picture as SVG text; ``theme`` is ``"auto"``, ``"light"`` or ``"dark"``."""
        return self._drawn(theme or self.theme, self.title)

    def _to_convert(self) -> str:
        return self._drawn("light", self.title, smooth=False)

    def _drawn(self, theme: str, heading: str, smooth: bool = True) -> str:
        content = self.panels()
        return panels.as_svg(
            content, self.heading, self.summary(), theme, smooth,
            heading=heading, legend=self.legend(content),
        )  # fmt: skip

    def to_html(self) -> str:
        """A stand-alone page."""
        return document(self.heading, self._fragment(""))  # its title is the page's heading

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Save as ``.html``, ``.svg``, ``.png``, ``.pdf`` or ``.txt``; returns the path.

        Raises ValueError for another suffix and RuntimeError, naming what to install, when PNG or
        PDF cannot be made here.
        """
        return files.write(
            path,
            {
                "html": self.to_html,
                "svg": self.to_svg,
                "png": lambda: files.convert(self._to_convert(), "png"),
                "pdf": lambda: files.convert(self._to_convert(), "pdf"),
                "txt": self.text,
            },
        )

    def __repr__(self) -> str:
        kind = type(self).__name__
        return f"<{kind}: {self.summary()}; .text() says it, .save('figure.html') shows it>"

    def _repr_html_(self) -> str:
        return self._fragment(self.title)

    def smaller(self) -> Iterable[Figure]:
        """The same with less and less in it, for a page that would grow too big."""
        return ()

    def _fragment(self, heading: str) -> str:
        """The figure in HTML, small enough for an output; says so where that is not all of it."""
        html = self._whole(heading)
        if shell.fits(html):
            return html
        for each in self.smaller():
            html = each._whole(heading) + _LESS
            if shell.fits(html):
                return html
        return f'<div class="gg-figure"><p>{escape(self.summary())}</p></div>{_LESS}'

    def _whole(self, heading: str) -> str:
        # The picture is an <img>: notebooks that are not trusted strip inline <svg>.
        picture = scrolling(image, self._drawn(self.theme, heading), self.summary())
        tables = panels.as_html(self.panels())
        return (
            f'<div class="gg-figure">{picture}\n<details><summary>As tables and text</summary>\n'
            f"<p>{escape(self.summary())}</p>\n{tables}</details></div>"
        )

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}
