"""Which dtype PyTorch computes in: operands are brought to it before our own functions see them.

Tensors with axes decide, then tensors without, then Python's numbers; a lower group changes the
dtype only where its kind (bool, integer, floating) is higher. Source: PyTorch's documentation of
``torch.result_type`` and "Tensor attributes: type promotion".
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor

__all__ = [
    "cast", "common", "default_float", "in_floats", "promoted", "result_dtype", "set_default_float",
    "tensor",
]  # fmt: skip

_KINDS = "biuf"


class _Default(threading.local):
    dtype: np.dtype[Any] = np.dtype(np.float32)


_default = _Default()


def default_float() -> np.dtype[Any]:
    """The dtype that PyTorch gave to what has none of its own where the running model was made."""
    return _default.dtype


def set_default_float(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Put another one in its place; returns the one before, to be put back."""
    before = _default.dtype
    _default.dtype = dtype
    return before


def tensor(value: Any) -> Tensor:
    """A tensor as it is; numbers become tensors."""
    if isinstance(value, Tensor):
        return value
    return ag.as_tensor(value, dtype=default_float() if isinstance(value, float) else None)


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype; x itself where it has that already."""
    if dtype is None or not isinstance(x, Tensor) or x.dtype == dtype:
        return x
    return ag.astype(x, dtype)


def _rank(dtype: np.dtype[Any]) -> int:
    return {"b": 0, "i": 1, "u": 1, "f": 2}[dtype.kind]


def _promote(a: np.dtype[Any] | None, b: np.dtype[Any] | None) -> np.dtype[Any] | None:
    if a is None or b is None:
        return a if b is None else b
    if _rank(a) != _rank(b):
        return a if _rank(a) > _rank(b) else b
    return np.promote_types(a, b)


def _combine(higher: np.dtype[Any] | None, lower: np.dtype[Any] | None) -> np.dtype[Any] | None:
    if higher is None or lower is None:
        return _promote(higher, lower)
    return lower if _rank(lower) > _rank(higher) else higher


def result_dtype(*operands: Any) -> np.dtype[Any]:
    """The dtype in which operands meet; tensors, and numbers of Python."""
    with_axes: np.dtype[Any] | None = None
    without: np.dtype[Any] | None = None
    numbers: np.dtype[Any] | None = None
    for operand in operands:
        if isinstance(operand, Tensor):
            if operand.ndim:
                with_axes = _promote(with_axes, operand.dtype)
            else:
                without = _promote(without, operand.dtype)
        elif isinstance(operand, bool):
            numbers = _promote(numbers, np.dtype(bool))
        elif isinstance(operand, int):
            numbers = _promote(numbers, np.dtype(np.int64))
        elif operand is not None:
            numbers = _promote(numbers, default_float())
    result = _combine(with_axes, _combine(without, numbers))
    assert result is not None
    return result


def common(*operands: Any, floats: bool = False) -> tuple[Any, ...]:
    """The operands with every tensor in the dtype in which they meet.

    Args:
        floats: integers and bools meet as floats, as for a true division.
    """
    dtype = result_dtype(*operands)
    if floats and dtype.kind != "f":
        dtype = default_float()
    if not any(isinstance(operand, Tensor) for operand in operands):
        operands = (tensor(operands[0]), *operands[1:])
    return tuple([cast(operand, dtype) for operand in operands])


def promoted(function: Callable[..., Any], floats: bool = False) -> Callable[..., Any]:
    """A function of operands that are brought to one dtype first."""

    def meet(self: Any, other: Any) -> Any:
        return function(*common(self, other, floats=floats))

    return meet


def in_floats(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function of one tensor, of which integers and bools are made floats first."""

    def of(self: Any) -> Any:
        return function(as_floats(self))

    return of


def as_floats(x: Any) -> Any:
    """x, or for integers and bools x in the default floating dtype."""
    x = tensor(x)
    return x if x.dtype.kind == "f" else cast(x, default_float())
