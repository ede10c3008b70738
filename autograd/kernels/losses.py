"""Softmax cross-entropy in one piece, and its gradient.

    softmax(x, *, axis) -> probabilities
    log_softmax(x, *, axis) -> log_probabilities
    softmax_gradient(g, y, *, axis) -> gx or None;  log_softmax_gradient, the same
    dot(x, y, *, axis) -> sums
    softmax_cross_entropy(x, targets, weight, *, ignore_index, label_smoothing, reduction)
        -> (loss, probabilities)
    softmax_cross_entropy_gradient(g, probabilities, targets, weight, *,
        ignore_index, label_smoothing, reduction) -> gx
    negative_log_likelihood(x, targets, weight, *, ignore_index, reduction) -> loss
    negative_log_likelihood_gradient(g, targets, weight, *, shape, dtype, ignore_index, reduction) -> gx

``x`` are logits of shape (N, C, *spatial) or (C,); ``targets`` class indices, integers of shape
(N, *spatial) or (); ``weight`` is None or (C,), one factor per class; ``reduction`` is ``"mean"``,
``"sum"`` or ``"none"``.

With log p = x − max x − log Σ exp(x − max x), no logit is too large for exp. (A maximum for each
sample costs more than exp itself, the two bounds of all little; so softmax asks for these first.)
Sums over the last axis are products with ones. The loss of one
sample with class t is −(1 − ε)·w_t·log p_t − (ε/C)·Σ_c w_c·log p_c with label smoothing ε. Samples
whose class is ``ignore_index`` have loss 0. The mean divides by Σ w_t over the others, so it is NaN
when all are ignored.

For losses without smoothing there are kernels in C, as for softmax (``native/losses.inc``).
"""

from typing import Any

import numpy as np

from autograd.kernels import native
from autograd.kernels.bounds import Bound
from autograd.kernels.threads import VECTOR_ALONE, matmul
from autograd.kernels.tuning import BLAS_SUMS

# exp(x) of no larger |x| and sums of it fit into single precision with ease.
MODEST: Bound[float] = 32.0

_CLASSES = np.iinfo(np.int64)


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """Logarithm of the softmax of ``x`` along ``axis``, exact for logits of any size.

    >>> log_softmax(np.array([1e4, 1e4]), axis=0)
    array([-0.69314718, -0.69314718])
    """
    if native.plain(x):
        native.library.log_softmax(x, axis % x.ndim, result := np.empty_like(x))
        return result
    if x.dtype == np.float16:
        return log_softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    if x.dtype.kind == "O":
        shifted = x - x.max(axis=axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    shifted = x - np.maximum.reduce(x, axis=axis, keepdims=True)
    total = _sum(np.exp(shifted), axis)
    shifted -= np.log(total, out=total)
    return shifted


def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """exp(x) / Σ exp(x) along ``axis``, for values of any size.

    >>> softmax(np.array([1e4, 1e4]), axis=0)
    array([0.5, 0.5])
    """
    if native.plain(x):
        native.library.softmax(x, axis % x.ndim, result := np.empty_like(x))
        return result
    return _softmax_by_numpy(x, axis)


@np.errstate(invalid="ignore", divide="ignore")  # ∞ and NaN are answers here
def _softmax_by_numpy(x: np.ndarray, axis: int) -> np.ndarray:
    if x.dtype == np.float16:
        return softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    result = np.exp(x if _within(x, MODEST) else x - np.maximum.reduce(x, axis=axis, keepdims=True))
    result /= _sum(result, axis)
    return result


def softmax_gradient(g: Any, y: Any, *, axis: int) -> np.ndarray | None:
    """y · (g − Σ g·y), the gradient of y = softmax(x), where there is a kernel; else None."""
    if not native.plain(g, y):
        return None
    native.library.softmax_gradient(g, y, axis % y.ndim, gx := np.empty_like(y))
    return gx


def log_softmax_gradient(g: Any, y: Any, *, axis: int) -> np.ndarray | None:
    """g − exp(y) · Σ g, the gradient of y = log_softmax(x), where there is a kernel; else None."""
    if not native.plain(g, y):
        return None
    native.library.log_softmax_gradient(g, y, axis % y.ndim, gx := np.empty_like(y))
    return gx


def dot(x: np.ndarray, y: np.ndarray, *, axis: int) -> np.ndarray:
    """Σ x·y over an axis, which stays with size 1.

    >>> dot(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), axis=1)
    array([[11.]])
    """
    if x.dtype == np.float16 or y.dtype == np.float16:
        wide = [a.astype(np.float32) if a.dtype == np.float16 else a for a in (x, y)]
        return dot(*wide, axis=axis).astype(np.result_type(x, y))
    if _in_lines(x, axis) and _in_lines(y, axis) and x.shape[-1] <= VECTOR_ALONE:
        return np.vecdot(x, y)[..., None]
    return np.asarray((x * y).sum(axis=axis, keepdims=True))


def _within(x: np.ndarray, bound: float) -> bool:
    """Whether no |x| is above the bound, or NaN; False for no numbers at all."""
    return bool(x.dtype.kind == "f" and x.size and x.max() <= bound and x.min() >= -bound)


def _sum(x: np.ndarray, axis: int) -> np.ndarray:
    """Sum over an axis, which stays with size 1."""
    if x.size >= BLAS_SUMS and _in_lines(x, axis):
        width = x.shape[-1]
        sums = matmul(x.reshape(-1, width), np.ones(width, x.dtype))
        return sums.reshape(*x.shape[:-1], 1)
    return np.asarray(np.add.reduce(x, axis=axis, keepdims=True))


def _in_lines(x: np.ndarray, axis: int) -> bool:
    """Whether BLAS knows the dtype, and the axis is the last one, also in memory."""
    last = axis % x.ndim == x.ndim - 1
    return last and x.flags.c_contiguous and x.dtype in (np.float32, np.float64)


def softmax_cross_entropy(
    x: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy of logits ``x`` and class indices, and the probabilities.

    The loss has shape () for ``"mean"`` and ``"sum"``, that of ``targets`` for ``"none"``. Raises
    IndexError where a target is neither a class nor ``ignore_index``.

    >>> loss, _ = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]), None)
    >>> bool(np.isclose(loss, np.log(4)))
    True
    """
    if _has_kernel(x, targets, weight, ignore_index, label_smoothing):
        probabilities, losses = np.empty_like(x), np.empty(targets.shape, x.dtype)
        sums = native.library.cross_entropy(x, targets, weight, ignore_index, probabilities, losses)
        if sums is not None:
            if reduction == "none":
                return losses, probabilities
            total, weights = sums
            if reduction == "mean":
                total = total / weights if weights else np.nan
            return np.asarray(total, x.dtype), probabilities
    return _by_numpy(x, targets, weight, ignore_index, label_smoothing, reduction)


def _has_kernel(
    x: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    ignore_index: int,
    label_smoothing: float,
) -> bool:
    """Whether the kernels in C may try: they find out by themselves whether all targets are classes."""
    return (
        not label_smoothing
        and native.plain(x, weight)
        and x.ndim >= 2
        and targets.dtype == np.int64
        and targets.flags.c_contiguous
        and targets.flags.aligned
        and _CLASSES.min <= ignore_index <= _CLASSES.max
    )


@np.errstate(invalid="ignore", divide="ignore")
def _by_numpy(
    x: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    ignore_index: int,
    label_smoothing: float,
    reduction: str,
) -> tuple[np.ndarray, np.ndarray]:
    """`softmax_cross_entropy` by NumPy."""
    axis = min(1, x.ndim - 1)
    working = x.astype(np.float32) if x.dtype == np.float16 else x
    kept, classes = _classes(targets, ignore_index, x.shape[axis])
    factors = _factors(kept, classes, weight, working.dtype)
    shifted = working - np.maximum.reduce(working, axis=axis, keepdims=True)
    chosen = shifted[_places(classes)]
    weighted = shifted.sum(axis=axis) if label_smoothing and weight is None else None
    if label_smoothing and weight is not None:
        weighted = (shifted * _along(weight, axis, x.ndim)).sum(axis=axis)
    probabilities = np.exp(shifted, out=shifted)
    total = _sum(probabilities, axis)
    probabilities /= total
    log_total = np.log(total).reshape(classes.shape)
    losses = log_total - chosen
    if weight is not None:
        losses *= weight[classes]
    if label_smoothing:
        all_weights = x.shape[axis] if weight is None else weight.sum()
        uniform = (weighted - all_weights * log_total) * (label_smoothing / x.shape[axis])
        losses = (1.0 - label_smoothing) * losses - uniform
    if kept is not None:  # what is ignored costs 0 even where its logits are infinite or NaN
        losses = np.where(kept, losses, np.zeros((), working.dtype))
    loss = losses if reduction == "none" else losses.sum()
    if reduction == "mean":
        loss = loss / (losses.size if factors is None else factors.sum())
    return np.asarray(loss, x.dtype), probabilities.astype(x.dtype, copy=False)


def softmax_cross_entropy_gradient(
    g: np.ndarray,
    probabilities: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> np.ndarray:
    """Gradient of the loss with respect to the logits, from what the forward pass returned.

    For one sample with target distribution q (already weighted) it is g·(p·Σq − q): without
    weights and smoothing the familiar p − onehot.
    """
    if _has_kernel(probabilities, targets, weight, ignore_index, label_smoothing):
        gx = _gradient_in_c(g, probabilities, targets, weight, ignore_index, reduction)
        if gx is not None:
            return gx
    options = ignore_index, label_smoothing, reduction
    return _gradient_by_numpy(g, probabilities, targets, weight, *options)


@np.errstate(invalid="ignore", divide="ignore")
def _gradient_by_numpy(
    g: np.ndarray,
    probabilities: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    ignore_index: int,
    label_smoothing: float,
    reduction: str,
) -> np.ndarray:
    """`softmax_cross_entropy_gradient` by NumPy."""
    axis = min(1, probabilities.ndim - 1)
    size = probabilities.shape[axis]
    dtype = probabilities.dtype
    working = np.dtype(np.float32) if dtype == np.float16 else dtype
    kept, classes = _classes(targets, ignore_index, size)
    factors = _factors(kept, classes, weight, working)
    upstream = np.asarray(g, working)
    if reduction == "mean":
        upstream = upstream / (classes.size if factors is None else factors.sum())
    if upstream.ndim == 0 and factors is None and not label_smoothing:
        gx = probabilities * upstream  # every sample counts the same
        gx[_places(classes)] -= upstream
        return gx.astype(dtype, copy=False)
    upstream = np.broadcast_to(upstream, classes.shape)
    if kept is not None:
        upstream = np.where(kept, upstream, np.zeros((), working))
    share = upstream if factors is None else upstream * factors
    if not label_smoothing:
        gx = probabilities * np.expand_dims(share, axis)
    else:
        smooth = upstream * (label_smoothing / size)
        all_classes = np.ones(size, working) if weight is None else weight
        share = (1.0 - label_smoothing) * share
        gx = probabilities * np.expand_dims(share + smooth * all_classes.sum(), axis)
        gx -= np.expand_dims(smooth, axis) * _along(all_classes, axis, gx.ndim)
    gx[_places(classes)] -= share  # each sample once, so nothing is lost
    if kept is not None:
        np.copyto(gx, 0, where=~np.expand_dims(kept, axis))
    return gx.astype(dtype, copy=False)


def _gradient_in_c(g, probabilities, targets, weight, ignore_index, reduction):
    """`softmax_cross_entropy_gradient` by the kernel; None where not all targets are classes."""
    if reduction == "none":
        share = np.ascontiguousarray(np.broadcast_to(g, targets.shape), probabilities.dtype)
    else:
        share = float(g)
    gx = np.empty_like(probabilities)
    done = native.library.cross_entropy_gradient(
        share, int(reduction == "mean"), probabilities, targets, weight, ignore_index, gx
    )
    return gx if done else None


def _classes(
    targets: np.ndarray, ignore_index: int, size: int, who: str = "cross_entropy"
) -> tuple[np.ndarray | None, np.ndarray]:
    """Which targets count (None: all), and the targets with class 0 in place of the others."""
    ignores_a_class = 0 <= ignore_index < size
    if not targets.size or (not ignores_a_class and _are_classes(targets, size)):
        return None, targets
    kept = np.asarray(targets != ignore_index)
    if kept.all():
        classes, some = targets, None
    else:
        classes, some = np.where(kept, targets, 0), kept
    if not _are_classes(classes, size):
        wrong = classes[(classes < 0) | (classes >= size)].flat[0]
        raise IndexError(
            f"{who}: target {wrong} is not one of the {size} classes 0…{size - 1} "
            f"nor ignore_index={ignore_index}"
        )
    return some, classes


def _are_classes(targets: np.ndarray, size: int) -> bool:
    return bool(
        0 <= np.minimum.reduce(targets, axis=None) and np.maximum.reduce(targets, axis=None) < size
    )


def _factors(
    kept: np.ndarray | None, classes: np.ndarray, weight: np.ndarray | None, dtype: np.dtype
) -> np.ndarray | None:
    """The weight of each sample's class, 0 for what is ignored; None where all are 1."""
    if weight is None:
        return None if kept is None else kept.astype(dtype)
    return weight[classes] if kept is None else np.where(kept, weight[classes], 0)


def _along(weight: np.ndarray, axis: int, ndim: int) -> np.ndarray:
    return weight.reshape((-1,) + (1,) * (ndim - 1 - axis))


def _places(classes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Index that picks, from an array (N, C, *S), for every sample the entry of its class."""
    if classes.ndim == 0:
        return (classes,)
    if classes.ndim == 1:
        return np.arange(classes.size), classes
    samples = np.ix_(*map(np.arange, classes.shape))
    return (samples[0], classes, *samples[1:])


# Negative log-likelihood --------------------------------------------------------------------------


def negative_log_likelihood(
    x: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> np.ndarray:
    """−x at each sample's class, times the weight of the class.

    Raises IndexError where a target is neither a class nor ``ignore_index``.

    >>> negative_log_likelihood(np.array([[-1.0, -3.0]]), np.array([1]), None)
    array(3.)
    """
    kept, classes = _classes(targets, ignore_index, x.shape[min(1, x.ndim - 1)], "nll_loss")
    factors = _factors(kept, classes, weight, x.dtype)
    losses = -x[_places(classes)]
    if weight is not None:
        losses = losses * factors
    if kept is not None:  # what is ignored costs 0 even where it is infinite or NaN
        losses = np.where(kept, losses, np.zeros((), x.dtype))
    if reduction == "none":
        return np.asarray(losses, x.dtype)
    total = np.add.reduce(losses, axis=None)
    if reduction == "mean":
        total = _over_weights(total, factors, classes)
    return np.asarray(total, x.dtype)


def negative_log_likelihood_gradient(
    g: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    *,
    shape: tuple[int, ...],
    dtype: Any,
    ignore_index: int,
    reduction: str,
) -> np.ndarray:
    """Gradient of `negative_log_likelihood`: −g · weight at the classes, 0 elsewhere."""
    kept, classes = _classes(targets, ignore_index, shape[min(1, len(shape) - 1)], "nll_loss")
    factors = _factors(kept, classes, weight, dtype)
    slope = -_over_weights(g, factors, classes) if reduction == "mean" else -g
    if factors is not None:
        slope = slope * factors
    gx = np.zeros(shape, dtype)
    gx[_places(classes)] = slope if kept is None else np.where(kept, slope, 0)
    return gx


def _over_weights(total: Any, factors: np.ndarray | None, classes: np.ndarray) -> Any:
    """A sum divided by that of the weights: NaN if all are ignored."""
    count = np.add.reduce(factors, axis=None) if factors is not None else classes.size
    return total / count if count else total * np.nan
