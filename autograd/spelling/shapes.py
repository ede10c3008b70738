"""Shapes, joining and cutting in PyTorch's spelling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, raw
from autograd.arguments.dtypes import check_dtype
from autograd.core.tensor import Tensor
from autograd.ops.images.windows import sliding_window_view
from autograd.ops.indexing import _getitem, getitem
from autograd.ops.products import outer
from autograd.ops.reductions import broadcast_to
from autograd.ops.shapes import concatenate, expand_dims, moveaxis, ravel, reshape, swapaxes
from autograd.ops.shapes import flip as reverse
from autograd.ops.shapes import squeeze as squeeze_axes
from autograd.ops.shapes import transpose as reorder
from autograd.ops.split_and_stack import broadcast_arrays, meshgrid, unstack
from autograd.ops.split_and_stack import repeat as repeat_elements
from autograd.ops.split_and_stack import tile as tile_by
from autograd.spelling.differences import differs
from autograd.spelling.operands import once, operands

# The same elements in another shape --------------------------------------------------------------


def together(values: tuple[Any, ...]) -> Any:
    """``f(2, 3)`` as well as ``f((2, 3))``: the sizes that were meant, as one sequence."""
    if (
        len(values) == 1
        and hasattr(raw(values[0]), "__len__")
        and getattr(values[0], "ndim", None) != 0
    ):
        return values[0]
    return values


def view(x: Any, *shape: Any) -> Any:
    """``x.reshape(shape)``: ``x.view(2, 3)``, ``x.view((2, -1))``; with a dtype it is refused."""
    sizes = together(shape)
    if len(shape) == 1 and not hasattr(raw(shape[0]), "__len__"):
        if not arguments.is_integer(shape[0]):
            check_dtype("view", shape[0])
            raise TypeError(
                "view: the bits of a tensor cannot be read as another dtype; "
                "x.to(dtype) converts the numbers"
            )
    return reshape(x, sizes)


def view_as(x: Any, other: Any) -> Any:
    """``x.reshape(other.shape)``."""
    return reshape(x, other.shape)


reshape_as = view_as


@operands("x")
def unflatten(x: Any, dim: Any, sizes: Any) -> Any:
    """One axis as several, of the sizes given: the reverse of ``flatten``."""
    dim = arguments.axis("unflatten", dim, len(x.shape), "dim")
    sizes = tuple(sizes)
    inner = np.broadcast_to(np.int8(0), (x.shape[dim],))  # takes no memory; infers a −1
    return reshape(x, (*x.shape[:dim], *reshape(inner, sizes).shape, *x.shape[dim + 1 :]))


def unsqueeze(x: Any, dim: Any) -> Any:
    """``x.expand_dims(dim)``."""
    return expand_dims(x, dim)


def squeeze(x: Any, axis: Any = None, *, dim: Any = None) -> Any:
    """``x`` without axes of size 1. ``dim=`` leaves axes of another size; ``axis=`` refuses them."""
    once("squeeze", axis=axis, dim=dim)
    if dim is None:
        return squeeze_axes(x) if axis is None else squeeze_axes(x, axis)
    dims = arguments.axes("squeeze", dim, len(x.shape), "dim")
    return squeeze_axes(x, axis=tuple([d for d in dims if x.shape[d] == 1]))


def expand(x: Any, *sizes: Any) -> Any:
    """``x.broadcast_to(sizes)``, where −1 keeps a length: ``x.expand(8, -1, -1)``."""
    wanted = tuple(together(sizes))
    new = len(wanted) - len(x.shape)
    if new < 0:
        raise ValueError(
            f"expand: sizes {arguments.shown(wanted)} are fewer than the axes of a tensor of shape "
            f"{tuple(x.shape)}"
        )
    shape = []
    for k, n in enumerate(wanted):
        n = arguments.integer("expand", f"sizes[{k}]", n, -1)
        if n >= 0:
            shape.append(n)
        elif k >= new:
            shape.append(x.shape[k - new])
        else:
            raise ValueError(
                f"expand: −1 keeps a length, but the new axes of {wanted} have none yet"
            )
    return broadcast_to(x, shape=tuple(shape))


def expand_as(x: Any, other: Any) -> Any:
    """``x.broadcast_to(other.shape)``."""
    return broadcast_to(x, other.shape)


def broadcast_tensors(*tensors: Any) -> Any:
    """``autograd.broadcast_arrays(*tensors)``."""
    return broadcast_arrays(*tensors)


# Orders of axes -----------------------------------------------------------------------------------


@operands("x")
def t(x: Any) -> Any:
    """``x.T`` of a matrix or a vector."""
    if len(x.shape) > 2:
        raise ValueError(f"t: expected at most two axes, got shape {tuple(x.shape)}; "
                         "x.mT exchanges the last two")  # fmt: skip
    return reorder(x)


def adjoint(x: Any) -> Any:
    """``x.mT``: tensors are real."""
    return swapaxes(x, -2, -1)


def swapdims(x: Any, dim0: Any, dim1: Any) -> Any:
    """``x.swapaxes(dim0, dim1)``."""
    return swapaxes(x, dim0, dim1)


def movedim(x: Any, source: Any, destination: Any) -> Any:
    """``x.moveaxis(source, destination)``."""
    return moveaxis(x, source, destination)


def permute(x: Any, *order: Any, dims: Any = None) -> Any:
    """``x.transpose(dims)``: ``x.permute(0, 2, 1)``."""
    once("permute", order=order, dims=dims)
    return reorder(x, tuple(together(order) if dims is None else dims))


def transpose(x: Any, *axes: Any, dim0: Any = None, dim1: Any = None) -> Any:
    """Axes in another order, or two exchanged.

    ``x.transpose((2, 0, 1))`` and ``x.transpose(2, 0, 1)`` name the old axis at each new place;
    none reverses them all. Two numbers for a tensor of three axes and more can mean only what
    PyTorch means: exchange the two. For a matrix they are the order; PyTorch would exchange there,
    too, which ``x.transpose(0, 1)`` warns of.
    """
    if dim0 is not None or dim1 is not None:
        return swapaxes(x, *axes, *[d for d in (dim0, dim1) if d is not None])
    if len(axes) == 2 and all(map(arguments.is_integer, axes)):
        ndim = len(x.shape)
        if ndim != 2:
            return swapaxes(x, *axes)
        if unclear_transpose(x, *axes):
            differs("transpose")
    return reorder(x, (axes[0] if axes[0] is None else together(axes)) if axes else None)


def unclear_transpose(x: Any, *axes: Any) -> str | None:
    """The name of the difference where two axes of a matrix would be exchanged, too."""
    if len(axes) != 2 or not all(map(arguments.is_integer, axes)) or len(x.shape) != 2:
        return None
    in_order = axes[0] % 2 == 0  # and the other is 1: twice the same is no order
    return "transpose" if in_order and tuple(x.shape) not in ((0, 0), (1, 1)) else None


def exchanged(x: Any, *given: Any, dims: Any = None, dim0: Any = None, dim1: Any = None) -> Any:
    """``autograd.transpose(x, dim0, dim1)``: two axes exchanged; ``dims=`` is their order."""
    if dims is not None:
        return reorder(x, tuple(dims), *given)
    given = (*given, *[d for d in (dim0, dim1) if d is not None])
    if len(given) != 2:
        raise TypeError(f"transpose: give the order of the axes, or two to exchange, got {given}")
    return swapaxes(x, *given)


# Joining and cutting ------------------------------------------------------------------------------


def cat(tensors: Sequence[Any], dim: Any = 0) -> Any:
    """``autograd.concatenate(tensors, dim)``; empty vectors among other shapes are left out."""
    if isinstance(tensors, (list, tuple)):
        shapes = {tuple(x.shape) for x in tensors if hasattr(x, "shape")}
        if (0,) in shapes and any(len(shape) != 1 for shape in shapes):
            tensors = [x for x in tensors if tuple(x.shape) != (0,)]
    return concatenate(tensors, dim)


def _lengths(who: str, x: Any, lengths: Sequence[int], dim: int) -> tuple[Any, ...]:
    x, ends = array_like(who, x), list(itertools.accumulate(lengths))
    before = (slice(None),) * dim
    return tuple(
        [_getitem(x, index=(*before, slice(a, b))) for a, b in zip([0, *ends], ends, strict=False)]
    )


@operands("x")
def chunk(x: Any, chunks: Any, dim: Any = 0) -> tuple[Any, ...]:
    """At most so many parts along an axis, all of one length but for the last."""
    count = arguments.integer("chunk", "chunks", chunks)
    dim = arguments.axis("chunk", dim, len(x.shape), "dim")
    if not x.shape[dim]:
        return split_by(x, [0] * count, dim)
    return split_by(x, -(-x.shape[dim] // count), dim)


def split_by(x: Any, size: Any, dim: Any = 0) -> tuple[Any, ...]:
    """Parts of one length along an axis (the last may be shorter), or of the lengths listed."""
    dim = arguments.axis("split", dim, len(x.shape), "dim")
    n = x.shape[dim]
    if arguments.is_integer(raw(size)):
        length = arguments.integer("split", "split_size", raw(size))
        lengths = [length] * max(-(-n // length), 1)  # a slice ends where the axis does
    else:
        lengths = [arguments.integer("split", "a length", k, 0) for k in together((size,))]
        if sum(lengths) != n:
            raise ValueError(
                f"split: the lengths {lengths} add up to {sum(lengths)}, but axis {dim} of "
                f"{tuple(x.shape)} has {n}"
            )
    return _lengths("split", x, lengths, dim)


def unbind(x: Any, dim: Any = 0) -> Any:
    """``x.unstack(dim)``."""
    return unstack(x, dim)


@operands("x")
def narrow(x: Any, dim: Any, start: Any, length: Any) -> Any:
    """So many places along an axis, from one on: a slice."""
    dim = arguments.axis("narrow", dim, len(x.shape), "dim")
    n = x.shape[dim]
    start = arguments.integer("narrow", "start", start, None)
    length = arguments.integer("narrow", "length", length, 0)
    first = start + n if start < 0 else start
    if not 0 <= first <= first + length <= n:
        raise IndexError(
            f"narrow: {length} places from {start} on do not lie within axis {dim} of "
            f"{tuple(x.shape)}"
        )
    return getitem(x, (*(slice(None),) * dim, slice(first, first + length)))


def select(x: Any, dim: Any, index: Any) -> Any:
    """One place along an axis, without that axis: ``x[..., index]``."""
    dim = arguments.axis("select", dim, len(x.shape), "dim")
    return getitem(x, (*(slice(None),) * dim, arguments.integer("select", "index", index, None)))


def unfold(x: Any, dimension: Any, size: Any, step: Any) -> Any:
    """Windows along an axis, so many places apart, in a new last axis: a view."""
    axis = arguments.axis("unfold", dimension, len(x.shape) or 1, "dimension")
    if not x.shape:  # a number is one window
        return reshape(unfold(ravel(x), axis, size, step), (-1,))
    step = arguments.integer("unfold", "step", step)
    windows = sliding_window_view(x, size, axis)
    return getitem(windows, (*(slice(None),) * axis, slice(None, None, step)))


# Repeating ----------------------------------------------------------------------------------------


def tile(x: Any, *reps: Any, dims: Any = None) -> Any:
    """``autograd.tile(x, reps)``: ``x.tile((2, 1))`` and ``x.tile(2, 1)``."""
    once("tile", reps=reps, dims=dims)
    return tile_by(x, together(reps) if dims is None else dims)


_UNSAID: Any = object()


def repeat(x: Any, *repeats: Any, axis: Any = _UNSAID, sizes: Any = None) -> Any:
    """Every element several times in a row, as ``autograd.repeat(x, repeats, axis)``.

    PyTorch would set the whole of x side by side, as ``x.tile(2, 1)`` does. ``x.repeat(2, 1)`` is
    (repeats, axis), and warns of it; what cannot be that, as ``x.repeat(8, 1, 1)``, is PyTorch's.
    So is ``x.repeat((8, 1))``, unless x has just as many elements, each of which it may count.
    """
    if sizes is not None:
        once("repeat", sizes=sizes, repeats=repeats, axis=None if axis is _UNSAID else axis)
        return tile_by(x, sizes)
    if axis is not _UNSAID:
        return repeat_elements(x, together(repeats), axis)
    if len(repeats) == 1 and isinstance(repeats[0], (tuple, list)):
        if len(repeats[0]) != np.size(raw(x)) and len(repeats[0]) >= len(x.shape):
            return tile_by(x, repeats[0])
        if unclear_repeat(x, *repeats[0]):
            differs("repeat")
    if repeats and all(map(arguments.is_integer, repeats)):
        ndim = len(x.shape)
        ours = len(repeats) == 1 or (len(repeats) == 2 and -ndim <= repeats[1] < ndim)
        if len(repeats) >= ndim and not ours:
            return tile_by(x, repeats)
        if unclear_repeat(x, *repeats):
            differs("repeat")
    if not repeats:
        raise TypeError("repeat: give how often each element comes, or sizes")
    return repeat_elements(x, repeats[0], *repeats[1:])


def unclear_repeat(x: Any, *repeats: Any) -> str | None:
    """The name of the difference where PyTorch would set x side by side."""
    if not repeats or not all(map(arguments.is_integer, repeats)) or len(repeats) < len(x.shape):
        return None
    if min(repeats) < 0:  # an axis counted from the end: PyTorch has no such sizes
        return None
    unchanged = set(repeats) == {1} and len(repeats) == len(x.shape)
    alike = x.size == 1 == len(repeats) or unchanged
    return None if alike else "repeat"


def repeat_interleave(
    x: Any, repeats: Any = None, dim: Any = None, *, output_size: Any = None
) -> Any:
    """Every element several times in a row: ``autograd.repeat(x, repeats, axis=dim)``.

    Of repeats alone: each place as often as they say. ``output_size`` is what they must add up to.
    """
    if repeats is None:
        x, repeats, dim = np.arange(len(raw(x))), x, 0
        x = Tensor(x)
    found = repeat_elements(x, repeats, dim)
    length = found.shape[0 if dim is None else dim]
    if output_size is not None and arguments.integer(
        "repeat_interleave", "output_size", output_size, 0
    ) != length:  # fmt: skip
        raise ValueError(
            f"repeat_interleave: output_size={output_size}, but the repeats add up to {length}"
        )
    return found


def flip(x: Any, *given: Any, axis: Any = None, dims: Any = None) -> Any:
    """``autograd.flip(x, dims)``: ``x.flip(0, 1)``, ``x.flip((0, 1))``, ``x.flip(axis=0)``."""
    once("flip", dims=dims, axis=axis if axis is not None else given)
    if not given:
        return reverse(x, axis if dims is None else dims)
    return reverse(x, given[0] if len(given) == 1 else tuple(given))


# Grids --------------------------------------------------------------------------------------------


def cartesian_prod(*vectors: Any) -> Any:
    """Every combination of the vectors' elements, one a row."""
    grids = meshgrid(*vectors, indexing="ij")
    columns = [reshape(g, (-1, 1)) for g in grids]
    return columns[0].ravel() if len(columns) == 1 else concatenate(columns, 1)


def block_diag(*tensors: Any) -> Any:
    """Matrices along the diagonal of one, zeros elsewhere; numbers and vectors count as rows."""
    from autograd.creation import zeros
    from autograd.ops.split_and_stack import atleast_2d

    parts = [atleast_2d(array_like("block_diag", x, *tensors)) for x in tensors]
    width = sum(p.shape[1] for p in parts)
    rows, left = [], 0
    for p in parts:
        n, m = p.shape
        sides = [zeros(n, left, dtype=p.dtype), p, zeros(n, width - left - m, dtype=p.dtype)]
        rows.append(concatenate(sides, 1))
        left += m
    return concatenate(rows, 0)


def _triangle_indices(function: Any, row: Any, col: Any, offset: Any, who: str) -> Any:
    row, col = arguments.integer(who, "row", row, 0), arguments.integer(who, "col", col, 0)
    offset = arguments.integer(who, "offset", offset, None)
    return Tensor(np.stack(function(row, offset, col)))


def tril_indices(row: Any, col: Any, offset: Any = 0, **options: Any) -> Any:
    """Rows and columns of the places in the lower triangle of a matrix: (2, count)."""
    return _triangle_indices(np.tril_indices, row, col, offset, "tril_indices")


def triu_indices(row: Any, col: Any, offset: Any = 0, **options: Any) -> Any:
    """Rows and columns of the places in the upper triangle of a matrix: (2, count)."""
    return _triangle_indices(np.triu_indices, row, col, offset, "triu_indices")


@operands("x", "vec2")
def ger(x: Any, vec2: Any) -> Any:
    """``autograd.outer(x, vec2)``."""
    return outer(ravel(x), ravel(vec2))
