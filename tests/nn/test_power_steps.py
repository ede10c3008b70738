"""How spectral norm begins and goes on, and what packed sequences are made of."""

import copy

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils.parametrizations import _SpectralNorm
from nn.utils.rnn import pack_padded_sequence


def unit(x, eps=1e-12):
    return x / max(np.linalg.norm(x), eps)


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize(
    "layer, axis", [(lambda: nn.Linear(5, 4), 0), (lambda: nn.ConvTranspose1d(3, 4, 2), 1)]
)
def test_spectral_norm_begins_with_15_steps_and_makes_so_many_a_pass(layer, axis, steps):
    nn.manual_seed(0)
    module = layer()
    weight = np.moveaxis(np.array(module.weight.data, np.float64), axis, 0)
    matrix = weight.reshape(len(weight), -1)
    r = copy.deepcopy(nn.default_generator())
    u, v = (unit(r.normal(size=n)) for n in matrix.shape)
    for _ in range(15):
        u, v = (u2 := unit(matrix @ v)), unit(matrix.T @ u2)
    made = _SpectralNorm(module.weight, steps, axis, 1e-12, nn.default_generator())
    np.testing.assert_allclose(made._u.data, u, atol=1e-6)
    np.testing.assert_allclose(made._v.data, v, atol=1e-6)
    found = made(module.weight)
    for _ in range(steps):
        u, v = (u2 := unit(matrix @ v)), unit(matrix.T @ u2)
    np.testing.assert_allclose(made._u.data, u, atol=1e-6)
    found = np.moveaxis(np.array(found.data), axis, 0).reshape(matrix.shape)
    np.testing.assert_allclose(found, matrix / (u @ matrix @ v), atol=1e-6)
    before = made.eval()._u.numpy().copy()
    made(module.weight)
    assert np.array_equal(made._u.data, before)


@pytest.mark.parametrize("shape", [(), (3,)])
def test_what_is_packed_has_axes_of_time_and_batch(shape):
    with pytest.raises(
        ValueError, match="^pack_padded_sequence: input must have an axis of time and of batch"
    ):
        pack_padded_sequence(ag.ones(*shape), [1])
    assert pack_padded_sequence(ag.ones(3, 2), [3, 1]).data.shape == (4,)
