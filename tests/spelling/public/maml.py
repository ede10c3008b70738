"""Model-agnostic meta-learning: inner steps with functional weights, outer gradients through them."""

from collections import OrderedDict

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim


class Learner(nn.Module):
    """Its layers are a list of configurations, its weights may be given from outside."""

    def __init__(self, config):
        super(Learner, self).__init__()
        self.config = config
        self.vars = nn.ParameterList()
        self.vars_bn = nn.ParameterList()
        for i, (name, param) in enumerate(self.config):
            if name == "conv2d":
                w = nn.Parameter(torch.ones(*param[:4]))
                torch.nn.init.kaiming_normal_(w)
                self.vars.append(w)
                self.vars.append(nn.Parameter(torch.zeros(param[0])))
            elif name == "linear":
                w = nn.Parameter(torch.ones(*param))
                torch.nn.init.kaiming_normal_(w)
                self.vars.append(w)
                self.vars.append(nn.Parameter(torch.zeros(param[0])))
            elif name == "bn":
                w = nn.Parameter(torch.ones(param[0]))
                self.vars.append(w)
                self.vars.append(nn.Parameter(torch.zeros(param[0])))
                running_mean = nn.Parameter(torch.zeros(param[0]), requires_grad=False)
                running_var = nn.Parameter(torch.ones(param[0]), requires_grad=False)
                self.vars_bn.extend([running_mean, running_var])
            elif name in ["tanh", "relu", "flatten", "max_pool2d"]:
                continue
            else:
                raise NotImplementedError

    def forward(self, x, vars=None, bn_training=True):
        if vars is None:
            vars = self.vars
        idx = 0
        bn_idx = 0
        for name, param in self.config:
            if name == "conv2d":
                w, b = vars[idx], vars[idx + 1]
                x = F.conv2d(x, w, b, stride=param[4], padding=param[5])
                idx += 2
            elif name == "linear":
                w, b = vars[idx], vars[idx + 1]
                x = F.linear(x, w, b)
                idx += 2
            elif name == "bn":
                w, b = vars[idx], vars[idx + 1]
                running_mean, running_var = self.vars_bn[bn_idx], self.vars_bn[bn_idx + 1]
                x = F.batch_norm(x, running_mean, running_var, weight=w, bias=b, training=bn_training)
                idx += 2
                bn_idx += 2
            elif name == "flatten":
                x = x.view(x.size(0), -1)
            elif name == "relu":
                x = F.relu(x, inplace=param[0])
            elif name == "tanh":
                x = F.tanh(x)
            elif name == "max_pool2d":
                x = F.max_pool2d(x, param[0], param[1], param[2])
        assert idx == len(vars)
        assert bn_idx == len(self.vars_bn)
        return x


class Meta(nn.Module):
    def __init__(self):
        super(Meta, self).__init__()
        self.update_lr = 0.1
        self.meta_optim = None
        self.net = Learner(
            [
                ("conv2d", [4, 1, 3, 3, 1, 0]),
                ("bn", [4]),
                ("tanh", [True]),
                ("max_pool2d", [2, 2, 0]),
                ("flatten", []),
                ("linear", [3, 16]),
            ]
        )

    def forward(self, x_spt, y_spt, x_qry, y_qry, steps=2):
        task_num = x_spt.size(0)
        losses_q = [0 for _ in range(steps + 1)]
        corrects = [0 for _ in range(steps + 1)]
        for i in range(task_num):
            fast_weights = list(self.net.parameters())[: len(self.net.vars)]
            fast_weights = self.net.vars
            for k in range(steps):
                logits = self.net(x_spt[i], fast_weights, bn_training=True)
                loss = F.cross_entropy(logits, y_spt[i])
                grad = torch.autograd.grad(loss, fast_weights, create_graph=True)
                fast_weights = list(
                    map(lambda p: p[1] - self.update_lr * p[0], zip(grad, fast_weights))
                )
                logits_q = self.net(x_qry[i], fast_weights, bn_training=True)
                loss_q = F.cross_entropy(logits_q, y_qry[i])
                losses_q[k + 1] += loss_q
                with torch.no_grad():
                    pred_q = F.softmax(logits_q, dim=1).argmax(dim=1)
                    correct = torch.eq(pred_q, y_qry[i]).sum().item()
                    corrects[k + 1] = corrects[k + 1] + correct
        return losses_q[-1] / task_num


class Modular(nn.Module):
    def __init__(self):
        super().__init__()
        self.meta = Meta()
        self.mlp = nn.Sequential(OrderedDict([("a", nn.Linear(4, 5)), ("b", nn.Tanh()), ("c", nn.Linear(5, 1))]))

    def forward(self, *batch):
        return self.meta(*batch)


def make():
    return Modular()


def data(rng):
    return [
        rng.normal(size=(2, 4, 1, 6, 6)), rng.integers(0, 3, (2, 4)), rng.normal(size=(2, 3, 1, 6, 6)),
        rng.integers(0, 3, (2, 3)),
    ]  # fmt: skip


def loss(model, x_spt, y_spt, x_qry, y_qry):
    params = dict(model.mlp.named_parameters())
    x = x_spt.view(-1, 4)[:6]
    inner = torch.func.functional_call(model.mlp, params, (x,)).pow(2).mean()
    grads = torch.autograd.grad(inner, list(params.values()), create_graph=True)
    stepped = {n: p - 0.1 * g for (n, p), g in zip(params.items(), grads)}
    outer = torch.func.functional_call(model.mlp, stepped, (x,)).abs().mean()
    return model(x_spt, y_spt, x_qry, y_qry) + outer


def train(model, *batch):
    optimizer = optim.Adam(model.parameters(), lr=1e-2)
    found = []
    for _ in range(2):
        value = loss(model, *batch)
        optimizer.zero_grad()
        value.backward()
        norm = sum(p.grad.norm() ** 2 for p in model.parameters() if p.grad is not None)
        optimizer.step()
        found += [value.item(), norm.item()]
    return found
