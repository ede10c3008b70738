"""Raw calls on object arrays: a primitive applied to each scalar tensor of ``autograd.scalars``."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arguments.arrays import array_like

__all__ = ["elementwise_on_objects"]

_OBJECT = np.dtype(object)


def elementwise_on_objects(info: Any, *args: Any, **static: Any) -> Any:
    """Raw call of an elementwise primitive; object arrays are gone through element by element."""
    for a in args:
        kind = type(a)
        if kind is np.ndarray:
            if a.dtype is _OBJECT:
                break
        elif kind is list or kind is tuple:  # to Python, [1] + [2] is [1, 2]
            plain = [
                array_like(info.name, b, *args) if isinstance(b, (list, tuple)) else b for b in args
            ]
            return elementwise_on_objects(info, *plain, **static)
    else:
        try:
            return info.forward(*args, **static)
        except (ZeroDivisionError, OverflowError, AttributeError):
            # Python's numbers raise where NumPy's go on, and have no dtype.
            if not any([type(a) is float or type(a) is int for a in args]):
                raise
            return info.forward(*[np.float64(a) if type(a) is float or type(a) is int else a
                                  for a in args], **static)  # fmt: skip
    present = [a for a in args if a is not None]
    function = info.function

    def one(*elements: Any) -> Any:
        for element in elements:
            if not hasattr(element, "_node") and not isinstance(element, (int, float, np.number)):
                raise TypeError(
                    f"{info.name}: an object array may hold 0-d tensors and numbers, "
                    f"not {type(element).__name__}; autograd.scalars(a) makes one"
                )
        if not any(hasattr(element, "_node") for element in elements):
            return info.forward(*elements, **static)  # padding, say: plain numbers
        return function(*elements, **static)

    return np.frompyfunc(one, len(present), 1)(*present)
