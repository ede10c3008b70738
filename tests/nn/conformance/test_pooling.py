"""Pooling of every kind against PyTorch."""

import numpy as np
import pytest

import nn.functional as F
from tests.nn.conformance.random_cases import draw_one, each, per_axis, pick, refusals

pytestmark = pytest.mark.torch


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


def max_pool(torch, rng, n):
    name = f"max_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
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
        return None  # PyTorch gives −∞ and an index of nothing; we refuse
    label = shape, options
    return lambda x: theirs(x, **options), lambda x: ours(x, **options), [values(rng, shape)], label


def too_small_for_3d(shape, kernel):
    """What PyTorch refuses to average in 3d though it does in 2d: windows larger than the input."""
    return any(np.greater(np.broadcast_to(kernel, 3), shape[-3:]))


def avg_pool(torch, rng, n):
    name = f"avg_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
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
        return None
    label = shape, options
    return lambda x: theirs(x, **options), lambda x: ours(x, **options), [values(rng, shape)], label


def lp_pool(torch, rng, n):
    name = f"lp_pool{n}d"
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    shape = image(rng, n)
    options = dict(
        norm_type=pick(rng, 1.0, 2, 3.0, 2.5, np.inf, -np.inf, -1.5),
        kernel_size=pick(rng, 1, 2, 3) if n == 1 else per_axis(rng, n, 1, 2, 3),
        stride=pick(rng, None, per_axis(rng, n, 1, 2, 3)),
        ceil_mode=pick(rng, False, True),
    )
    if n == 3 and too_small_for_3d(shape, options["kernel_size"]):
        return None
    arrays, label = [rng.uniform(0.1, 2.0, shape)], (shape, options)
    return lambda x: theirs(x, **options), lambda x: ours(x, **options), arrays, label


def adaptive(kind):
    def draw(torch, rng, n):
        name = f"adaptive_{kind}_pool{n}d"
        theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
        shape = image(rng, n)
        size = pick(rng, per_axis(rng, n, 1, 2, 3, 5), *([(None,) * (n - 1) + (2,)] * (n > 1)))
        options = {"return_indices": pick(rng, False, True)} if kind == "max" else {}
        arrays, label = [values(rng, shape)], (shape, size, options)
        return (
            lambda x: theirs(x, size, **options),
            lambda x: ours(x, size, **options),
            arrays,
            label,
        )

    return draw


def max_unpool(torch, rng, n):
    theirs, ours = (getattr(lib, f"max_unpool{n}d") for lib in (torch.nn.functional, F))
    pool = getattr(torch.nn.functional, f"max_pool{n}d")
    shape = (*pick(rng, (), (1,), (2,)), 2, *rng.integers(4, 7, n).tolist())
    k = pick(rng, 2, 3)
    found, indices = pool(torch.tensor(rng.standard_normal(shape)), k, return_indices=True)
    size = pick(rng, None, shape[-n:], shape if len(shape) == n + 2 else shape[-n:])
    if size is None and k * found.shape[-1] < shape[-1]:
        size = shape[-n:]  # else the indices may not fit
    arrays, label = [rng.standard_normal(tuple(found.shape))], (shape, k, size)
    return (
        lambda y: theirs(y, indices, k, output_size=size),
        lambda y: ours(y, indices.numpy(), k, output_size=size),
        arrays, label,
    )  # fmt: skip


DRAWN = {
    "max_pool": max_pool,
    "avg_pool": avg_pool,
    "lp_pool": lp_pool,
    "adaptive_avg_pool": adaptive("avg"),
    "adaptive_max_pool": adaptive("max"),
    "max_unpool": max_unpool,
}
COUNTS = {
    "max_pool": {1: 250, 2: 250, 3: 100},
    "avg_pool": {1: 200, 2: 250, 3: 100},
    "lp_pool": dict.fromkeys((1, 2, 3), 100),
    "adaptive_avg_pool": dict.fromkeys((1, 2, 3), 80),
    "adaptive_max_pool": dict.fromkeys((1, 2, 3), 80),
    "max_unpool": dict.fromkeys((1, 2, 3), 60),
}


@each(COUNTS)
def test_a_random_case(torch, compare, name, n, seed):
    case = draw_one(DRAWN[name], torch, n, seed)
    if case is not None:
        theirs, ours, arrays, label = case
        compare(theirs, ours, arrays, label=label)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["max_pool", "avg_pool"])
def test_some_cases_are_refused_and_most_are_not(torch, name, n):
    refused, total = refusals(DRAWN[name], torch, n, COUNTS[name][n])
    assert 10 < refused < total / 1.5


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
