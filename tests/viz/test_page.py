"""The step-through page, the animation, frames, and tensors in notebooks: what can be seen without
a browser.
"""

import json
import re
import xml.etree.ElementTree as ElementTree
from html import unescape
from urllib.parse import unquote

import numpy as np
import pytest

import autograd
from autograd import viz
from autograd.viz.drawing import palette
from autograd.viz.pages import shell
from autograd.viz.pages.animation import moment
from autograd.viz.pages.steps import PAGE_LIMIT, Steps
from autograd.viz.tracing.trace import Contribution, Step, summarize


@pytest.fixture
def steps():
    a = autograd.tensor(-4.0, requires_grad=True, name="a")
    b = autograd.tensor(2.0, requires_grad=True, name="b")
    e = (a + b) - a * b
    return viz.step(e * e / b, title="An expression")


def data_of(html):
    text = re.search(r'<script type="application/json">(.*?)</script>', html, re.S).group(1)
    return json.loads(text)


def test_the_fragment_shows_picture_and_text_without_scripts(steps):
    # What an untrusted notebook strips: scripts and style sheets.
    html = re.sub(r"<(script|style).*?</\1>", "", steps._repr_html_(), flags=re.S)
    source = re.search(r'<img src="data:image/svg\+xml;charset=utf-8,([^"]*)"', html).group(1)
    root = ElementTree.fromstring(unquote(source))
    assert len(root.findall(".//*[@data-node]")) == len(steps.trace.nodes)
    told = [unescape(each) for each in re.findall(r"<li>(.*?)</li>", html)]
    assert told == steps.sentences() and len(told) == len(steps)
    assert "<svg" not in html  # that goes as well


def test_nothing_is_fetched(steps):
    html = steps.to_html()
    addresses = re.findall(r"(?:src|href)=[\"']([^\"']*)", html) + re.findall(
        r"url\(([^)]*)\)", html
    )
    assert all(address.startswith("data:") for address in addresses)
    assert "import(" not in html and "@import" not in html


def test_no_data_can_end_the_script_early():
    name = "</script><b>&'\"<!--"
    a = autograd.tensor(1.0, requires_grad=True, name=name)
    html = viz.step(a * a)._repr_html_()
    assert html.count("</script>") == 2 and "<!--" not in html
    data = data_of(html)
    assert data["steps"][0]["c"][0]["w"] == name


def test_the_data_hold_every_step(steps):
    data = data_of(steps._repr_html_())
    assert [step["k"] for step in data["steps"]] == list(range(1, len(steps) + 1))
    table = data["table"]
    for entry, step in zip(data["steps"], steps.trace.steps, strict=True):
        assert entry["n"] == step.node
        for sent, real in zip(entry["c"], step.contributions, strict=True):
            assert sent["p"] == real.parent and sent["u"] == step.rules[real.argument]
            assert (sent["b"] == -1) == (real.before is None)
            assert table[sent["r"]]["t"] == viz.words.number(real.after.values)
    assert data["total"] == len(steps)
    assert len({json.dumps(row) for row in table}) == len(table)  # each stored once


def test_sentences_about_large_gradients_tell_their_shape():
    x = autograd.tensor(np.linspace(-1.0, 1.0, 12).reshape(3, 4), requires_grad=True)
    sentences = viz.step((x * x * 0.5).mean()).sentences()
    assert "sends a gradient of 3×4, all 0.0833, to multiply" in sentences[0]
    assert "sends a gradient of 3×4, from −0.0417 to 0.0417, to x" in sentences[2]


def test_sizes():
    assert len(shell.script("autograd.viz.pages", "steps.js").encode()) < 30_000
    x = autograd.tensor(np.ones((64, 64)), requires_grad=True)
    h = x
    for _ in range(40):
        h = (h @ x).tanh()
    html = viz.step(h.sum())._repr_html_()
    assert len(html.encode()) < PAGE_LIMIT == 300_000
    assert any("h" in row for row in data_of(html)["table"])  # thumbnails


def test_a_page_too_big_leaves_steps_out_and_says_so(traces):
    trace = traces["modules"](60, 30)
    rng = np.random.default_rng(0)
    for number, node in enumerate(reversed(trace.nodes), 1):
        if node.op:
            big = summarize(rng.normal(size=(30, 30)))
            parents = {edge.source for edge in trace.edges if edge.target == node.id}
            sent = [Contribution(each, "x", None, big, big) for each in sorted(parents)]
            trace.steps.append(Step(number, node.id, big, {"x": "lambda g: g"}, {"x": big}, sent))
    html = Steps(trace)._repr_html_()
    assert len(html.encode()) <= PAGE_LIMIT
    kept = len(data_of(html)["steps"])
    assert kept < len(trace.steps)
    assert f"{len(trace.steps) - kept} in the middle left out, without" in html


def test_planes_are_stored_once_and_go_before_thumbnails_when_there_are_too_many():
    rng = np.random.default_rng(0)

    def stored(layers):
        x = autograd.tensor(rng.normal(size=(40, 1, 12, 12)), requires_grad=True)
        h = x
        for _ in range(layers):
            h = (h * x).tanh()
        html = viz.step(h.sum())._repr_html_()
        assert len(html.encode()) <= PAGE_LIMIT
        return html, [row for row in data_of(html)["table"] if "h" in row]

    html, rows = stored(3)
    assert {len(row["h"]) for row in rows} == {len(row["p"]) for row in rows} == {16}
    assert all("24 more planes not shown" in row["m"] for row in rows)
    assert all("holds the largest value" in row["p"][row["c"]] for row in rows)
    few = stored(15)[1]
    assert {len(row["h"]) for row in few} == {len(row["p"]) for row in few} == {4}
    assert all("36 more planes not shown" in row["m"] for row in few)
    assert all("holds the largest value" in row["p"][row["c"]] for row in few)
    html, rows = stored(60)
    assert {len(row["h"]) for row in rows} == {1} and not any("p" in row for row in rows)
    assert all("39 more not shown" in row["m"] for row in rows)
    assert "without further planes: too much for a page" in html


@pytest.mark.parametrize("shape", ["tangle", "wide"])
def test_a_page_stays_small_whatever_the_graph(shape):
    rng = np.random.default_rng(0)
    h = [autograd.tensor(rng.normal(size=(3, 3)), requires_grad=True) for _ in range(600)]
    if shape == "tangle":
        for _ in range(900):
            first, second = rng.integers(len(h) - 9, len(h), 2)
            h.append((h[first] * h[second]).tanh())
    steps = viz.step(autograd.stack(h).sum())
    html = steps.to_html()
    assert len(html.encode()) <= PAGE_LIMIT
    data = data_of(html)
    assert len(data["nodes"]) > 10
    assert ("too much for a page" in data["less"]) == (shape == "tangle")
    assert data["steps"][1]["m"] == len(h) - len(data["steps"][1]["c"])
    assert "sends gradients to" in html and "nodes are hidden" in unquote(html)


def test_collapsed_nodes_step_as_their_module(traces):
    trace = traces["modules"](50, 20)
    node = trace.nodes[-5]
    trace.steps.append(Step(1, node.id, summarize(np.float32(1))))
    steps = Steps(trace)
    shown = data_of(steps._repr_html_())["steps"][0]["n"]
    item = next(item for item in steps.view.items if item.id == shown)
    assert item.kind == "module" and item.lines[0][1] == node.module


def test_theme_is_checked_and_passed_on():
    a = autograd.tensor(1.0, requires_grad=True)
    with pytest.raises(ValueError, match="theme"):
        viz.step(a * a, theme="blue")
    assert data_of(viz.step(a * a, theme="dark")._repr_html_())["theme"] == "dark"


# -- moments, frames, animation -----------------------------------------------------------------


def test_moments_accumulate(steps):
    view = steps.view
    start = moment(view, 0)
    root = steps.trace.nodes[-1].id
    leaves = dict.fromkeys((n.id for n in steps.trace.nodes if not n.op), "no gradient yet")
    assert start.slots == {root: "grad 1"} | leaves and start.active == 0
    last = moment(view, len(steps))
    final = steps.trace.arrived()
    a, b = steps.trace.nodes[0].id, steps.trace.nodes[1].id
    assert last.slots[a] == f"grad {viz.words.number(final[a].values)}"
    assert last.slots[b] == f"grad {viz.words.number(final[b].values)}"
    assert last.active == steps.trace.steps[-1].node
    assert last.caption == steps.sentences()[-1]


def test_frames_and_moment_pictures(steps, tmp_path):
    paths = steps.frames(tmp_path / "new")
    assert [path.name for path in paths] == [f"step-{k:03}.svg" for k in range(len(steps) + 1)]
    texts = [path.read_text(encoding="utf-8") for path in paths]
    assert len(set(texts)) == len(texts)
    sizes = {ElementTree.fromstring(text).get("viewBox") for text in texts}
    assert len(sizes) == 1  # slides do not jump
    assert all("gg-now" in re.sub(r"<style>.*?</style>", "", text) for text in texts[1:])
    with pytest.raises(IndexError, match=f"0 to {len(steps)}"):
        steps.to_svg(len(steps) + 1)
    with pytest.raises(ValueError, match="gif"):
        steps.frames(tmp_path, "gif")


def test_the_animation_moves_without_scripts(steps, tmp_path):
    text = steps.animate().to_svg()
    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert "@media (prefers-reduced-motion:no-preference)" in text
    captions = [each.text for each in root.iter() if "gg-caption" in each.get("class", "")]
    for sentence in steps.sentences():
        assert sentence in " ".join(captions)
    names = set(re.findall(r"@keyframes ([\w-]+)", text))
    prefixes = {name.split("-")[0] for name in names}
    assert len(prefixes) == 1  # its own name space, from its content
    other = viz.step(autograd.tensor(1.0, requires_grad=True).exp()).animate().to_svg()
    assert not prefixes & {n.split("-")[0] for n in re.findall(r"@keyframes ([\w-]+)", other)}
    assert steps.animate().save(tmp_path / "a.svg").read_text(encoding="utf-8") == text
    with pytest.raises(ValueError, match="seconds"):
        steps.animate(0)


def test_windows_cover_the_whole_film(steps):
    """At every moment exactly one caption is seen, and each slot shows what the moment says."""
    text = steps.animate().to_svg()
    root = ElementTree.fromstring(text)
    windows = []
    for each in root.iter("{http://www.w3.org/2000/svg}g"):
        inside = list(each)
        if inside and all("gg-caption" in child.get("class", "") for child in inside):
            begin, end = re.search(r"w(\d+)-(\d+)", each.get("class")).groups()
            windows.append((int(begin), int(end)))
    windows.sort()
    assert windows[0][0] == 0
    assert all(a[1] == b[0] for a, b in zip(windows, windows[1:], strict=False))
    assert windows[-1][1] == len(steps) + 3
    slots = []
    for each in root.iter("{http://www.w3.org/2000/svg}text"):
        found = re.search(r"(?:gg-grad|gg-muted) w(\d+)-(\d+)", each.get("class", ""))
        if found:
            slots.append((*map(int, found.groups()), each.text))
    for number in range(len(steps) + 1):
        seen = sorted(text for begin, end, text in slots if begin <= number < end)
        assert seen == sorted(moment(steps.view, number).slots.values())


def test_the_animation_says_what_it_is(steps, tmp_path):
    root = ElementTree.fromstring(steps.animate().to_svg())
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == root.get("aria-label") == "An expression"
    described = root.find(f"{space}desc").text
    assert "played one after another, 1.4 seconds each" in described
    assert described.endswith(steps.sentences()[-1])
    unnamed = autograd.tensor(1.0, requires_grad=True)
    assert "<title>Backward, step by step</title>" in viz.step(unnamed * 2).animate().to_svg()
    assert steps.animate().text() == steps.text()
    assert steps.animate().save(tmp_path / "a.txt").read_text(encoding="utf-8") == steps.text()


def test_of_a_long_pass_the_first_and_last_steps_are_played():
    h = x = autograd.tensor(0.5, requires_grad=True)
    for k in range(700):
        h = h.tanh() if k % 3 else h.sin() * x
    steps = viz.step(h)
    animation = steps.animate()
    text = animation.to_svg()
    assert len(shell.FRAME * "x" + animation._repr_html_()) <= PAGE_LIMIT
    played = len(set(re.findall(r"step (\d+) of", text)))
    assert 8 <= played < 150 and f"({len(steps) - played} in the middle are left out)" in text
    gap = re.search(r"\(steps (\d+) to (\d+) are left out\)", text)
    assert int(gap[2]) - int(gap[1]) + 1 == len(steps) - played
    assert steps.sentences()[0] in text and steps.sentences()[-1] in text


def test_frames_replace_those_of_a_longer_pass(steps, tmp_path):
    steps.frames(tmp_path)
    mine = tmp_path / "step-by-step.svg"
    mine.write_text("")
    a = autograd.tensor(1.0, requires_grad=True)
    written = viz.step(a * a).frames(tmp_path)
    assert len(written) == 2 and sorted(tmp_path.iterdir()) == sorted([*written, mine])


def test_saving(steps, tmp_path):
    for suffix in ("html", "svg", "json", "txt"):
        assert steps.save(tmp_path / f"s.{suffix}").stat().st_size > 200
    assert "@keyframes" in (tmp_path / "s.svg").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match="suffix"):
        steps.save(tmp_path / "s.mp4")


# -- tensors ------------------------------------------------------------------------------------


def test_small_tensors_are_tables_with_headers():
    html = viz.tensor_html(autograd.tensor([[1.0, -2.0], [0.5, 3.0]], name="<w>"))
    root = ElementTree.fromstring(html)
    cells = [each.text for each in root.iter("td") if each.text]
    assert cells == ["1", "−2", "0.5", "3"]
    assert [each.get("scope") for each in root.iter("th")] == ["col", "col", "row", "row"]
    assert "<b>&lt;w&gt;</b>: 2×2 float32" in html


def test_notebooks_ask_the_tensor():
    t = autograd.tensor([1.0, 2.0])
    assert t._repr_html_() == viz.tensor_html(t)


def test_large_tensors_are_heat_maps_with_statistics():
    html = viz.tensor_html(autograd.tensor(np.arange(200.0).reshape(2, 10, 10) - 50))
    assert "<table" not in html and "min −50, max 149" in html
    source = re.search(r'src="data:image/svg\+xml;charset=utf-8,([^"]*)"', html).group(1)
    marks = ElementTree.fromstring(unquote(source)).findall(".//*[@class='neg']")
    assert marks and all(float(mark.get("rx")) > 0 for mark in marks)  # signs differ in shape too
    assert palette.LIGHT["positive"] in unquote(source)


def test_tensors_tell_of_their_gradient():
    x = autograd.tensor([1.0, 2.0], requires_grad=True)
    assert "no gradient yet" in viz.tensor_html(x)
    (x * 3.0).sum().backward()
    (x * 3.0).sum().backward()
    assert "gradient of norm 8.485, the sum of 2 backward() calls" in viz.tensor_html(x)
    assert "result of multiply" in viz.tensor_html(x * 2.0)


@pytest.mark.parametrize(
    "data",
    [3.0, [], np.zeros((0, 3)), np.full((9, 9), np.nan), [True, False], np.arange(5),
     np.ones((2, 2, 2)), np.float16([1, 2])],
)  # fmt: skip
def test_every_tensor_shows_itself(data):
    root = ElementTree.fromstring(viz.tensor_html(autograd.tensor(data)))
    assert autograd.tensor(data).dtype.name in root.find("div").text


def test_only_tensors_show_themselves():
    with pytest.raises(TypeError, match="Tensor"):
        viz.tensor_html(np.ones(2))
