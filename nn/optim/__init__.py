"""Optimizers and learning-rate schedules, with PyTorch's names, arguments and update rules."""

from typing import Any as _Any

from autograd import arguments as _arguments
from nn.optim import lr_scheduler
from nn.optim.adagrad import Adagrad
from nn.optim.adam import Adam, AdamW
from nn.optim.optimizer import Optimizer
from nn.optim.rmsprop import RMSprop
from nn.optim.sgd import SGD

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "RMSprop", "lr_scheduler"]


def __getattr__(name: str) -> _Any:
    near = _arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.optim' has no attribute {name!r}{near}")
