"""Exercises, sheets and the commands of ``python -m nn.lesson``."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nn import lesson
from nn.lesson import files, sheets
from nn.lesson.__main__ import main
from nn.lesson.exercise import exercises, judge
from nn.lesson.judges import choice, equals, gradient_of

ALL = exercises()
SEEDS = ("notebook", "ada", "blaise")


def answer_of(code):
    """What a piece of code leaves in ``answer``, run where a sheet would run it."""
    names: dict[str, object] = {}
    exec("import numpy as np\nimport autograd as ag\nimport nn\n" + code, names)
    return names["answer"]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.number)
class TestExercise:
    def test_the_solution_is_right(self, exercise, seed):
        verdict = judge(exercise.number, answer_of(exercise.task(seed).solution), seed)
        assert verdict.right is True, verdict.text

    def test_a_wrong_answer_earns_a_hint(self, exercise, seed):
        task = exercise.task(seed)
        verdict = judge(exercise.number, answer_of(task.wrong), seed)
        assert verdict.right is False, verdict.text
        assert len(verdict.text) > len("1.1: not yet. ") + 10
        assert task.why not in verdict.text
        assert "$" not in task.why, "what is printed is no markdown"

    def test_no_answer_is_not_wrong(self, exercise, seed):
        verdict = judge(exercise.number, answer_of(exercise.task(seed).start), seed)
        assert verdict.right is None
        assert verdict.text == f"{exercise.number}: not answered yet"

    def test_nonsense_is_no_crash(self, exercise, seed):
        for nonsense in ("?", object(), [[1], [2, 3]], lambda *_: "?"):
            assert judge(exercise.number, nonsense, seed).right is False


@pytest.mark.parametrize("chapter", sorted({each.chapter for each in ALL}))
def test_sheets_are_individual(chapter):
    def varies(exercise):
        return len({exercise.task(f"student {n}").question for n in range(12)}) > 1

    # Code that has to hold for any numbers, and a few questions of understanding, are the same for all.
    assert sum(map(varies, exercises(chapter))) >= 2


def test_numbers_are_in_order_and_without_gaps():
    chapters = {each.chapter for each in ALL}
    for chapter in chapters:
        found = [each.number for each in exercises(chapter)]
        assert found == [f"{chapter}.{n}" for n in range(1, len(found) + 1)]


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match=r"no exercise '99\.1'"):
        lesson.check("99.1", 1)


def test_judges():
    by_value = equals(lambda: (2, 3), "otherwise", [((3, 2), "swapped")])
    assert by_value((2, 3)) is None
    assert by_value((3, 2)) == "swapped"
    assert by_value((0, 0)) == "otherwise"
    assert "a list of 3 numbers" in by_value((1, 2, 3))
    assert "numbers" in by_value("two")
    by_size = equals(lambda: -1000.5, "otherwise", within=1e-4)
    assert by_size(-1000.55) is None and by_size(-1000.7) == "otherwise"
    by_word = choice("yes", {"no": "look again"})
    assert by_word(" Yes ") is None
    assert by_word("no") == "look again"
    assert "'no', 'yes'" in by_word("maybe")
    by_gradient = gradient_of(lambda x: 3 * x, 2.0)
    assert by_gradient(lambda g, x: 3 * g) is None
    assert "WRONG" in by_gradient(lambda g, x: -3 * g)


def test_an_answer_that_raises_earns_a_hint():
    def broken(g, a, b):
        raise KeyError("oh")

    verdict = judge("1.4", broken)
    assert verdict.right is False
    assert "KeyError" in verdict.text


@pytest.mark.parametrize(
    ("number", "answer", "words"),
    [
        ("4.4", lambda g, x, w: (g @ x, w), "the shapes in a matrix product do not fit"),
        ("4.4", lambda g, x: x, "it has to take g, x, w, in this order"),
        ("4.4", lambda g, x, w: x, "Your function returned one gradient for 2 inputs"),
        ("7.4", lambda g, P, K: (g @ K, P.T @ g), "as many columns as the right one has rows"),
        ("7.4", lambda g, P, K: (g * K, P), "shapes in it do not fit element by element"),
        ("7.4", lambda g, P, K: (g @ K.T, g.T @ P), "it is transposed"),
        ("1.4", lambda g, a, b: (g * b, g * a), "a summand is missing"),
        ("11.3", lambda g, x: g * x, "not yet"),
    ],
)
def test_hints_speak_of_the_mistake_and_not_of_what_runs_the_answer(number, answer, words):
    text = judge(number, answer).text
    assert words in text
    assert not any(inner in text for inner in ("my_backward", "gufunc", "compare:", "positional"))


class TestCommands:
    def test_copies_and_keeps_what_the_reader_wrote(self, tmp_path, capsys):
        target = tmp_path / "mine"
        assert main(["--folder", str(target), "--no-open"]) == 0
        copies = sorted(path.name for path in target.glob("*.ipynb"))
        assert copies == [path.name for path in files.notebooks()]
        for figure in (files.folder() / "figures").glob("*.svg"):
            assert (target / "figures" / figure.name).read_bytes() == figure.read_bytes()
        assert len(list(target.rglob("*.svg"))) >= 2
        first = target / "01_scalars.ipynb"
        first.write_text("mine")
        (target / copies[-1]).unlink()
        assert main(["--folder", str(target), "--no-open"]) == 0
        assert first.read_text() == "mine"
        assert (target / copies[-1]).exists()
        assert "are kept" in capsys.readouterr().out

    def test_says_how_without_jupyterlab(self, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        assert main(["--folder", str(tmp_path)]) == 0
        assert "jupyter lab" in capsys.readouterr().out

    def test_opens_the_first_with_jupyterlab(self, tmp_path, monkeypatch):
        called = []
        monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
        monkeypatch.setattr(subprocess, "call", lambda *a, **k: called.append((a, k)) or 0)
        assert main(["--folder", str(tmp_path)]) == 0
        (((command,), options),) = called
        assert command == [sys.executable, "-m", "jupyterlab", "01_scalars.ipynb"]
        assert options == {"cwd": tmp_path}

    def test_exports_sheets(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert main(["export", "--student", "--seed", "ada/1"]) == 0
        assert "lesson.key is new" in capsys.readouterr().out
        assert main(["export", "--solutions", "--seed", "ada/1", "--chapter", "1"]) == 0
        sheet = json.loads(Path("exercises-ada_1.ipynb").read_text(encoding="utf-8"))
        solved = json.loads(Path("solutions-ada_1.ipynb").read_text(encoding="utf-8"))
        asked = [each for each in sheet["cells"] if each["id"].startswith("answer-")]
        assert len(asked) == len(ALL)
        assert all("..." in "".join(each["source"]) for each in asked)
        assert "".join(asked[0]["source"]).endswith('sheet.check("1.1", answer)')
        solution = sheets.task_of(sheets.read_key(Path("lesson.key")), "ada/1", "1.1").solution
        assert solution not in json.dumps(sheet)
        assert solution in "".join("".join(each["source"]) for each in solved["cells"])

    def test_solutions_are_not_one_command_away(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        assert main(["export", "--solutions", "--seed", "ada"]) == 2
        assert "there is no key" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []

    def test_an_installed_lesson_writes_no_solutions(self, tmp_path, monkeypatch, capsys):
        inside = Path(files.__file__).parent / "notebooks"  # where a wheel has them
        monkeypatch.setattr(files, "folder", lambda: inside)
        assert main(["html", "--solutions", "--out", str(tmp_path / "html")]) == 2
        assert "checkout" in capsys.readouterr().err

    def test_the_sheet_runs(self, capsys):
        names: dict[str, object] = {}
        for each in sheets.make("0" * 64, "ada", solved=False, chapter=5)["cells"]:
            if each["cell_type"] == "code":
                exec("".join(each["source"]), names)
        asked = [each.number for each in exercises(5)]
        assert capsys.readouterr().out.splitlines() == [f"{n}: not answered yet" for n in asked]

    def test_an_empty_chapter_is_an_error(self, tmp_path, capsys):
        key = str(tmp_path / "k")
        assert main(["export", "--student", "--seed", "a", "--chapter", "99", "--key", key]) == 2
        assert "chapter 99" in capsys.readouterr().err

    def test_tidies(self, tmp_path, capsys):
        path = tmp_path / "01_scalars.ipynb"
        notebook = files.read(files.notebooks()[0])
        notebook["metadata"]["signature"] = "x"
        path.write_text(json.dumps(notebook), encoding="utf-8")
        assert main(["tidy", str(path)]) == 0
        assert path.read_bytes() == files.notebooks()[0].read_bytes()
        assert main(["tidy", str(path)]) == 0
        assert capsys.readouterr().out.count("01_scalars") == 1


class TestPages:
    @pytest.fixture(autouse=True)
    def _needs(self):
        for name in ("nbconvert", "latex2mathml", "nbclient", "ipykernel"):
            pytest.importorskip(
                name, reason=f'{name} is not installed; pip install -e ".[notebooks]"'
            )

    def test_formulas_but_not_code_become_mathml(self):
        from nn.lesson.pages import without_formulas

        formulas: list[str] = []
        text = without_formulas("$a^2$ and `$b$` cost $3 or\n$$\\frac{1}{2}$$", formulas)
        assert text == "⟦formula 0⟧ and `$b$` cost $3 or\n⟦formula 1⟧"
        assert "<msup>" in formulas[0]
        assert 'display="block"' in formulas[1]

    def test_primes_stay_on_their_line(self):
        from nn.lesson.pages import mathml

        assert "<msup>" not in mathml("w_{u'}", display="inline")
        assert "′" in mathml("w_{u'}", display="inline")

    def test_the_bars_of_an_absolute_value_stand_close(self):
        from nn.lesson.pages import mathml

        assert mathml("1 + |x|", display="inline").count('lspace="0" rspace="0">&#x0007C;<') == 2

    def test_a_page_is_complete_and_asks_for_nothing(self, tmp_path):
        path = tmp_path / "01_small.ipynb"
        cells = [
            files.cell("markdown", "title", "# 1 · Small\n\n$x^2$ and [next](02_next.ipynb#there)"),
            files.cell("code", "setup", "import autograd as ag\nag.tensor([1.0, 2.0])"),
            files.cell("code", "answer-1-1", "lesson = 0"),
        ]
        path.write_text(files.dumps(files.new(cells[:2])), encoding="utf-8")
        assert main(["html", "--out", str(tmp_path / "html"), str(path)]) == 0
        page = (tmp_path / "html" / "01_small.html").read_text(encoding="utf-8")
        assert "<msup><mi>x</mi><mn>2</mn></msup>" in page
        assert 'href="02_next.html#there"' in page
        assert "Tensor" in page or "<table" in page
        assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", page)
        assert "01_small.html" in (tmp_path / "html" / "index.html").read_text(encoding="utf-8")

    @pytest.mark.browser
    def test_a_page_in_a_browser(self, tmp_path, browser_path):
        from playwright.sync_api import sync_playwright

        path = files.notebooks()[0]
        assert main(["html", "--out", str(tmp_path), str(path)]) == 0
        told, asked = [], []
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=browser_path, args=["--no-sandbox"]
            )
            page = browser.new_page()
            page.on("console", lambda message: told.append(message.text))
            page.on("pageerror", lambda error: told.append(str(error)))
            page.on("request", lambda request: asked.append(request.url))
            page.goto((tmp_path / f"{path.stem}.html").as_uri())
            square = page.locator("math msup").first.bounding_box()
            page.get_by_role("button", name="Next").first.click(timeout=5000)
            stepped = page.get_by_text("step 1 of 4").count()
            browser.close()
        assert told == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
        assert square["width"] > 5 and square["height"] > 5
        assert stepped >= 1


@pytest.mark.parametrize(
    ("number", "code", "told"),
    [
        ("9.4", "answer = np.tile(np.array([[1.0], [2.0], [3.0], [4.0]]), 4) * [[0, 1, 1, 1]] + 0.0", None),
        ("9.4", "answer = np.ones((4, 4))", "not all the same"),
        ("9.4", "answer = np.ones((3, 4))", "of shape (4, 4)"),
    ],
)  # fmt: skip
def test_pictures_are_looked_at_before_they_are_pooled(number, code, told):
    verdict = judge(number, answer_of(code), "ada")
    assert not verdict.right
    if told:
        assert told in verdict.text


def test_a_padding_may_be_given_for_both_axes():
    task = next(e for e in ALL if "Which `padding` keeps the size" in e.task("ada").question)
    right = answer_of(task.task("ada").solution)
    assert judge(task.number, right, "ada").right
    assert judge(task.number, (right, right), "ada").right
    assert not judge(task.number, (right, right + 1), "ada").right


def test_a_gradient_that_is_finite_and_wrong_is_told():
    task = next(e for e in ALL if e.number.startswith("11") and "\\ln x" in e.task("ada").question)
    code = task.task("ada").solution
    verdict = judge(task.number, answer_of(code), "ada")
    assert verdict.right
    doubled = answer_of(code)

    def wrong(x):
        y = doubled(x)
        return y + (y * 2.0 - (y * 2.0).detach())

    assert "should be 1/x above 0" in judge(task.number, wrong, "ada").text
