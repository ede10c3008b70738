"""Small scalar graphs tell every value; numbers that sentences use stand on the nodes."""

import re

import numpy as np
import pytest

import autograd as ag
from autograd import viz


def expression():
    a = ag.tensor(2.0, requires_grad=True, name="a")
    b = ag.tensor(3.0, requires_grad=True, name="b")
    return a * b + a


def test_every_value_of_a_scalar_graph_is_known_without_a_record():
    product = viz.graph(expression()).trace.nodes[2]
    assert product.op == "multiply" and product.value.values == 6.0
    x = ag.tensor(0.5, requires_grad=True)
    loss = ag.exp(x) + ag.log(x).abs() - x.sum() * ag.stack([x, x]).max() + ag.maximum(x, 2.0)
    trace = viz.graph(loss).trace
    assert all(node.value is not None for node in trace.nodes if not node.shape)


def test_a_value_is_what_it_was_when_computed_also_if_a_leaf_was_written_since():
    a = ag.tensor(2.0, requires_grad=True)
    loss = (a + 1.0) + 0.5
    with ag.no_grad():
        a -= 1.0
    values = [node.value.values for node in viz.graph(loss).trace.nodes if node.op]
    assert values == [3.0, 3.5]


def test_the_number_by_which_sentences_call_a_node_stands_on_it():
    steps = viz.step(expression())
    said = " ".join(steps.sentences())
    numbers = set(re.findall(r"node \d+", said))
    assert numbers == {"node 3", "node 4"}
    for picture in (steps.to_svg(), viz.graph(expression()).to_svg()):
        assert all(f">{number}</text>" in picture for number in numbers)
        assert ">node 1</text>" not in picture


@pytest.mark.parametrize("direction", ["right", "down"])
def test_the_arrow_of_a_gradient_points_at_the_node_that_it_goes_to(direction):
    from autograd.viz.drawing import svg
    from autograd.viz.visible.view import build

    view = build(viz.step(expression()).trace)
    layout, sizes = svg.arrange(view, direction)
    for link, route in zip(view.links, layout.routes, strict=True):
        tip, left, right = re.findall(
            r"([\d.-]+) ([\d.-]+)", svg.back_tip(route, direction == "right")
        )
        axis = 0 if direction == "right" else 1
        assert float(tip[axis]) < min(float(left[axis]), float(right[axis]))
        border = layout.centres[link.source][axis] + sizes[link.source][axis] / 2
        assert abs(float(tip[axis]) - border) < svg.SLANT + 0.1
    moment = viz.step(expression()).to_svg(1)
    flowing = re.findall(r"<g class='gg-edge gg-flow'.*?</g>", moment)
    assert flowing and all("gg-back-tip" in each for each in flowing)
    assert "gg-flow>.gg-tip{display:none}" in moment  # the arrow of the data is not there meanwhile


def test_a_misspelt_option_is_answered_with_the_one_meant():
    loss = expression()
    with pytest.raises(
        TypeError, match="graph: there is no argument 'kolapse'; did you mean 'collapse'"
    ):
        viz.graph(loss, kolapse=True)
    with pytest.raises(TypeError, match="step: there is no argument 'them'; did you mean 'theme'"):
        viz.step(loss, them="dark")
    with pytest.raises(
        TypeError, match="Backprop: there is no argument 'retain_grpah'; did you mean 'retain_gr"
    ):
        ag.debug.Backprop(loss, retain_grpah=True)
    with pytest.raises(
        TypeError, match="until: there is no argument 'modul'; did you mean 'module'"
    ):
        ag.debug.Backprop(loss).until(modul="a")
    for module, name, meant in ((viz, "grpah", "graph"), (ag.debug, "recrod", "record")):
        with pytest.raises(
            AttributeError, match=f"has no attribute '{name}'; did you mean '{meant}'"
        ):
            getattr(module, name)


def test_the_gradient_of_a_result_says_why_it_is_none():
    a = ag.tensor(1.0, requires_grad=True)
    for _ in range(2):
        loss = (a - 3.0) ** 2
        loss.backward()
        if a.is_leaf:
            a = a - 0.1 * a.grad
        else:
            with pytest.warns(
                UserWarning, match=r"result of subtract.*a -= lr \* a.grad.*retain_grad"
            ):
                assert a.grad is None
    kept = ag.tensor(1.0, requires_grad=True) * 2
    kept.retain_grad()
    assert kept.grad is None  # it is yet to come: no word
    assert ag.tensor(np.ones(2)).grad is None


def test_a_function_that_gives_no_number_at_all_is_refused():
    with pytest.raises(TypeError, match="f returned an empty array"):
        viz.scalars(lambda x: ag.flip(x, 0)[:0], ag.tensor([1.0], requires_grad=True))
