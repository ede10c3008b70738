"""Scratch memory that never leaves a kernel, and the allocator's habits.

A fresh block of memory costs page faults that rival the arithmetic done in it. Two remedies:

* `scratch` lends an array for the length of a ``with`` block from a small pool, one per thread.
  A lent buffer is not in the pool, so however calls nest, nothing is ever lent twice; kernels never
  return scratch or a view of it.
* `tune_allocator` asks glibc once to keep freed blocks in the process instead of returning them to
  the system at every ``free``. Other C libraries are left alone. Setting the environment variable
  ``GLASSGRAD_NO_MALLOC_TUNING=1`` before the import switches it off.

`empty_cache` gives both kinds of kept memory back.
"""

import ctypes
import os
import sys
import threading
import weakref
from bisect import bisect_left, insort
from math import prod

import numpy as np

POOL_BYTES = 64 * 2**20
"""The most that one thread's pool keeps between uses."""

_ALIGNMENT = 64  # a cache line, and an AVX-512 register
_GRAIN = 4096
_SMALL = 2**14  # so few bytes come from malloc's own lists faster than from ours

# Parameters of glibc's mallopt (malloc.h).
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4


class _Pool:
    """Free buffers of one thread, sorted by size.

    The lock is for `empty_cache`, which empties the pools of other threads.
    """

    def __init__(self) -> None:
        self.free: list[tuple[int, int, np.ndarray]] = []
        self.kept = 0
        self.lock = threading.Lock()
        _pools.add(self)

    def take(self, size: int) -> np.ndarray:
        """The smallest free buffer that holds ``size`` bytes and is not four times too big."""
        with self.lock:
            at = bisect_left(self.free, (size,))
            if at < len(self.free) and self.free[at][0] <= 4 * size:
                have, _, buffer = self.free.pop(at)
                self.kept -= have
                return buffer
        raw = np.empty(size + _ALIGNMENT, np.uint8)
        start = -raw.ctypes.data % _ALIGNMENT
        return raw[start : start + size]

    def put(self, buffer: np.ndarray) -> None:
        with self.lock:
            insort(self.free, (buffer.size, id(buffer), buffer))
            self.kept += buffer.size
            while self.kept > POOL_BYTES:
                self.kept -= self.free.pop(0)[0]

    def clear(self) -> None:
        with self.lock:
            self.free.clear()
            self.kept = 0


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
        if size <= _SMALL:
            self._buffer = None
            return np.empty(self._shape, self._dtype)
        try:
            pool = _local.pool
        except AttributeError:
            pool = _local.pool = _Pool()
        self._pool = pool
        self._buffer = pool.take(-(-size // _GRAIN) * _GRAIN)
        return np.ndarray(self._shape, self._dtype, self._buffer)

    def __exit__(self, *exception: object) -> None:
        if self._buffer is not None:
            self._pool.put(self._buffer)
            self._buffer = None


def cached_bytes() -> int:
    """Bytes that the pools of all threads keep for later use, without those lent at the moment."""
    return sum(pool.kept for pool in list(_pools))


def empty_cache() -> None:
    """Give memory back to the system that is kept for later use: free scratch, then malloc's."""
    for pool in list(_pools):
        pool.clear()
    libc = _glibc()
    if libc is not None:
        libc.malloc_trim(0)


def tune_allocator() -> bool:
    """Let glibc keep freed memory in the process; returns whether it was done.

    Large arrays then come from the heap instead of an ``mmap`` of their own, so that their pages
    are there already when the next training step needs an array of that size. Does nothing on other
    C libraries, or when the environment variable ``GLASSGRAD_NO_MALLOC_TUNING`` is set to anything
    but ``0`` or the empty string. Cheap, and harmless when repeated.
    """
    if os.environ.get("GLASSGRAD_NO_MALLOC_TUNING", "0") not in ("", "0"):
        return False
    libc = _glibc()
    if libc is None:
        return False
    return bool(
        libc.mallopt(_M_MMAP_MAX, 0)
        and libc.mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        and libc.mallopt(_M_TOP_PAD, 16 * 2**20)
    )


def _glibc() -> ctypes.CDLL | None:
    """The process's own C library where it is glibc, otherwise None."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None)
        # Only glibc has this name; musl, for one, has malloc_trim nowhere and mallopt nowhere.
        libc.gnu_get_libc_version  # noqa: B018
        libc.mallopt.argtypes = (ctypes.c_int, ctypes.c_int)
        libc.malloc_trim.argtypes = (ctypes.c_size_t,)
    except (OSError, AttributeError):
        return None
    return libc
