"""Images read at any places, against loops."""

import math

import numpy as np
import pytest

import autograd as ag
import nn.functional as F

RNG = np.random.default_rng(0)
IMAGE = RNG.normal(size=(1, 2, 4, 5))


def pixel(i, j, padding):
    if padding == "zeros" and not (0 <= i < 4 and 0 <= j < 5):
        return np.zeros(2)
    return IMAGE[0, :, min(max(i, 0), 3), min(max(j, 0), 4)]


@pytest.mark.parametrize("padding", ["zeros", "border"])
@pytest.mark.parametrize("align", [False, True])
def test_between_four_pixels(padding, align):
    grid = RNG.uniform(-1.4, 1.4, (1, 3, 3, 2))
    got = F.grid_sample(ag.tensor(IMAGE), ag.tensor(grid), "bilinear", padding, align).numpy()
    for a, b in np.ndindex(3, 3):
        x, y = grid[0, a, b]
        x, y = (
            ((x + 1) / 2 * 4, (y + 1) / 2 * 3)
            if align
            else ((x + 1) * 2.5 - 0.5, (y + 1) * 2 - 0.5)
        )
        j, i = math.floor(x), math.floor(y)
        want = sum(
            pixel(i + di, j + dj, padding) * (1 - abs(y - i - di)) * (1 - abs(x - j - dj))
            for di in (0, 1)
            for dj in (0, 1)
        )
        np.testing.assert_allclose(got[0, :, a, b], want, atol=1e-13)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_the_identity_gives_the_image_back_and_a_flip_its_mirror(mode, padding, align):
    image = ag.tensor(IMAGE)
    for sign in (1.0, -1.0):
        theta = ag.tensor([[[sign, 0.0, 0.0], [0.0, 1.0, 0.0]]], dtype=np.float64)
        grid = F.affine_grid(theta, IMAGE.shape, align)
        got = F.grid_sample(image, grid, mode, padding, align).numpy()
        want = IMAGE if sign == 1.0 else IMAGE[..., ::-1]
        np.testing.assert_allclose(got, want, atol=1e-13)


def test_reflection_repeats_the_mirrored_image():
    row = ag.tensor(IMAGE[:, :1, :1])
    x = (np.arange(-5, 10) + 0.5) * 2 / 5 - 1
    grid = np.stack([x, np.zeros(15)], -1).reshape(1, 1, 15, 2)
    got = F.grid_sample(row, grid, "nearest", "reflection").numpy().ravel()
    mirrored = IMAGE[0, 0, 0]
    np.testing.assert_allclose(got, [*mirrored[::-1], *mirrored, *mirrored[::-1]])


def test_a_cubic_reads_sixteen_pixels():
    """Keys' weights with a = −0.75, half way and a quarter of the way between two pixels."""
    image = RNG.normal(size=(4, 4))
    half, quarter = [-0.09375, 0.59375, 0.59375, -0.09375], [-0.10546875, 0.87890625, 0.26171875, -0.03515625]  # fmt: skip
    for x, weights in ((1.5, half), (1.25, quarter)):
        grid = np.array([(x + 0.5) / 2 - 1, (1.5 + 0.5) / 2 - 1]).reshape(1, 1, 1, 2)
        got = F.grid_sample(ag.tensor(image[None, None]), ag.tensor(grid), "bicubic").item()
        assert math.isclose(got, np.array(half) @ image @ np.array(weights), rel_tol=1e-12)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_gradients(mode, padding):
    grid = ag.tensor(RNG.uniform(-1.9, 1.9, (1, 2, 3, 2)), requires_grad=True)
    image = ag.tensor(IMAGE, requires_grad=True)
    assert ag.func.gradcheck(lambda x, g: F.grid_sample(x, g, mode, padding), image, grid)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: F.grid_sample(ag.zeros(2, 1, 3, 3), ag.zeros(1, 2, 2, 2)), r"got \(2, 1, 3, 3\)"),
        (lambda: F.grid_sample(ag.zeros(1, 1, 3, 3, 3), ag.zeros(1, 2, 2, 2, 3), "bicubic"),
         "is for images"),
        (lambda: F.grid_sample(ag.zeros(1, 1, 0, 3), ag.zeros(1, 2, 2, 2)), "has no pixels"),
        (lambda: F.affine_grid(ag.zeros(1, 2, 3), (2, 1, 3, 3)), r"got \(1, 2, 3\)"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


NOWHERE = [np.nan, np.inf, -np.inf]
# What NaN, ∞ and −∞ along the last axis read of the pixels 1, 2, 3; by hand, as PyTorch for images.
READS = {
    ("bilinear", "zeros"): [np.nan] * 3, ("bilinear", "border"): [1.0, 3.0, 1.0],
    ("bilinear", "reflection"): [1.0] * 3, ("nearest", "zeros"): [0.0] * 3,
    ("nearest", "border"): [1.0, 3.0, 1.0], ("nearest", "reflection"): [1.0] * 3,
    ("bicubic", "zeros"): [np.nan] * 3, ("bicubic", "border"): [np.nan] * 3,
    ("bicubic", "reflection"): [np.nan] * 3,
}  # fmt: skip


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("mode, padding", READS)
@pytest.mark.parametrize("align", [False, True])
def test_a_place_that_is_no_number_is_told(mode, padding, align, dimensions):
    if mode == "bicubic" and dimensions == 3:
        return
    ones = (1,) * (dimensions - 1)
    image = np.array([1.0, 2.0, 3.0]).reshape(1, 1, *ones, 3)
    grid = np.zeros((1, *ones, 4, dimensions))
    grid[..., 0].flat = [*NOWHERE, 0.0]
    with np.errstate(all="raise", under="ignore"):
        got = F.grid_sample(ag.tensor(image), ag.tensor(grid), mode, padding, align).numpy()
    np.testing.assert_allclose(got.ravel(), [*READS[mode, padding], 2.0])


@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_a_place_that_is_no_number_spoils_no_other_gradient(mode):
    image = ag.tensor(IMAGE, requires_grad=True)
    places = np.zeros((1, 1, 2, 2))
    places[0, 0, 1, 0] = np.nan
    found = F.grid_sample(image, grid := ag.tensor(places, requires_grad=True), mode, "zeros")
    ag.getitem(found, (..., 0)).sum().backward()
    assert np.isfinite(grid.grad.numpy()[0, 0, 0]).all()
    alone = ag.tensor(IMAGE, requires_grad=True)
    F.grid_sample(alone, ag.tensor(places[:, :, :1]), mode, "zeros").sum().backward()
    assert image.grad.tolist() == alone.grad.tolist()


@pytest.mark.parametrize("padding", ["border", "reflection"])
def test_at_the_outer_pixels_the_image_is_flat(padding):
    """A flow that is 0 reads the centres of all pixels: those at an edge have no slope across it."""
    image = ag.tensor([[[[1.0, 4.0, 9.0]]]], np.float64)
    x = ag.tensor([-2 / 3, -0.6, 0.0, 0.6, 2 / 3], np.float64, requires_grad=True)
    grid = ag.stack([x, ag.zeros(5, dtype=np.float64)], axis=-1).reshape(1, 1, 5, 2)
    F.grid_sample(image, grid, padding_mode=padding, align_corners=False).sum().backward()
    np.testing.assert_allclose(x.grad.data, [0, 4.5, 7.5, 7.5, 0], atol=1e-12)


def test_in_one_pixel_there_is_no_slope():
    grid = ag.tensor([[[[0.0, 0.0], [0.3, -0.2]]]], np.float64, requires_grad=True)
    F.grid_sample(ag.tensor([[[[3.0]]]], np.float64), grid, padding_mode="border").sum().backward()
    np.testing.assert_array_equal(grid.grad.data, 0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("align", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 6, 7, 10, 28])
def test_the_grid_of_an_identity_is_its_own_mirror_image(n, align, dtype):
    same = ag.tensor([[[1.0, 0, 0], [0, 1.0, 0]]], dtype)
    grid = F.affine_grid(same, (1, 1, n, n), align_corners=align).numpy()
    assert grid.dtype == dtype
    np.testing.assert_array_equal(grid, -grid[:, ::-1, ::-1])
    ends = 1.0 if align else 1 - 1 / n
    wanted = np.linspace(-ends, ends, n) if n > 1 else [0.0]
    np.testing.assert_allclose(
        grid[0, 0, :, 0], wanted, rtol=1e-6 if dtype == np.float32 else 1e-14
    )
