"""Data sets: anything with a length and samples by number; and what is made of them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from autograd import Tensor, arguments, generator_or_default
from nn.data.collate import collate
from nn.data.draws import Draws

__all__ = ["ConcatDataset", "Dataset", "Subset", "TensorDataset", "batch_of", "random_split"]


class Dataset:
    """Samples by number. Subclasses define ``__len__`` and ``__getitem__``.

    A sample is an array, a number, a text, or a tuple, list or dict of such. Where whole batches can
    be had quicker than sample by sample, or where samples are random, define ``batch``, too.

    Example:
        >>> import nn
        >>> class Squares(nn.data.Dataset):
        ...     def __len__(self):
        ...         return 5
        ...     def __getitem__(self, i):
        ...         return i * i
        >>> [batch.tolist() for batch in nn.data.DataLoader(Squares(), batch_size=2)]
        [[0, 1], [4, 9], [16]]
    """

    def __len__(self) -> int:
        raise TypeError(f"{type(self).__name__} defines no __len__: how many samples are there?")

    def __getitem__(self, index: int) -> Any:
        raise TypeError(f"{type(self).__name__} defines no __getitem__: how is a sample made?")

    def batch(self, indices: Sequence[int], draws: Draws | None = None) -> Any:
        """The samples at ``indices``, joined along a new first axis.

        Args:
            draws: random numbers with a row for each sample, see `Draws`; None when nothing random
                is wanted.
        """
        return collate([self[index] for index in indices])

    def __repr__(self) -> str:
        return f"{type(self).__name__} of {len(self)} sample{'s' * (len(self) != 1)}"

    def __add__(self, other: Any) -> ConcatDataset:
        return ConcatDataset([self, other])


class TensorDataset(Dataset):
    """Arrays or tensors that share their first axis; a sample is one entry of each.

    Args:
        arrays: images, labels, …; their first axes are equally long. They are not copied.
        transform: called with the first array's samples, ``transform(images, draws)``; see
            `nn.data.transforms`. Default: they stay as they are.

    Raises:
        ValueError: if there are no arrays, or the lengths differ.

    Example:
        >>> import nn, numpy as np
        >>> data = nn.data.TensorDataset(np.eye(3), np.arange(3))
        >>> len(data), data[1]
        (3, (array([0., 1., 0.]), np.int64(1)))
    """

    def __init__(self, *arrays: Any, transform: Callable[..., Any] | None = None) -> None:
        if not arrays:
            raise ValueError("TensorDataset: give at least one array")
        self.arrays = tuple(
            array.detach().data if isinstance(array, Tensor) else np.asarray(array)
            for array in arrays
        )
        shapes = [array.shape for array in self.arrays]
        if any(not shape or shape[0] != shapes[0][:1][0] for shape in shapes):
            raise ValueError(
                "TensorDataset: the first axes must be equally long, got shapes "
                + ", ".join(map(str, shapes))
            )
        if transform is not None and not callable(transform):
            raise TypeError(
                f"TensorDataset: transform must be a function, got {arguments.shown(transform)}"
            )
        self.transform = transform

    @property
    def samplewise(self) -> int | None:
        """The bytes of a sample where several batches may be made at once, otherwise None.

        They may where samples are small and each is made by itself.
        """
        if type(self).batch is not TensorDataset.batch:  # another's batches may be anything
            return None
        size = self.arrays[0].nbytes // max(len(self), 1)
        alone = self.transform is None or getattr(self.transform, "samplewise", False)
        return size if alone and size <= 4096 else None

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: int | slice) -> tuple[Any, ...]:
        """A sample; of a slice, as in ``data[:100]``, the samples together."""
        if isinstance(index, slice):
            return self.batch(range(len(self))[index])
        index = _sample(self, index)
        return tuple(part[0] for part in self.batch([index]))

    def batch(self, indices: Sequence[int], draws: Draws | None = None) -> tuple[Any, ...]:
        """The entries at ``indices`` of every array, the first ones transformed."""
        batch = tuple(array[indices] for array in self.arrays)
        if self.transform is None:
            return batch
        return self.transform(batch[0], draws), *batch[1:]


class Subset(Dataset):
    """The samples of another data set at given numbers.

    Raises:
        IndexError: for numbers that the data set does not have.
    """

    def __init__(self, dataset: Any, indices: Any) -> None:
        self.dataset = arguments.sized("Subset", "dataset", dataset)
        indices = arguments.elements("Subset", "indices", indices)
        self.indices = [_sample(dataset, index) for index in indices]

    @property
    def samplewise(self) -> int | None:
        """The bytes of a sample where several batches may be made at once, otherwise None."""
        ours = type(self).batch is Subset.batch
        return getattr(self.dataset, "samplewise", None) if ours else None

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> Any:
        return self.dataset[self.indices[_sample(self, index)]]

    def batch(self, indices: Sequence[int], draws: Draws | None = None) -> Any:
        """The samples at ``indices``, as the data set that holds them joins them."""
        return batch_of(self.dataset, [self.indices[index] for index in indices], draws)


class ConcatDataset(Dataset):
    """Data sets one behind the other.

    Raises:
        ValueError: if there are none.
    """

    def __init__(self, datasets: Any) -> None:
        given = arguments.elements("ConcatDataset", "datasets", datasets)
        self.datasets = [
            arguments.sized("ConcatDataset", f"datasets[{k}]", each) for k, each in enumerate(given)
        ]
        if not self.datasets:
            raise ValueError("ConcatDataset: give at least one data set")
        self.ends = list(accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.ends[-1]

    def __getitem__(self, index: int) -> Any:
        which, inside = self._place(_sample(self, index))
        return self.datasets[which][inside]

    def batch(self, indices: Sequence[int], draws: Draws | None = None) -> Any:
        """The samples at ``indices``, as the data sets that hold them join them."""
        places = [self._place(index) for index in indices]
        parts, positions = [], []
        for which in sorted({which for which, _ in places}):
            here = [k for k, place in enumerate(places) if place[0] == which]
            inside = [places[k][1] for k in here]
            drawn = None if draws is None else draws.of(here)
            parts.append(batch_of(self.datasets[which], inside, drawn))
            positions += here
        return parts[0] if len(parts) == 1 else _joined(parts, np.argsort(positions))

    def _place(self, index: int) -> tuple[int, int]:
        which = bisect_right(self.ends, index)
        return which, index - (self.ends[which - 1] if which else 0)


def random_split(
    dataset: Any, lengths: Sequence[float], generator: np.random.Generator | None = None
) -> list[Subset]:
    """Divide a data set at random.

    Args:
        lengths: how many samples each part gets; or fractions that sum to 1, where what rounding
            leaves over goes to the first parts, one each.
        generator: default: the default generator.

    Raises:
        ValueError: if the lengths do not sum to the data set's.

    Example:
        >>> import nn, numpy as np
        >>> parts = nn.data.random_split(range(10), [0.75, 0.25], np.random.default_rng(0))
        >>> [len(part) for part in parts]
        [8, 2]
    """
    generator = generator_or_default("random_split", generator)
    arguments.sized("random_split", "dataset", dataset)
    sizes = arguments.elements("random_split", "lengths", lengths)
    if all(arguments.is_integer(size) for size in sizes):
        counts = [arguments.integer("random_split", "lengths", size, 0) for size in sizes]
    else:
        fractions = [arguments.real("random_split", "lengths", size) for size in sizes]
        if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
            raise ValueError(
                f"random_split: fractions must sum to 1, got {arguments.shown(lengths)}"
            )
        counts = [int(fraction * len(dataset)) for fraction in fractions]
        for k in range(len(dataset) - sum(counts)):
            counts[k % len(counts)] += 1
    if sum(counts) != len(dataset):
        raise ValueError(
            f"random_split: lengths {arguments.shown(lengths)} sum to "
            f"{arguments.shown(sum(counts))}, the data set has {len(dataset)}"
        )
    order = generator.permutation(len(dataset)).tolist()
    ends = list(accumulate(counts, initial=0))
    return [Subset(dataset, order[a:b]) for a, b in zip(ends, ends[1:], strict=False)]


def _sample(dataset: Any, index: Any) -> int:
    """A sample's number, counted from the end when negative; IndexError where there is none."""
    number = arguments.integer(type(dataset).__name__, "index", index, None)
    length = len(dataset)
    if not -length <= number < length:
        raise IndexError(f"{type(dataset).__name__}: there is no sample {number} of {length}")
    return number % length


def batch_of(dataset: Any, indices: Any, draws: Draws | None) -> Any:
    """A batch of any data set, also one that is only a sequence of samples."""
    if hasattr(dataset, "batch"):
        return dataset.batch(indices, draws)
    return collate([dataset[index] for index in indices])


def _joined(parts: list[Any], order: Any) -> Any:
    """Batches one behind the other, then in another order."""
    first = parts[0]
    if isinstance(first, dict):
        return {key: _joined([part[key] for part in parts], order) for key in first}
    if isinstance(first, tuple):
        return tuple(_joined(list(each), order) for each in zip(*parts, strict=True))
    if isinstance(first, list) and not isinstance(first[0], str):
        return [_joined(list(each), order) for each in zip(*parts, strict=True)]
    if isinstance(first, list):
        texts = [text for part in parts for text in part]
        return [texts[k] for k in order]
    return np.concatenate(parts)[order]
