"""Normalisation kernels against the two-line formula, in every layout and over every axis."""

import itertools
import math

import numpy as np
import pytest

from autograd.kernels.normalization import any_axes
from autograd.kernels.normalization.any_axes import moments, normalize, normalize_gradient
from tests.layouts import batch_last, is_batch_last

pytestmark = pytest.mark.usefixtures("numpy_kernels")

RNG = np.random.default_rng


def formula(x, weight, bias, axes, eps):
    """Mean and variance by exact summation (fsum), so that nothing cancels."""
    axes = tuple(axis % x.ndim for axis in axes)
    kept = [1 if axis in axes else size for axis, size in enumerate(x.shape)]
    mean, variance = np.empty(kept), np.empty(kept)
    for place in np.ndindex(*kept):
        cells = tuple(slice(None) if axis in axes else at for axis, at in enumerate(place))
        values = x[cells].ravel().astype(float).tolist()
        centre = math.fsum(values) / len(values)
        mean[place] = centre
        variance[place] = math.fsum((v - centre) ** 2 for v in values) / len(values)
    y = (x - mean) / np.sqrt(variance + eps)
    y = y if weight is None else y * weight
    return (y if bias is None else y + bias), mean, variance


def layouts(x):
    yield x
    yield np.asfortranarray(x)
    yield x[::-1][::-1]
    yield np.repeat(x, 2, axis=-1)[..., ::2]
    if x.ndim >= 3:
        yield batch_last(x)


AXES = [
    ((6, 5), (0,)),  # batch norm of vectors
    ((6, 5), (-1,)),  # layer norm
    ((4, 3, 5), (0, 2)),
    ((4, 3, 5), (1, 2)),
    ((4, 3, 5, 2), (0, 2, 3)),  # batch norm of images
    ((4, 3, 5, 2), (2, 3)),  # instance norm
    ((4, 3, 2, 5, 2), (2, 3, 4)),  # group norm after a reshape
    ((2, 3, 2, 3, 2), (0, 2, 3, 4)),
    ((2, 3, 2, 3, 2), (0, 2, 4)),  # nothing merges
    ((4, 3, 1, 1), (0, 2, 3)),
    ((1, 3, 4, 4), (0, 2, 3)),
    ((4, 3, 5, 2), (0, 1, 2, 3)),
    ((7,), (0,)),
]


def parameters(shape, axes, kind):
    axes = {axis % len(shape) for axis in axes}
    if kind == "none":
        return None, None
    if kind == "channels":  # as group norm has them, also where a statistic covers several
        sizes = [size if axis in (1, 2) else 1 for axis, size in enumerate(shape)]
    elif kind == "kept":
        sizes = [1 if axis in axes else size for axis, size in enumerate(shape)]
    else:
        sizes = [size if axis else 1 for axis, size in enumerate(shape)]
    return RNG(1).normal(size=sizes), RNG(2).normal(size=sizes)


@pytest.mark.parametrize(("shape", "axes"), AXES)
@pytest.mark.parametrize("kind", ["none", "kept", "channels", "elementwise"])
def test_normalize_follows_the_formula_in_every_layout(shape, axes, kind):
    x = RNG(0).normal(3.0, 2.0, size=shape)
    weight, bias = parameters(shape, axes, kind)
    want, want_mean, want_variance = formula(x, weight, bias, axes, 1e-5)
    for arranged in layouts(x):
        y, mean, rstd, variance = normalize(arranged, weight, bias, axes=axes, eps=1e-5)
        np.testing.assert_allclose(y, want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(mean, want_mean, rtol=1e-13)
        np.testing.assert_allclose(variance, want_variance, rtol=1e-12)
        np.testing.assert_allclose(rstd, 1 / np.sqrt(want_variance + 1e-5), rtol=1e-12)
        assert not np.shares_memory(y, arranged)
    if len(shape) in (3, 4):  # the last layout's result lies as it does
        assert is_batch_last(y)
    plain = normalize(x.astype(object), weight, bias, axes=axes, eps=1e-5)
    for got, expected in zip(plain, (want, want_mean, None, want_variance), strict=True):
        if expected is not None:
            np.testing.assert_allclose(got.astype(float), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("shape", "axes"), AXES)
@pytest.mark.parametrize("kind", ["none", "kept", "channels", "elementwise"])
def test_gradients_match_complex_steps_of_the_formula(shape, axes, kind):
    x = RNG(0).normal(3.0, 2.0, size=shape)
    g = RNG(3).normal(size=shape)
    weight, bias = parameters(shape, axes, kind)
    _, mean, rstd, _ = normalize(x, weight, bias, axes=axes, eps=1e-3)

    def loss(x, weight, bias):
        mean = x.mean(axis=axes, keepdims=True)
        variance = ((x - mean) ** 2).mean(axis=axes, keepdims=True)
        y = (x - mean) / np.sqrt(variance + 1e-3)
        return (g * (y if weight is None else y * weight + bias)).sum()

    def derivative(which):
        inputs = [None if v is None else v.astype(complex) for v in (x, weight, bias)]
        result = np.empty(inputs[which].shape)
        for place in np.ndindex(*result.shape):
            inputs[which][place] += 1e-30j
            result[place] = loss(*inputs).imag / 1e-30
            inputs[which][place] -= 1e-30j
        return result

    wanted = [derivative(which) for which in range(1 if weight is None else 3)]
    for arranged, g_arranged in itertools.product(layouts(x), layouts(g)):
        got = normalize_gradient(g_arranged, arranged, weight, mean, rstd, axes=axes)
        for value, want in zip(got, wanted, strict=False):
            assert value.shape == want.shape
            np.testing.assert_allclose(value, want, rtol=1e-10, atol=1e-11)
    plain = normalize_gradient(g.astype(object), x.astype(object), weight, mean, rstd, axes=axes)
    for value, want in zip(plain, wanted, strict=False):
        np.testing.assert_allclose(value.astype(float), want, rtol=1e-10, atol=1e-11)


@pytest.mark.parametrize("layout", [np.asarray, batch_last])
def test_single_precision_survives_a_large_mean(layout):
    x = layout(RNG(0).normal(1e4, 1e-2, size=(16, 3, 8, 8)).astype(np.float32))
    want, want_mean, want_variance = formula(x.astype(float), None, None, (0, 2, 3), 1e-8)
    y, mean, _, variance = normalize(x, None, None, axes=(0, 2, 3), eps=1e-8)
    assert y.dtype == mean.dtype == variance.dtype == np.float32
    np.testing.assert_allclose(variance, want_variance, rtol=1e-5)
    np.testing.assert_allclose(mean, want_mean, rtol=1e-7)
    np.testing.assert_allclose(y, want, atol=1e-4)


@pytest.mark.parametrize("layout", [np.asarray, batch_last])
def test_an_atypical_first_slice_does_not_spoil_the_variance(layout):
    x = RNG(0).normal(1e4, 1e-2, size=(64, 2, 48, 8)).astype(np.float32)
    x[:1] = x[:, :, :1] = 0.0  # the first slice of either layout, whose mean is the first shift
    rest = np.array(x)
    x = layout(x)
    mean, variance = moments(x, axes=(0, 2, 3))
    _, want_mean, want_variance = formula(rest, None, None, (0, 2, 3), 0.0)
    np.testing.assert_allclose(mean, want_mean, rtol=1e-6)
    np.testing.assert_allclose(variance, want_variance, rtol=1e-5)


def test_a_far_first_slice_is_noticed():
    x = RNG(0).normal(0.0, 1e-3, size=(4096, 1, 8)).astype(np.float32)
    x[0] = 30.0  # 8 of 32768 numbers: far from the mean in standard deviations, yet not in the sum
    x[0, 0, 0] = -210.0  # and the slice's own mean is that of all
    x[0] += 0.5
    _, _, want = formula(x.astype(float), None, None, (0, 2), 0.0)
    np.testing.assert_allclose(moments(x, axes=(0, 2))[1], want, rtol=1e-5)


def test_constant_channels_have_no_variance_and_finite_results():
    x = np.full((8, 2, 5, 5), 7.3, np.float32)
    y, mean, rstd, variance = normalize(x, None, None, axes=(0, 2, 3), eps=1e-5)
    np.testing.assert_allclose(mean, 7.3, rtol=1e-6)
    np.testing.assert_allclose(variance, 0.0, atol=1e-10)
    np.testing.assert_allclose(y, 0.0, atol=1e-3)
    assert np.isfinite(rstd).all()


def test_variances_are_never_negative():
    constants = np.linspace(0.1, 1.0, 60, dtype=np.float32).reshape(1, 60, 1)
    x = np.tile(constants, (7, 1, 3))
    variance = normalize(x, None, None, axes=(0, 2), eps=0.1)[3]
    assert (variance >= 0).all() and (variance < 1e-6).all()


@pytest.mark.parametrize("layout", [np.asarray, batch_last])
def test_single_precision_gradients_survive_a_large_mean(layout):
    x = layout(RNG(0).normal(2000.0, 0.5, size=(16, 3, 8, 8)).astype(np.float32))
    g = layout(RNG(1).normal(0.5, 1.0, size=x.shape).astype(np.float32))
    exact = normalize(x.astype(float), None, None, axes=(0, 2, 3), eps=1e-8)[1:3]
    mean, rstd = (statistic.astype(np.float32) for statistic in exact)
    # Against the kernel in double precision, at the statistics that single precision can hold.
    double = [statistic.astype(float) for statistic in (mean, rstd)]
    wanted = normalize_gradient(g.astype(float), x.astype(float), None, *double, axes=(0, 2, 3))
    got = normalize_gradient(g, x, None, mean, rstd, axes=(0, 2, 3))
    for value, want in zip(got, wanted, strict=True):
        np.testing.assert_allclose(value, want, rtol=1e-4, atol=2e-5)


def test_arrays_of_objects_survive_a_large_mean():
    large = 2.0**52
    mean, variance = moments(np.array([[large - 3, large, large + 3]], object), axes=(1,))
    assert mean.tolist() == [[large]] and variance.tolist() == [[6.0]]


def test_halves_are_averaged_in_single_precision():
    x = RNG(0).normal(100.0, 5.0, size=(64, 2, 16, 16)).astype(np.float16)
    want, want_mean, _ = formula(x.astype(float), None, None, (0, 2, 3), 1e-5)
    y, mean, rstd, _ = normalize(x, None, None, axes=(0, 2, 3), eps=1e-5)
    assert y.dtype == np.float16 and mean.dtype == np.float32
    np.testing.assert_allclose(mean, want_mean, rtol=1e-6)
    np.testing.assert_allclose(y, want, atol=5e-3)
    gx, gweight, _ = normalize_gradient(y, x, None, mean, rstd, axes=(0, 2, 3))
    assert gx.dtype == np.float16 and gweight.dtype == np.float32
    np.testing.assert_allclose(gx, 0.0, atol=5e-3)  # y itself is what normalisation removes
    np.testing.assert_allclose(gweight.ravel(), (y.astype(float) * want).sum((0, 2, 3)), rtol=1e-3)


def test_a_nan_stays_in_its_channel():
    x = RNG(0).normal(size=(4, 3, 5, 5))
    x[1, 1, 2, 2] = np.nan
    y, mean, _, _ = normalize(x, None, None, axes=(0, 2, 3), eps=1e-5)
    assert np.isnan(y[:, 1]).all() and np.isnan(mean[0, 1]).all()
    assert np.isfinite(y[:, [0, 2]]).all()


def test_many_blocks_agree_with_one(monkeypatch):
    x = batch_last(RNG(0).normal(size=(3, 4, 6, 5)))
    weight = RNG(1).normal(size=(1, 4, 1, 1))
    whole = normalize(x, weight, weight, axes=(0, 2, 3), eps=1e-5)
    whole_gradient = normalize_gradient(x * x, x, weight, *whole[1:3], axes=(0, 2, 3))
    for block in (1, 30, 100):
        monkeypatch.setattr("autograd.kernels.normalization.any_axes.PASS_BLOCK", block)
        parts = normalize(x, weight, weight, axes=(0, 2, 3), eps=1e-5)
        gradient = normalize_gradient(x * x, x, weight, *whole[1:3], axes=(0, 2, 3))
        for got, want in zip(parts + gradient, whole + whole_gradient, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_pieces_and_blocks_of_rows_agree_with_one(monkeypatch):
    x = RNG(0).normal(size=(37, 11))
    weight, bias = RNG(1).normal(size=(2, 11))
    for parameter in (weight, None):
        whole = normalize(x, parameter, bias, axes=(1,), eps=1e-5)
        whole_gradient = normalize_gradient(x * x, x, parameter, *whole[1:3], axes=(1,))
        with monkeypatch.context() as patch:
            patch.setattr("autograd.kernels.normalization.last_axes.WORTHWHILE", 0)
            patch.setattr("autograd.kernels.normalization.last_axes.BLOCK", 23)
            parts = normalize(x, parameter, bias, axes=(1,), eps=1e-5)
            gradient = normalize_gradient(x * x, x, parameter, *whole[1:3], axes=(1,))
        for got, want in zip(parts + gradient, whole + whole_gradient, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_single_precision_rows_survive_a_large_mean():
    x = RNG(0).normal(0.0, 0.5, size=(6, 200)).astype(np.float32)
    x += np.array([0.0, 10.0, 2000.0, -2000.0, 1e5, 1.0], np.float32)[:, None]
    g = RNG(1).normal(0.5, 1.0, size=x.shape).astype(np.float32)
    weight, bias = RNG(2).normal(size=(2, 200)).astype(np.float32)
    want, want_mean, want_variance = formula(x.astype(float), weight, bias, (1,), 1e-5)
    y, mean, rstd, variance = normalize(x, weight, bias, axes=(1,), eps=1e-5)
    assert {v.dtype for v in (y, mean, rstd, variance)} == {np.dtype(np.float32)}
    np.testing.assert_allclose(y, want, atol=1e-5)
    np.testing.assert_allclose(mean, want_mean, rtol=1e-6)
    np.testing.assert_allclose(variance, want_variance, rtol=1e-5)
    double = [v.astype(float) for v in (g, x, weight, mean, rstd)]
    wanted = normalize_gradient(*double, axes=(1,))
    for value, exact in zip(
        normalize_gradient(g, x, weight, mean, rstd, axes=(1,)), wanted, strict=True
    ):
        np.testing.assert_allclose(value, exact, rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("width", [7, 30, 1000, 3000])
def test_the_mean_of_a_constant_row_is_its_number(width):
    """Also where the first sum misses it and what is left over is averaged once more."""
    x = np.array([0.1, 1234.567, 7e6], np.float32)[:, None] * np.ones(width, np.float32)
    y, mean, _, variance = normalize(x, None, None, axes=(1,), eps=1e-30)
    np.testing.assert_array_equal(mean[:, 0], x[:, 0])
    assert not variance.any() and not y.any()


@pytest.mark.parametrize("axes", [(0,), (1,), (2,), (0, 2), (1, 2), (0, 1)])
def test_statistics_and_gradients_of_parameters_lie_in_order(axes):
    for x in layouts(RNG(0).normal(size=(3, 4, 5))):
        kept = tuple(1 if axis in axes else n for axis, n in enumerate(x.shape))
        weight = RNG(1).normal(size=x.shape)
        y, mean, rstd, variance = normalize(x, weight, None, axes=axes, eps=1e-5)
        gradients = normalize_gradient(np.ones_like(x), x, weight, mean, rstd, axes=axes)
        for part in (mean, rstd, variance):
            assert part.flags.c_contiguous and part.shape == kept
        assert gradients[1].flags.c_contiguous and y.shape == gradients[1].shape == x.shape


def test_a_nan_stays_in_its_row():
    x = RNG(0).normal(size=(4, 300))
    x[1, 7] = np.nan
    g = np.ones_like(x)
    y, mean, rstd, _ = normalize(x, np.ones(300), None, axes=(1,), eps=1e-5)
    gx, *_ = normalize_gradient(g, x, np.ones(300), mean, rstd, axes=(1,))
    for rows in (y, mean, rstd, gx):
        np.testing.assert_array_equal(np.isnan(rows).all(axis=1), [False, True, False, False])
        assert np.isfinite(rows[[0, 2, 3]]).all()


def test_an_empty_batch_gives_an_empty_result():
    y, mean, _, _ = normalize(np.empty((0, 3, 4, 4)), None, None, axes=(0, 2, 3), eps=1e-5)
    assert y.shape == (0, 3, 4, 4) and mean.shape == (1, 3, 1, 1) and np.isnan(mean).all()


@pytest.mark.torch
@pytest.mark.parametrize("layout", [np.asarray, batch_last])
def test_batch_norm_is_pytorchs(torch, layout):
    x, g = RNG(0).normal(2.0, 3.0, size=(2, 6, 4, 5, 3))
    weight, bias = RNG(1).normal(size=(2, 4))
    tensors = [torch.tensor(v, requires_grad=True) for v in (x, weight, bias)]
    want = torch.nn.functional.batch_norm(
        tensors[0], None, None, *tensors[1:], training=True, eps=1e-5
    )
    want.backward(torch.tensor(g))
    shape = (1, 4, 1, 1)
    weight, bias = weight.reshape(shape), bias.reshape(shape)
    y, mean, rstd, _ = normalize(layout(x), weight, bias, axes=(0, 2, 3), eps=1e-5)
    np.testing.assert_allclose(y, want.detach().numpy(), rtol=1e-12, atol=1e-12)
    got = normalize_gradient(layout(g), layout(x), weight, mean, rstd, axes=(0, 2, 3))
    for value, tensor in zip(got, tensors, strict=True):
        np.testing.assert_allclose(
            value.ravel(), tensor.grad.numpy().ravel(), rtol=1e-11, atol=1e-11
        )


@pytest.mark.parametrize("weighted", [True, False])
def test_row_gradients_have_the_same_bits_wherever_the_incoming_gradient_lies(weighted):
    x, g = RNG(0).normal(size=(2, 6, 3, 8)).astype(np.float32)
    weight = RNG(1).normal(size=8).astype(np.float32) if weighted else None
    _, mean, rstd, _ = normalize(x, weight, None, axes=(-1,), eps=1e-5)
    want = normalize_gradient(g, x, weight, mean, rstd, axes=(-1,))
    wide = g.astype(np.float64)  # as it comes from a graph of higher precision
    for same in [*layouts(g), wide]:
        for got, right in zip(
            normalize_gradient(same, x, weight, mean, rstd, axes=(-1,)), want, strict=True
        ):
            assert got.dtype == np.float32 and got.tobytes() == right.tobytes()


@pytest.mark.parametrize(
    ("shape", "axes"), [((2, 3, 0), (2,)), ((2, 3, 0), (0, 2)), ((0, 3), (0,)), ((2, 0, 4), (0, 2))]
)
def test_of_arrays_without_elements_there_are_no_blocks_with_any(shape, axes):
    seen = []
    any_axes._plan(np.ones(shape), axes).for_each_block(lambda block, some: seen.append(block))
    assert len(seen) <= 2
