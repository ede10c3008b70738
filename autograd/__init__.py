"""A glass-box autodiff engine on NumPy: every gradient can be watched being made.

    >>> import autograd as ag
    >>> x = ag.tensor([1.0, 2.0], requires_grad=True)
    >>> (x ** 2).sum().backward()
    >>> x.grad
    Tensor([2., 4.])

Floors, top to bottom: ``viz`` (pictures), ``debug`` (paused backprop), ``func`` (gradients of
functions), ``engine`` (the backward loop), ``ops`` (the primitives), ``core`` (tensors and nodes),
``kernels`` (array in, array out). ``viz``, ``debug`` and ``func`` are loaded when first used.
"""

from autograd._clash import refuse as _refuse_other_packages

_refuse_other_packages()

import importlib as _importlib  # noqa: E402
from typing import TYPE_CHECKING as _TYPE_CHECKING  # noqa: E402
from typing import Any as _Any  # noqa: E402

from . import methods, protocols  # noqa: E402
from .core import hyperparameters  # noqa: E402
from .core.dtypes import default_dtype  # noqa: E402
from .core.modes import (  # noqa: E402
    enable_grad,
    is_grad_enabled,
    module_path,
    module_scope,
    no_grad,
    set_grad_enabled,
)
from .core.primitive import primitive  # noqa: E402
from .core.tensor import Tensor, writable  # noqa: E402
from .creation import *  # noqa: E402, F403
from .engine import backward_steps, grad  # noqa: E402
from .kernels.memory import empty_cache, tune_allocator  # noqa: E402
from .ops.activations import *  # noqa: E402, F403
from .ops.convolution import *  # noqa: E402, F403
from .ops.elementwise import *  # noqa: E402, F403
from .ops.indexing import *  # noqa: E402, F403
from .ops.layers import *  # noqa: E402, F403
from .ops.padding import *  # noqa: E402, F403
from .ops.pooling import *  # noqa: E402, F403
from .ops.products import *  # noqa: E402, F403
from .ops.reductions import *  # noqa: E402, F403
from .ops.resampling import *  # noqa: E402, F403
from .ops.shapes import *  # noqa: E402, F403
from .ops.transcendental import *  # noqa: E402, F403
from .ops.windows import *  # noqa: E402, F403

if _TYPE_CHECKING:
    from . import debug, func, viz

__version__ = "0.1.0"

newaxis = None

#: Floors that are loaded when they are first asked for.
_LAZY = ("debug", "func", "viz")


def __getattr__(name: str) -> _Any:
    if name in _LAZY:
        return _importlib.import_module(f"autograd.{name}")
    raise AttributeError(f"module 'autograd' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_LAZY])


tune_allocator()
