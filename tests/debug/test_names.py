"""Things are called the same everywhere: in pictures, steps, reports, tables and the terminal."""

import gc
import weakref

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import viz
from autograd.debug import Backprop, Breakpoint, explain, norm_over, record, touches
from autograd.debug.__main__ import Session


def t(value, **options):
    return ag.tensor(np.asarray(value, dtype=np.float64), requires_grad=True, **options)


def network():
    nn.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 3))


def targets(dbg):
    return {sent.target for step in dbg for sent in step.sent}


def drawn(loss):
    """The names of the leaves in the picture of a tensor."""
    return {node.name for node in viz.graph(loss).trace.nodes if node.label == "leaf"}


def test_parameters_are_called_by_their_path_as_in_the_picture():
    model, images = network(), ag.tensor(np.ones((1, 1, 4, 4), np.float32))
    loss = model(images).sum()
    names = {name for name, _ in model.named_parameters()}
    assert names <= targets(Backprop(loss, retain_graph=True))
    assert drawn(loss) >= names


def test_a_module_inside_of_another_gives_the_whole_path():
    model = network()
    layer = model[3]  # its parameters are "weight" and "bias" to itself
    loss = layer(ag.tensor(np.ones((1, 8), np.float32))).sum()
    assert targets(Backprop(loss, retain_graph=True)) >= {"3.weight", "3.bias"}
    assert drawn(loss) >= {"3.weight", "3.bias"} and layer is not None


def test_two_modules_with_the_same_paths_are_told_apart():
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    loss = second(first(ag.tensor(np.ones((1, 2), np.float32)))).sum()
    expected = {"first.weight", "first.bias", "second.weight", "second.bias"}
    assert expected <= targets(Backprop(loss, retain_graph=True)) and expected <= drawn(loss)


def test_variables_of_functions_further_out_count_and_own_names_come_first():
    def inner(loss):
        return targets(Backprop(loss, retain_graph=True)), drawn(loss)

    slope, offset, shift = t(2.0), t(1.0), t(3.0, name="b")
    for names in inner(slope * 3.0 + offset + shift):
        assert {"slope", "offset", "b"} <= names and "shift" not in names


def test_results_are_called_by_their_variables():
    a = t(2.0)
    c = a * 3.0
    loss = c * c
    dbg = Backprop(loss)
    assert dbg.text() == "backward pass of 2 steps, not begun; next is loss = multiply"
    step = dbg.step()
    assert (step.name, step.title, step.op) == ("loss", "loss = multiply", "multiply")
    assert step.text().startswith("step 1 of 2: loss = multiply, output")
    assert step.sentence().startswith("step 1 of 2: loss = multiply sends 6 to c, its first")
    assert dbg.step().sentence() == "step 2 of 2: c = multiply sends 36 to a, its first"
    assert {n.name for n in viz.graph(loss).trace.nodes} >= {"a", "c", "loss"}


def test_values_are_those_of_the_variables_where_no_rule_has_saved_them():
    a = t([1.0, 2.0])
    doubled = a + a  # neither the sum nor what follows keeps it
    loss = doubled.sum()
    (shown,) = [n for n in viz.graph(loss).trace.nodes if n.name == "doubled"]
    assert shown.value.values == [2.0, 4.0]
    del doubled
    (forgotten,) = [n for n in viz.graph(loss).trace.nodes if n.label == "add"]
    assert forgotten.value is None


def test_names_of_recorded_lines_are_known_where_they_are_unambiguous():
    a = t(2.0)

    def inside():
        with record():
            x = a * 3.0
            x = x + 1.0
            y = x * x
            return ag.exp(y)

    loss = inside()
    assert targets(Backprop(loss, retain_graph=True)) == {"y", "add", "multiply", "a"}
    assert {n.name for n in viz.graph(loss).trace.nodes} == {"a", "loss", "y", ""}


def test_explain_memory_breakpoints_and_the_terminal_say_the_same():
    model, images = network(), ag.tensor(np.ones((1, 1, 4, 4), np.float32))
    loss = model(images).sum()
    weight = model[0].weight
    text = explain(loss, model[3].bias, at=0).text()
    assert text.startswith("gradient of 3.bias[0] = 1") and "(loss = sum by x)" in text
    memory = Backprop(loss, retain_graph=True).memory().text()
    assert "keeps w = 3.weight (3, 8)" in memory and "keeps x = images (1, 1, 4, 4)" in memory
    for condition, place in ((touches(weight), "0.weight"), (norm_over(1e-9), "linear")):
        with pytest.raises(Breakpoint) as caught:
            loss.backward(break_on=[condition], retain_graph=True)
        assert place in str(caught.value).splitlines()[0]
    assert repr(touches(weight)) == "<condition touches 0.weight>"
    said, commands = [], iter(["until correlate", "print 0.weight", "q"])
    Session(Backprop(loss), said.append, lambda: next(commands, None)).run()
    assert "sends a gradient of" in said[2] and "to 0.weight" in said[2]
    assert said[3].startswith("gradient of 0.weight: ")


def test_a_paused_pass_keeps_no_tensor_of_the_caller_alive():
    def paused():
        other, a = t(np.ones(5)), t(2.0)
        return Backprop(a * a), weakref.ref(other)

    gc.disable()
    try:
        dbg, other = paused()
        assert other() is None and dbg.step().sent[0].target == "a"
        work = weakref.ref(dbg._work)
        del dbg
        assert work() is None
    finally:
        gc.enable()


def test_declared_lines_stand_for_the_running_code_and_nest():
    a = t(2.0)
    with ag.debug.record():
        with ag.debug.at_line("outer.txt", 3):
            with ag.debug.at_line("inner.txt", 7):
                b = a * 3.0
            c = b * 2.0
        d = c + 1.0
    places = [node.grad_node.record.where() for node in (b, c)]
    assert places == ["inner.txt:7", "outer.txt:3"]
    assert d.grad_node.record.filename == __file__
    with pytest.raises(ag.debug.NonFinite, match="at bad.txt:9"):
        with ag.debug.record(), ag.debug.at_line("bad.txt", 9):
            ag.log(a - 2.0)
