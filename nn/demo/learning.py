"""The model, and how it learns: plain code of the kind that a user would write."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import autograd
import nn
import nn.functional as F
from nn.data import Digits

BATCH = 64
LEARNING_RATE = 0.01


class DigitsNet(nn.Module):
    """Two convolutions, each halved by max pooling, and a linear layer: 1×8×8 to 10 scores."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(16, 32, kernel_size=3, padding=1)
        self.linear = nn.Linear(32 * 2 * 2, 10)

    def forward(self, x: autograd.Tensor) -> autograd.Tensor:
        """Scores of shape (N, 10) for images of shape (N, 1, 8, 8)."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.linear(x.reshape(len(x), -1))


@dataclass
class History:
    """What was measured while learning.

    Attributes:
        losses: of every batch.
        train_accuracy, test_accuracy: after every epoch, between 0 and 1.
        batches_per_epoch: how many losses an epoch has.
        seconds: spent on learning, measurements included.
    """

    batches_per_epoch: int
    losses: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)
    seconds: float = 0.0


def batches(count: int, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Indices of shuffled batches; the last one may be smaller."""
    order = generator.permutation(count)
    return (order[start : start + BATCH] for start in range(0, count, BATCH))


def predict(model: nn.Module, images: np.ndarray) -> np.ndarray:
    """The digit with the highest score for each image, shape (N,)."""
    with autograd.no_grad():
        return np.asarray(model(autograd.as_tensor(images)).data).argmax(1)


def learn(
    model: nn.Module,
    digits: Digits,
    epochs: int,
    generator: np.random.Generator,
    history: History,
    *,
    first_backward: Callable[[autograd.Tensor], Any],
    progress: Callable[[History], Any],
) -> None:
    """Trains with Adam under a one-cycle schedule, writing into ``history`` as it goes.

    Args:
        model: the network.
        digits: images and labels.
        epochs: passes over the training images.
        generator: shuffles the batches.
        history: filled; complete up to the batch in which an exception strikes.
        first_backward: called with the first loss, recorded, in place of its ``backward()``; has to
            leave the same gradients.
        progress: called after every batch.
    """
    optimizer = nn.optim.Adam(model.parameters(), lr=LEARNING_RATE)
    schedule = nn.optim.lr_scheduler.OneCycleLR(
        optimizer, LEARNING_RATE, epochs=epochs, steps_per_epoch=history.batches_per_epoch
    )
    started = time.perf_counter()
    try:
        for _ in range(epochs):
            for chosen in batches(len(digits.train_images), generator):
                images = autograd.as_tensor(digits.train_images[chosen])
                first = not history.losses
                with autograd.debug.record() if first else nullcontext():
                    loss = F.cross_entropy(model(images), digits.train_labels[chosen])
                optimizer.zero_grad()
                first_backward(loss) if first else loss.backward()
                optimizer.step()
                schedule.step()
                history.losses.append(loss.item())
                progress(history)
            train = predict(model, digits.train_images) == digits.train_labels
            test = predict(model, digits.test_images) == digits.test_labels
            history.train_accuracy.append(float(train.mean()))
            history.test_accuracy.append(float(test.mean()))
            progress(history)
    finally:
        history.seconds = time.perf_counter() - started
