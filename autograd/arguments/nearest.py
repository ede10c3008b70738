"""Misspelt names: which one was meant."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import TypeVar

__all__ = ["nearest", "suggesting"]

F = TypeVar("F", bound=Callable[..., object])


def nearest(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'Linear'?`` for the name most like another one, or nothing.

    Example:
        >>> import autograd as ag
        >>> ag.arguments.nearest("Linaer", ["Linear", "Conv2d"])
        "; did you mean 'Linear'?"
        >>> ag.arguments.nearest("xyz", ["Linear", "Conv2d"])
        ''
    """
    import difflib  # only who has made a mistake pays for it

    public = [each for each in names if not each.startswith("_")]
    same = [each for each in public if each.lower() == name.lower()]
    found = same or difflib.get_close_matches(name, public, n=1, cutoff=0.7)
    return f"; did you mean {found[0]!r}?" if found else ""


def suggesting(function: F) -> F:
    """A function that answers a keyword that it does not have with the one meant.

    Example:
        >>> import autograd as ag
        >>> @ag.arguments.suggesting
        ... def draw(x, *, collapse=None): ...
        >>> draw(1, kolapse=True)
        Traceback (most recent call last):
        TypeError: draw: there is no argument 'kolapse'; did you mean 'collapse'? It takes x, collapse
    """
    names = [name for name in inspect.signature(function).parameters if name != "self"]
    who = function.__qualname__.removesuffix(".__init__")

    @functools.wraps(function)
    def call(*args: object, **kwargs: object) -> object:
        for name in kwargs:
            if name not in names:
                raise TypeError(
                    f"{who}: there is no argument {name!r}{nearest(name, names)} "
                    f"It takes {', '.join(names)}".replace("' It", "'; it")
                )
        return function(*args, **kwargs)

    return call  # type: ignore[return-value]
