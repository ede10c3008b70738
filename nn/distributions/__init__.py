"""Probability distributions, with PyTorch's names: sampled, scored and compared.

`rsample` draws so that gradients flow to the parameters (Kingma & Welling, "Auto-encoding
variational Bayes", 2014); `log_prob` of what `sample` gave is what policy gradients are made of
(Williams 1992). Random numbers come from ``generator``, or the one that ``nn.manual_seed`` seeds.

    >>> import autograd, nn
    >>> from nn.distributions import Normal, kl_divergence
    >>> _ = nn.manual_seed(0)
    >>> mean = autograd.tensor([0.0, 1.0], requires_grad=True)
    >>> q = Normal(mean, 1.0)
    >>> kl_divergence(q, Normal(0.0, 1.0)).tolist()
    [0.0, 0.5]
    >>> q.rsample((3,)).sum().backward()
    >>> mean.grad.tolist()
    [3.0, 3.0]
"""

from nn.distributions.base import Distribution, Independent
from nn.distributions.continuous import Exponential, Laplace, Normal, Uniform
from nn.distributions.discrete import Bernoulli, Categorical
from nn.distributions.divergence import kl_divergence
from nn.distributions.multivariate import MultivariateNormal

__all__ = [
    "Bernoulli",
    "Categorical",
    "Distribution",
    "Exponential",
    "Independent",
    "Laplace",
    "MultivariateNormal",
    "Normal",
    "Uniform",
    "kl_divergence",
]
