"""Bags of embeddings, and modules called with other tensors."""

import itertools

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

WEIGHT = np.random.default_rng(0).normal(size=(6, 3))
INDEX, STARTS = np.array([0, 2, 2, 5, 1, 3, 3]), [0, 2, 2, 5]


@pytest.mark.parametrize("padding", [None, 2])
@pytest.mark.parametrize("mode", ["mean", "sum", "max"])
def test_a_bag_is_the_reduction_of_its_rows(mode, padding):
    reduce = {"mean": np.mean, "sum": np.sum, "max": np.max}[mode]
    found = F.embedding_bag(INDEX, ag.tensor(WEIGHT), STARTS, mode=mode, padding_idx=padding)
    for bag, (start, end) in zip(found.data, itertools.pairwise([*STARTS, 7]), strict=True):
        inside = [k for k in INDEX[start:end] if k != padding]
        expected = reduce(WEIGHT[inside], axis=0) if inside else np.zeros(3)
        np.testing.assert_allclose(bag, expected, rtol=1e-12)
    assert ag.func.gradcheck(
        lambda w: F.embedding_bag(INDEX, w, STARTS, mode=mode, padding_idx=padding) ** 2,
        ag.tensor(WEIGHT),
    )


@pytest.mark.torch
@pytest.mark.parametrize("mode", ["mean", "sum", "max"])
def test_bags_are_pytorchs(torch, mode):
    factors = np.random.default_rng(1).normal(size=7) if mode == "sum" else None
    for padding, last in itertools.product((None, 2, -3), (False, True)):
        found = {}
        for lib, functional in ((torch, torch.nn.functional), (ag, F)):
            w = lib.tensor(WEIGHT, requires_grad=True)
            f = None if factors is None else lib.tensor(factors, requires_grad=True)
            out = functional.embedding_bag(
                lib.tensor(INDEX), w, lib.tensor([*STARTS, 7] if last else STARTS), mode=mode,
                padding_idx=padding, include_last_offset=last, per_sample_weights=f,
            )  # fmt: skip
            (out**3).sum().backward()
            parts = [out.detach(), w.grad, *([] if f is None else [f.grad])]
            found[lib] = [np.asarray(part) for part in parts]
        for ours, theirs in zip(found[ag], found[torch], strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-13)
    theirs = torch.nn.EmbeddingBag(6, 3, mode=mode)
    ours, rows = nn.EmbeddingBag(6, 3, mode=mode), np.array([[0, 1], [5, 5]])
    ours.load_state_dict({"weight": ag.tensor(theirs.weight.tolist())})
    np.testing.assert_allclose(ours(rows).detach(), theirs(torch.tensor(rows)).detach(), rtol=1e-6)
    assert repr(ours) == repr(theirs)


def test_bags_that_do_not_fit_are_refused():
    weight = np.ones((4, 2))
    for offsets, options, message in (
        (None, {}, "needs offsets"), ([1, 2], {}, "must ascend from 0"), ([0, 9], {}, "must ascend"),
        ([0, 2, 1], {}, "must ascend"), ([0, 1], {"include_last_offset": True}, "which is the last"),
        ([0], {"mode": "min"}, "mode must be"),
        ([0], {"per_sample_weights": np.ones(3)}, "go with mode='sum'"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=message):
            F.embedding_bag([0, 1, 2], weight, offsets, **options)
    for shape in ((4,), (4, 2, 1)):
        with pytest.raises(
            ValueError, match=r"^embedding_bag: weight must have shape \(rows, width\)"
        ):
            F.embedding_bag([[0, 1]], np.ones(shape))
    with pytest.raises(ValueError, match=r"^embedding_bag: weight must have shape .*, got \(\)"):
        F.embedding_bag([[0, 1]], np.ones(()), padding_idx=0)
    for index in (1, [[[0, 1]]]):
        with pytest.raises(ValueError, match="^embedding_bag: input must have one or two axes"):
            F.embedding_bag(index, weight)
    for starts in (np.zeros(0, int), [[0]]):
        with pytest.raises(
            ValueError, match="^embedding_bag: offsets must ascend from 0 to at most 3"
        ):
            F.embedding_bag([0, 1, 2], weight, starts)
    with pytest.raises(ValueError, match="^embedding_bag: per_sample_weights must have the shape"):
        F.embedding_bag([0, 1], weight, [0], mode="sum", per_sample_weights=np.ones(3))
    with pytest.raises(ValueError, match="rows of the input"):
        F.embedding_bag([[0, 1]], weight, [0])
    with pytest.raises(IndexError, match="index 4 is not one of the 4 rows"):
        F.embedding_bag([[0, 4]], weight)
    nothing = F.embedding_bag(np.zeros(0, int), ag.tensor(weight), [0, 0], mode="max")
    assert nothing.tolist() == [[0.0, 0.0]] * 2


# Modules with other weights -----------------------------------------------------------------------


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)
        self.second.weight = self.first.weight
        self.register_buffer("shift", ag.ones(2))

    def forward(self, x, *, scale=1.0):
        return self.second(self.first(x)) * scale + self.shift


def test_a_module_called_with_other_weights_is_as_it_was_afterwards():
    call, model, x = nn.utils.stateless.functional_call, Tied(), ag.ones(1, 2)
    before, expected = dict(model.named_parameters()), model(x).tolist()
    zeros = {name: ag.zeros(p.shape, requires_grad=True) for name, p in before.items()}
    given = [zeros, {"shift": ag.tensor([2.0, 3.0])}]
    out = call(model, given, (x,), {"scale": 2.0})
    assert out.tolist() == [[2.0, 3.0]]
    out.sum().backward()
    assert zeros["second.bias"].grad.tolist() == [2.0, 2.0] and before["second.bias"].grad is None
    assert dict(model.named_parameters()) == before and model(x).tolist() == expected
    doubled = {
        "first.weight": before["first.weight"].detach() * 2.0
    }  # which the second layer shares
    untied = call(model, doubled, x, tie_weights=False).tolist()
    assert call(model, doubled, x).tolist() != untied != expected
    with pytest.raises(ValueError, match="matmul|linear"):
        call(model, zeros, (ag.ones(1, 3),))
    assert model(x).tolist() == expected


def test_what_does_not_fit_a_module_is_refused():
    call, model = nn.utils.stateless.functional_call, nn.Linear(2, 1)
    weight = ag.zeros(1, 2)
    for given, kind, message, options in (
        ({"wait": weight}, ValueError, "no parameter or buffer 'wait'", {}),
        ({"weight": weight}, ValueError, r"nothing is given for \['bias'\]", {"strict": True}),
        ({"weight": [[1.0, 2.0]]}, TypeError, "'weight' must be a Tensor, got list", {}),
        ([{"weight": weight}] * 2, ValueError, "'weight' is given twice", {}),
        (weight, TypeError, "in a dictionary by their names", {}),
    ):
        with pytest.raises(kind, match=f"^functional_call: .*{message}"):
            call(model, given, (ag.ones(1, 2),), **options)
    with pytest.raises(TypeError, match="module must be a Module"):
        call(len, {}, ())
