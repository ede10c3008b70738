"""The step-through page in a real headless Chromium, offline."""

from importlib import resources

import numpy as np
import pytest

import autograd
from autograd import viz

pytestmark = pytest.mark.browser

# The host of a page: something that listens to keys, as slides and notebooks do.
HOST = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>host</title></head>
<body><main><h1>Host</h1><input aria-label="elsewhere">%s</main>
<script>window.leaked = []; for (const kind of ["keydown", "keyup", "keypress"])
document.addEventListener(kind, (event) => window.leaked.push(event.key));</script></body></html>"""


def make_steps(title="An expression"):
    a = autograd.tensor(-4.0, requires_grad=True, name="a")
    b = autograd.tensor(2.0, requires_grad=True, name="b")
    with autograd.module_scope("layer"):
        e = (a + b) - a * b
        e.name = "e"
    w = autograd.tensor([[0.5, -1.0], [2.0, 0.0]], requires_grad=True, name="w")
    return viz.step((w * e).sum() / b, title=title)


@pytest.fixture(scope="module")
def steps():
    return make_steps()


def said(page, which=0):
    return page.locator(".gg-steps .say").nth(which).inner_text()


def test_it_steps_by_buttons_slider_and_keys(visit, steps):
    page, told = visit(steps.to_html()), steps.sentences()
    assert said(page).startswith("start: the gradient of")
    page.get_by_role("button", name="Next").click()
    assert said(page) == told[0]
    page.keyboard.press("ArrowRight")
    assert said(page) == told[1]
    page.keyboard.press("ArrowLeft")
    assert said(page) == told[0]
    page.keyboard.press("End")
    assert said(page) == told[-1]
    assert page.get_by_role("button", name="Next").get_attribute("aria-disabled") == "true"
    page.keyboard.press("Home")
    assert said(page).startswith("start")
    slider = page.get_by_role("slider")
    slider.fill("3")
    assert said(page) == told[2]
    assert slider.get_attribute("aria-valuetext") == f"step 3 of {len(told)}"
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert said(page) == told[3]
    assert page.locator(".say").get_attribute("aria-live") == "polite"


def test_the_keys_of_a_saved_page_work_as_soon_as_it_is_opened(visit, steps):
    page, told = visit(steps.to_html(), viewport={"width": 900, "height": 300}), steps.sentences()
    style = "getComputedStyle(document.querySelector('.gg-steps').shadowRoot.activeElement)"
    assert page.evaluate(f"{style}.outlineStyle") == "none"
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert said(page) == told[1]
    page.keyboard.press("ArrowLeft")
    assert said(page) == told[0]
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert said(page) == told[0]


def test_a_page_among_other_things_waits_for_the_focus(visit, steps):
    page = visit(HOST % steps._repr_html_())
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("start")
    assert page.evaluate("document.activeElement === document.body")
    framed = visit(HOST % '<iframe title="saved"></iframe>')
    framed.locator("iframe").evaluate("(frame, html) => { frame.srcdoc = html; }", steps.to_html())
    say = framed.frame_locator("iframe").locator(".say")
    say.wait_for()
    assert framed.evaluate("document.activeElement === document.body")


def test_the_picture_follows(visit, steps):
    page = visit(steps.to_html())
    final = steps.trace.arrived()
    for number, step in enumerate(steps.trace.steps, 1):
        page.get_by_role("button", name="Next").click()
        active = page.locator(".gg-now").evaluate_all("all => all.map(e => +e.dataset.node)")
        assert active == [step.node]
        flowing = page.locator(".gg-flow").evaluate_all("all => all.map(e => +e.dataset.from)")
        assert sorted(flowing) == sorted(each.parent for each in step.contributions)
        assert page.locator("text.sent").count() == len(step.contributions)
        panel = page.locator(".panel").inner_text()
        for rule in step.rules.values():
            assert rule in panel
        assert f"Step {number}:" in panel
    for node, gradient in final.items():
        slot = page.locator(f'[data-node="{node}"] .gg-slot').text_content()
        assert slot == viz.visible.view.slot_text(gradient)


def crowded():
    """Steps that send several long gradients at once, in one picture that is wide and one that is
    tall."""
    rng = np.random.default_rng(0)
    x = autograd.tensor(rng.normal(size=(2, 3)), name="x")
    w = autograd.tensor(rng.normal(size=(3, 4)), requires_grad=True, name="w")
    yield viz.step(((x @ w).relu() ** 2).mean() + (w**2).sum() * 0.01)
    h = x
    for layer in range(4):
        with autograd.module_scope(f"layer{layer}"):
            weight = autograd.tensor(rng.normal(size=(3, 3)), requires_grad=True, name="weight")
            bias = autograd.tensor(rng.normal(size=3), requires_grad=True, name="bias")
            h = (h @ weight + bias).tanh()
    yield viz.step(h.sum())


def test_gradients_on_their_way_cover_nothing(visit):
    covered = """() => {
        const root = document.querySelector(".gg-steps").shadowRoot;
        const box = (element) => element.getBoundingClientRect();
        const apart = (a, b) => a.right <= b.left || b.right <= a.left
            || a.bottom <= b.top + 2 || b.bottom <= a.top + 2;
        const sent = [...root.querySelectorAll("text.sent")];
        const others = [...root.querySelectorAll(".gg-shape, .gg-heading, .gg-argument")];
        return sent.flatMap((text, k) => [...others, ...sent.slice(k + 1)]
            .filter((other) => !apart(box(text), box(other)))
            .map((other) => [text.textContent, other.outerHTML]));
    }"""
    for steps in crowded():
        page = visit(steps.to_html())
        for step in steps.trace.steps:
            page.keyboard.press("ArrowRight")
            assert page.locator("text.sent").count() == len(step.contributions)
            assert page.evaluate(covered) == []


def test_clicking_and_enter_pin_a_node(visit, steps):
    page = visit(steps.to_html())
    node = page.locator('.gg-node[data-node="1"]')
    node.click()
    assert node.get_attribute("aria-pressed") == "true"
    assert "Pinned" in page.locator(".panel").inner_text()
    page.keyboard.press("Enter")
    assert node.get_attribute("aria-pressed") == "false"
    page.keyboard.press("ArrowDown")
    focused = "document.querySelector('.gg-steps').shadowRoot.activeElement.dataset.node"
    assert page.evaluate(focused) == "2"
    page.keyboard.press(" ")
    assert page.locator('.gg-node[data-node="2"]').get_attribute("aria-pressed") == "true"
    page.keyboard.press("ArrowRight")
    assert "Pinned" in page.locator(".panel").inner_text()  # it stays while stepping


def test_play_and_pause(visit, steps):
    page = visit(steps.to_html())
    page.clock.install()
    page.get_by_role("button", name="Play").click()
    page.clock.run_for(1300 * (len(steps) + 2))
    assert said(page) == steps.sentences()[-1]
    assert page.get_by_role("button", name="Play").is_visible()


def test_two_pages_do_not_disturb_each_other(visit):
    first, second = make_steps("one"), make_steps("two")
    page = visit(HOST % (first._repr_html_() + second._repr_html_()))
    page.get_by_role("button", name="Next").nth(1).click()
    assert said(page, 0).startswith("start") and said(page, 1) == second.sentences()[0]
    page.get_by_role("button", name="Next").nth(0).click()
    page.keyboard.press("End")
    assert said(page, 0) == first.sentences()[-1] and said(page, 1) == second.sentences()[0]


def test_keys_stay_inside_and_act_only_there(visit, steps):
    page = visit(HOST % steps._repr_html_())
    page.get_by_label("elsewhere").focus()
    page.keyboard.press("ArrowRight")
    assert said(page).startswith("start")
    assert page.evaluate("leaked") == ["ArrowRight", "ArrowRight"]
    page.evaluate("leaked.length = 0")
    page.get_by_role("button", name="Next").click()
    for key in ("ArrowRight", "ArrowLeft", "Home", "End", "a", "j", "Enter", " "):
        page.keyboard.press(key)
    assert page.evaluate("leaked") == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelector('.gg-steps').shadowRoot.activeElement") is None
    before = said(page)
    page.evaluate("leaked.length = 0")
    page.keyboard.press("ArrowLeft")
    assert said(page) == before and "ArrowLeft" in page.evaluate("leaked")
    assert page.locator(".gg-steps").get_attribute("data-lm-suppress-shortcuts") == "true"


def test_without_scripts_the_picture_and_the_text_are_there(visit, steps):
    page = visit(steps.to_html(), java_script_enabled=False)
    image = page.locator(".gg-steps > img")
    box = image.bounding_box()
    assert box["width"] > 200 and box["height"] > 100
    assert "Computation graph" in image.get_attribute("alt")
    assert page.locator("ol > li").all_text_contents() == steps.sentences()


def test_scripts_that_run_detached_find_their_page(visit, steps):
    """As in JupyterLab, which parses an output first and makes its scripts anew."""
    page = visit(HOST % '<div id="cell"></div>')
    page.evaluate(
        """html => {
            const cell = document.querySelector("#cell");
            cell.innerHTML = html;
            for (const old of cell.querySelectorAll("script")) {
                const script = document.createElement("script");
                for (const {name, value} of old.attributes) script.setAttribute(name, value);
                script.textContent = old.textContent;
                old.replaceWith(script);
            }
        }""",
        steps._repr_html_(),
    )
    page.get_by_role("button", name="Next").click()
    assert said(page) == steps.sentences()[0]


def test_the_planes_of_a_big_tensor_are_paged_through(visit):
    w = np.zeros((16, 1, 3, 3))
    w[:, 0, 0, 0] = np.arange(16) / 10
    w[6, 0, 1, 1] = -9.0
    weight = autograd.tensor(w, requires_grad=True, name="w")
    page = visit(viz.step((weight * w).sum()).to_html())
    for _ in range(2):
        page.get_by_role("button", name="Next (right arrow)").click()
    part = page.locator(".part", has_text="contribution").first
    said, marks = part.locator(".planes .stat"), part.locator(".heat rect")
    after, before = (
        part.get_by_role("button", name=f"{word} plane of contribution")
        for word in ("Next", "Previous")
    )

    def shown():
        return said.inner_text(), marks.evaluate_all("all => all.map(e => e.getAttribute('class'))")

    assert shown() == ("plane [6, 0] of 16, holds the largest value", ["pos", "neg"])
    assert "squares +, discs −, full size 9" in part.inner_text()
    after.click()
    assert shown() == ("plane [7, 0] of 16", ["pos"])
    assert part.locator(".heat").get_attribute("aria-label").startswith("heat map, plane [7, 0]")
    for _ in range(9):
        after.click()
    assert shown() == ("plane [0, 0] of 16", [])
    before.focus()
    page.keyboard.press("Enter")
    assert shown()[0] == "plane [15, 0] of 16"
    page.keyboard.press("ArrowLeft")  # the keys still step, though the button is gone
    page.keyboard.press("ArrowRight")
    assert shown()[0].startswith("plane [6, 0]")
    page.keyboard.press("ArrowLeft")
    assert page.locator(".bar output").inner_text() == "step 1 of 2"


LIGHT, DARK = "rgb(255, 255, 255)", "rgb(20, 24, 29)"
PAGE = "document.querySelector('.gg-steps').shadowRoot.querySelector('.page')"


def painted(page, colour):
    """Waits until the page has this background."""
    page.wait_for_function(f"getComputedStyle({PAGE}).backgroundColor === {colour!r}", timeout=3000)


def test_the_theme_follows_the_host_then_the_reader_and_can_be_chosen(visit, steps):
    page = visit(steps.to_html(), color_scheme="light")
    painted(page, LIGHT)
    page.emulate_media(color_scheme="dark")
    painted(page, DARK)
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")  # JupyterLab in light
    painted(page, LIGHT)
    page.get_by_label("Colours").select_option("dark")
    painted(page, DARK)
    page.get_by_label("Colours").select_option("light")
    painted(page, LIGHT)
    again = visit(HOST % steps._repr_html_(), color_scheme="light")
    again.evaluate("document.body.dataset.vscodeThemeKind = 'vscode-dark'")
    painted(again, DARK)
    colab = visit(HOST % steps._repr_html_(), color_scheme="light")
    colab.evaluate("document.documentElement.setAttribute('theme', 'dark')")
    painted(colab, DARK)


def test_reduced_motion_and_forced_colours(visit, steps):
    page = visit(steps.to_html())
    running = "document.querySelector('.gg-steps').shadowRoot.getAnimations().length"
    page.get_by_role("button", name="Next").click()
    assert page.evaluate(running) > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(running) == 0
    page.emulate_media(forced_colors="active")
    stroke = page.locator(".gg-now .gg-shape").first.evaluate("e => getComputedStyle(e).stroke")
    other = page.locator(".gg-op:not(.gg-now) .gg-shape").first.evaluate(
        "e => getComputedStyle(e).stroke"
    )
    assert stroke != other


def test_nothing_is_clipped_and_the_page_is_no_wider_than_its_host(visit, steps):
    for width in (360, 800, 1400):
        page = visit(steps.to_html(), viewport={"width": width, "height": 800})
        page.get_by_role("button", name="Next").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.locator(".gg-node").evaluate_all(
            """nodes => nodes.filter((node) => {
                const shape = node.querySelector(".gg-shape").getBBox();
                return [...node.querySelectorAll("text")].some((text) => {
                    const box = text.getBBox();
                    return box.width && (box.x < shape.x
                        || box.x + box.width > shape.x + shape.width || box.y < shape.y
                        || box.y + box.height > shape.y + shape.height + 2);
                });
            }).map((node) => node.dataset.node)"""
        )
        assert outside == []


def test_the_animation_plays_and_stands_still_on_request(visit, steps):
    page = visit(HOST % steps.animate().to_svg())
    shown = (
        "[...document.querySelectorAll('.gg-caption')]"
        ".filter(e => e.checkVisibility({opacityProperty: true}))"
    )
    assert page.evaluate("document.getAnimations().length") > 0
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0
    assert steps.sentences()[-1] in page.evaluate(shown + ".map(e => e.textContent).join(' ')")


@pytest.mark.parametrize("show", [None, "gradient"])
def test_a_saved_graph_takes_on_forced_colours(visit, show):
    a = autograd.tensor(3.0, requires_grad=True, name="a")
    graph = viz.graph(a * a + 1.0, show=show)

    def colours(**options):
        page = visit(graph.to_html() + "<i id=p style='color:CanvasText;fill:Canvas'>", **options)
        read = "(s) => { const c = getComputedStyle(document.querySelector(s)); return "
        shape, back, text = (
            page.evaluate(f"{read}c.fill; }}", each)
            for each in (".gg-op .gg-shape", ".gg-back", ".gg-title")
        )
        return (
            shape,
            back,
            text,
            *(page.evaluate(f"{read}c.{each}; }}", "#p") for each in ("fill", "color")),
        )

    shape, back, text, canvas, canvas_text = colours(forced_colors="active", color_scheme="dark")
    assert (shape, back, text) == (canvas, canvas, canvas_text)
    assert colours(forced_colors="none")[0] not in (canvas, canvas_text)


def test_a_leaf_has_no_gradient_until_one_arrives(visit):
    a = autograd.tensor(3.0, requires_grad=True, name="a")
    page = visit(viz.step(a * a * 0.0).to_html())
    slot = page.locator(".gg-node[data-node='1'] .gg-slot")
    assert slot.text_content() == "no gradient yet" and "gg-muted" in slot.get_attribute("class")
    page.keyboard.press("End")
    assert slot.text_content() == "grad 0" and "gg-muted" not in slot.get_attribute("class")


def test_what_a_page_leaves_out_is_said_on_it(visit):
    rng = np.random.default_rng(0)
    leaves = [autograd.tensor(rng.normal(size=(3, 3)), requires_grad=True) for _ in range(40)]
    h = list(leaves)
    for k in range(1600):
        h.append((h[-1 - k % 7] * h[-1]).tanh())
    page = visit(viz.step(autograd.stack(h[-60:]).sum()).to_html())
    assert "left out" in page.locator(".panel").inner_text()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "It sends gradients to 36 more." in page.locator(".panel").inner_text()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(visit, steps, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    source = resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8")
    page = visit(steps.to_html(), color_scheme=scheme)
    page.evaluate(source)
    several = visit(HOST % (3 * steps._repr_html_()), color_scheme=scheme)
    several.evaluate(source)
    assert [each["id"] for each in several.evaluate("axe.run()")["violations"]] == []
    for presses in (0, 2):
        for _ in range(presses):
            page.get_by_role("button", name="Next").click()
        if presses:
            page.locator('.gg-node[data-node="1"]').click()
        found = page.evaluate("axe.run()")
        told = [(each["id"], [node["html"][:200] for node in each["nodes"]])
                for each in found["violations"]]  # fmt: skip
        assert told == []
        assert len(found["passes"]) > 10
