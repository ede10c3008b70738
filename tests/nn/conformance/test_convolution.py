"""Convolutions, forwards and transposed, unfold and fold, against PyTorch."""

import itertools

import numpy as np
import pytest

import nn.functional as F

pytestmark = pytest.mark.torch


WINDOW = ("stride", "padding", "output_padding", "dilation")


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def per_axis(rng, n, *choices):
    """One for all axes, or one each."""
    if rng.random() < 0.5:
        return pick(rng, *choices)
    return tuple(pick(rng, *choices) for _ in range(n))


def image(rng, n, channels, low, high):
    """Shape of a batch, an empty batch or a single image."""
    batch = pick(rng, (), (0,), (1,), (2,), (3,))
    return (*batch, channels, *rng.integers(low, high + 1, n).tolist())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_conv(torch, compare, rng, n):
    theirs, ours = getattr(torch.nn.functional, f"conv{n}d"), getattr(F, f"conv{n}d")
    for _ in range({1: 250, 2: 250, 3: 100}[n]):
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
        compare(
            lambda *a, o=options: theirs(*a, **o),
            lambda *a, o=options: ours(*a, **o),
            arrays,
            label=(shape, kernel, options),
        )
    assert 10 < compare.refused < compare.cases / 2


@pytest.mark.parametrize("n", [1, 2, 3])
def test_conv_transpose(torch, compare, rng, n):
    name = f"conv_transpose{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for _ in range({1: 250, 2: 250, 3: 100}[n]):
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
            continue
        arrays = [
            rng.standard_normal(shape),
            rng.standard_normal((channels, outputs // groups, *kernel)),
        ]
        if rng.random() < 0.6:
            arrays.append(rng.standard_normal(outputs))
        compare(
            lambda *a, o=options: theirs(*a, **o),
            lambda *a, o=options: ours(*a, **o),
            arrays,
            label=(shape, kernel, options),
        )
    assert 10 < compare.refused < compare.cases / 1.5


def test_unfold_and_fold(torch, compare, rng):
    for _ in range(150):
        shape = image(rng, 2, pick(rng, 1, 3), 2, 6)
        options = dict(
            kernel_size=per_axis(rng, 2, 1, 2, 3),
            dilation=per_axis(rng, 2, 1, 2),
            padding=per_axis(rng, 2, 0, 1),
            stride=per_axis(rng, 2, 1, 2),
        )
        x = rng.standard_normal(shape)
        label = (shape, options)
        compare(
            lambda x, o=options: torch.nn.functional.unfold(x, **o),
            lambda x, o=options: F.unfold(x, **o),
            [x],
            label=label,
        )
        try:
            columns = np.asarray(F.unfold(x, **options))
        except ValueError:
            continue
        size = shape[-2:]
        compare(
            lambda c, o=options, s=size: torch.nn.functional.fold(c, s, **o),
            lambda c, o=options, s=size: F.fold(c, s, **o),
            [rng.standard_normal(columns.shape)],
            label=("fold", *label),
        )


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
