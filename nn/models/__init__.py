"""Well-known networks, small enough to be read and to be trained on a laptop, and positions.

Parameters are called as in PyTorch's own versions (tutorials, torchvision), so that weights go from
one to the other by name. How each is trained stands in ``python -m nn.train --help``.
"""

from nn.models.lenet import LeNet5
from nn.models.mixer import Mixer
from nn.models.positions import (
    LearntPositions,
    SinusoidalPositions,
    sinusoidal_positions,
)
from nn.models.resnet import BasicBlock, ResNet, resnet18, resnet20
from nn.models.unet import UNet
from nn.models.vgg import VGG, vgg_small

__all__ = [
    "VGG",
    "BasicBlock",
    "LeNet5",
    "LearntPositions",
    "Mixer",
    "ResNet",
    "SinusoidalPositions",
    "UNet",
    "resnet18",
    "resnet20",
    "sinusoidal_positions",
    "vgg_small",
]
