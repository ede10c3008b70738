"""Every notebook runs from top to bottom; its exercises accept the solutions and refuse wrong answers."""

import copy

import numpy as np
import pytest

from nn.lesson import files
from nn.lesson.exercise import exercises, find
from tests.overflow import FAULTS

for needed in ("nbclient", "nbformat", "ipykernel"):
    pytest.importorskip(needed, reason=f'{needed} is not installed; pip install -e ".[test]"')

NOTEBOOKS = files.notebooks()


def _by_name(path):
    return path.stem


def _number(cell):
    """The exercise that a code cell is the answer of, or None."""
    kind, _, tag = cell["id"].partition("-")
    return tag.replace("-", ".") if kind == "answer" and tag.replace("-", "").isdigit() else None


def _printed(cell):
    return "".join(each.get("text", "") for each in cell["outputs"])


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=_by_name)
def executed(request):
    """A notebook as a reader runs it first, with nothing answered."""
    from nn.lesson import pages

    path = request.param
    return path, pages.executed(files.read(path), path.parent)


def test_it_runs_from_top_to_bottom(executed):
    path, notebook = executed
    counts = [each["execution_count"] for each in notebook.cells if each["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1)), f"{path.name} did not run to its end"


def test_what_is_not_answered_says_so(executed):
    path, notebook = executed
    asked = [each for each in notebook.cells if _number(each)]
    assert 3 <= len(asked) <= 5, f"{path.name} has {len(asked)} exercises"
    for each in asked:
        assert _printed(each) == f"{_number(each)}: not answered yet\n"


def test_nothing_is_written_to_stderr(executed):
    path, notebook = executed
    for each in notebook.cells:
        for output in each.get("outputs", ()):
            assert output.get("name") != "stderr", f"{path.name}, {each['id']}: {output['text']}"


def test_figures_are_drawn_for_light_and_for_dark(executed):
    path, notebook = executed
    for each in notebook.cells:
        for output in each.get("outputs", ()):
            data = output.get("data", {})
            assert "image/png" not in data, (
                f"{path.name}, {each['id']}: lesson.follow_theme() is missing"
            )
            if "gg-drawn" in data.get("text/html", ""):
                assert data["text/html"].count("data:image/png") == 2


def test_no_page_shows_where_it_was_made_or_an_address(executed):
    path, notebook = executed
    root = str(path.resolve().parents[1])
    for each in notebook.cells:
        shown = str(each.get("outputs", ""))
        assert root not in shown and " at 0x" not in shown, f"{path.name}, cell {each['id']}"


@pytest.mark.browser
def test_its_page_is_no_wider_than_its_window(executed, browser, tmp_path):
    pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    pytest.importorskip("latex2mathml", reason="latex2mathml is not installed")
    from nn.lesson import pages

    path, notebook = executed
    file = tmp_path / f"{path.stem}.html"
    content = pages.body(copy.deepcopy(notebook), path.parent)
    file.write_text(pages._page(path.stem, content, ""), encoding="utf-8")
    for width in (420, 1200):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        assert page.evaluate(FAULTS) == [], width
        page.close()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_by_name)
def test_every_exercise_of_the_chapter_is_in_its_notebook(path):
    there = [_number(each) for each in files.read(path)["cells"] if _number(each)]
    assert there == [each.number for each in exercises(int(path.name[:2]))]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=_by_name)
def test_solutions_pass_in_the_notebook(path, capsys):
    """In this process, after the notebook's own imports: solutions need nothing else."""
    cells = files.read(path)["cells"]
    names: dict[str, object] = {}
    with np.errstate():  # notebook 11 switches NumPy's warnings off
        exec("".join(next(each for each in cells if each["id"] == "setup")["source"]), names)
        for number in filter(None, map(_number, cells)):
            exec(files.answer(find(number), solved=True), names)
            assert capsys.readouterr().out.startswith(f"{number}: right. ")
