"""The graph being built: names, constants that are stored once, sizes that follow the batch."""

import numpy as np
import pytest

from nn.onnx.call import Call, Operand
from nn.onnx.graph import Builder
from nn.onnx.trace import Fill, Positions, Ratio, Refused, Size

pytestmark = pytest.mark.onnx

N = Size(1, 0)
F4, F8, I8 = np.dtype("float32"), np.dtype("float64"), np.dtype("int64")


def builder():
    return Builder(18, ["x", "y"], "x")


def values(graph, names, batch):
    """What onnxruntime gives for some names, ``x`` being of shape (batch, 4)."""
    from onnx import helper

    from tests.nn.onnx.runtime import session

    x = np.arange(batch * 4, dtype=np.float32).reshape(batch, 4)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes, "g", [helper.make_tensor_value_info("x", 1, ["n", 4])],
            [helper.make_empty_tensor_value_info(name) for name in names], graph.initializers,
        ), opset_imports=[helper.make_opsetid("", 18)], ir_version=8,
    )  # fmt: skip
    return session(model).run(list(names), {"x": x})


def test_names_are_taken_once():
    graph = builder()
    assert [graph.name(n) for n in ("x", "x", "a", "a", "a_1", "a", "x_1")] == [
        "x_1", "x_2", "a", "a_1", "a_1_1", "a_2", "x_1_1"
    ]  # fmt: skip
    graph.scope = "net.0"
    assert graph.node("Exp", ["x"]) == "net.0.exp"
    assert graph.node("Split", ["x", None], outputs=2, axis=0, to=None) == (
        "net.0.split", "net.0.split_1"
    )  # fmt: skip
    first, second = graph.nodes
    assert (first.name, first.op_type, list(first.input)) == ("net.0.Exp", "Exp", ["x"])
    assert list(second.input) == ["x", ""] and [a.name for a in second.attribute] == ["axis"]
    graph.identity("net.0.exp", "out")
    assert (graph.nodes[-1].name, list(graph.nodes[-1].output)) == ("out.Identity", ["out"])


def test_a_constant_is_stored_once_by_its_kind_shape_and_bytes():
    graph = builder()
    same = [graph.constant(v, F4) for v in (1.5, np.float32(1.5), np.array(1.5))]
    assert len(set(same)) == 1 and same[0] == "constant"
    others = [
        graph.constant(1.5, F8), graph.constant([1.5], F4), graph.constant(-0.0, F4),
        graph.constant(0.0, F4), graph.ints(1, 2), graph.ints(2, 1), graph.ints(),
        graph.constant(np.array([[1, 2]]), hint="table"),
    ]  # fmt: skip
    assert len({*same, *others}) == 9 == len(graph.initializers)
    assert graph.ints(1, 2) == others[4] == "sizes" and others[-1] == "table"
    flipped = graph.initializer("flipped", np.arange(6.0).reshape(2, 3).T)
    from onnx import numpy_helper

    found = {each.name: numpy_helper.to_array(each) for each in graph.initializers}
    assert found[flipped].tolist() == [[0, 3], [1, 4], [2, 5]]
    assert found["constant"].shape == () and found["constant"].dtype == F4
    assert found["sizes"].tolist() == [1, 2] and found["sizes"].dtype == I8


@pytest.mark.parametrize("batch", [2, 5])
def test_sizes_are_computed_from_the_batch(batch):
    graph = builder()
    shapes = [
        (N,), (3, 4), (N, 2), (2, Size(2, 1), N), (Size(1, -1),), (Size(3, 0), Size(1, 0)), (7,),
    ]  # fmt: skip
    names = [graph.sizes(shape) for shape in shapes]
    for shape, found in zip(shapes, values(graph, names, batch), strict=True):
        right = [n.factor * batch + n.rest if isinstance(n, Size) else n for n in shape]
        assert found.tolist() == right and found.dtype == I8
    count = len(graph.nodes)
    assert [graph.sizes(shape) for shape in shapes] == names and len(graph.nodes) == count
    kinds = [node.op_type for node in graph.nodes]
    assert kinds.count("Shape") == 1 and kinds.count("Mul") == 2 and kinds.count("Add") == 2
    assert all(n.name.startswith("batch.") for n in graph.nodes if n.op_type in ("Shape", "Mul"))
    assert graph.scope == ""


def test_a_size_that_changes_needs_an_input_with_a_batch():
    with pytest.raises(Refused, match="a size that changes, without an input that has a batch"):
        Builder(18, [], None).size(N)
    assert Builder(18, [], None).size(3) == "sizes"


@pytest.mark.parametrize("batch", [1, 4])
def test_constants_that_are_made_of_the_batch(batch):
    graph = builder()
    n = batch
    made = [
        (N, F4, np.float32(n)), (Size(2, 1), I8, np.int64(2 * n + 1)),
        (Ratio(6.0, 1, 0), F4, np.float32(6 / n)), (Ratio(1.0, 2, 3), F8, 1 / (2 * n + 3)),
        (Fill(2.5, (N, 2)), F4, np.full((n, 2), 2.5, F4)),
        (Positions(0, (N,), I8), I8, np.arange(n)),
        (Positions(0, (N, 1), I8), F4, np.arange(n, dtype=F4)[:, None]),
        (Positions(1, (2, N), I8), I8, np.tile(np.arange(n), (2, 1))),
        (Positions(1, (N, 3, 1), I8), F4, np.tile(np.arange(3, dtype=F4)[:, None], (n, 1, 1))),
        ([[1, 2]], F4, np.array([[1, 2]], F4)),
    ]  # fmt: skip
    names = [graph.made_constant(value, dtype) for value, dtype, _ in made]
    for (_, dtype, right), found in zip(made, values(graph, names, batch), strict=True):
        assert found.dtype == dtype and found.shape == np.shape(right)
        np.testing.assert_allclose(found, right, rtol=1e-6)


@pytest.mark.parametrize("batch", [2, 3])
def test_shapes_are_changed_as_far_as_they_must_be(batch):
    graph = builder()
    n, x = batch, np.arange(batch * 4, dtype=np.float32).reshape(batch, 4)
    nothing = graph.made_constant(Fill(0.0, (N, 0)), F4)
    flat = graph.constant(np.zeros((0, 4)), F4)
    large = graph.made_constant(Fill(0.0, (Size(4, 0), N)), F4)
    counted = len(graph.nodes)
    made = [
        (graph.reshape("x", (N, 2, 2), (N, 4)), x.reshape(n, 2, 2)),
        (graph.reshape("x", (2, N, 2), (N, 4)), x.reshape(2, n, 2)),
        (graph.reshape("x", (Size(4, 0),)), x.reshape(-1)),
        (graph.reshape(nothing, (0, Size(2, 0)), (N, 0)), np.zeros((0, 2 * n), F4)),
        (graph.reshape(flat, (4, 0)), np.zeros((4, 0), F4)),
        (graph.reshape(large, (Size(2, 0),) * 2, (Size(4, 0), N)), np.zeros((2 * n,) * 2, F4)),
        (graph.reshape("x", (N, 1, 4)), x[:, None]),
        (graph.unsqueeze("x", 0, 3), x[None, :, :, None]), (graph.unsqueeze("x"), x),
        (graph.squeeze(graph.unsqueeze("x", 0), 0), x), (graph.squeeze("x"), x),
        (graph.transpose("x", [1, 0]), x.T), (graph.transpose("x", (0, 1)), x),
        (graph.pad("x", [(0, 0), (0, 0)], 1, F4), x),
        (graph.pad("x", [(1, 0), (2, -1)], 7, F4),
         np.pad(x[:, :-1], [(1, 0), (2, 0)], constant_values=7)),
        (graph.pad("x", [(0, 2), (0, 0)], 7, F4), np.pad(x, [(0, 2), (0, 0)], constant_values=7)),
        (graph.cast("x", I8, F4), x.astype(int)), (graph.cast("x", F4, F4), x),
    ]  # fmt: skip
    assert [name for name, right in made if right is x and name == "x"] == ["x"] * 5
    pairs = [(name, right) for name, right in made if name != "x"]
    found = values(graph, list(dict.fromkeys(name for name, _ in pairs)), batch)
    for value, (_, right) in zip(found, pairs, strict=True):
        assert value.dtype == right.dtype
        np.testing.assert_array_equal(value, right)
    # The size that stays is copied, the one that is left is inferred: no size is computed for those.
    kinds = [node.op_type for node in graph.nodes[counted:]]
    assert kinds.count("Mul") == 1 and kinds.count("Reshape") == 7


def call(*operands, static=None, result=F4):
    graph = builder()
    return graph, Call(graph, list(operands), static or {}, [Operand(None, (N, 2), result)])


def number(value):
    return Operand(None, (), None, value)


@pytest.mark.parametrize(
    "dtypes, numbers, found",
    [
        ((F4, F8), (), F8), ((F4,), (2.5,), F4), ((I8,), (2,), I8), ((I8,), (2.5,), F8),
        (("uint8",), (1,), "uint8"), (("bool",), (1,), I8), (("bool",), (1.0,), F8),
        (("bool",), (True,), "bool"), ((), (2.5, 1), F4), (("float16",), (1,), "float16"),
    ],
)  # fmt: skip
def test_numbers_take_the_dtype_of_what_they_stand_beside(dtypes, numbers, found):
    operands = [Operand("x", (N, 4), np.dtype(d)) for d in dtypes]
    _, made = call(None, *operands, *map(number, numbers))
    assert made.common() == found
    for k, own in enumerate([None, *dtypes, *[None] * len(numbers)]):
        if k:
            assert made.dtype_of(k) == (own or found)


def test_operands_are_there_or_not():
    x = Operand("x", (N, 4), F4)
    _, made = call(x, None, static={"axis": -1, "axes": (0, -2), "all": None, "list": [1]})
    assert [made.has(k) for k in range(3)] == [True, False, False]
    assert made.shape == (N, 4) and made.dtype == F4 and made["axis"] == -1
    assert made.axes() == (1,) and made.axes("axes") == (0, 0) and made.axes("all") is None
    assert made.axis() == 1 == made.axis("list")
    assert made.fixed(skip=1) == (4,) and made.fixed_result(1) == (2,)
    for sizes in (made.fixed, made.fixed_result):
        with pytest.raises(Refused, match="an axis that it needs the size of follows the batch"):
            sizes()
    _, scalar = call(Operand("x", (), F4), Operand("y", (2, 3, 4), F4), static={"axis": -1})
    assert scalar.axes() == (0,) and scalar.axes(k=1) == (2,)
    assert scalar.fixed() == () and scalar.fixed(1) == (2, 3, 4) and scalar.fixed(1, 2) == (4,)


def test_the_name_of_an_operand_is_of_the_dtype_that_is_asked_for():
    graph, made = call(Operand("x", (N, 4), F4), number(3), Operand(None, (2,), I8, [1, 2]))
    assert made.x() == "x" == made.x(0, F4)
    cast, three, two = made.x(0, I8), made.x(1), made.x(2)
    found = values(graph, [cast, three, two, made.x(1, I8), made.x(2, F4)], 2)
    assert [(v.dtype, v.tolist()) for v in found] == [
        (I8, [[0, 1, 2, 3], [4, 5, 6, 7]]), (F8, 3.0), (I8, [1, 2]), (I8, 3), (F4, [1.0, 2.0])
    ]  # fmt: skip
