"""Shapes, orders of axes, joining, padding, triangles and diagonals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nn.onnx.call import Call, Traced
from nn.onnx.graph import Builder
from nn.onnx.trace import Refused, Size

__all__ = ["TABLE", "along_last"]

_END = np.iinfo(np.int64).max


def reshape(b: Builder, call: Call) -> str:
    return b.reshape(call.x(), call.results[0].shape, call.shape)


def expand_dims(b: Builder, call: Call) -> str:
    given = call["axis"] if isinstance(call["axis"], (tuple, list)) else (call["axis"],)
    ndim = len(call.results[0].shape)
    return b.unsqueeze(call.x(), *sorted(int(a) % ndim for a in given))


def squeeze(b: Builder, call: Call) -> str:
    axes = call.axes()
    if axes is None:
        axes = tuple([k for k, n in enumerate(call.shape) if n == 1])
    return b.squeeze(call.x(), *sorted(axes))


def transpose(b: Builder, call: Call) -> str:
    axes = call.axes("axes")
    return b.transpose(call.x(), range(len(call.shape))[::-1] if axes is None else axes)


def broadcast_to(b: Builder, call: Call) -> str:
    shape = call.results[0].shape
    return call.x() if shape == call.shape else b.node("Expand", [call.x(), b.sizes(shape)])


def concatenate(b: Builder, call: Call) -> str:
    parts = [call.x(k, call.dtype) for k in range(len(call.operands))]
    return b.node("Concat", parts, axis=call.axis())


def stack(b: Builder, call: Call) -> str:
    axis = int(call["axis"]) % len(call.results[0].shape)
    parts = [b.unsqueeze(call.x(k, call.dtype), axis) for k in range(len(call.operands))]
    return b.node("Concat", parts, axis=axis)


def flip(b: Builder, call: Call) -> str:
    axes = call.axes()
    axes = tuple(range(len(call.shape))) if axes is None else axes
    if not axes:
        return call.x()
    n = len(axes)
    starts, ends, steps = b.ints(*[-1] * n), b.ints(*[-_END] * n), b.ints(*[-1] * n)
    return b.node("Slice", [call.x(), starts, ends, b.ints(*axes), steps])


def roll(b: Builder, call: Call) -> str:
    x, axes = call.x(), call.axes()
    if axes is None:
        raise Refused("roll without an axis")
    for axis, shift in zip(axes, call["shift"], strict=True):
        size = call.shape[axis]
        if isinstance(size, Size):
            raise Refused("it rolls along the batch")
        cut = -shift % size if size else 0
        if cut:
            ends = [b.ints(n) for n in (cut, _END, axis)]
            first = b.node("Slice", [x, *ends])
            second = b.node("Slice", [x, b.ints(0), b.ints(cut), b.ints(axis)])
            x = b.node("Concat", [first, second], axis=axis)
    return x


def pad(b: Builder, call: Call) -> str:
    return b.pad(call.x(), call["widths"], call["value"], call.dtype)


def take_axis(b: Builder, call: Call) -> str:
    index = call["index"]
    places = index.name if isinstance(index, Traced) else b.constant(index, np.int64)
    return b.node("Gather", [call.x(), places], axis=call.axis())


def add_axis(b: Builder, call: Call) -> str:
    """Slices added where their index says: a product with a matrix of ones."""
    index, size = call["index"], call["size"]
    if isinstance(index, Traced) or isinstance(size, Size):
        raise Refused("an index that follows an input or the batch")
    matrix = np.zeros((len(index), size))
    matrix[np.arange(len(index)), index] = 1.0
    return along_last(b, call.x(), len(call.shape), call.axis(), b.constant(matrix, call.dtype))


def along_last(b: Builder, x: str, ndim: int, axis: int, matrix: str) -> str:
    """x times a matrix (old, new) along one axis."""
    order = [k for k in range(ndim) if k != axis] + [axis]
    product = b.node("MatMul", [b.transpose(x, order), matrix])
    return b.transpose(product, [order.index(k) for k in range(ndim)])


def _triangle(upper: int) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        return b.node("Trilu", [call.x(), b.constant(int(call["k"]), np.int64)], upper=upper)

    return add


def _diagonal_places(shape: Sequence[int], offset: int) -> Any:
    rows, columns = shape
    i = np.arange(max(rows, columns))
    r, c = i + max(-offset, 0), i + max(offset, 0)
    inside = (r < rows) & (c < columns)
    return r[inside] * columns + c[inside]


def _plane(call: Call, shape: Sequence[Any]) -> tuple[list[int], tuple[int, int]]:
    ndim = len(shape)
    first, second = (int(call[name]) % ndim for name in ("axis1", "axis2"))
    rest = [k for k in range(ndim) if k not in (first, second)]
    sizes = shape[first], shape[second]
    if any(isinstance(n, Size) for n in sizes):
        raise Refused("a diagonal along the batch")
    return [*rest, first, second], sizes


def diagonal(b: Builder, call: Call) -> str:
    order, sizes = _plane(call, call.shape)
    rest = [call.shape[k] for k in order[:-2]]
    flat = b.reshape(b.transpose(call.x(), order), [*rest, sizes[0] * sizes[1]])
    places = b.constant(_diagonal_places(sizes, int(call["offset"])), np.int64)
    return b.node("Gather", [flat, places], axis=len(rest))


def put_diagonal(b: Builder, call: Call) -> str:
    shape = call.results[0].shape
    order, sizes = _plane(call, shape)
    places = _diagonal_places(sizes, int(call["offset"]))
    matrix = np.zeros((len(places), sizes[0] * sizes[1]))
    matrix[np.arange(len(places)), places] = 1.0
    flat = b.node("MatMul", [call.x(), b.constant(matrix, call.dtype)])
    planes = b.reshape(flat, [shape[k] for k in order])
    return b.transpose(planes, [order.index(k) for k in range(len(shape))])


TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "reshape": reshape,
    "expand_dims": expand_dims,
    "squeeze": squeeze,
    "transpose": transpose,
    "broadcast_to": broadcast_to,
    "concatenate": concatenate,
    "stack": stack,
    "flip": flip,
    "roll": roll,
    "pad": pad,
    "take_axis": take_axis,
    "add_axis": add_axis,
    "tril": _triangle(0),
    "triu": _triangle(1),
    "diagonal": diagonal,
    "put_diagonal": put_diagonal,
}
