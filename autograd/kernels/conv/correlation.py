"""Correlation and its two adjoints: one trilinear form, computed the way that suits its shapes.

The form is ``sum(y * correlate(x, w))``; it is linear in each of x, w and y, and its three partial
derivatives are the three functions here. They take any number of spatial axes from one to three
(more go the plain way) and arrays of any strides. Weight gradients come out C-contiguous; images as it
costs nothing: in C order from the native and the pointwise path, pixels first from the pixels path,
batch-last (see ``layout``) from the others.

`choose_path` decides how a geometry is computed and says why:

    native      kernels in C (``compiled``), wherever they are there; what follows is without them
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

from autograd.arguments.window import Window
from autograd.kernels import native
from autograd.kernels.bounds import Bound
from autograd.kernels.conv import compiled, depthwise, im2col, plain, row_expansion
from autograd.kernels.layout import (
    empty_batch_last,
    has_batch_last_rows,
    memory_axes,
    to_batch_last,
)

_PATHS = {"rows": row_expansion, "pointwise": row_expansion, "depthwise": depthwise}
_FAST = {np.dtype(np.float32), np.dtype(np.float64)}

_FEW_PIXELS: Bound[int] = 16
"""Output rows with fewer pixels over the batch than this, plus a quarter of the input and output
channels of a group, make products too small for ``rows``."""

_SMALL: Bound[int] = 2**16
"""Numbers in the matrix of all windows up to which the fewest calls are fastest, whatever the rows."""

_LONG_RUN: Bound[int] = 512
"""Pixels of one output row, over the batch, from which depthwise multiply-and-add is fastest..."""

_LONG_STRIDED_RUN: Bound[int] = 64
"""... and where there is a stride."""

Axes = tuple[int, ...]


def correlate(
    x: np.ndarray,
    w: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    window: Window,
    groups: int,
) -> np.ndarray:
    """Correlate ``x`` with the kernels ``w`` and add ``bias``.

    Args:
        x: (N, C, *S), one to three spatial axes.
        w: (O, C/groups, *K).
        bias: (O,) or None.
        window: one number, or pair, for each spatial axis; its kernel is K. What it pads are
            zeros, negative padding crops.
        groups: divides C and O; each group of input channels reaches only its own outputs.

    Returns:
        (N, O, *P) with ``P = window.outputs(S)``, of the type that NumPy promotes the arguments to.
        float16 is computed in float32.

    Shapes are taken as they come: the caller has checked them.

    >>> x = np.arange(5.0).reshape(1, 1, 5)
    >>> correlate(x, np.ones((1, 1, 3)), window=Window((3,), (1,), ((1, 1),), (1,)), groups=1)
    array([[[1., 3., 6., 9., 7.]]])
    """
    given = (x, w) if bias is None else (x, w, bias)
    dtype, shapes, given = _prepare(given, x.shape, w.shape, window, groups)
    if shapes is None:
        return plain.correlate(x, w, bias, window=window, groups=groups)
    x, w, *biases = given
    bias, path = biases[0] if biases else None, shapes.path
    if native.library is not None and path != "empty":
        return _cast(compiled.correlate(x, w, bias, window, groups), dtype)
    if path == "pixels":
        return _cast(im2col.correlate(x, w, bias, shapes.pixels), dtype)
    x, memory = _friendly(x, path)
    y, target = _empty_image((x.shape[0], w.shape[0], *shapes.out), x.dtype, memory)
    if path == "empty":
        target[...] = 0 if bias is None else bias[:, None, None]
    else:
        _PATHS[path].forward(memory(x), w.reshape(shapes.w), bias, target, shapes.window)
    return y if y.dtype is dtype else y.astype(dtype)


def correlate_input(
    y: np.ndarray,
    w: np.ndarray,
    *,
    input_shape: Axes,
    window: Window,
    groups: int,
) -> np.ndarray:
    """Adjoint of `correlate` in x; as a function of its own, the transposed convolution.

    Args:
        y: (N, O, *P).
        w: (O, C/groups, *K).
        input_shape: the spatial shape S of x. (P does not determine it when there is a stride.)
        window, groups: those of `correlate`.

    Returns:
        (N, C, *S).
    """
    x_shape = (y.shape[0], w.shape[1] * groups, *input_shape)
    dtype, shapes, given = _prepare((y, w), x_shape, w.shape, window, groups)
    if shapes is None:
        return plain.correlate_input(y, w, input_shape=input_shape, window=window, groups=groups)
    (y, w), path = given, shapes.path
    if native.library is not None and path != "empty":
        return _cast(compiled.correlate_input(y, w, input_shape, window, groups), dtype)
    if path == "pixels":
        return _cast(im2col.correlate_input(y, w, shapes.pixels, shapes.adjoint), dtype)
    y, memory = _friendly(y, path)
    x, target = _empty_image(x_shape, y.dtype, memory)
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
        _PATHS[path].forward(y, w[phase.taps], None, part, phase.window)
    return x if x.dtype is dtype else x.astype(dtype)


def correlate_weight(
    x: np.ndarray,
    y: np.ndarray,
    *,
    window: Window,
    groups: int,
) -> np.ndarray:
    """Adjoint of `correlate` in w.

    Args:
        x: (N, C, *S).
        y: (N, O, *P).
        window, groups: those of `correlate`. (S and P do not determine the kernel's shape K.)

    Returns:
        (O, C/groups, *K), C-contiguous.
    """
    w_shape = (y.shape[1], x.shape[1] // groups, *window.kernel)
    dtype, shapes, given = _prepare((x, y), x.shape, w_shape, window, groups)
    if shapes is None:
        return np.array(plain.correlate_weight(x, y, window=window, groups=groups), order="C")
    (x, y), path = given, shapes.path
    if path == "empty":
        return np.zeros(w_shape, dtype)
    if native.library is not None:
        return _cast(compiled.correlate_weight(x, y, window, groups), dtype)
    w = np.empty(w_shape, x.dtype)
    if path == "pixels":
        im2col.correlate_weight(x, y, w, shapes.pixels)
        return _cast(w, dtype)
    by_sample = path == "pointwise" and y.flags.c_contiguous
    x, memory = _friendly(x, path, by_sample)
    y, _ = _friendly(y, path, memory is _sample_memory)
    _PATHS[path].weight(memory(x), memory(y), w.reshape(shapes.w), shapes.window)
    return w if w.dtype is dtype else w.astype(dtype)


def choose_path(
    x_shape: Axes,
    w_shape: Axes,
    *,
    window: Window,
    groups: int = 1,
    dtype: DTypeLike = np.float32,
) -> tuple[str, str]:
    """How the correlation of these shapes, and its two adjoints, are computed, and why.

    Args: shapes (N, C, *S) and (O, C/groups, *K), and the arguments of `correlate`.

    Returns:
        (name, reason): a key of the table at the top of this module, and a sentence.

    >>> window = Window((5, 5), (1, 1), ((0, 0), (0, 0)), (1, 1))
    >>> choose_path((64, 1, 28, 28), (8, 1, 5, 5), window=window)[0] in ("native", "rows")
    True
    """
    dtype = np.dtype(dtype)
    if dtype not in _FAST and dtype != np.float16:
        return "plain", f"{dtype} arrays are computed with windows and einsum"
    if len(x_shape) > 5:
        return "plain", f"{len(x_shape) - 2} spatial axes are computed with windows and einsum"
    item = 4 if dtype == np.float16 else dtype.itemsize
    shapes = _shapes(tuple(x_shape), tuple(w_shape), window, groups, item)
    if native.library is None or shapes.path == "empty":
        return shapes.path, shapes.reason
    how = "tap by tap" if w_shape[1] == 1 < groups else "as products of gathered panels"
    return "native", f"computed in C {how}, by {native.library.instruction_set()}"


class _Phase(NamedTuple):
    """The elements of the input whose index has one residue modulo the stride, and their taps."""

    whole: bool  # they are all elements
    where: tuple[slice, ...]  # of the memory view (D, H, C, W, N)
    taps: tuple | None  # of the kernel's view: the part that reaches them, flipped; None if none
    window: Window  # through which they look at y


class _Shapes(NamedTuple):
    """What follows from the shapes of a call, spatial tuples always three long."""

    path: str
    reason: str
    out: tuple[int, ...]  # spatial shape of y, as long as the user's
    w: tuple[int, ...]  # (groups, O/groups, C/groups, kD, kH, kW)
    window: Window
    phases: tuple[_Phase, ...]
    pixels: im2col.Plan | None  # on that path
    adjoint: im2col.Plan | None  # there, without a stride, with x and y in each other's place


@lru_cache(maxsize=4096)
def _shapes(x_shape, w_shape, window: Window, groups, itemsize) -> _Shapes:
    size, (o, each, *_) = x_shape[2:], w_shape
    out = window.outputs(size)
    ones, full = (1,) * (3 - len(size)), window.raised(3)
    path, reason = _choose(x_shape, w_shape, (*ones, *out), full, groups)
    columns = adjoint = None
    if path == "pixels":
        columns, adjoint = _pixel_plans(x_shape, w_shape, out, window, groups, itemsize)
    return _Shapes(
        path,
        reason,
        out,
        (groups, o // groups, each, *full.kernel),
        full,
        _phases((*ones, *size), full),
        columns,
        adjoint,
    )


def _pixel_plans(x_shape, w_shape, out, window, groups, itemsize):
    """The plans of the pixels path: of the correlation and, without a stride, of its adjoint."""
    forth = im2col.plan(x_shape, w_shape, out, window, groups, itemsize)
    if max(window.stride) > 1:
        return forth, None
    (n, c, *size), (o, _, *kernel) = x_shape, w_shape
    beyond = [
        (span - 1 - before, 0)
        for span, (before, _) in zip(window.spans, window.padding, strict=True)
    ]
    turned = (c, o // groups, *kernel)
    back = window._replace(padding=beyond)
    return forth, im2col.plan((n, o, *out), turned, size, back, groups, itemsize)


def _choose(x_shape, w_shape, out, window, groups):
    (n, c, *size), (o, each, *_) = x_shape, w_shape
    kernel, stride, size = window.kernel, window.stride, [*(1,) * (5 - len(x_shape)), *size]
    low = [before for before, _ in window.padding]
    if not (n * c * o * prod(size) * prod(out) * prod(kernel)):
        return "empty", "there is nothing to multiply"
    pixels_in_row = n * out[2]
    numbers = n * c * prod(kernel) * prod(out)
    as_it_lies = prod(kernel) == 1 and prod(stride) == 1 and not any(low) and size == [*out]
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


def _phases(size, window) -> tuple[_Phase, ...]:
    low = [before for before, _ in window.padding]
    axes = [*map(_axis_phases, size, window.kernel, window.stride, low, window.dilation)]
    whole = window.stride == (1, 1, 1)
    phases = []
    for d, h, w in product(*axes):
        reached = None not in (d[1], h[1], w[1])
        phases.append(
            _Phase(
                whole,
                (d[0], h[0], slice(None), w[0]),
                (slice(None), slice(None), slice(None), d[1], h[1], w[1]) if reached else None,
                Window(
                    window.kernel,
                    (1, 1, 1),
                    ((d[2], 0), (h[2], 0), (w[2], 0)),
                    (d[3], h[3], w[3]),
                ),
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


def _prepare(arrays, x_shape, w_shape, window, groups):
    """The type of the result, the shapes, and the arrays in the type that is computed with.

    The shapes are None where that is the plain path's.
    """
    dtype = arrays[0].dtype
    for a in arrays:
        if a.dtype != dtype or not dtype.isnative:
            dtype = np.result_type(*arrays)
            break
    if dtype not in _FAST and dtype != np.float16 or len(x_shape) > 5:
        return dtype, None, arrays
    item = 4 if dtype == np.float16 else dtype.itemsize
    shapes = _shapes(x_shape, w_shape, window, groups, item)
    for a in arrays:
        if a.dtype is not dtype or item != dtype.itemsize:
            computed = np.dtype(np.float32) if item != dtype.itemsize else dtype
            return dtype, shapes, [_cast(a, computed) for a in arrays]
    return dtype, shapes, arrays


def _cast(a, dtype):
    return a if a.dtype is dtype else a.astype(dtype, copy=False)


def _friendly(x, path, by_sample=True):
    """``x`` in memory as a path counts on it, and what gives its view (D, H, C, W, N).

    Kernels of one element do not look at neighbours: samples in C order will do as they lie, each
    counting as one long row of an image (if ``by_sample``). All else wants batch-last rows without
    gaps.
    """
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
    return x.transpose(memory_axes(x.ndim))[(None,) * (5 - x.ndim)]


def _sample_memory(x):
    """View of C-ordered ``x`` (N, C, *S) as an image (1, N, C, S, 1) whose rows are the samples."""
    return x.reshape(1, *x.shape[:2], -1, 1)
