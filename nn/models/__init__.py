"""Well-known networks, small enough to be read and to be trained on a laptop.

Parameters are called as in PyTorch's own versions (tutorials, torchvision), so that weights go from
one to the other by name. How each is trained stands in ``python -m nn.train --help``.
"""

from nn.models.lenet import LeNet5
from nn.models.mixer import Mixer
from nn.models.resnet import BasicBlock, ResNet, resnet18, resnet20
from nn.models.unet import UNet
from nn.models.vgg import VGG, vgg_small

__all__ = [
    "VGG",
    "BasicBlock",
    "LeNet5",
    "Mixer",
    "ResNet",
    "UNet",
    "resnet18",
    "resnet20",
    "vgg_small",
]
