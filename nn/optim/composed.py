"""Schedules made of others: one after another, and all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import autograd
from autograd import arguments
from nn.optim.optimizer import Optimizer
from nn.optim.schedule import LRScheduler, Schedule, milestones_from


class _Parts(Schedule):
    """A schedule made of others, which keep their own state."""

    _schedulers: list[Any]

    def state_dict(self) -> dict[str, Any]:
        """As for any schedule, with the state dicts of the parts."""
        parts = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": parts}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave, in the parts too."""
        parts = arguments.mapping(self._who, "state_dict", state_dict).get("_schedulers", ())
        if len(parts) != len(self._schedulers):
            raise ValueError(
                f"{self._who}.load_state_dict: {len(parts)} saved schedules, "
                f"this one has {len(self._schedulers)}"
            )
        for scheduler, part in zip(self._schedulers, parts, strict=True):
            scheduler.load_state_dict(part)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})


class SequentialLR(_Parts, LRScheduler):
    """One schedule after another, each from its own start.

    Args:
        optimizer: the optimizer of all of them.
        schedulers: the schedules, in order.
        milestones: the epochs at which the second, third, ... take over.
        last_epoch: as for `LRScheduler`.

    Raises:
        ValueError: if numbers do not match or a schedule belongs to another optimizer.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: Sequence[LRScheduler],
        milestones: Iterable[int],
        last_epoch: int = -1,
    ) -> None:
        self._schedulers = arguments.elements(self._who, "schedulers", schedulers)
        self.milestones = milestones_from(self._who, milestones)
        if not self._schedulers or len(self.milestones) != len(self._schedulers) - 1:
            raise ValueError(
                f"SequentialLR: {len(self._schedulers)} schedulers need one milestone less, "
                f"got {len(self.milestones)}"
            )
        for number, scheduler in enumerate(self._schedulers):
            if not isinstance(scheduler, LRScheduler) or isinstance(scheduler, SequentialLR):
                raise TypeError(
                    f"SequentialLR: scheduler {number} cannot be part of a sequence: "
                    f"{type(scheduler).__name__}"
                )
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"SequentialLR: scheduler {number} has another optimizer")
        super().__init__(optimizer, last_epoch)

    def _go_on(self, steps: int) -> None:
        for _ in range(steps + 1):
            self._advance()
        self.optimizer._moved_lrs.update(enumerate(self._last_lr))
        self._restore()

    def _advance(self) -> None:
        self.last_epoch += 1
        turn = bisect_right(self.milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if self.last_epoch == 0 or (turn and self.milestones[turn - 1] == self.last_epoch):
            scheduler._restart()
        else:
            scheduler._advance()
        self._last_lr = scheduler.get_last_lr()


class ChainedScheduler(_Parts):
    """Several schedules of one optimizer, stepped together in their order; their factors multiply.

    Args:
        schedulers: the schedules.
        optimizer: the optimizer of all of them. Default None: that of the first.

    Raises:
        TypeError: for what is no schedule, or one that is to be given a metric.
        ValueError: if there are no schedules, or one belongs to another optimizer.

    Example:
        >>> import nn
        >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
        >>> halving = nn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> late = nn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> schedule = nn.optim.lr_scheduler.ChainedScheduler([halving, late])
        >>> for _ in range(2):
        ...     optimizer.step()
        ...     schedule.step()
        >>> schedule.get_last_lr()
        [0.0625]
    """

    def __init__(
        self,
        schedulers: Sequence[LRScheduler | ChainedScheduler],
        optimizer: Optimizer | None = None,
    ) -> None:
        self._schedulers = arguments.elements(self._who, "schedulers", schedulers)
        if not self._schedulers:
            raise ValueError("ChainedScheduler: schedulers is empty; there is nothing to chain")
        for number, scheduler in enumerate(self._schedulers):
            if not isinstance(scheduler, (LRScheduler, ChainedScheduler)):
                raise TypeError(
                    f"ChainedScheduler: scheduler {number} cannot be part of a chain: "
                    f"{type(scheduler).__name__}"
                )
        super().__init__(self._schedulers[0].optimizer if optimizer is None else optimizer)
        for number, scheduler in enumerate(self._schedulers):
            if scheduler.optimizer is not self.optimizer:
                raise ValueError(f"ChainedScheduler: scheduler {number} has another optimizer")

    def step(self) -> None:
        """Goes on by one epoch with each of the schedules."""
        for scheduler in self._schedulers:
            scheduler.step()
        autograd.func.each_time(self._look)

    def _look(self) -> None:
        self._last_lr = self._lrs()
