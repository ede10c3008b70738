"""Tensors out of nothing, against NumPy: the same draws of the same generator, and the same arithmetic."""

import copy

import numpy as np
import pytest

import autograd
import nn
from nn.interop import operators
from nn.interop.operators.draws import replay
from nn.random import generator_or_default

X = np.random.default_rng(0).standard_normal((4, 3))
Q = np.random.default_rng(1).uniform(0.2, 0.8, (4, 3))
CHANNELS = np.random.default_rng(2).standard_normal((3, 4, 2, 2))
WEIGHTS = np.array([[1.0, 2.0, 5.0], [4.0, 0.5, 0.5]])
DOUBLE, SINGLE, WHOLE = np.dtype(np.float64), np.dtype(np.float32), np.dtype(np.int64)


def t(array):
    return autograd.tensor(array)


def dropped(x, p, shape=None):
    return lambda r: x * (r.random(x.shape if shape is None else shape) >= p) / (1 - p)


def alpha_dropped(x, p, shape=None):
    """Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, section on dropout."""
    low = -1.0507009873554804934193349852946 * 1.6732632423543772848170429916717
    a = ((1 - p) * (1 + p * low**2)) ** -0.5

    def of(r):
        kept = r.random(x.shape if shape is None else shape) >= p
        return a * np.where(kept, x, low) - a * low * p

    return of


def chosen(weights, count, replacement):
    rows = weights / weights.sum(-1, keepdims=True)
    return lambda r: np.stack([r.choice(3, count, replacement, w) for w in rows])


#: Calls, and what they give: a function of the generator, and the dtype.
DRAWN = [
    ("rand.default", ([2, 3],), {}, lambda r: r.random((2, 3)), SINGLE),
    ("rand.default", ([2, 3], DOUBLE), {}, lambda r: r.random((2, 3)), DOUBLE),
    ("randn.default", ([5],), {}, lambda r: r.standard_normal(5), SINGLE),
    ("randn.default", ([5],), {"dtype": DOUBLE}, lambda r: r.standard_normal(5), DOUBLE),
    ("rand_like.default", (t(X),), {}, lambda r: r.random((4, 3)), DOUBLE),
    ("rand_like.default", (t(X),), {"dtype": SINGLE}, lambda r: r.random((4, 3)), SINGLE),
    ("randn_like.default", (t(X),), {}, lambda r: r.standard_normal((4, 3)), DOUBLE),
    ("randn_like.default", (t(X),), {"dtype": SINGLE}, lambda r: r.standard_normal((4, 3)), SINGLE),
    ("randint.default", (9, [50]), {}, lambda r: r.integers(0, 9, 50), WHOLE),
    ("randint.default", (9, [50], DOUBLE), {}, lambda r: r.integers(0, 9, 50), DOUBLE),
    ("randint.low", (-3, 4, [50]), {}, lambda r: r.integers(-3, 4, 50), WHOLE),
    ("randint.low", (-3, 4, [50], SINGLE), {}, lambda r: r.integers(-3, 4, 50), SINGLE),
    ("randint_like.default", (t(X), 9), {}, lambda r: r.integers(0, 9, (4, 3)), DOUBLE),
    ("randint_like.default", (t(X), 9, WHOLE), {}, lambda r: r.integers(0, 9, (4, 3)), WHOLE),
    ("randint_like.low_dtype", (t(X), 2, 9), {}, lambda r: r.integers(2, 9, (4, 3)), DOUBLE),
    ("randint_like.low_dtype", (t(X), 2, 9, WHOLE), {}, lambda r: r.integers(2, 9, (4, 3)), WHOLE),
    ("randperm.default", (7,), {}, lambda r: r.permutation(7), WHOLE),
    ("randperm.default", (7, SINGLE), {}, lambda r: r.permutation(7), SINGLE),
    ("bernoulli.default", (t(Q),), {}, lambda r: r.random((4, 3)) < Q, DOUBLE),
    ("bernoulli.p", (t(X), 0.3), {}, lambda r: r.random((4, 3)) < 0.3, DOUBLE),
    ("bernoulli.Tensor", (t(X), t(Q)), {}, lambda r: r.random((4, 3)) < Q, DOUBLE),
    ("normal.Tensor_float", (t(X),), {}, lambda r: r.normal(X, 1.0), DOUBLE),
    ("normal.Tensor_float", (t(X), 0.5), {}, lambda r: r.normal(X, 0.5), DOUBLE),
    ("normal.float_Tensor", (2.0, t(Q)), {}, lambda r: r.normal(2.0, Q), DOUBLE),
    ("normal.Tensor_Tensor", (t(X), t(Q[:1])), {}, lambda r: r.normal(X, Q[:1]), DOUBLE),
    ("normal.Tensor_Tensor", (t(X[:1]), t(Q)), {}, lambda r: r.normal(X[:1], Q), DOUBLE),
    ("normal.float_float", (2.0, 0.5, [2, 3]), {}, lambda r: r.normal(2.0, 0.5, (2, 3)), SINGLE),
    ("normal.float_float", (2.0, 0.5, [4]), {"dtype": DOUBLE},
     lambda r: r.normal(2.0, 0.5, 4).astype(SINGLE), DOUBLE),
    ("normal_functional.default", (t(X),), {}, lambda r: r.normal(0.0, 1.0, (4, 3)), DOUBLE),
    ("normal_.default", (t(X), 2.0, 0.5), {}, lambda r: r.normal(2.0, 0.5, (4, 3)), DOUBLE),
    ("uniform.default", (t(X),), {}, lambda r: r.uniform(0.0, 1.0, (4, 3)), DOUBLE),
    ("uniform_.default", (t(X), 2.0, 5.0), {}, lambda r: r.uniform(2.0, 5.0, (4, 3)), DOUBLE),
    ("exponential.default", (t(X),), {}, lambda r: r.exponential(1.0, (4, 3)), DOUBLE),
    ("exponential.default", (t(X), 4.0), {}, lambda r: r.exponential(0.25, (4, 3)), DOUBLE),
    ("multinomial.default", (t(WEIGHTS), 2), {}, chosen(WEIGHTS, 2, False), WHOLE),
    ("multinomial.default", (t(WEIGHTS), 40, True), {}, chosen(WEIGHTS, 40, True), WHOLE),
    ("multinomial.default", (t(WEIGHTS[0]), 3), {}, lambda r: chosen(WEIGHTS[:1], 3, False)(r)[0], WHOLE),
    ("dropout.default", (t(X), 0.3, True), {}, dropped(X, 0.3), DOUBLE),
    ("native_dropout.default", (t(X), 0.3), {}, dropped(X, 0.3), DOUBLE),
    ("native_dropout.default", (t(X), 1.0, True), {}, lambda r: 0.0 * X, DOUBLE),
    ("feature_dropout.default", (t(CHANNELS), 0.4, True), {}, dropped(CHANNELS, 0.4, (3, 4, 1, 1)), DOUBLE),
    ("alpha_dropout.default", (t(X), 0.3, True), {}, alpha_dropped(X, 0.3), DOUBLE),
    ("feature_alpha_dropout.default", (t(CHANNELS), 0.4, True), {},
     alpha_dropped(CHANNELS, 0.4, (3, 4, 1, 1)), DOUBLE),
    ("rrelu.default", (t(X), 0.25, 0.75, True), {},
     lambda r: X * np.where(X > 0, 1.0, r.uniform(0.25, 0.75, (4, 3))), DOUBLE),
    ("rrelu.default", (t(X),), {"training": True},
     lambda r: X * np.where(X > 0, 1.0, r.uniform(1 / 8, 1 / 3, (4, 3))), DOUBLE),
]  # fmt: skip

#: What is not random after all.
STILL = [
    ("dropout.default", (t(X), 0.0, True), X),
    ("dropout.default", (t(X), 0.3, False), X),
    ("dropout.default", (t(X), 1.0, True), 0 * X),
    ("alpha_dropout.default", (t(X), 0.3, False), X),
    ("native_dropout.default", (t(X), 0.3, False), X),
    ("native_dropout.default", (t(X), 0.0, True), X),
    ("rrelu.default", (t(X), 0.25, 0.75), X * np.where(X > 0, 1.0, 0.5)),
    ("rrelu.default", (t(X),), X * np.where(X > 0, 1.0, 11 / 48)),
]


def called(name, args, kwargs):
    result = operators.find(name)(*args, **kwargs)
    if name.startswith("native_dropout"):
        assert result[1].dtype == bool and result[1].shape == result[0].shape
        assert np.array_equal(result[1].data, (result[0].data != 0) | (args[0].data == 0))
        return result[0]
    return result


@pytest.mark.parametrize("number", range(len(DRAWN)))
def test_what_is_drawn_is_what_numpy_draws(number):
    name, args, kwargs, oracle, dtype = DRAWN[number]
    nn.manual_seed(7)
    wanted = np.asarray(oracle(copy.deepcopy(generator_or_default("test", None)))).astype(dtype)
    found = called(name, args, kwargs)
    assert found.dtype == dtype, (name, args, kwargs)
    np.testing.assert_allclose(found.data, wanted, rtol=1e-12, atol=1e-14, err_msg=f"{name} {args}")


@pytest.mark.parametrize("number", range(len(STILL)))
def test_what_is_not_random_draws_nothing(number):
    name, args, wanted = STILL[number]
    with replay([]):
        np.testing.assert_allclose(called(name, args, {}).data, wanted, rtol=1e-14)


def test_every_operator_that_draws_is_called():
    called = {operators.key(name) for name, *_ in DRAWN}
    assert called == {*operators.creation.RANDOM, *operators.creation.RANDOM_CREATION}


def test_a_recording_takes_the_place_of_the_generator():
    first, second = np.arange(3), np.ones((2, 2))
    with replay([first, second]):
        found = operators.find("rand.default")([3])
        assert found.dtype == SINGLE and found.tolist() == [0.0, 1.0, 2.0]
        with replay([first[:1]]):
            assert operators.find("randn.default")([1], DOUBLE).tolist() == [0.0]
        assert operators.find("randint.default")(9, [2, 2]).tolist() == [[1, 1], [1, 1]]
    assert operators.find("rand.default")([3]).shape == (3,)


@pytest.mark.parametrize(
    "name", ["empty.memory_format", "empty_permuted.default", "empty_strided.default"]
)
def test_memory_without_values_is_filled_with_zeros(name):
    further = () if name.startswith("empty.") else ([0, 1],)
    found = operators.find(name)([2, 3], *further)
    assert found.dtype == SINGLE and found.tolist() == [[0.0] * 3] * 2
    assert operators.find(name)([1], *further, dtype=WHOLE).dtype == WHOLE


@pytest.mark.parametrize("name", ["empty_like", "new_empty", "new_empty_strided"])
def test_memory_like_that_of_another_is_filled_with_zeros(name):
    further = {"empty_like": (), "new_empty": ([4, 3],), "new_empty_strided": ([4, 3], [3, 1])}[
        name
    ]
    found = operators.find(f"{name}.default")(t(X), *further)
    assert found.dtype == DOUBLE and found.shape == (4, 3) and not found.data.any()
    assert operators.find(f"{name}.default")(t(X), *further, dtype=WHOLE).dtype == WHOLE
