"""Training, written to be read: one step, one epoch, and what goes on around them.

Who wants none of it writes the loop out; this is all that `Trainer` does in its heart:

    for epoch in range(epochs):
        for images, labels in loader:
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import autograd
import nn
from autograd import Tensor, arguments
from nn import functional
from nn.parallel import DistributedDataParallel, Group
from nn.train.callbacks import EMA, better
from nn.train.checkpoint import Checkpoints, load_state
from nn.train.history import History
from nn.train.interrupt import Interrupts
from nn.train.nonfinite import NonFiniteError, Snapshot, explain
from nn.train.progress import progress_bar

__all__ = ["Trainer", "accuracy", "evaluate", "fit"]


def _numbers(name: str, given: Any) -> np.ndarray[Any, Any]:
    if isinstance(given, Tensor):
        return given.detach().data
    if isinstance(given, np.ndarray) and given.dtype.kind in "fiub":
        return given
    return arguments.real_array("accuracy", name, given)


def _pair(who: str, batch: Any) -> tuple[Any, Any]:
    """Inputs and targets of a batch."""
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise TypeError(
            f"{who}: every batch of the loader must be a pair (inputs, targets), got "
            f"{arguments.shown(batch)}"
        )
    return batch[0], batch[1]


def accuracy(output: Any, target: Any) -> float:
    """The share of samples whose highest score (axis 1) is at the target, a class number.

    Example:
        >>> import numpy as np, nn
        >>> nn.train.accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        0.5
    """
    scores = _numbers("output", output)
    labels = _numbers("target", target)
    if scores.ndim < 2 or labels.shape != (*scores.shape[:1], *scores.shape[2:]):
        raise ValueError(
            "accuracy: scores must be (N, C) or (N, C, *S) and targets (N,) or (N, *S), got "
            f"{scores.shape} and {labels.shape}"
        )
    return float((scores.argmax(1) == labels).mean()) if len(labels) else float("nan")


class _Means:
    """Means over an epoch, of measures of batches that may differ in size."""

    def __init__(self, sums: dict[str, float] | None = None, count: int = 0) -> None:
        self.sums, self.count = dict(sums or {}), count

    def add(self, values: dict[str, float], count: int) -> None:
        self.count += count
        for name, value in values.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * count

    def of_everyone(self, group: Group) -> list[_Means]:
        """Those of all processes, by rank."""
        return [_Means(*each) for each in group.all_gather((self.sums, self.count))]

    @staticmethod
    def joined(parts: list[_Means]) -> _Means:
        """The means over all parts' samples."""
        result = _Means()
        for part in parts:
            result.count += part.count
            for name, value in part.sums.items():
                result.sums[name] = result.sums.get(name, 0.0) + value
        return result

    def result(self) -> dict[str, float]:
        return {name: total / self.count for name, total in self.sums.items()} if self.count else {}


@dataclass
class Trainer:
    """A run: model, optimizer, and everything that has to be kept to go on with it.

    Args:
        model: takes a batch's inputs.
        optimizer: of the model's parameters.
        loss: ``loss(output, target)``, a 0-d tensor. Default: cross entropy of logits.
        metrics: measures by name, ``metric(output, target)`` each. Default: accuracy.
        schedule: of the learning rate. ``schedule_every`` says when it is stepped: after each
            ``"step"`` (default) or each ``"epoch"``.
        accumulate: batches whose gradients are summed, each divided by their number, before the
            optimizer takes a step. Default 1.
        clip_norm: gradients are scaled down to this norm. Default: they are not.
        ema: decay of a running average of the weights, with which it is evaluated. Default: none.
        on_nonfinite: what is done about a loss or gradient that is NaN or infinite: ``"raise"``
            (default), ``"explain"`` (the batch is replayed from the state before it, recorded, and
            a page tells where it began), or ``"ignore"``.
        callbacks: objects with any of ``on_step(trainer)``, ``on_epoch(trainer, record)``; those
            with ``state_dict`` and ``load_state_dict`` are kept in checkpoints.
        checkpoints: a folder, or `Checkpoints`. Default: nothing is written.
        log: a file that gets a line of JSON for each epoch. Default: none.
        generators: further sources of randomness whose state is kept, by name; the default
            generator's always is.
        progress: show a bar for each epoch. Default True.
        group: the processes that train together, see `nn.parallel`; the first of them prints and
            writes. ``model`` is then a `nn.parallel.DistributedDataParallel`. Default: this process
            alone.

    Attributes:
        epoch, step: epochs finished, steps of the optimizer taken.
        history: a record for each epoch.
        stopping: why the run is to end, once something has decided so.
    """

    model: nn.Module
    optimizer: Any
    loss: Callable[[Any, Any], Tensor] = functional.cross_entropy
    metrics: dict[str, Callable[[Any, Any], float]] = field(
        default_factory=lambda: {"accuracy": accuracy}
    )
    schedule: Any = None
    schedule_every: str = "step"
    accumulate: int = 1
    clip_norm: float | None = None
    ema: float | None = None
    on_nonfinite: str = "raise"
    callbacks: Sequence[Any] = ()
    checkpoints: Any = None
    log: Any = None
    generators: dict[str, np.random.Generator] = field(default_factory=dict)
    progress: bool = True
    group: Group = field(default_factory=Group)

    def __post_init__(self) -> None:
        if not isinstance(self.model, nn.Module):
            raise TypeError(f"Trainer: model must be a module, got {type(self.model).__name__}")
        arguments.choice("Trainer", "schedule_every", self.schedule_every, ("step", "epoch"))
        arguments.choice(
            "Trainer", "on_nonfinite", self.on_nonfinite, ("raise", "explain", "ignore")
        )
        self.accumulate = arguments.integer("Trainer", "accumulate", self.accumulate)
        if self.clip_norm is not None:
            self.clip_norm = arguments.real("Trainer", "clip_norm", self.clip_norm, 0.0)
        if self.checkpoints is not None and not isinstance(self.checkpoints, Checkpoints):
            self.checkpoints = Checkpoints(self.checkpoints)
        # Weights are kept under the names of the model itself, however many processes train it.
        distributed = isinstance(self.model, DistributedDataParallel)
        self.network: nn.Module = self.model.module if distributed else self.model
        self.average = None if self.ema is None else EMA(self.network, self.ema)
        self.epoch = self.step = 0
        self.history = History()
        self.stopping: str | None = None
        self._means = _Means()
        self._best: float | None = None
        self._loader: Any = None
        self._before: Snapshot | None = None  # as it was when the latest batch came

    # One step -------------------------------------------------------------------------------------

    def train_step(self, batch: Any, last: bool = True) -> dict[str, float]:
        """Forward, backward and, if it is the ``last`` of those that are accumulated, a step.

        Returns:
            The loss and the metrics of this batch.
        """
        inputs, target = _pair("Trainer", batch)
        before = Snapshot(self.network) if self.on_nonfinite == "explain" else None
        self._before = before
        output = self.model(inputs)
        loss = self.loss(output, target)
        value = float(loss.item())
        if not np.isfinite(value):
            self._nonfinite(f"the loss is {value}", batch, before)
        (loss if self.accumulate == 1 else loss / self.accumulate).backward()
        if last:
            self._check_gradients(batch, before)
            self._update()
        with autograd.no_grad():
            measured = {name: float(m(output, target)) for name, m in self.metrics.items()}
        return {"loss": value, **measured}

    def _update(self) -> None:
        if self.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.network.parameters(), self.clip_norm)
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.schedule is not None and self.schedule_every == "step":
            self.schedule.step()
        if self.average is not None:
            self.average.update()
        self.step += 1

    def _check_gradients(self, batch: Any, before: Snapshot | None) -> None:
        if self.on_nonfinite == "ignore":
            return
        for name, parameter in self.network.named_parameters():
            if parameter.grad is not None and not np.isfinite(parameter.grad.data).all():
                self._nonfinite(f"the gradient of {name} is not finite", batch, before)

    def _nonfinite(self, what: str, batch: Any, before: Snapshot | None) -> None:
        if self.on_nonfinite == "ignore":
            return
        where = f"epoch {self.epoch + 1}, step {self.step + 1}: {what}"
        if before is None:
            raise NonFiniteError(f"{where}; on_nonfinite='explain' tells where it begins")
        folder = self.checkpoints.folder if self.checkpoints is not None else Path()
        page = folder / f"nonfinite-step-{self.step + 1}.html"
        inputs, target = _pair("Trainer", batch)
        told = explain(lambda: self.loss(self.model(inputs), target), before, page)
        raise NonFiniteError(f"{where}\n{told}\nThe backward pass, step by step: {page}")

    # Epochs ---------------------------------------------------------------------------------------

    def fit(self, loader: Iterable[Any], epochs: int, validate: Any = None) -> History:
        """Train until ``epochs`` are finished, those before a checkpoint was loaded included.

        Ctrl-C ends the run after the step that is being taken, and writes a checkpoint; a second
        Ctrl-C ends it at once.

        Args:
            loader: gives batches (inputs, target) once for each epoch, as `nn.data.DataLoader`.
            validate: a loader of the samples to evaluate on after each epoch. Default: none.

        Returns:
            The history.

        Raises:
            NonFiniteError: see ``on_nonfinite``.
        """
        epochs = arguments.integer("fit", "epochs", epochs, 0)
        self._attach(loader)
        with Interrupts() as interrupts:
            while self.epoch < epochs and not self.stopping:
                started = time.perf_counter()
                if not self._train_epoch(loader, epochs, interrupts):
                    break
                self._end_epoch(validate, started)
        if self.group.chief and self.stopping and self.progress:
            print(f"Stopped after epoch {self.epoch}, step {self.step}: {self.stopping}")
        return self.history

    def _train_epoch(self, loader: Any, epochs: int, interrupts: Interrupts) -> bool:
        """One pass over the data; False if it was broken off."""
        self.model.train()
        bar = progress_bar(
            loader, f"epoch {self.epoch + 1}/{epochs}", self.progress and self.group.chief
        )
        waiting = 0
        with bar:
            for batch in loader:
                waiting += 1
                last = waiting == self.accumulate
                self._means.add(self.train_step(batch, last), _count(batch))
                bar.show(self._means.result())
                if not last:
                    continue
                waiting = 0
                self._after_step()
                if self._anyone(bool(interrupts.seen or self.stopping)):
                    self.stopping = self.stopping or "interrupted"
                    self.save()
                    return False
            if waiting:  # the last ones are fewer than are usually accumulated
                self._check_gradients(batch, self._before)
                self._update()
                self._tell_step()  # a checkpoint comes with the epoch's end
        return True

    def _anyone(self, wants: bool) -> bool:
        """Does any of the processes want to stop? All find the same, at the same step."""
        return wants if self.group.size == 1 else any(self.group.all_gather(wants))

    def _tell_step(self) -> None:
        for callback in self.callbacks:
            if hasattr(callback, "on_step"):
                callback.on_step(self)

    def _after_step(self) -> None:
        self._tell_step()
        every = None if self.checkpoints is None else self.checkpoints.every
        if every is not None and self.step % every == 0:
            self.save()

    def _end_epoch(self, validate: Any, started: float) -> None:
        self.epoch += 1
        record: dict[str, Any] = {"epoch": self.epoch, "step": self.step}
        record["lr"] = self.optimizer.param_groups[0]["lr"]
        record.update(_Means.joined(self._means.of_everyone(self.group)).result())
        self._means = _Means()
        if validate is not None:
            record.update({f"val_{k}": v for k, v in self.evaluate(validate).items()})
        if self.schedule is not None and self.schedule_every == "epoch":
            self.schedule.step()
        record["seconds"] = round(time.perf_counter() - started, 3)
        self.history.append(record)
        for callback in self.callbacks:
            if hasattr(callback, "on_epoch"):
                callback.on_epoch(self, record)
        if self.group.chief and self.log is not None:
            self.history.append_to(self.log)
        if self.group.chief and self.progress:
            print("  ".join(f"{k} {v:.4g}" for k, v in record.items() if v is not None))
        self._keep_best(record)
        self.save()

    def _keep_best(self, record: dict[str, Any]) -> None:
        name = None if self.checkpoints is None else self.checkpoints.best
        if name is None:
            return
        if name not in record:
            raise KeyError(
                f"Checkpoints: best={name!r} is not measured; there are {', '.join(record)}"
            )
        if better(name, record[name], self._best):
            self._best = record[name]
            state = self.state_dict()
            if self.group.chief:
                self.checkpoints.save_best(state)

    def evaluate(self, loader: Iterable[Any]) -> dict[str, float]:
        """Loss and metrics over a loader, in evaluation mode, with the averaged weights if any."""
        if self.average is None:
            return evaluate(self.network, loader, self.loss, self.metrics)
        with self.average.applied():
            return evaluate(self.network, loader, self.loss, self.metrics)

    # Keeping it -----------------------------------------------------------------------------------

    def _attach(self, loader: Any) -> None:
        """Have checkpoints tell where the loader stands, and go on there after a resumption."""
        state, self._loader = self._loader, loader
        if isinstance(state, dict) and hasattr(loader, "load_state_dict"):
            loader.load_state_dict(state)

    def _parts(self) -> dict[str, Any]:
        """What has a state of its own, by the names that checkpoints use."""
        parts = {
            "optimizer": self.optimizer, "schedule": self.schedule, "average": self.average,
            **{f"callback {k}": callback for k, callback in enumerate(self.callbacks)},
        }  # fmt: skip
        return {name: part for name, part in parts.items() if hasattr(part, "state_dict")}

    def _all_generators(self) -> dict[str, np.random.Generator]:
        """The default generator, called "", and those that the run was given."""
        return {"": autograd.default_generator(), **self.generators}

    def state_dict(self) -> dict[str, Any]:
        """All that the run is made of, for `load_state_dict`; every process must call it."""
        loader = self._loader
        return {
            "model": self.network.state_dict(),
            "parts": {name: part.state_dict() for name, part in self._parts().items()},
            "loader": loader.state_dict() if hasattr(loader, "state_dict") else loader,
            "generators": {  # of every process, by rank
                name: self.group.all_gather(g.bit_generator.state)
                for name, g in self._all_generators().items()
            },
            "counts": {"epoch": self.epoch, "step": self.step, "best": self._best},
            "means": [  # of every process, by rank
                {"sums": each.sums, "count": each.count}
                for each in self._means.of_everyone(self.group)
            ],
            "history": [dict(record) for record in self.history],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where another run stood: what follows has the same bits.

        Raises:
            ValueError, RuntimeError: if the state is of another model, optimizer or run.
        """
        parts, generators = self._parts(), self._all_generators()
        if parts.keys() != state["parts"].keys() or generators.keys() != state["generators"].keys():
            raise ValueError(
                f"Trainer.load_state_dict: the checkpoint has {', '.join(state['parts'])}; this "
                f"run has {', '.join(sorted(parts))}: schedule, ema, callbacks and generators must be "
                "those of the run that is resumed"
            )
        self.network.load_state_dict(state["model"])
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
        for name, generator in generators.items():
            states = state["generators"][name]
            generator.bit_generator.state = states[self.group.rank % len(states)]
        counts = state["counts"]
        self.epoch, self.step, self._best = counts["epoch"], counts["step"], counts["best"]
        means = [_Means(**each) for each in state["means"]]
        if len(means) != self.group.size:  # another number of processes: the first goes on with all
            means = [_Means.joined(means), *(_Means() for _ in range(1, self.group.size))]
        self._means = means[self.group.rank]
        self.history = History(state["history"])
        self._loader = state["loader"]

    def save(self) -> Path | None:
        """Write a checkpoint, if there is a folder for them; every process must call it."""
        if self.checkpoints is None:
            return None
        state = self.state_dict()
        return self.checkpoints.save(state, self.step) if self.group.chief else None

    def resume(self, path: Any = None) -> Path | None:
        """Load a checkpoint.

        Args:
            path: the file. Default: the newest that is whole in the checkpoints' folder.

        Returns:
            What was loaded; None if there was nothing.
        """
        if path is None and self.checkpoints is not None:
            path = self.checkpoints.latest()
        if path is None:
            return None
        self.load_state_dict(load_state(path))
        return Path(path)


def _count(batch: Any) -> int:
    return len(batch[1])


def evaluate(
    model: nn.Module,
    loader: Iterable[Any],
    loss: Callable[[Any, Any], Tensor] = functional.cross_entropy,
    metrics: dict[str, Callable[[Any, Any], float]] | None = None,
) -> dict[str, float]:
    """Loss and metrics over all batches, in evaluation mode and without gradients.

    Args:
        metrics: by name; default: accuracy.

    Returns:
        Means over the samples, by name.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"evaluate: model must be a Module, got {arguments.shown(model)}")
    arguments.function("evaluate", "loss", loss)
    plain = isinstance(loader, Iterable) and not isinstance(loader, (str, bytes))
    if not plain or getattr(loader, "ndim", 1) == 0:
        raise TypeError(f"evaluate: loader must hold batches, got {arguments.shown(loader)}")
    metrics = {"accuracy": accuracy} if metrics is None else metrics
    means = _Means()
    training = model.training
    model.eval()
    try:
        with autograd.no_grad():
            for batch in loader:
                inputs, target = _pair("evaluate", batch)
                output = model(inputs)
                measured = {"loss": float(loss(output, target).item())}
                measured.update({name: float(m(output, target)) for name, m in metrics.items()})
                means.add(measured, _count(batch))
    finally:
        model.train(training)
    return means.result()


@partial(arguments.telling, home="nn.train")
def fit(
    model: nn.Module, optimizer: Any, loader: Iterable[Any], epochs: int, validate: Any = None,
    **options: Any,
) -> History:  # fmt: skip
    """Train a model; ``options`` are those of `Trainer`.

    Returns:
        The history: a record for each epoch.

    Example:
        >>> import autograd as ag, nn, numpy as np
        >>> _ = ag.manual_seed(0)
        >>> x = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
        >>> data = nn.data.TensorDataset(x, (x[:, 0] > x[:, 1]).astype(int))
        >>> model = nn.Linear(2, 2)
        >>> history = nn.train.fit(
        ...     model, nn.optim.SGD(model.parameters(), lr=1.0),
        ...     nn.data.DataLoader(data, 16, shuffle=True, seed=0), epochs=5, progress=False)
        >>> history[-1]["accuracy"] > 0.9
        True
    """
    return Trainer(model, optimizer, **options).fit(loader, epochs, validate)
