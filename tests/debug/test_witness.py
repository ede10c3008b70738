"""The in-place detective: an error about a value that was written into names both lines."""

import re
import weakref

import numpy as np
import pytest

import autograd as ag
import nn
from autograd.debug import record
from autograd.debug.witness import Witness


def leaf(*values):
    return ag.tensor(values, dtype=np.float64, requires_grad=True)


def error_of(loss):
    with pytest.raises(RuntimeError, match="was written into after it was used") as caught:
        loss.backward()
    return str(caught.value)


def set_items(w):
    with ag.no_grad():
        w[0] = 7.0  # the guilty line


def in_place(w):
    with ag.no_grad():
        w *= 2.0  # the guilty line


def by_writable(w):
    with ag.no_grad(), ag.writable(w) as array:  # the guilty line
        array += 1.0


def through_a_view(w):
    with ag.no_grad():
        w.reshape(2, 1)[1] = 0.0  # the guilty line


def through_detach(w):
    alias = w.detach()
    alias -= 1.0  # the guilty line


def by_an_optimizer(w):
    w.grad = ag.ones_like(w)
    nn.optim.SGD([w], lr=0.1).step()  # the guilty line


def of_a_new_leaf(w):
    w.requires_grad_(False)
    w[:] = 0.0  # the guilty line


WAYS = [
    set_items,
    in_place,
    by_writable,
    through_a_view,
    through_detach,
    by_an_optimizer,
    of_a_new_leaf,
]


@pytest.mark.parametrize("write", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("inside", [True, False])
def test_the_line_that_wrote_and_the_one_that_needed_it_are_named(write, inside):
    w, x = leaf(1.0, 2.0), leaf(3.0, 4.0)
    with record():
        loss = (w * x).sum()  # the line that needs it
        if inside:
            write(w)
    if not inside:
        write(w)
    said = error_of(loss)
    needed = re.search(r"needed by   test_witness.py:(\d+)  (.*)", said)
    wrote = re.search(r"written by  test_witness.py:(\d+)  (.*)", said)
    assert needed.group(2) == "loss = (w * x).sum()  # the line that needs it"
    assert wrote.group(2).endswith("# the guilty line")
    assert abs(int(wrote.group(1)) - write.__code__.co_firstlineno) <= 3
    assert "multiply (output shape (2,))" in said and "Make a new tensor" in said


def test_a_grad_that_is_added_to_is_told_as_well():
    w = leaf(1.0, 2.0)
    (w * 1.0).sum().backward()
    with record():
        loss = (w.grad * leaf(3.0, 4.0)).sum()
    (w * 2.0).sum().backward()  # adds to w.grad in place
    said = error_of(loss)
    assert "written by  test_witness.py" in said and "# adds to w.grad in place" in said


def test_a_saved_output_is_watched():
    x = leaf(0.5, 1.0)
    with record():
        y = ag.exp(x)
    with ag.no_grad():
        y[0] = 0.0  # the guilty line
    said = error_of(y.sum())
    assert "exp (output shape" in said and "# the guilty line" in said


def test_of_several_writes_the_first_after_the_use_is_named():
    w = leaf(1.0, 2.0)
    with record():
        first = (w * w).sum()
        with ag.no_grad():
            w[0] = 3.0  # between
        second = (w * w).sum()
    with ag.no_grad():
        w[1] = 4.0  # afterwards
    assert "# between" in error_of(first)
    assert "# afterwards" in error_of(second)


def test_without_a_record_the_error_says_how_to_get_the_lines():
    w = leaf(1.0, 2.0)
    loss = (w * w).sum()
    set_items(w)
    said = error_of(loss)
    assert "inside `with autograd.debug.record():`" in said and "written by" not in said


def test_writes_are_noted_only_while_a_recorded_graph_needs_them(monkeypatch):
    w = leaf(1.0, 2.0)
    with record():
        loss = (w * w).sum()
    assert len(w._version) == 2
    set_items(w)  # noted
    with pytest.raises(RuntimeError):
        loss.backward()
    del loss
    noted = []
    monkeypatch.setattr("autograd.debug.witness.line_of", lambda: noted.append(1) or ("", 0))
    set_items(w)
    assert not noted and len(w._version) == 1
    plain = leaf(1.0, 2.0)
    (plain * plain).sum()
    assert len(plain._version) == 1  # without a record nothing is there to be asked


def test_the_witness_holds_no_graph():
    w = leaf(1.0, 2.0)
    with record():
        loss = (w * w).sum()
    node = weakref.ref(loss.grad_node.parents[0])
    del loss
    assert node() is None


def write(w, value):
    with ag.no_grad():
        w[0] = value


def test_the_first_write_is_named_however_many_follow():
    w = leaf(1.0, 2.0)
    with record():
        old = (w * w).sum()
    with ag.no_grad():
        w[0] = 3.0  # the first
    for k in range(200):
        write(w, k)
    assert "# the first" in error_of(old)


def test_the_first_write_is_named_also_when_many_have_used_it_since():
    w, kept = leaf(1.0, 2.0), []
    with record():
        old = (w * w).sum()
    with ag.no_grad():
        w[0] = 3.0  # the first
    for k in range(300):
        with record():
            used = (w * w).sum()
        if k % 60 == 30:
            kept.append(used)
            with ag.no_grad():
                w[1] = 4.0  # of the kept
        write(w, k)
    witness = w._version[1]
    assert len(witness._lines) <= 64
    assert "# the first" in error_of(old)
    assert all("# of the kept" in error_of(each) for each in kept)


def test_as_many_writes_are_remembered_as_nodes_ask_for():
    w, kept = leaf(1.0, 2.0), []
    for k in range(150):
        with record():
            kept.append(w * w)
        write(w, k)
    witness = w._version[1]
    assert len(witness._lines) == 150
    assert all(
        f"test_witness.py:{write.__code__.co_firstlineno + 2}" in error_of(each.sum())
        for each in kept
    )
    with record():
        kept = [w * w]
    write(w, 0)
    for _ in range(150):
        with record():
            used = w * w
        write(w, 0)
    del used
    assert len(witness._lines) < 300


def test_names_of_files_are_made_visible():
    space = {"ag": ag, "record": record, "w": leaf(1.0)}
    lines = ["with record():", "    loss = (w * w).sum()", "with ag.no_grad():", "    w[0] = 1"]
    exec(compile("\n".join(lines), "/red\x1b[31m\nbox.py", "exec"), space)
    assert "needed by   red\\x1b[31m\nbox.py:2\n" in error_of(space["loss"])


def test_writes_that_nobody_asks_for_are_not_remembered():
    witness, cell = Witness(), [0]
    cell.append(witness)
    node = leaf(1.0) * 2.0
    witness.watch_for(node.grad_node)
    for _ in range(1000):
        cell[0] += 1
        witness.note(cell)
    assert len(witness._lines) == 1 and witness.since(0) and witness.since(1000) is None
