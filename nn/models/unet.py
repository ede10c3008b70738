"""U-Net: an image in, an image out; O. Ronneberger, P. Fischer, T. Brox, arXiv 1505.04597."""

from __future__ import annotations

import autograd
import nn
from autograd import Tensor, arguments

__all__ = ["UNet"]


def _double(inplanes: int, planes: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for width in (inplanes, planes):
        layers += [nn.Conv2d(width, planes, 3, padding=1, bias=False), nn.BatchNorm2d(planes)]
        layers.append(nn.ReLU())
    return nn.Sequential(*layers)


#: Each level doubles the width.
_DEEPEST = 24


class UNet(nn.Module):
    """Down by halves and up again, where each level sees what the way down had at its size.

    Args:
        channels: of the images. Default 1.
        classes: channels of the result. Default 2.
        width: channels of the first level; each level doubles them. Default 16.
        depth: how often the image is halved. Default 3.

    Shape: (N, channels, H, W) to (N, classes, H, W), H and W multiples of 2**depth.

    Example:
        >>> import autograd as ag, nn
        >>> nn.models.UNet()(ag.zeros((1, 1, 16, 24))).shape
        (1, 2, 16, 24)
    """

    def __init__(
        self, channels: int = 1, classes: int = 2, width: int = 16, depth: int = 3
    ) -> None:
        super().__init__()
        self.depth = arguments.integer("UNet", "depth", depth)
        if depth > _DEEPEST:
            raise ValueError(f"UNet: depth must be at most {_DEEPEST}, got {depth}")
        width = arguments.integer("UNet", "width", width)
        widths = [width * 2**level for level in range(depth + 1)]
        self.down = nn.ModuleList(
            [_double(a, b) for a, b in zip([channels, *widths], widths, strict=False)]
        )
        self.up = nn.ModuleList(
            [nn.ConvTranspose2d(2 * each, each, 2, stride=2) for each in widths[:-1]]
        )
        self.merge = nn.ModuleList([_double(2 * each, each) for each in widths[:-1]])
        self.head = nn.Conv2d(widths[0], classes, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of every class at every pixel."""
        height, width = x.shape[-2:]
        if height % 2**self.depth or width % 2**self.depth:
            raise ValueError(
                f"UNet: height and width must be multiples of {2**self.depth}, got {height}×{width}"
            )
        seen = []
        for level, block in enumerate(self.down):
            x = block(x if level == 0 else self.pool(x))
            seen.append(x)
        for level in reversed(range(self.depth)):
            x = autograd.concatenate([seen[level], self.up[level](x)], axis=1)
            x = self.merge[level](x)
        return self.head(x)
