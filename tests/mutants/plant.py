"""A mutant put into a running process, or into one that is about to import the package.

Functions that are alive are given the mutated code: whoever holds them, as a gradient rule or a
method, then runs it. What ran at import (constants, defaults, decorators) needs a fresh process.
"""

from __future__ import annotations

import gc
import importlib.machinery
import importlib.util
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from types import CodeType, FunctionType, ModuleType
from typing import Any

from tests.mutants.operators import ROOT


def module_name(file: str) -> str:
    """The dotted name of a file of the packages."""
    name = file.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def live_functions() -> dict[CodeType, list[FunctionType]]:
    """The functions of the packages that exist, by their code."""
    found = defaultdict(list)
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename.startswith(str(ROOT)):
            found[thing.__code__].append(thing)
    return found


def plant(file: str, mutated: bytes, live: dict[CodeType, list[FunctionType]]) -> bool:
    """Gives the functions that are alive the code of the mutated file.

    Returns:
        False where that does not reach the mistake, since it ran at import: nothing is changed then.
    """
    path = str(ROOT / file)
    old = compile((ROOT / file).read_bytes(), path, "exec", dont_inherit=True)
    new = compile(mutated, path, "exec", dont_inherit=True)
    pairs = list(_pairs(old, new, None))
    if any(pair is None for pair in pairs):
        return False
    changes: list[tuple[FunctionType, CodeType]] = []
    reached: set[int] = set()  # pairs of which some function runs the new code
    for number, (before, after, parent) in enumerate(pairs):
        functions = live.get(before, ())
        if functions and len(before.co_freevars) != len(after.co_freevars):
            return False
        changes += [(function, after) for function in functions]
        if functions or parent in reached:
            reached.add(number)
        elif _own(before) != _own(after):
            return False
    for function, code in changes:
        function.__code__ = code
    return True


def _pairs(
    old: CodeType, new: CodeType, parent: int | None, count: list[int] | None = None
) -> Iterator[Any]:
    """Codes of the same place in both, numbered outermost first; None where the places differ."""
    count = [0] if count is None else count
    number = count[0]
    count[0] += 1
    yield old, new, parent
    inner, other = ([c for c in code.co_consts if isinstance(c, CodeType)] for code in (old, new))
    if [c.co_name for c in inner] != [c.co_name for c in other]:
        yield None
        return
    for a, b in zip(inner, other, strict=True):
        yield from _pairs(a, b, number, count)


def _own(code: CodeType) -> tuple:
    """What a code does by itself, without the functions inside of it and where it stands."""
    constants = [(type(c), c) for c in code.co_consts if not isinstance(c, CodeType)]
    arguments = code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags
    return code.co_code, repr(constants), code.co_names, code.co_varnames, arguments


class Mutated(importlib.machinery.SourceFileLoader):
    """Finds and loads one module with the mistake in it. First on `sys.meta_path`."""

    def __init__(self, file: str, mutated: bytes) -> None:
        super().__init__(module_name(file), str(ROOT / file))
        self.mutated = mutated

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> Any:
        if name != self.name:
            return None
        package = [str((ROOT / self.path).parent)] if self.path.endswith("__init__.py") else None
        return importlib.util.spec_from_file_location(
            name, self.path, loader=self, submodule_search_locations=package
        )

    def get_code(self, fullname: str) -> CodeType:
        return compile(self.mutated, self.path, "exec", dont_inherit=True)


def plant_before_import(file: str, mutated: bytes) -> None:
    """The module of ``file`` is the mutated one when it is imported."""
    assert module_name(file) not in sys.modules
    sys.meta_path.insert(0, Mutated(file, mutated))  # type: ignore[arg-type]
