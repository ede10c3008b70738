"""A loss or gradient that is no number: the batch again, from the state before it, watched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import autograd
import nn
from autograd import Tensor, atomic, debug, viz

__all__ = ["NonFiniteError", "Snapshot", "explain"]


class NonFiniteError(RuntimeError):
    """A loss or a gradient became NaN or infinite; the message says where."""


class Snapshot:
    """What a forward pass changes although no optimizer has taken a step: buffers and randomness."""

    def __init__(self, model: nn.Module) -> None:
        self._model = model
        self._buffers = {name: np.array(buffer.data) for name, buffer in model.named_buffers()}
        self._random = autograd.default_generator().bit_generator.state

    def restore(self) -> None:
        """Put the model's buffers and the default generator back."""
        autograd.default_generator().bit_generator.state = self._random
        for name, value in self._buffers.items():
            path, _, last = name.rpartition(".")
            setattr(self._model.get_submodule(path), last, autograd.tensor(value))


def explain(forward: Callable[[], Tensor], before: Snapshot, page: Path) -> str:
    """Replay a batch under `debug.record` and say where the first bad number is made.

    Args:
        forward: gives the loss.
        before: the state to replay from.
        page: gets the backward pass as a page to step through.
    """
    told = "The replay of the batch from the state before it made no NaN or infinity."
    before.restore()
    try:
        with debug.record():
            loss = forward()
    except debug.NonFinite as error:
        told = str(error)
    else:
        for parameter in before._model.parameters():
            parameter.grad = None
        try:
            loss.backward(break_on=[debug.nonfinite])
        except debug.Breakpoint as error:
            told = str(error)
    before.restore()
    with debug.record(check=False):
        loss = forward()
    page.parent.mkdir(parents=True, exist_ok=True)
    viz.step(loss).save(str(page))
    atomic.write(page.with_suffix(".txt"), told + "\n")
    return told
