"""``x += y`` and ``x[i] = y``: the operators of assignment.

What may be written into, and what happens where it may not, is ``autograd.in_place``'s affair. The
table in ``autograd/methods.py`` puts these on Tensor, each when it is first used.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments.arrays import coerce
from autograd.core.tensor import Tensor
from autograd.core.writes import note_write
from autograd.in_place import check_rebinding, check_writable, rebind, records

__all__ = [
    "iadd", "iand", "ifloordiv", "ilshift", "imatmul", "imod", "imul", "ior", "ipow", "irshift",
    "isub", "itruediv", "ixor", "setitem",
]  # fmt: skip


@functools.cache
def _ops(family: str) -> Any:
    return importlib.import_module(f"autograd.ops.{family}")


def _in_place(symbol: str, name: str, ufunc: Any, family: str) -> Callable[[Tensor, Any], Tensor]:
    def operator(self: Tensor, other: Any) -> Tensor:
        if records(self, other):
            check_rebinding(self, f"{symbol}=")
            return rebind(self, getattr(_ops(family), ufunc.__name__)(self, other), f"{symbol}=")
        check_writable(self, f"{symbol}=")
        data = self._data
        value = _plain(f"{symbol}=", other, data)
        if not data.ndim:
            result = np.asarray(ufunc(data, value))
            if result.ndim:
                raise ValueError(
                    f"{symbol}=: the operand {result.shape} does not fit the 0-d tensor"
                )
            self._data = result.astype(data.dtype)[()]
            return self
        before = self._version[0] if self._version is not None else 0
        if self._version is not None:
            note_write(self._version)  # before it: an interrupt may come when it is done
        try:
            ufunc(data, value, out=data, casting="same_kind")
        except (ValueError, TypeError) as error:
            if self._version is not None:
                self._version[0] = before
            kind = TypeError if isinstance(error, TypeError) else ValueError  # NumPy has its own
            raise kind(
                f"{symbol}=: an operand of shape {np.shape(value)} and dtype "
                f"{np.asarray(value).dtype} cannot be written into the tensor of shape "
                f"{self.shape} and dtype {self.dtype}"
            ) from None
        return self

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = (
        f"``self {symbol}= other``: written, or on a recorded tensor a change of what it is, which "
        "every name for it sees; see ``autograd.in_place``."
    )
    return operator


iadd = _in_place("+", "__iadd__", np.add, "elementwise")
isub = _in_place("-", "__isub__", np.subtract, "elementwise")
imul = _in_place("*", "__imul__", np.multiply, "elementwise")
itruediv = _in_place("/", "__itruediv__", np.divide, "elementwise")
ifloordiv = _in_place("//", "__ifloordiv__", np.floor_divide, "elementwise")
imod = _in_place("%", "__imod__", np.remainder, "elementwise")
ipow = _in_place("**", "__ipow__", np.power, "transcendental")
imatmul = _in_place("@", "__imatmul__", np.matmul, "products")
iand = _in_place("&", "__iand__", np.bitwise_and, "elementwise")
ior = _in_place("|", "__ior__", np.bitwise_or, "elementwise")
ixor = _in_place("^", "__ixor__", np.bitwise_xor, "elementwise")
ilshift = _in_place("<<", "__ilshift__", np.left_shift, "elementwise")
irshift = _in_place(">>", "__irshift__", np.right_shift, "elementwise")


def _plain(who: str, value: Any, data: Any) -> Any:
    """An operand of a write into ``data``."""
    return value._data if isinstance(value, Tensor) else coerce(who, "value", value, data)


def setitem(self: Tensor, index: Any, value: Any) -> None:
    """``t[index] = value``: written, or where one of them is recorded a change of what t is."""
    who = "t[index] = value"
    if records(self, value):
        check_rebinding(self, who, "x = autograd.set_at(x, index, value)")
        rebind(self, _ops("gathering").set_at(self, index, value), who)
        return
    check_writable(self, who)
    value = _plain("t[index] = value", value, self._data)
    index = _ops("indexing").clean_index("t[index] = value", index, self.shape)
    data, cell = self._data if self._data.ndim else np.array(self._data), self._version
    before = cell[0] if cell is not None else 0
    if cell is not None:
        note_write(cell)  # before it: an interrupt may come when it is done
    try:
        data[index] = value
    except (IndexError, ValueError, TypeError) as error:
        if cell is not None:
            cell[0] = before
        kind = IndexError if isinstance(error, IndexError) else type(error)
        raise kind(
            f"t[index] = value: a value of shape {np.shape(value)} cannot be written at {index!r} "
            f"of a tensor of shape {self.shape}: {error}"
        ) from None
    if not self._data.ndim:
        self._data = data[()]
