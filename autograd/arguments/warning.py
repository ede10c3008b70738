"""Warnings that point at the user's line, however many of our calls lie between."""

from __future__ import annotations

import sys
import warnings

__all__ = ["warn"]

_OURS = ("autograd", "nn")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the innermost line that is not of these packages.

    Example:
        >>> import warnings
        >>> from autograd.arguments import warn
        >>> with warnings.catch_warnings(record=True, action="always") as heard:
        ...     warn("this is odd")
        >>> str(heard[0].message)
        'this is odd'
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_ours(frame.f_globals):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_ours(names: dict[str, object]) -> bool:
    return str(names.get("__name__", "")).partition(".")[0] in _OURS
