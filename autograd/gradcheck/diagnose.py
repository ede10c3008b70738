"""What is wrong with a gradient: the first simple mistake that explains its numbers.

Here the functions that they came from are called, too; `guess` reads the numbers alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from autograd.gradcheck.guess import alike, axes_of, guess
from autograd.gradcheck.numeric import central_differences, contributions
from autograd.gradcheck.paths import forgotten

__all__ = ["Trial", "diagnose"]

Array = np.ndarray[Any, Any]

#: Of larger inputs, the diagonal of the Jacobian is not looked at.
_MOST = 2000

#: Larger Jacobians are not computed.
_WORK = 200_000

#: Of fewer numbers than these, some are where they should be by chance.
_FEW = 4


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
        written: names of the inputs that the backward function wrote into.
        whole: True if it returned whole numbers, or bools.
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
    written: Sequence[str] = ()
    whole: bool = False


def diagnose(trial: Trial) -> str:
    """The first simple mistake that explains a gradient; empty if none does."""
    tests = (_written_into, _g_unused, _as_it_came, _order, _whole, _not_proportional, _unwritten,
             _one_number, _numbers, _altered, _last_write, _one_sample, _loop_ends, _one_share, _axes,
             _missing_factor, _path, _diagonal, _two_paths, _places, _passed_on, _shape, _written_into_g)  # fmt: skip
    other = _elsewhere(trial) if trial.right[trial.position].size == 1 else None
    for test in tests:
        found = test(trial)
        # A single number has a factor, and much else, by chance: other inputs have to say the same.
        if found and (other is None or test(other) == found):
            return found
    return ""


def _elsewhere(trial: Trial) -> Trial | None:
    """The same functions at other inputs; None where they give nothing that can be compared."""
    arrays = [a * (1.37 - 0.31 * k) for k, a in enumerate(trial.arrays)]
    g = trial.g * 1.9
    got = _attempt(trial, g, arrays)
    try:
        right = [
            central_differences(trial.forward, arrays, [g], k).slopes for k in range(len(arrays))
        ]
    except Exception:  # noqa: BLE001  it need not be defined there
        return None
    if got is None or not all(np.all(np.isfinite(a)) for a in (got, *right)):
        return None
    return trial._replace(arrays=arrays, g=g, got=got, right=right)


def _written_into(trial: Trial) -> str:
    inputs = [name for name in trial.written if name != "g"]
    return _writes(inputs) if inputs else ""


def _written_into_g(trial: Trial) -> str:
    """That alone does no harm if nothing else needs it, so what else explains the numbers is better."""
    return _writes(trial.written) if trial.written else ""


def _writes(names: Sequence[str]) -> str:
    return (
        f"your function writes into {' and '.join(names)}: make a new array for the gradient "
        "(np.zeros_like), or copy"
    )


def _g_unused(trial: Trial) -> str:
    twice = _attempt(trial, 2 * trial.g, trial.arrays)
    if twice is not None and np.any(trial.got) and np.array_equal(twice, trial.got):
        return "the incoming gradient is not used: all that comes back has it as a factor"
    return ""


def _not_proportional(trial: Trial) -> str:
    """Whatever a gradient is made of, it grows in proportion to what comes in."""
    scale = float(np.max(np.abs(trial.got), initial=0.0))
    if not 0 < scale < np.inf:
        return ""
    nothing = _attempt(trial, 0 * trial.g, trial.arrays)
    if nothing is not None and np.all(np.isfinite(nothing)):
        if float(np.max(np.abs(nothing), initial=0.0)) > 1e-6 * scale:
            return (
                "with an incoming gradient of 0 something still comes back: a summand is not "
                "multiplied by the incoming gradient"
            )
    minus = _attempt(trial, -trial.g, trial.arrays)
    if minus is not None and np.all(np.isfinite(minus)) and not alike(-minus, trial.got):
        return (
            "it does not change its sign with the incoming gradient: that has to come in once, as "
            "a factor"
        )
    return ""


def _as_it_came(trial: Trial) -> str:
    return _passed_on(trial) if trial.got.shape == trial.right[trial.position].shape else ""


def _passed_on(trial: Trial) -> str:
    if np.array_equal(trial.got, trial.g):  # of a bias, `_axes` has said more
        return "it is the incoming gradient as it came: the function's own slope is missing"
    return ""


def _whole(trial: Trial) -> str:
    right = trial.right[trial.position]
    if trial.whole and np.any(np.abs(right - np.round(right)) > 1e-3):
        return (
            "it is made of whole numbers: was its array made of integers, or is there an int or a // "
            "on the way?"
        )
    return ""


def _unwritten(trial: Trial) -> str:
    """Is it right where there is anything, and are the others still zeros?"""
    got, right = trial.got, trial.right[trial.position]
    if got.shape != right.shape or got.size < 2:
        return ""
    left = (got == 0) & (np.abs(right) > 1e-6 * np.max(np.abs(right), initial=0.0))
    if np.any(left) and alike(got, np.where(left, 0.0, right)):
        return (
            f"it is right where anything is written; {np.sum(left)} of its {got.size} elements are "
            "left at 0"
        )
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
    for axes in axes_of(g):  # those that are looped over
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
                    return (
                        f"; that is {n}/{n - 1}: a mean or variance divided by n - 1 instead of n?"
                    )
    return ""


def _altered(trial: Trial) -> str:
    right = trial.right[trial.position]
    for what, arrays in _alterations(trial.arrays, trial.position, trial.names):
        new = _attempt(trial, trial.g, arrays)
        if new is not None and alike(new, right):
            return what
    if trial.g.ndim:
        axes = (-2, -1) if trial.g.ndim >= 2 else (-1,)
        turned = np.ascontiguousarray(np.flip(trial.g, axes))
        new = _attempt(trial, turned, trial.arrays)
        if new is not None and alike(new, right):
            return (
                "the incoming gradient is turned around: convolved where it should be correlated?"
            )
    return ""


def _alterations(
    arrays: Sequence[Array], position: int, names: Sequence[str]
) -> Iterator[tuple[str, list[Array]]]:
    """The inputs exchanged, or turned around in the ways that are easily forgotten."""
    others = [j for j in range(len(arrays)) if j != position]
    for j in others:
        axes = (-2, -1) if arrays[j].ndim >= 2 else (-1,)
        if arrays[j].ndim:
            changed = list(arrays)
            changed[j] = np.ascontiguousarray(np.flip(arrays[j], axes))
            yield (
                (
                    f"the kernel is not flipped, or flipped once too often: with {names[j]} turned "
                    "around it is right"
                ),
                changed,
            )
    for j in others:
        if arrays[j].ndim >= 2:
            changed = list(arrays)
            changed[j] = np.ascontiguousarray(np.swapaxes(arrays[j], -1, -2))
            yield f"{names[j]} is transposed: with its last two axes exchanged it is right", changed
    for i, j in combinations(range(len(arrays)), 2):
        if arrays[i].shape == arrays[j].shape:
            changed = list(arrays)
            changed[i], changed[j] = arrays[j], arrays[i]
            yield (
                f"it is right with {names[i]} and {names[j]} exchanged: mind which is which",
                changed,
            )


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
            if g.ndim == 1:
                return (
                    f"only the output's element {sample} is counted, not all {len(g)}: does a "
                    "return stand inside the loop?"
                )
            return f"the batch is not summed: only sample {sample} is counted"
    return ""


def _loop_ends(trial: Trial) -> str:
    """Did a loop over the output begin too late, or end too early?"""
    x, g = trial.arrays[trial.position], trial.g
    if trial.got.shape != x.shape or x.size * g.size > _WORK:
        return ""
    parts = contributions(trial.forward, trial.arrays, g, trial.position)
    for axis, n in enumerate(g.shape):
        others = tuple(x.ndim + k for k in range(g.ndim) if k != axis)
        sums = np.cumsum(parts.sum(axis=others), axis=-1)
        for count in range(1, n):
            ends = (
                ("last", sums[..., n - 1 - count]),
                ("first", sums[..., -1] - sums[..., count - 1]),
            )
            for end, part in ends:
                if alike(trial.got, part):
                    places = f"the {end} {count} places" if count > 1 else f"the {end} place"
                    when = "end too early" if end == "last" else "begin too late"
                    return (
                        f"what comes back from {places} along the output's axis {axis} is missing: "
                        f"does a loop {when}?"
                    )
    return ""


def _one_share(trial: Trial) -> str:
    """Where each output is made of a window, is there the share of one place of it only?"""
    x, g = trial.arrays[trial.position], trial.g
    if trial.got.shape != x.shape or x.ndim != g.ndim or x.size * g.size > _WORK:
        return ""
    spare = [n - m for n, m in zip(x.shape, g.shape, strict=True)]
    if not g.ndim or min(spare) < 0 or not any(spare):
        return ""
    parts = contributions(trial.forward, trial.arrays, g, trial.position)
    for offset in np.ndindex(*[k + 1 for k in spare]):
        share = np.zeros(x.shape)
        for place in np.ndindex(*g.shape):
            at = tuple(p + k for p, k in zip(place, offset, strict=True))
            share[at] += parts[at + place]
        if alike(trial.got, share):
            return (
                f"of what each output sends back, only the share of one place of its window is there, "
                f"that at {offset}: each output goes back to all that it was made of"
            )
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


def _missing_factor(trial: Trial) -> str:
    got, right = trial.got, trial.right[trial.position]
    for j, array in enumerate(trial.arrays):
        try:
            more, less = got * array, right * array
        except ValueError:
            continue
        if alike(more, right):
            return f"a factor is missing: multiplied by {trial.names[j]} it is right"
        if alike(less, got):
            return f"it is multiplied by {trial.names[j]} once too often"
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


def _places(trial: Trial) -> str:
    got, right = trial.got, trial.right[trial.position]
    if got.size == right.size and len(np.unique(right)) >= 2 and right.size >= _FEW:
        if alike(np.sort(got, axis=None), np.sort(right, axis=None)):
            return (
                "the numbers are right, but not their places: laid out along another axis (np.repeat "
                "or np.tile, reshape or a transpose)?"
            )
    return ""


def _shape(trial: Trial) -> str:
    got, right = trial.got, trial.right[trial.position]
    if got.shape != right.shape:
        return f"a gradient has the shape of its input: {right.shape}, not {got.shape}"
    return ""
