"""A glass-box autodiff engine on NumPy: every gradient can be watched being made.

    >>> import autograd as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> (x ** 2).sum().backward()
    >>> x.grad
    Tensor([2., 4.])

Floors, top to bottom: ``viz`` (pictures), ``debug`` (paused backprop), ``func`` (gradients of
functions), ``engine`` (the backward loop), ``ops`` (the primitives), ``core`` (tensors and nodes),
``kernels`` (array in, array out). Each public name is loaded when it is first asked for; which
module it lives in is listed in ``_names`` (generated, as is ``__init__.pyi``).
"""

from autograd._clash import refuse as _refuse_other_packages

_refuse_other_packages()

import importlib as _importlib  # noqa: E402
import sys as _sys  # noqa: E402
from typing import Any as _Any  # noqa: E402

from autograd import arguments  # noqa: E402
from autograd import methods as _methods  # noqa: E402
from autograd._names import WHERE as _WHERE  # noqa: E402
from autograd.core.tensor import Tensor  # noqa: E402
from autograd.kernels.allocator import tune_allocator as _tune_allocator  # noqa: E402

__version__ = "0.1.0"

newaxis = None

_MODULES = {
    "debug": "debug",
    "func": "func",
    "linalg": "linalg",
    "optimizers": "kernels.optimizers",
    "special": "spelling.special",
    "viz": "viz",
}

#: Modules that are no public names, and yet can be written after `autograd.` without an import.
_INNER = ("hints", "in_place", "protocols", "source", "spelling")

__all__ = [*_WHERE, *_MODULES, "arguments", "newaxis"]  # noqa: PLE0604


def __getattr__(name: str) -> _Any:
    from autograd.spelling.devices import CONSTANTS
    from autograd.spelling.names import FUNCTIONS, READINGS

    if name in READINGS or name in FUNCTIONS:
        home, _, inner = (READINGS.get(name) or FUNCTIONS[name]).rpartition(".")
        value = _spelled(f"autograd.{home}", inner, name)
        if getattr(value, "__module__", "") == "autograd" and hasattr(value, "primitive"):
            value.__qualname__ = name  # by which pickle finds it here
    elif name in _WHERE:
        value = _spelled(f"autograd.{_WHERE[name]}", name)
    elif name in _MODULES or name in _INNER:
        value = _importlib.import_module(f"autograd.{_MODULES.get(name, name)}")
    elif name in CONSTANTS:
        value = CONSTANTS[name]
    elif name == "autograd":  # as PyTorch has torch.autograd.grad: these are autograd's own names
        value = _sys.modules[__name__]
    else:
        from autograd.arguments import nearest
        from autograd.hints import FUNCTIONS as HINTS

        hint = f"; write {HINTS[name]}" if name in HINTS else nearest(name, _known())
        raise AttributeError(f"module 'autograd' has no attribute {name!r}{hint}")
    globals()[name] = value
    return value


def _spelled(home: str, name: str, public: str = "") -> _Any:
    """A function of ours that also takes PyTorch's names of its parameters."""
    from autograd.spelling.keywords import spelled

    module = _importlib.import_module(home)
    value = spelled(getattr(module, name))
    if home.startswith("autograd.spelling.") and not hasattr(value, "blames"):
        from autograd.spelling.blame import blaming

        value = blaming(public or name, value)
    if not hasattr(value, "primitive"):
        setattr(module, name, value)  # pickle finds functions by the module that defines them
    return value


def _known() -> set[str]:
    from autograd.spelling.devices import CONSTANTS
    from autograd.spelling.names import FUNCTIONS, READINGS

    return {*__all__, *FUNCTIONS, *READINGS, *CONSTANTS}


def __dir__() -> list[str]:
    return sorted({*globals(), *_known(), *_INNER})


_tune_allocator()
