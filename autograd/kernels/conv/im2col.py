"""Correlation by NumPy: all windows side by side in a matrix (im2col), times the kernel.

For a few samples at a time the windows of x are copied to a matrix with a row for each weight of a
kernel and a column for each output pixel. With the kernel as a matrix of one row for each output
channel,

    forward          y  = w · windows(x)
    weight gradient  gw = Σ over samples of y · windows(x)ᵀ
    input gradient   gx = wᵀ · y, each row added where its weight had looked

and BLAS does the rest. Samples lie one after the other in memory, so products are written straight
to where they belong. A kernel of one element needs no copies: its windows are the samples.

Rows of few pixels would be copied and added in a great many short runs. Such samples are first laid
side by side, (C, *S, N), so that one row of all is one run, and one product does for all; products
are sorted back into samples at the end.

Arguments are as in ``correlation``: one type of float, C order, nothing empty.
"""

import functools
from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import threads
from autograd.kernels.tuning import COLUMN_BYTES, FEW_PIXELS, PIECES, WORTHWHILE
from autograd.kernels.windows import overlaps


class Plan(NamedTuple):
    """What follows from the shapes of a call; one sample's shapes, where nothing else is said."""

    source: tuple[slice, ...]  # the part of x (N, C, *S) that windows see
    target: tuple[slice, ...]  # its place in the padded sample
    padded: tuple[int, ...]  # (C, *S'): padded or cropped just as far as windows reach
    windows: tuple[int, ...]  # (C, *K, *P)
    strides: tuple[int, ...]  # of a view (N, C, *K, *P) of padded samples, in bytes
    whole: bool  # whether the padded sample is the sample itself
    mixed: bool  # whether samples of a chunk lie side by side in memory, (C, *S, N)
    columns: tuple[int, int, int]  # (G, C/G * K, pixels): the windows as matrices
    matrix: tuple[int, int, int]  # (G, O/G, C/G * K)
    products: tuple[int, int, int]  # (G, O/G, pixels)
    out: tuple[int, ...]  # P
    chunks: tuple[slice, ...]  # samples that are done together
    work: int  # multiplications


@lru_cache(maxsize=4096)
def plan(x_shape, w_shape, window: Window, groups: int, itemsize: int) -> Plan:
    (n, c, *size), (o, each, *kernel) = x_shape, w_shape
    stride, dilation, out = window.stride, window.dilation, window.outputs(x_shape[2:])
    source, target, padded = [slice(None)] * 2, [slice(None)] * 2, [c]
    for length, outputs, s, k, d, (before, _) in zip(
        size, out, stride, kernel, dilation, window.padding, strict=True
    ):
        reach = (outputs - 1) * s + (k - 1) * d + 1
        first = max(before, 0)
        last = max(min(length + before, reach), first)
        padded.append(reach)
        target.append(slice(first, last))
        source.append(slice(first - before, last - before))
    steps = [itemsize * prod(padded[axis:]) for axis in range(1, len(padded) + 1)]
    depth, pixels = each * prod(kernel), prod(out)
    work = n * o * depth * pixels
    most = max(1, COLUMN_BYTES // (groups * depth * pixels * itemsize))
    if work >= WORTHWHILE:
        most = min(most, -(-n // PIECES))
    count = -(-n // -(-n // most))  # equal parts
    return Plan(
        source=tuple(source),
        target=tuple(target),
        padded=tuple(padded),
        windows=(c, *kernel, *out),
        strides=(
            c * steps[0],
            steps[0],
            *(a * d for a, d in zip(steps[1:], dilation, strict=True)),
            *(a * s for a, s in zip(steps[1:], stride, strict=True)),
        ),
        whole=padded == [c, *size] and not any(before for before, _ in window.padding),
        mixed=1 < count and 1 < prod(kernel) and pixels < FEW_PIXELS,
        columns=(groups, depth, pixels),
        matrix=(groups, o // groups, depth),
        products=(groups, o // groups, pixels),
        out=out,
        chunks=tuple(slice(i, min(i + count, n)) for i in range(0, n, count)),
        work=work,
    )


def correlate(x, w, bias, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate`."""
    p = plan(x.shape, w.shape, window, groups, x.itemsize)
    y = np.empty((len(x), *p.products), x.dtype)
    matrix = w.reshape(p.matrix)

    def run(chunk: slice) -> None:
        part = y[chunk]
        products = np.matmul(matrix, _columns(x[chunk], p), out=None if p.mixed else part)
        if bias is not None:
            products += bias.reshape(groups, -1, 1)
        if p.mixed:
            part[...] = samples_first(products.reshape(*p.products, -1))

    threads.for_each(run, p.chunks, p.work)
    return y.reshape(len(x), len(w), *p.out)


def correlate_input(y, w, input_shape, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_input`."""
    x_shape = (len(y), w.shape[1] * groups, *input_shape)
    p = plan(x_shape, w.shape, window, groups, y.itemsize)
    x = np.empty(x_shape, y.dtype) if p.mixed else np.zeros(x_shape, y.dtype)
    y = y.reshape(-1, *p.products)
    matrix = w.reshape(p.matrix).swapaxes(1, 2)
    multiply = np.matmul if matrix.shape[2] > 1 else np.multiply  # BLAS is slow at outer products
    met = _met(window, tuple(input_shape), p.out)

    def run(chunk: slice) -> None:
        part = sums = x[chunk]
        columns = multiply(matrix, _products(y[chunk], p), order="C")
        if p.mixed:
            columns = samples_first(columns.reshape(*p.windows, -1))
            sums = samples_first(np.zeros((*x_shape[1:], len(part)), x.dtype))
        else:
            columns = columns.reshape(-1, *p.windows)
        for inputs, products in met:
            seen = sums[inputs]
            np.add(seen, columns[products], seen)
        if p.mixed:
            part[...] = sums

    threads.for_each(run, p.chunks, p.work)
    return x


@lru_cache(maxsize=1024)
def _met(window: Window, size, out) -> list[tuple[tuple, tuple]]:
    """For each weight of a kernel, the inputs (N, C, *S) where it looks and its columns (N, C, *K, *P)."""
    every = slice(None), slice(None)
    found = overlaps(window, size, out)
    return [(inputs, (*every, *weight, *outputs[2:])) for weight, inputs, outputs in found]


def correlate_weight(x, y, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_weight`."""
    w_shape = (y.shape[1], x.shape[1] // groups, *window.kernel)
    p = plan(x.shape, w_shape, window, groups, x.itemsize)
    y = y.reshape(-1, *p.products)
    lanes = range(min(PIECES, len(p.chunks)))
    sums: list = [0.0] * len(lanes)

    def run(lane: int) -> None:
        for chunk in p.chunks[lane :: len(lanes)]:
            # Transposed: BLAS is faster when the large factor comes first.
            products = np.matmul(_columns(x[chunk], p), _products(y[chunk], p).swapaxes(2, 3))
            sums[lane] += products[0] if len(products) == 1 else np.add.reduce(products, axis=0)

    threads.for_each(run, lanes, p.work)
    w = np.empty(w_shape, x.dtype)
    w.reshape(p.matrix)[...] = functools.reduce(np.add, sums).swapaxes(1, 2)
    return w


def _columns(x: np.ndarray, p: Plan) -> np.ndarray:
    """The windows of samples ``x`` as matrices: (N, G, C/G * K, pixels), or of all samples together
    (1, G, C/G * K, pixels * N)."""
    if p.mixed:
        return windows(x, p).reshape(1, *p.columns[:2], -1)
    n = len(x)
    if p.whole:
        padded = x
    else:
        padded = np.zeros((n, *p.padded), x.dtype)
        padded[p.target] = x[p.source]
    return np.ndarray((n, *p.windows), x.dtype, padded, 0, p.strides).reshape(n, *p.columns)


def windows(x: np.ndarray, p: Plan) -> np.ndarray:
    """View (C, *K, *P, N) of the windows of samples ``x``, or of a part of their channels, laid
    side by side."""
    n, c = x.shape[:2]
    padded = np.zeros((c, *p.padded[1:], n), x.dtype)
    samples_first(padded)[p.target] = x[p.source]
    strides = [step * n for step in p.strides[1:]] + [x.itemsize]
    return np.ndarray((c, *p.windows[1:], n), x.dtype, padded, 0, strides)


def _products(y: np.ndarray, p: Plan) -> np.ndarray:
    """The outputs of samples as matrices with the columns of `_columns`."""
    if not p.mixed:
        return y
    return y.transpose(1, 2, 3, 0).reshape(1, *p.products[:2], -1)


def samples_first(a: np.ndarray) -> np.ndarray:
    """View (N, ...) of memory (..., N)."""
    return a.transpose(a.ndim - 1, *range(a.ndim - 1))
