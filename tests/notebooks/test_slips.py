"""Hints that nobody listed: what a solution with one slip in it would give."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from nn.lesson import slips
from nn.lesson.exercise import exercises, judge
from nn.lesson.judges import Equals, GradientOf, numbers

SUM = "answer = (25 * 25 + 1) * 14"


def told(code, answer, question=""):
    return slips.explained(code, lambda made: bool(np.array_equal(made, answer)), question)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (25 * 25 + 1, "the factor 14 is left out"),
        (25 * 25 * 14, "the summand 1 is left out"),
        (25 * 25 + 14, "parentheses are missing: 14 multiplies only a part of a sum"),
        ((25 + 25 + 1) * 14, "25 and 25 are added, not multiplied"),
        ((25 * 25 - 1) * 14, "the sign before the summand 1 is the other one"),
        ((25 * 25 + 1) * 14**2, "the factor 14 is taken twice"),
        ((25 * 25 + 1) + 14, "a sum and 14 are added, not multiplied"),
    ],
)
def test_a_slip_in_a_calculation_is_named(answer, said):
    assert told(SUM, answer) == [said]


@pytest.mark.parametrize(
    ("code", "answer", "said"),
    [
        ("answer = (10 - 3) // 2", 4, "the quotient is rounded up, not down"),
        ("answer = (10 - 3) // 2", 3.5, "the quotient is not rounded down"),
        ("answer = 0.25**3", 0.75, "the power of 0.25 is taken for a product"),
        ("answer = np.log(26)", 26, "log is left out"),
        ("answer = 5 + 12 - 3", 13, "one of the numbers that go into it is off by one"),
    ],
)
def test_what_else_is_a_slip(code, answer, said):
    assert said in told(code, answer)


def said_of(code, wrong):
    """How the slip is called that makes the one expression the other."""
    wanted = ast.unparse(ast.parse(f"answer = {wrong}"))
    return [said for _, said, text in slips.slips(f"answer = {code}") if text == wanted]


@pytest.mark.parametrize(
    ("code", "wrong", "said"),
    [
        ("~m", "m", "what is True and what is False are exchanged"),
        ("-m", "m", "a minus is left out"),
        ("x < 3", "x <= 3", "the limit of x counts, or does not count"),
        ("x >= 3", "x > 3", "the limit of x counts, or does not count"),
        ("a @ b", "b @ a", "a and b stand in the other order"),
        ("a @ b", "a * b", "a and b are multiplied element by element"),
        ("a | b", "a & b", "“and” and “or” are exchanged"),
        ("a & b", "a | b", "“and” and “or” are exchanged"),
        ("a.T", "a", "a is not transposed"),
        ("a.T @ b", "b @ a.T", "a and b stand in the other order"),
        ("f(x)[0] @ b", "b @ f(x)[0]", "f(…) and b stand in the other order"),
        ("2 ** (1 / 3)", "2 ** (1 // 3)", "the division is a whole one, //, in an exponent"),
        ("2 ** n", "2 * n", "the power of 2 is taken for a product"),
        ("(x if y else z) + 1", "1", "a summand that is an expression is left out"),
        ("np.sum(x, axis=0)", "np.sum(x)", "axis is left out"),
        ("-2 + x", "x", "the summand −2 is left out"),
    ],
)
def test_each_kind_of_slip_has_its_words(code, wrong, said):
    assert any(said in each for each in said_of(code, wrong)), said_of(code, wrong)


def every_slip():
    """What stands in the table of slips: by code, (rank, what is said, altered code)."""
    table = {}
    for line in Path(__file__).with_name("every_slip.txt").read_text("utf-8").splitlines():
        if not line.startswith(" "):
            slips_of = table.setdefault(ast.literal_eval(line), [])
        else:
            rank, text, said = re.fullmatch(r" +(\d) ('.*'): ([^']*)", line).groups()
            slips_of.append((int(rank), said, ast.literal_eval(text)))
    return table


@pytest.mark.parametrize("code", every_slip())
def test_every_slip_there_is_in_a_calculation(code):
    assert list(slips.slips(code, (4,))) == every_slip()[code]


@pytest.mark.parametrize("code", ["x == 3", "x != y", "2 ** (1 + n)"])
def test_what_has_no_neighbour_is_no_slip(code):
    for _, said, _ in slips.slips(f"answer = {code}"):
        assert "limit" not in said and "whole one" not in said


def test_what_changes_nothing_is_no_slip():
    for code in ("a @ a", "a / a"):
        texts = [text for *_, text in slips.slips(f"answer = {code}")]
        assert ast.unparse(ast.parse(f"answer = {code}")) not in texts
        assert any("a * a" in text for text in texts)


def test_numbers_of_the_question_alone_are_taken_for_one_another():
    assert told(SUM, (25 * 25 + 1) * 18) == []
    assert told(SUM, (25 * 25 + 1) * 18, "18 others") == ["18 stands where 14 belongs"]


def test_what_is_likelier_is_told_and_never_more_than_two():
    likely = told("answer = 2 * 2 + 2", 4)
    assert len(likely) == 2 and all("off by one" not in each for each in likely)


def test_elements_of_a_list_are_calculations_of_their_own():
    assert slips.parts("answer = [2 * 3, 4]") == ["answer = 2 * 3", "answer = 4"]
    assert slips.parts("answer = 2 * 3") == []


def of_function(code, wrong, *inputs):
    right = slips.run(wrong)(*inputs)
    return slips.explained(code, lambda made: bool(np.allclose(made(*inputs), right)))


def test_functions_are_compared_by_what_they_give():
    code = "def answer(g, x, w):\n    t = np.tanh(3 * x)\n    return g * (t + w * (1 - t**2))"
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(3, 4))
    for wrong, said in (
        ("g * (t + x * (1 - t**2))", "x stands where w belongs"),
        (
            "g * (t - w * (1 - t**2))",
            "the sign before a summand that is a product is the other one",
        ),
        ("g * (t + w * (1 - t))", "the exponent of t is left out"),
        ("g * (t + w * (1 - np.tanh(x) ** 2))", "the factor 3 is left out inside tanh(…)"),
    ):
        altered = code.replace("g * (t + w * (1 - t**2))", wrong)
        assert said in of_function(code, altered, *inputs), wrong


def test_no_slip_tells_a_part_of_the_solution_that_is_no_single_name_or_number():
    for each in exercises():
        task = each.task()
        if isinstance(task.judge, (Equals, GradientOf)):
            for _, said, _ in slips.slips(task.judge.solution):
                assert not any(
                    sign in said for sign in ("*", "(1", "[", "@", "np.", "ag.", ".T")
                ), said


def test_steps_lead_where_the_solution_leads():
    for each in exercises():
        for seed in ("notebook", "ada", "blaise"):
            task = each.task(seed)
            if task.steps:
                assert judge(each.number, slips.run(task.steps), seed).right, (each.number, seed)
                assert ast.parse(task.steps)


def test_the_right_answer_is_never_called_a_slip():
    for each in exercises():
        task = each.task()
        if isinstance(task.judge, Equals):
            right = numbers(task.judge.right())
            assert task.judge(right) is None
