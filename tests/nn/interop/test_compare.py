"""How the two sides of a comparison are judged, and in which words."""

import numpy as np
import pytest

from nn.interop.compare import Comparison, Row, _distance, _Judge

INF, NAN = np.inf, np.nan


def arrays(*values):
    return [np.array(value, float) for value in values]


@pytest.mark.parametrize(
    "there, here, size, difference",
    [
        ([1.0, -3.0], [1.5, -3.0], 3.0, 0.5),
        ([1.0, -3.0], [1.0, -5.0], 3.0, 2.0),
        ([], [], 0.0, 0.0),
        ([NAN, 2.0], [NAN, 2.0], 2.0, 0.0),
        ([NAN, 2.0], [1.0, 2.0], 2.0, INF),
        ([1.0, 2.0], [NAN, 2.0], 2.0, INF),
        ([INF, 2.0], [INF, 3.0], 2.0, 1.0),
        ([INF, 2.0], [-INF, 2.0], 2.0, INF),
        ([INF], [1.0], 0.0, INF),
        (True, False, 1.0, 1.0),
    ],
)
def test_a_distance_is_the_largest_and_nan_is_like_nan(there, here, size, difference):
    assert _distance(np.array(there), np.array(here)) == (size, difference)


def test_a_row_is_right_up_to_the_tolerance_itself():
    judge = _Judge(0.5)
    there, close, far = arrays([4.0, 1.0], [6.0, 1.0], [6.25, 1.0])
    assert judge.row("x", "L", there, close) == Row("x", "L", (2,), 4.0, 2.0, True)
    assert judge.row("x", "L", there, far) == Row("x", "L", (2,), 4.0, 2.25, False)
    small, close, far = arrays(0.25, 0.75, 0.875)  # no finer than what is wrong by half of 1
    assert judge.row("y", "", small, close) == Row("y", "", (), 0.25, 0.5, True)
    assert judge.row("y", "", small, far) == Row("y", "", (), 0.25, 0.625, False)
    assert judge.row("z", "", there, None) == Row("z", "", (2,), 0.0, INF, False)
    assert judge.row("z", "", None, there) == Row("z", "", (2,), 0.0, INF, False)
    assert judge.row("z", "", there, small) == Row("z", "", (2,), 0.0, INF, False)


def test_outputs_are_numbered_where_there_are_several():
    judge = _Judge(0.5)
    one, two = arrays([1.0], [[2.0]])
    assert [row.name for row in judge.outputs([one], [one])] == ["output"]
    rows = judge.outputs([one, two], [one, two])
    assert [(row.name, row.shape, row.ok) for row in rows] == [
        ("output 0", (1,), True), ("output 1", (1, 1), True)
    ]  # fmt: skip
    for there, here in (([one, two], [one]), ([one], [one, two])):
        rows = judge.outputs(there, here)
        assert [(row.name, row.shape, row.ok) for row in rows] == [
            ("output 0", (1,), True), ("output 1", (1, 1), False)
        ]  # fmt: skip


def test_gradients_go_by_name_and_what_does_not_arrive_is_zero():
    one, zero, two = arrays([1.0, 0.0], [0.0, 0.0], [2.0, 0.0])
    there = {"a": one, "b": None, "c": one, "d": None, "e": None, "f": zero}
    here = {"f": None, "e": zero, "d": two, "c": None, "b": None, "a": one, "g": one}
    found = {row.name: row for row in _Judge(0.5).named(there, here)}
    assert list(found) == ["a", "c", "d", "e", "f"]
    assert {name: row.difference for name, row in found.items()} == {
        "a": 0.0, "c": 1.0, "d": 2.0, "e": 0.0, "f": 0.0
    }  # fmt: skip
    assert {name: row.size for name, row in found.items()} == {
        "a": 1.0, "c": 1.0, "d": 0.0, "e": 0.0, "f": 0.0
    }  # fmt: skip
    assert _Judge(0.5).named({"a": one}, {}) == _Judge(0.5).named({"a": one}, {"a": None})


def test_layers_go_by_path_and_call():
    one, two, off, other = arrays([1.0], [2.0], [3.0], [[1.0, 1.0]])
    there = [("a", 0, "Linear", [one]), ("b", 0, "ReLU", [one]), ("a", 1, "Linear", [two])]
    here = [
        ("a", 1, "Linear", [off]), ("x", 0, "Tanh", [one]), ("a", 0, "Linear", [one]),
        ("b", 0, "ReLU", []),
    ]  # fmt: skip
    rows = _Judge(0.25).layers(there, here)
    assert [(row.name, row.what, row.difference, row.ok) for row in rows] == [
        ("a", "Linear, call 2", 1.0, False), ("a", "Linear", 0.0, True)
    ]  # fmt: skip
    # Of several results the worst, the closest ones being taken for each other.
    there = [("a", 0, "LSTM", [two, one, other])]
    (row,) = _Judge(0.25).layers(there, [("a", 0, "LSTM", [one, two])])
    assert row.ok and row.difference == 0
    (row,) = _Judge(0.25).layers(there, [("a", 0, "LSTM", [one, off, other])])
    assert not row.ok and row.difference == 1
    (row,) = _Judge(1.0).layers([("a", 0, "LSTM", [one])], [("a", 0, "LSTM", [off, two, off])])
    assert row.ok and row.difference == 1  # the others are not PyTorch's
    # No shape fits: that is a difference.
    (row,) = _Judge(0.25).layers([("a", 0, "LSTM", [other])], [("a", 0, "LSTM", [one])])
    assert not row.ok and row.shape == (1, 2) and row.difference == INF


def test_a_result_that_is_wrong_counts_before_one_that_is_merely_far():
    # Within the tolerance of its large numbers, and beyond that of small ones.
    large, large_off = arrays([1000.0, 0.0], [1100.0, 0.0])
    small, small_off = arrays([0.0], [50.0])
    (row,) = _Judge(0.25).layers(
        [("a", 0, "LSTM", [large, small])], [("a", 0, "LSTM", [large_off, small_off])]
    )
    assert not row.ok and row.difference == 50.0


GOOD = Row("output", "", (2,), 4.0, 2e-8, True)
BAD = Row("output", "", (2,), 4.0, 2.0, False)
GRAD = Row("w", "", (2,), 0.5, 3e-9, True)
WRONG = Row("v", "", (2, 3), 0.5, 0.125, False)
LAYER = Row("layer", "Linear", (2,), 1.0, 0.0, True)
OFF = Row("", "Model", (2,), 1.0, 0.25, False)


@pytest.mark.parametrize(
    "outputs, grads, layers, ok, words",
    [
        ([GOOD], [GRAD], [LAYER], True,
         "M agrees with PyTorch: outputs to 5e-09, gradients to 3e-09."),
        ([], [], [], True, "M agrees with PyTorch: outputs to 0e+00, gradients to 0e+00."),
        ([BAD], [GRAD], [LAYER, OFF, LAYER], False,
         "M differs from PyTorch, first in the model itself (Model): by up to 0.25."),
        ([BAD], [GRAD], [LAYER, WRONG, OFF], False,
         "M differs from PyTorch, first in v (): by up to 0.125."),
        ([GOOD, BAD], [GRAD], [LAYER], False, "M differs from PyTorch, after its last layer."),
        ([GOOD], [GRAD, WRONG], [LAYER], False,
         "M has the outputs of PyTorch and other gradients: that of v differs by up to 0.125."),
    ],
)  # fmt: skip
def test_a_verdict_says_where_it_begins(outputs, grads, layers, ok, words):
    found = Comparison("M", tuple(outputs), tuple(grads), tuple(layers), 1e-4)
    assert found.ok is ok and found.verdict() == words
    assert str(found).splitlines()[0] == words == repr(found).splitlines()[0]
    assert found.first is next((row for row in layers if not row.ok), None)


def test_the_table_shows_every_row_and_marks_what_differs():
    found = Comparison("M", (GOOD,), (), (LAYER, OFF), 1e-4)
    assert found.text().splitlines()[1:] == [
        "",
        "Outputs",
        "  output  (2,)             max 4          difference 2.00e-08",
        "",
        "Layers, as they finished",
        "  layer Linear       (2,)             max 1          difference 0.00e+00",
        "! (the model) Model  (2,)             max 1          difference 2.50e-01",
    ]
    assert found.worst(found.layers) == 0.25 and found.worst(()) == 0.0
    shown = found._repr_html_()
    assert shown in found.html() and "<table>" in shown and shown.count('class="differs"') == 1
    assert "2.50e-01" in shown and "Gradients" not in shown
