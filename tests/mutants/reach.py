"""Which test runs which lines: measured by `coverage`, kept in ``.mutants/``, one record a test file.

A record is measured again when its test file has changed. When a file of the package has changed,
the lines of the record are moved along with the text (`difflib`), which is near enough to choose tests.
"""

from __future__ import annotations

import difflib
import hashlib
import os
import pickle
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.mutants.operators import ROOT

CACHE = ROOT / ".mutants"
#: What is run; the comparisons with PyTorch only where it is installed.
PLAIN = "not slow and not fuzz and not browser"
PACKAGES = ("autograd", "nn")


class Reached(NamedTuple):
    """One test: how long it took, whether it passed, and the lines it ran, a bit for each."""

    name: str
    seconds: float
    passed: bool
    lines: dict[str, int]


def test_files() -> list[str]:
    """The suite's files, by their path from the root."""
    return sorted(p.relative_to(ROOT).as_posix() for p in (ROOT / "tests").rglob("test_*.py"))


def reach(jobs: int = 1, files: Iterable[str] | None = None, echo: Any = print) -> list[Reached]:
    """Every test of the plain suite with the lines it runs; what is not known is measured first.

    Args:
        jobs: how many processes measure.
        files: test files; default all.
        echo: is told what is being measured.
    """
    CACHE.mkdir(exist_ok=True)
    (CACHE / ".gitignore").write_text("*\n")
    wanted = list(test_files() if files is None else files)
    stale = [name for name in wanted if not _record(name).exists()]
    if stale:
        echo(f"measuring which lines {len(stale)} test files run ...")
        _measure(stale, jobs)
    texts: dict[str, dict[int, int] | None] = {}
    tests = []
    for name in wanted:
        record = _record(name)
        if record.exists():  # else a file without tests of the plain suite
            saved = pickle.loads(record.read_bytes())
            tests += [
                Reached(*rest, dict(_moved(lines, saved["sources"], texts)))
                for *rest, lines in saved["tests"]
            ]
    return tests


def at_import() -> dict[str, int]:
    """The lines that run when the packages are imported, each file's as the bits of one integer."""
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        names = [
            path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
            for package in PACKAGES
            for path in sorted((ROOT / package).rglob("*.py"))
            if path.name not in ("__main__.py", "_clash.py") and "exercises" not in path.parts
        ]
        program = (
            "import coverage, importlib\n"
            f"cov = coverage.Coverage(data_file={data!r}, source={list(PACKAGES)!r}, "
            "config_file=False, messages=False)\n"
            f"cov.start()\nfor name in {names!r}:\n"
            "    try: importlib.import_module(name.removesuffix('.__init__'))\n"
            "    except ImportError: pass\n"
            "cov.stop(); cov.save()"
        )
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
        return _lines(data).get("", {})


def _record(name: str) -> Path:
    digest = hashlib.sha256((ROOT / name).read_bytes()).hexdigest()[:16]
    return CACHE / f"{name.replace('/', '-')}-{digest}.reach"


def _measure(files: list[str], jobs: int) -> None:
    """Runs the files in ``jobs`` processes, each under `coverage`."""
    queue, running = list(files), []
    while queue or running:
        while queue and len(running) < jobs:
            name = queue.pop(0)
            command = [sys.executable, "-m", "tests.mutants.reach", name]
            running.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL))
        running = [process for process in running if process.poll() is None]
        time.sleep(0.05)


class _Recorder:
    """The plugin of one measuring run: a context of `coverage` for every test."""

    def __init__(self, cov: Any) -> None:
        self.cov = cov
        self.seconds: dict[str, float] = defaultdict(float)
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: Any, nextitem: Any) -> Iterator[None]:
        self.cov.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.cov.switch_context("")

    def pytest_runtest_logreport(self, report: Any) -> None:
        self.seconds[report.nodeid] += report.duration
        if not report.passed:
            self.failed.add(report.nodeid)


def _measure_here(name: str) -> None:
    import coverage

    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        source = [str(ROOT / package) for package in PACKAGES]
        cov = coverage.Coverage(data_file=data, source=source, config_file=False, messages=False)
        recorder = _Recorder(cov)
        cov.start()
        pytest.main(["-q", "-m", PLAIN, "-p", "no:cacheprovider", name], plugins=[recorder])
        cov.stop()
        cov.save()
        lines = _lines(data)
    tests = [
        (test, seconds, test not in recorder.failed, lines.get(test, {}))
        for test, seconds in recorder.seconds.items()
    ]
    sources = {file: (ROOT / file).read_text() for file in {f for t in lines.values() for f in t}}
    CACHE.mkdir(exist_ok=True)
    record = _record(name)
    for old in CACHE.glob(f"{name.replace('/', '-')}-*.reach"):
        old.unlink()
    saved = {"tests": tests, "sources": sources}
    record.write_bytes(pickle.dumps(saved))


def _lines(data: str) -> dict[str, dict[str, int]]:
    """Lines by test and file, each file's as the bits of one integer."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    with sqlite3.connect(data) as connection:
        rows = connection.execute(
            "select context.context, file.path, line_bits.numbits from line_bits "
            "join context on context.id = context_id join file on file.id = file_id"
        )
        for context, path, bits in rows:
            file = Path(path).relative_to(ROOT).as_posix()
            found[context][file] = int.from_bytes(bits, "little")
    return found


def _moved(
    lines: dict[str, int], sources: dict[str, str], moves: dict[str, dict[int, int] | None]
) -> Iterator[tuple[str, int]]:
    """The lines a test ran, as they are numbered in the files of today."""
    for file, bits in lines.items():
        key = f"{file} {hash(sources[file])}"
        if key not in moves:
            moves[key] = _move(file, sources[file])
        move = moves[key]
        if move is None:
            yield file, bits
        elif move:
            new = 0
            for old, now in move.items():
                if bits >> old & 1:
                    new |= 1 << now
            yield file, new


def _move(file: str, old: str) -> dict[int, int] | None:
    """Where each line of the old text is now; None where nothing has changed."""
    path = ROOT / file
    new = path.read_text() if path.exists() else ""
    if new == old:
        return None
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    result = {}
    for _, i1, i2, j1, j2 in matcher.get_opcodes():
        for offset in range(max(i2 - i1, j2 - j1)):  # changed lines: all the new for all the old
            if i1 < i2 and j1 < j2:
                result[min(i1 + offset, i2 - 1) + 1] = min(j1 + offset, j2 - 1) + 1
    return result


if __name__ == "__main__":
    _measure_here(sys.argv[1])
