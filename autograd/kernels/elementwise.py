"""Elementwise functions where the obvious NumPy line is slower than it need be.

    relu(x) -> y;  relu_gradient(g, out) -> gx;  keep_where(g, mask, out=None) -> gx

Any shape, any strides; results keep the memory order of their input.
"""

from functools import lru_cache

import numpy as np

from autograd.kernels.pieces import in_pieces

LARGE = 1 << 15  # elements from which the lower cost per element outweighs `clip`'s costlier call

LINE = 1 << 17  # elements worked on at a time where several passes should find them in cache

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
    if x.dtype.kind == "O":
        return x * np.asarray(x > 0).astype(int)  # every result still stems from its element
    if x.dtype.kind != "f" or x.size < LARGE:
        return np.asarray(np.maximum(x, x.dtype.type(0)))
    y = np.empty_like(x)
    in_pieces(lambda x, y: np.clip(x, 0, np.inf, out=y), (x, y), axis=_slowest(x), passes=1)
    return y


def relu_gradient(g: np.ndarray, out: np.ndarray) -> np.ndarray:
    """``g`` where ``out`` = relu(x) is not 0, else 0; the derivative at 0 is 0.

    >>> relu_gradient(np.array([5.0, 5.0, 5.0]), np.array([0.0, 0.0, 2.0]))
    array([0., 0., 5.])
    """
    # Not `out > 0`: where x was NaN the gradient passes, as in PyTorch.
    if g.dtype.kind != "f" or g.size < LARGE:
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
    for start in range(0, out.size, LINE):
        part = slice(start, start + LINE)
        kept = np.fmin(out[part], least[: out[part].size], out=gx[part]).view(np.int32)
        np.multiply(kept, g[part].view(np.int32), out=kept)


def _subnormals_count() -> bool:
    """Whether this thread's processor compares subnormal numbers as what they are.

    Some libraries, once loaded, have it take them for 0.
    """
    return bool(np.fmin(_least()[:16], np.float32(1.0)).view(np.int32).all())


@lru_cache(maxsize=1)
def _least() -> np.ndarray:
    return np.ones(LINE, np.int32).view(np.float32)


def flat_views(*arrays: np.ndarray) -> list[np.ndarray] | None:
    """Arrays of one shape as lines in memory order; None where that differs or has gaps."""
    first = arrays[0]
    if all(array.flags.c_contiguous for array in arrays):
        return [array.reshape(-1) for array in arrays]
    if any(array.strides != first.strides for array in arrays):  # sizes of elements agree, too
        return None
    order = sorted(range(first.ndim), key=lambda axis: -first.strides[axis])
    turned = [array.transpose(order) for array in arrays]
    return [array.reshape(-1) for array in turned] if turned[0].flags.c_contiguous else None


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
