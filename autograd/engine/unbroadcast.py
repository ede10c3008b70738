"""Unbroadcast: gradients are summed down to the shape of the input that they are for."""

from __future__ import annotations

from typing import Any

__all__ = ["broadcasts_to", "sum_to_shape"]


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
    axes = tuple(range(extra)) + tuple(
        k + extra for k, n in enumerate(shape) if n == 1 and value.shape[k + extra] != 1
    )
    if axes:
        value = value.sum(axis=axes, keepdims=True)
    if extra:
        value = value.reshape(value.shape[extra:])
    return value
