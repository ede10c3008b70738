"""The way in: Python frames and calls from a layer to the matrix product, and back to its gradients.

    python -m tests.benchmarks.calls           the figures of each case
    python -m tests.benchmarks.calls --walk    every hop, too

A *frame* is one that stands on the stack when `np.matmul` is reached, from ``Conv2d.__call__`` on;
a *call* is one of a Python function on the whole way, counted by `sys.setprofile`. Both say how far
somebody has to step with a debugger, and neither depends on how busy the machine is. One thread is
used: with more, pieces are handed to helpers, where no stack leads back.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

import autograd
import nn

ROOT = Path(__file__).parents[2]

#: name: batch, input channels, size, output channels
CASES = {
    "one small image (im2col)": (1, 3, 8, 4),
    "8 images (im2col)": (8, 3, 16, 8),
    "32 images (im2col)": (32, 3, 16, 8),
}


class Hop(NamedTuple):
    """One function on the way."""

    function: str
    place: str


class Figures(NamedTuple):
    """What one case comes to.

    Attributes:
        forward: the frames to the first matrix product, outermost first.
        calls: names of all Python functions that one forward pass calls, in order.
        backward: the frames to the first matrix product of the backward pass.
        back: names of the functions called from ``y.backward(g)`` to ``weight.grad``.
    """

    forward: list[Hop]
    calls: list[str]
    backward: list[Hop]
    back: list[str]


def called(function: Callable[[], Any]) -> list[str]:
    """The Python functions that are called while ``function`` runs, itself apart."""
    names: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if event == "call":
            names.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        function()
    finally:
        sys.setprofile(None)
    return names[1:]


def walked(function: Callable[[], Any]) -> list[Hop]:
    """The stack at the first `np.matmul`, from ``function`` on."""
    hops: list[Hop] = []
    real = np.matmul

    def watched(*args: Any, **kwargs: Any) -> Any:
        frame = sys._getframe(1) if not hops else None
        while frame is not None and frame.f_code is not function.__code__:
            path = Path(frame.f_code.co_filename)
            inside = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
            hops.append(Hop(frame.f_code.co_qualname, f"{inside}:{frame.f_lineno}"))
            frame = frame.f_back
        return real(*args, **kwargs)

    np.matmul = watched  # type: ignore[assignment]
    try:
        function()
    finally:
        np.matmul = real
    return hops[::-1]


def measure(batch: int, channels: int, size: int, outputs: int) -> Figures:
    """Figures of a 3 × 3 convolution with bias, whose input needs no gradient.

    Everything that is made or cached at the first call is there before.
    """
    threads = autograd.get_num_threads()
    autograd.set_num_threads(1)
    layer = nn.Conv2d(channels, outputs, 3, padding=1)
    x = autograd.ones(batch, channels, size, size)
    g = np.ones(layer(x).shape, np.float32)
    try:
        layer(x).backward(g)
        forward, calls = walked(lambda: layer(x)), called(lambda: layer(x))
        first, second = layer(x), layer(x)
        backward, back = walked(lambda: first.backward(g)), called(lambda: second.backward(g))
    finally:
        autograd.set_num_threads(threads)
    return Figures(forward, calls, backward, back)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--walk", action="store_true", help="print every hop")
    walk = parser.parse_args().walk
    for name, case in CASES.items():
        figures = measure(*case)
        print(
            f"{name}: forward {len(figures.forward)} frames, {len(figures.calls)} calls; "
            f"backward {len(figures.backward)} frames, {len(figures.back)} calls"
        )
        if walk:
            for way, hops in (("x", figures.forward), ("g", figures.backward)):
                for hop in hops:
                    print(f"    {way}  {hop.function:32} {hop.place}")


if __name__ == "__main__":
    main()
