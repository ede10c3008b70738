"""Sizes, which a graph with a symbolic batch computes as it goes: whole numbers of Python."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

_OPERATOR = (
    "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "neg", "pos", "abs", "eq", "ne",
    "lt", "le", "gt", "ge", "and_", "or_", "xor", "not_", "getitem", "lshift", "rshift",
)  # fmt: skip


def choose(condition: bool, a: Any, b: Any) -> Any:
    return a if condition else b


#: By module and name of the function that a graph calls.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"_operator.{name}": getattr(operator, name) for name in _OPERATOR},
    "math.floor": math.floor,
    "math.ceil": math.ceil,
    "math.trunc": math.trunc,
    "math.sqrt": math.sqrt,
    "builtins.round": round,
    "torch.sym_max": max,
    "torch.sym_min": min,
    "torch.sym_int": int,
    "torch.sym_float": float,
    "torch.sym_not": operator.not_,
    "torch.sym_sum": sum,
    "torch.sym_ite": choose,
    "torch._sym_sqrt": math.sqrt,
    "torch.sym_sqrt": math.sqrt,
}

TABLE: dict[str, Any] = {
    "sym_size.int": lambda self, dim: self.shape[dim],
    "size.int": lambda self, dim: self.shape[dim],
    "sym_size.default": lambda self: list(self.shape),
    "sym_numel": lambda self: math.prod(self.shape),
    "numel": lambda self: math.prod(self.shape),
    "sym_storage_offset": lambda self: 0,
    "is_same_size": lambda self, other: self.shape == other.shape,
}

#: What only checks what the exporter has assumed; the inputs are checked before a model runs.
CHECKS = (
    "_assert_async", "_assert_scalar", "_assert_tensor_metadata", "sym_constrain_range",
    "sym_constrain_range_for_size", "_functional_assert_async", "_functional_assert_scalar",
)  # fmt: skip
