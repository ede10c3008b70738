"""Arithmetic, comparisons and functions of single numbers."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from nn.interop.operators.promotion import (
    as_floats,
    cast,
    common,
    in_floats,
    promoted,
    tensor,
)

# Arithmetic ---------------------------------------------------------------------------------------


def _scaled(x: Any, alpha: Any) -> Any:
    return x if alpha == 1 and not isinstance(alpha, bool) else x * alpha


def add(self: Any, other: Any, alpha: Any = 1) -> Any:
    x, y = common(self, other)
    return ag.add(x, _scaled(y, alpha))


def subtract(self: Any, other: Any, alpha: Any = 1) -> Any:
    x, y = common(self, other)
    return ag.subtract(x, _scaled(y, alpha))


def subtract_from(self: Any, other: Any, alpha: Any = 1) -> Any:
    return subtract(other, self, alpha)


def divide(self: Any, other: Any, rounding_mode: str | None = None) -> Any:
    x, y = common(self, other, floats=rounding_mode is None)
    return ag.div(x, y, rounding_mode=rounding_mode)


def x_log_y(self: Any, other: Any) -> Any:
    return ag.xlogy(*common(self, other, floats=True))


def _raw(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


def add_product(self: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    x, a, b = common(self, tensor1, tensor2)
    return x + _scaled(a * b, value)


def add_quotient(self: Any, tensor1: Any, tensor2: Any, value: Any = 1) -> Any:
    x, a, b = common(self, tensor1, tensor2, floats=True)
    return x + _scaled(a / b, value)


def power(self: Any, exponent: Any) -> Any:
    x, y = common(self, exponent)
    if isinstance(y, (int, float)) and not isinstance(y, bool) and y == 2 and x.dtype.kind == "f":
        return ag.square(x)
    return ag.power(x, y)


def clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    x, low, high = common(self, min, max)
    return ag.clip(x, low, high)


def floor_mod(self: Any, other: Any) -> Any:
    return ag.remainder(*common(self, other))


def rounded(self: Any, decimals: int = 0) -> Any:
    return ag.round(self, decimals=decimals) if tensor(self).dtype.kind == "f" else self


def sign_of(self: Any) -> Any:
    return self if self.dtype.kind == "b" else ag.sign(self)


def nan_to_num(
    self: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Any:
    return ag.nan_to_num(self, 0.0 if nan is None else nan, posinf, neginf)


def _fmax(x: Any, y: Any) -> Any:
    """The larger one, or the one that is no NaN; at a tie the first has the whole gradient."""
    return ag.where(ag.logical_or(ag.greater_equal(x, y), ag.isnan(y)), x, y)


def _fmin(x: Any, y: Any) -> Any:
    return ag.where(ag.logical_or(ag.less_equal(x, y), ag.isnan(y)), x, y)


def step(self: Any, values: Any) -> Any:
    return ag.heaviside(*common(self, values))


# Comparisons and logic ----------------------------------------------------------------------------


def where(condition: Any, self: Any, other: Any) -> Any:
    x, y = common(self, other)
    return ag.where(condition, x, y)


def all_equal(self: Any, other: Any) -> bool:
    return bool(np.array_equal(_raw(self), _raw(other)))


def _logical(function: Any) -> Any:
    def of(self: Any, other: Any) -> Any:
        return function(tensor(self) != 0, tensor(other) != 0)

    return of


# Dtypes -------------------------------------------------------------------------------------------


def to_dtype(
    self: Any, dtype: Any = None, non_blocking: bool = False, copy: bool = False, **_: Any
) -> Any:
    return cast(self, dtype)


def to_device(
    self: Any, device: Any = None, dtype: Any = None, non_blocking: Any = False, copy: Any = False
) -> Any:
    return cast(self, dtype)


def like(self: Any, other: Any, *_: Any, **__: Any) -> Any:
    return cast(self, other.dtype)


def same(self: Any) -> Any:
    return self


def written_through(self: Any, new: Any) -> Any:
    """The numbers of ``new`` with the history of ``self``: what a write leaves that PyTorch's
    gradients do not see, under ``no_grad`` or through ``detach()``."""
    if not self.requires_grad:
        return new.detach() if new.dtype.kind == "f" else new
    return self + (new - self).detach()


multiplied = promoted(ag.multiply)

#: Operators that are our functions of the same name, with operands as they come.
_AS_THEY_COME = (
    "square", "neg", "negative", "abs", "absolute", "floor", "ceil", "trunc", "fix", "frac",
    "allclose", "isclose", "bitwise_not", "isnan", "isinf", "isfinite", "isposinf", "isneginf",
    "signbit",
)  # fmt: skip
#: The same, with integers turned into floats first.
_IN_FLOATS = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "reciprocal", "deg2rad",
    "rad2deg", "sin", "cos", "tan", "asin", "arcsin", "acos", "arccos", "atan", "arctan", "sinh",
    "cosh", "asinh", "arcsinh", "acosh", "arccosh", "atanh", "arctanh", "sinc", "erf", "erfc",
    "erfinv", "lgamma", "digamma",
)  # fmt: skip
#: The same, with two operands brought to the dtype in which they meet.
_PROMOTED = (
    "multiply", "floor_divide", "fmod", "float_power", "maximum", "minimum", "hypot", "logaddexp",
    "logaddexp2", "ne", "not_equal", "lt", "less", "le", "less_equal", "gt", "greater", "ge",
    "greater_equal", "bitwise_and", "bitwise_or", "bitwise_xor",
)  # fmt: skip

TABLE: dict[str, Any] = {
    **{name: getattr(ag, name) for name in _AS_THEY_COME},
    **{name: in_floats(getattr(ag, name)) for name in _IN_FLOATS},
    **{
        f"special_{name}": in_floats(getattr(ag, name))
        for name in ("exp2", "expm1", "log1p", "sinc", "erf", "erfc")
    },
    **{name: promoted(getattr(ag, name)) for name in _PROMOTED},
    **{
        f"__{i}{name}__": promoted(getattr(ag, f"bitwise_{name}"))
        for name in ("and", "or", "xor")
        for i in ("", "i")
    },
    "add": add,
    "sub": subtract,
    "subtract": subtract,
    "rsub": subtract_from,
    "mul": multiplied,
    "div": divide,
    "divide": divide,
    "true_divide": divide,
    "remainder": floor_mod,
    "pow": power,
    "positive": same,
    "sign": sign_of,
    "sgn": sign_of,
    "addcmul": add_product,
    "addcdiv": add_quotient,
    "lerp": lambda self, end, weight: ag.lerp(*common(self, end, weight)),
    "fmax": promoted(_fmax),
    "fmin": promoted(_fmin),
    "max.other": promoted(ag.maximum),
    "min.other": promoted(ag.minimum),
    "clamp": clamp,
    "clip": clamp,
    "clamp_min": lambda self, min: clamp(self, min),
    "clamp_max": lambda self, max: clamp(self, None, max),
    "atan2": promoted(ag.arctan2, floats=True),
    "arctan2": promoted(ag.arctan2, floats=True),
    "copysign": promoted(ag.copysign, floats=True),
    "heaviside": step,
    "ldexp": lambda self, other: multiplied(self, ag.exp2(as_floats(other))),
    "special_entr": ag.special.entr,
    "special_ndtr": in_floats(lambda x: 0.5 * ag.erfc(x * -math.sqrt(0.5))),
    "xlogy": x_log_y,
    "special_xlogy": x_log_y,
    "special_xlog1py": lambda self, other: x_log_y(self, add(other, 1.0)),
    "rsqrt": in_floats(lambda x: ag.reciprocal(ag.sqrt(x))),
    "logit": lambda self, eps=None: ag.logit(as_floats(self), eps),
    "special_logit": lambda self, eps=None: ag.logit(as_floats(self), eps),
    "round": rounded,
    "nan_to_num": nan_to_num,
    "eq": promoted(operator.eq),
    "equal": all_equal,
    "logical_and": _logical(ag.logical_and),
    "logical_or": _logical(ag.logical_or),
    "logical_xor": _logical(ag.logical_xor),
    "logical_not": lambda self: self == 0,
    "bitwise_left_shift": promoted(ag.left_shift),
    "bitwise_right_shift": promoted(ag.right_shift),
    "__lshift__": promoted(ag.left_shift),
    "__rshift__": promoted(ag.right_shift),
    "where.self": where,
    "where.ScalarSelf": where,
    "where.ScalarOther": where,
    "where.Scalar": where,
    "masked_fill": ag.masked_fill,
    "to.dtype": to_dtype,
    "to.dtype_layout": to_dtype,
    "to.device": to_device,
    "to.prim_Device": to_device,
    "to.other": like,
    "_to_copy": to_dtype,
    "type_as": like,
    "clone": same,
    "alias": same,
    "contiguous": same,
    "lift_fresh": same,
    "lift_fresh_copy": same,
    "detach": lambda self: self.detach(),
    "detach_copy": lambda self: self.detach(),
    "copy": lambda self, src, non_blocking=False: cast(
        ag.broadcast_to(tensor(src), shape=self.shape), self.dtype
    ),
    "fill": lambda self, value: _filled(self, value),
    "zero": lambda self: ag.zeros_like(self),
}


def _filled(self: Any, value: Any) -> Any:
    value = tensor(value) if isinstance(value, Tensor) else ag.as_tensor(value, dtype=self.dtype)
    return ag.broadcast_to(cast(value, self.dtype), shape=self.shape)
