"""Linear algebra on (stacks of) matrices: solving, inverting, decomposing.

Matrices are the last two axes; leading axes are a stack. Public as ``autograd.linalg``.
Where a matrix is symmetric by contract (``cholesky``, ``eigh``), its symmetric part (A + Aᵀ)/2 is
what is decomposed, so values and gradients belong to one function of all entries.

The derivatives of the decompositions follow M. Giles, "Collected matrix derivative results for
forward and reverse mode algorithmic differentiation", 2008, and I. Murray, "Differentiation of
the Cholesky decomposition", 2016.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import hyperparameters as hyper
from ..core.limits import check_bytes
from ..core.primitive import primitive
from .arguments import array_like, broadcast_shape, raw
from .elementwise import equal, where
from .indexing import getitem
from .matrices import tril
from .products import matmul
from .reductions import sum_to
from .shapes import concatenate, expand_dims, reshape, swapaxes


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
            problem = "the matrix (its symmetric part) is not positive definite"
        elif "converge" in text:
            problem = "the iteration did not converge; are there NaNs or infinities?"
        else:
            problem = "the matrix, or one in the stack, is singular"
        raise np.linalg.LinAlgError(f"{who}: {problem} (a has shape {shape})") from None
    if not half:
        return result
    if isinstance(result, tuple):
        return tuple([r.astype(np.float16) for r in result])
    return result.astype(np.float16)


def _symmetric(who: str, a: Any) -> Any:
    a = array_like(who, a)
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(
            f"{who}: a must be a square matrix or a stack of them, got shape {a.shape}"
        )
    return (a + _t(a)) * 0.5


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
    a, b = array_like("solve: a", a), array_like("solve: b", b)
    vector = len(b.shape) == 1
    columns = expand_dims(b, 1) if vector else b
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"solve: a must be square matrices, got shape {a.shape}")
    if not b.shape or columns.shape[-2] != a.shape[-1]:
        raise ValueError(f"solve: b of shape {b.shape} does not fit a of shape {a.shape}")
    broadcast_shape("solve", a.shape[:-2], columns.shape[:-2])
    x = _solve(floating(a), floating(columns))
    return reshape(x, x.shape[:-1]) if vector else x


def floating(x: Any) -> Any:
    """Integers and bools as float64; floats as they are."""
    return x.astype(np.float64) if x.dtype.kind in "iub" else x


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
    return _call("pinv", np.linalg.pinv, a, rcond=hyper.real("pinv", "rcond", rcond, 0.0))


def _pinv_slope(g: Any, a: Any, out: Any) -> Any:
    p, pt = out, _t(out)
    left = _t(g) - matmul(matmul(a, p), _t(g))  # (1 − a p) gᵀ
    right = _t(g) - matmul(_t(g), matmul(p, a))  # gᵀ (1 − p a)
    return -matmul(matmul(pt, g), pt) + matmul(left, matmul(p, pt)) + matmul(matmul(pt, p), right)


pinv.gradients(a=_pinv_slope)


def matrix_power(a: Any, n: int) -> Any:
    """Square matrices to an integer power; negative ones by the inverse.

    Raises:
        ValueError: if the matrices are not square.
        TypeError: if n is no integer.
    """
    a = array_like("matrix_power", a)
    if len(a.shape) < 2 or a.shape[-1] != a.shape[-2]:
        raise ValueError(f"matrix_power: a must be square matrices, got shape {a.shape}")
    n = hyper.integer("matrix_power", "n", n, None)
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
    g = expand_dims(g, (-2, -1))
    if np.all(raw(out)):
        return g * (expand_dims(out, (-2, -1)) * _t(inv(a)))
    return g * _cofactors(a)


def _cofactors(a: Any) -> Any:
    """Signed determinants of all matrices with one row and one column struck out.

    Made of determinants, so it has derivatives of every order; n⁵ operations, but this runs for
    singular matrices only.
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


@primitive(outputs=2, constant_outputs=(0,))
def slogdet(a: Any) -> Any:
    """Sign and logarithm of the absolute value of the determinant, without overflow.

    Returns:
        (sign, logabsdet); (0, −∞) for a singular matrix, which has no gradient.
    """
    sign, log = _call("slogdet", _plain_slogdet, _matrices("slogdet", a, square=True))
    return sign, log


def _plain_slogdet(a: Any) -> tuple[Any, Any]:
    return tuple(np.linalg.slogdet(a))  # type: ignore[return-value]


slogdet.gradients(a=lambda g, a: expand_dims(g[1], (-2, -1)) * _t(inv(a)))


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
    """L⁻ᵀ · Φ(Lᵀ g) · L⁻¹, symmetrised (Murray, eq. 10)."""
    inner = _half_lower(matmul(_t(out), tril(g)))
    back = inv(out)
    whole = matmul(matmul(_t(back), inner), back)
    return (whole + _t(whole)) * 0.5


_cholesky.gradients(a=_cholesky_slope)


def cholesky(a: Any) -> Any:
    """The lower triangular L with L · Lᵀ = a, for symmetric positive definite matrices.

    Raises:
        ValueError: if they are not square.
        numpy.linalg.LinAlgError: if one is not positive definite.
    """
    return _cholesky(_symmetric("cholesky", a))


@primitive(name="eigh", outputs=2)
def _eigh(a: Any) -> Any:
    return tuple(_call("eigh", _plain_eigh, a))


def _plain_eigh(a: Any) -> tuple[Any, Any]:
    return tuple(np.linalg.eigh(a))  # type: ignore[return-value]


def _gaps(values: Any) -> Any:
    """1 / (wⱼ − wᵢ), and 0 where they are equal (also on the diagonal)."""
    gap = expand_dims(values, -2) - expand_dims(values, -1)
    same = equal(gap, 0)
    return where(same, 0.0, 1.0 / where(same, 1.0, gap))


def _eigh_slope(g: Any, outs: Any) -> Any:
    """V (diag(gʷ) + F ∘ (Vᵀ gᵛ)) Vᵀ, symmetrised."""
    values, vectors = outs
    inner = 0.0
    if g[0] is not None:
        inner = expand_dims(g[0], -1) * np.eye(values.shape[-1], dtype=values.dtype)
    if g[1] is not None:
        inner = inner + _gaps(values) * matmul(_t(vectors), g[1])
    whole = matmul(matmul(vectors, inner), _t(vectors))
    return (whole + _t(whole)) * 0.5


_eigh.gradients(a=_eigh_slope)


def eigh(a: Any) -> tuple[Any, Any]:
    """Eigenvalues, ascending, and eigenvectors (columns) of symmetric matrices.

    The gradient of the vectors needs distinct eigenvalues; signs of vectors are arbitrary, so
    only functions that do not depend on them have a meaningful gradient.

    Returns:
        (eigenvalues (..., n), eigenvectors (..., n, n)).
    """
    return _eigh(floating(_symmetric("eigh", a)))


def eigvalsh(a: Any) -> Any:
    """Eigenvalues of symmetric matrices, ascending."""
    return eigh(a)[0]


@primitive(name="svd", outputs=3)
def _svd(a: Any) -> Any:
    return tuple(_call("svd", _plain_svd, _matrices("svd", a)))


def _plain_svd(a: Any) -> tuple[Any, Any, Any]:
    return tuple(np.linalg.svd(a, full_matrices=False))  # type: ignore[return-value]


def _svd_slope(g: Any, outs: Any) -> Any:
    u, s, vt = outs
    row, column = expand_dims(s, -2), expand_dims(s, -1)
    k = s.shape[-1]
    inner = 0.0
    if g[1] is not None:
        inner = expand_dims(g[1], -1) * np.eye(k, dtype=s.dtype)
    gaps = None if g[0] is None and g[2] is None else _gaps(s * s)
    extra = 0.0
    if g[0] is not None:
        turned = gaps * matmul(_t(u), g[0])
        inner = inner + (turned + _t(turned)) * row
        if u.shape[-2] > k:  # the part of u's change that leaves its column space
            outside = g[0] - matmul(u, matmul(_t(u), g[0]))
            extra = extra + matmul(outside / row, vt)
    if g[2] is not None:
        turned = gaps * matmul(vt, _t(g[2]))
        inner = inner + column * (turned + _t(turned))
        if vt.shape[-1] > k:
            outside = g[2] - matmul(matmul(g[2], _t(vt)), vt)
            extra = extra + matmul(u, outside / column)
    return matmul(matmul(u, inner), vt) + extra


_svd.gradients(a=_svd_slope)


def svd(a: Any, full_matrices: bool = False) -> tuple[Any, Any, Any]:
    """Singular value decomposition a = u · diag(s) · vt, in its short form.

    The gradient of u and vt needs distinct singular values above 0.

    Args:
        full_matrices: must be False; the completed bases have no gradient.

    Returns:
        (u (..., m, k), s (..., k) descending, vt (..., k, n)) with k = min(m, n).
    """
    if full_matrices is not False:
        raise ValueError(
            "svd: full_matrices=True is not differentiable (the completion of the bases is "
            "arbitrary); use full_matrices=False"
        )
    return _svd(a)


def svdvals(a: Any) -> Any:
    """Singular values, descending."""
    return _svd(a)[1]


@primitive(name="qr", outputs=2)
def _qr(a: Any) -> Any:
    return tuple(_call("qr", _plain_qr, a))


def _plain_qr(a: Any) -> tuple[Any, Any]:
    return tuple(np.linalg.qr(a))  # type: ignore[return-value]


def _qr_slope(g: Any, outs: Any) -> Any:
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


def qr(a: Any) -> tuple[Any, Any]:
    """a = q · r with orthonormal columns in q and an upper triangular r (the reduced form).

    Gradients need the first min(m, n) columns to be independent.

    Returns:
        (q (..., m, k), r (..., k, n)) with k = min(m, n).
    """
    a = array_like("qr", a)
    if len(a.shape) < 2:
        raise ValueError(f"qr: a must be a matrix or a stack of them, got shape {a.shape}")
    a = floating(a)
    m, n = a.shape[-2:]
    if m >= n:
        return _qr(a)
    q, r = _qr(getitem(a, (..., slice(m))))
    return q, concatenate([r, matmul(_t(q), getitem(a, (..., slice(m, None))))], -1)
