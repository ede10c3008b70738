"""Collapsed modules that open and close again, in a real headless Chromium, offline."""

import json
import re
from importlib import resources

import pytest

from autograd.viz.drawing import svg
from autograd.viz.pages import shell, switch
from autograd.viz.pages.graph import Graph, Options

FOCUSED = "document.querySelector('.gg-graph').shadowRoot.activeElement?.dataset.module"

BLOCKS = ".gg-switch[data-module='blocks 1']"


@pytest.fixture
def graph(traces):
    return Graph(traces["residual"](), Options(collapse="blocks", fold=False))


def two_blocks(traces):
    return Graph(traces["residual"](), Options(collapse=("blocks.0", "blocks.1"), fold=False))


def stored(html):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html).group(1))


def visible(page):
    return sorted(
        page.locator(".gg-node").evaluate_all("all => all.map(e => +e.dataset.node)")
    )  # fmt: skip


def nodes_of(data, view):
    """The nodes drawn in a stored view."""
    lines = [data["lines"][each[0]] for each in view["picture"] if isinstance(each, list)]
    return {int(number) for line in lines for number in re.findall(r"data-node='(\d+)'", line)}


def test_every_view_is_the_one_that_python_draws(traces):
    graph = two_blocks(traces)
    data = stored(graph._repr_html_())
    assert len(data["views"]) > 6
    for view in data["views"]:
        closed = tuple(path for path, *_ in view["nodes"].values())
        alone = Graph(graph.trace, Options(collapse=closed or False, fold=False))
        assert nodes_of(data, view) == {item.id for item in alone.view.items}
    assert not any("<style" in line for line in data["lines"])


def reachable(data, path, opened):
    """Whether clicks lead from the first view to one in which a module is open, or closed."""
    seen, pending = {0}, [0]
    while pending:
        view = data["views"][pending.pop()]
        groups = [each for each in view["groups"] if each]
        shown = groups if opened else view["nodes"].values()
        if any(each[0] == path for each in shown):
            return True
        for *_, target in [*groups, *view["nodes"].values()]:
            if target >= 0 and target not in seen:
                seen.add(target)
                pending.append(target)
    return False


def test_every_module_opens_and_closes_also_those_drawn_open(traces):
    trace = traces["residual"](3)
    graph = Graph(trace, Options(collapse="blocks.1", fold=False))
    data = stored(graph._repr_html_())
    paths = [path for path in trace.modules if path]
    assert len(paths) >= 4
    for path in paths:
        assert reachable(data, path, True) and reachable(data, path, False), path


def test_where_there_are_many_modules_others_go_back(traces):
    graph = Graph(traces["modules"](10, 8), Options(collapse=True, fold=False))
    data = stored(graph._repr_html_())
    assert len(data["views"]) > 11 and "others go back" in data["hint"]
    for view in data["views"]:
        assert all(each[2] >= 0 for each in [*view["nodes"].values(), *view["groups"]])


def test_what_is_too_big_stays_closed(traces):
    graph = Graph(traces["modules"](50, 40), Options(collapse=True, fold=False))
    html = graph._repr_html_()
    data = stored(html)
    assert len(html.encode()) <= shell.PAGE_LIMIT
    assert 1 < len(data["views"]) <= switch.MOST_VIEWS and ".expand() in Python" in data["hint"]
    targets = [target for view in data["views"] for *_, target in view["nodes"].values()]
    assert -1 in targets and max(targets) == len(data["views"]) - 1


def test_a_graph_without_modules_stays_an_image(traces):
    folded = Graph(traces["chain"](100), Options(fold=True))._repr_html_()
    assert "<script" not in folded and "<img" in folded
    assert "drawn once, with ×N" in folded and ".expand()" in folded
    plain = Graph(traces["chain"](10))._repr_html_()
    assert "<img" in plain and "<p>" not in plain


def test_a_graph_whose_modules_cannot_open_says_so(traces, monkeypatch):
    collapsed = Graph(traces["residual"](), Options(collapse=True))
    assert "<script" in collapsed._repr_html_()
    monkeypatch.setattr(shell, "PAGE_LIMIT", 20_000)
    html = collapsed._repr_html_()
    assert "<script" not in html and "too big for a page" in html and ".expand()" in html
    monkeypatch.setattr(
        "autograd.viz.drawing.dot.arrange", lambda view, direction: svg.arrange(view)
    )
    monkeypatch.setattr("autograd.viz.drawing.dot.missing", lambda: "")
    drawn = Graph(collapsed.trace, Options(collapse=True, engine="dot"))._repr_html_()
    assert "<script" not in drawn and "built-in layout" in drawn


def test_the_same_graph_gives_the_same_bytes_and_a_small_script(graph):
    again = Graph(graph.trace, graph.options)
    assert graph.to_html() == again.to_html()
    assert len(shell.script("autograd.viz.pages", "switch.js")) < 30_000


def test_names_cannot_break_out_of_the_page(builder):
    build = builder()
    w = build.leaf("</script><b>w", 1.0, module="m</script>")
    inside = build.op("exp", w, module="m</script>")
    build.op("sum", inside, value=1.0)
    html = Graph(build.trace(), Options(collapse=True))._repr_html_()
    assert html.count("</script>") == 2 and "m</script>" in json.dumps(stored(html))


@pytest.mark.browser
def test_a_click_opens_and_closes(visit, graph):
    page = visit(graph.to_html())
    closed = visible(page)
    assert closed == sorted(item.id for item in graph.view.items)
    module = page.locator(BLOCKS)
    assert module.count() == 1 and module.get_attribute("aria-expanded") == "false"
    assert "hidden" in module.text_content()
    module.click()
    assert visible(page) == [node.id for node in graph.trace.nodes]
    assert page.locator("[role=status]").inner_text() == "blocks is open."
    group = page.locator(BLOCKS)
    assert group.get_attribute("aria-expanded") == "true"
    group.locator("text").click()
    assert visible(page) == closed
    assert page.locator("[role=status]").inner_text() == "blocks is closed."


@pytest.mark.browser
def test_enter_and_space_do_so_too_and_keep_the_focus(visit, traces):
    page = visit(two_blocks(traces).to_html())
    counts = [len(visible(page))]
    for block, key in (("blocks.0", "Enter"), ("blocks.1", " ")):
        page.locator(f".gg-switch[data-module='{block} 1']").focus()
        counts.append(len(visible(page)))
        page.keyboard.press(key)
        counts.append(len(visible(page)))
    assert counts[0] == counts[1] < counts[2] == counts[3] < counts[4]
    before = page.evaluate(FOCUSED)
    assert before.startswith("blocks.")
    page.keyboard.press("Enter")
    assert page.evaluate(FOCUSED) == before
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUSED) is None


@pytest.mark.browser
def test_keys_do_not_reach_the_host(visit, graph):
    page = visit(graph.to_html())
    page.evaluate(
        "window.leaked = []; for (const kind of ['keydown', 'keyup', 'keypress'])"
        "document.addEventListener(kind, (event) => leaked.push(event.key))"
    )
    page.locator(BLOCKS).click()
    for key in ("Enter", " ", "j", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("leaked") == []


@pytest.mark.browser
def test_without_scripts_the_picture_is_there(visit, graph):
    page = visit(graph.to_html(), java_script_enabled=False)
    image = page.locator(".gg-graph img")
    assert image.bounding_box()["width"] > 100
    assert "Computation graph" in image.get_attribute("alt")


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(visit, graph, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    page = visit(graph.to_html(), color_scheme=scheme)
    page.evaluate(resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8"))
    for _ in range(2):
        found = page.evaluate("axe.run()")
        told = [(each["id"], [node["html"][:200] for node in each["nodes"]])
                for each in found["violations"]]  # fmt: skip
        assert told == []
        assert len(found["passes"]) > 10
        page.locator(".gg-switch text").first.click()
