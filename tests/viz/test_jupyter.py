"""The pages inside the real JupyterLab and Jupyter Notebook, in a real headless Chromium.

Each server is a process of its own on loopback, with directories of its own; it asks for no news,
and whatever the browser asks for that is not that server fails the test.
"""

import importlib.util
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
PATIENCE = 60  # seconds, for anything that is waited for
#: The addresses at which the servers show a notebook; "reset" forgets what was open before.
ADDRESSES = {
    "jupyterlab": "lab/tree/{}.ipynb?reset&token={}",
    "notebook": "notebooks/{}.ipynb?token={}",
}
#: Directories that would otherwise be the user's.
PLACES = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR",
          "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
#: What the browser side may not ask for; what the server may not is in `configuration`.
SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}


@dataclass
class Server:
    """A running server; its notebooks: "trusted", "untrusted", and "fresh", without any output."""

    name: str
    root: str
    token: str

    def address(self, notebook):
        return self.root + ADDRESSES[self.name].format(notebook, self.token)


@pytest.fixture(scope="module", params=ADDRESSES)
def server(request, notebook, tmp_path_factory):
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    home = tmp_path_factory.mktemp(request.param)
    places = {name: home / name.lower() for name in PLACES}
    for place in (*places.values(), home / "work"):
        place.mkdir()
    write_notebooks(notebook, home / "work", places["JUPYTER_DATA_DIR"])
    token = secrets.token_hex(16)
    configure(places["JUPYTER_CONFIG_DIR"], token)
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", request.param, "--no-browser"],
            cwd=home / "work",
            env=os.environ | {name: str(place) for name, place in places.items()}
            | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        info = places["JUPYTER_RUNTIME_DIR"] / f"jpserver-{process.pid}.json"
        yield Server(request.param, root_of(process, info, home / "log"), token)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def write_notebooks(notebook, folder, data):
    import nbformat
    from nbformat.sign import NotebookNotary

    nbformat.write(notebook, folder / "trusted.ipynb")
    notary = NotebookNotary(data_dir=str(data))
    notary.sign(notebook)
    notary.store.close()
    other = nbformat.v4.new_notebook(cells=notebook.cells, metadata=dict(notebook.metadata))
    other.metadata["signed"] = "no"  # the signature is of the content
    nbformat.write(other, folder / "untrusted.ipynb")
    cells = [nbformat.v4.new_code_cell(cell.source) for cell in notebook.cells]
    fresh = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    nbformat.write(fresh, folder / "fresh.ipynb")


def configure(folder, token):
    """Loopback on a port that is free now (if it is taken meanwhile, the server takes another)."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    configuration = {
        "ServerApp": {"ip": "127.0.0.1", "port": port, "allow_root": True},
        "IdentityProvider": {"token": token},
        "LabApp": {
            "news_url": None,
            "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
    }
    (folder / "jupyter_config.json").write_text(json.dumps(configuration))
    (folder / "labconfig").mkdir()
    (folder / "labconfig" / "default_setting_overrides.json").write_text(json.dumps(SETTINGS))


def root_of(process, info, log):
    """The server's address, once it has written down where it listens."""
    for _ in range(10 * PATIENCE):
        if process.poll() is not None:
            break
        try:
            return json.loads(info.read_text())["url"]
        except (OSError, ValueError):  # not there, or not yet written to the end
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{log.read_text()}")


@pytest.fixture
def open_notebook(server, browser):
    """Opens a notebook of the server; fails on requests to elsewhere and on errors of our scripts."""
    context = browser.new_context(viewport={"width": 1400, "height": 1100})
    context.set_default_timeout(1000 * PATIENCE)
    faults = []

    def ask(what):
        if not re.match(rf"(data:|blob:|(http|ws){re.escape(server.root[4:])})", what.url):
            faults.append(f"request: {what.url}")

    def on_console(message):
        if message.type == "error" and not of_host(message.location["url"]):
            faults.append(message.text)

    def on_error(error):
        calls = [line for line in error.stack.splitlines() if line.startswith("    at ")]
        if not calls or not of_host(calls[0]):
            faults.append(error.stack)

    def of_host(place):
        # What the host's own code does wrong, without any of ours, is not ours to answer for.
        return re.search(rf"{re.escape(server.root)}(static|api|lab/api|lab/extensions)/", place)

    def open_notebook(name):
        page = context.new_page()
        page.on("request", ask)
        page.on("websocket", ask)
        page.on("console", on_console)
        page.on("pageerror", on_error)
        page.goto(server.address(name))
        page.locator(".jp-Notebook .jp-Cell").nth(3).wait_for(state="attached")
        return page

    yield open_notebook
    context.close()
    assert faults == []


class Figure:
    """One step-through page in a notebook."""

    def __init__(self, page, which):
        self.here = page.locator(".gg-steps").nth(which)
        self.say = self.here.locator(".say")
        self.say.wait_for()

    def press(self, button):
        self.here.get_by_role("button", name=button).click()

    @property
    def said(self):
        return self.say.inner_text()


def cells(page):
    """The sources of all cells, in order."""
    return page.locator(".jp-Notebook .jp-Cell .jp-InputArea-editor").all_inner_texts()


def choose(page, menu, *labels):
    """What a menu of the host offers."""
    page.get_by_role("menuitem", name=menu, exact=True).click()
    for label in labels:
        page.locator(".lm-Menu-itemLabel").get_by_text(label, exact=True).click()


def run_all(page):
    """Runs all cells; a busy host may not hear it while its kernel is being connected."""
    from playwright.sync_api import TimeoutError as TooLong

    begun = page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[[*\d]+\]"))
    for attempt in range(4):
        choose(page, "Run", "Run All Cells")
        try:
            return begun.first.wait_for(state="attached", timeout=250 * PATIENCE)
        except TooLong:
            assert attempt < 3, begun.page.locator(".jp-InputPrompt").all_inner_texts()


def test_two_pages_step_by_buttons_slider_and_keys(open_notebook, told):
    page, (one, two) = open_notebook("trusted"), told
    first, second = Figure(page, 0), Figure(page, 1)
    assert first.said.startswith("start") and second.said.startswith("start")
    first.press("Next")
    assert first.said == one[0]
    page.keyboard.press("ArrowRight")
    assert first.said == one[1]
    page.keyboard.press("Home")
    assert first.said.startswith("start")
    first.here.get_by_role("slider").fill("2")
    assert first.said == one[1]
    assert second.said.startswith("start")
    second.press("Last")
    assert second.said == two[-1]
    page.keyboard.press("ArrowLeft")
    assert second.said == two[0]
    assert first.said == one[1]


def test_keys_stay_inside_until_escape(open_notebook, told):
    page = open_notebook("trusted")
    figure, before = Figure(page, 0), cells(page)
    figure.press("Next")
    for key in ("a", "b", "d", "d", "x", "m", "j", "k", "ArrowDown", "ArrowRight"):
        page.keyboard.press(key)
    assert figure.said == told[0][1]
    assert page.evaluate("document.activeElement.className").startswith("gg-steps")
    assert cells(page) == before
    page.keyboard.press("Escape")
    assert page.evaluate("document.querySelector('.gg-steps').shadowRoot.activeElement") is None
    page.keyboard.press("ArrowLeft")
    assert figure.said == told[0][1]
    # The same keys were the notebook's all along.
    page.locator(".jp-InputPrompt").nth(1).click()
    page.keyboard.press("b")
    page.locator(".jp-Notebook .jp-Cell").nth(len(before)).wait_for(state="attached")
    assert cells(page) != before


def test_cells_that_are_run_there_show_pages(open_notebook, told):
    page = open_notebook("fresh")
    assert page.locator(".gg-steps").count() == 0
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
    run_all(page)
    error = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    error.or_(page.locator(".gg-graph .gg-switch")).first.wait_for()
    assert error.all_inner_texts() == []
    for which, sentences in enumerate(told):
        figure = Figure(page, which)
        figure.press("Next")
        page.keyboard.press("End")
        assert figure.said == sentences[-1]
    switch = page.locator(".gg-graph .gg-switch")
    switch.click()
    assert switch.get_attribute("aria-expanded") == "true"


def test_the_theme_of_the_host_is_followed(open_notebook):
    page = open_notebook("trusted")
    Figure(page, 0)
    colours = page.locator(".gg-steps .page").first
    assert colours.get_attribute("data-theme") == "light"
    choose(page, "Settings", "Theme", "JupyterLab Dark")
    page.locator(".gg-steps .page[data-theme=dark]").first.wait_for()


def test_an_untrusted_notebook_shows_the_picture_and_the_text(open_notebook, told):
    page = open_notebook("untrusted")
    for which, sentences in enumerate(told):
        fragment = page.locator(".gg-steps").nth(which)
        image = fragment.locator("img")
        image.wait_for()
        assert image.get_attribute("src").startswith("data:image/svg+xml")
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
        assert image.bounding_box()["width"] > 100
        assert "Computation graph" in image.get_attribute("alt")
        assert fragment.locator("li").all_text_contents() == sentences
        fragment.locator("summary").click()
        assert fragment.locator("li").first.is_visible()
        assert fragment.locator("script").count() == 0
