"""Layers of padding: four modes, one to three axes."""

from __future__ import annotations

from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.module import Module

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]


class _Pad(Module):
    """Widths around the last axes of (N, C, *S) or (C, *S), the last axis' first.

    Args:
        padding: one width for all sides, or (left, right), (left, right, top, bottom), or these
            and (front, back). Negative widths crop.
    """

    _axes: int
    _mode: str

    def __init__(self, padding: Any) -> None:
        super().__init__()
        self.padding = arguments.integers(
            type(self).__name__, "padding", padding, 2 * self._axes, None
        )

    def forward(self, input: Any) -> Any:
        n, shape = self._axes, getattr(input, "shape", ())
        if len(shape) not in (n + 1, n + 2):
            raise ValueError(
                f"{type(self).__name__}: input must have {n + 1} or {n + 2} axes, channels and "
                f"{n} in space, got shape {shape}"
            )
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_Pad):
    """Mirrored at the border cells; see `ReflectionPad2d`."""

    _axes, _mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Mirrored at the border cells; widths must be below the size.

    Args:
        padding: one width for all sides, or (left, right, top, bottom).

    Example:
        >>> import autograd, nn
        >>> nn.ReflectionPad2d((1, 1, 0, 0))(autograd.tensor([[[1.0, 2.0]]])).tolist()
        [[[2.0, 1.0, 2.0, 1.0]]]
    """

    _axes, _mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Mirrored at the border cells; see `ReflectionPad2d`."""

    _axes, _mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """The border cells repeated; see `ReplicationPad2d`."""

    _axes, _mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """The border cells repeated.

    Args:
        padding: one width for all sides, or (left, right, top, bottom).
    """

    _axes, _mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """The border cells repeated; see `ReplicationPad2d`."""

    _axes, _mode = 3, "replicate"


class CircularPad1d(_Pad):
    """What lies at the other end; see `CircularPad2d`."""

    _axes, _mode = 1, "circular"


class CircularPad2d(_Pad):
    """What lies at the other end; widths must not be above the size.

    Args:
        padding: one width for all sides, or (left, right, top, bottom).
    """

    _axes, _mode = 2, "circular"


class CircularPad3d(_Pad):
    """What lies at the other end; see `CircularPad2d`."""

    _axes, _mode = 3, "circular"


class _ConstantPad(_Pad):
    _mode = "constant"

    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        arguments.real_or_nan(type(self).__name__, "value", value)
        self.value = value

    def forward(self, input: Any) -> Any:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """A constant around the last axis; see `ConstantPad2d`."""

    _axes = 1


class ConstantPad2d(_ConstantPad):
    """A constant around the last two axes.

    Args:
        padding: one width for all sides, or (left, right, top, bottom); negative ones crop.
        value: the constant.
    """

    _axes = 2


class ConstantPad3d(_ConstantPad):
    """A constant around the last three axes; see `ConstantPad2d`."""

    _axes = 3


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad1d(_ZeroPad):
    """Zeros around the last axis; see `ConstantPad2d`."""

    _axes = 1


class ZeroPad2d(_ZeroPad):
    """Zeros around the last two axes; see `ConstantPad2d`."""

    _axes = 2


class ZeroPad3d(_ZeroPad):
    """Zeros around the last three axes; see `ConstantPad2d`."""

    _axes = 3
