"""Readers of arrays, shapes and dtypes: what comes back for every kind of data, and the words of every refusal."""

import itertools
import math
import types
import warnings

import numpy as np
import pytest

import autograd as ag
from autograd.arguments import arrays, dtypes

WORD = 2**63
F16, F32, F64 = map(np.dtype, (np.float16, np.float32, np.float64))


def refused(error, words, call, *arguments, **options):
    with pytest.raises(error) as caught:
        call(*arguments, **options)
    assert str(caught.value) == words


def one(dtype):
    return np.ones(2, dtype)


def function():
    pass


class Layer:
    weight = None

    def forward(self):
        pass

    __call__ = forward


class Bare(Layer):
    @property
    def weight(self):
        raise AttributeError


def test_what_has_a_shape_of_numbers():
    for x in (np.ones(2), np.float32(1), ag.ones(2)):
        assert arrays.has_shape(x)
    for x in (
        1.0,
        [1.0],
        np.ndarray,
        np.dtype("f4"),
        memoryview(b"a"),
        types.ModuleType("m"),
        None,
    ):
        assert not arrays.has_shape(x)


def test_lists_take_the_float_dtype_of_what_stands_beside_them():
    assert arrays.array_like("f", [0.1]).dtype == F32
    for dtype in (F16, F32, F64):
        got = arrays.array_like("f", [0.1], one(np.int64), one(dtype))
        assert got.dtype == dtype and got[0] == dtype.type(0.1)
    assert arrays.array_like("f", [1, 2]).dtype == np.int64
    assert arrays.array_like("f", [True]).dtype == bool
    for x in (
        one(F64),
        one(np.int8),
        one(bool),
        np.float32(1),
        ag.ones(2),
        ag.scalars([1.0]),
        one(complex),
    ):
        assert arrays.array_like("f", x) is x
    with warnings.catch_warnings(action="ignore"):
        matrix = np.matrix([[1, 2]])
    assert type(arrays.array_like("f", matrix)) is np.ndarray
    refused(
        TypeError,
        "f: expected numbers, got an array of dtype <U1",
        arrays.array_like,
        "f",
        np.array(["a"]),
    )
    words = "f: the argument is an object array of str; the one kind that is understood holds scalar tensors, see autograd.scalars"
    refused(TypeError, words, arrays.array_like, "f", np.array(["a"], object))
    for fine in (
        np.array([], object),
        np.array([1, 2.0], object),
        np.array([np.float32(1)], object),
    ):
        assert arrays.array_like("f", fine) is fine


def test_integers_become_floats_of_what_stands_beside_them():
    for whole in (np.int64, np.uint8, bool):
        assert arrays.as_floats(one(whole)).dtype == F64
        assert arrays.as_floats(ag.tensor(one(whole))).dtype == F32
        assert arrays.as_floats(one(whole), ag.tensor([1])).dtype == F32
        for dtype in (F16, F32, F64):
            assert arrays.as_floats(one(whole), one(dtype)).dtype == dtype
            x = ag.tensor(one(whole))
            assert arrays.weakly_whole(x, one(dtype)).dtype == dtype
            assert arrays.weakly_whole(one(whole), one(dtype)).dtype == whole
        assert arrays.weakly_whole(x, one(np.int32)) is x
        with ag.default_dtype(np.float64):
            assert arrays.as_floats(ag.tensor(one(whole))).dtype == F64
    for x in (one(F16), ag.ones(2), one(complex)):
        assert arrays.as_floats(x, one(F64)) is x
        assert arrays.weakly_whole(x, one(F64)) is x


def test_floats_are_taken_and_integers_refused_where_floats_are_meant():
    for x in (
        one(F16),
        one(F64),
        ag.ones(2),
        ag.scalars([1.0]),
        one(complex),
        np.array([], object),
    ):
        assert arrays.floating("f", "x", x) is x
    assert arrays.floating("f", "x", [0.1], one(F64))[0] == 0.1
    got = arrays.floating("f", "x", np.ma.array([1.0, 2.0]))
    assert type(got) is np.ndarray
    with pytest.raises(TypeError, match="^f: x: a masked array would lose its mask"):
        arrays.floating("f", "x", np.ma.array([1.0, 2.0], mask=[0, 1]))
    for x, dtype in (
        (one(np.int64), "int64"),
        ([1], "int64"),
        (one(bool), "bool"),
        (ag.tensor([1]), "int64"),
    ):
        words = f"f: x must hold floating-point numbers, got dtype {dtype}; convert it, e.g. x.astype(np.float32)"
        refused(TypeError, words, arrays.floating, "f", "x", x)
    words = "f: x is an object array of NoneType; the one kind that is understood holds scalar tensors, see autograd.scalars"
    refused(TypeError, words, arrays.floating, "f", "x", np.array([None]))
    with pytest.raises(
        TypeError, match="^f: x must hold floating-point numbers, got dtype datetime"
    ):
        arrays.floating("f", "x", np.zeros(2, "M8[s]"))
    with pytest.raises(TypeError, match="^f: x: expected numbers"):
        arrays.floating("f", "x", np.ndarray)


def test_float_tensors_with_axes_are_told_from_all_else():
    good = [ag.ones(2), ag.ones((2, 3), dtype=np.float16), None]
    for chosen in itertools.product(good, repeat=2):
        assert arrays.are_float_tensors(chosen)
    for bad in (ag.tensor([1]), ag.tensor([True]), np.ones(2), 1.0, np.ma.array([1.0])):
        for chosen in ([bad], [good[0], bad], [bad, good[0]], [None, bad]):
            assert not arrays.are_float_tensors(chosen)


def test_integer_arrays():
    for dtype in (np.int8, np.uint64):
        x = one(dtype)
        assert arrays.integer_array("f", "i", x) is x
    assert arrays.integer_array("f", "i", ag.tensor([3])).tolist() == [3]
    assert arrays.integer_array("f", "i", [[1, 2]]).tolist() == [[1, 2]]
    assert arrays.integer_array("f", "i", 5).shape == ()
    for x, dtype in (
        ([1.0], "float64"),
        (one(bool), "bool"),
        (ag.ones(1), "float32"),
        ("a", "<U1"),
        ([None], "object"),
    ):
        refused(
            TypeError,
            f"f: i must hold integers, got dtype {dtype}",
            arrays.integer_array,
            "f",
            "i",
            x,
        )
    with pytest.raises(
        TypeError, match=r"^f: i must be an array of integers, got \[\[1\], \[1, 2\]\]$"
    ):
        arrays.integer_array("f", "i", [[1], [1, 2]])


def test_operands_beside_a_tensor():
    for x in (1.5, True, 0, -WORD, 2 * WORD - 1):
        assert arrays.coerce("f", "x", x) is x
    for x, due in (
        (np.float32(1.5), float),
        (np.int8(1), int),
        (np.bool_(True), bool),
        (np.uint16(1), int),
    ):
        got = arrays.coerce("f", "x", x)
        assert got == x and type(got) is due
    for x in (one(F64), one(np.int32), one(np.int8), np.arange(6.0).reshape(2, 3).T):
        got = arrays.coerce("f", "x", x)
        assert not np.shares_memory(got, x) and got.dtype == x.dtype and np.array_equal(got, x)
        assert got.flags.f_contiguous == x.flags.f_contiguous
    assert type(arrays.coerce("f", "x", np.array(1.5))) is np.float64
    assert arrays.coerce("f", "x", [0.1], one(F64))[0] == 0.1
    assert arrays.coerce("f", "x", (1, 2)).tolist() == [1, 2]
    for x, words in [
        (-WORD - 1, "f: x: an integer does not fit 64 bits"),
        (2 * WORD, "f: x: an integer does not fit 64 bits"),
    ]:
        refused(ValueError, words, arrays.coerce, "f", "x", x)
    only = "tensors are real (complex arrays work in raw primitives only)"
    must = "f: x must be a tensor, an array or a number, got "
    for x, words in [
        (np.complex64(1), "f: x is complex64; a tensor mixes only with real numbers"),
        (one(complex), f"f: x is complex128; {only}"),
        (np.array(1j), f"f: x is complex128; {only}"),
        (
            np.array([None]),
            "f: x is an object array; tensors don't mix with arrays of scalars. Make both sides autograd.scalars(...), or neither",
        ),
        ("a", must + "str"),
        (None, must + "NoneType"),
        (1j, must + "complex"),
        (np.ndarray, must + "type"),
        (function, must + "function; call it: function(…)"),
        (Layer(), must + "Layer; call it: layer(x), or give its layer.weight"),
        (Bare(), must + "Bare; call it: layer(x)"),
    ]:
        refused(TypeError, words, arrays.coerce, "f", "x", x)

    with pytest.raises(TypeError, match="^f: x: a masked array would lose its mask"):
        arrays.coerce("f", "x", np.ma.array([1.0, 2.0], mask=[0, 1]))


def test_a_constant_has_no_gradient_to_lose():
    for x in (3, one(F64), ag.ones(2)):
        assert arrays.constant("f", "x", x) is x
    x = ag.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match="^f: x "):
        arrays.constant("f", "x", x)
    with ag.no_grad():
        assert arrays.constant("f", "x", x) is x


def test_who_is_recording_a_step_is_told_of_values_that_are_read(monkeypatch):
    told = []

    class Reader:
        def __getattr__(self, name):
            return lambda *given: told.append((name, *given))

    monkeypatch.setattr(arrays, "reader", Reader())
    x, made = ag.ones(2), one(F64)
    assert arrays.raw(x) is x._data
    assert arrays.passed_on(x, made) is made
    assert arrays.from_sizes(made, 3, x) is made
    assert [name for name, *_ in told] == ["raw", "passed_on", "from_sizes"]
    assert told[0][1] is x and told[1][1] is x and told[1][2] is made
    assert told[2][1] is made and told[2][2] == (3, x)
    monkeypatch.setattr(arrays, "reader", None)
    assert arrays.raw(x) is x._data and arrays.raw(made) is made and arrays.raw(type(x)) is type(x)
    assert arrays.passed_on(x, made) is made and arrays.from_sizes(made) is made


def test_numbers_as_they_are():
    for x in (1, 1.5, np.float32(1), np.int8(1), math.inf, 2**1000):
        assert arrays.number("f", "x", x) is x
    for x in (True, 1j, "1", None, np.ones(1), np.bool_(True)):
        with pytest.raises(TypeError, match="^f: x must be a number, got "):
            arrays.number("f", "x", x)
    with pytest.raises(ValueError, match="^f: x must be a number that a float can hold"):
        arrays.number("f", "x", 2**1100)


def test_shapes():
    for x, due in (
        (np.ones((2, 3)), (2, 3)),
        (ag.ones((4,)), (4,)),
        (1.0, ()),
        ([[1, 2, 3]], (1, 3)),
    ):
        assert arrays.shape_of("f", x) == due
        assert arrays.ndim_of("f", x) == len(due)
    shape = (2, 0, 2**40)
    assert arrays.shape_tuple("f", shape) is shape
    for given, due in (
        ([2, 3], (2, 3)), (5, (5,)), (np.int8(5), (5,)), (np.array([2, 3]), (2, 3)), ((), ()),
        (ag.tensor([2, 3]), (2, 3)), (np.array(4), (4,)), ((np.int8(2), 3), (2, 3)), (0, (0,)),
    ):  # fmt: skip
        got = arrays.shape_tuple("f", given)
        assert got == due and all(type(n) is int for n in got)
    for bad in (-1, (2, -1), [-1], (-2,)):
        sizes = tuple(bad) if isinstance(bad, (tuple, list)) else (bad,)
        words = f"f: shape={sizes} has the negative size {min(sizes)}"
        refused(ValueError, words, arrays.shape_tuple, "f", bad)
    refused(
        ValueError, "f: size=(-1,) has the negative size -1", arrays.shape_tuple, "f", (-1,), "size"
    )
    assert arrays.shape_tuple("f", (2, -1), unknown=True) == (2, -1)
    assert arrays.shape_tuple("f", [2, -1], unknown=True) == (2, -1)
    for bad in ((2, -2), [2, -2]):
        words = "f: shape=(2, -2) has the negative size -2"
        refused(ValueError, words, arrays.shape_tuple, "f", bad, unknown=True)
    assert arrays.shape_tuple("f", (WORD - 1,)) == (WORD - 1,)
    words = f"f: shape must be an integer of 64 bits, got {WORD}"
    refused(ValueError, words, arrays.shape_tuple, "f", (WORD,))
    refused(
        TypeError, "f: shape must be an integer, got 1.5 (float)", arrays.shape_tuple, "f", (1.5,)
    )
    refused(
        ValueError,
        "f: shapes (2,) and (3,) do not broadcast together",
        arrays.broadcast_shape,
        "f",
        (2,),
        (3,),
    )
    assert arrays.broadcast_shape("f", (2, 1), (3,)) == (2, 3)


@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), [1, -1], (), (0, 1, 2)])
def test_the_shape_and_the_count_of_a_reduction(axis):
    x = np.ones((2, 3, 4))
    for_numpy = tuple(axis) if isinstance(axis, list) else axis
    kept = x.sum(axis=for_numpy, keepdims=True)
    assert arrays.kept_shape(x.shape, axis) == kept.shape
    assert arrays.count_along(x.shape, axis) == (kept.flat[0] if for_numpy != () else 1)
    assert arrays.kept_shape((), axis) == () and arrays.count_along((), axis) == 1


def test_dtypes():
    for given in (np.float32, "float32", np.dtype(">f4"), "f4"):
        assert dtypes.check_dtype("f", given) == F32 and dtypes.check_dtype("f", given).isnative
        assert dtypes.float_dtype("f", given) == F32 and dtypes.float_dtype("f", given).isnative
    for dtype in (F16, F32, F64):
        for given in (dtype, dtype.newbyteorder(">"), dtype.newbyteorder("<"), dtype.name):
            assert (
                dtypes.check_dtype("f", given) is dtype
            )  # the one object, which is asked for by `is`
            assert dtypes.float_dtype("f", given) is dtype
    for given in (bool, np.uint8, np.int64, np.float16):
        assert dtypes.check_dtype("f", given) == np.dtype(given)
    known = "tensors are float16, float32, float64, integer or bool"
    refused(
        TypeError,
        f"f: dtype complex64 is not supported; {known} (complex arrays work in raw primitives only)",
        dtypes.check_dtype,
        "f",
        np.complex64,
    )
    refused(TypeError, f"f: dtype <U1 is not supported; {known}", dtypes.check_dtype, "f", "U1")
    for bad in ("nonsense", 3.5, ag.ones(1)):
        with pytest.raises(TypeError, match=r"^f: dtype=.* is not a dtype; use e.g. np.float32$"):
            dtypes.check_dtype("f", bad)
    assert dtypes.float_dtype("f", None) == F32
    for bad in (np.int64, "nonsense", object):
        with pytest.raises(TypeError, match="^f: dtype must be float16, float32 or float64, got "):
            dtypes.float_dtype("f", bad)
    words = "f: dtype must be a dtype, such as np.float32, got a tensor"
    refused(TypeError, words, dtypes.float_dtype, "f", ag.ones(1))
    assert [dtypes.is_float(np.dtype(d)) for d in ("f2", "f4", "f8", "i4", "c8")] == [True] * 3 + [
        False
    ] * 2


def test_the_default_dtype_comes_back_after_its_block():
    assert ag.default_dtype().dtype == F32
    with ag.default_dtype(np.float16) as outer:
        assert outer.dtype == F16 and repr(outer) == "default_dtype(float16)"
        with pytest.raises(ZeroDivisionError), ag.default_dtype("float64"):
            assert ag.default_dtype().dtype == F64
            _ = 1 / 0
        assert ag.default_dtype().dtype == F16
    assert ag.default_dtype().dtype == F32
    words = "default_dtype: int64 is not a floating dtype; use float16, float32 or float64"
    refused(TypeError, words, ag.default_dtype, np.int64)
    assert ag.default_dtype().dtype == F32


def test_the_common_float_dtype():
    assert dtypes.common_float() is None
    assert dtypes.common_float(1.0, [1.0], one(np.int64), None, np.float64, one(complex)) is None
    for a, b in itertools.product((F16, F32, F64), repeat=2):
        assert dtypes.common_float(one(a), ag.tensor(one(b))) == max(a, b, key=lambda d: d.itemsize)
        assert dtypes.common_float(one(bool), one(a), 2.0) == a


def test_narrowed():
    for dtype in (F16, F32, F64):
        for wanted in (F16, F32, F64):
            got = dtypes.narrowed(one(dtype), wanted)
            assert got.dtype == min(dtype, wanted, key=lambda d: d.itemsize)
    assert dtypes.narrowed(one(F64)).dtype == F32
    for x in (one(np.int64), one(complex), one(F16)):
        assert dtypes.narrowed(x, F16) is x


WHOLE = [np.dtype(d) for d in (np.int64, np.int8, bool)]


@pytest.mark.parametrize("shapes", [((2,), (2,)), ((2,), ()), ((), ()), ((), (2,))])
def test_results_are_as_wide_as_their_floats(shapes):
    info = types.SimpleNamespace(forward=np.logaddexp, differentiable=True)
    for pair in itertools.product([F16, F32, F64, *WHOLE], repeat=2):
        a, b = (
            np.full(s, 3, d)[()] + d.type(k)
            for k, (s, d) in enumerate(zip(shapes, pair, strict=True))
        )
        floats = [d for d in pair if d.kind == "f"]
        wanted = max(floats, key=lambda d: d.itemsize) if floats else F32
        got = dtypes.with_weak_integers(info, np.logaddexp(a, b), a, b)
        assert got.dtype == wanted
        due = np.logaddexp(a.astype(F64), b.astype(F64))
        assert np.allclose(got, due, rtol=4 * float(np.finfo(wanted).eps), atol=0)


def test_results_that_are_left_as_they_are():
    info = types.SimpleNamespace(forward=None, differentiable=True)
    halves, doubles = one(F16), one(F64)
    assert dtypes.with_weak_integers(info, halves, None, one(np.int8)) is halves
    for out in (one(bool), one(np.int64), one(complex)):
        assert dtypes.with_weak_integers(info, out, one(np.int8), one(np.int16)) is out
    assert dtypes.with_weak_integers(info, doubles, doubles, one(F16)) is doubles
    info.differentiable = False
    assert dtypes.with_weak_integers(info, doubles, one(np.int64), one(F32)) is doubles


@pytest.mark.parametrize(
    ("operands", "told"),
    [
        ((one(F32), np.float64(1)), True),
        ((np.float64(1), one(F16)), True),
        ((np.ones((2, 2), F32), np.float64(1), one(np.int64)), True),
        ((one(F32), np.float64(1), one(F64)), False),
        ((one(F32), np.float32(1)), False),
        ((one(F64), np.float32(1)), False),
        ((np.float32(1), np.float64(1)), False),
        ((one(np.int64), np.float64(1)), False),
        ((one(F32), one(F64)), False),
        ((one(F32), 1.0), False),
    ],
)
def test_a_number_that_widens_an_array_is_told(operands, told, monkeypatch):
    heard = []
    monkeypatch.setattr(dtypes, "told_of_widening", lambda: heard.append(1))
    info = types.SimpleNamespace(forward=None, differentiable=True)
    wanted = dtypes.common_float(*operands)
    out = sum(np.asarray(x, wanted) for x in operands)
    dtypes.with_weak_integers(info, out, *operands)
    assert bool(heard) == told
    narrow = out.astype(F16)  # a primitive that rounds its result by itself
    dtypes.with_weak_integers(info, narrow, *operands)
    assert bool(heard) == told


def test_data_becomes_arrays():
    for x in (one(F32), one(np.int64), one(bool)):
        assert dtypes.as_array("f", x, copy=False) is x
        got = dtypes.as_array("f", x)
        assert got.dtype == x.dtype and not np.shares_memory(got, x)
        assert dtypes.as_array("f", x, np.float64, copy=False).dtype == F64
    for x, dtype in (([0.5], F32), ([1], np.int64), ([True], bool), ([], F32), (2.5, F32), ([one(F64)], F64), ([np.float64(1)], F64), (np.float64(1), F64)):  # fmt: skip
        assert dtypes.as_array("f", x).dtype == dtype
    assert dtypes.as_array("f", [0.1], beside=F64)[0] == 0.1
    assert dtypes.as_array("f", [1], beside=F64).dtype == F64
    assert dtypes.as_array("f", [True], beside=F64).dtype == bool
    assert dtypes.as_array("f", [0.5], np.int64).tolist() == [0]
    assert dtypes.as_array("f", [0.5], np.float16, beside=F64).dtype == F16
    assert dtypes.as_array("f", [[[0.1]]], beside=F64)[0, 0, 0] == 0.1
    assert dtypes.as_array("f", np.ones(2, ">f4")).dtype == F32
    turned = np.arange(6.0).reshape(2, 3).T
    assert dtypes.as_array("f", turned).flags.f_contiguous
    assert type(dtypes.as_array("f", np.ma.array([1.0]))) is np.ndarray
    no = "f: expected numbers, nested lists of numbers or an array, got "

    class Raising:
        def __array__(self, *given, **options):
            raise TypeError("not today")

    refused(
        TypeError, "f: cannot make an array of Raising: not today", dtypes.as_array, "f", Raising()
    )
    for x, error, words in [
        (np.ma.array([1.0], mask=[1]), TypeError, "f: a masked array would lose its mask; give .filled(value), or choose with autograd.where(mask, other, data)"),
        (np.array([None]), TypeError, "f: object arrays are not supported; autograd.scalars(a) makes the one kind that is"),
        ([[ag.ones(1)]], TypeError, "f: a list of tensors is not data; use autograd.stack(...) or autograd.concatenate(...) to join them"),
        ([[1], [1, 2]], ValueError, "f: the nested lists are ragged; every row must have the same length"),
        ([2**70], ValueError, "f: an integer does not fit 64 bits"),
        ([1.0, 2**70, None], TypeError, no + "NoneType inside"),
        (None, TypeError, no + "NoneType"),
        ([function], TypeError, no + "function inside; call it: function(…)"),
        (Layer(), TypeError, no + "Layer; call it: layer(x), or give its layer.weight"),
        (object, TypeError, no + "type"),
        ("a", TypeError, "f: dtype <U1 is not supported; tensors are float16, float32, float64, integer or bool"),
    ]:  # fmt: skip
        refused(error, words, dtypes.as_array, "f", x)
