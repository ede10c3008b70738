"""Low-rank adaptation of frozen linear layers; merging them; only what is adapted is trained."""

import math
from typing import List, Optional

import torch
import torch.nn as nn
import torch.nn.functional as F


class LoRALayer:
    def __init__(self, r: int, lora_alpha: int, lora_dropout: float, merge_weights: bool):
        self.r = r
        self.lora_alpha = lora_alpha
        if lora_dropout > 0.0:
            self.lora_dropout = nn.Dropout(p=lora_dropout)
        else:
            self.lora_dropout = lambda x: x
        self.merged = False
        self.merge_weights = merge_weights


class Linear(nn.Linear, LoRALayer):
    def __init__(self, in_features, out_features, r=0, lora_alpha=1, lora_dropout=0.0,
                 fan_in_fan_out=False, merge_weights=True, **kwargs):
        nn.Linear.__init__(self, in_features, out_features, **kwargs)
        LoRALayer.__init__(self, r=r, lora_alpha=lora_alpha, lora_dropout=lora_dropout,
                           merge_weights=merge_weights)
        self.fan_in_fan_out = fan_in_fan_out
        if r > 0:
            self.lora_A = nn.Parameter(self.weight.new_zeros((r, in_features)))
            self.lora_B = nn.Parameter(self.weight.new_zeros((out_features, r)))
            self.scaling = self.lora_alpha / self.r
            self.weight.requires_grad = False
        self.reset_parameters()

    def reset_parameters(self):
        nn.Linear.reset_parameters(self)
        if hasattr(self, "lora_A"):
            nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))
            nn.init.zeros_(self.lora_B)

    def merge(self):
        with torch.no_grad():
            self.weight += (self.lora_B @ self.lora_A) * self.scaling
        self.merged = True

    def forward(self, x: torch.Tensor):
        def T(w):
            return w.transpose(1, 0) if self.fan_in_fan_out else w

        if self.r > 0 and not self.merged:
            result = F.linear(x, T(self.weight), bias=self.bias)
            result += (
                self.lora_dropout(x) @ self.lora_A.transpose(1, 0) @ self.lora_B.transpose(1, 0)
            ) * self.scaling
            return result
        return F.linear(x, T(self.weight), bias=self.bias)


def mark_only_lora_as_trainable(model: nn.Module, bias: str = "none") -> None:
    for n, p in model.named_parameters():
        if "lora_" not in n:
            p.requires_grad = False
    if bias == "none":
        return
    for m in model.modules():
        if isinstance(m, LoRALayer) and hasattr(m, "bias") and m.bias is not None:
            m.bias.requires_grad = True


def lora_state_dict(model: nn.Module):
    my_state_dict = model.state_dict()
    return {k: my_state_dict[k] for k in my_state_dict if "lora_" in k}


class Classifier(nn.Module):
    def __init__(self, sizes: List[int], classes: Optional[int] = 3):
        super().__init__()
        layers: List[nn.Module] = []
        for a, b in zip(sizes[:-1], sizes[1:]):
            layers += [Linear(a, b, r=2, lora_alpha=4), nn.LayerNorm(b), nn.GELU()]
        self.body = nn.Sequential(*layers)
        self.head = Linear(sizes[-1], classes, r=1)

    def forward(self, x):
        return self.head(self.body(x))


def make():
    model = Classifier([5, 6, 4])
    mark_only_lora_as_trainable(model, "lora_only")
    assert sum(p.numel() for p in model.parameters() if p.requires_grad) == 62
    return model


def data(rng):
    return [rng.normal(size=(7, 5)), rng.integers(0, 3, 7)]


def loss(model, x, y):
    return nn.CrossEntropyLoss(label_smoothing=0.1)(model(x), y)


def train(model, x, y):
    trainable = filter(lambda p: p.requires_grad, model.parameters())
    optimizer = torch.optim.AdamW(trainable, lr=5e-2, weight_decay=0.01)
    found = []
    for _ in range(3):
        optimizer.zero_grad()
        value = loss(model, x, y)
        value.backward()
        optimizer.step()
        found.append(value.item())
    saved = lora_state_dict(model)
    missing = model.load_state_dict(saved, strict=False)
    assert len(missing.missing_keys) > 0 and not missing.unexpected_keys
    before = model(x).detach()
    for module in model.modules():
        if isinstance(module, LoRALayer):
            module.merge()
    assert torch.allclose(before, model(x))
    for module in model.modules():
        if isinstance(module, LoRALayer):
            module.merged = False
    return found
