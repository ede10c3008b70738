"""Which tests are run for a mutant: those that run its line, the most specific and quickest first."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from typing import Any

from tests.mutants.operators import ROOT, Mutant
from tests.mutants.reach import Reached

#: How many test files are near to a file of the source.
FILES = 6
#: Tests that read signatures and run no line of what they test.
READERS = re.compile(r"test_signatures\.py|::test_defaults")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


class Chooser:
    """Tests by what they reach.

    Args:
        tests: those that may be chosen.
        budget: seconds of tests that a mutant may cost. Those that do not run its line, but others
            of its function or file, may cost a quarter of it.
    """

    def __init__(self, tests: Iterable[Reached], budget: float) -> None:
        self.budget = budget
        self.reaching: dict[str, list[Reached]] = defaultdict(list)
        self.readers: list[Reached] = []
        for test in tests:
            if READERS.search(test.name):
                self.readers.append(test)
            for file in test.lines:
                self.reaching[file].append(test)
        self._near: dict[str, list[Reached]] = {}
        self._breadth = {
            id(test): sum(bits.bit_count() for bits in test.lines.values())
            for tests in self.reaching.values()
            for test in tests
        }

    def choose(self, mutant: Mutant) -> list[Reached]:
        """The tests for a mutant, in order."""
        end = mutant.line + mutant.text.count("\n")
        statement, function = around(mutant.file, mutant.line, end)
        near = self._candidates(mutant.file)
        every = self.reaching.get(mutant.file, [])
        chosen: dict[str, Reached] = {}
        if statement in headers(mutant.file):  # defaults: run at import, seen by who reads them
            chosen |= {t.name: t for t in self.readers}
        for lines, candidates, budget in [
            ((mutant.line, end), every, self.budget),
            (statement, every, self.budget),
            (function, near, self.budget / 4),
            ((0, 1 << 16), near, self.budget / 8),
        ]:
            mask = (1 << lines[1] + 1) - (1 << lines[0])
            fitting = [t for t in candidates if t.lines[mutant.file] & mask]
            for test in self._ordered(fitting, mutant.file):
                if test.name not in chosen:
                    budget -= test.seconds
                    if budget < 0:
                        break
                    chosen[test.name] = test
            if sum(t.seconds for t in chosen.values()) > self.budget / 2:
                break
        return list(chosen.values())

    def _candidates(self, file: str) -> list[Reached]:
        """The tests of the `FILES` test files that reach most of a file.

        Fewer files are collected sooner, and what is far from the code seldom notices first.
        """
        if file not in self._near:
            share: dict[str, int] = defaultdict(int)
            for test in self.reaching.get(file, ()):
                name = test.name.partition("::")[0]
                share[name] |= test.lines[file]
            best = sorted(share, key=lambda name: -share[name].bit_count())[:FILES]
            # The lines that none of these reaches are looked for in the others.
            covered = 0
            for name in best:
                covered |= share[name]
            for name in share:
                if share[name] & ~covered:
                    best.append(name)
                    covered |= share[name]
            self._near[file] = [
                t for t in self.reaching.get(file, ()) if t.name.partition("::")[0] in best
            ]
        return self._near[file]

    def _ordered(self, tests: list[Reached], file: str) -> list[Reached]:
        """Specific and quick ones first; of tests that differ in a parameter, one by one in turn."""

        def cost(test: Reached) -> float:
            share = test.lines[file].bit_count() / self._breadth[id(test)]
            return (test.seconds + 0.01) / (share + 0.02)

        rounds: dict[str, int] = defaultdict(int)
        ranked = []
        for test in sorted(tests, key=cost):
            name = test.name.partition("[")[0]
            ranked.append((rounds[name] // 3, len(ranked), test))
            rounds[name] += 1
        ranked.sort(key=lambda entry: entry[:2])
        return [test for _, _, test in ranked]


@cache
def _places(file: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Line ranges of the simple statements (or heads of others) and functions of a file."""
    statements, functions = [], []
    for node in ast.walk(ast.parse((ROOT / file).read_bytes())):
        if isinstance(node, _FUNCTIONS):
            functions.append((_first(node), node.end_lineno or node.lineno))
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
            statements.append((_first(node), max(end or 0, node.lineno)))
    return statements, functions


def _first(node: Any) -> int:
    """The first line of a definition or statement; decorators belong to it."""
    return min([d.lineno for d in getattr(node, "decorator_list", ())], default=node.lineno)


@cache
def headers(file: str) -> set[tuple[int, int]]:
    """The lines of the heads of functions: names, parameters and their defaults."""
    return {
        (_first(node), max(node.body[0].lineno - 1, node.lineno))
        for node in ast.walk(ast.parse((ROOT / file).read_bytes()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def around(file: str, start: int, stop: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The statement and the function that lines stand in."""
    found = []
    for ranges in _places(file):
        fitting = [r for r in ranges if r[0] <= start and stop <= r[1]]
        found.append(min(fitting, key=lambda r: r[1] - r[0], default=(start, stop)))
    return found[0], found[1]
