"""Correlation and its two adjoints by the kernels in C, where there are any (``kernels.native``).

Arrays come in C order and aligned, of one type of float, not empty. How it is computed is told in
``native/correlation.inc``: panels of windows, gathered from a padded copy of a few samples, times the
kernel, by one tile of registers for all shapes; and tap by tap for depthwise kernels.
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


def correlate(x, w, bias, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate`."""
    out, geometry = _geometry(x.shape[2:], window, groups)
    y = np.empty((x.shape[0], w.shape[0], *out), x.dtype)
    native.library.correlate(x, w, bias, y, geometry)
    return y


def correlate_input(y, w, input_shape, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_input`."""
    _, geometry = _geometry(tuple(input_shape), window, groups)
    x = np.empty((y.shape[0], w.shape[1] * groups, *input_shape), y.dtype)
    native.library.correlate_input(y, w, x, geometry)
    return x


def correlate_weight(x, y, window: Window, groups: int) -> np.ndarray:
    """See `autograd.kernels.conv.correlation.correlate_weight`."""
    _, geometry = _geometry(x.shape[2:], window, groups)
    w = np.empty((y.shape[1], x.shape[1] // groups, *window.kernel), y.dtype)
    native.library.correlate_weight(x, y, w, geometry)
    return w
