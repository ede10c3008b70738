"""Correlation and its two adjoints: one trilinear form, computed the way that suits its shapes.

The form is ``sum(y * correlate(x, w))``; it is linear in each of x, w and y, and its three partial
derivatives are the three functions here. They take any number of spatial axes from one to three
(more go the plain way) and arrays of any strides. Images come out batch-last (see ``layout``) —
or as it costs nothing: pixels first from the pixels path, C-ordered samples as such from the
pointwise one — and weight gradients C-contiguous.

`choose_path` decides how a geometry is computed and says why:

    rows        matrix products over overlapping rows of the input (``rows``), the workhorse
    pointwise   the same for a kernel of one element: the input itself is the matrix, batch-last or
                sample by sample as it comes
    pixels      one matrix of all windows (``pixels``): small batches, small maps
    depthwise   multiply-and-add by kernel element (``depthwise``)
    plain       windows and einsum (``plain``): objects, complex numbers, integers
    empty       nothing to add up

The input gradient is itself a correlation, of y with the flipped kernel whose channels have changed
places; with a stride, one for each residue of the input's index (`_phases`), so that no zeros are
ever inserted and no time is lost on them.
"""

from functools import lru_cache
from itertools import product
from math import gcd, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from autograd.kernels.conv import depthwise, im2col, plain, row_expansion
from autograd.kernels.layout import (
    empty_batch_last,
    has_batch_last_rows,
    memory_view,
    to_batch_last,
)

_PATHS = {"rows": row_expansion, "pointwise": row_expansion, "depthwise": depthwise}
_FAST = {np.dtype(np.float32), np.dtype(np.float64)}

_FEW_PIXELS = 16
"""Output rows with fewer pixels over the batch than this, plus a quarter of the input and output
channels of a group, make products too small for ``rows``."""

_SMALL = 2**16
"""Numbers in the matrix of all windows up to which the fewest calls are fastest, whatever the rows."""

_LONG_RUN = 512
"""Pixels of one output row, over the batch, from which depthwise multiply-and-add is fastest..."""

_LONG_STRIDED_RUN = 64
"""... and where there is a stride."""

MANY = 2**14
"""Numbers from which on the memory order of an array is worth a thought before it is used."""

_BATCH = 8
"""Smaller batches often go the pixels path, which does not mind the order."""


Axes = tuple[int, ...]
Pairs = tuple[tuple[int, int], ...]


def correlate(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Axes,
    padding: Pairs,
    dilation: Axes,
    groups: int,
) -> np.ndarray:
    """Correlate ``x`` with the kernels ``w`` and add ``bias``.

    Args:
        x: (N, C, *S), one to three spatial axes.
        w: (O, C/groups, *K).
        bias: (O,) or None.
        stride, dilation: an integer for each spatial axis.
        padding: a pair (low, high) for each spatial axis: zeros to add, or, negative, to crop.
        groups: divides C and O; each group of input channels reaches only its own outputs.

    Returns:
        (N, O, *P) with ``P = (S + low + high - dilation * (K - 1) - 1) // stride + 1``, of the
        type that NumPy promotes the arguments to. float16 is computed in float32.

    Shapes are taken as they come: the caller has checked them.

    >>> x = np.arange(5.0).reshape(1, 1, 5)
    >>> correlate(x, np.ones((1, 1, 3)), stride=(1,), padding=((1, 1),), dilation=(1,), groups=1)
    array([[[1., 3., 6., 9., 7.]]])
    """
    given = (x, w) if bias is None else (x, w, bias)
    dtype, path, shapes = _prepare(given, x.shape, w.shape, stride, padding, dilation, groups)
    if path == "plain":
        return plain.correlate(
            x, w, bias, stride=stride, padding=padding, dilation=dilation, groups=groups
        )
    computed = _computed(dtype)
    w = _cast(w, computed)
    if bias is not None:
        bias = _cast(bias, computed)
    if path == "pixels":
        return _cast(im2col.correlate(_cast(x, computed), w, bias, shapes.pixels), dtype)
    x, memory = _friendly(x, computed, path)
    y, target = _empty_image((x.shape[0], w.shape[0], *shapes.out), computed, memory)
    if path == "empty":
        target[...] = 0 if bias is None else bias[:, None, None]
    else:
        _PATHS[path].forward(
            memory(x),
            w.reshape(shapes.w),
            bias,
            target,
            stride=shapes.stride,
            low=shapes.low,
            dilation=shapes.dilation,
        )
    return _cast(y, dtype)


def correlate_input(
    y: np.ndarray,
    w: np.ndarray,
    *,
    input_shape: Axes,
    stride: Axes,
    padding: Pairs,
    dilation: Axes,
    groups: int,
) -> np.ndarray:
    """Adjoint of `correlate` in x; as a function of its own, the transposed convolution.

    Args:
        y: (N, O, *P).
        w: (O, C/groups, *K).
        input_shape: the spatial shape S of x. (P does not determine it when there is a stride.)
        stride, padding, dilation, groups: those of `correlate`.

    Returns:
        (N, C, *S).
    """
    x_shape = (y.shape[0], w.shape[1] * groups, *input_shape)
    dtype, path, shapes = _prepare((y, w), x_shape, w.shape, stride, padding, dilation, groups)
    if path == "plain":
        return plain.correlate_input(
            y,
            w,
            input_shape=input_shape,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )
    computed = _computed(dtype)
    w = _cast(w, computed)
    if path == "pixels":
        x = im2col.correlate_input(_cast(y, computed), w, shapes.pixels, shapes.adjoint)
        return _cast(x, dtype)
    y, memory = _friendly(y, computed, path)
    x, target = _empty_image(x_shape, computed, memory)
    if path == "empty":
        target[...] = 0
        return _cast(x, dtype)
    y = memory(y)
    w = w.reshape(shapes.w).swapaxes(1, 2)
    for phase in shapes.phases:
        part = target if phase.whole else target[phase.where]
        if not part.size:
            continue
        if phase.taps is None:
            part[...] = 0
            continue
        _PATHS[path].forward(
            y, w[phase.taps], None, part, stride=(1, 1, 1), low=phase.low, dilation=phase.dilation
        )
    return _cast(x, dtype)


def correlate_weight(
    x: np.ndarray,
    y: np.ndarray,
    *,
    kernel_shape: Axes,
    stride: Axes,
    padding: Pairs,
    dilation: Axes,
    groups: int,
) -> np.ndarray:
    """Adjoint of `correlate` in w.

    Args:
        x: (N, C, *S).
        y: (N, O, *P).
        kernel_shape: the spatial shape K of w. (S and P do not determine it.)
        stride, padding, dilation, groups: those of `correlate`.

    Returns:
        (O, C/groups, *K), C-contiguous.
    """
    w_shape = (y.shape[1], x.shape[1] // groups, *kernel_shape)
    dtype, path, shapes = _prepare((x, y), x.shape, w_shape, stride, padding, dilation, groups)
    if path == "plain":
        w = plain.correlate_weight(
            x,
            y,
            kernel_shape=kernel_shape,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
        )
        return np.array(w, order="C")
    if path == "empty":
        return np.zeros(w_shape, dtype)
    computed = _computed(dtype)
    w = np.empty(w_shape, computed)
    if path == "pixels":
        im2col.correlate_weight(_cast(x, computed), _cast(y, computed), w, shapes.pixels)
        return _cast(w, dtype)
    by_sample = path == "pointwise" and y.flags.c_contiguous
    x, memory = _friendly(x, computed, path, by_sample)
    y, _ = _friendly(y, computed, path, memory is _sample_memory)
    _PATHS[path].weight(
        memory(x),
        memory(y),
        w.reshape(shapes.w),
        stride=shapes.stride,
        low=shapes.low,
        dilation=shapes.dilation,
    )
    return _cast(w, dtype)


def arranged(x: np.ndarray, kernel: Axes) -> np.ndarray:
    """``x`` (N, C, *S), copied to batch-last memory if several calls would otherwise do that.

    The functions here take any strides, but C-ordered data they have to turn each time. Whoever
    hands the same large array to more than one of them calls this before.

    Args:
        kernel: the spatial shape of the kernels that ``x`` is going to meet.

    >>> arranged(np.zeros((64, 3, 32, 32)), (3, 3)).strides
    (8, 16384, 49152, 512)
    """
    if x.size < MANY or has_batch_last_rows(x) or len(x) < _BATCH or prod(kernel) == 1:
        return x
    return to_batch_last(x) if x.dtype in _FAST and x.ndim <= 5 else x


def choose_path(
    x_shape: Axes,
    w_shape: Axes,
    *,
    stride: Axes,
    padding: Pairs,
    dilation: Axes,
    groups: int,
    dtype: DTypeLike = np.float32,
) -> tuple[str, str]:
    """How the correlation of these shapes, and its two adjoints, are computed, and why.

    Args: shapes (N, C, *S) and (O, C/groups, *K), and the arguments of `correlate`.

    Returns:
        (name, reason): a key of the table at the top of this module, and a sentence.

    >>> choose_path((64, 1, 28, 28), (8, 1, 5, 5), stride=(1, 1), padding=((0, 0), (0, 0)),
    ...             dilation=(1, 1), groups=1)[0]
    'rows'
    """
    dtype = np.dtype(dtype)
    if dtype not in _FAST and dtype != np.float16:
        return "plain", f"{dtype} arrays are computed with windows and einsum"
    if len(x_shape) > 5:
        return "plain", f"{len(x_shape) - 2} spatial axes are computed with windows and einsum"
    item = _computed(dtype).itemsize
    shapes = _shapes(tuple(x_shape), tuple(w_shape), stride, padding, dilation, groups, item)
    return shapes.path, shapes.reason


class _Phase(NamedTuple):
    """The elements of the input whose index has one residue modulo the stride, and their taps."""

    whole: bool  # they are all elements
    where: tuple[slice, ...]  # of the memory view (D, H, C, W, N)
    taps: tuple | None  # of the kernel's view: the part that reaches them, flipped; None if none
    low: tuple[int, ...]
    dilation: tuple[int, ...]


class _Shapes(NamedTuple):
    """What follows from the shapes of a call, spatial tuples always three long."""

    path: str
    reason: str
    out: tuple[int, ...]  # spatial shape of y, as long as the user's
    w: tuple[int, ...]  # (groups, O/groups, C/groups, kD, kH, kW)
    stride: tuple[int, ...]
    low: tuple[int, ...]
    dilation: tuple[int, ...]
    phases: tuple[_Phase, ...]
    pixels: im2col.Plan | None  # on that path
    adjoint: im2col.Plan | None  # there, without a stride, with x and y in each other's place


@lru_cache(maxsize=4096)
def _shapes(x_shape, w_shape, stride, padding, dilation, groups, itemsize) -> _Shapes:
    n, c, *size = x_shape
    o, each, *kernel = w_shape
    out = plain.output_shape(size, kernel, stride, padding, dilation)
    given = stride, dilation, [pair[0] for pair in padding]
    missing = 3 - len(size)
    ones, zeros = (1,) * missing, (0,) * missing
    full_size, full_kernel = (*ones, *size), (*ones, *kernel)
    stride, dilation = (*ones, *stride), (*ones, *dilation)
    low = (*zeros, *(pair[0] for pair in padding))
    path, reason = _choose(
        n, c, o, each, full_size, full_kernel, (*ones, *out), stride, low, groups
    )
    columns = adjoint = None
    if path == "pixels":
        columns, adjoint = _pixel_plans(x_shape, w_shape, out, *given, groups, itemsize)
    return _Shapes(
        path,
        reason,
        out,
        (groups, o // groups, each, *full_kernel),
        stride,
        low,
        dilation,
        _phases(full_size, full_kernel, stride, low, dilation),
        columns,
        adjoint,
    )


def _pixel_plans(x_shape, w_shape, out, stride, dilation, low, groups, itemsize):
    """The plans of the pixels path: of the correlation and, without a stride, of its adjoint."""
    forth = im2col.plan(x_shape, w_shape, out, stride, low, dilation, groups, itemsize)
    if max(stride) > 1:
        return forth, None
    (n, c, *size), (o, _, *kernel) = x_shape, w_shape
    beyond = [d * (k - 1) - a for d, k, a in zip(dilation, kernel, low, strict=True)]
    turned = (c, o // groups, *kernel)
    back = im2col.plan((n, o, *out), turned, size, stride, beyond, dilation, groups, itemsize)
    return forth, back


def _choose(n, c, o, each, size, kernel, out, stride, low, groups):
    if not (n * c * o * prod(size) * prod(out) * prod(kernel)):
        return "empty", "there is nothing to multiply"
    pixels_in_row = n * out[2]
    numbers = n * c * prod(kernel) * prod(out)
    as_it_lies = prod(kernel) == 1 and prod(stride) == 1 and not any(low) and size == out
    if numbers <= _SMALL and not as_it_lies:
        return "pixels", f"all windows are columns of one matrix of only {numbers} numbers"
    if groups > 1 and max(each, o // groups) <= 2:
        long = _LONG_RUN if max(stride) == 1 else _LONG_STRIDED_RUN
        if pixels_in_row >= long:
            return "depthwise", (
                f"{each} input and {o // groups} output channels in a group are no work for BLAS"
            )
        return "pixels", (
            f"a depthwise output row has only {pixels_in_row} pixels over the batch (fewer than "
            f"{long}), so all windows become columns of one matrix"
        )
    needed = _FEW_PIXELS + (each + o // groups) // 4
    if pixels_in_row < needed:
        return "pixels", (
            f"an output row has only {pixels_in_row} pixels over the batch (fewer than {needed}, "
            "with so many channels), so all windows become columns of one matrix"
        )
    if as_it_lies:
        return "pointwise", "a kernel of one element multiplies the input as it lies"
    return "rows", (
        f"an output row has {pixels_in_row} pixels over the batch, enough for matrix products over "
        "overlapping rows"
    )


def _phases(size, kernel, stride, low, dilation) -> tuple[_Phase, ...]:
    axes = [*map(_axis_phases, size, kernel, stride, low, dilation)]
    whole = stride == (1, 1, 1)
    phases = []
    for d, h, w in product(*axes):
        reached = None not in (d[1], h[1], w[1])
        phases.append(
            _Phase(
                whole,
                (d[0], h[0], slice(None), w[0]),
                (slice(None), slice(None), slice(None), d[1], h[1], w[1]) if reached else None,
                (d[2], h[2], w[2]),
                (d[3], h[3], w[3]),
            )
        )
    return tuple(phases)


def _axis_phases(size, kernel, stride, low, dilation):
    """For each residue r of an input index q = r + stride * m: where, taps, low, dilation.

    Output p and tap k meet in q = p * stride + k * dilation - low. For one residue that leaves
    every ``step``-th tap, counted from ``first``, and for the t-th of them the output
    p = m + base - t * spread.
    """
    common = gcd(stride, dilation)
    step, spread = stride // common, dilation // common
    for r in range(min(stride, size)):
        where = slice(r, None, stride)
        first = next((k for k in range(step) if (r + low - k * dilation) % stride == 0), kernel)
        count = len(range(first, kernel, step))
        if not count:
            yield where, None, 0, 1
            continue
        base = (r + low - first * dilation) // stride
        flipped = slice(first + (count - 1) * step, None, -step)
        yield where, flipped, (count - 1) * spread - base, spread


def _prepare(arrays, x_shape, w_shape, stride, padding, dilation, groups):
    """The type of the result, the name of the path, and the shapes."""
    dtype = arrays[0].dtype
    for a in arrays:
        if a.dtype != dtype or not dtype.isnative:
            dtype = np.result_type(*arrays)
            break
    if dtype not in _FAST and dtype != np.float16 or len(x_shape) > 5:
        return dtype, "plain", None
    item = 4 if dtype == np.float16 else dtype.itemsize
    shapes = _shapes(x_shape, w_shape, stride, padding, dilation, groups, item)
    return dtype, shapes.path, shapes


def _computed(dtype):
    return np.dtype(np.float32) if dtype == np.float16 else dtype


def _cast(a, dtype):
    return a if a.dtype is dtype else a.astype(dtype, copy=False)


def _friendly(x, dtype, path, by_sample=True):
    """``x`` in type ``dtype`` and in memory as a path counts on it, and its view (D, H, C, W, N).

    Kernels of one element do not look at neighbours: samples in C order will do as they lie, each
    counting as one long row of an image (if ``by_sample``). All else wants batch-last rows without
    gaps.
    """
    x = _cast(x, dtype)
    if path == "empty" or has_batch_last_rows(x):
        return x, _memory
    if path == "pointwise" and by_sample and x.flags.c_contiguous:
        return x, _sample_memory
    return to_batch_last(x), _memory


def _empty_image(shape, dtype, memory):
    """Memory for an image, and its view (D, H, C, W, N): batch-last, or in C order where the
    samples lie one by one."""
    image = np.empty(shape, dtype) if memory is _sample_memory else empty_batch_last(shape, dtype)
    return image, memory(image)


def _memory(x):
    """View of ``x`` (N, C, *S) as (D, H, C, W, N)."""
    view = memory_view(x)
    return view[(None,) * (5 - view.ndim)]


def _sample_memory(x):
    """View of C-ordered ``x`` (N, C, *S) as an image (1, N, C, S, 1) whose rows are the samples."""
    return x.reshape(1, *x.shape[:2], -1, 1)
