"""Every argument of every public function, with every bad value: an answer, or an error of ours.

Nothing here may take long or much memory: what would, is to be refused before it begins.
"""

import inspect

import pytest

import autograd as ag
from tests import calls
from tests.bad_values import BAD, complaint

#: Arguments that are functions of the user's, whose errors are theirs, and names to be shown.
NOT_TRIED = {"function", "who"}

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

CASES = [
    pytest.param(function, arguments, UNCHECKED.get(name, set()), id=name)
    for name, function, arguments in calls.EVERY
    if name not in GLOBAL
]


@pytest.mark.parametrize(("function", "arguments", "unchecked"), CASES)
def test_bad_values_are_refused_in_our_words(function, arguments, unchecked):
    sound = calls.tensors_in(arguments)
    parameters = inspect.signature(function).parameters
    for name in arguments.keys() - NOT_TRIED - unchecked:
        several = parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        for label, bad in BAD.items():
            given = (bad,) if several and not isinstance(bad, (list, tuple)) else bad
            found = complaint(lambda n=name, v=given: calls.call(function, {**sound, n: v}))
            assert found is None, f"{name}={label}: {found}"


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
                  ValueError("setting an array element: x")):  # fmt: skip
        assert complaint(lambda e=error: raising(e)), error
    assert complaint(lambda: raising(ValueError("add: shapes do not fit"))) is None
