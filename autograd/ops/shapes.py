"""Other shapes and orders of the same elements: reshape, transpose, joining, flipping."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, has_shape, ndim_of, shape_of, shape_tuple
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.prepared import prepares

__all__ = [
    "concatenate",
    "expand_dims",
    "flatten",
    "flip",
    "moveaxis",
    "ravel",
    "reshape",
    "squeeze",
    "stack",
    "swapaxes",
    "transpose",
]


# Reshaping ----------------------------------------------------------------------------------------


@primitive
def reshape(x: Any, *, shape: Any) -> Any:
    """The same elements, in row-major order, under another shape.

    Args:
        shape: the new sizes; one of them may be −1, and is then inferred.

    Raises:
        ValueError: if the number of elements differs, or −1 cannot be inferred.

    Example:
        >>> import autograd as ag
        >>> ag.reshape(ag.arange(6), (2, -1)).shape
        (2, 3)
    """
    x = array_like("reshape", x)
    sizes = shape_tuple("reshape", shape, unknown=True)
    try:
        return x.reshape(sizes)
    except (ValueError, OverflowError):
        raise _reshape_error(x.shape, sizes) from None


def _reshape_error(old: tuple[int, ...], sizes: tuple[int, ...]) -> Exception:
    count, told = math.prod(old), arguments.shown(sizes)
    if sizes.count(-1) > 1:
        return ValueError(f"reshape: shape={told} leaves more than one size (−1) to be inferred")
    if -1 not in sizes:
        return ValueError(
            f"reshape: {count} elements (shape {old}) do not fit shape {told}, "
            f"which has {arguments.shown(math.prod(sizes))}"
        )
    known = math.prod(n for n in sizes if n != -1)
    return ValueError(
        f"reshape: no size in place of −1 makes {count} elements (shape {old}) fit {told}, "
        f"whose other sizes hold {arguments.shown(known)}"
    )


reshape.gradients(x=lambda g, x_shape: reshape(g, x_shape))


@prepares(reshape.primitive.forward)
def _prepare_reshape(x: Any, *, shape: Any) -> Any:
    sizes = reshape.primitive.forward(x, shape=shape).shape
    return lambda x: x.reshape(sizes)


@prepares(reshape.primitive.rules["x"].function)
def _prepare_reshape_back(g: Any, x_shape: Any) -> Any:
    return lambda g, x_shape: g.reshape(x_shape)


def ravel(x: Any) -> Any:
    """All elements in row-major order, as one axis."""
    return reshape(x, (-1,) if 0 not in shape_of("ravel", x) else (0,))


def flatten(x: Any, start_axis: int = 0, end_axis: int = -1) -> Any:
    """The axes from one to another as one, in row-major order; all of them by default.

    Args:
        start_axis, end_axis: the first and the last of the axes that become one.

    Raises:
        IndexError: for an axis that x does not have.
        ValueError: if the start comes after the end.

    Example:
        >>> import autograd as ag
        >>> ag.flatten(ag.zeros(2, 3, 4), 1).shape
        (2, 12)
    """
    x = array_like("flatten", x)
    if not x.ndim:
        return ravel(x)
    start = arguments.axis("flatten", start_axis, x.ndim, "start_axis")
    end = arguments.axis("flatten", end_axis, x.ndim, "end_axis")
    if start > end:
        raise ValueError(f"flatten: start_axis {start_axis} comes after end_axis {end_axis}")
    if start == 0 and end == x.ndim - 1:
        return ravel(x)
    return reshape(x, (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


@primitive
def expand_dims(x: Any, *, axis: Any) -> Any:
    """x with new axes of size 1.

    Args:
        axis: where the new axes are in the result: a number or a tuple.

    Raises:
        ValueError: for axes that the result does not have, or named twice.
    """
    x = array_like("expand_dims", x)
    new = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = x.ndim + len(new)
    added = arguments.axes("expand_dims", new, ndim)
    sizes = iter(x.shape)
    return x.reshape([1 if a in added else next(sizes) for a in range(ndim)])


expand_dims.gradients(x=lambda g, x_shape: reshape(g, x_shape))


@primitive
def squeeze(x: Any, *, axis: Any = None) -> Any:
    """x without axes of size 1.

    Args:
        axis: which to remove: a number or a tuple; None for all of size 1.

    Raises:
        ValueError: if an axis to remove is longer than 1.
    """
    x = array_like("squeeze", x)
    if axis is None:
        return x.reshape([n for n in x.shape if n != 1])
    gone = arguments.axes("squeeze", axis, x.ndim)
    for a in gone:
        if x.shape[a] != 1:
            raise ValueError(
                f"squeeze: axis {a} has size {x.shape[a]}, not 1 (x has shape {x.shape})"
            )
    return x.reshape([n for a, n in enumerate(x.shape) if a not in gone])


squeeze.gradients(x=lambda g, x_shape: reshape(g, x_shape))


# Orders of axes -----------------------------------------------------------------------------------


@primitive
def transpose(x: Any, *, axes: Any = None) -> Any:
    """x with its axes in another order.

    Args:
        axes: the old axis at each new place, such as (0, 2, 1); None reverses them all.

    Raises:
        ValueError: if ``axes`` is no permutation of x's axes.

    Example:
        >>> import autograd as ag
        >>> ag.transpose(ag.zeros((2, 3, 4)), (2, 0, 1)).shape
        (4, 2, 3)
    """
    x = array_like("transpose", x)
    if axes is None:
        return x.transpose()
    order = _permutation(axes, x.ndim)
    return x.transpose(order) if order else x


def _permutation(axes: Any, ndim: int) -> tuple[int, ...]:
    order = arguments.axes("transpose", axes, ndim, "axes")
    if len(order) != ndim or (not ndim and np.size(axes)):
        raise ValueError(
            f"transpose: axes={axes} names {np.size(axes)} of the array's {ndim} axes; name each "
            f"once (swapaxes exchanges two)"
        )
    return order


def _transpose_back(g: Any, axes: Any) -> Any:
    """g with its axes put back."""
    if axes is None:
        return transpose(g)
    order = _inverse(_permutation(axes, len(g.shape)))
    return g.transpose(order) if type(g) is np.ndarray else transpose(g, axes=order)


@lru_cache(maxsize=1024)
def _inverse(order: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(range(len(order)), key=order.__getitem__))


transpose.gradients(x=_transpose_back)


@prepares(transpose.primitive.forward)
def _prepare_transpose(x: Any, *, axes: Any = None) -> Any:
    if axes is None or not x.ndim:
        return None
    order = _permutation(axes, x.ndim)
    return lambda x: x.transpose(order)


@prepares(_transpose_back)
def _prepare_transpose_back(g: Any, axes: Any) -> Any:
    if axes is None or not g.ndim:
        return None
    order = _inverse(_permutation(axes, g.ndim))
    return lambda g, axes: g.transpose(order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """x with some axes moved to other places; the others keep their order.

    Args:
        source: an axis or a tuple of axes.
        destination: as many places in the result.

    Raises:
        ValueError: for axes that do not exist, are named twice, or differ in number.

    Example:
        >>> import autograd as ag
        >>> ag.moveaxis(ag.zeros((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """
    ndim = ndim_of("moveaxis", x)
    sources = arguments.axes("moveaxis", source, ndim, "source")
    places = arguments.axes("moveaxis", destination, ndim, "destination")
    if len(sources) != len(places):
        raise ValueError(
            f"moveaxis: source={source} and destination={destination} differ in length"
        )
    order = [a for a in range(ndim) if a not in sources]
    for place, a in sorted(zip(places, sources, strict=True)):
        order.insert(place, a)
    return transpose(x, tuple(order))


def swapaxes(x: Any, axis1: Any, axis2: Any) -> Any:
    """x with two axes interchanged.

    Raises:
        ValueError: if there is no such axis.
    """
    ndim = ndim_of("swapaxes", x)
    first = arguments.axis("swapaxes", axis1, ndim or 1, "axis1")  # a number has one with itself
    second = arguments.axis("swapaxes", axis2, ndim or 1, "axis2")
    return transpose(x, axes=_exchanging(ndim, first, second)) if ndim else transpose(x)


@lru_cache(maxsize=1024)
def _exchanging(ndim: int, first: int, second: int) -> tuple[int, ...]:
    order = list(range(ndim))
    order[first], order[second] = second, first
    return tuple(order)


@primitive
def flip(x: Any, *, axis: Any = None) -> Any:
    """x with the elements along some axes in reverse.

    Args:
        axis: a number or a tuple; None for all axes.
    """
    x = array_like("flip", x)
    flipped = arguments.axes("flip", axis, x.ndim)
    return x[tuple([slice(None, None, -1 if a in flipped else None) for a in range(x.ndim)])]


flip.gradients(x=lambda g, axis: flip(g, axis))


# Joining ------------------------------------------------------------------------------------------


@primitive(name="concatenate")
def _concatenate(*xs: Any, axis: int) -> Any:
    return np.concatenate(xs, axis)


def _parts(g: Any, xs_shape: Any, axis: int) -> tuple[Any, ...]:
    """The part of g that each piece became."""
    ends = list(itertools.accumulate(shape[axis] for shape in xs_shape))
    before = (slice(None),) * axis
    return tuple([g[(*before, slice(a, b))] for a, b in zip([0, *ends], ends, strict=False)])


_concatenate.gradients(("xs",), _parts)


@primitive(name="stack")
def _stack(*xs: Any, axis: int) -> Any:
    new = (slice(None),) * axis + (None,)  # where np.stack puts the axis, too, after its checks
    return np.concatenate([np.asarray(x)[new] for x in xs], axis)  # a number has no axes


_stack.gradients(xs=lambda g, axis, i: g[(slice(None),) * axis + (i,)])


def concatenate(arrays: Sequence[Any], axis: Any = 0) -> Any:
    """Arrays joined along an axis that they have.

    Args:
        arrays: tensors or arrays of one shape, except along the axis.
        axis: the axis to join along; None joins the ravelled arrays.

    Raises:
        TypeError: if ``arrays`` is no sequence.
        ValueError: if it is empty, or the shapes do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.concatenate([ag.ones((1, 2)), ag.zeros((2, 2))]).shape
        (3, 2)
    """
    arrays = sequence_of_arrays("concatenate", arrays)
    if axis is None:
        arrays = [ravel(a) for a in arrays]
        axis = 0
    shapes = [a.shape for a in arrays]
    first = shapes[0]
    if not first:
        raise ValueError("concatenate: 0-d arrays have no axis to join along; use stack")
    axis = arguments.axis("concatenate", axis, len(first))
    before, after, total = first[:axis], first[axis + 1 :], 0
    for k, shape in enumerate(shapes):
        if len(shape) != len(first) or shape[:axis] != before or shape[axis + 1 :] != after:
            raise ValueError(
                f"concatenate: arrays[{k}] has shape {shape}, arrays[0] has {first}; "
                f"they may differ along axis {axis} only"
            )
        total += shape[axis]
    check_bytes("concatenate", (*before, total, *after), arrays[0].dtype)
    return _concatenate(*arrays, axis=axis)


def stack(arrays: Sequence[Any], axis: Any = 0) -> Any:
    """Arrays of one shape joined along a new axis.

    Args:
        arrays: tensors or arrays, all of one shape.
        axis: where the new axis is in the result.

    Raises:
        TypeError: if ``arrays`` is no sequence.
        ValueError: if it is empty, or the shapes differ.

    Example:
        >>> import autograd as ag
        >>> ag.stack([ag.tensor(1.0), ag.tensor(2.0)])
        Tensor([1., 2.])
    """
    arrays = sequence_of_arrays("stack", arrays)
    first = arrays[0].shape
    for k, a in enumerate(arrays):
        if a.shape != first:
            raise ValueError(
                f"stack: arrays[{k}] has shape {a.shape}, arrays[0] has {first}; "
                "all must be the same"
            )
    check_bytes("stack", (len(arrays), *first), arrays[0].dtype)
    return _stack(*arrays, axis=arguments.axis("stack", axis, len(first) + 1))


def sequence_of_arrays(who: str, arrays: Any) -> list[Any]:
    """The arrays of a list, a tuple or another iterable, each with a shape.

    Raises:
        TypeError: for one array where several are wanted, or something that is none.
        ValueError: for no arrays at all.
    """
    if has_shape(arrays):
        if not arrays.shape:
            raise TypeError(f"{who}: arrays must be a sequence of arrays, got one 0-d array")
        arrays = [arrays[k] for k in range(arrays.shape[0])]
    elif not hasattr(arrays, "__iter__") or isinstance(arrays, (str, bytes, dict, type)):
        raise TypeError(f"{who}: arrays must be a sequence of arrays, got {type(arrays).__name__}")
    arrays = list(arrays)
    if not arrays:
        raise ValueError(f"{who}: arrays is empty; give at least one")
    for a in arrays:
        data = getattr(a, "_data", a)
        if type(data) is not np.ndarray or data.dtype.kind != "f":
            break
    else:
        return arrays  # the usual case
    beside = [a for a in arrays if not hasattr(a, "shape")] and arrays  # only lists look at others
    return [array_like(f"{who}: arrays[{k}]", a, *beside) for k, a in enumerate(arrays)]
