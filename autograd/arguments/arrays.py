"""Reading arguments: arrays and shapes, checked once and told about in our own words.

Every function here takes ``who``, the public function on whose behalf it speaks.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from autograd.arguments import numbers
from autograd.arguments.dtypes import (
    USUAL,
    as_array,
    common_float,
    current_default,
    uncalled,
    with_itself,
)

#: Integers from −2⁶³ to 2⁶⁴ are those that an array can hold.
_WORD = 1 << 63


#: None, or who is told of tensors whose values are read; while a step is being recorded somewhere
#: (``autograd.func.replay``), which must not depend on values that it has only now.
reader: Any = None


def raw(x: Any) -> Any:
    """The array behind a tensor; arrays and numbers as they are."""
    if reader is not None:
        reader.raw(x)
    return x if isinstance(x, type) else getattr(x, "_data", x)


def passed_on(x: Any, array: Any) -> Any:
    """``array``, which is that of ``x``, perhaps copied or cast.

    A function that says this takes nothing else from the values of x, now or later: it hands them to
    a primitive.
    """
    if reader is not None:
        reader.passed_on(x, array)
    return array


def from_sizes(array: Any, *sources: Any) -> Any:
    """``array``, which was made of sizes and numbers alone, or from sources that were."""
    if reader is not None:
        reader.from_sizes(array, sources)
    return array


#: What has an attribute ``shape``, and yet no numbers of that shape, or none as an array has them.
_NO_VALUES = (type, np.dtype, memoryview, ModuleType)


def has_shape(x: Any) -> bool:
    """True for tensors, arrays and NumPy's numbers."""
    return hasattr(x, "shape") and not isinstance(x, _NO_VALUES)


def constant(who: str, name: str, value: Any) -> Any:
    """The value itself, which no gradient can flow to; refused where a gradient would be lost.

    Raises:
        RuntimeError: for a tensor that requires a gradient, while gradients are recorded.
    """
    return value._constant_argument(who, name) if hasattr(value, "_node") else value


def array_like(who: str, x: Any, *beside: Any) -> Any:
    """The value itself if it has a shape (tensor, array, NumPy scalar), else an array of it.

    Args:
        beside: the other operands, in any form: Python's numbers and lists of them, being doubles,
            are rounded once, to the float dtype of these.

    Raises:
        TypeError: for what is no number.
        ValueError: for ragged lists.
    """
    data = x if type(x) is np.ndarray else getattr(x, "_data", x)
    if type(data) is np.ndarray and data.dtype.kind == "f":
        return x
    if not has_shape(x):
        return as_array(who, x, copy=False, beside=common_float(*beside))
    if x.dtype.kind not in "fiubcO":
        raise TypeError(f"{who}: expected numbers, got an array of dtype {x.dtype}")
    if x.dtype.kind == "O":
        _check_objects(f"{who}: the argument", x)
    return np.asarray(x) if type(x) is np.matrix else x  # whose * and indices are others


def as_floats(x: Any, *beside: Any) -> Any:
    """Integers and bools as floats; floats as they are.

    Args:
        beside: the other operands, whose float dtype they take. Where there is none, it is the default
            dtype for tensors, and float64 for arrays.
    """
    if x.dtype.kind not in "iub":
        return x
    wanted = common_float(*beside)
    if wanted is None:
        recorded = any(hasattr(value, "_node") for value in (x, *beside))
        wanted = current_default() if recorded else np.dtype(np.float64)
    return x.astype(wanted)


def alike(*values: Any) -> tuple[Any, ...]:
    """Tensors and arrays in their common dtype, if that is a float.

    Else what is made of the narrower ones is rounded, or wraps around, before it meets the wider ones.
    """
    if len({x.dtype for x in values if hasattr(x, "dtype")}) < 2:
        return values
    common = common_float(*values)
    if common is None:
        return values
    return tuple([x.astype(common) if getattr(x, "dtype", common) != common else x for x in values])


def weakly_whole(x: Any, *beside: Any) -> Any:
    """A tensor of integers as floats where tensors or arrays of floats are put into it, which would be cut.

    Arrays of integers stay what they are, and cut, as in NumPy.
    """
    whole = hasattr(x, "_node") and x.dtype.kind in "iub"
    return as_floats(x, *beside) if whole and common_float(*beside) is not None else x


def floating(who: str, name: str, value: Any, *beside: Any) -> Any:
    """A tensor or an array of floats, or of scalar tensors; nested numbers become an array.

    Args:
        beside: as for ``array_like``.

    Raises:
        TypeError: for integers, bools, strings and other things.
        ValueError: for ragged lists.
    """
    data = getattr(value, "_data", value)
    if type(data) is np.ndarray and data.dtype.kind == "f":
        if isinstance(value, np.ma.MaskedArray):  # it has a ``_data``, too, without its mask
            return as_array(f"{who}: {name}", value, copy=False)
        return value
    if isinstance(value, type) or not (hasattr(value, "_node") or isinstance(value, np.ndarray)):
        value = as_array(f"{who}: {name}", value, beside=common_float(*beside))
    kind = getattr(value, "_data", value).dtype.kind
    if kind == "f" or kind == "c":
        return value
    if kind != "O":
        raise TypeError(
            f"{who}: {name} must hold floating-point numbers, got dtype {value.dtype}; "
            f"convert it, e.g. {name}.astype(np.float32)"
        )
    _check_objects(f"{who}: {name}", value)
    return value


def are_float_tensors(values: Iterable[Any]) -> bool:
    """Whether each is a tensor of floats with at least one axis, or None: mostly nothing is left to be read."""
    for value in values:
        if value is not None:
            data = getattr(value, "_data", None)
            if (
                type(data) is not np.ndarray
                or data.dtype.kind != "f"
                or isinstance(value, np.ndarray)
            ):
                return False
    return True


def _check_objects(what: str, array: np.ndarray[Any, Any]) -> None:
    first = array.flat[0] if array.size else 0.0
    if not hasattr(first, "_node") and not isinstance(first, (int, float, np.number)):
        raise TypeError(
            f"{what} is an object array of {type(first).__name__}; the one kind that "
            "is understood holds scalar tensors, see autograd.scalars"
        )


def integer_array(who: str, name: str, value: Any) -> np.ndarray[Any, Any]:
    """Integers (classes, indices) as an array.

    Raises:
        TypeError: for anything else.
    """
    data = raw(value)
    if type(data) is np.ndarray and data.dtype.kind in "iu":
        return data
    try:
        array = np.asarray(data)
    except (ValueError, TypeError, OverflowError):
        raise TypeError(
            f"{who}: {name} must be an array of integers, got {numbers.shown(value)}"
        ) from None
    if array.dtype.kind not in "iu":
        raise TypeError(f"{who}: {name} must hold integers, got dtype {array.dtype}")
    return array


def coerce(who: str, argument: str, value: Any, *beside: Any) -> Any:
    """An operand that is no tensor, as data for a primitive that also got a tensor.

    Python and NumPy scalars stay weak: they take the tensor's dtype. Arrays keep theirs, and are
    copied, since backward may need them after the caller has written into them.

    Args:
        beside: as for ``array_like``.

    Raises:
        TypeError: for complex numbers, object arrays, strings and other things.
    """
    kind = type(value)
    if kind is float or kind is bool or (kind is int and -_WORD <= value < 2 * _WORD):
        return value
    if isinstance(value, np.generic):
        if value.dtype.kind in "fiub":
            return value.item()
        raise TypeError(
            f"{who}: {argument} is {value.dtype}; a tensor mixes only with real numbers"
        )
    if isinstance(value, np.ndarray):
        if kind is np.ndarray and value.ndim and value.dtype in USUAL:
            return np.array(with_itself(value), order="K")
        if value.dtype == object:
            raise TypeError(
                f"{who}: {argument} is an object array; tensors don't mix with arrays of scalars. "
                "Make both sides autograd.scalars(...), or neither"
            )
        if value.dtype.kind == "c":
            raise TypeError(
                f"{who}: {argument} is {value.dtype}; tensors are real "
                "(complex arrays work in raw primitives only)"
            )
    elif isinstance(value, type) or not (
        isinstance(value, (list, tuple, int, float)) or hasattr(value, "__array__")
    ):
        raise TypeError(
            f"{who}: {argument} must be a tensor, an array or a number, got {kind.__name__}"
            + uncalled(value)
        )
    array = as_array(f"{who}: {argument}", value, beside=common_float(*beside))
    return array[()] if array.ndim == 0 else array


def number(who: str, name: str, value: Any) -> Any:
    """A real number of Python or NumPy, as it is.

    Raises:
        TypeError: for anything else; ValueError: for integers that no float can hold.
    """
    if isinstance(value, (int, float, np.number)) and not isinstance(value, (bool, complex)):
        if type(value) is int:
            numbers.real(who, name, value)
        return value
    raise TypeError(f"{who}: {name} must be a number, got {numbers.shown(value)}")


def shape_of(who: str, x: Any) -> tuple[int, ...]:
    """Shape of a tensor, an array, a number or nested lists."""
    return x.shape if has_shape(x) else as_array(who, x, copy=False).shape


def ndim_of(who: str, x: Any) -> int:
    """Number of axes of a tensor, an array, a number or nested lists."""
    return len(shape_of(who, x))


def shape_tuple(
    who: str, shape: Any, name: str = "shape", unknown: bool = False
) -> tuple[int, ...]:
    """A shape as a tuple of sizes; one number means one axis.

    Args:
        unknown: allow −1.

    Raises:
        TypeError: if a size is no integer.
        ValueError: if one is negative.
    """
    if type(shape) is tuple:  # the usual case, without a function call for each size
        least = -1 if unknown else 0
        for n in shape:
            if type(n) is not int or not least <= n < _WORD:
                break
        else:
            return shape
    shape = raw(shape)
    if not isinstance(shape, (tuple, list)):
        shape = shape.tolist() if isinstance(shape, np.ndarray) and shape.ndim == 1 else (shape,)
    sizes = tuple([numbers.integer(who, name, n, None) for n in shape])
    for n in sizes:
        if n < 0 and not (unknown and n == -1):
            raise ValueError(f"{who}: {name}={sizes} has the negative size {n}")
    return sizes


@lru_cache(maxsize=4096)
def broadcast_shape(who: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all the shapes broadcast to.

    Raises:
        ValueError: if they don't.
    """
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        listed = " and ".join(str(s) for s in shapes)
        raise ValueError(f"{who}: shapes {listed} do not broadcast together") from None


def kept_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape of a reduction over ``axis`` with the reduced axes kept at size 1."""
    if axis is None or not shape:
        return (1,) * len(shape)
    sizes = list(shape)
    for a in axis if isinstance(axis, (tuple, list)) else (axis,):
        sizes[a] = 1
    return tuple(sizes)


def count_along(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements a reduction over ``axis`` takes together."""
    if axis is None or not shape:
        return math.prod(shape)
    return math.prod([shape[a] for a in (axis if isinstance(axis, (tuple, list)) else (axis,))])
