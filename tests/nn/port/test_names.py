"""Names of PyTorch's, and what they are called here."""

import pytest

import autograd
import nn
from nn.port.names import find, home_of


@pytest.mark.parametrize(
    ("theirs", "ours", "thing"),
    [
        ("torch", "autograd", autograd),
        ("torch.nn", "nn", nn),
        ("torch.Tensor", "autograd.Tensor", autograd.Tensor),
        ("torch.nn.functional.relu", "nn.functional.relu", nn.functional.relu),
        ("torch.nn.modules.conv.Conv2d", "nn.Conv2d", nn.Conv2d),
        ("torch.distributions.normal.Normal", "nn.distributions.Normal", nn.distributions.Normal),
        ("torch.optim.sgd.SGD", "nn.optim.SGD", nn.optim.SGD),
        ("torch.optim.lr_scheduler.StepLR", "nn.optim.lr_scheduler.StepLR", nn.optim.lr_scheduler.StepLR),
        ("torch.linalg.norm", "autograd.linalg.norm", autograd.linalg.norm),
        ("torch.special.expit", "autograd.sigmoid", autograd.sigmoid),
        ("torch.save", "nn.save", nn.save),
    ],
)  # fmt: skip
def test_where_a_name_is_found(theirs, ours, thing):
    assert find(theirs) == (ours, thing, "")
    assert home_of(theirs) == (ours if theirs in ("torch", "torch.nn") else None)


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        ("torch.hub", "converts a module of PyTorch as it is"),
        ("torch.hub.load", "converts a module of PyTorch as it is"),
        ("torch.hubs", "there is nothing of this name here"),
        ("torch.nn.DataParallel", "there are no GPUs to spread over"),
        ("torch.nn.DataParallelism", "there is nothing of this name here"),
        ("torch.nn.parallel.DataParallel", "trains in several processes"),
        ("torch.cuda.amp.autocast", "everything runs on the CPU"),
        ("torch.fxyz", "there is nothing of this name here"),
        ("torch.nnx.Linear", "there is nothing of this name here"),
        ("torch.nn.conv.Conv2d", "did you mean 'Conv2d'?"),
        ("torch.nn.modules.conv.conv2d", "there is nothing of this name here"),
    ],
)
def test_what_is_said_of_a_name_that_is_not_here(theirs, words):
    ours = find(theirs)
    assert ours.found is None and words in ours.instead
