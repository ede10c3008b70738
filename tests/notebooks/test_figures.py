"""Figures of matplotlib in the lesson: colours of signs, and a page's light or dark."""

import base64
import io
import re

import pytest

from nn.lesson import figures

plt = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")


@pytest.fixture
def figure():
    drawn, axes = plt.subplots(figsize=(3, 2))
    axes.plot([0, 1], [0, 1], color="#00785a", label="a line")
    axes.set(title="A title", xlabel="across", ylabel='up "there"')
    axes.legend()
    yield drawn
    plt.close(drawn)


def pixels(uri):
    return plt.imread(io.BytesIO(base64.b64decode(uri.partition(",")[2])), format="png")


def drawings(html):
    dark = re.search(r'<source media="[^"]*" srcset="([^"]*)"', html).group(1)
    return re.search(r'src="(data:[^"]*)"', html).group(1), dark


def lightness_of_ink(picture):
    """Of what is not see-through and grey: the letters and lines."""
    solid = picture[..., 3] > 0.9
    grey = abs(picture[..., 0] - picture[..., 1]) < 0.05
    return picture[solid & grey][:, :3].mean()


def test_signed_colours_are_orange_above_and_blue_below():
    colours = figures.signed()
    assert colours(0.5)[:3] == pytest.approx((1, 1, 1), abs=0.01)
    red, _, blue, _ = colours(1.0)
    assert red > blue
    red, _, blue, _ = colours(0.0)
    assert blue > red


def test_a_figure_is_drawn_in_dark_and_in_light_ink(figure):
    light, dark = map(pixels, drawings(figures.html(figure)))
    assert light[0, 0, 3] == dark[0, 0, 3] == 0  # no ground of its own
    assert lightness_of_ink(light[: len(light) // 8]) < 0.4  # the title
    assert lightness_of_ink(dark[: len(dark) // 8]) > 0.6


def test_drawing_leaves_the_figure_as_it_was(figure):
    first = figures.html(figure)
    assert figures.html(figure) == first
    assert figure.axes[0].title.get_color() == "black"


def test_a_figure_says_what_stands_in_it(figure):
    html = figures.html(figure)
    assert 'alt="A title; across; up &quot;there&quot;; a line"' in html


def test_a_figure_says_how_wide_it_is(figure):
    html = figures.html(figure)
    width = int(re.search(r"--drawn: (\d+)px", html).group(1))
    assert {width} == {picture.shape[1] for picture in map(pixels, drawings(html))}


def test_outside_of_a_notebook_nothing_happens():
    figures.follow_theme()


@pytest.mark.browser
@pytest.mark.parametrize("system", ["light", "dark"])
@pytest.mark.parametrize("host", ["light", "dark", ""])
def test_the_host_is_followed_before_the_system(figure, browser, system, host):
    body = {"": "<body>", "light": '<body data-jp-theme-light="true">',
            "dark": '<body data-jp-theme-light="false">'}[host]  # fmt: skip
    html = figures.html(figure)
    light, dark = drawings(html)
    context = browser.new_context(color_scheme=system, offline=True)
    page = context.new_page()
    page.set_content(f"<!DOCTYPE html><html>{body}{html}</body></html>")
    image = page.locator("img")
    page.wait_for_function("() => document.images[0].complete")
    seen = image.evaluate("element => element.currentSrc")
    context.close()
    assert seen == (dark if (host or system) == "dark" else light)
