"""Models ported line by line: the same numbers, and the same way of learning."""

import numpy as np
import pytest

import autograd
import nn
import nn.functional as F

pytestmark = pytest.mark.torch


def residual_network(nn, F, flatten):
    """A small network of residual blocks, from whichever library is given."""

    class Block(nn.Module):
        def __init__(self, inner, outer, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inner, outer, 3, stride=stride, padding=1, bias=False)
            self.bn1 = nn.BatchNorm2d(outer)
            self.conv2 = nn.Conv2d(outer, outer, 3, padding=1, bias=False)
            self.bn2 = nn.BatchNorm2d(outer)
            self.shortcut = nn.Sequential()
            if stride != 1 or inner != outer:
                self.shortcut = nn.Sequential(
                    nn.Conv2d(inner, outer, 1, stride=stride, bias=False), nn.BatchNorm2d(outer)
                )

        def forward(self, x):
            out = F.relu(self.bn1(self.conv1(x)))
            out = self.bn2(self.conv2(out))
            out = out + self.shortcut(x)
            return F.relu(out)

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 4, 3, padding=1, bias=False),
                nn.BatchNorm2d(4),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
            )
            self.layer1 = Block(4, 4, 1)
            self.layer2 = Block(4, 8, 2)
            self.pool = nn.AdaptiveAvgPool2d((1, 1))
            self.fc = nn.Linear(8, 5)

        def forward(self, x):
            x = self.layer2(self.layer1(self.stem(x)))
            return self.fc(flatten(self.pool(x), 1))

    return ResNet()


def u_network(nn, F, concatenate):
    """A small network that goes down, up again, and looks across."""

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.down1 = self.twice(1, 4)
            self.down2 = self.twice(4, 8)
            self.pool = nn.MaxPool2d(2)
            self.up = nn.ConvTranspose2d(8, 4, kernel_size=2, stride=2)
            self.up1 = self.twice(8, 4)
            self.out = nn.Conv2d(4, 2, kernel_size=1)

        @staticmethod
        def twice(inner, outer):
            return nn.Sequential(
                nn.Conv2d(inner, outer, 3, padding="same", padding_mode="reflect"),
                nn.GroupNorm(2, outer),
                nn.SiLU(),
                nn.Conv2d(outer, outer, 3, padding=1),
                nn.LeakyReLU(0.1),
            )

        def forward(self, x):
            across = self.down1(x)
            deep = self.down2(self.pool(across))
            x = self.up1(concatenate([across, self.up(deep)], 1))
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            return F.avg_pool2d(self.out(x), 2)

    return UNet()


def both(torch, make, *ops):
    """The same model twice, with the same parameters, in float64."""
    theirs = make(torch.nn, torch.nn.functional, ops[0]).double()
    ours = make(nn, F, ops[1]).double()
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    return theirs, ours


def models(torch, rng):
    resnet = both(torch, residual_network, torch.flatten, lambda x, k: x.reshape(len(x), -1))
    unet = both(torch, u_network, torch.cat, autograd.concatenate)
    yield (*resnet, rng.standard_normal((4, 3, 12, 12)), rng.integers(0, 5, 4))
    yield (*unet, rng.standard_normal((2, 1, 8, 8)), rng.integers(0, 2, (2, 8, 8)))


def test_they_compute_the_same_and_learn_alike(torch, rng):
    torch.manual_seed(0)
    for theirs, ours, images, labels in models(torch, rng):
        steps = (
            torch.optim.SGD(theirs.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3),
            nn.optim.SGD(ours.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-3),
        )
        losses = []
        for _ in range(12):
            wanted = torch.nn.functional.cross_entropy(
                theirs(torch.tensor(images)), torch.tensor(labels)
            )
            got = F.cross_entropy(ours(autograd.tensor(images)), labels)
            np.testing.assert_allclose(got.item(), wanted.item(), rtol=1e-7)
            for optimizer, loss in zip(steps, (wanted, got), strict=True):
                optimizer.zero_grad()
                loss.backward()
            for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
                np.testing.assert_allclose(
                    p.grad.data, q.grad.numpy(), rtol=1e-5, atol=1e-8, err_msg=name
                )
            for optimizer in steps:
                optimizer.step()
            losses.append(got.item())
        assert losses[-1] < losses[0]
        for key, value in theirs.state_dict().items():
            np.testing.assert_allclose(
                ours.state_dict()[key].data, value.numpy(), rtol=1e-5, atol=1e-7, err_msg=key
            )
        theirs.eval(), ours.eval()
        np.testing.assert_allclose(
            ours(autograd.tensor(images)).data,
            theirs(torch.tensor(images)).detach().numpy(),
            rtol=1e-5,
            atol=1e-7,
        )


def test_gradients_of_gradients_go_through_whole_models(torch, rng):
    torch.manual_seed(1)
    for theirs, ours, images, labels in models(torch, rng):
        x, t = torch.tensor(images, requires_grad=True), autograd.tensor(images, requires_grad=True)
        wanted = torch.nn.functional.cross_entropy(theirs(x), torch.tensor(labels))
        got = F.cross_entropy(ours(t), labels)
        (slope,) = torch.autograd.grad(wanted, x, create_graph=True)
        (own,) = autograd.grad(got, (t,), create_graph=True)
        np.testing.assert_allclose(own.data, slope.detach().numpy(), rtol=1e-7, atol=1e-11)
        (slope**2).sum().backward()
        (own**2).sum().backward()
        for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            a = np.zeros(p.shape) if p.grad is None else p.grad.data
            b = np.zeros(p.shape) if q.grad is None else q.grad.numpy()
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-10, err_msg=name)
