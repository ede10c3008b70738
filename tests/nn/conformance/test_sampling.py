"""`grid_sample` and `affine_grid` against PyTorch."""

import itertools

import numpy as np
import pytest

import autograd
import nn.functional as F

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

SHAPES = [(2, 3, 5, 4), (1, 2, 1, 6), (2, 1, 3, 4, 5)]


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_grid_sample(torch, compare, rng, mode, padding, align):
    for shape in SHAPES:
        n = len(shape) - 2
        if mode == "bicubic" and n == 3:
            continue
        grid = rng.uniform(-2.6, 2.6, (shape[0], *(3, 4, 2)[:n], n))
        options = {"mode": mode, "padding_mode": padding, "align_corners": align}
        beside = [rng.normal(size=shape)] + ([grid] if mode != "nearest" else [])
        more = [] if mode != "nearest" else [grid]
        compare(
            lambda *x, o=options, m=more: torch.nn.functional.grid_sample(
                *x, *map(torch.tensor, m), **o
            ),
            lambda *x, o=options, m=more: F.grid_sample(*x, *m, **o),
            beside,
            order=1,
            rtol=1e-11,
            atol=1e-11,
        )
    assert not compare.refused


@pytest.mark.parametrize("align", [False, True, None])
def test_affine_grid(torch, compare, rng, align):
    for size, n in itertools.product([(2, 1, 3, 4), (2, 1, 1, 5), (2, 1, 2, 3, 4)], [2, 3]):
        if len(size) == n + 2:
            compare(
                lambda t, s=size: torch.nn.functional.affine_grid(t, s, align_corners=align),
                lambda t, s=size: F.affine_grid(t, s, align_corners=align),
                [rng.normal(size=(2, n, n + 1))],
                rtol=1e-12,
                atol=1e-12,
            )
    assert not compare.refused


def test_values_agree_to_rounding(torch, rng):
    x, grid = rng.normal(size=(2, 3, 5, 4)), rng.uniform(-1.5, 1.5, (2, 3, 3, 2))
    for mode in ("bilinear", "bicubic"):
        want = torch.nn.functional.grid_sample(
            *map(torch.tensor, (x, grid)), mode, "reflection", False
        )
        np.testing.assert_allclose(F.grid_sample(x, grid, mode, "reflection"), want, atol=1e-12)


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align", [False, True])
def test_slopes_at_the_pixels_themselves(torch, compare, padding, align):
    pixels = np.arange(-2, 6.5, 0.5)
    x = 2 * pixels / 3 - 1 if align else (2 * pixels + 1) / 4 - 1
    options = {"padding_mode": padding, "align_corners": align}
    compare(
        lambda *x: torch.nn.functional.grid_sample(*x, **options),
        lambda *x: F.grid_sample(*x, **options),
        [np.random.default_rng(0).normal(size=(1, 2, 4, 4)), np.stack(np.meshgrid(x, x), -1)[None]],
        order=1,
        rtol=1e-11,
        atol=1e-11,
    )


@pytest.mark.parametrize("n", [7, 8, 28])
def test_a_spatial_transformer_that_begins_with_the_identity(torch, n):
    image = np.random.default_rng(0).random((1, 1, n, n)).astype(np.float32)
    weights = np.random.default_rng(1).random((1, 1, n, n)).astype(np.float32)
    found = []
    for make, f in ((torch.tensor, torch.nn.functional), (autograd.tensor, F)):
        theta = make(np.array([[[1, 0, 0], [0, 1, 0]]], np.float32)).requires_grad_()
        grid = f.affine_grid(theta, (1, 1, n, n), align_corners=False)
        (f.grid_sample(make(image), grid, align_corners=False) * make(weights)).sum().backward()
        found.append(np.asarray(theta.grad.detach()))
    np.testing.assert_allclose(*found, rtol=1e-4, atol=1e-3)
