"""Two dozen small models in public styles: the time of a training step, ours over PyTorch's.

    python -m tests.benchmarks.small_models                 # all of them, one thread
    python -m tests.benchmarks.small_models gpt vae --threads 2 --rounds 9

Every model is written once (``tests/spelling/models.py`` and ``more_models.py``, in PyTorch's spelling)
and run with either library. Each library has a process of its own; they take turns, and the ratio is the median over
the rounds of the ratio of a turn: of CPU time with one thread, of wall time with more.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
import warnings
from typing import Any

import numpy as np

from tests.benchmarks import more_models
from tests.spelling import models

MODELS = models.MODELS | more_models.MODELS

BATCH = 8
#: Whose text is about a batch of 2 (episodes of two steps, graphs of two nodes).
OF_TWO = ("gpt", "actor_critic", "dqn", "gcn")
#: Steps in a turn take about so many seconds.
TURN = 0.03


def data(batch: int) -> dict[str, Any]:
    """What the models are given, by the names that they know it by."""
    draw = np.random.default_rng(0)
    return {
        "images": draw.normal(size=(batch, 3, 6, 6)).astype(np.float32),
        "noise": draw.normal(size=(batch, 5)).astype(np.float32),
        "tokens": draw.integers(0, 7, (batch, 6)),
        "labels": draw.integers(0, 4, batch),
    }


def step_of(library: str, model_name: str, threads: int) -> Any:
    """A training step of a model in a library: forward, backward and SGD."""
    if library == "torch":
        import torch
        import torch.nn.functional as F
        from torch import nn

        torch.set_num_threads(threads)
    else:
        import autograd as torch  # type: ignore[no-redef]
        import nn  # type: ignore[no-redef]
        import nn.functional as F  # type: ignore[no-redef]

        torch.set_num_threads(threads)
    torch.manual_seed(0)
    names: dict[str, Any] = {"torch": torch, "nn": nn, "F": F, "math": math, "__name__": "model"}
    exec(compile(MODELS[model_name], "<model>", "exec"), names)
    model, loss = names["model"], names["loss"]
    optimizer = (torch if library == "torch" else nn).optim.SGD(model.parameters(), lr=1e-4)
    batch = 2 if model_name in OF_TWO else BATCH
    given = {name: torch.tensor(value) for name, value in data(batch).items()}

    def step() -> None:
        optimizer.zero_grad()
        loss(model, given).backward()
        optimizer.step()

    return step


def work(library: str, threads: int) -> None:
    """Answer the orders that come in by lines: the name of a model, or the number of steps to time."""
    warnings.simplefilter("ignore")
    clock = time.process_time if threads == 1 else time.perf_counter
    step: Any = None
    for line in sys.stdin:
        order = json.loads(line)
        try:
            if isinstance(order, str):
                step = step_of(library, order, threads)
                for _ in range(3):
                    step()
                order = 5
            begin = clock()
            for _ in range(order):
                step()
            answer: Any = (clock() - begin) / order
        except Exception as error:
            answer = f"{type(error).__name__}: {error}".splitlines()[0]
        print(json.dumps(answer), flush=True)


class Worker:
    """A process that runs the models with one library."""

    def __init__(self, library: str, threads: int) -> None:
        words = [
            sys.executable,
            "-m",
            __spec__.name,
            "--worker",
            library,
            "--threads",
            str(threads),
        ]
        names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        self._process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | dict.fromkeys(names, str(threads)),
        )  # fmt: skip

    def ask(self, order: Any) -> Any:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        print(json.dumps(order), file=stdin, flush=True)
        return json.loads(stdout.readline())

    def end(self) -> None:
        self._process.communicate()


def compare(names: list[str], threads: int, rounds: int) -> dict[str, float]:
    """The ratio for each model; what does not run is said."""
    ours, theirs = (Worker(library, threads) for library in ("ours", "torch"))
    found: dict[str, float] = {}
    try:
        for name in names:
            first = [worker.ask(name) for worker in (ours, theirs)]
            if any(isinstance(answer, str) for answer in first):
                print(f"{name:24s} does not run: {[a for a in first if isinstance(a, str)][0]}")
                continue
            steps = max(1, round(TURN / max(first)))
            turns = [(ours.ask(steps), theirs.ask(steps)) for _ in range(rounds)]
            found[name] = statistics.median(a / b for a, b in turns)
            a, b = (1e3 * statistics.median(times) for times in zip(*turns, strict=True))
            print(f"{name:24s} {found[name]:5.2f}   {a:7.3f} ms, PyTorch {b:7.3f}", flush=True)
    finally:
        ours.end()
        theirs.end()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(MODELS)}")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(given.worker, given.threads)
        return
    if unknown := [name for name in given.names if name not in MODELS]:
        parser.error(f"there is no model {unknown[0]!r}")
    found = compare(given.names or list(MODELS), given.threads, given.rounds)
    if found:
        print(f"{'median':24s} {statistics.median(found.values()):5.2f}   {len(found)} models")


if __name__ == "__main__":
    main()
