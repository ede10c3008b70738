"""Defaults of NumPy's functions on tensors are NumPy's; options are checked wherever they stand."""

import inspect

import numpy as np
import pytest

import autograd as ag


def defaults(function):
    """Names and defaults of the parameters that have one; nothing for what hides its signature."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not p.empty}


#: Ours is None, which stands for the default dtype, for the last axis.
OURS = {("eye", "dtype"), ("cross", "axis")}


def shared():
    both = [(ag, np, name) for name in sorted(set(ag.__all__) & set(dir(np)))]
    both += [(ag.linalg, np.linalg, name) for name in sorted(ag.linalg.__all__)]
    for mine, numpys, name in both:
        ours, theirs = defaults(getattr(mine, name)), defaults(getattr(numpys, name, None))
        for parameter in ours:
            if parameter in theirs and theirs[parameter] is not np._NoValue:
                yield name, parameter, ours[parameter], theirs[parameter]


def test_defaults_are_numpys():
    different = {
        (name, parameter): (ours, theirs)
        for name, parameter, ours, theirs in shared()
        if ours != theirs and (name, parameter) not in OURS
    }
    assert different == {}


def test_defaults_are_compared_for_many_functions():
    assert len({name for name, *_ in shared()}) > 60


KEEPDIMS = [name for name in sorted(ag.__all__) if "keepdims" in defaults(getattr(ag, name, None))]


@pytest.mark.parametrize("name", KEEPDIMS)
def test_axes_are_dropped_unless_they_shall_be_kept(name):
    function = getattr(ag, name)
    x = ag.tensor(np.arange(1.0, 7.0).reshape(2, 3))
    needed = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_POSITIONAL
    ]
    more = {"q": 0.5}
    call = lambda **options: function(x, **{k: more[k] for k in needed[1:]}, **options)
    parts = lambda result: result if isinstance(result, tuple) else (result,)
    axis = {"axis": 1} if "axis" in inspect.signature(function).parameters else {}
    assert all(np.shape(part)[:1] == (2,) for part in parts(call(**axis)))
    assert [np.ndim(part) for part in parts(call(**axis))] == [1] * len(parts(call(**axis)))
    assert [np.ndim(part) for part in parts(call(keepdims=True, **axis))] == [2] * len(
        parts(call(**axis))
    )
    with pytest.raises(TypeError, match="keepdims"):
        call(keepdims="yes", **axis)
    with pytest.raises(TypeError, match="keepdims"):
        call(keepdims=1, **axis)
