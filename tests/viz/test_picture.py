"""The drawn graph: SVG, DOT, files."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

import autograd
import nn
from autograd import viz
from autograd.viz import words
from autograd.viz.drawing import dot, files, palette, svg
from autograd.viz.pages import shell
from autograd.viz.pages.graph import Graph, Options

SVG = "{http://www.w3.org/2000/svg}"
ROOT = Path(autograd.__file__).parent.parent


def parse(text):
    return ElementTree.fromstring(text)


def of_class(root, name):
    return [each for each in root.iter() if name in each.get("class", "").split()]


@pytest.fixture
def expression():
    a = autograd.tensor(-4.0, requires_grad=True, name="a")
    b = autograd.tensor(2.0, requires_grad=True, name="b")
    e = (a + b) - a * b
    return (e * e) / b


@pytest.mark.parametrize("engine", ["builtin", "dot"] if dot.available() else ["builtin"])
def test_every_node_and_edge_is_drawn_once(traces, engine):
    for trace in (traces["residual"](3), traces["chain"](20)):
        root = parse(Graph(trace, Options(engine=engine)).to_svg())
        drawn = [int(each.get("data-node")) for each in of_class(root, "gg-node")]
        assert sorted(drawn) == [node.id for node in trace.nodes]
        edges = [
            (int(e.get("data-from")), int(e.get("data-to"))) for e in of_class(root, "gg-edge")
        ]
        assert sorted(edges) == sorted((edge.source, edge.target) for edge in trace.edges)
        assert root.find(f"{SVG}title").text == trace.title
        assert "nodes" in root.find(f"{SVG}desc").text
        assert root.get("role") == "img" and root.get("viewBox")
        assert not root.findall(".//*[@id]")  # ids of two pictures on a page would clash


def test_kinds_are_told_apart_by_outline_and_word(traces):
    root = parse(Graph(traces["residual"](1), Options(engine="builtin", collapse="stem")).to_svg())
    outlines = {}
    for node in of_class(root, "gg-node"):
        kind = node.get("class").split()[1]
        shapes = [each for each in node if "gg-shape" in each.get("class", "")]
        path = re.sub(r"[\d. -]+", "", shapes[0].get("d", "")) or f"rect{shapes[0].get('rx')}"
        outlines[kind] = (path, len(shapes), kind == "gg-constant")
        if kind != "gg-op":
            words = " ".join(each.text for each in node if each.tag == f"{SVG}text")
            assert kind.removeprefix("gg-") in words
    assert len(outlines) == 5 and len(set(outlines.values())) == 5


def test_text_stays_inside_its_shape():
    """Measured with the font that Matplotlib brings along."""
    manager = pytest.importorskip("matplotlib.font_manager")
    fonts = pytest.importorskip("PIL.ImageFont")
    font = fonts.truetype(manager.findfont("DejaVu Sans"), 100)
    bold = fonts.truetype(manager.findfont("DejaVu Sans:bold"), 100)
    for text in ("softmax_cross_entropy", "value −0.3125 … 12.75", "WWWW@@@@", "no gradient yet"):
        assert svg.text_width(text, 12) >= font.getlength(text) * 0.12 - 0.5
        assert svg.text_width(text, 13, True) >= bold.getlength(text) * 0.13 - 2


def luminance(colour):
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK])
def test_contrast(colours):
    fills = ("background", "group", "op", "parameter", "input", "constant", "output", "module")
    for ink in ("text", "muted", "value", "grad"):
        for fill in fills:
            assert contrast(colours[ink], colours[fill]) >= 4.5, (ink, fill)
    for level in range(5):
        assert contrast(colours["text"], colours[f"heat{level}"]) >= 4.5
    for mark in ("edge", "active", "positive", "negative"):
        assert contrast(colours[mark], colours["background"]) >= 3


def test_themes(expression):
    graph = viz.graph(expression)
    assert "prefers-color-scheme:dark" in graph.to_svg()
    assert "prefers-color-scheme" not in graph.to_svg("light")
    assert palette.DARK["background"] in graph.to_svg("dark")
    with pytest.raises(ValueError, match="theme"):
        viz.graph(expression, theme="blue")


def test_values_can_be_left_out(expression):
    assert "gg-value'" in viz.graph(expression).to_svg()
    assert "gg-value'" not in viz.graph(expression, values=False).to_svg()


PROGRAM = """
import autograd as ag
from autograd import viz
x = ag.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
with ag.module_scope("layer"):
    h = (x @ x).sum()
loss = h * h
loss.backward(retain_graph=True)
for engine in ("builtin", None):
    g = viz.graph(loss, engine=engine)
    print(g.to_svg(), g.to_dot(), g.to_json(), g.text())
s = viz.step(loss)
print(s.to_html(), s.to_svg(1), s.animate().to_svg())
"""


def test_two_processes_draw_the_same_bytes():
    runs = []
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", PROGRAM]
        run = subprocess.run(command, capture_output=True, env=environment, check=True)
        runs.append(run.stdout)
    assert runs[0] == runs[1] and len(runs[0]) > 10_000


def test_the_same_cell_again_gives_the_same_bytes():
    def cell():
        a = autograd.tensor(2.0, requires_grad=True)
        loss = (a * 3.0).exp()
        return viz.graph(loss).to_svg()

    assert cell() == cell()


def test_dot_text_is_whole_and_plain(traces):
    text = Graph(traces["residual"](2), Options()).to_dot()
    assert text.count("->") - text.count("invis") == len(traces["residual"](2).edges)
    assert "<" not in text.replace("->", "")  # no HTML labels
    assert (
        text.count("subgraph cluster_") == 1 + 1 + 2 + 4
    )  # stem, blocks, two blocks, their layers
    assert text.count("{") == text.count("}")
    assert "shape=hexagon" in text and "peripheries=2" in text


def test_names_cannot_break_out(builder):
    evil = "</title><script>alert(1)</script>\"'&\\"
    b = builder()
    b.leaf(evil, 1.0)
    b.op("exp", 1, name=evil)
    graph = Graph(b.trace(evil), Options(engine="builtin"))
    parse(graph.to_svg())
    assert "<script" not in graph.to_svg() and "<script" not in graph.to_html()
    assert '\\"' in graph.to_dot()


def test_without_graphviz_it_draws_all_the_same(expression, monkeypatch):
    monkeypatch.setattr(dot, "missing", lambda: "the program dot (from Graphviz)")
    graph = viz.graph(expression)
    assert len(of_class(parse(graph.to_svg()), "gg-node")) == len(graph.trace.nodes)
    with pytest.raises(RuntimeError, match="program dot"):
        viz.graph(expression, engine="dot").to_svg()


@pytest.mark.skipif(not dot.available(), reason="Graphviz is not installed")
def test_graphviz_places_what_the_renderer_draws(traces):
    trace = traces["residual"](2)
    graph = Graph(trace, Options(engine="dot"))
    layout, sizes = dot.arrange(graph.view)
    for item in graph.view.items:
        x, y = layout.centres[item.id]
        width, height = sizes[item.id]
        assert 0 <= x - width / 2 and x + width / 2 <= layout.width + 1
        assert 0 <= y - height / 2 and y + height / 2 <= layout.height + 1
        frame = layout.frames.get(item.group)
        if frame is not None:
            assert frame.x <= x <= frame.x + frame.width and frame.y <= y <= frame.y + frame.height
    for link, route in zip(graph.view.links, layout.routes, strict=True):
        tip, (x, y) = route.points[-1], layout.centres[link.target]
        width, height = sizes[link.target]
        assert abs(tip[0] - x) <= width / 2 + 2 and abs(tip[1] - y) <= height / 2 + 2


def test_saving(expression, tmp_path):
    graph = viz.graph(expression, title="t")
    for suffix in ("svg", "html", "dot", "json", "txt"):
        path = graph.save(tmp_path / f"g.{suffix}")
        assert path.stat().st_size > 100
    assert (tmp_path / "g.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    with pytest.raises(ValueError, match=r"\.svg.*\.png"):
        graph.save(tmp_path / "g.gif")


def test_png_and_pdf_or_what_is_missing(expression, tmp_path, monkeypatch):
    graph = viz.graph(expression)
    try:
        import cairosvg  # noqa: F401
    except ImportError:
        has_cairo = False
    else:
        has_cairo = True
    if has_cairo or dot.available():
        assert graph.save(tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
        image = pytest.importorskip("PIL.Image")
        assert len(set(image.open(tmp_path / "g.png").convert("L").tobytes())) > 20  # not blank
        assert graph.save(tmp_path / "g.pdf").read_bytes().startswith(b"%PDF")
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    monkeypatch.setattr(dot, "missing", lambda: "the program dot (from Graphviz)")
    with pytest.raises(RuntimeError, match="cairosvg.*pictures.*program dot"):
        graph.save(tmp_path / "h.png")


def test_notebook_forms(expression):
    graph = viz.graph(expression)
    assert set(graph._repr_mimebundle_()) == {"text/html", "text/plain"}  # no second copy
    html = graph._repr_html_()
    assert '<img src="data:image/svg+xml' in html and 'alt="Computation graph' in html
    assert "svg" not in repr(graph).split(";")[0]


def flat(traces, builder, shape):
    """Graphs that no collapsing of modules makes smaller."""
    rng = np.random.default_rng(0)
    b = builder()
    if shape == "tangle":
        trace = traces["modules"](50, 40)
        for node in trace.nodes:
            node.module = ""
        return trace
    if shape == "wide":
        b.op("stack", *(b.leaf(f"leaf number {k}", float(k)) for k in range(2000)), shape=(2000,))
    else:
        h = b.leaf("x", 1.0)
        for k in range(2000):
            h = b.op(("tanh", "exp", "sin")[rng.integers(3)], h, value=0.5, name=f"result{k}")
    return b.trace()


@pytest.mark.parametrize("shape", ["tangle", "wide", "chain"])
@pytest.mark.parametrize("collapse", [None, False])
def test_a_page_stays_small_whatever_the_graph(traces, builder, shape, collapse):
    graph = Graph(flat(traces, builder, shape), Options(collapse=collapse, fold=collapse))
    html = graph.to_html()
    assert len(html.encode()) <= shell.PAGE_LIMIT
    assert "too big for a page" in html and ".save('graph.svg') draws any size" in html
    hidden = int(re.search(r"(\d+) of (\d+) nodes are hidden", unquote(html)).group(1))
    drawn = len(set(re.findall(r"data-node='(\d+)'", unquote(html))))
    assert hidden + drawn == len(graph.trace.nodes) and drawn > 15
    assert len(parse(graph.to_svg()).findall(".//*[@data-node]")) == len(graph.view.items)


def test_a_page_that_nothing_makes_small_has_words_only(traces, monkeypatch):
    monkeypatch.setattr(shell, "PAGE_LIMIT", 2500)
    html = Graph(traces["residual"](3), Options())._repr_html_()
    assert "<img" not in html and "Computation graph of" in html and "too big" in html


FAILING = {
    "an error": "echo 'no plugins' >&2; exit 1",
    "silence": "exit 0",
    "no end": "sleep 20",
}


@pytest.mark.parametrize("how", FAILING)
def test_a_dot_that_does_not_work_is_done_without(expression, tmp_path, monkeypatch, how):
    pytest.importorskip("graphviz")
    program = tmp_path / "dot"
    program.write_text(f"#!/bin/sh\n{FAILING[how]}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path) + os.pathsep + os.environ["PATH"])
    monkeypatch.setattr(dot, "SECONDS", 0.3)
    monkeypatch.setattr(dot, "_too_slow", set())
    assert dot.available()
    expected = viz.graph(expression, engine="builtin").to_svg()
    assert viz.graph(expression).to_svg() == expected
    assert dot.available() == (how != "no end")  # one that hangs is not waited for again
    reason = {"an error": "code 1: no plugins", "silence": "no layout", "no end": "0.3 seconds"}
    with pytest.raises(RuntimeError, match=f"engine='dot'.*{reason[how]}.*engine=None"):
        viz.graph(expression, engine="dot").to_svg()
    if how == "an error":
        monkeypatch.setitem(sys.modules, "cairosvg", None)
        with pytest.raises(RuntimeError, match="cairosvg.*a dot that works.*no plugins"):
            viz.graph(expression).save(tmp_path / "g.pdf")


def test_pdf_files_tell_no_time(expression, tmp_path):
    before = b"<< /CreationDate (D:20261122213625+01'00')\n/ModDate (D:20261122213625Z) >>"
    after = files._undated(before)
    assert len(after) == len(before) and b"2026" not in after
    pytest.importorskip("cairosvg")
    content = viz.graph(expression).save(tmp_path / "g.pdf").read_bytes()
    dates = re.findall(rb"Date \(D:(\d{4})", content)
    assert set(dates) <= {b"2000"}


def test_gradients_are_told_in_words_too():
    a = autograd.tensor([3.0, 4.0], requires_grad=True)
    graph = viz.graph((a * a).sum(), show="gradient")
    assert "#1 a, input, 2 float32, value [3, 4], no gradient yet, |grad| 10" in graph.text()
    assert "|grad| 10" in graph.to_svg() and "no gradient yet</text>" not in graph.to_svg()


def test_numbers_do_not_look_rounder_than_they_are():
    number = words.number
    assert [number(each) for each in (1.0001, 2.99996, -1.00001, 0.1 + 0.2, 0.99999994)] == [
        "1.0001", "2.99996", "−1.00001", "0.3", "1"]  # fmt: skip
    assert [number(each) for each in (0.123456, 2.46989, 12345.6, 1e-7, 1.23456e200, 1e5)] == [
        "0.1235", "2.47", "1.235e4", "1e−7", "1.235e200", "1e5"]  # fmt: skip


def test_collapse_and_expand_make_new_graphs(traces):
    whole = Graph(traces["residual"](2), Options(engine="builtin"))
    closed = whole.collapse("blocks.0")
    assert len(closed.view.items) < len(whole.view.items)
    assert "hidden" in closed.to_svg() and "nodes are hidden" in closed.text()
    assert len(closed.expand().view.items) == len(whole.view.items)
    assert len(closed.expand("blocks.0").view.items) == len(whole.view.items)
    both = closed.collapse("blocks.1")
    assert sum(item.kind == "module" for item in both.view.items) == 2


def test_huge_graphs_draw(traces):
    for trace, options in [
        (traces["chain"](10_000), Options()),
        (traces["chain"](10_000), Options(fold=False, collapse=False)),
        (traces["modules"](), Options()),
        (traces["modules"](), Options(fold=False, collapse=False)),
    ]:
        text = Graph(trace, options).to_svg()
        root = parse(text)
        assert len(of_class(root, "gg-node")) <= len(trace.nodes)
        assert len(text) < 6_000_000


def test_importing_autograd_leaves_the_pictures_alone():
    code = "import sys, autograd; sys.exit(any(m.startswith('autograd.viz') for m in sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code], env=environment).returncode == 0


# -- tensors in notebooks -----------------------------------------------------------------------


def shown(values, **options):
    html = autograd.tensor(values, **options)._repr_html_()
    parse(html.replace("&nbsp;", " "))  # well-formed
    return html


def test_small_tensors_are_tables():
    assert "<b>−3.5</b>" in shown(-3.5)
    assert shown(True).count("True") == 1
    assert "2 of 3 are True" in shown([True, False, True])
    row = shown([1.0, float("nan"), float("inf"), -float("inf")])
    assert re.findall(r"<td style[^>]*>([^<]*)</td>", row) == ["1", "NaN", "∞", "−∞"]
    assert "1 NaN, 2 ∞" in row
    assert shown(np.arange(64)).count("<tr>") == 8  # heads, and seven lines of at most ten
    assert "(no elements)" in shown(np.zeros((0, 3))) and "(no elements)" in shown(
        np.zeros((2, 0, 3))
    )
    blocks = shown(np.arange(12.0).reshape(2, 2, 3))
    assert blocks.count("<table") == 2 and "[1]" in blocks


def test_larger_tensors_are_pictures_with_statistics():
    random = np.random.default_rng(0)
    plane = random.standard_normal((20, 30))
    html = shown(plane)
    assert "squares +, discs −" in html and "min −" in html and "blocks of up to 2×3" in html
    plane[3, 4] = np.nan
    assert "crosses: NaN or ∞ inside" in shown(plane) and "1 NaN" in shown(plane)
    assert "all 1e30" in shown(np.full((40, 40), 1e30)) and "<img" not in shown(np.zeros((9, 9)))
    images = shown(random.random((4, 3, 28, 28)))
    assert images.count("<img") == 4 and "[1, 0]" in images and "8 more planes" in images
    assert len(images) < 20_000


def test_what_is_known_of_a_gradient_stands_beside_a_tensor():
    w = autograd.tensor([1.0, 2.0], requires_grad=True, name="<w>")
    assert "no gradient yet" in w._repr_html_() and "<b>&lt;w&gt;</b>" in w._repr_html_()
    assert "result of multiply" in (w * 2)._repr_html_()
    for _ in range(2):
        (w * w).sum().backward()
    assert "gradient of norm 8.944, the sum of 2 backward() calls" in w._repr_html_()


@pytest.mark.skipif(not dot.available(), reason="Graphviz is not installed")
def test_a_box_that_dot_places_is_as_wide_as_its_heading():
    layer = nn.Sequential(nn.Conv2d(8, 16, 3, stride=2, padding=1, bias=False))
    view = viz.graph(layer(autograd.ones((1, 8, 4, 4))).sum(), engine="dot").view
    layout, _ = dot.arrange(view)
    heading = max((g for g in view.groups if g.index), key=lambda g: len(g.label))
    assert "stride 2" in heading.label
    width = svg.text_width(heading.label, 12.0, True)
    assert layout.frames[heading.index].width >= width + 8


@pytest.mark.skipif(not dot.available(), reason="Graphviz is not installed")
def test_a_model_that_dot_places_runs_straight_down_and_is_no_staircase():
    autograd.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 8, 2), nn.ReLU(),
        nn.Flatten(), nn.Linear(32, 10),
    )  # fmt: skip
    out = model(autograd.ones((2, 1, 8, 8)))
    view = viz.graph(nn.functional.cross_entropy(out, np.array([1, 2])), engine="dot").view
    layout, _ = dot.arrange(view)
    operations = [item.id for item in view.items if not item.light]
    assert len(operations) == 9
    assert len({round(layout.centres[each][0]) for each in operations}) == 1


@pytest.mark.parametrize(
    ("duration", "told"), [(2.5, "2.5 s"), (0.25, "250 ms"), (0.001, "1 ms"), (0.00025, "250 µs")]
)
def test_durations_have_a_unit_that_can_be_read(duration, told):
    assert words.seconds(duration) == told


@pytest.mark.parametrize("options", [{"engine": "neato"}, {"direction": "up"}, {"theme": "loud"}])
def test_options_that_there_are_not_are_refused_when_the_graph_is_made(options):
    x = autograd.tensor([1.0], requires_grad=True)
    with pytest.raises(ValueError, match=next(iter(options))):
        viz.graph((x * 2.0).sum(), **options)
