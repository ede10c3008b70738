"""Models with what the other styles have not: complex rotations, grids kept in lists, filters that are
made in ``forward``, splines, buckets of distances, neighbours, policies."""

import math

import torch
from torch import nn
from torch.distributions import Independent, Normal
from torch.nn import functional as F

from tests.nn.interop.styles import style


class ComplexRotary(nn.Module):
    """Attention whose queries and keys are turned by complex factors; keys are shared by groups."""

    def __init__(self, width=8, heads=2):
        super().__init__()
        self.heads, self.size = heads, width // heads
        self.queries = nn.Linear(width, width, bias=False)
        self.keys = nn.Linear(width, 2 * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        rates = 1.0 / 100.0 ** (torch.arange(0, self.size, 2).double() / self.size)
        angles = torch.outer(torch.arange(8).double(), rates)
        self.turns = torch.polar(torch.ones_like(angles), angles)  # no buffer: an attribute

    def turned(self, x):
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        self.turns = self.turns.to(x.device)
        turns = self.turns[: x.shape[1]].view(1, x.shape[1], 1, -1)
        return torch.view_as_real(pairs * turns).flatten(3).type_as(x)

    def forward(self, x):
        b, n, _ = x.shape
        q = self.turned(self.queries(x).view(b, n, self.heads, self.size))
        k, v = self.keys(x).view(b, n, 2, self.size).unbind(2)
        k = self.turned(k.unsqueeze(2)).expand(b, n, self.heads, self.size)
        v = v[:, :, None].expand(-1, -1, self.heads, -1)
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        causal = torch.full((n, n), float("-inf"), dtype=x.dtype).triu(diagonal=1)
        scores = torch.matmul(q, k.transpose(2, 3)) / math.sqrt(self.size) + causal
        y = torch.matmul(F.softmax(scores, dim=-1), v)
        return self.out(y.transpose(1, 2).contiguous().view(b, n, -1))


@style("complex rotary attention")
def complex_rotary():
    return ComplexRotary(), torch.randn(2, 5, 8)


class Detector(nn.Module):
    """A head that keeps its grids in a list and makes them anew when sizes change."""

    def __init__(self, classes=2):
        super().__init__()
        self.classes = classes
        self.stem = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1), nn.BatchNorm2d(4), nn.SiLU(inplace=True)
        )
        self.down = nn.Conv2d(4, 4, 3, 2, 1)
        self.heads = nn.ModuleList(nn.Conv2d(4, 2 * (5 + classes), 1) for _ in range(2))
        self.register_buffer("anchors", torch.tensor([[1.0, 2.0], [3.0, 2.0]]))
        self.grids = [torch.empty(0) for _ in range(2)]
        self.strides = torch.tensor([2.0, 4.0])

    def grid(self, h, w, like):
        y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
        return (torch.stack((x, y), 2).to(like.dtype) - 0.5).view(1, 1, h, w, 2)

    def forward(self, image):
        levels = [self.stem(image)]
        levels.append(self.down(levels[0]))
        found = []
        for k, head in enumerate(self.heads):
            y = head(levels[k])
            b, _, h, w = y.shape
            levels[k] = y = y.view(b, 2, -1, h, w).permute(0, 1, 3, 4, 2).contiguous()
            if self.training:
                continue
            if self.grids[k].shape[2:4] != y.shape[2:4]:
                self.grids[k] = self.grid(h, w, y)
            at, size, score = y.sigmoid().split((2, 2, self.classes + 1), 4)
            at = (at * 2 + self.grids[k]) * self.strides[k]
            size = (size * 2) ** 2 * self.anchors.view(1, 2, 1, 1, 2)
            found.append(torch.cat((at, size, score), 4).view(b, -1, 5 + self.classes))
        return levels if self.training else (torch.cat(found, 1), levels)


@style("detector with grids in lists")
def detector():
    return Detector(), torch.randn(2, 3, 8, 8)


class Modulated(nn.Module):
    """Filters scaled by a style, example by example: the batch goes through as groups."""

    def __init__(self, inside=3, outside=4, style=5, up=False):
        super().__init__()
        self.up = up
        self.weight = nn.Parameter(torch.randn(1, outside, inside, 3, 3))
        self.scale = nn.Linear(style, inside)

    def forward(self, x, style):
        b, c, h, w = x.shape
        filters = self.weight * self.scale(style).view(b, 1, c, 1, 1)
        filters = filters * torch.rsqrt(filters.pow(2).sum([2, 3, 4], keepdim=True) + 1e-8)
        x = x.view(1, b * c, h, w)
        if self.up:
            filters = filters.transpose(1, 2).reshape(b * c, -1, 3, 3)
            y = F.conv_transpose2d(x, filters, stride=2, padding=1, groups=b)
        else:
            y = F.conv2d(x, filters.view(-1, c, 3, 3), padding=1, groups=b)
        return y.view(b, -1, *y.shape[-2:])


class Painter(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.randn(1, 3, 3, 3))
        self.one, self.two = Modulated(), Modulated(4, 2, up=True)
        self.strength = nn.Parameter(torch.zeros(1))

    def forward(self, style, noise):
        x = self.start.repeat(style.shape[0], 1, 1, 1)
        x = F.leaky_relu(self.one(x, style) + self.strength * noise, 0.2) * math.sqrt(2)
        return self.two(x, style)


@style("modulated convolution")
def painter():
    return Painter(), torch.randn(2, 5), torch.randn(2, 1, 3, 3)


class Splines(nn.Module):
    """Each connection a cubic spline of its own, by the recursion of de Boor."""

    def __init__(self, inside, outside, cells=3, order=3):
        super().__init__()
        self.order = order
        knots = torch.arange(-order, cells + order + 1) * (2.0 / cells) - 1.0
        self.register_buffer("knots", knots.expand(inside, -1).contiguous())
        self.base = nn.Linear(inside, outside, bias=False)
        self.heights = nn.Parameter(torch.randn(outside, inside, cells + order) * 0.3)

    def bases(self, x):
        t, x = self.knots, x.unsqueeze(-1)
        found = ((x >= t[:, :-1]) & (x < t[:, 1:])).to(x.dtype)
        for k in range(1, self.order + 1):
            left = (x - t[:, : -k - 1]) / (t[:, k:-1] - t[:, : -k - 1]) * found[:, :, :-1]
            found = left + (t[:, k + 1 :] - x) / (t[:, k + 1 :] - t[:, 1:-k]) * found[:, :, 1:]
        return found

    def forward(self, x):
        return self.base(F.silu(x)) + F.linear(self.bases(x).flatten(1), self.heights.flatten(1))


@style("splines on connections")
def splines():
    return nn.Sequential(Splines(2, 3), Splines(3, 1)), torch.randn(4, 2)


class Bucketed(nn.Module):
    """Attention with a bias for each bucket of distances, and a norm without mean."""

    def __init__(self, width=8, heads=2, buckets=8, far=16):
        super().__init__()
        self.heads, self.buckets, self.far = heads, buckets, far
        self.gain = nn.Parameter(torch.ones(width))
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.bias = nn.Embedding(buckets, heads)

    def bucket(self, distance):
        half = self.buckets // 2
        found = (distance > 0).to(torch.long) * half
        distance = torch.abs(distance)
        exact = half // 2
        ratio = torch.log(distance.float() / exact) / math.log(self.far / exact)
        large = exact + (ratio * (half - exact)).to(torch.long)
        large = torch.min(large, torch.full_like(large, half - 1))
        found += torch.where(distance < exact, distance, large)
        return found

    def forward(self, x):
        y = self.gain * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))
        q, k, v = self.qkv(y).view(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        places = torch.arange(x.shape[1])
        bias = self.bias(self.bucket(places[None, :] - places[:, None])).permute([2, 0, 1])
        scores = torch.matmul(q, k.transpose(3, 2))
        scores += bias.unsqueeze(0)
        y = torch.matmul(F.softmax(scores, dim=-1).type_as(scores), v)
        return x + y.transpose(1, 2).reshape(x.shape)


@style("buckets of distances")
def bucketed():
    return Bucketed(), torch.randn(2, 6, 8)


class Policy(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 5), nn.Tanh())
        self.mean, self.value = nn.Linear(5, 2), nn.Linear(5, 1)
        self.log_std = nn.Parameter(torch.full((2,), -0.5))

    def forward(self, seen):
        h = self.body(seen)
        policy = Independent(Normal(self.mean(h), self.log_std.exp()), 1)
        return policy, self.value(h).squeeze(-1)


@style("policy, a distribution out")
def policy():
    return Policy(), torch.randn(4, 3)
