"""Exercise sheets: they check themselves, and do not hold what they ask for."""

import base64
import json
import re
import zlib

import numpy as np
import pytest

from nn.lesson import Sheet, files, sheets
from nn.lesson.exercise import exercises
from nn.lesson.judges import Choice, Equals, equals

KEY = "0123456789abcdef" * 4
ALL = exercises()


def answer_of(code):
    names: dict[str, object] = {}
    exec("import numpy as np\nimport autograd as ag\nimport nn\n" + code, names)
    return names["answer"]


@pytest.fixture(scope="module")
def notebook():
    return sheets.make(KEY, "ada", solved=False)


@pytest.fixture(scope="module")
def sheet(notebook):
    return sheets.carried(notebook)


def unpacked(notebook):
    cell = next(each for each in notebook["cells"] if each["id"] == "sheet")
    text = re.search(r'"""([^"]*)"""', "".join(cell["source"])).group(1)
    return zlib.decompress(base64.b64decode("".join(text.split()))).decode()


@pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.number)
class TestExercise:
    def test_the_solution_opens_the_reason(self, sheet, exercise):
        task = sheets.task_of(KEY, "ada", exercise.number)
        verdict = sheet.judge(exercise.number, answer_of(task.solution))
        assert (verdict.right, verdict.text) == (True, f"{exercise.number}: right. {task.why}")

    def test_a_wrong_answer_earns_the_hint_that_the_notebook_would_give(self, sheet, exercise):
        task = sheets.task_of(KEY, "ada", exercise.number)
        wrong = answer_of(task.wrong)
        verdict = sheet.judge(exercise.number, wrong)
        assert verdict.right is False
        if isinstance(task.judge, (Equals, Choice)):
            assert verdict.text == f"{exercise.number}: not yet. {task.judge(wrong)}"

    def test_no_answer_is_not_wrong(self, sheet, exercise):
        task = sheets.task_of(KEY, "ada", exercise.number)
        assert sheet.judge(exercise.number, answer_of(task.start)).right is None

    def test_nonsense_is_no_crash(self, sheet, exercise):
        for nonsense in ("?", object(), [[1], [2, 3]], float("nan"), lambda *_: "?"):
            assert sheet.judge(exercise.number, nonsense).right is False

    def test_what_it_carries_holds_neither_solution_nor_reason(self, notebook, exercise):
        task = sheets.task_of(KEY, "ada", exercise.number)
        lock = json.loads(unpacked(notebook))["exercises"][exercise.number]
        if not isinstance(task.judge, (Equals, Choice)):
            assert list(lock) == ["seed"]
            return
        everything = json.dumps(
            {name: lock[name] for name in lock if name not in ("hints", "otherwise", "words")}
        )
        assert task.solution not in everything and task.why not in everything
        shown = {name: lock[name] for name in lock if name in ("step", "shape")}
        right = task.judge.right() if isinstance(task.judge, Equals) else task.judge.right
        assert not any(np.array_equal(value, right) for value in shown.values())


def test_without_the_key_nobody_draws_the_numbers_again(notebook):
    other = sheets.make("f" * 64, "ada", solved=False)
    asked = [
        "".join(each["source"]) for each in notebook["cells"] if each["id"].startswith("exercise-")
    ]
    drawn = [
        "".join(each["source"]) for each in other["cells"] if each["id"].startswith("exercise-")
    ]
    assert sum(a != b for a, b in zip(asked, drawn, strict=True)) > len(ALL) / 2
    assert KEY not in files.dumps(notebook) and KEY not in unpacked(notebook)


def test_the_same_key_and_name_give_the_same_sheet(notebook):
    assert sheets.make(KEY, "ada", solved=False) == notebook
    assert sheets.make(KEY, "bob", solved=False) != notebook


def test_a_sheet_belongs_to_its_key_name_and_exercises(notebook):
    sheet = sheets.carried(notebook)
    assert sheets.belongs(KEY, sheet)
    assert not sheets.belongs("f" * 64, sheet)
    sheet.student = "bob"
    assert not sheets.belongs(KEY, sheet)
    data = json.loads(unpacked(notebook))
    del data["exercises"]["1.1"]
    fewer = Sheet(base64.b64encode(zlib.compress(json.dumps(data).encode())).decode())
    assert not sheets.belongs(KEY, fewer)


def locked(right, hints=(), within=1e-4):
    judge = equals(lambda: right, "otherwise", hints, within)
    lock = sheets._lock(judge, "because", "salt")
    return lambda answer: sheets._judged(lock, answer)


@pytest.mark.parametrize("right", [2.302585, (0.5, -0.8, 0.3), 123456.789, 1e-3, np.eye(3) / 3])
def test_numbers_are_accepted_as_near_as_the_judge_accepts_them(right):
    judged = locked(right)
    scale = max(1.0, np.max(np.abs(right)))
    for off in (0.0, 0.99e-4, -0.99e-4):
        assert judged(np.asarray(right) + off * scale) == (None, "because")
    assert judged(np.asarray(right) + 0.03 * scale)[0] == "otherwise"


def test_a_sheet_gives_the_hints_that_go_with_any_numbers():
    judged, open_judge = locked((3, 5, 4)), equals(lambda: (3, 5, 4), "otherwise")
    for answer in (
        [-3, -5, -4],
        [4, 5, 3],
        [5, 3, 4],
        [4, 6, 5],
        [[3, 5, 4]],
        [3, 5],
        3,
        "3",
        [9, 9, 9],
    ):
        assert judged(answer) == (open_judge(answer), "")
    one = locked(48_030)
    assert one(48_030) == (None, "because") and "off by one" in one(48_031)[0]
    assert one(-48_030) == ("The sign is wrong.", "")
    twice = locked(3, [(7, "First."), (7, "Second.")])
    assert twice(7) == ("First. Or: Second.", "")


def test_whole_numbers_are_accepted_as_such():
    judged = locked((2, 3), [((3, 2), "swapped"), ((2.5, 3), "half")])
    assert judged((2.0, 3.0000001)) == (None, "because")
    assert judged([3, 2]) == ("swapped", "")
    assert judged((2.5, 3)) == ("half", "")
    assert judged((2, 4)) == ("otherwise", "")
    assert "a list of 3 numbers" in judged((2, 3, 4))[0]
    assert "made of numbers" in judged("two")[0]


def test_an_unknown_exercise_is_named(sheet):
    with pytest.raises(ValueError, match=r"no exercise '99\.1'"):
        sheet.check("99.1", 1)


@pytest.mark.parametrize(
    "text", ["", "?", "AAAA", base64.b64encode(zlib.compress(b"[1]")).decode()]
)
def test_a_damaged_sheet_says_so(text):
    with pytest.raises(ValueError, match="not the text of an exercise sheet"):
        Sheet(text)


def test_a_key_is_made_once_and_looked_at(tmp_path):
    path = tmp_path / "lesson.key"
    with pytest.raises(ValueError, match="there is no key"):
        sheets.read_key(path)
    key = sheets.read_key(path, make=True)
    assert sheets.read_key(path, make=True) == key
    assert path.stat().st_mode & 0o077 == 0
    path.write_text("secret")
    with pytest.raises(ValueError, match="is no key"):
        sheets.read_key(path)
