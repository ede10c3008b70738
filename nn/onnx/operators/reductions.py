"""Sums, means, extrema, products, norms; running sums; order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nn.onnx.call import Call
from nn.onnx.graph import Builder
from nn.onnx.trace import Refused, Size

__all__ = ["HIDDEN", "TABLE", "reduce"]


def reduce(b: Builder, op: str, x: str, axes: Any, keepdims: bool) -> str:
    """A reduction over axes; all of them for None, none for ()."""
    if axes == ():
        return b.node("Sqrt", [b.node("Mul", [x, x])]) if op == "ReduceL2" else x
    given = [x] if axes is None else [x, b.ints(*axes)]
    return b.node(op, given, keepdims=int(keepdims))


def _reduced(op: str, in_integers: bool = False) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        # Of bools, what is added up are integers; of integers, the mean is a float.
        dtype = call.dtype if op in ("ReduceSum", "ReduceMean", "ReduceProd") else None
        if call.dtype_of(0).kind == "b" and dtype is None:
            small = reduce(b, op, call.x(0, np.int32), call.axes(), call["keepdims"])
            return b.cast(small, bool, np.int32)
        return reduce(b, op, call.x(0, dtype), call.axes(), call["keepdims"])

    return add


def _any_or_all(op: str) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        found = reduce(
            b, op, b.cast(call.x(0, bool), np.int32, bool), call.axes(), call["keepdims"]
        )
        return b.cast(found, bool, np.int32)

    return add


def count_nonzero(b: Builder, call: Call) -> str:
    found = b.cast(call.x(0, bool), np.int64, bool)
    return reduce(b, "ReduceSum", found, call.axes(), call["keepdims"])


def variance(b: Builder, call: Call) -> str:
    axes = call.axes()
    mean = reduce(b, "ReduceMean", call.x(), axes, True)
    centred = b.node("Sub", [call.x(), mean])
    square = b.node("Mul", [centred, centred])
    ddof = float(call["ddof"])
    if not ddof:
        return reduce(b, "ReduceMean", square, axes, call["keepdims"])
    total = reduce(b, "ReduceSum", square, axes, call["keepdims"])
    return b.node("Div", [total, _divisor(b, call, axes, ddof)])


def _divisor(b: Builder, call: Call, axes: Any, ddof: float) -> str:
    sizes = [n for k, n in enumerate(call.shape) if axes is None or k in axes]
    fixed = int(np.prod([n for n in sizes if not isinstance(n, Size)], dtype=np.int64))
    divisor = b.constant(float(fixed), call.dtype)
    for size in sizes:
        if isinstance(size, Size):
            divisor = b.node("Mul", [divisor, b.made_constant(size, call.dtype)])
    return b.node("Sub", [divisor, b.constant(ddof, call.dtype)])


def _arg(op: str) -> Callable[[Builder, Call], str]:
    def add(b: Builder, call: Call) -> str:
        x, axes, keepdims = call.x(), call.axes(), bool(call["keepdims"])
        if call.dtype_of(0).kind == "b":
            x = b.cast(x, np.int32, bool)
        if axes is not None and axes != () and call.shape:
            return b.node(op, [x], axis=axes[0], keepdims=int(keepdims))
        found = b.node(op, [b.node("Reshape", [x, b.ints(-1)])], axis=0, keepdims=0)
        shape = (1,) * len(call.shape) if keepdims else ()
        return b.reshape(found, shape)

    return add


def _with_indices(op: str) -> Callable[[Builder, Call], tuple[str, str]]:
    kind = "ReduceMax" if op == "ArgMax" else "ReduceMin"

    def add(b: Builder, call: Call) -> tuple[str, str]:
        axes = call.axes() if call.shape else None
        return reduce(b, kind, call.x(), axes, call["keepdims"]), _arg(op)(b, call)

    return add


def logsumexp(b: Builder, call: Call) -> str:
    axes, keepdims = call.axes(), bool(call["keepdims"])
    largest = reduce(b, "ReduceMax", call.x(), axes, True)
    total = reduce(
        b, "ReduceSum", b.node("Exp", [b.node("Sub", [call.x(), largest])]), axes, keepdims
    )
    if not keepdims:
        largest = reduce(b, "ReduceMax", call.x(), axes, False)
    return b.node("Add", [b.node("Log", [total]), largest])


def cumsum(b: Builder, call: Call) -> str:
    x, axis = _line(b, call)
    return b.node("CumSum", [x, b.constant(axis, np.int64)])


def _line(b: Builder, call: Call) -> tuple[str, int]:
    """What is run along: an axis, or all elements in a row."""
    if call["axis"] is None or not call.shape:
        return b.node("Reshape", [call.x(0, call.dtype), b.ints(-1)]), 0
    return call.x(0, call.dtype), call.axis()


def cumprod(b: Builder, call: Call) -> str:
    return _running(b, call, "Mul", 1)


def _running_extreme(op: str) -> Callable[[Builder, Call], tuple[str, None]]:
    def add(b: Builder, call: Call) -> tuple[str, None]:
        if call.dtype.kind != "f":
            raise Refused("a running extremum of integers")
        return _running(b, call, op, -np.inf if op == "Max" else np.inf), None

    return add


def _running(b: Builder, call: Call, op: str, neutral: float) -> str:
    """Each place together with the one 1, 2, 4, … before it."""
    x, axis = _line(b, call)
    shape = call.results[0].shape
    size = shape[axis]
    if isinstance(size, Size):
        raise Refused("what runs along the batch has no operator")
    step = 1
    while step < size:
        kept = [b.ints(n) for n in (0, size - step, axis)]
        before = b.node("Slice", [x, *kept])
        widths = [(step, 0) if k == axis else (0, 0) for k in range(len(shape))]
        x = b.node(op, [x, b.pad(before, widths, neutral, call.dtype)])
        step *= 2
    return x


# Order --------------------------------------------------------------------------------------------


def _sorted(b: Builder, call: Call) -> tuple[str, str]:
    x, axis = call.x(), 0
    size: Any = call.results[0].shape[0] if call.shape else 1
    if call["axis"] is None or not call.shape:
        x = b.node("Reshape", [x, b.ints(-1)])
    else:
        axis = call.axis()
        size = call.shape[axis]
    values, places = b.node(
        "TopK", [x, b.size(size)], 2, axis=axis, largest=int(call["descending"]), sorted=1
    )
    if not call.results[0].shape:
        values, places = (b.reshape(each, ()) for each in (values, places))
    return values, places


def searchsorted(b: Builder, call: Call) -> str:
    """How many of the sorted numbers come before."""
    dtype = call.common()
    op = "Less" if call["side"] == "left" else "LessOrEqual"
    values = b.node("Unsqueeze", [call.x(1, dtype), b.ints(-1)])
    before = b.cast(b.node(op, [call.x(0, dtype), values]), np.int64, bool)
    return b.node("ReduceSum", [before, b.ints(-1)], keepdims=0)


# What the rules of gradients make -----------------------------------------------------------------


def _first_extremum(largest: bool) -> tuple[Callable[..., Any], Callable[[Builder, Call], str]]:
    """Where the first largest element along an axis is, as a mask of the input's shape."""
    arg, op = (np.argmax, "ArgMax") if largest else (np.argmin, "ArgMin")

    def of_arrays(x: Any, *, axis: Any, keepdims: bool) -> Any:
        axes = axis if isinstance(axis, (tuple, list)) else (axis,)
        if len(axes) != 1:
            return np.empty(0)
        chosen = np.zeros(x.shape, bool)
        if axis is None or not x.ndim:
            chosen.flat[int(arg(x))] = True
        else:
            np.put_along_axis(chosen, arg(x, axis=axes[0], keepdims=True), True, axes[0])
        return chosen

    def nodes(b: Builder, call: Call) -> str:
        axes = call.axes()
        if axes is None or len(axes) != 1:
            raise Refused("which of several equal extrema is meant")
        axis = axes[0]
        places = b.node(op, [call.x()], axis=axis, keepdims=1)
        steps = np.arange(call.fixed(0, axis)[0]).reshape(
            [-1 if k == axis else 1 for k in range(len(call.shape))]
        )
        return b.node("Equal", [places, b.constant(steps, np.int64)])

    return of_arrays, nodes


def _all_extrema(largest: bool) -> tuple[Callable[..., Any], Callable[[Builder, Call], str]]:
    """Where elements equal the extremum over the axes."""

    def of_arrays(x: Any, *, axis: Any, keepdims: bool) -> Any:
        axes = tuple(axis) if isinstance(axis, list) else axis
        return x == (np.max if largest else np.min)(x, axis=axes, keepdims=True)

    def nodes(b: Builder, call: Call) -> str:
        best = reduce(b, "ReduceMax" if largest else "ReduceMin", call.x(), call.axes(), True)
        return b.node("Equal", [call.x(), best])

    return of_arrays, nodes


HIDDEN: dict[str, dict[str, tuple[Callable[..., Any], Callable[[Builder, Call], str]]]] = {
    "max": {"first": _first_extremum(True)},
    "min": {"first": _first_extremum(False)},
    "max_with_indices": {"first": _first_extremum(True)},
    "min_with_indices": {"first": _first_extremum(False)},
    "amax": {"all": _all_extrema(True)},
    "amin": {"all": _all_extrema(False)},
}

TABLE: dict[str, Callable[[Builder, Call], Any]] = {
    "sum": _reduced("ReduceSum"),
    "mean": _reduced("ReduceMean"),
    "prod": _reduced("ReduceProd"),
    "amax": _reduced("ReduceMax"),
    "amin": _reduced("ReduceMin"),
    "max": _reduced("ReduceMax"),
    "min": _reduced("ReduceMin"),
    "max_with_indices": _with_indices("ArgMax"),
    "min_with_indices": _with_indices("ArgMin"),
    "argmax": _arg("ArgMax"),
    "argmin": _arg("ArgMin"),
    "all": _any_or_all("ReduceMin"),
    "any": _any_or_all("ReduceMax"),
    "count_nonzero": count_nonzero,
    "var": variance,
    "std": lambda b, call: b.node("Sqrt", [variance(b, call)]),
    "norm": _reduced("ReduceL2"),
    "logsumexp": logsumexp,
    "cumsum": cumsum,
    "cumprod": cumprod,
    "cummax_with_indices": _running_extreme("Max"),
    "cummin_with_indices": _running_extreme("Min"),
    "sort_with_indices": _sorted,
    "argsort": lambda b, call: _sorted(b, call)[1],
    "searchsorted": searchsorted,
}
