"""Masked convolutions, gated; dilated causal convolutions; sampling pixel by pixel."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class MaskedConv2d(nn.Conv2d):
    def __init__(self, mask_type, *args, **kwargs):
        super(MaskedConv2d, self).__init__(*args, **kwargs)
        assert mask_type in {"A", "B"}
        self.register_buffer("mask", self.weight.data.clone())
        _, _, kH, kW = self.weight.size()
        self.mask.fill_(1)
        self.mask[:, :, kH // 2, kW // 2 + (mask_type == "B") :] = 0
        self.mask[:, :, kH // 2 + 1 :] = 0

    def forward(self, x):
        return F.conv2d(x, self.weight * self.mask, self.bias, self.stride, self.padding, self.dilation)


class GatedBlock(nn.Module):
    def __init__(self, h):
        super().__init__()
        self.conv = MaskedConv2d("B", h, 2 * h, 3, 1, 1, bias=False)
        self.out = nn.Conv2d(h, h, 1)

    def forward(self, x):
        a, b = torch.chunk(self.conv(x), 2, 1)
        return x + self.out(torch.tanh(a) * torch.sigmoid(b))


class PixelCNN(nn.Module):
    def __init__(self, h=4, levels=3):
        super().__init__()
        self.first = MaskedConv2d("A", 1, h, 7, 1, 3, bias=False)
        self.blocks = nn.Sequential(*[GatedBlock(h) for _ in range(2)])
        self.head = nn.Sequential(nn.ELU(inplace=True), nn.Conv2d(h, levels, 1))

    def forward(self, x):
        return self.head(self.blocks(self.first(x)))

    def sample(self, n=2, size=3):
        self.eval()
        x = torch.zeros(n, 1, size, size).to(self.head[1].weight.dtype)
        with torch.no_grad():
            for i in range(size):
                for j in range(size):
                    out = self(x)
                    probs = F.softmax(out[:, :, i, j], dim=1)
                    x[:, :, i, j] = torch.multinomial(probs, 1).to(x.dtype) / 2.0
        self.train()
        return x


class CausalConv1d(nn.Conv1d):
    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, **kwargs):
        self.__padding = (kernel_size - 1) * dilation
        super().__init__(
            in_channels, out_channels, kernel_size, padding=self.__padding, dilation=dilation, **kwargs
        )

    def forward(self, input):
        result = super().forward(input)
        if self.__padding != 0:
            return result[:, :, : -self.__padding]
        return result


class WaveNet(nn.Module):
    def __init__(self, channels=4, skip=5, layers=3):
        super().__init__()
        self.start = CausalConv1d(1, channels, 2)
        self.dilated = nn.ModuleList()
        self.res, self.skips = nn.ModuleList(), nn.ModuleList()
        for i in range(layers):
            self.dilated.append(CausalConv1d(channels, 2 * channels, 2, dilation=2**i))
            self.res.append(nn.Conv1d(channels, channels, 1))
            self.skips.append(nn.Conv1d(channels, skip, 1))
        self.end = nn.Conv1d(skip, 6, 1)

    def forward(self, x):
        x = self.start(x)
        skip = 0
        for conv, res, s in zip(self.dilated, self.res, self.skips):
            h = conv(x)
            filt, gate = h[:, : h.size(1) // 2], h[:, h.size(1) // 2 :]
            h = filt.tanh() * gate.sigmoid()
            skip = skip + s(h)
            x = x + res(h)
        return self.end(F.relu(skip))


class Both(nn.Module):
    def __init__(self):
        super().__init__()
        self.image, self.sound = PixelCNN(), WaveNet()

    def forward(self, image, sound):
        return self.image(image), self.sound(sound)


def mu_law(x, mu=5):
    y = x.sign() * torch.log1p(mu * x.abs()) / torch.log1p(torch.tensor(float(mu), dtype=x.dtype))
    return ((y + 1) / 2 * mu + 0.5).long()


def make():
    return Both()


def data(rng):
    return rng.integers(0, 3, (2, 1, 5, 5)) / 2, rng.uniform(-1, 1, (2, 1, 9))


def loss(model, image, sound):
    assert model.image.sample().shape == torch.Size([2, 1, 3, 3])
    pixels, wave = model(image, sound[:, :, :-1])
    target = (image[:, 0] * 2).long()
    samples = mu_law(sound[:, 0, 1:])
    return F.cross_entropy(pixels, target) + F.cross_entropy(wave.transpose(1, 2).reshape(-1, 6), samples.view(-1))
