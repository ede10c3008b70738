"""Kernels turn large C-ordered data in memory; nobody may notice by anything but the time."""

import numpy as np
import pytest

import autograd as ag


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4, 18, 18)).astype(np.float32)
    return x, rng.normal(size=(4, 4, 3, 3)).astype(np.float32)


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
