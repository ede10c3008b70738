"""Layers that resize images, or trade channels for space."""

from __future__ import annotations

from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.functional.resampling import check_mode, check_one_size, scale_factors
from nn.module import Module
from nn.modules.building import Applied, shown

__all__ = [
    "ChannelShuffle",
    "PixelShuffle",
    "PixelUnshuffle",
    "Upsample",
    "UpsamplingBilinear2d",
    "UpsamplingNearest2d",
]


class Upsample(Module):
    """Images made larger or smaller; see `nn.functional.interpolate`.

    Args:
        size: the new spatial shape, an integer or one per axis; or instead
        scale_factor: what each axis is multiplied by, a number or one per axis.
        mode: ``"nearest"``, ``"linear"``, ``"bilinear"``, ``"bicubic"``, ``"trilinear"`` …
        align_corners: for the linear and cubic modes: corner pixels keep their place.
        recompute_scale_factor: take new size / old size as the scale.

    Example:
        >>> import autograd, nn
        >>> nn.Upsample(scale_factor=2, mode="bilinear")(autograd.zeros(1, 3, 4, 4)).shape
        (1, 3, 8, 8)
    """

    def __init__(
        self,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        check_one_size(who, size, scale_factor)
        check_mode(who, mode, align_corners)
        if size is not None:
            several = isinstance(size, (tuple, list))
            arguments.integers(who, "size", size, len(size) if several else 1)
        elif isinstance(scale_factor, (tuple, list)):
            scale_factor = scale_factors(who, scale_factor, len(scale_factor))
        else:
            (scale_factor,) = scale_factors(who, scale_factor, 1)
        if recompute_scale_factor is not None:
            arguments.boolean(who, "recompute_scale_factor", recompute_scale_factor)
        self.size, self.scale_factor = size, scale_factor
        self.mode, self.align_corners = mode, align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Any:
        return F.interpolate(
            input, self.size, self.scale_factor, self.mode, self.align_corners,
            self.recompute_scale_factor,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return shown(self, "size" if self.scale_factor is None else "scale_factor", "mode")


class UpsamplingNearest2d(Upsample):
    """`Upsample` with mode ``"nearest"``.

    Args:
        size, scale_factor: as in `Upsample`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "nearest")


class UpsamplingBilinear2d(Upsample):
    """`Upsample` with mode ``"bilinear"`` and aligned corners.

    Args:
        size, scale_factor: as in `Upsample`.
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, "bilinear", True)


class PixelShuffle(Applied):
    """Shape (..., C·r², H, W) to (..., C, H·r, W·r); see `nn.functional.pixel_shuffle`.

    Args:
        upscale_factor: r.
    """

    _function = staticmethod(F.pixel_shuffle)
    _settings = ("upscale_factor",)

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = arguments.integer("PixelShuffle", "upscale_factor", upscale_factor)


class PixelUnshuffle(Applied):
    """Shape (..., C, H·r, W·r) to (..., C·r², H, W); see `nn.functional.pixel_unshuffle`.

    Args:
        downscale_factor: r.
    """

    _function = staticmethod(F.pixel_unshuffle)
    _settings = ("downscale_factor",)

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = arguments.integer(
            "PixelUnshuffle", "downscale_factor", downscale_factor
        )


class ChannelShuffle(Applied):
    """The channels of each group in turn; see `nn.functional.channel_shuffle`.

    Args:
        groups: divides the number of channels.
    """

    _function = staticmethod(F.channel_shuffle)
    _settings = ("groups",)

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = arguments.integer("ChannelShuffle", "groups", groups)
