"""Complex numbers inside of a model: pairs of floats that agree with PyTorch's, and distributions out of it."""

import numpy as np
import pytest

import autograd
import nn

pytestmark = pytest.mark.torch


def whole(torch, function):
    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = torch.nn.Parameter(
                torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).view(3, 4)
            )

        def forward(self, x):
            return function(torch, x, self.w)

    return Model()


def as_complex(torch, x):
    return torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))


FUNCTIONS = {
    "products": lambda torch, z, u, r: [z * u, z * r, r * z, z * 2.0, 3 * z, z * u.conj()],
    "quotients": lambda torch, z, u, r: [z / (u + 3), z / (r + 5), r / (z + 3), 1 / (z + 3), z / 2],
    "sums": lambda torch, z, u, r: [z + u, z + r, r + z, z + 1, 2 - z, z - u, z - r, r - z,
                                    torch.add(z, u, alpha=2), torch.sub(z, r, alpha=3), -z],
    "axes": lambda torch, z, u, r: [
        z.unsqueeze(1) * u[:, None], z.unsqueeze(-1), z.transpose(0, 1), z.transpose(-1, -2),
        z.permute(1, 0), z.reshape(-1), z.view(2, 3), z[1:], z[:, -1], z[..., 0],
        z[None].expand(2, 3, 2), z[:, None].squeeze(1), z.unsqueeze(-1).squeeze(-1),
        torch.cat([z, u], -1), torch.stack([z, u], -1), torch.stack([z, u]),
        z.clone().contiguous()],
    "axes of three": lambda torch, z, u, r: [
        part
        for y in [torch.stack([z, u, z + u, z * u], 1)]  # (3, 4, 2): no axis is like another
        for part in [
            y.unsqueeze(-1), y.unsqueeze(-2), y.unsqueeze(-4), y.unsqueeze(3), y.squeeze(-1),
            y.squeeze(0), y[:, 1:2].squeeze(-2), y[:, 1:2].squeeze(1), y.transpose(-1, 0),
            y.transpose(-3, -2), y.permute(-1, 0, -2), y.permute(2, 1, 0), y.select(-2, 3),
            y.select(1, -1), y.select(0, 1), y.select(-1, 1), y.select(-3, -1), y[:, 1:3], y[:, :, 1:], y[:, ::3], y[..., 1, :],
            torch.cat([y, y], -2), torch.cat([y, y]), torch.cat([y], -2), torch.stack([y], -2), torch.stack([y, y], -2),
            torch.stack([y, y], 3), torch.stack([y, y], -4), y.expand(2, 3, 4, 2),
            y.sum(-1), y.sum((0, -2)), y.sum(1, keepdim=True), y.sum((-3, -1), keepdim=True),
            y.sum()]],
    "sums with factors": lambda torch, z, u, r: [
        torch.add(z, r, alpha=2), torch.add(r, z, alpha=3), torch.sub(z, u, alpha=3),
        torch.sub(r, z, alpha=2), torch.rsub(z, r, alpha=3), torch.rsub(r, z, alpha=2),
        torch.rsub(z, u, alpha=2), torch.rsub(z, u), torch.rsub(r, z), torch.rsub(z, r), torch.rsub(z, 3.0, alpha=2), torch.add(z, 5.0, alpha=2),
        torch.sub(z, 5.0, alpha=2), z + r[:1], r + z[:1], z - r[:, :1], z[:1] - r, r - z[:, :1],
        z[:1] + r, r[:1] - z],
    "sums over axes": lambda torch, z, u, r: [z.sum(-1), (z * u).sum(0, keepdim=True), z.sum()],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arithmetic_of_pairs_is_that_of_complex_numbers(torch, name):
    def forward(torch, x, w):
        found = FUNCTIONS[name](torch, as_complex(torch, x), as_complex(torch, w), x[:, :2])
        return [torch.view_as_real(z) for z in found]

    nn.from_torch(
        whole(torch, forward), torch.linspace(0.3, 2.0, 12).double().view(3, 4), check=True
    )


def test_parts_and_polar_coordinates(torch):
    def forward(torch, x, w):
        z = as_complex(torch, x)
        q = torch.polar(w.exp(), w) * torch.complex(w, 2 * w)
        return (
            z.real,
            z.imag * w[:, :2],
            z.abs(),
            z.angle(),
            q.abs(),
            torch.view_as_real(q),
            torch.view_as_real(z.detach() * z),
        )

    nn.from_torch(
        whole(torch, forward), torch.linspace(0.3, 2.0, 12).double().view(3, 4), check=True
    )


def test_rotations_kept_as_a_constant_work_for_any_batch(torch):
    class Rotary(torch.nn.Module):
        def __init__(self):
            super().__init__()
            angles = torch.outer(torch.arange(6.0), 1 / 10 ** torch.arange(2.0)).double()
            self.turns = torch.polar(torch.ones_like(angles), angles)
            self.q = torch.nn.Linear(4, 4).double()

        def forward(self, x):
            self.turns = self.turns.to(x.device)
            q = as_complex(torch, self.q(x)) * self.turns[: x.shape[1]].view(1, x.shape[1], 2)
            return torch.view_as_real(q).flatten(2).type_as(x)

    module = Rotary()
    model = nn.from_torch(module, torch.randn(2, 5, 4).double(), check=True)
    x = torch.randn(7, 3, 4).double()
    np.testing.assert_allclose(model(x.numpy()).data, module(x).detach().numpy(), atol=1e-14)
    assert module.turns.is_complex()


@pytest.mark.parametrize(
    "forward",
    [
        lambda torch, x, w: as_complex(torch, x).exp().abs(),
        lambda torch, x, w: as_complex(torch, x).to(torch.float64),
        lambda torch, x, w: x.to(torch.complex128).abs(),
    ],
)
def test_what_is_not_done_says_so_and_names_the_line(torch, forward):
    with pytest.raises(RuntimeError, match=r"of complex numbers.*\n.*test_complexes.py"):
        nn.from_torch(whole(torch, forward), torch.ones(3, 4).double())


def test_a_policy_gives_distributions_of_ours(torch):
    from torch import distributions as theirs

    def forward(torch, x, w):
        mean, spread = x @ w.T, w[0, :3].exp()
        return {
            "pi": theirs.Normal(mean, spread),
            "all": theirs.Independent(theirs.Laplace(mean, spread), 1),
            "which": (theirs.Categorical(logits=mean), theirs.Categorical(probs=mean.softmax(-1))),
            "joint": theirs.MultivariateNormal(mean, scale_tril=torch.diag(spread)),
            "coin": theirs.Bernoulli(probs=mean.sigmoid()),
        }

    module, x = whole(torch, forward), torch.linspace(-1.0, 1.0, 8).double().view(2, 4)
    model = nn.from_torch(module, x, check=True)
    there, here = module(x), model(x.numpy())
    point = np.array([[0.3, -0.2, 0.1], [1.0, 0.0, -1.0]])
    for name in ("pi", "all", "joint"):
        assert isinstance(here[name], getattr(nn.distributions, type(there[name]).__name__))
        np.testing.assert_allclose(
            here[name].log_prob(autograd.tensor(point)).data,
            there[name].log_prob(torch.tensor(point)).detach().numpy(),
        )
    for a, b in zip((*here["which"], here["coin"]), (*there["which"], there["coin"]), strict=True):
        np.testing.assert_allclose(a.entropy().data, b.entropy().detach().numpy())
    here["all"].log_prob(autograd.tensor(point)).sum().backward()
    assert model.w.grad is not None
