"""Layers that learn the size of their input from the first one they see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import arguments
from nn.module import Module, note_structure
from nn.modules import conv, normalization
from nn.modules.linear import Linear

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
    "LazyLinear",
]

#: What a lazy layer keeps of itself when it becomes the real one.
_KEPT = ("training", "_forward_hooks", "_forward_pre_hooks", "_full_backward_hooks",
         "_full_backward_pre_hooks", "_hooked")  # fmt: skip


class _Lazy(Module):
    """A layer without parameters; the first call makes it one of the class ``_becomes``.

    A draft of one input channel, made at once, finds wrong settings where they are given and knows
    all settings but the size. What asks for parameters before the first call is refused: an
    optimizer made then would never train them.
    """

    _becomes: type[Module]
    _size_name: str

    def _set(self, **settings: Any) -> None:
        groups = settings.get("groups", 1)
        size = groups if isinstance(groups, int) and groups > 0 else 1
        draft = dict(settings)
        if "generator" in draft:  # a draft draws nothing from the user's
            draft["generator"] = np.random.default_rng(0)
        made = type(type(self).__name__, (self._becomes,), {})(size, **draft)
        setattr(made, self._size_name, 0)
        self.__dict__["_settings"] = settings
        self.__dict__["_shown"] = made.extra_repr()
        self.__dict__.update(
            (name, value)
            for name, value in made.__dict__.items()
            if name not in made._kinds and not name.startswith("_") and name != "training"
        )

    def __getattr__(self, name: str) -> Any:
        if name in ("weight", "bias", "running_mean", "running_var", "num_batches_tracked"):
            raise AttributeError(f"no {name!r} yet: {self._unknown()}")
        return super().__getattr__(name)

    def _unknown(self) -> str:
        return (
            f"{type(self).__name__}: it learns its sizes from the first input; call the model once, "
            "then ask for parameters (and make the optimizer)"
        )

    def _members(self, kind: str) -> list[tuple[str, Any]]:
        if kind != "module":
            raise RuntimeError(self._unknown())
        return []

    def _turn(self, dtype: Any, new: dict[int, Any]) -> None:
        self._settings["dtype"] = dtype

    def _size_of(self, shape: tuple[int, ...]) -> int:
        """The size that is missing, of an input."""
        raise TypeError("every kind of lazy layer defines its own")

    def _foresee(self, state_dict: Mapping[str, Any], prefix: str) -> None:
        for name in ("weight", "running_mean"):
            shape = getattr(state_dict.get(f"{prefix}{name}"), "shape", None)
            if shape is not None:
                return self._become(self._size_of_weight(tuple(shape)))
        return None

    def _size_of_weight(self, shape: tuple[int, ...]) -> int:
        return shape[0] if len(shape) == 1 else shape[1] * self._settings.get("groups", 1)

    def _become(self, size: int) -> None:
        made = self._becomes(size, **self._settings)
        kept = {name: self.__dict__[name] for name in _KEPT if name in self.__dict__}
        self.__dict__.clear()
        object.__setattr__(self, "__class__", self._becomes)
        self.__dict__.update(made.__dict__, **kept)
        note_structure()  # pictures name the class

    def forward(self, input: Any, *args: Any) -> Any:
        shape = arguments.array_like(type(self).__name__, input).shape
        self._become(self._size_of(shape))
        return self.forward(input, *args)

    def extra_repr(self) -> str:
        return self._shown


class LazyLinear(_Lazy, Linear):
    """`Linear`, with ``in_features`` from the last axis of the first input.

    Args:
        out_features, bias, device, dtype, generator: as in `Linear`.

    Asked for parameters before the first call, it raises RuntimeError.

    Example:
        >>> import autograd, nn
        >>> layer = nn.LazyLinear(2)
        >>> layer(autograd.zeros(5, 3)).shape, layer
        ((5, 2), Linear(in_features=3, out_features=2, bias=True))
    """

    _becomes, _size_name = Linear, "in_features"

    def __init__(
        self,
        out_features: int,
        bias: bool | None = True,
        device: Any = None,
        dtype: Any = None,
        generator: np.random.Generator | None = None,
    ) -> None:
        Module.__init__(self)
        self._set(
            out_features=out_features, bias=bias, device=device, dtype=dtype, generator=generator
        )

    def _size_of(self, shape: tuple[int, ...]) -> int:
        if not shape:
            raise ValueError("LazyLinear: input must have at least one axis, got shape ()")
        return shape[-1]


class _LazySliding(_Lazy):
    _size_name = "in_channels"

    def _size_of(self, shape: tuple[int, ...]) -> int:
        n = self._becomes._at.n  # type: ignore[attr-defined]
        if len(shape) not in (n + 1, n + 2):
            raise ValueError(
                f"{type(self).__name__}: input must have {n + 1} or {n + 2} axes, channels before "
                f"the last {n}; got shape {shape}"
            )
        return shape[-n - 1]


class _LazyConv(_LazySliding):
    def __init__(
        self,
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
        Module.__init__(self)
        self._set(
            out_channels=out_channels, kernel_size=kernel_size, stride=stride, padding=padding,
            dilation=dilation, groups=groups, bias=bias, padding_mode=padding_mode, device=device,
            dtype=dtype, generator=generator,
        )  # fmt: skip


class LazyConv1d(_LazyConv, conv.Conv1d):
    """`Conv1d`, with ``in_channels`` from the first input; see `LazyConv2d`."""

    _becomes = conv.Conv1d


class LazyConv2d(_LazyConv, conv.Conv2d):
    """`Conv2d`, with ``in_channels`` from the first input; the other arguments are its own.

    Asked for parameters before the first call, it raises RuntimeError.

    Example:
        >>> import autograd, nn
        >>> layer = nn.LazyConv2d(4, kernel_size=3)
        >>> layer(autograd.zeros(1, 2, 5, 5)).shape, layer.weight.shape
        ((1, 4, 3, 3), (4, 2, 3, 3))
    """

    _becomes = conv.Conv2d


class LazyConv3d(_LazyConv, conv.Conv3d):
    """`Conv3d`, with ``in_channels`` from the first input; see `LazyConv2d`."""

    _becomes = conv.Conv3d


class _LazyConvTranspose(_LazySliding):
    def __init__(
        self,
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
        Module.__init__(self)
        self._set(
            out_channels=out_channels, kernel_size=kernel_size, stride=stride, padding=padding,
            output_padding=output_padding, groups=groups, bias=bias, dilation=dilation,
            padding_mode=padding_mode, device=device, dtype=dtype, generator=generator,
        )  # fmt: skip

    def _size_of_weight(self, shape: tuple[int, ...]) -> int:
        return shape[0]


class LazyConvTranspose1d(_LazyConvTranspose, conv.ConvTranspose1d):
    """`ConvTranspose1d`, with ``in_channels`` from the first input; see `LazyConv2d`."""

    _becomes = conv.ConvTranspose1d


class LazyConvTranspose2d(_LazyConvTranspose, conv.ConvTranspose2d):
    """`ConvTranspose2d`, with ``in_channels`` from the first input; see `LazyConv2d`."""

    _becomes = conv.ConvTranspose2d


class LazyConvTranspose3d(_LazyConvTranspose, conv.ConvTranspose3d):
    """`ConvTranspose3d`, with ``in_channels`` from the first input; see `LazyConv2d`."""

    _becomes = conv.ConvTranspose3d


class _LazyNorm(_Lazy):
    _size_name = "num_features"

    def _size_of(self, shape: tuple[int, ...]) -> int:
        real: Any = self._becomes
        if len(shape) not in real._ranks:
            raise ValueError(
                f"{type(self).__name__}: input must be {real._shapes}, got shape {shape}"
            )
        single = "or (C" in real._shapes and len(shape) == real._ranks[0]
        return shape[0 if single else 1]

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool | None = True,
    ) -> None:
        Module.__init__(self)
        self._set(
            eps=eps, momentum=momentum, affine=affine, track_running_stats=track_running_stats,
            device=device, dtype=dtype, bias=bias,
        )  # fmt: skip


class LazyBatchNorm1d(_LazyNorm, normalization.BatchNorm1d):
    """`BatchNorm1d`, with ``num_features`` from the first input; see `LazyBatchNorm2d`."""

    _becomes = normalization.BatchNorm1d


class LazyBatchNorm2d(_LazyNorm, normalization.BatchNorm2d):
    """`BatchNorm2d`, with ``num_features`` from the first input; the others are its arguments.

    Asked for parameters before the first call, it raises RuntimeError.
    """

    _becomes = normalization.BatchNorm2d


class LazyBatchNorm3d(_LazyNorm, normalization.BatchNorm3d):
    """`BatchNorm3d`, with ``num_features`` from the first input; see `LazyBatchNorm2d`."""

    _becomes = normalization.BatchNorm3d


class LazyInstanceNorm1d(_LazyNorm, normalization.InstanceNorm1d):
    """`InstanceNorm1d`, with ``num_features`` from the first input; see `LazyInstanceNorm2d`."""

    _becomes = normalization.InstanceNorm1d


class LazyInstanceNorm2d(_LazyNorm, normalization.InstanceNorm2d):
    """`InstanceNorm2d`, with ``num_features`` from the first input.

    As in PyTorch, ``affine`` and ``track_running_stats`` are True here unless told otherwise. Asked
    for parameters before the first call, it raises RuntimeError.
    """

    _becomes = normalization.InstanceNorm2d


class LazyInstanceNorm3d(_LazyNorm, normalization.InstanceNorm3d):
    """`InstanceNorm3d`, with ``num_features`` from the first input; see `LazyInstanceNorm2d`."""

    _becomes = normalization.InstanceNorm3d
