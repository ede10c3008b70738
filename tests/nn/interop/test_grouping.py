"""Operations grouped into the calls of modules; structures kept by the names of their classes."""

import collections
import dataclasses
import inspect
import pickle

import numpy as np
import pytest

from nn.interop.grouping import grouped
from nn.interop.keeping import Kept, kept, put_back, without_types
from nn.interop.program import Call, Operation, Program, State, Value, values_in, walk


def op(name, *args, **kwargs):
    return Operation(name, "f", tuple(Value(a) if isinstance(a, str) else a for a in args), kwargs)


def shown(step):
    """A call as text: its operations, and its calls in brackets, each with what goes in and out."""
    if isinstance(step, Operation):
        return step.name + "".join(f" -{name}" for name in step.releases)
    body = ", ".join(map(shown, step.body))
    ends = f"{' '.join(step.inputs)} > {' '.join(step.outputs)}"
    return f"{step.path}#{step.index}({ends}: {body})" + "".join(f" -{n}" for n in step.releases)


def test_operations_come_into_the_calls_that_they_were_made_in():
    a1, a2, b = (("a", "a"),), (("a@1", "a"),), (("a", "a"), ("a.b", "a.b"))
    operations = [
        op("p", "x"), op("q", "p"), op("r", "q", "w"), op("s", "q", "r"), op("t", "s"),
        op("u", "t", [Value("p"), {"k": Value("t")}], k=slice(Value("x"))),
    ]  # fmt: skip
    stacks = [(), a1, b, b, a1, a2]
    root = grouped(operations, stacks, [Value("u"), [Value("s")], Value("u")], {}, {})
    assert shown(root) == (
        "#0(x w > u s: p, "
        "a#0(p w > s t: q -p, a.b#0(q w > s: r -w, s -r -q) -q -w, t) -w, "
        "a#1(t p x > u: u -t -p -x) -p -x -t)"
    )
    program = Program({}, root, (), {}, None, {})
    assert [o.name for o in program.operations()] == list("pqrstu")
    calls = program.calls()
    assert {path: [c.index for c in found] for path, found in calls.items()} == {
        "": [0], "a": [0, 1], "a.b": [0]
    }  # fmt: skip
    assert [call.path for call, _ in walk(root)] == ["", "a", "a.b", "a.b", "a", "a"]


def test_sizes_are_read_from_the_tensors_that_come_with_them():
    stacks = [(), (), (("a", "a"),), (("a", "a"), ("a.b", "a.b"))]
    operations = [
        op("n", "x"),
        op("m", "x"),
        op("y", "x", "n", "m"),
        op("z", [Value("y")], k=Value("n")),
    ]
    shapes = {"x": (3, "s0"), "y": ("s1", "s0"), "z": ("s0",)}
    root = grouped(operations, stacks, [Value("z")], shapes, {"n": "s0", "m": "s7"})
    call = root.body[2]
    assert call.inputs == ("x", "m")
    size, used, inner = call.body
    assert (size.operator, size.args, size.name) == ("sym_size.int", (Value("x"), 1), "n in a 0")
    assert used.args == (Value("x"), Value("n in a 0"), Value("m"))
    assert inner.inputs == ("y",) and inner.body[0].args == (Value("y"), 1)
    assert inner.body[1].args == ([Value("y")],)
    assert inner.body[1].kwargs == {"k": Value(inner.body[0].name)}


def test_the_values_in_a_structure_in_order():
    tree = [Value("a"), (1, {"k": Value("b"), "n": State("", "c")}), slice(Value("d"), None, 2)]
    assert list(values_in(tree)) == ["a", "b", "d"]
    assert str(State("", "w")) == "w" and str(State("a.b", "w")) == "a.b.w"
    assert Call("a") == Call("a", 0, (), (), [], ())


Pair = collections.namedtuple("Pair", "a b")


@dataclasses.dataclass(frozen=True)
class Record:
    x: object
    y: object = None


HALF = np.float32(0.5)


class Named(dict):
    pass


TREE = {
    "pair": Pair(1, [Record(2, (3,)), 4]), "named": Named(k=Pair(5, 6)), "list": [(7,)],
    "ordered": collections.OrderedDict(b=Record(None), a=8), "value": Value("v"),
}  # fmt: skip


def test_classes_are_kept_by_name_and_found_again():
    found = kept(TREE)
    here = __name__
    assert found["pair"] == Kept(
        here, "Pair", "named tuple",
        {"a": 1, "b": [Kept(here, "Record", "record", {"x": 2, "y": (3,)}), 4]},
    )  # fmt: skip
    assert found["named"].kind == "dict" and found["named"].parts["k"].name == "Pair"
    assert type(found["ordered"]) is collections.OrderedDict and found["value"] == Value("v")
    assert type(found["ordered"]["b"]) is Kept
    again = put_back(pickle.loads(pickle.dumps(found)))
    assert again == TREE
    assert [type(again[name]) for name in TREE] == [type(value) for value in TREE.values()]
    assert type(again["pair"].b[0]) is Record and type(again["list"][0]) is tuple


@pytest.mark.parametrize("module", ["no.such.module", __name__])
def test_a_class_that_is_gone_is_replaced_by_one_with_the_same_fields(module):
    pair, record, named = (
        put_back(Kept(module, f"Outer.{name}", kind, {"a": 1, "b": Value("v")}))
        for name, kind in (("Gone", "named tuple"), ("Lost", "record"), ("Left", "dict"))
    )
    assert type(pair).__name__ == "Gone" and pair == (1, Value("v")) and pair.b == Value("v")
    assert dataclasses.is_dataclass(record) and type(record).__name__ == "Lost"
    assert (record.a, record.b) == (1, Value("v")) and named == {"a": 1, "b": Value("v")}
    assert type(named) is dict


def test_a_signature_keeps_plain_defaults_and_no_types():
    def forward(self, x: int, y: Record = TREE, z=(1, [2.5, "s", None, True]), *rest: int,
                k=HALF, n: int = 3, t=(1, HALF), **more: int) -> Pair:  # fmt: skip
        pass

    found = without_types(inspect.signature(forward))
    assert str(found) == (
        "(self, x, y=Ellipsis, z=(1, [2.5, 's', None, True]), *rest, k=Ellipsis, n=3, t=Ellipsis, "
        "**more)"
    )
