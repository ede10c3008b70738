"""Losses, linear maps and lookups against PyTorch."""

import warnings

import numpy as np
import pytest

import autograd
import nn.functional as F

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning"),  # means of nothing
]

REDUCTIONS = ["mean", "sum", "none"]


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_and_nll(torch, compare, rng, reduction, smoothing):
    for shape in [(3,), (4, 3), (2, 3, 2), (2, 3, 2, 2), (0, 3), (1, 1)]:
        classes = shape[min(1, len(shape) - 1)]
        for weighted in (False, True):
            for ignore in (-100, 1, 0):
                target = rng.integers(0, classes, shape[:1] + shape[2:] if len(shape) > 1 else ())
                if rng.random() < 0.3:
                    target = np.where(rng.random(target.shape) < 0.4, ignore, target)
                weight = rng.uniform(0.5, 2.0, classes) if weighted else None
                options = {"reduction": reduction, "ignore_index": ignore}
                label = (shape, target, weight, ignore)

                def both(name, target=target, weight=weight, options=options, **more):
                    w = None if weight is None else torch.tensor(weight)
                    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
                    return (
                        lambda scores: theirs(scores, torch.tensor(target), w, **options, **more),
                        lambda scores: ours(scores, np.asarray(target), weight, **options, **more),
                    )

                x = rng.standard_normal(shape) * 2.0
                compare(*both("cross_entropy", label_smoothing=smoothing), [x], label=label)
                if not smoothing:
                    compare(*both("nll_loss"), [x], label=label)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_of_probabilities(torch, compare, rng, reduction):
    for shape in [(3,), (4, 3), (2, 3, 2), (0, 3), (2, 3, 2, 2)]:
        axis = min(1, len(shape) - 1)
        for smoothing in (0.0, 0.3):
            for weighted in (False, True):
                target = rng.random(shape)
                target /= target.sum(axis, keepdims=True)
                weight = rng.uniform(0.5, 2.0, 3) if weighted else None
                options = {"reduction": reduction, "label_smoothing": smoothing}
                compare(
                    lambda x, t, w=weight, o=options: torch.nn.functional.cross_entropy(
                        x, t, None if w is None else torch.tensor(w), **o
                    ),
                    lambda x, t, w=weight, o=options: F.cross_entropy(x, t, w, **o),
                    [rng.standard_normal(shape), target],
                    label=(shape, options, weight),
                    order=2 if 0 not in shape else 1,  # 0/0 has no slope
                )


def test_cross_entropy_of_large_scores(torch, compare):
    x = np.array([[1e4, 0.0, -1e4], [0.0, 1e4, 1e4], [-np.inf, 0.0, 1.0]])
    target = np.array([2, 1, 1])
    compare(
        lambda x: torch.nn.functional.cross_entropy(x, torch.tensor(target)),
        lambda x: F.cross_entropy(x, target),
        [x],
    )


PAIRS = [
    ("mse_loss", {}),
    ("l1_loss", {}),
    ("smooth_l1_loss", {}),
    ("smooth_l1_loss", {"beta": 0.3}),
    ("smooth_l1_loss", {"beta": 0.0}),
    ("huber_loss", {}),
    ("huber_loss", {"delta": 0.4}),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name, options", PAIRS, ids=str)
def test_losses_of_numbers(torch, compare, rng, name, options, reduction):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    options = {**options, "reduction": reduction}
    for one, other in [
        ((), ()),
        ((3,), (3,)),
        ((2, 3), (2, 3)),
        ((0, 2), (0, 2)),
        ((2, 3), (3,)),
        ((2,), (3,)),
    ]:
        compare(
            lambda x, y: theirs(x, y, **options),
            lambda x, y: ours(x, y, **options),
            [np.round(rng.standard_normal(one), 1), np.round(rng.standard_normal(other), 1)],
            label=(one, other),
            order=2 if 0 not in one else 1,
        )
        if one == other and "weight" in theirs.__code__.co_varnames:
            compare(
                lambda x, y, w: theirs(x, y, weight=w, **options),
                lambda x, y, w: ours(x, y, weight=w, **options),
                [*rng.standard_normal((2, *one)), rng.uniform(0.5, 2.0, one)],
                label=("weighted", one),
                order=2 if 0 not in one else 1,
            )


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_binary_cross_entropy(torch, compare, rng, reduction):
    TF = torch.nn.functional
    for shape in [(), (4,), (2, 3), (0,)]:
        target = rng.random(shape)
        for weight in (None, rng.uniform(0.5, 2.0, shape[-1:])):
            w = None if weight is None else torch.tensor(weight)
            compare(
                lambda x, t, w=w: TF.binary_cross_entropy(x, t, w, reduction=reduction),
                lambda x, t, w=weight: F.binary_cross_entropy(x, t, w, reduction=reduction),
                [rng.uniform(0.05, 0.95, shape), target],
                label=(shape, weight),
                order=2 if 0 not in shape else 1,
            )
            for positive in (None, rng.uniform(0.5, 2.0, shape[-1:])):
                p = None if positive is None else torch.tensor(positive)
                compare(
                    lambda x, t, w=w, p=p: TF.binary_cross_entropy_with_logits(
                        x, t, w, reduction=reduction, pos_weight=p
                    ),
                    lambda x, t, w=weight, p=positive: F.binary_cross_entropy_with_logits(
                        x, t, w, reduction=reduction, pos_weight=p
                    ),
                    [rng.standard_normal(shape) * 3.0, target],
                    label=(shape, weight, positive),
                    order=2 if 0 not in shape else 1,
                )
    edge = np.array([0.0, 1.0, 0.0, 1.0, 0.5])
    compare(
        lambda x: TF.binary_cross_entropy(x, torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0]).double()),
        lambda x: F.binary_cross_entropy(x, autograd.tensor(np.array([0.0, 1.0, 1.0, 0.0, 1.0]))),
        [edge],
        order=1,
    )
    compare(
        lambda x: TF.binary_cross_entropy(x, torch.ones(2).double()),
        lambda x: F.binary_cross_entropy(x, np.ones(2)),
        [np.array([1.2, 0.5])],
    )
    large = np.array([1e4, -1e4, 50.0, -50.0])
    compare(
        lambda x: TF.binary_cross_entropy_with_logits(
            x, torch.tensor([0.0, 1.0, 1.0, 0.0]).double()
        ),
        lambda x: F.binary_cross_entropy_with_logits(x, np.array([0.0, 1.0, 1.0, 0.0])),
        [large],
    )


@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("reduction", [*REDUCTIONS, "batchmean"])
def test_kl_div(torch, compare, rng, reduction, log_target):
    options = {"reduction": reduction, "log_target": log_target}
    for shape in [(3,), (2, 3), (2, 2, 3)]:
        target = rng.uniform(0.1, 1.0, shape)
        compare(
            lambda x, t: torch.nn.functional.kl_div(x, t, **options),
            lambda x, t: F.kl_div(x, t, **options),
            [rng.standard_normal(shape), np.log(target) if log_target else target],
            label=shape,
        )
    compare(
        lambda x: torch.nn.functional.kl_div(x, torch.tensor([0.0, 1.0]).double(), reduction="sum"),
        lambda x: F.kl_div(x, np.array([0.0, 1.0]), reduction="sum"),
        [np.array([-1.0, -2.0])],
    )


def test_former_names_of_reductions(torch, rng):
    x, y = rng.standard_normal((2, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average in (None, False, True):
            for reduce in (None, False, True):
                wanted = torch.nn.functional.mse_loss(
                    torch.tensor(x), torch.tensor(y), average, reduce
                )
                got = F.mse_loss(autograd.tensor(x), autograd.tensor(y), average, reduce)
                np.testing.assert_allclose(got.data, wanted.numpy())


def test_linear_and_bilinear(torch, compare, rng):
    for x, w, b in [
        ((3,), (2, 3), (2,)), ((4, 3), (2, 3), (2,)), ((2, 4, 3), (2, 3), None), ((0, 3), (2, 3), (2,)),
        ((4, 3), (3,), None), ((3,), (3,), ()), ((4, 3), (2, 4), None), ((2, 3), (2, 3), (3,)),
        ((2, 0), (2, 0), (2,)),
    ]:  # fmt: skip
        compare(
            torch.nn.functional.linear,
            F.linear,
            [rng.standard_normal(s) for s in (x, w, b) if s is not None],
            label=(x, w, b),
        )
    for one, two, w, b in [
        ((3,), (2,), (4, 3, 2), (4,)), ((5, 3), (5, 2), (4, 3, 2), None),
        ((2, 5, 3), (2, 5, 2), (4, 3, 2), (4,)), ((5, 3), (4, 2), (4, 3, 2), None),
    ]:  # fmt: skip
        compare(
            torch.nn.functional.bilinear,
            F.bilinear,
            [rng.standard_normal(s) for s in (one, two, w, b) if s is not None],
            label=(one, two, w, b),
        )


def test_embedding(torch, compare, rng):
    for shape in [(), (3,), (2, 4), (0,)]:
        index = rng.integers(0, 4, shape)
        for options in ({}, {"padding_idx": 1}, {"padding_idx": -1}, {"scale_grad_by_freq": True}):
            compare(
                lambda w, i=index, o=options: torch.nn.functional.embedding(
                    torch.tensor(i), w, **o
                ),
                lambda w, i=index, o=options: F.embedding(i, w, **o),
                [rng.standard_normal((4, 3))],
                order=1,
                label=(shape, options),
            )
    table = rng.standard_normal((5, 3)) * 3.0
    theirs, ours = torch.tensor(table), autograd.tensor(table)
    torch.nn.functional.embedding(torch.tensor([0, 3, 3]), theirs, max_norm=1.0)
    F.embedding([0, 3, 3], ours, max_norm=1.0)
    np.testing.assert_allclose(ours.data, theirs.numpy(), rtol=1e-12)


def test_one_hot(torch):
    for classes in ([0, 2, 1], [[1, 0], [3, 1]]):
        for count in (-1, 5):
            wanted = torch.nn.functional.one_hot(torch.tensor(classes), count).numpy()
            got = F.one_hot(classes, count)
            assert got.dtype == np.int64
            np.testing.assert_array_equal(got.data, wanted)
