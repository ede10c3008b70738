"""Depthwise correlation: one pass of multiply-and-add for each element of the kernel.

A channel that meets only its own few weights is no work for BLAS. `np.einsum` on the view of all
windows runs ``y += weight * x`` over contiguous stretches of pixels, with the stretch of y staying
in the cache while the kernel's elements pass over it.

Axes as in ``rows``: x is (D, H, C, W, N), y is (D, H, O, W, N), w is (groups, O/groups, C/groups,
kD, kH, kW).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import threads
from autograd.kernels.bounds import Bound
from autograd.kernels.conv.row_expansion import inside, merge_last, split
from autograd.kernels.scratch import scratch

_BLOCK_BYTES: Bound[int] = 2**19
_LEAST_ROWS: Bound[int] = 4
_LANES: Bound[int] = 8

# h: output row; g o c: group, output and input channel in it; i j k: kernel; p: columns and batch.
_FORWARD = "hgcijkp,gocijk->hgop"
_WEIGHT = "hgcijkp,hgop->gocijk"


class Plan(NamedTuple):
    """Blocks (depth, first row, last row) of the output, and how much work it is."""

    blocks: tuple[tuple[int, int, int], ...]
    work: int


@lru_cache(maxsize=1024)
def plan(w_shape, y_shape, stride, itemsize) -> Plan:
    groups, o, c, kd, kh, kw = w_shape
    depth, height, _, width, n = y_shape
    row = groups * (o + c * kd * stride[1] * stride[2]) * width * n * itemsize
    rows = max(_BLOCK_BYTES // max(row, 1), _LEAST_ROWS)
    count = -(-height // rows)
    rows = -(-height // count)
    blocks = tuple(
        (d, h, min(h + rows, height)) for d in range(depth) for h in range(0, height, rows)
    )
    work = groups * o * c * kd * kh * kw * depth * height * width * n
    return Plan(blocks, 4 * work)  # einsum is slower than BLAS


def forward(x, w, bias, out, window: Window) -> None:
    """Write the correlation of ``x`` with ``w``, plus ``bias`` (O,) or None, to ``out``."""
    groups, o = w.shape[:2]
    cut = plan(w.shape, out.shape, window.stride, x.itemsize)
    w = np.ascontiguousarray(w)
    if bias is not None:
        bias = bias.reshape(-1, 1, 1)

    def run(block) -> None:
        d, h0, h1 = block
        y = out[d, h0:h1]
        with _windows(x, w.shape, out.shape, block, window) as windows:
            target = merge_last(y)
            if target is not None:
                np.einsum(_FORWARD, windows, w, out=split(target, groups))
            else:
                y[...] = np.einsum(_FORWARD, windows, w).reshape(y.shape)
        if bias is not None:
            y += bias

    threads.for_each(run, cut.blocks, cut.work)


def weight(x, y, out, window: Window) -> None:
    """Write the weight gradient to ``out`` (groups, O/groups, C/groups, kD, kH, kW)."""
    groups, o = out.shape[:2]
    w_shape = out.shape
    cut = plan(w_shape, y.shape, window.stride, x.itemsize)
    lanes = min(_LANES, len(cut.blocks)) if cut.work >= threads.WORTHWHILE else 1
    flat = merge_last(y)
    sums = np.zeros((lanes, *w_shape), x.dtype)

    def run(lane: int) -> None:
        for block in cut.blocks[lane::lanes]:
            d, h0, h1 = block
            g = split(flat[d, h0:h1], groups)
            with _windows(x, w_shape, y.shape, block, window) as windows:
                sums[lane] += np.einsum(_WEIGHT, windows, g)

    threads.for_each(run, range(lanes), cut.work)
    np.add.reduce(sums, axis=0, out=out)


class _windows(scratch):
    """Context: windows (rows, groups, C/groups, kD, kH, kW, W * N) that one block looks at.

    Columns and batch are one axis, so that einsum finds long runs. With a stride along the width
    that takes a copy of the input for each kernel column, otherwise one copy serves all.
    """

    __slots__ = ("_arguments", "_copies")

    def __init__(self, x, w_shape, y_shape, block, window) -> None:
        groups, kernel = w_shape[0], w_shape[3:]
        width, n = y_shape[3:]
        stride, dilation = window.stride, window.dilation
        rows = (block[2] - block[1] - 1) * stride[1] + (kernel[1] - 1) * dilation[1] + 1
        if stride[2] == 1:
            self._copies, columns = [(0, 1)], width + (kernel[2] - 1) * dilation[2]
        else:
            self._copies, columns = [(k * dilation[2], stride[2]) for k in range(kernel[2])], width
        shape = ((kernel[0] - 1) * dilation[0] + 1, rows, x.shape[2], len(self._copies), columns, n)
        super().__init__(shape, x.dtype)
        self._arguments = x, groups, kernel, width, block, window

    def __enter__(self):
        p = super().__enter__()
        x, groups, kernel, width, block, window = self._arguments
        stride, dilation, low = window.stride, window.dilation, [p[0] for p in window.padding]
        depth, rows, c, copies, columns, n = p.shape
        d0, d1, first_d = _overlap(block[0] * stride[0] - low[0], 1, depth, x.shape[0])
        h0, h1, first_h = _overlap(block[1] * stride[1] - low[1], 1, rows, x.shape[1])
        if d1 - d0 < depth or h1 - h0 < rows:
            p[...] = 0
        source = x[first_d : first_d + d1 - d0, first_h : first_h + h1 - h0]
        for copy, (shift, step) in enumerate(self._copies):
            target = p[d0:d1, h0:h1, :, copy]
            w0, w1, first = _overlap(shift - low[2], step, columns, x.shape[3])
            target[:, :, :, :w0] = 0
            target[:, :, :, w1:] = 0
            if w0 < w1:
                last = first + (w1 - w0 - 1) * step + 1
                target[:, :, :, w0:w1] = source[:, :, :, first:last:step]
        sd, sh, sc, sk, sw, item = p.strides
        each = c // groups
        return np.ndarray(
            (block[2] - block[1], groups, each, *kernel, width * n),
            p.dtype,
            p,
            0,
            (
                sh * stride[1],
                sc * each,
                sc,
                sd * dilation[0],
                sh * dilation[1],
                sk if stride[2] > 1 else sw * dilation[2],
                item,
            ),
        )


def _overlap(start: int, step: int, count: int, size: int) -> tuple[int, int, int]:
    """Range of i in 0 ... count - 1 with ``start + i * step`` inside, and the first such place."""
    first, last = inside(start, step, count, size)
    return first, last, start + first * step if last > first else 0
