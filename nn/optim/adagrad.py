"""Adagrad: steps scaled by the sum of all squared gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import arguments
from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, check_number, fill_state


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
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "eps": eps,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _check(self, options: Mapping[str, Any]) -> None:
        for name in ("lr", "lr_decay", "weight_decay", "initial_accumulator_value", "eps"):
            check_number(self._who, name, options[name])
        arguments.boolean(self._who, "maximize", options["maximize"])

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        fill_state(array, state, ["sum"], group["initial_accumulator_value"])
        state["step"] += 1
        kernels.adagrad(
            array,
            grad,
            state["sum"],
            step=state["step"],
            lr=group["lr"],
            lr_decay=group["lr_decay"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            maximize=group["maximize"],
        )
