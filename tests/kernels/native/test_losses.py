"""Softmax and cross-entropy in C against the formulas in long double."""

import numpy as np
import pytest

from autograd.kernels import losses

DTYPES = [np.float32, np.float64]
WIDTHS = [1, 2, 3, 5, 8, 10, 15, 16, 17, 31, 33, 64, 100, 1000, 9000]
LONG = np.longdouble


#: (samples, classes, neighbours): rows, columns that fill no vector, one, several, and several pieces.
COLUMNS = [
    (n, c, r) for c in (1, 2, 3, 10, 33) for n, r in ((1, 1), (3, 2), (2, 7), (1, 16), (2, 37))
]
COLUMNS += [(1, 1500, 5), (1, 40, 300), (200, 3, 4), (2, 9, 1031)]


def softmax(x, axis=-1):
    e = np.exp(x.astype(LONG) - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def each_size(rng, dtype):
    for size in WIDTHS + COLUMNS:
        axis, shape = 1, size
        if type(size) is int:
            shape = (*rng.integers(1, 5, rng.integers(0, 3)), size)
            axis = len(shape) - 1
        yield (
            (rng.standard_normal(shape) * 5).astype(dtype),
            rng.standard_normal(shape).astype(dtype),
            axis,
        )


def close(got, expected, where):
    scale = max(1.0, float(abs(expected).max()))
    limit = 30 * np.finfo(got.dtype).eps * scale
    assert abs(got - expected).max() <= limit, where


@pytest.mark.parametrize("dtype", DTYPES)
def test_softmax_and_its_logarithm(library, dtype):
    for x, g, axis in each_size(np.random.default_rng(1), dtype):
        p, y, gx = softmax(x, axis), np.empty_like(x), np.empty_like(x)
        library.softmax(x, axis, y)
        close(y, p, x.shape)
        library.softmax_gradient(g, y, axis, gx)
        close(gx, p * (g - (g * p).sum(axis=axis, keepdims=True)), x.shape)
        library.log_softmax(x, axis, y)
        close(y, np.log(p), x.shape)
        library.log_softmax_gradient(g, y, axis, gx)
        total = g.astype(LONG).sum(axis=axis, keepdims=True)
        close(gx, g - np.exp(y.astype(LONG)) * total, x.shape)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("weighted", [False, True])
def test_cross_entropy(library, dtype, weighted):
    rng = np.random.default_rng(2)
    for n, c, r in [(5, width, 1) for width in WIDTHS[:-1]] + COLUMNS:
        x = (rng.standard_normal((n, c, r)) * 5).astype(dtype)
        classes, g = rng.integers(0, c, (n, r)), rng.standard_normal((n, r)).astype(dtype)
        classes[rng.random((n, r)) < 0.2] = -7
        weight = rng.uniform(0.5, 2, c).astype(dtype) if weighted else None
        p, loss, gx = np.empty_like(x), np.empty((n, r), dtype), np.empty_like(x)
        total, weights = library.cross_entropy(x, classes, weight, -7, p, loss)
        chosen = np.arange(c)[:, None] == classes[:, None]
        factors = (chosen * (1 if weight is None else weight.astype(LONG)[:, None])).sum(axis=1)
        expected = factors * -np.where(chosen, np.log(softmax(x, 1)), 0).sum(axis=1)
        where = (n, c, r)
        close(p, softmax(x, 1), where)
        close(loss, expected, where)
        np.testing.assert_allclose(
            [total, weights], [float(loss.sum()), float(factors.sum())], rtol=1e-5
        )
        slope = (softmax(x, 1) - chosen) * factors[:, None]
        assert library.cross_entropy_gradient(g, 0, p, classes, weight, -7, gx)
        close(gx, slope * g[:, None], where)
        assert library.cross_entropy_gradient(0.25, 0, p, classes, weight, -7, gx)
        close(gx, slope / 4, where)
        if factors.any():
            assert library.cross_entropy_gradient(0.25, 1, p, classes, weight, -7, gx)
            close(gx, slope / 4 / factors.sum(), where)


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_ignored_costs_nothing_even_of_nan(library, dtype):
    for shape in ((3, 5, 1), (1, 5, 3), (1, 5, 40)):
        x = np.full(shape, np.nan, dtype)
        classes = np.full((shape[0], shape[2]), 2)
        classes.flat[1] = 0
        x[1 % shape[0], :, 1 % shape[2]] = 1.0
        p, loss, gx = np.empty_like(x), np.empty(classes.shape, dtype), np.empty_like(x)
        total, count = library.cross_entropy(x, classes, None, 2, p, loss)
        np.testing.assert_allclose(total, np.log(5), rtol=1e-6)
        assert count == 1
        assert library.cross_entropy_gradient(1.0, 1, p, classes, None, 2, gx)
        np.testing.assert_allclose(np.abs(gx).sum(), 1.6, rtol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_rows_with_nan_or_infinity_are_nan_and_no_others(library, dtype):
    x = np.zeros((6, 21), dtype)
    x[1, 20], x[2, 3], x[3, :] = np.nan, np.inf, -np.inf
    x[4, 5:] = -np.inf  # these have probability 0
    for function in (library.softmax, library.log_softmax):
        function(x, 1, y := np.empty_like(x))
        np.testing.assert_array_equal(np.isnan(y).any(axis=1), [0, 1, 1, 1, 0, 0])
        np.testing.assert_array_equal(np.isnan(y).all(axis=1), [0, 1, 1, 1, 0, 0])
    library.softmax(x, 1, y)
    np.testing.assert_allclose(y[4], [0.2] * 5 + [0] * 16, rtol=1e-6)
    x[3] = 1e30 if dtype is np.float32 else 1e300
    library.softmax(x, 1, y)
    np.testing.assert_allclose(y[3], 1 / 21, rtol=1e-6)


def test_threads_do_not_change_bits(library):
    for shape in ((700, 130, 1), (3, 21, 1111), (500, 20, 10)):
        x = np.random.default_rng(3).standard_normal(shape).astype(np.float32)
        before, found = library.get_num_threads(), []
        for threads in (1, 3):
            library.set_num_threads(threads)
            library.softmax(x, 1, y := np.empty_like(x))
            library.softmax_gradient(x, y, 1, gx := np.empty_like(x))
            found.append([y, gx])
        library.set_num_threads(before)
        np.testing.assert_array_equal(*found)


def test_what_is_no_class_goes_to_numpy(library):
    x = np.zeros((3, 4), np.float32)
    p, loss = np.empty_like(x), np.empty(3, np.float32)
    for wrong in (4, -1, -100):
        classes = np.array([0, 1, wrong])
        assert library.cross_entropy(x, classes, None, 7, p, loss) is None
        gx = np.empty_like(x)
        assert not library.cross_entropy_gradient(1.0, 0, p, classes, None, 7, gx)
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
        (TypeError, library.softmax, (x, 1)),
        (TypeError, library.softmax, (x, 1, y.astype(np.float32))),
        (TypeError, library.softmax, (x, 1.0, y)),
        (ValueError, library.softmax, (x, 1, y[:2])),
        (ValueError, library.softmax, (x, 2, y)),
        (ValueError, library.softmax, (x, -1, y)),
        (ValueError, library.softmax, (x, 1, x)),
        (ValueError, library.softmax, (x.T, 1, y.T)),
        (ValueError, library.softmax, (x[:0], 1, y[:0])),
        (ValueError, library.softmax, (np.ones(()), 0, np.ones(()))),
        (ValueError, library.softmax_gradient, (x, x, 1, x)),
        (ValueError, library.cross_entropy, (x, c[:2], None, 7, y, s)),
        (TypeError, library.cross_entropy, (x, c.astype(np.int32), None, 7, y, s)),
        (TypeError, library.cross_entropy, (x, c.astype(np.uint64), None, 7, y, s)),
        (ValueError, library.cross_entropy, (x, c, None, 7, x, s)),
        (ValueError, library.cross_entropy, (x, c, s, 7, y, s)),
        (ValueError, library.cross_entropy, (s, c, None, 7, s, s)),
        (ValueError, library.cross_entropy, (x, c, None, 2**63, y, s)),
        (ValueError, library.cross_entropy, (x, c, None, 7, y, y[0, :3])),
        (TypeError, library.cross_entropy_gradient, (None, 0, x, c, None, 7, y)),
        (ValueError, library.cross_entropy_gradient, (s[:2], 0, x, c, None, 7, y)),
        (ValueError, library.cross_entropy_gradient, (s, 1, x, c, None, 7, y)),
        (ValueError, library.cross_entropy_gradient, (1.0, 2, x, c, None, 7, y)),
    ]:
        with pytest.raises(error):
            function(*arguments)


@pytest.mark.parametrize("dtype", DTYPES)
def test_incoming_gradients_of_each_sample_may_lie_as_they_like(library, dtype, monkeypatch):
    """Strided, broadcast or more precise: what the kernel in C is given is as it takes it."""

    def refuse(*given):
        raise AssertionError("this went to NumPy")

    monkeypatch.setattr(losses, "_gradient_by_numpy", refuse)
    rng = np.random.default_rng(8)
    p = softmax(rng.standard_normal((4, 5, 6)), 1).astype(dtype)
    classes = rng.integers(0, 5, (4, 6))
    g = rng.standard_normal((4, 6)).astype(dtype)

    def gradient(g):
        return losses.softmax_cross_entropy_gradient(g, p, classes, None, reduction="none")

    for same in (np.asfortranarray(g), np.repeat(g, 2, axis=1)[:, ::2], g.astype(np.float64)):
        np.testing.assert_array_equal(gradient(same), gradient(g))
    row = np.broadcast_to(g[:, :1], g.shape)
    np.testing.assert_array_equal(gradient(g[:, :1]), gradient(row.copy()))
    np.testing.assert_array_equal(
        gradient(np.asarray(dtype(2))), gradient(np.full((4, 6), 2, dtype))
    )
