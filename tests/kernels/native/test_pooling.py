"""Pooling in C equals a loop over windows, cell by cell."""

from itertools import product
from math import prod

import numpy as np
import pytest

from autograd.arguments import Window
from autograd.kernels import native, resampling
from autograd.kernels.pooling.maximum import max_pool, max_pool_values

DTYPES = [np.float32, np.float64]


def three(values, fill):
    """A number for each of three axes, of which the images have the last ones."""
    return (fill,) * (3 - len(values)) + tuple(values)


def packed(kernel, stride, low, dilation):
    return three(kernel, 1) + three(stride, 1) + three(low, 0) + three(dilation, 1)


def cells(sizes, outputs, kernel, stride, low, dilation):
    """For each window, in order, the flat indices of the cells that it sees."""
    found = []
    for o in product(*map(range, outputs)):
        axes = [
            [c for j in range(k) if 0 <= (c := i * s - p + j * d) < n]
            for i, n, k, s, p, d in zip(o, sizes, kernel, stride, low, dilation, strict=True)
        ]
        found.append([int(np.ravel_multi_index(cell, sizes)) for cell in product(*axes)])
    return found


def random_window(rng, rank, dilated):
    """Sizes, outputs and a window every one of whose positions meets a cell."""
    while True:
        sizes = tuple(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33], rank))
        if prod(sizes) > 600:
            continue
        kernel = tuple(rng.choice([1, 2, 2, 3, 3, 5], rank))
        stride = kernel if rng.random() < 0.4 else tuple(rng.choice([1, 2, 3, 5], rank))
        dilation = tuple(rng.choice([1, 2, 3], rank)) if dilated else (1,) * rank
        low = tuple(rng.integers(0, k // 2 + 1) if rng.random() < 0.5 else 0 for k in kernel)
        high = tuple(rng.integers(0, k // 2 + 1) if rng.random() < 0.5 else 0 for k in kernel)
        outputs = tuple(
            (n + p + q - d * (k - 1) - 1) // s + 1
            for n, p, q, d, k, s in zip(sizes, low, high, dilation, kernel, stride, strict=True)
        )
        window = tuple(tuple(map(int, part)) for part in (kernel, stride, low, dilation))
        if min(outputs) > 0 and all(cells(sizes, outputs, *window)):
            return tuple(map(int, sizes)), tuple(map(int, outputs)), window


CASES = [  # usual ones, beside random ones
    ((8, 8), (4, 4), ((2, 2), (2, 2), (0, 0), (1, 1))),
    ((4, 4), (2, 2), ((2, 2), (2, 2), (0, 0), (1, 1))),
    ((7, 7), (3, 3), ((2, 2), (2, 2), (0, 0), (1, 1))),
    ((6, 70), (3, 35), ((2, 2), (2, 2), (0, 0), (1, 1))),
    ((4, 4, 6), (2, 2, 3), ((2, 2, 2), (2, 2, 2), (0, 0, 0), (1, 1, 1))),
    ((9, 9), (5, 5), ((3, 3), (2, 2), (1, 1), (1, 1))),
    ((6, 6), (1, 1), ((6, 6), (6, 6), (0, 0), (1, 1))),
    ((5,), (5,), ((3,), (1,), (1,), (1,))),
    ((4, 9), (1, 1), ((7, 11), (1, 1), (2, 1), (1, 1))),
    ((3, 5, 7), (1, 1, 1), ((3, 5, 7), (1, 1, 1), (0, 0, 0), (1, 1, 1))),
    ((3, 3), (2, 2), ((1000, 1000), (1000, 1000), (998, 998), (1, 1))),
]


def numbers(rng, shape, dtype, ties):
    x = rng.standard_normal(shape)
    return (np.round(x) if ties else x).astype(dtype)


def each_case(rng, count):
    yield from CASES
    for i in range(count):
        yield random_window(rng, 1 + i % 3, i % 2)


def winner(values):
    """Place of the first maximum, or of the last NaN."""
    nan = np.flatnonzero(np.isnan(values))
    return nan[-1] if nan.size else int(np.argmax(values))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", ["ties", "NaN and infinity", "all the least"])
def test_maxima_and_who_gets_their_gradient(library, dtype, special):
    rng = np.random.default_rng(1)
    for sizes, outputs, window in each_case(rng, 20):
        shape = (2, rng.integers(1, 4), *sizes)
        x = numbers(rng, shape, dtype, True)
        if special == "NaN and infinity":
            x[rng.random(shape) < 0.1] = np.nan
            x[rng.random(shape) < 0.2] = -np.inf
        if special == "all the least":
            x[...] = -np.inf
        g = numbers(rng, (*shape[:2], *outputs), dtype, False)
        y, gx = np.full_like(g, 7), np.full_like(x, 7)
        library.max_pool(x, packed(*window), y)
        library.max_pool_gradient(g, x, y, packed(*window), gx)
        planes = x.reshape(-1, prod(sizes))
        expected, slope = np.zeros((len(planes), prod(outputs)), dtype), np.zeros(planes.shape)
        flat = g.reshape(expected.shape)
        for o, seen in enumerate(cells(sizes, outputs, *window)):
            for n, plane in enumerate(planes):
                place = seen[winner(plane[seen])]
                expected[n, o] = plane[place]
                slope[n, place] += flat[n, o]
        where = f"{sizes} {outputs} {window}"
        np.testing.assert_array_equal(y.reshape(expected.shape), expected, where)
        tolerance = 8 * np.finfo(dtype).eps * max(1, abs(slope).max())
        np.testing.assert_allclose(gx.reshape(slope.shape), slope, 0, tolerance, err_msg=where)


@pytest.mark.parametrize(
    "sizes, outputs", [((8, 6), (1, 1)), ((8, 6), (4, 3)), ((9,), (3,)), ((7, 6), (2, 3))]
)
def test_adaptive_averages_are_ordinary_ones_where_sizes_divide(
    library, sizes, outputs, monkeypatch
):
    x = np.random.default_rng(3).standard_normal((2, 3, *sizes)).astype(np.float32)
    y = resampling.adaptive_avg_pool(x, out_shape=outputs)
    gx = resampling.adaptive_avg_pool_adjoint(y, input_shape=sizes)
    monkeypatch.setattr(native, "library", None)
    expected = resampling.adaptive_avg_pool(x, out_shape=outputs)
    np.testing.assert_allclose(y, expected, 0, 1e-6)
    slope = resampling.adaptive_avg_pool_adjoint(expected, input_shape=sizes)
    np.testing.assert_allclose(gx, slope, 0, 1e-6)


def test_wrong_arguments_are_refused(library):
    x, y, g = np.ones((2, 3, 8, 8)), np.ones((2, 3, 4, 4)), np.ones((2, 3, 4, 4))
    window = packed((2, 2), (2, 2), (0, 0), (1, 1))
    library.max_pool(x, window, y)
    for error, function, arguments in [
        (TypeError, library.max_pool, (x, window)),
        (TypeError, library.max_pool, (x, list(window), y)),
        (TypeError, library.max_pool, (x, window[:11], y)),
        (ValueError, library.max_pool, (x, (0, *window[1:]), y)),
        (ValueError, library.max_pool, (x, (2**40, *window[1:]), y)),
        (ValueError, library.max_pool, (x, packed((2, 2), (2, 2), (0, 2**30), (1, 1)), y)),
        (TypeError, library.max_pool, (x, window, y.astype(np.float32))),
        (ValueError, library.max_pool, (x, window, y[0])),
        (ValueError, library.max_pool, (x[0, 0], window, y[0, 0])),
        (ValueError, library.max_pool, (x, window, np.ones((2, 4, 4, 4)))),
        (ValueError, library.max_pool, (x.transpose(0, 1, 3, 2)[..., ::2], window, y)),
        (ValueError, library.max_pool, (x, window, x.reshape(-1)[:96].reshape(y.shape))),
        (TypeError, library.avg_pool, (x, window, "4", y)),
        (ValueError, library.avg_pool, (x, window, np.ones((4, 5)), y)),
        (TypeError, library.avg_pool, (x, window, np.ones((4, 4), np.float32), y)),
        (ValueError, library.max_pool_gradient, (g[:1], x, y, window, np.ones_like(x))),
        (ValueError, library.max_pool_gradient, (g, x, y, window, x)),
        (ValueError, library.avg_pool_gradient, (g, window, 4.0, x[:1])),
    ]:
        with pytest.raises(error):
            function(*arguments)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("differ", [False, True])
def test_averages_and_their_adjoint(library, dtype, differ):
    rng = np.random.default_rng(2)
    for sizes, outputs, window in each_case(rng, 20):
        shape = (2, rng.integers(1, 4), *sizes)
        x = numbers(rng, shape, dtype, False)
        x[0, 0, ..., 0] = np.nan
        g = numbers(rng, (*shape[:2], *outputs), dtype, False)
        divisors = rng.integers(1, 5, outputs).astype(dtype) if differ else 3.0
        y, gx = np.full_like(g, 7), np.full_like(x, 7)
        library.avg_pool(x, packed(*window), divisors, y)
        library.avg_pool_gradient(g, packed(*window), divisors, gx)
        planes = x.reshape(-1, prod(sizes))
        expected, slope = np.zeros((len(planes), prod(outputs))), np.zeros(planes.shape)
        share = (g / divisors).reshape(expected.shape)
        each = np.broadcast_to(divisors, outputs).reshape(-1)
        for o, seen in enumerate(cells(sizes, outputs, *window)):
            expected[:, o] = planes[:, seen].sum(axis=1, dtype=float) / each[o]
            slope[:, seen] += share[:, [o]]
        where, tolerance = f"{sizes} {outputs} {window}", 50 * np.finfo(dtype).eps
        np.testing.assert_allclose(
            y.reshape(expected.shape), expected, tolerance, tolerance, err_msg=where
        )
        np.testing.assert_allclose(
            gx.reshape(slope.shape), slope, tolerance, tolerance, err_msg=where
        )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_maxima_alone_are_those_with_indices(library, dtype, rank):
    rng = np.random.default_rng(rank)
    for kernel, stride, padding, dilation in (
        (2, 2, 0, 1),
        (3, 1, 1, 1),
        (3, 2, 0, 1),
        (2, 1, 0, 2),
    ):
        x = rng.standard_normal((2, 3, *(7, 6, 5)[:rank])).astype(dtype)
        window = Window(
            (kernel,) * rank, (stride,) * rank, ((padding,) * 2,) * rank, (dilation,) * rank
        )
        expected = max_pool(x, window=window)[0]
        found = max_pool_values(x, window=window)
        assert found.shape == expected.shape and found.dtype == dtype
        np.testing.assert_array_equal(found, expected)
