"""What cannot be computed with is told by the name of its argument.

PyTorch's functions are written with NumPy's, and do not look at each argument first. Where NumPy or
Python raises for one that is nothing to compute with, the error is told again in our words; whatever
our own code raises passes.
"""

from __future__ import annotations

import functools
import inspect
import numbers
import opcode
import os
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arguments import boolean, shown
from autograd.arguments.arrays import has_shape

__all__ = ["blaming"]

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_RAISE = opcode.opmap["RAISE_VARARGS"]
#: Errors that none of our sentences is told by.
_NEVER_OURS = (AttributeError, OverflowError, RecursionError, UnicodeError, KeyError)
#: What may be an argument, beside arrays and numbers.
_USUAL = (str, slice, type(None), type(...), np.dtype, type, np.random.Generator)
_WORD = 1 << 64
#: How NumPy says that shapes do not fit.
_MISFIT = re.compile(r"could not be broadcast|cannot be broadcast")
#: What an argument with a default of such a type has to be.
_WANTED = {int: "a number", float: "a number", str: "a text"}


def blaming(who: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function; what Python and NumPy raise about an argument is told as its name's.

    Args:
        who: the function's public name.
    """
    if not inspect.isfunction(function) or hasattr(function, "primitive"):
        return function

    flags = _flags(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for name, place in flags:
            value = args[place] if place < len(args) else kwargs.get(name, False)
            if value is not False and value is not True:
                boolean(who, name, value)
        try:
            return function(*args, **kwargs)
        except (TypeError, ValueError, IndexError, MemoryError, *_NEVER_OURS) as error:
            if error.__traceback__ is not None and error.__traceback__.tb_next is None:
                raise TypeError(str(error)) from None  # the arguments do not fit: it never ran
            if (told := _told(who, function, args, kwargs, error)) is None:
                raise
            raise told from error

    call.blames = True  # type: ignore[attr-defined]
    return call


def _flags(function: Callable[..., Any]) -> list[tuple[str, int]]:
    """Names and places of the arguments that are True or False; the last place for keywords only.

    What is neither would be taken for True, or ask a tensor for its truth.
    """
    parameters = inspect.signature(function).parameters.values()
    found = []
    for k, p in enumerate(parameters):
        if type(p.default) is bool:
            found.append((p.name, k if p.kind is p.POSITIONAL_OR_KEYWORD else sys.maxsize))
    return found


def _told(
    who: str, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], error: Exception
) -> Exception | None:
    """The error in our words; None where it is in them, or where no argument is to blame."""
    if _is_said_by_us(error):
        return None
    try:
        given = inspect.signature(function).bind(*args, **kwargs)
    except TypeError:  # an argument too many, or one that is missing
        return None
    named: list[tuple[str, Any, Any]] = []
    for name, value in given.arguments.items():
        parameter = given.signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            named += [(f"{name}[{k}]", each, parameter.empty) for k, each in enumerate(value)]
        elif parameter.kind is parameter.VAR_KEYWORD:
            named += [(key, each, None) for key, each in value.items()]
        else:
            named.append((name, value, parameter.default))
    for is_wrong in (_is_odd, _is_no_array, _is_bare):
        for name, value, default in named:
            if is_wrong(value, default):
                wanted = _WANTED.get(type(default), "a tensor, an array or a number")
                if is_wrong is _is_bare:
                    wanted = "a tensor or an array"
                return TypeError(f"{who}: {name} must be {wanted}, got {shown(value)}")
    came = ", ".join(f"{name}: {_described(value)}" for name, value, _ in named)
    if isinstance(error, MemoryError):
        return ValueError(f"{who}: the result does not fit this machine's memory (got {came})")
    if isinstance(error, _NEVER_OURS):  # then it is our fault, and nobody else's
        return None
    kind = next(k for k in (IndexError, ValueError, TypeError) if isinstance(error, k))
    if "broadcast" in str(error) and _MISFIT.search(str(error)):
        return ValueError(f"{who}: shapes do not broadcast together (got {came})")
    return kind(f"{who}: {error} (got {came})")


def _is_said_by_us(error: Exception) -> bool:
    """Whether a ``raise`` of our own code made it."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return True
    code = last.tb_frame.f_code
    return code.co_filename.startswith(_HERE) and code.co_code[last.tb_lasti] == _RAISE


def _is_odd(value: Any, default: Any, depth: int = 0) -> bool:
    """Nothing to compute with, whatever argument it is."""
    if hasattr(value, "_node") and not isinstance(value, type):
        return False
    if isinstance(value, (np.ndarray, np.generic)):
        return value.dtype.kind not in "fiub"
    if isinstance(value, numbers.Number):
        return isinstance(value, complex) or (isinstance(value, int) and abs(value) >= _WORD)
    if isinstance(value, (list, tuple, range)):
        if depth > 64:  # an array has no more axes
            return True
        inside = value[:64]
        return any(_is_odd(v, default, depth + 1) or isinstance(v, (str, type)) for v in inside)
    return not isinstance(value, _USUAL) or (
        isinstance(value, type) and not issubclass(value, (np.generic, bool, int, float))
    )


def _is_no_array(value: Any, default: Any) -> bool:
    """A text, a type, nothing or a ragged list where a tensor, an array or a number has to be."""
    if default is not inspect.Parameter.empty and isinstance(default, (str, type(None))):
        return False
    if isinstance(value, (list, tuple)):
        try:
            return np.asarray(value).dtype.kind == "O"
        except Exception:  # noqa: BLE001  ragged, or what converts itself and fails
            return True
    return isinstance(value, _USUAL)


def _is_bare(value: Any, default: Any) -> bool:
    """A number or a list where an array has to be."""
    missing = default is None or default is inspect.Parameter.empty
    return missing and value is not None and not has_shape(value)


def _described(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return shown(value) if type(shape) is not tuple else f"shape {shape}"
