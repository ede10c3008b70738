"""Reductions: NumPy's values; gradients by differences; ties, zeros, NaN and nothing at all."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd.func import gradcheck

from .support import check, check_values, gradient, normal

X = normal(2, 3, 4)
AXES = [None, 0, -1, (0, 2), (1,), ()]


def logsumexp(x, axis=None, keepdims=False):
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims))


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "amax", "amin", "logsumexp"])
def test_like_numpy_with_right_gradients(name, axis, keepdims):
    oracle = logsumexp if name == "logsumexp" else getattr(np, name)
    check(
        lambda x: getattr(ag, name)(x, axis, keepdims),
        lambda x: oracle(x, axis=axis, keepdims=keepdims),
        X,
    )


@pytest.mark.parametrize("axis", AXES[:-1])
@pytest.mark.parametrize("ddof", [0, 1])
@pytest.mark.parametrize("name", ["var", "std"])
def test_var_and_std(name, axis, ddof):
    check(
        lambda x: getattr(ag, name)(x, axis=axis, ddof=ddof),
        lambda x: getattr(np, name)(x, axis=axis, ddof=ddof),
        X,
    )


def test_statics_by_position_and_keyword():
    assert ag.sum(X, 1, True).shape == ag.sum(X, axis=1, keepdims=True).shape == (2, 1, 4)


def test_var_in_a_plain_loop():
    rows = [
        sum((v - sum(row) / len(row)) ** 2 for v in row) / (len(row) - 1)
        for row in X.reshape(6, 4).tolist()
    ]
    np.testing.assert_allclose(ag.var(X, -1, ddof=1).ravel(), rows, rtol=1e-12)


@pytest.mark.parametrize("ddof", [3, 4])
def test_variance_without_degrees_of_freedom_is_nan(ddof):
    with np.errstate(all="raise"):
        assert np.isnan(ag.var(X, 1, ddof=ddof)).all()
        assert np.isnan(ag.std(ag.tensor(X), 1, ddof=ddof).numpy()).all()
    assert np.isnan(gradient(lambda x: ag.var(x, 1, ddof=ddof), X)).all()


def test_std_of_constants_has_gradient_zero():
    assert gradient(lambda x: ag.std(x), np.full(4, 2.5)).tolist() == [0.0] * 4


def test_mean_of_nothing_is_nan_without_a_warning():
    with np.errstate(all="raise"):
        assert math.isnan(ag.mean(np.zeros(0)))
        assert np.isnan(ag.mean(ag.zeros((0, 3)), 0).numpy()).all()


def test_mean_of_halves_does_not_overflow():
    x = np.full(100, 60000, np.float16)
    assert ag.mean(x).dtype == np.float16
    assert ag.mean(x) == np.float16(60000)
    assert ag.var(x) == 0


def test_sums_of_integers_are_integers():
    assert ag.sum(ag.tensor([1, 2, 3])).dtype == np.int64
    assert ag.mean(ag.tensor([1, 2])).dtype == np.float32
    assert ag.sum(ag.tensor([True, True])).item() == 2


# Ties ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: ag.max(x), [[0, 0.5, 0.5], [0, 0, 0]]),
        (lambda x: ag.max(x, 1), [[0, 1, 0], [0, 0, 1]]),
        (lambda x: ag.max(x, (1,)), [[0, 1, 0], [0, 0, 1]]),
        (lambda x: ag.max(x, (0, 1)), [[0, 0.5, 0.5], [0, 0, 0]]),
        (lambda x: ag.amax(x, 1), [[0, 0.5, 0.5], [0, 0, 1]]),
        (lambda x: ag.max_with_indices(x, 1)[0], [[0, 1, 0], [0, 0, 1]]),
        (lambda x: ag.max_with_indices(x)[0], [[0, 1, 0], [0, 0, 0]]),
        (lambda x: -ag.min(-x), [[0, 0.5, 0.5], [0, 0, 0]]),
        (lambda x: -ag.min(-x, 1), [[0, 1, 0], [0, 0, 1]]),
        (lambda x: -ag.amin(-x, 1), [[0, 0.5, 0.5], [0, 0, 1]]),
        (lambda x: -ag.min_with_indices(-x, 1, True)[0], [[0, 1, 0], [0, 0, 1]]),
    ],
)
def test_ties(function, expected):
    x = np.array([[1.0, 3.0, 3.0], [0.0, 1.0, 2.0]])
    assert gradient(function, x).tolist() == expected


def test_an_infinite_incoming_gradient_reaches_only_the_maximum():
    x = ag.tensor([1.0, 2.0], requires_grad=True)
    ag.max(x).backward(np.float32(np.inf))
    assert x.grad.tolist() == [0.0, math.inf]


def test_nan_propagates_and_takes_the_gradient():
    x = np.array([1.0, math.nan, 3.0])
    assert math.isnan(ag.max(x)) and math.isnan(ag.min(x, 0))
    for function in (ag.max, ag.amax, lambda t: ag.max(t, 0), ag.min):
        assert gradient(function, x).tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
def test_indices_of_extrema(axis):
    for with_indices, arg, value in (
        (ag.max_with_indices, np.argmax, np.max),
        (ag.min_with_indices, np.argmin, np.min),
    ):
        for keepdims in (False, True):
            values, indices = with_indices(ag.tensor(X), axis, keepdims)
            np.testing.assert_array_equal(values.numpy(), value(X, axis=axis, keepdims=keepdims))
            np.testing.assert_array_equal(indices.numpy(), arg(X, axis=axis, keepdims=keepdims))
            assert not indices.requires_grad
    np.testing.assert_array_equal(ag.argmax(X, axis), np.argmax(X, axis))
    np.testing.assert_array_equal(ag.argmin(X, axis, True), np.argmin(X, axis, keepdims=True))


@pytest.mark.parametrize(
    "name", ["max", "min", "amax", "amin", "argmax", "max_with_indices", "argmin"]
)
def test_nothing_to_choose_from(name):
    function = getattr(ag, name)
    with pytest.raises(ValueError, match=rf"^{name}: .*nothing to choose from.*\(0,\)"):
        function(ag.zeros(0))
    with pytest.raises(ValueError, match=r"along axis 1: x has shape \(2, 0\)"):
        function(np.zeros((2, 0)), 1)
    assert outputs_of(function(np.zeros((2, 0)), 0)).shape == (0,)


def outputs_of(result):
    return result[0] if isinstance(result, tuple) else result


# Products with zeros ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        ([2.0, 0.0, 5.0], [0, 10, 0]),
        ([0.0, 0.0, 5.0], [0, 0, 0]),
        ([0.0], [1]),
        ([], []),
        ([2.0, 3.0, 4.0], [12, 8, 6]),
    ],
)
def test_products_with_zeros(x, expected):
    assert gradient(ag.prod, np.array(x)).tolist() == expected
    t = ag.tensor(np.array(x), requires_grad=True)
    recorded = ag.grad(ag.prod(t), t, create_graph=True)[0]
    np.testing.assert_allclose(recorded.detach().numpy(), expected, atol=1e-12)


def test_second_gradient_of_a_product_at_zeros():
    x = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    check(lambda t: ag.prod(t, 1), lambda a: np.prod(a, 1), x)
    check(lambda t: ag.prod(t, (0, 1), True), lambda a: np.prod(a, keepdims=True), x)


# Logarithms of sums -------------------------------------------------------------------------------


def test_logsumexp_neither_overflows_nor_warns():
    with np.errstate(all="raise", under="ignore"):
        assert ag.logsumexp(np.array([1e4, 1e4])) == pytest.approx(1e4 + math.log(2))
        assert ag.logsumexp(np.array([-1e4, -2e4])) == -1e4
        assert ag.logsumexp(np.array([-np.inf, 1.0])) == 1.0
        assert ag.logsumexp(np.array([np.inf, 1.0])) == np.inf
        assert ag.logsumexp(np.array([-np.inf])) == -np.inf
        assert ag.logsumexp(np.zeros(0)) == -np.inf
        assert math.isnan(ag.logsumexp(np.array([math.nan, 1.0])))


def test_gradient_of_logsumexp_at_minus_infinity():
    x = np.array([[-np.inf, 0.0], [-np.inf, -np.inf]])
    assert gradient(lambda t: ag.logsumexp(t, 1), x).tolist() == [[0, 1], [0, 0]]


# Truth and counting -------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", AXES)
def test_truth_and_counting(axis):
    x = np.array([[[0, 1, 2, 0]] * 3, [[0, 5, 0, 0]] * 3])
    for name in ("any", "all", "count_nonzero"):
        got = getattr(ag, name)(ag.tensor(x), axis)
        np.testing.assert_array_equal(got.numpy(), getattr(np, name)(x, axis=axis))


# Broadcasting -------------------------------------------------------------------------------------


@given(st.data())
def test_broadcast_to_any_shape_and_back(data):
    shape = tuple(data.draw(st.lists(st.integers(0, 3), max_size=4)))
    start = data.draw(st.integers(0, len(shape)))
    own = tuple(data.draw(st.sampled_from([1, n])) for n in shape[start:])
    x = np.arange(float(math.prod(own))).reshape(own)
    np.testing.assert_array_equal(ag.broadcast_to(x, shape), np.broadcast_to(x, shape))
    g = np.arange(float(math.prod(shape))).reshape(shape)
    t = ag.tensor(x, requires_grad=True)
    ag.broadcast_to(t, shape).backward(g)
    # The adjoint: every element collects what went to its copies.
    expected = np.zeros(own)
    for index in np.ndindex(shape):
        expected[tuple(i if n != 1 else 0 for i, n in zip(index[start:], own, strict=True))] += g[
            index
        ]
    np.testing.assert_allclose(t.grad.numpy(), expected)


def test_broadcast_shares_memory_and_its_version():
    x = ag.tensor([[1.0], [2.0]])
    wide = ag.broadcast_to(x, (2, 3))
    assert np.shares_memory(wide.numpy(), x.numpy())
    y = ag.tensor(1.0, requires_grad=True)
    product = wide * y
    x += 1.0
    with pytest.raises(RuntimeError, match="written into"):
        product.sum().backward()


def test_second_order_of_broadcast():
    check(
        lambda x: ag.broadcast_to(x, (3, 2, 4)) ** 2,
        lambda x: np.broadcast_to(x, (3, 2, 4)) ** 2,
        normal(2, 1),
    )


# Layout -------------------------------------------------------------------------------------------


def test_batch_last_images():
    image = np.asfortranarray(normal(4, 3, 5, 6))
    for axis in ((0, 2, 3), 1, None):
        check_values(lambda x: ag.mean(x, axis), lambda x: np.mean(x, axis), image)  # noqa: B023
    gradcheck(lambda x: ag.var(x, (0, 2, 3)), ag.tensor(image[:2, :2, :2, :2], requires_grad=True))


def test_scalars_one_by_one():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    s = ag.scalars(x)
    for name in ("sum", "mean", "max", "min", "prod", "logsumexp", "var"):
        got = getattr(ag, name)(s)
        assert got.item() == pytest.approx(float(getattr(ag, name)(x)), rel=1e-6)
    assert [t.item() for t in ag.sum(s, 0)] == [4.0, 6.0]


# Errors -------------------------------------------------------------------------------------------

REDUCTIONS = ["sum", "mean", "var", "std", "prod", "max", "amax", "logsumexp", "any", "argmax"]


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("kind", [ag.tensor, np.array])
def test_bad_axes(name, kind):
    function, x = getattr(ag, name), kind(X)
    with pytest.raises(IndexError, match=rf"^{name}: axis 3 is out of range"):
        function(x, 3)
    with pytest.raises(TypeError, match=rf"^{name}: axis must be an integer"):
        function(x, "rows")
    with pytest.raises(TypeError, match=rf"^{name}: axis"):
        function(x, 1.0)
    if name not in ("var", "std"):  # whose bool is PyTorch's ``unbiased``
        with pytest.raises(TypeError, match=rf"^{name}: axis"):
            function(x, True)
    with pytest.raises(TypeError, match=rf"^{name}: keepdims must be True or False, got 'yes'"):
        function(x, keepdims="yes")


def test_more_bad_arguments():
    with pytest.raises(ValueError, match=r"^sum: axis \(1, -2\) names an axis twice"):
        ag.sum(X, (1, -2))
    with pytest.raises(TypeError, match="^var: ddof must be a number, got 'one'"):
        ag.var(X, ddof="one")
    with pytest.raises(ValueError, match=r"^broadcast_to: an array of shape \(3,\) .* \(2,\)"):
        ag.broadcast_to(np.ones(3), (2,))
    with pytest.raises(ValueError, match=r"^broadcast_to: shape=\(-1,\) has the negative size"):
        ag.broadcast_to(ag.ones(3), (-1,))
    with pytest.raises(ValueError, match=r"^broadcast_to: shape .* needs .*; this machine has"):
        ag.broadcast_to(ag.ones(1), (2**62,))
    with pytest.raises(ValueError, match="ragged"):
        ag.sum([[1.0], [1.0, 2.0]])
    with pytest.raises(TypeError, match="^sum: "):
        ag.sum("abc")


@pytest.mark.parametrize("name", ["mean", "var", "std"])
@pytest.mark.parametrize("axis", [None, 0, (0, 1)])
def test_second_derivatives_of_nothing_are_zero(name, axis):
    """NaN comes out whatever goes in: the gradient is empty, and so is what it depends on."""
    x = ag.tensor(np.zeros((0, 3)), requires_grad=True)
    out = getattr(ag, name)(x, axis)
    assert np.isnan(out.detach().numpy()).all()
    seed = ag.tensor(np.ones(out.shape), requires_grad=True)
    (slope,) = ag.grad(out, x, seed, create_graph=True)
    assert slope.shape == (0, 3)
    (back,) = ag.grad(slope.sum(), seed)
    assert (back.numpy() == 0).all()


@pytest.mark.parametrize("function", [ag.std, ag.nanstd])
def test_deviation_of_equal_elements_has_no_slope(function):
    """Also where the rounding of their mean leaves a distance from it: 0.1 three times, say."""
    for value in (0.1, 0.7, 1e-3, -3.3, 1e30):
        x = ag.tensor(
            [[value] * 3, [value] * 2 + [value + 1]], dtype=np.float64, requires_grad=True
        )
        function(x, 1).sum().backward()
        assert (x.grad.numpy()[0] == 0).all()
    with np.errstate(invalid="ignore"):
        assert np.isnan(function(np.ones(1), ddof=1))


@pytest.mark.parametrize("dtype", [np.float32, np.int64, bool])
@pytest.mark.parametrize(
    ("shape", "to"),
    [((3,), (2, 3)), ((2, 1), (2, 4)), ((1,), (0,)), ((1, 3, 1), (5, 2, 3, 4)), ((2, 0), (3, 2, 0)), ((2, 3), (2, 3))],
)  # fmt: skip
def test_what_is_repeated_is_a_read_only_view_as_numpy_makes_it(dtype, shape, to):
    whole = np.arange(2 * int(np.prod(shape))).reshape(2, *shape).astype(dtype)
    for x in (whole[0], whole[1], np.asfortranarray(whole)[1], whole[1][::-1]):
        view = ag.broadcast_to(x, to)
        np.testing.assert_array_equal(view, np.broadcast_to(x, to))
        assert view.shape == to and np.may_share_memory(view, x) == np.may_share_memory(
            np.broadcast_to(x, to), x
        )
        assert view is x or not view.flags.writeable


def test_a_write_into_what_was_repeated_is_noticed():
    x = ag.tensor([[1.0], [2.0]])
    w = ag.tensor(np.ones((2, 3)), requires_grad=True)
    y = (ag.broadcast_to(x, (2, 3)) * w).sum()
    x[0] = 5.0
    with pytest.raises(RuntimeError):
        y.backward()
