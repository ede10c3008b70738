"""Layers of convolutions, forwards and transposed, and of the windows that they see."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from autograd.arguments import Window
from nn.functional import plain as F
from nn.functional.conv import check_output_padding, transposed_window, unfolding
from nn.functional.ranks import Rank
from nn.modules.building import check_precision, draw, empty_parameter, fill_uniform, has_bias
from nn.modules.sliding import Sliding
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


class _Convolution(Sliding):
    """What all convolutions hold: checked numbers, weight and bias.

    The weight is uniform on ±1/√fan_in, and so is the bias, where fan_in is the number of inputs
    that one output sees (He et al. 2015 with PyTorch's a = √5).
    """

    weight: Parameter
    bias: Parameter | None
    transposed = False

    def _set_channels(self, in_channels: Any, out_channels: Any, groups: Any) -> None:
        who = type(self).__name__
        self.in_channels = arguments.integer(who, "in_channels", in_channels)
        self.out_channels = arguments.integer(who, "out_channels", out_channels)
        self.groups = _groups(who, groups, self.in_channels, self.out_channels)

    def _set_window(self, kernel_size: Any, stride: Any, padding: Any, dilation: Any) -> None:
        """Make the window; its numbers as users see them."""
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.dilation = padding, dilation
        window = self._read_window()
        self.kernel_size, self.stride, self.dilation = window.kernel, window.stride, window.dilation
        if not isinstance(padding, str):
            alike = all(before == after for before, after in window.padding)
            self.padding = tuple(p[0] for p in window.padding) if alike else window.padding
        self._look()

    def _set_parameters(self, bias: Any, device: Any, dtype: Any, generator: Any) -> None:
        who = type(self).__name__
        with_bias = has_bias(who, bias)
        outer, inner = self.out_channels, self.in_channels
        if self.transposed:
            outer, inner = inner, outer
        shape = (outer, inner // self.groups, *self.kernel_size)
        self.weight = empty_parameter(who, shape, device, dtype)
        self.register_parameter(
            "bias", empty_parameter(who, (self.out_channels,), device, dtype) if with_bias else None
        )
        draw(self, generator)

    def reset_parameters(self, generator: np.random.Generator | None = None) -> None:
        """Draw weight and bias anew.

        Args:
            generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.
        """
        fan_in = math.prod(self.weight.shape[1:])
        fill_uniform(type(self).__name__, self.weight, self.bias, fan_in, generator)

    def extra_repr(self) -> str:
        n = self._at.n
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
        bias: bool | None = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        super().__init__()
        self._set_channels(in_channels, out_channels, groups)
        self._set_window(kernel_size, stride, padding, dilation)
        self.padding_mode = arguments.choice(
            type(self).__name__, "padding_mode", padding_mode, _PADDING_MODES
        )
        self.output_padding = (0,) * self._at.n
        self._set_parameters(bias, device, dtype, generator)

    def _read_window(self) -> Window:
        return Window.read(
            type(self).__name__, self._at.n,
            self.kernel_size, self.stride, self.padding, self.dilation,
        )  # fmt: skip

    def forward(self, input: Any) -> Any:
        n, who = self._at
        weight = self.weight  # once: it may be computed
        check_precision(self, weight, input)
        window = self._window or self._look()
        if self.padding_mode != "zeros":
            widths = tuple(width for pair in reversed(window.padding) for width in pair)
            input = F.pad(input, widths, self.padding_mode)
            window = window._replace(padding=((0, 0),) * n)
        if len(getattr(input, "shape", ())) == n + 2:  # the common case, straight on
            return autograd.correlate(input, weight, self.bias, window, groups=self.groups, who=who)
        return self._function(input, weight, self.bias, window, groups=self.groups)


class Conv1d(_Conv):
    """Convolution of sequences (N, C, L) or (C, L); see `Conv2d`. Weight (O, C / groups, K)."""

    _at, _function = Rank(1, "conv1d"), staticmethod(F.conv1d)


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

    _at, _function = Rank(2, "conv2d"), staticmethod(F.conv2d)


class Conv3d(_Conv):
    """Convolution of volumes (N, C, D, H, W) or (C, D, H, W); see `Conv2d`."""

    _at, _function = Rank(3, "conv3d"), staticmethod(F.conv3d)


class _ConvTranspose(_Convolution):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool | None = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        who = type(self).__name__
        if not isinstance(padding_mode, str) or padding_mode != "zeros":
            raise ValueError(
                f"{who}: padding_mode must be 'zeros', got {arguments.shown(padding_mode)}"
            )
        super().__init__()
        self.padding_mode = padding_mode
        self._set_channels(in_channels, out_channels, groups)
        self._set_window(kernel_size, stride, padding, dilation)
        self.output_padding = arguments.integers(
            who, "output_padding", output_padding, self._at.n, 0
        )
        check_output_padding(who, self.output_padding, self._window or self._look())
        self._set_parameters(bias, device, dtype, generator)

    def _read_window(self) -> Window:
        at = self._at._replace(who=type(self).__name__)
        return transposed_window(at, self.kernel_size, self.stride, self.padding, self.dilation)

    def forward(self, input: Any, output_size: Any = None) -> Any:
        weight = self.weight
        check_precision(self, weight, input)
        window = self._window or self._look()
        extra = self.output_padding
        if output_size is not None:
            extra = self._extra(input, output_size, window)
        return self._function(
            input, weight, self.bias, window, output_padding=extra, groups=self.groups
        )

    def _extra(self, input: Any, output_size: Any, window: Window) -> tuple[int, ...]:
        """The output padding that leads to a wanted size."""
        who, n = type(self).__name__, self._at.n
        space = input.shape[-n:]
        if isinstance(output_size, (tuple, list)) and len(output_size) == len(input.shape):
            output_size = output_size[-n:]  # a whole shape
        wanted = arguments.integers(who, "output_size", output_size, n)
        smallest = window.inputs(space)
        extra = tuple(w - least for w, least in zip(wanted, smallest, strict=True))
        if any(not 0 <= e < s for e, s in zip(extra, window.stride, strict=True)):
            largest = tuple(least + s - 1 for least, s in zip(smallest, window.stride, strict=True))
            raise ValueError(
                f"{who}: output_size must lie from {smallest} to {largest} for an input of "
                f"{tuple(space)}, got {wanted}"
            )
        return extra


class ConvTranspose1d(_ConvTranspose):
    """Transposed convolution of sequences (N, C, L) or (C, L); see `ConvTranspose2d`."""

    _at = Rank(1, "conv_transpose1d")
    _function = staticmethod(F.conv_transpose1d)


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

    _at = Rank(2, "conv_transpose2d")
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Transposed convolution of volumes; see `ConvTranspose2d`."""

    _at = Rank(3, "conv_transpose3d")
    _function = staticmethod(F.conv_transpose3d)


# Windows ------------------------------------------------------------------------------------------


class Unfold(Sliding):
    """All windows of images as columns; see `nn.functional.unfold`."""

    def __init__(
        self, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> None:
        super().__init__()
        self.kernel_size, self.dilation = kernel_size, dilation
        self.padding, self.stride = padding, stride
        self._look()

    def _read_window(self) -> Window:
        return unfolding(
            type(self).__name__, self.kernel_size, self.dilation, self.padding, self.stride
        )

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self._window or self._look())

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
        return F.fold(input, self.output_size, self._window or self._look())

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}, {super().extra_repr()}"
