"""Batches from a data set: shuffled, augmented, prefetched, and resumable to the bit."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import accumulate, islice, pairwise
from typing import Any

import numpy as np

from autograd import arguments, generator_or_default
from nn.data.collate import to_tensors
from nn.data.datasets import batch_of
from nn.data.draws import Draws
from nn.data.samplers import BatchSampler, RandomSampler, SequentialSampler

__all__ = ["DataLoader"]

#: At most so many samples are made together, see `DataLoader._together`.
_MANY = 4096
#: Bytes of a sample up to which threads would cost more than they hide.
_TINY = 512


def _equally_long(arrays: tuple[Any, ...]) -> bool:
    """True for arrays of which each has as many entries along the first axis, and which are no samples.

    Samples would be of one shape and dtype.
    """
    shapes: list[Any] = [getattr(array, "shape", ()) for array in arrays]
    alike = (
        len({(shape, array.dtype) for shape, array in zip(shapes, arrays, strict=True) if shape})
        < 2
    )
    return not alike and all(shape and shape[0] == shapes[0][0] for shape in shapes)


class DataLoader:
    """Iterates over a data set in batches; each ``for`` loop is an epoch.

    The order of an epoch and all augmentation are functions of the seed, the epoch's number and the
    sample's number. So it makes no difference how many threads prefetch, and a loader whose state
    was saved goes on with the very batches that would have come.

    Args:
        dataset: anything with a length and samples by number, see `nn.data.Dataset`.
        batch_size: default 1.
        shuffle: a new order in every epoch. Default False.
        sampler: gives the order instead. Its ``set_epoch`` is called if it has one.
        batch_sampler: gives lists of sample numbers, instead of the three before.
        num_workers: threads that prepare batches ahead; 0: none, batches are made when asked for.
            NumPy leaves Python's lock while it computes, so one or two keep up with training. Images
            as tiny as 8×8 are made without threads, many batches in one go, which is quicker.
        collate_fn: joins a list of samples. Default: `nn.data.collate`, or the data set's own way.
        drop_last: leave out a last batch that is shorter. Default False.
        prefetch_factor: batches kept ready for each worker. Default 2.
        generator: the seed is drawn from it, here and now. Default: the default generator.
        seed: the seed itself, instead.

    Raises:
        TypeError, ValueError: for arguments that make no sense, or not together.

    Example:
        >>> import nn
        >>> digits = nn.data.load_digits()
        >>> data = nn.data.TensorDataset(digits.train_images, digits.train_labels)
        >>> loader = nn.data.DataLoader(data, batch_size=64, shuffle=True, seed=0)
        >>> images, labels = next(iter(loader))
        >>> images.shape, labels.shape, len(loader)
        ((64, 1, 8, 8), (64,), 23)
    """

    @arguments.suggesting
    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        drop_last: bool = False,
        prefetch_factor: int = 2,
        generator: np.random.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        if not hasattr(dataset, "__len__") or not (
            hasattr(dataset, "__getitem__") or hasattr(dataset, "batch")
        ):
            raise TypeError(
                "DataLoader: dataset must have a length and samples by number, got "
                f"{type(dataset).__name__}"
            )
        plain = getattr(type(dataset), "__getitem__", None) is tuple.__getitem__
        if plain and len(dataset) > 1 and _equally_long(dataset):
            given = ", ".join(str(np.shape(array)) for array in dataset)
            raise TypeError(
                f"DataLoader: dataset is a tuple of {len(dataset)} arrays, {given}, and would be "
                f"{len(dataset)} samples; join them: nn.data.TensorDataset(x, y)"
            )
        self.dataset = dataset
        self.num_workers = arguments.integer("DataLoader", "num_workers", num_workers, 0)
        self.prefetch_factor = arguments.integer("DataLoader", "prefetch_factor", prefetch_factor)
        if collate_fn is not None and not callable(collate_fn):
            raise TypeError(
                f"DataLoader: collate_fn must be a function, got {arguments.shown(collate_fn)}"
            )
        self.collate_fn = collate_fn
        if seed is None:
            seed = int(generator_or_default("DataLoader", generator).integers(2**63))
        elif generator is not None:
            raise ValueError("DataLoader: give a generator or a seed, not both")
        self.seed = arguments.integer("DataLoader", "seed", seed, 0)
        shuffle = arguments.boolean("DataLoader", "shuffle", shuffle)
        self._shuffler: RandomSampler | None = None
        if batch_sampler is None:
            if sampler is None and shuffle:
                sampler = self._shuffler = RandomSampler(dataset, seed=seed)
            elif sampler is None:
                sampler = SequentialSampler(dataset)
            elif shuffle:
                raise ValueError("DataLoader: a sampler says the order; leave shuffle=True out")
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        elif shuffle or drop_last or sampler is not None or batch_size != 1:
            raise ValueError(
                "DataLoader: a batch_sampler says it all; leave batch_size, shuffle, sampler and "
                "drop_last out"
            )
        self.batch_sampler = batch_sampler
        self._at = self._next = (0, 0)  # (epoch, batches of it that were handed out)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self.batch_sampler)

    def __repr__(self) -> str:
        batches = f"{len(self)} batch{'es' * (len(self) != 1)} an epoch"
        return f"DataLoader({self.dataset!r}): {batches}, epoch {self.epoch}"

    @property
    def epoch(self) -> int:
        """Which epoch is running, or comes next; from 0."""
        return self._at[0]

    def state_dict(self) -> dict[str, int]:
        """Where the loader stands: batches that were prefetched but not handed out do not count."""
        epoch, position = self._at
        return {"seed": self.seed, "epoch": epoch, "position": position}

    def load_state_dict(self, state_dict: Mapping[str, int]) -> None:
        """Have the next ``for`` loop go on where another loader stood.

        Raises:
            ValueError: if the state is of a loader with another seed, or lacks an entry.
        """
        values = []
        for name in ("seed", "epoch", "position"):
            if not isinstance(state_dict, Mapping) or name not in state_dict:
                raise ValueError(f"DataLoader.load_state_dict: {name!r} is missing")
            values.append(
                arguments.integer("DataLoader.load_state_dict", name, state_dict[name], 0)
            )
        seed, epoch, position = values
        if self._shuffler is not None:  # a sampler that was given keeps the seed that it was given
            self._shuffler.seed = seed
        self.seed = seed
        self._at = self._next = (epoch, position)

    def __iter__(self) -> Iterator[Any]:
        epoch, position = self._next
        self._at, self._next = (epoch, position), (epoch + 1, 0)
        if hasattr(self.batch_sampler, "set_epoch"):
            self.batch_sampler.set_epoch(epoch)
        remaining = islice(iter(self.batch_sampler), position, None)
        batches = self._ahead(remaining, epoch) if self.num_workers else (
            self._batches([indices], epoch)[0] for indices in remaining
        )  # fmt: skip
        return self._counted(batches, epoch, position)

    def _counted(self, batches: Iterator[Any], epoch: int, position: int) -> Iterator[Any]:
        for batch in batches:
            position += 1
            self._at = (epoch, position)
            yield to_tensors(batch)
        self._at = (epoch + 1, 0)

    def _together(self, remaining: Iterator[Any], count: int = 1) -> Iterator[list[Any]]:
        """Batches that are made in one go: several small ones, where the data set allows it.

        A batch of a few small images costs mostly the calls that make it; these hold Python's lock,
        and each time that it changes hands, training waits. So ``count`` batches are made together
        (the first one alone, since training waits for it), then four times as many each time, up to
        `_MANY` samples.
        """
        small = self._bytes() is not None
        for first in remaining:
            most = max(1, _MANY // max(len(first), 1)) if small else 1
            yield [first, *islice(remaining, min(count, most) - 1)]
            count = min(4 * count, most)

    def _bytes(self) -> int | None:
        """The size of a sample where batches may be made together, otherwise None."""
        return None if self.collate_fn is not None else getattr(self.dataset, "samplewise", None)

    def _batches(self, lists: list[Any], epoch: int) -> list[Any]:
        if self.collate_fn is not None:
            return [self.collate_fn([self.dataset[index] for index in lists[0]])]
        if len(lists) == 1:
            return [batch_of(self.dataset, lists[0], Draws(self.seed, epoch, lists[0]))]
        indices = np.array([index for each in lists for index in each])
        batch = batch_of(self.dataset, indices, Draws(self.seed, epoch, indices))
        ends = list(accumulate(map(len, lists), initial=0))
        return [tuple(part[a:b] for part in batch) for a, b in pairwise(ends)]

    def _ahead(self, remaining: Iterator[Any], epoch: int) -> Iterator[Any]:
        """Batches in their order, prepared by threads a few at a time."""
        size = self._bytes()
        if size is not None and size <= _TINY:
            for lists in self._together(remaining, _MANY):
                yield from self._batches(lists, epoch)
            return
        executor = ThreadPoolExecutor(self.num_workers, thread_name_prefix="DataLoader")
        waiting: deque[Future[Any]] = deque()
        try:
            for lists in self._together(remaining):
                try:
                    waiting.append(executor.submit(self._batches, lists, epoch))
                except RuntimeError:  # no thread can be started, as in a browser: then here
                    while waiting:
                        yield from waiting.popleft().result()
                    yield from self._batches(lists, epoch)
                if len(waiting) >= self.num_workers * self.prefetch_factor:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:  # also where the loop was left early, or a batch raised
            executor.shutdown(wait=True, cancel_futures=True)
