"""The one source of randomness that is used where none is passed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.numbers import shown

if TYPE_CHECKING:
    from numpy.random import Generator

__all__ = ["default_generator", "generator_or_default", "manual_seed", "own_generator"]

# Made on first use: NumPy's random module takes long to load.
_default: Generator | None = None
_own: ContextVar[Generator | None] = ContextVar("own generator", default=None)


def manual_seed(seed: int) -> Generator:
    """Start the default generator anew, so that what follows is random in the same way each time.

    It is what initialisers, dropout, ``randn`` and all others draw from where ``generator`` is None.

    Args:
        seed: an integer that is not negative.

    Returns:
        The default generator: always the same object, but for that of an ``own_generator()`` block.

    Raises:
        TypeError: if the seed is no integer.
        ValueError: if it is negative.

    Example:
        >>> import autograd as ag
        >>> a = ag.manual_seed(0).random()
        >>> b = ag.manual_seed(0).random()
        >>> a == b
        True
        >>> ag.manual_seed(0)
        Generator(PCG64)
    """
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"manual_seed: seed must be an integer, got {shown(seed)}")
    if seed < 0:
        raise ValueError(f"manual_seed: seed must not be negative, got {seed}")
    generator = default_generator()
    generator.bit_generator.state = np.random.default_rng(int(seed)).bit_generator.state
    return generator


def default_generator() -> Generator:
    """The default generator; seeded by the operating system until ``manual_seed`` is called."""
    global _default
    own = _own.get()
    if own is not None:
        return own
    if _default is None:
        _default = _new()
    return _default


def _new() -> Generator:
    """A generator that shows itself without the address of NumPy's: in notebooks it ends a cell."""

    class Generator(np.random.Generator):
        def __repr__(self) -> str:
            return f"Generator({type(self.bit_generator).__name__})"

    return Generator(np.random.PCG64())


@contextmanager
def own_generator() -> Iterator[Generator]:
    """A new default generator for this thread and this block, as another process would have it.

    Example:
        >>> import autograd as ag
        >>> outside = ag.manual_seed(0).random()
        >>> with ag.own_generator():
        ...     inside = ag.manual_seed(0).random()
        >>> inside == outside, ag.manual_seed(0).random() == outside
        (True, True)
    """
    token = _own.set(_new())
    try:
        yield default_generator()
    finally:
        _own.reset(token)


def generator_or_default(who: str, generator: Any) -> Generator:
    """``generator``, or the default one for None.

    Raises:
        TypeError: if it is neither; the message begins with ``who``.
    """
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"{who}: generator must be a numpy.random.Generator "
            f"(numpy.random.default_rng(seed)), got {type(generator).__name__}"
        )
    return generator
