"""Going on from a saved run is never having stopped: every schedule, optimizer and chain, every step.

The oracle is the run that goes through. PyTorch is asked where it agrees with itself.
"""

import copy
import math

import numpy as np
import pytest

import autograd
import nn
from nn.optim import lr_scheduler

STEPS = 12

OPTIMIZERS = {
    "sgd": ("SGD", {"momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True, "maximize": True}),
    "plain": ("SGD", {"momentum": 0.0}),
    "adam": ("Adam", {"betas": (0.8, 0.9), "weight_decay": 0.1}),
    "amsgrad": ("AdamW", {"amsgrad": True, "weight_decay": 0.1}),
    "adagrad": ("Adagrad", {"lr_decay": 0.1, "initial_accumulator_value": 0.2}),
    "rmsprop": ("RMSprop", {"momentum": 0.5, "centered": True, "alpha": 0.9}),
    "nadam": ("NAdam", {"momentum_decay": 0.1, "decoupled_weight_decay": True}),
    "radam": ("RAdam", {"weight_decay": 0.1, "betas": (0.8, 0.9)}),
    "adamax": ("Adamax", {"weight_decay": 0.1}),
    "adadelta": ("Adadelta", {"rho": 0.7}),
    "rprop": ("Rprop", {"etas": (0.4, 1.3)}),
}

SCHEDULES = {
    "step": lambda s, o, e: s.StepLR(o, 3, 0.5, last_epoch=e),
    "multistep": lambda s, o, e: s.MultiStepLR(o, [2, 5, 5, 9], 0.3, last_epoch=e),
    "milestone 0": lambda s, o, e: s.MultiStepLR(o, [0, 4], 0.3, last_epoch=e),
    "exponential": lambda s, o, e: s.ExponentialLR(o, 0.9, last_epoch=e),
    "constant": lambda s, o, e: s.ConstantLR(o, 0.3, 4, last_epoch=e),
    "linear": lambda s, o, e: s.LinearLR(o, 0.2, 0.7, 6, last_epoch=e),
    "cosine": lambda s, o, e: s.CosineAnnealingLR(o, 5, 0.01, last_epoch=e),
    "lambda": lambda s, o, e: s.LambdaLR(o, lambda t: 1 / (t + 1), last_epoch=e),
    "polynomial": lambda s, o, e: s.PolynomialLR(o, 8, 1.5, last_epoch=e),
    "multiplicative": lambda s, o, e: s.MultiplicativeLR(o, lambda t: t / (t + 1), last_epoch=e),
    "restarts": lambda s, o, e: s.CosineAnnealingWarmRestarts(o, 2, 2, 0.01, last_epoch=e),
    "cyclic": lambda s, o, e: s.CyclicLR(
        o, [0.1, 0.4], 0.6, 2, 3, "triangular2", cycle_momentum=False, last_epoch=e
    ),
    "exp range": lambda s, o, e: s.CyclicLR(
        o, 0.2, 0.6, 3, None, "exp_range", 0.9, cycle_momentum=False, last_epoch=e
    ),
    "chained": lambda s, o, e: s.ChainedScheduler(
        [s.LinearLR(o, 0.1, total_iters=5, last_epoch=e), s.ExponentialLR(o, 0.8, last_epoch=e)]
    ),
    "onecycle": lambda s, o, e: s.OneCycleLR(
        o, [0.3, 0.4], STEPS + 1, cycle_momentum=False, last_epoch=e
    ),
    "three phases": lambda s, o, e: s.OneCycleLR(
        o, 0.3, STEPS + 1, three_phase=True, cycle_momentum=False, last_epoch=e
    ),
    "sequence": lambda s, o, e: s.SequentialLR(
        o,
        [s.LinearLR(o, 0.1, total_iters=3), s.CosineAnnealingLR(o, 4), s.ExponentialLR(o, 0.5)],
        [3, 8],
        last_epoch=e,
    ),
    "sequence from 0": lambda s, o, e: s.SequentialLR(
        o, [s.StepLR(o, 1), s.MultiStepLR(o, [0, 2], 0.5)], [0], last_epoch=e
    ),
}

#: Several schedules on one optimizer: the rates they set depend on all of them.
CHAINS = {name: [make] for name, make in SCHEDULES.items()} | {
    "warm up and decay": [SCHEDULES["linear"], SCHEDULES["exponential"]],
    "two from 0": [SCHEDULES["milestone 0"], SCHEDULES["constant"]],
    "three": [
        SCHEDULES["step"],
        lambda s, o, e: s.CosineAnnealingLR(o, 5, last_epoch=e),
        SCHEDULES["multistep"],
    ],
    "after a lambda": [SCHEDULES["lambda"], SCHEDULES["step"]],
    "sequence and step": [SCHEDULES["sequence"], SCHEDULES["step"]],
    "first part of a sequence and step": [
        lambda s, o, e: s.SequentialLR(
            o, [s.LinearLR(o, 0.2, 0.7, 6), s.ExponentialLR(o, 0.5)], [99], last_epoch=e
        ),
        SCHEDULES["step"],
    ],
    "restarts in sequence": [
        lambda s, o, e: s.SequentialLR(
            o,
            [
                s.LinearLR(o, 0.1, total_iters=3),
                s.CosineAnnealingWarmRestarts(o, 2, 2),
                s.PolynomialLR(o, 4),
            ],
            [3, 8],
            last_epoch=e,
        )
    ],
    "chain of chains": [
        lambda s, o, e: s.ChainedScheduler([SCHEDULES["chained"](s, o, e), s.StepLR(o, 2, 0.5, e)])
    ],
}
CASES = [
    pytest.param(chain, optimizer, id=f"{name}-{optimizer}")
    for number, (name, chain) in enumerate(CHAINS.items())
    for optimizer in [list(OPTIMIZERS)[number % len(OPTIMIZERS)]]
]


class Run:
    """Two groups of parameters, their optimizer and schedules, and the numbers at every step."""

    def __init__(self, optimizer, values=((1.0, -2.0), (0.5,)), dtype=np.float64):
        name, options = OPTIMIZERS[optimizer]
        self.parameters = [nn.Parameter(np.array(v, dtype)) for v in values]
        a, b = self.parameters
        groups = [{"params": [a]}, {"params": [b], "lr": 0.4}]
        self.optimizer = getattr(nn.optim, name)(groups, lr=0.1, **options)
        self.schedules = []
        self.path = []

    def schedule(self, chain, last_epoch=-1):
        self.schedules = [make(lr_scheduler, self.optimizer, last_epoch) for make in chain]

    def step(self, number):
        groups = self.optimizer.param_groups
        options = [[group.get(key) for key in ("lr", "momentum", "betas")] for group in groups]
        for p in self.parameters:
            p.grad = autograd.tensor((p.data * math.cos(number) + 0.3).astype(p.dtype))
        self.optimizer.step()
        for schedule in self.schedules:
            schedule.step()
        self.path.append((options, [p.tolist() for p in self.parameters]))

    def saved(self):
        values = [p.numpy().copy() for p in map(autograd.Tensor.detach, self.parameters)]
        states = [schedule.state_dict() for schedule in self.schedules]
        return values, copy.deepcopy((self.optimizer.state_dict(), states))


def load_schedules(run, states):
    for schedule, state in zip(run.schedules, states, strict=True):
        schedule.load_state_dict(state)


def schedules_made_first(run, chain, steps, optimizer, states):
    run.schedule(chain)
    run.optimizer.load_state_dict(optimizer)
    load_schedules(run, states)


def schedules_made_last(run, chain, steps, optimizer, states):
    run.optimizer.load_state_dict(optimizer)
    run.schedule(chain)
    load_schedules(run, states)


def schedules_loaded_first(run, chain, steps, optimizer, states):
    run.schedule(chain)
    load_schedules(run, states)
    run.optimizer.load_state_dict(optimizer)


def schedules_loaded_in_another_order(run, chain, steps, optimizer, states):
    run.optimizer.load_state_dict(optimizer)
    run.schedule(chain)
    for schedule, state in reversed(list(zip(run.schedules, states, strict=True))):
        schedule.load_state_dict(state)


def made_with_last_epoch(run, chain, steps, optimizer, states):
    run.optimizer.load_state_dict(optimizer)
    run.schedule(chain, steps - 1)


WAYS = [
    schedules_made_first,
    schedules_made_last,
    schedules_loaded_first,
    schedules_loaded_in_another_order,
    made_with_last_epoch,
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("chain", "optimizer"), CASES)
def test_a_resumed_run_is_the_one_that_never_stopped(way, chain, optimizer):
    whole = Run(optimizer)
    whole.schedule(chain)
    saved = []
    for number in range(STEPS):
        saved.append(whole.saved())
        whole.step(number)
    for stop in range(STEPS):
        values, (optimizer_state, states) = saved[stop]
        resumed = Run(optimizer, values)
        way(resumed, chain, stop, optimizer_state, states)
        for number in range(stop, STEPS):
            resumed.step(number)
        assert resumed.path == whole.path[stop:], f"stopped after {stop} steps"


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_optimizers_go_on_at_every_step(optimizer, dtype):
    whole = Run(optimizer, dtype=dtype)
    saved = []
    for number in range(STEPS):
        saved.append(whole.saved())
        whole.step(number)
    for stop in range(STEPS):
        values, (state, _) = saved[stop]
        resumed = Run(optimizer, values, dtype)
        resumed.optimizer.load_state_dict(state)
        for number in range(stop, STEPS):
            resumed.step(number)
        assert resumed.path == whole.path[stop:]


# Where a schedule does more than multiply what it finds, only the optimizer's state dict can tell.
@pytest.mark.parametrize(
    "name", sorted(set(CHAINS) - {"sequence and step", "after a lambda", "three"})
)
def test_last_epoch_alone_brings_initial_rates_to_where_the_schedule_was(name):
    """Without the optimizer's state dict: groups that stand at their initial rate."""
    chain = CHAINS[name]
    whole = Run("plain")
    whole.schedule(chain)
    for stop in range(STEPS):
        if stop:
            fresh = Run("plain")
            for group in fresh.optimizer.param_groups:
                group["initial_lr"] = group["lr"]
            fresh.schedule(chain, stop - 1)
            rates, expected = (
                [group["lr"] for group in run.optimizer.param_groups] for run in (fresh, whole)
            )
            np.testing.assert_allclose(rates, expected, rtol=1e-12, atol=1e-15)
        whole.step(stop)


def test_rates_that_were_set_by_hand_are_kept_by_last_epoch():
    optimizer = nn.optim.SGD([{"params": [nn.Parameter([1.0])], "initial_lr": 0.8}], lr=0.05)
    schedule = lr_scheduler.StepLR(optimizer, 2, 0.5, last_epoch=3)
    assert optimizer.param_groups[0]["lr"] == 0.05
    assert (schedule.last_epoch, schedule.get_last_lr()) == (4, [0.05])


def test_rates_that_were_loaded_are_kept_by_a_sequence():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.8)
    state = optimizer.state_dict()
    state["param_groups"][0] |= {"lr": 0.05, "initial_lr": 0.8}
    optimizer.load_state_dict(state)
    parts = [lr_scheduler.StepLR(optimizer, 2, 0.5), lr_scheduler.StepLR(optimizer, 1, 0.5)]
    schedule = lr_scheduler.SequentialLR(optimizer, parts, [9], last_epoch=2)
    assert optimizer.param_groups[0]["lr"] == 0.05
    assert (schedule.last_epoch, schedule.get_last_lr()) == (3, [0.05])
    optimizer.step()
    schedule.step()
    assert schedule.get_last_lr() == [0.025]


def test_momentum_and_rates_of_a_cycle_come_back_with_the_schedule_alone():
    makers = (
        lambda o: lr_scheduler.OneCycleLR(o, 0.3, 10),
        lambda o: lr_scheduler.CyclicLR(o, 0.1, 0.3, 3),
    )
    for make in makers:
        the_momentum_comes_back(make)


def the_momentum_comes_back(make):
    groups = []
    for name in ("SGD", "Adam"):
        options = {"momentum": 0.5} if name == "SGD" else {}
        first, second = (getattr(nn.optim, name)([nn.Parameter([1.0])], **options) for _ in "ab")
        schedule = make(first)
        for _ in range(4):
            schedule.step()
        make(second).load_state_dict(schedule.state_dict())
        groups += [
            {key: value for key, value in o.param_groups[0].items() if key != "params"}
            for o in (first, second)
        ]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3]


def test_a_new_schedule_after_loading_a_trained_optimizer_starts_from_its_rates():
    """As in PyTorch: only what was saved before its first step starts over."""
    trained = Run("sgd")
    trained.schedule([SCHEDULES["exponential"]])
    for number in range(3):
        trained.step(number)
    new = Run("sgd")
    new.optimizer.load_state_dict(trained.optimizer.state_dict())
    found = new.optimizer.param_groups[0]["lr"]
    new.schedule([SCHEDULES["constant"]])
    assert new.optimizer.param_groups[0]["lr"] == pytest.approx(0.3 * found)


def test_loaded_rates_are_forgotten_by_the_next_step():
    saved = Run("sgd")
    saved.schedule([SCHEDULES["exponential"]])
    state = saved.schedules[0].state_dict()
    run = Run("sgd")
    run.schedule([SCHEDULES["exponential"]])
    run.optimizer.load_state_dict(saved.optimizer.state_dict())
    run.optimizer.param_groups[0]["lr"] = 0.7
    run.step(0)
    run.schedules[0].load_state_dict({**state, "_last_lr": [0.2, 0.3]})
    assert [group["lr"] for group in run.optimizer.param_groups] == [0.2, 0.3]


def test_a_step_that_raises_is_no_step():
    optimizer = nn.optim.SGD([nn.Parameter([1.0])], momentum=0.9)
    schedule = lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=2)
    schedule.step()
    schedule.step()
    for _ in range(2):
        with pytest.raises(ValueError, match="step 3 lies beyond"):
            schedule.step()
    assert schedule.last_epoch == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [({"_last_lr": [0.1]}, "1 groups were saved, this optimizer has 2"), ({"a": 1}, "unknown")],
)
def test_a_state_dict_of_something_else_changes_nothing(change, message):
    run = Run("sgd")
    run.schedule([SCHEDULES["step"]])
    before = run.schedules[0].state_dict()
    with pytest.raises(ValueError, match=message):
        run.schedules[0].load_state_dict({**before, "step_size": 9, **change})
    assert run.schedules[0].state_dict() == before


@pytest.mark.torch
@pytest.mark.parametrize("name", SCHEDULES)
def test_pytorch_resumes_to_the_same_rates_where_it_agrees_with_itself(torch, name):
    def rates(optim, parameters, until, resume_at=None):
        groups = [{"params": [parameters[0]]}, {"params": [parameters[1]], "lr": 0.4}]
        optimizer = optim.SGD(groups, lr=0.1)
        schedule = SCHEDULES[name](optim.lr_scheduler, optimizer, -1)
        for step in range(until):
            if step == resume_at:
                saved = optimizer.state_dict()
                optimizer = optim.SGD(groups, lr=0.1)
                optimizer.load_state_dict(saved)
                schedule = SCHEDULES[name](optim.lr_scheduler, optimizer, step - 1)
            optimizer.step()
            schedule.step()
        return [group["lr"] for group in optimizer.param_groups]

    ours = [nn.Parameter([1.0]), nn.Parameter([2.0])]
    theirs = [torch.nn.Parameter(torch.ones(1)) for _ in range(2)]
    agreed = 0
    for stop in range(1, STEPS):
        try:
            resumed = rates(torch.optim, theirs, STEPS, stop)
        except Exception:  # some of PyTorch's schedules cannot be made anew
            continue
        if np.allclose(resumed, rates(torch.optim, theirs, STEPS), rtol=1e-9, atol=1e-12):
            agreed += 1
            np.testing.assert_allclose(
                rates(nn.optim, ours, STEPS, stop), resumed, rtol=1e-9, atol=1e-12
            )
    assert agreed or name.startswith("sequence")


@pytest.mark.torch
@pytest.mark.parametrize("name", ["Adam", "SGD", "NAdam", "Rprop"])
def test_a_state_of_pytorchs_is_gone_on_with(torch, name):
    start, gradients = np.array([1.0, -2.0]), [np.array([0.3, -0.1]), np.array([0.2, 0.4])]
    options = {"lr": 0.1} | ({"momentum": 0.9} if name == "SGD" else {})
    theirs = torch.tensor(start, requires_grad=True)
    reference = getattr(torch.optim, name)([theirs], **options)

    def go_on(p, optimizer, gradient):
        p.grad = gradient
        optimizer.step()

    go_on(theirs, reference, torch.tensor(gradients[0]))
    ours = nn.Parameter(theirs.detach().numpy().copy())
    optimizer = getattr(nn.optim, name)([ours], **options)
    optimizer.load_state_dict(reference.state_dict())
    go_on(theirs, reference, torch.tensor(gradients[1]))
    go_on(ours, optimizer, autograd.tensor(gradients[1]))
    rtol = 1e-9 if name == "NAdam" else 1e-12  # whose product of momenta is in float32 there
    np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=rtol)
