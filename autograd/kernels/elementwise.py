"""Elementwise functions where the obvious NumPy line is slower than it need be.

    relu(x) -> y;  relu_gradient(g, out) -> gx;  keep_where(g, mask, out=None) -> gx
    choose(condition, x, y) -> z
    in_blocks(function, *arrays) -> function(*arrays)
    formula(function, *arrays) -> the same, with float16 rounded at the end alone
    with_kernel(name), a decorator: in C where there are kernels, else in blocks

Any shape, any strides; results keep the memory order of their input.

A formula of several operations on large arrays spends its time waiting for memory, not computing.
`in_blocks` works it out for so few elements at a time that all it makes on the way stays in cache.
Many formulas have a kernel in C, too, which makes nothing on the way (``native/elementwise.inc``).
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from math import copysign
from typing import Any

import numpy as np

from autograd.kernels import native
from autograd.kernels.pieces import in_pieces
from autograd.kernels.tuning import BLOCK

_INTEGERS = {
    np.dtype(np.float16): np.int16,
    np.dtype(np.float32): np.int32,
    np.dtype(np.float64): np.int64,
}


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0), NaN where ``x`` is NaN.

    ``clip`` has a vector loop for scalar bounds, ``maximum`` only one for two whole arrays.

    >>> relu(np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    if native.alike(x):
        return _in_c("relu", (x,))
    if x.dtype.kind == "O":
        return x * np.asarray(x > 0).astype(int)  # every result still stems from its element
    if x.dtype.kind != "f" or x.size < BLOCK:
        return np.asarray(np.maximum(x, x.dtype.type(0)))
    y = np.empty_like(x)
    in_pieces(lambda x, y: np.clip(x, 0, np.inf, out=y), (x, y), axis=_slowest(x), passes=1)
    return y


def relu_gradient(g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """``g`` where ``out`` = relu(x) is not 0, else 0; the derivative at 0 is 0.

    >>> relu_gradient(np.array([5.0, 5.0, 5.0]), np.array([0.0, 0.0, 2.0]))
    array([0., 0., 5.])
    """
    if native.alike(g, out):
        return _in_c("relu_gradient", (g, out))
    # Not `out > 0`: where x was NaN the gradient passes, as in PyTorch.
    if g.size < BLOCK or g.dtype.kind != "f" or np.shape(out) != g.shape:
        return keep_where(g, np.not_equal(out, 0))
    gx = np.empty_like(out, dtype=g.dtype)
    lines = flat_views(g, out, gx) if g.dtype == out.dtype == np.float32 else None
    if lines is not None and _subnormals_count():
        in_pieces(_keep_positive, lines, axis=0, passes=2)
        return gx

    def gradient(g: np.ndarray, out: np.ndarray, gx: np.ndarray) -> None:
        keep_where(g, np.not_equal(out, 0), out=gx)

    in_pieces(gradient, (g, out, gx), axis=_slowest(out), passes=2)
    return gx


def _keep_positive(g: np.ndarray, out: np.ndarray, gx: np.ndarray) -> None:
    """`keep_where` by ``out`` = relu(x), without a mask and the slow mixture of two types.

    The least positive float has the bits of the integer 1, so the lesser of it and ``out`` is 1
    or 0, ready for a multiplication. (The bits of −0 leave only the sign of 0.)
    """
    least = _least()
    for start in range(0, out.size, BLOCK):
        part = slice(start, start + BLOCK)
        kept = np.fmin(out[part], least[: out[part].size], out=gx[part]).view(np.int32)
        np.multiply(kept, g[part].view(np.int32), out=kept)


def _subnormals_count() -> bool:
    """Whether this thread's processor compares subnormal numbers as what they are.

    Some libraries, once loaded, have it take them for 0.
    """
    return bool(np.fmin(_least()[:16], np.float32(1.0)).view(np.int32).all())


@lru_cache(maxsize=1)
def _least() -> np.ndarray:
    return np.ones(BLOCK, np.int32).view(np.float32)


def flat_views(*arrays: np.ndarray) -> list[np.ndarray] | None:
    """Arrays of one shape as lines in memory order; None where that differs or has gaps."""
    first = arrays[0]
    if not all(array.flags.c_contiguous for array in arrays):
        order = sorted(range(first.ndim), key=lambda axis: -first.strides[axis])
        arrays = tuple(array.transpose(order) for array in arrays)
        if not all(array.flags.c_contiguous for array in arrays):
            return None
    return [array.reshape(-1) for array in arrays]


def in_blocks(function: Callable[..., Any], *arrays: Any) -> Any:
    """``function(*arrays)`` of a function that works on each element by itself.

    Large arrays of one shape and memory order go through it a block at a time; anything else as a
    whole, also what is no array.

    >>> in_blocks(lambda x, y: 2 * x + y, np.ones(3), np.zeros(3))
    array([2., 2., 2.])
    """
    first = arrays[0]
    if type(first) is not np.ndarray or first.size < 2 * BLOCK or first.dtype.kind != "f":
        return function(*arrays)
    if any(type(array) is not np.ndarray or array.shape != first.shape for array in arrays):
        return function(*arrays)
    lines = flat_views(*arrays)
    if lines is None:
        return function(*arrays)
    begun = function(*(line[:BLOCK] for line in lines))
    out = np.empty_like(first, dtype=begun.dtype)
    views = flat_views(first, out)
    assert views is not None
    views[1][:BLOCK] = begun

    def work(out: np.ndarray, *lines: np.ndarray) -> None:
        for start in range(0, out.size, BLOCK):
            part = slice(start, start + BLOCK)
            out[part] = function(*(line[part] for line in lines))

    in_pieces(work, [line[BLOCK:] for line in (views[1], *lines)], axis=0, passes=4)
    return out


def formula(
    function: Callable[..., Any], x: Any, kernel: str = "", p: float = 0.0, q: float = 0.0
) -> Any:
    """`in_blocks` of floats: float16 is worked out in float32 and rounded once, integers in float64.

    Args:
        kernel: the name of the same function in C, if there is one; p, q: its constants.

    >>> formula(lambda x: (x * x) / 300, np.float16(300))
    np.float16(300.0)
    """
    if kernel and native.alike(x):
        return _in_c(kernel, (x,), p, q)
    dtype = getattr(x, "dtype", None)
    if dtype is not None and dtype.kind in "biu":
        x = x.astype(np.float64)  # bools have no minus, and that of a uint8 is no negative number
    if dtype != np.float16:
        return in_blocks(function, x)

    def rounded(part: Any) -> Any:
        return function(part.astype(np.float32)).astype(np.float16)

    return in_blocks(rounded, x)


def with_kernel(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator of ``gradient(g, x)`` or ``gradient(g, x, p, q)``: arrays go to the kernel in C of
    this name, where there is one, or by way of `in_blocks`. Anything else sees the function itself.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def called(g: Any, x: Any, *constants: float) -> Any:
            if native.library is not None and native.library.alike(g, x):
                return _in_c(name, (g, x), *constants)
            if type(g) is np.ndarray and g.size < 2 * BLOCK:  # as `in_blocks` does, at less cost
                return function(g, x, *constants)
            return in_blocks(lambda g, x: function(g, x, *constants), g, x)

        return called

    return decorate


def _in_c(kernel: str, arrays: Any, p: float = 0.0, q: float = 0.0) -> np.ndarray:
    """What the kernel in C gives for arrays that are `native.alike`: of x, or of g and x."""
    out = np.empty_like(arrays[-1])
    function = native.library.unary if len(arrays) == 1 else native.library.binary
    function(kernel, *arrays, float(p), float(q), out)
    return out


def prepare(
    kernel: str, arrays: Any, otherwise: Callable[..., np.ndarray]
) -> Callable[..., np.ndarray] | None:
    """The kernel in C for arrays like these, one or two; None where there is none.

    >>> made = prepare("relu", (np.array([-1.0, 2.0]),), relu)
    >>> made is None or made(np.array([3.0, -1.0])).tolist() == [3.0, 0.0]
    True
    """
    if not native.alike(*arrays):
        return None
    unary, binary = native.library.unary, native.library.binary

    def of_one(x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        try:
            unary(kernel, x, 0.0, 0.0, out)
        except (TypeError, ValueError):  # it lies otherwise, this time
            return otherwise(x)
        return out

    def of_two(g: np.ndarray, x: np.ndarray) -> np.ndarray:
        out = np.empty_like(x)
        try:
            binary(kernel, g, x, 0.0, 0.0, out)
        except (TypeError, ValueError):
            return otherwise(g, x)
        return out

    return of_one if len(arrays) == 1 else of_two


def choose(condition: Any, x: Any, y: Any) -> Any:
    """``np.where(condition, x, y)``, bit for bit; for floats in half the time.

    As integers, y ^ ((x ^ y) · condition) is x or y, and none of the three operations branches.

    >>> choose(np.array([True, False]), np.array([1.0, 2.0]), 0.0)
    array([1., 0.])
    """
    if type(condition) is not np.ndarray or condition.dtype != bool or condition.size < BLOCK:
        return np.where(condition, x, y)
    if _is_zero(y) and _is_like(x, condition):
        return in_blocks(lambda x, condition: keep_where(x, condition), x, condition)
    if _is_zero(x) and _is_like(y, condition):
        return in_blocks(lambda y, condition: keep_where(y, ~condition), y, condition)
    if _is_like(x, condition) and _is_like(y, condition) and x.dtype == y.dtype:
        return in_blocks(_select, x, y, condition)
    return np.where(condition, x, y)


def _is_zero(x: Any) -> bool:
    return type(x) is float and x == 0.0 and copysign(1.0, x) > 0.0


def _is_like(x: Any, condition: np.ndarray) -> bool:
    return type(x) is np.ndarray and x.shape == condition.shape and x.dtype in _INTEGERS


def _select(x: np.ndarray, y: np.ndarray, condition: np.ndarray) -> np.ndarray:
    integer = _INTEGERS[x.dtype]
    x_bits, y_bits = x.view(integer), y.view(integer)
    bits = x_bits ^ y_bits
    bits *= condition
    bits ^= y_bits
    return bits.view(x.dtype)


def _slowest(x: np.ndarray) -> int:
    """The axis whose neighbours lie farthest apart in memory."""
    return max(range(x.ndim), key=lambda axis: (x.shape[axis] > 1, abs(x.strides[axis])))


def keep_where(g: np.ndarray, mask: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """``np.where(mask, g, 0)``, exact for infinities and NaN, several times as fast.

    Multiplying by a mask is quick because it does not branch, but ∞ · 0 is NaN. As integers the
    same bits times 1 or 0 are exact.

    >>> keep_where(np.array([1.0, np.inf]), np.array([True, False]))
    array([1., 0.])
    """
    integer = _INTEGERS.get(g.dtype)
    if integer is None:
        kept = np.where(mask, g, np.zeros((), g.dtype))
        if out is None:
            return kept
        out[...] = kept
        return out
    if out is None:
        return np.asarray(np.multiply(g.view(integer), mask)).view(g.dtype)
    np.multiply(g.view(integer), mask, out=out.view(integer))
    return out
