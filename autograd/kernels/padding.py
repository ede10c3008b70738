"""Padding along any axes; results are in C order.

pad(x, *, widths, value)             negative widths crop
pad_index(mode, size, before, after) which cell each cell of a padded axis repeats
take_axis(x, *, index, axis), add_axis(y, *, index, axis, size)   a gather and its adjoint
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

__all__ = ["add_axis", "pad", "pad_index", "take_axis"]

Array = np.ndarray[Any, Any]


def pad(x: Array, *, widths: tuple[tuple[int, int], ...], value: Any = 0.0) -> Array:
    """x with a constant around it; a new array unless nothing is padded at all."""
    shape, inner, target, frame = _places(x.shape, widths)
    out = np.empty(shape, x.dtype)
    if x.dtype.kind == "O" and isinstance(value, float) and value.is_integer():
        value = int(value)
    for slab in frame:
        out[slab] = value
    out[target] = x[inner]
    return out


Place = tuple[slice, ...]


@lru_cache(maxsize=1024)
def _places(
    sizes: tuple[int, ...], widths: tuple[tuple[int, int], ...]
) -> tuple[tuple[int, ...], Place, Place, tuple[Place, ...]]:
    """The padded shape, what is kept of the input, where it comes to lie, and the frame around it:
    two slabs for each axis, within what earlier axes left over."""
    pairs = list(zip(sizes, widths, strict=True))
    shape = tuple([size + a + b for size, (a, b) in pairs])
    inner = tuple([slice(max(-a, 0), size - max(-b, 0)) for size, (a, b) in pairs])
    target = tuple(
        [slice(max(a, 0), n - max(b, 0)) for n, (a, b) in zip(shape, widths, strict=True)]
    )
    frame = []
    for axis, place in enumerate(target):
        before, after = slice(0, place.start), slice(place.stop, shape[axis])
        frame += [(*target[:axis], slab) for slab in (before, after) if slab.start < slab.stop]
    return shape, inner, target, tuple(frame)


def pad_index(mode: str, size: int, before: int, after: int) -> Array:
    """For every cell of the padded axis, the index of the cell that it repeats."""
    index = np.arange(-before, size + after)
    if mode == "replicate":
        return np.clip(index, 0, max(size - 1, 0))
    if mode == "circular":
        return index % size if size else index
    index = abs(index)
    return np.where(index < size, index, 2 * (size - 1) - index)


def take_axis(x: Array, *, index: Array, axis: int) -> Array:
    """x at the given positions of one axis."""
    shape = x.shape[:axis] + (len(index),) + x.shape[axis + 1 :]
    out = np.empty(shape, x.dtype)
    here: list[Any] = [slice(None)] * x.ndim
    for target, source in _runs(index):
        here[axis] = target
        destination = out[tuple(here)]
        here[axis] = source
        destination[...] = x[tuple(here)]
    return out


def add_axis(y: Array, *, index: Array, axis: int, size: int) -> Array:
    """The adjoint: every slice of y added to the position its index names."""
    out = np.empty(y.shape[:axis] + (size,) + y.shape[axis + 1 :], y.dtype)
    out[...] = 0
    here: list[Any] = [slice(None)] * y.ndim
    for source, target in _runs(index):
        here[axis] = target
        destination = out[tuple(here)]
        here[axis] = source
        part = y[tuple(here)]
        # A run that stands still (replicate) has one cell as its target.
        destination += part.sum(axis=axis, keepdims=True) if _still(target) else part
    return out


def _still(place: slice) -> bool:
    return place.stop is not None and place.step is None and place.stop - place.start == 1


def _runs(index: Array) -> list[tuple[slice, slice]]:
    """Cut an index into stretches that go up by one, down by one or stand still.

    Returns pairs (positions in the index, cells meant) of slices, so that no fancy indexing is
    needed: padding consists of three such runs.
    """
    runs = []
    start, n = 0, len(index)
    cells = index.tolist()
    while start < n:
        stop = start + 1
        step = 0
        if stop < n:
            step = cells[stop] - cells[start]
            if step in (-1, 0, 1):
                while stop < n and cells[stop] - cells[stop - 1] == step:
                    stop += 1
            else:
                step = 0
        first, last = cells[start], cells[stop - 1]
        if step == -1:
            below = last - 1 if last else None
            cell = slice(first, below, -1)
        else:
            cell = slice(first, last + 1)
        runs.append((slice(start, stop), cell))
        start = stop
    return runs
