"""Resizing kernels against loops over output pixels, adjoint identities, and PyTorch."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd.kernels.resampling import (
    SMALL_IMAGE,
    adaptive_avg_pool,
    adaptive_avg_pool_adjoint,
    apply_maps,
    interpolate,
    interpolate_adjoint,
    interpolated_size,
    interpolation_map,
)
from tests.layouts import batch_last

RNG = np.random.default_rng
MODES = ["nearest", "nearest-exact", "linear", "cubic", "area"]


def keys(distance):
    """The cubic convolution kernel with a = -3/4, from its definition."""
    a, d = -0.75, abs(distance)
    if d <= 1:
        return (a + 2) * d**3 - (a + 3) * d**2 + 1
    return a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a if d < 2 else 0.0


def matrix(length, outputs, mode, align_corners=False):
    """The map of one axis as a dense matrix, from the geometry: cell centres at i + 1/2."""
    result = np.zeros((outputs, length))
    for i in range(outputs):
        if align_corners:
            at = i * (length - 1) / (outputs - 1) if outputs > 1 else 0.0
        else:
            at = (i + 0.5) * length / outputs - 0.5
        if mode == "nearest":
            result[i, min(length - 1, i * length // outputs)] = 1
        elif mode == "nearest-exact":
            result[i, min(length - 1, math.floor((2 * i + 1) * length / (2 * outputs)))] = 1
        elif mode == "area":
            start, end = math.floor(i * length / outputs), math.ceil((i + 1) * length / outputs)
            result[i, start:end] = 1 / (end - start)
        elif mode == "linear":
            at = min(max(at, 0), length - 1)
            for cell in range(length):
                result[i, cell] = max(0.0, 1 - abs(cell - at))
        else:
            for cell in range(math.floor(at) - 1, math.floor(at) + 3):
                result[i, min(max(cell, 0), length - 1)] += keys(cell - at)
    return result


def dense(x, matrices):
    for axis, m in enumerate(matrices, start=2):
        x = np.moveaxis(np.tensordot(m, x, axes=(1, axis)), 0, axis)
    return x


@st.composite
def cases(draw):
    rank = draw(st.integers(1, 3))
    shape = draw(st.tuples(*[st.integers(1, 6)] * rank))
    out_shape = draw(st.tuples(*[st.integers(1, 9)] * rank))
    mode = draw(st.sampled_from(MODES))
    align_corners = mode in ("linear", "cubic") and draw(st.booleans())
    seed = draw(st.integers(0, 99))
    x = RNG(seed).normal(size=(draw(st.integers(0, 3)), 2, *shape))
    x = [x, batch_last(x), x[:, :, ::-1]][seed % 3]
    return x, out_shape, mode, align_corners


@given(cases())
def test_interpolate_and_its_adjoint_are_the_matrices_of_the_geometry(case):
    x, out_shape, mode, align_corners = case
    options = {"mode": mode, "align_corners": align_corners}
    axes = zip(x.shape[2:], out_shape, strict=True)
    matrices = [matrix(*axis, mode, align_corners) for axis in axes]
    got = interpolate(x, out_shape=out_shape, **options)
    assert got.flags.c_contiguous and not np.shares_memory(got, x)
    np.testing.assert_allclose(got, dense(x, matrices), rtol=1e-12, atol=1e-12)
    g = RNG(1).normal(size=got.shape)
    back = interpolate_adjoint(g, input_shape=x.shape[2:], **options)
    assert back.flags.c_contiguous and not np.shares_memory(back, g)
    np.testing.assert_allclose(back, dense(g, [m.T for m in matrices]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(np.vdot(got, g), np.vdot(x, back), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("mode", MODES)
def test_object_arrays_are_mapped_alike(mode):
    x = RNG(0).normal(size=(1, 2, 4, 3))
    want = interpolate(x, out_shape=(3, 5), mode=mode)
    got = interpolate(x.astype(object), out_shape=(3, 5), mode=mode)
    np.testing.assert_array_equal(got.astype(float), want)
    back = interpolate_adjoint(got, input_shape=(4, 3), mode=mode)
    np.testing.assert_array_equal(
        back.astype(float), interpolate_adjoint(want, input_shape=(4, 3), mode=mode)
    )


def test_one_size_changes_nothing_and_shares_nothing():
    x = batch_last(RNG(0).normal(size=(2, 3, 4, 5)))
    for mode in MODES:
        y = interpolate(x, out_shape=(4, 5), mode=mode)
        np.testing.assert_array_equal(y, x)
        assert not np.shares_memory(x, y)


def test_single_precision_is_computed_in_single_precision():
    x = RNG(0).normal(size=(2, 3, 5)).astype(np.float32)
    quarters = matrix(5, 10, "linear").astype(np.float32)  # weights of 1/4 and 3/4, exactly
    want = np.zeros((2, 3, 10), np.float32)
    for i, cell in itertools.product(range(10), range(5)):
        want[..., i] += x[..., cell] * quarters[i, cell]
    map_ = interpolation_map(5, 10, "linear", False, None)
    assert apply_maps(x, [map_]).tobytes() == want.tobytes()


def test_halves_stay_halves():
    x = np.full((1, 1, 300), 1.0, np.float16)
    y = adaptive_avg_pool(x, out_shape=(1,))
    assert y.dtype == np.float16
    np.testing.assert_allclose(y, 1.0, atol=1e-3)


@pytest.mark.parametrize("mode", MODES)
def test_a_nan_reaches_only_its_neighbours(mode):
    x = np.zeros((1, 1, 8, 8))
    x[..., 0, 0] = np.nan
    y = interpolate(x, out_shape=(16, 16), mode=mode)
    assert np.isnan(y[..., 0, 0])
    assert not np.isnan(y[..., 6:, :]).any() and not np.isnan(y[..., 6:]).any()


def test_a_nan_that_counts_for_nothing_does_not_count():
    x = np.array([[[0.0, np.nan, 0.0]]])
    y = interpolate(x, out_shape=(5,), mode="linear", align_corners=True)
    np.testing.assert_array_equal(np.isnan(y[0, 0]), [False, True, True, True, False])


def test_scale_factors_move_the_coordinates():
    x = np.arange(5.0).reshape(1, 1, 5)
    size = interpolated_size(5, 1.5)
    assert size == 7
    got = interpolate(x, out_shape=(size,), mode="linear", scale_factors=(1.5,))
    at = np.clip((np.arange(7) + 0.5) / 1.5 - 0.5, 0, 4)
    np.testing.assert_allclose(got[0, 0], at)


def test_unknown_modes_are_refused():
    with pytest.raises(ValueError, match="mode 'lanczos' is not one of"):
        interpolate(np.ones((1, 1, 3)), out_shape=(4,), mode="lanczos")


@given(st.integers(1, 3), st.data())
def test_adaptive_averages(rank, data):
    shape = data.draw(st.tuples(*[st.integers(1, 7)] * rank))
    out_shape = data.draw(st.tuples(*[st.integers(1, 9)] * rank))
    x = RNG(0).normal(size=(2, 2, *shape))
    got = adaptive_avg_pool(x, out_shape=out_shape)
    for out in itertools.product(*map(range, out_shape)):
        window = tuple(
            slice(math.floor(i * n / o), math.ceil((i + 1) * n / o))
            for i, n, o in zip(out, shape, out_shape, strict=True)
        )
        want = x[(slice(None), slice(None), *window)].reshape(2, 2, -1).mean(axis=-1)
        np.testing.assert_allclose(got[(slice(None), slice(None), *out)], want, atol=1e-13)
    g = RNG(1).normal(size=got.shape)
    back = adaptive_avg_pool_adjoint(g, input_shape=shape)
    np.testing.assert_allclose(np.vdot(got, g), np.vdot(x, back), rtol=1e-11, atol=1e-12)


THEIR_MODES = {
    ("linear", 1): "linear",
    ("linear", 2): "bilinear",
    ("linear", 3): "trilinear",
    ("cubic", 2): "bicubic",
}


@pytest.mark.torch
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("how", ["size", "scale", "corners"])
def test_pytorch_agrees(torch, mode, rank, how):
    their_mode = mode if mode not in ("linear", "cubic") else THEIR_MODES.get((mode, rank))
    if their_mode is None or (how == "corners" and mode not in ("linear", "cubic")):
        return
    shape = (5, 6, 4)[:rank]
    for factor in (0.3, 0.5, 0.75, 1.0, 1.1, 1.5, 2.0, 2.3, 3.0):
        out_shape = tuple(interpolated_size(n, factor) for n in shape)
        x = RNG(0).normal(size=(2, 3, *shape))
        tensor = torch.tensor(x, requires_grad=True)
        theirs = {"scale_factor": factor} if how == "scale" else {"size": out_shape}
        if mode in ("linear", "cubic"):
            theirs["align_corners"] = how == "corners"
        want = torch.nn.functional.interpolate(tensor, mode=their_mode, **theirs)
        ours = {"mode": mode, "align_corners": how == "corners"}
        if how == "scale":
            ours["scale_factors"] = (factor,) * rank
        got = interpolate(x, out_shape=out_shape, **ours)
        unchanged = how == "scale" and factor != 1 and any(map(int.__eq__, shape, out_shape))
        np.testing.assert_allclose(got, want.detach().numpy(), rtol=1e-11, atol=1e-11)
        if unchanged and (mode in ("cubic", "nearest-exact") or mode == "nearest" and rank != 2):
            continue  # PyTorch's backward pass is not the adjoint of its forward pass here
        g = RNG(1).normal(size=got.shape)
        want.backward(torch.tensor(g))
        back = interpolate_adjoint(g, input_shape=shape, **ours)
        np.testing.assert_allclose(back, tensor.grad.numpy(), rtol=1e-11, atol=1e-11)


@pytest.mark.torch
@pytest.mark.parametrize(("length", "outputs"), [(14, 46), (26, 22), (30, 58)])
def test_ties_of_nearest_are_broken_as_in_pytorch(torch, length, outputs):
    x = np.arange(float(length)).reshape(1, 1, 1, length)
    for mode in ("nearest", "nearest-exact"):
        want = torch.nn.functional.interpolate(torch.tensor(x), size=(1, outputs), mode=mode)
        got = interpolate(x, out_shape=(1, outputs), mode=mode)
        np.testing.assert_array_equal(got, want.numpy())


FACTORS = [0.3, 0.5, 0.7, 0.9, 1.1, 1.25, 1.3, 1.5, 1.7, 2, 2.1, 2.3, 2.6, 3.3, 1 / 3, 4 / 3]


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_an_edge_belongs_to_the_cell_after_it_at_every_size(mode):
    half = 1 if mode == "nearest-exact" else 0
    for length, outputs in itertools.product(range(1, 30), range(1, 60)):
        want = [(2 * i + half) * length // (2 * outputs) for i in range(outputs)]
        x = np.arange(float(length)).reshape(1, 1, length)
        got = interpolate(x, out_shape=(outputs,), mode=mode)
        assert got.ravel().tolist() == want, (length, outputs)


def test_a_factor_counts_even_where_the_length_stays():
    x = np.arange(2.0).reshape(1, 1, 2)
    got = interpolate(x, out_shape=(2,), mode="nearest", scale_factors=(1.25,))
    assert got.ravel().tolist() == [0, 0]  # floor(1 / 1.25)
    assert interpolate(x, out_shape=(2,), mode="nearest").ravel().tolist() == [0, 1]


@pytest.mark.torch
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_nearest_cells_are_pytorchs_at_every_size(torch, mode, rank, dtype):
    """Also on both sides of the size from which PyTorch computes images in another way."""
    around = SMALL_IMAGE - 2 if rank == 2 else 40
    for length in [*range(1, 16), 31, 63, 64, 100]:
        sizes = [*range(1, 24), *range(around - 1, around + 3)]
        for how in [{"size": (2,) * (rank - 1) + (s,)} for s in sizes] + [
            {"scale_factor": (1.0,) * (rank - 1) + (f,)} for f in FACTORS
        ]:
            if "scale_factor" in how and length * how["scale_factor"][-1] < 1:
                continue
            x = np.arange(4.0 * length).reshape((1, 4) + (1,) * (rank - 1) + (length,))
            x = x.repeat(2, axis=2) if rank > 1 else x
            x = (x.repeat(2, axis=3) if rank > 2 else x).astype(dtype)
            want = torch.nn.functional.interpolate(torch.tensor(x), mode=mode, **how).numpy()
            factors = how.get("scale_factor")
            got = interpolate(x, out_shape=want.shape[2:], mode=mode, scale_factors=factors)
            np.testing.assert_array_equal(got, want, err_msg=f"{length} {how}")
