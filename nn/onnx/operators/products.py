"""Products of matrices."""

from __future__ import annotations

import string
from collections.abc import Callable
from typing import Any

from nn.onnx.call import Call
from nn.onnx.graph import Builder

__all__ = ["TABLE"]


def matmul(b: Builder, call: Call) -> str:
    return b.node("MatMul", [call.x(0, call.dtype), call.x(1, call.dtype)])


def einsum(b: Builder, call: Call) -> str:
    given = [call.x(k, call.dtype) for k in range(len(call.operands))]
    # Labels that stand for leading axes may be any letters; ONNX takes Latin ones.
    labels = dict.fromkeys(c for c in call["subscripts"] if c not in ",->")
    table = str.maketrans(dict(zip(labels, string.ascii_letters, strict=False)))
    return b.node("Einsum", given, equation=call["subscripts"].translate(table))


def linear(b: Builder, call: Call) -> str:
    x, w = call.x(0, call.dtype), call.x(1, call.dtype)
    if len(call.shape) == 2:
        bias = [call.x(2, call.dtype)] if call.has(2) else []
        return b.node("Gemm", [x, w, *bias], transB=1)
    product = b.node("MatMul", [x, b.transpose(w, (1, 0))])
    return b.node("Add", [product, call.x(2, call.dtype)]) if call.has(2) else product


TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "matmul": matmul,
    "einsum": einsum,
    "linear": linear,
    "det": lambda b, call: b.node("Det", [call.x()]),
}
