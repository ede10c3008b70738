"""The one place that normalises and validates sizes, strides, paddings and the like.

Everything here takes ``who`` (the function or layer that asks) and the argument's name, so that
an error reads ``Conv2d: stride must be a positive integer or 2 of them, got 0``.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

__all__ = [
    "axes",
    "axis",
    "boolean",
    "choice",
    "integer",
    "integers",
    "is_integer",
    "paddings",
    "probability",
    "real",
]

_KINDS = {0: "a non-negative integer", 1: "a positive integer", None: "an integer"}


def is_integer(value: Any) -> bool:
    """True for Python and NumPy integers, not for bools or floats."""
    if type(value) is int:
        return True
    if isinstance(value, bool) or type(value).__name__ == "bool":
        return False
    if hasattr(value, "dtype"):
        return value.ndim == 0 and value.dtype.kind in "iu"
    return hasattr(value, "__index__")


def integer(who: str, name: str, value: Any, low: int | None = 1) -> int:
    """An integer not below ``low``.

    Raises:
        TypeError: if it is no integer (bools and floats are not).
        ValueError: if it is too small.
    """
    kind = _KINDS.get(low, f"an integer ≥ {low}")
    if not is_integer(value):
        raise TypeError(f"{who}: {name} must be {kind}, got {value!r} ({type(value).__name__})")
    result = operator.index(value)
    if low is not None and result < low:
        raise ValueError(f"{who}: {name} must be {kind}, got {result}")
    return result


def integers(who: str, name: str, value: Any, n: int, low: int | None = 1) -> tuple[int, ...]:
    """``n`` integers not below ``low``; one number stands for ``n`` equal ones.

    Raises:
        TypeError: if it is neither an integer nor a sequence of them.
        ValueError: for the wrong number of them, or one that is too small.
    """
    if type(value) is int and (low is None or value >= low):
        return (value,) * n
    if type(value) is tuple and len(value) == n:
        for v in value:
            if type(v) is not int or (low is not None and v < low):
                break
        else:
            return value
    if is_integer(value):
        return (integer(who, name, value, low),) * n
    if hasattr(value, "tolist"):
        value = value.tolist()
    kind = _KINDS.get(low, f"an integer ≥ {low}")
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(
            f"{who}: {name} must be {kind} or {n} of them, got {value!r} ({type(value).__name__})"
        )
    if len(value) == 1 and n != 1 and is_integer(value[0]):
        return (integer(who, name, value[0], low),) * n
    if len(value) != n:
        raise ValueError(
            f"{who}: {name} must be {kind} or {n} of them, got {len(value)}: {tuple(value)!r}"
        )
    return tuple(integer(who, f"{name}[{k}]", v, low) for k, v in enumerate(value))


def paddings(
    who: str,
    value: Any,
    n: int,
    kernel: Sequence[int] | None = None,
    stride: Sequence[int] | None = None,
    dilation: Sequence[int] | None = None,
    low: int | None = 0,
) -> tuple[tuple[int, int], ...]:
    """Padding as ``n`` pairs (before, after).

    Args:
        value: an integer, ``n`` of them, ``n`` pairs, ``"valid"`` (none) or ``"same"``, which for
            stride 1 adds d(k − 1) in all, ⌊half⌋ of it before.
        kernel, stride, dilation: needed for ``"same"``.
        low: smallest padding allowed; None to allow cropping.

    Raises:
        TypeError, ValueError: for anything else; ``"same"`` with a stride.
    """
    if type(value) is int and (low is None or value >= low):
        return ((value, value),) * n
    if type(value) is tuple and len(value) == n:  # as layers keep it: nothing to be done
        for pair in value:
            if type(pair) is not tuple or len(pair) != 2:
                break
            before, after = pair
            if type(before) is not int or type(after) is not int:
                break
            if low is not None and (before < low or after < low):
                break
        else:
            return value
    if isinstance(value, str):
        if value == "valid":
            return ((0, 0),) * n
        if value != "same" or kernel is None:
            allowed = "'valid' or 'same'" if kernel is not None else "integers"
            raise ValueError(f"{who}: padding must be {allowed}, got {value!r}")
        if any(s != 1 for s in stride or ()):
            raise ValueError(
                f"{who}: padding='same' needs stride 1, got stride {tuple(stride or ())}; "
                "give the padding in numbers"
            )
        totals = [d * (k - 1) for k, d in zip(kernel, dilation or (1,) * n, strict=True)]
        return tuple((t // 2, t - t // 2) for t in totals)
    if not isinstance(value, (str, bytes)) and isinstance(value, Sequence) and len(value) == n:
        if all(isinstance(v, Sequence) and not isinstance(v, str) for v in value):
            return tuple(
                (pair[0], pair[1])
                for pair in (integers(who, f"padding[{k}]", v, 2, low) for k, v in enumerate(value))
            )
    return tuple((p, p) for p in integers(who, "padding", value, n, low))


def choice(who: str, name: str, value: Any, allowed: Sequence[str]) -> str:
    """One of a few strings.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str) or value not in allowed:
        listed = ", ".join(repr(a) for a in allowed)
        raise ValueError(f"{who}: {name} must be one of {listed}; got {value!r}")
    return value


def boolean(who: str, name: str, value: Any) -> bool:
    """True or False.

    Raises:
        TypeError: for anything else.
    """
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise TypeError(f"{who}: {name} must be True or False, got {value!r}")


def real(
    who: str,
    name: str,
    value: Any,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
) -> float:
    """A real number within bounds (both included, unless ``open_low``).

    Raises:
        TypeError: if it is no number (bools and strings are not).
        ValueError: if it is NaN or out of bounds.
    """
    if type(value) is not float and type(value) is not int:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        is_number = is_number or (
            getattr(getattr(value, "dtype", None), "kind", "") in ("f", "i", "u")
            and getattr(value, "size", 0) == 1
        )
        if not is_number:
            raise TypeError(f"{who}: {name} must be a number, got {value!r}")
    result = float(value)
    fits = result == result
    if low is not None:
        fits = fits and (result > low if open_low else result >= low)
    if high is not None:
        fits = fits and result <= high
    if not fits:
        left = "" if low is None else f"{low} {'<' if open_low else '≤'} "
        right = "" if high is None else f" ≤ {high}"
        raise ValueError(f"{who}: {name} must satisfy {left}{name}{right}, got {value!r}")
    return result


def probability(who: str, name: str, value: Any) -> float:
    """A number from 0 to 1."""
    return real(who, name, value, 0.0, 1.0)


def axis(who: str, value: Any, ndim: int, name: str = "axis") -> int:
    """An axis as a number from 0.

    Raises:
        TypeError: if it is no integer.
        IndexError: if it is out of range.
    """
    if type(value) is not int:
        if not is_integer(value):
            raise TypeError(f"{who}: {name} must be an integer, got {value!r}")
        value = operator.index(value)
    if not -ndim <= value < ndim:
        allowed = f"from {-ndim} to {ndim - 1}" if ndim else "none, since the array is 0-d"
        raise IndexError(f"{who}: {name} {value} is out of range; allowed is {allowed}")
    return value % ndim


def axes(who: str, value: Any, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """One axis, several, or None for all, as numbers from 0 without repetition.

    Raises:
        TypeError, IndexError: as ``axis``.
        ValueError: if one is named twice.
    """
    if value is None:
        return tuple(range(ndim))
    if is_integer(value):
        return (axis(who, value, ndim, name),)
    if hasattr(value, "tolist"):
        value = value.tolist()
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{who}: {name} must be an integer, several or None, got {value!r}")
    result = tuple(axis(who, v, ndim, name) for v in value)
    if len(set(result)) != len(result):
        raise ValueError(f"{who}: {name} {tuple(value)} names an axis twice")
    return result
