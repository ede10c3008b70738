"""Convolution, pooling, padding and resizing."""

from __future__ import annotations

import functools
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


def _sized(function: Any, **options: Any) -> Any:
    """A function of ours, whose arguments are the operator's, with sizes in PyTorch's lists."""

    @functools.wraps(function)
    def of(*given: Any) -> Any:
        return function(*map(_sizes, given), **options)

    return of


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
    of_rank = weight.ndim - 3
    function: Any
    if not transposed:
        function = (F.conv1d, F.conv2d, F.conv3d)[of_rank]
        return _sized(function)(input, weight, bias, stride, padding, dilation, groups)
    function = (F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)[of_rank]
    return _sized(function)(input, weight, bias, stride, padding, output_padding, groups, dilation)


def conv_tbc(self: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """Convolution over (time, batch, channels)."""
    x, w = ag.transpose(self, axes=(1, 2, 0)), ag.transpose(weight, axes=(2, 1, 0))
    return ag.transpose(F.conv1d(x, w, bias, padding=pad), axes=(2, 0, 1))


# Pooling ------------------------------------------------------------------------------------------


def max_unpool(self: Any, indices: Any, output_size: Any, *_: Any) -> Any:
    """Maxima at their places in empty planes; where two meet the last one counts."""
    x, size = self, tuple(output_size)
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


def _resize(mode: str, corners: bool) -> dict[str, Any]:
    """The overloads of one ``upsample``: by sizes with factors per axis, and by either one.

    Args:
        corners: whether the operator is told, first, if corners are aligned.
    """

    def resized(x: Any, size: Any, align: bool, factors: Any = None) -> Any:
        if size is None:
            size = [math.floor(n * f) for n, f in zip(x.shape[2:], factors, strict=True)]
        used = factors if factors and all(f is not None for f in factors) else None
        return ag.interpolate(x, tuple(size), mode, align, used and tuple(used))

    def overload(listed: bool) -> Any:
        """Factors come one by one, or as one list."""

        def of(self: Any, output_size: Any, *given: Any) -> Any:
            align, *factors = given if corners else (False, *given)
            return resized(self, output_size, align, *factors if listed else (factors,))

        return of

    return {"default": overload(False), "vec": overload(True)}


_RESIZE = {
    **{f"upsample_nearest{n}d": _resize("nearest", False) for n in (1, 2, 3)},
    **{f"_upsample_nearest_exact{n}d": _resize("nearest-exact", False) for n in (1, 2, 3)},
    "upsample_linear1d": _resize("linear", True),
    "upsample_bilinear2d": _resize("linear", True),
    "upsample_trilinear3d": _resize("linear", True),
    "upsample_bicubic2d": _resize("cubic", True),
}


# Sampling at points -------------------------------------------------------------------------------

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    input: Any, grid: Any, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Any:
    mode, padding = _MODES[interpolation_mode], _PADDINGS[padding_mode]
    return F.grid_sample(input, grid, mode, padding, align_corners)


TABLE: dict[str, Any] = {
    "conv1d": _sized(F.conv1d),
    "conv2d": _sized(F.conv2d),
    "conv3d": _sized(F.conv3d),
    "conv_transpose1d": _sized(F.conv_transpose1d),
    "conv_transpose2d.input": _sized(F.conv_transpose2d),
    "conv_transpose3d.input": _sized(F.conv_transpose3d),
    "convolution": convolution,
    "_convolution": convolution,
    "conv_tbc": conv_tbc,
    "max_pool1d": _sized(F.max_pool1d),
    "max_pool2d": _sized(F.max_pool2d),
    "max_pool3d": _sized(F.max_pool3d),
    "max_pool1d_with_indices": _sized(F.max_pool1d, return_indices=True),
    "max_pool2d_with_indices": _sized(F.max_pool2d, return_indices=True),
    "max_pool3d_with_indices": _sized(F.max_pool3d, return_indices=True),
    "avg_pool1d": _sized(F.avg_pool1d),
    "avg_pool2d": _sized(F.avg_pool2d),
    "avg_pool3d": _sized(F.avg_pool3d),
    "adaptive_avg_pool1d": _sized(F.adaptive_avg_pool1d),
    "adaptive_avg_pool2d": _sized(F.adaptive_avg_pool2d),
    "adaptive_avg_pool3d": _sized(F.adaptive_avg_pool3d),
    "_adaptive_avg_pool2d": _sized(F.adaptive_avg_pool2d),
    "_adaptive_avg_pool3d": _sized(F.adaptive_avg_pool3d),
    "adaptive_max_pool1d": _sized(F.adaptive_max_pool1d, return_indices=True),
    "adaptive_max_pool2d": _sized(F.adaptive_max_pool2d, return_indices=True),
    "adaptive_max_pool3d": _sized(F.adaptive_max_pool3d, return_indices=True),
    "max_unpool2d": max_unpool,
    "max_unpool3d": max_unpool,
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
    "affine_grid_generator": F.affine_grid,
    "grid_sampler": grid_sample,
    "grid_sampler_2d": grid_sample,
    "grid_sampler_3d": grid_sample,
}
