"""In which order samples are taken; each order is a function of a seed and the epoch's number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from autograd import arguments

__all__ = ["BatchSampler", "DistributedSampler", "RandomSampler", "Sampler",
           "SequentialSampler", "SubsetRandomSampler", "WeightedRandomSampler"]  # fmt: skip


class Sampler:
    """Base class of samplers: in which order samples are taken, or lists of them as batches.

    A subclass defines ``__iter__``, which gives numbers of samples (as ``sampler=`` of a
    `DataLoader`) or lists of them (as ``batch_sampler=``), and ``__len__``.

    Attributes:
        epoch: the epoch that the next iteration is for.

    Example:
        >>> import nn, numpy as np
        >>> class Evens(nn.data.Sampler):
        ...     def __init__(self, data):
        ...         self.data = data
        ...
        ...     def __iter__(self):
        ...         return iter(range(0, len(self.data), 2))
        ...
        ...     def __len__(self):
        ...         return (len(self.data) + 1) // 2
        >>> data = nn.data.TensorDataset(np.arange(5))
        >>> [batch.tolist() for (batch,) in nn.data.DataLoader(data, 2, sampler=Evens(data))]
        [[0, 2], [4]]
    """

    epoch = 0

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError(f"{type(self).__name__}: define __iter__(self)")

    def __repr__(self) -> str:
        count = f" of {len(self)}" if hasattr(self, "__len__") else ""
        return f"{type(self).__name__}{count}, epoch {self.epoch}"

    def set_epoch(self, epoch: int) -> None:
        """Tell which epoch comes; `DataLoader` does it."""
        self.epoch = arguments.integer(type(self).__name__, "epoch", epoch, 0)


class SequentialSampler(Sampler):
    """Sample after sample."""

    def __init__(self, data_source: Any) -> None:
        self.data_source = arguments.sized("SequentialSampler", "data_source", data_source)

    def __len__(self) -> int:
        return len(self.data_source)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))


class _Shuffling(Sampler):
    def __init__(self, seed: int) -> None:
        self.seed = arguments.integer(type(self).__name__, "seed", seed, 0)

    def _generator(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, self.epoch])


class RandomSampler(_Shuffling):
    """All samples in an order that is new in every epoch; or some, drawn with replacement.

    Args:
        replacement: samples may come twice. Default False.
        num_samples: how many are drawn. Default: as many as there are.
        seed: default 0.
    """

    def __init__(
        self, data_source: Any, replacement: bool = False, num_samples: int | None = None,
        seed: int = 0,
    ) -> None:  # fmt: skip
        super().__init__(seed)
        self.data_source = arguments.sized("RandomSampler", "data_source", data_source)
        self.replacement = arguments.boolean("RandomSampler", "replacement", replacement)
        self.num_samples = (
            len(data_source) if num_samples is None
            else arguments.integer("RandomSampler", "num_samples", num_samples)
        )  # fmt: skip
        if not replacement and self.num_samples > len(data_source):
            raise ValueError(
                f"RandomSampler: num_samples={num_samples}, but there are {len(data_source)} "
                "samples; with replacement=True more can be drawn"
            )

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        if self.replacement:
            return iter(self._generator().integers(n, size=self.num_samples).tolist())
        return iter(self._generator().permutation(n)[: self.num_samples].tolist())


class SubsetRandomSampler(_Shuffling):
    """The samples at ``indices``, in an order that is new in every epoch."""

    def __init__(self, indices: Iterable[int], seed: int = 0) -> None:
        super().__init__(seed)
        indices = arguments.elements("SubsetRandomSampler", "indices", indices)
        self.indices = [arguments.integer("SubsetRandomSampler", "indices", i, 0) for i in indices]

    def __len__(self) -> int:
        return len(self.indices)

    def __iter__(self) -> Iterator[int]:
        return (self.indices[k] for k in self._generator().permutation(len(self.indices)))


class WeightedRandomSampler(_Shuffling):
    """Samples drawn by weight.

    Args:
        weights: of shape (N,), from 0; they need not sum to 1.
        num_samples: how many are drawn.
        replacement: samples may come twice. Default True.
        seed: default 0.
    """

    def __init__(
        self, weights: Any, num_samples: int, replacement: bool = True, seed: int = 0
    ) -> None:
        super().__init__(seed)
        self.weights = arguments.real_array("WeightedRandomSampler", "weights", weights)
        total = self.weights.sum()
        if self.weights.ndim != 1 or not (self.weights >= 0).all() or not 0 < total < np.inf:
            raise ValueError(
                "WeightedRandomSampler: weights must be finite, not negative, not all 0 and of "
                f"shape (N,), got {arguments.shown(weights)}"
            )
        self.num_samples = arguments.integer("WeightedRandomSampler", "num_samples", num_samples)
        self.replacement = arguments.boolean("WeightedRandomSampler", "replacement", replacement)
        if not replacement and self.num_samples > np.count_nonzero(self.weights):
            raise ValueError(
                f"WeightedRandomSampler: num_samples={num_samples}, but without replacement only "
                f"{np.count_nonzero(self.weights)} samples have a weight"
            )

    def __len__(self) -> int:
        return self.num_samples

    def __iter__(self) -> Iterator[int]:
        chosen = self._generator().choice(
            len(self.weights), self.num_samples, self.replacement, self.weights / self.weights.sum()
        )
        return iter(chosen.tolist())


class BatchSampler(Sampler):
    """Lists of sample numbers, ``batch_size`` each, from another sampler.

    Args:
        drop_last: leave the last one out if it is shorter.
    """

    def __init__(self, sampler: Any, batch_size: int, drop_last: bool = False) -> None:
        self.sampler = sampler
        self.batch_size = arguments.integer("BatchSampler", "batch_size", batch_size)
        self.drop_last = arguments.boolean("BatchSampler", "drop_last", drop_last)

    def set_epoch(self, epoch: int) -> None:
        """Tell the sampler which epoch comes."""
        super().set_epoch(epoch)
        if hasattr(self.sampler, "set_epoch"):
            self.sampler.set_epoch(epoch)

    def __len__(self) -> int:
        n = len(self.sampler)
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        order = iter(self.sampler)
        while batch := list(islice(order, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch


class DistributedSampler(_Shuffling):
    """The share of one process when several train on one data set.

    All processes shuffle alike and take every ``num_replicas``-th sample. Where the samples do not
    divide, the first ones come once more, so that all shares are equally long; with ``drop_last``
    the last ones are left out instead.

    Args:
        num_replicas: how many processes there are.
        rank: which of them this one is, from 0.
        shuffle: default True.
        seed: the same in every process. Default 0.
        drop_last: default False.
    """

    def __init__(
        self, dataset: Any, num_replicas: int, rank: int, shuffle: bool = True, seed: int = 0,
        drop_last: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(seed)
        who = "DistributedSampler"
        self.dataset = dataset
        self.num_replicas = arguments.integer(who, "num_replicas", num_replicas)
        self.rank = arguments.integer(who, "rank", rank, 0)
        if self.rank >= self.num_replicas:
            raise ValueError(f"{who}: rank must be below num_replicas={num_replicas}, got {rank}")
        self.shuffle = arguments.boolean(who, "shuffle", shuffle)
        self.drop_last = arguments.boolean(who, "drop_last", drop_last)

    def __len__(self) -> int:
        n = len(self.dataset)
        return n // self.num_replicas if self.drop_last else -(-n // self.num_replicas)

    def __iter__(self) -> Iterator[int]:
        n = len(self.dataset)
        order = self._generator().permutation(n) if self.shuffle else np.arange(n)
        order = np.resize(order, len(self) * self.num_replicas) if n else order
        return iter(order[self.rank :: self.num_replicas].tolist())
