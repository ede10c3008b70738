"""``gradcheck`` and ``gradgradcheck``: are the gradient rules right?

The incoming gradient is random rather than 1, so a rule that forgets it is found. Everything is
computed in float64: in float32 a central difference has three good digits, and wrong rules pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd import text
from autograd.arguments.containers import function as checked_function
from autograd.arguments.numbers import integer, shown
from autograd.core.tensor import Tensor
from autograd.engine import grad as engine_grad
from autograd.gradcheck.guess import guess, mismatch_map
from autograd.gradcheck.numeric import (
    MOST_LOST,
    STEP,
    central_differences,
    is_limit,
    one_sided_slopes,
)

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Array = np.ndarray[Any, Any]


class GradcheckError(RuntimeError):
    """A gradient that differs from its numerical value.

    Attributes:
        input: position of the input whose gradient is wrong.
        index: its worst element.
        backward, numerical: the two values there.
        kind: ``"wrong"``, or ``"kink"`` or ``"jump"`` where the function has no gradient.
    """

    def __init__(
        self,
        message: str,
        input: int = 0,
        index: tuple[int, ...] = (),
        backward: float = float("nan"),
        numerical: float = float("nan"),
        kind: str = "wrong",
    ) -> None:
        super().__init__(message)
        self.input = input
        self.index = index
        self.backward = backward
        self.numerical = numerical
        self.kind = kind


class _Tolerance(NamedTuple):
    step: float
    atol: float
    rtol: float
    allow_kinks: bool


def gradcheck(
    function: Callable[..., Any],
    *inputs: Any,
    eps: float = STEP,
    atol: float = 1e-6,
    rtol: float = 1e-5,
    seed: int = 0,
    allow_kinks: bool = False,
    raise_exception: bool = True,
) -> bool:
    """Compare backward's gradients with central differences, with a random incoming gradient.

    Every output is checked by itself and all of them together.

    Args:
        function: of tensors, returning a tensor or a tuple of them. Deterministic.
        inputs: float64 tensors or arrays, or one tuple of them. Those that require a gradient are
            checked; all of float64 if none does. Others (integers, None) are passed on.
        eps: step of the differences, relative for numbers above 1.
        atol, rtol: allowed difference, ``atol + rtol * |value|``; what rounding can do is added.
        seed: of the random incoming gradients.
        allow_kinks: accept any slope between the two sides' where the function has a kink.
        raise_exception: False to return False instead of raising ``GradcheckError``.

    Returns:
        True if all gradients agree.

    Raises:
        GradcheckError: names the worst element, both values, and the likely mistake.
        TypeError: for inputs or outputs in float32 or float16, or no float64 input at all.
        RuntimeError: if the function gives different values for the same inputs, or other shapes
            for inputs that hardly differ.

    Example:
        >>> import numpy as np
        >>> import autograd as ag
        >>> ag.func.gradcheck(lambda x, y: x * ag.sin(y), np.array([1.0, 2.0]), np.array(0.5))
        True
    """
    checked_function("gradcheck", "function", function)
    seed = integer("gradcheck", "seed", seed, 0)
    tolerance = _Tolerance(eps, atol, rtol, allow_kinks)
    try:
        _check("gradcheck", function, _inputs("gradcheck", inputs), tolerance, seed)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    eps: float = STEP,
    atol: float = 1e-6,
    rtol: float = 1e-5,
    seed: int = 0,
    allow_kinks: bool = False,
    raise_exception: bool = True,
) -> bool:
    """Check second gradients: ``gradcheck`` of the gradient, by the inputs and by what comes in.

    Also checked: that the gradients recorded under ``create_graph`` (where fused primitives use
    their composites) equal the plain ones.

    Args:
        function, inputs, eps, atol, rtol, seed, allow_kinks, raise_exception: see ``gradcheck``.
        order: 3 checks third gradients, and so on.

    Raises:
        ValueError: for an order below 2.
        GradcheckError, TypeError, RuntimeError: see ``gradcheck``.

    Example:
        >>> import numpy as np
        >>> import autograd as ag
        >>> ag.func.gradgradcheck(lambda x: x ** 3, np.array([1.0, -2.0]))
        True
    """
    checked_function("gradgradcheck", "function", function)
    seed = integer("gradgradcheck", "seed", seed, 0)
    if not isinstance(order, int) or isinstance(order, bool) or order < 2:
        raise ValueError(
            f"gradgradcheck: order must be an integer of at least 2, got {shown(order)}"
        )
    tolerance = _Tolerance(eps, atol, rtol, allow_kinks)
    arguments = _inputs("gradgradcheck", inputs)
    random = np.random.default_rng(seed + 1)
    try:
        for _ in range(order - 1):
            _compare_recorded(function, arguments, random)
            function, arguments = _gradient_function(function, arguments, random)
        _check("gradgradcheck", function, arguments, tolerance, seed)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


# Inputs and outputs -------------------------------------------------------------------------------


class _Argument(NamedTuple):
    value: Any
    checked: bool


def _inputs(who: str, given: tuple[Any, ...]) -> list[_Argument]:
    if len(given) == 1 and isinstance(given[0], (list, tuple)):
        given = tuple(given[0])
    some = any(isinstance(x, Tensor) and x.requires_grad for x in given)
    arguments = []
    for k, x in enumerate(given):
        dtype = getattr(x, "dtype", np.dtype(np.float64) if isinstance(x, float) else None)
        if dtype is not None and dtype.kind == "f" and dtype != np.float64:
            raise TypeError(
                f"{who}: input {k} is {dtype}; differences need float64: x.astype(np.float64)"
            )
        if dtype == np.float64:
            value = np.array(x._data if isinstance(x, Tensor) else x, order="K")
            needed = x.requires_grad if isinstance(x, Tensor) else False
            arguments.append(_Argument(value, needed or not some))
        else:
            arguments.append(_Argument(x, False))
    if not any(a.checked for a in arguments):
        raise TypeError(f"{who}: no input is a float64 tensor or array, so nothing can be checked")
    return arguments


def _leaves(arguments: Sequence[_Argument]) -> list[Any]:
    return [
        Tensor(a.value, requires_grad=a.checked) if isinstance(a.value, np.ndarray) else a.value
        for a in arguments
    ]


def _outputs(who: str, result: Any) -> list[Tensor]:
    outputs = list(result) if isinstance(result, (list, tuple)) else [result]
    kept = []
    for k, out in enumerate(outputs):
        if not isinstance(out, Tensor):
            raise TypeError(
                f"{who}: output {k} of the function is {type(out).__name__}; it must be a Tensor"
            )
        if out.dtype.kind != "f":
            continue  # indices and masks have no gradient
        if out.dtype != np.float64:
            raise TypeError(
                f"{who}: output {k} is {out.dtype} although the inputs are float64; "
                "somewhere the function leaves float64"
            )
        kept.append(out)
    if not kept:
        raise TypeError(f"{who}: the function has no float64 output")
    return kept


def _gradients(
    outputs: Sequence[Tensor], weights: Sequence[Array | None], leaves: Sequence[Tensor],
    create_graph: bool = False,
) -> list[Any]:  # fmt: skip
    """Backward's gradients of the weighted outputs; None where nothing leads to a leaf."""
    pairs = [
        (o, w) for o, w in zip(outputs, weights, strict=True) if w is not None and o.requires_grad
    ]
    if not pairs:
        return [None] * len(leaves)
    return list(
        engine_grad(
            [o for o, _ in pairs],
            list(leaves),
            [w if isinstance(w, Tensor) else Tensor(w) for _, w in pairs],
            retain_graph=True,
            create_graph=create_graph,
            allow_unused=True,
        )
    )


# The checks ---------------------------------------------------------------------------------------


def _check(
    who: str,
    function: Callable[..., Any],
    arguments: Sequence[_Argument],
    tolerance: _Tolerance,
    seed: int,
) -> None:
    positions = [k for k, a in enumerate(arguments) if a.checked]

    def on_arrays(*arrays: Array) -> list[Array]:
        changed = list(arguments)
        for k, array in zip(positions, arrays, strict=True):
            changed[k] = _Argument(array, True)
        found = [np.asarray(o._data) for o in _outputs(who, function(*_leaves(changed)))]
        came = [o.shape for o in found]
        if came != shapes:
            raise RuntimeError(
                f"{who}: the function's output shapes depend on the inputs' values: {shapes} at the "
                f"inputs, {came} next to them. Such a function cannot be differentiated here; fix "
                "what is selected (the mask, the indices) outside of it"
            )
        return found

    tensors = _leaves(arguments)
    before = [np.copy(t._data) if isinstance(t, Tensor) else None for t in tensors]
    outputs = _outputs(who, function(*tensors))
    _unwritten(who, tensors, before)
    shapes = [o.shape for o in outputs]
    arrays = [arguments[k].value for k in positions]
    for first, again in zip(outputs, on_arrays(*arrays), strict=True):
        if not np.array_equal(first._data, again, equal_nan=True):
            raise RuntimeError(
                f"{who}: the function gives different values for the same inputs; "
                "fix its random numbers (seeds, dropout) first"
            )
    random = np.random.default_rng(seed)
    weights = [random.uniform(0.5, 1.5, o.shape) * random.choice([-1, 1], o.shape) for o in outputs]
    for chosen in _choices(weights):
        leaves = [tensors[k] for k in positions]
        found = _gradients(outputs, chosen, leaves)
        for place, (k, gradient) in enumerate(zip(positions, found, strict=True)):
            shape = arguments[k].value.shape
            got = np.zeros(shape) if gradient is None else np.asarray(gradient._data)
            try:
                _compare_with_differences(who, on_arrays, arrays, chosen, place, k, got, tolerance)
            except GradcheckError as error:
                doubled = [None if w is None else 2.0 * w for w in chosen]
                again = _gradients(outputs, doubled, leaves)[place]
                if again is not None and np.any(got) and np.array_equal(again._data, got):
                    said = "the incoming gradient g is not used: multiply by it"
                    error.args = (f"{str(error).rstrip()}\nLikeliest mistake: {said}.",)
                raise


def _unwritten(who: str, tensors: Sequence[Any], before: Sequence[Array | None]) -> None:
    """Refuse a function that writes into its inputs: its differences would be taken elsewhere."""
    for k, (tensor, array) in enumerate(zip(tensors, before, strict=True)):
        if array is not None and not np.array_equal(tensor._data, array, equal_nan=True):
            raise RuntimeError(
                f"{who}: the function writes into its input {k} (shape {array.shape}), which is the "
                "caller's and not its own; compute a new array, as in x = x * 2 for x *= 2, or "
                "begin with x = x.copy()"
            )


def _choices(weights: list[Array]) -> list[list[Array | None]]:
    """Every output alone, then all together: rules must cope with unused outputs, too."""
    whole: list[list[Array | None]] = [list(weights)]
    if len(weights) == 1:
        return whole
    alone = [[w if j == k else None for j, w in enumerate(weights)] for k in range(len(weights))]
    return [*alone, *whole]


def _compare_with_differences(
    who: str,
    function: Callable[..., Sequence[Array]],
    arrays: Sequence[Array],
    weights: Sequence[Array | None],
    place: int,
    position: int,
    got: Array,
    tolerance: _Tolerance,
) -> None:
    right, doubt, _ = central_differences(function, arrays, weights, place, tolerance.step)
    allowed = tolerance.atol + tolerance.rtol * np.abs(right) + doubt
    difference = np.abs(got - right)
    wrong = ~(difference <= allowed)  # NaN is wrong, too
    kinks: list[tuple[tuple[int, ...], Any]] = []
    lost = 0
    for where in np.argwhere(wrong):
        index = tuple(int(n) for n in where)
        slopes = one_sided_slopes(function, arrays, weights, place, index, tolerance.step)
        mine, slope = float(got[index]), float(right[index])
        fair = slopes.kind == "kink" and slopes.admits(mine, float(allowed[index]))
        if slopes.kind in ("kink", "smooth") and not fair and lost < MOST_LOST:
            fair = is_limit(function, arrays, weights, place, index, mine, slope)
            lost += not fair
        if slopes.kind in ("kink", "smooth") and not fair:
            continue
        wrong[index] = False
        kinks.append((index, slopes))
    if np.any(wrong):
        raise _wrong(who, position, got, right, wrong, allowed)
    if kinks and not (tolerance.allow_kinks and all(s.kind in _PASSING for _, s in kinks)):
        index, slopes = kinks[0]
        raise GradcheckError(
            f"{who}: input {position} (shape {got.shape}) is {_PLACES[slopes.kind]} at index {index}: "
            f"the slope is {text.number(slopes.left, 8)} on the left and {text.number(slopes.right, 8)} on the right; "
            f"backward gives {text.number(got[index], 8)}. No gradient can be checked there; move the input "
            "away from it, or pass allow_kinks=True",
            position, index, float(got[index]), float(right[index]), slopes.kind,
        )  # fmt: skip


_PASSING = ("kink", "smooth")  # smooth along each axis, as a median of equal elements is
_PLACES = {
    "kink": "at a kink",
    "smooth": "where several kinks meet",
    "jump": "at a jump",
    "vertical": "where the function is infinitely steep,",
    "border": "at the border of the domain",
}


def _wrong(
    who: str, position: int, got: Array, right: Array, wrong: Array, allowed: Array
) -> GradcheckError:
    with np.errstate(all="ignore"):  # nothing may be allowed, and NaN is the worst to argmax
        excess = np.where(wrong, np.abs(got - right) / allowed, 0.0)
    index = tuple(int(n) for n in np.unravel_index(int(np.argmax(excess)), got.shape))
    hint = guess(got, right)
    said = (
        f"{who}: the gradient of input {position} (shape {got.shape}) is wrong at index {index}: "
        f"backward gives {text.number(got[index], 10)}, differences give {text.number(right[index], 10)} "
        f"(allowed difference {text.number(allowed[index], 2)}). "
        f"{int(np.sum(wrong))} of {wrong.size} elements are wrong"
    )
    said += f".\nLikeliest mistake: {hint}." if hint else "."
    if wrong.ndim and 1 < wrong.size <= 4096:
        said += f"\nWrong elements (X):\n{mismatch_map(wrong)}"
    return GradcheckError(said, position, index, float(got[index]), float(right[index]))


# Second order -------------------------------------------------------------------------------------


def _incoming(
    function: Callable[..., Any], arguments: Sequence[_Argument], random: np.random.Generator
) -> list[Array]:
    outputs = _outputs("gradgradcheck", function(*_leaves(arguments)))
    # asarray: for a 0-d output the random numbers come as Python floats.
    return [
        np.asarray(random.uniform(0.5, 1.5, o.shape) * random.choice([-1, 1], o.shape))
        for o in outputs
    ]


def _gradient_function(
    function: Callable[..., Any], arguments: Sequence[_Argument], random: np.random.Generator
) -> tuple[Callable[..., Any], list[_Argument]]:
    """The gradient as a function of the inputs and of the incoming gradients."""
    incoming = _incoming(function, arguments, random)
    count = len(arguments)
    positions = [k for k, a in enumerate(arguments) if a.checked]

    def gradient(*values: Any) -> tuple[Tensor, ...]:
        inputs, weights = values[:count], values[count:]
        outputs = _outputs("gradgradcheck", function(*inputs))
        leaves = [inputs[k] for k in positions]
        found = _gradients(outputs, weights, leaves, create_graph=True)
        return tuple(
            Tensor(np.zeros(t.shape)) if g is None else g
            for t, g in zip(leaves, found, strict=True)
        )

    return gradient, [*arguments, *(_Argument(w, True) for w in incoming)]


def _compare_recorded(
    function: Callable[..., Any], arguments: Sequence[_Argument], random: np.random.Generator
) -> None:
    """Gradients recorded under create_graph must be those computed without."""
    weights = _incoming(function, arguments, random)
    positions = [k for k, a in enumerate(arguments) if a.checked]
    results = []
    for create_graph in (False, True):
        tensors = _leaves(arguments)
        outputs = _outputs("gradgradcheck", function(*tensors))
        leaves = [tensors[k] for k in positions]
        results.append(_gradients(outputs, weights, leaves, create_graph))
    for k, plain, recorded in zip(positions, *results, strict=True):
        shape = arguments[k].value.shape
        a = np.zeros(shape) if plain is None else np.asarray(plain._data)
        b = np.zeros(shape) if recorded is None else np.asarray(recorded._data)
        scale = max(1.0, float(np.max(np.abs(a), initial=0.0)))
        wrong = ~((np.abs(a - b) <= 1e-9 * scale) | (np.isnan(a) & np.isnan(b)))
        if np.any(wrong):
            index = tuple(int(n) for n in np.argwhere(wrong)[0])
            raise GradcheckError(
                f"gradgradcheck: the gradient of input {k} at index {index} is {text.number(a[index], 10)}, "
                f"but {text.number(b[index], 10)} under create_graph: a composite, or a rule that treats "
                "tensors and arrays differently, disagrees",
                k, index, float(b[index]), float(a[index]),
            )  # fmt: skip
