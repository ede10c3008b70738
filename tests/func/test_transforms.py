"""grad, vjp, jvp, jacobian, hessian, hvp."""

import math
from collections import namedtuple

import numpy as np
import pytest

import autograd as ag
from autograd import func

X = np.random.default_rng(0).uniform(0.3, 1.2, 4)


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), **options)


def test_grad_nests_to_any_order():
    f = lambda x: ag.sin(x) * x**2
    derivative, expected = f, [
        lambda x: np.cos(x) * x**2 + 2 * x * np.sin(x),
        lambda x: -np.sin(x) * x**2 + 4 * x * np.cos(x) + 2 * np.sin(x),
        lambda x: -np.cos(x) * x**2 - 6 * x * np.sin(x) + 6 * np.cos(x),
    ]  # fmt: skip
    for right in expected:
        derivative = func.grad(derivative)
        assert math.isclose(derivative(t(0.7)).item(), right(0.7), rel_tol=1e-12)


def test_results_are_recorded_only_when_something_outside_needs_it():
    f = func.value_and_grad(lambda x: (x * x).sum())
    value, g = f(t(X))
    assert not value.requires_grad and not g.requires_grad
    x = t(X, requires_grad=True)
    value, g = f(x)
    assert value.requires_grad and g.requires_grad and x.grad is None
    with ag.no_grad():
        value, g = f(x)
    assert not g.requires_grad and g.tolist() == (2 * X).tolist()


def test_gradients_flow_to_tensors_from_outside():
    w = t(3.0, requires_grad=True)
    slope = func.grad(lambda x: w * w * x * x)(2.0)  # 2 w² x
    slope.backward()
    assert w.grad.item() == 4 * 3.0 * 2.0


def test_argnums_structures_and_aux():
    def f(p, scale, x):
        return (p["w"] * x * scale + p["b"][0]).sum(), {"x": x * 2.0}

    p = {"w": t(X), "b": (t(1.0),)}
    g, aux = func.grad(f, has_aux=True)(p, 2.0, t(X))
    np.testing.assert_allclose(g["w"].tolist(), 2 * X)
    assert g["b"][0].item() == 4.0 and aux["x"].tolist() == (2 * X).tolist()
    (gs, gx), _ = func.grad(f, argnums=(1, -1), has_aux=True)(p, 2.0, t(X))
    assert math.isclose(gs.item(), (X * X).sum(), rel_tol=1e-6)
    np.testing.assert_allclose(gx.tolist(), 2 * X)


def test_named_tuples_stay_what_they_are():
    Pair = namedtuple("Pair", "a b")
    g = func.grad(lambda p: p.a * p.b)(Pair(t(2.0), t(5.0)))
    assert type(g) is Pair and (g.a.item(), g.b.item()) == (5.0, 2.0)


def test_the_same_tensor_given_twice_is_told_apart():
    x = t(3.0, requires_grad=True)
    a, b = func.grad(lambda a, b: a * a * b, argnums=(0, 1))(x, x)
    assert (a.item(), b.item()) == (18.0, 9.0)


def test_unused_arguments_have_zero_gradient():
    assert func.grad(lambda x, y: y * 2.0)(t(X), t(1.0)).tolist() == [0.0] * 4


def of_every_transform(f, x, along):
    """What each transform gives for a function of one value, every tensor of it by its name."""
    value, g = func.value_and_grad(f)(x)
    pulled, pullback = func.vjp(f, x)
    pushed, change = func.jvp(f, (x,), (along,))
    again, product = func.hvp(f, (x,), (along,))
    return {
        "value": value, "grad": g, "only grad": func.grad(f)(x),
        "vjp's value": pulled, "vjp": pullback(1.0)[0], "jvp's value": pushed, "jvp": change,
        "jacobian": func.jacobian(f)(x), "hessian": func.hessian(f)(x),
        "hvp's value": again, "hvp": product[0],
    }  # fmt: skip


def cube(x, *_):
    return (x**3).sum()


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_results_have_the_precision_of_the_arguments(dtype):
    x, v = ag.tensor(X.astype(dtype)), ag.tensor(np.ones(4, dtype))
    for name, found in of_every_transform(cube, x, v).items():
        assert found.dtype == dtype, name
    unused, pullback = func.vjp(lambda x, y: y.sum(), x, v)
    assert [g.dtype for g in pullback(2.0)] == [dtype, dtype]
    assert func.grad(lambda x, y: y.sum())(x, v).dtype == dtype


@pytest.mark.parametrize("mode", [ag.enable_grad, ag.no_grad])
def test_results_are_recorded_just_when_the_argument_is_and_recording_is_on(mode):
    for needed in (False, True):
        x, v = t(X, requires_grad=needed), t(np.ones(4))
        with mode():
            found = of_every_transform(cube, x, v)
            recorded = needed and ag.is_grad_enabled()
            for name, one in found.items():
                assert one.requires_grad is recorded, name
            (_, aux), _ = func.value_and_grad(lambda x: (cube(x), {"x": x * 2.0}), has_aux=True)(x)
            assert aux["x"].requires_grad is recorded
        assert x.requires_grad is needed and x.grad is None and v.requires_grad is False


@pytest.mark.parametrize("mode", [ag.enable_grad, ag.no_grad])
def test_directions_that_need_a_gradient_lead_to_it_where_recording_is_on(mode):
    v = t(np.ones(4), requires_grad=True)
    with mode():
        recorded = ag.is_grad_enabled()
        _, pullback = func.vjp(lambda x: x**3, t(X))
        (pulled,) = pullback(v)
        _, pushed = func.jvp(lambda x: x**3, (t(X),), (v,))
    for found in (pulled, pushed):
        assert found.requires_grad is recorded
        if recorded:
            v.grad = None
            found.sum().backward()
            np.testing.assert_allclose(v.grad.numpy(), 3 * X**2, rtol=1e-12)


def test_values_and_gradients_that_are_recorded_lead_back_both():
    for first, second in ((0, 1), (1, 0)):
        x = t(X, requires_grad=True)
        both = func.value_and_grad(cube)(x)
        expected = 3 * X**2, 6 * X
        for k in (first, second):
            x.grad = None
            both[k].sum().backward(retain_graph=k == first)
            np.testing.assert_allclose(x.grad.numpy(), expected[k], rtol=1e-12)


def test_a_pullback_may_be_called_again_and_outputs_left_out():
    x = t(X, requires_grad=True)
    for primal in (t(X), x):
        _, pullback = func.vjp(lambda x: (x**2, x**3), primal)
        for _ in range(2):
            np.testing.assert_allclose(
                pullback((None, np.ones(4)))[0].detach().numpy(), 3 * X**2, rtol=1e-12
            )
            np.testing.assert_allclose(
                pullback((np.ones(4), None))[0].detach().numpy(), 2 * X, rtol=1e-12
            )
        assert not pullback((None, None))[0].detach().numpy().any()


def test_outputs_that_have_no_gradient_give_zeros():
    _, pullback = func.vjp(lambda x: (x.sum(), ag.argmax(x), ag.tensor(2.0)), t(X))
    (g,) = pullback((3.0, None, 1.0))
    assert g.tolist() == [3.0] * 4


def test_a_graph_with_very_many_paths_is_gone_through_once():
    def doubled(x):
        for _ in range(80):
            x = x + x
        return x

    w = t(1.0, requires_grad=True)
    assert func.grad(doubled)(2.0).item() == 2.0**80
    assert func.grad(lambda x: doubled(x * w))(2.0).requires_grad


def test_arguments_are_counted_from_either_end_and_named_from_the_front():
    f = lambda x, y, z: x * y**2 * z**3
    for k in range(-3, 3):
        given = (1.0, 2.0, 3.0)
        right = [2.0**2 * 27.0, 2 * 2.0 * 27.0, 4.0 * 3 * 9.0][k]
        assert func.grad(f, argnums=k)(*given).item() == right
        assert func.jacobian(f, argnums=(k,))(*given)[0].item() == right
    for k in (-4, 3):
        with pytest.raises(ValueError, match=f"argnums={k}, but .* 3 arguments"):
            func.grad(f, argnums=k)(1.0, 2.0, 3.0)
    with pytest.raises(TypeError, match="argument 2 is int"):
        func.grad(f, argnums=-1)(1.0, 2.0, 3)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: func.grad(lambda x: x)(t(X)), ValueError, r"\(4,\).*jacobian"),
        (lambda: func.grad(lambda x: 3.0)(t(1.0)), ValueError, "float"),
        (lambda: func.grad(lambda x: x)(2), TypeError, "argument 0 is int"),
        (lambda: func.grad(lambda x: x)(np.arange(3)), TypeError, "int64"),
        (lambda: func.grad(lambda x: x, argnums=1)(t(1.0)), ValueError, "argnums=1.*1 arg"),
        (lambda: func.grad(lambda x: x, argnums=())(t(1.0)), ValueError, "empty"),
        (lambda: func.grad(lambda x: x, argnums="a")(t(1.0)), TypeError, "argnums"),
        (lambda: func.grad(t(1.0)), TypeError, "autograd.grad"),
        (lambda: func.grad(lambda x: x, has_aux=True)(t(1.0)), TypeError, "pair"),
        (lambda: func.vjp(lambda x: 3.0, t(1.0)), TypeError, "float"),
        (lambda: func.vjp(lambda x: x, t(X))[1](t(1.0)), ValueError, r"\(\).*\(4,\)"),
        (lambda: func.jvp(lambda x: x, t(X), t(X)), TypeError, "tuple"),
        (lambda: func.jvp(lambda x: x, (t(X),), ()), ValueError, "1 primals, but 0"),
        (lambda: func.jvp(lambda x: x, (t(X),), (t(1.0),)), ValueError, r"\(\).*\(4,\)"),
        (lambda: func.hvp(lambda x: x, t(1.0), t(1.0)), TypeError, "tuple"),
        *[
            (
                lambda given=given: func.jvp(cube, (1.0, 2.0), (1.0, given)),
                error,
                f"func.jvp: entry 1 of tangents: {words}",
            )
            for given, error, words in (
                (None, TypeError, "expected numbers"),
                ("x", TypeError, "dtype <U1"),
                (1j, TypeError, "dtype complex128"),
            )
        ],
        (
            lambda: func.vjp(cube, t(X))[1]("x"),
            TypeError,
            "func.vjp: entry 0 of cotangent: dtype <U1",
        ),
        (
            lambda: func.hvp(cube, (t(X),), ("x",)),
            TypeError,
            "func.vjp: entry 1 of cotangent: dtype <U1",
        ),
        (lambda: func.jacobian(3), TypeError, "function"),
        (
            lambda: func.jacobian(lambda x: x)(np.zeros(2**21)),
            ValueError,
            r"^func.jacobian: shape \(2097152, 2097152\) of float64 needs 32 TiB",
        ),
        (
            lambda: func.hessian(lambda x: (x * x).sum())(np.zeros(2**21)),
            ValueError,
            "^func.jacobian: shape .* needs 32 TiB",
        ),
        (lambda: func.checkpoint(3), TypeError, "function"),
    ],
)
def test_bad_calls_are_refused_in_words(call, error, words):
    with pytest.raises(error, match=words):
        call()


M = np.random.default_rng(1).normal(size=(3, 4))


def model(x):
    return ag.tanh(t(M) @ x) * x[0]


def jacobian_by_hand(x):
    h = np.tanh(M @ x)
    jacobian = (1 - h * h)[:, None] * M * x[0]
    jacobian[:, 0] += h
    return jacobian


def test_vjp_and_jvp_are_the_jacobian_from_both_sides():
    v, u = np.random.default_rng(2).normal(size=3), np.random.default_rng(3).normal(size=4)
    value, pullback = func.vjp(model, t(X))
    np.testing.assert_allclose(value.tolist(), np.tanh(M @ X) * X[0], rtol=1e-14)
    for _ in range(2):
        np.testing.assert_allclose(pullback(t(v))[0].tolist(), v @ jacobian_by_hand(X), rtol=1e-12)
    _, change = func.jvp(model, (t(X),), (t(u),))
    np.testing.assert_allclose(change.tolist(), jacobian_by_hand(X) @ u, rtol=1e-12)


def test_jacobian_of_tensors_and_of_structures():
    np.testing.assert_allclose(func.jacobian(model)(t(X)).tolist(), jacobian_by_hand(X), rtol=1e-12)
    both = func.jacobian(lambda x, y: {"a": x * y, "b": y.sum()}, argnums=(0, 1))(t(X), t(X))
    np.testing.assert_allclose(both["a"][0].tolist(), np.diag(X))
    assert both["b"][0].tolist() == [0.0] * 4 and both["b"][1].tolist() == [1.0] * 4
    assert func.jacobian(lambda x: x[:0])(t(X)).shape == (0, 4)


def test_jacobians_can_be_differentiated():
    x = t(X, requires_grad=True)
    (func.jacobian(lambda x: x**3)(x) ** 2).sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), 36 * X**3, rtol=1e-12)


def energy(x):
    return ag.exp(x[0] * x[1]) + (x**3).sum()


def hessian_by_hand(x):
    h = np.diag(6 * x)
    e = np.exp(x[0] * x[1])
    h[0, 0] += x[1] ** 2 * e
    h[1, 1] += x[0] ** 2 * e
    h[0, 1] = h[1, 0] = e * (1 + x[0] * x[1])
    return h


def test_hessian_and_hvp():
    u = np.random.default_rng(3).normal(size=4)
    np.testing.assert_allclose(func.hessian(energy)(t(X)).tolist(), hessian_by_hand(X), rtol=1e-12)
    value, (product,) = func.hvp(energy, (t(X),), (t(u),))
    assert math.isclose(value.item(), energy(t(X)).item()) and not value.requires_grad
    np.testing.assert_allclose(product.tolist(), hessian_by_hand(X) @ u, rtol=1e-12)


def test_hessians_by_several_arguments_are_nested():
    h = func.hessian(lambda x, y: x * x * y, argnums=(0, 1))(t(2.0), t(5.0))
    assert [[b.item() for b in row] for row in h] == [[10.0, 4.0], [4.0, 0.0]]


def test_transforms_mix():
    total = lambda x: func.jvp(energy, (x,), (t(np.ones(4)),))[1]
    g = func.grad(total)(t(X))
    np.testing.assert_allclose(g.tolist(), hessian_by_hand(X).sum(1), rtol=1e-12)


def conv(x, w):
    """Correlation with padding 1, by loops."""
    padded = np.pad(x, 1)
    (h, v), (a, b) = x.shape, w.shape
    return np.array(
        [[np.sum(padded[i : i + a, j : j + b] * w) for j in range(v)] for i in range(h)]
    )


def full(g, w, flip=True):
    """Gradient by the padded input."""
    k = w[::-1, ::-1] if flip else w
    g = np.pad(g, 2)
    n, m = g.shape[0] - 2, g.shape[1] - 2
    return np.array([[np.sum(g[i : i + 3, j : j + 3] * k) for j in range(m)] for i in range(n)])


def by_kernel(g, x):
    padded, (h, v) = np.pad(x, 1), x.shape
    return np.array(
        [[np.sum(padded[i : i + h, j : j + v] * g) for j in range(3)] for i in range(3)]
    )


def inside(a):
    return a[1:-1, 1:-1]


IMAGE = np.random.default_rng(0).normal(size=(5, 6))


KERNEL = np.random.default_rng(1).normal(size=(3, 3))


MISTAKES = {
    "right": (lambda g, x, w: (inside(full(g, w)), by_kernel(g, x)), None, None),
    "sign": (lambda g, x, w: (-inside(full(g, w)), by_kernel(g, x)), 0, "sign"),
    "factor": (lambda g, x, w: (inside(full(g, w)), 3 * by_kernel(g, x)), 1, "3 times"),
    "mean": (lambda g, x, w: (inside(full(g, w)), by_kernel(g, x) / 5), 1, "averaged"),
    "input": (lambda g, x, w: (inside(full(g, w, False)), by_kernel(g, x)), 0, "not flipped"),
    "kernel": (
        lambda g, x, w: (inside(full(g, w)), by_kernel(g, x)[::-1, ::-1]),
        1,
        "not flipped",
    ),
    "transposed": (lambda g, x, w: (inside(full(g, w)), by_kernel(g, x).T), 1, "transposed"),
    "shifted": (lambda g, x, w: (full(g, w)[:-2, :-2], by_kernel(g, x)), 0, "shifted by the pad"),
    "uncropped": (lambda g, x, w: (full(g, w), by_kernel(g, x)), 0, "padding is not taken off"),
    "no g": (lambda g, x, w: (inside(full(g, w)), by_kernel(g * 0 + 1, x)), 1, "incoming grad"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_compare_names_the_mistake_in_a_handwritten_convolution(name):
    backward, position, words = MISTAKES[name]
    report = func.compare(conv, backward, IMAGE, KERNEL)
    assert [one.ok for one in report.inputs] == [k != position for k in (0, 1)]
    assert bool(report) is (position is None)
    if position is not None:
        assert words in report.inputs[position].hypothesis
        assert "WRONG" in str(report) and words in str(report)


def test_compare_finds_batches_not_summed_and_operands_transposed():
    x, w, b = (np.random.default_rng(k).normal(size=s) for k, s in enumerate([(4, 3), (3, 3), 3]))
    report = func.compare(
        lambda x, w, b: x @ w + b, lambda g, x, w, b: (g @ w, x[:1].T @ g[:1], g), x, w, b
    )
    hints = [one.hypothesis for one in report.inputs]
    assert "transposed" in hints[0]
    assert "batch is not summed" in hints[1] and "batch is not summed" in hints[2]


def test_compare_names_the_worst_element_and_maps_the_wrong_ones():
    def backward(g, x):
        result = 2 * g * x
        result[1, 2] *= 1.5
        result[0, 0] *= 1.01
        return result

    one = func.compare(lambda x: x * x, backward, IMAGE).inputs[0]
    assert one.index == (1, 2) and int(one.wrong.sum()) == 2
    assert math.isclose(one.got[1, 2] / one.right[1, 2], 1.5, rel_tol=1e-6)
    assert "    X.....\n    ..X...\n" in one.text() and "no simple mistake" in one.text()


def test_compare_tells_kinks_apart():
    report = func.compare(
        lambda x: np.maximum(x, 0), lambda g, x: g * (x >= 0), np.array([1.0, 0.0, -1.0])
    )
    assert report.ok and report.inputs[0].kinks[0][0] == (1,)
    assert "kink at (1,)" in str(report)


def test_compare_does_not_let_functions_spoil_its_arrays():
    def forward(x):
        x *= 2
        return x

    x = np.ones(3)
    assert func.compare(forward, lambda g, x: 2 * g, x) and x.tolist() == [1.0] * 3


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: func.compare(np.sin, np.cos), ValueError, "inputs"),
        (lambda: func.compare(3, np.cos, 1.0), TypeError, "forward must be a function"),
        (lambda: func.compare(np.sin, 3, 1.0), TypeError, "my_backward must be a function"),
        (lambda: func.compare(np.sin, lambda g, x: g, t(1.0)), TypeError, "gradcheck"),
        (lambda: func.compare(np.sin, lambda g, x: (g, g), 1.0), ValueError, "2 gradients for 1"),
        (lambda: func.compare(np.sin, lambda g, x: "a", 1.0), TypeError, "my_backward"),
        (lambda: func.compare(lambda x: "a", lambda g, x: g, 1.0), TypeError, "forward"),
        (
            lambda: func.compare(np.sin, lambda g, x: g, np.ones(2), gradient=np.ones(3)),
            ValueError,
            r"\(3,\).*\(2,\)",
        ),
    ],
)
def test_compare_refuses_what_it_cannot_take(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: func.value_and_grad(3), TypeError, "value_and_grad: expected a function, got int"),
        (lambda: func.vjp(lambda x: (x, x * 2.0), t(X))[1]((t(X),)), ValueError, "has 1 entries; 2 are needed"),
        (lambda: func.jacobian(lambda x: x > 0)(t(X)), TypeError, "jacobian: the function returned bool"),
        (lambda: func.vmap(lambda x: [x] * int(x.item()))(t([1.0, 2.0])), ValueError, "different structures"),
    ],
)  # fmt: skip
def test_what_has_no_derivative_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_what_is_given_for_a_dict_is_found_by_its_keys():
    value, pull = func.vjp(lambda x: {"a": x, "b": [x * 10.0, x * 100.0]}, t(1.0))
    assert pull({"b": [t(0.0), t(2.0)], "a": t(3.0)})[0].item() == 203.0
    assert pull({"b": None, "a": t(3.0)})[0].item() == 3.0
    p = {"a": t(1.0), "b": t(2.0)}
    swapped = {"b": t(1.0), "a": t(0.0)}
    assert func.jvp(lambda d: d["a"] + 10.0 * d["b"], (p,), (swapped,))[1].item() == 10.0
    product = func.hvp(lambda d: d["a"] ** 2 * d["b"], (p,), (swapped,))[1][0]
    assert {k: v.item() for k, v in product.items()} == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize("given", [
    ([1.0, 0.0], 0.0), {"a": 1.0, "b": 0.0, "c": 0.0}, (1.0, {"x": 0.0, "y": 0.0}),
], ids=["lists", "a dict", "keys"])  # fmt: skip
def test_what_is_built_otherwise_than_what_it_is_for_is_refused(given):
    f = lambda x: (x, [x * 10.0, x * 100.0])
    with pytest.raises(
        ValueError, match="func.vjp: the structure of cotangent is not that of the value"
    ):
        func.vjp(f, t(1.0))[1](given)
    with pytest.raises(ValueError, match="func.jvp: the structure of tangents .* of the primals"):
        func.jvp(lambda p: p[0] * p[1][0], ((t(1.0), [t(2.0), t(3.0)]),), (given,))


def test_an_argument_that_is_named_twice_is_refused():
    for transform in (func.grad, func.jacobian, func.hessian):
        with pytest.raises(ValueError, match="names an argument twice"):
            transform(lambda x, y: x * y, argnums=(0, -2))(t(2.0), t(3.0))


def test_an_index_does_not_change_along_a_direction():
    f = lambda x: (x * x, ag.argmax(x), x.sum())
    value, change = func.jvp(f, (t([1.0, 2.0]),), (t([1.0, 10.0]),))
    assert [v.tolist() for v in value] == [[1.0, 4.0], 1, 3.0]
    assert [c.tolist() for c in change] == [[2.0, 40.0], 0, 11.0]
    assert change[1].dtype == value[1].dtype
