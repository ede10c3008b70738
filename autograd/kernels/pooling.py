"""Pooling over windows: maxima, averages and their gradients.

    pool_output_size(length, kernel, stride, padding, dilation, ceil_mode) -> int
    max_pool(x, *, kernel_shape, stride, padding, dilation, out_shape) -> (values, indices)
    max_pool_values(x, *, kernel_shape, stride, padding, dilation, out_shape) -> values
    max_pool_gradient(g, x, out, *, kernel_shape, stride, padding, dilation) -> gx
    take_windows(x, indices) -> y;  scatter_windows(y, indices, *, input_shape) -> x
    pool_divisors(input_shape, *, kernel_shape, stride, padding, out_shape,
                  count_include_pad, divisor_override) -> number or array
    avg_pool(x, *, kernel_shape, stride, padding, out_shape, divisors) -> y
    avg_pool_gradient(g, *, input_shape, kernel_shape, stride, padding, divisors) -> gx
    adaptive_max_pool(x, *, out_shape) -> (values, indices)

Images are (N, C, *spatial) in any memory order, results batch-last. Hyper-parameters are tuples
with one int per spatial axis (padding is the same on both sides, as pooling has it).

Ideas. Both maximum and sum are separable, so a k × k window costs k + k steps: rows first, because
in batch-last memory whole rows are contiguous. Each step is one NumPy call per kernel offset (see
`windows.overlaps`). Padding is never materialised: a window that looks into it simply meets fewer
cells. Average pooling over adaptive windows is a linear map per axis; it lives in `resampling`.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from autograd.kernels.elementwise import keep_where
from autograd.kernels.layout import (
    empty_batch_last,
    memory_axes,
    memory_view,
    to_batch_last,
    zeros_batch_last,
)
from autograd.kernels.pieces import in_pieces
from autograd.kernels.windows import axis_overlaps, overlaps, pad_planes, windows


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


# Maximum ------------------------------------------------------------------------------------------


def max_pool(
    x: np.ndarray,
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    out_shape: Sequence[int],
) -> tuple[np.ndarray, np.ndarray]:
    """Maximum of every window and where it lies.

    Returns ``values`` (N, C, *out_shape) and ``indices`` of the same shape, int64, which count
    through the cells of the unpadded plane in C order. The first maximum wins; a NaN beats every
    number (and, as in PyTorch, the last NaN the earlier ones). Every window must meet a cell.

    This is also the plain path: it asks of the elements only that they can be compared by ``>``.
    """
    spatial = x.shape[2:]
    shape = (*x.shape[:2], *out_shape)
    flat = np.arange(prod(spatial)).reshape(1, 1, *spatial)
    firsts = np.zeros(out_shape, np.int64)
    lines = _first_cells(spatial, kernel_shape, stride, padding, dilation, out_shape)
    for axis, line in enumerate(lines):
        rest = spatial[axis + 1 :]
        firsts += (line * prod(rest)).reshape((-1,) + (1,) * len(rest))
    indices = empty_batch_last(shape, np.int64)
    indices[...] = firsts
    best = take_windows(x, indices)
    for _, inputs, outputs in overlaps(
        spatial,
        out_shape,
        kernel_shape=kernel_shape,
        stride=stride,
        padding=_pairs(padding),
        dilation=dilation,
    ):
        cells = x[inputs]
        better = cells > best[outputs]
        if x.dtype.kind == "f":
            better |= np.isnan(cells)
        np.copyto(best[outputs], cells, where=better)
        np.copyto(indices[outputs], flat[inputs], where=better)
    return best, indices


def _first_cells(
    spatial: Sequence[int],
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    out_shape: Sequence[int],
) -> list[np.ndarray]:
    """Along each axis, the first cell that each window meets."""
    lines = []
    axes = zip(spatial, stride, padding, dilation, out_shape, strict=True)
    for length, s, p, d, outputs in axes:
        starts = np.arange(outputs) * s - p
        starts += d * -(np.minimum(starts, 0) // d)
        if starts.max(initial=0) >= max(length, 1):
            raise ValueError(
                f"max_pool: with kernel {tuple(kernel_shape)}, dilation {tuple(dilation)} and "
                f"padding {tuple(padding)} some windows see nothing but the padding of the "
                f"{'×'.join(map(str, spatial))} input"
            )
        lines.append(starts)
    return lines


def max_pool_values(
    x: np.ndarray,
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    out_shape: Sequence[int],
) -> np.ndarray:
    """Maximum of every window, without indices: the values of `max_pool`, much sooner."""
    if x.dtype.kind != "f":
        return max_pool(
            x,
            kernel_shape=kernel_shape,
            stride=stride,
            padding=padding,
            dilation=dilation,
            out_shape=out_shape,
        )[0]
    if any(padding) and any(d > 1 for d in dilation):  # only then can a window miss every cell
        _first_cells(x.shape[2:], kernel_shape, stride, padding, dilation, out_shape)
    out = empty_batch_last((*x.shape[:2], *out_shape), x.dtype)
    met = [
        axis_overlaps(length, outputs, k, s, p, d)
        for length, outputs, k, s, p, d in zip(
            x.shape[2:], out_shape, kernel_shape, stride, padding, dilation, strict=True
        )
    ]

    def pool(x: np.ndarray, out: np.ndarray) -> None:
        _combine(np.maximum, x, met, -np.inf, out)

    in_pieces(pool, (x, out), axis=1, passes=1)
    return out


def _combine(
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


def max_pool_gradient(
    g: np.ndarray,
    x: np.ndarray,
    out: np.ndarray,
    *,
    kernel_shape: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> np.ndarray:
    """Gradient of `max_pool_values`: each window hands ``g`` to its first maximum.

    ``x`` is the input, ``out`` the result. The same as scattering ``g`` by the indices of
    `max_pool`, but found by comparing, so that the forward pass need not keep them.
    """
    # Windows that share no cells write each cell once: no sums, and where they tile the plane
    # no zeros either.
    apart = all(d == 1 and k <= s for k, s, d in zip(kernel_shape, stride, dilation, strict=True))
    sizes = zip(kernel_shape, stride, padding, out.shape[2:], x.shape[2:], strict=True)
    tiled = apart and all(k == s and p == 0 and k * o == length for k, s, p, o, length in sizes)
    if g.dtype.kind != "f" or np.isnan(np.max(out, initial=-np.inf)):
        # Equality does not find NaN.
        _, indices = max_pool(
            x,
            kernel_shape=kernel_shape,
            stride=stride,
            padding=padding,
            dilation=dilation,
            out_shape=out.shape[2:],
        )
        return scatter_windows(g, indices, input_shape=x.shape[2:])
    if tiled:
        gx = empty_batch_last(x.shape, g.dtype)
        in_pieces(_route_tiled, (g, x, out, gx), axis=1, passes=2)
        return gx
    gx = zeros_batch_last(x.shape, g.dtype)
    met = overlaps(
        x.shape[2:],
        out.shape[2:],
        kernel_shape=kernel_shape,
        stride=stride,
        padding=_pairs(padding),
        dilation=dilation,
    )

    def route(g: np.ndarray, x: np.ndarray, out: np.ndarray, gx: np.ndarray) -> None:
        waiting = empty_batch_last(out.shape, bool)
        waiting[...] = True
        for _, inputs, outputs in met:
            here = x[inputs] == out[outputs]
            here &= waiting[outputs]
            waiting[outputs] ^= here
            if apart:
                keep_where(g[outputs], here, out=gx[inputs])
            else:
                gx[inputs] += keep_where(g[outputs], here)

    in_pieces(route, (g, x, out, gx), axis=1, passes=2)
    return gx


def _route_tiled(g: np.ndarray, x: np.ndarray, out: np.ndarray, gx: np.ndarray) -> None:
    """Hand ``g`` to the first maximum of windows that tile the plane, all offsets at once.

    Where cells and maxima are equal is one array, the offsets first; a cell keeps its mark only
    if no offset before it has one. Few NumPy calls, and those on masks are on contiguous memory.
    """
    cells, routed = _offsets_first(x, out.shape), _offsets_first(gx, out.shape)
    best, gradient = memory_view(out), memory_view(g)
    wins = np.empty(cells.shape, bool)
    np.equal(cells, best, out=wins)
    masks = wins.reshape(wins.size // out.size if out.size else 1, out.size)
    found = masks[0].copy()
    for mask in masks[1:]:
        np.greater(mask, found, out=mask)
        found |= mask
    keep_where(gradient, wins, out=routed)


def _offsets_first(x: np.ndarray, out_shape: Sequence[int]) -> np.ndarray:
    """View of tiled planes as (*kernel, *memory order of the windows)."""
    split = [*x.shape[:2]]
    for length, outputs in zip(x.shape[2:], out_shape[2:], strict=True):
        split += [outputs, length // outputs if outputs else 1]
    windows = (0, 1, *range(2, len(split), 2))
    kernel = range(3, len(split), 2)
    order = [windows[axis] for axis in memory_axes(x.ndim)]
    return x.reshape(split).transpose([*kernel, *order])


def _plane_indexer(indices: np.ndarray, spatial: Sequence[int]) -> tuple[Any, ...]:
    """Index tuple for an (N, C, *spatial) array that picks the flat ``indices`` of each plane."""
    rest = (1,) * (indices.ndim - 2)
    images = np.arange(indices.shape[0]).reshape(-1, 1, *rest)
    channels = np.arange(indices.shape[1]).reshape(1, -1, *rest)
    return (images, channels, *np.unravel_index(indices, tuple(spatial)))


def take_windows(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Pick cells of each plane: ``x`` (N, C, *S), ``indices`` (N, C, *out) flat in S, batch-last.

    >>> take_windows(np.array([[[5, 7, 6]]]), np.array([[[1, 1]]]))
    array([[[7, 7]]])
    """
    return to_batch_last(x[_plane_indexer(indices, x.shape[2:])])


def scatter_windows(
    y: np.ndarray, indices: np.ndarray, *, input_shape: Sequence[int]
) -> np.ndarray:
    """Add ``y`` (N, C, *out) into zero planes (N, C, *input_shape) at the flat ``indices``.

    The adjoint of `take_windows`: what meets at one cell adds up.

    >>> scatter_windows(np.array([[[1.0, 2.0]]]), np.array([[[1, 1]]]), input_shape=(3,))
    array([[[0., 3., 0.]]])
    """
    x = zeros_batch_last((*y.shape[:2], *input_shape), y.dtype)
    where = _plane_indexer(indices, input_shape)
    if y.dtype.kind == "f":
        # bincount adds in double precision, in order, and is faster than any other scatter-add.
        cell = np.ravel_multi_index(np.broadcast_arrays(*where), x.shape)
        sums = np.bincount(cell.ravel(), y.ravel(), minlength=x.size)
        x[...] = sums.reshape(x.shape)
    else:
        np.add.at(x, where, y)
    return x


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
    dtype = x.dtype
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
        _combine(np.add, x, met, 0, y)
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
        padding=_pairs((0,) * len(reach)),
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
        share = np.divide(g, np.asarray(divisors, working))
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


def adaptive_max_pool(x: np.ndarray, *, out_shape: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
    """Maximum of every adaptive window and its flat index, as `max_pool`; any elements with ``>``.

    Window sizes differ by at most one or two cells; the loop runs over the offsets of the largest,
    and smaller windows look at their last cell again, which changes no maximum.
    """
    spatial = x.shape[2:]
    bounds = [adaptive_bounds(*pair) for pair in zip(spatial, out_shape, strict=True)]
    reach = [int((end - start).max(initial=0)) for start, end in bounds]
    indices = empty_batch_last((*x.shape[:2], *out_shape), np.int64)
    best = None
    for offset in np.ndindex(*reach):
        lines = [
            np.minimum(start + o, end - 1) for (start, end), o in zip(bounds, offset, strict=True)
        ]
        cells = x[(slice(None), slice(None), *np.ix_(*lines))]
        flat = np.ravel_multi_index(np.broadcast_arrays(*np.ix_(*lines)), spatial)
        if best is None:
            best = to_batch_last(cells, x.dtype)
            indices[...] = flat
            continue
        better = cells > best
        if x.dtype.kind == "f":
            better |= np.isnan(cells)
        np.copyto(best, cells, where=better)
        np.copyto(indices, flat, where=better)
    if best is None:
        best = empty_batch_last(indices.shape, x.dtype)
    return best, indices
