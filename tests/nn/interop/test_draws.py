"""Random numbers: what PyTorch draws is used on both sides of a comparison; else our generator's."""

import numpy as np
import pytest

import autograd
import nn
from nn.interop import operators
from nn.interop.operators.draws import draw, replay

pytestmark = pytest.mark.torch

MODELS = {
    "dropout": lambda t, x: t.nn.functional.dropout(x, 0.4),
    "channels": lambda t, x: t.nn.functional.dropout2d(x[..., None, None].expand(4, 6, 2, 2), 0.4),
    "alpha dropout": lambda t, x: t.nn.functional.alpha_dropout(x, 0.3, True),
    "alpha channels": lambda t, x: t.nn.functional.feature_alpha_dropout(x, 0.3, True),
    "everything": lambda t, x: t.nn.functional.dropout(x, 1.0),
    "rrelu": lambda t, x: t.nn.functional.rrelu(x, training=True),
    "rand": lambda t, x: x * t.rand(4, 6, dtype=x.dtype) + t.rand_like(x),
    "randn": lambda t, x: x * t.randn(6, dtype=x.dtype) + t.randn_like(x),
    "randint": lambda t, x: x * t.randint(2, 9, (4, 1)) + t.randint(3, (6,)),
    "randint like": lambda t, x: x * t.randint_like(x, 9),
    "randperm": lambda t, x: x[t.randperm(4)],
    "bernoulli": lambda t, x: x * t.bernoulli(t.sigmoid(x).detach()) + t.bernoulli(x.detach(), 0.3),
    "normal": lambda t, x: x * t.normal(0.0, 1.0, (4, 6)) + t.normal(x.detach(), 2.0),
    "written": lambda t, x: (
        x * t.empty(4, 6, dtype=x.dtype).uniform_(1, 2) + t.empty_like(x).normal_()
    ),
    "gumbel": lambda t, x: t.nn.functional.gumbel_softmax(x, hard=True),
    "multinomial": lambda t, x: x.gather(1, t.multinomial(x.softmax(1), 3)),
    "attention": lambda t, x: t.nn.functional.scaled_dot_product_attention(x, x, x, dropout_p=0.4),
    "rsample": lambda t, x: t.distributions.Normal(x, 1.0).rsample(),
}


@pytest.mark.parametrize("name", MODELS)
def test_a_comparison_uses_the_numbers_that_pytorch_drew(torch, name):
    class Model(torch.nn.Module):
        def forward(self, x):
            return MODELS[name](torch, x)

    x = torch.randn(4, 6, dtype=torch.float64)
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        model = nn.from_torch(Model(), x)
        found = nn.interop.compare(Model(), model, x, tolerance=1e-12)
    finally:
        torch.set_default_dtype(before)
    assert found.ok, found.text()
    nn.manual_seed(0)
    first = model(x.numpy()).data
    nn.manual_seed(0)
    np.testing.assert_array_equal(model(x.numpy()).data, first)


def test_numbers_of_another_shape_are_refused():
    with replay([np.zeros(3)]), pytest.raises(RuntimeError, match=r"shape \(2,\).*drew \(3,\)"):
        draw((2,), lambda r: r.random(2), np.dtype(float))
    with replay([]), pytest.raises(RuntimeError, match="PyTorch has drawn none there"):
        draw((2,), lambda r: r.random(2), np.dtype(float))


def test_the_distributions_are_those_that_are_meant():
    nn.manual_seed(5)
    x = autograd.zeros(20000)

    def moments(name, *args):
        found = operators.find(name)(*args)
        assert found.dtype == np.float32
        return float(np.mean(found.data)), float(np.std(found.data))

    np.testing.assert_allclose(moments("randn_like.default", x), (0, 1), atol=0.03)
    np.testing.assert_allclose(moments("rand_like.default", x), (0.5, 12**-0.5), atol=0.02)
    np.testing.assert_allclose(moments("normal_.default", x, 2.0, 3.0), (2, 3), atol=0.08)
    np.testing.assert_allclose(moments("uniform_.default", x, 2.0, 4.0), (3, 3**-0.5), atol=0.03)
    np.testing.assert_allclose(moments("exponential_.default", x, 2.0), (0.5, 0.5), atol=0.03)
    np.testing.assert_allclose(moments("bernoulli.p", x, 0.3), (0.3, 0.21**0.5), atol=0.02)
    kept = operators.find("alpha_dropout.default")(autograd.randn(20000), 0.3, True).data
    np.testing.assert_allclose((kept.mean(), kept.std()), (0, 1), atol=0.04)
    chosen = operators.find("multinomial.default")(autograd.tensor([1.0, 0.0, 3.0]), 2000, True)
    np.testing.assert_allclose(
        np.bincount(chosen.data, minlength=3) / 2000, (0.25, 0, 0.75), atol=0.04
    )
