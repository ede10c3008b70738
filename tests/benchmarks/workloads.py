"""What is measured. A workload is written once: the two libraries share their vocabulary."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

Step = Callable[[], Any]


class Library:
    """Glassgrad or PyTorch behind the few names in which they differ."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        if name == "torch":
            import torch

            torch.set_num_threads(threads)
            self.nn: Any = torch.nn
            self.optim: Any = torch.optim
            self.lib: Any = torch
            self.grad: Any = torch.autograd.grad
        else:
            import autograd
            import nn

            autograd.set_num_threads(threads)
            self.nn, self.optim, self.lib, self.grad = nn, nn.optim, autograd, autograd.grad

    def tensor(self, array: Any, requires_grad: bool = False) -> Any:
        """A tensor in the library's own memory layout for such data."""
        if self.name == "torch":
            return self.lib.tensor(array, requires_grad=requires_grad)
        return self.lib.tensor(array, requires_grad=requires_grad)

    def make(self, name: str) -> Step:
        """The step of a workload by its name, such as ``lenet, batch 64``."""
        match = re.fullmatch(r"(.*), batch (\d+)", name)
        if match:
            return training_step(self, match[1], int(match[2]))
        return OTHERS[name](self)


# Training steps -----------------------------------------------------------------------------------


def digits(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(64, 10),
    )  # fmt: skip


def lenet(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(),
        nn.Linear(84, 10),
    )  # fmt: skip


def vgg(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(4096, 128), nn.ReLU(), nn.Linear(128, 10),
    )  # fmt: skip


def strided(nn: Any) -> Any:
    """Batch norm, and strides instead of pooling."""
    return nn.Sequential(
        nn.Conv2d(3, 24, 3, padding=1), nn.BatchNorm2d(24), nn.ReLU(),
        nn.Conv2d(24, 48, 3, stride=2, padding=1), nn.BatchNorm2d(48), nn.ReLU(),
        nn.Conv2d(48, 96, 3, stride=2, padding=1), nn.BatchNorm2d(96), nn.ReLU(),
        nn.AvgPool2d(8), nn.Flatten(), nn.Linear(96, 10),
    )  # fmt: skip


def separable(nn: Any) -> Any:
    """Depthwise and pointwise convolutions in turn."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.Conv2d(32, 64, 1), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 64, 3, padding=1, groups=64), nn.Conv2d(64, 96, 1), nn.ReLU(),
        nn.AvgPool2d(16), nn.Flatten(), nn.Linear(96, 10),
    )  # fmt: skip


def autoencoder(nn: Any) -> Any:
    """Strided convolutions down, transposed ones up."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 3, stride=2, padding=1, output_padding=1),
    )  # fmt: skip


MODELS: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "digits": (digits, (1, 8, 8)),
    "lenet": (lenet, (1, 28, 28)),
    "vgg": (vgg, (3, 32, 32)),
    "strided": (strided, (3, 32, 32)),
    "separable": (separable, (3, 32, 32)),
    "autoencoder": (autoencoder, (1, 28, 28)),
}


def training_step(library: Library, name: str, batch: int) -> Step:
    """Forward, loss, backward and an SGD step with momentum on fixed random data."""
    build, shape = MODELS[name]
    nn = library.nn
    model = build(nn)
    rng = np.random.default_rng(0)
    x = library.tensor(rng.normal(size=(batch, *shape)).astype(np.float32))
    if name == "autoencoder":
        loss_function, target = nn.MSELoss(), x
    else:
        loss_function = nn.CrossEntropyLoss()
        target = library.tensor(rng.integers(0, 10, batch))
    optimizer = library.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        loss = loss_function(model(x), target)
        loss.backward()
        optimizer.step()

    return step


# Single operations --------------------------------------------------------------------------------


def scalar_chain(library: Library) -> Step:
    """x·b + a, tanh, 300 times: 900 operations, built and run backward."""
    lib = library.lib
    x, a, b = (library.tensor(np.float32(v), True) for v in (0.5, 0.1, 0.9))

    def step() -> None:
        y = x
        for _ in range(300):
            y = lib.tanh(y * b + a)
        y.backward()

    return step


def scalar_chain_forward(library: Library) -> Step:
    """The same graph, built only."""
    lib = library.lib
    x, a, b = (library.tensor(np.float32(v), True) for v in (0.5, 0.1, 0.9))

    def step() -> Any:
        y = x
        for _ in range(300):
            y = lib.tanh(y * b + a)
        return y

    return step


def backward_alone(library: Library) -> Step:
    """A chain of 900 scalar operations, run backward again and again."""
    y = scalar_chain_forward(library)()
    return lambda: y.backward(retain_graph=True)


def mlp(library: Library) -> Step:
    """20 layers of 64×64 with tanh, batch 32, forward and backward."""
    nn = library.nn
    layers = [layer for _ in range(20) for layer in (nn.Linear(64, 64), nn.Tanh())]
    model = nn.Sequential(*layers)
    x = library.tensor(np.random.default_rng(0).normal(size=(32, 64)).astype(np.float32))

    def step() -> None:
        model.zero_grad()
        model(x).sum().backward()

    return step


def layer(build: Callable[[Any], Any], shape: tuple[int, ...]) -> Callable[[Library], Step]:
    """Forward and backward of one layer, with a gradient for its data too."""

    def workload(library: Library) -> Step:
        module = build(library.nn)
        x = library.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32), True)
        x = x * 1.0  # in the memory layout that the library gives to results
        y = module(x)
        g = library.tensor(np.random.default_rng(1).normal(size=tuple(y.shape)).astype(np.float32))
        g = g * 1.0
        inputs = [x, *module.parameters()]

        def step() -> Any:
            y = module(x)
            return library.grad(y, inputs, g)

        return step

    return workload


#: channels, size, outputs, kernel, padding, stride — the table of single convolutions.
CONVOLUTIONS = {
    "conv 1x28x28 -> 8, k5": (1, 28, 8, 5, 0, 1),
    "conv 6x14x14 -> 16, k5": (6, 14, 16, 5, 0, 1),
    "conv 3x32x32 -> 32, k3": (3, 32, 32, 3, 1, 1),
    "conv 32x32x32 -> 64, k3": (32, 32, 64, 3, 1, 1),
    "conv 64x16x16 -> 128, k3": (64, 16, 128, 3, 1, 1),
    "conv 128x8x8 -> 256, k3": (128, 8, 256, 3, 1, 1),
    "conv 32x32x32 -> 64, k3, stride 2": (32, 32, 64, 3, 1, 2),
    "conv 64x16x16 -> 128, k1": (64, 16, 128, 1, 0, 1),
}


def _convolution(c: int, size: int, o: int, k: int, p: int, s: int) -> Callable[[Library], Step]:
    return layer(lambda nn: nn.Conv2d(c, o, k, stride=s, padding=p), (64, c, size, size))


OTHERS: dict[str, Callable[[Library], Step]] = {
    "scalar chain": scalar_chain,
    "scalar chain, graph only": scalar_chain_forward,
    "scalar chain, backward only": backward_alone,
    "mlp, 20 layers": mlp,
    **{name: _convolution(*case) for name, case in CONVOLUTIONS.items()},
    "max_pool 2x2, 32x32x32": layer(lambda nn: nn.MaxPool2d(2), (64, 32, 32, 32)),
    "max_pool 3x3 stride 2": layer(lambda nn: nn.MaxPool2d(3, 2, 1), (64, 32, 32, 32)),
    "avg_pool 2x2, 32x32x32": layer(lambda nn: nn.AvgPool2d(2), (64, 32, 32, 32)),
    "relu, 64x32x32x32": layer(lambda nn: nn.ReLU(), (64, 32, 32, 32)),
    "tanh, 64x32x32x32": layer(lambda nn: nn.Tanh(), (64, 32, 32, 32)),
    "batch_norm, 64x32x32x32": layer(lambda nn: nn.BatchNorm2d(32), (64, 32, 32, 32)),
    "layer_norm, 64x512": layer(lambda nn: nn.LayerNorm(512), (64, 512)),
    "linear 512 -> 512, batch 64 rows": layer(lambda nn: nn.Linear(512, 512), (64, 512)),
}

STEPS = [f"{name}, batch {batch}" for batch in (64, 7, 1) for name in MODELS]
