"""Data sets, loaders and transforms; handwritten digits that come with the package."""

from typing import Any as _Any

from autograd import arguments as _arguments
from nn.data import transforms
from nn.data.collate import collate
from nn.data.datasets import ConcatDataset, Dataset, Subset, TensorDataset, random_split
from nn.data.digits import Digits, load_digits
from nn.data.draws import Draws
from nn.data.folder import ImageFolder
from nn.data.image_sets import CIFAR10, CIFAR100, MNIST, FashionMNIST
from nn.data.loader import DataLoader
from nn.data.samplers import (
    BatchSampler,
    DistributedSampler,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)

__all__ = [
    "CIFAR10",
    "CIFAR100",
    "MNIST",
    "FashionMNIST",
    "ImageFolder",
    "BatchSampler",
    "ConcatDataset",
    "DataLoader",
    "Dataset",
    "Digits",
    "DistributedSampler",
    "Draws",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "Subset",
    "SubsetRandomSampler",
    "TensorDataset",
    "WeightedRandomSampler",
    "collate",
    "load_digits",
    "random_split",
    "transforms",
]


_arguments.not_functions(__name__)


def __getattr__(name: str) -> _Any:
    near = _arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.data' has no attribute {name!r}{near}")
