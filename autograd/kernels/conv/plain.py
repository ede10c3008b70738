"""Correlation and its two adjoints written down plainly, for any kind of number.

The fast paths in ``correlation`` need floats and BLAS. Complex arrays, integers, and object arrays
(whose elements only need ``+`` and ``*``, such as scalar tensors) are computed here: take the
windows of the zero-padded input, multiply, add up.

For objects a padded zero is not a number but the absence of a term (`None`), so that a graph made
of scalars contains only the multiplications and additions that matter.
"""

from itertools import product
from typing import Any

import numpy as np

from autograd.arguments.window import Window


def pad(x: np.ndarray, padding: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Zero-pad the last ``len(padding)`` axes of ``x`` by (low, high); negative amounts crop."""
    lead = x.ndim - len(padding)
    crop = [
        slice(max(-low, 0), size - max(-high, 0))
        for size, (low, high) in zip(x.shape[lead:], padding, strict=True)
    ]
    cropped: tuple[Any, ...] = (..., *crop)
    x = x[cropped]
    if all(low <= 0 and high <= 0 for low, high in padding):
        return x
    widths = [(0, 0)] * lead + [(max(low, 0), max(high, 0)) for low, high in padding]
    absent: Any = None if x.dtype == object else 0
    return np.pad(x, widths, constant_values=absent)


def correlate(x, w, bias=None, *, window: Window, groups: int):
    """See `autograd.kernels.conv.correlation.correlate`."""
    rank = x.ndim - 2
    windows = _windows(x, window)
    n, g, o, c, out, k = _axes(rank)
    y = _contract(
        _split(windows, 1, groups),
        (n, g, c, *out, *k),
        _split(w, 0, groups),
        (g, o, c, *k),
        (n, g, o, *out),
    )
    y = y.reshape(len(x), len(w), *windows.shape[2 : 2 + rank])
    if bias is not None:
        y = _add(y, bias.reshape(-1, *[1] * rank))
    return _finish(y)


def correlate_input(y, w, *, input_shape, window: Window, groups: int):
    """See `autograd.kernels.conv.correlation.correlate_input`."""
    n, g, o, c, out, _ = _axes(y.ndim - 2)
    x = _empty_sums((len(y), w.shape[1] * groups, *input_shape), np.result_type(y, w))
    y_split, w_split = _split(y, 1, groups), _split(w, 0, groups)
    for offset in product(*map(range, w.shape[2:])):
        taken, given = _meeting(offset, input_shape, y.shape[2:], window)
        term = _contract(
            y_split[(..., *given)],
            (n, g, o, *out),
            w_split[(..., *offset)],
            (g, o, c),
            (n, g, c, *out),
        )
        met = x[(..., *taken)]
        _add(met, term.reshape(met.shape), out=met)
    return _finish(x)


def correlate_weight(x, y, *, window: Window, groups: int):
    """See `autograd.kernels.conv.correlation.correlate_weight`."""
    rank = x.ndim - 2
    windows = _windows(x, window)
    windows = windows[(slice(None), slice(None), *map(slice, y.shape[2:]))]
    n, g, o, c, out, k = _axes(rank)
    w = _contract(
        _split(windows, 1, groups),
        (n, g, c, *out, *k),
        _split(y, 1, groups),
        (n, g, o, *out),
        (g, o, c, *k),
    )
    return _finish(w.reshape(y.shape[1], x.shape[1] // groups, *window.kernel))


def _axes(rank):
    """Names (small integers) of the axes: n, group, out channel, in channel, outputs, kernel."""
    return 0, 1, 2, 3, range(4, 4 + rank), range(4 + rank, 4 + 2 * rank)


def _split(a, axis, groups):
    """Split a channel axis in two, (groups, channels in a group)."""
    return a.reshape(*a.shape[:axis], groups, a.shape[axis] // groups, *a.shape[axis + 1 :])


def _windows(x, window):
    """View (N, C, *out, *kernel) of ``x`` (N, C, *S), padded."""
    out = window.outputs(x.shape[2:])
    x = pad(x, window.padding)
    steps = x.strides[2:]
    return np.lib.stride_tricks.as_strided(
        x,
        (*x.shape[:2], *out, *window.kernel),
        (
            *x.strides[:2],
            *[a * s for a, s in zip(steps, window.stride, strict=True)],
            *[a * d for a, d in zip(steps, window.dilation, strict=True)],
        ),
        writeable=False,
    )


def _meeting(offset, input_shape, out_shape, window):
    """Slices of the input and of the output that meet in the kernel element at ``offset``."""
    taken, given = [], []
    for k, size, out, s, (lo, _), d in zip(
        offset, input_shape, out_shape, *window[1:4], strict=True
    ):
        shift = k * d - lo  # input index = output index * s + shift
        first = max(-(shift // s), 0)
        last = max(min((size - 1 - shift) // s + 1, out), first)
        given.append(slice(first, last))
        start = first * s + shift
        taken.append(slice(start, start + (last - first - 1) * s + 1 if last > first else start, s))
    return taken, given


def _contract(a, a_axes, b, b_axes, out_axes):
    """Multiply ``a`` and ``b`` with their axes named and sum over the names not in ``out_axes``."""
    if object not in (a.dtype, b.dtype):
        return np.einsum(a, [*a_axes], b, [*b_axes], [*out_axes], optimize=True)
    summed = [axis for axis in dict.fromkeys([*a_axes, *b_axes]) if axis not in out_axes]
    order = [*out_axes, *summed]
    terms = _times(_arrange(a, a_axes, order), _arrange(b, b_axes, order))
    shape = terms.shape[: len(out_axes)]
    total = _empty_sums(shape, terms.dtype)
    for index in np.ndindex(*terms.shape[len(out_axes) :]):
        total = _plus(total, terms[(..., *index)])
    return total


def _arrange(a, axes, order):
    """Transpose ``a``, with axes named ``axes``, to ``order``; length 1 where it has none."""
    present = [axis for axis in order if axis in axes]
    a = a.transpose([list(axes).index(axis) for axis in present])
    return a[tuple(slice(None) if axis in present else None for axis in order)]


def _empty_sums(shape, dtype):
    return np.full(shape, None, object) if dtype.hasobject else np.zeros(shape, dtype)


_times = np.frompyfunc(lambda a, b: None if a is None or b is None else a * b, 2, 1)
_plus = np.frompyfunc(lambda a, b: b if a is None else a if b is None else a + b, 2, 1)
_zero_if_empty = np.frompyfunc(lambda a: 0 if a is None else a, 1, 1)


def _add(a, b, out=None):
    return (_plus if object in (a.dtype, b.dtype) else np.add)(a, b, out=out)


def _finish(a):
    return _zero_if_empty(a) if a.dtype == object else a
