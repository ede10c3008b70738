"""Positions added to sequences."""

import math

import numpy as np
import pytest

import autograd as ag
import nn
from nn.models import LearntPositions, SinusoidalPositions, sinusoidal_positions


@pytest.mark.parametrize("width", [1, 6, 7])
def test_sines_and_cosines_stand_side_by_side(width):
    table = sinusoidal_positions(5, width, dtype=np.float64).numpy()
    for t, k in np.ndindex(5, width):
        angle = t / 10_000 ** (2 * (k // 2) / width)
        want = math.cos(angle) if k % 2 else math.sin(angle)
        assert math.isclose(table[t, k], want, abs_tol=1e-14)


@pytest.mark.parametrize("make", [SinusoidalPositions, LearntPositions])
def test_the_first_rows_are_added_along_time(make):
    layer = make(4, dropout=0.0, max_len=9)
    table = (layer.pe if make is SinusoidalPositions else layer.weight).detach().numpy()
    x = np.random.default_rng(0).normal(size=(3, 2, 4)).astype(np.float32)
    for given, want in (
        (x, x + table[:3, None]),
        (x[:, 0], x[:, 0] + table[:3]),
    ):
        np.testing.assert_allclose(layer(ag.tensor(given)).detach().numpy(), want, rtol=1e-6)
    layer.batch_first = True
    got = layer(ag.tensor(x)).detach().numpy()
    np.testing.assert_allclose(got, x + table[:2], rtol=1e-6)


def test_only_learnt_positions_are_in_the_state_dict_and_get_gradients():
    assert list(SinusoidalPositions(4).state_dict()) == []
    layer = LearntPositions(4, 9, dropout=0.0)
    assert list(layer.state_dict()) == ["weight"]
    layer(ag.zeros(3, 2, 4)).sum().backward()
    assert layer.weight.grad.numpy().sum(1).tolist() == [8.0] * 3 + [0.0] * 6


def test_dropout_is_active_in_training_only():
    layer = SinusoidalPositions(4, dropout=1.0)
    assert (layer(ag.ones(3, 2, 4)).numpy() == 0).all()
    assert (layer.eval()(ag.ones(3, 2, 4)).numpy() != 0).any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SinusoidalPositions(4, max_len=2)(ag.zeros(3, 1, 4)), "3 positions, max_len is 2"),
        (lambda: LearntPositions(4, 2)(ag.zeros(1, 3, 5)), "^LearntPositions: x must have"),
        (lambda: sinusoidal_positions(0, 3), "^sinusoidal_positions: length must be"),
        (lambda: sinusoidal_positions(2**40, 2**20), "this machine has"),
        (lambda: nn.models.LearntPositions(4, 3, dropout=2.0), "^LearntPositions: dropout must"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_longest_sequence_is_taken_and_five_thousand_if_nothing_is_said():
    for layer in (SinusoidalPositions(4, max_len=3), LearntPositions(4, 3)):
        assert layer(ag.zeros(3, 1, 4)).shape == (3, 1, 4)
    assert SinusoidalPositions(2).pe.shape == (5000, 2)


def test_vectors_that_are_learnt_begin_small_and_with_their_generator():
    weight = LearntPositions(4, 9, generator=np.random.default_rng(3)).weight.detach().numpy()
    want = np.random.default_rng(3).normal(0.0, 0.02, (9, 4))
    np.testing.assert_allclose(weight, want, rtol=1e-5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sinusoidal_positions(3, 0), "^sinusoidal_positions: width must be"),
        (lambda: SinusoidalPositions(4)(3), "^SinusoidalPositions: x must hold floating"),
        (lambda: LearntPositions(4, 3)("x"), "^LearntPositions: x: dtype <U1"),
    ],
)
def test_a_refusal_names_what_was_called(call, words):
    with pytest.raises((TypeError, ValueError), match=words):
        call()
