"""What stands in for parts of PyTorch during an export: it goes again, and says what it has seen."""

import importlib

import numpy as np
import pytest

import nn
from nn.interop.standins import Trial, _asserted, _Patches, _told_causal


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("assert x.sum() > 0", True), ("  assert x.all(), 'words'", True),
        ("assert not x.any()", False), ("assert not (a and b)", False),
        ("assert a and b", True), ("assert -x", True), ("assert a or b", None),
        ("assert not (a or b)", None), ("assert a and not b", None), ("assert not not a", None),
        ("if x > 0:", None), ("x = 1", None), ("assert a; assert b", None), ("", None), ("foo(", None),
    ],
)  # fmt: skip
def test_what_an_assertion_in_one_line_wants(line, wanted):
    assert _asserted(line) is wanted


def test_attributes_are_put_back_whoever_had_them():
    class Base:
        a = 1

    class Derived(Base):
        b = 2

    patches = _Patches()
    for owner, name in ((Derived, "a"), (Derived, "b"), (Derived, "b"), (Base, "a")):
        patches.put(owner, name, "new")
    assert (Derived.a, Derived.b, Base.a) == ("new",) * 3
    patches.undo()
    assert (Derived.a, Derived.b, Base.a) == (1, 2, 1)
    assert "a" not in vars(Derived) and not patches.before
    assert [_told_causal(None, flag, 3) for flag in (None, False, True)] == [False, False, True]


def test_notes_tell_what_has_come_up():
    trial = Trial()
    assert trial.notes() == []
    trial.asserted += ["m.py:3", "m.py:9", "m.py:3"]
    trial.decided.update({"n": 3, "a.on": True})
    trial.changed += ["count", "a.mode"]
    trial.drew = True
    assert trial.notes() == [
        "Assertions on numbers are left out: m.py:3, m.py:9.",
        "The graph was made for n = 3, a.on = True, by which forward decides.",
        "forward changes count, a.mode; the graph has what one call makes of it.",
        "forward draws random numbers by Python or NumPy; the graph has those of one call.",
    ]


@pytest.mark.torch
def test_only_buffers_of_one_number_are_known(torch):
    module = torch.nn.Module()
    module.register_buffer("one", torch.tensor([[2.5]]))
    module.register_buffer("two", torch.ones(2))
    module.register_buffer("meta", torch.empty(1, device="meta"))
    trial = Trial(module)
    assert trial.state == {"one": 2.5}
    assert trial.known(module.one) == 2.5 and trial.decided == {"one": 2.5}
    for other in (torch.tensor([[2.5]]), module.two, module.meta):
        assert trial.known(other) is None
    assert Trial().known(module.one) is None and trial.decided == {"one": 2.5}


def things_replaced(torch):
    transforms = importlib.import_module("torch._functorch.eager_transforms")
    rnn = torch.nn.modules.rnn
    owners = (
        torch, torch.autograd, torch.autograd.Function, torch.Tensor, torch.nn.Module,
        torch.nn.modules.transformer, torch.sparse, torch._VF, transforms, torch.SymBool,
        torch.SymFloat, torch.SymInt, rnn.RNN, rnn.LSTM, rnn.GRU, rnn.RNNBase,
    )  # fmt: skip
    return [{name: id(value) for name, value in vars(owner).items()} for owner in owners]


@pytest.mark.torch
@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("on", [False, True])
def test_pytorch_is_as_it_was(torch, fails, on):
    class Model(torch.nn.Module):
        def forward(self, x):
            if fails:
                raise ZeroDivisionError
            return x * 2

    spread, mha = torch.distributions.Distribution, torch.backends.mha
    before = spread._validate_args, mha.get_fastpath_enabled()
    nn.from_torch(torch.nn.ReLU(), torch.ones(2))  # what is imported on the way
    try:
        spread.set_default_validate_args(on)
        mha.set_fastpath_enabled(on)
        known = things_replaced(torch)
        if fails:
            with pytest.raises(RuntimeError, match="ZeroDivisionError|cannot export"):
                nn.from_torch(Model(), torch.ones(2))
        else:
            nn.from_torch(Model(), torch.ones(2))
        assert things_replaced(torch) == known
        assert spread._validate_args is on and mha.get_fastpath_enabled() is on
    finally:
        spread.set_default_validate_args(before[0])
        mha.set_fastpath_enabled(before[1])


@pytest.mark.torch
def test_what_a_model_writes_decides_and_prints_on_the_way(torch, capsys):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(torch.ones(2))
            self.register_buffer("on", torch.tensor(True))
            self.register_buffer("times", torch.tensor(3))
            self.register_buffer("factor", torch.tensor(2.5))
            self.count = 0

        def forward(self, x):
            self.count += 1
            assert x.sum() > -100
            print(f"sum {x.sum():.2f}")
            y = x * self.w * float(self.factor) if self.on else x
            y = y * int(self.times) + self.times.item()
            y.data.add_(1.0)
            x.data = x * 2
            self.w = torch.nn.Parameter(self.w * 2)
            self.other = y
            return y, x * 1.0

    x = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    module = Model()
    model = nn.from_torch(module, x.clone(), modes="current")
    assert capsys.readouterr().out == "" and module.count == 0
    assert module.w.tolist() == [1.0, 1.0] == model.w.tolist()
    assert model.notes == [
        "Assertions on numbers are left out: "
        f"test_standins.py:{Model.forward.__code__.co_firstlineno + 2}.",
        "The graph was made for on = True, factor = 2.5, times = 3, by which forward decides.",
        "forward changes count; the graph has what one call makes of it.",
    ]
    found = model(x.numpy().copy())
    for ours, theirs in zip(found, module(x.clone()), strict=True):
        np.testing.assert_allclose(ours.data, theirs.detach().numpy(), rtol=1e-6)
    assert model.w.tolist() == module.w.tolist() == [2.0, 2.0]
    model.times[...] = 4
    with pytest.raises(RuntimeError, match="the graph was made for times = 3, .* it is 4 now"):
        model(x.numpy())


@pytest.mark.torch
@pytest.mark.parametrize(
    "forward, told",
    [
        (lambda t, x: t.autograd.grad((x * x).sum(), x), r"in its forward \(grad\)"),
        (lambda t, x: (x * x).sum().backward(), r"in its forward \(backward\)"),
        (lambda t, x: t.autograd.backward((x * x).sum()), r"in its forward \(backward\)"),
        (lambda t, x: t.func.grad(lambda y: (y * y).sum())(x), r"\(func\.grad\)"),
        (lambda t, x: t.func.grad_and_value(lambda y: (y * y).sum())(x), "grad_and_value"),
        (lambda t, x: t.func.vjp(lambda y: y * y, x), r"\(func\.vjp, jacrev or hessian\)"),
        (lambda t, x: t.func.jvp(lambda y: y * y, (x,), (x,)), r"\(func\.jvp or jacfwd\)"),
        (lambda t, x: t.tensor(x.detach().numpy() * 2), "it leaves for NumPy in its forward"),
    ],
)
def test_what_no_graph_can_carry_is_refused_by_its_name(torch, forward, told):
    class Model(torch.nn.Module):
        def forward(self, x):
            return forward(torch, x)

    with pytest.raises(RuntimeError, match=told):
        nn.from_torch(Model(), torch.ones(3, 2))


@pytest.mark.torch
def test_what_a_model_fills_on_the_way_is_as_it_was(torch):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.seen, self.table, self.none = [1.0], {"a": 2}, []

        def forward(self, x):
            y = x * 2
            self.seen.append(y)
            self.table["b"] = y
            self.none.append(y)
            return y

    module = Model()
    seen, table = module.seen, module.table
    nn.from_torch(module, torch.ones(3))
    assert module.seen is seen and module.table is table
    assert (seen, table, module.none) == ([1.0], {"a": 2}, [])
