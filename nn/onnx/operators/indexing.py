"""Reading and adding at an index: slices, numbers, index arrays that are constants or computed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nn.onnx.call import Call, Traced
from nn.onnx.graph import Builder
from nn.onnx.trace import Refused, Size

__all__ = ["TABLE"]

_END = np.iinfo(np.int64).max


class _Index:
    """A NumPy index, item by item.

    Attributes:
        items: for every axis of x an int, a slice, or the name and rank of an index array.
        new: the places in the result of ``None``, once the rest is done.
    """

    def __init__(self, b: Builder, index: Any, ndim: int) -> None:
        items = list(index) if type(index) is tuple else [index]
        items = [part for item in items for part in _without_mask(item)]
        taken = sum(item is not None and item is not Ellipsis for item in items)
        if Ellipsis not in [i for i in items if not isinstance(i, (np.ndarray, tuple))]:
            items.append(Ellipsis)
        at = next(k for k, item in enumerate(items) if item is Ellipsis)
        items[at : at + 1] = [slice(None)] * (ndim - taken)
        self.with_new = items
        self.items = [item for item in items if item is not None]


def _without_mask(item: Any) -> list[Any]:
    if isinstance(item, bool):
        raise Refused("a bool as an index")
    if isinstance(item, np.ndarray) and item.dtype.kind == "b":
        return list(np.nonzero(item))
    return [item]


def _is_array(item: Any) -> bool:
    return isinstance(item, (np.ndarray, Traced))


def getitem(b: Builder, call: Call) -> str:
    index = _Index(b, call["index"], len(call.shape))
    arrays = [k for k, item in enumerate(index.items) if _is_array(item)]
    x, items = _sliced(b, call.x(), index.items)
    if not arrays:
        return _finished(b, x, index.with_new)
    if any(item is None or isinstance(item, int) for item in index.with_new):
        if len(arrays) > 1 or any(item is None for item in index.with_new):
            raise Refused("index arrays beside None or numbers")
    if len(arrays) == 1:
        axis = sum(not isinstance(item, int) for item in items[: arrays[0]])
        gone = [k for k, item in enumerate(items) if isinstance(item, int)]
        if gone and not all(abs(k - arrays[0]) == 1 for k in gone):
            raise Refused("an index array and numbers that do not stand side by side")
        x = b.squeeze(x, *gone)
        return b.node("Gather", [x, _places(b, items[arrays[0]])], axis=axis)
    return _gathered(b, x, items, arrays)


def _sliced(b: Builder, x: str, items: list[Any]) -> tuple[str, list[Any]]:
    """x with its slices and numbers taken; numbers leave an axis of size 1."""
    starts, ends, axes, steps = [], [], [], []
    for axis, item in enumerate(items):
        if isinstance(item, Size):
            bounds: Any = slice(item, Size(item.factor, item.rest + 1), 1)
        elif _is_number(item):
            bounds = slice(int(item), _END if item == -1 else int(item) + 1, 1)
        elif isinstance(item, slice) and item != slice(None):
            bounds = item
        else:
            continue
        step = 1 if bounds.step is None else bounds.step
        if isinstance(step, Size):
            raise Refused("a step that follows the batch")
        first = (0 if step > 0 else -1) if bounds.start is None else bounds.start
        last = (_END if step > 0 else -_END) if bounds.stop is None else bounds.stop
        starts.append(b.size(first))
        ends.append(b.size(last))
        axes.append(axis)
        steps.append(step)
    if not axes:
        return x, items
    joined = [
        parts[0] if len(parts) == 1 else b.node("Concat", parts, axis=0) for parts in (starts, ends)
    ]
    return b.node("Slice", [x, *joined, b.ints(*axes), b.ints(*steps)]), items


def _finished(b: Builder, x: str, items: list[Any]) -> str:
    """Axes of numbers away, new axes in."""
    gone = [k for k, item in enumerate([i for i in items if i is not None]) if _is_number(item)]
    x = b.squeeze(x, *gone)
    left = [item for item in items if not _is_number(item)]
    return b.unsqueeze(x, *[k for k, item in enumerate(left) if item is None])


def _is_number(item: Any) -> bool:
    return isinstance(item, (int, np.integer, Size)) and not isinstance(item, bool)


def _places(b: Builder, item: Any) -> str:
    return item.name if isinstance(item, Traced) else b.constant(item, np.int64)


def _stacked(b: Builder, items: list[Any], arrays: list[int]) -> tuple[str, int]:
    """Index arrays side by side along a last axis, and how many axes they have without it."""
    found = [items[k] for k in arrays]
    ndim = max(len(item.shape) for item in found)
    shapes = [(1,) * (ndim - len(item.shape)) + tuple(item.shape) for item in found]
    shape = [next((n for n in sizes if n != 1), 1) for sizes in zip(*shapes, strict=True)]
    parts = []
    for item, own in zip(found, shapes, strict=True):
        name = _places(b, item)
        if list(own) != shape or len(item.shape) != ndim:
            name = b.node("Expand", [name, b.sizes(shape)])
        parts.append(b.unsqueeze(name, ndim))
    return b.node("Concat", parts, axis=ndim), ndim


def _gathered(b: Builder, x: str, items: list[Any], arrays: list[int]) -> str:
    rest = [k for k in range(len(items)) if k not in arrays]
    places, ndim = _stacked(b, items, arrays)
    found = b.node("GatherND", [b.transpose(x, [*arrays, *rest]), places])
    if arrays != list(range(arrays[0], arrays[0] + len(arrays))):
        return found  # as in NumPy, their axes come first where slices stand between
    before = arrays[0]
    order = [*range(ndim, ndim + before), *range(ndim), *range(ndim + before, ndim + len(rest))]
    return b.transpose(found, order)


# Adding -------------------------------------------------------------------------------------------


def scatter_index(b: Builder, call: Call) -> str:
    """Zeros, with x added at the index."""
    shape = call.results[0].shape
    index = _Index(b, call["index"], len(shape))
    arrays = [k for k, item in enumerate(index.items) if _is_array(item)]
    if not arrays:
        return _put_back(b, call, index, shape)
    rest = [k for k in range(len(shape)) if k not in arrays]
    if any(item is None for item in index.with_new) or any(
        index.items[k] != slice(None) for k in rest
    ):
        raise Refused("the gradient of index arrays beside slices, None or numbers")
    places, ndim = _stacked(b, index.items, arrays)
    x = call.x()
    if arrays == list(range(arrays[0], arrays[0] + len(arrays))) and arrays[0]:
        before = arrays[0]
        order = [
            *range(before, before + ndim),
            *range(before),
            *range(before + ndim, ndim + len(rest)),
        ]
        x = b.transpose(x, order)
    order = [*arrays, *rest]
    zeros = b.node("Expand", [b.constant(0, call.dtype), b.sizes([shape[k] for k in order])])
    added = b.node("ScatterND", [zeros, places, x], reduction="add")
    return b.transpose(added, [order.index(k) for k in range(len(shape))])


def _put_back(b: Builder, call: Call, index: _Index, shape: tuple[Any, ...]) -> str:
    """The adjoint of slices and numbers: zeros around."""
    left = [item for item in index.with_new if not _is_number(item)]
    x = b.squeeze(call.x(), *[k for k, item in enumerate(left) if item is None])
    x = b.unsqueeze(x, *[k for k, item in enumerate(index.items) if _is_number(item)])
    widths = []
    for item, size in zip(index.items, shape, strict=True):
        if isinstance(item, slice) and item == slice(None):
            widths.append((0, 0))
            continue
        if isinstance(size, Size):
            raise Refused("the gradient of an index into the batch")
        if isinstance(item, Size):
            raise Refused("an index that follows the batch")
        if _is_number(item):
            at = int(item) % size
            widths.append((at, size - at - 1))
            continue
        start, stop, step = item.indices(size)
        if step != 1:
            raise Refused("the gradient of a slice with a step")
        widths.append((start, size - max(stop, start)))
    return b.pad(x, widths, 0, call.dtype)


TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "getitem": getitem,
    "scatter_index": scatter_index,
}
