"""Optimizers and schedules: defaults, bounds of what is accepted, what is kept and printed."""

import inspect
import math

import numpy as np
import pytest

import autograd
import nn
from nn.optim import lr_scheduler

#: PyTorch's documentation, read once.
DEFAULTS = {
    "SGD": {"lr": 1e-3, "momentum": 0, "dampening": 0, "weight_decay": 0, "nesterov": False},
    "Adam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0, "amsgrad": False},
    "AdamW": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 1e-2},
    "Adagrad": {"lr": 1e-2, "lr_decay": 0, "weight_decay": 0, "eps": 1e-10}
    | {"initial_accumulator_value": 0},
    "RMSprop": {"lr": 1e-2, "alpha": 0.99, "eps": 1e-8, "weight_decay": 0, "momentum": 0}
    | {"centered": False, "maximize": False},
    "NAdam": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}
    | {"momentum_decay": 4e-3, "decoupled_weight_decay": False, "maximize": False},
    "RAdam": {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0}
    | {"decoupled_weight_decay": False, "maximize": False},
    "Adamax": {"lr": 2e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0},
    "Adadelta": {"lr": 1.0, "rho": 0.9, "eps": 1e-6, "weight_decay": 0, "maximize": False},
    "Rprop": {"lr": 1e-2, "etas": (0.5, 1.2), "step_sizes": (1e-6, 50), "maximize": False},
    "StepLR": {"gamma": 0.1, "last_epoch": -1},
    "MultiStepLR": {"gamma": 0.1, "last_epoch": -1},
    "ExponentialLR": {"last_epoch": -1},
    "ConstantLR": {"factor": 1 / 3, "total_iters": 5, "last_epoch": -1},
    "LinearLR": {"start_factor": 1 / 3, "end_factor": 1.0, "total_iters": 5, "last_epoch": -1},
    "CosineAnnealingLR": {"eta_min": 0.0, "last_epoch": -1},
    "LambdaLR": {"last_epoch": -1},
    "OneCycleLR": {"total_steps": None, "epochs": None, "steps_per_epoch": None, "pct_start": 0.3}
    | {"anneal_strategy": "cos", "cycle_momentum": True, "base_momentum": 0.85}
    | {"max_momentum": 0.95, "div_factor": 25.0, "final_div_factor": 1e4, "three_phase": False}
    | {"last_epoch": -1},
    "MultiplicativeLR": {"last_epoch": -1},
    "PolynomialLR": {"total_iters": 5, "power": 1.0, "last_epoch": -1},
    "CosineAnnealingWarmRestarts": {"T_mult": 1, "eta_min": 0.0, "last_epoch": -1},
    "CyclicLR": {"step_size_up": 2000, "step_size_down": None, "mode": "triangular", "gamma": 1.0}
    | {"scale_fn": None, "scale_mode": "cycle", "cycle_momentum": True, "base_momentum": 0.8}
    | {"max_momentum": 0.9, "last_epoch": -1},
    "ChainedScheduler": {"optimizer": None},
    "SequentialLR": {"last_epoch": -1},
    "ReduceLROnPlateau": {"mode": "min", "factor": 0.1, "patience": 10, "threshold": 1e-4}
    | {"threshold_mode": "rel", "cooldown": 0, "min_lr": 0, "eps": 1e-8},
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_defaults_are_pytorchs(name):
    made = getattr(nn.optim, name, None) or getattr(lr_scheduler, name)
    defaults = {
        key: parameter.default
        for key, parameter in inspect.signature(made).parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
    assert {key: defaults[key] for key in DEFAULTS[name]} == DEFAULTS[name]


def optimizer(name="SGD", **options):
    return getattr(nn.optim, name)([nn.Parameter([1.0, 2.0])], **options)


def schedule(name, *args, **options):
    made_on = optimizer(lr=0.1, momentum=0.9)
    made_on.param_groups[0]["initial_lr"] = 0.1
    return getattr(lr_scheduler, name)(made_on, *args, **options)


TINY = 5e-324
BELOW_1, ABOVE_1 = math.nextafter(1.0, 0.0), math.nextafter(1.0, 2.0)

#: A hyper-parameter, the outermost values that are accepted, and the innermost that are refused.
BOUNDS = [
    *[
        (lambda v, n=name, k=key: optimizer(n, **{k: v}), [0, 0.0, 1e300], [-TINY, math.inf])
        for name, keys in [
            ("SGD", "lr momentum weight_decay"),
            ("Adam", "lr eps weight_decay"),
            ("AdamW", "lr eps weight_decay"),
            ("Adagrad", "lr lr_decay weight_decay initial_accumulator_value eps"),
            ("RMSprop", "lr eps weight_decay momentum"),
            ("NAdam", "lr eps weight_decay momentum_decay"),
            ("RAdam", "lr eps weight_decay"),
            ("Adamax", "lr eps weight_decay"),
            ("Adadelta", "lr eps weight_decay"),
            ("Rprop", "lr"),
        ]
        for key in keys.split()
    ],
    (lambda v: optimizer("SGD", dampening=v), [0.0, 1.0], [-TINY, ABOVE_1]),
    (lambda v: optimizer("RMSprop", alpha=v), [0.0, 1.0], [-TINY, ABOVE_1]),
    (lambda v: optimizer("Adadelta", rho=v), [0.0, 1.0], [-TINY, ABOVE_1]),
    (lambda v: optimizer("Rprop", etas=(v, 1.2)), [TINY, BELOW_1], [0.0, 1.0]),
    (lambda v: optimizer("Rprop", etas=(0.5, v)), [ABOVE_1, 9.0], [1.0, math.inf]),
    (lambda v: optimizer("Rprop", step_sizes=(v, 0.5)), [0.0, 0.5], [-TINY, 0.6]),
    (lambda v: optimizer("Adam", betas=(v, 0.5)), [0.0, BELOW_1], [-TINY, 1.0]),
    (lambda v: optimizer("Adam", betas=(0.5, v)), [0.0, BELOW_1], [-TINY, 1.0]),
    (lambda v: optimizer("SGD", nesterov=True, momentum=v), [TINY, 1.0], [0.0]),
    (lambda v: schedule("StepLR", v), [1, 10**9], [0, -1]),
    (lambda v: schedule("StepLR", 2, v), [0.0, 2.0], [-TINY, math.inf]),
    (lambda v: schedule("StepLR", 2, last_epoch=v), [-1, 0, 5], [-2]),
    (lambda v: schedule("MultiStepLR", v), [[], [0], [3, 3]], [[-1], [2, 1]]),
    (lambda v: schedule("MultiStepLR", [1], v), [0.0], [-TINY]),
    (lambda v: schedule("ExponentialLR", v), [0.0], [-TINY]),
    (lambda v: schedule("ConstantLR", v), [TINY, 1.0], [0.0, ABOVE_1]),
    (lambda v: schedule("ConstantLR", 0.5, v), [1], [0]),
    (lambda v: schedule("LinearLR", v), [TINY, 1.0], [0.0, ABOVE_1]),
    (lambda v: schedule("LinearLR", 0.5, v), [0.0, 1.0], [-TINY, ABOVE_1]),
    (lambda v: schedule("LinearLR", 0.5, 1.0, v), [1], [0]),
    (lambda v: schedule("CosineAnnealingLR", v), [1], [0]),
    (lambda v: schedule("CosineAnnealingLR", 3, v), [0.0], [-TINY]),
    (lambda v: schedule("PolynomialLR", v), [1], [0]),
    (lambda v: schedule("PolynomialLR", 5, v), [0.0], [-TINY]),
    (lambda v: schedule("CosineAnnealingWarmRestarts", v), [1], [0]),
    (lambda v: schedule("CosineAnnealingWarmRestarts", 3, v), [1], [0]),
    (lambda v: schedule("CosineAnnealingWarmRestarts", 3, 1, v), [0.0], [-TINY]),
    (lambda v: schedule("CyclicLR", v, 1), [0.0], [-TINY]),
    (lambda v: schedule("CyclicLR", 0.1, v), [0.0], [-TINY]),
    (lambda v: schedule("CyclicLR", 0.1, 1, v), [1, 0.5], [0, -1]),
    (lambda v: schedule("CyclicLR", 0.1, 1, 1, v), [0.0, 1], [-TINY]),
    (lambda v: schedule("CyclicLR", 0.1, 1, gamma=v), [0.0], [-TINY]),
    (lambda v: schedule("CyclicLR", 0.1, 1, base_momentum=v), [0.0], [-TINY]),
    (lambda v: schedule("CyclicLR", 0.1, 1, max_momentum=v), [0.0], [-TINY]),
    (lambda v: schedule("OneCycleLR", 0.1, v), [1], [0]),
    (lambda v: schedule("OneCycleLR", 0.1, None, v, 1), [1], [0]),
    (lambda v: schedule("OneCycleLR", 0.1, None, 1, v), [1], [0]),
    (lambda v: schedule("OneCycleLR", v, 9), [0.0], [-TINY]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, pct_start=v), [0.0, 1.0], [-TINY, ABOVE_1]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, div_factor=v), [1e-3], [0.0, -1.0]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, final_div_factor=v), [1e-3], [0.0, -1.0]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, base_momentum=v), [0.0], [-TINY]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, max_momentum=v), [0.0], [-TINY]),
    (lambda v: schedule("OneCycleLR", 0.1, 9, last_epoch=v), [-1, 8], [-2, 9]),
    (lambda v: schedule("ReduceLROnPlateau", factor=v), [0.0, BELOW_1], [-TINY, 1.0]),
    (lambda v: schedule("ReduceLROnPlateau", patience=v), [0], [-1]),
    (lambda v: schedule("ReduceLROnPlateau", threshold=v), [0.0], [-TINY]),
    (lambda v: schedule("ReduceLROnPlateau", cooldown=v), [0], [-1]),
    (lambda v: schedule("ReduceLROnPlateau", eps=v), [0.0], [-TINY]),
    (lambda v: schedule("ReduceLROnPlateau", min_lr=v), [0.0], [-TINY]),
]


@pytest.mark.parametrize(("make", "accepted", "refused"), BOUNDS)
def test_bounds_are_where_they_are_said_to_be(make, accepted, refused):
    for value in accepted:
        make(value)
    for value in refused:
        with pytest.raises(ValueError, match=r"\w+: "):
            make(value)


class Plateau:
    """ReduceLROnPlateau's rules, written out one after another."""

    def __init__(self, lr, mode, factor, patience, threshold, how, cooldown, least, eps):
        self.lr, self.mode, self.factor, self.patience = lr, mode, factor, patience
        self.threshold, self.how, self.cooldown = threshold, how, cooldown
        self.least, self.eps = least, eps
        self.best, self.bad, self.waiting = None, 0, 0

    def better(self, value):
        if self.best is None:
            return not math.isnan(value)
        if self.mode == "min":
            if self.how == "rel":
                return value < self.best * (1 - self.threshold)
            return value < self.best - self.threshold
        if self.how == "rel":
            return value > self.best * (1 + self.threshold)
        return value > self.best + self.threshold

    def step(self, value):
        if self.better(value):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        if self.waiting > 0:
            self.waiting -= 1
            self.bad = 0
        if self.bad > self.patience:
            new = max(self.lr * self.factor, self.least)
            if self.lr - new > self.eps:
                self.lr = new
            self.waiting, self.bad = self.cooldown, 0
        return self.lr


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("how", ["rel", "abs"])
@pytest.mark.parametrize("seed", range(6))
def test_plateaus_are_found_by_the_written_out_rules(mode, how, seed):
    rng = np.random.default_rng(seed)
    options = {
        "factor": float(rng.choice([0.3, 0.5, 0.9])),
        "patience": int(rng.integers(0, 3)),
        "threshold": float(rng.choice([0.0, 0.1, 0.3])),
        "cooldown": int(rng.integers(0, 3)),
        "eps": float(rng.choice([0.0, 0.02])),
    }
    made_on = optimizer(lr=1.0)
    ours = lr_scheduler.ReduceLROnPlateau(made_on, mode, threshold_mode=how, min_lr=0.05, **options)
    plain = Plateau(
        1.0, mode, options["factor"], options["patience"], options["threshold"], how,
        options["cooldown"], 0.05, options["eps"],
    )  # fmt: skip
    # Steps of a tenth, so that thresholds of 0, 0.1 and 0.3 are met, missed and just missed.
    for count, value in enumerate(1 + rng.integers(0, 12, 60) / 10, start=1):
        ours.step(value)
        assert made_on.param_groups[0]["lr"] == plain.step(value)
        assert ours.last_epoch == count
        assert (ours.best, ours.num_bad_epochs) == (plain.best, plain.bad)
        assert ours.cooldown_counter == plain.waiting


def test_a_threshold_counts_exactly():
    for mode, how, value, better in [
        ("min", "rel", 0.75, False),
        ("min", "rel", math.nextafter(0.75, 0), True),
        ("min", "abs", 0.75, False),
        ("min", "abs", math.nextafter(0.75, 0), True),
        ("max", "rel", 1.25, False),
        ("max", "rel", math.nextafter(1.25, 2), True),
        ("max", "abs", 1.25, False),
        ("max", "abs", math.nextafter(1.25, 2), True),
    ]:
        plateau = lr_scheduler.ReduceLROnPlateau(
            optimizer(), mode, threshold=0.25, threshold_mode=how
        )
        plateau.step(1.0)
        plateau.step(value)
        assert plateau.best == (value if better else 1.0), (mode, how, value)


def test_a_metric_may_be_a_tensor_and_must_be_a_number():
    plateau = lr_scheduler.ReduceLROnPlateau(optimizer())
    plateau.step(autograd.tensor(0.5))
    assert plateau.best == 0.5
    with pytest.raises(TypeError, match="metrics must be a number, got 'low'"):
        plateau.step("low")
    assert plateau.last_epoch == 1


STATE = [
    ("SGD", {}, set()),
    ("SGD", {"momentum": 0.5}, {"momentum_buffer"}),
    ("Adam", {}, {"step", "exp_avg", "exp_avg_sq"}),
    ("AdamW", {"amsgrad": True}, {"step", "exp_avg", "exp_avg_sq", "max_exp_avg_sq"}),
    ("Adagrad", {}, {"step", "sum"}),
    ("RMSprop", {}, {"step", "square_avg"}),
    ("NAdam", {}, {"step", "mu_product", "exp_avg", "exp_avg_sq"}),
    ("RAdam", {}, {"step", "exp_avg", "exp_avg_sq"}),
    ("Adamax", {}, {"step", "exp_avg", "exp_inf"}),
    ("Adadelta", {}, {"step", "square_avg", "acc_delta"}),
    ("Rprop", {}, {"step", "prev", "step_size"}),
    ("RMSprop", {"momentum": 0.5}, {"step", "square_avg", "momentum_buffer"}),
    ("RMSprop", {"centered": True}, {"step", "square_avg", "grad_avg"}),
]


@pytest.mark.parametrize(("name", "options", "names"), STATE)
def test_state_has_pytorchs_names_and_counts_the_steps(name, options, names):
    made = optimizer(name, **options)
    (p,) = made.param_groups[0]["params"]
    for count in range(1, 4):
        p.grad = autograd.tensor(np.ones(2, p.dtype))
        made.step()
        assert set(made.state[p]) == names
        assert made.state[p].get("step", count) == count


@pytest.mark.parametrize(
    ("entry", "error", "message"),
    [
        ({"step": "two"}, TypeError, "Adam.load_state_dict: 'step' must be an integer, got 'two'"),
        ({"exp_avg": np.zeros(3)}, ValueError, r"'exp_avg' has shape \(3,\), its parameter \(2,\)"),
        ({"exp_avg": np.zeros(1)}, ValueError, r"'exp_avg' has shape \(1,\), its parameter \(2,\)"),
        ({"exp_avg": 0.0}, ValueError, r"'exp_avg' has shape \(\), its parameter \(2,\)"),
        ({"exp_avg": "zero"}, TypeError, "'exp_avg' must be an array of numbers, got 'zero'"),
    ],
)
def test_state_that_does_not_fit_is_refused(entry, error, message):
    made = optimizer("Adam")
    (p,) = made.param_groups[0]["params"]
    p.grad = autograd.tensor(np.ones(2, p.dtype))
    made.step()
    saved = made.state_dict()
    saved["state"][0] |= entry
    with pytest.raises(error, match=message):
        made.load_state_dict(saved)


def test_an_optimizer_prints_its_groups():
    a, b = nn.Parameter(np.ones((30, 50))), nn.Parameter([1.0])
    made = nn.optim.SGD([{"params": [a, b]}, {"params": [nn.Parameter(2.0)], "lr": 0.5}], lr=0.1)
    common = "dampening: 0.0\n      lr: {}\n      maximize: False\n      momentum: 0.0\n"
    common += "      nesterov: False\n      weight_decay: 0.0\n"
    assert repr(made) == (
        "SGD (\n  group 0: 2 tensors, 1,501 numbers\n      "
        + common.format(0.1)
        + "  group 1: 1 tensors, 1 numbers\n      "
        + common.format(0.5)
        + ")"
    )
