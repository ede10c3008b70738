"""What is wrong with a gradient: the first simple mistake that explains its numbers.

``guess`` reads the numbers alone; ``diagnose`` also calls the functions they came from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.gradcheck.numeric import central_differences, contributions
from autograd.gradcheck.paths import forgotten

__all__ = ["Trial", "alike", "diagnose", "guess", "mismatch_map"]

Array = np.ndarray[Any, Any]

#: Of larger inputs, the diagonal of the Jacobian is not looked at.
_MOST = 2000

#: Larger Jacobians are not computed.
_WORK = 200_000


# From the numbers alone ---------------------------------------------------------------------------


def alike(a: Array, b: Array) -> bool:
    """True if two arrays agree to four digits of the second one's largest number, which is not 0."""
    if a.shape != b.shape:
        return False
    scale = float(np.max(np.abs(b), initial=0.0))
    if not 0 < scale < np.inf:
        return False
    return bool(np.all(np.abs(a - b) <= 1e-4 * scale))


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
        return ""
    if not np.any(got):
        return "it is zero everywhere: is this input's gradient computed at all?"
    if alike(-got, right):
        return "the sign is wrong: it is minus the right gradient"
    factor = _constant_factor(got, right)
    if factor is not None:
        return f"it is {text.number(factor)} times the right gradient (a constant factor)"
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


def _guess_shape(got: Array, right: Array) -> str:
    if got.ndim > right.ndim:
        axes = tuple(range(got.ndim - right.ndim))
        if alike(got.sum(axis=axes), right):
            return "the batch is not summed: summing the leading axes makes it right"
    for axes in _axes_of(right):
        for kept in (False, True):
            if alike(got, right.sum(axis=axes, keepdims=kept)):
                return f"it is summed over axes {axes}, too: the input has shape {right.shape}"
    if alike(got.T, right):
        return "it is transposed: .T makes it right"
    if _guess_axes(got, right):
        return _guess_axes(got, right)
    if got.size == right.size and alike(got.reshape(right.shape), right):
        return f"the numbers are right; reshape them to {right.shape}"
    return _guess_uncropped(got, right)


def _guess_axes(got: Array, right: Array) -> str:
    for i, j in combinations(range(got.ndim), 2):
        if alike(np.swapaxes(got, i, j), right):
            return f"it is transposed: exchanging axes {i} and {j} makes it right"
    return ""


def _axes_of(array: Array) -> list[tuple[int, ...]]:
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


def _off_centre(start: tuple[int, ...], spare: list[int]) -> int:
    return sum(abs(2 * a - k) for a, k in zip(start, spare, strict=True))


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


# With the functions at hand -----------------------------------------------------------------------


class Trial(NamedTuple):
    """A gradient that came out wrong, and what it was made with.

    Attributes:
        forward: arrays in, a list of one array out.
        backward: (incoming gradient, arrays) in, a gradient or None for each array out.
        arrays, g: the inputs and the incoming gradient.
        position: which input's gradient ``got`` is.
        right: the numerical gradients by all inputs.
        kinks: bool, of the input's shape: elements where the numerical gradient means nothing.
        names: what the inputs are called.
        original: ``forward`` as it was given: of arrays, or tensors, if it takes them.
    """

    forward: Callable[..., list[Array]]
    backward: Callable[[Array, Sequence[Array]], list[Array | None]]
    arrays: Sequence[Array]
    g: Array
    position: int
    got: Array
    right: Sequence[Array]
    kinks: Array
    names: Sequence[str]
    original: Callable[..., Any]


def diagnose(trial: Trial) -> str:
    """The first simple mistake that explains a gradient; empty if none does."""
    tests = (_g_unused, _order, _one_number, _numbers, _altered, _last_write, _one_sample, _axes,
             _passed_on, _missing_factor, _path, _diagonal, _two_paths)  # fmt: skip
    return next(filter(None, (test(trial) for test in tests)), "")


def _g_unused(trial: Trial) -> str:
    twice = _attempt(trial, 2 * trial.g, trial.arrays)
    if twice is not None and np.any(trial.got) and np.array_equal(twice, trial.got):
        return "the incoming gradient is not used: multiply by it"
    return ""


def _order(trial: Trial) -> str:
    for j, other in enumerate(trial.right):
        if j != trial.position and alike(trial.got, other):
            return f"it is the gradient of input {j}: return them in the order of the inputs"
    return ""


def _one_number(trial: Trial) -> str:
    """Of one number alone, any is a factor: what its function was made of says more."""
    right = trial.right[trial.position]
    if right.size != 1 or trial.got.shape != right.shape or alike(-trial.got, right):
        return ""
    return _path(trial) or _two_paths(trial) or _missing_factor(trial)


def _path(trial: Trial, pairs: bool = False) -> str:
    """A summand or a factor of the chain that is missing, where the function takes tensors."""
    got, right = trial.got, trial.right[trial.position]
    if got.shape != right.shape or not np.any(got) or not np.all(np.isfinite(got)):
        return ""
    return forgotten(
        trial.original, trial.arrays, trial.g, trial.position, got, right, trial.names, alike, pairs
    )


def _two_paths(trial: Trial) -> str:
    return _path(trial, pairs=True)


def _last_write(trial: Trial) -> str:
    """Was ``=`` written for ``+=``, so that only the last place of a loop is left?"""
    x, g = trial.arrays[trial.position], trial.g
    if trial.got.shape != x.shape or g.size < 2 or x.size * g.size > _WORK:
        return ""
    parts = contributions(trial.forward, trial.arrays, g, trial.position)
    lead = x.ndim
    for axes in _axes_of(g):  # those that are looped over
        others = tuple(lead + k for k in range(g.ndim) if k not in axes)
        places = parts.sum(axis=others).reshape(*x.shape, -1)
        counted = np.abs(places) > 1e-8 * np.max(np.abs(places), initial=0.0)
        last = places.shape[-1] - 1 - np.argmax(counted[..., ::-1], axis=-1)
        left = np.take_along_axis(places, last[..., None], -1)[..., 0]
        if alike(trial.got, left):
            named = f"axis {axes[0]}" if len(axes) == 1 else f"axes {axes}"
            return (
                "the last write wins: of what comes back from the places along the output's "
                f"{named}, only the last is left. Add them up, += in place of ="
            )
    return ""


def _numbers(trial: Trial) -> str:
    got, right = trial.got, trial.right[trial.position]
    if got.shape == right.shape and np.any(trial.kinks):  # there, nothing can be expected
        got, right = (np.where(trial.kinks, 0.0, a) for a in (got, right))
        if alike(got, right):
            return "it is wrong at kinks only: there, a slope between those of both sides is fair"
    found = guess(got, right)
    return found + _why_factor(got, right, trial.g) if found else ""


def _why_factor(got: Array, right: Array, g: Array) -> str:
    """A factor that is the size of some axes, or one over it, is worth a word."""
    if got.shape != right.shape or not np.any(right):
        return ""
    factor = float(np.vdot(right, got) / np.vdot(right, right))
    if not alike(got, factor * right):
        return ""
    for what, shape in (("output", g.shape), ("input", right.shape)):
        for count in range(1, len(shape) + 1):
            for axes in combinations(range(len(shape)), count):
                n = int(np.prod([shape[axis] for axis in axes]))
                if n <= 1:
                    continue
                named = f"axis {axes[0]}" if count == 1 else f"axes {axes}"
                if np.isclose(factor * n, 1, rtol=1e-4):
                    return f"; 1/{n} is the size of the {what}'s {named}: averaged, not summed?"
                if np.isclose(factor, n, rtol=1e-4):
                    return f"; {n} is the size of the {what}'s {named}: summed, not averaged?"
                if n > 2 and np.isclose(factor * (n - 1), n, rtol=1e-4):
                    return f"; that is {n}/{n - 1}: a variance divided by n - 1 instead of n?"
    return ""


def _altered(trial: Trial) -> str:
    right = trial.right[trial.position]
    for what, arrays in _alterations(trial.arrays, trial.position):
        new = _attempt(trial, trial.g, arrays)
        if new is not None and alike(new, right):
            return what
    if trial.g.ndim >= 2:
        turned = np.ascontiguousarray(np.flip(trial.g, (-2, -1)))
        new = _attempt(trial, turned, trial.arrays)
        if new is not None and alike(new, right):
            return (
                "the incoming gradient is turned around: convolved where it should be correlated?"
            )
    return ""


def _alterations(arrays: Sequence[Array], position: int) -> Iterator[tuple[str, list[Array]]]:
    """The other inputs turned around in the ways that are easily forgotten."""
    others = [j for j in range(len(arrays)) if j != position]
    for j in others:
        axes = (-2, -1) if arrays[j].ndim >= 2 else (-1,)
        if arrays[j].ndim:
            changed = list(arrays)
            changed[j] = np.ascontiguousarray(np.flip(arrays[j], axes))
            yield f"the kernel is not flipped: with input {j} turned around it is right", changed
    for j in others:
        if arrays[j].ndim >= 2:
            changed = list(arrays)
            changed[j] = np.ascontiguousarray(np.swapaxes(arrays[j], -1, -2))
            yield f"input {j} is transposed: with its last two axes exchanged it is right", changed


def _attempt(trial: Trial, g: Array, arrays: Sequence[Array]) -> Array | None:
    try:
        return trial.backward(g, arrays)[trial.position]
    except Exception:  # noqa: BLE001  an altered call may fail anyhow and then explains nothing
        return None


def _one_sample(trial: Trial) -> str:
    g = trial.g
    for sample in (0, g.shape[0] - 1) if g.ndim and g.shape[0] > 1 else ():
        only = np.zeros_like(g)
        only[sample] = g[sample]
        part = central_differences(trial.forward, trial.arrays, [only], trial.position).slopes
        if alike(trial.got, part):
            return f"the batch is not summed: only sample {sample} is counted"
    return ""


def _axes(trial: Trial) -> str:
    """For a bias: the incoming gradient, summed over some axes, is right; over others, it came."""
    sums = {
        axes: trial.g.sum(axis=axes)
        for count in range(trial.g.ndim + 1)
        for axes in combinations(range(trial.g.ndim), count)
    }
    right = [axes for axes, value in sums.items() if alike(value, trial.right[trial.position])]
    came = [axes for axes, value in sums.items() if alike(value, trial.got)]
    if right and came:
        return f"the incoming gradient is summed over axes {came[0]}; sum over axes {right[0]}"
    return ""


def _passed_on(trial: Trial) -> str:
    if alike(trial.got, trial.g):
        return "it is the incoming gradient as it came: the function's own slope is missing"
    return ""


def _missing_factor(trial: Trial) -> str:
    got, right = trial.got, trial.right[trial.position]
    for j, array in enumerate(trial.arrays):
        try:
            more, less = got * array, right * array
        except ValueError:
            continue
        if alike(more, right):
            return f"a factor is missing: multiplied by input {j} it is right"
        if alike(less, got):
            return f"it is multiplied by input {j} once too often"
    return ""


def _diagonal(trial: Trial) -> str:
    """Is the function taken for one that treats each element by itself, such as softmax?"""
    x, g = trial.arrays[trial.position], trial.g
    if x.shape != g.shape or x.size > _MOST:
        return ""
    slopes = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        only = np.zeros_like(g)
        only[index] = g[index]
        slopes[index] = central_differences(
            trial.forward, trial.arrays, [only], trial.position, indices=[index]
        ).slopes[index]
    if alike(trial.got, slopes):
        return "each output is taken to depend on the input at its own place only (the diagonal)"
    return ""
