"""Layers that draw: dropout between SELUs, drawn slopes, Gumbel noise."""

import numpy as np
import pytest

import autograd
import nn
from nn import functional as F

LOW = -1.7580993408473766


def rng(seed=0):
    return np.random.default_rng(seed)


def test_alpha_dropout_keeps_mean_and_variance():
    x = rng(1).normal(size=(400, 500))
    x = (x - x.mean()) / x.std()
    for p in (0.1, 0.5, 0.9):
        for function in (F.alpha_dropout, F.feature_alpha_dropout):
            y = function(x, p, True, generator=rng())
            assert abs(y.mean()) < 0.01
            assert abs(y.std() - 1) < 0.01


def test_alpha_dropout_sends_dropped_elements_to_the_floor_of_selu():
    p = 0.3
    a = ((1 - p) * (1 + p * LOW**2)) ** -0.5
    x = autograd.tensor(rng(1).normal(size=1000), requires_grad=True)
    y = F.alpha_dropout(x, p, training=True, generator=rng())
    dropped = np.isclose(y.data, a * LOW * (1 - p), rtol=1e-12)
    assert 200 < dropped.sum() < 400
    np.testing.assert_allclose(y.data[~dropped], a * (x.data - LOW * p)[~dropped], rtol=1e-12)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data, np.where(dropped, 0, a), rtol=1e-12)


def test_feature_alpha_dropout_drops_whole_channels():
    y = F.feature_alpha_dropout(autograd.zeros(6, 50, 3, 2), 0.5, True, generator=rng()).data
    assert (y == y[:, :, :1, :1]).all()
    assert len(np.unique(y)) == 2
    assert len(np.unique(y[0])) == 2
    with pytest.raises(
        ValueError, match=r"feature_alpha_dropout: input must have the axes \(N, C\)"
    ):
        F.feature_alpha_dropout(autograd.zeros(3), 0.5, True)


def test_alpha_dropout_of_all_gives_zeros_and_of_none_the_input():
    x = autograd.ones(3, 2)
    for function in (F.alpha_dropout, F.feature_alpha_dropout):
        assert not function(x, 1.0, True).data.any()
        assert function(x, 0.0, True) is x
        assert function(x) is x
        with pytest.raises(ValueError, match="alpha_dropout: p"):
            function(x, 1.5)
    for kind in (nn.AlphaDropout, nn.FeatureAlphaDropout):
        layer = kind(0.5, generator=rng())
        assert repr(layer) == f"{kind.__name__}(p=0.5, inplace=False)"
        assert layer(x).data.min() < 0
        assert layer.eval()(x) is x


def test_slopes_are_drawn_between_the_bounds_and_their_mean_is_taken_in_evaluation():
    x = autograd.tensor(np.linspace(-2.0, 2.0, 1001), requires_grad=True)
    layer = nn.RReLU(0.2, 0.6, generator=rng())
    y = layer(x)
    below = x.data < 0
    slopes = y.data[below] / x.data[below]
    assert slopes.min() > 0.2
    assert slopes.max() < 0.6
    assert abs(slopes.mean() - 0.4) < 0.02
    assert (y.data[~below] == x.data[~below]).all()
    y.sum().backward()
    np.testing.assert_allclose(x.grad.data[below], slopes, rtol=1e-12)
    np.testing.assert_allclose(layer.eval()(x).data, np.where(below, 0.4, 1) * x.data, rtol=1e-12)
    assert repr(layer) == "RReLU(lower=0.2, upper=0.6)"
    for make in (lambda: nn.RReLU(0.3, 0.2), lambda: F.rrelu(x, 0.3, 0.2)):
        with pytest.raises(ValueError, match="lower must not lie above upper, got 0.3 and 0.2"):
            make()


def test_gumbel_samples_follow_the_logits():
    probabilities = np.array([0.1, 0.2, 0.7])
    logits = autograd.tensor(np.broadcast_to(np.log(probabilities), (20000, 3)))
    y = F.gumbel_softmax(logits, 0.3, hard=True, generator=rng()).data
    assert set(np.unique(y)) == {0.0, 1.0}
    assert (y.sum(-1) == 1).all()
    np.testing.assert_allclose(y.mean(0), probabilities, atol=0.015)


@pytest.mark.parametrize("dim", [-1, 0, 1])
def test_gumbel_softmax_is_softmax_of_noisy_logits(dim):
    data = rng(1).normal(size=(4, 5))
    noise = -np.log(rng().standard_exponential((4, 5)))
    wanted = autograd.softmax(autograd.tensor((data + noise) / 0.7), dim).data
    soft, hard = (autograd.tensor(data, requires_grad=True) for _ in range(2))
    y = F.gumbel_softmax(soft, 0.7, dim=dim, generator=rng())
    np.testing.assert_allclose(y.data, wanted, rtol=1e-12)
    z = F.gumbel_softmax(hard, 0.7, True, dim=dim, generator=rng())
    np.testing.assert_array_equal(z.data, wanted == wanted.max(dim, keepdims=True))
    weight = autograd.tensor(rng(2).normal(size=(4, 5)))
    for out in (y, z):
        (out * weight).sum().backward()
    np.testing.assert_allclose(soft.grad.data, hard.grad.data, rtol=1e-12)
    np.testing.assert_allclose(F.gumbel_softmax(data, 0.7, dim=dim, generator=rng()), wanted, 1e-12)


def test_gumbel_softmax_refuses_and_warns():
    x = autograd.zeros(3)
    for tau in (0.0, -1.0):
        with pytest.raises(ValueError, match="gumbel_softmax: tau must be above 0"):
            F.gumbel_softmax(x, tau)
    with pytest.warns(UserWarning, match="gumbel_softmax: eps has no effect"):
        F.gumbel_softmax(x, eps=1e-5)


@pytest.mark.torch
def test_drawn_layers_are_pytorchs_where_nothing_is_drawn(torch):
    x = rng().normal(size=(3, 4))
    theirs, ours = torch.tensor(x), autograd.tensor(x)
    for name, options in [
        ("rrelu", {"lower": 0.1, "upper": 0.5}),
        ("rrelu", {"lower": 0.3, "upper": 0.3, "training": True}),
        ("alpha_dropout", {"p": 0.5}),
        ("alpha_dropout", {"p": 1.0, "training": True}),
        ("feature_alpha_dropout", {"p": 0.5}),
    ]:
        wanted = getattr(torch.nn.functional, name)(theirs, **options)
        np.testing.assert_allclose(getattr(F, name)(ours, **options).data, wanted, rtol=1e-12)


@pytest.mark.torch
def test_dropped_and_kept_values_are_pytorchs(torch):
    x = np.full((50, 40), 0.7)
    for p in (0.2, 0.6):
        wanted = torch.nn.functional.alpha_dropout(torch.tensor(x), p, True).numpy()
        got = F.alpha_dropout(x, p, True, generator=rng())
        np.testing.assert_allclose(
            np.unique(got.round(9)), np.unique(wanted.round(9)), rtol=0, atol=2e-9
        )


def test_a_view_read_backwards_drops_what_its_copy_drops():
    x = np.arange(1.0, 13.0).reshape(3, 4)
    for view in (x[::-1], x[:, ::-1], x[::-1, ::-1], x[::-1].T, x.T[::-1]):
        copy = np.array(view, order="K")
        found, right = (F.dropout(given, 0.5, True, generator=rng()) for given in (view, copy))
        np.testing.assert_array_equal(found, right)
