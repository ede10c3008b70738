"""Sliding windows and their adjoint, and picking one cell out of every window.

``windows`` turns any differentiable function into a pooling: ``windows(x, ...)`` has the kernel's
axes last, and the function reduces them. Its adjoint, ``fold_windows``, adds every cell back to
where it came from. ``take_windows`` and ``scatter_windows`` are the same pair for one cell per
window, given by an index: what max pooling is made of.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from autograd import arguments
from autograd.arguments.arrays import array_like, floating
from autograd.arguments.limits import check_bytes
from autograd.arguments.window import Window
from autograd.core.primitive import primitive
from autograd.kernels import windows as kernels
from autograd.kernels.pooling import maximum as pooling_kernels
from autograd.ops.shapes import moveaxis, reshape

__all__ = ["fold_windows", "scatter_windows", "sliding_window_view", "take_windows", "windows"]


_windows = primitive(kernels.windows)
_fold_windows = primitive(kernels.fold_windows)

_windows.gradients(
    x=lambda g, x_shape, window: _fold_windows(g, input_shape=x_shape[2:], window=window)
)
_fold_windows.gradients(w=lambda g, window: _windows(g, window=window))


def windows(
    x: Any,
    kernel_shape: Any,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    *,
    who: str = "windows",
) -> Any:
    """All windows of images, with the axes of the window last.

    Args:
        x: shape (N, C, *S), one to three spatial axes.
        kernel_shape: size of the window, an integer or one per spatial axis; or a `Window`, which
            says the rest, too.
        stride, dilation: positive integers, one or one per axis.
        padding: zeros around x: an integer, one per axis, or pairs (before, after).

    Returns:
        Shape (N, C, *L, *K). Without padding it is a view that repeats memory, not bytes.

    Raises:
        ValueError: if the window does not fit the padded input.

    Example:
        >>> import autograd as ag
        >>> ag.windows(ag.tensor([[[1.0, 2.0, 3.0]]]), 2).max(axis=-1)  # max pooling
        Tensor([[[2., 3.]]])
    """
    x = floating(who, "x", x)
    n = _spatial(who, "x", x.shape)
    window = Window.read(who, n, kernel_shape, stride, padding, dilation, "kernel_shape")
    window.check(who, x.shape[2:], "window")
    check_bytes(who, (*x.shape[:2], *window.padded(x.shape[2:])), x.dtype)
    # What is never stepped over must not overflow in the strides of the view either.
    return _windows(x, window=window.shortened(x.shape[2:]))


def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, writeable: bool = False
) -> Any:
    """All windows along any axes, as NumPy has them: ``windows`` for arrays that are no images.

    Args:
        x: any shape.
        window_shape: a size, or one for every axis that is slid along.
        axis: which axes; default all. One that is named twice is slid along twice.
        writeable: must be False: cells that windows share cannot be written one by one.

    Returns:
        The shape of x, shorter by size − 1 along each axis, and then ``window_shape``.

    Raises:
        ValueError: for windows larger than x, or as many sizes as there are no axes.

    Example:
        >>> import autograd as ag
        >>> ag.sliding_window_view(ag.tensor([1.0, 2.0, 4.0]), 2).tolist()
        [[1.0, 2.0], [2.0, 4.0]]
    """
    who = "sliding_window_view"
    if arguments.boolean(who, "writeable", writeable):
        raise ValueError(f"{who}: writeable must be False; windows share their cells")
    x = array_like(who, x)
    rank = len(x.shape)
    axes = (
        list(range(rank)) if axis is None else axis if isinstance(axis, (tuple, list)) else [axis]
    )
    axes = [arguments.axis(who, a, rank) for a in axes]
    given = len(window_shape) if isinstance(window_shape, (tuple, list)) else 1
    if given != len(axes):
        raise ValueError(
            f"{who}: window_shape must hold one size for each of the axes {tuple(axes)} of "
            f"{x.shape}, got {arguments.shown(window_shape)}"
        )
    sizes = arguments.integers(who, "window_shape", window_shape, given)
    for a, size in zip(axes, sizes, strict=True):
        if size > x.shape[a]:
            raise ValueError(
                f"{who}: a window of {size} does not fit axis {a} of {x.shape}, whose windows are "
                f"{sizes} along {tuple(axes)}"
            )
        moved = moveaxis(x, a, -1)
        lines = reshape(moved, (1, math.prod(moved.shape[:-1]), moved.shape[-1]))
        seen = _windows(lines, window=Window.read(who, 1, size))
        x = moveaxis(reshape(seen, (*moved.shape[:-1], *seen.shape[2:])), -2, a)
    return x


def fold_windows(
    w: Any, input_shape: Sequence[int], stride: Any = 1, padding: Any = 0, dilation: Any = 1
) -> Any:
    """The adjoint of ``windows``: add every cell of every window back to its place.

    Args:
        w: shape (N, C, *L, *K), as ``windows`` gives it.
        input_shape: spatial shape S of the images.
        stride, padding, dilation: as for ``windows``.

    Returns:
        Shape (N, C, *S).

    Raises:
        ValueError: if L is not the number of windows of that size in such images.

    Example:
        >>> import autograd as ag
        >>> ag.fold_windows(ag.tensor([[[[1.0, 1.0], [1.0, 1.0]]]]), (3,))
        Tensor([[[1., 2., 1.]]])
    """
    who = "fold_windows"
    w = floating(who, "w", w)
    n = (len(w.shape) - 2) // 2
    if not 1 <= n <= 3 or len(w.shape) != 2 + 2 * n:
        raise ValueError(f"{who}: w must be (N, C, *L, *K) with one to three axes, got {w.shape}")
    input_shape = arguments.integers(who, "input_shape", input_shape, n, 0)
    window = Window.read(who, n, w.shape[2 + n :], stride, padding, dilation, "kernel_shape")
    counts = window.check(who, input_shape, "window")
    if counts != w.shape[2 : 2 + n]:
        raise ValueError(
            f"{who}: images of {input_shape} have {counts} windows, but w {w.shape} holds "
            f"{w.shape[2 : 2 + n]}"
        )
    return _fold_windows(w, input_shape=input_shape, window=window)


def _spatial(who: str, name: str, shape: tuple[int, ...]) -> int:
    n = len(shape) - 2
    if not 1 <= n <= 3:
        raise ValueError(
            f"{who}: {name} must be (N, C, *S) with one to three spatial axes, got shape {shape}"
        )
    return n


# One cell per window ------------------------------------------------------------------------------


_take_windows = primitive(pooling_kernels.take_windows)
_scatter_windows = primitive(pooling_kernels.scatter_windows)

_take_windows.gradients(
    x=lambda g, indices, x_shape: _scatter_windows(g, indices, input_shape=x_shape[2:])
)
_scatter_windows.gradients(y=lambda g, indices: _take_windows(g, indices))


def take_windows(x: Any, indices: Any) -> Any:
    """Pick cells of every plane by flat index: ``y[n, c, l] = x[n, c].ravel()[indices[n, c, l]]``.

    Args:
        x: shape (N, C, *S).
        indices: integers, shape (N, C, *L), into the flattened plane.

    Returns:
        Shape (N, C, *L).

    Raises:
        IndexError: for an index outside of the plane; ValueError: for shapes that do not fit.
    """
    who = "take_windows"
    x = floating(who, "x", x)
    _spatial(who, "x", x.shape)
    indices = check_indices(who, indices, x.shape[:2], x.shape[2:])
    return _take_windows(x, indices)


def scatter_windows(y: Any, indices: Any, input_shape: Sequence[int]) -> Any:
    """The adjoint of ``take_windows``: add every y to the cell its index names.

    Args:
        y: shape (N, C, *L); indices: integers of that shape.
        input_shape: spatial shape S of the planes.

    Returns:
        Shape (N, C, *S); cells that no index names are 0.
    """
    who = "scatter_windows"
    y = floating(who, "y", y)
    n = _spatial(who, "y", y.shape)
    input_shape = arguments.integers(who, "input_shape", input_shape, n, 0)
    indices = check_indices(who, indices, y.shape[:2], input_shape)
    if indices.shape != y.shape:
        raise ValueError(f"{who}: indices {indices.shape} must have the shape of y, {y.shape}")
    return _scatter_windows(y, indices, input_shape=input_shape)


def check_indices(who: str, indices: Any, images: Any, plane: Any) -> Any:
    """Flat indices into planes as an integer array, checked."""
    array = arguments.integer_array(who, "indices", indices)
    if array.shape[:2] != tuple(images):
        raise ValueError(
            f"{who}: indices {array.shape} must begin with the batch and channels {tuple(images)}"
        )
    cells = math.prod(plane)
    if array.size and (array.min() < 0 or array.max() >= cells):
        raise IndexError(
            f"{who}: indices must lie from 0 to {cells - 1} for planes of {tuple(plane)}, "
            f"got {array.min()} to {array.max()}"
        )
    return array
