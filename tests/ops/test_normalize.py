"""`autograd.normalize` with parameters per channel: what `groups` means, in C and in NumPy."""

import numpy as np
import pytest

import autograd as ag
from autograd.func import gradcheck, gradgradcheck

CASES = [((4, 6, 5), (0, 2), 1), ((3, 6, 2, 3), (2, 3), 1), ((3, 6, 4), (1, 2), 2),
         ((2, 6, 3, 2), (1, 2, 3), 3), ((5, 6), (1,), 2), ((7, 6), (0,), 1), ((1, 6, 17), (1, 2), 6)]  # fmt: skip

SMALL = [((3, 4, 2), (0, 2), 1), ((2, 4, 2), (1, 2), 2), ((2, 2, 3), (2,), 1)]


@pytest.fixture(params=["in C", "in NumPy"])
def kernels(request):
    if request.param == "in NumPy":
        request.getfixturevalue("numpy_kernels")


def spelt_out(x, weight, bias, axes, groups):
    """y, mean, 1/√(variance + 0.1) and variance, by NumPy's own functions."""
    n, c, *space = x.shape
    split = x.reshape(n, groups, c // groups, *space) if 1 in axes else x
    over = tuple(range(2, split.ndim)) if 1 in axes else axes
    mean, variance = split.mean(over, keepdims=True), split.var(over, keepdims=True)
    y = ((split - mean) / np.sqrt(variance + 0.1)).reshape(x.shape)
    columns = (c, *(1,) * len(space))
    y = y * (1.0 if weight is None else weight.reshape(columns))
    return (
        y + (0.0 if bias is None else bias.reshape(columns)),
        mean,
        (variance + 0.1) ** -0.5,
        variance,
    )


def drawn(shape, which):
    rng = np.random.default_rng(0)
    x, weight, bias = rng.normal(size=shape), rng.normal(size=shape[1]), rng.normal(size=shape[1])
    return (
        x,
        weight if which in ("both", "weight") else None,
        bias if which in ("both", "bias") else None,
    )


@pytest.mark.parametrize(("shape", "axes", "groups"), CASES)
@pytest.mark.parametrize("which", ["both", "weight", "bias", "neither"])
def test_groups_of_channels_are_normalised_each_by_itself(kernels, shape, axes, groups, which):
    given = drawn(shape, which)
    wanted = spelt_out(*given, axes, groups)
    for dtype, close in ((np.float64, 1e-12), (np.float32, 2e-5)):
        arrays = [None if a is None else a.astype(dtype) for a in given]
        found = ag.normalize(*arrays, axes=axes, eps=0.1, groups=groups)
        for got, want in zip(found, wanted, strict=True):
            assert got.shape == want.shape and got.dtype == dtype
            np.testing.assert_allclose(got, want, rtol=close, atol=close)


@pytest.mark.parametrize(("shape", "axes", "groups"), SMALL)
@pytest.mark.parametrize("which", ["both", "weight", "bias"])
def test_gradients_of_groups_and_of_their_statistics(kernels, shape, axes, groups, which):
    x, weight, bias = drawn(shape, which)
    tensors = [ag.tensor(a, requires_grad=True) for a in (x, weight, bias) if a is not None]

    def normalized(*given):
        left = iter(given)
        inputs = [None if a is None else next(left) for a in (x, weight, bias)]
        return ag.normalize(*inputs, axes=axes, eps=0.1, groups=groups)

    assert gradcheck(lambda *given: normalized(*given)[0], tensors)
    assert gradgradcheck(lambda *given: normalized(*given)[0], tensors)
    assert gradcheck(lambda *given: sum(ag.sum(out * out) for out in normalized(*given)), tensors)


@pytest.mark.parametrize(
    ("axes", "groups", "weight", "words"),
    [
        ((1, 2), 4, None, "groups=4 does not divide axis 1"),
        ((1, 2), 0, None, "groups"),
        ((0, 1, 2), 1, None, "all axes from 1 on"),
        ((1,), 1, None, "all axes from 1 on"),
        ((0, 2), 1, np.ones((1, 6, 1)), r"must have shape \(6,\)"),
    ],
)
def test_groups_that_do_not_fit_are_refused(axes, groups, weight, words):
    with pytest.raises(ValueError, match=words):
        ag.normalize(np.ones((4, 6, 5)), weight, axes=axes, groups=groups)
    with pytest.raises(TypeError, match="groups"):
        ag.normalize(np.ones((4, 6, 5)), axes=axes, groups=1.5)


@pytest.mark.parametrize(("shape", "axes", "groups"), [((5, 7), (1,), None), ((3, 4, 33), (1, 2), None),
                                                       ((9, 4), (0,), None), ((2, 6, 5), (1, 2), 3)])  # fmt: skip
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_without_centring_the_mean_stays(kernels, shape, axes, groups, dtype):
    rng = np.random.default_rng(1)
    x = (rng.normal(size=shape) + 1).astype(dtype)
    weight = rng.normal(size=shape[1] if groups else shape[axes[0] :]).astype(dtype)
    split = x.astype(float).reshape(shape[0], groups, -1, *shape[2:]) if groups else x.astype(float)
    over = tuple(range(2, split.ndim)) if groups else axes
    square = (split * split).mean(over, keepdims=True)
    wide = (
        weight.astype(float).reshape(-1, *(1,) * (len(shape) - 2))
        if groups
        else weight.astype(float)
    )
    wanted = (split / np.sqrt(square + 0.1)).reshape(shape) * wide
    y, mean, rstd, found = ag.normalize(x, weight, axes=axes, eps=0.1, groups=groups, centred=False)
    close = {"f": 2e-6, "d": 1e-13, "e": 4e-3}[np.dtype(dtype).char]
    assert y.dtype == dtype and not np.any(mean)
    np.testing.assert_allclose(y, wanted, rtol=close, atol=close)
    np.testing.assert_allclose(found, square, rtol=max(close, 1e-3 * (dtype == np.float16)))
    np.testing.assert_allclose(
        rstd, (square + 0.1) ** -0.5, rtol=max(close, 1e-3 * (dtype == np.float16))
    )


@pytest.mark.parametrize(
    ("shape", "axes", "groups"), [((2, 3), (1,), None), ((2, 4, 2), (1, 2), 2)]
)
def test_gradients_without_centring(kernels, shape, axes, groups):
    rng = np.random.default_rng(2)
    weight = rng.normal(size=shape[1])
    tensors = [ag.tensor(a, requires_grad=True) for a in (rng.normal(size=shape), weight)]

    def outs(x, w):
        return ag.normalize(x, w, axes=axes, eps=0.1, groups=groups, centred=False)

    assert gradcheck(lambda x, w: outs(x, w)[0], tensors)
    assert gradgradcheck(lambda x, w: outs(x, w)[0], tensors)
    assert gradcheck(lambda x, w: sum(ag.sum(out * out) for out in outs(x, w)), tensors)
