"""NAdam: Adam with Nesterov's momentum."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, fill_state


class NAdam(Optimizer):
    """NAdam (Dozat 2016): Adam with Nesterov's momentum.

    With μₜ = β₁·(1 − 0.96^(t·momentum_decay)/2), Πμ the product of all of them so far, and Adam's m
    and v: p ← p − lr·((1 − μₜ)/(1 − Πμ)·g + μₜ₊₁/(1 − Πμ·μₜ₊₁)·m) / (√(v/(1 − β₂ᵗ)) + eps).

    PyTorch keeps Πμ in float32 unless its default dtype is float64; here it is a float64 always.

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 2e-3.
        betas: β₁ and β₂, how slowly the two means move. Default (0.9, 0.999).
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: factor of the L2 penalty. Default 0.
        momentum_decay: how fast μ grows. Default 4e-3.
        decoupled_weight_decay: shrink the parameter by lr·weight_decay instead, as AdamW does.
            Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.NAdam([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.8944
    """

    _kept = ("exp_avg", "exp_avg_sq")
    _kernel = staticmethod(kernels.nadam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            momentum_decay=momentum_decay,
            decoupled_weight_decay=decoupled_weight_decay,
            maximize=maximize,
        )
        super().__init__(params, settings)

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        fill_state(array, state, self._kept)
        state["step"] += 1
        settings = self._settings(group) | {"step": state["step"]}
        product = state.get("mu_product", 1.0)
        state["mu_product"] = kernels.nadam(
            array, grad, state["exp_avg"], state["exp_avg_sq"], product, **settings
        )
