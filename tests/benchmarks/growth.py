"""Time and memory against the number of nodes, the batch and the pixels.

    python -m tests.benchmarks.growth [--chart FILE]

Prints microseconds and bytes per node for chains of 10³ to 10⁶ operations (each size in a fresh
process, with the cycle collector on and off: it makes long builds dearer), and milliseconds per
image and per pixel of a convolution. Linear growth means that these quotients stay level.
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
import json, statistics, sys, time
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
print(json.dumps(statistics.median(times)))
"""


def _measure(program: str, *arguments: object) -> object:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


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


def convolutions() -> tuple[list[float], list[float]]:
    """Milliseconds per image as the batch grows, and per 1,000 pixels as images grow."""
    per_image = []
    for batch in BATCHES:
        seconds = _measure(_CONVOLUTION, batch, 32)
        per_image.append(seconds * 1e3 / batch)
        print(f"batch {batch:4}: {per_image[-1]:.4f} ms per 32×32 image", flush=True)
    per_pixel = []
    for side in SIDES:
        seconds = _measure(_CONVOLUTION, 16, side)
        per_pixel.append(seconds * 1e6 / (16 * side * side))
        print(f"side {side:5}: {per_pixel[-1]:.4f} ms per 1,000 pixels, batch 16", flush=True)
    return per_image, per_pixel


def draw(
    table: dict[str, list[list[float]]], images: list[float], pixels: list[float], path: str
) -> None:
    """Three panels; a level line is linear growth."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    for collect, style in (("on", "--"), ("off", "-")):
        for column, (name, colour) in enumerate((("build", "#0072b2"), ("backward", "#e69f00"))):
            left.plot(
                NODES,
                [row[column] for row in table[collect]],
                style,
                color=colour,
                marker="o",
                label=f"{name}, collector {collect}",
            )
    left.set(xscale="log", xlabel="nodes in a chain", ylabel="µs per node", ylim=(0, None))
    left.legend(fontsize=7)
    middle.plot(BATCHES, images, marker="o", color="#0072b2")
    middle.set(xscale="log", xlabel="batch", ylabel="ms per image", ylim=(0, None))
    right.plot([s * s for s in SIDES], pixels, marker="o", color="#0072b2")
    right.set(xscale="log", xlabel="pixels", ylabel="ms per 1,000 pixels", ylim=(0, None))
    figure.savefig(path)


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
