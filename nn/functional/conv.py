"""Convolutions, forwards and transposed, and the windows that they see."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import arguments
from autograd.arguments import Window
from nn.functional.inputs import floating, over_images
from nn.functional.ranks import Rank, by_rank

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "convolve1d",
    "convolve2d",
    "convolve3d",
    "fold",
    "unfold",
]


def _conv(
    at: Rank,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Cross-correlation of images with kernels, which networks call convolution.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        weight: kernels, shape (O, C / groups, kH, kW).
        bias: shape (O,), or None.
        stride, dilation: positive integers, one or one per axis. Default 1.
        padding: zeros on both sides: an integer, one per axis, pairs (before, after), ``"valid"``
            or ``"same"`` (stride 1 only). Default 0.
        groups: the channels are divided into this many groups that don't see each other.

    Returns:
        Shape (N, O, H′, W′) with H′ = ⌊(H + 2p − d(k − 1) − 1) / s⌋ + 1, or (O, H′, W′).

    Raises:
        ValueError: for shapes that do not fit together; TypeError: for data that are no floats.

    The kernel is not flipped; `convolve2d` is the convolution of mathematics.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.ones(1, 1, 3, 3)
        >>> F.conv2d(x, autograd.ones(1, 1, 2, 2)).tolist()
        [[[[4.0, 4.0], [4.0, 4.0]]]]
    """
    return _slide(at, autograd.correlate, input, weight, bias, stride, padding, dilation, groups)


def _convolve(
    at: Rank,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution in the mathematical sense: `conv2d` with the kernel flipped along both axes.

    With padding k − 1 it is the full convolution, which multiplies polynomials. The arguments are
    those of `conv2d`.

    Example:
        >>> import autograd, nn.functional as F
        >>> row = autograd.tensor([[[[1.0, 2.0]]]])  # (1 + 2t)²
        >>> F.convolve2d(row, row, padding=(0, 1)).tolist()
        [[[[1.0, 4.0, 4.0]]]]
    """
    return _slide(at, autograd.convolve, input, weight, bias, stride, padding, dilation, groups)


def _slide(at: Rank, function: Any, input: Any, weight: Any, *given: Any) -> Any:
    bias = given[0]
    weight = _kernel(at, weight, input, bias)
    return over_images(
        at.who, input, at.n, lambda x: function(x, weight, *given, who=at.who), weight, bias
    )


def _kernel(at: Rank, weight: Any, *beside: Any) -> Any:
    weight = floating(at.who, weight, "weight", *beside)
    if len(weight.shape) != at.n + 2:
        raise ValueError(
            f"{at.who}: weight must have {at.n + 2} axes, two for channels and {at.n} in space, "
            f"got shape {weight.shape}"
        )
    return weight


def _conv_transpose(
    at: Rank,
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """Transposed convolution: the adjoint of `conv2d` in its input, used to enlarge images.

    Every input cell puts its multiple of the kernel into the output, ``stride`` apart.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        weight: shape (C, O / groups, kH, kW): that of the `conv2d` it is the adjoint of.
        bias: shape (O,), or None.
        stride, dilation: positive integers, one or one per axis. Default 1.
        padding: cells taken away on both sides. Default 0.
        output_padding: cells added at the end; below stride or dilation. Default 0.
        groups: the channels are divided into this many groups that don't see each other.

    Returns:
        Shape (N, O, H′, W′) with H′ = (H − 1)·s − 2p + d(k − 1) + output_padding + 1.

    Raises:
        ValueError: for shapes that do not fit together or an output that would be negative;
            TypeError: for data that are no floats.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.tensor([[[[1.0, 2.0]]]])
        >>> F.conv_transpose2d(x, autograd.ones(1, 1, 1, 2), stride=(1, 2)).tolist()
        [[[[1.0, 1.0, 2.0, 2.0]]]]
    """
    who, weight = at.who, _kernel(at, weight, input, bias)
    window = transposed_window(at, weight.shape[2:], stride, padding, dilation)
    extra = arguments.integers(who, "output_padding", output_padding, at.n, 0)
    check_output_padding(who, extra, window)
    groups = arguments.integer(who, "groups", groups)
    outputs = weight.shape[1] * groups
    if bias is not None:
        bias = floating(who, bias, "bias", input, weight)
        if bias.shape != (outputs,):
            raise ValueError(
                f"{who}: bias must have shape ({outputs},), one per output channel, "
                f"got {bias.shape}"
            )

    @arguments.in_single
    def transposed(x: Any, weight: Any, bias: Any) -> Any:
        y = _stamped(who, x, weight, window, extra, groups)
        return y if bias is None else y + autograd.reshape(bias, (1, outputs) + (1,) * at.n)

    return over_images(who, input, at.n, lambda x: transposed(x, weight, bias), weight, bias)


def _stamped(
    who: str, x: Any, weight: Any, window: Window, extra: tuple[int, ...], groups: int
) -> Any:
    """Every cell's multiple of the kernel, added up; ``extra`` cells more at the end of each axis."""
    sizes = _transposed_sizes(who, x, weight, window, extra)
    beyond = (0,) * len(sizes)
    if any(e >= s for e, s in zip(extra, window.stride, strict=True)):
        # Where output_padding takes a whole step (it may, below the dilation), the kernels
        # don't reach: less is taken away at the end, and zeros stand for what is beyond.
        sides = tuple(zip(extra, window.padding, strict=True))
        window = window._replace(padding=tuple((p, max(p - e, 0)) for e, (p, _) in sides))
        beyond = tuple(max(e - p, 0) for e, (p, _) in sides)
    reached = tuple(size - b for size, b in zip(sizes, beyond, strict=True))
    y = autograd.correlate_input(x, weight, reached, window, groups=groups, who=who)
    if any(beyond):
        y = autograd.pad_constant(y, ((0, 0), (0, 0), *((0, b) for b in beyond)))
    return y


def transposed_window(at: Rank, kernel: Any, stride: Any, padding: Any, dilation: Any) -> Window:
    """The window that a transposed convolution slides over its output; both sides padded alike."""
    if not isinstance(stride, Window):
        padding = arguments.integers(at.who, "padding", padding, at.n, 0)
    return Window.read(at.who, at.n, kernel, stride, padding, dilation)


def check_output_padding(who: str, output_padding: tuple[int, ...], window: Window) -> None:
    """Raise ValueError unless output_padding is below the stride or the dilation, on each axis."""
    for e, s, d in zip(output_padding, window.stride, window.dilation, strict=True):
        if e >= max(s, d):
            raise ValueError(
                f"{who}: output_padding must be smaller than stride or dilation, got "
                f"output_padding={output_padding}, stride={window.stride}, "
                f"dilation={window.dilation}"
            )


def _transposed_sizes(
    who: str, x: Any, weight: Any, window: Window, extra: tuple[int, ...]
) -> tuple[int, ...]:
    """The spatial shape of a transposed convolution's output."""
    if x.shape[1] != weight.shape[0]:
        raise ValueError(
            f"{who}: the input {x.shape} has {x.shape[1]} channels, but the weight "
            f"{weight.shape} is for {weight.shape[0]}"
        )
    smallest = window.inputs(x.shape[2:])
    sizes = tuple(size + e for size, e in zip(smallest, extra, strict=True))
    if min(sizes) < 1 or 0 in x.shape[2:]:
        raise ValueError(
            f"{who}: the output would have the size {'×'.join(map(str, sizes))}: input "
            f"{'×'.join(map(str, x.shape[2:]))}, kernel {weight.shape[2:]}, stride "
            f"{window.stride}, padding {tuple(p for p, _ in window.padding)}, dilation "
            f"{window.dilation}, output_padding {extra}"
        )
    return sizes


conv1d, conv2d, conv3d = by_rank(_conv)
convolve1d, convolve2d, convolve3d = by_rank(_convolve)
conv_transpose1d, conv_transpose2d, conv_transpose3d = by_rank(_conv_transpose)


# Windows ------------------------------------------------------------------------------------------


def unfold(
    input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """All windows of images as columns, channel by channel.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        kernel_size, dilation, padding, stride: integers, one or one per axis, as in `conv2d`.

    Returns:
        Shape (N, C·kH·kW, number of windows), or without N.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.arange(4.0).reshape(1, 1, 2, 2)
        >>> F.unfold(x, (1, 2)).tolist()
        [[[0.0, 2.0], [1.0, 3.0]]]
    """
    who = "unfold"
    window = unfolding(who, kernel_size, dilation, padding, stride)

    def columns(x: Any) -> Any:
        window.check(who, x.shape[2:])
        w = autograd.windows(x, window, who=who)
        w = autograd.transpose(w, (0, 1, 4, 5, 2, 3))
        rows, count = x.shape[1] * math.prod(window.kernel), math.prod(w.shape[4:])
        return autograd.reshape(w, (x.shape[0], rows, count))

    return over_images(who, input, 2, columns)


def fold(
    input: Any,
    output_size: Any,
    kernel_size: Any,
    dilation: Any = 1,
    padding: Any = 0,
    stride: Any = 1,
) -> Any:
    """The adjoint of `unfold`: every column is added back where its window was.

    Args:
        input: shape (N, C·kH·kW, number of windows), or without N.
        output_size: (H, W).
        kernel_size, dilation, padding, stride: integers, one or one per axis, as in `unfold`.

    Returns:
        Shape (N, C, H, W), or without N.

    Raises:
        ValueError: if the columns or their number do not fit, telling what would.
    """
    who = "fold"
    size = arguments.integers(who, "output_size", output_size, 2)
    window = unfolding(who, kernel_size, dilation, padding, stride)
    input = floating(who, input)
    if len(input.shape) not in (2, 3):
        raise ValueError(
            f"{who}: input must be (N, C·kH·kW, windows) or (C·kH·kW, windows), "
            f"got shape {input.shape}"
        )
    counts = window.check(who, size)
    rows, columns = input.shape[-2:]
    cells = math.prod(window.kernel)
    if rows % cells:
        raise ValueError(
            f"{who}: input {input.shape} has {rows} rows, which is no multiple of the {cells} "
            f"cells of kernel_size {window.kernel}"
        )
    if columns != math.prod(counts):
        raise ValueError(
            f"{who}: input {input.shape} has {columns} windows, but output_size {size} with "
            f"kernel_size {window.kernel}, dilation {window.dilation}, padding "
            f"{tuple(p for p, _ in window.padding)} and stride {window.stride} "
            f"has {counts[0]}×{counts[1]} = {math.prod(counts)}"
        )
    batch = input.shape[:-2] or (1,)
    w = autograd.reshape(input, (*batch, rows // cells, *window.kernel, *counts))
    w = autograd.transpose(w, (0, 1, 4, 5, 2, 3))
    y = autograd.fold_windows(w, size, window)
    return y if len(input.shape) == 3 else autograd.squeeze(y, 0)


def unfolding(who: str, kernel_size: Any, dilation: Any, padding: Any, stride: Any) -> Window:
    """The window of `unfold` and `fold`; both sides are padded alike."""
    if not isinstance(kernel_size, Window):
        padding = arguments.integers(who, "padding", padding, 2, 0)
    return Window.read(who, 2, kernel_size, stride, padding, dilation)
