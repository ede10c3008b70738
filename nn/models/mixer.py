"""MLP-Mixer: patches that talk to each other by linear layers; I. Tolstikhin et al., arXiv 2105.01601."""

from __future__ import annotations

import nn
from autograd import Tensor, arguments

__all__ = ["Mixer"]


#: More layers than any machine could train; beyond, building them would seem to hang.
_DEEPEST = 10_000


class _Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class _MixerBlock(nn.Module):
    def __init__(self, patches: int, width: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.mlp_tokens = _Mlp(patches, width // 2)
        self.norm2 = nn.LayerNorm(width)
        self.mlp_channels = _Mlp(width, 4 * width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.mlp_tokens(self.norm1(x).swapaxes(1, 2)).swapaxes(1, 2)
        return x + self.mlp_channels(self.norm2(x))


class Mixer(nn.Module):
    """Layers that mix, in turn, between patches and between channels; keys as in timm.

    Args:
        size: height and width of the images. Default 32.
        patch: height and width of a patch; it divides size. Default 4.
        channels: of the images. Default 3.
        classes: default 10.
        width: numbers that stand for a patch. Default 64.
        depth: how many layers. Default 4.

    Shape: (N, channels, size, size) to (N, classes).

    Example:
        >>> import autograd as ag, nn
        >>> nn.models.Mixer()(ag.zeros((1, 3, 32, 32))).shape
        (1, 10)
    """

    def __init__(
        self,
        size: int = 32,
        patch: int = 4,
        channels: int = 3,
        classes: int = 10,
        width: int = 64,
        depth: int = 4,
    ) -> None:
        super().__init__()
        size, patch = (
            arguments.integer("Mixer", n, v) for n, v in (("size", size), ("patch", patch))
        )
        if size % patch:
            raise ValueError(f"Mixer: patch={patch} does not divide size={size}")
        depth = arguments.integer("Mixer", "depth", depth, 0)
        if depth > _DEEPEST:
            raise ValueError(f"Mixer: depth must be at most {_DEEPEST}, got {depth}")
        self.stem = nn.Sequential()
        self.stem.add_module("proj", nn.Conv2d(channels, width, patch, stride=patch))
        self.blocks = nn.Sequential(
            *[_MixerBlock((size // patch) ** 2, width) for _ in range(depth)]
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Scores (logits) of every class."""
        x = self.stem(x).flatten(2).swapaxes(1, 2)
        return self.head(self.norm(self.blocks(x)).mean(axis=1))
