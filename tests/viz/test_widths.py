"""No page is wider than its window: nothing is cut off at the right, nothing scrolls sideways but
what has a scroll bar of its own.
"""

import re

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import viz
from autograd.viz.drawing import svg
from autograd.viz.pages.graph import document
from nn.interop import page as side_by_side
from tests.overflow import FAULTS

LONG = "a sentence of a note that is long, " * 20

WRONG = ag.func.compare(
    lambda x, w: x @ w, lambda g, x, w: (g @ w.T, -x.T @ g), np.ones((3, 4)), np.eye(4) / 3
)

ROWS = [
    ("Layers", [side_by_side.Line("(the model) Sequential", "(2, 4, 6, 6)", "3.1", "2e-7", False)])
]


def pages():
    """A page of every kind."""
    ag.manual_seed(0)
    rng = np.random.default_rng(0)
    a = ag.tensor(-4.0, requires_grad=True, name="a")
    image = ag.tensor(rng.normal(size=(2, 1, 8, 8)).astype(np.float32))
    conv = nn.Conv2d(1, 2, 3, padding=1)
    net = nn.Sequential(
        conv, nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32, 3)
    )
    with ag.debug.record():
        a_name_that_goes_on_and_on = nn.functional.cross_entropy(net(image), np.array([0, 2]))
    loss, chain = a_name_that_goes_on_and_on, a
    for _ in range(150):
        chain = chain * 1.01
    small = rng.integers(0, 4, (3, 3)).astype(float), rng.integers(-1, 2, (2, 2)).astype(float)
    return {
        "graph": viz.graph(a * a + a).to_html(),
        "graph of a net": viz.graph(loss).to_html(),
        "graph with much left out": viz.graph(chain, most=40).to_html(),
        "steps": viz.step(a * a + a).to_html(),
        "steps of a net": viz.step(loss).to_html(),
        "steps with much left out": viz.step(chain, most=40).to_html(),
        "scalars": viz.scalars(lambda x, k: (x[:2, :2] * k + x[1:, 1:]).sum(), *small).to_html(),
        "moving": document("t", viz.step(a * a + a).animate()._repr_html_()),
        "convolution": viz.conv(conv, image).to_html(),
        "pooling": viz.pool(nn.MaxPool2d(2), image).to_html(),
        "output size": viz.output_size(17, 3, stride=2, padding=1).to_html(),
        "receptive field": viz.receptive_field(net, "3", (0, 0), image).to_html(),
        "shifts": viz.shift_test(conv, image, dy=1, dx=0).to_html(),
        "feature maps": viz.feature_maps(net, image).to_html(),
        "kernels": viz.kernels(conv).to_html(),
        "summary": document("t", viz.summary(net, (2, 1, 8, 8))._repr_html_()),
        "heat": document("t", viz.tensor_html(ag.tensor(rng.normal(size=(30, 40))))),
        "planes": document("t", viz.tensor_html(ag.tensor(rng.normal(size=(9, 3, 4, 4))))),
        "table": document("t", viz.tensor_html(ag.tensor(rng.normal(size=(6, 10)) * 1e-7))),
        "compared": document("t", WRONG._repr_html_()),
        "explained": document("t", viz.explain(loss, conv.weight, at=(0, 0, 1, 1))._repr_html_()),
        "side by side": side_by_side.document("t", side_by_side.written("t", LONG, False, ROWS)),
        "certified": document("t", ag.debug.certify((a * a).exp())._repr_html_()),
    }


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 420, 800, 1000, 1200])
def test_nothing_is_cut_off_or_sticks_out(visit, width):
    for name, html in pages().items():
        page = visit(html, viewport={"width": width, "height": 900})
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate(FAULTS) == [], name
        for button in ("▶ Step", "▶|"):  # what the steps say may be long
            if page.get_by_text(button, exact=True).count():
                page.get_by_text(button, exact=True).first.click()
                assert page.evaluate(FAULTS) == [], (name, button)
        page.context.close()


@pytest.mark.browser
def test_what_goes_forward_and_comes_back_fits_a_telephone(visit):
    rng = np.random.default_rng(0)
    scope = viz.conv(rng.normal(size=(3, 2, 3, 3)).round(1), rng.normal(size=(1, 2, 7, 7)).round(1))
    page = visit(document("t", scope._repr_html_()), viewport={"width": 420, "height": 900})
    table = page.locator("table.list")
    assert table.locator("tbody tr").count() == 9
    assert table.evaluate("(e) => e.parentElement.scrollWidth <= e.parentElement.clientWidth")


#: The height of the smallest text in the text's own pixels, wherever the picture stands.
TEXT = """() => {
  const roots = [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot)];
  const found = roots.filter(Boolean).flatMap(root => [...root.querySelectorAll('svg, .gg-still')]
    .filter(e => e.getBoundingClientRect().width));
  return found.map(e => 12 * e.getBoundingClientRect().width
    / (e.naturalWidth || e.viewBox.baseVal.width));
}"""


SCROLLS = """() => [document, ...[...document.querySelectorAll('*')].map(e => e.shadowRoot)]
  .filter(Boolean).flatMap(root => [...root.querySelectorAll('.gg-scroll, .picture')])
  .some(e => e.scrollWidth > e.clientWidth + 40)"""


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_wide_graph_keeps_its_text_readable_in_a_narrow_window_and_scrolls(visit, scheme):
    x = ag.tensor(np.ones(3), requires_grad=True)
    side_by_side = sum(ag.exp(x * k) for k in range(1, 9))
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    wide, switched = (
        viz.graph(side_by_side),
        viz.graph(net(x.astype(np.float32)), direction="right"),
    )
    small = viz.graph(x * 2.0)
    for graph, scrolls in ((wide, True), (switched, True), (small, False)):
        for html in (graph.to_html(), document("t", graph._repr_html_())):
            for scripts in (True, False):
                page = visit(html, viewport={"width": 420, "height": 900},
                             color_scheme=scheme, java_script_enabled=scripts)  # fmt: skip
                sizes = page.evaluate(TEXT)
                assert sizes and all(8.99 <= size <= 12.01 for size in sizes), sizes
                assert page.evaluate(FAULTS) == []
                assert page.evaluate(SCROLLS) == scrolls
                page.context.close()


@pytest.mark.browser
def test_the_check_finds_what_sticks_out(visit):
    wide = "<div style='width:600px'>wide</div>"
    for html in (wide, f"<div style='overflow:hidden'>{wide}</div>"):
        page = visit(document("t", html), viewport={"width": 420, "height": 900})
        assert page.evaluate(FAULTS)
    page = visit(document("t", f"<div style='overflow:auto'>{wide}</div>"),
                 viewport={"width": 420, "height": 900})  # fmt: skip
    assert not page.evaluate(FAULTS)


def test_a_long_note_is_broken_into_lines_and_does_not_widen_the_picture():
    graph = viz.graph(ag.tensor(2.0, requires_grad=True) * 3.0)
    plain = float(re.search(r"width='(\d+)", graph.to_svg()).group(1))
    graph.view.note = LONG
    picture = graph.to_svg()
    assert float(re.search(r"width='(\d+)", picture).group(1)) == max(plain, svg.NOTE_WIDTH)
    assert picture.count("gg-caption gg-muted") > 5
    graph.view.note = "short"
    assert graph.to_svg().count("gg-caption gg-muted") == 1


def test_a_comparison_with_pytorch_has_the_colours_of_the_page_around_it():
    part = side_by_side.written("t", "v", False, ROWS)
    assert not re.search(
        r"#[0-9a-f]{3,6}\b|prefers-color-scheme|<html|[^-]color: (?!inherit)", part
    )
    assert "color-scheme: light dark" in side_by_side.document("t", part)
