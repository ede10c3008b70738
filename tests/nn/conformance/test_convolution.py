"""Convolutions, forwards and transposed, unfold and fold, against PyTorch."""

import itertools

import numpy as np
import pytest

import nn.functional as F
from tests.nn.conformance.random_cases import draw_one, each, per_axis, pick, refusals

pytestmark = pytest.mark.torch


WINDOW = ("stride", "padding", "output_padding", "dilation")


def image(rng, n, channels, low, high):
    """Shape of a batch, an empty batch or a single image."""
    batch = pick(rng, (), (0,), (1,), (2,), (3,))
    return (*batch, channels, *rng.integers(low, high + 1, n).tolist())


def conv(torch, rng, n):
    theirs, ours = getattr(torch.nn.functional, f"conv{n}d"), getattr(F, f"conv{n}d")
    groups = pick(rng, 1, 1, 2, 3)
    channels, outputs = groups * pick(rng, 1, 2), groups * pick(rng, 1, 2)
    wrong = pick(rng, *[0] * 12, 1)
    shape = image(rng, n, channels + wrong, 3, 7 if n < 3 else 5)
    kernel = tuple(rng.integers(1, 4, n).tolist())
    options = dict(
        stride=per_axis(rng, n, 1, 1, 2, 3),
        padding=pick(rng, per_axis(rng, n, 0, 1, 2), "same", "valid"),
        dilation=per_axis(rng, n, 1, 1, 2),
        groups=groups,
    )
    arrays = [
        rng.standard_normal(shape),
        rng.standard_normal((outputs, channels // groups, *kernel)),
    ]
    if rng.random() < 0.6:
        arrays.append(rng.standard_normal(outputs))
    label = shape, kernel, options
    return lambda *a: theirs(*a, **options), lambda *a: ours(*a, **options), arrays, label


def conv_transpose(torch, rng, n):
    name = f"conv_transpose{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    groups = pick(rng, 1, 1, 2, 3)
    channels, outputs = groups * pick(rng, 1, 2), groups * pick(rng, 1, 2)
    shape = image(rng, n, channels, 1, 4)
    kernel = tuple(rng.integers(1, 4, n).tolist())
    options = dict(
        stride=per_axis(rng, n, 1, 2, 3),
        padding=per_axis(rng, n, 0, 0, 1, 2),
        output_padding=per_axis(rng, n, 0, 0, 1, 2),
        groups=groups,
        dilation=per_axis(rng, n, 1, 1, 2, 3),
    )
    if 0 in shape:  # where PyTorch does not check it
        options["output_padding"] = 0
    sizes = [
        (length - 1) * s - 2 * p + d * (k - 1) + e + 1
        for length, k, s, p, e, d in zip(
            shape[-n:], kernel, *(np.broadcast_to(options[o], n) for o in WINDOW), strict=True
        )
    ]
    if min(sizes) == 0:  # PyTorch gives an empty output or refuses, as its backends differ
        return None
    arrays = [
        rng.standard_normal(shape),
        rng.standard_normal((channels, outputs // groups, *kernel)),
    ]
    if rng.random() < 0.6:
        arrays.append(rng.standard_normal(outputs))
    label = shape, kernel, options
    return lambda *a: theirs(*a, **options), lambda *a: ours(*a, **options), arrays, label


def unfold(torch, rng, n):
    shape, options = windows_of(rng)
    theirs = torch.nn.functional.unfold
    arrays = [rng.standard_normal(shape)]
    return lambda x: theirs(x, **options), lambda x: F.unfold(x, **options), arrays, options


def fold(torch, rng, n):
    shape, options = windows_of(rng)
    try:
        columns = np.asarray(F.unfold(np.zeros(shape), **options))
    except ValueError:
        return None
    theirs, size = torch.nn.functional.fold, shape[-2:]
    arrays = [rng.standard_normal(columns.shape)]
    label = size, options
    return (
        lambda c: theirs(c, size, **options), lambda c: F.fold(c, size, **options), arrays, label
    )  # fmt: skip


def windows_of(rng):
    """Shape of images, and what `unfold` is asked for."""
    return image(rng, 2, pick(rng, 1, 3), 2, 6), dict(
        kernel_size=per_axis(rng, 2, 1, 2, 3),
        dilation=per_axis(rng, 2, 1, 2),
        padding=per_axis(rng, 2, 0, 1),
        stride=per_axis(rng, 2, 1, 2),
    )


DRAWN = {"conv": conv, "conv_transpose": conv_transpose, "unfold": unfold, "fold": fold}
COUNTS = {
    "conv": {1: 250, 2: 250, 3: 100},
    "conv_transpose": {1: 250, 2: 250, 3: 100},
    "unfold": {2: 150},
    "fold": {2: 150},
}


@each(COUNTS)
def test_a_random_case(torch, compare, name, n, seed):
    case = draw_one(DRAWN[name], torch, n, seed)
    if case is not None:
        theirs, ours, arrays, label = case
        compare(theirs, ours, arrays, label=label)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name, most", [("conv", 2), ("conv_transpose", 1.5)])
def test_some_cases_are_refused_and_most_are_not(torch, name, most, n):
    refused, total = refusals(DRAWN[name], torch, n, COUNTS[name][n])
    assert 10 < refused < total / most


def test_memory_layouts(torch, compare, rng):
    """Values do not depend on how the arrays lie in memory."""
    x, w = rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((4, 3, 3, 2))
    for order_x, order_w in itertools.product(
        itertools.permutations(range(4)), [(0, 1, 2, 3), (3, 1, 0, 2)]
    ):
        moved = np.ascontiguousarray(x.transpose(order_x)).transpose(np.argsort(order_x))
        other = np.ascontiguousarray(w.transpose(order_w)).transpose(np.argsort(order_w))
        compare(
            lambda x, w: torch.nn.functional.conv2d(x, w, stride=(1, 2), padding=1),
            lambda x, w: F.conv2d(x, w, stride=(1, 2), padding=1),
            [moved, other],
            label=(order_x, order_w),
        )
    y = F.conv2d(x[:, :, ::2, ::-1], w[::2, :, ::-1])
    wanted = F.conv2d(x[:, :, ::2, ::-1].copy(), w[::2, :, ::-1].copy())
    np.testing.assert_allclose(y, wanted, rtol=1e-12)
