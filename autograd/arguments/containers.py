"""Reading arguments: lists, dictionaries and functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from autograd.arguments.numbers import shown

__all__ = ["elements", "function", "mapping"]


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
