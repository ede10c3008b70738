"""Replayed steps: the time of a small training step by ``autograd.func.replay``, over its eager time.

    python -m tests.benchmarks.replaying                    # digits, LeNet and a GPT, batch 1
    python -m tests.benchmarks.replaying gpt --rounds 40

Both run in one process on one thread and take turns of a few steps; a ratio is the median over the
rounds of the ratio of a turn, in CPU time. Models are made anew every few rounds: after hundreds of
steps on one sample the momentum of units that never fire is subnormal, and arithmetic slow.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np

import autograd
import nn
from tests.benchmarks.workloads import MODELS

NAMES = ("digits", "lenet", "gpt")
#: Steps in a turn, and rounds that a model lives.
STEPS, ROUNDS = 8, 20


def made(name: str) -> tuple[Any, tuple[Any, ...]]:
    """A training step, and its inputs: one sample."""
    nn.manual_seed(0)
    draw = np.random.default_rng(0)
    if name == "gpt":
        return _gpt(draw)
    build, shape = MODELS[name]
    model, loss_of = build(nn), nn.CrossEntropyLoss()
    optimizer = nn.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step(x: Any, target: Any) -> Any:
        optimizer.zero_grad()
        loss = loss_of(model(x), target)
        loss.backward()
        optimizer.step()
        return loss

    x = autograd.tensor(draw.normal(size=(1, *shape)).astype(np.float32))
    return step, (x, autograd.tensor(draw.integers(0, 10, 1)))


class Block(nn.Module):
    """Causal attention and a perceptron, each after a layer norm and beside the way past it."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Any) -> Any:
        n, t, width = x.shape
        parts = self.qkv(self.norm(x)).reshape(n, t, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(*parts, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(n, t, width))
        return x + self.down(nn.functional.gelu(self.up(self.norm2(x))))


def _gpt(draw: Any) -> tuple[Any, tuple[Any, ...]]:
    """Two blocks of width 32 with four heads, on 16 of 64 tokens; AdamW."""
    table, places = nn.Embedding(64, 32), nn.Embedding(16, 32)
    blocks = nn.Sequential(Block(32, 4), Block(32, 4), nn.LayerNorm(32), nn.Linear(32, 64))
    model = nn.ModuleList([table, places, blocks])
    optimizer = nn.optim.AdamW(model.parameters(), lr=1e-3)

    def step(tokens: Any, targets: Any) -> Any:
        optimizer.zero_grad()
        y = blocks(table(tokens) + places(autograd.arange(16)))
        loss = nn.functional.cross_entropy(y.reshape(-1, 64), targets.reshape(-1))
        loss.backward()
        optimizer.step()
        return loss

    tokens = draw.integers(0, 64, (1, 17))
    return step, (autograd.tensor(tokens[:, :-1]), autograd.tensor(tokens[:, 1:]))


def turn(step: Any, inputs: tuple[Any, ...]) -> float:
    """CPU seconds of one step."""
    begin = time.process_time()
    for _ in range(STEPS):
        step(*inputs)
    return (time.process_time() - begin) / STEPS


def measure(name: str, rounds: int) -> tuple[float, float, float]:
    """Medians: seconds of an eager and of a replayed step, and their ratio."""
    eager, replayed = [], []
    for k in range(rounds):
        if k % ROUNDS == 0:
            (step, inputs), (recorded, _) = made(name), made(name)
            again = autograd.func.replay(recorded)
            for _ in range(STEPS):
                step(*inputs)
                again(*inputs)
        eager.append(turn(step, inputs))
        replayed.append(turn(again, inputs))
    ratios = [b / a for a, b in zip(eager, replayed, strict=True)]
    return statistics.median(eager), statistics.median(replayed), statistics.median(ratios)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="model", help=", ".join(NAMES))
    parser.add_argument("--rounds", type=int, default=60, help="turns of each kind of step")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"no model {unknown[0]!r}; there are {', '.join(NAMES)}")
    autograd.set_num_threads(1)
    print(f"{'batch 1':10} {'eager':>9} {'replayed':>9} {'ratio':>7}")
    for name in options.names or NAMES:
        eager, replayed, ratio = measure(name, options.rounds)
        print(f"{name:10} {1e6 * eager:6.0f} µs {1e6 * replayed:6.0f} µs {ratio:7.2f}")


if __name__ == "__main__":
    main()
