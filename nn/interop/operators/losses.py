"""Losses; PyTorch's operators tell the reduction by a number."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.promotion import common

REDUCTIONS = ("none", "mean", "sum")


def _reduced(loss: Any, reduction: int) -> Any:
    if reduction == 1:
        return ag.mean(loss)
    return ag.sum(loss) if reduction == 2 else loss


def _pair(function: Any) -> Any:
    def of(self: Any, target: Any, reduction: int = 1, **options: Any) -> Any:
        x, y = common(self, target)
        if x.shape != y.shape:
            x, y = ag.broadcast_arrays(x, y)
        return function(x, y, reduction=REDUCTIONS[reduction], **options)

    return of


def smooth_l1_loss(self: Any, target: Any, reduction: int = 1, beta: float = 1.0) -> Any:
    return _pair(F.smooth_l1_loss)(self, target, reduction, beta=beta)


def huber_loss(self: Any, target: Any, reduction: int = 1, delta: float = 1.0) -> Any:
    return _pair(F.huber_loss)(self, target, reduction, delta=delta)


def binary_cross_entropy(self: Any, target: Any, weight: Any = None, reduction: int = 1) -> Any:
    return F.binary_cross_entropy(self, target, weight, reduction=REDUCTIONS[reduction])


def binary_cross_entropy_with_logits(
    self: Any, target: Any, weight: Any = None, pos_weight: Any = None, reduction: int = 1
) -> Any:
    return F.binary_cross_entropy_with_logits(
        self, target, weight, reduction=REDUCTIONS[reduction], pos_weight=pos_weight
    )


def nll_loss(
    self: Any, target: Any, weight: Any = None, reduction: int = 1, ignore_index: int = -100
) -> Any:
    return F.nll_loss(
        self, target, weight, ignore_index=ignore_index, reduction=REDUCTIONS[reduction]
    )


def nll_loss_forward(self: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The loss, and the sum of the weights of the targets that count."""
    classes = np.asarray(target.data)
    counted = classes != ignore_index
    if weight is None:
        total = float(counted.sum())
    else:
        total = float(np.asarray(weight.data)[classes[counted]].sum())
    loss = nll_loss(self, target, weight, reduction, ignore_index)
    return loss, ag.as_tensor(total if reduction else 0.0, dtype=self.dtype)


def cross_entropy_loss(
    self: Any,
    target: Any,
    weight: Any = None,
    reduction: int = 1,
    ignore_index: int = -100,
    label_smoothing: float = 0.0,
) -> Any:
    return F.cross_entropy(
        self, target, weight, ignore_index=ignore_index, reduction=REDUCTIONS[reduction],
        label_smoothing=label_smoothing,
    )  # fmt: skip


def kl_div(self: Any, target: Any, reduction: int = 1, log_target: bool = False) -> Any:
    x, y = ag.broadcast_arrays(self, target)
    return F.kl_div(x, y, reduction=REDUCTIONS[reduction], log_target=log_target)


def poisson_nll_loss(
    input: Any, target: Any, log_input: bool, full: bool, eps: float, reduction: int
) -> Any:
    if log_input:
        loss = ag.exp(input) - target * input
    else:
        loss = input - target * ag.log(input + eps)
    if full:  # Stirling's approximation of log target!
        safe = ag.where(target > 1, target, 1.0)
        more = target * ag.log(safe) - target + 0.5 * ag.log(2 * math.pi * safe)
        loss = loss + ag.where(target > 1, more, 0.0)
    return _reduced(loss, reduction)


def soft_margin_loss(self: Any, target: Any, reduction: int = 1) -> Any:
    return _reduced(ag.log1p(ag.exp(-target * self)), reduction)


def hinge_embedding_loss(self: Any, target: Any, margin: float = 1.0, reduction: int = 1) -> Any:
    apart = ag.where(target == 1, 0.0, _above(margin - self, 0.0))
    alike = ag.where(target == -1, 0.0, self)
    return _reduced(apart + alike, reduction)


def _above(x: Any, low: float) -> Any:
    """clamp_min: the slope at the bound itself is 1."""
    return ag.clip(x, low)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 1
) -> Any:
    return _reduced(_above(-target * (input1 - input2) + margin, 0.0), reduction)


def triplet_margin_loss(
    anchor: Any,
    positive: Any,
    negative: Any,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: int = 1,
) -> Any:
    def apart(x: Any, y: Any) -> Any:
        return ag.linalg.vector_norm(x - y + eps, ord=p, axis=-1)

    far = apart(anchor, negative)
    if swap:
        far = ag.minimum(far, apart(positive, negative))
    return _reduced(_above(margin + apart(anchor, positive) - far, 0.0), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 1
) -> Any:
    eps = 1e-12
    product = ag.sum(input1 * input2, axis=-1)
    squares = (ag.sum(x * x, axis=-1) + eps for x in (input1, input2))
    a, b = squares
    cosine = product / ag.sqrt(a * b)
    alike = ag.where(target == 1, 1.0 - cosine, 0.0)
    unlike = ag.where(target == -1, _above(cosine - margin, 0.0), 0.0)
    return _reduced(alike + unlike, reduction)


def multi_margin_loss(
    self: Any,
    target: Any,
    p: Any = 1,
    margin: Any = 1,
    weight: Any = None,
    reduction: int = 1,
) -> Any:
    x = self if self.ndim == 2 else ag.expand_dims(self, axis=0)
    classes = np.atleast_1d(np.asarray(target.data))
    rows = np.arange(len(classes))
    right = ag.expand_dims(ag.getitem(x, (rows, classes)), axis=1)
    violation = ag.relu(margin - right + x)
    terms = violation if p == 1 else violation * violation
    if weight is not None:
        terms = terms * ag.expand_dims(ag.getitem(weight, classes), axis=1)
    others = np.ones(x.shape, bool)
    others[rows, classes] = False
    loss = ag.sum(ag.where(ag.as_tensor(others), terms, 0.0), axis=1) / x.shape[1]
    return _reduced(loss if self.ndim == 2 else ag.squeeze(loss, axis=0), reduction)


def multilabel_margin_loss(self: Any, target: Any, reduction: int = 1) -> Any:
    """Every wanted class against every other; targets stand first in their row, then −1."""
    x = self if self.ndim == 2 else ag.expand_dims(self, axis=0)
    wanted = np.atleast_2d(np.asarray(target.data))
    loss = []
    for k, row in enumerate(wanted):
        end = np.flatnonzero(row < 0)
        classes = row[: end[0]] if len(end) else row
        others = np.setdiff1d(np.arange(x.shape[1]), classes)
        here, there = ag.getitem(x, (k, classes)), ag.getitem(x, (k, others))
        apart = ag.expand_dims(here, axis=1) - ag.expand_dims(there, axis=0)
        loss.append(ag.sum(ag.relu(1.0 - apart)) / x.shape[1])
    result = ag.stack(loss)
    return _reduced(result if self.ndim == 2 else ag.squeeze(result, axis=0), reduction)


def ctc_loss(
    log_probs: Any,
    targets: Any,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: int = 1,
    zero_infinity: bool = False,
) -> Any:
    return F.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, REDUCTIONS[reduction],
        zero_infinity,
    )  # fmt: skip


TABLE: dict[str, Any] = {
    "mse_loss": _pair(F.mse_loss),
    "l1_loss": _pair(F.l1_loss),
    "smooth_l1_loss": smooth_l1_loss,
    "huber_loss": huber_loss,
    "binary_cross_entropy": binary_cross_entropy,
    "binary_cross_entropy_with_logits": binary_cross_entropy_with_logits,
    "nll_loss": nll_loss,
    "nll_loss_nd": nll_loss,
    "nll_loss2d": nll_loss,
    "nll_loss_forward": nll_loss_forward,
    "nll_loss2d_forward": nll_loss_forward,
    "cross_entropy_loss": cross_entropy_loss,
    "kl_div": kl_div,
    "poisson_nll_loss": poisson_nll_loss,
    "soft_margin_loss": soft_margin_loss,
    "hinge_embedding_loss": hinge_embedding_loss,
    "margin_ranking_loss": margin_ranking_loss,
    "triplet_margin_loss": triplet_margin_loss,
    "cosine_embedding_loss": cosine_embedding_loss,
    "multi_margin_loss": multi_margin_loss,
    "multilabel_margin_loss": multilabel_margin_loss,
    "glassgrad::ctc_loss": ctc_loss,
}
