"""RAdam: Adam with a rectified rate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer


class RAdam(Optimizer):
    """RAdam (Liu et al. 2020): Adam that steps by its mean alone until the mean square is known.

    With Adam's m and v, ρ∞ = 2/(1 − β₂) − 1 and ρ = ρ∞ − 2t·β₂ᵗ/(1 − β₂ᵗ): p ← p − lr/(1 − β₁ᵗ)·m
    while ρ ≤ 5; then the step is multiplied by √((ρ − 4)(ρ − 2)ρ∞ / ((ρ∞ − 4)(ρ∞ − 2)ρ)) and by
    √(1 − β₂ᵗ) / (√v + eps).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-3.
        betas: β₁ and β₂, how slowly the two means move. Default (0.9, 0.999).
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: factor of the L2 penalty. Default 0.
        decoupled_weight_decay: shrink the parameter by lr·weight_decay instead, as AdamW does.
            Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.RAdam([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.7
    """

    _kept = ("exp_avg", "exp_avg_sq")
    _kernel = staticmethod(kernels.radam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )
        super().__init__(params, settings)
