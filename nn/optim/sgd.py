"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent with momentum (Polyak 1964) or Nesterov's (Sutskever et al. 2013).

    With gradient g (plus ``weight_decay``·p): the first buffer is b = g, then
    b ← momentum·b + (1 − dampening)·g, and p ← p − lr·b; with Nesterov p ← p − lr·(g + momentum·b).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: learning rate. Default 1e-3.
        momentum: share of the last step that goes on. Default 0.
        dampening: share of the gradient that does not enter the buffer. Default 0.
        weight_decay: factor of the L2 penalty. Default 0.
        nesterov: look ahead; needs momentum and no dampening. Default False.
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.7
    """

    _kernel = staticmethod(kernels.sgd)
    _at_most_one = ("dampening",)

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(
            lr=lr,
            momentum=momentum,
            dampening=dampening,
            weight_decay=weight_decay,
            nesterov=nesterov,
            maximize=maximize,
        )
        super().__init__(params, settings)

    def _check(self, options: Mapping[str, Any]) -> None:
        super()._check(options)
        if options["nesterov"] and not (options["momentum"] > 0 and options["dampening"] == 0):
            raise ValueError(
                f"{self._who}: nesterov=True needs momentum above 0 and dampening 0, got "
                f"momentum={options['momentum']} and dampening={options['dampening']}"
            )

    def _update_all(
        self, work: list[tuple[np.ndarray, np.ndarray, dict[str, Any]]], group: dict[str, Any]
    ) -> None:
        first: list[Any] = []
        later: list[Any] = []
        for array, grad, state in work:
            buffer = state.get("momentum_buffer")
            begins = buffer is None
            if not group["momentum"]:
                buffer = None
            elif begins:
                buffer = state["momentum_buffer"] = np.empty_like(array, kernels.state_dtype(array))
            (first if begins else later).append((array, grad, buffer))
        options = self._settings(group)
        for parameters in (first, later):
            if parameters:
                kernels.sgd_all(parameters, first=parameters is first, **options)
