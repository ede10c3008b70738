import numpy as np
import pytest

import autograd as ag
import nn
from autograd.func.buffers import kept_buffers


def test_running_statistics_are_as_before_also_after_an_exception():
    layer = nn.BatchNorm1d(2)
    before = layer.running_mean.data.copy()
    with pytest.raises(KeyError), kept_buffers([layer]):
        layer(ag.tensor(np.arange(8.0, dtype=np.float32).reshape(4, 2)))
        assert not np.array_equal(layer.running_mean.data, before)
        raise KeyError
    np.testing.assert_array_equal(layer.running_mean.data, before)
