"""Whatever is passed to modules, containers, optimizers and schedules is understood or refused in
a sentence that begins with who refuses it; no error comes from deeper down."""

import inspect
import math

import numpy as np
import pytest

import autograd
import nn
from nn.optim import lr_scheduler as schedules

JUNK = [
    None, True, False, 0, -1, 1.5, -0.5, math.nan, math.inf, "x", "", b"x", [], (), [1], (1, 2),
    ((1, 2), 3), {}, 2**40, 2**62, object(), np.zeros(3), np.float32(2), np.array(["a"]),
    autograd.tensor([1.0, 2.0]), lambda *_: 0, 1j,
]  # fmt: skip

OPTIMIZERS = (
    "SGD", "Adam", "AdamW", "Adagrad", "RMSprop", "NAdam", "RAdam", "Adamax", "Adadelta", "Rprop"
)  # fmt: skip
SCHEDULES = {
    "StepLR": {"step_size": 3},
    "MultiStepLR": {"milestones": [1]},
    "ExponentialLR": {"gamma": 0.9},
    "ConstantLR": {},
    "LinearLR": {},
    "CosineAnnealingLR": {"T_max": 4},
    "LambdaLR": {"lr_lambda": lambda t: 1.0},
    "MultiplicativeLR": {"lr_lambda": lambda t: 1.0},
    "PolynomialLR": {},
    "CosineAnnealingWarmRestarts": {"T_0": 2},
    "CyclicLR": {"base_lr": 0.1, "max_lr": 0.2},
    "OneCycleLR": {"max_lr": 0.1, "total_steps": 5},
    "ReduceLROnPlateau": {},
}


def parameter():
    p = nn.Parameter(np.ones((2, 3)))
    p.grad = autograd.ones_like(p)
    return p


def sgd():
    return nn.optim.SGD([parameter()], momentum=0.5)


def check(call, *who):
    """Calls with every piece of junk; a refusal must be of the right kind and say who refuses."""
    for junk in JUNK:
        try:
            call(junk)
        except (ValueError, TypeError, IndexError, RuntimeError) as error:
            assert str(error).startswith(who), f"{junk!r}: {type(error).__name__}: {error}"


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # a learning rate of 2**62 overflows
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    make = getattr(nn.optim, name)
    check(lambda junk: make(junk), name)
    for argument in list(inspect.signature(make).parameters)[1:]:
        check(lambda junk, a=argument: make([parameter()], **{a: junk}).step(), name)


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    make = getattr(schedules, name)

    def run(optimizer, **options):
        schedule = make(optimizer, **options)
        for _ in range(3):
            schedule.step(*[1.0] * (name == "ReduceLROnPlateau"))

    check(lambda junk: run(junk, **SCHEDULES[name]), name)
    check(lambda junk: make(sgd(), **SCHEDULES[name]).load_state_dict(junk), name)
    for argument in list(inspect.signature(make).parameters)[1:]:
        check(lambda junk, a=argument: run(sgd(), **{**SCHEDULES[name], a: junk}), name)


def test_sequences_and_plateaus():
    def sequence(junk_schedules=None, milestones=(1,)):
        optimizer = sgd()
        parts = [schedules.StepLR(optimizer, 1), schedules.StepLR(optimizer, 1)]
        return schedules.SequentialLR(optimizer, junk_schedules or parts, milestones)

    check(lambda junk: schedules.SequentialLR(sgd(), junk, [1]), "SequentialLR")
    check(lambda junk: sequence(milestones=junk), "SequentialLR")
    check(lambda junk: sequence().load_state_dict(junk), "SequentialLR")
    check(lambda junk: schedules.ReduceLROnPlateau(sgd()).step(junk), "ReduceLROnPlateau")


@pytest.mark.parametrize(
    "make",
    [
        lambda junk: junk,
        lambda junk: {"state": junk, "param_groups": [{"params": [0]}]},
        lambda junk: {"state": {}, "param_groups": junk},
        lambda junk: {"state": {0: junk}, "param_groups": [{"params": [0]}]},
        lambda junk: {"state": {0: {"step": junk}}, "param_groups": [{"params": [0]}]},
        lambda junk: {"state": {0: {"m": junk}}, "param_groups": [{"params": [0]}]},
        lambda junk: {"state": {}, "param_groups": [{"params": junk}]},
        lambda junk: {"state": {}, "param_groups": [{"params": [0], "lr": junk}]},
    ],
)
def test_state_of_an_optimizer(make):
    check(lambda junk: sgd().load_state_dict(make(junk)), "SGD")


def test_groups_and_closures():
    check(lambda junk: sgd().add_param_group(junk), "SGD")
    check(lambda junk: sgd().add_param_group({"params": junk}), "SGD")
    check(lambda junk: sgd().step(junk), "SGD")


def test_clipping_and_vectors():
    clip = nn.utils.clip_grad_norm_
    check(lambda junk: clip(junk, 1.0), "clip_grad_norm_")
    check(lambda junk: clip([parameter()], junk), "clip_grad_norm_")
    check(lambda junk: clip([parameter()], 1.0, junk), "clip_grad_norm_")
    check(lambda junk: nn.utils.clip_grad_value_(junk, 1.0), "clip_grad_value_")
    check(lambda junk: nn.utils.clip_grad_value_([parameter()], junk), "clip_grad_value_")
    check(nn.utils.parameters_to_vector, "parameters_to_vector")
    check(lambda junk: nn.utils.vector_to_parameters(junk, [parameter()]), "vector_to_parameters")
    check(
        lambda junk: nn.utils.vector_to_parameters(autograd.zeros(2), junk), "vector_to_parameters"
    )


@pytest.mark.parametrize(
    "name", ["Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"]
)
def test_containers(name):
    check(getattr(nn, name), name, "Tensor", "requires_grad")


@pytest.mark.parametrize(
    "name", ["load_state_dict", "apply", "train", "to", "register_forward_hook", "state_dict"]
)
def test_methods_of_modules(name):
    check(lambda junk: getattr(nn.Sequential(nn.Linear(1, 1)), name)(junk), name)


def test_registering():
    check(lambda junk: nn.Module().register_parameter(junk, parameter()), "Module: parameter name")
    check(lambda junk: nn.Module().register_buffer("b", junk), "register_buffer")
    check(lambda junk: nn.Module().register_module("m", junk), "register_module")
    check(
        lambda junk: nn.Linear(1, 1).load_state_dict({"weight": junk, "bias": np.zeros(1)}),
        "load_state_dict",
    )


@pytest.mark.parametrize("name", nn.init.__all__)
def test_initialisers(name):
    function = getattr(nn.init, name)
    sound = {"tensor": None, "val": 1.0} if name == "constant_" else {"tensor": None}
    if name == "calculate_gain":
        sound = {"nonlinearity": "leaky_relu"}
    for argument in inspect.signature(function).parameters:

        def call(junk, argument=argument):
            weight = nn.Parameter(np.ones((2, 2) if name == "eye_" else (2, 2, 2)))
            given = {**sound, "tensor": weight} if "tensor" in sound else sound
            function(**{**given, argument: junk})

        check(call, name, "calculate_gain", "uniform_", "normal_")


def test_seeds_and_data():
    check(nn.manual_seed, "manual_seed")
    check(nn.data.load_digits, "load_digits")
