"""Splitting, repeating, rolling and stacking, after NumPy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import (
    array_like,
    broadcast_shape,
    ndim_of,
    raw,
    shape_of,
    shape_tuple,
)
from autograd.arguments.dtypes import as_array
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor
from autograd.ops.images.padding import pad_constant, take_axis
from autograd.ops.indexing import _getitem
from autograd.ops.reductions import broadcast_to
from autograd.ops.shapes import (
    concatenate,
    expand_dims,
    ravel,
    reshape,
    sequence_of_arrays,
    swapaxes,
)

__all__ = [
    "append",
    "array_split",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "column_stack",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "matrix_transpose",
    "meshgrid",
    "pad",
    "repeat",
    "roll",
    "split",
    "tile",
    "unstack",
    "vsplit",
    "vstack",
]


# Splitting ----------------------------------------------------------------------------------------


#: Parts that an axis may be cut into although it is shorter.
_FEW = 1 << 16


def split(x: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    """Parts of x along an axis, as views.

    Args:
        indices_or_sections: a number of equal parts, or the places to cut at.

    Raises:
        ValueError: if the axis cannot be divided into that many equal parts.

    Example:
        >>> import autograd as ag
        >>> [part.tolist() for part in ag.split(ag.arange(4), [1, 3], axis=0)]
        [[0], [1, 2], [3]]
    """
    return _split("split", x, indices_or_sections, axis, equal=True)


def array_split(x: Any, indices_or_sections: Any, axis: Any = 0) -> list[Any]:
    """As ``split``, but parts may differ by one in length: the first ones are longer."""
    return _split("array_split", x, indices_or_sections, axis, equal=False)


def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the first axis of at least two."""
    return _split_axis("vsplit", x, indices_or_sections, 0, 2)


def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the second axis, or the only one."""
    return _split_axis("hsplit", x, indices_or_sections, 1 if ndim_of("hsplit", x) > 1 else 0, 1)


def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """``split`` along the third axis."""
    return _split_axis("dsplit", x, indices_or_sections, 2, 3)


def _split_axis(who: str, x: Any, where: Any, axis: int, ndim: int) -> list[Any]:
    if ndim_of(who, x) < ndim:
        raise ValueError(f"{who}: x must have {ndim} or more axes, got shape {shape_of(who, x)}")
    return _split(who, x, where, axis, equal=True)


def _split(who: str, x: Any, where: Any, axis: Any, equal: bool) -> list[Any]:
    x = array_like(who, x)
    axis = arguments.axis(who, axis, len(x.shape))
    n = x.shape[axis]
    if arguments.is_integer(raw(where)):
        parts = arguments.integer(who, "indices_or_sections", raw(where))
        if equal and n % parts:
            raise ValueError(
                f"{who}: axis {axis} of shape {x.shape} cannot be cut into {parts} equal parts"
            )
        if parts > max(n, _FEW):
            raise ValueError(
                f"{who}: {parts} parts of an axis of length {n} would be empty but for {n}; "
                f"give at most {max(n, _FEW)}"
            )
        longer = n % parts
        cuts = [k * (n // parts) + min(k, longer) for k in range(parts + 1)]
        bounds = [slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]
    else:
        given = [
            arguments.integer(who, f"indices_or_sections[{k}]", c, None)
            for k, c in enumerate(_sequence(who, "indices_or_sections", where))
        ]
        ends = [*given, n]
        bounds = [slice(a, b) for a, b in zip([0, *given], ends, strict=True)]
    before = (slice(None),) * axis
    return [_getitem(x, index=(*before, part)) for part in bounds]


def _sequence(who: str, name: str, value: Any) -> list[Any]:
    value = raw(value)
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        raise TypeError(
            f"{who}: {name} must be an integer or a sequence of them, got {arguments.shown(value)}"
        )
    return list(value)


def unstack(x: Any, axis: Any = 0) -> tuple[Any, ...]:
    """The slices of x along an axis, without that axis: the reverse of ``stack``."""
    x = array_like("unstack", x)
    axis = arguments.axis("unstack", axis, len(x.shape))
    before = (slice(None),) * axis
    return tuple([_getitem(x, index=(*before, k)) for k in range(x.shape[axis])])


# Repeating ----------------------------------------------------------------------------------------


def tile(x: Any, reps: Any) -> Any:
    """x set side by side, so many times along each axis.

    Args:
        reps: a number, or one per axis; missing ones, or missing axes of x, count as 1 in front.

    Raises:
        ValueError: for negative numbers, or if the result would not fit into memory.
    """
    x = array_like("tile", x)
    times = shape_tuple("tile", reps, "reps")
    ndim = max(len(times), len(x.shape))
    times = (1,) * (ndim - len(times)) + times
    shape = (1,) * (ndim - len(x.shape)) + x.shape
    result = tuple([t * n for t, n in zip(times, shape, strict=True)])
    check_bytes("tile", result, x.dtype)
    between = tuple([n for size in shape for n in (1, size)])
    spread = tuple([n for pair in zip(times, shape, strict=True) for n in pair])
    out = reshape(broadcast_to(reshape(x, between), spread), result)
    # A set of its own, as in NumPy: it may be written into, and x does not see that.
    return out.copy() if np.may_share_memory(raw(out), raw(x)) else out


def repeat(x: Any, repeats: Any, axis: Any = None) -> Any:
    """Every element of x several times in a row, along an axis.

    Args:
        repeats: how often: a number, or one for each place along the axis.
        axis: which axis; None for the ravelled array.

    Raises:
        ValueError: for negative or too many numbers, or if the result would not fit into memory.
    """
    if axis is None:
        x, axis = ravel(x), 0
    x = array_like("repeat", x)
    axis = arguments.axis("repeat", axis, len(x.shape))
    counts = shape_tuple("repeat", repeats, "repeats")
    n = x.shape[axis]
    if len(counts) not in (1, n):
        raise ValueError(
            f"repeat: {len(counts)} repeats for the {n} places along axis {axis} of {x.shape}"
        )
    total = counts[0] * n if len(counts) == 1 else sum(counts)
    shape = (*x.shape[:axis], total, *x.shape[axis + 1 :])
    check_bytes("repeat", shape, x.dtype)
    if len(counts) == 1:
        spread = (*x.shape[: axis + 1], counts[0], *x.shape[axis + 1 :])
        return reshape(broadcast_to(expand_dims(x, axis + 1), spread), shape)
    return take_axis(x, np.repeat(np.arange(n), counts), axis)


@primitive(name="roll")
def _roll(x: Any, *, shift: Any, axis: Any) -> Any:
    return np.roll(x, shift, axis)


_roll.gradients(x=lambda g, shift, axis: _roll(g, tuple([-s for s in shift]), axis))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """x with its elements moved along axes; what leaves at one end enters at the other.

    Args:
        shift: by how many places: a number, or one per axis.
        axis: a number or a tuple; None for the ravelled array.

    Raises:
        ValueError: if shifts and axes differ in number.
    """
    x = array_like("roll", x)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    axes = arguments.axes("roll", axis, len(x.shape))
    shifts = arguments.integers("roll", "shift", shift, len(axes), None)
    return _roll(x, shifts, axes)


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Any:
    """x with cells put around it.

    Args:
        pad_width: a number; a pair (before, after) for all axes; or a pair for each axis.
        mode: ``"constant"``, ``"edge"``, ``"reflect"``, ``"symmetric"`` or ``"wrap"``.
        constant_values: a number; given as ``pad_width`` is, numbers for each side.

    Raises:
        ValueError: for an unknown mode, negative widths, or an empty axis to repeat.

    Example:
        >>> import autograd as ag
        >>> ag.pad(ag.tensor([1.0, 2.0, 3.0]), 2, "reflect")
        Tensor([3., 2., 1., 2., 3., 2., 1.])
    """
    x = array_like("pad", x)
    ndim = len(x.shape)
    arguments.choice("pad", "mode", mode, ("constant", "edge", "reflect", "symmetric", "wrap"))
    if getattr(constant_values, "requires_grad", False):
        raise RuntimeError(
            "pad: constant_values requires a gradient, which padding with constants would lose; "
            "concatenate it, or use set_at"
        )
    widths = [
        arguments.integers("pad", f"pad_width[{k}]", pair, 2, 0)
        for k, pair in enumerate(_pairs("pad_width", pad_width, ndim))
    ]
    shape = tuple([a + n + b for n, (a, b) in zip(x.shape, widths, strict=True)])
    check_bytes("pad", shape, x.dtype)
    if mode == "constant":
        return _pad_constant(
            x, widths, _pairs("constant_values", constant_values, ndim, np.float64)
        )
    for axis, (a, b) in enumerate(widths):
        n = x.shape[axis]
        if (a or b) and not n:
            raise ValueError(f"pad: axis {axis} of shape {x.shape} is empty; nothing to repeat")
        if a or b:
            x = take_axis(x, np.pad(np.arange(n), (a, b), mode=mode), axis)  # type: ignore[call-overload]
    return x


def _pad_constant(x: Any, widths: list[tuple[int, ...]], values: list[Any]) -> Any:
    """As NumPy, axis after axis: later axes' values fill the corners."""
    numbers = {float(v) for pair in values for v in pair}
    if len(numbers) == 1:
        return pad_constant(x, tuple(widths), numbers.pop())
    for axis, ((a, b), (first, last)) in enumerate(zip(widths, values, strict=True)):
        for pair, value in (((a, 0), first), ((0, b), last)):
            sides = [(0, 0)] * len(widths)
            sides[axis] = pair
            x = pad_constant(x, tuple(sides), value)
    return x


def _pairs(name: str, given: Any, ndim: int, floats: Any = None) -> list[Any]:
    """One pair (before, after) per axis, of a number, a pair, or pairs."""
    array = as_array(f"pad: {name}", raw(given), beside=floats)
    try:
        return np.broadcast_to(array, (ndim, 2)).tolist()
    except ValueError:
        raise ValueError(
            f"pad: {name} must be a number, a pair, or a pair for each of {ndim} axes, "
            f"got shape {array.shape}"
        ) from None


# Joining and lifting ------------------------------------------------------------------------------


def atleast_1d(*arrays: Any) -> Any:
    """The array, with an axis if it has none; of several arrays a tuple."""
    return _each("atleast_1d", _with_an_axis, arrays)


def atleast_2d(*arrays: Any) -> Any:
    """The array, with axes of size 1 in front until there are two; of several arrays a tuple."""
    return _each("atleast_2d", _with_two_axes, arrays)


def atleast_3d(*arrays: Any) -> Any:
    """The array with three axes at least: (n,) becomes (1, n, 1), and (m, n) becomes (m, n, 1).

    Of several arrays a tuple.
    """
    return _each("atleast_3d", _with_three_axes, arrays)


def _each(who: str, lift: Any, arrays: tuple[Any, ...]) -> Any:
    alone = len(arrays) == 1
    if alone and isinstance(arrays[0], (list, tuple)):
        if any(isinstance(x, Tensor) for x in arrays[0]):  # as PyTorch takes several
            arrays, alone = tuple(arrays[0]), False
    lifted = tuple([lift(array_like(who, x, *arrays)) for x in arrays])
    return lifted[0] if alone else lifted


def _with_an_axis(x: Any) -> Any:
    return x if x.shape else reshape(x, (1,))


def _with_two_axes(x: Any) -> Any:
    return x if len(x.shape) >= 2 else reshape(x, (1,) * (2 - len(x.shape)) + x.shape)


def _with_three_axes(x: Any) -> Any:
    x = _with_two_axes(x)
    return x if len(x.shape) >= 3 else expand_dims(x, 2)


def vstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined along the first axis; vectors count as rows."""
    return concatenate([atleast_2d(a) for a in sequence_of_arrays("vstack", arrays)], 0)


def hstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined along the second axis; vectors along their only one."""
    lifted = [atleast_1d(a) for a in sequence_of_arrays("hstack", arrays)]
    return concatenate(lifted, 0 if len(lifted[0].shape) == 1 else 1)


def dstack(arrays: Sequence[Any]) -> Any:
    """Arrays joined along the third axis."""
    return concatenate([atleast_3d(a) for a in sequence_of_arrays("dstack", arrays)], 2)


def column_stack(arrays: Sequence[Any]) -> Any:
    """Vectors as the columns of a matrix; matrices joined along the second axis."""
    lifted = [
        a if len(a.shape) > 1 else reshape(a, (-1, 1))
        for a in sequence_of_arrays("column_stack", arrays)
    ]
    return concatenate(lifted, 1)


def append(x: Any, values: Any, axis: Any = None) -> Any:
    """x and then values along an axis; without one, both ravelled."""
    return concatenate(
        [array_like("append: x", x, values), array_like("append: values", values, x)], axis
    )


def broadcast_arrays(*arrays: Any) -> tuple[Any, ...]:
    """The arrays, each broadcast to the shape that all have in common (read-only views)."""
    lifted = [array_like("broadcast_arrays", a, *arrays) for a in arrays]
    shape = broadcast_shape("broadcast_arrays", *[a.shape for a in lifted])
    return tuple([broadcast_to(a, shape) for a in lifted])


def meshgrid(*vectors: Any, indexing: str = "xy", sparse: bool = False) -> list[Any]:
    """Coordinates of a grid, one array per vector.

    Args:
        vectors: the coordinates along each axis.
        indexing: ``"xy"`` (the first two axes of the result change places) or ``"ij"``.
        sparse: leave the arrays at size 1 along the other axes.

    Raises:
        ValueError: for an unknown indexing or vectors of more than one axis.
    """
    arguments.choice("meshgrid", "indexing", indexing, ("xy", "ij"))
    sparse = arguments.boolean("meshgrid", "sparse", sparse)
    arrays = [array_like("meshgrid", v, *vectors) for v in vectors]
    for k, a in enumerate(arrays):
        if len(a.shape) > 1:
            raise ValueError(f"meshgrid: vectors[{k}] has shape {a.shape}, not one axis")
    ndim = len(arrays)
    places = list(range(ndim))
    if indexing == "xy" and ndim > 1:
        places[:2] = [1, 0]
    sizes = [math.prod(arrays[k].shape) for k in range(ndim)]
    shape = tuple([sizes[places[k]] for k in range(ndim)])
    if arrays:
        check_bytes("meshgrid", shape, arrays[0].dtype)
    grids = [
        reshape(a, (1,) * place + (sizes[k],) + (1,) * (ndim - place - 1))
        for k, (a, place) in enumerate(zip(arrays, places, strict=True))
    ]
    sparse = arguments.boolean("meshgrid", "sparse", sparse)
    return grids if sparse else [broadcast_to(g, shape) for g in grids]


def matrix_transpose(x: Any) -> Any:
    """x with its last two axes interchanged."""
    if ndim_of("matrix_transpose", x) < 2:
        raise ValueError(
            "matrix_transpose: x needs two axes or more, got shape "
            f"{shape_of('matrix_transpose', x)}"
        )
    return swapaxes(x, -1, -2)
