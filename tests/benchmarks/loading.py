"""What a loader and its transforms add to an epoch: ratio of a trained epoch to its bare steps.

    python -m tests.benchmarks.loading            medians of nine rounds; aim: at most 1.15

Steps on batches that are there already, and the same steps on batches from a loader with one worker
and augmentation, take turns; both use wall time, since the worker's thread is the point.
"""

import statistics
import time

import numpy as np

import autograd
import nn
import nn.functional as F
from nn.data import transforms as T

ROUNDS = 9


def digits():
    data = nn.data.load_digits()
    transform = T.Compose([T.RandomAffine(10, (0.1, 0.1)), T.Cutout(2)])
    return data.train_images, data.train_labels, transform, nn.models.LeNet5(size=8)


def cifar_shaped():
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (512, 3, 32, 32), np.uint8)
    transform = T.Compose(
        [T.RandomCrop(32, padding=4), T.RandomHorizontalFlip(), T.ToFloat(), T.Normalize(0.5, 0.25)]
    )
    return images, rng.integers(0, 10, 512), transform, nn.models.vgg_small()


def step(model, optimizer, images, labels):
    loss = F.cross_entropy(model(images), labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()


def measure(make):
    images, labels, transform, model = make()
    data = nn.data.TensorDataset(images, labels, transform=transform)
    loader = nn.data.DataLoader(data, 64, shuffle=True, num_workers=1, seed=0)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.01)
    ready = list(loader)
    ratios = []
    for _ in range(ROUNDS + 1):
        start = time.perf_counter()
        for x, y in ready:
            step(model, optimizer, x, y)
        bare = time.perf_counter() - start
        start = time.perf_counter()
        for x, y in loader:
            step(model, optimizer, x, y)
        ratios.append((time.perf_counter() - start) / bare)
    return statistics.median(ratios[1:])


def main():
    autograd.manual_seed(0)
    for make in (digits, cifar_shaped):
        print(f"{make.__name__:<14} {measure(make):.3f}")


if __name__ == "__main__":
    main()
