"""Sliding windows over images, and their exact adjoint.

    windows(x, *, window) -> (N, C, *out, *kernel)
    fold_windows(w, *, input_shape, window) -> (N, C, *input_shape)
    overlaps(...)       which inputs meet which outputs at each kernel offset
    pad_planes(x, padding, value)

Arrays are (N, C, *spatial) with one to three spatial axes, in any memory order. Where windows look
is a `Window` with one entry per spatial axis.

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

from autograd.arguments.window import Window

Slices = tuple[slice, ...]
Overlap = tuple[tuple[int, ...], Slices, Slices]


@lru_cache(maxsize=1024)
def axis_overlaps(
    length: int, outputs: int, kernel: int, stride: int, low: int, dilation: int
) -> tuple[tuple[int, slice, slice], ...]:
    """One axis of `overlaps`: for every offset that meets any cell, (offset, inputs, outputs)."""
    found = []
    # Of a huge window only the offsets at which some output looks at the image, not before it...
    begin = max(0, -(((outputs - 1) * stride - low) // dilation))
    end = min(kernel, (length - 1 + low) // dilation + 1)  # ... or beyond.
    for offset in range(begin, end):
        shift = offset * dilation - low  # output o sees input o * stride + shift
        first = max(0, -(shift // stride))
        stop = min(outputs, (length - 1 - shift) // stride + 1)
        if first < stop:
            start = first * stride + shift
            inputs = slice(start, start + (stop - first - 1) * stride + 1, stride)
            found.append((offset, inputs, slice(first, stop)))
    return tuple(found)


@lru_cache(maxsize=1024)
def overlaps_by_axis(
    window: Window, input_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> tuple[tuple[tuple[int, slice, slice], ...], ...]:
    """`axis_overlaps` of every spatial axis."""
    lows = (low for low, _ in window.padding)
    axes = (input_shape, out_shape, window.kernel, window.stride, lows, window.dilation)
    return tuple(axis_overlaps(*axis) for axis in zip(*axes, strict=True))


@lru_cache(maxsize=256)
def overlaps(
    window: Window, input_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> tuple[Overlap, ...]:
    """``(offset, inputs, outputs)`` for each kernel offset, the last axis fastest.

    ``inputs`` and ``outputs`` are tuples of slices over all axes of (N, C, *spatial) arrays:
    ``x[inputs]`` are the cells that the windows ``y[outputs]`` see at that offset, in order.
    Within one offset no cell occurs twice, so ``x[inputs] += ...`` is safe. Offsets at which
    every window looks into the padding are left out.
    """
    images = (slice(None), slice(None))
    found = []
    for met in product(*overlaps_by_axis(window, input_shape, out_shape)):
        offset, inputs, outputs = zip(*met, strict=True)
        found.append((offset, images + inputs, images + outputs))
    return tuple(found)


def pad_planes(x: np.ndarray, padding: Sequence[tuple[int, int]], value: object = 0) -> np.ndarray:
    """``x`` (N, C, *S) with ``value`` around its planes (negative padding crops).

    Returns ``x`` itself when all padding is 0.
    """
    if not any(low or high for low, high in padding):
        return x
    shape = x.shape[:2] + tuple(
        max(0, length + low + high)
        for length, (low, high) in zip(x.shape[2:], padding, strict=True)
    )
    padded = np.full(shape, value, x.dtype)
    source: list[slice] = [slice(None)] * 2
    target: list[slice] = [slice(None)] * 2
    for length, (low, high) in zip(x.shape[2:], padding, strict=True):
        start = max(0, -low)
        kept = max(0, length + min(0, high) - start)
        source.append(slice(start, start + kept))
        target.append(slice(max(0, low), max(0, low) + kept))
    padded[tuple(target)] = x[tuple(source)]
    return padded


def windows(x: np.ndarray, *, window: Window) -> np.ndarray:
    """All windows of ``x`` (N, C, *S), as a read-only view of shape (N, C, *out, *kernel).

    The view is of ``x`` where there is no padding, else of a padded copy. It repeats memory, not
    bytes: windows that overlap share their cells.

    >>> x = np.arange(5.0).reshape(1, 1, 5)
    >>> windows(x, window=Window((3,), (2,), ((0, 0),), (1,)))[0, 0]
    array([[0., 1., 2.],
           [2., 3., 4.]])
    """
    padded = pad_planes(x, window.padding)
    steps = padded.strides[2:]
    return as_strided(
        padded,
        x.shape[:2] + window.outputs(x.shape[2:]) + window.kernel,
        padded.strides[:2]
        + tuple(step * s for step, s in zip(steps, window.stride, strict=True))
        + tuple(step * d for step, d in zip(steps, window.dilation, strict=True)),
        writeable=False,
    )


def fold_windows(w: np.ndarray, *, input_shape: tuple[int, ...], window: Window) -> np.ndarray:
    """Sum windows ``w`` (N, C, *out, *kernel) back into planes (N, C, *input_shape).

    The adjoint of `windows`: each cell gets the sum of what all windows hold for it, and what
    they hold for the padding is dropped.

    >>> w = np.ones((1, 1, 2, 3))
    >>> fold_windows(w, input_shape=(5,), window=Window((3,), (2,), ((0, 0),), (1,)))
    array([[[1., 1., 2., 1., 1.]]])
    """
    rank = len(input_shape)
    half = w.dtype == np.float16  # added up in single precision
    folded = np.zeros((*w.shape[:2], *input_shape), np.dtype("f4") if half else w.dtype)
    for offset, inputs, outputs in overlaps(window, input_shape, w.shape[2 : 2 + rank]):
        folded[inputs] += w[outputs + offset]
    return folded.astype(w.dtype) if half else folded
