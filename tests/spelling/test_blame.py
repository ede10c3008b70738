"""Functions under PyTorch's names: what Python or NumPy raise about an argument is told in our words."""

import inspect

import numpy as np
import pytest

import autograd as ag
from autograd.spelling.blame import _is_odd, blaming
from autograd.spelling.names import FUNCTIONS

JUNK = {
    "None": None, "a text": "abc", "a set": {1, 2}, "a dictionary": {"a": 1}, "an object": object(),
    "a function": lambda x: x, "a class": int, "a huge integer": 10**400, "a ragged list": [[1], [1, 2]],
    "an array of objects": np.array([object(), 1]), "a type's array": np.array(["a"]), "bytes": b"x",
    "a dtype": np.dtype("f4"), "a memory": memoryview(b"ab"), "complex": np.array([1j]),
    "two truths": np.array([True, False]), "an interval": range(3), "NaN": float("nan"),
}  # fmt: skip
M = np.array([[0.3, 0.7, 0.5], [0.9, 0.4, 0.2], [0.6, 0.1, 0.8]])
V = np.array([0.25, 0.75, 0.5])
USUAL = [0.5, V, M, 1, 2, (3, 3), [0, 1, 2], np.array([0, 1, 2]), M[None]]


def names_and_parameters():
    for name in FUNCTIONS:
        function = getattr(ag, name)
        if inspect.isfunction(function) and not hasattr(function, "primitive"):
            signature = inspect.signature(function).parameters.values()
            yield pytest.param(
                name, [p for p in signature if p.kind is p.POSITIONAL_OR_KEYWORD], id=name
            )


def a_call_that_works(function, needed):
    """Values for the parameters without a default; the first that are tried where none works."""
    places = np.ndindex(*(len(USUAL),) * min(len(needed), 2))
    for place in places:
        values = [USUAL[k] for k in place] + [USUAL[1]] * (len(needed) - len(place))
        try:
            function(*values)
        except Exception:  # noqa: BLE001  the next ones
            continue
        return values
    return [V] * len(needed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("name", "parameters"), list(names_and_parameters()))
def test_junk_is_refused_in_our_words_wherever_it_is_given(name, parameters):
    function = getattr(ag, name)
    needed = [p.name for p in parameters if p.default is p.empty]
    values = dict(zip(needed, a_call_that_works(function, needed), strict=True))
    raw = []
    for parameter in parameters:
        for what, junk in JUNK.items():
            try:
                function(**(values | {parameter.name: junk}))
            except (TypeError, ValueError, IndexError, RuntimeError) as error:
                said = str(error)
                if ":" not in said.split("(got")[0] and "argument" not in said:
                    raw.append(f"{parameter.name}={what}: {type(error).__name__}: {said}")
            except Exception as error:  # noqa: BLE001  no sentence of ours is told by any other
                raw.append(f"{parameter.name}={what}: {type(error).__name__}: {error}")
    assert not raw


def test_an_error_of_ours_passes_and_so_does_our_own_fault():
    @blaming_as("f")
    def f(x, flag=True):
        if x is V:
            ag.zeros(-1)
        if x is M:
            return x.no_such_attribute
        return x + 1 if flag else np.ones(2) + np.ones(3)

    with pytest.raises(ValueError, match="^zeros: shape"):
        f(V)
    with pytest.raises(AttributeError, match="no_such_attribute"):
        f(M)
    with pytest.raises(
        TypeError, match=r"^f: x must be a tensor, an array or a number, got 'abc'$"
    ):
        f("abc")
    with pytest.raises(
        ValueError, match=r"^f: shapes do not broadcast together \(got x: shape \(2,\)"
    ):
        f(np.ones(2), False)
    with pytest.raises(TypeError, match="^f: flag must be True or False, got array"):
        f(1.0, np.ones(2))


def test_arguments_that_do_not_fit_are_refused_at_once():
    with pytest.raises(
        TypeError, match=r"^cat\(\) got an unexpected keyword argument 'out'$"
    ) as told:
        ag.cat((V, V), out=V)
    assert told.value.__cause__ is None and told.value.__suppress_context__


def blaming_as(who):
    return lambda function: blaming(who, function)


def test_what_nothing_can_be_computed_with_is_odd():
    circle: list = []
    circle.append(circle)
    deep: list = [1.0]
    for _ in range(70):
        deep = [deep]
    for odd in (2**70, -(2**70), 1j, np.array("a"), object(), [2**70], (1, [-(2**70)]), ["a"], [int], circle, deep, np.ndarray, dict):  # fmt: skip
        assert _is_odd(odd, None)
    for fine in (0, -5, 2**60, 1.5, True, ag.ones(2), np.ones(2), np.float32(1), [1, [2.0]], range(3), int, np.float32, [ag.ones(1)]):  # fmt: skip
        assert not _is_odd(fine, None)
