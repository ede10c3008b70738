"""Linear algebra that only PyTorch has a name for: solving by a factor, exponentials, windows' kin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations as subsets
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import alike, array_like, as_floats, constant, raw
from autograd.arguments.limits import check_bytes
from autograd.core.tensor import Tensor
from autograd.ops.elementwise import divide, multiply, where
from autograd.ops.gathering import set_at
from autograd.ops.indexing import getitem
from autograd.ops.linalg.decompositions import eigvalsh, svdvals
from autograd.ops.linalg.decompositions import pinv as inverse
from autograd.ops.linalg.diagonals import tril
from autograd.ops.linalg.least_squares import matrix_rank as rank_of
from autograd.ops.linalg.least_squares import multi_dot
from autograd.ops.linalg.norms import vector_norm
from autograd.ops.linalg.triangular import solve_triangular
from autograd.ops.products import matmul
from autograd.ops.shapes import moveaxis, reshape, stack, swapaxes
from autograd.ops.special import lgamma
from autograd.ops.transcendental import power
from autograd.spelling.operands import operands

# Factors ------------------------------------------------------------------------------------------


@operands("x", "L")
@arguments.in_single
def cholesky_solve(x: Any, L: Any, upper: bool = False) -> Any:
    """The solution of ``A @ solution = x``, where A is given by its Cholesky factor.

    Args:
        x: columns (…, n, k); L: the factor (…, n, n), lower triangular unless ``upper``.
    """
    other = swapaxes(L, -2, -1)
    first, second = (other, L) if upper else (L, other)
    return solve_triangular(second, solve_triangular(first, x, upper=False), upper=True)


@operands("L")
def cholesky_inverse(L: Any, upper: bool = False) -> Any:
    """The inverse of the matrix whose Cholesky factor is given."""
    return cholesky_solve(np.eye(L.shape[-1], dtype=L.dtype), L, upper)


def chain_matmul(*matrices: Any) -> Any:
    """``autograd.linalg.multi_dot(matrices)``."""
    return matrices[0] if len(matrices) == 1 else multi_dot(list(matrices))


#: Terms of the exponential's series that doubles can see, of a matrix whose norm is at most ½.
_TERMS = 18


@arguments.in_single
def matrix_exp(x: Any) -> Any:
    """The exponential of square matrices, by scaling, its series, and squaring.

    Source: Moler and Van Loan, "Nineteen dubious ways to compute the exponential of a matrix", 2003,
    method 3.

    Raises:
        ValueError: for matrices that are not square.
    """
    x = as_floats(array_like("matrix_exp", x))
    if len(x.shape) < 2 or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"matrix_exp: x must be square matrices (…, n, n), got shape {x.shape}")
    largest = float(np.abs(raw(x)).sum(-2).max(initial=0.0))
    squarings = max(0, math.ceil(math.log2(largest)) + 1) if 0.0 < largest < math.inf else 0
    x = multiply(x, 0.5**squarings)
    one = np.eye(x.shape[-1], dtype=x.dtype)
    result = x * (1.0 / _TERMS) + one
    for k in range(_TERMS - 1, 0, -1):
        result = matmul(x, result) * (1.0 / k) + one
    for _ in range(squarings):
        result = matmul(result, result)
    return result


@operands("x")
@arguments.in_single
def renorm(x: Any, p: Any, dim: Any, maxnorm: Any) -> Any:
    """x with its slices along an axis scaled down to a norm of at most ``maxnorm``."""
    dim = arguments.axis("renorm", dim, len(x.shape), "dim")
    others = tuple([k for k in range(len(x.shape)) if k != dim])
    norms = vector_norm(x, p, others, True)
    return x * where(raw(norms) > maxnorm, divide(maxnorm, norms + 1e-7), 1.0)


@operands("x")
@arguments.in_single
def mvlgamma(x: Any, p: Any) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    p = arguments.integer("mvlgamma", "p", p)
    if p > 10_000:
        raise ValueError(f"mvlgamma: p={p} would be a sum of so many logarithms; at most 10000")
    total = sum(lgamma(x - 0.5 * k) for k in range(p))
    return total + 0.25 * p * (p - 1) * math.log(math.pi)


@operands("x", "other")
@arguments.in_single
def ldexp(x: Any, other: Any) -> Any:
    """``x * 2.0 ** other``."""
    x, other = alike(x, other)
    return multiply(x, power(2.0, other))


def pinv(
    a: Any, rcond: Any = None, hermitian: Any = False, *, rtol: Any = None, atol: Any = None
) -> Any:
    """Moore–Penrose inverse; gradients hold where the rank does not change.

    Args:
        rcond, rtol: singular values below this fraction of the largest count as 0; default: the
            dtype's epsilon times the longer side, or 0 if ``atol`` is given.
        hermitian: that a is symmetric: its lower triangle alone is read.
        atol: singular values below it count as 0, too.
    """
    if arguments.boolean("pinv", "hermitian", hermitian):
        a = array_like("pinv", a)
        if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
            raise ValueError(f"pinv: a hermitian matrix is square, got shape {tuple(a.shape)}")
        a = tril(a) + swapaxes(tril(a, -1), -1, -2)
    if rcond is not None and rtol is not None:
        raise ValueError("pinv: rcond and rtol are one; give one of them")
    name, relative = ("rcond", rcond) if rtol is None else ("rtol", rtol)
    relative = raw(constant("pinv", name, relative))
    if atol is None:
        return inverse(a, relative)
    relative = 0.0 if relative is None else arguments.real("pinv", name, relative, 0.0)
    least = arguments.real("pinv", "atol", raw(constant("pinv", "atol", atol)), 0.0)
    a = as_floats(array_like("pinv", a))
    matrices = reshape(a, (-1, *a.shape[-2:]))
    largest = np.max(np.asarray(raw(svdvals(raw(matrices)))), -1, initial=0.0)
    limits = np.maximum(relative, least / np.where(largest > 0, largest, 1.0)).tolist()
    found = [inverse(matrices[k], limit) for k, limit in enumerate(limits)]
    if not found:
        return inverse(a)
    return reshape(stack(found), (*a.shape[:-2], a.shape[-1], a.shape[-2]))


def matrix_rank(
    a: Any, tol: Any = None, hermitian: Any = False, *, rtol: Any = None, atol: Any = None
) -> Any:
    """Number of singular values that are not 0, as integers; no gradient.

    Args:
        tol: what counts as 0; default: ``rtol`` times the largest.
        hermitian: True for symmetric matrices, whose rank is then found faster.
        rtol: default: the dtype's epsilon times the longer side, or 0 if ``atol`` is given.
        atol: what counts as 0, too.
    """
    if atol is None:
        return rank_of(a, tol, hermitian, rtol=rtol)
    if tol is not None:
        raise ValueError("matrix_rank: give tol or atol, not both")
    matrices = raw(as_floats(array_like("matrix_rank", a)))
    symmetric = arguments.boolean("matrix_rank", "hermitian", hermitian)
    values = np.abs(raw((eigvalsh if symmetric else svdvals)(matrices)))
    largest = np.max(values, -1, initial=0.0)
    relative = 0.0 if rtol is None else _limit("rtol", rtol)
    try:
        limit = np.maximum(_limit("atol", atol), relative * largest)
    except ValueError:
        raise ValueError(
            f"matrix_rank: atol or rtol does not broadcast with the stack {matrices.shape[:-2]}"
        ) from None
    # Counted here: found once more, the largest value might be above itself by rounding.
    return (values > limit[..., None]).sum(-1)


def _limit(name: str, value: Any) -> Any:
    limit = np.asarray(
        raw(array_like(f"matrix_rank: {name}", constant("matrix_rank", name, value)))
    )
    if limit.dtype.kind not in "iuf":
        raise TypeError(f"matrix_rank: {name} must hold real numbers, got {limit.dtype}")
    return limit


# Diagonals and slices -----------------------------------------------------------------------------


def _places(n: int, offset: int) -> tuple[Any, Any]:
    """Rows and columns of n places on a diagonal."""
    k = np.arange(n)
    return (k + max(-offset, 0), k + max(offset, 0)) if n else (k, k)


@operands("x")
def diag_embed(x: Any, offset: Any = 0, dim1: Any = -2, dim2: Any = -1) -> Any:
    """Matrices with the last axis of x on their diagonals, zeros elsewhere."""
    offset = arguments.integer("diag_embed", "offset", offset, None)
    n = x.shape[-1] + abs(offset)
    check_bytes("diag_embed", (*x.shape[:-1], n, n), x.dtype)
    empty = np.zeros((*x.shape[:-1], n, n), x.dtype)
    placed = set_at(empty, (..., *_places(x.shape[-1], offset)), x)
    axes = [arguments.axis("diag_embed", d, len(x.shape) + 1, "dim") for d in (dim1, dim2)]
    if axes[0] == axes[1]:
        raise ValueError(f"diag_embed: dim1={dim1} and dim2={dim2} are one axis")
    return moveaxis(placed, (-2, -1), tuple(axes))


@operands("x", "src")
def diagonal_scatter(x: Any, src: Any, offset: Any = 0, dim1: Any = 0, dim2: Any = 1) -> Any:
    """A copy of x whose diagonal is src."""
    offset = arguments.integer("diagonal_scatter", "offset", offset, None)
    last = moveaxis(x, (dim1, dim2), (-2, -1))
    n = max(min(last.shape[-2] + min(offset, 0), last.shape[-1] - max(offset, 0)), 0)
    return moveaxis(set_at(last, (..., *_places(n, offset)), src), (-2, -1), (dim1, dim2))


@operands("x", "src")
def slice_scatter(
    x: Any, src: Any, dim: Any = 0, start: Any = None, end: Any = None, step: Any = 1
) -> Any:
    """A copy of x in which the slice ``start:end:step`` along an axis is src."""
    dim = arguments.axis("slice_scatter", dim, len(x.shape), "dim")
    return set_at(x, (*(slice(None),) * dim, slice(start, end, step)), src)


@operands("x")
def combinations(x: Any, r: Any = 2, with_replacement: bool = False) -> Any:
    """Every combination of r elements of a vector, one a row."""
    if len(x.shape) != 1:
        raise ValueError(f"combinations: x must be a vector, got shape {tuple(x.shape)}")
    r = arguments.integer("combinations", "r", r, 0)
    if not r:
        return getitem(x, np.zeros(0, np.intp))
    choose: Any = combinations_with_replacement if with_replacement else subsets
    places = np.array(list(choose(range(x.shape[0]), r)), np.intp).reshape(-1, r)
    return getitem(x, places)


@operands("x")
@arguments.in_single
def pdist(x: Any, p: Any = 2.0) -> Any:
    """Distances of every pair of rows (0, 1), (0, 2), …: a vector."""
    if len(x.shape) != 2:
        raise ValueError(f"pdist: x must be a matrix, got shape {tuple(x.shape)}")
    first, second = np.triu_indices(x.shape[0], 1)
    return vector_norm(getitem(x, first) - getitem(x, second), p, -1)


# Counts -------------------------------------------------------------------------------------------


@operands("x")
def histc(x: Any, bins: Any = 100, min: Any = 0, max: Any = 0) -> Any:
    """How many elements are in each of so many equal parts from min to max (of x, if they are equal)."""
    values = np.asarray(raw(x))
    low, high = arguments.real("histc", "min", raw(min)), arguments.real("histc", "max", raw(max))
    if low == high and values.size:
        low, high = float(values.min()), float(values.max())
    bins = arguments.integer("histc", "bins", bins)
    check_bytes("histc", (bins + 1,), np.float64)
    return Tensor(np.histogram(values, bins, (low, high))[0].astype(values.dtype))


@operands("x")
def unique_consecutive(
    x: Any, return_inverse: bool = False, return_counts: bool = False, dim: Any = None
) -> Any:
    """x without what equals its neighbour before; also where each element went, and how many did."""
    if dim is not None:
        return _unlike_neighbours(x, return_inverse, return_counts, dim)
    values = np.ravel(np.asarray(raw(x)))
    new = np.concatenate([np.ones(min(values.size, 1), bool), values[1:] != values[:-1]])
    places = np.flatnonzero(new)
    found = [getitem(x if len(x.shape) == 1 else x.reshape(-1), places)]
    if return_inverse:
        found.append(Tensor((np.cumsum(new) - 1).reshape(x.shape)))
    if return_counts:
        found.append(Tensor(np.diff(np.append(places, values.size))))
    return found[0] if len(found) == 1 else tuple(found)


def _unlike_neighbours(x: Any, return_inverse: bool, return_counts: bool, dim: Any) -> Any:
    x = array_like("unique_consecutive", x)
    axis = arguments.axis("unique_consecutive", dim, len(x.shape), "dim")
    slices = np.moveaxis(np.asarray(raw(x)), axis, 0)
    new = np.ones(len(slices), bool)
    new[1:] = (slices[1:] != slices[:-1]).any(tuple(range(1, slices.ndim)))
    places = np.flatnonzero(new)
    found = [getitem(x, (*(slice(None),) * axis, places))]
    if return_inverse:
        found.append(Tensor(np.cumsum(new) - 1))
    if return_counts:
        found.append(Tensor(np.diff(np.append(places, len(slices)))))
    return found[0] if len(found) == 1 else tuple(found)


# Windows of signals -------------------------------------------------------------------------------


def _window(name: str, coefficients: Sequence[float], formula: str) -> Any:
    def window(
        window_length: Any, periodic: bool = True, *, dtype: Any = None, **options: Any
    ) -> Any:
        from autograd.creation import tensor

        n = arguments.integer(name, "window_length", window_length, 0)
        whole = n if arguments.boolean(name, "periodic", periodic) else n - 1
        angle = 2.0 * math.pi * np.arange(n) / (whole or 1)
        terms = [c * (-1) ** k * np.cos(k * angle) for k, c in enumerate(coefficients)]
        made = np.ones(n) if n == 1 else np.sum(terms, 0) if n else np.zeros(0)
        return tensor(made.tolist(), dtype, **options)

    window.__name__ = window.__qualname__ = name
    window.__doc__ = (
        f"{formula}, of n numbers; periodic: as if n + 1 were wanted, without the last."
    )
    return window


hann_window = _window("hann_window", (0.5, 0.5), "½ − ½ cos(2πk/n)")
hamming_window = _window("hamming_window", (0.54, 0.46), "0.54 − 0.46 cos(2πk/n)")
blackman_window = _window(
    "blackman_window", (0.42, 0.5, 0.08), "0.42 − 0.5 cos(2πk/n) + 0.08 cos(4πk/n)"
)
