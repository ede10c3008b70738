"""Names of arguments: NumPy's for arrays are read, and what nobody knows is refused in public names."""

import inspect
import itertools
import pickle
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

import autograd as ag
import nn.functional as F

SQUARE = np.array([[2.0, 1.0], [1.0, 3.0]])
#: What the second and further arguments of NumPy's functions may be, by NumPy's names.
GIVEN = {
    "axis": 0, "axis1": 0, "axis2": 1, "source": 0, "destination": 1, "indices": [0], "shift": 1, "pad_width": 1,
    "repeats": 2, "reps": 2, "indices_or_sections": 2, "obj": 0, "ord": 2, "num": 3, "n": 2, "shape": (2, 2),
    "condition": [True, False], "q": 0.5, "stop": 3.0, "weights": [0.5, 0.5], "subscripts": "ij->ji",
}  # fmt: skip


def public(home):
    for name in sorted(dir(home)):
        if not name.startswith("_"):
            found = getattr(home, name, None)
            if callable(found) and not isinstance(found, type):
                yield name, found


HOMES = {"autograd": ag, "linalg": ag.linalg, "F": F, "method": ag.tensor(SQUARE)}
#: These take anything: about memory, of which there is one kind; and notes for whoever reads a primitive. A GPU is none.
TAKE_ALL = {"pin_memory", "share_memory_", "primitive", "cuda"}
PUBLIC = {name for home in HOMES.values() for name in dir(home)} | {
    "copied",
    "backward_from",
    "type_of",
    "where_method",
    "__call__",
}


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("count", [0, 1, 2])
@pytest.mark.filterwarnings("ignore")
def test_an_unknown_word_is_refused_and_no_inner_name_is_told(home, count):
    x = ag.tensor(SQUARE, requires_grad=True)
    for name, function in public(HOMES[home]):
        if name in TAKE_ALL:
            continue
        with pytest.raises((TypeError, ValueError)) as caught:
            function(*[x] * count, unheard_of=1)
        told = re.findall(r"(\w+|<\w+>)\(\)", str(caught.value))
        assert set(told) <= PUBLIC, f"{name}: {caught.value}"


def _calls_of_numpy():
    for home in (np, np.linalg):
        for name, function in public(home):
            if type(function).__name__ != "_ArrayFunctionDispatcher":
                continue
            try:
                parameters = inspect.signature(function).parameters.values()
            except ValueError:  # some written in C, before NumPy 2.2
                continue
            needed = [p.name for p in parameters if p.default is p.empty]
            if any(p.kind is not p.POSITIONAL_OR_KEYWORD for p in parameters if p.name in needed):
                continue
            x = ag.tensor(SQUARE, requires_grad=True)
            values = [x, *[GIVEN.get(each, x) for each in needed[1:]]]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                try:
                    wanted = function(*values)
                except Exception:  # noqa: BLE001  it has no counterpart, or wants other arguments
                    continue
            named = dict(zip(needed, values, strict=True))
            if any(isinstance(v, ag.Tensor) for v in values) and needed:
                yield name, function, named, wanted


CALLS = list(_calls_of_numpy())


def same(found, wanted):
    if isinstance(wanted, (tuple, list)):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            same(one, other)
    else:
        np.testing.assert_array_equal(*[getattr(v, "data", v) for v in (found, wanted)])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "function", "named", "wanted"), CALLS, ids=[c[0] for c in CALLS])
def test_by_numpys_names_as_by_position(name, function, named, wanted):
    same(function(**named), wanted)
    first = next(iter(named))
    if first != "x":  # all but the first, which is by position
        rest = {k: v for k, v in named.items() if k != first}
        same(function(named[first], **rest), wanted)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "function", "named", "wanted"), CALLS, ids=[c[0] for c in CALLS])
def test_our_functions_know_numpys_names_of_arrays(name, function, named, wanted):
    ours = getattr(ag.linalg if function.__module__ == "numpy.linalg" else ag, name, None)
    if ours is not None:
        same(ours(**named), wanted)


def test_enough_of_numpys_functions_are_called():
    assert len(CALLS) > 90


def test_two_words_for_one_argument_are_refused():
    x = ag.tensor(SQUARE)
    with pytest.raises(TypeError, match="m= and x= are one"):
        ag.flip(m=x, x=x)
    with pytest.raises(TypeError, match="unexpected keyword argument 'a'"):
        ag.sum(x, a=x)


def test_where_takes_its_choices_by_either_name_and_no_others():
    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 4.0])
    condition = [True, False]
    for found in (
        ag.where(condition, x, y=y), ag.where(condition, x, other=y), ag.where(condition, input=x, other=y),
        ag.where(condition, y=y, x=x), ag.where(condition=condition, x=x, y=y),
    ):  # fmt: skip
        assert found.tolist() == [1.0, 4.0]
    for given, named in (
        ((x,), {}),
        ((x,), {"x": y}),
        ((x, y), {"y": y}),
        ((), {"y": y}),
        ((), {"x": x, "input": y}),
    ):
        with pytest.raises(TypeError, match="where: expected a condition, or a condition, x and y"):
            ag.where(condition, *given, **named)


def test_ends_of_a_range_are_integers_in_order():
    x = ag.zeros(50)
    assert set(x.random_(3).tolist()) == {0.0, 1.0, 2.0}
    assert (
        set(x.random_(2, 4).tolist())
        == {2.0, 3.0}
        == set(x.random_(**{"from": 2, "to": 4}).tolist())
    )
    assert x.random_().max() > 1e6
    for given in ((2.5,), (SQUARE,), ("a",), (0, 2.5)):
        with pytest.raises(TypeError, match="random_: (low|high) must be"):
            x.random_(*given)
    for given in ((0,), (-3,), (4, 4)):
        with pytest.raises(ValueError, match="random_"):
            x.random_(*given)


UNKNOWN = [
    (ag.add, 2, {"alpha": 2}), (ag.subtract, 2, {"alpha": 2}), (ag.divide, 2, {"rounding_mode": "floor"}),
    (ag.transpose, 1, {"dim0": 0, "dim1": 1}), (ag.squeeze, 1, {"dim": 0}), (ag.flip, 1, {"dims": (0,)}),
    (ag.where, 1, {"input": SQUARE, "other": 0.0}), (ag.where, 2, {"other": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "count", "named"), UNKNOWN)
def test_of_several_words_the_unknown_one_is_blamed(function, count, named):
    x = ag.tensor(SQUARE)
    given = [ag.tensor(SQUARE > 1.5), x][:count] if function is ag.where else [x] * count
    wanted = function(*given, **named)
    assert function(*given, **named, out=None, device="cpu").tolist() == wanted.tolist()
    with pytest.raises(TypeError, match="unheard_of"):
        function(*given, **named, unheard_of=1)
    with pytest.raises(TypeError, match="there is no out="):
        function(*given, **named, out=x)


def test_one_argument_by_two_words_is_refused():
    x = ag.tensor(SQUARE)
    for call in (
        lambda: ag.sum(input=x, a=x), lambda: ag.max(input=x, a=x), lambda: ag.sum(a=x, input=x),
        lambda: ag.sum(x, dim=0, axis=0), lambda: ag.sort(input=x, a=x),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="are one"):
            call()
    for call in (lambda: x.random_(2, **{"from": 3}), lambda: x.uniform_(0.5, **{"from": 0.1}),
                 lambda: x.uniform_(0.5, 0.7, to=0.9)):  # fmt: skip
        with pytest.raises(TypeError, match="by position, too"):
            call()


def test_every_public_function_is_pickled_whatever_was_used_before():
    x = ag.tensor(SQUARE)
    used = (x.inverse(), x.pinverse(), x.ndimension(), x.pin_memory(), x.share_memory_(), x.type())
    assert len(used) == 6
    methods = [
        getattr(ag.Tensor, name) for name in "dim inverse pin_memory type where add flip".split()
    ]
    functions = [f for home in (ag, ag.linalg) for _, f in public(home) if inspect.isfunction(f)]
    for function in functions + methods:
        assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize(
    "order", list(itertools.permutations(["autograd", "linalg", "Tensor"])), ids="-".join
)
def test_functions_are_pickled_in_whatever_order_they_are_first_used(order):
    program = """
import inspect, pickle, sys
import autograd
from autograd.spelling.names import READINGS
homes = {"autograd": lambda: autograd, "linalg": lambda: autograd.linalg, "Tensor": lambda: autograd.Tensor}
used = []
for name in sys.argv[1:]:
    home = homes[name]()
    used += [(home, name, getattr(home, name, None)) for name in sorted({*dir(home), *READINGS}) if name[0] != "_"]
for home, name, function in used:
    if inspect.isfunction(function) and home is not autograd.Tensor:
        assert getattr(home, name) is function, name
        assert pickle.loads(pickle.dumps(function)) is function, name
"""
    subprocess.run([sys.executable, "-c", program, *order], check=True)
