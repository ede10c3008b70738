"""Which tests are run for a mutant: those that run its line, the most specific and quickest first.

What runs at import (constants, tables, defaults, decorators, the bodies of classes) is run by no
test; there the tests count that run a line which uses the names that it binds.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cache

from tests.mutants import imports
from tests.mutants.imports import FUNCTIONS, first_line, tree_of
from tests.mutants.operators import Mutant
from tests.mutants.reach import Reached

#: How many test files are near to a file of the source.
FILES = 6
#: Tests that read signatures and run no line of what they test.
READERS = re.compile(r"test_signatures\.py|::test_defaults")


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
        self.files = {t.name.partition("::")[0] for tests in self.reaching.values() for t in tests}
        self._near: dict[str, list[Reached]] = {}
        self._known: dict[tuple[str, int, int], list[Reached]] = {}
        self._by_cost: dict[str, list[Reached]] = {}
        self._breadth = {
            id(test): sum(bits.bit_count() for bits in test.lines.values())
            for tests in self.reaching.values()
            for test in tests
        }

    def choose(self, mutant: Mutant) -> list[Reached]:
        """The tests for a mutant, in order."""
        key = mutant.file, mutant.line, mutant.line + mutant.text.count("\n")
        if key not in self._known:
            self._known[key] = self._choose(mutant)
        return self._known[key]

    def _choose(self, mutant: Mutant) -> list[Reached]:
        end = mutant.line + mutant.text.count("\n")
        statement, function = around(mutant.file, mutant.line, end)
        near = self._candidates(mutant.file)
        every = self._sorted(mutant.file)
        chosen: dict[str, Reached] = {}
        if statement in headers(mutant.file):  # defaults: run at import, seen by who reads them
            chosen |= {t.name: t for t in self.readers}
        mask = _mask(mutant.line, end)
        if imports.runs_at_import(mutant.file, mutant.line):
            self._add_users(chosen, mutant)
        elif not any(t.lines[mutant.file] & mask for t in every):  # called by what runs at import
            self._add_users(chosen, mutant)
        for lines, candidates, budget in [
            (mask, every, self.budget),
            (_mask(*statement), every, self.budget),
            (_mask(*function), near, self.budget / 4),
            (_mask(0, 1 << 16), near, self.budget / 8),
        ]:
            fitting = [t for t in candidates if t.lines[mutant.file] & lines]
            self._add(chosen, _in_turn(fitting), budget)
            if sum(t.seconds for t in chosen.values()) > self.budget / 2:
                break
        return list(chosen.values())

    def _add(self, chosen: dict[str, Reached], tests: Iterable[Reached], budget: float) -> None:
        """Adds tests, in order, while their time lasts."""
        for test in tests:
            if test.name not in chosen:
                budget -= test.seconds
                if budget < 0:
                    break
                chosen[test.name] = test

    def _add_users(self, chosen: dict[str, Reached], mutant: Mutant) -> None:
        """Adds tests that are called after what a line binds at import, or run lines that use it."""
        names = imports.bound(mutant.file, mutant.line)
        here = self.reaching.get(mutant.file, [])
        word = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, sorted(names)))})(?![^\W_])")
        files = {file: word.search(imports.text_of(file)) for file in self.files} if names else {}

        def says(test: Reached) -> bool:
            return bool(files[test.name.partition("::")[0]])

        if names:
            named = [t for t in here if word.search(t.name)]
            self._add(chosen, self._ordered(named, mutant.file), self.budget / 2)
        uses = imports.uses_of(mutant.file, names)
        for file in sorted(uses, key=lambda file: file != mutant.file):
            fitting = [t for t in self.reaching.get(file, ()) if t.lines[file] & uses[file]]
            tests = self._ordered(fitting, file)
            tests.sort(key=lambda t: not says(t))
            self._add(chosen, tests, self.budget / (1 if file == mutant.file else 4))
        if names:  # a class whose methods are all another's
            saying = [t for t in here if says(t)]
            self._add(chosen, self._ordered(saying, mutant.file), self.budget / 4)

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
            self._near[file] = [t for t in self._sorted(file) if t.name.partition("::")[0] in best]
        return self._near[file]

    def _ordered(self, tests: Iterable[Reached], file: str) -> list[Reached]:
        """Some of those that reach a file: specific and quick ones first, parameters in turn."""
        wanted = {id(test) for test in tests}
        return _in_turn([test for test in self._sorted(file) if id(test) in wanted])

    def _sorted(self, file: str) -> list[Reached]:
        """All tests that reach a file, specific and quick ones first."""

        def cost(test: Reached) -> float:
            share = test.lines[file].bit_count() / self._breadth[id(test)]
            return (test.seconds + 0.01) / (share + 0.02)

        if file not in self._by_cost:
            self._by_cost[file] = sorted(self.reaching.get(file, ()), key=cost)
        return self._by_cost[file]


def _in_turn(tests: list[Reached]) -> list[Reached]:
    """Of tests that differ in a parameter three at a time, the others when all had their turn."""
    rounds: dict[str, int] = defaultdict(int)
    ranked = []
    for test in tests:
        name = test.name.partition("[")[0]
        ranked.append((rounds[name] // 3, len(ranked), test))
        rounds[name] += 1
    ranked.sort(key=lambda entry: entry[:2])
    return [test for _, _, test in ranked]


def _mask(first: int, last: int) -> int:
    """The bits of lines."""
    return (1 << last + 1) - (1 << first)


@cache
def _places(file: str) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Line ranges of the simple statements (or heads of others) and functions of a file."""
    statements, functions = [], []
    for node in ast.walk(tree_of(file)):
        if isinstance(node, FUNCTIONS):
            functions.append((first_line(node), node.end_lineno or node.lineno))
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            end = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno
            statements.append((first_line(node), max(end or 0, node.lineno)))
    return statements, functions


@cache
def headers(file: str) -> set[tuple[int, int]]:
    """The lines of the heads of functions: names, parameters and their defaults."""
    return {
        (first_line(node), max(node.body[0].lineno - 1, node.lineno))
        for node in ast.walk(tree_of(file))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


def around(file: str, start: int, stop: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """The statement and the function that lines stand in."""
    found = []
    for ranges in _places(file):
        fitting = [r for r in ranges if r[0] <= start and stop <= r[1]]
        found.append(min(fitting, key=lambda r: r[1] - r[0], default=(start, stop)))
    return found[0], found[1]
