"""The lesson as a static site: what a cell shows, the reference, and the whole of it in a browser."""

import functools
import http.server
import importlib
import inspect
import json
import os
import re
import threading
from itertools import pairwise
from pathlib import Path

import pytest

import autograd as ag
from nn.lesson import files
from nn.lesson.__main__ import main
from nn.lesson.site.build import NOT_SHOWN, Live, build, missing
from nn.lesson.site.cell import run
from nn.lesson.site.docstrings import breakable, readable
from nn.lesson.site.reference import MODULES, names_of, page_of

making = importlib.import_module("nn.lesson.site.build")  # the package's name for it is a function
ROOT = Path(__file__).parents[2]

# -- one cell ------------------------------------------------------------------------------------


def test_a_cell_shows_what_it_prints_and_what_its_last_line_is_worth():
    names: dict[str, object] = {}
    assert run("a = 2\nprint('two')\na + 1", names) == [
        {"kind": "text", "value": "two\n"},
        {"kind": "text", "value": "3"},
    ]
    assert run("a += 5", names) == []
    assert run("a;", names) == []
    assert run("None", names) == []
    assert run("", names) == []
    assert names["a"] == 7


def test_what_draws_itself_is_drawn():
    (tensor,) = run("ag.tensor([1.0, 2.0])", {"ag": ag})
    assert tensor["kind"] == "html" and "<table" in tensor["value"]
    (graph,) = run("viz.graph(ag.tensor(2.0, requires_grad=True) * 3)", {"ag": ag, "viz": ag.viz})
    assert graph["kind"] == "html" and "<img" in graph["value"]
    (kind,) = run("type(ag.tensor(1.0))", {"ag": ag})
    assert kind["kind"] == "text"


def test_figures_are_shown_and_closed():
    plt = pytest.importorskip("matplotlib.pyplot", reason="matplotlib is not installed")
    source = "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1))\nplt.title('A picture');"
    (figure,) = run(source, {})
    assert figure["kind"] == "html" and 'alt="A picture"' in figure["value"]
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("a = 1\n1 / 0", "line 2 of the cell\nZeroDivisionError: division by zero"),
        ("def f():\n    oh\n\n\nf()", "line 2 of the cell\nNameError: name 'oh' is not defined"),
        ("a = (", "SyntaxError"),
        ("raise SystemExit", "SystemExit"),
    ],
)
def test_an_error_names_the_line(source, told):
    *before, error = run("print('first')\n" * 0 + source, {})
    assert error["kind"] == "error" and told in error["value"]


def test_what_was_printed_before_an_error_is_shown():
    assert [each["kind"] for each in run("print(1)\noh", {})] == ["text", "error"]


# -- the reference -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODULES)
def test_the_reference_has_every_public_name(name):
    module = importlib.import_module(name)
    page = page_of(name)
    for each in names_of(module):
        value = getattr(module, each)
        if callable(value):
            assert re.search(
                rf"^\.\. auto\w+:: {re.escape(name)}\.{each}$", page, flags=re.MULTILINE
            )
    left_out = set(getattr(module, "__all__", [])) - set(names_of(module))
    assert {
        n
        for n in left_out
        if callable(getattr(module, n)) and not inspect.ismodule(getattr(module, n))
    } <= {"LinAlgError"}  # NumPy's


def shown(docstring):
    return readable(inspect.cleandoc(docstring).splitlines())


@pytest.mark.parametrize(
    ("block", "language"),
    [
        ("pip install glassgrad\n\npython -m nn.lesson", "console"),
        ("for x in data:\n    model(x)", "python"),
        ("(N, C, H, W) -> what comes out", "text"),
        ("one  # first\ntwo  # second", "python"),
    ],
)
def test_an_indented_block_is_code(block, language):
    lines = readable(
        ["Said first:", "", *("    " + line for line in block.splitlines()), "", "Then."]
    )
    assert lines[2:4] == [f".. code-block:: {language}", ""]
    assert [line[4:] for line in lines[4:-2]] == block.splitlines()
    assert lines[-2:] == ["", "Then."]


def test_commands_with_what_they_do_are_a_table():
    lines = shown("""Two of them.

        viz.graph(loss)    draws it
        viz.step(loss)     steps through

    Then.""")
    rows = [line.strip() for line in lines if line.lstrip().startswith(("* - ", "- "))]
    assert rows == [
        "* - ``viz.graph(loss)``",
        "- draws it",
        "* - ``viz.step(loss)``",
        "- steps through",
    ]
    assert lines[2] == ".. list-table::" and lines[-2:] == ["", "Then."]


def test_an_example_in_the_text_is_no_quotation():
    lines = shown("""Doubles.

        >>> 1 + 1
        2

    Then.""")
    assert lines == ["Doubles.", "", ">>> 1 + 1", "2", "", "Then."]


@pytest.mark.parametrize(
    "docstring",
    [
        "Does.\n\nArgs:\n    x: what it\n        is.\n\n    y: another.\n\nRaises:\n    ValueError: if.",
        "Does so::\n\n    x = 1\n\nand so on.",
        ".. note::\n\n    Mind this.",
        "- an item\n\n  its second paragraph\n- another",
        "term\n    what it means",
        "=====  ====\na      b\n       c\n=====  ====",
    ],
)
def test_what_has_a_form_of_its_own_stays(docstring):
    assert readable(docstring.splitlines()) == docstring.splitlines()


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("the mean of |x| and |y|", r"the mean of \|x\| and \|y\|"),
        ("shapes (N, *) and *shape", r"shapes (N, \*) and \*shape"),
        ("``|x|``, `*a` and **kwargs", r"``|x|``, `*a` and \*\*kwargs"),
        ("**Bold words.** and *soft ones*", "**Bold words.** and *soft ones*"),
        ("Args:\n    *xs: all |x|.", "Args:\n    \\*xs: all \\|x\\|."),
        ("Example:\n    >>> f(*xs)\n    |x|", "Example:\n    >>> f(*xs)\n    |x|"),
        ("``a |\nb`` and |c|", "``a |\nb`` and \\|c\\|"),
    ],
)
def test_stars_and_bars_in_text_stand_for_themselves(text, meant):
    assert "\n".join(readable(text.split("\n"))) == meant


def test_what_is_returned_has_no_type_made_of_its_first_words():
    napoleon = pytest.importorskip("sphinx.ext.napoleon", reason="Sphinx is not installed")
    lines = shown("""Does.

    Returns:
        A table: one row each.
    """)
    made = str(napoleon.GoogleDocstring(lines))
    assert ":rtype:" not in made and "A table: one row each." in made


def docstrings():
    """Each docstring of the reference with one of the names that have it."""
    found = {}
    for name in MODULES:
        module = importlib.import_module(name)
        found[module.__doc__] = name
        for each in names_of(module):
            value = getattr(module, each)
            found[value.__doc__] = f"{name}.{each}"
            for label, held in vars(value).items() if inspect.isclass(value) else ():
                if callable(held) and not label.startswith("_"):
                    found[held.__doc__] = f"{name}.{each}.{label}"
    return [(name, docstring) for docstring, name in found.items() if docstring]


@pytest.mark.slow
def test_sphinx_reads_every_docstring_as_it_is_meant():
    napoleon = pytest.importorskip("sphinx.ext.napoleon", reason="Sphinx is not installed")
    from docutils import nodes
    from docutils.core import publish_doctree

    settings = {"report_level": 5, "file_insertion_enabled": False}
    wrong = {}
    for name, docstring in docstrings():
        lines = [str(line) for line in napoleon.GoogleDocstring(shown(docstring)).lines()]
        document = publish_doctree("\n".join(lines), settings_overrides=settings)
        quoted = [
            quote
            for quote in document.findall(nodes.block_quote)
            if not isinstance(quote[0], nodes.doctest_block)
        ]
        problems = [
            each
            for each in document.findall(nodes.problematic)
            if not each.astext().startswith(
                (":class:", ":func:", ":meth:", ":mod:")
            )  # Sphinx's own
        ]
        if faults := [*quoted, *problems]:
            wrong[name] = faults[0].astext()
    assert wrong == {}


def test_names_break_where_their_parts_meet():
    assert breakable("nn.optim.lr_scheduler") == ["nn.", "optim.", "lr_", "scheduler"]
    for whole in ("autograd", "__init__", "1.5", "e.g. this", "..."):
        assert "".join(breakable(whole)) == whole
    assert breakable("autograd") == ["autograd"] and breakable("1.5") == ["1.5"]


# -- what makes cells live -----------------------------------------------------------------------


@pytest.fixture
def npm(tmp_path):
    folder = tmp_path / "pyodide"
    folder.mkdir()
    (folder / "pyodide.mjs").write_text("export {}")
    return folder


def test_without_pyodide_or_numpy_cells_are_not_live(npm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "no Pyodide" in Live.found(None, None).why_not
    assert "no wheel of NumPy" in Live.found(npm, None).why_not
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "numpy-2.0.2-cp311-cp311-manylinux2014_x86_64.whl").write_bytes(b"")
    assert "no wheel of NumPy" in Live.found(npm, wheels).why_not
    (wheels / "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl").write_bytes(b"")
    live = Live.found(npm, wheels)
    assert not live.why_not and len(live.wheels) == 2 and live.pyodide == npm


def test_pyodide_is_found_where_npm_puts_it(npm, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "node_modules").mkdir()
    npm.rename(tmp_path / "node_modules" / "pyodide")
    assert "no wheel of NumPy" in Live.found(None, None).why_not


def test_folders_that_hold_something_else_are_refused(npm, tmp_path):
    with pytest.raises(ValueError, match=r"no pyodide\.mjs"):
        Live.found(tmp_path, None)
    with pytest.raises(ValueError, match="no wheels"):
        Live.found(npm, tmp_path)
    with pytest.raises(ValueError, match="something else than a site"):
        build(tmp_path, Live(None, (), "none"))
    assert npm.is_dir()


def test_what_is_not_installed_is_named(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["site", "--out", str(tmp_path / "site")]) == 2
    assert 'pip install -e ".[site]"' in capsys.readouterr().err


# -- sources, and what is put beside the pages ---------------------------------------------------


@pytest.fixture
def unrun(monkeypatch):
    """Notebooks are taken as they are: running them all takes minutes."""
    monkeypatch.setattr("nn.lesson.pages.executed", lambda notebook, folder: notebook)


def test_the_sources_have_every_notebook_page_and_setting(unrun, tmp_path):
    live = Live(Path("pyodide"), (Path("some", "numpy-2-wasm32.whl"),))
    making._write_sources(tmp_path / "source", files.notebooks(), live)
    source = tmp_path / "source"
    for path in files.notebooks():
        cells = files.read(source / "lesson" / path.name)["cells"]
        for before, each in pairwise(cells):
            if each["cell_type"] == "code":  # a link to a cell leads to the mark before it
                assert "".join(before["source"]) == f'<span id="{each["id"]}"></span>'
        assert [c for c in cells if not c["id"].startswith("at-")] == files.read(path)["cells"]
    index = (source / "index.md").read_text()
    for path in files.notebooks():
        assert f"\nlesson/{path.stem}\n" in index
    assert not re.search(r"\]\(\d\d_\w+\.ipynb", index), "a link out of the site"
    assert {p.name for p in (source / "figures").iterdir()} == {
        p.name for p in (ROOT / "notebooks" / "figures").glob("*.svg")
    }
    listed = (source / "reference" / "index.rst").read_text()
    for name in MODULES:
        assert f"   {name}\n" in listed and (source / "reference" / f"{name}.rst").is_file()
    said = (source / "_static" / "settings.js").read_text()
    settings = json.loads(said.removeprefix("window.glassgrad = ").removesuffix(";\n"))
    assert settings == {"live": True, "why": "", "wheels": ["numpy-2-wasm32.whl", making._OURS]}
    for name in re.findall(
        r"_static/([\w.]+)|\"(live\.js|site\.css)\"", (source / "conf.py").read_text()
    ):
        assert (source / "_static" / "".join(name)).is_file()


def test_a_lesson_without_readme_and_figures_has_a_first_page_too(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "folder", lambda: tmp_path / "nothing")
    (tmp_path / "source").mkdir()
    making._write_index(tmp_path / "source", tmp_path, [Path("01_a.ipynb")])
    text = (tmp_path / "source" / "index.md").read_text()
    assert text.startswith("# The lesson\n") and "\nlesson/01_a\n" in text


@pytest.fixture
def quick(unrun, monkeypatch):
    """A site is built without Sphinx, and the wheel without pip."""

    def sphinx(source, out):
        (out / "_static").mkdir(parents=True)
        (out / ".doctrees").mkdir()
        (out / "objects.inv").write_text("")
        (out / "index.html").write_text((source / "_static" / "settings.js").read_text())

    def wheel(scratch):
        (scratch / "ours.whl").write_text("ours")
        return scratch / "ours.whl"

    monkeypatch.setattr(making, "_sphinx", sphinx)
    monkeypatch.setattr(making, "_own_wheel", wheel)


def test_a_site_takes_the_place_of_an_earlier_one(quick, tmp_path):
    out = tmp_path / "site"
    (said,) = build(out, Live(None, (), "there is no Pyodide"), files.notebooks()[:1])
    assert said == f"{NOT_SHOWN}: there is no Pyodide. Every page says so."
    assert '"why": "there is no Pyodide"' in (out / "index.html").read_text()
    (out / "old.html").write_text("of an earlier run")
    build(out, Live(None, (), "another reason"), files.notebooks()[:1])
    assert not (out / "old.html").exists() and not (out / ".doctrees").exists()
    assert "another reason" in (out / "index.html").read_text()


def test_pyodide_and_wheels_are_put_beside_the_pages(quick, npm, tmp_path):
    (npm / "python_stdlib.zip").write_text("zip")
    (npm / "README.md").write_text("nobody needs it")
    numpy = tmp_path / "numpy-2.0.2-cp312-cp312-pyodide_2024_0_wasm32.whl"
    numpy.write_text("numpy")
    out = tmp_path / "site"
    (said,) = build(out, Live(npm, (numpy,)), files.notebooks()[:1])
    assert f"--directory {out}" in said and NOT_SHOWN not in said
    static = out / "_static"
    assert {p.name for p in (static / "pyodide").iterdir()} == {"pyodide.mjs", "python_stdlib.zip"}
    wheels = {p.name: p.read_text() for p in (static / "wheels").iterdir()}
    assert wheels == {numpy.name: "numpy", making._OURS: "ours"}


class Finished:
    def __init__(self, returncode, stderr=""):
        self.returncode, self.stderr = returncode, stderr


def test_what_sphinx_says_is_the_error(tmp_path, monkeypatch):
    monkeypatch.setattr(making.subprocess, "run", lambda *given, **named: Finished(2, "no theme\n"))
    with pytest.raises(RuntimeError, match="Sphinx could not build the site:\nno theme$"):
        making._sphinx(tmp_path, tmp_path / "out")
    monkeypatch.setattr(making.subprocess, "run", lambda *given, **named: Finished(0, "aside"))
    making._sphinx(tmp_path, tmp_path / "out")


def test_the_wheel_is_built_without_kernels_from_a_copy(tmp_path, monkeypatch):
    def pip(command, **named):
        assert named["env"]["GLASSGRAD_BUILD_NATIVE"] == "0"
        copy = Path(command[-1])
        assert copy.is_relative_to(tmp_path) and (copy / "nn" / "lesson" / "site").is_dir()
        assert (copy / "pyproject.toml").is_file() and not list(copy.rglob("*.so"))
        if makes:
            (tmp_path / "glassgrad-1.0-py3-none-any.whl").write_text("")
        return Finished(0, "it made nothing")

    makes = True
    monkeypatch.setattr(making.subprocess, "run", pip)
    assert making._own_wheel(tmp_path).name == "glassgrad-1.0-py3-none-any.whl"
    again = tmp_path / "again"
    again.mkdir()
    makes = False
    with pytest.raises(RuntimeError, match="could not be built:\nit made nothing"):
        making._own_wheel(again)
    monkeypatch.setattr(making, "__file__", str(tmp_path / "a" / "b" / "c" / "build.py"))
    with pytest.raises(RuntimeError, match="built from a checkout"):
        making._own_wheel(again)


def test_long_names_on_pages_of_the_reference_get_places_to_break():
    pytest.importorskip("sphinx", reason="Sphinx is not installed")
    from docutils import nodes
    from docutils.utils import new_document

    from nn.lesson.site.extension import LONG, _break_names

    long, short = "nn.optim.lr_scheduler.SequentialLR", "nn.optim"
    assert len(short) < LONG < len(long)

    def broken(holder, text, page="reference/nn"):
        document = new_document("page")
        document += (held := holder("", text))
        _break_names(None, document, page)
        assert held.astext().replace("<wbr>", "") == text
        return "<wbr>" in held.astext()

    assert broken(nodes.title, long) and broken(nodes.title, short)
    assert broken(nodes.literal, long) and not broken(nodes.literal, short)
    assert not broken(nodes.paragraph, long) and not broken(nodes.title, "autograd")
    assert not broken(nodes.title, long, "lesson/01")


# -- all of it, in a browser ---------------------------------------------------------------------

#: Where a machine has them: the npm package, and wheels for it, NumPy's among them.
PYODIDE, WHEELS = os.environ.get("GLASSGRAD_PYODIDE"), os.environ.get("GLASSGRAD_WHEELS")

PATIENCE = 60_000  # milliseconds
START = 300_000  # Python has to start in the browser, on a machine that may be busy


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    if missing():
        pytest.skip(f'{", ".join(missing())} not installed; pip install -e ".[site]"')
    out = tmp_path_factory.mktemp("site")
    where = (Path(PYODIDE), Path(WHEELS)) if PYODIDE and WHEELS else (None, None)
    return out, build(out, Live.found(*where))


@pytest.fixture
def visit(site, browser):
    """Opens a page of the site from a server on this machine; nothing else may be asked for."""
    out, _ = site

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=out)
    )
    server.handle_error = lambda *args: None  # a page was left while it still loaded
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    base = f"http://127.0.0.1:{server.server_address[1]}/"
    faults, contexts = [], []

    def visit(name, **options):
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        context.on("request", lambda request: request.url.startswith((base, "data:", "blob:"))
                   or faults.append(f"asked for {request.url}"))  # fmt: skip
        context.on("response", lambda answer: answer.status < 400 or faults.append(answer.url))
        page.on("console", lambda said: said.type != "error" or faults.append(said.text))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto(base + name)
        return page

    yield visit
    for context in contexts:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert faults == []


@pytest.mark.browser
@pytest.mark.slow
class TestSite:
    def test_the_first_page_leads_to_the_notebooks_and_the_claims_to_their_cells(self, visit):
        page = visit("index.html")
        page.get_by_role("link", name="1 · Scalars").first.click()
        page.wait_for_url("**/lesson/01_scalars.html*")
        assert page.locator("h1").inner_text().startswith("1 · Scalars")
        page = visit("index.html")
        page.get_by_role("link", name="1 · any-block").first.click()
        page.wait_for_url("**/lesson/01_scalars.html*#any-block")
        place = page.locator("#any-block")
        place.first.wait_for(state="attached")
        assert place.count() == 1 and "#any-block" in page.url

    def test_formulas_are_mathml(self, visit):
        page = visit("lesson/01_scalars.html")
        box = page.locator("math msup").first.bounding_box()
        assert box["width"] > 5 and box["height"] > 5

    def test_an_index_stands_below_its_letter(self, visit):
        page = visit("lesson/04_convolution.html")
        base, index = page.locator("math msub").first.locator("> *").all()
        base, index = base.bounding_box(), index.bounding_box()
        assert index["y"] + index["height"] > base["y"] + base["height"] + 1

    def test_the_backward_pass_steps(self, visit):
        page = visit("lesson/01_scalars.html")
        page.get_by_role("button", name="Next").first.click()
        page.get_by_text("step 1 of 4").first.wait_for()

    def test_the_microscope_answers_to_a_key(self, visit):
        page = visit("lesson/04_convolution.html")
        said = page.locator(".say[aria-live]").first
        cell = page.locator('table[aria-label^="output"]').first.locator("tbody td").first
        cell.click()
        before = said.inner_text()
        page.keyboard.press("ArrowRight")
        page.wait_for_function("([node, old]) => node.innerText !== old",
                               arg=[said.element_handle(), before])  # fmt: skip

    def test_pictures_follow_the_sites_own_switch(self, visit):
        page = visit("lesson/01_scalars.html", color_scheme="dark")
        page.evaluate("document.body.dataset.theme = 'light'")
        page.wait_for_function("document.documentElement.dataset.theme === 'light'")
        themes = page.evaluate("""() => [...document.querySelectorAll('.gg-steps')].map(
            (host) => host.shadowRoot.querySelector('.page').dataset.theme)""")
        assert themes and set(themes) == {"light"}

    def test_the_reference_shows_docstrings(self, visit):
        page = visit("reference/autograd.func.html")
        assert page.get_by_text("gradgradcheck").count() >= 1
        assert page.locator("dl.py dt").count() >= 10

    @pytest.mark.parametrize(
        "name",
        ["lesson/04_convolution", "reference/autograd.viz", "reference/nn.optim.lr_scheduler"],
    )
    def test_nothing_is_wider_than_its_window(self, visit, name):
        page = visit(f"{name}.html", viewport={"width": 420, "height": 800})
        for width in (420, 760, 800, 870, 1010, 1050, 1100, 1200):  # where columns come and go
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, width

    def test_commands_are_one_to_a_row(self, visit):
        page = visit("reference/nn.lesson.html", viewport={"width": 1200, "height": 800})
        rows = page.locator("table.commands tr")
        assert rows.count() == 7
        assert rows.first.inner_text().split("\t")[0].strip() == "python -m nn.lesson"

    def test_a_long_name_breaks_after_a_dot_or_an_underscore(self, visit):
        page = visit("reference/nn.optim.lr_scheduler.html", viewport={"width": 420, "height": 800})
        assert page.title().startswith("nn.optim.lr_scheduler")
        lines = page.locator("h1").evaluate("""(heading) => {
            const lines = [], range = document.createRange();
            let top = null;
            for (const walk = document.createTreeWalker(heading, NodeFilter.SHOW_TEXT); walk.nextNode();) {
                if (walk.currentNode.parentNode.closest("a")) continue;  // the link to it, not its name
                for (let at = 0; at < walk.currentNode.length; at++) {
                    range.setStart(walk.currentNode, at); range.setEnd(walk.currentNode, at + 1);
                    const box = range.getBoundingClientRect();
                    if (top === null || box.top > top + 5) { lines.push(""); top = box.top; }
                    lines[lines.length - 1] += walk.currentNode.data[at];
                }
            }
            return lines;
        }""")
        assert len(lines) > 1 and all(line[-1] in "._" for line in lines[:-1])

    def test_a_cell_runs_or_the_page_says_that_none_does(self, site, visit):
        page = visit("lesson/02_tensors.html")
        _, said = site
        if not (PYODIDE and WHEELS):
            assert said[0].startswith(NOT_SHOWN)
            assert "not live" in page.locator(".live-note").inner_text()
            assert page.locator(".live-run").count() == 0
            return
        cells = page.locator("div.cell")
        code = cells.nth(1).locator(".cell_input pre")
        code.evaluate(
            "(element) => { element.textContent = 'print(6 * 7, type(ag.tensor([1.0])).__name__)' }"
        )
        code.focus()
        page.keyboard.press("Shift+Enter")
        cells.nth(1).get_by_text("ran in your browser").wait_for(timeout=START)
        assert cells.nth(1).locator(".cell_output").inner_text().strip() == "42 Tensor"
        page.locator(".live-run").last.click()  # everything above runs first
        cells.last.get_by_text("ran in your browser").wait_for(timeout=START)
        assert "2.4: not answered yet" in cells.last.locator(".cell_output").inner_text()
        assert page.locator(".live-error").count() == 0

    if PYODIDE and WHEELS:  # without, live cells are not shown working, as the docs say

        @pytest.mark.parametrize("name", [path.stem for path in files.notebooks()])
        def test_every_cell_of_every_notebook_runs(self, visit, name):
            page = visit(f"lesson/{name}.html")
            count = page.locator(".live-run").count()
            page.locator(".live-run").last.click()  # everything above runs first
            page.wait_for_function(
                """(count) => {
                    const said = [...document.querySelectorAll(".live-status")].map((e) => e.textContent);
                    return said.filter((e) => e === "ran in your browser").length === count
                        || said.some((e) => e.includes("error"));
                }""",
                arg=count, timeout=3 * START,
            )  # fmt: skip
            errors = page.locator(".live-error").all_inner_texts()
            assert count > 10 and errors == []
