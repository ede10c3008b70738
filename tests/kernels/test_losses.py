"""Softmax cross-entropy against its textbook definition in exact sums, and PyTorch."""

import itertools
import math

import numpy as np
import pytest

import autograd
from autograd.kernels.losses import (
    dot,
    log_softmax,
    softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

pytestmark = pytest.mark.usefixtures("numpy_kernels")

RNG = np.random.default_rng
SHAPES = [(5,), (4, 5), (3, 5, 2), (2, 5, 3, 2)]


def textbook(x, targets, weight, ignore_index, label_smoothing, reduction):
    """The loss, sample by sample, in Python floats (complex ones for derivatives)."""
    if x.ndim == 1:
        x, targets = x[None], targets[None]
    classes = x.shape[1]
    weight = np.ones(classes) if weight is None else weight
    losses, divisor = np.zeros(targets.shape, x.dtype), 0.0
    for place in np.ndindex(*targets.shape):
        target = targets[place]
        if target == ignore_index:
            continue
        logits = x[(place[0], slice(None), *place[1:])]
        logits = logits - logits.real.max()
        log_p = logits - np.log(np.exp(logits).sum())
        onehot = np.arange(classes) == target
        q = ((1 - label_smoothing) * onehot + label_smoothing / classes) * weight
        losses[place] = -(q * log_p).sum()
        divisor += weight[target]
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    return losses.sum() / divisor if divisor else np.asarray(np.nan)


def case(shape, seed=0):
    x = RNG(seed).normal(size=shape) * 3
    targets = np.asarray(
        RNG(seed + 1).integers(0, 5, size=shape[:1] * (len(shape) > 1) + shape[2:])
    )
    return x, targets


OPTIONS = list(itertools.product([False, True], [-100, 2], [0.0, 0.3], ["mean", "sum", "none"]))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("weighted", "ignore_index", "label_smoothing", "reduction"), OPTIONS)
def test_loss_and_gradient(shape, weighted, ignore_index, label_smoothing, reduction):
    x, targets = case(shape)
    weight = RNG(7).uniform(0.5, 2.0, 5) if weighted else None
    options = {
        "ignore_index": ignore_index,
        "label_smoothing": label_smoothing,
        "reduction": reduction,
    }
    want = textbook(x, targets, weight, **options)
    loss, p = softmax_cross_entropy(x, targets, weight, **options)
    assert loss.shape == (targets.shape if reduction == "none" else ())
    np.testing.assert_allclose(loss, want.reshape(loss.shape), rtol=1e-12)

    g = RNG(8).normal(size=loss.shape)
    got = softmax_cross_entropy_gradient(g, p, targets, weight, **options)
    if np.isnan(want).all():  # everything ignored: no logit matters
        np.testing.assert_array_equal(got, 0.0)
        return
    for place in np.ndindex(*shape):
        moved = x.astype(complex)
        moved[place] += 1e-30j
        step = np.asarray(textbook(moved, targets, weight, **options)).reshape(loss.shape)
        np.testing.assert_allclose(
            got[place], (g * step.imag).sum() / 1e-30, rtol=1e-11, atol=1e-14
        )


def test_log_softmax_of_small_integers():
    got = log_softmax(np.array([[0.0, math.log(3.0)], [1.0, 1.0]]), axis=1)
    np.testing.assert_allclose(np.exp(got), [[0.25, 0.75], [0.5, 0.5]], rtol=1e-14)


def test_sums_beyond_the_range_of_halves():
    got = log_softmax(np.zeros(70_000, np.float16), axis=0)
    assert got.dtype == np.float16
    np.testing.assert_allclose(got[0], -math.log(70_000), rtol=1e-3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_huge_logits(dtype):
    x = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4]], dtype)
    targets = np.array([1, 2])
    loss, p = softmax_cross_entropy(x, targets, None, reduction="none")
    assert loss.dtype == p.dtype == dtype
    np.testing.assert_allclose(loss, [2e4, math.log(2)], rtol=1e-3 if dtype == np.float16 else 1e-6)
    gx = softmax_cross_entropy_gradient(np.ones(2, dtype), p, targets, None, reduction="none")
    assert gx.dtype == dtype
    np.testing.assert_allclose(gx, [[1, -1, 0], [0, 0.5, -0.5]], atol=1e-3)


def test_minus_infinity_masks_a_class():
    x = np.array([[0.0, -np.inf, 0.0]])
    loss, p = softmax_cross_entropy(x, np.array([0]), None)
    np.testing.assert_allclose(loss, math.log(2))
    gx = softmax_cross_entropy_gradient(np.ones(()), p, np.array([0]), None)
    np.testing.assert_allclose(gx, [[-0.5, 0.0, 0.5]])


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_all_ignored(label_smoothing):
    x, targets = RNG(0).normal(size=(3, 4)), np.full(3, -100)
    for reduction, want in (("mean", np.nan), ("sum", 0.0), ("none", np.zeros(3))):
        loss, _ = softmax_cross_entropy(
            x, targets, None, reduction=reduction, label_smoothing=label_smoothing
        )
        np.testing.assert_array_equal(loss, want)
        gx = softmax_cross_entropy_gradient(
            np.ones(loss.shape),
            log_softmax(x, axis=1),
            targets,
            None,
            reduction=reduction,
            label_smoothing=label_smoothing,
        )
        np.testing.assert_array_equal(gx, np.zeros((3, 4)))


@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_what_is_ignored_stays_out_even_if_it_is_nan(label_smoothing):
    x = np.array([[1.0, 2.0], [np.nan, np.inf]])
    targets = np.array([0, -100])
    loss, p = softmax_cross_entropy(x, targets, None, label_smoothing=label_smoothing)
    alone, _ = softmax_cross_entropy(x[:1], targets[:1], None, label_smoothing=label_smoothing)
    assert loss == alone
    gx = softmax_cross_entropy_gradient(
        np.ones(()), p, targets, None, label_smoothing=label_smoothing
    )
    np.testing.assert_array_equal(gx[1], 0.0)
    assert np.isfinite(gx[0]).all()


@pytest.mark.parametrize("target", [-1, 5])
def test_targets_out_of_range_are_refused(target):
    with pytest.raises(IndexError, match=rf"target {target} is not one of the 5 classes"):
        softmax_cross_entropy(np.zeros((2, 5)), np.array([0, target]), None)


def test_unsigned_targets():
    x = RNG(0).normal(size=(2, 3))
    loss, _ = softmax_cross_entropy(x, np.array([2, 0], np.uint8), None)
    assert loss == softmax_cross_entropy(x, np.array([2, 0]), None)[0]


def test_a_single_sample_of_a_batch_last_image_is_like_any_other():
    x, targets = case((2, 5, 3, 2))
    arranged = np.ascontiguousarray(x.transpose(2, 1, 3, 0)).transpose(3, 1, 0, 2)
    loss, p = softmax_cross_entropy(arranged, targets, None)
    want, want_p = softmax_cross_entropy(x, targets, None)
    np.testing.assert_allclose(loss, want, rtol=1e-14)
    np.testing.assert_allclose(p, want_p, rtol=1e-14)


@pytest.mark.torch
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("weighted", "ignore_index", "label_smoothing", "reduction"), OPTIONS)
def test_pytorch_agrees(torch, shape, weighted, ignore_index, label_smoothing, reduction):
    x, targets = case(shape, seed=3)
    weight = RNG(7).uniform(0.5, 2.0, 5) if weighted else None
    options = {
        "ignore_index": ignore_index,
        "label_smoothing": label_smoothing,
        "reduction": reduction,
    }
    loss, p = softmax_cross_entropy(x, targets, weight, **options)
    tensor = torch.tensor(x, requires_grad=True)
    their_weight = None if weight is None else torch.tensor(weight)
    want = torch.nn.functional.cross_entropy(tensor, torch.tensor(targets), their_weight, **options)
    np.testing.assert_allclose(loss, want.detach().numpy(), rtol=1e-12)
    g = RNG(8).normal(size=loss.shape)
    want.backward(torch.tensor(g))
    got = softmax_cross_entropy_gradient(g, p, targets, weight, **options)
    np.testing.assert_allclose(got, tensor.grad.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("spread", [1.0, 30.0, 1000.0])
def test_softmax_and_its_logarithm(dtype, axis, spread):
    x = (RNG(0).normal(size=(9, 40, 30)) * spread).astype(dtype)
    exact = x.astype(np.longdouble)
    exact = exact - exact.max(axis=axis, keepdims=True)
    log_p = exact - np.log(np.exp(exact).sum(axis=axis, keepdims=True))
    tolerance = 8 * np.finfo(dtype).eps
    for arranged in (x, np.asfortranarray(x), x[:, ::-1][:, ::-1]):
        p, log = softmax(arranged, axis=axis), log_softmax(arranged, axis=axis)
        assert p.dtype == log.dtype == dtype
        np.testing.assert_allclose(p, np.exp(log_p), rtol=tolerance * 4, atol=tolerance / 8)
        np.testing.assert_allclose(log, log_p, rtol=tolerance, atol=tolerance * 4)


@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_of_halves_and_of_objects_goes_along_its_axis(axis):
    x = RNG(0).normal(size=(4, 6)).astype(np.float16)
    for function in (softmax, log_softmax):
        exact = function(x.astype(np.float64), axis=axis)
        half = function(x, axis=axis)
        assert half.dtype == np.float16
        np.testing.assert_allclose(half, exact, rtol=1e-3)
        objects = autograd.scalars(x.astype(np.float64))
        numbers = [[t.item() for t in row] for row in function(objects, axis=axis)]
        np.testing.assert_allclose(numbers, exact, rtol=1e-12)


def test_softmax_of_numbers_at_the_edge():
    x = np.array([[0.0, np.inf], [-np.inf, 1.0], [np.nan, 0.0], [32.0, -32.0], [33.0, -40.0]])
    p = softmax(x, axis=1)
    np.testing.assert_array_equal(p[1], [0.0, 1.0])
    assert np.isnan(p[[0, 2]]).any(axis=1).all()
    np.testing.assert_allclose(p[3:, 0], 1.0)
    np.testing.assert_allclose(softmax(x[3:4], axis=1)[0, 1], np.exp(-64.0))
    assert softmax(np.empty((0, 3)), axis=1).shape == (0, 3)


@pytest.mark.parametrize("shape", [(3, 4), (2, 3, 50), (1, 9000), (7,)])
def test_dot_along_an_axis(shape):
    x, y = RNG(0).normal(size=(2, *shape))
    for axis in range(len(shape)):
        want = (x * y).sum(axis=axis, keepdims=True)
        for a, b in ((x, y), (np.asfortranarray(x), y), (x[..., ::-1][..., ::-1], y)):
            np.testing.assert_allclose(dot(a, b, axis=axis), want, rtol=1e-10, atol=1e-12)
    halves = dot(x.astype(np.float16), y.astype(np.float16), axis=-1)
    assert halves.dtype == np.float16 and halves.shape == (*shape[:-1], 1)
