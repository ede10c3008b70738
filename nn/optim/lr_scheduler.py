"""Learning-rate schedules: made on an optimizer, they set its groups' ``"lr"`` at every ``step()``.

They agree with PyTorch's step by step. To go on with a saved run, load the state dicts of optimizer
and schedule, in either order; or load the optimizer's and make the schedule with
``last_epoch=steps - 1``. Both give the rates of a run that never stopped. Except for `OneCycleLR`, `LambdaLR` and
`ReduceLROnPlateau` each changes the learning rate that it finds, so several may be stepped side by
side on one optimizer and their factors multiply.

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
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import autograd
from autograd import arguments
from nn.optim.optimizer import Optimizer, check_number

__all__ = [
    "ConstantLR",
    "CosineAnnealingLR",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "OneCycleLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]


class _Schedule:
    """What every schedule shares: setting the rates of an optimizer's groups, and its state."""

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{self._who}: optimizer must be an nn.optim optimizer, "
                f"got {type(optimizer).__name__}"
            )
        self.optimizer = optimizer
        self._last_lr = self._lrs()

    @property
    def _who(self) -> str:
        return type(self).__name__

    def _lrs(self) -> list[float]:
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _set(self, lrs: Sequence[float]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            group["lr"] = lr
        self._last_lr = list(lrs)

    def _per_group(self, name: str, value: Any) -> list[float]:
        """One checked number for each of the optimizer's groups."""
        count = len(self.optimizer.param_groups)
        values = list(value) if isinstance(value, (list, tuple)) else [value] * count
        if len(values) != count:
            raise ValueError(f"{self._who}: {name} has {len(values)} values for {count} groups")
        for number in values:
            check_number(self._who, name, number)
        return [float(number) for number in values]

    def get_last_lr(self) -> list[float]:
        """The learning rates set by the last ``step()``, one a group."""
        return list(self._last_lr)

    def _mark(self) -> None:
        """A step: rates that were loaded before it are no longer those to go on from."""
        self.optimizer._loaded_lrs = None
        self.optimizer._loaded_before_steps = False
        self.optimizer._moved_lrs = {}

    def _restore(self) -> None:
        """Sets the rates to go on with: the optimizer's if it was loaded, else this schedule's."""
        loaded = self.optimizer._loaded_lrs
        lrs = self._last_lr if loaded is None else loaded
        self._set([*lrs, *self._lrs()[len(lrs) :]])

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions, for `load_state_dict`."""
        return {
            name: list(value) if isinstance(value, list) else value
            for name, value in self.__dict__.items()
            if name != "optimizer"
        }

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave, and sets the optimizer's rates.

        They become those of the optimizer's own state dict if that was loaded before, else those
        that this schedule set last.

        Raises:
            ValueError: for names that this schedule does not have, or another number of groups.
        """
        who = f"{self._who}.load_state_dict"
        unknown = set(arguments.mapping(who, "state_dict", state_dict)) - set(self.__dict__)
        if unknown:
            raise ValueError(f"{who}: unknown entries {sorted(map(str, unknown))}")
        lrs = arguments.elements(who, "_last_lr", state_dict.get("_last_lr", self._last_lr))
        for lr in lrs:
            check_number(who, "_last_lr", lr)
        if len(lrs) != len(self._last_lr):
            raise ValueError(
                f"{who}: {len(lrs)} groups were saved, this optimizer has {len(self._last_lr)}"
            )
        self.__dict__.update(state_dict)
        self._restore()


class LRScheduler(_Schedule):
    """Base class. A subclass defines `_next`, and `_start` if the first epoch differs.

    Args:
        optimizer: whose groups' ``"lr"`` is set, for the first time here.
        last_epoch: to go on: the number of steps taken before, less one. The groups need
            ``"initial_lr"``. Their rates are those of the optimizer's state dict if one was loaded;
            else a group at its initial rate is brought to where the schedule was, and any other
            keeps its rate. Default −1: the schedule starts.

    Attributes:
        last_epoch: number of `step` calls so far.
        base_lrs: the learning rate of each group from which the schedule starts.

    Raises:
        TypeError: if ``optimizer`` is no Optimizer, or an argument has the wrong type.
        ValueError: if an argument is out of range.
    """

    #: Whether `_next` sets a rate whatever the one before was.
    _absolute = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        super().__init__(optimizer)
        steps = arguments.integer(self._who, "last_epoch", last_epoch, low=-1) + 1
        # Saved before the first step: all its schedules are made anew, from the initial rates.
        if not steps and optimizer._loaded_before_steps and not optimizer.state:
            for group in optimizer.param_groups:
                group["lr"] = group.get("initial_lr", group["lr"])
            optimizer._loaded_before_steps = False
        for number, group in enumerate(optimizer.param_groups):
            if not steps:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise ValueError(
                    f"{self._who}: last_epoch={last_epoch} goes on with a schedule, but group "
                    f"{number} has no 'initial_lr'; load the optimizer's state dict first"
                )
        self.base_lrs = [float(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = -1
        self._last_lr = self._lrs()
        if steps:
            self._go_on(steps)
        else:
            self._advance()

    def _go_on(self, steps: int) -> None:
        """To where the schedule was after a number of steps."""
        moved = self.optimizer._moved_lrs
        lrs = self._lrs()
        at_start = [
            lr in (base, moved.get(group))
            for group, (lr, base) in enumerate(zip(lrs, self.base_lrs, strict=True))
        ]
        rates = list(lrs)
        for epoch in [steps] if self._absolute else range(steps + 1):
            self.last_epoch = epoch
            rule = self._next if self.last_epoch else self._start
            rates = [rule(rate, group) for group, rate in enumerate(rates)]
        for group, (rate, lr) in enumerate(zip(rates, lrs, strict=True)):
            if at_start[group] or self._absolute:
                moved[group] = self._last_lr[group] = rate
            else:
                self._last_lr[group] = lr
        self._restore()

    def _start(self, lr: float, group: int) -> float:
        """The learning rate at epoch 0, from the one found there."""
        return lr

    def _next(self, lr: float, group: int) -> float:
        """The learning rate at ``last_epoch`` (1 or more), from the one of the epoch before."""
        raise TypeError(f"{self._who} defines no _next()")

    def step(self) -> None:
        """Goes on by one epoch (or batch, as the schedule was meant) and sets the rates."""
        autograd.func.each_time(self._step)

    def _step(self) -> None:
        self._mark()
        self._advance()

    def _advance(self) -> None:
        self.last_epoch += 1
        rule = self._start if self.last_epoch == 0 else self._next
        try:
            self._set([rule(lr, group) for group, lr in enumerate(self._lrs())])
        except BaseException:
            self.last_epoch -= 1  # no step was made
            raise

    def _restart(self) -> None:
        """Starts from epoch 0 and the base rates, whatever the rates are now."""
        self.last_epoch = 0
        self._set([self._start(lr, group) for group, lr in enumerate(self.base_lrs)])


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
        self.step_size = arguments.integer(self._who, "step_size", step_size)
        self.gamma = _factor(self._who, "gamma", gamma)
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
        self.milestones = _milestones(self._who, milestones)
        self.gamma = _factor(self._who, "gamma", gamma)
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
        self.gamma = _factor(self._who, "gamma", gamma)
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
        self.total_iters = arguments.integer(self._who, "total_iters", total_iters)
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
        self.total_iters = arguments.integer(self._who, "total_iters", total_iters)
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return lr * self.start_factor

    def _next(self, lr: float, group: int) -> float:
        if self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return lr * (1.0 + rise / before)


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
        self.T_max = arguments.integer(self._who, "T_max", T_max)
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


class LambdaLR(LRScheduler):
    """Sets the rate to the base rate times a function of the epoch.

    Args:
        optimizer: the optimizer.
        lr_lambda: function from epoch number to factor, or a list of them, one a group.
        last_epoch: as for `LRScheduler`.
    """

    _absolute = True

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
        last_epoch: int = -1,
    ) -> None:
        groups = len(getattr(optimizer, "param_groups", ()))
        functions = (
            [lr_lambda] * groups
            if callable(lr_lambda)
            else arguments.elements("LambdaLR", "lr_lambda", lr_lambda)
        )
        if len(functions) != groups or not all(map(callable, functions)):
            raise ValueError(
                f"LambdaLR: lr_lambda must be a function or {groups} of them, one a group; "
                f"got {len(functions)}"
            )
        self.lr_lambdas = functions
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        return self._next(lr, group)

    def _next(self, lr: float, group: int) -> float:
        return self.base_lrs[group] * float(self.lr_lambdas[group](self.last_epoch))

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and the functions."""
        state = super().state_dict()
        del state["lr_lambdas"]
        return state


class OneCycleLR(LRScheduler):
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

    _absolute = True

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
        _Schedule.__init__(self, optimizer)
        last_epoch = arguments.integer(self._who, "last_epoch", last_epoch, low=-1)
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("OneCycleLR: give total_steps, or both epochs and steps_per_epoch")
            total_steps = arguments.integer(self._who, "epochs", epochs) * arguments.integer(
                self._who, "steps_per_epoch", steps_per_epoch
            )
        self.total_steps = arguments.integer(self._who, "total_steps", total_steps)
        check_number(self._who, "pct_start", pct_start, high=1.0)
        check_number(self._who, "div_factor", div_factor, above=True)
        check_number(self._who, "final_div_factor", final_div_factor, above=True)
        arguments.boolean(self._who, "cycle_momentum", cycle_momentum)
        arguments.boolean(self._who, "three_phase", three_phase)
        arguments.choice(self._who, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        self.anneal_strategy = anneal_strategy
        self.cycle_momentum = cycle_momentum
        self._peaks = self._per_group("max_lr", max_lr)
        self._firsts = [peak / div_factor for peak in self._peaks]
        self._finals = [first / final_div_factor for first in self._firsts]
        self._low = self._per_group("base_momentum", base_momentum)
        self._high = self._per_group("max_momentum", max_momentum)
        # Ends of the phases, and the rates at their ends; momentum is low where the rate is high.
        rise = float(pct_start * self.total_steps) - 1
        end = float(self.total_steps - 1)
        self._ends = [rise, 2 * rise, end] if three_phase else [rise, end]
        if last_epoch == -1:
            for group, first in zip(optimizer.param_groups, self._firsts, strict=True):
                group["initial_lr"] = first
        if cycle_momentum and not {"momentum", "betas"} & set(optimizer.defaults):
            raise ValueError(
                f"OneCycleLR: cycle_momentum=True needs an optimizer with momentum or betas; "
                f"{type(optimizer).__name__} has neither"
            )
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
            momentum = self._anneal(momenta[phase], momenta[phase + 1], share)
            options = self.optimizer.param_groups[group]
            if "betas" in options:
                options["betas"] = (momentum, *options["betas"][1:])
            else:
                options["momentum"] = momentum
        return self._anneal(rates[phase], rates[phase + 1], share)

    def _restore(self) -> None:
        for group, lr in enumerate(self._lrs()):
            self._next(lr, group)  # sets the momentum
        super()._restore()

    def _anneal(self, start: float, end: float, share: float) -> float:
        if self.anneal_strategy == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2.0 * (1 + math.cos(math.pi * share))


class SequentialLR(LRScheduler):
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
        self.milestones = _milestones(self._who, milestones)
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
        # Making them has changed the rates already, every one its own; begin again.
        for group in optimizer.param_groups:
            group["lr"] = group["initial_lr"]
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

    def state_dict(self) -> dict[str, Any]:
        """As for any schedule, with the state dicts of the parts."""
        parts = [scheduler.state_dict() for scheduler in self._schedulers]
        return {**super().state_dict(), "_schedulers": parts}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Takes over what `state_dict` gave, in the parts too."""
        parts = arguments.mapping("SequentialLR", "state_dict", state_dict).get("_schedulers", ())
        if len(parts) != len(self._schedulers):
            raise ValueError(
                f"SequentialLR.load_state_dict: {len(parts)} saved schedules, "
                f"this one has {len(self._schedulers)}"
            )
        for scheduler, part in zip(self._schedulers, parts, strict=True):
            scheduler.load_state_dict(part)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})


class ReduceLROnPlateau(_Schedule):
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
            raise TypeError(f"{self._who}: metrics must be a number, got {metrics!r}") from None
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


def _factor(who: str, name: str, value: Any) -> float:
    check_number(who, name, value)
    return float(value)


def _milestones(who: str, milestones: Iterable[int]) -> list[int]:
    result = [
        arguments.integer(who, "milestones", m, low=0)
        for m in arguments.elements(who, "milestones", milestones)
    ]
    if result != sorted(result):
        raise ValueError(f"{who}: milestones must not fall, got {result}")
    return result


def __getattr__(name: str) -> Any:
    near = arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.optim.lr_scheduler' has no attribute {name!r}{near}")
