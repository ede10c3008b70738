"""Averages of weights: means over what the weights were, and the rates that go with them."""

import math

import numpy as np
import pytest

import autograd as ag
import nn
from nn.optim import swa_utils

WEIGHTS = np.random.default_rng(0).normal(size=(5, 3, 2))


def model():
    return nn.Sequential(nn.Linear(2, 3, bias=False), nn.BatchNorm1d(3)).double()


def averaged(count=5, **options):
    made = model()
    average = swa_utils.AveragedModel(made, **options)
    for k, weight in enumerate(WEIGHTS[:count]):
        with ag.no_grad():
            made[0].weight[...] = weight
            made[1].running_mean[...] = k
        average.update_parameters(made)
    return average


def test_the_average_is_the_mean_of_all():
    average = averaged()
    np.testing.assert_allclose(average.module[0].weight.data, WEIGHTS.mean(0), rtol=1e-14)
    assert average.n_averaged.item() == 5
    assert average.module[1].running_mean.tolist() == [4, 4, 4]  # the last one
    assert average.module[1].num_batches_tracked.item() == 0
    assert "n_averaged" in average.state_dict() and "module.0.weight" in average.state_dict()


@pytest.mark.parametrize("kind", ["avg_fn", "multi_avg_fn"])
@pytest.mark.parametrize("buffers", [False, True])
def test_the_last_ones_count_more(kind, buffers):
    make = {"avg_fn": swa_utils.get_ema_avg_fn, "multi_avg_fn": swa_utils.get_ema_multi_avg_fn}[
        kind
    ]
    average = averaged(use_buffers=buffers, **{kind: make(0.75)})
    wanted, mean = WEIGHTS[0], 0.0
    for k, weight in enumerate(WEIGHTS[1:], 1):
        wanted, mean = 0.75 * wanted + 0.25 * weight, 0.75 * mean + 0.25 * k
    np.testing.assert_allclose(average.module[0].weight.data, wanted, rtol=1e-14)
    np.testing.assert_allclose(average.module[1].running_mean.data, mean if buffers else 4)


def test_batch_norms_are_computed_anew_and_left_as_they_were():
    made = model()
    made.eval()
    x = np.random.default_rng(1).normal(size=(4, 6, 2))
    swa_utils.update_bn([(ag.tensor(batch), None) for batch in x], made)
    seen = x @ made[0].weight.data.T
    np.testing.assert_allclose(made[1].running_mean.data, seen.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(made[1].running_var.data, seen.var(1, ddof=1).mean(0), rtol=1e-12)
    assert made[1].momentum == 0.1 and not made.training and not made[1].training
    assert made[0].weight.grad is None
    swa_utils.update_bn(iter(()), nn.Linear(2, 2))
    with pytest.raises(ZeroDivisionError):
        swa_utils.update_bn((1 / 0 for _ in range(1)), made)
    assert made[1].momentum == 0.1 and not made[1].training


@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_the_rate_moves_to_its_end_and_stays(strategy):
    optimizer = nn.optim.SGD(
        [{"params": [nn.Parameter([1.0])]}, {"params": [nn.Parameter([1.0])], "lr": 0.4}], lr=1.0
    )
    schedule = swa_utils.SWALR(optimizer, [0.2, 0.1], anneal_epochs=4, anneal_strategy=strategy)
    for epoch in range(7):
        share = min(1, epoch / 4)
        share = share if strategy == "linear" else (1 - math.cos(math.pi * share)) / 2
        wanted = [0.2 * share + 1.0 * (1 - share), 0.1 * share + 0.4 * (1 - share)]
        np.testing.assert_allclose(schedule.get_last_lr(), wanted, rtol=1e-13)
        optimizer.step()
        schedule.step()
    state = schedule.state_dict()
    again = swa_utils.SWALR(optimizer, 0.3, anneal_epochs=4)
    again.load_state_dict(state)
    assert again.swa_lr == [0.2, 0.1] and again.get_last_lr() == schedule.get_last_lr()
    assert swa_utils.SWALR(optimizer, 0.3, anneal_epochs=0).get_last_lr() == [0.3, 0.3]


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="AveragedModel: give one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(model(), avg_fn=max, multi_avg_fn=max)
    with pytest.raises(TypeError, match="AveragedModel: model must be a Module, got 3"):
        swa_utils.AveragedModel(3)
    with pytest.raises(TypeError, match="update_bn: model must be a Module"):
        swa_utils.update_bn([], [])
    with pytest.raises(ValueError, match="is made otherwise than the one copied"):
        averaged().update_parameters(nn.Linear(2, 3))
    with pytest.raises(ValueError, match="decay"):
        swa_utils.get_ema_avg_fn(1.5)
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    for options in ({"anneal_epochs": -1}, {"anneal_strategy": "step"}, {"swa_lr": [0.1, 0.2]}):
        with pytest.raises(ValueError, match="SWALR"):
            swa_utils.SWALR(optimizer, **{"swa_lr": 0.1, **options})


@pytest.mark.torch
@pytest.mark.parametrize("epochs", [0, 3])
@pytest.mark.parametrize("strategy", ["cos", "linear"])
def test_rates_after_another_schedule_are_pytorchs(torch, strategy, epochs):
    found = []
    for optim, utils, p in (
        (torch.optim, torch.optim.swa_utils, torch.ones(1, requires_grad=True)),
        (nn.optim, swa_utils, nn.Parameter([1.0])),
    ):
        optimizer = optim.SGD([p], lr=1.0)
        other = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=8)
        schedule = utils.SWALR(optimizer, 0.05, anneal_epochs=epochs, anneal_strategy=strategy)
        rates = []
        for epoch in range(9):
            optimizer.step()
            (other if epoch < 3 else schedule).step()
            rates.append(optimizer.param_groups[0]["lr"])
        found.append(rates)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)
