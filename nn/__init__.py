"""Neural networks: modules, losses, optimizers and data, with PyTorch's names and meanings.

Everything here is written with the public functions of :mod:`autograd`; no gradient is defined in
this package.
"""

from nn._clash import refuse as _refuse_other_packages

_refuse_other_packages()

from nn import data, init, optim, utils
from nn.container import ModuleDict, ModuleList, ParameterDict, ParameterList, Sequential
from nn.module import HookHandle, Module
from nn.parameter import Parameter
from nn.random import default_generator, manual_seed

__all__ = [
    "HookHandle",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "Sequential",
    "data",
    "default_generator",
    "init",
    "manual_seed",
    "optim",
    "utils",
]
