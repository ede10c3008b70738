"""Every argument of every public function, with every bad value: an answer, or an error of ours.

Nothing here may take long or much memory: what would, is to be refused before it begins.
"""

import inspect
import re

import numpy as np
import pytest

import autograd as ag
import nn
from nn import modules
from tests import calls
from tests.bad_values import BAD, complaint
from tests.nn.test_bad_arguments import OPTIMIZERS, SCHEDULES, parameter, sgd
from tests.nn.test_bad_input import arguments_of
from tests.primitives import primitives

#: Arguments that are functions of the user's, whose errors are theirs, and names to be shown.
NOT_TRIED = {"function", "distance_function", "who"}

#: What these set holds for the whole process.
GLOBAL = {"autograd.set_module_path", "autograd.default_dtype", "autograd.manual_seed"}

#: Constants of raw primitives, which `nn.functional` checks and they do not.
UNCHECKED = {
    "autograd.elu": {"alpha", "scale", "rate"},
    "autograd.hardshrink": {"bound"},
    "autograd.softshrink": {"bound"},
    "autograd.hardtanh": {"low", "high"},
    "autograd.leaky_relu": {"negative_slope"},
    "autograd.softplus": {"beta", "threshold"},
    "autograd.threshold": {"threshold", "value"},
    "autograd.cross_entropy": {"weight"},
    "nn.functional.cross_entropy": {"weight"},
}

#: Whose name an error may begin with: whoever refuses, not the argument. `shape` is what reads that
#: of a number or a list; masked arrays, and integers with a gradient, are refused by themselves.
FUNCTIONS = frozenset(full.rpartition(".")[2] for full, _, _ in calls.EVERY).union(
    primitives(), ["shape", "masked", "requires_grad"]
)

#: What other settings are tried with: one of each kind.
SOME = ("None", "-1", "nan", "str", "object", "class", "10**400", "10**5000", "nested", "unprintable",
        "complex array", "object array", "long list")  # fmt: skip

CASES = [
    pytest.param(name, function, arguments, id=name)
    for name, function, arguments in calls.EVERY
    if name not in GLOBAL
]


@pytest.mark.parametrize(("full", "function", "arguments"), CASES)
def test_bad_values_are_refused_in_our_words(full, function, arguments):
    home, _, who = full.rpartition(".")
    sound = calls.tensors_in(arguments)
    parameters = inspect.signature(function).parameters
    for name in arguments.keys() - NOT_TRIED - UNCHECKED.get(full, set()):
        several = parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        for label, bad in BAD.items():
            given = (bad,) if several and not isinstance(bad, (list, tuple)) else bad
            found = complaint(
                lambda n=name, v=given: calls.call(function, {**sound, n: v}),
                who if home == "nn.functional" and label != "complex array" else FUNCTIONS,
            )
            assert found is None, f"{name}={label}: {found}"


def other_settings(function, sound):
    """What bools and choices may be other than they are: pairs of a name and a value."""
    for name, declared in inspect.signature(function).parameters.items():
        value = sound.get(name, declared.default)
        if isinstance(value, bool):
            yield name, not value
        elif isinstance(value, str):
            try:
                calls.call(function, {**sound, name: "§"})
            except (ValueError, TypeError) as error:  # which lists what it may be
                for choice in re.findall(r"'([^']+)'", str(error)):
                    if choice not in ("§", value):
                        yield name, choice


@pytest.mark.parametrize(("full", "function", "arguments"), CASES)
def test_so_they_are_with_every_other_setting(full, function, arguments):
    home, _, who = full.rpartition(".")
    sound = calls.tensors_in(arguments)
    parameters = inspect.signature(function).parameters
    tried = arguments.keys() - NOT_TRIED - UNCHECKED.get(full, set())
    for setting, choice in other_settings(function, sound):
        for name in tried - {setting}:
            several = parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
            for label in SOME:
                bad = BAD[label]
                given = (bad,) if several and not isinstance(bad, (list, tuple)) else bad
                found = complaint(
                    lambda n=name, v=given, s=setting, c=choice: calls.call(
                        function, {**sound, s: c, n: v}
                    ),
                    who if home == "nn.functional" and label != "complex array" else FUNCTIONS,
                )
                assert found is None, f"{setting}={choice}, {name}={label}: {found}"


def test_settings_are_found():
    found = {
        (full, name) for full, function, arguments in calls.EVERY if full not in GLOBAL
        for name, _ in other_settings(function, calls.tensors_in(arguments))
    }  # fmt: skip
    assert len(found) > 150
    assert {("nn.functional.pad", "mode"), ("autograd.cov", "rowvar")} <= found


def test_large_counts_are_refused_at_once():
    x = ag.tensor([1.0, 2.0])
    for call in (
        lambda: ag.vander(x, 2**40),
        lambda: ag.vander(x, 10**7),
        lambda: ag.array_split(x, 10**7),
        lambda: ag.pad_indices("pad", "circular", 2**40, 1, 1),
    ):
        with pytest.raises(ValueError, match="at most|this machine has"):
            call()
    assert len(ag.array_split(x, 100)) == 100
    assert ag.vander(x, 100).shape == (2, 100)


def test_the_check_itself_finds_what_is_not_ours():
    def raising(error):
        raise error

    for error in (OverflowError("int too large"), KeyError("x"), ValueError("no name"),
                  TypeError("add: unsupported operand type(s)"), MemoryError("x"),
                  ValueError("setting an array element: x"), ValueError("add: " + "x" * 1000),
                  ValueError("add: x\x1b")):  # fmt: skip
        assert complaint(lambda e=error: raising(e)), error
    assert complaint(lambda: raising(ValueError("add: shapes do not fit"))) is None


# Layers, optimizers, schedules, initialisers ------------------------------------------------------


def refused_or_understood(make, needed, names):
    for name in names:
        for label, bad in BAD.items():
            found = complaint(lambda n=name, v=bad: make(**{**needed, n: v}))
            assert found is None, f"{name}={label}: {found}"


def keywords(function):
    """Names of all its parameters but the first."""
    return list(inspect.signature(function).parameters)[1:]


@pytest.mark.parametrize("name", modules.__all__)
def test_layers(name):
    layer = getattr(nn, name)
    names, needed = arguments_of(layer)
    refused_or_understood(layer, needed, names)
    made = layer(**needed)
    inputs = [
        p
        for p in inspect.signature(made.forward).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL
    ]
    for label, bad in BAD.items():
        found = complaint(lambda v=bad: made(*[v] * len(inputs)))
        assert found is None, f"{label}: {found}"


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizers(name):
    make = getattr(nn.optim, name)

    def step(**options):
        make([parameter()], **options).step()

    refused_or_understood(step, {}, keywords(make))


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules(name):
    make = getattr(nn.optim.lr_scheduler, name)

    def run(**options):
        schedule = make(sgd(), **options)
        for _ in range(3):
            schedule.step(*[1.0] * (name == "ReduceLROnPlateau"))

    refused_or_understood(run, SCHEDULES[name], keywords(make))


@pytest.mark.parametrize("name", [name for name in nn.init.__all__ if name.endswith("_")])
def test_initialisers(name):
    fill = getattr(nn.init, name)
    weight = nn.Parameter(np.ones((2, 2, 2) if name == "dirac_" else (4, 4)))
    needed = {
        p.name: 0.5
        for p in list(inspect.signature(fill).parameters.values())[1:]
        if p.default is p.empty
    }
    refused_or_understood(lambda **o: fill(weight, **o), needed, keywords(fill))
