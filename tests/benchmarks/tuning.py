"""The tuned constants of the NumPy kernels, measured with other values in their place.

    GLASSGRAD_NATIVE=0 python -m tests.benchmarks.tuning [NAME ...] [--rounds 7]

For each constant of ``autograd/kernels/tuning.py``: work that it bears on, timed with a quarter, half,
twice and four times its value, in turns with the value it has. The table shows the median of the
ratios, below 1 where the other value is faster. Those that concern threads are timed on the wall
with two threads, all others as processor time with one.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
import nn.functional as F
from autograd.kernels import optimizers, threads, tuning
from autograd.kernels.allocator import tune_allocator
from tests.bounds import put

FACTORS = (0.25, 0.5, 2.0, 4.0)
OF_THREADS = ("WORTHWHILE", "PIECES", "COST", "ROW_COST")


def _data(*shape: int) -> Any:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def _gradient(f: Callable[..., Any], *shapes: tuple[int, ...]) -> Callable[[], object]:
    inputs = [ag.as_tensor(_data(*shape)).requires_grad_() for shape in shapes]
    return lambda: ag.grad(f(*inputs).sum(), inputs)


def _adam() -> Callable[[], object]:
    p, g, m, v = _data(1_000_000), _data(1_000_000), _data(1_000_000), abs(_data(1_000_000))
    return lambda: optimizers.adam(p, g, m, v, step=1, lr=1e-3, eps=1e-8)


_MAP = (64, 16, 32, 32)
_CONVOLUTION = (lambda x, w: F.conv2d(x, w, padding=1), _MAP, (32, 16, 3, 3))
_NORM = (lambda x, w, b: F.batch_norm(x, None, None, w, b, True), _MAP, (16,), (16,))
_ROWS = (lambda x, w, b: F.layer_norm(x, (512,), w, b), (1024, 512), (512,), (512,))

WORK: dict[str, dict[str, Callable[[], object]]] = {
    "WORTHWHILE": {"matmul 200": _gradient(ag.matmul, (200, 200), (200, 200))},
    "PIECES": {"conv2d": _gradient(*_CONVOLUTION), "matmul 600": _gradient(ag.matmul, (600, 600), (600, 600))},
    "COST": {"relu": _gradient(F.relu, (64, 8, 16, 16)), "max_pool2d": _gradient(lambda x: F.max_pool2d(x, 2), _MAP)},
    "ROW_COST": {"layer_norm": _gradient(*_ROWS)},
    "BLAS_ALONE": {"matmul 60": _gradient(ag.matmul, (60, 60), (60, 60))},
    "VECTOR_ALONE": {"batch_norm": _gradient(*_NORM), "softmax": _gradient(lambda x: F.softmax(x, 1), (64, 8192))},
    "BLAS_SUMS": {"softmax": _gradient(lambda x: F.softmax(x, 1), (64, 64))},
    "BLOCK": {"gelu": _gradient(F.gelu, _MAP), "erf": _gradient(ag.erf, _MAP), "layer_norm": _gradient(*_ROWS), "adam": _adam()},
    "PASS_BLOCK": {"batch_norm": _gradient(*_NORM)},
    "COLUMN_BYTES": {"conv2d": _gradient(*_CONVOLUTION), "8×8": _gradient(_CONVOLUTION[0], (64, 128, 8, 8), (256, 128, 3, 3))},
    "FEW_PIXELS": {"8×8": _gradient(_CONVOLUTION[0], (64, 8, 8, 8), (16, 8, 3, 3)), "14×14": _gradient(_CONVOLUTION[0], (64, 6, 14, 14), (16, 6, 5, 5))},
    "LONG_RUN": {"depthwise": _gradient(lambda x, w: F.conv2d(x, w, padding=1, groups=16), _MAP, (16, 1, 3, 3))},
    "POOL_BYTES": {"batch_norm": _gradient(*_NORM)},
    "SMALL_SCRATCH": {"layer_norm": _gradient(_ROWS[0], (64, 512), (512,), (512,))},
}  # fmt: skip


def measure(name: str, work: Callable[[], object], value: Any, rounds: int) -> float:
    """The median ratio of the time with ``value`` to the time as it is."""
    clock = time.perf_counter if name in OF_THREADS else time.process_time
    ratios = []
    for _ in range(rounds + 1):
        taken = []
        for here in (value, getattr(tuning, name)):
            with put(**{f"autograd.kernels.tuning.{name}": here}):
                work()  # plans are made anew
                start = clock()
                work()
                work()
                taken.append(clock() - start)
        ratios.append(taken[0] / taken[1])
    return statistics.median(ratios[1:])


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Tuned constants with other values in their place")
    parser.add_argument("names", nargs="*", default=list(WORK))
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args(argv)
    tune_allocator()
    print(f"{'':16}{'work':16}{'value':>12}" + "".join(f"{f'× {f:g}':>8}" for f in FACTORS))
    for name in options.names:
        threads.set_num_threads(2 if name in OF_THREADS else 1)
        value = getattr(tuning, name)
        for title, work in WORK[name].items():
            found = [
                measure(name, work, type(value)(max(1, value * f)), options.rounds) for f in FACTORS
            ]
            print(
                f"{name:16}{title:16}{value:12}" + "".join(f"{r:8.2f}" for r in found), flush=True
            )


if __name__ == "__main__":
    main()
