"""Optimizers and learning-rate schedules, with PyTorch's names, arguments and update rules."""

from typing import Any as _Any

from autograd import arguments as _arguments
from nn.optim import lr_scheduler, swa_utils
from nn.optim.adadelta import Adadelta
from nn.optim.adagrad import Adagrad
from nn.optim.adam import Adam, AdamW
from nn.optim.adamax import Adamax
from nn.optim.lbfgs import LBFGS
from nn.optim.nadam import NAdam
from nn.optim.optimizer import Optimizer
from nn.optim.radam import RAdam
from nn.optim.rmsprop import RMSprop
from nn.optim.rprop import Rprop
from nn.optim.sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "NAdam",
    "Optimizer",
    "RAdam",
    "RMSprop",
    "Rprop",
    "lr_scheduler",
    "swa_utils",
]


_arguments.not_functions(__name__)


def __getattr__(name: str) -> _Any:
    near = _arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.optim' has no attribute {name!r}{near}")
