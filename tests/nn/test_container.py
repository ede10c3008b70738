"""Sequential, ModuleList, ModuleDict, ParameterList, ParameterDict."""

import numpy as np
import pytest

import autograd
import nn


class Add(nn.Module):
    def __init__(self, amount):
        super().__init__()
        self.amount = nn.Parameter([float(amount)])

    def forward(self, x):
        return x * 10 + self.amount

    def extra_repr(self):
        return f"{self.amount.item():g}"


def sequential(*amounts):
    return nn.Sequential(*(Add(amount) for amount in amounts))


def amounts(container):
    return [module.amount.item() for module in container]


ZERO = autograd.tensor([0.0])


class TestSequential:
    def test_applies_in_order(self):
        assert sequential(1, 2, 3)(ZERO).tolist() == [123.0]
        assert nn.Sequential()(ZERO) is ZERO

    def test_names_from_a_mapping(self):
        model = nn.Sequential({"a": Add(1), "b": Add(2)})
        assert list(model.state_dict()) == ["a.amount", "b.amount"]
        assert model.b is model[1]
        assert [n for n, _ in model[1:].named_children()] == ["b"]

    def test_index_and_slice(self):
        model = sequential(1, 2, 3)
        assert model[-1] is model[2]
        assert isinstance(model[:2], nn.Sequential)
        assert model[:2](ZERO).tolist() == [12.0]
        assert model[::-1][0] is model[2]
        assert len(model) == 3
        assert model[1] in model
        for index, error in ((3, IndexError), (-4, IndexError), ("a", TypeError)):
            with pytest.raises(error, match="Sequential"):
                model[index]

    def test_change(self):
        model = sequential(1, 2, 3)
        model[1] = Add(7)
        assert model(ZERO).tolist() == [173.0]
        del model[0]
        assert model(ZERO).tolist() == [73.0]
        assert list(model.state_dict()) == ["0.amount", "1.amount"]
        model.insert(1, Add(5)).append(Add(4)).extend(sequential(8))
        assert amounts(model) == [7, 5, 3, 4, 8]
        assert model.pop(1).amount.item() == 5
        del model[1:]
        assert amounts(model) == [7]
        assert amounts(model + sequential(1)) == [7, 1]
        model += sequential(2)
        assert amounts(model) == [7, 2]

    def test_append_after_names(self):
        model = nn.Sequential({"1": Add(1)})
        model.append(Add(2))
        assert model(ZERO).tolist() == [12.0]

    def test_insert_goes_by_list_rules(self):
        model = sequential(1, 2)
        model.insert(-1, Add(3)).insert(99, Add(4))
        assert amounts(model) == [1, 3, 2, 4]

    @pytest.mark.parametrize("bad", [3, None, [Add(1)], abs])
    def test_refuses_what_is_no_module(self, bad):
        with pytest.raises(TypeError, match="expected a Module"):
            nn.Sequential(Add(1), bad)
        with pytest.raises(TypeError, match="expected a Module"):
            sequential(1).append(bad)
        with pytest.raises(TypeError, match="expected a Module"):
            sequential(1)[0] = bad

    def test_repr(self):
        assert repr(sequential(1, 1)) == "Sequential(\n  (0): Add(1)\n  (1): Add(1)\n)"


class TestModuleList:
    def test_is_a_list(self):
        modules = nn.ModuleList([Add(1), Add(2)])
        assert amounts(modules) == [1, 2]
        assert len(list(modules.parameters())) == 2
        assert isinstance(modules[:1], nn.ModuleList)
        modules.extend([Add(3)]).insert(0, Add(0))
        assert amounts(modules) == [0, 1, 2, 3]
        assert list(modules.state_dict()) == [f"{i}.amount" for i in range(4)]

    def test_cannot_be_called(self):
        with pytest.raises(TypeError, match="forward"):
            nn.ModuleList()(ZERO)

    def test_extend_is_all_or_nothing(self):
        modules = nn.ModuleList([Add(1)])
        with pytest.raises(TypeError, match="Module"):
            modules.extend([Add(2), 3])
        assert len(modules) == 1

    def test_repr_counts_equal_neighbours(self):
        modules = nn.ModuleList([Add(1), Add(1), Add(2)])
        assert repr(modules) == "ModuleList(\n  (0-1): 2 x Add(1)\n  (2): Add(2)\n)"


class TestModuleDict:
    def test_is_a_dictionary(self):
        modules = nn.ModuleDict({"a": Add(1)})
        modules["b"] = Add(2)
        modules.update([("c", Add(3))])
        assert modules.keys() == list(modules) == ["a", "b", "c"]
        assert amounts(modules.values()) == [1, 2, 3]
        assert [key for key, _ in modules.items()] == ["a", "b", "c"]
        assert "b" in modules
        assert len(modules) == 3
        assert modules.pop("b").amount.item() == 2
        del modules["a"]
        assert list(modules.state_dict()) == ["c.amount"]
        modules.clear()
        assert not len(modules)

    def test_refusals(self):
        modules = nn.ModuleDict()
        with pytest.raises(TypeError, match="expected a Module"):
            modules["a"] = 3
        for name in ("keys", "a.b", ""):
            with pytest.raises(ValueError, match="name"):
                modules[name] = Add(1)
        with pytest.raises(KeyError, match="has no 'x'"):
            modules["x"]


class TestParameters:
    def test_list(self):
        values = nn.ParameterList([nn.Parameter([1.0]), np.ones((2, 3), np.float32)])
        values.append(autograd.tensor([5.0]))
        assert [type(v) for v in values] == [nn.Parameter] * 3
        assert list(values.state_dict()) == ["0", "1", "2"]
        assert values[1].shape == (2, 3)
        assert repr(values).splitlines()[2] == "  (1): Parameter of shape (2, 3), float32"
        values[0] = nn.Parameter([9.0])
        assert values.pop(0).item() == 9.0
        assert len(values) == 2

    def test_dict(self):
        values = nn.ParameterDict({"a": nn.Parameter([1.0])})
        values["b"] = np.ones(2, np.float32)
        assert list(values.state_dict()) == ["a", "b"]
        assert values["b"].requires_grad
        assert "(b): Parameter of shape (2,), float32" in repr(values)
        with pytest.raises(TypeError):
            values["c"] = "text"

    def test_are_found_by_an_enclosing_module(self):
        module = nn.Module()
        module.weights = nn.ParameterList([nn.Parameter([1.0])])
        assert [n for n, _ in module.named_parameters()] == ["weights.0"]
