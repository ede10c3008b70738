"""Correlation as one matrix product over all pixels of all samples, for small batches and maps.

Where the rows of an image times the batch are short, the products of ``rows`` would be too small
for BLAS. Here every pixel's window is copied to a column of one matrix (im2col), (C*kD*kH*kW)
times (D*H*W*N), which is multiplied at once, or in a few blocks when it would be large. The cost of
the copies grows with the whole kernel, but so few calls are made that it pays on small work.

Axes as in ``rows``: x is (D, H, C, W, N), y is (D, H, O, W, N), w is (groups, O/groups, C/groups,
kD, kH, kW).
"""

from functools import lru_cache

import numpy as np

from autograd.kernels import threads
from autograd.kernels.memory import scratch

_BLOCK_BYTES = 4 * 2**20
_PIECES = 8
_PIXELS_FIRST = (2, 0, 1, 3, 4)  # (D, H, C, W, N) -> (C, D, H, W, N)


@lru_cache(maxsize=1024)
def blocks(w_shape, y_shape, itemsize, shared) -> tuple[tuple[slice, slice], ...]:
    """The output cut along depth and rows (slices of both): to save memory, or also to share it."""
    groups, o, c, kd, kh, kw = w_shape
    depth, height, _, width, n = y_shape
    k = groups * c * kd * kh * kw
    rows = max(_BLOCK_BYTES // max(k * width * n * itemsize, 1), 1)
    if shared:
        pieces = min(_PIECES, 2 * k * o * depth * height * width * n // threads.WORTHWHILE)
        rows = min(rows, -(-depth * height // max(pieces, 1)))
    if rows >= depth * height:
        return ((slice(0, depth), slice(0, height)),)
    rows = -(-height // -(-height // rows))
    return tuple(
        (slice(d, d + 1), slice(h, min(h + rows, height)))
        for d in range(depth)
        for h in range(0, height, rows)
    )


def forward(x, w, bias, out, *, stride, low, dilation) -> None:
    """Write the correlation of ``x`` with ``w``, plus ``bias`` (O,) or None, to ``out``."""
    groups, o, c = w.shape[:3]
    kernel = w.shape[3:]
    matrix = np.ascontiguousarray(w).reshape(groups, o, -1)  # BLAS takes no flipped views
    cut = blocks(w.shape, out.shape, x.itemsize, True)
    pixels = out.transpose(_PIXELS_FIRST)
    if bias is not None:
        bias = bias.reshape(-1, 1, 1, 1, 1)
    with _padded(x, kernel, out.shape, stride, low, dilation) as p:
        windows = _windows(p, groups, kernel, out.shape, stride, dilation)

        def run(block) -> None:
            target = pixels[:, block[0], block[1]]
            shape = (groups, o, target[0].size)
            if target.flags.c_contiguous:
                with _columns(windows, block) as e:
                    np.matmul(matrix, e, out=target.reshape(shape))
                if bias is not None:
                    target += bias
                return
            with _columns(windows, block) as e, scratch(shape, out.dtype) as y:
                np.matmul(matrix, e, out=y)
                y = y.reshape(target.shape)
                if bias is None:
                    np.copyto(target, y)
                else:
                    np.add(y, bias, out=target)

        threads.for_each(run, cut, w.size // (groups * o) * pixels.size)


def weight(x, y, out, *, stride, low, dilation) -> None:
    """Write the weight gradient to ``out`` (groups, O/groups, C/groups, kD, kH, kW), contiguous."""
    groups, o, c = out.shape[:3]
    kernel = out.shape[3:]
    cut = blocks(out.shape, y.shape, x.itemsize, False)
    matrix = out.reshape(groups, o, -1)
    pixels = y.transpose(_PIXELS_FIRST)
    work = out.size // (groups * o) * pixels.size
    # The gradient of each weight is summed by one thread: threads share the output channels.
    part = -(-o // max(min(_PIECES, 2 * work // threads.WORTHWHILE), 1))
    parts = [slice(i, i + part) for i in range(0, o, part)]
    with _padded(x, kernel, y.shape, stride, low, dilation) as p:
        windows = _windows(p, groups, kernel, y.shape, stride, dilation)
        for i, block in enumerate(cut):
            g = pixels[:, block[0], block[1]].reshape(groups, o, -1)
            with _columns(windows, block) as e:
                e = e.swapaxes(1, 2)

                def run(these: slice, g=g, e=e, first=i == 0) -> None:
                    if first:
                        np.matmul(g[:, these], e, out=matrix[:, these])
                    else:
                        matrix[:, these] += np.matmul(g[:, these], e)

                threads.for_each(run, parts, work // len(cut))


class _padded(scratch):
    """Context: ``x`` zero-padded (or cropped) as (C, D, H, W, N), just as far as windows reach."""

    __slots__ = ("_cut", "_x")

    def __init__(self, x, kernel, y_shape, stride, low, dilation) -> None:
        self._cut = shape, *_ = _padding(x.shape, kernel, y_shape, stride, low, dilation)
        self._x = x.transpose(_PIXELS_FIRST)
        super().__init__(shape, x.dtype)

    def __enter__(self):
        _, source, target, whole = self._cut
        x = self._x[source]
        if whole and x.flags.c_contiguous:
            self._buffer = None  # nothing borrowed
            return x
        p = super().__enter__()
        if not whole:
            p.fill(0)
        p[target] = x
        return p


@lru_cache(maxsize=1024)
def _padding(x_shape, kernel, y_shape, stride, low, dilation):
    """Shape after padding, what of x goes where in it, and whether that is all of it."""
    d, h, c, w, n = x_shape
    source, target, shape = [slice(None)], [slice(None)], [c]
    for size, outputs, s, k, step, before in zip(
        (d, h, w), (y_shape[0], y_shape[1], y_shape[3]), stride, kernel, dilation, low, strict=True
    ):
        reach = (outputs - 1) * s + (k - 1) * step + 1
        first = max(before, 0)
        last = max(min(size + before, reach), first)
        shape.append(reach)
        target.append(slice(first, last))
        source.append(slice(first - before, last - before))
    whole = all(t.stop - t.start == size for t, size in zip(target[1:], shape[1:], strict=True))
    return (*shape, n), tuple(source), tuple(target), whole


def _windows(p, groups, kernel, y_shape, stride, dilation):
    """View (groups, C/groups, kD, kH, kW, D, H, W, N) of all windows of ``p`` (C, D, H, W, N)."""
    c, sd, sh, sw, sn = p.strides
    d, h, _, w, n = y_shape
    each = p.shape[0] // groups
    return np.ndarray(
        (groups, each, *kernel, d, h, w, n),
        p.dtype,
        p,
        0,
        (
            c * each,
            c,
            sd * dilation[0],
            sh * dilation[1],
            sw * dilation[2],
            sd * stride[0],
            sh * stride[1],
            sw * stride[2],
            sn,
        ),
    )


class _columns(scratch):
    """Context: the windows of one block copied to a matrix (groups, K, pixels)."""

    __slots__ = ("_windows",)

    def __init__(self, windows, block) -> None:
        self._windows = windows[:, :, :, :, :, block[0], block[1]]
        super().__init__(self._windows.shape, windows.dtype)

    def __enter__(self):
        if self._windows.flags.c_contiguous:
            self._buffer = None
            e = self._windows
        else:
            e = super().__enter__()
            np.copyto(e, self._windows)
        groups, c, kd, kh, kw, d, h, w, n = e.shape
        return e.reshape(groups, c * kd * kh * kw, d * h * w * n)
