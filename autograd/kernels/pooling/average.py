"""Pooling over windows: what all kinds share, and averages. (Maxima: `max_pooling`.)

    pool_output_size(length, kernel, stride, padding, dilation, ceil_mode) -> int
    combine_windows(combine, x, met, nothing, out)
    arranged(x) -> x
    pool_divisors(input_shape, *, kernel_shape, stride, padding, out_shape,
                  count_include_pad, divisor_override) -> number or array
    avg_pool(x, *, kernel_shape, stride, padding, out_shape, divisors) -> y
    avg_pool_gradient(g, *, input_shape, kernel_shape, stride, padding, divisors) -> gx
    adaptive_bounds(length, outputs) -> (starts, ends)

Images are (N, C, *spatial) in any memory order, results batch-last. Hyper-parameters are tuples
with one int per spatial axis (padding is the same on both sides, as pooling has it).

Ideas. Both maximum and sum are separable, so a k × k window costs k + k steps: rows first, because
in batch-last memory whole rows are contiguous. Each step is one NumPy call per kernel offset (see
`windows.overlaps`). Padding is never materialised: a window that looks into it simply meets fewer
cells. Average pooling over adaptive windows is a linear map per axis; it lives in `resampling`.
Batches of images in another memory order are first brought into this one: that costs one pass and
saves several.
"""

from collections.abc import Sequence
from math import prod

import numpy as np

from autograd.kernels.layout import empty_batch_last, to_batch_last, zeros_batch_last
from autograd.kernels.pieces import in_pieces
from autograd.kernels.windows import axis_overlaps, pad_planes, windows

FEW = 8  # images, of fewer the width makes runs as long as the batch would


def pool_output_size(
    length: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> int:
    """Number of windows along an axis; with ``ceil_mode`` a last one may hang over the end.

    It must still start inside the input or its left padding, as in PyTorch.

    >>> [pool_output_size(6, 3, 2, 0, 1, ceil_mode) for ceil_mode in (False, True)]
    [2, 3]
    """
    room = length + 2 * padding - dilation * (kernel - 1) - 1
    if not ceil_mode:
        return room // stride + 1
    size = -(-room // stride) + 1
    return size - 1 if (size - 1) * stride >= length + padding else size


def _pairs(padding: Sequence[int]) -> tuple[tuple[int, int], ...]:
    return tuple((p, p) for p in padding)


def combine_windows(
    combine: np.ufunc,
    x: np.ndarray,
    met: Sequence[Sequence[tuple[int, slice, slice]]],
    nothing: float,
    out: np.ndarray,
) -> None:
    """Combine the cells that each window meets, one axis after the other, into ``out``."""
    last = x.ndim - 1
    for axis, met_here in enumerate(met, start=2):
        shape = (*x.shape[:axis], out.shape[axis], *x.shape[axis + 1 :])
        result = out if axis == last else empty_batch_last(shape, x.dtype)
        _combine_along(combine, x, axis, met_here, nothing, result)
        x = result


def _combine_along(
    combine: np.ufunc,
    x: np.ndarray,
    axis: int,
    met: Sequence[tuple[int, slice, slice]],
    nothing: float,
    result: np.ndarray,
) -> None:
    """The same along one axis, starting from ``nothing``."""
    before = (slice(None),) * axis
    everywhere = slice(0, result.shape[axis])
    complete = [inputs for _, inputs, met_outputs in met if met_outputs == everywhere]
    partial = [pair[1:] for pair in met if pair[2] != everywhere]
    # Two offsets that every window meets make the first step: nothing to fill, nothing to copy.
    if len(complete) > 1:
        combine(x[*before, complete[0]], x[*before, complete[1]], out=result)
    elif complete:
        result[...] = x[*before, complete[0]]
    else:
        result[...] = nothing
    for inputs in complete[2:]:
        combine(result, x[*before, inputs], out=result)
    for inputs, met_outputs in partial:
        part = result[*before, met_outputs]
        combine(part, x[*before, inputs], out=part)


def arranged(x: np.ndarray) -> np.ndarray:
    """``x`` batch-last if that pays for windows: always, unless there are but few images."""
    return x if len(x) < FEW or x.dtype.kind == "O" else to_batch_last(x)


# Average ------------------------------------------------------------------------------------------


def pool_divisors(
    input_shape: Sequence[int],
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    out_shape: Sequence[int],
    count_include_pad: bool,
    divisor_override: int | None = None,
) -> int | np.ndarray:
    """By what each window's sum is divided: an int, or int64 (*out_shape) where windows differ.

    Each axis has a count of its own and the divisor is their product. A window ends at the padded
    end at the latest, so what ``ceil_mode`` lets hang over is never counted;
    ``count_include_pad=False`` counts real cells only; ``divisor_override`` wins over all.
    """
    if divisor_override is not None:
        return divisor_override
    divisors = np.ones((), np.int64)
    axes = zip(input_shape, kernel_shape, stride, padding, out_shape, strict=True)
    for length, k, s, p, outputs in axes:
        start = np.arange(outputs) * min(s, length + 2 * p) - p  # a longer stride leads nowhere
        end = np.minimum(start + k, length + p)
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, length)
        divisors = np.multiply.outer(divisors, end - start)
    whole = prod(kernel_shape)
    return whole if (divisors == whole).all() else divisors


def avg_pool(
    x: np.ndarray,
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    out_shape: Sequence[int],
    divisors: int | np.ndarray,
) -> np.ndarray:
    """Sum of every window's cells, divided by ``divisors`` (see `pool_divisors`), batch-last."""
    if x.dtype.kind == "O":
        return _plain_avg_pool(x, kernel_shape, stride, padding, out_shape, divisors)
    dtype, x = x.dtype, arranged(x)
    if dtype == np.float16:  # as PyTorch, sums of halves are kept in single precision
        x = x.astype(np.float32)
    y = empty_batch_last((*x.shape[:2], *out_shape), x.dtype)
    met = [
        axis_overlaps(length, outputs, k, s, p, 1)
        for length, outputs, k, s, p in zip(
            x.shape[2:], out_shape, kernel_shape, stride, padding, strict=True
        )
    ]
    divisor = np.asarray(divisors, x.dtype)

    def pool(x: np.ndarray, y: np.ndarray) -> None:
        combine_windows(np.add, x, met, 0, y)
        np.divide(y, divisor, out=y)

    in_pieces(pool, (x, y), axis=1, passes=1)
    return y.astype(dtype, copy=False)


def _plain_avg_pool(x, kernel_shape, stride, padding, out_shape, divisors):
    """Average pooling in three lines, for elements that know only + and *."""
    reach = [
        (p, max(0, (o - 1) * s + k - p - length))
        for length, k, s, p, o in zip(
            x.shape[2:], kernel_shape, stride, padding, out_shape, strict=True
        )
    ]
    padded = pad_planes(x, reach)
    seen = windows(
        padded,
        kernel_shape=kernel_shape,
        stride=stride,
        padding=((0, 0),) * len(reach),
        dilation=(1,) * len(reach),
    )
    return seen.sum(axis=tuple(range(x.ndim, seen.ndim))) * (1.0 / np.asarray(divisors))


def avg_pool_gradient(
    g: np.ndarray,
    *,
    input_shape: Sequence[int],
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    divisors: int | np.ndarray,
) -> np.ndarray:
    """The adjoint of `avg_pool`: every cell gets ``g / divisors`` of the windows that see it."""
    dtype = g.dtype
    if dtype.kind == "O":
        share = g * (1.0 / np.asarray(divisors))
    else:
        working = np.float32 if dtype == np.float16 else dtype
        share = np.divide(arranged(g), np.asarray(divisors, working))
    gx = zeros_batch_last((*g.shape[:2], *input_shape), share.dtype)
    met = [
        axis_overlaps(length, outputs, k, s, p, 1)
        for length, outputs, k, s, p in zip(
            input_shape, g.shape[2:], kernel_shape, stride, padding, strict=True
        )
    ]

    def spread(share: np.ndarray, gx: np.ndarray) -> None:
        # The last axis first: so the strided columns are dealt with while the array is small.
        for axis in reversed(range(2, gx.ndim)):
            before = (slice(None),) * axis
            shape = (*share.shape[:axis], input_shape[axis - 2], *share.shape[axis + 1 :])
            wider = gx if axis == 2 else zeros_batch_last(shape, share.dtype)
            for _, inputs, outputs in met[axis - 2]:
                wider[*before, inputs] += share[*before, outputs]
            share = wider

    in_pieces(spread, (share, gx), axis=1, passes=2)
    return gx.astype(dtype, copy=False)


# Adaptive -----------------------------------------------------------------------------------------


def adaptive_bounds(length: int, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and end of each adaptive window: ⌊i·L/o⌋ and ⌈(i + 1)·L/o⌉.

    >>> adaptive_bounds(5, 3)
    (array([0, 1, 3]), array([2, 4, 5]))
    """
    i = np.arange(outputs)
    return i * length // outputs, -(-(i + 1) * length // outputs)
