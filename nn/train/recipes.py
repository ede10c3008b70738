"""How each data set is prepared and each model made and trained: what the command line knows."""

from __future__ import annotations

import importlib.util
import os
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import nn
from autograd.arguments import shown
from nn.data import ImageFolder, Subset, TensorDataset, image_sets, load_digits
from nn.data import transforms as T

__all__ = ["DATA", "MODELS", "Part", "digits_net", "load_data", "make_model"]


@dataclass
class Part:
    """Data to train on and to validate with.

    Attributes:
        train, valid: data sets; the first with augmentation, if that was wanted.
        channels, size: of the images.
        classes: the classes' names.
    """

    train: Any
    valid: Any
    channels: int
    size: int
    classes: tuple[str, ...]


def _digits(root: str, augment: bool, size: int, fold: tuple[int, int] | None) -> Part:
    digits = load_digits()
    images = np.concatenate([digits.train_images, digits.test_images])
    labels = np.concatenate([digits.train_labels, digits.test_labels])
    if fold is None:
        held = np.arange(len(labels)) >= len(digits.train_labels)
    else:
        k, folds = fold
        held = np.arange(len(labels)) % folds == k
    more = T.Compose([T.RandomAffine(10, (0.08, 0.08), (0.9, 1.1), 5)]) if augment else None
    return Part(
        TensorDataset(images[~held], labels[~held], transform=more),
        TensorDataset(images[held], labels[held]),
        1, 8, tuple("0123456789"),
    )  # fmt: skip


def _public(name: str, mean: Any, std: Any, crop: int, flip: bool) -> Callable[..., Part]:
    def make(root: str, augment: bool, size: int, fold: tuple[int, int] | None) -> Part:
        kind = getattr(image_sets, name)
        last = [T.ToFloat(), T.Normalize(mean, std)]
        side = 32 if name.startswith("CIFAR") else 28
        random: list[T.Transform] = [T.RandomCrop(side, padding=crop)]
        if flip:
            random.append(T.RandomHorizontalFlip())
        train = kind(root, train=True, transform=T.Compose(random + last if augment else last))
        valid = kind(root, train=False, transform=T.Compose(last))
        return Part(train, valid, train.arrays[0].shape[1], side, kind.classes)

    return make


#: Data sets by name: functions of (folder, augment, size, fold).
DATA: dict[str, Callable[..., Part]] = {
    "digits": _digits,
    "mnist": _public("MNIST", 0.1307, 0.3081, 2, False),
    "fashion": _public("FashionMNIST", 0.286, 0.353, 2, True),
    "cifar10": _public("CIFAR10", (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616), 4, True),
    "cifar100": _public("CIFAR100", (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), 4, True),
}


def _folder(root: str, augment: bool, size: int, fold: Any) -> Part:
    """A folder with a folder for each class; every fifth image validates."""
    last = [T.Resize(size), T.ToFloat(), T.Normalize(0.5, 0.25)]
    random: list[T.Transform] = [T.RandomHorizontalFlip()] if augment else []
    train = ImageFolder(root, T.Compose(random + last))
    if len(train.classes) < 2:
        raise ValueError(
            f"--data: {root} holds the folder of one class, {train.classes[0]}; at least 2 are wanted"
        )
    if len(train) < 5:
        raise ValueError(
            f"--data: {root} holds {len(train)} images; every fifth one validates, so at least 5 are "
            "wanted"
        )
    valid = ImageFolder(root, T.Compose(last))
    held = [k for k in range(len(train)) if k % 5 == 4]
    rest = [k for k in range(len(train)) if k % 5 != 4]
    return Part(Subset(train, rest), Subset(valid, held), 3, size, train.classes)


def load_data(
    name: str, root: str = "data", augment: bool = True, size: int = 32,
    fold: tuple[int, int] | None = None,
) -> Part:  # fmt: skip
    """A data set by its name, or a folder of images.

    Args:
        root: the folder that downloads are kept in.
        augment: train on images that are randomly moved, turned or mirrored.
        size: that images of a folder are brought to.
        fold: (k, folds): of the digits, hold out every ``folds``-th sample from the k-th on.

    Raises:
        ValueError: if it is neither.
    """
    if name in DATA:
        return DATA[name](root, augment, size, fold)
    if os.path.isdir(name):
        return _folder(name, augment, size, fold)
    raise ValueError(f"--data must be {', '.join(DATA)} or a folder of images, got {shown(name)}")


def digits_net(channels: int, classes: int, size: int) -> nn.Module:
    """Three convolutions with batch normalisation, for images of 8×8 or a little more."""
    return nn.Sequential(
        nn.Conv2d(channels, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
        nn.Conv2d(32, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(64, 128, 3, padding=1, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(512, classes),
    )  # fmt: skip


#: Models by name: functions of (channels, classes, size).
MODELS: dict[str, Callable[[int, int, int], nn.Module]] = {
    "digits": digits_net,
    "lenet": lambda channels, classes, size: nn.models.LeNet5(channels, classes, size),
    "vgg": lambda channels, classes, size: nn.models.vgg_small(channels, classes),
    "resnet20": lambda channels, classes, size: nn.models.resnet20(channels, classes),
    "resnet18": lambda channels, classes, size: nn.models.resnet18(channels, classes),
    "mixer": lambda channels, classes, size: nn.models.Mixer(
        size, 4 if size % 4 == 0 else 1, channels, classes
    ),
}


def make_model(name: str, part: Part) -> nn.Module:
    """A model by its name, or by a function in a file: ``PATH.py:function``.

    The function is called with (channels, classes, size), or without arguments if it takes none.

    Raises:
        ValueError: if there is no such model, file or function.
    """
    if name in MODELS:
        return MODELS[name](part.channels, len(part.classes), part.size)
    path, colon, function = name.rpartition(":")
    if not colon or not path.endswith(".py"):
        raise ValueError(
            f"--model must be {', '.join(MODELS)} or PATH.py:function, got {shown(name)}"
        )
    if not os.path.isfile(path):
        raise ValueError(f"--model: there is no file {path}")
    spec = importlib.util.spec_from_file_location("users_model", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise ValueError(f"--model: {path} cannot be run: {_told(error, path)}") from error
    make = getattr(module, function, None)
    if not callable(make):
        raise ValueError(f"--model: {path} defines no function {function}")
    import inspect

    takes = len(inspect.signature(make).parameters)
    try:
        model = make(part.channels, len(part.classes), part.size) if takes else make()
    except Exception as error:
        raise ValueError(f"--model: {function} failed: {_told(error, path)}") from error
    if not isinstance(model, nn.Module):
        raise ValueError(f"--model: {function} returned a {type(model).__name__}, no module")
    return model


def _told(error: Exception, path: str) -> str:
    """An error in somebody's file: what it is, and at which line of the file."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [
        frame.lineno for frame in frames if os.path.abspath(frame.filename) == os.path.abspath(path)
    ]
    at = f" (line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{at}"
