"""Both sides of a comparison: what they are run with, what is seen of them, and that nothing stays."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

import autograd
import nn
from nn.interop import sides


@dataclasses.dataclass
class Pair:
    first: object
    second: object


def test_every_tensor_of_an_output_is_seen_in_order():
    a, b, c, d, e = (autograd.tensor([float(k)]) for k in range(5))
    tree = [a, {"x": b, "n": 3}, (Pair(c, 4.0), "text", SimpleNamespace(y=a)), None]
    spread = nn.distributions.Normal(d, e)
    found = sides.OURS.tensors([*tree, spread])
    assert [t.tolist() for t in found] == [[0.0], [1.0], [2.0], [3.0], [4.0]]


def test_every_element_of_every_output_has_a_weight_of_its_own():
    outputs = [
        autograd.tensor(np.ones(shape), requires_grad=True) for shape in ((2, 3), (), (2, 2))
    ]
    outputs.insert(1, autograd.tensor([1, 2]))
    loss = sides.OURS.weighted(outputs)
    loss.backward()
    weights = [outputs[k].grad.data.ravel() for k in (0, 2, 3)]
    expected = np.cos(0.7 * np.arange(6)), np.cos([2.0]), np.cos(0.7 * np.arange(4) + 3)
    for found, right in zip(weights, expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-15)
    assert loss.item() == pytest.approx(sum(map(np.sum, expected)))
    assert sides.OURS.weighted([autograd.tensor([1, 2])]) is None


def test_gradients_are_those_of_what_can_have_one():
    model = nn.Linear(2, 1)
    model.bias.requires_grad_(False)
    x, unused = (autograd.tensor([[1.0, 2.0]], requires_grad=True) for _ in range(2))
    given = [3, "text", x, autograd.tensor([1.0]), unused]
    found = sides.OURS.grads(model, given, model(x).sum())
    assert list(found) == ["input 0", "input 1", "weight"]
    np.testing.assert_array_equal(found["input 0"], model.weight.data)
    np.testing.assert_array_equal(found["weight"], x.data)
    assert found["input 1"] is None and x.grad is None and model.weight.grad is None
    assert sides.OURS.grads(model, given, None) == {}
    assert sides.OURS.grads(model, given, autograd.tensor(1.0)) == {}
    frozen = nn.Linear(2, 1).requires_grad_(False)
    assert sides.OURS.grads(frozen, [3], model(x).sum()) == {}


def test_what_a_layer_gave_is_kept_though_it_is_written_into_later():
    class Inner(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("table", autograd.tensor([1.0, 2.0]))

        def forward(self, x):
            return self.table

    class Outer(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = Inner()

        def forward(self, x):
            y = self.inner(x) * 1.0
            with autograd.no_grad(), autograd.writable(self.inner.table) as array:
                array[...] = 0.0
            return x + y

    model = Outer()
    with sides.OURS.layers(model) as seen:
        model(autograd.ones(2))
    assert [(path, call, kind) for path, call, kind, _ in seen] == [
        ("inner", 0, "Inner"), ("", 0, "Outer")
    ]  # fmt: skip
    assert [results[0].tolist() for *_, results in seen] == [[1.0, 2.0], [2.0, 3.0]]


@pytest.mark.torch
def test_inputs_are_copies_and_floats_are_leaves(torch):
    number, text = 3, "text"
    array, ints = np.array([1.0, 2.0]), np.array([1, 2])
    here, there = autograd.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])
    sparse = torch.tensor([0.0, 2.0]).to_sparse()
    for leaf in (array, ints, here, there, sparse):
        theirs, ours = sides.to_torch(torch, leaf), sides.to_ours(torch, leaf)
        floats = leaf is not ints
        assert theirs.requires_grad == (floats and leaf is not sparse)
        assert ours.requires_grad == floats and ours.is_leaf
        dense = theirs.to_dense().detach()
        assert dense.tolist() == ours.tolist()
        if leaf is not sparse:
            with torch.no_grad():
                theirs.add_(5)
            with autograd.no_grad(), autograd.writable(ours) as own:
                own += 5
    assert array.tolist() == here.tolist() == there.tolist() == [1.0, 2.0]
    assert ints.tolist() == [1, 2]
    assert not there.requires_grad and not here.requires_grad
    for leaf in (number, text):
        assert sides.to_torch(torch, leaf) is leaf and sides.to_ours(torch, leaf) is leaf


def restless(library, of, no_grad):
    """A model that changes everything it holds when it runs; the same in both libraries."""

    class Restless(library.Module):
        def __init__(self):
            super().__init__()
            self.layer = library.Linear(2, 2)
            self.twice = self.layer
            self.norm = library.BatchNorm1d(2)
            self.drop = library.Dropout(0.5)
            self.tanh = library.Tanh()
            self.register_buffer("count", of([1.0, float("nan")]))
            self.register_buffer("nothing", None)
            self.factor = library.Parameter(of([2.0]))

        def forward(self, x):
            with no_grad():
                self.count = self.count + 1
                if library is nn:
                    with autograd.writable(self.factor) as array:
                        array *= 3
                else:
                    self.factor.mul_(3)
            y = self.drop(self.norm(self.twice(x))) * self.factor
            return self.tanh(self.tanh(y))

    return Restless()


@pytest.mark.torch
def test_nothing_of_a_comparison_stays(torch):
    theirs = restless(torch.nn, torch.tensor, torch.no_grad)
    ours = restless(nn, autograd.tensor, autograd.no_grad)
    ours.load_state_dict(theirs.state_dict())
    theirs.drop.eval()
    ours.layer.eval()
    ours.norm.eval()
    x = torch.tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]])

    def state():
        values = {f"there {key}": value.tolist() for key, value in theirs.state_dict().items()}
        values |= {f"here {key}": value.tolist() for key, value in ours.state_dict().items()}
        return str(values)

    held = [p for p in (*theirs.parameters(), *ours.parameters())]
    before, buffer, modes = state(), theirs.count, [m.training for m in ours.modules()]
    torch.manual_seed(3)
    drawn = torch.get_rng_state()
    found = nn.interop.compare(theirs, ours, x)
    assert found.ok, found.text()
    assert state() == before
    assert theirs.count is buffer
    assert all(
        a is b for a, b in zip(held, (*theirs.parameters(), *ours.parameters()), strict=True)
    )
    assert [m.training for m in ours.modules()] == modes
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(p.grad is None for p in held) and not x.requires_grad
    assert not any(m._forward_hooks for m in theirs.modules())
    assert not any(m._forward_hooks for m in ours.modules())
    rows = [(row.name, row.what) for row in found.layers]
    assert rows == [
        ("layer", "Linear"), ("norm", "BatchNorm1d"), ("drop", "Dropout"), ("tanh", "Tanh"),
        ("tanh", "Tanh, call 2"), ("", "Restless"),
    ]  # fmt: skip


@pytest.mark.torch
def test_draws_are_kept_as_they_were_drawn(torch):
    class Noisy(torch.nn.Module):
        def forward(self, x):
            noise = torch.rand(3)
            noise.mul_(2).add_(1)
            kept = torch.nn.functional.dropout(x, 0.5)
            kept.mul_(3)
            slope = torch.nn.functional.rrelu(-x, training=True)
            return x * noise, kept, slope

    x = torch.tensor([1.0, 2.0, 3.0])
    found = nn.interop.compare(Noisy(), nn.from_torch(Noisy(), x), x)
    assert found.ok, found.text()


@pytest.mark.torch
def test_what_was_changed_on_pytorchs_side_is_put_back_after_an_error(torch):
    class Fails(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("count", torch.zeros(2))

        def forward(self, x):
            self.count += torch.rand(2)
            raise ZeroDivisionError

    theirs = Fails()
    drawn = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError):
        nn.interop.compare(theirs, nn.Identity(), torch.ones(2))
    assert theirs.count.tolist() == [0, 0] and torch.equal(torch.get_rng_state(), drawn)
    assert not theirs._forward_hooks


@pytest.mark.torch
def test_pytorchs_module_comes_first(torch):
    for first in (nn.Linear(2, 2), 3, None):
        name = type(first).__name__
        with pytest.raises(TypeError, match=f"compare: module must be a .*, got {name}$"):
            nn.interop.compare(first, torch.nn.Linear(2, 2), torch.ones(1, 2))


def test_calls_of_a_layer_are_counted():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer, self.other = nn.ReLU(), nn.Tanh()

        def forward(self, x):
            return self.layer(self.other(self.layer(self.layer(x))))

    with sides.OURS.layers(model := Model()) as seen:
        model(autograd.ones(2))
    assert [(path, call) for path, call, *_ in seen] == [
        ("layer", 0), ("layer", 1), ("other", 0), ("layer", 2), ("", 0)
    ]  # fmt: skip
