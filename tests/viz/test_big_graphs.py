"""Graphs of any size are drawn with bounded work: the nodes made last, and what is left out.

Work is counted (nodes looked at, items laid out), not timed.
"""

import inspect
from collections import Counter

import numpy as np
import pytest

import autograd
import nn
from autograd import viz
from autograd.viz.pages import graph as picture
from autograd.viz.pages import shell
from autograd.viz.tracing import selection
from autograd.viz.tracing.capture import DEEPEST, Capture
from autograd.viz.tracing.trace import Trace

MOST = 60


def scalar(value=1.0, name=None):
    return autograd.tensor(value, requires_grad=True, name=name)


def chain(n):
    w, h = scalar(1.01, "w"), scalar(1.0, "x")
    for _ in range(n):
        h = h * w
    return h


def wide(n):
    x = scalar()
    return autograd.stack([x * float(k) for k in range(n)]).sum()


def leaves(n):
    return autograd.stack([scalar(float(k)) for k in range(n)]).sum()


def one_often(n):
    return autograd.stack([scalar()] * n).sum()


def constants(n):
    return autograd.stack([scalar(), *(np.float32(k) for k in range(n))]).sum()


def grid(n):
    side = int(n**0.5)
    row = [scalar(float(k)) for k in range(side)]
    for _ in range(side):
        new = [row[0] * 0.5]
        for above in row[1:]:
            new.append(new[-1] + above)
        row = new
    return row[-1]


def tree(n):
    parts = [scalar(float(k)) for k in range(n)]
    while len(parts) > 1:
        parts = [a + b for a, b in zip(parts[::2], parts[1::2], strict=True)]
    return parts[0]


class Nested(nn.Module):
    def __init__(self, inside):
        super().__init__()
        self.inside = inside

    def forward(self, x):
        return self.inside(x) * 1.5


def nest(depth):
    model = nn.Linear(2, 2)
    for _ in range(depth):
        model = Nested(model)
    return model(autograd.tensor(np.ones((1, 2), np.float32))).sum()


SHAPES = {
    "chain": lambda: chain(500),
    "wide": lambda: wide(500),
    "leaves": lambda: leaves(500),
    "one often": lambda: one_often(500),
    "constants": lambda: constants(500),
    "grid": lambda: grid(500),
    "tree": lambda: tree(512),
    "nest": lambda: nest(60),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_nodes_are_looked_at_than_asked_for(shape):
    loss = SHAPES[shape]()
    graph = viz.graph(loss, collapse=False, fold=False, most=MOST)
    steps = viz.step(loss, most=MOST)
    for trace in (graph.trace, steps.trace):
        # one operation may bring as many operands as there is room for, and one stands for the rest
        assert len(trace.nodes) <= 2 * MOST + 2 and len(trace.edges) <= 4 * MOST
        assert trace.omitted is not None
    assert len(graph.view.items) <= 2 * MOST + 2
    assert len(steps.trace.steps) <= MOST
    assert all(len(step.contributions) <= MOST + 1 for step in steps.trace.steps)
    assert "only the newest" in graph.view.note and "most=None" in graph.text()
    for html in (graph._repr_html_(), steps._repr_html_()):
        assert len(html.encode()) <= shell.PAGE_LIMIT and "earlier" in html


def test_what_is_not_too_big_is_whole():
    whole = viz.graph(chain(29)).trace  # x, w and the products
    assert len(whole.nodes) == 31 and whole.omitted is None
    assert viz.graph(chain(29), most=31).trace.omitted is None
    cut = viz.graph(chain(29), most=30).trace
    assert cut.omitted is not None and cut.size == 31
    assert inspect.signature(viz.graph).parameters["most"].default == selection.MOST
    assert inspect.signature(viz.step).parameters["most"].default == selection.MOST
    assert viz.graph(chain(selection.MOST + 1)).trace.omitted is not None
    assert viz.graph(chain(selection.MOST + 1), most=None).trace.omitted is None


@pytest.mark.parametrize("shape", ["chain", "wide", "grid", "tree"])
def test_the_steps_taken_are_the_first_of_the_whole_pass(shape):
    loss = SHAPES[shape]()
    whole, some = viz.step(loss, most=None).trace, viz.step(loss, most=MOST).trace
    assert some.all_steps == len(whole.steps) > len(some.steps) > 5
    for one, other in zip(whole.steps, some.steps, strict=False):
        assert one.incoming == other.incoming
        sent = [each for each in other.contributions if each.contribution is not None]
        kept = {each.argument for each in sent}
        assert [each.contribution for each in sent] == [
            each.contribution for each in one.contributions if each.argument in kept
        ]
    assert viz.step(loss, most=MOST).sentences()[0].startswith(f"step 1 of {len(whole.steps)}: ")


def test_gradients_stay_and_the_graph_can_be_used_after_a_pass_that_stopped_early():
    x = scalar()
    h = x
    for _ in range(100):
        h = h * 1.01
    viz.step(h, most=10)
    assert x.grad is None
    h.backward()
    assert abs(x.grad.item() - 1.01**100) < 1e-5


def test_what_is_left_out_is_told_by_kind_and_by_module():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(30)))
    x = autograd.tensor(np.ones((1, 2), np.float32))
    graph = viz.graph(model(x).sum(), most=20, collapse=False)
    omitted = graph.trace.omitted
    assert omitted.parameters == 60 - sum(n.kind == "parameter" for n in graph.trace.nodes)
    paths = [path for path, _ in omitted.modules]
    assert "0" in paths and "29" not in paths and omitted.classes["0"].kind == "Linear"
    (item,) = [item for item in graph.view.items if "earlier nodes" in item.lines[0][1]]
    texts = [text for _, text in item.lines]
    assert f"{omitted.nodes} earlier nodes" in texts and "0: Linear(2 → 2) (1)" in texts
    assert texts[-1] == f"{len(paths) - 5} more modules"
    assert "Left out before that" in graph.text()


def test_inside_one_module_the_modules_below_are_told():
    inner = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 2))
    x = autograd.tensor(np.ones((1, 2), np.float32))
    with autograd.module_scope("model"):
        h = x
        for _ in range(20):
            h = inner(h)
    found = dict(viz.graph(h.sum(), most=10).trace.omitted.modules)
    assert set(found) == {"model.0", "model.1", "model.2"} and found["model.1"] in range(15, 20)


def test_a_leaf_that_the_kept_and_the_left_out_use_leads_to_both():
    graph = viz.graph(chain(100), most=20, fold=False)
    earlier = next(n.id for n in graph.trace.nodes if n.kind == "earlier")
    w = next(n.id for n in graph.trace.nodes if n.name == "w")
    ends = [(edge.source, edge.target) for edge in graph.trace.edges]
    assert (w, earlier + 1) in ends and w < earlier  # parents come first
    assert Counter(source for source, _ in ends)[earlier] == 1


def test_a_trace_with_nodes_left_out_goes_through_json():
    trace = viz.step(nest(40), most=MOST).trace
    again = Trace.from_json(trace.to_json())
    assert again == trace and again.omitted.modules == trace.omitted.modules
    assert "omitted" not in viz.step(chain(3)).to_json()


def test_modules_nested_very_deep_are_drawn_as_part_of_the_one_around():
    graph = viz.graph(nest(DEEPEST + 40))
    assert max(node.module.count(".") for node in graph.trace.nodes) == DEEPEST - 1
    assert f"more than {DEEPEST} deep" in graph.view.note
    assert "deep" not in viz.graph(nest(DEEPEST - 2)).view.note


def test_the_detail_of_a_deep_model_is_found_without_trying_every_depth(monkeypatch):
    tried = []
    monkeypatch.setattr(
        picture.Graph, "_fits", lambda self, visible: tried.append(visible) or False
    )
    assert len(viz.graph(nest(DEEPEST - 2) * 1.0 + chain(20)).view.items) < 40
    assert 1 < len(tried) <= 6


@pytest.mark.parametrize("wrong", [0, -1, 2.5, "all"])
def test_most_is_a_positive_number_or_none(wrong):
    with pytest.raises((TypeError, ValueError), match="most"):
        viz.graph(chain(3), most=wrong)


def test_summaries_and_files_tell_all():
    model = nn.Sequential(*(nn.Linear(2, 2) for _ in range(40)))
    assert str(viz.summary(model, (1, 2))).count("Linear") >= 40
    assert Capture(chain(5000)).trace.omitted is None
