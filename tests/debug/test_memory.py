"""What a graph holds, why, and until when."""

import numpy as np

import autograd as ag
from autograd.debug import Backprop


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def test_memory_tells_what_is_held_why_and_until_when():
    x, w = t(np.ones((8, 16))), t(np.ones((16, 4)))
    h = ag.tanh(x @ w)
    dbg = Backprop((h * h).sum())
    memory = dbg.memory()
    # tanh's output is the product's two inputs, too: 256 bytes, counted once.
    assert memory.total == x.nbytes + w.nbytes + 8 * 4 * 8
    rows = {(r.op, r.name): r for r in memory.rows}
    assert rows["matmul", "x"].needed_by == ("y",) and rows["matmul", "x"].until == 4
    assert rows["multiply", "x"].until == 2 and rows["tanh", "out"].until == 3
    dbg.until(op="tanh")
    assert dbg.memory().total == x.nbytes + w.nbytes
    dbg.run()
    assert dbg.memory().total == 0
    assert "matmul keeps x (8, 16) for the gradient of y, until step 4" in memory.text()
