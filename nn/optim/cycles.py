"""Schedules that go up and down: one cycle, many cycles, and cosines that start again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import autograd
from autograd import arguments
from nn.optim.optimizer import Optimizer, check_number
from nn.optim.schedule import LRScheduler, Schedule, factor, whole


class _Cycle(LRScheduler):
    """A schedule that may move momentum (or β₁) against the rate."""

    _absolute = True

    def _cycle_momentum(self, cycle_momentum: Any, base_momentum: Any, max_momentum: Any) -> None:
        """Checks and keeps between what momentum moves in each group, if it does."""
        self.cycle_momentum = arguments.boolean(self._who, "cycle_momentum", cycle_momentum)
        self._low = self._per_group("base_momentum", base_momentum)
        self._high = self._per_group("max_momentum", max_momentum)
        if cycle_momentum and not {"momentum", "betas"} & set(self.optimizer.defaults):
            raise ValueError(
                f"{self._who}: cycle_momentum=True needs an optimizer with momentum or betas; "
                f"{type(self.optimizer).__name__} has neither"
            )

    def _move(self, group: int, momentum: float) -> None:
        options = self.optimizer.param_groups[group]
        if "betas" in options:
            options["betas"] = (momentum, *options["betas"][1:])
        else:
            options["momentum"] = momentum

    def _restore(self) -> None:
        for group, lr in enumerate(self._lrs()):
            self._next(lr, group)  # sets the momentum
        super()._restore()


class OneCycleLR(_Cycle):
    """Raises the rate to ``max_lr`` and lowers it far below the start (Smith & Topin 2019).

    Made to be stepped after every batch. Momentum (or β₁) moves the other way.

    Args:
        optimizer: the optimizer.
        max_lr: the highest rate, or one a group.
        total_steps: number of steps in the cycle; or give ``epochs`` and ``steps_per_epoch``.
        epochs, steps_per_epoch: whose product is the number of steps.
        pct_start: share of the cycle in which the rate rises. Default 0.3.
        anneal_strategy: "cos" or "linear". Default "cos".
        cycle_momentum: move momentum too. Default True.
        base_momentum, max_momentum: between which it moves. Default 0.85 and 0.95.
        div_factor: the first rate is max_lr / div_factor. Default 25.
        final_div_factor: the last rate is the first / final_div_factor. Default 1e4.
        three_phase: after the fall to the first rate, fall on in a phase of its own. Default False.
        last_epoch: as for `LRScheduler`.

    Raises:
        ValueError: also from ``step()`` beyond the end of the cycle.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | Sequence[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.85,
        max_momentum: float | Sequence[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        Schedule.__init__(self, optimizer)
        last_epoch = arguments.integer(self._who, "last_epoch", last_epoch, low=-1)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            total_steps = whole(self._who, "epochs", epochs) * whole(
                self._who, "steps_per_epoch", steps_per_epoch
            )
        self.total_steps = whole(self._who, "total_steps", total_steps)
        check_number(self._who, "pct_start", pct_start, high=1.0)
        check_number(self._who, "div_factor", div_factor, above=True)
        check_number(self._who, "final_div_factor", final_div_factor, above=True)
        arguments.boolean(self._who, "three_phase", three_phase)
        arguments.choice(self._who, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.anneal_strategy = anneal_strategy
        self._peaks = self._per_group("max_lr", max_lr)
        self._firsts = [peak / div_factor for peak in self._peaks]
        self._finals = [first / final_div_factor for first in self._firsts]
        self._cycle_momentum(cycle_momentum, base_momentum, max_momentum)
        # Ends of the phases, and the rates at their ends; momentum is low where the rate is high.
        rise = float(pct_start * self.total_steps) - 1
        end = float(self.total_steps - 1)
        self._ends = [rise, 2 * rise, end] if three_phase else [rise, end]
        if last_epoch == -1:
            for group, first in zip(optimizer.param_groups, self._firsts, strict=True):
                group["initial_lr"] = first
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {self.last_epoch} lies beyond the {self.total_steps} steps "
                "of the cycle"
            )
        peak, first, final = self._peaks[group], self._firsts[group], self._finals[group]
        low, high = self._low[group], self._high[group]
        rates = [first, peak, final] if len(self._ends) == 2 else [first, peak, first, final]
        momenta = [high, low, high, high]
        phase = next(
            (i for i, end in enumerate(self._ends) if self.last_epoch <= end), len(self._ends) - 1
        )
        begin = self._ends[phase - 1] if phase else 0.0
        length = self._ends[phase] - begin
        share = (self.last_epoch - begin) / length if length else 1.0
        if self.cycle_momentum:
            self._move(group, self._anneal(momenta[phase], momenta[phase + 1], share))
        return self._anneal(rates[phase], rates[phase + 1], share)

    def _anneal(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))


class CyclicLR(_Cycle):
    """Raises and lowers the rate between two bounds, again and again (Smith 2017).

    Made to be stepped after every batch. Momentum (or β₁) moves the other way.

    Args:
        optimizer: the optimizer.
        base_lr: the lower bound, at which the schedule starts, or one a group.
        max_lr: the upper bound, or one a group.
        step_size_up: steps in which the rate rises. Default 2000.
        step_size_down: steps in which it falls. Default: as many.
        mode: "triangular", all cycles alike; "triangular2", each half as high as the one before;
            or "exp_range", the height multiplied by ``gamma`` at every step. Default "triangular".
        gamma: the factor of "exp_range". Default 1.
        scale_fn: a function that gives the factor on the height, in place of ``mode``.
            Default None.
        scale_mode: what ``scale_fn`` is given: the number of the "cycle", from 1, or of
            "iterations", from 0. Default "cycle".
        cycle_momentum: move momentum too. Default True.
        base_momentum, max_momentum: between which it moves. Default 0.8 and 0.9.
        last_epoch: as for `LRScheduler`.

    Example:
        >>> import nn
        >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], momentum=0.9)
        >>> schedule = nn.optim.lr_scheduler.CyclicLR(optimizer, 0.25, 0.75, step_size_up=2)
        >>> rates = []
        >>> for _ in range(5):
        ...     rates.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.25, 0.5, 0.75, 0.5, 0.25]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | Sequence[float],
        max_lr: float | Sequence[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | Sequence[float] = 0.8,
        max_momentum: float | Sequence[float] = 0.9,
        last_epoch: int = -1,
    ) -> None:
        Schedule.__init__(self, optimizer)
        last_epoch = arguments.integer(self._who, "last_epoch", last_epoch, low=-1)
        self._bottoms = self._per_group("base_lr", base_lr)
        self.max_lrs = self._per_group("max_lr", max_lr)
        check_number(self._who, "step_size_up", step_size_up, above=True)
        self._up = float(step_size_up)
        down = step_size_up if step_size_down is None else step_size_down
        self.total_size = self._up + factor(self._who, "step_size_down", down)
        self.mode = arguments.choice(
            self._who, "mode", mode, ("triangular", "triangular2", "exp_range")
        )
        self.gamma = factor(self._who, "gamma", gamma)
        if scale_fn is not None:
            arguments.function(self._who, "scale_fn", scale_fn)
        self.scale_fn = scale_fn
        self.scale_mode = arguments.choice(
            self._who, "scale_mode", scale_mode, ("cycle", "iterations")
        )
        self._cycle_momentum(cycle_momentum, base_momentum, max_momentum)
        if last_epoch == -1:
            for group, bottom in zip(optimizer.param_groups, self._bottoms, strict=True):
                group["lr"] = bottom
        super().__init__(optimizer, last_epoch)
        self.base_lrs = list(self._bottoms)

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        turns = self.last_epoch / self.total_size
        cycle = math.floor(1 + turns)
        place, ratio = 1.0 + turns - cycle, self._up / self.total_size
        height = place / ratio if place <= ratio else (place - 1) / (ratio - 1)
        height *= self._scale(cycle)
        if self.cycle_momentum:
            low, high = self._low[group], self._high[group]
            self._move(group, high - (high - low) * height)
        low, high = self._bottoms[group], self.max_lrs[group]
        return low + (high - low) * height

    def _scale(self, cycle: int) -> float:
        """The factor on the height of this cycle, or at this step."""
        if self.scale_fn is not None:
            return float(self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch))
        if self.mode == "triangular2":
            return float(0.5 ** (cycle - 1))
        return float(self.gamma**self.last_epoch) if self.mode == "exp_range" else 1.0

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the function."""
        state = super().state_dict()
        del state["scale_fn"]
        return state


class CosineAnnealingWarmRestarts(LRScheduler):
    """Lowers the rate along half a cosine to ``eta_min``, then starts again from the full rate.

    ``T_cur`` epochs after a restart, with ``T_i`` between it and the next, the rate is
    eta_min + (base − eta_min)·(1 + cos(π·T_cur / T_i)) / 2 (Loshchilov & Hutter 2017).

    Args:
        optimizer: the optimizer.
        T_0: epochs until the first restart.
        T_mult: factor on the number of epochs after each restart. Default 1.
        eta_min: the minimum. Default 0.
        last_epoch: as for `LRScheduler`.

    Example:
        >>> import nn
        >>> optimizer = nn.optim.SGD([nn.Parameter([1.0])], lr=0.5)
        >>> schedule = nn.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> rates = []
        >>> for _ in range(4):
        ...     rates.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
        [0.5, 0.25, 0.5, 0.25]
    """

    _absolute = True

    def __init__(
        self,
        optimizer: Optimizer,
        T_0: int,
        T_mult: int = 1,
        eta_min: float = 0.0,
        last_epoch: int = -1,
    ) -> None:
        self.T_0 = arguments.integer(self._who, "T_0", T_0)
        self.T_mult = arguments.integer(self._who, "T_mult", T_mult)
        check_number(self._who, "eta_min", eta_min)
        self.eta_min = eta_min
        self._part = 0.0  # of an epoch, beyond the last whole one
        super().__init__(optimizer, last_epoch)

    @property
    def T_cur(self) -> float:
        """Epochs since the last restart."""
        return self._cycle()[0]

    @property
    def T_i(self) -> int:
        """Epochs between the last restart and the next."""
        return self._cycle()[1]

    def _cycle(self) -> tuple[float, int]:
        since, length = self.last_epoch + self._part, self.T_0
        if self.T_mult == 1:
            return since % length, length
        while since >= length:
            since -= length
            length *= self.T_mult
        return since, length

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        since, length = self._cycle()
        height = (1 + math.cos(math.pi * since / length)) / 2
        return self.eta_min + (self.base_lrs[group] - self.eta_min) * height

    def step(self, epoch: float | None = None) -> None:
        """Goes on by one epoch, or to ``epoch``, and sets the rates.

        Args:
            epoch: where to go, with the share of the epoch that is over: after batch i of n,
                ``epoch + i / n``. Default None: one epoch on.

        Raises:
            TypeError, ValueError: for what is no number from 0.
        """
        if epoch is None:
            super().step()
        else:
            autograd.func.each_time(self._step_to, epoch)

    def _step_to(self, epoch: float) -> None:
        check_number(self._who, "epoch", epoch)
        self._mark()
        self.last_epoch = math.floor(epoch)
        self._part = float(epoch) - self.last_epoch
        self._set([self._next(lr, group) for group, lr in enumerate(self._lrs())])

    def _restart(self) -> None:
        self._part = 0.0
        super()._restart()
