"""Arithmetic, comparisons, and the functions that treat every element by itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, has_shape, raw
from autograd.arguments.dtypes import as_array, check_dtype, is_float
from autograd.core.primitive import primitive
from autograd.core.tensor import Tensor
from autograd.kernels.elementwise import choose

__all__ = [
    "absolute",
    "add",
    "alias",
    "around",
    "astype",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "ceil",
    "clip",
    "copysign",
    "divide",
    "divmod",
    "equal",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "greater",
    "greater_equal",
    "heaviside",
    "invert",
    "isfinite",
    "isinf",
    "isnan",
    "left_shift",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "modf",
    "multiply",
    "negative",
    "not_equal",
    "positive",
    "reciprocal",
    "remainder",
    "right_shift",
    "rint",
    "round",
    "sign",
    "signbit",
    "sqrt",
    "square",
    "subtract",
    "trunc",
    "where",
]


# Arithmetic ---------------------------------------------------------------------------------------


@primitive(broadcasts=True)
def add(x: Any, y: Any) -> Any:
    """x + y, elementwise with broadcasting.

    Example:
        >>> import autograd as ag
        >>> ag.add(ag.tensor([1.0, 2.0]), 10.0)
        Tensor([11., 12.])
    """
    return x + y


add.gradients(x=lambda g: g, y=lambda g: g)


@primitive(broadcasts=True)
def subtract(x: Any, y: Any) -> Any:
    """x − y, elementwise with broadcasting."""
    return x - y


subtract.gradients(x=lambda g: g, y=lambda g: -g)


@primitive(broadcasts=True)
def multiply(x: Any, y: Any) -> Any:
    """x · y, elementwise with broadcasting.

    Example:
        >>> import autograd as ag
        >>> ag.multiply(ag.tensor([1.0, 2.0]), ag.tensor([[3.0], [4.0]]))
        Tensor([[3., 6.],
                [4., 8.]])
    """
    return x * y


multiply.gradients(x=lambda g, y: g * y, y=lambda g, x: g * x)


@primitive(broadcasts=True)
def divide(x: Any, y: Any) -> Any:
    """x / y, elementwise with broadcasting."""
    return x / y


divide.gradients(x=lambda g, y: g / y, y=lambda g, y, out: -g * (out / y))


@primitive(broadcasts=True)
def negative(x: Any) -> Any:
    """−x."""
    return -x


negative.gradients(x=lambda g: -g)


@primitive(broadcasts=True)
def positive(x: Any) -> Any:
    """+x: a copy, of bools, too."""
    return np.array(x) if x.dtype.kind == "b" else np.positive(x)


positive.gradients(x=lambda g: g)


def copied(x: Any) -> Any:
    """A copy, through which gradients flow; of bools, too, which have no +x."""
    return Tensor(np.array(raw(x))) if x.dtype == np.bool_ else positive(x)


@primitive(elementwise=True)
def alias(x: Any) -> Any:
    """The same values at a new place in the graph."""
    return x


alias.gradients(x=lambda g: g)


@primitive(broadcasts=True)
def reciprocal(x: Any) -> Any:
    """1 / x."""
    return 1.0 / x


reciprocal.gradients(x=lambda g, out: -g * out * out)


@primitive(broadcasts=True)
def square(x: Any) -> Any:
    """x²."""
    return x * x


square.gradients(x=lambda g, x: 2.0 * g * x)


@primitive(broadcasts=True, scalar=math.sqrt)
def sqrt(x: Any) -> Any:
    """Square root; its slope at 0 is +∞."""
    return np.sqrt(x)


sqrt.gradients(x=lambda g, out: g / (2.0 * out))


@primitive(broadcasts=True)
def floor_divide(x: Any, y: Any) -> Any:
    """⌊x / y⌋; its slope is 0 between the jumps."""
    return x // y


floor_divide.gradients(x=lambda g: g * 0.0, y=lambda g: g * 0.0)


@primitive(broadcasts=True)
def remainder(x: Any, y: Any) -> Any:
    """x − y·⌊x / y⌋, with the sign of y (NumPy's ``%``)."""
    return np.remainder(x, y)


remainder.gradients(x=lambda g: g, y=lambda g, x, y: -g * floor_divide(x, y))


@primitive(broadcasts=True)
def fmod(x: Any, y: Any) -> Any:
    """x − y·trunc(x / y), with the sign of x (C's ``fmod``)."""
    return np.fmod(x, y)


fmod.gradients(x=lambda g: g, y=lambda g, x, y: -g * trunc(x / y))


def divmod(x: Any, y: Any) -> tuple[Any, Any]:
    """(⌊x / y⌋, x − y·⌊x / y⌋): ``floor_divide`` and ``remainder``."""
    return floor_divide(x, y), remainder(x, y)


# Rounding -----------------------------------------------------------------------------------------


@primitive(broadcasts=True)
def floor(x: Any) -> Any:
    """Largest integer not above x; slope 0."""
    return np.floor(x)


@primitive(broadcasts=True)
def ceil(x: Any) -> Any:
    """Smallest integer not below x; slope 0."""
    return np.ceil(x)


@primitive(broadcasts=True)
def trunc(x: Any) -> Any:
    """x without its fractional part; slope 0."""
    return np.trunc(x)


@primitive(broadcasts=True)
def rint(x: Any) -> Any:
    """Nearest integer, halves to even; slope 0."""
    return np.rint(x)


@primitive(broadcasts=True)
def sign(x: Any) -> Any:
    """−1, 0 or 1; slope 0. NaN stays NaN, and bools stay bools."""
    return np.array(x) if getattr(x, "dtype", None) == np.bool_ else np.sign(x)


@primitive(elementwise=True)
def around(x: Any, *, decimals: int = 0) -> Any:
    """x rounded to a number of decimals, halves to even; slope 0.

    Args:
        decimals: negative ones round to tens, hundreds and so on.
    """
    x = x if hasattr(x, "dtype") else np.asarray(x)
    decimals = arguments.integer("around", "decimals", decimals, None)
    return x.round(min(max(decimals, -400), 400))  # beyond, nothing changes any more


round = around

for _step in (floor, ceil, trunc, rint, sign, around):
    _step.gradients(x=lambda g: g * 0.0)


def modf(x: Any) -> tuple[Any, Any]:
    """(x − trunc(x), trunc(x)): the fractional part, with slope 1, and the whole one."""
    x = as_floats(array_like("modf", x))
    whole = trunc(x)
    return where(isinf(x), copysign(0.0, x), fmod(where(isinf(x), 0.0, x), 1.0)), whole


# Kinks --------------------------------------------------------------------------------------------


@primitive(broadcasts=True)
def absolute(x: Any) -> Any:
    """|x|; its slope at 0 is 0."""
    return abs(x)


absolute.gradients(x=lambda g, x: g * sign(x))


@primitive(broadcasts=True)
def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign of y; slope 0 in y."""
    return np.copysign(x, y)


copysign.gradients(x=lambda g, x, y: g * copysign(sign(x) * sign(x), x * copysign(1.0, y)),
                   y=lambda g: g * 0.0)  # fmt: skip


@primitive(broadcasts=True)
def heaviside(x: Any, y: Any) -> Any:
    """The step function: 0 below 0, 1 above, y at 0; slope 0 in x, and 1 in y where x is 0."""
    return np.heaviside(x, y)


heaviside.gradients(x=lambda g: g * 0.0, y=lambda g, x: where(equal(x, 0), g, 0.0))


@primitive(broadcasts=True)
def maximum(x: Any, y: Any) -> Any:
    """The larger of x and y; NaN propagates; at a tie each gets half of the gradient."""
    return np.maximum(x, y)


@primitive(broadcasts=True)
def minimum(x: Any, y: Any) -> Any:
    """The smaller of x and y; NaN propagates; at a tie each gets half of the gradient."""
    return np.minimum(x, y)


# Where one is NaN, so is the result, and neither is left without a gradient.
maximum.gradients(x=lambda g, x, y: g * _share(logical_not(less_equal(x, y)), equal(x, y)),
                  y=lambda g, x, y: g * _share(logical_not(less_equal(y, x)), equal(x, y)))  # fmt: skip
minimum.gradients(x=lambda g, x, y: g * _share(logical_not(less_equal(y, x)), equal(x, y)),
                  y=lambda g, x, y: g * _share(logical_not(less_equal(x, y)), equal(x, y)))  # fmt: skip


@primitive(broadcasts=True)
def fmax(x: Any, y: Any) -> Any:
    """The larger of x and y, passing over NaN; at a tie each gets half of the gradient."""
    return np.fmax(x, y)


@primitive(broadcasts=True)
def fmin(x: Any, y: Any) -> Any:
    """The smaller of x and y, passing over NaN; at a tie each gets half of the gradient."""
    return np.fmin(x, y)


def _wins_over(better: Any, x: Any, y: Any) -> Any:
    """True where x is better than y, or a number where y is NaN."""
    return logical_or(better(x, y), logical_and(isnan(y), logical_not(isnan(x))))


fmax.gradients(x=lambda g, x, y: g * _share(_wins_over(greater, x, y), equal(x, y)),
               y=lambda g, x, y: g * _share(_wins_over(greater, y, x), equal(x, y)))  # fmt: skip
fmin.gradients(x=lambda g, x, y: g * _share(_wins_over(less, x, y), equal(x, y)),
               y=lambda g, x, y: g * _share(_wins_over(less, y, x), equal(x, y)))  # fmt: skip


def _share(wins: Any, ties: Any) -> Any:
    """1 where it wins, ½ where it ties, else 0 (float16: exact in every float dtype)."""
    wins, ties = getattr(wins, "_data", wins), getattr(ties, "_data", ties)
    return np.asarray(wins, np.float16) + np.asarray(ties, np.float16) * np.float16(0.5)


@primitive(broadcasts=True)
def clip(x: Any, low: Any = None, high: Any = None) -> Any:
    """x limited to [low, high]; the slope is 1 inside and at the bounds.

    Args:
        low, high: bounds, broadcasting with x; None for none. Gradients flow to them where
            they are in force.
    """
    return np.positive(x) if low is None and high is None else np.clip(x, low, high)


def _inside(x: Any, low: Any, high: Any) -> Any:
    result = True
    if low is not None:
        result = greater_equal(x, low)
    if high is not None:
        result = logical_and(result, less_equal(x, high))
    return result


clip.gradients(x=lambda g, x, low, high: where(_inside(x, low, high), g, 0.0),
               low=lambda g, x, low, high: where(_below(x, low, high), g, 0.0),
               high=lambda g, x, low, high: where(greater(x, high) if low is None else
                                                  greater(maximum(x, low), high), g, 0.0))  # fmt: skip


def _below(x: Any, low: Any, high: Any) -> Any:
    """Where the lower bound is what comes out (the upper one wins if it is below the lower)."""
    below = less(x, low)
    return below if high is None else logical_and(below, less_equal(low, high))


@primitive(elementwise=True, broadcasts=True)
def where(condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; all three broadcast.

    Gradients go to the chosen side only. But the chain rule still passes through the other
    side's computation: ``where(x > 0, log(x), 0)`` has gradient 0 · ∞ = NaN at x = 0. Make the
    argument safe first: ``where(x > 0, log(where(x > 0, x, 1)), 0)``.

    Example:
        >>> import autograd as ag
        >>> x = ag.tensor([0.0, 1.0], requires_grad=True)
        >>> ag.where(x > 0, ag.log(ag.where(x > 0, x, 1.0)), 0.0).sum().backward()
        >>> x.grad
        Tensor([0., 1.])
    """
    return choose(condition, x, y)


where.gradients(x=lambda g, condition: where(condition, g, 0.0),
                y=lambda g, condition: where(condition, 0.0, g))  # fmt: skip


# Comparisons and logic: no gradient by nature ----------------------------------------------------


def _plain(ufunc: Any, name: str, doc: str) -> Any:
    """A primitive without gradients from a ufunc of NumPy."""

    def of_one(x: Any) -> Any:
        return ufunc(x)

    def of_two(x: Any, y: Any) -> Any:
        return ufunc(x, y)

    forward: Any = of_one if ufunc.nin == 1 else of_two
    forward.__name__ = forward.__qualname__ = name
    forward.__doc__ = doc
    return primitive(forward, broadcasts=True, differentiable=False)


equal: Any = _plain(np.equal, "equal", "x == y, elementwise; bool.")
not_equal: Any = _plain(np.not_equal, "not_equal", "x != y, elementwise; bool.")
less: Any = _plain(np.less, "less", "x < y, elementwise; bool.")
less_equal: Any = _plain(np.less_equal, "less_equal", "x <= y, elementwise; bool.")
greater: Any = _plain(np.greater, "greater", "x > y, elementwise; bool.")
greater_equal: Any = _plain(np.greater_equal, "greater_equal", "x >= y, elementwise; bool.")
logical_and: Any = _plain(np.logical_and, "logical_and", "Both true, elementwise; bool.")
logical_or: Any = _plain(np.logical_or, "logical_or", "At least one true, elementwise; bool.")
logical_xor: Any = _plain(np.logical_xor, "logical_xor", "Exactly one true, elementwise; bool.")
logical_not: Any = _plain(np.logical_not, "logical_not", "Not true, elementwise; bool.")
bitwise_and: Any = _plain(np.bitwise_and, "bitwise_and", "x & y of integers or bools.")
bitwise_or: Any = _plain(np.bitwise_or, "bitwise_or", "x | y of integers or bools.")
bitwise_xor: Any = _plain(np.bitwise_xor, "bitwise_xor", "x ^ y of integers or bools.")
invert: Any = _plain(np.invert, "invert", "~x: the bits of integers, or bools, inverted.")
left_shift: Any = _plain(np.left_shift, "left_shift", "x << y of integers.")
right_shift: Any = _plain(np.right_shift, "right_shift", "x >> y of integers.")
signbit: Any = _plain(np.signbit, "signbit", "True where x has a minus sign, also at −0.")
isnan: Any = _plain(np.isnan, "isnan", "True where x is NaN.")
isinf: Any = _plain(np.isinf, "isinf", "True where x is +∞ or −∞.")
isfinite: Any = _plain(np.isfinite, "isfinite", "True where x is neither NaN nor infinite.")


# Type ---------------------------------------------------------------------------------------------


@primitive
def _cast(x: Any, *, dtype: Any) -> Any:
    return x.astype(dtype)


_cast.gradients(x=lambda g: g)  # the engine gives it the input's dtype


@primitive(differentiable=False)
def _cast_to_plain(x: Any, *, dtype: Any) -> Any:
    return x.astype(dtype)


def astype(x: Any, dtype: Any) -> Any:
    """A copy in another dtype; gradients flow between floating dtypes.

    Args:
        dtype: float16, float32, float64, an integer type or bool.
    """
    dtype = check_dtype("astype", dtype)
    x = array_like("astype", x) if has_shape(x) else as_array("astype", x, dtype)
    return _cast(x, dtype=dtype) if is_float(dtype) else _cast_to_plain(x, dtype=dtype)
