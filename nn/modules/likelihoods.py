"""Negative log-likelihoods of numbers, counts and sequences, as modules."""

from __future__ import annotations

from typing import Any

from autograd import arguments
from nn.functional import plain as F
from nn.modules.losses import Loss

__all__ = ["CTCLoss", "GaussianNLLLoss", "PoissonNLLLoss"]


class GaussianNLLLoss(Loss):
    """½(log σ² + (x − y)²/σ²), with σ² as third argument; see `nn.functional.gaussian_nll_loss`.

    Args:
        full: add ½ log 2π. Default False.
        eps: variances below it count as it. Default 1e-6.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(reduction=reduction)
        self.full = arguments.boolean("GaussianNLLLoss", "full", full)
        self.eps = arguments.real("GaussianNLLLoss", "eps", eps, 0.0, open_low=True)

    def forward(self, input: Any, target: Any, var: Any) -> Any:
        return F.gaussian_nll_loss(input, target, var, self.full, self.eps, self.reduction)


class PoissonNLLLoss(Loss):
    """exp(x) − y·x for counts y; see `nn.functional.poisson_nll_loss`.

    Args:
        log_input: whether x is the rate's logarithm, not the rate. Default True.
        full: add log y! by Stirling's formula. Default False.
        eps: added to a rate before its logarithm is taken. Default 1e-8.
        reduction, size_average, reduce: as in `MarginRankingLoss`.
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: bool | None = None,
        eps: float = 1e-8,
        reduce: bool | None = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        who = "PoissonNLLLoss"
        self.log_input = arguments.boolean(who, "log_input", log_input)
        self.full = arguments.boolean(who, "full", full)
        self.eps = arguments.real(who, "eps", eps, 0.0)

    def forward(self, log_input: Any, target: Any) -> Any:
        return F.poisson_nll_loss(
            log_input, target, self.log_input, self.full, eps=self.eps, reduction=self.reduction
        )


class CTCLoss(Loss):
    """−log of a sequence's probability over all alignments; see `nn.functional.ctc_loss`.

    Args:
        blank: the class that stands for nothing. Default 0.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        zero_infinity: targets that no alignment fits give 0 instead of inf. Default False.
    """

    def __init__(
        self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False
    ) -> None:
        super().__init__(reduction=reduction)
        self.blank = arguments.integer("CTCLoss", "blank", blank, 0)
        self.zero_infinity = arguments.boolean("CTCLoss", "zero_infinity", zero_infinity)

    def forward(self, log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any) -> Any:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction,
            self.zero_infinity,
        )  # fmt: skip
