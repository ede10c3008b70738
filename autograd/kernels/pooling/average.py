"""Pooling over windows: what all kinds share, and averages. (Maxima: `max_pooling`.)

    meetings(window, input_shape, out_shape);  combine_windows(combine, x, places, nothing, out)
    pool_divisors(input_shape, window, count_include_pad, divisor_override) -> number or array
    avg_pool(x, *, window, divisors) -> y
    avg_pool_gradient(y, *, input_shape, window, divisors) -> gx
    adaptive_bounds(length, outputs) -> (starts, ends)

Images are (N, C, *spatial) in any memory order, results in C order. Where windows look is a
`Window` with one entry per spatial axis.

Ideas. Both maximum and sum are separable, so a k × k window costs k + k steps: rows first, because
whole rows are contiguous. Each step is one NumPy call per kernel offset (see `windows.overlaps`).
Padding is never materialised: a window that looks into it simply meets fewer cells. Average pooling
over adaptive windows is a linear map per axis; it lives in `resampling`.

There are kernels in C, too (see `native_window`).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import prod

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import native
from autograd.kernels.pieces import in_pieces
from autograd.kernels.windows import overlaps_by_axis, pad_planes, windows

Place = tuple[slice, ...]
Places = tuple[list[Place], list[tuple[Place, Place]]]


@lru_cache(maxsize=1024)
def meetings(
    window: Window, input_shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> tuple[Places, ...]:
    """Along each axis: the cells that all windows meet at one offset; and where only some meet any,
    the cells and these windows."""
    found = []
    by_axis = overlaps_by_axis(window, input_shape, out_shape)
    for axis, (met, outputs) in enumerate(zip(by_axis, out_shape, strict=True), start=2):
        before, everywhere = (slice(None),) * axis, slice(0, outputs)
        complete = [(*before, cells) for _, cells, windows in met if windows == everywhere]
        partial = [((*before, c), (*before, w)) for _, c, w in met if w != everywhere]
        found.append((complete, partial))
    return tuple(found)


def combine_windows(
    combine: np.ufunc,
    x: np.ndarray,
    places: Sequence[Places],
    nothing: float,
    out: np.ndarray,
) -> None:
    """Combine the cells that each window meets, one axis after the other, into ``out``."""
    last = x.ndim - 1
    for axis, here in enumerate(places, start=2):
        shape = (*x.shape[:axis], out.shape[axis], *x.shape[axis + 1 :])
        result = out if axis == last else np.empty(shape, x.dtype)
        _combine_along(combine, x, *here, nothing, result)
        x = result


def _combine_along(
    combine: np.ufunc,
    x: np.ndarray,
    complete: list[Place],
    partial: list[tuple[Place, Place]],
    nothing: float,
    result: np.ndarray,
) -> None:
    """The same along one axis, starting from ``nothing``."""
    # Two offsets that every window meets make the first step: nothing to fill, nothing to copy.
    if len(complete) > 1:
        combine(x[complete[0]], x[complete[1]], out=result)
    elif complete:
        result[...] = x[complete[0]]
    else:
        result[...] = nothing
    for cells in complete[2:]:
        combine(result, x[cells], out=result)
    for cells, met in partial:
        part = result[met]
        combine(part, x[cells], out=part)


@lru_cache(maxsize=4096)
def native_window(window: Window, sizes: tuple[int, ...]) -> tuple[int, ...] | None:
    """A window of images with these sizes as the kernels in C want it: kernel, stride, padding
    before and dilation, of three axes each. None for what they do not take.

    >>> native_window(Window((2,), (2,), ((0, 0),), (1,)), (8,))
    (1, 1, 2, 1, 1, 2, 0, 0, 0, 1, 1, 1)
    """
    w = window.shortened(sizes).raised(3)
    numbers = (*w.kernel, *w.stride, *(before for before, _ in w.padding), *w.dilation)
    return numbers if all(n >> 30 == 0 for n in numbers) else None


# Average ------------------------------------------------------------------------------------------


def pool_divisors(
    input_shape: tuple[int, ...],
    window: Window,
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
    outputs = window.outputs(input_shape)
    axes = zip(input_shape, window.kernel, window.stride, window.padding, outputs, strict=True)
    for length, k, s, (low, high), count in axes:
        # A longer stride leads nowhere.
        start = np.arange(count) * min(s, length + low + high) - low
        end = np.minimum(start + k, length + high)
        if not count_include_pad:
            start, end = np.maximum(start, 0), np.minimum(end, length)
        divisors = np.multiply.outer(divisors, end - start)
    whole = prod(window.kernel)
    return whole if (divisors == whole).all() else divisors


def avg_pool(x: np.ndarray, *, window: Window, divisors: int | np.ndarray) -> np.ndarray:
    """Sum of every window's cells, divided by ``divisors`` (see `pool_divisors`)."""
    x = np.asarray(x, order="C")
    out_shape = window.outputs(x.shape[2:])
    if native.plain(x) and (taken := native_window(window, x.shape[2:])):
        pooled = np.empty(x.shape[:2] + out_shape, x.dtype)
        native.library.avg_pool(x, taken, _native_divisors(divisors, x.dtype), pooled)
        return pooled
    if x.dtype.kind == "O":
        return _plain_avg_pool(x, window, out_shape, divisors)
    dtype = x.dtype
    if dtype == np.float16:  # as PyTorch, sums of halves are kept in single precision
        x = x.astype(np.float32)
    y = np.empty((*x.shape[:2], *out_shape), x.dtype)
    places = meetings(window, x.shape[2:], out_shape)
    divisor = np.asarray(divisors, x.dtype)

    def pool(x: np.ndarray, y: np.ndarray) -> None:
        combine_windows(np.add, x, places, 0, y)
        np.divide(y, divisor, out=y)

    in_pieces(pool, (x, y), axis=1, passes=1)
    return y.astype(dtype, copy=False)


def _native_divisors(divisors: int | np.ndarray, dtype: np.dtype) -> float | np.ndarray:
    return divisors.astype(dtype) if isinstance(divisors, np.ndarray) else float(divisors)


def _plain_avg_pool(x, window, out_shape, divisors):
    """Average pooling in three lines, for elements that know only + and *."""
    reach = [
        (low, max(0, (o - 1) * s + k - low - length))
        for length, k, s, (low, _), o in zip(
            x.shape[2:], window.kernel, window.stride, window.padding, out_shape, strict=True
        )
    ]
    padded = pad_planes(x, reach)
    bare = window._replace(padding=((0, 0),) * len(reach), ceil_mode=False)
    seen = windows(padded, window=bare)
    return seen.sum(axis=tuple(range(x.ndim, seen.ndim))) * (1.0 / np.asarray(divisors))


def avg_pool_gradient(
    y: np.ndarray,
    *,
    input_shape: tuple[int, ...],
    window: Window,
    divisors: int | np.ndarray,
) -> np.ndarray:
    """The adjoint of `avg_pool`: every cell gets ``y / divisors`` of the windows that see it."""
    dtype = y.dtype
    y = np.asarray(y, order="C")
    if native.plain(y) and (taken := native_window(window, input_shape)):
        spread_out = np.empty((*y.shape[:2], *input_shape), dtype)
        native.library.avg_pool_gradient(y, taken, _native_divisors(divisors, dtype), spread_out)
        return spread_out
    if dtype.kind == "O":
        share = y * (1.0 / np.asarray(divisors))
    else:
        working = np.float32 if dtype == np.float16 else dtype
        share = np.divide(y, np.asarray(divisors, working))
    gx = np.zeros((*y.shape[:2], *input_shape), share.dtype)
    met = overlaps_by_axis(window, input_shape, y.shape[2:])

    def spread(share: np.ndarray, gx: np.ndarray) -> None:
        # The last axis first: so the strided columns are dealt with while the array is small.
        for axis in reversed(range(2, gx.ndim)):
            before = (slice(None),) * axis
            shape = (*share.shape[:axis], input_shape[axis - 2], *share.shape[axis + 1 :])
            wider = gx if axis == 2 else np.zeros(shape, share.dtype)
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
