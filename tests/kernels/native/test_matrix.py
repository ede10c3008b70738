"""Products of matrices in C equal NumPy's, for any strides and sizes around those of the tile."""

import numpy as np
import pytest

from autograd.kernels import threads

SIZES = [1, 2, 3, 5, 8, 9, 16, 17, 47, 48, 49, 64, 100]


def strided(rng, shape, dtype, way):
    """A matrix of random numbers that lies in memory in one of several ways."""
    m, n = shape
    if way == "rows":
        return rng.standard_normal(shape).astype(dtype)
    if way == "columns":
        return rng.standard_normal((n, m)).astype(dtype).T
    if way == "gaps":
        return rng.standard_normal((2 * m, 3 * n)).astype(dtype)[::2, ::3]
    if way == "backwards":
        return rng.standard_normal(shape).astype(dtype)[::-1, ::-1]
    return np.broadcast_to(rng.standard_normal((m, 1)).astype(dtype), shape)  # steps of 0


WAYS = ["rows", "columns", "gaps", "backwards", "broadcast"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_products_equal_numpys(library, dtype):
    rng = np.random.default_rng(1)
    for _ in range(150):
        m, k, n = rng.choice(SIZES, 3)
        ways = rng.choice(WAYS, 2)
        a, b = strided(rng, (m, k), dtype, ways[0]), strided(rng, (k, n), dtype, ways[1])
        bias = rng.standard_normal(n).astype(dtype) if rng.random() < 0.5 else None
        out = np.full((m, n), np.nan, dtype)
        library.matmul(a, b, bias, out)
        expected = a.astype(float) @ b.astype(float) + (0 if bias is None else bias)
        bound = 4 * k * np.finfo(dtype).eps * (abs(a).max() * abs(b).max() + 1)
        assert abs(out - expected).max() <= bound, (m, k, n, *ways)


def test_large_and_odd_products_are_left_to_blas(library):
    small, out = np.ones((16, 8)), np.empty((16, 16))
    assert library.matmul_if_faster(small, small.T, out) is True and (out == 8).all()
    large = np.ones((400, 400))
    thin = np.ones((4, 4000))
    for a, b, result in [
        (large, large, np.empty((400, 400))),
        (thin, np.ones((4, 4000)).T, np.empty((4, 4))),
        (large, np.ones((400, 1)), np.empty((400, 1))),
        (small.astype(int), small.T.astype(int), out),
        (small, small, out),
        (small, small.T, out[:3]),
        (small, None, out),
    ]:
        before = result.copy()
        assert library.matmul_if_faster(a, b, result) is False
        assert np.array_equal(result, before, equal_nan=True)


def test_stacked_rows_are_one_product(library):
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((3, 5, 7)), rng.standard_normal((9, 7)).T
    np.testing.assert_allclose(threads.matmul(a, b), np.matmul(a, b), rtol=1e-13)
    np.testing.assert_allclose(threads.matmul(a[:, ::2], b), np.matmul(a[:, ::2], b), rtol=1e-13)
    assert threads.matmul(np.ones((0, 4, 7)), b).shape == (0, 4, 9)
    assert (threads.matmul(np.ones((2, 3, 0)), np.ones((0, 4))) == 0).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_prepared_product_is_the_product_however_its_factors_lie(library, dtype, monkeypatch):
    rng = np.random.default_rng(4)
    b = rng.standard_normal((7, 9)).astype(dtype)
    empty = np.empty  # what nobody has written shows
    monkeypatch.setattr(
        np, "empty", lambda shape, dtype=float: np.full_like(empty(shape, dtype), 77)
    )
    for shape in ((5, 7), (3, 5, 7), (2, 3, 5, 7), (40, 30, 7)):
        whole = rng.standard_normal((*shape[:-1], 14)).astype(dtype)
        for a in (whole[..., :7].copy(), whole[..., ::2], np.asfortranarray(whole[..., :7])):
            product = threads.prepare_matmul(a, b)
            found = np.array(product(a, b))
            np.testing.assert_allclose(found, np.matmul(a, b), rtol=1e-5 if dtype == np.float32 else 1e-12,
                                       atol=1e-5 if dtype == np.float32 else 1e-12)  # fmt: skip
            assert found.dtype == dtype and found.shape == (*shape[:-1], 9)


@pytest.mark.parametrize("shape", [(7, 500, 90), (300, 40, 200), (128, 64, 10)])
def test_the_same_bits_for_any_number_of_threads(library, shape):
    rng = np.random.default_rng(3)
    m, k, n = shape
    a, b = rng.standard_normal((m, k)), rng.standard_normal((k, n))
    before, results = threads.get_num_threads(), []
    try:
        for count in (1, 2, 3, 4):
            threads.set_num_threads(count)
            out = np.empty((m, n))
            library.matmul(a, b, None, out)
            results.append(out.tobytes())
    finally:
        threads.set_num_threads(before)
    assert results == results[:1] * 4


def test_wrong_arguments_are_refused(library):
    a, b, c = np.ones((3, 4)), np.ones((4, 5)), np.empty((3, 5))
    readonly = np.empty((3, 5))
    readonly.flags.writeable = False
    unaligned = np.frombuffer(bytearray(8 * 20 + 1), np.uint8)[1:].view(float).reshape(4, 5)
    shared = np.empty(40)
    for error, arguments in [
        (TypeError, (a, b, None)),
        (TypeError, ([[1.0]], b, None, c)),
        (TypeError, (a, None, None, c)),
        (TypeError, (a.astype(np.float32), b, None, c)),
        (TypeError, (a.astype(int), b, None, c)),
        (TypeError, (a.astype(np.longdouble), b, None, c)),
        (ValueError, (a, b.astype(">f8"), None, c)),
        (ValueError, (a, unaligned, None, c)),
        (ValueError, (a, b[:3], None, c)),
        (ValueError, (a[0], b, None, c)),
        (ValueError, (a, b, np.ones(3), c)),
        (ValueError, (a, b, None, c[:, :4])),
        (ValueError, (a, b, None, np.empty((3, 10))[:, ::2])),
        (ValueError, (a, b, None, readonly)),
        (ValueError, (shared[:12].reshape(3, 4), b, None, shared[10:25].reshape(3, 5))),
    ]:
        with pytest.raises(error):
            library.matmul(*arguments)
