"""Misspelt names: which one was meant."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["nearest"]


def nearest(name: str, names: Iterable[str]) -> str:
    """``; did you mean 'Linear'?`` for the name most like another one, or nothing.

    Example:
        >>> import autograd as ag
        >>> ag.arguments.nearest("Linaer", ["Linear", "Conv2d"])
        "; did you mean 'Linear'?"
        >>> ag.arguments.nearest("xyz", ["Linear", "Conv2d"])
        ''
    """
    import difflib  # only who has made a mistake pays for it

    public = [each for each in names if not each.startswith("_")]
    same = [each for each in public if each.lower() == name.lower()]
    found = same or difflib.get_close_matches(name, public, n=1, cutoff=0.7)
    return f"; did you mean {found[0]!r}?" if found else ""
