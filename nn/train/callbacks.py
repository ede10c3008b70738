"""What may watch a run: early stopping, and a running average of the weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import autograd
from autograd import arguments
from nn.module import Module

__all__ = ["EMA", "EarlyStopping", "better"]


def better(name: str, new: float, old: float | None, min_delta: float = 0.0) -> bool:
    """Is a measure better than before? Losses and errors should fall, all others rise."""
    if not np.isfinite(new):
        return False
    if old is None:
        return True
    falls = name.endswith(("loss", "error"))
    return new < old - min_delta if falls else new > old + min_delta


class EarlyStopping:
    """Stops a run whose measure has not become better for a while.

    Args:
        monitor: a name in the epoch's record. Default ``val_loss``.
        patience: so many epochs without getting better are borne. Default 5.
        min_delta: what is less does not count as better. Default 0.
    """

    def __init__(
        self, monitor: str = "val_loss", patience: int = 5, min_delta: float = 0.0
    ) -> None:
        self.monitor = monitor
        self.patience = arguments.integer("EarlyStopping", "patience", patience, 0)
        self.min_delta = arguments.real("EarlyStopping", "min_delta", min_delta, 0.0)
        self.best: float | None = None
        self.waited = 0

    def on_epoch(self, trainer: Any, record: dict[str, Any]) -> None:
        """Look at an epoch's record; sets ``trainer.stopping``."""
        if self.monitor not in record:
            raise KeyError(
                f"EarlyStopping: the record has no {self.monitor!r}, only {', '.join(record)}"
            )
        value = record[self.monitor]
        if better(self.monitor, value, self.best, self.min_delta):
            self.best, self.waited = value, 0
            return
        self.waited += 1
        if self.waited > self.patience:
            trainer.stopping = (
                f"{self.monitor} has not become better than {self.best} for {self.waited} epochs"
            )

    def state_dict(self) -> dict[str, Any]:
        """The best value, and how long ago it was."""
        return {"best": self.best, "waited": self.waited}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave."""
        self.best, self.waited = state_dict["best"], state_dict["waited"]


class EMA:
    """An exponential moving average of a model's parameters, which often does better than they.

    average ← decay · average + (1 − decay) · parameter, after every step of the optimizer; in
    float32 for half parameters. Begins with the parameters as they are.

    Args:
        model: its parameters are followed.
        decay: from 0 to 1. Default 0.999.

    Example:
        >>> import autograd as ag, nn
        >>> layer = nn.Linear(1, 1, bias=False)
        >>> nn.init.constant_(layer.weight, 0.0)
        Parameter([[0.]], requires_grad=True)
        >>> average = nn.train.EMA(layer, decay=0.75)
        >>> with ag.no_grad():
        ...     layer.weight[...] = 4.0
        >>> average.update()
        >>> with average.applied():
        ...     layer.weight.item()
        1.0
        >>> layer.weight.item()
        4.0
    """

    def __init__(self, model: Any, decay: float = 0.999) -> None:
        self.decay = arguments.real("EMA", "decay", decay, 0.0, 1.0)
        if not isinstance(model, Module):
            raise TypeError(f"EMA: model must be a Module, got {arguments.shown(model)}")
        self._parameters = dict(model.named_parameters())
        self._average = {
            name: np.array(p.data, np.float32 if p.dtype == np.float16 else p.dtype)
            for name, p in self._parameters.items()
        }

    def update(self) -> None:
        """Move the average towards the parameters."""
        for name, parameter in self._parameters.items():
            average = self._average[name]
            average += (1.0 - self.decay) * (parameter.data - average)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model has the averages for its parameters while the block runs."""
        kept = {name: np.array(p.data) for name, p in self._parameters.items()}
        self._write(self._average)
        try:
            yield
        finally:
            self._write(kept)

    def _write(self, values: dict[str, Any]) -> None:
        with autograd.no_grad():
            for name, parameter in self._parameters.items():
                with autograd.writable(parameter) as array:
                    array[...] = values[name]

    def state_dict(self) -> dict[str, Any]:
        """The averages by parameter name."""
        return {"average": {name: value.copy() for name, value in self._average.items()}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave."""
        saved = state_dict["average"]
        if saved.keys() != self._average.keys():
            raise ValueError("EMA.load_state_dict: the averages are of another model")
        self._average = {name: np.array(saved[name]) for name in self._average}
