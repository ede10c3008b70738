"""Differences against calculus; smooth places, kinks, jumps and borders told apart."""

import numpy as np
import pytest

from autograd.gradcheck.numeric import (
    central_differences,
    contributions,
    one_sided_slopes,
    slopes_by_width,
)


@pytest.mark.parametrize(
    ("f", "x", "kind"),
    [
        (np.abs, 0.0, "kink"),
        (np.sin, 0.3, "smooth"),
        (np.sign, 0.0, "jump"),
        (np.floor, 1.0, "jump"),
        (np.sqrt, 1e-3, "smooth"),
        (lambda x: 1e9 * x, 0.5, "smooth"),
        (lambda x: np.maximum(x, 0.0), 0.0, "kink"),
        (lambda x: x**2, 0.0, "smooth"),
        (lambda x: 1e6 * x**2, 0.0, "smooth"),
        (lambda x: 1e-3 * np.abs(x), 0.0, "kink"),
    ],
)
def test_one_sided_slopes_know_smooth_from_kinked(f, x, kind):
    slopes = one_sided_slopes(lambda a: [f(a)], [np.array(x)], [np.array(1.0)], 0, ())
    assert slopes.kind == kind


@pytest.mark.parametrize("weight", [1e-9, 1e-5, 1.0, 1e5])
def test_a_kink_is_a_kink_however_small_the_incoming_gradient(weight):
    for f, kind in ((np.abs, "kink"), (np.sign, "jump"), (np.sin, "smooth"), (np.cbrt, "vertical")):
        slopes = one_sided_slopes(lambda a, f=f: [f(a)], [np.array(0.0)], [np.array(weight)], 0, ())
        assert slopes.kind == kind


def test_central_differences_are_those_of_calculus():
    x = np.array([[0.1, -2.0], [1.0, 3.0]])
    w = np.array([[1.0, -2.0], [0.5, 3.0]])
    found = central_differences(lambda a: [np.sin(a)], [x], [w], 0)
    np.testing.assert_allclose(found.slopes, w * np.cos(x), rtol=1e-8)


def test_bends_are_how_much_the_slopes_of_both_sides_differ():
    found = central_differences(
        lambda a: [np.abs(a)], [np.array([0.0, 2.0])], [np.array([3.0, 1.0])], 0
    )
    np.testing.assert_allclose(found.bends, [6.0, 0.0], rtol=1e-6, atol=1e-4)


# Against the formulas, at the points at which the function was called ------------------------------

EPS = float(np.finfo(np.float64).eps)
A, B = np.array([0.5, -3.0, 1e-4]), np.array([[2.0], [-0.25]])
WEIGHTS = [np.array([[1.5, -2.0, 0.5], [3.0, 0.1, -7.0]]), None, np.array([5.0, -1.0, 2.0])]


def several(a, b):
    """Outputs that both reach, that do not count, and that one element of the first leaves alone."""
    return [np.abs(a) ** 1.5 * b, np.exp(a), np.array([a[0], 4.0, a[2] ** 3])]


def watched(function):
    """The function, and the list of the arrays it is given."""
    calls = []

    def call(*arrays):
        calls.append([np.array(a) for a in arrays])
        return function(*arrays)

    return call, calls


def beside(calls, position, index):
    """The nudges of one number to either side, as (upper, lower) calls in the order they came."""
    base = [A, B][position][index]
    moved = [c for c in calls if c[position][index] != base]
    return list(zip(moved[0::2], moved[1::2], strict=True))


def counted(outputs):
    """The outputs that count, with their weights, as one flat array each."""
    pairs = [(o, w) for o, w in zip(outputs, WEIGHTS, strict=True) if w is not None]
    return [np.concatenate([np.ravel(part[k]) for part in pairs]) for k in (0, 1)]


@pytest.mark.parametrize(("position", "step"), [(0, 1e-6), (1, 1e-6), (0, 1e-5)])
def test_differences_doubts_and_bends_are_their_formulas(position, step):
    call, calls = watched(several)
    found = central_differences(call, [A, B], WEIGHTS, position, step)
    middle, weight = counted(several(A, B))
    for index in np.ndindex([A, B][position].shape):
        ((above, below),) = beside(calls, position, index)
        up, down = above[position][index], below[position][index]
        base = [A, B][position][index]
        assert up - base == pytest.approx(step * max(1.0, abs(base)), rel=1e-6)
        assert base - down == pytest.approx(step * max(1.0, abs(base)), rel=1e-6)
        width = up - down
        high, low = counted(several(*above))[0], counted(several(*below))[0]
        moved = high != low
        assert found.slopes[index] == pytest.approx(weight @ (high - low) / width, rel=1e-9)
        assert found.doubts[index] == pytest.approx(
            (np.abs(weight * high) * moved).sum() * 2 * EPS / width, rel=1e-6
        )
        bend = 2 * weight @ (high + low - 2 * middle) / width
        assert found.bends[index] == pytest.approx(bend, rel=1e-6, abs=1e-9)


def test_only_the_elements_asked_for_are_looked_at():
    found = central_differences(several, [A, B], WEIGHTS, 0, indices=[(1,)])
    assert [np.flatnonzero(a).tolist() for a in found] == [[1], [1], [1]]


@pytest.mark.parametrize(("position", "index"), [(0, (0,)), (0, (1,)), (0, (2,)), (1, (1, 0))])
def test_slopes_by_width_are_their_formulas_from_the_widest_to_the_narrowest(position, index):
    call, calls = watched(several)
    found = slopes_by_width(call, [A, B], WEIGHTS, position, index)
    pairs = beside(calls, position, index)
    assert len(pairs) == len(found)
    value = abs([A, B][position][index])
    halves = []
    for (above, below), (slope, doubt) in zip(pairs, found, strict=True):
        width = above[position][index] - below[position][index]
        (high, weight), low = counted(several(*above)), counted(several(*below))[0]
        assert slope == pytest.approx(weight @ (high - low) / width, rel=1e-9)
        rounding = (np.abs(weight * high) * (high != low)).sum()
        largest = [np.abs(w * o).max() for w, o in zip(WEIGHTS, several(*above), strict=True)
                   if w is not None]  # fmt: skip
        assert doubt == pytest.approx((rounding + 4 * sum(largest)) * 2 * EPS / width, rel=1e-6)
        halves.append(width / 2)
    wanted = [1e-6 * max(1.0, value) * 8.0**k for k in range(-8, 3)]
    wanted += [value * 1e-3 / 8.0**k for k in range(5)] if value < 1 else []
    np.testing.assert_allclose(halves, sorted(wanted, reverse=True), rtol=1e-3)


def test_widths_that_rounding_swallows_are_left_out():
    found = slopes_by_width(lambda a: [2 * a], [np.array(1e-12)], [np.array(1.0)], 0, ())
    assert len(found) == 16 and all(s == pytest.approx(2.0, abs=4 * d) for s, d in found)
    flat = slopes_by_width(lambda a: [a * 0 + 1], [np.array(5e-324)], [np.array(3.0)], 0, ())
    assert len(flat) == 11 and all(slope == 0 for slope, _ in flat)


def test_only_numbers_below_one_are_tried_at_thousandths_of_themselves():
    for x, count in ((0.999, 16), (1.0, 11), (1.5, 11), (-1.0, 11), (0.0, 11)):
        assert len(slopes_by_width(lambda a: [a], [np.array(x)], [np.array(1.0)], 0, ())) == count


def test_contributions_are_what_each_output_sends_to_each_input():
    call, calls = watched(lambda a, b: several(a, b)[:1])
    found = contributions(call, [A, B], WEIGHTS[0], 1)
    moved = [max(abs(c[1][k, 0] - B[k, 0]) for c in calls) for k in (0, 1)]
    np.testing.assert_allclose(moved, [2e-6, 1e-6], rtol=1e-6)
    wanted = np.zeros((2, 1, 2, 3))
    for k in range(2):
        wanted[k, 0, k] = WEIGHTS[0][k] * np.abs(A) ** 1.5
    np.testing.assert_allclose(found, wanted, rtol=1e-8)


@pytest.mark.parametrize("position", [0, 1])
def test_one_sided_slopes_are_those_of_either_side(position):
    """|a|^1.5 is smooth; with an absolute value beside it, left and right differ by twice its weight."""

    def f(a, b):
        return [np.abs(a - A) * 2.0 + np.abs(b - B), np.exp(a), (a + b.sum()) ** 2]

    index = (1,) if position == 0 else (1, 0)
    found = one_sided_slopes(f, [A, B], WEIGHTS, position, index)
    weight = WEIGHTS[0][:, 1] if position == 0 else WEIGHTS[0][1]
    steep = (2.0 if position == 0 else 1.0) * weight
    smooth = 2 * (A + B.sum()) * WEIGHTS[2]
    smooth = smooth[1] if position == 0 else smooth.sum()
    assert found.kind == "kink"
    assert found.left == pytest.approx(smooth - steep.sum(), rel=1e-4)
    assert found.right == pytest.approx(smooth + steep.sum(), rel=1e-4)
    # Each output may take either side for itself.
    assert found.low == pytest.approx(smooth - np.abs(steep).sum(), rel=1e-4)
    assert found.high == pytest.approx(smooth + np.abs(steep).sum(), rel=1e-4)
    assert found.admits(found.low, 0.0) and found.admits(found.high, 0.0)
    assert found.admits(found.low - 0.5, 0.5) and found.admits(found.high + 0.5, 0.5)
    for edge, out in ((found.low - 0.5, -5e-4), (found.high + 0.5, 5e-4)):
        assert not found.admits(edge + out * abs(edge), 0.5)


def test_only_at_a_kink_is_any_slope_between_the_sides_fair():
    smooth = one_sided_slopes(lambda a: [a**2], [np.array(1.0)], [np.array(1.0)], 0, ())
    assert smooth.kind == "smooth" and not smooth.admits(smooth.low, 1.0)


@pytest.mark.parametrize(
    ("f", "x", "kind"),
    [
        (np.arcsin, 1.0, "border"),
        (np.sqrt, 0.0, "border"),
        (np.arccosh, 1.0, "border"),
        (lambda x: np.sqrt(np.abs(x)), 0.0, "kink"),  # left and right are not of one sign
        (np.cbrt, 1e-5, "smooth"),  # close to 0, the step is a hundredth of the number
        (np.abs, 1e-7, "smooth"),
        (np.abs, -2e-5, "smooth"),
        (lambda x: np.abs(x) + 1e8, 0.0, "kink"),
        (lambda x: 1e-9 * np.abs(x) + 1.0, 0.0, "smooth"),  # below what rounding can do
        (lambda x: np.where(x > 0, 1e-3, 0.0), 0.0, "jump"),
    ],
)
def test_what_lies_beside_a_place_is_told(f, x, kind):
    assert one_sided_slopes(lambda a: [f(a)], [np.array(x)], [np.array(1.0)], 0, ()).kind == kind


# What one_sided_slopes calls a place, just before and just beyond each of its bounds -----------------

S = 2.0**-20  # a step whose multiples are exact


@pytest.mark.parametrize(
    ("x", "size"),
    [
        (0.0, S),
        (0.5, S),
        (-3.0, 3 * S),
        (100 * S, S),
        (100.05 * S, S),
        (100 * S - 2.0**-40, S - 2.0**-40 / 100),
        (-99.5 * S, 0.995 * S),
        (S / 20, S / 1000),
        (-S / 9, S / 900),
    ],
)
def test_near_and_far_are_one_and_32_steps_and_short_of_zero(x, size):
    call, calls = watched(lambda a: [a])
    one_sided_slopes(call, [np.array(x)], [np.array(1.0)], 0, (), S)
    moved = sorted(abs(float(c[0]) - x) for c in calls)
    np.testing.assert_allclose(moved, [0.0, size, size, 32 * size, 32 * size], rtol=1e-5)


def named(near, far, weight=1.0, middle=0.0, coarse=0.0):
    """The kind of a place whose slopes to the left and right are these, near by and far away.

    A second output, `middle` high, steps up by `coarse` on the right.
    """
    (low, high), (left, right) = near, far
    first = {0.0: 0.0, -S: -low * S, S: high * S, -32 * S: -left * 32 * S, 32 * S: right * 32 * S}
    weights = [np.array(weight), np.array(2.0), None]

    def f(a):
        return [np.array(first[float(a)]), np.array(middle + coarse * (a > 0)), a]

    return one_sided_slopes(f, [np.array(0.0)], weights, 0, (), S).kind


@pytest.mark.parametrize(
    ("near", "far", "weight", "kind"),
    [
        # A jump is steeper than 1, and than 20 times what it is far away.
        ((1.0, 1.0), (0.0, 0.0), 1.0, "smooth"),
        ((1.0005, 1.0005), (0.0, 0.0), 1.0, "jump"),
        ((20.0, 20.0), (1.0, 1.0), 1.0, "vertical"),
        ((20.01, 20.01), (1.0, 1.0), 1.0, "jump"),
        ((-20.01, -1.0), (1.0, -1.0), 1.0, "jump"),
        ((-1.0, -20.01), (-1.0, -1.0), 1.0, "jump"),
        ((20.01, 20.01), (-1.5, 1.0), 1.0, "vertical"),
        # It is vertical beyond 3 times, towards the same side.
        ((3.0, 3.0), (1.0, 1.0), 1.0, "smooth"),
        ((3.002, 3.002), (1.0, 1.0), 1.0, "vertical"),
        ((1.0, 1.0), (0.1, 0.1), 1.0, "smooth"),
        ((3.5, -3.5), (1.0, 1.0), 1.0, "kink"),
        ((3.5, -0.1), (1.0, 1.0), 1.0, "kink"),
        ((3.5, 0.0), (1.0, 1.0), 1.0, "kink"),
        # A kink is a gap beyond 1e-4, and beyond an eighth of the gap far away.
        ((0.0, 1e-4), (0.0, 0.0), 1.0, "smooth"),
        ((0.0, 1.0005e-4), (0.0, 0.0), 1.0, "kink"),
        ((9.9990005, 10.0), (10.0, 10.0), 1.0, "smooth"),
        ((9.9989995, 10.0), (10.0, 10.0), 1.0, "kink"),
        ((0.0, 1.0), (0.0, 8.0), 1.0, "smooth"),
        ((0.0, 1.0), (0.0, 7.996), 1.0, "kink"),
        # Small weights make small slopes, large ones do not count as less.
        ((1.0, 1.0), (0.0, 0.0), 1e-3, "smooth"),
        ((0.25, 0.25), (0.0, 0.0), 4.0, "smooth"),
        ((0.2501, 0.2501), (0.0, 0.0), 4.0, "jump"),
    ],
)
def test_bounds_between_the_kinds_of_places(near, far, weight, kind):
    assert named(near, far, weight) == kind


@pytest.mark.parametrize("weight", [2.0**-10, -(2.0**-10)])
def test_what_is_steep_is_relative_to_small_weights_of_either_sign(weight):
    def kind(slope):
        first = {0.0: 0.0, -S: -slope * S, S: slope * S}
        f = lambda a: [np.array(first.get(float(a), 0.0))]  # noqa: E731
        return one_sided_slopes(f, [np.array(0.0)], [np.array(weight)], 0, (), S).kind

    assert kind(1.0) == "smooth" and kind(1.0005) == "jump"


@pytest.mark.parametrize("middle", [2.0**19, -(2.0**19)])
def test_a_gap_within_four_roundings_of_what_moved_is_none(middle):
    # The second output is 2**19, counts twice and steps by its last digit, a slope of 2**-12.
    step = 2.0**-33
    bound = 1e-4 + 4 * EPS / S * 2 * 2.0**19
    for part, kind in ((0.9995, "smooth"), (1.0005, "kink")):
        assert named((0.0, bound * part - 2 * step / S), (0.0, 0.0), 1.0, middle, step) == kind
    # What did not move is not rounded either.
    assert named((0.0, 1.0005e-4), (0.0, 0.0), 1.0, middle) == "kink"
