"""Correlation as one matrix product over all pixels of all samples, for small batches and maps.

Where the rows of an image times the batch are short, the products of ``rows`` would be too small
for BLAS. Here every pixel's window is copied to a column of one matrix (im2col), (C*K) times (P*N)
with as many columns as there are output pixels, which is multiplied at once, or in a few blocks
when it would be large. The cost of the copies grows with the whole kernel, but on small work calls
cost more than numbers, and there are only half a dozen: everything that follows from the shapes is
worked out once, in a `Plan`.

The input gradient without a stride is the same with the flipped kernel; with a stride, the columns
of the product ``w.T @ y`` are added up where their windows lay, tap by tap.

Memory here is pixels first, (C, *S, N) and (O, *P, N), of any rank; results are handed out as
views (N, C, *S) of it.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import NamedTuple

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import threads
from autograd.kernels.bounds import Bound
from autograd.kernels.scratch import scratch

_BLOCK_BYTES: Bound[int] = 4 * 2**20
"""Larger matrices of windows are made and multiplied block by block."""


class Plan(NamedTuple):
    """What follows from the shapes of a call."""

    order: tuple[int, ...]  # axes of (N, C, *S) as they lie in memory here
    back: tuple[int, ...]  # and the way back
    x: tuple[int, ...]  # (C, *S, N)
    y: tuple[int, ...]  # (O, *P, N)
    padded: tuple[int, ...]  # (C, *S', N): padded or cropped just as far as windows reach
    source: tuple[slice, ...]  # the part of x that windows see
    target: tuple[slice, ...]  # its place in the padded memory
    whole: bool  # it fills that
    windows: tuple[int, ...]  # (G, C/G, *K, *P, N)
    strides: tuple[int, ...]  # of a view of the padded memory with that shape, in bytes
    matrix: tuple[int, int, int]  # (G, O/G, C/G * K)
    columns: tuple[int, int, int]  # (G, C/G * K, P * N)
    blocks: tuple[slice, ...]  # of the output's first spatial axis
    small: bool  # so little work that nothing needs to be said to BLAS about threads
    taps: tuple[tuple[tuple, tuple], ...]  # for each: its columns, and where in the padded memory


def plan(x_shape, w_shape, out, window: Window, groups, itemsize) -> Plan:
    """The plan for x (N, C, *S), w (O, C/G, *K) and outputs of the spatial shape ``out``.

    Of the padding only that before each axis counts; ``out`` says where windows end.
    """
    stride, dilation = window.stride, window.dilation
    n, c, *size = x_shape
    o, each, *kernel = w_shape
    rank = len(size)
    source, target, padded = [slice(None)], [slice(None)], [c]
    for length, outputs, s, k, d, (before, _) in zip(
        size, out, stride, kernel, dilation, window.padding, strict=True
    ):
        reach = (outputs - 1) * s + (k - 1) * d + 1
        first = max(before, 0)
        last = max(min(length + before, reach), first)
        padded.append(reach)
        target.append(slice(first, last))
        source.append(slice(first - before, last - before))
    padded.append(n)
    whole = all(t.stop - t.start == r for t, r in zip(target[1:], padded[1:-1], strict=True))
    steps = [prod(padded[axis + 1 :]) * itemsize for axis in range(rank + 2)]
    taps = []
    for k in product(*map(range, kernel)):
        reached = (
            slice(i * d, i * d + (p - 1) * s + 1, s)
            for i, p, s, d in zip(k, out, stride, dilation, strict=True)
        )
        taps.append(((slice(None), *k), (slice(None), *reached)))
    depth, pixels = each * prod(kernel), prod(out) * n
    row = groups * depth * pixels // out[0] * itemsize
    rows = max(_BLOCK_BYTES // max(row, 1), 1)
    return Plan(
        order=(*range(1, rank + 2), 0),
        back=(rank + 1, *range(rank + 1)),
        x=(c, *size, n),
        y=(o, *out, n),
        padded=tuple(padded),
        source=tuple(source),
        target=tuple(target),
        whole=whole,
        windows=(groups, each, *kernel, *out, n),
        strides=(
            steps[0] * each,
            steps[0],
            *(a * d for a, d in zip(steps[1:], dilation, strict=False)),
            *(a * s for a, s in zip(steps[1:], stride, strict=False)),
            steps[-1],
        ),
        matrix=(groups, o // groups, depth),
        columns=(groups, depth, pixels),
        blocks=tuple(slice(h, min(h + rows, out[0])) for h in range(0, out[0], rows)),
        small=o * depth * pixels <= threads._BLAS_ALONE,
        taps=tuple(taps),
    )


def correlate(x, w, bias, p: Plan) -> np.ndarray:
    """The correlation of ``x`` (N, C, *S) with ``w`` (O, C/G, *K), plus ``bias`` (O,) or None."""
    y = _forward(x, w.reshape(p.matrix), p)
    if bias is not None:
        y += bias.reshape(-1, *[1] * (y.ndim - 1))
    return y.transpose(p.back)


def correlate_input(y, w, p: Plan, adjoint: Plan | None) -> np.ndarray:
    """Its adjoint in x. ``adjoint`` is the plan with x and y in each other's place, if stride 1."""
    if adjoint is None:
        return _folded(y, w, p)
    groups, o, _ = p.matrix
    turned = w.reshape(groups, o, *w.shape[1:])[(..., *[slice(None, None, -1)] * (w.ndim - 2))]
    turned = np.ascontiguousarray(turned.swapaxes(1, 2))  # BLAS takes no flipped views
    return _forward(y, turned.reshape(adjoint.matrix), adjoint).transpose(p.back)


def correlate_weight(x, y, out, p: Plan) -> None:
    """Write its adjoint in w to ``out`` (O, C/G, *K), contiguous."""
    multiply = np.matmul if p.small else threads.matmul
    windows = _windows(x, p)
    g = y.transpose(p.order)
    groups, o, _ = p.matrix
    if len(p.blocks) == 1:
        e = windows.reshape(p.columns)
        multiply(g.reshape(groups, o, -1), e.swapaxes(1, 2), out.reshape(p.matrix))
        return
    out[...] = 0
    for block in p.blocks:
        with _columns(windows, block, p) as e:
            part = multiply(g[:, block].reshape(groups, o, -1), e.swapaxes(1, 2))
        out += part.reshape(out.shape)


def _forward(x, matrix, p: Plan) -> np.ndarray:
    """The product of ``matrix`` and the windows of ``x``, (O, *P, N)."""
    multiply = np.matmul if p.small else threads.matmul
    windows = _windows(x, p)
    if len(p.blocks) == 1:
        return multiply(matrix, windows.reshape(p.columns)).reshape(p.y)
    y = np.empty(p.y, x.dtype)
    for block in p.blocks:
        part = y[:, block]
        with _columns(windows, block, p) as e:
            part[...] = multiply(matrix, e).reshape(part.shape)
    return y


def _folded(y, w, p: Plan) -> np.ndarray:
    """The input gradient, by adding each tap's products where the tap met the input."""
    multiply = np.matmul if p.small else threads.matmul
    matrix = w.reshape(p.matrix).swapaxes(1, 2)
    groups, o, _ = p.matrix
    g = y.transpose(p.order)
    padded = np.zeros(p.padded, y.dtype)
    kernel = p.windows[2 : len(p.x)]
    for block in p.blocks:
        part = g[:, block]
        e = multiply(matrix, part.reshape(groups, o, -1))
        e = e.reshape(p.padded[0], *kernel, *part.shape[1:])
        for tap, reached in p.taps:
            padded[_rows_of(reached, block)] += e[tap]
    if p.whole and padded.shape == p.x:
        return padded.transpose(p.back)
    x = np.zeros(p.x, y.dtype)
    x[p.source] = padded[p.target]
    return x.transpose(p.back)


def _rows_of(reached, block):
    """The part of what a tap reaches that belongs to a block of the output's first axis."""
    channels, rows, *rest = reached
    first = rows.start + block.start * rows.step
    last = rows.start + (block.stop - 1) * rows.step
    return (channels, slice(first, last + 1, rows.step), *rest)


def _windows(x, p: Plan) -> np.ndarray:
    """View (G, C/G, *K, *P, N) of all windows of ``x`` (N, C, *S)."""
    seen = x.transpose(p.order)[p.source]
    if not p.whole:
        padded = np.zeros(p.padded, x.dtype)
        padded[p.target] = seen
    elif seen.flags.c_contiguous:
        padded = seen
    else:
        padded = np.ascontiguousarray(seen)
    return np.ndarray(p.windows, x.dtype, padded, 0, p.strides)


class _columns(scratch):
    """Context: the windows of one block copied to a matrix (G, C/G * K, pixels)."""

    __slots__ = ("_depth", "_windows")

    def __init__(self, windows, block, p: Plan) -> None:
        self._windows = windows[(slice(None),) * len(p.x) + (block,)]
        self._depth = p.columns[1]
        super().__init__(self._windows.shape, windows.dtype)

    def __enter__(self):
        e = super().__enter__()
        np.copyto(e, self._windows)
        return e.reshape(len(e), self._depth, -1)
