"""How training scales over the processes of this machine: samples a second, against one process.

    mpiexec -n 2 python -m tests.benchmarks.scaling       2 processes against 1 of the same run

Every process trains on its own share, batch 64 each, with one thread; before that the first one
trains alone, with one thread too, while the others wait. The time of one sum of all gradients is told, too.
"""

import statistics
import time

import numpy as np

import autograd
import nn
import nn.functional as F

MODELS = {
    "LeNet-5, 28×28": (lambda: nn.models.LeNet5(), (64, 1, 28, 28)),
    "small VGG, 32×32": (lambda: nn.models.vgg_small(), (64, 3, 32, 32)),
}
ROUNDS = 9


def seconds(model, x, y):
    """Median of a step."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        F.cross_entropy(model(x), y).backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    group = nn.parallel.default_group()
    autograd.set_num_threads(1)
    rng = np.random.default_rng(group.rank)
    for name, (make, shape) in MODELS.items():
        autograd.manual_seed(0)
        model = make()
        x = autograd.tensor(rng.normal(size=shape).astype(np.float32))
        y = rng.integers(0, 10, shape[0])
        alone = 0.0
        group.barrier()
        if group.chief:
            alone = seconds(model, x, y)
        group.barrier()
        together = seconds(nn.parallel.DistributedDataParallel(model, group), x, y)
        flat = np.zeros(sum(p.size for p in model.parameters()), np.float32)
        start = time.perf_counter()
        for _ in range(ROUNDS):
            group.all_reduce(flat)
        cost = (time.perf_counter() - start) / ROUNDS
        if group.chief:
            print(f"{name:<18} {group.size} processes: {group.size * alone / together:.2f} × one; "
                  f"a sum takes {cost * 1e3:.2f} ms, a step alone {alone * 1e3:.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
