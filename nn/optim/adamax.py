"""Adamax: Adam with the largest gradient in place of the mean square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer


class Adamax(Optimizer):
    """Adamax (Kingma & Ba 2015): Adam with the largest gradient in place of the mean square.

    m ← β₁·m + (1 − β₁)·g and u ← max(β₂·u, |g| + eps), both from 0; then at step t
    p ← p − lr / (1 − β₁ᵗ) · m / u.

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 2e-3.
        betas: β₁ and β₂, how slowly the mean moves and the largest is forgotten.
            Default (0.9, 0.999).
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: factor of the L2 penalty. Default 0.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.Adamax([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9
    """

    _kept = ("exp_avg", "exp_inf")
    _kernel = staticmethod(kernels.adamax)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(params, settings)
