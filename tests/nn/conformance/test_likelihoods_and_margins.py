"""Losses with margins and negative log-likelihoods against PyTorch."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

REDUCTIONS = ["mean", "sum", "none"]
CLOSE = {"rtol": 1e-12, "atol": 1e-12}


def signs(rng, *shape):
    return rng.choice([-1, 1], size=shape)


def labels(rng):
    rows = np.array([rng.permutation(4) for _ in range(3)])
    rows[0, 2], rows[1, 0] = -1, -1
    return rows


#: PyTorch has no second derivative of these.
ONCE = {"multi_margin", "multilabel_margin"}

#: Name of the function, shapes of what gets a gradient, targets, options to try.
LOSSES = [
    ("margin_ranking", ((3, 4), (3, 4)), lambda r: signs(r, 3, 4), [{}, {"margin": 0.4}]),
    ("margin_ranking", ((3, 4), (3, 1)), lambda r: signs(r, 1, 4), [{}]),
    ("hinge_embedding", ((3, 4),), lambda r: signs(r, 3, 4), [{}, {"margin": 0.4}]),
    ("soft_margin", ((3, 4),), lambda r: signs(r, 3, 4), [{}]),
    ("cosine_embedding", ((3, 4), (3, 4)), lambda r: signs(r, 3), [{}, {"margin": -0.4}]),
    ("cosine_embedding", ((4,), (4,)), lambda r: signs(r), [{}]),
    ("triplet_margin", ((3, 4),) * 3, None, [{}, {"swap": True, "p": 3.0, "margin": 2.0}]),
    ("triplet_margin", ((4,),) * 3, None, [{}]),
    ("triplet_margin_with_distance", ((3, 4),) * 3, None, [{}, {"swap": True, "margin": 2.0}]),
    ("multi_margin", ((3, 4),), lambda r: r.integers(0, 4, 3), [{}, {"p": 2, "margin": 0.4}]),
    ("multi_margin", ((4,),), lambda r: np.array(2), [{}]),
    ("multilabel_margin", ((3, 4),), labels, [{}]),
    ("multilabel_margin", ((4,),), lambda r: labels(r)[0], [{}]),
    ("multilabel_soft_margin", ((3, 4),), lambda r: r.integers(0, 2, (3, 4)) * 1.0, [{}]),
    ("multilabel_soft_margin", ((2, 3, 4),), lambda r: r.random((2, 3, 4)), [{}]),
    ("poisson_nll", ((3, 4),), lambda r: r.poisson(2.0, (3, 4)) * 1.0,
     [{}, {"full": True}, {"log_input": False, "eps": 3.0}]),
    ("gaussian_nll", ((3, 4), (3, 4)), lambda r: r.random((3, 4)), [{}, {"full": True, "eps": 0.3}]),
    ("gaussian_nll", ((3, 4), (3, 4)), lambda r: r.random((3, 1)), [{}]),
    ("gaussian_nll", ((3, 4), (3, 4)), lambda r: r.random(3), [{}]),
]  # fmt: skip


@pytest.mark.parametrize("name, shapes, target, several", LOSSES)
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_losses(torch, compare, rng, name, shapes, target, several, reduction):
    given = [] if target is None else [target(rng)]
    for options in several:
        arrays = [rng.normal(size=shape) for shape in shapes]
        theirs = getattr(torch.nn.functional, f"{name}_loss")
        ours = getattr(F, f"{name}_loss")
        compare(
            lambda *x, f=theirs, o=options: f(*x, *map(torch.tensor, given), reduction=reduction, **o),
            lambda *x, f=ours, o=options: f(*x, *map(ag.tensor, given), reduction=reduction, **o),
            arrays, order=1 if name in ONCE else 2, rtol=1e-12, atol=1e-12, label=(name, options),
        )  # fmt: skip
    assert not compare.refused


@pytest.mark.parametrize("name, target", [
    ("multi_margin", lambda r: r.integers(0, 4, 3)),
    ("multilabel_soft_margin", lambda r: r.random((3, 4))),
])  # fmt: skip
def test_weights_of_classes(torch, compare, rng, name, target):
    x, given, weight = rng.normal(size=(3, 4)), target(rng), rng.random(4)
    compare(
        lambda x, w: getattr(torch.nn.functional, f"{name}_loss")(x, torch.tensor(given), weight=w.detach()),
        lambda x, w: getattr(F, f"{name}_loss")(x, ag.tensor(given), weight=w.detach()),
        [x, weight], order=0, rtol=1e-12, atol=1e-12,
    )  # fmt: skip
    assert not compare.refused


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("form", ["padded", "flat"])
@pytest.mark.parametrize("zero", [False, True])
def test_ctc(torch, rng, reduction, form, zero):
    x = rng.normal(size=(7, 4, 5))
    times, sizes = [7, 5, 6, 7 if zero else 6], [3, 1, 0, 7 if zero else 2]
    padded = rng.integers(1, 5, (4, 7))
    padded[0, :2] = 2
    if zero:
        padded[3] = 1
    flat = np.concatenate([row[:n] for row, n in zip(padded, sizes, strict=True)])
    targets = padded if form == "padded" else flat
    options = {"reduction": reduction, "zero_infinity": zero}
    theirs = torch.tensor(x, requires_grad=True)
    other = torch.nn.CTCLoss(**options)(
        torch.log_softmax(theirs, -1), torch.tensor(targets), torch.tensor(times),
        torch.tensor(sizes),
    )  # fmt: skip
    mine = ag.tensor(x, requires_grad=True)
    loss = nn.CTCLoss(**options)(ag.log_softmax(mine, -1), targets, times, sizes)
    np.testing.assert_allclose(loss.detach().numpy(), other.detach().numpy(), **CLOSE)
    other.sum().backward()
    loss.sum().backward()
    np.testing.assert_allclose(mine.grad.numpy(), theirs.grad.numpy(), **CLOSE)


@pytest.mark.parametrize("name, count, more", [
    ("MarginRankingLoss", 2, {"margin": 0.2}), ("HingeEmbeddingLoss", 1, {"margin": 0.2}),
    ("SoftMarginLoss", 1, {}), ("PoissonNLLLoss", 1, {"full": True}),
    ("MultiLabelSoftMarginLoss", 1, {}), ("TripletMarginLoss", 2, {"p": 3.0, "swap": True}),
    ("GaussianNLLLoss", 2, {"full": True}), ("TripletMarginWithDistanceLoss", 2, {"swap": True}),
])  # fmt: skip
def test_modules_pass_their_options_on(torch, rng, name, count, more):
    given = [*rng.normal(size=(count, 3, 4)), np.where(rng.random((3, 4)) < 0.5, 1.0, 0.5)]
    if name in ("MarginRankingLoss", "HingeEmbeddingLoss", "SoftMarginLoss"):
        given[-1] = signs(rng, 3, 4)
    theirs, ours = getattr(torch.nn, name)(**more), getattr(nn, name)(**more)
    assert repr(ours) == repr(theirs)
    want = theirs(*map(torch.tensor, given)).item()
    np.testing.assert_allclose(ours(*map(ag.tensor, given)).item(), want, **CLOSE)
