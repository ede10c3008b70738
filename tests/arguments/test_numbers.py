"""Readers of numbers: every form that is taken, the bounds to the last integer, and the words of every refusal."""

import math

import numpy as np
import pytest

import autograd as ag
from autograd.arguments import numbers

WORD = 2**63


class Index:
    """Not an int, but usable as one."""

    def __index__(self):
        return 3


class Loud:
    def __repr__(self):
        return "two\n  lines"


class Silent:
    def __repr__(self):
        raise ValueError


def refused(error, words, call, *arguments):
    with pytest.raises(error) as caught:
        call(*arguments)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("value", "due"),
    [
        (2**128 - 1, str(2**128 - 1)),
        (1 - 2**128, str(1 - 2**128)),
        (2**128, "an integer of 129 bits"),
        (-(2**128), "an integer of 129 bits"),
        (Loud(), "two lines"),
        (Silent(), "a Silent"),
        (tuple(range(16)), str(tuple(range(16)))),
        (tuple(range(17)), str(tuple(range(16)))[:-1] + ", ...)"),
        (list(range(16)), str(list(range(16)))),
        (list(range(17)), str(list(range(16)))[:-1] + ", ...]"),
        ("x" * 78, repr("x" * 78)),
        ("x" * 79, "'" + "x" * 37 + "..." + "x" * 38 + "'"),
    ],
)
def test_values_are_shown_short_and_on_one_line(value, due):
    assert numbers.shown(value) == due


WHOLE = [0, -7, 2**70, np.int8(3), np.uint64(4), np.array(5), Index(), ag.tensor(6)]
NO_WHOLE = [True, np.True_, 1.0, np.float32(1), np.array(1.0), np.array([1]), "1", None, int, np.int64, np.array(True), ag.tensor(True), ag.tensor([1]), ag.tensor(1.0)]  # fmt: skip
REAL = [1, 1.5, math.nan, np.float16(1), np.int8(1), np.uint8(1), np.array(1.5), np.array([[1]]), ag.tensor(2.0), ag.tensor([2.0])]  # fmt: skip
NO_REAL = [True, np.True_, 1j, np.complex64(1), "1", None, float, np.float32, [1.0], np.array([1.0, 2.0]), np.array([]), np.array(True), ag.ones(2)]  # fmt: skip


def test_integers_and_reals_are_told_from_all_else():
    assert all(numbers.is_integer(value) for value in WHOLE)
    assert not any(numbers.is_integer(value) for value in NO_WHOLE)
    assert all(numbers.is_real(value) for value in REAL)
    assert not any(numbers.is_real(value) for value in NO_REAL)


def test_an_integer_of_any_kind_becomes_pythons():
    for value, due in zip(WHOLE[3:], (3, 4, 5, 3, 6), strict=True):
        got = numbers.integer("f", "n", value)
        assert got == due and type(got) is int
    for value in NO_WHOLE:
        with pytest.raises(TypeError, match=r"^f: n must be a positive integer, got .* \(\w+\)$"):
            numbers.integer("f", "n", value)


LEAST = [
    (1, "a positive integer"),
    (0, "a non-negative integer"),
    (2, "an integer ≥ 2"),
    (-1, "an integer ≥ -1"),
]


@pytest.mark.parametrize(("low", "kind"), LEAST)
def test_an_integer_is_not_below_its_least_and_may_be_huge_above(low, kind):
    for value in (low, low + 1, WORD - 1, WORD, 2**1000 - 1):
        assert numbers.integer("f", "n", value, low) == value
        assert numbers.integers("f", "n", value, 3, low) == (value,) * 3
        assert numbers.integers("f", "n", (value, low), 2, low) == (value, low)
        assert numbers.integers("f", "n", [value, low], 2, low) == (value, low)
    assert numbers.integer("f", "n", np.int64(low), low) == low
    for value in (low - 1, np.int64(low - 1)):
        words = f"f: n must be {kind}, got {low - 1}"
        refused(ValueError, words, numbers.integer, "f", "n", value, low)
        refused(ValueError, words, numbers.integers, "f", "n", value, 3, low)
        refused(ValueError, words, numbers.integers, "f", "n", [value], 3, low)
        twice = f"f: n[0] must be {kind}, got {low - 1}"
        refused(ValueError, twice, numbers.integers, "f", "n", (value, value), 2, low)
        words = f"f: n[1] must be {kind}, got {low - 1}"
        refused(ValueError, words, numbers.integers, "f", "n", (low, value), 2, low)
    words = "f: n is far too large: an integer of 1001 bits"
    refused(ValueError, words, numbers.integer, "f", "n", 2**1000, low)
    refused(ValueError, words, numbers.integers, "f", "n", 2**1000, 2, low)
    words = f"f: n must be {kind}, got 1.0 (float)"
    refused(TypeError, words, numbers.integer, "f", "n", 1.0, low)


def test_an_integer_without_a_least_has_64_bits():
    for value in (-WORD, 0, WORD - 1):
        assert numbers.integer("f", "n", value, None) == value
        assert numbers.integer("f", "n", np.int64(value), None) == value
        assert numbers.integers("f", "n", value, 2, None) == (value, value)
        assert numbers.integers("f", "n", (value, 1), 2, None) == (value, 1)
    for value in (-WORD - 1, WORD):
        words = f"f: n must be an integer of 64 bits, got {value}"
        refused(ValueError, words, numbers.integer, "f", "n", value, None)
        refused(ValueError, words, numbers.integers, "f", "n", value, 2, None)
        words = f"f: n[0] must be an integer of 64 bits, got {value}"
        refused(ValueError, words, numbers.integers, "f", "n", (value, 1), 2, None)


@pytest.mark.parametrize(
    ("value", "n", "due"),
    [
        (3, 2, (3, 3)),
        (np.int8(3), 2, (3, 3)),
        ((3, 4), 2, (3, 4)),
        ([3, 4], 2, (3, 4)),
        (np.array([3, 4]), 2, (3, 4)),
        (ag.tensor([3, 4]), 2, (3, 4)),
        (range(3, 5), 2, (3, 4)),
        ((np.int8(3), Index()), 2, (3, 3)),
        ((5,), 2, (5, 5)),
        ([5], 3, (5, 5, 5)),
        (np.array([5]), 2, (5, 5)),
        ((5,), 1, (5,)),
        ([5], 1, (5,)),
    ],
)
def test_several_integers_come_in_many_forms(value, n, due):
    got = numbers.integers("f", "n", value, n)
    assert got == due and all(type(each) is int for each in got)


@pytest.mark.parametrize(
    ("value", "n", "error", "words"),
    [
        ((1, 2, 3), 2, ValueError, "a positive integer or 2 of them, got 3: (1, 2, 3)"),
        ([1], 0, ValueError, None),
        ((), 2, ValueError, "a positive integer or 2 of them, got 0: ()"),
        ("12", 2, TypeError, "a positive integer or 2 of them, got '12' (str)"),
        (b"12", 2, TypeError, "a positive integer or 2 of them, got b'12' (bytes)"),
        ({1, 2}, 2, TypeError, "a positive integer or 2 of them, got {1, 2} (set)"),
        (1.5, 2, TypeError, "a positive integer or 2 of them, got 1.5 (float)"),
        (np.ndarray, 2, TypeError, None),
        ((1.5,), 2, ValueError, "a positive integer or 2 of them, got 1: (1.5,)"),
    ],
)
def test_what_is_not_so_many_integers_is_refused(value, n, error, words):
    if words is None:
        if n:
            with pytest.raises(error, match="^f: n must be a positive integer or 2 of them, got"):
                numbers.integers("f", "n", value, n)
        else:
            assert numbers.integers("f", "n", value, n) == ()
    else:
        refused(error, f"f: n must be {words}", numbers.integers, "f", "n", value, n)


P3 = ((1, 2), (3, 4), (5, 6))


@pytest.mark.parametrize(
    ("value", "n", "due"),
    [
        (P3, 3, P3),
        ([[1, 2], [3, 4], [5, 6]], 3, P3),
        (((1, 2), [3, 4], (np.int8(5), 6)), 3, P3),
        (2, 3, ((2, 2),) * 3),
        (np.int8(2), 2, ((2, 2),) * 2),
        ((1, 2), 2, ((1, 1), (2, 2))),
        (np.array([1, 2]), 2, ((1, 1), (2, 2))),
        ([4], 2, ((4, 4), (4, 4))),
        (((7, 8),), 1, ((7, 8),)),
        (0, 1, ((0, 0),)),
        (WORD - 1, 1, ((WORD - 1,) * 2,)),
        (((0, WORD - 1),), 1, ((0, WORD - 1),)),
        (((WORD, 0),), 1, ((WORD, 0),)),
        ("valid", 2, ((0, 0), (0, 0))),
    ],
)
def test_padding_comes_in_many_forms(value, n, due):
    assert numbers.paddings("f", value, n) == due


def test_padding_that_crops_is_taken_where_it_has_a_meaning():
    for value, due in ((-1, ((-1, -1),)), (((-2, 1),), ((-2, 1),)), (((1, -2),), ((1, -2),))):
        assert numbers.paddings("f", value, 1, low=None) == due
        with pytest.raises(
            ValueError, match=r"^f: padding(\[0\])?(\[\d\])? must be a non-negative"
        ):
            numbers.paddings("f", value, 1)
    for bad in (((-WORD - 1, 0),), ((0, -WORD - 1),), ((WORD, 0),), ((0, WORD),)):
        with pytest.raises(
            ValueError, match=r"^f: padding\[0\]\[\d\] must be an integer of 64 bits"
        ):
            numbers.paddings("f", bad, 1, low=None)
    assert numbers.paddings("f", ((-WORD, WORD - 1),), 1, low=None) == ((-WORD, WORD - 1),)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_same_padding_keeps_the_size_with_what_is_odd_behind(kernel, dilation):
    ((before, after),) = numbers.paddings("f", "same", 1, (kernel,), (1,), (dilation,))
    cells = dilation * (kernel - 1) + 1
    assert before + after + 1 == cells and after - before in (0, 1)


def test_words_that_are_no_padding():
    refused(ValueError, "f: padding must be integers, got 'same'", numbers.paddings, "f", "same", 2)
    refused(ValueError, "f: padding must be 'valid' or 'same', got 'full'",
            numbers.paddings, "f", "full", 1, (3,), (1,), (1,))  # fmt: skip
    refused(ValueError, "f: padding='same' needs stride 1, got stride (1, 2); give the padding in numbers",
            numbers.paddings, "f", "same", 2, (3, 3), (1, 2), (1, 1))  # fmt: skip
    for bad in ((("a", "b"), (1, 2)), ((1, 2), 3), b"ab", ("ab", "cd"), (1.5, 2)):
        with pytest.raises(TypeError, match=r"^f: padding"):
            numbers.paddings("f", bad, 2)
    for bad in (((1, 2, 3), (1, 2)), ((1, 2),) * 3, (1, 2, 3)):
        with pytest.raises((ValueError, TypeError), match=r"^f: padding"):
            numbers.paddings("f", bad, 2)


def test_choices_and_booleans():
    assert numbers.choice("f", "mode", "b", ("a", "b")) == "b"
    for bad, shown in (("c", "'c'"), (("a", "b"), "('a', 'b')"), (None, "None"), (0, "0")):
        words = f"f: mode must be one of 'a', 'b'; got {shown}"
        refused(ValueError, words, numbers.choice, "f", "mode", bad, ("a", "b"))
    for value in (True, False):
        assert numbers.boolean("f", "flag", value) is value
        assert numbers.boolean("f", "flag", np.bool_(value)) is value
    for bad, shown in (
        (1, "1"),
        (None, "None"),
        ("True", "'True'"),
        (np.array(True), "array(True)"),
    ):
        refused(
            TypeError,
            f"f: flag must be True or False, got {shown}",
            numbers.boolean,
            "f",
            "flag",
            bad,
        )


INSIDE = math.nextafter(0.0, 1.0), math.nextafter(1.0, 0.0)


@pytest.mark.parametrize(
    ("bounds", "taken", "left_out", "words"),
    [
        ({}, [0, -1e308, math.inf, -math.inf], [], ""),
        (dict(low=0.0, high=1.0), [0, 1, 0.0, 1.0, *INSIDE], [-5e-324, 1.0000000000000002, -1, 2, math.inf, -math.inf], "0.0 ≤ x ≤ 1.0"),
        (dict(low=0.0, open_low=True), [5e-324, math.inf], [0, 0.0, -0.0, -1, -math.inf], "0.0 < x"),
        (dict(low=0.0), [0, -0.0, math.inf], [-5e-324], "0.0 ≤ x"),
        (dict(high=2.0), [2, -math.inf], [2.0000000000000004, math.inf], "x ≤ 2.0"),
        (dict(low=1.0, high=2.0, open_low=True), [2.0, 1.5], [1, 2.5], "1.0 < x ≤ 2.0"),
    ],
)  # fmt: skip
def test_reals_lie_within_their_bounds(bounds, taken, left_out, words):
    for value in taken:
        for form in (
            value,
            np.float64(value),
            np.array(value),
            np.array([value]),
            ag.tensor(value, dtype=np.float64),
        ):
            got = numbers.real("f", "x", form, **bounds)
            assert type(got) is float and got == value
    for value in left_out:
        refused(
            ValueError,
            f"f: x must satisfy {words}, got {value}",
            lambda v=value: numbers.real("f", "x", v, **bounds),
        )
    due = f"f: x must satisfy {words}, got nan" if words else "f: x must not be NaN"
    refused(ValueError, due, lambda: numbers.real("f", "x", math.nan, **bounds))


def test_reals_that_are_refused_whatever_the_bounds():
    for bad in NO_REAL:
        with pytest.raises(TypeError, match="^f: x must be a number, got "):
            numbers.real("f", "x", bad)
    words = "f: x must be a number that a float can hold, got an integer of 1101 bits"
    refused(ValueError, words, numbers.real, "f", "x", 2**1100)
    for bad, shown in ((math.inf, "inf"), (-math.inf, "-inf"), (math.nan, "nan")):
        words = f"f: x must be finite, got {shown}"
        refused(ValueError, words, lambda v=bad: numbers.real("f", "x", v, finite=True))
    assert numbers.real("f", "x", 1.7976931348623157e308, finite=True) == 1.7976931348623157e308


def test_nan_is_a_number_where_it_means_nothing_here():
    for nan in (math.nan, np.float32("nan")):
        got = numbers.real_or_nan("f", "x", nan)
        assert type(got) is float and got != got
    assert numbers.real_or_nan("f", "x", 2) == 2.0
    assert numbers.real_or_nan("f", "x", math.inf) == math.inf
    bad = complex("nan")
    refused(TypeError, f"f: x must be a number, got {bad}", numbers.real_or_nan, "f", "x", bad)
    refused(TypeError, "f: x must be a number, got 'nan'", numbers.real_or_nan, "f", "x", "nan")


def test_probabilities():
    for value in (0, 1, 0.25):
        assert numbers.probability("f", "p", value) == value
    for value in (-0.25, 1.25):
        words = f"f: p must satisfy 0.0 ≤ p ≤ 1.0, got {value}"
        refused(ValueError, words, numbers.probability, "f", "p", value)


@pytest.mark.parametrize("ndim", [1, 2, 3])
def test_axes_are_counted_as_numpy_counts_them(ndim):
    order = list(range(ndim))
    for value in range(-ndim, ndim):
        for form in (value, np.int8(value), np.array(value)):
            assert numbers.axis("f", form, ndim) == order[value]
            assert numbers.axes("f", form, ndim) == (order[value],)
        for form in ((value,), [value], np.array([value])):
            assert numbers.axes("f", form, ndim) == (order[value],)
    for value in (-ndim - 1, ndim):
        words = f"f: axis {value} is out of range; allowed is from {-ndim} to {ndim - 1}"
        for form in (value, np.int64(value)):
            refused(IndexError, words, numbers.axis, "f", form, ndim)
            refused(IndexError, words, numbers.axes, "f", form, ndim)
        refused(IndexError, words, numbers.axes, "f", (value,), ndim)
        refused(IndexError, words.replace("axis", "dim"), numbers.axis, "f", value, ndim, "dim")
    assert numbers.axes("f", None, ndim) == tuple(order)


def test_several_axes_are_named_once_each():
    assert numbers.axes("f", (2, 0), 3) == (2, 0)
    assert numbers.axes("f", (2, -3), 3) == (2, 0)
    assert numbers.axes("f", [1, np.int8(-1)], 3) == (1, 2)
    assert numbers.axes("f", (), 3) == ()
    for twice in ((1, 1), (1, -2), [0, 2, 0]):
        words = f"f: axis {tuple(twice)} names an axis twice"
        refused(ValueError, words, numbers.axes, "f", twice, 3)
    for bad, shown in (("a", "'a'"), (1.0, "1.0"), ({1}, "{1}")):
        words = f"f: axis must be an integer, several or None, got {shown}"
        refused(TypeError, words, numbers.axes, "f", bad, 3)
    for bad in ((1.0,), (True,), ("a",)):
        words = f"f: axis must be an integer, got {bad[0]!r}"
        refused(TypeError, words, numbers.axes, "f", bad, 3)
    with pytest.raises(TypeError, match="several or None, got <class"):
        numbers.axes("f", np.ndarray, 3)


def test_a_number_has_the_axes_of_a_vector_of_one():
    for value in (0, -1, np.int8(0), (0,), [-1], None, ()):
        assert numbers.axes("f", value, 0) == ()
    for value in (1, -2, (1,), [-2]):
        with pytest.raises(
            IndexError, match="out of range; allowed is none, since the array is 0-d$"
        ):
            numbers.axes("f", value, 0)
    with pytest.raises(IndexError, match="allowed is none"):
        numbers.axes("f", (0, 0), 0)
    with pytest.raises(IndexError, match="allowed is none"):
        numbers.axis("f", 0, 0)


def test_arrays_in_the_place_of_an_axis_are_told_to_come_in_a_list():
    x = np.ones(2)
    for who in ("stack", "concatenate"):
        with pytest.raises(TypeError, match=rf"; the arrays come in a list: {who}\(\[x, y\]\)$"):
            numbers.axis(who, x, 2)
        refused(TypeError, f"{who}: axis must be an integer, got 1.5", numbers.axis, who, 1.5, 2)
    refused(TypeError, "f: axis must be an integer, got array([1., 1.])", numbers.axis, "f", x, 2)
