"""Softmax and cross-entropy in C against the formulas in long double."""

import numpy as np
import pytest

from autograd.kernels import losses

DTYPES = [np.float32, np.float64]
WIDTHS = [1, 2, 3, 5, 8, 10, 15, 16, 17, 31, 33, 64, 100, 1000, 9000]
LONG = np.longdouble


def softmax(x):
    e = np.exp(x.astype(LONG) - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def each_size(rng, dtype):
    for width in WIDTHS:
        shape = tuple(rng.integers(1, 5, rng.integers(0, 3))) + (width,)
        yield (
            (rng.standard_normal(shape) * 5).astype(dtype),
            rng.standard_normal(shape).astype(dtype),
        )


def close(got, expected, where):
    scale = max(1.0, float(abs(expected).max()))
    limit = 30 * np.finfo(got.dtype).eps * scale
    assert abs(got - expected).max() <= limit, where


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_and_its_logarithm(library, dtype):
    for x, g in each_size(np.random.default_rng(1), dtype):
        p, y, gx = softmax(x), np.empty_like(x), np.empty_like(x)
        library.softmax(x, y)
        close(y, p, x.shape)
        library.softmax_gradient(g, y, gx)
        close(gx, p * (g - (g * p).sum(axis=-1, keepdims=True)), x.shape)
        library.log_softmax(x, y)
        close(y, np.log(p), x.shape)
        library.log_softmax_gradient(g, y, gx)
        total = g.astype(LONG).sum(axis=-1, keepdims=True)
        close(gx, g - np.exp(y.astype(LONG)) * total, x.shape)


@pytest.mark.parametrize("dtype", DTYPES)
def test_cross_entropy(library, dtype):
    rng = np.random.default_rng(2)
    for width in WIDTHS[:-1]:
        x = (rng.standard_normal((5, width)) * 5).astype(dtype)
        classes, g = rng.integers(0, width, 5), rng.standard_normal(5).astype(dtype)
        p, loss, gx = np.empty_like(x), np.empty(5, dtype), np.empty_like(x)
        total = library.cross_entropy(x, classes, p, loss)
        expected = -np.log(softmax(x))[np.arange(5), classes]
        close(p, softmax(x), width)
        close(loss, expected, width)
        close(np.array([total], dtype), expected.sum(), width)
        slope = softmax(x) - np.eye(width)[classes]
        assert library.cross_entropy_gradient(g, p, classes, gx)
        close(gx, slope * g[:, None], width)
        assert library.cross_entropy_gradient(0.25, p, classes, gx)
        close(gx, slope / 4, width)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_with_nan_or_infinity_are_nan_and_no_others(library, dtype):
    x = np.zeros((6, 21), dtype)
    x[1, 20], x[2, 3], x[3, :] = np.nan, np.inf, -np.inf
    x[4, 5:] = -np.inf  # these have probability 0
    for function in (library.softmax, library.log_softmax):
        function(x, y := np.empty_like(x))
        np.testing.assert_array_equal(np.isnan(y).any(axis=1), [0, 1, 1, 1, 0, 0])
        np.testing.assert_array_equal(np.isnan(y).all(axis=1), [0, 1, 1, 1, 0, 0])
    library.softmax(x, y)
    np.testing.assert_allclose(y[4], [0.2] * 5 + [0] * 16, rtol=1e-6)
    x[3] = 1e30 if dtype is np.float32 else 1e300
    library.softmax(x, y)
    np.testing.assert_allclose(y[3], 1 / 21, rtol=1e-6)


def test_threads_do_not_change_bits(library):
    x = np.random.default_rng(3).standard_normal((700, 130)).astype(np.float32)
    before, found = library.get_num_threads(), []
    for threads in (1, 3):
        library.set_num_threads(threads)
        library.softmax(x, y := np.empty_like(x))
        found.append(y)
    library.set_num_threads(before)
    np.testing.assert_array_equal(*found)


def test_what_is_no_class_goes_to_numpy(library):
    x = np.zeros((3, 4), np.float32)
    p, loss = np.empty_like(x), np.empty(3, np.float32)
    for wrong in (4, -1, -100):
        classes = np.array([0, 1, wrong])
        assert library.cross_entropy(x, classes, p, loss) is None
        assert not library.cross_entropy_gradient(1.0, p, classes, np.empty_like(x))
    with pytest.raises(IndexError, match="target 4"):
        losses.softmax_cross_entropy(x, np.array([0, 1, 4]), None)
    found, p = losses.softmax_cross_entropy(x, np.array([0, -100, 1]), None)
    np.testing.assert_allclose(found, np.log(4), rtol=1e-6)
    gx = losses.softmax_cross_entropy_gradient(np.float32(1), p, np.array([0, -100, 1]), None)
    np.testing.assert_array_equal(gx[1], 0)
    found, _ = losses.softmax_cross_entropy(x, np.array([0, 1, 1]), None, ignore_index=1)
    np.testing.assert_allclose(found, np.log(4), rtol=1e-6)


def test_wrong_arguments_are_refused(library):
    x, y, c, s = np.ones((3, 4)), np.ones((3, 4)), np.zeros(3, np.int64), np.ones(3)
    for error, function, arguments in [
        (TypeError, library.softmax, (x,)),
        (TypeError, library.softmax, (x, y.astype(np.float32))),
        (ValueError, library.softmax, (x, y[:2])),
        (ValueError, library.softmax, (x, x)),
        (ValueError, library.softmax, (x.T, y.T)),
        (ValueError, library.softmax, (x[:0], y[:0])),
        (ValueError, library.softmax, (np.ones(()), np.ones(()))),
        (ValueError, library.softmax_gradient, (x, x, x)),
        (ValueError, library.cross_entropy, (x, c[:2], y, s)),
        (TypeError, library.cross_entropy, (x, c.astype(np.int32), y, s)),
        (TypeError, library.cross_entropy, (x, c.astype(np.uint64), y, s)),
        (ValueError, library.cross_entropy, (x, c, x, s)),
        (ValueError, library.cross_entropy, (x, c, y, y[0, :3])),
        (TypeError, library.cross_entropy_gradient, (None, x, c, y)),
        (ValueError, library.cross_entropy_gradient, (s[:2], x, c, y)),
    ]:
        with pytest.raises(error):
            function(*arguments)
