"""Every model: shapes, gradients, and the keys of PyTorch's own."""

import importlib
import math

import numpy as np
import pytest

import autograd as ag
import nn

MODELS = {
    "lenet": (lambda: nn.models.LeNet5(), (2, 1, 28, 28)),
    "lenet, small": (lambda: nn.models.LeNet5(3, 4, 8), (2, 3, 8, 8)),
    "lenet, 32": (lambda: nn.models.LeNet5(3, 10, 32), (2, 3, 32, 32)),
    "vgg": (lambda: nn.models.vgg_small(), (2, 3, 16, 16)),
    "resnet20": (lambda: nn.models.resnet20(), (2, 3, 16, 16)),
    "resnet18": (lambda: nn.models.resnet18(3, 5), (2, 3, 64, 64)),
    "unet": (lambda: nn.models.UNet(1, 3, 4, 2), (2, 1, 8, 12)),
    "mixer": (lambda: nn.models.Mixer(8, 4, 3, 10, 8, 2), (2, 3, 8, 8)),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_parameter_gets_a_gradient(name):
    ag.manual_seed(0)
    make, shape = MODELS[name]
    model = make()
    x = ag.tensor(np.random.default_rng(0).normal(size=shape).astype(np.float32))
    scores = model(x)
    assert len(scores) == shape[0] and np.isfinite(scores.data).all()
    (scores * scores).mean().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad is not None and np.isfinite(parameter.grad.data).all(), key


def test_the_keys_are_those_of_torchvision_and_the_tutorial():
    keys = list(nn.models.resnet18().state_dict())
    assert keys[:7] == ["conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                        "bn1.running_var", "bn1.num_batches_tracked", "layer1.0.conv1.weight"]  # fmt: skip
    assert {"layer2.0.downsample.0.weight", "layer2.0.downsample.1.running_var",
            "layer4.1.bn2.bias", "fc.weight", "fc.bias"} <= set(keys)  # fmt: skip
    assert len(keys) == 122
    assert list(nn.models.LeNet5().state_dict()) == [
        f"{layer}.{part}" for layer in ("conv1", "conv2", "fc1", "fc2", "fc3")
        for part in ("weight", "bias")
    ]  # fmt: skip
    assert "features.0.weight" in nn.models.vgg_small().state_dict()
    assert {"stem.proj.weight", "blocks.0.mlp_tokens.fc1.weight", "head.bias"} <= set(
        nn.models.Mixer().state_dict()
    )


@pytest.mark.parametrize(
    "make, word",
    [
        (lambda: nn.models.LeNet5(size=4), "size"),
        (lambda: nn.models.Mixer(32, 5), "does not divide"),
        (lambda: nn.models.ResNet((1, 1), (4,)), "not equally long"),
        (lambda: nn.models.UNet(depth=2)(ag.zeros((1, 1, 6, 8))), "multiples of 4, got 6×8"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(make, word):
    with pytest.raises(ValueError, match=word):
        make()


def functional(torch, s, name, x):
    """The model of a name, written with PyTorch's functions on a state dict."""
    F = torch.nn.functional

    def conv(x, key, **how):
        return F.conv2d(x, s[f"{key}.weight"], s.get(f"{key}.bias"), **how)

    def norm(x, key):
        found = [s[f"{key}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *found)

    def linear(x, key):
        return F.linear(x, s[f"{key}.weight"], s[f"{key}.bias"])

    def layer_norm(x, key):
        return F.layer_norm(x, x.shape[-1:], s[f"{key}.weight"], s[f"{key}.bias"])

    def double(x, key):
        for k in (0, 3):
            x = norm(conv(x, f"{key}.{k}", padding=1), f"{key}.{k + 1}").relu()
        return x

    def block(x, key, stride):
        y = norm(conv(x, f"{key}.conv1", stride=stride, padding=1), f"{key}.bn1").relu()
        y = norm(conv(y, f"{key}.conv2", padding=1), f"{key}.bn2")
        if f"{key}.downsample.0.weight" in s:
            x = norm(conv(x, f"{key}.downsample.0", stride=stride), f"{key}.downsample.1")
        return (x + y).relu()

    if name.startswith("lenet"):
        padding = {"lenet": (2, 0), "lenet, small": (1, 1), "lenet, 32": (0, 0)}[name]
        for k in (1, 2):
            x = F.max_pool2d(conv(x, f"conv{k}", padding=padding[k - 1]).relu(), 2)
        return linear(linear(linear(x.flatten(1), "fc1").relu(), "fc2").relu(), "fc3")
    if name == "vgg":
        at = 0
        for entry in (32, 32, "M", 64, 64, "M", 128, 128, "M"):
            if entry == "M":
                x, at = F.max_pool2d(x, 2), at + 1
            else:
                x = norm(conv(x, f"features.{at}", padding=1), f"features.{at + 1}").relu()
                at += 3
        return linear(x.mean((2, 3)), "classifier")
    if name.startswith("resnet"):
        large, blocks = "large" in name, (2, 1) if "large" in name else (3, 3, 3)
        x = conv(x, "conv1", **({"stride": 2, "padding": 3} if large else {"padding": 1}))
        x = norm(x, "bn1").relu()
        x = F.max_pool2d(x, 3, 2, 1) if large else x
        for stage, count in enumerate(blocks, 1):
            for k in range(count):
                x = block(x, f"layer{stage}.{k}", 2 if stage > 1 and k == 0 else 1)
        return linear(x.mean((2, 3)), "fc")
    if name == "unet":
        seen = [double(x, "down.0")]
        for level in (1, 2):
            seen.append(double(F.max_pool2d(seen[-1], 2), f"down.{level}"))
        x = seen[2]
        for level in (1, 0):
            x = F.conv_transpose2d(x, s[f"up.{level}.weight"], s[f"up.{level}.bias"], stride=2)
            x = double(torch.cat([seen[level], x], 1), f"merge.{level}")
        return conv(x, "head")
    x = conv(x, "stem.proj", stride=4).flatten(2).transpose(1, 2)
    for k in (0, 1):
        y = layer_norm(x, f"blocks.{k}.norm1").transpose(1, 2)
        y = linear(F.gelu(linear(y, f"blocks.{k}.mlp_tokens.fc1")), f"blocks.{k}.mlp_tokens.fc2")
        x = x + y.transpose(1, 2)
        y = F.gelu(linear(layer_norm(x, f"blocks.{k}.norm2"), f"blocks.{k}.mlp_channels.fc1"))
        x = x + linear(y, f"blocks.{k}.mlp_channels.fc2")
    return linear(layer_norm(x, "norm").mean(1), "head")


#: Of ResNet-18 the stem, with few channels: the rest is as in ResNet-20.
SMALL = {name: made for name, made in MODELS.items() if name != "resnet18"} | {
    "resnet, large": (lambda: nn.models.ResNet((2, 1), (4, 6), 2, 5, large=True), (2, 2, 24, 32))
}


@pytest.mark.torch
@pytest.mark.parametrize("name", SMALL)
def test_scores_are_those_of_the_formula_written_with_pytorch(torch, name):
    make, shape = SMALL[name]
    model, random = make().double().eval(), np.random.default_rng(0)
    state = {}
    for key, value in model.state_dict().items():
        drawn = random.normal(size=value.shape) * math.sqrt(2 / max(10, math.prod(value.shape[1:])))
        of_one_axis = value.ndim == 1 and ("var" in key or "weight" in key)
        state[key] = 0.5 + abs(drawn) if of_one_axis else drawn
    model.load_state_dict(state)
    x = random.normal(size=shape)
    theirs = {key: torch.tensor(value) for key, value in state.items()}
    want = functional(torch, theirs, name, torch.tensor(x)).numpy()
    assert np.ptp(want, axis=0).max() > 0.01, "what comes out is to depend on what goes in"
    np.testing.assert_allclose(model(ag.tensor(x)).detach().numpy(), want, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(
    ("model", "shapes"),
    [
        (lambda: nn.models.LeNet5(), ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))),
        (lambda: nn.models.LeNet5(size=20), ((6, 1, 5, 5), (16, 6, 5, 5), (120, 144), (84, 120), (10, 84))),
        (lambda: nn.models.LeNet5(size=31), ((6, 1, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (10, 84))),
        (lambda: nn.models.LeNet5(3, 2, 19), ((6, 3, 3, 3), (16, 6, 3, 3), (120, 256), (84, 120), (2, 84))),
        (lambda: nn.models.LeNet5(2, 5, 8), ((6, 2, 3, 3), (16, 6, 3, 3), (120, 64), (84, 120), (5, 84))),
        (lambda: nn.models.Mixer(depth=0), ((64, 3, 4, 4), (10, 64))),
        (lambda: nn.models.Mixer(8, 2, 1, 3, 6, 1),
         ((6, 1, 2, 2), (3, 16), (16, 3), (24, 6), (6, 24), (3, 6))),
        (lambda: nn.models.UNet(depth=1),
         ((16, 1, 3, 3), (16, 16, 3, 3), (32, 16, 3, 3), (32, 32, 3, 3), (32, 16, 2, 2),
          (16, 32, 3, 3), (16, 16, 3, 3), (2, 16, 1, 1))),
        (lambda: nn.models.VGG((4, "M", 5)), ((4, 3, 3, 3), (5, 4, 3, 3), (10, 5))),
        (lambda: nn.models.ResNet((1,), (4,)),
         ((4, 3, 3, 3), (4, 4, 3, 3), (4, 4, 3, 3), (10, 4))),
        (lambda: nn.models.ResNet((1,), (4,), 2, 3, True),
         ((4, 2, 7, 7), (4, 4, 3, 3), (4, 4, 3, 3), (3, 4))),
        (lambda: nn.models.BasicBlock(4, 4), ((4, 4, 3, 3), (4, 4, 3, 3))),
        (lambda: nn.models.BasicBlock(4, 4, 2), ((4, 4, 3, 3), (4, 4, 3, 3), (4, 4, 1, 1))),
        (lambda: nn.models.BasicBlock(4, 5), ((5, 4, 3, 3), (5, 5, 3, 3), (5, 4, 1, 1))),
    ],
)  # fmt: skip
def test_weights_have_the_sizes_that_are_promised(model, shapes):
    found = [p.shape for name, p in model().named_parameters() if p.ndim > 1]
    assert found == list(shapes)


@pytest.mark.parametrize(
    ("model", "parameters"),
    [
        ("LeNet5", 61_706),
        ("Mixer", 154_058),
        ("UNet", 482_466),
        ("vgg_small", 288_746),
        ("resnet20", 272_474),
        ("resnet18", 11_689_512),
    ],
)
def test_models_of_default_size_have_so_many_parameters(model, parameters):
    assert sum(p.size for p in getattr(nn.models, model)().parameters()) == parameters


SOUND = {
    "LeNet5": {"channels": 1, "classes": 2, "size": 8},
    "Mixer": {"size": 8, "patch": 4, "channels": 1, "classes": 2, "width": 4, "depth": 1},
    "ResNet": {"blocks": (1,), "planes": (4,), "channels": 1, "classes": 2, "large": False},
    "BasicBlock": {"inplanes": 2, "planes": 2, "stride": 1},
    "UNet": {"channels": 1, "classes": 2, "width": 4, "depth": 1},
    "VGG": {"layout": (4, "M"), "channels": 1, "classes": 2},
    "SinusoidalPositions": {"d_model": 4, "dropout": 0.1, "max_len": 5, "batch_first": False},
    "LearntPositions": {"d_model": 4, "max_len": 5, "dropout": 0.1, "batch_first": False},
}
#: What is handed on to a layer is refused in that layer's name.
HANDED_ON = {"channels", "classes", "inplanes", "planes", "width"}


@pytest.mark.parametrize("name", SOUND)
def test_a_refusal_names_the_model_and_the_argument(name):
    getattr(nn.models, name)(**SOUND[name])
    for argument in SOUND[name]:
        mine = argument not in HANDED_ON or (name, argument) in {
            ("ResNet", "planes"),
            ("UNet", "width"),
        }
        words = rf"^{name}: {argument}\b.* must be" if mine else " must be "
        with pytest.raises((TypeError, ValueError), match=words):
            getattr(nn.models, name)(**{**SOUND[name], argument: object()})


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.models.LeNet5(size=7), "^LeNet5: size must be .* 8"),
        (lambda: nn.models.Mixer(depth=-1), "^Mixer: depth must be a non-negative integer"),
        (lambda: nn.models.Mixer(depth=10_001), "^Mixer: depth must be at most 10000, got 10001"),
        (lambda: nn.models.UNet(depth=25), "^UNet: depth must be at most 24, got 25"),
        (lambda: nn.models.UNet(depth=0), "^UNet: depth must be a positive integer"),
        (lambda: nn.models.UNet(1, 2, 2, 3)(ag.zeros(1, 1, 8, 9)), "must be multiples of 8, got 8×9"),
        (lambda: nn.models.UNet(1, 2, 2, 3)(ag.zeros(1, 1, 9, 8)), "must be multiples of 8, got 9×8"),
        (lambda: nn.models.VGG((4, "X")), r"^VGG: layout\[1\] must be"),
        (lambda: nn.models.VGG((4, 0)), r"^VGG: layout\[1\] must be a positive integer, got 0"),
        (lambda: nn.models.ResNet((1, 0), (4, 4)), r"^ResNet: blocks\[1\] must be a positive integer"),
        (lambda: nn.models.ResNet((1, 1), (4, 0)), r"^ResNet: planes\[1\] must be a positive integer"),
        (lambda: nn.models.ResNet((), ()), "^ResNet: blocks must name a stage at least, got none"),
    ],
)  # fmt: skip
def test_sizes_out_of_bounds_are_refused(make, words):
    with pytest.raises((ValueError, TypeError), match=words):
        make()


@pytest.mark.parametrize("module", ["mixer", "unet"])
def test_the_deepest_models_are_made(module, monkeypatch):
    home = importlib.import_module(f"nn.models.{module}")
    monkeypatch.setattr(home, "_DEEPEST", 2)
    make = {"mixer": lambda depth: nn.models.Mixer(8, 4, 1, 2, 4, depth),
            "unet": lambda depth: nn.models.UNet(1, 2, 2, depth)}[module]  # fmt: skip
    make(2)
    with pytest.raises(ValueError, match="at most 2, got 3"):
        make(3)


def test_convolutions_of_a_residual_network_begin_as_its_authors_say():
    ag.manual_seed(0)
    model = nn.models.ResNet((2,), (32,), 16)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            weight = module.weight.detach().numpy()
            spread = math.sqrt(2 / (weight.shape[0] * 9))
            assert (
                math.isclose(weight.std(), spread, rel_tol=0.05)
                and abs(weight).max() > 2.5 * spread
            )
