"""Graphs drawn at random, against forward-mode differentiation written here in plain NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.debug import Backprop

SHAPE = (2, 3)


class Dual:
    """A value and its change along one direction: the oracle."""

    def __init__(self, value, change):
        self.value, self.change = value, change


def dual_add(a, b):
    return Dual(a.value + b.value, a.change + b.change)


def dual_multiply(a, b):
    return Dual(a.value * b.value, a.change * b.value + a.value * b.change)


def dual_tanh(a, b):
    h = np.tanh(a.value)
    return Dual(h, (1 - h * h) * a.change)


def dual_rows(a, b):
    """Mean over rows, broadcast back."""
    mean = lambda x: np.broadcast_to(x.mean(0, keepdims=True), SHAPE)
    return Dual(mean(a.value) - b.value, mean(a.change) - b.change)


def dual_turn(a, b):
    turn = lambda x: x.T.reshape(SHAPE)[:, ::-1]
    return Dual(turn(a.value), turn(a.change))


def dual_scaled(a, b):
    """a by the sum of b's first row: a number that broadcasts."""
    total, d = b.value[0].sum() * 0.3, b.change[0].sum() * 0.3
    return Dual(a.value * total, a.change * total + a.value * d)


@ag.primitive(outputs=2)
def swap_and_double(x, y):
    return y + 0.0, 2.0 * x


swap_and_double.gradients(
    ("x", "y"),
    lambda g: (
        np.zeros(SHAPE) if g[1] is None else 2.0 * g[1],
        np.zeros(SHAPE) if g[0] is None else g[0] * 1.0,
    ),
)

OPS = {
    "add": (lambda a, b: a + b, dual_add),
    "multiply": (lambda a, b: a * b, dual_multiply),
    "tanh": (lambda a, b: ag.tanh(a), dual_tanh),
    "rows": (lambda a, b: a.mean(axis=0, keepdims=True) - b, dual_rows),
    "turn": (lambda a, b: a.T.reshape(SHAPE)[:, ::-1], dual_turn),
    "scaled": (lambda a, b: a * (b[0].sum() * 0.3), dual_scaled),
    "first of two": (lambda a, b: swap_and_double(a, b)[0], lambda a, b: Dual(b.value, b.change)),
    "second of two": (
        lambda a, b: swap_and_double(a, b)[1],
        lambda a, b: Dual(2 * a.value, 2 * a.change),
    ),
    "checkpoint": (
        lambda a, b: ag.func.checkpoint(lambda c: ag.tanh(c * b), a),
        lambda a, b: dual_tanh(dual_multiply(a, b), None),
    ),
}

programs = st.lists(
    st.tuples(st.sampled_from(sorted(OPS)), st.integers(0, 99), st.integers(0, 99)),
    min_size=1,
    max_size=14,
)


def values(seed, count=3):
    random = np.random.default_rng(seed)
    return [random.uniform(-1.0, 1.0, SHAPE) for _ in range(count)]


def run(program, inputs, which):
    """All values of a program; what it returns is the last one."""
    found = list(inputs)
    for name, i, j in program:
        found.append(OPS[name][which](found[i % len(found)], found[j % len(found)]))
    return found[-1]


def leaves():
    return [ag.tensor(v, requires_grad=True) for v in values(0)]


@given(programs)
def test_backward_agrees_with_forward_mode(program):
    inputs, directions, weight = values(0), values(1), values(2)[0]
    right = run(program, [Dual(*pair) for pair in zip(inputs, directions, strict=True)], 1)
    xs = leaves()
    out = run(program, xs, 0)
    np.testing.assert_allclose(out.detach().numpy(), right.value, rtol=1e-10, atol=1e-12)
    out.backward(weight)
    along = sum(
        (x.grad.numpy() * d).sum()
        for x, d in zip(xs, directions, strict=True)
        if x.grad is not None
    )
    np.testing.assert_allclose(along, (weight * right.change).sum(), rtol=1e-9, atol=1e-10)


@given(programs, st.integers(0, 99))
def test_every_way_of_going_back_gives_the_same(program, stop):
    weight = values(2)[0]
    xs = leaves()
    run(program, xs, 0).backward(weight)
    expected = [None if x.grad is None else x.grad.numpy() for x in xs]

    def check(found, exact):
        for got, right in zip(found, expected, strict=True):
            assert (got is None) == (right is None)
            if got is not None:
                got = got.detach().numpy()
                assert not exact or got.tobytes() == right.tobytes()
                np.testing.assert_allclose(got, right, rtol=1e-12, atol=1e-14)

    check(ag.grad(run(program, xs, 0), xs, weight, allow_unused=True), exact=True)
    check(
        ag.grad(run(program, xs, 0), xs, weight, create_graph=True, allow_unused=True), exact=False
    )
    for each in ("stepped", "hooked", "create_graph", "inputs"):
        fresh = leaves()
        out = run(program, fresh, 0)
        if each == "stepped":
            dbg = Backprop(out, weight)
            for _ in range(stop % (dbg.total + 1)):
                dbg.step()
            dbg.run()
        elif each == "hooked":
            for x in fresh:
                x.register_hook(lambda g: None)
            out.backward(weight)
        elif each == "create_graph":
            out.backward(weight, create_graph=True)
        else:
            out.backward(weight, inputs=fresh)
        check([x.grad for x in fresh], exact=each != "create_graph")


@pytest.mark.fuzz
def test_longer_programs_for_longer():
    random = np.random.default_rng()
    names = sorted(OPS)
    for _ in range(300):
        program = [
            (names[random.integers(len(names))], *map(int, random.integers(0, 99, 2)))
            for _ in range(40)
        ]
        test_backward_agrees_with_forward_mode.hypothesis.inner_test(program)
