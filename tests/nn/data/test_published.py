"""What is settled for good: the published files of the image sets, and how many numbers a transform draws."""

import numpy as np
import pytest

import nn
from nn.data import Draws, image_sets
from nn.data import transforms as T
from nn.train import recipes

#: Name, MD5 sum and bytes of each file, as its authors publish them.
FILES = {
    "MNIST": [
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9912422),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28881),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1648877),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4542),
    ],
    "FashionMNIST": [
        ("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26421880),
        ("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29515),
        ("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4422102),
        ("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5148),
    ],
    "CIFAR10": [("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170052171)],
    "CIFAR100": [("cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", 168513733)],
}


@pytest.mark.parametrize("name", ["MNIST", "FashionMNIST"])
def test_training_and_test_images_have_files_of_their_own(name):
    files = getattr(nn.data, name)._files
    assert [tuple(file) for train in (True, False) for file in files[train]] == FILES[name]
    assert list(files) == [True, False] and len(getattr(nn.data, name).classes) == 10


@pytest.mark.parametrize(
    "name, labels, members, classes",
    [
        ("CIFAR10", 1, [f"data_batch_{k}.bin" for k in (1, 2, 3, 4, 5)] + ["test_batch.bin"], 10),
        ("CIFAR100", 2, ["train.bin", "test.bin"], 100),
    ],
)
def test_archives_have_members_for_training_and_for_tests(name, labels, members, classes):
    kind = getattr(nn.data, name)
    assert [tuple(kind._archive)] == FILES[name]
    assert [*kind._members[True], *kind._members[False]] == members and len(kind._members) == 2
    assert kind._label_bytes == labels and len(set(kind.classes)) == classes


def test_files_larger_than_the_published_ones_are_not_read():
    # 60,000 images of 28×28 behind a head of 16 bytes; 50,000 rows of 32×32 colours and two labels
    assert image_sets._LARGEST_IDX == 47040016
    assert image_sets._LARGEST_MEMBER == 153700000


@pytest.mark.parametrize(
    "transform, numbers",
    [
        (T.RandomCrop(4), 2), (T.RandomCrop((5, 3), padding=2), 2), (T.RandomHorizontalFlip(), 1),
        (T.RandomVerticalFlip(p=0.0), 1), (T.Cutout(3), 3), (T.Cutout((2, 4), p=0.5), 3),
        (T.RandomAffine(30, (0.2, 0.1), (0.8, 1.2), 10), 5), (T.RandomAffine(0), 5),
        (T.ToFloat(), 0), (T.Normalize(0.5, 0.25), 0), (T.Pad(1), 0), (T.CenterCrop(4), 0),
        (T.Compose([T.RandomCrop(5), T.RandomHorizontalFlip(), T.Cutout(2)]), 6),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, T.Transform) else "",
)  # fmt: skip
def test_what_follows_a_transform_draws_the_same_for_good(transform, numbers):
    images = np.random.default_rng(0).random((5, 3, 6, 7)).astype(np.float32)
    draws = Draws(1, 0, range(5))
    transform.apply(images, draws)
    after = Draws(1, 0, range(5)).uniform(size=(numbers + 1,))[:, numbers]
    assert np.array_equal(draws.uniform(), after)


@pytest.mark.parametrize(
    "name, kind, mean, std, crop, flip",
    [
        ("mnist", "MNIST", 0.1307, 0.3081, 2, False),
        ("fashion", "FashionMNIST", 0.286, 0.353, 2, True),
        ("cifar10", "CIFAR10", (0.4914, 0.4822, 0.4465), (0.247, 0.2435, 0.2616), 4, True),
        ("cifar100", "CIFAR100", (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), 4, True),
    ],
)
@pytest.mark.parametrize("augment", [False, True])
def test_recipes_move_mirror_and_normalize_as_they_always_did(
    name, kind, mean, std, crop, flip, augment, monkeypatch
):
    channels, side = (3, 32) if kind.startswith("CIFAR") else (1, 28)

    class Images:
        classes = ("a", "b")

        def __init__(self, root, train, transform):
            assert root == "folder"
            self.train, self.transform = train, transform
            self.arrays = (np.zeros((2, channels, side, side), np.uint8),)

    monkeypatch.setattr(image_sets, kind, Images)
    part = recipes.load_data(name, "folder", augment)
    assert (part.train.train, part.valid.train) == (True, False)
    last = [T.ToFloat(), T.Normalize(mean, std)]
    first = [T.RandomCrop(side, padding=crop), *[T.RandomHorizontalFlip()] * flip] * augment
    images = np.random.default_rng(0).integers(0, 256, (4, channels, side, side)).astype(np.uint8)
    for made, steps in ((part.train, first + last), (part.valid, last)):
        found = made.transform(images, Draws(1, 0, range(4)))
        np.testing.assert_array_equal(found, T.Compose(steps)(images, Draws(1, 0, range(4))))
    assert (part.channels, part.size, part.classes) == (channels, side, ("a", "b"))
