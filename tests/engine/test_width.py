"""Wide graphs: one node with very many parents, one tensor with very many uses."""

import numpy as np

import autograd as ag


def test_a_tensor_that_is_used_a_hundred_thousand_times():
    x = ag.tensor(1.5, requires_grad=True)
    total = x
    for _ in range(100_000):
        total = total + x
    total.backward()
    assert x.grad.item() == 100_001.0


def test_an_operation_of_ten_thousand_inputs():
    leaves = [ag.tensor([float(k)], dtype=np.float64, requires_grad=True) for k in range(10_000)]
    joined = ag.concatenate(leaves)
    (joined * joined).sum().backward()
    assert [leaf.grad.item() for leaf in leaves] == [2.0 * k for k in range(10_000)]
