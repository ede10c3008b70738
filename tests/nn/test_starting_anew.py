"""What is set back: parameters drawn anew, schedules that begin again, strides and targets in other forms."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

LAYERS = [
    ("Linear", (4, 3)), ("Bilinear", (2, 3, 4)), ("Embedding", (5, 3)), ("EmbeddingBag", (5, 3)),
    ("Conv1d", (2, 4, 3)), ("Conv2d", (2, 4, 3)), ("Conv3d", (2, 4, 2)), ("ConvTranspose1d", (2, 4, 3)),
    ("ConvTranspose2d", (2, 4, 3)), ("ConvTranspose3d", (2, 4, 2)), ("RNN", (3, 4)), ("LSTM", (3, 4)),
    ("GRU", (3, 4)), ("RNNCell", (3, 4)), ("LSTMCell", (3, 4)), ("GRUCell", (3, 4)),
    ("MultiheadAttention", (4, 2)), ("LayerNorm", (4,)), ("RMSNorm", (4,)), ("GroupNorm", (2, 4)),
    ("BatchNorm1d", (4,)), ("BatchNorm2d", (4,)), ("BatchNorm3d", (4,)), ("PReLU", (3,)),
]  # fmt: skip


@pytest.mark.parametrize("name, arguments", LAYERS, ids=[name for name, _ in LAYERS])
def test_parameters_are_set_anew_as_a_new_layer_has_them(name, arguments):
    layer = getattr(nn, name)(*arguments)
    new = {key: p.detach().numpy().copy() for key, p in layer.named_parameters()}
    for p in layer.parameters():
        with ag.no_grad(), ag.writable(p) as array:
            array[...] = 77.0
    layer.reset_parameters()
    for key, p in layer.named_parameters():
        now, before = p.detach().numpy(), new[key]
        if (before == before.flat[0]).all():  # a constant: the same again
            assert np.array_equal(now, before), key
        else:  # drawn: other numbers, of the same order
            assert np.abs(now).max() < 10.0 and not np.array_equal(now, before), key
            assert 0.2 < np.abs(now).mean() / np.abs(before).mean() < 5.0, key


def test_layers_without_parameters_can_be_set_anew():
    for layer in (nn.LayerNorm(3, elementwise_affine=False), nn.LayerNorm(3, bias=False)):
        layer.reset_parameters()
        assert all(np.array_equal(p.detach().numpy(), np.ones(3)) for p in layer.parameters())


def test_attention_has_the_width_of_a_head():
    width = nn.MultiheadAttention(12, 3).head_dim
    assert width == 4 and type(width) is int


def test_a_schedule_that_stood_within_an_epoch_begins_a_sequence_at_its_start():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    scheduler = nn.optim.lr_scheduler
    restarts = scheduler.CosineAnnealingWarmRestarts(optimizer, 4)
    restarts.step(1.5)
    before = scheduler.ConstantLR(optimizer, 0.5, total_iters=5)
    sequence = scheduler.SequentialLR(optimizer, [before, restarts], [2])
    rates = []
    for _ in range(4):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        sequence.step()
    cosine = [(1 + np.cos(np.pi * k / 4)) / 2 for k in range(2)]
    np.testing.assert_allclose(rates, [0.5, 0.5, *cosine])


@pytest.mark.parametrize("stride", [1, (1, 2), [2, 1], (3, 3), (), [], None])
def test_a_pooling_of_ones_own_steps_as_the_built_in_one_does(stride):
    x = np.random.default_rng(0).normal(size=(2, 3, 7, 9))
    got = F.pool(ag.tensor(x), lambda w: w.mean(axis=(-2, -1)), (2, 3), stride)
    step = (2, 3) if stride is None or stride in ((), []) else np.broadcast_to(stride, 2)
    view = np.lib.stride_tricks.sliding_window_view(x, (2, 3), (2, 3))[:, :, :: step[0], :: step[1]]
    np.testing.assert_allclose(got.numpy(), view.mean(axis=(-2, -1)))
    np.testing.assert_allclose(F.avg_pool2d(ag.tensor(x), (2, 3), stride).numpy(), got.numpy())


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("signs", [np.int8, np.int64, np.float32, np.float64])
def test_signs_of_any_dtype_leave_a_loss_in_the_dtype_of_its_scores(dtype, signs):
    if dtype is np.float16:
        signs = np.int8  # beside other floating-point numbers halves become single
    x = ag.tensor(np.array([0.5, -2.0, 1.5]), dtype=dtype)
    y = ag.tensor(np.array([1.0, 0.25, -1.0]), dtype=dtype)
    a = ag.tensor(np.array([[0.5, 1.0], [1.0, 2.0], [-1.0, 0.5]]), dtype=dtype)
    b = ag.tensor(np.array([[1.0, 0.5], [2.0, -1.0], [1.0, 1.0]]), dtype=dtype)
    target = np.array([1, -1, 1], signs)
    for given in (target, ag.tensor(target)):
        x64, y64, t = (np.asarray(v.numpy(), np.float64) for v in (x, y, ag.tensor(target)))
        losses = {
            "margin_ranking_loss": (
                F.margin_ranking_loss(x, y, given),
                np.maximum(0, -t * (x64 - y64)),
            ),
            "soft_margin_loss": (F.soft_margin_loss(x, given), np.log1p(np.exp(-t * x64))),
            "hinge_embedding_loss": (
                F.hinge_embedding_loss(x, given),
                np.where(t > 0, x64, np.maximum(0, 1 - x64)),
            ),
        }
        assert F.cosine_embedding_loss(a, b, given).dtype == dtype
        for name, (got, due) in losses.items():
            assert got.dtype == dtype, name
            np.testing.assert_allclose(got.item(), due.mean(), rtol=2e-3, err_msg=name)


def test_an_index_to_ignore_goes_with_classes_alone():
    scores, shares = ag.tensor([[1.0, 2.0, 0.5]]), ag.tensor([[0.2, 0.5, 0.3]])
    due = F.cross_entropy(scores, shares).item()
    for ignored in (-100, -1):  # no class has it
        assert F.cross_entropy(scores, shares, ignore_index=ignored).item() == due
    for ignored in (0, 1):
        with pytest.raises(ValueError, match="ignore_index goes with classes, not with prob"):
            F.cross_entropy(scores, shares, ignore_index=ignored)


def test_sizes_to_unflatten_into_are_numbers_or_one_open():
    x = ag.zeros(2, 12)
    assert nn.Unflatten(1, (-1, 4))(x).shape == nn.Unflatten(1, (3, -1))(x).shape == (2, 3, 4)
    for size in (-2, -3):
        with pytest.raises(ValueError, match="^Unflatten: unflattened_size must be"):
            nn.Unflatten(1, (size, 4))
    with pytest.raises(ValueError, match="only one size may be"):
        nn.Unflatten(1, (-1, -1))


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_a_layer_in_another_precision_stays_in_it(dtype):
    norm = nn.BatchNorm1d(3).to(dtype)
    for start in (norm.reset_running_stats, norm.reset_parameters):
        start()
        assert {t.dtype.name for t in (norm.running_mean, norm.running_var, norm.weight)} == {dtype}
