"""Gaussian process regression by a Cholesky factor: marginal likelihood, prediction, samples."""

import math

import torch
from torch import nn
from torch.distributions import MultivariateNormal


class RBFKernel(nn.Module):
    def __init__(self, ard_num_dims=None):
        super().__init__()
        self.log_lengthscale = nn.Parameter(torch.zeros(ard_num_dims or 1))
        self.log_outputscale = nn.Parameter(torch.tensor(0.0))

    def forward(self, x1, x2=None):
        x2 = x1 if x2 is None else x2
        x1, x2 = x1 / self.log_lengthscale.exp(), x2 / self.log_lengthscale.exp()
        x1_norm = x1.pow(2).sum(dim=-1, keepdim=True)
        x2_norm = x2.pow(2).sum(dim=-1, keepdim=True)
        sq_dist = torch.addmm(x2_norm.mT, x1, x2.mT, alpha=-2).add_(x1_norm)
        return self.log_outputscale.exp() * sq_dist.clamp_min(1e-30).div(-2).exp()


class ExactGP(nn.Module):
    def __init__(self, dims):
        super().__init__()
        self.kernel = RBFKernel(dims)
        self.mean = nn.Parameter(torch.zeros(()))
        self.register_parameter("raw_noise", nn.Parameter(torch.tensor(-1.0)))

    @property
    def noise(self):
        return nn.functional.softplus(self.raw_noise) + 1e-4

    def forward(self, x, y):
        n = x.shape[0]
        K = self.kernel(x) + self.noise * torch.eye(n, dtype=x.dtype, device=x.device)
        L = torch.linalg.cholesky(K)
        residual = (y - self.mean).unsqueeze(-1)
        alpha = torch.cholesky_solve(residual, L)
        fit = -0.5 * (residual.t() @ alpha).squeeze()
        complexity = -L.diagonal(dim1=-2, dim2=-1).log().sum()
        return fit + complexity - 0.5 * n * math.log(2 * math.pi), L, alpha

    def predict(self, x, y, x_star):
        _, L, alpha = self(x, y)
        k_star = self.kernel(x, x_star)
        mu = self.mean + (k_star.T @ alpha).squeeze(-1)
        v = torch.linalg.solve_triangular(L, k_star, upper=False)
        cov = self.kernel(x_star) - v.T @ v
        return mu, cov


def make():
    return ExactGP(2)


def data(rng):
    x = rng.uniform(-2, 2, size=(8, 2))
    return [x, (x[:, 0] ** 2 - x[:, 1]), rng.uniform(-2, 2, size=(3, 2))]


def loss(model, x, y, x_star):
    mll, L, _ = model(x, y)
    mu, cov = model.predict(x, y, x_star)
    cov = cov + 1e-6 * torch.eye(3)
    posterior = MultivariateNormal(mu, covariance_matrix=cov)
    direct = MultivariateNormal(model.mean.expand(8), scale_tril=L)
    assert torch.allclose(direct.log_prob(y), mll)
    return -mll + 0.1 * posterior.entropy() - 0.01 * posterior.log_prob(torch.zeros(3)) + (
        torch.logdet(cov) + torch.linalg.slogdet(cov).logabsdet) * 0.01  # fmt: skip


def train(model, x, y, x_star):
    optimizer = torch.optim.Adam([{"params": model.kernel.parameters()}, {"params": [model.mean, model.raw_noise], "lr": 0.01}], lr=0.1)
    history = []
    for i in range(3):
        optimizer.zero_grad()
        output = loss(model, x, y, x_star)
        output.backward()
        history.append(output.item())
        optimizer.step()
    return history
