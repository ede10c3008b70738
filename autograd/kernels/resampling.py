"""Resizing images: interpolation and adaptive averaging, each with its exact adjoint.

    interpolate(x, *, out_shape, mode, align_corners, scale_factors) -> y
    interpolate_adjoint(y, *, input_shape, mode, align_corners, scale_factors) -> gx
    adaptive_avg_pool(x, *, out_shape) -> y;  adaptive_avg_pool_adjoint(y, *, input_shape) -> gx
    interpolation_map(length, outputs, mode, align_corners, scale_factor, ties) -> AxisMap
    apply_maps(x, maps) -> y

Images are (N, C, *spatial), results in C order. ``mode`` is ``"nearest"``, ``"nearest-exact"``,
``"linear"`` (bilinear and trilinear in two and three dimensions), ``"cubic"`` or ``"area"``.

The idea: every one of these is a linear map along each axis in turn, a sparse matrix with a few
entries per row. `AxisMap` is that matrix; its transpose is the adjoint, so no backward pass is
written anywhere. Entries are grouped into rounds in which every output occurs once: a round is one
gather, one product and one sum over whole rows of the image. A product with the dense matrix would
be no slower for small images, but 0 · NaN would spread a single NaN over its whole line.
"""

from collections.abc import Sequence
from functools import lru_cache
from math import floor, prod
from typing import Any, NamedTuple

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import native
from autograd.kernels.bounds import Bound
from autograd.kernels.pooling.average import (
    adaptive_bounds,
    avg_pool,
    avg_pool_gradient,
)

CUBIC = -0.75  # the free parameter of the cubic convolution kernel, as PyTorch and OpenCV choose it

SMALL_IMAGE: Bound[int] = 128
"""Rows and columns together of an enlarged image up to which ties are broken in a way of its own."""

Positions = slice | np.ndarray


class AxisMap(NamedTuple):
    """A sparse (outputs × inputs) matrix, as rounds of (rows, columns, weights or None for 1)."""

    inputs: int
    outputs: int
    rounds: tuple[tuple[Positions, Positions, np.ndarray | None], ...]
    entries: tuple[np.ndarray, np.ndarray, np.ndarray]

    def transposed(self) -> "AxisMap":
        """The map of the adjoint."""
        rows, columns, weights = self.entries
        return axis_map(self.outputs, self.inputs, columns, rows, weights)


def axis_map(
    inputs: int, outputs: int, rows: np.ndarray, columns: np.ndarray, weights: np.ndarray
) -> AxisMap:
    """Build an `AxisMap` from its entries, in any order; those of weight 0 are left out."""
    kept = weights != 0
    rows, columns, weights = rows[kept], columns[kept], weights[kept]
    order = np.argsort(rows, kind="stable")
    rows, columns, weights = rows[order], columns[order], weights[order]
    turn = np.arange(rows.size) - np.searchsorted(rows, rows)  # how many of its row came before
    rounds = []
    for number in range(int(turn.max(initial=-1)) + 1):
        now = turn == number
        ones = (weights[now] == 1).all()
        rounds.append((_regular(rows[now]), _regular(columns[now]), None if ones else weights[now]))
    return AxisMap(inputs, outputs, tuple(rounds), (rows, columns, weights))


def _regular(positions: np.ndarray) -> Positions:
    """Evenly spaced rising positions as a slice, which needs no gather; others as they are."""
    start = int(positions[0])
    if positions.size == 1:
        return slice(start, start + 1)
    steps = np.diff(positions)
    if steps[0] > 0 and (steps == steps[0]).all():
        return slice(start, int(positions[-1]) + 1, int(steps[0]))
    return positions


def apply_maps(x: np.ndarray, maps: Sequence[AxisMap]) -> np.ndarray:
    """Apply one map along each spatial axis of ``x`` (N, C, *S): (N, C, *outputs)."""
    dtype = x.dtype
    x = np.asarray(x, np.float32 if dtype == np.float16 else None, order="C")
    # Axes that shrink most go first, so that later ones have less to do.
    for map_, axis in sorted(
        zip(maps, range(2, x.ndim), strict=True),
        key=lambda pair: pair[0].outputs / (pair[0].inputs or 1),
    ):
        x = _apply_along(x, axis, map_)
    return x.astype(dtype, copy=False)


def _apply_along(m: np.ndarray, axis: int, map_: AxisMap) -> np.ndarray:
    before = (slice(None),) * axis
    shape = (*m.shape[:axis], map_.outputs, *m.shape[axis + 1 :])
    everything = _regular(np.arange(map_.outputs)) if map_.outputs else None
    result = None
    for rows, columns, weights in map_.rounds:
        if isinstance(columns, slice):
            cells = m[*before, columns]
        else:
            cells = m.take(columns, axis=axis)  # unlike indexing, keeps the axes' order
        if weights is not None:
            cells = cells * _column(weights, m.dtype, m.ndim - axis - 1)
        if result is None:
            if isinstance(rows, slice) and rows == everything:
                result = cells.copy() if np.may_share_memory(cells, m) else cells
                continue
            result = np.zeros(shape, m.dtype)
        result[*before, rows] += cells
    return np.zeros(shape, m.dtype) if result is None else result


def _column(weights: np.ndarray, dtype: np.dtype, trailing: int) -> np.ndarray:
    weights = weights if dtype.kind == "O" else weights.astype(dtype)
    return weights.reshape((-1,) + (1,) * trailing)


# The maps -----------------------------------------------------------------------------------------


def interpolated_size(length: int, scale_factor: float) -> int:
    """Size of an axis after scaling: ⌊length · scale_factor⌋."""
    return floor(float(length) * scale_factor)


@lru_cache(maxsize=256)
def interpolation_map(
    length: int,
    outputs: int,
    mode: str,
    align_corners: bool,
    scale_factor: float | None,
    ties: str = "double",
) -> AxisMap:
    """The map of one axis.

    ``scale_factor``, where given, takes the place of outputs / length in the coordinates, although
    rounding made the axis a little shorter; with ``align_corners`` and for areas it does not count,
    nor in linear mode for an axis that keeps its length. ``ties`` says how the modes of nearest
    cells decide what lies on an edge, see `_ties`.
    """
    i = np.arange(outputs)
    if mode in ("nearest", "nearest-exact"):
        columns = _nearest(length, outputs, mode == "nearest-exact", scale_factor, ties)
        return axis_map(length, outputs, i, columns, np.ones(outputs))
    if mode == "linear":
        return _linear(length, outputs, align_corners, scale_factor)
    if mode == "cubic":
        return _cubic(length, outputs, align_corners, scale_factor)
    if mode == "area":
        return _area(length, outputs)
    raise ValueError(
        f"interpolate: mode {mode!r} is not one of 'nearest', 'nearest-exact', 'linear', "
        "'cubic', 'area'"
    )


def _step(length: int, outputs: int, align_corners: bool, scale_factor: float | None) -> float:
    """Distance of neighbouring outputs, in inputs."""
    if align_corners:
        return (length - 1) / (outputs - 1) if outputs > 1 else 0.0
    return 1.0 / scale_factor if scale_factor else length / outputs if outputs else 0.0


def _ties(dtype: np.dtype, out_shape: Sequence[int]) -> str:
    """How an output that falls on the edge of two cells chooses: as in PyTorch.

    Rounding decides, so it matters how positions are computed: of doubles in double precision, and
    then rounded to single, of all others in single precision. Small images always go the second
    way, and in mode ``"nearest"`` take the cell itself where an axis keeps its length, and each cell
    twice where it doubles, whatever the scale factor.
    """
    if len(out_shape) == 2 and sum(out_shape) <= SMALL_IMAGE:
        return "image"
    return "single" if dtype in (np.float32, np.float16) else "double"


def _nearest(
    length: int, outputs: int, exact: bool, scale_factor: float | None, ties: str
) -> np.ndarray:
    i = np.arange(outputs)
    if ties == "image" and not exact and outputs in (length, 2 * length):
        return i if outputs == length else i // 2
    kind = np.dtype(np.float64 if ties == "double" else np.float32)
    step = np.asarray(_step(length, outputs, False, scale_factor), kind)
    at = (i + (0.5 if exact else 0.0)).astype(kind) * step
    if exact and ties == "single":
        # As one multiply-and-subtract, which is rounded once, and half a cell further on.
        left = (i + 0.5) * float(step) - 0.5
        at = np.maximum(left, 0).astype(np.float32) + np.float32(0.5)
    return np.minimum(np.floor(at.astype(np.float32)).astype(np.int64), length - 1)


def _linear(length: int, outputs: int, align_corners: bool, scale_factor: float | None) -> AxisMap:
    i = np.arange(outputs)
    if outputs == length:
        return axis_map(length, outputs, i, i, np.ones(outputs))
    step = _step(length, outputs, align_corners, scale_factor)
    at = i * step if align_corners else np.maximum((i + 0.5) * step - 0.5, 0.0)
    left = np.minimum(np.floor(at).astype(np.int64), length - 1)
    right = np.minimum(left + 1, length - 1)
    share = at - left
    rows, columns = np.concatenate([i, i]), np.concatenate([left, right])
    return axis_map(length, outputs, rows, columns, np.concatenate([1.0 - share, share]))


def _cubic(length: int, outputs: int, align_corners: bool, scale_factor: float | None) -> AxisMap:
    """Cubic convolution over four cells, edges repeated (Keys 1981)."""
    i = np.arange(outputs)
    step = _step(length, outputs, align_corners, scale_factor)
    at = i * step if align_corners else (i + 0.5) * step - 0.5
    cell = np.minimum(np.floor(at).astype(np.int64), length - 1)
    t = at - cell

    def near(d: np.ndarray) -> np.ndarray:
        return ((CUBIC + 2) * d - (CUBIC + 3)) * d * d + 1

    def far(d: np.ndarray) -> np.ndarray:
        return ((CUBIC * d - 5 * CUBIC) * d + 8 * CUBIC) * d - 4 * CUBIC

    weights = np.concatenate([far(t + 1), near(t), near(1 - t), far(2 - t)])
    columns = np.concatenate([np.clip(cell + o, 0, length - 1) for o in (-1, 0, 1, 2)])
    return axis_map(length, outputs, np.tile(i, 4), columns, weights)


def _area(length: int, outputs: int) -> AxisMap:
    """Average of each adaptive window."""
    start, end = adaptive_bounds(length, outputs)
    sizes = end - start
    rows = np.repeat(np.arange(outputs), sizes)
    columns = np.arange(rows.size) - np.repeat(np.cumsum(sizes) - sizes - start, sizes)
    return axis_map(length, outputs, rows, columns, 1.0 / np.repeat(sizes, sizes))


@lru_cache(maxsize=256)
def _adjoint_map(*of: Any) -> AxisMap:
    return interpolation_map(*of).transposed()


# What the operations use --------------------------------------------------------------------------


def interpolate(
    x: np.ndarray,
    *,
    out_shape: Sequence[int],
    mode: str,
    align_corners: bool = False,
    scale_factors: Sequence[float] | None = None,
) -> np.ndarray:
    """Resize ``x`` (N, C, *S) to (N, C, *out_shape).

    >>> x = np.array([[[0.0, 4.0]]])
    >>> interpolate(x, out_shape=(4,), mode="linear")
    array([[[0., 1., 3., 4.]]])
    """
    scales = scale_factors or (None,) * len(out_shape)
    axes = zip(x.shape[2:], out_shape, scales, strict=True)
    rest, ties = (mode, align_corners), _ties(x.dtype, out_shape)
    return apply_maps(x, [interpolation_map(n, o, *rest, s, ties) for n, o, s in axes])


def interpolate_adjoint(
    y: np.ndarray,
    *,
    input_shape: Sequence[int],
    mode: str,
    align_corners: bool = False,
    scale_factors: Sequence[float] | None = None,
) -> np.ndarray:
    """The adjoint of `interpolate`: ``y`` (N, C, *out) to (N, C, *input_shape)."""
    scales = scale_factors or (None,) * len(input_shape)
    axes = zip(input_shape, y.shape[2:], scales, strict=True)
    rest, ties = (mode, align_corners), _ties(y.dtype, y.shape[2:])
    return apply_maps(y, [_adjoint_map(n, o, *rest, s, ties) for n, o, s in axes])


def adaptive_avg_pool(x: np.ndarray, *, out_shape: Sequence[int]) -> np.ndarray:
    """Average of ``x`` (N, C, *S) over windows from ⌊i·L/o⌋ to ⌈(i + 1)·L/o⌉."""
    window = _even_window(x.shape[2:], tuple(out_shape))
    if window is not None and native.plain(x):
        return avg_pool(x, window=window, divisors=prod(window.kernel))
    return interpolate(x, out_shape=out_shape, mode="area")


def adaptive_avg_pool_adjoint(y: np.ndarray, *, input_shape: Sequence[int]) -> np.ndarray:
    """The adjoint of `adaptive_avg_pool`."""
    window = _even_window(tuple(input_shape), y.shape[2:])
    y = np.asarray(y, order="C")
    if window is not None and native.plain(y):
        divisors = prod(window.kernel)
        return avg_pool_gradient(
            y, input_shape=tuple(input_shape), window=window, divisors=divisors
        )
    return interpolate_adjoint(y, input_shape=input_shape, mode="area")


@lru_cache(maxsize=256)
def _even_window(sizes: tuple[int, ...], outputs: tuple[int, ...]) -> Window | None:
    """The window of an ordinary pooling, where all adaptive windows are alike."""
    if 0 in sizes or 0 in outputs or any(n % o for n, o in zip(sizes, outputs, strict=True)):
        return None
    kernel = tuple([n // o for n, o in zip(sizes, outputs, strict=True)])
    return Window(kernel, kernel, ((0, 0),) * len(kernel), (1,) * len(kernel))
