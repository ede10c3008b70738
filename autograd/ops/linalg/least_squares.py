"""Linear algebra made of the decompositions: least squares, condition, chains of products.

Public as ``autograd.linalg``.
"""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import (
    alike,
    array_like,
    as_floats,
    broadcast_shape,
    constant,
    raw,
)
from autograd.arguments.half import in_single
from autograd.ops.linalg.decompositions import inv, pinv, solve, svdvals
from autograd.ops.linalg.norms import matrix_norm
from autograd.ops.products import einsum, matmul
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import moveaxis, reshape, sequence_of_arrays


class LstsqResult(NamedTuple):
    """What ``lstsq`` returns."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


@in_single
def lstsq(a: Any, b: Any, rcond: float | None = None) -> LstsqResult:
    """The x for which a · x comes nearest to b; the smallest one, if there are several.

    Differentiable where the rank does not change.

    Args:
        a: a matrix (m, n), or a stack of them (…, m, n).
        b: a vector (m,), or a matrix (m, k) of columns; for a stack (…, m, k).
        rcond: singular values below this fraction of the largest count as 0; default: the
            dtype's epsilon times the longer side.

    Returns:
        (solution, residuals, rank, singular_values), by these names, too: the solution; its sums of squared errors (empty unless the rank
        is n < m, of every matrix); the rank of a, for a stack an array of them; its singular values.

    Raises:
        ValueError: if the shapes do not fit.

    Example:
        >>> import autograd as ag
        >>> x, *_ = ag.linalg.lstsq(ag.tensor([[1.0], [1.0]]), ag.tensor([1.0, 3.0]))
        >>> round(x.item(), 4)
        2.0
    """
    a, b = array_like("lstsq: a", a, b), array_like("lstsq: b", b, a)
    a, b = alike(as_floats(a, b), as_floats(b, a))
    rows, stacked = a.shape[-2:-1], len(a.shape) > 2
    fits = len(b.shape) == len(a.shape) if stacked else len(b.shape) in (1, 2)
    if not rows or not fits or b.shape[-2 if len(b.shape) > 1 else 0] != rows[0]:
        raise ValueError(
            f"lstsq: a must be a matrix (m, n) and b (m,) or (m, k), or stacks of both, got shapes "
            f"{a.shape} and {b.shape}"
        )
    broadcast_shape("lstsq", a.shape[:-2], b.shape[:-2] if stacked else ())
    rcond = None if rcond is None else arguments.real("lstsq", "rcond", rcond)
    m, n = a.shape[-2:]
    if rcond is None or rcond == -1:
        rcond = float(np.finfo(a.dtype).eps) * (max(m, n) or 1 if rcond is None else 1)
    x = matmul(pinv(a, rcond), b)
    s = svdvals(a)
    values = raw(s)
    ranks = (values > rcond * values.max(-1, initial=0.0, keepdims=True)).sum(-1)
    missed = matmul(a, x) - b
    squares = sum_(missed * missed, -2 if len(b.shape) > 1 else 0)
    if (ranks < n).any() or m <= n:
        squares = np.zeros(0, a.dtype)
    squares = squares if squares.shape else reshape(squares, (1,))
    return LstsqResult(x, squares, ranks if stacked else int(ranks), s)


@in_single
def cond(x: Any, p: Any = None) -> Any:
    """Condition number of matrices: how much errors may grow when one solves with them.

    Args:
        p: None or 2 for the largest over the smallest singular value, −2 for its inverse; any
            other order of ``matrix_norm`` for the norm of x times that of its inverse.

    Raises:
        ValueError: if x is no matrix, or not square where it has to be inverted.
    """
    x = as_floats(array_like("cond", x))
    if len(x.shape) < 2:
        raise ValueError(f"cond: x must be a matrix or a stack of them, got shape {x.shape}")
    if 0 in x.shape[-2:]:
        raise ValueError(f"cond: x of shape {x.shape} has no singular values")
    if p is None or (isinstance(p, (int, float, np.number)) and p in (2, -2)):
        s = svdvals(x)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return matrix_norm(x, p) * matrix_norm(inv(x), p)


def matrix_rank(a: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Number of singular values that are not 0, as integers; no gradient.

    Args:
        tol: what counts as 0; default: ``rtol`` times the largest.
        hermitian: True for symmetric matrices, whose rank is then found faster.
        rtol: default: the dtype's epsilon times the longer side.
    """
    data = np.asarray(raw(array_like("matrix_rank", a)))
    tol, rtol = constant("matrix_rank", "tol", tol), constant("matrix_rank", "rtol", rtol)
    hermitian = arguments.boolean("matrix_rank", "hermitian", hermitian)
    if tol is not None and rtol is not None:
        raise ValueError("matrix_rank: tol and rtol say the same in two ways; give one of them")
    limits = {
        name: np.asarray(raw(array_like(f"matrix_rank: {name}", value, data)))
        for name, value in (("tol", tol), ("rtol", rtol))
        if value is not None
    }
    for name, limit in limits.items():
        if limit.dtype.kind not in "iuf" or limit.ndim > max(data.ndim - 2, 0):
            raise TypeError(
                f"matrix_rank: {name} must be a number, or one for each matrix, got "
                f"shape {limit.shape} of {limit.dtype}"
            )
    if data.ndim > 1 and hermitian and data.shape[-1] != data.shape[-2]:
        raise ValueError(f"matrix_rank: a hermitian matrix is square, got shape {data.shape}")
    if data.dtype == np.float16:
        data = data.astype(np.float32)
    try:
        return np.linalg.matrix_rank(data, limits.get("tol"), hermitian, rtol=limits.get("rtol"))
    except ValueError:
        raise ValueError(
            f"matrix_rank: tol or rtol does not broadcast with the stack {data.shape[:-2]}"
        ) from None


def multi_dot(arrays: Sequence[Any]) -> Any:
    """Product of several matrices, multiplied in the order that costs least.

    Args:
        arrays: two matrices or more; the first and the last may be vectors.

    Raises:
        ValueError: for fewer than two, or shapes that do not fit.
    """
    matrices = sequence_of_arrays("multi_dot", arrays)
    n = len(matrices)
    if n < 2 or n >= len(string.ascii_letters):
        raise ValueError(f"multi_dot: arrays must hold from 2 to 51 matrices, got {n}")
    labels = [string.ascii_letters[k : k + 2] for k in range(n)]
    for k, m in enumerate(matrices):
        if len(m.shape) == 1 and k in (0, n - 1):
            labels[k] = labels[k][1:] if k == 0 else labels[k][:1]
        elif len(m.shape) != 2:
            raise ValueError(f"multi_dot: arrays[{k}] has shape {m.shape}; it must be a matrix")
    for k, (left, right) in enumerate(zip(matrices, matrices[1:], strict=False)):
        if left.shape[-1] != right.shape[0]:
            raise ValueError(
                f"multi_dot: arrays[{k}] of shape {left.shape} and arrays[{k + 1}] of shape "
                f"{right.shape} do not fit"
            )
    ends = labels[0][: len(matrices[0].shape) - 1] + labels[-1][1:]
    return einsum(f"{','.join(labels)}->{ends}", *matrices)


def tensorsolve(a: Any, b: Any, axes: Any = None) -> Any:
    """The x for which ``tensordot(a, x, x.ndim)`` is b.

    Args:
        a: shape (*b's, *x's), with as many elements in the one part as in the other.
        axes: axes of a to be moved to its end first.
    """
    a, b = array_like("tensorsolve: a", a, b), array_like("tensorsolve: b", b, a)
    if axes is not None:
        moved = arguments.axes("tensorsolve", axes, len(a.shape), "axes")
        a = moveaxis(a, moved, tuple(range(len(a.shape) - len(moved), len(a.shape))))
    rest = a.shape[len(b.shape) :]
    n = math.prod(rest)
    if math.prod(a.shape) != n * n or n != b.size:
        raise ValueError(
            f"tensorsolve: a of shape {a.shape} does not fit b of shape {b.shape}: it must have "
            "as many elements after b's axes as along them"
        )
    return reshape(solve(reshape(a, (n, n)), reshape(b, (n,))), rest)


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Inverse of a for ``tensordot(·, ·, ind)``.

    Args:
        ind: how many axes of a belong to the first part; both parts have as many elements.
    """
    a = array_like("tensorinv", a)
    ind = arguments.integer("tensorinv", "ind", ind)
    first, rest = a.shape[:ind], a.shape[ind:]
    n = math.prod(first)
    if n != math.prod(rest):
        raise ValueError(
            f"tensorinv: a of shape {a.shape} has {n} elements along its first {ind} axes and "
            f"{math.prod(rest)} along the others; they must be as many"
        )
    return reshape(inv(reshape(a, (n, n))), rest + first)
