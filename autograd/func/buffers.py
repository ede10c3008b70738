"""Running modules only to look at them: their running statistics stay as they were."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["kept_buffers"]


@contextmanager
def kept_buffers(modules: Iterable[Any]) -> Iterator[None]:
    """Put the own buffers of each module back at the end.

    Layers replace their buffers rather than write into them, so keeping the old ones is enough.
    """
    before = [(module, dict(module.named_buffers(recurse=False))) for module in modules]
    try:
        yield
    finally:
        for module, buffers in before:
            for name, buffer in buffers.items():
                setattr(module, name, buffer)
