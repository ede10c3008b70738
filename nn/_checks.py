"""Checks of arguments that several parts of ``nn`` share; the rest is ``autograd.arguments``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["elements", "function", "mapping"]


def elements(who: str, name: str, value: Any) -> list[Any]:
    """What an iterable holds.

    Raises:
        TypeError: if it is not iterable, or text.
    """
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise TypeError(f"{who}: {name} must be a list or another iterable, got {value!r}")
    return list(value)


def mapping(who: str, name: str, value: Any) -> Mapping[Any, Any]:
    """The mapping itself.

    Raises:
        TypeError: if it is none.
    """
    if not isinstance(value, Mapping):
        raise TypeError(f"{who}: {name} must be a dictionary, got {value!r}")
    return value


def function(who: str, name: str, value: Any) -> Any:
    """The function itself.

    Raises:
        TypeError: if it cannot be called.
    """
    if not callable(value):
        raise TypeError(f"{who}: {name} must be a function, got {value!r}")
    return value
