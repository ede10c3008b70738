"""Activations of networks: relu and its kin, smooth ones, shrinking ones, the softmax family.

Each is a primitive of its own where that is faster than composing it, or where it says what the
slope at a kink is. Parameters arrive here checked; ``nn.functional`` is where users give them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import floating
from autograd.arguments.half import in_single
from autograd.core.primitive import primitive
from autograd.kernels import elementwise as kernels
from autograd.kernels import losses as loss_kernels
from autograd.kernels import special
from autograd.ops.elementwise import (
    absolute,
    clip,
    copysign,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_or,
    positive,
    square,
    where,
)
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import reshape, transpose
from autograd.ops.special import erfc
from autograd.ops.transcendental import exact_tanh, exp, logistic, logistic_slope, sigmoid
from autograd.prepared import prepares

__all__ = [
    "elu",
    "gelu",
    "gelu_tanh",
    "hardshrink",
    "hardsigmoid",
    "hardswish",
    "hardtanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "mish",
    "prelu",
    "relu",
    "silu",
    "softmax",
    "softplus",
    "softshrink",
    "softsign",
    "tanhshrink",
    "threshold",
]


@primitive(broadcasts=True)
def relu(x: Any) -> Any:
    """max(x, 0); slope 0 at 0; NaN stays NaN.

    Example:
        >>> import autograd as ag
        >>> ag.relu(ag.tensor([-1.0, 2.0]))
        Tensor([0., 2.])
    """
    return kernels.relu(x)


@primitive(name="relu_gradient", broadcasts=True)
def _relu_gradient(gy, y):  # type: ignore[no-untyped-def]
    """g where the output is above 0, else 0."""
    return kernels.relu_gradient(gy, y)


relu.gradients(x=lambda g, out: _relu_gradient(g, out))


@prepares(relu.primitive.forward)
def _prepare_relu(x):  # type: ignore[no-untyped-def]
    return kernels.prepare("relu", (x,), kernels.relu)


@prepares(relu.primitive.rules["x"].function)
def _prepare_relu_back(g, out):  # type: ignore[no-untyped-def]
    return kernels.prepare("relu_gradient", (g, out), kernels.relu_gradient)


# Linear in gy; in y it is flat wherever it has a slope at all (exactly: also for infinite g).
_relu_gradient.gradients(gy=lambda g, y: _relu_gradient(g, y), y=lambda g: _relu_gradient(g, 0.0))


# Rectifiers with something below 0 ----------------------------------------------------------------


@primitive(broadcasts=True)
def leaky_relu(x: Any, *, negative_slope: float = 0.01) -> Any:
    """x above 0, else negative_slope · x; its slope at 0 is negative_slope.

    Example:
        >>> import autograd as ag
        >>> ag.leaky_relu(ag.tensor([-1.0, 2.0]), 0.5)
        Tensor([-0.5,  2. ])
    """
    if 0.0 < negative_slope <= 1.0:  # then the larger of the two is the right one
        return kernels.formula(
            lambda x: np.maximum(x, x * negative_slope), x, "leaky_relu", negative_slope
        )
    return np.where(x > 0, x, x * negative_slope)


@kernels.with_kernel("leaky_relu_gradient")
def _leaky_relu_gradient(g: Any, x: Any, negative_slope: float) -> Any:
    """g where x > 0, g · negative_slope elsewhere."""
    return where(greater(x, 0.0), g, g * negative_slope)


leaky_relu.gradients(x=lambda g, x, negative_slope: _leaky_relu_gradient(g, x, negative_slope))


@primitive(broadcasts=True)
def prelu(x: Any, weight: Any) -> Any:
    """x above 0, else weight · x, with a weight that is learnt; both broadcast."""
    return kernels.choose(x > 0, x, x * weight)


prelu.gradients(
    x=lambda g, x, weight: where(greater(x, 0.0), g, g * weight),
    weight=lambda g, x: where(greater_equal(x, 0.0), 0.0, g * x),
)


@primitive(broadcasts=True)
def elu(x: Any, *, alpha: float = 1.0, scale: float = 1.0, rate: float = 1.0) -> Any:
    """scale · x above 0, else scale · alpha · (exp(rate · x) − 1); slope at 0 as from below.

    With scale and rate 1 it is ELU, with rate 1/alpha CELU, with two particular numbers SELU.
    Source: Clevert, Unterthiner & Hochreiter 2015; Klambauer et al. 2017; Barron 2017.
    """
    return kernels.formula(
        lambda x: kernels.choose(
            x > 0, x * scale, (scale * alpha) * np.expm1(np.minimum(x, 0) * rate)
        ),
        x,
        "elu" if rate == 1.0 else "",
        alpha,
        scale,
    )


@primitive(name="exp_below_zero", broadcasts=True)
def _exp_below_zero(x, *, rate):  # type: ignore[no-untyped-def]
    return kernels.formula(lambda x: kernels.choose(x > 0, 0.0, np.exp(np.minimum(x, 0) * rate)), x)


def _elu_slope(x: Any, alpha: float, scale: float, rate: float) -> Any:
    below = (scale * alpha * rate) * _exp_below_zero(x, rate=rate)
    return where(greater(x, 0.0), scale, below)


@kernels.with_kernel("elu_gradient")
def _elu_gradient(g: Any, x: Any, alpha: float, scale: float) -> Any:
    return g * _elu_slope(x, alpha, scale, 1.0)


elu.gradients(
    x=lambda g, x, alpha, scale, rate: (
        _elu_gradient(g, x, alpha, scale) if rate == 1.0 else g * _elu_slope(x, alpha, scale, rate))
)  # fmt: skip
_exp_below_zero.gradients(
    x=lambda g, x, out, rate: where(greater_equal(x, 0.0), 0.0, g * (rate * out))
)


@primitive(broadcasts=True)
def threshold(x: Any, *, threshold: float, value: float) -> Any:
    """x above a threshold, else a value; slope 0 at the threshold."""
    return np.where(x <= threshold, value, x)


threshold.gradients(x=lambda g, x, threshold: where(less_equal(x, threshold), 0.0, g))


# Smooth -------------------------------------------------------------------------------------------


@primitive(broadcasts=True)
def softplus(x: Any, *, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta · x)) / beta; x itself where beta · x is above the threshold."""
    return kernels.formula(
        lambda x: _softplus(x, x * beta, beta, threshold), x, "softplus", beta, threshold
    )


def _softplus(x: Any, scaled: Any, beta: float, threshold: float) -> Any:
    # exp of what is not positive: it overflows for no dtype and no threshold.
    smooth = (np.maximum(scaled, 0) + np.log1p(np.exp(-abs(scaled)))) / beta
    return kernels.choose(scaled > threshold, x, smooth)


@kernels.with_kernel("softplus_gradient")
def _softplus_gradient(g: Any, x: Any, beta: float, threshold: float) -> Any:
    """g · sigmoid(beta · x); g alone above the threshold."""
    return where(greater(x * beta, threshold), g, g * logistic(x * beta))


softplus.gradients(x=lambda g, x, beta, threshold: _softplus_gradient(g, x, beta, threshold))


@primitive(broadcasts=True)
def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)), accurate on both sides."""
    return kernels.formula(lambda x: np.minimum(x, 0) - np.log1p(np.exp(-abs(x))), x, "log_sigmoid")


log_sigmoid.gradients(x=lambda g, x: g * logistic(-x))


@primitive(broadcasts=True)
def silu(x: Any) -> Any:
    """x · sigmoid(x), also called swish. Source: Elfwing, Uchibe & Doya 2017."""
    return kernels.formula(lambda x: x * sigmoid(x), x, "silu")


@kernels.with_kernel("silu_gradient")
def _silu_gradient(g: Any, x: Any) -> Any:
    """g · (s + x · s · (1 − s)), where s = sigmoid(x)."""
    return g * (logistic(x) + x * logistic_slope(x))


silu.gradients(x=lambda g, x: _silu_gradient(g, x))


@primitive(broadcasts=True)
def mish(x: Any) -> Any:
    """x · tanh(softplus(x)). Source: Misra 2019."""
    return kernels.formula(lambda x: x * np.tanh(softplus(x)), x, "mish")


@kernels.with_kernel("mish_gradient")
def _mish_gradient(g: Any, x: Any) -> Any:
    """g · (t + x · (1 − t²) · sigmoid(x)), where t = tanh(softplus(x))."""
    # With t = tanh(s) of s = softplus(x), 1 − t² is four times the slope of the logistic at 2s.
    s = softplus(x)
    return g * (exact_tanh(s) + x * (4.0 * logistic(x) * logistic_slope(2.0 * s)))


mish.gradients(x=lambda g, x: _mish_gradient(g, x))


_NORMAL = 1.0 / math.sqrt(2.0 * math.pi)  # density of the normal distribution at 0
_GELU_INNER = math.sqrt(2.0 / math.pi)
_GELU_CUBIC = 0.044715
_GELU_END = 30.0  # from here on the weight is 0 or 1 to the last bit; x³ might overflow


def _normal_below(x: Any) -> Any:
    """Probability that a standard normal number lies below x."""
    # Not (1 + erf) / 2, which is a difference of nearly equal numbers for x below −1.
    return 0.5 * erfc(x * -math.sqrt(0.5))


@primitive(broadcasts=True)
def gelu(x: Any) -> Any:
    """x · Φ(x), where Φ is the normal distribution. Source: Hendrycks & Gimpel 2016."""
    return kernels.formula(lambda x: x * _normal_below(x), x, "gelu")


@kernels.with_kernel("gelu_gradient")
def _gelu_gradient(g: Any, x: Any) -> Any:
    """g · (Φ(x) + x · φ(x)): the normal distribution and its density."""
    return g * (_normal_below(x) + x * (_NORMAL * exp(-0.5 * x * x)))


gelu.gradients(x=lambda g, x: _gelu_gradient(g, x))


@primitive(broadcasts=True)
def gelu_tanh(x: Any) -> Any:
    """The usual approximation of ``gelu``: x/2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))."""
    return kernels.formula(
        lambda x: x * _gelu_weight(clip(x, -_GELU_END, _GELU_END)), x, "gelu_tanh"
    )


def _gelu_weight(x: Any) -> Any:
    # (1 + tanh u) / 2 is the sigmoid of 2u, which keeps its digits where tanh u is close to −1.
    return logistic(_gelu_argument(x))


def _gelu_argument(x: Any) -> Any:
    return (2.0 * _GELU_INNER) * (x + _GELU_CUBIC * x * x * x)


@kernels.with_kernel("gelu_tanh_gradient")
def _gelu_tanh_gradient(g: Any, x: Any) -> Any:
    """g · the slope of x · (1 + tanh(√(2/π) · (x + 0.044715 x³))) / 2."""
    x = where(greater(absolute(x), _GELU_END), copysign(_GELU_END, x), x)
    inner = (2.0 * _GELU_INNER) * (1.0 + (3.0 * _GELU_CUBIC) * x * x)
    return g * (_gelu_weight(x) + x * logistic_slope(_gelu_argument(x)) * inner)


gelu_tanh.gradients(x=lambda g, x: _gelu_tanh_gradient(g, x))


@primitive(broadcasts=True)
def softsign(x: Any) -> Any:
    """x / (1 + |x|)."""
    return kernels.formula(lambda x: x / (1.0 + abs(x)), x)


softsign.gradients(x=lambda g, x: g / square(1.0 + absolute(x)))


@primitive(broadcasts=True)
def tanhshrink(x: Any) -> Any:
    """x − tanh(x), with full relative precision also near 0, where it is x³/3.

    Example:
        >>> import autograd as ag
        >>> ag.tanhshrink(ag.tensor([1e-3, 1.0]))
        Tensor([3.3333e-10, 2.3841e-01])
    """
    return kernels.formula(special.tanhshrink, x)


tanhshrink.gradients(x=lambda g, x: g * square(exact_tanh(x)))


# Made of straight pieces --------------------------------------------------------------------------


def _open_interval(g: Any, x: Any, low: float, high: float) -> Any:
    """g strictly inside of the interval, 0 outside, at the bounds and for NaN."""
    return where(logical_and(greater(x, low), less(x, high)), g, 0.0)


@primitive(broadcasts=True)
def hardtanh(x: Any, *, low: float = -1.0, high: float = 1.0) -> Any:
    """x limited to [low, high]; unlike ``clip``, its slope at the bounds is 0."""
    return np.clip(x, low, high)


hardtanh.gradients(x=lambda g, x, low, high: _open_interval(g, x, low, high))


@primitive(broadcasts=True)
def hardsigmoid(x: Any) -> Any:
    """x/6 + 1/2 limited to [0, 1]; slope 0 at the kinks."""
    return kernels.formula(lambda x: np.clip(x + 3.0, 0.0, 6.0) / 6.0, x, "hardsigmoid")


@kernels.with_kernel("hardsigmoid_gradient")
def _hardsigmoid_gradient(g: Any, x: Any) -> Any:
    """g / 6 where −3 < x < 3, else 0."""
    return _open_interval(g / 6.0, x, -3.0, 3.0)


hardsigmoid.gradients(x=lambda g, x: _hardsigmoid_gradient(g, x))


@primitive(broadcasts=True)
def hardswish(x: Any) -> Any:
    """x · hardsigmoid(x); slope 0 at −3 and 1 at 3. Source: Howard et al. 2019."""
    return kernels.formula(lambda x: x * np.clip(x + 3.0, 0.0, 6.0) / 6.0, x, "hardswish")


@kernels.with_kernel("hardswish_gradient")
def _hardswish_gradient(g: Any, x: Any) -> Any:
    """0 below −3, g above 3, g · (2 x + 3) / 6 between."""
    between = where(greater_equal(x, 3.0), g, g * (x / 3.0 + 0.5))
    return where(less_equal(x, -3.0), 0.0, between)


hardswish.gradients(x=lambda g, x: _hardswish_gradient(g, x))


def _beyond(x: Any, bound: float) -> Any:
    return logical_or(less(x, -bound), greater(x, bound))


@primitive(broadcasts=True)
def hardshrink(x: Any, *, bound: float = 0.5) -> Any:
    """x, but 0 from −bound to bound."""
    return np.where((x >= -bound) & (x <= bound), 0.0, x)


@primitive(broadcasts=True)
def softshrink(x: Any, *, bound: float = 0.5) -> Any:
    """x moved towards 0 by bound, and 0 from −bound to bound."""
    return kernels.formula(lambda x: _softshrink(x, bound), x)


def _softshrink(x: Any, bound: float) -> Any:
    return np.where((x >= -bound) & (x <= bound), 0.0, x - np.copysign(bound, x))


for _shrink in (hardshrink, softshrink):
    _shrink.gradients(x=lambda g, x, bound: where(_beyond(x, bound), g, 0.0))


# Softmax ------------------------------------------------------------------------------------------


@primitive(name="softmax")
def _softmax(x, *, axis):  # type: ignore[no-untyped-def]
    return loss_kernels.softmax(x, axis=axis)


@primitive(name="log_softmax")
def _log_softmax(x, *, axis):  # type: ignore[no-untyped-def]
    return loss_kernels.log_softmax(x, axis=axis)


@primitive(name="dot_along")
def _dot_along(x, y, *, axis):  # type: ignore[no-untyped-def]
    """Sum of x · y over an axis, which stays with size 1."""
    return loss_kernels.dot(x, y, axis=axis)


_dot_along.gradients(x=lambda g, y: g * y, y=lambda g, x: g * x)


def _softmax_gradient(g: Any, out: Any, axis: int) -> Any:
    """out · (g − Σ g · out), the sum along the axis."""
    found = loss_kernels.softmax_gradient(g, out, axis=axis)
    return out * (g - _dot_along(g, out, axis)) if found is None else found


def _log_softmax_gradient(g: Any, out: Any, axis: int) -> Any:
    """g − exp(out) · Σ g, the sum along the axis."""
    found = loss_kernels.log_softmax_gradient(g, out, axis=axis)
    return g - exp(out) * sum_(g, axis, True) if found is None else found


_softmax.gradients(x=lambda g, out, axis: _softmax_gradient(g, out, axis))
_log_softmax.gradients(x=lambda g, out, axis: _log_softmax_gradient(g, out, axis))


@in_single
def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) / Σ exp(x) along an axis, without overflow.

    Args:
        axis: the axis whose elements sum to 1; of a tuple, all elements along these together.

    Example:
        >>> import autograd as ag
        >>> ag.softmax(ag.tensor([1e4, 1e4]))
        Tensor([0.5, 0.5])
    """
    x = floating("softmax", "x", x)
    if isinstance(axis, (tuple, list)):
        return _over_several("softmax", softmax, x, axis)
    if not x.shape and arguments.axis("softmax", axis, 1) == 0:
        return reshape(_softmax(reshape(x, (1,)), 0), ())
    axis = arguments.axis("softmax", axis, len(x.shape))
    return _softmax(x, axis) if x.shape[axis] else positive(x)


def _over_several(who: str, function: Any, x: Any, axis: Any) -> Any:
    """A function along one axis, over several: these are put together as a last one."""
    axes = arguments.axes(who, axis, len(x.shape))
    order = (*[k for k in range(len(x.shape)) if k not in axes], *axes)
    moved = transpose(x, order)
    rest = moved.shape[: len(order) - len(axes)]
    joined = reshape(moved, (*rest, math.prod(moved.shape[len(rest) :])))
    result = reshape(function(joined, -1), moved.shape)
    return transpose(result, tuple(sorted(range(len(order)), key=order.__getitem__)))


@in_single
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """x − log Σ exp(x) along an axis, without overflow.

    Args:
        axis: the axis whose exponentials sum to 1; of a tuple, all along these together.

    Example:
        >>> import autograd as ag
        >>> ag.log_softmax(ag.tensor([0.0, 1e4]))
        Tensor([-10000.,      0.])
    """
    x = floating("log_softmax", "x", x)
    if isinstance(axis, (tuple, list)):
        return _over_several("log_softmax", log_softmax, x, axis)
    if not x.shape and arguments.axis("log_softmax", axis, 1) == 0:
        return reshape(_log_softmax(reshape(x, (1,)), 0), ())
    axis = arguments.axis("log_softmax", axis, len(x.shape))
    return _log_softmax(x, axis) if x.shape[axis] else positive(x)
