"""Losses; PyTorch's operators tell the reduction by a number."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.promotion import cast, common

REDUCTIONS = ("none", "mean", "sum")


def _loss(
    function: Callable[..., Any],
    order: str,
    meet: bool = False,
    signs: bool = False,
    as_input: bool = False,
) -> Callable[..., Any]:
    """A loss of ours as an operator.

    Args:
        order: the operator's arguments, in their order, by our names; with our defaults.
        meet: whether the first two are brought to one dtype and shape first.
        signs: whether the target only says which, so that it has no gradient.
        as_input: whether the loss has the dtype of the input, whatever the target's is.
    """
    names = order.split()

    def of(*given: Any, **named: Any) -> Any:
        options = dict(zip(names, given, strict=False)) | named
        options["reduction"] = REDUCTIONS[options.get("reduction", 1)]
        if signs:
            options["target"] = options["target"].detach()
        if meet:
            x, y = common(*given[:2])
            options["input"], options["target"] = ag.broadcast_arrays(x, y)
        loss = function(**options)
        return cast(loss, given[0].dtype) if as_input else loss

    known = inspect.signature(function).parameters
    of.__signature__ = inspect.Signature([known[name] for name in names])  # type: ignore[attr-defined]
    return of


def nll_loss_forward(self: Any, target: Any, weight: Any, reduction: int, ignore_index: int) -> Any:
    """The loss, and the sum of the weights of the targets that count."""
    classes = np.asarray(target.data)
    counted = classes != ignore_index
    if weight is None:
        total = float(counted.sum())
    else:
        total = float(np.asarray(weight.data)[classes[counted]].sum())
    loss = F.nll_loss(
        self, target, weight, ignore_index=ignore_index, reduction=REDUCTIONS[reduction]
    )
    return loss, ag.as_tensor(total if reduction else 0.0, dtype=self.dtype)


# What ours refuse: targets with gradients, and a margin of 0 -----------------------------------------


def _reduced(loss: Any, reduction: int) -> Any:
    if reduction == 1:
        return ag.mean(loss)
    return ag.sum(loss) if reduction == 2 else loss


def soft_margin_loss(self: Any, target: Any, reduction: int = 1) -> Any:
    return _reduced(ag.log1p(ag.exp(-target * self)), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: int = 1
) -> Any:
    return _reduced(ag.clip(-target * (input1 - input2) + margin, 0.0), reduction)


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
    far = F.pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ag.minimum(far, F.pairwise_distance(positive, negative, p, eps))
    near = F.pairwise_distance(anchor, positive, p, eps)
    return _reduced(ag.clip(margin + near - far, 0.0), reduction)


TABLE: dict[str, Any] = {
    "mse_loss": _loss(F.mse_loss, "input target reduction", meet=True),
    "l1_loss": _loss(F.l1_loss, "input target reduction", meet=True),
    "smooth_l1_loss": _loss(F.smooth_l1_loss, "input target reduction beta", meet=True),
    "huber_loss": _loss(F.huber_loss, "input target reduction delta", meet=True, as_input=True),
    "binary_cross_entropy": _loss(F.binary_cross_entropy, "input target weight reduction"),
    "binary_cross_entropy_with_logits": _loss(
        F.binary_cross_entropy_with_logits, "input target weight pos_weight reduction"
    ),
    **dict.fromkeys(
        ("nll_loss", "nll_loss_nd", "nll_loss2d"),
        _loss(F.nll_loss, "input target weight reduction ignore_index"),
    ),
    "nll_loss_forward": nll_loss_forward,
    "nll_loss2d_forward": nll_loss_forward,
    "cross_entropy_loss": _loss(
        F.cross_entropy, "input target weight reduction ignore_index label_smoothing"
    ),
    "kl_div": _loss(F.kl_div, "input target reduction log_target"),
    "poisson_nll_loss": _loss(F.poisson_nll_loss, "input target log_input full eps reduction"),
    "soft_margin_loss": soft_margin_loss,
    "hinge_embedding_loss": _loss(
        F.hinge_embedding_loss, "input target margin reduction", signs=True
    ),
    "margin_ranking_loss": margin_ranking_loss,
    "triplet_margin_loss": triplet_margin_loss,
    "cosine_embedding_loss": _loss(
        F.cosine_embedding_loss, "input1 input2 target margin reduction", signs=True
    ),
    "multi_margin_loss": _loss(F.multi_margin_loss, "input target p margin weight reduction"),
    "multilabel_margin_loss": _loss(F.multilabel_margin_loss, "input target reduction"),
    "glassgrad::ctc_loss": _loss(
        F.ctc_loss,
        "log_probs targets input_lengths target_lengths blank reduction zero_infinity",
    ),
}
