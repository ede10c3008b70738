"""``x.size``: the number of elements, as in NumPy; called, the shape, as in PyTorch."""

from __future__ import annotations

import operator
from typing import Any

from autograd import arguments

__all__ = ["Size", "size_of"]


class Size(int):
    """A number of elements that can be called: ``x.size()`` is the shape, ``x.size(0)`` a length.

    Example:
        >>> import autograd as ag
        >>> x = ag.zeros(2, 3)
        >>> x.size, x.size(), x.size(-1)
        (6, (2, 3), 3)
    """

    _shape: tuple[int, ...]

    def __call__(self, dim: Any = None) -> Any:
        """The shape; the length along one axis."""
        if dim is None:
            return self._shape
        return self._shape[arguments.axis("size", dim, len(self._shape), "dim")]

    def __reduce__(self) -> Any:
        return int, (operator.index(self) + 0,)


def size_of(array: Any) -> Size:
    """The number of elements of an array."""
    size = Size(array.size)
    size._shape = array.shape
    return size
