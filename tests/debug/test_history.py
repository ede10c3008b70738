"""Steps that were taken are shown again, and said to be past."""

from types import SimpleNamespace

import numpy as np

import autograd as ag
from autograd.debug import Backprop
from autograd.debug.history import _STEP, _bytes_of


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def test_back_replays_recorded_steps_and_goes_on(models):
    loss, (a, b) = models.small()
    dbg = Backprop(loss)
    first, second, third = dbg.step(), dbg.step(), dbg.step()
    assert dbg.back() is second and dbg.back() is first and dbg.back() is None
    assert dbg.back() is None and dbg.position == 0
    assert [dbg.step() for _ in range(3)] == [first, second, third]
    fourth = dbg.step()
    assert fourth.number == 4 and dbg.steps == [first, second, third, fourth]
    dbg.back()
    dbg.run()
    assert (a.grad.item(), b.grad.item()) == (8.0, -7.5)


def test_looking_back_is_said_also_when_the_pass_is_over():
    a = t([2.0, 1.0])
    dbg = Backprop((a * 3.0).sum())
    assert dbg.text() == "backward pass of 2 steps, not begun; next is sum"
    dbg.run()
    finished = "backward pass of 2 steps, finished: the gradients are in .grad"
    assert dbg.text() == finished
    dbg.back()
    assert dbg.text() == f"{finished} (you are looking back at step 1)"
    dbg.back()
    assert dbg.text() == f"{finished} (you are looking back at the beginning)"


def test_shared_memory_of_a_step_is_counted_once():
    g, other = np.ones(100), np.ones(30)
    sent = SimpleNamespace(before=None, value=g[:50], after=t(other))
    step = SimpleNamespace(gradient=(g, None), saved={"x": g, "axis": 1}, contributions=[sent])
    assert _bytes_of(step) == _STEP + 8 * (100 + other.size)
