"""Learning-rate schedules: made on an optimizer, they set its groups' ``"lr"`` at every ``step()``.

They agree with PyTorch's step by step. To go on with a saved run, load the state dicts of optimizer
and schedule, in either order; or load the optimizer's and make the schedule with
``last_epoch=steps - 1``. Both give the rates of a run that never stopped. `OneCycleLR`, `CyclicLR`,
`CosineAnnealingWarmRestarts`, `LambdaLR` and `ReduceLROnPlateau` set the rate whatever it was; the
others change the one that they find, so several may be stepped side by side on one optimizer, or in
a `ChainedScheduler`, and their factors multiply.

    >>> import nn
    >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.8)
    >>> schedule = nn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> rates = []
    >>> for epoch in range(5):
    ...     rates.append(optimizer.param_groups[0]["lr"])
    ...     optimizer.step()
    ...     schedule.step()
    >>> rates
    [0.8, 0.8, 0.4, 0.4, 0.2]
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import autograd
from autograd import arguments
from nn.optim.composed import ChainedScheduler, SequentialLR
from nn.optim.cycles import CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR
from nn.optim.optimizer import Optimizer, check_number
from nn.optim.schedule import LRScheduler, Schedule, factor, milestones_from, one_each, whole

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class StepLR(LRScheduler):
    """Multiplies the rate by ``gamma`` every ``step_size`` epochs.

    Args:
        optimizer: the optimizer.
        step_size: epochs between two changes.
        gamma: the factor. Default 0.1.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.step_size = whole(self._who, "step_size", step_size)
        self.gamma = factor(self._who, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: float, group: int) -> float:
        return lr if self.last_epoch % self.step_size else lr * self.gamma


class MultiStepLR(LRScheduler):
    """Multiplies the rate by ``gamma`` at each milestone.

    Args:
        optimizer: the optimizer.
        milestones: epochs; one that stands twice counts twice.
        gamma: the factor. Default 0.1.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        milestones: Iterable[int],
        gamma: float = 0.1,
        last_epoch: int = -1,
    ) -> None:
        self.milestones = milestones_from(self._who, milestones)
        self.gamma = factor(self._who, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        return lr * self.gamma ** self.milestones.count(self.last_epoch)


class ExponentialLR(LRScheduler):
    """Multiplies the rate by ``gamma`` every epoch.

    Args:
        optimizer: the optimizer.
        gamma: the factor.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = factor(self._who, "gamma", gamma)
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: float, group: int) -> float:
        return lr * self.gamma


class ConstantLR(LRScheduler):
    """Multiplies the rate by ``factor`` for the first ``total_iters`` epochs.

    Args:
        optimizer: the optimizer.
        factor: in (0, 1]. Default 1/3.
        total_iters: epochs until the full rate. Default 5.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        factor: float = 1.0 / 3,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check_number(self._who, "factor", factor, high=1.0, above=True)
        self.factor = factor
        self.total_iters = whole(self._who, "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return lr * self.factor

    def _next(self, lr: float, group: int) -> float:
        return lr / self.factor if self.last_epoch == self.total_iters else lr


class LinearLR(LRScheduler):
    """Moves the factor on the rate from ``start_factor`` to ``end_factor`` in equal steps.

    Args:
        optimizer: the optimizer.
        start_factor: in (0, 1]. Default 1/3.
        end_factor: in [0, 1]. Default 1.
        total_iters: epochs until ``end_factor``. Default 5.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        check_number(self._who, "start_factor", start_factor, high=1.0, above=True)
        check_number(self._who, "end_factor", end_factor, high=1.0)
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = whole(self._who, "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return lr * self.start_factor

    def _next(self, lr: float, group: int) -> float:
        if self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return lr * (1.0 + rise / before)


class PolynomialLR(LRScheduler):
    """Lowers the rate to 0 along a polynomial: the factor at epoch t is (1 − t/total_iters)^power.

    Args:
        optimizer: the optimizer.
        total_iters: epochs until 0, where the rate stays. Default 5.
        power: of the polynomial, from 0. Default 1.
        last_epoch: as for `LRScheduler`.

    Example:
        >>> import nn
        >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
        >>> schedule = nn.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.5, 0.25, 0.0, 0.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        total_iters: int = 5,
        power: float = 1.0,
        last_epoch: int = -1,
    ) -> None:
        self.total_iters = whole(self._who, "total_iters", total_iters)
        self.power = factor(self._who, "power", power)
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: float, group: int) -> float:
        if self.last_epoch > self.total_iters:
            return lr
        left = 1.0 - self.last_epoch / self.total_iters
        before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return lr * float((left / before) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Lowers the rate along half a cosine to ``eta_min`` at ``T_max``, then raises it again.

    At epoch t the rate is eta_min + (base − eta_min)·(1 + cos(π·t / T_max)) / 2
    (Loshchilov & Hutter 2017, without restarts).

    Args:
        optimizer: the optimizer.
        T_max: epochs until the minimum.
        eta_min: the minimum. Default 0.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        self.T_max = whole(self._who, "T_max", T_max)
        check_number(self._who, "eta_min", eta_min)
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: float, group: int) -> float:
        angle = math.pi / self.T_max
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:  # rising from the minimum
            return lr + (self.base_lrs[group] - self.eta_min) * (1 - math.cos(angle)) / 2
        now = 1 + math.cos(angle * self.last_epoch)
        before = 1 + math.cos(angle * (self.last_epoch - 1))
        return now / before * (lr - self.eta_min) + self.eta_min


class _Lambdas(LRScheduler):
    """What schedules by functions of the epoch have in common."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        self.lr_lambdas = one_each(self._who, optimizer, lr_lambda)
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the functions."""
        state = super().state_dict()
        del state["lr_lambdas"]
        return state


class LambdaLR(_Lambdas):
    """Sets the rate to the base rate times a function of the epoch.

    Args:
        optimizer: the optimizer.
        lr_lambda: function from epoch number to factor, or a list of them, one a group.
        last_epoch: as for `LRScheduler`.
    """

    _absolute = True

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        return self.base_lrs[group] * float(self.lr_lambdas[group](self.last_epoch))


class MultiplicativeLR(_Lambdas):
    """Multiplies the rate at every epoch by what a function of the epoch gives.

    Args:
        optimizer: the optimizer.
        lr_lambda: a function of the epoch, from 1, that gives the factor; or a list, one a group.
        last_epoch: as for `LRScheduler`.

    Functions are not part of the state dict.

    Example:
        >>> import nn
        >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
        >>> schedule = nn.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> optimizer.step()
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.25]
    """

    def _next(self, lr: float, group: int) -> float:
        return lr * float(self.lr_lambdas[group](self.last_epoch))


class ReduceLROnPlateau(Schedule):
    """Multiplies the rate by ``factor`` when a metric has stopped getting better.

    Args:
        optimizer: the optimizer.
        mode: "min" if the metric should fall, "max" if it should rise. Default "min".
        factor: below 1. Default 0.1.
        patience: epochs without progress that are put up with. Default 10.
        threshold: smallest change that counts as progress. Default 1e-4.
        threshold_mode: "rel", a share of the best value, or "abs". Default "rel".
        cooldown: epochs after a change in which none is counted. Default 0.
        min_lr: the least rate, or one a group. Default 0.
        eps: changes of the rate up to this are not made. Default 1e-8.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | Sequence[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        super().__init__(optimizer)
        arguments.choice(self._who, "mode", mode, ("min", "max"))
        arguments.choice(self._who, "threshold_mode", threshold_mode, ("rel", "abs"))
        check_number(self._who, "factor", factor, high=1.0, below=True)
        check_number(self._who, "threshold", threshold)
        check_number(self._who, "eps", eps)
        self.min_lrs = self._per_group("min_lr", min_lr)
        self.mode, self.factor, self.threshold = mode, factor, threshold
        self.threshold_mode, self.eps = threshold_mode, eps
        self.patience = arguments.integer(self._who, "patience", patience, low=0)
        self.cooldown = arguments.integer(self._who, "cooldown", cooldown, low=0)
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = self.cooldown_counter = self.last_epoch = 0

    def step(self, metrics: Any) -> None:
        """Looks at the metric of one more epoch and lowers the rates if it is time.

        Args:
            metrics: the value, a number or 0-d tensor.
        """
        autograd.func.each_time(self._look_at, metrics)

    def _look_at(self, metrics: Any) -> None:
        try:
            value = float(metrics.item() if hasattr(metrics, "item") else metrics)
        except (TypeError, ValueError):
            raise TypeError(
                f"{self._who}: metrics must be a number, got {arguments.shown(metrics)}"
            ) from None
        self._mark()
        self.last_epoch += 1
        if self._is_better(value):
            self.best, self.num_bad_epochs = value, 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        lrs = self._lrs()
        if self.num_bad_epochs > self.patience:
            lowered = [
                max(lr * self.factor, least) for lr, least in zip(lrs, self.min_lrs, strict=True)
            ]
            lrs = [new if lr - new > self.eps else lr for lr, new in zip(lrs, lowered, strict=True)]
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
        self._set(lrs)

    def _is_better(self, value: float) -> bool:
        relative = self.threshold_mode == "rel" and math.isfinite(self.best)
        if self.mode == "min":
            limit = self.best * (1 - self.threshold) if relative else self.best - self.threshold
            return value < limit
        limit = self.best * (1 + self.threshold) if relative else self.best + self.threshold
        return value > limit


def __getattr__(name: str) -> Any:
    near = arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.optim.lr_scheduler' has no attribute {name!r}{near}")
