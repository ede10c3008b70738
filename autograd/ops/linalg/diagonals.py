"""Diagonals, triangles and rotations of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, ndim_of, shape_of
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import flip, ravel, swapaxes

__all__ = ["diag", "diagflat", "diagonal", "fliplr", "flipud", "rot90", "trace", "tril", "triu"]


# Diagonals ----------------------------------------------------------------------------------------


@primitive
def diagonal(x: Any, *, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonal of the planes that two axes span, as a last axis (a view).

    Args:
        offset: which diagonal: 0 the main one, above it positive, below it negative.
        axis1, axis2: the rows' and the columns' axis.

    Raises:
        ValueError: if there are fewer than two axes, or the two are the same.
    """
    x = array_like("diagonal", x)
    first, second = _plane("diagonal", x.ndim, axis1, axis2)
    return x.diagonal(_offset("diagonal", "offset", offset, x.shape), first, second)


@primitive(name="put_diagonal")
def _put_diagonal(x: Any, *, offset: int, axis1: int, axis2: int, shape: Any) -> Any:
    """Zeros of ``shape`` with x on a diagonal: the adjoint of ``diagonal``."""
    check_bytes("diagonal", shape, x.dtype)
    out = np.zeros(shape, x.dtype)
    offset = _offset("diagonal", "offset", offset, shape)
    planes = np.moveaxis(out, (axis1, axis2), (-2, -1))
    rows = np.arange(x.shape[-1]) + max(-offset, 0)
    planes[..., rows, rows + offset] = x
    return out


diagonal.gradients(
    x=lambda g, offset, axis1, axis2, x_shape: _put_diagonal(
        g, offset=offset, axis1=axis1, axis2=axis2, shape=x_shape
    )
)
_put_diagonal.gradients(x=lambda g, offset, axis1, axis2: diagonal(g, offset, axis1, axis2))


def _plane(who: str, ndim: int, axis1: Any, axis2: Any) -> tuple[int, int]:
    if ndim < 2:
        raise ValueError(f"{who}: a diagonal needs two axes, the array has {ndim}")
    first = arguments.axis(who, axis1, ndim, "axis1")
    second = arguments.axis(who, axis2, ndim, "axis2")
    if first == second:
        raise ValueError(f"{who}: axis1={axis1} and axis2={axis2} are the same axis")
    return first, second


def _offset(who: str, name: str, value: Any, shape: tuple[int, ...]) -> int:
    """Which diagonal; beyond the corners all are alike, and NumPy wants a small number."""
    furthest = max(shape, default=0) + 1
    return min(max(arguments.integer(who, name, value, None), -furthest), furthest)


def diag(v: Any, k: int = 0) -> Any:
    """The k-th diagonal of a matrix; or, of a vector, the matrix that has it there.

    Raises:
        ValueError: unless v has one or two axes.
    """
    ndim = ndim_of("diag", v)
    k = arguments.integer("diag", "k", k, None)
    if ndim == 2:
        return diagonal(v, k)
    if ndim != 1:
        raise ValueError(f"diag: v must be a vector or a matrix, got shape {shape_of('diag', v)}")
    n = shape_of("diag", v)[0] + abs(k)
    v = array_like("diag", v)
    check_bytes("diag", (n, n), v.dtype)
    return _put_diagonal(v, offset=k, axis1=0, axis2=1, shape=(n, n))


def diagflat(v: Any, k: int = 0) -> Any:
    """A matrix with the elements of v, ravelled, on its k-th diagonal."""
    return diag(ravel(v), k)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Sum along the diagonal of the planes that two axes span; see ``diagonal``."""
    _plane("trace", ndim_of("trace", x), axis1, axis2)
    return sum_(diagonal(x, offset, axis1, axis2), -1)


# Triangles ----------------------------------------------------------------------------------------


def _triangle(who: str, function: Any, x: Any, k: Any) -> Any:
    x = array_like(who, x)
    if x.ndim < 2:
        raise ValueError(f"{who}: x must have at least two axes, got shape {x.shape}")
    return function(x, _offset(who, "k", k, x.shape))


@primitive
def tril(x: Any, *, k: int = 0) -> Any:
    """Matrices with zeros above the k-th diagonal, over the last two axes.

    Raises:
        ValueError: if there are fewer than two axes.
    """
    return _triangle("tril", np.tril, x, k)


@primitive
def triu(x: Any, *, k: int = 0) -> Any:
    """Matrices with zeros below the k-th diagonal, over the last two axes.

    Raises:
        ValueError: if there are fewer than two axes.
    """
    return _triangle("triu", np.triu, x, k)


tril.gradients(x=lambda g, k: tril(g, k))
triu.gradients(x=lambda g, k: triu(g, k))


# Turning ------------------------------------------------------------------------------------------


def flipud(m: Any) -> Any:
    """m with its first axis reversed."""
    _need_axes("flipud", m, 1)
    return flip(m, 0)


def fliplr(m: Any) -> Any:
    """m with its second axis reversed."""
    _need_axes("fliplr", m, 2)
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """m turned by k quarters, from the first of two axes towards the second.

    Raises:
        ValueError: unless ``axes`` are two different ones.
    """
    pair = arguments.axes("rot90", axes, ndim_of("rot90", m), "axes")
    if len(pair) != 2:
        raise ValueError(f"rot90: axes must be two, got {axes}")
    quarters = arguments.integer("rot90", "k", k, None) % 4
    if quarters == 0:
        return flip(m, ())
    if quarters == 2:
        return flip(m, pair)
    if quarters == 1:
        return swapaxes(flip(m, pair[1]), *pair)
    return flip(swapaxes(m, *pair), pair[1])


def _need_axes(who: str, m: Any, count: int) -> None:
    if ndim_of(who, m) < count:
        raise ValueError(f"{who}: m needs {count} or more axes, got shape {shape_of(who, m)}")
