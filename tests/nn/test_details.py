"""Small things of layers and functions, each of which nothing else would notice."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F


@pytest.mark.parametrize("momentum", [0.1, 0.3, None])
@pytest.mark.parametrize("layer", [nn.BatchNorm1d, nn.BatchNorm2d])
def test_running_statistics_move_by_momentum_or_average(layer, momentum):
    made = layer(3, momentum=momentum)
    rng = np.random.default_rng(0)
    mean, var = np.zeros(3), np.ones(3)
    for count in range(1, 4):
        x = rng.normal(2.0, 3.0, (5, 3, 4) if layer is nn.BatchNorm1d else (5, 3, 2, 4))
        made(ag.tensor(x.astype(np.float32)))
        share = 1 / count if momentum is None else momentum
        axes = tuple(a for a in range(x.ndim) if a != 1)
        mean = (1 - share) * mean + share * x.mean(axes)
        var = (1 - share) * var + share * x.var(axes, ddof=1)
        np.testing.assert_allclose(made.running_mean.data, mean, rtol=1e-5)
        np.testing.assert_allclose(made.running_var.data, var, rtol=1e-5)


def test_embedding_tables_have_two_axes():
    for shape in ((3,), (3, 2, 2), ()):
        with pytest.raises(ValueError, match=r"embedding: weight must have shape \(rows, width\)"):
            F.embedding([0], ag.tensor(np.ones(shape)))


def test_padding_rows_are_counted_from_the_end_too():
    assert nn.Embedding(5, 2, padding_idx=-1).padding_idx == 4
    assert nn.Embedding(5, 2, padding_idx=0).padding_idx == 0
    assert nn.Embedding(5, 2).padding_idx is None
    for bad in (5, -6):
        with pytest.raises(IndexError, match="padding_idx"):
            nn.Embedding(5, 2, padding_idx=bad)


def test_rows_that_are_too_long_are_shortened():
    table = ag.tensor([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0]])
    found = F.embedding([0, 1], table, max_norm=2.5)
    np.testing.assert_allclose(found.data, [[1.5, 2.0], [0.3, 0.4]], rtol=1e-6)
    assert table.data[2].tolist() == [6.0, 8.0]  # was not looked up


@pytest.mark.parametrize(("mode", "axes"), [("linear", 1), ("bilinear", 2), ("trilinear", 3)])
def test_modes_of_interpolation_are_for_their_number_of_axes(mode, axes):
    for n in (1, 2, 3):
        x = ag.tensor(np.ones((1, 1, *[4] * n)))
        if n == axes:
            assert F.interpolate(x, scale_factor=2, mode=mode).shape == (1, 1, *[8] * n)
        else:
            with pytest.raises(ValueError, match=mode):
                F.interpolate(x, scale_factor=2, mode=mode)


def test_modules_give_each_thing_once_and_go_all_the_way_down():
    inner = nn.Linear(2, 2)
    model = nn.Sequential(inner, nn.Sequential(inner, nn.BatchNorm1d(2)))
    assert [name for name, _ in model.named_parameters()] == [
        "0.weight", "0.bias", "1.1.weight", "1.1.bias"
    ]  # fmt: skip
    assert [name for name, _ in model.named_modules()] == ["", "0", "1", "1.1"]
    assert [name for name, _ in model.named_buffers()] == [
        "1.1.running_mean", "1.1.running_var", "1.1.num_batches_tracked"
    ]  # fmt: skip
    everything = [name for name, _ in model.named_modules(remove_duplicate=False)]
    assert everything == ["", "0", "1", "1.0", "1.1"]


@pytest.mark.parametrize("function", [F.glu, F.softmax, F.log_softmax])
def test_samples_without_a_batch_keep_their_number_of_axes(function):
    x = ag.tensor(np.arange(4.0))
    assert function(x, dim=-1).data.ndim == 1


@pytest.mark.parametrize("n", [1, 2, 3])
def test_images_without_a_batch_keep_their_number_of_axes(n):
    x = ag.tensor(np.random.default_rng(0).normal(size=(2, *[6] * n)))
    for name, arguments in (("max_pool", (2,)), ("avg_pool", (2,)), ("adaptive_avg_pool", (3,))):
        function = getattr(F, f"{name}{n}d")
        one, batch = function(x, *arguments), function(x[None], *arguments)
        assert one.shape == (2, *[3] * n)
        np.testing.assert_array_equal(one.data, batch.data[0])


def test_weighted_losses_are_averaged_over_the_weights():
    rng = np.random.default_rng(1)
    x, t, w = rng.normal(size=(4, 3)), np.array([0, 2, 1, 2]), np.array([0.5, 2.0, 1.0])
    log_p = x - np.log(np.exp(x).sum(1, keepdims=True))
    expected = -(w[t] * log_p[np.arange(4), t]).sum() / w[t].sum()
    for loss in (
        F.cross_entropy(ag.tensor(x), t, weight=ag.tensor(w)),
        F.nll_loss(ag.tensor(log_p), t, weight=ag.tensor(w)),
    ):
        assert loss.shape == ()
        np.testing.assert_allclose(loss.item(), expected, rtol=1e-12)


def test_linear_adds_its_bias_to_vectors_matrices_and_more():
    rng = np.random.default_rng(2)
    w, b = rng.normal(size=(3, 4)), rng.normal(size=3)
    for shape in ((4,), (2, 4), (2, 5, 4)):
        x = rng.normal(size=shape)
        np.testing.assert_allclose(F.linear(ag.tensor(x), w, b).data, x @ w.T + b, rtol=1e-12)
        np.testing.assert_allclose(F.linear(ag.tensor(x), w).data, x @ w.T, rtol=1e-12)


def test_classes_out_of_range_are_refused_by_one_hot():
    assert F.one_hot([0, 2]).tolist() == [[1, 0, 0], [0, 0, 1]]
    for bad in ([-1], [3]):
        with pytest.raises(IndexError, match="not one of the 3 classes"):
            F.one_hot(bad, 3)
