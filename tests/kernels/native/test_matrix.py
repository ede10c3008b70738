"""Products of matrices in C equal NumPy's, for any strides and sizes around those of the tile."""

import numpy as np
import pytest

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
