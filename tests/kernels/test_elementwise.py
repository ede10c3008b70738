"""Elementwise kernels, small and large, against `np.where`."""

import numpy as np
import pytest

from autograd.kernels.elementwise import (
    BLOCK,
    _least,
    _subnormals_count,
    choose,
    flat_views,
    in_blocks,
    keep_where,
    relu,
    relu_gradient,
    with_kernel,
)

pytestmark = pytest.mark.usefixtures("numpy_kernels")

SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1.5, -1.5]


def values(size, dtype):
    x = np.random.default_rng(0).normal(size=size).astype(dtype)
    x[: len(SPECIAL)] = SPECIAL
    return x


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("size", [len(SPECIAL), BLOCK, BLOCK + 3])
def test_relu_and_its_gradient(dtype, size):
    x = values(size, dtype)
    y = relu(x)
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.where(np.isnan(x), x, np.where(x > 0, x, 0)))
    g = np.roll(values(size, dtype), 2)
    gx = relu_gradient(g, y)
    assert gx.dtype == dtype
    np.testing.assert_array_equal(gx, np.where(x <= 0, 0, g))


@pytest.mark.parametrize("exact", [True, False])
def test_gradients_of_single_precision_keep_every_bit(monkeypatch, exact):
    monkeypatch.setattr("autograd.kernels.elementwise.BLOCK", 1 << 14)  # several lines
    _least.cache_clear()
    if not exact:  # as where a processor takes subnormal numbers for 0
        monkeypatch.setattr("autograd.kernels.elementwise._subnormals_count", lambda: False)
    bits = np.random.default_rng(0).integers(0, 2**32, size=(5, BLOCK), dtype=np.uint32)
    g = bits.view(np.float32)  # every kind of number, NaN and infinity
    out = np.full(g.shape, 0.0, np.float32)
    some = [1e-45, 1e-40, 1e-38, 1.0, 3e38, np.inf, np.nan, -np.nan, -0.0, 0.0]
    out[:, : len(some)] = some
    out[:, len(some) :: 3] = 2.0
    for arrange in (np.asarray, np.transpose, lambda a: a[:, ::-1], lambda a: a[:, 1:]):
        gx = relu_gradient(arrange(g), arrange(out))
        assert gx.strides == np.empty_like(arrange(out)).strides
        want = np.where(arrange(out) == 0, 0, arrange(g).view(np.uint32))
        kept = arrange(out) != 0
        np.testing.assert_array_equal(gx.view(np.uint32)[kept], want[kept])
        np.testing.assert_array_equal(gx[~kept], 0.0)
    _least.cache_clear()


def test_subnormal_numbers_count_unless_the_processor_flushes_them():
    assert _subnormals_count() == (np.float32(1e-45) * np.float32(1e30) != 0)


def test_flat_views_follow_memory():
    x = np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1)
    for line in flat_views(x, x.copy(order="K")):
        np.testing.assert_array_equal(line, np.arange(24.0))
    assert flat_views(x, x.copy(order="C")) is None
    assert flat_views(x[:, :, ::2]) is None and flat_views(x[::-1]) is None
    assert np.shares_memory(flat_views(x)[0], x)


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


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_choosing_keeps_every_bit(dtype):
    rng = np.random.default_rng(0)
    shape = (3, BLOCK // 2, 2)
    bits = f"u{np.dtype(dtype).itemsize}"
    x, y = (
        np.frombuffer(rng.bytes(3 * BLOCK * np.dtype(dtype).itemsize), dtype).reshape(shape)
        for _ in range(2)
    )
    condition = rng.random(shape) < 0.5
    for arrange in (np.asarray, np.asfortranarray, lambda a: a[:, ::-1], lambda a: a[..., 0]):
        c, a, b = arrange(condition), arrange(x), arrange(y)
        want = np.where(c, a.view(bits), b.view(bits))
        np.testing.assert_array_equal(choose(c, a, b).view(bits), want)
        np.testing.assert_array_equal(choose(c, a, 0.0).view(bits), np.where(c, a.view(bits), 0))
        np.testing.assert_array_equal(choose(c, 0.0, b).view(bits), np.where(c, 0, b.view(bits)))
        assert np.signbit(choose(c, -0.0, b)[c]).all()
    assert choose(np.asfortranarray(condition), np.asfortranarray(x), 0.0).flags.f_contiguous


def test_choosing_among_anything_is_where():
    condition = np.arange(2 * BLOCK) % 3 == 0
    numbers = np.arange(2.0 * BLOCK, dtype=np.float32)
    for x, y in [
        (numbers, numbers.astype(float)),
        (numbers, 1),
        (numbers, 2.5),
        (1.0, 0.0),
        (numbers, numbers[None, :1]),
        (np.arange(2 * BLOCK), numbers),
        (numbers.astype(object), None),
    ]:
        got, want = choose(condition, x, y), np.where(condition, x, y)
        assert got.dtype == want.dtype
        np.testing.assert_array_equal(got, want)
    assert choose(True, 1.0, 2.0) == 1.0
    np.testing.assert_array_equal(choose(numbers, numbers, 0.0), numbers)  # no bools, but truths


# The last leaves one element (of three times as many) for the last block.
@pytest.mark.parametrize(
    "size", [BLOCK, 2 * BLOCK, 2 * BLOCK + 1, 5 * BLOCK - 3, pow(3, -1, BLOCK) + BLOCK]
)
@pytest.mark.parametrize("arrange", [np.asarray, np.asfortranarray, lambda a: a[:, ::2]])
def test_blocks_change_nothing(size, arrange):
    x, y = np.random.default_rng(0).normal(size=(2, 3, size)).astype(np.float32)
    x, y = arrange(x), arrange(y)
    sizes = []

    @with_kernel("there is none without the extension")
    def formula(x, y):
        sizes.append(x.size)
        return np.exp(x) * y - x

    got, want = formula(x, y), np.exp(x) * y - x
    assert got.strides == want.strides and got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)
    if x.flags.forc:
        assert max(sizes) <= BLOCK and sum(sizes) == x.size
    assert formula.__name__ == "formula"


def test_what_cannot_be_cut_goes_through_as_a_whole():
    x = np.ones((4, BLOCK))
    row = np.ones(BLOCK)
    np.testing.assert_array_equal(in_blocks(np.add, x, row), x + 1)
    np.testing.assert_array_equal(in_blocks(np.add, x, 2.0), x + 2)
    np.testing.assert_array_equal(in_blocks(np.add, x, np.asfortranarray(x)), x + x)
    np.testing.assert_array_equal(in_blocks(np.greater, x, 2 * x), np.zeros(x.shape, bool))
    assert in_blocks(np.negative, 3) == -3


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
def test_relu_of_every_dtype_is_the_larger_of_it_and_0_at_any_size(dtype):
    for size in (3, BLOCK - 1, BLOCK, 2 * BLOCK + 5):
        x = (np.arange(size) % 7 - 3).astype(dtype)
        y = relu(x)
        assert y.dtype == dtype
        np.testing.assert_array_equal(y, np.maximum(x, np.zeros((), dtype)))


def test_relu_of_objects_keeps_what_is_above_zero_and_nothing_else():
    x = np.array([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0], object)
    assert relu(x).tolist() == [0.0, 0.0, 0.0, 0.5, 1.0, 2.0]
