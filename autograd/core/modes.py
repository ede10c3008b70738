"""Modes that belong to the running thread: recording on or off, the module path, the observer.

One object per thread holds them all, so an operation pays for a single thread-local look-up.
"""

from __future__ import annotations

import functools
import inspect
import threading
import types
from collections.abc import Callable, Generator
from typing import Any

__all__ = [
    "enable_grad",
    "is_grad_enabled",
    "local",
    "module_path",
    "module_scope",
    "no_grad",
    "set_grad_enabled",
    "set_module_path",
]


class State:
    """What a thread's operations look at.

    ``recorder`` is None, or a function called after every operation on tensors with its primitive,
    its node (None without gradient), its outputs, inputs as given, their arrays and its static
    parameters by name (see ``autograd.debug.record`` and ``autograd.debug.operations``).
    """

    __slots__ = ("grad_enabled", "module", "recorder")

    def __init__(self) -> None:
        self.grad_enabled = True
        self.module = ""
        self.recorder: Callable[..., None] | None = None


class _Local(threading.local):
    def __init__(self) -> None:  # runs once in every thread that looks
        self.state = State()


local = _Local()


def is_grad_enabled() -> bool:
    """True if operations in this thread are being recorded for backward."""
    return local.state.grad_enabled


class _Recording:
    """What context managers and decorators that set the recording mode share."""

    _mode: bool

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        state = local.state
        self._before.append(state.grad_enabled)
        state.grad_enabled = self._mode

    def __exit__(self, *exception: object) -> None:
        local.state.grad_enabled = self._before.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _holding(type(self).__name__, self._mode, function)


class set_grad_enabled(_Recording):
    """Switch recording on or off: a statement, a context manager, or a decorator.

    As a statement, ``set_grad_enabled(False)`` holds in this thread until the next switch; in a
    ``with`` the mode from before is back at the end of the block; a decorated function runs in
    the mode (see `no_grad`), and nothing is switched where it is decorated.

    Args:
        mode: True to record operations, False not to.

    Raises:
        TypeError: if the mode is neither True nor False.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> with ag.set_grad_enabled(False):
        ...     y = x * x
        >>> y.requires_grad
        False
        >>> _ = ag.set_grad_enabled(True)  # a statement: from here on
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled: mode must be True or False, got {mode!r}")
        super().__init__()
        self._mode = mode
        state = local.state
        self._found: tuple[State, bool] | None = (state, state.grad_enabled)
        state.grad_enabled = mode

    def __enter__(self) -> None:
        found, self._found = self._found, None
        super().__enter__()
        if found is not None and found[0] is local.state:  # made for this block, in this thread
            self._before[-1] = found[1]

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        found, self._found = self._found, None
        if found is not None and found[0] is local.state:
            local.state.grad_enabled = found[1]
        return super().__call__(function)


# Decorated functions ------------------------------------------------------------------------------


class _Body:
    """The recording mode of one suspendable body: as it was when the body last gave up control."""

    __slots__ = ("mode",)

    def __init__(self, mode: bool) -> None:
        self.mode = mode

    def run(self, step: Callable[..., Any], *args: Any) -> Any:
        """One stretch of the body, up to its next ``yield`` or ``await``, or its end."""
        state = local.state
        before = state.grad_enabled
        state.grad_enabled = self.mode
        try:
            return step(*args)
        finally:
            self.mode = state.grad_enabled
            state.grad_enabled = before

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


def _holding(who: str, mode: bool, function: Any) -> Any:
    """A function whose body runs in a mode; one that is suspended has it while it runs only."""
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(_holding(who, mode, function.__func__))
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
        wrapper = _async_generator(mode, function)
    elif inspect.iscoroutinefunction(called):

        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await types.coroutine(_Body(mode).drive)(function(*args, **kwargs))

    elif inspect.isgeneratorfunction(called):

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return (yield from _Body(mode).drive(function(*args, **kwargs)))

    else:

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            state = local.state
            before = state.grad_enabled
            state.grad_enabled = mode
            try:
                return function(*args, **kwargs)
            finally:
                local.state.grad_enabled = before

    return functools.wraps(function)(wrapper)


def _async_generator(mode: bool, function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        body = _Body(mode)
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


class no_grad(_Recording):
    """Record nothing inside: a context manager, or a decorator (``@no_grad()`` or ``@no_grad``).

    The mode is the thread's own and is restored when the block is left, also by an exception. A
    decorated generator, coroutine or async generator has it while its own body runs: at each
    ``yield`` and ``await`` the caller's mode is back.

    Raises:
        TypeError: as a decorator, for a class, or for what is no function.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> with ag.no_grad():
        ...     w -= 0.5  # really writes: nothing is recorded here
        >>> w.tolist()
        [0.5, 1.5]
    """

    _mode = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        if function is None:
            return super().__new__(cls)
        return _holding(cls.__name__, cls._mode, function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__()


class enable_grad(no_grad):
    """Record inside, also within ``no_grad``: a context manager or a decorator.

    Example:
        >>> import autograd as ag
        >>> with ag.no_grad(), ag.enable_grad():
        ...     ag.is_grad_enabled()
        True
    """

    _mode = True


def module_path() -> str:
    """The dotted path of the module being called in this thread; empty outside of modules."""
    return local.state.module


def set_module_path(path: str) -> str:
    """Put another path in the place of `module_path`; returns the one before, to be put back.

    For who calls many modules and counts nanoseconds, as ``nn.Module`` does: no check, no context
    manager. Others take ``module_scope``.
    """
    state = local.state
    before = state.module
    state.module = path
    return before


class module_scope:
    """Give the operations inside a module path, which pictures use to draw clusters.

    Args:
        name: appended to the enclosing path with a dot; ``nn.Module`` does so at each call.

    Example:
        >>> import autograd as ag
        >>> with ag.module_scope("encoder"), ag.module_scope("conv1"):
        ...     ag.module_path()
        'encoder.conv1'
    """

    __slots__ = ("_before", "_name")

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        state = local.state
        self._before = before = state.module
        state.module = f"{before}.{self._name}" if before else self._name

    def __exit__(self, *exception: object) -> None:
        local.state.module = self._before
