"""Slopes measured with differences, on plain arrays: what gradients are checked against.

Everything here differentiates one number, the sum of ``weight * output`` over all outputs: the
weights are the incoming gradient. Differences are taken output by output before they are summed,
so elements that an input does not reach cancel exactly.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

__all__ = [
    "MOST_LOST", "STEP", "Differences", "Slopes", "central_differences", "contributions", "is_limit", "one_sided_slopes", "several_differences", "slopes_by_width",
]  # fmt: skip

Array = np.ndarray[Any, Any]

#: Near the cube root of float64's precision, where rounding and curvature errors of a central
#: difference balance.
STEP = 1e-6

#: After so many elements that are wrong nearby, too, others are not looked at from there.
MOST_LOST = 16

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
        kind: ``"smooth"``, ``"kink"`` (the two differ, however small the step), ``"jump"`` (the
            value itself jumps), ``"vertical"`` (ever steeper, the closer one looks) or ``"border"``
            (there is no finite value on one side, or on both).
        low, high: the least and the largest slope, if each output takes the one or the other side.
    """

    left: float
    right: float
    kind: str
    low: float
    high: float

    def admits(self, slope: float, tolerance: float) -> bool:
        """True at a kink if ``slope`` lies between the two sides, so that it is a fair choice."""
        return self.kind == "kink" and self.low - tolerance <= slope <= self.high + tolerance


def _nudged(function: Callable[..., Any], arrays: Sequence[Array], position: int, index: Any,
            amount: float) -> tuple[Sequence[Array], float]:  # fmt: skip
    """Outputs with one number moved, and by how much it really moved."""
    moved = list(arrays)
    moved[position] = np.array(arrays[position], order="K")
    before = float(moved[position][index])
    moved[position][index] = before + amount
    with np.errstate(all="ignore"):  # where it leads beyond the function's domain
        outputs = function(*moved)
    return outputs, float(moved[position][index]) - before


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
    return several_differences(function, arrays, [weights], position, step, indices)[0]


def several_differences(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    incoming: Sequence[Sequence[Array | None]],
    position: int,
    step: float = STEP,
    indices: Sequence[tuple[int, ...]] | None = None,
) -> list[Differences]:
    """``central_differences`` for several sets of weights, from the same calls of the function."""
    shape = arrays[position].shape
    found = [Differences(np.zeros(shape), np.zeros(shape), np.zeros(shape)) for _ in incoming]
    middle = function(*arrays)
    for index in np.ndindex(shape) if indices is None else indices:
        size = step * _scale(arrays[position], index)
        above, up = _nudged(function, arrays, position, index, size)
        below, down = _nudged(function, arrays, position, index, -size)
        width = up - down
        with np.errstate(all="ignore"):
            change = [a - b for a, b in zip(above, below, strict=True)]
            bend = [a + b - 2 * m for a, b, m in zip(above, below, middle, strict=True)]
            for weights, one in zip(incoming, found, strict=True):
                one.slopes[index] = _weighted(weights, change) / width
                one.bends[index] = 2 * _weighted(weights, bend) / width
                for w, a, c in zip(weights, above, change, strict=True):
                    if w is not None:
                        moved = np.abs(w * a) * (c != 0)
                        one.doubts[index] += np.sum(moved) * (2 * _PRECISION / width)
    return found


def contributions(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weight: Array,
    position: int,
    step: float = STEP,
) -> Array:
    """What each element of an output adds to the gradient of each element of an input.

    Returns:
        An array of the input's shape followed by the output's; summed over the latter, it is the
        gradient.
    """
    found = np.zeros((*arrays[position].shape, *weight.shape))
    for index in np.ndindex(arrays[position].shape):
        size = step * _scale(arrays[position], index)
        (above,), up = _nudged(function, arrays, position, index, size)
        (below,), down = _nudged(function, arrays, position, index, -size)
        with np.errstate(all="ignore"):
            found[index] = weight * (above - below) / (up - down)
    return found


def slopes_by_width(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weights: Sequence[Array | None],
    position: int,
    index: tuple[int, ...],
) -> list[tuple[float, float]]:
    """Central differences by one number with ever narrower steps: slope, and doubt from rounding.

    A step can be too wide, where the function bends within it (1/x near 0), or too narrow, where
    rounding hides the change (a small number beside a huge one). Slopes that agree from one width
    to the next are to be trusted.
    """
    value = abs(float(arrays[position][index]))
    sizes = [STEP * max(1.0, value) * 8.0**-k for k in range(-2, 9)]
    sizes += [value * 1e-3 * 8.0**-k for k in range(5) if value < 1]
    found = []
    with np.errstate(all="ignore"):
        for size in sorted(sizes, reverse=True):
            above, up = _nudged(function, arrays, position, index, size)
            below, down = _nudged(function, arrays, position, index, -size)
            width = up - down
            if not width > 0:
                continue
            change = [a - b for a, b in zip(above, below, strict=True)]
            rounding = 0.0
            for w, a, c in zip(weights, above, change, strict=True):
                if w is not None:
                    size_of = np.abs(w * a)
                    rounding += np.sum(size_of * (c != 0)) + 4 * np.max(size_of, initial=0.0)
            found.append(
                (_weighted(weights, change) / width, float(rounding) * 2 * _PRECISION / width)
            )
    return found


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
    value = abs(float(arrays[position][index]))
    if 0 < value < 100 * size:  # what happens at 0 is not to be mistaken for what happens here
        size = max(value / 100, size / 1000)
    middle = function(*arrays)

    def sides(width: float) -> tuple[list[Array], list[Array]]:
        above, up = _nudged(function, arrays, position, index, width)
        below, down = _nudged(function, arrays, position, index, -width)
        counted = [(w, a, b, m) for w, a, b, m in zip(weights, above, below, middle, strict=True)
                   if w is not None]  # fmt: skip
        return (
            [w * (b - m) / down for w, a, b, m in counted],
            [w * (a - m) / up for w, a, b, m in counted],
        )

    def total(parts: Sequence[Array]) -> float:
        return float(sum(np.sum(part) for part in parts))

    def between(one: Sequence[Array], other: Sequence[Array]) -> float:
        return total([np.abs(a - b) for a, b in zip(one, other, strict=True)])

    with np.errstate(all="ignore"):
        far, near = sides(32 * size), sides(size)
        left, right = total(near[0]), total(near[1])
        low, high = (
            total([pick(a, b) for a, b in zip(*near, strict=True)])
            for pick in (np.minimum, np.maximum)
        )
        gap_far, gap = between(*far), between(*near)
        steep_far = max(abs(total(side)) for side in far)
        rounding = 4 * _PRECISION / size * total(
            [np.abs(w * m) * (a != b) for w, m, a, b in
             zip([w for w in weights if w is not None],
                 [m for w, m in zip(weights, middle, strict=True) if w is not None],
                 *near, strict=True)]
        )  # fmt: skip
    kind = "smooth"
    steep = max(abs(left), abs(right))
    # What curvature does within a step is as small as the weights are.
    unit = min(1.0, max((float(np.max(np.abs(w), initial=0.0)) for w in weights if w is not None),
                        default=1.0) or 1.0)  # fmt: skip
    if not (math.isfinite(left) and math.isfinite(right)):
        kind = "border"
    elif steep > max(unit, 20 * steep_far):
        kind = "jump"
    elif steep > max(unit, 3 * steep_far) and left * right > 0:
        kind = "vertical"
    elif gap > 1e-4 * max(unit, steep) + rounding and gap > gap_far / 8:
        kind = "kink"
    return Slopes(left, right, kind, low, high)


def is_limit(
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weights: Sequence[Array | None],
    position: int,
    index: tuple[int, ...],
    mine: float,
    slope: float,
) -> bool:
    """Is a number that is far from the slope here the slope just beside this point?

    Where several kinks meet (``clip`` with equal bounds, many equal elements that are sorted) no
    single direction shows them all; any slope found nearby is then a fair choice.
    """
    far = abs(mine - slope) >= 0.1 * max(abs(mine), abs(slope))
    if not mine or not math.isfinite(mine) or not far:
        return False
    for beside in _neighbours(arrays):
        near = several_differences(function, beside, [weights], position, indices=[index])[0]
        if abs(near.slopes[index] - mine) <= 1e-2 * abs(mine):
            return True
    return False


def _neighbours(arrays: Sequence[Any]) -> Iterator[list[Any]]:
    """Points close by: equal elements set apart, the first lowest and the last lowest; at random."""

    def each(change: Callable[[Any], Any]) -> list[Any]:
        return [
            a + change(a) * np.maximum(1.0, np.abs(a)) if a.dtype.kind == "f" else a for a in arrays
        ]

    for apart in (8 * STEP, -8 * STEP):  # a step of the differences passes none of them
        yield each(lambda a: apart * _place_among_equals(a))  # noqa: B023
    random = np.random.default_rng(0)
    for _ in range(24):
        yield each(lambda a: random.uniform(-1e-4, 1e-4, a.shape))


def _place_among_equals(array: Any) -> Any:
    """How many elements before each one, in order of memory, are equal to it."""
    flat = array.ravel()
    order = np.argsort(flat, kind="stable")
    new = np.ones(flat.size, bool)
    new[1:] = flat[order][1:] != flat[order][:-1]
    places = np.empty(flat.size)
    places[order] = np.arange(flat.size) - np.flatnonzero(new)[np.cumsum(new) - 1]
    return places.reshape(array.shape)
