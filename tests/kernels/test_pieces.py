"""Kernels cut into pieces give the same bits as in one piece, on one thread and on several."""

import numpy as np
import pytest

from autograd.arguments import Window
from autograd.kernels import elementwise, pieces
from autograd.kernels.normalization import any_axes
from autograd.kernels.pieces import in_pieces
from autograd.kernels.pooling import average, maximum
from autograd.kernels.threads import get_num_threads, set_num_threads
from tests.layouts import batch_last

RNG = np.random.default_rng


@pytest.fixture(params=[1, 3])
def threads(request):
    before = get_num_threads()
    set_num_threads(request.param)
    yield request.param
    set_num_threads(before)


def cut_everything(monkeypatch):
    monkeypatch.setattr(pieces, "WORTHWHILE", 0)
    monkeypatch.setattr(any_axes, "WORTHWHILE", 0)
    monkeypatch.setattr("autograd.kernels.threads.WORTHWHILE", 0)
    monkeypatch.setattr("autograd.kernels.threads.BLAS_ALONE", -1)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7, 40])
def test_pieces_cover_the_axis_once(monkeypatch, threads, size):
    cut_everything(monkeypatch)
    source = RNG(0).normal(size=(3, size, 2))
    target = np.zeros_like(source)
    shares = []

    def function(source, target):
        shares.append(source.shape[1])
        target += source

    in_pieces(function, (source, target), axis=1, passes=1)
    np.testing.assert_array_equal(target, source)
    assert sum(shares) == size
    assert len(shares) == (1 if size == 1 else -(-size // -(-size // pieces.PIECES)))


def test_small_work_is_one_piece():
    shares = []
    in_pieces(lambda x: shares.append(x.shape), (np.zeros((4, 4)),), axis=0, passes=1)
    assert shares == [(4, 4)]


def results():
    """What every kernel that is cut into pieces returns for one input."""
    x = batch_last(RNG(0).normal(size=(32, 10, 8, 8)).astype(np.float32))
    g = batch_last(RNG(1).normal(size=x.shape).astype(np.float32))
    y = elementwise.relu(x)
    yield y
    yield elementwise.relu_gradient(g, y)
    window = Window.pooling("test", 2, 3, 1, 1)
    out = maximum.max_pool_values(x, window=window)
    yield out
    yield maximum.max_pool_gradient(g, x, out, window=window)
    yield average.avg_pool(x, window=window, divisors=9)
    yield average.avg_pool_gradient(g, input_shape=(8, 8), window=window, divisors=9)
    weight = RNG(2).normal(size=(1, 10, 1, 1)).astype(np.float32)
    for centre in (0, 1000):  # without and with a shift
        moved = x + np.float32(centre)
        normalised = any_axes.normalize(moved, weight, weight, axes=(0, 2, 3), eps=1e-5)
        yield from normalised
        yield from any_axes.normalize_gradient(g, moved, weight, *normalised[1:3], axes=(0, 2, 3))


def test_pieces_change_no_bit(monkeypatch, threads):
    whole = list(results())
    cut_everything(monkeypatch)
    for got, want in zip(results(), whole, strict=True):
        np.testing.assert_array_equal(got, want)
