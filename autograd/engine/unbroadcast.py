"""Unbroadcast: gradients are summed down to the shape of the input that they are for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

__all__ = ["broadcasts_to", "sum_to_shape"]


@lru_cache(maxsize=1024)
def broadcasts_to(shape: tuple[int, ...], out: tuple[int, ...], got: tuple[int, ...]) -> bool:
    """True if a gradient of shape ``got`` may be summed down (or spread) to the input's shape.

    A rule of a broadcasting primitive returns the broadcast shape, or something that broadcasts
    to it, such as a number for a constant slope.
    """
    if len(got) > len(out):
        return False
    padded = (1,) * (len(out) - len(got)) + got
    return all(n == m or n == 1 for n, m in zip(padded, out, strict=True))


def sum_to_shape(value: Any, shape: tuple[int, ...]) -> Any:
    """Sum the axes that broadcasting added or stretched."""
    extra = value.ndim - len(shape)
    if extra < 0:
        return value
    if axes := _axes(value.shape, shape):
        value = value.sum(axis=axes, keepdims=True)
    if extra:
        value = value.reshape(value.shape[extra:])
    return value


@lru_cache(maxsize=1024)
def _axes(here: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    extra = len(here) - len(shape)
    stretched = [k + extra for k, n in enumerate(shape) if n == 1 != here[k + extra]]
    return (*range(extra), *stretched)
