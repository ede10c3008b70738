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

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from math import prod
from typing import Any

import numpy as np

from autograd.arguments.window import Window, cross
from autograd.kernels import native
from autograd.kernels.elementwise import keep_where
from autograd.kernels.pieces import in_pieces
from autograd.kernels.pooling.average import (
    adaptive_bounds,
    combine_windows,
    meetings,
    native_window,
)
from autograd.kernels.windows import overlaps


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
    waited = np.zeros(values.shape, np.min_scalar_type(len(met)))

    def wait(x: np.ndarray, values: np.ndarray, waited: np.ndarray) -> None:
        waiting = np.empty(values.shape, bool)
        waiting[...] = True
        for _, inputs, outputs in met[:-1]:
            waiting[outputs] &= x[inputs] != values[outputs]
            waited += waiting.view(np.uint8)

    in_pieces(wait, (x, values, waited), axis=1, passes=2)
    strides = [prod(spatial[axis + 1 :]) for axis in range(len(spatial))]
    steps = [sum(o * d * s for o, d, s in zip(offset, window.dilation, strides, strict=True))
             for offset, *_ in met]  # fmt: skip
    indices = np.empty(values.shape, np.int64)
    indices[...] = np.asarray(steps or [0]).take(waited, mode="clip")
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
    indices = np.empty(shape, np.int64)
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
    x = np.asarray(x, order="C")
    spatial = x.shape[2:]
    out_shape = window.outputs(spatial)
    if max(window.dilation) > 1:  # only then can a window miss every cell
        _first_cells(spatial, window)
    if native.plain(x) and (taken := native_window(window, spatial)):
        pooled = np.empty(x.shape[:2] + out_shape, x.dtype)
        native.library.max_pool(x, taken, pooled)
        return pooled
    out = np.empty(x.shape[:2] + out_shape, x.dtype)
    places = meetings(window, spatial, out_shape)

    def pool(x: np.ndarray, out: np.ndarray) -> None:
        combine_windows(np.maximum, x, places, -np.inf, out)

    in_pieces(pool, (x, out), axis=1, passes=1)
    return out


def max_pool_gradient(
    g: np.ndarray, x: np.ndarray, out: np.ndarray, *, window: Window
) -> np.ndarray:
    """Gradient of `max_pool_values`: each window hands ``g`` to its first maximum.

    ``x`` is the input, ``out`` the result. The same as scattering ``g`` by the indices of
    `max_pool`, but found by comparing, so that the forward pass need not keep them.
    """
    g, x, out = (np.asarray(a, order="C") for a in (g, x, out))
    if native.plain(x, out, g) and (taken := native_window(window, x.shape[2:])):
        routed = np.empty(x.shape, x.dtype)
        native.library.max_pool_gradient(g, x, out, taken, routed)
        return routed
    if g.dtype.kind == "f" and _tiles(window, x.shape[2:]):
        gx = np.empty(x.shape, g.dtype)
        met_nan: list[bool] = []
        in_pieces(partial(_route_tiles, window.kernel, met_nan), (g, x, out, gx), axis=1, passes=2)
        if not any(met_nan):
            return gx
    if g.dtype.kind != "f" or _has_nan(out):
        _, indices = max_pool(x, window=window)
        return scatter_windows(g, indices, input_shape=x.shape[2:])
    gx = np.zeros(x.shape, g.dtype)
    met = overlaps(window, x.shape[2:], out.shape[2:])

    def route(g: np.ndarray, x: np.ndarray, out: np.ndarray, gx: np.ndarray) -> None:
        waiting = np.empty(out.shape, bool)
        waiting[...] = True
        for _, inputs, outputs in met:
            here = x[inputs] == out[outputs]
            here &= waiting[outputs]
            waiting[outputs] ^= here
            gx[inputs] += keep_where(g[outputs], here)

    in_pieces(route, (g, x, out, gx), axis=1, passes=2)
    return gx


@lru_cache(maxsize=1024)
def _tiles(window: Window, spatial: tuple[int, ...]) -> bool:
    """Whether the windows lie side by side and cover the plane, and nothing else."""
    fit = all(length % k == 0 for length, k in zip(spatial, window.kernel, strict=True))
    return fit and window == Window(
        window.kernel, window.kernel, ((0, 0),) * len(spatial), (1,) * len(spatial)
    )


def _route_tiles(
    kernel: tuple[int, ...], met_nan: list[bool], g: np.ndarray, x: np.ndarray, out: np.ndarray,
    gx: np.ndarray,
) -> None:  # fmt: skip
    """`max_pool_gradient` of windows that tile the plane: every cell is in one, so all kernel
    offsets are compared in one call. A cell keeps its mark where no offset before it has one."""
    cells = _offsets_first(x, kernel)
    wins = np.empty(cells.shape, bool)
    np.equal(cells, out, out=wins)
    marks = wins.reshape(prod(kernel), out.size)
    found = marks[0].copy()
    for mark in marks[1:]:
        np.greater(mark, found, out=mark)
        found |= mark
    met_nan.append(not found.all())  # which equals nothing
    keep_where(g, wins, out=_offsets_first(gx, kernel))


def _offsets_first(x: np.ndarray, kernel: tuple[int, ...]) -> np.ndarray:
    """View (*kernel, N, C, *outputs) of planes that windows of this size tile."""
    split, order = _split(x.shape, kernel)
    return x.reshape(split).transpose(order)


@lru_cache(maxsize=1024)
def _split(
    shape: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape in which kernel offsets have axes of their own, and the order of these axes."""
    sizes = [n for length, k in zip(shape[2:], kernel, strict=True) for n in (length // k, k)]
    end = 2 + len(sizes)
    return (*shape[:2], *sizes), (*range(3, end, 2), 0, 1, *range(2, end, 2))


def prepare_max_pool_values(x: np.ndarray, *, window: Window) -> Callable[..., np.ndarray] | None:
    """`max_pool_values` of arrays like these: a function of x, or None."""
    taken = native_window(window, x.shape[2:]) if native.plain(x) else None
    if not taken or max(window.dilation) > 1:
        return None
    shape, dtype, kernel = (
        x.shape[:2] + window.outputs(x.shape[2:]),
        x.dtype,
        native.library.max_pool,
    )

    def pool(x: np.ndarray) -> np.ndarray:
        pooled = np.empty(shape, dtype)
        try:
            kernel(x, taken, pooled)
        except (TypeError, ValueError):  # it lies otherwise, this time
            return max_pool_values(x, window=window)
        return pooled

    return pool


def prepare_max_pool_gradient(
    g: np.ndarray, x: np.ndarray, out: np.ndarray, window: Window
) -> Callable[..., np.ndarray] | None:
    """`max_pool_gradient` of arrays like these, or None."""
    taken = native_window(window, x.shape[2:]) if native.plain(x, out, g) else None
    if not taken:
        return None
    shape, dtype, kernel = x.shape, x.dtype, native.library.max_pool_gradient

    def route(g: np.ndarray, x: np.ndarray, out: np.ndarray, window: Window) -> np.ndarray:
        routed = np.empty(shape, dtype)
        try:
            kernel(g, x, out, taken, routed)
        except (TypeError, ValueError):
            return max_pool_gradient(g, x, out, window=window)
        return routed

    return route


def _plane_indexer(indices: np.ndarray, spatial: Sequence[int]) -> tuple[Any, ...]:
    """Index tuple for an (N, C, *spatial) array that picks the flat ``indices`` of each plane."""
    rest = (1,) * (indices.ndim - 2)
    images = np.arange(indices.shape[0]).reshape(-1, 1, *rest)
    channels = np.arange(indices.shape[1]).reshape(1, -1, *rest)
    return (images, channels, *np.unravel_index(indices, tuple(spatial)))


def take_windows(x: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Pick cells of each plane: ``x`` (N, C, *S), ``indices`` (N, C, *out) flat in S.

    >>> take_windows(np.array([[[5, 7, 6]]]), np.array([[[1, 1]]]))
    array([[[7, 7]]])
    """
    return np.asarray(x[_plane_indexer(indices, x.shape[2:])])


def scatter_windows(
    y: np.ndarray, indices: np.ndarray, *, input_shape: Sequence[int]
) -> np.ndarray:
    """Add ``y`` (N, C, *out) into zero planes (N, C, *input_shape) at the flat ``indices``.

    The adjoint of `take_windows`: what meets at one cell adds up.

    >>> scatter_windows(np.array([[[1.0, 2.0]]]), np.array([[[1, 1]]]), input_shape=(3,))
    array([[[0., 3., 0.]]])
    """
    x = np.zeros((*y.shape[:2], *input_shape), y.dtype)
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
    indices = np.empty((*x.shape[:2], *out_shape), np.int64)
    best = None
    for offset in np.ndindex(*reach):
        lines = [
            np.minimum(start + o, end - 1) for (start, end), o in zip(bounds, offset, strict=True)
        ]
        cells = x[(slice(None), slice(None), *np.ix_(*lines))]
        flat = np.ravel_multi_index(np.broadcast_arrays(*np.ix_(*lines)), spatial)
        if best is None:
            best = np.array(cells, order="C")
            indices[...] = flat
            continue
        better = cells > best
        if x.dtype.kind == "f":
            better |= np.isnan(cells)
        np.copyto(best, cells, where=better)
        np.copyto(indices, flat, where=better)
    if best is None:
        best = np.empty(indices.shape, x.dtype)
    return best, indices
