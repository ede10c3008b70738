"""Source text of a function, down to the one lambda meant: what the stepper shows as the rule."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import os
import re
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["line_at", "lines_of", "of_function", "private_callee", "running_statement"]

_REMARK = re.compile(r"  # (?:type: ignore|noqa)\b.*")


def lines_of(filename: str, namespace: dict[str, Any] | None = None) -> list[str]:
    """The lines of a file or cell; none where they cannot be had.

    Of ``<string>`` there are none: every text given to ``exec`` is called that, and from Python 3.13
    on `linecache` has the text of ``python -c`` under the name, whichever was meant.
    """
    return [] if filename == "<string>" else linecache.getlines(filename, namespace)


def line_at(filename: str, lineno: int) -> str:
    """One of the `lines_of` a file, stripped; empty where it cannot be had."""
    lines = lines_of(filename)
    return lines[lineno - 1].strip() if 0 < lineno <= len(lines) else ""


def of_function(function: Callable[..., Any]) -> str:
    """The function as written: ``lambda g, y: g * y``, or the whole ``def``.

    Remarks to type checkers and linters are left out. Where there is no source (code typed at a
    bare prompt) it says so.
    """
    function = inspect.unwrap(function)
    code = getattr(function, "__code__", None)
    if code is None:
        return getattr(function, "__name__", repr(function))
    if code.co_name == "<lambda>":
        found = _lambda_text(code)
        if found is not None:
            return found
    elif code.co_filename != "<string>":
        try:
            text = textwrap.dedent(inspect.getsource(function)).rstrip()
            return _REMARK.sub("", text)
        except (OSError, TypeError):
            pass
    arguments = ", ".join(code.co_varnames[: code.co_argcount])
    return f"lambda {arguments}: (source not available)"


def private_callee(function: Callable[..., Any]) -> Any:
    """What a lambda calls that does nothing else, if that has a private name; else None.

    With a constant among the arguments it is another function, of which the callee says nothing.
    """
    function = inspect.unwrap(function)
    names = getattr(function, "__code__", None) and function.__code__.co_names
    if not names or len(names) != 1 or not names[0].startswith("_"):
        return None
    called = function.__globals__.get(names[0])
    if getattr(called, "__name__", "") != names[0]:
        return None
    try:
        written = ast.parse(of_function(function), mode="eval").body
    except SyntaxError:  # there is no source to be read
        return None
    call = written.body if isinstance(written, ast.Lambda) else None
    if not isinstance(call, ast.Call) or any(isinstance(a, ast.Constant) for a in call.args):
        return None
    return called


@functools.lru_cache(maxsize=64)
def _lambdas(filename: str, text: str) -> dict[tuple[int, int], str]:
    """Every lambda of a file by the place where its body begins."""
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    lines = text.encode().splitlines(keepends=True)  # offsets count bytes
    return {
        (node.body.lineno, node.body.col_offset): _segment(lines, node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda)
    }


def _segment(lines: list[bytes], node: ast.Lambda) -> str:
    """A lambda as written: ``ast.get_source_segment`` splits the whole file anew for each."""
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    taken = lines[first : last + 1]
    taken[-1] = taken[-1][: node.end_col_offset]
    taken[0] = taken[0][node.col_offset :]
    return b"".join(taken).decode()


def _lambda_text(code: Any) -> str | None:
    text = "".join(lines_of(code.co_filename))
    if not text:
        return None
    lambdas = _lambdas(code.co_filename, text)
    # The code's positions all lie within the lambda's body; the nearest body that begins at or
    # before the first of them is its own.
    places = [
        (line, column)
        for line, _, column, _ in code.co_positions()
        if line is not None and column is not None and (line, column) != (line, 0)
    ] or [(code.co_firstlineno, 0)]
    first = min(places)
    best = None
    for place, segment in lambdas.items():
        if place <= first and (best is None or place > best[0]):
            best = (place, segment)
    if best is None:
        return None
    text = " ".join(_REMARK.sub("", line).strip() for line in best[1].splitlines())
    return re.sub(r"(?<=[(\[{]) | (?=[)\]}])", "", text)


# The user's statement ------------------------------------------------------------------------------

#: Where the files lie whose frames stand between the user's line and here.
_LIBRARIES = tuple(
    str(folder) + os.sep for folder in (Path(np.__file__).parent, Path(__file__).parent)
)


def running_statement() -> Any:
    """The statement that is running outside of these libraries, parsed; None where it cannot be read."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(_LIBRARIES):
        frame = frame.f_back
    if frame is None:
        return None
    lines = lines_of(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return None
    return _statement_at(tree, frame.f_lineno)


def _statement_at(tree: ast.AST, line: int) -> Any:
    """The innermost simple statement that covers a line."""
    found = None
    for node in ast.walk(tree):
        if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Return)):
            if node.lineno <= line <= (node.end_lineno or node.lineno):
                found = node
    return found
