"""Every module on one line."""

import pytest

import nn


@pytest.mark.parametrize(
    "module, text",
    [
        (nn.Conv2d(16, 32, 3), "Conv2d(16 → 32, 3×3)"),
        (nn.Conv2d(4, 4, (3, 1), stride=(2, 1), groups=4), "Conv2d(4 → 4, 3×1, stride 2×1, groups 4)"),
        (nn.ConvTranspose1d(2, 3, 4, stride=2, dilation=3),
         "ConvTranspose1d(2 → 3, 4, stride 2, dilation 3)"),
        (nn.MaxPool2d(2), "MaxPool2d(2)"),
        (nn.MaxPool2d(3, 2, 1), "MaxPool2d(3, stride 2)"),
        (nn.Linear(5, 2), "Linear(5 → 2)"),
        (nn.Embedding(9, 4), "Embedding(9 → 4)"),
        (nn.BatchNorm2d(8), "BatchNorm2d(8)"),
        (nn.LayerNorm((3, 4)), "LayerNorm(3×4)"),
        (nn.Dropout(0.25), "Dropout(p=0.25)"),
        (nn.ReLU(), "ReLU"),
        (nn.Sequential(nn.ReLU()), "Sequential"),
        (nn.LeakyReLU(0.2), "LeakyReLU(negative_slope=0.2)"),
    ],
)  # fmt: skip
def test_class_and_settings(module, text):
    assert nn.module_summary(module) == text


def test_long_settings_are_cut():
    class Chatty(nn.Module):
        def extra_repr(self):
            return "x" * 100

    assert nn.module_summary(Chatty()) == "Chatty(" + "x" * 39 + "…)"
