"""Module: registration, walking, state dicts, hooks, paths, copies."""

import copy
import dataclasses
import inspect
import pickle

import numpy as np
import pytest

import autograd
import nn
from tests.interrupted import interrupted


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(factor)

    def forward(self, x):
        return x * self.factor


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = Scale([2.0])
        self.shift = nn.Parameter([1.0])
        self.register_parameter("bias", None)
        self.register_buffer("count", autograd.tensor(0))
        self.register_buffer("scratch", autograd.tensor([0.0]), persistent=False)

    def forward(self, x):
        return self.scale(x) + self.shift


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = Block()
        self.blocks = nn.ModuleList([Block(), Block()])
        self.last = self.first.scale  # shared

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


KEYS = [
    "first.shift",
    "first.count",
    "first.scale.factor",
    "blocks.0.shift",
    "blocks.0.count",
    "blocks.0.scale.factor",
    "blocks.1.shift",
    "blocks.1.count",
    "blocks.1.scale.factor",
    "last.factor",
]


class TestParameter:
    def test_is_a_leaf_on_a_copy(self):
        source = np.array([1.0, 2.0])
        p = nn.Parameter(source)
        source[0] = 9.0
        assert p.requires_grad
        assert p.is_leaf
        assert p.dtype == np.float64
        assert p.tolist() == [1.0, 2.0]

    def test_from_a_tensor_has_no_history(self):
        x = autograd.tensor([1.0], requires_grad=True)
        assert nn.Parameter(x * 2).is_leaf
        assert not nn.Parameter(x, requires_grad=False).requires_grad

    def test_is_contiguous(self):
        p = nn.Parameter(np.asfortranarray(np.ones((3, 4))))
        assert p.data.flags.c_contiguous
        assert nn.Parameter(2.0).shape == ()

    def test_results_are_plain_tensors(self):
        assert type(nn.Parameter([1.0]) * 2) is autograd.Tensor

    def test_integers_are_refused(self):
        with pytest.raises(TypeError, match="int64"):
            nn.Parameter([1, 2])

    def test_copies_and_pickles_stay_parameters(self):
        p = nn.Parameter([1.0], requires_grad=False)
        for twin in (copy.deepcopy(p), pickle.loads(pickle.dumps(p))):
            assert type(twin) is nn.Parameter
            assert twin is not p
            assert not twin.requires_grad


class TestWalking:
    def test_named_parameters_are_in_order_and_once(self):
        names = [name for name, _ in Model().named_parameters()]
        assert names == [
            "first.shift",
            "first.scale.factor",
            "blocks.0.shift",
            "blocks.0.scale.factor",
            "blocks.1.shift",
            "blocks.1.scale.factor",
        ]

    def test_duplicates_on_demand(self):
        names = [name for name, _ in Model().named_parameters(remove_duplicate=False)]
        assert names[-1] == "last.factor"

    def test_prefix_and_no_recursion(self):
        assert [n for n, _ in Block().named_parameters("b", recurse=False)] == ["b.shift"]
        assert len(list(Block().parameters(recurse=False))) == 1

    def test_modules_children_buffers(self):
        model = Model()
        assert [name for name, _ in model.named_modules()] == [
            "", "first", "first.scale", "blocks", "blocks.0", "blocks.0.scale",
            "blocks.1", "blocks.1.scale",
        ]  # fmt: skip
        assert [name for name, _ in model.named_children()] == ["first", "blocks", "last"]
        assert [name for name, _ in model.first.named_buffers()] == ["count", "scratch"]
        assert len(list(model.buffers())) == 6

    def test_get_by_path(self):
        model = Model()
        assert model.get_submodule("blocks.1.scale") is model.blocks[1].scale
        assert model.get_submodule("") is model
        assert model.get_parameter("first.shift") is model.first.shift
        assert model.get_buffer("first.count") is model.first.count
        for wrong in ("blocks.2", "first.shift", "nothing"):
            with pytest.raises(AttributeError, match="no module"):
                model.get_submodule(wrong)
        with pytest.raises(AttributeError, match="no parameter 'count'"):
            model.get_parameter("first.count")

    def test_apply_goes_children_first_in_order(self):
        seen = []
        model = Model()
        assert model.apply(seen.append) is model
        assert seen.index(model.first.scale) < seen.index(model.first) < seen.index(model.blocks[0])
        assert seen[-1] is model


class TestRegistration:
    def test_kinds_are_guarded(self):
        block = Block()
        for name, wanted in (("shift", "Parameter"), ("scale", "Module"), ("count", "Tensor")):
            with pytest.raises(TypeError, match=f"assign a {wanted} or None"):
                setattr(block, name, 3.0)

    def test_none_takes_away_and_a_parameter_comes_back(self):
        block = Block()
        block.shift = None
        assert [n for n, _ in block.named_parameters()] == ["scale.factor"]
        block.shift = nn.Parameter([3.0])
        assert [n for n, _ in block.named_parameters()] == ["shift", "scale.factor"]

    def test_delete(self):
        block = Block()
        del block.shift, block.scale, block.scratch
        assert list(block.parameters()) == []
        assert not hasattr(block, "shift")
        block.shift = 3.0  # a plain attribute now
        assert list(block.state_dict()) == ["count"]

    def test_a_buffer_may_be_replaced(self):
        block = Block()
        block.count = block.count + 1
        assert block.state_dict()["count"].item() == 1

    def test_super_init_may_be_forgotten(self):
        class Forgetful(nn.Module):
            def __init__(self):
                self.w = nn.Parameter([1.0])

        assert len(list(Forgetful().parameters())) == 1

    @pytest.mark.parametrize(
        ("call", "error", "message"),
        [
            (lambda m: m.register_parameter("w", autograd.zeros(1)), TypeError, "nn.Parameter"),
            (lambda m: m.register_parameter("a.b", None), ValueError, "dot"),
            (lambda m: m.register_parameter("", None), ValueError, "empty"),
            (lambda m: m.register_parameter(3, None), TypeError, "string"),
            (lambda m: m.register_parameter("forward", None), ValueError, "method"),
            (lambda m: m.register_buffer("b", np.zeros(1)), TypeError, "ndarray"),
            (lambda m: m.register_buffer("shift", None), ValueError, "already"),
            (lambda m: m.register_module("m", 3), TypeError, "int"),
            (lambda m: m.scale.register_module("m", m), ValueError, "into itself"),
            (lambda m: m.train("yes"), TypeError, "mode"),
            (lambda m: m.to(np.int32), TypeError, "float16"),
            (lambda m: m.to("no dtype"), TypeError, "float16"),
        ],
    )
    def test_refusals(self, call, error, message):
        with pytest.raises(error, match=message):
            call(Block())

    def test_no_forward(self):
        with pytest.raises(TypeError, match="Module defines no forward"):
            nn.Module()(1)


class TestSwitches:
    def test_train_and_eval(self):
        model = Model()
        assert all(m.training for m in model.modules())
        assert model.eval() is model
        assert not any(m.training for m in model.modules())
        model.blocks.train()
        assert model.blocks[0].scale.training
        assert not model.training

    def test_requires_grad(self):
        model = Model().requires_grad_(False)
        assert not any(p.requires_grad for p in model.parameters())

    def test_zero_grad(self):
        block = Block()
        block(autograd.tensor([3.0])).sum().backward()
        block.zero_grad(set_to_none=False)
        assert block.shift.grad.tolist() == [0.0]
        block.zero_grad()
        assert block.shift.grad is None

    def test_dtypes(self):
        model = Model().double()
        assert {p.dtype for p in model.parameters()} == {np.dtype("float64")}
        assert model.first.count.dtype == np.int64
        assert model.first.scratch.dtype == np.float64
        assert model.last.factor is model.first.scale.factor
        assert model.half().first.shift.dtype == np.float16
        assert model.float().first.shift.requires_grad


class TestStateDict:
    def test_keys_are_pytorchs(self):
        assert list(Model().state_dict()) == KEYS
        assert list(Scale([1.0]).state_dict(prefix="x.")) == ["x.factor"]

    @pytest.mark.torch
    def test_keys_agree_with_pytorch(self, torch):
        class Twin(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.w = torch.nn.Parameter(torch.ones(1))
                self.inner = torch.nn.ModuleList([torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(2)])
                self.register_buffer("b", torch.ones(1))
                self.seq = torch.nn.Sequential(torch.nn.Linear(1, 1))
                self.tied = self.seq[0]

        class Ours(nn.Module):
            def __init__(self):
                super().__init__()
                self.w = nn.Parameter([1.0])
                self.inner = nn.ModuleList([nn.Linear(1, 1), nn.BatchNorm1d(2)])
                self.register_buffer("b", autograd.tensor([1.0]))
                self.seq = nn.Sequential(nn.Linear(1, 1))
                self.tied = self.seq[0]

        assert list(Ours().state_dict()) == list(Twin().state_dict())

    def test_values_are_copies(self):
        model = Model()
        saved = model.state_dict()
        with autograd.no_grad():
            model.first.shift += 1
        assert saved["first.shift"].tolist() == [1.0]
        assert not saved["first.shift"].requires_grad

    def test_round_trip_writes_in_place(self):
        model, other = Model(), Model()
        with autograd.no_grad():
            for p in other.parameters():
                p += 5
        other.first.count = autograd.tensor(7)
        before = model.first.shift
        result = model.load_state_dict(other.state_dict())
        assert result == ([], [])
        assert model.first.shift is before
        assert model.first.shift.tolist() == [6.0]
        assert model.first.count.item() == 7
        assert model.last.factor is model.first.scale.factor

    def test_arrays_are_converted_to_the_parameters_dtype(self):
        scale = Scale(np.float32([1.0]))
        scale.load_state_dict({"factor": np.array([3.0])})
        assert scale.factor.dtype == np.float32
        assert scale.factor.tolist() == [3.0]

    @pytest.mark.torch
    def test_takes_pytorchs_tensors(self, torch):
        scale = Scale([1.0])
        scale.load_state_dict({"factor": torch.tensor([3.0])})
        assert scale.factor.tolist() == [3.0]

    def test_assign_makes_new_parameters(self):
        model = Model().requires_grad_(False)
        before = model.first.shift
        values = {k: np.asarray(v.data, dtype=np.float64) for k, v in model.state_dict().items()}
        model.load_state_dict(values, assign=True)
        assert model.first.shift is not before
        assert model.first.shift.dtype == np.float64
        assert not model.first.shift.requires_grad
        assert model.last.factor is model.first.scale.factor

    def test_errors_are_listed_together_and_change_nothing(self):
        model = Model()
        state = model.state_dict()
        with autograd.no_grad():
            for p in model.parameters():
                p += 1
        before = [p.tolist() for p in model.parameters()]
        del state["blocks.0.shift"]
        state["extra"] = autograd.zeros(1)
        state["first.scale.factor"] = autograd.zeros((2, 3))
        with pytest.raises(RuntimeError) as caught:
            model.load_state_dict(state)
        message = str(caught.value)
        assert "missing: blocks.0.shift" in message
        assert "unexpected: extra" in message
        assert "first.scale.factor: expected shape (1,), got (2, 3)" in message
        assert [p.tolist() for p in model.parameters()] == before

    def test_not_strict(self):
        model = Model()
        result = model.load_state_dict({"first.shift": np.array([4.0]), "extra": 1}, strict=False)
        assert model.first.shift.tolist() == [4.0]
        assert result.unexpected_keys == ["extra"]
        assert "blocks.0.shift" in result.missing_keys
        with pytest.raises(RuntimeError, match="expected shape"):
            model.load_state_dict({"first.shift": np.zeros(9)}, strict=False)

    @pytest.mark.parametrize(
        "bad", [["first"], {"factor": "text"}, {"factor": [[1.0], []]}, {"factor": np.array([1j])}]
    )
    def test_wrong_types(self, bad):
        with pytest.raises(TypeError, match="load_state_dict"):
            Scale([1.0]).load_state_dict(bad)


class TestHooks:
    def test_pre_hook_sees_and_changes_arguments(self):
        scale, seen = Scale([2.0]), []
        handle = scale.register_forward_pre_hook(lambda module, args: seen.append((module, args)))
        scale.register_forward_pre_hook(lambda module, args: args[0] + 1)
        x = autograd.tensor([3.0])
        assert scale(x).tolist() == [8.0]
        assert seen == [(scale, (x,))]
        handle.remove()
        handle.remove()
        scale(x)
        assert len(seen) == 1

    def test_a_handle_takes_away_its_own_hook_only(self):
        scale, seen = Scale([2.0]), []
        handle = scale.register_forward_hook(lambda *_: seen.append("old"))
        handle.remove()
        scale.register_forward_hook(lambda *_: seen.append("new"))
        handle.remove()
        scale(autograd.tensor([1.0]))
        assert seen == ["new"]

    def test_a_hook_must_be_callable(self):
        with pytest.raises(
            TypeError, match="register_forward_hook: hook must be a function, got 3"
        ):
            Scale([2.0]).register_forward_hook(3)

    def test_forward_hook_sees_and_changes_the_output(self):
        scale = Scale([2.0])
        with scale.register_forward_hook(lambda module, args, out: out * 10):
            assert scale(autograd.tensor([3.0])).tolist() == [60.0]
        assert scale(autograd.tensor([3.0])).tolist() == [6.0]

    def test_keyword_arguments_and_order(self):
        order = []
        scale = Scale([2.0])
        scale.register_forward_hook(lambda *_: order.append("second"))
        scale.register_forward_hook(lambda *_: order.append("first"), prepend=True)
        scale.register_forward_hook(
            lambda module, args, kwargs, out: order.append(sorted(kwargs)), with_kwargs=True
        )
        scale.register_forward_pre_hook(
            lambda module, args, kwargs: (args, {"x": kwargs["x"] + 1}), with_kwargs=True
        )
        assert scale(x=autograd.tensor([1.0])).tolist() == [4.0]
        assert order == ["first", "second", ["x"]]

    def test_hooks_run_inside_a_model_too(self):
        model, seen = Model(), []
        model.blocks[1].scale.register_forward_hook(lambda *_: seen.append(1))
        model(autograd.tensor([1.0]))
        assert seen == [1]


class Spy(nn.Module):
    """Writes down the module path at its call."""

    def __init__(self):
        super().__init__()
        self.paths = []

    def forward(self, x):
        self.paths.append(autograd.module_path())
        return x


class TestPaths:
    def model(self):
        spy = Spy()
        inner = nn.Sequential(spy)
        model = nn.Sequential({"stem": Spy(), "body": nn.Sequential(inner)})
        return model, inner, spy

    def test_are_relative_to_the_outermost_model(self):
        model, inner, spy = self.model()
        model(1)
        inner(1)
        spy(1)
        assert spy.paths == ["body.0.0", "0", ""]
        assert model.stem.paths == ["stem"]
        assert autograd.module_path() == ""

    def test_name_containers_that_are_not_called(self):
        spy = Spy()

        class Holder(nn.Module):
            def __init__(self):
                super().__init__()
                self.blocks = nn.ModuleList([nn.ModuleDict({"a": spy})])

            def forward(self, x):
                return self.blocks[0]["a"](x)

        Holder()(1)
        assert spy.paths == ["blocks.0.a"]

    def test_follow_changes_of_the_model(self):
        model, inner, spy = self.model()
        model(1)
        inner.insert(0, Spy())
        model(1)
        assert spy.paths == ["body.0.0", "body.0.1"]

    def test_join_the_users_own_scope(self):
        model, _, spy = self.model()
        with autograd.module_scope("student"):
            model(1)
        assert spy.paths == ["student.body.0.0"]

    def test_keep_a_scope_opened_inside_the_model(self):
        spy = Spy()

        class Encoder(nn.Module):
            def __init__(self):
                super().__init__()
                self.q = spy

            def forward(self, x):
                with autograd.module_scope("attention"), autograd.module_scope("head"):
                    return self.q(x)

        encoder = Encoder()
        encoder(1)
        nn.Sequential({"encoder": encoder})(1)
        assert spy.paths == ["attention.head.q", "encoder.attention.head.q"]

    def test_of_a_shared_module_is_its_first_wherever_it_is_called(self):
        spy = Spy()

        class Tied(nn.Module):
            def __init__(self):
                super().__init__()
                self.a = nn.Sequential(spy)
                self.b = nn.Sequential(spy)

            def forward(self, x):
                return self.b(self.a(x))

        Tied()(1)
        assert spy.paths == ["a.0", "a.0"]

    def test_belong_to_the_thread(self):
        import threading

        model, _, spy = self.model()

        class Waits(nn.Module):
            def forward(self, x):
                thread = threading.Thread(target=model, args=(1,))
                thread.start()
                thread.join()
                return x

        nn.Sequential({"outer": Waits()})(1)
        assert spy.paths == ["body.0.0"]

    def test_are_restored_after_an_exception(self):
        class Broken(nn.Module):
            def forward(self, x):
                raise ZeroDivisionError

        model, _, spy = self.model()
        model.body.append(Broken())
        with pytest.raises(ZeroDivisionError):
            model(1)
        spy(1)
        assert spy.paths == ["body.0.0", ""]
        assert autograd.module_path() == ""

    @pytest.mark.filterwarnings("ignore:.*plain list")
    def test_unregistered_modules_go_by_their_class(self):
        spy = Spy()

        class Outer(nn.Module):
            def __init__(self):
                super().__init__()
                self.hidden = [spy]

            def forward(self, x):
                return self.hidden[0](x)

        nn.Sequential(Outer())(1)
        assert spy.paths == ["0.Spy"]

    def test_reach_the_graph(self):
        model = Model()
        y = model(autograd.tensor([1.0]))
        assert y.grad_node.module == "first.scale"  # shared: its first path
        assert y.grad_node.parents[0].module == "blocks.1"


class TestCopies:
    @pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
    def test_are_independent_and_keep_sharing(self, copied):
        model = Model()
        model(autograd.tensor([1.0]))
        twin = copied(model)
        with autograd.no_grad():
            twin.first.scale.factor += 1
        assert model.first.scale.factor.tolist() == [2.0]
        assert twin.last.factor is twin.first.scale.factor
        assert list(twin.state_dict()) == KEYS
        assert twin.blocks[1](autograd.tensor([1.0])).tolist() == [3.0]
        del twin.first
        assert hasattr(model, "first")

    def test_shallow_copies_have_a_registry_of_their_own(self):
        block = Block()
        twin = copy.copy(block)
        del twin.shift
        assert "shift" in dict(block.named_parameters())


def test_repr_is_a_tree():
    assert repr(Scale([1.0])) == "Scale()"
    assert repr(Block()) == "Block(\n  (scale): Scale()\n)"


def test_extra_repr_comes_before_the_children():
    class Named(Block):
        def extra_repr(self):
            return "width=3"

    assert repr(Named()) == "Named(\n  width=3\n  (scale): Scale()\n)"


# Depth --------------------------------------------------------------------------------------------


def nested(depth):
    """A linear layer inside of so many containers."""
    model = nn.Linear(2, 2)
    for _ in range(depth):
        model = nn.Sequential(model)
    return model


def test_a_model_may_be_a_thousand_modules_deep():
    model = nested(1000)
    assert len(list(model.parameters())) == 2 and len(model.state_dict()) == 2
    seen = []
    model.apply(seen.append).train().eval().double().requires_grad_(False).zero_grad()
    assert len(seen) == 1001 and type(seen[0]) is nn.Linear and seen[-1] is model
    assert repr(model).count("Sequential") == 1000
    copied = copy.deepcopy(model)
    assert repr(copied) == repr(model) and next(copied.parameters()) is not next(model.parameters())
    copied.load_state_dict(model.state_dict())


def test_a_call_that_is_too_deep_for_python_says_so():
    with pytest.raises(RuntimeError, match=r"^Sequential: modules lie 1001 deep in one another"):
        nested(1000)(autograd.ones(1, 2))
    assert nested(50)(autograd.ones(1, 2)).shape == (1, 2)


def test_endless_recursion_of_the_users_is_left_as_it_is():
    class Endless(nn.Module):
        def forward(self, x):
            return self(x)

    with pytest.raises(RecursionError):
        Endless()(autograd.ones(1))


def test_copies_share_what_their_originals_share():
    layer = nn.Linear(2, 2)
    model = nn.Sequential(layer, nn.Sequential(layer), nn.ModuleList([layer]))
    copied = copy.deepcopy(model)
    assert copied[0] is copied[1][0] is copied[2][0] is not layer
    assert copied[0].weight.tolist() == layer.weight.tolist()
    both = copy.deepcopy({"model": model, "layer": layer})
    assert both["layer"] is both["model"][0]


def test_a_layer_without_settings_shows_that_it_has_none():
    class Scaled(nn.Tanh):
        def __init__(self, factor):
            super().__init__()
            self.factor = factor

    shown = {cls: str(inspect.signature(cls)) for cls in (nn.Tanh, nn.Module, nn.ReLU, Scaled)}
    assert shown[nn.Tanh] == shown[nn.Module] == "() -> 'None'"
    assert shown[nn.ReLU] == "(inplace: 'bool' = False) -> 'None'"
    assert shown[Scaled] == "(factor)"
    assert str(inspect.signature(nn.Tanh())) == "(*args: 'Any', **kwargs: 'Any') -> 'Any'"


@pytest.mark.parametrize("take_away", [lambda m: setattr(m, "a", None), lambda m: delattr(m, "a")])
def test_after_a_child_came_or_went_the_places_of_operations_are_the_new_ones(take_away):
    class InTurn(nn.Module):
        def forward(self, x):
            for child in self.children():
                x = child(x)
            return x

    model = InTurn()
    shared = nn.ReLU()
    model.a = model.b = shared

    def places():
        with autograd.debug.operations() as noted:
            model(autograd.ones(2))
        return {operation.module.rpartition(".")[2] for operation in noted}

    assert places() == {"a"}
    take_away(model)
    assert places() == {"b"}
    model.c = nn.Tanh()
    assert places() == {"b", "c"}


@dataclasses.dataclass
class Sized(nn.Module):  # compared by its fields, so that it has no hash
    size: int = 2

    def __post_init__(self):
        super().__init__()
        self.layer = nn.Linear(self.size, self.size)

    def forward(self, x):
        return self.layer(x)


def test_a_module_may_be_a_dataclass():
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList([Sized(), Sized()])
            self.helpers = []

        def forward(self, x):
            helper = Sized()
            self.helpers.append(helper)
            for part in self.parts:
                x = part(x)
            return helper(x)

    model, alone = Model(), Sized()
    assert model(autograd.ones(3, 2)).shape == (3, 2)
    alone.load_state_dict(model.parts[0].state_dict())
    assert alone.layer.weight.tolist() == model.parts[0].layer.weight.tolist()
    assert len(list(model.modules())) == 6
    copied = copy.deepcopy(model)
    assert copied(autograd.ones(3, 2)).shape == (3, 2)


def test_parameters_are_those_that_a_subclass_names():
    class Frozen(nn.Module):
        def __init__(self):
            super().__init__()
            self.learnt, self.frozen, self._values = nn.Linear(2, 2), nn.Linear(2, 2), [1, 2]

        def named_parameters(self, *args, **kwargs):
            pairs = super().named_parameters(*args, **kwargs)
            return [(name, p) for name, p in pairs if not name.startswith("frozen")]

    model = Frozen()
    assert list(map(id, model.parameters())) == [id(model.learnt.weight), id(model.learnt.bias)]


def test_wherever_an_interrupt_comes_in_a_call_the_next_one_has_its_own_paths():
    model = nn.Sequential(nn.Sequential(nn.Linear(2, 2)), nn.ReLU())
    x = autograd.ones(1, 2)
    (scale := nn.Module()).forward = lambda t: t * 2.0
    source, first = inspect.getsourcelines(nn.Module.__call__)
    finally_ = first + max(k for k, line in enumerate(source) if line.strip() == "finally:")

    def is_cleaning_up(frame):  # there one interrupt finds a few instructions
        inside = frame.f_code is nn.Module.__call__.__code__ and frame.f_lineno >= finally_
        return inside or (frame.f_back is not None and is_cleaning_up(frame.f_back))

    came, at = True, 0
    while came:
        files = "nn/module.py", "autograd/module_paths.py"
        came = interrupted(lambda: model(x), at, *files, but=is_cleaning_up)
        assert autograd.module_path() == ""
        assert scale(x).grad_node is None
        w = autograd.ones(2, requires_grad=True)
        assert scale(w).grad_node.module == ""  # of the outermost module, not of a part of another
        assert model(x).grad_node.module == "1"
        at += 1
    assert at > 30
