"""Sheets that came back: right, wrong, broken and hostile ones, each in a row that says so."""

import io
import json
import os
import signal
import sys
from html.parser import HTMLParser

import pytest

from nn import lesson
from nn.lesson import files, grading, run_sheet, sheets
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


# -- what runs in the sheet's own process, run in this one ----------------------------------------


@pytest.fixture
def answers(monkeypatch, tmp_path):
    """Runs cells as a sheet's process does, but for its limits; gives what it answers."""
    for name in ("Sheet", "check"):
        monkeypatch.setattr(lesson, name, getattr(lesson, name))  # put back in the end
    monkeypatch.setattr(run_sheet, "limit", lambda megabytes, seconds: None)
    ring = signal.getsignal(signal.SIGPROF)

    def run(*cells, seeds=None):
        writing = os.open(tmp_path / "answers", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        order = {"cells": cells, "seeds": seeds or {}, "answers": writing, "megabytes": 1, "seconds": 1,
                 "cell_seconds": 60.0}  # fmt: skip
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(order) + "\n"))
        assert run_sheet.main() == 0
        return [json.loads(line) for line in (tmp_path / "answers").read_text().splitlines()]

    yield run
    signal.signal(signal.SIGPROF, ring)


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("answer = [1, 2.5]", {"shape": [2], "numbers": [1.0, 2.5]}),
        ("answer = 7", {"shape": [], "numbers": [7.0]}),
        ("answer = 'flat'", {"word": "flat"}),
        ("answer = 'x' * 999", {"word": "x" * 200}),
        ("answer = ...", {"nothing": True}),
        ("answer = None", {"trouble": "the answer is None"}),
        ("pass", {"trouble": "the cell sets no `answer`"}),
        ("\nanswer = 1 / 0", {"trouble": "line 2: ZeroDivisionError: division by zero"}),
        ("raise SystemExit", {"trouble": "line 1: SystemExit: "}),
        ("answer = (", {"trouble": "line 1: SyntaxError: '(' was never closed"}),
        ("%matplotlib inline\n!ls\nanswer = 1", {"shape": [], "numbers": [1.0]}),
        ("from nn.lesson import Sheet\nanswer = Sheet('x').check('1.1', 3)", {"trouble": "the answer is None"}),
    ],
)  # fmt: skip
def test_an_answer_is_handed_back_as_it_is(answers, code, found):
    assert answers([code, "1.1"]) == [["1.1", found]]


def test_an_answer_of_too_many_numbers_is_a_thing(answers):
    assert run_sheet.MOST_NUMBERS == 10_000
    (few, many) = answers(["answer = [0] * 10_000", "1.1"], ["answer = [0] * 10_001", "1.2"])
    assert len(few[1]["numbers"]) == 10_000
    assert list(many[1]) == ["thing"] and len(many[1]["thing"]) <= 200


def test_an_answer_that_cannot_be_looked_at_is_trouble(answers):
    code = "class Odd:\n    def __getattribute__(self, name):\n        raise KeyError(name)\nanswer = Odd()"
    ((_, found),) = answers([code, "1.1"])
    assert found == {"trouble": "KeyError when it is looked at"}


def test_names_go_from_cell_to_cell_but_no_answer_does(answers):
    assert answers(["a = 3\nanswer = 1", None], ["answer = a", "1.1"], ["b = 1", "1.2"]) == [
        ["1.1", {"shape": [], "numbers": [3.0]}],
        ["1.2", {"trouble": "the cell sets no `answer`"}],
    ]


def test_a_cell_that_answers_nothing_tells_its_trouble_alone(answers):
    assert answers(["1 / 0", None], ["fine = 1", None]) == [
        [None, {"trouble": "line 1: ZeroDivisionError: division by zero"}]
    ]


def test_what_has_to_be_run_is_judged_there(answers):
    seed, task = {"1.4": sheets.seed_of(KEY, "ada", "1.4")}, sheets.task_of(KEY, "ada", "1.4")
    for code, right in ((task.solution, True), (task.wrong, False)):
        ((number, found),) = answers([code, "1.4"], seeds=seed)
        assert number == "1.4" and found["right"] is right and found["text"]
    ((_, found),) = answers(["def answer(*given):\n    return answer(*given)", "1.4"], seeds=seed)
    assert not found.get("right")


def test_a_cell_is_stopped_after_its_time(monkeypatch):
    ring = signal.getsignal(signal.SIGPROF)
    try:
        assert run_sheet._run("while True: pass", {}, 0.05) == "computes longer than 0.05 s"
        assert run_sheet._run("x = 1", {}, 60.0) == ""
        assert signal.getitimer(signal.ITIMER_PROF)[0] == 0.0, "the clock still runs"
    finally:
        signal.signal(signal.SIGPROF, ring)
    monkeypatch.delattr(signal, "setitimer")  # as on Windows, where the whole sheet has a limit
    assert run_sheet._run("x = 1", {}, 0.0) == ""


def test_every_limit_is_set_once(monkeypatch):
    resource = pytest.importorskip("resource", reason="needs the limits of POSIX systems")
    given = {}
    monkeypatch.setattr(resource, "setrlimit", lambda what, most: given.setdefault(what, most))
    run_sheet.limit(100, 7)
    assert given == {
        resource.RLIMIT_AS: (100 * 2**20,) * 2, resource.RLIMIT_CPU: (7, 7),
        resource.RLIMIT_FSIZE: (2**22,) * 2, resource.RLIMIT_CORE: (0, 0),
    }  # fmt: skip
    monkeypatch.setitem(sys.modules, "resource", None)
    given.clear()
    run_sheet.limit(100, 7)
    assert given == {}


@pytest.mark.parametrize(
    ("source", "number"),
    [("sheet.check('1.1', answer)", "1.1"), ("check(1.1)", None), ("a.check()\nb.check(3)", None),
     ("a.check(x)\nb.check('2.3')", "2.3"), ("answer = (", None)],
)  # fmt: skip
def test_a_cell_is_known_by_its_call(source, number):
    assert run_sheet.number_of("cell", source) == number
    assert run_sheet.number_of("answer-4-2", source) == "4.2"


# -- rare sheets -----------------------------------------------------------------------------------


def test_what_reaches_for_the_process_is_worth_a_look():
    told = grading._suspicious(
        ["import os.path, nn.lesson.exercise", "eval('1')", "x.__globals__", "a.run_sheet", "x = ("]
    )
    for word in ("os", "nn.lesson.exercise", "eval", ".__globals__", ".run_sheet"):
        assert word in told
    assert grading._suspicious(["import numpy as np\nanswer = np.sum(x)", "from . import a"]) == ""


def test_a_process_ended_by_a_signal_says_by_which():
    assert grading._how(-signal.SIGKILL) == "its process was ended by SIGKILL"
    assert grading._how(-999) == "its process was ended by signal 999"


def test_a_file_that_is_too_big_is_not_read(tmp_path, monkeypatch):
    path = tmp_path / "a.ipynb"
    path.write_text(files.dumps(filled("ada", {})), encoding="utf-8")
    assert grading._read(path)["cells"]
    monkeypatch.setattr(grading, "MOST_BYTES", path.stat().st_size - 1)
    with pytest.raises(ValueError, match="it has more than 0 MB"):
        grading._read(path)


@pytest.mark.parametrize(
    "cell", [{"cell_type": "code", "source": [3]}, {"cell_type": 3, "source": ""}, {}]
)
def test_cells_of_another_kind_are_no_notebook(tmp_path, cell):
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    with pytest.raises(ValueError, match="no notebook that can be read"):
        grading._read(path)


def test_without_process_groups_nothing_is_graded(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "killpg")
    with pytest.raises(RuntimeError, match="process groups"):
        list(grading.grade(tmp_path, KEY))


def test_a_row_without_a_fault_has_no_lines_of_its_own():
    good = Row("a.ipynb", "ada", [Mark("1.1", "right", "")])
    bad = Row("b.ipynb", "bob", [Mark("1.1", "wrong", "too small")])
    told = grading.as_text([good, bad])
    assert "(b.ipynb)" in told and "too small" in told and "(a.ipynb)" not in told


def test_short_names_stand_below_their_head():
    rows = [
        Row("a.ipynb", "al", [Mark("2.1", "right", "")]),
        Row("b", "bo", [Mark("12.3", "wrong")]),
    ]
    assert grading.as_text(rows).splitlines()[:4] == [
        "student  right  2 12",
        "--------------------",
        "al        1/1   +",
        "bo        0/1     x",
    ]


def test_a_page_is_whole():
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.seen, self.text = [], [], ""

        def handle_starttag(self, tag, attrs):
            self.seen.append((tag, *attrs))
            self.open += [] if tag == "meta" else [tag]

        def handle_startendtag(self, tag, attrs):
            self.seen.append((tag, *attrs))

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            self.text += data

    page, tags = grading.as_html(ROWS), Tags()
    tags.feed(page)
    assert page.startswith("<!DOCTYPE html>\n<html lang=") and tags.open == []
    found = [tag for tag, *_ in tags.seen]
    for tag, count in {"html": 1, "head": 1, "title": 1, "meta": 2, "style": 1, "body": 1, "main": 1,
                       "h1": 1, "h2": 3, "table": 1, "thead": 1, "tbody": 1, "tr": 4, "td": 9,
                       "ul": 3, "li": 2, "code": 3}.items():  # fmt: skip
        assert found.count(tag) == count, tag
    assert ("meta", ("charset", "utf-8")) in tags.seen
    assert (
        "meta",
        ("name", "viewport"),
        ("content", "width=device-width, initial-scale=1"),
    ) in tags.seen
    for words in ("+ right, x wrong, ! broken, . not answered", ".grades th[scope=row]", "1/2", "0/0",
                  "not graded: it is broken", "1.2 too <small>"):  # fmt: skip
        assert words in tags.text


def test_two_sheets_of_a_student_are_told_after_what_is_to_be_known_of_the_second(
    tmp_path, monkeypatch
):
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.ipynb").write_text("{}")
    monkeypatch.setattr(
        grading, "_row", lambda path, name, key, limits: Row(name, "ada", remark=f"odd {name[0]}")
    )
    assert [row.remark for row in grading.grade(tmp_path, KEY)] == [
        "odd a",
        "odd b; a.ipynb is a sheet of the same student",
        "odd c; a.ipynb is a sheet of the same student",
    ]


def test_no_more_is_read_than_twice_the_largest_sheet(monkeypatch):
    monkeypatch.setattr(grading, "MOST_BYTES", 2 * 65_536)
    for there, taken in ((10, 10), (300_000, 4 * 65_536), (10**6, 4 * 65_536)):
        assert len(grading._Reader(io.StringIO("x" * there)).text()) == taken


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("from os.path import join", "os"), ("from gc import get_objects", "gc"),
        ("import numpy.os, sys as s", "sys"), ("from .os import x", "os"), ("from nn.lesson import grading", "nn.lesson"),
        ("from nn import lesson", ""), ("import nn", ""), ("import ossature", ""), ("open('x')", "open"),
        ("opened('x')", ""), ("x.__class__", ".__class__"), ("x.class__", ""), ("x.exercise", ".exercise"),
        ("x.exercises", ""), ("exercise", ""), ("__import__('x')", "__import__"), ("x = 'exec'", ""),
        ("exec; eval", "eval, exec"),
    ],
)  # fmt: skip
def test_names_that_are_worth_a_look(source, told):
    found = grading._suspicious(["x = (", source])
    assert found == (f"uses {told}: have a look at it" if told else "")
