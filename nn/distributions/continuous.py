"""Distributions of numbers."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

import autograd
from nn.distributions.base import (
    HALF_LOG_2PI,
    Distribution,
    check_all,
    parameters_of,
    values_of,
)
from nn.random import generator_or_default

__all__ = ["Exponential", "Laplace", "Normal", "Uniform"]


def _drawn(draw: Any, size: Any, dtype: Any) -> Any:
    """Numbers of a dtype; in a replayed step, others at every replay."""
    return autograd.func.each_time(lambda: draw(size).astype(dtype))


class Normal(Distribution):
    """The normal distribution of a mean and a standard deviation.

    Args:
        loc: the mean, floats of any shape.
        scale: the standard deviation, above 0, broadcasting with it.
        validate_args: whether arguments are checked. Default True.

    Raises:
        ValueError: for a scale that is not positive, or shapes that do not broadcast.

    Example:
        >>> from nn.distributions import Normal
        >>> round(Normal(0.0, 1.0).log_prob(0.0).item(), 4)  # −log √2π
        -0.9189
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters_of("Normal", loc=loc, scale=scale)
        super().__init__(self.loc.shape, (), validate_args)
        if self._validates:
            check_all("Normal", "scale", values_of(self.scale) > 0, "be positive", self.scale)

    @property
    def mean(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Any:
        """scale²."""
        return autograd.square(self.scale)

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """loc + scale · noise."""
        random = generator_or_default("Normal", generator)
        noise = _drawn(random.standard_normal, self._shape(sample_shape), self.loc.dtype)
        return self.loc + self.scale * noise

    def log_prob(self, value: Any) -> Any:
        """−½((x − loc)/scale)² − log scale − ½ log 2π."""
        value = self._read(value, self.loc)
        off = (value - self.loc) / self.scale
        return -0.5 * off * off - autograd.log(self.scale) - HALF_LOG_2PI

    def entropy(self) -> Any:
        """½ + ½ log 2π + log scale."""
        return autograd.log(self.scale) + (0.5 + HALF_LOG_2PI)

    def cdf(self, value: Any) -> Any:
        """The probability of values up to this one."""
        value = self._read(value, self.loc)
        return 0.5 * (1.0 + autograd.erf((value - self.loc) / (self.scale * math.sqrt(2.0))))

    def icdf(self, value: Any) -> Any:
        """The value up to which values have this probability."""
        p = self._read_probability(value, self.loc)
        return self.loc + self.scale * (math.sqrt(2.0) * autograd.erfinv(2.0 * p - 1.0))


class Laplace(Distribution):
    """The density exp(−|x − loc|/scale)/(2·scale).

    Args:
        loc: the mean, floats of any shape.
        scale: above 0, broadcasting with it.
        validate_args: whether arguments are checked. Default True.
    """

    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters_of("Laplace", loc=loc, scale=scale)
        super().__init__(self.loc.shape, (), validate_args)
        if self._validates:
            check_all("Laplace", "scale", values_of(self.scale) > 0, "be positive", self.scale)

    @property
    def mean(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def mode(self) -> Any:
        """``loc``."""
        return self.loc

    @property
    def variance(self) -> Any:
        """2·scale²."""
        return 2.0 * autograd.square(self.scale)

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """loc + scale · noise."""
        random = generator_or_default("Laplace", generator)
        noise = _drawn(
            functools.partial(random.laplace, 0.0, 1.0), self._shape(sample_shape), self.loc.dtype
        )
        return self.loc + self.scale * noise

    def log_prob(self, value: Any) -> Any:
        """−|x − loc|/scale − log(2·scale)."""
        value = self._read(value, self.loc)
        return -autograd.absolute(value - self.loc) / self.scale - autograd.log(2.0 * self.scale)

    def entropy(self) -> Any:
        """1 + log(2·scale)."""
        return 1.0 + autograd.log(2.0 * self.scale)

    def cdf(self, value: Any) -> Any:
        """The probability of values up to this one."""
        z = (self._read(value, self.loc) - self.loc) / self.scale
        left = values_of(z) < 0
        below, above = autograd.where(left, z, 0.0), autograd.where(left, 0.0, z)
        return 0.5 * autograd.exp(below) - 0.5 * autograd.expm1(-above)

    def icdf(self, value: Any) -> Any:
        """The value up to which values have this probability."""
        p = self._read_probability(value, self.loc)
        left = values_of(p) < 0.5
        below, above = autograd.where(left, p, 0.5), autograd.where(left, 0.5, 1.0 - p)
        return self.loc + self.scale * (autograd.log(2.0 * below) - autograd.log(2.0 * above))


class Exponential(Distribution):
    """The density rate·exp(−rate·x) of numbers from 0.

    Args:
        rate: above 0, floats of any shape.
        validate_args: whether arguments are checked. Default True.
    """

    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters_of("Exponential", rate=rate)
        super().__init__(self.rate.shape, (), validate_args)
        if self._validates:
            check_all("Exponential", "rate", values_of(self.rate) > 0, "be positive", self.rate)

    @property
    def mean(self) -> Any:
        """1/rate."""
        return 1.0 / self.rate

    @property
    def mode(self) -> Any:
        """0."""
        return autograd.zeros_like(self.rate)

    @property
    def variance(self) -> Any:
        """1/rate²."""
        return 1.0 / autograd.square(self.rate)

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """noise / rate."""
        random = generator_or_default("Exponential", generator)
        noise = _drawn(random.standard_exponential, self._shape(sample_shape), self.rate.dtype)
        return noise / self.rate

    def log_prob(self, value: Any) -> Any:
        """log rate − rate·x."""
        value = self._read(value, self.rate)
        if self._validates:
            check_all("Exponential", "value", values_of(value) >= 0, "not be negative", value)
        return autograd.log(self.rate) - self.rate * value

    def entropy(self) -> Any:
        """1 − log rate."""
        return 1.0 - autograd.log(self.rate)

    def cdf(self, value: Any) -> Any:
        """The probability of values up to this one."""
        value = self._read(value, self.rate)
        value = autograd.where(values_of(value) >= 0, value, 0.0)
        return -autograd.expm1(-self.rate * value)

    def icdf(self, value: Any) -> Any:
        """The value up to which values have this probability."""
        return -autograd.log1p(-self._read_probability(value, self.rate)) / self.rate


class Uniform(Distribution):
    """Equal density from ``low`` (included) to ``high`` (not).

    Args:
        low, high: floats of any shape, broadcasting; high above low.
        validate_args: whether arguments are checked. Default True.
    """

    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters_of("Uniform", low=low, high=high)
        super().__init__(self.low.shape, (), validate_args)
        if self._validates:
            above = values_of(self.high) > values_of(self.low)
            check_all("Uniform", "high", above, "be above low", self.high)

    @property
    def mean(self) -> Any:
        """(low + high)/2."""
        return 0.5 * (self.low + self.high)

    @property
    def variance(self) -> Any:
        """(high − low)²/12."""
        return autograd.square(self.high - self.low) / 12.0

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """low + (high − low) · noise."""
        random = generator_or_default("Uniform", generator)
        noise = _drawn(random.random, self._shape(sample_shape), self.low.dtype)
        return self.low + (self.high - self.low) * noise

    def log_prob(self, value: Any) -> Any:
        """−log(high − low); −inf outside, which is refused unless ``validate_args=False``."""
        value = self._read(value, self.low)
        x, low, high = values_of(value), values_of(self.low), values_of(self.high)
        if self._validates:
            within = (low <= x) & (x <= high)
            check_all("Uniform", "value", within, "lie between low and high", value)
        density = -autograd.log(self.high - self.low)
        return autograd.where((low <= x) & (x < high), density, -np.inf)

    def entropy(self) -> Any:
        """log(high − low)."""
        return autograd.log(self.high - self.low)

    def cdf(self, value: Any) -> Any:
        """The probability of values up to this one."""
        value = self._read(value, self.low)
        return autograd.clip((value - self.low) / (self.high - self.low), 0.0, 1.0)

    def icdf(self, value: Any) -> Any:
        """The value up to which values have this probability."""
        return self.low + (self.high - self.low) * self._read_probability(value, self.low)
