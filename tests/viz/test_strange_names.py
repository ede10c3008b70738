"""Names that hold what no page can: every picture opens all the same, and shows an escape."""

import json
import re
import xml.dom.minidom

import numpy as np
import pytest

import autograd as ag
from autograd import text, viz
from autograd.debug import Backprop, explain, record
from autograd.viz.drawing import dot

NAMES = ["\x1b[31mred", "\x00", "\x07", "\x0c", "\uffff", "\ud800", "a\x85b", "\u202egnp", "\x7f"]
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff\ufffe\uffff]")


KEPT = []


def loss(name):
    x = ag.tensor(np.ones(2), requires_grad=True, name=name)
    KEPT[:] = [x]
    with ag.module_scope(name):
        return (x * 2).sum()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("suffix", ["svg", "html", "dot", "json"])
def test_every_kind_of_file_can_be_read_back(name, suffix, tmp_path):
    for draw in (viz.graph, viz.step):
        if suffix == "dot" and draw is viz.step:
            continue
        path = tmp_path / f"picture.{suffix}"
        draw(loss(name), title=name).save(path)
        content = path.read_bytes().decode("utf-8")
        assert not UNSEEN.search(content)
        if suffix == "svg":
            xml.dom.minidom.parseString(content.encode())
        elif suffix == "json":
            assert name in [node["name"] for node in json.loads(content)["nodes"]]
        else:
            shown = text.visible(name)
            assert (shown.replace("\\", "\\\\") if suffix == "dot" else shown) in content


@pytest.mark.parametrize("name", NAMES)
def test_what_is_shown_in_a_notebook_and_at_a_prompt_holds_no_unseen_character(name):
    y = loss(name)
    graph, steps = viz.graph(y), viz.step(y)
    shown = [graph._repr_html_(), graph.to_dot(), graph.text(), steps._repr_html_(), steps.text()]
    shown.append(ag.tensor([1.0], name=name)._repr_html_())
    shown.append(repr(ag.tensor([1.0], name=name)))
    for each in shown:
        each.encode("utf-8")
        assert not UNSEEN.search(each)


@pytest.mark.parametrize("name", NAMES)
def test_the_debugger_prints_no_unseen_character(name):
    with record():
        y = loss(name)
    dbg = Backprop(y)
    pages = [explain(y, KEPT[0], (0,)), dbg, *dbg, dbg.memory()]
    for page in pages:
        assert not UNSEEN.search(str(page))


@pytest.mark.skipif(dot.missing() is not None and bool(dot.missing()), reason="no dot")
def test_graphviz_draws_strange_names():
    for name in NAMES:
        xml.dom.minidom.parseString(dot.run(viz.graph(loss(name)).to_dot(), "svg"))


def test_visible_leaves_what_can_be_seen_as_it_is():
    for seen in ("weight", "größe Σ 漢字 🙂", "two\nlines\tand a tab", ""):
        assert text.visible(seen) == seen
    assert text.visible("\x1b\ud800") == "\\x1b\\ud800"
