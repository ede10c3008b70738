"""Convolutions, forwards and transposed, and the windows that they see."""

from __future__ import annotations

import math
from typing import Any

import autograd
from autograd import arguments
from nn.functional.inputs import floating, over_images

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


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Cross-correlation of sequences with kernels; as `conv2d`, with one spatial axis.

    Args:
        input: shape (N, C, L) or (C, L); weight: shape (O, C / groups, K).

    Returns:
        Shape (N, O, L′) or (O, L′).
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


def conv2d(
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
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


def conv3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Cross-correlation of volumes with kernels; as `conv2d`, with three spatial axes.

    Args:
        input: shape (N, C, D, H, W) or (C, D, H, W); weight: shape (O, C / groups, kD, kH, kW).
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _conv(who: str, n: int, input: Any, weight: Any, bias: Any, *hyperparameters: Any) -> Any:
    weight = _kernel(who, n, weight, input, bias)
    if len(getattr(input, "shape", ())) == n + 2:  # the common case, straight on
        return autograd.correlate(input, weight, bias, *hyperparameters, who=who)
    return over_images(
        who,
        input,
        n,
        lambda x: autograd.correlate(x, weight, bias, *hyperparameters, who=who),
        weight,
        bias,
    )


def _kernel(who: str, n: int, weight: Any, *beside: Any) -> Any:
    weight = floating(who, weight, "weight", *beside)
    if len(weight.shape) != n + 2:
        raise ValueError(
            f"{who}: weight must have {n + 2} axes, two for channels and {n} in space, "
            f"got shape {weight.shape}"
        )
    return weight


# Flipped ------------------------------------------------------------------------------------------


def convolve1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution in the mathematical sense; `conv1d` with the kernel flipped."""
    return _convolve("convolve1d", 1, input, weight, bias, stride, padding, dilation, groups)


def convolve2d(
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
    return _convolve("convolve2d", 2, input, weight, bias, stride, padding, dilation, groups)


def convolve3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Convolution in the mathematical sense; `conv3d` with the kernel flipped."""
    return _convolve("convolve3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _convolve(who: str, n: int, input: Any, weight: Any, bias: Any, *hyperparameters: Any) -> Any:
    weight = _kernel(who, n, weight, input, bias)
    return over_images(
        who,
        input,
        n,
        lambda x: autograd.convolve(x, weight, bias, *hyperparameters, who=who),
        weight,
        bias,
    )


# Transposed ---------------------------------------------------------------------------------------


def conv_transpose1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The adjoint of `conv1d` in its input; as `conv_transpose2d`, with one spatial axis."""
    return _conv_transpose(
        "conv_transpose1d",
        1,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d(
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

    Every input pixel puts its multiple of the kernel into the output, ``stride`` apart.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        weight: shape (C, O / groups, kH, kW): that of the `conv2d` it is the adjoint of.
        bias: shape (O,), or None.
        stride, dilation: positive integers, one or one per axis. Default 1.
        padding: rows and columns taken away on both sides. Default 0.
        output_padding: rows and columns added at the end; below stride or dilation. Default 0.
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
    return _conv_transpose(
        "conv_transpose2d",
        2,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose3d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    output_padding: Any = 0,
    groups: int = 1,
    dilation: Any = 1,
) -> Any:
    """The adjoint of `conv3d` in its input; as `conv_transpose2d`, with three spatial axes."""
    return _conv_transpose(
        "conv_transpose3d",
        3,
        input,
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def _conv_transpose(
    who: str,
    n: int,
    input: Any,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> Any:
    weight = _kernel(who, n, weight, input, bias)
    stride = arguments.integers(who, "stride", stride, n)
    padding = arguments.integers(who, "padding", padding, n, 0)
    extra = arguments.integers(who, "output_padding", output_padding, n, 0)
    dilation = arguments.integers(who, "dilation", dilation, n)
    groups = arguments.integer(who, "groups", groups)
    check_output_padding(who, extra, stride, dilation)
    outputs = weight.shape[1] * groups
    if bias is not None:
        bias = floating(who, bias, "bias", input, weight)
        if bias.shape != (outputs,):
            raise ValueError(
                f"{who}: bias must have shape ({outputs},), one per output channel, "
                f"got {bias.shape}"
            )

    def transposed(x: Any) -> Any:
        sizes = _transposed_sizes(who, x, weight, stride, padding, extra, dilation)
        if all(e < s for e, s in zip(extra, stride, strict=True)):
            beyond: tuple[int, ...] = (0,) * n
            pads = tuple((p, p) for p in padding)
        else:
            # Where output_padding takes a whole step (it may, below the dilation), the kernels
            # don't reach: less is taken away at the end, and zeros stand for what is beyond.
            pads = tuple((p, max(p - e, 0)) for p, e in zip(padding, extra, strict=True))
            beyond = tuple(max(e - p, 0) for p, e in zip(padding, extra, strict=True))
        reached = tuple(size - b for size, b in zip(sizes, beyond, strict=True))
        y = autograd.correlate_input(x, weight, reached, stride, pads, dilation, groups, who=who)
        if any(beyond):
            y = autograd.pad_constant(y, ((0, 0), (0, 0), *((0, b) for b in beyond)))
        return y if bias is None else y + autograd.reshape(bias, (1, outputs) + (1,) * n)

    return over_images(who, input, n, transposed, weight, bias)


def check_output_padding(
    who: str, output_padding: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> None:
    """Raise ValueError unless output_padding is below the stride or the dilation, on each axis."""
    for e, s, d in zip(output_padding, stride, dilation, strict=True):
        if e >= max(s, d):
            raise ValueError(
                f"{who}: output_padding must be smaller than stride or dilation, got "
                f"output_padding={output_padding}, stride={stride}, dilation={dilation}"
            )


def _transposed_sizes(
    who: str,
    x: Any,
    weight: Any,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    extra: tuple[int, ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """The spatial shape of a transposed convolution's output."""
    if x.shape[1] != weight.shape[0]:
        raise ValueError(
            f"{who}: the input {x.shape} has {x.shape[1]} channels, but the weight "
            f"{weight.shape} is for {weight.shape[0]}"
        )
    sizes = tuple(
        (length - 1) * s - 2 * p + d * (k - 1) + e + 1
        for length, k, s, p, e, d in zip(
            x.shape[2:], weight.shape[2:], stride, padding, extra, dilation, strict=True
        )
    )
    if min(sizes) < 1 or 0 in x.shape[2:]:
        raise ValueError(
            f"{who}: the output would have the size {'×'.join(map(str, sizes))}: input "
            f"{'×'.join(map(str, x.shape[2:]))}, kernel {weight.shape[2:]}, stride {stride}, "
            f"padding {padding}, dilation {dilation}, output_padding {extra}"
        )
    return sizes


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
    kernel = arguments.integers(who, "kernel_size", kernel_size, 2)
    dilation = arguments.integers(who, "dilation", dilation, 2)
    padding = arguments.integers(who, "padding", padding, 2, 0)
    stride = arguments.integers(who, "stride", stride, 2)

    def columns(x: Any) -> Any:
        _check_window(who, x.shape[2:], kernel, padding, dilation)
        w = autograd.windows(x, kernel, stride, padding, dilation, who=who)
        w = autograd.transpose(w, (0, 1, 4, 5, 2, 3))
        count = math.prod(w.shape[4:])
        return autograd.reshape(w, (x.shape[0], x.shape[1] * math.prod(kernel), count))

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
    kernel = arguments.integers(who, "kernel_size", kernel_size, 2)
    dilation = arguments.integers(who, "dilation", dilation, 2)
    padding = arguments.integers(who, "padding", padding, 2, 0)
    stride = arguments.integers(who, "stride", stride, 2)
    input = floating(who, input)
    if len(input.shape) not in (2, 3):
        raise ValueError(
            f"{who}: input must be (N, C·kH·kW, windows) or (C·kH·kW, windows), "
            f"got shape {input.shape}"
        )
    _check_window(who, size, kernel, padding, dilation)
    counts = tuple(
        (length + 2 * p - d * (k - 1) - 1) // s + 1
        for length, k, s, p, d in zip(size, kernel, stride, padding, dilation, strict=True)
    )
    rows, columns = input.shape[-2:]
    cells = math.prod(kernel)
    if rows % cells:
        raise ValueError(
            f"{who}: input {input.shape} has {rows} rows, which is no multiple of the {cells} "
            f"cells of kernel_size {kernel}"
        )
    if columns != math.prod(counts):
        raise ValueError(
            f"{who}: input {input.shape} has {columns} windows, but output_size {size} with "
            f"kernel_size {kernel}, dilation {dilation}, padding {padding} and stride {stride} "
            f"has {counts[0]}×{counts[1]} = {math.prod(counts)}"
        )
    batch = input.shape[:-2] or (1,)
    w = autograd.reshape(input, (*batch, rows // cells, *kernel, *counts))
    w = autograd.transpose(w, (0, 1, 4, 5, 2, 3))
    y = autograd.fold_windows(w, size, stride, padding, dilation)
    return y if len(input.shape) == 3 else autograd.squeeze(y, 0)


def _check_window(
    who: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
) -> None:
    padded = tuple(length + 2 * p for length, p in zip(size, padding, strict=True))
    if any(length < d * (k - 1) + 1 for length, k, d in zip(padded, kernel, dilation, strict=True)):
        raise ValueError(
            f"{who}: kernel {kernel} with dilation {dilation} does not fit the padded input "
            f"{'×'.join(map(str, padded))}"
        )
