"""Pooling: maximum, average, and averages over adaptive windows.

The gradient of a maximum goes to the cell that won: it is ``scatter_windows`` at the winners'
indices, for which there is a faster kernel that needs no indices; ``take_windows`` at the winners
is the composite. Average pooling is linear, with ``avg_pool_input`` as its adjoint.
Hyper-parameters arrive here normalised; ``nn.functional`` is where users give them.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import floating, raw
from autograd.arguments.window import Window
from autograd.core.primitive import primitive
from autograd.kernels.pooling import average as kernels
from autograd.kernels.pooling import maximum as max_kernels
from autograd.ops.images.windows import _take_windows
from autograd.prepared import prepares

__all__ = ["avg_pool", "max_pool", "pool_output_size"]


# The primitives are the kernels ---------------------------------------------------------------------

_max_pool = primitive(
    max_kernels.max_pool_values,
    name="max_pool",
    aliases=("max_pool1d", "max_pool2d", "max_pool3d"),
)
_max_pool.gradients(
    x=lambda g, x, out, window: max_kernels.max_pool_gradient(g, x, out, window=window)
)
prepares(max_kernels.max_pool_values)(max_kernels.prepare_max_pool_values)
prepares(_max_pool.primitive.rules["x"].function)(max_kernels.prepare_max_pool_gradient)


@_max_pool.composite
def _max_pool_by_indices(x, *, window):  # type: ignore[no-untyped-def]
    """The cells at the winners' places: what max pooling is, once it is known who won."""
    return _max_pool_with_indices_by_parts(x, window=window)[0]


_max_pool_with_indices = primitive(
    max_kernels.max_pool, name="max_pool_with_indices", outputs=2, constant_outputs=(1,)
)
_max_pool_with_indices.gradients(
    x=lambda g, x, out0, window: max_kernels.max_pool_gradient(g[0], x, out0, window=window)
)


@_max_pool_with_indices.composite
def _max_pool_with_indices_by_parts(x, *, window):  # type: ignore[no-untyped-def]
    _, indices = max_kernels.max_pool(raw(x), window=window)
    return _take_windows(x, indices), indices


_avg_pool = primitive(kernels.avg_pool, aliases=("avg_pool1d", "avg_pool2d", "avg_pool3d"))
_avg_pool_input = primitive(kernels.avg_pool_gradient, name="avg_pool_input")
_avg_pool.gradients(
    x=lambda g, x_shape, window, divisors: _avg_pool_input(
        g, input_shape=x_shape[2:], window=window, divisors=divisors)
)  # fmt: skip
_avg_pool_input.gradients(
    y=lambda g, window, divisors: _avg_pool(g, window=window, divisors=divisors)
)


# What users call ----------------------------------------------------------------------------------


def max_pool(
    x: Any,
    kernel_shape: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    *,
    who: str = "max_pool",
) -> Any:
    """The maximum of every window.

    Pads with −∞; NaN propagates; the first maximum of a window takes the whole gradient.

    Args:
        x: shape (N, C, *S), one to three spatial axes.
        kernel_shape: size of the window, an integer or one per axis; or a `Window`, which says the
            rest, too.
        stride: default: the kernel's shape, so that windows don't overlap.
        padding: on both sides; at most half of the (dilated) window.
        dilation: spacing of the window's cells.
        ceil_mode: round the number of windows up; a last one may hang over the end.
        return_indices: also give the winners' flat indices in the unpadded plane (int64).

    Returns:
        Shape (N, C, *L), or a pair (values, indices).

    Raises:
        ValueError: if a window does not fit, or the padding is too large.

    Example:
        >>> import autograd as ag
        >>> ag.max_pool(ag.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        Tensor([[[3., 2.]]])
    """
    x = floating(who, "x", x)
    window = pool_window(who, x.shape, kernel_shape, stride, padding, dilation, ceil_mode)
    if return_indices is not False and arguments.boolean(who, "return_indices", return_indices):
        return _max_pool_with_indices(x, window=window)
    return _max_pool(x, window=window)


def avg_pool(
    x: Any,
    kernel_shape: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    *,
    who: str = "avg_pool",
) -> Any:
    """The average of every window.

    Args:
        x: shape (N, C, *S), one to three spatial axes.
        kernel_shape: size of the window, an integer or one per axis; or a `Window`, which says
            stride, padding and ceil_mode, too.
        stride: default: the kernel's shape.
        padding: zeros on both sides; at most half of the window.
        ceil_mode: round the number of windows up; the overhang is never counted.
        count_include_pad: whether padded cells count in the average.
        divisor_override: divide by this number instead.

    Returns:
        Shape (N, C, *L).

    Example:
        >>> import autograd as ag
        >>> ag.avg_pool(ag.tensor([[[1.0, 3.0, 2.0, 0.0]]]), 2)
        Tensor([[[2., 1.]]])
    """
    x = floating(who, "x", x)
    window = pool_window(who, x.shape, kernel_shape, stride, padding, 1, ceil_mode)
    if max(window.dilation) > 1:
        raise ValueError(f"{who}: averages have no dilation, got {window}")
    arguments.boolean(who, "count_include_pad", count_include_pad)
    if divisor_override is not None:
        value = arguments.integer(who, "divisor_override", divisor_override, None)
        if value == 0:
            raise ValueError(f"{who}: divisor_override must not be zero")
    divisors = _divisors(x.shape[2:], window, bool(count_include_pad), divisor_override)
    return _avg_pool(x, window=window, divisors=divisors)


@functools.lru_cache(maxsize=512)
def _divisors(
    input_shape: tuple[int, ...], window: Window, count_include_pad: bool, override: int | None
) -> Any:
    """How many cells each window's sum is divided by; computed once for every shape."""
    divisors = kernels.pool_divisors(input_shape, window, count_include_pad, override)
    if isinstance(divisors, np.ndarray):
        divisors.flags.writeable = False
    return divisors


# Windows of a pooling -----------------------------------------------------------------------------


def pool_window(who: str, x_shape: tuple[int, ...], *given: Any) -> Window:
    """The window of a pooling, checked to fit images of shape (N, C, *S).

    Args:
        given: kernel shape, stride, padding, dilation and ceil_mode.

    Raises:
        ValueError, TypeError: naming the function, the argument and the shapes.
    """
    n = len(x_shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(
            f"{who}: x must be (N, C, *S) with one to three spatial axes, got shape {x_shape}"
        )
    window = Window.pooling(who, n, *given)
    _fits(who, x_shape[2:], window)
    return window


@functools.lru_cache(maxsize=4096)
def _fits(who: str, sizes: tuple[int, ...], window: Window) -> None:
    window.check_pooling(who, sizes)


def pool_output_size(
    size: int,
    kernel: int,
    stride: int | None = None,
    padding: int = 0,
    dilation: int = 1,
    ceil_mode: bool = False,
) -> int:
    """Number of windows of a pooling along one axis.

    ⌊(L + 2p − d(k − 1) − 1) / s⌋ + 1; with ``ceil_mode`` rounded up, and then one less if the
    last window would begin in the padding after the end.

    Example:
        >>> import autograd as ag
        >>> ag.pool_output_size(5, 2), ag.pool_output_size(5, 2, ceil_mode=True)
        (2, 3)
    """
    who = "pool_output_size"
    size = arguments.integer(who, "size", size, 0)
    window = Window.pooling(who, 1, kernel, stride, padding, dilation, ceil_mode)
    return window.check_pooling(who, (size,))[0]
