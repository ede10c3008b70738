"""What students type by mistake, and what they are told."""

import warnings

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

X = ag.ones((2, 3))


@pytest.mark.parametrize(
    "slip, words",
    [
        (lambda: nn.ReLU(X), ["built first and then called", "nn.ReLU(…)(x)"]),
        (lambda: nn.Sigmoid(X), ["built first and then called", "nn.Sigmoid()(x)"]),
        (lambda: nn.Softmax(X), ["built first", "its settings are dim"]),
        (lambda: nn.CrossEntropyLoss(X, [0, 1]), ["built first", "nn.CrossEntropyLoss(…)(x1, x2)"]),
        (lambda: nn.MSELoss(X.numpy(), X.numpy()), ["built first"]),
        (lambda: nn.Conv2d(3, 4), ["Conv2d:", "'kernel_size'", "nn.Conv2d(in_channels,"]),
        (lambda: nn.Conv2d(1, 2, 3, strid=2), ["'strid'", "did you mean 'stride'?"]),
        (lambda: nn.ReLU6(nonsense=1), ["ReLU6", "'nonsense'"]),
        (lambda: nn.Tanh(3), ["Tanh: it takes no arguments"]),
        (lambda: nn.optim.Adam([nn.Parameter([1.0])], learning_rate=1), ["Adam", "'learning_rate'", "nn.optim.Adam(params, lr="]),
    ],
)  # fmt: skip
def test_layers_made_with_the_wrong_arguments(slip, words):
    with pytest.raises(TypeError) as told:
        slip()
    assert all(word in str(told.value) for word in words), told.value
    assert "_Conv" not in str(told.value)


@pytest.mark.parametrize(
    "slip, word",
    [
        (lambda: nn.Linaer, "did you mean 'Linear'?"),
        (lambda: nn.functional.rleu, "did you mean 'relu'?"),
        (lambda: nn.optim.Adm, "did you mean 'Adam'?"),
        (lambda: ag.concatenat, "did you mean 'concatenate'?"),
        (lambda: ag.save, "nn.save"),
        (lambda: ag.nn, "import nn"),
        (lambda: nn.Linear(1, 1).weigth, "did you mean 'weight'?"),
        (lambda: nn.Sequential().paramters, "did you mean 'parameters'?"),
        (lambda: nn.Xyzzy, "has no attribute 'Xyzzy'"),
    ],
)
def test_names_misspelt(slip, word):
    with pytest.raises(AttributeError) as told:
        slip()
    assert word in str(told.value)


def test_what_is_right_stays_right():
    assert nn.CrossEntropyLoss(ag.ones(3)).weight.shape == (3,)
    with pytest.raises(ValueError, match="kernel_size"):
        nn.Conv2d(1, 1, 0)
    assert not hasattr(nn.Linear(1, 1), "nothing")

    class Broken(nn.Module):
        @property
        def size(self):
            return self.weight.shaep  # the fault is here, and must be told

    broken = Broken()
    broken.weight = nn.Parameter([1.0])
    with pytest.raises(AttributeError, match="shaep"):
        _ = broken.size


def test_an_error_inside_names_its_module():
    model = nn.Sequential(nn.Linear(3, 4), nn.Sequential(nn.ReLU(), nn.Linear(5, 2)))
    with pytest.raises(ValueError) as told:
        model(X)
    assert told.value.__notes__ == ["in the module 1.1: Linear(5 → 2)"]
    with pytest.raises(ValueError) as told:
        nn.Linear(5, 2)(X)
    assert told.value.__notes__ == ["in the module Linear(5 → 2)"]


@pytest.mark.parametrize(
    "value, kind",
    [
        (lambda: [nn.Linear(1, 1)], "ModuleList"),
        (lambda: (nn.ReLU(), 3), "ModuleList"),
        (lambda: {"a": nn.ReLU()}, "ModuleDict"),
        (lambda: [nn.Parameter([1.0])], "ParameterList"),
    ],
)
def test_layers_in_a_plain_container_are_warned_about(value, kind):
    model = nn.Module()
    with pytest.warns(UserWarning, match=rf"layers is a plain .*nn\.{kind}\(…\)"):
        model.layers = value()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.sizes, model.names = [1, 2], {"a": np.ones(1)}
        model.empty = []


def test_functions_tell_as_before():
    with pytest.raises(ValueError, match="linear"):
        F.linear(X, ag.ones((2, 5)))


def test_a_gpu_is_refused_in_one_sentence_and_the_cpu_is_taken():
    layer = nn.Linear(1, 1)
    with pytest.raises(RuntimeError, match="everything here runs on the CPU; leave it out"):
        layer.cuda()
    for where in ("cuda", "cuda:1", "mps"):
        with pytest.raises(ValueError, match=f"no device '{where}'"):
            layer.to(where)
    assert layer.cpu() is layer is layer.to("cpu") is layer.to(device="cpu", non_blocking=True)
    assert layer.to("cpu", "float64").weight.dtype == "float64"
    assert layer.to(ag.ones(1)).weight.dtype == "float32"
    assert layer.type("float64").weight.dtype == "float64"
    for wrong in ([], [None], ["no dtype"]):
        with pytest.raises(TypeError, match="to: "):
            layer.to(*wrong)
    with pytest.raises(TypeError, match="no argument 'colour'"):
        layer.to(colour="cpu")


@pytest.mark.parametrize(
    "slip, words",
    [
        (lambda: nn.save({"model": nn.Linear(1, 1).state_dict()}, "x.npz"), "nn.train.save_state"),
        (lambda: nn.summary(nn.Linear(1, 1), X), "write autograd.viz.summary"),
        (lambda: nn.utils.data, "write nn.data"),
        (lambda: ag.viz.conv(ag.ones((1, 1, 4, 4)), nn.Conv2d(1, 1, 3)), "the layer comes first"),
    ],
)
def test_what_was_meant_is_named(slip, words):
    with pytest.raises((TypeError, AttributeError), match=words):
        slip()


@pytest.mark.parametrize(
    "function", [F.softmax, F.log_softmax, F.softmin, lambda x: nn.Softmax()(x)]
)
def test_softmax_without_dim_over_an_axis_that_is_not_the_last(function):
    with pytest.warns(UserWarning, match=r"axis 0 of \(2, 3, 4\) .* dim=0, or dim=-1"):
        function(ag.ones((2, 3, 4)))
    with pytest.warns(UserWarning, match="axis 1 of"):
        function(ag.ones((2, 3, 4, 5)))
    function(X)  # here the last is meant anyway
    function(ag.ones(3))
