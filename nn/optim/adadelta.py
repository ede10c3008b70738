"""Adadelta: steps in the units of the parameter."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer


class Adadelta(Optimizer):
    """Adadelta (Zeiler 2012): steps in the units of the parameter, from its own past steps.

    v ← rho·v + (1 − rho)·g²; Δ = √(w + eps) / √(v + eps) · g; w ← rho·w + (1 − rho)·Δ²;
    p ← p − lr·Δ. Both v and w start from 0.

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: factor on the steps. Default 1.
        rho: how slowly the means move. Default 0.9.
        eps: what the first steps grow from. Default 1e-6.
        weight_decay: factor of the L2 penalty. Default 0.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.Adadelta([w], lr=1.0)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9968
    """

    _kept = ("square_avg", "acc_delta")
    _kernel = staticmethod(kernels.adadelta)
    _counts_steps = False
    _at_most_one = ("rho",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(lr=lr, rho=rho, eps=eps, weight_decay=weight_decay, maximize=maximize)
        super().__init__(params, settings)
