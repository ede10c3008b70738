"""Gradients share memory with nothing that can be written into, on any way that they reach users."""

import itertools

import numpy as np
import pytest

import autograd as ag

A, B = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])


def leaves(*arrays):
    return [ag.tensor(a, requires_grad=True) for a in arrays]


def assert_apart(*tensors):
    for t, u in itertools.combinations([t for t in tensors if t is not None], 2):
        assert t is not u and not np.shares_memory(t._data, u._data)


@ag.primitive
def passing(*xs):
    """A sum whose rule sends one and the same array to all."""
    return sum(xs) + 0.0


passing.gradients(("xs",), lambda g, xs: (g,) * len(xs))


@ag.primitive
def odd(x, y):
    """Its rules return what was saved: no gradient of anything, but memory that others have."""
    return x * y


odd.gradients(x=lambda g, x: x, y=lambda g, x, y: y)

FUNCTIONS = {
    "a + b": lambda a, b: a + b,
    "a + a": lambda a, b: a + a + b,
    "a - b": lambda a, b: a - b,
    "variadic": lambda a, b: passing(a, b, a),
    "concatenate": lambda a, b: ag.concatenate([a, b])[1:4],
    "stack": lambda a, b: ag.stack([a, b])[0] + b,
    "reshape": lambda a, b: a.reshape(3, 1)[:, 0] + b,
    "alias": lambda a, b: ag.alias(a) + ag.alias(b),
    "saved": odd,
    "where": lambda a, b: ag.where(np.array([True, False, True]), a, b),
    "checkpoint": lambda a, b: ag.func.checkpoint(lambda x, y: x + y, a, b),
    "composite": lambda a, b: ag.linear(a, ag.stack([a, b]), None)[0] * ag.ones(3, dtype=np.float64) + b,
}  # fmt: skip


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_results_of_grad_share_nothing(name, create_graph):
    a, b = leaves(A, B)
    y = FUNCTIONS[name](a, b)
    seed = ag.tensor([1.0, 10.0, 100.0], dtype=np.float64)
    found = ag.grad(y, (a, b, a, y), seed, create_graph=create_graph, retain_graph=True)
    assert_apart(*found, seed, a, b, y)
    values = [t.tolist() for t in found]
    for t in found:
        with ag.no_grad():
            t *= 0.0
    again = ag.grad(FUNCTIONS[name](a, b), (a, b), seed)
    assert [t.tolist() for t in again] == values[:2]
    assert seed.tolist() == [1.0, 10.0, 100.0] and a.tolist() == A.tolist()


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_grads_after_backward_share_nothing(name, create_graph):
    a, b = leaves(A, B)
    y = FUNCTIONS[name](a, b)
    y.retain_grad()
    seed = ag.tensor([1.0, 10.0, 100.0], dtype=np.float64)
    y.backward(seed, create_graph=create_graph)
    assert_apart(a.grad, b.grad, y.grad, seed, a, b, y)
    a, b = leaves(A, B)
    y = FUNCTIONS[name](a, b)
    y.backward(seed, create_graph=create_graph, inputs=[a, b, y])
    assert_apart(a.grad, b.grad, y.grad, seed, a, b, y)


@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("where", ["result", "leaf", "both"])
def test_a_hook_cannot_write_into_a_gradient_that_others_get(where, create_graph):
    a, b = leaves(A, B)
    y = a * 1.0 + b
    refused = []

    def hook(g):
        try:
            with ag.no_grad():
                g *= 100.0
        except RuntimeError as error:
            refused.append(str(error))

    if where != "leaf":
        y.register_hook(hook)
    if where != "result":
        a.register_hook(hook)
        b.register_hook(hook)
    y.backward(ag.tensor([1.0, 10.0, 100.0], dtype=np.float64), create_graph=create_graph)
    assert a.grad.tolist() == b.grad.tolist() == [1.0, 10.0, 100.0]
    assert len(refused) == {"result": 1, "leaf": 2, "both": 3}[where]
    assert "read-only" in refused[0]


def test_a_number_given_to_a_hook_is_no_others_either():
    a, b = leaves(np.array(2.0), np.array(3.0))

    def hook(g):
        with ag.no_grad():
            g *= 100.0

    for create_graph in (False, True):
        y = a + b
        y.register_hook(hook)
        a.register_hook(hook)
        assert [g.item() for g in ag.grad(y, (a, b), create_graph=create_graph)] == [1.0, 1.0]


def test_what_a_hook_keeps_stays_what_it_was():
    a, b = leaves(A, B)
    kept = []
    y = a + b
    y.register_hook(kept.append)
    a.register_hook(kept.append)
    y.backward(ag.ones(3, dtype=np.float64), retain_graph=True)
    y.backward(ag.ones(3, dtype=np.float64))
    assert [g.tolist() for g in kept[:2]] == [[1.0] * 3] * 2 and a.grad.tolist() == [2.0] * 3


def test_what_a_hook_returns_is_not_written_into():
    a, b, other = *leaves(A, B), ag.tensor([7.0, 7.0, 7.0], dtype=np.float64)
    y = a * 1.0
    y.register_hook(lambda g: other)
    a.register_hook(lambda g: other)
    for _ in range(2):
        (y + b).backward(ag.ones(3, dtype=np.float64), retain_graph=True)
    assert other.tolist() == [7.0] * 3 and a.grad.tolist() == [14.0] * 3
    assert_apart(other, a.grad, b.grad)


def test_a_leaf_that_is_a_root_twice_runs_its_hook_once():
    (a,) = leaves(A)
    seen = []
    a.register_hook(lambda g: seen.append(g.tolist()))
    ag.grad([a, a], a, [ag.ones(3, dtype=np.float64)] * 2)
    assert seen == [[2.0] * 3]


def test_handles_take_away_their_own_hook_only():
    (a,) = leaves(A)
    calls = []
    first = a.register_hook(lambda g: calls.append("first"))
    first.remove()
    second = a.register_hook(lambda g: calls.append("second"))
    first.remove()
    (a * 2.0).sum().backward()
    assert calls == ["second"]
    second.remove()
    (a * 2.0).sum().backward()
    assert calls == ["second"]


def test_with_inputs_the_graph_is_walked_once(monkeypatch):
    from autograd.engine import BackwardPass

    walks = []
    reachable = BackwardPass.reachable
    monkeypatch.setattr(BackwardPass, "reachable", lambda self: walks.append(1) or reachable(self))
    a, b = leaves(A, B)
    handle = b.register_hook(lambda g: None)
    for inputs, expected in ((None, 1), (a, 1)):
        walks.clear()
        (a * b).sum().backward(inputs=inputs)
        assert len(walks) == expected
    handle.remove()
