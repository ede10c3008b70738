"""Lines of the user's code: which one is running, and how it is written out."""

from __future__ import annotations

import os
from typing import Any

from autograd.debug.names import declared_line, users_frame
from autograd.source import line_at
from autograd.text import visible

__all__ = ["line_of", "line_of_frame", "place_of", "written"]


def line_of() -> tuple[str, int]:
    """File and line of the user's code that is running, or what `at_line` says instead."""
    return line_of_frame(users_frame())


def line_of_frame(frame: Any) -> tuple[str, int]:
    """The same, for the user's frame that was found already; ``("", 0)`` for None."""
    declared = declared_line()
    if declared is not None:
        return declared
    return ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def place_of(filename: str, lineno: int) -> str:
    """``example.py:12``; in a notebook or at IPython's prompt ``cell, line 12``.

    The cell's number is left out: it changes when the cell is run again, while what is shown of a
    program should not. The text of the line tells which cell it is.
    """
    folder, name = os.path.split(filename)
    if name.startswith("<ipython-input") or os.path.basename(folder).startswith("ipykernel_"):
        return f"cell, line {lineno}"
    return f"{visible(name)}:{lineno}"


def written(filename: str, lineno: int) -> str:
    """``example.py:12  loss = (a * b).sum()``; without the text where there is no source."""
    place = place_of(filename, lineno)
    text = line_at(filename, lineno)
    return f"{place}  {text}" if text else place
