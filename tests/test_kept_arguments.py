"""What the caller writes into after a call does not change the call's gradient.

Every array that any public function takes (operands, indices, masks, targets, weights, grids) is
given as a plain array, or as a tensor without a gradient, beside others that require one. It is
overwritten after the forward pass, or after a backward pass that is itself recorded. The gradients
are then those of an untouched run, bit for bit, or there is an error.
"""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from tests import calls


def arrays_in(value, path=()):
    """The paths to all arrays, of whatever dtype, in a call's arguments."""
    if isinstance(value, np.ndarray):
        return [path]
    parts = value.items() if isinstance(value, dict) else ()
    parts = enumerate(value) if isinstance(value, (list, tuple)) else parts
    return [found for key, part in parts for found in arrays_in(part, (*path, key))]


def overwrite(target):
    """Other values of the same kind in the place of an array's or a tensor's: still legal ones."""
    values = np.asarray(target)
    if values.dtype.kind == "b":
        new = ~values
    elif values.dtype.kind == "f":
        new = np.full_like(values, 0.625)
    else:
        new = np.zeros_like(values) if values.any() else np.ones_like(values)
    with ag.no_grad():
        target[...] = new


def kinds_of_result(value):
    if isinstance(value, (list, tuple)):
        return [t for part in value for t in kinds_of_result(part)]
    return [value] if isinstance(value, ag.Tensor) and value.requires_grad else []


def total(result):
    """A sum in which every element has a weight and a curvature of its own."""
    parts = [
        (t * t * np.cos(1.3 * np.arange(t.size) + k).reshape(t.shape)).sum()
        for k, t in enumerate(kinds_of_result(result))
    ]
    return sum(parts[1:], parts[0]) if parts else None


def gradients(function, arguments, path, form, write, order):
    """Gradients of all other floats, with the argument at a path overwritten in between or not."""
    leaves = []
    for other in calls.arrays_in(arguments):
        if other != path:
            leaf = ag.tensor(calls.value_at(arguments, other).copy(), requires_grad=True)
            arguments = calls.replaced(arguments, other, leaf)
            leaves.append(leaf)
    given = form(calls.value_at(arguments, path).copy())
    arguments = calls.replaced(arguments, path, given)
    nn.manual_seed(0)
    loss = total(calls.call(function, arguments))
    if loss is None or not leaves:
        return None
    if order == 2:
        first = ag.grad(loss, leaves, create_graph=True, allow_unused=True)
        loss = total([g for g in first if g is not None])
        if loss is None:
            return None
    if write:
        overwrite(given)
    return _bytes(ag.grad(loss, leaves, allow_unused=True))


def _bytes(found):
    return [None if g is None else g.numpy().tobytes() for g in found]


#: Calls with arrays that the usual ones do without.
_STATISTICS = dict(running_mean=np.array([0.1, -0.2, 0.3, 0.2]), running_var=np.arange(1.0, 5.0))
MORE = [
    ("batch_norm", {**_STATISTICS, "training": False}),
    ("instance_norm", {**_STATISTICS, "use_input_stats": False}),
    ("cross_entropy", {"target": np.abs(calls.M) / 7.0, "weight": None}),
    ("embedding", {"scale_grad_by_freq": True}),
    ("embedding", {"padding_idx": 2}),
]
EVERY = calls.EVERY + [
    (f"nn.functional.{name}", getattr(F, name), {**calls.FUNCTIONAL[name], **more})
    for name, more in MORE
]
CASES = [
    (name, function, arguments, path)
    for name, function, arguments in EVERY
    for path in arrays_in(arguments)
    if calls.value_at(arguments, path).size and calls.value_at(arguments, path).ndim
]  # fmt: skip
IDS = [f"{name} {'.'.join(map(str, path))}" for name, _, _, path in CASES]
FORMS = {"array": lambda array: array, "tensor": ag.tensor}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("name", "function", "arguments", "path"), CASES, ids=IDS)
def test_what_is_written_after_a_call_changes_no_gradient(name, function, arguments, path, form):
    for order in (1, 2):
        try:
            wanted = gradients(function, arguments, path, FORMS[form], False, order)
        except (
            RuntimeError,
            TypeError,
            ValueError,
        ):  # refused as it is: no such form, no derivative
            continue
        if wanted is None:
            continue
        try:
            found = gradients(function, arguments, path, FORMS[form], True, order)
        except RuntimeError as told:
            assert "written into after it was used" in str(told), told
            assert form == "tensor", told
            continue
        assert found == wanted


def lists_in(arguments):
    """The names of the arguments that may be given as lists, and are tuples or lists in a call."""
    return [name for name, value in arguments.items() if isinstance(value, (tuple, list))]


LISTS = [(name, function, arguments, key) for name, function, arguments in EVERY
         for key in lists_in(arguments)]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "function", "arguments", "key"), LISTS, ids=[f"{c[0]} {c[3]}" for c in LISTS]
)
def test_a_list_that_is_emptied_after_a_call_changes_no_gradient(name, function, arguments, key):
    def run(write):
        given, leaves = arguments, []
        for path in calls.arrays_in(arguments):
            leaf = ag.tensor(calls.value_at(arguments, path), requires_grad=True)
            given = calls.replaced(given, path, leaf)
            leaves.append(leaf)
        values = list(given[key])
        loss = total(calls.call(function, {**given, key: values}))
        if loss is None:
            return None
        if write:
            values.clear()
        return _bytes(ag.grad(loss, leaves, allow_unused=True))

    try:
        wanted = run(False)
    except (RuntimeError, TypeError, ValueError):  # no lists are taken here
        return
    assert run(True) == wanted


def test_arrays_and_lists_that_a_primitive_of_ones_own_takes_are_kept_as_they_were():
    @ag.primitive
    def scaled(x, *, by, and_by):
        return x * by * and_by[0]

    scaled.gradients(x=lambda g, by, and_by: g * by * and_by[0])
    x, by, and_by = ag.tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0]), [2.0]
    y = scaled(x, by=by, and_by=and_by).sum()
    by[:] = and_by[0] = 7.0
    y.backward()
    assert x.grad.tolist() == [6.0, 8.0]


SOME, PARTS, CLASSES = calls.spread(4, 3), calls.unit(4, 3), np.array([0, 1, 2, 1])
MADE_OF_AN_ARRAY = {
    "CrossEntropyLoss": lambda w: lambda x: nn.CrossEntropyLoss(w)(x, CLASSES),
    "NLLLoss": lambda w: lambda x: nn.NLLLoss(w)(x, CLASSES),
    "BCEWithLogitsLoss": lambda w: lambda x: nn.BCEWithLogitsLoss(w)(x, PARTS),
    "BCEWithLogitsLoss pos": lambda w: lambda x: nn.BCEWithLogitsLoss(pos_weight=w)(x, PARTS),
    "BCELoss": lambda w: lambda x: nn.BCELoss(w)(x * 0.1 + 0.5, PARTS),
    "MultiMarginLoss": lambda w: lambda x: nn.MultiMarginLoss(weight=w)(x, CLASSES),
    "MultiLabelSoftMarginLoss": lambda w: lambda x: nn.MultiLabelSoftMarginLoss(w)(x, SOME > 0),
    "Normal loc": lambda w: nn.distributions.Normal(w, np.ones(3)).log_prob,
    "Laplace scale": lambda w: nn.distributions.Laplace(np.ones(3), w).log_prob,
    "MultivariateNormal": lambda w: nn.distributions.MultivariateNormal(w, np.eye(3)).log_prob,
}


@pytest.mark.parametrize("name", MADE_OF_AN_ARRAY)
def test_what_an_object_is_made_of_is_its_own(name):
    def gradient(write):
        given = np.array([1.0, 2.0, 3.0])
        function = MADE_OF_AN_ARRAY[name](given)
        x = ag.tensor(SOME, requires_grad=True)
        out = function(x).sum()
        if write:
            given *= np.array([5.0, 1.0, 1.0])
        return ag.grad(out, x)[0].numpy()

    np.testing.assert_array_equal(gradient(True), gradient(False))
