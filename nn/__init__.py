"""Neural networks: modules, losses, optimizers and data, with PyTorch's names and meanings.

Everything here is written with the public functions of :mod:`autograd`; no gradient is defined in
this package. Its parts are loaded when they are first asked for.
"""

from nn._clash import refuse as _refuse_other_packages

_refuse_other_packages()

import importlib as _importlib
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from nn import data, distributions, files, functional, init, interop, onnx, optim, port, utils
    from nn.container import *
    from nn.files import load, save
    from nn.interop.convert import from_torch
    from nn.module import *
    from nn.modules import *
    from nn.parameter import *
    from nn.random import *
    from nn.summary import *


#: Parts that go by their own names, and those whose ``__all__`` lists names of this package.
_PARTS = (
    "data", "distributions", "files", "functional", "init", "interop", "models", "onnx", "optim",
    "parallel", "port", "train", "utils",
)  # fmt: skip
_HOMES = ("parameter", "random", "module", "container", "modules", "summary")
#: Single names, and the modules that hold them.
_SINGLE = {"from_torch": "interop.convert", "load": "files", "save": "files"}


def __getattr__(name: str) -> _Any:
    from autograd import arguments

    if name in _PARTS or name in _HOMES:
        part = _importlib.import_module(f"nn.{name}")
        arguments.not_functions(__name__)
        return part
    if name in _SINGLE:
        return getattr(_importlib.import_module(f"nn.{_SINGLE[name]}"), name)
    if not name.startswith("__"):
        for home in _HOMES:
            module = _importlib.import_module(f"nn.{home}")
            if name in module.__all__:
                value = globals()[name] = getattr(module, name)
                arguments.not_functions(__name__)
                return value
    if name in globals():  # a module of its own, loaded by the search
        return globals()[name]
    raise AttributeError(
        f"module 'nn' has no attribute {name!r}{arguments.nearest(name, __dir__())}"
    )


def __dir__() -> list[str]:
    homes = [_importlib.import_module(f"nn.{home}") for home in _HOMES]
    return sorted(
        {*globals(), *_PARTS, *_SINGLE, *(name for home in homes for name in home.__all__)}
    )
