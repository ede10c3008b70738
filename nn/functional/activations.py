"""Functions that a network puts between its layers.

With ``inplace=True`` the input itself takes the result's values and is returned, and every name for
it sees that, as in PyTorch: it is written into where nothing is recorded; else the tensor becomes
the result, which leaves what the graph has saved as it was. A leaf that requires a gradient, and a
tensor that is or has a view, are refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, arguments
from nn.functional.inputs import floating, in_place, is_learnt, number
from nn.random import generator_or_default

__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "gumbel_softmax",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_softmax",
    "logsigmoid",
    "mish",
    "prelu",
    "relu",
    "relu6",
    "rrelu",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softmin",
    "softplus",
    "softshrink",
    "softsign",
    "tanh",
    "tanhshrink",
    "threshold",
]

# Klambauer et al., "Self-normalizing neural networks", 2017.
_SELU_ALPHA = 1.6732632423543772848170429916717
_SELU_SCALE = 1.0507009873554804934193349852946


# Made of straight pieces --------------------------------------------------------------------------


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0); slope 0 at 0.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.relu(autograd.tensor([-1.0, 2.0])).tolist()
        [0.0, 2.0]
    """
    if inplace is not False:
        return in_place("relu", inplace, input, relu)
    return autograd.relu(input)


def relu6(input: Any, inplace: bool = False) -> Any:
    """x limited to [0, 6]; slope 0 at both bounds."""
    if inplace is not False:
        return in_place("relu6", inplace, input, relu6)
    return autograd.hardtanh(floating("relu6", input), low=0.0, high=6.0)


def hardtanh(input: Any, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Any:
    """x limited to [min_val, max_val]; slope 0 at both bounds.

    Raises:
        ValueError: if min_val is above max_val.
    """
    if inplace is not False:
        return in_place("hardtanh", inplace, input, lambda x: hardtanh(x, min_val, max_val))
    low, high = interval("hardtanh", min_val, max_val)
    input = floating("hardtanh", input)
    if is_learnt(low) or is_learnt(high):
        below, above = autograd.less_equal(input, low), autograd.greater_equal(input, high)
        return autograd.where(below, low, autograd.where(above, high, input))
    return autograd.hardtanh(input, low=low, high=high)


def interval(who: str, min_val: Any, max_val: Any) -> tuple[Any, Any]:
    """The bounds of `hardtanh`, checked."""
    low, high = number(who, "min_val", min_val), number(who, "max_val", max_val)
    if low > high:
        raise ValueError(
            f"{who}: min_val must not be above max_val, got min_val={min_val}, max_val={max_val}"
        )
    return low, high


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x above 0, else negative_slope · x, also in its slope at 0."""
    if inplace is not False:
        return in_place("leaky_relu", inplace, input, lambda x: leaky_relu(x, negative_slope))
    slope = number("leaky_relu", "negative_slope", negative_slope)
    if is_learnt(slope):
        return autograd.prelu(floating("leaky_relu", input), slope)
    return autograd.leaky_relu(floating("leaky_relu", input), negative_slope=slope)


def rrelu(
    input: Any,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    inplace: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    """x above 0, else slope · x, with a slope drawn for every element in training.

    Source: Xu et al., "Empirical evaluation of rectified activations", 2015.

    Args:
        input: floats of any shape.
        lower, upper: between what slopes are drawn, uniformly. Default 1/8 and 1/3.
        training: False takes their mean for all. Default False.
        inplace: True to have the input itself become the result. Default False.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for a lower above upper; TypeError: for data that are no floats.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.rrelu(autograd.tensor([-8.0, 8.0]), 0.25, 0.5).tolist()
        [-3.0, 8.0]
    """
    who = "rrelu"
    low, high = slopes(who, lower, upper)
    input = floating(who, input)
    random = generator_or_default(who, generator)
    drawn = arguments.boolean(who, "training", training)
    return in_place(who, inplace, input, lambda x: _sloped(x, low, high, random if drawn else None))


def slopes(who: str, lower: Any, upper: Any) -> tuple[float, float]:
    """The bounds between which slopes are drawn, in their order."""
    low = arguments.real(who, "lower", lower, finite=True)
    high = arguments.real(who, "upper", upper, finite=True)
    if low > high:
        raise ValueError(
            f"{who}: lower must not lie above upper, got {arguments.shown(lower)} and {upper!r}"
        )
    return low, high


def _sloped(input: Any, low: float, high: float, random: np.random.Generator | None) -> Any:
    if random is None:
        return leaky_relu(input, (low + high) / 2)
    factors = autograd.func.each_time(_factors, input, low, high, random)
    return input * (autograd.as_tensor(factors) if isinstance(input, Tensor) else factors)


def _factors(input: Any, low: float, high: float, random: np.random.Generator) -> Any:
    """1 above 0, else a drawn slope."""
    values = np.asarray(input.data if isinstance(input, Tensor) else input)
    return np.where(values > 0, 1.0, random.uniform(low, high, values.shape)).astype(values.dtype)[
        ()
    ]


def prelu(input: Any, weight: Any) -> Any:
    """x above 0, else weight · x, with one weight or one per channel, which are learnt.

    Source: He et al., "Delving deep into rectifiers", 2015.

    Args:
        input: shape (N, C, *S), or any shape for a single weight.
        weight: shape (1,) or (C,), or ().

    Raises:
        ValueError: for a weight of another shape.
    """
    who = "prelu"
    input = floating(who, input, "input", weight)
    weight = floating(who, weight, "weight", input)
    shape = input.shape
    channels = shape[1] if len(shape) > 1 else 1
    if len(weight.shape) > 1 or weight.shape not in ((), (1,), (channels,)):
        raise ValueError(
            f"{who}: weight must have shape (1,), or ({channels},) for the channels of the input "
            f"{shape}; got {weight.shape}"
        )
    if len(weight.shape) == 1:
        sizes = (1, weight.shape[0]) + (1,) * (len(shape) - 2)
        weight = autograd.reshape(
            weight, sizes[: len(shape)] if len(shape) > 1 else sizes[:0] or ()
        )
    return autograd.prelu(input, weight)


def threshold(input: Any, threshold: float, value: float, inplace: bool = False) -> Any:
    """x above a threshold, else a value."""
    if inplace is not False:
        return in_place("threshold", inplace, input, lambda x: _threshold(x, threshold, value))
    who = "threshold"
    limit = arguments.real(who, "threshold", threshold)
    value, input = number(who, "value", value), floating(who, input)
    if is_learnt(value):
        return autograd.where(autograd.less_equal(input, limit), value, input)
    return autograd.threshold(input, threshold=limit, value=value)


_threshold = threshold  # the function, where a parameter has its name


def hardsigmoid(input: Any, inplace: bool = False) -> Any:
    """x/6 + 1/2 limited to [0, 1]."""
    if inplace is not False:
        return in_place("hardsigmoid", inplace, input, hardsigmoid)
    return autograd.hardsigmoid(floating("hardsigmoid", input))


def hardswish(input: Any, inplace: bool = False) -> Any:
    """x · hardsigmoid(x). Source: Howard et al., "Searching for MobileNetV3", 2019."""
    if inplace is not False:
        return in_place("hardswish", inplace, input, hardswish)
    return autograd.hardswish(floating("hardswish", input))


def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """x, but 0 from −lambd to lambd."""
    bound = arguments.real("hardshrink", "lambd", lambd)
    return autograd.hardshrink(floating("hardshrink", input), bound=bound)


def softshrink(input: Any, lambd: float = 0.5) -> Any:
    """x moved towards 0 by lambd, and 0 from −lambd to lambd.

    Raises:
        ValueError: for a negative lambd.
    """
    bound = number("softshrink", "lambd", lambd, 0.0)
    if is_learnt(bound):
        input = floating("softshrink", input)
        outside = autograd.greater(autograd.absolute(input), bound)
        return autograd.where(outside, input - bound * autograd.sign(input), 0.0)
    return autograd.softshrink(floating("softshrink", input), bound=bound)


# Smooth -------------------------------------------------------------------------------------------


def sigmoid(input: Any) -> Any:
    """1 / (1 + exp(−x)), without overflow."""
    return autograd.sigmoid(floating("sigmoid", input))


def tanh(input: Any) -> Any:
    """Hyperbolic tangent."""
    return autograd.tanh(floating("tanh", input))


def logsigmoid(input: Any) -> Any:
    """log(sigmoid(x)), accurate on both sides."""
    return autograd.log_sigmoid(floating("logsigmoid", input))


def elu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, else alpha · (exp(x) − 1); slope alpha at 0.

    Source: Clevert, Unterthiner & Hochreiter, "Fast and accurate deep network learning by
    exponential linear units", 2015.
    """
    if inplace is not False:
        return in_place("elu", inplace, input, lambda x: elu(x, alpha))
    alpha = number("elu", "alpha", alpha)
    if is_learnt(alpha):
        return _elu(floating("elu", input), alpha, 1.0)
    return autograd.elu(floating("elu", input), alpha=alpha)


def selu(input: Any, inplace: bool = False) -> Any:
    """`elu` scaled so that activations keep mean 0 and variance 1.

    Source: Klambauer et al., "Self-normalizing neural networks", 2017.
    """
    if inplace is not False:
        return in_place("selu", inplace, input, selu)
    return autograd.elu(floating("selu", input), alpha=_SELU_ALPHA, scale=_SELU_SCALE)


def celu(input: Any, alpha: float = 1.0, inplace: bool = False) -> Any:
    """x above 0, else alpha · (exp(x / alpha) − 1); slope 1 at 0.

    Source: Barron, "Continuously differentiable exponential linear units", 2017.

    Raises:
        ValueError: for alpha 0.
    """
    if inplace is not False:
        return in_place("celu", inplace, input, lambda x: celu(x, alpha))
    alpha = number("celu", "alpha", alpha)
    if alpha == 0:
        raise ValueError("celu: alpha must not be 0")
    if is_learnt(alpha):
        return _elu(floating("celu", input), alpha, 1.0 / alpha)
    return autograd.elu(floating("celu", input), alpha=alpha, rate=1.0 / alpha)


def _elu(x: Any, alpha: Any, rate: Any) -> Any:
    """x above 0, else alpha · (exp(rate · x) − 1), in functions that lead to alpha and rate, too."""
    above = autograd.greater(x, 0.0)
    return autograd.where(above, x, alpha * autograd.expm1(autograd.where(above, 0.0, x) * rate))


def gelu(input: Any, *, approximate: str = "none") -> Any:
    """x · Φ(x), where Φ is the normal distribution.

    Source: Hendrycks & Gimpel, "Gaussian error linear units", 2016.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for x/2 · (1 + tanh(√(2/π)·(x + 0.044715·x³))).
    """
    kind = arguments.choice("gelu", "approximate", approximate, ("none", "tanh"))
    input = floating("gelu", input)
    return autograd.gelu(input) if kind == "none" else autograd.gelu_tanh(input)


def silu(input: Any, inplace: bool = False) -> Any:
    """x · sigmoid(x), also called swish. Source: Elfwing, Uchibe & Doya 2017."""
    if inplace is not False:
        return in_place("silu", inplace, input, silu)
    return autograd.silu(floating("silu", input))


def mish(input: Any, inplace: bool = False) -> Any:
    """x · tanh(log(1 + exp(x))). Source: Misra, "Mish", 2019."""
    if inplace is not False:
        return in_place("mish", inplace, input, mish)
    return autograd.mish(floating("mish", input))


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta · x)) / beta, and x itself where beta · x is above the threshold.

    Raises:
        ValueError: for beta 0.
    """
    beta, limit = (
        number("softplus", "beta", beta),
        arguments.real("softplus", "threshold", threshold),
    )
    if beta == 0:
        raise ValueError("softplus: beta must not be 0")
    input = floating("softplus", input)
    if is_learnt(beta):
        return autograd.softplus(input * beta, threshold=limit) / beta
    return autograd.softplus(input, beta=beta, threshold=limit)


def softsign(input: Any) -> Any:
    """x / (1 + |x|)."""
    return autograd.softsign(floating("softsign", input))


def tanhshrink(input: Any) -> Any:
    """x − tanh(x)."""
    return autograd.tanhshrink(floating("tanhshrink", input))


@arguments.in_single
def glu(input: Any, dim: int = -1) -> Any:
    """a · sigmoid(b), where a and b are the two halves of an axis.

    Source: Dauphin et al., "Language modeling with gated convolutional networks", 2016.

    Raises:
        ValueError: for an axis of odd length; IndexError: for one that is not there.
    """
    who = "glu"
    input = floating(who, input)
    shape = input.shape
    axis = arguments.axis(who, dim, len(shape), "dim")
    if shape[axis] % 2:
        raise ValueError(
            f"{who}: axis {dim} of {shape} must have an even length, got {shape[axis]}"
        )
    half, before = shape[axis] // 2, (slice(None),) * axis
    a, b = input[(*before, slice(0, half))], input[(*before, slice(half, None))]
    return a * autograd.sigmoid(b)


# Along an axis ------------------------------------------------------------------------------------


def softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """exp(x) / Σ exp(x) along an axis, without overflow.

    Args:
        input: floats of any shape.
        dim: the axis. Default: axis 0 for 0, 1 or 3 axes, else 1.
        dtype: convert to this first.

    Raises:
        IndexError: for an axis that is not there.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.softmax(autograd.tensor([1e4, 1e4]), dim=0).tolist()
        [0.5, 0.5]
    """
    return _along("softmax", autograd.softmax, input, dim, dtype)


def gumbel_softmax(
    logits: Any,
    tau: float = 1.0,
    hard: bool = False,
    eps: float = 1e-10,
    dim: int = -1,
    generator: np.random.Generator | None = None,
) -> Any:
    """A sample from categories that has a gradient: `softmax` of (logits + Gumbel noise) / tau.

    Sources: Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017.

    Args:
        logits: unnormalized log-probabilities, floats of any shape with at least one axis.
        tau: temperature, above 0; the lower, the nearer samples are to one-hot. Default 1.
        hard: True to have one-hot samples, with the gradient of the soft ones. Default False.
        eps: as in PyTorch, of no effect; anything but the default is warned of. Default 1e-10.
        dim: the axis of the categories. Default -1.
        generator: source of randomness. Default: the one that ``nn.manual_seed`` seeds.

    Raises:
        ValueError: for a tau that is not above 0; IndexError: for an axis that is not there.

    Example:
        >>> import autograd, nn.functional as F
        >>> F.gumbel_softmax(autograd.tensor([0.0, 1e4]), hard=True).tolist()
        [0.0, 1.0]
    """
    who = "gumbel_softmax"
    logits = floating(who, logits, "logits")
    axis = arguments.axis(who, dim, len(logits.shape), "dim")
    tau = number(who, "tau", tau)
    if not is_learnt(tau) and not tau > 0:
        raise ValueError(f"{who}: tau must be above 0, got {arguments.shown(tau)}")
    if arguments.real(who, "eps", eps) != 1e-10:
        arguments.warn(f"{who}: eps has no effect, got {arguments.shown(eps)}")
    arguments.boolean(who, "hard", hard)
    random = generator_or_default(who, generator)
    noise = autograd.func.each_time(_gumbel, logits, random)
    noise = autograd.as_tensor(noise) if isinstance(logits, Tensor) else noise
    soft = autograd.softmax((logits + noise) / tau, axis)
    if not hard:
        return soft
    chosen = autograd.func.each_time(_one_hot, soft, axis)
    if not isinstance(soft, Tensor):
        return chosen
    # In value the one-hot sample, in gradient the soft one.
    return soft + (autograd.as_tensor(chosen) - soft.detach())


def _gumbel(logits: Any, random: np.random.Generator) -> Any:
    return (-np.log(random.standard_exponential(logits.shape))).astype(logits.dtype)


def _one_hot(soft: Any, axis: int) -> Any:
    """1 at the first of the largest values along the axis, else 0."""
    values = np.asarray(soft.data if isinstance(soft, Tensor) else soft)
    chosen = np.zeros_like(values)
    if values.size:
        np.put_along_axis(chosen, np.argmax(values, axis, keepdims=True), 1.0, axis)
    return chosen


def softmin(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """`softmax` of −x."""
    return _along("softmin", lambda x, axis: autograd.softmax(-x, axis), input, dim, dtype)


def log_softmax(input: Any, dim: int | None = None, *, dtype: Any = None) -> Any:
    """log of `softmax`, without overflow; the arguments are the same."""
    return _along("log_softmax", autograd.log_softmax, input, dim, dtype)


def _along(who: str, function: Any, input: Any, dim: Any, dtype: Any) -> Any:
    if dtype is not None:
        input = autograd.astype(input, arguments.float_dtype(who, dtype))
    input = floating(who, input)
    ndim = len(input.shape)
    if dim is None:
        dim = 0 if ndim in (0, 1, 3) else 1
        if ndim > 2:  # neither the only axis nor the last: hardly what was meant
            arguments.warn(
                f"{who}: without dim, axis {dim} of {input.shape} is taken, as PyTorch does; say "
                f"which is meant: dim={dim}, or dim=-1 for the last"
            )
    axis = arguments.axis(who, dim, max(ndim, 1), "dim")
    if not ndim:  # one number: the softmax over itself
        return autograd.squeeze(function(autograd.expand_dims(input, 0), 0), 0)
    return function(input, axis)
