"""Shapes and orders: NumPy's values, right gradients, views that share memory, our errors."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag

from .support import check, normal

X = normal(2, 3, 4)


@pytest.mark.parametrize(
    ("function", "oracle"),
    [
        (lambda x: ag.reshape(x, (4, -1)), lambda x: x.reshape(4, 6)),
        (lambda x: ag.reshape(x, 24), lambda x: x.reshape(24)),
        (lambda x: ag.ravel(x), lambda x: x.reshape(24)),
        (lambda x: ag.flatten(ag.transpose(x)), lambda x: x.T.reshape(24)),
        (lambda x: ag.expand_dims(x, (0, -1)), lambda x: np.expand_dims(x, (0, -1))),
        (lambda x: ag.expand_dims(x, 1), lambda x: np.expand_dims(x, 1)),
        (lambda x: ag.squeeze(x[:, :1]), lambda x: x[:, 0]),
        (lambda x: ag.squeeze(x[:1, :1], (-2, 0)), lambda x: x[0, 0]),
        (ag.transpose, lambda x: x.T),
        (lambda x: ag.transpose(x, (2, 0, -2)), lambda x: x.transpose(2, 0, 1)),
        (lambda x: ag.moveaxis(x, 0, -1), lambda x: np.moveaxis(x, 0, -1)),
        (lambda x: ag.moveaxis(x, (0, 2), (2, 1)), lambda x: np.moveaxis(x, (0, 2), (2, 1))),
        (lambda x: ag.swapaxes(x, 0, -1), lambda x: np.swapaxes(x, 0, -1)),
        (ag.flip, np.flip),
        (lambda x: ag.flip(x, 1), lambda x: np.flip(x, 1)),
        (lambda x: ag.flip(x, (0, -1)), lambda x: np.flip(x, (0, -1))),
        (lambda x: ag.stack([x[0], x[1]], -1), lambda x: np.stack([x[0], x[1]], -1)),
        (lambda x: ag.stack(x, 1), lambda x: np.stack(list(x), 1)),
        (lambda x: ag.concatenate([x, x], None), lambda x: np.concatenate([x, x], None)),
    ],
)
def test_like_numpy_with_right_gradients(function, oracle):
    check(lambda x: function(x) * 1.5, lambda x: oracle(x) * 1.5, X)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_concatenate(axis):
    y = np.take(normal(2, 3, 4), [0, 1], axis)
    check(
        lambda a, b: ag.concatenate((a, b, a * b[:2, :2, :2].sum()), axis),
        lambda a, b: np.concatenate((a, b, a * b[:2, :2, :2].sum()), axis),
        X,
        y,
    )


def test_gradients_of_concatenate_reach_only_who_needs_them():
    a, b = ag.ones(2), ag.tensor([3.0], requires_grad=True)
    ag.concatenate([a, b, np.zeros(1, np.float32)]).sum().backward()
    assert b.grad.tolist() == [1.0]
    assert a.grad is None


def test_a_thousand_arrays():
    parts = [ag.tensor([float(k)], requires_grad=True) for k in range(1000)]
    joined = ag.concatenate(parts)
    (joined * np.arange(1000, dtype=np.float32)).sum().backward()
    assert [p.grad.item() for p in parts] == list(range(1000))


@given(st.data())
def test_reshape_infers_what_is_left(data):
    shape = tuple(data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4)))
    x = np.arange(math.prod(shape))
    place = data.draw(st.integers(0, len(shape) - 1))
    asked = (*shape[:place], -1, *shape[place + 1 :])
    np.testing.assert_array_equal(ag.reshape(x, asked), x.reshape(shape))


@given(st.permutations(range(4)))
def test_transposing_back(order):
    x = ag.tensor(np.arange(24.0).reshape(1, 2, 3, 4), requires_grad=True)
    y = ag.transpose(x, tuple(order))
    assert y.shape == tuple(x.shape[k] for k in order)
    y.backward(y.detach())
    np.testing.assert_array_equal(x.grad.numpy(), x.detach().numpy())


@pytest.mark.parametrize(
    "view",
    [
        lambda x: ag.reshape(x, (3, 2)),
        ag.transpose,
        lambda x: ag.expand_dims(x, 0),
        ag.flip,
        lambda x: ag.swapaxes(x, 0, 1),
        lambda x: ag.squeeze(x),
    ],
)
def test_views_share_memory_and_are_guarded(view):
    x = ag.tensor(np.ones((2, 3)))
    y = view(x)
    assert np.shares_memory(x.numpy(), y.numpy())
    w = ag.tensor(1.0, requires_grad=True)
    product = (y * w).sum()
    x[0, 0] = 7.0
    with pytest.raises(RuntimeError, match="written into"):
        product.backward()


def test_zero_dimensional_values():
    x = ag.tensor(2.0, requires_grad=True)
    assert ag.reshape(x, (1, 1)).shape == (1, 1)
    assert ag.reshape(ag.reshape(x, (1,)), ()).item() == 2.0
    assert ag.transpose(x).item() == ag.flip(x).item() == ag.squeeze(x).item() == 2.0
    ag.stack([x, x * x]).sum().backward()
    assert x.grad.item() == 5.0


def test_empty_arrays():
    assert ag.ravel(np.zeros((0, 3))).shape == (0,)
    assert ag.flatten(ag.zeros((2, 0))).shape == (0,)
    assert ag.concatenate([ag.zeros((0, 2)), ag.ones((1, 2))]).shape == (1, 2)
    assert ag.reshape(ag.zeros((0, 3)), (3, -1)).shape == (3, 0)


def test_scalars_one_by_one():
    s = ag.scalars(np.arange(6.0).reshape(2, 3))
    assert ag.reshape(s, (3, 2))[2, 1].item() == 5.0
    assert ag.concatenate([s, s]).shape == (4, 3)
    assert ag.transpose(s)[2, 0].item() == 2.0


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.reshape(X, (5, 5)), ValueError, r"^reshape: 24 elements .*\(5, 5\).* 25"),
        (lambda: ag.reshape(X, (-1, 5)), ValueError, r"^reshape: no size .*\(-1, 5\)"),
        (lambda: ag.reshape(X, (-1, -1)), ValueError, r"^reshape: .*more than one"),
        (lambda: ag.reshape(X, (-2, 12)), ValueError, r"^reshape: .*negative size -2"),
        (lambda: ag.reshape(X, (2.0, 12)), TypeError, r"^reshape: shape must be an integer"),
        (lambda: ag.reshape(X, "24"), TypeError, r"^reshape: shape must be an integer"),
        (lambda: ag.reshape(X, None), TypeError, r"^reshape: shape must be an integer"),
        (lambda: ag.reshape(X, (2**62, 4)), ValueError, r"^reshape: 24 elements"),
        (lambda: ag.transpose(X, (0, 1)), ValueError, r"^transpose: axes=\(0, 1\) names 2 of"),
        (lambda: ag.transpose(X, (0, 1, 1)), ValueError, r"^transpose: axes .*twice"),
        (lambda: ag.transpose(X, (0, 1, 3)), IndexError, r"^transpose: axes 3 is out of range"),
        (lambda: ag.moveaxis(X, 3, 0), IndexError, r"^moveaxis: source 3 is out of range"),
        (lambda: ag.moveaxis(X, (0, 1), 0), ValueError, r"^moveaxis: .*differ in length"),
        (lambda: ag.swapaxes(X, 0, 3), IndexError, r"^swapaxes: axis2 3 is out of range"),
        (lambda: ag.squeeze(X, 0), ValueError, r"^squeeze: axis 0 has size 2, not 1"),
        (lambda: ag.expand_dims(X, 4), IndexError, r"^expand_dims: axis 4 is out of range"),
        (lambda: ag.expand_dims(X, (0, 0)), ValueError, r"^expand_dims: .*twice"),
        (lambda: ag.flip(X, 3), IndexError, r"^flip: axis 3"),
        (lambda: ag.concatenate([]), ValueError, r"^concatenate: arrays is empty"),
        (lambda: ag.concatenate(3), TypeError, r"^concatenate: arrays must be a sequence"),
        (lambda: ag.concatenate([X, X[0]]), ValueError, r"\(3, 4\), arrays\[0\] has \(2, 3, 4\)"),
        (lambda: ag.concatenate([X, X[:, :2]]), ValueError, r"may differ along axis 0 only"),
        (lambda: ag.concatenate([X, X], 3), IndexError, r"^concatenate: axis 3"),
        (lambda: ag.concatenate([1.0, 2.0]), ValueError, r"^concatenate: 0-d"),
        (lambda: ag.stack([X, X[0]]), ValueError, r"^stack: arrays\[1\] has shape \(3, 4\)"),
        (lambda: ag.stack([]), ValueError, r"^stack: arrays is empty"),
        (lambda: ag.stack([X, X], 5), IndexError, r"^stack: axis 5"),
        (lambda: ag.stack(["a"]), TypeError, r"^stack: arrays\[0\]"),
        (
            lambda: ag.pad_constant(X, [(0, 0), (2**61, 3), (0, 0)]),
            ValueError,
            rf"^pad_constant: shape \(2, {2**61 + 6}, 4\) .* needs",
        ),
        (
            lambda: ag.pad_constant(X, [(0, 0), (3, 2**61), (0, 0)]),
            ValueError,
            rf"^pad_constant: shape \(2, {2**61 + 6}, 4\) .* needs",
        ),
        (
            lambda: ag.pad_index(X, [(9, 7), (2**20, 3), (3, 2**24)], "replicate"),
            ValueError,
            rf"^pad_index: shape \(18, {2**20 + 6}, {2**24 + 7}\) .* needs",
        ),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_errors_on_tensors_are_the_same():
    with pytest.raises(ValueError, match=r"^reshape: 24 elements \(shape \(2, 3, 4\)\)"):
        ag.tensor(X).reshape(5, 5)
