"""Recurrent layers against PyTorch: values, gradients and state dicts."""

import itertools

import numpy as np
import pytest

import autograd as ag
import nn
from nn.utils import rnn

pytestmark = pytest.mark.torch

TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
OPTIONS = [
    {"num_layers": layers, "bidirectional": both, "bias": bias, "batch_first": first}
    for layers, both, bias, first in itertools.product((1, 3), *[(False, True)] * 3)
]
KINDS = [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("LSTM", {}), ("LSTM", {"proj_size": 2}), ("GRU", {})]  # fmt: skip


def same(ours, theirs):
    if isinstance(theirs, tuple):
        for a, b in zip(ours, theirs, strict=True):
            same(a, b)
    elif theirs is not None:
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), **TOLERANCE)


def total(parts):
    parts = [p for part in parts for p in (part if isinstance(part, tuple) else (part,))]
    return sum(((p * p * (k + 1.0)).sum() for k, p in enumerate(parts)), 0.0)


def pair(torch, kind, *args, **options):
    theirs = getattr(torch.nn, kind)(*args, dtype=torch.float64, **options)
    ours = getattr(nn, kind)(*args, **options).double()
    assert repr(ours) == repr(theirs)
    assert [(k, v.shape) for k, v in ours.state_dict().items()] == [
        (k, tuple(v.shape)) for k, v in theirs.state_dict().items()
    ]
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    return ours, theirs


def same_gradients(ours, theirs):
    for (name, mine), (_, other) in zip(
        ours.named_parameters(), theirs.named_parameters(), strict=True
    ):
        np.testing.assert_allclose(
            mine.grad.numpy(), other.grad.numpy(), rtol=1e-10, atol=1e-10, err_msg=name
        )


@pytest.mark.parametrize("kind, particular", KINDS)
@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("batched", [True, False])
def test_layers(torch, kind, particular, options, given, batched):
    ours, theirs = pair(torch, kind, 3, 4, **options, **particular)
    rng = np.random.default_rng(1)
    x = rng.normal(size=((2, 5, 3) if options["batch_first"] else (5, 2, 3)) if batched else (5, 3))
    count = options["num_layers"] * (1 + options["bidirectional"])
    hx = [None, None]
    if given:
        widths = [particular.get("proj_size", 4), 4][: 1 + (kind == "LSTM")]
        states = [rng.normal(size=(count, *(2,) * batched, width)) for width in widths]
        hx = [[make(s) for s in states] for make in (ag.tensor, torch.tensor)]
        hx = [tuple(h) if kind == "LSTM" else h[0] for h in hx]
    mine, other = ours(ag.tensor(x), hx[0]), theirs(torch.tensor(x), hx[1])
    same(mine, other)
    total(mine).backward()
    total(other).backward()
    same_gradients(ours, theirs)


@pytest.mark.parametrize("kind, particular", KINDS)
@pytest.mark.parametrize("sort", [True, False])
def test_packed(torch, kind, particular, sort):
    ours, theirs = pair(torch, kind, 3, 4, num_layers=2, bidirectional=True, **particular)
    x = np.random.default_rng(2).normal(size=(6, 4, 3))
    lengths = [6, 4, 4, 1] if sort else [4, 1, 6, 4]
    packed = [
        pack(make(x), lengths, enforce_sorted=sort)
        for pack, make in (
            (rnn.pack_padded_sequence, ag.tensor),
            (torch.nn.utils.rnn.pack_padded_sequence, torch.tensor),
        )
    ]
    same(tuple(packed[0]), tuple(packed[1]))
    mine, other = ours(packed[0]), theirs(packed[1])
    same((tuple(mine[0]), mine[1]), (tuple(other[0]), other[1]))
    padded = rnn.pad_packed_sequence(mine[0], total_length=7)
    padded_other = torch.nn.utils.rnn.pad_packed_sequence(other[0], total_length=7)
    same(padded, padded_other)
    total((padded[0], mine[1])).backward()
    total((padded_other[0], other[1])).backward()
    same_gradients(ours, theirs)


@pytest.mark.parametrize(
    "kind, options",
    [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("LSTMCell", {}), ("GRUCell", {})],
)
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(2,), ()])
def test_cells(torch, kind, options, bias, shape):
    ours, theirs = pair(torch, kind, 3, 4, bias=bias, **options)
    x = np.random.default_rng(3).normal(size=(*shape, 3))
    mine, other = ours(ag.tensor(x)), theirs(torch.tensor(x))
    for _ in range(2):
        mine, other = ours(ag.tensor(x), mine), theirs(torch.tensor(x), other)
    same(mine, other)
    total((mine,)).backward()
    total((other,)).backward()
    same_gradients(ours, theirs)


@pytest.mark.parametrize("options", [{}, {"batch_first": True}, {"padding_side": "left"}])
def test_padding(torch, options):
    rng = np.random.default_rng(4)
    given = [rng.normal(size=(n, 2)) for n in (2, 5, 1)]
    theirs = torch.nn.utils.rnn
    same(
        rnn.pad_sequence([ag.tensor(x) for x in given], padding_value=3.0, **options),
        theirs.pad_sequence([torch.tensor(x) for x in given], padding_value=3.0, **options),
    )
    mine = rnn.pack_sequence([ag.tensor(x) for x in given], enforce_sorted=False)
    same(tuple(mine), tuple(theirs.pack_sequence(list(map(torch.tensor, given)), False)))
