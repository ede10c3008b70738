"""Functions of networks, with PyTorch's names, arguments and meanings.

Everything is built from the public functions of :mod:`autograd`, so gradients of any order exist.
"""

from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

from autograd import arguments as _arguments
from nn.functional import plain as _plain
from nn.functional.plain import __all__ as __all__

if _TYPE_CHECKING:
    from nn.functional.plain import *
else:
    for _name in __all__:
        globals()[_name] = _arguments.telling(getattr(_plain, _name), "nn.functional")


_arguments.not_functions(__name__)


def __getattr__(name: str) -> _Any:
    near = _INSTEAD.get(name, "") or _arguments.nearest(name, __all__)
    raise AttributeError(f"module 'nn.functional' has no attribute {name!r}{near}")


#: What stands elsewhere.
_INSTEAD = {
    "flatten": "; write x.flatten(1), or nn.Flatten() as a layer",
    "Flatten": "; write x.flatten(1), or nn.Flatten() as a layer",
    "CrossEntropyLoss": "; did you mean 'cross_entropy'?",
    "Sequential": "; write nn.Sequential(...): layers are of nn",
}
