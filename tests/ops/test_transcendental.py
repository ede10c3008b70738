"""Exponentials, logarithms, powers, trigonometry: NumPy's values, right slopes at every order."""

import math

import numpy as np
import pytest

import autograd as ag
from autograd.func import gradgradcheck

from .support import check, check_values, gradient, normal, tensors

#: Where each function is smooth: (low, high).
DOMAINS = {
    "exp": (-3, 3), "exp2": (-3, 3), "expm1": (-2, 2), "log": (0.1, 4), "log2": (0.1, 4),
    "log10": (0.1, 4), "log1p": (-0.8, 3), "sin": (-4, 4), "cos": (-4, 4), "tan": (-1.2, 1.2),
    "arcsin": (-0.9, 0.9), "arccos": (-0.9, 0.9), "arctan": (-4, 4), "sinh": (-3, 3),
    "cosh": (-3, 3), "tanh": (-2, 2), "arcsinh": (-3, 3), "arccosh": (1.1, 4),
    "arctanh": (-0.9, 0.9), "sinc": (-2.1, 2.1), "cbrt": (0.2, 3), "deg2rad": (-9, 9),
    "rad2deg": (-9, 9), "degrees": (-9, 9), "radians": (-9, 9),
}  # fmt: skip


@pytest.mark.parametrize("name", DOMAINS)
def test_one_argument(name):
    x = np.linspace(*DOMAINS[name], 12).reshape(3, 4) + 0.01
    check(getattr(ag, name), getattr(np, name), x)
    check(getattr(ag, name), getattr(np, name), np.asarray(x[1, 2]))


@pytest.mark.parametrize("name", ["exp", "tanh", "log", "sin", "sqrt", "sinc", "cbrt"])
def test_third_gradients(name):
    gradgradcheck(getattr(ag, name), *tensors(np.array([0.4, 1.3])), order=3, atol=1e-5)


@pytest.mark.parametrize("name", ["log", "sqrt", "exp", "expm1", "log1p", "tanh", "sin"])
def test_numbers_take_the_fast_path_with_the_same_values(name):
    """0-d floats go through ``math``, which raises where NumPy gives NaN or infinity."""
    for value in (-1.0, 0.0, 0.5, 1000.0, math.inf, math.nan):
        for dtype in (np.float32, np.float64):
            with np.errstate(all="ignore"):
                got = getattr(ag, name)(ag.tensor(value, dtype=dtype))
                want = getattr(np, name)(dtype(value))
            assert got.dtype == dtype
            np.testing.assert_allclose(got.numpy(), want, rtol=3e-7)


def test_logaddexp():
    x, y = normal(3, 4), normal(4)
    check(ag.logaddexp, np.logaddexp, x, y)
    check(ag.logaddexp2, np.logaddexp2, x, y)
    assert ag.logaddexp(1e4, 1e4) == pytest.approx(1e4 + math.log(2))
    low = ag.tensor(-math.inf, requires_grad=True)
    ag.logaddexp(low, -math.inf).backward()
    assert low.grad.item() == 0.5


def test_arctan2_and_hypot():
    y, x = normal(3, 4), normal(3, 1)
    check(ag.arctan2, np.arctan2, y, x)
    check(ag.hypot, np.hypot, y, x)
    assert gradient(lambda t: ag.hypot(t, 0.0), np.zeros(2)).tolist() == [0.0, 0.0]
    assert ag.hypot(1e200, 1e200) == pytest.approx(math.sqrt(2) * 1e200)


def test_sigmoid():
    check(ag.sigmoid, lambda x: 1 / (1 + np.exp(-x)), normal(3, 4))
    with np.errstate(over="raise", invalid="raise"):
        x = np.array([-1e4, 1e4, -math.inf, math.inf])
        assert ag.sigmoid(x).tolist() == [0, 1, 0, 1]
        assert ag.sigmoid(x.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("name", ["sigmoid", "log_sigmoid", "silu", "softplus", "softsign", "mish"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int64"])
def test_whole_numbers_are_taken_as_floats(name, dtype):
    function, x = getattr(ag, name), np.array([0, 1, 5, -128]).astype(dtype)  # 128 as a uint8
    wanted = function(x.astype(np.float64))
    np.testing.assert_array_equal(function(x), wanted, strict=True)
    found = function(ag.tensor(x))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-6, atol=1e-45)


def test_sinc_at_zero():
    x = np.array([0.0, 1e-9, 0.049, 0.051, -0.05])
    check_values(ag.sinc, np.sinc, x)
    gradgradcheck(ag.sinc, *tensors(x), order=3)


# Powers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("y", [0, 1, 2, 3, -1, -2, 0.5, 2.0, 3.0])
def test_powers_by_numbers(y):
    check(lambda x: x**y, lambda x: x ** float(y), abs(normal(3, 4)))
    if float(y).is_integer():
        check(lambda x: x**y, lambda x: x ** float(y), normal(3, 4))


def test_powers_of_tensors():
    check(ag.power, np.power, abs(normal(3, 4)), normal(4))
    check(lambda y: 2.0**y, lambda y: 2.0**y, normal(3))


@pytest.mark.parametrize(
    ("x", "y", "by_x", "by_y"),
    [
        (0.0, 0.0, 0.0, 0.0),
        (3.0, 0.0, 0.0, math.log(3)),
        (0.0, 2.0, 0.0, 0.0),
        (0.0, 1.0, 1.0, 0.0),
        (-2.0, 3.0, 12.0, math.nan),
        (0.0, 0.5, math.inf, 0.0),
    ],
)
def test_powers_at_the_edges(x, y, by_x, by_y):
    a, b = ag.tensor(x, requires_grad=True), ag.tensor(y, requires_grad=True)
    (a**b).backward()
    assert a.grad.item() == pytest.approx(by_x)
    assert b.grad.item() == pytest.approx(by_y, nan_ok=True)
    a = ag.tensor(x, requires_grad=True)
    (a**y).backward()
    assert a.grad.item() == pytest.approx(by_x)


def test_second_gradients_of_powers_at_zero():
    for y, expected in ((2, 2.0), (3, 0.0), (1, 0.0), (0, 0.0)):
        x = ag.tensor(0.0, requires_grad=True)
        first = ag.grad(x**y, x, create_graph=True)[0]
        if not first.requires_grad:  # x**0 is constant
            assert (y, first.item()) == (0, 0.0)
            continue
        assert ag.grad(first, x)[0].item() == expected


@pytest.mark.parametrize("x", [0.25, 1.0, 2.0])
def test_the_slope_in_x_of_a_power_of_zero_has_a_slope_in_y(x):
    """d/dy (y · x^(y − 1)) is 1/x at y = 0, where the slope itself is 0."""
    base = ag.tensor([x, x], dtype=np.float64, requires_grad=True)
    exponent = ag.tensor([0.0, 0.5], dtype=np.float64, requires_grad=True)
    by_x, by_y = ag.grad((base**exponent).sum(), [base, exponent], create_graph=True)
    mixed = [1 / x, x**-0.5 * (1 + 0.5 * math.log(x))]
    for first, variable in ((by_x, exponent), (by_y, base)):
        (second,) = ag.grad(first.sum(), [variable], retain_graph=True)
        np.testing.assert_allclose(second.numpy(), mixed, rtol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "sizes"),
    [(np.float64, [5e-324, 1e-310, 1e-200, 1e-80, 1e-70, 1e300, np.inf]), (np.float32, [1e-45, 1e-39, 1e-12, 1e-8, 1e30, np.inf])],
)  # fmt: skip
def test_powers_of_zero_have_slopes_in_x_of_0_however_small_x_is(dtype, sizes):
    x = ag.tensor(sizes, dtype=dtype, requires_grad=True)
    y = ag.tensor(np.zeros(len(sizes)), dtype=dtype, requires_grad=True)
    slope = (x**y).sum()
    for _ in range(3):
        (slope,) = ag.grad(slope.sum(), [x], create_graph=True)
        assert slope.tolist() == [0.0] * len(sizes)


def test_integers_to_negative_powers():
    with pytest.raises(ValueError, match="^power: "):
        ag.tensor([1, 2]) ** -1


def test_angle_of_the_origin_has_no_slope():
    y, x = (ag.tensor([0.0, 1.0], requires_grad=True) for _ in range(2))
    ag.arctan2(y, x).sum().backward()
    assert y.grad.tolist() == [0.0, 0.5] and x.grad.tolist() == [0.0, -0.5]


@pytest.mark.parametrize("dtype, x", [(np.float16, 15.9), (np.float32, 95.0), (np.float64, 720.0)])
def test_softplus_does_not_overflow_below_its_threshold(dtype, x):
    y = ag.softplus(ag.tensor(np.array([x, -x], dtype)), threshold=1000.0)
    np.testing.assert_allclose(y.numpy()[0], x, rtol=1e-3)
    assert 0 <= y.numpy()[1] < 1e-6


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_slope_of_gelu_tanh_is_finite_however_large_x_is(dtype):
    most = float(np.finfo(dtype).max)
    x = ag.tensor(np.array([-most, -60.0, 60.0, most, np.inf], dtype), requires_grad=True)
    (slope,) = ag.grad(ag.gelu_tanh(x), x, np.ones(5, dtype))
    np.testing.assert_array_equal(slope, [0.0, 0.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("function", [ag.sigmoid, ag.silu])
def test_arrays_without_axes_are_understood(function):
    assert np.isclose(function(np.array(1.5)), function(np.array([1.5]))[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("exponent", [3, 4, 7, 64, 65, -2, -3, 5.0, -64.0])
def test_whole_powers_of_numbers_of_either_sign(dtype, exponent):
    x = np.array([-2.5, 2.5, -1.0, -0.75, 0.0, -0.0, 1.25, np.inf, -np.inf, np.nan], dtype)
    with np.errstate(all="ignore"):
        y = np.asarray(ag.power(ag.tensor(x), exponent).data)
        expected = np.power(x.astype(np.longdouble), np.longdouble(exponent)).astype(dtype)
    np.testing.assert_allclose(y, expected, rtol=4 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(np.signbit(y[:-1]), np.signbit(expected[:-1]))
