"""Convolution, pooling, padding and resizing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F

# Convolution --------------------------------------------------------------------------------------


def _sizes(value: Any) -> Any:
    """PyTorch's lists of one size per axis, or one for all."""
    if isinstance(value, (list, tuple)):
        return tuple(value) if len(value) != 1 else value[0]
    return value


def _conv(function: Any) -> Any:
    def of(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Any:
        return function(
            input, weight, bias, _sizes(stride), _sizes(padding), _sizes(dilation), groups
        )

    return of


def _conv_transpose(function: Any) -> Any:
    def of(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Any:
        return function(
            input, weight, bias, _sizes(stride), _sizes(padding), _sizes(output_padding), groups,
            _sizes(dilation),
        )  # fmt: skip

    return of


_CONV = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
_CONV_TRANSPOSE = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def convolution(
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    transposed: bool,
    output_padding: Any,
    groups: int,
    *_: Any,
) -> Any:
    """The one operator that all of them decompose into."""
    rank = weight.ndim - 2
    if not transposed:
        return _conv(_CONV[rank])(input, weight, bias, stride, padding, dilation, groups)
    return _conv_transpose(_CONV_TRANSPOSE[rank])(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def conv_tbc(self: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """Convolution over (time, batch, channels)."""
    x, w = ag.transpose(self, axes=(1, 2, 0)), ag.transpose(weight, axes=(2, 1, 0))
    return ag.transpose(F.conv1d(x, w, bias, padding=pad), axes=(2, 0, 1))


# Pooling ------------------------------------------------------------------------------------------


def _window(kernel: Any, stride: Any) -> tuple[Any, Any]:
    kernel = _sizes(kernel)
    stride = kernel if isinstance(stride, (list, tuple)) and not stride else _sizes(stride)
    return kernel, kernel if stride is None else stride


def _max_pool(function: Any, with_indices: bool = False) -> Any:
    def of(
        self: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
    ) -> Any:
        kernel, steps = _window(kernel_size, stride)
        return function(
            self, kernel, steps, _sizes(padding), _sizes(dilation), ceil_mode, with_indices
        )

    return of


def _avg_pool(function: Any) -> Any:
    def of(
        self: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Any:
        kernel, steps = _window(kernel_size, stride)
        more = {} if divisor_override is None else {"divisor_override": divisor_override}
        return function(self, kernel, steps, _sizes(padding), ceil_mode, count_include_pad, **more)

    return of


def _adaptive(function: Any, **options: Any) -> Any:
    def of(self: Any, output_size: Any) -> Any:
        return function(self, _sizes(output_size), **options)

    return of


def max_unpool2d(self: Any, indices: Any, output_size: Any) -> Any:
    return _unpool(self, indices, tuple(output_size))


def max_unpool3d(self: Any, indices: Any, output_size: Any, stride: Any, padding: Any) -> Any:
    return _unpool(self, indices, tuple(output_size))


def _unpool(x: Any, indices: Any, size: tuple[int, ...]) -> Any:
    """Maxima at their places in empty planes; where two meet the last one counts."""
    batch = x.shape[: x.ndim - len(size)]
    planes = math.prod(batch)
    flat = ag.reshape(x, shape=(planes, -1))
    places = np.asarray(indices.data).reshape(planes, -1)
    empty = ag.zeros((planes, math.prod(size)), dtype=x.dtype)
    filled = ag.set_at(empty, (np.arange(planes)[:, None], places), flat)
    return ag.reshape(filled, shape=(*batch, *size))


# Padding ------------------------------------------------------------------------------------------


def pad(self: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    if self.dtype.kind != "f":  # our padding is for images; whole numbers are put into a frame
        return _pad_any(self, list(pad), mode, value)
    return F.pad(self, tuple(pad), mode, value)


def _pad_any(x: Any, widths: list[int], mode: str, value: Any) -> Any:
    pairs = [(widths[k], widths[k + 1]) for k in range(0, len(widths), 2)][::-1]
    pairs = [(0, 0)] * (x.ndim - len(pairs)) + pairs
    cut = tuple(
        slice(max(-before, 0), size - max(-after, 0))
        for size, (before, after) in zip(x.shape, pairs, strict=True)
    )
    array = np.asarray(x.data)[cut]
    kept = [(max(a, 0), max(b, 0)) for a, b in pairs]
    modes = {"constant": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    more = {"constant_values": value or 0} if mode == "constant" else {}
    return ag.as_tensor(np.pad(array, kept, modes[mode], **more).astype(x.dtype))  # type: ignore[call-overload]


def _padding(mode: str) -> Any:
    return lambda self, padding: F.pad(self, tuple(padding), mode)


# Resizing -----------------------------------------------------------------------------------------


def _resize(mode: str, rank: int, corners: bool) -> dict[str, Any]:
    """The overloads of one ``upsample``: by sizes with factors per axis, and by either one."""

    def resized(x: Any, size: Any, align: bool, factors: Any) -> Any:
        if size is None:
            size = [math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=True)]
        used = factors if factors and all(f is not None for f in factors) else None
        return ag.interpolate(x, tuple(size), mode, align, used and tuple(used))

    if corners:

        def by_size(self: Any, output_size: Any, align_corners: bool, *scales: Any) -> Any:
            return resized(self, output_size, align_corners, scales)

        def either(
            self: Any, output_size: Any, align_corners: bool, scale_factors: Any = None
        ) -> Any:
            return resized(self, output_size, align_corners, scale_factors)
    else:

        def by_size(self: Any, output_size: Any, *scales: Any) -> Any:  # type: ignore[misc]
            return resized(self, output_size, False, scales)

        def either(self: Any, output_size: Any, scale_factors: Any = None) -> Any:  # type: ignore[misc]
            return resized(self, output_size, False, scale_factors)

    return {"default": by_size, "vec": either}


_RESIZE = {
    **{f"upsample_nearest{n}d": _resize("nearest", n, False) for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": _resize("nearest-exact", n, False) for n in (1, 2, 3)},
    "upsample_linear1d": _resize("linear", 1, True),
    "upsample_bilinear2d": _resize("linear", 2, True),
    "upsample_trilinear3d": _resize("linear", 3, True),
    "upsample_bicubic2d": _resize("cubic", 2, True),
}


# Sampling at points -------------------------------------------------------------------------------


def affine_grid(theta: Any, size: Any, align_corners: bool) -> Any:
    """Points (x, y) or (x, y, z) from −1 to 1 of an output's pixels, moved by a matrix each."""
    spatial = list(size)[2:]
    axes = []
    for n in spatial:
        line = np.linspace(-1.0, 1.0, n) if n > 1 else np.zeros(1)
        axes.append(line if align_corners else line * ((n - 1) / n))
    grids = np.meshgrid(*axes, indexing="ij")[::-1]
    points = np.stack([*grids, np.ones(spatial)], axis=-1).astype(theta.dtype)
    flat = ag.as_tensor(points.reshape(1, -1, len(spatial) + 1))
    moved = ag.matmul(flat, ag.swapaxes(theta, 1, 2))
    return ag.reshape(moved, shape=(theta.shape[0], *spatial, len(spatial)))


def grid_sample(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    """Values of images at points: bilinear (0) or nearest (1), beyond the border 0, clamped or
    reflected (padding_mode 0, 1, 2); bicubic (2) for two spatial axes."""
    sizes = input.shape[2:]
    rank = len(sizes)
    # The grid's last axis names the last spatial axis first.
    places = [
        _unnormalized(ag.getitem(grid, (..., rank - 1 - k)), sizes[k], align_corners)
        for k in range(rank)
    ]
    if interpolation_mode == 2:
        return _bicubic(input, places, padding_mode, align_corners)
    places = [
        _at_border(p, n, padding_mode, align_corners) for p, n in zip(places, sizes, strict=True)
    ]
    if interpolation_mode == 1:
        nearest = [np.rint(np.asarray(p.data)).astype(np.int64) for p in places]
        return _pixels(input, nearest)
    lower = [np.floor(np.asarray(p.data)) for p in places]
    total = None
    for corner in np.ndindex(*(2,) * rank):
        weight: Any = None
        for p, low, up in zip(places, lower, corner, strict=True):
            low_tensor = ag.as_tensor(low.astype(p.dtype))
            part = p - low_tensor if up else 1.0 - (p - low_tensor)
            weight = part if weight is None else weight * part
        index = [low.astype(np.int64) + up for low, up in zip(lower, corner, strict=True)]
        term = _pixels(input, index) * ag.expand_dims(weight, axis=1)
        total = term if total is None else total + term
    return total


def _unnormalized(points: Any, size: int, align: bool) -> Any:
    if align:
        return (points + 1.0) * ((size - 1) / 2)
    return ((points + 1.0) * size - 1.0) * 0.5


def _at_border(p: Any, size: int, padding_mode: int, align: bool) -> Any:
    if padding_mode == 1:
        return ag.clip(p, 0.0, float(size - 1))
    if padding_mode == 2:
        low, high = (0.0, size - 1.0) if align else (-0.5, size - 0.5)
        return ag.clip(_reflected(p, low, high), 0.0, float(size - 1))
    return p


def _reflected(p: Any, low: float, high: float) -> Any:
    span = high - low
    if span == 0:
        return p * 0.0
    away = ag.absolute(p - low)
    flips = np.floor(np.asarray(away.data) / span)
    extra = away - ag.as_tensor((flips * span).astype(p.dtype))
    even = ag.as_tensor(flips % 2 == 0)
    return ag.where(even, extra + low, span - extra + low)


def _pixels(x: Any, index: list[Any]) -> Any:
    """x (N, C, *S) at whole places (N, *O) of each axis; (N, C, *O), 0 beyond the border."""
    sizes = x.shape[2:]
    inside = np.ones(index[0].shape, bool)
    for places, n in zip(index, sizes, strict=True):
        inside &= (places >= 0) & (places < n)
    safe = [np.clip(places, 0, n - 1) for places, n in zip(index, sizes, strict=True)]
    batch = np.arange(x.shape[0]).reshape(-1, *(1,) * (index[0].ndim - 1))
    # With the channels between, NumPy puts the points in front: (N, *O, C).
    found = ag.getitem(x, (batch, slice(None), *safe))
    found = ag.moveaxis(found, -1, 1)
    return ag.where(ag.as_tensor(inside[:, None]), found, 0.0)


def _cubic_weights(t: Any) -> list[Any]:
    """Keys' cubic convolution with a = −0.75, for the four cells around a place."""
    a = -0.75

    def near(s: Any) -> Any:
        return ((a + 2.0) * s - (a + 3.0)) * s * s + 1.0

    def far(s: Any) -> Any:
        return ((a * s - 5.0 * a) * s + 8.0 * a) * s - 4.0 * a

    return [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]


def _bicubic(x: Any, places: list[Any], padding_mode: int, align: bool) -> Any:
    lower = [np.floor(np.asarray(p.data)) for p in places]
    weights = [
        _cubic_weights(p - ag.as_tensor(low.astype(p.dtype)))
        for p, low in zip(places, lower, strict=True)
    ]
    total = None
    for i, j in np.ndindex(4, 4):
        index = []
        for low, offset, n in zip(lower, (i, j), x.shape[2:], strict=True):
            cell = ag.as_tensor((low + offset - 1).astype(x.dtype))
            cell = _at_border(cell, n, padding_mode, align)
            index.append(np.asarray(cell.data).astype(np.int64))
        weight = ag.expand_dims(weights[0][i] * weights[1][j], axis=1)
        term = _pixels(x, index) * weight
        total = term if total is None else total + term
    return total


TABLE: dict[str, Any] = {
    "conv1d": _conv(F.conv1d),
    "conv2d": _conv(F.conv2d),
    "conv3d": _conv(F.conv3d),
    "conv_transpose1d": _conv_transpose(F.conv_transpose1d),
    "conv_transpose2d.input": _conv_transpose(F.conv_transpose2d),
    "conv_transpose3d.input": _conv_transpose(F.conv_transpose3d),
    "convolution": convolution,
    "_convolution": convolution,
    "conv_tbc": conv_tbc,
    "max_pool1d": _max_pool(F.max_pool1d),
    "max_pool2d": _max_pool(F.max_pool2d),
    "max_pool3d": _max_pool(F.max_pool3d),
    "max_pool1d_with_indices": _max_pool(F.max_pool1d, True),
    "max_pool2d_with_indices": _max_pool(F.max_pool2d, True),
    "max_pool3d_with_indices": _max_pool(F.max_pool3d, True),
    "avg_pool1d": _avg_pool(F.avg_pool1d),
    "avg_pool2d": _avg_pool(F.avg_pool2d),
    "avg_pool3d": _avg_pool(F.avg_pool3d),
    "adaptive_avg_pool1d": _adaptive(F.adaptive_avg_pool1d),
    "adaptive_avg_pool2d": _adaptive(F.adaptive_avg_pool2d),
    "adaptive_avg_pool3d": _adaptive(F.adaptive_avg_pool3d),
    "_adaptive_avg_pool2d": _adaptive(F.adaptive_avg_pool2d),
    "_adaptive_avg_pool3d": _adaptive(F.adaptive_avg_pool3d),
    "adaptive_max_pool1d": _adaptive(F.adaptive_max_pool1d, return_indices=True),
    "adaptive_max_pool2d": _adaptive(F.adaptive_max_pool2d, return_indices=True),
    "adaptive_max_pool3d": _adaptive(F.adaptive_max_pool3d, return_indices=True),
    "max_unpool2d": max_unpool2d,
    "max_unpool3d": max_unpool3d,
    "pad": pad,
    "constant_pad_nd": lambda self, pad, value=0: globals()["pad"](self, pad, "constant", value),
    "reflection_pad1d": _padding("reflect"),
    "reflection_pad2d": _padding("reflect"),
    "reflection_pad3d": _padding("reflect"),
    "replication_pad1d": _padding("replicate"),
    "replication_pad2d": _padding("replicate"),
    "replication_pad3d": _padding("replicate"),
    "_pad_circular": _padding("circular"),
    **{
        f"{name}.{overload}": function
        for name, overloads in _RESIZE.items()
        for overload, function in overloads.items()
    },
    "affine_grid_generator": affine_grid,
    "grid_sampler": grid_sample,
    "grid_sampler_2d": grid_sample,
    "grid_sampler_3d": grid_sample,
}
