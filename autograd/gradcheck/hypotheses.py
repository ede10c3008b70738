"""Why a backward function is wrong: what ``guesses`` finds in the numbers, and what trying shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from autograd.gradcheck.guesses import alike, guess
from autograd.gradcheck.numeric import central_differences

__all__ = ["Trial", "hypothesis"]

Array = np.ndarray[Any, Any]

#: Of larger inputs, the diagonal of the Jacobian is not looked at.
_MOST = 2000


class Trial(NamedTuple):
    """A gradient that came out wrong, and what it was made with.

    Attributes:
        forward: arrays in, a list of one array out.
        backward: (incoming gradient, arrays) in, a gradient or None for each array out.
        arrays, g: the inputs and the incoming gradient.
        position: which input's gradient ``got`` is.
        right: the numerical gradients by all inputs.
        kinks: bool, of the input's shape: elements where the numerical gradient means nothing.
    """

    forward: Callable[..., list[Array]]
    backward: Callable[[Array, Sequence[Array]], list[Array | None]]
    arrays: Sequence[Array]
    g: Array
    position: int
    got: Array
    right: Sequence[Array]
    kinks: Array


def hypothesis(trial: Trial) -> str:
    """The first simple mistake that explains a gradient; empty if none does."""
    tests = (_g_unused, _order, _numbers, _altered, _one_sample, _axes, _passed_on,
             _missing_factor, _diagonal)  # fmt: skip
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
