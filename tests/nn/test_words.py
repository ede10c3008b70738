"""Messages say the function, the argument and what fits: for every rank, mode and table entry."""

import os
import re

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F
from nn import doctor

SPACES = {1: "(N, C, L) or (C, L)", 2: "(N, C, H, W) or (C, H, W)"}
SPACES[3] = "(N, C, D, H, W) or (C, D, H, W)"


@pytest.mark.parametrize("rank", SPACES)
@pytest.mark.parametrize("name", ["max_pool{}d", "avg_pool{}d", "lp_pool{}d", "conv{}d"])
def test_images_are_asked_for_in_the_form_of_their_rank(name, rank):
    x = ag.tensor(np.ones((2, 2)[: 1 if rank == 1 else 2]))
    arguments = {"max": (2,), "avg": (2,), "lp": (2.0, 2)}.get(
        name.partition("_")[0], (np.ones((1,) * (rank + 2)),)
    )
    with pytest.raises(ValueError, match=re.escape(SPACES[rank])) as caught:
        getattr(F, name.format(rank))(x, *arguments)
    assert str(caught.value).startswith(name.format(rank))


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["Reflection", "Replication", "Circular", "Constant", "Zero"])
def test_padding_layers_take_planes_of_their_rank_only(kind, rank):
    arguments = (1, 0.5) if kind == "Constant" else (1,)
    layer = getattr(nn, f"{kind}Pad{rank}d")(*arguments)
    shape = (3, 4, 5)[-rank:]
    for lead in ((2,), (2, 2)):
        padded = layer(ag.tensor(np.ones((*lead, *shape))))
        assert padded.shape == (*lead, *[size + 2 for size in shape])
    if kind in ("Constant", "Zero"):  # as in PyTorch, of the last axes of anything
        assert layer(ag.tensor(np.ones((2, 2, 2, *shape)))).shape[3:] == padded.shape[2:]
        return
    with pytest.raises(ValueError, match=f"{kind}Pad{rank}d"):
        layer(ag.tensor(np.ones((2, 2, 2, *shape))))


RANKS = {"linear": (1,), "bilinear": (2,), "trilinear": (3,), "bicubic": (2,)}
RANKS |= {mode: (1, 2, 3) for mode in ("nearest", "nearest-exact", "area")}


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("mode", RANKS)
def test_every_mode_of_interpolation_is_for_its_ranks(mode, rank):
    x = ag.tensor(np.arange(2.0 * 3**rank).reshape(1, 2, *[3] * rank))
    if rank in RANKS[mode]:
        assert F.interpolate(x, size=(4,) * rank, mode=mode).shape == (1, 2, *[4] * rank)
    else:
        with pytest.raises(ValueError, match=f"interpolate.*{mode}"):
            F.interpolate(x, size=(4,) * rank, mode=mode)


@pytest.mark.parametrize("kind", ["linear", "identity", "sigmoid"])
def test_gains_of_what_shrinks_nothing_are_one(kind):
    assert nn.init.calculate_gain(kind) == 1.0


@pytest.mark.parametrize("rank", [1, 2, 3])
@pytest.mark.parametrize("kind", ["conv{}d", "conv_transpose{}d"])
def test_gains_of_convolutions_are_one(kind, rank):
    assert nn.init.calculate_gain(kind.format(rank)) == 1.0


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_unpooling_to_nothing_is_refused_by_its_own_name(rank):
    x = ag.tensor(np.ones((1, 1, *[1] * rank)))
    with pytest.raises(ValueError, match=f"^max_unpool{rank}d: the output size"):
        getattr(F, f"max_unpool{rank}d")(x, np.zeros(x.shape, int), 2, 2, padding=1)


def test_of_two_values_for_one_place_the_last_one_stays():
    x = ag.tensor([[[1.0, 2.0, 3.0]], [[4.0, 5.0, 6.0]]], requires_grad=True)
    y = F.max_unpool1d(x, np.array([[[0, 0, 4]], [[5, 1, 5]]]), 2)
    assert y.tolist() == [[[2, 0, 0, 0, 3, 0]], [[0, 5, 0, 0, 0, 6]]]
    ag.sum(y * np.arange(1.0, 7.0)).backward()
    assert x.grad.tolist() == [[[0, 1, 5]], [[0, 2, 6]]]


@pytest.mark.parametrize(("total", "usable", "said"), [
    (4, 4, "4"), (4, 3, "3 of 4"), (None, 1, "1")
])  # fmt: skip
def test_the_doctor_tells_usable_cores_and_all(monkeypatch, total, usable, said):
    monkeypatch.setattr(os, "cpu_count", lambda: total)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(usable)), raising=False)
    assert doctor._cores() == said
    monkeypatch.delattr(os, "sched_getaffinity")
    assert doctor._cores() == str(total or 1)


@pytest.mark.parametrize("swap", [False, True])
def test_dot_and_inner_with_a_number_multiply(swap):
    a, b = ag.tensor([[1.0, 2.0], [3.0, 4.0]]), ag.tensor(2.0)
    for function in (ag.dot, ag.inner):
        assert function(*((b, a) if swap else (a, b))).tolist() == [[2.0, 4.0], [6.0, 8.0]]


@pytest.mark.parametrize("change", [(-1, 0), (1, 0), (0, -1), (0, 1), (1, -1), (-1, 1)])
def test_windows_that_are_too_many_or_too_few_do_not_fold(change):
    counts = [4 + change[0], 3 + change[1]]
    w = ag.tensor(np.ones((1, 1, *counts, 2, 2)))
    with pytest.raises(ValueError, match=r"images of \(5, 4\) have \(4, 3\) windows"):
        ag.fold_windows(w, (5, 4))


@pytest.mark.parametrize("index", [-1, 6])
def test_indices_outside_of_their_plane_are_refused(index):
    x = ag.tensor(np.ones((1, 1, 1)))
    with pytest.raises(IndexError, match=f"^max_unpool1d: index {index} lies outside of"):
        F.max_unpool1d(x, np.array([[[index]]]), 2, output_size=(6,), stride=5)
    with pytest.raises(IndexError, match=f"from 0 to 5 for planes .*, got {index} to {index}"):
        ag.scatter_windows(x, np.array([[[index]]]), (6,))
