"""What a leaf of the graph remembers of its tensor."""

import numpy as np
import pytest

import autograd as ag
from autograd import debug, viz


def test_a_name_outlives_the_tensor():
    def loss():
        a = ag.tensor(2.0, requires_grad=True, name="alpha")
        return a * 3.0

    y = loss()
    assert y.grad_node.parents[0].tensor() is None
    assert y.grad_node.parents[0].given_name == "alpha"
    assert "alpha" in viz.graph(y).text()
    assert "to alpha" in str(debug.Backprop(y).step())


def test_a_name_given_later_counts_while_the_tensor_lives():
    a = ag.tensor(2.0, requires_grad=True)
    y = a * 3.0
    a.name = "later"
    assert y.grad_node.parents[0].given_name == "later"


def test_the_count_of_passes_begins_anew_with_another_gradient():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    for _ in range(2):
        x.sum().backward()
    assert x._node.passes == 2
    with ag.no_grad():
        x.grad *= 0.5  # still the sum of two passes
    assert x._node.passes == 2
    x.grad = ag.zeros(2)
    assert x._node.passes == 0
    x.sum().backward()
    assert x._node.passes == 1
    x.grad = None
    x.sum().backward()
    assert x._node.passes == 1


def test_a_leaf_switched_off_and_on_gets_the_gradients_of_graphs_made_before():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    calls = []
    w.register_hook(lambda g: calls.append(g.tolist()))
    y = (w * w).sum()
    w.requires_grad_(False)
    assert not (w * 2).requires_grad
    w.requires_grad = True
    (y + (3.0 * w).sum()).backward()
    assert w.grad.tolist() == [5.0, 7.0] and calls == [[5.0, 7.0]]


def test_a_leaf_that_is_switched_off_collects_nothing():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    y = (w * w).sum()
    w.requires_grad_(False)
    y.backward()
    assert w.grad is None


def test_a_tensor_without_a_graph_begins_anew():
    w = ag.tensor([1.0, 2.0], requires_grad=True)
    before = w._node
    with ag.no_grad():
        w.requires_grad_(False)
        assert w.requires_grad_()._node is before


@pytest.mark.parametrize("first", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("second", [np.float16, np.float32, np.float64])
def test_a_leaf_of_another_precision_or_shape_is_another(first, second):
    w = ag.tensor(np.ones(3, first), requires_grad=True)
    before = w._node
    w.requires_grad_(False)
    w._data = np.ones(3, second)  # as a module that is converted does
    assert (w.requires_grad_()._node is before) is (first == second)
    (w * 2.0).sum().backward()
    assert w.grad.dtype == second
    w.requires_grad_(False)
    w._data = np.ones(2, second)
    assert w.requires_grad_()._node.shape == (2,)
