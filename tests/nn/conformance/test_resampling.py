"""Interpolation and shuffles against PyTorch."""

import numpy as np
import pytest

import nn.functional as F
from tests.nn.conformance.random_cases import pick

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]


MODES = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "trilinear": (3,),
    "bicubic": (2,),
    "area": (1, 2, 3),
}


@pytest.mark.parametrize("seed", range(100))
@pytest.mark.parametrize("mode", MODES)
def test_interpolate(torch, compare, mode, seed):
    rng = np.random.default_rng((20, seed))
    n = pick(rng, *MODES[mode])
    shape = (pick(rng, 0, 1, 2), 2, *rng.integers(1, 6, n).tolist())
    options = {"mode": mode}
    if mode.endswith(("linear", "cubic")):
        options["align_corners"] = pick(rng, None, False, True)
    order = 2
    if rng.random() < 0.5:
        options["size"] = pick(rng, 1, 3, 4, 7, tuple(rng.integers(1, 8, n).tolist()))
    else:
        options["scale_factor"] = pick(rng, 2, 0.5, 1.7, 2.3, (1.5,) * n)
        options["recompute_scale_factor"] = pick(rng, None, False, True)
        if 1 in shape[2:] and options["scale_factor"] == 0.5:
            return  # an empty result in some modes of PyTorch, refused in others and by us
        if mode.startswith("nearest") and n != 2:
            order = 0  # PyTorch's backward pass is not the adjoint of its forward pass here
    compare(
        lambda x: torch.nn.functional.interpolate(x, **options),
        lambda x: F.interpolate(x, **options),
        [rng.standard_normal(shape)],
        order=order,
        label=(shape, options),
    )


def test_what_does_not_go_together(torch, compare, rng):
    for options in (
        {}, {"size": 2, "scale_factor": 2}, {"size": 2, "align_corners": True},
        {"size": (2, 2, 2)}, {"size": 2, "mode": "linear"}, {"scale_factor": (2,)},
        {"size": 2, "mode": "cubic"}, {"size": 0}, {"size": 2.5}, {"scale_factor": 0.1},
        {"size": 2, "recompute_scale_factor": True}, {"size": -1},
    ):  # fmt: skip
        compare(
            lambda x, o=options: torch.nn.functional.interpolate(x, **o),
            lambda x, o=options: F.interpolate(x, **o),
            [rng.standard_normal((1, 1, 3, 3))],
            label=options,
        )
    assert compare.refused == 12


def test_upsample(torch, compare, rng):
    x = rng.standard_normal((2, 1, 3, 2))
    for name in ("upsample", "upsample_nearest", "upsample_bilinear"):
        for options in ({"scale_factor": 2}, {"size": (5, 4)}):
            compare(
                lambda x, n=name, o=options: getattr(torch.nn.functional, n)(x, **o),
                lambda x, n=name, o=options: getattr(F, n)(x, **o),
                [x],
                label=(name, options),
            )


@pytest.mark.parametrize("name", ["pixel_shuffle", "pixel_unshuffle", "channel_shuffle"])
def test_shuffles(torch, compare, rng, name):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for shape in [(2, 4, 2, 4), (8, 4, 2), (1, 9, 3, 3), (2, 3, 1, 4, 2, 2), (4, 2)]:
        for number in (1, 2, 3, 0):
            compare(
                lambda x, k=number: theirs(x, k),
                lambda x, k=number: ours(x, k),
                [rng.standard_normal(shape)],
                label=(name, shape, number),
            )
