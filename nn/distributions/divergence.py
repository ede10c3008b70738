"""Kullback-Leibler divergences in closed form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from nn.distributions.base import Distribution, Independent, in_single, values_of
from nn.distributions.continuous import Exponential, Laplace, Normal, Uniform
from nn.distributions.discrete import Bernoulli, Categorical
from nn.distributions.multivariate import MultivariateNormal

__all__ = ["kl_divergence"]


def kl_divergence(p: Distribution, q: Distribution) -> Any:
    """∫ p·log(p/q), how much p tells from q, for two distributions of the same kind.

    Args:
        p, q: `Normal`, `Bernoulli`, `Categorical`, `Uniform`, `Laplace`, `Exponential`,
            `MultivariateNormal`, or `Independent` ones of these.

    Returns:
        A number for each distribution of the batch; inf where p has values that q has not.

    Raises:
        TypeError: for other things, or two kinds.

    Example:
        >>> from nn.distributions import Normal, kl_divergence
        >>> kl_divergence(Normal(1.0, 1.0), Normal(0.0, 1.0)).item()
        0.5
    """
    if isinstance(p, Independent) and isinstance(q, Independent):
        if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
            raise ValueError(
                "kl_divergence: p and q take different numbers of axes together, "
                f"{p.reinterpreted_batch_ndims} and {q.reinterpreted_batch_ndims}"
            )
        inner = kl_divergence(p.base_dist, q.base_dist)
        n = p.reinterpreted_batch_ndims
        return autograd.sum(inner, tuple(range(-n, 0))) if n else inner
    for kind, formula in _FORMULAS.items():
        if isinstance(p, kind) and isinstance(q, kind):
            return in_single(formula, p, q)
    raise TypeError(
        f"kl_divergence: no formula is known for {type(p).__name__} and {type(q).__name__}; they "
        f"must be of one kind: {', '.join(kind.__name__ for kind in _FORMULAS)}"
    )


def _normal(p: Normal, q: Normal) -> Any:
    ratio = autograd.square(p.scale / q.scale)
    off = autograd.square((p.loc - q.loc) / q.scale)
    return 0.5 * (ratio + off - 1.0 - autograd.log(ratio))


def _laplace(p: Laplace, q: Laplace) -> Any:
    ratio, off = p.scale / q.scale, autograd.absolute(p.loc - q.loc)
    return off / q.scale + ratio * autograd.exp(-off / p.scale) - 1.0 - autograd.log(ratio)


def _exponential(p: Exponential, q: Exponential) -> Any:
    ratio = q.rate / p.rate
    return ratio - 1.0 - autograd.log(ratio)


def _uniform(p: Uniform, q: Uniform) -> Any:
    outside = (values_of(q.low) > values_of(p.low)) | (values_of(q.high) < values_of(p.high))
    inner = autograd.log((q.high - q.low) / (p.high - p.low))
    return autograd.where(outside, np.inf, inner)


def _bernoulli(p: Bernoulli, q: Bernoulli) -> Any:
    softplus = autograd.softplus
    one = p.probs * (softplus(-q.logits) - softplus(-p.logits))
    zero = (1.0 - p.probs) * (softplus(q.logits) - softplus(p.logits))
    mine, other = values_of(p.probs), values_of(q.probs)
    one = _certain(one, mine == 0, other == 0)
    return one + _certain(zero, mine == 1, other == 1)


def _categorical(p: Categorical, q: Categorical) -> Any:
    if p.logits.shape[-1] != q.logits.shape[-1]:
        raise ValueError(
            f"kl_divergence: p has {p.logits.shape[-1]} choices, q {q.logits.shape[-1]}"
        )
    never = values_of(p.probs) == 0
    difference = autograd.where(never, 0.0, p.logits) - q.logits
    terms = _certain(p.probs * difference, never, values_of(q.probs) == 0)
    return autograd.sum(terms, -1)


def _certain(term: Any, absent: Any, impossible: Any) -> Any:
    """p·log(p/q): 0 where p is 0, else inf where q is 0."""
    return autograd.where(absent, 0.0, autograd.where(impossible, np.inf, term))


def _multivariate(p: MultivariateNormal, q: MultivariateNormal) -> Any:
    if p.event_shape != q.event_shape:
        raise ValueError(
            f"kl_divergence: p and q are of vectors of different sizes, {p.event_shape} and "
            f"{q.event_shape}"
        )
    solve = autograd.linalg.solve_triangular
    ratio = solve(q.scale_tril, p.scale_tril, upper=False)
    off = solve(q.scale_tril, autograd.expand_dims(p.loc - q.loc, -1), upper=False)
    squares = autograd.sum(ratio * ratio, (-2, -1)) + autograd.sum(off * off, (-2, -1))
    size = p.event_shape[0]
    return 0.5 * (squares - size) + q._half_log_det() - p._half_log_det()


_FORMULAS: dict[type, Callable[[Any, Any], Any]] = {
    Normal: _normal,
    Bernoulli: _bernoulli,
    Categorical: _categorical,
    Uniform: _uniform,
    Laplace: _laplace,
    Exponential: _exponential,
    MultivariateNormal: _multivariate,
}
