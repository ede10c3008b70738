"""Modes that belong to the running thread: recording on or off, the module path, the recorder.

One object per thread holds them all, so an operation pays for a single thread-local look-up.
"""

from __future__ import annotations

from _thread import _local  # threading.local: that module takes as long to load as five of ours
from collections.abc import Callable
from typing import Any

from autograd.arguments.numbers import shown

__all__ = ["enable_grad", "is_grad_enabled", "local", "no_grad", "set_grad_enabled"]


class State:
    """What a thread's operations look at.

    ``recorder`` is None, or a function called after every operation on tensors with its primitive,
    its node (None without gradient), its outputs, inputs as given, their arrays and its static
    parameters by name (see ``autograd.debug.record`` and ``autograd.debug.operations``).
    ``watchers`` look on in every backward pass (see ``autograd.debug.anomaly``). ``recording`` is
    what a step is being recorded into (see ``autograd.func.replay``): it is told of whatever reads or
    writes values beside the primitives.
    """

    __slots__ = ("grad_enabled", "module", "recorder", "recording", "watchers")

    def __init__(self) -> None:
        self.grad_enabled = True
        self.module = ""
        self.recorder: Callable[..., None] | None = None
        self.watchers: tuple[Any, ...] = ()
        self.recording: Any = None


class _Local(_local):
    def __init__(self) -> None:  # runs once in every thread that looks
        self.state = State()


local = _Local()


def is_grad_enabled() -> bool:
    """True if operations in this thread are being recorded for backward."""
    return local.state.grad_enabled


def _swap(mode: bool) -> bool:
    state = local.state
    before, state.grad_enabled = state.grad_enabled, mode
    return before


class _Called(type):
    """Classes that say what is missing in ``with no_grad:``."""

    def __enter__(cls) -> None:
        raise TypeError(f"with {cls.__name__}: it has to be called: with {cls.__name__}():")

    def __exit__(cls, *exception: object) -> None: ...


class _Recording(metaclass=_Called):
    """What context managers and decorators that set the recording mode share."""

    _mode: bool

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        state = local.state
        self._before.append(state.grad_enabled)
        # Last, and no call: interrupts come after calls, and then the block has not begun.
        state.grad_enabled = self._mode

    def __exit__(self, *exception: object) -> None:
        _swap(self._before.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        from autograd.within import within

        return within(type(self).__name__, _swap, self._mode, function)


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
            raise TypeError(f"set_grad_enabled: mode must be True or False, got {shown(mode)}")
        super().__init__()
        self._mode = mode
        state = local.state
        self._found: tuple[State, bool] | None = (state, state.grad_enabled)
        state.grad_enabled = mode

    def __enter__(self) -> None:
        found, self._found = self._found, None
        if found is not None and found[0] is local.state:  # made for this block, in this thread
            found[0].grad_enabled = found[1]
        super().__enter__()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        found, self._found = self._found, None
        if found is not None and found[0] is local.state:
            local.state.grad_enabled = found[1]
        return super().__call__(function)


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
        from autograd.within import within

        return within(cls.__name__, _swap, cls._mode, function)

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
