"""Figures of matplotlib in the lesson: the engine's colours for signs, and a page's light or dark.

Needs matplotlib, which is imported only when something is drawn.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from autograd.viz.drawing import palette
from autograd.viz.pages import shell

__all__ = ["follow_theme", "signed"]


def signed() -> Any:
    """The colours of signed numbers, as everywhere in the lesson: orange above 0, blue below, white at 0.

    Returns:
        A colour map of matplotlib; give ``imshow`` equal limits on both sides (``vmin=-m, vmax=m``).

    Raises:
        ImportError: if matplotlib is not installed.
    """
    from matplotlib.colors import LinearSegmentedColormap

    ends = palette.LIGHT["negative"], "#ffffff", palette.LIGHT["positive"]
    return LinearSegmentedColormap.from_list("signed", ends)


def follow_theme() -> None:
    """From now on figures in a notebook are drawn light or dark, as the notebook is.

    Every figure is drawn twice, on no ground of its own: with dark ink and with light ink. Which of
    the two is seen is decided where the page is read: as its host says (JupyterLab, VS Code, Colab),
    else as the reader's system prefers. Outside of a notebook nothing happens.

    Raises:
        ImportError: if matplotlib is not installed.
    """
    from matplotlib import pyplot
    from matplotlib.figure import Figure

    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    running: Any = get_ipython()  # type: ignore[no-untyped-call]
    if running is None:
        return
    pyplot.close(
        pyplot.figure()
    )  # the first one sets up how a notebook shows figures, ours to change
    formatters = running.display_formatter.formatters
    formatters["text/html"].for_type(Figure, html)
    formatters["image/png"].for_type(Figure, lambda figure: None)  # not a third time


def html(figure: Any) -> str:
    """A figure of matplotlib as a fragment of HTML that holds both drawings."""
    light = _png(figure)
    with _light_ink(figure):
        dark = _png(figure)
    return (
        f'<div class="gg-drawn" style="--drawn: {_width(light)}px"><picture>'
        f'<source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img alt="{escape(_words(figure), quote=True)}" src="{light}"></picture>\n'
        f"<script>{shell.script('nn.lesson', 'figure.js')}</script></div>"
    )


def _png(figure: Any) -> str:
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight", transparent=True,
                   metadata={"Software": None})  # fmt: skip
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def _width(uri: str) -> int:
    """How many pixels wide a PNG is: it stands behind its signature and the name of its first chunk."""
    start = base64.b64decode(uri.partition(",")[2][:32])
    return int.from_bytes(start[16:20], "big")


def _words(figure: Any) -> str:
    """What stands in a figure, for those who do not see it."""
    said = [text.get_text() for axes in figure.axes for text in _titles(axes)]
    return "; ".join(dict.fromkeys(filter(None, said))) or "a figure"


def _titles(axes: Any) -> Iterator[Any]:
    yield from (axes.title, axes.xaxis.label, axes.yaxis.label)
    legend = axes.get_legend()
    yield from legend.get_texts() if legend else ()


@contextmanager
def _light_ink(figure: Any) -> Iterator[None]:
    """What is black in a figure is light for a while, and what is white in a legend dark."""
    undo: list[Callable[[], None]] = []
    swaps = {"#000000": palette.DARK["text"], "#262626": palette.DARK["text"]}
    for artist in figure.findobj():
        legend = type(artist).__name__ == "FancyBboxPatch"
        table = swaps | {"#ffffff": palette.DARK["background"]} if legend else swaps
        for name in ("color", "edgecolor", "facecolor", "markeredgecolor"):
            undo += _swap(artist, name, table)
    try:
        yield
    finally:
        for back in reversed(undo):
            back()


def _swap(artist: Any, name: str, table: dict[str, str]) -> list[Callable[[], None]]:
    from matplotlib.colors import to_hex

    get, put = getattr(artist, f"get_{name}", None), getattr(artist, f"set_{name}", None)
    if get is None or put is None:
        return []
    old = get()
    try:
        new = table.get(to_hex(old))
    except (TypeError, ValueError):  # several colours, or none
        return []
    if new is None:
        return []
    put(new)
    return [lambda: put(old)]
