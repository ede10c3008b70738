"""Correlation and its two adjoints by the kernels in C, where there are any (``kernels.native``).

Images are plain: C order in, C order out. What lies otherwise is copied first. How it is computed is
told in ``native/correlation.inc``: panels of windows, gathered from a padded copy of a few samples,
times the kernel, by one tile of registers for all shapes; and tap by tap for depthwise kernels.
"""

from functools import lru_cache

import numpy as np

from autograd.arguments.window import Window
from autograd.kernels import native


@lru_cache(maxsize=4096)
def _geometry(size, window: Window, groups: int):
    """The spatial shape of y, and the numbers that the functions in C want, for three axes."""
    ones, zeros = (1,) * (3 - len(size)), (0,) * (3 - len(size))
    low = [before for before, _ in window.padding]
    numbers = (groups, *ones, *window.stride, *zeros, *low, *ones, *window.dilation)
    return window.outputs(size), numbers


def plain(a: np.ndarray) -> np.ndarray:
    """``a`` or a copy of it, in C order and aligned."""
    flags = a.flags
    return a if flags.c_contiguous and flags.aligned else np.array(a, order="C", subok=False)


def correlate(x, w, bias, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate`; one type of float, nothing empty."""
    out, geometry = _geometry(x.shape[2:], window, groups)
    y = np.empty((x.shape[0], w.shape[0], *out), x.dtype)
    native.library.correlate(plain(x), plain(w), bias if bias is None else plain(bias), y, geometry)
    return y


def correlate_input(y, w, input_shape, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_input`."""
    _, geometry = _geometry(tuple(input_shape), window, groups)
    x = np.empty((y.shape[0], w.shape[1] * groups, *input_shape), y.dtype)
    native.library.correlate_input(plain(y), plain(w), x, geometry)
    return x


def correlate_weight(x, y, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_weight`."""
    _, geometry = _geometry(x.shape[2:], window, groups)
    w = np.empty((y.shape[1], x.shape[1] // groups, *window.kernel), y.dtype)
    native.library.correlate_weight(plain(x), plain(y), w, geometry)
    return w
