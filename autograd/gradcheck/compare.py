"""``compare``: what is wrong with a backward function that someone wrote by hand?"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import text
from autograd.core.tensor import Tensor
from autograd.gradcheck.diagnose import Trial, diagnose
from autograd.gradcheck.guess import is_nested, mismatch_map
from autograd.gradcheck.numeric import (
    MOST_LOST,
    STEP,
    Slopes,
    central_differences,
    is_limit,
    one_sided_slopes,
)

__all__ = ["Comparison", "InputComparison", "compare"]

Array = np.ndarray[Any, Any]
Backward = Callable[..., Any]


class InputComparison:
    """How the gradient by one input compares with differences.

    Attributes:
        position: which input; ``name``: what ``forward`` calls it, if that is known.
        got: what the backward function returned for it; None if nothing.
        right: the numerical gradient.
        wrong: bool, where they differ; None if the shapes do.
        index: the worst element, or None if all is right; ``value`` is the input's number there.
        kinks: ``(index, Slopes)`` of elements where the function has no gradient, since it has a
            kink there or jumps; not counted.
        hypothesis: the first simple mistake that explains the numbers; empty if none does.
    """

    def __init__(self, position: int, got: Array | None, right: Array, name: str = "") -> None:
        self.position = position
        self.name = name
        self.got = got
        self.right = right
        self.wrong: Array | None = None
        self.index: tuple[int, ...] | None = None
        self.kinks: list[tuple[tuple[int, ...], Slopes]] = []
        self.hypothesis = ""
        self.value = float("nan")

    @property
    def ok(self) -> bool:
        """True if the gradient is right."""
        return self.wrong is not None and not np.any(self.wrong)

    def text(self) -> str:
        """The comparison in words."""
        known = self.name and self.name != f"input {self.position}"
        called = f" ({self.name})" if known else ""
        head = f"input {self.position}{called}, shape {self.right.shape}: "
        lines = [head + self._verdict()]
        if not self.ok and self.got is not None:
            lines.append(f"  most likely: {self.hypothesis}" if self.hypothesis else
                         "  no simple mistake explains it: work out one of the wrong elements by hand")  # fmt: skip
        if self.wrong is not None and np.any(self.wrong) and self.wrong.ndim:
            lines += ["  wrong elements (X):", mismatch_map(self.wrong)]
        for index, slopes in self.kinks[:3]:
            lines.append(
                f"  {slopes.kind} at {index}: slope {text.number(slopes.left)} on the left, "
                f"{text.number(slopes.right)} on the right; not counted"
            )
        if len(self.kinks) > 3:
            lines.append(f"  and {len(self.kinks) - 3} more")
        return "\n".join(lines)

    def _verdict(self) -> str:
        if self.got is None:
            return "WRONG: no gradient was returned"
        if self.wrong is None:
            return f"WRONG: the gradient returned has shape {self.got.shape}"
        if self.index is None:
            return "right"
        where = (
            f"{int(np.sum(self.wrong))} of {self.wrong.size} elements; worst at {self.index}, where"
            if self.wrong.ndim
            else "where"
        )
        return (
            f"WRONG: {where} the input is {text.number(self.value)}: yours "
            f"{text.number(self.got[self.index], 8)}, numerically "
            f"{text.number(self.right[self.index], 8)}"
        )


class Comparison(text.Page):
    """What ``compare`` found; true if everything is right, and it prints as a report.

    Attributes:
        inputs: an ``InputComparison`` for each input.
        tried_with: the inputs and the incoming gradient, as text.
    """

    def __init__(self, inputs: Sequence[InputComparison], tried_with: str = "") -> None:
        self.inputs = tuple(inputs)
        self.tried_with = tried_with

    @property
    def ok(self) -> bool:
        """True if the gradients by all inputs are right."""
        return all(one.ok for one in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    def text(self, plain: bool = False) -> str:
        """The report; ``plain``: in ASCII only."""
        head = "backward is right" if self.ok else "backward is WRONG"
        tried = [] if self.ok or not self.tried_with else [f"tried with {self.tried_with}"]
        if tried and len(tried[0]) > 100:  # every array on a line of its own
            tried = ["tried with", *(f"  {each}" for each in self.tried_with.split("; "))]
        said = "\n".join([head, *(one.text() for one in self.inputs), *tried])
        return text.plain(said) if plain else said


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

    Both functions are called with plain NumPy arrays of float64, never with tensors (for functions
    of tensors there is ``func.gradcheck``). What is no input to differentiate by, such as labels or
    a stride, goes into the functions: ``lambda x: loss(x, labels)``.

    Args:
        forward: arrays in, one array (or number) out; the same every time.
        my_backward: called as ``my_backward(gradient, *inputs)``; returns one gradient per input,
            of the input's shape, in a tuple or list; alone if there is one input. None stands for
            a gradient that it does not give, and counts as wrong.
        inputs: arrays or numbers.
        gradient: incoming gradient of the output's shape; default random, since with ones many
            mistakes don't show.
        atol, rtol: allowed difference, ``atol + rtol * |value|``.
        seed: of the random gradient.

    Returns:
        A ``Comparison``: prints the worst element with both values, a map of where it is wrong,
        and the first mistake that would explain it: the incoming gradient not used, the gradients
        in another order, sign, constant factor (a mean for a sum), kernel not flipped, transposed,
        shifted by the padding, padding not taken off, batch not summed, summed over other axes,
        only the last of several writes left (``=`` for ``+=``), the function's own slope or a
        factor missing; and, where ``forward`` takes tensors, a summand or a factor of the chain
        missing, with the operations on whose way it lies. Where the function has a kink (a ReLU at 0, a
        tie in pooling) every slope between those of both sides counts as right, and is listed.

    Raises:
        TypeError: for tensors or anything else that is no array of real numbers; if a function
            cannot be called with arrays.
        ValueError: if a function fails at these inputs; if ``forward`` returns NaN or infinities,
            or other numbers the second time; if ``gradient`` has not the output's shape, or
            ``my_backward`` returns another number of gradients than there are inputs.

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
        result = _called("forward", forward, *given)
        if isinstance(result, tuple):
            raise TypeError(
                f"compare: forward returned a tuple of {len(result)}; it must return one array "
                "(compare several outputs one at a time)"
            )
        return [_real("the result of forward", result)]

    output = _steady_output(on_arrays, arrays)
    g = _incoming(gradient, output, seed)

    def backward(g: Array, given: Sequence[Array]) -> list[Array | None]:
        return _gradients(_called("my_backward", my_backward, g, *given), given)

    names = _names(forward, arrays)
    mine = [np.array(a, order="K") for a in (g, *arrays)]
    returned = _called("my_backward", my_backward, *mine, copied=True)
    changed = [
        not np.array_equal(a, b, equal_nan=True) for a, b in zip(mine, (g, *arrays), strict=True)
    ]
    written = [name for name, new in zip(["g", *names], changed, strict=True) if new]
    found = _gradients(returned, arrays)
    whole = _whole(returned, len(arrays))
    results = [
        _compare_one(on_arrays, arrays, g, k, got, atol, rtol) for k, got in enumerate(found)
    ]
    right = [one.right for one in results]
    for k, one in enumerate(results):
        one.name = names[k]
        if not one.ok and one.got is not None:
            kinks = _kinks(on_arrays, arrays, g, k)
            one.hypothesis = diagnose(
                Trial(on_arrays, backward, arrays, g, k, one.got, right, kinks, names, forward,
                      written, whole[k])
            )  # fmt: skip
    named = [f"{name} = {text.array(a)}" for name, a in zip(names, arrays, strict=True)]
    return Comparison(results, "; ".join([*named, f"g = {text.array(g)}"]))


def _names(function: Callable[..., Any], arrays: Sequence[Array]) -> list[str]:
    """What a function calls its inputs."""
    try:
        names = list(inspect.signature(function).parameters)
    except (TypeError, ValueError):
        names = []
    if len(names) != len(arrays) or not {"g", "args"}.isdisjoint(names):
        return [f"input {k}" for k in range(len(arrays))]
    return names


def _steady_output(function: Callable[..., list[Array]], arrays: Sequence[Array]) -> Array:
    """The output, which has to be finite and the same again."""
    (output,), (again,) = function(*arrays), function(*arrays)
    bad = np.argwhere(~np.isfinite(output))
    if len(bad):
        raise ValueError(
            f"compare: forward returned {output[tuple(bad[0])]} at {tuple(bad[0].tolist())}; give "
            "inputs at which it is finite"
        )
    if output.shape != again.shape or not np.array_equal(output, again):
        raise ValueError(
            "compare: forward gave other numbers for the same inputs the second time; if it draws "
            "random numbers, seed them inside"
        )
    return output


def _incoming(gradient: Any, output: Array, seed: int) -> Array:
    if gradient is None:
        random = np.random.default_rng(seed)
        return np.asarray(
            random.uniform(0.5, 1.5, output.shape) * random.choice([-1, 1], output.shape)
        )
    g = _real("gradient", gradient)
    if g.shape != output.shape:
        raise ValueError(
            f"compare: gradient has shape {g.shape}; forward returned shape {output.shape}"
        )
    return g


def _real(what: str, value: Any) -> Array:
    if isinstance(value, Tensor):
        raise TypeError(
            f"compare: {what} is a Tensor; compare works on plain NumPy arrays: forward and "
            "my_backward are called with arrays and return arrays (func.gradcheck checks "
            "functions of tensors)"
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise TypeError(
            f"compare: {what} must be an array of real numbers, got a {type(value).__name__} whose "
            "rows differ in length"
        ) from None
    if array.dtype.kind not in "fiub":
        kind = type(value).__name__ + (f" of dtype {array.dtype}" if array.dtype != object else "")
        raise TypeError(f"compare: {what} must be an array of real numbers, got {kind}")
    return np.array(array, dtype=np.float64)


def _called(what: str, function: Callable[..., Any], *arrays: Array, copied: bool = False) -> Any:
    """Call a function with copies: under suspicion, it may well write into its arguments."""
    try:
        return function(*(arrays if copied else [np.array(a, order="K") for a in arrays]))
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        shapes = ", ".join(str(np.shape(a)) for a in arrays)
        kind = TypeError if isinstance(error, (TypeError, AttributeError)) else ValueError
        first = "the incoming gradient of shape " if what == "my_backward" else "shape "
        raise kind(
            f"compare: {what} raised {type(error).__name__}: {error}. It was called with plain "
            f"NumPy arrays of float64, not tensors: {first}{shapes}"
        ) from error


def _gradients(result: Any, arrays: Sequence[Array]) -> list[Array | None]:
    """What a backward function returned, as one gradient for each input."""
    shapes = ", ".join(str(a.shape) for a in arrays)
    wanted = (
        f"the gradient of the input, of shape {shapes}"
        if len(arrays) == 1
        else f"a tuple of {len(arrays)} gradients, of shapes {shapes} (None where there is none)"
    )
    if len(arrays) == 1 and is_nested(result, arrays[0].shape):
        result = [result]
    if isinstance(result, (tuple, list)):
        several = list(result)
    elif isinstance(result, (dict, set)) or (result is None and len(arrays) > 1):
        came = "None: has it a return?" if result is None else f"a {type(result).__name__}."
        raise (ValueError if result is None else TypeError)(
            f"compare: my_backward returned {came} Return {wanted}"
        )
    else:
        several = [result]
    if len(several) != len(arrays):
        count = f"{len(several)} gradients" if len(several) != 1 else "one gradient"
        raise ValueError(
            f"compare: my_backward returned {count} for {len(arrays)} "
            f"input{'s' * (len(arrays) > 1)}; return {wanted}"
        )
    return [
        None if one is None else _real(f"gradient {k} of my_backward", one)
        for k, one in enumerate(several)
    ]


def _whole(returned: Any, count: int) -> list[bool]:
    """For each gradient that was returned, whether it is made of whole numbers."""
    several = returned if isinstance(returned, (tuple, list)) else [returned]
    if len(several) != count:
        several = [returned]
    kinds = [getattr(getattr(each, "dtype", None), "kind", "") for each in several]
    return [kind in ("i", "u", "b") for kind in kinds]


def _kinks(
    function: Callable[..., list[Array]], arrays: Sequence[Array], g: Array, position: int
) -> Array:
    """Where the function has a kink by an input: there, no simple mistake can be read off."""
    slopes, _, bends = central_differences(function, arrays, [g], position)
    found = np.zeros(slopes.shape, bool)
    for where in np.argwhere(np.abs(bends) > 1e-3 * np.maximum(1.0, np.abs(slopes))):
        index = tuple(int(n) for n in where)
        found[index] = one_sided_slopes(function, arrays, [g], position, index).kind != "smooth"
    return found


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
    lost = 0
    for where in np.argwhere(one.wrong):
        index = tuple(int(n) for n in where)
        slopes = one_sided_slopes(function, arrays, [g], position, index, STEP)
        fair = slopes.admits(float(got[index]), float(allowed[index]))
        if slopes.kind in ("kink", "smooth") and not fair and lost < MOST_LOST:
            mine = float(got[index])
            fair = is_limit(function, arrays, [g], position, index, mine, float(right[index]))
            lost += not fair
            slopes = slopes._replace(kind="kink") if fair else slopes
        if fair or slopes.kind in ("jump", "vertical", "border"):  # there is no slope
            one.wrong[index] = False
            one.kinks.append((index, slopes))
    if np.any(one.wrong):
        with np.errstate(all="ignore"):  # nothing may be allowed, and NaN is the worst to argmax
            excess = np.where(one.wrong, np.abs(got - right) / allowed, 0.0)
        one.index = tuple(int(n) for n in np.unravel_index(int(np.argmax(excess)), got.shape))
        one.value = float(arrays[position][one.index])
    return one
