"""Reductions that pass over NaN, weighted means, ranges."""

import math

import numpy as np
import pytest

import autograd as ag

from .support import check, gradient, normal

X = normal(3, 4)
HOLED = np.where(np.arange(12).reshape(3, 4) % 5 == 1, math.nan, X)


def slopes_at_present(function):
    """gradcheck cannot move a NaN: the present elements are put into the holes of a template."""
    present = ~np.isnan(HOLED)

    def holed(values):
        return function(ag.set_at(HOLED.astype(values.dtype), present, values))

    return holed, present


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize(
    "name", ["nansum", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanprod"]
)
def test_passing_over_nan(name, axis, keepdims):
    function, present = slopes_at_present(
        lambda x: getattr(ag, name)(x, axis=axis, keepdims=keepdims)
    )

    def oracle(values):
        x = HOLED.copy()
        x[present] = values
        return getattr(np, name)(x, axis=axis, keepdims=keepdims)

    values = HOLED[present]
    np.testing.assert_allclose(
        getattr(ag, name)(HOLED, axis=axis, keepdims=keepdims), oracle(values), rtol=1e-12
    )
    from autograd.func import gradcheck, gradgradcheck

    given = ag.tensor(values, requires_grad=True)
    np.testing.assert_allclose(function(given).detach().numpy(), oracle(values), rtol=1e-12)
    gradcheck(function, given)
    gradgradcheck(function, given)
    whole = gradient(lambda x: getattr(ag, name)(x, axis=axis), HOLED)
    assert (whole[~present] == 0).all()


def test_nothing_but_nan():
    x = np.array([[math.nan, math.nan], [1.0, math.nan]])
    with np.errstate(all="raise"):
        for name in ("nanmean", "nanmax", "nanmin", "nanvar", "nanstd"):
            got = getattr(ag, name)(x, 1)
            assert math.isnan(got[0]) and not math.isnan(got[1])
        assert ag.nansum(x, 1).tolist() == [0.0, 1.0]
        assert ag.nanprod(x, 1).tolist() == [1.0, 1.0]
    assert math.isnan(ag.nanvar(np.ones(1), ddof=1))


def test_integers_and_single_precision():
    assert ag.nansum(np.array([1, 2])).dtype == np.int64
    assert ag.nanmean(np.array([1, 2])) == 1.5
    for name in ("nansum", "nanmean", "nanvar", "nanstd", "nanmax", "nanprod"):
        assert getattr(ag, name)(ag.tensor(HOLED.astype(np.float32)), 0).dtype == np.float32


def test_nan_to_num():
    x = np.array([math.nan, math.inf, -math.inf, 2.0])
    np.testing.assert_array_equal(ag.nan_to_num(x), np.nan_to_num(x))
    assert ag.nan_to_num(ag.tensor(x), 1.0, 2.0, -3.0).tolist() == [1.0, 2.0, -3.0, 2.0]
    assert gradient(ag.nan_to_num, x).tolist() == [0, 0, 0, 1]
    assert ag.nan_to_num(np.array([1, 2])).tolist() == [1, 2]


@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_ptp(axis):
    check(lambda x: ag.ptp(x, axis), lambda x: np.ptp(x, axis), X)


def test_average():
    w = abs(normal(3, 4))
    check(ag.average, np.average, X)
    check(lambda x, w: ag.average(x, 0, w), lambda x, w: np.average(x, 0, w), X, w)
    check(lambda x, w: ag.average(x, None, w), lambda x, w: np.average(x, None, w), X, w)
    check(lambda x, w: ag.average(x, 1, w), lambda x, w: np.average(x, 1, w), X, w[0])
    check(
        lambda x, w: ag.average(x, 1, w, returned=True),
        lambda x, w: np.average(x, 1, w, returned=True),
        X,
        w[0],
    )
    assert ag.average(X, 1, returned=True)[1].tolist() == [4.0, 4.0, 4.0]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.average(X, 1, np.ones(3)), ValueError, r"^average: weights of shape \(3,\)"),
        (lambda: ag.average(X, 1, np.zeros(4)), ValueError, "^average: the weights add up to 0"),
        (lambda: ag.ptp(np.zeros(0)), ValueError, "nothing to choose from"),
        (lambda: ag.nansum(X, 2), IndexError, "axis 2 is out of range"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_counts_of_observations_are_whole_numbers():
    with pytest.raises(TypeError, match="fweights.*whole numbers, got 1.5"):
        ag.cov(np.ones((2, 3)), fweights=[1.0, 1.5, 2.0])
    found = ag.cov(np.arange(6.0).reshape(2, 3) ** 2, fweights=[1.0, 3.0, 2.0])
    wanted = np.cov(np.arange(6.0).reshape(2, 3) ** 2, fweights=[1, 3, 2])
    np.testing.assert_allclose(found, wanted)
