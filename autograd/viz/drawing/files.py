"""Writing pictures to files: the format is the file's suffix."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from autograd import atomic
from autograd.viz.drawing import dot
from autograd.viz.drawing.svg import SCALING

Maker = Callable[[], "str | bytes"]


def write(path: str | os.PathLike[str], makers: dict[str, Maker]) -> Path:
    """Write a file with the maker for its suffix; returns its path.

    Raises ValueError for a suffix that nobody makes.
    """
    target = Path(path)
    suffix = target.suffix.lower().lstrip(".")
    if suffix not in makers:
        known = ", ".join("." + each for each in makers)
        raise ValueError(f"cannot save as {target.name!r}: the suffix must be one of {known}")
    atomic.write(target, makers[suffix]())
    return target


def convert(svg: str, kind: str, dot_text: str = "") -> bytes:
    """An SVG picture as PNG (at twice its size) or PDF.

    Uses the package cairosvg when it is there, else ``dot`` on ``dot_text``. Raises RuntimeError
    that says what to install when there is neither.
    """
    try:
        import cairosvg
    except (ImportError, OSError):  # OSError: the package is there, its C library is not
        cairosvg = None
    if cairosvg is not None:
        svg = svg.replace(SCALING, "")  # CairoSVG takes height:auto for a height of nothing
        if kind == "png":
            return cairosvg.svg2png(bytestring=svg.encode(), scale=2.0)
        return _undated(cairosvg.svg2pdf(bytestring=svg.encode()))
    absent = dot.missing()
    if dot_text and not absent:
        try:
            return _undated(dot.run(dot_text, kind))
        except dot.Failed as error:
            absent = f"a dot that works ({error})"
    raise RuntimeError(
        f"saving as {kind} needs the package cairosvg (the extra 'pictures' brings it)"
        + (f" or {absent}" if dot_text else "")
        + "; svg and html need nothing"
    )


def _undated(content: bytes) -> bytes:
    """A PDF without the time of its making, so that the same picture gives the same bytes.

    The length stays: a PDF has a table of where things begin.
    """
    return re.sub(
        rb"(/(?:Creation|Mod)Date \()(D:\d{14}[^)]*)\)",
        lambda found: found[1] + b"D:20000101000000Z".ljust(len(found[2])) + b")",
        content,
    )
