"""Single convolutions, forward and backward, side by side with PyTorch.

    python -m tests.benchmarks.convolutions [--threads 1 2] [--batch 64] [--rounds 9] [--only NAME]

Each library runs in a worker process of its own, and they take turns: A B A B. A round's ratio is
our time over PyTorch's in that round; the table shows the median over the rounds, below 1 where we
are faster. With one thread it is processor time, with more the time on the wall. Both sides make
fresh results in every call: output, and gradients of data, weights and bias.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import time
from typing import NamedTuple


class Case(NamedTuple):
    """A convolution of (N, channels, *size); ``transposed`` ones swap the roles of x and y."""

    channels: int
    size: tuple[int, ...]
    outputs: int
    kernel: int
    padding: int = 0
    stride: int = 1
    groups: int = 1
    dilation: int = 1
    transposed: bool = False
    output_padding: int = 0
    batch: int | None = None


CASES = {
    "1x28x28 -> 8, k5": Case(1, (28, 28), 8, 5),
    "6x14x14 -> 16, k5": Case(6, (14, 14), 16, 5),
    "3x32x32 -> 32, k3": Case(3, (32, 32), 32, 3, 1),
    "32x32x32 -> 64, k3": Case(32, (32, 32), 64, 3, 1),
    "64x16x16 -> 128, k3": Case(64, (16, 16), 128, 3, 1),
    "128x8x8 -> 256, k3": Case(128, (8, 8), 256, 3, 1),
    "32x32x32 -> 64, k3, stride 2": Case(32, (32, 32), 64, 3, 1, 2),
    "64x16x16 -> 128, k1": Case(64, (16, 16), 128, 1),
}
"""The table whose geometric mean is aimed at."""

MORE = {
    "1x8x8 -> 8, k3": Case(1, (8, 8), 8, 3, 1),
    "8x8x8 -> 16, k3": Case(8, (8, 8), 16, 3, 1),
    "16x4x4 -> 32, k3": Case(16, (4, 4), 32, 3, 1),
    "256x4x4 -> 256, k3": Case(256, (4, 4), 256, 3, 1),
    "3x32x32 -> 16, k7, stride 2": Case(3, (32, 32), 16, 7, 3, 2),
    "64x16x16 -> 128, k1, stride 2": Case(64, (16, 16), 128, 1, 0, 2),
    "64x16x16 depthwise, k3": Case(64, (16, 16), 64, 3, 1, groups=64),
    "64x16x16 depthwise, k3, stride 2": Case(64, (16, 16), 64, 3, 1, 2, groups=64),
    "32x16x16 -> 64, k3, 4 groups": Case(32, (16, 16), 64, 3, 1, groups=4),
    "32x16x16 -> 32, k3, dilation 2": Case(32, (16, 16), 32, 3, 2, dilation=2),
    "32x8x8 -> 16 transposed, k4, stride 2": Case(32, (8, 8), 16, 4, 1, 2, transposed=True),
    "16x16x16 -> 1 transposed, k3, stride 2": Case(
        16, (16, 16), 1, 3, 1, 2, transposed=True, output_padding=1
    ),
    "16x128 -> 32, k5 (1d)": Case(16, (128,), 32, 5, 2),
    "8x8x16x16 -> 16, k3 (3d)": Case(8, (8, 16, 16), 16, 3, 1, batch=8),
    "16x28x28 -> 32, k3": Case(16, (28, 28), 32, 3, 1),
    "48x12x12 -> 96, k3": Case(48, (12, 12), 96, 3, 1),
}
"""Shapes beside the table: small, strided, grouped, dilated, transposed, 1-d and 3-d."""


def our_step(case: Case, batch: int):
    """A function that runs one forward and backward pass with our kernels."""
    import numpy as np

    from autograd.arguments import Window
    from autograd.kernels.conv.correlation import correlate, correlate_input, correlate_weight

    rank = len(case.size)
    rng = np.random.default_rng(0)
    window = Window.read("", rank, case.kernel, case.stride, case.padding, case.dilation)
    geometry = {"window": window, "groups": case.groups}

    def image(*shape):
        return rng.normal(size=shape).astype(np.float32)

    x = image(batch, case.channels, *case.size)
    kernel = (case.kernel,) * rank
    axes = (0, *range(2, 2 + rank))
    if case.transposed:
        w = rng.normal(size=(case.channels, case.outputs, *kernel)).astype(np.float32)
        b = np.zeros((1, case.outputs, *[1] * rank), np.float32)
        out = tuple(n + case.output_padding for n in window.inputs(case.size))
        g = image(batch, case.outputs, *out)

        def step():
            y = correlate_input(x, w, input_shape=out, **geometry)
            y += b
            dx = correlate(g, w, **geometry)
            dw = correlate_weight(g, x, **geometry)
            return y, dx, dw, g.sum(axes)
    else:
        w = rng.normal(size=(case.outputs, case.channels // case.groups, *kernel))
        w = w.astype(np.float32)
        b = np.zeros(case.outputs, np.float32)
        g = image(*correlate(x, w, b, **geometry).shape)

        def step():
            y = correlate(x, w, b, **geometry)
            dx = correlate_input(g, w, input_shape=case.size, **geometry)
            dw = correlate_weight(x, g, **geometry)
            return y, dx, dw, g.sum(axes)

    return step


def torch_step(case: Case, batch: int):
    """The same with PyTorch."""
    import torch

    rank = len(case.size)
    x = torch.randn(batch, case.channels, *case.size, requires_grad=True)
    kernel = (case.kernel,) * rank
    b = torch.zeros(case.outputs, requires_grad=True)
    options = dict(
        stride=case.stride, padding=case.padding, dilation=case.dilation, groups=case.groups
    )
    if case.transposed:
        w = torch.randn(case.channels, case.outputs, *kernel, requires_grad=True)
        convolve = getattr(torch.nn.functional, f"conv_transpose{rank}d")
        options["output_padding"] = case.output_padding
    else:
        w = torch.randn(case.outputs, case.channels // case.groups, *kernel, requires_grad=True)
        convolve = getattr(torch.nn.functional, f"conv{rank}d")
    g = torch.randn(convolve(x, w, b, **options).shape)

    def step():
        y = convolve(x, w, b, **options)
        return y, torch.autograd.grad(y, (x, w, b), g)

    return step


def work(library: str, threads: int) -> None:
    """A worker: reads a case a line, warms it up; or ``run``, and answers with the time it took."""
    if library == "torch":
        import torch

        torch.set_num_threads(threads)
        make = torch_step
    else:
        from autograd.kernels.allocator import tune_allocator
        from autograd.kernels.threads import set_num_threads

        tune_allocator()
        set_num_threads(threads)
        make = our_step
    clock = time.process_time if threads == 1 else time.perf_counter
    step, repeats = None, 1
    for line in sys.stdin:
        request = json.loads(line)
        if "case" in request:
            step = make(Case(*request["case"]), request["batch"])
            for _ in range(3):
                start = time.perf_counter()
                step()
                took = time.perf_counter() - start
            repeats = max(1, round(0.02 / took))
            print(json.dumps(repeats), flush=True)
            continue
        start = clock()
        for _ in range(repeats):
            step()
        print(json.dumps((clock() - start) / repeats), flush=True)


class Worker:
    """A library in a process of its own."""

    def __init__(self, library: str, threads: int) -> None:
        # The variables bind the libraries that NumPy or PyTorch load; ours to one, see `threads`.
        limits = {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "tests.benchmarks.convolutions",
                "--worker",
                library,
                str(threads),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **limits},
        )

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *exception) -> None:
        self.process.stdin.close()
        self.process.wait()


def compare(cases: dict[str, Case], batch: int, threads: int, rounds: int):
    """Yield (name, ours in seconds, theirs, ratio) for each case: medians over the rounds."""
    with Worker("ours", threads) as ours, Worker("torch", threads) as theirs:
        for name, case in cases.items():
            for worker in (ours, theirs):
                worker.ask(case=case, batch=case.batch or batch)
            times = [(ours.ask(run=1), theirs.ask(run=1)) for _ in range(rounds)]
            yield (
                name,
                *(statistics.median(t) for t in zip(*times, strict=True)),
                statistics.median(a / b for a, b in times),
            )


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Convolutions side by side with PyTorch")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--batch", type=int, nargs="+", default=[64])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    parser.add_argument("--worker", nargs=2, metavar=("LIBRARY", "THREADS"), help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.worker:
        return work(options.worker[0], int(options.worker[1]))
    for threads in options.threads:
        for batch in options.batch:
            print(f"\nbatch {batch}, {threads} thread(s)".ljust(44), "ours ms  PyTorch ms   ratio")
            for title, group in (("the table", CASES), ("others", MORE)):
                cases = {k: v for k, v in group.items() if options.only in k}
                ratios = []
                for name, ours, theirs, ratio in compare(cases, batch, threads, options.rounds):
                    print(
                        f"{name:42} {ours * 1e3:9.3f} {theirs * 1e3:11.3f} {ratio:7.2f}", flush=True
                    )
                    ratios.append(ratio)
                if ratios:
                    mean = math.exp(statistics.fmean(map(math.log, ratios)))
                    print(f"{'geometric mean, ' + title:64} {mean:7.2f}")


if __name__ == "__main__":
    main()
