"""Batch-last memory under an (N, C, ...) shape.

Users see images as ``(N, C, H, W)``. In memory we like them as ``(H, C, W, N)``: the batch runs
fastest, then the width, then the channels, then the rows. With more or fewer spatial axes the rule
is the same, ``(*spatial[:-1], C, spatial[-1], N)``: 1-d is ``(C, W, N)``, 3-d
``(D, H, C, W, N)``.

Why: any window slice of such an array, strided or not, still consists of contiguous runs of ``N``
(usually ``W * N``) numbers, so copying, pooling, adding a bias or striding needs no gather. And
``kH`` neighbouring rows are one contiguous matrix, which is what ``correlation`` feeds to BLAS.
NumPy's elementwise functions keep the memory order of their input (``order="K"``), so the layout
travels through a network by itself. It is never required: every kernel takes any strides.
"""

from collections.abc import Callable, Sequence
from functools import cache
from operator import itemgetter

import numpy as np
from numpy.typing import DTypeLike


@cache
def memory_axes(ndim: int) -> tuple[int, ...]:
    """Axes of an ``(N, C, ...)`` array in the order in which they lie in memory, slowest first.

    >>> memory_axes(4)
    (2, 1, 3, 0)
    """
    if ndim < 3:
        raise ValueError(f"ndim: (N, C, ...) with a spatial axis makes 3 or more, got {ndim}")
    return (*range(2, ndim - 1), 1, ndim - 1, 0)


@cache
def shape_axes(ndim: int) -> tuple[int, ...]:
    """The inverse of `memory_axes`: turns a ``(..., C, W, N)`` array back to ``(N, C, ..., W)``.

    >>> shape_axes(4)
    (3, 1, 0, 2)
    """
    if ndim < 3:
        raise ValueError(f"ndim: (N, C, ...) with a spatial axis makes 3 or more, got {ndim}")
    return (ndim - 1, ndim - 3, *range(ndim - 3), ndim - 2)


@cache
def _in_memory(ndim: int) -> Callable[[Sequence[int]], tuple[int, ...]]:
    """Puts a shape (N, C, *S) in the order of `memory_axes`."""
    return itemgetter(*memory_axes(ndim))


def memory_view(x: np.ndarray) -> np.ndarray:
    """View of ``x`` (N, C, *S) with its axes as in batch-last memory, (*S[:-1], C, S[-1], N)."""
    return x.transpose(memory_axes(x.ndim))


def shape_view(m: np.ndarray) -> np.ndarray:
    """View of ``m`` (*S[:-1], C, S[-1], N) with its axes as users see them, (N, C, *S)."""
    return m.transpose(shape_axes(m.ndim))


def is_batch_last(x: np.ndarray) -> bool:
    """Whether ``x`` (N, C, *S) lies in memory without gaps in batch-last order."""
    return x.transpose(memory_axes(x.ndim)).flags.c_contiguous


def has_batch_last_rows(x: np.ndarray) -> bool:
    """Whether the rows of ``x`` (N, C, *S), its last axis and the batch, lie as in batch-last
    memory without gaps: what kernels count on; the other axes may have any strides."""
    n, width, item = x.shape[0], x.shape[-1], x.itemsize
    return (x.strides[0] == item or n == 1) and (x.strides[-1] == n * item or width == 1)


def empty_batch_last(shape: Sequence[int], dtype: DTypeLike) -> np.ndarray:
    """Uninitialised array of ``shape`` (N, C, *S) in batch-last memory.

    >>> empty_batch_last((64, 3, 32, 32), np.float32).strides
    (4, 8192, 24576, 256)
    """
    ndim = len(shape)
    return np.empty(_in_memory(ndim)(shape), dtype).transpose(shape_axes(ndim))


def zeros_batch_last(shape: Sequence[int], dtype: DTypeLike) -> np.ndarray:
    """Array of zeros of ``shape`` (N, C, *S) in batch-last memory."""
    ndim = len(shape)
    return np.zeros(_in_memory(ndim)(shape), dtype).transpose(shape_axes(ndim))


def to_batch_last(x: np.ndarray, dtype: DTypeLike | None = None) -> np.ndarray:
    """``x`` (N, C, *S) in batch-last memory and of ``dtype`` (default: its own).

    Returns ``x`` itself where it already is both, otherwise a copy.
    """
    view = memory_view(x)
    converted = np.ascontiguousarray(view, dtype=dtype)
    return x if converted is view else shape_view(converted)
