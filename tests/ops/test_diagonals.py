"""Diagonals, triangles and turns."""

import numpy as np
import pytest

import autograd as ag

from .support import check, normal

X = normal(3, 4)
STACK = normal(2, 3, 4)


@pytest.mark.parametrize("k", [-3, -1, 0, 1, 2, 4])
def test_diagonals_and_triangles(k):
    check(lambda x: ag.diagonal(x, k) * 2, lambda x: np.diagonal(x, k) * 2, X)
    check(lambda x: ag.diag(x, k) * 2, lambda x: np.diag(x, k) * 2, X)
    check(lambda x: ag.diag(x, k) * 2, lambda x: np.diag(x, k) * 2, X[0])
    check(lambda x: ag.diagflat(x, k) * 2, lambda x: np.diagflat(x, k) * 2, X[:2, :2])
    check(lambda x: ag.tril(x, k), lambda x: np.tril(x, k), STACK)
    check(lambda x: ag.triu(x, k), lambda x: np.triu(x, k), STACK)
    check(lambda x: ag.trace(x, k), lambda x: np.trace(x, k), X)


@pytest.mark.parametrize("axes", [(0, 1), (2, 0), (-1, -2)])
def test_planes_of_any_axes(axes):
    check(lambda x: ag.diagonal(x, 1, *axes) * 2, lambda x: np.diagonal(x, 1, *axes) * 2, STACK)
    check(lambda x: ag.trace(x, -1, *axes), lambda x: np.trace(x, -1, *axes), STACK)


@pytest.mark.parametrize("k", range(-1, 5))
@pytest.mark.parametrize("axes", [(0, 1), (2, 1)])
def test_rot90(k, axes):
    check(lambda x: ag.rot90(x, k, axes) * 2, lambda x: np.rot90(x, k, axes) * 2, STACK)


def test_flips():
    check(lambda x: ag.fliplr(x) * 2, lambda x: x[:, ::-1] * 2, X)
    check(lambda x: ag.flipud(x) * 2, lambda x: x[::-1] * 2, X)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: ag.diagonal(X[0]), ValueError, "^diagonal: a diagonal needs two axes"),
        (
            lambda: ag.diagonal(X, 0, 1, 1),
            ValueError,
            "^diagonal: axis1=1 and axis2=1 are the same",
        ),
        (lambda: ag.diagonal(X, 0.5), TypeError, "^diagonal: offset must be an integer"),
        (lambda: ag.trace(X, 0, 0, 2), IndexError, "^trace: axis2 2 is out of range"),
        (lambda: ag.trace(X[0]), ValueError, "^trace: a diagonal needs two axes"),
        (lambda: ag.diag(STACK), ValueError, r"^diag: .*got shape \(2, 3, 4\)"),
        (lambda: ag.diag(np.zeros(2), 2**40), ValueError, "^diag: shape .* needs"),
        (lambda: ag.tril(X[0]), ValueError, "^tril: x must have at least two axes"),
        (lambda: ag.triu(X, "a"), TypeError, "^triu: k must be an integer"),
        (lambda: ag.rot90(X, 1, (0,)), ValueError, "^rot90: axes must be two"),
        (lambda: ag.rot90(X, 1, (0, 2)), IndexError, "^rot90: axes 2 is out of range"),
        (lambda: ag.fliplr(X[0]), ValueError, "^fliplr: m needs 2 or more axes"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
