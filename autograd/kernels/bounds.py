"""Bounds: the numbers at which other code runs.

A kernel that is quick for large arrays takes another way for small ones; where the ways part is a
constant of its module, declared so:

    LARGE: Bound[int] = 1 << 15  # elements from which ...

It costs what a constant costs, can be changed in a test, and is found there by its annotation: the
suite runs every bound's functions below and above it, to the third derivative, and fails for one
that has no such case. Comparisons of sizes with bare numbers are refused there, too.
"""

from typing import Annotated, TypeVar

__all__ = ["Bound"]

_T = TypeVar("_T")

Bound = Annotated[_T, "other code runs beyond it"]
