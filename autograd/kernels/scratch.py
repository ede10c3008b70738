"""Scratch memory that never leaves a kernel.

A fresh block of memory costs page faults that rival the arithmetic done in it. `scratch` lends an
array for the length of a ``with`` block from a small pool, one per thread. A lent buffer is not in
the pool, so however calls nest, nothing is ever lent twice; kernels never return scratch or a view
of it. Where a block is left by an exception, its buffer is not given back but left to whoever still
refers to it: should a helper thread be writing into it, it does no harm. What outlives a kernel comes from malloc, whose habits `allocator` sets.
"""

import threading
import weakref
from bisect import bisect_left, insort
from math import prod

import numpy as np

from autograd.kernels import native
from autograd.kernels.tuning import POOL_BYTES, SMALL_SCRATCH

_ALIGNMENT = 64  # a cache line, and an AVX-512 register
_GRAIN = 4096


class _Pool:
    """Free buffers of one thread, sorted by size.

    The lock is for `empty_cache`, which empties the pools of other threads.
    """

    def __init__(self) -> None:
        self.free: list[tuple[int, int, np.ndarray]] = []
        self.lock = threading.RLock()  # a signal handler may come while we have it
        _pools.add(self)

    def take(self, size: int) -> np.ndarray:
        """The smallest free buffer that holds ``size`` bytes and is not four times too big."""
        with self.lock:
            at = bisect_left(self.free, (size,))
            if at < len(self.free) and self.free[at][0] <= 4 * size:
                return self.free.pop(at)[2]
        raw = np.empty(size + _ALIGNMENT, np.uint8)
        start = -raw.ctypes.data % _ALIGNMENT
        return raw[start : start + size]

    def put(self, buffer: np.ndarray) -> None:
        with self.lock:
            insort(self.free, (buffer.size, id(buffer), buffer))
            excess = self.kept() - POOL_BYTES
            while excess > 0:
                excess -= self.free.pop(0)[0]

    def kept(self) -> int:
        """Bytes in the pool. Counted anew each time, for a count kept beside it would be wrong
        after an interrupt between the two."""
        return sum([size for size, _, _ in self.free])

    def clear(self) -> None:
        with self.lock:
            self.free.clear()


_pools: "weakref.WeakSet[_Pool]" = weakref.WeakSet()
_local = threading.local()


class scratch:
    """Lend an uninitialised C-contiguous array for the length of a ``with`` block.

    The array holds arbitrary values; unless it is small, it begins at a multiple of 64 bytes. It
    must not be used after the block: the same memory may by then be lent to someone else.

    >>> with scratch((2, 3), np.dtype(np.float32)) as a:
    ...     a.shape
    (2, 3)
    """

    __slots__ = ("_buffer", "_dtype", "_pool", "_shape")

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._shape = shape
        self._dtype = dtype

    def __enter__(self) -> np.ndarray:
        size = prod(self._shape) * self._dtype.itemsize
        if size <= SMALL_SCRATCH:
            self._buffer = None
            return np.empty(self._shape, self._dtype)
        try:
            pool = _local.pool
        except AttributeError:
            pool = _local.pool = _Pool()
        self._pool = pool
        self._buffer = pool.take(-(-size // _GRAIN) * _GRAIN)
        return np.ndarray(self._shape, self._dtype, self._buffer)

    def __exit__(self, kind: object, *exception: object) -> None:
        if self._buffer is not None:
            if kind is None:
                self._pool.put(self._buffer)
            self._buffer = None


def cached_bytes() -> int:
    """Bytes that the pools of all threads keep for later use, without those lent at the moment."""
    own = sum(pool.kept() for pool in list(_pools))
    return own + (native.library.cached_bytes() if native.library is not None else 0)


def clear_pools() -> None:
    """Forget the free buffers of all threads; those lent at the moment stay with their users."""
    for pool in list(_pools):
        pool.clear()
    if native.library is not None:
        native.library.empty_cache()
