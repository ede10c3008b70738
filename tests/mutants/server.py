"""Runs tests on mutants: one pytest session, collected once, and a forked child for every mutant."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.mutants import plant
from tests.mutants.choose import around
from tests.mutants.operators import ROOT, Mutant
from tests.mutants.reach import PLAIN, Reached, at_import

#: A mutant may need this many times as long as the test takes, and that many seconds more.
SLOWER, GRACE = 30.0, 20.0
MEMORY = 6 << 30
#: How many test files a process of its own collects; what is left goes to another one.
FEW = 4


@dataclass
class Outcome:
    """What became of a mutant: "killed", "survived", "untested" or "explained", and how."""

    mutant: Mutant
    status: str
    how: str = ""
    tests: int = 0
    seconds: float = 0.0


@dataclass
class _Run:
    """A child at work."""

    mutant: Mutant | None
    tests: list[Reached]
    fresh: bool
    fd: int
    pid: int
    folder: str
    before: int = 0  # tests that other processes ran on the same mutant
    rest: list[Reached] = field(default_factory=list)  # tests for which another process is started
    started: float = field(default_factory=time.monotonic)
    deadline: float = 0.0
    text: str = ""
    at: int = -1  # the test that is running
    timed_out: bool = False

    def __post_init__(self) -> None:
        self.deadline = self.started + (180.0 if self.fresh else 60.0)


class Server:
    """A pytest plugin that, in the place of running the tests, runs mutants.

    Args:
        mutants: what is to be run, drawn one by one.
        choose: gives the tests of a mutant.
        done: is told every outcome.
        jobs: how many children work at a time.
    """

    def __init__(
        self,
        mutants: Iterable[Mutant],
        choose: Callable[[Mutant], list[Reached]],
        done: Callable[[Outcome], None],
        jobs: int,
    ) -> None:
        self.mutants: Iterator[Mutant] = iter(mutants)
        self.choose, self.done, self.jobs = choose, done, jobs
        self.trusted: set[str] = set()  # tests that pass here without any mistake
        self.unreliable: set[str] = set()
        self.started: dict[Mutant, float] = {}

    def pytest_sessionstart(self) -> None:
        without_shrinking()

    def pytest_runtestloop(self, session: Any) -> bool:
        self.session = session
        if importlib.util.find_spec("torch"):  # once, not in every child
            importlib.import_module("torch").set_num_threads(1)
        self.items = {item.nodeid: item for item in session.items}
        self.live = plant.live_functions()
        self.scratch = tempfile.mkdtemp(prefix="mutants-")
        self.runs: dict[int, _Run] = {}
        try:
            more = True
            while more or self.runs:
                while more and len(self.runs) < self.jobs:
                    mutant = next(self.mutants, None)
                    more = mutant is not None
                    if mutant is not None:
                        self._begin(mutant)
                self._wait()
        finally:
            for run in self.runs.values():
                _kill(run.pid)
            shutil.rmtree(self.scratch, ignore_errors=True)
        return True

    # Children --------------------------------------------------------------------------------------

    def _begin(self, mutant: Mutant) -> None:
        self.started[mutant] = time.monotonic()
        tests = [t for t in self.choose(mutant) if t.name in self.items]
        tests = [t for t in tests if t.name not in self.unreliable]
        if not tests:
            return self._finish(mutant, "untested", "no test runs it")
        self._fork(mutant, tests)

    def _fork(self, mutant: Mutant | None, tests: list[Reached]) -> None:
        read, write = os.pipe()
        folder = tempfile.mkdtemp(dir=self.scratch)
        pid = os.fork()
        if not pid:
            status = 1
            try:
                os.close(read)
                _settle(folder)
                self._child(mutant, tests, write, folder)
                status = 0
            except BaseException:
                os.write(write, f"X {json.dumps(traceback.format_exc()[-2000:])}\n".encode())
            finally:
                os._exit(status)
        os.close(write)
        self.runs[read] = _Run(mutant, tests, False, read, pid, folder)

    def _child(self, mutant: Mutant | None, tests: list[Reached], write: int, folder: str) -> None:
        if mutant is not None:
            source = mutant.source((ROOT / mutant.file).read_bytes())
            if plant.module_name(mutant.file) not in sys.modules:
                plant.plant_before_import(mutant.file, source)
            elif not plant.plant(mutant.file, source, self.live):
                os.write(write, b"F\n")
                return
        factory = self.session.config._tmp_path_factory
        factory._basetemp = Path(folder).resolve()
        run_items([self.items[t.name] for t in tests], write)

    def _fresh(self, mutant: Mutant, tests: list[Reached], before: int = 0) -> None:
        """A process of its own, which imports the mutated module; only a few files are collected."""
        tests, rest = of_few_files(tests)
        read, write = os.pipe()
        folder = tempfile.mkdtemp(dir=self.scratch)
        source = mutant.source((ROOT / mutant.file).read_bytes())
        task = {
            "file": mutant.file,
            "source": base64.b64encode(source).decode(),
            "tests": [t.name for t in tests],
            "write": write,
            "folder": folder,
        }
        path = Path(folder) / "task.json"
        path.write_text(json.dumps(task))
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.mutants.fresh", str(path)],
            cwd=ROOT,
            pass_fds=[write],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        process.returncode = 0  # it is waited for by its number, with the forked ones
        os.close(write)
        self.runs[read] = _Run(mutant, tests, True, read, process.pid, folder, before, rest)

    def _wait(self) -> None:
        if not self.runs:
            return
        ready, _, _ = select.select(list(self.runs), [], [], 0.5)
        for fd, run in [(fd, self.runs[fd]) for fd in ready]:
            if self.runs.get(fd) is not run:  # ended meanwhile, by a wait inside of this one
                continue
            data = os.read(fd, 1 << 16)
            if data:
                run.text += data.decode()
                last = [line for line in run.text.splitlines() if line.startswith("S ")]
                at = int(last[-1][2:]) if last and run.text.endswith("\n") else run.at
                if at != run.at:
                    run.at = at
                    limit = GRACE + SLOWER * run.tests[at].seconds
                    run.deadline = time.monotonic() + limit
            else:
                self._ended(run)
        for run in list(self.runs.values()):
            if self.runs.get(run.fd) is run and time.monotonic() > run.deadline:
                run.timed_out = True
                self._ended(run)

    # Outcomes --------------------------------------------------------------------------------------

    def _ended(self, run: _Run) -> None:
        del self.runs[run.fd]
        os.close(run.fd)
        _kill(run.pid)
        shutil.rmtree(run.folder, ignore_errors=True)
        verdicts = [line for line in run.text.splitlines() if not line.startswith("S ")]
        verdict = verdicts[-1] if verdicts else ""
        name = run.tests[run.at].name if run.at >= 0 else ""
        failed = run.timed_out or verdict[:1] != "A"
        if run.mutant is None:
            (self.unreliable if failed else self.trusted).add(run.tests[0].name)
            return
        if verdict == "F":
            self._fresh(run.mutant, run.tests)
        elif not failed:
            if run.rest:
                self._fresh(run.mutant, run.rest, run.before + len(run.tests))
            elif run.fresh or not self._runs_at_import(run.mutant):
                self._finish(run.mutant, "survived", tests=run.before + len(run.tests))
            else:
                self._fresh(run.mutant, run.tests)
        else:
            how = "time" if run.timed_out else name
            if not verdict and not run.timed_out:
                how = f"crash in {name}" if name else "crash"
            if verdict[:1] == "X":
                how = f"import: {json.loads(verdict[2:]).strip().splitlines()[-1]}"
            self._killed(run, name, how)

    @cached_property
    def imported(self) -> dict[str, int]:
        """The lines that ran at import."""
        return at_import()

    def _runs_at_import(self, mutant: Mutant) -> bool:
        """Whether something that the mistaken function made at import may still be in use."""
        _, (start, stop) = around(mutant.file, mutant.line, mutant.line)
        inside = (1 << stop + 1) - (1 << start + 1)  # its first line is run by ``def`` itself
        return bool(self.imported.get(mutant.file, 0) & inside)

    def _killed(self, run: _Run, name: str, how: str) -> None:
        assert run.mutant is not None
        if name and name not in self.trusted:  # does it pass without the mistake?
            test = run.tests[run.at]
            self._fork(None, [test])
            while any(
                other.mutant is None and other.tests[0] is test for other in self.runs.values()
            ):
                self._wait()
            if name in self.unreliable:
                return self._begin(run.mutant)
        self._finish(run.mutant, "killed", how, run.before + run.at + 1)

    def _finish(self, mutant: Mutant, status: str, how: str = "", tests: int = 0) -> None:
        seconds = time.monotonic() - self.started.pop(mutant)
        self.done(Outcome(mutant, status, how, tests, seconds))


def of_few_files(tests: list[Reached]) -> tuple[list[Reached], list[Reached]]:
    """The tests of the first `FEW` files, and the others."""
    files = list(dict.fromkeys(t.name.partition("::")[0] for t in tests))[:FEW]
    first = [t for t in tests if t.name.partition("::")[0] in files]
    return first, [t for t in tests if t.name.partition("::")[0] not in files]


def run_items(items: list[Any], write: int) -> None:
    """Runs tests until one fails, and writes what happens: S number, K name, A for all passed."""
    from _pytest.runner import runtestprotocol
    from _pytest.warnings import catch_warnings_for_item

    for number, item in enumerate(items):
        os.write(write, f"S {number}\n".encode())
        following = items[number + 1] if number + 1 < len(items) else None
        # What a test's marks say of warnings holds here, too.
        with catch_warnings_for_item(item.config, item.ihook, "runtest", item):
            reports = runtestprotocol(item, nextitem=following, log=False)
        if any(report.failed for report in reports):
            os.write(write, f"K {item.nodeid}\n".encode())
            return
    os.write(write, b"A\n")


def without_shrinking() -> None:
    """Hypothesis stops at the first failure: a mutant needs no smallest example."""
    from hypothesis import Phase, settings

    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", settings.get_profile("glassgrad"), phases=phases)
    settings.load_profile("mutants")


def _settle(folder: str) -> None:
    """What a child does first: silent, in a group of its own, with bounded memory."""
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(silence, fd)
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _kill(pid: int) -> None:
    """Ends a child that we started, and all that it started."""
    for end in (os.killpg, os.kill):
        try:
            end(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        pass


def serve(server: Server, files: list[str]) -> int:
    """Collects the test files and lets the server work in the place of running them."""
    arguments = ["-q", "-m", PLAIN, "-p", "no:cacheprovider", "--no-header", *files]
    return int(pytest.main(arguments, plugins=[server]))
