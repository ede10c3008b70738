"""Which dtypes there are, and how Python data becomes an array."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.arguments.numbers import shown

__all__ = ["as_array", "check_dtype", "common_float", "default_dtype", "float_dtype", "is_float"]

FLOATS = frozenset(np.dtype(t) for t in (np.float16, np.float32, np.float64))
#: Each dtype as itself. NumPy has others that are equal to it (by a byte order, out of a pickle), and
#: what it computes has them, too; here dtypes are told apart by identity, in loops that have no time.
_ITSELF = {np.dtype(char): np.dtype(char) for char in "bBhHiIqQlL?efd"}
#: Arrays of these are data as they are.
USUAL = {
    dtype: _ITSELF[dtype]
    for dtype in map(np.dtype, "float64 float32 float16 int64 int32 bool".split())
}
_default = np.dtype(np.float32)


class default_dtype:
    """The dtype that Python floats become: float32 unless set here.

    ``default_dtype(np.float64)`` sets it for the process; used as a context manager it sets it
    for a block; ``default_dtype()`` changes nothing, and ``.dtype`` tells what it is.

    Raises:
        TypeError: if the dtype is not float16, float32 or float64.

    Example:
        >>> import autograd as ag
        >>> with ag.default_dtype("float64"):
        ...     ag.tensor(1.5).dtype
        dtype('float64')
        >>> ag.default_dtype().dtype
        dtype('float32')
    """

    def __init__(self, dtype: Any = None) -> None:
        global _default
        self._before = _default
        if dtype is not None:
            dtype = check_dtype("default_dtype", dtype)
            if dtype not in FLOATS:
                raise TypeError(
                    f"default_dtype: {dtype} is not a floating dtype; "
                    "use float16, float32 or float64"
                )
            _default = dtype

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype in force now."""
        return _default

    def __enter__(self) -> default_dtype:
        return self

    def __exit__(self, *exception: object) -> None:
        global _default
        _default = self._before

    def __repr__(self) -> str:
        return f"default_dtype({_default})"


def current_default() -> np.dtype[Any]:
    return _default


def is_float(dtype: np.dtype[Any]) -> bool:
    """True for the dtypes that can carry a gradient."""
    return dtype in FLOATS


def _native(dtype: Any) -> np.dtype[Any]:
    found = np.dtype(dtype).newbyteorder("=")
    return _ITSELF.get(found, found)


def with_itself(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The array, or a view of it, with the dtype itself in the place of one that is equal to it.

    NumPy keeps what is equal through copies, arithmetic and ``asarray(x, dtype)``, but not here.
    """
    itself = _ITSELF.get(array.dtype, array.dtype)
    return array if array.dtype is itself else array.view(itself)


def check_dtype(who: str, dtype: Any) -> np.dtype[Any]:
    """The NumPy dtype meant, in native byte order.

    Raises:
        TypeError: if it is no dtype, or one that tensors don't have.
    """
    try:
        if hasattr(dtype, "_node"):  # NumPy would take the dtype that it has
            raise TypeError
        result = _native(dtype)
    except Exception:  # NumPy asks what it is given for its text, and that may raise anything
        raise TypeError(
            f"{who}: dtype={shown(dtype)} is not a dtype; use e.g. np.float32"
        ) from None
    if result not in FLOATS and result.kind not in "iub":
        hint = " (complex arrays work in raw primitives only)" if result.kind == "c" else ""
        raise TypeError(
            f"{who}: dtype {result} is not supported; tensors are float16, float32, float64, "
            f"integer or bool{hint}"
        )
    return result


def float_dtype(who: str, dtype: Any) -> np.dtype[Any]:
    """A dtype that can carry a gradient, in native byte order; the default dtype for None.

    Raises:
        TypeError: for any other.
    """
    if hasattr(dtype, "_node"):  # NumPy would take the dtype that it has
        raise TypeError(f"{who}: dtype must be a dtype, such as np.float32, got a tensor")
    if dtype is None:
        return _default
    try:
        result = _native(dtype)
    except Exception:  # NumPy asks what it is given for its text, and that may raise anything
        result = np.dtype(object)
    if result not in FLOATS:
        raise TypeError(f"{who}: dtype must be float16, float32 or float64, got {shown(dtype)}")
    return result


def _first_leaf(data: Any) -> Any:
    while isinstance(data, (list, tuple)) and data:
        data = data[0]
    return data


def _holds_tensors(data: Any) -> bool:
    pending = [data]
    while pending:
        item = pending.pop()
        if hasattr(item, "_node") and not isinstance(item, type):
            return True
        if isinstance(item, (list, tuple)):
            pending.extend(item)
    return False


def common_float(*values: Any) -> np.dtype[Any] | None:
    """The dtype that the floats among tensors and arrays have together; None where none is one."""
    found = None
    for v in values:
        dtype = getattr(v, "dtype", None)
        if dtype is None or dtype is found or isinstance(v, type) or dtype.kind != "f":
            continue
        found = dtype if found is None else np.result_type(found, dtype)
    return found


#: Called where a number of a wider float dtype widens an array; ``autograd.methods`` puts it here.
told_of_widening: Callable[[], None] = lambda: None


def with_weak_integers(info: Any, out: Any, *operands: Any, **static: Any) -> Any:
    """A result as wide as its float operands; of integers and bools alone, it has the default dtype.

    NumPy makes float64 of int64 and float32. Here integers take part in any precision, as Python's
    numbers do, lest a counter or a mask double the memory of a whole model. And where NumPy makes
    float16 of bools and bytes, it is computed again.

    Args:
        info: the primitive that made the result; static: its static parameters.
    """
    dtype = out.dtype
    for x in operands:  # the usual case: an array of floats that are no narrower
        if type(x) is np.ndarray and x.dtype is dtype and x.ndim:
            return out
    if not info.differentiable or dtype.kind != "f":
        return out
    wanted = common_float(*operands)
    if wanted is None:
        wanted = _default
        if out.dtype.itemsize < wanted.itemsize and all(x is not None for x in operands):
            return info.forward(*[np.asarray(x, wanted)[()] for x in operands], **static)
    if out.ndim and out.dtype == wanted and _widened_by_number(wanted, operands):
        told_of_widening()
    return narrowed(out, wanted)


def _widened_by_number(wanted: np.dtype[Any], operands: Sequence[Any]) -> bool:
    """True if of the floats among the operands a 0-d one is the widest."""
    floats = [x for x in operands if hasattr(x, "dtype") and x.dtype.kind == "f"]
    return {x.ndim > 0 for x in floats} == {True, False} and not any(
        x.ndim and x.dtype == wanted for x in floats
    )


def narrowed(out: Any, wanted: np.dtype[Any] | None = None) -> Any:
    """Floats no wider than a dtype, by default the default dtype; everything else as it is."""
    wanted = wanted or _default
    return (
        out.astype(wanted)
        if out.dtype.kind == "f" and out.dtype.itemsize > wanted.itemsize
        else out
    )


def as_array(
    who: str, data: Any, dtype: Any = None, copy: bool = True, beside: Any = None
) -> np.ndarray[Any, Any]:
    """Data as an array of a supported dtype.

    Args:
        dtype: what to convert to; default: Python floats take the default dtype, arrays keep theirs.
        copy: False to return an array that fits as it is.
        beside: the float dtype that Python's numbers take where they stand beside others of it.

    Raises:
        TypeError: for strings, objects, complex numbers and lists of tensors.
        ValueError: for ragged lists and integers beyond 64 bits.
    """
    if (
        type(data) is np.ndarray
        and dtype is None
        and not copy
        and USUAL.get(data.dtype) is data.dtype
    ):
        return data
    wanted = None if dtype is None else check_dtype(who, dtype)
    if isinstance(data, (np.ndarray, np.generic)):
        if isinstance(data, np.ma.MaskedArray) and np.ma.is_masked(data):
            raise TypeError(
                f"{who}: a masked array would lose its mask; give .filled(value), or choose with "
                "autograd.where(mask, other, data)"
            )
        array = np.asarray(data)
        if array.dtype.kind == "O":
            raise TypeError(
                f"{who}: object arrays are not supported; "
                "autograd.scalars(a) makes the one kind that is"
            )
    else:
        array, wanted = _from_python(who, data, wanted, beside)
    kept = check_dtype(who, array.dtype)
    if wanted is None:
        wanted = kept
    array = with_itself(array)
    if copy:
        return np.array(array, dtype=wanted, order="K", copy=True)
    return np.asarray(array, dtype=wanted)


def uncalled(value: Any) -> str:
    """What to write for a layer, or a function, in the place of numbers."""
    if callable(getattr(value, "forward", None)):
        weight = ", or give its layer.weight" if hasattr(value, "weight") else ""
        return f"; call it: layer(x){weight}"
    if callable(value) and not isinstance(value, type):
        return f"; call it: {getattr(value, '__name__', 'f')}(…)"
    return ""


def _from_python(
    who: str, data: Any, wanted: np.dtype[Any] | None, beside: np.dtype[Any] | None
) -> tuple[np.ndarray[Any, Any], np.dtype[Any] | None]:
    if _holds_tensors(data):
        raise TypeError(
            f"{who}: a list of tensors is not data; use autograd.stack(...) or "
            "autograd.concatenate(...) to join them"
        )
    try:
        array = np.asarray(data)
    except ValueError:
        raise ValueError(
            f"{who}: the nested lists are ragged; every row must have the same length"
        ) from None
    except (TypeError, OverflowError) as error:
        raise TypeError(f"{who}: cannot make an array of {type(data).__name__}: {error}") from None
    if array.dtype.kind == "O":
        if isinstance(_first_leaf(data), int):
            raise ValueError(f"{who}: an integer does not fit 64 bits")
        wrong = next((each for each in array.flat if not isinstance(each, (int, float))), data)
        inside = " inside" if isinstance(data, (list, tuple)) else ""
        raise TypeError(
            f"{who}: expected numbers, nested lists of numbers or an array, "
            f"got {type(wrong).__name__}{inside}{uncalled(wrong)}"
        )
    python_numbers = not isinstance(_first_leaf(data), (np.ndarray, np.generic))
    if wanted is None and python_numbers:
        if array.dtype == np.float64:
            wanted = beside or _default
        elif array.dtype.kind in "iu":
            wanted = beside
    return array, wanted
