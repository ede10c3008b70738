"""Products of matrices, linear algebra, attention."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.creation import dropout
from nn.interop.operators.promotion import cast


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    return F.linear(input, weight, bias)


def _plus(beta: Any, x: Any, alpha: Any, product: Any) -> Any:
    product = product if alpha == 1 else product * alpha
    if beta == 0:
        return product
    return (x if beta == 1 else x * beta) + product


def addmm(self: Any, mat1: Any, mat2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(beta, self, alpha, ag.matmul(mat1, mat2))


def addbmm(self: Any, batch1: Any, batch2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(beta, self, alpha, ag.sum(ag.matmul(batch1, batch2), axis=0))


def addr(self: Any, vec1: Any, vec2: Any, beta: Any = 1, alpha: Any = 1) -> Any:
    return _plus(beta, self, alpha, ag.outer(vec1, vec2))


def einsum(equation: str, tensors: Any, path: Any = None) -> Any:
    return ag.einsum(equation.replace(" ", ""), *tensors)


def tensordot(self: Any, other: Any, dims_self: Any, dims_other: Any) -> Any:
    return ag.tensordot(self, other, (tuple(dims_self), tuple(dims_other)))


def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    return F.bilinear(input1, input2, weight, bias)


def cross(self: Any, other: Any, dim: int | None = None) -> Any:
    if dim is None:
        dim = next(axis for axis, size in enumerate(self.shape) if size == 3)
    return linalg_cross(self, other, dim)


def linalg_cross(self: Any, other: Any, dim: int = -1) -> Any:
    x, y = ag.broadcast_arrays(self, other)
    return ag.moveaxis(ag.cross(ag.moveaxis(x, dim, -1), ag.moveaxis(y, dim, -1), axis=-1), -1, dim)


def multi_dot(tensors: Any) -> Any:
    result = tensors[0]
    for other in tensors[1:]:
        result = ag.matmul(result, other)
    return result


# Linear algebra -----------------------------------------------------------------------------------


def slogdet(A: Any) -> Any:
    sign, logdet = ag.linalg.slogdet(A)
    return sign, logdet


def _slogdet_with_factors(A: Any) -> Any:
    sign, logdet = ag.linalg.slogdet(A)
    return sign, logdet, A, ag.zeros(0)


def logdet(self: Any) -> Any:
    sign, value = ag.linalg.slogdet(self)
    return ag.where(sign > 0, value, float("nan"))


def symmetric(A: Any) -> Any:
    """A symmetric matrix whose halves share the gradient, as PyTorch has it; ours goes to the half
    that is read."""
    return (A + ag.swapaxes(A, -1, -2)) / 2.0


def cholesky(self: Any, upper: bool = False) -> Any:
    lower = ag.linalg.cholesky(symmetric(self))
    return ag.swapaxes(lower, -1, -2) if upper else lower


def solve(A: Any, B: Any, left: bool = True) -> Any:
    vector = B.ndim == 1 or (A.ndim > 2 and B.ndim == A.ndim - 1 and B.shape == A.shape[:-1])
    right = ag.expand_dims(B, axis=-1) if vector else B
    if not left:
        result = ag.swapaxes(
            ag.linalg.solve(ag.swapaxes(A, -1, -2), ag.swapaxes(right, -1, -2)), -1, -2
        )
    else:
        result = ag.linalg.solve(A, right)
    return ag.squeeze(result, axis=-1) if vector else result


def solve_triangular(
    self: Any, B: Any, upper: bool = True, left: bool = True, unitriangular: bool = False
) -> Any:
    triangle = ag.triu(self) if upper else ag.tril(self)
    if unitriangular:
        size = self.shape[-1]
        strict = ag.triu(self, k=1) if upper else ag.tril(self, k=-1)
        triangle = strict + ag.as_tensor(np.eye(size, dtype=self.dtype))
    return solve(triangle, B, left)


def cholesky_solve(self: Any, input2: Any, upper: bool = False) -> Any:
    """x with A x = b, where the second argument is the Cholesky factor of A."""
    factor = ag.triu(input2) if upper else ag.tril(input2)
    other = ag.swapaxes(factor, -1, -2)
    square = ag.matmul(other, factor) if upper else ag.matmul(factor, other)
    return ag.linalg.solve(square, self)


def triangular_solve(
    self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    triangle = ag.swapaxes(A, -1, -2) if transpose else A
    wanted = upper != transpose
    return solve_triangular(triangle, self, upper=wanted, unitriangular=unitriangular), A


def _info(A: Any) -> Any:
    """All went well: what PyTorch's ``_ex`` operators return where LAPACK has no complaint."""
    return ag.as_tensor(np.zeros(A.shape[:-2], np.int32))


def pseudo_inverse(A: Any, atol: None = None, rtol: float | None = None) -> Any:
    return ag.linalg.pinv(A, rcond=rtol)


def matrix_power(self: Any, n: int) -> Any:
    return ag.linalg.matrix_power(self, n)


def matrix_exp(self: Any) -> Any:
    """Scaling and squaring of the Taylor series, so that every order of derivative exists."""
    norm = float(np.abs(np.asarray(self.data)).sum(-2).max(initial=0.0))
    halvings = max(0, math.ceil(math.log2(norm)) + 2) if norm > 0 else 0
    x = self / 2.0**halvings
    eye = ag.as_tensor(np.broadcast_to(np.eye(self.shape[-1], dtype=self.dtype), self.shape).copy())
    total, term = eye + x, x
    for k in range(2, 19):
        term = ag.matmul(term, x) / k
        total = total + term
    for _ in range(halvings):
        total = ag.matmul(total, total)
    return total


# Attention ----------------------------------------------------------------------------------------


def _attention(
    query: Any, key: Any, mask: Any, is_causal: bool, scale: float | None
) -> tuple[Any, Any]:
    """Scores, and the weights that their softmax gives.

    What is masked gets a score so low that its weight is exactly 0, and not −∞, so that whoever
    looks for infinities finds only those that are none of ours. Where everything is masked, all
    weights are 0, as in PyTorch.
    """
    factor = 1.0 / math.sqrt(query.shape[-1]) if scale is None else scale
    if factor > 0:  # as PyTorch does it: each side gets the root
        root = math.sqrt(factor)
        scores = ag.matmul(query * root, ag.swapaxes(key, -1, -2) * root)
    else:
        scores = ag.matmul(query * factor, ag.swapaxes(key, -1, -2))
    seen: Any = None
    if is_causal:
        seen = np.tril(np.ones((query.shape[-2], key.shape[-2]), bool))
    if mask is not None:
        values = np.asarray(mask.data)
        seen = values if mask.dtype.kind == "b" else values != -math.inf
        if mask.dtype.kind != "b":
            scores = scores + ag.where(ag.as_tensor(seen), cast(mask, query.dtype), 0.0)
    if seen is None or seen.all():
        return scores, ag.softmax(scores, axis=-1)
    least = float(np.finfo(scores.dtype).min) / 2
    scores = ag.where(ag.as_tensor(seen), scores, least)
    weights = ag.softmax(scores, axis=-1)
    if not seen.any(-1).all():
        weights = ag.where(ag.as_tensor(seen.any(-1, keepdims=True)), weights, 0.0)
    return scores, weights


def attention(
    query: Any,
    key: Any,
    value: Any,
    attn_mask: Any = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Any:
    """softmax(q kᵀ / √d + mask) v. Source: Vaswani et al., "Attention is all you need", 2017."""
    if enable_gqa:
        repeats = query.shape[-3] // key.shape[-3]
        key = ag.repeat(key, repeats, axis=-3)
        value = ag.repeat(value, repeats, axis=-3)
    _, weights = _attention(query, key, attn_mask, is_causal, scale)
    return ag.matmul(dropout(weights, dropout_p, True), value)


def flash_attention_for_cpu(
    query: Any,
    key: Any,
    value: Any,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    attn_mask: Any = None,
    scale: float | None = None,
) -> Any:
    scores, weights = _attention(query, key, attn_mask, is_causal, scale)
    return ag.matmul(dropout(weights, dropout_p, True), value), ag.logsumexp(scores, axis=-1)


def _method(name: str) -> Callable[[Any], Any]:
    return lambda A: getattr(ag.linalg, name)(A)


TABLE: dict[str, Any] = {
    "linear": linear,
    "matmul": ag.matmul,
    "mm": ag.matmul,
    "bmm": ag.matmul,
    "mv": ag.matmul,
    "dot": ag.dot,
    "vdot": ag.vdot,
    "inner": ag.inner,
    "outer": ag.outer,
    "ger": ag.outer,
    "linalg_vecdot": lambda x, y, dim=-1: ag.sum(x * y, axis=dim),
    "linalg_matmul": ag.matmul,
    "addmm": addmm,
    "addmv": addmm,
    "baddbmm": addmm,
    "addbmm": addbmm,
    "addr": addr,
    "einsum": einsum,
    "tensordot": tensordot,
    "bilinear": bilinear,
    "kron": ag.kron,
    "cross": cross,
    "linalg_cross": linalg_cross,
    "linalg_multi_dot": multi_dot,
    "chain_matmul": multi_dot,
    "inverse": _method("inv"),
    "linalg_inv": _method("inv"),
    "linalg_pinv.default": lambda self, rcond: ag.linalg.pinv(self, rcond=rcond),
    "linalg_pinv.atol_rtol_float": pseudo_inverse,
    "pinverse": _method("pinv"),
    "det": _method("det"),
    "linalg_det": _method("det"),
    "slogdet": slogdet,
    "linalg_slogdet": slogdet,
    "_linalg_slogdet": _slogdet_with_factors,
    "logdet": logdet,
    "cholesky": cholesky,
    "linalg_cholesky": cholesky,
    "cholesky_solve": cholesky_solve,
    "linalg_cholesky_ex": lambda self, upper=False, check_errors=False: (
        cholesky(self, upper),
        _info(self),
    ),
    "linalg_inv_ex": lambda A, check_errors=False: (ag.linalg.inv(A), _info(A)),
    "linalg_solve_ex": lambda A, B, left=True, check_errors=False: (solve(A, B, left), _info(A)),
    "linalg_eigh": lambda A, UPLO="L": tuple(ag.linalg.eigh(symmetric(A))),
    "linalg_qr": lambda A, mode="reduced": tuple(ag.linalg.qr(A, mode)),
    "triangular_solve": triangular_solve,
    "linalg_solve": solve,
    "linalg_solve_triangular": solve_triangular,
    "matrix_power": matrix_power,
    "linalg_matrix_power": matrix_power,
    "matrix_exp": matrix_exp,
    "linalg_matrix_exp": matrix_exp,
    "linalg_svdvals": lambda A, driver=None: ag.linalg.svdvals(A),
    "linalg_eigvalsh": lambda A, UPLO="L": ag.linalg.eigvalsh(symmetric(A)),
    "scaled_dot_product_attention": attention,
    "_scaled_dot_product_flash_attention_for_cpu": flash_attention_for_cpu,
}
