"""What random layers leave of a tensor has the tensor's dtype, also where something is dropped."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("p", [0.0, 0.4, 1.0])
@pytest.mark.parametrize(
    "name",
    ["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout"],
)
def test_dropouts_keep_the_dtype(name, p, dtype):
    nn.manual_seed(0)
    axes = int(name[-2]) if name[-1] == "d" else 2
    x = ag.tensor(np.full((3, 4) + (2,) * axes, 0.5, dtype), requires_grad=True)
    y = getattr(F, name)(x, p, training=True)
    assert y.dtype == dtype
    (g,) = ag.grad(y.sum(), [x])
    assert g.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_number_for_the_variance_stands_beside_the_input(dtype):
    x = ag.tensor(np.array([0.5, 2.0], dtype))
    assert F.gaussian_nll_loss(x, x * 2, 0.7).dtype == dtype
