"""Distributions of choices."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from nn.distributions.base import Distribution, check_all, parameters_of, values_of
from nn.random import generator_or_default

__all__ = ["Bernoulli", "Categorical"]


def _one_of(who: str, probs: Any, logits: Any) -> tuple[str, Any]:
    """Which of the two was given, and what."""
    if (probs is None) == (logits is None):
        raise ValueError(f"{who}: give either probs or logits, and not both")
    name, given = ("logits", logits) if probs is None else ("probs", probs)
    return name, parameters_of(who, **{name: given})[0]


def _clipped(probs: Any) -> Any:
    """Away from 0 and 1, so that logarithms stay finite, as PyTorch does."""
    eps = float(np.finfo(probs.dtype).eps)
    return autograd.clip(probs, eps, 1.0 - eps)


class Bernoulli(Distribution):
    """1 with a probability, else 0.

    Args:
        probs: the probability of 1, floats of any shape; or instead
        logits: log(p/(1 − p)).
        validate_args: whether arguments are checked. Default True.

    Raises:
        ValueError: for probabilities outside of 0 to 1, or unless one of the two is given.

    Example:
        >>> from nn.distributions import Bernoulli
        >>> round(Bernoulli(0.25).log_prob(1.0).exp().item(), 4)
        0.25
    """

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, given = _one_of("Bernoulli", probs, logits)
        super().__init__(given.shape, (), validate_args)
        if name == "probs":
            if self._validates:
                p = values_of(given)
                check_all("Bernoulli", "probs", (p >= 0) & (p <= 1), "lie from 0 to 1", given)
            clipped = _clipped(given)
            self.probs = given
            self.logits = autograd.logit(clipped)
        else:
            self.probs, self.logits = autograd.sigmoid(given), given

    @property
    def mean(self) -> Any:
        """``probs``."""
        return self.probs

    @property
    def mode(self) -> Any:
        """The likelier of 0 and 1; NaN if neither is."""
        p = values_of(self.probs)
        return autograd.tensor(np.where(p == 0.5, np.nan, p > 0.5).astype(p.dtype))

    @property
    def variance(self) -> Any:
        """p·(1 − p)."""
        return self.probs * (1.0 - self.probs)

    def sample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """1.0 or 0.0, without gradient."""
        drawn = generator_or_default("Bernoulli", generator).random(self._shape(sample_shape))
        return autograd.as_tensor(np.asarray(drawn < values_of(self.probs), self.probs.dtype))

    def log_prob(self, value: Any) -> Any:
        """x·log p + (1 − x)·log(1 − p)."""
        value = self._read(value, self.probs)
        if self._validates:
            x = values_of(value)
            check_all("Bernoulli", "value", (x == 0) | (x == 1), "be 0 or 1", value)
        zero = autograd.log_sigmoid(-self.logits) * (1.0 - value)
        return autograd.log_sigmoid(self.logits) * value + zero

    def entropy(self) -> Any:
        """−p·log p − (1 − p)·log(1 − p)."""
        one = autograd.log_sigmoid(self.logits) * self.probs
        return -one - autograd.log_sigmoid(-self.logits) * (1.0 - self.probs)


class Categorical(Distribution):
    """One of C choices, numbered from 0.

    Args:
        probs: shape (..., C), not negative; they are divided by their sum. Or instead
        logits: their logarithms, up to a constant.
        validate_args: whether arguments are checked. Default True.

    Raises:
        ValueError: for negative probabilities, or unless one of the two is given.

    Example:
        >>> import autograd, nn
        >>> from nn.distributions import Categorical
        >>> Categorical(probs=[1.0, 3.0]).probs.tolist()
        [0.25, 0.75]
        >>> _ = nn.manual_seed(0)
        >>> Categorical(logits=autograd.zeros(4)).sample((3,)).tolist()
        [2, 1, 0]
    """

    def __init__(
        self, probs: Any = None, logits: Any = None, validate_args: bool | None = None
    ) -> None:
        name, given = _one_of("Categorical", probs, logits)
        if not given.shape or not given.shape[-1]:
            raise ValueError(f"Categorical: {name} must have shape (..., C), got {given.shape}")
        super().__init__(given.shape[:-1], (), validate_args)
        self._count = given.shape[-1]
        if name == "probs":
            if self._validates:
                p = values_of(given)
                check_all("Categorical", "probs", p >= 0, "not be negative", given)
                some = p.sum(-1) > 0
                check_all("Categorical", "probs", some, "not all be 0", p.sum(-1))
            self.probs = given / autograd.sum(given, -1, keepdims=True)
            self.logits = autograd.log(_clipped(self.probs))
        else:
            self.logits = autograd.log_softmax(given, -1)
            self.probs = autograd.softmax(given, -1)

    @property
    def mode(self) -> Any:
        """The likeliest choice, the first of those."""
        return autograd.argmax(self.probs, axis=-1)

    def sample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """Integers from 0 to C − 1."""
        random = generator_or_default("Categorical", generator)
        drawn = random.random(self._shape(sample_shape))
        below = np.cumsum(values_of(self.probs), axis=-1, dtype=np.float64)
        below = below / below[..., -1:]  # ends at 1, which no number drawn reaches
        return autograd.as_tensor((below <= drawn[..., None]).sum(-1))

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the probability of a choice."""
        who = "Categorical"
        x = values_of(self._read(value, self.logits))
        whole = (x == np.floor(x)) & (x >= 0) & (x < self._count)
        check_all(who, "value", whole, f"be an integer from 0 to {self._count - 1}", x)
        shape = np.broadcast_shapes(x.shape, self.batch_shape)
        logits = autograd.broadcast_to(self.logits, (*shape, self._count))
        index = np.broadcast_to(x, shape).astype(np.intp)[..., None]
        return autograd.squeeze(autograd.take_along_axis(logits, index, -1), -1)

    def entropy(self) -> Any:
        """−Σ p·log p."""
        least = float(np.finfo(self.logits.dtype).min)  # −∞ · 0 would be NaN
        return -autograd.sum(autograd.clip(self.logits, least, None) * self.probs, -1)
