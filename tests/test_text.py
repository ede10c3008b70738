"""Numbers, shapes and places as words."""

import numpy as np
import pytest

from autograd import text


@pytest.mark.parametrize(
    ("value", "said", "in_pictures"),
    [
        (0.0, "0", "0"),
        (-0.0, "0", "0"),
        (-0.5, "−0.5", "−0.5"),
        (-1.0, "−1", "−1"),
        (1.0, "1", "1"),
        (1 / 3, "0.333333", "0.3333"),
        (1.0001, "1.0001", "1.0001"),
        (1e-7, "1e−07", "1e−7"),
        (-2.5e12, "−2.5e+12", "−2.5e12"),
        (float("nan"), "NaN", "NaN"),
        (float("-inf"), "−∞", "−∞"),
        (True, "True", "True"),
        (12345678, "1.23457e+07", "12345678"),
    ],
)
def test_numbers_have_real_minus_signs_and_no_more_digits_than_are_read(value, said, in_pictures):
    assert (text.number(value), text.short(value)) == (said, in_pictures)


def test_nine_digits_are_given_where_they_are_asked_for():
    assert text.number(1 / 3, 9) == "0.333333333"


def test_small_arrays_are_written_out_and_large_ones_summed_up():
    assert text.array(np.array([[1.0, -2.0]])) == "[[1, −2]]"
    assert text.array(np.arange(12.0).reshape(3, 4)) == "3×4, from 0 to 11"
    assert text.array(np.array([np.nan] + [1.0] * 9)) == "10, all 1, 1 NaN"
    assert text.array(None) == "nothing yet"
    assert text.array((np.array(1.0), None)) == "(1, none)"


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (999_500, "1 MB"),
     (2.5e9, "2.5 GB"), (5e13, "5e4 GB")],
)  # fmt: skip
def test_sizes_change_their_unit_before_they_take_four_digits(count, said):
    assert text.size(count) == said


def test_shapes_places_and_ascii():
    assert (text.shape((2, 3)), text.shape(())) == ("2×3", "scalar")
    assert (text.at((0, 1)), text.at(())) == ("[0, 1]", "")
    assert text.plain("−1 × ∞ → é") == "-1 * inf -> ?"


def test_what_cannot_be_shown_is_escaped():
    for given, due in (("a", "a"), ("é", "é"), ("a\x00b", "a\\x00b"), ("\x1b[0m\n", "\\x1b[0m\n"), ("\ud800x", "\\ud800x")):  # fmt: skip
        assert text.visible(given) == due


def test_a_rule_stands_beside_its_word_or_below_it():
    assert text.rule_lines("lambda g: g", "  ") == ["  rule  lambda g: g"]
    assert text.rule_lines("a\nb", " ") == [" rule", "   a", "   b"]
    assert text.rule_lines("a\nb", " ", "2 g") == [" rule  2 g", " in the source", "   a", "   b"]
    words = ["x" * (1 + k * k % 7) for k in range(100)]
    for count in range(1, 101):
        rule = " ".join(words[:count])
        got = text.rule_lines(rule, "  ")
        if len(rule) <= text.WIDTH:
            assert got == [f"  rule  {rule}"]
            continue
        assert got[0] == "  rule" and " ".join(line.strip() for line in got[1:]) == rule
        assert all(line.startswith("    ") for line in got[1:])
        rows = [line.removeprefix("    ") for line in got[1:]]
        assert [len(row) - len(row.lstrip()) for row in rows] == [0] + [4] * (len(rows) - 1)
        for row, after in zip(rows, rows[1:], strict=False):  # full, and no wider than it may be
            assert len(row) <= text.WIDTH - 8 < len(row) + 1 + len(after.split()[0])
