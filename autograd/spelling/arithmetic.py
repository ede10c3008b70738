"""Arithmetic and products in PyTorch's spelling."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import alike, array_like, as_floats, raw
from autograd.arguments.numbers import is_real, shown
from autograd.core.tensor import Tensor
from autograd.ops.cumulative import cumsum, diff
from autograd.ops.elementwise import add as summed
from autograd.ops.elementwise import (
    astype,
    clip,
    divide,
    floor_divide,
    isinf,
    multiply,
    negative,
    sqrt,
    subtract,
    trunc,
    where,
)
from autograd.ops.linalg.decompositions import slogdet
from autograd.ops.linalg.decompositions import svd as decompose
from autograd.ops.linalg.norms import norm as norm_of
from autograd.ops.linalg.norms import vector_norm
from autograd.ops.products import einsum as contract
from autograd.ops.products import matmul
from autograd.ops.products import tensordot as contract_axes
from autograd.ops.reductions import sum as sum_
from autograd.ops.shapes import expand_dims, swapaxes
from autograd.ops.transcendental import power
from autograd.spelling.differences import differs
from autograd.spelling.operands import once, operands

# Sums and quotients -------------------------------------------------------------------------------


@operands("x", "other")
@arguments.in_single
def add(x: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``x + alpha * other``."""
    if is_one(alpha):
        return summed(x, other)
    x, other = alike(x, other)
    return summed(x, multiply(alpha, other))


@operands("x", "other")
@arguments.in_single
def sub(x: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``x - alpha * other``."""
    if is_one(alpha):
        return subtract(x, other)
    x, other = alike(x, other)
    return subtract(x, multiply(alpha, other))


def rsub(x: Any, other: Any, *, alpha: Any = 1) -> Any:
    """``other - alpha * x``."""
    return sub(other, x, alpha=alpha)


def is_one(alpha: Any) -> bool:
    """Whether a factor is the number 1; of a tensor that is 1 a gradient may be asked."""
    return isinstance(alpha, (int, float)) and alpha == 1


def div(x: Any, other: Any, *, rounding_mode: Any = None) -> Any:
    """``x / other``; rounded down for ``"floor"``, towards zero for ``"trunc"``."""
    if rounding_mode is None:
        return divide(x, other)
    arguments.choice("div", "rounding_mode", rounding_mode, ("floor", "trunc"))
    values = [np.asarray(raw(v)) for v in (x, other)]
    if all(v.dtype.kind in "iub" for v in values):  # not by way of floats, which have fewer digits
        return _whole_quotient(x, other, rounding_mode == "floor")
    # The quotient of 25 and 0.1 rounds up to 250, though 0.1 is in 25 only 249 times.
    return floor_divide(x, other) if rounding_mode == "floor" else trunc(divide(x, other))


def _whole_quotient(x: Any, other: Any, down: bool) -> Any:
    quotient = floor_divide(x, other)
    if down:
        return quotient
    left = subtract(x, multiply(quotient, other))  # of the sign of other, where it is not 0
    up = (raw(left) != 0) & ((raw(x) < 0) != (raw(other) < 0))
    return summed(quotient, Tensor(np.asarray(up).astype(raw(quotient).dtype)))


@arguments.in_single
def rsqrt(x: Any) -> Any:
    """``1 / x.sqrt()``."""
    return divide(1.0, sqrt(x))


@operands("x", "end", "weight")
@arguments.in_single
def lerp(x: Any, end: Any, weight: Any) -> Any:
    """``x + weight * (end - x)``, from the nearer end: exactly x for 0, and exactly end for 1."""
    x, end, weight = alike(x, end, weight)
    way = subtract(end, x)
    from_x, from_end = multiply(weight, way), multiply(subtract(1.0, weight), way)
    near_x = np.abs(raw(weight)) < 0.5
    if near_x.ndim == 0:
        return summed(x, from_x) if near_x else subtract(end, from_end)
    return where(near_x, summed(x, from_x), subtract(end, from_end))


@operands("x", "tensor1", "tensor2")
@arguments.in_single
def addcmul(x: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``x + value * tensor1 * tensor2``."""
    x, tensor1, tensor2 = alike(x, tensor1, tensor2)
    return add(x, multiply(tensor1, tensor2), alpha=value)


@operands("x", "tensor1", "tensor2")
@arguments.in_single
def addcdiv(x: Any, tensor1: Any, tensor2: Any, *, value: Any = 1) -> Any:
    """``x + value * tensor1 / tensor2``."""
    x, tensor1, tensor2 = alike(x, tensor1, tensor2)
    return add(x, divide(tensor1, tensor2), alpha=value)


def clamp(x: Any, min: Any = None, max: Any = None) -> Any:
    """``x.clip(min, max)``."""
    return clip(x, min, max)


def clamp_min(x: Any, min: Any) -> Any:
    """``x.clip(min, None)``."""
    return clip(x, min, None)


def clamp_max(x: Any, max: Any) -> Any:
    """``x.clip(None, max)``."""
    return clip(x, None, max)


# Products -----------------------------------------------------------------------------------------


@operands("x", "mat2")
def mm(x: Any, mat2: Any) -> Any:
    """``x @ mat2`` of two matrices."""
    return matmul(_of("mm", x, 2, "x"), _of("mm", mat2, 2, "mat2"))


@operands("x", "mat2")
def bmm(x: Any, mat2: Any) -> Any:
    """``x @ mat2`` of two stacks of matrices, (B, N, M) and (B, M, P)."""
    x, mat2 = _of("bmm", x, 3, "x"), _of("bmm", mat2, 3, "mat2")
    if x.shape[0] != mat2.shape[0]:
        raise ValueError(
            f"bmm: stacks of {x.shape[0]} and {mat2.shape[0]} matrices (shapes {x.shape} and "
            f"{mat2.shape}); both must have as many"
        )
    return matmul(x, mat2)


@operands("x", "vec")
def mv(x: Any, vec: Any) -> Any:
    """``x @ vec`` of a matrix and a vector."""
    return matmul(_of("mv", x, 2, "x"), _of("mv", vec, 1, "vec"))


def _of(who: str, x: Any, ndim: int, name: str) -> Any:
    if len(x.shape) != ndim:
        raise ValueError(f"{who}: {name} must have {ndim} axes, got shape {tuple(x.shape)}")
    return x


@operands("x", "mat1", "mat2")
@arguments.in_single
def addmm(x: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * x + alpha * (mat1 @ mat2)``."""
    x, mat1, mat2 = alike(x, mat1, mat2)
    return _scaled_sum(x, mm(mat1, mat2), beta, alpha)


@operands("x", "mat", "vec")
@arguments.in_single
def addmv(x: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * x + alpha * (mat @ vec)``."""
    x, mat, vec = alike(x, mat, vec)
    return _scaled_sum(x, mv(mat, vec), beta, alpha)


@operands("x", "batch1", "batch2")
@arguments.in_single
def baddbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * x + alpha * (batch1 @ batch2)`` for stacks of matrices."""
    x, batch1, batch2 = alike(x, batch1, batch2)
    return _scaled_sum(x, bmm(batch1, batch2), beta, alpha)


@operands("x", "batch1", "batch2")
@arguments.in_single
def addbmm(x: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * x + alpha * (batch1 @ batch2).sum(0)``."""
    x, batch1, batch2 = alike(x, batch1, batch2)
    return _scaled_sum(x, sum_(bmm(batch1, batch2), axis=0), beta, alpha)


@operands("x", "vec1", "vec2")
@arguments.in_single
def addr(x: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """``beta * x + alpha * outer(vec1, vec2)``."""
    x, vec1, vec2 = alike(x, vec1, vec2)
    product = multiply(expand_dims(_of("addr", vec1, 1, "vec1"), axis=1), vec2)
    return _scaled_sum(x, product, beta, alpha)


def _scaled_sum(x: Any, product: Any, beta: Any, alpha: Any) -> Any:
    """With ``beta=0`` x is not looked at, so that a NaN there does not matter."""
    product = product if is_one(alpha) else multiply(alpha, product)
    if isinstance(beta, (int, float)) and beta == 0:
        return product
    return summed(x if is_one(beta) else multiply(beta, x), product)


def einsum(subscripts: str, *operands: Any) -> Any:
    """``autograd.einsum``, which may get its operands as a list, too."""
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    return contract(subscripts, *operands)


def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """``autograd.tensordot(a, b, axes=dims)``."""
    return contract_axes(a, b, dims)


def logdet(x: Any) -> Any:
    """The logarithm of the determinant: NaN where it is negative, −∞ where it is 0."""
    sign, value = slogdet(x)
    return where(raw(sign) < 0, np.nan, value)


def svd(x: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """(U, S, V) with x = U · diag(S) · V.mT: ``autograd.linalg.svd`` gives V transposed instead."""
    if not compute_uv:
        return decompose(x, False, False)
    u, s, vh = decompose(x, full_matrices=not some)
    return u, s, swapaxes(vh, -1, -2)


# Distances and norms ------------------------------------------------------------------------------


@operands("x")
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False, **theirs: Any) -> Any:
    """Norm of vectors or matrices, as ``autograd.linalg.norm(x, ord, axis, keepdims)``.

    ``p=`` and ``dim=`` are PyTorch's, which takes any number of axes for one vector. ``x.norm(2)``
    of a matrix warns: NumPy gives its largest singular value, PyTorch the root of the sum of squares.
    """
    if unknown := theirs.keys() - {"p", "dim", "keepdim", "dtype"}:
        raise TypeError(f"norm() got an unexpected keyword argument {min(unknown)!r}")
    if theirs:
        once("norm", dim=theirs.get("dim"), axis=axis)
        once("norm", p=theirs.get("p"), ord=ord)
        once("norm", keepdim=theirs.get("keepdim"), keepdims=keepdims or None)
        if axis is not None:
            theirs.setdefault("dim", axis)
        if keepdims:
            theirs.setdefault("keepdim", keepdims)
        return _norm_of_all(x, *(() if ord is None else (ord,)), **theirs)
    if not (ord is None or isinstance(ord, str) or is_real(ord)):
        raise TypeError(f"norm: ord must be a number, 'fro', 'nuc' or None, got {shown(ord)}")
    axes = len(x.shape) if axis is None else axis
    of_matrix = (arguments.is_integer(axes) and axes == 2) or (
        isinstance(axes, (tuple, list)) and len(axes) == 2
    )
    if of_matrix and ord in (1, -1, 2, -2, np.inf, -np.inf):
        differs("norm")
    if ord is not None and axis is None and len(x.shape) > 2 and ord != "fro" and ord != "nuc":
        return vector_norm(x, ord, None, keepdims)  # which NumPy has no norm for
    if of_matrix and is_real(ord) and abs(ord) not in (1, 2, np.inf):
        return vector_norm(x, ord, axis, keepdims)  # nor for matrices and this number
    return norm_of(x, ord, axis, keepdims)


def _norm_of_all(
    x: Any, p: Any = "fro", dim: Any = None, keepdim: Any = False, dtype: Any = None
) -> Any:
    """PyTorch's norm: of all elements over the axes as one vector."""
    if dtype is not None:
        x = astype(x, dtype)
    if p == "nuc":
        return norm_of(x, p, dim, keepdim)
    axes = None if isinstance(dim, (tuple, list)) and not dim else dim
    return vector_norm(x, 2 if p is None or p == "fro" else p, axes, keepdim)


@operands("x1", "x2")
@arguments.in_single
def cdist(
    x1: Any, x2: Any, p: Any = 2.0, compute_mode: Any = "use_mm_for_euclid_dist_if_necessary"
) -> Any:
    """Distances between the rows of x1 (…, N, D) and those of x2 (…, M, D): (…, N, M).

    Args:
        p: of the norm; its gradient is 0 where two rows are equal.
        compute_mode: PyTorch's choice of a way; here the differences are taken in any case.
    """
    ways = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
            "donot_use_mm_for_euclid_dist")  # fmt: skip
    if compute_mode is not None:
        arguments.choice("cdist", "compute_mode", compute_mode, ways)
    difference = subtract(expand_dims(x1, axis=-2), expand_dims(x2, axis=-3))
    return vector_norm(difference, p, -1)


@operands("x", "other")
@arguments.in_single
def dist(x: Any, other: Any, p: Any = 2) -> Any:
    """The norm of ``x - other``, all elements taken as one vector."""
    return vector_norm(subtract(x, other), p)


@operands("y", "x")
@arguments.in_single
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1.0, dim: Any = -1) -> Any:
    """Integrals of y along an axis by the trapezoidal rule, up to each place from the second on."""
    widths = dx
    if x is None:
        y = as_floats(y)
    else:  # before differences and sums of small integers are taken, which wrap around
        y, x = as_floats(y, x), as_floats(x, y)
        widths = diff(x if len(x.shape) == 1 else swapaxes(x, dim, -1), axis=-1)
    y = swapaxes(y, dim, -1)
    return swapaxes(cumsum((y[..., 1:] + y[..., :-1]) * 0.5 * widths, -1), dim, -1)


# Questions ----------------------------------------------------------------------------------------


def isclose(
    x: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> Any:
    """Where ``|x − other| ≤ atol + rtol·|other|``, as a tensor of bools."""
    rtol, atol = _tolerances("isclose", rtol, atol)
    return Tensor(np.isclose(raw(x), raw(other), rtol, atol, equal_nan))


def allclose(
    x: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False
) -> bool:
    """True if all elements are close; see ``isclose``."""
    rtol, atol = _tolerances("allclose", rtol, atol)
    return bool(np.allclose(raw(x), raw(other), rtol, atol, equal_nan))


def _tolerances(who: str, rtol: Any, atol: Any) -> tuple[float, float]:
    return arguments.real(who, "rtol", rtol, 0.0), arguments.real(who, "atol", atol, 0.0)


def equal(x: Any, other: Any) -> bool:
    """True if shapes and all elements are the same."""
    return bool(np.array_equal(raw(x), raw(other)))


def isposinf(x: Any) -> Any:
    """Where x is +∞."""
    return isinf(x) & (x > 0)


def isneginf(x: Any) -> Any:
    """Where x is −∞."""
    return isinf(x) & (x < 0)


def pow(x: Any, exponent: Any) -> Any:
    """``x ** exponent``."""
    return power(x, exponent)


@arguments.in_single
def frac(x: Any) -> Any:
    """``x - x.trunc()``."""
    return subtract(x, trunc(x))


@arguments.in_single
def logit(x: Any, eps: Any = None) -> Any:
    """``log(x / (1 − x))``, of x clipped to [eps, 1 − eps] if eps is given."""
    from autograd.ops.transcendental import log, log1p

    x = as_floats(array_like("logit", x))
    x = x if eps is None else clip(x, eps, 1.0 - eps)
    return subtract(log(x), log1p(negative(x)))  # whose slopes at 0 and 1 are infinite, not NaN


def xlogy(x: Any, other: Any) -> Any:
    """``x * log(other)``; 0 where x is 0, also of other = 0."""
    from autograd.ops.transcendental import log

    return times_log("xlogy", x, other, log, 0.0)


@arguments.in_single
def times_log(who: str, x: Any, other: Any, log: Any, least: float) -> Any:
    """``x * log(other)``; 0 where x is 0, also of others up to ``least``, where the logarithm begins."""
    x, other = array_like(who, x, other), array_like(who, other, x)
    x, other = alike(as_floats(x, other), as_floats(other, x))
    y = np.asarray(raw(other))
    none = np.equal(raw(x), 0) & ((y <= least) | np.isinf(y))  # elsewhere x has the slope log y
    return where(none, 0.0, multiply(x, log(where(none, 1.0, other))))
