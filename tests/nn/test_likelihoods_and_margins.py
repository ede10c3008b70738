"""Losses with margins and negative log-likelihoods, against loops over their definitions."""

import itertools
import math

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

RNG = np.random.default_rng(0)
X, Y, Z = RNG.normal(size=(3, 5, 4))
SIGNS = RNG.choice([-1, 1], size=(5, 4))


def close(got, want):
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-13, atol=1e-13)


def test_pairs():
    pairs = zip(X.ravel(), Y.ravel(), SIGNS.ravel(), strict=True)
    want = [max(0.0, -s * (x - y) + 0.3) for x, y, s in pairs]
    close(F.margin_ranking_loss(ag.tensor(X), ag.tensor(Y), SIGNS, 0.3, reduction="sum"), sum(want))
    pairs = list(zip(X.ravel(), SIGNS.ravel(), strict=True))
    want = [x if s == 1 else max(0.0, 0.8 - x) for x, s in pairs]
    close(F.hinge_embedding_loss(ag.tensor(X), SIGNS, 0.8), np.mean(want))
    want = [math.log(1 + math.exp(-s * x)) for x, s in pairs]
    close(F.soft_margin_loss(ag.tensor(X), ag.tensor(SIGNS)), np.mean(want))
    assert F.soft_margin_loss(ag.tensor([-1e4]), [1]).item() == 1e4


def test_vectors():
    cosines = [x @ y / np.sqrt((x @ x) * (y @ y)) for x, y in zip(X, Y, strict=True)]
    signs = SIGNS[:, 0]
    want = [1 - c if s == 1 else max(0.0, c + 0.2) for c, s in zip(cosines, signs, strict=True)]
    got = F.cosine_embedding_loss(ag.tensor(X), ag.tensor(Y), signs, -0.2, reduction="none")
    np.testing.assert_allclose(got.numpy(), want, rtol=1e-9)
    for swap in (False, True):
        want = []
        for a, p, n in zip(X, Y, Z, strict=True):
            near, far, other = (np.linalg.norm(u - v + 1e-6) for u, v in ((a, p), (a, n), (p, n)))
            want.append(max(0.0, near - (min(far, other) if swap else far) + 0.7))
        triple = map(ag.tensor, (X, Y, Z))
        close(F.triplet_margin_loss(*triple, margin=0.7, swap=swap, reduction="none"), want)
    far = lambda a, b: ag.absolute(a - b).sum(-1)  # noqa: E731
    got = nn.TripletMarginWithDistanceLoss(distance_function=far)(*map(ag.tensor, (X, Y, Z)))
    close(got, np.maximum(np.abs(X - Y).sum(1) - np.abs(X - Z).sum(1) + 1, 0).mean())


@pytest.mark.parametrize("p", [1, 2])
def test_classes(p):
    targets, weight = np.array([3, 0, 1, 1, 2]), RNG.uniform(size=4)
    want = []
    for x, y in zip(X, targets, strict=True):
        others = [max(0.0, 0.6 - x[y] + x[i]) ** p for i in range(4) if i != y]
        want.append(weight[y] * sum(others) / 4)
    got = F.multi_margin_loss(ag.tensor(X), targets, p, 0.6, ag.tensor(weight), reduction="none")
    close(got, want)


def test_several_classes():
    labels = np.array([[2, 0, -1, 1], [3, -1, -1, 5], [0, 1, 2, 3], [-1, 0, 0, 0], [1, 1, -1, 0]])
    want = []
    for x, row in zip(X, labels, strict=True):
        given = list(itertools.takewhile(lambda y: y >= 0, row))
        others = [i for i in range(4) if i not in given]
        want.append(sum(max(0.0, 1 - x[y] + x[i]) for y in given for i in others) / 4)
    close(F.multilabel_margin_loss(ag.tensor(X), labels, reduction="none"), want)
    y = (SIGNS + 1) / 2
    terms = -y * np.log(1 / (1 + np.exp(-X))) - (1 - y) * np.log(1 / (1 + np.exp(X)))
    got = F.multilabel_soft_margin_loss(ag.tensor(X), ag.tensor(y), reduction="none")
    close(got, terms.mean(1))


def test_numbers_and_counts():
    var = RNG.uniform(0.1, 2.0, size=(5, 4))
    density = np.exp(-((X - Y) ** 2) / (2 * var)) / np.sqrt(2 * math.pi * var)
    got = F.gaussian_nll_loss(*map(ag.tensor, (X, Y, var)), full=True, reduction="none")
    close(got, -np.log(density))
    for given in (var[:, 0], var[:, :1]):
        got = F.gaussian_nll_loss(ag.tensor(X), ag.tensor(Y), ag.tensor(given))
        close(got, (0.5 * (np.log(var[:, :1]) + (X - Y) ** 2 / var[:, :1])).mean())
    counts = RNG.poisson(20.0, size=(5, 4)) + 5.0
    exact = np.exp(X) - counts * X + np.vectorize(math.lgamma)(counts + 1.0)
    got = F.poisson_nll_loss(ag.tensor(X), ag.tensor(counts), full=True, reduction="none")
    assert abs(got.numpy() - exact).max() < 1 / (12 * counts.min())  # Stirling's next term
    rate = F.poisson_nll_loss(ag.tensor(np.exp(X)), ag.tensor(counts), False, eps=0.0)
    close(rate, (np.exp(X) - counts * X).mean())


def test_stirlings_formula_counts_above_1_alone():
    target = np.array([0.0, 0.5, 1.0, 1.0005, 2.0])
    found = F.poisson_nll_loss(
        ag.zeros(5, dtype=np.float64), ag.tensor(target), full=True, reduction="none"
    )
    y = target[3:]
    stirling = [0.0, 0.0, 0.0, *(y * np.log(y) - y + 0.5 * np.log(2 * np.pi * y))]
    close(found, 1.0 + np.array(stirling))


def test_a_small_variance_counts_as_eps():
    var = ag.tensor([1e-9], dtype=np.float64, requires_grad=True)
    loss = F.gaussian_nll_loss(np.array([1.0]), np.array([1.0]), var, eps=1e-2)
    (g,) = ag.grad(loss, var)
    assert math.isclose(loss.item(), 0.5 * math.log(1e-2)) and math.isclose(g.item(), 50.0)


def merged(path):
    """Repetitions merged, then blanks left out."""
    return tuple(c for k, c in enumerate(path) if c and (not k or path[k - 1] != c))


@pytest.mark.parametrize("blank", [0, 2])
def test_ctc_sums_over_all_alignments(blank):
    time, classes = 5, 3
    p = RNG.dirichlet(np.ones(classes), size=(time, 6))
    others = [c for c in range(classes) if c != blank]
    a, b = others
    targets = [(a,), (a, b), (a, a), (b, a, b), (), (a, a, b, b)]
    lengths = [5, 4, 5, 3, 2, 5]
    want = []
    for n, (target, length) in enumerate(zip(targets, lengths, strict=True)):
        total = 0.0
        for path in itertools.product(range(classes), repeat=length):
            swapped = tuple(0 if c == blank else blank if c == 0 else c for c in path)
            named = tuple(0 if c == blank else blank if c == 0 else c for c in target)
            if merged(swapped) == named:
                total += math.prod(p[t, n, c] for t, c in enumerate(path))
        want.append(-math.log(total) if total else math.inf)
    assert math.isinf(want[-1]) and not math.isinf(max(want[:-1]))
    flat, sizes = [c for target in targets for c in target], [len(t) for t in targets]
    padded = np.full((6, 4), 7)
    for row, target in zip(padded, targets, strict=True):
        row[: len(target)] = target
    for given in (flat, padded):
        got = F.ctc_loss(np.log(p), given, lengths, sizes, blank, "none")
        np.testing.assert_allclose(got, want, rtol=1e-12)
    zero = F.ctc_loss(np.log(p), padded, lengths, sizes, blank, "none", zero_infinity=True)
    assert zero[-1] == 0.0
    mean = F.ctc_loss(np.log(p[:, :5]), padded[:5], lengths[:5], sizes[:5], blank)
    each = [w / max(len(t), 1) for w, t in zip(want[:5], targets, strict=False)]
    assert math.isclose(mean, np.mean(each))


def test_ctc_of_impossible_targets_has_no_gradient_and_no_nan():
    x = ag.tensor(RNG.normal(size=(2, 2, 3)), requires_grad=True)
    logs = ag.log_softmax(x, -1)
    loss = F.ctc_loss(logs, [[1, 1, 1], [1, 0, 0]], [2, 2], [3, 1], zero_infinity=True)
    (g,) = ag.grad(loss, x)
    assert (g.numpy()[:, 0] == 0).all() and (g.numpy()[:, 1] != 0).any()
    certain = ag.tensor([[[-np.inf, 0.0]]] * 2, requires_grad=True)
    (g,) = ag.grad(F.ctc_loss(certain, [[1]], [2], [1]), certain)
    assert np.isfinite(g.numpy()).all()


def test_ctc_without_a_batch():
    logs = ag.log_softmax(ag.tensor(RNG.normal(size=(4, 3))), -1)
    alone = F.ctc_loss(logs, [1, 2], 4, 2, reduction="none")
    batched = F.ctc_loss(logs.expand_dims(1), [[1, 2]], [4], [2], reduction="none")
    assert alone.shape == () and alone.item() == batched[0].item()


LOGS = ag.zeros(4, 2, 3)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda: F.ctc_loss(LOGS, [[1, 1], [1, 1]], [5, 4], [2, 2]), ValueError, "at most T=4"),
        (lambda: F.ctc_loss(LOGS, [[1, 0], [1, 1]], [4, 4], [2, 2]), ValueError, "contain the blank"),
        (lambda: F.ctc_loss(LOGS, [[1, 3], [1, 1]], [4, 4], [2, 2]), IndexError, "target 3 is not"),
        (lambda: F.ctc_loss(LOGS, [1, 1, 1], [4, 4], [2, 2]), ValueError, "add up to 4"),
        (lambda: F.ctc_loss(LOGS, [1] * 5, [4, 4], [2, 2]), ValueError, "add up to 4"),
        (lambda: F.ctc_loss(LOGS[:, 0], [1], 4, 2), ValueError, "add up to 2"),
        (lambda: F.ctc_loss(LOGS, [[1], [1]], [4, 4], [2, 2]), ValueError, r"shape \(2, S\)"),
        (lambda: F.ctc_loss(LOGS, [[1], [1]], [4, 4], [1, 1], 3), ValueError, "blank=3 is not one"),
        (lambda: F.multi_margin_loss(LOGS[0], [0, 3]), IndexError, "target 3 is not one of the 3"),
        (lambda: F.multi_margin_loss(LOGS[0], [0, 1], 3), ValueError, "p must be 1 or 2, got 3"),
        (lambda: F.multilabel_margin_loss(LOGS[0], [[0, 3, -1]] * 2), IndexError, "target 3"),
        (lambda: F.gaussian_nll_loss(LOGS, LOGS, LOGS[0] + 1.0), ValueError, "^gaussian_nll_loss: var must have"),
        (lambda: F.gaussian_nll_loss(LOGS, LOGS, LOGS - 1.0), ValueError, "must not be negative, got -1"),
        (lambda: F.triplet_margin_loss(LOGS, LOGS, LOGS, 0.0), ValueError, "^triplet_margin_loss: margin"),
        (lambda: F.cosine_embedding_loss(LOGS[0], LOGS[0], [1]), ValueError, r"got \(2, 3\), \(2, 3\) and \(1,\)"),
        (lambda: F.hinge_embedding_loss(LOGS, [1, -1]), ValueError, "do not broadcast"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_where_a_margin_is_just_kept_pairs_are_pushed_on_and_classes_are_not():
    x, y = ag.tensor([1.0], requires_grad=True), ag.tensor([1.0], requires_grad=True)
    F.margin_ranking_loss(x, y, [1]).backward()
    assert (x.grad.item(), y.grad.item()) == (-1.0, 1.0)
    distance = ag.tensor([1.0], requires_grad=True)
    F.hinge_embedding_loss(distance, [-1]).backward()
    assert distance.grad.item() == -1.0
    scores = ag.tensor([[1.0, 2.0]], requires_grad=True)
    (F.multi_margin_loss(scores, [1]) + F.multilabel_margin_loss(scores, [[1, -1]])).backward()
    assert scores.grad.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize("shapes", [((4,), (2, 4), (2, 4)), ((2, 4), (4,), (2, 4)),
                                    ((2, 4), (2, 4), (4,)), ((), (), ())])  # fmt: skip
def test_the_three_of_a_triplet_have_equally_many_axes(shapes):
    triple = [ag.ones(shape) for shape in shapes]
    for function in (F.triplet_margin_loss, F.triplet_margin_with_distance_loss):
        with pytest.raises(
            ValueError, match="anchor, positive and negative must have equally many"
        ):
            function(*triple)
