"""Where the random numbers of a converted model come from: our generator, or a recording.

When a model is compared with PyTorch, what that drew is recorded and handed out again here, so that
dropout and sampled noise are the same on both sides.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from nn.random import generator_or_default

__all__ = ["draw", "replay"]


class _Recording(threading.local):
    draws: list[np.ndarray[Any, Any]] | None = None


_recording = _Recording()


def draw(shape: Any, make: Callable[[np.random.Generator], Any], dtype: Any) -> Any:
    """The next recorded numbers, or new ones.

    Raises:
        RuntimeError: if the recording has no more, or ones of another shape.
    """
    shape = tuple(shape)
    if _recording.draws is None:
        return ag.as_tensor(np.asarray(make(generator_or_default("from_torch", None)), dtype=dtype))
    if not _recording.draws:
        raise RuntimeError(
            f"compare: the model draws random numbers of shape {shape}, but PyTorch has drawn none "
            "there"
        )
    array = _recording.draws.pop(0)
    if array.shape != shape:
        raise RuntimeError(
            f"compare: the model draws random numbers of shape {shape} where PyTorch drew "
            f"{array.shape}"
        )
    return ag.as_tensor(array.astype(dtype))


class replay:
    """Inside, random numbers are these, in order, instead of new ones."""

    def __init__(self, draws: list[np.ndarray[Any, Any]]) -> None:
        self._draws = list(draws)
        self._before: list[np.ndarray[Any, Any]] | None = None

    def __enter__(self) -> None:
        self._before = _recording.draws
        _recording.draws = self._draws

    def __exit__(self, *exception: object) -> None:
        _recording.draws = self._before
