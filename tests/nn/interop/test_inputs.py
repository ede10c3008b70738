"""The inputs of a converted model by themselves: how they are read, and every refusal of them."""

import dataclasses
import inspect

import numpy as np
import pytest

from nn.interop.inputs import Inputs, _compiled, _evaluated
from nn.interop.program import Call, Input, Program

F4, F8, I8, U1, B = map(np.dtype, ("float32", "float64", "int64", "uint8", "bool"))


@dataclasses.dataclass
class Record:
    a: object
    b: object = None


def reader(forward, arguments, *inputs, guards=()):
    program = Program({}, Call(""), inputs, arguments, None, {}, tuple(guards))
    signature = inspect.signature(forward)
    read = Inputs(program, signature).read
    return lambda *args, **kwargs: read("Model", args, kwargs)


def floats(name, *shape):
    return Input(name, name, shape, F4)


def ones(*shape):
    return np.ones(shape, np.float32)


def test_leaves_are_found_wherever_they_stand():
    read = reader(
        lambda x, rest, record: None,
        {"x": 0, "rest": [1, {"k": 2, "n": None}], "record": Record(3)},
        floats("x", 1), floats("y", 2), floats("z", 3), floats("w", 4),
    )  # fmt: skip
    env = read(ones(1), (ones(2), {"k": ones(3), "n": 5}), Record(ones(4), "anything"))
    assert {name: value.shape for name, value in env.items()} == {
        "x": (1,), "y": (2,), "z": (3,), "w": (4,)
    }  # fmt: skip


@pytest.mark.parametrize(
    "args, kind, words",
    [
        (([1.0], {"k": 1.0}), TypeError, "rest must be a list of 2, got dict"),
        (([1.0], [1.0]), TypeError, "rest must be a list of 2, got list of 1"),
        (([1.0], (1, 2, 3)), TypeError, "rest must be a list of 2, got tuple of 3"),
        (([1.0], [1.0, 3]), TypeError, r"rest\[1\] must be a dict with the keys \['k'\], got int"),
        (([1.0], [1.0, {"j": 0}]), TypeError, r"the keys \['k'\], got \['j'\]"),
        (([1.0], [1.0, {"k": 0, "j": 0}]), TypeError, r"the keys \['k'\], got \['j', 'k'\]"),
        ((object(), [ones(1), {"k": ones(1)}]), TypeError, "x must be a tensor or an array:"),
        ((ones(2), [ones(1), {"k": ones(1)}]), ValueError,
         r"x must have shape \(1,\), got \(2,\); the graph was made for these sizes"),
        ((ones(1, 1), [ones(1), {"k": ones(1)}]), ValueError,
         r"x must have shape \(1,\), got \(1, 1\)$"),
        ((np.ones(1, int), [ones(1), {"k": ones(1)}]), TypeError,
         "x must be of dtype float32, as in the conversion, got int64"),
        ((ones(1), [ones(1), {"k": np.ones(1, bool)}]), TypeError,
         r"rest\[1\]\['k'\] must be of dtype float32, as in the conversion, got bool"),
        ((ones(1),), TypeError, "missing a required argument: 'rest'; forward"),
    ],
)  # fmt: skip
def test_another_structure_is_refused_by_its_place(args, kind, words):
    read = reader(
        lambda x, rest: None, {"x": 0, "rest": [1, {"k": 2}]},
        floats("x", 1), floats("y", 1), floats("z", 1),
    )  # fmt: skip
    with pytest.raises(kind, match=rf"^Model: .*{words}"):
        read(*args)


def test_integers_of_every_width_are_alike_and_so_are_floats():
    read = reader(lambda x, y: None, {"x": 0, "y": 1}, Input("x", "x", (2,), I8), floats("y", 1))
    for width in ("uint8", "int32", "int64"):
        assert read(np.ones(2, width), np.ones(1))["x"].dtype == width
    for other in (np.ones(2, bool), np.ones(2)):
        with pytest.raises(TypeError, match="must be of dtype int64"):
            read(other, ones(1))
    anything = reader(lambda x: None, {"x": 0}, Input("x", "x", (2,), None))
    assert anything(np.ones(2, bool))["x"].dtype == bool


def test_what_is_no_tensor_stays_what_the_graph_was_made_for():
    marker = object()
    read = reader(
        lambda n, t, m, z=None: None, {"n": 0, "t": 1, "m": 2, "z": 3},
        *(Input(name, name, None, None, value)
          for name, value in {"n": 2, "t": "same", "m": marker, "z": None}.items()),
    )  # fmt: skip
    assert read(2, "same", marker) == {} == read(2.0, "sa" + "me", marker, None)
    for args in ((3, "same", marker), (2, "other", marker), (2, "same", object()),
                 (2, "same", marker, 0), (None, "same", marker)):  # fmt: skip
        with pytest.raises(ValueError, match="Model: the graph was made for .*, got .*; convert"):
            read(*args)


def test_arguments_that_were_not_given_then_are_not_taken_now():
    def forward(x, scale=1.0, mode="sum", mask=None, size=(), **more):
        pass

    read = reader(forward, {"x": 0}, floats("x", 1))
    read(ones(1))
    read(ones(1), 1.0, "s" + "um", None, ())
    read(ones(1), 1, mask=None, size=())
    for given in ({"scale": 2.0}, {"mode": "mean"}, {"mask": 0}, {"size": (1,)}):
        (name,) = given
        with pytest.raises(TypeError, match=f"was converted without the argument '{name}'; pass"):
            read(ones(1), **given)
    with pytest.raises(TypeError, match="was converted without the argument 'more'"):
        read(ones(1), other=3)
    needs = reader(lambda x, **more: None, {"x": 0, "extra": 1}, floats("x", 1), floats("e", 1))
    with pytest.raises(TypeError, match="missing argument 'extra'; forward"):
        needs(ones(1))


def test_symbols_are_one_size_everywhere_and_expressions_follow():
    read = reader(
        lambda x, y, z, n=None: None, {"x": 0, "y": 1, "z": 2, "n": 3},
        floats("x", "s0", 2), floats("y", "2*s0 + 1", "s1"), floats("z", "s1", "s0"),
        Input("n", "n", None, None, None),
    )  # fmt: skip
    read(ones(3, 2), ones(7, 5), ones(5, 3))
    read(ones(1, 2), ones(3, 1), ones(1, 1))
    bad = [
        ((3, 2), (7, 5), (4, 3), r"axis 0 of z must be 5, as in y; got shape \(4, 3\)"),
        ((3, 2), (7, 5), (5, 4), r"axis 1 of z must be 3, as in x; got shape \(5, 4\)"),
        ((3, 2), (6, 5), (5, 3), r"axis 0 of y must be 2\*s0 \+ 1, got 6"),
        ((3, 3), (7, 5), (5, 3), r"x must have shape \(s0, 2\), got \(3, 3\); the graph"),
    ]
    for x, y, z, words in bad * 2:  # refused once, refused again
        with pytest.raises(ValueError, match=f"^Model: {words}"):
            read(ones(*x), ones(*y), ones(*z))
    unknown = reader(lambda x: None, {"x": 0}, floats("x", "2*elsewhere", "f(1)[(lambda: 0)()]"))
    unknown(ones(3, 5))  # what cannot be told is let pass


def test_conditions_on_the_inputs_hold_or_are_told():
    read = reader(
        lambda x, n: None, {"x": 0, "n": [1]}, floats("x", "s0", "s1"), floats("y", "s2"),
        guards=[
            "L['x'].size()[0] <= 8", "L['x'].size(1) >= 2", "L['x'].dim() == 2",
            "L['n'][0].shape[0] < max(3, L['x'].ndim)", "L['other'].size()[0] == 1",
            "not for us", "__import__('os').getpid() < 0",
        ],
    )  # fmt: skip
    read(ones(8, 2), [ones(2)])
    told = {
        ((9, 2), (2,)): r"x\.shape\[0\] <= 8",
        ((8, 1), (2,)): r"x\.size\(1\) >= 2",
        ((8, 2), (3,)): r"n\[0\]\.shape\[0\] < max\(3, x\.ndim\)",
    }
    for (x, y), words in told.items():
        with pytest.raises(ValueError, match=f"made for inputs with {words}; convert the model"):
            read(ones(*x), [ones(*y)])


def test_only_arithmetic_of_sizes_is_evaluated():
    for text in ("x.__class__", "[1]", "lambda: 1", "a if b else c", "f'{x}'", "x.data", "1 +"):
        assert _compiled(text) is None
    assert _evaluated(_compiled("(n + 1) // 2 > -m and not m"), {"n": 4, "m": 0}) is True
    assert _evaluated(_compiled("max(n, 3) - min(n, 3)"), {"n": 5}) == 2
    for text in ("other + 1", "open('x')", "n[0]", "n.shape", "n['key']", "n()"):
        assert _evaluated(_compiled(text), {"n": 4}) is None
