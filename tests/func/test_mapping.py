"""``vmap``, ``jacrev`` and ``jacfwd``: one example after the other gives what a batch gives."""

import numpy as np
import pytest

import autograd as ag
from autograd.func import grad, hessian, jacfwd, jacobian, jacrev, vmap

X = ag.tensor(np.arange(6.0).reshape(2, 3) / 5, requires_grad=True)


def test_a_function_of_one_example_becomes_one_of_a_batch():
    out = vmap(lambda x: (x * x).sum())(X)
    np.testing.assert_allclose(out.data, (X.data**2).sum(1))
    (g,) = ag.grad(out.sum(), [X])
    np.testing.assert_allclose(g.data, 2 * X.data)


def test_axes_and_structures_are_those_asked_for():
    w = ag.tensor(np.arange(4.0))
    out = vmap(lambda d, y: {"a": d["x"] * y, "b": (d["x"] + 1,)}, in_dims=({"x": 1}, None),
               out_dims={"a": 1, "b": 0})({"x": X}, w[:2])  # fmt: skip
    np.testing.assert_allclose(out["a"].data, X.data * w.data[:2, None])
    np.testing.assert_allclose(out["b"][0].data, X.data.T + 1)
    np.testing.assert_allclose(vmap(lambda x, k: x * k)(X, k=w[:2]).data, X.data * w.data[:2, None])
    np.testing.assert_allclose(vmap(vmap(lambda x: x * 2), in_dims=-1)(X).data, 2 * X.data.T)


def test_gradients_are_taken_example_by_example():
    np.testing.assert_allclose(vmap(grad(lambda x: (x**3).sum()))(X).data, 3 * X.data**2)
    np.testing.assert_allclose(
        vmap(hessian(lambda x: (x**3).sum()))(X).data,
        [np.diag(6 * row) for row in X.data],
    )


def test_both_jacobians_are_the_jacobian():
    def f(x, y):
        return (x * y).cumsum(0)

    x, y = ag.tensor([1.0, 2.0, 3.0]), ag.tensor([0.5, 0.2, 0.1])
    wanted = jacobian(f, (0, 1))(x, y)
    for found in (jacrev(f, (0, 1))(x, y), jacfwd(f, (0, 1))(x, y)):
        for a, b in zip(found, wanted, strict=True):
            np.testing.assert_array_equal(a.data, b.data)
    found, aux = jacrev(lambda x: (x * x, "kept"), has_aux=True)(x)
    assert aux == "kept" and found.shape == (3, 3)
    assert jacfwd(lambda x: (x * x, 7), has_aux=True)(x)[1] == 7


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: vmap(3), TypeError, "func must be a function"),
        (lambda: vmap(lambda x: x, in_dims=None)(X), ValueError, "of no argument"),
        (lambda: vmap(lambda x, y: x)(X, X.T), ValueError, r"of lengths \[2, 3\]"),
        (lambda: vmap(lambda x: x)(X[:0]), ValueError, "the batch is empty"),
        (lambda: vmap(lambda x, k: x)(X, 3), ValueError, "write None for it"),
        (lambda: vmap(lambda x: x, in_dims=(0, 1))(X), ValueError, "does not have the structure"),
        (lambda: vmap(lambda x: x.sum().item())(X), TypeError, "returned float"),
        (lambda: vmap(lambda x: x, randomness="same")(X), ValueError, "in_dims=None"),
        (lambda: jacrev(lambda x: x, has_aux=True)(X), TypeError, "value, something else"),
    ],
)
def test_what_cannot_be_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()


@pytest.mark.torch
def test_numbers_are_pytorchs(torch):
    def f(lib, vmap, jacrev):
        x = lib.tensor(X.data.tolist(), dtype=lib.float64)
        w = lib.tensor([[1.0, 2.0, 3.0], [0.1, 0.2, 0.3]], dtype=lib.float64)
        one = lambda x: (w @ x).tanh()  # noqa: E731
        return np.asarray(vmap(jacrev(one))(x)), np.asarray(vmap(one, out_dims=1)(x))

    ours, theirs = f(ag, vmap, jacrev), f(torch, torch.func.vmap, torch.func.jacrev)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_results_are_found_by_their_keys():
    def f(x):
        return {"a": x, "b": -x} if x.item() > 0 else {"b": -x, "a": x}

    found = ag.func.vmap(f)(ag.tensor([1.0, -2.0]))
    assert {k: v.tolist() for k, v in found.items()} == {"a": [1.0, -2.0], "b": [-1.0, 2.0]}
    with pytest.raises(ValueError, match="different structures"):
        ag.func.vmap(lambda x: {"a" if x.item() > 0 else "b": x})(ag.tensor([1.0, -2.0]))


def test_results_have_a_place_for_the_axis_of_the_batch():
    with pytest.raises(ValueError, match=r"out_dims=\(0, None\) must say where"):
        ag.func.vmap(lambda x: (x, x), out_dims=(0, None))(ag.ones(3))
