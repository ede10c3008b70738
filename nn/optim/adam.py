"""Adam and AdamW: steps scaled by running means of the gradient and of its square."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, fill_state


class Adam(Optimizer):
    """Adam (Kingma & Ba 2015), with the L2 penalty in the gradient.

    m ← β₁·m + (1 − β₁)·g and v ← β₂·v + (1 − β₂)·g², both from 0; then at step t
    p ← p − lr / (1 − β₁ᵗ) · m / (√v / √(1 − β₂ᵗ) + eps).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-3.
        betas: β₁ and β₂, how slowly the two means move. Default (0.9, 0.999).
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: factor of the L2 penalty. Default 0.
        amsgrad: use the largest v so far (Reddi et al. 2018). Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.Adam([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9
    """

    _decoupled = False
    _kernel = staticmethod(kernels.adam)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            betas=betas,
            eps=eps,
            weight_decay=weight_decay,
            amsgrad=amsgrad,
            maximize=maximize,
        )
        super().__init__(params, settings)

    def _update_all(
        self, work: list[tuple[np.ndarray, np.ndarray, dict[str, Any]]], group: dict[str, Any]
    ) -> None:
        names = ["exp_avg", "exp_avg_sq"] + ["max_exp_avg_sq"] * bool(group["amsgrad"])
        by_step: dict[int, list[Any]] = {}  # parameters that were frozen for a while lag behind
        for array, grad, state in work:
            fill_state(array, state, names)
            state["step"] += 1
            top = state["max_exp_avg_sq"] if group["amsgrad"] else None
            arrays = (array, grad, state["exp_avg"], state["exp_avg_sq"], top)
            by_step.setdefault(state["step"], []).append(arrays)
        settings = self._settings(group)
        del settings["amsgrad"]
        for step, parameters in by_step.items():
            kernels.adam_all(parameters, step=step, decoupled=self._decoupled, **settings)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient (Loshchilov & Hutter 2019).

    Before Adam's step, p ← p·(1 − lr·weight_decay).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-3.
        betas: how slowly the means of gradient and square move. Default (0.9, 0.999).
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: share of a parameter lost per step, times lr. Default 1e-2.
        amsgrad: use the largest mean square so far. Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.AdamW([w], lr=0.1, weight_decay=0.5)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.85
    """

    _decoupled = True

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize)
