"""The pages inside an exported notebook, in a real headless Chromium, offline."""

import re

import pytest

pytestmark = pytest.mark.browser

PATIENCE = 60_000  # milliseconds


@pytest.fixture
def export(notebook, tmp_path, browser):
    """Opens the exported notebook; what is not the file itself is refused.

    Templates ask a CDN for scripts even for a notebook without cells; nothing else may be asked
    for, and nothing but their absence may be complained of.
    """
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    contexts, faults = [], []

    def export(change=lambda text: text, template="lab"):
        exporter = nbconvert.HTMLExporter(template_name=template)
        text, _ = exporter.from_notebook_node(notebook)
        empty, _ = exporter.from_notebook_node(type(notebook)(notebook, cells=[]))
        of_template = set(re.findall(r"https:[^\s\"']*", empty))
        path = tmp_path / "notebook.html"
        path.write_text(change(text), encoding="utf-8")
        context = browser.new_context(offline=True)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()

        def on_request(request):
            known = {path.as_uri(), *of_template}
            if request.url not in known and not request.url.startswith("data:"):
                faults.append(f"request: {request.url}")

        def on_console(message):
            absent = message.location["url"] in of_template
            if message.type in ("error", "warning") and not absent:
                faults.append(message.text)

        page.on("request", on_request)
        page.on("console", on_console)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.route(re.compile("^https?:"), lambda route: route.abort())
        page.goto(path.as_uri(), wait_until="domcontentloaded")
        return page

    yield export
    for context in contexts:
        context.close()
    assert faults == []


@pytest.mark.parametrize("template", ["lab", "classic"])
def test_an_exported_notebook_steps_by_buttons_and_keys(export, told, template):
    page, (one, two) = export(template=template), told
    first, second = (page.locator(".gg-steps").nth(which) for which in (0, 1))
    assert len(one) == 2 and len(two) == 2
    first.get_by_role("button", name="Next").click()
    assert first.locator(".say").inner_text() == one[0]
    page.keyboard.press("ArrowRight")
    assert first.locator(".say").inner_text() == one[1]
    assert second.locator(".say").inner_text().startswith("start")
    second.get_by_role("button", name="Last").click()
    assert second.locator(".say").inner_text() == two[-1]
    page.keyboard.press("ArrowLeft")
    assert second.locator(".say").inner_text() == two[0]
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    assert second.locator(".say").inner_text() == two[0]
    assert first.locator(".say").inner_text() == one[1]


def test_modules_open_in_an_exported_notebook(export):
    graph = export().locator(".gg-graph")
    before = graph.locator(".gg-node").count()
    graph.locator(".gg-switch").click()
    assert graph.locator(".gg-switch").get_attribute("aria-expanded") == "true"
    assert graph.locator(".gg-node").count() > before


def test_picture_and_text_remain_where_scripts_are_stripped(export, told):
    page = export(lambda text: re.sub(r"<script\b.*?</script>", "", text, flags=re.DOTALL))
    for which, sentences in enumerate(told):
        fragment = page.locator(".gg-steps").nth(which)
        image = fragment.locator("img")
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        assert image.bounding_box()["width"] > 100
        assert "Computation graph" in image.get_attribute("alt")
        assert fragment.locator("li").all_text_contents() == sentences
        fragment.locator("summary").click()
        assert fragment.locator("li").first.is_visible()
    assert page.locator(".gg-graph img").bounding_box()["width"] > 100
