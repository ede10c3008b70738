"""The table of Tensor's operators and methods: every name, and the function behind it.

``t.sum(axis=0)`` is ``autograd.sum(t, axis=0)``. A primitive is a plain function, so it serves as a
method as it is. ``tensor.pyi`` is generated from this table (``python -m autograd.stubs``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import ops
from .core.tensor import Tensor, check_writable
from .engine import backward

__all__ = ["METHODS", "OPERATORS", "attach"]


# In place -----------------------------------------------------------------------------------------


def _in_place(name: str, ufunc: Any, symbol: str) -> Callable[[Tensor, Any], Tensor]:
    def operator(self: Tensor, other: Any) -> Tensor:
        check_writable(self, f"{symbol}=")
        value = _plain(f"{symbol}=", other)
        data = self._data
        if not data.ndim:
            result = np.asarray(ufunc(data, value))
            if result.ndim:
                raise ValueError(
                    f"{symbol}=: the operand {result.shape} does not fit the 0-d tensor"
                )
            self._data = result.astype(data.dtype)[()]
            return self
        try:
            ufunc(data, value, out=data, casting="same_kind")
        except (ValueError, TypeError) as error:
            raise type(error)(
                f"{symbol}=: an operand of shape {np.shape(value)} and dtype "
                f"{np.asarray(value).dtype} cannot be written into the tensor of shape "
                f"{self.shape} and dtype {self.dtype}"
            ) from None
        if self._version is not None:
            self._version[0] += 1
        return self

    operator.__name__ = operator.__qualname__ = name
    operator.__doc__ = f"``self {symbol}= other``, really written: see ``check_writable``."
    return operator


def _plain(who: str, value: Any) -> Any:
    """An operand of a write, as data: what requires a gradient would lose it."""
    if isinstance(value, Tensor):
        from .core.modes import is_grad_enabled

        if value.requires_grad and is_grad_enabled():
            raise RuntimeError(
                f"{who}: the value requires a gradient, which a write would not record; "
                "make a new tensor: autograd.set_at(x, index, value), autograd.where(...), x + value"
            )
        return value._data
    return ops.operands.coerce(who, "value", value)


def _setitem(self: Tensor, index: Any, value: Any) -> None:
    """``t[index] = value``, really written, under ``no_grad`` or without a gradient."""
    check_writable(self, "t[index] = value")
    value = _plain("t[index] = value", value)
    index = ops.indexing.clean_index("t[index] = value", index, self.shape)
    data = self._data if self._data.ndim else np.array(self._data)
    try:
        data[index] = value
    except (IndexError, ValueError, TypeError) as error:
        kind = IndexError if isinstance(error, IndexError) else type(error)
        raise kind(
            f"t[index] = value: a value of shape {np.shape(value)} cannot be written at {index!r} "
            f"of a tensor of shape {self.shape}: {error}"
        ) from None
    if not self._data.ndim:
        self._data = data[()]
    elif self._version is not None:
        self._version[0] += 1


# Reflected, and a few that are no plain function ---------------------------------------------------


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Tensor]:
    def operator(self: Tensor, other: Any) -> Any:
        return function(other, self)

    operator.__doc__ = f"``autograd.{function.__name__}(other, self)``."
    return operator


def _copy(self: Tensor) -> Tensor:
    """A copy of the values in new memory; gradients flow through."""
    return ops.elementwise.positive(self)


def _transposed(self: Tensor) -> Tensor:
    """All axes reversed."""
    return ops.shapes.transpose(self)


def _matrix_transposed(self: Tensor) -> Tensor:
    """The last two axes swapped."""
    if self.ndim < 2:
        raise ValueError(f"mT: a tensor of shape {self.shape} has no two axes to swap")
    return ops.shapes.swapaxes(self, -1, -2)


def _flexible(function: Callable[..., Any], argument: str) -> Callable[..., Any]:
    """``t.reshape(2, 3)`` as well as ``t.reshape((2, 3))``."""

    def method(self: Tensor, *values: Any) -> Any:
        if len(values) == 1 and (values[0] is None or hasattr(values[0], "__len__")):
            values = values[0]
        return function(self, values)

    method.__name__ = function.__name__
    method.__doc__ = (
        f"{function.__doc__}\n\nAs a method, ``{argument}`` may be given as single arguments."
    )
    return method


def _transpose(self: Tensor, *axes: Any) -> Tensor:
    """Axes in another order: ``t.transpose(1, 0)`` or ``t.transpose((1, 0))``; none: reversed."""
    if not axes or axes == (None,):
        return ops.shapes.transpose(self)
    if len(axes) == 1 and hasattr(axes[0], "__len__"):
        axes = tuple(axes[0])
    return ops.shapes.transpose(self, axes)


def _iterate(self: Tensor) -> Any:
    """The slices along the first axis."""
    if not self.ndim:
        raise TypeError("iteration over a 0-d tensor; use .item() for its number")
    return (self[k] for k in range(len(self)))


def _contains(self: Tensor, value: Any) -> bool:
    """True if some element equals the value."""
    return bool(np.any(self._data == getattr(value, "_data", value)))


def _divmod(self: Tensor, other: Any) -> tuple[Any, Any]:
    """``(self // other, self % other)``."""
    return ops.elementwise.floor_divide(self, other), ops.elementwise.remainder(self, other)


def _round(self: Tensor, digits: int | None = None) -> Any:
    """``round(t)`` and ``round(t, digits)``; slope 0."""
    if digits is None:
        return ops.elementwise.rint(self)
    scale = 10.0**digits
    return ops.elementwise.rint(self * scale) / scale


_e, _t = ops.elementwise, ops.transcendental

OPERATORS: dict[str, Any] = {
    "__add__": _e.add,
    "__radd__": _reflected(_e.add),
    "__iadd__": _in_place("__iadd__", np.add, "+"),
    "__sub__": _e.subtract,
    "__rsub__": _reflected(_e.subtract),
    "__isub__": _in_place("__isub__", np.subtract, "-"),
    "__mul__": _e.multiply,
    "__rmul__": _reflected(_e.multiply),
    "__imul__": _in_place("__imul__", np.multiply, "*"),
    "__truediv__": _e.divide,
    "__rtruediv__": _reflected(_e.divide),
    "__itruediv__": _in_place("__itruediv__", np.divide, "/"),
    "__floordiv__": _e.floor_divide,
    "__rfloordiv__": _reflected(_e.floor_divide),
    "__mod__": _e.remainder,
    "__rmod__": _reflected(_e.remainder),
    "__divmod__": _divmod,
    "__pow__": _t.power,
    "__rpow__": _reflected(_t.power),
    "__ipow__": _in_place("__ipow__", np.power, "**"),
    "__matmul__": ops.products.matmul,
    "__rmatmul__": _reflected(ops.products.matmul),
    "__neg__": _e.negative,
    "__pos__": _e.positive,
    "__abs__": _e.absolute,
    "__round__": _round,
    "__invert__": _e.logical_not,
    "__and__": _e.logical_and,
    "__rand__": _reflected(_e.logical_and),
    "__or__": _e.logical_or,
    "__ror__": _reflected(_e.logical_or),
    "__xor__": _e.logical_xor,
    "__rxor__": _reflected(_e.logical_xor),
    "__eq__": _e.equal,
    "__ne__": _e.not_equal,
    "__lt__": _e.less,
    "__le__": _e.less_equal,
    "__gt__": _e.greater,
    "__ge__": _e.greater_equal,
    "__getitem__": ops.indexing.getitem,
    "__setitem__": _setitem,
    "__iter__": _iterate,
    "__contains__": _contains,
}


def _from(module: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names}


METHODS: dict[str, Any] = {
    "backward": backward,
    "copy": _copy,
    "clone": _copy,
    "T": property(_transposed),
    "mT": property(_matrix_transposed),
    "abs": _e.absolute,
    "reshape": _flexible(ops.shapes.reshape, "shape"),
    "transpose": _transpose,
    "permute": _flexible(ops.shapes.transpose, "axes"),
    **_from(_e, "alias", "astype", "ceil", "clip", "floor", "maximum", "minimum", "reciprocal",
            "rint", "sign", "sqrt", "square", "trunc"),
    **_from(_t, "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "cos",
            "cosh", "deg2rad", "exp", "exp2", "expm1", "hypot", "log", "log10", "log1p", "log2",
            "logaddexp", "power", "rad2deg", "sigmoid", "sin", "sinh", "tan", "tanh"),
    **_from(ops.activations, "log_softmax", "relu", "softmax"),
    **_from(ops.reductions, "all", "amax", "amin", "any", "argmax", "argmin", "broadcast_to",
            "logsumexp", "max", "max_with_indices", "mean", "min", "min_with_indices", "prod",
            "std", "sum", "var"),
    **_from(ops.shapes, "expand_dims", "flatten", "flip", "moveaxis", "ravel", "squeeze",
            "swapaxes"),
}  # fmt: skip


def attach() -> None:
    """Put the operators and methods on Tensor."""
    for name, function in {**OPERATORS, **METHODS}.items():
        setattr(Tensor, name, function)


attach()
