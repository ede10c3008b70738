"""Dtypes of results: as wide as the floats that went in; integers and bools are weak beside them.

Every public function is called as in `tests.calls`, with tensors of one dtype, and then with one
argument after the other holding something else: integers, bools, a number, a 0-d tensor.
"""

import warnings
from typing import Any

import numpy as np
import pytest

import autograd as ag
import nn
from tests import calls

FLOATS = (np.float16, np.float32, np.float64)

#: Those whose results have a dtype of their own, as their documentation says.
OWN = {
    "autograd.astype": "it is what the call asks for",
    "autograd.explain_kernel": "it gives words",
    "autograd.scalars": "it gives tensors of single numbers",
    "autograd.bincount": "sums of whole weights are exact: float64, as NumPy's and PyTorch's",
    "autograd.float_power": "float64 is its purpose, in NumPy and in PyTorch",
}
#: Of bools something else: their sum is "or", as in NumPy; which keys may be seen.
NO_NUMBERS = {
    ("bool", "autograd.trapezoid"),
    ("bool", "nn.functional.scaled_dot_product_attention"),
}
#: Statistics of halves are kept in float32.
STATISTICS = {"autograd.normalize"}


def whole(values: Any) -> Any:
    """Positive integers, so that logarithms and roots of them exist."""
    return np.rint(np.minimum(np.abs(values), 9.0) + 1).astype(np.int64)


#: What stands in place of an argument, and what it is in floats.
WEAK = {
    "int64": whole,
    "uint8": lambda v: whole(v).astype(np.uint8),
    "bool": lambda v: v > 0,
}
EVERY = [(name, f, a) for name, f, a in calls.EVERY if calls.arrays_in(a) and name not in OWN]


def outcome(function, arguments):
    """The results, or None where the call is refused in our words."""
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", "x . t of a 0-d", ag.SpellingWarning)
            found = calls.results_of(calls.call(function, arguments))
            return [part for part in found if part.dtype.kind in "fiub"]
    except (TypeError, ValueError) as error:
        assert "ufunc" not in str(error), error
        return None


def wrong(results, dtype):
    """The dtypes of the floats among results that are not as they should be."""
    return [r.dtype.name for r in results if r.dtype.kind == "f" and r.dtype != dtype]


def tensors(arguments, change, dtype=np.float64):
    """The call with tensors: of a dtype, but for what ``change`` maps a path to."""
    for path in calls.arrays_in(arguments):
        value = calls.value_at(arguments, path)
        made = change(path, value)
        made = ag.tensor(value, dtype=dtype) if made is None else made
        arguments = calls.replaced(arguments, path, made)
    return arguments


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_of_one_dtype_give_that_dtype(dtype):
    faults = []
    for name, function, arguments in EVERY:
        results = outcome(function, calls.tensors_in(arguments, dtype))
        assert results, f"{name} refuses {dtype.__name__}"
        if name in STATISTICS:
            results = results[:1]
        faults += [(name, w) for w in wrong(results, dtype)]
    assert not faults


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("kind", WEAK)
def test_integers_and_bools_are_weak_beside_floats(kind, dtype):
    """The dtype is that of the floats, and the values are those of the same numbers as floats."""
    faults, compared = [], 0
    for name, function, arguments in EVERY:
        paths = calls.arrays_in(arguments)
        for changed in paths if len(paths) > 1 and (kind, name) not in NO_NUMBERS else ():
            weak = WEAK[kind](calls.value_at(arguments, changed))

            def beside(dtype_of_weak, changed=changed, weak=weak, arguments=arguments):
                """The call with what is weak in one place, and floats in the others."""
                put = ag.tensor(weak, dtype=dtype_of_weak)
                return tensors(arguments, lambda path, v: put if path == changed else None, dtype)

            results = outcome(function, beside(None))
            if results is None:
                continue  # as layers refuse what is no float
            shown = results[:1] if name in STATISTICS else results
            faults += [(name, changed, w) for w in wrong(shown, dtype)]
            for got, expected in zip(results, outcome(function, beside(dtype)), strict=True):
                eps = 40 * float(np.finfo(dtype).eps)
                if not np.allclose(got, expected, rtol=eps, atol=eps, equal_nan=True):
                    faults.append((name, changed, "other values"))
            compared += 1
    assert not faults
    assert compared > 60


@pytest.mark.parametrize("default", [np.float32, np.float64])
@pytest.mark.parametrize("kind", WEAK)
def test_of_integers_and_bools_alone_floats_have_the_default_dtype(kind, default):
    faults, floats = [], 0
    with ag.default_dtype(default):
        for name, function, arguments in EVERY:
            given = tensors(arguments, lambda p, v: ag.tensor(WEAK[kind](v)))
            try:
                results = outcome(function, given)
            except np.linalg.LinAlgError:
                continue  # a singular matrix
            if results is None:
                continue
            faults += [(name, w) for w in wrong(results, default)]
            found = [r for r in results if r.dtype.kind == "f"]
            floats += bool(found)
    assert not faults
    assert floats > 90


def test_functions_of_bools_and_bytes_are_computed_in_the_default_dtype():
    """NumPy computes them in float16, with three digits."""
    for values in (np.array([True, False]), np.array([1, 2], np.uint8), np.array([1, 2], np.int8)):
        x = ag.tensor(values)
        for function in ("exp", "sqrt", "tanh", "arctan", "log1p", "cbrt", "exp2"):
            got, exact = getattr(ag, function)(x), getattr(np, function)(values.astype(np.float64))
            assert got.dtype == np.float32
            np.testing.assert_allclose(got.data, exact, rtol=2e-7)
        np.testing.assert_allclose(ag.hypot(x, x).data, np.sqrt(2) * values, rtol=2e-7)


ELEMENTWISE = [
    "add", "subtract", "multiply", "divide", "maximum", "minimum", "fmax", "fmin", "logaddexp",
    "arctan2", "hypot", "copysign", "remainder", "fmod", "power", "floor_divide",
]  # fmt: skip
OPERATORS = {
    "+": lambda x, y: x + y, "-": lambda x, y: x - y, "*": lambda x, y: x * y,
    "/": lambda x, y: x / y, "**": lambda x, y: x**y, "%": lambda x, y: x % y,
    "//": lambda x, y: x // y, "@": lambda x, y: x @ y,
}  # fmt: skip
FUNCTIONS = {name: getattr(ag, name) for name in ELEMENTWISE} | OPERATORS


def test_numbers_are_weak_and_a_0d_tensor_is_not():
    """A 0-d tensor has a dtype, as an array has; it is told where it widens one."""
    x = {d: ag.tensor([0.5, 1.5, 2.5], dtype=d) for d in FLOATS}
    for name, function in FUNCTIONS.items():
        for dtype, t in x.items():
            for number in (
                () if name == "@" else (2, 2.0, True, np.float64(2), np.int64(2), np.float32(2))
            ):
                for result in (function(t, number), function(number, t)):
                    assert result.dtype == dtype, (name, dtype, number)
            for other, u in x.items():
                assert function(t, u).dtype == np.promote_types(dtype, other), (name, dtype, other)
                if name == "@":
                    continue
                wide = np.promote_types(dtype, other) != dtype
                for pair in ((t, u[0]), (u[0], t)):
                    with warnings.catch_warnings(record=True) as told:
                        warnings.simplefilter("always")
                        result = function(*pair)
                    assert result.dtype == np.promote_types(dtype, other), (name, dtype, other)
                    assert len(told) == wide, (name, dtype, other)


def test_integers_divided_and_averaged_give_the_default_dtype():
    i, j = ag.tensor([7, 2, 4]), ag.tensor([2, 2, 2])
    one = ag.tensor(3)
    for t in (i / j, i / 2, 7 / j, i / one, one / 2, one / one, i.mean(), i.std(ddof=0), i.exp(),
              one.sqrt(), i.median(axis=0), i.sigmoid(), i * 0.5, one * 0.5,
              0.5 - i, i**0.5, i**-1.0, ag.mean(i, axis=0), ag.var(i, ddof=1)):  # fmt: skip
        assert t.dtype == np.float32, t
    for t in (i + j, i * 2, i // j, i % j, i**j, i.sum(), i.max(), i.cumsum(0), i.abs(), -i, i @ j):
        assert t.dtype == np.int64, t
    model = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    loss = (model * i / one + i.mean() * model.mean() + (model > one).sum() / i.size).mean()
    loss.backward()
    assert loss.dtype == model.grad.dtype == np.float32


_WIDE = np.random.default_rng(5).uniform(0.2, 0.9, (3, 3))
_BYTES = np.array([[200, 100, 3], [2, 250, 9], [120, 4, 7]], np.uint8)
_SINGLE, _HALF = (_BYTES / 256).astype(np.float32), (_BYTES / 256).astype(np.float16)
#: By function: a call, and what stands beside float64 in it.
_BESIDE: dict[str, Any] = {
    "power": (ag.power, (_BYTES, _BYTES.astype(np.int64), _SINGLE, _HALF)),
    "trapezoid of": (lambda x, y: ag.trapezoid(x, y), (_BYTES, _BYTES > 50, _SINGLE)),
    "trapezoid at": (lambda x, y: ag.trapezoid(y, x), (_BYTES, _BYTES > 50, _SINGLE)),
    "lstsq": (lambda x, y: ag.linalg.lstsq(x, y)[0], (_BYTES, _SINGLE, _HALF)),
    "cosine": (nn.functional.cosine_similarity, (_SINGLE, _HALF)),
    "kl_div": (lambda x, y: nn.functional.kl_div(y, x, reduction="sum"), (_SINGLE, _HALF)),
    "binary_cross_entropy": (ag.binary_cross_entropy, (_BYTES % 2, _BYTES > 50, _SINGLE, _HALF)),
}  # fmt: skip


@pytest.mark.parametrize("name", _BESIDE)
def test_narrow_numbers_beside_wide_ones_round_and_wrap_nothing(name):
    call, narrow = _BESIDE[name]
    for array in narrow:
        found = []
        for given in (ag.tensor(array), ag.tensor(array.astype(np.float64))):
            y = ag.tensor(_WIDE, requires_grad=True)
            out = call(given, y)
            (g,) = ag.grad((out * np.linspace(0.5, 1.5, out.size).reshape(out.shape)).sum(), [y])
            found.append((out.detach().numpy(), g.numpy()))
        for one, other in zip(*found, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, err_msg=str(array.dtype))
