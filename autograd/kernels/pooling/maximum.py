"""Max pooling: values, where they lie, and the gradient.

    max_pool(x, *, window) -> (values, indices)
    max_pool_values(x, *, window) -> values
    max_pool_gradient(g, x, out, *, window) -> gx
    take_windows(x, indices) -> y;  scatter_windows(y, indices, *, input_shape) -> x
    adaptive_max_pool(x, *, out_shape) -> (values, indices)

Arrays and hyper-parameters are as in `pooling`. Windows are never searched for the place of their
maximum: the maxima come first, one axis after the other, and where they lie is then found by
comparing, one kernel offset after the other, for all windows at once.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any

import numpy as np

from autograd.arguments.window import Window, cross
from autograd.kernels import native
from autograd.kernels.bounds import Bound
from autograd.kernels.elementwise import keep_where
from autograd.kernels.layout import (
    empty_batch_last,
    memory_axes,
    memory_view,
    shape_view,
    to_batch_last,
    zeros_batch_last,
)
from autograd.kernels.pieces import in_pieces
from autograd.kernels.pooling.average import (
    adaptive_bounds,
    arranged,
    combine_windows,
    native_order,
    native_window,
)
from autograd.kernels.windows import overlaps, overlaps_by_axis

_FEW: Bound[int] = 2**16
"""Cells of tiled planes below which calls cost more than cells, and the fewest are made."""


def max_pool(x: np.ndarray, *, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """Maximum of every window and where it lies.

    Returns ``values`` (N, C, *out_shape) and ``indices`` of the same shape, int64, which count
    through the cells of the unpadded plane in C order. The first maximum wins; a NaN beats every
    number (and, as in PyTorch, the last NaN the earlier ones). Every window must meet a cell.

    >>> x = np.array([[[1.0, 5.0, 4.0, 3.0]]])
    >>> max_pool(x, window=Window((2,), (2,), ((0, 0),), (1,)))
    (array([[[5., 4.]]]), array([[[1, 2]]]))
    """
    if x.dtype.kind != "f":
        return _plain_max_pool(x, window)
    x = arranged(x)
    values = max_pool_values(x, window=window)
    if _has_nan(values):  # equality does not find NaN
        return _plain_max_pool(x, window)
    return values, _winners(x, values, window)


def _has_nan(values: np.ndarray) -> bool:
    greatest = np.maximum.reduce(values, axis=None, initial=-np.inf)
    return bool(greatest != greatest)


def _winners(x: np.ndarray, values: np.ndarray, window: Window) -> np.ndarray:
    """Where in its plane each window's first maximum lies, when ``values`` are the maxima.

    Offset after offset, windows wait until a cell equals their maximum; how long each waited is
    the number of its offset, small enough for one byte. Places are looked up only at the end.
    """
    spatial, out_shape = x.shape[2:], values.shape[2:]
    met = overlaps(window, spatial, out_shape)
    waited = zeros_batch_last(values.shape, np.min_scalar_type(len(met)))

    def wait(x: np.ndarray, values: np.ndarray, waited: np.ndarray) -> None:
        waiting = empty_batch_last(values.shape, bool)
        waiting[...] = True
        for _, inputs, outputs in met[:-1]:
            waiting[outputs] &= x[inputs] != values[outputs]
            waited += waiting.view(np.uint8)

    in_pieces(wait, (x, values, waited), axis=1, passes=2)
    strides = [prod(spatial[axis + 1 :]) for axis in range(len(spatial))]
    steps = [sum(o * d * s for o, d, s in zip(offset, window.dilation, strides, strict=True))
             for offset, *_ in met]  # fmt: skip
    indices = empty_batch_last(values.shape, np.int64)
    memory_view(indices)[...] = np.asarray(steps or [0]).take(memory_view(waited), mode="clip")
    axes = zip(out_shape, window.stride, window.padding, strides, strict=True)
    for axis, (outputs, s, (low, _), step) in enumerate(axes):
        line = (np.arange(outputs) * s - low) * step
        indices += line.reshape((-1,) + (1,) * (len(spatial) - 1 - axis))
    return indices


def _plain_max_pool(x: np.ndarray, window: Window) -> tuple[np.ndarray, np.ndarray]:
    """`max_pool` by comparing every cell with the best so far: for NaN, and all that knows ``>``."""
    spatial = x.shape[2:]
    out_shape = window.outputs(spatial)
    shape = (*x.shape[:2], *out_shape)
    flat = np.arange(prod(spatial)).reshape(1, 1, *spatial)
    firsts = np.zeros(out_shape, np.int64)
    for axis, line in enumerate(_first_cells(spatial, window)):
        rest = spatial[axis + 1 :]
        firsts += (line * prod(rest)).reshape((-1,) + (1,) * len(rest))
    indices = empty_batch_last(shape, np.int64)
    indices[...] = firsts
    best = take_windows(x, indices)
    for _, inputs, outputs in overlaps(window, spatial, out_shape):
        cells = x[inputs]
        better = cells > best[outputs]
        if x.dtype.kind == "f":
            better |= np.isnan(cells)
        np.copyto(best[outputs], cells, where=better)
        np.copyto(indices[outputs], flat[inputs], where=better)
    return best, indices


def _first_cells(spatial: tuple[int, ...], window: Window) -> list[np.ndarray]:
    """Along each axis, the first cell that each window meets."""
    lines = []
    axes = zip(
        spatial,
        window.stride,
        window.padding,
        window.dilation,
        window.outputs(spatial),
        strict=True,
    )
    for length, s, (low, _), d, outputs in axes:
        starts = np.arange(outputs) * s - low
        starts += d * -(np.minimum(starts, 0) // d)
        if starts.max(initial=0) >= max(length, 1):
            raise ValueError(
                f"max_pool: with kernel {window.kernel}, dilation {window.dilation} and padding "
                f"{tuple(low for low, _ in window.padding)} some windows see nothing but the "
                f"padding of the {cross(spatial)} input"
            )
        lines.append(starts)
    return lines


def max_pool_values(x: np.ndarray, *, window: Window) -> np.ndarray:
    """Maximum of every window, without indices: the values of `max_pool`, much sooner."""
    if x.dtype.kind != "f":
        return _plain_max_pool(x, window)[0]
    spatial = x.shape[2:]
    out_shape = window.outputs(spatial)
    if max(window.dilation) > 1:  # only then can a window miss every cell
        _first_cells(spatial, window)
    if native.plain(x) and (taken := native_window(window, spatial)):
        pooled = np.empty(x.shape[:2] + out_shape, x.dtype)
        native.library.max_pool(x, taken, pooled)
        return pooled
    if x.size < _FEW and window.kernel == window.stride:
        offsets = _tile_offsets(x.shape, out_shape, window)
        if offsets:
            return _tile_maxima(x, x.shape[:2] + out_shape, offsets)
    x = arranged(x)
    out = empty_batch_last(x.shape[:2] + out_shape, x.dtype)
    met = overlaps_by_axis(window, spatial, out_shape)

    def pool(x: np.ndarray, out: np.ndarray) -> None:
        combine_windows(np.maximum, x, met, -np.inf, out)

    in_pieces(pool, (x, out), axis=1, passes=1)
    return out


def max_pool_gradient(
    g: np.ndarray, x: np.ndarray, out: np.ndarray, *, window: Window
) -> np.ndarray:
    """Gradient of `max_pool_values`: each window hands ``g`` to its first maximum.

    ``x`` is the input, ``out`` the result. The same as scattering ``g`` by the indices of
    `max_pool`, but found by comparing, so that the forward pass need not keep them.
    """
    if native.plain(x, out, g := native_order(g)) and (taken := native_window(window, x.shape[2:])):
        routed = np.empty(x.shape, x.dtype)
        native.library.max_pool_gradient(g, x, out, taken, routed)
        return routed
    kernel, stride = window.kernel, window.stride
    if x.size < _FEW and kernel == stride and x.dtype.kind == g.dtype.kind == "f":
        tiles = _tile_offsets(x.shape, out.shape[2:], window)
        gx = _route_few(g, x, out) if tiles else None
        if gx is not None:
            return gx
    if g.dtype.kind != "f" or _has_nan(out):
        _, indices = max_pool(x, window=window)
        return scatter_windows(g, indices, input_shape=x.shape[2:])
    g, x, out = arranged(g), arranged(x), arranged(out)
    apart = all(span == k <= s for span, k, s in zip(window.spans, kernel, stride, strict=True))
    if apart and stride == kernel and _tiled(x.shape[2:], out.shape[2:], window):
        gx = empty_batch_last(x.shape, g.dtype)
        in_pieces(_route_tiled, (g, x, out, gx), axis=1, passes=2)
        return gx
    # Windows that share no cells write each cell once: no sums.
    gx = zeros_batch_last(x.shape, g.dtype)
    met = overlaps(window, x.shape[2:], out.shape[2:])

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


def _tiled(spatial: tuple[int, ...], outputs: tuple[int, ...], window: Window) -> bool:
    """Whether windows side by side cover the plane and nothing else."""
    sizes = zip(spatial, outputs, window.kernel, window.padding, strict=True)
    return all(length == k * count and pads == (0, 0) for length, count, k, pads in sizes)


@lru_cache(maxsize=1024)
def _tile_offsets(
    shape: tuple[int, ...], out_shape: tuple[int, ...], window: Window
) -> tuple[tuple[int, ...], ...]:
    """The kernel's offsets where windows of stride ``kernel`` tile the plane; none elsewhere."""
    if max(window.dilation) > 1 or 0 in shape or not _tiled(shape[2:], out_shape, window):
        return ()
    return tuple(product(*map(range, window.kernel)))


def _tile_maxima(
    x: np.ndarray, out_shape: tuple[int, ...], offsets: Sequence[tuple[int, ...]]
) -> np.ndarray:
    """`max_pool_values` of little, tiled: one maximum of all windows for each offset."""
    cells = _offsets_first(x, out_shape)
    best = np.maximum(cells[offsets[0]], cells[offsets[-1]])
    for offset in offsets[1:-1]:
        np.maximum(best, cells[offset], out=best)
    return shape_view(best)


def _route_few(g: np.ndarray, x: np.ndarray, out: np.ndarray) -> np.ndarray | None:
    """`_route_tiled` of little, in any memory order; None if a window holds NaN."""
    gx = empty_batch_last(x.shape, g.dtype)
    return gx if _route_tiled(g, x, out, gx) else None


def _route_tiled(g: np.ndarray, x: np.ndarray, out: np.ndarray, gx: np.ndarray) -> bool:
    """Hand ``g`` to the first maximum of windows that tile the plane, all offsets at once.

    Where cells and maxima are equal is one array, the offsets first; a cell keeps its mark only
    if no offset before it has one. Few NumPy calls, and those on masks are on contiguous memory.
    Returns whether every window had a maximum: one with NaN has none.
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
    return bool(found.all())


def _offsets_first(x: np.ndarray, out_shape: Sequence[int]) -> np.ndarray:
    """View of tiled planes as (*kernel, *memory order of the windows)."""
    split, order = _split(x.shape, tuple(out_shape))
    return x.reshape(split).transpose(order)


@lru_cache(maxsize=256)
def _split(
    shape: tuple[int, ...], out_shape: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in which kernel offsets have axes of their own, and the order of these axes."""
    split = [*shape[:2]]
    for length, outputs in zip(shape[2:], out_shape[2:], strict=True):
        split += [outputs, length // outputs if outputs else 1]
    windows = (0, 1, *range(2, len(split), 2))
    kernel = range(3, len(split), 2)
    return tuple(split), (*kernel, *(windows[axis] for axis in memory_axes(len(shape))))


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
