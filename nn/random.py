"""The one source of randomness that ``nn`` uses where none is passed."""

from __future__ import annotations

import numpy as np

__all__ = ["default_generator", "manual_seed"]

# Made on first use: NumPy's random module takes longer to load than the rest of this package.
_default: np.random.Generator | None = None


def manual_seed(seed: int) -> np.random.Generator:
    """Starts the default generator anew, so that what follows is random in the same way each time.

    Args:
        seed: an integer that is not negative.

    Returns:
        The generator, also what ``nn`` uses from now on wherever ``generator`` is None.

    Raises:
        TypeError: if the seed is no integer.
        ValueError: if it is negative.

    Example:
        >>> import nn
        >>> a = nn.manual_seed(0).random()
        >>> b = nn.manual_seed(0).random()
        >>> a == b
        True
    """
    global _default
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise TypeError(f"manual_seed: seed must be an integer, got {seed!r}")
    if seed < 0:
        raise ValueError(f"manual_seed: seed must not be negative, got {seed}")
    _default = np.random.default_rng(int(seed))
    return _default


def default_generator() -> np.random.Generator:
    """The generator in use; seeded by the operating system until `manual_seed` is called."""
    global _default
    if _default is None:
        _default = np.random.default_rng()
    return _default


def generator_or_default(who: str, generator: np.random.Generator | None) -> np.random.Generator:
    """``generator``, or the default one for None.

    Raises:
        TypeError: names the function ``who`` if it is neither.
    """
    if generator is None:
        return default_generator()
    if not isinstance(generator, np.random.Generator):
        raise TypeError(
            f"{who}: generator must be a numpy.random.Generator "
            f"(numpy.random.default_rng(seed)), got {type(generator).__name__}"
        )
    return generator
