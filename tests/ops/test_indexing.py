"""Indexing of every kind that NumPy has, and its adjoint."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd as ag
from autograd.ops.indexing import scatter_index

from .support import check, normal

X = normal(3, 4, 2)
MASK = X > 0

INDICES = [
    1,
    -1,
    slice(None),
    slice(2, None, -1),
    slice(5, 9),
    ...,
    None,
    (),
    (1, 2),
    (1, ..., 0),
    (slice(None, None, 2), None, -1),
    (..., None, slice(1, None)),
    [0, 2, 0],
    ([0, 2], [1, 1]),
    ([[0], [2]], [1, 3]),
    ([0, 2], slice(None), [1, 1]),
    (slice(None), [3, 3, 0]),
    (slice(None), [3, 3, 0], ...),
    (0, [1, 1], slice(None)),
    (None, [0, 0], 1),
    np.array([[0, 1], [1, 1]]),
    np.uint8(2),
    np.array(1),
    MASK,
    MASK[..., 0],
    (MASK[:, 0, 0], 1),
    (slice(None), MASK[0]),
    (MASK[:, 0, 0], slice(1, 3), 0),
    True,
    False,
    [],
    np.zeros((2, 0), int),
]


@pytest.mark.parametrize("index", INDICES, ids=repr)
def test_like_numpy_with_right_gradients(index):
    check(lambda x: ag.getitem(x, index) * 2.0, lambda x: x[index] * 2.0, X)


def test_tensors_as_indices():
    x = ag.tensor(X)
    np.testing.assert_array_equal(x[ag.tensor([0, 2])].numpy(), X[[0, 2]])
    np.testing.assert_array_equal(x[ag.tensor(1)].numpy(), X[1])
    np.testing.assert_array_equal(x[x > 0].numpy(), X[MASK])
    np.testing.assert_array_equal(x[ag.tensor(1) :, ag.tensor([0, 1])].numpy(), X[1:, [0, 1]])
    np.testing.assert_array_equal(x[: ag.tensor(2)].numpy(), X[:2])


def test_an_index_may_be_written_into_afterwards():
    index, mask = np.array([0, 0]), np.array([True, False, False])
    x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = x[index].sum() + 10 * x[mask].sum()
    index[:] = 2
    mask[:] = True
    y.backward()
    assert x.grad.tolist() == [12.0, 0.0, 0.0]


def test_basic_indices_are_views_and_others_are_not():
    x = ag.tensor(X.copy())
    for index in (1, slice(1, 3), (..., 0), None):
        assert np.shares_memory(x[index].numpy(), x.numpy())
    assert not np.shares_memory(x[[0, 1]].numpy(), x.numpy())
    w = ag.tensor(1.0, requires_grad=True)
    through_view, through_copy = (x[0] * w).sum(), (x[[0]] * w).sum()
    x[2, 3, 1] = 5.0  # the same storage, so the view counts as written into
    through_copy.backward()
    with pytest.raises(RuntimeError, match="written into"):
        through_view.backward()


@given(st.data())
def test_reading_and_adding_are_adjoint(data):
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(
        hnp.basic_indices(shape, allow_newaxis=True)
        | hnp.integer_array_indices(shape, dtype=np.dtype(int))
        | hnp.arrays(bool, shape)
    )
    x = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    read = np.asarray(x[index])
    np.testing.assert_array_equal(ag.getitem(x, index), read)
    g = np.cos(np.arange(read.size)).reshape(read.shape)
    t = ag.tensor(x, requires_grad=True)
    t[index].backward(g)
    expected = np.zeros(shape)
    np.add.at(expected, index, g)
    np.testing.assert_allclose(t.grad.numpy(), expected, rtol=1e-12, atol=1e-12)


ROWS = np.array([2, -1, 2, 0])


@pytest.mark.parametrize("index", [ROWS, (ROWS, slice(None)), (ROWS, ...), (ROWS, ROWS)], ids=repr)
def test_rows_that_repeat_add_up(index):
    g = normal(*X[index].shape)
    expected = np.zeros_like(X)
    np.add.at(expected, index, g)
    got = scatter_index(g, index=index, shape=X.shape)
    np.testing.assert_allclose(got, expected, rtol=1e-12)


def test_many_repeats_keep_single_precision_sums_exact():
    g = np.full(100_000, 0.1, np.float32)
    x = ag.tensor(np.zeros((1, 1), np.float32), requires_grad=True)
    x[np.zeros(100_000, int), np.zeros(100_000, int)].backward(g)
    assert x.grad.item() == pytest.approx(1e4, rel=1e-6)


def test_elements_of_scalars():
    s = ag.scalars(np.arange(6.0).reshape(2, 3))
    assert ag.getitem(s, (1, 2)).item() == 5.0
    assert ag.getitem(s, (slice(None), [0, 0])).shape == (2, 2)


@pytest.mark.parametrize(
    ("index", "error", "message"),
    [
        (3, IndexError, r"^getitem: index 3 is out of bounds for axis 0 with size 3"),
        ((0, -5), IndexError, r"index -5 is out of bounds for axis 1 with size 4 .*\(3, 4, 2\)"),
        (([0, 7], 0), IndexError, r"index 7 is out of bounds for axis 0"),
        ((..., 2), IndexError, r"index 2 is out of bounds for axis 2"),
        ((0, 0, 0, 0), IndexError, r"^getitem: 4 axes are indexed, but x has shape \(3, 4, 2\)"),
        ((..., ...), IndexError, r"one Ellipsis"),
        (1.0, IndexError, r"^getitem: an index must be .*got float"),
        ("a", IndexError, r"^getitem: an index must be .*got str"),
        ([0.5], IndexError, r"integers or bools, got dtype float"),
        (np.zeros((2, 2), bool), IndexError, r"mask of shape \(2, 2\) does not fit .*\(3, 4\)"),
        (([0, 1], [0, 1, 2]), IndexError, r"shapes \(2,\) and \(3,\) do not broadcast"),
        (slice(None, None, 0), ValueError, r"step of a slice must not be 0"),
        (slice(0.5), TypeError, r"the slice's stop must be an integer"),
        (slice("a", None), TypeError, r"the slice's start must be an integer"),
        (10**30, IndexError, r"out of bounds"),
    ],
    ids=repr,
)
def test_errors(index, error, message):
    for x in (X, ag.tensor(X)):
        with pytest.raises(error, match=message):
            ag.getitem(x, index)
