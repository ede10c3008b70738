"""Running sums and products, differences, integrals."""

import numpy as np
import pytest

import autograd as ag

from .support import check, gradient, normal

X = normal(2, 5)


@pytest.mark.parametrize("axis", [None, 0, 1, -2])
def test_running_sums_and_products(axis):
    check(lambda x: ag.cumsum(x, axis), lambda x: np.cumsum(x, axis), X)
    check(lambda x: ag.cumprod(x, axis), lambda x: np.cumprod(x, axis), X)


def test_running_products_over_zeros():
    x = np.array([2.0, 0.0, 3.0, 0.0, 5.0])
    check(lambda t: ag.cumprod(t, 0), lambda a: np.cumprod(a), x)
    # d/dx of 2 + 2y + 2yz + ... at y = 0: by hand.
    assert gradient(lambda t: ag.cumprod(t, 0), np.array([2.0, 0.0, 3.0])).tolist() == [1, 8, 0]


@pytest.mark.parametrize("n", [0, 1, 5])
def test_running_over_few(n):
    check(lambda x: ag.cumprod(x) + 0, lambda x: np.cumprod(x), normal(n)) if n else None
    assert ag.cumsum(np.zeros(n)).shape == ag.cumprod(np.zeros(n)).shape == (n,)


@pytest.mark.parametrize("n", [0, 1, 2, 6])
@pytest.mark.parametrize("axis", [0, -1])
def test_diff(n, axis):
    check(lambda x: ag.diff(x, n, axis) * 2, lambda x: np.diff(x, n, axis) * 2, X) if (
        n < X.shape[axis]
    ) else None
    assert ag.diff(X, n, axis).shape == np.diff(X, n, axis).shape


def test_diff_with_ends():
    check(
        lambda x: ag.diff(x, 1, 1, 0.0, x[:, :1]) * 2,
        lambda x: np.diff(x, 1, 1, 0.0, x[:, :1]) * 2,
        X,
    )


def test_bools_differ_or_not():
    x = np.array([[True, False, False, True], [True, True, False, True]])
    for n, axis in ((1, 1), (2, 1), (1, 0)):
        for found in (ag.diff(ag.tensor(x), n, axis).numpy(), ag.diff(x, n, axis)):
            np.testing.assert_array_equal(found, np.diff(x, n, axis), strict=True)


def test_trapezoid():
    points = np.array([0.0, 0.5, 2.0, 2.5, 4.0])
    check(lambda y: ag.trapezoid(y), np.trapezoid, X)
    check(lambda y: ag.trapezoid(y, dx=0.5, axis=0), lambda y: np.trapezoid(y, dx=0.5, axis=0), X)
    check(lambda y, x: ag.trapezoid(y, x), np.trapezoid, X, points)
    check(lambda y, x: ag.trapezoid(y, x, axis=0), lambda y, x: np.trapezoid(y, x, axis=0), X,
          np.cumsum(abs(X), 0))  # fmt: skip
    check(lambda y, x: ag.trapezoid(y, x, axis=0), lambda y, x: np.trapezoid(y, x, axis=0), X,
          points[:2])  # fmt: skip


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.cumsum(X, 2), IndexError, "^cumsum: axis 2 is out of range"),
        (lambda: ag.cumprod(X, "a"), TypeError, "^cumprod: axis must be an integer"),
        (lambda: ag.diff(X, -1), ValueError, "^diff: n must be a non-negative integer, got -1"),
        (lambda: ag.diff(1.0), ValueError, "^diff: x must have at least one axis"),
        (lambda: ag.trapezoid(X, np.zeros(3)), ValueError, r"^trapezoid: x of shape \(3,\)"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_no_differences_give_x_itself_whatever_is_put_before_it():
    x = np.arange(3.0)
    np.testing.assert_array_equal(ag.diff(x, n=0, prepend=5.0, append=[1.0]), x)
    np.testing.assert_array_equal(ag.diff(x, n=0, prepend=5.0), np.diff(x, n=0, prepend=5.0))
