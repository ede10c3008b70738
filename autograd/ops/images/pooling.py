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
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.kernels.pooling import average as kernels
from autograd.kernels.pooling import maximum as max_kernels
from autograd.ops.images.convolution import as_operand
from autograd.ops.images.windows import _take_windows

__all__ = ["avg_pool", "max_pool", "pool_output_size"]


# The primitives -----------------------------------------------------------------------------------


@primitive(name="max_pool", aliases=("max_pool1d", "max_pool2d", "max_pool3d"))
def _max_pool(x, *, kernel_shape, stride, padding, dilation, out_shape):  # type: ignore[no-untyped-def]
    return max_kernels.max_pool_values(
        x, kernel_shape=kernel_shape, stride=stride, padding=padding, dilation=dilation,
        out_shape=out_shape,
    )  # fmt: skip


_max_pool.gradients(
    x=lambda g, x, out, kernel_shape, stride, padding, dilation: max_kernels.max_pool_gradient(
        g, x, out, kernel_shape=kernel_shape, stride=stride, padding=padding, dilation=dilation)
)  # fmt: skip


@_max_pool.composite
def _max_pool_by_indices(x, **window):  # type: ignore[no-untyped-def]
    """The cells at the winners' places: what max pooling is, once it is known who won."""
    _, indices = max_kernels.max_pool(x._data if hasattr(x, "_node") else x, **window)
    return _take_windows(x, indices)


@primitive(name="max_pool_with_indices", outputs=2, constant_outputs=(1,))
def _max_pool_with_indices(x, *, kernel_shape, stride, padding, dilation, out_shape):  # type: ignore[no-untyped-def]
    return max_kernels.max_pool(
        x, kernel_shape=kernel_shape, stride=stride, padding=padding, dilation=dilation,
        out_shape=out_shape,
    )  # fmt: skip


_max_pool_with_indices.gradients(
    x=lambda g, x, out0, kernel_shape, stride, padding, dilation: max_kernels.max_pool_gradient(
        g[0], x, out0, kernel_shape=kernel_shape, stride=stride, padding=padding, dilation=dilation)
)  # fmt: skip


@_max_pool_with_indices.composite
def _max_pool_with_indices_by_parts(x, **window):  # type: ignore[no-untyped-def]
    _, indices = max_kernels.max_pool(x._data if hasattr(x, "_node") else x, **window)
    return _take_windows(x, indices), indices


@primitive(name="avg_pool", aliases=("avg_pool1d", "avg_pool2d", "avg_pool3d"))
def _avg_pool(x, *, kernel_shape, stride, padding, out_shape, divisors):  # type: ignore[no-untyped-def]
    return kernels.avg_pool(
        x, kernel_shape=kernel_shape, stride=stride, padding=padding, out_shape=out_shape,
        divisors=divisors,
    )  # fmt: skip


@primitive(name="avg_pool_input")
def _avg_pool_input(y, *, input_shape, kernel_shape, stride, padding, divisors):  # type: ignore[no-untyped-def]
    return kernels.avg_pool_gradient(
        y, input_shape=input_shape, kernel_shape=kernel_shape, stride=stride, padding=padding,
        divisors=divisors,
    )  # fmt: skip


_avg_pool.gradients(
    x=lambda g, x_shape, kernel_shape, stride, padding, divisors: _avg_pool_input(
        g, x_shape[2:], kernel_shape, stride, padding, divisors)
)  # fmt: skip
_avg_pool_input.gradients(
    y=lambda g, y_shape, kernel_shape, stride, padding, divisors: _avg_pool(
        g, kernel_shape, stride, padding, y_shape[2:], divisors)
)  # fmt: skip


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
        kernel_shape: size of the window, an integer or one per axis.
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
    x = as_operand(who, "x", x)
    window = pool_window(who, x.shape, kernel_shape, stride, padding, dilation, ceil_mode)
    if return_indices is not False and arguments.boolean(who, "return_indices", return_indices):
        return _max_pool_with_indices(x, *window)
    return _max_pool(x, *window)


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
        kernel_shape: size of the window, an integer or one per axis.
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
    x = as_operand(who, "x", x)
    kernel, stride, padding, _, out_shape = pool_window(
        who, x.shape, kernel_shape, stride, padding, 1, ceil_mode
    )
    arguments.boolean(who, "count_include_pad", count_include_pad)
    if divisor_override is not None:
        value = arguments.integer(who, "divisor_override", divisor_override, None)
        if value == 0:
            raise ValueError(f"{who}: divisor_override must not be zero")
    divisors = _divisors(
        tuple(x.shape[2:]), kernel, stride, padding, out_shape, bool(count_include_pad),
        divisor_override,
    )  # fmt: skip
    return _avg_pool(x, kernel, stride, padding, out_shape, divisors)


@functools.lru_cache(maxsize=512)
def _divisors(input_shape, kernel, stride, padding, out_shape, count_include_pad, override):  # type: ignore[no-untyped-def]
    """How many cells each window's sum is divided by; computed once for every shape."""
    divisors = kernels.pool_divisors(
        input_shape, kernel_shape=kernel, stride=stride, padding=padding, out_shape=out_shape,
        count_include_pad=count_include_pad, divisor_override=override,
    )  # fmt: skip
    if isinstance(divisors, np.ndarray):
        divisors.flags.writeable = False
    return divisors


# Windows of a pooling -----------------------------------------------------------------------------


def pool_window(
    who: str,
    x_shape: tuple[int, ...],
    kernel_shape: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Kernel shape, stride, padding, dilation and output shape, normalised and checked.

    Raises:
        ValueError, TypeError: naming the function, the argument and the shapes.
    """
    n = len(x_shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(
            f"{who}: x must be (N, C, *S) with one to three spatial axes, got shape {x_shape}"
        )
    kernel = arguments.integers(who, "kernel_size", kernel_shape, n)
    if stride is None or (isinstance(stride, (tuple, list)) and not stride):
        steps = kernel
    else:
        steps = arguments.integers(who, "stride", stride, n)
    pads = arguments.integers(who, "padding", padding, n, 0)
    dilations = arguments.integers(who, "dilation", dilation, n)
    ceil = ceil_mode is not False and arguments.boolean(who, "ceil_mode", ceil_mode)
    out = _pool_shape(who, tuple(x_shape), kernel, steps, pads, dilations, ceil)
    return kernel, steps, pads, dilations, out


@functools.lru_cache(maxsize=4096)
def _pool_shape(
    who: str,
    x_shape: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    ceil_mode: bool,
) -> tuple[int, ...]:
    out = []
    for size, k, s, p, d in zip(x_shape[2:], kernel, stride, padding, dilation, strict=True):
        span = d * (k - 1) + 1
        if p > span // 2:
            raise ValueError(
                f"{who}: padding {padding} must be at most half of the window {kernel}"
                + (f" with dilation {dilation}" if max(dilation) > 1 else "")
            )
        length = kernels.pool_output_size(size, k, s, p, d, ceil_mode)
        if size == 0 or length < 1:
            plane = "×".join(map(str, x_shape[2:]))
            raise ValueError(
                f"{who}: window {kernel} with dilation {dilation} and padding {padding} does not "
                f"fit the input {plane}"
            )
        out.append(length)
    check_bytes(who, (*x_shape[:2], *out), np.float32)
    return tuple(out)


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
    size = arguments.integer("pool_output_size", "size", size, 0)
    shape = (1, 1, size)
    return pool_window("pool_output_size", shape, kernel, stride, padding, dilation, ceil_mode)[4][
        0
    ]
