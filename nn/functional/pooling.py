"""Pooling: maxima, averages, norms, and any function over windows."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from autograd.arguments import Window
from autograd.in_place import last_view
from nn.functional.inputs import floating, over_images
from nn.functional.ranks import Rank, by_rank

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


def _max_pool(
    at: Rank,
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
    given = kernel_size, stride, padding, dilation, ceil_mode, return_indices
    if len(getattr(input, "shape", ())) == at.n + 2:  # the common case, straight on
        return autograd.max_pool(input, *given, who=at.who)
    return over_images(at.who, input, at.n, lambda x: autograd.max_pool(x, *given, who=at.who))


def _max_unpool(
    at: Rank,
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
    who = at.who
    window = unpooling(at, kernel_size, stride, padding)
    input = floating(who, input)
    places = arguments.integer_array(who, "indices", indices)
    if places.shape != input.shape:
        raise ValueError(
            f"{who}: indices {places.shape} must have the shape of the input, {input.shape}"
        )

    def unpooled(x: Any) -> Any:
        size = _unpooled_size(who, x.shape[2:], window, output_size)
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

    return over_images(who, input, at.n, unpooled)


def _last_of_each(x: Any, places: np.ndarray[Any, Any], cells: int) -> Any:
    """x, with 0 where a later value goes to the same place."""
    planes = math.prod(places.shape[:2])
    flat = places.reshape(planes, math.prod(places.shape[2:]))
    last = np.empty((planes, cells), np.intp)  # read only where something goes
    order = np.arange(flat.shape[1])[None]
    np.put_along_axis(last, flat, order, axis=1)
    counts = np.take_along_axis(last, flat, axis=1) == order
    if counts.all():
        return x
    return autograd.where(counts.reshape(places.shape), x, 0.0)


def unpooling(at: Rank, kernel_size: Any, stride: Any, padding: Any) -> Window:
    """The window of the pooling that is undone; padding above half of it is not refused here."""
    if isinstance(kernel_size, Window):
        return Window.pooling(at.who, at.n, kernel_size, stride, padding)
    stride = None if isinstance(stride, (tuple, list)) and not stride else stride
    padding = arguments.integers(at.who, "padding", padding, at.n, 0)
    stride = kernel_size if stride is None else stride
    return Window.read(at.who, at.n, kernel_size, stride, padding)


def _unpooled_size(
    who: str, size: tuple[int, ...], window: Window, output_size: Any
) -> tuple[int, ...]:
    n, stride, usual = len(size), window.stride, window.inputs(size)
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


# Averages -----------------------------------------------------------------------------------------


def _avg_pool(
    at: Rank,
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
    if at.n == 3:
        _check_volume(at.who, input, kernel_size)
    given = kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
    return over_images(at.who, input, at.n, lambda x: autograd.avg_pool(x, *given, who=at.who))


def avg_pool1d(
    input: Any,
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The average of every window of sequences (N, C, L) or (C, L); see `avg_pool2d`."""
    at = Rank(1, "avg_pool1d")
    return _avg_pool(at, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


def _check_volume(who: str, input: Any, kernel_size: Any) -> None:
    """Refuse volumes smaller than the window: so does PyTorch, also where padding would do."""
    sizes = tuple(getattr(input, "shape", ())[-3:])
    if isinstance(kernel_size, Window):
        kernel = kernel_size.kernel
    else:
        kernel = arguments.integers(who, "kernel_size", kernel_size, 3)
    if any(n < k for n, k in zip(sizes, kernel, strict=False)):
        raise ValueError(
            f"{who}: kernel_size {kernel} is larger than the input "
            f"{'×'.join(str(n) for n in sizes)}; padding does not count here"
        )


# Norms --------------------------------------------------------------------------------------------


def _lp_pool(
    at: Rank,
    input: Any,
    norm_type: float,
    kernel_size: Any,
    stride: Any = None,
    ceil_mode: bool = False,
) -> Any:
    """(Σ xᵖ)^(1/p) over every window: the sum for p = 1, nearly the maximum for large p.

    Where a power might overflow, every window is divided by its largest |x| first. Where all cells are
    0, so is the gradient.

    Args:
        input: shape (N, C, H, W) or (C, H, W).
        norm_type: p, not 0; inf for the largest |x|, -inf for the smallest. With an odd p signs
            count, and the root of a negative sum is NaN.
        kernel_size, stride, ceil_mode: as in `avg_pool2d`. A window that hangs over the end is
            scaled as if it were whole.

    Returns:
        Shape (N, C, H′, W′), as `avg_pool2d`.

    Raises:
        ValueError: if a window does not fit, or for p = 0.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.lp_pool2d(autograd.tensor([[[3.0, 4.0]]]), 2, (1, 2)).tolist()
        [[[5.0]]]
    """
    p = norm(at.who, norm_type)
    if at.n == 3:
        _check_volume(at.who, input, kernel_size)
    window = Window.pooling(at.who, at.n, kernel_size, stride, 0, 1, ceil_mode)
    norms = arguments.in_single(lambda x: _norms(at, x, p, window))
    return over_images(at.who, input, at.n, norms)


def norm(who: str, norm_type: Any) -> float:
    """p, a number but 0."""
    p = arguments.real(who, "norm_type", norm_type)
    if p == 0:
        raise ValueError(f"{who}: norm_type must not be 0")
    return p


def _norms(at: Rank, x: Any, p: float, window: Window) -> Any:
    if math.isinf(p):
        sign = 1.0 if p > 0 else -1.0
        return autograd.max_pool(autograd.absolute(x) * sign, window, who=at.who) * sign
    if p > 0 and _is_moderate(x, p, math.prod(window.kernel)):
        powers = x if p == 1 else autograd.power(x, p)
        means = autograd.avg_pool(powers, window, count_include_pad=False, who=at.who)
        total = means * math.prod(window.kernel)
        return total if p == 1 else _root(total, p)
    sizes, axes = x.shape[2:], tuple(range(-at.n, 0))
    outputs = window.check_pooling(at.who, sizes)
    # What hangs over the end meets cells that add nothing, and the average is of the others.
    whole = window._replace(ceil_mode=False).inputs(outputs)
    over = any(w > size for w, size in zip(whole, sizes, strict=True))
    if over:
        beyond = [(0, max(w - size, 0)) for w, size in zip(whole, sizes, strict=True)]
        x = autograd.pad_constant(x, ((0, 0), (0, 0), *beyond), 0.0 if p > 0 else math.inf)
    x = autograd.windows(x, window._replace(ceil_mode=False), who=at.who)
    scale = 1.0 if p == 1 or x.dtype.kind != "f" else _largest(x, p, axes)
    zero = None
    if p < 0:  # a power of 0 is infinite and its root 0: neither is worked out, the gradient is 0
        values = np.asarray(_raw(x))
        zeros = values == 0
        if zeros.any():
            x = autograd.where(zeros, 1.0, x)
            zero = zeros.any(axes, keepdims=True) & ~np.isnan(values).any(axes, keepdims=True)
    total = autograd.sum(autograd.power(x / scale, p) if p != 1 else x, axes, keepdims=True)
    if over:
        shape = total.shape[2:]
        total = total * (math.prod(window.kernel) / _cells(sizes, window, outputs)).reshape(shape)
    if p != 1:
        total = _root(total, p) * scale
    if zero is not None:
        total = autograd.where(zero, 0.0, total)
    return last_view(autograd.squeeze, total, axes)


def _is_moderate(x: Any, p: float, cells: int) -> bool:
    """Whether no sum of |x|ᵖ over a window overflows, and no power loses digits by being too small.

    Then it is an average times the number of cells, and needs no windows.
    """
    if x.dtype.kind != "f" or not x.size:
        return False
    sizes, limits = np.abs(_raw(x)), np.finfo(x.dtype)
    largest = float(sizes.max())
    least = float(sizes.min(where=sizes > 0, initial=1.0))
    if not 0.0 < largest < math.inf:
        return largest == 0.0
    return (
        p * math.log(largest) + math.log(cells) < math.log(limits.max) - 1.0
        and p * math.log(least) > math.log(limits.tiny) + 1.0
    )


def _root(total: Any, p: float) -> Any:
    """total^(1/p), with gradient 0 where it is 0 (or, for p < 0, infinite)."""
    nothing = np.asarray(_raw(total) == 0)
    with np.errstate(invalid="ignore"):  # the root of a negative sum is NaN, as told
        if total.dtype.kind != "f" or not nothing.any():
            return autograd.power(total, 1.0 / p)
        root = autograd.power(autograd.where(nothing, 1.0, total), 1.0 / p)
    return autograd.where(nothing, 0.0 if p > 0 else math.inf, root)


def _largest(x: Any, p: float, axes: tuple[int, ...]) -> Any:
    """The |x| of every window whose power counts most: a scale at which no power overflows."""
    sizes = abs(_raw(x))
    scale = np.asarray((sizes.max if p > 0 else sizes.min)(axis=axes, keepdims=True))
    return np.where((scale > 0) & np.isfinite(scale), scale, scale.dtype.type(1))


def _cells(sizes: tuple[int, ...], window: Window, outputs: tuple[int, ...]) -> Any:
    """How many cells of the image each window meets."""
    counts = np.ones(())
    for size, k, s, n in zip(sizes, window.kernel, window.stride, outputs, strict=True):
        starts = np.arange(n) * s
        counts = np.multiply.outer(counts, np.minimum(starts + k, size) - starts)
    return counts


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, autograd.Tensor) else x


# Adaptive -----------------------------------------------------------------------------------------


def _adaptive_avg_pool(at: Rank, input: Any, output_size: Any) -> Any:
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
    return _adaptive(at, input, output_size, autograd.adaptive_avg_pool)


def _adaptive_max_pool(at: Rank, input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over windows chosen so that the result has a given size.

    Args:
        input, output_size: as in `adaptive_avg_pool2d`.
        return_indices: also give where they lie, flat in the plane (int64).
    """
    both = arguments.boolean(at.who, "return_indices", return_indices)

    def maxima(x: Any, size: tuple[int, ...], *, who: str) -> Any:
        return autograd.adaptive_max_pool(x, size, both, who=who)

    return _adaptive(at, input, output_size, maxima)


def _adaptive(at: Rank, input: Any, output_size: Any, function: Callable[..., Any]) -> Any:
    wanted = adaptive_size(at.who, output_size, at.n)

    def pooled(x: Any) -> Any:
        size = tuple(own if w is None else w for w, own in zip(wanted, x.shape[2:], strict=True))
        return function(x, size, who=at.who)

    return over_images(at.who, input, at.n, pooled)


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
    if not isinstance(kernel_size, Window):
        kernel_size = arguments.integers(who, "kernel_size", kernel_size, n)
        absent = stride is None or (isinstance(stride, (tuple, list)) and not stride)
        stride = kernel_size if absent else stride
    windows = autograd.windows(
        input, kernel_size, 1 if stride is None else stride, padding, dilation, who=who
    )
    result = function(windows)
    wanted = windows.shape[: 2 + n]
    if getattr(result, "shape", None) != wanted:
        raise ValueError(
            f"{who}: function must reduce the last {n} axes of the windows {windows.shape} and "
            f"give shape {wanted}, got {getattr(result, 'shape', type(result).__name__)}"
        )
    return result


def _pool(
    at: Rank,
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
    given = function, kernel_size, stride, padding, dilation
    return over_images(at.who, input, at.n, lambda x: pool(x, *given, who=at.who))


max_pool1d, max_pool2d, max_pool3d = by_rank(_max_pool)
max_unpool1d, max_unpool2d, max_unpool3d = by_rank(_max_unpool)
_, avg_pool2d, avg_pool3d = by_rank(_avg_pool)
lp_pool1d, lp_pool2d, lp_pool3d = by_rank(_lp_pool)
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = by_rank(_adaptive_avg_pool)
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = by_rank(_adaptive_max_pool)
pool1d, pool2d, pool3d = by_rank(_pool)
