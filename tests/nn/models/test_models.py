"""Every model: shapes, gradients, and the keys of PyTorch's own."""

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
