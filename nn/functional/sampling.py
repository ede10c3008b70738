"""Images read at any places: spatial transformers.

Source: Jaderberg et al., "Spatial transformer networks", 2015.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import float_dtype, floating, floats

__all__ = ["affine_grid", "grid_sample"]

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


@arguments.in_single
def affine_grid(theta: Any, size: Any, align_corners: bool | None = None) -> Any:
    """Where an affine map sends the pixels of an image of a size, for `grid_sample`.

    Args:
        theta: shape (N, 2, 3), for each image a matrix and, last, a shift; (N, 3, 4) for volumes.
        size: of the images, (N, C, H, W) or (N, C, D, H, W).
        align_corners: −1 and 1 are the centres of the corner pixels instead of the image's edges.
            Default False.

    Returns:
        Shape (N, H, W, 2) or (N, D, H, W, 3), coordinates x first.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> same = autograd.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
        >>> F.affine_grid(same, (1, 1, 1, 2)).tolist()
        [[[[-0.5, 0.0], [0.5, 0.0]]]]
    """
    who = "affine_grid"
    theta = floating(who, theta, "theta")
    align = _aligned(who, align_corners)
    n = 2 if len(theta.shape) == 3 and theta.shape[1] == 2 else 3
    sizes = arguments.integers(who, "size", size, n + 2)
    if theta.shape != (sizes[0], n, n + 1):
        raise ValueError(
            f"{who}: theta must have shape (N, 2, 3) with a size (N, C, H, W), or (N, 3, 4) with "
            f"(N, C, D, H, W); got {theta.shape} and {sizes}"
        )
    try:
        autograd.zeros(*sizes[2:], n + 1)  # takes no memory yet
    except ValueError as error:
        raise ValueError(f"{who}: size is too large: {error}") from None
    dtype = np.dtype(float_dtype(theta))
    axes = []
    for count in sizes[2:]:
        places = _from_edge_to_edge(count, dtype)
        axes.append(places if align else places * (count - 1) / count)
    coordinates = [*np.meshgrid(*axes, indexing="ij")[::-1], np.ones(sizes[2:], dtype)]
    base = np.stack(coordinates, axis=-1).reshape(1, -1, n + 1)
    grid = autograd.matmul(base, autograd.swapaxes(theta, 1, 2))
    return autograd.reshape(grid, (sizes[0], *sizes[2:], n))


def _from_edge_to_edge(count: int, dtype: Any) -> Any:
    """Numbers from −1 to 1, the second half the first one mirrored, to the last bit.

    Pixels' centres are kinks of what `grid_sample` gives: where an identity comes to lie beside them
    decides which slope is met, and so they are rounded as PyTorch's are.
    """
    if count == 1:
        return np.zeros(1, dtype)
    far = np.arange(count, dtype=dtype) * (dtype.type(2) / dtype.type(count - 1))
    return np.where(np.arange(count) < count // 2, far - 1, 1 - far[::-1])


@arguments.in_single
def grid_sample(
    input: Any,
    grid: Any,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Any:
    """The values of images at given places, interpolated between pixels.

    Args:
        input: shape (N, C, H, W), or (N, C, D, H, W) for volumes.
        grid: shape (N, *size, 2), coordinates (x, y) with −1 and 1 at the image's edges; or
            (N, *size, 3) with (x, y, z).
        mode: ``"bilinear"`` (also for volumes), ``"nearest"`` or ``"bicubic"`` (images only).
        padding_mode: what is beyond the edges: ``"zeros"``, ``"border"`` or ``"reflection"``.
        align_corners: −1 and 1 are the centres of the corner pixels instead of the image's edges.
            Default False.

    Returns:
        Shape (N, C, *size). In mode "nearest" the grid has no gradient. At a place that is NaN or
        infinite, weights are NaN, and so is the result with padding "zeros" and in mode "bicubic";
        the other paddings read the first pixel of an axis there (the last at ∞ with "border"), and
        "nearest" with padding "zeros" gives 0. For images that is what PyTorch gives.

    Raises:
        ValueError: for shapes that do not fit.

    Example:
        >>> import autograd, nn.functional as F
        >>> image = autograd.tensor([[[[1.0, 3.0]]]])
        >>> F.grid_sample(image, autograd.tensor([[[[0.0, 0.0], [1.0, 0.0]]]])).tolist()
        [[[[2.0, 1.5]]]]
    """
    who = "grid_sample"
    mode = arguments.choice(who, "mode", mode, _MODES)
    padding = arguments.choice(who, "padding_mode", padding_mode, _PADDINGS)
    align = _aligned(who, align_corners)
    input, grid = floats(who, input=input, grid=grid)
    n = len(input.shape) - 2
    shape = grid.shape
    if n not in (2, 3) or len(shape) != n + 2 or shape[-1] != n or shape[0] != input.shape[0]:
        raise ValueError(
            f"{who}: input and grid must have shapes (N, C, H, W) and (N, *size, 2), or "
            f"(N, C, D, H, W) and (N, *size, 3); got {input.shape} and {shape}"
        )
    if 0 in input.shape[2:]:
        raise ValueError(f"{who}: input of shape {input.shape} has no pixels")
    if mode == "bicubic" and n != 2:
        raise ValueError(f"{who}: mode 'bicubic' is for images (N, C, H, W), got {input.shape}")
    sizes = input.shape[2:]
    places = []
    for axis, count in enumerate(sizes):
        x = autograd.getitem(grid, (..., n - 1 - axis))
        with np.errstate(invalid="ignore"):  # ∞ on an axis of one pixel
            x = (x + 1.0) * (0.5 * (count - 1)) if align else (x + 1.0) * (0.5 * count) - 0.5
        places.append(x)

    def inside(x: Any, count: int) -> Any:
        return _moved_inside(x, count, padding, align)

    if mode == "bicubic":
        return _sampled(input, [_cubic(x) for x in places], inside)
    places = [inside(x, count) for x, count in zip(places, sizes, strict=True)]
    if mode == "nearest":
        taps: list[Any] = [[(np.rint(_values(x)), None)] for x in places]
    else:
        taps = [_linear(x) for x in places]
    return _sampled(input, taps, lambda x, count: x)


def _sampled(input: Any, taps: list[Any], inside: Callable[[Any, int], Any]) -> Any:
    """Σ of pixels times weights, over all combinations of the axes' taps (places, weights)."""
    sizes = input.shape[2:]
    batch = np.arange(input.shape[0]).reshape((-1, 1) + (1,) * len(sizes))
    channels = np.arange(input.shape[1]).reshape((1, -1) + (1,) * len(sizes))
    total: Any = None
    for corner in itertools.product(*taps):
        index: list[Any] = []
        there: Any = True
        weight: Any = None
        for (place, share), count in zip(corner, sizes, strict=True):
            place = inside(place, count)
            there = there & (place >= 0) & (place <= count - 1)
            place = np.clip(np.nan_to_num(np.rint(place)), 0, count - 1).astype(np.intp)
            index.append(place[:, None])
            if share is not None:
                weight = share if weight is None else weight * share
        values = autograd.getitem(input, (batch, channels, *index))
        values = values if np.all(there) else autograd.where(there[:, None], values, 0.0)
        if weight is not None:  # after the zeros: a weight that is NaN shows, wherever it is
            values = values * autograd.expand_dims(weight, 1)
        total = values if total is None else total + values
    return total


@np.errstate(invalid="ignore")  # at infinite places weights are NaN
def _linear(x: Any) -> list[tuple[Any, Any]]:
    """The two neighbours and their weights."""
    low = np.floor(_values(x))
    part = x - low
    return [(low, 1.0 - part), (low + 1, part)]


@np.errstate(invalid="ignore")
def _cubic(x: Any, a: float = -0.75) -> list[tuple[Any, Any]]:
    """The four neighbours and their weights (Keys 1981)."""
    low = np.floor(_values(x))
    t = x - low

    def near(d: Any) -> Any:  # distance up to 1
        return ((a + 2.0) * d - (a + 3.0)) * d * d + 1.0

    def far(d: Any) -> Any:  # from 1 to 2
        return ((a * d - 5.0 * a) * d + 8.0 * a) * d - 4.0 * a

    return [
        (low - 1, far(t + 1.0)),
        (low, near(t)),
        (low + 1, near(1.0 - t)),
        (low + 2, far(2.0 - t)),
    ]


@np.errstate(invalid="ignore")
def _moved_inside(x: Any, count: int, padding: str, align: bool) -> Any:
    """Places in pixels, those beyond the edges moved as the padding mode says; NaN is moved to 0."""
    if padding == "zeros":
        return x
    if padding == "reflection":
        low, span = (0.0, count - 1.0) if align else (-0.5, float(count))
        if span:
            off = autograd.absolute(x - low)
            times = np.floor(_values(off) / span)
            rest = off - times * span
            x = autograd.where(times % 2 == 0, rest + low, span - rest + low)
        else:
            x = x * 0.0
    # At the outer pixels' centres the slope is that of beyond, 0, where `clip` has the one inside.
    here = _values(x)
    x = autograd.where((here > 0.0) & (here < count - 1.0), x, np.clip(here, 0.0, count - 1.0))
    nowhere = np.isnan(here)
    return autograd.where(nowhere, 0.0, x) if nowhere.any() else x


def _values(x: Any) -> Any:
    return np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)


def _aligned(who: str, value: Any) -> bool:
    return value is not None and arguments.boolean(who, "align_corners", value)
