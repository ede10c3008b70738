"""Blocks that look on at every operation: nested, crosswise, shared by threads, inside one another."""

import threading

import numpy as np
import pytest

import autograd as ag
from autograd.core.modes import local
from autograd.debug import NonFinite, operations, record


def leaf():
    return ag.tensor([1.0, 2.0], dtype=np.float64, requires_grad=True)


def is_recorded():
    return (leaf() * 2.0).grad_node.record is not None


def passed_on():
    return ag.saved_tensors_hooks(lambda t: t, lambda t: t)


@pytest.fixture(autouse=True)
def _nothing_is_left():
    errors = np.geterr()
    yield
    assert local.state.recorder is None
    assert np.geterr() == errors


def test_what_lies_inside_of_hooks_sees_every_operation():
    x = leaf()
    with passed_on(), record():
        made = [x * x]
        for _ in range(3):
            made.append(ag.exp(made[-1] * 0.1))
    assert all(y.grad_node.record is not None for y in made)
    with passed_on(), operations() as noted:
        ag.exp(x * x * x)
    assert [operation.name for operation in noted] == ["multiply", "multiply", "exp"]
    with passed_on(), pytest.raises(NonFinite), record():
        ag.log(x * x - x * x)


def test_of_hooks_inside_of_hooks_the_innermost_pack_and_unpack():
    def hooks(factor):
        return ag.saved_tensors_hooks(lambda t: t.numpy() * factor, lambda a: ag.tensor(a / factor))

    x = leaf()
    with hooks(2.0):
        with hooks(8.0):
            y = ag.exp(x)
        z = ag.exp(x)
    (y + z).sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), 2.0 * np.exp([1.0, 2.0]))


def test_blocks_of_generators_may_cross():
    def block(kind):
        with kind:
            yield

    first, second = operations(), operations()
    one, other = block(first), block(second)
    next(one)
    leaf() * 1.0
    next(other)
    leaf() * 2.0
    assert next(one, None) is None
    ag.exp(leaf())
    assert next(other, None) is None
    ag.log(leaf())
    assert [o.name for o in first] == ["multiply", "multiply"]
    assert [o.name for o in second] == ["multiply", "exp"]


def test_records_that_cross_stop_where_they_end():
    one, other = record(), record()
    one.__enter__()
    other.__enter__()
    one.__exit__()
    assert is_recorded()
    other.__exit__()
    assert not is_recorded()
    assert np.geterr()["divide"] == "warn"


def test_a_block_may_be_shared_by_threads():
    shared, inside, leave = record(), threading.Event(), threading.Event()
    seen = []

    def elsewhere():
        with shared:
            inside.set()
            leave.wait()
            seen.append(is_recorded())
        seen.append(is_recorded())
        seen.append(local.state.recorder)

    thread = threading.Thread(target=elsewhere)
    thread.start()
    inside.wait()
    with shared:
        assert is_recorded()
    assert not is_recorded()
    leave.set()
    thread.join()
    assert seen == [True, False, None]


def test_a_block_may_be_nested_in_itself():
    block = record()
    with block, block:
        assert is_recorded()
    assert not is_recorded()


def test_a_block_that_another_thread_ends_is_silent():
    noted = operations()
    noted.__enter__()
    thread = threading.Thread(target=noted.__exit__)
    thread.start()
    thread.join()
    ag.exp(leaf())
    assert not len(noted)
    with record():
        pass
    assert local.state.recorder is None
