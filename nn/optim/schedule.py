"""What all schedules share: setting the rates of an optimizer's groups, state, and going on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import autograd
from autograd import arguments
from nn.constructor import telling
from nn.optim.optimizer import Optimizer, check_number


class Schedule:
    """What every schedule shares: setting the rates of an optimizer's groups, and its state."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("nn.optim.") and "__init__" in cls.__dict__:
            theirs = cls.__module__ == "nn.optim.swa_utils"
            home = cls.__module__ if theirs else "nn.optim.lr_scheduler"
            cls.__init__ = telling(cls.__dict__["__init__"], home)  # type: ignore[method-assign]

    def __repr__(self) -> str:
        epoch = getattr(self, "last_epoch", None)
        at = "" if epoch is None else f", epoch {epoch}"
        rates = ", ".join(f"{lr:.6g}" for lr in self._lrs())
        return f"{self._who} of {type(self.optimizer).__name__}{at}: lr {rates}"

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


class LRScheduler(Schedule):
    """Base class. A subclass defines `_next`, and `_start` if the first epoch differs; or, as in
    PyTorch, ``get_lr``, which gives a rate for each group at ``self.last_epoch``.

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
        if hasattr(self, "get_lr"):  # of which only the last rates are known
            self.last_epoch = steps
            return
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
        own = getattr(self, "get_lr", None)  # PyTorch's way to write one
        try:
            if own is not None:
                self._set([float(lr) for lr in own()])
            else:
                self._set([rule(lr, group) for group, lr in enumerate(self._lrs())])
        except BaseException:
            self.last_epoch -= 1  # no step was made
            raise

    def _restart(self) -> None:
        """Starts from epoch 0 and the base rates, whatever the rates are now."""
        self.last_epoch = 0
        self._set([self._start(lr, group) for group, lr in enumerate(self.base_lrs)])


def factor(who: str, name: str, value: Any) -> float:
    """A finite number from 0, as a float."""
    check_number(who, name, value)
    return float(value)


def whole(who: str, name: str, value: Any, low: int = 1) -> int:
    """An integer not below ``low``; a float that is one will do, as in PyTorch."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return arguments.integer(who, name, value, low)


def one_each(
    who: str, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Any]
) -> list[Any]:
    """One function of the epoch for each of the optimizer's groups."""
    groups = len(getattr(optimizer, "param_groups", ()))
    functions = (
        [lr_lambda] * groups
        if callable(lr_lambda)
        else arguments.elements(who, "lr_lambda", lr_lambda)
    )
    if len(functions) != groups or not all(map(callable, functions)):
        raise ValueError(
            f"{who}: lr_lambda must be a function or {groups} of them, one a group; "
            f"got {len(functions)}"
        )
    return functions


def milestones_from(who: str, milestones: Iterable[int]) -> list[int]:
    """Epochs that do not fall, as a list."""
    result = [
        whole(who, "milestones", m, low=0)
        for m in arguments.elements(who, "milestones", milestones)
    ]
    if result != sorted(result):
        raise ValueError(f"{who}: milestones must not fall, got {result}")
    return result
