"""Rows added where an index says, in C against loops in long double."""

import numpy as np
import pytest

import autograd as ag

SIZES = [
    (1, 1, 1),
    (5, 3, 1),
    (7, 2, 16),
    (300, 3, 5),
    (4, 50, 33),
    (2000, 700, 17),
    (129, 1, 8),
    (3, 9, 9000),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_each_row_is_the_sum_of_those_with_its_index(library, dtype):
    rng = np.random.default_rng(0)
    for count, rows, width in SIZES:
        x = rng.standard_normal((count, width)).astype(dtype)
        index = rng.integers(-rows, rows, count)
        expected = np.zeros((rows, width), np.longdouble)
        for k, row in enumerate(index):
            expected[row] += x[k]
        library.add_rows(x, index, out := np.full((rows, width), np.nan, dtype))
        limit = 8 * np.finfo(dtype).eps * np.sqrt(count) * abs(expected).max()
        assert abs(out - expected).max() <= limit, (count, rows, width)


def test_sums_of_very_many_rows_keep_their_digits(library):
    x = np.full((200_000, 3), 0.1, np.float32)
    library.add_rows(x, np.zeros(len(x), np.int64), out := np.empty((2, 3), np.float32))
    np.testing.assert_allclose(out[0], 20_000, rtol=2e-5)
    np.testing.assert_array_equal(out[1], 0)


def test_threads_do_not_change_bits(library):
    x = np.random.default_rng(1).standard_normal((3000, 100)).astype(np.float32)
    index = np.random.default_rng(2).integers(0, 500, 3000)
    before, found = library.get_num_threads(), []
    for threads in (1, 3):
        library.set_num_threads(threads)
        library.add_rows(x, index, out := np.empty((500, 100), np.float32))
        found.append(out)
    library.set_num_threads(before)
    np.testing.assert_array_equal(*found)


def test_wrong_arguments_are_refused(library):
    x, index, out = np.ones((3, 4)), np.zeros(3, np.int64), np.ones((2, 4))
    for error, arguments in [
        (TypeError, (x, index)),
        (TypeError, (x, index.astype(np.int32), out)),
        (TypeError, (x.astype(np.float32), index, out)),
        (ValueError, (x, index[:2], out)),
        (ValueError, (x, index + 2, out)),
        (ValueError, (x, index - 3, out)),
        (ValueError, (x, index, out[:, :3].copy())),
        (ValueError, (x, index, out[:0])),
        (ValueError, (x, index, x[:2])),
    ]:
        with pytest.raises(error):
            library.add_rows(*arguments)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("index", [[1, 0, 1, 1], [[2, 0], [2, -1]], [-3, -3]])
def test_gradients_of_rows_are_those_of_one_hot_products(dtype, index):
    rng = np.random.default_rng(3)
    for shape in ((3, 4), (3, 2, 5), (3, 1)):
        x = ag.tensor(rng.standard_normal(shape).astype(dtype), requires_grad=True)
        g = rng.standard_normal((*np.shape(index), *shape[1:])).astype(dtype)
        (x[index] * g).sum().backward()
        one_hot = np.eye(3)[np.array(index)].reshape(-1, 3)
        expected = np.tensordot(one_hot.T, g.reshape(-1, *shape[1:]), 1)
        np.testing.assert_allclose(x.grad.data, expected, rtol=1e-5, atol=1e-6)
