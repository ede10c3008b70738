"""Numbers and lists take the precision of what they stand beside, to the last bit, everywhere.

The cases are generated from the sound calls of all public functions: each array in turn is given
as nested lists or tuples, each number as an array, beside tensors of each dtype.
"""

import inspect

import numpy as np
import pytest

import autograd as ag
from autograd.methods import METHODS, OPERATORS
from tests import calls, pytorch_calls

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

#: Functions of which a list is no array, but says how the arrays lie; and draws of random numbers.
NOT_ARRAYS = {"autograd.block", "autograd.explain_kernel"}
RANDOM = {f"autograd.{name}" for name in ("rand", "randn", "normal", "uniform")}
RANDOM.add("nn.functional.gumbel_softmax")

TOGETHER = [
    pytest.param(function, arguments, id=name)
    for name, function, arguments in calls.EVERY
    if len(calls.arrays_in(arguments)) > 1 and name not in NOT_ARRAYS
]
TOGETHER += [
    pytest.param(function, arguments, id=name)
    for name, (function, arguments) in (pytorch_calls.PYTORCHS | pytorch_calls.TOGETHER).items()
    if len(calls.arrays_in(arguments)) > 1
]
WITH_NUMBERS = [
    pytest.param(function, arguments, id=name)
    for name, function, arguments in calls.EVERY
    if any(type(value) is float for value in arguments.values()) and name not in RANDOM
]


def as_tuples(value):
    return tuple(map(as_tuples, value)) if isinstance(value, list) else value


def assert_same_bits(got, want, what):
    got, want = calls.results_of(got), calls.results_of(want)
    assert [a.dtype for a in got] == [a.dtype for a in want], what
    assert [a.tobytes() for a in got] == [a.tobytes() for a in want], what


@pytest.mark.parametrize(("function", "arguments"), TOGETHER)
def test_lists_beside_doubles_are_doubles(function, arguments):
    tensors = calls.tensors_in(arguments)
    want = calls.call(function, tensors)
    for path in calls.arrays_in(arguments):
        nested = calls.value_at(arguments, path).tolist()
        for given in (nested, as_tuples(nested)):
            assert_same_bits(calls.call(function, calls.replaced(tensors, path, given)), want, path)
        # And beside plain arrays, where no tensor is.
        plain = calls.call(function, calls.replaced(arguments, path, nested))
        assert_same_bits(plain, calls.call(function, arguments), path)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize(("function", "arguments"), TOGETHER)
def test_lists_beside_narrower_tensors_do_not_widen_them(function, arguments, dtype):
    tensors = calls.tensors_in(arguments, dtype)
    want = [a.dtype for a in calls.results_of(calls.call(function, tensors))]
    for path in calls.arrays_in(arguments):
        nested = calls.value_at(arguments, path).tolist()
        got = calls.call(function, calls.replaced(tensors, path, nested))
        assert [a.dtype for a in calls.results_of(got)] == want, path


@pytest.mark.parametrize("name", pytorch_calls.ALONE)
def test_lists_alone_have_the_default_dtype_also_under_pytorchs_names(name):
    function, x = pytorch_calls.ALONE[name], abs(pytorch_calls.A[:, :1]) / 2
    x = x[:, 0] if name == "combinations" else x
    assert_same_bits(function(x.tolist()), function(ag.tensor(x.tolist())), name)


@pytest.mark.parametrize(("function", "arguments"), WITH_NUMBERS)
def test_numbers_beside_doubles_are_doubles(function, arguments):
    tensors = calls.tensors_in(arguments)
    want = calls.call(function, tensors)
    for name, value in arguments.items():
        if type(value) is not float:
            continue
        for given in (np.float64(value), np.array(value), ag.tensor(value, dtype=np.float64)):
            try:
                got = calls.call(function, {**tensors, name: given})
            except (TypeError, ValueError) as error:  # a function may want a number here
                assert name in str(error)
                continue
            assert_same_bits(got, want, (name, type(given)))


BINARY = [n for n in OPERATORS if n[2:-2] in
          ("add radd sub rsub mul rmul truediv rtruediv floordiv mod pow rpow").split()]  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
def test_operators(name):
    x, y = calls.POSITIVE, calls.positive(3, 4, seed=5)
    want = getattr(ag.tensor(x), name)(ag.tensor(y))
    assert_same_bits(getattr(ag.tensor(x), name)(y.tolist()), want, name)
    single = getattr(ag.tensor(x.astype(np.float32)), name)(y.tolist())
    assert single.dtype == np.float32


@pytest.mark.parametrize("name", ["add", "sub", "mul", "truediv"])
def test_operators_in_place_and_writes(name):
    y = calls.N.tolist()
    t = ag.tensor(calls.M)
    getattr(t, f"__i{name}__")(y)
    assert_same_bits(t, getattr(calls.M, f"__{name}__")(calls.N), name)
    t[...] = y
    assert_same_bits(t, calls.N, "t[...] =")


def forms():
    """The methods of tensors and NumPy's own functions that begin with several arrays."""
    for name, function, arguments in calls.EVERY:
        names, short = list(inspect.signature(function).parameters), name.rpartition(".")[2]
        arrays = [n for n in names if (n,) in calls.arrays_in(arguments)]
        if len(arrays) < 2 or names[:2] != arrays[:2] or "nn." in name:
            continue
        values = [ag.tensor(arguments[n]) for n in arrays[: 3 if short == "interp" else 2]]
        if isinstance(METHODS.get(short), str):
            yield pytest.param(getattr(ag.Tensor, short), values, id=f"Tensor.{short}")
        numpys = getattr(np.linalg if "linalg" in name else np, short, None)
        if numpys is not None and short not in ("tensordot", "convolve", "correlate"):
            yield pytest.param(numpys, values, id=f"np.{name}")


@pytest.mark.parametrize(("function", "tensors"), list(forms()))
def test_methods_and_numpys_functions(function, tensors):
    first, second, *rest = tensors
    assert_same_bits(function(first, second.tolist(), *rest), function(*tensors), function)


def test_a_constant_keeps_the_precision_that_is_asked_for():
    assert ag.full((1,), 0.1, dtype=np.float64).item() == 0.1
    assert ag.full((1,), 1e300, dtype=np.float64).item() == 1e300
    assert ag.full_like(np.ones(1), 0.1).item() == 0.1
    assert ag.full((1,), 0.1).dtype == np.float32
    assert ag.pad(ag.tensor(np.zeros(1)), 1, constant_values=0.1).tolist() == [0.1, 0.0, 0.1]


# Integers beside floats ---------------------------------------------------------------------------

TWO = [
    pytest.param(getattr(ag, name), id=name)
    for name in "add subtract multiply divide maximum minimum power arctan2 hypot logaddexp "
    "floor_divide remainder fmod copysign matmul dot inner outer vdot kron".split()
] + [
    pytest.param(lambda x, y: ag.where(np.eye(3) > 0, x, y), id="where"),
    pytest.param(lambda x, y: ag.clip(x, y, 100), id="clip"),
    pytest.param(lambda x, y: ag.concatenate([x, y]), id="concatenate"),
    pytest.param(lambda x, y: ag.stack([x, y]), id="stack"),
    pytest.param(lambda x, y: ag.einsum("ij,jk->ik", x, y), id="einsum"),
    pytest.param(lambda x, y: ag.tensordot(x, y, 1), id="tensordot"),
    pytest.param(lambda x, y: ag.append(x, y), id="append"),
]


@pytest.mark.parametrize("whole", [np.int64, np.int32, np.int16, np.uint8])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("function", TWO)
def test_integers_beside_floats_do_not_widen_them(function, dtype, whole):
    numbers = np.arange(1, 10).reshape(3, 3)
    x, n = ag.tensor(numbers + 0.5, dtype=dtype, requires_grad=True), numbers.astype(whole)
    for given in (ag.tensor(n), n):
        for out in (function(x, given), function(given, x)):
            assert out.dtype == dtype
            x.grad = None
            out.sum().backward()
            assert x.grad.dtype == dtype
    want = function(x, ag.tensor(n, dtype=dtype))
    np.testing.assert_allclose(function(x, ag.tensor(n)).data, want.data, rtol=2e-3)


def test_integers_divided_by_integers_give_the_default_dtype():
    n = ag.tensor([1, 2])
    for out in (n / n, n / 2, 1 / n, n * 0.5, n**-1.0, ag.hypot(n, n)):
        assert out.dtype == np.float32
    with ag.default_dtype(np.float64):
        assert (n / n).dtype == np.float64
    assert (n + n).dtype == (n // 2).dtype == np.int64
