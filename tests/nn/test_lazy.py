"""Lazy layers: they become the real ones at the first call, and refuse what comes too early."""

import copy
import pickle

import numpy as np
import pytest

import autograd
import nn

#: Lazy class, its arguments, an input, and what the real layer is made with.
CASES = {
    "LazyLinear": ((5,), (2, 3), (3, 5)),
    "LazyConv1d": ((4, 3), (2, 3, 6), (3, 4, 3)),
    "LazyConv2d": ((4, 3), (2, 3, 6, 5), (3, 4, 3)),
    "LazyConv3d": ((4, 2), (3, 4, 4, 4), (3, 4, 2)),
    "LazyConvTranspose1d": ((4, 3), (2, 3, 6), (3, 4, 3)),
    "LazyConvTranspose2d": ((4, 3), (3, 6, 5), (3, 4, 3)),
    "LazyConvTranspose3d": ((4, 2), (2, 3, 4, 4, 4), (3, 4, 2)),
    "LazyBatchNorm1d": ((), (4, 3), (3,)),
    "LazyBatchNorm2d": ((), (2, 3, 4, 4), (3,)),
    "LazyBatchNorm3d": ((), (2, 3, 2, 2, 2), (3,)),
    "LazyInstanceNorm1d": ((), (3, 4), (3, 1e-5, 0.1, True, True)),
    "LazyInstanceNorm2d": ((), (2, 3, 4, 4), (3, 1e-5, 0.1, True, True)),
    "LazyInstanceNorm3d": ((), (3, 2, 2, 2), (3, 1e-5, 0.1, True, True)),
}


@pytest.mark.parametrize("name", CASES)
def test_the_first_call_makes_the_real_layer(name):
    args, shape, full = CASES[name]
    layer = getattr(nn, name)(*args)
    assert isinstance(layer, nn.Module)
    x = autograd.rand(*shape)
    nn.manual_seed(3)
    y = layer(x)
    nn.manual_seed(3)
    real = getattr(nn, name.removeprefix("Lazy"))(*full)
    assert type(layer) is type(real)
    assert repr(layer) == repr(real)
    assert (y.data == real(x).data).all()


@pytest.mark.parametrize("name", CASES)
def test_what_asks_for_parameters_too_early_is_refused(name):
    model = nn.Sequential(getattr(nn, name)(*CASES[name][0]))
    too_early = [
        lambda: nn.optim.SGD(model.parameters(), 0.1),
        model.state_dict,
        model.zero_grad,
        lambda: model.requires_grad_(False),
        lambda: list(model.buffers()),
    ]
    for ask in too_early:
        with pytest.raises(RuntimeError, match="call the model once"):
            ask()
    with pytest.raises(AttributeError, match="call the model once"):
        _ = model[0].weight


def test_settings_are_checked_at_construction():
    with pytest.raises(ValueError, match="LazyConv2d: groups=2 does not divide out_channels=3"):
        nn.LazyConv2d(3, 3, groups=2)
    with pytest.raises((TypeError, ValueError), match="LazyLinear"):
        nn.LazyLinear("5")
    with pytest.raises(ValueError, match="LazyBatchNorm2d"):
        nn.LazyBatchNorm2d(eps=-1.0)


def test_settings_are_known_and_shown_before_the_first_call():
    layer = nn.LazyConv2d(4, 3, stride=2)
    assert (layer.out_channels, layer.stride) == (4, (2, 2))
    assert repr(layer) == "LazyConv2d(0, 4, kernel_size=(3, 3), stride=(2, 2))"


def test_making_one_draws_no_random_numbers():
    nn.manual_seed(5)
    first = nn.Linear(2, 2).weight.tolist()
    nn.manual_seed(5)
    nn.LazyLinear(7)
    assert nn.Linear(2, 2).weight.tolist() == first


def test_a_generator_of_ones_own_is_used():
    made = nn.LazyLinear(2, generator=np.random.default_rng(9))
    made(autograd.zeros(1, 3))
    assert (
        made.weight.tolist() == nn.Linear(3, 2, generator=np.random.default_rng(9)).weight.tolist()
    )


def test_inputs_of_another_rank_are_refused_and_the_layer_stays_lazy():
    layer = nn.LazyConv2d(4, 3)
    with pytest.raises(ValueError, match=r"3 or 4 axes.*\(2, 2\)"):
        layer(autograd.zeros(2, 2))
    with pytest.raises(ValueError, match="at least one axis"):
        nn.LazyLinear(2)(autograd.tensor(1.0))
    with pytest.raises(ValueError, match="LazyBatchNorm2d: input must be"):
        nn.LazyBatchNorm2d()(autograd.zeros(2, 2))
    assert layer(autograd.zeros(1, 2, 3, 3)).shape == (1, 4, 1, 1)


def test_mode_dtype_and_hooks_are_kept():
    layer, seen = nn.LazyLinear(2), []
    layer.register_forward_hook(lambda *given: seen.append(1))
    layer.double().eval()(autograd.zeros(1, 3, dtype="float64"))
    layer(autograd.zeros(1, 3, dtype="float64"))
    assert (layer.weight.dtype, layer.training, len(seen)) == (np.float64, False, 2)


def test_a_state_dict_tells_the_sizes():
    def model():
        return nn.Sequential(
            nn.LazyConv2d(4, 3, groups=2), nn.LazyBatchNorm2d(), nn.LazyConvTranspose2d(2, 2),
            nn.LazyBatchNorm2d(affine=False), nn.Flatten(), nn.LazyLinear(3),
        )  # fmt: skip

    trained, fresh = model(), model()
    x = autograd.rand(2, 6, 5, 5)
    trained(x)
    trained.eval()
    fresh.load_state_dict(trained.state_dict())
    assert (fresh.eval()(x).data == trained(x).data).all()


def test_copies_and_pickles_of_lazy_layers_are_lazy():
    layer = nn.LazyLinear(2)
    for made in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert made(autograd.zeros(1, 3)).shape == (1, 2)
    assert type(layer) is nn.LazyLinear


@pytest.mark.parametrize("name", CASES)
def test_nothing_lazy_is_left_in_a_layer_that_knows_its_sizes(name):
    arguments, shape, real = CASES[name]
    layer = getattr(nn, name)(*arguments)
    layer(autograd.rand(*shape))
    made = getattr(nn, name.removeprefix("Lazy"))(*real)
    assert type(layer) is type(made) and vars(layer).keys() <= vars(made).keys() | {"_paths"}


def test_pictures_name_what_a_lazy_layer_has_become():
    def kinds(model):
        with autograd.debug.operations() as noted:
            model(autograd.zeros(1, 3))
        return [noted[k].module.table["0"].kind for k in (0, -1)]

    model = nn.Sequential(nn.LazyLinear(2), nn.ReLU())
    kinds(model)
    assert kinds(model) == ["Linear", "Linear"]
    nn.utils.weight_norm(model[0])
    assert kinds(model) == [type(model[0]).__name__] * 2
    nn.utils.parametrizations.weight_norm(nn.utils.remove_weight_norm(model[0]))
    assert kinds(model) == ["ParametrizedLinear"] * 2
    nn.utils.parametrize.remove_parametrizations(model[0], "weight")
    assert kinds(model) == ["Linear", "Linear"]
