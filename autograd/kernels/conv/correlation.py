"""Correlation and its two adjoints: one trilinear form, computed in C or by NumPy.

The form is ``sum(y * correlate(x, w))``; it is linear in each of x, w and y, and its three partial
derivatives are the three functions here. They take any number of spatial axes from one to three
(more go the plain way) and arrays of any strides; results are in C order.

`choose_path` says how a geometry is computed, and why:

    native      kernels in C (``compiled``), wherever they are there
    im2col      without them: a matrix of all windows, times the kernel (``im2col``)
    depthwise   the same of channels that have a kernel each: sums over their windows (``depthwise``)
    plain       windows and einsum (``plain``): objects, complex numbers, integers
    empty       nothing to add up
"""

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np
from numpy.typing import DTypeLike

from autograd.arguments.window import Window
from autograd.kernels import native
from autograd.kernels.conv import compiled, depthwise, im2col, plain
from autograd.kernels.tuning import LONG_RUN

_FAST = {np.dtype(np.float32), np.dtype(np.float64)}

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
    dtype, given = _prepare(given, x.ndim)
    if given is None:
        return plain.correlate(x, w, bias, window=window, groups=groups)
    x, w, *biases = given
    bias = biases[0] if biases else None
    out = window.outputs(x.shape[2:])
    if not (x.size and w.size and prod(out)):
        y = np.zeros((len(x), len(w), *out), dtype)
        return y if bias is None else y + bias.reshape(-1, *[1] * (y.ndim - 2)).astype(dtype)
    path = _path((*w.shape[:2], groups), len(x), out[-1], window)
    return _cast(path.correlate(x, w, bias, window, groups), dtype)


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
    dtype, given = _prepare((y, w), y.ndim)
    if given is None:
        return plain.correlate_input(y, w, input_shape=input_shape, window=window, groups=groups)
    y, w = given
    x_shape = (len(y), w.shape[1] * groups, *input_shape)
    if not (y.size and w.size and prod(x_shape)):
        return np.zeros(x_shape, dtype)
    path = _path((*w.shape[:2], groups), len(y), y.shape[-1], window)
    return _cast(path.correlate_input(y, w, input_shape, window, groups), dtype)


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
    dtype, given = _prepare((x, y), x.ndim)
    if given is None:
        found = plain.correlate_weight(x, y, window=window, groups=groups)
        return np.array(found, order="C", copy=None)  # NumPy 2.0 has laid it out like its operands
    x, y = given
    if not (x.size and y.size):
        return np.zeros((y.shape[1], x.shape[1] // groups, *window.kernel), dtype)
    path = _path((y.shape[1], x.shape[1] // groups, groups), len(x), y.shape[-1], window)
    return _cast(path.correlate_weight(x, y, window, groups), dtype)


Function = Callable[..., np.ndarray]


def prepare_correlate(x, w, bias=None, *, window: Window, groups: int) -> Function | None:
    """`correlate` of arrays like these: a function of the arrays, or None."""
    shape = (len(x), len(w), *window.outputs(x.shape[2:]))
    otherwise = partial(correlate, window=window, groups=groups)
    return compiled.prepare(
        compiled.Call("correlate", (x, w, bias), shape, x.shape[2:], window, groups, otherwise)
    )


def prepare_correlate_input(
    y, w, *, input_shape: Axes, window: Window, groups: int
) -> Function | None:
    """`correlate_input` of arrays like these: a function of the arrays, or None."""
    size = tuple(input_shape)
    otherwise = partial(correlate_input, input_shape=size, window=window, groups=groups)
    shape = (len(y), w.shape[1] * groups, *size)
    return compiled.prepare(
        compiled.Call("correlate_input", (y, w), shape, size, window, groups, otherwise)
    )


def prepare_correlate_weight(x, y, *, window: Window, groups: int) -> Function | None:
    """`correlate_weight` of arrays like these: a function of the arrays, or None."""
    shape = (y.shape[1], x.shape[1] // groups, *window.kernel)
    otherwise = partial(correlate_weight, window=window, groups=groups)
    return compiled.prepare(
        compiled.Call("correlate_weight", (x, y), shape, x.shape[2:], window, groups, otherwise)
    )


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
    >>> choose_path((64, 1, 28, 28), (8, 1, 5, 5), window=window)[0] in ("native", "im2col")
    True
    """
    dtype = np.dtype(dtype)
    if dtype not in _FAST and dtype != np.float16:
        return "plain", f"{dtype} arrays are computed with windows and einsum"
    if len(x_shape) > 5:
        return "plain", f"{len(x_shape) - 2} spatial axes are computed with windows and einsum"
    if not (prod(x_shape) and prod(w_shape) and prod(window.outputs(x_shape[2:]))):
        return "empty", "there is nothing to multiply"
    if native.library is None:
        n, out = x_shape[0], window.outputs(x_shape[2:])
        if _path((w_shape[0], w_shape[1], groups), n, out[-1], window) is depthwise:
            return "depthwise", (
                f"{groups} channels with a kernel each are no work for BLAS: products are summed "
                f"over their windows, in long runs of {n} samples"
            )
        pixels = prod(out)
        return "im2col", (
            f"the windows become the columns of a matrix, {w_shape[1] * prod(window.kernel)} numbers "
            f"for each of {n} × {pixels} output pixels, which the kernel multiplies"
        )
    how = "tap by tap" if w_shape[1] == 1 < groups else "as products of gathered panels"
    return "native", f"computed in C {how}, by {native.library.instruction_set()}"


def _path(channels: tuple[int, int, int], samples: int, width: int, window: Window):
    """The module that computes it, where there is something to multiply.

    Args:
        channels: O, C/groups and the groups.
        samples, width: how many there are, and the length of an output row.
        window: that of `correlate`.
    """
    if native.library is not None:
        return compiled
    outputs, each, groups = channels
    if each == 1 < groups == outputs:
        # A stride cuts runs down to the samples; but the other way is slower with it, too.
        if samples * (width if window.stride[-1] == 1 else 4) >= LONG_RUN:
            return depthwise
    return im2col


def _prepare(arrays, ndim):
    """The type of the result, and the arrays in C order and the type that is computed with.

    None in place of the arrays where that is the plain path's business.
    """
    dtype = arrays[0].dtype
    for a in arrays:
        if a.dtype != dtype or not dtype.isnative:
            dtype = np.result_type(*arrays)
            break
    if dtype not in _FAST and dtype != np.float16 or ndim > 5:
        return dtype, None
    computed = np.dtype(np.float32) if dtype == np.float16 else dtype
    return dtype, [_ordered(a, computed) for a in arrays]


def _ordered(a, dtype):
    """``a`` or a copy of it, of this type, aligned and in C order."""
    flags = a.flags
    if a.dtype is dtype and flags.c_contiguous and flags.aligned:
        return a
    return np.array(a, dtype, order="C", subok=False)


def _cast(a, dtype):
    return a if a.dtype is dtype else a.astype(dtype, copy=False)
