"""What is wrong with a gradient, read off its numbers alone: the first simple mistake that explains them."""

from __future__ import annotations

from itertools import combinations, islice
from typing import Any

import numpy as np

from autograd import text

__all__ = ["alike", "axes_of", "guess", "is_nested", "mismatch_map"]

Array = np.ndarray[Any, Any]

#: Numbers that were rounded once agree so well, and no better.
_COARSE = 2e-3

#: So many ways to lay a gradient of another shape over the right one are tried.
_MOST_PLACES = 200


def alike(a: Array, b: Array) -> bool:
    """True if two arrays agree to four digits of the second one's largest number, which is not 0."""
    if a.shape != b.shape:
        return False
    scale = float(np.max(np.abs(b), initial=0.0))
    if not 0 < scale < np.inf:
        return False
    return bool(np.all(np.abs(a - b) <= 1e-4 * scale))


def is_nested(value: Any, shape: tuple[int, ...]) -> bool:
    """True for one array of that shape in a tuple or list, whose entries are not arrays of their own."""
    if not isinstance(value, (tuple, list)) or len(value) == 1 and isinstance(value[0], np.ndarray):
        return False
    try:
        return np.shape(value) == shape  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001  what is in it need not be numbers
        return False


def guess(got: Array, right: Array) -> str:
    """The first mistake that turns the right gradient into the one got; empty if none fits.

    Args:
        got: the gradient under suspicion, of any shape.
        right: what it should be.
    """
    if not right.size or not np.all(np.isfinite(right)):
        return ""
    bad = np.argwhere(~np.isfinite(got))
    if len(bad):
        first = tuple(int(n) for n in bad[0])
        return f"{len(bad)} of its {got.size} elements are NaN or infinite, the first at {first}"
    if got.shape != right.shape:
        return _guess_shape(got, right)
    if alike(got, right):
        return _guess_rounded(got, right)
    if not np.any(got):
        return "it is zero everywhere: is this input's gradient computed at all?"
    if alike(-got, right):
        return "the sign is wrong: it is minus the right gradient"
    factor = _constant_factor(got, right)
    if factor is not None:
        return f"it is {text.number(factor)} times the right gradient (a constant factor)"
    if rounded := _guess_rounded(got, right):
        return rounded
    if got.ndim >= 2 and alike(np.flip(got, (-2, -1)), right):
        return "the kernel is not flipped: turning the last two axes around makes it right"
    if alike(np.flip(got, -1) if got.ndim else got, right):
        return "it is the wrong way round: flipping the last axis makes it right"
    if got.ndim >= 2 and alike(np.swapaxes(got, -1, -2), right):
        return "it is transposed: exchanging the last two axes makes it right"
    return _guess_axes(got, right) or _guess_shift(got, right)


def _constant_factor(got: Array, right: Array) -> float | None:
    factor = float(np.vdot(right, got) / np.vdot(right, right)) if np.any(right) else 0.0
    return factor if factor and alike(got / factor, right) else None


def _guess_rounded(got: Array, right: Array) -> str:
    """Are all numbers nearly right, the small ones too?"""
    off = np.abs(got - right)
    if np.all(off <= _COARSE * np.abs(right)) and np.any(off > 1e-6 * np.abs(right)):
        return (
            "it is right to a few digits only: was it rounded, to float16 or float32, on the way?"
        )
    return ""


def _guess_shape(got: Array, right: Array) -> str:
    if got.size == right.size and alike(got.reshape(right.shape), right):
        if [n for n in got.shape if n > 1] == [n for n in right.shape if n > 1]:
            if not right.ndim:
                return f"the number is right; return it alone, not in an array of shape {got.shape}"
            return f"the numbers are right; reshape them to {right.shape}"
    if got.ndim > right.ndim:
        axes = tuple(range(got.ndim - right.ndim))
        if alike(got.sum(axis=axes), right):
            return "the batch is not summed: summing the leading axes makes it right"
    spread = _spread(got, right.shape)
    if spread is not None and alike(spread, right):
        return (
            f"it is not spread over the input's shape {right.shape}: np.broadcast_to(…, "
            f"{right.shape}) makes it right"
        )
    for axes in axes_of(right):
        for kept in (False, True):
            if alike(got, right.sum(axis=axes, keepdims=kept)):
                return f"it is summed over axes {axes}, too: the input has shape {right.shape}"
            if alike(got, right.mean(axis=axes, keepdims=kept)):
                return f"it is averaged over axes {axes}: the input has shape {right.shape}"
    if alike(got.T, right):
        return "it is transposed: .T makes it right"
    if exchanged := _guess_axes(got, right):
        return exchanged
    if got.size == right.size and alike(got.reshape(right.shape), right):
        return f"the numbers are right; reshape them to {right.shape}"
    return _guess_uncropped(got, right) or _guess_border(got, right)


def _spread(got: Array, shape: tuple[int, ...]) -> Array | None:
    try:
        return np.broadcast_to(got, shape)
    except ValueError:
        return None


def _guess_axes(got: Array, right: Array) -> str:
    for i, j in combinations(range(got.ndim), 2):
        if alike(np.swapaxes(got, i, j), right):
            return f"it is transposed: exchanging axes {i} and {j} makes it right"
    return ""


def axes_of(array: Array) -> list[tuple[int, ...]]:
    """All ways to choose some of its axes, fewest first."""
    return [axes for n in range(1, array.ndim + 1) for axes in combinations(range(array.ndim), n)]


def _guess_uncropped(got: Array, right: Array) -> str:
    """Does a part of it fit: is the gradient of a padded input, padding and all, what came?"""
    if got.ndim != right.ndim or any(n < m for n, m in zip(got.shape, right.shape, strict=True)):
        return ""
    spare = [n - m for n, m in zip(got.shape, right.shape, strict=True)]
    for start in sorted(np.ndindex(*[k + 1 for k in spare]), key=lambda s: _off_centre(s, spare)):
        part = got[tuple(slice(a, a + n) for a, n in zip(start, right.shape, strict=True))]
        if alike(part, right):
            return f"the padding is not taken off: cut out {right.shape} beginning at {start}"
    return ""


def _guess_border(got: Array, right: Array) -> str:
    """Does a part of both fit: was there too little padding along one axis, too much along another?"""
    if got.ndim != right.ndim:
        return ""
    spare = [n - m for n, m in zip(got.shape, right.shape, strict=True)]
    places = np.ndindex(*[abs(k) + 1 for k in spare])
    for start in islice(sorted(places, key=lambda s: _off_centre(s, spare)), _MOST_PLACES):
        mine, theirs = [], []
        for at, n, m in zip(start, got.shape, right.shape, strict=True):
            long, short = slice(at, at + min(n, m)), slice(None)
            mine.append(long if n > m else short)
            theirs.append(long if n < m else short)
        part = right[tuple(theirs)]
        if part.size >= 4 and alike(got[tuple(mine)], part):
            few = [str(axis) for axis, k in enumerate(spare) if k < 0]
            many = [str(axis) for axis, k in enumerate(spare) if k > 0]
            said = [f"too {much} along axis {' and '.join(axes)}"
                    for much, axes in (("little", few), ("much", many)) if axes]  # fmt: skip
            return f"it is a part of the right gradient: padding, {', '.join(said)}"
    return ""


def _off_centre(start: tuple[int, ...], spare: list[int]) -> int:
    return sum(abs(2 * a - abs(k)) for a, k in zip(start, spare, strict=True))


def _guess_shift(got: Array, right: Array) -> str:
    """Does a shift by a few places along the last axes explain it (padding taken off wrongly)?"""
    axes = (-2, -1) if got.ndim >= 2 else (-1,) if got.ndim else ()
    reach = [range(-min(3, got.shape[a] - 1), min(3, got.shape[a] - 1) + 1) for a in axes]
    shifts: list[tuple[int, ...]] = [(s,) for s in reach[0]] if axes else []
    if len(axes) == 2:
        shifts = [(a, b) for a in reach[0] for b in reach[1]]
    for shift in sorted(shifts, key=lambda s: sum(abs(k) for k in s)):
        if any(shift) and _overlapalike(got, right, axes, shift):
            moved = ", ".join(text.number(-s) for s in shift)
            return f"it is shifted by the padding: moving it by ({moved}) along axes {axes} fits"
    return ""


def _overlapalike(got: Array, right: Array, axes: tuple[int, ...], shift: tuple[int, ...]) -> bool:
    mine, theirs = [slice(None)] * got.ndim, [slice(None)] * got.ndim
    for axis, s in zip(axes, shift, strict=True):
        n = got.shape[axis]
        mine[axis] = slice(max(s, 0), n + min(s, 0))
        theirs[axis] = slice(max(-s, 0), n + min(-s, 0))
    a, b = got[tuple(mine)], right[tuple(theirs)]
    return b.size >= 4 and b.size * 3 >= right.size and alike(a, b)


def mismatch_map(wrong: Array, limit: int = 24) -> str:
    """Where it is wrong, as text: ``X`` wrong, ``.`` right; the last two axes of the worst plane.

    Args:
        wrong: bool, any shape.
        limit: rows and columns shown at most.
    """
    plane = np.atleast_2d(wrong)
    where = ""
    if plane.ndim > 2:
        counts = plane.sum(axis=(-2, -1))
        at = np.unravel_index(int(np.argmax(counts)), counts.shape)
        plane = plane[at]
        where = f"  (plane {', '.join(str(int(k)) for k in at)})"
    rows = ["".join("X" if bad else "." for bad in row[:limit]) for row in plane[:limit]]
    if plane.shape[1] > limit:
        rows = [row + " ..." for row in rows]
    if plane.shape[0] > limit:
        rows.append("...")
    return "\n".join(f"    {row}" for row in rows) + where
