"""Initialisers: shapes of distributions, exact fills, reproducibility, refusals."""

import math

import numpy as np
import pytest

import autograd
import nn
from nn import init


def filled(function, shape, *args, dtype=np.float64, **kwargs):
    t = nn.Parameter(np.full(shape, np.nan, dtype=dtype))
    assert function(t, *args, **kwargs) is t
    assert t.dtype == dtype
    return t.data


BIG = (120, 30, 5, 5)
FAN_IN, FAN_OUT = 30 * 25, 120 * 25


@pytest.mark.parametrize(
    ("function", "bound"),
    [
        (lambda t: init.uniform_(t, -2.0, 2.0), 2.0),
        (init.xavier_uniform_, math.sqrt(6 / (FAN_IN + FAN_OUT))),
        (lambda t: init.xavier_uniform_(t, gain=3.0), 3 * math.sqrt(6 / (FAN_IN + FAN_OUT))),
        (lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)), 1 / math.sqrt(FAN_IN)),
        (
            lambda t: init.kaiming_uniform_(t, mode="fan_out", nonlinearity="relu"),
            math.sqrt(6 / FAN_OUT),
        ),
    ],
)
def test_uniform_ones_fill_their_interval_evenly(function, bound):
    nn.manual_seed(1)
    values = filled(function, BIG)
    assert values.min() == pytest.approx(-bound, rel=1e-3)
    assert values.max() == pytest.approx(bound, rel=1e-3)
    assert abs(values).max() <= bound
    counts, _ = np.histogram(values, bins=10, range=(-bound, bound))
    np.testing.assert_allclose(counts, values.size / 10, rtol=0.05)


@pytest.mark.parametrize(
    ("function", "mean", "std"),
    [
        (lambda t: init.normal_(t, 3.0, 0.5), 3.0, 0.5),
        (init.xavier_normal_, 0.0, math.sqrt(2 / (FAN_IN + FAN_OUT))),
        (lambda t: init.kaiming_normal_(t, nonlinearity="relu"), 0.0, math.sqrt(2 / FAN_IN)),
        (
            lambda t: init.kaiming_normal_(t, a=1.0, mode="fan_out"),
            0.0,
            math.sqrt(1 / FAN_OUT),
        ),
    ],
)
def test_normal_ones_have_mean_std_and_tails(function, mean, std):
    nn.manual_seed(2)
    values = (filled(function, BIG) - mean) / std
    assert abs(values.mean()) < 0.02
    assert values.std() == pytest.approx(1, rel=0.02)
    assert (abs(values) < 1).mean() == pytest.approx(0.6827, abs=0.01)
    assert (abs(values) > 2).mean() == pytest.approx(0.0455, abs=0.005)


def test_trunc_normal_is_a_normal_cut_off():
    nn.manual_seed(3)
    values = filled(init.trunc_normal_, BIG, 0.5, 1.0, -0.5, 1.0)
    assert values.min() >= -0.5
    assert values.max() <= 1.0
    # P(0 < X < 1 | −0.5 < X < 1) of N(0.5, 1)
    inside = math.erf(0.5 / math.sqrt(2)) / (
        (math.erf(0.5 / math.sqrt(2)) + math.erf(1 / math.sqrt(2))) / 2
    )
    assert (values > 0).mean() == pytest.approx(inside, abs=0.01)


def test_exact_fills():
    assert (filled(init.constant_, (2, 3), 0.25) == 0.25).all()
    assert (filled(init.zeros_, (2,)) == 0).all()
    assert filled(init.ones_, ()) == 1
    np.testing.assert_array_equal(filled(init.eye_, (2, 3)), [[1, 0, 0], [0, 1, 0]])


@pytest.mark.parametrize(("shape", "groups"), [((4, 2, 3), 1), ((4, 2, 3, 5), 2), ((2, 2, 1), 1)])
def test_dirac_hands_channels_through(shape, groups):
    weight = filled(init.dirac_, shape, groups)
    x = np.random.default_rng(0).normal(size=(shape[1] * groups, 9, 9)[: len(shape) - 1])
    centre = tuple(size // 2 for size in shape[2:])
    per_group = shape[0] // groups
    taps = weight[(slice(None), slice(None), *centre)]
    assert weight.sum() == taps.sum()
    for out in range(shape[0]):
        group, channel = divmod(out, per_group)
        mixed = np.tensordot(taps[out], x[group * shape[1] : (group + 1) * shape[1]], 1)
        expected = x[group * shape[1] + channel] if channel < shape[1] else 0 * x[0]
        np.testing.assert_array_equal(mixed, expected)


@pytest.mark.parametrize("shape", [(6, 6), (4, 3, 3, 3), (9, 2, 2), (0, 3)])
def test_orthogonal(shape):
    nn.manual_seed(0)
    flat = filled(init.orthogonal_, shape, gain=2.0).reshape(shape[0], math.prod(shape[1:]))
    gram = flat @ flat.T if shape[0] <= flat.shape[1] else flat.T @ flat
    np.testing.assert_allclose(gram, 4 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_signs_are_random():
    nn.manual_seed(0)
    diagonal = [np.diagonal(filled(init.orthogonal_, (2, 2))) for _ in range(200)]
    assert 0.4 < (np.array(diagonal) > 0).mean() < 0.6


@pytest.mark.parametrize(
    ("name", "gain"),
    [
        ("linear", 1.0),
        ("conv2d", 1.0),
        ("sigmoid", 1.0),
        ("tanh", 5 / 3),
        ("relu", math.sqrt(2)),
        ("selu", 0.75),
        ("leaky_relu", math.sqrt(2 / 1.0001)),
    ],
)
def test_gains(name, gain):
    assert init.calculate_gain(name) == pytest.approx(gain)


@pytest.mark.parametrize("transposed", ["", "_transpose"])
@pytest.mark.parametrize("rank", [1, 2, 3])
def test_linear_layers_have_gain_one(rank, transposed):
    assert init.calculate_gain(f"conv{transposed}{rank}d") == 1.0
    assert init.calculate_gain("linear") == init.calculate_gain("identity") == 1.0


def test_leaky_gain_uses_its_slope():
    assert init.calculate_gain("leaky_relu", 1.0) == 1.0


def test_the_seed_decides_and_a_generator_wins():
    nn.manual_seed(7)
    first = filled(init.normal_, (5,))
    nn.manual_seed(7)
    np.testing.assert_array_equal(filled(init.normal_, (5,)), first)
    given = filled(init.normal_, (5,), generator=np.random.default_rng(7))
    np.testing.assert_array_equal(given, first)
    assert (filled(init.normal_, (5,)) != first).all()


def test_a_seed_gives_the_same_numbers_in_every_dtype():
    nn.manual_seed(1)
    wide = filled(init.kaiming_uniform_, (4, 3))
    nn.manual_seed(1)
    narrow = filled(init.kaiming_uniform_, (4, 3), dtype=np.float32)
    np.testing.assert_array_equal(narrow, wide.astype(np.float32))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: init.uniform_(t, 1.0, 0.0), ValueError, "a must be at most b"),
        (lambda t: init.uniform_(t, math.nan), ValueError, "finite"),
        (lambda t: init.normal_(t, 0.0, -1.0), ValueError, "std"),
        (lambda t: init.normal_(t, "0"), TypeError, "mean"),
        (lambda t: init.normal_(t, generator=3), TypeError, "generator"),
        (lambda t: init.trunc_normal_(t, a=2.0, b=1.0), ValueError, "at most"),
        (lambda t: init.trunc_normal_(t, mean=50.0), ValueError, "almost nothing"),
        (lambda t: init.kaiming_normal_(t, mode="fan"), ValueError, "fan_in"),
        (lambda t: init.kaiming_normal_(t, nonlinearity="x"), ValueError, "one of"),
        (lambda t: init.dirac_(t), ValueError, r"\(2, 3\)"),
        (lambda t: init.xavier_normal_(autograd.zeros(3)), ValueError, r"\(3,\)"),
        (lambda t: init.eye_(autograd.zeros(3)), ValueError, r"\(3,\)"),
        (lambda t: init.zeros_(autograd.tensor([1])), TypeError, "int64"),
        (lambda t: init.zeros_(np.zeros(3)), TypeError, "is an array, which is not written"),
        (lambda t: nn.manual_seed(-1), ValueError, "negative"),
        (lambda t: nn.manual_seed(1.0), TypeError, "integer"),
    ],
)
def test_refusals(call, error, message):
    with pytest.raises(error, match=message):
        call(nn.Parameter(np.zeros((2, 3))))


def test_one_seed_for_autograd_and_nn():
    generator = nn.manual_seed(5)
    first = autograd.randn(3).tolist()
    assert autograd.manual_seed(5) is generator is nn.default_generator()
    assert autograd.randn(3).tolist() == first


def test_a_checkpoint_draws_the_same_numbers_again():
    x = autograd.tensor(np.ones(100), requires_grad=True)
    nn.manual_seed(0)
    y = autograd.func.checkpoint(lambda t: t * autograd.rand(100, dtype=np.float64), x)
    autograd.rand(7)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.data, y.data)
