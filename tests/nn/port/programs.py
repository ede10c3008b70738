"""Small models as people write them for PyTorch, in many hands; ``nn.port`` makes ours of them.

Each text defines ``make()``, which gives a module, and is followed by the shapes of its inputs; an
"i" before a shape stands for integers. The texts are PyTorch's: they run there as they are.
"""

LENET = """
# A first network, as in a hundred tutorials.
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable

class Net(nn.Module):
    def __init__(self):
        super(Net, self).__init__()
        self.conv1 = nn.Conv2d(1, 4, kernel_size=3)   # 4 channels
        self.conv2 = nn.Conv2d(4, 6, kernel_size=3)
        self.drop = nn.Dropout2d()
        self.fc1 = nn.Linear(6 * 2 * 2, 8)
        self.fc2 = nn.Linear(8, 3)
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                n = m.kernel_size[0] * m.kernel_size[1] * m.out_channels
                m.weight.data.normal_(0, (2. / n) ** 0.5)
                if m.bias is not None: m.bias.data.zero_()
            elif isinstance(m, nn.Linear):
                m.weight.data.uniform_(-0.1, 0.1); m.bias.data.fill_(0.01)

    def forward(self, x):
        x = F.relu(F.max_pool2d(self.conv1(x), 2))
        x = F.relu(self.drop(self.conv2(x)))
        x = x.view(-1, self.num_flat_features(x))
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x), dim=1)

    def num_flat_features(self, x):
        size = x.size()[1:]  # all but the batch
        n = 1
        for s in size:
            n *= s
        return n


def make():
    net = Net()
    if torch.cuda.is_available():
        net.cuda()
    return net
"""

GENERATOR = """
import torch.nn as nn
import torch.nn.init as init

def weights_init(m):
    classname = m.__class__.__name__
    if classname.find('Conv') != -1:
        nn.init.normal_(m.weight.data, 0.0, 0.02)
    elif classname.find('BatchNorm') != -1:
        init.normal_(m.weight.data, 1.0, 0.02)
        init.constant_(m.bias.data, 0)

class Generator(nn.Module):
    def __init__(self, nz=5, ngf=3, nc=2):
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 2, 3, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, nc, 4, 2, 1, bias=None),
            nn.Tanh(),   # in [-1, 1]
        )

    def forward(self, input):
        return self.main(input)

def make():
    netG = Generator()
    netG.apply(weights_init)
    return netG
"""

TRANSFORMER = """
import math
import torch
import torch.nn as nn
from torch import Tensor

class LayerNorm(nn.Module):
    "One of its own, with the spread of x.std()."
    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.a_2 = nn.Parameter(torch.ones(features))
        self.b_2 = nn.Parameter(torch.zeros(features))
        self.eps = eps

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        std = x.std(-1, keepdim=True)
        return self.a_2 * (x - mean) / (std + self.eps) + self.b_2

class Attention(nn.Module):
    def __init__(self, d, h):
        super().__init__()
        self.d_k = d // h
        self.h = h
        self.linears = nn.ModuleList([nn.Linear(d, d) for _ in range(4)])

    def forward(self, query: Tensor, mask: Tensor = None) -> Tensor:
        n = query.size(0)
        q, k, v = [l(x).view(n, -1, self.h, self.d_k).transpose(1, 2)
                   for l, x in zip(self.linears, (query, query, query))]
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(self.d_k)
        if mask is not None:
            scores = scores.masked_fill(mask == 0, -1e9)
        p = scores.softmax(dim=-1)
        x = torch.matmul(p, v).transpose(1, 2).contiguous().view(n, -1, self.h * self.d_k)
        return self.linears[-1](x)

class Block(nn.Module):
    def __init__(self, d=6, h=2):
        super().__init__()
        self.norm, self.attn = LayerNorm(d), Attention(d, h)
        self.gelu = nn.GELU()

    def forward(self, x):
        t = x.size(1)
        mask = torch.tril(torch.ones(t, t)).unsqueeze(0).unsqueeze(0)
        x = x + self.attn(self.norm(x), mask)
        return self.gelu(x).permute(0, 2, 1)

def make():
    return Block()
"""

CHANNEL_ATTENTION = """
import torch
from torch import nn
from torch.nn import functional as F

class Gate(nn.Module):
    def __init__(self, c=4, r=2):
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(nn.Linear(c, c // r, bias=False), nn.ReLU(inplace=True),
                                nn.Linear(c // r, c, bias=False), nn.Sigmoid())
        self.conv = nn.Conv2d(2, 1, 3, padding=1)

    def forward(self, x):
        b, c, _, _ = x.size()
        y = self.avg_pool(x).view(b, c)
        x = x * self.fc(y).view(b, c, 1, 1).expand_as(x)
        m = torch.max(x, 1)[0].unsqueeze(1)
        values, places = x.max(1)
        top, _ = torch.max(x, dim=1, keepdim=True)
        pooled = torch.cat((m, torch.mean(x, 1).unsqueeze(1)), dim=1)
        return F.interpolate(self.conv(pooled), scale_factor=2) + values.mean() + top.sum()

def make():
    return Gate()
"""

GRID = '''
import torch
import torch.nn as nn

class Offsets(nn.Module):
    """Where a window looks, as deformable convolutions write it."""

    def __init__(self, k=3):
        super(Offsets, self).__init__()
        self.k = k
        self.scale = nn.Parameter(torch.Tensor(2, 1).fill_(0.5))
        self.shift = nn.Parameter(torch.FloatTensor([1, 2]))

    def forward(self, x):
        n, c, h, w = x.shape
        gy, gx = torch.meshgrid(torch.arange(h).float(), torch.arange(w).float())
        p = torch.stack([gy.flatten(), gx.flatten()], 0)   # (2, h*w)
        p = p.type_as(x) * self.scale + self.shift.view(2, 1)
        p = p.repeat(n, 1, 1)
        y = x.view(n, c, -1).transpose(1, 2)
        rows = p.transpose(1, 2).repeat(1, 1, 2)[..., :c]
        return (y * rows).sum(1) + p[0].transpose(0, 1).sum(0).sum()

def make():
    return Offsets()
'''

SHUFFLE = """
import torch
import torch.nn as nn

def channel_shuffle(x: torch.Tensor, groups: int) -> torch.Tensor:
    n, c, h, w = x.data.size()
    x = x.view(n, groups, c // groups, h, w)
    x = torch.transpose(x, 1, 2).contiguous()
    return x.view(n, -1, h, w)

class Unit(nn.Module):
    def __init__(self, c=6):
        super().__init__()
        self.left = nn.Conv2d(2, 2, 3, padding=1, groups=2)
        self.right = nn.Conv2d(4, 4, 1)
        self.norm = nn.BatchNorm2d(c)

    def forward(self, x):
        a, b = x.split([2, 4], 1)
        out = torch.cat([self.left(a), self.right(b)], 1)
        one, two = torch.split(channel_shuffle(out, 2), 3, dim=1)
        first, second, third = x.split(2, 1)
        u, v = torch.chunk(out, 2, dim=1)
        return self.norm(torch.cat([one * u, two + v], dim=1)) + first.mean() - third.mean()

def make():
    return Unit()
"""

TAGGER = """
import torch, torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

use_cuda = torch.cuda.is_available()

class Tagger(nn.Module):
    def __init__(self, words=7, dim=4, hidden=3, tags=5):
        super(Tagger, self).__init__()
        self.hidden_dim = hidden
        self.embed = nn.Embedding(words, dim, padding_idx=0)
        self.lstm = nn.LSTM(dim, hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * hidden, tags)

    def init_hidden(self, n):
        h = Variable(torch.zeros(2, n, self.hidden_dim).type_as(self.out.weight))
        if use_cuda: h = h.cuda()
        return h, h.clone()

    def forward(self, sentence):
        n = sentence.size(0)
        lengths = [sentence.size(1)] * n
        packed = pack_padded_sequence(self.embed(sentence), lengths, batch_first=True)
        y, (h, c) = self.lstm(packed, self.init_hidden(n))
        y, _ = pad_packed_sequence(y, batch_first=True)
        return F.log_softmax(self.out(y.contiguous().view(-1, 2 * self.hidden_dim)), dim=-1)

def make():
    return Tagger()
"""

VAE = """
import torch as th
import torch.nn as nn
import torch.nn.functional as F

class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.enc, self.mu, self.logvar = nn.Linear(6, 5), nn.Linear(5, 2), nn.Linear(5, 2)
        self.dec = nn.Linear(2, 6)

    def reparameterize(self, mu, logvar):
        if self.training:
            std = logvar.mul(0.5).exp_()
            return th.randn_like(std).mul(std).add_(mu)
        return mu

    def forward(self, x):
        h = F.relu(self.enc(x.view(-1, 6)))
        mu, logvar = self.mu(h), self.logvar(h)
        recon = th.sigmoid(self.dec(self.reparameterize(mu, logvar)))
        bce = F.binary_cross_entropy(recon, th.sigmoid(x.view(-1, 6)), reduction='sum')
        kld = -0.5 * th.sum(1 + logvar - mu.pow(2) - logvar.exp())
        return (bce + kld).unsqueeze(0)

def make():
    return VAE().eval()
"""

BY_HAND = '''
import torch
from torch import nn

class Stepped(nn.Module):
    """Whose weights have gone three steps downhill, by hand."""
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 2)

    def forward(self, x):
        model, lr = nn.Linear(3, 2).to(x.dtype), 0.1
        model.weight.data.copy_(self.linear.weight.data); model.bias.data.zero_()
        for step in range(3):
            loss = (model(x) ** 2).mean()
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= lr * p.grad.data   # one way
                p.grad.data.zero_()
            loss = (model(x) ** 2).mean()
            loss.backward()
            for p in model.parameters():
                p.data.add_(p.grad.data, alpha=-lr)
            with torch.no_grad():
                for p in model.parameters():
                    p.data *= 0.9
        return self.linear(x) * model.weight.data.sum() + model.bias.data.norm(2)

def make():
    return Stepped()
'''

ORDER = """
import torch
import torch.nn as nn

class Order(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.randn(4, 5))

    def forward(self, x):
        y = x.mm(self.w)
        v, i = torch.sort(y, 1, descending=True)
        u, _ = y.sort()
        m, _ = y.median(1)
        k, places = torch.topk(y, 2)
        n = y.norm(2) + torch.norm(y, 2) + y.norm(2, 1).sum() + y.norm(p=2, dim=1).sum()
        s = y.var(0) + torch.std(y, 0) + y.var(1, unbiased=False).sum()
        rows = (y > 0).nonzero().size(1)
        low, _ = y.min(1)
        return v[:, 0] + u[:, 1] + m + k.sum(1) + n + s.sum() + rows + low.t()

def make():
    return Order()
"""

GRAPH = """
import torch
import torch.nn as nn
import torch.nn.functional as F
import numpy as np


class GraphAttention(nn.Module):
\tdef __init__(self, n_in=3, n_out=4):
\t\tsuper(GraphAttention, self).__init__()
\t\tself.W = nn.Parameter(torch.empty(size=(n_in, n_out)))
\t\tnn.init.xavier_uniform_(self.W.data, gain=1.414)
\t\tself.a = nn.Parameter(torch.zeros(2 * n_out, 1))
\t\tnn.init.xavier_uniform(self.a)

\tdef forward(self, h):
\t\tWh = torch.mm(h, self.W)
\t\tN = Wh.size()[0]
\t\tleft = Wh.repeat(1, N).view(N * N, -1)
\t\tright = Wh.repeat(N, 1)
\t\tpairs = torch.cat([left, right], dim=1).view(N, -1, 2 * Wh.size(1))
\t\te = F.leaky_relu(torch.matmul(pairs, self.a).squeeze(2), 0.2)
\t\tadj = torch.from_numpy(np.eye(N)[::-1].copy() + np.eye(N))
\t\tattention = torch.where(adj > 0, e, -9e15 * torch.ones_like(e))
\t\tattention = F.softmax(attention, dim=1)
\t\treturn F.elu(torch.matmul(attention, Wh)).transpose(0, 1)


def make():
\treturn GraphAttention()
"""

#: Name -> program and shapes of the inputs.
PROGRAMS = {
    "LeNet": (LENET, [(2, 1, 10, 10)]),
    "DCGAN's generator": (GENERATOR, [(2, 5, 1, 1)]),
    "transformer": (TRANSFORMER, [(2, 5, 6)]),
    "channel attention": (CHANNEL_ATTENTION, [(2, 4, 5, 5)]),
    "offsets of a grid": (GRID, [(2, 3, 2, 3)]),
    "channel shuffle": (SHUFFLE, [(2, 6, 4, 3)]),
    "LSTM tagger": (TAGGER, ["i", (3, 4)]),
    "VAE": (VAE, [(3, 6)]),
    "steps by hand": (BY_HAND, [(4, 3)]),
    "order": (ORDER, [(3, 4)]),
    "graph attention": (GRAPH, [(4, 3)]),
}
