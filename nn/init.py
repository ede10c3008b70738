"""Ways to fill parameters before training starts, with PyTorch's names and distributions.

Every function writes into the tensor that it is given and returns it. Randomness comes from
``generator``, a ``numpy.random.Generator``, or when that is None from the one that
``nn.manual_seed`` seeds. Random numbers are drawn in float64 and rounded to the tensor's dtype, so
a seed gives the same network in every dtype.

For a weight of shape (out, in, *kernel), fan_in is in·∏kernel and fan_out is out·∏kernel.

    >>> import nn
    >>> weight = nn.Parameter([[0.0, 0.0], [0.0, 0.0]])
    >>> nn.init.eye_(weight).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    >>> weight = nn.init.kaiming_uniform_(weight, nonlinearity="relu")
    >>> bool((abs(weight) <= 3**0.5).all())
    True

Sources: Glorot & Bengio 2010 (Xavier); He et al. 2015 (Kaiming); Saxe et al. 2014 (orthogonal).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.random import generator_or_default

__all__ = [
    "calculate_gain",
    "constant_",
    "dirac_",
    "eye_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "normal_",
    "ones_",
    "orthogonal_",
    "trunc_normal_",
    "uniform_",
    "xavier_normal_",
    "xavier_uniform_",
    "zeros_",
]

T = TypeVar("T", bound=Tensor)

_GAINS = {
    "linear": 1.0,
    "identity": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which a nonlinearity shrinks activations, to be made good by the weights.

    Args:
        nonlinearity: "linear", "conv1d" …, "sigmoid" (1), "tanh" (5/3), "relu" (√2), "selu" (3/4)
            or "leaky_relu" (√(2 / (1 + slope²))).
        param: the negative slope of "leaky_relu". Default 0.01.

    Raises:
        ValueError: for another name, or a slope that is no finite number.
    """
    if isinstance(nonlinearity, str) and nonlinearity == "leaky_relu":
        slope = (
            0.01 if param is None else arguments.real("calculate_gain", "param", param, finite=True)
        )
        return math.sqrt(2.0 / (1.0 + slope**2))
    known = [*_GAINS, "leaky_relu"]
    arguments.choice("calculate_gain", "nonlinearity", nonlinearity, known)
    return _GAINS[nonlinearity]


def uniform_(
    tensor: T, a: float = 0.0, b: float = 1.0, generator: np.random.Generator | None = None
) -> T:
    """Fills with numbers from the uniform distribution on [a, b).

    Args:
        tensor: floating tensor of any shape.
        a, b: lower and upper bound. Default 0 and 1.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        TypeError: if ``tensor`` is no floating tensor.
        ValueError: if a > b or a bound is not finite.
    """
    a, b = (
        arguments.real("uniform_", "a", a, finite=True),
        arguments.real("uniform_", "b", b, finite=True),
    )
    if a > b:
        raise ValueError(f"uniform_: a must be at most b, got a={a} and b={b}")
    draw = generator_or_default("uniform_", generator).uniform
    return _fill("uniform_", tensor, lambda shape: draw(a, b, shape))


def normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, generator: np.random.Generator | None = None
) -> T:
    """Fills with numbers from the normal distribution.

    Args:
        tensor: floating tensor of any shape.
        mean, std: of the distribution. Default 0 and 1.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        TypeError: if ``tensor`` is no floating tensor.
        ValueError: if ``std`` is negative.
    """
    mean, std = arguments.real("normal_", "mean", mean, finite=True), _std("normal_", std)
    draw = generator_or_default("normal_", generator).normal
    return _fill("normal_", tensor, lambda shape: draw(mean, std, shape))


def trunc_normal_(
    tensor: T,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: np.random.Generator | None = None,
) -> T:
    """Fills with numbers from the normal distribution, those outside [a, b] drawn anew.

    Args:
        tensor: floating tensor of any shape.
        mean, std: of the distribution before it is cut. Default 0 and 1.
        a, b: bounds of the values. Default −2 and 2.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        TypeError: if ``tensor`` is no floating tensor.
        ValueError: if a > b, ``std`` is negative, or [a, b] lies so far from the mean that hardly
            any number would fall into it.
    """
    mean, std = (
        arguments.real("trunc_normal_", "mean", mean, finite=True),
        _std("trunc_normal_", std),
    )
    a, b = (
        arguments.real("trunc_normal_", "a", a, finite=True),
        arguments.real("trunc_normal_", "b", b, finite=True),
    )
    if a > b:
        raise ValueError(f"trunc_normal_: a must be at most b, got a={a} and b={b}")
    scale = math.sqrt(2) * std if std else 1e-300
    inside = (math.erf((b - mean) / scale) - math.erf((a - mean) / scale)) / 2
    if inside < 1e-3:
        raise ValueError(
            f"trunc_normal_: [{a}, {b}] holds almost nothing of a normal distribution with "
            f"mean {mean} and std {std}; move the bounds towards the mean"
        )
    rng = generator_or_default("trunc_normal_", generator)

    def draw(shape: tuple[int, ...]) -> np.ndarray:
        values = rng.normal(mean, std, shape)
        flat = values.reshape(-1)
        outside = np.flatnonzero((flat < a) | (flat > b))
        while outside.size:
            flat[outside] = rng.normal(mean, std, outside.size)
            outside = outside[(flat[outside] < a) | (flat[outside] > b)]
        return values

    return _fill("trunc_normal_", tensor, draw)


def constant_(tensor: T, val: float) -> T:
    """Fills with one number."""
    val = arguments.real("constant_", "val", val, finite=True)
    return _fill("constant_", tensor, lambda shape: np.full(shape, val))


def zeros_(tensor: T) -> T:
    """Fills with zeros."""
    return _fill("zeros_", tensor, np.zeros)


def ones_(tensor: T) -> T:
    """Fills with ones."""
    return _fill("ones_", tensor, np.ones)


def eye_(tensor: T) -> T:
    """Fills a matrix with ones on the diagonal and zeros elsewhere.

    Raises:
        ValueError: if the tensor has not two axes.
    """
    _check("eye_", tensor)
    if tensor.ndim != 2:
        raise ValueError(f"eye_: expected a tensor with 2 axes, got shape {tensor.shape}")
    return _fill("eye_", tensor, lambda shape: np.eye(shape[0], shape[1]))


def dirac_(tensor: T, groups: int = 1) -> T:
    """Fills a convolution kernel so that it hands its input channels through unchanged.

    Args:
        tensor: weight of shape (out_channels, in_channels / groups, *kernel), 1 to 3 kernel axes.
        groups: groups of the convolution, each of which hands its own channels through. Default 1.

    Raises:
        ValueError: for another number of axes, or if ``groups`` does not divide out_channels.
    """
    _check("dirac_", tensor)
    if not 3 <= tensor.ndim <= 5:
        raise ValueError(f"dirac_: expected a tensor with 3 to 5 axes, got shape {tensor.shape}")
    groups = arguments.integer("dirac_", "groups", groups)
    out_channels, in_channels = tensor.shape[:2]
    if out_channels % groups:
        raise ValueError(
            f"dirac_: groups={arguments.shown(groups)} does not divide out_channels={out_channels}"
        )
    per_group = out_channels // groups
    centre = tuple(size // 2 for size in tensor.shape[2:])

    def values(shape: tuple[int, ...]) -> np.ndarray:
        kernel = np.zeros(shape)
        for group in range(groups):
            for channel in range(min(per_group, in_channels)):
                kernel[(group * per_group + channel, channel, *centre)] = 1.0
        return kernel

    return _fill("dirac_", tensor, values)


def xavier_uniform_(
    tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None
) -> T:
    """Fills from the uniform distribution on ±gain·√(6 / (fan_in + fan_out)) (Glorot, Bengio 2010).

    Args:
        tensor: floating weight with two or more axes.
        gain: factor, see `calculate_gain`. Default 1.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for fewer than two axes.
    """
    fan_in, fan_out = _fans("xavier_uniform_", tensor)
    gain = arguments.real("xavier_uniform_", "gain", gain, finite=True)
    bound = gain * math.sqrt(6.0 / max(fan_in + fan_out, 1))
    return uniform_(tensor, -abs(bound), abs(bound), generator)


def xavier_normal_(tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fills from the normal distribution with std gain·√(2 / (fan_in + fan_out)).

    Arguments and errors are those of `xavier_uniform_`.
    """
    fan_in, fan_out = _fans("xavier_normal_", tensor)
    gain = arguments.real("xavier_normal_", "gain", gain, finite=True)
    return normal_(tensor, 0.0, abs(gain) * math.sqrt(2.0 / max(fan_in + fan_out, 1)), generator)


def kaiming_uniform_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> T:
    """Fills from the uniform distribution on ±gain·√(3 / fan) (He et al. 2015).

    Args:
        tensor: floating weight with two or more axes.
        a: negative slope, used by "leaky_relu" only. Default 0.
        mode: "fan_in" keeps the variance in the forward pass, "fan_out" in the backward pass.
        nonlinearity: what follows the layer; see `calculate_gain`. Default "leaky_relu".
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for fewer than two axes, another mode or another nonlinearity.
    """
    std = _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -math.sqrt(3.0) * std, math.sqrt(3.0) * std, generator)


def kaiming_normal_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: np.random.Generator | None = None,
) -> T:
    """Fills from the normal distribution with std gain / √fan.

    Arguments and errors are those of `kaiming_uniform_`.
    """
    std = _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity)
    return normal_(tensor, 0.0, std, generator)


def orthogonal_(tensor: T, gain: float = 1.0, generator: np.random.Generator | None = None) -> T:
    """Fills so that rows (or columns, whichever are fewer) are orthogonal, each of length ``gain``.

    The matrix is the weight with all axes but the first flattened. The signs are drawn so that
    the distribution is uniform over orthogonal matrices (Mezzadri 2007).

    Args:
        tensor: floating weight with two or more axes.
        gain: factor. Default 1.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for fewer than two axes.
    """
    _fans("orthogonal_", tensor)
    gain = arguments.real("orthogonal_", "gain", gain, finite=True)
    rng = generator_or_default("orthogonal_", generator)

    def values(shape: tuple[int, ...]) -> np.ndarray:
        rows, columns = shape[0], math.prod(shape[1:])
        if rows * columns == 0:
            return np.zeros(shape)
        flat = rng.normal(size=(max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(flat)
        q *= np.sign(np.diagonal(r))
        return gain * (q if rows >= columns else q.T).reshape(shape)

    return _fill("orthogonal_", tensor, values)


def _fill(who: str, tensor: T, values: Callable[[tuple[int, ...]], np.ndarray]) -> T:
    _check(who, tensor)
    with autograd.no_grad(), autograd.writable(tensor) as array:
        array[...] = values(tensor.shape)
    return tensor


def _check(who: str, tensor: Tensor) -> None:
    if isinstance(tensor, np.ndarray):
        raise TypeError(
            f"{who}: tensor is an array, which is not written into; of a parameter write "
            f"nn.init.{who}(weight), not nn.init.{who}(weight.data)"
        )
    if not isinstance(tensor, Tensor) or tensor.dtype.kind != "f":
        what = f"dtype {tensor.dtype}" if isinstance(tensor, Tensor) else type(tensor).__name__
        raise TypeError(f"{who}: tensor must be a floating tensor, got {what}")


def _fans(who: str, tensor: Tensor) -> tuple[int, int]:
    _check(who, tensor)
    if tensor.ndim < 2:
        raise ValueError(f"{who}: expected a tensor with 2 or more axes, got shape {tensor.shape}")
    receptive = math.prod(tensor.shape[2:])
    return tensor.shape[1] * receptive, tensor.shape[0] * receptive


def _kaiming_std(who: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fans = dict(zip(("fan_in", "fan_out"), _fans(who, tensor), strict=True))
    arguments.choice(who, "mode", mode, list(fans))
    return calculate_gain(nonlinearity, a) / math.sqrt(max(fans[mode], 1))


def _std(who: str, value: float) -> float:
    value = arguments.real(who, "std", value, finite=True)
    if value < 0:
        raise ValueError(f"{who}: std must not be negative, got {value}")
    return value


def __getattr__(name: str) -> Any:
    near = arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.init' has no attribute {name!r}{near}")
