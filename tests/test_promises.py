"""PROMISES.md: every promise names tests, and they are there."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "PROMISES.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::((?:\w+::)?\w+)`", PAGE)
ITEMS = re.findall(r"^- (.*?)(?=^- |^\n|\Z|^#|^[A-Z])", PAGE, flags=re.MULTILINE | re.DOTALL)


@cache
def functions_of(file):
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return functions | {
        f"{one.name}::{node.name}" for one in classes for node in one.body
        if isinstance(node, ast.FunctionDef)
    }  # fmt: skip


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_a_named_test_exists(file, name):
    assert name.rpartition(":")[2].startswith("test_") and name in functions_of(file)


def test_every_promise_names_a_test():
    assert len(ITEMS) > 30
    for item in ITEMS:
        assert re.search(r"`tests/[\w/]+\.py::(\w+::)?test_\w+`", item), item


def test_nothing_else_is_written_like_a_test():
    assert PAGE.count("::test_") == len(NAMED) == len(set(NAMED))


def test_the_oldest_versions_are_those_that_are_declared_and_tried():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == ">=3.11" and "numpy>=2" in project["dependencies"]
    assert '"numpy==2.0.*"' in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
