"""Convolution forward and backward against the other NumPy libraries: HIPS autograd and MyGrad.

    python -m tests.benchmarks.peers --python PATH

PATH is the Python of an environment with ``autograd``, ``mygrad`` and ``scipy`` installed: HIPS's
package bears our import name, so it needs an environment, and its worker a process, of its own.
To make one: ``python -m venv peers && peers/bin/pip install autograd mygrad scipy``.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

#: (N, C, size, O, k): valid convolutions of stride 1, which all the libraries have.
SHAPES = {
    "1x28x28 -> 8, k5, batch 16": (16, 1, 28, 8, 5),
    "6x14x14 -> 16, k5, batch 16": (16, 6, 14, 16, 5),
    "3x32x32 -> 32, k3, batch 16": (16, 3, 32, 32, 3),
    "32x16x16 -> 64, k3, batch 16": (16, 32, 16, 64, 3),
}


def _data(name: str) -> tuple[Any, Any, Any]:
    import numpy as np

    n, c, size, o, k = SHAPES[name]
    rng = np.random.default_rng(0)
    x = rng.normal(size=(n, c, size, size)).astype(np.float32)
    w = rng.normal(size=(o, c, k, k)).astype(np.float32)
    g = rng.normal(size=(n, o, size - k + 1, size - k + 1)).astype(np.float32)
    return x, w, g


def make_hips(name: str) -> Callable[[], Any]:
    """HIPS autograd: its ``scipy.signal.convolve`` over the image axes, summed over channels."""
    import autograd.numpy as anp
    from autograd import grad
    from autograd.scipy.signal import convolve

    x, w, g = _data(name)

    def loss(x: Any, w: Any) -> Any:
        y = convolve(x, w, axes=([2, 3], [2, 3]), dot_axes=([1], [1]), mode="valid")
        return anp.sum(y * g)

    both = grad(loss, (0, 1))
    return lambda: both(x, w)


def make_mygrad(name: str) -> Callable[[], Any]:
    """MyGrad's ``conv_nd``."""
    import mygrad
    from mygrad.nnet.layers import conv_nd

    x, w, g = _data(name)
    x, w = mygrad.tensor(x), mygrad.tensor(w)

    def step() -> Any:
        conv_nd(x, w, stride=1).backward(g)
        return x.grad, w.grad

    return step


def make_ours(name: str) -> Callable[[], Any]:
    """Glassgrad."""
    import autograd as ag

    ag.set_num_threads(1)
    x, w, g = _data(name)
    x, w = ag.tensor(x, requires_grad=True), ag.tensor(w, requires_grad=True)
    return lambda: ag.grad(ag.correlate(x, w), [x, w], g)


MAKERS = {"hips": make_hips, "mygrad": make_mygrad, "glassgrad": make_ours}


def _start(library: str, python: str) -> Any:
    """A worker run as a script, so that only ours has our folder on its path."""
    from .harness import Worker

    here = Path(__file__).resolve()
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    if library == "glassgrad":
        environment["PYTHONPATH"] = str(here.parents[2])
    else:
        environment.pop("PYTHONPATH", None)
    command = [python, str(here), "--worker", library]
    return Worker(library, 1, command, env=environment, cwd=here.parent)


def main() -> int:
    """Measure every shape against every peer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        from harness import serve  # run as a script: the neighbouring file

        serve(options.worker, 1, MAKERS[options.worker])
        return 0
    from .harness import compare, geometric_mean

    for peer in ("hips", "mygrad"):
        ratios = []
        with (
            _start("glassgrad", sys.executable) as ours,
            _start(peer, options.python) as theirs,
        ):
            for result in compare(list(SHAPES), ours, theirs, options.rounds):
                ratios.append(1.0 / result.ratio)
                print(
                    f"{peer:8} {result.name:32} {1.0 / result.ratio:8.1f} times slower", flush=True
                )
        print(f"{peer:8} {'geometric mean':32} {geometric_mean(ratios):8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
