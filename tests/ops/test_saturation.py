"""Slopes and second slopes far out, where results round to 1, and at the ends of domains.

The references are closed forms in `math`'s functions, written so that nothing cancels.
"""

import math

import numpy as np
import pytest

import autograd as ag
import nn.functional as F

INF = math.inf


def bell(x):
    """sigmoid(x) · sigmoid(−x)."""
    return math.exp(-abs(x)) / (1 + math.exp(-abs(x))) ** 2


def logistic(x):
    return math.exp(min(x, 0)) / (1 + math.exp(-abs(x)))


def silu(x):
    return bell(x) * (2 - x * math.tanh(x / 2))


def gelu_tanh(x):
    c = 2 * math.sqrt(2 / math.pi)
    u, first, second = (
        c * (x + 0.044715 * x**3),
        c * (1 + 3 * 0.044715 * x**2),
        c * 6 * 0.044715 * x,
    )
    return bell(u) * (2 * first + x * second - x * first**2 * math.tanh(u / 2))


def mish(x):
    s = max(x, 0) + math.log1p(math.exp(-abs(x)))
    t, steep = math.tanh(s), 1 / math.cosh(s) ** 2
    return steep * (2 * logistic(x) + x * (bell(x) - 2 * t * logistic(x) ** 2))


#: Function and its second derivative.
SATURATING = {
    "softplus": (lambda x: F.softplus(x, threshold=1e4), bell),
    "logsigmoid": (F.logsigmoid, lambda x: -bell(x)),
    "silu": (F.silu, silu),
    "gelu_tanh": (lambda x: F.gelu(x, approximate="tanh"), gelu_tanh),
    "mish": (F.mish, mish),
    "tanhshrink": (F.tanhshrink, lambda x: 2 * math.tanh(x) / math.cosh(x) ** 2),
    "logaddexp": (lambda x: ag.logaddexp(x, 1.0), lambda x: bell(x - 1)),
    "logaddexp of two": (lambda x: ag.logaddexp(1.0, x), lambda x: bell(x - 1)),
    "expm1": (ag.expm1, math.exp),
}


def slopes(function, x):
    """First and second derivatives at the elements of x."""
    t = ag.tensor(x, requires_grad=True)
    (first,) = ag.grad(ag.sum(function(t)), [t], create_graph=True)
    (second,) = ag.grad(ag.sum(first), [t])
    return first.detach().numpy(), second.numpy()


def assert_close(got, right, dtype, ulps=100.0, where=None):
    """By relative error, but where the result is subnormal."""
    right = np.array(right)
    sure = abs(right) > np.finfo(dtype).tiny
    error = abs(got[sure] / right[sure] - 1) / np.finfo(dtype).eps
    assert error.max() < ulps, where[sure][error.argmax()] if where is not None else None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", SATURATING)
def test_second_slopes_keep_their_digits_in_saturation(name, dtype):
    function, second = SATURATING[name]
    x = np.array([-80.0, -40.0, -20.0, -10.0, -6.0, -3.0, 3.5, 6.0, 10.0, 20.0, 40.0, 80.0], dtype)
    if name == "gelu_tanh":
        x = x[abs(x) < 12]  # beyond, its exponent is so large that rounding it costs all digits
    _, got = slopes(function, x)
    # exp multiplies the rounding of its argument, which gelu's cube makes large, by the argument.
    ulps = 2000 if name == "gelu_tanh" else 200
    assert_close(got, [second(float(v)) for v in x], dtype, ulps, x)


def test_the_slope_of_expm1_does_not_vanish():
    first, _ = slopes(ag.expm1, np.array([-70.0, -20.0], np.float32))
    assert_close(first, [math.exp(-70), math.exp(-20)], np.float32)


INVERSE = {
    "arcsin": (ag.arcsin, lambda x: x / math.sqrt((1 - x) * (1 + x)) ** 3),
    "arccos": (ag.arccos, lambda x: -x / math.sqrt((1 - x) * (1 + x)) ** 3),
    "arctanh": (ag.arctanh, lambda x: 2 * x / ((1 - x) * (1 + x)) ** 2),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", INVERSE)
def test_second_slopes_of_inverses_keep_their_digits_near_zero_and_near_the_ends(name, dtype):
    function, second = INVERSE[name]
    x = np.array([1e-12, 1e-7, 0.01, 0.5, 0.9, 0.99, 1 - 1e-4, 1 - 1e-6], dtype)
    x = np.concatenate([x, -x])
    assert_close(slopes(function, x)[1], [second(float(v)) for v in x], dtype, 20, x)


@pytest.mark.parametrize(
    ("function", "x", "first", "second"),
    [
        (ag.arcsin, [1, -1], [INF, INF], [INF, -INF]),
        (ag.arccos, [1, -1], [-INF, -INF], [-INF, INF]),
        (ag.arctanh, [1, -1], [INF, INF], [INF, -INF]),
        (ag.arccosh, [1], [INF], [-INF]),
        (ag.sqrt, [0], [INF], [-INF]),
        (ag.log, [0], [INF], [-INF]),
        (ag.log1p, [-1], [INF], [-INF]),
        (lambda x: x**0.5, [0], [INF], [-INF]),
        (lambda x: x**1.5, [0], [0], [INF]),
        (lambda x: x**-1.0, [0], [-INF], [INF]),
        (lambda x: 1 / x, [0], [-INF], [INF]),
        (ag.reciprocal, [0], [-INF], [INF]),
    ],
)
def test_at_the_end_of_a_domain_slopes_are_their_limits(function, x, first, second):
    with np.errstate(all="ignore"):
        got = slopes(function, np.array(x, np.float64))
    assert [list(g) for g in got] == [first, second]


@pytest.mark.parametrize(
    ("name", "outside"),
    [("arcsin", 1.5), ("arccos", -1.5), ("arccosh", 0.5), ("sqrt", -1.0), ("gelu_tanh", math.nan)],
)
def test_outside_of_a_domain_and_at_nan_all_slopes_are_nan(name, outside):
    with np.errstate(all="ignore"):
        got = slopes(getattr(ag, name), np.array([outside, math.nan]))
    assert np.isnan(got).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sinc_keeps_its_digits_however_large_x_is(dtype):
    turns = np.array([0.0, 3.0, 1000.0, 1e6 if dtype is np.float32 else 1e12], dtype)
    rest = np.array([0.0, 0.125, 0.25, 0.375, 0.5, 0.625], dtype)  # exact beside each of the turns
    x = (turns[:, None] + rest).ravel()
    values = []
    for whole in turns:
        sign = -1.0 if whole % 2 else 1.0
        for part in rest:
            y = math.pi * (float(whole) + float(part))
            # cos(π · ½) is 0, which math.pi cannot say.
            sine = sign * math.sin(math.pi * float(part))
            cosine = 0.0 if part == 0.5 else sign * math.cos(math.pi * float(part))
            s = sine / y if y else 1.0
            slope = math.pi * (cosine - s) / y if y else 0.0
            # The second derivative: −π² sinc − 2 slope / x.
            bend = -(math.pi**2) * s - 2 * math.pi * slope / y if y else -(math.pi**2) / 3
            values.append((s, slope, bend))
    value, slope, bend = np.array(values).T
    away = x > 1
    got_slope, got_bend = slopes(ag.sinc, x)
    assert_close(ag.sinc(ag.tensor(x)).numpy()[away], value[away], dtype, 4)
    assert_close(got_slope[away], slope[away], dtype, 20)
    scale = np.maximum(abs(bend), 1 / np.maximum(x, 1) ** 2)
    assert (abs(got_bend - bend) / scale).max() < 1e3 * np.finfo(dtype).eps
    assert not ag.sinc(ag.tensor(np.arange(1, 40).astype(dtype))).numpy().any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slopes_at_far_and_near_points_of_the_plane_neither_overflow_nor_vanish(dtype):
    far = 1e30 if dtype is np.float32 else 1e200
    for scale in (far, 1.0, 1 / far):
        x, y = np.array([3.0, -4.0, 0.0]) * scale, np.array([4.0, 3.0, 5.0]) * scale
        t, u = (ag.tensor(v.astype(dtype), requires_grad=True) for v in (x, y))
        with np.errstate(under="ignore"):
            angle = ag.grad(ag.arctan2(u, t).sum(), [u, t])
            length = ag.grad(ag.hypot(t, u).sum(), [t, u])
        np.testing.assert_allclose(angle[0].numpy() * scale, [0.12, -0.16, 0.0], rtol=1e-6)
        np.testing.assert_allclose(angle[1].numpy() * scale, [-0.16, -0.12, -0.2], rtol=1e-6)
        np.testing.assert_allclose(length[0].numpy(), [0.6, -0.8, 0.0], rtol=1e-6)
        np.testing.assert_allclose(length[1].numpy(), [0.8, 0.6, 1.0], rtol=1e-6)
    (first,) = ag.grad(
        ag.hypot(t := ag.tensor(np.array(1e5), requires_grad=True), 1.0), [t], create_graph=True
    )
    assert ag.grad(first, [t])[0].item() == pytest.approx(1e-15, rel=1e-9)  # y² / r³
    wide = ag.tensor(np.array(1e25, np.float32), requires_grad=True)
    for function in (ag.arcsinh, ag.arccosh):
        assert ag.grad(function(wide), [wide])[0].item() == pytest.approx(1e-25, rel=1e-6)


@pytest.mark.parametrize("number", [0.3, np.float64(0.3)])
def test_numbers_beside_float64_keep_their_digits_in_recorded_gradients(number):
    x = np.array([-0.7, 0.2, 1.3])
    for name in (
        "logaddexp",
        "logaddexp2",
        "arctan2",
        "hypot",
        "power",
        "float_power",
        "divide",
        "remainder",
    ):
        for swapped in (False, True):
            if "power" in name and not swapped:
                continue  # of negative numbers
            t = ag.tensor(x, requires_grad=True)
            pair = (number, t) if swapped else (t, number)
            other = tuple(np.full(3, 0.3) if p is number else p for p in pair)
            function = getattr(ag, name)
            for create_graph in (False, True):
                (got,) = ag.grad(ag.sum(function(*pair)), [t], create_graph=create_graph)
                (right,) = ag.grad(ag.sum(function(*other)), [t])
                np.testing.assert_allclose(
                    got.detach().numpy(), right.numpy(), rtol=1e-14, err_msg=f"{name} {swapped}"
                )


@pytest.mark.parametrize("create_graph", [False, True])
def test_slopes_of_logaddexp_at_infinities(create_graph):
    x = ag.tensor(np.array([INF, -INF, INF, 0.0]), requires_grad=True)
    y = ag.tensor(np.array([INF, -INF, 0.0, -INF]), requires_grad=True)
    ones = ag.tensor(np.ones(4))
    got = ag.grad(ag.logaddexp(x, y), [x, y], ones, create_graph=create_graph)
    assert [g.tolist() for g in got] == [[0.5, 0.5, 1, 1], [0.5, 0.5, 0, 0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sinc_and_its_slopes_keep_their_digits_on_both_sides_of_where_its_formula_changes(dtype):
    def series(x, order):
        """Of sin(πx) / (πx) = Σ (−1)^k (πx)^2k / (2k + 1)!, each term derived by itself."""
        return math.fsum(
            (-1) ** k * math.pi ** (2 * k) * math.perm(2 * k, order) * x ** (2 * k - order)
            / math.factorial(2 * k + 1)
            for k in range((order + 1) // 2, 25)
        )  # fmt: skip

    points = np.array([1e-6, 0.05, 0.3, 0.499, 0.5, 0.501, 0.55, 0.7], dtype)
    points = np.concatenate([points, -points, np.nextafter(points[4:5], dtype(0))])
    x = ag.tensor(points, requires_grad=True)
    found = ag.sinc(x)
    for order, largest in enumerate((1.0, math.pi / 2, math.pi**2 / 3, math.pi**3 / 4)):
        if order:
            (found,) = ag.grad(found.sum(), x, create_graph=True)
        wanted = [series(float(point), order) for point in points]
        error = np.abs(found.detach().numpy() - np.array(wanted))
        assert error.max() <= 8 * (1 + order) * largest * np.finfo(dtype).eps, (order, error)
