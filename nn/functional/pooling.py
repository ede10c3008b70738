"""Pooling: maxima, averages, norms, and any function over windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn.functional.inputs import floating, over_images

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
    "lp_pool1d",
    "lp_pool2d",
    "lp_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
    "pool",
    "pool1d",
    "pool2d",
    "pool3d",
]


#: Cells of a plane beyond which no indices are looked at: 8 GiB of them.
_LARGEST_PLANE = 1 << 30


# Maxima -------------------------------------------------------------------------------------------


def max_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of every window of sequences (N, C, L) or (C, L); see `max_pool2d`."""
    return _max_pool(
        "max_pool1d", 1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of every window; the first of equal ones takes the whole gradient.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: of −∞ on both sides, at most half of the window. Default 0.
        dilation: spacing of the window's cells. Default 1.
        ceil_mode: round the number of windows up, so that the last one may hang over the end.
        return_indices: also give where the maxima lie, flat in the unpadded plane (int64).

    Returns:
        Shape (N, C, H′, W′) with H′ = ⌊(H + 2p − d(k − 1) − 1) / s⌋ + 1; with indices a pair.

    Raises:
        ValueError: if a window does not fit, or the padding is too large.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.arange(16.0).reshape(1, 4, 4)
        >>> F.max_pool2d(x, 2).tolist()
        [[[5.0, 7.0], [13.0, 15.0]]]
    """
    return _max_pool(
        "max_pool2d", 2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def max_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of every window of volumes (N, C, D, H, W) or (C, D, H, W); see `max_pool2d`."""
    return _max_pool(
        "max_pool3d", 3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices
    )


def _max_pool(who: str, n: int, input: Any, *window: Any) -> Any:
    if len(getattr(input, "shape", ())) == n + 2:  # the common case, straight on
        return autograd.max_pool(input, *window, who=who)
    return over_images(who, input, n, lambda x: autograd.max_pool(x, *window, who=who))


def max_unpool1d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Sequence[int] | None = None,
) -> Any:
    """Maxima back at their places, zeros elsewhere; see `max_unpool2d`."""
    return _max_unpool("max_unpool1d", 1, input, indices, kernel_size, stride, padding, output_size)


def max_unpool2d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Sequence[int] | None = None,
) -> Any:
    """Maxima back at their places, zeros elsewhere: a partial inverse of `max_pool2d`.

    Args:
        input: the maxima, shape (N, C, H, W) or (C, H, W).
        indices: where they lay, as `max_pool2d` returns them. Where one occurs twice, the last
            value counts (and alone has a gradient).
        kernel_size, stride, padding: those of the pooling.
        output_size: size of the result, as (H′, W′) or a whole shape; less than a stride off the
            default, (H − 1)·s − 2p + k.

    Returns:
        Shape (N, C, H′, W′) or (C, H′, W′).

    Raises:
        IndexError: for an index outside of the plane; ValueError: for an impossible size.

    Example:
        >>> import autograd, nn.functional as F
        >>> y, where = F.max_pool2d(autograd.arange(4.0).reshape(1, 2, 2), 2, return_indices=True)
        >>> F.max_unpool2d(y, where, 2).tolist()
        [[[0.0, 0.0], [0.0, 3.0]]]
    """
    return _max_unpool("max_unpool2d", 2, input, indices, kernel_size, stride, padding, output_size)


def max_unpool3d(
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    output_size: Sequence[int] | None = None,
) -> Any:
    """Maxima back at their places, zeros elsewhere; see `max_unpool2d`."""
    return _max_unpool("max_unpool3d", 3, input, indices, kernel_size, stride, padding, output_size)


def _max_unpool(
    who: str,
    n: int,
    input: Any,
    indices: Any,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    output_size: Any,
) -> Any:
    kernel = arguments.integers(who, "kernel_size", kernel_size, n)
    stride = kernel if _absent(stride) else arguments.integers(who, "stride", stride, n)
    padding = arguments.integers(who, "padding", padding, n, 0)
    input = floating(who, input)
    places = arguments.integer_array(who, "indices", indices)
    if places.shape != input.shape:
        raise ValueError(
            f"{who}: indices {places.shape} must have the shape of the input, {input.shape}"
        )

    def unpooled(x: Any) -> Any:
        size = _unpooled_size(who, x.shape[2:], kernel, stride, padding, output_size)
        if math.prod(size) > _LARGEST_PLANE:
            raise ValueError(f"{who}: planes of {'×'.join(map(str, size))} are too large")
        chosen = places.reshape(x.shape)
        cells = math.prod(size)
        if chosen.size and not (0 <= chosen.min() and chosen.max() < cells):
            wrong = chosen[(chosen < 0) | (chosen >= cells)].flat[0]
            raise IndexError(
                f"{who}: index {wrong} lies outside of the plane {'×'.join(map(str, size))}"
            )
        return autograd.scatter_windows(_last_of_each(x, chosen, cells), chosen, size)

    return over_images(who, input, n, unpooled)


def _last_of_each(x: Any, places: np.ndarray[Any, Any], cells: int) -> Any:
    """x, with 0 where a later value goes to the same place."""
    planes = math.prod(places.shape[:2])
    flat = places.reshape(planes, math.prod(places.shape[2:]))
    last = np.full((planes, cells), -1)
    order = np.broadcast_to(np.arange(flat.shape[1]), flat.shape)
    np.put_along_axis(last, flat, order, axis=1)
    counts = np.take_along_axis(last, flat, axis=1) == order
    if counts.all():
        return x
    return autograd.where(counts.reshape(places.shape), x, 0.0)


def _unpooled_size(
    who: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    output_size: Any,
) -> tuple[int, ...]:
    n = len(size)
    usual = tuple(
        (length - 1) * s - 2 * p + k
        for length, k, s, p in zip(size, kernel, stride, padding, strict=True)
    )
    if output_size is None:
        return arguments.integers(who, "the output size", usual, n)
    if isinstance(output_size, (tuple, list)) and len(output_size) in (n + 1, n + 2):
        output_size = output_size[-n:]  # a whole shape, with channels and perhaps the batch
    wanted = arguments.integers(who, "output_size", output_size, n)
    if any(not u - s < w < u + s for u, s, w in zip(usual, stride, wanted, strict=True)):
        raise ValueError(
            f"{who}: output_size must be less than a stride {stride} away from {usual}, "
            f"got {wanted}"
        )
    return wanted


def _absent(stride: Any) -> bool:
    """Whether no stride was given; an empty sequence also means that."""
    return stride is None or (isinstance(stride, (tuple, list)) and not stride)


# Averages -----------------------------------------------------------------------------------------


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of every window of sequences (N, C, L) or (C, L); see `avg_pool2d`."""
    return _avg_pool(
        "avg_pool1d", 1, input, kernel_size, stride, padding, ceil_mode, count_include_pad, None
    )


def avg_pool2d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of every window.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: zeros on both sides, at most half of the window. Default 0.
        ceil_mode: round the number of windows up; what hangs over the end is never counted.
        count_include_pad: whether the padding counts. Default True.
        divisor_override: divide every sum by this instead.

    Returns:
        Shape (N, C, H′, W′) with H′ = ⌊(H + 2p − k) / s⌋ + 1.

    Raises:
        ValueError: if a window does not fit, or the padding is too large.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.avg_pool2d(autograd.arange(4.0).reshape(1, 2, 2), 2).tolist()
        [[[1.5]]]
    """
    return _avg_pool(
        "avg_pool2d",
        2,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def avg_pool3d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Any:
    """The average of every window of volumes (N, C, D, H, W) or (C, D, H, W); see `avg_pool2d`."""
    return _avg_pool(
        "avg_pool3d",
        3,
        input,
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
    )


def _avg_pool(who: str, n: int, input: Any, *window: Any) -> Any:
    if n == 3:
        _check_volume(who, input, window[0])
    if len(getattr(input, "shape", ())) == n + 2:
        return autograd.avg_pool(input, *window, who=who)
    return over_images(who, input, n, lambda x: autograd.avg_pool(x, *window, who=who))


def _check_volume(who: str, input: Any, kernel_size: Any) -> None:
    """Refuse volumes smaller than the window: so does PyTorch, also where padding would do."""
    sizes = tuple(getattr(input, "shape", ())[-3:])
    kernel = arguments.integers(who, "kernel_size", kernel_size, 3)
    if any(n < k for n, k in zip(sizes, kernel, strict=False)):
        raise ValueError(
            f"{who}: kernel_size {kernel} is larger than the input "
            f"{'×'.join(str(n) for n in sizes)}; padding does not count here"
        )


# Norms --------------------------------------------------------------------------------------------


def lp_pool1d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """(Σ xᵖ)^(1/p) over every window of sequences (N, C, L) or (C, L); see `lp_pool2d`."""
    return _lp_pool("lp_pool1d", 1, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """(Σ xᵖ)^(1/p) over every window: the sum for p = 1, nearly the maximum for large p.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        norm_type: p, not 0. With an odd p signs count, and a negative sum gives 0.
        kernel_size, stride, ceil_mode: as in `avg_pool2d`. A window that hangs over the end is
            scaled as if it were whole.

    Raises:
        ValueError: if a window does not fit, or for p = 0.
    """
    return _lp_pool("lp_pool2d", 2, input, norm_type, kernel_size, stride, ceil_mode)


def lp_pool3d(
    input: Any, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False
) -> Any:
    """(Σ xᵖ)^(1/p) over every window of volumes (N, C, D, H, W); see `lp_pool2d`."""
    return _lp_pool("lp_pool3d", 3, input, norm_type, kernel_size, stride, ceil_mode)


def _lp_pool(
    who: str, n: int, input: Any, norm_type: Any, kernel_size: Any, stride: Any, ceil_mode: Any
) -> Any:
    p = arguments.real(who, "norm_type", norm_type)
    if p == 0:
        raise ValueError(f"{who}: norm_type must not be 0")
    cells = math.prod(arguments.integers(who, "kernel_size", kernel_size, n))
    powers = autograd.power(floating(who, input), p)
    average = _avg_pool(who, n, powers, kernel_size, stride, 0, ceil_mode, True, None)
    # Not max(x, 0): a negative sum takes part with slope 0, and NaN stays.
    return autograd.power(autograd.relu(average) * cells, 1.0 / p)


# Adaptive -----------------------------------------------------------------------------------------


def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Averages over windows chosen to give ``output_size`` positions; see `adaptive_avg_pool2d`."""
    return _adaptive("adaptive_avg_pool1d", 1, input, output_size, autograd.adaptive_avg_pool)


def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Averages over windows chosen so that the result has a given size.

    Window i of o over an axis of L goes from ⌊i·L/o⌋ to ⌈(i + 1)·L/o⌉.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        output_size: an integer or one per axis; None keeps an axis as it is.

    Returns:
        Shape (N, C, *output_size).

    Example:
        >>> import autograd, nn.functional as F
        >>> F.adaptive_avg_pool2d(autograd.arange(6.0).reshape(1, 2, 3), 1).tolist()
        [[[2.5]]]
    """
    return _adaptive("adaptive_avg_pool2d", 2, input, output_size, autograd.adaptive_avg_pool)


def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Averages over windows chosen to give ``output_size`` positions; see `adaptive_avg_pool2d`."""
    return _adaptive("adaptive_avg_pool3d", 3, input, output_size, autograd.adaptive_avg_pool)


def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over the windows of `adaptive_avg_pool1d`; see `adaptive_max_pool2d`."""
    return _adaptive_max("adaptive_max_pool1d", 1, input, output_size, return_indices)


def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over windows chosen so that the result has a given size.

    Args:
        input, output_size: as in `adaptive_avg_pool2d`.
        return_indices: also give where they lie, flat in the plane (int64).
    """
    return _adaptive_max("adaptive_max_pool2d", 2, input, output_size, return_indices)


def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over the windows of `adaptive_avg_pool3d`; see `adaptive_max_pool2d`."""
    return _adaptive_max("adaptive_max_pool3d", 3, input, output_size, return_indices)


def _adaptive_max(who: str, n: int, input: Any, output_size: Any, return_indices: Any) -> Any:
    both = arguments.boolean(who, "return_indices", return_indices)

    def maxima(x: Any, size: tuple[int, ...], *, who: str) -> Any:
        return autograd.adaptive_max_pool(x, size, both, who=who)

    return _adaptive(who, n, input, output_size, maxima)


def _adaptive(who: str, n: int, input: Any, output_size: Any, function: Callable[..., Any]) -> Any:
    wanted = adaptive_size(who, output_size, n)

    def pooled(x: Any) -> Any:
        size = tuple(own if w is None else w for w, own in zip(wanted, x.shape[2:], strict=True))
        return function(x, size, who=who)

    return over_images(who, input, n, pooled)


def adaptive_size(who: str, value: Any, n: int) -> tuple[int | None, ...]:
    """An adaptive output size, one integer or None per axis."""
    if value is None:
        return (None,) * n
    if isinstance(value, (tuple, list)) and len(value) == n:
        return tuple(
            None if v is None else arguments.integer(who, f"output_size[{k}]", v, 0)
            for k, v in enumerate(value)
        )
    return arguments.integers(who, "output_size", value, n, 0)


# Any function -------------------------------------------------------------------------------------


def pool(
    input: Any,
    function: Callable[[Any], Any],
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    who: str = "pool",
) -> Any:
    """Any differentiable function over every window, in one to three spatial axes.

    Args:
        input: shape (N, C, *S).
        function: gets all windows, shape (N, C, *L, *K), and gives (N, C, *L): it reduces the
            window's axes, which are the last ones.
        kernel_size: size of the window, an integer or one per axis.
        stride: between windows. Default: ``kernel_size``.
        padding: zeros on both sides. Default 0.
        dilation: spacing of the window's cells. Default 1.

    Returns:
        What ``function`` gives, shape (N, C, *L).

    Raises:
        ValueError: if a window does not fit, or the function's result has another shape;
            TypeError: if it is no function.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.tensor([[[1.0, 3.0, 2.0, 0.0]]])
        >>> F.pool(x, lambda w: autograd.logsumexp(w, axis=-1), 2).shape  # a soft maximum
        (1, 1, 2)
    """
    input = floating(who, input)
    n = len(input.shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(
            f"{who}: input must be (N, C, *S) with one to three spatial axes, got {input.shape}"
        )
    if not callable(function):
        raise TypeError(f"{who}: function must be callable, got {type(function).__name__}")
    kernel = arguments.integers(who, "kernel_size", kernel_size, n)
    stride = kernel if _absent(stride) else stride
    windows = autograd.windows(input, kernel, stride, padding, dilation, who=who)
    result = function(windows)
    wanted = windows.shape[: 2 + n]
    if getattr(result, "shape", None) != wanted:
        raise ValueError(
            f"{who}: function must reduce the last {n} axes of the windows {windows.shape} and "
            f"give shape {wanted}, got {getattr(result, 'shape', type(result).__name__)}"
        )
    return result


def pool1d(
    input: Any,
    function: Callable[[Any], Any],
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
) -> Any:
    """Any differentiable function over windows (N, C, L, k) of sequences; see `pool`."""
    return _pool("pool1d", 1, input, function, kernel_size, stride, padding, dilation)


def pool2d(
    input: Any,
    function: Callable[[Any], Any],
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
) -> Any:
    """Any differentiable function over windows (N, C, H, W, kH, kW) of images; see `pool`.

    Example:
        >>> import autograd, nn.functional as F
        >>> x = autograd.arange(4.0).reshape(1, 2, 2)
        >>> F.pool2d(x, lambda w: autograd.prod(w + 1.0, axis=(-2, -1)), 2).tolist()
        [[[24.0]]]
    """
    return _pool("pool2d", 2, input, function, kernel_size, stride, padding, dilation)


def pool3d(
    input: Any,
    function: Callable[[Any], Any],
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
) -> Any:
    """Any differentiable function over windows of volumes; see `pool`."""
    return _pool("pool3d", 3, input, function, kernel_size, stride, padding, dilation)


def _pool(who: str, n: int, input: Any, *window: Any) -> Any:
    return over_images(who, input, n, lambda x: pool(x, *window, who=who))
