"""Arithmetic and comparisons: values, slopes, kinks, ties, broadcasting, dtypes, errors."""

import math
import operator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd as ag

from .support import check, check_values, gradient, normal

X, Y = normal(3, 4), normal(3, 4)
BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin", "fmod",
          "remainder", "floor_divide", "copysign"]  # fmt: skip
UNARY = ["negative", "positive", "absolute", "square", "reciprocal", "floor", "ceil", "trunc",
         "rint", "sign", "around"]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 1), (4,)), ((2, 3), ()), ((), ())])
def test_two_arguments(name, shapes):
    x, y = (np.asarray(normal(*shape)) for shape in shapes)
    check(getattr(ag, name), getattr(np, name), x, y)


@pytest.mark.parametrize("name", UNARY)
def test_one_argument(name):
    check(getattr(ag, name), getattr(np, name), X)
    check(getattr(ag, name), getattr(np, name), np.asarray(1.3))


def test_sqrt():
    check(ag.sqrt, np.sqrt, abs(X))
    assert gradient(ag.sqrt, np.zeros(1)).tolist() == [math.inf]


def test_the_sign_of_bools():
    x = np.array([True, False])
    for found in (ag.sign(ag.tensor(x)).numpy(), ag.sign(x)):
        np.testing.assert_array_equal(found, x, strict=True)
    assert ag.sign(x) is not x


def test_round_to_decimals():
    for decimals in (-1, 0, 2):
        check_values(
            lambda x: ag.round(x, decimals),  # noqa: B023
            lambda x: np.round(x, decimals),  # noqa: B023
            X * 100,
        )
    with pytest.raises(TypeError, match="^around: decimals must be an integer"):
        ag.around(X, 0.5)


OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]


@pytest.mark.parametrize("op", OPERATORS)
@pytest.mark.parametrize("number", [2, 1.5, np.float64(1.5), np.int8(2)])
def test_operators_with_numbers_on_either_side(op, number):
    x = abs(X)
    check(lambda t: op(t, number), lambda a: op(a, number), x)
    check(lambda t: op(number, t), lambda a: op(float(number), a), x)


@pytest.mark.parametrize("op", OPERATORS)
def test_operators_with_arrays_on_the_left(op):
    y = abs(Y)
    for result in (op(y, ag.tensor(X)), op(ag.tensor(y), X)):
        assert isinstance(result, ag.Tensor)
        np.testing.assert_allclose(result.numpy(), op(y, X))


@given(
    hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3, min_side=0),
)
def test_gradients_are_summed_down_to_the_shapes(shapes):
    x, y = (ag.tensor(np.ones(shape), requires_grad=True) for shape in shapes.input_shapes)
    (x * 2.0 + y * 3.0).sum().backward()
    size = math.prod(shapes.result_shape)
    for t, factor in ((x, 2.0), (y, 3.0)):
        assert t.grad.shape == t.shape
        assert (t.grad.numpy() * max(t.size, 1) == factor * size).all()


# Kinks and ties -----------------------------------------------------------------------------------


def test_slopes_at_kinks():
    zeros = np.zeros(2)
    assert gradient(ag.absolute, zeros).tolist() == [0, 0]
    assert gradient(lambda x: ag.maximum(x, 0.0), zeros).tolist() == [0.5, 0.5]
    assert gradient(lambda x: ag.minimum(x, 0.0), zeros).tolist() == [0.5, 0.5]
    assert gradient(lambda x: ag.clip(x, 0.0, 1.0), np.array([-1.0, 0.0, 0.5, 1.0, 2.0])).tolist(
    ) == [0, 1, 1, 1, 0]  # fmt: skip
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    ag.maximum(x, x).sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]


def test_maximum_and_nan():
    x, y = np.array([math.nan, 1.0, 1.0]), np.array([0.0, math.nan, 2.0])
    assert np.isnan(ag.maximum(x, y)).tolist() == [True, True, False]
    assert ag.fmax(x, y).tolist() == [0.0, 1.0, 2.0]
    assert gradient(lambda t: ag.fmax(t, y), x).tolist() == [0, 1, 0]
    assert gradient(lambda t: ag.fmin(x, t), y).tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "bounds", [(-0.5, 0.5), (None, 0.3), (-0.3, None), (None, None), (0.6, -0.6)]
)
def test_clip(bounds):
    low, high = bounds
    expected = lambda x: np.minimum(  # noqa: E731
        np.maximum(x, -np.inf if low is None else low), np.inf if high is None else high
    )
    check(lambda x: ag.clip(x, low, high), expected, X)


def test_clip_by_tensors():
    low, high = np.full((3, 1), -0.4), np.full(4, 0.6)
    check(ag.clip, np.clip, X, low, high)


def test_where():
    check(lambda x, y: ag.where(X > 0, x, y), lambda x, y: np.where(X > 0, x, y), X, Y[0])
    chosen = ag.where(ag.tensor(X > 0), ag.tensor(X), 2.0)
    np.testing.assert_array_equal(chosen.numpy(), np.where(X > 0, X, 2.0))


def test_where_and_the_chain_rule():
    x = ag.tensor([0.0, 1.0], requires_grad=True)
    with np.errstate(all="ignore"):
        ag.where(x > 0, ag.log(x), 0.0).sum().backward()
    assert math.isnan(x.grad[0].item())
    x.grad = None
    ag.where(x > 0, ag.log(ag.where(x > 0, x, 1.0)), 0.0).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]


def test_remainders_have_numpys_signs():
    x, y = np.array([5.0, -5.0, 5.0, -5.0]), np.array([3.0, 3.0, -3.0, -3.0])
    assert ag.remainder(x, y).tolist() == [2, 1, -1, -2]
    assert ag.fmod(x, y).tolist() == [2, -2, 2, -2]
    assert (ag.tensor(x) % ag.tensor(y)).tolist() == [2, 1, -1, -2]
    assert (ag.tensor(x) // ag.tensor(y)).tolist() == [1, -2, -2, 1]


# Comparisons and logic ----------------------------------------------------------------------------


@pytest.mark.parametrize("op", [operator.eq, operator.ne, operator.lt, operator.le, operator.gt,
                                operator.ge])  # fmt: skip
def test_comparisons(op):
    x, y = np.array([1, 2, 3]), np.array([3, 2, 1])
    t = ag.tensor(x.astype(float), requires_grad=True)
    for result in (op(t, ag.tensor(y)), op(t, y)):
        assert result.dtype == bool and not result.requires_grad
        assert result.tolist() == op(x, y).tolist()
    assert op(t, 2).tolist() == op(x, 2).tolist()


def test_logic():
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    for name in ("logical_and", "logical_or", "logical_xor"):
        assert getattr(ag, name)(ag.tensor(a), b).tolist() == getattr(np, name)(a, b).tolist()
    assert ag.logical_not(ag.tensor(a)).tolist() == (~a).tolist()
    x = np.array([1.0, math.nan, math.inf])
    assert ag.isnan(ag.tensor(x)).tolist() == [False, True, False]
    assert ag.isinf(x).tolist() == [False, False, True]
    assert ag.isfinite(x).tolist() == [True, False, False]


# dtypes -------------------------------------------------------------------------------------------


def test_numbers_are_weak_and_arrays_are_not():
    x = ag.tensor(np.ones(2, np.float32))
    assert (x * math.sqrt(2)).dtype == np.float32
    assert (x * np.sqrt(2)).dtype == np.float32
    assert (np.float64(2) * x).dtype == np.float32
    assert (x + np.ones(2)).dtype == np.float64
    assert (ag.tensor(np.float32(2)) * 3.0).dtype == np.float32


def test_mixed_precision_gives_each_its_own_gradient():
    x = ag.tensor(np.ones(2, np.float32), requires_grad=True)
    y = ag.tensor(np.ones(2), requires_grad=True)
    (x * y).sum().backward()
    assert (x.grad.dtype, y.grad.dtype) == (np.float32, np.float64)


def test_astype():
    x = ag.tensor(X, requires_grad=True)
    y = ag.astype(x, np.float32)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float64 and (x.grad.numpy() == 1).all()
    assert not ag.astype(x, int).requires_grad
    with pytest.raises(TypeError, match="^astype: dtype='colour' is not a dtype"):
        ag.astype(x, "colour")
    with pytest.raises(TypeError, match="^astype: dtype complex128 is not supported"):
        ag.astype(x, complex)


@given(st.lists(st.floats(-9, 9), min_size=1, max_size=5))
def test_lists_are_arrays_to_us(numbers):
    assert ag.add(numbers, numbers).tolist() == pytest.approx(
        [float(np.float32(2 * n)) for n in numbers], rel=1e-6
    )
    assert ag.multiply(numbers, 2).shape == (len(numbers),)


def test_scalars_one_by_one():
    s = ag.scalars(np.array([1.0, -2.0]), requires_grad=True)
    total = ag.sum(ag.maximum(s * s, 2.0))
    total.backward()
    assert [t.grad.item() for t in s] == [0.0, -4.0]


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "where", "less"])
def test_shapes_that_do_not_fit(name):
    arguments = [np.ones((2, 3)), np.ones((4,))]
    if name == "where":
        arguments.insert(0, True)
    for make in (np.asarray, ag.tensor):
        with pytest.raises(ValueError, match=rf"^{name}: shapes .*\(2, 3\) and \(4,\) do not"):
            getattr(ag, name)(*map(make, arguments))


@pytest.mark.parametrize("other", ["a", None, object(), {}, 1j])
def test_operands_that_are_no_numbers(other):
    with pytest.raises(TypeError):
        ag.tensor(X) + other
    with pytest.raises(TypeError, match="^multiply: y"):
        ag.multiply(ag.tensor(X), other)
