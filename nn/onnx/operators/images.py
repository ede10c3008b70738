"""Convolution and its adjoints, pooling, windows, and resizing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

import autograd
from nn.onnx.call import Call
from nn.onnx.graph import Builder
from nn.onnx.operators.shapes import along_last
from nn.onnx.trace import Refused, Size

__all__ = ["HIDDEN", "TABLE"]


def _pads(padding: Sequence[tuple[int, int]]) -> list[int]:
    return [a for a, _ in padding] + [b for _, b in padding]


def _inner(b: Builder, call: Call, x: str, window: Any, value: Any = 0.0) -> tuple[str, Any]:
    """x with what no operator takes as padding: where it crops."""
    if all(width >= 0 for pair in window.padding for width in pair):
        return x, window
    cropped = b.pad(x, [(0, 0), (0, 0), *window.padding], value, call.dtype)
    return cropped, window._replace(padding=tuple([(0, 0)] * len(window.padding)))


# Convolution --------------------------------------------------------------------------------------


def correlate(b: Builder, call: Call) -> str:
    x, window = _inner(b, call, call.x(0, call.dtype), call["window"])
    bias = [call.x(2, call.dtype)] if call.has(2) else []
    return b.node(
        "Conv",
        [x, call.x(1, call.dtype), *bias],
        kernel_shape=list(window.kernel),
        strides=list(window.stride),
        pads=_pads(window.padding),
        dilations=list(window.dilation),
        group=int(call["groups"]),
    )


def correlate_input(b: Builder, call: Call) -> str:
    """The adjoint in the input, as a function of its own the transposed convolution."""
    return _spread(
        b, call, call.x(0, call.dtype), call.x(1, call.dtype), call["window"],
        call["input_shape"], call.fixed(0, 2), int(call["groups"]),
    )  # fmt: skip


def _spread(
    b: Builder, call: Call, y: str, w: str, window: Any, sizes: Any, outputs: Any, groups: int = 1
) -> str:
    if any(isinstance(n, Size) for n in sizes):
        raise Refused("a spatial size that follows the batch")
    missing = [n - m for n, m in zip(sizes, window.inputs(outputs), strict=True)]
    plain = all(width >= 0 for pair in window.padding for width in pair) and all(
        0 <= m < s for m, s in zip(missing, window.stride, strict=True)
    )
    options: dict[str, Any] = {
        "kernel_shape": list(window.kernel),
        "strides": list(window.stride),
        "dilations": list(window.dilation),
        "group": groups,
    }
    if plain:
        return b.node(
            "ConvTranspose", [y, w], pads=_pads(window.padding),
            output_padding=missing, **options,
        )  # fmt: skip
    whole = b.node("ConvTranspose", [y, w], **options)
    widths = [
        (-before, after_size + before - ((length - 1) * s + span))
        for (before, _), after_size, length, s, span in zip(
            window.padding, sizes, outputs, window.stride, window.spans, strict=True
        )
    ]
    return b.pad(whole, [(0, 0), (0, 0), *widths], 0, call.dtype)


def correlate_weight(b: Builder, call: Call) -> str:
    """The adjoint in the weight: a convolution in which batch and channels change places."""
    x, window = _inner(b, call, call.x(0, call.dtype), call["window"])
    groups, sizes = int(call["groups"]), call.fixed(0, 1)
    n, space = len(sizes) - 1, list(range(2, len(sizes) + 1))
    if groups == 1:
        x = b.transpose(x, [1, 0, *space])
    else:
        per_group = sizes[0] // groups
        inner = call.fixed(0, 2)
        if x != call.x(0, call.dtype):
            inner = tuple(
                [s + p + q for s, (p, q) in zip(inner, call["window"].padding, strict=True)]
            )
        split = b.node("Reshape", [x, b.ints(-1, groups, per_group, *inner)])
        split = b.transpose(split, [2, 1, 0, *[k + 1 for k in space]])
        x = b.node("Reshape", [split, b.ints(per_group, -1, *inner)])
    y = b.transpose(call.x(1, call.dtype), [1, 0, *space])
    found = b.node(
        "Conv",
        [x, y],
        strides=list(window.dilation),
        dilations=list(window.stride),
        pads=_pads(window.padding),
        group=groups,
    )
    ends, axes = b.ints(*window.kernel), b.ints(*space)
    return b.transpose(b.node("Slice", [found, b.ints(*[0] * n), ends, axes]), [1, 0, *space])


# Pooling ------------------------------------------------------------------------------------------


def _end_padding(call: Call, window: Any) -> list[tuple[int, int]]:
    """The padding with which windows end exactly at its end, also those that hang over."""
    sizes = call.fixed(0, 2)
    return [
        (before, (length - 1) * s + span - size - before)
        for (before, _), size, length, s, span in zip(
            window.padding, sizes, window.outputs(sizes), window.stride, window.spans, strict=True
        )
    ]


def _pool(
    b: Builder, op: str, x: str, window: Any, padding: Any, outputs: int = 1, **more: Any
) -> Any:
    dilations = list(window.dilation) if max(window.dilation) > 1 else None  # maxima alone have it
    return b.node(
        op, [x], outputs, kernel_shape=list(window.kernel), strides=list(window.stride),
        pads=_pads(padding), dilations=dilations, **more,
    )  # fmt: skip


def _max_padded(b: Builder, call: Call) -> tuple[str, Any]:
    """x and the padding that the operator takes: below the kernel's size, never negative."""
    window, x = call["window"], call.x()
    padding = _end_padding(call, window)
    shift = [(0, 0) if q >= 0 else (0, q) for _, q in padding]
    x = b.pad(x, [(0, 0), (0, 0), *shift], 0, call.dtype)
    return x, [(p, max(q, 0)) for p, q in padding]


def max_pool(b: Builder, call: Call) -> str:
    x, padding = _max_padded(b, call)
    found: str = _pool(b, "MaxPool", x, call["window"], padding)
    return found


def max_pool_with_indices(b: Builder, call: Call) -> tuple[str, str]:
    padding = [(p, max(q, 0)) for p, q in _end_padding(call, call["window"])]
    values, places = _pool(b, "MaxPool", call.x(), call["window"], padding, 2)
    # ONNX counts through the whole tensor, we through each plane.
    plane = b.constant(prod(call.fixed(0, 2)), np.int64)
    return values, b.node("Mod", [places, plane])


def _winners(b: Builder, call: Call) -> str:
    return max_pool_with_indices(b, call)[1]


def _winner_arrays(x: Any, *, window: Any) -> Any:
    return autograd.max_pool(x, window, return_indices=True)[1]


def take_windows(b: Builder, call: Call) -> str:
    shape = call.results[0].shape
    x = b.node("Reshape", [call.x(), b.ints(0, 0, -1)])
    places = b.node("Reshape", [call.x(1, np.int64), b.ints(0, 0, -1)])
    return b.reshape(b.node("GatherElements", [x, places], axis=2), shape, shape)


def scatter_windows(b: Builder, call: Call) -> str:
    shape = call.results[0].shape
    plane = prod(call.fixed_result(2))
    zeros = b.node("Expand", [b.constant(0, call.dtype), b.sizes([*shape[:2], plane])])
    places = b.node("Reshape", [call.x(1, np.int64), b.ints(0, 0, -1)])
    y = b.node("Reshape", [call.x(), b.ints(0, 0, -1)])
    added = b.node("ScatterElements", [zeros, places, y], axis=2, reduction="add")
    return b.reshape(added, shape, shape)


def avg_pool(b: Builder, call: Call) -> str:
    window, divisors = call["window"], call["divisors"]
    whole = prod(window.kernel)
    padding = _end_padding(call, window)
    x = b.pad(call.x(), [(0, 0), (0, 0), *padding], 0, call.dtype)
    y: str = _pool(b, "AveragePool", x, window, [(0, 0)] * len(padding))
    if isinstance(divisors, int) and divisors == whole:
        return y
    return b.node("Mul", [y, b.constant(whole / np.asarray(divisors), call.dtype)])


def _planes(b: Builder, x: str, sizes: Sequence[int]) -> str:
    """Every channel of every sample as a sample of its own."""
    return b.node("Reshape", [x, b.ints(-1, 1, *sizes)])


def avg_pool_input(b: Builder, call: Call) -> str:
    window, divisors = call["window"], call["divisors"]
    y = b.node("Div", [call.x(), b.constant(divisors, call.dtype)])
    ones = b.constant(np.ones((1, 1, *window.kernel)), call.dtype)
    outputs = call.fixed(0, 2)
    spread = _spread(b, call, _planes(b, y, outputs), ones, window, call["input_shape"], outputs)
    shape = call.results[0].shape
    return b.reshape(spread, shape)


def windows(b: Builder, call: Call) -> str:
    """Every axis becomes (windows, taps) by one Gather; then the taps go behind."""
    window, sizes = call["window"], call.fixed(0, 2)
    n = len(sizes)
    x = b.pad(call.x(), [(0, 0), (0, 0), *window.padding], 0, call.dtype)
    outputs = window.outputs(sizes)
    for axis in reversed(range(n)):
        starts = np.arange(outputs[axis]) * window.stride[axis]
        taps = np.arange(window.kernel[axis]) * window.dilation[axis]
        places = b.constant(starts[:, None] + taps, np.int64)
        x = b.node("Gather", [x, places], axis=2 + axis)
    return b.transpose(x, [0, 1, *range(2, 2 + 2 * n, 2), *range(3, 3 + 2 * n, 2)])


def fold_windows(b: Builder, call: Call) -> str:
    """The adjoint: a transposed convolution whose kernels put each tap in its place."""
    window = call["window"]
    n, taps = len(window.kernel), prod(window.kernel)
    outputs = call.fixed(0, 2)[:n]
    x = b.transpose(call.x(), [0, 1, *range(2 + n, 2 + 2 * n), *range(2, 2 + n)])
    x = b.node("Reshape", [x, b.ints(-1, taps, *outputs)])
    kernels = np.eye(taps).reshape(taps, 1, *window.kernel)
    kernel = b.constant(kernels, call.dtype)
    spread = _spread(b, call, x, kernel, window, call["input_shape"], outputs)
    return b.reshape(spread, call.results[0].shape)


# Resizing: one matrix for each axis -----------------------------------------------------------------


def _cells(length: int) -> Any:
    return np.eye(length).reshape(1, length, length)


def _resized(b: Builder, call: Call, matrices: Sequence[Any]) -> str:
    x, ndim = call.x(), len(call.shape)
    for k, matrix in enumerate(matrices):
        if matrix.shape[0] != matrix.shape[1] or (matrix != np.eye(len(matrix))).any():
            x = along_last(b, x, ndim, 2 + k, b.constant(matrix, call.dtype))
    return x


def adaptive_avg_pool(b: Builder, call: Call) -> str:
    sizes, wanted = call.fixed(0, 2), call["out_shape"]
    if all(n == 1 for n in wanted):
        return b.node("GlobalAveragePool", [call.x()])
    matrices = [
        autograd.adaptive_avg_pool(_cells(n), (o,))[0] for n, o in zip(sizes, wanted, strict=True)
    ]
    return _resized(b, call, matrices)


def adaptive_avg_pool_input(b: Builder, call: Call) -> str:
    sizes, outputs = call["input_shape"], call.fixed(0, 2)
    matrices = [
        autograd.adaptive_avg_pool(_cells(n), (o,))[0] for n, o in zip(sizes, outputs, strict=True)
    ]
    return _resized(b, call, [m.T for m in matrices])


def adaptive_max_pool(b: Builder, call: Call) -> tuple[str, None]:
    sizes, wanted = call.fixed(0, 2), call["out_shape"]
    if all(n == 1 for n in wanted):
        return b.node("GlobalMaxPool", [call.x()]), None
    x = call.x()
    for k, (size, count) in enumerate(zip(sizes, wanted, strict=True)):
        parts = []
        for i in range(count):
            ends = (i * size // count, -(-(i + 1) * size // count))
            part = b.node("Slice", [x, *[b.ints(n) for n in (*ends, 2 + k)]])
            parts.append(b.node("ReduceMax", [part, b.ints(2 + k)], keepdims=1))
        x = parts[0] if count == 1 else b.node("Concat", parts, axis=2 + k)
    return x, None


def _interpolation(sizes: Any, wanted: Any, call: Call, dtype: Any) -> list[Any]:
    """The matrix (old, new) of every axis."""
    mode, corners, scales = call["mode"], call["align_corners"], call["scale_factors"]
    matrices = []
    for k, (size, count) in enumerate(zip(sizes, wanted, strict=True)):
        if mode.startswith("nearest"):
            # Ties are broken as for the whole image: numbered cells tell which one was taken.
            along = [-1 if j == k else 1 for j in range(len(sizes))]
            cells = np.broadcast_to(np.arange(size, dtype=dtype).reshape(along), sizes)
            taken = autograd.interpolate(cells[None, None], tuple(wanted), mode, corners, scales)
            places = np.moveaxis(taken[0, 0], k, 0).reshape(count, -1)[:, 0].astype(int)
            matrices.append(np.eye(size)[:, places])
            continue
        scale = None if scales is None else (scales[k],)
        matrices.append(autograd.interpolate(_cells(size), (count,), mode, corners, scale)[0])
    return matrices


def interpolate(b: Builder, call: Call) -> str:
    sizes, wanted = call.fixed(0, 2), call["out_shape"]
    matrices = _interpolation(sizes, wanted, call, call.dtype)
    if not call["mode"].startswith("nearest"):
        return _resized(b, call, matrices)
    x = call.x()
    for k, matrix in enumerate(matrices):
        places = matrix.argmax(axis=0)
        if not np.array_equal(places, np.arange(len(matrix))):
            x = b.node("Gather", [x, b.constant(places, np.int64)], axis=2 + k)
    return x


def interpolate_adjoint(b: Builder, call: Call) -> str:
    sizes, outputs = call["input_shape"], call.fixed(0, 2)
    return _resized(b, call, [m.T for m in _interpolation(sizes, outputs, call, call.dtype)])


HIDDEN: dict[str, dict[str, tuple[Callable[..., Any], Callable[[Builder, Call], str]]]] = {
    "max_pool": {"indices": (_winner_arrays, _winners)},
}

TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "correlate": correlate,
    "correlate_input": correlate_input,
    "correlate_weight": correlate_weight,
    "max_pool": max_pool,
    "max_pool_with_indices": max_pool_with_indices,
    "take_windows": take_windows,
    "scatter_windows": scatter_windows,
    "avg_pool": avg_pool,
    "avg_pool_input": avg_pool_input,
    "windows": windows,
    "fold_windows": fold_windows,
    "adaptive_avg_pool": adaptive_avg_pool,
    "adaptive_avg_pool_input": adaptive_avg_pool_input,
    "adaptive_max_pool": adaptive_max_pool,
    "interpolate": interpolate,
    "interpolate_adjoint": interpolate_adjoint,
}
