"""Setting and reducing at positions along an axis, and running extremes, against loops."""

import math

import numpy as np
import pytest

import autograd as ag

RNG = np.random.default_rng(0)
X, VALUES = RNG.normal(size=(3, 4)), RNG.normal(size=(2, 6))
PLACES = np.array([[0, 3, 3, 1, 0, 3], [2, 2, 2, 2, 0, 1]])
REDUCED = {"sum": sum, "prod": math.prod, "mean": np.mean, "amax": max, "amin": min}


@pytest.mark.parametrize("reduce", REDUCED)
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("axis", [0, 1])
def test_what_meets_at_a_position_is_reduced(reduce, own, axis):
    x, places, values = X, PLACES, VALUES
    if axis == 0:
        x, places, values = x.T, places.T, values.T
    want = x.copy()
    for at in np.ndindex(*x.shape):
        hits = []
        for k in np.ndindex(*places.shape):
            to = list(k)
            to[axis] = places[k]
            if tuple(to) == at:
                hits.append(values[k])
        if hits:
            want[at] = REDUCED[reduce](([x[at]] if own else []) + hits)
    got = ag.scatter_reduce(ag.tensor(x), places, ag.tensor(values), axis, reduce, own)
    np.testing.assert_allclose(got.numpy(), want, atol=1e-14)
    tensors = ag.tensor(x, requires_grad=True), ag.tensor(values, requires_grad=True)
    reduced = lambda x, v: ag.scatter_reduce(x, places, v, axis, reduce, own)  # noqa: E731
    assert ag.func.gradcheck(reduced, *tensors)
    assert ag.func.gradgradcheck(reduced, *tensors)


def test_products_of_zeros_have_gradients():
    values = ag.tensor([0.0, 3.0, 0.0, 0.0], requires_grad=True)
    out = ag.scatter_reduce(ag.ones(2), [0, 0, 1, 1], values, reduce="prod")
    (g,) = ag.grad(out.sum(), values)
    assert out.tolist() == [0.0, 0.0] and g.tolist() == [3.0, 0.0, 0.0, 0.0]


def test_equal_extremes_share_the_gradient():
    x, values = ag.tensor([2.0, 0.0], requires_grad=True), ag.tensor([2.0, 2.0], requires_grad=True)
    out = ag.scatter_reduce(x, [0, 0], values, reduce="amax")
    gx, gv = ag.grad(out.sum(), [x, values])
    np.testing.assert_allclose([*gx.tolist(), *gv.tolist()], [1 / 3, 1.0, 1 / 3, 1 / 3], rtol=1e-6)
    assert math.isnan(ag.scatter_reduce(x, [0], [math.nan], reduce="amax")[0].item())


def test_the_last_value_set_stays_and_gets_the_gradient():
    x, values = ag.zeros(3, requires_grad=True), ag.tensor([1.0, 2.0, 5.0], requires_grad=True)
    out = ag.scatter(x, [1, 1, 0], values)
    gx, gv = ag.grad(out.sum(), [x, values])
    assert out.tolist() == [5.0, 2.0, 0.0]
    assert gx.tolist() == [0.0, 0.0, 1.0] and gv.tolist() == [0.0, 1.0, 1.0]
    assert ag.scatter(ag.zeros(2, 2), [[1], [0]], 7.0).tolist() == [[0.0, 7.0], [7.0, 0.0]]


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extremes(name, axis):
    ufunc = np.maximum if name == "cummax" else np.minimum
    x = np.round(RNG.normal(size=(5, 6)) * 2)
    x[2, 3] = np.nan
    values, places = getattr(ag, f"{name}_with_indices")(ag.tensor(x), axis=axis)
    np.testing.assert_array_equal(values.numpy(), ufunc.accumulate(x, axis))
    np.testing.assert_array_equal(np.take_along_axis(x, places.numpy(), axis), values.numpy())
    np.testing.assert_array_equal(getattr(ag, name)(ag.tensor(x), axis).numpy(), values.numpy())


def test_of_equal_extremes_the_last_gets_the_gradient():
    x = ag.tensor([1.0, 2.0, 2.0, 0.0], requires_grad=True)
    values, places = ag.cummax_with_indices(x)
    assert places.tolist() == [0, 1, 2, 2]
    (g,) = ag.grad(values.sum(), x)
    assert g.tolist() == [1.0, 1.0, 2.0, 0.0]


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_running_sums_of_exponentials(axis, n):
    x = RNG.normal(size=(n, n)) * 5
    want = np.log(np.cumsum(np.exp(x), axis))
    np.testing.assert_allclose(ag.logcumsumexp(ag.tensor(x), axis).numpy(), want, rtol=1e-13)
    assert ag.func.gradgradcheck(
        lambda x: ag.logcumsumexp(x, axis), ag.tensor(x, requires_grad=True)
    )


def test_running_sums_of_nothing_yet_have_no_nan():
    x = ag.tensor([-np.inf, -np.inf, 0.0, -np.inf], requires_grad=True)
    out = ag.logcumsumexp(x)
    (g,) = ag.grad(out[2:].sum(), x)
    assert out.tolist() == [-np.inf, -np.inf, 0.0, 0.0] and g.tolist() == [0.0, 0.0, 2.0, 0.0]


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: ag.scatter(ag.zeros(3), [3], 1.0), IndexError, "^scatter: index 3 is out of"),
        (lambda: ag.scatter(ag.zeros(3), [[1]], 1.0), ValueError, "^scatter: indices of shape"),
        (
            lambda: ag.scatter(ag.zeros(3), [1, 0, 2], [1.0, 2.0]),
            ValueError,
            "^scatter: values of shape",
        ),
        (lambda: ag.scatter_reduce(ag.zeros(3), [1], 1.0, reduce="any"), ValueError, "reduce must"),
        (lambda: ag.cummax(ag.zeros(3), 1), IndexError, "^cummax: axis"),
    ],
)
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


@pytest.mark.parametrize(("reduce", "ufunc"), [("amax", np.maximum), ("amin", np.minimum)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_extremes_are_elements_to_the_last_bit_however_many_are_equal(reduce, ufunc, dtype):
    rng = np.random.default_rng(0)
    some = np.append(rng.normal(size=5), [np.finfo(dtype).max, np.finfo(dtype).min]).astype(dtype)
    x, values, places = rng.choice(some, 9), rng.choice(some, 200), rng.integers(0, 9, 200)
    expected = x.copy()
    ufunc.at(expected, places, values)
    x, values = ag.tensor(x, requires_grad=True), ag.tensor(values, requires_grad=True)
    out = ag.scatter_reduce(x, places, values, reduce=reduce)
    np.testing.assert_array_equal(out.detach().numpy(), expected)
    shares = ag.grad(out, [x, values], ag.ones_like(out))
    assert sum(float(g.sum().item()) for g in shares) == pytest.approx(9, rel=1e-2)


def test_nans_share_the_gradient_of_an_extreme_that_is_nan():
    x = ag.tensor([math.nan, 1.0], requires_grad=True)
    values = ag.tensor([math.nan, 5.0, 2.0], requires_grad=True)
    out = ag.scatter_reduce(x, [0, 0, 1], values, reduce="amax")
    mine, theirs = ag.grad(out.sum(), [x, values])
    assert mine.tolist() == [0.5, 0.0] and theirs.tolist() == [0.5, 0.0, 1.0]


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64])
def test_whole_numbers_do_not_widen_the_integers_that_they_are_set_into(dtype):
    found = ag.scatter(ag.tensor(np.ones(3, dtype)), [1], 2)
    assert found.dtype == dtype and found.tolist() == [1, 2, 1]
    assert ag.scatter(ag.tensor(np.ones(3, np.uint8)), [1], 300).tolist() == [1, 300, 1]


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8, bool])
@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("name", "extreme"), [("amax", np.max), ("amin", np.min)])
def test_extremes_are_those_of_each_place_alone(name, extreme, own, dtype):
    """A NaN, or an extreme of the dtype, at one place leaves the others alone."""
    rng = np.random.default_rng(0)
    for _ in range(40):
        x, values = (rng.integers(-128, 128, n).astype(dtype) for n in (4, 6))
        if dtype is np.float32:
            values[rng.integers(6)] = rng.choice([np.nan, np.inf, -np.inf, 1.0])
        index = rng.integers(0, 4, 6)
        got = np.asarray(ag.scatter_reduce(x, index, values, reduce=name, include_self=own))
        for k in range(4):
            here = values[index == k]
            all_ = np.append(here, x[k]) if own or not here.size else here
            np.testing.assert_array_equal(got[k], extreme(all_))
