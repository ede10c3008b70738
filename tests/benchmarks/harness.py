"""Side-by-side timing: each library in a worker process of its own, taking turns over pipes.

One process per library, because allocator tuning, thread pools and warm caches of one would serve
the other. The workers take turns, A B A B; a round's ratio is our time over theirs in that round,
and what is reported is the median of the ratios: the machine's speed drifts, so an absolute time
means little. With one thread processor time is compared, with more the time on the wall. Every
call makes fresh results, as a user's program would.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

#: How long one timed measurement should last, in seconds.
MEASUREMENT = 0.05


class Result(NamedTuple):
    """Medians over the rounds: seconds of ours and theirs, and the pairwise ratio with its spread."""

    name: str
    ours: float
    theirs: float
    ratio: float
    low: float
    high: float


class Worker:
    """A library in a persistent process; ``command`` may start one in another environment."""

    def __init__(
        self, library: str, threads: int, command: list[str] | None = None, **how: Any
    ) -> None:
        limits = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        if command is None:
            command = [sys.executable, "-m", "tests.benchmarks.worker", library, str(threads)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            **{"env": {**os.environ, **limits}, **how},
        )

    def ask(self, **request: Any) -> Any:
        """Send a request, wait for the answer."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the worker ended during {request}")
        answer = json.loads(line)
        if isinstance(answer, dict) and "error" in answer:
            raise RuntimeError(answer["error"])
        return answer

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(
    names: list[str],
    ours: Worker,
    theirs: Worker,
    rounds: int = 9,
) -> Iterator[Result]:
    """Time workloads in both workers, alternating, and yield a result for each."""
    for name in names:
        for worker in (ours, theirs):
            worker.ask(prepare=name)
        pairs = [(ours.ask(run=1), theirs.ask(run=1)) for _ in range(rounds)]
        ratios = sorted(a / b for a, b in pairs)
        first, second = zip(*pairs, strict=True)
        yield Result(
            name,
            statistics.median(first),
            statistics.median(second),
            statistics.median(ratios),
            ratios[len(ratios) // 4],
            ratios[-1 - len(ratios) // 4],
        )


def serve(library: str, threads: int, make: Callable[[str], Callable[[], Any]]) -> None:
    """A worker's loop: prepare a workload, run it, tell the seconds per call."""
    clock = time.process_time if threads == 1 else time.perf_counter
    step: Callable[[], Any] | None = None
    repeats = 1
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "prepare" in request:
                step = None  # what the last workload held is given back first
                step = make(request["prepare"])
                took = 1.0
                for _ in range(3):
                    start = time.perf_counter()
                    step()
                    took = time.perf_counter() - start
                repeats = max(1, min(1000, round(MEASUREMENT / max(took, 1e-6))))
                answer: Any = repeats
            elif "peak" in request:
                answer = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB on Linux
            else:
                assert step is not None
                start = clock()
                for _ in range(repeats):
                    step()
                answer = (clock() - start) / repeats
        except Exception as error:
            answer = {"error": f"{library}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def geometric_mean(values: list[float]) -> float:
    """Geometric mean, the fair average of ratios."""
    return statistics.geometric_mean(values)
