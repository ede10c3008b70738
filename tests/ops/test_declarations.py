"""What primitives declare of themselves is what they do: elementwise, broadcasting, several results."""

import itertools

import numpy as np
import pytest

import autograd as ag
from tests.primitives import primitives

#: Keyword arguments without which a function cannot be called.
GIVEN = {
    "around": {"decimals": 1},
    "cast": {"dtype": np.float64},
    "exp_below_zero": {"rate": 1.5},
    "polygamma": {"n": 1},
    "threshold": {"threshold": 0.2, "value": 0.1},
}
#: They hand on every element of a matrix, but are functions of its shape or kind.
OF_SHAPES = {"_cast", "_cast_to_plain", "alias", "squeeze", "transpose", "reshape"}


ALL = primitives()


def arguments(primitive):
    """Arrays of shape (2, 3) for all inputs, of the first kind of numbers that will do; or None."""
    rng = np.random.default_rng(0)
    count = max(len(primitive.inputs), 1)
    for arrays in (
        [rng.uniform(0.1, 0.9, (2, 3)) for _ in range(count)],
        [rng.integers(1, 5, (2, 3)) for _ in range(count)],
    ):
        try:
            with np.errstate(all="raise", under="ignore"):  # a NaN says nothing
                primitive.forward(*arrays, **GIVEN.get(primitive.name, {}))
        except Exception:
            continue
        return arrays
    return None


def goes_by_elements(primitive, arrays):
    """Whether each element of the result is that of the same elements of the inputs alone."""
    options = GIVEN.get(primitive.name, {})
    whole = primitive.forward(*arrays, **options)
    if isinstance(whole, (tuple, list)) or np.shape(whole) != (2, 3):
        return False
    for i, j in itertools.product(range(2), range(3)):
        cell = slice(i, i + 1), slice(j, j + 1)
        alone = primitive.forward(*[a[cell] for a in arrays], **options)
        if np.shape(alone) != (1, 1) or not np.allclose(alone, whole[cell], rtol=1e-12):
            return False
    return True


def test_elementwise_primitives_say_so_and_no_others():
    tried = set()
    for name, primitive in ALL.items():
        arrays = arguments(primitive)
        if arrays is None or name in OF_SHAPES:
            continue
        tried.add(name)
        assert bool(primitive.elementwise) == goes_by_elements(primitive, arrays), name
    declared = {name for name, primitive in ALL.items() if primitive.elementwise}
    assert declared - tried <= {"alias"} and len(declared) > 90


UFUNCS = {
    name: made
    for name in ALL
    if isinstance(made := getattr(np, name, None), np.ufunc) and made.signature is None
}


def test_inputs_of_every_ufuncs_counterpart_broadcast():
    assert len(UFUNCS) > 60
    for name, ufunc in UFUNCS.items():
        assert ALL[name].broadcasts is True, name
        assert len(ALL[name].inputs) == ufunc.nin, name


@pytest.mark.parametrize("name", sorted(n for n, u in UFUNCS.items() if u.nin == 2))
def test_gradients_of_two_inputs_are_summed_to_their_shapes(name):
    function, rng = getattr(ag, name), np.random.default_rng(1)
    x, y = rng.uniform(0.1, 0.9, (2, 1)), rng.uniform(0.1, 0.9, (3,))
    try:
        out = function(x, y)
    except TypeError:  # of integers
        return
    if np.asarray(out).dtype.kind != "f" or not ALL[name].differentiable:
        return
    wide = [np.broadcast_to(a, (2, 3)).copy() for a in (x, y)]
    narrow = [ag.tensor(a, requires_grad=True) for a in (x, y)]
    full = [ag.tensor(a, requires_grad=True) for a in wide]
    weights = rng.normal(size=(2, 3))
    (function(*narrow) * weights).sum().backward()
    (function(*full) * weights).sum().backward()
    for a, b, axes in zip(narrow, full, ((1,), (0,)), strict=True):
        want = b.grad.numpy().sum(axis=axes).reshape(a.shape)
        np.testing.assert_allclose(a.grad.numpy(), want, rtol=1e-12)
