"""Cross-correlation and convolution, and why no layer needs a gradient of its own.

All three primitives here are one trilinear form, ⟨y, x ⋆ w⟩ — a sum over every output position,
channel and kernel tap of y·x·w. Fix two of x, w, y, and the form is linear in the third; its
gradient in the third is the primitive named after it:

    ========================  ===============================  ==========================
    primitive                 gradient in its first argument   in its second
    ========================  ===============================  ==========================
    correlate(x, w)           correlate_input(g, w)            correlate_weight(x, g)
    correlate_input(y, w)     correlate(g, w)                  correlate_weight(g, y)
    correlate_weight(x, y)    correlate_input(y, g)            correlate(x, g)
    ========================  ===============================  ==========================

So the family is closed, and derivatives of every order exist. The duality that textbooks speak of
is in the first row: for stride 1 the gradient of a cross-correlation in its input is a full
*convolution* of g with w, in its weight a *correlation* of x with g.

Shapes: x (N, C, *S), w (O, C/groups, *K), y (N, O, *L) with one, two or three spatial axes, and
L = ⌊(S + before + after − d(K − 1) − 1) / s⌋ + 1. Since that floor cannot be inverted,
``correlate_input`` is told the size of its result.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import floating, shape_tuple
from autograd.arguments.limits import check_bytes
from autograd.arguments.window import Window, cross
from autograd.core.primitive import primitive
from autograd.kernels import native
from autograd.kernels.conv import correlation as kernels
from autograd.ops.reductions import sum_to_axis
from autograd.prepared import prepares

__all__ = [
    "convolve",
    "convolve_output_size",
    "correlate",
    "correlate_input",
    "correlate_weight",
    "explain_kernel",
]

_LONG_STRIDE = 64  # from which on it is worth a look whether the numbers make sense at all
_NAMES = ("conv1d", "conv2d", "conv3d")


# The primitives are the kernels ---------------------------------------------------------------------

_correlate = primitive(kernels.correlate, aliases=_NAMES)
_correlate_input = primitive(
    kernels.correlate_input, aliases=[n.replace("conv", "conv_transpose") for n in _NAMES]
)
_correlate_weight = primitive(kernels.correlate_weight)

_correlate.gradients(
    x=lambda g, w, x_shape, window, groups: _correlate_input(
        g, w, input_shape=x_shape[2:], window=window, groups=groups),
    w=lambda g, x, window, groups: _correlate_weight(x, g, window=window, groups=groups),
    bias=lambda g: sum_to_axis(g, 1),
)  # fmt: skip

_correlate_input.gradients(
    y=lambda g, w, window, groups: _correlate(g, w, window=window, groups=groups),
    w=lambda g, y, window, groups: _correlate_weight(g, y, window=window, groups=groups),
)  # fmt: skip

_correlate_weight.gradients(
    x=lambda g, y, x_shape, window, groups: _correlate_input(
        y, g, input_shape=x_shape[2:], window=window, groups=groups),
    y=lambda g, x, window, groups: _correlate(x, g, window=window, groups=groups),
)  # fmt: skip


# What a replayed step calls: the kernels in C, without a look at shapes that stay as they are.

prepares(kernels.correlate)(kernels.prepare_correlate)
prepares(kernels.correlate_input)(kernels.prepare_correlate_input)
prepares(kernels.correlate_weight)(kernels.prepare_correlate_weight)


@prepares(_correlate.primitive.rules["x"].function)
def _prepare_gx(g, w, x_shape, window, groups):  # type: ignore[no-untyped-def]
    made = kernels.prepare_correlate_input(
        g, w, input_shape=x_shape[2:], window=window, groups=groups
    )
    return made and (lambda g, w, x_shape, window, groups: made(g, w))


@prepares(_correlate.primitive.rules["w"].function)
def _prepare_gw(g, x, window, groups):  # type: ignore[no-untyped-def]
    made = kernels.prepare_correlate_weight(x, g, window=window, groups=groups)
    return made and (lambda g, x, window, groups: made(x, g))


# What users call ----------------------------------------------------------------------------------


def correlate(
    x: Any,
    w: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    who: str = "correlate",
) -> Any:
    """Cross-correlation of images with kernels, which networks call convolution.

    ``out[n, o, i, j] = Σ_{c,u,v} x[n, c, i·s + u·d − p, j·s + v·d − p] · w[o, c, u, v] + bias[o]``,
    where x is 0 outside.

    Args:
        x: images, shape (N, C, *S) with one to three spatial axes.
        w: kernels, shape (O, C / groups, *K).
        bias: one number per output channel, shape (O,), or None.
        stride, dilation: positive integers, one or one per spatial axis. In place of the stride a
            `Window` may stand, which says padding and dilation, too.
        padding: zeros around x: an integer, one per spatial axis, pairs (before, after),
            ``"valid"`` or ``"same"`` (stride 1 only).
        groups: the channels are divided into this many groups that don't see each other.

    Returns:
        Shape (N, O, *L), L = ⌊(S + before + after − d(K − 1) − 1) / s⌋ + 1.

    Raises:
        ValueError: for shapes that do not fit together; TypeError: for data that are no floats.

    See also ``convolve``, which flips the kernel.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([[[1.0, 2.0, 3.0, 4.0]]])
        >>> ag.correlate(x, ag.tensor([[[1.0, 10.0]]]))
        Tensor([[[21., 32., 43.]]])
    """
    x, w = floating(who, "x", x, w, bias), floating(who, "w", w, x, bias)
    data = getattr(x, "_data", x)
    x_shape, w_shape = data.shape, getattr(w, "_data", w).shape
    n = len(x_shape) - 2
    if not 1 <= n <= 3 or len(w_shape) != n + 2:
        raise ValueError(
            f"{who}: x must be (N, C, *S) with one to three spatial axes and the kernel of as "
            f"many axes, got x {x_shape} and kernel {w_shape}"
        )
    window = stride
    if type(window) is not Window or window.kernel != w_shape[2:] or padding or dilation != 1:
        window = _window(who, w_shape, stride, padding, dilation)
    if type(groups) is not int:
        groups = arguments.integer(who, "groups", groups)
    bias_shape = None
    if bias is not None:
        bias = floating(who, "bias", bias, x, w)
        bias_shape = getattr(bias, "_data", bias).shape
    window = _ready(who, x_shape, w_shape, bias_shape, window, groups, data.dtype)
    return _correlate(x, w, bias, window=window, groups=groups)


@functools.lru_cache(maxsize=4096)
def _ready(
    who: str,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    bias_shape: tuple[int, ...] | None,
    window: Window,
    groups: int,
    dtype: np.dtype[Any],
) -> Window:
    """The window as kernels take it, after checking that everything fits."""
    sizes = check_correlation(who, x_shape, w_shape, bias_shape, window, groups)
    if max(window.stride) <= _LONG_STRIDE and max(map(max, window.padding)) <= _LONG_STRIDE:
        return window
    check_bytes(who, (x_shape[0], w_shape[0], *sizes), dtype)
    check_bytes(who, (*x_shape[:2], *window.padded(x_shape[2:])), dtype)
    return window.shortened(x_shape[2:])


def convolve(
    x: Any,
    w: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    who: str = "convolve",
) -> Any:
    """Convolution in the mathematical sense: cross-correlation with the kernel flipped.

    ``out[n, o, i, j] = Σ x[n, c, i + u − p, j + v − p] · w[o, c, K₁ − 1 − u, K₂ − 1 − v]``; parameters
    as for ``correlate``. With padding K − 1 it is the full convolution, which commutes.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([[[1.0, 2.0, 3.0, 4.0]]])
        >>> ag.convolve(x, ag.tensor([[[1.0, 10.0]]]))
        Tensor([[[12., 23., 34.]]])
    """
    w = floating(who, "w", w, x, bias)
    if len(w.shape) < 3:
        raise ValueError(f"{who}: the kernel must be (O, C / groups, *K), got shape {w.shape}")
    flipped = w[(slice(None), slice(None), *[slice(None, None, -1)] * (len(w.shape) - 2))]
    return correlate(x, flipped, bias, stride, padding, dilation, groups, who=who)


def correlate_input(
    y: Any,
    w: Any,
    input_shape: Sequence[int] | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    who: str = "correlate_input",
) -> Any:
    """The adjoint of ``correlate`` in its input, also called transposed convolution.

    Args:
        y: shape (N, O, *L).
        w: kernels, shape (O, C / groups, *K), as for the ``correlate`` it is the adjoint of.
        input_shape: spatial shape S of the result; default the smallest that y fits,
            (L − 1)·s − before − after + d(K − 1) + 1.
        stride, padding, dilation, groups: as for ``correlate``.

    Returns:
        Shape (N, C, *S): every y[n, o, i, j] times its kernel, added up where it reached.

    Example:
        >>> import autograd as ag
        >>> ag.correlate_input(ag.tensor([[[1.0, 2.0]]]), ag.tensor([[[1.0, 10.0]]]))
        Tensor([[[ 1., 12., 20.]]])
    """
    y, w = floating(who, "y", y, w), floating(who, "w", w, y)
    n = len(y.shape) - 2
    if not 1 <= n <= 3 or len(w.shape) != n + 2:
        raise ValueError(
            f"{who}: y must be (N, O, *L) with one to three spatial axes and the kernel of as "
            f"many axes, got y {y.shape} and kernel {w.shape}"
        )
    window = _window(who, w.shape, stride, padding, dilation)
    groups = arguments.integer(who, "groups", groups)
    input_shape = _input_shape(who, input_shape, y.shape, w.shape, window)
    x_shape = (y.shape[0], w.shape[1] * groups, *input_shape)
    sizes = check_correlation(who, x_shape, w.shape, None, window, groups)
    if sizes != y.shape[2:]:
        raise ValueError(
            f"{who}: a correlation over {cross(input_shape)} gives {cross(sizes)}, but y is "
            f"{cross(y.shape[2:])}; choose another input_shape"
        )
    check_bytes(who, x_shape, y.dtype)
    if max(window.stride) > _LONG_STRIDE:
        window = window.shortened(input_shape)
    return _correlate_input(y, w, input_shape=input_shape, window=window, groups=groups)


def _input_shape(
    who: str, wanted: Any, y_shape: tuple[int, ...], w_shape: tuple[int, ...], window: Window
) -> tuple[int, ...]:
    """The spatial shape of what ``correlate_input`` makes."""
    if wanted is None:
        wanted = window.inputs(y_shape[2:])
    else:
        wanted = arguments.integers(who, "input_shape", wanted, len(y_shape) - 2, 0)
    if min(wanted) < 0:
        raise ValueError(
            f"{who}: the result would have the negative size {cross(wanted)}: padding "
            f"{window.padding} takes away more than y {y_shape} and kernel {w_shape[2:]} give"
        )
    if y_shape[1] != w_shape[0]:
        raise ValueError(
            f"{who}: y {y_shape} has {y_shape[1]} channels, the kernel {w_shape} has "
            f"{w_shape[0]} output channels; they must be equal"
        )
    return wanted


def correlate_weight(
    x: Any,
    y: Any,
    kernel_shape: Sequence[int] | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
    *,
    who: str = "correlate_weight",
) -> Any:
    """The adjoint of ``correlate`` in its kernel: for every tap, Σ over positions of x · y.

    Args:
        x: shape (N, C, *S); y: shape (N, O, *L).
        kernel_shape: spatial shape K; default the largest that fits.
        stride, padding, dilation, groups: as for ``correlate``.

    Returns:
        Shape (O, C / groups, *K).

    Example:
        >>> import autograd as ag
        >>> ag.correlate_weight(ag.tensor([[[1.0, 2.0, 3.0]]]), ag.tensor([[[1.0, 10.0]]]))
        Tensor([[[21., 32.]]])
    """
    x, y = floating(who, "x", x, y), floating(who, "y", y, x)
    n = len(x.shape) - 2
    if not 1 <= n <= 3 or len(y.shape) != n + 2:
        raise ValueError(
            f"{who}: x (N, C, *S) and y (N, O, *L) must have the same one to three spatial axes, "
            f"got {x.shape} and {y.shape}"
        )
    if x.shape[0] != y.shape[0]:
        raise ValueError(f"{who}: x {x.shape} and y {y.shape} differ in their batch size")
    groups = arguments.integer(who, "groups", groups)
    window = Window.read(who, n, 1 if kernel_shape is None else kernel_shape, stride, padding,
                         dilation, name="kernel_shape")  # fmt: skip
    if kernel_shape is None:
        window = window.with_largest_kernel(x.shape[2:], y.shape[2:])
        arguments.integers(who, "kernel_shape", window.kernel, n)
    if x.shape[1] % groups:
        raise ValueError(f"{who}: groups={groups} does not divide the {x.shape[1]} channels of x")
    w_shape = (y.shape[1], x.shape[1] // groups, *window.kernel)
    sizes = check_correlation(who, x.shape, w_shape, None, window, groups)
    if sizes != y.shape[2:]:
        raise ValueError(
            f"{who}: a kernel of {cross(window.kernel)} gives outputs of {cross(sizes)}, but y "
            f"is {cross(y.shape[2:])}; choose another kernel_shape"
        )
    check_bytes(who, w_shape, x.dtype)
    if max(window.stride) > _LONG_STRIDE:
        window = window.shortened(x.shape[2:])
    return _correlate_weight(x, y, window=window, groups=groups)


# Checks -------------------------------------------------------------------------------------------


def _window(who: str, w_shape: tuple[int, ...], *given: Any) -> Window:
    """The window of a kernel (O, C / groups, *K), by stride, padding and dilation."""
    if 0 in w_shape[2:]:
        raise ValueError(f"{who}: the kernel {w_shape} has an empty spatial axis")
    return Window.read(who, len(w_shape) - 2, w_shape[2:], *given)


@functools.lru_cache(maxsize=4096)
def check_correlation(
    who: str,
    x_shape: tuple[int, ...],
    w_shape: tuple[int, ...],
    bias_shape: tuple[int, ...] | None,
    window: Window,
    groups: int,
) -> tuple[int, ...]:
    """Spatial shape of a correlation's output, after checking that the shapes fit together.

    Raises:
        ValueError: naming the function, the argument and the shapes involved.
    """
    channels, outputs = x_shape[1], w_shape[0]
    if groups < 1:
        raise ValueError(f"{who}: groups must be a positive integer, got {arguments.shown(groups)}")
    if channels % groups or outputs % groups:
        raise ValueError(
            f"{who}: groups={arguments.shown(groups)} must divide the {channels} input channels and the "
            f"{outputs} output channels"
        )
    if w_shape[1] * groups != channels:
        expected = f"{w_shape[1]} × groups {groups} = {w_shape[1] * groups}"
        raise ValueError(
            f"{who}: the input {x_shape} has {channels} channels, but the kernel {w_shape} "
            f"is for {expected}{_channels_last(x_shape, w_shape[1] * groups)}"
        )
    if bias_shape is not None and bias_shape != (outputs,):
        raise ValueError(
            f"{who}: bias must have shape ({outputs},), one per output channel, got {bias_shape}"
        )
    return window.check(who, x_shape[2:])


def _channels_last(x_shape: tuple[int, ...], channels: int) -> str:
    """What to write where the channels seem to stand on the last axis."""
    if x_shape[-1] != channels:
        return ""
    n = len(x_shape)
    return f"; its last axis is {channels} long: channels come second, x.transpose({(0, n - 1, *range(1, n - 1))})"


def convolve_output_size(
    size: int, kernel: int, stride: int = 1, padding: Any = 0, dilation: int = 1
) -> int:
    """Output length of a convolution along one axis.

    ⌊(L + before + after − d(k − 1) − 1) / s⌋ + 1.

    Args:
        size, kernel, stride, dilation: integers; padding: an integer or a pair.

    Raises:
        ValueError: if the kernel does not fit.

    Example:
        >>> import autograd as ag
        >>> ag.convolve_output_size(28, kernel=5, stride=2, padding=2)
        14
    """
    who = "convolve_output_size"
    size = arguments.integer(who, "size", size, 0)
    pair = (tuple(padding),) if isinstance(padding, (tuple, list)) else (padding,)
    return Window.read(who, 1, kernel, stride, pair, dilation, "kernel").check(who, (size,))[0]


def explain_kernel(
    x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1
) -> str:
    """Which way a correlation of these shapes is computed, and why.

    Args:
        x: images (N, C, *S), or just their shape.
        w: kernels (O, C / groups, *K), or just their shape; a layer's ``weight``.
        stride, padding, dilation, groups: as for ``correlate``.

    Returns:
        A sentence. The choice depends on shapes and dtype, and on whether the kernels in C are in
        use, which ``python -m nn.doctor`` tells, too; see ``autograd/kernels``. Without them the
        sentence ends with the reason, and with how to get them.

    Raises:
        ValueError: for shapes that do not fit together.

    Example:
        >>> import autograd as ag
        >>> sentence = ag.explain_kernel((64, 16, 8, 8), (32, 16, 1, 1))
        >>> sentence.split(":")[0] in ("native", "im2col")
        True
    """
    who = "explain_kernel"
    x_shape, w_shape = (
        shape_tuple(who, getattr(a, "shape", a), name) for name, a in (("x", x), ("w", w))
    )
    n = len(x_shape) - 2
    if n < 1 or len(w_shape) != n + 2:
        raise ValueError(
            f"{who}: x must be (N, C, *S) and the kernel of as many axes, got "
            f"{arguments.shown(x_shape)} and {arguments.shown(w_shape)}"
        )
    window = _window(who, w_shape, stride, padding, dilation)
    groups = arguments.integer(who, "groups", groups)
    sizes = check_correlation(who, x_shape, w_shape, None, window, groups)
    check_bytes(who, (x_shape[0], w_shape[0], *sizes), np.float32)
    check_bytes(who, (*x_shape[:2], *window.padded(x_shape[2:])), np.float32)
    dtype = getattr(x, "dtype", np.float32)
    name, reason = kernels.choose_path(x_shape, w_shape, window=window, groups=groups, dtype=dtype)
    if name not in ("native", "plain", "empty"):
        reason += f". Native kernels: {native.status()}"
    return f"{name}: {reason}"
