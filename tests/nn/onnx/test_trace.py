"""What is told from several runs of a program: constants, sizes that follow the batch, values."""

from collections import namedtuple
from types import SimpleNamespace

import numpy as np
import pytest

from nn.onnx.trace import (
    Fill,
    Origin,
    Positions,
    Program,
    Ratio,
    Refused,
    Run,
    Size,
    _same,
    place,
)

BATCHES = 2, 3, 5
HIDDEN = {"norm": {"mean": lambda x, **static: x.mean(-1) + static.get("shift", 0)}}


def value(array, operation=None, output=0):
    return SimpleNamespace(array=np.asarray(array), operation=operation, output=output)


def operation(name, inputs, outputs, *, static=None, rewritten=(), module="", line=0, file=""):
    return SimpleNamespace(
        name=name, inputs=inputs, outputs=outputs, static=static or {}, rewritten=rewritten,
        module=module, filename=file, lineno=line,
    )  # fmt: skip


def program(steps=lambda x, n: [], batches=BATCHES, hidden=HIDDEN):
    """Runs with one input of shape (n, 4) and one parameter; ``steps`` makes the operations."""
    runs = []
    for k, n in enumerate(batches):
        x = value(np.random.default_rng(k).standard_normal((n, 4)))
        x.array[0, 0] = k + 1.5
        w = value(np.full(3, 7.0))
        runs.append(Run(steps(x, n), {"x": x}, {"w": w}, {"y": x}, n))
    return Program(runs, hidden)


def of(function, found, before=None):
    arrays = [np.asarray(function(run)) for run in found.runs]
    return found.of_arrays(arrays, len(found.operations) if before is None else before)


def test_arrays_are_the_same_with_nan_and_of_one_kind():
    assert _same([1.0, np.nan], [1.0, np.nan]) and _same([1, 2], [1, 2]) and _same(["a"], ["a"])
    assert not _same([1.0, np.nan], [np.nan, 1.0]) and not _same([1, 2], [1.0, 2.0])
    assert not _same([1, 2], [1, 3]) and not _same([1, 2], [[1, 2]])
    assert _same(np.float32([1]), np.float64([1]))


@pytest.mark.parametrize(
    "sizes, found",
    [((4, 4, 4), 4), ((2, 3, 5), Size(1, 0)), ((7, 9, 13), Size(2, 3)), ((0, 1, 3), Size(1, -2)),
     ((9, 8, 6), Size(-1, 11))],
)  # fmt: skip
def test_a_size_is_fixed_or_follows_the_batch_evenly(sizes, found):
    assert program().size(list(sizes)) == found


@pytest.mark.parametrize("sizes", [(2, 3, 6), (4, 5, 4), (4, 4, 5), (4, 9, 25)])
def test_a_size_that_follows_anything_else_is_refused(sizes):
    with pytest.raises(Refused, match=rf"a size that depends on values .*: \[{sizes[0]}, "):
        program().size(list(sizes))


def test_with_one_batch_a_size_may_not_change():
    fixed = program(batches=(4, 4, 4))
    assert fixed.size([6, 6, 6]) == 6
    with pytest.raises(Refused, match="a size that depends"):
        fixed.size([6, 7, 7])
    half = program(batches=(2, 4, 6))
    with pytest.raises(Refused, match="a size that depends"):
        half.size([1, 2, 3])


@pytest.mark.parametrize(
    "number, key",
    [
        (lambda n: 4, 4), (lambda n: 2.5, 2.5), (lambda n: n, Size(1, 0)),
        (lambda n: float(3 * n - 1), Size(3, -1)), (lambda n: 1 / n, Ratio(1.0, 1, 0)),
        (lambda n: -6.0 / n, Ratio(-6.0, 1, 0)), (lambda n: 0.25 * 8 / n, Ratio(2.0, 1, 0)),
    ],
)  # fmt: skip
def test_a_number_is_a_constant_a_size_or_a_ratio(number, key):
    found = of(lambda run: number(run.batch), program())
    assert found.kind == "constant" and found.shape is None
    assert found.key == pytest.approx(key, rel=1e-15) and type(found.key) in (
        type(key), np.ndarray
    )  # fmt: skip


@pytest.mark.parametrize(
    "number", [lambda n: 1 / n**2, lambda n: n + 0.5, lambda n: 0.0 if n == 3 else 1.5 / n,
               lambda n: np.inf if n == 3 else 1 / n, lambda n: n * n, lambda n: 1.001 / n + 1e-4,
               lambda n: n > 2]
)  # fmt: skip
def test_a_number_of_another_kind_is_refused(number):
    with pytest.raises(Refused, match=r"an array of shape \(\) was computed outside"):
        of(lambda run: number(run.batch), program())


def test_arrays_made_of_the_shape_alone():
    found = program()
    assert of(lambda run: np.zeros((run.batch, 2)), found).key == Fill(0.0, (Size(1, 0), 2))
    assert of(lambda run: np.full((2, run.batch + 1), 3), found).key == Fill(3, (2, Size(1, 1)))
    rows = of(lambda run: np.arange(run.batch)[:, None] + np.zeros((1, 2), int), found)
    assert rows == Origin("constant", Positions(0, (Size(1, 0), 2), np.dtype(int)))
    columns = of(lambda run: np.broadcast_to(np.arange(4.0), (run.batch, 4)), found).key
    assert columns == Positions(1, (Size(1, 0), 4), np.dtype(float))
    with pytest.raises(Refused, match=r"a mask of shape \(2, 2\), alike everywhere for these"):
        of(lambda run: np.ones((run.batch, 2), bool), found)
    for other in (
        lambda run: np.arange(1, run.batch + 1), lambda run: np.arange(run.batch) * 2,
        lambda run: np.zeros((run.batch**2, 2)), lambda run: np.zeros((2,) * run.batch),
        lambda run: np.zeros((0, run.batch)), lambda run: np.full(run.batch, run.batch),
        lambda run: np.full(4, run.batch), lambda run: np.eye(run.batch),
    ):  # fmt: skip
        with pytest.raises(Refused, match="was computed outside of the operations"):
            of(other, found)
    same = of(lambda run: np.arange(3), found)
    assert same.kind == "constant" and same.key.tolist() == [0, 1, 2]


def test_values_have_the_name_of_an_input_a_parameter_or_an_operation():
    def steps(x, n):
        y = value(x.array * 2, 0)
        return [operation("multiply", [x, None], [y]), operation("negative", [y], [])]

    found = program(steps)
    assert found.input_origin(0, 0) == Origin("input", "x") == found.output_origin("y")
    assert found.input_origin(0, 1) is None
    assert found.input_origin(1, 0) == Origin("output", (0, 0))
    weights = [run.parameters["w"] for run in found.runs]
    assert found.origin(weights, 0) == Origin("parameter", "w")
    mixed = [found.runs[0].parameters["w"], *(run.inputs["x"] for run in found.runs[1:])]
    with pytest.raises(Refused):
        found.origin(mixed, 0)
    outputs = [value(run.inputs["x"].array * 2, k and 1, 0) for k, run in enumerate(found.runs)]
    assert found.origin(outputs, 2) == Origin("output", (0, 0))  # by its numbers


def test_an_input_that_was_written_into_is_refused():
    found = program(lambda x, n: [operation("exp", [None, x], [value(x.array, 0)], rewritten=(1,))])
    assert found.input_origin(0, 0) is None
    with pytest.raises(Refused, match="input 1 was written into in place after it was made"):
        found.input_origin(0, 1)


@pytest.mark.parametrize("with_it", [2, 3, 5])
def test_an_input_that_is_there_in_some_runs_only_is_refused(with_it):
    found = program(lambda x, n: [operation("f", [x, x if n == with_it else None], [])])
    assert found.input_origin(0, 0) == Origin("input", "x")
    with pytest.raises(Refused, match="whether it has an input 1 depends on the values or on the"):
        found.input_origin(0, 1)


def copies(x, n):
    doubled = value(x.array * 2, 0)
    turned = value(doubled.array.reshape(n, 1, 4), 1)
    taken = value(turned.array[:, None], 2)
    return [
        operation("multiply", [x], [doubled]),
        operation("reshape", [doubled], [turned]),
        operation("getitem", [turned], [taken]),
    ]


def test_numbers_that_were_read_off_a_value_lead_back_to_it():
    found = program(copies)
    assert of(lambda run: run.inputs["x"].array, found) == Origin("input", "x")
    assert of(lambda run: run.inputs["x"].array[:, None], found) == Origin(
        "input", "x", (Size(1, 0), 1, 4)
    )
    # The last of several copies; what comes later than the reader is not there yet.
    assert of(lambda run: run.inputs["x"].array * 2, found) == Origin(
        "output", (2, 0), (Size(1, 0), 4)
    )
    assert of(lambda run: run.inputs["x"].array * 2, found, 2) == Origin(
        "output", (1, 0), (Size(1, 0), 4)
    )
    assert of(lambda run: run.inputs["x"].array * 2, found, 1) == Origin("output", (0, 0))
    for other in (
        lambda run: run.inputs["x"].array * 3, lambda run: run.inputs["x"].array.T,
        lambda run: run.inputs["x"].array.reshape(-1, 2), lambda run: run.inputs["x"].array[:1],
    ):  # fmt: skip
        with pytest.raises(Refused, match="and cannot be followed"):
            of(other, found)
    with pytest.raises(Refused, match="and cannot be followed"):
        of(lambda run: run.inputs["x"].array * 2, found, 0)


def test_which_of_two_values_with_the_same_numbers_is_meant_cannot_be_told():
    def twice(x, n):
        return [
            operation("multiply", [x], [value(x.array * 2, 0)]),
            operation("add", [x], [value(x.array * 2, 1)]),
        ]

    with pytest.raises(Refused, match=r"shape \(2, 4\) was read off a value, and several hold"):
        of(lambda run: run.inputs["x"].array * 2, program(twice))

    def picked(x, n):  # an index that does not take everything is no copy
        part = value(x.array * 2, 1)
        return [
            operation("multiply", [x], [value(x.array * 2, 0)]),
            operation("getitem", [x], [part]),
        ]

    with pytest.raises(Refused, match="which is meant cannot be told"):
        of(lambda run: run.inputs["x"].array * 2, program(picked))


def test_what_an_operation_computes_on_the_way_can_be_read():
    def steps(x, n):
        return [operation("norm", [x, None], [value(x.array * 2, 0)], static={"shift": 2.0})]

    hidden = {"norm": {"mean": lambda x, nothing, shift: x.mean(-1) + shift}}
    found = program(steps, hidden=hidden)
    assert of(lambda run: run.inputs["x"].array.mean(-1) + 2.0, found) == Origin(
        "hidden", (0, "mean")
    )
    with pytest.raises(Refused):
        of(lambda run: run.inputs["x"].array.mean(-1), found)


def test_what_does_not_follow_an_input_is_no_origin():
    def steps(x, n):
        counted = value(np.arange(n) * 3.0 + 1, 0)
        again = value(np.arange(n) * 6.0 + 2, 1)
        seen = value(np.arange(n) * 3.0 + 5 * x.array[0, 0], 2)
        drawn = value(np.arange(n) * 3.0 + 8 * x.array[0, 0], 3)
        return [
            operation("arange", [], [counted], static={"n": n}),
            operation("add", [counted, value(np.ones(n)), value(3.0), None], [again]),
            operation("add", [counted], [seen], static={"table": (x.array, 1)}),
            operation("add", [value(x.array[:1])], [drawn]),
        ]

    found = program(steps)
    assert [found._follows_inputs(k) for k in (3, 0, 1, 2)] == [True, False, False, True]
    with pytest.raises(Refused):
        of(lambda run: np.arange(run.batch) * 6.0 + 2, found)
    first = [run.inputs["x"].array[0, 0] for run in found.runs]
    known = dict(zip(BATCHES, first, strict=True))
    assert of(lambda run: np.arange(run.batch) * 3.0 + 5 * known[run.batch], found) == Origin(
        "output", (2, 0)
    )
    assert of(lambda run: np.arange(run.batch) * 3.0 + 8 * known[run.batch], found) == Origin(
        "output", (3, 0)
    )


def test_the_shape_of_a_value():
    found = program()
    values = [value(np.zeros((n, 4, 2 * n + 1))) for n in BATCHES]
    assert found.shape_of(values) == (Size(1, 0), 4, Size(2, 1))
    for other in (2, 5):
        with pytest.raises(Refused, match="the number of axes depends on the values"):
            found.shape_of([value(np.zeros((n,) + (1,) * (n == other))) for n in BATCHES])


Window = namedtuple("Window", "size step")


def test_static_parameters_are_resolved_in_depth():
    def steps(x, n):
        static = {
            "axis": 1, "none": None, "shape": (n, [4, n + 1]), "cut": slice(0, n, None),
            "window": Window(n, (2, 2)), "mask": np.eye(2), "index": x.array[0],
            "table": np.zeros(n), "exact": True, "how": "same",
        }  # fmt: skip
        row = value(x.array[0], 0)
        return [operation("getitem", [x], [row]), operation("take", [x], [], static=static)]

    found = program(steps)
    static = found.static(1)
    mask = static.pop("mask")
    assert mask is found.operations[1].static["mask"]
    assert static == {
        "axis": 1, "none": None, "shape": (Size(1, 0), (4, Size(1, 1))),
        "cut": slice(0, Size(1, 0), None), "window": Window(Size(1, 0), (2, 2)),
        "index": Origin("output", (0, 0)), "exact": True, "how": "same",
        "table": Origin("constant", Fill(0.0, (Size(1, 0),))),
    }  # fmt: skip
    assert type(static["window"]) is Window


@pytest.mark.parametrize(
    "parts, words",
    [
        (lambda n: n / 2, "a parameter depends on the values: 1.0 and 1.5"),
        (lambda n: n > 2, "a parameter depends on the values: False and True"),
        (lambda n: "a" * n, "a parameter depends on the values: 'aa' and 'aaa'"),
        (lambda n: None if n == 2 else 1, "a parameter depends on the values$"),
        (lambda n: 1 if n == 2 else None, "a parameter depends on the values: 1 and None"),
        (lambda n: (1,) * n, r"a parameter depends on the values: \(1, 1\) and \(1, 1, 1\)"),
        (lambda n: 2 if n == 2 else 2.0, "a parameter depends on the values: 2 and 2.0"),
        (lambda n: n * n, "a size that depends on values"),
    ],
)
def test_static_parameters_that_follow_the_values_are_refused(parts, words):
    found = program(lambda x, n: [operation("take", [x], [], static={"given": parts(n)})])
    with pytest.raises(Refused, match=words):
        found.static(0)


def test_runs_of_other_operations_are_refused_by_the_first_that_differs():
    def other(x, n):
        second = "exp" if n < 5 else "log"
        return [
            operation("add", [x], []),
            operation(second, [x], [], module="net.0", file="/a/b/model.py", line=12),
        ]

    words = r"^exp in net\.0 \(model\.py:12\): what is computed .*: with other inputs, log came in "
    with pytest.raises(Refused, match=f"{words}the place of exp"):
        program(other)
    with pytest.raises(Refused, match="^add: what is computed depends on the values"):
        program(lambda x, n: [operation("add", [x] * n, [])])
    with pytest.raises(Refused, match="^add: what is computed depends on the values"):
        program(lambda x, n: [operation("add", [x], [], module=f"{n > 3}"[:4].strip("Fals"))])

    def longer(apart):
        def steps(x, n):
            names = ["add", "exp", "log", "sin"]
            if apart and n == 5:
                names.insert(1, "cos")
            return [operation(name, [x], []) for name in names[: 2 if n < 5 else 4]]

        return steps

    with pytest.raises(Refused, match="^exp: how much is computed depends on the values or on"):
        program(longer(False))
    with pytest.raises(Refused, match="^(exp|cos): how much is computed"):
        program(longer(True))
    with pytest.raises(Refused, match="^the model: how much is computed"):
        program(lambda x, n: [operation("add", [x], [])] * (n > 2))


def test_a_place_is_told_as_far_as_it_is_known():
    assert place(operation("exp", [], [])) == "exp"
    assert place(operation("exp", [], [], module="a.b")) == "exp in a.b"
    assert place(operation("exp", [], [], file="C:\\x\\m.py", line=3)) == "exp (m.py:3)"
    assert place(operation("exp", [], [], file="m.py", line=3, module="a")) == "exp in a (m.py:3)"
