"""Products of matrices, linear algebra, attention."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd as ag
from nn.functional import plain as F
from nn.interop.operators.creation import dropout
from nn.interop.operators.promotion import cast


def einsum(equation: str, tensors: Any, path: Any = None) -> Any:
    return ag.einsum(equation, *tensors)


def tensordot(self: Any, other: Any, dims_self: Any, dims_other: Any) -> Any:
    return ag.tensordot(self, other, (tuple(dims_self), tuple(dims_other)))


# Linear algebra -----------------------------------------------------------------------------------


def _slogdet_with_factors(A: Any) -> Any:
    sign, logdet = ag.linalg.slogdet(A)
    return sign, logdet, A, ag.zeros(0)


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


def cross(self: Any, other: Any, dim: int | None = None) -> Any:
    if dim is None:
        dim = next(axis for axis, size in enumerate(self.shape) if size == 3)
    return ag.linalg.cross(self, other, axis=dim)


def triangular_solve(
    self: Any, A: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    triangle = ag.swapaxes(A, -1, -2) if transpose else A
    wanted = upper != transpose
    solution = ag.linalg.solve_triangular(triangle, self, upper=wanted, unitriangular=unitriangular)
    return solution, A


def _info(A: Any) -> Any:
    """All went well: what PyTorch's ``_ex`` operators return where LAPACK has no complaint."""
    return ag.as_tensor(np.zeros(A.shape[:-2], np.int32))


def pseudo_inverse(A: Any, atol: None = None, rtol: float | None = None) -> Any:
    return ag.linalg.pinv(A, rcond=rtol)


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


TABLE: dict[str, Any] = {
    "linear": F.linear,
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
    "addmm": ag.addmm,
    "addmv": ag.addmv,
    "baddbmm": ag.baddbmm,
    "addbmm": ag.addbmm,
    "addr": ag.addr,
    "einsum": einsum,
    "tensordot": tensordot,
    "bilinear": F.bilinear,
    "kron": ag.kron,
    "cross": cross,
    "linalg_cross": lambda self, other, dim=-1: cross(self, other, dim),
    "linalg_multi_dot": lambda tensors: ag.chain_matmul(*tensors),
    "chain_matmul": lambda matrices: ag.chain_matmul(*matrices),
    "inverse": ag.linalg.inv,
    "linalg_inv": ag.linalg.inv,
    "linalg_pinv.default": lambda self, rcond: ag.linalg.pinv(self, rcond=rcond),
    "linalg_pinv.atol_rtol_float": pseudo_inverse,
    "pinverse": ag.linalg.pinv,
    "det": ag.linalg.det,
    "linalg_det": ag.linalg.det,
    "slogdet": ag.linalg.slogdet,
    "linalg_slogdet": ag.linalg.slogdet,
    "_linalg_slogdet": _slogdet_with_factors,
    "logdet": ag.logdet,
    "cholesky": cholesky,
    "linalg_cholesky": cholesky,
    "cholesky_solve": ag.cholesky_solve,
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
    "linalg_solve_triangular": ag.linalg.solve_triangular,
    "matrix_power": ag.linalg.matrix_power,
    "linalg_matrix_power": ag.linalg.matrix_power,
    "matrix_exp": ag.matrix_exp,
    "linalg_matrix_exp": ag.matrix_exp,
    "linalg_svdvals": lambda A, driver=None: ag.linalg.svdvals(A),
    "linalg_eigvalsh": lambda A, UPLO="L": ag.linalg.eigvalsh(symmetric(A)),
    "scaled_dot_product_attention": attention,
    "_scaled_dot_product_flash_attention_for_cpu": flash_attention_for_cpu,
}
