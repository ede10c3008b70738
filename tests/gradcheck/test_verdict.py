"""``judge`` alone; with all rules of the package it is tried in tests/debug/test_checking.py."""

import numpy as np
import pytest

from autograd.gradcheck.verdict import Case, Trial, judge


def verdict(function, slope, x, limit=200):
    """On a function of one array by elements, whose rule multiplies by ``slope(x)``."""
    x = np.array(x, dtype=np.float64)
    weights = [np.full(x.shape, 1.0), np.linspace(0.5, 1.5, x.size).reshape(x.shape)]

    def rules(given):
        with np.errstate(all="ignore"):
            return [given[0] * slope(x)]

    trials = [Trial([w], rules([w]), k == 1) for k, w in enumerate(weights)]
    case = Case(lambda a: [function(a)], rules, [x], trials, limit, False, True, True)
    return judge(case, 0, "x")


@pytest.mark.parametrize(
    ("function", "slope", "x", "expected"),
    [
        (np.sin, np.cos, [0.1, 2.0], "right"),
        (np.sin, np.sin, [0.1, 2.0], "wrong"),
        (np.abs, np.sign, [0.0, 2.0], "kink"),
        (np.abs, lambda x: 2.0 * np.sign(x) + (x == 0), [0.0, 2.0], "wrong"),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), [0.0, 2.0], "border"),
        (np.floor, np.zeros_like, [1.0, 2.5], "kink"),
        (np.positive, lambda x: 5.0 + 0.0 * x, [1e13], "unknown"),
        (np.positive, lambda x: 5.0 + 0.0 * x, [-1e13], "unknown"),
        (np.positive, lambda x: 5.0 + 0.0 * x, [-1e11], "wrong"),
    ],
)
def test_right_wrong_kink_and_border_are_told_apart(function, slope, x, expected):
    assert verdict(function, slope, x).verdict == expected


def test_the_worst_element_is_named_with_both_numbers():
    found = verdict(np.sin, lambda x: np.cos(x) + np.array([0.0, 0.5, 0.1]), [0.1, 0.2, 0.3])
    assert found.index == (1,)
    assert found.rule == pytest.approx(np.cos(0.2) + 0.5)
    assert found.numerical == pytest.approx(np.cos(0.2), rel=1e-6)
    assert "WRONG at [1]: it gives 1.4800666, differences give 0.98006658" in found.sentence()


def test_of_more_elements_than_the_limit_some_are_looked_at_and_that_is_said():
    found = verdict(np.sin, np.cos, np.linspace(0, 1, 50), limit=10)
    assert (found.verdict, found.reason) == ("right", "10 of 50 elements looked at")


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("beside", "expected"), [(0.905, "wrong"), (0.5, "right")])
def test_a_slope_that_is_found_beside_excuses_only_what_is_far_off(beside, expected, sign):
    """Where kinks meet any slope nearby will do; a number some percent off is a mistake."""
    arrays = [np.array([0.3]), np.array([0.0])]

    def function(x, y):
        return [sign * x * np.where(y == 0, 1.0, beside)]

    def rules(given):
        return [given[0] * sign * beside, np.zeros(1)]

    trials = [Trial([np.ones(1)], rules([np.ones(1)]), False)]
    case = Case(function, rules, arrays, trials, 200, False, True, True)
    assert judge(case, 0, "x").verdict == expected


@pytest.mark.parametrize("error", [1e-12, 1e-11, 1e-10])
@pytest.mark.parametrize(
    ("times", "expected"), [(2.0, "wrong"), (1.01, "wrong"), (0.0, "wrong"), (-1.0, "wrong")]
)
def test_a_function_computed_to_fewer_digits_has_its_wrong_rules_found(error, times, expected):
    """As of an iteration that stops early: differences then err by more than rounding explains."""

    def function(x):
        return np.sin(x) + error * np.sin(1e13 * x)

    found = verdict(function, lambda x: times * np.cos(x), [0.3, 1.2])
    assert found.verdict == expected
    assert found.numerical == pytest.approx(
        np.cos(found_at := [0.3, 1.2][found.index[0]]), rel=1e-4
    )
    assert found.rule == times * np.cos(found_at)
    assert ("zero everywhere" in found.reason) == (times == 0)


def test_the_worst_of_several_is_the_one_farthest_off_for_its_size():
    slope = np.array([1e3, 1e-3, 1.0])
    off = np.array([1.0, 1e-3, 0.0])  # a thousandth of the one, as much as all of the other
    found = verdict(lambda x: slope * x, lambda x: slope + off, [0.1, 0.2, 0.3])
    assert (found.verdict, found.index) == ("wrong", (1,))


@pytest.mark.parametrize("large", [1e7, 1e9])
def test_where_rounding_hides_the_change_a_right_rule_is_not_under_suspicion(large):
    """A small slope beside a large number: differences doubt themselves, and say by how much."""
    x = np.array([0.3, 0.7])
    looked = []

    def function(a):
        looked.append(1)
        return [large + a]

    def rules(given):
        return [given[0]]

    weights = [np.array([1.0, -1.0])]
    case = Case(
        function, rules, [x], [Trial(weights, rules(weights), False)], 200, False, True, True
    )
    found = judge(case, 0, "x")
    assert (found.verdict, found.reason) == ("right", "")
    quick = len(looked)
    looked.clear()
    judge(case._replace(function=lambda a: function(0.0 * a) and [a]), 0, "x")
    assert quick == len(looked)  # no slower look at an element than without the large number
