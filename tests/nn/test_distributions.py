"""Distributions against SciPy's, against sums over all values, and against their own samples."""

import inspect
import math

import numpy as np
import pytest

import autograd as ag
import nn
from nn.distributions import (
    Bernoulli,
    Categorical,
    Exponential,
    Independent,
    Laplace,
    MultivariateNormal,
    Normal,
    Uniform,
    kl_divergence,
)
from tests.bad_values import BAD, complaint

stats = pytest.importorskip("scipy.stats")

A, B = np.array([0.3, -1.2, 2.0]), np.array([0.7, 1.5, 0.2])
COVARIANCE = np.array([[2.0, 0.3], [0.3, 0.5]])
T = lambda x: ag.tensor(x, dtype=np.float64)  # noqa: E731

NUMBERS = {
    "Normal": (Normal(T(A), T(B)), stats.norm(A, B), Normal(T(A + 0.1), T(B * 1.3))),
    "Laplace": (Laplace(T(A), T(B)), stats.laplace(A, B), Laplace(T(A + 0.1), T(B * 1.3))),
    "Exponential": (Exponential(T(B)), stats.expon(0, 1 / B), Exponential(T(B * 1.3))),
    "Uniform": (
        Uniform(T(A), T(A + B), validate_args=False),
        stats.uniform(A, B),
        Uniform(T(A - 0.1), T(A + B), validate_args=False),
    ),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_densities_moments_and_entropies(name):
    ours, theirs, _ = NUMBERS[name]
    values = theirs.rvs((4, 3), random_state=0)
    close = {"rtol": 1e-12, "atol": 1e-12}
    np.testing.assert_allclose(ours.log_prob(T(values)).numpy(), theirs.logpdf(values), **close)
    np.testing.assert_allclose(ours.mean.numpy(), theirs.mean(), **close)
    np.testing.assert_allclose(ours.variance.numpy(), theirs.var(), **close)
    np.testing.assert_allclose(ours.stddev.numpy(), theirs.std(), **close)
    np.testing.assert_allclose(ours.entropy().numpy(), theirs.entropy(), **close)


@pytest.mark.parametrize("name", NUMBERS)
def test_samples_are_distributed_so_and_repeat_with_their_seed(name):
    ours, theirs, _ = NUMBERS[name]
    drawn = ours.sample((20_000,), np.random.default_rng(1)).numpy()
    again = ours.sample((20_000,), generator=np.random.default_rng(1)).numpy()
    np.testing.assert_array_equal(drawn, again)
    for k in range(3):
        one = {"norm": stats.norm, "laplace": stats.laplace}.get(theirs.dist.name)
        one = one(A[k], B[k]) if one else stats.expon(0, 1 / B[k]) if name == "Exponential" else stats.uniform(A[k], B[k])  # fmt: skip
        assert stats.kstest(drawn[:, k], one.cdf).pvalue > 1e-3
    nn.manual_seed(3)
    first = ours.rsample().numpy()
    nn.manual_seed(3)
    np.testing.assert_array_equal(ours.rsample().numpy(), first)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_divergence_is_the_mean_of_what_the_densities_say(name):
    p, theirs, q = NUMBERS[name]
    want = []
    for k in range(3):
        low, high = theirs.ppf(1e-13)[k], theirs.ppf(1 - 1e-13)[k]
        middle = np.unique([low, np.clip(A[k], low, high), np.clip(A[k] + 0.1, low, high), high])
        total = 0.0
        for a, b in zip(middle[:-1], middle[1:], strict=True):
            x, w = np.polynomial.legendre.leggauss(200)
            x, w = (x + 1) / 2 * (b - a) + a, w * (b - a) / 2
            logs = [d.log_prob(T(np.repeat(x[:, None], 3, 1))).numpy()[:, k] for d in (p, q)]
            total += w @ (np.exp(logs[0]) * (logs[0] - logs[1]))
        want.append(total)
    np.testing.assert_allclose(kl_divergence(p, q).numpy(), want, rtol=1e-8)
    assert abs(kl_divergence(p, p).numpy()).max() < 1e-15


def test_samples_are_reparametrised():
    loc, scale = ag.tensor(A, requires_grad=True), ag.tensor(B, requires_grad=True)
    noise = np.random.default_rng(0).standard_normal((5, 3))
    drawn = Normal(loc, scale).rsample((5,), np.random.default_rng(0))
    g_loc, g_scale = ag.grad(drawn.sum(), [loc, scale])
    np.testing.assert_allclose(drawn.detach().numpy(), A + B * noise)
    np.testing.assert_allclose(g_loc.numpy(), 5.0)
    np.testing.assert_allclose(g_scale.numpy(), noise.sum(0))
    assert not Normal(loc, scale).sample().requires_grad
    with pytest.raises(NotImplementedError, match="^Bernoulli: .* log_prob"):
        Bernoulli(0.5).rsample()


def test_bernoulli():
    p = np.array([0.2, 0.9])
    for ours in (Bernoulli(T(p)), Bernoulli(logits=T(np.log(p / (1 - p))))):
        for x in (0.0, 1.0):
            want = np.log(p if x else 1 - p)
            np.testing.assert_allclose(ours.log_prob(x).numpy(), want, rtol=1e-13)
        want = -(p * np.log(p) + (1 - p) * np.log(1 - p))
        np.testing.assert_allclose(ours.entropy().numpy(), want, rtol=1e-13)
        q = Bernoulli(T([0.5, 0.3]))
        want = sum(a * np.log(a / b) for a, b in ((p, [0.5, 0.3]), (1 - p, [0.5, 0.7])))
        np.testing.assert_allclose(kl_divergence(ours, q).numpy(), want, rtol=1e-12)
        drawn = ours.sample((10_000,), np.random.default_rng(0)).numpy()
        assert set(np.unique(drawn)) == {0.0, 1.0}
        np.testing.assert_allclose(drawn.mean(0), p, atol=0.015)
    assert kl_divergence(Bernoulli(0.5), Bernoulli(0.0)).item() == math.inf
    assert kl_divergence(Bernoulli(0.0), Bernoulli(0.0)).item() == 0.0
    assert np.isclose(ours.variance.numpy(), p * (1 - p)).all()


def test_categorical():
    p = np.array([[0.2, 0.0, 0.8], [0.5, 0.25, 0.25]])
    ours = Categorical(T(3 * p))
    drawn = ours.sample((10_000,), np.random.default_rng(0)).numpy()
    assert drawn.shape == (10_000, 2) and drawn.dtype.kind == "i"
    for k in range(2):
        frequencies = np.bincount(drawn[:, k], minlength=3) / 10_000
        np.testing.assert_allclose(frequencies, p[k], atol=0.015)
        assert (frequencies[p[k] == 0] == 0).all()
    np.testing.assert_allclose(ours.log_prob([2, 0]).numpy(), np.log([0.8, 0.5]), rtol=1e-13)
    assert ours.log_prob([[0], [2]]).shape == (2, 2)
    want = -np.sum(p * np.log(np.where(p, p, 1)), 1)
    np.testing.assert_allclose(ours.entropy().numpy(), want, rtol=1e-12)
    q = Categorical(logits=T(np.log(p[::-1] + 1e-9)))
    other = q.probs.numpy()
    want = np.sum(p * np.log(np.where(p, p, 1) / other), 1)
    np.testing.assert_allclose(kl_divergence(ours, q).numpy(), want, rtol=1e-12)
    reverse = kl_divergence(Categorical(T(p[1])), Categorical(T(p[0])))
    assert reverse.item() == math.inf


@pytest.mark.parametrize("name", ["covariance_matrix", "precision_matrix", "scale_tril"])
def test_vectors(name):
    matrix = {"covariance_matrix": COVARIANCE, "precision_matrix": np.linalg.inv(COVARIANCE)}.get(
        name
    )
    matrix = np.linalg.cholesky(COVARIANCE) if matrix is None else matrix
    ours = MultivariateNormal(T(A[:2]), **{name: T(matrix)})
    theirs = stats.multivariate_normal(A[:2], COVARIANCE)
    x = np.random.default_rng(0).normal(size=(4, 2))
    np.testing.assert_allclose(ours.log_prob(T(x)).numpy(), theirs.logpdf(x), rtol=1e-12)
    np.testing.assert_allclose(ours.entropy().item(), theirs.entropy(), rtol=1e-12)
    np.testing.assert_allclose(ours.covariance_matrix.numpy(), COVARIANCE, rtol=1e-12)
    np.testing.assert_allclose(ours.variance.numpy(), np.diag(COVARIANCE), rtol=1e-12)
    drawn = ours.sample((40_000,), np.random.default_rng(0)).numpy()
    np.testing.assert_allclose(np.cov(drawn.T), COVARIANCE, atol=0.05)
    np.testing.assert_allclose(drawn.mean(0), A[:2], atol=0.03)
    q = MultivariateNormal(T(B[:2]), ag.eye(2, dtype=np.float64))
    off = B[:2] - A[:2]
    want = 0.5 * (np.trace(COVARIANCE) + off @ off - 2 - np.log(np.linalg.det(COVARIANCE)))
    np.testing.assert_allclose(kl_divergence(ours, q).item(), want, rtol=1e-12)


@pytest.mark.parametrize(
    ("loc", "matrix"), [((2,), (3, 2, 2)), ((3, 2), (2, 2)), ((3, 1, 2), (4, 2, 2))]
)
def test_vectors_of_a_batch_have_its_shape(loc, matrix):
    batch = np.broadcast_shapes(loc[:-1], matrix[:-2])
    ours = MultivariateNormal(ag.zeros(loc), ag.zeros(matrix) + ag.eye(2))
    for values in (ours.loc, ours.mean, ours.variance, ours.sample()):
        assert values.shape == (*batch, 2)
    for values in (ours.scale_tril, ours.covariance_matrix):
        assert values.shape == (*batch, 2, 2)
    for values in (ours.entropy(), ours.log_prob(ag.zeros(2))):
        assert values.shape == batch


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: Normal(a, ag.exp(b)).log_prob(0.3),
        lambda a, b: kl_divergence(Normal(a, ag.exp(b)), Normal(b, 0.7)),
        lambda a, b: Normal(a, ag.exp(b)).rsample((2,), np.random.default_rng(0)),
        lambda a, b: Laplace(a, ag.exp(b)).rsample((2,), np.random.default_rng(0)),
        lambda a, b: Categorical(logits=a * b).log_prob(1),
        lambda a, b: kl_divergence(Categorical(logits=a), Categorical(logits=b)),
        lambda a, b: kl_divergence(Bernoulli(logits=a), Bernoulli(logits=b)),
        lambda a, b: Bernoulli(ag.sigmoid(a)).entropy() * b,
        lambda a, b: MultivariateNormal(a, ag.eye(3) + ag.outer(b, b)).log_prob(T([0.1, 0.2, 0.3])),
    ],
)
def test_derivatives_to_the_second_order(function):
    tensors = ag.tensor(A, requires_grad=True), ag.tensor(B, requires_grad=True)
    assert ag.func.gradcheck(function, *tensors)
    assert ag.func.gradgradcheck(function, *tensors)


def test_axes_taken_together():
    base = Normal(T(np.zeros((4, 3))), T(B))
    together = Independent(base, 1)
    assert together.batch_shape == (4,) and together.event_shape == (3,)
    x = T(A)
    np.testing.assert_allclose(together.log_prob(x).numpy(), base.log_prob(x).numpy().sum(1))
    np.testing.assert_allclose(together.entropy().numpy(), base.entropy().numpy().sum(1))
    other = Independent(Normal(T(np.ones((4, 3))), 1.0), 1)
    want = kl_divergence(base, other.base_dist).numpy().sum(1)
    np.testing.assert_allclose(kl_divergence(together, other).numpy(), want)
    for draw in ("sample", "rsample"):
        one, other = (
            getattr(each, draw)((5,), np.random.default_rng(0)) for each in (together, base)
        )
        assert one.shape == (5, 4, 3)
        np.testing.assert_array_equal(one.numpy(), other.numpy())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal(0.0, 0.0), "^Normal: scale must be positive, got 0.0"),
        (lambda: Normal(ag.zeros(2), ag.ones(3)), "^Normal: shapes do not broadcast"),
        (lambda: Bernoulli(1.5), "^Bernoulli: probs must lie from 0 to 1, got 1.5"),
        (lambda: Bernoulli(), "^Bernoulli: give either probs or logits"),
        (lambda: Bernoulli(0.5).log_prob(0.5), "^Bernoulli: value must be 0 or 1"),
        (lambda: Categorical([0.5, -0.5]), "^Categorical: probs must not be negative"),
        (lambda: Categorical([0.5, 0.5]).log_prob(2), "^Categorical: value must be an integer from 0 to 1"),
        (lambda: Uniform(1.0, 1.0), "^Uniform: high must be above low"),
        (lambda: Uniform(0.0, 1.0).log_prob(2.0), "^Uniform: value must lie between"),
        (lambda: Exponential(1.0).log_prob(-1.0), "^Exponential: value must not be negative"),
        (lambda: MultivariateNormal(ag.zeros(2)), "^MultivariateNormal: give exactly one"),
        (lambda: MultivariateNormal(ag.zeros(2), ag.zeros(3, 3)), "^MultivariateNormal: loc must"),
        (lambda: MultivariateNormal(ag.zeros(2), -ag.eye(2)), "must be positive definite"),
        (lambda: Normal(0.0, 1.0).sample((2**50,)), "^Normal: sample_shape is too large"),
        (lambda: Normal(ag.zeros(2), 1.0).log_prob(ag.zeros(3)), "^Normal: value of shape"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_two_kinds_have_no_divergence():
    with pytest.raises(
        TypeError, match="^kl_divergence: no formula is known for Normal and Laplace"
    ):
        kl_divergence(Normal(0.0, 1.0), Laplace(0.0, 1.0))


SOUND = {
    Normal: {"loc": 0.5, "scale": 0.5},
    Laplace: {"loc": 0.5, "scale": 0.5},
    Exponential: {"rate": 0.5},
    Uniform: {"low": 0.5, "high": 1.5},
    Bernoulli: {"probs": 0.5},
    Categorical: {"probs": [0.5, 0.5]},
    MultivariateNormal: {"loc": ag.zeros(2), "covariance_matrix": ag.eye(2)},
    Independent: {"base_distribution": Normal(0.0, 1.0), "reinterpreted_batch_ndims": 0},
}


@pytest.mark.parametrize("kind", SOUND, ids=lambda kind: kind.__name__)
def test_bad_values_are_refused_in_our_words(kind):
    made = kind(**SOUND[kind])
    for label, bad in BAD.items():
        for name in inspect.signature(kind).parameters:
            found = complaint(lambda n=name, b=bad: kind(**{**SOUND[kind], n: b}))
            assert found is None, f"{name}={label}: {found}"
        for method in (made.log_prob, made.sample):
            found = complaint(lambda f=method, b=bad: f(b))
            assert found is None, f"{method.__name__}({label}): {found}"


def test_unchecked_arguments():
    assert Uniform(0.0, 1.0, validate_args=False).log_prob(2.0).item() == -math.inf
    assert Normal(0.0, 1.0).log_prob(0.0).dtype == np.float32


@pytest.mark.parametrize("name", NUMBERS)
def test_distribution_functions_and_their_inverses_are_scipys(name):
    ours, theirs, _ = NUMBERS[name]
    p = np.array([[0.001, 0.2, 0.5], [0.3, 0.5, 0.999], [0.9, 0.4, 0.7]])
    np.testing.assert_allclose(ours.icdf(T(p)).numpy(), theirs.ppf(p), rtol=1e-11, atol=1e-14)
    x = np.stack([theirs.ppf(0.2), theirs.mean(), theirs.mean() - 3, theirs.mean() + 9])
    np.testing.assert_allclose(ours.cdf(T(x)).numpy(), theirs.cdf(x), rtol=1e-11, atol=1e-16)


@pytest.mark.parametrize("name", NUMBERS)
def test_the_slope_of_a_distribution_function_is_the_density(name):
    ours, theirs, _ = NUMBERS[name]
    for place in (theirs.ppf(0.3), theirs.median()):  # the median of a Laplace is a kink
        x = ag.tensor(place, requires_grad=True)
        ours.cdf(x).sum().backward()
        np.testing.assert_allclose(x.grad.numpy(), theirs.pdf(place), rtol=1e-10)
        p = ag.tensor(theirs.cdf(place), requires_grad=True)
        ours.icdf(p).sum().backward()
        np.testing.assert_allclose(p.grad.numpy(), 1 / theirs.pdf(place), rtol=1e-10)


def test_probabilities_of_inverses_are_checked():
    with pytest.raises(ValueError, match="Laplace: value must lie between 0 and 1"):
        Laplace(0.0, 1.0).icdf(1.5)
    assert Uniform(0.0, 1.0, validate_args=False).icdf(1.5).item() == 1.5


def test_the_likeliest_values():
    assert Normal(A, B).mode.tolist() == Laplace(A, B).mode.tolist() == A.tolist()
    assert Exponential(B).mode.tolist() == [0, 0, 0]
    assert MultivariateNormal(T(A), ag.eye(3)).mode.tolist() == A.tolist()
    assert Independent(Normal(A, B), 1).mode.tolist() == A.tolist()
    assert Categorical(probs=[[0.2, 0.5, 0.3], [0.4, 0.4, 0.2]]).mode.tolist() == [1, 0]
    modes = Bernoulli(probs=[0.2, 0.7, 0.5]).mode
    assert modes.tolist()[:2] == [0, 1] and math.isnan(modes[2].item())
    with pytest.raises(NotImplementedError, match="Uniform has no mode"):
        Uniform(0.0, 1.0).mode  # noqa: B018


def test_what_a_distribution_of_ones_own_lacks_is_told_by_its_name():
    class Own(nn.distributions.Distribution):
        pass

    own = Own()
    for what in ("mean", "variance", "stddev", "mode"):
        with pytest.raises(NotImplementedError, match="Own has no (mean|variance|mode)"):
            getattr(own, what)
    for function in (own.cdf, own.icdf):
        with pytest.raises(NotImplementedError, match="Own has no i?cdf"):
            function(0.5)
    for call in (lambda: own.log_prob(0.0), lambda: own.entropy()):
        with pytest.raises(NotImplementedError, match="Own has no (log_prob|entropy)"):
            call()


def test_an_independent_distribution_has_the_moments_of_its_base():
    base = NUMBERS["Normal"][0]
    joined = Independent(base, 1)
    np.testing.assert_array_equal(joined.mean.numpy(), base.mean.numpy())
    np.testing.assert_array_equal(joined.variance.numpy(), base.variance.numpy())
    np.testing.assert_allclose(joined.variance.numpy(), B**2, rtol=1e-12)


def test_values_outside_of_the_support_are_computed_where_nobody_checks():
    for make, outside, expected in (
        (lambda **o: Exponential(T(2.0), **o), -1.0, math.log(2.0) + 2.0),
        (lambda **o: Bernoulli(T(0.25), **o), 0.5, 0.5 * math.log(0.25) + 0.5 * math.log(0.75)),
    ):
        with pytest.raises(ValueError):
            make().log_prob(T(outside))
        found = make(validate_args=False).log_prob(T(outside))
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_probabilities_of_0_and_1_have_finite_logits(dtype):
    eps = np.finfo(dtype).eps
    p = ag.tensor(np.array([0.0, 1.0, 0.5], dtype))
    found = Bernoulli(probs=p).logits.data
    edge = np.log(eps / (1 - float(eps)))
    np.testing.assert_allclose(
        found, [edge, -edge, 0.0], rtol=1e-2 if dtype == np.float32 else 1e-6
    )
    found = Categorical(probs=ag.tensor(np.array([0.0, 1.0], dtype))).logits.data
    np.testing.assert_allclose(found, [np.log(eps), -eps], rtol=1e-2)


@pytest.mark.parametrize("probs", [[0.0, 0.0], [[0.5, 0.5], [0.0, 0.0]]])
def test_categories_without_any_probability_are_refused(probs):
    with pytest.raises(ValueError, match="^Categorical: probs must not all be 0, got 0.0$"):
        Categorical(probs=T(probs), validate_args=True)


def test_what_is_above_the_diagonal_of_a_factor_takes_no_gradient():
    """A step along it would make the factor none: densities look at the lower triangle alone."""
    factor = T(np.linalg.cholesky(COVARIANCE)).requires_grad_()
    normal = MultivariateNormal(T([0.1, 0.2]), scale_tril=factor)
    other = MultivariateNormal(T([0.3, -0.2]), T(np.eye(2)))
    for value in (normal.log_prob(T([1.0, 2.0])), kl_divergence(other, normal)):
        (g,) = ag.grad(value, factor, retain_graph=True)
        assert g[0, 1] == 0.0 and (g.numpy()[[0, 1, 1], [0, 0, 1]] != 0).all()


HALVES = np.float16([0.3, -120.0, 2.0]), np.float16([0.7, 1.0, 0.2]), np.float16([1.1, 180.0, 0.9])
OF_HALVES = {
    "Normal": lambda a, b: Normal(a, b),
    "Laplace": lambda a, b: Laplace(a, b),
    "Exponential": lambda a, b: Exponential(b),
    "Uniform": lambda a, b: Uniform(a, a + 800.0 * b, validate_args=False),
    "Bernoulli": lambda a, b: Bernoulli(0.5 * b),
    "Categorical": lambda a, b: Categorical(logits=0.1 * a),
    "Independent": lambda a, b: Independent(Normal(0.1 * a, b), 1),
    "MultivariateNormal": lambda a, b: MultivariateNormal(0.1 * a, ag.diagflat(b)),
}


@pytest.mark.parametrize("name", OF_HALVES)
def test_distributions_of_halves_are_computed_in_single_precision(name):
    """The square of 300, or of a width of 800, is no half; what is made of it is."""
    found = []
    for dtype in (np.float16, np.float64):
        a, b, x = (ag.tensor(v.astype(dtype), requires_grad=True) for v in HALVES)
        x = {"Bernoulli": ag.tensor([0.0, 1.0, 1.0]).astype(dtype), "Categorical": [0, 1, 2]}.get(
            name, x
        )
        made, with_value = OF_HALVES[name](a, b), OF_HALVES[name](b, b)
        results = [made.log_prob(x), made.entropy(), kl_divergence(made, with_value)]
        if name not in ("Categorical", "Independent"):
            results += [made.variance, made.stddev]
        assert {r.dtype.type for r in results} == {dtype}
        found.append([r.detach().numpy().astype(float) for r in results])
    for half, right in zip(*found, strict=True):
        with np.errstate(over="ignore"):
            assert half.tolist() == pytest.approx(right.astype(np.float16).astype(float), rel=2e-3)


def test_halves_beside_wider_values_stay_wide():
    half = ag.tensor(np.float16([0.3]))
    assert Normal(half, half).log_prob(T([1.0])).dtype == np.float64
    assert Normal(ag.tensor([0.3]), 1.0).log_prob(half).dtype == np.float32
    assert kl_divergence(Normal(half, half), Normal(T([0.0]), T([1.0]))).dtype == np.float64


def test_edges_of_a_support_belong_to_it():
    flat = Uniform(T([-1.0, 0.5]), T([1.0, 2.5]))
    assert flat.log_prob(T([-1.0, 0.5])).tolist() == [-math.log(2.0)] * 2
    assert flat.log_prob(T([1.0, 2.5])).tolist() == [-math.inf] * 2  # not refused, of density 0
    free = Uniform(T(-1.0), T(1.0), validate_args=False)
    found = free.log_prob(T([-1.01, -1.0, 0.99, 1.0, 1.01])).tolist()
    assert found == [-math.inf, -math.log(2.0), -math.log(2.0), -math.inf, -math.inf]
    assert Exponential(T(3.0)).log_prob(0.0).item() == math.log(3.0)
    assert Bernoulli(T([0.0, 1.0])).sample((50,)).tolist() == [[0.0, 1.0]] * 50
    assert Categorical(T([0.0, 1.0, 0.0])).sample((50,)).tolist() == [1] * 50


@pytest.mark.parametrize(
    ("low", "high", "finite"),
    [(0.0, 1.0, True), (-0.5, 1.0, True), (0.0, 1.5, True), (0.5, 1.0, False), (0.0, 0.5, False)],
)
def test_the_divergence_from_a_narrower_interval_is_infinite(low, high, finite):
    found = kl_divergence(Uniform(T(0.0), T(1.0)), Uniform(T(low), T(high))).item()
    assert found == (math.log(high - low) if finite else math.inf)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Normal(0.0, T([1.0, -2.0, -3.0])), "scale must be positive, got -2.0"),
        (lambda: Normal(10**400, 1.0), "^Normal: loc must be a number that a float can hold"),
        (lambda: Normal(0.0, 1.0).sample((2, -1)), "^Normal: sample_shape must be a non-negative integer, got -1"),
        (lambda: Laplace(T([0.0, 1.0]), T([[1.0], [0.0]])), "Laplace: scale must be positive, got 0.0"),
        (lambda: Exponential(T([1.0, 0.0])), "Exponential: rate must be positive, got 0.0"),
        (lambda: Uniform(T([0.0, 1.0]), T([[2.0], [0.5]])), "high must be above low, got 0.5"),
        (lambda: Bernoulli(T([0.0, 1.0, -0.5])), "probs must lie from 0 to 1, got -0.5"),
        (lambda: Bernoulli(T([0.5, 0.5])).log_prob(T([1.0, 2.0])), "value must be 0 or 1, got 2.0"),
        (lambda: Categorical(T([0.5, 0.5])).log_prob(T([1.0, -1.0])), "from 0 to 1, got -1.0"),
        (lambda: Categorical(T([0.5, 0.5])).log_prob(T([1.0, 0.5])), "from 0 to 1, got 0.5"),
        (lambda: Categorical(T(0.5)), r"probs must have shape \(\.\.\., C\), got \(\)"),
        (lambda: Categorical(logits=ag.zeros(3, 0)), r"logits must have shape \(\.\.\., C\), got \(3, 0\)"),
        (lambda: Normal(T([0.0, 1.0]), 1.0).log_prob(T([0.0, math.nan])), "value must not be NaN, got nan"),
        (lambda: Normal(ag.zeros(2), ag.ones(3)), r"do not broadcast together: loc \(2,\), scale \(3,\)"),
        (lambda: Normal(ag.zeros(2), 1.0).log_prob(ag.zeros(3)), r"value of shape \(3,\) does not broadcast with \(2,\)"),
        (lambda: MultivariateNormal(ag.zeros(2), scale_tril=T([[1.0, 0.5], [0.0, 1.0]])), "lower triangular"),
        (lambda: MultivariateNormal(ag.zeros(2), scale_tril=T([[1.0, 0.0], [0.5, 0.0]])), "positive diagonal"),
        (lambda: MultivariateNormal(ag.zeros(2), T(np.eye(2)), T(np.eye(2))), "give exactly one of cov"),
        (lambda: MultivariateNormal(ag.zeros(0), ag.zeros(0, 0)), "^MultivariateNormal: loc must"),
        (lambda: MultivariateNormal(ag.zeros(3), ag.eye(2)), "^MultivariateNormal: loc must"),
        (lambda: MultivariateNormal(ag.zeros(2), ag.eye(3)), "^MultivariateNormal: loc must"),
        (lambda: MultivariateNormal(ag.zeros(2), ag.zeros(2, 1)), "^MultivariateNormal: loc must"),
        (lambda: kl_divergence(Independent(Normal(T(A), 1.0), 0), Independent(Normal(T(A), 1.0), 1)),
         "take different numbers of axes together, 0 and 1"),
        (lambda: MultivariateNormal(T(0.0), ag.eye(1)), "^MultivariateNormal: loc must"),
        (lambda: MultivariateNormal(ag.zeros(3, 2), ag.zeros(2, 2, 2) + ag.eye(2)), "^MultivariateNormal: loc must"),
        (lambda: Independent(Normal(T(A), 1.0), 2), r"reinterpreted_batch_ndims=2 is more than the batch's \(3,\) has"),
        (lambda: Independent(Normal(T(A), 1.0), -1), "reinterpreted_batch_ndims must be a non-negative"),
        (lambda: kl_divergence(Independent(Normal(T(A), 1.0), 1), Independent(Normal(T(A), 1.0), 0)),
         "take different numbers of axes together, 1 and 0"),
        (lambda: kl_divergence(Categorical(T([0.5, 0.5])), Categorical(T([1.0, 1.0, 1.0]))), "p has 2 choices, q 3"),
        (lambda: kl_divergence(MultivariateNormal(ag.zeros(2), ag.eye(2)), MultivariateNormal(ag.zeros(3), ag.eye(3))),
         r"different sizes, \(2,\) and \(3,\)"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_a_factor_is_taken_as_it_is_where_nobody_checks():
    factor = T([[-1.0, 0.0], [0.5, 2.0]])
    made = MultivariateNormal(ag.zeros(2), scale_tril=factor, validate_args=False)
    np.testing.assert_array_equal(made.scale_tril.numpy(), factor.numpy())


def test_two_axes_or_none_taken_together():
    base = Normal(T(np.zeros((2, 4, 3))), T(B))
    x = T(np.random.default_rng(0).normal(size=(5, 2, 4, 3)))
    for n, axes in ((0, ()), (1, (-1,)), (2, (-2, -1)), (3, (-3, -2, -1))):
        together = Independent(base, n)
        assert (together.batch_shape, together.event_shape) == (
            (2, 4, 3)[: 3 - n],
            (2, 4, 3)[3 - n :],
        )
        assert together.has_rsample and not Independent(Bernoulli(0.5), 0).has_rsample
        for found, each in (
            (together.log_prob(x), base.log_prob(x)),
            (together.entropy(), base.entropy()),
            (kl_divergence(together, Independent(Normal(T(np.ones((2, 4, 3))), 1.0), n)),
             kl_divergence(base, Normal(T(np.ones((2, 4, 3))), 1.0))),
        ):  # fmt: skip
            np.testing.assert_allclose(found.numpy(), each.numpy().sum(axes), rtol=1e-13)
        twice = Independent(Independent(base, n), 3 - n)
        assert twice.batch_shape == () and twice.event_shape == (2, 4, 3)
        np.testing.assert_allclose(
            twice.log_prob(x).numpy(), base.log_prob(x).numpy().sum((1, 2, 3))
        )


@pytest.mark.parametrize("make", [kind for kind in SOUND if kind is not Independent])
def test_samples_have_the_shapes_that_are_asked_for(make):
    made = make(**SOUND[make])
    for given, shape in ((), ()), (3, (3,)), ((2, 0), (2, 0)), ([2, 3], (2, 3)):
        drawn = made.sample(given)
        assert drawn.shape == (*shape, *made.batch_shape, *made.event_shape)
        assert not drawn.requires_grad
        if made.has_rsample:
            assert made.rsample(given).shape == drawn.shape
    with pytest.raises(TypeError, match=f"{make.__name__}: sample_shape must be a tuple, got 'ab'"):
        made.sample("ab")


def test_divergences_of_vectors_have_the_shape_of_the_batch():
    random = np.random.default_rng(0)
    loc, factors = random.normal(size=(4, 1, 3)), np.tril(random.normal(size=(2, 3, 3)))
    factors[:, range(3), range(3)] = np.abs(factors[:, range(3), range(3)]) + 0.5
    p = MultivariateNormal(T(loc), scale_tril=T(factors))
    q = MultivariateNormal(T(random.normal(size=3)), T(np.diag([1.0, 2.0, 3.0])))
    found = kl_divergence(p, q).numpy()
    assert found.shape == (4, 2) == p.batch_shape
    for i, j in np.ndindex(4, 2):
        covariance, off = factors[j] @ factors[j].T, q.loc.numpy() - loc[i, 0]
        inverse = np.diag([1.0, 1 / 2, 1 / 3])
        want = np.trace(inverse @ covariance) + off @ inverse @ off - 3
        want += math.log(6.0) - np.log(np.linalg.det(covariance))
        assert math.isclose(found[i, j], 0.5 * want, rel_tol=1e-12)


def test_how_a_distribution_is_written():
    made = MultivariateNormal(ag.zeros(3, 2), ag.eye(2))
    assert repr(made) == "MultivariateNormal(batch_shape=(3,), event_shape=(2,))"
    with pytest.raises(TypeError, match="base_distribution must be a Distribution, got Tensor"):
        Independent(ag.zeros(2), 1)
    with pytest.raises(TypeError, match=r"^kl_divergence: .* for Normal and int; .*: Normal, Bern"):
        kl_divergence(Normal(0.0, 1.0), 3)
    with pytest.raises(TypeError, match="^Normal: value must hold real numbers, got dtype complex"):
        Normal(0.0, 1.0).log_prob(np.array([1j]))


#: A distribution of arrays a and b, and what it makes of a generator's numbers of a shape.
REPARAMETRISED = {
    "Normal": (lambda a, b: Normal(a, b), lambda r, s: A + B * r.standard_normal(s)),
    "Laplace": (lambda a, b: Laplace(a, b), lambda r, s: A + B * r.laplace(size=s)),
    "Exponential": (lambda a, b: Exponential(b), lambda r, s: r.standard_exponential(s) / B),
    "Uniform": (lambda a, b: Uniform(a, a + b), lambda r, s: A + B * r.random(s)),
    "MultivariateNormal": (
        lambda a, b: MultivariateNormal(a, scale_tril=ag.diagflat(b)),
        lambda r, s: A + B * r.standard_normal(s),
    ),
}


@pytest.mark.parametrize("name", REPARAMETRISED)
def test_values_are_made_of_a_generators_numbers(name):
    make, want = REPARAMETRISED[name]
    for draw in ("sample", "rsample"):
        found = getattr(make(T(A), T(B)), draw)((4, 2), np.random.default_rng(5))
        right = want(np.random.default_rng(5), (4, 2, 3))
        np.testing.assert_allclose(found.numpy(), right, rtol=1e-13)
        single = getattr(make(ag.tensor(np.float32(A)), ag.tensor(np.float32(B))), draw)()
        assert single.dtype == np.float32


def test_what_can_be_drawn_as_a_function_of_its_parameters_says_so():
    smooth = {kind for kind in SOUND if kind(**SOUND[kind]).has_rsample}
    assert smooth == set(SOUND) - {Bernoulli, Categorical}
    assert not nn.distributions.Distribution.has_rsample


def test_parameters_of_a_shape_are_so_many_distributions():
    a, b = T(np.zeros((4, 1, 3))), T(np.full((2, 3), 0.5))
    for made in (Normal(a, b), Laplace(a, b), Uniform(a, b), Exponential(a + b), Bernoulli(a + b)):
        assert (made.batch_shape, made.event_shape) == ((4, 2, 3), ())
    for made in (Categorical(a + b), Categorical(logits=a + b)):
        assert (made.batch_shape, made.event_shape) == ((4, 2), ())
    assert MultivariateNormal(a, ag.eye(3)).batch_shape == (4, 1)


@pytest.mark.parametrize(
    ("p", "q", "want"),
    [
        (0.5, 0.0, math.inf), (0.5, 1.0, math.inf), (0.0, 0.0, 0.0), (1.0, 1.0, 0.0),
        (0.0, 1.0, math.inf), (1.0, 0.0, math.inf), (0.0, 0.5, math.log(2)), (1.0, 0.5, math.log(2)),
        (0.0, 0.25, math.log(4 / 3)), (1.0, 0.25, math.log(4)), (0.5, 0.5, 0.0),
    ],
)  # fmt: skip
def test_divergences_of_what_is_certain(p, q, want):
    found = kl_divergence(Bernoulli(T(p)), Bernoulli(T(q))).item()
    assert math.isclose(found, want, rel_tol=1e-12, abs_tol=1e-14)
    found = kl_divergence(Categorical(T([1 - p, p])), Categorical(T([1 - q, q]))).item()
    assert math.isclose(found, want, rel_tol=1e-12, abs_tol=1e-14)


def test_what_never_happens_adds_nothing_to_a_divergence_or_its_gradient():
    logits = T([0.0, 1.0, -math.inf]).requires_grad_()
    p, q = Categorical(logits=logits), Categorical(T([0.2, 0.3, 0.5]))
    probs = np.exp([0.0, 1.0]) / (1 + math.e)
    want = probs @ (np.log(probs) - np.log([0.2, 0.3]))
    found = kl_divergence(p, q)
    assert math.isclose(found.item(), want, rel_tol=1e-12)
    (g,) = ag.grad(found, logits)
    terms = np.log(probs) - np.log([0.2, 0.3])
    np.testing.assert_allclose(g.numpy(), [*(probs * (terms - want)), 0.0], rtol=1e-12, atol=1e-15)


def test_joined_and_plain_distributions_have_no_divergence():
    plain = Normal(T(A), 1.0)
    for p, q in ((Independent(plain, 1), plain), (plain, Independent(plain, 1))):
        with pytest.raises(TypeError, match="no formula is known for (Normal|Independent) and"):
            kl_divergence(p, q)
