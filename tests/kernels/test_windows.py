"""Sliding windows and their adjoint, against plain loops over every window and every cell."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.arguments import Window
from autograd.kernels.windows import axis_overlaps, fold_windows, overlaps, pad_planes, windows
from tests.layouts import batch_last


def loop_windows(x, kernel_shape, stride, padding, dilation):
    """What `windows` means, cell by cell; cells outside the plane are 0."""
    rank = len(kernel_shape)
    out_shape = [
        (x.shape[2 + a] + sum(padding[a]) - dilation[a] * (kernel_shape[a] - 1) - 1) // stride[a]
        + 1
        for a in range(rank)
    ]
    result = np.zeros((*x.shape[:2], *out_shape, *kernel_shape), x.dtype)
    for out in itertools.product(*map(range, out_shape)):
        for offset in itertools.product(*map(range, kernel_shape)):
            cell = [
                out[a] * stride[a] + offset[a] * dilation[a] - padding[a][0] for a in range(rank)
            ]
            if all(0 <= cell[a] < x.shape[2 + a] for a in range(rank)):
                result[(slice(None), slice(None), *out, *offset)] = x[
                    (slice(None), slice(None), *cell)
                ]
    return result


def in_some_memory_order(x, seed):
    """The same values, in C order, batch-last, with reversed axes or as every second cell."""
    how = seed % 4
    if how == 1:
        return batch_last(x)
    if how == 2:
        return np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1]
    if how == 3:
        wide = np.empty((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return x


@st.composite
def cases(draw):
    """An image and window hyper-parameters with at least one window along each axis."""
    rank = draw(st.integers(1, 3))
    top = {1: 9, 2: 7, 3: 5}[rank]
    per_axis = [[], [], [], [], []]
    for _ in range(rank):
        kernel, dilation = draw(st.integers(1, 3)), draw(st.integers(1, 2))
        low, high = draw(st.integers(-1, 2)), draw(st.integers(-1, 2))
        reach = dilation * (kernel - 1) + 1
        length = draw(st.integers(max(1, reach - low - high), max(top, reach - low - high)))
        values = (length, kernel, draw(st.integers(1, 3)), (low, high), dilation)
        for entries, value in zip(per_axis, values, strict=True):
            entries.append(value)
    shape, kernel_shape, stride, padding, dilation = map(tuple, per_axis)
    seed = draw(st.integers(0, 999))
    x = np.random.default_rng(seed).normal(size=(draw(st.integers(0, 3)), 2, *shape))
    return in_some_memory_order(x, seed), {
        "kernel": kernel_shape,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


@given(cases())
def test_windows_hold_what_loops_find(case):
    x, hyper = case
    got = windows(x, window=Window(**hyper))
    np.testing.assert_array_equal(got, loop_windows(x, *hyper.values()))
    assert got.dtype == x.dtype
    assert not got.flags.writeable


@given(cases())
def test_fold_windows_is_the_adjoint(case):
    x, hyper = case
    seen = windows(x, window=Window(**hyper))
    w = np.random.default_rng(1).normal(size=seen.shape)
    folded = fold_windows(w, input_shape=x.shape[2:], window=Window(**hyper))
    assert w.shape[-len(hyper["kernel"]) :] == hyper["kernel"]
    assert folded.shape == x.shape
    assert folded.flags.c_contiguous
    np.testing.assert_allclose(np.vdot(x, folded), np.vdot(seen, w), rtol=1e-12, atol=1e-12)


@given(cases())
def test_overlaps_name_every_cell_of_every_window_once(case):
    x, hyper = case
    window = Window(**hyper)
    out_shape = window.outputs(x.shape[2:])
    met = np.zeros((1, 1, *out_shape, *window.kernel))
    for offset, inputs, outputs in overlaps(window, x.shape[2:], out_shape):
        seen = np.ones((1, 1, *x.shape[2:]))[inputs]
        met[outputs + offset] += seen
    np.testing.assert_array_equal(met, loop_windows(np.ones((1, 1, *x.shape[2:])), *hyper.values()))


def test_along_an_axis_each_offset_names_the_cells_it_meets():
    ranges = range(1, 4), range(1, 4), range(1, 4), range(1, 4), range(-2, 4), range(1, 3)
    for length, outputs, kernel, stride, low, dilation in itertools.product(*ranges):
        wanted = []
        for offset in range(kernel):
            met = [(o * stride + offset * dilation - low, o) for o in range(outputs)]
            met = [(cell, o) for cell, o in met if 0 <= cell < length]
            if met:
                wanted.append((offset, [list(each) for each in zip(*met, strict=True)]))
        found = axis_overlaps.__wrapped__(length, outputs, kernel, stride, low, dilation)
        assert [
            (offset, [[*range(length)[inputs]], [*range(outputs)[outs]]])
            for offset, inputs, outs in found
        ] == wanted


def test_windows_without_padding_share_the_memory_of_the_image():
    x = np.zeros((1, 1, 4, 4))
    hyper = {"kernel": (2, 2), "stride": (1, 1), "dilation": (1, 1)}
    for padding, shared in (((0, 0), (0, 0)), True), (((1, 0), (0, 0)), False):
        seen = windows(x, window=Window(padding=padding, **hyper))
        assert np.shares_memory(x, seen) is shared


@pytest.mark.parametrize("padding", [((1, 2), (0, 3)), ((-1, 1), (2, -2)), ((0, 0), (0, 0))])
def test_pad_planes(padding):
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 5))
    widths = [(0, 0), (0, 0), *((max(0, lo), max(0, hi)) for lo, hi in padding)]
    want = np.pad(x, widths, constant_values=7.0)
    for axis, (low, high) in enumerate(padding, start=2):
        want = np.delete(want, range(max(0, -low)), axis)
        want = np.delete(want, range(want.shape[axis] - max(0, -high), want.shape[axis]), axis)
    np.testing.assert_array_equal(pad_planes(x, padding, 7.0), want)


def test_cropping_everything_leaves_planes_of_padding():
    x = np.ones((1, 1, 3))
    np.testing.assert_array_equal(pad_planes(x, ((-5, 4),)), np.zeros((1, 1, 2)))
    np.testing.assert_array_equal(pad_planes(x, ((4, -5),)), np.zeros((1, 1, 2)))


def test_object_arrays_give_the_same_windows():
    x = np.arange(12.0).reshape(1, 1, 3, 4)
    hyper = {
        "kernel": (2, 2),
        "stride": (1, 2),
        "padding": ((1, 0), (0, 1)),
        "dilation": (1, 1),
    }
    got = windows(x.astype(object), window=Window(**hyper))
    assert got.dtype == object
    want = windows(x, window=Window(**hyper))
    np.testing.assert_array_equal(got.astype(float), want)
    window = Window(**hyper)
    folded = fold_windows(got, input_shape=(3, 4), window=window)
    np.testing.assert_array_equal(
        folded.astype(float), fold_windows(want, input_shape=(3, 4), window=window)
    )
