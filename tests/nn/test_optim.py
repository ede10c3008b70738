"""Optimizers and schedules against PyTorch: live (marker ``torch``) and as recorded in a file.

``python tests/nn/test_optim.py`` records anew, with PyTorch installed.
"""

import json
import math
import weakref
from pathlib import Path

import numpy as np
import pytest

import autograd
import nn
from nn.optim import lr_scheduler

RECORDED = Path(__file__).with_name("optim_reference.json")
STEPS = 30
START = np.array([[1.5, -2.0, 0.25], [0.0, 3.0, -0.75]])
TARGET = np.array([[0.5, 1.0, -1.0], [2.0, 0.0, 0.0]])
CURVATURE = np.array([[1.0, 4.0, 0.2], [2.0, 9.0, 0.0]])

OPTIMIZERS = {
    "sgd": ("SGD", {"lr": 0.05}),
    "sgd default": ("SGD", {}),
    "sgd momentum": ("SGD", {"lr": 0.02, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    "sgd nesterov": ("SGD", {"lr": 0.02, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    "sgd maximize": ("SGD", {"lr": 1e-3, "maximize": True, "weight_decay": 0.1, "momentum": 0.5}),
    "adam": ("Adam", {"lr": 0.1}),
    "adam decay": ("Adam", {"lr": 0.1, "betas": (0.8, 0.95), "weight_decay": 0.1, "eps": 1e-3}),
    "adam amsgrad": ("Adam", {"lr": 0.2, "amsgrad": True, "maximize": True}),
    "adamw": ("AdamW", {"lr": 0.1}),
    "adamw decay": ("AdamW", {"lr": 0.1, "weight_decay": 0.3, "amsgrad": True}),
    "adamw maximize": ("AdamW", {"lr": 0.01, "weight_decay": 0.3, "maximize": True}),
    "adagrad": ("Adagrad", {"lr": 0.5}),
    "adagrad decay": (
        "Adagrad",
        {"lr": 0.5, "lr_decay": 0.1, "weight_decay": 0.1, "initial_accumulator_value": 0.5},
    ),
    "rmsprop": ("RMSprop", {"lr": 0.05}),
    "rmsprop centered": (
        "RMSprop",
        {"lr": 0.01, "centered": True, "momentum": 0.9, "weight_decay": 0.1, "alpha": 0.9},
    ),
    "rmsprop momentum": ("RMSprop", {"lr": 0.01, "momentum": 0.5, "maximize": True}),
    "nadam": ("NAdam", {"lr": 0.1}),
    "nadam decay": ("NAdam", {"lr": 0.1, "weight_decay": 0.2, "momentum_decay": 0.1, "eps": 1e-3}),
    "nadam decoupled": (
        "NAdam",
        {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True, "betas": (0.8, 0.9)},
    ),
    "nadam maximize": ("NAdam", {"lr": 0.01, "weight_decay": 0.3, "maximize": True}),
    "radam": ("RAdam", {"lr": 0.1}),
    "radam decay": ("RAdam", {"lr": 0.1, "weight_decay": 0.2, "betas": (0.8, 0.9), "eps": 1e-3}),
    "radam decoupled": (
        "RAdam",
        {"lr": 0.1, "weight_decay": 0.3, "decoupled_weight_decay": True, "maximize": True},
    ),
    "radam short": ("RAdam", {"lr": 0.1, "betas": (0.5, 0.6)}),
    "adamax": ("Adamax", {"lr": 0.1}),
    "adamax decay": ("Adamax", {"lr": 0.1, "weight_decay": 0.2, "betas": (0.8, 0.5), "eps": 1e-2}),
    "adamax maximize": ("Adamax", {"lr": 0.01, "maximize": True}),
    "adadelta": ("Adadelta", {}),
    "adadelta decay": ("Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 1e-2, "weight_decay": 0.1}),
    "adadelta maximize": ("Adadelta", {"maximize": True}),
    "rprop": ("Rprop", {"lr": 0.1}),
    "rprop bounds": ("Rprop", {"lr": 0.1, "etas": (0.3, 1.7), "step_sizes": (0.05, 0.3)}),
    "rprop maximize": ("Rprop", {"maximize": True}),
}

SCHEDULES = {
    "step": ("StepLR", {"step_size": 4, "gamma": 0.5}),
    "multistep": ("MultiStepLR", {"milestones": [3, 7, 7, 20], "gamma": 0.3}),
    "exponential": ("ExponentialLR", {"gamma": 0.9}),
    "cosine": ("CosineAnnealingLR", {"T_max": 9, "eta_min": 0.01}),
    "linear": ("LinearLR", {"start_factor": 0.25, "end_factor": 0.8, "total_iters": 6}),
    "linear default": ("LinearLR", {}),
    "constant": ("ConstantLR", {"factor": 0.2, "total_iters": 4}),
    "polynomial": ("PolynomialLR", {"total_iters": 9, "power": 2.5}),
    "polynomial default": ("PolynomialLR", {}),
    "restarts": ("CosineAnnealingWarmRestarts", {"T_0": 4}),
    "restarts longer": ("CosineAnnealingWarmRestarts", {"T_0": 3, "T_mult": 2, "eta_min": 0.02}),
    "cyclic": ("CyclicLR", {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 4}),
    "cyclic two": (
        "CyclicLR",
        {
            "base_lr": [0.1, 0.2],
            "max_lr": [0.4, 0.3],
            "step_size_up": 3,
            "step_size_down": 5,
            "mode": "triangular2",
            "base_momentum": 0.6,
            "max_momentum": [0.7, 0.9],
        },
    ),
    "cyclic exp": (
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 4, "mode": "exp_range", "gamma": 0.9},
    ),
    "onecycle": ("OneCycleLR", {"max_lr": 0.3, "total_steps": STEPS + 1}),
    "onecycle three": (
        "OneCycleLR",
        {
            "max_lr": 0.3,
            "epochs": 5,
            "steps_per_epoch": 7,
            "three_phase": True,
            "anneal_strategy": "linear",
            "pct_start": 0.4,
        },
    ),
    "plateau": ("ReduceLROnPlateau", {"patience": 2, "factor": 0.5, "cooldown": 1}),
    "plateau abs": (
        "ReduceLROnPlateau",
        {
            "mode": "max",
            "patience": 0,
            "factor": 0.7,
            "threshold": 0.3,
            "threshold_mode": "abs",
            "min_lr": 0.02,
        },
    ),
}


def gradient(values, step):
    """Of a quadratic with a wobble, so that no buffer ever settles."""
    return CURVATURE * (values - TARGET) + np.sin(step + np.arange(6.0)).reshape(2, 3)


def run_optimizer(optim, parameter, values, set_grad, name, options):
    """The parameter after every step of a run; works on our classes and on PyTorch's."""
    optimizer = getattr(optim, name)([parameter], **options)
    path = []
    for step in range(STEPS):
        set_grad(parameter, gradient(values(parameter), step))
        optimizer.step()
        path.append(values(parameter).ravel().tolist())
    return path


def run_schedule(optim, schedulers, parameter, set_grad, make):
    """Rates and momenta of two groups along a run."""
    optimizer = optim.SGD(
        [{"params": [parameter[0]]}, {"params": [parameter[1]], "lr": 0.4}], lr=0.1, momentum=0.5
    )
    schedule = make(schedulers, optimizer)
    path = []
    for step in range(STEPS):
        path.append([group[key] for group in optimizer.param_groups for key in ("lr", "momentum")])
        for p in parameter:
            set_grad(p, np.zeros(p.shape))
        optimizer.step()
        if type(schedule).__name__ == "ReduceLROnPlateau":
            schedule.step(math.cos(step / 3) + 1.5)
        else:
            schedule.step()
    return path


def by_name(name, options):
    return lambda schedulers, optimizer: getattr(schedulers, name)(optimizer, **options)


def in_sequence(schedulers, optimizer):
    return schedulers.SequentialLR(
        optimizer,
        [
            schedulers.LinearLR(optimizer, start_factor=0.1, total_iters=5),
            schedulers.CosineAnnealingLR(optimizer, T_max=8),
            schedulers.ExponentialLR(optimizer, gamma=0.5),
        ],
        milestones=[5, 20],
    )


def by_lambda(schedulers, optimizer):
    return schedulers.LambdaLR(optimizer, [lambda t: 0.95**t, lambda t: 1 / (t + 1)])


MAKERS = {name: by_name(*case) for name, case in SCHEDULES.items()}
MAKERS |= {
    "sequence": in_sequence,
    "lambda": by_lambda,
    "multiplicative": lambda s, o: s.MultiplicativeLR(o, [lambda t: 0.95, lambda t: t / (t + 1)]),
    "chained": lambda s, o: s.ChainedScheduler(
        [s.ConstantLR(o, 0.1, 4), s.ExponentialLR(o, 0.9), s.MultiStepLR(o, [6, 11], 0.5)]
    ),
    "scaled by cycle": lambda s, o: s.CyclicLR(o, 0.1, 0.5, 3, scale_fn=lambda n: 1 / n),
    "scaled by iteration": lambda s, o: s.CyclicLR(
        o, 0.1, 0.5, 3, scale_fn=lambda n: 1 / (n + 1), scale_mode="iterations"
    ),
}


def ours_set_grad(p, g):
    p.grad = autograd.tensor(np.asarray(g, dtype=p.dtype))


def ours_optimizer(case):
    p = nn.Parameter(START)
    return run_optimizer(nn.optim, p, lambda p: p.data, ours_set_grad, *OPTIMIZERS[case])


def ours_schedule(case):
    p = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(3))]
    return run_schedule(nn.optim, lr_scheduler, p, ours_set_grad, MAKERS[case])


def torch_optimizer(torch, case):
    def set_grad(p, g):
        p.grad = torch.tensor(g, dtype=p.dtype)

    p = torch.nn.Parameter(torch.tensor(START))
    values = lambda p: p.detach().numpy()
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # in which NAdam keeps the product of its momenta
    try:
        return run_optimizer(torch.optim, p, values, set_grad, *OPTIMIZERS[case])
    finally:
        torch.set_default_dtype(before)


def torch_schedule(torch, case):
    def set_grad(p, g):
        p.grad = torch.tensor(g, dtype=p.dtype)

    p = [torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(3))]
    return run_schedule(torch.optim, torch.optim.lr_scheduler, p, set_grad, MAKERS[case])


@pytest.fixture(scope="module")
def recorded():
    return json.loads(RECORDED.read_text())


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_optimizer_follows_the_recorded_run(case, recorded):
    np.testing.assert_allclose(ours_optimizer(case), recorded["optimizers"][case], rtol=1e-8)


@pytest.mark.parametrize("case", MAKERS)
def test_schedule_follows_the_recorded_run(case, recorded):
    np.testing.assert_allclose(
        ours_schedule(case), recorded["schedules"][case], rtol=1e-8, atol=1e-12
    )


@pytest.mark.torch
@pytest.mark.parametrize("case", OPTIMIZERS)
def test_optimizer_follows_pytorch(case, torch):
    np.testing.assert_allclose(ours_optimizer(case), torch_optimizer(torch, case), rtol=1e-8)
    if case.split()[0] in ("nadam", "radam", "adamax", "adadelta", "rprop"):
        np.testing.assert_allclose(
            ours_optimizer(case), torch_optimizer(torch, case), rtol=1e-12, atol=1e-13
        )


@pytest.mark.torch
@pytest.mark.parametrize("case", MAKERS)
def test_schedule_follows_pytorch(case, torch):
    np.testing.assert_allclose(
        ours_schedule(case), torch_schedule(torch, case), rtol=1e-8, atol=1e-12
    )


def test_a_milestone_at_0_counts_from_the_start():
    """As in PyTorch."""
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    schedule = lr_scheduler.MultiStepLR(optimizer, [0, 0, 2], gamma=0.1)
    rates = []
    for _ in range(3):
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step()
    assert rates == pytest.approx([0.005, 0.005, 0.0005])


def test_schedules_side_by_side_multiply():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    first = lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
    second = lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.1)
    for _ in range(3):
        first.step()
        second.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.5 * 0.9**3 * 0.1)


@pytest.mark.parametrize("name", sorted({name for name, _ in OPTIMIZERS.values()}))
def test_float32_and_0d_parameters_take_the_same_steps(name):
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    vector = nn.Parameter(np.float32([2.0]))
    scalar = nn.Parameter(np.float32(2.0))
    optimizers = [getattr(nn.optim, name)([p], lr=0.1, **options) for p in (vector, scalar)]
    for _ in range(3):
        for p, optimizer in zip((vector, scalar), optimizers, strict=True):
            optimizer.zero_grad()
            (p * p).sum().backward()
            optimizer.step()
    assert vector.dtype == scalar.dtype == np.float32
    assert scalar.shape == ()
    assert scalar.item() == vector.item() < 2.0


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_halves_are_stepped_in_float32_and_rounded_once(case):
    """Beside the same optimizer in float64, which is given the rounded parameter at every step."""
    name, options = OPTIMIZERS[case]
    half = nn.Parameter(np.float16([1.5, -2.0, 0.25, 3.0, -0.75, 100.0]))
    double = nn.Parameter(half.data.astype(np.float64))
    optimizers = [getattr(nn.optim, name)([p], **options) for p in (half, double)]
    for step in range(STEPS):
        with autograd.no_grad():
            double[...] = half.data.astype(np.float64)
        g = np.float16([0.0, 1.0, 1e-4, 6e-8, -6e4, 300.0]) * np.float16(math.cos(step))
        for p, optimizer in zip((half, double), optimizers, strict=True):
            ours_set_grad(p, g)
            optimizer.step()
        off = np.abs(half.data.astype(np.float64) - double.data)
        near = np.abs(double.data) * 1e-4  # what float32's own rounding may change
        assert (off <= np.spacing(np.abs(half.data)).astype(np.float64) / 2 + near).all()
    for kept, exact in zip(*(optimizer.state.values() for optimizer in optimizers), strict=True):
        for key in set(kept) - {"step", "mu_product"}:
            assert kept[key].dtype == np.float32
            scale = np.abs(exact[key]).max(initial=1e-30)
            np.testing.assert_allclose(kept[key], exact[key], rtol=2e-3, atol=scale * 1e-6)


@pytest.mark.parametrize("name", ["Adam", "AdamW", "Adagrad", "RMSprop"])
def test_eps_is_not_0_for_halves(name):
    p = nn.Parameter(np.ones(2, np.float16))
    optimizer = getattr(nn.optim, name)([p], lr=0.01)
    ours_set_grad(p, [0.0, 1e-4])
    optimizer.step()
    assert p.data[0] == pytest.approx(1.0, abs=1e-3)
    assert np.isfinite(p.data).all()


def test_a_centred_variance_that_rounds_below_0_is_0():
    p = nn.Parameter(np.ones(1000, np.float32))
    optimizer = nn.optim.RMSprop([p], lr=0.01, centered=True)
    g = np.random.default_rng(3).uniform(0.1, 1e4, 1000).astype(np.float32)
    for _ in range(3000):
        ours_set_grad(p, g)
        optimizer.step()
    assert np.isfinite(p.data).all()


def test_options_switched_on_and_off_between_steps_are_followed():
    def run(name, steps, **changes):
        p = nn.Parameter([1.0, 2.0])
        optimizer = getattr(nn.optim, name)([p], lr=0.1)
        if name == "Adam":
            optimizer.param_groups[0]["betas"] = (0.9, 0.3)  # so that v falls
        for step in range(steps):
            optimizer.param_groups[0].update(changes.get(f"at{step}", {}))
            ours_set_grad(p, np.array([1.0, -0.5]) / (step + 1))
            optimizer.step()
        return p.tolist()

    on, off = {"at1": {"momentum": 0.9}}, {"at1": {"momentum": 0.9}, "at2": {"momentum": 0.0}}
    for name in ("SGD", "RMSprop"):
        assert run(name, 3, **on) != run(name, 3)
        assert run(name, 3, **on) != run(name, 3, **off)
        assert run(name, 2, **on) == run(name, 2)  # the first step with momentum has none before
    switched = {"at1": {"amsgrad": True}, "at2": {"amsgrad": False}}
    assert run("Adam", 3, **switched) == run("Adam", 3)
    assert run("Adam", 3, at1={"amsgrad": True}) != run("Adam", 3)
    assert run("RMSprop", 2, at1={"centered": True}) != run("RMSprop", 2)


def test_step_is_noticed_by_a_backward_that_saved_the_parameter():
    p = nn.Parameter([1.0, 2.0])
    optimizer = nn.optim.SGD([p], lr=0.1)
    loss = (p * p).sum()
    loss.backward(retain_graph=True)
    optimizer.step()
    with pytest.raises(RuntimeError, match="multiply"):
        loss.backward()


def test_parameters_without_gradient_stay():
    a, b = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = nn.optim.Adam([a, b], weight_decay=0.1)
    ours_set_grad(a, [1.0])
    optimizer.step()
    assert a.item() != 1.0
    assert b.item() == 1.0
    assert b not in optimizer.state


def test_closure_runs_with_recording_on_and_its_loss_is_returned():
    p = nn.Parameter([3.0])
    optimizer = nn.optim.SGD([p], lr=0.5)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with autograd.no_grad():
        assert optimizer.step(closure).item() == 9.0
    assert p.item() == 0.0


def test_zero_grad_forgets_or_zeroes():
    p = nn.Parameter([1.0, 2.0])
    optimizer = nn.optim.SGD([p])
    ours_set_grad(p, [1.0, 1.0])
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("case", OPTIMIZERS)
def test_going_on_from_a_state_dict_is_the_same_run(case):
    name, options = OPTIMIZERS[case]
    p = nn.Parameter(START)
    optimizer = getattr(nn.optim, name)([p], **options)
    expected = ours_optimizer(case)
    for step in range(STEPS):
        if step == 11:  # everything anew from what was saved
            saved = optimizer.state_dict()
            p = nn.Parameter(p)
            optimizer = getattr(nn.optim, name)([p], lr=123.0)
            optimizer.load_state_dict(saved)
        ours_set_grad(p, gradient(p.data, step))
        optimizer.step()
    np.testing.assert_array_equal(p.data.ravel(), expected[-1])


def test_state_dict_is_a_copy():
    p = nn.Parameter([1.0])
    optimizer = nn.optim.SGD([p], momentum=0.9)
    ours_set_grad(p, [1.0])
    optimizer.step()
    saved = optimizer.state_dict()
    ours_set_grad(p, [1.0])
    optimizer.step()
    assert saved["state"][0]["momentum_buffer"].tolist() == [1.0]
    assert saved["param_groups"][0]["params"] == [0]


@pytest.mark.parametrize("case", MAKERS)
def test_schedule_goes_on_from_its_state_dict(case):
    def make():
        p = [nn.Parameter(np.ones(2)), nn.Parameter(np.ones(3))]
        optimizer = nn.optim.SGD(
            [{"params": [p[0]]}, {"params": [p[1]], "lr": 0.4}], lr=0.1, momentum=0.5
        )
        return optimizer, MAKERS[case](lr_scheduler, optimizer)

    path = []
    optimizer, schedule = make()
    for step in range(STEPS):
        if step == 13:
            saved = optimizer.state_dict(), schedule.state_dict()
            optimizer, schedule = make()
            optimizer.load_state_dict(saved[0])
            schedule.load_state_dict(saved[1])
        path.append([group[key] for group in optimizer.param_groups for key in ("lr", "momentum")])
        plateau = type(schedule).__name__ == "ReduceLROnPlateau"
        schedule.step(*[math.cos(step / 3) + 1.5] * plateau)
    np.testing.assert_array_equal(path, ours_schedule(case))


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda s: s["param_groups"].append({"params": []}), ValueError, r"\[2, 0\].*\[2\]"),
        (lambda s: s["param_groups"][0]["params"].pop(), ValueError, r"\[1\].*\[2\]"),
        (lambda s: s["param_groups"][0].update(lr=-1.0), ValueError, "lr"),
        (lambda s: s["state"].update({7: {}}), ValueError, "7"),
        (
            lambda s: s["state"][0].update(momentum_buffer=np.zeros(3)),
            ValueError,
            r"momentum_buffer.*\(3,\).*\(2,\)",
        ),
        (lambda s: s.pop("state"), TypeError, "state"),
    ],
)
def test_a_bad_state_dict_changes_nothing(change, error, message):
    a, b = nn.Parameter([1.0, 2.0]), nn.Parameter([3.0])
    optimizer = nn.optim.SGD([a, b], lr=0.1, momentum=0.9)
    ours_set_grad(a, [1.0, 1.0])
    optimizer.step()
    bad = optimizer.state_dict()
    change(bad)
    with pytest.raises(error, match=message):
        optimizer.load_state_dict(bad)
    assert optimizer.param_groups[0]["lr"] == 0.1
    assert optimizer.state[a]["momentum_buffer"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("SGD", {"lr": -0.1}, ValueError),
        ("SGD", {"lr": math.nan}, ValueError),
        ("SGD", {"lr": "0.1"}, TypeError),
        ("SGD", {"lr": True}, TypeError),
        ("SGD", {"momentum": -1}, ValueError),
        ("SGD", {"nesterov": True}, ValueError),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, ValueError),
        ("SGD", {"maximize": 1}, TypeError),
        ("Adam", {"betas": (0.9, 1.0)}, ValueError),
        ("Adam", {"betas": 0.9}, TypeError),
        ("Adam", {"eps": -1e-8}, ValueError),
        ("AdamW", {"weight_decay": -0.1}, ValueError),
        ("Adagrad", {"lr_decay": math.inf}, ValueError),
        ("RMSprop", {"alpha": 1.1}, ValueError),
        ("NAdam", {"momentum_decay": -1}, ValueError),
        ("NAdam", {"decoupled_weight_decay": 1}, TypeError),
        ("RAdam", {"betas": 0.9}, TypeError),
        ("Adamax", {"betas": (1.0, 0.9)}, ValueError),
        ("Adadelta", {"rho": 1.1}, ValueError),
        ("Rprop", {"etas": (1.0, 1.2)}, ValueError),
        ("Rprop", {"etas": (0.5, 1.0)}, ValueError),
        ("Rprop", {"step_sizes": 0.1}, TypeError),
        ("Rprop", {"step_sizes": (0.2, 0.1)}, ValueError),
    ],
)
def test_hyper_parameters_are_checked(name, options, error):
    with pytest.raises(error, match=f"{name}: {next(iter(options))}"):
        getattr(nn.optim, name)([nn.Parameter([1.0])], **options)


def test_parameters_are_checked():
    p = nn.Parameter([1.0])
    for params, error, message in [
        ([], ValueError, "empty"),
        (p, TypeError, "iterable"),
        ([1.0], TypeError, "tensor"),
        ([p, p], ValueError, "twice"),
        ([p * 2], ValueError, "leaf"),
        ([autograd.tensor([1, 2])], TypeError, "int64"),
        ([{"lr": 0.1}], TypeError, "params"),
        ([{"params": {p}}], TypeError, "order"),
        ({p}, TypeError, "order.*in place of the set"),
        (frozenset([p]), TypeError, "order.*in place of the frozenset"),
        (weakref.WeakSet([p]), TypeError, "order.*in place of the WeakSet"),
        ([{"params": [p], "learning_rate": 0.1}], ValueError, "learning_rate"),
        ([{"params": [p], "lr": -1}], ValueError, "lr"),
    ]:
        with pytest.raises(error, match=message):
            nn.optim.SGD(params)


def test_parameters_may_be_the_keys_or_values_of_a_dictionary():
    p, q = nn.Parameter([1.0]), nn.Parameter([2.0])
    for params in ({p: 1, q: 2}.keys(), {"p": p, "q": q}.values(), {"p": p, "q": q}.items()):
        assert nn.optim.SGD(params).param_groups[0]["params"] == [p, q]


def test_a_group_may_be_filled_later():
    """As in PyTorch: no groups are a mistake, an empty one may be meant."""
    optimizer = nn.optim.SGD([{"params": []}], lr=0.1)
    p = nn.Parameter([1.0])
    optimizer.param_groups[0]["params"].append(p)
    ours_set_grad(p, [1.0])
    optimizer.step()
    assert p.item() == pytest.approx(0.9)


def test_groups_have_their_own_options_and_can_be_added():
    a, b, c = (nn.Parameter([1.0]) for _ in range(3))
    optimizer = nn.optim.SGD([{"params": [a]}, {"params": b, "lr": 1.0}], lr=0.1)
    optimizer.add_param_group({"params": [("c", c)], "weight_decay": 1.0})
    for p in (a, b, c):
        ours_set_grad(p, [1.0])
    optimizer.step()
    assert [p.item() for p in (a, b, c)] == pytest.approx([0.9, 0.0, 0.8])


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda o: lr_scheduler.StepLR(o, step_size=0), ValueError, "step_size"),
        (lambda o: lr_scheduler.StepLR(o, step_size=1.5), TypeError, "step_size"),
        (lambda o: lr_scheduler.StepLR(None, step_size=1), TypeError, "optimizer"),
        (lambda o: lr_scheduler.MultiStepLR(o, [5, 3]), ValueError, "milestones"),
        (lambda o: lr_scheduler.ExponentialLR(o, "x"), TypeError, "gamma"),
        (lambda o: lr_scheduler.ExponentialLR(o, 0.9, last_epoch=3), ValueError, "initial_lr"),
        (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), ValueError, "factor"),
        (lambda o: lr_scheduler.LinearLR(o, start_factor=0.0), ValueError, "start_factor"),
        (lambda o: lr_scheduler.CosineAnnealingLR(o, 0), ValueError, "T_max"),
        (lambda o: lr_scheduler.LambdaLR(o, [abs, abs]), ValueError, "lr_lambda"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1), ValueError, "total_steps"),
        (lambda o: lr_scheduler.OneCycleLR(o, [0.1, 0.2], 10), ValueError, "max_lr"),
        (lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, pct_start=2), ValueError, "pct_start"),
        (
            lambda o: lr_scheduler.OneCycleLR(o, 0.1, 10, anneal_strategy="sin"),
            ValueError,
            "anneal_strategy",
        ),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="low"), ValueError, "mode"),
        (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError, "factor"),
        (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError, "milestone"),
        (lambda o: lr_scheduler.PolynomialLR(o, 0), ValueError, "total_iters"),
        (lambda o: lr_scheduler.MultiplicativeLR(o, [abs, abs]), ValueError, "lr_lambda"),
        (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1.5), TypeError, "T_0"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, mode="up"), ValueError, "mode"),
        (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1, scale_fn=2), TypeError, "scale_fn"),
        (lambda o: lr_scheduler.CyclicLR(o, [0.1, 0.2], 1), ValueError, "base_lr"),
        (lambda o: lr_scheduler.ChainedScheduler([]), ValueError, "empty"),
        (lambda o: lr_scheduler.ChainedScheduler([o]), TypeError, "scheduler 0"),
        (
            lambda o: lr_scheduler.ChainedScheduler([lr_scheduler.ReduceLROnPlateau(o)]),
            TypeError,
            "ReduceLROnPlateau",
        ),
        (
            lambda o: lr_scheduler.ChainedScheduler(
                [lr_scheduler.StepLR(o, 1)], nn.optim.SGD([nn.Parameter([1.0])])
            ),
            ValueError,
            "another optimizer",
        ),
    ],
)
def test_schedule_arguments_are_checked(make, error, message):
    optimizer = nn.optim.SGD([nn.Parameter([1.0])])
    with pytest.raises(error, match=message):
        make(optimizer)


def test_one_cycle_ends():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    for _ in range(3):
        schedule.step()
    with pytest.raises(ValueError, match="beyond the 3 steps"):
        schedule.step()


def test_cycles_need_something_to_cycle():
    optimizer = nn.optim.Adagrad([nn.Parameter([1.0])])
    with pytest.raises(ValueError, match="cycle_momentum"):
        lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=3)
    with pytest.raises(ValueError, match="cycle_momentum"):
        lr_scheduler.CyclicLR(optimizer, 0.1, 0.2)


def test_whole_floats_count_epochs():
    """As in PyTorch, where a division often gives them."""

    def rates(make):
        optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5, momentum=0.9)
        schedule = make(optimizer)
        path = []
        for _ in range(5):
            path.append(optimizer.param_groups[0]["lr"])
            schedule.step()
        return path

    for make in (
        lambda o, n: lr_scheduler.StepLR(o, n, 0.5),
        lambda o, n: lr_scheduler.MultiStepLR(o, [n]),
        lambda o, n: lr_scheduler.ConstantLR(o, total_iters=n),
        lambda o, n: lr_scheduler.LinearLR(o, total_iters=n),
        lambda o, n: lr_scheduler.PolynomialLR(o, n),
        lambda o, n: lr_scheduler.CosineAnnealingLR(o, n),
        lambda o, n: lr_scheduler.OneCycleLR(o, 0.1, 3 * n),
        lambda o, n: lr_scheduler.OneCycleLR(o, 0.1, epochs=n, steps_per_epoch=3 * n),
    ):
        assert rates(lambda o, m=make: m(o, 2.0)) == rates(lambda o, m=make: m(o, 2))
        with pytest.raises(TypeError, match=r"\.5 \(float\)"):
            rates(lambda o, m=make: m(o, 2.5))


def test_a_cosine_can_be_sent_to_any_epoch_and_goes_on_from_there():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=1.0)
    schedule = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 4, 2)
    for epoch, place, length in [(1, 1, 4), (3.5, 3.5, 4), (4, 0, 4 * 2), (13.25, 1.25, 16)]:
        schedule.step(epoch)
        assert (schedule.T_cur, schedule.T_i) == (place, length)
        rate = (1 + math.cos(math.pi * place / length)) / 2
        assert schedule.get_last_lr() == pytest.approx([rate], abs=1e-15)
    schedule.step()
    assert (schedule.last_epoch, schedule.T_cur) == (14, 2.25)
    with pytest.raises(ValueError, match="epoch"):
        schedule.step(-1)
    assert schedule.last_epoch == 14


class TestClipping:
    def parameters(self, *grads):
        result = []
        for grad in grads:
            p = nn.Parameter(np.zeros(np.shape(grad)))
            ours_set_grad(p, np.asarray(grad, dtype=float))
            result.append(p)
        return result

    @pytest.mark.parametrize(("kind", "norm"), [(2.0, 13.0), (1.0, 19.0), (math.inf, 12.0)])
    def test_norm(self, kind, norm):
        p = self.parameters([3.0, -4.0], [[12.0]])
        total = nn.utils.clip_grad_norm_(p, 1.0, norm_type=kind)
        assert total.item() == pytest.approx(norm)
        np.testing.assert_allclose(p[0].grad.data, np.array([3.0, -4.0]) / norm, rtol=1e-6)
        np.testing.assert_allclose(p[1].grad.data, [[12.0 / norm]], rtol=1e-6)

    def test_small_gradients_stay_exactly(self):
        p = self.parameters([0.3, 0.4])
        nn.utils.clip_grad_norm_(p, 1.0)
        assert p[0].grad.tolist() == [0.3, 0.4]

    def test_nonfinite(self):
        p = self.parameters([math.nan, 1.0])
        with pytest.raises(RuntimeError, match="nan"):
            nn.utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)
        assert p[0].grad.data[1] == 1.0

    def test_value(self):
        p = self.parameters([3.0, -4.0, 0.5])
        nn.utils.clip_grad_value_(p[0], 1.0)
        assert p[0].grad.tolist() == [1.0, -1.0, 0.5]

    def test_vector_there_and_back(self):
        p = [nn.Parameter([[1.0, 2.0]]), nn.Parameter(3.0)]
        vector = nn.utils.parameters_to_vector(p)
        assert vector.tolist() == [1.0, 2.0, 3.0]
        nn.utils.vector_to_parameters(vector * 2, p)
        assert p[0].tolist() == [[2.0, 4.0]]
        assert p[1].item() == 6.0
        with pytest.raises(ValueError, match=r"\(3,\).*\(2,\)"):
            nn.utils.vector_to_parameters(vector[:2], p)


def record():
    import torch

    reference = {
        "optimizers": {case: torch_optimizer(torch, case) for case in OPTIMIZERS},
        "schedules": {case: torch_schedule(torch, case) for case in MAKERS},
    }
    RECORDED.write_text(json.dumps(reference))


if __name__ == "__main__":
    record()


def test_a_schedule_that_begins_anew_in_a_sequence_forgets_the_part_of_its_epoch():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
    warm = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=4)
    warm.step(2.5)
    constant = lr_scheduler.ConstantLR(optimizer, factor=0.1, total_iters=100)
    both = lr_scheduler.SequentialLR(optimizer, [constant, warm], milestones=[1])
    optimizer.step()
    both.step()
    assert optimizer.param_groups[0]["lr"] == 0.5 and warm.T_cur == 0.0
