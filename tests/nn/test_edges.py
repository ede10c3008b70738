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


@pytest.mark.parametrize("name, arguments", [("avg_pool3d", ()), ("lp_pool3d", (2.0,))])
def test_a_window_larger_than_the_volume(name, arguments):
    """Refused in 3-d, also where padding or ``ceil_mode`` would make room; in 2-d it is not."""
    for options in ({"ceil_mode": True}, {"padding": 1})[: 1 if arguments else 2]:
        with pytest.raises(
            ValueError, match=rf"^{name}: kernel_size \(2, 2, 2\) is larger .*1×1×1"
        ):
            getattr(F, name)(ag.ones(1, 1, 1, 1, 1), *arguments, 2, **options)
    assert F.avg_pool2d(ag.ones(1, 1, 1, 1), 2, padding=1).shape == (1, 1, 1, 1)


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.5])])
@pytest.mark.parametrize("options", [{}, {"label_smoothing": 0.2, "ignore_index": 1}])
def test_cross_entropy_of_scalars(weight, options):
    x, y = np.random.default_rng(0).normal(size=(4, 3)), np.array([0, 1, 2, 2])
    whole, single = ag.tensor(x, requires_grad=True), ag.scalars(x)
    losses = [F.cross_entropy(z, y, weight, **options) for z in (whole, single)]
    assert losses[0].item() == pytest.approx(losses[1].item())
    for loss in losses:
        loss.backward()
    np.testing.assert_allclose([t.grad.item() for t in single.flat], whole.grad.numpy().ravel())
    with pytest.raises(IndexError, match="^cross_entropy: target 7 is not one"):
        F.cross_entropy(single, y + 7, weight)


def test_rows_are_those_of_the_table_whatever_part_of_the_gradient_passes():
    rng = np.random.default_rng(0)
    table = np.concatenate([rng.standard_normal((997, 3)), [[np.inf, np.nan, -0.0]]])
    weight = ag.tensor(table.astype(np.float32), requires_grad=True)
    index = rng.integers(0, 998, 5000)
    found = F.embedding(index, weight, 3, scale_grad_by_freq=True)
    np.testing.assert_array_equal(found.detach().numpy(), weight.detach().numpy()[index])
    found.sum().backward()
    seen = np.isin(np.arange(998), index) & (np.arange(998) != 3)
    np.testing.assert_allclose(weight.grad.numpy()[:997], seen[:997, None] * np.ones(3), rtol=1e-6)
