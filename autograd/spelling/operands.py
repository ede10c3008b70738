"""Lists in the place of tensors, in the functions under PyTorch's names."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from autograd.arguments.arrays import array_like

__all__ = ["once", "operands"]

_NESTED = (list, tuple)


def once(who: str, **given: Any) -> None:
    """Raise if several words for one argument were given; None, and no values at all, are none.

    Example:
        >>> once("flip", dims=(0,), axis=1)
        Traceback (most recent call last):
            ...
        TypeError: flip: dims= and axis= are one; give one of them
    """
    said = [name for name, value in given.items()
            if value is not None and not (type(value) is tuple and not value)]  # fmt: skip
    if len(said) > 1:
        raise TypeError(f"{who}: {said[0]}= and {said[1]}= are one; give one of them")


def operands(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: the arguments of these names may be lists, which become arrays.

    Each takes the precision of what it stands beside. Tensors and arrays cost one look at their type.

    Example:
        >>> import autograd as ag
        >>> ag.mm(ag.ones(1, 2, dtype="float64"), [[0.1], [0.2]]).dtype
        dtype('float64')
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        places = [(list(inspect.signature(function).parameters).index(n), n) for n in names]
        who = function.__name__

        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> Any:
            given = [
                args[place] if place < len(args) else kwargs.get(name) for place, name in places
            ]
            if not any([isinstance(x, _NESTED) for x in given]):
                return function(*args, **kwargs)
            positional = list(args)
            for (place, name), x in zip(places, given, strict=True):
                if isinstance(x, _NESTED):
                    array = array_like(f"{who}: {name}", x, *given)
                    if place < len(args):
                        positional[place] = array
                    else:
                        kwargs[name] = array
            return function(*positional, **kwargs)

        return called

    return decorate
