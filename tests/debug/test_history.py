"""Steps that were taken are shown again, and said to be past."""

import numpy as np

import autograd as ag
from autograd.debug import Backprop


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
