"""`grid_sample` and `affine_grid` against PyTorch."""

import itertools

import numpy as np
import pytest

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
