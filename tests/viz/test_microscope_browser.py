"""The microscope in a real headless Chromium, offline: linked views, the engine's numbers."""

import re
from importlib import resources
from types import SimpleNamespace

import numpy as np
import pytest

import autograd
import nn
from autograd import viz
from autograd.viz import words
from autograd.viz.microscope import panels

pytestmark = pytest.mark.browser

HOST = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>host</title></head>
<body><main><h1>Host</h1>%s</main><script>window.leaked = [];
for (const kind of ["keydown", "keyup", "keypress"])
document.addEventListener(kind, (event) => window.leaked.push(event.key));</script></body></html>"""


@pytest.fixture(scope="module")
def scope():
    random = np.random.default_rng(5)
    x = random.integers(-3, 4, (1, 2, 6, 6)).astype(np.float32)
    w = random.integers(-2, 3, (3, 2, 3, 3)).astype(np.float32)
    g = random.integers(-2, 3, (1, 3, 3, 3)).astype(np.float32)
    return viz.conv(
        w,
        x,
        at=(0, 1, 1, 1),
        stride=2,
        padding=1,
        padding_mode="reflect",
        bias=[0.5, 1.0, 2.0],
        gradient=g,
    )


def grid(page, label, which=0):
    return page.locator(f'table[aria-label="{label}"]').nth(which)


def cell(page, label, row, column, which=0):
    return grid(page, label, which).locator("tbody tr").nth(row).locator("td").nth(column)


def marked(page, label, kind, which=0):
    """The (row, column) heads of the cells of a grid that carry a class."""
    return page.evaluate(
        """([label, kind, which]) => {
          const root = document.querySelector(".gg-microscope").shadowRoot;
          const table = root.querySelectorAll(`table[aria-label="${label}"]`)[which];
          const heads = [...table.querySelectorAll("thead th")].map((th) => th.textContent);
          return [...table.querySelectorAll("tbody tr")].flatMap((row) =>
            [...row.querySelectorAll("td")].flatMap((td, k) =>
              td.classList.contains(kind) ? [[row.querySelector("th").textContent, heads[k]]] : []));
        }""",
        [label, kind, which],
    )


def heads(pairs):
    return [[str(a).replace("-", words.MINUS), str(b).replace("-", words.MINUS)] for a, b in pairs]


def said(page):
    return page.locator(".say").inner_text()


def patch_of(scope, output):
    return [position for _, position, _ in scope.model.windows.patch(output)]


def test_hovering_an_output_shows_its_patch_and_leaving_restores_the_selection(visit, scope):
    page = visit(HOST % scope._repr_html_())
    before = said(page)
    cell(page, "output, channel 1", 2, 0).hover()
    seen = marked(page, "input, channel 0", "patch")
    assert seen == heads(patch_of(scope, (2, 0)))
    assert marked(page, "output, channel 1", "chosen") == [["2", "0"]]
    assert "Output (2, 0) of channel 1" in said(page)
    page.mouse.move(2, 2)
    assert said(page) == before
    assert marked(page, "output, channel 1", "chosen") == [["1", "1"]]


def test_in_a_narrow_page_wide_grids_scroll_to_what_is_selected(visit):
    layer = nn.Conv2d(2, 3, 3, padding=1)
    x = autograd.tensor(np.random.default_rng(0).normal(size=(1, 2, 8, 8)).astype(np.float32))
    html = viz.conv(layer, x, at=(0, 0, 4, 6)).to_html()
    page = visit(html, viewport={"width": 420, "height": 900})
    outside = """() => [...document.querySelectorAll('*')].filter(e => e.shadowRoot).flatMap(host =>
      [...host.shadowRoot.querySelectorAll('td.chosen')]).filter(td => {
        const a = td.getBoundingClientRect(), b = td.closest('table').parentNode.getBoundingClientRect();
        return a.left < b.left || a.right > b.right + 1;
      }).length"""
    scrolled = """() => [...document.querySelectorAll('*')].filter(e => e.shadowRoot).flatMap(host =>
      [...host.shadowRoot.querySelectorAll('table')]).filter(t => t.parentNode.scrollLeft > 0).length"""
    assert page.evaluate(outside) == 0 and page.evaluate(scrolled) >= 2
    names = [each.inner_text() for each in page.locator(".caption").all()]
    assert "kernel 0, channel 0" in names and "kernel 0, channel 1" in names


def test_the_four_views_are_linked(visit, scope):
    """Any cell of any view selects one multiplication, which every view then shows."""
    page = visit(HOST % scope._repr_html_())
    cell(page, "patches as rows", 3, 5).click()  # nine rows: row 3 is output (1, 0)
    output = (1, 0)
    channel, tap = 0, (1, 2)  # column 5 of those of channel 0
    assert marked(page, "output, channel 1", "chosen") == [["1", "0"]]
    assert marked(page, "kernel 1, channel 0", "chosen") == [["1", "2"]]
    position = scope.model.windows.position(output, tap)
    assert marked(page, "input, channel 0", "chosen") == heads([position])
    assert marked(page, "g·x", "chosen") == [["1", "0"]]
    term = scope.model.term((0, 1, *output), channel, tap)
    assert (
        f"{words.number(term.x)} × {words.number(term.weight)} = {words.number(term.product)}"
        in said(page)
    )
    # ... and from a pixel of the input
    cell(page, "input, channel 1", 4, 4, 0).click()  # position (3, 3)
    assert marked(page, "input, channel 1", "chosen") == [["3", "3"]]
    assert "multiplies pixel (3, 3) of channel 1" in said(page)
    reached = {output for output, _ in scope.model.windows.reached((3, 3))}
    shown = marked(page, "outputs reached, channel 1", "hit") + marked(
        page, "outputs reached, channel 1", "chosen"
    )
    assert sorted(shown) == sorted(heads(reached))


def test_keys_walk_through_a_grid_and_stay_in_the_page(visit, scope):
    page = visit(HOST % scope._repr_html_())
    cell(page, "output, channel 1", 1, 1).click()
    page.keyboard.press("ArrowRight")
    assert marked(page, "output, channel 1", "chosen") == [["1", "2"]]
    assert marked(page, "input, channel 0", "patch") == heads(patch_of(scope, (1, 2)))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    assert marked(page, "output, channel 1", "chosen") == [["0", "0"]]
    assert page.locator(".say").get_attribute("aria-live") == "polite"
    assert "Output (0, 0)" in said(page)
    for _ in range(4):  # the rows of the matrix move on under the selection
        page.keyboard.press("ArrowDown")
    assert marked(page, "output, channel 1", "chosen") == [["2", "0"]]
    assert page.evaluate("window.leaked") == []
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement === document.body")


@pytest.mark.parametrize("kind", ["conv", "pool"])
def test_the_keys_of_a_saved_page_work_as_soon_as_it_is_opened(visit, scope, kind):
    if kind == "pool":
        scope = viz.pool("max", np.arange(36.0).reshape(6, 6), kernel_size=2, at=(0, 0, 1, 1))
    channel = scope.at[1]
    page = visit(scope.to_html(), viewport={"width": 900, "height": 300})
    focused = "document.querySelector('.gg-microscope').shadowRoot.activeElement"
    assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "none"
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("ArrowRight")
    assert marked(page, f"output, channel {channel}", "chosen") == [["1", "2"]]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert marked(page, f"output, channel {channel}", "chosen") == [["1", "0"]]
    again = visit(HOST % scope._repr_html_())
    again.keyboard.press("ArrowRight")
    assert marked(again, f"output, channel {channel}", "chosen") == [["1", "1"]]
    assert "ArrowRight" in again.evaluate("window.leaked")


@pytest.mark.parametrize("flip", [False, True])
def test_the_pages_numbers_are_the_engines(visit, scope, flip):
    page = visit(HOST % scope._repr_html_())
    model = scope.other if flip else scope.model
    if flip:
        page.get_by_role("button", name="Convolution", exact=True).click()
    assert model.flip is flip
    table = page.evaluate(
        """() => {
          const root = document.querySelector(".gg-microscope").shadowRoot;
          return [...root.querySelector('table[aria-label="output, channel 1"]').querySelectorAll("tbody tr")]
            .map((row) => [...row.querySelectorAll("td")].map((td) => td.textContent));
        }"""
    )
    for i, j in np.ndindex(3, 3):
        assert table[i][j].lstrip("+") == words.number(float(model.y[0, 1, i, j]), 3)
    body = page.locator(".views").inner_text()
    assert f"The engine's output: {words.number(float(model.y[0, 1, 1, 1]))}." in body
    pixel = scope.term.pixel
    assert f"gradient of the pixel: {words.number(float(model.dx[(0, 0, *pixel)]))}." in body
    tap = model.gradient_of_tap(1, 0, (1, 1))
    assert f"gradient of the weight: {words.number(tap)}." in body


def test_what_the_page_adds_up_is_what_the_engine_says(visit):
    """One image, one kernel, nothing cut: the sums must close without any remainder, everywhere."""
    random = np.random.default_rng(2)
    scope = viz.conv(random.standard_normal((3, 3)), random.standard_normal((5, 5)), padding=1,
                     padding_mode="circular", gradient=random.standard_normal((5, 5)))  # fmt: skip
    page = visit(HOST % scope._repr_html_())
    for i, j in [(0, 0), (2, 4), (4, 4)]:
        cell(page, "output, channel 0", i, j).click()
        assert "not in the list" not in page.locator(".views").inner_text()
        assert "not shown send" not in page.locator(".views").inner_text()


def test_a_transposed_convolution_stamps_its_kernel(visit):
    random = np.random.default_rng(4)
    x, w = random.integers(1, 5, (3, 3)), random.integers(-4, 5, (1, 1, 3, 3))
    layer = SimpleNamespace(weight=w, stride=2, padding=1, output_padding=1, transposed=True)
    scope = viz.conv(layer, x, at=(2, 2))
    page = visit(HOST % scope._repr_html_())
    assert page.get_by_role("button", name="Convolution", exact=True).count() == 0
    cell(page, "input, channel 0", 5, 5).click()  # a border of one, then pixels two apart: (2, 2)
    assert "Pixel (2, 2) of channel 0" in page.locator(".views").inner_text()
    for u, v in np.ndindex(3, 3):
        shown = cell(page, "its stamp, pixel × kernel 0", u, v).inner_text()
        assert shown == panels.printed(float(x[2, 2] * w[0, 0, u, v]))
    cell(page, "its stamp, pixel × kernel 0", 0, 0).click()
    assert marked(page, "output, channel 0", "chosen") == [["3", "3"]]
    cell(page, "input, channel 0", 2, 2).click()
    assert "a zero between the pixels" in said(page)


def test_what_is_not_finite_is_told_as_what_it_is(visit):
    kernel, bias = [[np.inf, np.nan], [-np.inf, 1.0]], [np.inf]
    scope = viz.conv(kernel, np.ones((3, 3)), bias=bias, gradient=np.full((2, 2), np.inf))
    page = visit(HOST % scope._repr_html_())
    shown = [cell(page, "kernel 0", *place).inner_text() for place in np.ndindex(2, 2)]
    assert shown == ["+∞", "NaN", "−∞", "+1"]
    assert "plus the bias +∞" in page.locator(".views").inner_text()
    assert cell(page, "g, gradient of the output", 0, 0).inner_text() == "+∞"


def test_views_keep_their_height_under_the_pointer_and_forget_it_with_the_width(visit, scope):
    page = visit(HOST % scope._repr_html_())
    heights = """() => [...document.querySelector(".gg-microscope").shadowRoot
      .querySelectorAll(".view")].map((view) => view.offsetHeight)"""
    before = page.evaluate(heights)
    for place in ((0, 0), (3, 3), (6, 6)):
        cell(page, "input, channel 0", *place).hover()
        now = page.evaluate(heights)
        assert all(a <= b for a, b in zip(before, now, strict=True))
        before = now
    page.mouse.move(0, 0)
    page.set_viewport_size({"width": 420, "height": 900})
    page.wait_for_function(f"({heights})()[0] > {before[0]}")
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_function(f"({heights})()[0] <= {before[0]}")


def test_views_side_by_side_forget_their_height_together(visit, scope):
    page = visit(HOST % scope._repr_html_())
    page.set_viewport_size({"width": 1300, "height": 900})
    heights = """() => [...document.querySelector(".gg-microscope").shadowRoot
      .querySelectorAll(".view")].map((view) => view.offsetHeight)"""
    before = page.evaluate(heights)
    page.set_viewport_size({"width": 90, "height": 900})
    page.wait_for_function(f"({heights})()[1] > {before[1] + 100}")
    page.set_viewport_size({"width": 1300, "height": 900})
    page.wait_for_function(f"({heights})()[1] <= {before[1]} && ({heights})()[2] <= {before[2]}")


def test_skipped_pixels_and_output_channels(visit):
    scope = viz.conv(np.ones((2, 1, 3, 3)), np.arange(25.0).reshape(5, 5), stride=3)
    page = visit(HOST % scope._repr_html_())
    assert len(marked(page, "input, channel 0", "skipped")) == 16
    assert "Skipped: 16 of 25 pixels" in page.locator(".views").inner_text()
    cell(page, "input, channel 0", 4, 4).click()
    assert "a skipped pixel, seen by no window" in said(page)
    assert "changes nothing and gets no gradient" in page.locator(".views").inner_text()
    page.get_by_label("Output channel", exact=True).select_option("1")
    assert page.locator('table[aria-label="output, channel 1"]').count() == 1


def test_pooling_shows_winners_and_ties(visit):
    scope = viz.pool("max", [[1.0, 7.0], [7.0, 0.0]], kernel_size=2)
    page = visit(HOST % scope._repr_html_())
    assert marked(page, "window", "tie") == [["1", "0"]]
    cell(page, "window", 0, 0).click()
    assert marked(page, "window", "winner") == [["0", "1"]]
    assert "a tie of 2 cells" in said(page)


def test_dark_mode_follows_the_host_and_can_be_chosen(visit, scope):
    page = visit(HOST % scope._repr_html_(), color_scheme="dark")
    colour = "getComputedStyle(document.querySelector('.gg-microscope').shadowRoot.querySelector('.page')).backgroundColor"
    dark = page.evaluate(colour)
    page.get_by_label("Colours").select_option("light")
    assert page.evaluate(colour) == "rgb(255, 255, 255)" != dark
    page.get_by_label("Colours").select_option("auto")
    page.evaluate("document.body.dataset.jpThemeLight = 'true'")
    page.wait_for_function(f"{colour} === 'rgb(255, 255, 255)'")


def test_without_scripts_there_is_a_picture_and_tables(visit, scope):
    page = visit(HOST % scope._repr_html_(), java_script_enabled=False)
    assert page.locator("img").get_attribute("alt") == scope.summary()
    assert page.locator("details table").count() > 5


def test_every_grid_has_heads_a_name_and_one_stop_for_the_tab_key(visit, scope):
    page = visit(HOST % scope._repr_html_())
    bad = page.evaluate(
        """() => [...document.querySelector(".gg-microscope").shadowRoot.querySelectorAll('table[role=grid]')]
          .filter((table) => !table.getAttribute("aria-label")
            || table.querySelectorAll("td[tabindex='0']").length !== 1
            || table.querySelectorAll("th[scope]").length !== table.rows.length - 1 + table.rows[0].cells.length - 1)
          .map((table) => table.getAttribute("aria-label"))"""
    )
    assert bad == []


def test_every_text_can_be_read_in_both_themes(visit, scope):
    """The contrast of every cell, head and sentence against what is behind it, as the browser draws it."""
    for scheme in ("light", "dark"):
        page = visit(HOST % scope._repr_html_(), color_scheme=scheme)
        worst = page.evaluate(CONTRAST)
        assert worst["ratio"] >= 4.5, (scheme, worst)


CONTRAST = """() => {
  const root = document.querySelector(".gg-microscope").shadowRoot;
  const channel = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = (rgb) => 0.2126 * channel(rgb[0]) + 0.7152 * channel(rgb[1]) + 0.0722 * channel(rgb[2]);
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  let worst = { ratio: 99 };
  for (const element of root.querySelectorAll("td, th, p, h2, button, select, .caption, strong, label, span")) {
    if (!element.textContent.trim()) continue;
    let behind = element;
    let back = parse(getComputedStyle(behind).backgroundColor);
    while (back.length > 3 && back[3] === 0) {
      behind = behind.parentElement;
      back = parse(getComputedStyle(behind).backgroundColor);
    }
    const [low, high] = [light(parse(getComputedStyle(element).color)), light(back)].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: element.textContent, back, class: element.className };
  }
  return worst;
}"""


def test_forced_colours_and_narrow_columns(visit, scope):
    page = visit(HOST % scope._repr_html_(), forced_colors="active", reduced_motion="reduce")
    page.set_viewport_size({"width": 420, "height": 800})
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= 420  # grids scroll inside the page, the page itself does not
    outline = page.evaluate(
        """() => getComputedStyle(document.querySelector(".gg-microscope").shadowRoot
          .querySelector("td.chosen")).outlineStyle"""
    )
    assert outline == "solid"


def test_several_fragments_in_one_document(visit, scope):
    pool = viz.pool("avg", np.eye(4), kernel_size=2)
    page = visit(HOST % (scope._repr_html_() + pool._repr_html_()))
    assert page.locator(".say").count() == 2
    assert re.search(r"Output \(1, 1\)", page.locator(".say").nth(1).inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(visit, scope, scheme):
    axe = pytest.importorskip("axe_core_python", reason="axe-core-python is not installed")
    source = resources.files(axe).joinpath("axe.min.js").read_text(encoding="utf-8")
    tie = viz.pool("max", [[1.0, 7.0, 2.0], [7.0, 0.0, 1.0], [1.0, 1.0, 1.0]], kernel_size=2)
    row = viz.conv(np.ones((1, 1, 2)), np.arange(6.0), stride=2, padding=1)
    layer = SimpleNamespace(weight=np.ones((1, 2, 2, 2)), stride=2, transposed=True)
    stamp = viz.conv(layer, np.eye(3))
    shown = [scope, tie, row, stamp, viz.output_size((5, 7), 3, 3)]
    for html in (each.to_html() for each in shown):
        page = visit(html, color_scheme=scheme)
        page.evaluate(source)
        found = page.evaluate("axe.run()")
        told = [
            (each["id"], [node["html"][:200] for node in each["nodes"]])
            for each in found["violations"]
        ]
        assert told == []
        assert len(found["passes"]) > 5


def test_how_it_is_used_stands_above_the_first_grid(visit, scope):
    page = visit(HOST % scope._repr_html_())
    how = page.get_by_text("Point at a cell")
    assert how.is_visible() and "arrow keys" in how.inner_text()
    assert how.bounding_box()["y"] < grid(page, "input, channel 0").bounding_box()["y"]


def test_the_ring_around_what_has_the_focus_lies_above_its_neighbours(visit, scope):
    page = visit(HOST % scope._repr_html_())
    cell(page, "input, channel 0", 1, 1).click()
    page.keyboard.press("ArrowRight")
    assert page.evaluate(
        """() => {
          const root = document.querySelector(".gg-microscope").shadowRoot;
          const cell = root.activeElement, box = cell.getBoundingClientRect();
          const style = getComputedStyle(cell);
          const ring = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
          const edges = [[box.right + ring - 1, (box.top + box.bottom) / 2],
                         [(box.left + box.right) / 2, box.bottom + ring - 1]];
          // an outline is not hit by points, so the neighbours under it must lie lower
          return cell.tagName === "TD" && style.outlineStyle === "solid" && ring > 2
            && edges.every(([x, y]) => {
              const under = root.elementFromPoint(x, y);
              return under === cell || Number(getComputedStyle(under).zIndex || 0) < Number(style.zIndex)
                || getComputedStyle(under).zIndex === "auto" && Number(style.zIndex) > 0;
            });
        }"""
    )
