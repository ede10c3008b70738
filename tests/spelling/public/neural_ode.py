"""Differential equations as layers: Euler and Runge-Kutta steps, the adjoint method by hand."""

import math

import torch
import torch.nn as nn


def ode_solve(z0, t0, t1, f, method="rk4"):
    h_max = 0.1
    n_steps = math.ceil((abs(t1 - t0) / h_max).max().item())
    h = (t1 - t0) / n_steps
    t = t0
    z = z0
    for i_step in range(n_steps):
        if method == "euler":
            z = z + h * f(z, t)
        else:
            k1 = f(z, t)
            k2 = f(z + h * k1 / 2, t + h / 2)
            k3 = f(z + h * k2 / 2, t + h / 2)
            k4 = f(z + h * k3, t + h)
            z = z + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        t = t + h
    return z


class ODEF(nn.Module):
    def forward_with_grad(self, z, t, grad_outputs):
        batch_size = z.shape[0]
        out = self.forward(z, t)
        a = grad_outputs
        adfdz, adfdt, *adfdp = torch.autograd.grad(
            (out,), (z, t) + tuple(self.parameters()), grad_outputs=(a,), allow_unused=True,
            retain_graph=True,
        )
        if adfdp is not None:
            adfdp = torch.cat([p_grad.flatten() for p_grad in adfdp]).unsqueeze(0)
            adfdp = adfdp.expand(batch_size, -1) / batch_size
        if adfdt is not None:
            adfdt = adfdt.expand(batch_size, 1) / batch_size
        return out, adfdz, adfdt, adfdp

    def flatten_parameters(self):
        p_shapes = []
        flat_parameters = []
        for p in self.parameters():
            p_shapes.append(p.size())
            flat_parameters.append(p.flatten())
        return torch.cat(flat_parameters)


class Field(ODEF):
    def __init__(self, in_dim, hid_dim):
        super(Field, self).__init__()
        self.lin1 = nn.Linear(in_dim + 1, hid_dim)
        self.lin2 = nn.Linear(hid_dim, in_dim)
        self.elu = nn.ELU(inplace=True)

    def forward(self, x, t):
        bs = x.size()[0]
        tt = t.expand(bs, 1)
        h = self.elu(self.lin1(torch.cat((x, tt), dim=-1)))
        return self.lin2(h)


class NeuralODE(nn.Module):
    def __init__(self, func):
        super(NeuralODE, self).__init__()
        assert isinstance(func, ODEF)
        self.func = func

    def forward(self, z0, t=torch.tensor([0.0, 0.25]), return_whole_sequence=False):
        z = [z0]
        for i_t in range(t.shape[0] - 1):
            z.append(ode_solve(z[-1], t[i_t], t[i_t + 1], self.func, "rk4" if i_t % 2 else "euler"))
        z = torch.stack(z)
        return z if return_whole_sequence else z[-1]


def make():
    return NeuralODE(Field(2, 4))


def data(rng):
    return [rng.normal(size=(3, 2)), rng.normal(size=(4, 3, 2)), 0.3 * rng.uniform(size=4).cumsum()]


def loss(model, z0, observed, times):
    with torch.no_grad():
        times = times + torch.zeros_like(times)
    z = model(z0, times, return_whole_sequence=True)
    a = torch.ones_like(z0)
    zz, tt = z0.detach().requires_grad_(True), times[:1].detach().requires_grad_(True)
    with torch.set_grad_enabled(True):
        out, adfdz, adfdt, adfdp = model.func.forward_with_grad(zz, tt, a)
    assert adfdp.shape == (3, model.func.flatten_parameters().numel())
    noise = torch.randn_like(z) * 0.0
    return nn.functional.mse_loss(z + noise, observed) + (adfdz**2).mean() + adfdt.sum() * 0.1


def train(model, *batch):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True)
    found = []
    for _ in range(3):
        optimizer.zero_grad(set_to_none=True)
        value = loss(model, *batch)
        value.backward(retain_graph=False)
        optimizer.step()
        found.append(value.item())
    return found
