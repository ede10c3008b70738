"""Correlation as a batch of overlapping matrix products, for batch-last memory.

The input is expanded along the kernel's width only: row ``h`` of the expansion holds, for each
channel c and kernel column k, the pixels that column meets, ``E[h, c, k, (w, n)]``. Then the kH
consecutive rows ``h*s ... h*s + kH - 1`` are, as they lie, the matrix of shape ``(kH*C*kW, W*N)``
that the weights of output row h multiply, and the matrices of all output rows are one strided view
whose items overlap. `np.matmul` hands it to BLAS, so the expansion is kW-fold, not kH*kW-fold.
Dilated rows are first sorted by their residue, which makes as many correlations without dilation;
only where there is a stride as well is E expanded along the height, too.

It is done block by block in scratch: some output rows times some of the width. The rows of a block
are padded to an odd number of cache lines, since BLAS reads them down the columns, and a stride of
a power of two would map a whole column to a few sets of the cache.

Everything here is three-dimensional (shapes D, H, W) in memory order: x is (D, H, C, W, N), y is
(D, H, O, W, N), w is (groups, O/groups, C/groups, kD, kH, kW). The rows (W, N) of the arrays read
must lie without gaps; those written to may be strided.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import threads
from autograd.kernels.bounds import Bound
from autograd.kernels.scratch import scratch

_COLUMNS: Bound[int] = 512
"""Pixels of one product: enough for BLAS, few enough for a row of E to stay in the cache."""

_BLOCK_BYTES: Bound[int] = 2 * 2**20
"""Size of E that a block aims at: about the second-level cache."""

_LEAST_ROWS: Bound[int] = 8
"""Fewer rows in a block, and the kH - 1 extra rows of its expansion may weigh too much."""

_PIECES: Bound[int] = 8
"""Blocks that a large correlation is cut into at least, for threads to share."""

_FOLD_BELOW: Bound[float] = 0.75
"""Up to this ratio of output to input channels, folding the output beats expanding the input..."""

_FOLD_NARROW: Bound[tuple[int, float]] = (24, 0.25)
"""... but for kernels up to three wide only from so many input channels on, or up to this ratio."""

_LANES: Bound[int] = 4
"""Partial weight gradients that are summed apart, so that as many threads can share the work."""


class Block(NamedTuple):
    """Part of the output: depth ``d``, rows ``h0:h1``, columns ``w0:w1``."""

    d: int
    h0: int
    h1: int
    w0: int
    w1: int


class Plan(NamedTuple):
    """How one geometry is cut up. Depends on shapes alone."""

    blocks: tuple[Block, ...]
    overlap: bool  # the rows of E are input rows, shared by the products; else output rows
    direct: bool  # the input itself serves as E
    work: int  # multiplications


@lru_cache(maxsize=1024)
def plan(x_shape, w_shape, y_shape, window: Window, itemsize, whole=False) -> Plan:
    """Cut the output into blocks; ``whole`` rows of it if wanted."""
    stride, dilation = window.stride, window.dilation
    groups, o, c, kd, kh, kw = w_shape
    d, h, _, w, n = y_shape
    overlap = kh > 1 and dilation[1] == 1 and stride[1] < kh
    direct = (
        kd * kh * kw == 1
        and stride[2] == 1
        and not any(before for before, _ in window.padding)
        and all((y_shape[i] - 1) * s < x_shape[i] for i, s in ((0, stride[0]), (1, stride[1])))
        and y_shape[3] == x_shape[3]
    )
    line = groups * c * kd * kw * (1 if overlap else kh) * itemsize  # bytes of E for one pixel
    if direct:
        line = 4 * groups * (c + o) * itemsize  # smaller blocks, still at hand when the bias comes
    # Where there are few rows, longer ones keep the number of calls down.
    pixels = max(_COLUMNS, min(4 * _COLUMNS, 8 * _COLUMNS // max(d * h, 1), _BLOCK_BYTES // line))
    width = w if whole or direct and d * h > 1 else _parts(w, max(1, pixels // max(n, 1)))
    row = line * width * n
    work = groups * o * c * kd * kh * kw * d * h * w * n
    least = _least_rows(o) if overlap else 1
    rows = max(_BLOCK_BYTES // max(row, 1), least)
    pieces = min(_PIECES, 2 * work // threads.WORTHWHILE)
    columns = d * -(-w // max(width, 1))
    if pieces > columns:
        rows = min(rows, max(h * columns // pieces, least))
    rows = _parts(h, rows)
    blocks = tuple(
        Block(i, j, min(j + rows, h), k, min(k + width, w))
        for i in range(d)
        for j in range(0, h, max(rows, 1))
        for k in range(0, w, max(width, 1))
    )
    return Plan(blocks, overlap, direct, work)


def _least_rows(o: int) -> int:
    """Rows below which the kH - 1 rows that blocks share cost too much, next to ``o`` products."""
    return max(1, min(_LEAST_ROWS, 128 // o))


def _parts(size: int, most: int) -> int:
    """Length of equal parts of ``size``, none longer than ``most``."""
    return -(-size // -(-size // most)) if size else 0


def forward(x, w, bias, out, window: Window) -> None:
    """Write the correlation of ``x`` with ``w``, plus ``bias`` (O,) or None, to ``out``.

    Element p of ``out`` looks at the inputs ``p * stride + k * dilation - before``; those that do
    not exist count as 0. The window's padding after and its kernel are not looked at.
    """
    groups, o, c, kd, kh, kw = w.shape
    interleaved, folded = _ways(w.shape, window)
    if interleaved:
        for rows, taken, part in _residues(out.shape[1], window):
            forward(x[:, taken], w, bias, out[:, rows], part)
        return
    if folded:
        _forward_folded(x, w, bias, out, window)
        return
    cut = plan(x.shape, w.shape, out.shape, window, x.itemsize)
    matrix = _matrix(w, None if cut.direct else bias, cut.overlap)
    ones = bias is not None and not cut.direct
    n = out.shape[4]
    flat = merge_last(out)

    def run(block: Block) -> None:
        rows, columns = block.h1 - block.h0, (block.w1 - block.w0) * n
        with _expanded(x, w.shape, block, cut, window, ones) as e:
            if flat is not None:
                y = flat[block.d, block.h0 : block.h1, :, block.w0 * n : block.w1 * n]
                np.matmul(matrix, e, out=y.reshape(rows, groups, o, columns).swapaxes(0, 1))
                if cut.direct and bias is not None:
                    y += bias[:, None]
                return
            with scratch((rows, groups * o, columns), out.dtype) as y:
                np.matmul(matrix, e, out=split(y, groups).swapaxes(0, 1))
                if cut.direct and bias is not None:
                    y += bias[:, None]
                target = out[block.d, block.h0 : block.h1, :, block.w0 : block.w1]
                np.copyto(target, y.reshape(target.shape))

    threads.for_each(run, cut.blocks, cut.work)


def _worth_folding(o: int, c: int, kw: int) -> bool:
    """Whether `_forward_folded` is the faster way: measured, the bounds are soft."""
    channels, ratio = _FOLD_NARROW
    return o <= _FOLD_BELOW * c and (kw > 3 or c >= channels or o <= ratio * c)


def _matrix(w, bias, overlap):
    """The weights as (groups, 1, O/groups, K).

    If there is a bias, each row of E ends in a line of ones, so that the product adds it. With
    overlap a product spans kH rows of E, hence kH such lines, of which the first gets the bias.
    """
    groups, o, c, kd, kh, kw = w.shape
    matrix = w.transpose(0, 1, 4, 3, 2, 5)
    if bias is None:
        # BLAS takes no flipped views.
        return np.ascontiguousarray(matrix).reshape(groups, 1, o, kh * kd * c * kw)
    spans = kh if overlap else 1
    padded = np.zeros((groups, o, spans, kh * kd * c * kw // spans + 1), w.dtype)
    padded[..., :-1] = matrix.reshape(groups, o, spans, -1)
    padded[:, :, 0, -1] = bias.reshape(groups, o)
    return padded.reshape(groups, 1, o, -1)


def _forward_folded(x, w, bias, out, window: Window) -> None:
    """`forward` for few output channels: nothing is expanded along the width.

    The products give, for each kernel column by itself, what it adds to the output; these
    contributions, kW for each output element, are then shifted and added. That moves kW * O numbers
    a pixel instead of kW * C, and the products are less lopsided.
    """
    groups, o, c, kd, kh, kw = w.shape
    width, n = x.shape[3:]
    narrow = (groups, kw * o, c, kd, kh, 1)
    padding, dilation = window.padding, window.dilation
    column = window._replace(padding=(*padding[:2], (0, 0)), dilation=(*dilation[:2], 1))
    cut = plan(x.shape, narrow, (*out.shape[:3], width, n), column, x.itemsize, True)
    matrix = _matrix(w.transpose(0, 5, 1, 2, 3, 4).reshape(narrow), None, cut.overlap)
    shifts = [k * dilation[2] - padding[2][0] for k in range(kw)]
    # Begin with a kernel column that reaches every output, if there is one.
    first = next((k for k in range(kw) if 0 <= shifts[k] <= width - out.shape[3]), None)

    def run(block: Block) -> None:
        rows = block.h1 - block.h0
        y = out[block.d, block.h0 : block.h1]
        y = y.reshape(rows, groups, o, *out.shape[3:]).swapaxes(0, 1)
        with (
            _expanded(x, narrow, block, cut, column, False) as e,
            scratch((groups, rows, kw, o, width, n), out.dtype) as parts,
        ):
            np.matmul(matrix, e, out=parts.reshape(groups, rows, kw * o, width * n))
            if first is None:
                y[...] = 0
            else:
                y[...] = parts[:, :, first, :, shifts[first] : shifts[first] + out.shape[3]]
            for k, shift in enumerate(shifts):
                w0, w1 = inside(shift, 1, out.shape[3], width)
                if k != first and w0 < w1:
                    y[..., w0:w1, :] += parts[:, :, k, :, w0 + shift : w1 + shift]
        if bias is not None:
            y += bias.reshape(groups, 1, o, 1, 1)

    threads.for_each(run, cut.blocks, cut.work)


@lru_cache(maxsize=1024)
def _ways(w_shape, window) -> tuple[bool, bool]:
    """Whether the rows fall apart into sets that never meet, each with a kernel without gaps; and
    whether the output is to be folded."""
    _, o, c, _, kh, kw = w_shape
    interleaved = kh > 1 and window.dilation[1] > 1 and window.stride[1] == 1
    return interleaved, window.stride[2] == 1 and kw > 1 and _worth_folding(o, c, kw)


def _residues(height, window):
    """For each set: its output rows and its input rows, as slices, and its window."""
    (d0, dilation, d2), (depth, (low, _), width) = window.dilation, window.padding
    for r in range(min(dilation, height)):
        padding = depth, (-((r - low) // dilation), 0), width
        yield (
            slice(r, None, dilation),
            slice((r - low) % dilation, None, dilation),
            window._replace(padding=padding, dilation=(d0, 1, d2)),
        )


def weight(x, y, out, window: Window) -> None:
    """Write the weight gradient to ``out`` (groups, O/groups, C/groups, kD, kH, kW)."""
    groups, o, c, kd, kh, kw = w_shape = out.shape
    if _ways(w_shape, window)[0]:
        part = np.empty_like(out)
        for i, (rows, taken, one) in enumerate(_residues(y.shape[1], window)):
            weight(x[:, taken], y[:, rows], part if i else out, one)
            if i:
                out += part
        return
    cut = plan(x.shape, w_shape, y.shape, window, x.itemsize)
    k, n = kd * kh * kw * c, y.shape[4]
    flat = merge_last(y)
    lanes = min(_LANES, len(cut.blocks)) if cut.work >= threads.WORTHWHILE else 1
    with scratch((lanes, groups, k, o), x.dtype) as sums:

        def run(lane: int) -> None:
            """Sum the products of blocks lane, lane + lanes, ... in that order."""
            total = sums[lane]
            for i, block in enumerate(cut.blocks[lane::lanes]):
                rows = block.h1 - block.h0
                g = flat[block.d, block.h0 : block.h1, :, block.w0 * n : block.w1 * n]
                g = split(g, groups).transpose(1, 0, 3, 2)
                with (
                    _expanded(x, w_shape, block, cut, window, False) as e,
                    scratch((groups, rows, k, o), x.dtype) as products,
                ):
                    if i == 0 and rows == 1:
                        np.matmul(e, g, out=total[:, None])
                        continue
                    np.matmul(e, g, out=products)
                    if i == 0:
                        np.add.reduce(products, axis=1, out=total)
                    else:
                        for row in range(rows):
                            total += products[:, row]

        threads.for_each(run, range(lanes), cut.work)
        total = sums[0] if lanes == 1 else np.add.reduce(sums, axis=0)
        out[...] = total.reshape(groups, kh, kd, c, kw, o).transpose(0, 5, 3, 2, 1, 4)


class _expanded:
    """Context: the matrices (groups, rows, K, columns) that meet the weights of one block."""

    __slots__ = ("_arguments", "_loan")

    def __init__(self, *arguments) -> None:
        self._arguments = arguments
        self._loan: scratch | None = None

    def __enter__(self) -> np.ndarray:
        x, w_shape, block, cut, window, ones = self._arguments
        stride = window.stride
        groups, _, c, kd, kh, kw = w_shape
        n = x.shape[4]
        rows, width = block.h1 - block.h0, block.w1 - block.w0
        if cut.direct:
            s = stride[1]
            flat = merge_last(x)
            e = flat[block.d * stride[0], block.h0 * s : (block.h1 - 1) * s + 1 : s]
            e = e[:, :, block.w0 * n : block.w1 * n]
            return split(e, groups).swapaxes(0, 1)
        columns = width * n
        line = 16 * (-(-columns // 16) | 1)
        tall = (rows - 1) * stride[1] + kh if cut.overlap else rows
        taps, spans, step = (1, kh, stride[1]) if cut.overlap else (kh, 1, 1)
        lines = taps * kd * c * kw
        loan = self._loan = scratch((groups, tall, lines + ones, line), x.dtype)
        e = loan.__enter__()
        target = e[:, :, :lines, :columns].reshape(groups, tall, taps, kd, c, kw, width, n)
        _expand(x, target, block, cut.overlap, window)
        if ones:
            e[:, :, lines] = 1
        strides = e.strides
        return np.ndarray(
            (groups, rows, spans * (lines + ones), columns),
            x.dtype,
            e,
            0,
            (strides[0], strides[1] * step, strides[2], strides[3]),
        )

    def __exit__(self, *exception) -> None:
        if self._loan is not None:
            self._loan.__exit__(*exception)


def _expand(x, e, block, overlap, window) -> None:
    """Copy the pixels that each tap of the kernel meets to ``e`` (G, rows, kH, kD, C, kW, W, N)."""
    _, stride, ((front, _), (above, _), (before, _)), dilation, _ = window
    groups, tall, taps, kd, c, kw, width, n = e.shape
    depth, height, _, x_width, _ = x.shape
    source = x.reshape(depth, height, groups, c, x_width, n) if groups > 1 else x[:, :, None]
    step = 1 if overlap else stride[1]
    for j in range(kd):
        at = block.d * stride[0] + j * dilation[0] - front
        if not 0 <= at < depth:
            e[:, :, :, j] = 0
            continue
        for i in range(taps):
            top = block.h0 * stride[1] + i * dilation[1] - above
            h0, h1 = inside(top, step, tall, height)
            if h0 > 0:
                e[:, :h0, i, j] = 0
            if h1 < tall:
                e[:, h1:, i, j] = 0
            if h0 == h1:
                continue
            lines = source[at, top + h0 * step : top + (h1 - 1) * step + 1 : step]
            lines = lines.swapaxes(0, 1)
            for k in range(kw):
                left = block.w0 * stride[2] + k * dilation[2] - before
                w0, w1 = inside(left, stride[2], width, x_width)
                tap = e[:, h0:h1, i, j, :, k]
                if w0 > 0:
                    tap[:, :, :, :w0] = 0
                if w1 < width:
                    tap[:, :, :, w1:] = 0
                if w0 < w1:
                    first = left + w0 * stride[2]
                    last = left + (w1 - 1) * stride[2] + 1
                    tap[:, :, :, w0:w1] = lines[:, :, :, first : last : stride[2]]


@lru_cache(maxsize=4096)
def inside(start: int, step: int, count: int, size: int) -> tuple[int, int]:
    """Range of i in 0 ... count - 1 for which ``start + i * step`` lies in 0 ... size - 1."""
    first = min(max(-(start // step), 0), count)
    last = min((size - 1 - start) // step + 1, count)
    return first, max(last, first)


def merge_last(a):
    """View of ``a`` (..., W, N) as (..., W * N), or None where memory does not allow it."""
    w, n = a.shape[-2:]
    if a.strides[-1] != a.itemsize and n > 1 or a.strides[-2] != n * a.itemsize and w > 1:
        return None
    return a.reshape(*a.shape[:-2], w * n)


def split(a, groups):
    """View of ``a`` (rows, C, columns) as (rows, groups, C/groups, columns)."""
    return a.reshape(len(a), groups, a.shape[1] // groups, a.shape[2])
