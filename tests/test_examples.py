"""The examples in docstrings run and print what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

from nn.lesson import exercise

ROOT = Path(__file__).parents[1]


def modules_with_examples():
    for package in ("autograd", "nn"):
        for file in sorted((ROOT / package).rglob("*.py")):
            if ">>> " in file.read_text(encoding="utf-8"):
                parts = file.relative_to(ROOT).with_suffix("").parts
                yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("name", list(modules_with_examples()))
def test_examples(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some save files
    # One registers an exercise: it is in no lesson but its own.
    monkeypatch.setattr(exercise, "_REGISTERED", dict(exercise._REGISTERED))
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.attempted
    assert not result.failed
