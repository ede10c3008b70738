"""Summing gradients down to the shape of an input, against NumPy's broadcasting done backwards."""

import itertools

import numpy as np
import pytest

from autograd.engine.unbroadcast import broadcasts_to, sum_to_shape

SHAPES = [s for n in range(4) for s in itertools.product((1, 2, 3), repeat=n)]


def summed(value, shape):
    """Every element is added at the place that it was broadcast from."""
    places = np.broadcast_to(np.arange(np.prod(shape, dtype=int)).reshape(shape), value.shape)
    result = np.zeros(np.prod(shape, dtype=int))
    np.add.at(result, places.ravel(), value.ravel())
    return result.reshape(shape)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_that_broadcasts_is_summed_back(shape):
    for wide in SHAPES:
        try:
            fits = np.broadcast_shapes(shape, wide) == wide
        except ValueError:
            fits = False
        if fits:
            value = np.random.default_rng(0).normal(size=wide)
            got = sum_to_shape(value, shape)
            assert got.shape == shape
            np.testing.assert_allclose(got, summed(value, shape), rtol=1e-12, atol=1e-14)
        assert broadcasts_to(shape, wide, wide)


def test_a_value_with_fewer_axes_is_left_for_the_caller_to_refuse():
    value = np.ones(3)
    assert sum_to_shape(value, (1, 3)) is value
    assert sum_to_shape(value, (1, 1, 3)) is value
    assert not broadcasts_to((3,), (3,), (1, 3))
    assert not broadcasts_to((3,), (3,), (2,))
    assert broadcasts_to((3,), (2, 3), (3,)) and broadcasts_to((3,), (2, 3), (2, 1))
