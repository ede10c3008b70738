"""Taking along axes, and writing functionally."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag

from .support import check, gradient, normal

X = normal(3, 4)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("indices", [[0, 2, 2], [[1, -1], [0, 0]], 1, []])
def test_take(axis, indices):
    indices = np.asarray(indices, int)
    check(lambda x: ag.take(x, indices, axis) * 2, lambda x: np.take(x, indices, axis) * 2, X)


@pytest.mark.parametrize("mode", ["wrap", "clip"])
def test_take_beyond_the_ends(mode):
    places = [-7, 9, 1]
    check(lambda x: ag.take(x, places, 1, mode), lambda x: np.take(x, places, 1, mode=mode), X)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_take_along_axis(axis):
    order = np.argsort(X, axis)
    check(
        lambda x: ag.take_along_axis(x, order, axis) * 2,
        lambda x: np.take_along_axis(x, order, axis) * 2,
        X,
    )
    one = order.take([0], axis)
    check(
        lambda x: ag.take_along_axis(x, ag.tensor(one), axis) * 2,
        lambda x: np.take_along_axis(x, one, axis) * 2,
        X,
    )


@given(st.data())
def test_gather_and_scatter_add_in_plain_loops(data):
    axis = data.draw(st.integers(0, 2))
    shape = (3, 2, 4)
    small = [data.draw(st.integers(0, n)) for n in shape]
    places = np.asarray(
        data.draw(
            st.lists(
                st.integers(0, shape[axis] - 1),
                min_size=int(np.prod(small)),
                max_size=int(np.prod(small)),
            )
        ),
        int,
    ).reshape(small)
    x = np.arange(24.0).reshape(shape)
    values = np.arange(1.0, places.size + 1).reshape(small)
    read, added = np.empty(small), x.copy()
    for index in np.ndindex(*small):
        there = (*index[:axis], places[index], *index[axis + 1 :])
        read[index] = x[there]
        added[there] += values[index]
    np.testing.assert_array_equal(ag.gather(x, places, axis), read)
    np.testing.assert_array_equal(ag.scatter_add(x, places, values, axis), added)


def test_gradients_of_gather_and_scatter_add():
    places = np.array([[0, 1, 1], [2, 2, 0]])
    check(lambda x: ag.gather(x, places, 0) * 2, lambda x: x[places, [[0, 1, 2]]] * 2, X)

    def scattered(x, v):
        out = x.copy()
        np.add.at(out, (places, np.array([[0, 1, 2]])), v)
        return out

    check(lambda x, v: ag.scatter_add(x, places, v, 0), scattered, X, normal(2, 3))


# Writing ------------------------------------------------------------------------------------------

PLACES = [
    1,
    (slice(None), 2),
    (..., slice(1, 3)),
    ([0, 2], [1, 1]),
    X > 0,
    (np.array([True, False, True]), 1),
]


@pytest.mark.parametrize("index", PLACES, ids=repr)
def test_set_at(index):
    def written(x, v):
        out = x.copy()
        out[index] = v
        return out

    check(lambda x, v: ag.set_at(x, index, v) * 2, lambda x, v: written(x, v) * 2, X,
          normal(*X[index].shape))  # fmt: skip
    check(lambda x, v: ag.set_at(x, index, v) * 2, lambda x, v: written(x, v) * 2, X,
          np.asarray(1.5))  # fmt: skip


@pytest.mark.parametrize("index", [*PLACES, ([0, 0, 2], [1, 1, 1])], ids=repr)
def test_add_at(index):
    def added(x, v):
        out = x.copy()
        np.add.at(out, index, v)
        return out

    check(lambda x, v: ag.add_at(x, index, v) * 2, lambda x, v: added(x, v) * 2, X,
          normal(*X[index].shape))  # fmt: skip
    check(lambda x, v: ag.add_at(x, index, v) * 2, lambda x, v: added(x, v) * 2, X,
          np.asarray(1.5))  # fmt: skip


def test_where_set_at_repeats_a_place_the_last_value_counts():
    v = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = ag.set_at(ag.zeros(2), [0, 0, 1], v)
    assert y.tolist() == [2.0, 3.0]
    y.sum().backward()
    assert v.grad.tolist() == [0.0, 1.0, 1.0]


def test_set_at_leaves_its_input_alone():
    x = ag.tensor([1.0, 2.0])
    assert ag.set_at(x, 0, 9.0).tolist() == [9.0, 2.0]
    assert x.tolist() == [1.0, 2.0]
    assert gradient(lambda t: ag.set_at(t, 0, 9.0), np.ones(2)).tolist() == [0.0, 1.0]
    assert ag.set_at(x, slice(None), [[5.0, 6.0]]).tolist() == [5.0, 6.0]


def test_select():
    conditions = [X > 1, X > 0]
    check(
        lambda x: ag.select(conditions, [x * x, 3 * x], -x),
        lambda x: np.select(conditions, [x * x, 3 * x], -x),
        X,
    )


def test_nonzero():
    x = np.array([[0, 1], [2, 0]])
    for got, want in zip(ag.nonzero(ag.tensor(x)), np.nonzero(x), strict=True):
        np.testing.assert_array_equal(got.numpy(), want)
    np.testing.assert_array_equal(ag.argwhere(x), np.argwhere(x))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.take(X, 3, 0), IndexError, r"index 3 is out of bounds for axis 0"),
        (lambda: ag.take(X, 0, 2), IndexError, r"^take: axis 2 is out of range"),
        (lambda: ag.take(X, 0.5), TypeError, r"^take: indices must be integers"),
        (lambda: ag.take(X, 0, mode="round"), ValueError, r"^take: mode must be one of"),
        (lambda: ag.take(np.zeros(0), 0, mode="clip"), IndexError, r"^take: axis 0 is empty"),
        (lambda: ag.take_along_axis(X, [0]), ValueError, r"must have as many axes as x"),
        (lambda: ag.take_along_axis(X, np.zeros((2, 1), int)), ValueError, r"along axis 0"),
        (lambda: ag.gather(X, np.zeros((4, 1), int)), ValueError, r"be at most x's 3"),
        (lambda: ag.gather(X, [[5]]), IndexError, r"index 5 is out of bounds for axis 1"),
        (lambda: ag.set_at(X, 3, 0.0), IndexError, r"index 3 is out of bounds"),
        (lambda: ag.set_at(X, 0, np.ones(3)), ValueError, r"^set_at: values of shape \(3,\)"),
        (lambda: ag.add_at(X, 0, np.ones(3)), ValueError, r"^add_at: values of shape \(3,\)"),
        (lambda: ag.scatter_add(X, [[0, 0]], np.ones(3)), ValueError, r"^scatter_add: values"),
        (lambda: ag.select([], []), ValueError, r"^select: 0 conditions"),
        (lambda: ag.select([X > 0], []), ValueError, r"^select: 1 conditions and 0 choices"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_take_axis_keeps_its_index_whatever_becomes_of_the_callers():
    x, index = ag.tensor(np.arange(4.0), requires_grad=True), np.array([0, 1])
    y = ag.take_axis(x, index, 0).sum()
    index[:] = 3
    y.backward()
    assert x.grad.tolist() == [1.0, 1.0, 0.0, 0.0]


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8])
def test_a_number_that_fits_does_not_widen_integers_along_an_axis(dtype):
    limits, x = np.iinfo(dtype), np.zeros((2, 3), dtype)
    for number, kept in (
        (limits.min, True), (limits.max, True), (limits.min - 1, False), (limits.max + 1, False),
    ):  # fmt: skip
        found = ag.scatter(ag.tensor(x), np.array([[0], [2]]), number, 1)
        assert (found.dtype == dtype) is kept
        assert found.tolist() == [[number, 0, 0], [0, 0, number]]
