"""Warnings point at the line of the user's that is nearest, not at one of ours."""

import numpy as np
import pytest

import autograd as ag
import nn
import nn.functional as F

X = ag.ones((2, 3))

HEARD = {
    "loss": (lambda: F.mse_loss(X, ag.ones((2, 1))), "differ in shape"),
    "loss of a layer": (lambda: nn.MSELoss()(X, ag.ones((2, 1))), "differ in shape"),
    "function": (lambda: F.embedding(np.array([0]), X, sparse=True), "sparse=True"),
    "constructor": (lambda: nn.Embedding(3, 2, sparse=True), "sparse=True"),
    "model": (lambda: nn.Sequential(nn.Sequential(Nothing()))(X), "gave None"),
}


class Nothing(nn.Module):
    def forward(self, x):
        pass


@pytest.mark.parametrize("name", HEARD)
def test_a_warning_points_here(name):
    call, said = HEARD[name]
    with pytest.warns(UserWarning, match=said) as heard:
        call()
    assert heard[0].filename == __file__
    assert heard[0].lineno == call.__code__.co_firstlineno
