"""float16: stored in halves, computed in single precision, rounded once.

A half has eleven binary digits and ends at 65,504: sums stop growing at 2,048 ones, a count of
100,000 is infinite, the square of 1/5,000 is 0. So whatever takes more than one step from its
operands to its result takes them in float32. Functions made of several primitives are decorated
with ``in_single``, kernels convert by themselves, and the engine keeps gradients of halves in
float32 until they are complete (``autograd.engine.backward``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

__all__ = ["HALF", "HALVES", "SINGLE", "in_single", "rounded", "single"]

HALF = np.dtype(np.float16)
SINGLE = np.dtype(np.float32)
#: Float16 by whatever object: asking this is quicker than ``==``.
HALVES = frozenset({HALF})
_NO_ARRAYS = frozenset({int, float, str, bool, type(None)})


def single(x: Any, depth: int = 0) -> Any:
    """A float16 tensor, array or number in float32; tuples and lists item by item; all else as it is."""
    if (kind := type(x)) is tuple or kind is list:
        within = depth <= _DEEPEST and _has_half(x, depth)
        return kind([single(y, depth + 1) for y in x]) if within else x
    return x.astype(SINGLE) if getattr(x, "dtype", None) == HALF else x


def rounded(x: Any) -> Any:
    """A float32 tensor, array or number in float16; tuples item by item; all else as it is."""
    if isinstance(x, tuple):
        items = [rounded(item) for item in x]
        return tuple(items) if type(x) is tuple else type(x)(*items)  # with its parts' names
    return x.astype(HALF) if getattr(x, "dtype", None) == SINGLE else x


#: Lists are gone into so deep: an array has no more axes.
_DEEPEST = 64


def _dtypes(values: Iterable[Any], depth: int = 0) -> set[Any]:
    """The dtypes of tensors, arrays and numbers, also of those in tuples and lists."""
    found: set[Any] = set()
    for x in values:
        if (kind := type(x)) is tuple or kind is list:
            if depth < _DEEPEST:
                found |= _dtypes(x, depth + 1)
        else:
            found.add(getattr(x, "dtype", None))
    return found


def _has_half(values: Iterable[Any], depth: int = 0) -> bool:
    """Whether a float16 tensor, array or number is among them, also in tuples and lists."""
    for x in values:
        if (kind := type(x)) in _NO_ARRAYS:
            continue
        if kind is tuple or kind is list:
            if depth < _DEEPEST and _has_half(x, depth + 1):
                return True
        elif (
            dtype := getattr(getattr(x, "_data", x), "dtype", None)
        ) is not SINGLE and dtype == HALF:
            return True
    return False


def in_single(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: where all floating arguments are float16, compute in float32 and round the result.

    Beside wider ones, halves are made float32 and the result stays as it is.
    """

    @wraps(function)
    def called(*arguments: Any, **options: Any) -> Any:
        if not _has_half(arguments) and not (options and _has_half(options.values())):
            return function(*arguments, **options)
        dtypes = _dtypes((*arguments, *options.values()))
        result = function(
            *[single(x) for x in arguments], **{name: single(x) for name, x in options.items()}
        )
        return result if dtypes & {SINGLE, np.dtype(np.float64)} else rounded(result)

    return called
