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

from autograd.kernels import threads
from autograd.kernels.memory import scratch

_BLOCK_BYTES = 2**19
_LEAST_ROWS = 4
_LANES = 8

# d h: output depth and row; g o c: group, output and input channel in it; i j k: kernel; w n.
_FORWARD = "dhgcijkwn,gocijk->dhgown"
_WEIGHT = "dhgcijkwn,dhgown->gocijk"


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


def forward(x, w, bias, out, *, stride, low, dilation) -> None:
    """Write the correlation of ``x`` with ``w``, plus ``bias`` (O,) or None, to ``out``."""
    groups, o = w.shape[:2]
    cut = plan(w.shape, out.shape, stride, x.itemsize)
    w = np.ascontiguousarray(w)
    if bias is not None:
        bias = bias.reshape(-1, 1, 1)

    def run(block) -> None:
        d, h0, h1 = block
        y = out[d : d + 1, h0:h1]
        with _windows(x, groups, w.shape[3:], y.shape, block, stride, low, dilation) as windows:
            target = y.reshape(1, h1 - h0, groups, o, *y.shape[3:])
            np.einsum(_FORWARD, windows, w, out=target)
        if bias is not None:
            y += bias

    threads.for_each(run, cut.blocks, cut.work)


def weight(x, y, out, *, stride, low, dilation) -> None:
    """Write the weight gradient to ``out`` (groups, O/groups, C/groups, kD, kH, kW)."""
    groups, o = out.shape[:2]
    w_shape = out.shape
    cut = plan(w_shape, y.shape, stride, x.itemsize)
    lanes = min(_LANES, len(cut.blocks)) if cut.work >= threads.WORTHWHILE else 1
    sums = np.zeros((lanes, *w_shape), x.dtype)

    def run(lane: int) -> None:
        for block in cut.blocks[lane::lanes]:
            d, h0, h1 = block
            g = y[d : d + 1, h0:h1]
            with _windows(x, groups, w_shape[3:], g.shape, block, stride, low, dilation) as windows:
                g = g.reshape(1, h1 - h0, groups, o, *g.shape[3:])
                sums[lane] += np.einsum(_WEIGHT, windows, g)

    threads.for_each(run, range(lanes), cut.work)
    np.add.reduce(sums, axis=0, out=out)


class _windows(scratch):
    """Context: windows (d, h, groups, C/groups, kD, kH, kW, W, N) that one block looks at."""

    __slots__ = ("_arguments",)

    def __init__(self, x, groups, kernel, y_shape, block, stride, low, dilation) -> None:
        _, h, _, w, n = y_shape
        reach = [
            (count - 1) * s + (k - 1) * step + 1
            for count, s, k, step in zip((1, h, w), stride, kernel, dilation, strict=True)
        ]
        super().__init__((reach[0], reach[1], x.shape[2], reach[2], n), x.dtype)
        self._arguments = x, groups, kernel, (h, w), block, stride, low, dilation

    def __enter__(self):
        p = super().__enter__()
        x, groups, kernel, (h, w), block, stride, low, dilation = self._arguments
        starts = (block[0] * stride[0] - low[0], block[1] * stride[1] - low[1], -low[2])
        source, target = [], []
        for axis, start in zip((0, 1, 3), starts, strict=True):
            first = max(-start, 0)
            last = max(min(x.shape[axis] - start, p.shape[axis]), first)
            if first > 0:
                _along(p, axis, slice(0, first))[...] = 0
            if last < p.shape[axis]:
                _along(p, axis, slice(last, None))[...] = 0
            target.append(slice(first, last))
            source.append(slice(first + start, last + start))
        p[target[0], target[1], :, target[2]] = x[source[0], source[1], :, source[2]]
        sd, sh, sc, sw, sn = p.strides
        each = p.shape[2] // groups
        return np.ndarray(
            (1, h, groups, each, *kernel, w, p.shape[4]), p.dtype, p, 0,
            (sd, sh * stride[1], sc * each, sc, sd * dilation[0], sh * dilation[1],
             sw * dilation[2], sw * stride[2], sn),
        )


def _along(a, axis, where):
    return a[(*[slice(None)] * axis, where)]
