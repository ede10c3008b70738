"""The operations of the kit: what they are called, what they take, and what they mean.

``reference`` is each operation written in plain primitives of ours. It judges nothing: what is right
was recorded from another library. It serves to tell *why* something is wrong, by being spoilt in
the ways that are often met.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd as ag

__all__ = ["OPERATIONS", "Operation"]


class Operation(NamedTuple):
    """An operation that an implementation may have.

    Attributes:
        name: of the forward function; the backward one is ``<name>_backward``.
        inputs: names of its arrays, the positional arguments.
        constant: those of them without a gradient, such as indices.
        statics: keyword arguments with their defaults.
        meaning: the formula, in a line.
        reference: the same in plain primitives.
    """

    name: str
    inputs: tuple[str, ...]
    constant: tuple[str, ...]
    statics: dict[str, Any]
    meaning: str
    reference: Callable[..., Any]

    @property
    def differentiable(self) -> tuple[str, ...]:
        """The inputs that the backward function returns gradients for, in order."""
        return tuple(name for name in self.inputs if name not in self.constant)

    def signature(self, backward: bool = False) -> str:
        """``x, w, b, stride=1``; with ``g`` before it for the backward function."""
        given = [f"{name}={value!r}" for name, value in self.statics.items()]
        return ", ".join([*(["g"] if backward else []), *self.inputs, *given])


OPERATIONS: dict[str, Operation] = {}


def _operation(
    meaning: str, constant: Sequence[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Take a reference into the table: its parameters without defaults are arrays."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        code = function.__code__
        names = code.co_varnames[: code.co_argcount]
        defaults = function.__defaults__ or ()
        count = len(names) - len(defaults)
        name = function.__name__.rstrip("_")
        OPERATIONS[name] = Operation(
            name, names[:count], tuple(constant), dict(zip(names[count:], defaults, strict=True)),
            meaning, function,
        )  # fmt: skip
        return function

    return register


# Element by element -------------------------------------------------------------------------------

_UNARY: dict[str, tuple[str, Callable[..., Any]]] = {
    "exp": ("e to the power x", lambda x: ag.exp(x)),
    "log": ("the natural logarithm", lambda x: ag.log(x)),
    "sqrt": ("the square root", lambda x: ag.sqrt(x)),
    "square": ("x times x", lambda x: x * x),
    "reciprocal": ("1 / x", lambda x: 1.0 / x),
    "absolute": ("x without its sign", lambda x: ag.absolute(x)),
    "sin": ("the sine", lambda x: ag.sin(x)),
    "cos": ("the cosine", lambda x: ag.cos(x)),
    "tanh": ("the hyperbolic tangent", lambda x: ag.tanh(x)),
    "sigmoid": ("1 / (1 + exp(-x))", lambda x: 1.0 / (1.0 + ag.exp(-x))),
    "relu": ("x where it is positive, else 0", lambda x: ag.where(x > 0, x, 0.0 * x)),
    "softplus": ("log(1 + exp(x))", lambda x: ag.log(1.0 + ag.exp(x))),
    "silu": ("x * sigmoid(x)", lambda x: x / (1.0 + ag.exp(-x))),
    "gelu": ("x times the normal distribution's cumulative function",
             lambda x: x * 0.5 * (1.0 + ag.erf(x * math.sqrt(0.5)))),
}  # fmt: skip
for _name, (_meaning, _function) in _UNARY.items():
    OPERATIONS[_name] = Operation(_name, ("x",), (), {}, _meaning, _function)

_BINARY: dict[str, tuple[str, Callable[..., Any]]] = {
    "add": ("x + y", lambda x, y: x + y),
    "subtract": ("x - y", lambda x, y: x - y),
    "multiply": ("x * y", lambda x, y: x * y),
    "divide": ("x / y", lambda x, y: x / y),
    "power": ("x ** y, for positive x", lambda x, y: ag.exp(y * ag.log(x))),
    "maximum": ("the larger of x and y", lambda x, y: ag.where(x > y, x + 0.0 * y, y + 0.0 * x)),
    "minimum": ("the smaller of x and y", lambda x, y: ag.where(x < y, x + 0.0 * y, y + 0.0 * x)),
}
for _name, (_meaning, _function) in _BINARY.items():
    OPERATIONS[_name] = Operation(
        _name, ("x", "y"), (), {}, f"{_meaning}; shapes broadcast", _function
    )


@_operation("x where it is positive, else negative_slope * x")
def leaky_relu(x, negative_slope=0.01):
    return ag.where(x > 0, x, negative_slope * x)


@_operation("x where it is positive, else alpha * (exp(x) - 1)")
def elu(x, alpha=1.0):
    return ag.where(x > 0, x, alpha * (ag.exp(x) - 1.0))


@_operation("x, held between low and high")
def clip(x, low=-1.0, high=1.0):
    return ag.where(x < low, low + 0.0 * x, ag.where(x > high, high + 0.0 * x, x))


@_operation("x where the condition holds, else y; shapes broadcast", ("condition",))
def where(condition, x, y):
    return ag.where(condition, x, y)


# Reductions ---------------------------------------------------------------------------------------


@_operation("the sum over an axis, several, or all (None)")
def sum_(x, axis=None, keepdims=False):
    return x.sum(axis=axis, keepdims=keepdims)


@_operation("the mean over an axis, several, or all (None)")
def mean(x, axis=None, keepdims=False):
    return x.mean(axis=axis, keepdims=keepdims)


@_operation("the largest element along an axis, or of all (None)")
def max_(x, axis=None, keepdims=False):
    return ag.max(x, axis=axis, keepdims=keepdims)


@_operation("the smallest element along an axis, or of all (None)")
def min_(x, axis=None, keepdims=False):
    return ag.min(x, axis=axis, keepdims=keepdims)


@_operation("the product over an axis, or of all (None)")
def prod(x, axis=None, keepdims=False):
    return ag.prod(x, axis=axis, keepdims=keepdims)


@_operation("the mean squared distance from the mean; divided by the count minus ddof")
def var(x, axis=None, ddof=0, keepdims=False):
    off = x - x.mean(axis=axis, keepdims=True)
    total = (off * off).sum(axis=axis, keepdims=keepdims)
    return total / (x.size // max(total.size, 1) - ddof)


@_operation("log of the sum of exp(x) over an axis, or of all (None)")
def logsumexp(x, axis=None, keepdims=False):
    return ag.log(ag.exp(x).sum(axis=axis, keepdims=keepdims))


@_operation("the square root of the sum of squares over an axis, or of all (None)")
def norm(x, axis=None, keepdims=False):
    return ag.sqrt((x * x).sum(axis=axis, keepdims=keepdims))


@_operation("sums of all elements up to each, along an axis")
def cumsum(x, axis=0):
    return ag.cumsum(x, axis=axis)


# Shapes and places --------------------------------------------------------------------------------


@_operation("the same elements under another shape")
def reshape(x, shape=(-1,)):
    return x.reshape(shape)


@_operation("the axes in another order, reversed for None")
def transpose(x, axes=None):
    return ag.transpose(x, axes)


@_operation("x repeated to a larger shape, as broadcasting does")
def broadcast_to(x, shape=()):
    return ag.broadcast_to(x, shape)


@_operation("the elements turned round along an axis")
def flip(x, axis=0):
    return ag.flip(x, axis)


@_operation("x and y one after the other along an axis")
def concatenate(x, y, axis=0):
    return ag.concatenate([x, y], axis=axis)


@_operation("x and y side by side along a new axis")
def stack(x, y, axis=0):
    return ag.stack([x, y], axis=axis)


@_operation("the slice start:stop:step along an axis")
def slice_(x, axis=0, start=None, stop=None, step=None):
    index = (slice(None),) * axis + (slice(start, stop, step),)
    return x[index]


@_operation("x.take(indices, axis): elements by their numbers, which may repeat", ("indices",))
def take(x, indices, axis=0):
    return ag.take(x, indices, axis=axis)


@_operation("one element of each row: x[i, indices[i]]", ("indices",))
def pick(x, indices):
    return x[np.arange(x.shape[0]), indices]


@_operation("widths ((before, after) of each axis) filled: constant (0), reflect, edge or wrap")
def pad(x, widths=(), mode="constant"):
    return ag.pad(x, widths, mode=mode)


# Products -----------------------------------------------------------------------------------------


@_operation("x @ y: vectors, matrices, and stacks of them, whose shapes broadcast")
def matmul(x, y):
    return x @ y


@_operation("all products of an element of x and an element of y")
def outer(x, y):
    return x.reshape(-1, 1) * y.reshape(1, -1)


@_operation("x @ w.T + b; x of shape (N, features), w (outputs, features), b (outputs,)")
def linear(x, w, b):
    return x @ ag.transpose(w) + b


@_operation("rows of w by their numbers, which may repeat", ("indices",))
def embedding(indices, w):
    return w[indices]


@_operation("softmax(q @ k.T / sqrt(size)) @ v, over the last two axes")
def attention(q, k, v):
    scores = (q @ ag.swapaxes(k, -1, -2)) / math.sqrt(q.shape[-1])
    weights = ag.exp(scores)
    return (weights / weights.sum(axis=-1, keepdims=True)) @ v


# Convolution and pooling --------------------------------------------------------------------------

_CONV = "cross-correlation, as layers have it; x (N, C, *sizes), w (O, C/groups, *kernel), b (O,)"


@_operation(_CONV)
def conv1d(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return ag.correlate(x, w, b, stride, padding, dilation, groups)


@_operation(_CONV)
def conv2d(x, w, b, stride=1, padding=0, dilation=1, groups=1):
    return ag.correlate(x, w, b, stride, padding, dilation, groups)


_TRANSPOSED = (
    "what goes back through a convolution; x (N, C, *sizes), w (C, O/groups, *kernel), b (O,)"
)


def _transposed(x, w, b, stride, padding, output_padding, dilation, groups):  # type: ignore[no-untyped-def]
    kernel = w.shape[2:]
    sizes = tuple(
        (n - 1) * stride - 2 * padding + dilation * (k - 1) + output_padding + 1
        for n, k in zip(x.shape[2:], kernel, strict=True)
    )
    out = ag.correlate_input(x, w, sizes, stride, padding, dilation, groups)
    return out + b.reshape(-1, *[1] * len(kernel))


@_operation(_TRANSPOSED)
def conv_transpose1d(x, w, b, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    return _transposed(x, w, b, stride, padding, output_padding, dilation, groups)


@_operation(_TRANSPOSED)
def conv_transpose2d(x, w, b, stride=1, padding=0, output_padding=0, dilation=1, groups=1):
    return _transposed(x, w, b, stride, padding, output_padding, dilation, groups)


_POOL = "of each window; x (N, C, *sizes); stride None means kernel"


@_operation(f"the largest element {_POOL}; padding counts as minus infinity")
def max_pool1d(x, kernel=2, stride=None, padding=0, dilation=1):
    return ag.max_pool(x, (kernel,), stride, padding, dilation)


@_operation(f"the largest element {_POOL}; padding counts as minus infinity")
def max_pool2d(x, kernel=2, stride=None, padding=0, dilation=1, ceil_mode=False):
    return ag.max_pool(x, (kernel, kernel), stride, padding, dilation, ceil_mode)


@_operation(f"the mean {_POOL}; padding counts as zeros")
def avg_pool1d(x, kernel=2, stride=None, padding=0):
    return ag.avg_pool(x, (kernel,), stride, padding)


@_operation(f"the mean {_POOL}; padding counts as zeros, or not at all")
def avg_pool2d(x, kernel=2, stride=None, padding=0, count_include_pad=True):
    return ag.avg_pool(x, (kernel, kernel), stride, padding, count_include_pad=count_include_pad)


@_operation("the mean of each channel's plane; x (N, C, H, W) gives (N, C)")
def global_avg_pool2d(x):
    return x.mean(axis=(2, 3))


@_operation("each pixel repeated scale times in both directions; x (N, C, H, W)")
def upsample_nearest2d(x, scale=2):
    n, c, h, w = x.shape
    spread = ag.broadcast_to(x.reshape(n, c, h, 1, w, 1), (n, c, h, scale, w, scale))
    return spread.reshape(n, c, h * scale, w * scale)


# Normalization and losses -------------------------------------------------------------------------


def _normalized(x, axes, eps):  # type: ignore[no-untyped-def]
    off = x - x.mean(axis=axes, keepdims=True)
    return off / ag.sqrt((off * off).mean(axis=axes, keepdims=True) + eps)


@_operation("normalized over all axes but the second, then times w plus b, which have shape (C,)")
def batch_norm(x, w, b, eps=1e-5):
    axes = (0, *range(2, x.ndim))
    shape = (1, -1, *[1] * (x.ndim - 2))
    return _normalized(x, axes, eps) * w.reshape(shape) + b.reshape(shape)


@_operation("normalized over the last axis, then times w plus b, which have its shape")
def layer_norm(x, w, b, eps=1e-5):
    return _normalized(x, (-1,), eps) * w + b


@_operation("normalized over each of the groups of channels, then times w plus b, of shape (C,)")
def group_norm(x, w, b, groups=1, eps=1e-5):
    shape = (1, -1, *[1] * (x.ndim - 2))
    grouped = x.reshape(x.shape[0], groups, -1)
    return _normalized(grouped, (2,), eps).reshape(x.shape) * w.reshape(shape) + b.reshape(shape)


def _largest(x, axis):  # type: ignore[no-untyped-def]
    """A constant that keeps exp from overflowing."""
    data = x.data if isinstance(x, ag.Tensor) else x
    return np.max(data, axis=axis, keepdims=True)


@_operation("exp(x), divided by its sum over an axis")
def softmax(x, axis=-1):
    e = ag.exp(x - _largest(x, axis))
    return e / e.sum(axis=axis, keepdims=True)


@_operation("the logarithm of softmax")
def log_softmax(x, axis=-1):
    off = x - _largest(x, axis)
    return off - ag.log(ag.exp(off).sum(axis=axis, keepdims=True))


@_operation(
    "minus the log-softmax of the target's class; x (N, classes), targets (N,)", ("targets",)
)
def cross_entropy(x, targets, reduction="mean", label_smoothing=0.0):
    off = x - _largest(x, 1)
    logs = off - ag.log(ag.exp(off).sum(axis=1, keepdims=True))
    rows = -(1.0 - label_smoothing) * logs[np.arange(x.shape[0]), targets]
    rows = rows - label_smoothing * logs.mean(axis=1)
    return _reduced(rows, reduction)


@_operation("log(1 + exp(x)) - x * targets, of logits x", ("targets",))
def binary_cross_entropy_with_logits(x, targets, reduction="mean"):
    return _reduced(ag.log(1.0 + ag.exp(x)) - x * targets, reduction)


@_operation("the squared difference of x and y")
def mse_loss(x, y, reduction="mean"):
    return _reduced((x - y) * (x - y), reduction)


@_operation("0.5 * d**2 where |d| = |x - y| is at most delta, else delta * (|d| - delta / 2)")
def huber_loss(x, y, reduction="mean", delta=1.0):
    d = ag.absolute(x - y)
    return _reduced(ag.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta)), reduction)


def _reduced(rows, reduction):  # type: ignore[no-untyped-def]
    return rows.mean() if reduction == "mean" else rows.sum() if reduction == "sum" else rows
