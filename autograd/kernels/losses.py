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


@np.errstate(invalid="ignore", divide="ignore")
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
    working = _working(log_probabilities)
    kept, classes = _classes(targets, ignore_index)
    _check_range(classes, x.shape[axis], ignore_index)
    factors = _factors(kept, classes, weight, working.dtype)
    losses = -working[_places(classes)]
    if weight is not None:
        losses = losses * weight[classes]
    if label_smoothing:
        rest = working if weight is None else working * _along(weight, axis, x.ndim)
        uniform = rest.sum(axis=axis) * (label_smoothing / x.shape[axis])
        losses = (1.0 - label_smoothing) * losses - uniform
    if kept is not None:  # what is ignored costs 0 even where its logits are infinite or NaN
        losses = np.where(kept, losses, np.zeros((), working.dtype))
    loss = losses if reduction == "none" else losses.sum()
    if reduction == "mean":
        loss = loss / (losses.size if factors is None else factors.sum())
    result = np.empty(losses.shape if reduction == "none" else (), x.dtype)
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
    working = _working(log_probabilities)
    kept, classes = _classes(targets, ignore_index)
    factors = _factors(kept, classes, weight, working.dtype)
    upstream = np.asarray(g, working.dtype)
    if reduction == "mean":
        upstream = upstream / (classes.size if factors is None else factors.sum())
    upstream = np.broadcast_to(upstream, classes.shape)
    if kept is not None:
        upstream = np.where(kept, upstream, np.zeros((), working.dtype))
    share = upstream if factors is None else upstream * factors
    gx = np.exp(working)
    if not label_smoothing:
        gx *= np.expand_dims(share, axis)
    else:
        smooth = upstream * (label_smoothing / size)
        all_classes = np.ones(size, working.dtype) if weight is None else weight
        share = (1.0 - label_smoothing) * share
        gx *= np.expand_dims(share + smooth * all_classes.sum(), axis)
        gx -= np.expand_dims(smooth, axis) * _along(all_classes, axis, gx.ndim)
    gx[_places(classes)] -= share  # each sample once, so nothing is lost
    if kept is not None:
        np.copyto(gx, 0, where=~np.expand_dims(kept, axis))
    return gx.astype(log_probabilities.dtype, copy=False)


def _working(x: np.ndarray) -> np.ndarray:
    return x.astype(np.float32) if x.dtype == np.float16 else x


def _classes(targets: np.ndarray, ignore_index: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Which targets count (None: all), and the targets with class 0 in place of the others."""
    kept = np.asarray(targets != ignore_index)
    return (None, targets) if kept.all() else (kept, np.where(kept, targets, 0))


def _check_range(classes: np.ndarray, size: int, ignore_index: int) -> None:
    if classes.size and not (0 <= classes.min() and classes.max() < size):
        wrong = classes[(classes < 0) | (classes >= size)].flat[0]
        raise IndexError(
            f"cross_entropy: target {wrong} is not one of the {size} classes 0…{size - 1} "
            f"nor ignore_index={ignore_index}"
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
    samples = (
        np.ix_(*map(np.arange, classes.shape)) if classes.ndim > 1 else (np.arange(classes.size),)
    )
    return (samples[0], classes, *samples[1:])
