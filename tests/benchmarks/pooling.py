"""Pooling, normalisation, ReLU, cross-entropy and optimiser kernels side by side with PyTorch.

    python -m tests.benchmarks.pooling [case ...] [--rounds 9]

Each library runs in a persistent process of its own on one thread; they take turns over pipes, so
drift of a shared machine hits both. One figure is the CPU time of forward and gradient with fresh
outputs; the table shows medians, and the median of the ratios taken round by round.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

SHAPES = {"digits": (64, 8, 8, 8), "lenet": (64, 6, 28, 28), "vgg": (64, 32, 32, 32),
          "deep": (64, 128, 8, 8), "one": (1, 32, 32, 32)}  # fmt: skip
POOLS = {"max2": ("max", 2, 2, 0), "max3s2": ("max", 3, 2, 1), "avg2": ("avg", 2, 2, 0),
         "avg3s1": ("avg", 3, 1, 1)}  # fmt: skip
LOGITS = {"10": (64, 10), "1000": (64, 1000)}
CASES = [
    *(f"{pool} {shape}" for pool in POOLS for shape in SHAPES),
    *(f"batch_norm {shape}" for shape in SHAPES),
    *(f"relu {shape}" for shape in SHAPES),
    "layer_norm",
    *(f"cross_entropy {logits}" for logits in LOGITS),
    *(f"{rule} {size}" for rule in ("sgd", "adam") for size in (1000, 1_000_000)),
    "bilinear x2",
]


def _data(shape, seed=0):
    import numpy as np

    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def _our_case(case):
    """A function without arguments that does the case's work once with our kernels."""
    import numpy as np

    from autograd.arguments import Window
    from autograd.kernels import elementwise, losses, optimizers, resampling
    from autograd.kernels.layout import to_batch_last
    from autograd.kernels.normalization import any_axes
    from autograd.kernels.pooling import average, maximum

    name, _, rest = case.partition(" ")
    if name in POOLS:
        kind, k, s, p = POOLS[name]
        x = to_batch_last(_data(SHAPES[rest]))
        window = Window.pooling("", 2, k, s, p)
        g = to_batch_last(_data((*x.shape[:2], *window.outputs(x.shape[2:])), 1))
        if kind == "max":

            def work():
                out = maximum.max_pool_values(x, window=window)
                maximum.max_pool_gradient(g, x, out, window=window)
        else:

            def work():
                average.avg_pool(x, window=window, divisors=k * k)
                average.avg_pool_gradient(g, input_shape=x.shape[2:], window=window, divisors=k * k)
    elif name in ("batch_norm", "layer_norm"):
        if name == "batch_norm":
            x, g = (to_batch_last(_data(SHAPES[rest], seed)) for seed in (0, 1))
            axes, shape = (0, 2, 3), (1, x.shape[1], 1, 1)
        else:
            x, g = (_data((2048, 256), seed) for seed in (0, 1))
            axes, shape = (1,), (256,)
        weight, bias = _data(shape, 2), _data(shape, 3)

        def work():
            _, mean, rstd, _ = any_axes.normalize(x, weight, bias, axes=axes, eps=1e-5)
            any_axes.normalize_gradient(g, x, weight, mean, rstd, axes=axes)
    elif name == "relu":
        x, g = (to_batch_last(_data(SHAPES[rest], seed)) for seed in (0, 1))

        def work():
            elementwise.relu_gradient(g, elementwise.relu(x))
    elif name == "cross_entropy":
        x = _data(LOGITS[rest])
        targets, one = np.arange(64) % 10, np.float32(1)

        def work():
            _, p = losses.softmax_cross_entropy(x, targets, None)
            losses.softmax_cross_entropy_gradient(one, p, targets, None)
    elif name in ("sgd", "adam"):
        p, g = _data(int(rest)), _data(int(rest), 1)
        m, v = np.zeros_like(p), np.zeros_like(p)

        def work():
            if name == "sgd":
                optimizers.sgd(p, g, m, lr=1e-4, momentum=0.9)
            else:
                optimizers.adam(p, g, m, v, step=5, lr=1e-4)
    else:
        x = to_batch_last(_data((64, 16, 16, 16)))
        g = to_batch_last(_data((64, 16, 32, 32), 1))

        def work():
            resampling.interpolate(x, out_shape=(32, 32), mode="linear")
            resampling.interpolate_adjoint(g, input_shape=(16, 16), mode="linear")

    return work


def _their_case(case):
    """The same with PyTorch."""
    import torch

    torch.set_num_threads(1)
    functional = torch.nn.functional
    name, _, rest = case.partition(" ")

    def tensor(shape, seed=0, requires_grad=True):
        return torch.tensor(_data(shape, seed), requires_grad=requires_grad)

    def both_ways(forward, *inputs):
        g = torch.tensor(_data(tuple(forward(*inputs).shape), 1))
        return lambda: torch.autograd.grad(forward(*inputs), inputs, g)

    if name in POOLS:
        kind, k, s, p = POOLS[name]
        pool = functional.max_pool2d if kind == "max" else functional.avg_pool2d
        return both_ways(lambda x: pool(x, k, s, p), tensor(SHAPES[rest]))
    if name == "batch_norm":
        channels = SHAPES[rest][1]
        norm = lambda x, w, b: functional.batch_norm(x, None, None, w, b, True)
        return both_ways(norm, tensor(SHAPES[rest]), tensor(channels, 2), tensor(channels, 3))
    if name == "layer_norm":
        norm = lambda x, w, b: functional.layer_norm(x, (256,), w, b)
        return both_ways(norm, tensor((2048, 256)), tensor(256, 2), tensor(256, 3))
    if name == "relu":
        return both_ways(torch.relu, tensor(SHAPES[rest]))
    if name == "cross_entropy":
        targets = torch.arange(64) % 10
        return both_ways(lambda x: functional.cross_entropy(x, targets), tensor(LOGITS[rest]))
    if name in ("sgd", "adam"):
        p = tensor(int(rest))
        p.grad = tensor(int(rest), 1, False)
        if name == "sgd":
            optimizer = torch.optim.SGD([p], lr=1e-4, momentum=0.9)
        else:
            optimizer = torch.optim.Adam([p], lr=1e-4)
        return optimizer.step
    upsample = lambda x: functional.interpolate(x, scale_factor=2, mode="bilinear")
    return both_ways(upsample, tensor((64, 16, 16, 16)))


def _work_forever(library):
    """Worker: for each line (case, seconds to spend) print CPU seconds per call."""
    if library == "ours":
        from autograd.kernels import allocator

        allocator.tune_allocator()
    build, built = (_our_case if library == "ours" else _their_case), {}
    for line in sys.stdin:
        case, budget = json.loads(line)
        if case not in built:
            work = build(case)
            work()
            start = time.process_time()
            work()
            once = max(time.process_time() - start, 1e-6)
            built[case] = work, max(1, int(budget / once))
        work, repeats = built[case]
        work()
        start = time.process_time()
        for _ in range(repeats):
            work()
        print((time.process_time() - start) / repeats, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", help="beginnings of case names (default: all)")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--worker", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        _work_forever(arguments.worker)
        return
    one_thread = {f"{name}_NUM_THREADS": "1" for name in ("GLASSGRAD", "OMP", "OPENBLAS", "MKL")}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.pooling", "--worker", library],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **one_thread},
        )
        for library in ("ours", "theirs")
    ]
    print(f"{'case':22}{'ours, µs':>12}{'PyTorch, µs':>14}{'ratio':>8}")
    try:
        for case in CASES:
            if arguments.cases and not case.startswith(tuple(arguments.cases)):
                continue
            seconds = [[], []]
            for _ in range(arguments.rounds):
                for worker, taken in zip(workers, seconds, strict=True):
                    worker.stdin.write(json.dumps([case, 0.01]) + "\n")
                    worker.stdin.flush()
                    taken.append(float(worker.stdout.readline()))
            ratio = statistics.median(a / b for a, b in zip(*seconds, strict=True))
            ours, theirs = (1e6 * statistics.median(taken) for taken in seconds)
            print(f"{case:22}{ours:12.1f}{theirs:14.1f}{ratio:8.2f}", flush=True)
    finally:
        for worker in workers:
            worker.stdin.close()
            worker.wait()


if __name__ == "__main__":
    main()
