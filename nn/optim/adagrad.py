"""Adagrad: steps scaled by the sum of all squared gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, fill_state


class Adagrad(Optimizer):
    """Adagrad (Duchi, Hazan & Singer 2011).

    s ← s + g²; then at step t, p ← p − lr / (1 + (t − 1)·lr_decay) · g / (√s + eps).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-2.
        lr_decay: how fast the learning rate falls. Default 0.
        weight_decay: factor of the L2 penalty. Default 0.
        initial_accumulator_value: what s starts from. Default 0.
        eps: keeps the denominator from 0. Default 1e-10.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.Adagrad([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9
    """

    _kept = ("sum",)
    _kernel = staticmethod(kernels.adagrad)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            lr_decay=lr_decay,
            weight_decay=weight_decay,
            initial_accumulator_value=initial_accumulator_value,
            eps=eps,
            maximize=maximize,
        )
        super().__init__(params, settings)

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        fill_state(array, state, ["sum"], group["initial_accumulator_value"])
        super()._update(array, grad, state, group)

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        names = ("lr", "lr_decay", "eps", "weight_decay", "maximize")
        return {name: group[name] for name in names}
