"""Norms in C against the formula in long double, for rows and channels of all sizes."""

import numpy as np
import pytest

from autograd.kernels.normalization import any_axes
from autograd.kernels.normalization.in_c import native_sizes

DTYPES = [np.float32, np.float64]
LONG = np.longdouble
EPS = 1e-5

#: Shape, averaged axes, shape of the parameters.
CASES = [
    ((5, 7), (-1,), (7,)), ((1, 1), (1,), (1,)), ((3, 16), (1,), None), ((300, 33), (1,), (33,)),
    ((64, 512), (1,), (512,)), ((2, 3, 9000), (2,), (9000,)), ((4, 3, 5, 2), (2, 3), (5, 2)),
    ((4, 3, 5, 2), (0, 1, 2, 3), (4, 3, 5, 2)), ((2, 4, 3, 4, 5), (2, 3, 4), (1, 4, 3, 1, 1)),
    ((300, 2, 1, 3), (2, 3), (1, 2, 1, 1)), ((3, 5, 7, 7), (2, 3), (1, 5, 1, 1)), ((3, 5, 4), (2,), None),
    ((3, 1, 6, 2), (2, 3), (1, 1, 6, 1)),
    ((6, 5), (0,), (1, 5)), ((200, 300), (0,), (300,)), ((4, 3, 2, 2), (0, 2, 3), (1, 3, 1, 1)),
    ((4, 40, 4, 4), (0, 2, 3), (1, 40, 1, 1)), ((3, 2, 17, 19), (0, 2, 3), (1, 2, 1, 1)),
    ((4, 3, 5), (0, 2), None), ((7, 1, 3), (0, 2), (1, 1, 1)), ((2, 3, 4, 5), (0, 3), (1, 3, 4, 1)),
    ((150, 2, 3), (0, 2), (2, 1)), ((5,), (0,), (5,)),
]  # fmt: skip


@pytest.fixture
def normalize(library, monkeypatch):
    """The functions that go to C; NumPy's versions are taken away."""

    def refuse(*arguments, **options):
        raise AssertionError("this went to NumPy")

    monkeypatch.setattr(any_axes, "_plan", refuse)
    monkeypatch.setattr(any_axes, "_are_rows", refuse)
    return any_axes


def by_formula(x, weight, bias, axes):
    near = x.flat[0].astype(LONG)  # what all have in common goes first
    x = x.astype(LONG) - near
    mean = x.mean(axis=axes, keepdims=True)
    variance = ((x - mean) ** 2).mean(axis=axes, keepdims=True)
    rstd = 1 / np.sqrt(variance + LONG(EPS))
    y = (x - mean) * rstd * (1 if weight is None else weight)
    return y if bias is None else y + bias, mean + near, rstd, variance


def gradient_by_formula(g, x, weight, axes):
    _, mean, rstd, _ = by_formula(x, None, None, axes)
    v, h = (x - mean) * rstd, g.astype(LONG) if weight is None else g.astype(LONG) * weight
    along, across = (a.mean(axis=axes, keepdims=True) for a in (h, h * v))
    return rstd * (h - along - v * across), g * v, g.astype(LONG)


def numbers(shape, parameters, dtype, offset=0.0):
    rng = np.random.default_rng(1)
    x = (rng.standard_normal(shape) + offset).astype(dtype)
    weight, bias = (
        None if parameters is None else rng.standard_normal(parameters).astype(dtype)
        for _ in range(2)
    )
    return x, weight, bias, rng.standard_normal(shape).astype(dtype)


def close(got, expected, dtype, times=1.0):
    scale = max(1.0, float(abs(expected).max(initial=0)))
    np.testing.assert_allclose(
        got.astype(LONG), expected, 0, 60 * times * np.finfo(dtype).eps * scale
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axes, parameters", CASES)
def test_values_and_statistics(normalize, dtype, shape, axes, parameters):
    x, weight, bias, _ = numbers(shape, parameters, dtype)
    for w, b in [(weight, bias), (weight, None), (None, bias)]:
        found = normalize.normalize(x, w, b, axes=axes, eps=EPS)
        for got, expected in zip(found, by_formula(x, w, b, axes), strict=True):
            assert got.shape == expected.shape and got.dtype == dtype
            close(got, expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axes, parameters", CASES)
def test_gradients(normalize, dtype, shape, axes, parameters):
    x, weight, bias, g = numbers(shape, parameters, dtype)
    _, mean, rstd, _ = normalize.normalize(x, weight, bias, axes=axes, eps=EPS)
    gx, gweight, gbias = normalize.normalize_gradient(g, x, weight, mean, rstd, axes=axes)
    expected, by_weight, by_bias = gradient_by_formula(g, x, weight, axes)
    close(gx, expected, dtype, 4)
    target = mean.shape if weight is None else weight.shape
    close(gweight, any_axes.sum_to(by_weight, target), dtype, 4)
    close(gbias, any_axes.sum_to(by_bias, target), dtype, 4)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axes, parameters", CASES[3:])
def test_a_mean_far_away_costs_only_the_digits_it_has_itself(
    normalize, dtype, shape, axes, parameters
):
    far = 3e4 if dtype is np.float32 else 1e10
    x, weight, bias, g = numbers(shape, parameters, dtype, far)
    found = normalize.normalize(x, weight, bias, axes=axes, eps=EPS)
    expected = by_formula(x, weight, bias, axes)  # of x as it was rounded
    close(found[0], expected[0], dtype, 4)
    close(found[3], expected[3], dtype)
    gx = normalize.normalize_gradient(g, x, weight, found[1], found[2], axes=axes)[0]
    lost = float(far * np.finfo(dtype).eps)  # of the mean that is kept
    scale = (
        float(abs(g).max())
        * (1 if weight is None else float(abs(weight).max()))
        * float(expected[2].max())
    )
    assert abs(gx - gradient_by_formula(g, x, weight, axes)[0]).max() <= 4 * lost * scale


@pytest.mark.parametrize("shape, axes, parameters, bad", [
    ((6, 40), (1,), (40,), np.s_[2, 17]), ((4, 6, 7, 7), (2, 3), (1, 6, 1, 1), np.s_[1, 3, 6, 6]),
    ((4, 40, 4, 4), (0, 2, 3), (1, 40, 1, 1), np.s_[1, 3, 2, 2]),
])  # fmt: skip
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_nan_and_infinity_stay_in_their_row_or_channel(
    normalize, shape, axes, parameters, bad, value
):
    x, weight, bias, g = numbers(shape, parameters, np.float32)
    x[bad] = value
    y, mean, rstd, _ = normalize.normalize(x, weight, bias, axes=axes, eps=EPS)
    gx, _, _ = normalize.normalize_gradient(g, x, weight, mean, rstd, axes=axes)
    touched = np.broadcast_to(~np.isfinite(x.sum(axis=axes, keepdims=True)), shape)
    np.testing.assert_array_equal(np.isnan(y), touched)
    np.testing.assert_array_equal(np.isnan(gx), touched)


@pytest.mark.parametrize("dtype", DTYPES)
def test_sums_for_channels(library, dtype):
    rng = np.random.default_rng(1)
    for samples, cells, run in [
        (1, 1, 1), (3, 5, 1), (300, 33, 1), (129, 300, 1), (4, 3, 7), (2, 5, 300), (130, 2, 16), (7, 40, 9)
    ]:  # fmt: skip
        x = rng.standard_normal((samples, cells, run)).astype(dtype)
        library.channel_sums(x, (samples, cells, run), out := np.empty(cells, dtype))
        expected = x.astype(LONG).sum(axis=(0, 2))
        limit = 8 * np.sqrt(samples * run) * np.finfo(dtype).eps
        assert abs(out - expected).max() <= limit, (samples, cells, run)
    x[2, 11, 4] = np.nan
    library.channel_sums(x, x.shape, out)
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(out)), [11])
    for error, arguments in [
        (ValueError, (x, x.shape, out[:4])), (ValueError, (x, (7, 8, 9), out)), (TypeError, (x, x.shape)),
        (ValueError, (x, x.shape, x.reshape(-1)[:40])), (ValueError, (x[:0], (0, 40, 9), out)),
    ]:  # fmt: skip
        with pytest.raises(error):
            library.channel_sums(*arguments)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axes, parameters", CASES)
def test_incoming_gradients_may_lie_as_they_like_and_be_more_precise(
    normalize, dtype, shape, axes, parameters
):
    x, weight, bias, g = numbers(shape, parameters, dtype)
    _, mean, rstd, _ = normalize.normalize(x, weight, bias, axes=axes, eps=EPS)
    want = normalize.normalize_gradient(g, x, weight, mean, rstd, axes=axes)
    twice = np.repeat(g, 2, axis=-1)[..., ::2]
    for same in (np.asfortranarray(g), twice, g[::-1].copy()[::-1], g.astype(np.float64)):
        found = normalize.normalize_gradient(same, x, weight, mean, rstd, axes=axes)
        for got, right in zip(found, want, strict=True):
            assert got.dtype == dtype and np.array_equal(got, right)


def test_constant_rows_give_the_bias(normalize):
    for value in (0.0, 7.0, 1e20):
        x, bias = np.full((3, 50), value, np.float32), np.arange(50, dtype=np.float32)
        y, *_, variance = normalize.normalize(x, np.ones_like(bias), bias, axes=(1,), eps=EPS)
        np.testing.assert_array_equal(y, np.broadcast_to(bias, x.shape))
        np.testing.assert_array_equal(variance, 0)


def test_the_bits_are_the_same_for_any_number_of_threads(library):
    x, weight, bias, g = numbers((300, 900), (900,), np.float32)
    found = []
    before = library.get_num_threads()
    for threads in (1, 2, 3):
        library.set_num_threads(threads)
        for axes in ((0,), (1,)):
            y, mean, rstd, _ = any_axes.normalize(x, weight, bias, axes=axes, eps=EPS)
            found.append([y, *any_axes.normalize_gradient(g, x, weight, mean, rstd, axes=axes)])
    library.set_num_threads(before)
    for one in found[2:]:
        other = found[0] if one[0].tobytes() == found[0][0].tobytes() else found[1]
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("shape, axes, parameters, sizes", [
    ((2, 3, 4), (2,), [(3, 1)], (2, 3, 1, 4)), ((2, 3, 4), (2,), [(4,)], (6, 1, 4, 1)),
    ((2, 3, 4), (1, 2), [(3, 1), (3, 1)], (2, 1, 3, 4)), ((2, 3, 4), (1, 2), [(3, 1), (4,)], None),
    ((2, 3, 4), (1, 2), [(4,)], None), ((2, 3, 4, 5), (3,), [(3, 1, 1)], None), ((2, 3, 4), (1,), [], None),
    ((2, 3, 4), (0, 2), [(4,)], None), ((2, 3, 4), (0, 2), [(2, 3, 1)], None), ((2, 0), (1,), [], None),
    ((2, 3, 1), (2,), [(0,)], None), ((2, 3, 4), (0, 1), [(4,)], (6, 4, 1)),
    ((2, 3, 4, 5), (0, 2), [], None), ((2, 1, 4), (0, 2), [(1, 1)], (2, 1, 4)),
])  # fmt: skip
def test_which_norms_have_kernels(shape, axes, parameters, sizes):
    assert native_sizes(shape, axes, *parameters) == sizes


def test_wrong_arguments_are_refused(library):
    x, w, y, s = np.ones((4, 6)), np.ones(6), np.empty((4, 6)), [np.empty(4) for _ in range(3)]
    rows = (4, 1, 6, 1)
    library.norm_rows(x, w, w, rows, 1e-5, y, *s)
    for error, arguments in [
        (TypeError, (x, w, w, rows, 1e-5, y)),
        (TypeError, (x, w, w, [4, 1, 6, 1], 1e-5, y, *s)),
        (TypeError, (x, w, w, rows, None, y, *s)),
        (TypeError, (x, w.astype(np.float32), w, rows, 1e-5, y, *s)),
        (ValueError, (x, w, w, (4, 1, 5, 1), 1e-5, y, *s)),
        (ValueError, (x, w, w, (4, 0, 6, 1), 1e-5, y, *s)),
        (ValueError, (x, w, w, (2**40, 2**40, 6, 1), 1e-5, y, *s)),
        (ValueError, (x, w[:5], w, rows, 1e-5, y, *s)),
        (ValueError, (x.T, w, w, rows, 1e-5, y, *s)),
        (ValueError, (x, w, w, rows, 1e-5, x, *s)),
        (ValueError, (x, w, w, rows, 1e-5, y, s[0], s[0], s[1])),
        (ValueError, (x, w, w, rows, 1e-5, y, s[0], s[1], s[2][:3])),
    ]:
        with pytest.raises((error, MemoryError)):
            library.norm_rows(*arguments)
    gw = [np.empty(6), np.empty(6)]
    library.norm_rows_gradient(x, x, w, s[0], s[1], rows, y, *gw)
    with pytest.raises(ValueError, match="gbias has 5 numbers"):
        library.norm_rows_gradient(x, x, w, s[0], s[1], rows, y, gw[0], gw[1][:5])
    with pytest.raises(ValueError, match="share memory"):
        library.norm_channels_gradient(x, x, w, w, w, (4, 6, 1), y, gw[0], gw[0])
