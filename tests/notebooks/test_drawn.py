"""A sheet that was handed out keeps its numbers, its answers and what it says to wrong ones.

Beside this file stands what exercises draw for two students. One that shall draw otherwise is
recorded anew with ``python -m tests.notebooks.test_drawn``, and the difference is read before it is kept:
sheets that were handed out before cannot be graded any more.
"""

import json
import re
from pathlib import Path

import pytest

from nn.lesson.exercise import Equals, exercises, numbers

RECORDED = Path(__file__).with_name("drawn.json")
STUDENTS = ("ada", "blaise")
ALL = exercises()
RECORD = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}


def rounded(value):
    """Numbers with as many digits as every machine gives them, as text: no NaN is equal to itself."""
    found = numbers(value)
    return None if found is None else [f"{n:.6g}" for n in found.ravel()]


def drawn(exercise, student):
    """The numbers of a task: those that one reads, the answer, and the wrong ones that are known."""
    task = exercise.task(student)
    read = re.findall(r"\d+(?:\.\d+)?|'[a-e]'", task.question + task.start + task.solution)
    found = {"read": " ".join(read)}
    if isinstance(task.judge, Equals):
        found["right"] = rounded(task.judge.right())
        found["wrong"] = [rounded(value) for value, _ in task.judge.hints]
    return found


@pytest.mark.parametrize("exercise", ALL, ids=lambda each: each.number)
def test_a_sheet_that_was_handed_out_stays_what_it_was(exercise):
    for student in STUDENTS:
        have, promised = drawn(exercise, student), RECORD[exercise.number][student]
        again = "python -m tests.notebooks.test_drawn records it anew"
        assert have["read"] == promised["read"], again
        assert have.get("right") == promised.get("right"), again
        forgotten = [n for n in promised.get("wrong", ()) if n not in have["wrong"]]
        assert forgotten == [], again  # more hints may come


if __name__ == "__main__":
    made = {each.number: {student: drawn(each, student) for student in STUDENTS} for each in ALL}
    lines = [f"{json.dumps(number)}: {json.dumps(entry)}" for number, entry in made.items()]
    RECORDED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
