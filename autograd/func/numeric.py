"""Slopes measured with differences, on plain arrays: what gradients are checked against.

Everything here differentiates one number, the sum of ``weight * output`` over all outputs: the
weights are the incoming gradient. Differences are taken output by output before they are summed,
so elements that an input does not reach cancel exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = ["STEP", "Differences", "Slopes", "central_differences", "one_sided_slopes"]

Array = np.ndarray[Any, Any]

#: Near the cube root of float64's precision, where rounding and curvature errors of a central
#: difference balance.
STEP = 1e-6

_PRECISION = float(np.finfo(np.float64).eps)


class Differences(NamedTuple):
    """Central differences by every element of an array.

    Attributes:
        slopes: the gradient.
        doubts: how far rounding may have spoilt it.
        bends: how much the slope just right of the point exceeds that just left; near 0 where
            the function is smooth.
    """

    slopes: Array
    doubts: Array
    bends: Array


class Slopes(NamedTuple):
    """What nudging one number to either side shows.

    Attributes:
        left, right: slopes just below and just above the point.
        kind: ``"smooth"``, ``"kink"`` (the two differ, however small the step) or ``"jump"``
            (the value itself jumps).
    """

    left: float
    right: float
    kind: str

    def admits(self, slope: float, tolerance: float) -> bool:
        """True at a kink if ``slope`` lies between the two sides, so that it is a fair choice."""
        low, high = sorted((self.left, self.right))
        return self.kind == "kink" and low - tolerance <= slope <= high + tolerance


def _nudged(function: Callable[..., Any], arrays: Sequence[Array], position: int, index: Any,
            amount: float) -> tuple[Sequence[Array], float]:  # fmt: skip
    """Outputs with one number moved, and by how much it really moved."""
    moved = list(arrays)
    moved[position] = np.array(arrays[position], order="K")
    before = float(moved[position][index])
    moved[position][index] = before + amount
    return function(*moved), float(moved[position][index]) - before


def _weighted(weights: Sequence[Array | None], outputs: Sequence[Array]) -> float:
    return float(sum(np.sum(w * o) for w, o in zip(weights, outputs, strict=True) if w is not None))


def _scale(array: Array, index: Any) -> float:
    return max(1.0, abs(float(array[index])))


def central_differences(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weights: Sequence[Array | None],
    position: int,
    step: float = STEP,
    indices: Sequence[tuple[int, ...]] | None = None,
) -> Differences:
    """Gradient of the weighted outputs by one array.

    Args:
        function: float64 arrays in, a sequence of float64 arrays out.
        arrays: where to differentiate.
        weights: incoming gradients, one per output; None for outputs that don't count.
        position: which of ``arrays`` to differentiate by.
        step: distance to either side, relative to numbers larger than 1.
        indices: the elements to look at (the others stay 0); default: all.
    """
    shape = arrays[position].shape
    slopes, doubts, bends = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    middle = function(*arrays)
    for index in np.ndindex(shape) if indices is None else indices:
        size = step * _scale(arrays[position], index)
        above, up = _nudged(function, arrays, position, index, size)
        below, down = _nudged(function, arrays, position, index, -size)
        width = up - down
        with np.errstate(all="ignore"):
            change = [a - b for a, b in zip(above, below, strict=True)]
            slopes[index] = _weighted(weights, change) / width
            bend = [a + b - 2 * m for a, b, m in zip(above, below, middle, strict=True)]
            bends[index] = 2 * _weighted(weights, bend) / width
            for w, a, c in zip(weights, above, change, strict=True):
                if w is not None:
                    doubts[index] += np.sum(np.abs(w * a) * (c != 0)) * (2 * _PRECISION / width)
    return Differences(slopes, doubts, bends)


def one_sided_slopes(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weights: Sequence[Array | None],
    position: int,
    index: tuple[int, ...],
    step: float = STEP,
) -> Slopes:
    """The slopes just left and right of one number, and what they mean.

    The difference between the two sides shrinks with the step where the function is smooth and
    stays at a kink, and at a jump the slopes grow; so they are measured at two steps.
    """
    size = step * _scale(arrays[position], index)
    middle = function(*arrays)

    def sides(width: float) -> tuple[float, float]:
        above, up = _nudged(function, arrays, position, index, width)
        below, down = _nudged(function, arrays, position, index, -width)
        right = _weighted(weights, [a - m for a, m in zip(above, middle, strict=True)]) / up
        left = _weighted(weights, [b - m for b, m in zip(below, middle, strict=True)]) / down
        return left, right

    with np.errstate(all="ignore"):
        far = sides(32 * size)
        left, right = sides(size)
    gap_far, gap = abs(far[1] - far[0]), abs(right - left)
    steep_far, steep = max(abs(far[0]), abs(far[1])), max(abs(left), abs(right))
    if steep > max(1.0, 8 * steep_far):
        return Slopes(left, right, "jump")
    noise = 1e-4 * max(1.0, steep)
    if not gap > noise:  # also NaN: nothing can be said
        return Slopes(left, right, "smooth")
    return Slopes(left, right, "kink" if gap > gap_far / 8 else "smooth")
