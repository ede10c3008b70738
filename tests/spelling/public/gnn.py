"""Messages over edges, summed with scatter_add and index_add; attention over neighbours."""

import torch
import torch.nn as nn
import torch.nn.functional as F


def scatter_sum(src, index, dim_size):
    out = torch.zeros(dim_size, src.size(1), dtype=src.dtype, device=src.device)
    index = index.unsqueeze(-1).expand_as(src)
    return out.scatter_add_(0, index, src)


def scatter_softmax(src, index, num_nodes):
    out = src - src.max().detach()
    out = out.exp()
    denom = torch.zeros(num_nodes, src.size(1)).to(src).index_add_(0, index, out)
    return out / (denom[index] + 1e-16)


def degree(index, num_nodes, dtype=None):
    out = torch.zeros((num_nodes,), dtype=dtype, device=index.device)
    return out.scatter_add_(0, index, out.new_ones((index.size(0))))


class MessagePassing(nn.Module):
    def __init__(self, aggr="add"):
        super().__init__()
        self.aggr = aggr

    def propagate(self, edge_index, x, norm=None):
        row, col = edge_index
        msg = self.message(x[col], norm)
        out = torch.zeros_like(x)
        out.index_add_(0, row, msg)
        if self.aggr == "mean":
            count = degree(row, x.size(0), x.dtype).clamp(min=1)
            out = out / count.unsqueeze(-1)
        return out

    def message(self, x_j, norm):
        return x_j if norm is None else norm.view(-1, 1) * x_j


class GCNConv(MessagePassing):
    def __init__(self, in_channels, out_channels):
        super().__init__(aggr="add")
        self.lin = nn.Linear(in_channels, out_channels, bias=False)
        self.bias = nn.Parameter(torch.empty(out_channels))
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.xavier_uniform_(self.lin.weight)
        nn.init.zeros_(self.bias)

    def forward(self, x, edge_index):
        loops = torch.arange(x.size(0), dtype=torch.long).unsqueeze(0).expand(2, -1)
        edge_index = torch.cat([edge_index, loops], dim=1)
        x = self.lin(x)
        row, col = edge_index
        deg = degree(col, x.size(0), dtype=x.dtype)
        deg_inv_sqrt = deg.pow(-0.5)
        deg_inv_sqrt[deg_inv_sqrt == float("inf")] = 0
        norm = deg_inv_sqrt[row] * deg_inv_sqrt[col]
        return self.propagate(edge_index, x=x, norm=norm) + self.bias


class GATConv(nn.Module):
    def __init__(self, in_channels, out_channels, heads=2, negative_slope=0.2):
        super().__init__()
        self.heads, self.out_channels, self.negative_slope = heads, out_channels, negative_slope
        self.lin = nn.Linear(in_channels, heads * out_channels, bias=False)
        self.att_src = nn.Parameter(torch.Tensor(1, heads, out_channels))
        self.att_dst = nn.Parameter(torch.Tensor(1, heads, out_channels))
        nn.init.xavier_normal_(self.att_src)
        nn.init.xavier_normal_(self.att_dst)

    def forward(self, x, edge_index):
        H, C = self.heads, self.out_channels
        x = self.lin(x).view(-1, H, C)
        src, dst = edge_index[0], edge_index[1]
        alpha_src = (x * self.att_src).sum(dim=-1)
        alpha_dst = (x * self.att_dst).sum(-1)
        alpha = F.leaky_relu(alpha_src[src] + alpha_dst[dst], self.negative_slope)
        alpha = scatter_softmax(alpha, dst, x.size(0))
        out = torch.zeros(x.size(0), H * C, dtype=x.dtype)
        msg = (x[src] * alpha.unsqueeze(-1)).view(-1, H * C)
        out = out.scatter_add(0, dst.view(-1, 1).expand(-1, H * C), msg)
        return out


class GIN(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.eps = nn.Parameter(torch.Tensor([0.0]))
        self.nn = nn.Sequential(
            nn.Linear(dim, dim), nn.BatchNorm1d(dim), nn.ReLU(), nn.Linear(dim, dim)
        )

    def forward(self, x, edge_index):
        agg = scatter_sum(x[edge_index[0]], edge_index[1], x.size(0))
        return self.nn((1 + self.eps) * x + agg)


def global_mean_pool(x, batch):
    size = int(batch.max().item() + 1)
    total = scatter_sum(x, batch, size)
    count = torch.bincount(batch, minlength=size).to(x.dtype)
    return total / count[:, None]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = GCNConv(4, 6), GATConv(6, 3), GIN(6)
        self.lin = nn.Linear(6, 2)

    def forward(self, x, edge_index, batch):
        x = F.elu(self.conv1(x, edge_index))
        x = F.dropout(x, p=0.5, training=False)
        x = F.elu(self.conv2(x, edge_index))
        x = self.conv3(x, edge_index)
        x = global_mean_pool(x, batch)
        return F.log_softmax(self.lin(x), dim=-1)


def make():
    return Net()


def data(rng):
    return rng.normal(size=(7, 4)), rng.integers(0, 7, (2, 12)), [0, 0, 0, 1, 1, 1, 1], [0, 1]


def loss(model, x, edge_index, batch, y):
    out = model(x, edge_index, batch)
    pred = out.argmax(dim=1)
    acc = int((pred == y).sum()) / y.size(0)
    assert 0 <= acc <= 1
    return F.nll_loss(out, y)
