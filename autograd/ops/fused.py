"""Fused primitives: whole layers and losses that are one node, for speed.

Each names its composite, the same function in plain primitives: that is what it means, what runs
under ``create_graph``, and what the tests compare it with.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, broadcast_shape, floating
from autograd.arguments.half import HALF, in_single, rounded, single
from autograd.core.modes import is_grad_enabled
from autograd.core.primitive import primitive
from autograd.kernels import losses as loss_kernels
from autograd.kernels.normalization import any_axes as kernels
from autograd.kernels.threads import matmul as matmul_kernel
from autograd.kernels.threads import prepare_matmul
from autograd.ops.activations import log_softmax
from autograd.ops.elementwise import where
from autograd.ops.products import matmul
from autograd.ops.reductions import mean, sum_to_axis, var
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import reshape, swapaxes
from autograd.ops.transcendental import exp
from autograd.prepared import prepares

__all__ = ["cross_entropy", "linear", "nll_loss", "normalize"]


# Linear -------------------------------------------------------------------------------------------

#: Pairs of dtypes that nothing has to be asked of.
_USUAL = ("ff", "dd")


@primitive(recordable=True)
def linear(x: Any, w: Any, bias: Any = None) -> Any:
    """x · wᵀ + bias, a dense layer.

    Args:
        x: shape (..., I).
        w: shape (O, I).
        bias: shape (O,), or None.

    Returns:
        Shape (..., O).

    Raises:
        TypeError: for what are no floating-point numbers.
        ValueError: naming the shapes that do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.linear(ag.tensor([1.0, 2.0]), ag.tensor([[1.0, 0.0], [3.0, 4.0]]))
        Tensor([ 1., 11.])
    """
    usual = type(x) is type(w) is np.ndarray and x.dtype.char + w.dtype.char in _USUAL
    if not usual:
        x, w = floating("linear", "x", x, w, bias), floating("linear", "w", w, x, bias)
    if w.ndim != 2 or not x.ndim or x.shape[-1] != w.shape[1]:
        raise ValueError(
            f"linear: x (..., I) and the weight (O, I) do not fit together, got x {x.shape} and "
            f"weight {w.shape}{_probably(x.shape, w.shape)}"
        )
    if bias is not None:
        if type(bias) is not np.ndarray or bias.dtype is not x.dtype:
            bias = floating("linear", "bias", bias, x, w)
        if bias.shape != w.shape[:1]:
            raise ValueError(f"linear: bias must have shape ({w.shape[0]},), got {bias.shape}")
    if not usual:
        if object in (x.dtype, w.dtype):
            y = np.matmul(x, w.T)
            return y if bias is None else y + bias
        if x.dtype == HALF == w.dtype:
            y = linear.primitive.forward(single(x), single(w), single(bias))
            return rounded(y) if bias is None or bias.dtype == HALF else y
    y = matmul_kernel(x, w.T)
    if bias is None:
        return y
    if y.dtype is bias.dtype or y.dtype == np.result_type(y, bias):
        y += bias
        return y
    return y + bias


def _rows(x: Any) -> Any:
    """All leading axes as one."""
    return x if len(x.shape) == 2 else reshape(x, (-1, x.shape[-1]))


linear.gradients(
    x=lambda g, w: matmul(g, w),
    w=lambda g, x: matmul(_rows(g).T, _rows(x)),
    bias=lambda g: sum_to_axis(g, len(g.shape) - 1),
)


@prepares(linear.primitive.forward)
def _prepare_linear(x, w, bias=None):  # type: ignore[no-untyped-def]
    product = prepare_matmul(x, w.T)
    if product is None or (bias is not None and bias.dtype != x.dtype):
        return None

    def forward(x, w, bias=None):  # type: ignore[no-untyped-def]
        y = product(x, w.T)
        if bias is not None:
            y += bias
        return y

    return forward


@prepares(linear.primitive.rules["x"].function)
def _prepare_linear_gx(g, w):  # type: ignore[no-untyped-def]
    return prepare_matmul(g, w)


@prepares(linear.primitive.rules["w"].function)
def _prepare_linear_gw(g, x):  # type: ignore[no-untyped-def]
    count = x.size // x.shape[-1] if x.size else 0
    rows, inputs = (count, g.shape[-1]), (count, x.shape[-1])
    product = prepare_matmul(g.reshape(rows).T, x.reshape(inputs)) if count else None
    return product and (lambda g, x: product(g.reshape(rows).T, x.reshape(inputs)))


@linear.composite
def _linear_by_parts(x, w, bias=None):  # type: ignore[no-untyped-def]
    y = matmul(x, swapaxes(w, 0, 1))
    return y if bias is None else y + bias


def _probably(x: tuple[int, ...], w: tuple[int, ...]) -> str:
    """What the caller of ``linear`` will have meant, by the shapes."""
    if len(w) != 2 or not x:
        return ""
    outputs, inputs = w
    if len(x) > 2 and math.prod(x[1:]) == inputs:
        return "; flatten it first: x.flatten(1), or nn.Flatten() before the layer"
    if len(x) > 1 and math.prod(x) == inputs:
        told = " · ".join(map(str, x))
        return f"; {told} = {inputs}: is it one sample without a batch axis? x[None] gives it one"
    if x[-1] == outputs:
        return "; the weight is (outputs, inputs), so that weight.T would fit"
    return f"; x has {x[-1]} features: nn.Linear({x[-1]}, {outputs}) would fit"


# Normalisation ------------------------------------------------------------------------------------


@primitive(
    name="normalize", outputs=4, aliases=("batch_norm", "layer_norm", "group_norm", "instance_norm")
)
def _normalize(x, weight=None, bias=None, *, axes, eps, groups=None, centred=True):  # type: ignore[no-untyped-def]
    return kernels.normalize(x, weight, bias, axes=axes, eps=eps, groups=groups, centred=centred)


def _normalize_gradient(g, x, weight, out1, out2, bias_shape, axes, groups, centred):  # type: ignore[no-untyped-def]
    """(g·w − mean(g·w) − x̂ · mean(g·w · x̂)) / std; for w: sum of g · x̂; for b: sum of g."""
    if g[1] is not None or g[2] is not None or g[3] is not None:
        return _through_statistics(g, x, weight, out1, out2, bias_shape, axes, groups, centred)
    off = out1 if centred else None
    gx, gweight, gbias = kernels.normalize_gradient(
        g[0], x, weight, off, out2, axes=axes, groups=groups
    )
    if bias_shape is not None and gbias.shape != bias_shape:
        if groups is None:
            gbias = kernels.sum_to(g[0], bias_shape)
        else:
            gbias = sum_to_axis(g[0], 1)
    return gx, gweight, gbias


def _through_statistics(g, x, weight, mean_, rstd, bias_shape, axes, groups, centred):  # type: ignore[no-untyped-def]
    """As above, when the statistics themselves were used too."""
    n = x.size // mean_.size if mean_.size else 1
    gx = np.zeros(x.shape, x.dtype)
    gweight = None if weight is None else np.zeros(weight.shape, weight.dtype)
    gbias = None if bias_shape is None else np.zeros(bias_shape, x.dtype)
    if g[0] is not None:
        given = (g[0], None, None, None)
        gx, gweight, gbias = _normalize_gradient(
            given, x, weight, mean_, rstd, bias_shape, axes, groups, centred
        )
    shape = x.shape
    if len(mean_.shape) > len(shape):  # of groups of channels
        x, gx = (a.reshape(*mean_.shape[:2], -1, *shape[2:]) for a in (x, gx))
    around = x - mean_
    if g[1] is not None and centred:  # mean
        gx = gx + g[1] / n
    if g[2] is not None:  # 1/√(variance + eps): −½ rstd³ · d variance
        gx = gx - g[2] * rstd**3 * around / n
    if g[3] is not None:  # variance
        gx = gx + g[3] * 2.0 * around / n
    return gx.reshape(shape), gweight, gbias


_normalize.gradients(("x", "weight", "bias"), _normalize_gradient)


@_normalize.composite
def _normalize_by_parts(x, weight=None, bias=None, *, axes, eps, groups=None, centred=True):  # type: ignore[no-untyped-def]
    if groups is not None:
        return _normalize_groups_by_parts(x, weight, bias, axes, eps, groups, centred)
    if centred:
        mean_, variance = mean(x, axes, True), var(x, axes, keepdims=True)
    else:
        variance = mean(x * x, axes, True)
        mean_ = variance * 0.0
    rstd = (variance + eps) ** -0.5
    y = (x - mean_) * rstd if centred else x * rstd
    if weight is not None:
        y = y * weight
    if bias is not None:
        y = y + bias
    return y, mean_, rstd, variance


def _normalize_groups_by_parts(x, weight, bias, axes, eps, groups, centred):  # type: ignore[no-untyped-def]
    shape = x.shape
    channels = (shape[1],) + (1,) * (len(shape) - 2)
    if 1 in axes:
        x = reshape(x, (shape[0], groups, shape[1] // groups, *shape[2:]))
        channels = x.shape[1:3] + channels[1:]
        axes = tuple(range(2, len(x.shape)))
    weight, bias = (None if p is None else reshape(p, channels) for p in (weight, bias))
    y, *statistics = _normalize_by_parts(x, weight, bias, axes=axes, eps=eps, centred=centred)
    return reshape(y, shape), *statistics


@lru_cache(maxsize=1024)
def _normalized_axes(
    shape: Any, weight: Any, bias: Any, axes: Any, groups: int | None
) -> tuple[int, ...]:
    """The axes from 0, once all shapes fit."""
    axes = arguments.axes("normalize", axes, len(shape))
    if groups is None:
        for name, other in (("weight", weight), ("bias", bias)):
            if other is not None and broadcast_shape("normalize", shape, other) != shape:
                raise ValueError(
                    f"normalize: {name} of shape {other} is larger than x of shape {shape}"
                )
        return axes
    if len(shape) < 2 or shape[1] % groups:
        raise ValueError(f"normalize: groups={groups} does not divide axis 1 of shape {shape}")
    if 1 in axes and sorted(axes) != list(range(1, len(shape))):
        raise ValueError(
            f"normalize: with groups of channels all axes from 1 on are averaged over, got {axes}"
        )
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other != (shape[1],):
            raise ValueError(
                f"normalize: with groups, {name} must have shape ({shape[1]},), one per channel, "
                f"got {other}"
            )
    return axes


def normalize(
    x: Any,
    weight: Any = None,
    bias: Any = None,
    *,
    axes: Any,
    eps: float = 1e-5,
    groups: int | None = None,
    centred: bool = True,
) -> tuple[Any, Any, Any, Any]:
    """(x − mean) / √(variance + eps) · weight + bias, averaging over some axes.

    Batch, layer, group and instance normalisation are this function over different axes
    (Ioffe & Szegedy 2015; Ba, Kiros & Hinton 2016).

    Args:
        x: any shape.
        weight, bias: broadcasting with x, or None.
        axes: the axes that are averaged over.
        eps: added to the variance.
        groups: None; or into how many groups axis 1, the channels, falls, and weight and bias have
            shape (C,), one number for each channel. Where axis 1 is averaged over it is so within
            each group, together with all axes after it: group norm. Batch and instance norm have
            one group. Default None.
        centred: False leaves the mean where it is, and takes ⟨x²⟩ for the variance and 0 for the
            mean: RMS norm (Zhang & Sennrich 2019). Default True.

    Returns:
        (y, mean, 1/√(variance + eps), variance); the variance is the biased one, and the
        statistics keep the averaged axes with size 1, those of groups in shape (N, groups, 1, ...).
        All four can be differentiated.

    Example:
        >>> import autograd as ag
        >>> y, mean, rstd, variance = ag.normalize(ag.tensor([[1.0, 3.0]]), axes=(1,), eps=0.0)
        >>> y
        Tensor([[-1.,  1.]])
    """
    x = floating("normalize", "x", x, weight, bias)
    weight = weight if weight is None else array_like("normalize: weight", weight, x)
    bias = bias if bias is None else array_like("normalize: bias", bias, x)
    if type(axes) is not tuple or any([type(axis) is not int for axis in axes]):
        axes = arguments.axes("normalize", axes, len(x.shape))
    if groups is not None:
        groups = arguments.integer("normalize", "groups", groups)
    shapes = x.shape, None if weight is None else weight.shape, None if bias is None else bias.shape
    axes = _normalized_axes(*shapes, axes, groups)
    eps = arguments.real("normalize", "eps", eps, 0.0)
    centred = arguments.boolean("normalize", "centred", centred)
    return _normalize(x, weight, bias, axes=axes, eps=eps, groups=groups, centred=centred)


# Cross-entropy ------------------------------------------------------------------------------------


@primitive(name="cross_entropy", outputs=2)
def _cross_entropy(x, targets, weight=None, *, ignore_index, label_smoothing, reduction):  # type: ignore[no-untyped-def]
    return loss_kernels.softmax_cross_entropy(
        x, targets, weight, ignore_index=ignore_index, label_smoothing=label_smoothing,
        reduction=reduction,
    )  # fmt: skip


def _cross_entropy_slope(g, out1, targets, weight, ignore_index, label_smoothing, reduction):  # type: ignore[no-untyped-def]
    """g · (probability − 1) at the right class, g · probability at the others; ÷ rows if a mean."""
    return loss_kernels.softmax_cross_entropy_gradient(
        g[0], out1, targets, weight, ignore_index=ignore_index,
        label_smoothing=label_smoothing, reduction=reduction,
    )  # fmt: skip


_cross_entropy.gradients(x=_cross_entropy_slope)


def _one_hot(classes: Any, shape: tuple[int, ...]) -> str:
    """What to write where the targets are a row of noughts and a one for each sample, or a column."""
    if classes.shape == shape:
        return "; for rows that are 1 at the class, give its number: targets.argmax(axis=1)"
    return "; targets.squeeze(1) has no column" if classes.shape == (*shape[:1], 1) else ""


@_cross_entropy.composite
def _cross_entropy_by_parts(x, targets, weight=None, *, ignore_index, label_smoothing, reduction):  # type: ignore[no-untyped-def]
    axis = min(1, len(x.shape) - 1)
    log_p = log_softmax(x, axis)
    classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (len(x.shape) - 1 - axis))
    kept = np.asarray(targets != ignore_index)
    chosen = np.expand_dims(kept, axis) & (
        np.expand_dims(targets, axis) == classes
    )  # one-hot; no class where ignored
    per_class = 1.0 if weight is None else reshape(weight, classes.shape)
    factors = sum_(where(chosen, per_class, 0.0), axis)
    loss = -(1.0 - label_smoothing) * sum_(where(chosen, log_p * per_class, 0.0), axis)
    if label_smoothing:
        spread = sum_(log_p * per_class, axis) * (label_smoothing / x.shape[axis])
        loss = loss - where(kept, spread, 0.0)
    if reduction == "none":
        return loss, exp(log_p)
    total = sum_(loss)
    return (total / sum_(where(kept, factors, 0.0)) if reduction == "mean" else total), exp(log_p)


@primitive(name="nll_loss")
def _nll_loss(x, targets, weight=None, *, ignore_index, reduction):  # type: ignore[no-untyped-def]
    return loss_kernels.negative_log_likelihood(
        x, targets, weight, ignore_index=ignore_index, reduction=reduction
    )


def _nll_loss_slope(g, targets, weight, x_shape, x_dtype, ignore_index, reduction):  # type: ignore[no-untyped-def]
    """−g at the right class, 0 at the others; times the weight of the class, ÷ their sum if a mean."""
    return loss_kernels.negative_log_likelihood_gradient(
        g, targets, weight, shape=x_shape, dtype=x_dtype, ignore_index=ignore_index,
        reduction=reduction,
    )  # fmt: skip


_nll_loss.gradients(x=_nll_loss_slope)


@_nll_loss.composite
def _nll_loss_by_parts(x, targets, weight=None, *, ignore_index, reduction):  # type: ignore[no-untyped-def]
    axis = min(1, len(x.shape) - 1)
    classes = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (len(x.shape) - 1 - axis))
    kept = np.asarray(targets != ignore_index)
    chosen = np.expand_dims(kept, axis) & (np.expand_dims(targets, axis) == classes)
    per_class = 1.0 if weight is None else reshape(weight, classes.shape)
    loss = -sum_(where(chosen, x * per_class, 0.0), axis)
    if reduction == "none":
        return loss
    total = sum_(loss)
    return total / sum_(where(chosen, per_class, 0.0)) if reduction == "mean" else total


@in_single
def cross_entropy(
    x: Any,
    targets: Any,
    weight: Any = None,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
    *,
    who: str = "cross_entropy",
) -> Any:
    """−log softmax(x) at the target classes: one fused node, stable for logits of any size.

    Args:
        x: logits, shape (C,), (N, C) or (N, C, *S).
        targets: integer classes, shape (), (N,) or (N, *S).
        weight: a factor per class, shape (C,); or None. Gradients flow to it, too.
        ignore_index: targets of this value count nothing.
        label_smoothing: this much of the target is spread over all classes, 0 to 1.
        reduction: ``"mean"`` (weighted; NaN if all are ignored), ``"sum"`` or ``"none"``.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.cross_entropy(ag.tensor([[0.0, 0.0]]), [1]).item()  # log 2
        0.6931471824645996
    """
    x, classes, weight = _with_classes(who, x, targets, weight)
    arguments.choice(who, "reduction", reduction, ("mean", "sum", "none"))
    smoothing = arguments.probability(who, "label_smoothing", label_smoothing)
    ignored = arguments.integer(who, "ignore_index", ignore_index, None)
    options: dict[str, Any] = {
        "ignore_index": ignored, "label_smoothing": smoothing, "reduction": reduction,
    }  # fmt: skip
    learnt = hasattr(weight, "_node")
    if x.dtype.kind == "O" or learnt:  # in plain primitives, once the kernel has seen the targets
        ones = None if weight is None else np.ones(weight.shape)
        loss_kernels.softmax_cross_entropy(np.zeros(x.shape), classes, ones, **options)
        return _cross_entropy_by_parts(x, classes, weight, **options)[0]
    return _cross_entropy(x, classes, weight, **options)[0]


def _with_classes(who: str, x: Any, targets: Any, weight: Any) -> tuple[Any, Any, Any]:
    """What a loss of classes is given, once it fits together: the weight as an array unless it learns."""
    x = floating(who, "x", x, weight)
    shape = x.shape
    if not shape:
        raise ValueError(f"{who}: x needs a class axis, got shape ()")
    classes = arguments.passed_on(targets, arguments.integer_array(who, "targets", targets))
    expected = shape[:1] + shape[2:] if len(shape) > 1 else ()
    if classes.shape != expected:
        raise ValueError(
            f"{who}: for x of shape {shape} targets must have shape {expected}, "
            f"got {classes.shape}{_one_hot(classes, shape)}"
        )
    if weight is not None:
        learnt = getattr(weight, "_node", None) is not None and is_grad_enabled()
        if not learnt:
            given, weight = weight, arguments.array_like(who, arguments.raw(weight), x)
            if weight.dtype.kind not in "fiubO":
                raise TypeError(f"{who}: weight must hold numbers, got dtype {weight.dtype}")
            weight = np.asarray(weight, None if x.dtype.kind == "O" else x.dtype)
            weight = arguments.passed_on(given, weight)
        size = shape[min(1, len(shape) - 1)]
        if weight.shape != (size,):
            raise ValueError(
                f"{who}: weight must have shape ({size},), one per class, got {weight.shape}"
            )
    return x, classes, weight


@in_single
def nll_loss(
    x: Any,
    targets: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    *,
    who: str = "nll_loss",
) -> Any:
    """−x at the target classes; of log-probabilities, the negative log-likelihood.

    Args:
        x: log-probabilities, shape (C,), (N, C) or (N, C, *S).
        targets: integer classes, shape (), (N,) or (N, *S).
        weight, ignore_index, reduction: as in `cross_entropy`.

    Raises:
        IndexError: for a target that is no class; ValueError: for shapes that do not fit.

    Example:
        >>> import autograd as ag
        >>> ag.nll_loss(ag.tensor([[-0.25, -1.5]]), [1]).item()
        1.5
    """
    x, classes, weight = _with_classes(who, x, targets, weight)
    arguments.choice(who, "reduction", reduction, ("mean", "sum", "none"))
    ignored = arguments.integer(who, "ignore_index", ignore_index, None)
    options: dict[str, Any] = {"ignore_index": ignored, "reduction": reduction}
    if x.dtype.kind == "O" or hasattr(weight, "_node"):  # as for cross_entropy
        loss_kernels.negative_log_likelihood(np.zeros(x.shape), classes, None, **options)
        return _nll_loss_by_parts(x, classes, weight, **options)
    return _nll_loss(x, classes, weight, **options)
