"""Pooling kernels, against plain loops over every window; PyTorch where it is installed."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.arguments import Window
from autograd.kernels.pooling.average import (
    adaptive_bounds,
    avg_pool,
    avg_pool_gradient,
    pool_divisors,
)
from autograd.kernels.pooling.maximum import (
    adaptive_max_pool,
    max_pool,
    max_pool_gradient,
    max_pool_values,
    scatter_windows,
    take_windows,
)
from autograd.ops.images.pooling import pool_output_size
from tests.bounds import put
from tests.layouts import batch_last

pytestmark = pytest.mark.usefixtures("numpy_kernels")


def windowed(x, kernel_shape, stride, padding, dilation=None, out_shape=None, **rest):
    """The arguments with a `Window` in place of loose numbers; it finds the shape of the output."""
    pairs = tuple((p, p) for p in padding)
    window = Window(kernel_shape, stride, pairs, dilation or (1,) * len(stride))
    shape = x if isinstance(x, tuple) else x.shape[2:]
    if out_shape is not None:
        if window.outputs(shape) != out_shape:
            window = window._replace(ceil_mode=True)
        assert window.outputs(shape) == out_shape
    return {"window": window, **rest}


def cells_of(out, shape, kernel_shape, stride, padding, dilation):
    """The cells of the plane that the window ``out`` meets, in order."""
    rank = len(shape)
    for offset in itertools.product(*map(range, kernel_shape)):
        cell = tuple(out[a] * stride[a] + offset[a] * dilation[a] - padding[a] for a in range(rank))
        if all(0 <= cell[a] < shape[a] for a in range(rank)):
            yield cell


def loop_max_pool(x, kernel_shape, stride, padding, dilation, out_shape):
    values = np.empty((*x.shape[:2], *out_shape), x.dtype)
    indices = np.empty(values.shape, np.int64)
    for image in np.ndindex(*x.shape[:2]):
        for out in itertools.product(*map(range, out_shape)):
            best = None
            for cell in cells_of(out, x.shape[2:], kernel_shape, stride, padding, dilation):
                value = x[image + cell]
                if best is None or value > x[image + best] or math.isnan(value):
                    best = cell
            values[image + out] = x[image + best]
            indices[image + out] = np.ravel_multi_index(best, x.shape[2:])
    return values, indices


def loop_scatter(y, indices, input_shape):
    x = np.zeros((*y.shape[:2], math.prod(input_shape)), y.dtype)
    for image in np.ndindex(*y.shape[:2]):
        for out in np.ndindex(*y.shape[2:]):
            x[image + (indices[image + out],)] += y[image + out]
    return x.reshape(*y.shape[:2], *input_shape)


def loop_avg_pool(
    x, kernel_shape, stride, padding, out_shape, count_include_pad, divisor_override=None
):
    y = np.empty((*x.shape[:2], *out_shape))
    ones = (1,) * len(kernel_shape)
    for out in itertools.product(*map(range, out_shape)):
        cells = list(cells_of(out, x.shape[2:], kernel_shape, stride, padding, ones))
        starts = [o * s - p for o, s, p in zip(out, stride, padding, strict=True)]
        padded = math.prod(
            min(b + k, length + p) - b
            for b, k, length, p in zip(starts, kernel_shape, x.shape[2:], padding, strict=True)
        )
        divisor = divisor_override or (padded if count_include_pad else len(cells))
        total = sum(x[(slice(None), slice(None), *cell)] for cell in cells)
        y[(slice(None), slice(None), *out)] = total / divisor
    return y


def in_some_memory_order(x, seed):
    return [x, batch_last(x), np.ascontiguousarray(x[:, :, ::-1])[:, :, ::-1]][seed % 3]


@st.composite
def cases(draw, dilated=True):
    rank = draw(st.integers(1, 3))
    ceil_mode = draw(st.booleans())
    axes = []
    for _ in range(rank):
        kernel = draw(st.integers(1, 4))
        dilation = draw(st.integers(1, 2)) if dilated else 1
        reach = dilation * (kernel - 1) + 1
        padding = draw(st.integers(0, kernel // 2))
        length = draw(st.integers(max(1, reach - 2 * padding), reach + 4))
        if dilation > 1 and padding:  # else a window can miss every cell
            length = max(length, dilation)
        stride = draw(st.integers(1, 3))
        size = pool_output_size(length, kernel, stride, padding, dilation, ceil_mode)
        axes.append((length, kernel, stride, padding, dilation, size))
    shape, kernel_shape, stride, padding, dilation, out_shape = zip(*axes, strict=True)
    seed = draw(st.integers(0, 999))
    rng = np.random.default_rng(seed)
    batch = draw(st.integers(0, 2))
    # Few distinct values: ties are the interesting case.
    x = rng.integers(-3, 3, size=(batch, 2, *shape)).astype(float)
    if draw(st.booleans()):
        x = rng.normal(size=x.shape)
    hyper = {
        "kernel_shape": kernel_shape,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "out_shape": out_shape,
    }
    return in_some_memory_order(x, seed), hyper


@given(cases())
def test_max_pool_finds_what_loops_find(case):
    x, hyper = case
    values, indices = max_pool(x, **windowed(x, **hyper))
    want_values, want_indices = loop_max_pool(x, *hyper.values())
    np.testing.assert_array_equal(values, want_values)
    np.testing.assert_array_equal(indices, want_indices)
    assert indices.dtype == np.int64
    assert values.flags.c_contiguous and indices.flags.c_contiguous
    np.testing.assert_array_equal(max_pool_values(x, **windowed(x, **hyper)), want_values)


@pytest.mark.parametrize("kernel", [254, 255, 256, 257, 300])
def test_winners_of_many_offsets(kernel):
    x = np.random.default_rng(0).integers(0, 50, size=(2, 2, kernel + 4)).astype(float)
    x[0, 0, :-1], x[1, 1, kernel - 1] = 0.0, 99.0  # winners among the last offsets
    x[0, 0, -1] = 99.0
    hyper = {"kernel_shape": (kernel,), "stride": (2,), "padding": (0,), "dilation": (1,)}
    _, indices = max_pool(x, **windowed(x, **hyper, out_shape=(3,)))
    np.testing.assert_array_equal(indices, loop_max_pool(x, *hyper.values(), (3,))[1])


@pytest.mark.parametrize("kernel", [2, 3])
def test_many_images_in_any_memory_order_give_the_same_bits(kernel):
    x = np.random.default_rng(0).integers(-3, 3, size=(9, 2, 6, 7)).astype(np.float32)
    window = {"kernel_shape": (kernel, kernel), "stride": (2, 2), "padding": (1, 1)}
    hyper = {**window, "dilation": (1, 1), "out_shape": tuple(
        pool_output_size(size, kernel, 2, 1, 1, False) for size in (6, 7))}  # fmt: skip
    values, indices = loop_max_pool(x, *hyper.values())
    g = np.random.default_rng(1).normal(size=values.shape).astype(np.float32)
    del hyper["out_shape"]
    averaging = {**window, "divisors": kernel * kernel}
    wanted = None
    for arrange in (np.asarray, batch_last, np.asfortranarray):
        x_, g_ = arrange(x), arrange(g)
        results = [
            *max_pool(x_, **windowed(x, **hyper, out_shape=values.shape[2:])),
            max_pool_gradient(g_, x_, arrange(values), **windowed(x, **hyper)),
            avg_pool(x_, **windowed(x, **averaging, out_shape=values.shape[2:])),
            avg_pool_gradient(g_, input_shape=(6, 7), **windowed(x, **averaging)),
        ]
        assert all(result.flags.c_contiguous for result in results)
        wanted = wanted or results
        for got, want in zip(results, wanted, strict=True):
            np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(wanted[0], values)
    np.testing.assert_array_equal(wanted[1], indices)
    np.testing.assert_allclose(wanted[2], loop_scatter(g, indices, (6, 7)), rtol=1e-5, atol=1e-6)


@given(cases(), st.integers(0, 99))
def test_max_pool_gradient_goes_to_the_first_maximum(case, seed):
    x, hyper = case
    values, indices = loop_max_pool(x, *hyper.values())
    g = np.random.default_rng(seed).normal(size=values.shape)
    got = max_pool_gradient(g, x, batch_last(values), **windowed(x, **hyper))
    np.testing.assert_allclose(got, loop_scatter(g, indices, x.shape[2:]), rtol=1e-12, atol=1e-12)
    assert got.flags.c_contiguous


@pytest.mark.parametrize(
    ("length", "kernel", "stride", "padding", "dilation"),
    [
        (6, 3, 3, 1, 1),  # windows that do not overlap, but do not tile the plane either
        (7, 3, 3, 0, 1),
        (7, 2, 3, 0, 1),
        (5, 2, 2, 0, 2),  # windows that overlap although they are no wider than the stride
        (6, 2, 2, 0, 1),
    ],
)
def test_max_pool_gradient_knows_whether_windows_overlap(length, kernel, stride, padding, dilation):
    x = np.random.default_rng(0).normal(size=(2, 3, length, length))
    size = pool_output_size(length, kernel, stride, padding, dilation, False)
    hyper = {
        "kernel_shape": (kernel,) * 2,
        "stride": (stride,) * 2,
        "padding": (padding,) * 2,
        "dilation": (dilation,) * 2,
    }
    values, indices = loop_max_pool(x, *hyper.values(), (size, size))
    g = np.random.default_rng(1).normal(size=values.shape)
    got = max_pool_gradient(g, x, values, **windowed(x, **hyper))
    np.testing.assert_allclose(got, loop_scatter(g, indices, x.shape[2:]), rtol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 1, 1), (3, 2, 1)])
def test_max_pool_of_special_values(dtype, special, kernel, stride, padding):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 3, size=(3, 2, 6, 6)).astype(dtype)
    x[rng.random(x.shape) < 0.2] = special
    x[0, 0] = special
    size = pool_output_size(6, kernel, stride, padding, 1, False)
    hyper = {
        "kernel_shape": (kernel,) * 2,
        "stride": (stride,) * 2,
        "padding": (padding,) * 2,
        "dilation": (1, 1),
        "out_shape": (size, size),
    }
    want, want_indices = loop_max_pool(x, *hyper.values())
    values, indices = max_pool(x, **windowed(x, **hyper))
    fast = max_pool_values(x, **windowed(x, **hyper))
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(indices, want_indices)
    np.testing.assert_array_equal(fast, want)
    assert values.dtype == fast.dtype == dtype
    g = rng.integers(1, 4, size=want.shape).astype(dtype)
    g[0, 0, 0, 0] = np.inf
    gx = max_pool_gradient(g, x, fast, **windowed(x, **hyper))
    assert gx.dtype == dtype
    np.testing.assert_array_equal(gx, loop_scatter(g, want_indices, (6, 6)))


@pytest.mark.parametrize("nan", [False, True])
@pytest.mark.parametrize("worthwhile", [1, 2**23])
@pytest.mark.parametrize(
    ("shape", "kernel"),
    [((6,), (3,)), ((4, 6), (2, 3)), ((4, 6), (1, 1)), ((4, 6), (4, 6)), ((4, 2, 6), (2, 1, 3))],
)
def test_windows_side_by_side_hand_on_the_very_bits(shape, kernel, worthwhile, nan):
    rng = np.random.default_rng(0)
    x = rng.integers(-2, 2, size=(2, 5, *shape)).astype(np.float32)  # with ties
    if nan:
        x[1, 3][(0,) * len(shape)] = np.nan  # in one of several pieces
    rank = len(shape)
    hyper = {
        "kernel_shape": kernel,
        "stride": kernel,
        "padding": (0,) * rank,
        "dilation": (1,) * rank,
    }
    out_shape = tuple(n // k for n, k in zip(shape, kernel, strict=True))
    values, indices = loop_max_pool(x, *hyper.values(), out_shape)
    g = rng.choice(np.array([1.5, -0.0, np.inf, np.nan], np.float32), values.shape)
    with put(**{"autograd.kernels.tuning.WORTHWHILE": worthwhile}):
        got = max_pool_gradient(g, x, values, **windowed(x, **hyper))
    want = np.zeros((2, 5, math.prod(shape)), np.float32)
    for at in np.ndindex(*values.shape):
        want[(*at[:2], indices[at])] = g[at]
    np.testing.assert_array_equal(got.reshape(want.shape), want)
    if not nan:
        np.testing.assert_array_equal(np.signbit(got).reshape(want.shape), np.signbit(want))


def test_an_infinite_gradient_stays_with_the_maximum():
    x = np.array([[[1.0, 5.0, 2.0, 3.0]]])
    hyper = {"kernel_shape": (2,), "stride": (2,), "padding": (0,), "dilation": (1,)}
    out = max_pool_values(x, **windowed(x, **hyper))
    g = np.array([[[np.inf, np.nan]]])
    np.testing.assert_array_equal(
        max_pool_gradient(g, x, out, **windowed(x, **hyper)), [[[0.0, np.inf, 0.0, np.nan]]]
    )


def test_windows_that_see_only_padding_are_refused():
    x = np.ones((1, 1, 1))
    hyper = {"kernel_shape": (2,), "stride": (1,), "padding": (1,), "dilation": (2,)}
    for kernel in (max_pool, max_pool_values):
        with pytest.raises(ValueError, match="see nothing but the padding of the 1 input"):
            kernel(x, **windowed(x, **hyper, out_shape=(1,)))


def test_max_pool_of_integers_and_of_comparable_objects():
    x = np.random.default_rng(3).integers(-4, 4, size=(2, 2, 5, 5))
    hyper = {
        "kernel_shape": (3, 2),
        "stride": (2, 1),
        "padding": (1, 0),
        "dilation": (1, 2),
        "out_shape": (3, 3),
    }
    want = loop_max_pool(x, *hyper.values())
    for dtype in (x.dtype, object):
        values, indices = max_pool(x.astype(dtype), **windowed(x, **hyper))
        assert values.dtype == dtype
        np.testing.assert_array_equal(values.astype(int), want[0])
        np.testing.assert_array_equal(indices, want[1])
        np.testing.assert_array_equal(
            max_pool_values(x.astype(dtype), **windowed(x, **hyper)), want[0]
        )


@given(cases())
def test_scatter_windows_is_the_adjoint_of_take_windows(case):
    x, hyper = case
    indices = max_pool(x, **windowed(x, **hyper))[1]
    y = np.random.default_rng(0).normal(size=indices.shape)
    scattered = scatter_windows(y, indices, input_shape=x.shape[2:])
    np.testing.assert_allclose(scattered, loop_scatter(y, indices, x.shape[2:]), atol=1e-12)
    np.testing.assert_allclose(
        np.vdot(take_windows(x, indices), y), np.vdot(x, scattered), atol=1e-12
    )


def test_scatter_windows_keeps_dtypes():
    indices = np.array([[[1, 1, 0]]])
    for dtype in (np.float16, np.float32, np.int64, object):
        y = np.array([[[1, 2, 3]]], dtype)
        got = scatter_windows(y, indices, input_shape=(3,))
        assert got.dtype == dtype
        np.testing.assert_array_equal(got.astype(float), [[[3, 3, 0]]])


@given(cases(dilated=False), st.booleans(), st.sampled_from([None, 5]))
def test_avg_pool_and_its_adjoint(case, count_include_pad, divisor_override):
    x, hyper = case
    del hyper["dilation"]
    out_shape = hyper["out_shape"]
    given = windowed(x, **hyper)
    divisors = pool_divisors(x.shape[2:], given["window"], count_include_pad, divisor_override)
    given["divisors"] = divisors
    got = avg_pool(x, **given)
    want = loop_avg_pool(x, *hyper.values(), count_include_pad, divisor_override)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
    assert got.flags.c_contiguous
    plain = avg_pool(x.astype(object), **given)
    np.testing.assert_allclose(plain.astype(float), want, rtol=1e-12, atol=1e-13)
    g = np.random.default_rng(0).normal(size=(*x.shape[:2], *out_shape))
    rest = {"input_shape": x.shape[2:], **given}
    back = avg_pool_gradient(g, **rest)
    assert back.flags.c_contiguous
    np.testing.assert_allclose(np.vdot(got, g), np.vdot(x, back), rtol=1e-12, atol=1e-12)
    plain_back = avg_pool_gradient(g.astype(object), **rest)
    np.testing.assert_allclose(plain_back.astype(float), back, rtol=1e-12, atol=1e-13)


def test_averages_of_halves_do_not_overflow():
    x = np.full((1, 1, 8, 8), 6e4, np.float16)
    hyper = {"kernel_shape": (8, 8), "stride": (8, 8), "padding": (0, 0)}
    got = avg_pool(x, **windowed(x, **hyper), divisors=64)
    assert got.dtype == np.float16
    np.testing.assert_array_equal(got, x[:, :, :1, :1])


def test_a_nan_reaches_only_the_windows_that_see_it():
    x = np.ones((1, 1, 6))
    x[..., 1] = np.nan
    hyper = {"kernel_shape": (2,), "stride": (2,), "padding": (0,), "out_shape": (3,)}
    np.testing.assert_array_equal(
        avg_pool(x, **windowed(x, **hyper), divisors=2), [[[np.nan, 1, 1]]]
    )
    np.testing.assert_array_equal(max_pool_values(x, **windowed(x, **hyper)), [[[np.nan, 1, 1]]])


def test_output_sizes_follow_the_ceil_rule():
    for length, k, s, p, d in itertools.product(
        range(1, 9), range(1, 4), range(1, 4), (0, 1), (1, 2)
    ):
        if length + 2 * p < d * (k - 1) + 1 or p > k // 2:
            continue
        starts = [o * s for o in range(100)]
        whole = [b for b in starts if b + d * (k - 1) < length + 2 * p]
        assert pool_output_size(length, k, s, p, d, False) == len(whole)
        # One more window is allowed if cells are left over and it starts before the right padding.
        left_over = whole[-1] + d * (k - 1) + 1 < length + 2 * p
        more = left_over and whole[-1] + s < length + p
        got = pool_output_size(length, k, s, p, d, True)
        if more or whole[-1] < length + p:
            assert got == len(whole) + more


@given(st.integers(1, 3), st.integers(0, 99), st.data())
def test_adaptive_max_pool_finds_what_loops_find(rank, seed, data):
    shape = data.draw(st.tuples(*[st.integers(1, 7)] * rank))
    out_shape = data.draw(st.tuples(*[st.integers(1, 5)] * rank))
    rng = np.random.default_rng(seed)
    x = in_some_memory_order(rng.integers(-3, 3, size=(2, 2, *shape)).astype(float), seed)
    if seed % 2:
        x[rng.random(x.shape) < 0.1] = np.nan
    values, indices = adaptive_max_pool(x, out_shape=out_shape)
    for image in np.ndindex(2, 2):
        for out in np.ndindex(*out_shape):
            best = None
            for cell in itertools.product(
                *(
                    range(math.floor(i * n / o), math.ceil((i + 1) * n / o))
                    for i, n, o in zip(out, shape, out_shape, strict=True)
                )
            ):
                value = x[image + cell]
                if best is None or value > x[image + best] or math.isnan(value):
                    best = cell
            assert indices[image + out] == np.ravel_multi_index(best, shape)
            np.testing.assert_equal(values[image + out], x[image + best])
    plain = adaptive_max_pool(np.nan_to_num(x).astype(object), out_shape=out_shape)
    fast = adaptive_max_pool(np.nan_to_num(x), out_shape=out_shape)
    np.testing.assert_array_equal(plain[0].astype(float), fast[0])
    np.testing.assert_array_equal(plain[1], fast[1])


def test_adaptive_bounds_cover_the_axis():
    start, end = adaptive_bounds(10, 4)
    assert start.tolist() == [0, 2, 5, 7]
    assert end.tolist() == [3, 5, 8, 10]


@pytest.mark.torch
@given(case=cases())
def test_max_pool_is_pytorchs(torch, case):
    x, hyper = case
    if not x.shape[0]:
        return
    rank = x.ndim - 2
    pool = getattr(torch.nn.functional, f"max_pool{rank}d")
    # PyTorch infers the output's shape; try both modes and take the one that agrees.
    for ceil_mode in (False, True):
        rest = [hyper[name] for name in ("kernel_shape", "stride", "padding", "dilation")]
        want = pool(torch.tensor(x.copy()), *rest, ceil_mode=ceil_mode, return_indices=True)
        sizes = zip(x.shape[2:], *rest, strict=True)
        out_shape = tuple(pool_output_size(*axis, ceil_mode) for axis in sizes)
        assert tuple(want[0].shape[2:]) == out_shape
        values, indices = max_pool(x, **windowed(x, **{**hyper, "out_shape": out_shape}))
        np.testing.assert_array_equal(values, want[0].numpy())
        np.testing.assert_array_equal(indices, want[1].numpy())


@pytest.mark.torch
@given(case=cases(dilated=False), include=st.booleans(), override=st.sampled_from([None, 3]))
def test_avg_pool_is_pytorchs(torch, case, include, override):
    x, hyper = case
    del hyper["dilation"]
    rank = x.ndim - 2
    if not x.shape[0] or (rank == 1 and override):
        return
    if rank == 3 and any(np.less(x.shape[2:], hyper["kernel_shape"])):
        return  # PyTorch's 3-d version alone does not count padding as room for the kernel
    pool = getattr(torch.nn.functional, f"avg_pool{rank}d")
    extra = {} if rank == 1 else {"divisor_override": override}
    for ceil_mode in (False, True):
        rest = [hyper[name] for name in ("kernel_shape", "stride", "padding")]
        want = pool(
            torch.tensor(x.copy()), *rest, ceil_mode=ceil_mode, count_include_pad=include, **extra
        )
        sizes = zip(x.shape[2:], *rest, strict=True)
        out_shape = tuple(pool_output_size(*axis, 1, ceil_mode) for axis in sizes)
        these = {**hyper, "out_shape": out_shape}
        window = windowed(x, **these)["window"]
        divisors = pool_divisors(x.shape[2:], window, include, override)
        got = avg_pool(x, window=window, divisors=divisors)
        np.testing.assert_allclose(got, want.numpy(), rtol=1e-12, atol=1e-12)


def test_divisors_are_whole_numbers_also_where_the_stride_leads_nowhere():
    window = Window((2,), (50,), ((1, 0),), (1,))
    divisors = pool_divisors((3,), window, False)
    assert np.asarray(divisors).tolist() == [1] and divisors.dtype == np.int64
