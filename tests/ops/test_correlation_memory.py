"""Convolution turns large C-ordered data once; nobody may notice by anything but the time."""

import numpy as np
import pytest

import autograd as ag
from autograd.kernels.conv import correlation


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4, 18, 18)).astype(np.float32)
    return x, rng.normal(size=(4, 4, 3, 3)).astype(np.float32)


@pytest.fixture
def turned(monkeypatch):
    """Counts the arrays that kernels had to turn by themselves, and those turned for them."""
    counts = {"in a kernel": 0, "before": 0}
    original = correlation.to_batch_last

    def counting(x):
        counts["before" if counting.before else "in a kernel"] += 1
        return original(x)

    arranged = correlation.arranged

    def watched(x, kernel):
        counting.before = True
        try:
            return arranged(x, kernel)
        finally:
            counting.before = False

    counting.before = False
    monkeypatch.setattr(correlation, "to_batch_last", counting)
    monkeypatch.setattr(correlation, "arranged", watched)
    return counts


@pytest.mark.parametrize("function", [ag.correlate, ag.correlate_input])
def test_input_and_gradient_are_turned_once_each(data, turned, function):
    x, w = (ag.tensor(a, requires_grad=True) for a in data)
    y = function(x, w)
    ag.grad(y, (x, w), np.ones(y.shape, np.float32))
    assert turned == {"in a kernel": 0, "before": 2}


def test_small_data_and_arrays_are_left_alone(data, turned):
    x, w = ag.tensor(data[0][:1], requires_grad=True), ag.tensor(data[1], requires_grad=True)
    ag.correlate(x, w).sum().backward()
    assert turned["before"] == 0
    ag.correlate(*data)
    assert turned == {"in a kernel": 1, "before": 0}


def test_the_graph_leads_to_the_users_own_tensor(data):
    x, w = (ag.tensor(a, requires_grad=True) for a in data)
    y = ag.correlate(x, w)
    assert y.grad_node.parents[0].tensor() is x
    y.sum().backward()
    expected = ag.correlate_input(ag.ones(y.shape), w.detach())
    np.testing.assert_array_equal(x.grad, expected)


def test_a_write_between_forward_and_backward_is_noticed(data):
    x, w = (ag.tensor(a, requires_grad=True) for a in data)
    y = ag.correlate(x, w).sum()
    with ag.no_grad():
        x += 1.0
    with pytest.raises(RuntimeError, match="modified|changed|written"):
        y.backward()


def test_who_records_the_forward_pass_sees_the_users_own_tensor(data):
    x, w = (ag.tensor(a, requires_grad=True) for a in data)
    from autograd import debug

    with debug.record():
        y = ag.correlate(x, w)
    recorded = ag.grad(y.sum(), (x, w))
    for a, b in zip(recorded, ag.grad(ag.correlate(x, w).sum(), (x, w)), strict=True):
        np.testing.assert_array_equal(a, b)
