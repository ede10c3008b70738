"""Correlation and its two adjoints, one trilinear form for any number of spatial axes."""

import numpy as np

from autograd.kernels import plain
from autograd.kernels.layout import to_batch_last


def correlate(x, w, bias=None, *, stride, padding, dilation, groups):
    """Correlation of ``x`` (N, C, *S) with ``w`` (O, C/groups, *K), plus ``bias`` (O,)."""
    y = plain.correlate(x, w, bias, stride=stride, padding=padding, dilation=dilation,
                        groups=groups)
    return to_batch_last(y)


def correlate_input(y, w, *, input_shape, stride, padding, dilation, groups):
    """Adjoint of `correlate` in ``x``: (N, C, *input_shape)."""
    x = plain.correlate_input(y, w, input_shape=input_shape, stride=stride, padding=padding,
                              dilation=dilation, groups=groups)
    return to_batch_last(x)


def correlate_weight(x, y, *, kernel_shape, stride, padding, dilation, groups):
    """Adjoint of `correlate` in ``w``: (O, C/groups, *kernel_shape)."""
    w = plain.correlate_weight(x, y, kernel_shape=kernel_shape, stride=stride, padding=padding,
                               dilation=dilation, groups=groups)
    return np.array(w, order="C")
