"""Digits are kept where a formula as written would cancel: near 0, and far out in a tail.

The references are worked out with `math`'s functions that are exact there, or by a series.
"""

import math

import numpy as np
import pytest

import autograd as ag
import nn.functional as F


def below(x):
    """The normal distribution."""
    return 0.5 * math.erfc(-x / math.sqrt(2))


def density(x):
    return math.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def shrink(x):
    """x − tanh(x) as (x cosh(x) − sinh(x)) / cosh(x), whose series has terms of one sign."""
    terms = [2 * k * x ** (2 * k + 1) / math.factorial(2 * k + 1) for k in range(1, 60)]
    return math.fsum(terms) / math.cosh(x)


#: Function, its values and its first derivative.
FUNCTIONS = {
    "gelu": (F.gelu, lambda x: x * below(x), lambda x: below(x) + x * density(x)),
    "tanhshrink": (F.tanhshrink, shrink, lambda x: math.tanh(x) ** 2),
}
POINTS = {
    "gelu": np.linspace(-12, 3, 60),
    "tanhshrink": np.concatenate([np.geomspace(1e-12, 20, 100), -np.geomspace(1e-12, 20, 100)]),
}


@pytest.mark.parametrize("recorded", [False, True], ids=["kernels", "rules"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_relative_precision_is_kept(name, dtype, recorded):
    function, value, slope = FUNCTIONS[name]
    x = POINTS[name].astype(dtype)
    t = ag.tensor(x, requires_grad=True)
    y = function(t)
    (g,) = ag.grad(ag.sum(y), [t], create_graph=recorded)
    for got, wanted in ((y, value), (g, slope)):
        right = np.array([wanted(float(number)) for number in x])
        sure = abs(right) > np.finfo(dtype).tiny
        # exp(-x²/2) multiplies the rounding of its argument, up to 72, by that argument.
        error = abs(got.detach().numpy()[sure] / right[sure] - 1)
        assert error.max() < 150 * np.finfo(dtype).eps, x[sure][error.argmax()]
