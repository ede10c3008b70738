"""LeNet-5; Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document
recognition, Proc. IEEE 86, 1998; with ReLU and max pooling, as it is taught today."""

from __future__ import annotations

import autograd
import nn
import nn.functional as F
from autograd import Tensor, arguments

__all__ = ["LeNet5"]


class LeNet5(nn.Module):
    """Two convolutions with pooling, three linear layers; keys as in PyTorch's tutorial.

    Args:
        channels: of the images. Default 1.
        classes: default 10.
        size: height and width of the images; 28 and 32 are usual, from 8 on anything goes. Below 20
            the kernels are 3×3 instead of 5×5. Default 28.

    Shape: (N, channels, size, size) to (N, classes).

    Example:
        >>> import autograd as ag, nn
        >>> nn.models.LeNet5()(ag.zeros((2, 1, 28, 28))).shape
        (2, 10)
    """

    def __init__(self, channels: int = 1, classes: int = 10, size: int = 28) -> None:
        super().__init__()
        size = arguments.integer("LeNet5", "size", size, 8)
        kernel = 5 if size >= 20 else 3
        # Images of 28 pixels are padded to the 32 of the paper, small ones so that nothing is lost.
        padding = 2 if size < 32 and kernel == 5 else 1 if kernel == 3 else 0
        self.conv1 = nn.Conv2d(channels, 6, kernel, padding=padding)
        self.conv2 = nn.Conv2d(6, 16, kernel, padding=1 if kernel == 3 else 0)
        side = (size + 2 * padding - kernel + 1) // 2
        side = (side + (2 if kernel == 3 else 0) - kernel + 1) // 2
        self.fc1 = nn.Linear(16 * side * side, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of every class."""
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = autograd.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)
