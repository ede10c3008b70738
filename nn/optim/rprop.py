"""Rprop: steps by the sign of the gradient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd import arguments
from autograd import optimizers as kernels
from nn.optim.optimizer import Optimizer, check_number, check_pair, fill_state


class Rprop(Optimizer):
    """Rprop (Riedmiller & Braun 1993): steps by the sign of the gradient, for whole batches.

    Every number has a step size of its own. Where the gradient keeps its sign the size grows by the
    second of ``etas``; where the sign changes it shrinks by the first, and this step is left out.
    Then p ← p − size·sign(g).

    Args:
        params: tensors to optimize, or dictionaries of parameter groups.
        lr: the first step size. Default 1e-2.
        etas: factors on the size, below and above 1. Default (0.5, 1.2).
        step_sizes: the least and the largest size. Default (1e-6, 50).
        maximize: go uphill. Default False.

    Raises:
        TypeError, ValueError: for hyper-parameters or parameters that cannot work.

    Example:
        >>> import nn
        >>> w = nn.Parameter([1.0])
        >>> optimizer = nn.optim.Rprop([w], lr=0.1)
        >>> (3 * w).sum().backward()
        >>> optimizer.step()
        >>> round(w.item(), 4)
        0.9
    """

    _kept = ("prev", "step_size")
    _kernel = staticmethod(kernels.rprop)
    _counts_steps = False

    def __init__(
        self,
        params: Iterable[Any],
        lr: float = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        maximize: bool = False,
    ) -> None:
        settings = dict(lr=lr, etas=etas, step_sizes=step_sizes, maximize=maximize)
        super().__init__(params, settings)

    def _check(self, options: Mapping[str, Any]) -> None:
        check_number(self._who, "lr", options["lr"])
        for name in ("etas", "step_sizes"):
            check_pair(self._who, name, options[name])
        small, large = options["etas"]
        check_number(self._who, "etas[0]", small, high=1.0, above=True, below=True)
        check_number(self._who, "etas[1]", large, low=1.0, above=True)
        least, most = options["step_sizes"]
        check_number(self._who, "step_sizes[0]", least)
        check_number(self._who, "step_sizes[1]", most, low=least)
        arguments.boolean(self._who, "maximize", options["maximize"])

    def _update(
        self, array: np.ndarray, grad: np.ndarray, state: dict[str, Any], group: dict[str, Any]
    ) -> None:
        fill_state(array, state, ["step_size"], group["lr"])
        super()._update(array, grad, state, group)

    def _settings(self, group: Mapping[str, Any]) -> dict[str, Any]:
        return {name: group[name] for name in ("etas", "step_sizes", "maximize")}
