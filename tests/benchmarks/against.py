"""This tree beside an older commit: ``python -m tests.benchmarks.against COMMIT [WORDS…]``.

Either runs in worker processes of its own, which take turns (see ``harness``); the older commit lies in
a temporary worktree. The workloads are this tree's for both. Without the kernels in C, unless
``--native`` is given: what is compared is the Python around NumPy. Import times are those of
``import autograd, nn`` after ``import numpy``, each in a fresh process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .harness import Worker, compare, geometric_mean
from .workloads import MODELS, OTHERS, STEPS

ROOT = Path(__file__).parents[2]
#: Where Python takes longer than NumPy.
SMALL = ["scalar chain", "mlp, 20 layers", *(f"{name}, batch 1" for name in MODELS)]
_SERVE = (
    "import sys, autograd, nn; sys.path.insert(0, {root!r}); sys.argv[1:] = ['glassgrad', '1']; "
    "from tests.benchmarks.worker import main; main()"
)
_IMPORT = (
    "import time, numpy; start = time.process_time(); import autograd, nn; "
    "print(time.process_time() - start)"
)


@contextmanager
def checkout(commit: str) -> Iterator[str]:
    """A worktree of a commit, or a folder that is there already."""
    if os.path.isdir(commit):
        yield os.path.abspath(commit)
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*git, "add", "--detach", folder, commit], check=True, capture_output=True)
        try:
            yield folder
        finally:
            subprocess.run([*git, "remove", "--force", folder], check=True)


def _environment(tree: str, native: bool) -> dict[str, Any]:
    """Where and how a process runs that takes autograd and nn from a tree."""
    out = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"}  # what is imported is compiled once
    env = {k: v for k, v in os.environ.items() if k not in out}
    env |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if not native:
        env["GLASSGRAD_NATIVE"] = "0"
    return {"cwd": tree, "env": env}


def import_times(trees: list[str], native: bool, rounds: int) -> list[list[float]]:
    """Seconds of processor time that an import takes in each tree, round by round."""
    command = [sys.executable, "-c", _IMPORT]
    return [
        [float(subprocess.check_output(command, **_environment(tree, native))) for tree in trees]
        for _ in range(rounds + 1)
    ][1:]  # the first ones compile


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.against", description=__doc__)
    parser.add_argument("commit", help="a commit, or a folder with a checkout")
    parser.add_argument("only", nargs="*", help="words that a workload's name must contain")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--native", action="store_true", help="with the kernels in C, too")
    parser.add_argument("--imports", action="store_true", help="only the time that imports take")
    options = parser.parse_args()
    names = [n for n in [*OTHERS, *STEPS] if any(word in n for word in options.only)] or SMALL
    command = [sys.executable, "-c", _SERVE.format(root=str(ROOT))]
    with checkout(options.commit) as before:
        trees = [str(ROOT), before]
        print(f"{'':32}   now ms  before ms   ratio  (quartiles)")
        if not options.imports:
            ours, theirs = (_environment(tree, options.native) for tree in trees)
            with (
                Worker("now", 1, command, **ours) as a,
                Worker("before", 1, command, **theirs) as b,
            ):
                ratios = []
                for result in compare(names, a, b, options.rounds):
                    ratios.append(result.ratio)
                    print(
                        f"{result.name:32} {result.ours * 1e3:8.3f} {result.theirs * 1e3:10.3f} "
                        f"{result.ratio:7.3f}  ({result.low:.2f}–{result.high:.2f})",
                        flush=True,
                    )
            print(f"{'geometric mean':52} {geometric_mean(ratios):7.3f}")
        if options.imports or not options.only:
            now, then = zip(*import_times(trees, options.native, options.rounds), strict=True)
            new, old = statistics.median(now), statistics.median(then)
            print(f"{'import autograd, nn':32} {new * 1e3:8.1f} {old * 1e3:10.1f} {new / old:7.3f}")


if __name__ == "__main__":
    main()
