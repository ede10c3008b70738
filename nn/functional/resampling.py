"""Resizing images, and trading channels for space."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import arguments
from nn.functional.inputs import floating, numbers

__all__ = [
    "channel_shuffle",
    "interpolate",
    "pixel_shuffle",
    "pixel_unshuffle",
    "upsample",
    "upsample_bilinear",
    "upsample_nearest",
]

# PyTorch's names: the mode along each axis, and the number of spatial axes that it is for.
_MODES: dict[str, tuple[str, tuple[int, ...]]] = {
    "nearest": ("nearest", (1, 2, 3)),
    "nearest-exact": ("nearest-exact", (1, 2, 3)),
    "linear": ("linear", (1,)),
    "bilinear": ("linear", (2,)),
    "trilinear": ("linear", (3,)),
    "bicubic": ("cubic", (2,)),
    "area": ("area", (1, 2, 3)),
}


def interpolate(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Any:
    """Make images larger or smaller.

    Args:
        input: shape (N, C, *S), one to three spatial axes.
        size: the new spatial shape, an integer or one per axis; or instead
        scale_factor: what each axis is multiplied by (and rounded down), one number or one each.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"`` (one spatial axis), ``"bilinear"``,
            ``"bicubic"`` (two), ``"trilinear"`` (three) or ``"area"``.
        align_corners: for the linear and cubic modes: the centres of the corner pixels stay where
            they are, instead of the image's edges. Default False.
        recompute_scale_factor: take new size / old size as the scale, not ``scale_factor``.
        antialias: must be False.

    Returns:
        Shape (N, C, *size).

    Raises:
        ValueError: for what does not go together, naming it.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.interpolate(autograd.tensor([[[1.0, 2.0]]]), scale_factor=2).tolist()
        [[[1.0, 1.0, 2.0, 2.0]]]
    """
    return _interpolate(
        "interpolate", input, size, scale_factor, mode, align_corners, recompute_scale_factor,
        antialias,
    )  # fmt: skip


def _interpolate(
    who: str,
    input: Any,
    size: Any,
    scale_factor: Any,
    mode: Any,
    align_corners: Any,
    recompute_scale_factor: Any,
    antialias: Any,
) -> Any:
    input = floating(who, input)
    kind, axes = check_mode(who, mode, align_corners)
    n = len(input.shape) - 2
    if n not in axes:
        listed = " or ".join(map(str, axes))
        raise ValueError(
            f"{who}: mode {mode!r} is for inputs (N, C, *S) with {listed} spatial axes, got shape "
            f"{input.shape}"
        )
    if arguments.boolean(who, "antialias", antialias):
        raise ValueError(f"{who}: antialias is not known here; blur first, or use mode='area'")
    check_one_size(who, size, scale_factor)
    recompute = recompute_scale_factor is not None and arguments.boolean(
        who, "recompute_scale_factor", recompute_scale_factor
    )
    factors: tuple[float, ...] | None = None
    if size is not None:
        if recompute:
            raise ValueError(f"{who}: recompute_scale_factor goes with scale_factor, not with size")
        new = arguments.integers(who, "size", size, n)
    else:
        factors = scale_factors(who, scale_factor, n)
        new = tuple(
            _scaled(who, length, f) for length, f in zip(input.shape[2:], factors, strict=True)
        )
        if recompute or kind == "area":
            factors = None
    return autograd.interpolate(input, new, kind, bool(align_corners), factors, who=who)


def _scaled(who: str, length: int, factor: float) -> int:
    size = math.floor(length * factor)
    if size < 1:
        raise ValueError(f"{who}: scale_factor {factor} leaves nothing of an axis of {length}")
    return size


def check_mode(who: str, mode: Any, align_corners: Any) -> tuple[str, tuple[int, ...]]:
    """The kernel's mode and the numbers of spatial axes it is for.

    Raises:
        ValueError: for an unknown mode, or ``align_corners`` with one that knows no corners.
    """
    kind, axes = _MODES[arguments.choice(who, "mode", mode, tuple(_MODES))]
    if align_corners is not None:
        arguments.boolean(who, "align_corners", align_corners)
        if kind not in ("linear", "cubic"):
            raise ValueError(
                f"{who}: align_corners goes with modes 'linear', 'bilinear', 'bicubic' and "
                f"'trilinear', not with {mode!r}"
            )
    return kind, axes


def check_one_size(who: str, size: Any, scale_factor: Any) -> None:
    """Raise ValueError unless exactly one of the two is given."""
    if (size is None) == (scale_factor is None):
        given = "neither" if size is None else "both"
        raise ValueError(f"{who}: give either size or scale_factor, got {given}")


def scale_factors(who: str, value: Any, n: int) -> tuple[float, ...]:
    """One positive factor per axis."""
    if not isinstance(value, (tuple, list)):
        value = (value,) * n
    if len(value) != n:
        raise ValueError(f"{who}: scale_factor must be a number or {n} of them, got {tuple(value)}")
    factors = tuple(arguments.real(who, "scale_factor", v, 0.0, open_low=True) for v in value)
    if math.inf in factors:
        raise ValueError(f"{who}: scale_factor must be finite, got {factors}")
    return factors


def upsample(
    input: Any,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
) -> Any:
    """The former name of `interpolate`."""
    return _interpolate("upsample", input, size, scale_factor, mode, align_corners, None, False)


def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode ``"nearest"``."""
    return _interpolate("upsample_nearest", input, size, scale_factor, "nearest", None, None, False)


def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """`interpolate` with mode ``"bilinear"`` and aligned corners."""
    return _interpolate(
        "upsample_bilinear", input, size, scale_factor, "bilinear", True, None, False
    )


# Channels and space -------------------------------------------------------------------------------


def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Shape (..., C·r², H, W) to (..., C, H·r, W·r): each pixel's channels become a square.

    Source: Shi et al., "Real-time single image and video super-resolution", 2016.

    Args:
        input: at least three axes.
        upscale_factor: r.

    Raises:
        ValueError: if r² does not divide the channels.
    """
    who = "pixel_shuffle"
    input = _planes(who, input)
    r = arguments.integer(who, "upscale_factor", upscale_factor)
    *batch, channels, height, width = input.shape
    if channels % (r * r):
        raise ValueError(
            f"{who}: the {channels} channels of {input.shape} are no multiple of "
            f"upscale_factor² = {r * r}"
        )
    deep = channels // (r * r)
    squares = autograd.reshape(input, (math.prod(batch), deep, r, r, height, width))
    spread = autograd.transpose(squares, (0, 1, 4, 2, 5, 3))
    return autograd.reshape(spread, (*batch, deep, height * r, width * r))


def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """Shape (..., C, H·r, W·r) to (..., C·r², H, W): the inverse of `pixel_shuffle`.

    Raises:
        ValueError: if r does not divide height and width.
    """
    who = "pixel_unshuffle"
    input = _planes(who, input)
    r = arguments.integer(who, "downscale_factor", downscale_factor)
    *batch, channels, height, width = input.shape
    if height % r or width % r:
        raise ValueError(
            f"{who}: downscale_factor={r} must divide height and width of {input.shape}"
        )
    squares = autograd.reshape(input, (math.prod(batch), channels, height // r, r, width // r, r))
    gathered = autograd.transpose(squares, (0, 1, 3, 5, 2, 4))
    return autograd.reshape(gathered, (*batch, channels * r * r, height // r, width // r))


def channel_shuffle(input: Any, groups: int) -> Any:
    """Take the channels of each group in turn: g groups of k become k of g.

    Source: Zhang et al., "ShuffleNet", 2017.

    Args:
        input: shape (N, C, *S), at least one spatial axis.
        groups: divides C.

    Raises:
        ValueError: if it does not.
    """
    who = "channel_shuffle"
    input = numbers(who, input)
    groups = arguments.integer(who, "groups", groups)
    if len(input.shape) < 3:
        raise ValueError(f"{who}: input must be (N, C, *S), got shape {input.shape}")
    batch, channels, *space = input.shape
    if channels % groups:
        raise ValueError(
            f"{who}: groups={groups} does not divide the {channels} channels of {input.shape}"
        )
    split = autograd.reshape(input, (batch, groups, channels // groups, *space))
    return autograd.reshape(autograd.swapaxes(split, 1, 2), input.shape)


def _planes(who: str, input: Any) -> Any:
    input = numbers(who, input)
    if len(input.shape) < 3:
        raise ValueError(f"{who}: input must be (..., C, H, W), got shape {input.shape}")
    return input
