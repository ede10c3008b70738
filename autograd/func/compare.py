"""``compare``: what is wrong with a backward function that someone wrote by hand?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..core.tensor import Tensor
from .guesses import guess, mismatch_map
from .numeric import STEP, Slopes, central_differences, one_sided_slopes

__all__ = ["Comparison", "InputComparison", "compare"]

Array = np.ndarray[Any, Any]
Backward = Callable[..., Any]


class InputComparison:
    """How the gradient by one input compares with differences.

    Attributes:
        position: which input.
        got: what the backward function returned for it; None if nothing.
        right: the numerical gradient.
        wrong: bool, where they differ; None if the shapes do.
        index: the worst element, or None if all is right.
        kinks: ``(index, Slopes)`` of elements where the function has no gradient; not counted.
        hypothesis: the first simple mistake that explains the numbers; empty if none does.
    """

    def __init__(self, position: int, got: Array | None, right: Array) -> None:
        self.position = position
        self.got = got
        self.right = right
        self.wrong: Array | None = None
        self.index: tuple[int, ...] | None = None
        self.kinks: list[tuple[tuple[int, ...], Slopes]] = []
        self.hypothesis = ""

    @property
    def ok(self) -> bool:
        """True if the gradient is right."""
        return self.wrong is not None and not np.any(self.wrong)

    def text(self) -> str:
        """The comparison in words."""
        head = f"input {self.position}, shape {self.right.shape}: "
        lines = [head + self._verdict()]
        if not self.ok and self.got is not None:
            lines.append(f"  most likely: {self.hypothesis}" if self.hypothesis else
                         "  no simple mistake explains it")  # fmt: skip
        if self.wrong is not None and np.any(self.wrong) and self.wrong.ndim:
            lines += ["  wrong elements (X):", mismatch_map(self.wrong)]
        for index, slopes in self.kinks[:3]:
            lines.append(
                f"  kink at {index}: slope {slopes.left:.6g} on the left, {slopes.right:.6g} on "
                "the right; not counted"
            )
        if len(self.kinks) > 3:
            lines.append(f"  and {len(self.kinks) - 3} more kinks")
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.got is None:
            return "WRONG: no gradient was returned"
        if self.wrong is None:
            return f"WRONG: the gradient returned has shape {self.got.shape}"
        if self.index is None:
            return "right"
        return (
            f"WRONG: {int(np.sum(self.wrong))} of {self.wrong.size} elements; worst at "
            f"{self.index}: yours {self.got[self.index]:.8g}, numerically "
            f"{self.right[self.index]:.8g}"
        )


class Comparison:
    """What ``compare`` found; true if everything is right, and it prints as a report.

    Attributes:
        inputs: an ``InputComparison`` for each input.
    """

    def __init__(self, inputs: Sequence[InputComparison]) -> None:
        self.inputs = tuple(inputs)

    @property
    def ok(self) -> bool:
        """True if the gradients by all inputs are right."""
        return all(one.ok for one in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    def text(self) -> str:
        """The report."""
        head = "backward is right" if self.ok else "backward is WRONG"
        return "\n".join([head, *(one.text() for one in self.inputs)])

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__

    def _repr_html_(self) -> str:
        import html

        return f"<pre>{html.escape(self.text())}</pre>"


def compare(
    forward: Callable[..., Any],
    my_backward: Backward,
    *inputs: Any,
    gradient: Any = None,
    atol: float = 1e-6,
    rtol: float = 1e-5,
    seed: int = 0,
) -> Comparison:
    """Compare a backward function, written by hand in plain NumPy, with numerical differences.

    Args:
        forward: arrays in, one array (or number) out.
        my_backward: called as ``my_backward(gradient, *inputs)``; returns one gradient per input
            (alone or in a tuple; None for inputs that it gives none for).
        inputs: arrays or numbers; they are computed with in float64.
        gradient: incoming gradient of the output's shape; default random, since with ones many
            mistakes don't show.
        atol, rtol: allowed difference, ``atol + rtol * |value|``.
        seed: of the random gradient.

    Returns:
        A ``Comparison``: prints the worst element with both values, a map of where it is wrong,
        and the first mistake that would explain it - sign, constant factor, kernel not flipped,
        transposed, batch not summed, shifted by the padding.

    Raises:
        TypeError: for tensors or anything else that is no array of real numbers.
        ValueError: if ``gradient`` has not the output's shape, or the number of gradients that
            ``my_backward`` returns is not that of the inputs.

    Example:
        >>> import numpy as np
        >>> import autograd as ag
        >>> report = ag.func.compare(np.sin, lambda g, x: -g * np.cos(x), np.array([0.1, 0.2]))
        >>> report.ok, report.inputs[0].hypothesis
        (False, 'the sign is wrong: it is minus the right gradient')
    """
    for name, function in (("forward", forward), ("my_backward", my_backward)):
        if not callable(function):
            raise TypeError(f"compare: {name} must be a function, got {type(function).__name__}")
    if not inputs:
        raise ValueError("compare: give the inputs to try the functions on")
    arrays = [_real(f"input {k}", x) for k, x in enumerate(inputs)]

    def on_arrays(*given: Array) -> list[Array]:
        return [_real("the result of forward", forward(*_copies(given)))]

    (output,) = on_arrays(*arrays)
    if gradient is None:
        random = np.random.default_rng(seed)
        g = random.uniform(0.5, 1.5, output.shape) * random.choice([-1, 1], output.shape)
    else:
        g = _real("gradient", gradient)
        if g.shape != output.shape:
            raise ValueError(
                f"compare: gradient has shape {g.shape}; forward returned shape {output.shape}"
            )
    g = np.asarray(g)
    found = _call(my_backward, g, arrays)
    if len(found) != len(arrays):
        raise ValueError(
            f"compare: my_backward returned {len(found)} gradients for {len(arrays)} inputs; "
            "return a tuple with one for each (None where there is none)"
        )
    results = []
    for k, got in enumerate(found):
        one = _compare_one(on_arrays, arrays, g, k, got, atol, rtol)
        if not one.ok and one.got is not None:
            one.hypothesis = _hypothesis(on_arrays, my_backward, arrays, g, one)
        results.append(one)
    return Comparison(results)


def _real(what: str, value: Any) -> Array:
    if isinstance(value, Tensor):
        raise TypeError(
            f"compare: {what} is a Tensor; compare works on plain NumPy functions and arrays "
            "(func.gradcheck checks functions of tensors)"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"compare: {what} must be an array of real numbers, got {type(value).__name__}"
                        f" of dtype {array.dtype}")  # fmt: skip
    return np.array(array, dtype=np.float64)


def _copies(arrays: Sequence[Array]) -> list[Array]:
    """Copies, since a function under suspicion may well write into its arguments."""
    return [np.array(a, order="K") for a in arrays]


def _call(backward: Backward, g: Array, arrays: Sequence[Array]) -> list[Array | None]:
    result = backward(np.array(g), *_copies(arrays))
    several = list(result) if isinstance(result, (tuple, list)) else [result]
    return [
        None if one is None else _real(f"gradient {k} of my_backward", one)
        for k, one in enumerate(several)
    ]


def _compare_one(
    function: Callable[..., list[Array]],
    arrays: Sequence[Array],
    g: Array,
    position: int,
    got: Array | None,
    atol: float,
    rtol: float,
) -> InputComparison:
    right, doubt, _ = central_differences(function, arrays, [g], position)
    one = InputComparison(position, got, right)
    if got is None or got.shape != right.shape:
        return one
    allowed = atol + rtol * np.abs(right) + doubt
    one.wrong = ~(np.abs(got - right) <= allowed)
    for where in np.argwhere(one.wrong):
        index = tuple(int(n) for n in where)
        slopes = one_sided_slopes(function, arrays, [g], position, index, STEP)
        if slopes.admits(float(got[index]), float(allowed[index])):
            one.wrong[index] = False
            one.kinks.append((index, slopes))
    if np.any(one.wrong):
        excess = np.where(one.wrong, np.abs(got - right) / allowed, -1.0)
        excess[np.isnan(excess)] = np.inf
        one.index = tuple(int(n) for n in np.unravel_index(int(np.argmax(excess)), got.shape))
    return one


# Hypotheses that need the functions themselves ----------------------------------------------------


def _hypothesis(
    function: Callable[..., list[Array]],
    backward: Backward,
    arrays: Sequence[Array],
    g: Array,
    one: InputComparison,
) -> str:
    k, got, right = one.position, one.got, one.right
    assert got is not None

    def attempt(new_g: Array, new_arrays: Sequence[Array]) -> Array | None:
        try:
            return _call(backward, new_g, new_arrays)[k]
        except Exception:  # noqa: BLE001  an altered call may fail anyhow and then explains nothing
            return None

    twice = attempt(2 * g, arrays)
    if twice is not None and np.any(got) and np.array_equal(twice, got):
        return "the incoming gradient is not used: multiply by it"
    simple = guess(got, right)
    if simple:
        return simple + _why_factor(got, right, g)
    for what, new_arrays in _alterations(arrays, k):
        new = attempt(g, new_arrays)
        if new is not None and _same(new, right):
            return what
    if g.ndim and g.shape[0] > 1:
        for sample in (0, g.shape[0] - 1):
            only = np.zeros_like(g)
            only[sample] = g[sample]
            if _same(got, central_differences(function, arrays, [only], k).slopes):
                return f"the batch is not summed: only sample {sample} is counted"
    return ""


def _same(a: Array, b: Array) -> bool:
    if a.shape != b.shape:
        return False
    scale = float(np.max(np.abs(b), initial=0.0))
    return scale > 0 and bool(np.all(np.abs(a - b) <= 1e-4 * scale))


def _why_factor(got: Array, right: Array, g: Array) -> str:
    """A factor of 1/n or n for the size n of an axis of the output is worth a word."""
    if got.shape != right.shape or not np.any(right):
        return ""
    factor = float(np.vdot(right, got) / np.vdot(right, right))
    for axis, n in enumerate(g.shape):
        if n > 1 and np.isclose(factor * n, 1, rtol=1e-4):
            return f"; 1/{n} is the size of the output's axis {axis}: averaged, not summed?"
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
