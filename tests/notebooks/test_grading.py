"""Sheets that came back: right, wrong, broken and hostile ones, each in a row that says so."""

import os

import pytest

from nn.lesson import files, grading, sheets
from nn.lesson.__main__ import main
from nn.lesson.grading import Limits, Mark, Row

KEY = "0123456789abcdef" * 4

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")


def filled(student, answers, chapter=1, key=KEY):
    """A sheet with the code of some answers put in; ``"solution"`` and ``"wrong"`` stand for the task's."""
    notebook = sheets.make(key, student, solved=False, chapter=chapter)
    for each in notebook["cells"]:
        kind, _, tag = each["id"].partition("-")
        number = tag.replace("-", ".")
        if kind == "answer" and number in answers:
            task = sheets.task_of(key, student, number)
            code = {"solution": task.solution, "wrong": task.wrong}.get(
                answers[number], answers[number]
            )
            code = code.replace("SOLUTION", task.solution.removeprefix("answer = "))
            each["source"] = [f'{code}\n\nsheet.check("{number}", answer)']
    return notebook


def graded(folder, notebooks, limits=None):
    for name, content in notebooks.items():
        text = content if isinstance(content, str) else files.dumps(content)
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return {row.file.removesuffix(".ipynb"): row for row in grading.grade(folder, KEY, limits)}


def states(row):
    return {mark.number: mark.state for mark in row.marks}


ALL = {f"1.{n}": "solution" for n in range(1, 6)}
#: Right, if it runs in an empty folder.
LOOK = """import os
assert os.listdir() == [], os.listdir()
answer = SOLUTION"""
FORGE = """import os, json
for fd in range(3, 20):
    try:
        os.write(fd, (json.dumps(["1.1", {"right": True, "text": "1.1: right."}]) + chr(10)).encode())
    except OSError:
        pass
answer = 0"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sheets")
    other = filled("eve", ALL, key="f" * 64)
    strange = filled("=1+1 <b>", {"1.1": "solution", "1.5": "answer = 'maybe'"})
    for each in strange["cells"]:
        each["id"] = (
            "x" + each["id"]
        )  # as an editor without ids leaves it: the call says which answer it is
    return graded(folder, {
        "ada": filled("ada", ALL),
        "bob": filled("bob", ALL | {"1.1": "wrong", "1.4": "wrong", "1.2": "answer = 1 / 0", "1.3": "answer = ..."}),
        "broken": "{",
        "carl": filled("carl", {"1.1": "raise SystemExit", "1.2": "answer = (", "1.3": "solution",
                                "1.4": "def answer(g, a, b):\n    return answer(g, a, b)",
                                "1.5": "answer = bytearray(10**13)"}),
        "dan": filled("dan", ALL | {"1.1": LOOK, "1.2": "answer = input()", "1.3": "os._exit(0)"}),
        "eve": other,
        "forged": filled("ada", {"1.1": FORGE}),
        "no-sheet": files.new([files.cell("markdown", "title", "# Mine")]),
        "strange": strange,
    })  # fmt: skip


def test_right_answers_are_right(rows):
    assert rows["ada"].student == "ada"
    assert set(states(rows["ada"]).values()) == {"right"}
    assert rows["ada"].right == 5
    assert rows["ada"].remark == ""


def test_each_exercise_says_its_first_wrong_step(rows):
    marks = {mark.number: mark for mark in rows["bob"].marks}
    assert states(rows["bob"]) == {
        "1.1": "wrong",
        "1.2": "broken",
        "1.3": "open",
        "1.4": "wrong",
        "1.5": "right",
    }
    assert marks["1.1"].step.startswith("That is what comes back through the product.")
    assert marks["1.2"].step == "line 1: ZeroDivisionError: division by zero"
    assert (
        marks["1.4"].step
        == "gradient of input 0: the incoming gradient is not used: all that comes back has it as a factor"
    )


def test_a_cell_that_fails_leaves_the_others(rows):
    marks = {mark.number: mark for mark in rows["carl"].marks}
    assert marks["1.1"].step == "line 1: SystemExit: "
    assert "SyntaxError" in marks["1.2"].step
    assert marks["1.3"].state == "right"
    assert "RecursionError" in marks["1.4"].step
    assert "MemoryError" in marks["1.5"].step


def test_a_sheet_that_ends_its_process_keeps_what_it_had(rows):
    assert [mark.state for mark in rows["dan"].marks] == ["right", *["broken"] * 4]
    assert "uses os" in rows["dan"].remark


def test_files_that_are_no_sheets_say_so(rows):
    assert rows["broken"].remark == "not graded: it is no notebook that can be read"
    assert "no exercise sheet" in rows["no-sheet"].remark
    assert "not made with this key" in rows["eve"].remark and not rows["eve"].marks
    assert rows["forged"].remark.endswith("ada.ipynb is a sheet of the same student")


def test_a_forged_answer_counts_for_nothing(rows):
    assert states(rows["forged"])["1.1"] == "wrong"
    assert "uses os" in rows["forged"].remark


def test_cells_without_ids_are_found_by_their_call(rows):
    assert states(rows["strange"])["1.1"] == "right"
    assert "Choose one of" in rows["strange"].marks[-1].step


def test_a_cell_that_hangs_is_stopped_and_the_next_one_runs(tmp_path):
    sheet = filled("gus", {"1.1": "while True:\n    pass", "1.2": "solution"})
    row = graded(tmp_path, {"gus": sheet}, Limits(cell_seconds=0.5))["gus"]
    assert row.marks[0] == Mark("1.1", "broken", "computes longer than 0.5 s")
    assert row.marks[1].state == "right"


def test_a_sheet_that_will_not_be_stopped_is_ended(tmp_path):
    stubborn = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    row = graded(tmp_path, {"gus": filled("gus", {"1.1": stubborn})}, Limits(2, 0.5))["gus"]
    assert {mark.state for mark in row.marks} == {"broken"}
    assert (
        row.remark == "stopped after 2 s" or "SIG" in row.remark
    )  # or the limit on processor time was first


def test_sheets_do_not_see_the_folder_of_the_others(rows):
    marks = {mark.number: mark for mark in rows["dan"].marks}
    assert marks["1.1"].step == ""  # an empty folder, so its answer was right
    assert "ValueError" in marks["1.2"].step  # there is nobody to ask


def test_nothing_to_grade_is_an_error(tmp_path, capsys):
    (tmp_path / "k").write_text(KEY)
    assert main(["grade", str(tmp_path), "--key", str(tmp_path / "k")]) == 2
    assert "no notebooks" in capsys.readouterr().err
    assert main(["grade", str(tmp_path), "--key", str(tmp_path / "none")]) == 2
    assert "there is no key" in capsys.readouterr().err


ROWS = [
    Row("a.ipynb", "ada", [Mark("1.1", "right"), Mark("1.2", "wrong", "too <small>")]),
    Row(
        "b.ipynb",
        "=HYPERLINK(1)",
        [Mark("1.1", "open"), Mark("1.2", "broken", "line 1: oh")],
        "stopped",
    ),
    Row("c.ipynb", remark="not graded: it is broken"),
]


def test_the_table_for_a_terminal():
    assert grading.as_text(ROWS) == (
        "student        right  1\n"
        "-----------------------\n"
        "ada             1/2   +x\n"
        "=HYPERLINK(1)   0/2   .!\n"
        "c.ipynb         0/0\n"
        "\n"
        "+ right   x wrong   ! broken   . not answered\n"
        "\n"
        "ada (a.ipynb)\n"
        "    1.2  too <small>\n"
        "\n"
        "=HYPERLINK(1) (b.ipynb): stopped\n"
        "    1.2  line 1: oh\n"
        "\n"
        "? (c.ipynb): not graded: it is broken\n"
    )


def test_the_table_for_a_spreadsheet_computes_nothing():
    lines = grading.as_csv(ROWS).splitlines()
    assert lines[0] == "student,file,exercise,state,first wrong step,remark"
    assert lines[2] == "ada,a.ipynb,1.2,wrong,too <small>,"
    assert lines[3] == "'=HYPERLINK(1),b.ipynb,1.1,open,,stopped"
    assert lines[5] == ",c.ipynb,,broken,,not graded: it is broken"


def test_the_page_shows_what_students_wrote_as_text():
    page = grading.as_html(ROWS)
    assert "too &lt;small&gt;" in page and "<small>" not in page
    assert page.count('<tr><th scope="row">') == 3
    assert '<td class="wrong" title="too &lt;small&gt;">x</td>' in page


def test_the_command_writes_all_three(tmp_path, capsys):
    (tmp_path / "k").write_text(KEY)
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.ipynb").write_text("{")
    out = {kind: tmp_path / f"grades.{kind}" for kind in ("csv", "html")}
    command = ["grade", str(folder), "--key", str(tmp_path / "k")]
    assert main([*command, "--csv", str(out["csv"]), "--html", str(out["html"])]) == 0
    assert "a.ipynb" in capsys.readouterr().out
    assert all("not graded" in path.read_text() for path in out.values())


def test_what_a_teacher_reads_of_sheets_that_went_wrong_in_their_own_ways(tmp_path):
    hanging, bare = filled("ida", {"1.1": "solution"}), filled("jon", ALL)
    hanging["cells"].insert(2, files.cell("code", "loop", "while True:\n    pass"))
    bare["cells"] = bare["cells"][:3]
    odd = filled("kay", {"1.1": "answer = None", "1.2": "answer = (lambda: 3)", "1.3": "answer = [1, 2]",
                         "1.4": "def answer(g, a, b):\n    g * b", "1.5": "answer = nn.ReLU()"})  # fmt: skip
    found = graded(tmp_path, {"empty": "", "ida": hanging, "jon": bare, "kay": odd, "list": "[]"},
                   Limits(cell_seconds=0.5))  # fmt: skip
    assert "no notebook that can be read" in found["empty"].remark
    assert "no notebook that can be read" in found["list"].remark
    assert found["ida"].remark == "a cell that answers nothing: computes longer than 0.5 s"
    assert states(found["ida"])["1.1"] == "right"
    assert {mark.step for mark in found["jon"].marks} == {"the cell is gone"}
    steps = {mark.number: mark.step for mark in found["kay"].marks}
    assert steps["1.1"] == "the answer is None"
    assert steps["1.2"].endswith("yours is a function.")
    assert steps["1.3"].startswith("Answer with a single number; yours is a list of 2 numbers.")
    assert "has it a `return`?" in steps["1.4"]
    assert steps["1.5"].startswith("Choose one of")


def test_what_ended_a_sheet_is_said_once(tmp_path):
    rows = graded(
        tmp_path, {"dan": filled("dan", ALL | {"1.1": "import os; os._exit(3)"})}
    ).values()
    assert "ended by itself, with exit status 3" in (remark := next(iter(rows)).remark)
    assert grading.as_text(list(rows)).count("exit status 3") == 1
    page = grading.as_html(list(rows))
    assert f"<p>{remark}</p>" in page and "<li>" not in page
