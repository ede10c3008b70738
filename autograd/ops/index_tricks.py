"""``r_`` and ``c_``: tensors joined by writing them side by side in brackets."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments.arrays import array_like
from autograd.arguments.numbers import shown
from autograd.ops.elementwise import astype
from autograd.ops.shapes import concatenate
from autograd.ops.split_and_stack import atleast_1d, column_stack

__all__ = ["c_", "r_"]


class _Joined:
    """What stands in the brackets, joined: numbers and vectors, and slices as NumPy's ``r_`` has them.

    A slice ``a:b:s`` is a range; ``a:b:nj`` is n numbers from a to b. Arrays of more axes are joined
    along the first by ``r_``, along the second by ``c_``, which makes columns of vectors.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([1.0, 2.0])
        >>> ag.r_[x, 0.0, 3:5]
        Tensor([1., 2., 0., 3., 4.])
        >>> ag.c_[x, x].tolist()
        [[1.0, 1.0], [2.0, 2.0]]
    """

    def __init__(self, name: str, join: Any) -> None:
        self._name = name
        self._join = join

    def __getitem__(self, key: Any) -> Any:
        items = key if isinstance(key, tuple) else (key,)
        for item in items:
            if isinstance(item, str):
                raise TypeError(
                    f"{self._name}: directives such as {shown(item)} are NumPy's only; "
                    "write autograd.concatenate(arrays, axis), stack or column_stack"
                )
        arrays = [np.r_[item] if isinstance(item, slice) else item for item in items]
        parts = [array_like(self._name, a, *arrays) for a in arrays]
        wide = np.result_type(*[p.dtype for p in parts if p.dtype.kind == "f"] or [np.int64])
        parts = [astype(p, wide) if p.dtype != wide and wide.kind == "f" else p for p in parts]
        return self._join(parts)

    def __repr__(self) -> str:
        return f"<autograd.{self._name}>"


def _rows(parts: list[Any]) -> Any:
    return concatenate([atleast_1d(p) for p in parts], 0)


def _columns(parts: list[Any]) -> Any:
    return column_stack([atleast_1d(p) for p in parts])


r_ = _Joined("r_", _rows)
c_ = _Joined("c_", _columns)
