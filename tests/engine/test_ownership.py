"""Whose memory a gradient is, when it is kept, and whose hook a handle removes."""

import numpy as np
import pytest

import autograd as ag


def leaf(*shape):
    return ag.tensor(np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape), requires_grad=True)


def test_retained_gradients_share_memory_with_nothing():
    x, y = leaf(3), leaf(3)
    a, b = x * 2.0, y * 3.0
    total = a + b  # the rule hands the same array to both
    for t in (a, b, total):
        t.retain_grad()
    seed = np.ones(3)
    total.backward(seed)
    grads = [t.grad.data for t in (a, b, total, x, y)]
    for k, first in enumerate(grads):
        assert not np.shares_memory(first, seed)
        assert not any(np.shares_memory(first, other) for other in grads[k + 1 :])


def test_only_the_inputs_asked_for_get_a_gradient_also_where_one_is_the_output():
    x, y = leaf(2), leaf(2)
    (x * y).sum().backward(inputs=[x])
    assert x.grad is not None and y.grad is None
    y.backward(np.ones(2), inputs=[x])
    assert y.grad is None


def test_a_gradient_that_is_added_to_counts_as_written_into():
    x, w = leaf(3), leaf(3)
    (x * x).sum().backward()
    penalty = (w * x.grad).sum()  # keeps the gradient for w's rule
    (x * x).sum().backward()  # adds to it in place
    with pytest.raises(RuntimeError, match="written into"):
        penalty.backward()


def test_a_gradient_that_is_recorded_keeps_the_graph_unless_told_otherwise():
    x = leaf(2)
    y = (x * x * x).sum()
    (first,) = ag.grad(y, x, create_graph=True)
    (again,) = ag.grad(y, x)
    assert first.tolist() == again.tolist() == [3.0, 12.0]
    with pytest.raises(RuntimeError, match="second time"):
        ag.grad(y, x)


def test_a_removed_handle_removes_no_other_hook():
    x = leaf(2)
    called = []
    handles = [x.register_hook(lambda g, k=k: called.append(k)) for k in range(2)]
    handles[1].remove()
    x.register_hook(lambda g: called.append("new"))
    handles[1].remove()  # its place has been given away
    x.sum().backward()
    assert called == [0, "new"]
    handles[0].remove()
    handles[0].remove()
    x.sum().backward()
    assert called == [0, "new", "new"]


@pytest.mark.parametrize("groups", [1, 2])
def test_the_rules_of_the_weight_gradient_of_a_correlation(groups):
    """The third form of the trilinear family, differentiated by both of its inputs, twice."""
    from autograd.func import gradcheck, gradgradcheck

    rng = np.random.default_rng(5)
    x = ag.tensor(rng.normal(size=(2, 2, 7)), requires_grad=True)
    y = ag.tensor(rng.normal(size=(2, 4, 3)), requires_grad=True)
    form = lambda x, y: ag.correlate_weight(
        x, y, kernel_shape=(3,), stride=2, padding=1, dilation=2, groups=groups
    )
    assert gradcheck(form, [x, y])
    assert gradgradcheck(form, [x, y])
