"""Pooling of every kind against PyTorch."""

import numpy as np
import pytest

import nn.functional as F

pytestmark = pytest.mark.torch


def pick(rng, *choices):
    return choices[rng.integers(len(choices))]


def per_axis(rng, n, *choices):
    if rng.random() < 0.5:
        return pick(rng, *choices)
    return tuple(pick(rng, *choices) for _ in range(n))


def image(rng, n, high=7):
    batch = pick(rng, (), (0,), (1,), (2,))
    return (*batch, pick(rng, 1, 2), *rng.integers(1, high + 1, n).tolist())


def values(rng, shape):
    """Whole numbers, so that there are ties, or all different."""
    return rng.integers(-3, 4, shape) * 1.0 if rng.random() < 0.5 else rng.standard_normal(shape)


def sees_only_padding(max_pool, torch, shape, options):
    try:
        values = max_pool(torch.zeros(shape), **{**options, "return_indices": False})
    except (RuntimeError, ValueError):
        return False
    return bool(torch.isinf(values).any())


@pytest.mark.parametrize("n", [1, 2, 3])
def test_max_pool(torch, compare, rng, n):
    name = f"max_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for _ in range({1: 250, 2: 250, 3: 100}[n]):
        shape = image(rng, n)
        options = dict(
            kernel_size=per_axis(rng, n, 1, 2, 3),
            stride=pick(rng, None, per_axis(rng, n, 1, 2, 3)),
            padding=per_axis(rng, n, 0, 0, 1),
            dilation=per_axis(rng, n, 1, 1, 2),
            ceil_mode=pick(rng, False, True),
            return_indices=pick(rng, False, True),
        )
        if sees_only_padding(theirs, torch, shape, options):
            continue  # PyTorch gives −∞ and an index of nothing; we refuse
        compare(
            lambda x, o=options: theirs(x, **o),
            lambda x, o=options: ours(x, **o),
            [values(rng, shape)],
            label=(shape, options),
        )
    assert 10 < compare.refused < compare.cases / 1.5


def too_small_for_3d(shape, kernel):
    """What PyTorch refuses to average in 3d though it does in 2d: windows larger than the input."""
    return any(np.greater(np.broadcast_to(kernel, 3), shape[-3:]))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_avg_pool(torch, compare, rng, n):
    name = f"avg_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for _ in range({1: 200, 2: 250, 3: 100}[n]):
        shape = image(rng, n)
        options = dict(
            kernel_size=per_axis(rng, n, 1, 2, 3),
            stride=pick(rng, None, per_axis(rng, n, 1, 2, 3)),
            padding=per_axis(rng, n, 0, 0, 1),
            ceil_mode=pick(rng, False, True),
            count_include_pad=pick(rng, False, True),
        )
        if n > 1:
            options["divisor_override"] = pick(rng, None, 1, 5)
        if n == 3 and too_small_for_3d(shape, options["kernel_size"]):
            continue
        compare(
            lambda x, o=options: theirs(x, **o),
            lambda x, o=options: ours(x, **o),
            [values(rng, shape)],
            label=(shape, options),
        )
    assert 10 < compare.refused < compare.cases / 1.5


@pytest.mark.parametrize("n", [1, 2, 3])
def test_lp_pool(torch, compare, rng, n):
    name = f"lp_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for _ in range(100):
        shape = image(rng, n)
        options = dict(
            norm_type=pick(rng, 1.0, 2, 3.0, 2.5),
            kernel_size=pick(rng, 1, 2, 3) if n == 1 else per_axis(rng, n, 1, 2, 3),
            stride=pick(rng, None, per_axis(rng, n, 1, 2, 3)),
            ceil_mode=pick(rng, False, True),
        )
        if n == 3 and too_small_for_3d(shape, options["kernel_size"]):
            continue
        compare(
            lambda x, o=options: theirs(x, **o),
            lambda x, o=options: ours(x, **o),
            [rng.uniform(0.1, 2.0, shape)],
            label=(shape, options),
        )


@pytest.mark.parametrize("kind", ["avg", "max"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_adaptive(torch, compare, rng, n, kind):
    name = f"adaptive_{kind}_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    for _ in range(80):
        shape = image(rng, n)
        size = pick(rng, per_axis(rng, n, 1, 2, 3, 5), *([(None,) * (n - 1) + (2,)] * (n > 1)))
        options = {"return_indices": pick(rng, False, True)} if kind == "max" else {}
        compare(
            lambda x, o=options, s=size: theirs(x, s, **o),
            lambda x, o=options, s=size: ours(x, s, **o),
            [values(rng, shape)],
            label=(shape, size, options),
        )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_max_unpool(torch, compare, rng, n):
    theirs, ours = (getattr(lib, f"max_unpool{n}d") for lib in (torch.nn.functional, F))
    pool = getattr(torch.nn.functional, f"max_pool{n}d")
    for _ in range(60):
        shape = (*pick(rng, (), (1,), (2,)), 2, *rng.integers(4, 7, n).tolist())
        kernel = pick(rng, 2, 3)
        values, indices = pool(
            torch.tensor(rng.standard_normal(shape)), kernel, return_indices=True
        )
        size = pick(rng, None, shape[-n:], shape if len(shape) == n + 2 else shape[-n:])
        if size is None and kernel * values.shape[-1] < shape[-1]:
            size = shape[-n:]  # else the indices may not fit
        compare(
            lambda y, s=size, i=indices, k=kernel: theirs(y, i, k, output_size=s),
            lambda y, s=size, i=indices, k=kernel: ours(y, i.numpy(), k, output_size=s),
            [rng.standard_normal(tuple(values.shape))],
            label=(shape, kernel, size),
        )


def test_nan_and_infinity(torch, compare):
    x = np.arange(36.0).reshape(1, 1, 6, 6)
    x[0, 0, 2, 3], x[0, 0, 0, 0], x[0, 0, 5, 5] = np.nan, -np.inf, np.inf
    for kernel, stride, padding in [(2, 2, 0), (3, 1, 1), (3, 2, 1)]:
        arguments = (kernel, stride, padding)
        compare(
            lambda x, a=arguments: torch.nn.functional.max_pool2d(x, *a, return_indices=True),
            lambda x, a=arguments: F.max_pool2d(x, *a, return_indices=True),
            [x],
            label=arguments,
        )
        compare(
            lambda x, a=arguments: torch.nn.functional.avg_pool2d(x, *a),
            lambda x, a=arguments: F.avg_pool2d(x, *a),
            [x],
            label=arguments,
        )
