"""Runs one cell of a live page, and says what it shows; the page's Pyodide calls this.

Nothing in it knows of Pyodide: it runs, and is tested, in any Python.
"""

from __future__ import annotations

import ast
import contextlib
import io
import sys
import traceback
from typing import Any

__all__ = ["run"]

Output = dict[str, str]


def run(source: str, names: dict[str, Any]) -> list[Output]:
    """Runs a cell as a notebook does: what its last line is worth is shown.

    Args:
        source: Python; a last line that ends in a semicolon shows nothing.
        names: the page's own, which the cell reads and changes.

    Returns:
        What to show, in order: dictionaries with ``kind`` (``"text"``, ``"html"`` or ``"error"``) and
        ``value``.

    Example:
        >>> run("a = 2\\nprint('two')\\na + 1", {})
        [{'kind': 'text', 'value': 'two\\n'}, {'kind': 'text', 'value': '3'}]
    """
    printed, shown = io.StringIO(), list[Output]()
    try:
        tree = ast.parse(source, "<cell>")
        last = tree.body[-1] if tree.body and not source.rstrip().endswith(";") else None
        if isinstance(last, ast.Expr):
            tree.body.pop()
        with contextlib.redirect_stdout(printed):
            exec(compile(tree, "<cell>", "exec"), names)  # noqa: S102
            if isinstance(last, ast.Expr):
                value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)  # noqa: S307
                if value is not None:
                    shown.append(_shown(value))
        shown += _figures()
    except BaseException as error:  # noqa: BLE001  the page goes on, whatever a cell raises
        shown.append({"kind": "error", "value": _told(error)})
    text = printed.getvalue()
    return [{"kind": "text", "value": text}, *shown] if text else shown


def _shown(value: Any) -> Output:
    """A value as a notebook shows it."""
    bundle = getattr(value, "_repr_mimebundle_", None)
    if bundle is not None and not isinstance(value, type):
        made = bundle()
        if "text/html" in made:
            return {"kind": "html", "value": made["text/html"]}
    html = getattr(value, "_repr_html_", None)
    if html is not None and not isinstance(value, type):
        return {"kind": "html", "value": html()}
    return {"kind": "text", "value": repr(value)}


def _figures() -> list[Output]:
    """The figures that matplotlib has open; then they are closed."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is None:
        return []
    from nn.lesson import figures

    drawn = [figures.html(pyplot.figure(number)) for number in pyplot.get_fignums()]
    pyplot.close("all")
    return [{"kind": "html", "value": each} for each in drawn]


def _told(error: BaseException) -> str:
    """The error, and the lines of the cell that led to it."""
    if isinstance(error, SyntaxError):
        return "".join(traceback.format_exception_only(error)).strip()
    lines = [
        each.lineno
        for each in traceback.extract_tb(error.__traceback__)
        if each.filename == "<cell>"
    ]
    where = f"line {lines[-1]} of the cell\n" if lines else ""
    return where + "".join(traceback.format_exception_only(error)).strip()
