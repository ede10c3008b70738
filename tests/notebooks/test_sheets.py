"""Exercise sheets: they check themselves, and do not hold what they ask for."""

import base64
import json
import math
import re
import zlib

import numpy as np
import pytest

from nn.lesson import Sheet, files, sheets
from nn.lesson.exercise import exercises
from nn.lesson.judges import Choice, Equals, choice, equals

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


@pytest.mark.parametrize(
    "right", [2.302585, (0.5, -0.8, 0.3), 123.4567, (-1.05, -420), 123456.789, 1e-3, np.eye(3) / 3]
)
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


def test_what_was_handed_out_can_be_graded_with_every_later_version():
    """What is derived from a key, and what locks an answer, stays as it was when sheets were first made."""
    assert sheets.seed_of(KEY, "ada", "1.1") == "e9551efd7335757243a2888baef30735"
    assert sheets._tag(KEY, "ada", ["1.1", "2.3"]) == "407cc23a162bb86f"
    judge = equals(lambda: (0.5, -0.8, 0.3), "otherwise", [((1, 2, 3), "hint")])
    assert sheets._lock(judge, "because it is so, and so are 32 more bytes", "salt") == {
        "shape": [3],
        "step": 0.01,
        "otherwise": "otherwise",
        "salt": "salt",
        "right": "663d6bd52c8402f986b9e803",
        "hints": [["abb0a6e062d1aeae3355bbc2", "hint", 1.0]],
        "why": "r99EMI3h4hC+V5OrhO5TlLuTKEEaBUNTX/DX6mTg8VbAhzza09RXfLrL",
    }
    assert sheets._lock(choice("yes", {"no": "look"}), "because", "salt") == {
        "words": "'no', 'yes'",
        "salt": "salt",
        "right": "7703d210d71a2c68d299e6f6",
        "hints": [["3aaa5318a8156a4e70a6c263", "look"]],
        "why": "DERuxqG0lQ==",
    }


@pytest.mark.parametrize("solved", [False, True])
def test_a_sheet_has_a_question_and_a_cell_for_each_exercise(solved):
    made = sheets.make(KEY, "ada", solved, chapter=2)
    chosen = exercises(2)
    tags = [each.number.replace(".", "-") for each in chosen]
    kinds = ("exercise", "answer", "why") if solved else ("exercise", "answer")
    ids = ["title", "setup", *([] if solved else ["sheet"])]
    assert [each["id"] for each in made["cells"]] == ids + [f"{k}-{t}" for t in tags for k in kinds]
    text = {each["id"]: "".join(each["source"]) for each in made["cells"]}
    assert text["title"].startswith("# Solutions: ada" if solved else "# Exercises: ada")
    assert all(len(line) <= 100 for line in text.get("sheet", "").splitlines())
    for each, tag in zip(chosen, tags, strict=True):
        task = sheets.task_of(KEY, "ada", each.number)
        asked = f"### Exercise {each.number}: {each.title}\n\n{task.question}"
        assert text[f"exercise-{tag}"] == asked
        if solved:
            assert (text[f"answer-{tag}"], text[f"why-{tag}"]) == (task.solution, task.why)
        else:
            call = f'sheet.check("{each.number}", answer)'
            assert text[f"answer-{tag}"] == f"{task.start}\n\n{call}"
    for each in made["cells"]:
        code = each["id"] in ("setup", "sheet") or each["id"].startswith("answer")
        assert each["cell_type"] == ("code" if code else "markdown")


@pytest.mark.parametrize(
    ("right", "answers", "hint"),
    [
        ((0.5, 0.25), [(-0.5, -0.25)], "All signs are the wrong way round."),
        (7, [6, 8], "Nearly: it is off by one."),
        ((7, 9), [(6, 8), (8, 10)], "Nearly: each is off by one."),
        ((0.1, 0.2, 0.3, 0.4), [(0.2, 0.1, 0.4, 0.3)], "The right numbers, in the wrong order."),
        ((0.1, 0.2, 0.3, 0.4, 0.5), [(0.2, 0.1, 0.3, 0.4, 0.5)], "otherwise"),
        (((0.1, 0.2), (0.3, 0.4)), [((0.1, 0.3), (0.2, 0.4))], "rows and columns exchanged"),
        ((0.1, 0.2), [0.1], "Answer with a list of 2 numbers; yours is a single number."),
        (0.1, [(0.1,)], "The numbers are right; give them as a single number."),
        (0.1, [(0.1, 0.2)], "a single number; yours is a list of 2 numbers."),
        (((0.1, 0.2),), [(0.1, 0.2)], "give them as a list of 1 lists of 2 numbers."),
        ((0.1,), [((0.1, 0.1), (0.1, 0.1))], "a list of 1 number; yours is a list of 2 lists of 2"),
        ((7, 9), [(7, float("inf")), (7, float("nan")), (0.4, 9)], "otherwise"),
    ],
)
def test_sheets_and_notebooks_give_the_same_hints(right, answers, hint):
    judged, open_judge = locked(right), equals(lambda: right, "otherwise")
    for answer in answers:
        found, why = judged(answer)
        assert hint in found and why == ""
        # A notebook counts besides how many of several numbers are right; locks hold them all together.
        assert open_judge(answer).endswith(found)


@pytest.mark.parametrize(
    ("within", "largest", "step"),
    [
        (0.05, 0.5, 2.0), (1e-4, 123.4567, 2.0), (0.0500001, 0.5, 10.0), (0.0005, 0.5, 0.01), (0.0004, 0.5, 0.01),
        (1e-4, 0.5, 0.01), (1e-4, 4.5, 0.01), (1e-4, 5.5, 0.1), (1e-4, -5.5, 0.1), (1e-12, 0.5, 1e-7),
        (1e-4, 3.0, 1.0), (1e-4, 48_030.0, 1.0),
    ],
)  # fmt: skip
def test_how_finely_numbers_are_told_apart(within, largest, step):
    """A power of ten, at least twenty times what an answer may be off; 1 is of whole numbers alone."""
    assert sheets._step(np.array([largest, 0.0]), within) == pytest.approx(step, rel=1e-12)


def test_numbers_beside_a_limit_of_rounding_may_be_written_in_two_ways():
    def ways(*numbers, step=0.01):
        return list(sheets._near(np.array(numbers), step))

    for sign in (1, -1):
        assert ways(sign * 0.053998) == [f"(1,):[{sign * 5}]"]
        assert ways(sign * 0.054002) == [f"(1,):[{sign * 5}]", f"(1,):[{sign * 6}]"]
        assert ways(sign * 0.055998) == [f"(1,):[{sign * 6}]", f"(1,):[{sign * 5}]"]
        assert ways(sign * 0.056002) == [f"(1,):[{sign * 6}]"]
        assert ways(sign * 3.0009, step=1.0) == [f"(1,):[{sign * 3}]"]
        assert ways(sign * 3.0011, step=1.0) == [] == ways(math.inf) == ways(math.nan)
    assert ways(12.34549, step=0.001) == ["(1,):[12345]", "(1,):[12346]"]
    assert ways(0.0545, 0.0345) == ["(2,):[5, 3]", "(2,):[5, 4]", "(2,):[6, 3]", "(2,):[6, 4]"]
    assert len(set(ways(*[0.0545] * 6))) == 64 == len(set(ways(*[0.0545] * 7)))


@pytest.mark.parametrize("scale", [0.5, 7.3, -420.0])
def test_every_answer_that_is_near_enough_is_written_as_the_right_one_is(scale):
    for k in range(1, 400):
        right = np.array([scale * k / 399.7, scale])
        step = sheets._step(right, 1e-4)
        written = sheets._written(right.shape, np.round(right / step))
        for off in (0.99e-4, -0.99e-4):
            answer = right + off * max(1.0, abs(scale))
            assert written in sheets._near(answer, step), (right, off)
