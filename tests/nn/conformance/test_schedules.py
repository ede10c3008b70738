"""Schedules against PyTorch, with drawn settings, step by step in double precision."""

import numpy as np
import pytest

import nn

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

STEPS = 40


def whole(rng, low, high):
    return int(rng.integers(low, high))


def drawn(rng):
    """Settings for every kind of schedule: functions of the module of schedules and an optimizer."""
    a, b, c = rng.uniform(0.05, 0.95, 3).tolist()
    n, m, k = whole(rng, 1, 9), whole(rng, 1, 9), whole(rng, 1, 4)
    mode = str(rng.choice(["triangular", "triangular2", "exp_range"]))
    low, high = [[min(a, x), max(a, x)] for x in (b, c)]
    yield "linear", lambda s, o: s.LinearLR(o, a, b, n)
    yield "constant", lambda s, o: s.ConstantLR(o, a, n)
    yield "polynomial", lambda s, o: s.PolynomialLR(o, n, k * a)
    yield "multiplicative", lambda s, o: s.MultiplicativeLR(o, lambda t: a + b / t)
    yield "restarts", lambda s, o: s.CosineAnnealingWarmRestarts(o, n, k, a * b)
    yield "one cycle", lambda s, o: s.OneCycleLR(o, [a, b], STEPS + n, pct_start=c)
    yield "cyclic", lambda s, o: s.CyclicLR(o, a, [b, c], n, m, mode, a, None, "cycle", True, *low)
    yield (
        "scaled",
        lambda s, o: s.CyclicLR(o, a, b, n, scale_fn=lambda x: c**x, cycle_momentum=False),
    )
    yield (
        "chained",
        lambda s, o: s.ChainedScheduler(
            [s.LinearLR(o, a, b, n), s.PolynomialLR(o, STEPS + m, k), s.StepLR(o, float(m), c)]
        ),
    )
    yield (
        "sequence",
        lambda s, o: s.SequentialLR(
            o,
            [
                s.ConstantLR(o, a, n),
                s.CosineAnnealingWarmRestarts(o, m, k),
                s.PolynomialLR(o, 9, 1 + high[0]),
            ],
            [n, n + 12],
        ),
    )


def path(optim, parameters, make, betas):
    groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.4}]
    optimizer = optim.Adam(groups, lr=0.1) if betas else optim.SGD(groups, lr=0.1, momentum=0.5)
    schedule = make(optim.lr_scheduler, optimizer)
    found = []
    for _ in range(STEPS):
        found += [
            [group["lr"], group["betas"][0] if betas else group["momentum"]]
            for group in optimizer.param_groups
        ]
        optimizer.step()
        schedule.step()
        found.append(schedule.get_last_lr())
    return found


@pytest.mark.parametrize("seed", range(12))
def test_rates_and_momenta(torch, seed):
    ours = [nn.Parameter(np.ones(1)) for _ in range(2)]
    theirs = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    for name, make in drawn(np.random.default_rng(seed)):
        wanted = path(torch.optim, theirs, make, seed % 2)
        np.testing.assert_allclose(
            path(nn.optim, ours, make, seed % 2), wanted, rtol=1e-12, atol=1e-13, err_msg=name
        )


def test_a_cosine_that_is_sent_to_an_epoch(torch):
    for length, factor in [(4, 1), (3, 2), (1, 3)]:
        ours = nn.optim.SGD([nn.Parameter(np.ones(1))], lr=0.3)
        theirs = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=0.3)
        kind = "CosineAnnealingWarmRestarts"
        ours = getattr(nn.optim.lr_scheduler, kind)(ours, length, factor, 0.01)
        theirs = getattr(torch.optim.lr_scheduler, kind)(theirs, length, factor, 0.01)
        for epoch in [0, 0.5, 1.25, None, 7.75, None, None, 2, 20.5, None, 0.25, None]:
            ours.step(epoch)
            theirs.step(epoch)
            np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-12)
            assert (ours.last_epoch, ours.T_i) == (theirs.last_epoch, theirs.T_i), epoch
