"""VGG: nothing but 3×3 convolutions and pooling; K. Simonyan, A. Zisserman, arXiv 1409.1556."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import nn
from autograd import Tensor, arguments

__all__ = ["VGG", "vgg_small"]


class VGG(nn.Module):
    """3×3 convolutions, each with batch normalisation and ReLU, halved by max pooling now and then.

    Args:
        layout: the channels of each convolution; ``"M"`` is max pooling.
        channels: of the images. Default 3.
        classes: default 10.

    Shape: (N, channels, H, W) to (N, classes); after the last convolution the mean over all pixels
    is taken, so any size goes that the poolings leave something of.
    """

    def __init__(self, layout: Sequence[Any], channels: int = 3, classes: int = 10) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for k, entry in enumerate(arguments.elements("VGG", "layout", layout)):
            if isinstance(entry, str) and entry == "M":
                layers.append(nn.MaxPool2d(2))
                continue
            entry = arguments.integer("VGG", f"layout[{k}]", entry)
            layers += [
                nn.Conv2d(channels, entry, 3, padding=1, bias=False),
                nn.BatchNorm2d(entry),
                nn.ReLU(),
            ]
            channels = entry
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of every class."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def vgg_small(channels: int = 3, classes: int = 10) -> VGG:
    """A VGG of six convolutions, for images of about 32×32; 0.3 million parameters.

    Example:
        >>> import autograd as ag, nn
        >>> nn.models.vgg_small()(ag.zeros((1, 3, 32, 32))).shape
        (1, 10)
    """
    return VGG([32, 32, "M", 64, 64, "M", 128, 128, "M"], channels, classes)
