"""Light and dark: one rule for all that is on a page, the host's theme and then the reader's."""

import io

import numpy as np
import pytest

import autograd as ag
import nn
from autograd import viz

HOSTS = {
    "jupyter, nbconvert": ("data-jp-theme-light='true'", "data-jp-theme-light='false'"),
    "vs code": ("data-vscode-theme-kind='vscode-light'", "data-vscode-theme-kind='vscode-dark'"),
    "vs code, contrast": (
        "data-vscode-theme-kind='vscode-high-contrast-light'",
        "data-vscode-theme-kind='vscode-high-contrast'",
    ),
    "colab": ("theme='light'", "theme='dark'"),
    "sphinx": ("data-theme='light'", "data-theme='dark'"),
}


def everything():
    """A fragment of each kind."""
    ag.manual_seed(0)
    a = ag.tensor([1.0, 2.0], requires_grad=True)
    layer = nn.Conv2d(1, 2, 3)
    image = ag.tensor(np.random.default_rng(0).normal(size=(1, 1, 6, 6)).astype(np.float32))
    return {
        "graph": viz.graph((a * a).sum())._repr_html_(),
        "modules": viz.graph(nn.Sequential(layer, nn.ReLU())(image).sum())._repr_html_(),
        "steps": viz.step((a * a).sum())._repr_html_(),
        "moving": viz.step((a * a).sum()).animate()._repr_html_(),
        "scope": viz.conv(layer, image)._repr_html_(),
        "kernels": viz.kernels(layer)._repr_html_(),
        "heat": viz.tensor_html(ag.tensor(np.random.default_rng(0).normal(size=(20, 20)))),
        "planes": viz.tensor_html(ag.tensor(np.random.default_rng(0).normal(size=(9, 3, 4)))),
        "summary": viz.summary(layer, (1, 1, 6, 6))._repr_html_(),
        "certified": ag.debug.certify((a * a).sum())._repr_html_(),
    }


BACK = """host => { const page = host.shadowRoot && host.shadowRoot.querySelector('.page');
return page ? getComputedStyle(page).backgroundColor : '' }"""


def brightness(page, name):
    """How bright what is shown is: the page's background, or what an image has in its corner."""
    Image = pytest.importorskip("PIL.Image")
    for selector in (".gg-steps", ".gg-graph", ".gg-microscope"):
        host = page.locator(f"#{name} {selector}")
        if host.count():
            colour = host.evaluate(BACK)
            return sum(int(part) for part in colour[4:-1].split(",")) / 3
    picture = page.locator(f"#{name} img")
    if picture.count():
        shot = Image.open(io.BytesIO(picture.first.screenshot())).convert("L")
        return shot.getpixel((2, 2))
    text = page.locator(f"#{name} table").first.evaluate("e => getComputedStyle(e).color")
    return 255 - sum(int(part) for part in text[4:-1].split(",")) / 3  # dark text: light page


@pytest.mark.browser
def test_all_of_a_page_follows_the_host_first_and_then_the_system(browser):
    pieces = everything()
    body = "".join(f"<div id='{name}'>{html}</div>" for name, html in pieces.items())
    cases = [("none", "", light) for light in (True, False)]
    cases += [(name, pair[not light], light) for name, pair in HOSTS.items()
              for light in (True, False)]  # fmt: skip
    for host, attribute, light in cases:
        back, text = ("#fff", "#000") if light else ("#111", "#fff")
        system = light if host == "none" else not light
        page = browser.new_page(color_scheme="light" if system else "dark")
        top = attribute if attribute.startswith(("theme", "data-theme")) else ""
        page.set_content(
            f"<html {top}><body {'' if top else attribute} "
            f"style='background:{back};color:{text}'>{body}</body></html>"
        )
        for name in pieces:
            shown = brightness(page, name)
            assert (shown > 128) == light, (host, "light" if light else "dark", name, shown)
        page.close()
