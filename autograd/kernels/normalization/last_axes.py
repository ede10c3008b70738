"""Normalisation where every row of a matrix has statistics of its own: layer norm in C order.

    normalize_rows(x, weight, bias, *, eps) -> (y, mean, rstd, variance)
    normalize_rows_gradient(g, x, weight, mean, rstd) -> (gx, gweight, gbias)

``x`` is a C-contiguous (N, D) matrix; ``weight`` and ``bias`` are (D,) or None; statistics are
(N,), the parameters' gradients (D,), or (N,) where there is no weight. What is computed is `normalization.normalize`.

*Sums are products with vectors.* Σ_d x is x @ 1, Σ_d g·w is g @ w, Σ_n g·rstd is rstd @ g: BLAS
reads memory faster than ``sum`` does, and x̂ is never made, only g·x.

*A table of u_n·v_d + s_n·t_d is a product too*, of (N, 2) and (2, D). It takes no longer than an
elementwise operation on whole arrays, while NumPy's broadcasting over rows and columns takes twice
as long. So y = x·A + B and gx = g·A + …, with A and B such tables.

*The mean is subtracted only where it is far away*, as `normalization` explains.
"""

import numpy as np

from autograd.kernels.bounds import Bound
from autograd.kernels.scratch import scratch
from autograd.kernels.threads import for_each
from autograd.kernels.tuning import BLOCK, PIECES, ROW_COST, WORTHWHILE

FAR: Bound[float] = 16.0  # (mean)² in variances beyond which it is subtracted first


def normalize_rows(
    x: np.ndarray, weight: np.ndarray | None, bias: np.ndarray | None, *, eps: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Every row of ``x`` with mean 0 and variance 1, times ``weight`` plus ``bias``.

    >>> y, mean, rstd, variance = normalize_rows(np.array([[1.0, 3.0]]), None, None, eps=0.0)
    >>> y, mean, variance
    (array([[-1.,  1.]]), array([2.]), array([1.]))
    """
    rows, width = x.shape
    y = np.empty_like(x)
    mean, rstd, variance = np.empty((3, rows), x.dtype)
    # [rstd/2 rstd/2] @ [w; w] and [−rest·rstd 1] @ [w; b]
    right = np.empty((2, 2, width), x.dtype)
    right[:] = 1.0 if weight is None else weight
    right[1, 1] = 0.0 if bias is None else bias

    def forward(piece: slice) -> None:
        centred, rest, mean[piece], spread = _moments(x[piece], eps)
        variance[piece] = spread
        scale = rstd[piece]
        np.sqrt(spread + eps, out=scale)
        np.reciprocal(scale, out=scale)
        left = np.empty((2, len(scale), 2), x.dtype)
        np.multiply(scale[:, None], 0.5, out=left[0])
        np.multiply(rest, -scale, out=left[1, :, 0])
        left[1, :, 1] = 1.0
        out = y[piece]
        with scratch((2, _height(out), width), x.dtype) as space:
            for block in _blocks(out):
                part = out[block]
                factor, added = np.matmul(left[:, block], right, out=space[:, : len(part)])
                factor *= centred[block]
                np.add(factor, added, out=part)

    for_each(forward, _pieces(x), ROW_COST * x.size)
    return y, mean, rstd, variance


def normalize_rows_gradient(
    g: np.ndarray,
    x: np.ndarray,
    weight: np.ndarray | None,
    mean: np.ndarray,
    rstd: np.ndarray,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gradients of `normalize_rows` with respect to ``x``, ``weight`` and ``bias``.

    Those of the parameters are g·x̂ and g, summed over rows or, without ``weight``, over each row.
    With x̂ = (x − mean)·rstd and h = g·weight, gx = rstd · (h − ⟨h⟩ − x̂·⟨h·x̂⟩) with ⟨·⟩ the mean
    over a row; that is h·rstd + x·slope + offset, one slope and offset per row.
    """
    width = x.shape[1]
    gx = np.empty_like(x)
    pieces = _pieces(x)
    sums = (len(x),) if weight is None else (len(pieces), width)
    gweight, gbias = np.empty((2, *sums), x.dtype)
    right = np.empty((2, width), x.dtype)
    right[:] = 1.0 if weight is None else weight
    factors = right[0]
    far = bool((np.square(mean * rstd) > FAR).any())

    def backward(number: int) -> None:
        piece = pieces[number]
        g_, x_, out, scale, centre = g[piece], x[piece], gx[piece], rstd[piece], mean[piece]
        if far:
            x_, centre = x_ - centre[:, None], np.zeros_like(centre)
        product = np.multiply(g_, x_, out=out)
        along = g_ @ factors
        across = product @ factors - centre * along
        if weight is None:
            np.multiply(across, scale, out=gweight[piece])
            gbias[piece] = along
        else:
            np.matmul(scale, product, out=gweight[number])
            gweight[number] -= (scale * centre) @ g_
            np.matmul(np.ones_like(scale), g_, out=gbias[number])
        slope = across * scale * scale * scale / -width
        offset = along * scale / -width - centre * slope
        half = np.empty((len(scale), 2), x.dtype)
        np.multiply(scale[:, None], 0.5, out=half)
        with scratch((_height(out), width), x.dtype) as space:
            for block in _blocks(out):
                part = out[block]
                np.multiply(x_[block], slope[block, None], out=part)
                part += offset[block, None]
                table = np.matmul(half[block], right, out=space[: len(part)])
                table *= g_[block]
                part += table

    for_each(backward, range(len(pieces)), ROW_COST * x.size)
    if weight is not None:
        gweight, gbias = _total(gweight), _total(gbias)
    return gx, gweight, gbias


def _moments(x: np.ndarray, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """``(centred, rest, mean, variance)``: rows less something near their mean, or as they are.

    ``rest`` is the mean of ``centred``, at most a few standard deviations.
    """
    shift = None
    width = x.shape[1]
    ones = np.ones(width, x.dtype)
    for last_try in (False, False, True):
        rest = x @ ones
        rest /= width
        square = rest * rest
        variance = np.vecdot(x, x)
        variance /= width
        variance -= square
        np.maximum(variance, 0.0, out=variance)
        if last_try or not (square > FAR * (variance + eps)).any():
            break
        shift = rest if shift is None else shift + rest
        x = x - rest[:, None]
    return x, rest, rest if shift is None else shift + rest, variance


def _pieces(x: np.ndarray) -> list[slice]:
    """The rows as one piece, or enough of them for threads."""
    rows = len(x)
    step = max(1, -(-rows // PIECES) if ROW_COST * x.size >= WORTHWHILE else rows)
    return [slice(start, start + step) for start in range(0, rows, step)]


def _blocks(x: np.ndarray) -> list[slice]:
    """The rows of a piece in blocks that stay in cache."""
    step = max(1, _height(x))
    return [slice(start, start + step) for start in range(0, len(x), step)]


def _height(x: np.ndarray) -> int:
    """Rows of the largest block."""
    return min(len(x), max(1, BLOCK // max(x.shape[1], 1)))


def _total(parts: np.ndarray) -> np.ndarray:
    """The sum over pieces."""
    if len(parts) == 1:
        return np.asarray(parts[0])
    return parts.sum(axis=0, dtype=np.float64).astype(parts.dtype)
