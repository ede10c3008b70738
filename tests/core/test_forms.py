"""The short forms of a call make, to the last attribute, what the general one makes."""

import itertools
import weakref

import numpy as np
import pytest

import autograd as ag
from autograd.core import call
from autograd.core.node import Leaf
from autograd.core.tensor import Tensor
from autograd.ops import activations, elementwise, products, reductions, shapes, transcendental
from tests.primitives import primitives

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


@ag.primitive(outputs=2)
def both(x):
    return 2.0 * x, 3.0 * x


both.gradients(x=lambda g: sum(n * h for n, h in zip((2.0, 3.0), g, strict=True) if h is not None))


@ag.primitive(broadcasts=True)
def of_all(x, y, z):
    """Its rules ask for inputs, a shape and the output."""
    return x * y + z


of_all.gradients(
    x=lambda g, y, out: g * y + 0.0 * out, y=lambda g, x, z_shape: g * x, z=lambda g: g * 1.0
)


@ag.primitive(broadcasts=True)
def of_one(x, *, by=1.0, and_by=0.0):
    return x * by + and_by


of_one.gradients(x=lambda g, by, out, x: g * by + 0.0 * out * x)


@ag.primitive
def itself(x):
    return x


itself.gradients(x=lambda g: g * 1.0)


@ag.primitive
def turned(x):
    """A view of memory that is its own."""
    return (x * 1.0)[..., ::-1] if x.ndim else x * 1.0


turned.gradients(x=lambda g: g[..., ::-1])


def operands(dtype, shape):
    """Tensors of a dtype: leaves, results, constants, views, one of several outputs."""
    size = int(np.prod(shape, dtype=int))
    values = (np.arange(size, dtype=np.float64).reshape(shape) + 1.0) / (size + 1.0)
    array = values.astype(dtype)
    leaf = ag.tensor(array.copy(), requires_grad=np.dtype(dtype).kind == "f")
    yield "leaf", leaf
    yield "constant", ag.tensor(array.copy())
    if leaf.requires_grad:
        yield "result", leaf * 1.0
        yield "second output", both(leaf)[1]
        if shape:
            yield "view", leaf[::-1]
            yield "view of a constant", ag.tensor(array.copy())[::-1]


def told(value, given, out):
    """A value of a node as what can be compared: operands and results by their place."""
    if type(value) is tuple:
        return tuple(told(each, given, out) for each in value)
    for name, known in [*given, *out]:
        if value is known and value is not None and not isinstance(value, np.generic):
            return name
    if isinstance(value, weakref.ref):
        return "weak", told(value(), given, out)
    if isinstance(value, (np.ndarray, np.generic)):
        return type(value).__name__, value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list):
        return "cell", len(value), value[0] == 0
    return repr(value)


def described(made, inputs):
    """All there is to say of a result, its node and the cells, without what is drawn anew."""
    given = []
    for k, x in enumerate(inputs):
        if isinstance(x, Tensor):
            given += [(f"data {k}", x._data), (f"cell {k}", x._version), (f"node {k}", x._node)]
        elif not isinstance(x, (int, float)):
            given.append((f"given {k}", x))
    out = [("out", made._data), ("out's cell", made._version)]
    said = [type(made._data).__name__, made.dtype.str, made.shape, made._data.tobytes()]
    said += [told(made._version, given, []), told(made._data, given, []), made._index, made.name]
    said += [getattr(made, "_viewed", None), made._grad]
    said += [getattr(x, "_viewed", None) for x in inputs if isinstance(x, Tensor)]
    node = made._node
    if node is None:
        return [*said, "no node"]
    assert not isinstance(node, Leaf)
    for name in ("parents", "aside", "saved", "cells", "static", "shape", "dtype"):
        value = getattr(node, name)
        if name == "cells" and value is not None and not any(value):
            value = None  # there is nothing to look at
        said.append((name, told(value, given, out)))
    said += [node.plan is node.primitive.plan, node.module, node.extra]
    said.append(told(getattr(node, "number", "none"), given, out))
    return said


def outcome(function, inputs, static):
    """The description of a call, or its error in words."""
    for x in inputs:
        if isinstance(x, Tensor) and hasattr(x, "_viewed"):
            del x._viewed
    try:
        made = function(*inputs, **static)
    except Exception as error:  # noqa: BLE001
        return type(error), str(error)
    if not isinstance(made, Tensor):
        return type(made), told(made, [], [])
    return described(made, inputs)


def same(function, inputs, **static):
    info = getattr(function, "primitive", function)
    short, general = call.form_for(info)(info), call.general(info)
    for mode in (ag.enable_grad, ag.no_grad):
        with mode():
            assert outcome(short, inputs, static) == outcome(general, inputs, static), (
                info.name, inputs, static, mode.__name__
            )  # fmt: skip


DTYPES = [np.float16, np.float32, np.float64, np.int64, bool]
SHAPES = [(), (3,), (2, 3), (0,), (1,)]
UNARY = [
    (transcendental.exp, {}), (transcendental.sin, {}), (transcendental.sqrt, {}), (elementwise.negative, {}),
    (elementwise.alias, {}), (activations.relu, {}), (itself, {}), (turned, {}), (of_one, {}), (of_one, {"by": 2.0}),
    (of_one, {"and_by": np.float32(2.0)}), (of_one, {"by": 3, "and_by": 1.0}), (of_one, {"other": 3}),
    (reductions.sum, {"axis": None, "keepdims": False}), (reductions.sum, {"axis": -1}), (reductions.sum, {"axis": 5}),
    (shapes.reshape, {"shape": ()}), (shapes.transpose, {}), (shapes.reshape, {"shape": (-1,)}), (shapes.reshape, {"shape": [-1]}),
    (shapes.expand_dims, {"axis": 0}), (of_one, {"by": ag.tensor(2.0)}), (of_one, {"by": np.array(2.0)}),
]  # fmt: skip


@pytest.mark.parametrize(("function", "static"), UNARY)
def test_one_input(function, static):
    for dtype, shape in itertools.product(DTYPES, SHAPES):
        for _, x in operands(dtype, shape):
            same(function, (x,), **static)
    same(function, (), **static)
    same(function, (np.ones(3), ag.tensor(1.0), 3), **static)
    for x in (np.ones(3), 2.0, 3, [1.0, 2.0], None, "x"):
        same(function, (x,), **static)


def test_static_parameters_by_position():
    x = ag.tensor(np.ones((2, 3)), requires_grad=True)
    for more in ((2.0,), (2.0, 1.0), (2.0, 1.0, 0.0), ([2.0],), (ag.tensor(2.0),)):
        same(of_one, (x, *more))
        same(of_one, (x, *more), by=1.0)
        same(of_one, (x, *more), and_by=1.0)
    assert of_one(x, 2.0, 1.0).tolist() == [[3.0] * 3] * 2


OTHERS = [2.0, 3, True, 1 << 70, -(1 << 70), (1 << 63) - 1, -(1 << 63), 1 << 63, np.float32(2), np.ones(3), [1.0, 2.0, 3.0], None, "x"]  # fmt: skip
BINARY = [elementwise.add, elementwise.multiply, elementwise.maximum, elementwise.divide, products.matmul, transcendental.power]  # fmt: skip


@pytest.mark.parametrize("function", BINARY)
def test_two_inputs(function):
    for left, right in itertools.product(DTYPES, repeat=2):
        for a, b in ((), ()), ((3,), (3,)), ((), (3,)), ((2, 3), (3,)), ((0,), (0,)), ((2,), (3,)):
            if left == right or (a, b) in (((3,), (3,)), ((), ())):
                for (_, x), (_, y) in itertools.product(operands(left, a), operands(right, b)):
                    same(function, (x, y))
    for dtype, shape in itertools.product(DTYPES, ((), (3,))):
        for (_, x), y in itertools.product(operands(dtype, shape), OTHERS):
            same(function, (x, y))
            same(function, (y, x))
    x = ag.tensor(np.ones(3), requires_grad=True)
    same(function, (x, x))


def test_three_inputs():
    kinds = [
        *(x for _, x in operands(np.float64, (3,))), *(x for _, x in operands(np.float32, ())),
        ag.tensor(np.arange(3)), 2.0, 3, np.ones(3), None,
    ]  # fmt: skip
    for inputs in itertools.product(kinds, repeat=3):
        same(of_all, inputs)
    x = kinds[0]
    same(of_all, (x, x))
    same(of_all, (x, x, x, x))
    same(of_all, (x, x, x), by=2.0)


def test_any_number_of_inputs():
    concatenate = primitives()["concatenate"]
    x, y = ag.tensor(np.ones((2, 3)), requires_grad=True), ag.tensor(np.ones((1, 3), np.float32))
    for inputs in ((x,), (x, x, y), (y, y), (y, both(x)[1]), (x, np.ones((2, 3)))):
        for static in ({}, {"axis": 0}, {"axis": 1}, {"axis": 7}):
            same(concatenate, inputs, **static)
