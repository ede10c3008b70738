"""Norms over windows: signs, limits, sizes at which powers overflow, zeros, NaN, overhang."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn.functional import pooling


def loops(x, p, kernel, stride, ceil_mode=False):
    """(Σ xᵖ)^(1/p) of one sequence, window by window, in double precision."""
    result, start, end = [], 0, 0
    while start + kernel <= len(x) or ceil_mode and start < len(x) and end < len(x):
        end = start + kernel
        cells = np.asarray(x[start : start + kernel], float)
        if np.isinf(p):
            result.append(abs(cells).max() if p > 0 else abs(cells).min())
        else:
            total = (cells**p).sum() * kernel / len(cells)
            result.append(np.sign(total) * abs(total) ** (1 / p) if p == 1 else total ** (1 / p))
        start += stride
    return np.array(result)


X = [3.0, 1.0, 4.0, 1.5, 9.0, 2.0, 6.0]


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("p", [1, 2, 3, 0.5, 2.5, -1, -2, np.inf, -np.inf])
def test_norms_are_those_of_loops(p, ceil_mode):
    for kernel, stride in ((1, 1), (2, 2), (3, 2), (3, 3), (2, 3)):
        got = F.lp_pool1d(ag.tensor(np.array([[X]])), p, kernel, stride, ceil_mode)
        want = loops(X, p, kernel, stride, ceil_mode)
        np.testing.assert_allclose(got.data[0, 0], want, rtol=1e-12, err_msg=f"{kernel} {stride}")


def test_signs_count_for_one_and_even_powers_forget_them():
    x = ag.tensor([[[-1.0, -2.0, 3.0, -5.0]]])
    assert F.lp_pool1d(x, 1, 2).tolist() == [[[-3.0, -2.0]]]
    np.testing.assert_allclose(F.lp_pool1d(x, 2, 2).data, [[[5**0.5, 34**0.5]]], rtol=1e-6)
    assert np.isnan(F.lp_pool1d(x, 3, 2).data).all()  # a root of what is negative
    assert F.lp_pool1d(x, np.inf, 2).tolist() == [[[2.0, 5.0]]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [2, 50, 1000, -50])
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_no_power_overflows_or_vanishes(dtype, p, size):
    x = ag.tensor((np.array([[[1.0, 2.0, 3.0, 5.0]]]) * size).astype(dtype), requires_grad=True)
    y = F.lp_pool1d(x, p, 2)
    a, b = (2.0, 5.0) if p > 0 else (1.0, 3.0)
    parts = [sum((c / a) ** p for c in (1.0, 2.0)), sum((c / b) ** p for c in (3.0, 5.0))]
    want = np.array([a, b]) * np.array(parts) ** (1 / p) * size
    np.testing.assert_allclose(y.data[0, 0], want, rtol=1e-5)
    y.sum().backward()
    np.testing.assert_allclose((x.grad * x).sum().item(), want.sum(), rtol=1e-5)  # Euler


@pytest.mark.parametrize("p", [1.5, 2, 3, np.inf])
def test_a_window_of_zeros_has_gradient_zero(p):
    x = ag.tensor(np.array([[[0.0, 0.0, 3.0, 4.0]]]), requires_grad=True)
    y = F.lp_pool1d(x, p, 2)
    y.sum().backward()
    assert y.data[0, 0, 0] == 0 and x.grad.data[0, 0, 0] == 0 and x.grad.data[0, 0, 1] == 0
    assert np.isfinite(x.grad.data).all() and x.grad.data[0, 0, 3] > 0


@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("p", [-0.5, -1, -2, -3.3])
def test_below_zero_a_window_with_a_zero_is_zero_and_so_is_its_gradient(p, dtype, ceil_mode):
    x = ag.tensor(np.array([[[0.0, 2.0, 1.0, 4.0, 0.0, 0.0, 3.0]]], dtype), requires_grad=True)
    y = F.lp_pool1d(x, p, 2, ceil_mode=ceil_mode)
    assert y.data[0, 0, 0] == y.data[0, 0, 2] == 0
    np.testing.assert_allclose(y.data[0, 0, 1], (1 + 4.0**p) ** (1 / p), rtol=2e-3)
    y.sum().backward()
    assert (x.grad.data[0, 0, [0, 1, 4, 5]] == 0).all() and (x.grad.data[0, 0, 2:4] > 0).all()
    assert (x.grad.data[0, 0, 6] > 0) == ceil_mode
    bad = F.lp_pool1d(ag.tensor(np.array([[[0.0, np.nan]]], dtype)), p, 2)
    assert np.isnan(bad.data).all()


def test_a_nan_stays_in_its_windows():
    y = F.lp_pool1d(ag.tensor([[[np.nan, 1.0, 3.0, 4.0, np.inf, 1.0]]]), 2, 2)
    np.testing.assert_allclose(y.data, [[[np.nan, 5.0, np.inf]]], rtol=1e-6)


def test_layers_are_their_functions():
    x = ag.tensor(np.random.default_rng(0).normal(size=(2, 3, 5, 6)))
    for layer, want in (
        (nn.LPPool2d(2, 2), F.lp_pool2d(x, 2, 2)),
        (nn.LPPool2d(4, (3, 2), 2, ceil_mode=True), F.lp_pool2d(x, 4, (3, 2), 2, True)),
    ):
        np.testing.assert_array_equal(layer(x), want)


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, 2.5])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_lp_pooling_by_averages_is_that_by_windows(monkeypatch, p, ceil_mode):
    """Where no power overflows, nothing is scaled; the windows say what is right."""
    drawn = np.random.default_rng(0).standard_normal((2, 3, 7, 5))
    drawn[0, 0] = 0.0

    def found():
        x = ag.tensor(abs(drawn) if p != 2.0 else drawn, requires_grad=True)
        y = F.lp_pool2d(x, p, (3, 2), 2, ceil_mode)
        (gx,) = ag.grad(y.sum(), x, create_graph=True)
        (second,) = ag.grad((gx * gx).sum() + (0.0 * x).sum(), x)  # for p = 1 gx is constant
        return y.detach().data, gx.detach().data, second.data

    assert pooling._is_moderate(ag.tensor(drawn), p, 6)
    averages = found()
    monkeypatch.setattr(pooling, "_is_moderate", lambda *given: False)
    for one, other in zip(averages, found(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)


def test_lp_pooling_of_the_largest_and_smallest_numbers_goes_by_windows():
    for value in (1e200, 1e-200, np.inf, np.nan):
        assert not pooling._is_moderate(ag.tensor(np.array([[value]])), 2.0, 4)
    y = F.lp_pool2d(ag.tensor(np.array([[[3e200, 4e200]]])), 2, (1, 2))
    np.testing.assert_allclose(y.item(), 5e200)
