"""What layers that slide a window share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.arguments import Window
from nn.functional.ranks import Rank
from nn.module import Module

__all__ = ["Sliding"]

_NUMBERS = frozenset(("kernel_size", "stride", "padding", "dilation", "ceil_mode"))


class Sliding(Module):
    """A layer with a window, made and checked once: at construction.

    ``layer.stride = 2`` later makes it anew, and has it checked, at the next call.
    """

    _at: Rank
    _function: Callable[..., Any]
    _window: Window | None = None
    kernel_size: Any
    stride: Any
    padding: Any = 0
    dilation: Any = 1
    ceil_mode: Any = False

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if name in _NUMBERS:
            self.__dict__["_window"] = None

    def _look(self) -> Window:
        """The window that the layer's numbers say, kept until one of them is set."""
        window = self.__dict__["_window"] = self._read_window()
        return window

    def _read_window(self) -> Window:
        """As poolings have it."""
        return Window.pooling(
            type(self).__name__, self._at.n,
            self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
        )  # fmt: skip

    def _keep_as_tuples(self) -> None:
        """Show kernel_size, stride and padding as the window has them, one for each axis."""
        window = self._look()
        self.kernel_size, self.stride = window.kernel, window.stride
        self.padding = tuple(before for before, _ in window.padding)
        self._look()

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
