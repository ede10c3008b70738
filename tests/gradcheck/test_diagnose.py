"""The first simple mistake that explains wrong numbers."""

from itertools import combinations

import numpy as np
import pytest

from autograd.gradcheck.diagnose import Trial, _whole, _why_factor, diagnose
from autograd.gradcheck.guess import alike, axes_of, guess, mismatch_map

RIGHT = np.random.default_rng(1).normal(size=(4, 5, 5))


@pytest.mark.parametrize(
    ("got", "words"),
    [
        (RIGHT, ""),
        (-RIGHT, "sign"),
        (RIGHT * 3.0, "3 times"),
        (RIGHT[:, ::-1, ::-1], "kernel is not flipped"),
        (RIGHT.swapaxes(1, 2), "transposed"),
        (RIGHT * 0.0, "zero everywhere"),
        (np.roll(RIGHT, (1, 1), (1, 2)), "shifted by the padding"),
        (np.pad(RIGHT, ((0, 0), (1, 1), (2, 2))), r"padding is not taken off.*(0, 1, 2)"),
        (np.stack([RIGHT / 2, RIGHT / 2]), "batch is not summed"),
        (RIGHT.ravel(), "reshape"),
        (RIGHT**3, ""),
        (RIGHT * np.nan, "100 of its 100 elements are NaN or infinite, the first at (0, 0, 0)"),
    ],
)
def test_the_first_mistake_that_fits_is_named(got, words):
    found = guess(got, RIGHT)
    assert (words.replace(".*(0, 1, 2)", "") in found) if words else found == ""


def test_maps_of_mistakes_are_cut_where_they_are_too_long_or_too_wide():
    tall, wide = (mismatch_map(np.ones(shape, bool), 4).splitlines() for shape in ((5, 3), (3, 5)))
    assert tall == ["    XXX"] * 4 + ["    ..."] and wide == ["    XXXX ..."] * 3
    exact = mismatch_map(np.ones((4, 4), bool), 4).splitlines()
    assert exact == ["    XXXX"] * 4


# Every mistake along every axis --------------------------------------------------------------------

BOX = np.random.default_rng(2).normal(size=(4, 3, 5))
SETS = [(0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2)]


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("axes", SETS)
def test_sums_and_means_name_their_axes(axes, kept):
    summed, averaged = (f(axis=axes, keepdims=kept) for f in (BOX.sum, BOX.mean))
    shape = "the input has shape (4, 3, 5)"
    assert guess(summed, BOX) == f"it is summed over axes {axes}, too: {shape}"
    assert guess(averaged, BOX) == f"it is averaged over axes {axes}: {shape}"


def test_axes_are_chosen_fewest_first():
    assert axes_of(BOX) == SETS and axes_of(np.zeros(2)) == [(0,)] and axes_of(np.zeros(())) == []


@pytest.mark.parametrize("lead", [(2,), (2, 6), (1, 2, 2)])
def test_any_number_of_leading_axes_may_be_left_unsummed(lead):
    got = np.random.default_rng(3).normal(size=(*lead, 3, 5))
    right = got.sum(axis=tuple(range(len(lead))))
    assert guess(got, right).startswith("the batch is not summed")


@pytest.mark.parametrize("shape", [(4, 4, 4), (4, 3, 5), (3, 4, 4, 2)])
def test_exchanged_axes_are_named(shape):
    right = np.random.default_rng(4).normal(size=shape)
    last = len(shape) - 1
    for i, j in combinations(range(len(shape)), 2):
        got = right.swapaxes(i, j)
        said = f"it is transposed: exchanging axes {i} and {j} makes it right"
        if (i, j) == (last - 1, last) and got.shape == shape:
            said = "it is transposed: exchanging the last two axes makes it right"
        if len(set(shape)) == 3 and (i, j) == (0, last) and last == 2:
            said = "it is transposed: .T makes it right"
        assert guess(got, right) == said, (i, j)


@pytest.mark.parametrize("shift", [s for s in np.ndindex(7, 7) if s != (3, 3)])
def test_shifts_by_up_to_three_are_told(shift):
    a, b = (s - 3 for s in shift)
    big = np.random.default_rng(5).normal(size=(2, 20, 20))
    right, got = big[:, 5:15, 5:15], big[:, 5 - a : 15 - a, 5 - b : 15 - b]
    moved = f"({-a}, {-b})".replace("-", "−")
    said = f"it is shifted by the padding: moving it by {moved} along axes (-2, -1) fits"
    assert guess(got, right) == said


@pytest.mark.parametrize("shift", [-3, -2, -1, 1, 2, 3])
def test_shifts_of_a_vector_are_told(shift):
    big = np.random.default_rng(6).normal(size=20)
    moved = f"({-shift})".replace("-", "−")
    said = f"it is shifted by the padding: moving it by {moved} along axes (-1,) fits"
    assert guess(big[5 - shift : 15 - shift], big[5:15]) == said
    assert guess(big[1:11], big[5:15]) == ""  # four are too many


def test_of_several_shifts_the_shortest_is_told():
    wave = np.tile([1.0, -2.0, 3.0], 8)  # the same after three
    for shift, told in ((1, -1), (2, 1), (-1, 1), (-2, -1)):
        got, right = wave[6 - shift : 18 - shift], wave[6:18]
        assert f"moving it by ({told})".replace("-", "−") in guess(got, right), shift
    rows = np.array([[1.0, 2.0, 0.0, 5.0, 7.0]] * 2 + [[9.0, 9.0, 4.0, 1.0, 3.0]] * 3)
    assert "moving it by (0, 1)" in guess(np.roll(rows, -1, 1) + 0.0, rows)


def test_what_shifts_explain_is_a_third_of_the_numbers_and_four_of_them():
    few = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert "shifted" in guess(np.array([0.0, 1.0, 2.0, 3.0, 4.0]), few)
    assert guess(np.array([9.0, 0.0, 1.0, 2.0, 3.0]), few) == ""  # three numbers
    # 12 of 36, 8 of 27: of (12, 3) and (9, 3) what is left after (3, 2) and (1, 2) places.
    for shape, move, fits in (((4, 3, 3), (0, 2), True), ((3, 3, 3), (1, 2), False)):
        big = np.random.default_rng(7).normal(size=(shape[0], 9, 9))
        right = big[:, 3:6, 3:6]
        got = big[:, 3 - move[0] : 6 - move[0], 3 - move[1] : 6 - move[1]]
        assert bool(guess(got, right)) == fits


def test_rounded_numbers_are_right_to_a_few_digits_each():
    said = "it is right to a few digits only"
    right = np.array([1.0, -2.0, 3.0, -1e-3])
    for off, found in ((2e-3, True), (2.001e-3, False), (1.01e-6, True), (0.99e-6, False)):
        for sign in (1.0, -1.0):
            got = right * (1 + sign * off * np.array([0.0, 1.0, 0.0, 0.0]) * (1 - 1e-9))
            assert guess(got, right).startswith(said) == found, (off, sign)
    assert guess(right + np.array([0, 0, 0, 1e-4]), right) == ""  # the small one is off by a tenth


def test_alike_is_four_digits_of_the_largest():
    b = np.array([0.5, -2.0])
    for sign in (1, -1):
        assert alike(b + np.array([sign * 1.9999e-4, 0.0]), b)
        assert not alike(b + np.array([sign * 2.001e-4, 0.0]), b)
    assert not alike(b * 0, b * 0) and not alike(b[:1], b) and not alike(b, b * np.inf)
    assert alike(np.array([1.0]), np.array([1.0 + 1e-4]))
    assert not alike(np.zeros(0), np.zeros(0))


@pytest.mark.parametrize(
    ("got", "right", "said"),
    [
        (np.ones((3, 1)), np.ones(3), "reshape them to (3,)"),
        (np.ones((1, 1)), np.array(1.0), "return it alone, not in an array of shape (1, 1)"),
        (BOX.reshape(2, 30), BOX, "reshape them to (4, 3, 5)"),
        (BOX.reshape(4, 1, 3, 5), BOX, "reshape them to (4, 3, 5)"),
        (np.array(2.0), np.full((2, 3), 2.0), "not spread over the input's shape (2, 3)"),
        (np.array([1.0, 2.0]), np.tile([1.0, 2.0], (3, 1)), "np.broadcast_to(…, (3, 2))"),
        (BOX[:, ::-1, ::-1], BOX, "turning the last two axes around"),
        (BOX[..., ::-1], BOX, "flipping the last axis"),
        (np.arange(1.0, 5.0)[::-1], np.arange(1.0, 5.0), "flipping the last axis"),
        (BOX * -0.25, BOX, "it is −0.25 times the right gradient"),
        (np.array(3.0), np.array(1.0), "it is 3 times the right gradient"),
        (BOX, np.where(BOX > 1e9, 0, np.nan), ""),
        (np.zeros(0), np.zeros(0), ""),
        (np.array([1.0, np.inf, np.nan]), np.ones(3), "2 of its 3 elements are NaN or infinite, the first at (1,)"),
    ],
)  # fmt: skip
def test_each_mistake_has_its_words(got, right, said):
    found = guess(np.asarray(got), np.asarray(right))
    assert said in found if said else found == ""


@pytest.mark.parametrize("start", list(np.ndindex(3, 4)))
def test_where_the_padding_was_to_be_cut_is_named(start):
    big = np.random.default_rng(8).normal(size=(6, 8))
    right = big[start[0] : start[0] + 4, start[1] : start[1] + 5]
    said = f"the padding is not taken off: cut out (4, 5) beginning at {start}"
    assert guess(big, right) == said


def test_of_several_cuts_that_fit_the_middle_one_is_named():
    assert "beginning at (2,)" in guess(np.full(7, 2.0), np.full(3, 2.0))
    assert "beginning at (1, 2)" in guess(np.full((4, 7), 2.0), np.full((2, 3), 2.0))


@pytest.mark.parametrize("at", list(np.ndindex(3, 2)))
def test_too_little_padding_along_one_axis_and_too_much_along_another(at):
    big = np.random.default_rng(9).normal(size=(6, 6))
    right, got = big[:, at[1] : at[1] + 5], big[at[0] : at[0] + 4]
    assert guess(got, right) == (
        "it is a part of the right gradient: padding, too little along axis 0, too much along axis 1"
    )


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        (np.eye(3)[None] > 0, "  (plane 0)"),
        (np.arange(12).reshape(3, 2, 2) >= 7, "  (plane 2)"),
        (np.arange(24).reshape(2, 3, 2, 2) == 13, "  (plane 1, 0)"),
        (np.arange(24).reshape(3, 2, 2, 2) % 8 < 3, "  (plane 0, 0)"),
    ],
)
def test_maps_show_the_plane_with_most_mistakes(wrong, where):
    assert mismatch_map(wrong).endswith(where)
    counts = wrong.sum((-2, -1))
    plane = wrong.reshape(-1, *wrong.shape[-2:])[int(np.argmax(counts))]
    rows = ["    " + "".join("X" if bad else "." for bad in row) for row in plane]
    assert mismatch_map(wrong) == "\n".join(rows) + where


def test_maps_of_vectors_are_one_row_of_24_at_most():
    assert mismatch_map(np.arange(24) % 2 > 0) == "    " + ".X" * 12
    assert mismatch_map(np.arange(25) % 2 > 0) == "    " + ".X" * 12 + " ..."


# A mistake is named up to four digits of the right gradient, and no further --------------------------

SQUARE = np.random.default_rng(10).normal(size=(5, 5))
#: What turns the right gradient into the one got, that, and the words.
MADE = {
    "sign": (lambda r: -r, BOX, "the sign is wrong"),
    "both axes": (lambda r: r[:, ::-1, ::-1], BOX, "turning the last two axes around"),
    "of a matrix": (lambda r: r[::-1, ::-1], SQUARE, "turning the last two axes around"),
    "last axis": (lambda r: r[..., ::-1], BOX, "flipping the last axis"),
    "matrix": (lambda r: r.T, SQUARE, "exchanging the last two axes"),
    "first axes": (lambda r: r.swapaxes(0, 1), BOX[:3], "exchanging axes 0 and 1"),
    "T": (lambda r: r.T, BOX, ".T makes it right"),
    "other axes": (lambda r: r.swapaxes(0, 1), BOX, "exchanging axes 0 and 1"),
    "shape": (lambda r: r.reshape(4, 3, 1, 5), BOX, "reshape them to (4, 3, 5)"),
    "flat": (lambda r: r.ravel(), BOX, "reshape them to (4, 3, 5)"),
    "ones": (lambda r: r.reshape(1, 5, 5), SQUARE, "reshape them to (5, 5)"),
    "batch": (lambda r: np.stack([r * 0.25, r * 0.75]), BOX, "the batch is not summed"),
    "spread": (lambda r: r[0], np.tile(BOX[0], (2, 1, 1)), "not spread over"),
    "sum": (lambda r: r.sum(1), BOX, "it is summed over axes (1,)"),
    "mean": (lambda r: r.mean((0, 2)), BOX, "it is averaged over axes (0, 2)"),
    "crop": (lambda r: np.pad(r, ((0, 0), (1, 1), (0, 2))), BOX, "cut out (4, 3, 5) beginning at (0, 1, 0)"),
    "border": (lambda r: np.pad(r[1:], ((0, 0), (1, 0))), SQUARE, "too little along axis 0, too much along axis 1"),
    "shift": (lambda r: np.roll(r, 1, 1), SQUARE, "moving it by (0, −1)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_four_digits_are_those_of_the_right_gradient(name):
    made, right, said = MADE[name]
    got = np.asarray(made(right))
    for off, found in (
        (-1.0002e-4, False),
        (-0.9999e-4, True),
        (0.9999e-4, True),
        (1.00005e-4, False),
    ):
        assert (said in guess(got * (1 + off), right)) == found, off


def test_a_factor_fits_to_four_digits():
    right = np.array([1.0, -3.0, 10.0, 0.1])
    for off, found in ((0.9e-3, True), (1.1e-3, False)):
        assert ("2.5 times" in guess(2.5 * right + np.array([0, 0, 0, 2.5 * off]), right)) == found


def test_a_part_counts_from_four_numbers_on():
    big = np.random.default_rng(11).normal(size=(9, 9))
    little = "padding, too little along axis 0"
    for rows, columns, fits in ((2, 2, True), (1, 3, False), (1, 4, True), (5, 1, True)):
        got, right = big[2 : 2 + rows, :columns], big[:8, :columns]
        assert (little in guess(got.copy(), right)) == fits, (rows, columns)
    got = big[2:4, :2] + [[0, 0], [0, 1]]
    assert guess(got, big[:8, :2]) == ""
    one = guess(big[1:5, 1:7].copy(), big[:5, 1:5])  # one less, two more
    assert one == (
        "it is a part of the right gradient: padding, too little along axis 0, too much along axis 1"
    )
    box = np.random.default_rng(12).normal(size=(6, 6, 6))
    assert guess(box[1:5, :3, 2:6].copy(), box[:, :3, :]).endswith("along axis 0 and 2")
    assert guess(np.ones((2, 2, 1)), np.ones((3, 4, 5)) * SQUARE[0]) == ""
    assert guess(box[0, 0], box) == "" and guess(box, box[0, 0] * 3) == ""


def test_shapes_without_their_ones_are_those_of_the_right_gradient():
    two = np.random.default_rng(13).normal(size=(2, 3))
    for got, right in ((two.reshape(1, 2, 3), two), (two, two.reshape(2, 1, 3)),
                       (two.reshape(6, 1), two.reshape(2, 3)), (two.reshape(3, 2), two)):  # fmt: skip
        assert guess(got, right) == f"the numbers are right; reshape them to {right.shape}"
    # Numbers that are laid out otherwise and happen to be transposed are called transposed.
    alternating = np.array([[1.0, 2.0, 1.0], [2.0, 1.0, 2.0]])
    assert guess(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]), alternating) == (
        "it is transposed: .T makes it right"
    )


@pytest.mark.parametrize("shape", [(2, 9), (9, 2), (1, 9), (4, 2, 9)])
def test_short_axes_are_shifted_within_their_length(shape):
    big = np.random.default_rng(14).normal(size=tuple(n + 8 for n in shape))
    for axis in (-2, -1):
        n = shape[axis]
        for s in range(-3, 4):
            at = [slice(4, 4 + m) for m in shape]
            right = big[tuple(at)]
            at[axis] = slice(4 - s, 4 - s + n)
            if len(shape) == 3:
                at[0] = slice(4, 4 + shape[0])
            moved = ["0", "0"]
            moved[axis] = str(-s).replace("-", "−")
            said = f"moving it by ({', '.join(moved)})"
            kept = (n - abs(s)) * right.size // n
            fits = s and abs(s) < n and kept >= 4 and 3 * kept >= right.size
            assert (said in guess(big[tuple(at)].copy(), right)) == bool(fits), (axis, s)


def test_numbers_exactly_at_a_bound_are_within_it():
    assert alike(np.array([1e4 + 1]), np.array([1e4]))  # 1e-4 of it is exactly 1
    rounded, two = "it is right to a few digits only", np.array([1e3, 1e3])
    assert guess(two + [0, 2.0], two).startswith(rounded)
    million = np.array([1e6, 3.0])
    assert guess(million + [1.0, 0], million) == ""
    assert guess(million + [1.0005, 0], million).startswith(rounded)
    # Two in a thousand are of the right number, not of the one got.
    assert guess(np.array([100.0, 1.0020019]), np.array([100.0, 1.0])) == ""
    assert "1.0001 times" in guess(BOX * (1 + 1.00005e-4), BOX)
    assert guess(BOX * (1 + 0.9999e-4), BOX).startswith(rounded)


def test_a_shift_that_leaves_a_quarter_is_not_told():
    big = np.random.default_rng(15).normal(size=(8, 8))
    assert guess(big[:4, :4].copy(), big[2:6, 2:6]) == ""
    line = np.random.default_rng(6).normal(size=20)
    assert guess(line[9:19], line[5:15]) == "" == guess(line[1:11], line[5:15])


def test_of_very_many_borders_those_in_the_middle_are_tried():
    big = np.random.default_rng(16).normal(size=(40, 40))
    for at, found in (((15, 15), True), ((0, 0), False), ((0, 30), False), ((30, 0), False)):
        got, right = big[:, at[1] : at[1] + 10], big[at[0] : at[0] + 10]
        assert bool(guess(got.copy(), right)) == found, at


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1 / 6, "; 1/6 is the size of the output's axis 1: averaged, not summed?"),
        (1 / 12, "; 1/12 is the size of the output's axes (0, 1): averaged, not summed?"),
        (2.0, "; 2 is the size of the output's axis 0: summed, not averaged?"),
        (1.2, "; that is 6/5: a mean or variance divided by n - 1 instead of n?"),
        (1 / 5, "; 1/5 is the size of the input's axis 0: averaged, not summed?"),
    ],
)
def test_a_factor_is_a_size_to_four_digits(factor, words):
    g, right = np.ones((2, 6)), np.arange(1.0, 6.0)
    for error in (1e-4, -1e-4):
        for times, said in ((0.999, words), (1.0008, "")):
            off = factor * (1 + times * error)
            assert _why_factor(off * right, right, g) == said, (error, times)
    assert _why_factor(factor * right[:4], right, g) == ""
    assert _why_factor(factor * right + [0, 0, 0, 0, 0.01], right, g) == ""
    assert _why_factor(0 * right, 0 * right, g) == ""


def trial_of(backward, x, g, right, **more):
    """The gradient of one input that a backward function gives."""
    return Trial(
        lambda arrays: [2.0 * arrays[0]], backward, [x], g, 0, backward(g, [x])[0], [right],
        np.zeros(x.shape, bool), ["x"], None, **more,
    )  # fmt: skip


@pytest.mark.parametrize("summand", [3.0, -3.0])
def test_a_summand_without_the_incoming_gradient_is_told_of_either_sign(summand):
    x, g = np.array([1.0, 2.0]), np.array([0.5, 1.5])
    trial = trial_of(lambda g, arrays: [2.0 * g + summand], x, g, 2.0 * g)
    assert "with an incoming gradient of 0 something still comes back" in diagnose(trial)


def test_whole_numbers_are_told_where_the_right_ones_are_not_whole():
    x, g = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, -1.0, 4.0])
    for right, told in ((2.0 * g + 0.25, True), (-2.0 * g + 0.25, True), (np.array([7.0, 1.0, 3.0, 2.0]), False)):  # fmt: skip
        trial = trial_of(lambda g, arrays: [np.array([5, 8, 1, 1])], x, g, right, whole=True)
        assert ("it is made of whole numbers" in _whole(trial)) == told
        assert not _whole(trial._replace(whole=False))
