"""A summand or factor that was forgotten is found in the function's own graph."""

import numpy as np
import pytest

from autograd.func import compare

X = np.array([0.3, -0.8, 1.1])
A, B = np.array(1.5), np.array(-0.5)


def product(a, b):
    return a * b + 3 * a


def wave(x):
    return x * np.tanh(3 * x)


def squash(x):
    return np.exp(-(np.sin(2 * x) ** 2))


@pytest.mark.parametrize(
    ("forward", "backward", "inputs", "words"),
    [
        (product, lambda g, a, b: (g * b, g * a), (A, B), "summand is missing.*multiply (with 3) → add"),
        (product, lambda g, a, b: (g * 3, g * a), (A, B), "summand is missing.*multiply (with b) → add"),
        (product, lambda g, a, b: (g * (b - 3), g * a), (A, B), "summand has the wrong sign"),
        (product, lambda g, a, b: (g * (b + 6), g * a), (A, B), "summand is counted twice"),
        (wave, lambda g, x: g * np.tanh(3 * x), (X,), "missing.*multiply (with 3) → tanh → multiply"),
        (wave, lambda g, x: g * 3 * x * (1 - np.tanh(3 * x) ** 2), (X,), "missing.*multiply (with tanh)"),
        (wave, lambda g, x: g * (np.tanh(3 * x) + x * (1 - np.tanh(3 * x) ** 2)), (X,),
         "factor is missing in the chain: the slope of multiply (with 3)"),
        (wave, lambda g, x: 3 * g * (1 - np.tanh(3 * x) ** 2), (X,), "summand is missing.*; and a factor"),
        (squash, lambda g, x: -g * squash(x) * 2 * np.sin(2 * x) * 2, (X,),
         "factor is missing in the chain: the slope of sin"),
        (squash, lambda g, x: -g * 2 * np.sin(2 * x) * np.cos(2 * x) * 2, (X,),
         "factor is missing in the chain: the slope of exp"),
        (lambda x: (x - x.mean()) ** 2, lambda g, x: g * 2 * (x - x.mean()), (X,),
         "summand is missing: what comes back through mean → subtract → power"),
    ],
)  # fmt: skip
def test_what_was_forgotten_is_named_with_its_way(forward, backward, inputs, words):
    found = compare(forward, backward, *inputs).inputs[0].hypothesis
    position = 0
    for part in words.split(".*"):
        position = found.index(part, position) + len(part)


def test_nothing_is_made_up_where_nothing_explains_it():
    def wrong(g, x):
        return g * (np.tanh(3 * x) + 3 * x * (1 - np.tanh(3 * x)))

    assert compare(wave, wrong, X).inputs[0].hypothesis == ""


def test_functions_that_take_no_tensors_are_compared_all_the_same():
    def forward(x):
        return np.array([float(v) ** 2 + float(v) for v in np.asarray(x, np.float64)])

    report = compare(forward, lambda g, x: g * (2 * x + 3), X)
    assert not report.ok and report.inputs[0].hypothesis == ""
