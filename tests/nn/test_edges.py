"""Corners that random comparison with PyTorch found."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F


@pytest.mark.parametrize("n", [1, 2, 3])
def test_unpooling_an_empty_batch(n):
    x = ag.zeros((0, 2) + (6,) * n, dtype=np.float64, requires_grad=True)
    pool, unpool = getattr(F, f"max_pool{n}d"), getattr(F, f"max_unpool{n}d")
    y = unpool(*pool(x, 2, return_indices=True), 2)
    assert y.shape == x.shape
    y.sum().backward()
    assert x.grad.shape == x.shape


@pytest.mark.parametrize("stride", [100, 2**62, 10**30])
@pytest.mark.parametrize("ceil_mode", [False, True])
def test_a_stride_beyond_the_input_leaves_one_average(stride, ceil_mode):
    x = ag.tensor([[[1.0, 2.0, 6.0]]])
    y = F.avg_pool1d(x, 2, stride=stride, padding=1, ceil_mode=ceil_mode, count_include_pad=False)
    assert y.tolist() == [[[1.0]]]


MANY = np.array([1.0, 2.0])


@pytest.mark.parametrize(
    "call, kind, message",
    [
        (lambda x: F.kl_div(x, x, reduction=MANY), ValueError, "kl_div: reduction must be one of"),
        (lambda x: F.pad(x, (1, 1), value=MANY), TypeError, "value must be a number"),
        (
            lambda x: nn.ConvTranspose1d(1, 1, 1, padding_mode=MANY),
            ValueError,
            "padding_mode must be",
        ),
    ],
)
def test_an_array_where_one_value_belongs(call, kind, message):
    with pytest.raises(kind, match=message):
        call(ag.ones(2, 3))


@pytest.mark.parametrize("name", ["get_submodule", "get_parameter", "get_buffer"])
@pytest.mark.parametrize("target", [0, None, MANY])
def test_a_path_is_a_string(name, target):
    with pytest.raises(TypeError, match=f"^{name}: target must be a dotted path"):
        getattr(nn.Sequential(nn.Linear(2, 2)), name)(target)
