"""Random numbers that belong to samples, not to the order in which they are asked for.

What a random transform draws for sample 17 of epoch 3 is a function of the seed, 3 and 17 alone: it
does not depend on the batch, on the thread, on what was drawn before, or on whether a run was
interrupted. So the numbers are not drawn from a stream but computed, by the mixing function of
SplitMix64 (G. Steele, D. Lea, C. Flood: Fast splittable pseudorandom number generators, OOPSLA
2014), for all samples of a batch at once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments

__all__ = ["Draws"]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mixed(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x = (x ^ (x >> np.uint64(30))) * _FIRST
    x = (x ^ (x >> np.uint64(27))) * _SECOND
    return x ^ (x >> np.uint64(31))


class Draws:
    """A source of random numbers with a row for each sample.

    Args:
        seed: an integer from 0.
        epoch: which pass over the data.
        indices: of shape (N,): which samples.

    Example:
        >>> import nn
        >>> both = nn.data.Draws(0, 3, [16, 17]).uniform()
        >>> one = nn.data.Draws(0, 3, [17]).uniform()
        >>> bool(both[1] == one[0])
        True
    """

    def __init__(self, seed: int, epoch: int, indices: Any) -> None:
        seed = arguments.integer("Draws", "seed", seed, 0)
        epoch = arguments.integer("Draws", "epoch", epoch, 0)
        places = arguments.integer_array("Draws", "indices", indices)
        self._keys = np.atleast_1d(places).astype(np.uint64)
        with np.errstate(over="ignore"):
            for number in (epoch, seed):
                start = np.array([number % 2**64], np.uint64) * _GOLDEN
                self._keys = _mixed(self._keys + _mixed(start + _GOLDEN))
        self._drawn = 0

    def __len__(self) -> int:
        return len(self._keys)

    def of(self, rows: Any) -> Draws:
        """The same numbers for some of the samples only, from the beginning."""
        result = object.__new__(Draws)
        result._keys, result._drawn = self._keys[rows], 0
        return result

    def _words(self, count: int) -> np.ndarray[Any, Any]:
        """64 random bits, of shape (N, count); every call gives others."""
        steps = np.arange(self._drawn + 1, self._drawn + count + 1, dtype=np.uint64) * _GOLDEN
        self._drawn += count
        with np.errstate(over="ignore"):
            return _mixed(self._keys[:, None] + steps)

    def uniform(
        self, low: float = 0.0, high: float = 1.0, size: tuple[int, ...] = ()
    ) -> np.ndarray[Any, Any]:
        """Uniform float64 in [low, high), of shape (N, \\*size)."""
        words = self._words(int(np.prod(size, dtype=int)))
        unit = (words >> np.uint64(11)) * 2.0**-53
        return (low + (high - low) * unit).reshape(len(self), *size)

    def integers(self, low: int, high: int, size: tuple[int, ...] = ()) -> np.ndarray[Any, Any]:
        """Uniform int64 in [low, high), of shape (N, \\*size)."""
        return np.floor(self.uniform(low, high, size)).astype(np.int64)

    def normal(self, size: tuple[int, ...] = ()) -> np.ndarray[Any, Any]:
        """Standard normal float64, of shape (N, \\*size); by Box and Muller's transform."""
        radius = np.sqrt(-2.0 * np.log1p(-self.uniform(size=size)))
        return radius * np.cos(2.0 * np.pi * self.uniform(size=size))
