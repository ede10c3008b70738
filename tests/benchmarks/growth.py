"""Time and memory against the number of nodes, the batch and the pixels.

    python -m tests.benchmarks.growth [--chart FILE]

Prints microseconds and bytes per node for chains of 10³ to 10⁶ operations (each size in a fresh
process, with the cycle collector on and off: it makes long builds dearer), and milliseconds and
peak bytes of arrays per image and per pixel of a convolution. Linear growth means that these
quotients stay level.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys

NODES = (10**3, 10**4, 10**5, 10**6)
BATCHES = (1, 4, 16, 64, 256)
SIDES = (8, 16, 32, 64, 128)

_CHAIN = """
import gc, json, resource, sys, time
import autograd as ag
n, collect = int(sys.argv[1]), sys.argv[2] == "on"
a = ag.tensor(0.999, requires_grad=True)
(a * a).backward()
gc.collect()
gc.enable() if collect else gc.disable()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
y = a
for _ in range(n):
    y = y * a
built = time.process_time()
y.backward()
went = time.process_time()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
del y
freed = time.process_time()
print(json.dumps([built - start, went - built, freed - went, (peak - before) * 1024 / n]))
"""

_CONVOLUTION = """
import json, statistics, sys, time, tracemalloc
import numpy as np, autograd as ag
ag.set_num_threads(1)
batch, side = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(0)
x = ag.tensor(rng.normal(size=(batch, 8, side, side)).astype("f"), requires_grad=True)
w = ag.tensor(rng.normal(size=(16, 8, 3, 3)).astype("f"), requires_grad=True)
def step():
    ag.correlate(x, w, padding=1).sum().backward()
step(); step()
times = []
for _ in range(7):
    start = time.process_time(); step(); times.append(time.process_time() - start)
x.grad = w.grad = None
tracemalloc.start()
step()
print(json.dumps([statistics.median(times), tracemalloc.get_traced_memory()[1]]))
"""


def _measure(program: str, *arguments: object) -> list[float]:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: list[float] = json.loads(done.stdout)
    return figures


def chains(rounds: int = 3) -> dict[str, list[list[float]]]:
    """For both states of the collector: [build, backward, free] µs and bytes per node."""
    table: dict[str, list[list[float]]] = {}
    for collect in ("on", "off"):
        rows = table[collect] = []
        for n in NODES:
            runs = [_measure(_CHAIN, n, collect) for _ in range(rounds)]
            medians = [statistics.median(column) for column in zip(*runs, strict=True)]
            row = [*(t * 1e6 / n for t in medians[:3]), medians[3]]
            rows.append(row)
            print(
                f"{n:9,} nodes, collector {collect:3}:  build {row[0]:5.2f}  backward {row[1]:5.2f}"
                f"  free {row[2]:5.2f} µs per node,  {row[3]:6.0f} bytes per node",
                flush=True,
            )
    return table


def convolutions() -> tuple[list[list[float]], list[list[float]]]:
    """[ms, kB] per image as the batch grows, and per 1,000 pixels as images grow."""
    per_image, per_pixel = [], []
    for batch in BATCHES:
        seconds, peak = _measure(_CONVOLUTION, batch, 32)
        per_image.append([seconds * 1e3 / batch, peak / 1e3 / batch])
        time, memory = per_image[-1]
        print(f"batch {batch:4}: {time:.4f} ms, {memory:6.0f} kB per 32×32 image", flush=True)
    for side in SIDES:
        seconds, peak = _measure(_CONVOLUTION, 16, side)
        pixels = 16 * side * side
        per_pixel.append([seconds * 1e6 / pixels, peak / pixels])
        time, memory = per_pixel[-1]
        print(
            f"side {side:5}: {time:.4f} ms, {memory:6.0f} kB per 1,000 pixels, batch 16", flush=True
        )
    return per_image, per_pixel


def draw(
    table: dict[str, list[list[float]]],
    images: list[list[float]],
    pixels: list[list[float]],
    path: str,
) -> None:
    """Time above, memory below; a level line is linear growth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    plt.rcParams["svg.hashsalt"] = "growth"
    figure, (times, memories) = plt.subplots(2, 3, figsize=(11, 5.6), layout="constrained")
    for collect, style in (("on", "--"), ("off", "-")):
        for column, (name, colour) in enumerate((("build", "#0072b2"), ("backward", "#e69f00"))):
            times[0].plot(
                NODES,
                [row[column] for row in table[collect]],
                style,
                color=colour,
                marker="o",
                label=f"{name}, collector {collect}",
            )
    times[0].legend(fontsize=7)
    memories[0].plot(NODES, [row[3] for row in table["off"]], marker="o", color="#009e73")
    for row, (place, unit, colour) in enumerate(
        ((times, "ms", "#0072b2"), (memories, "kB", "#009e73"))
    ):
        for column, where, rows, per in (
            (1, BATCHES, images, "image of 32×32"),
            (2, [s * s for s in SIDES], pixels, "1,000 pixels"),
        ):
            place[column].plot(where, [each[row] for each in rows], marker="o", color=colour)
            place[column].set(ylabel=f"{unit} per {per}")
    times[0].set(ylabel="µs per node")
    memories[0].set(ylabel="bytes per node")
    for place in (times, memories):
        for axes, label in zip(place, ("nodes in a chain", "batch", "pixels"), strict=True):
            axes.set(xscale="log", xlabel=label, ylim=(0, 1.08 * axes.dataLim.ymax))
    figure.savefig(path, metadata={"Date": None} if path.endswith("svg") else None)


def main() -> None:
    """Measure and print; draw where asked to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chart")
    options = parser.parse_args()
    table = chains()
    images, pixels = convolutions()
    if options.chart:
        draw(table, images, pixels, options.chart)


if __name__ == "__main__":
    main()
