"""Norms, activations, pooling, losses and optimizers over a sweep of shapes, side by side with PyTorch.

    python -m tests.benchmarks.layers [WORD ...] [--threads 1 2] [--rounds 5] [--above 1.0]

One figure is a forward pass and the gradients of data and parameters, or one step of an optimizer.
Words choose workloads by the beginnings of their names.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .harness import Worker, compare, geometric_mean, serve
from .workloads import Library, Step

Make = Callable[[Library], Step]


def _normal(shape: tuple[int, ...], seed: int = 0) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def layer(build: Callable[[Any], Any], *shape: int) -> Make:
    """A layer's forward pass, and the gradients of its data and parameters."""

    def workload(library: Library) -> Step:
        module = build(library.nn)
        x = library.tensor(_normal(shape), True)

        def forward() -> Any:
            y = module(x)
            return y[0] if isinstance(y, tuple) else y

        g = library.tensor(_normal(tuple(forward().shape), 1))
        inputs = [x, *module.parameters()]
        return lambda: library.grad(forward(), inputs, g)

    return workload


def loss(build: Callable[[Library], Any], *shape: int) -> Make:
    """A loss of logits and classes, and the gradient of the logits."""

    def workload(library: Library) -> Step:
        criterion = build(library)
        x = library.tensor(_normal(shape), True)
        classes = np.random.default_rng(1).integers(0, shape[1], (shape[0], *shape[2:]))
        targets = library.tensor(classes)
        return lambda: library.grad(criterion(x, targets), [x])

    return workload


def embedding(count: int, width: int, *shape: int) -> Make:
    """Rows of a table, and the gradient of the table."""

    def workload(library: Library) -> Step:
        module = library.nn.Embedding(count, width)
        indices = library.tensor(np.random.default_rng(1).integers(0, count, shape))
        g = library.tensor(_normal((*shape, width), 1))
        return lambda: library.grad(module(indices), [module.weight], g)

    return workload


def optimizer(build: Callable[[Any, Any], Any], shapes: list[tuple[int, ...]]) -> Make:
    """One step over parameters that have gradients."""

    def workload(library: Library) -> Step:
        parameters = [library.nn.Parameter(library.tensor(_normal(s))) for s in shapes]
        for p, s in zip(parameters, shapes, strict=True):
            p.grad = library.tensor(_normal(s, 1))
        step: Step = build(library.optim, parameters).step
        return step

    return workload


#: Rows: few and short, as in the middle, many and short, long.
ROWS = [(8, 16), (64, 512), (4096, 16), (4096, 768)]
IMAGES = [(4, 16, 8, 8), (16, 32, 16, 16), (64, 64, 32, 32)]
FLAT = [(8, 16), (64, 512), (64, 64, 32, 32)]
CLASSES = [(8, 10), (64, 10), (64, 1000), (4096, 50)]
TABLES = [(100, 16, 8, 16), (5000, 64, 32, 128), (30000, 256, 8, 64)]
PARAMETERS = {
    "40 of 64x64": [(64, 64)] * 40,
    "120 of 32": [(32,)] * 120,
    "1 of 1000x1000": [(1000, 1000)],
}
ACTIVATIONS = (
    "ReLU", "GELU", "SiLU", "Tanh", "Sigmoid", "ELU", "LeakyReLU", "Softplus", "Mish", "Hardswish", "PReLU",
)  # fmt: skip


def _workloads() -> dict[str, Make]:
    made: dict[str, Make] = {}

    def layers(name: str, shapes: list[Any], build: Callable[[Any, Any], Any]) -> None:
        for s in shapes:
            made[f"{name}, {'x'.join(map(str, s))}"] = layer(lambda nn, s=s: build(nn, s), *s)

    def losses(name: str, shapes: list[Any], build: Callable[[Library, int], Any]) -> None:
        for s in shapes:
            made[f"{name}, {'x'.join(map(str, s))}"] = loss(lambda lib, s=s: build(lib, s[1]), *s)

    layers("layer_norm", ROWS, lambda nn, s: nn.LayerNorm(s[-1]))
    layers("rms_norm", ROWS, lambda nn, s: nn.RMSNorm(s[-1]))
    layers("group_norm", IMAGES, lambda nn, s: nn.GroupNorm(4, s[1]))
    layers("instance_norm", IMAGES, lambda nn, s: nn.InstanceNorm2d(s[1], affine=True))
    layers("batch_norm", IMAGES, lambda nn, s: nn.BatchNorm2d(s[1]))
    layers("batch_norm of rows", ROWS[:2], lambda nn, s: nn.BatchNorm1d(s[1]))
    layers("softmax", ROWS, lambda nn, s: nn.Softmax(-1))
    layers("log_softmax", ROWS, lambda nn, s: nn.LogSoftmax(-1))
    layers("softmax of channels", IMAGES, lambda nn, s: nn.Softmax(1))
    for name in ACTIVATIONS:
        layers(name.lower(), FLAT, lambda nn, s, name=name: getattr(nn, name)())
    layers("max_pool", IMAGES, lambda nn, s: nn.MaxPool2d(2))
    layers("max_pool with indices", IMAGES, lambda nn, s: nn.MaxPool2d(2, return_indices=True))
    layers("avg_pool", IMAGES, lambda nn, s: nn.AvgPool2d(2))
    layers("lp_pool", IMAGES, lambda nn, s: nn.LPPool2d(2, 2))
    layers("global average", IMAGES, lambda nn, s: nn.AdaptiveAvgPool2d(1))
    weights = lambda lib, n: lib.tensor(np.linspace(0.5, 1.5, n, dtype=np.float32))
    losses("cross_entropy", [*CLASSES, (4, 21, 32, 32)], lambda lib, n: lib.nn.CrossEntropyLoss())
    losses(
        "cross_entropy with weights",
        CLASSES,
        lambda lib, n: lib.nn.CrossEntropyLoss(weights(lib, n)),
    )
    losses(
        "cross_entropy smoothed",
        CLASSES,
        lambda lib, n: lib.nn.CrossEntropyLoss(label_smoothing=0.1),
    )
    losses("nll_loss", CLASSES, lambda lib, n: lib.nn.NLLLoss())
    losses("nll_loss with weights", CLASSES, lambda lib, n: lib.nn.NLLLoss(weights(lib, n)))
    for count, width, *shape in TABLES:
        made[f"embedding {count}x{width}, {shape[0]}x{shape[1]}"] = embedding(count, width, *shape)
    for name, shapes in PARAMETERS.items():
        made[f"sgd, {name}"] = optimizer(lambda o, p: o.SGD(p, 0.01, momentum=0.9), shapes)
        made[f"adam, {name}"] = optimizer(lambda o, p: o.Adam(p, 0.01), shapes)
        made[f"adamw, {name}"] = optimizer(lambda o, p: o.AdamW(p, 0.01), shapes)
    return made


WORKLOADS = _workloads()


def main() -> None:
    """Parse arguments, measure, print."""
    if sys.argv[1:2] == ["--worker"]:
        library = Library(sys.argv[2], int(sys.argv[3]))
        serve(sys.argv[2], int(sys.argv[3]), lambda name: WORKLOADS[name](library))
        return
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.layers")
    parser.add_argument("only", nargs="*", help="beginnings of names")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--above", type=float, default=0.0, help="show only ratios above this")
    options = parser.parse_args()
    names = [n for n in WORKLOADS if not options.only or n.startswith(tuple(options.only))]
    command = [sys.executable, "-m", "tests.benchmarks.layers", "--worker"]
    for threads in options.threads:
        print(f"\n{threads} thread(s)".ljust(38), "ours µs  PyTorch µs   ratio  (quartiles)")
        ratios = []
        with (
            Worker("glassgrad", threads, [*command, "glassgrad", str(threads)]) as ours,
            Worker("torch", threads, [*command, "torch", str(threads)]) as theirs,
        ):
            for r in compare(names, ours, theirs, options.rounds):
                ratios.append(r.ratio)
                if r.ratio >= options.above:
                    print(
                        f"{r.name:34} {r.ours * 1e6:11.1f} {r.theirs * 1e6:11.1f} {r.ratio:7.2f}  "
                        f"({r.low:.2f}–{r.high:.2f})",
                        flush=True,
                    )
        print(f"{'geometric mean':58} {geometric_mean(ratios):7.2f}")


if __name__ == "__main__":
    main()
