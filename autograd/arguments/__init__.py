"""Reading arguments, in one place: numbers, arrays, dtypes, and what is too large to be made.

Every reader takes ``who``, the function or layer on whose behalf it speaks, and the argument's
name, so that an error reads ``Conv2d: stride must be a positive integer or 2 of them, got 0``. It
returns the argument in its one form; who is called with it need not look again.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

from autograd.arguments.arrays import (
    alike,
    are_float_tensors,
    array_like,
    floating,
    from_sizes,
    integer_array,
    passed_on,
    raw,
    shape_tuple,
)
from autograd.arguments.dtypes import common_float, float_dtype
from autograd.arguments.numbers import (
    axes,
    axis,
    boolean,
    choice,
    integer,
    integers,
    is_integer,
    is_real,
    probability,
    real,
    real_or_nan,
    shown,
)

if TYPE_CHECKING:
    from autograd.arguments.containers import elements, function, mapping, path, real_array, sized
    from autograd.arguments.half import in_single, single
    from autograd.arguments.suggestions import (
        nearest,
        no_attribute,
        not_functions,
        suggesting,
        telling,
    )
    from autograd.arguments.warning import warn
    from autograd.arguments.window import Window

__all__ = [
    "nearest",
    "alike",
    "Window",
    "are_float_tensors",
    "array_like",
    "axes",
    "axis",
    "boolean",
    "choice",
    "common_float",
    "elements",
    "float_dtype",
    "floating",
    "from_sizes",
    "function",
    "in_single",
    "integer",
    "integer_array",
    "integers",
    "is_integer",
    "is_real",
    "mapping",
    "passed_on",
    "path",
    "raw",
    "no_attribute",
    "not_functions",
    "probability",
    "real",
    "real_array",
    "real_or_nan",
    "shape_tuple",
    "shown",
    "sized",
    "suggesting",
    "telling",
    "single",
    "warn",
]


#: Names that are loaded when they are first asked for, and the modules that hold them.
_LATER = {
    "Window": "window",
    "elements": "containers",
    "function": "containers",
    "in_single": "half",
    "mapping": "containers",
    "path": "containers",
    "real_array": "containers",
    "sized": "containers",
    "nearest": "suggestions",
    "no_attribute": "suggestions",
    "not_functions": "suggestions",
    "single": "half",
    "suggesting": "suggestions",
    "telling": "suggestions",
    "warn": "warning",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(_import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
