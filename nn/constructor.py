"""What is said of a layer's constructor: its parameters, and what was wrong with the arguments."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import numpy as np

from autograd import Tensor, arguments

__all__ = ["Listing", "Parameters", "listing", "misspelt", "telling"]

T = TypeVar("T")


def telling(init: Callable[..., None], home: str = "nn") -> Callable[..., None]:
    """A layer's constructor whose TypeErrors speak of the layer, and of what was probably meant.

    Args:
        init: the ``__init__``; subclasses are told about by their own names.
        home: the package that users write before the class. Default ``nn``.
    """

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError as error:
            told = _instead(f"{home}.{type(self).__name__}", init, args, kwargs, str(error))
            if told is None:
                raise
            raise TypeError(told) from None

    return __init__


def _instead(full: str, init: Callable[..., None], args: Any, kwargs: Any, said: str) -> str | None:
    """Better words, or None where the ones there are do."""
    who, signature = full.rpartition(".")[2], inspect.signature(init)
    parameters = list(signature.parameters.values())[1:]
    names = [p.name for p in parameters]
    if full.count(".") == 1 and any(_is_data(value) for value in args):  # no optimizer
        given = ", ".join(f"x{k + 1}" if len(args) > 1 else "x" for k in range(len(args)))
        settings = f" its settings are {', '.join(names)}." if names else ""
        return (
            f"{who}: a layer is built first and then called: {full}(…)({given}). Data were given "
            f"to the constructor;{settings or ' it has no settings.'}"
        )
    unknown = [name for name in kwargs if name not in names]
    if unknown and "unexpected keyword" in said:
        return (
            f"{who}: there is no argument {unknown[0]!r}"
            f"{arguments.nearest(unknown[0], names) or '.'} It takes {_call(full, parameters)}"
        )
    try:
        signature.bind(None, *args, **kwargs)
    except TypeError as error:
        return f"{who}: {error}. It takes {_call(full, parameters)}"
    return None


def _is_data(value: Any) -> bool:
    return isinstance(value, (Tensor, np.ndarray)) and value.ndim > 0


def _call(full: str, parameters: list[inspect.Parameter]) -> str:
    shown = [
        p.name if p.default is p.empty else f"{p.name}={p.default!r}"
        for p in parameters
        if p.name not in ("device", "dtype", "generator")
    ]
    return f"{full}({', '.join(shown)})"


def misspelt(cls: type, base: type, wanted: str) -> str:
    """``; it defines foward: write forward``, for a method that a subclass meant to define."""
    import difflib

    bare = wanted.strip("_")
    mine = [name for c in cls.__mro__ if not issubclass(base, c) for name in vars(c)]
    if wanted in mine:
        return ""
    methods = {
        name.strip("_").lower(): name
        for name in reversed(mine)
        if inspect.isfunction(inspect.getattr_static(cls, name)) and not hasattr(base, name)
    }
    found = difflib.get_close_matches(bare, methods, cutoff=0.7)
    return f"; it defines {methods[found[0]]}: write {wanted}" if found else ""


class Listing(Generic[T]):
    """An iterator that answers what only lists can do: write ``list(...)`` around it."""

    def __init__(self, items: Iterator[T], call: str) -> None:
        self._items = items
        self._call = call

    def __iter__(self) -> Iterator[T]:
        return self._items

    def __next__(self) -> T:
        return next(self._items)

    def __bool__(self) -> bool:
        return True

    def _refuse(self, what: str, instead: str) -> TypeError:
        call = self._call
        return TypeError(
            f"{call} is gone through once and has no {what}; write {instead.format(call)}"
        )

    def __getitem__(self, place: Any) -> Any:
        raise self._refuse("places", f"list({{}})[{place!r}]")

    def __len__(self) -> int:
        raise self._refuse("length", "len(list({}))")


def listing(method: Callable[..., Iterator[T]]) -> Callable[..., Iterator[T]]:
    """A method whose iterator is a `Listing`."""

    @functools.wraps(method)
    def call(*args: Any, **kwargs: Any) -> Listing[T]:
        return Listing(method(*args, **kwargs), f"model.{method.__name__}()")

    return call


class Parameters:
    """The signature of a class, as help and editors ask for it: that of its constructor.

    A class without a constructor of its own has the base's, which takes anything, so as to say what
    is wrong with it.
    """

    def __get__(self, instance: Any, cls: type) -> inspect.Signature:
        if instance is not None:
            raise AttributeError("__signature__")
        own = next(base for base in cls.__mro__ if "__init__" in vars(base))
        taken = inspect.signature(own.__init__)  # type: ignore[misc]
        if "__signature__" in vars(own):  # the base
            return taken.replace(parameters=[])
        return taken.replace(parameters=list(taken.parameters.values())[1:])
