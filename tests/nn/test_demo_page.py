"""The demo's page in a real headless Chromium, offline."""

import pytest

from nn.demo import __main__ as demo

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    assert demo.main(["--epochs", "1", "--out", str(folder)]) == 0
    return (folder / "index.html").as_uri()


@pytest.fixture(params=["light", "dark"])
def page(request, browser, address):
    """The open page; fails on any error on the console and on anything that is fetched."""
    faults = []
    context = browser.new_context(
        offline=True, color_scheme=request.param, viewport={"width": 400, "height": 800}
    )
    page = context.new_page()
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda asked: faults.append(asked.url))
    page.goto(address)
    yield page
    context.close()
    assert [fault for fault in faults if fault != address and not fault.startswith("data:")] == []


def test_fits_every_window(page):
    for width in (320, 400, 600, 640, 700, 760, 860, 1000, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
    page.set_viewport_size({"width": 400, "height": 800})


def test_figures_follow_the_theme(page):
    lightness = page.evaluate(
        """() => {
            const channel = (e) => parseInt(getComputedStyle(e).color.match(/\\d+/)[0]);
            const background = getComputedStyle(document.body).backgroundColor;
            return [parseInt(background.match(/\\d+/)[0]),
                    channel(document.querySelector("#curves svg.figure"))];
        }"""
    )
    background, ink = lightness
    dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert (background < 60 and ink > 200) if dark else (background > 240 and ink < 60)


def test_every_figure_has_a_size(page):
    for name in ("curves", "kernels", "feature-maps", "graph"):
        box = page.locator(f"#{name} svg").first.bounding_box()
        assert box["width"] > 250
        assert box["height"] > 60


def test_the_backward_pass_can_be_stepped_through(page):
    section = page.locator("#step")
    section.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    section.get_by_text("step 1 of 9").filter(visible=True).first.wait_for(timeout=5000)
    section.get_by_role("button", name="Next").click()
    section.get_by_text("step 2 of 9").filter(visible=True).first.wait_for(timeout=5000)
