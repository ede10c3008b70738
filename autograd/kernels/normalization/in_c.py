"""How the kernels in C see an array that is to be normalised: as rows or as channels.

native_sizes(shape, axes, *parameters) -> sizes or None
in_c(shape, axes, weight, bias, groups) -> (sizes, shape of the statistics) or None
channel_sums(x, axis) -> sums or None, the same way of looking for the gradients of biases
"""

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np

from autograd.kernels import native

Shape = tuple[int, ...]


@lru_cache(maxsize=1024)
def in_c(
    shape: Shape, axes: Shape, weight: Shape | None, bias: Shape | None, groups: int | None
) -> tuple[Shape, Shape] | None:
    """`native_sizes` and the shape of the statistics, also where channels are in groups.

    >>> in_c((8, 4, 5, 5), (1, 2, 3), (4,), None, 2)
    ((8, 2, 2, 25), (8, 2, 1, 1, 1))
    """
    if groups is not None:
        weight, bias = (p and (*p, *(1,) * (len(shape) - 2)) for p in (weight, bias))
        if 1 in axes:
            shape, weight, bias, axes = split(shape, weight, bias, groups)
    sizes = native_sizes(shape, axes, weight, bias)
    averaged = {axis % len(shape) for axis in axes}
    kept = tuple([1 if axis in averaged else n for axis, n in enumerate(shape)])
    return None if sizes is None else (sizes, kept)


def split(
    shape: Shape, weight: Shape | None, bias: Shape | None, groups: int
) -> tuple[Shape, Shape | None, Shape | None, Shape]:
    """Shapes of data and parameters with the channels as (groups, channels of a group), and the axes."""
    channels, rest = shape[1] // groups, shape[2:]
    shape = (shape[0], groups, channels, *rest)
    weight, bias = (p and (groups, channels, *(1,) * len(rest)) for p in (weight, bias))
    return shape, weight, bias, tuple(range(2, len(shape)))


@lru_cache(maxsize=1024)
def native_sizes(shape: Shape, axes: Shape, *parameters: Shape | None) -> Shape | None:
    """(samples, groups, cells, run) of rows, (samples, cells, run) of channels, None for others.

    Rows have statistics over the last axes (``cells * run`` numbers), one for each sample and
    group, and parameters (groups, cells): layer, group and instance norm. Channels have statistics
    over the first axes and the last, and parameters like the statistics: batch norm.

    Args:
        axes: those that are averaged over; parameters: shapes of weight and bias, or None.

    >>> native_sizes((8, 4, 5, 5), (0, 2, 3), (1, 4, 1, 1)), native_sizes((8, 6), (-1,), (6,))
    ((8, 4, 25), (8, 1, 6, 1))
    """
    rank = len(shape)
    averaged = {axis % rank for axis in axes}
    kept = [axis for axis in range(rank) if axis not in averaged]
    blocks = {_varying(shape, p) for p in parameters if p is not None}
    block = blocks.pop() if blocks else (0, 0)
    if 0 in shape or blocks or block is None:
        return None
    first, last = block
    if kept == list(range(len(kept))):  # rows: the parameters begin before what is averaged over
        begin = len(kept)
        if first == last:
            first = last = begin
        if not first <= begin <= last:
            return None
        cells, run = prod(shape[begin:last]), prod(shape[last:])
        return prod(shape[:first]), prod(shape[first:begin]), cells, run
    begin, end = kept[0], kept[-1] + 1
    if kept != list(range(begin, end)) or first < last and (first, last) != (begin, end):
        return None
    return prod(shape[:begin]), prod(shape[begin:end]), prod(shape[end:])


def _varying(shape: Shape, parameter: Shape) -> tuple[int, int] | None:
    """From which axis to which a parameter differs from cell to cell: all between must."""
    aligned = (1,) * (len(shape) - len(parameter)) + parameter
    axes = [axis for axis, n in enumerate(aligned) if n != 1]
    if not axes:
        return 0, 0
    first, last = axes[0], axes[-1] + 1
    return (first, last) if aligned[first:last] == shape[first:last] else None


def channel_sums(x: Any, axis: int) -> np.ndarray | None:
    """The sum over all axes but one, which is not the first, where there is a kernel; else None."""
    if not native.plain(x):
        return None
    shape = x.shape
    sums = np.empty(shape[axis], x.dtype)
    sizes = (prod(shape[:axis]), shape[axis], prod(shape[axis:]) // shape[axis])
    native.library.channel_sums(x, sizes, sums)
    return sums
