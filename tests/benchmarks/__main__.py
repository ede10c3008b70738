"""All benchmarks side by side with PyTorch: ``python -m tests.benchmarks``.

Prints a table of ratios (ours / theirs, below 1 where we are faster), saves it as JSON, and with
``--chart FILE`` draws it. Without PyTorch it compares with the figures saved at the last commit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .harness import Result, Worker, compare, geometric_mean
from .workloads import CONVOLUTIONS, OTHERS, STEPS

LATEST = "tests/benchmarks/latest.json"


def choose(only: list[str]) -> list[str]:
    """The workloads whose name contains one of the given words; all by default."""
    names = [*STEPS, *OTHERS]
    return [n for n in names if not only or any(word in n for word in only)]


def run(names: list[str], threads: int, rounds: int) -> list[Result]:
    """Measure against PyTorch, printing each line as it comes."""
    print(f"\n{threads} thread(s)".ljust(42), "ours ms  PyTorch ms   ratio  (quartiles)")
    results = []
    with Worker("glassgrad", threads) as ours, Worker("torch", threads) as theirs:
        for result in compare(names, ours, theirs, rounds):
            results.append(result)
            print(
                f"{result.name:38} {result.ours * 1e3:10.3f} {result.theirs * 1e3:11.3f} "
                f"{result.ratio:7.2f}  ({result.low:.2f}–{result.high:.2f})",
                flush=True,
            )
    convolutions = [r.ratio for r in results if r.name in CONVOLUTIONS]
    if convolutions:
        print(f"{'geometric mean of the convolutions':60} {geometric_mean(convolutions):8.2f}")
    return results


def peak_memory(name: str) -> dict[str, float]:
    """Peak resident MiB of each library for some steps of a model, each in a fresh process."""
    peaks = {}
    for library in ("glassgrad", "torch"):
        with Worker(library, 1) as worker:
            worker.ask(prepare=name)
            worker.ask(run=1)
            peaks[library] = worker.ask(peak=1)
    return peaks


def alone(names: list[str], threads: int, rounds: int) -> dict[str, float]:
    """Our own medians in seconds, where there is nothing to compare with."""
    import statistics

    figures = {}
    with Worker("glassgrad", threads) as ours:
        for name in names:
            ours.ask(prepare=name)
            figures[name] = statistics.median(ours.ask(run=1) for _ in range(rounds))
    return figures


def against_last_commit(names: list[str], threads: int, rounds: int, path: Path) -> None:
    """Compare with the figures that the last commit saved, where PyTorch is missing."""
    shown = subprocess.run(
        ["git", "show", f"HEAD:{path.as_posix()}"], capture_output=True, text=True, check=False
    )
    before: dict[str, Any] = json.loads(shown.stdout) if shown.returncode == 0 else {}
    saved = before.get("threads", {}).get(str(threads), {})
    print(f"\nPyTorch is not installed: {threads} thread(s), against the last commit's figures")
    for name, seconds in alone(names, threads, rounds).items():
        old = saved.get(name, {}).get("ours")
        change = f"{seconds / old:7.2f} of before" if old else "   (no figure saved)"
        print(f"{name:38} {seconds * 1e3:10.3f} ms {change}", flush=True)


def draw(results: dict[str, dict[str, dict[str, float]]], path: str) -> None:
    """The table as a chart: one bar per workload and thread count, with a line at 1."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "ratios"
    names = list(next(iter(results.values())))
    figure, axes = plt.subplots(figsize=(8, 0.28 * len(names) + 1.2), layout="constrained")
    width = 0.8 / len(results)
    for k, (threads, rows) in enumerate(results.items()):
        places = [i + (k - (len(results) - 1) / 2) * width for i in range(len(names))]
        label = f"{threads} thread" + ("s" if threads != "1" else "")
        bars = [rows[n]["ratio"] for n in names]
        axes.barh(places, bars, width, label=label, color=("#0072b2", "#e69f00")[k % 2])
    axes.axvline(1.0, color="black", linewidth=1)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlabel("time, as a multiple of PyTorch's (left of the line: faster)")
    axes.legend(loc="upper right")
    figure.savefig(path, metadata={"Date": None} if path.endswith("svg") else None)


def main() -> int:
    """Parse arguments, measure, print, save."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", help="words that a workload's name must contain")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument(
        "--json", help=f"where to save; by default {LATEST}, if everything is measured"
    )
    parser.add_argument("--chart", help="draw the ratios into this file (svg, png)")
    parser.add_argument("--memory", action="store_true", help="peak memory of the vgg step too")
    options = parser.parse_args()
    names = choose(options.only)
    if importlib.util.find_spec("torch") is None:
        for threads in options.threads:
            against_last_commit(names, threads, options.rounds, Path(options.json or LATEST))
        return 0
    saved: dict[str, dict[str, dict[str, float]]] = {}
    for threads in options.threads:
        results = run(names, threads, options.rounds)
        saved[str(threads)] = {r.name: r._asdict() for r in results}  # type: ignore[misc]
    if options.memory:
        peaks = peak_memory("vgg, batch 64")
        ratio = peaks["glassgrad"] / peaks["torch"]
        print(
            f"\npeak memory, vgg, batch 64: {peaks['glassgrad']:.0f} MiB, "
            f"PyTorch {peaks['torch']:.0f} MiB, ratio {ratio:.2f}"
        )
    if options.json or not options.only:
        text = json.dumps({"threads": saved}, indent=1)
        Path(options.json or LATEST).write_text(text + "\n")
    if options.chart:
        draw(saved, options.chart)
    return 0


if __name__ == "__main__":
    sys.exit(main())
