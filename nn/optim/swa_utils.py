"""Averages of weights: of all that training came by (SWA), or of the last ones (EMA)."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable
from typing import Any

import autograd
from autograd import Tensor, arguments
from nn.module import Module
from nn.modules.normalization import _BatchNorm
from nn.optim.optimizer import Optimizer
from nn.optim.schedule import LRScheduler

__all__ = [
    "AveragedModel",
    "SWALR",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's (Izmailov et al. 2018).

    Args:
        model: it is copied; the copy is ``.module``.
        device: None or ``"cpu"``.
        avg_fn: gets an average, a parameter, and how many models are in the average; returns the new
            average. Default: the mean of all.
        multi_avg_fn: gets lists of both, of one dtype, and the number; writes into the first.
        use_buffers: average buffers, too. Default False: they are copied from the model.

    Attributes:
        module: the averaged copy.
        n_averaged: how many models are in it.

    Raises:
        ValueError: if both functions are given.

    Example:
        >>> import autograd as ag, nn
        >>> layer = nn.Linear(1, 1, bias=False)
        >>> average = nn.optim.swa_utils.AveragedModel(layer)
        >>> for value in (1.0, 2.0, 6.0):
        ...     _ = nn.init.constant_(layer.weight, value)
        ...     average.update_parameters(layer)
        >>> average(ag.ones(1, 1)).item()
        3.0
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Callable[..., Any] | None = None,
        multi_avg_fn: Callable[..., Any] | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(model, Module):
            raise TypeError(f"AveragedModel: model must be a Module, got {arguments.shown(model)}")
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: give one of avg_fn and multi_avg_fn")
        for name, function in (("avg_fn", avg_fn), ("multi_avg_fn", multi_avg_fn)):
            if function is not None:
                arguments.function("AveragedModel", name, function)
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module.to(device)
        self.register_buffer("n_averaged", autograd.tensor(0))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = arguments.boolean("AveragedModel", "use_buffers", use_buffers)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the average.

        Raises:
            ValueError: if its parameters, or buffers, are not those of the copy, in number or shape.
        """
        ours, theirs = list(self._averaged(self.module)), list(self._averaged(model))
        kept, new = list(self.module.buffers()), list(model.buffers())
        for one, other in ((ours, theirs), (kept, new)):
            if [t.shape for t in one] != [t.shape for t in other]:
                raise ValueError(
                    "AveragedModel.update_parameters: this model is made otherwise than the one copied"
                )
        with autograd.no_grad():
            if not self.n_averaged.item():
                _copy(ours, theirs)
            elif self.avg_fn is not None:
                for p, q in zip(ours, theirs, strict=True):
                    p.copy_(self.avg_fn(p.detach(), q.detach(), self.n_averaged))
            else:
                update = self.multi_avg_fn or get_swa_multi_avg_fn()
                for dtype in dict.fromkeys(t.dtype for t in ours):
                    pairs = zip(ours, theirs, strict=True)
                    same = [(p.detach(), q.detach()) for p, q in pairs if p.dtype == dtype]
                    update([p for p, _ in same], [q for _, q in same], self.n_averaged)
            if not self.use_buffers:
                _copy(kept, new)
            self.n_averaged.add_(1)

    def _averaged(self, model: Module) -> Iterable[Any]:
        return itertools.chain(model.parameters(), model.buffers() if self.use_buffers else ())


def _copy(to: Iterable[Any], values: Iterable[Any]) -> None:
    for p, q in zip(to, values, strict=True):
        p.copy_(q.detach())


def get_swa_avg_fn() -> Callable[..., Any]:
    """The mean of all: average + (parameter − average)/(n + 1)."""

    def average(averaged: Any, current: Any, count: Any) -> Any:
        return averaged + (current - averaged) / (int(count) + 1)

    return average


def get_swa_multi_avg_fn() -> Callable[..., Any]:
    """As `get_swa_avg_fn`, for lists, the first of which is written into."""
    return _of_lists(get_swa_avg_fn())


def get_ema_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """decay · average + (1 − decay) · parameter.

    Raises:
        ValueError: for a decay outside of 0 to 1.
    """
    decay = arguments.real("get_ema_avg_fn", "decay", decay, 0.0, 1.0)

    def average(averaged: Any, current: Any, count: Any) -> Any:
        return decay * averaged + (1.0 - decay) * current

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[..., Any]:
    """As `get_ema_avg_fn`, for lists, the first of which is written into; integers are copied."""
    return _of_lists(get_ema_avg_fn(decay))


def _of_lists(average: Callable[..., Any]) -> Callable[..., Any]:
    def update(averaged: Iterable[Any], current: Iterable[Any], count: Any) -> None:
        for p, q in zip(averaged, current, strict=True):
            p.copy_(average(p, q, count) if p.dtype.kind == "f" else q)

    return update


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Compute the running statistics of a model's batch norms anew, as means over all batches.

    Args:
        loader: batches, or tuples and lists whose first part they are.
        model: its batch norms are changed, nothing else.
        device: None or ``"cpu"``.
    """
    if not isinstance(model, Module):
        raise TypeError(f"update_bn: model must be a Module, got {arguments.shown(model)}")
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if not norms:
        return
    training, momenta = [(m, m.training) for m in model.modules()], [m.momentum for m in norms]
    try:
        model.train()
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        with autograd.no_grad():
            for batch in loader:
                batch = batch[0] if isinstance(batch, (list, tuple)) else batch
                model(batch if device is None else batch.to(device))
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, was in training:
            module.training = was


class SWALR(LRScheduler):
    """Moves the rate to ``swa_lr`` within ``anneal_epochs``, and keeps it there.

    Args:
        optimizer: the optimizer.
        swa_lr: the rate in the end, or one for each group.
        anneal_epochs: epochs until then; 0: at once. Default 10.
        anneal_strategy: ``"cos"`` (half a cosine) or ``"linear"``. Default ``"cos"``.
        last_epoch: as for `LRScheduler`.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        self.anneal_epochs = arguments.integer("SWALR", "anneal_epochs", anneal_epochs, 0)
        self.anneal_strategy = arguments.choice(
            "SWALR", "anneal_strategy", anneal_strategy, ["cos", "linear"]
        )
        self.swa_lr: Any = swa_lr
        super().__init__(optimizer, last_epoch)

    def _start(self, lr: float, group: int) -> float:
        if group == 0 or not isinstance(self.swa_lr, list):
            self.swa_lr = self._per_group("swa_lr", self.swa_lr)
        return self._moved(lr, group, 0, 1) if not self.anneal_epochs else lr

    def _next(self, lr: float, group: int) -> float:
        return self._moved(lr, group, self.last_epoch - 1, self.last_epoch)

    def _moved(self, lr: float, group: int, before: int, now: int) -> float:
        """From the share of the way that was gone to the next one, whatever the rate is."""
        end, gone, going = self.swa_lr[group], self._share(before), self._share(now)
        begin = end if gone == 1.0 else (lr - gone * end) / (1.0 - gone)
        return float(end * going + begin * (1.0 - going))

    def _share(self, epoch: int) -> float:
        t = min(1.0, max(0, epoch) / max(1, self.anneal_epochs))
        return t if self.anneal_strategy == "linear" else (1.0 - math.cos(math.pi * t)) / 2.0
