"""Softmax cross-entropy in one piece, and its gradient.

    softmax(x, *, axis) -> probabilities
    log_softmax(x, *, axis) -> log_probabilities
    softmax_cross_entropy(x, targets, weight, *, ignore_index, label_smoothing, reduction)
        -> (loss, log_probabilities)
    softmax_cross_entropy_gradient(g, log_probabilities, targets, weight, *,
        ignore_index, label_smoothing, reduction) -> gx

``x`` are logits of shape (N, C, *spatial) or (C,); ``targets`` class indices, integers of shape
(N, *spatial) or (); ``weight`` is None or (C,), one factor per class; ``reduction`` is ``"mean"``,
``"sum"`` or ``"none"``.

With log p = x − max x − log Σ exp(x − max x), no logit is too large for exp. The loss of one
sample with class t is −(1 − ε)·w_t·log p_t − (ε/C)·Σ_c w_c·log p_c with label smoothing ε. Samples
whose class is ``ignore_index`` have loss 0. The mean divides by Σ w_t over the others, so it is NaN
when all are ignored.
"""

import numpy as np


def log_softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """Logarithm of the softmax of ``x`` along ``axis``, exact for logits of any size.

    >>> log_softmax(np.array([1e4, 1e4]), axis=0)
    array([-0.69314718, -0.69314718])
    """
    if x.dtype == np.float16:
        return log_softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    if x.dtype.kind == "O":
        shifted = x - x.max(axis=axis, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    shifted = x - x.max(axis=axis, keepdims=True)
    shifted -= np.log(np.exp(shifted).sum(axis=axis, keepdims=True))
    return shifted


@np.errstate(invalid="ignore", divide="ignore")  # ∞ and NaN are answers here
def softmax(x: np.ndarray, *, axis: int) -> np.ndarray:
    """exp(x) / Σ exp(x) along ``axis``, for values of any size.

    >>> softmax(np.array([1e4, 1e4]), axis=0)
    array([0.5, 0.5])
    """
    if x.dtype == np.float16:
        return softmax(x.astype(np.float32), axis=axis).astype(np.float16)
    result = np.exp(x - x.max(axis=axis, keepdims=True))
    result /= result.sum(axis=axis, keepdims=True)
    return result


def softmax_cross_entropy(
    x: np.ndarray,
    targets: np.ndarray,
    weight: np.ndarray | None,
    *,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
    reduction: str = "mean",
) -> tuple[np.ndarray, np.ndarray]:
    """Cross-entropy of logits ``x`` and class indices, and the log-probabilities.

    The loss has shape () for ``"mean"`` and ``"sum"``, that of ``targets`` for ``"none"``. Raises
    IndexError where a target is neither a class nor ``ignore_index``.

    >>> loss, _ = softmax_cross_entropy(np.zeros((1, 4)), np.array([2]), None)
    >>> bool(np.isclose(loss, np.log(4)))
    True
    """
    axis = min(1, x.ndim - 1)
    log_probabilities = log_softmax(x, axis=axis)
    kept, classes = _classes(targets, x.shape[axis], ignore_index)
    working = _working(log_probabilities)
    factors = _factors(kept, classes, weight, working.dtype)
    losses = -factors * _pick(working, classes, axis)
    if label_smoothing:
        rest = working if weight is None else working * _along(weight, axis, x.ndim)
        uniform = -kept.astype(working.dtype) * rest.sum(axis=axis)
        losses = (1.0 - label_smoothing) * losses + (label_smoothing / x.shape[axis]) * uniform
    # What is ignored stays 0 even where its logits are infinite or NaN.
    losses = np.where(kept, losses, np.zeros((), working.dtype))
    if reduction == "mean":
        loss = losses.sum() / factors.sum()
    else:
        loss = losses.sum() if reduction == "sum" else losses
    result = np.empty(np.shape(loss) if reduction == "none" else (), x.dtype)
    result[...] = loss
    return result, log_probabilities


@np.errstate(invalid="ignore", divide="ignore")
def softmax_cross_entropy_gradient(
    g: np.ndarray,
    log_probabilities: np.ndarray,
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
    axis = min(1, log_probabilities.ndim - 1)
    size = log_probabilities.shape[axis]
    kept, classes = _classes(targets, size, ignore_index)
    working = _working(log_probabilities)
    factors = _factors(kept, classes, weight, working.dtype)
    upstream = np.asarray(g, working.dtype)
    if reduction == "mean":
        upstream = upstream / factors.sum()
    share = np.where(kept, upstream * factors, np.zeros((), working.dtype))
    gx = np.exp(working)
    if not label_smoothing:
        gx *= np.expand_dims(share, axis)
        _add_at(gx, classes, axis, -share)
    else:
        smooth = (label_smoothing / size) * np.where(kept, upstream, 0.0).astype(working.dtype)
        all_classes = np.ones(size, working.dtype) if weight is None else weight
        share = (1.0 - label_smoothing) * share
        gx *= np.expand_dims(share + smooth * all_classes.sum(), axis)
        gx -= np.expand_dims(smooth, axis) * _along(all_classes, axis, gx.ndim)
        _add_at(gx, classes, axis, -share)
    if not kept.all():
        np.copyto(gx, 0, where=~np.expand_dims(kept, axis))
    return gx.astype(log_probabilities.dtype, copy=False)


def _working(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _classes(targets: np.ndarray, size: int, ignore_index: int) -> tuple[np.ndarray, np.ndarray]:
    """Which targets count, and the targets with class 0 in place of those that do not."""
    kept = np.asarray(targets != ignore_index)
    classes = np.where(kept, targets, 0)
    if classes.size and not (0 <= classes.min() and classes.max() < size):
        wrong = classes[(classes < 0) | (classes >= size)].flat[0]
        raise IndexError(
            f"cross_entropy: target {wrong} is not one of the {size} classes 0…{size - 1} "
            f"nor ignore_index={ignore_index}"
        )
    return kept, classes


def _factors(
    kept: np.ndarray, classes: np.ndarray, weight: np.ndarray | None, dtype: np.dtype
) -> np.ndarray:
    """The weight of each sample's class, 0 for what is ignored."""
    counted = kept.astype(dtype)
    return counted if weight is None else counted * weight[classes]


def _along(weight: np.ndarray, axis: int, ndim: int) -> np.ndarray:
    return weight.reshape((-1,) + (1,) * (ndim - 1 - axis))


def _pick(x: np.ndarray, classes: np.ndarray, axis: int) -> np.ndarray:
    """Entry ``classes`` of every sample of ``x``."""
    return np.take_along_axis(x, np.expand_dims(classes, axis), axis).squeeze(axis)


def _add_at(x: np.ndarray, classes: np.ndarray, axis: int, values: np.ndarray) -> None:
    """``x[n, classes[n]] += values[n]`` for every sample n."""
    places = np.expand_dims(classes, axis)
    sums = np.take_along_axis(x, places, axis) + np.expand_dims(values, axis)
    np.put_along_axis(x, places, sums, axis)
