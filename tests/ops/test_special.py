"""The error function, against the C library's, which computes it another way."""

import decimal
import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.kernels import gamma, native, special

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


def test_tanhshrink_keeps_its_digits_on_both_sides_of_zero():
    x = np.array([1e-9, 1e-3, 0.1, 0.3, 0.49, 0.499, 0.501, 0.6, 1.0, 3.0, 20.0])
    with decimal.localcontext(prec=60):
        powers = [(decimal.Decimal(2) * decimal.Decimal(v)).exp() for v in x.tolist()]
        want = [
            float(decimal.Decimal(v) - (power - 1) / (power + 1))
            for v, power in zip(x.tolist(), powers, strict=True)
        ]
    np.testing.assert_allclose(special.tanhshrink(x), want, rtol=2e-15)
    assert special.tanhshrink(-x).tolist() == (-special.tanhshrink(x)).tolist()


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


GAMMA = np.concatenate([np.linspace(-20.3, 30.0, 403), [1e-5, 1e-300, 1e10, 1e300]])


@pytest.mark.parametrize(("name", "oracle"), [("lgamma", "gammaln"), ("digamma", "digamma")])
def test_gamma_functions_to_the_last_digits(name, oracle):
    function, expected = getattr(gamma, name), getattr(scipy.special, oracle)(GAMMA)
    np.testing.assert_allclose(function(GAMMA), expected, rtol=1e-13, atol=1e-13)
    single = function(GAMMA[:403].astype(np.float32))
    assert single.dtype == np.float32
    assert function(np.arange(1, 4)).dtype == np.float64


def test_gamma_functions_at_their_poles_and_ends():
    ends = np.array([0.0, -0.0, -1.0, -7.0, math.inf, -math.inf, math.nan])
    np.testing.assert_array_equal(gamma.lgamma(ends), [math.inf] * 6 + [math.nan])
    nan, inf = math.nan, math.inf
    np.testing.assert_array_equal(gamma.digamma(ends), [-inf, inf, nan, nan, inf, nan, nan])
    np.testing.assert_array_equal(gamma.polygamma(ends[[0, 2, 4, 6]], 1), [inf, inf, 0.0, nan])
    assert gamma.lgamma(np.array(1e308)) == inf


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_polygamma_is_the_derivative_of_digamma(n):
    x = np.linspace(0.01, 40.0, 300)
    np.testing.assert_allclose(gamma.polygamma(x, n), scipy.special.polygamma(n, x), rtol=1e-12)
    # The recurrence holds below 0, too: ψₙ(x + 1) = ψₙ(x) + (−1)ⁿ n! / xⁿ⁺¹.
    x = np.array([-7.3, -1.5, -0.2, -1e5 - 0.25])
    step = (-1) ** n * math.factorial(n) / x ** (n + 1)
    np.testing.assert_allclose(gamma.polygamma(x + 1, n), gamma.polygamma(x, n) + step, rtol=1e-9)


def test_polygamma_refuses():
    with pytest.raises(ValueError, match="^polygamma: n must be a non-negative integer, got -1"):
        ag.polygamma(-1, 1.0)
    with pytest.raises(ValueError, match="^polygamma: n must be at most 100, got 101"):
        ag.polygamma(101, 1.0)
    assert ag.polygamma(0, np.array([0.7])) == ag.digamma(np.array([0.7]))


def test_erfinv_to_the_last_digits():
    y = np.concatenate(
        [np.linspace(-0.999, 0.999, 999), [0.0, 1e-300, 1e-20, 1 - 1e-12, 1 - 2e-16]]
    )
    np.testing.assert_allclose(gamma.erfinv(y), scipy.special.erfinv(y), rtol=1e-14, atol=0)
    np.testing.assert_array_equal(
        gamma.erfinv(np.array([1.0, -1.0, 1.5, -2.0, math.nan])),
        [math.inf, -math.inf, math.nan, math.nan, math.nan],
    )
    assert math.copysign(1, gamma.erfinv(np.array(-0.0))) == -1
    assert gamma.erfinv(np.array([0.5], np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("function", "oracle"),
    [(ag.lgamma, scipy.special.gammaln), (ag.digamma, scipy.special.digamma),
     (ag.erfinv, scipy.special.erfinv),
     (lambda x: ag.polygamma(1, x), lambda x: scipy.special.polygamma(1, x))],
)  # fmt: skip
def test_gradients_of_gamma_functions(function, oracle):
    check(function, oracle, np.random.default_rng(0).uniform(0.1, 0.9, (3, 4)))
    scalars = ag.scalars(np.array([0.5, 0.25]))
    assert [t.item() for t in function(scalars)] == pytest.approx(
        oracle(np.array([0.5, 0.25])).tolist(), rel=1e-6
    )


SINGLES = np.concatenate([np.linspace(-6, 6, 4801), [0.0, 1e-30, -1e-30, 1e-45, 9.0, -9.0, 30.0]])


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("name", ["erf", "erfc", "lgamma", "digamma", "erfinv"])
def test_single_precision_is_the_number_next_to_the_double_one(name, compiled, monkeypatch):
    if not compiled:
        monkeypatch.setattr(native, "library", None)
    module = special if hasattr(special, name) else gamma
    x = (np.tanh(SINGLES) if name == "erfinv" else SINGLES).astype(np.float32)
    with np.errstate(all="ignore"):
        single, double = getattr(module, name)(x), getattr(module, name)(x.astype(np.float64))
        expected = double.astype(np.float32)
    assert single.dtype == np.float32
    step = np.spacing(np.abs(np.where(np.isfinite(expected), expected, 1.0)))
    same = (single == expected) | (np.isnan(single) & np.isnan(expected))
    with np.errstate(invalid="ignore"):
        close = np.abs(single.astype(np.float64) - double) <= 1.6 * step
    assert (same | close).all(), x[~(same | close)][:5]


def test_whole_turns_are_taken_away_before_pi_comes_in():
    pi = np.longdouble("3.14159265358979323846264338327950288")
    x = np.concatenate([np.linspace(-3.4995, 3.5005, 1401), 1e6 + np.linspace(0.001, 1.999, 99)])
    wide = x.astype(np.longdouble)
    part = pi * (wide - np.rint(wide))
    turn = np.where(np.rint(x) % 2 == 0, 1, -1)
    for function, expected in ((special.sinpi, turn * np.sin(part)), (special.cospi, turn * np.cos(part)),
                               (special.sinc, turn * np.sin(part) / (pi * wide))):  # fmt: skip
        np.testing.assert_allclose(function(x), expected.astype(np.float64), rtol=6e-16, atol=1e-30)
    assert special.sinc(np.array([0.0, 1.0, -2.0])).tolist() == [1.0, 0.0, 0.0]
    assert special.cospi(np.array([0.5, -0.5, 1.5])).tolist() == [0.0, 0.0, 0.0]


def test_tanhshrink_has_all_digits_of_its_series():
    with localcontext() as context:
        context.prec = 50
        for number in (1e-3, 0.1, -0.25, 0.4, 0.499, -0.4999, 0.5001, 0.75):
            x = Decimal(number)
            e = (2 * x).exp()
            expected = float(x - (e - 1) / (e + 1))
            found = float(special.tanhshrink(np.array(number)))
            assert found == pytest.approx(expected, rel=1e-15, abs=0), number
