"""Checkpoints: the same gradients from fewer kept values, and what they notice."""

import gc
import weakref

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import func
from autograd.core.modes import local

X = np.random.default_rng(0).uniform(0.3, 1.2, 4)


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), **options)


W = np.random.default_rng(5).normal(size=4)


def block(kind, w):
    """A function with a tensor from outside, wrapped or not."""
    inner = lambda x, y: (ag.exp(ag.sin(x) * w) * y, x * w)
    return (lambda x, y: func.checkpoint(inner, x, y)) if kind == "checkpoint" else inner


def graph(kind, x, w):
    # w is used inside, outside, and in what comes in: each contribution must count once.
    wide = w * w
    a, b = block(kind, wide)(x * w, x)
    c, _ = block(kind, w)(a, a)
    return (c * b).sum()


def test_checkpoint_gives_the_same_gradients_of_first_second_and_third_order():
    results = {}
    for kind in ("plain", "checkpoint"):
        x, w = t(X, requires_grad=True), t(W, requires_grad=True)
        graph(kind, x, w).backward()
        found = [x.grad, w.grad]
        g = ag.grad(graph(kind, x, w), (x, w), create_graph=True)
        h = ag.grad(sum((k * k).sum() for k in g), (x, w), create_graph=True)
        found += [*g, *h, *ag.grad(sum((k**2).sum() for k in h), (x, w))]
        results[kind] = [k.tolist() for k in found]
    for a, b in zip(results["plain"], results["checkpoint"], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_checkpoint_passes_gradgradcheck():
    def f(x, w):
        return func.checkpoint(lambda a: a * w * ag.sin(a * w), x * w)

    assert func.gradcheck(f, X, W) and func.gradgradcheck(f, X, W)


def test_checkpoint_keeps_only_its_inputs():
    x = t(np.ones(1000), requires_grad=True)
    y = func.checkpoint(lambda a: ag.exp(ag.sin(ag.cos(a))), x)
    assert y.grad_node.parents == (x._node,)
    assert [s.shape for s in y.grad_node.saved[0]] == [(1000,)]


def test_checkpoint_takes_and_returns_structures():
    def f(p, *, k):
        return {"a": p["x"] * k, "n": 3, "i": ag.argmax(p["x"])}

    x = t(X, requires_grad=True)
    out = func.checkpoint(f, {"x": x}, k=2.0)
    assert out["n"] == 3 and out["i"].item() == int(np.argmax(X))
    out["a"].sum().backward()
    assert x.grad.tolist() == [2.0] * 4


def test_checkpoint_of_unused_outputs_and_of_passed_through_inputs():
    x = t(X, requires_grad=True)
    a, b = func.checkpoint(lambda v: (v, v * 2.0), x)
    assert not np.shares_memory(a._data, x._data)
    a.sum().backward()
    assert x.grad.tolist() == [1.0] * 4 and not np.shares_memory(x.grad._data, x._data)


@pytest.mark.parametrize("given", ["argument", "option"])
def test_checkpoint_draws_the_same_random_numbers_again(given):
    x = t(X, requires_grad=True)
    random = np.random.default_rng(7)
    if given == "argument":
        f = lambda v, r: v * r.uniform(1.0, 2.0, 4)
        y = func.checkpoint(f, x, random)
    else:
        y = func.checkpoint(lambda v: v * random.uniform(1.0, 2.0, 4), x, generators=[random])
    after = random.bit_generator.state
    y.sum().backward()
    np.testing.assert_allclose(x.grad.tolist(), np.random.default_rng(7).uniform(1.0, 2.0, 4))
    assert random.bit_generator.state == after


def test_checkpoint_preserves_the_default_generator():
    x = t(np.ones(100), requires_grad=True)
    nn.manual_seed(3)
    y = func.checkpoint(lambda v: nn.functional.dropout(v, 0.5, training=True), x)
    after = nn.default_generator().bit_generator.state
    y.sum().backward()
    assert x.grad.tolist() == y.tolist() and 0.0 in y.tolist() and 2.0 in y.tolist()
    assert nn.default_generator().bit_generator.state == after


def test_checkpoint_notices_when_it_computes_other_values():
    random = np.random.default_rng(7)
    x = t(X, requires_grad=True)
    y = func.checkpoint(lambda v: v * random.uniform(1.0, 2.0), x)
    with pytest.raises(RuntimeError, match="other values.*generators"):
        y.sum().backward()
    assert x.grad is None


def test_checkpoint_notices_writes_to_what_it_takes_from_outside():
    x, w = t(X, requires_grad=True), t(W, requires_grad=True)
    y = func.checkpoint(lambda v: (v * w, v + w), x)[0]
    with ag.no_grad():
        w *= 2.0
    with pytest.raises(RuntimeError, match="checkpoint.*written"):
        y.sum().backward()


def test_a_checkpoints_argument_may_also_come_from_outside():
    def gradients(call):
        x = t(X, requires_grad=True)
        z = x * 3.0
        out = call(lambda v: (v * z + v.T).sum() * x[0], z)
        (g,) = ag.grad(out, x, create_graph=True)
        return g.tolist(), ag.grad((g * g).sum(), x)[0].tolist()

    plain = gradients(lambda f, z: f(z))
    np.testing.assert_allclose(gradients(func.checkpoint), plain, rtol=1e-12)


def test_hooks_within_and_around_a_checkpoint_run_once():
    x, w, seen = t(X, requires_grad=True), t(W, requires_grad=True), []
    w.register_hook(lambda g: seen.append("w"))
    z = x * w
    z.register_hook(lambda g: seen.append("z"))
    func.checkpoint(lambda v: v * w * z, z).sum().backward()
    assert sorted(seen) == ["w", "z"]


def test_checkpoints_nest():
    x = t(X, requires_grad=True)
    inner = lambda v: func.checkpoint(ag.sin, v) * v
    (g,) = ag.grad(func.checkpoint(inner, x).sum(), x)
    np.testing.assert_allclose(g.tolist(), np.cos(X) * X + np.sin(X), rtol=1e-14)


def test_an_array_argument_may_be_written_into_before_backward():
    w, array = ag.tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 5.0], np.float32)
    y = func.checkpoint(lambda w, array: w * w * array, w, array).sum()
    array[:] = array[::-1].copy()
    y.backward()
    assert w.grad.tolist() == [6.0, 20.0]


def test_values_in_another_order_are_noticed_when_computed_again():
    w, array = ag.tensor([2.0, 2.0], requires_grad=True), np.array([3.0, 5.0])
    y = func.checkpoint(lambda w: w * w * array, w).sum()
    array[:] = array[::-1].copy()
    with pytest.raises(RuntimeError, match="gave other values"):
        y.backward()


def test_what_returns_no_floats_is_called_and_that_is_all():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    found, name = func.checkpoint(lambda v: (v > 1.5, "name"), x)
    assert found.tolist() == [False, True] and name == "name" and not found.requires_grad


def test_a_function_that_returns_less_the_second_time_is_told():
    x, calls = ag.tensor([1.0, 2.0], requires_grad=True), []

    def function(v):
        calls.append(1)
        return [v * 2.0, v * 3.0][: 3 - len(calls)]

    first, second = func.checkpoint(function, x)
    with pytest.raises(RuntimeError, match="computed again, the function returned fewer outputs"):
        (first + second).sum().backward()


def test_generators_go_on_from_where_they_were():
    x, random = t(X, requires_grad=True), np.random.default_rng(7)
    y = func.checkpoint(lambda v, r: v * r.uniform(1.0, 2.0, 4), x, random)
    random.uniform(size=3)  # drawn between the two computations
    nn.default_generator().uniform(size=3)
    states = [g.bit_generator.state for g in (random, nn.default_generator())]
    y.sum().backward()
    assert states == [g.bit_generator.state for g in (random, nn.default_generator())]


def test_the_second_computation_is_in_the_module_of_the_first():
    seen = []

    class Inner(nn.Module):
        def forward(self, v):
            return func.checkpoint(lambda v: seen.append(local.state.module) or v * v, v)

    class Outer(nn.Module):
        def forward(self, y):
            before = local.state.module
            y.sum().backward()
            assert local.state.module is before and before is not None
            return y

    class Whole(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.outer = Inner(), Outer()

        def forward(self, v):
            return self.outer(self.inner(v))

    with ag.debug.record():
        Whole()(t(X, requires_grad=True))
    assert len(seen) == 2 and seen[0] is not None and seen[0] == seen[1]


def test_what_is_returned_from_outside_is_a_copy_and_leads_back():
    x, w = t(X, requires_grad=True), t(W, requires_grad=True)
    a, b, c = func.checkpoint(lambda v: (v * 2.0, w, w.reshape(2, 2)), x)
    for out in (b, c):
        assert not np.shares_memory(out._data, w._data)
    (a.sum() + 3.0 * b.sum() + 5.0 * c.sum()).backward()
    assert x.grad.tolist() == [2.0] * 4 and w.grad.tolist() == [8.0] * 4
    w = t(W, requires_grad=True)
    func.checkpoint(lambda v: (v * 2.0, w), x)[1].sum().backward()  # used by no operation
    assert w.grad.tolist() == [1.0] * 4


def test_two_outputs_of_one_node_from_outside_are_told_apart():
    @ag.primitive(outputs=2)
    def both(x):
        return 2.0 * x, 3.0 * x

    both.gradients(x=lambda g: sum(n * h for n, h in zip((2.0, 3.0), g, strict=True) if h is not None))  # fmt: skip
    x, w = t(X, requires_grad=True), t(W, requires_grad=True)
    a, b = both(w)
    func.checkpoint(lambda v: v * a * b, x).sum().backward()
    np.testing.assert_allclose(w.grad.tolist(), 12.0 * X * W, rtol=1e-14)
    np.testing.assert_allclose(x.grad.tolist(), 6.0 * W**2, rtol=1e-14)


def test_the_outputs_are_not_kept():
    y = func.checkpoint(lambda v: v * v, t(X, requires_grad=True))
    data, total = weakref.ref(y._data), y.sum()
    del y
    gc.collect()
    assert data() is None and total.requires_grad


@pytest.mark.parametrize("size", [1000, 1])
def test_values_that_differ_by_a_thousandth_are_other_values(size):
    """Of the sum, or of 1 where that is small."""

    def computed_again_with(change):
        added = iter([0.0, change])
        x = t(np.full(size, 1.0 if size > 1 else 1e-6), requires_grad=True)
        func.checkpoint(lambda v: v + next(added), x).sum().backward()

    for sign in (1.0, -1.0):
        computed_again_with(sign * 0.9e-3)
        with pytest.raises(RuntimeError, match="other values"):
            computed_again_with(sign * 1.2e-3)


def test_sums_before_and_after_are_said_and_nan_is_what_it_was():
    x, factors = t(np.ones(4), requires_grad=True), iter([1.5, 2.0])
    y = func.checkpoint(lambda v: v * next(factors), x)
    with pytest.raises(RuntimeError, match=r"\(their sum was 6, now 8\)"):
        y.sum().backward()
    func.checkpoint(lambda v: v * np.array([1.0, 2.0, 3.0, np.nan]), x).sum().backward()
    np.testing.assert_array_equal(x.grad.tolist(), [1.0, 2.0, 3.0, np.nan])


def test_what_needs_no_gradient_is_a_constant_the_second_time_too():
    seen = []

    def function(v, c, k):
        seen.append([z.requires_grad for z in (v, c, k)])
        return (v * c)[k], v.detach() * 2.0

    x, c, k = t(X, requires_grad=True), t(W), ag.tensor([3, 0])
    first, second = func.checkpoint(function, x, c, k)
    (first.sum() + second.sum()).backward()
    assert seen == [[False] * 3, [True, False, False]] or seen == [[True, False, False]] * 2
    assert x.grad.tolist() == [W[0], 0.0, 0.0, W[3]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_proof_card_of_a_checkpoint_also_moves_what_it_takes_from_outside(dtype):
    x, w, n = (ag.tensor(np.asarray(a, dtype), requires_grad=True) for a in (X, W, 0.7))
    held = [(t._data, t._node, t._version) for t in (w, n)]
    y = func.checkpoint(lambda v: ag.sin(v * w) * w * n, x)
    card = ag.debug.certify(y.sum())
    assert card and all(rule.first == rule.second == "right" for rule in card.rules), card
    for t, before in zip((w, n), held, strict=True):
        assert all(a is b for a, b in zip((t._data, t._node, t._version), before, strict=True))

    @ag.primitive(broadcasts=True)
    def square(w):
        return w * w

    square.gradients(w=lambda g, w: g * 2.0 * (w.detach() if isinstance(w, ag.Tensor) else w))
    card = ag.debug.certify(func.checkpoint(lambda v: v * square(w), x).sum())
    wrong = {rule.input for rule in card.rules if "wrong" in (rule.first, rule.second)}
    assert not card and "xs[1]" in wrong, card


def test_a_plain_backward_exchanges_nothing():
    x, w, n = t(X, requires_grad=True), t(W, requires_grad=True), t(3.0, requires_grad=True)
    seen = []

    def function(v):
        seen.extend((z._data, z._node, z._index) for z in (w, n))
        return v * w * n

    (g,) = ag.grad(func.checkpoint(function, x).sum(), w, create_graph=True)
    g.sum().backward()
    assert len(seen) == 4 or len(seen) == 6
    for k, one in enumerate(seen):
        assert all(a is b for a, b in zip(one, seen[k % 2], strict=True))
