"""Order: sorting, the largest few, medians and quantiles."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag

from .support import check, gradient, normal

X = normal(3, 4)


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_sort(axis):
    check(lambda x: ag.sort(x, axis) * 2, lambda x: np.sort(x, axis) * 2, X)
    check(lambda x: ag.sort(x, axis, True), lambda x: -np.sort(-x, axis), X)
    np.testing.assert_array_equal(ag.argsort(X, axis), np.argsort(X, axis))


@given(st.lists(st.integers(0, 3), max_size=8), st.booleans())
def test_sorting_is_stable(numbers, descending):
    x = np.array(numbers, float)
    expected = sorted(range(len(numbers)), key=lambda k: -numbers[k] if descending else numbers[k])
    assert ag.argsort(x, 0, descending).tolist() == expected
    values, indices = ag.sort_with_indices(ag.tensor(x), 0, descending)
    assert indices.tolist() == expected
    assert values.tolist() == [numbers[k] for k in expected]


def test_gradients_go_back_where_the_elements_came_from():
    x = ag.tensor([3.0, 1.0, 2.0], requires_grad=True)
    ag.sort(x).backward(np.array([10.0, 20.0, 30.0]))
    assert x.grad.tolist() == [30.0, 10.0, 20.0]


def test_nan_is_the_largest():
    x = [2.0, math.nan, 1.0]
    assert ag.sort(np.array(x)).tolist()[:2] == [1.0, 2.0]
    assert math.isnan(ag.sort(np.array(x), descending=True)[0])
    assert ag.topk(np.array(x), 1)[1].tolist() == [1]


@pytest.mark.parametrize("k", [0, 1, 3])
def test_topk(k):
    check(lambda x: ag.topk(x, k, 1)[0] * 2, lambda x: -np.sort(-x, 1)[:, :k] * 2, X)
    check(lambda x: ag.topk(x, k, 0, False)[0] * 2, lambda x: np.sort(x, 0)[:k] * 2, X)
    values, indices = ag.topk(ag.tensor(X), k)
    np.testing.assert_array_equal(np.take_along_axis(X, indices.numpy(), -1), values.numpy())


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1), -1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_median(axis, keepdims):
    check(
        lambda x: ag.median(x, axis, keepdims),
        lambda x: np.median(x, axis, keepdims=keepdims),
        normal(3, 4),
    )


def test_a_median_of_two_shares():
    assert gradient(ag.median, np.array([4.0, 1.0, 9.0, 2.0])).tolist() == [0.5, 0, 0, 0.5]
    assert gradient(ag.median, np.array([4.0, 1.0, 9.0])).tolist() == [1, 0, 0]
    assert math.isnan(ag.median(np.array([1.0, math.nan, 2.0])))


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@pytest.mark.parametrize("q", [0.0, 0.3, 0.5, 1.0])
def test_quantile(method, q):
    check(
        lambda x: ag.quantile(x, q, 1, method),
        lambda x: np.quantile(x, q, 1, method=method),
        normal(2, 6),
    )


def test_several_quantiles():
    check(
        lambda x: ag.quantile(x, [0.25, 0.9], (0, 1), keepdims=True),
        lambda x: np.quantile(x, [0.25, 0.9], (0, 1), keepdims=True),
        X,
    )
    check(lambda x: ag.percentile(x, 25, 0), lambda x: np.percentile(x, 25, 0), X)
    assert ag.quantile(ag.tensor(X.astype(np.float32)), 0.3).dtype == np.float32


def test_searchsorted():
    a, v = np.array([1.0, 2.0, 2.0, 5.0]), np.array([[0.0, 2.0], [5.0, 9.0]])
    for side in ("left", "right"):
        np.testing.assert_array_equal(
            ag.searchsorted(ag.tensor(a), ag.tensor(v), side).numpy(), np.searchsorted(a, v, side)
        )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.sort(X, 2), IndexError, "^sort: axis 2 is out of range"),
        (lambda: ag.sort(X, 0, "down"), TypeError, "^sort: descending must be True or False"),
        (lambda: ag.topk(X, 5), ValueError, r"^topk: k=5 is more than axis 1 of \(3, 4\) has"),
        (lambda: ag.topk(X, -1), ValueError, "^topk: k must be a non-negative integer"),
        (lambda: ag.topk(X, 1.0), TypeError, "^topk: k must be"),
        (lambda: ag.median(np.zeros((0, 2)), 0), ValueError, "^median: there are no elements"),
        (lambda: ag.quantile(X, 1.5), ValueError, "^quantile: q must be a number from 0 to 1"),
        (lambda: ag.quantile(X, math.nan), ValueError, "^quantile: q must be"),
        (lambda: ag.quantile(X, 0.5, method="cubic"), ValueError, "^quantile: method must be one"),
        (lambda: ag.searchsorted(X, 1.0), ValueError, "^searchsorted: a must be a sorted vector"),
        (lambda: ag.searchsorted(X[0], 1.0, "mid"), ValueError, "^searchsorted: side must be one"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("function", [ag.quantile, ag.nanquantile])
def test_the_gradient_of_q_is_not_lost_where_it_meets_an_element(function):
    values = np.array([1.0, 0.5, 2.0, 4.0, 0.0]) / 4.0  # sorted: steps of 0.5, 0.5, 1, 2 quarters
    rises = np.diff(np.sort(values)) * 4.0
    expected = {0.0: rises[0], 0.25: rises[1], 0.5: rises[2], 0.75: rises[3], 1.0: rises[3]}
    for q, slope in expected.items():
        t = ag.tensor(q, dtype=np.float64, requires_grad=True)
        result = function(ag.tensor(values), t)
        assert result.item() == np.quantile(values, q)
        result.backward()
        assert t.grad.item() == slope
    several = ag.tensor(list(expected), dtype=np.float64, requires_grad=True)
    function(ag.tensor(values), several).sum().backward()
    np.testing.assert_array_equal(several.grad, list(expected.values()))


@pytest.mark.parametrize("function", [ag.quantile, ag.nanquantile])
def test_a_quantile_at_an_element_takes_no_part_of_infinity(function):
    for values, q, expected in (([0.25, np.inf], 0.0, 0.25), ([0.5], 0.5, 0.5)):
        t = ag.tensor(q, dtype=np.float64, requires_grad=True)
        result = function(ag.tensor(values, dtype=np.float64), t)
        result.backward()
        assert (result.item(), t.grad.item()) == (expected, 0.0)
