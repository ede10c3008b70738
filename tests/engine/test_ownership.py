"""Whose memory a gradient is, when it is kept, and whose hook a handle removes."""

import copy
import inspect
import itertools
import pickle

import numpy as np
import pytest

import autograd as ag
from autograd.engine import backward_steps
from autograd.engine.accumulate import own


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


def test_an_input_that_is_asked_for_twice_gets_two_gradients():
    x, y = leaf(2), leaf(2)
    first, second, other = ag.grad((x * y).sum(), [x, x, y])
    assert first.tolist() == second.tolist() == y.tolist()
    assert other.tolist() == x.tolist()
    assert not np.shares_memory(first.data, second.data)


def test_gradients_that_add_up_in_another_memory_order_are_contiguous():
    x = leaf(3, 4)
    (ag.transpose(x) * np.ones((4, 3)) + ag.transpose(x) * np.full((4, 3), 2.0)).sum().backward()
    assert x.grad.data.flags.c_contiguous
    assert x.grad.tolist() == np.full((3, 4), 3.0).tolist()


def test_what_requires_no_gradient_is_named_when_one_is_asked_for():
    x, z = leaf(2), ag.tensor([1.0, 2.0])
    with pytest.raises(RuntimeError, match=r"grad: inputs\[1\] \(shape \(2,\)\) does not require"):
        ag.grad((x * z).sum(), [x, z])
    with pytest.raises(TypeError, match=r"autograd\.func\.grad"):
        ag.grad(lambda t: t, x)


def test_a_hook_of_an_input_that_is_asked_for_sees_the_whole_gradient_once():
    x, y = leaf(2), leaf(2)
    seen = []
    for t in (x, y):
        t.register_hook(lambda g: seen.append(g.tolist()))
    (x * y + x).sum().backward(inputs=[x])
    assert seen == [[2.0, 3.0]]


def test_copies_have_gradients_of_their_own():
    x = leaf(2)
    (x * x).sum().backward()
    for twin in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.grad.tolist() == [2.0, 4.0]
        assert not np.shares_memory(twin.grad.data, x.grad.data)
    _, parts = x.__reduce_ex__(4)[:2]
    assert not any(np.shares_memory(p, x.grad.data) for p in parts if isinstance(p, np.ndarray))


def test_an_array_that_was_to_be_a_copy_is_one():
    t = ag.tensor([1.0, 2.0])
    array = np.array(t, copy=True)
    assert array.flags.writeable and not np.shares_memory(array, t.data)
    assert t.__array__(copy=True).flags.writeable
    assert t.__dlpack_device__() == (1, 0)  # the processor's memory


def test_rules_may_name_single_outputs():
    @ag.primitive(outputs=2)
    def both(x, *, factor):
        return x * factor, x + factor

    both.gradients(x=lambda g, out0, out1, factor: g[0] * factor + g[1] * (out1 - out0 + 1.0))
    x = leaf(1)
    first, second = both(x, factor=2.0)  # 2 and 3, so that the second slope is given as 2
    (first + second).sum().backward()
    assert x.grad.tolist() == [4.0]

    @ag.primitive(outputs=2)
    def other(x):
        return x, x

    with pytest.raises(TypeError, match="out2"):
        other.gradients(x=lambda g, out2: g[0])


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


def test_defaults_of_what_runs_backward():
    expected = {
        ag.Tensor.backward: {"retain_graph": False, "create_graph": False, "inputs": None},
        ag.grad: {"retain_graph": None, "create_graph": False, "allow_unused": False},
        backward_steps: {"retain_graph": False, "create_graph": False, "observe": True},
    }
    for function, options in expected.items():
        parameters = inspect.signature(function).parameters
        assert {name: parameters[name].default for name in options} == options


def test_recorded_gradients_share_memory_neither_with_what_was_given_nor_with_one_another():
    x, y, v = (ag.tensor([1.0, 2.0], requires_grad=True) for _ in range(3))
    found = ag.grad(x + y, [x, y], v, create_graph=True)
    for a, b in itertools.combinations([*found, v], 2):
        assert not np.shares_memory(a.detach().numpy(), b.detach().numpy())


def test_memory_that_nobody_else_has_is_not_copied():
    """Nor what is the only view of such."""

    def moved(make):
        array = make()
        place = array.ctypes.data
        return own(array).ctypes.data != place

    assert not moved(lambda: np.ones(6)) and not moved(lambda: np.ones(6).reshape(2, 3))
    whole = np.ones(6)
    assert moved(lambda: whole) and moved(lambda: whole[1:3]) and moved(lambda: np.ones((2, 3)).T)
    assert moved(lambda: np.frombuffer(bytes(16)))
