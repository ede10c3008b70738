"""Reading arguments: integers, real numbers, booleans, choices and axes.

Each function takes ``who`` (the function or layer that asks) and the argument's name, so that an
error reads ``Conv2d: stride must be a positive integer or 2 of them, got 0``.
"""

from __future__ import annotations

import operator
import reprlib
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
    "is_real",
    "paddings",
    "probability",
    "real",
    "real_or_nan",
    "shown",
]

_KINDS = {0: "a non-negative integer", 1: "a positive integer", None: "an integer"}

#: Integers from −2⁶³ to 2⁶³ − 1 are those that NumPy calculates with. Sizes and strides may be
#: larger: they are asked how many bytes they need, or leave an image at once.
_WORD = 1 << 63
_LARGEST = 1 << 1000  # which a float can hold


class _Shown(reprlib.Repr):
    """Values as they are shown in messages: short, on one line, whatever they are."""

    def __init__(self) -> None:
        super().__init__()
        self.maxother = self.maxstring = 80
        self.maxtuple = self.maxlist = 16

    def repr_int(self, x: int, level: int) -> str:
        return repr(x) if abs(x) < 1 << 128 else f"an integer of {x.bit_length()} bits"

    def repr_instance(self, x: Any, level: int) -> str:
        try:
            repr(x)
        except Exception:  # the user's own __repr__; reprlib would show where it lies in memory
            return f"a {type(x).__name__}"
        return " ".join(super().repr_instance(x, level).split())


#: A value as text for a message.
shown = _Shown().repr


def is_integer(value: Any) -> bool:
    """True for Python and NumPy integers, not for bools, floats or classes."""
    if type(value) is int:
        return True
    if isinstance(value, (bool, type)) or type(value).__name__ == "bool":
        return False
    if hasattr(value, "dtype"):
        return value.ndim == 0 and value.dtype.kind in "iu"
    return hasattr(value, "__index__")


def integer(who: str, name: str, value: Any, low: int | None = 1) -> int:
    """An integer not below ``low``; of 64 bits where it may be negative.

    Raises:
        TypeError: if it is no integer (bools and floats are not).
        ValueError: if it is too small, or too large.
    """
    if type(value) is int and (-_WORD if low is None else low) <= value < _WORD:
        return value
    kind = _KINDS.get(low, f"an integer ≥ {low}")
    if not is_integer(value):
        raise TypeError(
            f"{who}: {name} must be {kind}, got {shown(value)} ({type(value).__name__})"
        )
    result = operator.index(value)
    if low is not None and result < low:
        raise ValueError(f"{who}: {name} must be {kind}, got {shown(result)}")
    if low is None and not -_WORD <= result < _WORD:
        raise ValueError(f"{who}: {name} must be {kind} of 64 bits, got {shown(result)}")
    if result >= _LARGEST:
        raise ValueError(f"{who}: {name} is far too large: {shown(result)}")
    return result


def integers(who: str, name: str, value: Any, n: int, low: int | None = 1) -> tuple[int, ...]:
    """``n`` integers not below ``low``; one number stands for ``n`` equal ones.

    Raises:
        TypeError: if it is neither an integer nor a sequence of them.
        ValueError: for the wrong number of them, or one that is too small or too large.
    """
    least = -_WORD if low is None else low
    if type(value) is int and least <= value < _WORD:
        return (value,) * n
    if type(value) is tuple and len(value) == n:
        for v in value:
            if type(v) is not int or not least <= v < _WORD:
                break
        else:
            return value
    if is_integer(value):
        return (integer(who, name, value, low),) * n
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()
    kind = f"{_KINDS.get(low, f'an integer ≥ {low}')} or {n} of them"
    if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
        raise TypeError(
            f"{who}: {name} must be {kind}, got {shown(value)} ({type(value).__name__})"
        )
    if len(value) == 1 and n != 1 and is_integer(value[0]):
        return (integer(who, name, value[0], low),) * n
    if len(value) != n:
        raise ValueError(f"{who}: {name} must be {kind}, got {len(value)}: {shown(tuple(value))}")
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
    least = -_WORD if low is None else low
    if type(value) is int and least <= value < _WORD:
        return ((value, value),) * n
    if type(value) is tuple and len(value) == n:  # as layers keep it: nothing to be done
        for pair in value:
            if type(pair) is not tuple or len(pair) != 2:
                break
            before, after = pair
            if type(before) is not int or type(after) is not int:
                break
            if not least <= before < _WORD or not least <= after < _WORD:
                break
        else:
            return value
    if isinstance(value, str):
        if value == "valid":
            return ((0, 0),) * n
        if value != "same" or kernel is None:
            allowed = "'valid' or 'same'" if kernel is not None else "integers"
            raise ValueError(f"{who}: padding must be {allowed}, got {shown(value)}")
        if any(s != 1 for s in stride or ()):
            raise ValueError(
                f"{who}: padding='same' needs stride 1, got stride {tuple(stride or ())}; "
                "give the padding in numbers"
            )
        totals = [d * (k - 1) for k, d in zip(kernel, dilation or (), strict=True)]
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
        raise ValueError(f"{who}: {name} must be one of {listed}; got {shown(value)}")
    return value


def boolean(who: str, name: str, value: Any) -> bool:
    """True or False, of Python or NumPy.

    Raises:
        TypeError: for anything else.
    """
    if value is True or value is False:
        return value
    if type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise TypeError(f"{who}: {name} must be True or False, got {shown(value)}")


def real(
    who: str,
    name: str,
    value: Any,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    finite: bool = False,
) -> float:
    """A real number within bounds (both included, unless ``open_low``).

    Args:
        finite: refuse infinities as well.

    Raises:
        TypeError: if it is no number (bools and strings are not).
        ValueError: if it is NaN or out of bounds.
    """
    if type(value) is not float and type(value) is not int:
        if not is_real(value):
            raise TypeError(f"{who}: {name} must be a number, got {shown(value)}")
    if getattr(value, "ndim", 0) and not hasattr(value, "_node"):
        value = value.item()  # an array of one: NumPy makes a float of numbers without axes alone
    try:
        result = float(value)
    except OverflowError:
        raise ValueError(
            f"{who}: {name} must be a number that a float can hold, got {shown(value)}"
        ) from None
    if finite and not abs(result) < float("inf"):
        raise ValueError(f"{who}: {name} must be finite, got {shown(value)}")
    fits = result == result
    if low is not None:
        fits = fits and (result > low if open_low else result >= low)
    if high is not None:
        fits = fits and result <= high
    if not fits and low is None and high is None:
        raise ValueError(f"{who}: {name} must not be NaN")
    if not fits:
        left = "" if low is None else f"{low} {'<' if open_low else '≤'} "
        right = "" if high is None else f" ≤ {high}"
        raise ValueError(f"{who}: {name} must satisfy {left}{name}{right}, got {shown(value)}")
    return result


def real_or_nan(who: str, name: str, value: Any) -> float:
    """A real number, or NaN: what stands for "nothing here" in data."""
    if is_real(value) and value != value:
        return float(value)
    return real(who, name, value)


def is_real(value: Any) -> bool:
    """True for a number of Python or NumPy, or an array of one, that is real and no bool."""
    if isinstance(value, (int, float)):
        return not isinstance(value, bool)
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    return kind in ("f", "i", "u") and value.size == 1


def probability(who: str, name: str, value: Any) -> float:
    """A number from 0 to 1."""
    return real(who, name, value, 0.0, 1.0)


def axis(who: str, value: Any, ndim: int, name: str = "axis") -> int:
    """An axis as a number from 0. A number (``ndim`` 0) has none: see ``axes``.

    Raises:
        TypeError: if it is no integer.
        IndexError: if it is out of range.
    """
    if type(value) is not int:
        if not is_integer(value):
            told = f"{who}: {name} must be an integer, got {shown(value)}"
            if who in ("stack", "concatenate") and getattr(value, "ndim", None):
                told += f"; the arrays come in a list: {who}([x, y])"
            raise TypeError(told)
        value = operator.index(value)
    if not -ndim <= value < ndim:
        allowed = f"from {-ndim} to {ndim - 1}" if ndim else "none, since the array is 0-d"
        raise IndexError(f"{who}: {name} {shown(value)} is out of range; allowed is {allowed}")
    return value % ndim


def axes(who: str, value: Any, ndim: int, name: str = "axis") -> tuple[int, ...]:
    """One axis, several, or None for all, as numbers from 0 without repetition.

    A number may be asked for its axis 0 or −1, as if it were a vector of one: the answer is ().

    Raises:
        TypeError, IndexError: as ``axis``.
        ValueError: if one is named twice.
    """
    if value is None:
        return tuple(range(ndim))
    if type(value) is int and -ndim <= value < ndim:
        return (value % ndim,)
    if type(value) is tuple:  # the usual case, without a function call for each axis
        for v in value:
            if type(v) is not int or not 0 <= v < ndim:
                break
        else:
            if len(set(value)) == len(value):
                return value
    if is_integer(value):
        return () if not ndim and value in (0, -1) else (axis(who, value, ndim, name),)
    if hasattr(value, "tolist") and not isinstance(value, type):
        value = value.tolist()
    if not isinstance(value, (tuple, list)):
        raise TypeError(f"{who}: {name} must be an integer, several or None, got {shown(value)}")
    if not ndim and len(value) == 1 and is_integer(value[0]):
        return axes(who, value[0], ndim, name)
    result = tuple(axis(who, v, ndim, name) for v in value)
    if len(set(result)) != len(result):
        raise ValueError(f"{who}: {name} {tuple(value)} names an axis twice")
    return result
