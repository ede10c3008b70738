"""Activations, softmax and padding against PyTorch."""

import numpy as np
import pytest

import nn.functional as F

pytestmark = [
    pytest.mark.torch,
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning"),  # ∞ · 0, ∞ / ∞
]

# Name, and the options to be tried.
ACTIVATIONS = [
    ("relu", {}),
    ("relu6", {}),
    ("hardtanh", {}),
    ("hardtanh", {"min_val": -0.5, "max_val": 2.0}),
    ("leaky_relu", {}),
    ("leaky_relu", {"negative_slope": -0.3}),
    ("elu", {}),
    ("elu", {"alpha": 0.3}),
    ("selu", {}),
    ("celu", {}),
    ("celu", {"alpha": 0.5}),  # PyTorch rounds alpha to single precision
    ("gelu", {}),
    ("gelu", {"approximate": "tanh"}),
    ("silu", {}),
    ("mish", {}),
    ("softplus", {}),
    ("softplus", {"beta": 2.0, "threshold": 3.0}),
    ("softsign", {}),
    ("softshrink", {}),
    ("softshrink", {"lambd": 1.0}),
    ("hardshrink", {}),
    ("hardshrink", {"lambd": 1.0}),
    ("tanhshrink", {}),
    ("hardsigmoid", {}),
    ("hardswish", {}),
    ("sigmoid", {}),
    ("logsigmoid", {}),
    ("tanh", {}),
    ("threshold", {"threshold": 0.5, "value": 2.0}),
]


@pytest.mark.parametrize("name, options", ACTIVATIONS, ids=str)
def test_activations(torch, compare, rng, name, options):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for shape in [(), (1,), (0, 3), (2, 3, 4), (40,)]:
        compare(
            lambda x: theirs(x, **options),
            lambda x: ours(x, **options),
            [rng.standard_normal(shape) * 3.0],
            label=shape,
            order=1 if name == "hardsigmoid" else 2,  # PyTorch has no second derivative
            rtol=1e-7 if name == "hardsigmoid" else 1e-9,  # its 1/6 is single precision there
        )


@pytest.mark.parametrize("name, options", ACTIVATIONS, ids=str)
def test_activations_at_kinks_and_far_out(torch, compare, name, options):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    x = np.array(
        [0.0, -0.5, 0.5, 1.0, -1.0, 2.0, 3.0, -3.0, 6.0, 21.0, -20.0, 50.0, -50.0, 700.0, -700.0]
    )
    order = 1 if name in ("hardsigmoid", "hardswish") else 2
    compare(
        lambda x: theirs(x, **options),
        lambda x: ours(x, **options),
        [x],
        order=order,
        rtol=1e-7 if name == "hardsigmoid" else 1e-9,
    )
    strange = np.array([np.inf, -np.inf, np.nan])
    compare(lambda x: theirs(x, **options), lambda x: ours(x, **options), [strange], order=0)


def test_prelu(torch, compare, rng):
    for shape in [(2, 3), (2, 3, 4), (3, 2, 2, 2), (5,), (0, 3)]:
        for size in (1, 2, 3):
            for digits, order in ((0, 1), (9, 2)):  # with zeros; without
                compare(
                    torch.nn.functional.prelu,
                    F.prelu,
                    [np.round(rng.standard_normal(shape), digits), rng.standard_normal(size)],
                    label=(shape, size),
                    order=order,
                )


def test_glu(torch, compare, rng):
    for shape, dim in [((4,), 0), ((2, 6), -1), ((2, 4, 3), 1), ((3,), 0), ((2, 2), 2)]:
        compare(
            lambda x, d=dim: torch.nn.functional.glu(x, d),
            lambda x, d=dim: F.glu(x, d),
            [rng.standard_normal(shape)],
            label=(shape, dim),
        )


@pytest.mark.filterwarnings("ignore:Implicit dimension")
@pytest.mark.parametrize("name", ["softmax", "log_softmax", "softmin"])
def test_softmax(torch, compare, rng, name):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for shape in [(), (1,), (3,), (2, 3), (2, 3, 2), (2, 3, 2, 2), (0, 3), (3, 0)]:
        for dim in (None, 0, 1, -1, 3):
            compare(
                lambda x, d=dim: theirs(x, d),
                lambda x, d=dim: ours(x, d),
                [rng.standard_normal(shape) * 4.0],
                label=(shape, dim),
            )
    for extreme in ([1e4, 1e4 - 1.0, -1e4], [-np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0]):
        compare(lambda x: theirs(x, 0), lambda x: ours(x, 0), [np.array(extreme)], order=1)


MODES = ["constant", "reflect", "replicate", "circular"]


@pytest.mark.parametrize("mode", MODES)
def test_pad(torch, compare, rng, mode):
    for _ in range(300):
        n = int(rng.integers(1, 4))
        leading = int(rng.integers(1, 3))
        shape = tuple(rng.integers(1, 5, leading + n).tolist())
        pad = tuple(rng.integers(-2, 5, 2 * n).tolist())
        if rng.random() < 0.1:
            pad = pad[:-1]
        value = None
        if mode == "constant":
            value = float(rng.integers(0, 3)) if rng.random() < 0.5 else None
            if (pad := pad[: 2 * len(shape)]) and min(pad) < 0 and empties(shape, pad):
                continue  # PyTorch refuses some empty results, and gives others
        elif len(pad) % 2 == 0 and (empties(shape, pad) or wraps_too_far(mode, shape, pad)):
            continue
        compare(
            lambda x, p=pad, v=value: torch.nn.functional.pad(x, p, mode, v),
            lambda x, p=pad, v=value: F.pad(x, p, mode, v),
            [rng.standard_normal(shape)],
            label=(shape, pad, value),
        )
    assert 10 < compare.refused


def empties(shape, pad):
    """Whether an axis is left without cells, before or after padding."""
    sizes = list(shape)
    for k in range(len(pad) // 2):
        before, after = pad[2 * k], pad[2 * k + 1]
        sizes[-1 - k] += before + after
        if shape[-1 - k] + min(before, 0) + min(after, 0) <= 0:
            return True
    return min(sizes) <= 0


def wraps_too_far(mode, shape, pad):
    """Where PyTorch reads memory that it has not written: circular beyond what cropping leaves."""
    if mode != "circular":
        return False
    for k in range(len(pad) // 2):
        before, after = pad[2 * k], pad[2 * k + 1]
        left = shape[-1 - k] + min(before, 0) + min(after, 0)
        if max(before, after) > left and max(before, after) <= shape[-1 - k]:
            return True
    return False
