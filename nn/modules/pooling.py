"""Layers of pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.functional.pooling import adaptive_size, norm
from nn.functional.ranks import Rank
from nn.module import Module
from nn.modules.building import shown
from nn.modules.sliding import Sliding

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


class _Pool(Sliding):
    """The window's numbers are kept as given, for the representation."""

    def _set_window(self, kernel_size: Any, stride: Any, padding: Any = 0) -> None:
        absent = stride is None or (isinstance(stride, (tuple, list)) and not stride)
        self.kernel_size, self.padding = kernel_size, padding
        self.stride = kernel_size if absent else stride
        self._look()


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
        self.dilation = dilation
        self.return_indices = arguments.boolean(who, "return_indices", return_indices)
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)
        self._set_window(kernel_size, stride, padding)

    def forward(self, input: Any) -> Any:
        window = self._window or self._look()
        return self._function(input, window, return_indices=self.return_indices)

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, dilation={self.dilation}, ceil_mode={self.ceil_mode}"


class MaxPool1d(_MaxPool):
    """The maximum of every window of sequences (N, C, L) or (C, L); see `MaxPool2d`."""

    _at, _function = Rank(1, "max_pool1d"), staticmethod(F.max_pool1d)


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

    _at, _function = Rank(2, "max_pool2d"), staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPool):
    """The maximum of every window of volumes (N, C, D, H, W); see `MaxPool2d`."""

    _at, _function = Rank(3, "max_pool3d"), staticmethod(F.max_pool3d)


class _MaxUnpool(_Pool):
    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        super().__init__()
        self._set_window(kernel_size, stride, padding)
        self._keep_as_tuples()

    def forward(self, input: Any, indices: Any, output_size: Any = None) -> Any:
        window = self._window or self._look()
        return self._function(input, indices, window, output_size=output_size)


class MaxUnpool1d(_MaxUnpool):
    """Maxima back at their places; see `nn.functional.max_unpool2d`."""

    _at, _function = Rank(1, "max_unpool1d"), staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpool):
    """Maxima back at their places, zeros elsewhere; see `nn.functional.max_unpool2d`.

    Args:
        kernel_size, stride, padding: those of the `MaxPool2d` (with ``return_indices=True``).

    The module is called with ``(input, indices, output_size=None)``.
    """

    _at, _function = Rank(2, "max_unpool2d"), staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpool):
    """Maxima back at their places; see `nn.functional.max_unpool2d`."""

    _at, _function = Rank(3, "max_unpool3d"), staticmethod(F.max_unpool3d)


class _AvgPool(_Pool):
    def _set(
        self, kernel_size: Any, stride: Any, padding: Any, ceil_mode: Any, count_include_pad: Any
    ) -> None:
        who = type(self).__name__
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)
        self._set_window(kernel_size, stride, padding)
        self.count_include_pad = arguments.boolean(who, "count_include_pad", count_include_pad)


class AvgPool1d(_AvgPool):
    """The average of every window of sequences (N, C, L) or (C, L); see `AvgPool2d`."""

    _at, _function = Rank(1, "avg_pool1d"), staticmethod(F.avg_pool1d)

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self._set(kernel_size, stride, padding, ceil_mode, count_include_pad)
        self._keep_as_tuples()

    def forward(self, input: Any) -> Any:
        window = self._window or self._look()
        return F.avg_pool1d(input, window, count_include_pad=self.count_include_pad)


class AvgPool2d(_AvgPool):
    """The average of every window of images; see `nn.functional.avg_pool2d`.

    Args:
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: zeros on both sides, at most half of the window. Default 0.
        ceil_mode: round the number of windows up. Default False.
        count_include_pad: whether the padding counts. Default True.
        divisor_override: divide every sum by this instead.
    """

    _at, _function = Rank(2, "avg_pool2d"), staticmethod(F.avg_pool2d)

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
        self._set(kernel_size, stride, padding, ceil_mode, count_include_pad)
        if divisor_override is not None:
            who = type(self).__name__
            divisor_override = arguments.integer(who, "divisor_override", divisor_override, None)
            if divisor_override == 0:
                raise ValueError(f"{who}: divisor_override must not be 0")
        self.divisor_override = divisor_override

    def forward(self, input: Any) -> Any:
        return self._function(
            input, self._window or self._look(),
            count_include_pad=self.count_include_pad, divisor_override=self.divisor_override,
        )  # fmt: skip


class AvgPool3d(AvgPool2d):
    """The average of every window of volumes (N, C, D, H, W); see `AvgPool2d`."""

    _at, _function = Rank(3, "avg_pool3d"), staticmethod(F.avg_pool3d)


class _LPPool(_Pool):
    def __init__(
        self, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        who = type(self).__name__
        norm(who, norm_type)
        self.ceil_mode = arguments.boolean(who, "ceil_mode", ceil_mode)
        self._set_window(kernel_size, stride)
        self.norm_type = norm_type
        self.stride = stride

    def forward(self, input: Any) -> Any:
        return self._function(input, float(self.norm_type), self._window or self._look())

    def extra_repr(self) -> str:
        return shown(self, "norm_type", "kernel_size", "stride", "ceil_mode")


class LPPool1d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of sequences; see `nn.functional.lp_pool2d`."""

    _at, _function = Rank(1, "lp_pool1d"), staticmethod(F.lp_pool1d)


class LPPool2d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of images; see `nn.functional.lp_pool2d`.

    Args:
        norm_type: p, not 0.
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        ceil_mode: round the number of windows up. Default False.
    """

    _at, _function = Rank(2, "lp_pool2d"), staticmethod(F.lp_pool2d)


class LPPool3d(_LPPool):
    """(Σ xᵖ)^(1/p) over every window of volumes; see `nn.functional.lp_pool2d`."""

    _at, _function = Rank(3, "lp_pool3d"), staticmethod(F.lp_pool3d)


# Adaptive -----------------------------------------------------------------------------------------


class _AdaptiveAvgPool(Module):
    _at: Rank
    _function: Callable[..., Any]

    def __init__(self, output_size: Any) -> None:
        super().__init__()
        adaptive_size(type(self).__name__, output_size, self._at.n)
        self.output_size = output_size

    def forward(self, input: Any) -> Any:
        return self._function(input, self.output_size)

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Averages over windows chosen to give ``output_size`` positions; see `AdaptiveAvgPool2d`."""

    _at, _function = Rank(1, "adaptive_avg_pool1d"), staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """Averages over windows chosen so that the result has a given size.

    Args:
        output_size: an integer or one per axis; None keeps an axis as it is.
    """

    _at, _function = Rank(2, "adaptive_avg_pool2d"), staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """Averages over windows chosen to give ``output_size`` positions; see `AdaptiveAvgPool2d`."""

    _at, _function = Rank(3, "adaptive_avg_pool3d"), staticmethod(F.adaptive_avg_pool3d)


class _AdaptiveMaxPool(_AdaptiveAvgPool):
    def __init__(self, output_size: Any, return_indices: bool = False) -> None:
        super().__init__(output_size)
        self.return_indices = arguments.boolean(
            type(self).__name__, "return_indices", return_indices
        )

    def forward(self, input: Any) -> Any:
        return self._function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """Maxima over windows chosen to give ``output_size`` positions; see `AdaptiveMaxPool2d`."""

    _at, _function = Rank(1, "adaptive_max_pool1d"), staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """Maxima over windows chosen so that the result has a given size.

    Args:
        output_size: an integer or one per axis; None keeps an axis as it is.
        return_indices: also give where they lie. Default False.
    """

    _at, _function = Rank(2, "adaptive_max_pool2d"), staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """Maxima over windows chosen to give ``output_size`` positions; see `AdaptiveMaxPool2d`."""

    _at, _function = Rank(3, "adaptive_max_pool3d"), staticmethod(F.adaptive_max_pool3d)
