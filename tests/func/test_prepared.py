"""What a replayed step calls in place of functions and rules computes their bits, however arrays lie."""

import itertools

import numpy as np
import pytest

import autograd as ag
from autograd import prepared as table
from autograd.arguments.window import Window
from autograd.kernels import native
from autograd.kernels.threads import BLAS_ALONE, prepare_matmul

RNG = np.random.default_rng(0)


def array(*shape, dtype=np.float32):
    return RNG.standard_normal(shape).astype(dtype)


def rule(function, name):
    return function.primitive.rules[name].function


def images(dtype, stride, groups):
    """What correlations get: x, w, bias, g and their static parameters."""
    x, w = array(2, 4, 6, 5, dtype=dtype), array(6, 4 // groups, 3, 3, dtype=dtype)
    window = Window((3, 3), (stride, stride), ((1, 1), (0, 2)), (1, 1))
    g = array(2, 6, *window.outputs((6, 5)), dtype=dtype)
    return x, w, array(6, dtype=dtype), g, {"window": window, "groups": groups}


def correlations():
    from autograd.ops.images import convolution as c

    for dtype, stride, groups in itertools.product((np.float32, np.float64), (1, 2), (1, 2)):
        x, w, bias, g, static = images(dtype, stride, groups)
        both, size = tuple(static.values()), {"input_shape": x.shape[2:]}
        yield c._correlate.primitive.forward, (x, w, bias), static
        yield c._correlate.primitive.forward, (x, w, None), static
        yield c._correlate_input.primitive.forward, (g, w), static | size
        yield c._correlate_weight.primitive.forward, (x, g), static
        yield rule(c._correlate, "x"), (g, w, x.shape, *both), None
        yield rule(c._correlate, "w"), (g, x, *both), None


def pools():
    from autograd.ops.images.pooling import _max_pool

    for dtype in (np.float32, np.float64):
        x, window = array(2, 3, 6, 5, dtype=dtype), Window((2, 2), (2, 2), ((0, 0),) * 2, (1, 1))
        x[0, 0, :2, :2] = 1.0, np.nan
        out = _max_pool.primitive.forward(x, window=window)
        yield _max_pool.primitive.forward, (x,), {"window": window}
        yield rule(_max_pool, "x"), (array(*out.shape, dtype=dtype), x, out, window), None


def products():
    from autograd.ops.fused import linear

    for lead in ((1,), (5,), (2, 3)):
        x, w, bias, g = array(*lead, 7), array(4, 7), array(4), array(*lead, 4)
        yield linear.primitive.forward, (x, w, bias), {}
        yield linear.primitive.forward, (x, w, None), {}
        yield rule(linear, "x"), (g, w), None
        yield rule(linear, "w"), (g, x), None
    for lead in ((), (2,), (2, 3)):
        x, y, g = array(*lead, 4, 5), array(*lead, 5, 6), array(*lead, 4, 6)
        yield ag.matmul.primitive.forward, (x, y), {}
        yield rule(ag.matmul, "x"), (g, y, x.shape), None
        yield rule(ag.matmul, "y"), (g, x, y.shape), None
    yield ag.matmul.primitive.forward, (array(2, 3, 5), array(5, 6)), {}


def activations():
    for shape in ((3,), (2, 3, 4)):
        x = array(*shape)
        x.flat[:2] = np.nan, -0.0
        yield ag.relu.primitive.forward, (x,), {}
        yield rule(ag.relu, "x"), (array(*shape), ag.relu.primitive.forward(x)), None


def views():
    x = array(2, 3, 4)
    yield ag.reshape.primitive.forward, (x,), {"shape": (4, -1)}
    yield rule(ag.reshape, "x"), (array(4, 6), x.shape), None
    yield ag.transpose.primitive.forward, (x,), {"axes": (2, 0, 1)}
    yield ag.transpose.primitive.forward, (x,), {"axes": (-1, 1, 0)}
    yield rule(ag.transpose, "x"), (array(4, 2, 3), (2, 0, 1)), None
    yield rule(ag.transpose, "x"), (array(4, 3, 2), (-1, 1, 0)), None


KINDS = {f.__name__: f for f in (activations, correlations, pools, products, views)}
COMPILED = ("activations", "correlations", "pools")


def otherwise_laid(x):
    """The same numbers in Fortran order, and with gaps."""
    if not isinstance(x, np.ndarray):
        return [x, x]
    gaps = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)[..., ::2]
    gaps[...] = x
    return [np.asfortranarray(x), gaps]


def assert_prepared(function, args, static):
    made = table.prepared(function, args, static)
    if made is None:
        return False
    laid = [otherwise_laid(x) for x in args]
    one = [(*args[:k], laid[k][0], *args[k + 1 :]) for k in range(len(args))]
    for values in (args, *zip(*laid, strict=True), *one):
        expected = function(*values, **(static or {}))
        got = made(*values)
        assert type(got) is type(expected) and got.dtype == expected.dtype, (function, static)
        assert got.shape == expected.shape and got.strides == expected.strides, (function, static)
        np.testing.assert_array_equal(got, expected, err_msg=f"{function}, {static}")
        lent = [np.shares_memory(got, x) for x in values if isinstance(x, np.ndarray)]
        assert lent == [np.shares_memory(expected, x) for x in values if isinstance(x, np.ndarray)]
    return True


@pytest.mark.parametrize("kind", KINDS)
def test_a_prepared_function_gives_the_bits_of_the_function_however_arrays_lie(kind):
    done = [assert_prepared(*case) for case in KINDS[kind]()]
    assert all(done) if native.library is not None or kind not in COMPILED else not any(done)


def test_without_kernels_in_c_the_same_holds(monkeypatch):
    monkeypatch.setattr(native, "library", None)
    for kind, cases in KINDS.items():
        done = {assert_prepared(*case) for case in cases()}
        assert done == ({False} if kind in COMPILED else {True}), kind


def test_everything_that_can_be_prepared_is_tried_here():
    tried = {function for cases in KINDS.values() for function, *_ in cases()}
    assert tried == set(table._makers)


def test_products_that_are_not_small_or_not_floats_are_left_alone():
    n = round(BLAS_ALONE ** (1 / 3))
    assert prepare_matmul(array(n, n), array(n, n)) is not None
    assert prepare_matmul(array(n + 1, n + 1), array(n + 1, n + 1)) is None
    assert prepare_matmul(array(3, 2), array(2, 2, dtype=np.float64)) is None
    assert prepare_matmul(array(3, 2, dtype=np.float16), array(2, 2, dtype=np.float16)) is None
    assert prepare_matmul(array(2), array(2, 2)) is None
    assert prepare_matmul(array(3, 2), array(3, 2)) is None


def test_what_has_no_maker_stays_what_it_is():
    assert table.prepared(ag.exp.primitive.forward, (array(2),), {}) is None


def test_rules_that_sum_over_a_batch_are_left_alone():
    from autograd.ops.products import _matmul_x, _matmul_y

    x, y, g = array(2, 3, 4), array(4, 5), array(2, 3, 5)
    assert table.prepared(_matmul_y, (g, x, y.shape)) is None
    assert table.prepared(_matmul_x, (g, array(2, 4, 5), (3, 4))) is None
