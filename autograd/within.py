"""Functions whose body runs in a mode of its own; one that is suspended has it while it runs only."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Generator
from typing import Any

__all__ = ["within"]

#: Puts a mode in the place of the one that holds, which it returns.
Swap = Callable[[Any], Any]


def within(who: str, swap: Swap, mode: Any, function: Any) -> Any:
    """A function, coroutine or generator whose body runs in a mode.

    Args:
        who: the decorator, for errors.
        swap: puts a mode in place of the running thread's, and returns the one before.
        mode: what the body begins in; what it changes itself holds for the rest of it.
        function: may be a staticmethod or a classmethod.

    Raises:
        TypeError: for a class, or for what is no function.
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(within(who, swap, mode, function.__func__))
    if isinstance(function, type):
        raise TypeError(
            f"{who}: decorates functions, got the class {function.__name__}; decorate its methods"
        )
    if not callable(function):
        raise TypeError(f"{who}: decorates functions, got {type(function).__name__}")
    is_plain = inspect.isroutine(function) or isinstance(function, functools.partial)
    called = function if is_plain else type(function).__call__
    wrapper: Any
    if inspect.isasyncgenfunction(called):
        wrapper = _async_generator(swap, mode, function)
    elif inspect.iscoroutinefunction(called):

        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await types.coroutine(_Body(swap, mode).drive)(function(*args, **kwargs))

    elif inspect.isgeneratorfunction(called):

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return (yield from _Body(swap, mode).drive(function(*args, **kwargs)))

    else:

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            before = swap(mode)
            try:
                return function(*args, **kwargs)
            finally:
                swap(before)

    return functools.wraps(function)(wrapper)


class _Body:
    """One suspendable body, and its mode as it was when the body last gave up control."""

    __slots__ = ("mode", "swap")

    def __init__(self, swap: Swap, mode: Any) -> None:
        self.swap = swap
        self.mode = mode

    def run(self, step: Callable[..., Any], *args: Any) -> Any:
        """One stretch of the body, up to its next ``yield`` or ``await``, or its end."""
        before = self.swap(self.mode)
        try:
            return step(*args)
        finally:
            self.mode = self.swap(before)

    def drive(self, body: Any) -> Generator[Any, Any, Any]:
        """``yield from body``, each stretch of it in the body's own mode."""
        step: Any = body.send
        args: tuple[Any, ...] = (None,)
        while True:
            try:
                value = self.run(step, *args)
            except StopIteration as end:
                return end.value
            try:  # what is raised here comes from outside; what the body raises has passed above
                given = yield value
            except GeneratorExit:
                self.run(body.close)
                raise
            except BaseException as error:
                step, args = body.throw, (error,)
            else:
                step, args = body.send, (given,)


def _async_generator(swap: Swap, mode: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        body = _Body(swap, mode)
        drive = types.coroutine(body.drive)
        items = function(*args, **kwargs)
        step = items.asend(None)
        while True:
            try:
                value = await drive(step)
            except StopAsyncIteration:
                return
            try:
                given = yield value
            except GeneratorExit:
                await drive(items.aclose())
                raise
            except BaseException as error:
                step = items.athrow(error)
            else:
                step = items.asend(given)

    return wrapper
