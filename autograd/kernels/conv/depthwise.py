"""Correlation of each channel with one kernel of its own, by NumPy: sums of products without BLAS.

The few weights of a channel are no work for BLAS, and a matrix of its windows would cost more than
the products. So for a few channels at a time samples are laid side by side in memory, (C, *S, N),
and `np.einsum` goes over a view of all windows, in runs of a row of all samples. The input gradient
adds, for each weight, the multiplied outputs to where that weight had looked.

Arguments are as in ``im2col``, with one input and one output channel in each group.
"""

from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd.arguments.window import Window
from autograd.kernels import threads
from autograd.kernels.conv import im2col
from autograd.kernels.tuning import COLUMN_BYTES, COST, PIECES, WORTHWHILE
from autograd.kernels.windows import overlaps


def correlate(x, w, bias, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate`."""
    p = im2col.plan(x.shape, w.shape, window, groups, x.itemsize)
    y = np.empty((len(x), groups, *p.out), x.dtype)
    kernel, row = _axes(window)

    def run(part: slice) -> None:
        windows = _windows(x[:, part], p, window)
        sums = np.einsum(windows, [0, *kernel, *row], w[part, 0], [0, *kernel], [0, *row])
        if bias is not None:
            sums += bias[part].reshape(-1, *[1] * len(row))
        y[:, part] = im2col.samples_first(sums.reshape(-1, *p.out, len(x)))

    threads.for_each(run, _parts(x, p), COST * p.work)
    return y


def correlate_input(y, w, input_shape, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_input`."""
    x = np.empty((len(y), groups, *input_shape), y.dtype)
    p = im2col.plan(x.shape, w.shape, window, groups, y.itemsize)
    met = overlaps(window, tuple(input_shape), p.out)

    def run(part: slice) -> None:
        weights = w[part, 0].reshape(-1, *window.kernel, *[1] * (x.ndim - 1))
        outputs = _side_by_side(y[:, part])
        sums = np.zeros((len(outputs), *input_shape, len(x)), x.dtype)
        for weight, seen, by in met:
            sums[seen[1:]] += outputs[by[1:]] * weights[:, *weight]
        x[:, part] = im2col.samples_first(sums)

    threads.for_each(run, _parts(x, p), COST * p.work)
    return x


def correlate_weight(x, y, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_weight`."""
    w = np.empty((groups, 1, *window.kernel), x.dtype)
    p = im2col.plan(x.shape, w.shape, window, groups, x.itemsize)
    kernel, row = _axes(window)

    def run(part: slice) -> None:
        windows = _windows(x[:, part], p, window)
        outputs = _side_by_side(y[:, part]).reshape(len(windows), *windows.shape[-len(row) :])
        w[part, 0] = np.einsum(windows, [0, *kernel, *row], outputs, [0, *row], [0, *kernel])

    threads.for_each(run, _parts(x, p), COST * p.work)
    return w


def _parts(x: np.ndarray, p: im2col.Plan) -> list[slice]:
    """The channels that are done together."""
    channels = x.shape[1]
    one = len(x) * (prod(p.padded[1:]) + p.columns[2]) * x.itemsize
    most = max(1, COLUMN_BYTES // one)
    if COST * p.work >= WORTHWHILE:
        most = min(most, -(-channels // PIECES))
    return [slice(i, i + most) for i in range(0, channels, most)]


def _axes(window: Window) -> tuple[range, range]:
    """Numbers for `np.einsum`: of the kernel's axes, and of those of outputs and samples."""
    rank = len(window.kernel)
    return range(1, 1 + rank), range(1 + rank, 1 + 2 * rank + (window.stride[-1] > 1))


def _windows(x: np.ndarray, p: im2col.Plan, window: Window) -> np.ndarray:
    """View (C, *K, *P, N) of all windows; the last two axes are one where memory has no gaps."""
    windows = im2col.windows(x, p)
    if window.stride[-1] > 1:
        return windows
    shape, strides = windows.shape, windows.strides
    merged = (*shape[:-2], shape[-2] * shape[-1])
    return as_strided(windows, merged, (*strides[:-2], x.itemsize), writeable=False)


def _side_by_side(y: np.ndarray) -> np.ndarray:
    """``y`` (N, C, *P) as (C, *P, N), contiguous."""
    return np.ascontiguousarray(y.transpose(*range(1, y.ndim), 0))
