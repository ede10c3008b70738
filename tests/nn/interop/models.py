"""Small models in the styles that people come with, written here for the tests.

Each style is a function that gives a module of PyTorch and what it is called with.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from tests.nn.interop.styles import STYLES as STYLES
from tests.nn.interop.styles import Keywords, style

# Images: classification ---------------------------------------------------------------------------


class BasicBlock(nn.Module):
    def __init__(self, inner, outer, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outer)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outer)
        self.downsample = None
        if stride != 1 or inner != outer:
            self.downsample = nn.Sequential(
                nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)
            )

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet(nn.Module):
    def __init__(self, width=4, classes=3):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(width, width), BasicBlock(width, width))
        self.layer2 = nn.Sequential(BasicBlock(width, 2 * width, 2))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        return self.fc(torch.flatten(self.avgpool(x), 1))


@style("ResNet")
def resnet():
    return ResNet(), torch.randn(2, 3, 24, 24)


class VGG(nn.Module):
    def __init__(self):
        super().__init__()
        layers, channels = [], 3
        for v in (4, "M", 6, 6, "M"):
            if v == "M":
                layers += [nn.MaxPool2d(2, 2)]
            else:
                layers += [nn.Conv2d(channels, v, 3, padding=1), nn.ReLU(True)]
                channels = v
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((2, 2))
        self.classifier = nn.Sequential(
            nn.Linear(24, 10), nn.ReLU(True), nn.Dropout(), nn.Linear(10, 3)
        )

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(x.view(x.size(0), -1))


@style("VGG")
def vgg():
    return VGG(), torch.randn(2, 3, 12, 12)


class InvertedResidual(nn.Module):
    def __init__(self, inner, outer, stride, expand):
        super().__init__()
        hidden = round(inner * expand)
        self.use_res_connect = stride == 1 and inner == outer
        self.conv = nn.Sequential(
            nn.Conv2d(inner, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden, bias=False),
            nn.BatchNorm2d(hidden), nn.ReLU6(inplace=True),
            nn.Conv2d(hidden, outer, 1, bias=False), nn.BatchNorm2d(outer),
        )  # fmt: skip

    def forward(self, x):
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


@style("MobileNetV2")
def mobilenet_v2():
    body = nn.Sequential(
        InvertedResidual(4, 4, 1, 2), InvertedResidual(4, 6, 2, 2), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Dropout(0.2), nn.Linear(6, 3),
    )  # fmt: skip
    return body, torch.randn(2, 4, 8, 8)


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeeze, gate=nn.Hardsigmoid):
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(channels, squeeze, 1)
        self.fc2 = nn.Conv2d(squeeze, channels, 1)
        self.activation = nn.ReLU()
        self.scale_activation = gate()

    def forward(self, x):
        scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
        return self.scale_activation(scale) * x


@style("MobileNetV3")
def mobilenet_v3():
    block = nn.Sequential(
        nn.Conv2d(4, 6, 1, bias=False), nn.BatchNorm2d(6, eps=1e-3, momentum=0.01), nn.Hardswish(),
        nn.Conv2d(6, 6, 5, 2, 2, groups=6, bias=False), nn.BatchNorm2d(6), nn.Hardswish(),
        SqueezeExcite(6, 3), nn.Conv2d(6, 4, 1, bias=False), nn.BatchNorm2d(4),
    )  # fmt: skip
    return block, torch.randn(2, 4, 9, 9)


class StochasticDepth(nn.Module):
    def __init__(self, p):
        super().__init__()
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0.0:
            return x
        shape = (x.shape[0],) + (1,) * (x.ndim - 1)
        keep = 1 - self.p
        noise = torch.empty(shape, dtype=x.dtype, device=x.device).bernoulli_(keep)
        return x * noise.div_(keep)


class MBConv(nn.Module):
    def __init__(self, width, expand=2):
        super().__init__()
        hidden = width * expand
        self.block = nn.Sequential(
            nn.Conv2d(width, hidden, 1, bias=False), nn.BatchNorm2d(hidden), nn.SiLU(inplace=True),
            nn.Conv2d(hidden, hidden, 3, padding="same", groups=hidden, bias=False),
            nn.BatchNorm2d(hidden), nn.SiLU(inplace=True), SqueezeExcite(hidden, 2, nn.Sigmoid),
            nn.Conv2d(hidden, width, 1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip
        self.stochastic_depth = StochasticDepth(0.3)

    def forward(self, x):
        result = self.block(x)
        result = self.stochastic_depth(result)
        result += x
        return result


@style("EfficientNet")
def efficientnet():
    return nn.Sequential(MBConv(4), MBConv(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()), torch.randn(
        3, 4, 7, 7
    )


class DenseLayer(nn.Module):
    def __init__(self, inner, growth):
        super().__init__()
        self.norm1, self.relu1 = nn.BatchNorm2d(inner), nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(inner, 2 * growth, 1, bias=False)
        self.norm2, self.relu2 = nn.BatchNorm2d(2 * growth), nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(2 * growth, growth, 3, padding=1, bias=False)

    def forward(self, inputs):
        x = torch.cat(inputs, 1)
        return self.conv2(self.relu2(self.norm2(self.conv1(self.relu1(self.norm1(x))))))


class DenseBlock(nn.ModuleDict):
    def __init__(self, count, inner, growth):
        super().__init__()
        for k in range(count):
            self.add_module(f"denselayer{k + 1}", DenseLayer(inner + k * growth, growth))

    def forward(self, init_features):
        features = [init_features]
        for _, layer in self.items():
            features.append(layer(features))
        return torch.cat(features, 1)


class DenseNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = DenseBlock(3, 4, 2)
        self.transition = nn.Sequential(
            nn.BatchNorm2d(10), nn.ReLU(), nn.Conv2d(10, 5, 1), nn.AvgPool2d(2, 2)
        )
        self.classifier = nn.Linear(5, 3)

    def forward(self, x):
        out = F.relu(self.transition(self.block(x)), inplace=True)
        out = F.adaptive_avg_pool2d(out, (1, 1))
        return self.classifier(torch.flatten(out, 1))


@style("DenseNet")
def densenet():
    return DenseNet(), torch.randn(2, 4, 6, 6)


class Inception(nn.Module):
    def __init__(self, inner):
        super().__init__()
        self.branch1 = nn.Conv2d(inner, 2, 1)
        self.branch2 = nn.Sequential(
            nn.Conv2d(inner, 2, (1, 3), padding=(0, 1)), nn.Conv2d(2, 3, (3, 1), padding=(1, 0))
        )
        self.branch3 = nn.Sequential(
            nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True), nn.Conv2d(inner, 2, 1)
        )
        self.aux = nn.Linear(7, 2)

    def forward(self, x):
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        out = torch.cat([self.branch1(pooled), self.branch2(x), self.branch3(x)], dim=1)
        if self.training:
            return out, self.aux(out.mean([2, 3]))
        return out, None


@style("Inception branches")
def inception():
    return Inception(3), torch.randn(2, 3, 6, 5)


class LayerScaleBlock(nn.Module):
    """A block of ConvNeXt."""

    def __init__(self, dim):
        super().__init__()
        self.dwconv = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim, eps=1e-6)
        self.pwconv1, self.act, self.pwconv2 = (
            nn.Linear(dim, 4 * dim),
            nn.GELU(),
            nn.Linear(4 * dim, dim),
        )
        self.gamma = nn.Parameter(1e-1 * torch.ones(dim))

    def forward(self, x):
        shortcut = x
        x = self.dwconv(x).permute(0, 2, 3, 1)
        x = self.gamma * self.pwconv2(self.act(self.pwconv1(self.norm(x))))
        return shortcut + x.permute(0, 3, 1, 2)


@style("ConvNeXt block")
def convnext():
    return LayerScaleBlock(4), torch.randn(2, 4, 8, 8)


# Images: dense and generative ---------------------------------------------------------------------


class DoubleConv(nn.Module):
    def __init__(self, inner, outer):
        super().__init__()
        self.double_conv = nn.Sequential(
            nn.Conv2d(inner, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True),
            nn.Conv2d(outer, outer, 3, padding=1, bias=False), nn.BatchNorm2d(outer), nn.ReLU(inplace=True),
        )  # fmt: skip

    def forward(self, x):
        return self.double_conv(x)


class UNet(nn.Module):
    def __init__(self, bilinear):
        super().__init__()
        self.inc, self.down = DoubleConv(2, 3), nn.Sequential(nn.MaxPool2d(2), DoubleConv(3, 6))
        self.up = (
            nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
            if bilinear
            else nn.ConvTranspose2d(6, 6, 2, 2)
        )
        self.conv, self.outc = DoubleConv(9, 3), nn.Conv2d(3, 2, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.up(self.down(x1))
        dy, dx = x1.size()[2] - x2.size()[2], x1.size()[3] - x2.size()[3]
        x2 = F.pad(x2, [dx // 2, dx - dx // 2, dy // 2, dy - dy // 2])
        return self.outc(self.conv(torch.cat([x1, x2], dim=1)))


@style("UNet, bilinear")
def unet():
    return UNet(True), torch.randn(2, 2, 9, 7)


@style("UNet, transposed")
def unet_transposed():
    return UNet(False), torch.randn(2, 2, 9, 7)


@style("DCGAN generator")
def generator():
    body = nn.Sequential(
        nn.ConvTranspose2d(5, 4, 4, 1, 0, bias=False), nn.BatchNorm2d(4), nn.ReLU(True),
        nn.ConvTranspose2d(4, 2, 4, 2, 1, bias=False), nn.BatchNorm2d(2), nn.ReLU(True),
        nn.ConvTranspose2d(2, 1, 3, 2, 1, output_padding=1, bias=False), nn.Tanh(),
    )  # fmt: skip
    return body, torch.randn(3, 5, 1, 1)


@style("DCGAN discriminator")
def discriminator():
    body = nn.Sequential(
        nn.Conv2d(1, 2, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(2, 4, 4, 2, 1, bias=False), nn.BatchNorm2d(4), nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(4, 1, 4, 1, 0, bias=False), nn.Sigmoid(), nn.Flatten(0),
    )  # fmt: skip
    return body, torch.randn(3, 1, 16, 16)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(12, 6), nn.Linear(6, 3), nn.Linear(6, 3)
        self.fc3, self.fc4 = nn.Linear(3, 6), nn.Linear(6, 12)

    def encode(self, x):
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def reparameterize(self, mu, logvar):
        std = torch.exp(0.5 * logvar)
        eps = torch.randn_like(std)
        return mu + eps * std

    def forward(self, x):
        mu, logvar = self.encode(x.view(-1, 12))
        z = self.reparameterize(mu, logvar)
        recon = torch.sigmoid(self.fc4(F.relu(self.fc3(z))))
        bce = F.binary_cross_entropy(recon, x.view(-1, 12), reduction="sum")
        kld = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return {"recon": recon, "mu": mu, "loss": bce + kld}


@style("VAE")
def vae():
    return VAE(), torch.rand(4, 1, 3, 4)


class Deformable(nn.Module):
    """A convolution that looks where it has learnt to, by bilinear gathering."""

    def __init__(self, inner, outer):
        super().__init__()
        self.offset = nn.Conv2d(inner, 18, 3, padding=1)
        self.weight = nn.Parameter(torch.randn(outer, inner, 9) * 0.2)

    def forward(self, x):
        n, c, h, w = x.shape
        offset = self.offset(x).view(n, 9, 2, h, w)
        ys, xs = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        ky, kx = torch.meshgrid(torch.arange(-1, 2), torch.arange(-1, 2), indexing="ij")
        py = (ys[None] + ky.reshape(9, 1, 1)).to(x.dtype) + offset[:, :, 0]
        px = (xs[None] + kx.reshape(9, 1, 1)).to(x.dtype) + offset[:, :, 1]
        grid = torch.stack([2 * px / (w - 1) - 1, 2 * py / (h - 1) - 1], dim=-1)
        sampled = F.grid_sample(
            x, grid.view(n, 9 * h, w, 2), align_corners=True, padding_mode="zeros"
        )
        return torch.einsum("nckp,ock->nop", sampled.view(n, c, 9, h * w), self.weight).view(
            n, -1, h, w
        )


@style("deformable gathering")
def deformable():
    return Deformable(2, 3), torch.randn(2, 2, 5, 4)


class SpatialTransformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.localization = nn.Sequential(
            nn.Conv2d(1, 2, 3), nn.MaxPool2d(2, stride=2), nn.ReLU(True)
        )
        self.fc_loc = nn.Sequential(nn.Linear(18, 4), nn.ReLU(True), nn.Linear(4, 6))

    def forward(self, x):
        xs = self.localization(x)
        theta = self.fc_loc(xs.view(-1, 18)).view(-1, 2, 3)
        return F.grid_sample(
            x, F.affine_grid(theta, x.size(), align_corners=False), align_corners=False
        )


@style("spatial transformer")
def spatial_transformer():
    return SpatialTransformer(), torch.randn(2, 1, 8, 8)


# Attention ----------------------------------------------------------------------------------------


class ViTBlock(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(dim)
        self.self_attention = nn.MultiheadAttention(dim, heads, dropout=0.1, batch_first=True)
        self.ln_2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(
            nn.Linear(dim, 2 * dim), nn.GELU(), nn.Dropout(0.1), nn.Linear(2 * dim, dim)
        )

    def forward(self, input):
        x = self.ln_1(input)
        x, _ = self.self_attention(x, x, x, need_weights=False)
        x = x + input
        return x + self.mlp(self.ln_2(x))


class ViT(nn.Module):
    def __init__(self, dim=8, patch=4, size=8):
        super().__init__()
        self.conv_proj = nn.Conv2d(3, dim, patch, patch)
        self.class_token = nn.Parameter(torch.randn(1, 1, dim))
        self.pos_embedding = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, dim))
        self.layers = nn.Sequential(*[ViTBlock(dim, 2) for _ in range(2)])
        self.head = nn.Linear(dim, 3)

    def forward(self, x):
        n = x.shape[0]
        x = self.conv_proj(x).flatten(2).permute(0, 2, 1)
        x = torch.cat([self.class_token.expand(n, -1, -1), x], dim=1) + self.pos_embedding
        return self.head(self.layers(x)[:, 0])


@style("ViT")
def vit():
    return ViT(), torch.randn(2, 3, 8, 8)


class CausalSelfAttention(nn.Module):
    def __init__(self, dim, heads, length, fused):
        super().__init__()
        self.c_attn, self.c_proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.attn_dropout, self.resid_dropout = nn.Dropout(0.1), nn.Dropout(0.1)
        self.n_head, self.n_embd, self.fused = heads, dim, fused
        self.register_buffer(
            "bias",
            torch.tril(torch.ones(length, length)).view(1, 1, length, length),
            persistent=False,
        )

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(self.n_embd, dim=2)
        q, k, v = (t.view(B, T, self.n_head, C // self.n_head).transpose(1, 2) for t in (q, k, v))
        if self.fused:
            y = F.scaled_dot_product_attention(
                q, k, v, is_causal=True, dropout_p=0.1 if self.training else 0
            )
        else:
            att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
            att = att.masked_fill(self.bias[:, :, :T, :T] == 0, float("-inf"))
            y = self.attn_dropout(F.softmax(att, dim=-1)) @ v
        y = y.transpose(1, 2).contiguous().view(B, T, C)
        return self.resid_dropout(self.c_proj(y))


class GPTBlock(nn.Module):
    def __init__(self, dim, heads, length, fused):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.attn = CausalSelfAttention(dim, heads, length, fused)
        self.mlp = nn.ModuleDict(
            dict(
                c_fc=nn.Linear(dim, 2 * dim),
                c_proj=nn.Linear(2 * dim, dim),
                act=nn.GELU(approximate="tanh"),
                dropout=nn.Dropout(0.1),
            )
        )

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        m = self.mlp
        return x + m.dropout(m.c_proj(m.act(m.c_fc(self.ln_2(x)))))


class GPT(nn.Module):
    def __init__(self, fused, vocabulary=11, dim=8, length=6):
        super().__init__()
        self.transformer = nn.ModuleDict(
            dict(
                wte=nn.Embedding(vocabulary, dim), wpe=nn.Embedding(length, dim), drop=nn.Dropout(0.1),
                h=nn.ModuleList([GPTBlock(dim, 2, length, fused) for _ in range(2)]), ln_f=nn.LayerNorm(dim),
            )
        )  # fmt: skip
        self.lm_head = nn.Linear(dim, vocabulary, bias=False)
        self.transformer.wte.weight = self.lm_head.weight

    def forward(self, idx, targets=None):
        pos = torch.arange(0, idx.size(1), dtype=torch.long, device=idx.device)
        x = self.transformer.drop(self.transformer.wte(idx) + self.transformer.wpe(pos))
        for block in self.transformer.h:
            x = block(x)
        logits = self.lm_head(self.transformer.ln_f(x))
        if targets is None:
            return logits, None
        loss = F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)
        return logits, loss


@style("GPT, written out")
def gpt():
    return GPT(False), torch.randint(0, 11, (2, 5)), torch.randint(0, 11, (2, 5))


@style("GPT, fused attention")
def gpt_fused():
    return GPT(True), torch.randint(0, 11, (2, 5)), Keywords(targets=torch.randint(-1, 11, (2, 5)))


class RMSNorm(nn.Module):
    def __init__(self, dim, eps=1e-5):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(dim))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight


class Llama(nn.Module):
    """One block with rotary positions, grouped queries and a gated feed-forward part."""

    def __init__(self, dim=8, heads=4, kv_heads=2):
        super().__init__()
        self.heads, self.kv_heads, self.size = heads, kv_heads, dim // heads
        self.wq, self.wo = nn.Linear(dim, dim, bias=False), nn.Linear(dim, dim, bias=False)
        self.wk, self.wv = (nn.Linear(dim, kv_heads * self.size, bias=False) for _ in range(2))
        self.w1, self.w2, self.w3 = (
            nn.Linear(dim, 12, bias=False),
            nn.Linear(12, dim, bias=False),
            nn.Linear(dim, 12, bias=False),
        )
        self.norm1, self.norm2 = RMSNorm(dim), RMSNorm(dim)

    def rotate(self, x, cos, sin):
        a, b = x.chunk(2, dim=-1)
        return x * cos + torch.cat((-b, a), dim=-1) * sin

    def forward(self, x):
        n, t, _ = x.shape
        angle = torch.outer(
            torch.arange(t).to(x), 10000.0 ** (-torch.arange(0, self.size, 2).to(x) / self.size)
        )
        cos, sin = torch.cat((angle, angle), -1).cos(), torch.cat((angle, angle), -1).sin()
        h = self.norm1(x)
        q = self.rotate(self.wq(h).view(n, t, self.heads, self.size).transpose(1, 2), cos, sin)
        k = self.rotate(self.wk(h).view(n, t, self.kv_heads, self.size).transpose(1, 2), cos, sin)
        v = self.wv(h).view(n, t, self.kv_heads, self.size).transpose(1, 2)
        k, v = (z.repeat_interleave(self.heads // self.kv_heads, dim=1) for z in (k, v))
        mask = torch.triu(torch.full((t, t), float("-inf")), diagonal=1).to(x)
        y = torch.softmax(q @ k.transpose(2, 3) / math.sqrt(self.size) + mask, dim=-1) @ v
        x = x + self.wo(y.transpose(1, 2).reshape(n, t, -1))
        h = self.norm2(x)
        return x + self.w2(F.silu(self.w1(h)) * self.w3(h))


@style("Llama block")
def llama():
    return Llama(), torch.randn(2, 5, 8)


@style("Transformer encoder")
def encoder():
    layer = nn.TransformerEncoderLayer(8, 2, 12, 0.1, batch_first=True)
    padding = torch.tensor([[False] * 5, [False] * 3 + [True] * 2])
    return (
        nn.TransformerEncoder(layer, 2, enable_nested_tensor=False),
        torch.randn(2, 5, 8),
        Keywords(src_key_padding_mask=padding),
    )


@style("Transformer encoder, norm first")
def encoder_norm_first():
    return nn.TransformerEncoderLayer(
        8, 4, 12, 0.0, "gelu", batch_first=False, norm_first=True
    ), torch.randn(5, 2, 8)


class Seq2Seq(nn.Module):
    def __init__(self):
        super().__init__()
        self.source, self.target = nn.Embedding(9, 8), nn.Embedding(7, 8)
        self.transformer = nn.Transformer(8, 2, 1, 1, 12, 0.1, batch_first=True)
        self.generator = nn.Linear(8, 7)

    def forward(self, src, tgt):
        mask = nn.Transformer.generate_square_subsequent_mask(tgt.size(1)).to(
            self.generator.weight.dtype
        )
        return self.generator(self.transformer(self.source(src), self.target(tgt), tgt_mask=mask))


@style("Transformer, sequence to sequence")
def seq2seq():
    return Seq2Seq(), torch.randint(0, 9, (2, 4)), torch.randint(0, 7, (2, 3))


class CrossAttention(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(
            6, 3, kdim=4, vdim=5, batch_first=True, add_bias_kv=True
        )

    def forward(self, q, k, v, mask):
        out, weights = self.attention(q, k, v, key_padding_mask=mask, average_attn_weights=False)
        return out, weights


@style("cross attention with weights")
def cross_attention():
    mask = torch.tensor([[False, False, True], [False, True, True]])
    return CrossAttention(), torch.randn(2, 2, 6), torch.randn(2, 3, 4), torch.randn(2, 3, 5), mask


class WindowAttention(nn.Module):
    """A block of Swin: attention in shifted windows, with a table of relative positions."""

    def __init__(self, dim=6, window=2, heads=2):
        super().__init__()
        self.window, self.heads = window, heads
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.relative_position_bias_table = nn.Parameter(torch.randn((2 * window - 1) ** 2, heads))
        coords = torch.stack(
            torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij")
        ).flatten(1)
        relative = (coords[:, :, None] - coords[:, None, :]).permute(1, 2, 0) + window - 1
        self.register_buffer(
            "relative_position_index", (relative[..., 0] * (2 * window - 1) + relative[..., 1])
        )

    def forward(self, x):
        n, h, w, c = x.shape
        s = self.window
        x = torch.roll(x, shifts=(-1, -1), dims=(1, 2))
        x = x.view(n, h // s, s, w // s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, s * s, c)
        qkv = (
            self.qkv(x)
            .reshape(x.shape[0], s * s, 3, self.heads, c // self.heads)
            .permute(2, 0, 3, 1, 4)
        )
        q, k, v = qkv.unbind(0)
        bias = self.relative_position_bias_table[self.relative_position_index.view(-1)]
        bias = bias.view(s * s, s * s, -1).permute(2, 0, 1).contiguous().unsqueeze(0)
        attn = F.softmax(q * (c // self.heads) ** -0.5 @ k.transpose(-2, -1) + bias, dim=-1)
        x = self.proj((attn @ v).transpose(1, 2).reshape(-1, s * s, c))
        x = x.view(n, h // s, w // s, s, s, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return torch.roll(x, shifts=(1, 1), dims=(1, 2))


@style("Swin window attention")
def swin():
    return WindowAttention(), torch.randn(2, 4, 4, 6)


# Sequences ----------------------------------------------------------------------------------------


class LSTMTagger(nn.Module):
    def __init__(self, bidirectional=True):
        super().__init__()
        self.word_embeddings = nn.Embedding(10, 4, padding_idx=0)
        self.lstm = nn.LSTM(
            4, 3, num_layers=2, dropout=0.2, bidirectional=bidirectional, batch_first=True
        )
        self.hidden2tag = nn.Linear(6, 5)

    def forward(self, sentence):
        out, _ = self.lstm(self.word_embeddings(sentence))
        return F.log_softmax(self.hidden2tag(out), dim=-1)


@style("LSTM tagger")
def lstm_tagger():
    return LSTMTagger(), torch.tensor([[1, 4, 5, 0], [3, 2, 9, 7]])


class GRUClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru, self.fc = nn.GRU(3, 4, 1), nn.Linear(4, 2)

    def forward(self, x, h0=None):
        out, hidden = self.gru(x, h0)
        return self.fc(out[-1]), hidden


@style("GRU")
def gru():
    return GRUClassifier(), torch.randn(5, 2, 3), torch.randn(1, 2, 4)


class CellLoop(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.gru, self.rnn = (
            nn.LSTMCell(3, 4),
            nn.GRUCell(4, 4),
            nn.RNNCell(4, 2, nonlinearity="relu"),
        )

    def forward(self, x):
        h = c = x.new_zeros(x.shape[0], 4)
        g, r = torch.zeros_like(h), x.new_zeros(x.shape[0], 2)
        outputs = []
        for step in x.unbind(1):
            h, c = self.cell(step, (h, c))
            g = self.gru(h, g)
            r = self.rnn(g, r)
            outputs.append(r)
        return torch.stack(outputs, dim=1)


@style("recurrent cells in a loop")
def cells():
    return CellLoop(), torch.randn(2, 4, 3)


class MaskedSequences(nn.Module):
    """Means over the parts of sequences that are no padding, and attention pooling."""

    def __init__(self):
        super().__init__()
        self.embed = nn.EmbeddingBag(9, 4, mode="mean")
        self.rnn = nn.RNN(4, 4, batch_first=True, nonlinearity="tanh")
        self.score = nn.Linear(4, 1)
        self.token = nn.Embedding(9, 4)

    def forward(self, tokens, lengths):
        mask = torch.arange(tokens.size(1))[None, :] < lengths[:, None]
        h, _ = self.rnn(self.token(tokens))
        scores = self.score(h).squeeze(-1).masked_fill(~mask, -1e9)
        pooled = (torch.softmax(scores, 1).unsqueeze(-1) * h).sum(1)
        mean = (h * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True).clamp(min=1)
        last = h.gather(1, (lengths - 1).view(-1, 1, 1).expand(-1, 1, h.size(2))).squeeze(1)
        return pooled + self.embed(tokens), mean, last


@style("masked sequences")
def masked():
    return MaskedSequences(), torch.randint(0, 9, (3, 5)), torch.tensor([5, 2, 3])


class TemporalBlock(nn.Module):
    def __init__(self, inner, outer, dilation):
        super().__init__()
        pad = 2 * dilation
        weight_norm = torch.nn.utils.parametrizations.weight_norm
        self.conv1 = weight_norm(nn.Conv1d(inner, outer, 3, padding=pad, dilation=dilation))
        self.conv2 = nn.Conv1d(outer, outer, 3, padding=pad, dilation=dilation)
        self.pad, self.dropout = pad, nn.Dropout(0.2)
        self.downsample = nn.Conv1d(inner, outer, 1) if inner != outer else None

    def forward(self, x):
        out = self.dropout(F.relu(self.conv1(x)[:, :, : -self.pad].contiguous()))
        out = F.relu(self.conv2(out)[:, :, : -self.pad])
        return F.relu(out + (x if self.downsample is None else self.downsample(x)))


@style("TCN")
def tcn():
    return nn.Sequential(TemporalBlock(2, 3, 1), TemporalBlock(3, 3, 2)), torch.randn(2, 2, 10)


class WaveBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.filter, self.gate, self.residual = (
            nn.Conv1d(3, 4, 2, dilation=2),
            nn.Conv1d(3, 4, 2, dilation=2),
            nn.Conv1d(4, 3, 1),
        )

    def forward(self, x):
        padded = F.pad(x, (2, 0))
        return self.residual(torch.tanh(self.filter(padded)) * torch.sigmoid(self.gate(padded))) + x


@style("WaveNet block")
def wavenet():
    return WaveBlock(), torch.randn(2, 3, 8)


# Others -------------------------------------------------------------------------------------------


class MixerBlock(nn.Module):
    def __init__(self, dim, patches):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.token_mix = nn.Sequential(nn.Linear(patches, 6), nn.GELU(), nn.Linear(6, patches))
        self.channel_mix = nn.Sequential(nn.Linear(dim, 6), nn.GELU(), nn.Linear(6, dim))

    def forward(self, x):
        x = x + self.token_mix(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channel_mix(self.norm2(x))


@style("MLP-Mixer")
def mixer():
    return nn.Sequential(MixerBlock(4, 5), MixerBlock(4, 5)), torch.randn(2, 5, 4)


class SineLayer(nn.Module):
    def __init__(self, inner, outer, omega=3.0):
        super().__init__()
        self.omega_0, self.linear = omega, nn.Linear(inner, outer)

    def forward(self, x):
        return torch.sin(self.omega_0 * self.linear(x))


@style("SIREN")
def siren():
    return nn.Sequential(SineLayer(2, 6), SineLayer(6, 6), nn.Linear(6, 1)), torch.randn(7, 2)


class Coupling(nn.Module):
    """A layer of a normalising flow: half of the numbers move the other half."""

    def __init__(self, size=4):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(size // 2, 6), nn.Tanh(), nn.Linear(6, size))
        self.register_buffer("permutation", torch.tensor([2, 0, 3, 1]))
        self.log_scale = nn.Parameter(torch.zeros(size))

    def forward(self, x):
        x = x[:, self.permutation]
        a, b = x.chunk(2, dim=1)
        s, t = self.net(a).chunk(2, dim=-1)
        s = torch.tanh(s)
        z = torch.cat([a, b * torch.exp(s) + t], dim=1) * self.log_scale.exp()
        log_det = s.sum(dim=1) + self.log_scale.sum()
        prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1)
        return z, prior + log_det


@style("normalising flow")
def flow():
    return Coupling(), torch.randn(3, 4)


class SharedWeights(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(4, 3)
        self.decoder = nn.Linear(3, 4)
        self.decoder.weight = nn.Parameter(self.encoder.weight.T.clone())
        self.again = self.encoder
        self.output = nn.Linear(3, 4, bias=False)
        self.output.weight = self.decoder.weight

    def forward(self, x):
        h = torch.tanh(self.encoder(x))
        y = self.decoder(h)
        return self.output(torch.tanh(self.again(y)))


@style("shared weights")
def shared():
    return SharedWeights(), torch.randn(3, 4)


class WritesInPlace(nn.Module):
    """Views that are written into, buffers that move, lists and dicts in and out."""

    def __init__(self):
        super().__init__()
        self.register_buffer("average", torch.zeros(3))
        self.register_buffer("steps", torch.tensor(0))
        self.scale = nn.Parameter(torch.randn(3))

    def forward(self, batch, *, factor=2.0):
        x, others = batch["x"], batch["others"]
        y = x.clone()
        y[:, 0] = x[:, 0] * self.scale[0]
        y[y < 0] *= 0.1
        y[:, 1:].mul_(factor)
        if self.training:
            with torch.no_grad():
                self.steps += 1
                self.average.mul_(0.9).add_(0.1 * x.mean(0))
        out = torch.zeros_like(y)
        out.index_add_(0, torch.tensor([0, 0, 1]), y)
        out.scatter_(1, torch.tensor([[2], [0], [1]]), others[0])
        return {"out": out + self.average, "pair": (y, [others[1].sub_(1).abs()]), "none": None}


@style("writes in place")
def in_place():
    batch = {"x": torch.randn(3, 3), "others": [torch.randn(3, 1), torch.randn(2)]}
    return WritesInPlace(), batch, Keywords(factor=3.0)


class WritesThroughViews(nn.Module):
    """Every kind of view that is written into, and read again afterwards."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)
        self.register_buffer("table", torch.zeros(2, 3))

    def forward(self, x):
        y = self.linear(x).clone()
        flat, turned, row = y.view(-1), y.t(), y[1]
        flat[2:5] = 0.5
        turned[0].add_(1)
        row.mul_(2)
        y.permute(1, 0)[2] = 7.0
        y.diagonal().mul_(3.0)
        y.unsqueeze(0).squeeze(0)[0, 1:3].sub_(x[0, 0])
        with torch.no_grad():
            y.clamp_(-4.0, 4.0)
            self.table[0] += 1
            self.table.view(-1)[3:].copy_(x[0, :3])
        z = torch.empty(3, 4, 2, dtype=x.dtype)
        z[..., 0] = y
        z[..., 1].copy_(x)
        z[::2] *= 2
        return y, flat, turned, row * self.table[1, 0], z


@style("writes through views")
def through_views():
    return WritesThroughViews(), torch.randn(3, 4)


class MaskedConv2d(nn.Conv2d):
    """Sees only what comes before, in reading order: its weights are masked in place at each call."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        mask = torch.ones_like(self.weight)
        mask[:, :, self.kernel_size[0] // 2, self.kernel_size[1] // 2 :] = 0
        mask[:, :, self.kernel_size[0] // 2 + 1 :] = 0
        self.register_buffer("mask", mask)

    def forward(self, x):
        with torch.no_grad():
            self.weight.mul_(self.mask)
        return super().forward(x)


class Pixels(nn.Module):
    def __init__(self):
        super().__init__()
        self.palette = nn.Embedding(4, 2, max_norm=0.8)
        self.masked, self.out = MaskedConv2d(2, 3, 3, padding=1), nn.Conv2d(3, 4, 1)

    def forward(self, pixels):
        return self.out(F.elu(self.masked(self.palette(pixels).permute(0, 3, 1, 2))))


@style("PixelCNN")
def pixelcnn():
    return Pixels(), torch.randint(0, 4, (2, 5, 5))


class GraphConvolution(nn.Module):
    """Messages along edges, gathered and summed up at nodes."""

    def __init__(self):
        super().__init__()
        self.message, self.update = nn.Linear(6, 4), nn.Linear(7, 3)

    def forward(self, x, edges):
        source, target = edges
        m = F.elu(self.message(torch.cat([x[source], x[target]], dim=-1)))
        summed = torch.zeros(x.size(0), 4, dtype=x.dtype).index_add(0, target, m)
        most = torch.full_like(summed, -10.0).scatter_reduce(
            0, target[:, None].expand(-1, 4), m, "amax"
        )
        degree = torch.bincount(target, minlength=x.size(0)).clamp(min=1).unsqueeze(-1)
        return self.update(torch.cat([x, summed / degree + most], dim=-1))


@style("graph network")
def graph_network():
    edges = torch.tensor([[0, 1, 2, 3, 3], [1, 2, 0, 0, 2]])
    return GraphConvolution(), torch.randn(4, 3), edges


class Quantizer(nn.Module):
    """A codebook with the straight-through gradient, as in VQ-VAE."""

    def __init__(self):
        super().__init__()
        self.codebook = nn.Embedding(5, 3)

    def forward(self, z):
        flat = z.reshape(-1, 3)
        distance = (
            flat.pow(2).sum(1, keepdim=True)
            + self.codebook.weight.pow(2).sum(1)
            - 2 * flat @ self.codebook.weight.t()
        )
        index = torch.argmin(distance, dim=1)
        q = torch.matmul(F.one_hot(index, 5).to(z.dtype), self.codebook.weight).view_as(z)
        loss = F.mse_loss(q.detach(), z) * 0.25 + F.mse_loss(q, z.detach())
        return z + (q - z).detach(), loss, index


@style("vector quantisation")
def quantizer():
    return Quantizer(), torch.randn(2, 4, 3)


class Experts(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = nn.Linear(4, 3)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(4, 5), nn.Softplus(), nn.Linear(5, 4)) for _ in range(3)
        )

    def forward(self, x):
        weights, chosen = torch.topk(F.softmax(self.gate(x), dim=-1), 2, dim=-1)
        weights = weights / weights.sum(-1, keepdim=True)
        out = torch.stack([expert(x) for expert in self.experts], dim=1)
        picked = out.gather(1, chosen.unsqueeze(-1).expand(-1, -1, x.size(-1)))
        return (weights.unsqueeze(-1) * picked).sum(1)


@style("mixture of experts")
def experts():
    return Experts(), torch.randn(3, 4)


class Diffusion(nn.Module):
    """A residual block that knows the time step, with group norm."""

    def __init__(self):
        super().__init__()
        self.norm, self.conv = (
            nn.GroupNorm(2, 4),
            nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
        )
        self.time = nn.Linear(6, 8)
        self.up = nn.Upsample(scale_factor=2, mode="nearest")

    def forward(self, x, t):
        frequencies = torch.exp(-math.log(10000) * torch.arange(0, 3, dtype=x.dtype) / 3)
        angles = t[:, None].to(x.dtype) * frequencies[None]
        emb = self.time(torch.cat([angles.sin(), angles.cos()], dim=-1))
        scale, shift = emb[:, :, None, None].chunk(2, dim=1)
        h = self.norm(x) * (scale + 1) + shift
        return self.up(x + self.conv(F.silu(h)))


@style("diffusion block")
def diffusion():
    return Diffusion(), torch.randn(2, 4, 4, 4), torch.tensor([3, 700])


class SpectralNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.utils.parametrizations.spectral_norm(nn.Linear(4, 3))
        self.norm = nn.InstanceNorm1d(3, affine=True, track_running_stats=True)

    def forward(self, x):
        return self.norm(self.layer(x).transpose(1, 2))


@style("spectral norm")
def spectral():
    return SpectralNorm(), torch.randn(2, 5, 4)


class NeRF(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(15, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, points):
        bands = 2.0 ** torch.linspace(0.0, 1.0, 2, dtype=points.dtype)
        angles = (points[..., None] * bands).flatten(-2)
        raw = self.net(torch.cat([points, angles.sin(), angles.cos()], -1))
        rgb, sigma = torch.sigmoid(raw[..., :3]), F.softplus(raw[..., 3])
        alpha = 1.0 - torch.exp(-sigma * 0.1)
        shifted = torch.cat([torch.ones_like(alpha[..., :1]), 1.0 - alpha + 1e-10], -1)
        weights = alpha * torch.cumprod(shifted, -1)[..., :-1]
        return (weights[..., None] * rgb).sum(-2), weights.sum(-1)


@style("radiance field")
def nerf():
    return NeRF(), torch.randn(2, 6, 3)
