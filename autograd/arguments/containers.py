"""Reading arguments: lists, dictionaries and functions."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown

#: Characters of a path that Linux opens; other systems open fewer.
_LONGEST_PATH = 4095

__all__ = ["elements", "function", "mapping", "path", "real_array", "sized"]


def elements(who: str, name: str, value: Any) -> list[Any]:
    """What an iterable holds.

    Raises:
        TypeError: if it is not iterable, or text.
    """
    plain = isinstance(value, Iterable) and not isinstance(value, (str, bytes, type))
    if not plain or getattr(value, "ndim", 1) == 0:
        model = callable(getattr(type(value), "parameters", None)) and name == "parameters"
        told = "; write model.parameters()" if model else ""
        if callable(value) and not model and not isinstance(value, type):
            told = f"; call it: {getattr(value, '__name__', name)}()"
        raise TypeError(
            f"{who}: {name} must be a list or another iterable, got {shown(value)}{told}"
        )
    return list(value)


def mapping(who: str, name: str, value: Any) -> Mapping[Any, Any]:
    """The mapping itself.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{who}: {name} must be a dictionary, got {shown(value)}")
    return value


def function(who: str, name: str, value: Any) -> Any:
    """The function itself.

    Raises:
        TypeError: if it cannot be called.
    """
    if not callable(value):
        raise TypeError(f"{who}: {name} must be a function, got {shown(value)}")
    return value


def sized(who: str, name: str, value: Any) -> Any:
    """What has a length and elements by number, such as a data set.

    Raises:
        TypeError: if it has none.
    """
    kind = type(value)
    plain = hasattr(kind, "__len__") and hasattr(kind, "__getitem__")
    if not plain or isinstance(value, (str, bytes)) or getattr(value, "ndim", 1) == 0:
        raise TypeError(
            f"{who}: {name} must have a length and samples by number, got {shown(value)}"
        )
    return value


def path(who: str, name: str, value: Any) -> str:
    """A path of the file system, as text.

    Raises:
        TypeError: if it is neither text nor a path.
        ValueError: if no file can be called so.
    """
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{who}: {name} must be a string or a path, got {shown(value)}")
    result = os.fspath(value)
    too_long = isinstance(result, str) and len(result) > _LONGEST_PATH
    if not isinstance(result, str) or "\0" in result or too_long:
        raise ValueError(f"{who}: {shown(value)} cannot be the name of a file")
    return result


def real_array(who: str, name: str, value: Any) -> np.ndarray[Any, Any]:
    """Real numbers as an array of doubles.

    Raises:
        TypeError: for what are none.
    """
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{who}: {name} must be real numbers, got {shown(value)}") from None
