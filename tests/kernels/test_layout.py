"""Batch-last memory: the order of axes, the copies made, and those not made."""

import numpy as np
import pytest

from autograd.kernels import layout

SHAPES = pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 6), (3, 4, 5, 6, 7), (1, 1, 5, 6)])


@SHAPES
def test_the_batch_runs_fastest_then_width_then_channels(shape):
    for make in (layout.empty_batch_last, layout.zeros_batch_last):
        a = make(shape, np.float32)
        assert a.shape == shape and a.dtype == np.float32 and layout.is_batch_last(a)
        order = (0, -1, 1, *range(a.ndim - 2, 1, -1))  # from fast to slow
        strides = [a.strides[axis] for axis in order if a.shape[axis] > 1]
        assert strides == sorted(strides)
    assert not layout.zeros_batch_last(shape, int).any()


@SHAPES
def test_views_are_inverse_and_share_memory(shape):
    a = np.random.default_rng(0).normal(size=shape)
    view = layout.memory_view(a)
    assert np.shares_memory(view, a)
    assert view.shape == (*shape[2:-1], shape[1], shape[-1], shape[0])
    np.testing.assert_array_equal(layout.shape_view(view), a)


def test_conversion_copies_only_where_needed():
    a = np.random.default_rng(0).normal(size=(3, 4, 5, 6))
    assert not layout.is_batch_last(a)
    b = layout.to_batch_last(a)
    assert layout.is_batch_last(b) and not np.shares_memory(a, b)
    np.testing.assert_array_equal(a, b)
    assert layout.to_batch_last(b) is b and layout.to_batch_last(b, np.float64) is b
    c = layout.to_batch_last(b, np.float32)
    assert c.dtype == np.float32 and layout.is_batch_last(c) and not np.shares_memory(b, c)


@pytest.mark.parametrize("function", [layout.memory_axes, layout.shape_axes])
def test_a_spatial_axis_is_needed(function):
    with pytest.raises(ValueError, match="spatial axis"):
        function(2)
