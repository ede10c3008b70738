"""Elementwise kernels, small and large, against `np.where`."""

import numpy as np
import pytest

from autograd.kernels.elementwise import LARGE, keep_where, relu, relu_gradient

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -1.5]


def values(size, dtype):
    x = np.random.default_rng(0).normal(size=size).astype(dtype)
    x[: len(SPECIAL)] = SPECIAL
    return x


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [len(SPECIAL), LARGE, LARGE + 3])
def test_relu_and_its_gradient(dtype, size):
    x = values(size, dtype)
    y = relu(x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.where(np.isnan(x), x, np.where(x > 0, x, 0)))
    g = np.roll(values(size, dtype), 2)
    gx = relu_gradient(g, y)
    assert gx.dtype == dtype
    np.testing.assert_array_equal(gx, np.where(x <= 0, 0, g))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, object])
def test_keep_where(dtype):
    g = values(60, float) if dtype in (np.float16, np.float32, np.float64) else np.arange(60)
    g = g.astype(dtype).reshape(3, 4, 5)
    mask = np.random.default_rng(1).random(g.shape) < 0.5
    want = np.where(mask, g, np.zeros((), dtype))
    np.testing.assert_array_equal(keep_where(g, mask), want)
    np.testing.assert_array_equal(
        keep_where(g[:, ::2].swapaxes(0, 2), mask[:, ::2].swapaxes(0, 2)),
        want[:, ::2].swapaxes(0, 2),
    )
    out = np.ones((3, 4, 10), dtype)
    returned = keep_where(g, mask, out=out[..., ::2])
    np.testing.assert_array_equal(out[..., ::2], want)
    np.testing.assert_array_equal(returned, want)
    assert (out[..., 1::2] == 1).all()


def test_shapes_memory_order_and_other_dtypes():
    x = np.random.default_rng(0).normal(size=(8, 8, 8, 16)).transpose(3, 1, 0, 2)
    y = relu(x)
    assert y.strides == x.strides
    assert relu_gradient(x, y).strides == x.strides
    assert relu(np.array(-2.0)).shape == ()
    np.testing.assert_array_equal(relu(np.array([-3, 4])), [0, 4])


def test_relu_of_objects_multiplies_each_of_them():
    class Traced:
        def __init__(self, value, factor=None):
            self.value, self.factor = value, factor

        def __gt__(self, other):
            return self.value > other

        def __mul__(self, other):
            return Traced(self.value * other, other)

    x = np.empty(2, object)
    x[:] = [Traced(-3), Traced(4)]
    y = relu(x)
    assert [(cell.value, cell.factor) for cell in y] == [(0, 0), (4, 1)]
