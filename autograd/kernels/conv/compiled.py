"""Correlation and its two adjoints by the kernels in C, where there are any (``kernels.native``).

Arrays come in C order and aligned, of one type of float, not empty. How it is computed is told in
``native/correlation.inc``: panels of windows, gathered from a padded copy of a few samples, times the
kernel, by one tile of registers for all shapes; and tap by tap for depthwise kernels.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

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


class Call(NamedTuple):
    """One of the three functions here, by its name, on arrays like these.

    Attributes:
        shape: of its result; ``size``: the spatial shape of x.
        otherwise: the function for arrays of any kind, of the same arguments.
    """

    name: str
    arrays: tuple[Any, ...]
    shape: tuple[int, ...]
    size: tuple[int, ...]
    window: Window
    groups: int
    otherwise: Callable[..., np.ndarray]


def prepare(call: Call) -> Callable[..., np.ndarray] | None:
    """A function of the arrays that asks nothing about them; None where the kernels have none."""
    first, shape, otherwise = call.arrays[0], call.shape, call.otherwise
    if not native.plain(*call.arrays) or 0 in shape or first.ndim > 5:
        return None
    dtype, kernel = first.dtype, getattr(native.library, call.name)
    _, geometry = _geometry(call.size, call.window, call.groups)

    def of_two(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        out = np.empty(shape, dtype)
        try:
            kernel(a, b, out, geometry)
        except (TypeError, ValueError):  # they lie otherwise, this time
            return otherwise(a, b)
        return out

    def forward(x: np.ndarray, w: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
        y = np.empty(shape, dtype)
        try:
            kernel(x, w, bias, y, geometry)
        except (TypeError, ValueError):
            return otherwise(x, w, bias)
        return y

    return forward if call.name == "correlate" else of_two
