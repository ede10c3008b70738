"""The tuned constants of the kernels, measured with other values in their place.

    python -m tests.benchmarks.tuning [NAME ...] [--rounds 7] [--factors 0.25 0.5 2 4]

For each constant of ``autograd/kernels/tuning.py``: work that it bears on, timed with a quarter, half,
twice and four times its value (and what is derived from it), in turns with the value it has. The
table shows the median of the ratios, below 1 where the other value is faster. Constants of the
kernels in NumPy are timed without the extension, those of the kernels in C with builds of it for
which the compiler was told the other value: a minute each. Constants that concern threads are timed
on the wall with two threads, all others as processor time with one.
"""

import argparse
import contextlib
import importlib.util
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

import autograd as ag
import nn.functional as F
from autograd.kernels import native, optimizers, threads, tuning
from autograd.kernels.allocator import tune_allocator
from tests import bounds

ROOT = Path(__file__).parents[2]
FACTORS = (0.25, 0.5, 2.0, 4.0)
OF_THREADS = ("WORTHWHILE", "NATIVE_WORTHWHILE", "SPINS", "PIECES", "COST")
HEADER = ROOT / "autograd/kernels/native/tuning.h"
IN_C = dict(re.findall(r"#define TUNED_(\w+) (.+)", HEADER.read_text(encoding="utf-8")))
"""The constants of the kernels in C, and how they are written there."""
IN_C_ONLY = ("NATIVE_WORTHWHILE", "SPINS", "PIECE_ELEMENTS", "PANEL", "FOR_BLAS", "FEW_ROWS")


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
_SMALL_MAP = (64, 128, 8, 8)


def _conv_and_relu() -> Callable[[], object]:
    return _gradient(lambda x, w: F.relu(F.conv2d(F.relu(x), w)), (8, 6, 14, 14), (16, 6, 5, 5))


WORK: dict[str, dict[str, Callable[[], object]]] = {
    "PIECES": {"conv2d": _gradient(*_CONVOLUTION), "matmul 600": _gradient(ag.matmul, (600, 600), (600, 600))},
    "COST": {"relu": _gradient(F.relu, (64, 8, 16, 16)), "max_pool2d": _gradient(lambda x: F.max_pool2d(x, 2), _MAP),
        "layer_norm": _gradient(*_ROWS)},
    "CACHE_BYTES": {"gelu": _gradient(F.gelu, _MAP), "erf": _gradient(ag.erf, _MAP), "layer_norm": _gradient(*_ROWS),
        "adam": _adam(), "batch_norm": _gradient(*_NORM), "conv2d": _gradient(*_CONVOLUTION),
        "8×8": _gradient(_CONVOLUTION[0], _SMALL_MAP, (256, 128, 3, 3))},
    "POOL_BYTES": {"batch_norm": _gradient(*_NORM), "conv2d": _gradient(*_CONVOLUTION)},
    "WORTHWHILE": {"matmul 200": _gradient(ag.matmul, (200, 200), (200, 200))},
    "BLAS_SUMS": {"softmax": _gradient(lambda x: F.softmax(x, 1), (64, 64))},
    "FEW_PIXELS": {"8×8": _gradient(_CONVOLUTION[0], (64, 8, 8, 8), (16, 8, 3, 3)), "14×14": _gradient(_CONVOLUTION[0], (64, 6, 14, 14), (16, 6, 5, 5))},
    "LONG_RUN": {"depthwise": _gradient(lambda x, w: F.conv2d(x, w, padding=1, groups=16), _MAP, (16, 1, 3, 3))},
    "SMALL_SCRATCH": {"layer_norm": _gradient(_ROWS[0], (64, 512), (512,), (512,))},
    "NATIVE_WORTHWHILE": {"matmul 64": _gradient(ag.matmul, (64, 64), (64, 64)), "relu": _gradient(F.relu, (16, 8, 16, 16))},
    "SPINS": {"conv2d, relu": _conv_and_relu()},
    "PIECE_ELEMENTS": {"gelu": _gradient(F.gelu, _MAP), "adam": _adam(), "softmax": _gradient(lambda x: F.softmax(x, 1), (1024, 512)),
        "max_pool2d": _gradient(lambda x: F.max_pool2d(x, 2), _MAP), "batch_norm": _gradient(*_NORM)},
    "PANEL": {"conv2d": _gradient(*_CONVOLUTION), "8×8": _gradient(_CONVOLUTION[0], _SMALL_MAP, (256, 128, 3, 3))},
    "FOR_BLAS": {"matmul 256": _gradient(ag.matmul, (256, 256), (256, 256)), "matmul 400": _gradient(ag.matmul, (400, 400), (400, 400))},
    "FEW_ROWS": {"linear 8": _gradient(F.linear, (8, 256), (256, 256)), "linear 16": _gradient(F.linear, (16, 256), (256, 256))},
}  # fmt: skip


# Other values -------------------------------------------------------------------------------------


def derived(name: str, value: Any) -> dict[str, Any]:
    """What ``tuning`` holds with another value of a constant, where it differs."""
    source = Path(tuning.__file__).read_text(encoding="utf-8")
    changed, times = re.subn(rf"(?m)^({name}\b.*?) = .*", rf"\1 = {value!r}", source)
    assert times == 1, name
    namespace: dict[str, Any] = {}
    exec(changed, namespace)
    return {n: namespace[n] for n in tuning.__all__ if namespace[n] != getattr(tuning, n)}


@contextlib.contextmanager
def in_numpy(name: str, value: Any) -> Iterator[None]:
    """Without the extension, and with another value of a constant."""
    known = (*bounds.declared(), *bounds.COUNTED)
    values = {f"autograd.kernels.tuning.{n}": v for n, v in derived(name, value).items()}
    with in_c(None), bounds.put(**{n: v for n, v in values.items() if n in known}):
        yield


@contextlib.contextmanager
def in_c(library: Any) -> Iterator[None]:
    """With this build of the extension."""
    former, native.library = native.library, library
    try:
        yield
    finally:
        native.library = former


def build(name: str, value: Any, folder: Path) -> Any:
    """The extension, built in ``folder`` with another value of a constant."""
    flags = f"{os.environ.get('GLASSGRAD_NATIVE_FLAGS', '')} -DTUNED_{name}={value}"
    done = subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", f"--build-lib={folder}", f"--build-temp={folder}/temp"],
        cwd=ROOT, env=os.environ | {"GLASSGRAD_NATIVE_FLAGS": flags}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    paths = list(folder.glob("autograd/kernels/native/_native*"))
    if not paths:
        raise RuntimeError(f"the extension was not built:\n{done.stdout}{done.stderr}")
    spec = importlib.util.spec_from_file_location("autograd.kernels.native._native", paths[0])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Measuring ----------------------------------------------------------------------------------------


def measure(
    name: str,
    work: Callable[[], object],
    other: Callable[[], AbstractContextManager[None]],
    usual: Callable[[], AbstractContextManager[None]],
    rounds: int,
) -> float:
    """The median ratio of the time with another value to the time as it is."""
    clock = time.perf_counter if name in OF_THREADS else time.process_time
    ratios = []
    for _ in range(rounds + 1):
        taken = []
        for there in (other, usual):
            with there():
                threads.set_num_threads(2 if name in OF_THREADS else 1)
                work()  # plans are made anew
                start = clock()
                work()
                work()
                taken.append(clock() - start)
        ratios.append(taken[0] / taken[1])
    return statistics.median(ratios[1:])


def _show(name: str, where: str, title: str, value: Any, found: list[float]) -> None:
    print(f"{name:18}{where:7}{title:13}{value:>9}" + "".join(f"{r:8.2f}" for r in found), flush=True)  # fmt: skip


def measure_in_numpy(name: str, values: list[Any], rounds: int) -> None:
    value = getattr(tuning, name)
    for title, work in WORK[name].items():
        found = [
            measure(name, work, lambda v=v: in_numpy(name, v), lambda: in_numpy(name, value), rounds)
            for v in values
        ]  # fmt: skip
        _show(name, "NumPy", title, value, found)


def measure_in_c(name: str, values: list[Any], rounds: int) -> None:
    usual = native.library
    if usual is None:
        print(f"{name:18}{'C':7}{native.status()}")
        return
    with tempfile.TemporaryDirectory() as folder:
        builds = [build(name, v, Path(folder, str(i))) for i, v in enumerate(values)]
        for title, work in WORK[name].items():
            found = [
                measure(name, work, lambda b=b: in_c(b), lambda: in_c(usual), rounds) for b in builds
            ]  # fmt: skip
            _show(name, "C", title, getattr(tuning, name), found)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Tuned constants with other values in their place")
    parser.add_argument("names", nargs="*", default=list(WORK), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--factors", type=float, nargs="+", default=FACTORS)
    options = parser.parse_args(argv)
    tune_allocator()
    print(f"{'':25}{'work':13}{'value':>9}" + "".join(f"{f'× {f:g}':>8}" for f in options.factors))
    for name in options.names:
        values = [max(1, int(getattr(tuning, name) * f)) for f in options.factors]
        if name not in IN_C_ONLY:
            measure_in_numpy(name, values, options.rounds)
        if name in IN_C:
            measure_in_c(name, values, options.rounds)


if __name__ == "__main__":
    main()
