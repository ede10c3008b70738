"""References and memory: graphs die by counting, long chains neither recurse nor leak."""

import gc
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

import autograd as ag


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def leaf(value):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True)


def nodes_below(t):
    found, pending = [], [t._node]
    while pending:
        node = pending.pop()
        found.append(weakref.ref(node))
        pending.extend(p for p in node.parents if p is not None)
    return found


def test_a_graph_dies_with_its_last_tensor(no_collector):
    x = leaf([1.0, 2.0])
    y = ag.exp(x * x) + x
    graph = [r for r in nodes_below(y) if r() is not x._node]
    assert len(graph) == 3
    del y
    assert [r() for r in graph] == [None] * 3


def test_a_leaf_that_is_gone_does_not_hold_up_backward(no_collector):
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    tensor = weakref.ref(x)
    del x
    assert tensor() is None
    y.backward()


@pytest.mark.parametrize("way", ["grad", "backward", "hook", "retain", "checkpoint"])
def test_graphs_die_by_counting_also_with_second_gradients(no_collector, way):
    x = leaf([1.0, 2.0])
    if way == "checkpoint":
        y = ag.func.checkpoint(lambda t: ag.exp(t) * t, x).sum()
    else:
        y = (ag.exp(x) * x * x).sum()
    graph = [r for r in nodes_below(y) if r() is not x._node]
    if way == "hook":
        y.register_hook(lambda g: g * 2.0)
    if way == "retain":
        y.retain_grad()
    if way == "grad":
        (g,) = ag.grad(y, x, create_graph=True)
        (h,) = ag.grad(g.sum(), x, create_graph=True)
        del g, h
    else:
        y.backward(create_graph=True)
        assert x.grad.requires_grad
        x.grad.sum().backward(create_graph=True, inputs=[x])
        x.grad = None
    del y
    assert [r() for r in graph] == [None] * len(graph)


def test_a_grad_that_carries_a_graph_through_its_own_leaf_dies_with_the_leaf(no_collector):
    x = leaf([1.0, 2.0])
    (x * x * x).sum().backward(create_graph=True)
    node = weakref.ref(x.grad._node)
    assert node() is not None
    tensor = weakref.ref(x)
    del x
    assert tensor() is None and node() is None


def test_composites_leave_nothing_behind(no_collector):
    x = leaf(np.ones((4, 3)))
    w = leaf(np.ones((2, 3)))
    b = leaf(np.ones(2))
    y = (ag.linear(x, w, b) ** 2).sum()
    graph = [r for r in nodes_below(y) if r().parents]
    gs = ag.grad(y, (x, w, b), create_graph=True)
    hs = ag.grad(sum((g * g).sum() for g in gs), (x, w, b))
    del y, gs, hs
    assert [r() for r in graph] == [None] * len(graph)


def chain(length):
    x = leaf(1.0)
    y = x
    for _ in range(length // 2):
        y = y * 1.0 + 0.0
    y.backward()
    gradient = x.grad.item()
    del y
    return gradient


def test_a_long_chain_neither_recurses_nor_lingers(no_collector):
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        assert chain(200_000) == 1.0
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.slow
def test_a_chain_of_a_million():
    assert chain(1_000_000) == 1.0


def test_a_long_chain_that_never_saw_backward_is_freed():
    y = leaf(1.0)
    for _ in range(100_000):
        y = ag.sin(y)
    first = weakref.ref(y._node)
    del y
    assert first() is None


def test_a_long_chain_of_recorded_gradients_is_freed(no_collector):
    x = leaf(0.5)
    y = x
    for _ in range(20_000):
        y = ag.sin(y)
    (g,) = ag.grad(y, x, create_graph=True)
    node = weakref.ref(g._node)
    del y, g
    assert node() is None


def flatness(step, warm=20, count=150):
    """Bytes by which memory grew over ``count`` steps, after a few to settle."""
    for _ in range(warm):
        step()
    tracemalloc.start()
    try:
        for _ in range(10):
            step()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(count):
            step()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("create_graph", [False, True])
def test_training_leaves_memory_flat_without_the_collector(no_collector, create_graph):
    random = np.random.default_rng(0)
    x = random.normal(size=(8, 16))
    w1, w2 = leaf(random.normal(size=(16, 16))), leaf(random.normal(size=(16, 4)))

    def step():
        loss = (ag.relu(x @ w1) @ w2).sum()
        loss.backward(create_graph=create_graph)
        if create_graph:
            penalty = (w1.grad * w1.grad).sum()
            ag.grad(penalty, (w1, w2), allow_unused=True)
        with ag.no_grad():
            for w in (w1, w2):
                w -= 1e-3 * w.grad.detach()
                w.grad = None

    # One leaked weight gradient a step would be 150 × 2 kB = 300 kB; Python's own free lists of
    # small tuples may fill by up to 120 kB.
    assert flatness(step) < 150_000


@pytest.mark.slow
def test_a_thousand_training_steps_leave_memory_flat(no_collector):
    random = np.random.default_rng(0)
    x = random.normal(size=(4, 1, 12, 12))
    w = leaf(random.normal(size=(3, 1, 3, 3)))
    v = leaf(random.normal(size=(3 * 25, 2)))

    def step():
        h = ag.max_pool(ag.relu(ag.correlate(ag.tensor(x), w)), 2)
        (h.reshape(4, -1) @ v).sum().backward()
        w.grad = v.grad = None

    # A leaked gradient of v would be 1.2 MB.
    assert flatness(step, warm=50, count=1000) < 150_000


def test_a_pass_given_up_midway_leaves_numpys_error_state_alone(no_collector, monkeypatch):
    # The collector may close it while `np.errstate` itself is half-way: Python 3.11 crashes then.
    x = leaf([1.0, 2.0])
    passes = [ag.debug.Backprop((x * 2.0).sum()) for _ in range(3)]
    for k, backprop in enumerate(passes):
        for _ in range(k):
            backprop.step()
    changed = []
    monkeypatch.setattr(np, "errstate", lambda **modes: changed.append(modes))
    passes.clear()
    del backprop
    gc.collect()
    assert not changed
    assert ag.is_grad_enabled()


def test_only_a_whole_pass_changes_modes_while_it_runs():
    x = leaf([1.0, 0.0])  # the slope at 0 is infinite, without a warning
    before = np.geterr()
    steps = ag.engine.backward_steps(ag.sqrt(x).sum())
    for _ in steps:
        assert np.geterr() == before
        assert ag.is_grad_enabled()
    assert np.geterr() == before
