"""What runs when a file is imported: which names it binds, and which lines use these names.

No test runs such a line, so that the lines a test ran say nothing about it: a default, a constant
or a table is tested by who uses its name.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from tests.mutants.operators import ROOT

PACKAGES = ("autograd", "nn")
#: How far names are followed: a constant from which a table is made that a function reads.
STEPS = 3
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


@cache
def tree_of(file: str) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse((ROOT / file).read_bytes())


def first_line(node: Any) -> int:
    """The first line of a definition or statement; decorators belong to it."""
    return min([d.lineno for d in getattr(node, "decorator_list", ())], default=node.lineno)


@cache
def text_of(file: str) -> str:
    """The text of a file, or none where it is gone."""
    path = ROOT / file
    return path.read_text() if path.exists() else ""


@cache
def _inside(file: str) -> int:
    """The lines inside of functions, a bit for each."""
    bits = 0
    for node in ast.walk(tree_of(file)):
        if isinstance(node, FUNCTIONS):
            body = node.body if isinstance(node, ast.Lambda) else node.body[0]
            bits |= (1 << (node.end_lineno or node.lineno) + 1) - (1 << first_line(body))
    return bits


def runs_at_import(file: str, line: int) -> bool:
    """Whether a line stands in no function: the heads of functions (defaults, decorators) do not."""
    return not _inside(file) >> line & 1


def bound(file: str, line: int) -> set[str]:
    """The names by which others see what a line does at import.

    Those that its statement binds; of a function's head or a class, its name; of a statement that
    binds nothing, those that it uses; and the classes and functions around it.
    """
    names: set[str] = set()
    node: ast.AST = tree_of(file)
    while True:
        around = [n for n in ast.iter_child_nodes(node) if _spans(n, line)]
        if not around:
            break
        node = around[0]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                break
        elif isinstance(node, ast.stmt) and not isinstance(node, (ast.If, ast.Try, ast.With)):
            parts = [n for n in ast.walk(node) if isinstance(n, ast.Name)]
            stored = {n.id for n in parts if isinstance(n.ctx, ast.Store)}
            names |= stored or {n.id for n in parts}
            break
    return {name for name in names if not name.startswith("__")}


def _spans(node: ast.AST, line: int) -> bool:
    if not isinstance(node, (ast.stmt, ast.ExceptHandler)):
        return False
    return first_line(node) <= line <= (node.end_lineno or node.lineno)


@cache
def _uses() -> dict[str, dict[str, int]]:
    """The lines of the packages that read each name, a bit for each, by file."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            for node in ast.walk(tree_of(file)):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    found[node.id][file] |= 1 << node.lineno
                elif isinstance(node, ast.Attribute):
                    found[node.attr][file] |= 1 << (node.end_lineno or node.lineno)
    return found


def uses_of(file: str, names: Iterable[str]) -> dict[str, int]:
    """The lines that use names of a file, and those that use what other such lines bind at import.

    Private names are looked for in their own file, if it uses them, and everywhere else if not.
    """
    found: dict[str, int] = defaultdict(int)
    seen: set[tuple[str, str]] = set()
    todo = [(file, name) for name in names]
    for _ in range(STEPS):
        further = []
        for place, name in todo:
            if (place, name) in seen:
                continue
            seen.add((place, name))
            uses = _uses().get(name, {})
            if name.startswith("_") and place in uses:
                uses = {place: uses[place]}
            for user, lines in uses.items():
                found[user] |= lines
                for line in _numbers(lines & ~_inside(user)):
                    further += [(user, other) for other in bound(user, line)]
        todo = further
    return dict(found)


def _numbers(bits: int) -> list[int]:
    return [n for n in range(bits.bit_length()) if bits >> n & 1]
