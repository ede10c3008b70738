"""Values and slopes to the last digits, against formulas in plain Python; what happens at edges.

Gradient checks by differences see six digits. Here are the oracles that see twelve.
"""

import math
import string

import numpy as np
import pytest
from scipy import special

import autograd as ag
import nn.functional as F
from autograd.func import gradcheck, gradgradcheck
from autograd.ops import fused, reductions

POINTS = np.array([-7.3, -3.1, -1.0, -0.4, -1e-3, 1e-3, 0.3, 0.9, 1.7, 4.2, 9.5])


def normal(x):
    return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def below(x):
    return math.erfc(-x / math.sqrt(2)) / 2


def logistic(x):
    return 1 / (1 + math.exp(-x))


def tanh_gelu(x):
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return x / 2 * (1 + math.tanh(inner))


def tanh_gelu_slope(x):
    t = math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    inner = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x**2)
    return (1 + t) / 2 + x / 2 * (1 - t * t) * inner


def mish_slope(x):
    t = math.tanh(math.log1p(math.exp(x)))
    return t + x * (1 - t * t) * logistic(x)


SELU = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717

#: A function, its value and its slope.
EXACT = {
    "gelu": (ag.gelu, lambda x: x * below(x), lambda x: below(x) + x * normal(x)),
    "gelu tanh": (lambda x: F.gelu(x, approximate="tanh"), tanh_gelu, tanh_gelu_slope),
    "silu": (F.silu, lambda x: x * logistic(x), lambda x: logistic(x) * (1 + x * logistic(-x))),
    "mish": (F.mish, lambda x: x * math.tanh(math.log1p(math.exp(x))), mish_slope),
    "softplus": (F.softplus, lambda x: math.log1p(math.exp(x)), logistic),
    "logsigmoid": (F.logsigmoid, lambda x: -math.log1p(math.exp(-x)), lambda x: logistic(-x)),
    "elu": (
        lambda x: F.elu(x, 0.7),
        lambda x: x if x > 0 else 0.7 * math.expm1(x),
        lambda x: 1.0 if x > 0 else 0.7 * math.exp(x),
    ),
    "celu": (
        lambda x: F.celu(x, 0.7),
        lambda x: x if x > 0 else 0.7 * math.expm1(x / 0.7),
        lambda x: 1.0 if x > 0 else math.exp(x / 0.7),
    ),
    "selu": (
        F.selu,
        lambda x: SELU[0] * (x if x > 0 else SELU[1] * math.expm1(x)),
        lambda x: SELU[0] * (1.0 if x > 0 else SELU[1] * math.exp(x)),
    ),
    "tanhshrink": (F.tanhshrink, lambda x: x - math.tanh(x), lambda x: math.tanh(x) ** 2),
    "softsign": (F.softsign, lambda x: x / (1 + abs(x)), lambda x: (1 + abs(x)) ** -2),
    "sigmoid": (ag.sigmoid, logistic, lambda x: logistic(x) * logistic(-x)),
    "erf": (ag.erf, math.erf, lambda x: 2 / math.sqrt(math.pi) * math.exp(-x * x)),
    "exp2": (ag.exp2, lambda x: 2.0**x, lambda x: math.log(2) * 2.0**x),
    "cbrt": (ag.cbrt, lambda x: math.copysign(abs(x) ** (1 / 3), x), lambda x: abs(x) ** (-2 / 3) / 3),
    "arcsinh": (ag.arcsinh, math.asinh, lambda x: 1 / math.sqrt(1 + x * x)),
    "arctan": (ag.arctan, math.atan, lambda x: 1 / (1 + x * x)),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_values_and_slopes_to_twelve_digits(name):
    function, value, slope = EXACT[name]
    x = ag.tensor(POINTS, requires_grad=True)
    y = function(x)
    y.sum().backward()
    np.testing.assert_allclose(y.data, [value(v) for v in POINTS], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(x.grad.data, [slope(v) for v in POINTS], rtol=1e-11, atol=1e-14)


def sinc_slope(x):
    """Σ (−1)^k π^2k 2k x^(2k−1) / (2k + 1)!, which converges fast below 1."""
    terms = [
        (-1) ** k * math.pi ** (2 * k) * 2 * k * x ** (2 * k - 1) / math.factorial(2 * k + 1)
        for k in range(1, 25)
    ]
    return math.fsum(terms)


def test_the_slope_of_sinc_is_exact_on_both_sides_of_the_bound_of_its_series():
    points = np.array([0.0, 1e-8, 1e-3, 0.02, 0.04, 0.0499, 0.05, 0.0501, 0.06, 0.1, 0.3, 0.5, 0.8])
    points = np.concatenate([-points, points])
    x = ag.tensor(points, requires_grad=True)
    ag.sinc(x).sum().backward()
    expected = np.array([sinc_slope(v) for v in points])
    np.testing.assert_allclose(x.grad.data, expected, rtol=1.5e-13, atol=1e-300)


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_and_its_logarithm_to_twelve_digits(axis):
    rng = np.random.default_rng(0)
    data, g = rng.normal(size=(4, 5)), rng.normal(size=(4, 5))
    p = special.softmax(data, axis=axis)
    slopes = {
        "softmax": p * (g - (g * p).sum(axis, keepdims=True)),
        "log_softmax": g - p * g.sum(axis, keepdims=True),
    }
    for name, expected in slopes.items():
        x = ag.tensor(data, requires_grad=True)
        getattr(ag, name)(x, axis).backward(ag.tensor(g))
        np.testing.assert_allclose(x.grad.data, expected, rtol=1e-11, atol=1e-14)


def test_where_the_upper_bound_is_below_the_lower_it_wins():
    """As in NumPy, and as in PyTorch: min(max(x, low), high)."""
    x, low, high = (
        ag.tensor(v, requires_grad=True)
        for v in ([0.0, 1.5, 3.0, 1.5], [2.0, 2.0, 2.0, 1.0], [1.0, 1.0, 1.0, 2.0])
    )
    y = ag.clip(x, low, high)
    assert y.tolist() == [1.0, 1.0, 1.0, 1.5]
    y.sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 0.0, 1.0]
    assert low.grad.tolist() == [0.0, 0.0, 0.0, 0.0]
    assert high.grad.tolist() == [1.0, 1.0, 1.0, 0.0]


def test_powers_of_0():
    y = ag.tensor([0.0, 0.5, 2.0], requires_grad=True)
    for zero in (ag.tensor([0.0, 0.0, 0.0], requires_grad=True), 0.0, np.zeros(3)):
        y.grad = None
        (zero**y).sum().backward()
        assert y.grad.tolist() == [0.0, 0.0, 0.0]
    x = ag.tensor([0.0, 0.0, 0.0], requires_grad=True)
    (x ** np.array([0.0, 1.0, 3.0])).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0, 0.0]
    y = ag.tensor([-1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        (ag.tensor([0.0]) ** y).sum().backward()
    assert y.grad.data[0] == -np.inf  # log 0 · ∞


BROADCASTING = """add subtract multiply divide maximum minimum fmax fmin arctan2 hypot logaddexp
    logaddexp2 copysign heaviside fmod remainder power float_power""".split()


@pytest.mark.parametrize("name", BROADCASTING)
def test_gradients_are_summed_over_what_was_broadcast(name):
    rng = np.random.default_rng(1)
    a, b = rng.uniform(0.5, 2.0, (3, 1)), rng.uniform(2.5, 3.5, (4,))
    function = getattr(ag, name)
    for x, y in ((a, b), (b, a), (a[0, 0], b), (b, a[0, 0])):
        assert gradcheck(function, [ag.tensor(v, requires_grad=True) for v in (x, y)])
    assert gradgradcheck(function, [ag.tensor(v, requires_grad=True) for v in (a, b)])


@pytest.mark.parametrize("output", [1, 2, 3])
@pytest.mark.parametrize("together", [False, True])
def test_the_statistics_of_a_normalisation_can_be_differentiated(output, together):
    """Mean, 1 / √(variance + eps) and variance, alone and with the normalised values."""

    def function(x, weight, bias):
        outs = fused._normalize(x, weight, bias, axes=(1, 2), eps=0.1)
        part = outs[output] * np.array([[[0.7]], [[-1.3]]])
        return part + ag.sum(outs[0] * outs[0] * outs[0]) if together else part

    rng = np.random.default_rng(2)
    x, weight, bias = rng.normal(size=(2, 3, 4)), rng.normal(size=(3, 1)), rng.normal(size=(3, 1))
    inputs = [ag.tensor(v, requires_grad=True) for v in (x, weight, bias)]
    assert gradcheck(function, inputs)
    assert gradcheck(lambda x: fused._normalize(x, axes=(1, 2), eps=0.1)[output], inputs[:1])
    assert gradgradcheck(function, inputs)


def test_losses_of_probabilities_of_0_are_capped_at_100():
    for p, t in ((0.0, 1.0), (1.0, 0.0)):
        assert F.binary_cross_entropy(ag.tensor([p]), ag.tensor([t])).item() == 100.0


def test_correlations_never_leave_their_range():
    rng = np.random.default_rng(3)
    for _ in range(200):
        x = rng.normal(size=5)
        pair = np.stack([x, -x * rng.uniform(0.1, 3)])
        for c in (ag.corrcoef(ag.tensor(pair)), ag.corrcoef(ag.tensor(abs(pair)))):
            assert -1.0 <= c.data.min() and c.data.max() <= 1.0


def test_residuals_of_least_squares():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    for right in (b, b[:, 0]):
        expected = np.linalg.lstsq(a, right)[1]
        got = ag.linalg.lstsq(ag.tensor(a), ag.tensor(right))[1]
        np.testing.assert_allclose(got.data, expected, rtol=1e-11)


def test_values_that_are_set_may_have_surplus_leading_axes_of_1():
    x = ag.tensor(np.zeros((3, 4)))
    values = ag.tensor(np.arange(8.0).reshape(1, 1, 2, 4), requires_grad=True)
    y = ag.set_at(x, slice(1, 3), values)
    expected = np.zeros((3, 4))
    expected[1:3] = values.data
    assert y.tolist() == expected.tolist()
    (y * y).sum().backward()
    assert values.grad.tolist() == (2 * values.data).tolist()
    with pytest.raises(ValueError, match=r"\(2, 1, 4\)"):
        ag.set_at(x, 0, np.zeros((2, 1, 4)))


def test_einsum_takes_one_ellipsis_an_operand_and_more_labels_than_letters():
    with pytest.raises(ValueError, match="einsum"):
        ag.einsum("...i...->i", ag.tensor(np.ones((2, 3, 2))))
    letters = string.ascii_letters
    first, second = letters[:30], letters[30:]
    a, b, c = (np.full((1,) * n, v) for n, v in ((31, 2.0), (23, 3.0), (1, 5.0)))
    a = np.concatenate([a, a + 1], axis=-1)
    ours = ag.einsum(f"...{first},...{second},...->...", *map(ag.tensor, (a, b, c)))
    assert ours.tolist() == [(2.0 + 3.0) * 3.0 * 5.0]


def test_products_over_nothing_are_1_in_every_form():
    x = np.zeros((0, 3))
    for keepdims, shape in ((False, (3,)), (True, (1, 3))):
        for function in (ag.prod, reductions._prod_by_halves):
            result = function(x, axis=0, keepdims=keepdims)
            assert np.asarray(result).tolist() == np.ones(shape).tolist()


def test_positions_along_an_axis_end_before_its_size():
    x = ag.tensor(np.arange(6.0).reshape(2, 3))
    assert ag.take_axis(x, np.array([2, 0]), 1).tolist() == [[2.0, 0.0], [5.0, 3.0]]
    for bad in ([3], [-1]):
        with pytest.raises(IndexError, match="from 0 to 2"):
            ag.take_axis(x, np.array(bad), 1)


@pytest.mark.parametrize("mode", ["replicate", "circular", "reflect"])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_padding_repeats_the_cells_that_numpys_does(mode, size):
    x = np.arange(1.0, size + 1)
    theirs = {"replicate": "edge", "circular": "wrap", "reflect": "reflect"}[mode]
    for before in range(size):
        for after in range(size):
            leaf = ag.tensor(x, requires_grad=True)
            got = ag.pad_index(leaf, [(before, after)], mode)
            assert got.tolist() == np.pad(x, (before, after), theirs).tolist()
            weights = np.arange(1.0, size + before + after + 1)
            (got * weights).sum().backward()
            cells = np.pad(np.arange(size), (before, after), theirs)
            assert leaf.grad.tolist() == np.bincount(cells, weights, size).tolist()


def test_constant_padding_and_cropping_in_every_combination():
    x = np.arange(12.0).reshape(3, 4)
    for widths in [((1, 2), (0, 3)), ((-1, 0), (2, -1)), ((0, -2), (-1, -1)), ((-1, 1), (0, 0))]:
        wide = np.pad(x, [(max(a, 0), max(b, 0)) for a, b in widths], constant_values=-7.0)
        cut = tuple(
            slice(max(-a, 0), n - max(-b, 0)) for n, (a, b) in zip(wide.shape, widths, strict=True)
        )
        assert ag.pad_constant(ag.tensor(x), widths, -7.0).tolist() == wide[cut].tolist()
