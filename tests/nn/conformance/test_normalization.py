"""Normalisation against PyTorch."""

import numpy as np
import pytest

import autograd
import nn.functional as F

pytestmark = pytest.mark.torch

CLOSE = {"rtol": 1e-8, "atol": 1e-9}
SHAPES = [
    (4, 3),
    (2, 3, 4),
    (2, 3, 2, 3),
    (2, 3, 2, 2, 2),
    (1, 3),
    (1, 3, 1),
    (0, 3, 2),
    (1, 3, 2),
    (3,),
]


@pytest.mark.parametrize("affine", [False, True])
def test_batch_norm_in_training(torch, compare, rng, affine):
    for shape in SHAPES:
        arrays = [rng.standard_normal(shape) + 2.0]
        if affine:
            arrays += [rng.standard_normal(3), rng.standard_normal(3)]
        compare(
            lambda x, *p: torch.nn.functional.batch_norm(x, None, None, *p, training=True),
            lambda x, *p: F.batch_norm(x, None, None, *p, training=True),
            arrays,
            label=shape,
            **CLOSE,
        )


def test_batch_norm_with_running_statistics(torch, compare, rng):
    mean, variance = rng.standard_normal(3), rng.uniform(0.5, 2.0, 3)
    for shape in SHAPES:
        arrays = [rng.standard_normal(shape), rng.standard_normal(3), rng.standard_normal(3)]
        compare(
            lambda x, w, b: torch.nn.functional.batch_norm(
                x, torch.tensor(mean), torch.tensor(variance), w, b
            ),
            lambda x, w, b: F.batch_norm(x, autograd.tensor(mean), autograd.tensor(variance), w, b),
            arrays,
            label=shape,
            **CLOSE,
        )
        theirs = torch.tensor(mean), torch.tensor(variance)
        ours = autograd.tensor(mean), autograd.tensor(variance)
        try:
            torch.nn.functional.batch_norm(
                torch.tensor(arrays[0]), *theirs, training=True, momentum=0.3
            )
        except (ValueError, RuntimeError, IndexError):
            continue
        F.batch_norm(autograd.tensor(arrays[0]), *ours, training=True, momentum=0.3)
        for t, o in zip(theirs, ours, strict=True):
            np.testing.assert_allclose(o.data, t.numpy(), rtol=1e-12)


def test_instance_norm(torch, compare, rng):
    mean, variance = rng.standard_normal(3), rng.uniform(0.5, 2.0, 3)
    for shape in [(2, 3, 4), (2, 3, 2, 3), (1, 3, 2, 2, 2), (2, 3, 1), (2, 3)]:
        arrays = [rng.standard_normal(shape), rng.standard_normal(3), rng.standard_normal(3)]
        for count in (1, 3):
            compare(
                lambda x, *p: torch.nn.functional.instance_norm(x, None, None, *p),
                lambda x, *p: F.instance_norm(x, None, None, *p),
                arrays[:count],
                label=(shape, count),
                **CLOSE,
            )
        compare(
            lambda x: torch.nn.functional.instance_norm(
                x, torch.tensor(mean), torch.tensor(variance), use_input_stats=False
            ),
            lambda x: F.instance_norm(
                x, autograd.tensor(mean), autograd.tensor(variance), use_input_stats=False
            ),
            arrays[:1],
            label=shape,
            **CLOSE,
        )


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
def test_layer_and_rms_norm(torch, compare, rng, name):
    theirs, ours = getattr(torch.nn.functional, name), getattr(F, name)
    most = 3 if name == "layer_norm" else 2
    for shape, last in [
        ((4,), (4,)), ((2, 3), (3,)), ((2, 3, 4), (3, 4)), ((2, 3, 4), (4,)), ((2, 3), (2,)),
        ((3,), (2, 3)), ((0, 3), (3,)), ((2, 1), (1,)), ((2, 2, 3, 2), (2, 3, 2)),
    ]:  # fmt: skip
        arrays = [rng.standard_normal(shape), rng.standard_normal(last), rng.standard_normal(last)]
        for count in range(1, most + 1):
            for eps in ({}, {"eps": 1e-3}):
                compare(
                    lambda x, *p, s=last, e=eps: theirs(x, s, *p, **e),
                    lambda x, *p, s=last, e=eps: ours(x, s, *p, **e),
                    arrays[:count],
                    label=(shape, last, count),
                    **CLOSE,
                )


def test_group_norm(torch, compare, rng):
    for shape in [(2, 4), (2, 6, 3), (1, 4, 2, 2), (2, 4, 2, 1, 2), (0, 4, 2)]:
        channels = shape[1]
        for groups in (1, 2, 4, channels):
            arrays = [rng.standard_normal(shape), *rng.standard_normal((2, channels))]
            for count in (1, 3):
                compare(
                    lambda x, *p, g=groups: torch.nn.functional.group_norm(x, g, *p),
                    lambda x, *p, g=groups: F.group_norm(x, g, *p),
                    arrays[:count],
                    label=(shape, groups, count),
                    **CLOSE,
                )


def test_local_response_norm(torch, compare, rng):
    for shape in [(2, 5, 3), (1, 4, 2, 2), (2, 3, 2, 1, 2), (2, 5)]:
        for size in (1, 2, 3, 5):
            for more in ({}, {"alpha": 0.5, "beta": 0.5, "k": 2.0}):
                compare(
                    lambda x, s=size, m=more: torch.nn.functional.local_response_norm(x, s, **m),
                    lambda x, s=size, m=more: F.local_response_norm(x, s, **m),
                    [rng.standard_normal(shape)],
                    label=(shape, size, more),
                )


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, np.inf])
def test_normalize_and_distances(torch, compare, rng, p):
    for shape in [(3,), (2, 3), (2, 3, 2), (0, 3)]:
        for dim in (0, -1):
            if np.isinf(p) and 0 in shape:
                continue
            compare(
                lambda x, d=dim: torch.nn.functional.normalize(x, p, d),
                lambda x, d=dim: F.normalize(x, p, d),
                [rng.standard_normal(shape)],
                label=(shape, dim),
            )
    for one, other in [((2, 3), (2, 3)), ((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3))]:
        for keepdim in (False, True):
            compare(
                lambda x, y, k=keepdim: torch.nn.functional.pairwise_distance(x, y, p, keepdim=k),
                lambda x, y, k=keepdim: F.pairwise_distance(x, y, p, keepdim=k),
                [rng.standard_normal(one), rng.standard_normal(other)],
                label=(one, other),
            )


def test_cosine_similarity(torch, compare, rng):
    for one, other, dim in [
        ((2, 3), (2, 3), 1), ((3,), (3,), 0), ((2, 3, 4), (2, 3, 4), 1), ((2, 3), (1, 3), -1),
        ((2, 3), (2, 4), 1), ((2, 3), (2, 3), 2),
    ]:  # fmt: skip
        compare(
            lambda x, y, d=dim: torch.nn.functional.cosine_similarity(x, y, d),
            lambda x, y, d=dim: F.cosine_similarity(x, y, d),
            [rng.standard_normal(one), rng.standard_normal(other)],
            label=(one, other, dim),
        )
    x = np.zeros((1, 3))
    compare(
        torch.nn.functional.cosine_similarity, F.cosine_similarity, [x, np.ones((1, 3))], order=1
    )
    compare(torch.nn.functional.normalize, F.normalize, [x], order=1)
