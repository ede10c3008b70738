"""Every function of the extension between guard pages, with arguments of all kinds, good and bad.

Each is called on arrays that begin right behind a page that nobody may touch, or end right before one: a
single byte read or written beside an array ends the process. The results, bit by bit, are those on
ordinary arrays. Then one argument at a time is replaced by something else: it is refused, or read for
what it is. A function without an entry in ``CALLS`` fails.
"""

import ctypes
import mmap
import re
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograd.kernels import native

from .conftest import SETS
from .test_pooling import packed, random_window

REFUSALS = (TypeError, ValueError, MemoryError)
PAGE = mmap.PAGESIZE
SPECIAL = [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-42, -1e-310, 3e38, 1.0, -120.0]

#: Numbers that are no size, stride or padding of these arrays, or wrong ones, or no integers.
NO_SIZES = (-1, 0, 2**41, 2**62, 2**63 - 1, 2**64, -(2**63), True, 1.0, None)

if native.library is None:
    pytest.skip("the native kernels were not built, or are switched off", allow_module_level=True)


class Out(NamedTuple):
    """An array that the function writes; what is in it before counts only where it is ``kept``."""

    array: np.ndarray
    kept: bool = False


class Draw:
    """Random sizes and arrays of one type; every few numbers one is special."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.dtype = self.rng.choice([np.float32, np.float64])
        self.special = self.rng.random() < 0.3

    def size(self, most=40):
        return int(self.rng.choice([1, 2, 3, most, self.rng.integers(1, most + 1)]))

    def array(self, *shape):
        x = self.rng.standard_normal(shape) * 3
        if self.special:
            x = np.where(self.rng.random(shape) < 0.1, self.rng.choice(SPECIAL, shape), x)
        with np.errstate(over="ignore"):
            return np.asarray(x, self.dtype)

    def out(self, *shape):
        return Out(np.empty(shape, self.dtype))

    def maybe(self, array):
        return array if self.rng.random() < 0.5 else None


# A call of each function: its arguments ------------------------------------------------------------


HEADER = Path(native.__file__).with_name("elementwise.h").read_text()
UNARY, BINARY = (
    re.findall(r"F\((\w+)\)", HEADER.split(f"#define {which}(F)")[1].split("\n\n")[0])
    for which in ("UNARY", "BINARY")
)


def unary(d):
    shape = [d.size(70) for _ in range(d.rng.integers(1, 4))]
    name = str(d.rng.choice(UNARY))
    return [name, d.array(*shape), 0.5, 2.0, d.out(*shape)]


def binary(d):
    shape = [d.size(70) for _ in range(d.rng.integers(1, 4))]
    name = str(d.rng.choice(BINARY))
    return [name, d.array(*shape), d.array(*shape), 0.5, 2.0, d.out(*shape)]


def matmul(d, *bias):
    m, k, n = (d.size() for _ in range(3))
    return [d.array(m, k), d.array(k, n), *(d.maybe(d.array(n)) for _ in bias), d.out(m, n)]


def window(d):
    sizes, outputs, found = random_window(d.rng, int(d.rng.integers(1, 4)), d.rng.random() < 0.5)
    lead = d.size(3), d.size(3)
    divisors = float(d.size()) if d.rng.random() < 0.5 else abs(d.array(*outputs)) + 1
    return (*lead, *sizes), (*lead, *outputs), packed(*found), divisors


def max_pool(d):
    x, y, found, _ = window(d)
    return [d.array(*x), found, d.out(*y)]


def max_pool_gradient(d):
    x, y, found, _ = window(d)
    x, values = d.array(*x), np.empty(y, d.dtype)
    native.library.max_pool(x, found, values)
    return [d.array(*y), x, values, found, d.out(*x.shape)]


def avg_pool(d):
    x, y, found, divisors = window(d)
    return [d.array(*x), found, divisors, d.out(*y)]


def avg_pool_gradient(d):
    x, y, found, divisors = window(d)
    return [d.array(*y), found, divisors, d.out(*x)]


def geometry(d):
    rank = int(d.rng.integers(1, 4))
    groups, n = d.size(3), d.size(3)
    c, o = int(d.rng.choice([1, 1, 2, 5])), d.size(5)
    kernel, stride, dilation = (d.rng.integers(1, top, rank) for top in (4, 4, 3))
    low, out = d.rng.integers(0, 3, rank), d.rng.choice([1, 2, 3, 7, 17], rank)
    reach = (out - 1) * stride + (kernel - 1) * dilation + 1
    size = np.maximum(reach - low - d.rng.integers(0, 2, rank), 1)
    fill = lambda value, numbers: [value] * (3 - rank) + [int(v) for v in numbers]
    numbers = (groups, *fill(1, stride), *fill(0, low), *fill(1, dilation))
    return (n, c * groups, *size), (o * groups, c, *kernel), (n, o * groups, *out), numbers


def correlate(d):
    x, w, y, numbers = geometry(d)
    return [d.array(*x), d.array(*w), d.maybe(d.array(w[0])), d.out(*y), numbers]


def correlate_input(d):
    x, w, y, numbers = geometry(d)
    return [d.array(*y), d.array(*w), d.out(*x), numbers]


def correlate_weight(d):
    x, w, y, numbers = geometry(d)
    return [d.array(*x), d.array(*y), d.out(*w), numbers]


def simplex(d, ins):
    shape = [d.size(4), d.size(30), *(() if d.rng.random() < 0.5 else (d.size(70),))]
    axis = int(d.rng.integers(len(shape)))
    return [*(d.array(*shape) for _ in range(ins)), axis, d.out(*shape)]


def classes_of(d):
    """The shape of logits, their classes, of which one may be ignored, a weight, what is ignored."""
    n, c, *space = (d.size(4), d.size(), *(() if d.rng.random() < 0.5 else (d.size(),)))
    classes = d.rng.integers(0, c, (n, *space))
    return (n, c, *space), classes, d.maybe(d.array(c)), int(d.rng.integers(-1, c))


def cross_entropy(d):
    shape, classes, *rest = classes_of(d)
    return [d.array(*shape), classes, *rest, d.out(*shape), d.out(*classes.shape)]


def cross_entropy_gradient(d):
    shape, classes, *rest = classes_of(d)
    share = 0.5 if d.rng.random() < 0.5 else d.array(*classes.shape)
    return [share, 0, d.array(*shape), classes, *rest, d.out(*shape)]


def add_rows(d):
    count, rows, width = d.size(), d.size(), d.size()
    return [d.array(count, width), d.rng.integers(-rows, rows, count), d.out(rows, width)]


def sizes_of_norm(d, channels):
    sizes = (
        d.size(9),
        *(() if channels else (d.size(3),)),
        d.size(20),
        int(d.rng.choice([1, 1, 5, 40])),
    )
    statistics = (sizes[1],) if channels else sizes[:2]
    return sizes, (sizes[1],) if channels else sizes[1:3], statistics


def norm(d, channels):
    sizes, parameters, statistics = sizes_of_norm(d, channels)
    weight, bias = (d.maybe(d.array(*parameters)) for _ in range(2))
    outs = [d.out(*statistics) for _ in range(3)]
    return [d.array(*sizes), weight, bias, sizes, 1e-5, d.out(*sizes), *outs]


def norm_gradient(d, channels):
    sizes, parameters, statistics = sizes_of_norm(d, channels)
    weight = d.maybe(d.array(*parameters))
    like = statistics if weight is None else parameters
    return [d.array(*sizes), d.array(*sizes), weight, d.array(*statistics), abs(d.array(*statistics)),
            sizes, d.out(*sizes), d.out(*like), d.out(*like)]  # fmt: skip


def channel_sums(d):
    sizes, parameters, _ = sizes_of_norm(d, True)
    return [d.array(*sizes), sizes, d.out(*parameters)]


def optimizer(d, buffers, numbers):
    made = []
    for _ in range(d.size(4)):
        shape = [d.size(70) for _ in range(d.rng.integers(1, 3))]
        kept = [Out(abs(d.array(*shape)), True) for _ in range(buffers)]
        last = d.maybe(kept.pop())
        made.append((Out(d.array(*shape), True), d.array(*shape), *kept, last))
    return [made, *numbers]


CALLS = {
    "unary": unary,
    "binary": binary,
    "matmul": lambda d: matmul(d, "bias"),
    "matmul_if_faster": matmul,
    "max_pool": max_pool,
    "max_pool_gradient": max_pool_gradient,
    "avg_pool": avg_pool,
    "avg_pool_gradient": avg_pool_gradient,
    "correlate": correlate,
    "correlate_input": correlate_input,
    "correlate_weight": correlate_weight,
    "softmax": lambda d: simplex(d, 1),
    "softmax_gradient": lambda d: simplex(d, 2),
    "log_softmax": lambda d: simplex(d, 1),
    "log_softmax_gradient": lambda d: simplex(d, 2),
    "cross_entropy": cross_entropy,
    "cross_entropy_gradient": cross_entropy_gradient,
    "norm_rows": lambda d: norm(d, False),
    "rms_rows": lambda d: norm(d, False),
    "rms_rows_gradient": lambda d: norm_gradient(d, False),
    "norm_channels": lambda d: norm(d, True),
    "norm_rows_gradient": lambda d: norm_gradient(d, False),
    "norm_channels_gradient": lambda d: norm_gradient(d, True),
    "channel_sums": channel_sums,
    "add_rows": add_rows,
    "sgd": lambda d: optimizer(d, 1, (0.1, 0.9, 0.0, 0.1, False, False, False)),
    "adam": lambda d: optimizer(d, 3, (0.1, 0.9, 1e-8, 0.9, 0.99, 0.1, 1.0, False)),
}  # fmt: skip

#: They read no element of an array.
WITHOUT_ELEMENTS = {
    "alike", "cached_bytes", "empty_cache", "get_num_threads", "instruction_set", "instruction_sets",
    "plain", "set_num_threads", "started_threads", "use_instruction_set",
}  # fmt: skip

# Where arrays lie ---------------------------------------------------------------------------------


def _guarded(array, at_the_end):
    """A copy between two pages that must not be touched, right behind the first or before the second."""
    inside = -(-max(array.nbytes, 1) // PAGE) * PAGE
    memory = mmap.mmap(-1, inside + 2 * PAGE)
    whole = np.frombuffer(memory, np.uint8)
    protect = ctypes.CDLL(None, use_errno=True).mprotect
    for page in (0, inside + PAGE):
        address = ctypes.c_void_p(whole.ctypes.data + page)
        assert protect(address, ctypes.c_size_t(PAGE), 0) == 0
    begin = PAGE + (inside - array.nbytes if at_the_end else 0)
    copy = whole[begin : begin + array.nbytes].view(array.dtype).reshape(array.shape)
    copy[...] = array
    return copy


def over(arguments, change):
    """Arguments with ``change(array)`` or ``change(Out)`` in place of each array, nested ones too."""
    if isinstance(arguments, (np.ndarray, Out)):
        return change(arguments)
    if isinstance(arguments, (list, tuple)):
        return type(arguments)(over(a, change) for a in arguments)
    return arguments


def arrays_of(arguments):
    """All arrays in order, plain and ``Out``."""
    found = []
    over(arguments, found.append)
    return found


def run(name, arguments, place):
    """What the function returns and the bytes it leaves in each array, placed by ``place(array)``."""
    placed = []

    def put(a):
        source = a.array if isinstance(a, Out) else a
        array = place(source)
        if isinstance(a, Out) and not a.kept:
            array[...] = 7  # every element is written
        elif not isinstance(a, Out):
            array.flags.writeable = False
        placed.append(array)
        return array

    result = getattr(native.library, name)(*over(arguments, put))
    return result, [np.array(array) for array in placed]


def same(one, other):
    np.testing.assert_equal(one[0], other[0])
    for a, b in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(a, b)


def each_set(check):
    before = native.library.instruction_set()
    try:
        for name in SETS:
            native.library.use_instruction_set(name)
            check()
    finally:
        native.library.use_instruction_set(before)


seeds = given(seed=st.integers(0, 2**32 - 1))
few = settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])


def test_every_function_is_called_here():
    public = {name for name in dir(native.library) if not name.startswith("__")}
    assert public == CALLS.keys() | WITHOUT_ELEMENTS


@pytest.mark.skipif(sys.platform == "win32", reason="no mprotect")
@pytest.mark.parametrize("name", CALLS)
@few
@seeds
def test_no_byte_beside_an_array_is_touched(name, seed):
    arguments = CALLS[name](Draw(seed))

    def check():
        expected = run(name, arguments, np.copy)
        for at_the_end in (False, True):
            same(run(name, arguments, partial(_guarded, at_the_end=at_the_end)), expected)

    each_set(check)


class Packed:
    """Places arrays in one piece of memory, each close to the last one: behind or before it."""

    memory = np.zeros(2**23, np.uint8)

    def __init__(self, rng):
        self.rng = rng
        self.begin = self.end = len(self.memory) // 2

    def __call__(self, array):
        size = -(-array.nbytes // 8) * 8 + 8 * int(self.rng.integers(0, 3))
        if self.rng.random() < 0.5:
            start, self.end = self.end, self.end + size
        else:
            start = self.begin = self.begin - size
        copy = self.memory[start : start + array.nbytes].view(array.dtype).reshape(array.shape)
        copy[...] = array
        return copy


class Short(Draw):
    """Sizes about that of a vector, where loops of single numbers are longest; some of several."""

    def size(self, most=40):
        return int(self.rng.integers(1, min(most, 15 if self.rng.random() < 0.8 else 70) + 1))


@pytest.mark.parametrize("name", CALLS)
def test_results_do_not_depend_on_where_arrays_lie(name):
    # A compiler that vectorises a loop checks first that its arrays lie apart, and has another loop
    # for those that do not: where only one of them fuses multiplications and additions, the last
    # bit tells which of them ran. See FLAGS in setup.py.
    rng = np.random.default_rng(0)

    def check():
        for seed in range(60):
            arguments = CALLS[name](Short(seed))
            expected = run(name, arguments, np.copy)
            for _ in range(4):
                same(run(name, arguments, Packed(rng)), expected)

    each_set(check)


# Other arguments ----------------------------------------------------------------------------------


def strange(array):
    """The same numbers in other memory, which a function takes or refuses."""
    double = np.repeat(array, 2, axis=-1)[..., ::2] if array.ndim else array
    backwards = np.array(array[..., ::-1])[..., ::-1] if array.ndim else array
    shifted = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    shifted[...] = array
    swapped = array.astype(array.dtype.newbyteorder())
    fortran = np.array(array, order="F")
    return [double, backwards, shifted, swapped, fortran]


@np.errstate(invalid="ignore", over="ignore")
def others(array):
    """What is no such array at all."""
    line = array.reshape(-1)
    other = np.float64 if array.dtype == np.float32 else np.float32
    return [
        None, 3, "x", array.tolist(), line[:-1], np.append(line, line[:1]), array[None], array[..., None],
        array.astype(other, copy=True) if array.dtype.kind == "f" else array.astype(np.int32),
        array.astype(np.complex64), array.astype(object),
        np.broadcast_to(line[:1], array.shape).reshape(array.shape) if array.ndim else "0-d",
    ]  # fmt: skip


def replaced(arguments, number, new):
    """Arguments with another object in the place of the array of this number; fresh copies else."""
    count = iter(range(10**6))

    def change(a):
        if next(count) == number:
            return new
        return (a.array if isinstance(a, Out) else a).copy()

    return over(arguments, change)


@pytest.mark.parametrize("name", CALLS)
@few
@seeds
def test_arrays_that_lie_otherwise_are_refused_or_read_for_what_they_are(name, seed):
    arguments = CALLS[name](Draw(seed))
    function, given = getattr(native.library, name), arrays_of(arguments)
    expected = run(name, arguments, np.copy)
    for k, a in enumerate(given):
        source = a.array if isinstance(a, Out) else a
        for which, new in enumerate(strange(source.copy())):
            changed = replaced(arguments, k, new)
            try:
                result = function(*changed)
            except REFUSALS:
                continue
            if name == "matmul_if_faster" and not (result and expected[0]):
                continue
            for left, right in zip(arrays_of(changed), expected[1], strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-4, err_msg=f"{name}, {k}, {which}")


@pytest.mark.parametrize("name", CALLS)
@few
@seeds
def test_what_fits_nothing_is_refused(name, seed):
    arguments = CALLS[name](Draw(seed))
    function, given = getattr(native.library, name), arrays_of(arguments)

    def attempt(changed):
        try:
            return function(*changed) not in (None, False)
        except REFUSALS:
            return False

    for k, a in enumerate(given):
        source = a.array if isinstance(a, Out) else a
        for new in others(source.copy()):
            attempt(replaced(arguments, k, new))
        if isinstance(a, Out):
            frozen = source.copy()
            frozen.flags.writeable = False
            bad = [frozen]
            if source.size > 1:  # all of its elements in one place
                bad.append(
                    np.lib.stride_tricks.as_strided(source.copy(), source.shape, (0,) * source.ndim)
                )
            for new in bad:
                before = new.tobytes()
                assert not attempt(replaced(arguments, k, new)) and new.tobytes() == before
    for i, argument in enumerate(arguments):
        for new in (None, "x", 2**63, -(2**64), (), (1,) * 50, [argument], True, 0.5):
            attempt(replaced([*arguments[:i], new, *arguments[i + 1 :]], -1, None))
        if isinstance(argument, tuple) and all(type(v) is int for v in argument):
            for j in range(len(argument)):
                for new in NO_SIZES:
                    numbers = (*argument[:j], new, *argument[j + 1 :])
                    attempt(replaced([*arguments[:i], numbers, *arguments[i + 1 :]], -1, None))
    for changed in (arguments[:-1], [*arguments, 1], []):
        with pytest.raises(TypeError):
            function(*replaced(changed, -1, None))


@pytest.mark.parametrize("name", CALLS)
@few
@seeds
def test_results_may_not_lie_where_arguments_do(name, seed):
    arguments = CALLS[name](Draw(seed))
    given = arrays_of(arguments)
    outs = [k for k, a in enumerate(given) if isinstance(a, Out)]
    for k in outs:
        for j, other in enumerate(given):
            source = other.array if isinstance(other, Out) else other
            if (
                j == k
                or source.shape != given[k].array.shape
                or source.dtype != given[k].array.dtype
            ):
                continue
            shared = source.copy()
            count = iter(range(10**6))

            def change(a, k=k, j=j, shared=shared, count=count):
                return (
                    shared
                    if next(count) in (k, j)
                    else (a.array if isinstance(a, Out) else a).copy()
                )

            changed = over(arguments, change)
            if name in ("unary", "binary"):  # they may work in place
                expected = run(name, arguments, np.copy)[1][k]
                getattr(native.library, name)(*changed)
                np.testing.assert_array_equal(shared, expected)
            elif name in ("sgd", "adam"):
                first = [a for a in arguments[0] if any(b is other for b in a)]
                if any(b is given[k] for a in first for b in a):
                    with pytest.raises(ValueError, match="share memory"):
                        getattr(native.library, name)(*changed)
            elif name == "matmul_if_faster":
                assert not getattr(native.library, name)(*changed)
            else:
                with pytest.raises(ValueError, match="share memory"):
                    getattr(native.library, name)(*changed)


# Numbers ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["unary", "binary"])
@few
@seeds
def test_each_element_stands_for_itself(name, seed):
    d = Draw(seed)
    d.special = True
    function, *arrays, p, q, _ = CALLS[name](d)

    def check():
        call = getattr(native.library, name)
        together = np.empty_like(arrays[0])
        call(function, *arrays, p, q, together)
        for i in range(min(together.size, 40)):
            alone = np.empty((1,), d.dtype)
            call(function, *(np.array(a.reshape(-1)[i : i + 1]) for a in arrays), p, q, alone)
            np.testing.assert_array_equal(alone[0], together.flat[i], err_msg=f"{function}, {i}")

    each_set(check)
