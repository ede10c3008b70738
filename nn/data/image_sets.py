"""Public sets of small images, fetched on first use and kept: MNIST, Fashion-MNIST, CIFAR-10, -100.

Sources: Y. LeCun, C. Cortes, C. Burges: The MNIST database of handwritten digits; H. Xiao, K. Rasul,
R. Vollgraf: Fashion-MNIST, arXiv 1708.07747; A. Krizhevsky: Learning multiple layers of features
from tiny images, 2009. CIFAR is taken in its binary form, so that nothing has to be unpickled.
"""

from __future__ import annotations

import gzip
import math
import os
import struct
import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, NamedTuple

import numpy as np

from autograd import arguments
from nn.data import download as network
from nn.data.datasets import TensorDataset

__all__ = ["CIFAR10", "CIFAR100", "FashionMNIST", "MNIST"]


class _File(NamedTuple):
    """A file of a set: its name, checksum and length."""

    name: str
    md5: str
    size: int


class _ImageSet(TensorDataset):
    """What the sets share: uint8 images of shape (N, C, H, W), int64 labels, and where they lie.

    Args:
        root: the folder that the set's own folder lies in. Default ``data``.
        train: the training part; False: the test part. Default True.
        transform: see `nn.data.transforms`.
        download: fetch what is missing; False: raise instead. Default True.
        mirrors: addresses of folders to be tried instead of the usual ones.
        progress: show a bar while downloading. Default True.

    Raises:
        FileNotFoundError: if a file is missing and not to be downloaded.
        RuntimeError: if no mirror gives it whole.
        ValueError: if what lies there is not what it should be.
    """

    classes: ClassVar[tuple[str, ...]] = ()
    _mirrors: ClassVar[tuple[str, ...]] = ()
    _folder: ClassVar[str] = ""

    def __init__(
        self,
        root: str = "data",
        train: bool = True,
        transform: Callable[..., Any] | None = None,
        download: bool = True,
        mirrors: Any = None,
        progress: bool = True,
    ) -> None:
        who = type(self).__name__
        self.train = arguments.boolean(who, "train", train)
        self._fetch = arguments.boolean(who, "download", download)
        self._progress = arguments.boolean(who, "progress", progress)
        self._root = os.path.join(arguments.path(who, "root", root), self._folder)
        if mirrors is not None:
            given = [mirrors] if isinstance(mirrors, str) else mirrors
            self._from = tuple(arguments.elements(who, "mirrors", given))
            for k, address in enumerate(self._from):
                if not isinstance(address, str):
                    raise TypeError(
                        f"{who}: mirrors[{k}] must be an address, got {arguments.shown(address)}"
                    )
        else:
            self._from = self._mirrors
        super().__init__(*self._read(), transform=transform)

    def _read(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        raise TypeError(f"{type(self).__name__} defines no _read")

    def _path(self, file: _File) -> str:
        path = os.path.join(self._root, file.name)
        if not self._fetch:
            if not os.path.exists(path):
                raise FileNotFoundError(
                    f"{type(self).__name__}: {path} is not there; with download=True it is fetched"
                )
            return path
        urls = [f"{mirror.rstrip('/')}/{file.name}" for mirror in self._from]
        return network.download(urls, path, file.md5, file.size, self._progress)

    def __repr__(self) -> str:
        images = self.arrays[0]
        shape = "×".join(map(str, images.shape[1:]))
        part = "train" if self.train else "test"
        return f"{type(self).__name__}({part}: {len(images):,} images, {shape} uint8)"


class MNIST(_ImageSet):
    __doc__ = f"""70,000 handwritten digits, 1×28×28: 60,000 to train on, 10,000 to test.

    {(_ImageSet.__doc__ or "").partition("they lie.")[2].strip()}
    """
    classes: ClassVar[tuple[str, ...]] = tuple("0123456789")
    _folder: ClassVar[str] = "MNIST"
    _mirrors: ClassVar[tuple[str, ...]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    )
    _files: ClassVar[dict[bool, tuple[_File, _File]]] = {
        True: (
            _File("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            _File("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
        ),
        False: (
            _File("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            _File("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
        ),
    }

    def _read(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        images, labels = self._files[self.train]
        pixels = read_idx(self._path(images), 3)
        numbers = read_idx(self._path(labels), 1)
        if len(pixels) != len(numbers) or (len(numbers) and numbers.max() >= len(self.classes)):
            raise ValueError(f"{type(self).__name__}: images and labels do not belong together")
        return pixels[:, None], numbers.astype(np.int64)


class FashionMNIST(MNIST):
    __doc__ = f"""70,000 pictures of clothes, 1×28×28: 60,000 to train on, 10,000 to test.

    {(_ImageSet.__doc__ or "").partition("they lie.")[2].strip()}
    """
    classes: ClassVar[tuple[str, ...]] = (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    )  # fmt: skip
    _folder: ClassVar[str] = "FashionMNIST"
    _mirrors: ClassVar[tuple[str, ...]] = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
    )
    _files: ClassVar[dict[bool, tuple[_File, _File]]] = {
        True: (
            _File("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            _File("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
        ),
        False: (
            _File("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            _File("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
    }


class CIFAR10(_ImageSet):
    __doc__ = f"""60,000 colour pictures of 10 kinds, 3×32×32: 50,000 to train on, 10,000 to test.

    {(_ImageSet.__doc__ or "").partition("they lie.")[2].strip()}
    """
    classes: ClassVar[tuple[str, ...]] = (
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    )  # fmt: skip
    _folder: ClassVar[str] = "CIFAR10"
    _mirrors: ClassVar[tuple[str, ...]] = ("https://www.cs.toronto.edu/~kriz",)
    _archive: ClassVar[_File] = _File(
        "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171
    )
    _members: ClassVar[dict[bool, tuple[str, ...]]] = {
        True: tuple(f"data_batch_{k}.bin" for k in range(1, 6)),
        False: ("test_batch.bin",),
    }
    _label_bytes: ClassVar[int] = 1

    def _read(self) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        wanted = self._members[self.train]
        found = dict(members_of_tar(self._path(self._archive), wanted, _LARGEST_MEMBER))
        width = self._label_bytes + 3 * 32 * 32
        rows = []
        for name in wanted:
            if name not in found:
                raise ValueError(f"{type(self).__name__}: the archive has no {name}")
            data = np.frombuffer(found[name], np.uint8)
            if len(data) % width:
                raise ValueError(f"{type(self).__name__}: {name} is not made of {width}-byte rows")
            rows.append(data.reshape(-1, width))
        table = np.concatenate(rows)
        labels = table[:, self._label_bytes - 1].astype(np.int64)  # the finer of two, at last
        if len(labels) and labels.max() >= len(self.classes):
            raise ValueError(f"{type(self).__name__}: there is a label {labels.max()}")
        return table[:, self._label_bytes :].reshape(-1, 3, 32, 32).copy(), labels


class CIFAR100(CIFAR10):
    __doc__ = f"""60,000 colour pictures of 100 kinds, 3×32×32: 50,000 to train on, 10,000 to test.

    {(_ImageSet.__doc__ or "").partition("they lie.")[2].strip()}
    """
    classes: ClassVar[tuple[str, ...]] = tuple(
        "apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus "
        "butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch "
        "crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house "
        "kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle "
        "mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree "
        "plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark "
        "shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table "
        "tank telephone television tiger tractor train trout tulip turtle wardrobe whale "
        "willow_tree wolf woman worm".split()
    )
    _folder: ClassVar[str] = "CIFAR100"
    _archive: ClassVar[_File] = _File(
        "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", 168_513_733
    )
    _members: ClassVar[dict[bool, tuple[str, ...]]] = {True: ("train.bin",), False: ("test.bin",)}
    _label_bytes: ClassVar[int] = 2


_LARGEST_MEMBER = 50_000 * (2 + 3 * 32 * 32)
_LARGEST_IDX = 60_000 * 28 * 28 + 16


def read_idx(path: str, ndim: int) -> np.ndarray[Any, Any]:
    """An array of bytes from a compressed IDX file, the format of MNIST.

    Raises:
        ValueError: if it is damaged, or anything else.
    """
    try:
        with gzip.open(path) as file:
            data = file.read(_LARGEST_IDX + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
    head = 4 + 4 * ndim
    if len(data) > _LARGEST_IDX or data[:4] != bytes([0, 0, 8, ndim]) or len(data) < head:
        raise ValueError(f"{path} is no IDX file of bytes with {ndim} axes")
    shape = struct.unpack(f">{ndim}I", data[4:head])
    if math.prod(shape) != len(data) - head:
        raise ValueError(f"{path} has {len(data) - head:,} bytes, not the {shape} it claims")
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape).copy()


def members_of_tar(path: str, wanted: tuple[str, ...], largest: int) -> Iterator[tuple[str, bytes]]:
    """Name and contents of the members that are wanted; nothing is unpacked to the disk.

    Raises:
        ValueError: if the archive is damaged, or a member is too large or there twice.
    """
    seen = set()
    try:
        with tarfile.open(path, "r|gz") as archive:
            for member in archive:
                name = member.name.rpartition("/")[2]
                if name not in wanted or not member.isreg():
                    continue
                if member.size > largest or name in seen:
                    raise ValueError(f"{path}: {name} is too large, or there twice")
                seen.add(name)
                file = archive.extractfile(member)
                assert file is not None  # which is for what is no file
                yield name, file.read()
                if len(seen) == len(wanted):
                    return
    except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from None
