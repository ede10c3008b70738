"""Scattering and running extremes against PyTorch."""

import numpy as np
import pytest

import autograd as ag

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::UserWarning")]

CLOSE = {"rtol": 1e-12, "atol": 1e-12}


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("own", [False, True])
def test_scatter_reduce(torch, compare, rng, reduce, own):
    for axis in (0, 1, -1):
        places = rng.integers(0, 3, (3, 3, 2))
        compare(
            lambda x, v, p=places, a=axis: x.scatter_reduce(a, torch.tensor(p), v, reduce, include_self=own),
            lambda x, v, p=places, a=axis: ag.scatter_reduce(x, p, v, a, reduce, own),
            [rng.normal(size=(3, 4, 3)), rng.normal(size=(3, 3, 2))],
            order=1 if reduce in ("prod", "amax", "amin") else 2, **CLOSE,
        )  # fmt: skip
    assert not compare.refused


def test_scatter(torch, compare, rng):
    for axis in (0, 1):
        places = np.array([[2, 0], [0, 1]]) if axis == 0 else np.array([[2, 0], [0, 1]])
        compare(
            lambda x, v, p=places, a=axis: x.scatter(a, torch.tensor(p), v),
            lambda x, v, p=places, a=axis: ag.scatter(x, p, v, a),
            [rng.normal(size=(3, 4)), rng.normal(size=(2, 2))], **CLOSE,
        )  # fmt: skip
    assert not compare.refused


@pytest.mark.parametrize("axis", [0, 1])
def test_running(torch, compare, rng, axis):
    x = np.round(rng.normal(size=(5, 6)) * 3)
    for name in ("cummax", "cummin"):
        theirs, ours = getattr(torch, name), getattr(ag, f"{name}_with_indices")
        compare(
            lambda x, f=theirs: tuple(f(x, axis)), lambda x, f=ours: f(x, axis=axis), [x], **CLOSE
        )
    compare(
        lambda x: torch.logcumsumexp(x, axis),
        lambda x: ag.logcumsumexp(x, axis),
        [x],
        order=1,
        **CLOSE,
    )
    assert not compare.refused
