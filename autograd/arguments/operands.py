"""What may stand beside a tensor: numbers, arrays and lists, checked and made ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.arguments.dtypes import as_array

if TYPE_CHECKING:
    from autograd.core.primitive import Primitive

__all__ = ["coerce", "elementwise_on_objects"]

_OBJECT = np.dtype(object)


def coerce(who: str, argument: str, value: Any) -> Any:
    """An operand that is no tensor, as data for a primitive that also got a tensor.

    Python and NumPy scalars stay weak: they take the tensor's dtype. Arrays keep theirs, and are
    copied, since backward may need them after the caller has written into them.

    Raises:
        TypeError: for complex numbers, object arrays, strings and other things.
    """
    kind = type(value)
    if kind is float or kind is int or kind is bool:
        return value
    if isinstance(value, np.generic):
        if value.dtype.kind in "fiub":
            return value.item()
        raise TypeError(
            f"{who}: {argument} is {value.dtype}; a tensor mixes only with real numbers"
        )
    if isinstance(value, np.ndarray):
        if value.dtype == _OBJECT:
            raise TypeError(
                f"{who}: {argument} is an object array; tensors don't mix with arrays of scalars. "
                "Make both sides autograd.scalars(...), or neither"
            )
        if value.dtype.kind == "c":
            raise TypeError(
                f"{who}: {argument} is {value.dtype}; tensors are real "
                "(complex arrays work in raw primitives only)"
            )
        array = as_array(f"{who}: {argument}", value)
        return array[()] if array.ndim == 0 else array
    if isinstance(value, (list, tuple, int, float)) or hasattr(value, "__array__"):
        array = as_array(f"{who}: {argument}", value)
        return array[()] if array.ndim == 0 else array
    raise TypeError(
        f"{who}: {argument} must be a tensor, an array or a number, got {kind.__name__}"
    )


def elementwise_on_objects(info: Primitive, *args: Any, **static: Any) -> Any:
    """Raw call of an elementwise primitive; object arrays are gone through element by element."""
    for a in args:
        kind = type(a)
        if kind is np.ndarray:
            if a.dtype is _OBJECT:
                break
        elif kind is list or kind is tuple:  # to Python, [1] + [2] is [1, 2]
            plain = [as_array(info.name, b) if isinstance(b, (list, tuple)) else b for b in args]
            return elementwise_on_objects(info, *plain, **static)
    else:
        try:
            return info.forward(*args, **static)
        except (ZeroDivisionError, OverflowError):  # Python's numbers raise where NumPy's go on
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
