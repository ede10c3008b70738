"""Weights that are computed from others: norms put on, taken off, copied, saved, refused."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import autograd
import nn
from nn.utils import parametrizations, parametrize

X = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)


def layer():
    return nn.Linear(3, 2, generator=np.random.default_rng(1))


PUT_ON = {
    "old weight": (nn.utils.weight_norm, nn.utils.remove_weight_norm),
    "old spectral": (nn.utils.spectral_norm, nn.utils.remove_spectral_norm),
    "new weight": (parametrizations.weight_norm, lambda m: parametrize.remove_parametrizations(m, "weight")),
    "new spectral": (parametrizations.spectral_norm, lambda m: parametrize.remove_parametrizations(m, "weight")),
}  # fmt: skip


@pytest.mark.parametrize("kind", PUT_ON)
class TestAll:
    def test_taking_it_off_leaves_the_class_and_the_value(self, kind):
        on, off = PUT_ON[kind]
        made = on(layer()).eval()
        before = made(X).data.copy()
        off(made)
        assert type(made) is nn.Linear
        assert sorted(dict(made.named_parameters())) == ["bias", "weight"]
        np.testing.assert_allclose(made(X).data, before, rtol=1e-6)

    def test_copies_pickles_and_state_dicts_compute_the_same(self, kind):
        made = PUT_ON[kind][0](layer())
        made(X)
        made.eval()
        fresh = PUT_ON[kind][0](layer()).eval()
        fresh.load_state_dict(made.state_dict())
        for other in (copy.deepcopy(made), pickle.loads(pickle.dumps(made)), fresh):
            assert (other(X).data == made(X).data).all()
            assert not set(map(id, other.parameters())) & set(map(id, made.parameters()))

    def test_an_optimizer_changes_the_weight(self, kind):
        made = PUT_ON[kind][0](layer())
        optimizer = nn.optim.SGD(made.parameters(), 0.1)
        before = made.weight.tolist()
        (made(X) ** 2).sum().backward()
        optimizer.step()
        assert made.weight.tolist() != before

    def test_other_names_are_refused(self, kind):
        with pytest.raises(ValueError, match="Linear has no parameter 'wait'"):
            PUT_ON[kind][0](layer(), "wait")
        with pytest.raises(IndexError, match="dim 2 is out of range"):
            PUT_ON[kind][0](layer(), dim=2)


@pytest.mark.parametrize("home", [nn.utils, parametrizations])
def test_weight_norm_computes_what_its_formula_says(home):
    made = layer()
    w = made.weight.data.astype(np.float64)
    home.weight_norm(made)
    np.testing.assert_allclose(made.weight.data, w, rtol=1e-6)
    with autograd.no_grad():
        g = next(p for p in made.parameters() if p.shape == (2, 1))
        g *= 3.0
    np.testing.assert_allclose(made.weight.data, 3 * w, rtol=1e-6)


@pytest.mark.parametrize("home", [nn.utils, parametrizations])
def test_spectral_norm_comes_to_a_largest_singular_value_of_one(home):
    made = home.spectral_norm(layer(), n_power_iterations=200)
    made(X)
    assert np.linalg.svd(made.weight.data)[1][0] == pytest.approx(1.0, rel=1e-5)


@pytest.mark.parametrize("home", [nn.utils, parametrizations])
def test_in_evaluation_the_power_iteration_rests(home):
    made = home.spectral_norm(layer()).eval()
    before = [b.tolist() for b in made.buffers()]
    made(X)
    assert [b.tolist() for b in made.buffers()] == before
    made.train()(X)
    assert [b.tolist() for b in made.buffers()] != before


@pytest.mark.parametrize("name", ["weight_norm", "spectral_norm"])
def test_the_old_form_twice_or_taken_off_where_it_is_not_is_refused(name):
    made = getattr(nn.utils, name)(layer())
    with pytest.raises(ValueError, match="already"):
        getattr(nn.utils, name)(made)
    with pytest.raises(ValueError, match=f"no {name} on Linear.bias"):
        getattr(nn.utils, f"remove_{name}")(made, "bias")
    with pytest.raises(RuntimeError, match="computed from other parameters"):
        made.weight = autograd.zeros(2, 3)


class Symmetric(nn.Module):
    def forward(self, x):
        return (x + x.T) / 2


class Exp(nn.Module):
    def forward(self, x):
        return x.exp()

    def right_inverse(self, y):
        return y.log()


def square():
    return nn.Linear(2, 2, bias=False)


class TestParametrize:
    def test_functions_are_stacked_and_the_gradient_reaches_the_original(self):
        made = parametrize.register_parametrization(square(), "weight", Symmetric())
        parametrize.register_parametrization(made, "weight", Exp())
        original = made.parametrizations.weight.original
        w = original.data
        np.testing.assert_allclose(made.weight.data, np.exp((w + w.T) / 2), rtol=1e-6)
        made.weight.sum().backward()
        np.testing.assert_allclose(original.grad.data, np.exp((w + w.T) / 2), rtol=1e-6)
        assert type(made).__name__ == "ParametrizedLinear"
        stacked = made.parametrizations.weight
        assert len(stacked) == 2
        names = [type(stacked[k]).__name__ for k in (0, 1, -1, -2)]
        assert names == ["Symmetric", "Exp", "Exp", "Symmetric"]
        for k in (2, -3):
            with pytest.raises(IndexError):
                stacked[k]

    def test_assigning_goes_through_the_right_inverse(self):
        made = square()
        with autograd.no_grad():
            made.weight[...] = 2.0
        parametrize.register_parametrization(made, "weight", Exp())
        assert made.weight.tolist() == pytest.approx(np.full((2, 2), 2.0))
        made.weight = autograd.full((2, 2), 3.0)
        assert made.parametrizations.weight.original.data == pytest.approx(np.log(3.0))

    def test_without_a_right_inverse_assigning_is_refused(self):
        made = parametrize.register_parametrization(square(), "weight", Symmetric())
        with pytest.raises(RuntimeError, match="Symmetric has no right_inverse"):
            made.weight = autograd.zeros(2, 2)

    def test_the_original_can_be_put_back(self):
        made = square()
        weight = made.weight
        parametrize.register_parametrization(made, "weight", Symmetric())
        assert parametrize.is_parametrized(made, "weight")
        parametrize.remove_parametrizations(made, "weight", leave_parametrized=False)
        assert made.weight is weight
        assert not parametrize.is_parametrized(made)

    def test_a_buffer_stays_a_buffer(self):
        made = nn.BatchNorm1d(2)
        parametrize.register_parametrization(made, "running_var", Exp())
        assert [k for k, _ in made.named_buffers()][-1] == "parametrizations.running_var.original"

    def test_another_shape_is_refused(self):
        class Row(nn.Module):
            def forward(self, x):
                return x[0]

        made = square()
        with pytest.raises(ValueError, match=r"Row gives float32 of shape \(2,\)"):
            parametrize.register_parametrization(made, "weight", Row())
        assert type(made) is nn.Linear

    def test_what_is_not_there_is_refused(self):
        with pytest.raises(ValueError, match="no parameter or buffer 'bias'"):
            parametrize.register_parametrization(square(), "bias", Exp())
        with pytest.raises(TypeError, match="expected a Module, got function"):
            parametrize.register_parametrization(square(), "weight", lambda x: x)
        with pytest.raises(ValueError, match="not parametrized"):
            parametrize.remove_parametrizations(square(), "weight")


def test_a_list_of_parametrizations_that_is_empty_is_none():
    layer = nn.Linear(2, 2)
    layer.parametrizations = nn.ModuleDict()
    assert not nn.utils.parametrize.is_parametrized(layer)
    assert not nn.utils.parametrize.is_parametrized(layer, "weight")


@pytest.mark.torch
@pytest.mark.parametrize("name", parametrizations.__all__)
def test_what_a_parametrization_is_not_told_is_as_in_pytorch(torch, name):
    ours = inspect.signature(getattr(parametrizations, name)).parameters
    theirs = inspect.signature(getattr(torch.nn.utils.parametrizations, name)).parameters
    shared = ours.keys() & theirs.keys()
    assert {"module", "name", "dim"} <= shared
    assert {k: ours[k].default for k in shared} == {k: theirs[k].default for k in shared}
