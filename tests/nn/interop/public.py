"""More models, in the ways of writing that are found in public code: each has a trick of its own."""

from __future__ import annotations

import copy
import math
from collections import namedtuple
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from tests.nn.interop.styles import Keywords, style

# Sequences ----------------------------------------------------------------------------------------


class PackedTagger(nn.Module):
    """Lengths that are only known when it runs: packed, two layers, both directions, unsorted."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4, padding_idx=0)
        self.rnn = nn.LSTM(4, 3, 2, bidirectional=True, batch_first=True, dropout=0.2)
        self.head = nn.Linear(6, 2)

    def forward(self, words, lengths):
        packed = pack_padded_sequence(
            self.embed(words), lengths.cpu(), batch_first=True, enforce_sorted=False
        )
        states, (h, _) = self.rnn(packed)
        states, _ = pad_packed_sequence(states, batch_first=True, total_length=words.size(1))
        scores = F.log_softmax(self.head(states), dim=2)
        return scores * (words != 0).unsqueeze(-1), torch.cat((h[-2], h[-1]), dim=1)


@style("packed LSTM tagger")
def packed_tagger():
    words = torch.randint(1, 9, (3, 5))
    words[1, 4:] = 0
    words[0, 2:] = 0
    return PackedTagger(), words, torch.tensor([2, 4, 5])


class AttentiveDecoder(nn.Module):
    """Time first, a packed encoder without a first state, results written into ``outputs[t]``."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(8, 4)
        self.encoder = nn.GRU(4, 3, bidirectional=True)
        self.fc = nn.Linear(6, 3)
        self.score = nn.Linear(9, 1)
        self.decoder = nn.GRU(10, 3)
        self.out = nn.Linear(3, 8)

    def forward(self, source, lengths, target):
        packed = pack_padded_sequence(self.embed(source), lengths, enforce_sorted=False)
        states, hidden = self.encoder(packed)
        states, _ = pad_packed_sequence(states)
        hidden = torch.tanh(self.fc(torch.cat((hidden[-2], hidden[-1]), dim=1)))
        mask = (source != 0).permute(1, 0)
        states = states.permute(1, 0, 2)
        outputs = torch.zeros(target.shape[0], source.shape[1], 8)
        word = target[0]
        for t in range(1, target.shape[0]):
            repeated = hidden.unsqueeze(1).repeat(1, states.shape[1], 1)
            energy = self.score(torch.tanh(torch.cat((repeated, states), dim=2))).squeeze(2)
            weights = F.softmax(energy.masked_fill(mask == 0, -1e10), dim=1).unsqueeze(1)
            seen = torch.bmm(weights, states).permute(1, 0, 2)
            step = torch.cat((self.embed(word.unsqueeze(0)), seen), dim=2)
            output, hidden = self.decoder(step, hidden.unsqueeze(0))
            hidden = hidden.squeeze(0)
            outputs[t] = self.out(output.squeeze(0))
            word = target[t] if t % 2 else outputs[t].argmax(1)
        return outputs


@style("sequence to sequence with attention")
def attentive():
    source = torch.randint(1, 8, (4, 3))
    source[2:, 1] = 0
    return AttentiveDecoder(), source, torch.tensor([4, 2, 4]), torch.randint(0, 8, (3, 3))


class SpeechCTC(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(3, 4)
        self.fc = nn.Linear(4, 5)

    def forward(self, x, targets, times, lengths):
        probabilities = F.log_softmax(self.fc(self.rnn(x)[0]), 2)
        return F.ctc_loss(probabilities, targets, times, lengths, zero_infinity=True)


@style("speech, CTC loss")
def speech():
    targets = torch.tensor([[1, 2, 2], [3, 4, 1]])
    return SpeechCTC(), torch.randn(7, 2, 3), targets, torch.tensor([7, 6]), torch.tensor([3, 2])


class CRF(nn.Module):
    """The forward algorithm, with sums in place and a mask of bytes."""

    def __init__(self):
        super().__init__()
        self.start = nn.Parameter(torch.randn(3))
        self.transitions = nn.Parameter(torch.randn(3, 3))
        self.emit = nn.Linear(4, 3)

    def forward(self, x, tags, mask):
        scores = self.emit(x).transpose(0, 1)
        tags, mask = tags.transpose(0, 1), mask.transpose(0, 1)
        rows = torch.arange(tags.shape[1])
        best = self.start[tags[0]]
        best += scores[0, rows, tags[0]]
        total = self.start + scores[0]
        for i in range(1, tags.shape[0]):
            best += self.transitions[tags[i - 1], tags[i]] * mask[i].type_as(scores)
            best += scores[i, rows, tags[i]] * mask[i].type_as(scores)
            each = total.unsqueeze(2) + self.transitions + scores[i].unsqueeze(1)
            total = torch.where(mask[i].unsqueeze(1).bool(), torch.logsumexp(each, 1), total)
        return (torch.logsumexp(total, 1) - best).mean()


@style("CRF")
def crf():
    mask = torch.ones(2, 4, dtype=torch.uint8)
    mask[1, 2:] = 0
    return CRF(), torch.randn(2, 4, 4), torch.randint(0, 3, (2, 4)), mask


# Transformers -------------------------------------------------------------------------------------


@dataclass
class Result:
    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    hidden: tuple | None = None


class KeptAttention(nn.Module):
    """Keeps its weights on itself, as the annotated transformer does, and asserts on numbers."""

    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.linears = nn.ModuleList(nn.Linear(d, d) for _ in range(4))
        self.attention = None

    def forward(self, q, k, v, mask):
        assert not torch.isnan(q).any(), "not a number"
        n, _, d = q.size()
        q, k, v = (
            linear(x).view(n, -1, self.heads, d // self.heads).transpose(1, 2)
            for linear, x in zip(self.linears, (q, k, v), strict=False)
        )
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.size(-1))
        self.attention = scores.masked_fill(mask.unsqueeze(1) == 0, -1e9).softmax(dim=-1)
        return self.linears[-1]((self.attention @ v).transpose(1, 2).contiguous().view(n, -1, d))


class MaskedEncoder(nn.Module):
    """Keyword arguments, masks with the smallest float, ``.data``, a dataclass as its output."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 6, padding_idx=0)
        self.register_buffer("places", torch.arange(8).expand((1, -1)), persistent=False)
        self.positions = nn.Embedding(8, 6)
        self.attend = KeptAttention(6, 2)
        self.norm = nn.LayerNorm(6, eps=1e-12)
        self.pool = nn.Linear(6, 3)

    @property
    def dtype(self):
        return next(self.parameters()).dtype

    def forward(self, input_ids=None, attention_mask=None, labels=None, output_hidden=None):
        shape = input_ids.size()
        x = self.embed(input_ids)
        x += self.positions(self.places[:, : shape[1]])
        causal = torch.triu(torch.ones((1, shape[1], shape[1])), diagonal=1).type(torch.uint8) == 0
        mask = attention_mask.unsqueeze(-2) & causal.type_as(attention_mask.data)
        h = self.norm(x + self.attend(x, x, x, mask))
        logits = torch.tanh(self.pool(h[:, 0]))
        extra = (1.0 - attention_mask.to(dtype=self.dtype)) * torch.finfo(self.dtype).min
        pooled = (h.mean(-1) + extra).softmax(-1)
        loss = (
            None if labels is None else nn.CrossEntropyLoss()(logits.view(-1, 3), labels.view(-1))
        )
        return Result(loss=loss, logits=logits, hidden=(h, pooled) if output_hidden else None)


@style("encoder with keywords and a record")
def masked_encoder():
    ids = torch.tensor([[1, 5, 7, 2, 0], [1, 3, 3, 8, 2]])
    return MaskedEncoder(), Keywords(
        input_ids=ids,
        attention_mask=(ids > 0).long(),
        labels=torch.tensor([0, 2]),
        output_hidden=True,
    )


class CachedAttention(nn.Module):
    """Grouped queries, rotary positions, keys and values kept in buffers by slices."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 8)
        self.q = nn.Linear(8, 8, bias=False)
        self.kv = nn.Linear(8, 8, bias=False)
        self.register_buffer("keys", torch.zeros(3, 9, 2, 2))
        self.register_buffer("values", torch.zeros(3, 9, 2, 2))
        angles = torch.outer(torch.arange(9), torch.tensor([1.0]))
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.w1, self.w2, self.w3 = nn.Linear(8, 12), nn.Linear(12, 8), nn.Linear(8, 12)

    def turned(self, x, start):
        a, b = x.reshape(*x.shape[:-1], -1, 2).unbind(-1)
        cos = self.cos[start : start + x.shape[1], None]
        sin = self.sin[start : start + x.shape[1], None]
        return torch.stack([a * cos - b * sin, a * sin + b * cos], dim=-1).flatten(3)

    def forward(self, tokens, start: int = 0):
        n, t = tokens.shape
        x = self.embed(tokens)
        q = self.turned(self.q(x).view(n, t, 4, 2), start)
        k, v = self.kv(x).view(n, t, 2, 4).chunk(2, dim=-1)
        with torch.no_grad():
            self.keys[:n, start : start + t] = self.turned(k, start)
            self.values[:n, start : start + t] = v
        k = self.keys[:n, : start + t].repeat_interleave(2, dim=2).transpose(1, 2)
        v = self.values[:n, : start + t].repeat_interleave(2, dim=2).transpose(1, 2)
        mask = torch.triu(torch.full((t, t), float("-inf")), diagonal=1)
        mask = torch.hstack([torch.zeros((t, start)), mask]).type_as(x)
        scores = q.transpose(1, 2) @ k.transpose(2, 3) / math.sqrt(2) + mask
        x = x + (scores.softmax(-1) @ v).transpose(1, 2).contiguous().view(n, t, -1)
        return self.w2(F.silu(self.w1(x)) * self.w3(x)) @ self.embed.weight.t()


@style("attention with a cache")
def cached():
    return CachedAttention(), torch.randint(0, 11, (2, 4)), 3


# Images -------------------------------------------------------------------------------------------

Outputs = namedtuple("Outputs", ["logits", "auxiliary", "endpoints"])


class Auxiliary(nn.Module):
    """Padding that follows the input's size, dropped connections, a head for training only."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(2, 4, 3, stride=2, bias=False)
        self.block = nn.Conv2d(4, 4, 5, groups=4, bias=False)
        self.aux = nn.Sequential(nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(16, 3))
        self.fc = nn.Linear(4, 3)
        self.act = nn.ELU(inplace=True)

    @staticmethod
    def same(conv, x):
        h, w = x.size()[-2:]
        (kh, kw), (sh, sw) = conv.weight.size()[-2:], conv.stride
        down = max((math.ceil(h / sh) - 1) * sh + kh - h, 0)
        right = max((math.ceil(w / sw) - 1) * sw + kw - w, 0)
        if down > 0 or right > 0:
            x = F.pad(x, [right // 2, right - right // 2, down // 2, down - down // 2])
        return conv(x)

    def dropped(self, x, rate=0.3):
        if not self.training:
            return x
        keep = 1 - rate
        keep += torch.rand([x.shape[0], 1, 1, 1], dtype=x.dtype, device=x.device)
        return x / (1 - rate) * torch.floor(keep)

    def forward(self, x):
        endpoints = {}
        x = self.act(self.same(self.stem, x))
        endpoints[f"reduction_{len(endpoints) + 1}"] = x
        x = x + self.dropped(self.act(self.same(self.block, x)))
        aux = self.aux(x) if self.training else None
        x = F.adaptive_avg_pool2d(x, 1).squeeze(-1).squeeze(-1)
        return Outputs(self.fc(x), aux, endpoints)


@style("auxiliary head, same padding")
def auxiliary():
    return Auxiliary(), torch.randn(3, 2, 9, 7)


class Boxes(nn.Module):
    """Dicts in and out, a mask resized, cumulated positions, boxes written through views."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 10, 1)
        self.register_buffer("anchors", torch.tensor([[10.0, 13], [16, 30]]).view(1, 2, 1, 1, 2))

    def forward(self, samples):
        x = self.conv(samples["image"])
        small = F.interpolate(samples["mask"][None].to(x.dtype), size=x.shape[-2:])
        mask = small.to(torch.bool)[0]
        places = (~mask).cumsum(2, dtype=x.dtype)
        places = places / (places[:, :, -1:] + 1e-6) * (2 * math.pi)
        n, _, h, w = x.shape
        x = x.view(n, 2, 5, h, w).permute(0, 1, 3, 4, 2).contiguous()
        rows, columns = torch.meshgrid([torch.arange(h), torch.arange(w)], indexing="ij")
        grid = torch.stack((columns, rows), 2).view((1, 1, h, w, 2)).to(x)
        y = x.sigmoid().clone()
        y[..., 0:2] = (y[..., 0:2] * 2.0 - 0.5 + grid) * 8
        y[..., 2:4] = (y[..., 2:4] * 2) ** 2 * self.anchors
        y[..., 4] *= places.sin().unsqueeze(1)
        return {"boxes": y.view(n, -1, 5), "raw": [{"x": x}, {"places": places}]}


@style("boxes, dicts in and out")
def boxes():
    mask = torch.zeros(2, 6, 8, dtype=torch.bool)
    mask[0, :, 6:] = True
    return Boxes(), {"image": torch.randn(2, 2, 3, 4), "mask": mask}


# Others -------------------------------------------------------------------------------------------


class ReplacedParameters(nn.Module):
    """A dictionary moved by means: in training, ``forward`` puts new parameters in place."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 3)
        self.register_buffer("size", torch.ones(5))
        self.sums = nn.Parameter(torch.randn(5, 3))

    def forward(self, x):
        flat = x.view(-1, 3)
        apart = (flat**2).sum(1, keepdim=True) + (self.embed.weight**2).sum(1)
        chosen = torch.argmin(apart - 2 * flat @ self.embed.weight.t(), dim=1).unsqueeze(1)
        hot = torch.zeros(chosen.shape[0], 5).scatter_(1, chosen, 1)
        found = (hot @ self.embed.weight).view(x.shape)
        if self.training:
            self.size = self.size * 0.9 + 0.1 * hot.sum(0)
            n = torch.sum(self.size.data)
            self.size = (self.size + 1e-5) / (n + 5e-5) * n
            self.sums = nn.Parameter(self.sums * 0.9 + 0.1 * (hot.t() @ flat))
            self.embed.weight = nn.Parameter(self.sums / self.size.unsqueeze(1))
        loss = 0.25 * F.mse_loss(found.detach(), x)
        share = hot.mean(0)
        return loss, x + (found - x).detach(), torch.exp(-(share * (share + 1e-10).log()).sum())


@style("parameters replaced in forward")
def replaced():
    return ReplacedParameters(), torch.randn(2, 4, 3)


class Momentum(nn.Module):
    """A second network that follows the first, a queue with a pointer read by ``int()``."""

    def __init__(self):
        super().__init__()
        self.online = nn.Linear(4, 3)
        self.target = copy.deepcopy(self.online).requires_grad_(False)
        self.register_buffer("queue", F.normalize(torch.randn(3, 6), dim=0))
        self.register_buffer("pointer", torch.zeros(1, dtype=torch.long))

    @torch.no_grad()
    def follow(self):
        for mine, theirs in zip(self.target.parameters(), self.online.parameters(), strict=True):
            mine.data = mine.data * 0.9 + theirs.data * 0.1

    @torch.no_grad()
    def enqueue(self, keys):
        pointer = int(self.pointer)
        self.queue[:, pointer : pointer + keys.shape[0]] = keys.T
        self.pointer[0] = (pointer + keys.shape[0]) % 6

    def forward(self, a, b):
        q = F.normalize(self.online(a), dim=1)
        with torch.no_grad():
            self.follow()
            k = F.normalize(self.target(b), dim=1)
        same = torch.einsum("nc,nc->n", [q, k]).unsqueeze(-1)
        others = torch.einsum("nc,ck->nk", [q, self.queue.clone().detach()])
        self.enqueue(k)
        return torch.cat([same, others], dim=1) / 0.07


@style("momentum and a queue")
def momentum():
    return Momentum(), torch.randn(2, 4), torch.randn(2, 4)


class PointSampler(nn.Module):
    """Farthest points, a ball query, writes by masks, distances in place."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, points):
        n, count, _ = points.shape
        chosen = torch.zeros(n, 3, dtype=torch.long)
        apart = torch.ones(n, count) * 1e10
        last, rows = torch.zeros(n, dtype=torch.long), torch.arange(n)
        for i in range(3):
            chosen[:, i] = last
            distance = ((points - points[rows, last, :].view(n, 1, 3)) ** 2).sum(-1)
            nearer = distance < apart
            apart[nearer] = distance[nearer]
            last = torch.max(apart, -1)[1]
        centers = points[rows[:, None], chosen]
        squared = -2 * torch.matmul(centers, points.permute(0, 2, 1))
        squared += (centers**2).sum(-1).view(n, 3, 1)
        squared += (points**2).sum(-1).view(n, 1, count)
        near = torch.arange(count).view(1, 1, count).repeat([n, 3, 1])
        near[squared > 2.0] = count
        near = near.sort(dim=-1)[0][:, :, :4]
        first = near[:, :, 0].view(n, 3, 1).repeat([1, 1, 4])
        near[near == count] = first[near == count]
        grouped = points[rows[:, None, None], near] - centers.view(n, 3, 1, 3)
        return F.relu(self.conv(grouped.permute(0, 3, 2, 1))).max(2)[0]


@style("points, sampled and grouped")
def sampled():
    return PointSampler(), torch.randn(2, 7, 3)


def sparse(places, values):
    return torch.sparse_coo_tensor(places, values, (4, 4), check_invariants=True)


class SparseGraph(nn.Module):
    """A sparse matrix among the inputs, another one as a buffer; edges counted by scattering."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 2))
        places = torch.tensor([[0, 1, 2, 2], [1, 0, 2, 1]])
        self.register_buffer("laplacian", sparse(places, torch.ones(4)))

    def forward(self, x, adjacency, edges):
        source, target = edges
        h = torch.spmm(adjacency, torch.mm(x, self.weight))
        h = h + torch.sparse.mm(self.laplacian, h)
        degree = torch.zeros(x.size(0)).scatter_add_(0, target, torch.ones(target.size(0)))
        norm = degree.pow(-0.5)
        norm[norm == float("inf")] = 0
        top = torch.full((x.size(0),), -1e9).scatter_reduce(0, target, h[source, 0], reduce="amax")
        weights = (h[source, 0] - top[target]).exp()
        total = torch.zeros(x.size(0)).index_add_(0, target, weights)
        messages = h[source] * (weights / total[target] * norm[source]).unsqueeze(-1)
        return torch.zeros(x.size(0), 2).index_add(0, target, messages) + h


@style("graph with sparse matrices")
def sparse_graph():
    adjacency = sparse(torch.tensor([[0, 1, 3], [1, 2, 0]]), torch.rand(3))
    edges = torch.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 0, 2]])
    return SparseGraph(), torch.randn(4, 3), adjacency, edges
