"""RMSprop: steps scaled by a running mean of squared gradients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, fill_state


class RMSprop(Optimizer):
    """RMSprop (Hinton's lecture 6e, 2012), centred as in Graves 2013 if asked for.

    v ← alpha·v + (1 − alpha)·g²; then p ← p − lr·g / (√v + eps). Centred, v minus the square of
    the mean gradient stands under the root (0 where rounding makes that negative); with momentum, b ← momentum·b + g / (√v + eps) and
    p ← p − lr·b.

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-2.
        alpha: how slowly the means move. Default 0.99.
        eps: keeps the denominator from 0. Default 1e-8.
        weight_decay: factor of the L2 penalty. Default 0.
        momentum: share of the last step that goes on. Default 0.
        centered: divide by an estimate of the variance. Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.RMSprop([w], lr=0.01)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9
    """

    _kernel = staticmethod(kernels.rmsprop)
    _at_most_one = ("alpha",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            alpha=alpha,
            eps=eps,
            weight_decay=weight_decay,
            momentum=momentum,
            centered=centered,
            maximize=maximize,
        )
        super().__init__(params, settings)

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        wanted = {
            "square_avg": True,
            "grad_avg": group["centered"],
            "momentum_buffer": group["momentum"] > 0,
        }
        fill_state(array, state, [name for name, on in wanted.items() if on])
        state["step"] += 1
        mean, buffer = (state[n] if wanted[n] else None for n in ("grad_avg", "momentum_buffer"))
        square = state["square_avg"]
        kernels.rmsprop(array, grad, square, mean, buffer, **self._settings(group))

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        names = ("lr", "alpha", "eps", "weight_decay", "momentum", "maximize")
        return {name: group[name] for name in names}
