"""Small changes of a source text, each of a span of its own, so that the rest stays as it was."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

__all__ = ["Edit", "Source", "applied"]


class Edit(NamedTuple):
    """Bytes ``start`` to ``end`` of the source become ``text``."""

    start: int
    end: int
    text: str


class Source:
    """A program's text, and where its nodes stand in it.

    Args:
        text: the program.
        name: shown in errors.

    Raises:
        SyntaxError: if it is not Python.
    """

    def __init__(self, text: str, name: str = "<source>") -> None:
        self.tree = ast.parse(text, name)
        self.bytes = text.encode()
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self._starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def start(self, node: ast.AST) -> int:
        """Where a node begins, in bytes."""
        return self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where it ends."""
        return self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def of(self, node: ast.AST) -> str:
        """A node as it is written."""
        return self.bytes[self.start(node) : self.end(node)].decode()

    def name_span(self, node: ast.Attribute) -> tuple[int, int]:
        """Where the name after the dot stands."""
        end = self.end(node)
        return end - len(node.attr.encode()), end

    def stands_alone(self, statement: ast.stmt) -> bool:
        """True if nothing but white space stands before a statement on its line."""
        start = self._starts[statement.lineno - 1]
        return not self.bytes[start : self.start(statement)].strip()

    def whole_line(self, statement: ast.stmt) -> tuple[int, int]:
        """A statement with what stands before it and its line end, or itself if it shares a line."""
        start, end = self.start(statement), self.end(statement)
        stop = self._starts[statement.end_lineno or statement.lineno]
        if not self.stands_alone(statement) or self.bytes[end:stop].strip():
            return start, end
        return self._starts[statement.lineno - 1], stop

    def indentation(self, statement: ast.stmt) -> str:
        """What stands before a statement on its line."""
        return self.bytes[self._starts[statement.lineno - 1] : self.start(statement)].decode()

    def open_bracket(self, call: ast.Call) -> int:
        """Just after the bracket that opens a call's arguments."""
        return self.bytes.index(b"(", self.end(call.func)) + 1

    def last_argument(self, call: ast.Call) -> int:
        """Where another argument can follow; after the opening bracket if there is none."""
        given = [*call.args, *(keyword.value for keyword in call.keywords)]
        return max((self.end(node) for node in given), default=self.open_bracket(call))


def applied(source: bytes, edits: Iterable[Edit]) -> bytes:
    """The source with all edits made; of two that overlap, the first one.

    Example:
        >>> from nn.port.edits import Edit, applied
        >>> applied(b"a.data += b", [Edit(1, 6, ""), Edit(0, 0, "with no_grad(): ")])
        b'with no_grad(): a += b'
    """
    parts, position = [], 0
    for edit in sorted(set(edits), key=lambda e: (e.start, e.end)):
        if edit.start < position:
            continue
        parts += [source[position : edit.start], edit.text.encode()]
        position = edit.end
    return b"".join([*parts, source[position:]])
