"""Every module on one line."""

import pytest

import autograd
import nn
from autograd import viz


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


def test_attention_is_one_layer_in_tables_and_pictures():
    model = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 3))
    rows = {row.path: row for row in viz.summary(model, (2, 5, 8)).rows}
    attention = model[0].self_attn
    assert rows["0.self_attn"].what == "MultiheadAttention"
    assert rows["0.self_attn"].parameters == sum(p.size for p in attention.parameters())
    assert [row.path for row in viz.summary(model, (2, 5, 8)).rows].count("0.self_attn") == 1
    picture = viz.graph(model(autograd.ones(2, 5, 8)).sum(), detail="modules")
    names = [dict(item.lines)["title"] for item in picture.view.items]
    assert "self_attn: MultiheadAttention" in names and "softmax" not in names
