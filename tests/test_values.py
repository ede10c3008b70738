"""``t.data``: read-only, and told by the exact line how a write is written here."""

import copy
import pickle

import numpy as np
import pytest

import autograd as ag
import nn

WRITES = {
    "p.data -= lr * g": "p -= lr * g",
    "p.data *= 0.5": "p *= 0.5",
    "p.data **= 2": "p **= 2",
    "p.data[0] = 2.0": "p[0] = 2.0",
    "p.data[0].fill_(2.0)": "p[0].fill_(2.0)",
    "p.data = p.data - lr * g.data": "p.copy_(p - lr * g)",
    "p.data.normal_(0, 0.02)": "p.normal_(0, 0.02)",
    "p.data.uniform_(-0.1, 0.1)": "p.uniform_(-0.1, 0.1)",
    "p.data.zero_()": "p.zero_()",
    "p.data.fill(3.0)": "p.fill_(3.0)",
    "p.data.copy_(g)": "p.copy_(g)",
    "p.data.add_(-lr * g.data)": "p.add_(-lr * g)",
    "p.data.mul_(2).clamp_(min=-1, max=1)": "p.mul_(2).clamp_(min=-1, max=1)",
    "p.data.masked_fill_(p > 0, 1.0)": "p.masked_fill_(p > 0, 1.0)",
    "for q in [p]: q.data.sub_(1.0)": "q.sub_(1.0)",
    "if lr: p.data.div_(2)": "p.div_(2)",
}


def names():
    p = ag.tensor([[1.0, -2.0], [3.0, 0.5]], requires_grad=True)
    return {"p": p, "q": p, "g": ag.ones(2, 2), "lr": 0.1, "autograd": ag}


def run(code, where, tmp_path):
    file = tmp_path / "program.py"
    file.write_text(f"def step(p, g, lr, q, autograd):\n    {code}\n")
    scope = {}
    exec(compile(file.read_text(), str(file), "exec"), scope)
    scope["step"](**where)


@pytest.mark.parametrize("code", WRITES)
def test_a_write_is_refused_with_the_line_to_write_which_works(code, tmp_path):
    where = names()
    before = where["p"].tolist()
    with pytest.raises(TypeError) as refused:
        run(code, where, tmp_path)
    assert where["p"].tolist() == before
    said = str(refused.value)
    assert said == f"t.data is read-only: write\n    with autograd.no_grad(): {WRITES[code]}"
    ag.manual_seed(0)
    run(said.splitlines()[1].strip(), where, tmp_path)
    assert where["p"].tolist() != before and where["p"].is_leaf and where["p"].requires_grad


def test_without_source_the_refusal_is_general():
    p = names()["p"]
    with pytest.raises(TypeError, match=r"with autograd.no_grad\(\): t\[\.\.\.\] = values"):
        exec("p.data.zero_()", {"p": p})


@pytest.mark.torch
@pytest.mark.parametrize("code", [c for c in WRITES if "normal" not in c and "uniform" not in c])
def test_the_line_to_write_does_what_pytorch_does(torch, code, tmp_path):
    where = names()
    theirs = {"p": torch.tensor(where["p"].tolist(), requires_grad=True), "g": torch.ones(2, 2)}
    theirs.update(q=theirs["p"], lr=0.1, autograd=None)
    run(code.replace(".fill(", ".fill_("), theirs, tmp_path)
    run(f"with autograd.no_grad(): {WRITES[code]}", where, tmp_path)
    np.testing.assert_allclose(where["p"].detach(), theirs["p"].detach().numpy(), rtol=1e-6)


def test_what_numpy_makes_of_it_is_a_plain_array():
    d = names()["p"].data
    for made in (
        d * 2, -d, 1.0 - d, d == 1.0, d.T, d.reshape(4), d.copy(), d.astype(int), d.mean(axis=0),
        np.exp(d), np.concatenate([d, d]), np.stack((d, d)), np.where(d > 0, d, 0), np.asarray(d),
        np.array(d), np.ascontiguousarray(d), np.einsum("ij->j", d), np.pad(d, 1), np.sort(d), d @ d,
        pickle.loads(pickle.dumps(d)), copy.copy(d), copy.deepcopy(d), d.view(np.int32),
        np.add(d, d, out=np.empty((2, 2), np.float32)), np.broadcast_to(d, (3, 2, 2)),
    ):  # fmt: skip
        assert type(made) is np.ndarray
    assert repr(d) == repr(np.array(d)) and str(d) == str(np.array(d))
    assert isinstance(d, np.ndarray) and not d.flags.writeable and d.sum() == 2.5
    with pytest.raises(TypeError, match="read-only"):
        np.add(d, 1.0, out=d)


def test_constants_are_told_alike():
    constant, leaf = ag.tensor([[1.0, 2.0]]), ag.tensor([[1.0, 2.0]], requires_grad=True)
    for t in (constant, leaf):
        assert type(t.data.max(1, keepdim=True).indices) is ag.Tensor
        for call in (t.data.std, t.data.var, lambda t=t: t.data.max(1), lambda t=t: t.data.min(-1),
                     lambda t=t: t.data.repeat(2, 1), t.data.nonzero,
                     lambda t=t: t.data.transpose(0, 1)):  # fmt: skip
            with pytest.warns(ag.SpellingWarning) as told:
                assert type(call()) in (np.ndarray, np.float32, tuple)
            assert len(told) == 1 and told[0].filename == __file__
        assert t.data.std(ddof=0) == 0.5 and t.data.max(axis=1) == 2.0 and t.data.max() == 2.0
        with pytest.raises((TypeError, ValueError), match="read-only: write") as refused:
            t.data[0] = 3.0
        assert isinstance(refused.value, TypeError) and isinstance(refused.value, ValueError)


def test_kernels_and_optimizers_see_plain_arrays():
    layer = nn.Conv2d(1, 2, 3)
    for x in (layer.weight.data, ag.tensor(layer.weight.data)):
        out = nn.functional.relu(nn.functional.conv2d(ag.ones(1, 1, 5, 5), x))
        assert type(out.detach().numpy()) is np.ndarray
    assert type((ag.ones(2, 1, 3, 3) * layer.weight.data).numpy()) is np.ndarray
    assert type(nn.Parameter(layer.weight.data)._data) is np.ndarray
    assert type(ag.as_tensor(layer.weight.data)._data) is np.ndarray


def test_pytorchs_reading_names_give_tensors():
    p = names()["p"]
    assert isinstance(p.data.clone(), ag.Tensor) and not p.data.clone().requires_grad
    assert p.data.size() == (2, 2) and p.data.size == 4 and p.data.size(0) == 2
    assert p.data.view(4).tolist() == [1.0, -2.0, 3.0, 0.5]
    values, indices = p.data.max(1, keepdim=True)
    assert values.tolist() == [[1.0], [3.0]] and indices.tolist() == [[0], [0]]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        p.data.nothing  # noqa: B018
    changed = p.data.clone()
    changed.zero_()
    assert p.tolist()[0] == [1.0, -2.0]
    with pytest.raises(RuntimeError, match="read-only"):
        p.data.view(4).zero_()


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]
)
def test_a_copy_of_the_data_is_an_array_of_its_own(copied):
    p = names()["p"]
    made, before = copied(p.data), p.tolist()
    assert type(made) is np.ndarray and made.tolist() == before
    assert not np.shares_memory(made, p.detach().numpy())
    made[...] = 7.0
    assert p.tolist() == before
