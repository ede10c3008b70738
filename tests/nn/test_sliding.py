"""Layers that slide a window make it once; functions of one, two and three axes are one."""

import copy
import inspect
import pickle

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

FAMILIES = [
    "conv", "convolve", "conv_transpose", "max_pool", "avg_pool", "lp_pool", "max_unpool",
    "adaptive_avg_pool", "adaptive_max_pool", "pool",
]  # fmt: skip


@pytest.mark.parametrize("name", FAMILIES)
def test_functions_of_every_rank_have_their_own_name_and_text_and_one_signature(name):
    functions = [getattr(F, f"{name}{n}d") for n in (1, 2, 3)]
    signatures = {str(inspect.signature(f)) for f in functions[1:]}
    assert len(signatures) == 1 and "at" not in inspect.signature(functions[0]).parameters
    for n, function in enumerate(functions, start=1):
        assert function.__name__ == function.__qualname__ == f"{name}{n}d"
        assert inspect.isfunction(function) and pickle.loads(pickle.dumps(function)) is function
        text = function.__doc__
        others = [f"{m}d`" for m in (1, 2, 3) if m != n and name != "avg_pool"]
        assert not any(other in text for other in others), text
        if n != 2:
            assert "H, W)" not in text.replace("D, H, W)", "") and ">>>" not in text


def test_errors_about_arguments_name_the_function():
    with pytest.raises(TypeError, match=r"^conv3d: missing .*'weight'"):
        F.conv3d(ag.ones(1, 1, 2, 2, 2))
    with pytest.raises(TypeError, match=r"^max_pool1d: there is no argument 'size'"):
        F.max_pool1d(ag.ones(1, 1, 2), size=2)


def values(t):
    return t.detach().numpy()


X = np.random.default_rng(0).normal(size=(2, 4, 9, 8))
LAYERS = {
    "Conv2d": lambda **k: nn.Conv2d(4, 4, k.pop("kernel_size", 3), **k),
    "Conv2d, circular": lambda **k: nn.Conv2d(4, 4, 3, padding_mode="circular", **k),
    "ConvTranspose2d": lambda **k: nn.ConvTranspose2d(4, 4, 3, **k),
    "MaxPool2d": lambda **k: nn.MaxPool2d(3, **{"stride": 1, **k}),
    "AvgPool2d": lambda **k: nn.AvgPool2d(3, **{"stride": 1, **k}),
    "LPPool2d": lambda **k: nn.LPPool2d(2, 3, **{"stride": 1, **k}),
    "Unfold": lambda **k: nn.Unfold(3, **k),
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_number_set_later_counts_at_the_next_call(name):
    for number, value in (("stride", 2), ("padding", 1), ("dilation", 2), ("stride", (2, 1))):
        nn.manual_seed(0)
        try:
            wanted = LAYERS[name](**{number: value}).to(np.float64)
        except TypeError:
            continue  # a layer without that number
        nn.manual_seed(0)
        layer = LAYERS[name]().to(np.float64)
        before = layer(ag.tensor(X))
        setattr(layer, number, value)
        got = layer(ag.tensor(X))
        np.testing.assert_array_equal(values(got), values(wanted(ag.tensor(X))))
        assert got.shape != before.shape
        assert copy.deepcopy(layer)(ag.tensor(X)).shape == got.shape
        setattr(layer, number, 0 if number != "padding" else -1)
        with pytest.raises(ValueError, match=f"^{type(layer).__name__}: {number}.* must be"):
            layer(ag.tensor(X))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_a_stride_set_later_counts_where_windows_are_undone(n):
    x, places = ag.tensor(np.arange(1.0, 2**n + 1).reshape(1, 1, *(2,) * n)), np.arange(2**n)
    layer = getattr(nn, f"MaxUnpool{n}d")(2)
    for stride in (2, 3, (1,) * n):
        layer.stride = stride
        size = 2 + (1 if stride == (1,) * n else stride)
        y = layer(x, places.reshape(x.shape))
        assert y.shape == (1, 1, *(size,) * n)
        assert y.numpy().ravel()[: 2**n].tolist() == x.numpy().ravel().tolist()


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("name", ["Conv", "ConvTranspose", "MaxPool", "AvgPool", "LPPool"])
def test_a_stride_set_later_counts_in_every_rank(name, n):
    channels = (1, 1) if name.startswith("Conv") else (2,) if name == "LPPool" else ()
    layer = getattr(nn, f"{name}{n}d")(*channels, 2, stride=1)
    for stride in (1, 3, 2):
        layer.stride = stride
        size = 6 * stride + 2 if name == "ConvTranspose" else (7 - 2) // stride + 1
        assert layer(ag.ones(1, 1, *(7,) * n)).shape == (1, 1, *(size,) * n)


def test_a_stride_set_later_counts_where_columns_are_folded():
    layer, columns = nn.Fold(3, 2), ag.ones(1, 4, 4)
    assert layer(columns).tolist() == [[[[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]]]
    layer.stride, layer.output_size = 2, (4, 4)
    assert layer(columns).tolist() == [[[[1.0] * 4] * 4]]


def test_a_weight_of_another_size_brings_its_own_window():
    layer = nn.Conv2d(4, 4, 3, padding=1).to(np.float64)
    layer.weight = nn.Parameter(np.ones((4, 4, 5, 5)))
    want = F.conv2d(ag.tensor(X), layer.weight, layer.bias, padding=1)
    np.testing.assert_array_equal(values(layer(ag.tensor(X))), values(want))


@pytest.mark.parametrize("n", [1, 2, 3])
def test_layers_take_single_images(n):
    x = ag.tensor(np.random.default_rng(0).normal(size=(1, 2) + (6,) * n).astype(np.float32))
    for make in (
        lambda: getattr(nn, f"Conv{n}d")(2, 2, 3, padding="same"),
        lambda: getattr(nn, f"ConvTranspose{n}d")(2, 2, 3, stride=2, output_padding=1),
        lambda: getattr(nn, f"MaxPool{n}d")(2),
        lambda: getattr(nn, f"AvgPool{n}d")(2),
        lambda: getattr(nn, f"LPPool{n}d")(2, 2),
    ):
        layer = make()
        np.testing.assert_array_equal(values(layer(x[0])), values(layer(x)[0]))
