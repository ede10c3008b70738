"""Residual networks; K. He, X. Zhang, S. Ren, J. Sun: arXiv 1512.03385."""

from __future__ import annotations

from collections.abc import Sequence

import nn
import nn.functional as F
from autograd import Tensor, arguments

__all__ = ["BasicBlock", "ResNet", "resnet18", "resnet20"]


class BasicBlock(nn.Module):
    """Two 3×3 convolutions, and a way around them.

    Args:
        inplanes, planes: channels in and out.
        stride: of the first convolution. Default 1.

    Where stride or channels change, the way around is a 1×1 convolution (``downsample``).
    """

    def __init__(self, inplanes: int, planes: int, stride: int = 1) -> None:
        super().__init__()
        stride = arguments.integer("BasicBlock", "stride", stride)
        self.conv1 = nn.Conv2d(inplanes, planes, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(planes)
        self.conv2 = nn.Conv2d(planes, planes, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(planes)
        self.downsample: nn.Module | None = None
        if stride != 1 or inplanes != planes:
            self.downsample = nn.Sequential(
                nn.Conv2d(inplanes, planes, 1, stride, bias=False), nn.BatchNorm2d(planes)
            )

    def forward(self, x: Tensor) -> Tensor:
        """relu(F(x) + x)."""
        around = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(x)) + around)


class ResNet(nn.Module):
    """A stem, stages of blocks of which each but the first halves the image, and a linear layer.

    Args:
        blocks: how many in each stage.
        planes: channels of each stage.
        channels: of the images. Default 3.
        classes: default 10.
        large: the stem for images of about 224 pixels, 7×7 with stride 2 and pooling, instead of a
            3×3 convolution. Default False.

    Shape: (N, channels, H, W) to (N, classes).
    """

    def __init__(
        self,
        blocks: Sequence[int],
        planes: Sequence[int],
        channels: int = 3,
        classes: int = 10,
        large: bool = False,
    ) -> None:
        super().__init__()
        blocks = arguments.elements("ResNet", "blocks", blocks)
        planes = arguments.elements("ResNet", "planes", planes)
        if not blocks:
            raise ValueError("ResNet: blocks must name a stage at least, got none")
        if len(blocks) != len(planes):
            raise ValueError(
                f"ResNet: blocks={arguments.shown(blocks)} and planes={arguments.shown(planes)} are "
                "not equally long"
            )
        blocks = [arguments.integer("ResNet", f"blocks[{k}]", n) for k, n in enumerate(blocks)]
        planes = [arguments.integer("ResNet", f"planes[{k}]", n) for k, n in enumerate(planes)]
        large = arguments.boolean("ResNet", "large", large)
        kernel = (7, 2, 3) if large else (3, 1, 1)
        self.conv1 = nn.Conv2d(channels, planes[0], *kernel, bias=False)
        self.bn1 = nn.BatchNorm2d(planes[0])
        self.maxpool = nn.MaxPool2d(3, 2, 1) if large else nn.Identity()
        inplanes = planes[0]
        self.stages = len(blocks)
        for stage, (count, width) in enumerate(zip(blocks, planes, strict=True), 1):
            layers = [BasicBlock(inplanes, width, 1 if stage == 1 else 2)]
            layers += [BasicBlock(width, width) for _ in range(count - 1)]
            setattr(self, f"layer{stage}", nn.Sequential(*layers))
            inplanes = width
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inplanes, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of every class."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))
        for stage in range(1, self.stages + 1):
            x = getattr(self, f"layer{stage}")(x)
        return self.fc(self.avgpool(x).flatten(1))


def resnet20(channels: int = 3, classes: int = 10) -> ResNet:
    """The paper's network for CIFAR-10: three stages of three blocks; 0.27 million parameters.

    Example:
        >>> import nn
        >>> sum(p.size for p in nn.models.resnet20().parameters())
        272474
    """
    return ResNet((3, 3, 3), (16, 32, 64), channels, classes)


def resnet18(channels: int = 3, classes: int = 1000) -> ResNet:
    """The paper's network for ImageNet, with torchvision's keys; 11.7 million parameters.

    Example:
        >>> import nn
        >>> sum(p.size for p in nn.models.resnet18().parameters())
        11689512
    """
    return ResNet((2, 2, 2, 2), (64, 128, 256, 512), channels, classes, large=True)
