"""Layers of functions that a network puts between its others."""

from __future__ import annotations

from typing import Any

from autograd import hyperparameters as hyper
from nn import functional as F
from nn.module import Module

__all__ = ["LogSoftmax", "ReLU", "Softmax", "Softmax2d", "Softmin"]


class ReLU(Module):
    """max(x, 0).

    Args:
        inplace: taken for PyTorch's sake; the input is never written into.
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = hyper.boolean(type(self).__name__, "inplace", inplace)

    def forward(self, input: Any) -> Any:
        return F.relu(input)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Softmax(Module):
    """exp(x) / Σ exp(x) along an axis; see `nn.functional.softmax`.

    Args:
        dim: the axis. Default: axis 0 for 1 or 3 axes, else 1.
    """

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        if dim is not None:
            dim = hyper.integer(type(self).__name__, "dim", dim, None)
        self.dim = dim

    def forward(self, input: Any) -> Any:
        return F.softmax(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmin(Softmax):
    """`Softmax` of −x."""

    def forward(self, input: Any) -> Any:
        return F.softmin(input, self.dim)


class LogSoftmax(Softmax):
    """log of `Softmax`, without overflow."""

    def forward(self, input: Any) -> Any:
        return F.log_softmax(input, self.dim)


class Softmax2d(Module):
    """`Softmax` over the channels of images (N, C, H, W) or (C, H, W)."""

    def forward(self, input: Any) -> Any:
        if len(input.shape) not in (3, 4):
            raise ValueError(
                f"Softmax2d: input must be (N, C, H, W) or (C, H, W), got shape {input.shape}"
            )
        return F.softmax(input, -3)
