"""Python's operators and protocols on tensors, against NumPy's on their arrays."""

import operator

import numpy as np
import pytest

import autograd as ag

X = np.array([[3.0, -7.0, 5.5], [2.25, 8.0, -1.5]])
Y = np.array([[2.0, 3.0, -4.0], [0.5, -2.5, 6.0]])
WHOLE = np.array([[6, 3, 12], [5, 0, 9]])
OTHER = np.array([[3, 5, 10], [4, 7, 1]])
ARITHMETIC = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
BITS = ("and_", "or_", "xor")


def assert_same(got, due):
    assert got.dtype == due.dtype and np.array_equal(got.numpy(), due)


@pytest.mark.parametrize("name", ARITHMETIC + COMPARISONS + BITS)
def test_operators_give_what_numpy_gives_from_either_side(name):
    f = getattr(operator, name)
    x, y = (WHOLE, OTHER) if name in BITS else (X, Y)
    if name == "pow":
        x = np.abs(x)
    assert_same(f(ag.tensor(x), ag.tensor(y)), f(x, y))
    number = 3 if name in BITS else 2.5
    assert_same(f(ag.tensor(x), number), f(x, number))
    assert_same(f(number, ag.tensor(x)), f(number, x))
    assert_same(f(ag.tensor(x), y), f(x, y))  # an array beside a tensor
    assert_same(f(x, ag.tensor(y)), f(x, y))


@pytest.mark.parametrize("name", ARITHMETIC + BITS)
def test_in_place_operators_write_what_numpy_writes(name):
    f = getattr(operator, "i" + name.strip("_"), None) or getattr(operator, "i" + name[:-1])
    x, y = (WHOLE, OTHER) if name in BITS else (np.abs(X), Y)
    t, due = ag.tensor(x), x.copy()
    other = t
    t = f(t, ag.tensor(y))
    assert t is other
    assert_same(t, f(due, y))
    assert f.__name__.strip("_") in getattr(ag.Tensor, f"__{f.__name__.strip('_')}__").__name__


def test_matrix_products_give_what_numpy_gives_from_either_side():
    for a, b in ((X, Y.T), (X[0], Y.T), (X, Y[1]), (X[0], Y[1])):
        for left, right in ((ag.tensor(a), ag.tensor(b)), (a, ag.tensor(b)), (ag.tensor(a), b)):
            np.testing.assert_allclose((left @ right).numpy(), a @ b)
    t = ag.tensor(X)
    t @= ag.tensor(np.diag([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(t.numpy(), X * [1, 2, 3])


def test_unary_operators_and_rounding_give_what_numpy_gives():
    t = ag.tensor(X)
    for f in (operator.neg, operator.pos, abs):
        assert_same(f(t), f(X))
    assert_same(~ag.tensor(WHOLE), ~WHOLE)
    assert_same(round(t), np.round(X))
    for digits in (-1, 0, 1, 2):
        shifted = ag.tensor(X + 0.123)
        np.testing.assert_allclose(round(shifted, digits).numpy(), np.round(X + 0.123, digits))


@pytest.mark.parametrize("by", [2.5, -2.5, Y])
def test_divmod_is_the_quotient_and_the_remainder(by):
    for got, due in zip(divmod(ag.tensor(X), by), np.divmod(X, by), strict=True):
        assert_same(got, due)


@pytest.mark.parametrize("shape", [(0,), (1,), (4,), (3, 2), (2, 0), (2, 3, 4)])
@pytest.mark.parametrize("recorded", [False, True])
def test_iteration_gives_every_slice_of_the_first_axis_once(shape, recorded):
    x = np.arange(np.prod(shape), dtype=np.float64).reshape(shape)
    t = ag.tensor(x, requires_grad=recorded)
    slices = list(t)
    assert len(slices) == len(t) == shape[0]
    for got, due in zip(slices, x, strict=True):
        assert got.shape == due.shape and np.array_equal(got.detach().numpy(), due)
        assert got.requires_grad == recorded
    if recorded and t.size:
        sum((k + 1.0) * s.sum() for k, s in enumerate(t)).backward()
        due = np.arange(1.0, shape[0] + 1).reshape((-1,) + (1,) * (x.ndim - 1))
        assert np.array_equal(t.grad.numpy(), np.broadcast_to(due, shape))


def test_a_number_cannot_be_iterated_and_has_no_length():
    with pytest.raises(TypeError, match="iteration over a 0-d tensor; use .item"):
        iter(ag.tensor(1.0))
    with pytest.raises(TypeError, match="0-d"):
        len(ag.tensor(1.0))


def test_in_asks_for_an_equal_element():
    t = ag.tensor([[1.0, 2.0], [3.0, 4.0]])
    for value in (1.0, 4, ag.tensor(3.0), np.float64(2.0)):
        assert value in t
    for value in (0.0, 5, ag.tensor(2.5), np.nan):
        assert value not in t


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4), (2, 3, 4, 5)])
def test_transposed_attributes_turn_all_axes_or_the_last_two(shape):
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    assert_same(ag.tensor(x).T, x.T)
    if len(shape) >= 2:
        assert_same(ag.tensor(x).mT, np.swapaxes(x, -1, -2))
    else:
        with pytest.raises(ValueError, match="mT: a tensor of shape .* has no two axes to swap"):
            ag.tensor(x).mT  # noqa: B018


@pytest.mark.parametrize("method, function", [("reshape", np.reshape), ("transpose", np.transpose)])
def test_sizes_and_axes_may_be_given_one_by_one_or_together(method, function):
    x = np.arange(24.0).reshape(2, 3, 4)
    t = ag.tensor(x)
    for given in ((4, 6), (24,), (2, 12)) if method == "reshape" else ((2, 0, 1), (1, 2, 0)):
        assert_same(getattr(t, method)(*given), function(x, given))
        assert_same(getattr(t, method)(given), function(x, given))
        assert_same(getattr(t, method)(list(given)), function(x, given))


def test_items_that_cannot_be_written_say_what_came():
    t = ag.zeros((2, 3))
    with pytest.raises(ValueError, match=r"a value of shape \(2,\) cannot be written at 0 of a"):
        t[0] = [1.0, 2.0]
    with pytest.raises(IndexError):
        t[5] = 1.0
    assert np.array_equal(t.numpy(), np.zeros((2, 3)))
    number = ag.tensor(1.0)
    number[...] = 4.0
    assert number.item() == 4.0 and number.shape == ()
