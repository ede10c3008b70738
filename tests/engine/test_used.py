"""Whether a pass added to a gradient that a step had used, and nobody had cleared."""

import numpy as np
import pytest

import autograd as ag
from autograd.engine.used import in_a_graph, note_step


@pytest.fixture(params=[(), (3,)])
def leaf(request):
    return ag.tensor(np.ones(request.param), requires_grad=True)


def go_back(leaf):
    (leaf * 2.0).sum().backward()


def test_the_first_step_and_one_without_a_pass_added_nothing(leaf):
    assert note_step(leaf) is False and note_step(ag.tensor(1.0)) is False
    assert note_step(leaf * 2.0) is False
    go_back(leaf)
    go_back(leaf)  # accumulated on purpose, before the first step
    assert note_step(leaf) is False
    assert note_step(leaf) is False  # nothing came in between


def test_a_pass_after_a_step_added_to_what_was_used(leaf):
    go_back(leaf)
    note_step(leaf)
    for passes in (1, 2, 1):
        for _ in range(passes):
            go_back(leaf)
        assert note_step(leaf) is True
    assert note_step(leaf) is False


@pytest.mark.parametrize("passes", [0, 1])
def test_what_was_cleared_or_written_or_replaced_is_new(leaf, passes):
    def none():
        leaf.grad = None

    def zeros():
        with ag.no_grad():
            leaf.grad *= 0.0

    def another():
        leaf.grad = ag.tensor(np.zeros(leaf.shape))

    for clear in (none, zeros, another):
        go_back(leaf)
        note_step(leaf)
        for _ in range(passes):  # cleared later is cleared all the same
            go_back(leaf)
        clear()
        go_back(leaf)
        assert note_step(leaf) is False, clear.__name__


def test_what_was_computed_and_never_went_back_is_found():
    a, b = (ag.tensor(np.ones(2), requires_grad=True) for _ in range(2))
    assert not in_a_graph([a, b]) and not in_a_graph([a * 1.0])
    y = (a * 2.0).sum()
    assert in_a_graph([a, b]) and not in_a_graph([b])
    y.backward()
    assert not in_a_graph([a, b])
