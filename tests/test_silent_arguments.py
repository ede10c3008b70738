"""No function × argument loses a gradient in silence.

Every argument of every public function is given as a tensor that requires a gradient. Then either
its gradient agrees with central differences, or the function raises, or it stands in ``LEGAL``,
which says why nothing is lost.
"""

import inspect
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.spelling.in_place import NAMES as IN_PLACE
from tests.signatures import Call, calls
from tests.test_bad_values import FUNCTIONS

CALLS = calls()

#: Arguments that no derivative is expected for, though they may be given as such tensors.
LEGAL = {
    "only shape and dtype are asked for": [
        "ag.zeros_like t", "ag.ones_like t", "ag.empty_like t", "ag.full_like t",
    ],
    "a condition says which, not how much": [
        "ag.where condition", "ag.compress condition", "ag.extract condition",
        "ag.select conditions",
    ],
}  # fmt: skip
_LEGAL = {case for cases in LEGAL.values() for case in cases}


def candidates(call: Call, parameter: inspect.Parameter) -> list[np.ndarray]:
    """Values to give for a parameter: its own if it is a number or floats, else a guess or two."""
    value = call.values.get(parameter.name, parameter.default)
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return [value]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [np.array(float(value)), np.array([float(value)]), np.array(0.75)]
    if isinstance(value, tuple) and value and all(isinstance(v, int) for v in value):
        return [np.array(value, float), np.array(0.75)]
    if isinstance(value, np.ndarray):
        return [value.astype(float), np.array(0.75)]
    arrays = [v for v in call.values.values() if isinstance(v, np.ndarray)]
    return [np.array(0.75), *(np.full(arrays[0].shape, 0.75) for _ in arrays[:1])]


def floats(result):
    """All tensors of floats in a result."""
    if isinstance(result, ag.Tensor):
        return [result] if result.dtype.kind == "f" else []
    if isinstance(result, np.ndarray) and result.dtype.kind != "f":
        return []
    if isinstance(result, (tuple, list)):
        return [t for part in result for t in floats(part)]
    if isinstance(result, (np.ndarray, float)):
        return [ag.tensor(np.asarray(result, float))]
    return []


def total(result):
    """A number that depends on all elements, each in its own measure."""
    parts = [
        (t * np.cos(1.3 * np.arange(t.size) + k).reshape(t.shape)).sum()
        for k, t in enumerate(floats(result))
        if t.size
    ]
    return sum(parts[1:], parts[0])


def put(call: Call, name: str, value):
    """The value as it is given: variadic arguments and lists of arrays get it as their first."""
    kind = inspect.signature(call.function).parameters[name].kind
    given = call.values.get(name)
    if kind is inspect.Parameter.VAR_POSITIONAL or (
        isinstance(given, list) and given and not isinstance(given[0], tuple)
    ):
        if given and isinstance(given[0], list):
            return [[value, *given[0][1:]], *given[1:]]
        return [value, *(given or [])[1:]]
    return value


def verdict(call: Call, name: str, value: np.ndarray) -> str:
    t = ag.tensor(value, requires_grad=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            nn.manual_seed(0)
            result = call(**{name: put(call, name, t)})
    except UserWarning:
        return "refused"
    except (TypeError, ValueError, IndexError, RuntimeError) as error:
        who, _, rest = str(error).partition(": ")
        named = not who.isidentifier() or who in FUNCTIONS  # not the argument's name
        constant = "constant" in rest and "gradient" in rest
        if named and (not constant or rest.startswith((f"{name} ", f"{name}["))):
            return "refused"
        return f"refused in strange words: {error}"
    found = floats(result)
    if not any(part.size for part in found):
        return "no floats"
    y = total(result)
    if not y.requires_grad:
        return "silent"
    try:
        y.backward()
    except RuntimeError:  # no rule for it, which is said then
        return "refused"
    if t.grad is None:
        return "silent"
    got = t.grad.numpy()
    wanted = np.zeros(value.shape)
    for at in np.ndindex(value.shape):
        ends = []
        for h in (1e-5, -1e-5):
            moved = np.array(value)
            moved[at] += h
            with ag.no_grad():
                moved = ag.tensor(moved) if moved.ndim else ag.tensor(moved[()])
                nn.manual_seed(0)
                ends.append(total(call(**{name: put(call, name, moved)})).item())
        wanted[at] = (ends[0] - ends[1]) / 2e-5
    close = np.allclose(got, wanted, rtol=1e-4, atol=1e-5 * max(1.0, np.abs(wanted).max(initial=0)))
    return "right" if close else f"wrong: {got.tolist()} for {wanted.tolist()}"


CASES = [(name, parameter) for name, call in CALLS.items()
         for parameter in inspect.signature(call.function).parameters if parameter not in ("who", "inplace")]  # fmt: skip


@pytest.mark.parametrize(("name", "parameter"), CASES, ids=[" ".join(case) for case in CASES])
def test_an_argument_that_requires_a_gradient_gets_one_or_is_refused(name, parameter):
    call = CALLS[name]
    described = inspect.signature(call.function).parameters[parameter]
    given = call.values.get(parameter)
    choices = candidates(call, described)
    if isinstance(given, list) and given and not isinstance(given[0], tuple):
        first = given[0][0] if isinstance(given[0], list) else given[0]
        choices = [first.astype(float)]
    for value in choices:
        found = verdict(call, parameter, value)
        legal = f"{name} {parameter}" in _LEGAL
        assert found in ("refused", "no floats", "silent" if legal else "right"), found


def test_every_call_works_as_it_is():
    for call in CALLS.values():
        call()


# NumPy's own names --------------------------------------------------------------------------------


class NumPyCall(Call):
    """The same call under NumPy's name: ``np.f(...)``; a TypeError for what NumPy does not take."""

    @property
    def theirs(self):
        home, name = self.name.split(".")
        return getattr({"ag": np, "linalg": np.linalg}.get(home), name, None)

    def __call__(self, **changed):
        values = {**self.values, **changed}
        try:
            known = set(inspect.signature(self.theirs).parameters)
        except ValueError:  # ufuncs do not tell
            known = set(values)
        positional, named, in_order = [], {}, True
        for key, parameter in inspect.signature(self.function).parameters.items():
            if key not in values:
                in_order = False
            elif parameter.kind is parameter.VAR_POSITIONAL:
                positional += list(values[key])
            elif in_order and parameter.default is parameter.empty:
                positional.append(values[key])
            elif key in known:
                named[key] = values[key]
            else:
                raise TypeError(f"{self.name} has no {key}")
        return self.theirs(*positional, **named)


def is_a_quantity(call, parameter):
    """Arrays and floats; of flags, orders, axes and dtypes NumPy reads the value by itself."""
    value = call.values.get(parameter.name, parameter.default)
    value = value[0] if isinstance(value, list) and value else value
    return isinstance(value, (np.ndarray, float))


NUMPY_CASES = [
    (NumPyCall(*call), name)
    for call in CALLS.values()
    if NumPyCall(*call).theirs is not None
    for name, parameter in inspect.signature(call.function).parameters.items()
    if is_a_quantity(call, parameter) and (call.name, name) != ("ag.trapezoid", "dx")  # x is given
]


@pytest.mark.parametrize(
    ("call", "name"), NUMPY_CASES, ids=[f"{call.name} {name}" for call, name in NUMPY_CASES]
)
def test_the_same_under_numpys_name(call, name):
    given = call.values.get(name)
    choices = candidates(call, inspect.signature(call.function).parameters[name])
    if isinstance(given, list) and not isinstance(given[0], tuple):
        first = given[0][0] if isinstance(given[0], list) else given[0]
        choices = [first.astype(float)]
    for value in choices:
        found = verdict(call, name, value)
        legal = f"{call.name} {name}" in _LEGAL
        assert found in ("refused", "no floats", "silent" if legal else "right"), found


#: These draw whole numbers, which a probability does not move a little.
WHOLE = {"bernoulli_", "geometric_", "random_"}
#: One number among the arguments of a method: in each of two places.
PLACES = {
    "(t)": lambda t: (t,), "(t, 2)": lambda t: (t, 2.0), "(0.25, t)": lambda t: (0.25, t),
}  # fmt: skip


def methods():
    """Every method of a tensor, those that it answers to on demand, too."""
    found = {name for name in (*dir(ag.Tensor), *IN_PLACE) if name[:1] != "_"}
    return sorted(name for name in found if callable(getattr(ag.tensor([[0.5]]), name, None)))


@pytest.mark.parametrize("place", PLACES)
def test_no_method_takes_a_number_out_of_the_graph_in_silence(place):
    def result(name, t):
        ag.manual_seed(0)
        x = ag.tensor([0.3, 0.9, 0.55], dtype=np.float64)
        return floats(getattr(x, name)(*PLACES[place](t)))

    silent = []
    for name in set(methods()) - WHOLE:
        try:
            got = result(name, ag.tensor(0.65, dtype=np.float64, requires_grad=True))
            one, other = (result(name, np.float64(v)) for v in (0.65, 0.66))
        except (TypeError, ValueError, RuntimeError, IndexError, AttributeError):
            continue
        moves = any(
            a.shape != b.shape or not np.array_equal(a.detach(), b.detach(), equal_nan=True)
            for a, b in zip(one, other, strict=True)
        )
        if moves and not any(t.requires_grad for t in got):
            silent.append(name)
    assert not silent


def test_what_makes_constants_of_values_refuses_those_that_require_a_gradient():
    t = ag.tensor([0.5, 0.75], requires_grad=True)
    for make in (ag.unique, lambda t: ag.var_mean([1.0, 3.0], unbiased=t[0])):
        with pytest.raises((RuntimeError, TypeError), match="requires a gradient|must be True or"):
            make(t)
