"""One function for images, and from it those for sequences and for volumes."""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable
from typing import Any, Concatenate, NamedTuple, ParamSpec, TypeVar

__all__ = ["Rank", "by_rank", "in_words_of"]

P = ParamSpec("P")
R = TypeVar("R")

#: How a text about images reads for the other ranks; longer words first.
_WORDS = {
    1: [("kH, kW", "k"), ("kH·kW", "k"), ("H′, W′", "L′"), ("H, W", "L"), ("H′", "L′"),
        ("(H ", "(L "), ("both axes", "the axis"), ("images", "sequences"), ("2d", "1d")],
    3: [("kH, kW", "kD, kH, kW"), ("H′, W′", "D′, H′, W′"), ("H, W", "D, H, W"),
        ("both axes", "all axes"), ("images", "volumes"), ("2d", "3d")],
}  # fmt: skip


class Rank(NamedTuple):
    """What a function for any number of spatial axes is asked for.

    Attributes:
        n: spatial axes. who: name of the function that the user called.
    """

    n: int
    who: str


def by_rank(
    function: Callable[Concatenate[Rank, P], R],
) -> tuple[Callable[P, R], Callable[P, R], Callable[P, R]]:
    """The functions ``name1d``, ``name2d`` and ``name3d`` from ``_name(at, ...)``.

    Their parameters are those that follow ``at``, a `Rank`; the docstring is written for images
    and put into the words of the others, but for its example.
    """
    one, two, three = (_of_rank(function, n) for n in (1, 2, 3))
    return one, two, three


def _of_rank(function: Callable[Concatenate[Rank, P], R], n: int) -> Callable[P, R]:
    assert isinstance(function, types.FunctionType)
    rank = Rank(n, f"{function.__name__.strip('_')}{n}d")
    # A copy, for the errors that Python itself raises about arguments call it by its name.
    named: Any = types.FunctionType(
        function.__code__, function.__globals__, rank.who, function.__defaults__
    )
    named.__qualname__ = rank.who

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return named(rank, *args, **kwargs)

    call.__name__ = call.__qualname__ = rank.who
    call.__module__ = function.__module__
    call.__doc__ = in_words_of(n, function.__doc__)
    call.__wrapped__ = named  # type: ignore[attr-defined]
    call.__annotations__ = {k: v for k, v in function.__annotations__.items() if k != "at"}
    signature = inspect.signature(function)
    parameters = list(signature.parameters.values())[1:]
    call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return call


def in_words_of(n: int, text: str | None) -> str | None:
    """A docstring about images (N, C, H, W) for ``n`` spatial axes."""
    if text is None or n == 2:
        return text
    # Its data are images. From Python 3.13 on, docstrings come without their indentation.
    text = re.split(r"\n\n *Example:", text)[0]
    for word, other in _WORDS[n]:
        text = text.replace(word, other)
    return text
