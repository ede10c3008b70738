"""Arguments just within and just beyond what is allowed, special cases against NumPy's, and new memory."""

import re

import numpy as np
import pytest

import autograd as ag
from autograd.arguments.limits import _readable
from autograd.arguments.window import Window
from autograd.ops.images.padding import pad_indices
from autograd.ops.sampled_functions import _MOST_COLUMNS

CUBE = np.random.default_rng(0).normal(size=(2, 3, 4))
PLANE = np.arange(12.0).reshape(3, 4)
PLANES = np.random.default_rng(3).normal(size=(4, 6))
CUBES = np.random.default_rng(4).normal(size=(4, 6, 4, 6))


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ag.take_axis(PLANE, [[0, 1]], 0), TypeError, "index must be 1-d integers, got shape (1, 2)"),
        (lambda: ag.take_axis(PLANE, 1, 0), TypeError, "index must be 1-d integers, got shape ()"),
        (lambda: ag.take_axis(PLANE, [3], 0), IndexError, "from 0 to 2 for axis 0"),
        (lambda: ag.take_axis(PLANE, [-1], 1), IndexError, "from 0 to 3 for axis 1"),
        (lambda: ag.crop(PLANE, [(0, 1), (-1, 0)]), ValueError, "widths must not be negative"),
        (lambda: ag.crop(PLANE, [(2, 2), (0, 0)]), ValueError, "take more than axis 0"),
        (lambda: ag.crop(PLANE, [(0, 0), (0, 5)]), ValueError, "take more than axis 1"),
        (lambda: ag.pad_constant(PLANE, [(-2, -2), (0, 0)]), ValueError, "widths (-2, -2) take more than axis 0"),
        (lambda: ag.pad_constant(PLANE, [(9, -4), (0, 0)]), ValueError, "widths (9, -4) take more than axis 0"),
        (lambda: ag.pad_constant(PLANE, [(0, 0), (-5, 9)]), ValueError, "widths (-5, 9) take more than axis 1"),
        (lambda: ag.pad_constant(PLANE, [(0, 0)]), ValueError, "one pair (before, after) per axis"),
        (lambda: pad_indices("p", "reflect", 3, 3, 0), ValueError, "is more than the 2 cells"),
        (lambda: pad_indices("p", "reflect", 0, 0, 0), ValueError, "is more than the 0 cells"),
        (lambda: pad_indices("p", "circular", 3, 0, 4), ValueError, "is more than the 3 cells"),
        (lambda: pad_indices("p", "replicate", 0, 0, 1), ValueError, "padding of an empty axis"),
        (lambda: pad_indices("p", "replicate", 3, -2, -2), ValueError, "takes more than an axis of 3 has"),
        (lambda: ag.vander(np.ones(2), _MOST_COLUMNS + 1), ValueError, f"N must be at most {_MOST_COLUMNS}"),
        (lambda: ag.r_["0,2", 1.0], TypeError, "r_: directives such as"),
        (lambda: ag.c_["r", 1.0], TypeError, "c_: directives such as"),
        (lambda: ag.correlate(np.ones((1, 1)), np.ones((1, 1))), ValueError, "one to three spatial axes"),
        (lambda: ag.correlate(np.ones((1,) * 6), np.ones((1,) * 6)), ValueError, "one to three spatial axes"),
        (lambda: ag.correlate(np.ones((1, 1, 3)), np.ones((1, 1, 3, 1))), ValueError, "kernel of as many axes"),
        (lambda: ag.correlate(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3))), ValueError, "kernel of as many axes"),
        (lambda: ag.correlate(np.ones((1, 4, 3)), np.ones((2, 1, 3)), groups=2), ValueError, "is for 1 × groups 2 = 2"),
        (lambda: ag.correlate(np.ones((1, 4, 3)), np.ones((2, 3, 3)), groups=2), ValueError, "is for 3 × groups 2 = 6"),
        (lambda: ag.correlate(np.ones((1, 3, 3)), np.ones((2, 1, 3)), groups=2), ValueError, "must divide the 3 input"),
        (lambda: ag.correlate(np.ones((1, 2, 3)), np.ones((3, 1, 3)), groups=2), ValueError, "and the 3 output"),
        (lambda: ag.correlate(np.ones((1, 2, 3)), np.ones((2, 2, 3)), groups=0), ValueError, "groups"),
        (lambda: ag.correlate(np.ones((1, 2, 3)), np.ones((2, 2, 3)), np.ones(3)), ValueError, "bias must have shape (2,)"),
        (lambda: ag.correlate(np.ones((1, 1, 3)), np.ones((1, 1, 3)), stride=Window((3,), (1,), ((0, 0),), (1,)),
                              dilation=0), TypeError, "give no others beside it"),
        (lambda: ag.avg_pool(np.ones((1, 1, 4)), 2, divisor_override=0), ValueError, "must not be zero"),
        (lambda: ag.adaptive_max_pool(np.ones((1, 1, 0)), 1), ValueError, "has an empty plane"),
        (lambda: ag.adaptive_avg_pool(np.ones((1, 1, 4)), 2**58), ValueError, "adaptive_avg_pool: shape (1, 1, 288230376151711744)"),
        (lambda: ag.rot90(CUBE, 1, (0, 1, 2)), ValueError, "axes must be two"),
        (lambda: ag.linalg.matrix_rank(PLANE, tol=[1.0]), TypeError, "tol must be a number, or one for each matrix"),
        (lambda: ag.linalg.matrix_rank(CUBE, rtol=[[1.0]]), TypeError, "rtol must be a number, or one for each matrix"),
        (lambda: ag.linalg.matrix_rank(PLANE, hermitian=True), ValueError, "a hermitian matrix is square"),
        (lambda: ag.linalg.matrix_rank(CUBE, hermitian=True), ValueError, "a hermitian matrix is square"),
        (lambda: ag.linalg.matrix_rank(CUBE[:, :2, :], hermitian=True), ValueError, "a hermitian matrix is square"),
        (lambda: ag.einsum("......i->i", PLANE), ValueError, "may hold letters"),
        (lambda: ag.einsum("...i...->i", PLANE), ValueError, "may hold letters"),
        (lambda: ag.einsum("ii->i", np.ones((1, 3))), ValueError, "labelled 'i' have sizes 1 and 3"),
        (lambda: ag.einsum("ii->i", np.ones((3, 1))), ValueError, "labelled 'i' have sizes 3 and 1"),
        (lambda: ag.einsum("i,i->i", np.ones(2), np.ones(3)), ValueError, "labelled 'i' have sizes 2 and 3"),
        (lambda: ag.repeat(PLANE, [1, 2], 0), ValueError, "2 repeats for the 3 places along axis 0"),
        (lambda: ag.diff(np.array(1.0)), ValueError, "at least one axis"),
        (lambda: ag.getitem(PLANE, slice(None, None, 1.0)), TypeError, "step"),
        (lambda: ag.getitem(PLANE, slice(1.5, None)), TypeError, "start"),
        (lambda: ag.getitem(PLANE, slice(None, "a")), TypeError, "stop"),
        (lambda: ag.multinomial([0.0, 0.0], 1, True), ValueError, "not all 0"),
        (lambda: ag.multinomial([[1.0, 0.0], [0.0, 0.0]], 1, True), ValueError, "not all 0"),
        (lambda: ag.multinomial([1.0, 0.0], 2), ValueError, "cannot be drawn without replacement"),
        (lambda: ag.tensor(PLANE).narrow(0, 0, -1), ValueError, "length"),
        (lambda: ag.tensor(PLANE).narrow(0, 1, 3), IndexError, "3 places from 1 on"),
        (lambda: ag.tensor(PLANE).narrow(0, -4, 1), IndexError, "1 places from -4 on"),
        (lambda: ag.linalg.matrix_exp(PLANE), ValueError, "square matrices"),
        (lambda: ag.linalg.matrix_exp(PLANE.T), ValueError, "square matrices"),
    ],
)  # fmt: skip
def test_what_lies_just_beyond_a_bound_is_refused(call, error, words):
    with pytest.raises(error, match=re.escape(words)):
        call()


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (lambda: ag.take_axis(PLANE, [2, 0, 2], 0), PLANE[[2, 0, 2]]),
        (lambda: ag.take_axis(PLANE, np.zeros(0, int), 1), PLANE[:, :0]),
        (lambda: ag.crop(PLANE, [(1, 2), (0, 4)]), PLANE[:0, :0]),
        (lambda: ag.pad_constant(PLANE, [(-3, 2), (0, -4)]), np.zeros((2, 0))),
        (lambda: ag.pad_constant(PLANE, [(2, -3), (1, 0)]), np.zeros((2, 5))),
        (lambda: ag.pad_constant(PLANE, [(-1, -2), (0, 0)]), PLANE[:0]),
        (lambda: pad_indices("p", "reflect", 3, 2, 2), np.array([2, 1, 0, 1, 2, 1, 0])),
        (lambda: pad_indices("p", "circular", 2, 2, 2), np.array([0, 1, 0, 1, 0, 1])),
        (lambda: pad_indices("p", "replicate", 0, 0, 0), np.zeros(0, np.intp)),
        (lambda: pad_indices("p", "replicate", 3, -1, -2), np.zeros(0, np.intp)),
        (lambda: ag.vander(np.ones(1), _MOST_COLUMNS)[:, ::_MOST_COLUMNS - 1], np.ones((1, 2))),
        (lambda: ag.dot(2.0, CUBE), 2 * CUBE),
        (lambda: ag.dot(CUBE, 2.0), 2 * CUBE),
        (lambda: ag.inner(2.0, CUBE), 2 * CUBE),
        (lambda: ag.inner(CUBE, 2.0), 2 * CUBE),
        (lambda: ag.dot(CUBE, np.ones(4)), CUBE.sum(-1)),
        (lambda: ag.einsum("ij,ij->ij", PLANE, PLANE[:1]), PLANE * PLANE[:1]),
        (lambda: ag.einsum("ij,ij->ij", PLANE[:1], PLANE), PLANE * PLANE[:1]),
        (lambda: ag.einsum("i,i->i", np.ones(3), np.ones(1)), np.ones(3)),
        (lambda: ag.repeat(PLANE, [2], 0), np.repeat(PLANE, [2], 0)),
        (lambda: ag.repeat(PLANE, [0, 2, 1], 0), np.repeat(PLANE, [0, 2, 1], 0)),
        (lambda: ag.repeat(PLANE[:1], [3], 0), np.repeat(PLANE[:1], [3], 0)),
        (lambda: ag.diff(PLANE, prepend=1.0, append=2.0), np.diff(PLANE, prepend=1.0, append=2.0)),
        (lambda: ag.diff(PLANE, axis=0, append=2.0), np.diff(PLANE, axis=0, append=2.0)),
        (lambda: ag.diff(PLANE, axis=0, prepend=PLANE), np.diff(PLANE, axis=0, prepend=PLANE)),
        (lambda: ag.gradient(PLANE[0] ** 2, np.array([0.0, 1.0, 3.0, 4.5]), edge_order=2),
         np.gradient(PLANE[0] ** 2, np.array([0.0, 1.0, 3.0, 4.5]), edge_order=2)),
        (lambda: ag.gradient(CUBE[0, 0], 0.5, edge_order=2), np.gradient(CUBE[0, 0], 0.5, edge_order=2)),
        (lambda: ag.gradient(CUBE[0, 0], np.array([0.0, 1.0, 3.0, 4.5])),
         np.gradient(CUBE[0, 0], np.array([0.0, 1.0, 3.0, 4.5]))),
        (lambda: ag.gradient(CUBE, axis=(1, 2), edge_order=2)[1], np.gradient(CUBE, axis=(1, 2), edge_order=2)[1]),
        (lambda: ag.unwrap(np.array([0.0, 2.0, 0.0, -2.0, 4.0]), period=4),
         np.unwrap(np.array([0.0, 2.0, 0.0, -2.0, 4.0]), period=4)),
        (lambda: ag.unwrap(np.array([0.0, 3.0, 0.0, -3.5, 9.0]), discont=3.0, period=4.0),
         np.unwrap(np.array([0.0, 3.0, 0.0, -3.5, 9.0]), discont=3.0, period=4.0)),
        (lambda: ag.avg_pool(np.ones((1, 1, 4)), 2, divisor_override=1), np.full((1, 1, 2), 2.0)),
        (lambda: ag.avg_pool(np.ones((1, 1, 4)), 2, divisor_override=-1), np.full((1, 1, 2), -2.0)),
        (lambda: ag.linalg.matrix_rank(CUBE, tol=[0.1, 1e3]), np.linalg.matrix_rank(CUBE, [0.1, 1e3])),
        (lambda: ag.linalg.matrix_rank(np.ones((3, 2, 2)), hermitian=True), np.ones(3)),
        (lambda: np.asarray(ag.linalg.matrix_rank(np.ones(3), hermitian=True)), np.array(1)),
        (lambda: ag.linalg.tensorsolve(CUBES, PLANES), np.linalg.tensorsolve(CUBES, PLANES)),
        (lambda: ag.linalg.tensorsolve(np.moveaxis(CUBES, -1, 1), PLANES, axes=(1,)), np.linalg.tensorsolve(CUBES, PLANES)),
        (lambda: ag.linalg.tensorsolve(np.moveaxis(CUBES, (2, 3), (0, 1)), PLANES, axes=(0, 1)),
         np.linalg.tensorsolve(CUBES, PLANES)),
        (lambda: ag.tensor(PLANE).narrow(1, 4, 0), PLANE[:, :0]),
        (lambda: ag.tensor(PLANE).narrow(1, -4, 4), PLANE),
        (lambda: ag.linalg.matrix_exp(np.diag([0.5, 3.0])), np.diag(np.exp([0.5, 3.0]))),
        (lambda: ag.linalg.matrix_exp(np.diag([1e-3, 0.4])), np.diag(np.exp([1e-3, 0.4]))),
        (lambda: ag.getitem(PLANE, slice(None, None, np.int64(2))), PLANE[::2]),
    ],
)  # fmt: skip
def test_what_lies_just_within_a_bound_is_what_numpy_gives(got, expected):
    found = got()
    assert found.shape == np.shape(expected)
    np.testing.assert_allclose(
        np.asarray(found.tolist()).reshape(found.shape), expected, rtol=1e-12
    )


@pytest.mark.parametrize("function", [ag.sort, ag.cummax, ag.cummin])
@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_what_is_ordered_already_is_copied_all_the_same(function, shape):
    x = np.full(shape, 3.0)
    out = function(x)
    assert not np.shares_memory(out[0] if isinstance(out, tuple) else out, x)


def test_four_quarters_are_a_result_of_their_own():
    x = ag.tensor(PLANE, requires_grad=True)
    for k in (0, 4, -4):
        out = ag.rot90(x, k)
        assert out is not x and not out.is_leaf and out.tolist() == PLANE.tolist()


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
def test_quantiles_at_places_and_between_them_are_numpys(method):
    x = np.array([4.0, 0.0, 1.0, 2.0, 8.0])
    for q in (0.0, 0.25, 0.3, 0.5, 0.6, 0.625, 0.875, 0.9, 1.0):
        assert ag.quantile(x, q, method=method).item() == np.quantile(x, q, method=method), q


def test_bytes_are_told_in_the_unit_that_leaves_at_least_one():
    units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    for k, unit in enumerate(units):
        assert _readable(3 * 1024**k) == f"3 {unit}"
        assert _readable(1024 ** (k + 1) - 1024**k // 2 - 1).endswith(f" {unit}")
    assert _readable(1024) == "1 KiB" and _readable(1023) == "1023 bytes"
    assert _readable((1 << 200) - 1).endswith("EiB") and _readable(1 << 200) == "far more"


def test_a_window_along_each_of_its_axes_keeps_what_is_said_of_it():
    whole = Window((2, 3, 4), (1, 2, 3), ((0, 1), (2, 3), (4, 5)), (1, 3, 5))
    for axis in range(3):
        assert whole.along(axis) == Window(
            (axis + 2,), (axis + 1,), ((2 * axis, 2 * axis + 1),), (2 * axis + 1,)
        )


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_vectors_that_complete_a_basis_are_told_apart_at_any_size_of_the_gradient(scale):
    x = ag.tensor(np.random.default_rng(5).normal(size=(2, 5)), requires_grad=True)
    vt = ag.linalg.svd(x, full_matrices=True)[2]
    rest = vt[2:]
    (rest.T @ rest * np.random.default_rng(6).normal(size=(5, 5)) * scale).sum().backward(
        retain_graph=True
    )
    assert np.isfinite(x.grad.numpy()).all()
    with pytest.raises(ValueError, match="which vectors complete vt"):
        (rest * np.random.default_rng(7).normal(size=(3, 5)) * scale).sum().backward()
