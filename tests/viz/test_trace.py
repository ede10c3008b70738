import json
import math

import numpy as np
import pytest

from autograd.viz import words
from autograd.viz.tracing.trace import NONFINITE_CELL, Contribution, Step, Trace, summarize


def test_small_arrays_keep_their_numbers_as_they_print():
    summary = summarize(np.float32([[0.1, -2.0], [3.0, 0.0]]))
    assert summary.values == [[0.1, -2.0], [3.0, 0.0]]  # not 0.10000000149
    assert (summary.shape, summary.dtype, summary.size) == ((2, 2), "float32", 4)


def test_large_arrays_keep_statistics_of_finite_elements():
    array = np.arange(100.0).reshape(10, 10)
    array[0, 0], array[0, 1], array[0, 2] = np.nan, np.inf, -np.inf
    summary = summarize(array)
    finite = array[np.isfinite(array)]
    assert summary.values is None
    assert summary.nans == 1 and summary.infinities == 2
    assert summary.minimum == finite.min() and summary.maximum == finite.max()
    assert summary.mean == pytest.approx(finite.mean(), rel=1e-5)
    assert summary.norm == pytest.approx(np.sqrt((finite**2).sum()), rel=1e-5)
    assert summary.thumbnail[0][0] == NONFINITE_CELL


def test_thumbnail_holds_block_means_of_the_last_two_axes():
    array = np.zeros((2, 24, 24))
    array[0, :2, :2] = 8.0  # exactly the first of 12 by 12 blocks
    array[0, 2:4, :2] = -4.0
    array[1] = 1.0  # another image, with smaller values: not in the thumbnail
    summary = summarize(array)
    assert summary.scale == 8.0 and summary.corner == (0,)
    assert summary.thumbnail[0][0] == 9 and summary.thumbnail[1][0] == round(-4.5)
    assert sum(abs(cell) for row in summary.thumbnail for cell in row) == 9 + 4


def test_zero_and_nothing_are_told_apart(builder):
    assert summarize(np.zeros(50)).is_zero
    assert not summarize(np.zeros(0)).is_zero
    assert not summarize(np.full(3, np.nan)).is_zero
    build = builder()
    build.leaf("a", 1.0)
    node = build.nodes[0]
    assert words.gradient(node) == "no gradient yet"
    node.gradient_state, node.gradient = "value", summarize(np.float32(0))
    assert words.gradient(node) == "grad 0"
    node.backward_calls = 2
    assert words.gradient(node) == "grad 0 (sum of 2 backward() calls)"
    node.gradient_state = "untracked"
    assert words.gradient(node) == ""


def test_objects_are_refused():
    with pytest.raises(TypeError, match="numeric"):
        summarize(np.array([object()]))


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.123456, "−0.1235"), (0.0, "0"), (-0.0, "0"), (1e-7, "1e−7"), (math.inf, "∞"),
     (-math.inf, "−∞"), (math.nan, "NaN"), (-3, "−3"), (True, "True"), (1e20, "1e20")],
)  # fmt: skip
def test_numbers_read_well(value, text):
    assert words.number(value) == text


def test_the_plane_with_the_largest_value_is_shown_and_said():
    array = np.zeros((16, 1, 3, 3), np.float32)
    array[0, 0] = 1e-4
    array[5, 0, 1, 2] = -4e-4
    summary = summarize(array)
    assert summary.corner == (5, 0) and summary.scale == pytest.approx(4e-4)
    said = words.legend(summary)
    assert said == (
        "plane [5, 0], which holds the largest value; 15 more not shown; every element: discs −, "
        "full size 0.0004"
    )
    array[7, 0, 0, 0] = np.inf
    assert "plane [7, 0], which holds what is not finite" in words.legend(summarize(array))
    flat = summarize(np.arange(400.0).reshape(20, 20))
    assert words.legend(flat).startswith("means of blocks of up to 2×2: squares +, full size 388")


def cells_of(text):
    """The cells of a plane, read without the code that wrote them."""
    letters = "abcdefghijklmnopqrs"
    return [[letters.index(each) - 9 for each in line] for line in text.split("/")]


@pytest.mark.parametrize(("planes", "largest", "told"), [
    (2, 1, [0, 1]), (16, 3, range(16)), (17, 3, range(16)), (17, 16, [*range(15), 16]),
    (40, 15, range(16)), (40, 39, [*range(15), 39]),
])  # fmt: skip
def test_planes_are_kept_on_one_scale_the_one_with_the_largest_value_among_them(
    planes, largest, told
):
    array = np.zeros((planes, 1, 5, 4))
    array[:, 0, 2, 1] = np.arange(planes) - 1.0  # tells planes apart
    array[largest, 0, 4, 3] = -90.0
    summary = summarize(array)
    assert [place for place, _ in summary.planes] == [(each, 0) for each in told]
    for (plane, _), cells in summary.planes:
        assert cells_of(cells) == np.rint(array[plane, 0] / 10).tolist()
    assert summary.thumbnail[4][3] == -9 and summary.corner == (largest, 0)
    said = words.plane(summary, list(told).index(largest))
    assert said == f"plane [{largest}, 0] of {planes}, holds the largest value"
    assert words.plane(summary, 0) == f"plane [0, 0] of {planes}"


def test_what_is_not_finite_is_a_letter_of_its_own_and_one_plane_is_no_series():
    array = np.zeros((2, 7, 7))
    array[1, 3, 3] = np.nan
    summary = summarize(array)
    assert summary.planes[1][1].split("/")[3] == "jjjxjjj" and "x" not in summary.planes[0][1]
    assert summarize(np.ones((1, 7, 7))).planes == summarize(np.ones((7, 7))).planes == ()


def test_json_survives_a_round_trip_and_is_strict(builder):
    build = builder()
    a = build.leaf("a", 2.0)
    build.op("multiply", a, a, value=np.nan)
    trace = build.trace("t")
    one = summarize(np.float32(1.0))
    trace.steps.append(
        Step(1, 2, one, {"x": "lambda g, y: g * y"}, {"y": summarize(np.full((9, 9), np.inf))},
             [Contribution(1, "x", None, one, one)])
    )  # fmt: skip
    text = trace.to_json()
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = Trace.from_json(text)
    assert again.to_json() == text
    assert math.isnan(again.nodes[1].value.values)
    assert again.steps == trace.steps


def test_other_json_is_refused():
    with pytest.raises(ValueError, match="glassgrad-trace"):
        Trace.from_json('{"format": "something", "version": 1}')


def test_sentences_say_before_contribution_and_after(builder):
    build = builder()
    a = build.leaf("a", 2.0)
    build.op("multiply", a, a, name="b")
    trace = build.trace()
    three, six = summarize(np.float32(3)), summarize(np.float32(6))
    trace.steps.append(
        Step(1, 2, summarize(np.float32(1)), contributions=[
            Contribution(1, "x", None, three, three), Contribution(1, "y", three, three, six)])
    )  # fmt: skip
    assert words.step_sentence(trace, trace.steps[0]) == (
        "step 1 of 1: b sends 3 to a; sends 3 to a; 3 + 3 = 6"
    )
    assert "step 1 of 1" in words.text(trace)


def test_module_tree(traces):
    tree = traces["residual"](2).modules
    assert tree[""] == ["stem", "blocks"]
    assert tree["blocks"] == ["blocks.0", "blocks.1"]
    assert tree["blocks.0"] == ["blocks.0.one", "blocks.0.two"]
