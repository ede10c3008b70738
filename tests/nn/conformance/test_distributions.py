"""Distributions against PyTorch: log-probabilities, entropies, divergences and their gradients."""

import numpy as np
import pytest

from nn import distributions as ours

pytestmark = pytest.mark.torch

POSITIVE = np.array([0.4, 1.7, 0.9])
PROBS = np.array([0.1, 0.6, 0.3])
#: Parameters of two, made from arrays a (any) and b (positive); a value.
KINDS = {
    "Normal": (lambda D, a, b: D.Normal(a, b), POSITIVE),
    "Laplace": (lambda D, a, b: D.Laplace(a, b), POSITIVE),
    "Exponential": (lambda D, a, b: D.Exponential(b), POSITIVE),
    "Uniform": (lambda D, a, b: D.Uniform(a - 3, a + 3 + b), POSITIVE),
    "Bernoulli": (lambda D, a, b: D.Bernoulli(logits=a * b), np.array([0.0, 1.0, 1.0])),
    "Bernoulli of probs": (lambda D, a, b: D.Bernoulli(b / 4), np.array([0.0, 1.0, 1.0])),
    "Categorical": (lambda D, a, b: D.Categorical(logits=a * b), np.array(2)),
    "Categorical of probs": (lambda D, a, b: D.Categorical(b), np.array(1)),
    "Independent": (lambda D, a, b: D.Independent(D.Normal(a, b), 1), POSITIVE),
}


@pytest.mark.parametrize("name", KINDS)
def test_distributions(torch, compare, rng, name):
    make, value = KINDS[name]
    arrays = [rng.normal(size=3), POSITIVE, rng.normal(size=3), POSITIVE * 1.3]
    theirs = torch.distributions
    close = {"rtol": 1e-12, "atol": 1e-12}

    def all_of(D, kl, a, b, c, d, value):
        p, q = make(D, a, b), make(D, c, d + 9.0 if name == "Uniform" else d)
        return [part + 0.0 * (a + b + c + d).sum() for part in (
            p.log_prob(value), p.entropy(), kl(p, q))]  # fmt: skip

    compare(
        lambda *x: tuple(all_of(theirs, theirs.kl_divergence, *x, torch.tensor(value))),
        lambda *x: tuple(all_of(ours, ours.kl_divergence, *x, value)),
        arrays, **close,
    )  # fmt: skip
    assert not compare.refused


def test_vectors(torch, compare, rng):
    a, b = rng.normal(size=(2, 3, 3))
    arrays = [rng.normal(size=3), a @ a.T + np.eye(3), rng.normal(size=3), b @ b.T + np.eye(3)]

    def all_of(D, m, c, n, d, value):
        p, q = D.MultivariateNormal(m, c), D.MultivariateNormal(n, d)
        return (p.log_prob(value) + 0.0 * (n.sum() + d.sum()), D.kl_divergence(p, q))

    value = rng.normal(size=(4, 3))
    compare(
        lambda *x: all_of(torch.distributions, *x, torch.tensor(value)),
        lambda *x: all_of(ours, *x, value), arrays, order=1, rtol=1e-10, atol=1e-10,
    )  # fmt: skip
    assert not compare.refused
