"""Functions of each element in C: their values, NaN, infinity and the smallest numbers, any order in memory."""

import math

import numpy as np
import pytest

DTYPES = [np.float32, np.float64]
SIZES = [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 100]
LONG = np.longdouble
ERFC = np.vectorize(math.erfc, otypes=[float])
ERF = np.vectorize(math.erf, otypes=[float])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-abs(x)))


def below(x):
    """Probability that a normal number lies below x."""
    return ERFC(np.asarray(-x * np.sqrt(LONG(0.5)), float)) / 2


def gelu_weight(x):
    return sigmoid(2 * np.sqrt(2 / LONG(np.pi)) * (x + LONG(0.044715) * x**3))


def gelu_tanh_slope(x):
    s = gelu_weight(x)
    return s + x * s * (1 - s) * 2 * np.sqrt(2 / LONG(np.pi)) * (1 + 3 * LONG(0.044715) * x * x)


def mish_slope(x):
    t = np.tanh(softplus(x))
    return t + x * sigmoid(x) * (1 - t * t)


# Each function, p and q, and by how many units of the last digit of max(1, |x|) it may differ.
UNARY = {
    "relu": (lambda x: np.maximum(x, 0), 0, 0),
    "leaky_relu": (lambda x: np.where(x > 0, x, 0.25 * x), 0.25, 0),
    "elu": (lambda x: np.where(x > 0, 2 * x, 3 * np.expm1(np.minimum(x, 0))), 1.5, 2),
    "sigmoid": (sigmoid, 0, 0),
    "log_sigmoid": (lambda x: -softplus(-x), 0, 0),
    "softplus": (lambda x: np.where(2 * x > 9, x, softplus(2 * x) / 2), 2, 9),
    "silu": (lambda x: x * sigmoid(x), 0, 0),
    "mish": (lambda x: x * np.tanh(softplus(x)), 0, 0),
    "gelu": (lambda x: x * below(x), 0, 0),
    "gelu_tanh": (lambda x: x * gelu_weight(x), 0, 0),
    "hardsigmoid": (lambda x: np.clip(x + 3, 0, 6) / 6, 0, 0),
    "hardswish": (lambda x: x * np.clip(x + 3, 0, 6) / 6, 0, 0),
    "erf": (lambda x: ERF(x.astype(float)), 0, 0),
    "sin": (np.sin, 0, 0),
    "cos": (np.cos, 0, 0),
}
SLOPES = {  # by x; by y = f(x) for the first three
    "relu_gradient": (lambda y: np.where(y != 0, 1, 0), 0, 0),
    "sigmoid_gradient": (lambda y: y * (1 - y), 0, 0),
    "tanh_gradient": (lambda y: 1 - y * y, 0, 0),
    "leaky_relu_gradient": (lambda x: np.where(x > 0, 1, 0.25), 0.25, 0),
    "elu_gradient": (lambda x: np.where(x > 0, 2, 3 * np.exp(np.minimum(x, 0))), 1.5, 2),
    "softplus_gradient": (lambda x: np.where(2 * x > 9, 1, sigmoid(2 * x)), 2, 9),
    "silu_gradient": (lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x))), 0, 0),
    "mish_gradient": (mish_slope, 0, 0),
    "gelu_gradient": (
        lambda x: below(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * LONG(np.pi)), 0, 0),
    "gelu_tanh_gradient": (gelu_tanh_slope, 0, 0),
    "hardsigmoid_gradient": (lambda x: np.where(abs(x) < 3, 1 / LONG(6), 0), 0, 0),
    "hardswish_gradient": (
        lambda x: np.where(x <= -3, 0, np.where(x >= 3, 1, x / 3 + LONG(0.5))), 0, 0),
}  # fmt: skip


def arguments(rng, dtype):
    """Numbers of every size, and the kinks."""
    return np.concatenate([
        rng.standard_normal(3000) * 3, rng.uniform(-11, 11, 1000), rng.standard_normal(500) / 1e4,
        [0.0, -0.0, 3.0, -3.0, 6.0, 4.5, 1.0, -1.0, 20.0, -20.0],
    ]).astype(dtype)  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_values_are_right_to_the_last_digits(library, dtype, name):
    function, p, q = UNARY[name]
    x = arguments(np.random.default_rng(1), dtype)
    y = np.empty_like(x)
    library.unary(name, x, p, q, y)
    expected = function(x.astype(LONG))
    assert (abs(y - expected) <= 4 * np.finfo(dtype).eps * np.maximum(abs(expected), 0.1)).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SLOPES)
def test_gradients_are_right_to_the_last_digits(library, dtype, name):
    function, p, q = SLOPES[name]
    rng = np.random.default_rng(2)
    x = arguments(rng, dtype)
    g = rng.standard_normal(x.size).astype(dtype)
    gx = np.empty_like(x)
    library.binary(name, g, x, p, q, gx)
    expected = g * function(x.astype(LONG))
    eps = np.finfo(dtype).eps * np.maximum(1, abs(x))  # a slope is a sum that may cancel
    assert (abs(gx - expected) <= 8 * eps * np.maximum(abs(expected), abs(g))).all()


LIMITS = {  # at -inf and at inf
    "relu": (0, math.inf), "leaky_relu": (-math.inf, math.inf), "elu": (-3, math.inf),
    "sigmoid": (0, 1), "log_sigmoid": (-math.inf, 0), "softplus": (0, math.inf),
    "silu": (math.nan, math.inf), "mish": (math.nan, math.inf), "gelu": (math.nan, math.inf),
    "gelu_tanh": (None, math.inf), "hardsigmoid": (0, 1), "hardswish": (math.nan, math.inf),
    "erf": (-1, 1), "sin": (math.nan, math.nan), "cos": (math.nan, math.nan),
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_infinity_has_its_limits_and_nan_stays_where_it_is(library, dtype, name):
    _, p, q = UNARY[name]
    x = np.ones(37, dtype)
    x[[3, 20, 36]] = np.nan
    y = np.empty_like(x)
    library.unary(name, x, p, q, y)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x))
    low, high = LIMITS[name]
    library.unary(name, ends := np.array([-np.inf, np.inf], dtype), p, q, ends)
    if low is not None:
        np.testing.assert_array_equal(ends[0], dtype(low))
    np.testing.assert_array_equal(ends[1], dtype(high))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", SLOPES)
def test_gradients_of_nan_stay_where_they_are(library, dtype, name):
    _, p, q = SLOPES[name]
    g, x = np.ones(37, dtype), np.full(37, 0.5, dtype)
    g[[3, 20, 36]] = np.nan
    gx = np.empty_like(x)
    library.binary(name, g, x, p, q, gx)
    np.testing.assert_array_equal(np.isnan(gx), np.isnan(g))


@pytest.mark.parametrize("dtype", DTYPES)
def test_subnormal_numbers_are_numbers(library, dtype):
    tiny = np.finfo(dtype).tiny
    x = np.array([tiny / 4, -tiny / 4, tiny * 0, -tiny], dtype)
    y = np.empty_like(x)
    library.unary("relu", x, 0, 0, y)
    np.testing.assert_array_equal(y, np.maximum(x, 0))
    library.binary("relu_gradient", np.ones_like(x), y, 0, 0, gx := np.empty_like(x))
    np.testing.assert_array_equal(gx, [1, 0, 0, 0])
    deep = dtype(math.log(tiny) - 3)  # exp(deep) is subnormal
    library.unary("sigmoid", np.full(5, deep), 0, 0, out := np.empty(5, dtype))
    np.testing.assert_allclose(
        out, np.exp(deep.astype(LONG)).astype(float), rtol=1e-4 if dtype is np.float32 else 1e-9
    )


def test_relu_of_minus_zero_is_zero(library):
    library.unary("relu", x := np.array([-0.0, 0.0]), 0, 0, x)
    assert not np.signbit(x).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_size_and_alignment_gives_the_same(library, dtype):
    rng = np.random.default_rng(3)
    whole = rng.standard_normal(9000).astype(dtype)
    expected = np.empty_like(whole)
    library.unary("silu", whole, 0, 0, expected)
    for size in [*SIZES, 8191, 8192, 8193]:
        start = int(rng.integers(0, 50))
        out = np.full(size + 2, 7, dtype)
        library.unary("silu", whole[start : start + size], 0, 0, out[1:-1])
        np.testing.assert_array_equal(out[1:-1], expected[start : start + size])
        assert out[0] == out[-1] == 7, "written beside the array"


def test_any_order_in_memory_that_is_the_same_for_all(library):
    rng = np.random.default_rng(4)
    for _ in range(30):
        rank = rng.integers(0, 5)
        shape, order = rng.integers(1, 6, rank), rng.permutation(rank)
        x, g = (rng.standard_normal(shape).transpose(order) for _ in range(2))
        out = np.empty_like(x)
        library.binary("silu_gradient", g, x, 0, 0, out)
        expected = np.empty(x.shape)
        library.binary("silu_gradient", g.copy("C"), x.copy("C"), 0, 0, expected)
        np.testing.assert_array_equal(out, expected)


def test_threads_do_not_change_bits(library):
    x = np.random.default_rng(5).standard_normal(100_003)
    results = []
    before = library.get_num_threads()
    for threads in (1, 2, 3):
        library.set_num_threads(threads)
        library.unary("gelu", x, 0, 0, y := np.empty_like(x))
        results.append(y)
    library.set_num_threads(before)
    assert (results[0] == results[1]).all() and (results[0] == results[2]).all()


def test_wrong_arguments_are_refused(library):
    x = np.ones((3, 4))
    readonly = np.ones((3, 4))
    readonly.flags.writeable = False
    for error, arguments in [
        (TypeError, ("relu", x, 0, 0)),
        (ValueError, ("ReLU", x, 0, 0, x)),
        (ValueError, ("relu_gradient", x, 0, 0, x)),
        (ValueError, (1, x, 0, 0, x)),
        (TypeError, ("relu", x, "0", 0, x)),
        (TypeError, ("relu", x.tolist(), 0, 0, x)),
        (TypeError, ("relu", x, 0, 0, x.astype(np.float32))),
        (TypeError, ("relu", x.astype(int), 0, 0, x)),
        (ValueError, ("relu", x, 0, 0, readonly)),
        (ValueError, ("relu", x, 0, 0, np.ones(12))),
        (ValueError, ("relu", x, 0, 0, np.ones((3, 4), order="F"))),
        (ValueError, ("relu", x[:, ::2], 0, 0, x[:, ::2])),
        (
            ValueError,
            ("relu", np.ones(9)[:8], 0, 0, np.lib.stride_tricks.as_strided(x, (8,), (0,))),
        ),
    ]:
        with pytest.raises(error):
            library.unary(*arguments)
    shared = np.ones(20)
    with pytest.raises(ValueError, match="share memory"):
        library.unary("relu", shared[:12], 0, 0, shared[3:15])
    with pytest.raises(ValueError, match="none called"):
        library.binary("relu", x, x, 0, 0, x)


def test_which_arrays_are_plain(library):
    x, y = np.ones((4, 6)), np.ones((4, 6), np.float32)
    assert library.plain(x) and library.plain(None, x, x[1:3]) and library.plain(y[:1, 2:5])
    for arrays in [(), (None,), (x, y), (x.T,), (x[:, ::2],), (x[:0],), (x.astype(int),), ([1.0],),
                   (x.astype(">f8"),), (np.ma.ones(3),), (np.float64(1.0),), (x.astype(np.float16),)]:  # fmt: skip
        assert not library.plain(*arrays), arrays
    assert library.alike(x) and library.alike(x.T, x.T) and library.alike(x, y.astype(float))
    assert library.alike(np.ones((3, 1, 5))) and library.alike(np.ones(()))
    for arrays in [(), (x, y), (x, x.T), (x[:, ::2],), (x[::-1],), (x, np.ones((4, 6), order="F")),
                   (x[:0],), (x, None), (x, x[:2]), (np.broadcast_to(1.0, (3, 3)),)]:  # fmt: skip
        assert not library.alike(*arrays), arrays


def test_sine_and_cosine_are_right_to_the_last_digit_however_large_the_angle(library):
    mpmath = pytest.importorskip("mpmath")
    rng = np.random.default_rng(4)
    for dtype, bound in ((np.float32, 1600), (np.float64, 1600000)):
        quarters = rng.integers(1, int(bound / 1.6), 150) * (math.pi / 2)  # nearly 0, or nearly 1
        x = np.concatenate([
            rng.uniform(-bound, bound, 150), quarters, quarters / 2, rng.standard_normal(150),
            np.ldexp(rng.uniform(-1, 1, 100), rng.integers(-126, 127, 100)),
            [bound, np.nextafter(dtype(bound), dtype(np.inf)), -bound, np.finfo(dtype).max],
            [np.finfo(dtype).smallest_subnormal, np.pi, -np.pi / 2, 22, 355],
        ]).astype(dtype)  # fmt: skip
        for name in ("sin", "cos"):
            library.unary(name, x, 0, 0, y := np.empty_like(x))
            with mpmath.workprec(1300):
                for one, given in zip(y, x, strict=True):
                    right = getattr(mpmath, name)(mpmath.mpf(float(given)))
                    unit = mpmath.mpf(float(np.spacing(abs(one))))
                    assert abs(float(one) - right) < unit, (name, dtype, given)


def test_the_sine_of_nothing_keeps_its_sign(library):
    library.unary("sin", x := np.array([-0.0, 0.0]), 0, 0, x)
    assert np.signbit(x).tolist() == [True, False]
