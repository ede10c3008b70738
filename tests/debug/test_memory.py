"""What a graph holds, why, and until when."""

import numpy as np

import autograd as ag
from autograd.debug import Backprop
from autograd.debug.memory import Held, Memory


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


def test_twenty_arrays_are_listed_and_the_others_summed():
    def held(k, **changes):
        base = Held("exp", "", "out", ("x",), (k,), 1000 * k, 7, False, "y = exp", "y")
        return base._replace(**changes)

    rows = [held(k) for k in range(1, 24)] + [held(30, shared=True)]
    said = Memory(rows, 4).text().splitlines()
    assert said[0] == "276 kB held after step 4"
    assert said[1] == "      23 kB  y = exp keeps out = y (23,) for the gradient of x, until step 7"
    assert len(said) == 22 and said[21] == "       6 kB  in 4 more"
    assert len(Memory(rows[:20], 0).text().splitlines()) == 21
    assert Memory(rows[:21], 0).text().splitlines()[21] == "       1 kB  in 1 more"
    shared = held(2, shared=True, module="layer.0", name="x", holds="x", needed_by=("x", "w"))
    assert Memory([shared], 0).text().splitlines() == [
        "0 B held after step 0",
        "       2 kB  y = exp in layer.0 keeps x (2,) for the gradient of x and w, until step 7, shared",
    ]
