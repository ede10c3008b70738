"""Layers of convolutions, forwards and transposed, and of the windows that they see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from nn import functional as F
from nn.functional.conv import check_output_padding
from nn.module import Module
from nn.modules.building import empty_parameter, fill_uniform
from nn.parameter import Parameter

__all__ = [
    "Conv1d",
    "Conv2d",
    "Conv3d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "ConvTranspose3d",
    "Fold",
    "Unfold",
]

_PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _Convolution(Module):
    """What all convolutions hold: checked sizes, weight and bias.

    The weight is uniform on ±1/√fan_in, and so is the bias, where fan_in is the number of inputs
    that one output sees (He et al. 2015 with PyTorch's a = √5).
    """

    _axes: int
    _transposed = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        groups: int,
        bias: bool,
        padding_mode: str,
        output_padding: Any,
        device: Any,
        dtype: Any,
        generator: np.random.Generator | None,
    ) -> None:
        super().__init__()
        who, n = type(self).__name__, self._axes
        self.in_channels = arguments.integer(who, "in_channels", in_channels)
        self.out_channels = arguments.integer(who, "out_channels", out_channels)
        self.groups = _groups(who, groups, self.in_channels, self.out_channels)
        self.kernel_size = arguments.integers(who, "kernel_size", kernel_size, n)
        self.stride = arguments.integers(who, "stride", stride, n)
        self.dilation = arguments.integers(who, "dilation", dilation, n)
        self.padding_mode = arguments.choice(who, "padding_mode", padding_mode, _PADDING_MODES)
        self.transposed = self._transposed
        self.output_padding = arguments.integers(who, "output_padding", output_padding, n, 0)
        self.padding = self._checked_padding(who, padding)
        has_bias = arguments.boolean(who, "bias", bias)
        outer, inner = self.out_channels, self.in_channels
        if self._transposed:
            outer, inner = inner, outer
        shape = (outer, inner // self.groups, *self.kernel_size)
        self.weight = empty_parameter(who, shape, device, dtype)
        self.register_parameter(
            "bias", empty_parameter(who, (self.out_channels,), device, dtype) if has_bias else None
        )
        self.reset_parameters(generator)

    def _checked_padding(self, who: str, padding: Any) -> Any:
        """Padding as users see it; what the functions get is kept beside it."""
        self._pairs = arguments.paddings(
            who, padding, self._axes, self.kernel_size, self.stride, self.dilation
        )
        if isinstance(padding, str):
            return padding
        if all(before == after for before, after in self._pairs):
            return tuple(before for before, _ in self._pairs)
        return self._pairs

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw weight and bias anew.

        Args:
            generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.
        """
        fan_in = math.prod(self.weight.shape[1:])
        fill_uniform(type(self).__name__, self.weight, self.bias, fan_in, generator)

    def extra_repr(self) -> str:
        n = self._axes
        parts = [
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        ]
        if self.padding != (0,) * n:
            parts.append(f"padding={self.padding}")
        if self.dilation != (1,) * n:
            parts.append(f"dilation={self.dilation}")
        if self.output_padding != (0,) * n:
            parts.append(f"output_padding={self.output_padding}")
        if self.groups != 1:
            parts.append(f"groups={self.groups}")
        if self.bias is None:
            parts.append("bias=False")
        if self.padding_mode != "zeros":
            parts.append(f"padding_mode={self.padding_mode}")
        return ", ".join(parts)


def _groups(who: str, groups: Any, in_channels: int, out_channels: int) -> int:
    groups = arguments.integer(who, "groups", groups)
    rest_in, rest_out = in_channels % groups, out_channels % groups
    if rest_in and rest_out:
        raise ValueError(
            f"{who}: groups={groups} divides neither in_channels={in_channels} nor "
            f"out_channels={out_channels}; it must divide both"
        )
    if rest_in or rest_out:
        name, value = ("in_channels", in_channels) if rest_in else ("out_channels", out_channels)
        raise ValueError(f"{who}: groups={groups} does not divide {name}={value}")
    return groups


class _Conv(_Convolution):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, 0, device, dtype, generator,
        )  # fmt: skip
        self._zero_pairs = ((0, 0),) * self._axes
        self._widths = tuple(width for pair in reversed(self._pairs) for width in pair)

    def _padded(self, input: Any) -> tuple[Any, tuple[tuple[int, int], ...]]:
        """The input and the zeros still to be put around it: none in the other padding modes."""
        if self.padding_mode == "zeros":
            return input, self._pairs
        return F.pad(input, self._widths, self.padding_mode), self._zero_pairs


class Conv1d(_Conv):
    """Convolution of sequences (N, C, L) or (C, L); see `Conv2d`. Weight (O, C / groups, K)."""

    _axes = 1

    def forward(self, input: Any) -> Any:
        input, pairs = self._padded(input)
        return F.conv1d(
            input, self.weight, self.bias, self.stride, pairs, self.dilation, self.groups
        )


class Conv2d(_Conv):
    """Convolution of images (N, C, H, W) or (C, H, W); see `nn.functional.conv2d`.

    Args:
        in_channels, out_channels: positive integers.
        kernel_size: an integer, or one per axis.
        stride, dilation: positive integers, one or one per axis. Default 1.
        padding: an integer, one per axis, pairs (before, after), ``"valid"`` or ``"same"`` (stride
            1 only). Default 0.
        groups: divides both numbers of channels. Default 1.
        bias: whether a number per output channel is added. Default True.
        padding_mode: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: None or "cpu".
        dtype: of the parameters. Default: the default dtype.
        generator: source of the first weights. Default: the one that ``nn.manual_seed`` seeds.

    Attributes:
        weight: shape (out_channels, in_channels / groups, kH, kW), uniform on ±1/√fan_in with
            fan_in = in_channels / groups · kH · kW.
        bias: shape (out_channels,), from the same distribution; or None.

    Raises:
        ValueError, TypeError: for what cannot be, naming the argument.

    Example:
        >>> import autograd, nn
        >>> layer = nn.Conv2d(3, 8, kernel_size=3, padding="same")
        >>> layer(autograd.zeros(2, 3, 5, 5)).shape
        (2, 8, 5, 5)
    """

    _axes = 2

    def forward(self, input: Any) -> Any:
        input, pairs = self._padded(input)
        return F.conv2d(
            input, self.weight, self.bias, self.stride, pairs, self.dilation, self.groups
        )


class Conv3d(_Conv):
    """Convolution of volumes (N, C, D, H, W) or (C, D, H, W); see `Conv2d`."""

    _axes = 3

    def forward(self, input: Any) -> Any:
        input, pairs = self._padded(input)
        return F.conv3d(
            input, self.weight, self.bias, self.stride, pairs, self.dilation, self.groups
        )


class _ConvTranspose(_Convolution):
    _transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        who = type(self).__name__
        if not isinstance(padding_mode, str) or padding_mode != "zeros":
            raise ValueError(f"{who}: padding_mode must be 'zeros', got {padding_mode!r}")
        super().__init__(
            in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias,
            padding_mode, output_padding, device, dtype, generator,
        )  # fmt: skip
        check_output_padding(who, self.output_padding, self.stride, self.dilation)

    def _checked_padding(self, who: str, padding: Any) -> tuple[int, ...]:
        return arguments.integers(who, "padding", padding, self._axes, 0)

    def _extra(self, input: Any, output_size: Any) -> tuple[int, ...]:
        """The output padding that leads to a wanted size."""
        if output_size is None:
            return self.output_padding
        who, n = type(self).__name__, self._axes
        space = input.shape[-n:]
        if isinstance(output_size, (tuple, list)) and len(output_size) == len(input.shape):
            output_size = output_size[-n:]  # a whole shape
        wanted = arguments.integers(who, "output_size", output_size, n)
        smallest = tuple(
            (length - 1) * s - 2 * p + d * (k - 1) + 1
            for length, k, s, p, d in zip(
                space, self.kernel_size, self.stride, self.padding, self.dilation, strict=True
            )
        )
        extra = tuple(w - least for w, least in zip(wanted, smallest, strict=True))
        if any(not 0 <= e < s for e, s in zip(extra, self.stride, strict=True)):
            largest = tuple(least + s - 1 for least, s in zip(smallest, self.stride, strict=True))
            raise ValueError(
                f"{who}: output_size must lie from {smallest} to {largest} for an input of "
                f"{tuple(space)}, got {wanted}"
            )
        return extra


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences (N, C, L) or (C, L); see `ConvTranspose2d`."""

    _axes = 1

    def forward(self, input: Any, output_size: Any = None) -> Any:
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding,
            self._extra(input, output_size), self.groups, self.dilation,
        )  # fmt: skip


class ConvTranspose2d(_ConvTranspose):
    """Transposed convolution of images; see `nn.functional.conv_transpose2d`.

    Args:
        in_channels, out_channels, kernel_size, stride, dilation, groups, bias, device, dtype,
            generator: as in `Conv2d`.
        padding: rows and columns taken away on both sides. Default 0.
        output_padding: rows and columns added at the end; below stride or dilation. Default 0.
        padding_mode: ``"zeros"`` is all there is.

    Attributes:
        weight: shape (in_channels, out_channels / groups, kH, kW).
        bias: shape (out_channels,), or None.

    The module is called with ``(input, output_size=None)``; of the sizes that a stride leaves
    open, ``output_size`` names one.

    Example:
        >>> import autograd, nn
        >>> layer = nn.ConvTranspose2d(8, 3, kernel_size=2, stride=2)
        >>> layer(autograd.zeros(1, 8, 4, 4)).shape
        (1, 3, 8, 8)
    """

    _axes = 2

    def forward(self, input: Any, output_size: Any = None) -> Any:
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding,
            self._extra(input, output_size), self.groups, self.dilation,
        )  # fmt: skip


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes; see `ConvTranspose2d`."""

    _axes = 3

    def forward(self, input: Any, output_size: Any = None) -> Any:
        return F.conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding,
            self._extra(input, output_size), self.groups, self.dilation,
        )  # fmt: skip


# Windows ------------------------------------------------------------------------------------------


class Unfold(Module):
    """All windows of images as columns; see `nn.functional.unfold`."""

    def __init__(
        self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        who = type(self).__name__
        arguments.integers(who, "kernel_size", kernel_size, 2)
        arguments.integers(who, "dilation", dilation, 2)
        arguments.integers(who, "padding", padding, 2, 0)
        arguments.integers(who, "stride", stride, 2)
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Fold(Unfold):
    """Columns added back where their windows were; see `nn.functional.fold`."""

    def __init__(
        self,
        output_size: Any,
        kernel_size: Any,
        dilation: Any = 1,
        padding: Any = 0,
        stride: Any = 1,
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride)
        arguments.integers("Fold", "output_size", output_size, 2)
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return F.fold(
            input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
