"""Sliding windows over images, and their exact adjoint.

    windows(x, *, kernel_shape, stride, padding, dilation) -> (N, C, *out, *kernel)
    fold_windows(w, *, input_shape, stride, padding, dilation) -> (N, C, *input_shape)
    overlaps(...)       which inputs meet which outputs at each kernel offset
    pad_planes(x, padding, value)
    window_counts(...)  how many windows fit along each axis

Arrays are (N, C, *spatial) with one to three spatial axes, in any memory order. Hyper-parameters
are tuples with one entry per spatial axis; ``padding`` holds ``(low, high)`` pairs, negative ones
crop.

The idea that this file lends to all pooling: never loop over windows, loop over *kernel offsets*.
At a fixed offset the cells that all windows see form one strided rectangle of the input, and the
windows that see them (the others look into the padding there) one rectangle of the output. So
every window operation is a handful of NumPy calls on slices; no padded copy and no index
arithmetic on elements is needed.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd.kernels.layout import empty_batch_last, zeros_batch_last

Slices = tuple[slice, ...]
Overlap = tuple[tuple[int, ...], Slices, Slices]


def window_counts(
    input_shape: Sequence[int],
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """Number of windows along each axis: ⌊(L + low + high − d(k − 1) − 1) / s⌋ + 1, at least 0."""
    return tuple(
        max(0, (length + low + high - d * (k - 1) - 1) // s + 1)
        for length, k, s, (low, high), d in zip(
            input_shape, kernel_shape, stride, padding, dilation, strict=True
        )
    )


@lru_cache(maxsize=1024)
def axis_overlaps(
    length: int, outputs: int, kernel: int, stride: int, low: int, dilation: int
) -> tuple[tuple[int, slice, slice], ...]:
    """One axis of `overlaps`: for every offset that meets any cell, (offset, inputs, outputs)."""
    found = []
    for offset in range(kernel):
        shift = offset * dilation - low  # output o sees input o * stride + shift
        first = max(0, -(shift // stride))
        stop = min(outputs, (length - 1 - shift) // stride + 1)
        if first < stop:
            start = first * stride + shift
            inputs = slice(start, start + (stop - first - 1) * stride + 1, stride)
            found.append((offset, inputs, slice(first, stop)))
    return tuple(found)


def overlaps(
    input_shape: Sequence[int],
    out_shape: Sequence[int],
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> tuple[Overlap, ...]:
    """``(offset, inputs, outputs)`` for each kernel offset, the last axis fastest.

    ``inputs`` and ``outputs`` are tuples of slices over all axes of (N, C, *spatial) arrays:
    ``x[inputs]`` are the cells that the windows ``y[outputs]`` see at that offset, in order.
    Within one offset no cell occurs twice, so ``x[inputs] += ...`` is safe. Offsets at which
    every window looks into the padding are left out.
    """
    lows = (low for low, _ in padding)
    axes = zip(input_shape, out_shape, kernel_shape, stride, lows, dilation, strict=True)
    return _overlaps(tuple(axes))


@lru_cache(maxsize=256)
def _overlaps(axes: tuple[tuple[int, ...], ...]) -> tuple[Overlap, ...]:
    images = (slice(None), slice(None))
    found = []
    for met in product(*(axis_overlaps(*axis) for axis in axes)):
        offset, inputs, outputs = zip(*met, strict=True)
        found.append((offset, images + inputs, images + outputs))
    return tuple(found)


def pad_planes(x: np.ndarray, padding: Sequence[tuple[int, int]], value: object = 0) -> np.ndarray:
    """``x`` (N, C, *S) with ``value`` around its planes (negative padding crops), batch-last.

    Returns ``x`` itself when all padding is 0.
    """
    if not any(low or high for low, high in padding):
        return x
    shape = x.shape[:2] + tuple(
        max(0, length + low + high)
        for length, (low, high) in zip(x.shape[2:], padding, strict=True)
    )
    padded = empty_batch_last(shape, x.dtype)
    padded[...] = value
    source: list[slice] = [slice(None)] * 2
    target: list[slice] = [slice(None)] * 2
    for length, (low, high) in zip(x.shape[2:], padding, strict=True):
        start = max(0, -low)
        kept = max(0, length + min(0, high) - start)
        source.append(slice(start, start + kept))
        target.append(slice(max(0, low), max(0, low) + kept))
    padded[tuple(target)] = x[tuple(source)]
    return padded


def windows(
    x: np.ndarray,
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> np.ndarray:
    """All windows of ``x`` (N, C, *S), as a read-only view of shape (N, C, *out, *kernel).

    The view is of ``x`` where there is no padding, else of a padded copy. It repeats memory, not
    bytes: windows that overlap share their cells.

    >>> x = np.arange(5.0).reshape(1, 1, 5)
    >>> windows(x, kernel_shape=(3,), stride=(2,), padding=((0, 0),), dilation=(1,))[0, 0]
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    out_shape = window_counts(
        x.shape[2:], kernel_shape=kernel_shape, stride=stride, padding=padding, dilation=dilation
    )
    padded = pad_planes(x, padding)
    steps = padded.strides[2:]
    return as_strided(
        padded,
        x.shape[:2] + out_shape + tuple(kernel_shape),
        padded.strides[:2]
        + tuple(step * s for step, s in zip(steps, stride, strict=True))
        + tuple(step * d for step, d in zip(steps, dilation, strict=True)),
        writeable=False,
    )


def fold_windows(
    w: np.ndarray,
    *,
    input_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> np.ndarray:
    """Sum windows ``w`` (N, C, *out, *kernel) back into planes (N, C, *input_shape), batch-last.

    The adjoint of `windows`: each cell gets the sum of what all windows hold for it, and what
    they hold for the padding is dropped.

    >>> w = np.ones((1, 1, 2, 3))
    >>> fold_windows(w, input_shape=(5,), stride=(2,), padding=((0, 0),), dilation=(1,))
    array([[[1., 1., 2., 1., 1.]]])
    """
    rank = len(input_shape)
    folded = zeros_batch_last((*w.shape[:2], *input_shape), w.dtype)
    for offset, inputs, outputs in overlaps(
        input_shape,
        w.shape[2 : 2 + rank],
        kernel_shape=w.shape[2 + rank :],
        stride=stride,
        padding=padding,
        dilation=dilation,
    ):
        folded[inputs] += w[outputs + offset]
    return folded
