"""The incoming gradient that a user gives is read, and never written to or kept."""

import numpy as np
import pytest

import autograd as ag


@pytest.fixture
def x():
    return ag.tensor([1.0, 2.0, 3.0], requires_grad=True)


@pytest.mark.parametrize("wrap", [np.array, ag.tensor])
def test_gradients_do_not_share_memory_with_the_seed(x, wrap):
    seed = wrap(np.array([10.0, 20.0, 30.0], np.float32))
    (x + 0.0).backward(seed)
    (found,) = ag.grad(x + 0.0, x, seed)
    raw = seed if isinstance(seed, np.ndarray) else seed._data
    for gradient in (x.grad, found):
        assert not np.shares_memory(gradient._data, raw)
    x.grad += 1.0
    (x + 0.0).backward(seed)
    np.testing.assert_array_equal(raw, [10.0, 20.0, 30.0])
    np.testing.assert_array_equal(x.grad, [21.0, 41.0, 61.0])


def test_a_hook_cannot_write_to_the_seed(x):
    seed = ag.tensor([10.0, 20.0, 30.0])

    def write(g):
        with ag.no_grad():
            g *= 2.0

    y = x + 0.0
    y.register_hook(write)
    with pytest.raises((ValueError, RuntimeError), match="read-only"):
        y.backward(seed)
    np.testing.assert_array_equal(seed, [10.0, 20.0, 30.0])


def test_under_create_graph_the_seed_is_a_copy(x):
    seed = np.array([1.0, 2.0, 3.0], np.float32)
    (g,) = ag.grad(x * x, x, seed, create_graph=True)
    seed[:] = 100.0
    (second,) = ag.grad(g.sum(), x)
    np.testing.assert_array_equal(second, [2.0, 4.0, 6.0])


@pytest.mark.parametrize("given", [np.array(3.5), np.float32(1.0), 5, None, "x"])
def test_what_is_no_sequence_of_tensors_is_refused_as_inputs(given):
    t = ag.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises((TypeError, ValueError), match="^grad: inputs"):
        ag.grad((t * t).sum(), given)


def test_one_gradient_may_be_written_in_numbers_or_stand_in_a_list():
    for given in (3.0, [3.0], (3.0,), np.array(3.0), [ag.tensor(3.0)]):
        a = ag.tensor(2.0, requires_grad=True)
        ag.backward(a * a, given)
        assert a.grad.item() == 12.0, given
        assert ag.grad(a * a, a, given)[0].item() == 12.0, given
    for given in (
        [1.0, 2.0],
        np.array([1.0, 2.0]),
        [ag.tensor([1.0, 2.0])],
        [np.array([1.0, 2.0])],
    ):
        a = ag.tensor([2.0, 3.0], requires_grad=True)
        ag.backward(a * a, given)
        assert a.grad.tolist() == [4.0, 12.0], given
        assert ag.grad(a * a, a, given)[0].tolist() == [4.0, 12.0], given


def test_of_several_outputs_none_needs_a_seed_if_each_is_one_number():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    for create_graph in (False, True):
        (g,) = ag.grad([(x * x).sum(), x[0], x.sum()], x, create_graph=create_graph)
        assert g.tolist() == [4.0, 5.0]
    ag.backward([(x * x).sum(), x[1]])
    assert x.grad.tolist() == [2.0, 5.0]


@pytest.mark.parametrize("create_graph", [False, True])
def test_seeds_are_rounded_to_the_precision_of_the_output_before_they_are_used(create_graph):
    number, slope = 0.7, 13.0
    x = ag.tensor(np.ones(3, np.float32), requires_grad=True)
    for seed in (ag.tensor(np.full(3, number)), np.full(3, number)):
        (g,) = ag.grad(x * slope, x, seed, create_graph=create_graph)
        once = np.float32(np.float32(number) * np.float32(slope))
        assert once != np.float32(number * slope)
        assert g.dtype == np.float32 and np.all(g.detach().numpy() == once)
