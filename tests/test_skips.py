"""What a run of the suite says at its end: one line for all tests skipped for the same reason."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.parametrize("k", range(7))
def test_of_one_kind(k):
    pytest.skip("no moon tonight")

@pytest.mark.skip(reason="no sun, either")
def test_of_another(): ...

def test_that_runs(): ...
"""

#: With a worker, where that is installed: its reports travel, and come back as other types.
WAYS = [[], ["-n", "1"]] if importlib.util.find_spec("xdist") else [[]]


def run(folder, *options):
    (folder / "test_moon.py").write_text(TESTS, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider",
         *options, str(folder)],
        capture_output=True, text=True, cwd=Path(__file__).parents[1],
    ).stdout  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_skips_of_a_kind_are_one_line(tmp_path, way):
    told = run(tmp_path, *way)
    lines = [line for line in told.splitlines() if " skipped: " in line]
    assert lines == ["7 skipped: no moon tonight", "1 skipped: no sun, either"], told
    assert "1 passed, 8 skipped" in told


def test_where_skips_are_forbidden_none_is_left(tmp_path):
    told = run(tmp_path, "--forbid-skips")
    assert " skipped: " not in told and "7 failed, 1 passed, 1 error" in told, told
