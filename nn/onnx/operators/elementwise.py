"""Arithmetic, comparisons, logic, powers, exponentials and their kin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nn.onnx.call import Call
from nn.onnx.graph import Builder
from nn.onnx.trace import Refused

__all__ = ["TABLE"]


def _one(op: str) -> Callable[[Builder, Call], str]:
    return lambda b, call: b.node(op, [call.x(0, call.dtype)])


def _two(op: str) -> Callable[[Builder, Call], str]:
    return lambda b, call: b.node(op, [call.x(0, call.dtype), call.x(1, call.dtype)])


def _compare(op: str, negated: bool = False) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        dtype = call.common()
        if dtype.kind == "b" and op != "Equal":
            dtype = np.dtype(np.int32)
        found: str = b.node(op, [call.x(0, dtype), call.x(1, dtype)])
        return b.node("Not", [found]) if negated else found

    return add


def _logic(op: str) -> Callable[[Builder, Call], str]:
    return lambda b, call: b.node(op, [call.x(0, bool), call.x(1, bool)])


def _bits(op: str, of_bools: str) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        kind = of_bools if call.dtype.kind == "b" else op
        return b.node(kind, [call.x(0, call.dtype), call.x(1, call.dtype)])

    return add


def _scaled(factor: float) -> Callable[[Builder, Call], str]:
    return lambda b, call: b.node("Mul", [call.x(), b.constant(factor, call.dtype)])


def _number(b: Builder, call: Call, value: float) -> str:
    return b.constant(value, call.dtype)


def copy(b: Builder, call: Call) -> str:
    return call.x()


def cast(b: Builder, call: Call) -> str:
    return call.x(0, call["dtype"])


def floor_divide(b: Builder, call: Call) -> str:
    if call.dtype.kind in "iu":
        raise Refused("⌊x / y⌋ of integers has no operator that rounds down")
    return b.node("Floor", [b.node("Div", [call.x(0, call.dtype), call.x(1, call.dtype)])])


def remainder(b: Builder, call: Call) -> str:
    x, y = call.x(0, call.dtype), call.x(1, call.dtype)
    if call.dtype.kind in "iu":
        return b.node("Mod", [x, y])
    whole = b.node("Floor", [b.node("Div", [x, y])])
    return b.node("Sub", [x, b.node("Mul", [whole, y])])


def fmod(b: Builder, call: Call) -> str:
    return b.node("Mod", [call.x(0, call.dtype), call.x(1, call.dtype)], fmod=1)


def truncated(b: Builder, x: str) -> str:
    return b.node("Mul", [b.node("Sign", [x]), b.node("Floor", [b.node("Abs", [x])])])


def around(b: Builder, call: Call) -> str:
    decimals = call["decimals"]
    if not decimals:
        return b.node("Round", [call.x()])
    scale = _number(b, call, 10.0**decimals)
    return b.node("Div", [b.node("Round", [b.node("Mul", [call.x(), scale])]), scale])


def copysign(b: Builder, call: Call) -> str:
    size = b.node("Abs", [call.x(0, call.dtype)])
    y, zero = call.x(1, call.dtype), _number(b, call, 0.0)
    below = b.node("Less", [y, zero])
    # −0 is told from 0 by what 1 / y is.
    inverse = b.node("Div", [_number(b, call, 1.0), y])
    below = b.node("Or", [below, b.node("Less", [inverse, zero])])
    return b.node("Where", [below, b.node("Neg", [size]), size])


def heaviside(b: Builder, call: Call) -> str:
    x, y, zero = call.x(0, call.dtype), call.x(1, call.dtype), _number(b, call, 0.0)
    step = b.node("Where", [b.node("Greater", [x, zero]), _number(b, call, 1.0), zero])
    return b.node("Where", [b.node("Equal", [x, zero]), y, step])


def clip(b: Builder, call: Call) -> str:
    y = call.x(0, call.dtype)
    if call.has(1):
        y = b.node("Max", [y, call.x(1, call.dtype)])
    return b.node("Min", [y, call.x(2, call.dtype)]) if call.has(2) else y


def where(b: Builder, call: Call) -> str:
    return b.node("Where", [call.x(0, bool), call.x(1, call.dtype), call.x(2, call.dtype)])


def isfinite(b: Builder, call: Call) -> str:
    bad = b.node("Or", [b.node("IsNaN", [call.x()]), b.node("IsInf", [call.x()])])
    return b.node("Not", [bad])


def signbit(b: Builder, call: Call) -> str:
    return b.node("Less", [call.x(), b.constant(0, call.dtype_of(0))])


def invert(b: Builder, call: Call) -> str:
    return b.node("Not" if call.dtype.kind == "b" else "BitwiseNot", [call.x()])


def power(b: Builder, call: Call) -> str:
    given = call.operands[1]
    if given is not None and given.name is None and np.ndim(given.value) == 0:
        known = {2: ("Mul", 2), 0.5: ("Sqrt", 1), -1: ("Reciprocal", 1)}.get(given.value)
        if known and call.dtype.kind == "f":
            return b.node(known[0], [call.x(0, call.dtype)] * known[1])
    return b.node("Pow", [call.x(0, call.dtype), call.x(1, call.dtype)])


def square(b: Builder, call: Call) -> str:
    return b.node("Mul", [call.x(), call.x()])


def cbrt(b: Builder, call: Call) -> str:
    root = b.node("Pow", [b.node("Abs", [call.x()]), _number(b, call, 1.0 / 3.0)])
    return b.node("Mul", [b.node("Sign", [call.x()]), root])


def exp2(b: Builder, call: Call) -> str:
    return b.node("Exp", [_scaled(math.log(2.0))(b, call)])


def expm1(b: Builder, call: Call) -> str:
    """exp(x) − 1 = 2·tanh(x/2) / (1 − tanh(x/2)), which keeps its digits near 0."""
    near = b.node("Less", [b.node("Abs", [call.x()]), _number(b, call, 1.0)])
    zero, one, two = (_number(b, call, n) for n in (0.0, 1.0, 2.0))
    t = b.node("Tanh", [b.node("Div", [b.node("Where", [near, call.x(), zero]), two])])
    inner = b.node("Div", [b.node("Mul", [two, t]), b.node("Sub", [one, t])])
    return b.node("Where", [near, inner, b.node("Sub", [b.node("Exp", [call.x()]), one])])


def log1p(b: Builder, call: Call, x: str | None = None) -> str:
    """2·artanh(x / (2 + x)) near 0, where 1 + x would lose digits."""
    x = call.x() if x is None else x
    zero, one, two = (_number(b, call, n) for n in (0.0, 1.0, 2.0))
    near = b.node("Less", [b.node("Abs", [x]), _number(b, call, 0.5)])
    safe = b.node("Where", [near, x, zero])
    t = b.node("Div", [safe, b.node("Add", [safe, two])])
    inner = b.node("Mul", [two, b.node("Atanh", [t])])
    return b.node("Where", [near, inner, b.node("Log", [b.node("Add", [x, one])])])


def _log_in(base: float) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        return b.node("Mul", [b.node("Log", [call.x()]), _number(b, call, 1.0 / math.log(base))])

    return add


def arctan2(b: Builder, call: Call) -> str:
    y, x = call.x(0, call.dtype), call.x(1, call.dtype)
    zero, pi = _number(b, call, 0.0), _number(b, call, math.pi)
    on_axis = b.node("Equal", [x, zero])
    half = b.node("Mul", [b.node("Sign", [y]), _number(b, call, math.pi / 2)])
    safe = b.node("Where", [on_axis, _number(b, call, 1.0), x])
    angle = b.node("Atan", [b.node("Div", [y, safe])])
    turn = b.node("Where", [b.node("Less", [y, zero]), b.node("Neg", [pi]), pi])
    turned = b.node("Where", [b.node("Less", [x, zero]), b.node("Add", [angle, turn]), angle])
    return b.node("Where", [on_axis, half, turned])


def hypot(b: Builder, call: Call) -> str:
    x, y = call.x(0, call.dtype), call.x(1, call.dtype)
    return b.node("Sqrt", [b.node("Add", [b.node("Mul", [x, x]), b.node("Mul", [y, y])])])


def sinc(b: Builder, call: Call) -> str:
    one = _number(b, call, 1.0)
    zero = b.node("Equal", [call.x(), _number(b, call, 0.0)])
    angle = b.node("Mul", [b.node("Where", [zero, one, call.x()]), _number(b, call, math.pi)])
    return b.node("Where", [zero, one, b.node("Div", [b.node("Sin", [angle]), angle])])


def _of_turns(operator: str) -> Callable[[Builder, Call], str]:
    def turn(b: Builder, call: Call) -> str:
        return b.node(operator, [b.node("Mul", [call.x(), _number(b, call, math.pi)])])

    return turn


def one_minus_square(b: Builder, call: Call) -> str:
    one = _number(b, call, 1.0)
    return b.node("Mul", [b.node("Sub", [one, call.x()]), b.node("Add", [one, call.x()])])


def root_of_square_minus_one(b: Builder, call: Call) -> str:
    one = _number(b, call, 1.0)
    roots = [b.node("Sqrt", [b.node(name, [call.x(), one])]) for name in ("Sub", "Add")]
    return b.node("Mul", roots)


def cosine_of_point(b: Builder, call: Call) -> str:
    length = hypot(b, call)
    zero = b.node("Equal", [length, _number(b, call, 0.0)])
    return b.node("Div", [call.x(), b.node("Where", [zero, _number(b, call, 1.0), length])])


def _logaddexp(base: float) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        x, y = call.x(0, call.dtype), call.x(1, call.dtype)
        scale = _number(b, call, -math.log(base))
        gap = b.node("Mul", [b.node("Abs", [b.node("Sub", [x, y])]), scale])
        more = log1p(b, call, b.node("Exp", [gap]))
        more = b.node("Mul", [more, _number(b, call, 1.0 / math.log(base))])
        return b.node("Add", [b.node("Max", [x, y]), more])

    return add


def erfc(b: Builder, call: Call) -> str:
    return b.node("Sub", [_number(b, call, 1.0), b.node("Erf", [call.x()])])


def _passing_over_nan(op: str) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        x, y = call.x(0, call.dtype), call.x(1, call.dtype)
        best = b.node(op, [x, y])
        best = b.node("Where", [b.node("IsNaN", [x]), y, best])
        return b.node("Where", [b.node("IsNaN", [y]), x, best])

    return add


def shift(direction: str) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        if call.dtype.kind != "u":
            raise Refused("only unsigned integers can be shifted in ONNX")
        return b.node(
            "BitShift", [call.x(0, call.dtype), call.x(1, call.dtype)], direction=direction
        )

    return add


TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "add": _two("Add"),
    "subtract": _two("Sub"),
    "multiply": _two("Mul"),
    "divide": _two("Div"),
    "negative": _one("Neg"),
    "positive": copy,
    "alias": copy,
    "all_reduce": copy,
    "reciprocal": _one("Reciprocal"),
    "square": square,
    "sqrt": _one("Sqrt"),
    "floor_divide": floor_divide,
    "remainder": remainder,
    "fmod": fmod,
    "floor": _one("Floor"),
    "ceil": _one("Ceil"),
    "rint": _one("Round"),
    "trunc": lambda b, call: truncated(b, call.x()),
    "around": around,
    "sign": _one("Sign"),
    "absolute": _one("Abs"),
    "copysign": copysign,
    "heaviside": heaviside,
    "maximum": _two("Max"),
    "minimum": _two("Min"),
    "fmax": _passing_over_nan("Max"),
    "fmin": _passing_over_nan("Min"),
    "clip": clip,
    "where": where,
    "equal": _compare("Equal"),
    "not_equal": _compare("Equal", negated=True),
    "less": _compare("Less"),
    "less_equal": _compare("LessOrEqual"),
    "greater": _compare("Greater"),
    "greater_equal": _compare("GreaterOrEqual"),
    "logical_and": _logic("And"),
    "logical_or": _logic("Or"),
    "logical_xor": _logic("Xor"),
    "logical_not": lambda b, call: b.node("Not", [call.x(0, bool)]),
    "bitwise_and": _bits("BitwiseAnd", "And"),
    "bitwise_or": _bits("BitwiseOr", "Or"),
    "bitwise_xor": _bits("BitwiseXor", "Xor"),
    "invert": invert,
    "left_shift": shift("LEFT"),
    "right_shift": shift("RIGHT"),
    "signbit": signbit,
    "isnan": lambda b, call: b.node("IsNaN", [call.x()]),
    "isinf": lambda b, call: b.node("IsInf", [call.x()]),
    "isfinite": isfinite,
    "_cast": cast,
    "_cast_to_plain": cast,
    "power": power,
    "cbrt": cbrt,
    "exp": _one("Exp"),
    "exp2": exp2,
    "expm1": expm1,
    "log": _one("Log"),
    "log2": _log_in(2.0),
    "log10": _log_in(10.0),
    "log1p": log1p,
    "logaddexp": _logaddexp(math.e),
    "logaddexp2": _logaddexp(2.0),
    "sin": _one("Sin"),
    "cos": _one("Cos"),
    "tan": _one("Tan"),
    "arcsin": _one("Asin"),
    "arccos": _one("Acos"),
    "arctan": _one("Atan"),
    "arctan2": arctan2,
    "sinh": _one("Sinh"),
    "cosh": _one("Cosh"),
    "tanh": _one("Tanh"),
    "arcsinh": _one("Asinh"),
    "arccosh": _one("Acosh"),
    "arctanh": _one("Atanh"),
    "hypot": hypot,
    "sinc": sinc,
    "sinpi": _of_turns("Sin"),
    "cospi": _of_turns("Cos"),
    "one_minus_square": one_minus_square,
    "root_of_square_minus_one": root_of_square_minus_one,
    "cosine_of_point": cosine_of_point,
    "deg2rad": _scaled(math.pi / 180.0),
    "rad2deg": _scaled(180.0 / math.pi),
    "erf": _one("Erf"),
    "erfc": erfc,
}
