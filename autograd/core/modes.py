"""Modes that belong to the running thread: recording on or off, the module path, the observer.

One object per thread holds them all, so an operation pays for a single thread-local look-up.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
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

    ``recorder`` is None, or a function called after every operation on tensors
    (see ``autograd.debug.record``).
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


class set_grad_enabled:
    """Switch recording on or off, as a context manager or a decorator.

    Args:
        mode: True to record operations, False not to.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor(3.0, requires_grad=True)
        >>> with ag.set_grad_enabled(False):
        ...     y = x * x
        >>> y.requires_grad
        False
    """

    def __init__(self, mode: bool) -> None:
        if not isinstance(mode, bool):
            raise TypeError(f"set_grad_enabled: mode must be True or False, got {mode!r}")
        self._mode = mode
        self._before: list[bool] = []

    def __enter__(self) -> None:
        state = local.state
        self._before.append(state.grad_enabled)
        state.grad_enabled = self._mode

    def __exit__(self, *exception: object) -> None:
        local.state.grad_enabled = self._before.pop()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        mode = self._mode

        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            with set_grad_enabled(mode):
                return function(*args, **kwargs)

        return wrapper


class no_grad(set_grad_enabled):
    """Record nothing inside: a context manager, or a decorator (``@no_grad()`` or ``@no_grad``).

    The mode is the thread's own and is restored when the block is left, also by an exception.

    Example:
        >>> import autograd as ag
        >>> w = ag.tensor([1.0, 2.0], requires_grad=True)
        >>> with ag.no_grad():
        ...     w -= 0.5  # really writes: nothing is recorded here
        >>> w.tolist()
        [0.5, 1.5]
    """

    _MODE = False

    def __new__(cls, function: Callable[..., Any] | None = None) -> Any:
        self = super().__new__(cls)
        if function is None:
            return self
        if not callable(function):
            raise TypeError(f"{cls.__name__}: takes no arguments, got {function!r}")
        set_grad_enabled.__init__(self, cls._MODE)
        return self(function)

    def __init__(self, function: Callable[..., Any] | None = None) -> None:
        super().__init__(self._MODE)


class enable_grad(no_grad):
    """Record inside, also within ``no_grad``: a context manager or a decorator.

    Example:
        >>> import autograd as ag
        >>> with ag.no_grad(), ag.enable_grad():
        ...     ag.is_grad_enabled()
        True
    """

    _MODE = True


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
