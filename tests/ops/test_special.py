"""The error function, against the C library's, which computes it another way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.kernels import special

from .support import check, normal

POINTS = np.concatenate([np.linspace(-7, 26.5, 4001), np.linspace(-1.01, 1.01, 401), [1e-300]])


@pytest.mark.parametrize(("name", "oracle"), [("erf", math.erf), ("erfc", math.erfc)])
def test_to_the_last_digits(name, oracle):
    expected = np.array([oracle(x) for x in POINTS.tolist()])
    np.testing.assert_allclose(getattr(special, name)(POINTS), expected, rtol=2e-15, atol=0)
    single = POINTS[POINTS < 9].astype(np.float32)
    got = getattr(special, name)(single)
    assert got.dtype == np.float32
    expected = np.array([oracle(x) for x in single.tolist()])
    np.testing.assert_allclose(got, expected, rtol=1.3e-7, atol=0)


@given(st.floats(allow_nan=False))
def test_any_number(x):
    assert float(special.erf(x)) == pytest.approx(math.erf(x), rel=1e-15, abs=0)
    assert float(special.erfc(x)) == pytest.approx(math.erfc(x), rel=2e-15, abs=1e-307)


def test_ends():
    x = np.array([-math.inf, math.inf, math.nan, 0.0, -0.0])
    assert special.erf(x).tolist()[:2] == [-1.0, 1.0]
    assert special.erfc(x).tolist()[:2] == [2.0, 0.0]
    assert math.isnan(special.erf(x)[2]) and math.isnan(special.erfc(x)[2])
    assert math.copysign(1, special.erf(x)[4]) == -1
    assert special.erf(np.array([1, 2])).dtype == np.float64
    assert special.erf(np.ones(2, np.float16)).dtype == np.float16


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_gradients(name):
    oracle = np.vectorize(getattr(math, name))
    check(getattr(ag, name), oracle, normal(3, 4))
    check(getattr(ag, name), lambda x: oracle(x)[()], np.asarray(0.3))
    scalars = ag.scalars(np.array([0.5, -1.0]))
    assert [t.item() for t in getattr(ag, name)(scalars)] == pytest.approx(
        oracle([0.5, -1.0]).tolist(), rel=1e-6
    )


def test_memory_order_is_kept():
    image = np.ones((2, 3, 4, 5)).transpose(2, 1, 3, 0)
    assert special.erf(image).strides == image.strides
    x = normal(4, 6)[::-1, ::2]
    np.testing.assert_allclose(special.erf(x), np.vectorize(math.erf)(x), rtol=1e-14)
    assert special.erf(np.zeros((0, 3))).shape == (0, 3)
