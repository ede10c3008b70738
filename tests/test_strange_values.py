"""Values that look like arrays, numbers or flags and are none, or are of a strange kind."""

import types

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

SQUARE = np.array([[1.0, 2.0], [3.0, 5.0]])


def nested(depth):
    found = []
    for _ in range(depth):
        found = [found]
    return found


REDUCTIONS = [
    ag.sum, ag.mean, ag.var, ag.std, ag.prod, ag.max, ag.min, ag.amax, ag.amin, ag.all, ag.any,
    ag.logsumexp, ag.count_nonzero, ag.nansum, ag.nanmax, ag.nanmean, ag.nanstd, ag.ptp, ag.median,
    ag.average, ag.linalg.norm, ag.linalg.vector_norm,
]  # fmt: skip


@pytest.mark.parametrize("function", REDUCTIONS, ids=lambda f: f.__name__)
def test_a_flag_may_be_numpys(function):
    for x in (SQUARE, ag.tensor(SQUARE)):
        for flag in (True, False):
            numpys = function(x, axis=0, keepdims=np.bool_(flag))
            np.testing.assert_array_equal(numpys, function(x, axis=0, keepdims=flag))


MATRICES = {
    "multiply": (ag.multiply, 2), "square": (ag.square, 1), "sum": (lambda x: ag.sum(x, axis=0), 1),
    "outer": (ag.outer, 2), "power": (lambda x: ag.power(x, 3.0), 1), "cumsum": (ag.cumsum, 1),
    "mse_loss": (F.mse_loss, 2), "silu": (F.silu, 1), "std": (ag.std, 1), "stack": (lambda x: ag.stack([x, x]), 1),
    "vdot": (ag.vdot, 2), "trace": (ag.trace, 1), "norm": (ag.linalg.norm, 1), "gelu": (F.gelu, 1),
    "l1_loss": (F.l1_loss, 2), "concatenate": (lambda x: ag.concatenate([x, x]), 1),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("name", MATRICES)
def test_a_matrix_is_read_as_the_array_that_it_is(name):
    function, count = MATRICES[name]
    found = function(*[np.matrix(SQUARE)] * count)
    expected = function(*[SQUARE] * count)
    assert type(found) is not np.matrix
    np.testing.assert_allclose(found, expected, rtol=1e-15)


SPECIAL = [ag.erf, ag.erfc, ag.erfinv, ag.lgamma, ag.digamma, ag.special.ndtri, F.gelu, ag.logsumexp,
           lambda x: ag.float_power(x, 2.0), lambda x: ag.polygamma(1, x)]  # fmt: skip


@pytest.mark.parametrize("function", SPECIAL)
def test_no_imaginary_part_is_dropped(function):
    for z in (np.array([0.5 + 1.0j]), np.array(1.0j), np.complex128(0.25j)):
        with pytest.raises(TypeError, match="complex"):
            function(z)


@pytest.mark.parametrize("layer", [
    lambda p: nn.Dropout(p), lambda p: F.dropout(ag.ones(3), p), lambda p: nn.ELU(p),
    lambda p: F.smooth_l1_loss(ag.ones(3), ag.zeros(3), beta=p), lambda p: nn.RMSNorm(3, eps=p),
])  # fmt: skip
def test_an_array_of_one_number_is_a_number(layer):
    layer(np.array([0.5]))
    layer(np.array([[0.5]]))


@pytest.mark.parametrize("function", [
    ag.append, ag.dot, ag.concatenate, ag.diff, ag.linalg.norm, ag.cov, ag.einsum, ag.flatten,
], ids=lambda f: f.__name__)  # fmt: skip
def test_what_has_a_shape_and_no_numbers_is_no_array(function):
    fake = types.ModuleType("fake")
    fake.shape = (2,)
    for value in (np.dtype("f4"), np.dtype([("a", "f4")]), fake):
        given = [value, [1.0]] if function in (ag.append, ag.dot) else [value]
        given = ["i->i", value] if function is ag.einsum else given
        given = [[value]] if function is ag.concatenate else given
        with pytest.raises((TypeError, ValueError), match=rf"^{function.__name__}|^cov|^matmul"):
            function(*given)


def test_the_memory_of_an_array_is_read():
    found = ag.concatenate([memoryview(b"ab"), [1.0]])
    np.testing.assert_array_equal(found, [97.0, 98.0, 1.0])


@pytest.mark.parametrize("call", [
    lambda deep: ag.addcmul(deep, 1.0, 1.0), lambda deep: F.mse_loss(deep, deep),
    lambda deep: ag.cov(deep), lambda deep: F.normalize(ag.ones(2, 3), eps=deep),
    lambda deep: ag.zeros(3)[deep], lambda deep: ag.isclose([1.0], deep), lambda deep: ag.nanmedian(deep),
    lambda deep: ag.sum(ag.ones(3), axis=deep), lambda deep: nn.GRU(2, 3, dtype=deep),
    lambda deep: F.cross_entropy(ag.ones(1, 3), [0], weight=deep),
])  # fmt: skip
def test_lists_of_any_depth_are_refused_in_words(call):
    with pytest.raises((TypeError, ValueError), match=": "):
        call(nested(1000))


@pytest.mark.parametrize("name", ["relu", "positive", "sinc"])
def test_pythons_numbers_go_where_arrays_go(name):
    function = getattr(ag, name)
    for number in (2.0, -0.5, 3):
        found, expected = float(function(number)), float(function(np.float64(number)))
        assert found == pytest.approx(expected, abs=1e-16)


def test_a_number_that_is_none_is_not_called_a_fault_of_the_library():
    for call, parameter in (
        (lambda: ag.leaky_relu(SQUARE, int), "negative_slope"),
        (lambda: ag.elu(SQUARE, alpha=slice(3)), "alpha"),
        (lambda: ag.hardtanh(SQUARE, {}, 1.0), "low"),
        (lambda: ag.softplus(SQUARE, beta="a"), "beta"),
        (lambda: ag.softshrink(SQUARE, 1j), "bound"),
    ):
        with pytest.raises(TypeError, match=f": {parameter} must be a number, got "):
            call()
    with pytest.raises(TypeError, match="^all_reduce: group must have a method"):
        ag.all_reduce(SQUARE, group=3)


@pytest.mark.parametrize("check", [
    ag.func.gradcheck, ag.func.gradgradcheck, ag.func.vjp, ag.func.each_time,
], ids=lambda f: f.__name__)  # fmt: skip
def test_what_cannot_be_called_is_no_function(check):
    with pytest.raises(
        TypeError, match=f"{check.__name__}: function must be a function, got array"
    ):
        check(SQUARE, SQUARE)
