"""Linear algebra on (stacks of) matrices: solving, inverting, decomposing.

Matrices are the last two axes; leading axes are a stack. Public as ``autograd.linalg``.
Where a matrix is symmetric by contract (``cholesky``, ``eigh``), one triangle is read, as NumPy does,
and stands for the other, too; so the whole gradient lands there, and the other triangle's is 0.

The derivatives of the decompositions follow M. Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation", 2008, and I. Murray, "Differentiation of
the Cholesky decomposition", 2016.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd import arguments
from autograd.arguments.arrays import array_like, as_floats, broadcast_shape, raw
from autograd.arguments.half import in_single
from autograd.arguments.limits import check_bytes
from autograd.core.primitive import primitive
from autograd.kernels.bounds import Bound
from autograd.ops.elementwise import equal, where
from autograd.ops.indexing import getitem
from autograd.ops.linalg.diagonals import tril
from autograd.ops.products import matmul
from autograd.ops.reductions import sum_to
from autograd.ops.shapes import concatenate, expand_dims, reshape, swapaxes


def _t(x: Any) -> Any:
    """Every matrix transposed."""
    return swapaxes(x, -1, -2)


def _matrices(who: str, a: Any, square: bool = False) -> Any:
    a = array_like(who, a)
    if a.ndim < 2 or (square and a.shape[-1] != a.shape[-2]):
        raise ValueError(
            f"{who}: a must be a {'square ' if square else ''}matrix or a stack of them, "
            f"got shape {a.shape}"
        )
    if a.dtype.kind != "f" and a.dtype.kind != "c":
        if a.dtype.kind not in "iub":
            raise TypeError(f"{who}: a must hold numbers, got dtype {a.dtype}")
        return a.astype(np.float64)
    return a


def _call(who: str, function: Any, *arrays: Any, **options: Any) -> Any:
    """NumPy's routine, in float32 for float16, its failures in our words."""
    half = all(x.dtype == np.float16 for x in arrays)
    wide = [x.astype(np.float32) if x.dtype == np.float16 else x for x in arrays]
    try:
        result = function(*wide, **options)
    except np.linalg.LinAlgError as error:
        shape = arrays[0].shape
        text = str(error).lower()
        if "positive" in text:
            problem = "the matrix is not positive definite"
        elif "converge" in text:
            problem = "the iteration did not converge; are there NaNs or infinities?"
        else:
            problem = "the matrix, or one in the stack, is singular"
        raise np.linalg.LinAlgError(f"{who}: {problem} (a has shape {shape})") from None
    if not half:
        return result
    if isinstance(result, tuple):  # also NumPy's named ones
        return tuple([r.astype(np.float16) for r in result])
    return result.astype(np.float16)


def _square(who: str, a: Any) -> Any:
    a = array_like(who, a)
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(
            f"{who}: a must be a square matrix or a stack of them, got shape {a.shape}"
        )
    return a


def _in_lower(g: Any) -> Any:
    """The gradient of symmetric matrices as that of their lower triangles, which stand for both."""
    return _half_lower(g + _t(g))


# Solving ------------------------------------------------------------------------------------------


@primitive
def inv(a: Any) -> Any:
    """Inverse of square matrices.

    Raises:
        ValueError: if they are not square.
        numpy.linalg.LinAlgError: if one is singular.

    Example:
        >>> import autograd as ag
        >>> ag.linalg.inv(ag.tensor([[2.0, 0.0], [0.0, 4.0]])).tolist()
        [[0.5, 0.0], [0.0, 0.25]]
    """
    return _call("inv", np.linalg.inv, _matrices("inv", a, square=True))


inv.gradients(a=lambda g, out: -matmul(matmul(_t(out), g), _t(out)))


@primitive(name="solve")
def _solve(a: Any, b: Any) -> Any:
    return _call("solve", np.linalg.solve, a, b)


_solve.gradients(
    a=lambda g, a, out, a_shape: sum_to(-matmul(_solve(_t(a), g), _t(out)), a_shape),
    b=lambda g, a, b_shape: sum_to(_solve(_t(a), g), b_shape),
)


def solve(a: Any, b: Any) -> Any:
    """The x for which a · x = b.

    Args:
        a: square matrices (..., n, n).
        b: a vector (n,), or matrices (..., n, k) of columns.

    Raises:
        ValueError: naming the shapes, if they do not fit.
        numpy.linalg.LinAlgError: if a matrix is singular.

    Example:
        >>> import autograd as ag
        >>> ag.linalg.solve(ag.tensor([[2.0, 0.0], [0.0, 4.0]]), ag.tensor([2.0, 2.0])).tolist()
        [1.0, 0.5]
    """
    a, b = array_like("solve: a", a, b), array_like("solve: b", b, a)
    vector = len(b.shape) == 1
    columns = expand_dims(b, 1) if vector else b
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"solve: a must be square matrices, got shape {a.shape}")
    if not b.shape or columns.shape[-2] != a.shape[-1]:
        raise ValueError(f"solve: b of shape {b.shape} does not fit a of shape {a.shape}")
    broadcast_shape("solve", a.shape[:-2], columns.shape[:-2])
    x = _solve(as_floats(a, b), as_floats(columns, a))
    return reshape(x, x.shape[:-1]) if vector else x


@primitive
def pinv(a: Any, *, rcond: float | None = None) -> Any:
    """Moore–Penrose inverse; gradients hold where the rank does not change.

    Args:
        rcond: singular values below this fraction of the largest count as 0; default: the
            dtype's epsilon times the longer side.
    """
    a = _matrices("pinv", a)
    if rcond is None:
        rcond = float(np.finfo(a.dtype).eps) * (max(a.shape[-2:]) or 1)
    return _call("pinv", np.linalg.pinv, a, rcond=arguments.real("pinv", "rcond", rcond, 0.0))


def _pinv_slope(g: Any, a: Any, out: Any) -> Any:
    """−pᵀ g pᵀ + (1 − a p) gᵀ p pᵀ + pᵀ p gᵀ (1 − p a), with p the pseudoinverse."""
    p, pt = out, _t(out)
    left = _t(g) - matmul(matmul(a, p), _t(g))  # (1 − a p) gᵀ
    right = _t(g) - matmul(_t(g), matmul(p, a))  # gᵀ (1 − p a)
    return -matmul(matmul(pt, g), pt) + matmul(left, matmul(p, pt)) + matmul(matmul(pt, p), right)


pinv.gradients(a=_pinv_slope)


@in_single
def matrix_power(a: Any, n: int) -> Any:
    """Square matrices to an integer power; negative ones by the inverse.

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if n is no integer.
    """
    a = array_like("matrix_power", a)
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"matrix_power: a must be square matrices, got shape {a.shape}")
    n = arguments.integer("matrix_power", "n", n, None)
    if n == 0:
        return a * 0.0 + np.eye(a.shape[-1], dtype=a.dtype)
    if n < 0:
        a, n = inv(a), -n
    result = None
    while n:
        if n & 1:
            result = a if result is None else matmul(result, a)
        n >>= 1
        if n:
            a = matmul(a, a)
    return result


# Determinants -------------------------------------------------------------------------------------


@primitive
def det(a: Any) -> Any:
    """Determinant of square matrices; gradients are right at singular ones, too.

    Example:
        >>> import autograd as ag
        >>> ag.linalg.det(ag.tensor([[1.0, 2.0], [2.0, 4.0]])).item()
        0.0
    """
    return _call("det", np.linalg.det, _matrices("det", a, square=True))


def _det_slope(g: Any, a: Any, out: Any) -> Any:
    """g · det(a) · a⁻ᵀ"""
    g = expand_dims(g, (-2, -1))
    if not np.all(raw(out)):
        return g * _cofactors(a)
    inverse = inv(a)
    if a.shape[-1] <= _SMALL and _nearly_singular(raw(a), raw(inverse)):
        return g * _cofactors(a)
    return g * (expand_dims(out, (-2, -1)) * _t(inverse))


#: Up to this size, nearly singular matrices are worth their cofactors.
_SMALL: Bound[int] = 8


def _nearly_singular(a: Any, inverse: Any) -> bool:
    """True if det · inverse, and even more its derivative, would have lost half of the digits."""
    condition = np.abs(a).sum(-1).max(-1, initial=0.0) * np.abs(inverse).sum(-1).max(
        -1, initial=0.0
    )
    return bool((condition > np.finfo(a.dtype).eps ** -0.5).any())


def _cofactors(a: Any) -> Any:
    """Signed determinants of all matrices with one row and one column struck out.

    Made of determinants, so it has derivatives of every order; n⁵ operations, but this runs for
    singular and small, nearly singular matrices only.
    """
    n = a.shape[-1]
    if n == 1:
        return a * 0.0 + 1.0
    check_bytes("det", (*a.shape, n - 1, n - 1), a.dtype)
    rest = np.array([[k for k in range(n) if k != i] for i in range(n)])
    minors = getitem(a, (..., rest[:, None, :, None], rest[None, :, None, :]))
    signs = (-1.0) ** np.add.outer(np.arange(n), np.arange(n))
    return det(minors) * signs.astype(a.dtype)


det.gradients(a=_det_slope)


@primitive(name="slogdet", outputs=2, constant_outputs=(0,))
def _slogdet(a: Any) -> Any:
    return tuple(_call("slogdet", np.linalg.slogdet, _matrices("slogdet", a, square=True)))


_slogdet.gradients(a=lambda g, a: expand_dims(g[1], (-2, -1)) * _t(inv(a)))


class SlogdetResult(NamedTuple):
    """The determinant is sign · exp(logabsdet)."""

    sign: Any
    logabsdet: Any


def slogdet(a: Any) -> SlogdetResult:
    """Sign and logarithm of the absolute value of the determinant, without overflow.

    Returns:
        (sign, logabsdet); (0, −∞) for a singular matrix, which has no gradient.
    """
    return SlogdetResult(*_slogdet(a))


# Decompositions -----------------------------------------------------------------------------------


@primitive(name="cholesky")
def _cholesky(a: Any) -> Any:
    return _call("cholesky", np.linalg.cholesky, _matrices("cholesky", a, square=True))


def _half_lower(x: Any) -> Any:
    """Lower triangles with half of the diagonal."""
    n = x.shape[-1]
    weights = np.tril(np.ones((n, n), x.dtype)) - 0.5 * np.eye(n, dtype=x.dtype)
    return x * weights


def _cholesky_slope(g: Any, out: Any) -> Any:
    """L⁻ᵀ · Φ(Lᵀ g) · L⁻¹, in the triangle that is read (Murray, eq. 10)."""
    inner = _half_lower(matmul(_t(out), tril(g)))
    back = inv(out)
    return _in_lower(matmul(matmul(_t(back), inner), back))


_cholesky.gradients(a=_cholesky_slope)


def cholesky(a: Any, upper: bool = False) -> Any:
    """The lower triangular L with L · Lᵀ = a, for symmetric positive definite matrices.

    Args:
        a: read in its lower triangle; the other is not looked at, and has gradient 0.
        upper: True for Lᵀ, from the upper triangle.

    Raises:
        ValueError: if they are not square.
        numpy.linalg.LinAlgError: if one is not positive definite.
    """
    a = as_floats(_square("cholesky", a))
    return _t(_cholesky(_t(a))) if arguments.boolean("cholesky", "upper", upper) else _cholesky(a)


class EighResult(NamedTuple):
    """Eigenvalues, ascending, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


@primitive(name="eigh", outputs=2)
def _eigh(a: Any, *, UPLO: str) -> Any:
    return tuple(_call("eigh", np.linalg.eigh, a, UPLO=UPLO))


def _gaps(values: Any) -> Any:
    """1 / (wⱼ − wᵢ), and 0 where they are equal (also on the diagonal)."""
    gap = expand_dims(values, -2) - expand_dims(values, -1)
    same = equal(gap, 0)
    return where(same, 0.0, 1.0 / where(same, 1.0, gap))


def _eigh_slope(g: Any, outs: Any, UPLO: str) -> Any:
    """V (diag(gʷ) + F ∘ (Vᵀ gᵛ)) Vᵀ, in the triangle that is read."""
    values, vectors = outs
    inner = 0.0
    if g[0] is not None:
        inner = expand_dims(g[0], -1) * np.eye(values.shape[-1], dtype=values.dtype)
    if g[1] is not None:
        inner = inner + _gaps(values) * matmul(_t(vectors), g[1])
    found = _in_lower(matmul(matmul(vectors, inner), _t(vectors)))
    return found if UPLO == "L" else _t(found)


_eigh.gradients(a=_eigh_slope)


def eigh(a: Any, UPLO: str = "L") -> EighResult:
    """Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.

    Args:
        UPLO: which triangle is read, ``"L"`` or ``"U"``; the other has gradient 0.

    The gradient of the vectors needs distinct eigenvalues; signs of vectors are arbitrary, so
    only functions that do not depend on them have a meaningful gradient.

    Returns:
        (eigenvalues (..., n), eigenvectors (..., n, n)).
    """
    return EighResult(*_eigh(as_floats(_square("eigh", a)), UPLO=_triangle("eigh", UPLO)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Eigenvalues of symmetric matrices, ascending.

    Args:
        UPLO: which triangle is read, as for `eigh`.
    """
    return _eigh(as_floats(_square("eigvalsh", a)), UPLO=_triangle("eigvalsh", UPLO))[0]


def _triangle(who: str, UPLO: Any) -> str:
    return str(arguments.choice(who, "UPLO", UPLO, ("L", "U", "l", "u"))).upper()


class SVDResult(NamedTuple):
    """a = U · diag(S) · Vh, as NumPy names it."""

    U: Any
    S: Any
    Vh: Any


@primitive(name="svd", outputs=3)
def _svd(a: Any, *, full_matrices: bool) -> Any:
    return tuple(_call("svd", np.linalg.svd, _matrices("svd", a), full_matrices=full_matrices))


def _svd_slope(g: Any, outs: Any) -> Any:
    """U (diag(gˢ) + terms in Uᵀgᵘ and Vᵀgᵛ over s_j² − s_i²) Vᵀ, and what leaves the spans."""
    u, s, vt = outs
    g_u, g_s, g_vt = g
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    k = s.shape[-1]
    # A full form has k columns of u and k rows of vt that belong to singular values, and others.
    u, u_rest = u[..., :k], u[..., k:]
    vt, vt_rest = vt[..., :k, :], vt[..., k:, :]
    inner = extra = 0.0
    if g_s is not None:
        inner = expand_dims(g_s, -1) * np.eye(k, dtype=s.dtype)
    gaps = None if g_u is None and g_vt is None else _gaps(s * s)
    if g_u is not None:
        g_u, g_rest = g_u[..., :k], g_u[..., k:]
        turned = gaps * matmul(_t(u), g_u)
        inner = inner + (turned + _t(turned)) * row
        if u.shape[-2] > k:  # the part of u's change that leaves its column space
            outside = g_u - matmul(u, matmul(_t(u), g_u))
            if u_rest.shape[-1]:  # what completes u turns the other way
                _check_basis("u", u_rest, g_rest)
                outside = outside - matmul(u_rest, matmul(_t(g_rest), u))
            extra = extra + matmul(outside / row, vt)
    if g_vt is not None:
        g_vt, g_rest = g_vt[..., :k, :], g_vt[..., k:, :]
        turned = gaps * matmul(vt, _t(g_vt))
        inner = inner + column * (turned + _t(turned))
        if vt.shape[-1] > k:
            outside = g_vt - matmul(matmul(g_vt, _t(vt)), vt)
            if vt_rest.shape[-2]:
                _check_basis("vt", _t(vt_rest), _t(g_rest))
                outside = outside - matmul(matmul(vt, _t(g_rest)), vt_rest)
            extra = extra + matmul(u, outside / column)
    return matmul(matmul(u, inner), vt) + extra


def _check_basis(name: str, basis: Any, g: Any) -> None:
    """Refuse a gradient of vectors that are arbitrary: any rotation among them would do."""
    turn = np.matmul(np.swapaxes(raw(basis), -1, -2), raw(g))
    skew = np.abs(turn - np.swapaxes(turn, -1, -2)).max(initial=0.0)
    if skew > np.finfo(turn.dtype).eps ** 0.5 * np.abs(raw(g)).max(initial=0.0):
        raise ValueError(
            f"svd: the result depends on which vectors complete {name}; they are arbitrary, so "
            "there is no gradient. Use full_matrices=False"
        )


_svd.gradients(a=_svd_slope)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition a = u · diag(s) · vt.

    The gradient of u and vt needs distinct singular values above 0. Signs of vectors, and in the
    full form the vectors that complete u or vt, are arbitrary: only functions that do not depend
    on the choice have a meaningful gradient.

    Args:
        full_matrices: complete u and vt to square matrices; False leaves their first min(m, n)
            columns and rows.
        compute_uv: False for s alone.

    Returns:
        (u, s, vt): u (..., m, m), s (..., k) descending, vt (..., n, n) with k = min(m, n);
        without ``full_matrices`` u (..., m, k) and vt (..., k, n).

    Raises:
        ValueError: on the way back, if the result depends on the choice of what completes u or vt.
    """
    full = arguments.boolean("svd", "full_matrices", full_matrices)
    if not arguments.boolean("svd", "compute_uv", compute_uv):
        return svdvals(a)
    return SVDResult(*_svd(a, full))


def svdvals(a: Any) -> Any:
    """Singular values, descending."""
    return _svd(a, False)[1]


class QRResult(NamedTuple):
    """a = Q · R."""

    Q: Any
    R: Any


@primitive(name="qr", outputs=2)
def _qr(a: Any) -> Any:
    return tuple(_call("qr", np.linalg.qr, a))


def _qr_slope(g: Any, outs: Any) -> Any:
    """(gq + q · copyltu(r gʳᵀ − gqᵀ q)) r⁻ᵀ; copyltu mirrors the lower triangle."""
    q, r = outs
    inner = 0.0
    if g[1] is not None:
        inner = matmul(r, _t(g[1]))
    if g[0] is not None:
        inner = inner - matmul(_t(g[0]), q)
    lower = tril(inner)
    result = matmul(q, lower + _t(tril(inner, -1)))
    if g[0] is not None:
        result = g[0] + result
    return _t(_solve(r, _t(result)))


_qr.gradients(a=_qr_slope)


def qr(a: Any, mode: str = "reduced") -> Any:
    """a = q · r with orthonormal columns in q and an upper triangular r.

    Gradients need the first min(m, n) columns to be independent.

    Args:
        mode: ``"reduced"``, or ``"r"`` for r alone. NumPy's complete form is not there: what
            completes q is arbitrary.

    Returns:
        (q (..., m, k), r (..., k, n)) with k = min(m, n).
    """
    arguments.choice("qr", "mode", mode, ("reduced", "r"))
    a = array_like("qr", a)
    if len(a.shape) < 2:
        raise ValueError(f"qr: a must be a matrix or a stack of them, got shape {a.shape}")
    a = as_floats(a)
    m, n = a.shape[-2:]
    if m >= n:
        q, r = _qr(a)
    else:
        q, r = _qr(getitem(a, (..., slice(m))))
        r = concatenate([r, matmul(_t(q), getitem(a, (..., slice(m, None))))], -1)
    return r if mode == "r" else QRResult(q, r)
