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


def between(self: Any, end: Any, weight: Any) -> Any:
    start, end, weight = common(self, end, weight)
    return start + weight * (end - start)


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


def masked_fill(self: Any, mask: Any, value: Any) -> Any:
    return ag.where(mask, cast(tensor(value), self.dtype), self)


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

_bitwise = {
    "and": promoted(ag.bitwise_and), "or": promoted(ag.bitwise_or), "xor": promoted(ag.bitwise_xor)
}  # fmt: skip

TABLE: dict[str, Any] = {
    "add": add,
    "sub": subtract,
    "subtract": subtract,
    "rsub": subtract_from,
    "mul": multiplied,
    "multiply": promoted(ag.multiply),
    "div": divide,
    "divide": divide,
    "true_divide": divide,
    "floor_divide": promoted(ag.floor_divide),
    "remainder": floor_mod,
    "fmod": promoted(ag.fmod),
    "pow": power,
    "float_power": promoted(ag.float_power),
    "square": ag.square,
    "neg": ag.negative,
    "negative": ag.negative,
    "positive": same,
    "abs": ag.absolute,
    "absolute": ag.absolute,
    "sign": sign_of,
    "sgn": sign_of,
    "addcmul": add_product,
    "addcdiv": add_quotient,
    "lerp": between,
    "maximum": promoted(ag.maximum),
    "minimum": promoted(ag.minimum),
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
    "hypot": promoted(ag.hypot),
    "copysign": promoted(ag.copysign, floats=True),
    "logaddexp": promoted(ag.logaddexp),
    "logaddexp2": promoted(ag.logaddexp2),
    "heaviside": step,
    "ldexp": lambda self, other: multiplied(self, ag.exp2(as_floats(other))),
    "special_entr": ag.special.entr,
    "special_ndtr": in_floats(lambda x: 0.5 * ag.erfc(x * -math.sqrt(0.5))),
    "xlogy": x_log_y,
    "special_xlogy": x_log_y,
    "special_xlog1py": lambda self, other: x_log_y(self, add(other, 1.0)),
    "exp": in_floats(ag.exp),
    "exp2": in_floats(ag.exp2),
    "special_exp2": in_floats(ag.exp2),
    "expm1": in_floats(ag.expm1),
    "special_expm1": in_floats(ag.expm1),
    "log": in_floats(ag.log),
    "log2": in_floats(ag.log2),
    "log10": in_floats(ag.log10),
    "log1p": in_floats(ag.log1p),
    "special_log1p": in_floats(ag.log1p),
    "sqrt": in_floats(ag.sqrt),
    "rsqrt": in_floats(lambda x: ag.reciprocal(ag.sqrt(x))),
    "reciprocal": in_floats(ag.reciprocal),
    "sin": in_floats(ag.sin),
    "cos": in_floats(ag.cos),
    "tan": in_floats(ag.tan),
    "asin": in_floats(ag.arcsin),
    "arcsin": in_floats(ag.arcsin),
    "acos": in_floats(ag.arccos),
    "arccos": in_floats(ag.arccos),
    "atan": in_floats(ag.arctan),
    "arctan": in_floats(ag.arctan),
    "sinh": in_floats(ag.sinh),
    "cosh": in_floats(ag.cosh),
    "asinh": in_floats(ag.arcsinh),
    "arcsinh": in_floats(ag.arcsinh),
    "acosh": in_floats(ag.arccosh),
    "arccosh": in_floats(ag.arccosh),
    "atanh": in_floats(ag.arctanh),
    "arctanh": in_floats(ag.arctanh),
    "sinc": in_floats(ag.sinc),
    "special_sinc": in_floats(ag.sinc),
    "deg2rad": in_floats(ag.deg2rad),
    "rad2deg": in_floats(ag.rad2deg),
    "erf": in_floats(ag.erf),
    "special_erf": in_floats(ag.erf),
    "erfc": in_floats(ag.erfc),
    "special_erfc": in_floats(ag.erfc),
    "logit": lambda self, eps=None: ag.logit(as_floats(self), eps),
    "special_logit": lambda self, eps=None: ag.logit(as_floats(self), eps),
    "floor": ag.floor,
    "ceil": ag.ceil,
    "round": rounded,
    "trunc": ag.trunc,
    "fix": ag.trunc,
    "frac": ag.frac,
    "nan_to_num": nan_to_num,
    "eq": promoted(operator.eq),
    "ne": promoted(ag.not_equal),
    "not_equal": promoted(ag.not_equal),
    "lt": promoted(ag.less),
    "less": promoted(ag.less),
    "le": promoted(ag.less_equal),
    "less_equal": promoted(ag.less_equal),
    "gt": promoted(ag.greater),
    "greater": promoted(ag.greater),
    "ge": promoted(ag.greater_equal),
    "greater_equal": promoted(ag.greater_equal),
    "equal": all_equal,
    "allclose": ag.allclose,
    "isclose": ag.isclose,
    "logical_and": _logical(ag.logical_and),
    "logical_or": _logical(ag.logical_or),
    "logical_xor": _logical(ag.logical_xor),
    "logical_not": lambda self: self == 0,
    "bitwise_and": _bitwise["and"],
    "bitwise_or": _bitwise["or"],
    "bitwise_xor": _bitwise["xor"],
    "bitwise_not": ag.invert,
    "__and__": _bitwise["and"],
    "__or__": _bitwise["or"],
    "__xor__": _bitwise["xor"],
    "__iand__": _bitwise["and"],
    "__ior__": _bitwise["or"],
    "__ixor__": _bitwise["xor"],
    "bitwise_left_shift": promoted(ag.left_shift),
    "bitwise_right_shift": promoted(ag.right_shift),
    "__lshift__": promoted(ag.left_shift),
    "__rshift__": promoted(ag.right_shift),
    "isnan": ag.isnan,
    "isinf": ag.isinf,
    "isfinite": ag.isfinite,
    "isposinf": ag.isposinf,
    "isneginf": ag.isneginf,
    "signbit": ag.signbit,
    "where.self": where,
    "where.ScalarSelf": where,
    "where.ScalarOther": where,
    "where.Scalar": where,
    "masked_fill": masked_fill,
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
#: Names that are the same here and there, once they are here.
TABLE |= {
    name: in_floats(getattr(ag, name))
    for name in ("lgamma", "digamma", "erfinv")
    if hasattr(ag, name)
}


def _filled(self: Any, value: Any) -> Any:
    value = tensor(value) if isinstance(value, Tensor) else ag.as_tensor(value, dtype=self.dtype)
    return ag.broadcast_to(cast(value, self.dtype), shape=self.shape)
