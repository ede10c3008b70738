"""Layers of pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import arguments
from nn import functional as F
from nn.functional.pooling import adaptive_size
from nn.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
    "AvgPool1d",
    "AvgPool2d",
    "AvgPool3d",
    "LPPool1d",
    "LPPool2d",
    "LPPool3d",
    "MaxPool1d",
    "MaxPool2d",
    "MaxPool3d",
    "MaxUnpool1d",
    "MaxUnpool2d",
    "MaxUnpool3d",
]


class _Pool(Module):
    """Kernel size, stride and padding, checked. They are kept as given, for the representation."""

    _axes: int
    _function: Callable[..., Any]

    def _set_window(
        self, kernel_size: Any, stride: Any, padding: Any = 0, dilation: Any = 1
    ) -> None:
        who, n = type(self).__name__, self._axes
        kernel = arguments.integers(who, "kernel_size", kernel_size, n)
        if stride is not None and not (isinstance(stride, (tuple, list)) and not stride):
            arguments.integers(who, "stride", stride, n)
        else:
            stride = kernel_size
        pads = arguments.integers(who, "padding", padding, n, 0)
        dilations = arguments.integers(who, "dilation", dilation, n)
        for p, k, d in zip(pads, kernel, dilations, strict=True):
            if p > (d * (k - 1) + 1) // 2:
                raise ValueError(
                    f"{who}: padding={padding} must be at most half of the window, "
                    f"kernel_size={kernel_size} with dilation {dilation}"
                )
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self._set_window(kernel_size, stride, padding, dilation)
        self.dilation = dilation
        self.return_indices = arguments.boolean(who, "return_indices", return_indices)
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode,
            self.return_indices,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPool):
    """The maximum of every window of sequences (N, C, L) or (C, L); see `MaxPool2d`."""

    _axes, _function = 1, staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPool):
    """The maximum of every window of images; see `nn.functional.max_pool2d`.

    Args:
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: of −∞ on both sides, at most half of the window. Default 0.
        dilation: spacing of the window's cells. Default 1.
        return_indices: also give where the maxima lie. Default False.
        ceil_mode: round the number of windows up. Default False.

    Example:
        >>> import autograd, nn
        >>> nn.MaxPool2d(2)(autograd.zeros(1, 3, 8, 8)).shape
        (1, 3, 4, 4)
    """

    _axes, _function = 2, staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """The maximum of every window of volumes (N, C, D, H, W); see `MaxPool2d`."""

    _axes, _function = 3, staticmethod(F.max_pool3d)


class _MaxUnpool(_Pool):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        who, n = type(self).__name__, self._axes
        self._set_window(kernel_size, stride, padding)
        self.kernel_size = arguments.integers(who, "kernel_size", self.kernel_size, n)
        self.stride = arguments.integers(who, "stride", self.stride, n)
        self.padding = arguments.integers(who, "padding", self.padding, n, 0)

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        return type(self)._function(
            input, indices, self.kernel_size, self.stride, self.padding, output_size
        )

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpool):
    """Maxima back at their places; see `nn.functional.max_unpool2d`."""

    _axes, _function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Maxima back at their places, zeros elsewhere; see `nn.functional.max_unpool2d`.

    Args:
        kernel_size, stride, padding: those of the `MaxPool2d` (with ``return_indices=True``).

    The module is called with ``(input, indices, output_size=None)``.
    """

    _axes, _function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Maxima back at their places; see `nn.functional.max_unpool2d`."""

    _axes, _function = 3, staticmethod(F.max_unpool3d)


class AvgPool1d(_Pool):
    """The average of every window of sequences (N, C, L) or (C, L); see `AvgPool2d`."""

    _axes = 1

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self._set_window(kernel_size, stride, padding)
        self.kernel_size = arguments.integers(who, "kernel_size", self.kernel_size, 1)
        self.stride = arguments.integers(who, "stride", self.stride, 1)
        self.padding = arguments.integers(who, "padding", self.padding, 1, 0)
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)
        self.count_include_pad = arguments.boolean(who, "count_include_pad", count_include_pad)

    def forward(self, input: Any) -> Any:
        return F.avg_pool1d(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool2d(_Pool):
    """The average of every window of images; see `nn.functional.avg_pool2d`.

    Args:
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: zeros on both sides, at most half of the window. Default 0.
        ceil_mode: round the number of windows up. Default False.
        count_include_pad: whether the padding counts. Default True.
        divisor_override: divide every sum by this instead.
    """

    _axes, _function = 2, staticmethod(F.avg_pool2d)

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        who = type(self).__name__
        self._set_window(kernel_size, stride, padding)
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)
        self.count_include_pad = arguments.boolean(who, "count_include_pad", count_include_pad)
        if divisor_override is not None:
            divisor_override = arguments.integer(who, "divisor_override", divisor_override, None)
            if divisor_override == 0:
                raise ValueError(f"{who}: divisor_override must not be 0")
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, self.kernel_size, self.stride, self.padding, self.ceil_mode,
            self.count_include_pad, self.divisor_override,
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool3d(AvgPool2d):
    """The average of every window of volumes (N, C, D, H, W); see `AvgPool2d`."""

    _axes, _function = 3, staticmethod(F.avg_pool3d)


class _LPPool(_Pool):
    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        who = type(self).__name__
        if arguments.real(who, "norm_type", norm_type) == 0:
            raise ValueError(f"{who}: norm_type must not be 0")
        self._set_window(kernel_size, stride)
        self.norm_type, self.stride = norm_type, stride
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)

    def forward(self, input: Any) -> Any:
        return type(self)._function(
            input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode
        )

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of sequences; see `nn.functional.lp_pool2d`."""

    _axes, _function = 1, staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of images; see `nn.functional.lp_pool2d`.

    Args:
        norm_type: p, not 0.
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        ceil_mode: round the number of windows up. Default False.
    """

    _axes, _function = 2, staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of volumes; see `nn.functional.lp_pool2d`."""

    _axes, _function = 3, staticmethod(F.lp_pool3d)


# Adaptive -----------------------------------------------------------------------------------------


class _AdaptiveAvgPool(_Pool):
    def __init__(self, output_size: Any) -> None:
        super().__init__()
        adaptive_size(type(self).__name__, output_size, self._axes)
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return type(self)._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Averages over windows chosen to give ``output_size`` positions; see `AdaptiveAvgPool2d`."""

    _axes, _function = 1, staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Averages over windows chosen so that the result has a given size.

    Args:
        output_size: an integer or one per axis; None keeps an axis as it is.
    """

    _axes, _function = 2, staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Averages over windows chosen to give ``output_size`` positions; see `AdaptiveAvgPool2d`."""

    _axes, _function = 3, staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(_AdaptiveAvgPool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = arguments.boolean(
            type(self).__name__, "return_indices", return_indices
        )

    def forward(self, input: Any) -> Any:
        return type(self)._function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima over windows chosen to give ``output_size`` positions; see `AdaptiveMaxPool2d`."""

    _axes, _function = 1, staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima over windows chosen so that the result has a given size.

    Args:
        output_size: an integer or one per axis; None keeps an axis as it is.
        return_indices: also give where they lie. Default False.
    """

    _axes, _function = 2, staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima over windows chosen to give ``output_size`` positions; see `AdaptiveMaxPool2d`."""

    _axes, _function = 3, staticmethod(F.adaptive_max_pool3d)
