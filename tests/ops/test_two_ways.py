"""Where a result can be had in two ways, both give it: with the kernels in C and without, from a fused
function and from its composite, from rules on arrays and on tensors.
"""

import itertools

import numpy as np
import pytest

import autograd as ag
from autograd.kernels import native
from autograd.ops import fused
from tests.derivatives.cases import TABLES
from tests.primitives import primitives

CASES = {
    f"{table}.{name}": case
    for table in ("autograd", "nn.functional")
    for name, case in TABLES[table].items()
    if case.order
}
#: Where formulas change, and what lies on both sides of it.
BOUNDS = np.array([0.0, 0.5, 1.0, 2.0, 3.0, 6.0, 20.0])
POINTS = np.concatenate([BOUNDS, BOUNDS * (1 - 3e-4) - 1e-9, BOUNDS * (1 + 3e-4) + 1e-9])
POINTS = np.unique(np.concatenate([POINTS, -POINTS, [40.0, -40.0]]))


def gradients(function, arrays, create_graph=False):
    """The output and its gradients, each output weighted by numbers that differ."""
    inputs = [ag.tensor(x, requires_grad=True) for x in arrays]
    outs = function(*inputs)
    outs = [o for o in (outs if isinstance(outs, (tuple, list)) else [outs]) if o.requires_grad]
    weights = [np.cos(np.arange(o.size, dtype=o.dtype)).reshape(o.shape) for o in outs]
    total = sum((o * w).sum() for o, w in zip(outs, weights, strict=True))
    found = ag.grad(total, inputs, create_graph=create_graph, allow_unused=True)
    return [o.numpy(force=True) for o in outs] + [
        None if g is None else g.numpy(force=True) for g in found
    ]


def assert_same(found, wanted, name, rtol=1e-12):
    assert len(found) == len(wanted), name
    for a, b in zip(found, wanted, strict=True):
        assert (a is None) == (b is None), name
        if a is not None:
            scale = np.abs(b[np.isfinite(b)]).max(initial=1.0)
            np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * scale, err_msg=name)


@pytest.mark.parametrize("name", CASES)
def test_rules_give_the_same_on_arrays_on_tensors_and_without_kernels_in_c(name, monkeypatch):
    case = CASES[name]
    arrays = [np.asarray(x, np.float64) for x in case.inputs]
    if not arrays:
        return
    found = gradients(case.function, arrays)
    assert_same(gradients(case.function, arrays, create_graph=True), found, "on tensors")
    monkeypatch.setattr(native, "library", None)
    assert_same(gradients(case.function, arrays), found, "without kernels in C")


def elementwise():
    return {
        name: info
        for name, info in primitives().items()
        if len(info.inputs) == 1 and info.broadcasts and info.differentiable and info.rules
    }


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_functions_of_an_element_are_the_same_without_kernels_on_both_sides_of_each_bound(
    dtype, monkeypatch
):
    x = POINTS.astype(dtype)
    rtol = 16 * float(np.finfo(dtype).eps)
    with np.errstate(all="ignore"):
        found = {
            name: gradients(info.function, [x])
            for name, info in elementwise().items()
            if not info.required - {"x"} and set(info.static_names) <= set(info.static_defaults)
        }
        assert len(found) > 60
        monkeypatch.setattr(native, "library", None)
        for name, wanted in found.items():
            assert_same(gradients(primitives()[name].function, [x]), wanted, name, rtol)


SHAPES = [((4, 3), (4,)), ((3,), ()), ((2, 3, 4), (2, 4))]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("shape", "target_shape"), SHAPES)
def test_losses_of_classes_are_their_composites(shape, target_shape, reduction, weighted):
    rng = np.random.default_rng(5)
    x = rng.standard_normal(shape)
    targets = rng.permutation(np.arange(np.prod(target_shape, dtype=int)) % 3).reshape(target_shape)
    weight = rng.uniform(0.5, 2.0, 3) if weighted else None
    for ignored, smoothing in itertools.product([-100, 1, 0, 2], [0.0, 0.2]):
        if reduction == "mean" and np.all(targets == ignored):
            continue  # 0 / 0
        options = {"ignore_index": ignored, "reduction": reduction}
        name = f"{options}, smoothing {smoothing}"
        by_parts = fused._cross_entropy_by_parts(
            x, targets, weight, label_smoothing=smoothing, **options
        )
        fine = {"label_smoothing": smoothing, **options}
        whole = gradients(lambda x, o=fine: ag.cross_entropy(x, targets, weight, **o), [x])
        assert_same([whole[0]], [np.asarray(by_parts[0])], name)
        assert_same(
            gradients(lambda x, o=fine: ag.cross_entropy(x, targets, weight, **o), [x], True),
            whole, name,
        )  # fmt: skip
        if not smoothing:
            whole = gradients(lambda x, o=options: ag.nll_loss(x, targets, weight, **o), [x])
            again = gradients(lambda x, o=options: ag.nll_loss(x, targets, weight, **o), [x], True)
            assert_same(again, whole, name)
            by_parts = fused._nll_loss_by_parts(x, targets, weight, **options)
            assert_same([whole[0]], [np.asarray(by_parts)], name)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize(
    ("axes", "groups", "size"),
    [((0, 2, 3), None, (1, 6, 1, 1)), ((1, 2, 3), None, (6, 2, 3)), ((3,), None, (3,)),
     ((1, 2, 3), 3, (6,)), ((1, 2, 3), 1, (6,)), ((2, 3), 1, (6,)), ((0, 2, 3), 1, (6,))],
)  # fmt: skip
def test_normalisation_is_its_composite(axes, groups, size, centred):
    rng = np.random.default_rng(3)
    x, weight, bias = rng.standard_normal((4, 6, 2, 3)), rng.random(size), rng.random(size)
    options = {"axes": axes, "groups": groups, "centred": centred, "eps": 0.1}

    def first(x, *more):
        return ag.normalize(x, *more, **options)[0]

    for function in (first, lambda *xs: ag.normalize(*xs, **options)):
        for given in ((x, weight, bias), (x, weight), (x,)):
            whole = gradients(function, given)
            assert_same(gradients(function, given, create_graph=True), whole, f"{options}")
            parts = fused._normalize_by_parts(*given, **options)
            outs = len(whole) - len(given)
            assert_same(whole[:outs], [np.asarray(p) for p in parts[:outs]], f"{options}")
