"""What a wrong answer is told: tables of some 1,200, at least ten for each exercise."""

import dataclasses
import re
import warnings

import numpy as np
import pytest

import autograd as ag
import nn
from nn import lesson
from nn.lesson import exercise
from nn.lesson.exercise import exercises, find, judge
from nn.lesson.judges import (
    Equals,
    choice,
    described,
    equals,
    function_of,
    gradient_of,
    reason,
)
from tests.notebooks.more_wrong_answers import AGAIN
from tests.notebooks.wrong_answers import GENERAL, WRONG

#: What no student should read: names of what runs the answer, and the admission that nothing was found.
INNER = re.compile(
    r"my_backward|gufunc|core dimension|compare:|<locals>|watched|0x[0-9a-f]{4}|Traceback|positional "
    r"argument|no simple mistake|NoneType|gradcheck"
)


def answer_of(code):
    names = {"np": np, "ag": ag, "nn": nn, "print": lambda *_: None}
    if re.match(r"def |answer =", code):
        exec(code, names)
        return names["answer"]
    return eval(code, names)


def test_there_are_ten_wrong_answers_at_least_to_every_exercise():
    assert list(WRONG) == [each.number for each in exercises()]
    assert {number: len(answers) for number, answers in WRONG.items() if len(answers) < 10} == {}


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_answer_is_told_what_is_wrong(number):
    task = find(number).task()
    wanting = []
    for code, words in [*WRONG[number], *AGAIN.get(number, ())]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the answer itself
            verdict = judge(number, answer_of(code))
        if words == GENERAL:
            assert isinstance(task.judge, Equals)
            words = task.judge.otherwise
        if verdict.right is not False or words not in verdict.text or INNER.search(verdict.text):
            wanting.append(f"{code}\n  should be told {words!r}:\n  {verdict.text}")
    assert not wanting, "\n".join(wanting)


@pytest.mark.parametrize("number", ["1.4", "2.3", "2.4", "3.4", "4.4", "7.4", "11.3"])
def test_the_numbers_behind_yours_and_numerically_are_shown(number):
    seen = 0
    for code, _ in WRONG[number]:
        text = judge(number, answer_of(code)).text
        if "yours" in text and "numerically" in text:
            seen += 1
            assert "tried with" in text and re.search(r"(; |\n  )g = ", text), text
    assert seen >= 4


@pytest.mark.parametrize("number", [each.number for each in exercises()])
def test_no_hint_gives_the_right_answer_away(number):
    task = find(number).task()
    if not isinstance(task.judge, Equals):
        return
    right = np.ravel(task.judge.right()).tolist()
    if len(right) < 3:
        return
    for hint in [task.judge.otherwise, *(hint for _, hint in task.judge.hints)]:
        said = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", hint)]
        assert said[: len(right)] != right


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ([-3, -5, -4], "All signs are the wrong way round."),
        ([4, 5, 3], "The right numbers, from the wrong end."),
        ([5, 3, 4], "The right numbers, in the wrong order."),
        ([4, 6, 5], "Nearly: each is off by one."),
        ([[3, 5, 4]], "The numbers are right; give them as a list of 3 numbers."),
        ([3, 5], "Answer with a list of 3 numbers; yours is a list of 2 numbers. Think."),
        (
            [[3, 5]],
            "Answer with a list of 3 numbers; yours is a list of 1 lists of 2 numbers. Think.",
        ),
        (3, "Answer with a list of 3 numbers; yours is a single number. Think."),
        (
            [3, 7, 8],
            "1 of your 3 numbers is right; the second and the third are not. Think.",
        ),
        ([3, 5, 8], "2 of your 3 numbers are right; the third is not. Think."),
        ([9, 9, 9], "Think."),
        ([float("nan")] * 3, "Think."),
        ("[3, 5, 4]", "without quotes; yours is '[3, 5, 4]'"),
        (lambda: 3, "yours is a function"),
        (nn.ReLU(), "yours is a layer"),
        (nn.ReLU, "yours is the class ReLU itself"),
        ([3, "five", 4], "made of numbers"),
        ([3j, 5, 4], "made of numbers"),
        ("x" * 200, "..."),
    ],
)
def test_what_happens_with_any_numbers(answer, hint):
    assert hint in equals(lambda: (3, 5, 4), "Think.")(answer)


def test_tensors_are_numbers_whether_they_need_a_gradient_or_not():
    by_value = equals(lambda: (3, 5), "Think.")
    for needs in (False, True):
        assert by_value(ag.tensor([3.0, 5.0], requires_grad=needs)) is None
    assert by_value([ag.tensor(3.0), ag.tensor(5.0)]) is None


def test_of_a_large_whole_number_the_neighbour_is_another():
    counted = equals(lambda: 48_030, "Think.")
    assert counted(48_030.0) is None
    assert "off by one" in counted(48_031) and "off by one" in counted(48_029)
    assert counted(48_030.4) == "Think."


def test_two_mistakes_that_lead_to_the_same_number_are_both_named():
    by_value = equals(
        lambda: 3, "Think.", [(7, "First."), (7, "Second."), (7, "First."), (8, "No.")]
    )
    assert by_value(7) == "First. Or: Second."


def test_none_and_an_unfinished_answer_are_told_apart(capsys):
    lesson.check("1.1", None)
    lesson.check("1.1", ...)
    lesson.check("5.1", ([..., 1], 2))
    lesson.check("1.4", lambda g, a, b: (g, ...))
    lesson.check("1.4", lambda g, a, b: None)
    said = capsys.readouterr().out.splitlines()
    assert "not yet. Your answer is None" in said[0]
    assert [line[5:] for line in said[1:4]] == ["not answered yet"] * 3
    assert "has it a `return`?" in said[4]


def test_functions_have_to_take_what_they_are_given():
    judged = function_of(["x", "w"], lambda answer: "judged")
    assert judged(lambda x, w: 0) == judged(lambda *xs: 0) == judged(max) == "judged"
    assert "it has to take x, w, in this order" in judged(lambda x: 0)
    assert "a function of x, w; yours is 3" in judged(3)
    assert "the class Conv2d itself" in judged(nn.Conv2d)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (
            "np.ones((2, 3)) @ np.ones((2, 3))",
            "the shapes in a matrix product do not fit: the left",
        ),
        ("np.dot(np.ones((2, 3)), np.ones((2, 3)))", "the shapes in a matrix product do not fit"),
        ("np.ones(2) + np.ones(3)", "shapes in it do not fit element by element."),
        ("np.zeros(2).__setitem__(slice(None), np.ones(3))", "do not fit element by element."),
        (
            "np.convolve(np.ones((2, 2)), np.ones(2))",
            "np.convolve and np.correlate take rows, with",
        ),
        (
            "bool(np.ones(2))",
            "an array or tensor of several numbers stands where one True or False",
        ),
        (
            "bool(ag.ones(2))",
            "an array or tensor of several numbers stands where one True or False",
        ),
        ("{}['oh']", "KeyError: 'oh'."),
        ("int('x. ')", "ValueError: invalid literal for int() with base 10: 'x. '."),
        ("exec('raise ValueError(\"what. \")')", "ValueError: what."),
        ("exec('raise ValueError(\"what?\")')", "ValueError: what?"),
    ],
)
def test_why_code_stopped_is_said_in_words_of_the_lesson(code, words):
    with pytest.raises(Exception) as stopped:
        eval(code)
    said = reason(stopped.value)
    assert said.startswith(words) or said.endswith(words)
    assert said == words or not words.endswith(("?", "'."))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (nn.ReLU, "the class ReLU itself"),
        (nn.ReLU(), "a layer"),
        (max, "a function"),
        (ag.zeros(2, 3), "an array of shape (2, 3)"),
        (np.zeros(3), "an array of shape (3,)"),
        (np.float64(3.0), repr(np.float64(3.0))),
        (ag.tensor(3.0), repr(ag.tensor(3.0))),
        ("x" * 78, repr("x" * 78)),
        ("x" * 79, "'" + "x" * 76 + "..."),
        (None, "None"),
    ],
)
def test_what_came_in_place_of_an_answer_is_described(value, words):
    assert described(value) == words


@pytest.mark.parametrize(
    ("right", "answer", "hint"),
    [
        (range(1, 11), [1, 2, 3, 4, 5, 6, 7, 8, 9, 99], "9 of your 10 numbers are right. Think."),
        (range(1, 10), [1, 2, 3, 4, 5, 6, 7, 8, 99], "8 of your 9 numbers are right; the ninth is not."),
        (range(1, 10), [99, 2, 3, 4, 5, 6, 7, 8, 9], "8 of your 9 numbers are right; the first is not."),
        (range(1, 10), [1, 99, 3, 4, 5, 6, 7, 99, 9], "7 of your 9 numbers are right; the second and the eighth are not."),
        (range(1, 10), [1, 99, 3, 4, 99, 6, 7, 99, 9], "6 of your 9 numbers are right. Think."),
        ((1, 2, 3), [1, 98, 99], "1 of your 3 numbers is right; the second and the third are not."),
        ((1, 20), [1, 7], "Think."),
        ((10, 20, 30), [97, 98, 99], "Think."),
        ([[1, 2], [3, 4]], [[1, 2], [3, 9]], "3 of your 4 numbers are right; the fourth is not."),
    ],
)  # fmt: skip
def test_how_many_of_several_numbers_are_right(right, answer, hint):
    said = equals(lambda: list(right), "Think.")(answer)
    assert said.startswith(hint) and said.endswith("Think.")


@pytest.mark.parametrize(
    ("right", "off", "near"),
    [
        (0.5, 0.99e-2, True), (0.5, 1.01e-2, False), (-50.0, 0.99e-3, True), (-50.0, 1.01e-3, False),
        (50.5, 0.504, True), (50.5, 0.506, False), ((0.5, -50.5), 0.504, True),
        ((0.5, -50.5), 0.506, False), (0.0, 0.99e-3, True), (0.0, 1.01e-3, False),
    ],
)  # fmt: skip
def test_an_answer_may_be_off_by_a_part_of_the_largest_number(right, off, near):
    judged = equals(lambda: right, "Think.", within=1e-2)
    for sign in (1, -1):
        assert (judged(np.asarray(right) + sign * off) is None) == near


def test_what_an_answer_does_to_its_inputs_is_not_the_judges_affair():
    """A slip is looked for with the inputs as they were given."""
    judged = gradient_of(lambda x, w: x * np.tanh(w), np.array([0.3, 2.0]), np.array([1.0, -0.5]))
    code = "def answer(g, x, w):\n    return g * np.tanh(w), 3 * g * x * (1 - np.tanh(w) ** 2)"
    judged = dataclasses.replace(judged, solution=code)

    def answer(g, x, w):
        gradients = g * np.tanh(w), 2 * g * x * (1 - np.tanh(w) ** 2)
        g *= 7
        x += 1
        w -= 1
        return gradients

    assert judged._slip(answer, 1) == "one of the numbers that go into it is off by one"
    assert judged.inputs[0].tolist() == [0.3, 2.0] and judged.inputs[1].tolist() == [1.0, -0.5]


@pytest.mark.parametrize(
    "thing",
    [find("1.1"), find("1.1").task(), judge("1.1", ...), equals(lambda: 3, "no"), choice("a", {}),
     gradient_of(len)],
    ids=lambda thing: type(thing).__name__,
)  # fmt: skip
def test_exercises_and_judges_stay_as_they_are(thing):
    name = dataclasses.fields(thing)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, name, None)


def test_an_exercise_is_looked_for_in_the_chapters(monkeypatch):
    known, looked = {}, []
    monkeypatch.setattr(exercise, "_REGISTERED", known)

    def load():
        looked.append(1)
        known["9.9"] = "found"

    monkeypatch.setattr(exercise, "exercises", load)
    assert [exercise.find("9.9"), exercise.find("9.9"), looked] == ["found", "found", [1]]
    with pytest.raises(ValueError, match=r"there is no exercise '7\.7'; there are 9\.9"):
        exercise.find("7.7")
