"""Prepared functions: what is left of a function once the shapes of its arrays are known.

A replayed step (``autograd.func.replay``) calls the same functions on arrays of the same shapes and
types again and again. What they look up each time could be looked up once: shapes that have to fit,
which kernel is to be called, the shape of a view. For some a *maker* is registered here: a function
of the same parameters, which is given examples and returns the function for all arrays like these,
or None where there is nothing to be gained.

A prepared function computes the same bits. It need not check shapes, but must not rely on more:
arrays may lie in memory in another order than the examples did. What cannot happen any more as it
was prepared is left to the function itself, for instance where a kernel refuses its arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

__all__ = ["prepared", "prepares"]

Function = Callable[..., Any]

_makers: dict[Function, Function] = {}


def prepares(function: Function) -> Callable[[Function], Function]:
    """Decorates the maker for a primitive's forward function, or for a gradient rule.

    A forward function's maker returns a function of the arrays alone; a rule's, one that takes all
    that the rule takes.
    """

    def register(maker: Function) -> Function:
        _makers[function] = maker
        return maker

    return register


def prepared(
    function: Function, examples: Sequence[Any], static: Mapping[str, Any] | None = None
) -> Function | None:
    """The function for arguments like these; None where there is no other than itself."""
    maker = _makers.get(function)
    return None if maker is None else maker(*examples, **(static or {}))
