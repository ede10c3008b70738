"""What all distributions have in common."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import floating, owned

__all__ = ["Distribution", "Independent", "in_single", "parameters_of", "values_of"]


def values_of(x: Any) -> np.ndarray[Any, Any]:
    """The numbers of a tensor or an array."""
    return np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)


def parameters_of(who: str, **given: Any) -> list[Any]:
    """Floats, as tensors of one shape; numbers take the dtype of what they stand beside.

    Raises:
        TypeError: for other things; ValueError: for shapes that do not broadcast.
    """
    given = {
        name: arguments.real(who, name, x) if arguments.is_integer(x) else x
        for name, x in given.items()
    }
    arrays = [floating(who, x, name, *given.values()) for name, x in given.items()]
    try:
        shape = np.broadcast_shapes(*[x.shape for x in arrays])
    except ValueError:
        listed = ", ".join(f"{n} {x.shape}" for n, x in zip(given, arrays, strict=True))
        raise ValueError(f"{who}: shapes do not broadcast together: {listed}") from None
    return [autograd.broadcast_to(owned(x), shape) for x in arrays]


def check_all(who: str, name: str, fine: Any, must: str, x: Any) -> None:
    """Raise ValueError unless a condition holds everywhere."""
    fine = values_of(fine)
    if not fine.all():
        wrong = np.broadcast_to(values_of(x), fine.shape)[~fine].flat[0]
        raise ValueError(f"{who}: {name} must {must}, got {wrong}")


def _dtypes(given: Iterable[Any]) -> set[Any]:
    """The dtypes of tensors and arrays, also of those that distributions hold."""
    found: set[Any] = set()
    for x in given:
        if isinstance(x, Distribution):
            found |= _dtypes(vars(x).values())
        else:
            found.add(getattr(x, "dtype", None))
    return found


def _single(x: Any) -> Any:
    """float16 tensors and arrays in float32, also those that a distribution holds."""
    if not isinstance(x, Distribution):
        return arguments.single(x)
    wide = copy.copy(x)
    vars(wide).update({name: _single(value) for name, value in vars(x).items()})
    return wide


def in_single(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """A function of distributions and values: of halves it is computed in float32, and rounded once."""
    dtypes = _dtypes([*given, *named.values()])
    if np.dtype(np.float16) not in dtypes:
        return function(*given, **named)
    result = function(*map(_single, given), **{name: _single(x) for name, x in named.items()})
    wider = dtypes & {np.dtype(np.float32), np.dtype(np.float64)}
    return result if wider else result.astype(np.float16)


#: What is computed from parameters in several steps.
_COMPUTED = ("cdf", "entropy", "log_prob", "rsample", "stddev", "variance")


def _computed_in_single(method: Any) -> Any:
    if isinstance(method, property):
        return property(_computed_in_single(method.fget), doc=method.__doc__)

    @wraps(method)
    def called(*given: Any, **named: Any) -> Any:
        return in_single(method, *given, **named)

    return called


class Distribution:
    """Base class: of ``batch_shape`` distributions, each over values of ``event_shape``.

    Attributes:
        batch_shape: shape of the parameters: so many distributions side by side.
        event_shape: shape of one value.
        has_rsample: whether `rsample` exists.
    """

    has_rsample = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in _COMPUTED:
            if name in vars(cls):
                setattr(cls, name, _computed_in_single(vars(cls)[name]))

    def __init__(
        self,
        batch_shape: tuple[int, ...] = (),
        event_shape: tuple[int, ...] = (),
        validate_args: bool | None = None,
    ) -> None:
        who = type(self).__name__
        self.batch_shape = arguments.shape_tuple(who, batch_shape, "batch_shape")
        self.event_shape = arguments.shape_tuple(who, event_shape, "event_shape")
        self._validates = validate_args is None or arguments.boolean(
            who, "validate_args", validate_args
        )

    @property
    def mean(self) -> Any:
        """The expected value."""
        raise NotImplementedError(f"{type(self).__name__} has no mean")

    @property
    def mode(self) -> Any:
        """The most likely value."""
        raise NotImplementedError(f"{type(self).__name__} has no mode")

    def cdf(self, value: Any) -> Any:
        """The probability of values up to this one."""
        raise NotImplementedError(f"{type(self).__name__} has no cdf")

    def icdf(self, value: Any) -> Any:
        """The value up to which values have this probability: the inverse of ``cdf``."""
        raise NotImplementedError(f"{type(self).__name__} has no icdf")

    def _read_probability(self, value: Any, like: Any) -> Any:
        value = self._read(value, like)
        if self._validates:
            p = values_of(value)
            check_all(
                type(self).__name__, "value", (p >= 0) & (p <= 1), "lie between 0 and 1", value
            )
        return value

    @property
    def variance(self) -> Any:
        """The expected squared distance from the mean."""
        raise NotImplementedError(f"{type(self).__name__} has no variance")

    @property
    def stddev(self) -> Any:
        """The square root of the variance."""
        return in_single(lambda wide: autograd.sqrt(wide.variance), self)

    def sample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """Values without gradient, shape (*sample_shape, *batch_shape, *event_shape)."""
        with autograd.no_grad():
            return self.rsample(sample_shape, generator).detach()

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """Values that are a differentiable function of the parameters and of fixed noise."""
        raise NotImplementedError(
            f"{type(self).__name__}: values are not a smooth function of the parameters; take "
            "sample() and the gradient of log_prob"
        )

    def log_prob(self, value: Any) -> Any:
        """The logarithm of the density or probability, shape (*sample_shape, *batch_shape)."""
        raise NotImplementedError(f"{type(self).__name__} has no log_prob")

    def entropy(self) -> Any:
        """The expected −log_prob, shape ``batch_shape``."""
        raise NotImplementedError(f"{type(self).__name__} has no entropy")

    def _shape(self, sample_shape: Any) -> tuple[int, ...]:
        """The shape of a sample."""
        who = type(self).__name__
        if arguments.is_integer(sample_shape):
            sample_shape = (sample_shape,)
        if not isinstance(sample_shape, (tuple, list)):
            raise TypeError(
                f"{who}: sample_shape must be a tuple, got {arguments.shown(sample_shape)}"
            )
        sizes = tuple(arguments.integer(who, "sample_shape", n, 0) for n in sample_shape)
        shape = (*sizes, *self.batch_shape, *self.event_shape)
        try:
            autograd.zeros(shape)  # takes no memory yet
        except ValueError as error:
            raise ValueError(f"{who}: sample_shape is too large: {error}") from None
        return shape

    def _read(self, value: Any, like: Any) -> Any:
        """A value that log_prob was asked for."""
        who = type(self).__name__
        value = arguments.array_like(f"{who}: value", value, like)
        if value.dtype.kind not in "fiub":
            raise TypeError(f"{who}: value must hold real numbers, got dtype {value.dtype}")
        try:
            np.broadcast_shapes(value.shape, self.batch_shape + self.event_shape)
        except ValueError:
            raise ValueError(
                f"{who}: value of shape {value.shape} does not broadcast with "
                f"{self.batch_shape + self.event_shape}"
            ) from None
        if self._validates:
            check_all(who, "value", values_of(value) == values_of(value), "not be NaN", value)
        return value

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}(batch_shape={self.batch_shape}, event_shape={self.event_shape})"
        )


class Independent(Distribution):
    """The last axes of a batch taken together as one value: log-probabilities add up.

    Args:
        base_distribution: another distribution.
        reinterpreted_batch_ndims: how many of its batch's axes belong to the value.
        validate_args: whether arguments are checked. Default True.

    Example:
        >>> import autograd
        >>> from nn.distributions import Independent, Normal
        >>> Independent(Normal(autograd.zeros(3, 2), 1.0), 1).log_prob(autograd.zeros(2)).shape
        (3,)
    """

    def __init__(
        self,
        base_distribution: Distribution,
        reinterpreted_batch_ndims: int,
        validate_args: bool | None = None,
    ) -> None:
        if not isinstance(base_distribution, Distribution):
            raise TypeError(
                "Independent: base_distribution must be a Distribution, got "
                f"{type(base_distribution).__name__}"
            )
        n = arguments.integer(
            "Independent", "reinterpreted_batch_ndims", reinterpreted_batch_ndims, 0
        )
        batch = base_distribution.batch_shape
        if n > len(batch):
            raise ValueError(
                f"Independent: reinterpreted_batch_ndims={n} is more than the batch's {batch} has"
            )
        split = len(batch) - n
        super().__init__(
            batch[:split], batch[split:] + base_distribution.event_shape, validate_args
        )
        self.base_dist = base_distribution
        self.reinterpreted_batch_ndims = n
        self.has_rsample = base_distribution.has_rsample

    @property
    def mean(self) -> Any:
        """The expected value."""
        return self.base_dist.mean

    @property
    def mode(self) -> Any:
        """The most likely value."""
        return self.base_dist.mode

    @property
    def variance(self) -> Any:
        """The expected squared distance from the mean."""
        return self.base_dist.variance

    def sample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """Values of the base distribution, without gradient."""
        return self.base_dist.sample(sample_shape, generator)

    def rsample(self, sample_shape: Any = (), generator: np.random.Generator | None = None) -> Any:
        """Values of the base distribution, with gradients."""
        return self.base_dist.rsample(sample_shape, generator)

    def log_prob(self, value: Any) -> Any:
        """The base distribution's, summed over the value's axes."""
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self) -> Any:
        """The base distribution's, summed over the value's axes."""
        return self._summed(self.base_dist.entropy())

    def _summed(self, x: Any) -> Any:
        n = self.reinterpreted_batch_ndims
        return autograd.sum(x, tuple(range(-n, 0))) if n else x


#: log √2π
HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
